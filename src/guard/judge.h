/*
 * judge.h: what the rules say of a command.
 */
#ifndef WF_GUARD_JUDGE_H
#define WF_GUARD_JUDGE_H

#include "postgres.h"

#include "guard/guard.h"
#include "guard/policy.h"

/* glance.c */
extern bool wf_guard_looks_at(const Node *tree);

/* judge.c */
extern List *wf_guard_judge_statement(const WfGuardCommand *command);
extern void wf_guard_target_of(const WfFinding *finding, WfGuardTarget *target);
extern const char *wf_guard_schema_of(const WfRule *rule, const char *object);
extern void wf_guard_settle(const WfGuardPolicies *policies, int rule, const WfGuardDecision *decision,
							WfGuardFinding *finding);
extern bool wf_guard_settle_own(WfGuardFinding *finding, const char *schema);

/* judge_drop.c */
extern bool wf_guard_takes_types_along(const Node *tree);
extern List *wf_guard_judge_dropped(const WfGuardCommand *command);

#endif							/* WF_GUARD_JUDGE_H */
