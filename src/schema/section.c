/*
 * section.c: a model without what stands in the way of filling its tables.
 *
 * A script that brings rows back makes the tables first, fills them, and then
 * makes the rest: two plans with one model between them.
 */
#include "common/compat.h"

#include "miscadmin.h"

#include "schema/plan.h"

static void mark(WfObject *object);
static bool is_early(WfModel *model, WfObject *object);

/*
 * Does an object of this kind react to rows, or is made of them?  Foreign keys
 * that are not there hold no row back; triggers and rules do not fire; what a
 * materialized view shows is read when it is made.
 */
bool
wf_schema_is_behind_rows(WfObject *object)
{
	switch (object->type->kind)
	{
		case WF_OBJECT_MATERIALIZED_VIEW:
		case WF_OBJECT_RULE:
		case WF_OBJECT_TRIGGER:
		case WF_OBJECT_EVENT_TRIGGER:
			return true;
		case WF_OBJECT_CONSTRAINT:
			return wf_schema_is_foreign_key(object);
		default:
			return false;
	}
}

/*
 * Removes the objects that late(object, arg) names, and all that needs them;
 * tables and columns stay.
 */
void
wf_schema_remove_late(WfModel *model, bool (*late) (WfObject *object, void *arg), void *arg)
{
	for (int i = 0; i < model->nobjects; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (late(model->objects[i], arg))
			mark(model->objects[i]);
	}
	wf_schema_model_retain(model, is_early);
}

static void
mark(WfObject *object)
{
	ListCell   *lc;

	check_stack_depth();
	if (object->visiting || object->type->kind == WF_OBJECT_TABLE || object->type->kind == WF_OBJECT_COLUMN)
		return;
	object->visiting = true;
	foreach(lc, object->needed_by)
		mark(lfirst(lc));
	foreach(lc, object->children)
		mark(lfirst(lc));
}

static bool
is_early(WfModel *model, WfObject *object)
{
	return !object->visiting;
}
