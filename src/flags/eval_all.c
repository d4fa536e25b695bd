/*
 * eval_all.c: what all flags say for one context.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "flags/cache.h"
#include "flags/context.h"
#include "flags/listing.h"
#include "flags/past.h"
#include "flags/result.h"
#include "flags/usage.h"

PG_FUNCTION_INFO_V1(wf_flag_eval_all);

static void collect(void *arg, const WfFlag *flag);
static int	compare_keys(const void *a, const void *b);

/*
 * flag_eval_all(context jsonb, options jsonb)
 *   -> rows (flag, value, variant, enabled, reason, error_code, rule, metadata, vendor)
 *
 * A row a flag, by key, as flag_explain() says it.
 */
Datum
wf_flag_eval_all(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rows = (ReturnSetInfo *) fcinfo->resultinfo;
	WfCallbacks callbacks;
	WfFlagListing list;
	WfExplainOptions options;
	WfPast	   *past;
	Jsonb	   *attributes = PG_ARGISNULL(0) ? NULL : PG_GETARG_JSONB_P(0);

	wf_flags_explain_options(PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1), false, &options);
	if (options.version > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a version is one of a single flag"),
				 errhint("Give the option as_of for all flags as they were at a time, or call wishflags.flag_explain().")));
	wf_init_materialized_srf(fcinfo);
	wf_flags_cache_ensure();
	past = wf_flags_past_open(&options, wf_flags_string(""));
	if (past)
	{
		callbacks = wf_flags_past_callbacks;
		callbacks.arg = past;
		wf_flags_past_list(past, &list);
	}
	else
	{
		callbacks = *wf_flags_callbacks();
		callbacks.arg = &options.moment;
		wf_flags_list_flags(&list);
	}
	if (options.preview)
		callbacks.preview = options.preview;

	for (int i = 0; i < list.count; i++)
	{
		const WfFlag *flag = list.flags[i];
		Datum		values[WF_EXPLAIN_COUNT + 1];
		bool		nulls[WF_EXPLAIN_COUNT + 1] = {false};
		WfResult	result = {0};
		WfContext	context;
		WfOutcome	outcome;

		CHECK_FOR_INTERRUPTS();
		wf_flags_context_from_json(&context, attributes);
		result.dialect = flag->program->dialect;
		result.flag = flag;
		result.shared = flag->shared;
		result.context = &context;
		result.callbacks = &callbacks;
		wf_flags_evaluate(flag, &context, &callbacks, &outcome);
		result.as_of_now = wf_flags_past_as_of_now(past);
		/* What flags were is looked into by people. */
		if (past == NULL)
			wf_flags_count(flag, &context, &outcome);
		values[0] = PointerGetDatum(cstring_to_text_with_len(flag->key.data, flag->key.len));
		wf_flags_explain_values(&options, &result, &outcome, NULL, NULL, values + 1, nulls + 1);
		tuplestore_putvalues(rows->setResult, rows->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* All flags but archived ones, in the order of their keys, in the current memory context. */
void
wf_flags_list_flags(WfFlagListing *listing)
{
	listing->count = 0;
	listing->capacity = 64;
	listing->flags = palloc(sizeof(WfFlag *) * listing->capacity);
	wf_flags_store_each(collect, listing);
	qsort(listing->flags, listing->count, sizeof(WfFlag *), compare_keys);
}

static void
collect(void *arg, const WfFlag *flag)
{
	WfFlagListing *list = (WfFlagListing *) arg;

	if (flag->archived)
		return;
	if (list->count == list->capacity)
	{
		list->capacity *= 2;
		list->flags = repalloc(list->flags, sizeof(WfFlag *) * list->capacity);
	}
	list->flags[list->count++] = flag;
}

static int
compare_keys(const void *a, const void *b)
{
	return wf_flags_strings_compare((*(const WfFlag *const *) a)->key, (*(const WfFlag *const *) b)->key);
}
