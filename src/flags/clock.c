/*
 * clock.c: what the clock decides.  Pure.
 *
 * No worker changes a flag when its time has come: each evaluation looks at
 * the time for which it is made.
 */
#include "common/compat.h"

#include "flags/clock.h"

static uint32 share_between(const WfScheduleStep *from, const WfScheduleStep *to, TimestampTz now);

/* The share of a moment. */
uint32
wf_flags_schedule_share(const WfSchedule *schedule, TimestampTz now)
{
	const WfScheduleStep *steps = schedule->steps;
	int			reached = 0;
	uint32		share;

	while (reached < schedule->nsteps && steps[reached].at <= now)
		reached++;
	if (reached == 0)
		share = schedule->linear ? steps[0].share : 0;
	else if (schedule->linear && reached < schedule->nsteps)
		share = share_between(&steps[reached - 1], &steps[reached], now);
	else
		share = steps[reached - 1].share;
	return Min(share, schedule->cap);
}

/* A node's function: whether it is inside the WfWindow that data points to. */
void
wf_flags_window_contains(WfRun *run, const WfNode *node, WfValue *result)
{
	const WfWindow *window = (const WfWindow *) node->u.function.data;
	TimestampTz now = run->callbacks->now(run->callbacks->arg);

	wf_flags_value_set_boolean(result, now >= window->from &&
							   (now < window->until || TIMESTAMP_IS_NOEND(window->until)));
}

/* On the line from one step to the next, rounded towards the first. */
static uint32
share_between(const WfScheduleStep *from, const WfScheduleStep *to, TimestampTz now)
{
	double		passed = (double) (now - from->at) / (double) (to->at - from->at);
	double		change = ((double) to->share - from->share) * passed;

	return (uint32) (from->share + (int64) change);
}
