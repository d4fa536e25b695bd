/*
 * simulate_objects.c: triggers, policies and what else belongs to a database, as the text under check has left it so far.
 */
#include "common/compat.h"

#include "migration/simulate.h"

static SimPart *find_part(SimRelation *entry, ObjectType type, const char *name);

static inline WfSimulation *
simulation_of(WfCatalog *catalog)
{
	return (WfSimulation *) catalog;
}

bool
wf_sim_has_database(WfCatalog *catalog, const char *name)
{
	WfSimulation *simulation = simulation_of(catalog);

	return simulation->live->has_database(simulation->live, name);
}

/* NULL where the text did nothing to it. */
static SimPart *
find_part(SimRelation *entry, ObjectType type, const char *name)
{
	ListCell   *lc;

	foreach(lc, entry->parts)
	{
		SimPart    *part = lfirst(lc);

		if (part->type == type && strcmp(part->name, name) == 0)
			return part;
	}
	return NULL;
}

bool
wf_sim_has_part(WfCatalog *catalog, WfRelation *relation, ObjectType type, const char *name)
{
	WfSimulation *simulation = simulation_of(catalog);
	SimPart    *part = find_part(wf_sim_entry(simulation, relation), type, name);

	if (part)
		return part->exists;
	return OidIsValid(relation->relid) && simulation->live->has_part(simulation->live, relation, type, name);
}

/* WfCatalog.policies */
List *
wf_sim_policies(WfCatalog *catalog, WfRelation *relation)
{
	WfSimulation *simulation = simulation_of(catalog);
	SimRelation *entry = wf_sim_entry(simulation, relation);
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, OidIsValid(relation->relid) ? simulation->live->policies(simulation->live, relation) : NIL)
	{
		if (find_part(entry, OBJECT_POLICY, lfirst(lc)) == NULL)
			names = lappend(names, lfirst(lc));
	}
	foreach(lc, entry->parts)
	{
		SimPart    *part = lfirst(lc);

		if (part->type == OBJECT_POLICY && part->exists)
			names = lappend(names, part->name);
	}
	return names;
}

/* Did the text make it? */
bool
wf_sim_part_is_new(WfSimulation *simulation, const RangeVar *table, ObjectType type, const char *name)
{
	SimRelation *entry = simulation ? wf_sim_relation(simulation, table) : NULL;
	SimPart    *part = entry ? find_part(entry, type, name) : NULL;

	return part && part->exists &&
		!(OidIsValid(entry->relation->relid) && simulation->live->has_part(simulation->live, entry->relation, type, name));
}

/* The text makes or drops one. */
void
wf_sim_note_part(WfSimulation *simulation, const RangeVar *table, ObjectType type, const char *name, bool exists)
{
	SimRelation *entry = wf_sim_relation(simulation, table);
	SimPart    *part = find_part(entry, type, name);
	MemoryContext old;

	/* Nothing is kept of a table that is not there. */
	if (entry->relation->missing)
		return;
	if (part == NULL)
	{
		part = wf_sim_alloc(simulation, sizeof(SimPart));
		part->type = type;
		part->name = wf_sim_string(simulation, name);
		old = MemoryContextSwitchTo(simulation->catalog.context);
		entry->parts = lappend(entry->parts, part);
		MemoryContextSwitchTo(old);
	}
	part->exists = exists;
}

List *
wf_sim_publications(WfCatalog *catalog, WfRelation *relation, bool under_own_name)
{
	WfSimulation *simulation = simulation_of(catalog);

	return simulation->live->publications(simulation->live, relation, under_own_name);
}

bool
wf_sim_publishes_changes(WfCatalog *catalog, const char *publication)
{
	WfSimulation *simulation = simulation_of(catalog);

	return simulation->live->publishes_changes(simulation->live, publication);
}

double
wf_sim_null_fraction(WfCatalog *catalog, WfRelation *relation, WfColumn *column)
{
	WfSimulation *simulation = simulation_of(catalog);

	return simulation->live->null_fraction(simulation->live, relation, column);
}

/* WfCatalog.type_change */
WfTypeChange
wf_sim_type_change(WfCatalog *catalog, WfColumn *column, const TypeName *type)
{
	WfSimulation *simulation = simulation_of(catalog);

	simulation->live->time_zone = simulation->settings.time_zone;
	simulation->live->server_version = catalog->server_version;
	return simulation->live->type_change(simulation->live, column, type);
}

/* WfCatalog.column_type */
char *
wf_sim_column_type(WfCatalog *catalog, const WfColumn *column)
{
	WfSimulation *simulation = simulation_of(catalog);

	return simulation->live->column_type(simulation->live, column);
}

/* WfCatalog.constraint_sql */
char *
wf_sim_constraint_sql(WfCatalog *catalog, const WfConstraint *constraint)
{
	WfSimulation *simulation = simulation_of(catalog);

	return simulation->live->constraint_sql(simulation->live, constraint);
}
