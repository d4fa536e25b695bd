/*
 * rule_access.c: rules about privileges, row security, triggers, sequences,
 * functions and replication.
 */
#include "common/compat.h"

#include "nodes/value.h"
#include "utils/builtins.h"

#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "migration/finding.h"
#include "migration/inside.h"
#include "migration/rule_list.h"

static bool are_new(WfRuleCall *call, GrantStmt *stmt);

/* REVOKE. */
void
wf_rule_revoke(WfRuleCall *call)
{
	GrantStmt  *stmt = (GrantStmt *) call->statement;
	WfFinding  *finding;

	if (stmt->is_grant || stmt->targtype != ACL_TARGET_OBJECT || stmt->objects == NIL || are_new(call, stmt))
		return;
	finding = wf_finding_add(call, "code that runs under the role fails where it needs the privilege");
	finding->object = wf_rule_object_name(call, stmt->objtype, linitial(stmt->objects));
	finding->hint = pstrdup("Make sure that no running code uses it; privileges of a role show in \\dp.");
}

/* Are all its tables such that nobody uses them yet? */
static bool
are_new(WfRuleCall *call, GrantStmt *stmt)
{
	ListCell   *lc;

	if (stmt->objtype != OBJECT_TABLE)
		return false;
	foreach(lc, stmt->objects)
	{
		if (wf_rule_relation(call, lfirst_node(RangeVar, lc)))
			return false;
	}
	return true;
}

/* GRANT to PUBLIC, or of ALL. */
void
wf_rule_grant_too_broad(WfRuleCall *call)
{
	GrantStmt  *stmt = (GrantStmt *) call->statement;
	WfFinding  *finding;
	bool		to_public = false;
	ListCell   *lc;

	if (!stmt->is_grant)
		return;
	foreach(lc, stmt->grantees)
		to_public |= lfirst_node(RoleSpec, lc)->roletype == ROLESPEC_PUBLIC;
	if (!to_public && stmt->privileges != NIL)
		return;
	finding = wf_finding_add(call, to_public ? "GRANT to PUBLIC lets every role in, also future ones" :
							 "GRANT ALL gives more than code needs, TRUNCATE and TRIGGER among it");
	if (stmt->targtype == ACL_TARGET_OBJECT && stmt->objects != NIL)
		finding->object = wf_rule_object_name(call, stmt->objtype, linitial(stmt->objects));
	finding->hint = pstrdup("Name the role and the privileges.");
}

/* Row security and its policies on a table that others use. */
void
wf_rule_row_security(WfRuleCall *call)
{
	WfRelation *table;
	WfFinding  *finding;
	RangeVar   *name = NULL;
	const char *what = NULL;

	if (IsA(call->statement, AlterTableStmt))
	{
		name = ((AlterTableStmt *) call->statement)->relation;
		if (call->command->subtype == AT_EnableRowSecurity)
			what = "with row security and no policy, roles that do not own the table see no row of";
		else if (call->command->subtype == AT_ForceRowSecurity)
			what = "policies apply to the owner, too, of";
		else
			what = "policies no longer keep rows from anybody who may read";
	}
	else if (IsA(call->statement, CreatePolicyStmt))
	{
		name = ((CreatePolicyStmt *) call->statement)->table;
		if (((CreatePolicyStmt *) call->statement)->permissive)
			return;
		what = "a RESTRICTIVE policy takes rows from everybody who reads";
	}
	else
	{
		DropStmt   *stmt = (DropStmt *) call->statement;
		List	   *names = linitial(stmt->objects);

		if (stmt->removeType != OBJECT_POLICY)
			return;
		name = wf_ddl_range_var_of_names(list_copy_head(names, list_length(names) - 1));
		what = "without its policy rows vanish, or show, for roles that read";
	}
	table = name ? wf_rule_relation(call, name) : NULL;
	if (table == NULL)
		return;
	finding = wf_finding_add(call, "%s \"%s\"", what, table->name);
	wf_finding_on(call, finding, table);
	finding->lock = AccessExclusiveLock;
	finding->hint = pstrdup("Make the policies first, in the same transaction, and try them under the application's role.");
}

/* DISABLE TRIGGER. */
void
wf_rule_disable_trigger(WfRuleCall *call)
{
	WfRelation *table = wf_rule_altered_table(call);
	WfFinding  *finding;

	if (table == NULL)
		return;
	finding = wf_finding_add(call, call->command->subtype == AT_DisableTrigAll ?
							 "DISABLE TRIGGER ALL on \"%s\" stops the checks of its foreign keys as well" :
							 "what the disabled triggers of \"%s\" keep in order is not kept for rows written meanwhile",
							 table->name);
	wf_finding_on(call, finding, table);
	finding->lock = ShareRowExclusiveLock;
	finding->hint = pstrdup("Let the trigger tell the migration's own writes apart, by a setting for example, instead of switching it off for all.");

	/*
	 * For one session, and without a lock; it takes all triggers, as ALL
	 * does.
	 */
	if (call->command->subtype == AT_DisableTrigAll)
		finding->safe_sql = pstrdup("SET session_replication_role = replica;\n"
									"-- the writes that no trigger is to see, then:\n"
									"RESET session_replication_role;");
}

/* CREATE, DROP, ALTER and ENABLE TRIGGER on a table that others use. */
void
wf_rule_trigger_lock(WfRuleCall *call)
{
	WfRelation *table = NULL;
	LOCKMODE	mode = ShareRowExclusiveLock;
	const char *command;
	WfFinding  *finding;

	if (IsA(call->statement, CreateTrigStmt))
	{
		command = "CREATE TRIGGER";
		table = wf_rule_relation(call, ((CreateTrigStmt *) call->statement)->relation);
	}
	else if (IsA(call->statement, DropStmt))
	{
		List	   *names = linitial(((DropStmt *) call->statement)->objects);
		RangeVar   *name;

		if (((DropStmt *) call->statement)->removeType != OBJECT_TRIGGER)
			return;
		command = "DROP TRIGGER";
		mode = AccessExclusiveLock;
		name = wf_ddl_range_var_of_names(list_copy_head(names, list_length(names) - 1));
		table = name ? wf_rule_relation(call, name) : NULL;
	}
	else
	{
		command = "ENABLE or DISABLE TRIGGER";
		table = wf_rule_altered_table(call);
	}
	if (table == NULL)
		return;
	finding = wf_finding_add(call, "%s waits for all %s on \"%s\", and new ones wait behind it", command,
							 mode == AccessExclusiveLock ? "queries" : "writes", table->name);
	wf_finding_on(call, finding, table);
	finding->lock = mode;
	finding->hint = pstrdup("Set lock_timeout first, and try again until it succeeds.");
}

/* RESTART, and DROP IDENTITY. */
void
wf_rule_reset_sequence(WfRuleCall *call)
{
	WfRelation *relation;
	WfFinding  *finding;
	ListCell   *lc;
	bool		restarts = false;

	if (IsA(call->statement, AlterSeqStmt))
	{
		AlterSeqStmt *stmt = (AlterSeqStmt *) call->statement;

		foreach(lc, stmt->options)
			restarts |= strcmp(lfirst_node(DefElem, lc)->defname, "restart") == 0;
		if (!restarts)
			return;
		relation = wf_rule_relation(call, stmt->sequence);
	}
	else
	{
		if (call->command->subtype == AT_SetIdentity)
		{
			foreach(lc, (List *) call->command->def)
				restarts |= strcmp(lfirst_node(DefElem, lc)->defname, "restart") == 0;
			if (!restarts)
				return;
		}
		relation = wf_rule_altered_table(call);
	}
	if (relation == NULL)
		return;
	finding = wf_finding_add(call, restarts ? "numbers of \"%s\" that rows have already may come again: INSERT fails with duplicates" :
							 "INSERTs into \"%s\" that leave out the identity column fail", relation->name);
	wf_finding_on(call, finding, relation);
	finding->lock = restarts && IsA(call->statement, AlterSeqStmt) ? ShareRowExclusiveLock : AccessExclusiveLock;
	finding->hint = pstrdup("Restart above the highest number in use: SELECT max(column) + 1 FROM the table.");
}

/* REPLICA IDENTITY. */
void
wf_rule_replication(WfRuleCall *call)
{
	WfRelation *table = wf_rule_altered_table(call);
	WfFinding  *finding;

	if (table == NULL)
		return;
	finding = wf_finding_add(call, "subscribers of \"%s\" get other keys with UPDATE and DELETE than before, or none", table->name);
	wf_finding_on(call, finding, table);
	finding->lock = AccessExclusiveLock;
	finding->hint = pstrdup("Look at pg_publication_tables, and change the subscribers' tables first.");
}

/* DROP FUNCTION of one that the text did not make itself. */
void
wf_rule_function_change(WfRuleCall *call)
{
	DropStmt   *stmt = (DropStmt *) call->statement;
	WfFinding  *finding;
	char	   *name;
	ListCell   *lc;

	if (stmt->removeType != OBJECT_FUNCTION && stmt->removeType != OBJECT_PROCEDURE &&
		stmt->removeType != OBJECT_ROUTINE && stmt->removeType != OBJECT_AGGREGATE)
		return;
	foreach(lc, call->session->simulation ? call->session->simulation->new_routines : NIL)
	{
		WfRoutine  *routine = lfirst(lc);

		if (!routine->replaces &&
			strcmp(routine->name, strVal(llast(linitial_node(ObjectWithArgs, stmt->objects)->objname))) == 0)
			return;
	}
	name = wf_ddl_object_name(stmt->removeType, linitial(stmt->objects));
	finding = wf_finding_add(call, "code that calls %s fails", name);
	finding->object = name;
	finding->hint = pstrdup("Deploy code that does not call it first; a new version can stand beside it under other arguments.");
}
