/*
 * logic_number.c: the operators of JsonLogic that compare and calculate.  Pure.
 */
#include "common/compat.h"

#include <math.h>

#include "flags/logic.h"
#include "flags/operator.h"

static bool is_ordered(WfOrder order, const WfValue *a, const WfValue *b);

/* {"==": [a, b]}, {"!=": [a, b]} */
void
wf_flags_logic_equal(WfRun *run, const WfNode *node, WfValue *result)
{
	bool		negate = wf_flags_logic_call(node)->operator->mode == WF_ORDER_NOT_EQUAL;
	WfValue		a;
	WfValue		b;

	wf_flags_logic_argument(run, node, 0, &a);
	wf_flags_logic_argument(run, node, 1, &b);
	wf_flags_value_set_boolean(result,
							   (wf_flags_js_equal(&a, &b) || wf_flags_logic_same(&a, &b)) != negate);
}

/* {"===": [a, b]}, {"!==": [a, b]} */
void
wf_flags_logic_identical(WfRun *run, const WfNode *node, WfValue *result)
{
	bool		negate = wf_flags_logic_call(node)->operator->mode == WF_ORDER_NOT_EQUAL;
	WfValue		a;
	WfValue		b;

	wf_flags_logic_argument(run, node, 0, &a);
	wf_flags_logic_argument(run, node, 1, &b);
	wf_flags_value_set_boolean(result, wf_flags_logic_same(&a, &b) != negate);
}

/* {"<": [a, b]}, {"<": [a, b, c]}: b between a and c; and so on */
void
wf_flags_logic_ordered(WfRun *run, const WfNode *node, WfValue *result)
{
	WfOrder		order = wf_flags_logic_call(node)->operator->mode;
	bool		takes_three = order == WF_ORDER_LESS || order == WF_ORDER_LESS_EQUAL;
	bool		holds;
	WfValue		a;
	WfValue		b;
	WfValue		c;

	wf_flags_logic_argument(run, node, 0, &a);
	wf_flags_logic_argument(run, node, 1, &b);
	wf_flags_logic_argument(run, node, 2, &c);
	holds = is_ordered(order, &a, &b);
	if (takes_three && c.type != WF_VALUE_ABSENT)
		holds = holds && is_ordered(order, &b, &c);
	wf_flags_value_set_boolean(result, holds);
}

/* {"+": [a, ...]}; of one argument it is the number */
void
wf_flags_logic_sum(WfRun *run, const WfNode *node, WfValue *result)
{
	double		sum = 0;
	WfValue		value;

	for (int i = 0; i < node->nchildren; i++)
	{
		wf_flags_logic_argument(run, node, i, &value);
		sum += wf_flags_js_parse_float(&value);
	}
	wf_flags_value_set_double(result, sum);
}

/* {"*": [a, ...]}; of one argument it is the argument */
void
wf_flags_logic_product(WfRun *run, const WfNode *node, WfValue *result)
{
	double		product;
	WfValue		value;

	if (node->nchildren == 0)
	{
		wf_flags_run_fail(run, WF_ERROR_PARSE_ERROR, WF_CAUSE_NONE);
		return;
	}
	wf_flags_logic_argument(run, node, 0, result);
	if (node->nchildren == 1)
		return;
	product = wf_flags_js_parse_float(result);
	for (int i = 1; i < node->nchildren; i++)
	{
		wf_flags_logic_argument(run, node, i, &value);
		product *= wf_flags_js_parse_float(&value);
	}
	wf_flags_value_set_double(result, product);
}

/* {"-": [a, b]}, {"-": a}, {"/": [a, b]}, {"%": [a, b]} */
void
wf_flags_logic_calculate(WfRun *run, const WfNode *node, WfValue *result)
{
	WfValue		a;
	WfValue		b;
	double		x;
	double		y;

	wf_flags_logic_argument(run, node, 0, &a);
	wf_flags_logic_argument(run, node, 1, &b);
	x = wf_flags_js_number(&a);
	y = wf_flags_js_number(&b);
	switch (wf_flags_logic_call(node)->operator->mode)
	{
		case '-':
			wf_flags_value_set_double(result, b.type == WF_VALUE_ABSENT ? -x : x - y);
			break;
		case '/':
			wf_flags_value_set_double(result, x / y);
			break;
		case '%':
			wf_flags_value_set_double(result, fmod(x, y));
			break;
	}
}

/* {"max": [a, ...]}, {"min": [a, ...]} */
void
wf_flags_logic_extreme(WfRun *run, const WfNode *node, WfValue *result)
{
	bool		greatest = wf_flags_logic_call(node)->operator->mode == WF_ORDER_GREATER;
	double		extreme = greatest ? -INFINITY : INFINITY;
	WfValue		value;

	for (int i = 0; i < node->nchildren; i++)
	{
		double		number;

		wf_flags_logic_argument(run, node, i, &value);
		number = wf_flags_js_number(&value);
		if (isnan(number) || (!isnan(extreme) && (greatest ? number > extreme : number < extreme)))
			extreme = number;
	}
	wf_flags_value_set_double(result, extreme);
}

static bool
is_ordered(WfOrder order, const WfValue *a, const WfValue *b)
{
	switch (order)
	{
		case WF_ORDER_LESS:
			return wf_flags_js_less(a, b, false);
		case WF_ORDER_LESS_EQUAL:
			return wf_flags_js_less(a, b, true);
		case WF_ORDER_GREATER:
			return wf_flags_js_less(b, a, false);
		case WF_ORDER_GREATER_EQUAL:
			return wf_flags_js_less(b, a, true);
		default:
			return false;
	}
}
