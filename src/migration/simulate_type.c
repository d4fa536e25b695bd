/*
 * simulate_type.c: types as the text under check has left them so far.
 */
#include "common/compat.h"

#include "nodes/value.h"

#include "migration/simulate.h"

typedef struct SimType
{
	SimKey		key;
	WfType	   *type;			/* NULL: dropped, or there is none here */
	List	   *labels;			/* char *: labels that the text made */
} SimType;

static SimType *type_entry(WfSimulation *simulation, const char *schema, const char *name);
static SimType *find_type(WfSimulation *simulation, List *names);

/* The size of an entry of the table of types. */
Size
wf_sim_type_entry_size(void)
{
	return sizeof(SimType);
}

static SimType *
type_entry(WfSimulation *simulation, const char *schema, const char *name)
{
	SimKey		key;
	SimType    *entry;
	bool		found;

	wf_sim_make_key(&key, schema, name);
	entry = hash_search(simulation->types, &key, HASH_ENTER, &found);
	if (!found)
	{
		entry->labels = NIL;
		entry->type = simulation->live->type(simulation->live,
											 list_make2(makeString(key.schema), makeString(key.name)));
	}
	return entry;
}

/* The entry that a name means; as wf_sim_relation(). */
static SimType *
find_type(WfSimulation *simulation, List *names)
{
	const char *schema = list_length(names) > 1 ?
	strVal(list_nth(names, list_length(names) - 2)) : NULL;
	const char *name = strVal(llast(names));
	SimType    *entry;

	if (schema)
		entry = type_entry(simulation, schema, name);
	else
	{
		ListCell   *lc;

		foreach(lc, simulation->search_path)
		{
			entry = type_entry(simulation, lfirst(lc), name);
			if (entry->type && !entry->type->missing)
				return entry;
		}
		entry = type_entry(simulation, wf_sim_first_schema(simulation), name);
	}
	if (entry->type == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);

		entry->type = palloc0(sizeof(WfType));
		entry->type->schema = schema ? pstrdup(schema) : NULL;
		entry->type->name = pstrdup(name);
		entry->type->missing = true;
		MemoryContextSwitchTo(old);
	}
	return entry;
}

WfType *
wf_sim_type(WfCatalog *catalog, List *names)
{
	return find_type((WfSimulation *) catalog, names)->type;
}

/* The text makes a type; kind is its typtype. */
void
wf_sim_create_type(WfSimulation *simulation, List *names, char kind, bool constrained)
{
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);
	const char *schema = list_length(names) > 1 ?
	strVal(list_nth(names, list_length(names) - 2)) : wf_sim_first_schema(simulation);
	SimType    *entry = type_entry(simulation, schema, strVal(llast(names)));
	WfType	   *type = palloc0(sizeof(WfType));

	type->schema = pstrdup(schema);
	type->name = pstrdup(strVal(llast(names)));
	type->kind = kind;
	type->constrained = constrained;
	type->created_here = true;
	entry->type = type;
	entry->labels = NIL;
	MemoryContextSwitchTo(old);
}

void
wf_sim_drop_type(WfSimulation *simulation, List *names)
{
	find_type(simulation, names)->type = NULL;
}

void
wf_sim_rename_type(WfSimulation *simulation, List *names, const char *new_name)
{
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);
	SimType    *from = find_type(simulation, names);
	SimType    *to;
	WfType	   *type = palloc(sizeof(WfType));

	*type = *from->type;
	type->name = pstrdup(new_name);
	from->type = NULL;
	to = type_entry(simulation, type->schema ? type->schema : wf_sim_first_schema(simulation), new_name);
	to->type = type;
	to->labels = from->labels;
	from->labels = NIL;
	MemoryContextSwitchTo(old);
}

void
wf_sim_type_uses(WfCatalog *catalog, WfType *type)
{
	WfSimulation *simulation = (WfSimulation *) catalog;

	if (OidIsValid(type->oid))
		simulation->live->type_uses(simulation->live, type);
}

/* The text gives an enum a label. */
void
wf_sim_add_label(WfSimulation *simulation, List *names, const char *label)
{
	SimType    *entry = find_type(simulation, names);
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);

	entry->labels = lappend(entry->labels, pstrdup(label));
	MemoryContextSwitchTo(old);
}

bool
wf_sim_has_label(WfCatalog *catalog, WfType *type, const char *label)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	SimType    *entry;
	ListCell   *lc;

	if (type->missing)
		return true;
	entry = type_entry(simulation, type->schema, type->name);
	foreach(lc, entry->labels)
	{
		if (strcmp(lfirst(lc), label) == 0)
			return true;
	}
	return OidIsValid(type->oid) ? simulation->live->has_label(simulation->live, type, label) :
		type->kind != 'e';
}
