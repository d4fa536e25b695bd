/*
 * protect.h: running what may fail without failing the user's command.
 */
#ifndef WF_COMMON_PROTECT_H
#define WF_COMMON_PROTECT_H

#include "postgres.h"

/* How something is tried, and what became of it. */
typedef struct WfAttempt
{
	int			milliseconds;	/* it is cancelled after so many; 0: never */
	bool		undo;			/* it is undone also where it ends well */

	ErrorData  *error;			/* NULL: there was none */
	bool		timed_out;		/* its time has ended */
} WfAttempt;

extern bool wf_common_attempt(WfAttempt *attempt, void (*function) (void *arg), void *arg);
extern ErrorData *wf_common_try(void (*function) (void *arg), void *arg);
extern bool wf_common_protect(void (*function) (void *arg), void *arg, const char *complaint);

#endif							/* WF_COMMON_PROTECT_H */
