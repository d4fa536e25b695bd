/*
 * log_apart.c: a row of wishflags.guard_log that survives the refusal.
 *
 * A refusal is an error, and an error undoes what its transaction wrote.  So
 * another process writes the row in a transaction of its own, and the refusal
 * waits for it.  Preloaded for the whole server, that is a worker that stays
 * (ring.c); otherwise one that is started for this row (log_worker.c).
 *
 * Rows that could not be confirmed are counted by their reason in sequences,
 * since what a sequence has counted survives the end of the transaction, too.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "commands/sequence.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "storage/lmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "common/extension.h"
#include "common/protect.h"
#include "guard/log.h"
#include "guard/ring.h"

/* The sequences, and the words of the server's log. */
static const struct
{
	const char *sequence;
	const char *words;
}			losses[] = {
	[WF_GUARD_LOSS_NONE] = {NULL, NULL},
	[WF_GUARD_LOSS_FULL] = {"guard_unconfirmed_full", "the ring is full"},
	[WF_GUARD_LOSS_WORKER] = {"guard_unconfirmed_worker", "no worker could be had"},
	[WF_GUARD_LOSS_TIME] = {"guard_unconfirmed_time", "the worker took too long"},
	[WF_GUARD_LOSS_ERROR] = {"guard_unconfirmed_error", "writing it failed"},
};

static void count_loss(void *arg);

/*
 * Writes the row in a transaction of its own.  Returns true when it is
 * committed and flushed; false when that is not known by the deadline, and
 * then the row may be missing.
 */
bool
wf_guard_log_write_apart(const WfGuardLogRow *row, TimestampTz deadline)
{
	WfGuardLoss loss;

	if (RecoveryInProgress() || !OidIsValid(wf_common_relation_oid("guard_log")))
		return false;
	if (wf_guard_ring_holds(row))
		loss = wf_guard_ring_write(row, deadline);
	else
		loss = wf_guard_log_by_worker(row, deadline);
	if (loss == WF_GUARD_LOSS_NONE)
		return true;
	wf_guard_log_lost(row, loss);
	return false;
}

/* Counts a row that may be missing, and says so in the server's log. */
void
wf_guard_log_lost(const WfGuardLogRow *row, WfGuardLoss loss)
{
	ereport(LOG,
			(errmsg("wishflags guard: row %s is not confirmed: %s",
					row->values[WF_GUARD_LOG_ID], losses[loss].words),
			 errhidestmt(true), errhidecontext(true)));
	(void) wf_common_protect(count_loss, &loss, NULL);
}

/* Nobody waits for the lock of a counter; then the server's log has to do. */
static void
count_loss(void *arg)
{
	Oid			sequence = wf_common_relation_oid(losses[*(WfGuardLoss *) arg].sequence);

	if (!OidIsValid(sequence) || !ConditionalLockRelationOid(sequence, RowExclusiveLock))
		return;
	XactReadOnly = false;
	(void) nextval_internal(sequence, false);
}

/* Waits for the latch, at most limit milliseconds; false when time is up. */
bool
wf_guard_log_wait(TimestampTz deadline, long limit)
{
	long		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);

	if (left <= 0)
		return false;
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 Min(left, limit), PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
	return true;
}
