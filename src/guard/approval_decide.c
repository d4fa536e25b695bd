/*
 * approval_decide.c: approving and rejecting changes.
 *
 * A person is who logged in.  What SET ROLE or a SECURITY DEFINER function makes
 * of them gives nobody an approver's role, and takes no author's away.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"

#include "common/write.h"
#include "guard/approval.h"

PG_FUNCTION_INFO_V1(wf_schema_change_approve);
PG_FUNCTION_INFO_V1(wf_schema_change_reject);

/* The role of approval_policies that a person stands for. */
typedef struct Capacity
{
	char	   *role;			/* NULL: no row asks for one */
	bool		found;
} Capacity;

static WfSchemaChange *lock_of_others(int64 id, const char *verb);
static Capacity capacity_of(int64 id, const char *wanted, bool only_missing);
pg_noreturn static void refuse(int64 id, const char *wanted);
static char *text_or_null(FunctionCallInfo fcinfo, int n);
static text *still_missing(int64 id);

/*
 * schema_change_approve(id bigint, comment text, revision integer, approver_role text) -> text
 *
 * Raises insufficient_privilege for authors and for those whose approval the
 * change does not need, duplicate_object for a second approval, and
 * object_not_in_prerequisite_state for a change that is not open.
 */
Datum
wf_schema_change_approve(PG_FUNCTION_ARGS)
{
	Oid			types[] = {INT8OID, INT4OID, TEXTOID, TEXTOID, TEXTOID};
	char	   *comment = text_or_null(fcinfo, 1);
	char	   *wanted = text_or_null(fcinfo, 3);
	char		nulls[] = "     ";
	Datum		values[lengthof(types)];
	WfSchemaChange *change;
	Capacity	capacity;
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext old;
	text	   *missing;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("id must be given"),
				 errhint("List them: SELECT id, state, reason FROM wishflags.schema_change_overview;")));
	wf_common_require_writable("schema_change_approve()");
	SPI_connect();
	change = lock_of_others(PG_GETARG_INT64(0), "approve");
	if (!PG_ARGISNULL(2) && PG_GETARG_INT32(2) != change->revision)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schema change %lld is at revision %d", (long long) change->id, change->revision),
				 errhint("Read it again: SELECT wishflags.schema_change_risk(%lld);", (long long) change->id)));
	values[0] = Int64GetDatum(change->id);
	values[1] = Int32GetDatum(change->revision);
	values[2] = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
	if (wf_approval_run("SELECT FROM wishflags.schema_change_approvals WHERE change_id = $1 AND revision = $2 AND approver = $3",
						3, types, values, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("role \"%s\" has approved schema change %lld already",
						GetUserNameFromId(GetSessionUserId(), false), (long long) change->id),
				 errhint("See what is missing: SELECT approvals, missing FROM wishflags.schema_change_overview WHERE id = %lld;",
						 (long long) change->id)));
	capacity = capacity_of(change->id, wanted, true);
	if (!capacity.found)
		refuse(change->id, wanted);
	nulls[3] = capacity.role ? ' ' : 'n';
	values[3] = capacity.role ? CStringGetTextDatum(capacity.role) : (Datum) 0;
	nulls[4] = comment ? ' ' : 'n';
	values[4] = comment ? CStringGetTextDatum(comment) : (Datum) 0;
	(void) wf_approval_run("INSERT INTO wishflags.schema_change_approvals (change_id, revision, approver, approver_role, comment)"
						   " VALUES ($1, $2, $3, $4, $5)", lengthof(types), types, values, nulls);
	wf_approval_event(change->id, change->revision, "approved", comment, NULL);
	old = MemoryContextSwitchTo(caller);
	missing = still_missing(change->id);
	MemoryContextSwitchTo(old);
	SPI_finish();
	PG_RETURN_TEXT_P(missing);
}

/*
 * schema_change_reject(id bigint, reason text)
 *
 * Raises as approve does.
 */
Datum
wf_schema_change_reject(PG_FUNCTION_ARGS)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {PG_GETARG_DATUM(0)};
	char	   *reason = text_to_cstring(PG_GETARG_TEXT_PP(1));
	WfSchemaChange *change;

	if (reason[strspn(reason, " \t\r\n\v\f")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a reason must be given"),
				 errhint("Say why: SELECT wishflags.schema_change_reject(%lld, 'not in this release');",
						 (long long) PG_GETARG_INT64(0))));
	wf_common_require_writable("schema_change_reject()");
	SPI_connect();
	change = lock_of_others(PG_GETARG_INT64(0), "reject");
	if (!capacity_of(change->id, NULL, false).found)
		refuse(change->id, NULL);
	(void) wf_approval_run("UPDATE wishflags.schema_changes SET state = 'rejected' WHERE id = $1", 1, types, values, NULL);
	wf_approval_event(change->id, change->revision, "rejected", reason, NULL);
	SPI_finish();
	PG_RETURN_VOID();
}

/* An open change that the caller has no part in, locked. */
static WfSchemaChange *
lock_of_others(int64 id, const char *verb)
{
	WfSchemaChange *change = wf_approval_lock(id);

	if (change->is_author)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("an author of schema change %lld can't %s it", (long long) id, verb),
				 errdetail("Neither session_user (%s) nor current_user (%s) may be among its authors.",
						   GetUserNameFromId(GetSessionUserId(), false), GetUserNameFromId(GetUserId(), false)),
				 errhint("Let somebody else log in and do it: SELECT wishflags.schema_change_checklist(%lld); says who may.",
						 (long long) id)));
	if (strcmp(change->state, "proposed") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("schema change %lld is %s", (long long) id, change->state),
				 errhint("Its author can open it again: SELECT wishflags.schema_change_amend(%lld, '...', 'the reason');",
						 (long long) id)));
	return change;
}

/* As what the person can decide: the role wanted, else the first that fits. */
static Capacity
capacity_of(int64 id, const char *wanted, bool only_missing)
{
	Oid			types[] = {INT8OID, BOOLOID};
	Datum		values[] = {Int64GetDatum(id), BoolGetDatum(only_missing)};
	uint64		rows = wf_approval_run("SELECT approver_role FROM wishflags.schema_change_requirements"
									   " WHERE change_id = $1 AND (given < needed OR NOT $2) ORDER BY approver_role",
									   lengthof(types), types, values, NULL);
	Capacity	capacity = {NULL, false};

	for (uint64 i = 0; i < rows && !capacity.found; i++)
	{
		char	   *role = wf_approval_value(i, 1);
		Oid			oid = role ? get_role_oid(role, true) : InvalidOid;

		if (wanted && (role == NULL || strcmp(role, wanted) != 0))
			continue;
		capacity.role = role;
		capacity.found = role == NULL || (OidIsValid(oid) && is_member_of_role_nosuper(GetSessionUserId(), oid));
	}
	return capacity;
}

static void
refuse(int64 id, const char *wanted)
{
	if (wanted)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("role \"%s\" can't decide about schema change %lld as \"%s\"",
						GetUserNameFromId(GetSessionUserId(), false), (long long) id, wanted),
				 errhint("See whose approval is missing: SELECT missing FROM wishflags.schema_change_overview WHERE id = %lld;",
						 (long long) id)));
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("schema change %lld does not need the approval of role \"%s\"",
					(long long) id, GetUserNameFromId(GetSessionUserId(), false)),
			 errdetail("It must log in as a member of a role that approval_policies asks for, of which approvals are missing."),
			 errhint("See whose approval is missing: SELECT missing FROM wishflags.schema_change_overview WHERE id = %lld;",
					 (long long) id)));
}

static char *
text_or_null(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}

static text *
still_missing(int64 id)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(id)};
	char	   *missing;

	(void) wf_approval_run("SELECT missing FROM wishflags.schema_change_overview WHERE id = $1", 1, types, values, NULL);
	missing = wf_approval_value(0, 1);
	return cstring_to_text(missing ? psprintf("missing: %s", missing) : "approved");
}
