/*
 * edges.c: what must wait for what.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "schema/names.h"
#include "schema/plan.h"

static void after_owners(WfObject *link);
static void drop_edges(WfObject *object);
static void drop_before(WfObject *object, WfObject *needed);
static bool is_named_by_types(WfObject *object);
static void create_edges(WfObject *object);
static void link_edges(WfObject *link);
static void create_after(WfObject *object, WfObject *needed);
static void shell_edges(WfObject *object);
static void alter_edges(WfObject *object);
static void typed_edges(WfObject *table);
static void options_edges(WfObject *table);
static void row_type_edges(WfObject *routine);
static void away_during(WfObject *routine, WfObject *changed);
static void during_domain(WfObject *routine, WfObject *domain);
static void slot_edges(WfPlan *plan);

/* Adds the edges between the plan's actions. */
void
wf_schema_add_edges(WfPlan *plan)
{
	for (int i = 0; i < plan->from->nobjects; i++)
	{
		WfObject   *object = plan->from->objects[i];

		CHECK_FOR_INTERRUPTS();
		if (object->drop_action)
			drop_edges(object);
		if (object->first_alter)
			alter_edges(object);
		if (object->loosen_action || object->bind_action)
			typed_edges(object);
		if (object->options_action)
			options_edges(object);
		if (object->drop_action && wf_schema_has_sql_body(object))
			row_type_edges(object);
	}
	for (int i = 0; i < plan->to->nobjects; i++)
	{
		WfObject   *object = plan->to->objects[i];

		CHECK_FOR_INTERRUPTS();
		if (object->create_action && wf_schema_has_sql_body(object))
			row_type_edges(object);
		if (object->create_action)
			create_edges(object);
		else if (object->first_alter && object->type->kind == WF_OBJECT_INHERITANCE)
			link_edges(object);
		/* REVOKE on a table reaches its columns, so theirs come behind. */
		if (object->type->kind == WF_OBJECT_COLUMN && object->parent->grants_action)
		{
			wf_schema_edge(object->parent->grants_action, object->grants_action, NULL);
			wf_schema_edge(object->parent->grants_action, object->create_action, NULL);
		}

		/*
		 * A sequence gets the owner and persistence of its table, and then
		 * its own grants and persistence.
		 */
		if (object->type->kind == WF_OBJECT_COLUMN && wf_schema_value(object, "identity"))
		{
			wf_schema_edge(object->parent->owner_action, object->first_alter, NULL);
			wf_schema_edge(object->parent->last_alter, object->first_alter, NULL);
		}
		if (object->type->kind == WF_OBJECT_SEQUENCE_OWNER && object->parent->grants_action)
			after_owners(object);
	}
	slot_edges(plan);
	wf_schema_body_edges(plan);
}

/* The columns that own a sequence have their table's owner already. */
static void
after_owners(WfObject *link)
{
	ListCell   *lc;

	foreach(lc, link->needs)
	{
		WfObject   *column = lfirst(lc);

		if (column->parent)
			wf_schema_edge(column->parent->owner_action, link->parent->grants_action, NULL);
	}
}

static void
drop_edges(WfObject *object)
{
	ListCell   *lc;

	if (object->parent)
		drop_before(object, object->parent);
	foreach(lc, object->needs)
		drop_before(object, lfirst(lc));
	if (object->twin && object->twin->create_action)
		wf_schema_edge(object->drop_action, object->twin->create_action, NULL);
	if (object->final_action && object->twin)
		wf_schema_edge(object->twin->create_action, object->final_action, NULL);

	/*
	 * What is inherited and goes by itself, being the table's own as well or
	 * left to it, goes after the parent's.
	 */
	if (object->type->kind == WF_OBJECT_COLUMN || object->type->kind == WF_OBJECT_CONSTRAINT)
	{
		WfObject   *origin = wf_schema_inherited_from(object);

		if (origin)
			wf_schema_edge(origin->drop_action, object->drop_action, NULL);
	}
	wf_schema_inherited_drop_edges(object);
	wf_schema_unlink_edges(object);
	/* The index of a partition cannot go while it is attached. */
	if (object->type->kind == WF_OBJECT_INDEX || object->type->kind == WF_OBJECT_CONSTRAINT)
	{
		WfObject   *attached = wf_schema_partition_of(object->parent);

		if (attached)
			wf_schema_edge(attached->drop_action, object->drop_action, NULL);
	}
	/* A foreign key that a partition kept is looked for in its children. */
	foreach(lc, object->type->kind == WF_OBJECT_CONSTRAINT && wf_schema_is_foreign_key(object) ? object->parent->needed_by : NIL)
	{
		WfObject   *link = lfirst(lc);

		if (link->type->kind == WF_OBJECT_INHERITANCE)
			wf_schema_edge(link->drop_action, object->drop_action, link);
	}
}

/* The dependent goes before what it needs goes, or changes. */
static void
drop_before(WfObject *object, WfObject *needed)
{
	WfAction   *last = object->final_action ? object->final_action : object->drop_action;
	WfObject   *because = object->drop_action->from == object ? NULL : object;

	if (object->shell_action && list_member_ptr(object->announced_to, needed))
		wf_schema_edge(object->shell_action, needed->drop_action, NULL);
	else if (needed->final_action)
	{
		wf_schema_edge(last, needed->final_action, because);
		/* DROP names it by its types, of which this one gets another name. */
		if (is_named_by_types(object))
			wf_schema_edge(object->drop_action, needed->drop_action, because);
	}
	else if (needed->drop_action)
		wf_schema_edge(last, needed->drop_action, because);
	/* What has a successor beside it can stay until then. */
	else if (needed->first_alter && !(object->twin && object->twin->interim))
		wf_schema_edge(object->drop_action, needed->first_alter, because);
}

static bool
is_named_by_types(WfObject *object)
{
	switch (object->type->kind)
	{
		case WF_OBJECT_FUNCTION:
		case WF_OBJECT_PROCEDURE:
		case WF_OBJECT_AGGREGATE:
		case WF_OBJECT_OPERATOR:
		case WF_OBJECT_FAMILY_MEMBER:
		case WF_OBJECT_CAST:
		case WF_OBJECT_TRANSFORM:
			return !object->drop_action || object->drop_action->from == object;
		default:
			return false;
	}
}

static void
create_edges(WfObject *object)
{
	ListCell   *lc;

	if (object->parent)
		create_after(object, object->parent);
	foreach(lc, object->needs)
		create_after(object, lfirst(lc));
	/* Its own before the parent's, which would bring it otherwise. */
	if ((object->type->kind == WF_OBJECT_COLUMN ||
		 (object->type->kind == WF_OBJECT_CONSTRAINT && wf_schema_flag(object, "local"))) &&
		object->create_action->to == object)
	{
		WfObject   *origin = wf_schema_inherited_from(object);

		if (origin)
			wf_schema_edge(object->create_action, origin->create_action, NULL);
	}
	shell_edges(object);
	link_edges(object);
}

/* What the creation of a link waits for, and what waits for it. */
static void
link_edges(WfObject *link)
{
	switch (link->type->kind)
	{
		case WF_OBJECT_CONSTRAINT:
			wf_schema_foreign_key_edges(link);
			break;
		case WF_OBJECT_PARTITION:
			wf_schema_partition_edges(link);
			break;
		case WF_OBJECT_INDEX_PARTITION:
			wf_schema_index_partition_edges(link);
			break;
		case WF_OBJECT_INHERITANCE:
			wf_schema_inheritance_edges(link);
			break;
		default:
			break;
	}
}

static void
create_after(WfObject *object, WfObject *needed)
{
	WfObject   *because = object->create_action->to == object ? NULL : object;

	if (needed->shell_action &&
		(wf_schema_is_made_of(needed, object) || list_member_ptr(needed->announced_to, object)))
		wf_schema_edge(needed->shell_action, object->create_action, because);
	else if (needed->ready_action && object->type->kind != WF_OBJECT_INDEX_PARTITION)
		wf_schema_edge(needed->ready_action, object->create_action, because);
	else if (needed->create_action)
		wf_schema_edge(needed->create_action, object->create_action, because);
	else if (needed->last_alter)
		wf_schema_edge(needed->last_alter, object->create_action, because);
}

/* What is announced has its types, but not yet what its text uses. */
static void
shell_edges(WfObject *object)
{
	ListCell   *lc;

	if (!object->shell_action)
		return;
	wf_schema_edge(object->shell_action, object->create_action, NULL);
	if (object->twin)
		wf_schema_edge(object->twin->drop_action, object->shell_action, NULL);
	foreach(lc, wf_schema_is_made_of(object, NULL) ? NIL : object->needs)
	{
		WfObject   *needed = lfirst(lc);

		if (!wf_schema_may_be_announced(needed))
			wf_schema_edge(needed->create_action, object->shell_action, NULL);
	}
}

/*
 * An alteration waits for what it will need, and goes before what it leaves.
 * A table that is freed of its type meanwhile minds neither.
 */
static void
alter_edges(WfObject *object)
{
	ListCell   *lc;

	foreach(lc, object->twin->needs)
	{
		WfObject   *needed = lfirst(lc);

		if (object->loosen_action && needed->type->kind == WF_OBJECT_COMPOSITE)
			continue;
		wf_schema_edge(needed->create_action, object->first_alter, NULL);
		if (needed->type->kind != object->type->kind)
			wf_schema_edge(needed->last_alter, object->first_alter, NULL);
	}
	foreach(lc, object->needs)
	{
		WfObject   *needed = lfirst(lc);

		if (object->loosen_action && needed->type->kind == WF_OBJECT_COMPOSITE)
			continue;
		if (needed->final_action)
			wf_schema_edge(object->last_alter, needed->final_action, NULL);
		else
			wf_schema_edge(object->last_alter, needed->drop_action, NULL);
	}
	wf_schema_not_null_edges(object);
}

/* Columns change, and the old type goes, while a table is free of its type. */
static void
typed_edges(WfObject *table)
{
	ListCell   *lc;

	wf_schema_edge(table->loosen_action, table->bind_action, NULL);
	foreach(lc, table->children)
	{
		WfObject   *column = lfirst(lc);

		if (column->type->kind != WF_OBJECT_COLUMN)
			continue;
		wf_schema_edge(table->loosen_action, column->drop_action, NULL);
		wf_schema_edge(table->loosen_action, column->first_alter, NULL);
		wf_schema_edge(column->drop_action, table->bind_action, NULL);
		wf_schema_edge(column->last_alter, table->bind_action, NULL);
	}
	foreach(lc, table->twin->children)
	{
		WfObject   *column = lfirst(lc);

		if (column->type->kind != WF_OBJECT_COLUMN)
			continue;
		wf_schema_edge(table->loosen_action, column->create_action, NULL);
		wf_schema_edge(column->create_action, table->bind_action, NULL);
	}
	foreach(lc, table->needs)
		wf_schema_edge(table->loosen_action, ((WfObject *) lfirst(lc))->drop_action, NULL);
	foreach(lc, table->twin->needs)
	{
		WfObject   *needed = lfirst(lc);
		ListCell   *la;

		wf_schema_edge(needed->create_action, table->bind_action, NULL);
		foreach(la, needed->type->kind == WF_OBJECT_COMPOSITE ? needed->children : NIL)
		{
			wf_schema_edge(((WfObject *) lfirst(la))->create_action, table->bind_action, NULL);
			wf_schema_edge(((WfObject *) lfirst(la))->last_alter, table->bind_action, NULL);
		}
	}
}

/* The storage parameters of a table come behind its columns. */
static void
options_edges(WfObject *table)
{
	ListCell   *lc;

	foreach(lc, table->children)
		wf_schema_edge(((WfObject *) lfirst(lc))->last_alter, table->options_action, NULL);
	foreach(lc, table->twin->children)
	{
		if (((WfObject *) lfirst(lc))->type->kind == WF_OBJECT_COLUMN)
			wf_schema_edge(((WfObject *) lfirst(lc))->create_action, table->options_action, NULL);
	}
}

/*
 * A routine whose body of SQL has rows of a table is not there while its columns
 * change, be it made anew because of them or by itself.  Where a column needs
 * the routine too, that is given up.
 */
static void
row_type_edges(WfObject *routine)
{
	ListCell   *lc;

	foreach(lc, routine->needs)
	{
		WfObject   *table = lfirst(lc);
		ListCell   *lx;

		if (table->type->kind != WF_OBJECT_TABLE || !table->twin)
			continue;
		foreach(lx, table->children)
		{
			WfObject   *column = lfirst(lx);
			ListCell   *ln;

			away_during(routine, column);
			foreach(ln, column->type->kind == WF_OBJECT_COLUMN ? column->needs : NIL)
				during_domain(routine, lfirst(ln));
		}
		foreach(lx, table->twin->children)
		{
			if (((WfObject *) lfirst(lx))->type->kind == WF_OBJECT_COLUMN)
				away_during(routine, lfirst(lx));
		}
	}
}

static void
away_during(WfObject *routine, WfObject *changed)
{
	wf_schema_edge(routine->drop_action, changed->first_alter, routine);
	wf_schema_edge(routine->drop_action, changed->create_action, routine);
	wf_schema_edge(changed->last_alter, routine->create_action, routine);
	wf_schema_edge(changed->create_action, routine->create_action, routine);
}

static void
during_domain(WfObject *routine, WfObject *domain)
{
	ListCell   *lc;

	if (domain->type->kind != WF_OBJECT_DOMAIN || !domain->twin)
		return;
	away_during(routine, domain);
	foreach(lc, domain->children)
		away_during(routine, lfirst(lc));
	foreach(lc, domain->twin->children)
		away_during(routine, lfirst(lc));
}

/* What frees a name goes before what takes it. */
static void
slot_edges(WfPlan *plan)
{
	wf_names_hash *slots = wf_names_create(CurrentMemoryContext, 256, NULL);
	ListCell   *lc;

	for (int i = 0; i < plan->from->nobjects; i++)
	{
		WfObject   *object = plan->from->objects[i];
		WfAction   *action = object->drop_action ? object->drop_action : object->last_alter;

		if (!action)
			continue;
		foreach(lc, wf_schema_slots(object))
		{
			bool		found;
			WfNameEntry *entry = wf_names_insert(slots, lfirst(lc), &found);

			if (!found)
				entry->list = NIL;
			entry->list = lappend(entry->list, action);
		}
	}
	for (int i = 0; i < plan->to->nobjects; i++)
	{
		WfObject   *object = plan->to->objects[i];
		WfAction   *action = object->shell_action ? object->shell_action :
		object->create_action ? object->create_action : object->first_alter;

		if (!action)
			continue;
		foreach(lc, wf_schema_slots(object))
		{
			WfNameEntry *entry = wf_names_lookup(slots, lfirst(lc));
			ListCell   *la;

			foreach(la, entry ? entry->list : NIL)
			{
				WfAction   *first = lfirst(la);

				if (first->from != object->twin || first->verb != WF_VERB_ALTER)
					wf_schema_edge(first, action, NULL);
			}
		}
	}
}
