/*
 * logic_value.c: what JsonLogic's operators are given and build.  Pure.
 *
 * Every value that an operator works on is counted by its size: otherwise a
 * text or list that doubles in each step would outgrow all limits on steps.
 */
#include "common/compat.h"

#include "utils/fmgrprotos.h"

#include "flags/logic.h"

/* How many bytes of a value are as much work as a node. */
#define BYTES_PER_STEP 16

/* What the stack has to have left for a value as deep as WF_DEPTH_MAX. */
#define STACK_ROOM (32 * 1024)

static Numeric special_number(double number);
static int	depth_of(const WfValue *container);
static bool has_stack_room(WfRun *run);

/* The operator that a node calls. */
const WfLogicCall *
wf_flags_logic_call(const WfNode *node)
{
	return node->u.function.data;
}

/* As JavaScript's truth, but that empty lists are false. */
bool
wf_flags_logic_truthy(const WfValue *value)
{
	if (value->type == WF_VALUE_ARRAY)
		return wf_flags_value_length(value) > 0;
	return wf_flags_js_truthy(value);
}

/* Whether two values are identical; those from one place of the data are. */
bool
wf_flags_logic_same(const WfValue *a, const WfValue *b)
{
	if (a->type == b->type && (a->type == WF_VALUE_ARRAY || a->type == WF_VALUE_OBJECT))
		return a->u.container == b->u.container;
	return wf_flags_js_identical(a, b);
}

/* Evaluates an argument; one that is not given is absent. */
void
wf_flags_logic_argument(WfRun *run, const WfNode *node, int index, WfValue *value)
{
	int			size;

	value->type = WF_VALUE_ABSENT;
	if (index >= node->nchildren)
		return;
	wf_flags_node_value(run, &node->children[index], value);
	size = wf_flags_value_size(value);
	if (size >= BYTES_PER_STEP && !wf_flags_run_work(run, size / BYTES_PER_STEP))
		value->type = WF_VALUE_ABSENT;
}

/*
 * Evaluates a node that is expected to yield a list, to the first of its
 * elements; *nelements is how many there are.  False, with the value as the
 * only element, where it is none.
 */
bool
wf_flags_logic_elements(WfRun *run, const WfNode *node, int max, WfValue *elements, int *nelements)
{
	WfValue		value;

	if (node->type == WF_NODE_FUNCTION && node->u.function.call == wf_flags_logic_array)
	{
		*nelements = node->nchildren;
		for (int i = 0; i < node->nchildren; i++)
		{
			wf_flags_logic_argument(run, node, i, &value);
			if (i < max)
				elements[i] = value;
		}
		return true;
	}

	wf_flags_node_value(run, node, &value);
	if (value.type != WF_VALUE_ARRAY)
	{
		elements[0] = value;
		*nelements = 1;
		return false;
	}
	*nelements = wf_flags_value_length(&value);
	for (int i = 0; i < Min(*nelements, max); i++)
		(void) wf_flags_value_element(&value, i, &elements[i]);
	return true;
}

/* Adds a value to a list or object that is being built; nothing once failed. */
void
wf_flags_logic_push(WfRun *run, JsonbParseState **state, JsonbIteratorToken token, const WfValue *value)
{
	JsonbValue	json;

	if (!wf_flags_run_work(run, 1 + wf_flags_value_size(value) / BYTES_PER_STEP))
		return;
	if ((value->type == WF_VALUE_ARRAY || value->type == WF_VALUE_OBJECT) &&
		depth_of(value) >= WF_DEPTH_MAX)
	{
		wf_flags_run_fail(run, WF_ERROR_GENERAL, WF_CAUSE_LIMIT);
		return;
	}
	wf_flags_value_to_json(value, &json);
	if (value->type == WF_VALUE_NUMBER && json.type == jbvNull)
	{
		json.type = jbvNumeric;
		json.val.numeric = special_number(wf_flags_value_double(value));
	}
	(void) pushJsonbValue(state, token, &json);
}

/* Ends a list or object; absent once the evaluation has failed. */
void
wf_flags_logic_finish(WfRun *run, JsonbParseState **state, JsonbIteratorToken token, WfValue *result)
{
	result->type = WF_VALUE_ABSENT;
	if (run->error == WF_ERROR_NONE && has_stack_room(run))
		wf_flags_value_from_root(JsonbValueToJsonb(pushJsonbValue(state, token, NULL)), result);
}

/* A list of expressions. */
void
wf_flags_logic_array(WfRun *run, const WfNode *node, WfValue *result)
{
	JsonbParseState *state = NULL;
	WfValue		element;

	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < node->nchildren; i++)
	{
		wf_flags_node_value(run, &node->children[i], &element);
		wf_flags_logic_push(run, &state, WJB_ELEM, &element);
	}
	wf_flags_logic_finish(run, &state, WJB_END_ARRAY, result);
}

/* JSON has no such numbers, but lists that only expressions see have. */
static Numeric
special_number(double number)
{
	return DatumGetNumeric(DirectFunctionCall1(float8_numeric, Float8GetDatum(number)));
}

static int
depth_of(const WfValue *container)
{
	JsonbIterator *it = JsonbIteratorInit(container->u.container);
	JsonbIteratorToken token;
	JsonbValue	json;
	int			depth = 0;
	int			deepest = 0;

	while ((token = JsonbIteratorNext(&it, &json, false)) != WJB_DONE)
	{
		if (token == WJB_BEGIN_ARRAY || token == WJB_BEGIN_OBJECT)
			deepest = Max(deepest, ++depth);
		else if (token == WJB_END_ARRAY || token == WJB_END_OBJECT)
			depth--;
	}
	return deepest;
}

/*
 * JsonbValueToJsonb() raises an error where the stack ends; so look whether
 * it would, from as far down as it may come.
 */
static pg_noinline bool
has_stack_room(WfRun *run)
{
	volatile char room[STACK_ROOM];

	room[0] = 0;
	if (run->callbacks->stack_is_too_deep())
		wf_flags_run_fail(run, WF_ERROR_GENERAL, WF_CAUSE_LIMIT);
	return run->error == WF_ERROR_NONE && room[0] == 0;
}
