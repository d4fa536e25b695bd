/*
 * slots.c: the names that objects take, of which each can be had once.
 */
#include "common/compat.h"

#include "schema/names.h"
#include "schema/plan.h"

static List *family_slots(WfObject *class);

/* The name of the multirange type that a range type brings. */
const char *
wf_schema_multirange(WfObject *range)
{
	static const char word[] = "multirange_type_name = ";
	const char *name = strstr(wf_schema_value(range, "definition"), word);

	return name ? pnstrdup(name + strlen(word), strlen(name + strlen(word)) - 1) : "";
}

/* A family has each operator and function once, in whichever class. */
static List *
family_slots(WfObject *class)
{
	ListCell   *lc;

	foreach(lc, class->needs)
	{
		WfObject   *family = lfirst(lc);

		if (family->type->kind == WF_OBJECT_OPERATOR_FAMILY)
			return list_make1(psprintf("members %s", family->identity));
	}
	return NIL;
}

/* The names an object takes, each with its name space. */
List *
wf_schema_slots(WfObject *object)
{
	const char *name;
	List	   *slots;

	switch (object->type->kind)
	{
		case WF_OBJECT_TABLE:
		case WF_OBJECT_FOREIGN_TABLE:
		case WF_OBJECT_VIEW:
		case WF_OBJECT_MATERIALIZED_VIEW:
		case WF_OBJECT_COMPOSITE:
			return list_make2(psprintf("relation %s", object->identity),
							  psprintf("type %s", object->identity));
		case WF_OBJECT_SEQUENCE:
		case WF_OBJECT_INDEX:
			return list_make1(psprintf("relation %s", object->identity));
		case WF_OBJECT_CONSTRAINT:
			name = wf_schema_value(object, "index");
			slots = name ? list_make1(psprintf("relation %s", name)) : NIL;
			/* A table has only one. */
			if (strcmp(wf_schema_value(object, "kind"), "PRIMARY KEY") == 0)
				slots = lappend(slots, psprintf("primary key %s", object->parent->identity));
			return slots;
		case WF_OBJECT_COLUMN:
			name = wf_schema_value(object, "identity_sequence");
			return name ? list_make1(psprintf("relation %s", name)) : NIL;
		case WF_OBJECT_SHELL_TYPE:
		case WF_OBJECT_ENUM:
		case WF_OBJECT_DOMAIN:
		case WF_OBJECT_BASE_TYPE:
			return list_make1(psprintf("type %s", object->identity));
		case WF_OBJECT_RANGE:
			return list_make2(psprintf("type %s", object->identity),
							  psprintf("type %s", wf_schema_multirange(object)));
		case WF_OBJECT_FUNCTION:
		case WF_OBJECT_PROCEDURE:
			return list_make1(psprintf("routine %s", object->identity));
		case WF_OBJECT_OPERATOR_CLASS:
			return family_slots(object);
		case WF_OBJECT_FAMILY_MEMBER:
			return list_make1(psprintf("members %s", object->parent->identity));
		case WF_OBJECT_AGGREGATE:
			name = wf_schema_value(object, "signature");
			return name ? list_make1(psprintf("routine %s", name)) : NIL;
		default:
			return NIL;
	}
}

/* Adds what the objects of a model take to a set, and returns that. */
wf_names_hash *
wf_schema_taken_names(wf_names_hash *names, WfModel *model)
{
	for (int i = 0; i < model->nobjects; i++)
	{
		ListCell   *lc;
		bool		found;

		foreach(lc, wf_schema_slots(model->objects[i]))
			(void) wf_names_insert(names, lfirst(lc), &found);
	}
	return names;
}
