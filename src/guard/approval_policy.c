/*
 * approval_policy.c: the triggers of approval_policies: what a row must be like,
 * and the history of changes.
 */
#include "common/compat.h"

#include "fmgr.h"

#include "common/audit.h"
#include "guard/policy.h"

PG_FUNCTION_INFO_V1(wf_approval_policies_check);
PG_FUNCTION_INFO_V1(wf_approval_policies_audit);

/* Columns of approval_policies. */
enum
{
	APPROVAL_RULE = 3,
	APPROVAL_ROLE = 4,
	APPROVAL_ENVIRONMENTS = 6,
	APPROVAL_REASON = 9,
	APPROVAL_CHANGED_AT,
	APPROVAL_CHANGED_BY
};

static void check_rule(const char *rule);

/*
 * approval_policies_check(): trigger BEFORE INSERT OR UPDATE
 *
 * Validates the row, and notes who changes it, when and why.
 */
Datum
wf_approval_policies_check(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_common_audit_before(fcinfo, "approval_policies");
	HeapTuple	tuple = wf_common_note_change(data, APPROVAL_REASON, APPROVAL_CHANGED_AT, APPROVAL_CHANGED_BY);
	char	   *rule = wf_common_audit_text(data, tuple, APPROVAL_RULE);

	if (rule)
		check_rule(rule);
	wf_common_audit_check_role(data, tuple, APPROVAL_ROLE, APPROVAL_CHANGED_AT);
	wf_common_audit_check_list(data, tuple, APPROVAL_ENVIRONMENTS, "environments");
	return PointerGetDatum(tuple);
}

/*
 * approval_policies_audit(): trigger AFTER INSERT, UPDATE, DELETE, TRUNCATE;
 * writes the change to approval_policy_history.
 */
Datum
wf_approval_policies_audit(PG_FUNCTION_ARGS)
{
	wf_common_audit(wf_common_audit_data(fcinfo, "approval_policies"), "approval_policy_history", APPROVAL_CHANGED_AT);
	return PointerGetDatum(NULL);
}

/* A rule, or a kind of rules. */
static void
check_rule(const char *rule)
{
	WfKind		kind;

	if (strncmp(rule, "kind:", 5) != 0)
		(void) wf_guard_rule_index(rule);
	else if (!wf_migration_find_kind(rule + 5, &kind))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("unknown kind \"%s\"", rule + 5),
				 errhint("Kinds are breaking, blocking, data-loss, irreversible, fails and style.")));
}
