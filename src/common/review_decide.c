/*
 * review_decide.c: approving and rejecting changes.
 *
 * A person is who logged in.  What SET ROLE or a SECURITY DEFINER function makes
 * of them gives nobody an approver's role, and takes no author's away.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "common/review.h"
#include "common/write.h"

/* The role, of those that must approve, that a person stands for. */
typedef struct Capacity
{
	char	   *role;			/* NULL: no policy asks for one */
	bool		found;
} Capacity;

static WfReview lock_of_others(const WfReviewKind *kind, int64 id, const char *verb);
static void refuse_second(const WfReview *review);
static Capacity capacity_of(const WfReview *review, const char *wanted, bool only_missing);
pg_noreturn static void refuse(const WfReview *review, const char *wanted);
static text *still_missing(const WfReview *review);

/*
 * Approves a change, for one role that it needs; wanted (NULL: the first that
 * fits) chooses.  With revision (0: any) only if it is the present one.  What is
 * missing yet, or "approved".
 *
 * Raises insufficient_privilege for authors and for those whose approval the
 * change does not need, duplicate_object for a second approval, and
 * object_not_in_prerequisite_state for a change that is not open.
 */
text *
wf_review_approve(const WfReviewKind *kind, int64 id, const char *comment, int revision, const char *wanted)
{
	Oid			types[] = {INT8OID, INT4OID, TEXTOID, TEXTOID, TEXTOID};
	char		nulls[] = "     ";
	Datum		values[lengthof(types)];
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext old;
	WfReview	review;
	Capacity	capacity;
	text	   *missing;

	wf_common_require_writable(psprintf("%s_approve()", kind->functions));
	SPI_connect();
	review = lock_of_others(kind, id, "approve");
	if (revision && revision != review.revision)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s %lld is at revision %d", kind->noun, (long long) id, review.revision),
				 errhint("Read it again: SELECT wishflags.%s(%lld);", kind->show, (long long) id)));
	refuse_second(&review);
	capacity = capacity_of(&review, wanted, true);
	if (!capacity.found)
		refuse(&review, wanted);
	values[0] = Int64GetDatum(id);
	values[1] = Int32GetDatum(review.revision);
	values[2] = CStringGetTextDatum(GetUserNameFromId(GetSessionUserId(), false));
	nulls[3] = capacity.role ? ' ' : 'n';
	values[3] = capacity.role ? CStringGetTextDatum(capacity.role) : (Datum) 0;
	nulls[4] = comment ? ' ' : 'n';
	values[4] = comment ? CStringGetTextDatum(comment) : (Datum) 0;
	(void) wf_review_run(kind, psprintf("INSERT INTO wishflags.%s_approvals (%s, revision, approver, approver_role, comment)"
										" VALUES ($1, $2, $3, $4, $5)", kind->prefix, kind->key),
						 lengthof(types), types, values, nulls);
	wf_review_event(kind, id, review.revision, "approved", comment, InvalidOid, (Datum) 0);
	old = MemoryContextSwitchTo(caller);
	missing = still_missing(&review);
	MemoryContextSwitchTo(old);
	SPI_finish();
	return missing;
}

/* Turns a change down.  Raises as wf_review_approve() does. */
void
wf_review_reject(const WfReviewKind *kind, int64 id, const char *reason)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(id)};
	WfReview	review;

	wf_review_need_reason(reason, psprintf("%s_reject(%lld, 'not in this release')", kind->functions, (long long) id));
	wf_common_require_writable(psprintf("%s_reject()", kind->functions));
	SPI_connect();
	review = lock_of_others(kind, id, "reject");
	if (!capacity_of(&review, NULL, false).found)
		refuse(&review, NULL);
	(void) wf_review_run(kind, psprintf("UPDATE wishflags.%s SET state = 'rejected' WHERE id = $1", kind->table),
						 1, types, values, NULL);
	wf_review_event(kind, id, review.revision, "rejected", reason, InvalidOid, (Datum) 0);
	SPI_finish();
}

/* An open change that the caller has no part in, locked. */
static WfReview
lock_of_others(const WfReviewKind *kind, int64 id, const char *verb)
{
	WfReview	review = wf_review_lock(kind, id);

	if (review.is_author)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("an author of %s %lld can't %s it", kind->noun, (long long) id, verb),
				 errdetail("Neither session_user (%s) nor current_user (%s) may be among its authors.",
						   GetUserNameFromId(GetSessionUserId(), false), GetUserNameFromId(GetUserId(), false)),
				 errhint("Let somebody else log in and do it: SELECT wishflags.%s(%lld); says who may.",
						 kind->reviewers, (long long) id)));
	if (strcmp(review.state, kind->open) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s %lld is %s", kind->noun, (long long) id, review.state),
				 wf_review_is_closed(&review) ?
				 errhint("See what became of it: SELECT wishflags.%s(%lld);", kind->show, (long long) id) :
				 errhint("Its author can put it up for review: SELECT wishflags.%s(%lld%s);", kind->edit, (long long) id,
						 kind->edit_arguments)));
	return review;
}

static void
refuse_second(const WfReview *review)
{
	const WfReviewKind *kind = review->kind;
	char	   *person = GetUserNameFromId(GetSessionUserId(), false);
	Oid			types[] = {INT8OID, INT4OID, TEXTOID};
	Datum		values[] = {Int64GetDatum(review->id), Int32GetDatum(review->revision), CStringGetTextDatum(person)};

	if (wf_review_run(kind, psprintf("SELECT FROM wishflags.%s_approvals WHERE %s = $1 AND revision = $2 AND approver = $3",
									 kind->prefix, kind->key), lengthof(types), types, values, NULL) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("role \"%s\" has approved %s %lld already", person, kind->noun, (long long) review->id),
				 errhint("See what is missing: SELECT approvals, missing FROM wishflags.%s_overview WHERE id = %lld;",
						 kind->prefix, (long long) review->id)));
}

/* As what the person can decide: the role wanted, else the first that fits. */
static Capacity
capacity_of(const WfReview *review, const char *wanted, bool only_missing)
{
	Oid			types[] = {INT8OID, BOOLOID};
	Datum		values[] = {Int64GetDatum(review->id), BoolGetDatum(only_missing)};
	uint64		rows = wf_review_run(review->kind,
									 psprintf("SELECT approver_role FROM wishflags.%s_requirements"
											  " WHERE %s = $1 AND (given < needed OR NOT $2) ORDER BY approver_role",
											  review->kind->prefix, review->kind->key),
									 lengthof(types), types, values, NULL);
	Capacity	capacity = {NULL, false};

	for (uint64 i = 0; i < rows && !capacity.found; i++)
	{
		char	   *role = wf_review_value(i, 1);
		Oid			oid = role ? get_role_oid(role, true) : InvalidOid;

		if (wanted && (role == NULL || strcmp(role, wanted) != 0))
			continue;
		capacity.role = role;
		capacity.found = role == NULL || (OidIsValid(oid) && is_member_of_role_nosuper(GetSessionUserId(), oid));
	}
	return capacity;
}

static void
refuse(const WfReview *review, const char *wanted)
{
	const char *noun = review->kind->noun;
	char	   *person = GetUserNameFromId(GetSessionUserId(), false);

	if (wanted)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("role \"%s\" can't decide about %s %lld as \"%s\"", person, noun, (long long) review->id, wanted),
				 errhint("See whose approval is missing: SELECT missing FROM wishflags.%s_overview WHERE id = %lld;",
						 review->kind->prefix, (long long) review->id)));
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("%s %lld does not need the approval of role \"%s\"", noun, (long long) review->id, person),
			 errdetail("It must log in as a member of a role that %s asks for, of which approvals are missing.",
					   review->kind->policies),
			 errhint("See whose approval is missing: SELECT missing FROM wishflags.%s_overview WHERE id = %lld;",
					 review->kind->prefix, (long long) review->id)));
}

static text *
still_missing(const WfReview *review)
{
	Oid			types[] = {INT8OID};
	Datum		values[] = {Int64GetDatum(review->id)};
	char	   *missing;

	(void) wf_review_run(review->kind, psprintf("SELECT missing FROM wishflags.%s_overview WHERE id = $1", review->kind->prefix),
						 1, types, values, NULL);
	missing = wf_review_value(0, 1);
	return cstring_to_text(missing ? psprintf("missing: %s", missing) : "approved");
}
