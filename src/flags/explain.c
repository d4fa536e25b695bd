/*
 * explain.c: what a flag says for a context, and why.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "flags/cache.h"
#include "flags/context.h"
#include "flags/past.h"
#include "flags/result.h"

PG_FUNCTION_INFO_V1(wf_flag_explain);

/*
 * flag_explain(flag text, context jsonb, default_value jsonb, options jsonb)
 *   -> (value, variant, enabled, reason, error_code, rule, metadata, vendor)
 *
 * As flag_value(), with why; also as it was, where options ask for that.
 * Raises an error for options that are wrong, and for nothing else.
 */
Datum
wf_flag_explain(PG_FUNCTION_ARGS)
{
	WfResult	result = {0};
	WfCallbacks callbacks;
	WfExplainOptions options;
	WfPast	   *past = NULL;
	WfContext	context;
	WfOutcome	outcome;

	wf_flags_explain_options(PG_ARGISNULL(3) ? NULL : PG_GETARG_JSONB_P(3), false, &options);
	wf_flags_context_from_json(&context, PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1));
	wf_flags_cache_ensure();
	callbacks = *wf_flags_callbacks();
	if (!PG_ARGISNULL(0))
	{
		text	   *key = PG_GETARG_TEXT_PP(0);
		WfString	name = {VARDATA_ANY(key), VARSIZE_ANY_EXHDR(key)};

		past = wf_flags_past_open(&options, name);
		if (past)
		{
			callbacks = wf_flags_past_callbacks;
			callbacks.arg = past;
			result.flag = wf_flags_past_find(past, name);
		}
		else
		{
			callbacks.arg = &options.moment;
			result.flag = wf_flags_store_find(name);
		}
	}
	/* What was is shown as it was, but for the option. */
	if (options.preview)
		callbacks.preview = options.preview;
	result.context = &context;
	result.callbacks = &callbacks;
	if (result.flag)
	{
		result.dialect = result.flag->program->dialect;
		result.shared = result.flag->shared;
		wf_flags_evaluate(result.flag, &context, &callbacks, &outcome);
		result.as_of_now = wf_flags_past_as_of_now(past);
	}
	else
		wf_flags_outcome_error(&outcome, WF_ERROR_FLAG_NOT_FOUND);
	return wf_flags_explain_row(fcinfo, &options, &result, &outcome,
								PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2), NULL);
}
