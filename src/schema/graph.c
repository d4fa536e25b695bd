/*
 * graph.c: sorting actions by what must wait for what.
 *
 * A heap hands out the ready action of the lowest rank, so the same two
 * models always give the same script.
 */
#include "common/compat.h"

#include "lib/binaryheap.h"
#include "miscadmin.h"

#include "schema/plan.h"

static int	compare_actions(Datum a, Datum b, void *arg);

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
 * Puts plan->actions in order.  Returns false after it has changed what
 * becomes of an object in a cycle: the graph must then be built again.
 */
bool
wf_schema_sort(WfPlan *plan)
{
	binaryheap *heap = binaryheap_allocate(list_length(plan->actions) + 1, compare_actions, NULL);
	List	   *sorted = NIL;
	bool		rebuild;
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
		foreach(lc, wf_schema_break_cycles(plan, &rebuild))
			binaryheap_add(heap, PointerGetDatum(lfirst(lc)));
		if (rebuild)
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
