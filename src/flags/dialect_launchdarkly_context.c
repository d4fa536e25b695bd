/*
 * dialect_launchdarkly_context.c: LaunchDarkly's contexts, and references to
 * their attributes.  Pure.
 *
 * A context is of one kind ("kind", "key" and attributes), of several ("kind"
 * is "multi", a member for each), or an old-style user: no "kind", a "key",
 * and attributes of its own below "custom".  Without both it is a user as
 * OpenFeature has it, whose key is "targetingKey".
 */
#include "common/compat.h"

#include "flags/dialect_launchdarkly.h"
#include "flags/document.h"
#include "flags/operator.h"

static const char *const old_attributes[] = {
	"key", "anonymous", "name", "firstName", "lastName", "email", "country", "ip", "avatar"
};

static WfErrorCode check_kinds(JsonbContainer *context);
static bool has_key(JsonbContainer *object);
static WfLaunchdarklyReference parse_path(WfString name, WfString **steps, int *nsteps);
static bool unescape(WfString *step);
static void add_paths(WfAttribute *attribute, int nsteps, const WfString *steps);
static bool leads_to(const WfAttribute *attribute, const char *name);
static void fetch_kinds(WfRun *run, const WfNode *node, WfValue *result);
static void fetch_own_kind(WfRun *run, const WfNode *node, WfValue *result);
static void fetch_anonymous(WfRun *run, const WfNode *node, WfValue *result);

/* WfProgram.check: what LaunchDarkly calls an invalid context. */
WfErrorCode
wf_flags_launchdarkly_check(WfContext *context)
{
	WfContextForm form = wf_flags_context_form(context);
	WfRun		run = {0};
	WfAttribute key;
	WfValue		value;

	if (form == WF_CONTEXT_MULTI)
		return check_kinds(&context->attributes->root);
	if (form == WF_CONTEXT_SINGLE && !wf_flags_is_kind(context->kind))
		return WF_ERROR_INVALID_CONTEXT;
	if (context->attributes == NULL)
		return context->key.data && context->key.len > 0 ? WF_ERROR_NONE : WF_ERROR_TARGETING_KEY_MISSING;
	run.context = context;
	wf_flags_launchdarkly_key(form == WF_CONTEXT_SINGLE ? context->kind : wf_flags_string(WF_KIND_USER), &key);
	if (wf_flags_attribute_fetch(&run, &key, &value) && value.type == WF_VALUE_STRING &&
		(value.u.string.len > 0 || form == WF_CONTEXT_OLD))
		return WF_ERROR_NONE;
	return WF_ERROR_TARGETING_KEY_MISSING;
}

static WfErrorCode
check_kinds(JsonbContainer *context)
{
	JsonbIterator *it = JsonbIteratorInit(context);
	JsonbIteratorToken token;
	JsonbValue	json;
	int			nkinds = 0;

	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfString	name;

		if (token != WJB_KEY)
			continue;
		name.data = json.val.string.val;
		name.len = json.val.string.len;
		(void) JsonbIteratorNext(&it, &json, true);
		if (wf_flags_strings_equal(name, wf_flags_string("kind")))
			continue;
		if (!wf_flags_is_kind(name) || json.type != jbvBinary || !JsonContainerIsObject(json.val.binary.data))
			return WF_ERROR_INVALID_CONTEXT;
		if (!has_key(json.val.binary.data))
			return WF_ERROR_TARGETING_KEY_MISSING;
		nkinds++;
	}
	return nkinds > 0 ? WF_ERROR_NONE : WF_ERROR_INVALID_CONTEXT;
}

static bool
has_key(JsonbContainer *object)
{
	JsonbValue	key;

	if (!wf_flags_document_member(object, "key", &key) &&
		!wf_flags_document_member(object, WF_TARGETING_KEY, &key))
		return false;
	return key.type == jbvString && key.val.string.len > 0;
}

/* The kind that is meant where a definition may leave it out. */
WfString
wf_flags_launchdarkly_kind(WfString kind)
{
	return kind.len > 0 ? kind : wf_flags_string(WF_KIND_USER);
}

/* The key of a kind. */
void
wf_flags_launchdarkly_key(WfString kind, WfAttribute *attribute)
{
	WfString	name = wf_flags_string("key");

	memset(attribute, 0, sizeof(WfAttribute));
	attribute->kind = kind;
	attribute->is_key = true;
	wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, 1, &name);
}

/* A predicate that holds where the context is of a kind, among others. */
void
wf_flags_launchdarkly_presence(WfString kind, WfPredicate *predicate)
{
	predicate->attribute.kind = kind;
	predicate->attribute.is_key = true;
	wf_flags_attribute_add_path(&predicate->attribute, WF_PATH_ALWAYS, 0, &kind);
	predicate->match = wf_flags_match_exists;
	predicate->unary = true;
}

/*
 * The attribute that a name means.  With a kind the name may be a path, as
 * "/address/street", where "~1" is a slash and "~0" a tilde; without one the
 * definition is older than paths.
 */
WfLaunchdarklyReference
wf_flags_launchdarkly_attribute(WfString name, WfString kind, WfAttribute *attribute)
{
	WfString   *steps = &name;
	int			nsteps = 1;

	memset(attribute, 0, sizeof(WfAttribute));
	if (name.len == 0)
		return WF_REFERENCE_NONE;
	if (kind.len > 0 && name.data[0] == '/' && parse_path(name, &steps, &nsteps) != WF_REFERENCE_FOUND)
		return WF_REFERENCE_INVALID;
	kind = wf_flags_launchdarkly_kind(kind);
	if (nsteps == 1 && wf_flags_strings_equal(steps[0], wf_flags_string("key")))
		wf_flags_launchdarkly_key(kind, attribute);
	else
	{
		attribute->kind = kind;
		add_paths(attribute, nsteps, steps);
	}
	return WF_REFERENCE_FOUND;
}

static WfLaunchdarklyReference
parse_path(WfString name, WfString **steps, int *nsteps)
{
	const char *end = name.data + name.len;
	const char *at = name.data;

	*nsteps = 0;
	*steps = palloc(sizeof(WfString) * name.len);
	while (at < end)
	{
		WfString   *step = &(*steps)[(*nsteps)++];

		/* The slash in front of the step is behind the one before it. */
		step->data = at + 1;
		at = memchr(step->data, '/', end - step->data);
		if (at == NULL)
			at = end;
		step->len = at - step->data;
		if (step->len == 0 || !unescape(step))
			return WF_REFERENCE_INVALID;
	}
	return WF_REFERENCE_FOUND;
}

static bool
unescape(WfString *step)
{
	WfString	text = *step;
	char	   *plain;

	if (memchr(text.data, '~', text.len) == NULL)
		return true;
	plain = palloc(text.len);
	step->data = plain;
	step->len = 0;
	for (int i = 0; i < text.len; i++)
	{
		char		c = text.data[i];

		if (c == '~')
		{
			i++;
			if (i == text.len || (text.data[i] != '0' && text.data[i] != '1'))
				return false;
			c = text.data[i] == '0' ? '~' : '/';
		}
		plain[step->len++] = c;
	}
	return true;
}

/* What old-style users do not have at the top they have below "custom". */
static void
add_paths(WfAttribute *attribute, int nsteps, const WfString *steps)
{
	WfString   *below;

	for (int i = 0; i < lengthof(old_attributes); i++)
	{
		if (wf_flags_strings_equal(steps[0], wf_flags_string(old_attributes[i])))
		{
			wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, nsteps, steps);
			attribute->paths[0].objects_only = true;
			return;
		}
	}
	below = palloc(sizeof(WfString) * (nsteps + 1));
	below[0] = wf_flags_string("custom");
	memcpy(below + 1, steps, sizeof(WfString) * nsteps);
	wf_flags_attribute_add_path(attribute, WF_PATH_IF_OLD, nsteps + 1, below);
	/* What is said about other attributes is none. */
	if (!wf_flags_strings_equal(steps[0], wf_flags_string("_meta")))
		wf_flags_attribute_add_path(attribute, WF_PATH_UNLESS_OLD, nsteps, steps);
	for (int i = 0; i < attribute->npaths; i++)
		attribute->paths[i].objects_only = true;
}

/*
 * The node that yields an attribute where that takes more than looking; or
 * NULL.  Clauses ask all contexts for their kind, rollouts their own one.
 */
WfNode *
wf_flags_launchdarkly_subject(const WfAttribute *attribute, bool in_clause)
{
	WfFunction	call;
	WfNode	   *node;

	if (leads_to(attribute, "kind"))
		call = in_clause ? fetch_kinds : fetch_own_kind;
	else if (leads_to(attribute, "anonymous"))
		call = fetch_anonymous;
	else
		return NULL;
	node = palloc0(sizeof(WfNode));
	node->type = WF_NODE_FUNCTION;
	node->u.function.call = call;
	node->u.function.data = attribute;
	return node;
}

static bool
leads_to(const WfAttribute *attribute, const char *name)
{
	const WfPath *path = &attribute->paths[attribute->npaths - 1];

	return path->nsteps == 1 && wf_flags_strings_equal(path->steps[0], wf_flags_string(name));
}

/* All kinds that the context is of. */
static void
fetch_kinds(WfRun *run, const WfNode *node, WfValue *result)
{
	JsonbParseState *state = NULL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	json;

	switch (wf_flags_context_form(run->context))
	{
		case WF_CONTEXT_MULTI:
			break;
		case WF_CONTEXT_SINGLE:
			wf_flags_value_set_string(result, run->context->kind);
			return;
		default:
			wf_flags_value_set_string(result, wf_flags_string(WF_KIND_USER));
			return;
	}

	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	it = JsonbIteratorInit(&run->context->attributes->root);
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfString	name;

		if (token != WJB_KEY)
			continue;
		name.data = json.val.string.val;
		name.len = json.val.string.len;
		if (!wf_flags_strings_equal(name, wf_flags_string("kind")))
			(void) pushJsonbValue(&state, WJB_ELEM, &json);
	}
	wf_flags_value_from_root(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL)), result);
}

static void
fetch_own_kind(WfRun *run, const WfNode *node, WfValue *result)
{
	const WfAttribute *attribute = node->u.function.data;

	if (wf_flags_context_of_kind(run->context, attribute->kind, NULL))
		wf_flags_value_set_string(result, attribute->kind);
}

/* Who does not say so is not anonymous. */
static void
fetch_anonymous(WfRun *run, const WfNode *node, WfValue *result)
{
	const WfAttribute *attribute = node->u.function.data;

	if (!wf_flags_attribute_fetch(run, attribute, result) &&
		wf_flags_context_of_kind(run->context, attribute->kind, NULL))
		wf_flags_value_set_boolean(result, false);
}
