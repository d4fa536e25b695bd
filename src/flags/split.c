/*
 * split.c: choosing an arm of a split for a context.  Pure.
 */
#include "common/compat.h"

#include "flags/bucket.h"
#include "flags/clock.h"
#include "flags/run.h"

/* How many different random inputs there are. */
#define RANDOM_INPUTS 10000

static bool decided_by_clock(WfRun *run, const WfSplit *split, int *arm);
static bool missing_key(WfRun *run, const WfSplit *split, int *arm, double *position);
static bool find_position(WfRun *run, const WfSplit *split, WfString input, int *arm, double *position);
static int	arm_at(WfRun *run, const WfSplit *split, double position);

/*
 * Chooses an arm; *arm is -1 where none is chosen.  False where the evaluation
 * has failed.
 */
bool
wf_flags_split_choose(WfRun *run, const WfSplit *split, int *arm, double *position)
{
	WfString	input;
	WfValue		value;

	*arm = -1;
	*position = 0;
	/* A share of nobody asks for no key. */
	if (split->narms == 0 || (split->schedule && decided_by_clock(run, split, arm)))
		return true;

	if (split->subject)
	{
		wf_flags_node_value(run, split->subject, &value);
		if (run->error != WF_ERROR_NONE)
			return false;
	}
	else
		(void) wf_flags_attribute_fetch(run, &split->attribute, &value);
	if (!wf_flags_value_key(&value, split->form, &input))
		return missing_key(run, split, arm, position);
	return find_position(run, split, input, arm, position);
}

/* The text of a value that is hashed or looked up; false where it has none. */
bool
wf_flags_value_key(const WfValue *value, WfKeyForm form, WfString *key)
{
	if (form == WF_KEY_JS)
	{
		if (!wf_flags_js_truthy(value))
			return false;
		*key = wf_flags_js_string(value);
		return true;
	}
	if (form == WF_KEY_PYTHON)
	{
		if (value->type <= WF_VALUE_NULL)
			return false;
		*key = wf_flags_python_string(value);
		return true;
	}

	switch (value->type)
	{
		case WF_VALUE_STRING:
			*key = value->u.string;
			return key->len > 0 || form == WF_KEY_STRING_OR_INTEGER;
		case WF_VALUE_NUMBER:
			if (form == WF_KEY_STRING ||
				(form == WF_KEY_STRING_OR_INTEGER && !wf_flags_value_is_integer(value)))
				return false;
			*key = value->u.number.exact ? wf_flags_string(numeric_normalize(value->u.number.exact))
				: wf_flags_js_number_text(value->u.number.approximate);
			return true;
		case WF_VALUE_BOOLEAN:
			if (form != WF_KEY_SCALAR)
				return false;
			*key = wf_flags_string(value->u.boolean ? "true" : "false");
			return true;
		default:
			return false;
	}
}

/* Whether a share that the clock gives is nobody's or everybody's now. */
static bool
decided_by_clock(WfRun *run, const WfSplit *split, int *arm)
{
	uint32		share = wf_flags_schedule_share(split->schedule,
												run->callbacks->now(run->callbacks->arg));

	*arm = share == WF_SHARE_TOTAL ? 0 : -1;
	return share == 0 || share == WF_SHARE_TOTAL;
}

static bool
missing_key(WfRun *run, const WfSplit *split, int *arm, double *position)
{
	char		text[12];

	switch (split->missing)
	{
		case WF_MISSING_ERROR:
			wf_flags_run_fail(run, WF_ERROR_TARGETING_KEY_MISSING, WF_CAUSE_NONE);
			return false;
		case WF_MISSING_NONE:
			return true;
		case WF_MISSING_ZERO:
			*arm = arm_at(run, split, 0);
			return true;
		case WF_MISSING_RANDOM:
			snprintf(text, sizeof(text), "%u",
					 run->callbacks->random(run->callbacks->arg) % RANDOM_INPUTS + 1);
			return find_position(run, split, wf_flags_string(text), arm, position);
	}
	return false;
}

static bool
find_position(WfRun *run, const WfSplit *split, WfString input, int *arm, double *position)
{
	if (!wf_flags_split_position(split, input, position))
	{
		wf_flags_run_fail(run, WF_ERROR_GENERAL, WF_CAUSE_NONE);
		return false;
	}
	*arm = arm_at(run, split, *position);
	return true;
}

static int
arm_at(WfRun *run, const WfSplit *split, double position)
{
	if (split->schedule)
		return position < wf_flags_schedule_share(split->schedule, run->callbacks->now(run->callbacks->arg)) ? 0 : -1;
	return wf_flags_split_arm(split, position);
}
