/*
 * dialect_unleash_result.c: what an Unleash client answers.  Pure.
 *
 * {"enabled": boolean, "variant": {"name", "enabled", "payload", "feature_enabled"}}
 */
#include "common/compat.h"

#include "flags/dialect_unleash.h"
#include "flags/json.h"

/* WfDialect.result.  A flag that does not exist is what the caller falls back to. */
Jsonb *
wf_flags_unleash_result(const WfResult *result)
{
	const WfOutcome *outcome = result->outcome;
	const WfVariant *variant = NULL;
	bool		enabled = outcome->enabled;
	JsonbParseState *state = NULL;

	if (result->flag == NULL && result->value)
	{
		WfValue		fallback;

		wf_flags_value_from_root(result->value, &fallback);
		enabled = fallback.type == WF_VALUE_BOOLEAN && fallback.u.boolean;
	}
	if (outcome->variant >= WF_UNLEASH_OWN)
		variant = &result->flag->program->variants[outcome->variant];

	wf_flags_json_begin(&state);
	wf_flags_json_boolean(&state, "enabled", enabled);
	wf_flags_json_key(&state, "variant");
	wf_flags_json_begin(&state);
	wf_flags_json_string(&state, "name", variant ? variant->name : wf_flags_string("disabled"));
	wf_flags_json_boolean(&state, "enabled", variant != NULL);
	wf_flags_json_boolean(&state, "feature_enabled", outcome->enabled);
	if (variant && variant->detail)
		wf_flags_json_document(&state, "payload", unconstify(Jsonb *, (const Jsonb *) variant->detail));
	wf_flags_json_close_object(&state);
	return wf_flags_json_end(&state);
}
