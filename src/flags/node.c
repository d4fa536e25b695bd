/*
 * node.c: what the nodes of a program yield.  Pure.
 *
 * Nodes of one definition are nested no deeper than its compiler allows.
 * Where one definition leads into another, and a shared node into its users'
 * place, the stack is looked at; and all nodes of an evaluation are counted,
 * since definitions that lead into each other can multiply.
 */
#include "common/compat.h"

#include "flags/run.h"
#include "flags/segment.h"

/* Most nodes that one evaluation visits. */
#define STEPS_MAX 5000000

/*
 * Counts many steps at once, as the copying of a large value; false as for one.
 */
bool
wf_flags_run_work(WfRun *run, int64 steps)
{
	int64		before = run->steps;

	if (unlikely(run->error != WF_ERROR_NONE))
		return false;
	run->steps += Min(steps, STEPS_MAX);
	if (run->steps >= STEPS_MAX)
	{
		wf_flags_run_fail(run, WF_ERROR_GENERAL, WF_CAUSE_LIMIT);
		return false;
	}
	if (run->steps / WF_STEPS_BETWEEN_INTERRUPTS != before / WF_STEPS_BETWEEN_INTERRUPTS)
		run->callbacks->check_interrupts();
	return true;
}

/*
 * Whether a flag or segment is being evaluated already, for which this one is.
 * Each that is looked at is a step: false with an error at the evaluation's end.
 */
bool
wf_flags_run_is_inside(WfRun *run, const void *what)
{
	for (const WfFrame *frame = run->frames; frame; frame = frame->outer)
	{
		if (frame->what == what)
			return true;
		if (!wf_flags_run_step(run))
			return false;
	}
	return false;
}

/* Ends the evaluation with an error; the first one stays. */
void
wf_flags_run_fail(WfRun *run, WfErrorCode error, WfCause cause)
{
	if (run->error != WF_ERROR_NONE)
		return;
	run->error = error;
	run->cause = cause;
}

/*
 * Whether a node holds as a condition.  False once the evaluation has failed:
 * callers look at run->error before they act on the answer.
 */
bool
wf_flags_node_holds(WfRun *run, const WfNode *node)
{
	WfValue		value;

	if (!wf_flags_run_step(run))
		return false;

	switch (node->type)
	{
		case WF_NODE_ALL:
			for (int i = 0; i < node->nchildren; i++)
			{
				if (!wf_flags_node_holds(run, &node->children[i]))
					return false;
			}
			return true;
		case WF_NODE_ANY:
			for (int i = 0; i < node->nchildren; i++)
			{
				if (wf_flags_node_holds(run, &node->children[i]))
					return true;
			}
			return false;
		case WF_NODE_NOT:
			return !wf_flags_node_holds(run, &node->children[0]);
		case WF_NODE_PREDICATE:
			return wf_flags_predicate_holds(run, node->u.predicate);
		case WF_NODE_SEGMENT:
			return wf_flags_segment_holds(run, node->u.segment);
		case WF_NODE_FLAG:
			return wf_flags_flag_passes(run, node->u.flag);
		case WF_NODE_SPLIT:
			{
				double		position;
				int			arm;

				return wf_flags_split_choose(run, node->u.split, &arm, &position) && arm >= 0;
			}
		case WF_NODE_SHARED:
			if (run->callbacks->stack_is_too_deep())
			{
				wf_flags_run_fail(run, WF_ERROR_GENERAL, WF_CAUSE_LIMIT);
				return false;
			}
			return wf_flags_node_holds(run, node->u.shared);
		case WF_NODE_CONSTANT:
		case WF_NODE_ATTRIBUTE:
		case WF_NODE_FUNCTION:
		case WF_NODE_ERROR:
			wf_flags_node_value(run, node, &value);
			return run->error == WF_ERROR_NONE && wf_flags_js_truthy(&value);
	}
	return false;
}

/* Yields a node's value; absent once the evaluation has failed. */
void
wf_flags_node_value(WfRun *run, const WfNode *node, WfValue *result)
{
	double		position;
	int			arm;

	result->type = WF_VALUE_ABSENT;
	switch (node->type)
	{
		case WF_NODE_CONSTANT:
			if (wf_flags_run_step(run))
				*result = *node->u.constant;
			return;
		case WF_NODE_ATTRIBUTE:
			if (wf_flags_run_step(run))
				(void) wf_flags_attribute_fetch(run, node->u.attribute, result);
			return;
		case WF_NODE_FUNCTION:
			if (wf_flags_run_step(run))
				node->u.function.call(run, node, result);
			return;
		case WF_NODE_SPLIT:
			if (wf_flags_run_step(run) &&
				wf_flags_split_choose(run, node->u.split, &arm, &position) && arm >= 0)
				wf_flags_value_set_double(result, node->u.split->arms[arm].variant);
			return;
		case WF_NODE_SHARED:
			if (run->callbacks->stack_is_too_deep())
				wf_flags_run_fail(run, WF_ERROR_GENERAL, WF_CAUSE_LIMIT);
			if (wf_flags_run_step(run))
				wf_flags_node_value(run, node->u.shared, result);
			return;
		case WF_NODE_ERROR:
			wf_flags_run_fail(run, node->u.error, WF_CAUSE_NONE);
			return;
		default:
			wf_flags_value_set_boolean(result, wf_flags_node_holds(run, node));
			return;
	}
}
