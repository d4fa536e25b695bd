/*
 * approval_decide.c: approving and rejecting changes of the schema.
 */
#include "common/compat.h"

#include "fmgr.h"

#include "guard/approval.h"

PG_FUNCTION_INFO_V1(wf_schema_change_approve);
PG_FUNCTION_INFO_V1(wf_schema_change_reject);

static char *text_or_null(FunctionCallInfo fcinfo, int n);

/* schema_change_approve(id bigint, comment text, revision integer, approver_role text) -> text */
Datum
wf_schema_change_approve(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("id must be given"),
				 errhint("List them: SELECT id, state, reason FROM wishflags.schema_change_overview;")));
	PG_RETURN_TEXT_P(wf_review_approve(&wf_approval_kind, PG_GETARG_INT64(0), text_or_null(fcinfo, 1),
									   PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2), text_or_null(fcinfo, 3)));
}

/* schema_change_reject(id bigint, reason text) */
Datum
wf_schema_change_reject(PG_FUNCTION_ARGS)
{
	wf_review_reject(&wf_approval_kind, PG_GETARG_INT64(0), text_to_cstring(PG_GETARG_TEXT_PP(1)));
	PG_RETURN_VOID();
}

static char *
text_or_null(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}
