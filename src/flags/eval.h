/*
 * eval.h: what a flag's program says, with and without a context.
 */
#ifndef WF_FLAGS_EVAL_H
#define WF_FLAGS_EVAL_H

#include "flags/run.h"

/* estimate.c */
extern double wf_flags_program_share(const WfProgram *program, TimestampTz now);
extern bool wf_flags_program_settled(const WfProgram *program, TimestampTz now, int *variant);

/* eval.c */
extern int	wf_flags_variant_index(const WfProgram *program, WfString name);
extern const char *wf_flags_reason_name(WfReason reason);
extern const char *wf_flags_error_name(WfErrorCode error);

#endif							/* WF_FLAGS_EVAL_H */
