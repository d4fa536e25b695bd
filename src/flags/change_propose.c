/*
 * change_propose.c: writing change requests, and what is decided about them.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"

#include "common/options.h"
#include "common/write.h"
#include "flags/change.h"

PG_FUNCTION_INFO_V1(wf_change_propose);
PG_FUNCTION_INFO_V1(wf_change_edit);
PG_FUNCTION_INFO_V1(wf_change_cancel);
PG_FUNCTION_INFO_V1(wf_change_approve);
PG_FUNCTION_INFO_V1(wf_change_reject);

/* What is proposed; values of an INSERT or UPDATE. */
typedef struct Proposal
{
	Jsonb	   *changes;
	Jsonb	   *base;
	bool		draft;
} Proposal;

static Proposal examine(Jsonb *changes, Jsonb *options);
static Jsonb *stored_changes(int64 id);
static WfReview lock_own(int64 id, const char *verb);
static char *text_or_null(FunctionCallInfo fcinfo, int n);

/*
 * change_propose(changes jsonb, reason text, options jsonb) -> bigint
 *
 * Unless it is a draft, the changes are tried with the rights of the caller:
 * what could not be made is refused now.  Raises invalid_parameter_value for a
 * blank reason, and what the tables' triggers raise.
 */
Datum
wf_change_propose(PG_FUNCTION_ARGS)
{
	Oid			types[] = {JSONBOID, JSONBOID, TEXTOID, TEXTARRAYOID, TEXTOID};
	char	   *reason;
	Proposal	proposal;
	Datum		values[lengthof(types)];
	int64		id;

	wf_change_need_argument(fcinfo, 0, "changes");
	wf_change_need_argument(fcinfo, 1, "reason");
	reason = text_to_cstring(PG_GETARG_TEXT_PP(1));
	wf_common_require_writable("change_propose()");
	wf_review_need_reason(reason, "change_propose('{\"flags\": ...}', 'ticket 4711')");
	SPI_connect();
	proposal = examine(PG_GETARG_JSONB_P(0), PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2));
	values[0] = JsonbPGetDatum(proposal.changes);
	values[1] = JsonbPGetDatum(proposal.base);
	values[2] = CStringGetTextDatum(reason);
	values[3] = wf_review_persons();
	values[4] = CStringGetTextDatum(proposal.draft ? "draft" : wf_change_kind.open);
	(void) wf_review_run(&wf_change_kind, "INSERT INTO wishflags.change_requests (changes, base, reason, authors, state)"
						 " VALUES ($1, $2, $3, $4, $5) RETURNING id", lengthof(types), types, values, NULL);
	id = strtoll(wf_review_value(0, 1), NULL, 10);
	wf_review_event(&wf_change_kind, id, 1, "proposed", reason, JSONBOID, values[0]);
	SPI_finish();
	PG_RETURN_INT64(id);
}

/*
 * change_edit(id bigint, changes jsonb, reason text, options jsonb) -> integer
 *
 * What is NULL stays; in any case the request is about what flags are now.
 * Raises as propose does, insufficient_privilege for others than the authors,
 * and object_not_in_prerequisite_state for a request that was applied or
 * cancelled.
 */
Datum
wf_change_edit(PG_FUNCTION_ARGS)
{
	Oid			types[] = {INT8OID, JSONBOID, JSONBOID, TEXTOID, TEXTARRAYOID, TEXTOID};
	char		nulls[] = "      ";
	char	   *reason = text_or_null(fcinfo, 2);
	Jsonb	   *options = PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3);
	Proposal	proposal;
	Datum		values[lengthof(types)];
	WfReview	review;
	int64		id;

	wf_change_need_argument(fcinfo, 0, "id");
	id = PG_GETARG_INT64(0);
	wf_common_require_writable("change_edit()");
	if (reason)
		wf_review_need_reason(reason, psprintf("change_edit(%lld, reason => 'smaller steps')", (long long) id));
	SPI_connect();
	review = lock_own(id, "edit");
	proposal = examine(PG_ARGISNULL(1) ? stored_changes(id) : PG_GETARG_JSONB_P(1), options);
	values[0] = Int64GetDatum(id);
	values[1] = JsonbPGetDatum(proposal.changes);
	values[2] = JsonbPGetDatum(proposal.base);
	nulls[3] = reason ? ' ' : 'n';
	values[3] = reason ? CStringGetTextDatum(reason) : (Datum) 0;
	values[4] = wf_review_persons();
	values[5] = CStringGetTextDatum(proposal.draft ? "draft" : wf_change_kind.open);
	(void) wf_review_run(&wf_change_kind, "UPDATE wishflags.change_requests SET changes = $2, base = $3, reason = COALESCE($4, reason),"
						 " state = $6, revision = revision + 1,"
						 " authors = authors || ARRAY(SELECT a FROM unnest($5) a WHERE a <> ALL (authors)) WHERE id = $1",
						 lengthof(types), types, values, nulls);
	wf_review_event(&wf_change_kind, id, review.revision + 1, "edited", reason, JSONBOID, values[1]);
	SPI_finish();
	PG_RETURN_INT32(review.revision + 1);
}

/*
 * change_cancel(id bigint, reason text)
 *
 * Raises insufficient_privilege for others than the authors and superusers.
 */
Datum
wf_change_cancel(PG_FUNCTION_ARGS)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {PG_GETARG_DATUM(0)};
	int64		id;
	char	   *reason;
	WfReview	review;

	wf_change_need_argument(fcinfo, 0, "id");
	wf_change_need_argument(fcinfo, 1, "reason");
	id = PG_GETARG_INT64(0);
	reason = text_to_cstring(PG_GETARG_TEXT_PP(1));
	wf_common_require_writable("change_cancel()");
	wf_review_need_reason(reason, psprintf("change_cancel(%lld, 'not needed any more')", (long long) id));
	SPI_connect();
	review = lock_own(id, "cancel");
	(void) wf_review_run(&wf_change_kind, "UPDATE wishflags.change_requests SET state = 'cancelled' WHERE id = $1",
						 lengthof(types), types, values, NULL);
	wf_review_event(&wf_change_kind, id, review.revision, "cancelled", reason, InvalidOid, (Datum) 0);
	SPI_finish();
	PG_RETURN_VOID();
}

/* change_approve(id bigint, comment text, revision integer, approver_role text) -> text */
Datum
wf_change_approve(PG_FUNCTION_ARGS)
{
	wf_change_need_argument(fcinfo, 0, "id");
	PG_RETURN_TEXT_P(wf_review_approve(&wf_change_kind, PG_GETARG_INT64(0), text_or_null(fcinfo, 1),
									   PG_ARGISNULL(2) ? 0 : PG_GETARG_INT32(2), text_or_null(fcinfo, 3)));
}

/* change_reject(id bigint, reason text) */
Datum
wf_change_reject(PG_FUNCTION_ARGS)
{
	wf_change_need_argument(fcinfo, 0, "id");
	wf_change_need_argument(fcinfo, 1, "reason");
	wf_review_reject(&wf_change_kind, PG_GETARG_INT64(0), text_to_cstring(PG_GETARG_TEXT_PP(1)));
	PG_RETURN_VOID();
}

static Proposal
examine(Jsonb *changes, Jsonb *options)
{
	static const WfOption known[] = {
		{"draft", WF_OPTION_BOOLEAN, offsetof(Proposal, draft)},
	};
	Proposal	proposal = {0};
	List	   *items;

	if (options)
		wf_common_options_parse(options, known, lengthof(known), &proposal);
	items = wf_change_items(changes);
	proposal.changes = changes;
	proposal.base = wf_change_present(proposal.changes);
	if (!proposal.draft)
		wf_change_try(items, proposal.base);
	return proposal;
}

static Jsonb *
stored_changes(int64 id)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(id)};
	bool		isnull;

	(void) wf_review_run(&wf_change_kind, "SELECT changes FROM wishflags.change_requests WHERE id = $1",
						 lengthof(types), types, values, NULL);
	return DatumGetJsonbPCopy(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}

/* A request that the caller may edit, locked. */
static WfReview
lock_own(int64 id, const char *verb)
{
	WfReview	review = wf_review_lock(&wf_change_kind, id);

	wf_review_need_author(&review, verb);
	if (wf_review_is_closed(&review))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("change request %lld is %s", (long long) id, review.state),
				 errhint("Propose another one: SELECT wishflags.change_propose('{\"flags\": ...}', 'the reason');")));
	return review;
}

static char *
text_or_null(FunctionCallInfo fcinfo, int n)
{
	return PG_ARGISNULL(n) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(n));
}
