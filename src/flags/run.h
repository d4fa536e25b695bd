/*
 * run.h: one evaluation under way.
 *
 * The evaluator is pure; what it has to ask the server for, it asks through
 * WfCallbacks.
 */
#ifndef WF_FLAGS_RUN_H
#define WF_FLAGS_RUN_H

#include "datatype/timestamp.h"

#include "flags/program.h"

struct WfPreview;

/* How a context says what kinds of things it is about. */
typedef enum WfContextForm
{
	WF_CONTEXT_UNKNOWN,			/* not looked at yet */
	WF_CONTEXT_PLAIN,			/* no "kind": it is a user */
	WF_CONTEXT_OLD,				/* no "kind" but a "key": an old-style user,
								 * with its own attributes below "custom" */
	WF_CONTEXT_SINGLE,			/* "kind" says which */
	WF_CONTEXT_MULTI			/* "kind" is "multi": a member for each */
} WfContextForm;

/* The kind of a context that names none. */
#define WF_KIND_USER "user"

/* Most members of an object that are indexed. */
#define WF_INDEX_MAX 24

/* Where the entries of an object end, names and then values; see member.c. */
typedef struct WfMemberIndex
{
	enum
	{
		WF_INDEX_NONE,
		WF_INDEX_WANTED,		/* a member was asked for */
		WF_INDEX_MADE
	}			state;
	uint32		ends[WF_INDEX_MAX * 2];
} WfMemberIndex;

/* Whom a flag is evaluated for. */
typedef struct WfContext
{
	bool		valid;			/* false: INVALID_CONTEXT */
	bool		key_known;		/* key below is looked up already */
	WfString	key;			/* targeting key; data is NULL without one */
	Jsonb	   *attributes;		/* an object, or NULL */
	WfContextForm form;
	WfString	kind;			/* of WF_CONTEXT_SINGLE */
	WfMemberIndex members;		/* of attributes, where there are any */
} WfContext;

/* What the evaluator can't know by itself. */
typedef struct WfCallbacks
{
	/* A flag, or NULL; it stays valid during the evaluation. */
	const WfFlag *(*find_flag) (void *arg, WfString key);
	/* A segment that is not part of the flag's own document, or NULL. */
	const WfSegment *(*find_segment) (void *arg, WfString key);
	/* Whether a segment's table holds a key; *error says why it can't tell. */
	bool		(*probe_segment) (void *arg, const WfSegment *segment, WfString key,
								  WfErrorCode *error);
	TimestampTz (*now) (void *arg);
	uint32		(*random) (void *arg);
	bool		(*stack_is_too_deep) (void);
	void		(*check_interrupts) (void);
	void	   *arg;
	/* What is served whatever the flags say, or NULL. */
	const struct WfPreview *preview;
} WfCallbacks;

/* Why an evaluation failed, more exactly than its error code says. */
typedef enum WfCause
{
	WF_CAUSE_NONE,
	WF_CAUSE_CYCLE,				/* a flag or segment depends on itself */
	WF_CAUSE_LIMIT,				/* too many steps, or too deep */
	WF_CAUSE_VARIANT,			/* a variant that does not exist was chosen */
	WF_CAUSE_SEGMENT,			/* a segment can't be looked into */
	WF_CAUSE_CONDITION			/* a condition can't be evaluated, and neither
								 * can what depends on its flag */
} WfCause;

/* A flag or segment that is being evaluated, and for which one. */
typedef struct WfFrame
{
	const void *what;
	const struct WfFrame *outer;
} WfFrame;

typedef struct WfRun
{
	WfContext  *context;
	const WfValue *scope;		/* what attributes are looked up in; NULL: the
								 * context */
	const WfValue *accumulator; /* of a reduction, whose current element scope
								 * is then; or NULL */
	const WfCallbacks *callbacks;
	const WfFlag *flag;			/* the one being evaluated */
	const WfFlag *asker;		/* the one that tests it, or NULL */
	const WfFrame *frames;
	WfErrorCode error;			/* ends the evaluation */
	WfCause		cause;
	bool		members_unknown;	/* a segment was asked whose members are
									 * kept elsewhere */
	int64		steps;
} WfRun;

typedef struct WfOutcome
{
	WfReason	reason;
	WfErrorCode error;
	WfCause		cause;
	int			variant;		/* WF_VARIANT_NONE: the caller's default */
	bool		enabled;
	const WfFlagRule *rule;		/* the rule that served, or NULL; the
								 * fallthrough too */
	bool		overridden;		/* an override served, or a preview */
	bool		previewed;		/* a preview served */
	const struct WfOverrideKind *override;	/* whose override served, or NULL */
	bool		denied;			/* it is one that denies */
	Jsonb	   *value;			/* its own, of no variant; or NULL */
	const WfSplit *split;		/* that chose, or NULL */
	int			arm;			/* its arm, or -1 */
	double		position;		/* in the split */
	bool		members_unknown;	/* as in WfRun */
} WfOutcome;

extern void wf_flags_evaluate(const WfFlag *flag, WfContext *context,
							  const WfCallbacks *callbacks, WfOutcome *outcome);
extern void wf_flags_outcome_error(WfOutcome *outcome, WfErrorCode error);

/* node.c */
extern bool wf_flags_node_holds(WfRun *run, const WfNode *node);
extern void wf_flags_node_value(WfRun *run, const WfNode *node, WfValue *result);
extern void wf_flags_run_fail(WfRun *run, WfErrorCode error, WfCause cause);
extern bool wf_flags_run_is_inside(WfRun *run, const void *what);
extern bool wf_flags_run_work(WfRun *run, int64 steps);

/* eval.c */
extern bool wf_flags_program_key(WfContext *context, const WfProgram *program, WfString *key);
extern Jsonb *wf_flags_variant_value(const WfProgram *program, int variant);
extern Jsonb *wf_flags_outcome_value(const WfProgram *program, const WfOutcome *outcome);
extern bool wf_flags_flag_passes(WfRun *run, const WfFlagTest *test);

/* predicate.c */
extern bool wf_flags_predicate_holds(WfRun *run, const WfPredicate *predicate);

/* attribute.c */
extern bool wf_flags_attribute_fetch(WfRun *run, const WfAttribute *attribute, WfValue *value);
extern bool wf_flags_attribute_key(WfContext *context, const WfAttribute *attribute, WfString *key);
extern bool wf_flags_context_key(WfContext *context, WfString *key);
extern bool wf_flags_context_key_of_kind(WfContext *context, WfString kind, WfString *key);
extern bool wf_flags_is_kind(WfString name);
extern WfContextForm wf_flags_context_form(WfContext *context);
extern bool wf_flags_context_of_kind(WfContext *context, WfString kind, JsonbContainer **object);

/* member.c */
extern bool wf_flags_context_member(WfContext *context, WfString name, WfValue *value);
extern bool wf_flags_context_last_member(WfContext *context, WfString name, WfValue *value);

/* split.c */
extern bool wf_flags_value_key(const WfValue *value, WfKeyForm form, WfString *key);
extern bool wf_flags_split_choose(WfRun *run, const WfSplit *split, int *arm, double *position);

/* How often is looked whether the user has cancelled. */
#define WF_STEPS_BETWEEN_INTERRUPTS 16384

/*
 * Counts a step of work; false when the evaluation is at its end: it has
 * failed, or fails now for having taken too many.
 */
static inline bool
wf_flags_run_step(WfRun *run)
{
	if (unlikely(run->error != WF_ERROR_NONE || (run->steps + 1) % WF_STEPS_BETWEEN_INTERRUPTS == 0))
		return wf_flags_run_work(run, 1);
	run->steps++;
	return true;
}

#endif							/* WF_FLAGS_RUN_H */
