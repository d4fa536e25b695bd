/*
 * schedule.c: the steps of ordered actions, in the fewest transactions.
 *
 * An action is one step, or several where PostgreSQL wants parts of it in
 * transactions of their own or outside of any.  A transaction either validates
 * or does the rest, and takes all steps of its kind that are ready, also those
 * that become so meanwhile: to leave one for later helps nothing.  So what is
 * to be found is the shortest row of kinds.  Iterative deepening finds it: the
 * longest chain of steps is a bound that seldom has to be raised.
 */
#include "common/compat.h"

#include "miscadmin.h"

#include "schema/plan.h"

/* Kinds of transactions; NO_KIND: none is open. */
enum
{
	CHANGE,
	VALIDATE,
	NO_KIND
};

/* After so many rows that were too long, the next one will do. */
#define MAX_TRIES 2000

/* Outside of transactions slots are even, those of transactions stand between. */
#define OUTSIDE_SLOT(ntransactions) (2 * (ntransactions))
#define TRANSACTION_SLOT(ntransactions) (2 * (ntransactions) - 1)

typedef struct Schedule
{
	WfStep	  **steps;			/* by position */
	int			nsteps;
	int			(*extra)[NO_KIND + 1];	/* see measure() */
	int		   *waits;			/* of each step, for so many others */
	List	   *ready[NO_KIND]; /* WfStep, per kind */
	List	   *outside;		/* WfStep, ready */
	List	   *silent;			/* WfStep without statements, ready */
	List	   *kinds;			/* of the transactions so far */
	bool		open;			/* the first of them can take more */
	WfStepTurn	turn;
	int			left;			/* steps of this turn that are not done */
	int			tries;
} Schedule;

static void prepare(WfPlan *plan, Schedule *schedule);
static void add_edges(Schedule *schedule, WfAction *action);
static void add_edge(Schedule *schedule, WfStep *from, WfStep *to);
static WfStep *entry_of(WfAction *first, WfAction *second);
static WfStep *exit_of(WfAction *action);
static bool is_primary_key(WfObject *object);
static WfStep *closing_of(WfAction *action);
static WfStep *filled_by(WfAction *action);
static bool builds(WfAction *action);
static void set_alone(Schedule *schedule);
static void take_turns(Schedule *schedule);
static void measure(Schedule *schedule);
static int	longest(Schedule *schedule, WfStep *step, int open);
static void run_turn(Schedule *schedule, WfStepTurn turn);
static bool arrange(Schedule *schedule, int budget);
static int	lower_bound(Schedule *schedule);
static void run(Schedule *schedule, List **ready, int slot);
static void make_ready(Schedule *schedule, WfStep *step);
static int	kind_of(WfStep *step);
static bool makes_way(WfStep *step);
static void move_back(Schedule *schedule);
static int	last_change(Schedule *schedule, int slot);
static void append_steps(WfPlan *plan, Schedule *schedule);
static int	compare_steps(const void *a, const void *b);

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
 * Adds the steps of all actions, which are in order, to plan->steps, where
 * those of one transaction may stand already.
 */
void
wf_schema_schedule(WfPlan *plan)
{
	Schedule	schedule = {.open = plan->steps != NIL};
	ListCell   *lc;

	prepare(plan, &schedule);
	if (plan->options.online)
	{
		foreach(lc, plan->steps)
			((WfStep *) lfirst(lc))->slot = TRANSACTION_SLOT(1);
		if (plan->steps)
			schedule.kinds = list_make1_int(CHANGE);
		take_turns(&schedule);
		measure(&schedule);
		run_turn(&schedule, WF_TURN_EARLY);
		run_turn(&schedule, WF_TURN_USUAL);
		move_back(&schedule);
	}
	else
		set_alone(&schedule);
	append_steps(plan, &schedule);
}

static void
prepare(WfPlan *plan, Schedule *schedule)
{
	List	   *steps = NIL;
	ListCell   *lc;

	foreach(lc, plan->actions)
		steps = list_concat(steps, ((WfAction *) lfirst(lc))->steps);
	schedule->nsteps = list_length(steps);
	schedule->steps = palloc(schedule->nsteps * sizeof(WfStep *));
	schedule->waits = palloc0(schedule->nsteps * sizeof(int));
	schedule->extra = palloc(schedule->nsteps * sizeof(*schedule->extra));
	foreach(lc, steps)
	{
		WfStep	   *step = lfirst(lc);

		step->position = foreach_current_index(lc);
		schedule->steps[step->position] = step;
	}
	foreach(lc, plan->options.online ? plan->actions : NIL)
		add_edges(schedule, lfirst(lc));
}

/* Edges that the order of the actions does not keep were given up there. */
static void
add_edges(Schedule *schedule, WfAction *action)
{
	WfStep	   *before = NULL;
	ListCell   *lc;

	foreach(lc, action->steps)
	{
		if (before)
			add_edge(schedule, before, lfirst(lc));
		before = lfirst(lc);
	}
	foreach(lc, action->before)
	{
		WfAction   *second = ((WfEdge *) lfirst(lc))->target;

		add_edge(schedule, builds(second) ? filled_by(action) : exit_of(action), entry_of(action, second));
		/* Its transaction at the end may want NOT NULL, nothing before. */
		if (builds(second) && wf_schema_has_index(second->to))
			add_edge(schedule, exit_of(action), closing_of(second));
	}
}

static void
add_edge(Schedule *schedule, WfStep *from, WfStep *to)
{
	if (from->position >= to->position)
		return;
	from->next = lappend(from->next, to);
	schedule->waits[to->position]++;
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

/*
 * The transaction that takes into use what was built, if it is no part of that.
 * A primary key wants NOT NULL in any case: it scans otherwise, and from 18 on
 * fails where children have none.
 */
static WfStep *
closing_of(WfAction *action)
{
	WfStep	   *closing = linitial(action->steps);
	ListCell   *lc;

	foreach(lc, action->steps)
	{
		WfStep	   *step = lfirst(lc);

		if (step->sql->len && step->mode == WF_STEP_TRANSACTION)
			closing = step;
	}
	return closing == linitial(action->steps) && !is_primary_key(action->to) ? llast(action->steps) : closing;
}

static bool
is_primary_key(WfObject *object)
{
	const char *kind = object->type->kind == WF_OBJECT_CONSTRAINT ? wf_schema_value(object, "kind") : NULL;

	return kind && strcmp(kind, "PRIMARY KEY") == 0;
}

/* A column has its values before it is NOT NULL. */
static WfStep *
filled_by(WfAction *action)
{
	if (!action->to || action->to->type->kind != WF_OBJECT_COLUMN)
		return exit_of(action);
	if (action->verb == WF_VERB_CREATE && list_length(action->steps) > 1)
		return lsecond(action->steps);
	if (action->verb == WF_VERB_ALTER && strcmp(action->attr, "not_null") == 0)
		return linitial(action->steps);
	return exit_of(action);
}

static bool
builds(WfAction *action)
{
	return action->verb == WF_VERB_CREATE &&
		(action->to->type->kind == WF_OBJECT_INDEX || action->to->type->kind == WF_OBJECT_CONSTRAINT);
}

/* All in one transaction, in order, but for what must have ended before others use it. */
static void
set_alone(Schedule *schedule)
{
	WfStepMode	mode = WF_STEP_TRANSACTION;
	int			slot = 0;

	for (int i = 0; i < schedule->nsteps; i++)
	{
		WfStep	   *step = schedule->steps[i];

		if (!step->sql->len)
			continue;
		step->slot = slot += step->mode != mode;
		mode = step->mode;
	}
}

/*
 * A new enum value goes before all that need not go before it: a function that
 * runs may use it, too.  Default privileges go behind everything, for they
 * reach all that is made behind them.
 */
static void
take_turns(Schedule *schedule)
{
	ListCell   *lc;

	for (int i = schedule->nsteps - 1; i >= 0; i--)
	{
		WfStep	   *step = schedule->steps[i];

		step->turn = step->mode == WF_STEP_ALONE ? WF_TURN_EARLY : WF_TURN_USUAL;
		foreach(lc, step->next)
			if (((WfStep *) lfirst(lc))->turn == WF_TURN_EARLY)
			step->turn = WF_TURN_EARLY;
	}
	for (int i = 0; i < schedule->nsteps; i++)
	{
		WfStep	   *step = schedule->steps[i];

		if (step->action->verb == WF_VERB_CREATE && step->action->to->type->kind == WF_OBJECT_DEFAULT_PRIVILEGES)
			step->turn = WF_TURN_LATE;
		foreach(lc, step->turn == WF_TURN_LATE ? step->next : NIL)
			((WfStep *) lfirst(lc))->turn = WF_TURN_LATE;
	}
}

/*
 * For each step, how many transactions it takes at least to do it and all that
 * waits for it, given the kind of the one that is open.
 */
static void
measure(Schedule *schedule)
{
	for (int i = schedule->nsteps - 1; i >= 0; i--)
	{
		WfStep	   *step = schedule->steps[i];
		int			kind = kind_of(step);

		for (int open = 0; open <= NO_KIND; open++)
		{
			if (!step->sql->len)
				schedule->extra[i][open] = longest(schedule, step, open);
			else
				schedule->extra[i][open] = longest(schedule, step, kind) + (kind != NO_KIND && kind != open);
		}
	}
}

static int
longest(Schedule *schedule, WfStep *step, int open)
{
	int			most = 0;
	ListCell   *lc;

	foreach(lc, step->next)
	{
		WfStep	   *next = lfirst(lc);

		if (next->turn == step->turn)
			most = Max(most, schedule->extra[next->position][open]);
	}
	return most;
}

/* Does all steps of one turn. */
static void
run_turn(Schedule *schedule, WfStepTurn turn)
{
	schedule->turn = turn;
	schedule->left = 0;
	for (int i = 0; i < schedule->nsteps; i++)
	{
		if (schedule->steps[i]->turn != turn)
			continue;
		schedule->left++;
		if (schedule->waits[i] == 0)
			make_ready(schedule, schedule->steps[i]);
	}
	if (schedule->left == 0)
		return;
	schedule->tries = 0;
	if (schedule->open)
		run(schedule, &schedule->ready[CHANGE], TRANSACTION_SLOT(1));
	schedule->open = false;
	run(schedule, &schedule->outside, OUTSIDE_SLOT(list_length(schedule->kinds)));
	for (int budget = lower_bound(schedule); !arrange(schedule, budget); budget++)
		CHECK_FOR_INTERRUPTS();
}

/* Does what is left in so many transactions; false: it cannot be done. */
static bool
arrange(Schedule *schedule, int budget)
{
	Schedule	saved = *schedule;
	Size		size = schedule->nsteps * sizeof(int);

	if (schedule->left == 0)
		return true;
	if (lower_bound(schedule) > budget && schedule->tries < MAX_TRIES)
	{
		schedule->tries++;
		return false;
	}
	wf_schema_go_deeper();
	saved.waits = memcpy(palloc(size), schedule->waits, size);
	for (int kind = 0; kind < NO_KIND; kind++)
	{
		if (!saved.ready[kind])
			continue;
		memcpy(schedule->waits, saved.waits, size);
		for (int i = 0; i < NO_KIND; i++)
			schedule->ready[i] = list_copy(saved.ready[i]);
		schedule->kinds = lappend_int(list_copy(saved.kinds), kind);
		schedule->left = saved.left;
		run(schedule, &schedule->ready[kind], TRANSACTION_SLOT(list_length(schedule->kinds)));
		run(schedule, &schedule->outside, OUTSIDE_SLOT(list_length(schedule->kinds)));
		if (arrange(schedule, budget - 1))
			return true;
	}
	return false;
}

static int
lower_bound(Schedule *schedule)
{
	int			most = 0;
	ListCell   *lc;

	for (int kind = 0; kind < NO_KIND; kind++)
	{
		foreach(lc, schedule->ready[kind])
			most = Max(most, schedule->extra[((WfStep *) lfirst(lc))->position][NO_KIND]);
	}
	return most;
}

/* Does what is ready, and what thereby becomes ready in the same way. */
static void
run(Schedule *schedule, List **ready, int slot)
{
	while (*ready || schedule->silent)
	{
		List	  **list = *ready ? ready : &schedule->silent;
		WfStep	   *step = llast(*list);
		ListCell   *lc;

		CHECK_FOR_INTERRUPTS();
		*list = list_delete_last(*list);
		step->slot = slot;
		schedule->left--;
		foreach(lc, step->next)
		{
			WfStep	   *next = lfirst(lc);

			if (--schedule->waits[next->position] == 0 && next->turn == schedule->turn)
				make_ready(schedule, next);
		}
	}
}

static void
make_ready(Schedule *schedule, WfStep *step)
{
	int			kind = kind_of(step);
	List	  **list = !step->sql->len ? &schedule->silent :
	kind == NO_KIND ? &schedule->outside : &schedule->ready[kind];

	*list = lappend(*list, step);
}

static int
kind_of(WfStep *step)
{
	return step->mode == WF_STEP_OUTSIDE ? NO_KIND : step->mode == WF_STEP_VALIDATE ? VALIDATE : CHANGE;
}

static bool
makes_way(WfStep *step)
{
	WfAction   *action = step->action;

	return action->verb == WF_VERB_DROP && action->from->fate == WF_FATE_REPLACE &&
		step->mode == WF_STEP_TRANSACTION;
}

/*
 * What comes back is gone in the transaction that brings it back, if it can:
 * nothing long stands between.  What runs outside of transactions lasts, so it
 * lets the first one go before.
 */
static void
move_back(Schedule *schedule)
{
	for (int i = schedule->nsteps - 1; i >= 0; i--)
	{
		WfStep	   *step = schedule->steps[i];
		int			slot = PG_INT32_MAX;
		ListCell   *lc;

		if (step->turn != WF_TURN_USUAL)
			continue;
		foreach(lc, step->next)
			slot = Min(slot, ((WfStep *) lfirst(lc))->slot);
		if (!step->sql->len)
			step->slot = slot;
		else if (step->mode == WF_STEP_OUTSIDE)
			step->slot = Max(step->slot, Min(slot & ~1, OUTSIDE_SLOT(schedule->kinds ? 1 : 0)));
		else if (makes_way(step))
			step->slot = Max(step->slot, last_change(schedule, slot));
	}
}

/* The last transaction for changes up to a slot; 0 for none. */
static int
last_change(Schedule *schedule, int slot)
{
	int			last = 0;
	ListCell   *lc;

	foreach(lc, schedule->kinds)
	{
		int			number = foreach_current_index(lc) + 1;

		if (lfirst_int(lc) == CHANGE && TRANSACTION_SLOT(number) <= slot)
			last = TRANSACTION_SLOT(number);
	}
	return last;
}

static void
append_steps(WfPlan *plan, Schedule *schedule)
{
	int			last = last_change(schedule, PG_INT32_MAX);

	if (last == 0)
		last = TRANSACTION_SLOT(list_length(schedule->kinds) + 1);
	for (int i = 0; i < schedule->nsteps; i++)
	{
		if (schedule->steps[i]->turn == WF_TURN_LATE)
			schedule->steps[i]->slot = last;
	}
	qsort(schedule->steps, schedule->nsteps, sizeof(WfStep *), compare_steps);
	for (int i = 0; i < schedule->nsteps; i++)
	{
		if (schedule->steps[i]->sql->len)
			plan->steps = lappend(plan->steps, schedule->steps[i]);
	}
}

static int
compare_steps(const void *a, const void *b)
{
	const WfStep *x = *(WfStep *const *) a;
	const WfStep *y = *(WfStep *const *) b;

	if (x->slot != y->slot)
		return x->slot < y->slot ? -1 : 1;
	if (x->turn != y->turn)
		return x->turn < y->turn ? -1 : 1;
	return x->position < y->position ? -1 : x->position > y->position;
}
