/*
 * session.h: the stores of a backend that counts for itself.
 */
#ifndef WF_STATS_SESSION_H
#define WF_STATS_SESSION_H

#include "stats/store.h"

extern void wf_stats_session_init(void);
extern void wf_stats_session_begin(void);
extern MemoryContext wf_stats_session_context(void);
extern void wf_stats_session_each(WfStatsVisit visit, void *arg);
extern int64 wf_stats_session_remove(bool (*matches) (void *arg, const WfStatsKey *key), void *arg);
extern void wf_stats_session_written(void);

#endif							/* WF_STATS_SESSION_H */
