/*
 * dialect_launchdarkly_api.c: what LaunchDarkly's REST API answers.  Pure.
 *
 * answer := {"items": [item, ...]} or one item
 * item   := a flag, with "environments": {NAME: {"on", "salt", "rules", ...}},
 *           or a segment
 *
 * An API's flag holds all its environments: "production" is taken, or the
 * first.  What is archived is left out, as it is for clients.
 */
#include "common/compat.h"

#include "flags/dialect_launchdarkly.h"
#include "flags/document.h"
#include "flags/json.h"

static bool push_items(JsonbParseState **state, const WfValue *items, int nitems, bool flags, WfFault *fault);
static bool is_flag(const WfValue *item);
static bool push_item(JsonbParseState **state, const WfValue *item, const char *path, WfFault *fault);
static bool find_environment(const WfValue *flag, const char *path, WfFault *fault, WfValue *environment);
static bool push_flag(JsonbParseState **state, const WfValue *flag, const char *path, WfFault *fault);
static bool push_variations(JsonbParseState **state, const WfValue *flag, const char *path, WfFault *fault);
static bool push_targets(JsonbParseState **state, const WfValue *environment, const char *path,
						 WfFault *fault);
static bool stands_for(const WfValue *targets, int ntargets, const WfValue *index);
static void push_stand_in(JsonbParseState **state, const WfValue *index);
static void push_if_there(JsonbParseState **state, const WfValue *object, const char *name, const char *as);

/* Makes a document of an answer, in the shape that clients get. */
bool
wf_flags_launchdarkly_from_api(const WfValue *root, WfFault *fault, Jsonb **document)
{
	JsonbParseState *state = NULL;
	WfValue		items;
	int			nitems;

	wf_flags_json_begin(&state);
	if (is_flag(root))
	{
		wf_flags_json_key(&state, "flags");
		wf_flags_json_begin(&state);
		if (!push_item(&state, root, "$", fault))
			return false;
		(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	else
	{
		if (!wf_flags_launchdarkly_list(root, "items", "$", fault, &items, &nitems) ||
			!push_items(&state, &items, nitems, true, fault) ||
			!push_items(&state, &items, nitems, false, fault))
			return false;
	}
	*document = wf_flags_json_end(&state);
	return true;
}

/* The flags among the items, or the segments. */
static bool
push_items(JsonbParseState **state, const WfValue *items, int nitems, bool flags, WfFault *fault)
{
	wf_flags_json_key(state, flags ? "flags" : "segments");
	wf_flags_json_begin(state);
	for (int i = 0; i < nitems; i++)
	{
		const char *path = psprintf("$.items[%d]", i);
		WfValue		item;

		if (!wf_flags_launchdarkly_object(items, i, path, fault, &item))
			return false;
		if (is_flag(&item) == flags && !push_item(state, &item, path, fault))
			return false;
	}
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
	return true;
}

static bool
is_flag(const WfValue *item)
{
	WfValue		member;

	return wf_flags_value_member(item, wf_flags_string("environments"), &member) ||
		wf_flags_value_member(item, wf_flags_string("variations"), &member);
}

static bool
push_item(JsonbParseState **state, const WfValue *item, const char *path, WfFault *fault)
{
	WfString	key;
	bool		archived;
	WfValue		included;

	if (!wf_flags_launchdarkly_text(item, "key", path, fault, &key) ||
		!wf_flags_launchdarkly_boolean(item, "archived", path, fault, &archived))
		return false;
	if (key.data == NULL)
		return wf_flags_document_fault(fault, path, "expected \"key\"");
	if (archived)
		return true;
	if (is_flag(item))
	{
		wf_flags_json_key(state, wf_flags_string_copy(key.data, key.len).data);
		return push_flag(state, item, path, fault);
	}
	if (!wf_flags_value_member(item, wf_flags_string("included"), &included) &&
		!wf_flags_value_member(item, wf_flags_string("unbounded"), &included))
		return wf_flags_document_fault(fault, path, "expected a flag with \"environments\", or a segment");
	wf_flags_json_value(state, wf_flags_string_copy(key.data, key.len).data, item);
	return true;
}

static bool
find_environment(const WfValue *flag, const char *path, WfFault *fault, WfValue *environment)
{
	JsonbIterator *it;
	JsonbValue	json;
	WfString	name = wf_flags_string("production");
	WfValue		environments;
	WfValue		member;

	if (!wf_flags_value_member(flag, wf_flags_string("environments"), &environments) ||
		environments.type != WF_VALUE_OBJECT || wf_flags_value_length(&environments) == 0)
		return wf_flags_document_fault(fault, psprintf("%s.environments", path),
									   "expected an object with an environment");
	if (!wf_flags_value_member(&environments, name, environment))
	{
		it = JsonbIteratorInit(environments.u.container);
		(void) JsonbIteratorNext(&it, &json, true);
		(void) JsonbIteratorNext(&it, &json, true);
		name.data = json.val.string.val;
		name.len = json.val.string.len;
		(void) wf_flags_value_member(&environments, name, environment);
	}
	if (environment->type != WF_VALUE_OBJECT ||
		!wf_flags_value_member(environment, wf_flags_string("fallthrough"), &member))
		return wf_flags_document_fault(fault, psprintf("%s.environments.%.*s", path, name.len, name.data),
									   "expected \"fallthrough\"; ask the API for all of a flag, with \"summary=0\"");
	return true;
}

static bool
push_flag(JsonbParseState **state, const WfValue *flag, const char *path, WfFault *fault)
{
	static const char *const of_flag[] = {"key", "name", "description", "tags"};
	static const char *const of_environment[] = {
		"on", "salt", "prerequisites", "targets", "rules", "fallthrough", "offVariation",
		"trackEvents", "trackEventsFallthrough", "debugEventsUntilDate"
	};
	WfValue		environment;

	if (!find_environment(flag, path, fault, &environment))
		return false;
	wf_flags_json_begin(state);
	for (int i = 0; i < lengthof(of_flag); i++)
		push_if_there(state, flag, of_flag[i], of_flag[i]);
	for (int i = 0; i < lengthof(of_environment); i++)
		push_if_there(state, &environment, of_environment[i], of_environment[i]);
	push_if_there(state, &environment, "version", "version");
	push_if_there(state, flag, "_version", "version");
	if (!push_variations(state, flag, path, fault) ||
		!push_targets(state, &environment, psprintf("%s.environments", path), fault))
		return false;
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
	return true;
}

/* The API describes variations; clients get their values. */
static bool
push_variations(JsonbParseState **state, const WfValue *flag, const char *path, WfFault *fault)
{
	WfValue		variations;
	int			nvariations;

	if (!wf_flags_launchdarkly_list(flag, "variations", path, fault, &variations, &nvariations))
		return false;
	wf_flags_json_key(state, "variations");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < nvariations; i++)
	{
		const char *at = psprintf("%s.variations[%d]", path, i);
		WfValue		variation;
		WfValue		value;

		if (!wf_flags_launchdarkly_object(&variations, i, at, fault, &variation))
			return false;
		if (!wf_flags_value_member(&variation, wf_flags_string("value"), &value))
			return wf_flags_document_fault(fault, at, "expected \"value\"");
		wf_flags_json_value(state, NULL, &value);
	}
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
	return true;
}

/*
 * The targets of all kinds of contexts.  For clients those of users need one
 * that stands for them among the others.
 */
static bool
push_targets(JsonbParseState **state, const WfValue *environment, const char *path, WfFault *fault)
{
	WfValue		users;
	WfValue		contexts;
	int			nusers;
	int			ncontexts;

	if (!wf_flags_launchdarkly_list(environment, "targets", path, fault, &users, &nusers) ||
		!wf_flags_launchdarkly_list(environment, "contextTargets", path, fault, &contexts, &ncontexts))
		return false;
	if (ncontexts == 0)
		return true;
	wf_flags_json_key(state, "contextTargets");
	(void) pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < nusers; i++)
	{
		WfValue		target;
		WfValue		index;

		(void) wf_flags_value_element(&users, i, &target);
		if (wf_flags_value_member(&target, wf_flags_string("variation"), &index) &&
			!stands_for(&contexts, ncontexts, &index))
			push_stand_in(state, &index);
	}
	for (int i = 0; i < ncontexts; i++)
	{
		WfValue		target;

		(void) wf_flags_value_element(&contexts, i, &target);
		wf_flags_json_value(state, NULL, &target);
	}
	(void) pushJsonbValue(state, WJB_END_ARRAY, NULL);
	return true;
}

static bool
stands_for(const WfValue *targets, int ntargets, const WfValue *index)
{
	for (int i = 0; i < ntargets; i++)
	{
		WfValue		target;
		WfValue		member;

		(void) wf_flags_value_element(targets, i, &target);
		if (!wf_flags_value_member(&target, wf_flags_string("variation"), &member) ||
			!wf_flags_values_same(&member, index))
			continue;
		if (!wf_flags_value_member(&target, wf_flags_string("contextKind"), &member) ||
			(member.type == WF_VALUE_STRING &&
			 wf_flags_strings_equal(member.u.string, wf_flags_string(WF_KIND_USER))))
			return true;
	}
	return false;
}

static void
push_stand_in(JsonbParseState **state, const WfValue *index)
{
	wf_flags_json_begin(state);
	wf_flags_json_text(state, "contextKind", WF_KIND_USER);
	wf_flags_json_value(state, "variation", index);
	(void) pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static void
push_if_there(JsonbParseState **state, const WfValue *object, const char *name, const char *as)
{
	WfValue		member;

	if (wf_flags_value_member(object, wf_flags_string(name), &member) && member.type != WF_VALUE_NULL)
		wf_flags_json_value(state, as, &member);
}
