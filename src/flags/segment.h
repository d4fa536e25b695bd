/*
 * segment.h: named conditions that flags share.
 */
#ifndef WF_FLAGS_SEGMENT_H
#define WF_FLAGS_SEGMENT_H

#include "flags/run.h"

extern bool wf_flags_segment_holds(WfRun *run, const WfSegmentTest *test);

#endif							/* WF_FLAGS_SEGMENT_H */
