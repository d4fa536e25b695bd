/*
 * change_policy.c: the triggers of change_policies: what a row must be like, and
 * the history of changes.
 */
#include "common/compat.h"

#include "fmgr.h"

#include "common/audit.h"

PG_FUNCTION_INFO_V1(wf_change_policies_check);
PG_FUNCTION_INFO_V1(wf_change_policies_audit);

/* Columns of change_policies. */
enum
{
	CHANGE_PATTERN = 2,
	CHANGE_TAGS,
	CHANGE_ENVIRONMENTS,
	CHANGE_ROLE,
	CHANGE_REASON = 10,
	CHANGE_CHANGED_AT,
	CHANGE_CHANGED_BY
};

static void check_pattern(const char *pattern);

/* change_policies_check(): trigger BEFORE INSERT OR UPDATE; notes who changes the row as well. */
Datum
wf_change_policies_check(PG_FUNCTION_ARGS)
{
	TriggerData *data = wf_common_audit_before(fcinfo, "change_policies");
	HeapTuple	tuple = wf_common_note_change(data, CHANGE_REASON, CHANGE_CHANGED_AT, CHANGE_CHANGED_BY);
	char	   *pattern = wf_common_audit_text(data, tuple, CHANGE_PATTERN);

	if (pattern)
		check_pattern(pattern);
	wf_common_audit_check_role(data, tuple, CHANGE_ROLE, CHANGE_CHANGED_AT);
	wf_common_audit_check_list(data, tuple, CHANGE_TAGS, "tags");
	wf_common_audit_check_list(data, tuple, CHANGE_ENVIRONMENTS, "environments");
	return PointerGetDatum(tuple);
}

/* change_policies_audit(): trigger AFTER INSERT, UPDATE, DELETE, TRUNCATE. */
Datum
wf_change_policies_audit(PG_FUNCTION_ARGS)
{
	wf_common_audit(wf_common_audit_data(fcinfo, "change_policies"), "change_policy_history", CHANGE_CHANGED_AT);
	return PointerGetDatum(NULL);
}

/* LIKE fails on such a pattern, and would with each change of a flag. */
static void
check_pattern(const char *pattern)
{
	int			escapes = 0;

	for (const char *end = pattern + strlen(pattern); end > pattern && end[-1] == '\\'; end--)
		escapes++;
	if (escapes % 2 == 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_ESCAPE_SEQUENCE),
				 errmsg("key_pattern must not end with an escape character"),
				 errhint("It is a pattern of LIKE: write \\\\ for a backslash.")));
}
