/*
 * cycle.c: what to do about actions that wait for each other.
 *
 * From the cheapest way out to the dearest: an edge that only a function's
 * body wants is given up; a folded object gets a statement of its own; an
 * alteration becomes a drop and create; a view or function is announced by a
 * stub, as pg_dump does.  Else the cycle is an error.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"

#include "schema/plan.h"

static void find_waits(WfPlan *plan);
static List *walk_cycle(WfAction *start);
static bool give_up_edge(List *cycle, List **ready);
static bool forget_edge(WfAction *first, WfAction *second);
static bool set_apart(List *cycle);
static bool make_again(List *cycle);
static bool announce(List *cycle, bool routines);
static WfObject *object_of(WfAction *action);
static WfObject *waiting_object(WfAction *action);
static bool is_routine(WfObject *object);
static bool may_stand_apart(WfObject *object);
static bool may_be_made_again(WfObject *object);
pg_noreturn static void report_cycle(List *cycle);

/*
 * Every action left waits for another one left; following one for each leads
 * to some cycles, and each of them is broken.  Returns the actions that need
 * not wait any more; rebuild: what becomes of an object has changed, so the
 * graph must be built again.
 */
List *
wf_schema_break_cycles(WfPlan *plan, bool *rebuild)
{
	List	   *ready = NIL;
	int			walk = 0;
	ListCell   *lc;

	*rebuild = false;
	find_waits(plan);
	foreach(lc, plan->actions)
	{
		WfAction   *action = lfirst(lc);
		List	   *cycle;

		walk++;
		while (!action->done && action->walk == 0)
		{
			action->walk = walk;
			action = action->waiting_for;
		}
		if (action->done || action->walk != walk)
			continue;
		cycle = walk_cycle(action);
		if (give_up_edge(cycle, &ready))
			continue;
		*rebuild = true;
		if (!set_apart(cycle) && !make_again(cycle) && !announce(cycle, false) && !announce(cycle, true))
			report_cycle(cycle);
	}
	return ready;
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
		first->walk = 0;
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

/* Each waits for the next, and the last for the first. */
static List *
walk_cycle(WfAction *start)
{
	List	   *cycle = NIL;
	WfAction   *action = start;

	do
	{
		cycle = lappend(cycle, action);
		action = action->waiting_for;
	} while (action != start);
	return cycle;
}

static bool
give_up_edge(List *cycle, List **ready)
{
	ListCell   *lc;

	foreach(lc, cycle)
	{
		WfAction   *waiting = lfirst(lc);

		if (!waiting->waiting_because || !is_routine(waiting->waiting_because) ||
			!forget_edge(waiting->waiting_for, waiting))
			continue;
		if (waiting->waits == 0)
			*ready = lappend(*ready, waiting);
		return true;
	}
	return false;
}

static bool
forget_edge(WfAction *first, WfAction *second)
{
	bool		forgotten = false;
	ListCell   *lc;

	foreach(lc, first->before)
	{
		WfEdge	   *edge = lfirst(lc);

		if (edge->target == second && edge->because && is_routine(edge->because))
		{
			first->before = foreach_delete_current(first->before, lc);
			second->waits--;
			forgotten = true;
		}
	}
	return forgotten;
}

static bool
set_apart(List *cycle)
{
	ListCell   *lc;

	foreach(lc, cycle)
	{
		WfAction   *action = lfirst(lc);
		WfObject   *object = action->waiting_because;

		/* One that is built beside the old one can come behind it as well. */
		if (action->to && action->to->interim && !action->to->apart)
			object = action->to;
		if (object && !object->apart && may_stand_apart(object))
		{
			object->apart = true;
			return true;
		}
	}
	return false;
}

static bool
make_again(List *cycle)
{
	ListCell   *lc;

	foreach(lc, cycle)
	{
		WfAction   *action = lfirst(lc);

		if (action->verb == WF_VERB_ALTER && may_be_made_again(action->from))
		{
			action->from->fate = action->to->fate = WF_FATE_REPLACE;
			return true;
		}
	}
	return false;
}

/*
 * A new one is made known by a stub to the next that needs it; one that goes
 * becomes a stub, so that what it needs can go before.
 */
static bool
announce(List *cycle, bool routines)
{
	WfAction   *found = NULL;
	WfObject   *for_whom = NULL;
	ListCell   *lc;

	foreach(lc, cycle)
	{
		WfAction   *waiting = lfirst(lc);
		WfAction   *first = waiting->waiting_for;
		WfObject   *stub = first->verb == WF_VERB_CREATE ? first->to : first->from;
		WfObject   *other = first->verb == WF_VERB_CREATE ? waiting_object(waiting) : waiting->from;

		if (first->verb != waiting->verb || (first->verb != WF_VERB_CREATE && first->verb != WF_VERB_DROP) ||
			!wf_schema_may_be_announced(stub) || is_routine(stub) != routines ||
			list_member_ptr(stub->announced_to, other))
			continue;
		if (found && found->sequence < first->sequence)
			continue;
		found = first;
		for_whom = other;
	}
	if (found)
	{
		WfObject   *stub = object_of(found);

		stub->announced_to = lappend(stub->announced_to, for_whom);
	}
	return found != NULL;
}

static WfObject *
object_of(WfAction *action)
{
	return action->to ? action->to : action->from;
}

/* What an action waits for the sake of. */
static WfObject *
waiting_object(WfAction *action)
{
	return action->waiting_because ? action->waiting_because : object_of(action);
}

static bool
is_routine(WfObject *object)
{
	return object->type->kind == WF_OBJECT_FUNCTION || object->type->kind == WF_OBJECT_PROCEDURE;
}

/* Can a stub with the same outside stand for it? */
bool
wf_schema_may_be_announced(WfObject *object)
{
	return object->type->kind == WF_OBJECT_VIEW || is_routine(object);
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

/* Can this be dropped and made instead of altered, with nothing lost? */
static bool
may_be_made_again(WfObject *object)
{
	return object->type->kind == WF_OBJECT_VIEW || object->type->kind == WF_OBJECT_STATISTICS ||
		is_routine(object) || may_stand_apart(object);
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
						 object_of(action)->key);
	}
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("objects depend on each other in a circle that no order of statements resolves"),
			 errdetail("The circle is: %s.", names.data),
			 errhint("Make this change in two steps, the first without one of these objects.")));
}
