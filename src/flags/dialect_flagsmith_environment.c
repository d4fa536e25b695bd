/*
 * dialect_flagsmith_environment.c: the API's environment document.  Pure.
 *
 * {"api_key", "name", "feature_states": [state, ...], "project": {"segments":
 * [{"id", "name", "rules", "feature_states"}, ...]}, "identity_overrides":
 * [{"identifier", "identity_features": [state, ...]}, ...]}
 *
 * becomes what the engine is given.
 */
#include "common/compat.h"

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
	Jsonb	   *feature;
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
			(feature = wf_flags_flagsmith_read_state(object, path, converter->fault, &name)) == NULL)
			return false;
		wf_flags_json_document(&converter->state, name.data, feature);
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
	Jsonb	   *feature;
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
			(feature = wf_flags_flagsmith_read_state(object, place, converter->fault, &name)) == NULL)
			return false;
		wf_flags_json_document(&converter->state, NULL, feature);
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
