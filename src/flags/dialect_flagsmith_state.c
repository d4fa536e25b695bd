/*
 * dialect_flagsmith_state.c: the states of features in environment documents.  Pure.
 *
 * state := {"django_id" | "featurestate_uuid", "enabled",
 * "feature_state_value", "feature": {"id", "name"}, "feature_segment":
 * {"priority"}, "multivariate_feature_state_values": [{"id" | "mv_fs_value_uuid",
 * "percentage_allocation", "multivariate_feature_option": {"value", "key"}}, ...]}
 *
 * becomes what the engine calls a feature.
 */
#include "common/compat.h"

#include "utils/fmgrprotos.h"

#include "flags/dialect_flagsmith.h"
#include "flags/document.h"
#include "flags/json.h"

static bool find_feature(JsonbContainer *feature_state, const char *path, WfFault *fault,
						 JsonbContainer **feature);
static bool push_variants(JsonbParseState **state, JsonbContainer *feature_state, const char *path,
						  WfFault *fault);
static bool push_variant(JsonbParseState **state, JsonbContainer *variant, const char *path, WfFault *fault);
static bool uuid_number(const WfValue *uuid, WfValue *number);

/* What a state is to the engine, and the name of its feature; NULL, with a fault. */
Jsonb *
wf_flags_flagsmith_read_state(JsonbContainer *feature_state, const char *path, WfFault *fault, WfString *name)
{
	JsonbParseState *state = NULL;
	JsonbContainer *feature;
	JsonbContainer *object;
	JsonbValue	value;
	WfValue		key;

	if (!find_feature(feature_state, path, fault, &feature) ||
		!wf_flags_flagsmith_feature_name(feature_state, path, fault, name))
		return NULL;
	wf_flags_json_begin(&state);
	if (!wf_flags_flagsmith_member(feature_state, "django_id", &key) || !wf_flags_js_truthy(&key))
		(void) wf_flags_flagsmith_member(feature_state, "featurestate_uuid", &key);
	wf_flags_json_string(&state, "key", key.type == WF_VALUE_NULL ? wf_flags_string("")
						 : wf_flags_python_string(&key));
	wf_flags_json_string(&state, "name", *name);
	wf_flags_flagsmith_push_member(&state, "enabled", feature_state, "enabled");
	wf_flags_flagsmith_push_member(&state, "value", feature_state, "feature_state_value");
	if (!push_variants(&state, feature_state, path, fault))
		return NULL;
	if (wf_flags_document_member(feature_state, "feature_segment", &value) && value.type != jbvNull)
	{
		if (!wf_flags_document_object(&value, psprintf("%s.feature_segment", path), fault, &object))
			return NULL;
		if (wf_flags_document_member(object, "priority", &value))
			wf_flags_flagsmith_push_member(&state, "priority", object, "priority");
	}
	wf_flags_json_key(&state, "metadata");
	wf_flags_json_begin(&state);
	wf_flags_flagsmith_push_member(&state, "id", feature, "id");
	wf_flags_json_close_object(&state);
	return wf_flags_json_end(&state);
}

/* Expects the name of the feature that a state is of. */
bool
wf_flags_flagsmith_feature_name(JsonbContainer *feature_state, const char *path, WfFault *fault, WfString *name)
{
	JsonbContainer *feature;
	JsonbValue	value;

	if (!find_feature(feature_state, path, fault, &feature))
		return false;
	if (!wf_flags_document_member(feature, "name", &value))
		return wf_flags_document_fault(fault, psprintf("%s.feature", path), "expected \"name\"");
	return wf_flags_document_string(&value, psprintf("%s.feature.name", path), fault, name);
}

/* A member of an object under another key; null where it is absent. */
void
wf_flags_flagsmith_push_member(JsonbParseState **state, const char *key, JsonbContainer *object, const char *name)
{
	WfValue		value;

	(void) wf_flags_flagsmith_member(object, name, &value);
	wf_flags_json_value(state, key, &value);
}

static bool
find_feature(JsonbContainer *feature_state, const char *path, WfFault *fault, JsonbContainer **feature)
{
	JsonbValue	value;

	if (!wf_flags_document_member(feature_state, "feature", &value))
		return wf_flags_document_fault(fault, path, "expected \"feature\"");
	return wf_flags_document_object(&value, psprintf("%s.feature", path), fault, feature);
}

static bool
push_variants(JsonbParseState **state, JsonbContainer *feature_state, const char *path, WfFault *fault)
{
	JsonbContainer *array;
	JsonbContainer *variant;
	int			length;

	if (!wf_flags_flagsmith_array(feature_state, WF_FLAGSMITH_STATE_VARIANTS, path, fault, &array, &length))
		return false;
	if (length == 0)
		return true;
	wf_flags_json_open_array(state, "variants");
	for (int i = 0; i < length; i++)
	{
		const char *place = psprintf("%s.%s[%d]", path, WF_FLAGSMITH_STATE_VARIANTS, i);

		if (!wf_flags_flagsmith_element(array, i, place, fault, &variant) ||
			!push_variant(state, variant, place, fault))
			return false;
	}
	wf_flags_json_close_array(state);
	return true;
}

static bool
push_variant(JsonbParseState **state, JsonbContainer *variant, const char *path, WfFault *fault)
{
	JsonbContainer *option;
	JsonbValue	value;
	WfValue		weight;
	WfValue		priority;
	WfValue		uuid;
	WfValue		key;

	if (!wf_flags_document_member(variant, WF_FLAGSMITH_VARIANT_OPTION, &value))
		return wf_flags_document_fault(fault, path, "expected \"%s\"", WF_FLAGSMITH_VARIANT_OPTION);
	if (!wf_flags_document_object(&value, psprintf("%s.%s", path, WF_FLAGSMITH_VARIANT_OPTION),
								  fault, &option))
		return false;
	if (!wf_flags_flagsmith_member(variant, "percentage_allocation", &weight) ||
		weight.type != WF_VALUE_NUMBER)
		return wf_flags_document_fault(fault, psprintf("%s.percentage_allocation", path),
									   "expected a percentage");
	wf_flags_json_begin(state);
	if (wf_flags_flagsmith_member(option, "key", &key))
		wf_flags_json_value(state, "key", &key);
	wf_flags_flagsmith_push_member(state, "value", option, "value");
	wf_flags_json_value(state, "weight", &weight);
	if ((wf_flags_flagsmith_member(variant, "id", &priority) && wf_flags_js_truthy(&priority)) ||
		(wf_flags_flagsmith_member(variant, "mv_fs_value_uuid", &uuid) && uuid_number(&uuid, &priority)))
		wf_flags_json_value(state, "priority", &priority);
	wf_flags_json_close_object(state);
	return true;
}

/* A UUID as the number that its digits are. */
static bool
uuid_number(const WfValue *uuid, WfValue *number)
{
	char		digits[33];
	int			ndigits = 0;
	Datum		parts[2];

	if (uuid->type != WF_VALUE_STRING)
		return false;
	for (int i = 0; i < uuid->u.string.len; i++)
	{
		char		byte = uuid->u.string.data[i];

		if (byte == '-')
			continue;
		if (ndigits == 32 || !isxdigit((unsigned char) byte))
			return false;
		digits[ndigits++] = byte;
	}
	if (ndigits != 32)
		return false;

	digits[32] = '\0';
	for (int i = 1; i >= 0; i--)
	{
		parts[i] = DirectFunctionCall3(numeric_in,
									   CStringGetDatum(psprintf(UINT64_FORMAT, (uint64) strtoull(digits + 16 * i, NULL, 16))),
									   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
		digits[16] = '\0';
	}
	number->type = WF_VALUE_NUMBER;
	number->u.number.exact =
		DatumGetNumeric(DirectFunctionCall2(numeric_add,
											DirectFunctionCall2(numeric_mul, parts[0],
																DirectFunctionCall3(numeric_in,
																					CStringGetDatum("18446744073709551616"),
																					ObjectIdGetDatum(InvalidOid),
																					Int32GetDatum(-1))),
											parts[1]));
	return true;
}
