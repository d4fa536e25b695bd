/*
 * ring.h: rows of wishflags.guard_log on their way to a worker that stays.
 */
#ifndef WF_GUARD_RING_H
#define WF_GUARD_RING_H

#include "postgres.h"

#include "guard/log.h"

/* ring.c */
extern void wf_guard_ring_init(void);
extern bool wf_guard_ring_exists(void);
extern bool wf_guard_ring_holds(const WfGuardLogRow *row);

/* ring_wait.c */
extern WfGuardLoss wf_guard_ring_write(const WfGuardLogRow *row, TimestampTz deadline);

/* ring_worker.c */
extern PGDLLEXPORT void wf_guard_ring_main(Datum arg);

#endif							/* WF_GUARD_RING_H */
