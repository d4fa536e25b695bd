/*
 * eval.c: running a flag's program for a context.  Pure.
 *
 * Nothing is raised here: what goes wrong is an error code in the outcome, and
 * the caller's default is served.
 */
#include "common/compat.h"

#include "flags/bucket.h"
#include "flags/eval.h"

static bool serve_override(const WfProgram *program, const WfOverrides *overrides,
						   WfContext *context, WfOutcome *outcome);
static bool run_rule(const WfProgram *program, const WfFlagRule *rule, WfContext *context,
					 WfOutcome *outcome);
static bool pick_arm(const WfSplit *split, WfContext *context, int *arm, WfOutcome *outcome);
static bool variant_enabled(const WfProgram *program, int variant);
static void serve_variant(const WfProgram *program, int variant, WfReason reason,
						  WfOutcome *outcome);

/*
 * Evaluates a program.  In this order: a broken program, a context that is
 * none, a disabled flag, an override of the targeting key, the rules, the
 * fallthrough to its share, the off variant.
 */
void
wf_flags_evaluate(const WfProgram *program, const WfOverrides *overrides,
				  WfContext *context, WfOutcome *outcome)
{
	outcome->rule = NULL;
	outcome->overridden = false;
	outcome->error = WF_ERROR_NONE;

	if (program->fault != WF_ERROR_NONE)
	{
		wf_flags_outcome_error(outcome, program->fault);
		return;
	}
	if (!context->valid)
	{
		wf_flags_outcome_error(outcome, WF_ERROR_INVALID_CONTEXT);
		return;
	}
	if (!program->enabled)
	{
		serve_variant(program, program->off, WF_REASON_DISABLED, outcome);
		return;
	}
	if (overrides && serve_override(program, overrides, context, outcome))
		return;

	for (int i = 0; i < program->nrules; i++)
	{
		if (run_rule(program, &program->rules[i], context, outcome))
		{
			if (outcome->error == WF_ERROR_NONE)
				outcome->rule = &program->rules[i];
			return;
		}
	}
	if (run_rule(program, &program->fallthrough, context, outcome))
	{
		if (outcome->reason == WF_REASON_TARGETING_MATCH)
			outcome->reason = program->nrules > 0 ? WF_REASON_DEFAULT : WF_REASON_STATIC;
		return;
	}
	serve_variant(program, program->off, WF_REASON_SPLIT, outcome);
}

/* Makes *outcome an error. */
void
wf_flags_outcome_error(WfOutcome *outcome, WfErrorCode error)
{
	outcome->reason = WF_REASON_ERROR;
	outcome->error = error;
	outcome->variant = WF_VARIANT_NONE;
	outcome->enabled = false;
	outcome->rule = NULL;
	outcome->overridden = false;
}

/*
 * The share of keys that a flag is on for, 0 to 1, as far as it can be told
 * without the keys: rules and overrides are taken to match nobody.
 */
double
wf_flags_program_share(const WfProgram *program)
{
	const WfFlagRule *rule = &program->fallthrough;
	const WfSplit *split = rule->serve.split;
	double		rollout = 1;
	double		inside = 0;
	double		outside;

	if (program->fault != WF_ERROR_NONE)
		return 0;
	outside = variant_enabled(program, program->off);
	if (!program->enabled)
		return outside;
	if (rule->share)
		rollout = rule->share->narms == 0 ? 0 : rule->share->arms[0].upper / (double) rule->share->total;
	if (split == NULL)
		inside = variant_enabled(program, rule->serve.variant);
	else
	{
		for (int i = 0; i < split->narms; i++)
		{
			uint32		lower = i > 0 ? split->arms[i - 1].upper : 0;

			if (variant_enabled(program, split->arms[i].variant))
				inside += (split->arms[i].upper - lower) / (double) split->total;
		}
	}
	return rollout * inside + (1 - rollout) * outside;
}

/* Index of a variant by name, or WF_VARIANT_NONE. */
int
wf_flags_variant_index(const WfProgram *program, WfString name)
{
	for (int i = 0; i < program->nvariants; i++)
	{
		const WfString *known = &program->variants[i].name;

		if (known->len == name.len && memcmp(known->data, name.data, name.len) == 0)
			return i;
	}
	return WF_VARIANT_NONE;
}

/* OpenFeature's name of a reason. */
const char *
wf_flags_reason_name(WfReason reason)
{
	switch (reason)
	{
		case WF_REASON_STATIC:
			return "STATIC";
		case WF_REASON_DEFAULT:
			return "DEFAULT";
		case WF_REASON_TARGETING_MATCH:
			return "TARGETING_MATCH";
		case WF_REASON_SPLIT:
			return "SPLIT";
		case WF_REASON_DISABLED:
			return "DISABLED";
		case WF_REASON_ERROR:
			return "ERROR";
	}
	return NULL;
}

/* OpenFeature's name of an error code, or NULL for none. */
const char *
wf_flags_error_name(WfErrorCode error)
{
	switch (error)
	{
		case WF_ERROR_NONE:
			return NULL;
		case WF_ERROR_FLAG_NOT_FOUND:
			return "FLAG_NOT_FOUND";
		case WF_ERROR_PARSE_ERROR:
			return "PARSE_ERROR";
		case WF_ERROR_TYPE_MISMATCH:
			return "TYPE_MISMATCH";
		case WF_ERROR_TARGETING_KEY_MISSING:
			return "TARGETING_KEY_MISSING";
		case WF_ERROR_INVALID_CONTEXT:
			return "INVALID_CONTEXT";
		case WF_ERROR_GENERAL:
			return "GENERAL";
	}
	return NULL;
}

/* Serves what the targeting key is given; false when it is given nothing. */
static bool
serve_override(const WfProgram *program, const WfOverrides *overrides,
			   WfContext *context, WfOutcome *outcome)
{
	const WfOverride *override;
	WfString	key;
	int			variant;

	if (!wf_flags_context_key(context, &key))
		return false;
	override = wf_flags_overrides_find(overrides, key);
	if (override == NULL)
		return false;

	/* A replica may hold an override whose flag has lost the variant. */
	variant = wf_flags_variant_index(program, override->variant);
	if (variant == WF_VARIANT_NONE)
		wf_flags_outcome_error(outcome, WF_ERROR_GENERAL);
	else
		serve_variant(program, variant, WF_REASON_TARGETING_MATCH, outcome);
	outcome->overridden = true;
	return true;
}

/* Runs one rule; false when it misses, true when it decided (or failed). */
static bool
run_rule(const WfProgram *program, const WfFlagRule *rule, WfContext *context, WfOutcome *outcome)
{
	WfReason	reason = WF_REASON_TARGETING_MATCH;
	int			variant = rule->serve.variant;
	int			arm;

	if (rule->condition && !wf_flags_condition_holds(context, rule->condition))
		return false;

	if (rule->share)
	{
		if (!pick_arm(rule->share, context, &arm, outcome))
			return true;
		if (arm == WF_BUCKET_NONE)
			return false;
		reason = WF_REASON_SPLIT;
	}
	if (rule->serve.split)
	{
		if (!pick_arm(rule->serve.split, context, &arm, outcome))
			return true;
		variant = arm == WF_BUCKET_NONE ? program->off : rule->serve.split->arms[arm].variant;
		reason = WF_REASON_SPLIT;
	}
	serve_variant(program, variant, reason, outcome);
	return true;
}

/* Finds the context's arm in a split; false, with an error, without a key. */
static bool
pick_arm(const WfSplit *split, WfContext *context, int *arm, WfOutcome *outcome)
{
	WfString	text;

	/* A share of nobody asks for no key. */
	if (split->narms == 0)
	{
		*arm = WF_BUCKET_NONE;
		return true;
	}
	if (split->attribute.is_key ? !wf_flags_context_key(context, &text)
		: !wf_flags_attribute_text(context, &split->attribute, &text))
	{
		wf_flags_outcome_error(outcome, WF_ERROR_TARGETING_KEY_MISSING);
		return false;
	}
	text = wf_flags_encode_text(split->encoding, text);
	*arm = wf_flags_split_arm(split, wf_flags_split_position(split, text.data, text.len));
	return true;
}

static bool
variant_enabled(const WfProgram *program, int variant)
{
	return variant != WF_VARIANT_NONE && program->variants[variant].enabled;
}

static void
serve_variant(const WfProgram *program, int variant, WfReason reason, WfOutcome *outcome)
{
	outcome->reason = reason;
	outcome->variant = variant;
	outcome->enabled = variant_enabled(program, variant);
}
