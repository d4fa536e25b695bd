/*
 * change.h: changes of flags that others approve before they are made.
 */
#ifndef WF_FLAGS_CHANGE_H
#define WF_FLAGS_CHANGE_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

#include "common/review.h"

typedef enum WfChangeKind
{
	WF_CHANGE_FLAG,
	WF_CHANGE_OVERRIDE,
	WF_CHANGE_SEGMENT
} WfChangeKind;

/* One thing that a request changes. */
typedef struct WfChangeItem
{
	WfChangeKind kind;
	char	   *key;			/* of the flag or segment */
	char	   *override_key;	/* NULL: no override */
	bool		deletes;
	Jsonb	   *patch;			/* new values of columns; NULL: an override,
								 * or it is deleted */
	List	   *columns;		/* of char *: their names */
	char	   *variant;		/* of an override */
} WfChangeItem;

/* change_items.c */
extern List *wf_change_items(Jsonb *changes);
extern const char *wf_change_item_name(const WfChangeItem *item);
extern char *wf_change_base(Jsonb *base, const WfChangeItem *item);
extern void wf_change_need_argument(FunctionCallInfo fcinfo, int n, const char *name);

/* change_apply.c */
extern const WfReviewKind wf_change_kind;
extern Jsonb *wf_change_present(Jsonb *changes);
extern void wf_change_try(List *items, Jsonb *base);
extern bool wf_change_is_applied(void);

#endif							/* WF_FLAGS_CHANGE_H */
