/*
 * ring_worker.c: the worker that writes the rows of one database.
 *
 * It writes all rows that wait in one transaction, so that they share its flush
 * to disk.  Idle for a second it leaves, since DROP DATABASE waits a few seconds
 * for other sessions to end; the next row has it back.  It runs nothing but
 * these inserts: a crash in it would restart the whole server.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "common/extension.h"
#include "guard/ring.h"
#include "guard/ring_shared.h"

/* So long a worker stays without work, in milliseconds. */
#define LINGER 1000

/* The rows that are being written. */
typedef struct Batch
{
	int			n;
	Place	   *places[RING_PLACES];
	bool		is_written[RING_PLACES];
} Batch;

static void enter(void);
static void leave(int code, Datum arg);
static bool take(Batch *batch, bool may_leave);
static void release_worker(void);
static void write_batch(Batch *batch);
static bool write_row(Place *place, bool *goes_on);
static void confirm(const Batch *batch);

/* Writes rows of the database whose OID arg is, until there are none. */
void
wf_guard_ring_main(Datum arg)
{
	Batch		batch;
	bool		is_idle = false;

	wf_guard_log_signals();
	wf_guard_log_connect(DatumGetObjectId(arg));
	before_shmem_exit(leave, (Datum) 0);
	enter();
	while (take(&batch, is_idle))
	{
		if (batch.n > 0)
		{
			write_batch(&batch);
			confirm(&batch);
			is_idle = false;
			continue;
		}
		is_idle = (WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
							 LINGER, PG_WAIT_EXTENSION) & WL_TIMEOUT) != 0;
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	proc_exit(0);
}

/* From here on backends wake this worker, in the place of one that had been asked for. */
static void
enter(void)
{
	Worker	   *worker;

	LWLockAcquire(wf_guard_ring->lock, LW_EXCLUSIVE);
	worker = wf_guard_ring_worker(MyDatabaseId);
	if (worker == NULL)
		worker = wf_guard_ring_worker(InvalidOid);
	if (worker)
	{
		worker->database = MyDatabaseId;
		worker->pid = MyProcPid;
		worker->latch = MyLatch;
	}
	LWLockRelease(wf_guard_ring->lock);
}

/* However the worker ends: what it has not finished waits for the next one. */
static void
leave(int code, Datum arg)
{
	LWLockAcquire(wf_guard_ring->lock, LW_EXCLUSIVE);
	release_worker();
	for (int i = 0; i < RING_PLACES; i++)
	{
		Place	   *place = &wf_guard_ring->places[i];

		if (place->state != PLACE_TAKEN || place->worker != MyProcPid)
			continue;
		place->state = place->is_abandoned ? PLACE_FREE : PLACE_PENDING;
		if (!place->is_abandoned)
			SetLatch(place->backend);
	}
	LWLockRelease(wf_guard_ring->lock);
}

static void
release_worker(void)
{
	Worker	   *worker = wf_guard_ring_worker(MyDatabaseId);

	if (worker && worker->pid == MyProcPid)
		worker->database = InvalidOid;
}

/* Takes all rows that wait.  False: there is none, and the worker has left. */
static bool
take(Batch *batch, bool may_leave)
{
	bool		stays;

	batch->n = 0;
	LWLockAcquire(wf_guard_ring->lock, LW_EXCLUSIVE);
	for (int i = 0; i < RING_PLACES; i++)
	{
		Place	   *place = &wf_guard_ring->places[i];

		if (place->state != PLACE_PENDING || place->database != MyDatabaseId)
			continue;
		place->state = PLACE_TAKEN;
		place->worker = MyProcPid;
		batch->places[batch->n++] = place;
	}
	stays = batch->n > 0 || !may_leave;
	if (!stays)
		release_worker();
	LWLockRelease(wf_guard_ring->lock);
	return stays;
}

static void
write_batch(Batch *batch)
{
	bool		goes_on;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	pgstat_report_activity(STATE_RUNNING, "writing wishflags.guard_log");
	goes_on = OidIsValid(wf_common_relation_oid("guard_log"));

	/*
	 * Where one row could not be written in time, the others would wait as
	 * well.
	 */
	for (int i = 0; i < batch->n; i++)
		batch->is_written[i] = goes_on && write_row(batch->places[i], &goes_on);
	PopActiveSnapshot();
	CommitTransactionCommand();
	pgstat_report_stat(true);
	pgstat_report_activity(STATE_IDLE, NULL);
}

/* *goes_on becomes false where the log is locked. */
static bool
write_row(Place *place, bool *goes_on)
{
	WfGuardLogRow row;
	ErrorData  *error;

	wf_guard_log_unpack(&place->content.row, &row);
	error = wf_guard_log_try(&row);
	if (error == NULL)
		return true;
	ereport(LOG,
			(errmsg("wishflags guard: could not write row %s: %s",
					row.values[WF_GUARD_LOG_ID], error->message)));
	*goes_on = error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE;
	return false;
}

/* The rows are committed and flushed: says so to those who wait. */
static void
confirm(const Batch *batch)
{
	LWLockAcquire(wf_guard_ring->lock, LW_EXCLUSIVE);
	for (int i = 0; i < batch->n; i++)
	{
		Place	   *place = batch->places[i];

		if (place->is_abandoned)
			place->state = PLACE_FREE;
		else
		{
			place->state = batch->is_written[i] ? PLACE_WRITTEN : PLACE_FAILED;
			SetLatch(place->backend);
		}
	}
	LWLockRelease(wf_guard_ring->lock);
}
