/*
 * ring_wait.c: how a backend hands a row to its database's worker, and waits.
 *
 * Whoever waits sees to it that there is a worker: it is started for the first
 * row, and again for the rows that one left behind that was ended.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "storage/ipc.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "guard/ring.h"
#include "guard/ring_shared.h"

/* A wake-up can be missed, so look now and then; in milliseconds. */
#define WAIT_STEP 100

/* While there is no place or no worker slot, look this often. */
#define BUSY_STEP 5

/* A worker that is not there after so many milliseconds is asked for again. */
#define START_LIMIT 300

/* The row of this backend; NULL: it waits for none. */
static Place *mine = NULL;

static void leave_on_exit(int code, Datum arg);
static bool put_row(const WfGuardLogRow *row);
static WfGuardLoss wait_for_row(TimestampTz deadline);
static PlaceState look(bool *must_start, bool *is_served);
static bool claim_start(void);
static bool start_worker(void);
static void forget_start(void);
static WfGuardLoss give_up(bool was_served);

/* Writes the row by the database's worker; says why it may be missing. */
WfGuardLoss
wf_guard_ring_write(const WfGuardLogRow *row, TimestampTz deadline)
{
	static bool registered = false;
	WfGuardLoss loss = WF_GUARD_LOSS_NONE;

	if (!registered)
		before_shmem_exit(leave_on_exit, (Datum) 0);
	registered = true;
	while (!put_row(row))
	{
		if (!wf_guard_log_wait(deadline, BUSY_STEP))
			return WF_GUARD_LOSS_FULL;
	}
	PG_TRY();
	{
		loss = wait_for_row(deadline);
	}
	PG_CATCH();
	{
		(void) give_up(false);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return loss;
}

static void
leave_on_exit(int code, Datum arg)
{
	if (mine)
		(void) give_up(false);
}

static bool
put_row(const WfGuardLogRow *row)
{
	LWLockAcquire(wf_guard_ring->lock, LW_EXCLUSIVE);
	for (int i = 0; i < RING_PLACES; i++)
	{
		Place	   *place = &wf_guard_ring->places[i];

		if (place->state != PLACE_FREE)
			continue;
		place->state = PLACE_PENDING;
		place->database = MyDatabaseId;
		place->is_abandoned = false;
		place->backend = MyLatch;
		wf_guard_log_pack(&place->content.row, row);
		mine = place;
		break;
	}
	LWLockRelease(wf_guard_ring->lock);
	return mine != NULL;
}

static WfGuardLoss
wait_for_row(TimestampTz deadline)
{
	for (;;)
	{
		bool		must_start;
		bool		is_served;
		PlaceState	state = look(&must_start, &is_served);

		if (state == PLACE_WRITTEN || state == PLACE_FAILED)
			return give_up(true);
		if (must_start && !start_worker())
			forget_start();
		if (!wf_guard_log_wait(deadline, is_served ? WAIT_STEP : BUSY_STEP))
			return give_up(is_served);
	}
}

/* How far the row is; wakes its worker, or claims the right to start one. */
static PlaceState
look(bool *must_start, bool *is_served)
{
	PlaceState	state;
	Worker	   *worker;

	LWLockAcquire(wf_guard_ring->lock, LW_EXCLUSIVE);
	state = mine->state;
	worker = wf_guard_ring_worker(MyDatabaseId);
	*is_served = worker && worker->pid != 0;
	*must_start = state == PLACE_PENDING && !*is_served && claim_start();
	if (state == PLACE_PENDING && *is_served)
		SetLatch(worker->latch);
	LWLockRelease(wf_guard_ring->lock);
	return state;
}

/* Only one backend at a time starts a worker; the caller holds the lock. */
static bool
claim_start(void)
{
	Worker	   *worker = wf_guard_ring_worker(MyDatabaseId);
	TimestampTz now = GetCurrentTimestamp();

	if (worker && !TimestampDifferenceExceeds(worker->asked_at, now, START_LIMIT))
		return false;
	if (worker == NULL)
		worker = wf_guard_ring_worker(InvalidOid);
	if (worker == NULL)
		return false;
	worker->database = MyDatabaseId;
	worker->pid = 0;
	worker->asked_at = now;
	return true;
}

static bool
start_worker(void)
{
	BackgroundWorker worker;
	BackgroundWorkerHandle *handle;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = ObjectIdGetDatum(MyDatabaseId);
	worker.bgw_notify_pid = MyProcPid;
	snprintf(worker.bgw_library_name, BGW_MAXLEN, "%s", WF_EXTENSION_NAME);
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "wf_guard_ring_main");
	snprintf(worker.bgw_name, BGW_MAXLEN, "wishflags guard log of database %u", MyDatabaseId);
	snprintf(worker.bgw_type, BGW_MAXLEN, "wishflags guard log");
	return RegisterDynamicBackgroundWorker(&worker, &handle);
}

/* No slot was free: the next who looks may try. */
static void
forget_start(void)
{
	Worker	   *worker;

	LWLockAcquire(wf_guard_ring->lock, LW_EXCLUSIVE);
	worker = wf_guard_ring_worker(MyDatabaseId);
	if (worker && worker->pid == 0)
		worker->database = InvalidOid;
	LWLockRelease(wf_guard_ring->lock);
}

/*
 * Ends the wait.  A row that no worker has taken is taken back; one that is
 * being written frees its place afterwards.
 */
static WfGuardLoss
give_up(bool was_served)
{
	WfGuardLoss loss = was_served ? WF_GUARD_LOSS_TIME : WF_GUARD_LOSS_WORKER;

	LWLockAcquire(wf_guard_ring->lock, LW_EXCLUSIVE);
	if (mine->state == PLACE_WRITTEN)
		loss = WF_GUARD_LOSS_NONE;
	else if (mine->state == PLACE_FAILED)
		loss = WF_GUARD_LOSS_ERROR;
	if (mine->state == PLACE_TAKEN)
		mine->is_abandoned = true;
	else
		mine->state = PLACE_FREE;
	LWLockRelease(wf_guard_ring->lock);
	mine = NULL;
	return loss;
}
