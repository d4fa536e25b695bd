/*
 * plan.c: the steps from two models to an ordered list of actions.
 */
#include "common/compat.h"

#include "schema/plan.h"
#include "schema/read.h"
#include "schema/rename.h"

static WfPlan *make_plan(WfModel *from, WfModel *to, const WfDiffOptions *options);
static void put_first(WfPlan *plan, List *renames);

/*
 * The ordered actions that turn one model into the other, with their DDL.
 * Hinted renames come first of all.  Both models are consumed: a plan leaves
 * its marks in them.
 */
WfPlan *
wf_schema_plan(WfModel *from, WfModel *to, const WfDiffOptions *options)
{
	WfPlan	   *volatile plan = NULL;

	PG_TRY();
	{
		plan = make_plan(from, to, options);
	}
	PG_CATCH();
	{
		wf_schema_progress_end();
		PG_RE_THROW();
	}
	PG_END_TRY();
	wf_schema_progress_end();
	return plan;
}

static WfPlan *
make_plan(WfModel *from, WfModel *to, const WfDiffOptions *options)
{
	WfPlan	   *plan = palloc0(sizeof(WfPlan));
	List	   *renames = wf_schema_rename(from, to, options->renames);

	plan->from = from;
	plan->to = to;
	plan->options = *options;
	plan->options.lock_timeout = wf_schema_lock_timeout(options);
	wf_schema_narrow(from, to->scope);
	wf_schema_narrow(to, from->scope);
	renames = list_concat(renames, wf_schema_rename_attached(from, to));
	wf_schema_progress(psprintf("comparing %d objects with %d", from->nobjects, to->nobjects));
	wf_schema_match(plan);
	wf_schema_find_likely(plan);
	wf_schema_reorder_parents(to);
	wf_schema_spread(plan);
	wf_schema_progress("ordering the changes");
	wf_schema_order(plan);
	wf_schema_progress(psprintf("writing %d statements", list_length(plan->actions)));
	wf_schema_write_actions(plan);
	put_first(plan, renames);
	return plan;
}

/*
 * Renames stand before what goes on with the new names.  Event triggers that
 * go do so before any other statement, which might start them.
 */
static void
put_first(WfPlan *plan, List *renames)
{
	List	   *first = NIL;
	List	   *steps = NIL;
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		WfAction   *action = lfirst(lc);

		if (action->verb == WF_VERB_DROP && action->from->type->kind == WF_OBJECT_EVENT_TRIGGER)
			first = lappend(first, action);
	}
	plan->actions = list_difference_ptr(plan->actions, first);
	first = list_concat(first, renames);
	foreach(lc, first)
		steps = list_concat(steps, ((WfAction *) lfirst(lc))->steps);
	plan->steps = list_concat(steps, list_difference_ptr(plan->steps, steps));
	plan->actions = list_concat(first, plan->actions);
}
