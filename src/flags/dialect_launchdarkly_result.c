/*
 * dialect_launchdarkly_result.c: results in LaunchDarkly's own shape.  Pure.
 *
 * {"value": value, "variationIndex": index | null, "reason": {"kind": text, ...}}
 */
#include "common/compat.h"

#include "flags/dialect_launchdarkly.h"
#include "flags/json.h"

static void push_reason(JsonbParseState **state, const WfResult *result);
static void push_rule(JsonbParseState **state, const WfFlagRule *rule);
static const char *error_kind(const WfOutcome *outcome);
static bool in_experiment(const WfResult *result);

/* WfDialect.result. */
Jsonb *
wf_flags_launchdarkly_result(const WfResult *result)
{
	JsonbParseState *state = NULL;
	WfValue		index = {.type = WF_VALUE_NULL};

	if (result->outcome->variant >= 0)
		wf_flags_value_set_double(&index, result->outcome->variant);
	wf_flags_json_begin(&state);
	wf_flags_json_document(&state, "value", result->value);
	wf_flags_json_value(&state, "variationIndex", &index);
	wf_flags_json_key(&state, "reason");
	push_reason(&state, result);
	return wf_flags_json_end(&state);
}

static void
push_reason(JsonbParseState **state, const WfResult *result)
{
	const WfOutcome *outcome = result->outcome;

	wf_flags_json_begin(state);
	if (outcome->error != WF_ERROR_NONE)
	{
		wf_flags_json_text(state, "kind", "ERROR");
		wf_flags_json_text(state, "errorKind", error_kind(outcome));
	}
	else if (outcome->overridden)
		wf_flags_json_text(state, "kind", "TARGET_MATCH");
	else if (outcome->rule == NULL)
		wf_flags_json_text(state, "kind", "OFF");
	else
		push_rule(state, outcome->rule);
	if (in_experiment(result))
		wf_flags_json_boolean(state, "inExperiment", true);
	/* The database is what a client without a store for big segments is. */
	if (outcome->members_unknown)
		wf_flags_json_text(state, "bigSegmentsStatus", "NOT_CONFIGURED");
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static void
push_rule(JsonbParseState **state, const WfFlagRule *rule)
{
	switch ((WfLaunchdarklyStage) rule->stage)
	{
		case WF_LAUNCHDARKLY_FALLTHROUGH:
			wf_flags_json_text(state, "kind", "FALLTHROUGH");
			break;
		case WF_LAUNCHDARKLY_RULE:
			wf_flags_json_text(state, "kind", "RULE_MATCH");
			wf_flags_json_number(state, "ruleIndex", rule->index);
			if (rule->detail)
				wf_flags_json_string(state, "ruleId", *(const WfString *) rule->detail);
			break;
		case WF_LAUNCHDARKLY_TARGET:
			wf_flags_json_text(state, "kind", "TARGET_MATCH");
			break;
		case WF_LAUNCHDARKLY_PREREQUISITE:
			wf_flags_json_text(state, "kind", "PREREQUISITE_FAILED");
			wf_flags_json_string(state, "prerequisiteKey", *(const WfString *) rule->detail);
			break;
	}
}

static const char *
error_kind(const WfOutcome *outcome)
{
	switch (outcome->error)
	{
		case WF_ERROR_FLAG_NOT_FOUND:
			return "FLAG_NOT_FOUND";
		case WF_ERROR_PARSE_ERROR:
			return "MALFORMED_FLAG";
		case WF_ERROR_TYPE_MISMATCH:
			return "WRONG_TYPE";
		case WF_ERROR_TARGETING_KEY_MISSING:
		case WF_ERROR_INVALID_CONTEXT:
			return "USER_NOT_SPECIFIED";
		default:
			return "EXCEPTION";
	}
}

/*
 * Whether an experiment counts the result.  It does not where the context
 * lacks the kind that is experimented with, and is at position 0 therefore.
 */
static bool
in_experiment(const WfResult *result)
{
	const WfOutcome *outcome = result->outcome;
	const WfArm *arm;

	if (outcome->error != WF_ERROR_NONE || outcome->split == NULL || outcome->arm < 0)
		return false;
	arm = &outcome->split->arms[outcome->arm];
	if (arm->detail == NULL)
		return false;
	return wf_flags_context_of_kind(result->context, outcome->split->attribute.kind, NULL) ||
		outcome->position >= arm->upper;
}
