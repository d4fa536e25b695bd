/*
 * stats.h: how flags are used.
 */
#ifndef WF_STATS_STATS_H
#define WF_STATS_STATS_H

extern void wf_stats_init(void);

#endif							/* WF_STATS_STATS_H */
