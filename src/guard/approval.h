/*
 * approval.h: changes that others approve before the guard lets them pass.
 */
#ifndef WF_GUARD_APPROVAL_H
#define WF_GUARD_APPROVAL_H

#include "postgres.h"

#include "executor/spi.h"
#include "utils/builtins.h"

#include "guard/guard.h"

/* A proposed change, locked. */
typedef struct WfSchemaChange
{
	int64		id;
	int			revision;
	char	   *state;			/* as stored, or "expired" */
	bool		is_author;		/* the caller, by any of its three roles */
	bool		has_run;		/* a statement of it, or more */
} WfSchemaChange;

/* approval_store.c */
extern uint64 wf_approval_run(const char *sql, int nargs, Oid *types, Datum *values, const char *nulls);
extern char *wf_approval_value(uint64 row, int column);
extern WfSchemaChange *wf_approval_lock(int64 id);
extern void wf_approval_event(int64 id, int revision, const char *event, const char *comment, const char *statement);

/* approval_execute.c */
extern bool wf_guard_approval_use(const WfGuardCommand *command, List *findings);
extern void wf_guard_approval_skip(const WfGuardCommand *command, List *findings);

#endif							/* WF_GUARD_APPROVAL_H */
