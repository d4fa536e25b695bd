/*
 * simulate_objects.c: triggers, policies and what else belongs to a database, as the text under check has left it so far.
 */
#include "common/compat.h"

#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "migration/simulate.h"

static SimPart *find_part(SimRelation *entry, ObjectType type, const char *name);
static bool is_named(List *names, List *strings);

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

	if (part == NULL)
	{
		part = wf_sim_alloc(simulation, sizeof(SimPart));
		part->type = type;
		part->name = wf_sim_string(simulation, name);
		part->relation = entry;
		old = MemoryContextSwitchTo(simulation->catalog.context);
		entry->parts = lappend(entry->parts, part);
		MemoryContextSwitchTo(old);
	}
	part->exists = exists;
}

/* CREATE TRIGGER, with the function that it runs. */
void
wf_sim_note_trigger(WfSimulation *simulation, const CreateTrigStmt *stmt)
{
	SimPart    *part;
	MemoryContext old;
	ListCell   *lc;

	wf_sim_note_part(simulation, stmt->relation, OBJECT_TRIGGER, stmt->trigname, true);
	part = find_part(wf_sim_relation(simulation, stmt->relation), OBJECT_TRIGGER, stmt->trigname);
	old = MemoryContextSwitchTo(simulation->catalog.context);
	if (part->function == NIL)
		simulation->triggers = lappend(simulation->triggers, part);
	part->function = NIL;
	foreach(lc, stmt->funcname)
		part->function = lappend(part->function, wf_sim_string(simulation, strVal(lfirst(lc))));
	MemoryContextSwitchTo(old);
}

/* Triggers that the text made (WfDependent) and that run a function which DROP names as they do. */
List *
wf_sim_triggers_of(WfSimulation *simulation, const DropStmt *stmt)
{
	List	   *dependents = NIL;
	ListCell   *lc;
	ListCell   *lc2;

	if (stmt->removeType != OBJECT_FUNCTION && stmt->removeType != OBJECT_ROUTINE)
		return NIL;
	foreach(lc, simulation->triggers)
	{
		SimPart    *part = lfirst(lc);

		if (!part->exists || !list_member_ptr(part->relation->parts, part))
			continue;
		foreach(lc2, stmt->objects)
		{
			ObjectWithArgs *function = lfirst_node(ObjectWithArgs, lc2);
			WfDependent *dependent;

			/* A function of a trigger has no arguments. */
			if (function->objargs != NIL || !is_named(function->objname, part->function))
				continue;
			dependent = palloc0(sizeof(WfDependent));
			dependent->description = psprintf("trigger %s on table %s", quote_identifier(part->name),
											  quote_identifier(part->relation->key.name));
			dependent->of_identity = wf_ddl_quote_names(function->objname, ".");
			dependent->of = psprintf("function %s()", dependent->of_identity);
			dependent->kind = WF_DEPENDENT_TRIGGER;
			dependent->blocks_drop = true;
			dependents = lappend(dependents, dependent);
		}
	}
	return dependents;
}

static bool
is_named(List *names, List *strings)
{
	ListCell   *lc;

	foreach(lc, list_length(names) == list_length(strings) ? names : NIL)
	{
		if (strcmp(strVal(lfirst(lc)), list_nth(strings, foreach_current_index(lc))) != 0)
			return false;
	}
	return list_length(names) == list_length(strings);
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
