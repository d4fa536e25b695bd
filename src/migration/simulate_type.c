/*
 * simulate_type.c: types as the text under check has left them so far.
 */
#include "common/compat.h"

#include "common/hashfn.h"
#include "nodes/value.h"

#include "ddl/chosen_name.h"
#include "ddl/defaults.h"
#include "migration/simulate.h"

/* Labels that the text made; it may make thousands. */
typedef struct SimLabel
{
	const char *label;
	uint32		hash;
	char		status;
} SimLabel;

#define SH_PREFIX simlabel
#define SH_ELEMENT_TYPE SimLabel
#define SH_KEY_TYPE const char *
#define SH_KEY label
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(tb, a, b) (strcmp(a, b) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(tb, slot) (slot)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

typedef struct SimType
{
	SimName		key;
	WfType	   *type;			/* NULL: dropped, or there is none here */
	simlabel_hash *labels;		/* NULL: none */
} SimType;

static SimType *type_entry(WfSimulation *simulation, const char *schema, const char *name, bool make);
static SimType *find_type(WfSimulation *simulation, List *names, bool make);
static WfType *missing_type(List *names);
static void set_default(WfSimulation *simulation, WfType *domain, Node *value);
static void apply_domain(WfSimulation *simulation, CreateDomainStmt *stmt);
static void add_constraint(WfSimulation *simulation, WfType *domain, const Constraint *constraint);
static void drop_constraint(WfType *domain, const char *name);
static List *without(List *names, const char *name);
static WfType *domain_named(WfSimulation *simulation, List *names);
static void take_over(WfType *type);
static void settle_constrained(WfType *domain);
static void rename_in(List *names, const char *name, const char *new_name);
static void apply_enum(WfSimulation *simulation, AlterEnumStmt *stmt);
static WfType *create_type(WfSimulation *simulation, List *names, char kind);
static void add_label(WfSimulation *simulation, List *names, const char *label);

/* The size of an entry of the table of types. */
Size
wf_sim_type_entry_size(void)
{
	return sizeof(SimType);
}

/* The entry of this very schema and name; NULL where nothing is known of it, and not made. */
static SimType *
type_entry(WfSimulation *simulation, const char *schema, const char *name, bool make)
{
	SimType    *entry = wf_sim_find(simulation->types, schema, name);
	const char *live;
	WfType	   *type;
	bool		found;

	if (entry)
		return entry;
	live = wf_sim_live_schema(simulation, schema);
	type = live == NULL ? NULL :
		simulation->live->type(simulation->live,
							   list_make2(makeString(unconstify(char *, live)), makeString(unconstify(char *, name))));
	if (type == NULL && !make)
		return NULL;
	/* The text may have given its schema another name. */
	if (type && live != schema)
		type->schema = wf_sim_string(simulation, schema);
	entry = wf_sim_enter(simulation, simulation->types, schema, name, &found);
	entry->type = type;
	entry->labels = NULL;
	if (type && type->of_name)
		type->of = domain_named(simulation, type->of_name);
	return entry;
}

/*
 * The entry that a name means; as wf_sim_relation(), but where no schema has it,
 * it is made only where the text does something to it.
 */
static SimType *
find_type(WfSimulation *simulation, List *names, bool make)
{
	const char *schema = list_length(names) > 1 ?
	strVal(list_nth(names, list_length(names) - 2)) : NULL;
	const char *name = strVal(llast(names));
	SimType    *entry;
	ListCell   *lc;

	foreach(lc, schema ? NIL : simulation->settings.search_path)
	{
		entry = type_entry(simulation, lfirst(lc), name, false);
		if (entry && entry->type && !entry->type->missing)
			return entry;
	}
	entry = type_entry(simulation, schema ? schema : wf_sim_first_schema(simulation), name, make);
	if (entry && entry->type == NULL && make)
	{
		MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);

		entry->type = missing_type(names);
		MemoryContextSwitchTo(old);
	}
	return entry;
}

/* What a name means that no schema has. */
static WfType *
missing_type(List *names)
{
	WfType	   *type = palloc0(sizeof(WfType));

	if (list_length(names) > 1)
		type->schema = pstrdup(strVal(list_nth(names, list_length(names) - 2)));
	type->name = pstrdup(strVal(llast(names)));
	type->missing = true;
	return type;
}

/* One that is missing lives as long as the statement. */
WfType *
wf_sim_type(WfCatalog *catalog, List *names)
{
	SimType    *entry = find_type((WfSimulation *) catalog, names, false);

	if (entry == NULL || entry->type == NULL)
		return missing_type(names);
	take_over(entry->type);
	return entry->type;
}

/* The text makes a type; kind is its typtype. */
static WfType *
create_type(WfSimulation *simulation, List *names, char kind)
{
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);
	const char *schema = list_length(names) > 1 ?
	strVal(list_nth(names, list_length(names) - 2)) : wf_sim_first_schema(simulation);
	SimType    *entry = type_entry(simulation, schema, strVal(llast(names)), true);
	WfType	   *type = palloc0(sizeof(WfType));

	type->schema = pstrdup(schema);
	type->name = pstrdup(strVal(llast(names)));
	type->kind = kind;
	type->created_here = true;
	type->transaction = simulation->transaction;
	entry->type = type;
	entry->labels = NULL;
	MemoryContextSwitchTo(old);
	return type;
}

void
wf_sim_drop_type(WfSimulation *simulation, List *names)
{
	find_type(simulation, names, true)->type = NULL;
}

void
wf_sim_rename_type(WfSimulation *simulation, List *names, const char *new_name)
{
	SimType    *from = find_type(simulation, names, true);
	WfType	   *type = from->type;
	simlabel_hash *labels = from->labels;
	SimType    *to;

	from->type = NULL;
	from->labels = NULL;
	type->name = wf_sim_string(simulation, new_name);
	to = type_entry(simulation, type->schema ? type->schema : wf_sim_first_schema(simulation), new_name, true);
	to->type = type;
	to->labels = labels;
}

/* The text moves a type to another schema. */
void
wf_sim_move_type(WfSimulation *simulation, List *names, const char *schema)
{
	SimType    *from = find_type(simulation, names, true);
	WfType	   *type = from->type;
	simlabel_hash *labels = from->labels;
	SimType    *to;

	from->type = NULL;
	from->labels = NULL;
	type->schema = wf_sim_string(simulation, schema);
	to = type_entry(simulation, schema, type->name, true);
	to->type = type;
	to->labels = labels;
}

/* The text drops all types of a schema. */
void
wf_sim_empty_types(WfSimulation *simulation, const char *schema)
{
	HASH_SEQ_STATUS status;
	SimType    *entry;

	hash_seq_init(&status, simulation->types);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (strcmp(entry->key.schema, schema) == 0)
			entry->type = NULL;
	}
}

/* The text moves all types of a schema, as far as they were named; those that it dropped are gone. */
void
wf_sim_move_types(WfSimulation *simulation, const char *schema, const char *new_schema)
{
	List	   *names = NIL;
	List	   *gone = NIL;
	HASH_SEQ_STATUS status;
	SimType    *entry;
	ListCell   *lc;

	hash_seq_init(&status, simulation->types);
	while ((entry = hash_seq_search(&status)) != NULL)
	{
		if (strcmp(entry->key.schema, schema) == 0 && entry->type && !entry->type->missing)
			names = lappend(names, unconstify(char *, entry->key.name));
		else if (strcmp(entry->key.schema, schema) == 0)
			gone = lappend(gone, unconstify(char *, entry->key.name));
	}
	foreach(lc, gone)
		type_entry(simulation, new_schema, lfirst(lc), true)->type = NULL;
	foreach(lc, names)
		wf_sim_move_type(simulation, list_make2(makeString(unconstify(char *, schema)), makeString(lfirst(lc))),
						 new_schema);
}

void
wf_sim_type_uses(WfCatalog *catalog, WfType *type)
{
	WfSimulation *simulation = (WfSimulation *) catalog;

	if (OidIsValid(type->oid))
		simulation->live->type_uses(simulation->live, type);
}

/* The text gives an enum a label. */
static void
add_label(WfSimulation *simulation, List *names, const char *label)
{
	SimType    *entry = find_type(simulation, names, true);
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);
	bool		found;

	if (entry->labels == NULL)
		entry->labels = simlabel_create(CurrentMemoryContext, 16, NULL);
	(void) simlabel_insert(entry->labels, pstrdup(label), &found);
	MemoryContextSwitchTo(old);
}

/* Where the text added some, it has its own order. */
char *
wf_sim_last_label(WfCatalog *catalog, WfType *type)
{
	WfSimulation *simulation = (WfSimulation *) catalog;

	if (!OidIsValid(type->oid) || type_entry(simulation, type->schema, type->name, true)->labels)
		return NULL;
	return simulation->live->last_label(simulation->live, type);
}

bool
wf_sim_has_label(WfCatalog *catalog, WfType *type, const char *label)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	SimType    *entry;

	if (type->missing)
		return true;
	entry = type_entry(simulation, type->schema, type->name, true);
	if (entry->labels && simlabel_lookup(entry->labels, label))
		return true;
	return OidIsValid(type->oid) ? simulation->live->has_label(simulation->live, type, label) :
		type->kind != 'e';
}

/* Statements about types; others do nothing here. */
void
wf_sim_apply_type(WfSimulation *simulation, Node *stmt)
{
	ListCell   *lc;

	switch (nodeTag(stmt))
	{
		case T_CreateEnumStmt:
			create_type(simulation, ((CreateEnumStmt *) stmt)->typeName, 'e');
			foreach(lc, ((CreateEnumStmt *) stmt)->vals)
				add_label(simulation, ((CreateEnumStmt *) stmt)->typeName, strVal(lfirst(lc)));
			break;
		case T_CreateDomainStmt:
			apply_domain(simulation, (CreateDomainStmt *) stmt);
			break;
		case T_CompositeTypeStmt:
			{
				RangeVar   *name = ((CompositeTypeStmt *) stmt)->typevar;
				List	   *names = list_make1(makeString(name->relname));

				if (name->schemaname)
					names = lcons(makeString(name->schemaname), names);
				create_type(simulation, names, 'c');
				break;
			}
		case T_CreateRangeStmt:
			create_type(simulation, ((CreateRangeStmt *) stmt)->typeName, 'r');
			break;
		case T_DefineStmt:
			if (((DefineStmt *) stmt)->kind == OBJECT_TYPE)
				create_type(simulation, ((DefineStmt *) stmt)->defnames, 'b');
			break;
		case T_AlterEnumStmt:
			apply_enum(simulation, (AlterEnumStmt *) stmt);
			break;
		default:
			break;
	}
}

/* A domain takes over what the one that it is made of has. */
static void
apply_domain(WfSimulation *simulation, CreateDomainStmt *stmt)
{
	WfType	   *of = stmt->typeName->arrayBounds == NIL ? domain_named(simulation, stmt->typeName->names) : NULL;
	WfType	   *made = create_type(simulation, stmt->domainname, TYPTYPE_DOMAIN);
	ListCell   *lc;

	if (of)
	{
		made->of = of;
		made->has_default = of->has_default;
		made->has_volatile_default = of->has_volatile_default;
	}
	foreach(lc, stmt->constraints)
	{
		Constraint *constraint = lfirst_node(Constraint, lc);

		if (constraint->contype == CONSTR_DEFAULT)
			set_default(simulation, made, constraint->raw_expr);
		else
			add_constraint(simulation, made, constraint);
	}
	settle_constrained(made);
}

/* A CHECK or NOT NULL of a domain. */
static void
add_constraint(WfSimulation *simulation, WfType *domain, const Constraint *constraint)
{
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);
	bool		is_check = constraint->contype == CONSTR_CHECK;
	char	   *name = constraint->conname ? pstrdup(constraint->conname) :
	wf_ddl_domain_constraint_name(&simulation->catalog, domain, is_check ? "check" : "not_null");

	if (constraint->contype == CONSTR_NOTNULL)
	{
		domain->own_not_null = true;
		domain->not_null_name = name;
	}
	else if (is_check)
	{
		domain->checks = lappend(domain->checks, name);
		if (constraint->skip_validation)
			domain->waiting = lappend(domain->waiting, name);
	}
	MemoryContextSwitchTo(old);
}

static void
drop_constraint(WfType *domain, const char *name)
{
	domain->checks = without(domain->checks, name);
	domain->waiting = without(domain->waiting, name);
	if (domain->not_null_name && strcmp(domain->not_null_name, name) == 0)
		domain->own_not_null = false;
}

/* The list of names, without this one. */
static List *
without(List *names, const char *name)
{
	ListCell   *lc;

	foreach(lc, names)
	{
		if (strcmp(lfirst(lc), name) == 0)
			names = foreach_delete_current(names, lc);
	}
	return names;
}

/* The domain of that name; NULL where there is none. */
static WfType *
domain_named(WfSimulation *simulation, List *names)
{
	WfType	   *type = wf_sim_type(&simulation->catalog, names);

	return type->kind == TYPTYPE_DOMAIN && !type->missing ? type : NULL;
}

/* What a domain has of the one that it is of, whatever that is called by now. */
static void
take_over(WfType *type)
{
	if (type->of == NULL)
		return;
	take_over(type->of);
	type->of_constrained = type->of->constrained;
	type->of_not_null = type->of->not_null;
	settle_constrained(type);
}

static void
settle_constrained(WfType *domain)
{
	domain->not_null = domain->own_not_null || domain->of_not_null;
	domain->constrained = domain->checks != NIL || domain->not_null || domain->of_constrained;
}

static void
set_default(WfSimulation *simulation, WfType *domain, Node *value)
{
	domain->has_default = !wf_ddl_is_null(value);
	domain->has_volatile_default = domain->has_default && wf_ddl_is_volatile(&simulation->catalog, value, NULL);
}

/* A new label, or a new name for one; usable when the transaction ends. */
static void
apply_enum(WfSimulation *simulation, AlterEnumStmt *stmt)
{
	WfNewLabel *label;
	const WfType *type;
	MemoryContext old;
	bool		found;

	add_label(simulation, stmt->typeName, stmt->newVal);
	if (!simulation->in_transaction || stmt->oldVal != NULL)
		return;
	type = wf_sim_type(&simulation->catalog, stmt->typeName);
	/* 17 takes the labels of a type that nobody else can have seen. */
	if (type->transaction == simulation->transaction && simulation->catalog.server_version >= 17)
		return;
	if (simulation->new_labels == NULL)
		simulation->new_labels = wf_sim_table(simulation, "wishflags simulated labels", sizeof(WfNewLabel));
	label = wf_sim_enter(simulation, simulation->new_labels, "", stmt->newVal, &found);
	old = MemoryContextSwitchTo(simulation->catalog.context);
	label->types = list_append_unique_ptr(found ? label->types : NIL, find_type(simulation, stmt->typeName, true)->type);
	MemoryContextSwitchTo(old);
}

/* What ALTER DOMAIN says of the default and of constraints. */
void
wf_sim_alter_domain(WfSimulation *simulation, AlterDomainStmt *stmt)
{
	WfType	   *type = find_type(simulation, stmt->typeName, true)->type;

	switch (stmt->subtype)
	{
		case 'O':
			type->own_not_null = true;
			break;
		case 'N':
			type->own_not_null = false;
			break;
		case 'C':
			add_constraint(simulation, type, castNode(Constraint, stmt->def));
			break;
		case 'T':
			set_default(simulation, type, stmt->def);
			break;
		case 'V':
			type->waiting = without(type->waiting, stmt->name);
			break;
		case 'X':
			drop_constraint(type, stmt->name);
			break;
		default:
			break;
	}
	settle_constrained(type);
}

/* The text gives a constraint of a domain another name. */
void
wf_sim_rename_domain_constraint(WfSimulation *simulation, List *names, const char *name, const char *new_name)
{
	WfType	   *type = wf_sim_type(&simulation->catalog, names);

	new_name = wf_sim_string(simulation, new_name);
	rename_in(type->checks, name, new_name);
	rename_in(type->waiting, name, new_name);
	if (type->not_null_name && strcmp(type->not_null_name, name) == 0)
		type->not_null_name = unconstify(char *, new_name);
}

static void
rename_in(List *names, const char *name, const char *new_name)
{
	ListCell   *lc;

	foreach(lc, names)
	{
		if (strcmp(lfirst(lc), name) == 0)
			lfirst(lc) = unconstify(char *, new_name);
	}
}

/* WfCatalog.type_change */
WfTypeChange
wf_sim_type_change(WfCatalog *catalog, WfColumn *column, const TypeName *type)
{
	WfSimulation *simulation = (WfSimulation *) catalog;

	simulation->live->time_zone = simulation->settings.time_zone;
	simulation->live->server_version = catalog->server_version;
	return simulation->live->type_change(simulation->live, column, type);
}

/* WfCatalog.column_type */
char *
wf_sim_column_type(WfCatalog *catalog, const WfColumn *column)
{
	WfSimulation *simulation = (WfSimulation *) catalog;

	return simulation->live->column_type(simulation->live, column);
}
