/*
 * deadline.h: a time after which a part of a statement is cancelled.
 */
#ifndef WF_COMMON_DEADLINE_H
#define WF_COMMON_DEADLINE_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* In the caller's stack frame, from begin to end; those begun later end earlier. */
typedef struct WfDeadline
{
	struct WfDeadline *outer;
	TimestampTz at;				/* DT_NOEND: never */
	volatile bool passed;
} WfDeadline;

extern void wf_common_deadline_begin(WfDeadline *deadline, int milliseconds);
extern bool wf_common_deadline_end(WfDeadline *deadline);

#endif							/* WF_COMMON_DEADLINE_H */
