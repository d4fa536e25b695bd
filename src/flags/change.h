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

/* A part of a request. */
typedef struct WfChangePart
{
	const char *member;			/* of a request, and of its base */
	const char *kind;			/* in flag_audit */
	const char *table;			/* whose rows are changed, or (overrides) own
								 * what is changed */
	const char *column;			/* its key */
	int			making;			/* place among the steps of a request */
	int			deleting;
} WfChangePart;

/* One thing that a request changes. */
typedef struct WfChangeItem
{
	const WfChangePart *part;
	char	   *key;			/* of the flag, segment, experiment or
								 * document */
	char	   *override_key;	/* NULL: no override */
	char	   *override_kind;	/* of context */
	bool		deletes;
	int			rollback;		/* version of a flag whose content it gets; 0:
								 * none */
	Jsonb	   *patch;			/* new values of columns, or the options of an
								 * override; NULL: it is deleted */
	List	   *columns;		/* of char *: their names */
} WfChangeItem;

/* change_items.c */
extern const WfChangePart wf_change_parts[];
extern const int wf_change_parts_count;
extern List *wf_change_items(Jsonb *changes);
extern bool wf_change_is_document(const WfChangeItem *item);
extern const char *wf_change_item_name(const WfChangeItem *item);
extern char *wf_change_base(Jsonb *base, const WfChangeItem *item);
extern char *wf_change_base_flags(Jsonb *base, const WfChangeItem *document);
extern bool wf_change_base_has_flag(Jsonb *base, const WfChangeItem *document, const char *flag);
extern void wf_change_need_argument(FunctionCallInfo fcinfo, int n, const char *name);

/* change_apply.c */
extern const WfReviewKind wf_change_kind;
extern Jsonb *wf_change_present(Jsonb *changes);
extern void wf_change_try(List *items, Jsonb *base);
extern bool wf_change_is_applied(void);

#endif							/* WF_FLAGS_CHANGE_H */
