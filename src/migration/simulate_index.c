/*
 * simulate_index.c: indexes and the constraints that they stand for, after what
 * the text under check has done so far to their names.
 *
 * An index is a relation of its own beside an entry in the list of its table;
 * both go, and change their names, together.
 */
#include "common/compat.h"

#include "nodes/makefuncs.h"

#include "migration/simulate.h"

static SimRelation *owner(WfSimulation *simulation, SimRelation *index);
static bool is_index(const WfRelation *relation);

/* WfCatalog.index_table */
WfRelation *
wf_sim_index_table(WfCatalog *catalog, WfRelation *index)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	SimRelation *table = owner(simulation, wf_sim_entry(simulation, index));

	return table ? table->relation : NULL;
}

/*
 * The table of an index: one that the text made or moved knows it; that of
 * another one has its live name, in the schema of the index.
 */
static SimRelation *
owner(WfSimulation *simulation, SimRelation *index)
{
	SimRelation *table;
	WfRelation *live;

	if (index->table.name)
	{
		table = wf_sim_exact(simulation, index->table.schema, index->table.name);
		return table->relation ? table : NULL;
	}
	if (index->relation == NULL || !OidIsValid(index->relation->relid))
		return NULL;
	live = simulation->live->index_table(simulation->live, index->relation);
	table = live ? wf_sim_exact(simulation, index->key.schema, live->name) : NULL;
	return table && table->relation && table->relation->relid == live->relid ? table : NULL;
}

static bool
is_index(const WfRelation *relation)
{
	return relation && !relation->missing &&
		(relation->kind == RELKIND_INDEX || relation->kind == RELKIND_PARTITIONED_INDEX);
}

/* The index of a table by name; NULL where there is none. */
WfIndex *
wf_sim_index_of(SimRelation *table, const char *name)
{
	ListCell   *lc;

	foreach(lc, table->indexes)
	{
		if (((WfIndex *) lfirst(lc))->name && strcmp(((WfIndex *) lfirst(lc))->name, name) == 0)
			return lfirst(lc);
	}
	return NULL;
}

/* The table has a new index of this name; where that is taken, the statement fails. */
void
wf_sim_index_made(WfSimulation *simulation, SimRelation *table, const char *name)
{
	SimRelation *index = wf_sim_exact(simulation, table->key.schema, name);
	RangeVar   *range;

	if (index->relation && !index->relation->missing)
		return;
	range = makeRangeVar(unconstify(char *, table->key.schema), unconstify(char *, name), -1);
	range->relpersistence = table->relation->persistence;
	index = wf_sim_create(simulation, range, RELKIND_INDEX);
	index->table = table->key;
}

/* The index goes: its table has one less. */
void
wf_sim_index_dropped(WfSimulation *simulation, SimRelation *index)
{
	SimRelation *table = is_index(index->relation) ? owner(simulation, index) : NULL;

	if (table == NULL)
		return;
	wf_sim_load_parts(simulation, table);
	table->indexes = list_delete_ptr(table->indexes, wf_sim_index_of(table, index->key.name));
}

/* The index goes with its constraint, its column or its table. */
void
wf_sim_forget_index(WfSimulation *simulation, const char *schema, const char *name)
{
	SimRelation *index = name ? wf_sim_exact(simulation, schema, name) : NULL;

	if (index == NULL || !is_index(index->relation))
		return;
	wf_sim_settle_dropped(simulation, index->relation);
	index->relation = NULL;
	index->table.name = NULL;
	index->altered = true;
	wf_sim_forget_passes(simulation);
}

/* All of them go with their table. */
void
wf_sim_forget_indexes(WfSimulation *simulation, SimRelation *table)
{
	List	   *indexes = table->indexes;
	ListCell   *lc;

	if (!table->loaded && table->relation && OidIsValid(table->relation->relid) &&
		(table->relation->kind == RELKIND_RELATION || table->relation->kind == RELKIND_PARTITIONED_TABLE ||
		 table->relation->kind == RELKIND_MATVIEW))
		indexes = simulation->live->indexes(simulation->live, table->relation);
	foreach(lc, indexes)
		wf_sim_forget_index(simulation, table->key.schema, ((WfIndex *) lfirst(lc))->name);
}

/* The table, which was in this schema, has another name: its indexes go along. */
void
wf_sim_move_indexes(WfSimulation *simulation, const char *schema, SimRelation *table)
{
	ListCell   *lc;

	foreach(lc, table->indexes)
	{
		const char *name = ((WfIndex *) lfirst(lc))->name;
		SimRelation *index = wf_sim_exact(simulation, schema, name);
		bool		is_there = is_index(index->relation);

		/* Of a schema that was renamed, the index may have come first. */
		if (!is_there)
			index = wf_sim_exact(simulation, table->key.schema, name);
		if (!is_index(index->relation))
			continue;
		index->table = table->key;
		if (is_there && strcmp(schema, table->key.schema) != 0)
			wf_sim_rename(simulation, makeRangeVar(unconstify(char *, schema), unconstify(char *, name), -1),
						  table->key.schema, NULL);
	}
}

/* The index has another name, and so has the constraint that it stands for. */
void
wf_sim_index_renamed(WfSimulation *simulation, SimRelation *index, const char *new_name)
{
	SimRelation *table = is_index(index->relation) ? owner(simulation, index) : NULL;
	WfIndex    *part;

	if (table == NULL)
		return;
	wf_sim_load_parts(simulation, table);
	part = wf_sim_index_of(table, index->key.name);
	if (part)
		part->name = wf_sim_string(simulation, new_name);
	wf_sim_name_constraint(simulation, table, index->key.name, new_name);
}

/* The same of the table's constraint or index, or both. */
void
wf_sim_rename_constraint(WfSimulation *simulation, SimRelation *table, const char *name, const char *new_name)
{
	SimRelation *index = wf_sim_exact(simulation, table->key.schema, name);

	wf_sim_load_parts(simulation, table);
	if (is_index(index->relation) && wf_sim_index_of(table, name))
		wf_sim_rename(simulation, makeRangeVar(unconstify(char *, table->key.schema), unconstify(char *, name), -1),
					  NULL, new_name);
	else
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
