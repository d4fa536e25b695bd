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
#include "migration/simulate.h"

static void revoke_role(WfRuleCall *call, GrantRoleStmt *stmt);
static bool gives_all(GrantStmt *stmt);
static bool is_part_of_nobody(WfRuleCall *call, DropStmt *stmt);
static bool are_new(WfRuleCall *call, GrantStmt *stmt);

/* REVOKE. */
void
wf_rule_revoke(WfRuleCall *call)
{
	GrantStmt  *stmt = (GrantStmt *) call->statement;
	WfFinding  *finding;

	if (IsA(stmt, GrantRoleStmt))
	{
		revoke_role(call, (GrantRoleStmt *) stmt);
		return;
	}
	if (stmt->is_grant || stmt->targtype == ACL_TARGET_DEFAULTS || stmt->objects == NIL || are_new(call, stmt))
		return;
	finding = wf_finding_add(call, "code that runs under the role fails where it needs the privilege");
	finding->object = stmt->targtype == ACL_TARGET_OBJECT ? wf_rule_object_name(call, stmt->objtype, linitial(stmt->objects)) :
		wf_ddl_quote_name(NULL, strVal(linitial(stmt->objects)));
	finding->hint = pstrdup("Make sure that no running code uses it; privileges of a role show in \\dp.");
}

/* REVOKE of roles from others, or of what a member may do beside using the privileges. */
static void
revoke_role(WfRuleCall *call, GrantRoleStmt *stmt)
{
	const char *option = stmt->is_grant ? NULL : wf_revoked_role_option(stmt);
	bool		is_admin = option && strcmp(option, "admin") == 0;
	ListCell   *lc;

	foreach(lc, stmt->is_grant ? NIL : stmt->granted_roles)
	{
		const char *role = lfirst_node(AccessPriv, lc)->priv_name;
		WfFinding  *finding;

		if (role == NULL)
			continue;
		finding = wf_finding_add(call, is_admin ? "members of \"%s\" can't grant it to others any more" :
								 option && strcmp(option, "set") == 0 ? "code of a member of \"%s\" that runs SET ROLE fails" :
								 "code that runs under a member of \"%s\" fails where it needs its privileges", role);
		/* Who administers roles is seldom the code. */
		if (is_admin)
			finding->severity = Min(finding->severity, WF_SEVERITY_LOW);
		finding->object = wf_ddl_quote_name(NULL, role);
		finding->hint = pstrdup("Make sure that no running code uses it; members of a role show in \\du.");
	}
}

/* Are all its objects such that nobody uses them yet? */
static bool
are_new(WfRuleCall *call, GrantStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->objects)
	{
		switch (stmt->objtype)
		{
			case OBJECT_TABLE:
			case OBJECT_SEQUENCE:
				if (!IsA(lfirst(lc), RangeVar) || wf_rule_relation(call, lfirst_node(RangeVar, lc)))
					return false;
				break;
			case OBJECT_FUNCTION:
			case OBJECT_PROCEDURE:
			case OBJECT_ROUTINE:
				if (!IsA(lfirst(lc), ObjectWithArgs) ||
					wf_rule_uses_routine(call, stmt->objtype, lfirst_node(ObjectWithArgs, lc), false))
					return false;
				break;
			case OBJECT_SCHEMA:
				if (!wf_sim_schema_is_new(call->session->simulation, strVal(lfirst(lc))))
					return false;
				break;
			case OBJECT_TYPE:
			case OBJECT_DOMAIN:
				if (!IsA(lfirst(lc), List) || wf_rule_type(call, lfirst_node(List, lc)))
					return false;
				break;
			default:
				return false;
		}
	}
	return true;
}

/* GRANT to PUBLIC, or of ALL. */
void
wf_rule_grant_too_broad(WfRuleCall *call)
{
	GrantStmt  *stmt = IsA(call->statement, AlterDefaultPrivilegesStmt) ?
	((AlterDefaultPrivilegesStmt *) call->statement)->action : (GrantStmt *) call->statement;
	WfFinding  *finding;
	bool		to_public = false;
	ListCell   *lc;

	if (!stmt->is_grant)
		return;
	foreach(lc, stmt->grantees)
		to_public |= lfirst_node(RoleSpec, lc)->roletype == ROLESPEC_PUBLIC;
	if (!to_public && !gives_all(stmt))
		return;
	finding = wf_finding_add(call, to_public ? "GRANT to PUBLIC lets every role in, also future ones" :
							 "GRANT ALL gives more than code needs%s",
							 to_public ? "" : stmt->objtype == OBJECT_TABLE ? ", TRUNCATE and TRIGGER among it" :
							 stmt->objtype == OBJECT_SCHEMA ? ", CREATE among it" : "");
	if (stmt->targtype == ACL_TARGET_OBJECT && stmt->objects != NIL)
		finding->object = wf_rule_object_name(call, stmt->objtype, linitial(stmt->objects));
	finding->hint = pstrdup("Name the role and the privileges.");
}

/* GRANT ALL, of objects or of columns. */
static bool
gives_all(GrantStmt *stmt)
{
	ListCell   *lc;

	foreach(lc, stmt->privileges)
	{
		if (lfirst_node(AccessPriv, lc)->priv_name == NULL)
			return true;
	}
	return stmt->privileges == NIL;
}

/* Row security and its policies on a table that others use. */
void
wf_rule_row_security(WfRuleCall *call)
{
	WfRelation *table;
	WfFinding  *finding;
	RangeVar   *name = NULL;
	const char *what = NULL;
	WfDeferral	deferral = WF_DEFER_NOT;
	bool		has_policies = false;

	if (IsA(call->statement, AlterTableStmt))
	{
		name = ((AlterTableStmt *) call->statement)->relation;
		table = wf_rule_relation(call, name);
		/* That it is so already, changes nothing. */
		if (table == NULL || (OidIsValid(table->relid) && call->command->subtype != AT_ForceRowSecurity &&
							  table->row_security == (call->command->subtype == AT_EnableRowSecurity)) ||
			(call->command->subtype == AT_ForceRowSecurity && table->forces_row_security))
			return;
		has_policies = call->catalog->policies(call->catalog, table) != NIL;
		if (call->command->subtype == AT_DisableRowSecurity)
			what = "policies no longer keep rows from anybody who may read";
		else if (call->command->subtype == AT_ForceRowSecurity)
			what = "policies apply to the owner, too, of";
		else if (has_policies)
			what = "its policies apply from now on to roles that do not own";
		else
		{
			what = "with row security and no policy, roles that do not own the table see no row of";
			/* A policy that follows in the same transaction leaves no gap. */
			if (call->session->in_transaction)
				deferral = WF_DEFER_POLICY;
		}
	}
	else if (IsA(call->statement, AlterPolicyStmt))
	{
		name = ((AlterPolicyStmt *) call->statement)->table;
		what = "with its policy changed rows vanish, or show, for roles that read";
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

		if (stmt->removeType != OBJECT_POLICY || is_part_of_nobody(call, stmt))
			return;
		name = wf_ddl_range_var_of_names(list_copy_head(names, list_length(names) - 1));
		what = "without its policy rows vanish, or show, for roles that read";
		/* One that takes its place in the same transaction leaves no gap. */
		if (call->session->in_transaction)
			deferral = WF_DEFER_POLICY;
	}
	table = name ? wf_rule_relation(call, name) : NULL;
	if (table == NULL)
		return;
	finding = wf_finding_add(call, "%s \"%s\"", what, table->name);
	wf_finding_on(call, finding, table);
	/* As the hint says: the policies came first. */
	if (has_policies && call->command->subtype == AT_EnableRowSecurity)
		wf_finding_lower(finding);
	finding->deferral = deferral;
	finding->lock = AccessExclusiveLock;
	finding->hint = pstrdup("Make the policies first, in the same transaction, and try them under the application's role.");
}

/* Does DROP TRIGGER or DROP POLICY name one that is not there, or that the text made? */
static bool
is_part_of_nobody(WfRuleCall *call, DropStmt *stmt)
{
	List	   *names = linitial(stmt->objects);
	RangeVar   *name = wf_ddl_range_var_of_names(list_copy_head(names, list_length(names) - 1));
	WfRelation *table = name ? call->catalog->relation(call->catalog, name) : NULL;

	if (table == NULL || table->missing)
		return false;
	return wf_sim_part_is_new(call->session->simulation, name, stmt->removeType, strVal(llast(names))) ||
		(stmt->missing_ok && wf_rule_knows_all(call) &&
		 !call->catalog->has_part(call->catalog, table, stmt->removeType, strVal(llast(names))));
}

/* DISABLE TRIGGER. */
void
wf_rule_disable_trigger(WfRuleCall *call)
{
	WfRelation *table = wf_rule_altered_table(call);
	WfFinding  *finding;

	if (table == NULL || (call->command->subtype == AT_DisableTrig &&
						  wf_sim_part_is_new(call->session->simulation, ((AlterTableStmt *) call->statement)->relation,
											 OBJECT_TRIGGER, call->command->name)))
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
		/* Where there is none, it only looks for it. */
		if (((DropStmt *) call->statement)->missing_ok && is_part_of_nobody(call, (DropStmt *) call->statement))
			return;
		command = "DROP TRIGGER";
		mode = AccessExclusiveLock;
		name = wf_ddl_range_var_of_names(list_copy_head(names, list_length(names) - 1));
		table = name ? wf_rule_relation(call, name) : NULL;
	}
	else if (IsA(call->statement, RenameStmt))
	{
		if (((RenameStmt *) call->statement)->renameType != OBJECT_TRIGGER)
			return;
		command = "ALTER TRIGGER";
		mode = AccessExclusiveLock;
		table = wf_rule_relation(call, ((RenameStmt *) call->statement)->relation);
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
