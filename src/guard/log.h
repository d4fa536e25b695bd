/*
 * log.h: rows of wishflags.guard_log.
 */
#ifndef WF_GUARD_LOG_H
#define WF_GUARD_LOG_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "guard/guard.h"

/* The columns that a row is written with, in the order of the INSERT. */
typedef enum WfGuardLogColumn
{
	WF_GUARD_LOG_ID,
	WF_GUARD_LOG_OCCURRED_AT,
	WF_GUARD_LOG_OUTCOME,
	WF_GUARD_LOG_RULE,
	WF_GUARD_LOG_OBJECT,
	WF_GUARD_LOG_COMMAND,
	WF_GUARD_LOG_STATEMENT,
	WF_GUARD_LOG_MESSAGE,
	WF_GUARD_LOG_REASON,
	WF_GUARD_LOG_ACTING_ROLE,
	WF_GUARD_LOG_OUTER_ROLE,
	WF_GUARD_LOG_LOGIN_ROLE,
	WF_GUARD_LOG_TXID,
	WF_GUARD_LOG_APPLICATION,
	WF_GUARD_LOG_PID,
	WF_GUARD_LOG_EVIDENCE,
	WF_GUARD_LOG_COLUMNS
} WfGuardLogColumn;

/* Every value as text; NULL for none. */
typedef struct WfGuardLogRow
{
	char	   *values[WF_GUARD_LOG_COLUMNS];
} WfGuardLogRow;

/* A row as one piece of memory, to hand over to another process. */
typedef struct WfGuardLogPack
{
	int32		lengths[WF_GUARD_LOG_COLUMNS];	/* with the final zero byte;
												 * 0: null */
	char		data[FLEXIBLE_ARRAY_MEMBER];	/* the values, one after
												 * another */
} WfGuardLogPack;

/* Why it is not sure that a row is there. */
typedef enum WfGuardLoss
{
	WF_GUARD_LOSS_NONE,
	WF_GUARD_LOSS_FULL,			/* no room in the ring */
	WF_GUARD_LOSS_WORKER,		/* no worker was to be had */
	WF_GUARD_LOSS_TIME,			/* a worker was, and was too slow */
	WF_GUARD_LOSS_ERROR,		/* writing it failed */
	WF_GUARD_LOSSES
} WfGuardLoss;

/* So long a command waits for its rows, in milliseconds. */
#define WF_GUARD_LOG_WAIT 1000

/* log.c */
extern void wf_guard_log_fill(WfGuardLogRow *row, const char *outcome,
							  const WfGuardCommand *command, const WfGuardFinding *finding);
extern void wf_guard_log_line(const WfGuardLogRow *row);
extern bool wf_guard_log_write(const WfGuardLogRow *row);
extern ErrorData *wf_guard_log_try(const WfGuardLogRow *row);

/* log_pack.c */
extern Size wf_guard_log_pack_size(const WfGuardLogRow *row);
extern void wf_guard_log_pack(WfGuardLogPack *pack, const WfGuardLogRow *row);
extern void wf_guard_log_unpack(WfGuardLogPack *pack, WfGuardLogRow *row);

/* log_apart.c */
extern bool wf_guard_log_write_apart(const WfGuardLogRow *row, TimestampTz deadline);
extern bool wf_guard_log_wait(TimestampTz deadline, long limit);
extern void wf_guard_log_lost(const WfGuardLogRow *row, WfGuardLoss loss);

/* log_worker.c */
extern WfGuardLoss wf_guard_log_by_worker(const WfGuardLogRow *row, TimestampTz deadline);
extern void wf_guard_log_signals(void);
extern void wf_guard_log_connect(Oid database);
extern PGDLLEXPORT void wf_guard_log_main(Datum arg);

#endif							/* WF_GUARD_LOG_H */
