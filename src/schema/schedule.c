/*
 * schedule.c: the steps of ordered actions, in the fewest transactions.
 *
 * An action is one step, or several where PostgreSQL wants parts of it in
 * transactions of their own or outside of any.  Steps go in the order of their
 * actions, but all of one mode that need nothing else first stand together.
 */
#include "common/compat.h"

#include "lib/binaryheap.h"
#include "miscadmin.h"

#include "schema/plan.h"

typedef struct Schedule
{
	binaryheap *ready[WF_STEP_MODES];	/* WfStep, that which is first on top */
	List	   *last;			/* those that nothing waits for, for the end */
	List	   *held;			/* those that only make way for others */
	List	   *postponed;		/* those that reach all that is made later */
	List	   *steps;			/* in their final order */
	int			blocking;		/* steps left that postponed ones wait for */
} Schedule;

static void add_edges(WfAction *action);
static WfStep *entry_of(WfAction *first, WfAction *second);
static WfStep *exit_of(WfAction *action);
static bool is_postponed(WfStep *step);
static bool makes_way(WfStep *step);
static void make_ready(Schedule *schedule, WfStep *step);
static void take(Schedule *schedule, WfStep *step);
static WfStepMode next_mode(Schedule *schedule);
static WfStepMode release(Schedule *schedule, List **steps);
static int	compare_steps(Datum a, Datum b, void *arg);

/* A new step at the end of the list. */
WfStep *
wf_schema_step(WfAction *action, WfStepMode mode, List **steps)
{
	WfStep	   *step = palloc0(sizeof(WfStep));

	step->action = action;
	step->mode = mode;
	step->sql = makeStringInfo();
	*steps = lappend(*steps, step);
	return step;
}

/*
 * Puts the steps of all actions, which are in order, into plan->steps.  Only
 * online is there anything to gather.
 */
void
wf_schema_schedule(WfPlan *plan)
{
	Schedule	schedule = {.postponed = NIL};
	int			nsteps = 0;
	ListCell   *lc;
	ListCell   *ls;

	foreach(lc, plan->actions)
	{
		foreach(ls, ((WfAction *) lfirst(lc))->steps)
		{
			WfStep	   *step = lfirst(ls);

			step->position = nsteps++;
			if (!plan->options.online && step->sql->len)
				plan->steps = lappend(plan->steps, step);
			if (step->mode == WF_STEP_TRANSACTION && step->sql->len && !is_postponed(step))
				schedule.blocking++;
		}
	}
	if (!plan->options.online)
		return;
	for (int i = 0; i < WF_STEP_MODES; i++)
		schedule.ready[i] = binaryheap_allocate(nsteps + 1, compare_steps, NULL);
	foreach(lc, plan->actions)
		add_edges(lfirst(lc));
	foreach(lc, plan->actions)
	{
		foreach(ls, ((WfAction *) lfirst(lc))->steps)
			if (((WfStep *) lfirst(ls))->waits == 0)
			make_ready(&schedule, lfirst(ls));
	}
	for (WfStepMode mode = next_mode(&schedule); mode < WF_STEP_MODES; mode = next_mode(&schedule))
	{
		while (!binaryheap_empty(schedule.ready[mode]))
		{
			CHECK_FOR_INTERRUPTS();
			take(&schedule, (WfStep *) DatumGetPointer(binaryheap_remove_first(schedule.ready[mode])));
		}
	}
	plan->steps = schedule.steps;
}

/* Edges that the order of the actions does not keep were given up there. */
static void
add_edges(WfAction *action)
{
	WfStep	   *before = NULL;
	ListCell   *lc;

	foreach(lc, action->steps)
	{
		WfStep	   *step = lfirst(lc);

		if (before)
		{
			before->next = lappend(before->next, step);
			step->waits++;
		}
		before = step;
	}
	foreach(lc, action->before)
	{
		WfStep	   *from = exit_of(action);
		WfStep	   *to = entry_of(action, ((WfEdge *) lfirst(lc))->target);

		if (from->position > to->position)
			continue;
		from->next = lappend(from->next, to);
		to->waits++;
	}
}

/* What is built beside something old need not wait until others are gone. */
static WfStep *
entry_of(WfAction *first, WfAction *second)
{
	WfStep	   *step = linitial(second->steps);

	return second->to && second->to->interim && list_length(second->steps) > 1 && first->verb == WF_VERB_DROP
		? lsecond(second->steps) : step;
}

/* Others need not wait for a validation at the end. */
static WfStep *
exit_of(WfAction *action)
{
	WfStep	   *step = llast(action->steps);

	return step->mode == WF_STEP_VALIDATE && list_length(action->steps) > 1
		? list_nth(action->steps, list_length(action->steps) - 2) : step;
}

/* Default privileges reach all that is made behind them. */
static bool
is_postponed(WfStep *step)
{
	WfAction   *action = step->action;

	return action->verb == WF_VERB_CREATE && action->to->type->kind == WF_OBJECT_DEFAULT_PRIVILEGES;
}

/*
 * What comes back is gone in the transaction that brings it back, if it can:
 * nothing long stands between.
 */
static bool
makes_way(WfStep *step)
{
	WfAction   *action = step->action;

	return action->verb == WF_VERB_DROP && action->from->fate == WF_FATE_REPLACE &&
		step->mode == WF_STEP_TRANSACTION;
}

/* What says nothing is done at once. */
static void
make_ready(Schedule *schedule, WfStep *step)
{
	wf_schema_go_deeper();
	if (step->ready)
		return;
	step->ready = true;
	if (!step->sql->len)
		take(schedule, step);
	else if (is_postponed(step) && schedule->blocking > 0)
		schedule->postponed = lappend(schedule->postponed, step);
	else if (step->mode == WF_STEP_VALIDATE && step->next == NIL)
		schedule->last = lappend(schedule->last, step);
	else if (makes_way(step))
		schedule->held = lappend(schedule->held, step);
	else
		binaryheap_add(schedule->ready[step->mode], PointerGetDatum(step));
}

static void
take(Schedule *schedule, WfStep *step)
{
	ListCell   *lc;

	if (step->sql->len)
		schedule->steps = lappend(schedule->steps, step);
	foreach(lc, step->next)
	{
		WfStep	   *next = lfirst(lc);

		if (--next->waits == 0)
			make_ready(schedule, next);
	}
	if (step->mode != WF_STEP_TRANSACTION || !step->sql->len || is_postponed(step) ||
		--schedule->blocking > 0)
		return;
	if (schedule->postponed)
		(void) release(schedule, &schedule->postponed);
}

/*
 * The mode of which something is ready: after a transaction, first all that
 * another one may wait for.
 */
static WfStepMode
next_mode(Schedule *schedule)
{
	WfStepMode	mode = WF_STEP_ALONE;

	if (schedule->steps == NIL && binaryheap_empty(schedule->ready[WF_STEP_ALONE]) &&
		!binaryheap_empty(schedule->ready[WF_STEP_TRANSACTION]))
		return WF_STEP_TRANSACTION;
	while (mode < WF_STEP_MODES && binaryheap_empty(schedule->ready[mode]))
		mode++;
	if (mode == WF_STEP_MODES && schedule->held)
		mode = release(schedule, &schedule->held);
	else if (mode == WF_STEP_MODES && schedule->last)
		mode = release(schedule, &schedule->last);
	return mode;
}

/* Hands these out now; returns their mode. */
static WfStepMode
release(Schedule *schedule, List **steps)
{
	WfStepMode	mode = ((WfStep *) linitial(*steps))->mode;
	ListCell   *lc;

	foreach(lc, *steps)
		binaryheap_add(schedule->ready[mode], PointerGetDatum(lfirst(lc)));
	*steps = NIL;
	return mode;
}

static int
compare_steps(Datum a, Datum b, void *arg)
{
	int			x = ((WfStep *) DatumGetPointer(a))->position;
	int			y = ((WfStep *) DatumGetPointer(b))->position;

	return x < y ? 1 : x > y ? -1 : 0;
}
