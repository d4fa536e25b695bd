/*
 * describe.h: a finding in the guard's words.
 */
#ifndef WF_GUARD_DESCRIBE_H
#define WF_GUARD_DESCRIBE_H

#include "postgres.h"

#include "guard/guard.h"
#include "guard/policy.h"
#include "guard/source.h"
#include "migration/rule.h"

/* describe.c */
extern WfGuardFinding *wf_guard_describe(const WfGuardCommand *command, const WfFinding *finding,
										 const WfGuardDecision *decision, const WfGuardSource *source);
extern char *wf_guard_users_detail(const char *type, List *columns, int total);
extern char *wf_guard_bypass_hint(const WfGuardCommand *command, const char *statement);

/* tool.c */
extern char *wf_guard_tool_hint(void);
extern const char *wf_guard_tool_name(void);
extern bool wf_guard_tool_is_terse(void);
extern bool wf_guard_tool_is_mute(void);

/* describe_partitions.c */
extern char *wf_guard_partition_steps(Node *tree, Oid parent, const WfGuardSource *source);

#endif							/* WF_GUARD_DESCRIBE_H */
