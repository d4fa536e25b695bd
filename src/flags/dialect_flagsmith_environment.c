/*
 * dialect_flagsmith_environment.c: the API's environment document.  Pure.
 *
 * {"api_key", "name", "feature_states": [state, ...], "project": {"segments":
 * [{"id", "name", "rules", "feature_states"}, ...]}, "identity_overrides":
 * [{"identifier", "identity_features": [state, ...]}, ...]}
 *
 * with state := {"django_id" | "featurestate_uuid", "enabled",
 * "feature_state_value", "feature": {"id", "name"}, "feature_segment":
 * {"priority"}, "multivariate_feature_state_values": [{"id" | "mv_fs_value_uuid",
 * "percentage_allocation", "multivariate_feature_option": {"value", "key"}}, ...]}
 *
 * becomes what the engine is given.
 */
#include "common/compat.h"

#include "utils/fmgrprotos.h"

#include "flags/dialect_flagsmith.h"
#include "flags/document.h"
#include "flags/json.h"

/* State of one conversion. */
typedef struct Converter
{
	JsonbParseState *state;
	WfFault    *fault;
} Converter;

static bool push_features(Converter *converter, JsonbContainer *environment);
static bool push_segments(Converter *converter, JsonbContainer *environment);
static bool push_segment(Converter *converter, JsonbValue *value, const char *path);
static bool push_rules(Converter *converter, JsonbContainer *owner, const char *path, int depth);
static bool push_conditions(Converter *converter, JsonbContainer *rule, const char *path);
static bool push_state(Converter *converter, JsonbContainer *feature_state, const char *path, WfString name);
static bool push_variants(Converter *converter, JsonbContainer *feature_state, const char *path);
static bool push_variant(Converter *converter, JsonbContainer *variant, const char *path);
static bool uuid_number(const WfValue *uuid, WfValue *number);

/* The engine's document for an environment's; NULL, with a fault. */
Jsonb *
wf_flags_flagsmith_from_environment(JsonbContainer *environment, WfFault *fault)
{
	Converter	converter = {NULL, fault};
	JsonbValue	value;
	WfString	key;

	if (!wf_flags_document_member(environment, "api_key", &value))
	{
		(void) wf_flags_document_fault(fault, "$", "expected \"api_key\", the environment's key");
		return NULL;
	}
	if (!wf_flags_document_string(&value, "$.api_key", fault, &key))
		return NULL;
	wf_flags_json_begin(&converter.state);
	wf_flags_json_key(&converter.state, "environment");
	wf_flags_json_begin(&converter.state);
	wf_flags_json_string(&converter.state, "key", key);
	wf_flags_flagsmith_push_member(&converter.state, "name", environment, "name");
	wf_flags_json_close_object(&converter.state);

	if (!push_features(&converter, environment))
		return NULL;
	wf_flags_json_key(&converter.state, "segments");
	wf_flags_json_begin(&converter.state);
	if (!push_segments(&converter, environment) || !wf_flags_flagsmith_push_identities(&converter.state, environment, fault))
		return NULL;
	wf_flags_json_close_object(&converter.state);
	return wf_flags_json_end(&converter.state);
}

static bool
push_features(Converter *converter, JsonbContainer *environment)
{
	JsonbContainer *array;
	JsonbContainer *object;
	JsonbValue	value;
	WfString	name;
	int			length;

	if (!wf_flags_document_member(environment, "feature_states", &value))
		return wf_flags_document_fault(converter->fault, "$", "expected \"feature_states\", the environment's features");
	if (!wf_flags_document_array(&value, "$.feature_states", converter->fault, &array, &length))
		return false;
	wf_flags_json_key(&converter->state, "features");
	wf_flags_json_begin(&converter->state);
	for (int i = 0; i < length; i++)
	{
		const char *path = psprintf("$.feature_states[%d]", i);

		if (!wf_flags_flagsmith_element(array, i, path, converter->fault, &object) ||
			!wf_flags_flagsmith_feature_name(object, path, converter->fault, &name))
			return false;
		wf_flags_json_key(&converter->state, name.data);
		if (!push_state(converter, object, path, name))
			return false;
	}
	wf_flags_json_close_object(&converter->state);
	return true;
}

static bool
push_segments(Converter *converter, JsonbContainer *environment)
{
	JsonbContainer *project;
	JsonbContainer *array;
	JsonbValue	value;
	int			length;

	if (!wf_flags_document_member(environment, "project", &value) || value.type == jbvNull)
		return true;
	if (!wf_flags_document_object(&value, "$.project", converter->fault, &project) ||
		!wf_flags_flagsmith_array(project, "segments", "$.project", converter->fault, &array, &length))
		return false;
	for (int i = 0; i < length; i++)
	{
		wf_flags_document_element(array, i, &value);
		if (!push_segment(converter, &value, psprintf("$.project.segments[%d]", i)))
			return false;
	}
	return true;
}

static bool
push_segment(Converter *converter, JsonbValue *value, const char *path)
{
	JsonbContainer *segment;
	JsonbContainer *array;
	JsonbContainer *object;
	WfString	key;
	WfString	name;
	WfValue		id;
	int			length;

	if (!wf_flags_document_object(value, path, converter->fault, &segment))
		return false;
	if (!wf_flags_flagsmith_member(segment, "id", &id))
		return wf_flags_document_fault(converter->fault, path, "expected \"id\"");
	key = wf_flags_python_string(&id);
	wf_flags_json_key(&converter->state, pnstrdup(key.data, key.len));
	wf_flags_json_begin(&converter->state);
	wf_flags_json_string(&converter->state, "key", key);
	wf_flags_flagsmith_push_member(&converter->state, "name", segment, "name");
	if (!push_rules(converter, segment, path, 1))
		return false;

	if (!wf_flags_flagsmith_array(segment, "feature_states", path, converter->fault, &array, &length))
		return false;
	wf_flags_json_open_array(&converter->state, "overrides");
	for (int i = 0; i < length; i++)
	{
		const char *place = psprintf("%s.feature_states[%d]", path, i);

		if (!wf_flags_flagsmith_element(array, i, place, converter->fault, &object) ||
			!wf_flags_flagsmith_feature_name(object, place, converter->fault, &name) ||
			!push_state(converter, object, place, name))
			return false;
	}
	wf_flags_json_close_array(&converter->state);

	wf_flags_json_key(&converter->state, "metadata");
	wf_flags_json_begin(&converter->state);
	wf_flags_json_value(&converter->state, "id", &id);
	wf_flags_json_text(&converter->state, "source", "api");
	wf_flags_json_close_object(&converter->state);
	wf_flags_json_close_object(&converter->state);
	return true;
}

static bool
push_rules(Converter *converter, JsonbContainer *owner, const char *path, int depth)
{
	JsonbContainer *array;
	JsonbContainer *rule;
	int			length;

	if (!wf_flags_flagsmith_array(owner, "rules", path, converter->fault, &array, &length))
		return false;
	if (length > 0 && depth > WF_DEPTH_MAX)
		return wf_flags_document_fault(converter->fault, path, "rules are nested deeper than %d levels",
									   WF_DEPTH_MAX);
	wf_flags_json_open_array(&converter->state, "rules");
	for (int i = 0; i < length; i++)
	{
		const char *place = psprintf("%s.rules[%d]", path, i);

		if (!wf_flags_flagsmith_element(array, i, place, converter->fault, &rule))
			return false;
		wf_flags_json_begin(&converter->state);
		wf_flags_flagsmith_push_member(&converter->state, "type", rule, "type");
		if (!push_conditions(converter, rule, place) || !push_rules(converter, rule, place, depth + 1))
			return false;
		wf_flags_json_close_object(&converter->state);
	}
	wf_flags_json_close_array(&converter->state);
	return true;
}

static bool
push_conditions(Converter *converter, JsonbContainer *rule, const char *path)
{
	JsonbContainer *array;
	JsonbContainer *condition;
	WfValue		property;
	int			length;

	if (!wf_flags_flagsmith_array(rule, "conditions", path, converter->fault, &array, &length))
		return false;
	wf_flags_json_open_array(&converter->state, "conditions");
	for (int i = 0; i < length; i++)
	{
		if (!wf_flags_flagsmith_element(array, i, psprintf("%s.conditions[%d]", path, i), converter->fault, &condition))
			return false;
		wf_flags_json_begin(&converter->state);
		if (!wf_flags_flagsmith_member(condition, "property_", &property) &&
			!wf_flags_flagsmith_member(condition, "property", &property))
			wf_flags_value_set_string(&property, wf_flags_string(""));
		wf_flags_json_value(&converter->state, "property", &property);
		wf_flags_flagsmith_push_member(&converter->state, "operator", condition, "operator");
		wf_flags_flagsmith_push_member(&converter->state, "value", condition, "value");
		wf_flags_json_close_object(&converter->state);
	}
	wf_flags_json_close_array(&converter->state);
	return true;
}

/* A state of a feature, as an object that has been given its place. */
static bool
push_state(Converter *converter, JsonbContainer *feature_state, const char *path, WfString name)
{
	JsonbParseState **state = &converter->state;
	JsonbContainer *object;
	JsonbValue	value;
	WfValue		key;

	wf_flags_json_begin(state);
	if (!wf_flags_flagsmith_member(feature_state, "django_id", &key) || !wf_flags_js_truthy(&key))
		(void) wf_flags_flagsmith_member(feature_state, "featurestate_uuid", &key);
	wf_flags_json_string(state, "key", key.type == WF_VALUE_NULL ? wf_flags_string("")
						 : wf_flags_python_string(&key));
	wf_flags_json_string(state, "name", name);
	wf_flags_flagsmith_push_member(state, "enabled", feature_state, "enabled");
	wf_flags_flagsmith_push_member(state, "value", feature_state, "feature_state_value");
	if (!push_variants(converter, feature_state, path))
		return false;
	if (wf_flags_document_member(feature_state, "feature_segment", &value) && value.type != jbvNull)
	{
		if (!wf_flags_document_object(&value, psprintf("%s.feature_segment", path), converter->fault, &object))
			return false;
		if (wf_flags_document_member(object, "priority", &value))
			wf_flags_flagsmith_push_member(state, "priority", object, "priority");
	}
	wf_flags_flagsmith_push_feature_id(state, feature_state);
	wf_flags_json_close_object(state);
	return true;
}

static bool
push_variants(Converter *converter, JsonbContainer *feature_state, const char *path)
{
	static const char *const name = "multivariate_feature_state_values";
	JsonbContainer *array;
	JsonbContainer *variant;
	int			length;

	if (!wf_flags_flagsmith_array(feature_state, name, path, converter->fault, &array, &length))
		return false;
	if (length == 0)
		return true;
	wf_flags_json_open_array(&converter->state, "variants");
	for (int i = 0; i < length; i++)
	{
		const char *place = psprintf("%s.%s[%d]", path, name, i);

		if (!wf_flags_flagsmith_element(array, i, place, converter->fault, &variant) ||
			!push_variant(converter, variant, place))
			return false;
	}
	wf_flags_json_close_array(&converter->state);
	return true;
}

static bool
push_variant(Converter *converter, JsonbContainer *variant, const char *path)
{
	JsonbParseState **state = &converter->state;
	JsonbContainer *option;
	JsonbValue	value;
	WfValue		weight;
	WfValue		priority;
	WfValue		uuid;
	WfValue		key;

	if (!wf_flags_document_member(variant, "multivariate_feature_option", &value))
		return wf_flags_document_fault(converter->fault, path, "expected \"multivariate_feature_option\"");
	if (!wf_flags_document_object(&value, psprintf("%s.multivariate_feature_option", path),
								  converter->fault, &option))
		return false;
	if (!wf_flags_flagsmith_member(variant, "percentage_allocation", &weight) ||
		weight.type != WF_VALUE_NUMBER)
		return wf_flags_document_fault(converter->fault, psprintf("%s.percentage_allocation", path),
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

/* Expects the name of the feature that a state is of. */
bool
wf_flags_flagsmith_feature_name(JsonbContainer *feature_state, const char *path, WfFault *fault, WfString *name)
{
	JsonbContainer *feature;
	JsonbValue	value;

	if (!wf_flags_document_member(feature_state, "feature", &value))
		return wf_flags_document_fault(fault, path, "expected \"feature\"");
	if (!wf_flags_document_object(&value, psprintf("%s.feature", path), fault, &feature))
		return false;
	if (!wf_flags_document_member(feature, "name", &value))
		return wf_flags_document_fault(fault, psprintf("%s.feature", path), "expected \"name\"");
	return wf_flags_document_string(&value, psprintf("%s.feature.name", path), fault, name);
}

void
wf_flags_flagsmith_push_feature_id(JsonbParseState **state, JsonbContainer *feature_state)
{
	JsonbValue	value;

	(void) wf_flags_document_member(feature_state, "feature", &value);
	wf_flags_json_key(state, "metadata");
	wf_flags_json_begin(state);
	wf_flags_flagsmith_push_member(state, "id", value.val.binary.data, "id");
	wf_flags_json_close_object(state);
}

/* A member of an object under another key; null where it is absent. */
void
wf_flags_flagsmith_push_member(JsonbParseState **state, const char *key, JsonbContainer *object, const char *name)
{
	WfValue		value;

	(void) wf_flags_flagsmith_member(object, name, &value);
	wf_flags_json_value(state, key, &value);
}
