/*
 * dialect_flagsmith_result.c: results in Flagsmith's own shape.  Pure.
 *
 * {value, enabled, reason, variant, metadata?, segments: [{name, metadata?}, ...]}
 *
 * The segments are all that the identity is in, whatever the flag.
 */
#include "common/compat.h"

#include "flags/dialect_flagsmith.h"
#include "flags/eval.h"
#include "flags/json.h"
#include "flags/segment.h"

static WfString reason_text(const WfOutcome *outcome, const WfFlagsmithServed *served);
static void push_segments(JsonbParseState **state, const WfResult *result);
static void push_metadata(JsonbParseState **state, const WfValue *metadata);

/* WfDialect.result. */
Jsonb *
wf_flags_flagsmith_result(const WfResult *result)
{
	const WfOutcome *outcome = result->outcome;
	const WfFlagsmithServed *served = NULL;
	JsonbParseState *state = NULL;
	WfValue		variant = {.type = WF_VALUE_NULL};
	WfValue		metadata = {.type = WF_VALUE_NULL};

	if (outcome->rule && outcome->error == WF_ERROR_NONE)
		served = outcome->rule->detail;
	if (served)
		metadata = served->metadata;
	else if (outcome->overridden && result->flag->program->metadata)
		wf_flags_value_from_root(result->flag->program->metadata, &metadata);
	if (outcome->variant != WF_VARIANT_NONE &&
		result->flag->program->variants[outcome->variant].name.data)
		wf_flags_value_set_string(&variant, result->flag->program->variants[outcome->variant].name);

	wf_flags_json_begin(&state);
	wf_flags_json_document(&state, "value", result->value);
	wf_flags_json_boolean(&state, "enabled", outcome->enabled);
	wf_flags_json_string(&state, "reason", reason_text(outcome, served));
	wf_flags_json_value(&state, "variant", &variant);
	push_metadata(&state, &metadata);
	push_segments(&state, result);
	return wf_flags_json_end(&state);
}

/* Errors, which the engine has none of, are written alike. */
static WfString
reason_text(const WfOutcome *outcome, const WfFlagsmithServed *served)
{
	const WfString *weight = NULL;

	if (outcome->error != WF_ERROR_NONE)
		return wf_flags_string(psprintf("ERROR; code=%s", wf_flags_error_name(outcome->error)));
	if (served == NULL)
		return wf_flags_string("TARGETING_MATCH");
	if (outcome->split && outcome->arm >= 0)
		weight = outcome->split->arms[outcome->arm].detail;
	if (weight)
		return wf_flags_string(psprintf("SPLIT; weight=%.*s", weight->len, weight->data));
	if (served->segment)
		return wf_flags_string(psprintf("TARGETING_MATCH; segment=%.*s", served->segment->name.len,
										served->segment->name.data));
	return wf_flags_string("DEFAULT");
}

static void
push_segments(JsonbParseState **state, const WfResult *result)
{
	const WfFlagsmithShared *shared = result->shared ? result->shared->data : NULL;

	wf_flags_json_open_array(state, "segments");
	for (int i = 0; shared && result->context->valid && i < shared->nsegments; i++)
	{
		const WfFlagsmithSegment *segment = &shared->segments[i];

		if (!wf_flags_segment_has(&segment->segment, result->flag, result->context, result->callbacks))
			continue;
		wf_flags_json_begin(state);
		wf_flags_json_string(state, "name", segment->name);
		push_metadata(state, &segment->metadata);
		wf_flags_json_close_object(state);
	}
	wf_flags_json_close_array(state);
}

/* Metadata without members is left out. */
static void
push_metadata(JsonbParseState **state, const WfValue *metadata)
{
	if (metadata->type == WF_VALUE_OBJECT && wf_flags_value_length(metadata) > 0)
		wf_flags_json_value(state, "metadata", metadata);
}
