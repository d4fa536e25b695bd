/*
 * segment.h: named conditions that flags share.
 */
#ifndef WF_FLAGS_SEGMENT_H
#define WF_FLAGS_SEGMENT_H

#include "flags/run.h"

/* Where the keys of a segment are that no definition lists. */
typedef enum WfSegmentSourceKind
{
	WF_SEGMENT_TABLE,			/* in a column of a table */
	WF_SEGMENT_QUERY			/* in the rows of a query */
} WfSegmentSourceKind;

/* WfSegment.source: as it is written, not looked up. */
typedef struct WfSegmentSource
{
	WfSegmentSourceKind kind;
	WfString	table;			/* its name, perhaps qualified and quoted */
	WfString	column;
	WfString	query;
} WfSegmentSource;

extern bool wf_flags_segment_holds(WfRun *run, const WfSegmentTest *test);
extern bool wf_flags_segment_has(const WfSegment *segment, const WfFlag *flag, WfContext *context,
								 const WfCallbacks *callbacks);

#endif							/* WF_FLAGS_SEGMENT_H */
