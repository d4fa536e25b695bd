/*
 * past.h: flags as they were.
 */
#ifndef WF_FLAGS_PAST_H
#define WF_FLAGS_PAST_H

#include "flags/listing.h"
#include "flags/result.h"
#include "flags/run.h"

typedef struct WfPast WfPast;

/* For evaluations of flags as they were; arg is a WfPast. */
extern const WfCallbacks wf_flags_past_callbacks;

extern WfPast *wf_flags_past_open(WfExplainOptions *options, WfString key);
extern struct WfOverrides *wf_flags_past_overrides(HeapTuple *rows, uint64 count, TupleDesc desc);
extern const WfFlag *wf_flags_past_find(WfPast *past, WfString key);
extern List *wf_flags_past_as_of_now(WfPast *past);
extern void wf_flags_past_list(WfPast *past, WfFlagListing *listing);

#endif							/* WF_FLAGS_PAST_H */
