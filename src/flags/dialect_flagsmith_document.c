/*
 * dialect_flagsmith_document.c: documents of Flagsmith.  Pure.
 *
 * A document is what the engine is given but for the identity:
 * {"environment": {"key", "name"}, "features": {NAME: feature}, "segments":
 * {KEY: segment}}.  The API's environment document is turned into that.
 */
#include "common/compat.h"

#include "flags/dialect_flagsmith.h"
#include "flags/document.h"
#include "flags/json.h"

static bool check_object(JsonbContainer *document, const char *name, WfFault *fault);
static bool check_features(JsonbContainer *document, WfFault *fault);
static const WfDocumentFlag *find_killed(List *flags, WfString name);
static bool has_killed(List *flags);
static void push_features(JsonbParseState **state, List *flags);
static void push_segments(JsonbParseState **state, JsonbContainer *segments, List *flags);
static void push_segment(JsonbParseState **state, JsonbContainer *segment, List *flags);
static void push_overrides(JsonbParseState **state, JsonbContainer *overrides, List *flags);
static void push_feature(JsonbParseState **state, JsonbContainer *feature, bool enabled);
static void push_key(JsonbParseState **state, JsonbValue *key);
static JsonbIterator *members_of(JsonbContainer *object);
static bool next_member(JsonbIterator **it, JsonbValue *key, JsonbValue *value);
static bool key_is(const JsonbValue *key, const char *name);
static bool is_array(const JsonbValue *value);
static bool is_object(const JsonbValue *value);

/* WfDialect.normalize. */
Jsonb *
wf_flags_flagsmith_normalize(Jsonb *document, WfFault *fault)
{
	JsonbContainer *object = &document->root;
	JsonbValue	value;

	if (!JB_ROOT_IS_OBJECT(document))
	{
		(void) wf_flags_document_fault(fault, "$", "expected an object");
		return NULL;
	}
	if (wf_flags_document_member(object, "api_key", &value) ||
		wf_flags_document_member(object, "feature_states", &value))
		return wf_flags_flagsmith_from_environment(object, fault);

	if (!wf_flags_document_member(object, "environment", &value) ||
		!(wf_flags_document_member(object, "features", &value) ||
		  wf_flags_document_member(object, "segments", &value)))
	{
		(void) wf_flags_document_fault(fault, "$",
									   "expected \"environment\" and \"features\", or an environment document "
									   "with \"api_key\" and \"feature_states\"");
		return NULL;
	}
	if (!check_object(object, "environment", fault) || !check_object(object, "features", fault) ||
		!check_object(object, "segments", fault) || !check_features(object, fault))
		return NULL;
	return document;
}

/* WfDialect.list_flags. */
List *
wf_flags_flagsmith_list_flags(Jsonb *document)
{
	List	   *flags = NIL;
	JsonbIterator *it;
	JsonbValue	features;
	JsonbValue	key;
	JsonbValue	value;

	if (!wf_flags_document_member(&document->root, "features", &features) || !is_object(&features))
		return NIL;
	it = members_of(features.val.binary.data);
	while (next_member(&it, &key, &value))
	{
		WfDocumentFlag *flag = palloc0(sizeof(WfDocumentFlag));
		WfValue		enabled;

		flag->key = wf_flags_string_copy(key.val.string.val, key.val.string.len);
		flag->definition = JsonbValueToJsonb(&value);
		flag->enabled = is_object(&value) &&
			wf_flags_flagsmith_member(value.val.binary.data, "enabled", &enabled) &&
			wf_flags_js_truthy(&enabled);
		flags = lappend(flags, flag);
	}
	return flags;
}

/*
 * WfDialect.assemble.  A flag that was switched off here is disabled wherever
 * the document mentions it, in segments too.
 */
Jsonb *
wf_flags_flagsmith_assemble(Jsonb *document, List *flags)
{
	JsonbParseState *state = NULL;
	JsonbIterator *it = members_of(&document->root);
	JsonbValue	key;
	JsonbValue	value;

	wf_flags_json_begin(&state);
	while (next_member(&it, &key, &value))
	{
		if (key_is(&key, "features"))
			continue;
		push_key(&state, &key);
		if (key_is(&key, "segments") && is_object(&value) && has_killed(flags))
			push_segments(&state, value.val.binary.data, flags);
		else
			(void) pushJsonbValue(&state, WJB_VALUE, &value);
	}
	wf_flags_json_key(&state, "features");
	push_features(&state, flags);
	return wf_flags_json_end(&state);
}

/* Whether a feature was switched off here: for everybody, in segments too. */
bool
wf_flags_flagsmith_is_killed(const WfDocumentFlag *flag)
{
	WfValue		enabled;

	return !flag->enabled && flag->definition && JB_ROOT_IS_OBJECT(flag->definition) &&
		wf_flags_flagsmith_member(&flag->definition->root, "enabled", &enabled) &&
		wf_flags_js_truthy(&enabled);
}

/* Expects a member to be an object, where it is there; it may be null. */
static bool
check_object(JsonbContainer *document, const char *name, WfFault *fault)
{
	JsonbContainer *object;
	JsonbValue	value;

	return !wf_flags_document_member(document, name, &value) ||
		(value.type == jbvNull && strcmp(name, "environment") != 0) ||
		wf_flags_document_object(&value, psprintf("$.%s", name), fault, &object);
}

static bool
check_features(JsonbContainer *document, WfFault *fault)
{
	JsonbContainer *object;
	JsonbIterator *it;
	JsonbValue	features;
	JsonbValue	key;
	JsonbValue	value;

	if (!wf_flags_document_member(document, "features", &features) || features.type == jbvNull)
		return true;
	it = members_of(features.val.binary.data);
	while (next_member(&it, &key, &value))
	{
		if (!wf_flags_document_object(&value, psprintf("$.features[\"%.*s\"]", key.val.string.len,
													   key.val.string.val), fault, &object))
			return false;
	}
	return true;
}

/* The flag that a feature's name stands for, if it was switched off here. */
static const WfDocumentFlag *
find_killed(List *flags, WfString name)
{
	ListCell   *lc;

	foreach(lc, flags)
	{
		const WfDocumentFlag *flag = lfirst(lc);

		if (wf_flags_strings_equal(flag->key, name) && wf_flags_flagsmith_is_killed(flag))
			return flag;
	}
	return NULL;
}

static bool
has_killed(List *flags)
{
	ListCell   *lc;

	foreach(lc, flags)
	{
		if (wf_flags_flagsmith_is_killed(lfirst(lc)))
			return true;
	}
	return false;
}

static void
push_features(JsonbParseState **state, List *flags)
{
	ListCell   *lc;

	wf_flags_json_begin(state);
	foreach(lc, flags)
	{
		const WfDocumentFlag *flag = lfirst(lc);

		if (flag->definition && JB_ROOT_IS_OBJECT(flag->definition))
		{
			wf_flags_json_key(state, flag->key.data);
			push_feature(state, &flag->definition->root, flag->enabled);
		}
		else
			wf_flags_json_document(state, flag->key.data, flag->definition);
	}
	wf_flags_json_close_object(state);
}

static void
push_segments(JsonbParseState **state, JsonbContainer *segments, List *flags)
{
	JsonbIterator *it = members_of(segments);
	JsonbValue	key;
	JsonbValue	value;

	wf_flags_json_begin(state);
	while (next_member(&it, &key, &value))
	{
		push_key(state, &key);
		if (is_object(&value))
			push_segment(state, value.val.binary.data, flags);
		else
			(void) pushJsonbValue(state, WJB_VALUE, &value);
	}
	wf_flags_json_close_object(state);
}

static void
push_segment(JsonbParseState **state, JsonbContainer *segment, List *flags)
{
	JsonbIterator *it = members_of(segment);
	JsonbValue	key;
	JsonbValue	value;

	wf_flags_json_begin(state);
	while (next_member(&it, &key, &value))
	{
		push_key(state, &key);
		if (key_is(&key, "overrides") && is_array(&value))
			push_overrides(state, value.val.binary.data, flags);
		else
			(void) pushJsonbValue(state, WJB_VALUE, &value);
	}
	wf_flags_json_close_object(state);
}

static void
push_overrides(JsonbParseState **state, JsonbContainer *overrides, List *flags)
{
	wf_flags_json_open_array(state, NULL);
	for (int i = 0; i < JsonContainerSize(overrides); i++)
	{
		JsonbValue	value;
		WfValue		name;

		wf_flags_document_element(overrides, i, &value);
		if (is_object(&value) && wf_flags_flagsmith_member(value.val.binary.data, "name", &name) &&
			name.type == WF_VALUE_STRING && find_killed(flags, name.u.string))
			push_feature(state, value.val.binary.data, false);
		else
			(void) pushJsonbValue(state, WJB_ELEM, &value);
	}
	wf_flags_json_close_array(state);
}

/* A feature with another state. */
static void
push_feature(JsonbParseState **state, JsonbContainer *feature, bool enabled)
{
	JsonbIterator *it = members_of(feature);
	JsonbValue	key;
	JsonbValue	value;

	wf_flags_json_begin(state);
	while (next_member(&it, &key, &value))
	{
		push_key(state, &key);
		if (key_is(&key, "enabled"))
		{
			value.type = jbvBool;
			value.val.boolean = enabled;
		}
		(void) pushJsonbValue(state, WJB_VALUE, &value);
	}
	if (enabled && getKeyJsonValueFromContainer(feature, "enabled", strlen("enabled"), &value) == NULL)
		wf_flags_json_boolean(state, "enabled", enabled);
	wf_flags_json_close_object(state);
}

static void
push_key(JsonbParseState **state, JsonbValue *key)
{
	(void) pushJsonbValue(state, WJB_KEY, key);
}

static JsonbIterator *
members_of(JsonbContainer *object)
{
	JsonbIterator *it = JsonbIteratorInit(object);
	JsonbValue	value;

	(void) JsonbIteratorNext(&it, &value, true);	/* the beginning */
	return it;
}

static bool
next_member(JsonbIterator **it, JsonbValue *key, JsonbValue *value)
{
	if (JsonbIteratorNext(it, key, true) != WJB_KEY)
		return false;
	(void) JsonbIteratorNext(it, value, true);
	return true;
}

static bool
key_is(const JsonbValue *key, const char *name)
{
	return key->val.string.len == strlen(name) && memcmp(key->val.string.val, name, key->val.string.len) == 0;
}

static bool
is_array(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data);
}

static bool
is_object(const JsonbValue *value)
{
	return value->type == jbvBinary && JsonContainerIsObject(value->val.binary.data);
}
