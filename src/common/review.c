/*
 * review.c: changes that others approve: who takes part, and what is written.
 *
 * Their rows are written by whoever proposes or approves, and by nobody
 * otherwise: all statements run as the tables' owner.  A person is who logged
 * in; an author is all that one is at the time of writing, by SET ROLE or in a
 * SECURITY DEFINER function.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "common/extension.h"
#include "common/review.h"
#include "common/write.h"

/*
 * Runs a statement as the owner of the tables, within SPI; how many rows it
 * touched, or has put into SPI_tuptable.
 */
uint64
wf_review_run(const WfReviewKind *kind, const char *sql, int nargs, Oid *types, Datum *values, const char *nulls)
{
	WfWrite		write;
	int			result;

	wf_common_write_begin(&write, wf_common_relation_oid(kind->table));
	result = SPI_execute_with_args(sql, nargs, types, values, nulls, false, 0);
	wf_common_write_end(&write);
	if (result < 0)
		elog(ERROR, "could not use the tables of %ss: %s", kind->noun, SPI_result_code_string(result));
	return SPI_processed;
}

/* A value of the last statement's result, as text; NULL for null. */
char *
wf_review_value(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}

/* Session user, outer user and current user, each once: text[]. */
Datum
wf_review_persons(void)
{
	Oid			roles[] = {GetSessionUserId(), GetOuterUserId(), GetUserId()};
	Datum		names[lengthof(roles)];
	int			count = 0;

	for (int i = 0; i < lengthof(roles); i++)
	{
		bool		seen = false;

		for (int j = 0; j < i; j++)
			seen = seen || roles[j] == roles[i];
		if (!seen)
			names[count++] = CStringGetTextDatum(wf_common_role_name(roles[i]));
	}
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/*
 * Locks a change until the transaction ends.  Raises undefined_object where
 * there is none, and object_not_in_prerequisite_state where it was edited while
 * we waited: who decides has not seen that text.
 */
WfReview
wf_review_lock(const WfReviewKind *kind, int64 id)
{
	char	   *query = psprintf("SELECT revision, %s, authors && $2 FROM wishflags.%s WHERE id = $1", kind->state, kind->table);
	Oid			types[] = {INT8OID, TEXTARRAYOID};
	Datum		values[] = {Int64GetDatum(id), wf_review_persons()};
	WfReview	review = {.kind = kind, .id = id};
	int			seen;

	if (wf_review_run(kind, query, lengthof(types), types, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("%s %lld does not exist", kind->noun, (long long) id),
				 errhint("List them: SELECT id, state, reason FROM wishflags.%s_overview;", kind->prefix)));
	seen = atoi(wf_review_value(0, 1));
	(void) wf_review_run(kind, psprintf("%s FOR UPDATE", query), lengthof(types), types, values, NULL);
	review.revision = SPI_processed ? atoi(wf_review_value(0, 1)) : 0;
	if (review.revision != seen)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s %lld was edited meanwhile", kind->noun, (long long) id),
				 errhint("Read it again: SELECT wishflags.%s(%lld);", kind->show, (long long) id)));
	review.state = wf_review_value(0, 2);
	review.is_author = wf_review_value(0, 3)[0] == 't';
	return review;
}

/*
 * Writes down what happened; id 0 for no change, comment may be NULL, body_type
 * InvalidOid for none.
 */
void
wf_review_event(const WfReviewKind *kind, int64 id, int revision, const char *event, const char *comment,
				Oid body_type, Datum body)
{
	bool		has_body = OidIsValid(body_type);
	Oid			types[] = {INT8OID, INT4OID, TEXTOID, TEXTOID, has_body ? body_type : TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	char		nulls[] = {id ? ' ' : 'n', id ? ' ' : 'n', ' ', comment ? ' ' : 'n', has_body ? ' ' : 'n', ' ', ' ', ' '};
	Datum		values[] = {Int64GetDatum(id), Int32GetDatum(revision), CStringGetTextDatum(event),
		comment ? CStringGetTextDatum(comment) : (Datum) 0, body,
		CStringGetTextDatum(wf_common_role_name(GetUserId())), CStringGetTextDatum(wf_common_role_name(GetOuterUserId())),
	CStringGetTextDatum(wf_common_role_name(GetSessionUserId()))};

	(void) wf_review_run(kind, psprintf("INSERT INTO wishflags.%s_events"
										" (%s, revision, event, comment, %s, acting_role, outer_role, login_role)"
										" VALUES ($1, $2, $3, $4, %s, $6, $7, $8)", kind->prefix, kind->key, kind->body,
										has_body ? "$5" : "NULL"),
						 lengthof(types), types, values, nulls);
}

/* Refuses a blank reason; command is one that gives one. */
void
wf_review_need_reason(const char *reason, const char *command)
{
	if (reason[strspn(reason, " \t\r\n\v\f")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a reason must be given"),
				 errhint("Say why: SELECT wishflags.%s;", command)));
}

/* Refuses others than authors and superusers. */
void
wf_review_need_author(const WfReview *review, const char *verb)
{
	if (!review->is_author && !superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only an author can %s %s %lld", verb, review->kind->noun, (long long) review->id),
				 errhint("Turn it down instead: SELECT wishflags.%s_reject(%lld, 'the reason');",
						 review->kind->functions, (long long) review->id)));
}

/* Whether nothing can be done about a change any more. */
bool
wf_review_is_closed(const WfReview *review)
{
	for (int i = 0; review->kind->closed[i]; i++)
	{
		if (strcmp(review->state, review->kind->closed[i]) == 0)
			return true;
	}
	return false;
}
