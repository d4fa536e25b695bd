/*
 * simulate_objects.c: triggers, policies, routines and what else belongs to a
 * database, as the text under check has left it so far.
 */
#include "common/compat.h"

#include "nodes/value.h"

#include "common/list.h"
#include "migration/inside.h"

/* Of the table of routines that the text has made. */
typedef struct NamedRoutine
{
	char		name[NAMEDATALEN];
	WfRoutine  *newest;
} NamedRoutine;

static SimPart *find_part(SimRelation *entry, ObjectType type, const char *name);
static bool touches_routine(WfSimulation *simulation, List *names);

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

/* NULL where the text did nothing to it; of any policy, one that is there. */
static SimPart *
find_part(SimRelation *entry, ObjectType type, const char *name)
{
	ListCell   *lc;

	foreach(lc, entry->parts)
	{
		SimPart    *part = lfirst(lc);

		if (part->type == type && (name ? strcmp(part->name, name) == 0 : part->exists))
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

/* The text makes a routine, which is found before older ones of its name. */
void
wf_sim_add_routine(WfSimulation *simulation, WfRoutine *routine)
{
	NamedRoutine *entry;
	bool		found;

	if (simulation->new_routines == NULL)
		simulation->new_routines = wf_sim_name_table(simulation, "wishflags simulated routines", sizeof(NamedRoutine));
	entry = hash_search(simulation->new_routines, routine->name, HASH_ENTER, &found);
	routine->older = found ? entry->newest : NULL;
	entry->newest = routine;
}

/* The newest routine of this name that the text has made, or NULL. */
WfRoutine *
wf_sim_new_routine(WfSimulation *simulation, List *names)
{
	NamedRoutine *entry;

	if (simulation == NULL || simulation->new_routines == NULL)
		return NULL;
	entry = hash_search(simulation->new_routines, strVal(llast(names)), HASH_FIND, NULL);
	return entry ? entry->newest : NULL;
}

/* Did the text make a routine of this name that was not there? */
bool
wf_sim_routine_is_new(WfSimulation *simulation, List *names)
{
	for (WfRoutine *routine = wf_sim_new_routine(simulation, names); routine; routine = routine->older)
	{
		if (!routine->replaces)
			return true;
	}
	return false;
}

/* Whether the live catalog is right about a name is not known any more. */
static bool
touches_routine(WfSimulation *simulation, List *names)
{
	return wf_sim_new_routine(simulation, names) != NULL || simulation->is_opaque || simulation->known_schemas != NULL ||
		wf_sim_is_noted(simulation->dropped_routines, strVal(llast(names)));
}

bool
wf_sim_has_routine(WfCatalog *catalog, ObjectType type, const ObjectWithArgs *object)
{
	WfSimulation *simulation = simulation_of(catalog);

	return touches_routine(simulation, object->objname) ||
		simulation->live->has_routine(simulation->live, type, object);
}

bool
wf_sim_routine_change(WfCatalog *catalog, CreateFunctionStmt *stmt, WfRoutineChange *change)
{
	WfSimulation *simulation = simulation_of(catalog);

	return !touches_routine(simulation, stmt->funcname) &&
		simulation->live->routine_change(simulation->live, stmt, change);
}

List *
wf_sim_publications(WfCatalog *catalog, WfRelation *relation)
{
	WfSimulation *simulation = simulation_of(catalog);

	return simulation->live->publications(simulation->live, relation);
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
