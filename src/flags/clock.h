/*
 * clock.h: what the clock decides.
 */
#ifndef WF_FLAGS_CLOCK_H
#define WF_FLAGS_CLOCK_H

#include "flags/run.h"

/* A time that begins and ends, or that is open at one end. */
typedef struct WfWindow
{
	TimestampTz from;			/* DT_NOBEGIN: always been */
	TimestampTz until;			/* exclusive; DT_NOEND: for ever */
} WfWindow;

typedef struct WfScheduleStep
{
	TimestampTz at;
	uint32		share;			/* from then on, in steps of 0.001 % */
} WfScheduleStep;

/* A share that changes with time. */
typedef struct WfSchedule
{
	bool		linear;			/* between two steps; before the first it is
								 * the first, else nobody */
	uint32		cap;			/* never more than this */
	int			nsteps;			/* at least one, in order of time */
	WfScheduleStep *steps;
} WfSchedule;

extern uint32 wf_flags_schedule_share(const WfSchedule *schedule, TimestampTz now);
extern void wf_flags_window_contains(WfRun *run, const WfNode *node, WfValue *result);

#endif							/* WF_FLAGS_CLOCK_H */
