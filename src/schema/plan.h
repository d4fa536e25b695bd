/*
 * plan.h: from two models to an ordered list of actions.
 *
 * plan.c takes the steps: diff.c decides what becomes of each object, order.c
 * in which order, the ddl_*.c files write the statements.  None of them sees a
 * database.
 */
#ifndef WF_SCHEMA_PLAN_H
#define WF_SCHEMA_PLAN_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "schema/model.h"

/* What the caller chose. */
typedef struct WfDiffOptions
{
	bool		online;
	bool		rollback;
	bool		allow_data_loss;
	Jsonb	   *renames;		/* hints, or NULL */
	char	   *lock_timeout;	/* NULL: the default; "0": none */
} WfDiffOptions;

typedef enum WfVerb
{
	WF_VERB_DROP,
	WF_VERB_ALTER,
	WF_VERB_CREATE,
	WF_VERB_SHELL,				/* announces a type to the functions it is
								 * made of, or a view by a stub */
	WF_VERB_READY,				/* says nothing: all parts are there */
	WF_VERB_FINISH,				/* drops what a rebuild had put aside */
	WF_VERB_RENAME,
	WF_VERB_LOOSEN,				/* frees a table of its type while that or the
								 * columns change */
	WF_VERB_SETTLE				/* makes an inherited NOT NULL the table's own
								 * as well */
} WfVerb;

/* Locks that statements take on tables, weakest first. */
typedef enum WfSchemaLock
{
	WF_SCHEMA_LOCK_NONE,
	WF_SCHEMA_LOCK_SHARE_UPDATE_EXCLUSIVE,
	WF_SCHEMA_LOCK_SHARE,
	WF_SCHEMA_LOCK_SHARE_ROW_EXCLUSIVE,
	WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE
} WfSchemaLock;

/* How a step of an action runs. */
typedef enum WfStepMode
{
	WF_STEP_TRANSACTION,
	WF_STEP_ALONE,				/* in a transaction that must end before
								 * others use it */
	WF_STEP_VALIDATE,			/* in one that blocks nobody, but may last */
	WF_STEP_OUTSIDE				/* outside of transactions */
} WfStepMode;

/* Steps before and behind all others. */
typedef enum WfStepTurn
{
	WF_TURN_EARLY,
	WF_TURN_USUAL,
	WF_TURN_LATE
} WfStepTurn;

/* Statements of an action that run together. */
typedef struct WfStep
{
	struct WfAction *action;
	WfStepMode	mode;
	StringInfo	sql;
	int			position;
	List	   *next;			/* WfStep: those that wait for it */
	WfStepTurn	turn;
	int			slot;			/* steps of one slot run together */
} WfStep;

/* What a RENAME did; the object itself goes on changing. */
typedef struct WfRenamed
{
	const char *type_name;
	const char *identity;		/* before it */
	const char *was;
	const char *becomes;
} WfRenamed;

/* One step of a plan. */
typedef struct WfAction
{
	WfVerb		verb;
	WfObject   *from;			/* NULL for CREATE */
	WfObject   *to;				/* NULL for DROP and FINISH */
	const char *attr;			/* of an ALTER */
	struct WfRenamed *renamed;	/* of a RENAME */
	bool		rebuild;		/* half of a drop and create */
	char	   *sql;			/* of all steps */
	List	   *steps;			/* WfStep, at least one */
	char	   *rollback_sql;
	WfSchemaLock lock;
	bool		loses_data;
	List	   *lost;			/* char *: data, and what else no way back has */
	List	   *not_restored;	/* char *: what the opposite of this loses */
	bool		breaks;			/* who uses the object fails or sees another */
	bool		rewrites;		/* the table, under its lock */
	bool		transactional;
	bool		alone;			/* its transaction must end before others use
								 * it */

	/* The graph. */
	List	   *before;			/* WfEdge: actions that must wait for this one */
	int			waits;			/* unfinished predecessors */
	int			rank;
	int			sequence;		/* order in which they were made */
	bool		done;
	bool		listed;			/* in the order of the script */
	int			walk;			/* the one that met it while cycles are looked
								 * for */
	struct WfAction *waiting_for;
	WfObject   *waiting_because;
} WfAction;

typedef struct WfEdge
{
	WfAction   *target;
	WfObject   *because;		/* folded object that brought it, or NULL */
} WfEdge;

struct wf_names_hash;

typedef struct WfPlan
{
	WfModel    *from;
	WfModel    *to;
	WfDiffOptions options;
	List	   *actions;		/* WfAction, ordered at the end */
	List	   *steps;			/* WfStep, as the script has them */
	struct wf_names_hash *taken;	/* names of both models and interim ones;
									 * NULL until one is wanted */
} WfPlan;

/* Where the DDL of one action is collected. */
typedef struct WfDdl
{
	StringInfo	sql;
	StringInfo	late;			/* validations; NULL: all in one transaction */
	List	   *steps;			/* WfStep, when late */
	const WfDiffOptions *options;
	List	   *default_privileges; /* WfObject: in force while the script
									 * runs */
	WfSchemaLock lock;
	bool		loses_data;
	List	   *lost;			/* see WfAction */
	bool		breaks;
	bool		rewrites;
	bool		alone;
} WfDdl;

/* schema.c */
extern char *wf_schema_action_text(WfAction *action);

/* plan.c */
extern WfPlan *wf_schema_plan(WfModel *from, WfModel *to, const WfDiffOptions *options);

/* diff.c */
extern void wf_schema_match(WfPlan *plan);
extern bool wf_schema_is_decoration(const char *attr);

/* likeness.c */
extern void wf_schema_find_likely(WfPlan *plan);
extern const char *wf_schema_hint_key(WfObject *object);

/* rebuild.c */
extern void wf_schema_spread(WfPlan *plan);
extern bool wf_schema_has_sql_body(WfObject *routine);

/* order.c */
extern void wf_schema_order(WfPlan *plan);
extern WfAction *wf_schema_add_action(WfPlan *plan, WfVerb verb, WfObject *from, WfObject *to, const char *attr);
extern WfObject *wf_schema_partition_of(WfObject *table);
extern bool wf_schema_is_of_view(WfObject *object);
extern bool wf_schema_is_made_of(WfObject *type, WfObject *function);

/* edges.c */
extern void wf_schema_add_edges(WfPlan *plan);

/* slots.c */
extern List *wf_schema_slots(WfObject *object);
extern const char *wf_schema_multirange(WfObject *range);
extern struct wf_names_hash *wf_schema_taken_names(struct wf_names_hash *names, WfModel *model);

/* partition.c */
extern void wf_schema_partition_edges(WfObject *link);
extern void wf_schema_index_partition_edges(WfObject *link);
extern void wf_schema_detach_edges(WfObject *link);
extern void wf_schema_foreign_key_edges(WfObject *constraint);
extern bool wf_schema_has_index(WfObject *object);
extern bool wf_schema_is_foreign_key(WfObject *constraint);
extern WfObject *wf_schema_kept_foreign_key(WfObject *constraint);
extern List *wf_schema_copied_foreign_keys(WfObject *link);
extern void wf_schema_mark_referenced(WfModel *model);
extern bool wf_schema_leaves_referenced(WfObject *link);

/* inherit.c */
extern void wf_schema_inheritance_edges(WfObject *link);
extern void wf_schema_unlink_edges(WfObject *link);
extern void wf_schema_inherited_drop_edges(WfObject *object);
extern WfObject *wf_schema_brought_unchecked(WfObject *constraint);
extern void wf_schema_reorder_parents(WfModel *to);
extern WfObject *wf_schema_inherited_by(WfObject *object);
extern WfObject *wf_schema_inherited_from(WfObject *object);
extern bool wf_schema_leaves_copies(WfObject *object);
extern WfObject *wf_schema_linked_namesake(WfObject *object, WfObject *link);
extern WfObject *wf_schema_namesake(WfObject *child, WfObject *parent_table);

/* own_not_null.c */
extern void wf_schema_settle_not_null(WfPlan *plan);
extern void wf_schema_not_null_edges(WfObject *from);

/* beside.c */
extern bool wf_schema_builds_beside(WfPlan *plan, WfObject *old);

/* body.c */
extern void wf_schema_body_edges(WfPlan *plan);

/* graph.c */
extern void wf_schema_edge(WfAction *first, WfAction *second, WfObject *because);
extern bool wf_schema_sort(WfPlan *plan);
extern void wf_schema_go_deeper(void);

/* cycle.c */
extern List *wf_schema_break_cycles(WfPlan *plan, bool *rebuild);
extern bool wf_schema_may_be_announced(WfObject *object);

/* ddl_common.c */
extern void wf_schema_ddl_begin(WfDdl *ddl, StringInfo sql, const WfDiffOptions *options);
extern void wf_schema_ddl_step(WfDdl *ddl, WfStepMode mode);
extern void wf_schema_ddl_lock(WfDdl *ddl, WfSchemaLock lock);
extern void wf_schema_ddl_create(WfDdl *ddl, WfObject *object);
extern void wf_schema_ddl_drop(WfDdl *ddl, WfObject *object);
extern void wf_schema_ddl_shell(WfDdl *ddl, WfObject *object);
extern void wf_schema_ddl_finish(WfDdl *ddl, WfObject *object);
extern bool wf_schema_ddl_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr);
extern void wf_schema_ddl_decorate(WfDdl *ddl, WfObject *object);
extern void wf_schema_ddl_decorate_identity(WfDdl *ddl, WfObject *column);
extern void wf_schema_ddl_options(WfDdl *ddl, const char *command, const char *from, const char *to);
extern void wf_schema_ddl_foreign_options(WfDdl *ddl, const char *command, const char *from, const char *to);
extern void wf_schema_ddl_plain_create(WfDdl *ddl, WfObject *object);
extern void wf_schema_ddl_plain_drop(WfDdl *ddl, WfObject *object);
extern void wf_schema_ddl_no_text(WfDdl *ddl, WfObject *object);
extern bool wf_schema_ddl_never_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr);
extern void wf_schema_ddl_foreign_clause(StringInfo sql, const char *options);
extern const char *wf_schema_ddl_exact(const char *expression);
extern char *wf_schema_ddl_with(const char *options);
extern bool wf_schema_ddl_is_new(WfObject *object);

/* ddl_grant.c */
extern void wf_schema_ddl_grants(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr);
extern bool wf_schema_ddl_grants_move(WfObject *from, WfObject *to);
extern char *wf_schema_ddl_opposite(const char *grant);
extern void wf_schema_ddl_undo_default_privileges(WfDdl *ddl, WfObject *object, const char *attr);
extern const char *wf_schema_ddl_end_of_name(const char *name);

/* loss.c */
extern void wf_schema_ddl_loses(WfDdl *ddl, const char *what, const char *identity);
extern void wf_schema_ddl_forgets(WfDdl *ddl, const char *what, const char *identity);
extern void wf_schema_ddl_loses_values(WfDdl *ddl, WfObject *from, WfObject *to);
extern char *wf_schema_loss_comment(List *lost);
extern void wf_schema_refuse_loss(WfPlan *plan);

/* narrow.c */
extern bool wf_schema_type_narrows(const char *from, const char *to);

/* section.c */
extern bool wf_schema_is_behind_rows(WfObject *object);
extern void wf_schema_remove_late(WfModel *model, bool (*late) (WfObject *object, void *arg), void *arg);

/* schedule.c */
extern WfStep *wf_schema_step(WfAction *action, WfStepMode mode, List **steps);
extern void wf_schema_schedule(WfPlan *plan);

/* script.c */
extern void wf_schema_write_actions(WfPlan *plan);
extern char *wf_schema_script(WfPlan *plan);
extern char *wf_schema_lock_timeout(const WfDiffOptions *options);

#endif							/* WF_SCHEMA_PLAN_H */
