/*
 * logic_operator.c: the operators of JsonLogic, by name.  Pure.
 *
 * Those that decide what is evaluated are here as well.
 */
#include "common/compat.h"

#include "flags/logic.h"
#include "flags/operator.h"

static void logic_if(WfRun *run, const WfNode *node, WfValue *result);
static void logic_first(WfRun *run, const WfNode *node, WfValue *result);
static void logic_truth(WfRun *run, const WfNode *node, WfValue *result);
static void logic_log(WfRun *run, const WfNode *node, WfValue *result);

static const WfLogicOperator operators[] = {
	{"var", wf_flags_logic_var, 2, 0, wf_flags_logic_prepare_name},
	{"missing", wf_flags_logic_missing, 0, 0, NULL},
	{"missing_some", wf_flags_logic_missing_some, 2, 0, NULL},
	{"if", logic_if, 0, 0, NULL},
	{"?:", logic_if, 0, 0, NULL},
	{"and", logic_first, 0, false, NULL},
	{"or", logic_first, 0, true, NULL},
	{"!", logic_truth, 1, false, NULL},
	{"!!", logic_truth, 1, true, NULL},
	{"==", wf_flags_logic_equal, 2, WF_ORDER_EQUAL, NULL},
	{"!=", wf_flags_logic_equal, 2, WF_ORDER_NOT_EQUAL, NULL},
	{"===", wf_flags_logic_identical, 2, WF_ORDER_EQUAL, NULL},
	{"!==", wf_flags_logic_identical, 2, WF_ORDER_NOT_EQUAL, NULL},
	{"<", wf_flags_logic_ordered, 3, WF_ORDER_LESS, NULL},
	{"<=", wf_flags_logic_ordered, 3, WF_ORDER_LESS_EQUAL, NULL},
	{">", wf_flags_logic_ordered, 2, WF_ORDER_GREATER, NULL},
	{">=", wf_flags_logic_ordered, 2, WF_ORDER_GREATER_EQUAL, NULL},
	{"+", wf_flags_logic_sum, 0, 0, NULL},
	{"*", wf_flags_logic_product, 0, 0, NULL},
	{"-", wf_flags_logic_calculate, 2, '-', NULL},
	{"/", wf_flags_logic_calculate, 2, '/', NULL},
	{"%", wf_flags_logic_calculate, 2, '%', NULL},
	{"max", wf_flags_logic_extreme, 0, WF_ORDER_GREATER, NULL},
	{"min", wf_flags_logic_extreme, 0, WF_ORDER_LESS, NULL},
	{"map", wf_flags_logic_map, 0, 0, NULL},
	{"filter", wf_flags_logic_filter, 0, 0, NULL},
	{"reduce", wf_flags_logic_reduce, 0, 0, NULL},
	{"all", wf_flags_logic_quantify, 0, WF_LOGIC_ALL, NULL},
	{"none", wf_flags_logic_quantify, 0, WF_LOGIC_NONE, NULL},
	{"some", wf_flags_logic_quantify, 0, WF_LOGIC_SOME, NULL},
	{"merge", wf_flags_logic_merge, 0, 0, NULL},
	{"in", wf_flags_logic_in, 2, 0, wf_flags_logic_prepare_set},
	{"cat", wf_flags_logic_cat, 0, 0, NULL},
	{"substr", wf_flags_logic_substr, 3, 0, NULL},
	{"log", logic_log, 1, 0, NULL},
};

static const WfLogicOperator *find(const WfLogicOperator *list, int n, WfString name);

/* An operator by name, a language's own ones first; or NULL. */
const WfLogicOperator *
wf_flags_logic_operator(const WfLogicLanguage *language, WfString name)
{
	const WfLogicOperator *found = find(language->operators, language->noperators, name);

	return found ? found : find(operators, lengthof(operators), name);
}

static const WfLogicOperator *
find(const WfLogicOperator *list, int n, WfString name)
{
	for (int i = 0; i < n; i++)
	{
		if (wf_flags_strings_equal(wf_flags_string(list[i].name), name))
			return &list[i];
	}
	return NULL;
}

/* {"if": [condition, value, condition, value, ..., otherwise]} */
static void
logic_if(WfRun *run, const WfNode *node, WfValue *result)
{
	WfValue		condition;
	int			i;

	for (i = 0; i + 1 < node->nchildren; i += 2)
	{
		wf_flags_node_value(run, &node->children[i], &condition);
		if (run->error != WF_ERROR_NONE)
			return;
		if (wf_flags_logic_truthy(&condition))
		{
			wf_flags_node_value(run, &node->children[i + 1], result);
			return;
		}
	}
	if (i < node->nchildren)
		wf_flags_node_value(run, &node->children[i], result);
	else
		result->type = WF_VALUE_NULL;
}

/* {"and": [...]}: the first that is not true, {"or": [...]}: that is, or the last */
static void
logic_first(WfRun *run, const WfNode *node, WfValue *result)
{
	bool		wanted = wf_flags_logic_call(node)->operator->mode;

	for (int i = 0; i < node->nchildren; i++)
	{
		wf_flags_node_value(run, &node->children[i], result);
		if (run->error != WF_ERROR_NONE || wf_flags_logic_truthy(result) == wanted)
			return;
	}
}

/* {"!!": value}, {"!": value} */
static void
logic_truth(WfRun *run, const WfNode *node, WfValue *result)
{
	WfValue		value;

	wf_flags_logic_argument(run, node, 0, &value);
	wf_flags_value_set_boolean(result, wf_flags_logic_truthy(&value) ==
							   (bool) wf_flags_logic_call(node)->operator->mode);
}

/* {"log": value}: the value; there is no console. */
static void
logic_log(WfRun *run, const WfNode *node, WfValue *result)
{
	wf_flags_logic_argument(run, node, 0, result);
}
