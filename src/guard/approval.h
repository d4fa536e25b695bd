/*
 * approval.h: changes that others approve before the guard lets them pass.
 */
#ifndef WF_GUARD_APPROVAL_H
#define WF_GUARD_APPROVAL_H

#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "common/review.h"
#include "guard/guard.h"

/* approval_store.c */
extern const WfReviewKind wf_approval_kind;
extern uint64 wf_approval_run(const char *sql, int nargs, Oid *types, Datum *values, const char *nulls);
extern void wf_approval_event(int64 id, int revision, const char *event, const char *comment, const char *statement);

/* approval_execute.c */
extern bool wf_guard_approval_use(const WfGuardCommand *command, List *findings);
extern void wf_guard_approval_skip(const WfGuardCommand *command, List *findings);

#endif							/* WF_GUARD_APPROVAL_H */
