/*
 * deadline.c: a time after which a part of a statement is cancelled.
 *
 * statement_timeout and its like begin with a statement; this one begins where
 * a function says so, and cancels as a user would.  Deadlines nest.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "common/deadline.h"

static WfDeadline *innermost = NULL;
static TimeoutId timer = MAX_TIMEOUTS;

static void arm(void);
static TimestampTz first_to_come(void);
static void time_is_up(void);

/* From here on, until the end of this deadline; 0 milliseconds: without limit. */
void
wf_common_deadline_begin(WfDeadline *deadline, int milliseconds)
{
	deadline->outer = innermost;
	deadline->passed = false;
	deadline->at = milliseconds > 0 ? TimestampTzPlusMilliseconds(GetCurrentTimestamp(), milliseconds) : DT_NOEND;
	innermost = deadline;
	arm();
}

/*
 * Returns whether its time has ended.  A cancellation that came too late to be
 * noticed must not hit what comes next, unless an outer deadline has passed as
 * well.
 */
bool
wf_common_deadline_end(WfDeadline *deadline)
{
	bool		outer_passed = false;

	if (timer != MAX_TIMEOUTS)
		disable_timeout(timer, false);
	innermost = deadline->outer;
	for (WfDeadline *outer = innermost; outer; outer = outer->outer)
		outer_passed |= outer->passed;
	if (deadline->passed && !outer_passed)
		QueryCancelPending = false;
	arm();
	return deadline->passed;
}

/* Waits for the first that has not passed. */
static void
arm(void)
{
	TimestampTz first = first_to_come();

	if (first == DT_NOEND)
		return;
	if (timer == MAX_TIMEOUTS)
		timer = RegisterTimeout(USER_TIMEOUT, time_is_up);
	enable_timeout_at(timer, first);
}

static TimestampTz
first_to_come(void)
{
	TimestampTz first = DT_NOEND;

	for (WfDeadline *deadline = innermost; deadline; deadline = deadline->outer)
	{
		if (!deadline->passed)
			first = Min(first, deadline->at);
	}
	return first;
}

/* In a signal handler. */
static void
time_is_up(void)
{
	/* The clock may have been set back meanwhile. */
	TimestampTz now = Max(GetCurrentTimestamp(), first_to_come());

	for (WfDeadline *deadline = innermost; deadline; deadline = deadline->outer)
	{
		if (deadline->at <= now)
			deadline->passed = true;
	}
	QueryCancelPending = true;
	InterruptPending = true;
	SetLatch(MyLatch);
}
