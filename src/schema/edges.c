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
static void create_edges(WfObject *object);
static void create_after(WfObject *object, WfObject *needed);
static void alter_edges(WfObject *object);
static void partition_edges(WfObject *link);
static bool joins_old_index(WfObject *index);
static bool is_foreign_key(WfObject *constraint);
static void index_partition_edges(WfObject *link);
static void inheritance_edges(WfObject *link);
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
	}
	for (int i = 0; i < plan->to->nobjects; i++)
	{
		WfObject   *object = plan->to->objects[i];

		CHECK_FOR_INTERRUPTS();
		if (object->create_action)
			create_edges(object);
		/* REVOKE on a table reaches its columns, so theirs come behind. */
		if (object->type->kind == WF_OBJECT_COLUMN && object->parent->grants_action)
		{
			wf_schema_edge(object->parent->grants_action, object->grants_action, NULL);
			wf_schema_edge(object->parent->grants_action, object->create_action, NULL);
		}
		/* A sequence gets the owner of its table, and then its grants. */
		if (object->type->kind == WF_OBJECT_COLUMN && wf_schema_value(object, "identity"))
			wf_schema_edge(object->parent->owner_action, object->first_alter, NULL);
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
	 * An inherited column that is also the table's own goes after the
	 * parent's.
	 */
	if (object->type->kind == WF_OBJECT_COLUMN)
	{
		WfObject   *origin = wf_schema_inherited_from(object);

		if (origin)
			wf_schema_edge(origin->drop_action, object->drop_action, NULL);
	}
	/* The index of a partition cannot go while it is attached. */
	if (object->type->kind == WF_OBJECT_INDEX || object->type->kind == WF_OBJECT_CONSTRAINT)
	{
		WfObject   *attached = wf_schema_partition_of(object->parent);

		if (attached)
			wf_schema_edge(attached->drop_action, object->drop_action, NULL);
	}
}

/* The dependent goes before what it needs goes, or changes. */
static void
drop_before(WfObject *object, WfObject *needed)
{
	WfAction   *last = object->final_action ? object->final_action : object->drop_action;
	WfObject   *because = object->drop_action->from == object ? NULL : object;

	if (needed->final_action)
		wf_schema_edge(last, needed->final_action, because);
	else if (needed->drop_action)
		wf_schema_edge(last, needed->drop_action, because);
	else if (needed->first_alter)
		wf_schema_edge(object->drop_action, needed->first_alter, because);
}

static void
create_edges(WfObject *object)
{
	ListCell   *lc;

	if (object->parent)
		create_after(object, object->parent);
	foreach(lc, object->needs)
		create_after(object, lfirst(lc));
	wf_schema_edge(object->shell_action, object->create_action, NULL);
	if (object->twin)
		wf_schema_edge(object->twin->drop_action, object->shell_action, NULL);
	if (object->type->kind == WF_OBJECT_PARTITION)
		partition_edges(object);
	if (object->type->kind == WF_OBJECT_INDEX_PARTITION)
		index_partition_edges(object);
	if (object->type->kind == WF_OBJECT_INHERITANCE)
		inheritance_edges(object);
}

/*
 * A column without any parent becomes the table's own for good, so a new
 * parent and its columns come before the old one goes.
 */
static void
inheritance_edges(WfObject *link)
{
	ListCell   *lc;

	if (link->apart || link->create_action->to != link || !link->parent->twin)
		return;
	foreach(lc, link->parent->twin->children)
	{
		WfObject   *old = lfirst(lc);

		if (old->type->kind == WF_OBJECT_INHERITANCE && old->drop_action &&
			old->drop_action->from == old && old->twin == NULL)
		{
			ListCell   *lp;

			wf_schema_edge(link->create_action, old->drop_action, link);
			foreach(lp, link->needs ? ((WfObject *) linitial(link->needs))->children : NIL)
				if (((WfObject *) lfirst(lp))->type->kind == WF_OBJECT_COLUMN)
				wf_schema_edge(((WfObject *) lfirst(lp))->create_action, old->drop_action, link);
		}
	}
}

static void
create_after(WfObject *object, WfObject *needed)
{
	WfObject   *because = object->create_action->to == object ? NULL : object;

	if (needed->shell_action && wf_schema_is_made_of(needed, object))
		wf_schema_edge(needed->shell_action, object->create_action, because);
	else if (needed->create_action)
		wf_schema_edge(needed->create_action, object->create_action, because);
	else if (needed->last_alter)
		wf_schema_edge(needed->last_alter, object->create_action, because);
}

/* An alteration waits for what it will need, and goes before what it leaves. */
static void
alter_edges(WfObject *object)
{
	ListCell   *lc;

	foreach(lc, object->twin->needs)
	{
		WfObject   *needed = lfirst(lc);

		wf_schema_edge(needed->create_action, object->first_alter, NULL);
		if (needed->type->kind != object->type->kind)
			wf_schema_edge(needed->last_alter, object->first_alter, NULL);
	}
	foreach(lc, object->needs)
	{
		WfObject   *needed = lfirst(lc);

		if (needed->final_action)
			wf_schema_edge(object->last_alter, needed->final_action, NULL);
		else
			wf_schema_edge(object->last_alter, needed->drop_action, NULL);
	}
}

/*
 * A table is attached when it has all columns and constraints of the parent.
 * The parent's indexes that are there already take over equal ones of the
 * table, so those that belong to them come before and others behind; the
 * parent's new indexes come behind and are linked by name.
 */
static void
partition_edges(WfObject *link)
{
	WfObject   *parent = link->needs ? linitial(link->needs) : NULL;
	ListCell   *lc;

	foreach(lc, link->parent->children)
	{
		WfObject   *child = lfirst(lc);
		bool		indexed = child->type->kind == WF_OBJECT_INDEX || wf_schema_value(child, "index");

		if (indexed && !joins_old_index(child))
		{
			if (child->create_action != link->parent->create_action)
				wf_schema_edge(link->create_action, child->create_action, NULL);
		}
		else if (indexed || child->type->kind == WF_OBJECT_COLUMN ||
				 (child->type->kind == WF_OBJECT_CONSTRAINT && !is_foreign_key(child)))
		{
			wf_schema_edge(child->create_action, link->create_action, NULL);
			wf_schema_edge(child->last_alter, link->create_action, NULL);
		}
	}
	foreach(lc, parent ? parent->children : NIL)
	{
		WfObject   *child = lfirst(lc);

		if (child->type->kind == WF_OBJECT_COLUMN)
		{
			wf_schema_edge(child->create_action, link->create_action, NULL);
			wf_schema_edge(child->last_alter, link->create_action, NULL);
		}
		else if ((child->type->kind == WF_OBJECT_INDEX || wf_schema_value(child, "index")) &&
				 child->create_action && child->create_action != parent->create_action)
			wf_schema_edge(link->create_action, child->create_action, NULL);
	}
}

/* Does it belong to an index of the parent that stays, or comes with the parent? */
static bool
joins_old_index(WfObject *index)
{
	ListCell   *lc;

	foreach(lc, index->children)
	{
		WfObject   *link = lfirst(lc);
		WfObject   *whole;

		if (link->type->kind != WF_OBJECT_INDEX_PARTITION || !link->needs)
			continue;
		whole = linitial(link->needs);
		return !whole->create_action ||
			(whole->parent && whole->create_action == whole->parent->create_action);
	}
	return false;
}

static bool
is_foreign_key(WfObject *constraint)
{
	return strcmp(wf_schema_value(constraint, "kind"), "FOREIGN KEY") == 0;
}

static void
index_partition_edges(WfObject *link)
{
	WfObject   *attached = wf_schema_partition_of(link->parent->parent);

	if (attached)
		wf_schema_edge(attached->create_action, link->create_action, NULL);
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
		WfAction   *action = object->create_action ? object->create_action : object->first_alter;

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

/* The names an object takes, each with its name space. */
List *
wf_schema_slots(WfObject *object)
{
	const char *name;

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
			return name ? list_make1(psprintf("relation %s", name)) : NIL;
		case WF_OBJECT_COLUMN:
			name = wf_schema_value(object, "identity_sequence");
			return name ? list_make1(psprintf("relation %s", name)) : NIL;
		case WF_OBJECT_SHELL_TYPE:
		case WF_OBJECT_ENUM:
		case WF_OBJECT_DOMAIN:
		case WF_OBJECT_RANGE:
		case WF_OBJECT_BASE_TYPE:
			return list_make1(psprintf("type %s", object->identity));
		case WF_OBJECT_FUNCTION:
		case WF_OBJECT_PROCEDURE:
			return list_make1(psprintf("routine %s", object->identity));
		case WF_OBJECT_AGGREGATE:
			name = wf_schema_value(object, "signature");
			return name ? list_make1(psprintf("routine %s", name)) : NIL;
		default:
			return NIL;
	}
}

/*
 * The column or constraint of the parent table that this one is inherited
 * from, when the tables are linked before and after, so that the parent's
 * statement reaches both.  NULL otherwise.
 */
WfObject *
wf_schema_inherited_from(WfObject *object)
{
	ListCell   *lc;

	if (!object->parent || !wf_schema_flag(object, "inherited") ||
		wf_schema_value(object, "index") != NULL)
		return NULL;
	foreach(lc, object->parent->children)
	{
		WfObject   *link = lfirst(lc);

		if ((link->type->kind == WF_OBJECT_INHERITANCE || link->type->kind == WF_OBJECT_PARTITION) &&
			link->fate == WF_FATE_KEEP && link->needs)
		{
			WfObject   *origin = wf_schema_namesake(object, linitial(link->needs));

			if (origin)
				return origin;
		}
	}
	return NULL;
}

/* The child of another table with the same type and name, or NULL. */
WfObject *
wf_schema_namesake(WfObject *child, WfObject *parent_table)
{
	char	   *name = wf_schema_short_name(child);
	ListCell   *lc;

	foreach(lc, parent_table->children)
	{
		WfObject   *other = lfirst(lc);

		if (other->type == child->type && strcmp(wf_schema_short_name(other), name) == 0)
			return other;
	}
	return NULL;
}
