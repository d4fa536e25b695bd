/*
 * usage.h: what of an evaluation is counted.
 */
#ifndef WF_FLAGS_USAGE_H
#define WF_FLAGS_USAGE_H

#include "lib/ilist.h"

#include "flags/bucket.h"
#include "flags/run.h"
#include "stats/usage.h"

/*
 * How a flag is counted in this backend.  Unique keys are told apart by the
 * hash that a plain rollout has anyway, whatever the flag is: else everybody
 * would count again when it becomes another.
 */
typedef struct WfFlagUsage
{
	WfUsage		usage;
	WfMurmur3	whom;			/* a key's hash begins with it */
	WfFlag	   *flag;			/* whose it is */
	dlist_node	link;			/* among all of them */
} WfFlagUsage;

extern void wf_flags_usage_init(void);
extern void wf_flags_usage_end(WfFlag *flag);
extern void wf_flags_usage_end_all(void);

extern void wf_flags_count_slowly(const WfFlag *flag, WfContext *context, const WfOutcome *outcome);
extern void wf_flags_count_program_key(const WfFlag *flag, WfContext *context);
extern void wf_flags_count_unknown(WfString name);
extern void wf_flags_count_shortcut(const WfFlag *flag, WfContext *context, bool enabled);

/* Counts an evaluation of a flag, but for what a preview shows. */
static inline void
wf_flags_count(const WfFlag *flag, WfContext *context, const WfOutcome *outcome)
{
	WfFlagUsage *usage = flag->usage;
	WfUsageCell *cell = NULL;

	if (unlikely(outcome->previewed))
		return;
	if (likely(usage != NULL))
		cell = wf_stats_direct_cell(&usage->usage, outcome->variant, outcome->reason, outcome->error);
	if (likely(cell != NULL))
	{
		cell->pending++;
		wf_flags_count_program_key(flag, context);
	}
	else
		wf_flags_count_slowly(flag, context, outcome);
}

/* The cell of a shortcut's answer; NULL until it was counted in this statement. */
static inline WfUsageCell *
wf_flags_shortcut_cell(const WfFlag *flag, bool enabled)
{
	return likely(flag->usage != NULL) ? flag->usage->usage.shortcuts[enabled] : NULL;
}

/* Counts WF_SHORTCUT_SHARE, whose hash is that of wf_flags_count(); returns enabled. */
static inline bool
wf_flags_count_share(const WfFlag *flag, WfContext *context, uint32 hash, bool enabled)
{
	WfUsageCell *cell = wf_flags_shortcut_cell(flag, enabled);

	if (likely(cell != NULL))
	{
		cell->pending++;
		wf_stats_count_key(&flag->usage->usage, hash);
	}
	else
		wf_flags_count_shortcut(flag, context, enabled);
	return enabled;
}

/* Counts WF_SHORTCUT_TRUE and WF_SHORTCUT_FALSE. */
static inline void
wf_flags_count_constant(const WfFlag *flag, WfContext *context, bool enabled)
{
	WfUsageCell *cell = wf_flags_shortcut_cell(flag, enabled);
	WfString	key;

	if (likely(cell != NULL))
	{
		cell->pending++;
		if (wf_flags_context_key(context, &key))
			wf_stats_count_key(&flag->usage->usage,
							   wf_flags_murmur3_finish(&flag->usage->whom, key.data, key.len));
	}
	else
		wf_flags_count_shortcut(flag, context, enabled);
}

#endif							/* WF_FLAGS_USAGE_H */
