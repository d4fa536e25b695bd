/*
 * segment.c: whether a context is in a segment.  Pure.
 */
#include "common/compat.h"

#include "flags/segment.h"

static bool segment_contains(WfRun *run, const WfSegment *segment);

/*
 * Whether the context is in a segment; a segment that does not exist is
 * empty, unless the test needs it.  The evaluation fails where a segment
 * contains itself, or can't be looked into.
 */
bool
wf_flags_segment_holds(WfRun *run, const WfSegmentTest *test)
{
	const WfSegment *segment = test->segment;
	WfFrame		frame;
	bool		holds;

	if (segment == NULL)
		segment = run->callbacks->find_segment(run->callbacks->arg, test->key);
	if (segment == NULL)
	{
		if (test->required)
			wf_flags_run_fail(run, WF_ERROR_GENERAL, WF_CAUSE_SEGMENT);
		return false;
	}
	if (wf_flags_run_is_inside(run, segment))
		wf_flags_run_fail(run, test->cycle_error, WF_CAUSE_CYCLE);
	else if (run->callbacks->stack_is_too_deep())
		wf_flags_run_fail(run, WF_ERROR_GENERAL, WF_CAUSE_LIMIT);
	if (run->error != WF_ERROR_NONE)
		return false;

	frame.what = segment;
	frame.outer = run->frames;
	run->frames = &frame;
	holds = segment_contains(run, segment);
	run->frames = frame.outer;
	return holds;
}

/*
 * Whether the context is in a segment, as seen by a flag but outside of its
 * evaluation; false where it can't be told.
 */
bool
wf_flags_segment_has(const WfSegment *segment, const WfFlag *flag, WfContext *context,
					 const WfCallbacks *callbacks)
{
	WfRun		run = {0};
	WfSegmentTest test = {.segment = segment};

	run.context = context;
	run.callbacks = callbacks;
	run.flag = flag;
	return wf_flags_segment_holds(&run, &test) && run.error == WF_ERROR_NONE;
}

static bool
segment_contains(WfRun *run, const WfSegment *segment)
{
	WfErrorCode error = segment->fault;
	bool		holds = false;

	if (error == WF_ERROR_NONE && segment->condition)
		return wf_flags_node_holds(run, segment->condition);
	if (error == WF_ERROR_NONE && segment->source && run->flag)
	{
		WfString	key;

		if (!wf_flags_attribute_key(run->context, &run->flag->program->key, &key))
			return false;
		holds = run->callbacks->probe_segment(run->callbacks->arg, segment, key, &error);
	}
	if (error != WF_ERROR_NONE)
	{
		wf_flags_run_fail(run, error, WF_CAUSE_SEGMENT);
		return false;
	}
	return holds;
}
