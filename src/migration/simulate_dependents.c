/*
 * simulate_dependents.c: what depends on an object, after what the text under
 * check has done so far.
 *
 * Where the text may have taken a dependency away, it counts as gone: to say
 * that a statement fails which does not is worse than to say nothing.
 */
#include "common/compat.h"

#include "nodes/makefuncs.h"

#include "ddl/lock.h"
#include "migration/simulate.h"

/* What is built on a live relation, and the text has not dropped. */
List *
wf_sim_dependents(WfCatalog *catalog, WfRelation *relation, int attnum)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	List	   *dependents;
	ListCell   *lc;

	/* Which policy, trigger or function the text has dropped is not kept. */
	if (!OidIsValid(relation->relid) || simulation->is_opaque || simulation->dropped_parts)
		return NIL;
	dependents = simulation->live->dependents(simulation->live, relation, attnum);
	foreach(lc, dependents)
	{
		WfDependent *dependent = lfirst(lc);

		if (dependent->name &&
			!wf_sim_is_untouched(simulation, makeRangeVar(dependent->schema, dependent->name, -1)))
			dependents = foreach_delete_current(dependents, lc);
	}
	return dependents;
}

/* What CASCADE takes along, without what the text has changed. */
bool
wf_sim_cascade(WfCatalog *catalog, Node *stmt, const AlterTableCmd *command, List **dependents)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	ListCell   *lc;

	*dependents = NIL;
	/* What the text made may depend on it as well. */
	if (simulation->is_opaque || simulation->dropped_parts || !simulation->live->cascade(simulation->live, stmt, command, dependents))
		return false;
	foreach(lc, *dependents)
	{
		WfDependent *dependent = lfirst(lc);

		if (dependent->name &&
			!wf_sim_is_untouched(simulation, makeRangeVar(dependent->schema, dependent->name, -1)))
			*dependents = foreach_delete_current(*dependents, lc);
	}
	return !simulation->dropped_others;
}

/* The same for objects that are no relations. */
List *
wf_sim_drop_blockers(WfCatalog *catalog, const DropStmt *stmt)
{
	WfSimulation *simulation = (WfSimulation *) catalog;
	List	   *dependents;
	ListCell   *lc;

	if (simulation->is_opaque || simulation->dropped_parts)
		return NIL;
	/* The live catalog may know another type by that name. */
	foreach(lc, stmt->objects)
	{
		if (IsA(lfirst(lc), TypeName) && !OidIsValid(wf_sim_type(catalog, lfirst_node(TypeName, lc)->names)->oid))
			return NIL;
		if (stmt->removeType == OBJECT_INDEX && wf_ddl_range_var_of_names(lfirst(lc)) &&
			!wf_sim_is_untouched(simulation, wf_ddl_range_var_of_names(lfirst(lc))))
			return NIL;
	}
	dependents = simulation->live->drop_blockers(simulation->live, stmt);
	foreach(lc, dependents)
	{
		WfDependent *dependent = lfirst(lc);

		if (dependent->name ?
			!wf_sim_is_untouched(simulation, makeRangeVar(dependent->schema, dependent->name, -1)) :
			simulation->dropped_others)
			dependents = foreach_delete_current(dependents, lc);
	}
	return dependents;
}
