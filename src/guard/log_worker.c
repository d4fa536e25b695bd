/*
 * log_worker.c: a background worker for one row of wishflags.guard_log.
 *
 * No preloading is needed.  The worker does nothing but this INSERT: a crash in
 * it would restart the whole server.  The row travels in a dynamic shared
 * memory segment that begins with a LogMessage.
 *
 * Worker slots are shared with parallel query, so on the whole server only few
 * of these workers run at a time.
 */
#include "common/compat.h"

#include <signal.h>

#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/atomics.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "guard/log.h"

/* A wake-up can be missed when the worker ends early, so look now and then. */
#define WAIT_STEP 100

/* While all worker slots are taken, one is asked for this often. */
#define SLOT_STEP 5

/* So many of these workers run at a time on the whole server. */
#define WORKERS_AT_A_TIME 2

/* Advisory locks of SQL have 1 and 2 there. */
#define LOCK_KIND 0x7766

typedef enum LogState
{
	LOG_PENDING,
	LOG_WRITTEN,
	LOG_FAILED
} LogState;

typedef struct LogMessage
{
	Oid			database;
	pid_t		backend;
	pg_atomic_uint32 state;		/* a LogState */
	WfGuardLogPack row;
} LogMessage;

static dsm_segment *send_row(const WfGuardLogRow *row);
static bool take_turn(LOCKTAG *turn, TimestampTz deadline);
static WfGuardLoss write_in_turn(dsm_segment *segment, TimestampTz deadline);
static bool start_worker(dsm_segment *segment, TimestampTz deadline, BackgroundWorkerHandle **handle);
static WfGuardLoss wait_until_written(LogMessage *message, TimestampTz deadline, BackgroundWorkerHandle *handle);
static LogState write_row(LogMessage *message);

/* Writes the row by a worker of its own; says why it may be missing. */
WfGuardLoss
wf_guard_log_by_worker(const WfGuardLogRow *row, TimestampTz deadline)
{
	dsm_segment *segment = send_row(row);
	LOCKTAG		turn;
	WfGuardLoss loss = WF_GUARD_LOSS_WORKER;

	if (segment == NULL)
		return WF_GUARD_LOSS_WORKER;
	if (take_turn(&turn, deadline))
	{
		loss = write_in_turn(segment, deadline);
		LockRelease(&turn, ExclusiveLock, false);
	}
	dsm_detach(segment);
	return loss;
}

static dsm_segment *
send_row(const WfGuardLogRow *row)
{
	dsm_segment *segment = dsm_create(offsetof(LogMessage, row) + wf_guard_log_pack_size(row),
									  DSM_CREATE_NULL_IF_MAXSEGMENTS);
	LogMessage *message;

	if (segment == NULL)
		return NULL;
	message = dsm_segment_address(segment);
	message->database = MyDatabaseId;
	message->backend = MyProcPid;
	pg_atomic_init_u32(&message->state, LOG_PENDING);
	wf_guard_log_pack(&message->row, row);
	return segment;
}

/* Takes one of the locks that let a session start a worker. */
static bool
take_turn(LOCKTAG *turn, TimestampTz deadline)
{
	for (int i = 0;; i = (i + 1) % WORKERS_AT_A_TIME)
	{
		SET_LOCKTAG_ADVISORY(*turn, InvalidOid, 0, i, LOCK_KIND);
		if (LockAcquire(turn, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL)
			return true;
		if (i == WORKERS_AT_A_TIME - 1 && !wf_guard_log_wait(deadline, SLOT_STEP))
			return false;
	}
}

static WfGuardLoss
write_in_turn(dsm_segment *segment, TimestampTz deadline)
{
	BackgroundWorkerHandle *handle;
	WfGuardLoss loss;

	if (!start_worker(segment, deadline, &handle))
		return WF_GUARD_LOSS_WORKER;
	/* A cancel passes through; the worker then writes on or finds nothing. */
	loss = wait_until_written(dsm_segment_address(segment), deadline, handle);
	if (loss == WF_GUARD_LOSS_TIME)
		TerminateBackgroundWorker(handle);
	return loss;
}

/* Worker slots are few and shared, so a free one is waited for, too. */
static bool
start_worker(dsm_segment *segment, TimestampTz deadline, BackgroundWorkerHandle **handle)
{
	BackgroundWorker worker;

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(segment));
	worker.bgw_notify_pid = MyProcPid;
	snprintf(worker.bgw_library_name, BGW_MAXLEN, "%s", WF_EXTENSION_NAME);
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "wf_guard_log_main");
	snprintf(worker.bgw_name, BGW_MAXLEN, "wishflags guard log for PID %d", MyProcPid);
	snprintf(worker.bgw_type, BGW_MAXLEN, "wishflags guard log");

	if (max_worker_processes == 0)
		return false;
	while (!RegisterDynamicBackgroundWorker(&worker, handle))
	{
		if (!wf_guard_log_wait(deadline, SLOT_STEP))
			return false;
	}
	return true;
}

static WfGuardLoss
wait_until_written(LogMessage *message, TimestampTz deadline, BackgroundWorkerHandle *handle)
{
	for (;;)
	{
		pid_t		pid;
		BgwHandleStatus status = GetBackgroundWorkerPid(handle, &pid);

		switch ((LogState) pg_atomic_read_u32(&message->state))
		{
			case LOG_WRITTEN:
				return WF_GUARD_LOSS_NONE;
			case LOG_FAILED:
				return WF_GUARD_LOSS_ERROR;
			case LOG_PENDING:
				break;
		}
		if (status == BGWH_STOPPED || status == BGWH_POSTMASTER_DIED)
			return WF_GUARD_LOSS_WORKER;
		if (!wf_guard_log_wait(deadline, WAIT_STEP))
			return WF_GUARD_LOSS_TIME;
	}
}

/* The worker: attaches, writes the row, says so, and ends. */
void
wf_guard_log_main(Datum arg)
{
	dsm_segment *segment;
	LogMessage *message;
	PGPROC	   *backend;

	wf_guard_log_signals();
	CurrentResourceOwner = ResourceOwnerCreate(NULL, "wishflags guard log");
	segment = dsm_attach(DatumGetUInt32(arg));
	if (segment == NULL)
		proc_exit(0);			/* the backend has given up */
	message = dsm_segment_address(segment);
	dsm_pin_mapping(segment);

	wf_guard_log_connect(message->database);
	pg_atomic_write_u32(&message->state, write_row(message));
	backend = BackendPidGetProc(message->backend);
	if (backend)
		SetLatch(&backend->procLatch);
	proc_exit(0);
}

static LogState
write_row(LogMessage *message)
{
	WfGuardLogRow row;
	ErrorData  *error = NULL;
	bool		exists;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	exists = OidIsValid(wf_common_relation_oid("guard_log"));
	if (exists)
	{
		wf_guard_log_unpack(&message->row, &row);
		error = wf_guard_log_try(&row);
		if (error)
			ereport(LOG,
					(errmsg("wishflags guard: could not write row %s: %s",
							row.values[WF_GUARD_LOG_ID], error->message)));
	}
	PopActiveSnapshot();
	CommitTransactionCommand();
	return exists && error == NULL ? LOG_WRITTEN : LOG_FAILED;
}

/*
 * What a worker that writes rows does first.  The default handler of SIGTERM
 * raises FATAL wherever the signal strikes: a PANIC of the whole server in a
 * critical section, such as the commit.
 */
void
wf_guard_log_signals(void)
{
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
}

/* Connects a worker that writes rows of the log to their database. */
void
wf_guard_log_connect(Oid database)
{
	BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, BGWORKER_BYPASS_ALLOWCONN);
	/* On disk here is enough; a standby may be away. */
	SetConfigOption("synchronous_commit", "local", PGC_USERSET, PGC_S_SESSION);
	/* The database's own default is for those who work in it. */
	SetConfigOption("default_transaction_read_only", "off", PGC_USERSET, PGC_S_SESSION);
}
