/*
 * scope.h: which findings of a rule are a danger to the objects as they are.
 */
#ifndef WF_GUARD_SCOPE_H
#define WF_GUARD_SCOPE_H

#include "postgres.h"

#include "guard/guard.h"

extern bool wf_guard_is_danger(const WfGuardCommand *command, const WfFinding *finding);
extern bool wf_guard_is_default(const WfFinding *finding);
extern bool wf_guard_adds_index(const AlterTableCmd *cmd);

#endif							/* WF_GUARD_SCOPE_H */
