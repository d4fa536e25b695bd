/*
 * stats.c: initialisation of the stats room, and its settings.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "utils/guc.h"

#include "stats/session.h"
#include "stats/stats.h"
#include "stats/store.h"
#include "stats/usage.h"

bool		wf_stats_track = true;
double		wf_stats_sample_rate = 1;
int			wf_stats_flags_max;

/* Called when the library is loaded. */
void
wf_stats_init(void)
{
	bool		preloaded = process_shared_preload_libraries_in_progress;

	DefineCustomBoolVariable("wishflags.track_usage",
							 "Whether evaluations of flags are counted.",
							 NULL,
							 &wf_stats_track, true,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomRealVariable("wishflags.usage_sample_rate",
							 "Share of evaluations that are looked at when they are counted.",
							 "Each stands for those before it that were not. Below 1, unique keys are counted among these only.",
							 &wf_stats_sample_rate, 1, 0, 1,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("wishflags.usage_max",
							"How many flags are counted one by one: by the server, or without preloading by a session.",
							"Each takes about 2 kB; evaluations of further flags are counted together.",
							&wf_stats_flags_max, preloaded ? 10000 : 1000, 100, 1000000,
							preloaded ? PGC_POSTMASTER : PGC_SUSET, 0, NULL, NULL, NULL);
	wf_stats_usage_init();
	if (preloaded)
		wf_stats_shared_init();
	else
		wf_stats_session_init();
}
