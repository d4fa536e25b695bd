/*
 * segment_probe.h: segments whose keys are in a table.
 */
#ifndef WF_FLAGS_SEGMENT_PROBE_H
#define WF_FLAGS_SEGMENT_PROBE_H

#include "access/xact.h"

#include "flags/segment.h"

/* Why a table can't be a segment, or none. */
typedef enum WfProbeFault
{
	WF_PROBE_FINE,
	WF_PROBE_NO_TABLE,
	WF_PROBE_NOT_A_TABLE,
	WF_PROBE_NO_COLUMN,
	WF_PROBE_COLUMN_TYPE,
	WF_PROBE_NO_INDEX,
	WF_PROBE_ROW_SECURITY,
	WF_PROBE_NO_RIGHT,
	WF_PROBE_NO_DEFINER
} WfProbeFault;

/* A part of a statement in which its own transaction changes nothing. */
typedef struct WfProbeMoment
{
	TimestampTz statement;
	TimestampTz transaction;
	SubTransactionId subtransaction;
	CommandId	command;
} WfProbeMoment;

/* Where the keys of a segment are, looked up. */
typedef struct WfProbe
{
	bool		resolved;
	bool		resolving;		/* being looked up: any change may matter */
	bool		outdated;		/* to be looked up again in the next moment */
	WfProbeMoment moment;		/* of the last answer */
	WfProbeFault fault;
	Oid			relid;
	Oid			indexid;
	AttrNumber	attnum;			/* of the key */
	Oid			type;			/* of the key */
	bool		by_segment;		/* the index leads with the segment's key */
	Oid			equal[2];		/* functions that compare its columns */
} WfProbe;

extern void wf_flags_probe_resolve(WfProbe *probe, const WfSegmentSource *source, const char *definer);
extern bool wf_flags_probe_holds(WfProbe *probe, const WfSegmentSource *source, const char *definer,
								 WfString segment, WfString key, WfErrorCode *error);
extern List *wf_flags_probe_name(WfString table);

#endif							/* WF_FLAGS_SEGMENT_PROBE_H */
