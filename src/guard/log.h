/*
 * log.h: rows of wishflags.guard_log.
 */
#ifndef WF_GUARD_LOG_H
#define WF_GUARD_LOG_H

#include "postgres.h"

#include "guard/guard.h"

/* The columns that a row is written with, in the order of the INSERT. */
typedef enum WfGuardLogColumn
{
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

/* log.c */
extern void wf_guard_log_fill(WfGuardLogRow *row, const char *outcome,
							  const WfGuardCommand *command, const WfGuardFinding *finding);
extern void wf_guard_log_line(const WfGuardLogRow *row);
extern void wf_guard_log_insert(const WfGuardLogRow *row);
extern bool wf_guard_log_write(const WfGuardLogRow *row);

/* log_worker.c */
extern bool wf_guard_log_write_apart(const WfGuardLogRow *row);
extern PGDLLEXPORT void wf_guard_log_main(Datum arg);

#endif							/* WF_GUARD_LOG_H */
