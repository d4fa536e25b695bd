/*
 * record.h: what a flag's row says beside its evaluation.
 */
#ifndef WF_FLAGS_RECORD_H
#define WF_FLAGS_RECORD_H

#include "flags/trigger.h"

extern TimestampTz wf_flags_enabled_until(const Datum *values, const bool *nulls);
extern void wf_flags_check_record(const WfTriggerRow *row, bool changes_evaluation);

#endif							/* WF_FLAGS_RECORD_H */
