/*
 * logic.c: compiling JsonLogic.  Pure.
 *
 * expression := {OPERATOR: argument} | {OPERATOR: [argument, ...]} | [expression, ...] |
 *               a constant, to which objects without exactly one member belong
 *
 * It is JsonLogic as jsonlogic.com and json-logic-js define it.  An operator
 * that does not exist is an error once it is evaluated, and only then.
 */
#include "common/compat.h"

#include "flags/logic.h"

static bool compile(WfLogicCompiler *compiler, const WfValue *expression, int depth, WfNode *node);
static bool compile_array(WfLogicCompiler *compiler, const WfValue *array, int depth, WfNode *node);
static bool compile_children(WfLogicCompiler *compiler, const WfValue *array, int depth, WfNode *node);
static bool compile_call(WfLogicCompiler *compiler, const WfValue *object, int depth, WfNode *node);
static bool compile_reference(WfLogicCompiler *compiler, WfString operator, const WfValue *name,
							  WfNode *node);
static void make_constant(const WfValue *value, WfNode *node);
static bool may_be_logic(const WfValue *array);
static void call_with_surplus(WfRun *run, const WfNode *node, WfValue *result);
static void call_part(WfRun *run, const WfNode *node, WfValue *result);

/*
 * Compiles an expression into *node.  False where it is nested deeper than
 * WF_DEPTH_MAX levels.
 */
bool
wf_flags_logic_compile(WfLogicCompiler *compiler, const WfValue *expression, WfNode *node)
{
	return compile(compiler, expression, 1, node);
}

/* Order of parts, for qsort() and bsearch(). */
int
wf_flags_logic_part_compare(const void *a, const void *b)
{
	return wf_flags_strings_compare(((const WfLogicPart *) a)->name, ((const WfLogicPart *) b)->name);
}

static bool
compile(WfLogicCompiler *compiler, const WfValue *expression, int depth, WfNode *node)
{
	if (depth > WF_DEPTH_MAX)
		return false;
	memset(node, 0, sizeof(WfNode));
	if (expression->type == WF_VALUE_ARRAY)
		return compile_array(compiler, expression, depth, node);
	if (expression->type == WF_VALUE_OBJECT && wf_flags_value_length(expression) == 1)
		return compile_call(compiler, expression, depth, node);
	make_constant(expression, node);
	return true;
}

/* An array is a constant, too, where all of its elements are. */
static bool
compile_array(WfLogicCompiler *compiler, const WfValue *array, int depth, WfNode *node)
{
	bool		constant = true;

	if (may_be_logic(array))
	{
		if (!compile_children(compiler, array, depth, node))
			return false;
		for (int i = 0; i < node->nchildren; i++)
			constant = constant && node->children[i].type == WF_NODE_CONSTANT;
		node->type = WF_NODE_FUNCTION;
		node->u.function.call = wf_flags_logic_array;
	}
	if (constant)
	{
		node->nchildren = 0;
		make_constant(array, node);
	}
	return true;
}

static bool
compile_children(WfLogicCompiler *compiler, const WfValue *array, int depth, WfNode *node)
{
	JsonbIterator *it = JsonbIteratorInit(array->u.container);
	JsonbIteratorToken token;
	JsonbValue	json;

	node->children = palloc0(sizeof(WfNode) * Max(wf_flags_value_length(array), 1));
	while ((token = JsonbIteratorNext(&it, &json, true)) != WJB_DONE)
	{
		WfValue		element;

		if (token != WJB_ELEM)
			continue;
		wf_flags_value_from_json(&json, &element);
		if (!compile(compiler, &element, depth + 1, &node->children[node->nchildren++]))
			return false;
	}
	return true;
}

static bool
compile_call(WfLogicCompiler *compiler, const WfValue *object, int depth, WfNode *node)
{
	JsonbIterator *it = JsonbIteratorInit(object->u.container);
	const WfLogicOperator *operator;
	WfLogicCall *call;
	WfString	name;
	WfValue		arguments;
	JsonbValue	json;

	(void) JsonbIteratorNext(&it, &json, true); /* the beginning */
	(void) JsonbIteratorNext(&it, &json, true);
	name.data = json.val.string.val;
	name.len = json.val.string.len;
	(void) JsonbIteratorNext(&it, &json, true);
	wf_flags_value_from_json(&json, &arguments);

	compiler->ncalls++;
	if (compile_reference(compiler, name, &arguments, node))
		return true;
	operator = wf_flags_logic_operator(compiler->language, name);
	if (operator == NULL)
	{
		node->type = WF_NODE_ERROR;
		node->u.error = WF_ERROR_PARSE_ERROR;
		return true;
	}

	if (arguments.type == WF_VALUE_ARRAY)
	{
		if (!compile_children(compiler, &arguments, depth, node))
			return false;
	}
	else
	{
		node->nchildren = 1;
		node->children = palloc0(sizeof(WfNode));
		if (!compile(compiler, &arguments, depth + 1, node->children))
			return false;
	}
	call = palloc0(sizeof(WfLogicCall));
	call->operator = operator;
	call->language = compiler->language;
	node->type = WF_NODE_FUNCTION;
	node->u.function.call = operator->call;
	if (operator->arity > 0 && node->nchildren > operator->arity)
		node->u.function.call = call_with_surplus;
	node->u.function.data = call;
	if (operator->prepare)
		call->prepared = operator->prepare(node);
	return true;
}

/* A reference to a part; to one that does not exist it is an error. */
static bool
compile_reference(WfLogicCompiler *compiler, WfString operator, const WfValue *name, WfNode *node)
{
	const char *reference = compiler->language->reference;
	WfLogicPart probe;
	const WfLogicPart *part;

	if (reference == NULL || name->type != WF_VALUE_STRING ||
		!wf_flags_strings_equal(operator, wf_flags_string(reference)))
		return false;
	probe.name = name->u.string;
	part = compiler->nparts == 0 ? NULL
		: bsearch(&probe, compiler->parts, compiler->nparts, sizeof(WfLogicPart),
				  wf_flags_logic_part_compare);
	if (part)
	{
		node->type = WF_NODE_FUNCTION;
		node->u.function.call = call_part;
		node->u.function.data = part;
	}
	else
	{
		node->type = WF_NODE_ERROR;
		node->u.error = WF_ERROR_PARSE_ERROR;
	}
	return true;
}

/* Numbers are doubles here: an exact one is converted once and for all. */
static void
make_constant(const WfValue *value, WfNode *node)
{
	WfValue    *constant = palloc(sizeof(WfValue));

	*constant = *value;
	if (value->type == WF_VALUE_NUMBER)
		wf_flags_value_set_double(constant, wf_flags_value_double(value));
	node->type = WF_NODE_CONSTANT;
	node->u.constant = constant;
}

/* Whether there is an object of one member anywhere in an array. */
static bool
may_be_logic(const WfValue *array)
{
	JsonbIterator *it = JsonbIteratorInit(array->u.container);
	JsonbIteratorToken token;
	JsonbValue	json;

	while ((token = JsonbIteratorNext(&it, &json, false)) != WJB_DONE)
	{
		if (token == WJB_BEGIN_OBJECT && json.val.object.nPairs == 1)
			return true;
	}
	return false;
}

/* Arguments that an operator makes nothing of are evaluated all the same. */
static void
call_with_surplus(WfRun *run, const WfNode *node, WfValue *result)
{
	const WfLogicOperator *operator = wf_flags_logic_call(node)->operator;
	WfValue		value;

	for (int i = operator->arity; i < node->nchildren; i++)
		wf_flags_node_value(run, &node->children[i], &value);
	if (run->error == WF_ERROR_NONE)
		operator->call(run, node, result);
}

/* What a part yields; it is an error that it refers to itself. */
static void
call_part(WfRun *run, const WfNode *node, WfValue *result)
{
	const WfLogicPart *part = node->u.function.data;
	WfFrame		frame = {part, run->frames};

	for (const WfFrame *outer = run->frames; outer; outer = outer->outer)
	{
		if (outer->what == part)
		{
			wf_flags_run_fail(run, WF_ERROR_PARSE_ERROR, WF_CAUSE_CYCLE);
			return;
		}
	}
	if (run->callbacks->stack_is_too_deep())
	{
		wf_flags_run_fail(run, WF_ERROR_GENERAL, WF_CAUSE_LIMIT);
		return;
	}
	run->frames = &frame;
	wf_flags_node_value(run, &part->node, result);
	run->frames = frame.outer;
}
