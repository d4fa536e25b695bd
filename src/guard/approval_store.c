/*
 * approval_store.c: reading and writing the tables of proposed changes.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"

#include "guard/approval.h"

const WfReviewKind wf_approval_kind = {
	.noun = "schema change",
	.table = "schema_changes",
	.prefix = "schema_change",
	.key = "change_id",
	.policies = "approval_policies",
	.functions = "schema_change",
	.state = "CASE WHEN state = 'proposed' AND valid_until <= pg_catalog.clock_timestamp() THEN 'expired' ELSE state END",
	.open = "proposed",
	.closed = {"withdrawn"},
	.body = "statement",
	.show = "schema_change_risk",
	.reviewers = "schema_change_checklist",
	.edit = "schema_change_amend",
	.edit_arguments = ", '...', 'the reason'",
};

/* Runs a statement as the owner of the tables; see wf_review_run(). */
uint64
wf_approval_run(const char *sql, int nargs, Oid *types, Datum *values, const char *nulls)
{
	return wf_review_run(&wf_approval_kind, sql, nargs, types, values, nulls);
}

/* Writes down what happened; id 0 for no change, comment and statement may be NULL. */
void
wf_approval_event(int64 id, int revision, const char *event, const char *comment, const char *statement)
{
	wf_review_event(&wf_approval_kind, id, revision, event, comment, statement ? TEXTOID : InvalidOid,
					statement ? CStringGetTextDatum(statement) : (Datum) 0);
}
