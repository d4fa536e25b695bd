/*
 * logic_data.c: the operators of JsonLogic that look into the data.  Pure.
 *
 * The data are the context; in the body of a list operator they are the
 * element, in that of a reduction {"current": ..., "accumulator": ...}.
 */
#include "common/compat.h"

#include "flags/logic.h"

/* Names that lead deeper than this lead to nothing. */
#define STEPS_MAX 1000

static void fetch_rest(WfRun *run, const WfPath *path, const WfValue *root, WfValue *value);
static void fetch_extra(WfRun *run, const WfLogicLanguage *language, const WfPath *path,
						WfValue *value);
static void whole_data(WfRun *run, const WfLogicLanguage *language, WfValue *value);
static void whole_context(WfRun *run, const WfLogicLanguage *language, WfValue *value);
static void push_member(WfRun *run, JsonbParseState **state, WfString name, const WfValue *value);
static bool is_missing(WfRun *run, const WfLogicLanguage *language, const WfValue *name);
static void missing_of_list(WfRun *run, const WfLogicLanguage *language, const WfValue *names,
							int *nmissing, WfValue *result);

/* WfLogicOperator.prepare: what a constant name leads to. */
const void *
wf_flags_logic_prepare_name(const WfNode *node)
{
	static const WfValue nothing = {.type = WF_VALUE_ABSENT};

	if (node->nchildren == 0)
		return wf_flags_logic_attribute(&nothing);
	if (node->children[0].type != WF_NODE_CONSTANT)
		return NULL;
	return wf_flags_logic_attribute(node->children[0].u.constant);
}

/* {"var": name}, {"var": [name, default]} */
void
wf_flags_logic_var(WfRun *run, const WfNode *node, WfValue *result)
{
	const WfLogicCall *call = wf_flags_logic_call(node);
	const WfAttribute *attribute = call->prepared;
	WfValue		fallback;
	WfValue		name;

	if (attribute == NULL)
	{
		wf_flags_logic_argument(run, node, 0, &name);
		attribute = wf_flags_logic_attribute(&name);
	}
	wf_flags_logic_argument(run, node, 1, &fallback);
	wf_flags_logic_fetch(run, call->language, attribute, result);
	if (result->type != WF_VALUE_ABSENT)
		return;
	*result = fallback;
	if (fallback.type == WF_VALUE_ABSENT)
		result->type = WF_VALUE_NULL;
}

/* {"missing": [name, ...]}, {"missing": a list of names}: those without value */
void
wf_flags_logic_missing(WfRun *run, const WfNode *node, WfValue *result)
{
	const WfLogicLanguage *language = wf_flags_logic_call(node)->language;
	JsonbParseState *state = NULL;
	WfValue		name;
	int			nmissing;

	wf_flags_logic_argument(run, node, 0, &name);
	if (name.type == WF_VALUE_ARRAY)
	{
		missing_of_list(run, language, &name, &nmissing, result);
		return;
	}
	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < node->nchildren; i++)
	{
		if (i > 0)
			wf_flags_logic_argument(run, node, i, &name);
		if (is_missing(run, language, &name))
			wf_flags_logic_push(run, &state, WJB_ELEM, &name);
	}
	wf_flags_logic_finish(run, &state, WJB_END_ARRAY, result);
}

/* {"missing_some": [n, names]}: those without value, unless n have one */
void
wf_flags_logic_missing_some(WfRun *run, const WfNode *node, WfValue *result)
{
	JsonbParseState *state = NULL;
	WfValue		needed;
	WfValue		names;
	int			nmissing;

	wf_flags_logic_argument(run, node, 0, &needed);
	wf_flags_logic_argument(run, node, 1, &names);
	if (names.type != WF_VALUE_ARRAY)
	{
		wf_flags_run_fail(run, WF_ERROR_PARSE_ERROR, WF_CAUSE_NONE);
		return;
	}
	missing_of_list(run, wf_flags_logic_call(node)->language, &names, &nmissing, result);
	if (wf_flags_value_length(&names) - nmissing >= wf_flags_js_number(&needed))
	{
		(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
		wf_flags_logic_finish(run, &state, WJB_END_ARRAY, result);
	}
}

/*
 * What a name with dots leads to: the whole for none or an empty text.  Text
 * of the name is not copied.
 */
const WfAttribute *
wf_flags_logic_attribute(const WfValue *name)
{
	WfAttribute *attribute = palloc0(sizeof(WfAttribute));
	WfString	text = wf_flags_js_string(name);
	WfString   *steps;
	int			nsteps = 1;

	for (int i = 0; i < text.len; i++)
		nsteps += text.data[i] == '.';
	if (nsteps > STEPS_MAX)
		return attribute;
	if (name->type <= WF_VALUE_NULL || (name->type == WF_VALUE_STRING && text.len == 0))
		nsteps = 0;
	steps = palloc(sizeof(WfString) * Max(nsteps, 1));
	for (int i = 0; i < nsteps; i++)
	{
		const char *dot = memchr(text.data, '.', text.len);

		steps[i].data = text.data;
		steps[i].len = dot ? dot - text.data : text.len;
		text.data += steps[i].len + 1;
		text.len -= steps[i].len + 1;
	}
	wf_flags_attribute_add_path(attribute, WF_PATH_ALWAYS, nsteps, steps);
	attribute->is_key = nsteps == 1 &&
		wf_flags_strings_equal(steps[0], wf_flags_string(WF_TARGETING_KEY));
	return attribute;
}

/* Looks an attribute up in the data; absent where there is none. */
void
wf_flags_logic_fetch(WfRun *run, const WfLogicLanguage *language, const WfAttribute *attribute,
					 WfValue *value)
{
	const WfPath *path = attribute->paths;

	value->type = WF_VALUE_ABSENT;
	if (attribute->npaths == 0)
		return;
	if (path->nsteps == 0)
		whole_data(run, language, value);
	else if (run->scope && run->accumulator)
	{
		if (wf_flags_strings_equal(path->steps[0], wf_flags_string("current")))
			fetch_rest(run, path, run->scope, value);
		else if (wf_flags_strings_equal(path->steps[0], wf_flags_string("accumulator")))
			fetch_rest(run, path, run->accumulator, value);
	}
	else if (run->scope == NULL && language->extra &&
			 wf_flags_strings_equal(path->steps[0], wf_flags_string(language->extra)))
		fetch_extra(run, language, path, value);
	else
		(void) wf_flags_attribute_fetch(run, attribute, value);
}

/* Follows a path from its second step on. */
static void
fetch_rest(WfRun *run, const WfPath *path, const WfValue *root, WfValue *value)
{
	const WfValue *scope = run->scope;
	WfPath		rest = {.use = WF_PATH_ALWAYS, .nsteps = path->nsteps - 1, .steps = path->steps + 1};
	WfAttribute attribute = {.npaths = 1, .paths = &rest};

	run->scope = root;
	(void) wf_flags_attribute_fetch(run, &attribute, value);
	run->scope = scope;
}

/* The members of the extra object are scalars. */
static void
fetch_extra(WfRun *run, const WfLogicLanguage *language, const WfPath *path, WfValue *value)
{
	JsonbParseState *state = NULL;
	WfValue		member;

	if (path->nsteps > 1)
	{
		if (path->nsteps == 2)
			language->extra_fetch(run, path->steps[1], value);
		return;
	}
	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (const char *const *name = language->extra_members; *name; name++)
	{
		language->extra_fetch(run, wf_flags_string(*name), &member);
		push_member(run, &state, wf_flags_string(*name), &member);
	}
	wf_flags_logic_finish(run, &state, WJB_END_OBJECT, value);
}

static void
whole_data(WfRun *run, const WfLogicLanguage *language, WfValue *value)
{
	JsonbParseState *state = NULL;

	if (run->scope == NULL)
		whole_context(run, language, value);
	else if (run->accumulator == NULL)
		*value = *run->scope;
	else
	{
		(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		push_member(run, &state, wf_flags_string("current"), run->scope);
		push_member(run, &state, wf_flags_string("accumulator"), run->accumulator);
		wf_flags_logic_finish(run, &state, WJB_END_OBJECT, value);
	}
}

/* The context with all that is found beside its own members. */
static void
whole_context(WfRun *run, const WfLogicLanguage *language, WfValue *value)
{
	const WfContext *context = run->context;
	WfString	extra = wf_flags_string(language->extra ? language->extra : "");
	WfPath		path = {.use = WF_PATH_ALWAYS, .nsteps = 1, .steps = &extra};
	JsonbParseState *state = NULL;
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue	json;
	WfString	name;
	WfValue		member;

	(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	if (context->attributes)
	{
		it = JsonbIteratorInit(&context->attributes->root);
		while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
		{
			if (token != WJB_KEY)
				continue;
			name.data = json.val.string.val;
			name.len = json.val.string.len;
			(void) JsonbIteratorNext(&it, &json, true);
			wf_flags_value_from_json(&json, &member);
			push_member(run, &state, name, &member);
		}
	}
	else if (context->key.data)
	{
		wf_flags_value_set_string(&member, context->key);
		push_member(run, &state, wf_flags_string(WF_TARGETING_KEY), &member);
	}
	if (language->extra)
	{
		/* Of two members of one name the last one stays. */
		fetch_extra(run, language, &path, &member);
		push_member(run, &state, extra, &member);
	}
	wf_flags_logic_finish(run, &state, WJB_END_OBJECT, value);
}

static void
push_member(WfRun *run, JsonbParseState **state, WfString name, const WfValue *value)
{
	JsonbValue	json;
	WfValue		key;

	wf_flags_value_set_string(&key, name);
	wf_flags_value_to_json(&key, &json);
	if (run->error != WF_ERROR_NONE)
		return;
	(void) pushJsonbValue(state, WJB_KEY, &json);
	wf_flags_logic_push(run, state, WJB_VALUE, value);
}

/* Null and an empty text are missing as well. */
static bool
is_missing(WfRun *run, const WfLogicLanguage *language, const WfValue *name)
{
	WfValue		value;

	wf_flags_logic_fetch(run, language, wf_flags_logic_attribute(name), &value);
	return value.type <= WF_VALUE_NULL || (value.type == WF_VALUE_STRING && value.u.string.len == 0);
}

static void
missing_of_list(WfRun *run, const WfLogicLanguage *language, const WfValue *names, int *nmissing,
				WfValue *result)
{
	JsonbIterator *it = JsonbIteratorInit(names->u.container);
	JsonbParseState *state = NULL;
	JsonbIteratorToken token;
	JsonbValue	json;

	*nmissing = 0;
	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE && wf_flags_run_step(run))
	{
		WfValue		name;

		if (token != WJB_ELEM)
			continue;
		wf_flags_value_from_json(&json, &name);
		if (!is_missing(run, language, &name))
			continue;
		(*nmissing)++;
		wf_flags_logic_push(run, &state, WJB_ELEM, &name);
	}
	wf_flags_logic_finish(run, &state, WJB_END_ARRAY, result);
}
