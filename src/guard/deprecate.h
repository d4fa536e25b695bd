/*
 * deprecate.h: objects that are to go, and not yet.
 */
#ifndef WF_GUARD_DEPRECATE_H
#define WF_GUARD_DEPRECATE_H

#include "postgres.h"

#include "guard/guard.h"

/* deprecate_judge.c */
extern bool wf_guard_may_break(const Node *tree);
extern bool wf_guard_deprecates(void);
extern List *wf_guard_judge_deprecated(const WfGuardCommand *command);
extern List *wf_guard_judge_deprecated_drop(const WfGuardCommand *command);

#endif							/* WF_GUARD_DEPRECATE_H */
