/*
 * history.h: who changed what when, of flags, overrides and segments.
 */
#ifndef WF_FLAGS_HISTORY_H
#define WF_FLAGS_HISTORY_H

#include "flags/program.h"

extern void wf_flags_history_init(void);
extern int	wf_flags_next_version(const char *kind, WfString key);

#endif							/* WF_FLAGS_HISTORY_H */
