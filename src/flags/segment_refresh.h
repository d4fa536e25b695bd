/*
 * segment_refresh.h: segments whose keys come from a query.
 */
#ifndef WF_FLAGS_SEGMENT_REFRESH_H
#define WF_FLAGS_SEGMENT_REFRESH_H

#include "flags/value.h"

extern void wf_flags_check_query(WfString query);
extern void wf_flags_delete_members(const WfString *segment);

#endif							/* WF_FLAGS_SEGMENT_REFRESH_H */
