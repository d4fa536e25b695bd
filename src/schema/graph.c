/*
 * graph.c: sorting actions by what must wait for what.
 *
 * A heap hands out the ready action of the lowest rank, so the same two
 * models always give the same script.
 */
#include "common/compat.h"

#include "lib/binaryheap.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "schema/plan.h"

static int	compare_actions(Datum a, Datum b, void *arg);
static bool break_cycle(WfPlan *plan, binaryheap *heap);
static void find_waits(WfPlan *plan);
static void forget_edge(binaryheap *heap, WfAction *first, WfAction *second);
static bool is_routine(WfObject *object);
static bool may_stand_apart(WfObject *object);
static bool may_be_replaced(WfObject *object);
pg_noreturn static void report_cycle(List *cycle);

/* second must wait for first; because is the folded object that wants it. */
void
wf_schema_edge(WfAction *first, WfAction *second, WfObject *because)
{
	WfEdge	   *edge;

	if (!first || !second || first == second)
		return;
	edge = palloc(sizeof(WfEdge));
	edge->target = second;
	edge->because = because;
	first->before = lappend(first->before, edge);
	second->waits++;
}

/* For walks that call themselves: raises an error before the stack ends. */
void
wf_schema_go_deeper(void)
{
	check_stack_depth();
	CHECK_FOR_INTERRUPTS();
}

/*
 * Puts plan->actions in order.  Returns false after it has told an object of
 * a cycle to stand apart: the graph must then be built again.
 */
bool
wf_schema_sort(WfPlan *plan)
{
	binaryheap *heap = binaryheap_allocate(list_length(plan->actions) + 1, compare_actions, NULL);
	List	   *sorted = NIL;
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		WfAction   *action = lfirst(lc);

		if (action->waits == 0)
			binaryheap_add(heap, PointerGetDatum(action));
	}
	for (;;)
	{
		while (!binaryheap_empty(heap))
		{
			WfAction   *action = (WfAction *) DatumGetPointer(binaryheap_remove_first(heap));

			CHECK_FOR_INTERRUPTS();
			action->done = true;
			sorted = lappend(sorted, action);
			foreach(lc, action->before)
			{
				WfAction   *target = ((WfEdge *) lfirst(lc))->target;

				if (--target->waits == 0)
					binaryheap_add(heap, PointerGetDatum(target));
			}
		}
		if (list_length(sorted) == list_length(plan->actions))
			break;
		if (!break_cycle(plan, heap))
			return false;
	}
	binaryheap_free(heap);
	plan->actions = sorted;
	return true;
}

static int
compare_actions(Datum a, Datum b, void *arg)
{
	WfAction   *x = (WfAction *) DatumGetPointer(a);
	WfAction   *y = (WfAction *) DatumGetPointer(b);

	if (x->rank != y->rank)
		return x->rank < y->rank ? 1 : -1;
	if (x->sequence != y->sequence)
		return x->sequence < y->sequence ? 1 : -1;
	return 0;
}

/*
 * Every action left waits for another one left, so following them meets a
 * cycle.  An edge that only a function's body wants is given up, and the sort
 * goes on (true); else a folded object is told to stand apart, or what was to
 * be altered is dropped and made again (false).
 */
static bool
break_cycle(WfPlan *plan, binaryheap *heap)
{
	WfAction   *action = NULL;
	List	   *path = NIL;
	ListCell   *lc;

	find_waits(plan);
	foreach(lc, plan->actions)
	{
		action = lfirst(lc);
		if (!action->done)
			break;
	}
	while (!list_member_ptr(path, action))
	{
		path = lappend(path, action);
		action = action->waiting_for;
	}
	/* What led to the cycle is no part of it. */
	while (linitial(path) != action)
		path = list_delete_first(path);
	foreach(lc, path)
	{
		WfAction   *waiting = lfirst(lc);

		if (waiting->waiting_because && is_routine(waiting->waiting_because))
		{
			forget_edge(heap, waiting->waiting_for, waiting);
			return true;
		}
	}
	foreach(lc, path)
	{
		WfObject   *object = ((WfAction *) lfirst(lc))->waiting_because;

		if (object && !object->apart && may_stand_apart(object))
		{
			object->apart = true;
			return false;
		}
	}
	foreach(lc, path)
	{
		action = lfirst(lc);
		if (action->verb == WF_VERB_ALTER && may_be_replaced(action->from))
		{
			action->from->fate = action->to->fate = WF_FATE_REPLACE;
			wf_schema_spread(plan);
			return false;
		}
	}
	report_cycle(path);
	return false;				/* keep compiler quiet */
}

/* Notes for each action left one that it waits for. */
static void
find_waits(WfPlan *plan)
{
	ListCell   *lc;

	foreach(lc, plan->actions)
	{
		WfAction   *first = lfirst(lc);
		ListCell   *le;

		if (first->done)
			continue;
		foreach(le, first->before)
		{
			WfEdge	   *edge = lfirst(le);

			if (!edge->target->done)
			{
				edge->target->waiting_for = first;
				edge->target->waiting_because = edge->because;
			}
		}
	}
}

static void
forget_edge(binaryheap *heap, WfAction *first, WfAction *second)
{
	ListCell   *lc;

	foreach(lc, first->before)
	{
		WfEdge	   *edge = lfirst(lc);

		if (edge->target == second && edge->because && is_routine(edge->because))
		{
			first->before = foreach_delete_current(first->before, lc);
			if (--second->waits == 0)
				binaryheap_add(heap, PointerGetDatum(second));
		}
	}
}

static bool
is_routine(WfObject *object)
{
	return object->type->kind == WF_OBJECT_FUNCTION || object->type->kind == WF_OBJECT_PROCEDURE;
}

/* Can this be made or dropped by a statement of its own? */
static bool
may_stand_apart(WfObject *object)
{
	switch (object->type->kind)
	{
		case WF_OBJECT_DEFAULT:
		case WF_OBJECT_CONSTRAINT:
		case WF_OBJECT_DOMAIN_CONSTRAINT:
		case WF_OBJECT_INDEX:
		case WF_OBJECT_TRIGGER:
		case WF_OBJECT_RULE:
		case WF_OBJECT_POLICY:
		case WF_OBJECT_PARTITION:
		case WF_OBJECT_INHERITANCE:
		case WF_OBJECT_SEQUENCE_OWNER:
			return true;
		default:
			return false;
	}
}

/* Does nothing but text go when this is dropped and made again? */
static bool
may_be_replaced(WfObject *object)
{
	switch (object->type->kind)
	{
		case WF_OBJECT_VIEW:
		case WF_OBJECT_FUNCTION:
		case WF_OBJECT_PROCEDURE:
		case WF_OBJECT_DEFAULT:
			return true;
		default:
			return false;
	}
}

static void
report_cycle(List *cycle)
{
	StringInfoData names;
	ListCell   *lc;

	initStringInfo(&names);
	foreach(lc, cycle)
	{
		WfAction   *action = lfirst(lc);

		appendStringInfo(&names, "%s%s", foreach_current_index(lc) ? ", " : "",
						 (action->to ? action->to : action->from)->key);
	}
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("objects depend on each other in a circle that no order of statements resolves"),
			 errdetail("The circle is: %s.", names.data),
			 errhint("Make this change in two steps, the first without one of these objects.")));
}
