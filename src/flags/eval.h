/*
 * eval.h: running a flag's program for a context.
 */
#ifndef WF_FLAGS_EVAL_H
#define WF_FLAGS_EVAL_H

#include "flags/override.h"
#include "flags/predicate.h"
#include "flags/program.h"

typedef struct WfOutcome
{
	WfReason	reason;
	WfErrorCode error;
	int			variant;		/* WF_VARIANT_NONE: the caller's default */
	bool		enabled;
	const WfFlagRule *rule;		/* the rule that served, or NULL */
	bool		overridden;		/* an override served */
} WfOutcome;

extern void wf_flags_evaluate(const WfProgram *program, const WfOverrides *overrides,
							  WfContext *context, WfOutcome *outcome);
extern void wf_flags_outcome_error(WfOutcome *outcome, WfErrorCode error);
extern double wf_flags_program_share(const WfProgram *program);
extern int	wf_flags_variant_index(const WfProgram *program, WfString name);
extern const char *wf_flags_reason_name(WfReason reason);
extern const char *wf_flags_error_name(WfErrorCode error);

#endif							/* WF_FLAGS_EVAL_H */
