/*
 * review.h: changes that others approve before they are made.
 */
#ifndef WF_COMMON_REVIEW_H
#define WF_COMMON_REVIEW_H

#include "postgres.h"

/*
 * A kind of such changes: its tables and functions.  Beside the table of the
 * changes (id, revision, state, authors) there are <prefix>_approvals and
 * <prefix>_events, which are written here, and the views <prefix>_requirements
 * and <prefix>_overview.
 */
typedef struct WfReviewKind
{
	const char *noun;			/* in messages: "schema change" */
	const char *table;
	const char *prefix;			/* of its other tables and views */
	const char *key;			/* the column there that is a change's id */
	const char *policies;		/* table that says who must approve */
	const char *functions;		/* prefix of its functions */
	const char *state;			/* expression: the state of a row */
	const char *open;			/* the state in which it is decided about */
	const char *closed[3];		/* those after which nothing can be done; ends
								 * with NULL */
	const char *body;			/* column of events: the text of a revision */
	const char *show;			/* function that shows a change */
	const char *reviewers;		/* function that says who may approve */
	const char *edit;			/* function that makes another revision */
	const char *edit_arguments; /* what it takes after the id */
} WfReviewKind;

/* A change, locked until the transaction ends. */
typedef struct WfReview
{
	const WfReviewKind *kind;
	int64		id;
	int			revision;
	char	   *state;
	bool		is_author;		/* the caller, by any of its three roles */
} WfReview;

extern uint64 wf_review_run(const WfReviewKind *kind, const char *sql, int nargs, Oid *types, Datum *values,
							const char *nulls);
extern char *wf_review_value(uint64 row, int column);
extern Datum wf_review_persons(void);
extern WfReview wf_review_lock(const WfReviewKind *kind, int64 id);
extern void wf_review_event(const WfReviewKind *kind, int64 id, int revision, const char *event, const char *comment,
							Oid body_type, Datum body);
extern void wf_review_need_reason(const char *reason, const char *command);
extern bool wf_review_is_closed(const WfReview *review);
extern void wf_review_need_author(const WfReview *review, const char *verb);

/* review_decide.c */
extern text *wf_review_approve(const WfReviewKind *kind, int64 id, const char *comment, int revision,
							   const char *wanted);
extern void wf_review_reject(const WfReviewKind *kind, int64 id, const char *reason);

#endif							/* WF_COMMON_REVIEW_H */
