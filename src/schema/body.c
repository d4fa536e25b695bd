/*
 * body.c: what the bodies of functions mention.
 *
 * pg_depend knows nothing of a body that is a string, but filling a
 * materialized view, building an index or checking rows may run it.  So a new
 * function waits for the new objects whose names stand in its text, as long
 * as that makes no circle.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "schema/names.h"
#include "schema/plan.h"

static wf_names_hash *new_names(WfPlan *plan);
static char *bare_name(WfObject *object);
static void edges_of(WfObject *function, wf_names_hash *names);

/* Adds the edges from new objects to the new functions that mention them. */
void
wf_schema_body_edges(WfPlan *plan)
{
	wf_names_hash *names = NULL;

	for (int i = 0; i < plan->to->nobjects; i++)
	{
		WfObject   *object = plan->to->objects[i];

		if ((object->type->kind != WF_OBJECT_FUNCTION && object->type->kind != WF_OBJECT_PROCEDURE) ||
			(!object->create_action && !object->first_alter))
			continue;
		CHECK_FOR_INTERRUPTS();
		if (!names)
			names = new_names(plan);
		edges_of(object, names);
	}
}

static wf_names_hash *
new_names(WfPlan *plan)
{
	wf_names_hash *names = wf_names_create(CurrentMemoryContext, 256, NULL);

	for (int i = 0; i < plan->to->nobjects; i++)
	{
		WfObject   *object = plan->to->objects[i];
		WfNameEntry *entry;
		bool		found;

		if (!object->create_action)
			continue;
		switch (object->type->kind)
		{
			case WF_OBJECT_FUNCTION:
			case WF_OBJECT_PROCEDURE:
			case WF_OBJECT_AGGREGATE:
			case WF_OBJECT_TABLE:
			case WF_OBJECT_FOREIGN_TABLE:
			case WF_OBJECT_VIEW:
			case WF_OBJECT_MATERIALIZED_VIEW:
			case WF_OBJECT_SEQUENCE:
			case WF_OBJECT_ENUM:
			case WF_OBJECT_DOMAIN:
			case WF_OBJECT_COMPOSITE:
				entry = wf_names_insert(names, bare_name(object), &found);
				if (!found)
					entry->list = NIL;
				entry->list = lappend(entry->list, object);
				break;
			default:
				break;
		}
	}
	return names;
}

/* The name without schema, arguments and quotes. */
static char *
bare_name(WfObject *object)
{
	char	   *name = wf_schema_short_name(object);
	char	   *end;

	if (name[0] == '"')
	{
		end = strchr(name + 1, '"');
		return pnstrdup(name + 1, end ? end - name - 1 : strlen(name) - 1);
	}
	end = strchr(name, '(');
	return end ? pnstrdup(name, end - name) : name;
}

static void
edges_of(WfObject *function, wf_names_hash *names)
{
	const char *text = wf_schema_value(function, "definition");
	WfAction   *action = function->create_action ? function->create_action : function->first_alter;

	while (*text)
	{
		const char *word = text;
		WfNameEntry *entry;
		ListCell   *lc;

		while (*text == '_' || *text == '$' || isalnum((unsigned char) *text) || IS_HIGHBIT_SET(*text))
			text++;
		if (text == word)
		{
			text++;
			continue;
		}
		entry = wf_names_lookup(names, pnstrdup(word, text - word));
		foreach(lc, entry ? entry->list : NIL)
		{
			WfObject   *object = lfirst(lc);

			if (object->create_action != action)
				wf_schema_edge(object->create_action, action, function);
		}
	}
}
