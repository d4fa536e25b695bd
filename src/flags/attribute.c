/*
 * attribute.c: attributes of a context.  Pure.
 */
#include "common/compat.h"

#include "flags/run.h"

static bool is_plain_name(const WfAttribute *attribute);
static pg_noinline bool fetch(WfRun *run, const WfAttribute *attribute, WfValue *value);
static bool follow_path(WfContext *context, const WfValue *root, const WfPath *path, WfValue *value);
static bool member_at(WfContext *context, const WfValue *object, WfString name, WfValue *value);
static bool parse_index(WfString step, int *index);
static bool key_of_kinds(WfContext *context, JsonbValue *key);
static bool member_of(JsonbContainer *object, const char *name, JsonbValue *value);

/*
 * Fetches an attribute into *value; false where it is absent or null, with
 * value->type saying which.  What lies inside the context is not copied.
 */
bool
wf_flags_attribute_fetch(WfRun *run, const WfAttribute *attribute, WfValue *value)
{
	if (likely(run->scope == NULL && run->context->attributes && is_plain_name(attribute)))
		return wf_flags_context_member(run->context, attribute->paths[0].steps[0], value) &&
			value->type != WF_VALUE_NULL;
	return fetch(run, attribute, value);
}

/* The same, of an attribute of any kind. */
static bool
fetch(WfRun *run, const WfAttribute *attribute, WfValue *value)
{
	WfContext  *context = run->context;
	WfValueType nothing = WF_VALUE_ABSENT;
	WfValue		root;

	if (run->scope)
		root = *run->scope;
	else if (context->attributes == NULL)
	{
		value->type = WF_VALUE_ABSENT;
		if (!attribute->is_key || context->key.data == NULL ||
			(attribute->kind.data && !wf_flags_context_of_kind(context, attribute->kind, NULL)))
			return false;
		wf_flags_value_set_string(value, context->key);
		return true;
	}
	else
	{
		root.type = WF_VALUE_OBJECT;
		root.u.container = &context->attributes->root;
		if (attribute->kind.data &&
			!wf_flags_context_of_kind(context, attribute->kind, &root.u.container))
		{
			value->type = WF_VALUE_ABSENT;
			return false;
		}
	}

	for (int i = 0; i < attribute->npaths; i++)
	{
		const WfPath *path = &attribute->paths[i];

		if (path->use != WF_PATH_ALWAYS &&
			(path->use == WF_PATH_IF_OLD) != (wf_flags_context_form(context) == WF_CONTEXT_OLD))
			continue;
		if (!follow_path(context, &root, path, value))
			continue;
		if (value->type != WF_VALUE_NULL)
			return true;
		nothing = WF_VALUE_NULL;
	}
	if (attribute->is_key && run->scope == NULL)
	{
		JsonbValue	key;

		if (member_at(context, &root, wf_flags_string(WF_TARGETING_KEY), value) &&
			value->type != WF_VALUE_NULL)
			return true;
		if (attribute->kind.data == NULL && key_of_kinds(context, &key))
		{
			wf_flags_value_from_json(&key, value);
			return true;
		}
	}
	value->type = nothing;
	return false;
}

/*
 * The text of a scalar attribute, as the key of an override or a segment;
 * false where there is none, or an empty one.
 */
bool
wf_flags_attribute_key(WfContext *context, const WfAttribute *attribute, WfString *key)
{
	WfRun		run = {0};
	WfValue		value;

	run.context = context;
	return wf_flags_attribute_fetch(&run, attribute, &value) &&
		wf_flags_value_key(&value, WF_KEY_SCALAR, key);
}

/* Fetches the targeting key; looked up at the first call only. */
bool
wf_flags_context_key(WfContext *context, WfString *key)
{
	static const WfAttribute attribute = {.is_key = true};

	if (!context->key_known)
	{
		if (!wf_flags_attribute_key(context, &attribute, &context->key))
			context->key.data = NULL;
		context->key_known = true;
	}
	*key = context->key;
	return key->data != NULL;
}

/* How the context is written; looked at once. */
WfContextForm
wf_flags_context_form(WfContext *context)
{
	JsonbValue	value;

	if (context->form != WF_CONTEXT_UNKNOWN)
		return context->form;

	if (context->attributes == NULL)
		context->form = WF_CONTEXT_PLAIN;
	else if (member_of(&context->attributes->root, "kind", &value) && value.type == jbvString)
	{
		context->kind.data = value.val.string.val;
		context->kind.len = value.val.string.len;
		context->form = wf_flags_strings_equal(context->kind, wf_flags_string("multi"))
			? WF_CONTEXT_MULTI : WF_CONTEXT_SINGLE;
	}
	else
		context->form = member_of(&context->attributes->root, "key", &value)
			? WF_CONTEXT_OLD : WF_CONTEXT_PLAIN;
	return context->form;
}

/*
 * Finds the part of the context that is about one kind; false where it is
 * about others.  object may be NULL.
 */
bool
wf_flags_context_of_kind(WfContext *context, WfString kind, JsonbContainer **object)
{
	JsonbValue	value;

	switch (wf_flags_context_form(context))
	{
		case WF_CONTEXT_SINGLE:
			if (!wf_flags_strings_equal(context->kind, kind))
				return false;
			break;
		case WF_CONTEXT_MULTI:
			if (!getKeyJsonValueFromContainer(&context->attributes->root, kind.data, kind.len, &value) ||
				value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
				return false;
			if (object)
				*object = value.val.binary.data;
			return true;
		default:
			if (!wf_flags_strings_equal(kind, wf_flags_string(WF_KIND_USER)))
				return false;
			break;
	}
	if (object)
		*object = &context->attributes->root;
	return true;
}

/*
 * Fetches the key of a kind of things: of the context itself where it says that
 * it is of that kind; else what it has under the kind's name, which is the key or
 * an object that has one.
 */
bool
wf_flags_context_key_of_kind(WfContext *context, WfString kind, WfString *key)
{
	JsonbContainer *object;
	JsonbValue	json;
	WfValue		value;

	if (context->attributes == NULL)
		return false;
	if (wf_flags_context_form(context) == WF_CONTEXT_SINGLE && wf_flags_strings_equal(context->kind, kind))
		object = &context->attributes->root;
	else if (!wf_flags_context_member(context, kind, &value))
		return false;
	else if (value.type == WF_VALUE_OBJECT)
		object = value.u.container;
	else
		return wf_flags_value_key(&value, WF_KEY_SCALAR, key);

	if ((!member_of(object, "key", &json) || json.type == jbvNull) && !member_of(object, WF_TARGETING_KEY, &json))
		return false;
	wf_flags_value_from_json(&json, &value);
	return wf_flags_value_key(&value, WF_KEY_SCALAR, key);
}

/* Whether a text may be the name of a kind. */
bool
wf_flags_is_kind(WfString name)
{
	for (int i = 0; i < name.len; i++)
	{
		unsigned char c = name.data[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
			c != '.' && c != '_' && c != '-')
			return false;
	}
	return name.len > 0 && !wf_flags_strings_equal(name, wf_flags_string("kind")) &&
		!wf_flags_strings_equal(name, wf_flags_string("multi"));
}

/* Whether an attribute is a member of the whole context, and nothing else. */
static inline bool
is_plain_name(const WfAttribute *attribute)
{
	return attribute->npaths == 1 && attribute->paths[0].nsteps == 1 &&
		attribute->paths[0].use == WF_PATH_ALWAYS && !attribute->is_key && attribute->kind.data == NULL;
}

static bool
follow_path(WfContext *context, const WfValue *root, const WfPath *path, WfValue *value)
{
	*value = *root;
	for (int i = 0; i < path->nsteps; i++)
	{
		WfString	step = path->steps[i];
		int			index;

		if (value->type == WF_VALUE_OBJECT)
		{
			if (!member_at(context, value, step, value))
				return false;
		}
		else if (value->type != WF_VALUE_ARRAY || path->objects_only || !parse_index(step, &index) ||
				 !wf_flags_value_element(value, index, value))
			return false;
	}
	return value->type != WF_VALUE_ABSENT;
}

/* A member of an object, which may be the whole context. */
static bool
member_at(WfContext *context, const WfValue *object, WfString name, WfValue *value)
{
	if (context->attributes && object->u.container == &context->attributes->root)
		return wf_flags_context_member(context, name, value);
	return wf_flags_value_member(object, name, value);
}

/* The key of a context that says its kind; of several, the user's. */
static bool
key_of_kinds(WfContext *context, JsonbValue *key)
{
	WfString	user = wf_flags_string(WF_KIND_USER);
	JsonbContainer *object = &context->attributes->root;
	WfContextForm form = wf_flags_context_form(context);

	if (form != WF_CONTEXT_SINGLE &&
		(form != WF_CONTEXT_MULTI || !wf_flags_context_of_kind(context, user, &object)))
		return false;
	return (member_of(object, WF_TARGETING_KEY, key) && key->type != jbvNull) ||
		(member_of(object, "key", key) && key->type != jbvNull);
}

static bool
parse_index(WfString step, int *index)
{
	int			number = 0;

	if (step.len == 0 || step.len > 9)
		return false;
	for (int i = 0; i < step.len; i++)
	{
		if (step.data[i] < '0' || step.data[i] > '9')
			return false;
		number = number * 10 + (step.data[i] - '0');
	}
	*index = number;
	return true;
}

static bool
member_of(JsonbContainer *object, const char *name, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(object, name, strlen(name), value) != NULL;
}
