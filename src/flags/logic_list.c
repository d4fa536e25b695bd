/*
 * logic_list.c: the operators of JsonLogic that go through lists.  Pure.
 *
 * Bodies see nothing but the element: names in them lead into it.
 */
#include "common/compat.h"

#include "flags/logic.h"
#include "flags/operator.h"
#include "flags/set.h"

/* From how many constant strings on "in" looks them up in a set. */
#define SET_MIN 8

/* A list that is being gone through, with a body for each element. */
typedef struct Loop
{
	WfRun	   *run;
	const WfNode *body;			/* or NULL */
	JsonbIterator *it;			/* NULL: nothing */
	const WfValue *outer_scope;
	const WfValue *outer_accumulator;
} Loop;

static void begin(Loop *loop, WfRun *run, const WfNode *node, const WfValue *list);
static bool next(Loop *loop, WfValue *element);
static void body_value(Loop *loop, const WfValue *element, const WfValue *accumulator, WfValue *result);
static bool is_in_list(WfRun *run, const WfValue *value, const WfValue *list);

/* {"map": [list, body]} */
void
wf_flags_logic_map(WfRun *run, const WfNode *node, WfValue *result)
{
	JsonbParseState *state = NULL;
	WfValue		list;
	WfValue		element;
	WfValue		value;
	Loop		loop;

	wf_flags_logic_argument(run, node, 0, &list);
	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	begin(&loop, run, node, &list);
	while (next(&loop, &element))
	{
		body_value(&loop, &element, NULL, &value);
		wf_flags_logic_push(run, &state, WJB_ELEM, &value);
	}
	wf_flags_logic_finish(run, &state, WJB_END_ARRAY, result);
}

/* {"filter": [list, body]} */
void
wf_flags_logic_filter(WfRun *run, const WfNode *node, WfValue *result)
{
	JsonbParseState *state = NULL;
	WfValue		list;
	WfValue		element;
	WfValue		value;
	Loop		loop;

	wf_flags_logic_argument(run, node, 0, &list);
	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	begin(&loop, run, node, &list);
	while (next(&loop, &element))
	{
		body_value(&loop, &element, NULL, &value);
		if (wf_flags_logic_truthy(&value))
			wf_flags_logic_push(run, &state, WJB_ELEM, &element);
	}
	wf_flags_logic_finish(run, &state, WJB_END_ARRAY, result);
}

/* {"reduce": [list, body, initial]} */
void
wf_flags_logic_reduce(WfRun *run, const WfNode *node, WfValue *result)
{
	WfValue		list;
	WfValue		element;
	WfValue		accumulator;
	Loop		loop;

	wf_flags_logic_argument(run, node, 0, &list);
	wf_flags_logic_argument(run, node, 2, &accumulator);
	if (node->nchildren < 3)
		accumulator.type = WF_VALUE_NULL;
	begin(&loop, run, node, &list);
	while (next(&loop, &element))
	{
		WfValue		value;

		body_value(&loop, &element, &accumulator, &value);
		accumulator = value;
	}
	*result = accumulator;
}

/* {"all": [list, body]}, {"none": ...}, {"some": ...} */
void
wf_flags_logic_quantify(WfRun *run, const WfNode *node, WfValue *result)
{
	WfLogicQuantifier quantifier = wf_flags_logic_call(node)->operator->mode;
	bool		holds = quantifier == WF_LOGIC_NONE;
	WfValue		list;
	WfValue		element;
	WfValue		value;
	Loop		loop;

	wf_flags_logic_argument(run, node, 0, &list);
	begin(&loop, run, node, &list);
	if (quantifier == WF_LOGIC_ALL)
		holds = list.type == WF_VALUE_ARRAY && wf_flags_value_length(&list) > 0;
	while (next(&loop, &element))
	{
		body_value(&loop, &element, NULL, &value);
		if (wf_flags_logic_truthy(&value) != (quantifier == WF_LOGIC_ALL))
		{
			holds = quantifier == WF_LOGIC_SOME;
			break;
		}
	}
	wf_flags_value_set_boolean(result, holds);
}

/* {"merge": [list or value, ...]}: one list of all of them */
void
wf_flags_logic_merge(WfRun *run, const WfNode *node, WfValue *result)
{
	JsonbParseState *state = NULL;
	WfValue		value;
	WfValue		element;
	Loop		loop;

	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < node->nchildren; i++)
	{
		wf_flags_logic_argument(run, node, i, &value);
		if (value.type != WF_VALUE_ARRAY)
		{
			wf_flags_logic_push(run, &state, WJB_ELEM, &value);
			continue;
		}
		begin(&loop, run, node, &value);
		while (next(&loop, &element))
			wf_flags_logic_push(run, &state, WJB_ELEM, &element);
	}
	wf_flags_logic_finish(run, &state, WJB_END_ARRAY, result);
}

/* WfLogicOperator.prepare: the set of a list of many constant strings. */
const void *
wf_flags_logic_prepare_set(const WfNode *node)
{
	const WfValue *list;
	WfStringSet *set;
	WfValue		element;

	if (node->nchildren < 2 || node->children[1].type != WF_NODE_CONSTANT)
		return NULL;
	list = node->children[1].u.constant;
	if (list->type != WF_VALUE_ARRAY || wf_flags_value_length(list) < SET_MIN)
		return NULL;
	set = wf_flags_set_create(wf_flags_value_length(list));
	for (int i = 0; i < wf_flags_value_length(list); i++)
	{
		if (!wf_flags_value_element(list, i, &element) || element.type != WF_VALUE_STRING)
			return NULL;
		wf_flags_set_add(set, element.u.string);
	}
	return set;
}

/* {"in": [value, list]}, {"in": [text, text]} */
void
wf_flags_logic_in(WfRun *run, const WfNode *node, WfValue *result)
{
	const WfStringSet *set = wf_flags_logic_call(node)->prepared;
	const WfPredicate contains = {0};
	WfOperand	part = {.value.type = WF_VALUE_STRING};
	WfValue		value;
	WfValue		whole;
	bool		holds = false;

	wf_flags_logic_argument(run, node, 0, &value);
	if (set)
		holds = value.type == WF_VALUE_STRING && wf_flags_set_has(set, value.u.string);
	else
	{
		wf_flags_logic_argument(run, node, 1, &whole);
		if (whole.type == WF_VALUE_ARRAY)
			holds = is_in_list(run, &value, &whole);
		else if (whole.type == WF_VALUE_STRING && whole.u.string.len > 0)
		{
			part.value.u.string = wf_flags_js_string(&value);
			holds = wf_flags_match_contains(run, &contains, &whole, &part);
		}
	}
	wf_flags_value_set_boolean(result, holds);
}

/* What is no list is an empty one. */
static void
begin(Loop *loop, WfRun *run, const WfNode *node, const WfValue *list)
{
	loop->run = run;
	loop->body = node->nchildren > 1 ? &node->children[1] : NULL;
	loop->it = list->type == WF_VALUE_ARRAY ? JsonbIteratorInit(list->u.container) : NULL;
	loop->outer_scope = run->scope;
	loop->outer_accumulator = run->accumulator;
}

static bool
next(Loop *loop, WfValue *element)
{
	JsonbIteratorToken token;
	JsonbValue	json;

	if (loop->it == NULL || !wf_flags_run_step(loop->run))
		return false;
	while ((token = JsonbIteratorNext(&loop->it, &json, true)) != WJB_DONE)
	{
		if (token != WJB_ELEM)
			continue;
		wf_flags_value_from_json(&json, element);
		return true;
	}
	loop->it = NULL;
	return false;
}

static void
body_value(Loop *loop, const WfValue *element, const WfValue *accumulator, WfValue *result)
{
	WfRun	   *run = loop->run;

	result->type = WF_VALUE_ABSENT;
	if (loop->body == NULL)
		return;
	run->scope = element;
	run->accumulator = accumulator;
	wf_flags_node_value(run, loop->body, result);
	run->scope = loop->outer_scope;
	run->accumulator = loop->outer_accumulator;
}

static bool
is_in_list(WfRun *run, const WfValue *value, const WfValue *list)
{
	JsonbIterator *it = JsonbIteratorInit(list->u.container);
	JsonbIteratorToken token;
	JsonbValue	json;

	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfValue		element;

		if (token != WJB_ELEM)
			continue;
		wf_flags_value_from_json(&json, &element);
		if (wf_flags_logic_same(value, &element))
			return true;
	}
	return false;
}
