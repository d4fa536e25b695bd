/*
 * check_stats.h: how long checks take, by rule and by run.
 */
#ifndef WF_MIGRATION_CHECK_STATS_H
#define WF_MIGRATION_CHECK_STATS_H

#include "postgres.h"

#include "portability/instr_time.h"

/* The statements of a text that are timed by rule: so many first ones, then one in so many. */
#define WF_STATS_FIRST 100
#define WF_STATS_EVERY 64

/* Calls of a rule, or runs; times in milliseconds. */
typedef struct WfTimes
{
	int64		calls;
	int64		timed;			/* calls that the times are of */
	double		total;
	double		longest;
} WfTimes;

/* The times of one run. */
typedef struct WfRunTimes
{
	instr_time	began;
	instr_time	last;			/* when the clock was read last */
	bool		is_timing;		/* the present statement is timed by rule */
	WfTimes    *rules;			/* by their index in the registry */
} WfRunTimes;

/* check_stats.c */
extern void wf_stats_begin(WfRunTimes *run, MemoryContext context);
extern void wf_stats_end(WfRunTimes *run);

/*
 * The clock is read before the first rule, then once behind each; not for every
 * statement of a long text, which would cost more than many a rule.
 */
static inline void
wf_stats_start(WfRunTimes *run)
{
	if (run->is_timing)
		INSTR_TIME_SET_CURRENT(run->last);
}

static inline void
wf_stats_note(WfRunTimes *run, int rule)
{
	WfTimes    *times = &run->rules[rule];
	instr_time	now;
	instr_time	took;
	double		milliseconds;

	times->calls++;
	if (!run->is_timing)
		return;
	INSTR_TIME_SET_CURRENT(now);
	took = now;
	INSTR_TIME_SUBTRACT(took, run->last);
	run->last = now;
	milliseconds = INSTR_TIME_GET_MILLISEC(took);
	times->timed++;
	times->total += milliseconds;
	if (milliseconds > times->longest)
		times->longest = milliseconds;
}

#endif							/* WF_MIGRATION_CHECK_STATS_H */
