/*
 * usage.c: what of an evaluation is counted.
 *
 * Counted is what an application asks for: flag_eval(), flag_variant(),
 * flag_value(), flag_eval_all(), experiment_expose() and OFREP.  Not counted is
 * what a person looks into: flag_explain(), flag_eval_document(), previews, the
 * planner's estimates; nor are flags that other flags depend on.
 */
#include "common/compat.h"

#include "flags/cache.h"
#include "flags/dialect_native.h"
#include "flags/eval.h"
#include "flags/usage.h"

static dlist_head usages = DLIST_STATIC_INIT(usages);

static const char *reason_name(int reason);
static const char *error_name(int error);
static void count_weighted(const WfFlag *flag, WfContext *context, const WfOutcome *outcome, int64 weight);
static inline void count_key(const WfFlag *flag, const char *data, int len);
static WfFlagUsage *flag_usage(const WfFlag *flag);
static WfUsageCell *outcome_cell(const WfFlag *flag, const WfOutcome *outcome);

void
wf_flags_usage_init(void)
{
	wf_stats_names.reason = reason_name;
	wf_stats_names.error = error_name;
}

static const char *
reason_name(int reason)
{
	return wf_flags_reason_name((WfReason) reason);
}

static const char *
error_name(int error)
{
	return wf_flags_error_name((WfErrorCode) error);
}

/* Counts an evaluation where it is the first of its kind in a statement, or sampled. */
void
wf_flags_count_slowly(const WfFlag *flag, WfContext *context, const WfOutcome *outcome)
{
	int64		weight = wf_stats_weight();

	if (weight > 0)
		count_weighted(flag, context, outcome, weight);
}

static void
count_weighted(const WfFlag *flag, WfContext *context, const WfOutcome *outcome, int64 weight)
{
	outcome_cell(flag, outcome)->pending += weight;
	wf_flags_count_program_key(flag, context);
}

/*
 * Counts the key that a flag is evaluated for, if it has one.  What a look-up
 * has just written is read a word at a time, never copied as a whole: that
 * would wait until all of it has reached the processor's cache.
 */
void
wf_flags_count_program_key(const WfFlag *flag, WfContext *context)
{
	const WfAttribute *by = &flag->program->key;
	WfString	key;
	WfValue		value;

	if (!context->valid)
		return;
	/* Most contexts have the key in plain sight. */
	if (!context->key_known && by->npaths == 0 && by->kind.data == NULL &&
		wf_flags_context_last_member(context, wf_flags_string(WF_TARGETING_KEY), &value) &&
		value.type == WF_VALUE_STRING && value.u.string.len > 0)
		count_key(flag, value.u.string.data, value.u.string.len);
	else if (wf_flags_program_key(context, flag->program, &key))
		count_key(flag, key.data, key.len);
}

static inline void
count_key(const WfFlag *flag, const char *data, int len)
{
	wf_stats_count_key(&flag->usage->usage, wf_flags_murmur3_finish(&flag->usage->whom, data, len));
}

/* Counts that a flag was asked for which does not exist. */
void
wf_flags_count_unknown(WfString name)
{
	wf_stats_count_unknown(name.data, name.len, WF_REASON_ERROR, WF_ERROR_FLAG_NOT_FOUND);
}

/*
 * Counts what flag_eval() said without running the program, which is run now to
 * see what it says besides; in the rest of the statement it is known.
 */
void
wf_flags_count_shortcut(const WfFlag *flag, WfContext *context, bool enabled)
{
	int64		weight = wf_stats_weight();
	WfOutcome	outcome;

	if (weight == 0)
		return;
	wf_flags_evaluate(flag, context, &wf_flags_cache_callbacks, &outcome);
	count_weighted(flag, context, &outcome, weight);
	if (flag->usage->usage.direct)
		flag->usage->usage.shortcuts[enabled] = outcome_cell(flag, &outcome);
}

static WfUsageCell *
outcome_cell(const WfFlag *flag, const WfOutcome *outcome)
{
	WfFlagUsage *usage = likely(flag->usage != NULL) ? flag->usage : flag_usage(flag);
	WfString	name = {NULL, 0};

	if (outcome->variant >= 0)
		name = flag->program->variants[outcome->variant].name;
	return wf_stats_usage_cell(&usage->usage, outcome->variant, name.data, name.data ? name.len : 0,
							   outcome->reason, outcome->error);
}

/* Begins to count a flag. */
static WfFlagUsage *
flag_usage(const WfFlag *flag)
{
	WfFlagUsage *usage = MemoryContextAllocZero(wf_stats_usage_context(), sizeof(WfFlagUsage));

	wf_stats_usage_begin(&usage->usage, WF_STATS_FLAG, flag->key.data, flag->key.len);
	wf_flags_murmur3_begin(&usage->whom, WF_NATIVE_ROLLOUT_SEED);
	wf_flags_murmur3_add(&usage->whom, flag->key.data, flag->key.len);
	wf_flags_murmur3_add(&usage->whom, ":", 1);
	Assert(flag->program->shortcut != WF_SHORTCUT_SHARE ||
		   memcmp(&usage->whom, &flag->program->fallthrough.share->murmur3, sizeof(WfMurmur3)) == 0);
	dlist_push_head(&usages, &usage->link);
	usage->flag = unconstify(WfFlag *, flag);
	usage->flag->usage = usage;
	return usage;
}

/* The flag is about to be forgotten. */
void
wf_flags_usage_end(WfFlag *flag)
{
	if (flag->usage == NULL)
		return;
	wf_stats_usage_end(&flag->usage->usage);
	dlist_delete(&flag->usage->link);
	pfree(flag->usage);
	flag->usage = NULL;
}

/* All flags are. */
void
wf_flags_usage_end_all(void)
{
	while (!dlist_is_empty(&usages))
		wf_flags_usage_end(dlist_head_element(WfFlagUsage, link, &usages)->flag);
}
