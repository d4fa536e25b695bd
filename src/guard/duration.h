/*
 * duration.h: how long took what the guard let through.
 */
#ifndef WF_GUARD_DURATION_H
#define WF_GUARD_DURATION_H

#include "postgres.h"

#include "guard/log.h"

extern void wf_guard_duration_begin(const WfGuardCommand *command, const WfGuardLogRow *row);
extern void wf_guard_duration_end(const Node *tree);
extern void wf_guard_duration_forget(const Node *tree);

#endif							/* WF_GUARD_DURATION_H */
