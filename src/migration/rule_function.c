/*
 * rule_function.c: rules about changing and dropping routines.
 */
#include "common/compat.h"

#include "nodes/value.h"

#include "ddl/deparse.h"
#include "migration/finding.h"
#include "migration/inside.h"
#include "migration/rule_list.h"

static void dropped_routines(WfRuleCall *call, DropStmt *stmt);
static void replaced_routine(WfRuleCall *call, CreateFunctionStmt *stmt);
static void altered_routine(WfRuleCall *call, AlterFunctionStmt *stmt);

/*
 * May code use a routine that the statement names?  Not one that the text made,
 * nor one that is not there where IF EXISTS (tolerated) passes over that.
 */
bool
wf_rule_uses_routine(WfRuleCall *call, ObjectType type, ObjectWithArgs *routine, bool tolerated)
{
	if (wf_sim_routine_is_new(call->session->simulation, routine->objname))
		return false;
	return !(tolerated && wf_rule_knows_all(call) && !call->catalog->has_routine(call->catalog, type, routine));
}

/* DROP, CREATE OR REPLACE and ALTER FUNCTION. */
void
wf_rule_function_change(WfRuleCall *call)
{
	if (IsA(call->statement, DropStmt))
		dropped_routines(call, (DropStmt *) call->statement);
	else if (IsA(call->statement, AlterFunctionStmt))
		altered_routine(call, (AlterFunctionStmt *) call->statement);
	else if (((CreateFunctionStmt *) call->statement)->replace)
		replaced_routine(call, (CreateFunctionStmt *) call->statement);
}

static void
dropped_routines(WfRuleCall *call, DropStmt *stmt)
{
	ListCell   *lc;

	if (stmt->removeType != OBJECT_FUNCTION && stmt->removeType != OBJECT_PROCEDURE &&
		stmt->removeType != OBJECT_ROUTINE && stmt->removeType != OBJECT_AGGREGATE)
		return;
	foreach(lc, stmt->objects)
	{
		ObjectWithArgs *routine = lfirst_node(ObjectWithArgs, lc);
		WfFinding  *finding;
		char	   *name;

		if (!wf_rule_uses_routine(call, stmt->removeType, routine, stmt->missing_ok))
			continue;
		name = wf_ddl_object_name(stmt->removeType, (Node *) routine);
		finding = wf_finding_add(call, "code that calls %s fails", name);
		finding->object = name;
		/* One that takes its place in the same transaction leaves no gap. */
		if (call->session->in_transaction)
		{
			finding->deferral = WF_DEFER_ROUTINE;
			finding->deferral_columns = list_make1(strVal(llast(routine->objname)));
		}
		finding->hint = pstrdup("Deploy code that does not call it first; a new version can stand beside it under other arguments.");
	}
}

static void
replaced_routine(WfRuleCall *call, CreateFunctionStmt *stmt)
{
	WfRoutineChange change;
	WfFinding  *finding;

	if (!call->catalog->routine_change(call->catalog, stmt, &change) || (change.fails == NULL && change.differs == NULL))
		return;
	finding = change.fails ?
		wf_finding_add(call, "%s can't be replaced by this: %s", change.signature, change.fails) :
		wf_finding_add(call, "%s is another one for the planner: %s", change.signature, change.differs);
	finding->object = change.signature;
	if (change.fails)
	{
		finding->kind = WF_KIND_FAILS;
		finding->severity = WF_SEVERITY_HIGH;
		wf_finding_note_text(finding, "sqlstate", strncmp(change.fails, "it is ", 6) == 0 ? "42809" : "42P13");
		finding->hint = pstrdup("DROP and CREATE it in one transaction, with its grants and what depends on it, or make it under another name.");
	}
	else
		finding->hint = pstrdup("Queries that used it in an index, or ran it once, may call it for each row; look at their plans.");
}

/* ALTER FUNCTION ... VOLATILE and the like. */
static void
altered_routine(WfRuleCall *call, AlterFunctionStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->actions)
	{
		DefElem    *action = lfirst_node(DefElem, lc);
		char		present;
		WfFinding  *finding;

		if (strcmp(action->defname, "volatility") != 0 || !wf_rule_uses_routine(call, stmt->objtype, stmt->func, false))
			continue;
		present = call->catalog->volatility(call->catalog, stmt->func->objname,
											stmt->func->args_unspecified ? -1 : list_length(stmt->func->objargs), NIL);
		/* The catalog keeps the first letter. */
		if (present == strVal(action->arg)[0])
			continue;
		finding = wf_finding_add(call, "%s is another one for the planner: it becomes %s",
								 wf_ddl_object_name(stmt->objtype, (Node *) stmt->func), strVal(action->arg));
		finding->object = wf_ddl_object_name(stmt->objtype, (Node *) stmt->func);
		finding->hint = pstrdup("Queries that used it in an index, or ran it once, may call it for each row; look at their plans.");
	}
}
