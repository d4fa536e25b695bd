/*
 * record.h: what a flag's row says beside its evaluation.
 */
#ifndef WF_FLAGS_RECORD_H
#define WF_FLAGS_RECORD_H

#include "flags/trigger.h"

/* Why a flag can't be changed, and since when. */
typedef struct WfClosed
{
	enum
	{
		WF_CLOSED_NOT,
		WF_CLOSED_ARCHIVED,
		WF_CLOSED_FROZEN		/* what it answers */
	}			why;
	TimestampTz since;
} WfClosed;

extern int	wf_flags_kind_number(WfString kind);
extern WfClosed wf_flags_closed(const Datum *values, const bool *nulls);
pg_noreturn extern void wf_flags_report_closed(WfString key, WfClosed closed);
extern TimestampTz wf_flags_enabled_until(const Datum *values, const bool *nulls);
extern void wf_flags_check_record(const WfTriggerRow *row, bool changes_evaluation);

#endif							/* WF_FLAGS_RECORD_H */
