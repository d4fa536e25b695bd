/*
 * simulate_parts.c: columns, constraints and indexes, as the text under check has
 * left them so far.
 */
#include "common/compat.h"

#include "common/list.h"
#include "migration/simulate.h"

/* A text may give one table thousands of constraints; more than these have a table of names. */
#define CONSTRAINTS_TO_WALK 16

typedef struct NamedConstraint
{
	SimName		key;			/* without schema */
	WfConstraint *constraint;
} NamedConstraint;

static void name_constraint(WfSimulation *simulation, SimRelation *entry, WfConstraint *constraint);
static void drop_constraint_of(WfSimulation *simulation, SimRelation *entry, const WfIndex *index);
static void forget_name(SimRelation *entry, const char *name);
static ListCell *cell_named(List *strings, const char *string);
static void rename_string(WfSimulation *simulation, List *strings, const char *string, const char *new_string);

WfColumn *
wf_sim_column(WfCatalog *catalog, WfRelation *relation, const char *name)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	SimRelation *entry = wf_sim_entry(simulation, relation);
	ListCell   *lc;

	foreach(lc, entry->columns)
	{
		if (strcmp(((WfColumn *) lfirst(lc))->name, name) == 0)
			return lfirst(lc);
	}
	foreach(lc, entry->dropped_columns)
	{
		if (strcmp(lfirst(lc), name) == 0)
			return NULL;
	}
	return OidIsValid(relation->relid) ?
		simulation->live->column(simulation->live, relation, name) : NULL;
}

/* Has the text taken the relation away, or, where column is given, that one of it? */
bool
wf_sim_has_dropped(WfSimulation *simulation, WfRelation *relation, const char *column)
{
	SimRelation *entry = wf_sim_entry(simulation, relation);

	return column ? wf_common_list_has(entry->dropped_columns, column) &&
		wf_sim_column(&simulation->catalog, relation, column) == NULL : entry->gone;
}

/* The column as the text may change it; made if it is not there. */
WfColumn *
wf_sim_set_column(WfSimulation *simulation, SimRelation *entry, const char *name)
{
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);
	WfColumn   *known = wf_sim_column(&simulation->catalog, entry->relation, name);
	WfColumn   *column = known;

	if (known == NULL || !list_member_ptr(entry->columns, known))
	{
		column = wf_sim_alloc(simulation, sizeof(WfColumn));
		if (known)
			*column = *known;
		else
		{
			column->name = wf_sim_string(simulation, name);
			column->typmod = -1;
		}
		entry->columns = lappend(entry->columns, column);
	}
	MemoryContextSwitchTo(old);
	return column;
}

void
wf_sim_drop_column(WfSimulation *simulation, SimRelation *entry, const char *name)
{
	MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);
	ListCell   *lc;

	foreach(lc, entry->columns)
	{
		if (strcmp(((WfColumn *) lfirst(lc))->name, name) == 0)
			entry->columns = foreach_delete_current(entry->columns, lc);
	}
	entry->dropped_columns = lappend(entry->dropped_columns, wf_sim_string(simulation, name));
	MemoryContextSwitchTo(old);
}

/* Indexes and constraints go with a column that they use, and an index with what it stands for. */
void
wf_sim_drop_parts(WfSimulation *simulation, SimRelation *entry, const char *name)
{
	ListCell   *lc;

	wf_sim_load_parts(simulation, entry);
	foreach(lc, entry->constraints)
	{
		WfConstraint *constraint = lfirst(lc);

		if (!wf_common_list_has(constraint->columns, name))
			continue;
		forget_name(entry, constraint->name);
		entry->constraints = foreach_delete_current(entry->constraints, lc);
	}
	foreach(lc, entry->indexes)
	{
		WfIndex    *index = lfirst(lc);

		if (!wf_common_list_has(index->columns, name) && !wf_common_list_has(index->other_columns, name))
			continue;
		drop_constraint_of(simulation, entry, index);
		wf_sim_forget_index(simulation, entry->key.schema, index->name);
		entry->indexes = foreach_delete_current(entry->indexes, lc);
	}
	wf_sim_forget_passes(simulation);
}

/* An index has the name of the constraint that it stands for. */
static void
drop_constraint_of(WfSimulation *simulation, SimRelation *entry, const WfIndex *index)
{
	WfConstraint *constraint = index->name ? wf_sim_constraint_of(simulation, entry, index->name) : NULL;

	if (constraint == NULL)
		return;
	entry->constraints = list_delete_ptr(entry->constraints, constraint);
	forget_name(entry, index->name);
}

/* They know a column by its new name. */
void
wf_sim_rename_in_parts(WfSimulation *simulation, SimRelation *entry, const char *name, const char *new_name)
{
	ListCell   *lc;

	wf_sim_load_parts(simulation, entry);
	foreach(lc, entry->constraints)
	{
		rename_string(simulation, ((WfConstraint *) lfirst(lc))->columns, name, new_name);
		rename_string(simulation, ((WfConstraint *) lfirst(lc))->not_null_columns, name, new_name);
	}
	foreach(lc, entry->indexes)
	{
		rename_string(simulation, ((WfIndex *) lfirst(lc))->columns, name, new_name);
		rename_string(simulation, ((WfIndex *) lfirst(lc))->other_columns, name, new_name);
	}
}

static void
rename_string(WfSimulation *simulation, List *strings, const char *string, const char *new_string)
{
	ListCell   *cell = cell_named(strings, string);

	if (cell)
		lfirst(cell) = wf_sim_string(simulation, new_string);
}

static ListCell *
cell_named(List *strings, const char *string)
{
	ListCell   *lc;

	foreach(lc, strings)
	{
		if (lfirst(lc) && strcmp(lfirst(lc), string) == 0)
			return lc;
	}
	return NULL;
}

/* What the relation has is not that of before any more. */
void
wf_sim_forget_parts(SimRelation *entry)
{
	entry->columns = entry->dropped_columns = entry->constraints = entry->indexes = entry->parts = NIL;
	entry->constraint_names = NULL;
	entry->live.name = NULL;
	entry->id = 0;
	entry->built_on = entry->left = entry->heirs = entry->used = NIL;
}

/* Fills constraints and indexes from the live catalog, once. */
void
wf_sim_load_parts(WfSimulation *simulation, SimRelation *entry)
{
	if (entry->loaded || entry->relation == NULL)
		return;
	entry->loaded = true;
	if (OidIsValid(entry->relation->relid))
	{
		MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);

		entry->constraints = simulation->live->constraints(simulation->live, entry->relation);
		entry->indexes = simulation->live->indexes(simulation->live, entry->relation);
		MemoryContextSwitchTo(old);
	}
}

List *
wf_sim_constraints(WfCatalog *catalog, WfRelation *relation)
{
	SimRelation *entry = wf_sim_entry((WfSimulation *) catalog, relation);

	wf_sim_load_parts((WfSimulation *) catalog, entry);
	return entry->constraints;
}

WfConstraint *
wf_sim_constraint(WfCatalog *catalog, WfRelation *relation, const char *name)
{
	return wf_sim_constraint_of((WfSimulation *) catalog, wf_sim_entry((WfSimulation *) catalog, relation), name);
}

WfConstraint *
wf_sim_constraint_of(WfSimulation *simulation, SimRelation *entry, const char *name)
{
	NamedConstraint *named;
	ListCell   *lc;

	wf_sim_load_parts(simulation, entry);
	if (entry->constraint_names == NULL && list_length(entry->constraints) > CONSTRAINTS_TO_WALK)
	{
		entry->constraint_names = wf_sim_table(simulation, "wishflags simulated constraints", sizeof(NamedConstraint));
		foreach(lc, entry->constraints)
			name_constraint(simulation, entry, lfirst(lc));
	}
	if (entry->constraint_names)
	{
		named = wf_sim_find(entry->constraint_names, "", name);
		return named ? named->constraint : NULL;
	}
	foreach(lc, entry->constraints)
	{
		WfConstraint *constraint = lfirst(lc);

		if (constraint->name && strcmp(constraint->name, name) == 0)
			return constraint;
	}
	return NULL;
}

/* The first of a name is meant, as where they are walked. */
static void
name_constraint(WfSimulation *simulation, SimRelation *entry, WfConstraint *constraint)
{
	NamedConstraint *named;
	bool		found;

	if (constraint->name == NULL)
		return;
	named = wf_sim_enter(simulation, entry->constraint_names, "", constraint->name, &found);
	if (!found)
		named->constraint = constraint;
}

/* The constraint of a name, or NULL, has gone or is called something else. */
static void
forget_name(SimRelation *entry, const char *name)
{
	if (name)
		wf_sim_remove(entry->constraint_names, "", name);
}

List *
wf_sim_indexes(WfCatalog *catalog, WfRelation *relation)
{
	SimRelation *entry = wf_sim_entry((WfSimulation *) catalog, relation);

	wf_sim_load_parts((WfSimulation *) catalog, entry);
	return entry->indexes;
}

/* constraint and its parts are copied. */
void
wf_sim_add_constraint(WfSimulation *simulation, SimRelation *entry, WfConstraint *constraint)
{
	MemoryContext old;
	WfConstraint *copy = wf_sim_alloc(simulation, sizeof(WfConstraint));

	wf_sim_load_parts(simulation, entry);
	*copy = *constraint;
	copy->name = wf_sim_string(simulation, constraint->name);
	copy->transaction = simulation->transaction;
	copy->not_null_columns = wf_sim_strings(simulation, constraint->not_null_columns);
	copy->columns = wf_sim_strings(simulation, constraint->columns);
	copy->foreign_table = wf_sim_string(simulation, constraint->foreign_table);
	copy->foreign_columns = wf_sim_strings(simulation, constraint->foreign_columns);
	copy->expression = wf_sim_string(simulation, constraint->expression);
	copy->created_here = true;
	old = MemoryContextSwitchTo(simulation->catalog.context);
	entry->constraints = lappend(entry->constraints, copy);
	if (entry->constraint_names)
		name_constraint(simulation, entry, copy);
	wf_sim_note_holder(simulation, entry, copy->name);
	MemoryContextSwitchTo(old);
}

void
wf_sim_drop_constraint(WfSimulation *simulation, SimRelation *entry, const char *name)
{
	WfConstraint *constraint = wf_sim_constraint_of(simulation, entry, name);
	ListCell   *lc;

	if (constraint == NULL)
		return;
	entry->constraints = list_delete_ptr(entry->constraints, constraint);
	forget_name(entry, name);
	wf_sim_forget_passes(simulation);
	/* The index that it stands for has its name. */
	foreach(lc, entry->indexes)
	{
		WfIndex    *index = lfirst(lc);

		if (index->name == NULL || strcmp(index->name, name) != 0)
			continue;
		entry->indexes = foreach_delete_current(entry->indexes, lc);
		wf_sim_forget_index(simulation, entry->key.schema, name);
	}
}

void
wf_sim_validate_constraint(WfSimulation *simulation, SimRelation *entry, const char *name)
{
	WfConstraint *constraint = wf_sim_constraint_of(simulation, entry, name);

	if (constraint)
		constraint->validated = true;
}

void
wf_sim_name_constraint(WfSimulation *simulation, SimRelation *entry, const char *name, const char *new_name)
{
	WfConstraint *constraint = wf_sim_constraint_of(simulation, entry, name);

	if (constraint == NULL)
		return;
	forget_name(entry, name);
	constraint->name = wf_sim_string(simulation, new_name);
	if (entry->constraint_names)
		name_constraint(simulation, entry, constraint);
	wf_sim_note_holder(simulation, entry, constraint->name);
	wf_sim_forget_passes(simulation);
}

/* index and its parts are copied. */
void
wf_sim_add_index(WfSimulation *simulation, SimRelation *entry, WfIndex *index)
{
	MemoryContext old;
	WfIndex    *copy = wf_sim_alloc(simulation, sizeof(WfIndex));

	wf_sim_load_parts(simulation, entry);
	*copy = *index;
	copy->name = wf_sim_string(simulation, index->name);
	copy->columns = wf_sim_strings(simulation, index->columns);
	copy->other_columns = wf_sim_strings(simulation, index->other_columns);
	copy->labels = wf_sim_strings(simulation, index->labels);
	copy->method = wf_sim_string(simulation, index->method);
	copy->created_here = true;
	old = MemoryContextSwitchTo(simulation->catalog.context);
	entry->indexes = lappend(entry->indexes, copy);
	wf_sim_index_made(simulation, entry, copy->name);
	if (!index->is_partial || index->lacks_only_null)
		wf_sim_settle(simulation, WF_DEFER_INDEX, entry->key.schema, entry->key.name, copy->columns);
	MemoryContextSwitchTo(old);
}

void
wf_sim_settle_primary_key(WfSimulation *simulation, SimRelation *entry)
{
	wf_sim_settle(simulation, WF_DEFER_PRIMARY_KEY, entry->key.schema, entry->key.name, NIL);
}
