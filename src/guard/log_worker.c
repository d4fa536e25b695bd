/*
 * log_worker.c: a row of wishflags.guard_log that survives the refusal.
 *
 * A refusal is an error, and an error undoes what its transaction wrote.  So
 * a background worker of its own writes the row in a transaction of its own,
 * and the refusal waits for it, at most a second.  No preloading is needed.
 * The worker does nothing but this INSERT: a crash in it would restart the
 * whole server.
 *
 * The row travels in a dynamic shared memory segment that begins with a
 * LogMessage.
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
#include "storage/proc.h"
#include "storage/procarray.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "common/extension.h"
#include "common/write.h"
#include "guard/log.h"

/* So long a refusal waits for its row, in milliseconds. */
#define WAIT_LIMIT 1000

/* A wake-up can be missed when the worker ends early, so look now and then. */
#define WAIT_STEP 100

/* While all worker slots are taken, one is asked for this often. */
#define SLOT_STEP 5

typedef enum LogState
{
	LOG_PENDING,
	LOG_WRITTEN
} LogState;

typedef struct LogMessage
{
	Oid			database;
	pid_t		backend;
	pg_atomic_uint32 state;		/* a LogState */
	int32		lengths[WF_GUARD_LOG_COLUMNS];	/* with the final zero byte;
												 * 0: null */
	char		data[FLEXIBLE_ARRAY_MEMBER];	/* the values, one after
												 * another */
} LogMessage;

static dsm_segment *send_row(const WfGuardLogRow *row);
static bool start_worker(dsm_segment *segment, TimestampTz deadline, BackgroundWorkerHandle **handle);
static bool wait_until_written(LogMessage *message, TimestampTz deadline, BackgroundWorkerHandle *handle);
static bool wait_a_little(TimestampTz deadline, long limit);
static void read_row(LogMessage *message, WfGuardLogRow *row);

/*
 * Writes the row in a transaction of its own.  Returns true when it is
 * committed and flushed; false when no worker was to be had or it did not
 * finish in time, and then the row may be missing.
 */
bool
wf_guard_log_write_apart(const WfGuardLogRow *row)
{
	dsm_segment *segment;
	TimestampTz deadline;
	BackgroundWorkerHandle *handle;
	bool		written = false;

	if (RecoveryInProgress() || !OidIsValid(wf_common_relation_oid("guard_log")))
		return false;
	segment = send_row(row);
	if (segment == NULL)
		return false;
	deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), WAIT_LIMIT);
	if (start_worker(segment, deadline, &handle))
	{
		/*
		 * A cancel passes through; the worker then writes on or finds
		 * nothing.
		 */
		written = wait_until_written(dsm_segment_address(segment), deadline, handle);
		if (!written)
			TerminateBackgroundWorker(handle);
	}
	dsm_detach(segment);
	return written;
}

static dsm_segment *
send_row(const WfGuardLogRow *row)
{
	Size		size = offsetof(LogMessage, data);
	int32		lengths[WF_GUARD_LOG_COLUMNS];
	dsm_segment *segment;
	LogMessage *message;
	char	   *place;

	for (int i = 0; i < WF_GUARD_LOG_COLUMNS; i++)
	{
		lengths[i] = row->values[i] ? strlen(row->values[i]) + 1 : 0;
		size += lengths[i];
	}
	segment = dsm_create(size, DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (segment == NULL)
		return NULL;

	message = dsm_segment_address(segment);
	message->database = MyDatabaseId;
	message->backend = MyProcPid;
	pg_atomic_init_u32(&message->state, LOG_PENDING);
	memcpy(message->lengths, lengths, sizeof(lengths));
	place = message->data;
	for (int i = 0; i < WF_GUARD_LOG_COLUMNS; i++)
	{
		if (lengths[i] > 0)
			memcpy(place, row->values[i], lengths[i]);
		place += lengths[i];
	}
	return segment;
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
		if (!wait_a_little(deadline, SLOT_STEP))
			return false;
	}
	return true;
}

static bool
wait_until_written(LogMessage *message, TimestampTz deadline, BackgroundWorkerHandle *handle)
{
	for (;;)
	{
		pid_t		pid;
		BgwHandleStatus status = GetBackgroundWorkerPid(handle, &pid);

		if (pg_atomic_read_u32(&message->state) == LOG_WRITTEN)
			return true;
		if (status == BGWH_STOPPED || status == BGWH_POSTMASTER_DIED)
			return false;
		if (!wait_a_little(deadline, WAIT_STEP))
			return false;
	}
}

/* Waits for the latch, at most limit milliseconds; false when time is up. */
static bool
wait_a_little(TimestampTz deadline, long limit)
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

/* The worker: attaches, writes the row, says so, and ends. */
void
wf_guard_log_main(Datum arg)
{
	dsm_segment *segment;
	LogMessage *message;
	WfGuardLogRow row;
	WfWrite		write;
	Oid			relid;
	PGPROC	   *backend;

	/*
	 * A backend that waits no longer ends its worker.  The default handler
	 * raises FATAL wherever the signal strikes: a PANIC of the whole server
	 * in a critical section, such as the commit.
	 */
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	CurrentResourceOwner = ResourceOwnerCreate(NULL, "wishflags guard log");
	segment = dsm_attach(DatumGetUInt32(arg));
	if (segment == NULL)
		proc_exit(0);			/* the backend has given up */
	message = dsm_segment_address(segment);
	dsm_pin_mapping(segment);

	BackgroundWorkerInitializeConnectionByOid(message->database, InvalidOid, BGWORKER_BYPASS_ALLOWCONN);
	/* On disk here is enough; a standby may be away. */
	SetConfigOption("synchronous_commit", "local", PGC_USERSET, PGC_S_SESSION);
	/* The database's own default is for those who work in it. */
	SetConfigOption("default_transaction_read_only", "off", PGC_USERSET, PGC_S_SESSION);

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	PushActiveSnapshot(GetTransactionSnapshot());
	relid = wf_common_relation_oid("guard_log");
	if (OidIsValid(relid))
	{
		read_row(message, &row);
		wf_common_write_begin(&write, relid);
		wf_guard_log_insert(&row);
		wf_common_write_end(&write);
	}
	PopActiveSnapshot();
	CommitTransactionCommand();

	if (OidIsValid(relid))
		pg_atomic_write_u32(&message->state, LOG_WRITTEN);
	backend = BackendPidGetProc(message->backend);
	if (backend)
		SetLatch(&backend->procLatch);
	proc_exit(0);
}

static void
read_row(LogMessage *message, WfGuardLogRow *row)
{
	char	   *place = message->data;

	for (int i = 0; i < WF_GUARD_LOG_COLUMNS; i++)
	{
		row->values[i] = message->lengths[i] > 0 ? place : NULL;
		place += message->lengths[i];
	}
}
