/*
 * uses.h: which flags and segments a flag or a segment asks.
 */
#ifndef WF_FLAGS_USES_H
#define WF_FLAGS_USES_H

#include "nodes/pg_list.h"

#include "flags/program.h"

/* A flag that is asked, or a segment of the table segments. */
typedef struct WfUse
{
	bool		is_segment;
	WfString	key;
	const WfFlagTest *test;		/* the first one of a flag, or NULL */
} WfUse;

extern List *wf_flags_program_uses(const WfProgram *program);
extern List *wf_flags_segment_uses(const WfSegment *segment);
extern bool wf_flags_uses_have(const List *uses, const WfUse *use);

#endif							/* WF_FLAGS_USES_H */
