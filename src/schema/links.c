/*
 * links.c: what must wait for what around the links between tables:
 * partitions, their indexes, and inheritance.
 */
#include "common/compat.h"

#include "schema/ddl.h"

/* How deep partitions are looked through; a damaged model may hold a circle. */
#define MAX_LEVELS 64

static void partition_edges(WfObject *link);
static bool has_index(WfObject *object);
static bool joins_old_index(WfObject *index);
static bool is_foreign_key(WfObject *constraint);
static void index_partition_edges(WfObject *link);
static void inheritance_edges(WfObject *link);
static void come_after_parent(WfObject *link, WfObject *parent);
static void wait_for_columns(WfObject *link, WfObject *parent);
static void detach_edges(WfObject *link);
static void follow_order(WfObject *link);
static int	position_of(WfObject *link);
static WfObject *attribute_of(WfObject *column);
static void give_up_old_parents(WfObject *link, WfObject *parent);

/* What the creation of a link waits for, and what waits for it. */
void
wf_schema_link_edges(WfObject *link)
{
	switch (link->type->kind)
	{
		case WF_OBJECT_PARTITION:
			partition_edges(link);
			break;
		case WF_OBJECT_INDEX_PARTITION:
			index_partition_edges(link);
			break;
		case WF_OBJECT_INHERITANCE:
			inheritance_edges(link);
			break;
		default:
			break;
	}
}

/*
 * A table is attached when it has all columns and constraints of the parent.
 * The parent's indexes that are there already take over equal ones of the
 * table, so those that belong to them come before and others behind; the
 * parent's new indexes come behind and are linked by name, and those that go
 * are gone before they would spread to the table.
 */
static void
partition_edges(WfObject *link)
{
	WfObject   *parent = link->needs ? linitial(link->needs) : NULL;
	ListCell   *lc;

	foreach(lc, link->parent->children)
	{
		WfObject   *child = lfirst(lc);
		bool		indexed = has_index(child);

		if (indexed && !joins_old_index(child))
		{
			if (child->create_action != link->parent->create_action)
				wf_schema_edge(link->create_action, child->create_action, NULL);
		}
		else if (indexed || child->type->kind == WF_OBJECT_COLUMN ||
				 (child->type->kind == WF_OBJECT_CONSTRAINT && !is_foreign_key(child)))
		{
			/* An index on a partitioned table counts when it is complete. */
			wf_schema_edge(child->create_action, link->create_action, NULL);
			wf_schema_edge(child->ready_action, link->create_action, NULL);
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
		else if (has_index(child) && child->create_action != parent->create_action)
			wf_schema_edge(link->create_action, child->create_action, NULL);
	}
	foreach(lc, parent && parent->twin ? parent->twin->children : NIL)
	{
		WfObject   *child = lfirst(lc);

		if (has_index(child))
			wf_schema_edge(child->drop_action, link->create_action, NULL);
	}
}

static bool
has_index(WfObject *object)
{
	return object->type->kind == WF_OBJECT_INDEX || wf_schema_value(object, "index");
}

/*
 * Does it belong to an index of the parent that stays, or comes with the
 * parent, or in turn belongs to such an index of the parent's parent?
 */
static bool
joins_old_index(WfObject *index)
{
	ListCell   *lc;

	wf_schema_go_deeper();
	foreach(lc, index->children)
	{
		WfObject   *link = lfirst(lc);
		WfObject   *whole;

		if (link->type->kind != WF_OBJECT_INDEX_PARTITION || !link->needs)
			continue;
		whole = linitial(link->needs);
		if (!whole->create_action ||
			(whole->parent && whole->create_action == whole->parent->create_action))
			return true;
		return joins_old_index(whole);
	}
	return false;
}

static bool
is_foreign_key(WfObject *constraint)
{
	return strcmp(wf_schema_value(constraint, "kind"), "FOREIGN KEY") == 0;
}

/*
 * An index on a partitioned table can be used once all partitions have theirs
 * attached, which in turn are complete.
 */
static void
index_partition_edges(WfObject *link)
{
	WfObject   *attached = wf_schema_partition_of(link->parent->parent);
	WfObject   *whole = link->needs ? linitial(link->needs) : NULL;

	if (attached)
		wf_schema_edge(attached->create_action, link->create_action, NULL);
	if (!whole)
		return;
	wf_schema_edge(whole->create_action, whole->ready_action, NULL);
	wf_schema_edge(link->create_action, whole->ready_action, NULL);
	wf_schema_edge(link->parent->ready_action, whole->ready_action, NULL);
}

static void
inheritance_edges(WfObject *link)
{
	WfObject   *parent = link->needs ? linitial(link->needs) : NULL;

	if (parent && link->create_action && link->create_action->to != link)
		come_after_parent(link, parent);
	if (!parent || (link->create_action && link->create_action->to != link))
		return;
	follow_order(link);
	if (!link->create_action)
		return;
	wait_for_columns(link, parent);
	if (!link->apart && link->parent->twin)
		give_up_old_parents(link, parent);
}

/* A table made with parents gets what they have by then. */
static void
come_after_parent(WfObject *link, WfObject *parent)
{
	ListCell   *lc;

	foreach(lc, parent->children)
	{
		WfObject   *child = lfirst(lc);

		if (child->type->kind == WF_OBJECT_COLUMN ||
			(child->type->kind == WF_OBJECT_CONSTRAINT && !has_index(child) && !is_foreign_key(child)))
		{
			wf_schema_edge(child->create_action, link->create_action, link);
			wf_schema_edge(child->last_alter, link->create_action, link);
		}
	}
}

/* A table inherits when it has what the parent has; later changes reach it. */
static void
wait_for_columns(WfObject *link, WfObject *parent)
{
	ListCell   *lc;

	foreach(lc, link->parent->children)
	{
		WfObject   *child = lfirst(lc);

		if ((child->create_action || child->last_alter) &&
			(child->type->kind == WF_OBJECT_COLUMN ||
			 (child->type->kind == WF_OBJECT_CONSTRAINT && !has_index(child) && !is_foreign_key(child))) &&
			wf_schema_namesake(child, parent))
		{
			wf_schema_edge(child->create_action, link->create_action, NULL);
			wf_schema_edge(child->last_alter, link->create_action, NULL);
		}
	}
}

/* Parents are linked in the order in which they shall stand. */
static void
follow_order(WfObject *link)
{
	WfAction   *before = NULL;
	ListCell   *lc;

	foreach(lc, wf_schema_ddl_parents_in_order(link->parent))
	{
		WfObject   *other = lfirst(lc);
		WfAction   *action = other->create_action ? other->create_action : other->first_alter;

		wf_schema_edge(before, action, other);
		before = action;
	}
}

/*
 * A column without any parent becomes the table's own for good, so a new
 * parent and its columns come before the old one goes.
 */
static void
give_up_old_parents(WfObject *link, WfObject *parent)
{
	ListCell   *lc;

	foreach(lc, link->parent->twin->children)
	{
		WfObject   *old = lfirst(lc);
		ListCell   *lp;

		if (old->type->kind != WF_OBJECT_INHERITANCE || !old->drop_action ||
			old->drop_action->from != old || old->twin)
			continue;
		wf_schema_edge(link->create_action, old->drop_action, link);
		foreach(lp, parent->children)
		{
			WfObject   *column = lfirst(lp);

			if (column->type->kind == WF_OBJECT_COLUMN)
				wf_schema_edge(column->create_action, old->drop_action, link);
		}
	}
}

/*
 * The foreign key of a former parent that a detached partition keeps as its
 * own, given what the partition's own shall be; NULL when it is another one.
 */
WfObject *
wf_schema_kept_foreign_key(WfObject *constraint)
{
	WfObject   *table = constraint->parent->twin;
	WfObject   *link = wf_schema_partition_of(table);
	ListCell   *lc;

	if (constraint->twin || !is_foreign_key(constraint) || !link || !link->drop_action ||
		link->drop_action->from != link)
		return NULL;
	foreach(lc, wf_schema_copied_foreign_keys(link))
	{
		WfObject   *original = lfirst(lc);

		if (strcmp(wf_schema_short_name(original), wf_schema_short_name(constraint)) == 0 &&
			strcmp(wf_schema_value(original, "definition"), wf_schema_value(constraint, "definition")) == 0)
			return original;
	}
	return NULL;
}

/* The foreign keys of all parents above that a partition has a copy of. */
List *
wf_schema_copied_foreign_keys(WfObject *link)
{
	List	   *keys = NIL;

	for (int level = 0; link && link->needs && level < MAX_LEVELS; level++)
	{
		WfObject   *parent = linitial(link->needs);
		ListCell   *lc;

		foreach(lc, parent->children)
		{
			WfObject   *child = lfirst(lc);

			if (child->type->kind == WF_OBJECT_CONSTRAINT && is_foreign_key(child))
				keys = lappend(keys, child);
		}
		link = wf_schema_partition_of(parent);
	}
	return keys;
}

/*
 * A detached partition keeps the copies of keys that are still there by then,
 * so it leaves before its parent leaves another.
 */
static void
detach_edges(WfObject *link)
{
	WfObject   *above = wf_schema_partition_of(linitial(link->needs));
	ListCell   *lc;

	if (above)
		wf_schema_edge(link->drop_action, above->drop_action, NULL);
	foreach(lc, wf_schema_copied_foreign_keys(link))
		wf_schema_edge(link->drop_action, ((WfObject *) lfirst(lc))->drop_action, NULL);
}

/* What goes from the parent must not reach a table that leaves it. */
void
wf_schema_unlink_edges(WfObject *link)
{
	ListCell   *lc;

	if ((link->type->kind != WF_OBJECT_PARTITION && link->type->kind != WF_OBJECT_INHERITANCE) || !link->needs)
		return;
	foreach(lc, ((WfObject *) linitial(link->needs))->children)
	{
		WfObject   *child = lfirst(lc);

		if (child->type->kind == WF_OBJECT_COLUMN ||
			(child->type->kind == WF_OBJECT_CONSTRAINT && !has_index(child) && !is_foreign_key(child)))
			wf_schema_edge(link->drop_action, child->drop_action, link);
	}
	if (link->type->kind == WF_OBJECT_PARTITION && link->drop_action->from == link)
		detach_edges(link);
}

/*
 * What a table inherits can only be dropped from it after the link is gone
 * that brings it.
 */
void
wf_schema_inherited_drop_edges(WfObject *object)
{
	ListCell   *lc;

	if (!object->parent || !wf_schema_flag(object, "inherited"))
		return;
	foreach(lc, object->parent->children)
	{
		WfObject   *link = lfirst(lc);

		if (link->drop_action && link->drop_action != object->drop_action &&
			(link->type->kind == WF_OBJECT_INHERITANCE || link->type->kind == WF_OBJECT_PARTITION))
			wf_schema_edge(link->drop_action, object->drop_action, NULL);
	}
}

/* Does a partition leave a table that foreign keys point at?  DROP TABLE refuses that. */
bool
wf_schema_is_referenced(WfObject *link)
{
	for (int level = 0; link && link->type->kind == WF_OBJECT_PARTITION && link->needs && level < MAX_LEVELS; level++)
	{
		WfObject   *parent = linitial(link->needs);
		ListCell   *lc;

		foreach(lc, parent->children)
		{
			WfObject   *index = lfirst(lc);
			ListCell   *lx;

			foreach(lx, has_index(index) ? index->needed_by : NIL)
			{
				WfObject   *user = lfirst(lx);

				if (user->type->kind == WF_OBJECT_CONSTRAINT && is_foreign_key(user))
					return true;
			}
		}
		link = wf_schema_partition_of(parent);
	}
	return false;
}

/*
 * The link to a new parent that brings this column or constraint to a table
 * that is there already, or NULL.
 */
WfObject *
wf_schema_inherited_by(WfObject *object)
{
	WfObject   *first = NULL;
	ListCell   *lc;

	if (!object->parent->twin || wf_schema_ddl_is_new(object->parent) || has_index(object) ||
		!wf_schema_flag(object, "inherited") || wf_schema_flag(object, "local") ||
		wf_schema_value(object, "generated"))
		return NULL;
	foreach(lc, object->parent->children)
	{
		WfObject   *link = lfirst(lc);

		if (link->type->kind == WF_OBJECT_INHERITANCE && link->fate == WF_FATE_CREATE && link->needs &&
			wf_schema_namesake(object, linitial(link->needs)) &&
			(!first || position_of(link) < position_of(first)))
			first = link;
	}
	return first;
}

static int
position_of(WfObject *link)
{
	const char *position = wf_schema_value(link, "position");

	return position ? atoi(position) : 0;
}

/*
 * A new parent comes last.  Those that shall stand behind one, or behind a
 * parent that stood behind them, are linked anew.
 */
void
wf_schema_reorder_parents(WfModel *to)
{
	for (int i = 0; i < to->nobjects; i++)
	{
		WfObject   *table = to->objects[i];
		bool		moved = false;
		int			last = 0;
		ListCell   *lc;

		if (!table->twin)
			continue;
		foreach(lc, wf_schema_ddl_parents_in_order(table))
		{
			WfObject   *link = lfirst(lc);

			if (link->fate == WF_FATE_KEEP && !moved && position_of(link->twin) > last)
				last = position_of(link->twin);
			else
				moved = true;
			if (link->fate != WF_FATE_KEEP || !moved)
				continue;
			link->fate = link->twin->fate = WF_FATE_ALTER;
			link->twin->changes = list_make1_int(wf_schema_attr_index(link->type, "position"));
		}
	}
}

/* The attribute that a column follows whose table is of a type before and after. */
static WfObject *
attribute_of(WfObject *column)
{
	WfObject   *table = column->parent;
	const char *type = wf_schema_value(table, "of_type");
	const char *other = table->twin ? wf_schema_value(table->twin, "of_type") : NULL;
	ListCell   *lc;

	if (column->type->kind != WF_OBJECT_COLUMN || !type || !other || strcmp(type, other) != 0)
		return NULL;
	foreach(lc, table->needs)
	{
		WfObject   *needed = lfirst(lc);

		if (needed->type->kind == WF_OBJECT_COMPOSITE && strcmp(needed->identity, type) == 0)
			return wf_schema_namesake(column, needed);
	}
	return NULL;
}

/*
 * The column or constraint of the parent table, or attribute of the table's
 * type, that this one is inherited from, when the tables are linked before
 * and after, so that the parent's statement reaches both.  NULL otherwise.
 */
WfObject *
wf_schema_inherited_from(WfObject *object)
{
	WfObject   *attribute = object->parent ? attribute_of(object) : NULL;
	ListCell   *lc;

	if (attribute)
		return attribute;
	if (!object->parent || !wf_schema_flag(object, "inherited") ||
		wf_schema_value(object, "index") != NULL)
		return NULL;
	foreach(lc, object->parent->children)
	{
		WfObject   *link = lfirst(lc);

		if ((link->type->kind == WF_OBJECT_INHERITANCE || link->type->kind == WF_OBJECT_PARTITION) &&
			(link->fate == WF_FATE_KEEP || link->fate == WF_FATE_ALTER) && link->needs)
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
