/*
 * simulate_parts.c: columns, constraints and indexes, as the text under check has
 * left them so far.
 */
#include "common/compat.h"

#include "migration/simulate.h"

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
	copy->not_null_column = wf_sim_string(simulation, constraint->not_null_column);
	copy->columns = wf_sim_strings(simulation, constraint->columns);
	copy->foreign_table = wf_sim_string(simulation, constraint->foreign_table);
	copy->foreign_columns = wf_sim_strings(simulation, constraint->foreign_columns);
	copy->expression = wf_sim_string(simulation, constraint->expression);
	copy->created_here = true;
	old = MemoryContextSwitchTo(simulation->catalog.context);
	entry->constraints = lappend(entry->constraints, copy);
	MemoryContextSwitchTo(old);
}

void
wf_sim_drop_constraint(WfSimulation *simulation, SimRelation *entry, const char *name)
{
	ListCell   *lc;

	wf_sim_load_parts(simulation, entry);
	foreach(lc, entry->constraints)
	{
		WfConstraint *constraint = lfirst(lc);

		if (constraint->name && strcmp(constraint->name, name) == 0)
			entry->constraints = foreach_delete_current(entry->constraints, lc);
	}
}

void
wf_sim_validate_constraint(WfSimulation *simulation, SimRelation *entry, const char *name)
{
	ListCell   *lc;

	wf_sim_load_parts(simulation, entry);
	foreach(lc, entry->constraints)
	{
		WfConstraint *constraint = lfirst(lc);

		if (constraint->name && strcmp(constraint->name, name) == 0)
			constraint->validated = true;
	}
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
	copy->created_here = true;
	old = MemoryContextSwitchTo(simulation->catalog.context);
	entry->indexes = lappend(entry->indexes, copy);
	if (!index->is_partial)
		wf_sim_settle(simulation, WF_DEFER_INDEX, entry->key.schema, entry->key.name, copy->columns);
	MemoryContextSwitchTo(old);
}

void
wf_sim_settle_primary_key(WfSimulation *simulation, SimRelation *entry)
{
	wf_sim_settle(simulation, WF_DEFER_PRIMARY_KEY, entry->key.schema, entry->key.name, NIL);
}
