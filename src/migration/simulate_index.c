/*
 * simulate_index.c: indexes and the constraints that they stand for, after what
 * the text under check has done so far to their names.
 */
#include "common/compat.h"

#include "commands/defrem.h"
#include "lib/stringinfo.h"
#include "nodes/value.h"

#include "migration/simulate.h"

static SimRelation *owner(WfSimulation *simulation, SimRelation *index);
static bool is_live_table(SimRelation *entry, const void *relid);
static bool has_made_index(SimRelation *entry, const void *index);
static WfIndex *index_named(List *indexes, const char *name);

/* WfCatalog.index_table */
WfRelation *
wf_sim_index_table(WfCatalog *catalog, WfRelation *index)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	SimRelation *table = owner(simulation, wf_sim_entry(simulation, index));

	return table ? table->relation : NULL;
}

/*
 * The table of an index.  Its name is known as it was once; where the text has
 * renamed it since, it is searched for.
 */
static SimRelation *
owner(WfSimulation *simulation, SimRelation *index)
{
	SimRelation *table;

	if (index->relation && OidIsValid(index->relation->relid))
	{
		WfRelation *live = simulation->live->index_table(simulation->live, index->relation);

		if (live == NULL)
			return NULL;
		table = wf_sim_exact(simulation, live->schema, live->name);
		return table->relation && is_live_table(table, &live->relid) ? table :
			wf_sim_holder(simulation, is_live_table, &live->relid);
	}
	if (index->table.name == NULL)
		return NULL;
	table = wf_sim_exact(simulation, index->table.schema, index->table.name);
	return table->relation && has_made_index(table, index) ? table :
		wf_sim_holder(simulation, has_made_index, index);
}

static bool
is_live_table(SimRelation *entry, const void *relid)
{
	return entry->relation->relid == *(const Oid *) relid;
}

static bool
has_made_index(SimRelation *entry, const void *index)
{
	WfIndex    *found = index_named(entry->indexes, ((const SimRelation *) index)->key.name);

	return found && found->created_here && strcmp(entry->key.schema, ((const SimRelation *) index)->key.schema) == 0;
}

static WfIndex *
index_named(List *indexes, const char *name)
{
	ListCell   *lc;

	foreach(lc, indexes)
	{
		if (((WfIndex *) lfirst(lc))->name && strcmp(((WfIndex *) lfirst(lc))->name, name) == 0)
			return lfirst(lc);
	}
	return NULL;
}

/* The index goes: its table has one less. */
void
wf_sim_index_dropped(WfSimulation *simulation, SimRelation *index)
{
	SimRelation *table = owner(simulation, index);

	if (table == NULL)
		return;
	wf_sim_load_parts(simulation, table);
	table->indexes = list_delete_ptr(table->indexes, index_named(table->indexes, index->key.name));
}

/* The index goes with its constraint. */
void
wf_sim_forget_index(WfSimulation *simulation, const char *schema, const char *name)
{
	SimRelation *index = wf_sim_exact(simulation, schema, name);

	if (index->relation)
		wf_sim_settle_dropped(simulation, index->relation);
	index->relation = NULL;
	index->altered = true;
}

/* The index has another name, and so has the constraint that it stands for. */
void
wf_sim_index_renamed(WfSimulation *simulation, SimRelation *index, const char *new_name)
{
	SimRelation *table = owner(simulation, index);

	if (table)
		wf_sim_rename_constraint(simulation, table, index->key.name, new_name);
}

/* The same of the table's constraint or index, or both. */
void
wf_sim_rename_constraint(WfSimulation *simulation, SimRelation *table, const char *name, const char *new_name)
{
	WfIndex    *index;

	wf_sim_load_parts(simulation, table);
	index = index_named(table->indexes, name);
	if (index)
		index->name = wf_sim_string(simulation, new_name);
	wf_sim_name_constraint(simulation, table, name, new_name);
}

/* An index that was built anew is valid. */
void
wf_sim_reindexed(WfSimulation *simulation, ReindexStmt *stmt)
{
	SimRelation *entry = stmt->relation ? wf_sim_relation(simulation, stmt->relation) : NULL;
	SimRelation *table = entry && stmt->kind == REINDEX_OBJECT_INDEX ? owner(simulation, entry) : entry;
	ListCell   *lc;

	if (table == NULL || table->relation == NULL)
		return;
	wf_sim_load_parts(simulation, table);
	foreach(lc, table->indexes)
	{
		WfIndex    *index = lfirst(lc);

		if (table == entry || (index->name && strcmp(index->name, entry->key.name) == 0))
			index->is_valid = true;
	}
}

/*
 * The name that the server chooses for an index or a constraint of the table:
 * the first that nothing has.  columns holds char *, NULL for an expression.
 */
char *
wf_sim_chosen_name(WfSimulation *simulation, SimRelation *table, List *columns, const char *suffix)
{
	StringInfoData label;
	ListCell   *lc;

	initStringInfo(&label);
	foreach(lc, columns)
	{
		if (label.len < NAMEDATALEN)
			appendStringInfo(&label, "%s%s", label.len ? "_" : "", lfirst(lc) ? (char *) lfirst(lc) : "expr");
	}
	for (int pass = 0;; pass++)
	{
		char	   *name = makeObjectName(table->key.name, label.len ? label.data : NULL,
										  pass == 0 ? suffix : psprintf("%s%d", suffix, pass));

		if (index_named(table->indexes, name) == NULL && wf_sim_constraint_of(simulation, table, name) == NULL)
			return name;
	}
}
