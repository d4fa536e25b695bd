/*
 * inherit.c: what must wait for what around inheritance, and what comes with
 * it.
 */
#include "common/compat.h"

#include "schema/ddl.h"

static void come_after_parent(WfObject *link, WfObject *parent);
static void wait_for_columns(WfObject *link, WfObject *parent);
static void follow_order(WfObject *link);
static void give_up_old_parents(WfObject *link, WfObject *parent);
static bool comes_unchecked(WfObject *constraint, WfObject *link);
static bool brings_need(WfObject *link, WfObject *constraint);
static int	position_of(WfObject *link);
static WfObject *attribute_of(WfObject *column);

/* What the link to a parent waits for, be it new or in another place. */
void
wf_schema_inheritance_edges(WfObject *link)
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
			(child->type->kind == WF_OBJECT_CONSTRAINT && !wf_schema_has_index(child) && !wf_schema_is_foreign_key(child)))
		{
			if (comes_unchecked(child, link))
				wf_schema_edge(link->create_action, child->create_action, link);
			else
				wf_schema_edge(child->create_action, link->create_action, link);
			wf_schema_edge(child->last_alter, link->create_action, link);
		}
	}
}

/* Does the table of this link get the parent's constraint by that one's own statement? */
static bool
comes_unchecked(WfObject *constraint, WfObject *link)
{
	WfObject   *copy = constraint->type->kind == WF_OBJECT_CONSTRAINT ? wf_schema_namesake(constraint, link->parent) : NULL;

	return copy && wf_schema_brought_unchecked(copy) == constraint;
}

/*
 * The parent's constraint, when a table inherits it unchecked: a link takes
 * only a checked one over, so the parent's comes behind the link.
 */
WfObject *
wf_schema_brought_unchecked(WfObject *constraint)
{
	ListCell   *lc;

	if (constraint->type->kind != WF_OBJECT_CONSTRAINT || !wf_schema_flag(constraint, "not_valid") ||
		!wf_schema_flag(constraint, "inherited"))
		return NULL;
	foreach(lc, constraint->parent->children)
	{
		WfObject   *link = lfirst(lc);
		WfObject   *origin;

		if ((link->type->kind != WF_OBJECT_INHERITANCE && link->type->kind != WF_OBJECT_PARTITION) || !link->needs)
			continue;
		origin = wf_schema_namesake(constraint, linitial(link->needs));
		if (origin && wf_schema_flag(origin, "not_valid"))
			return origin;
	}
	return NULL;
}

/* A table inherits when it has what the parent has; later changes reach it. */
static void
wait_for_columns(WfObject *link, WfObject *parent)
{
	ListCell   *lc;

	foreach(lc, link->parent->children)
	{
		WfObject   *child = lfirst(lc);
		WfObject   *origin = wf_schema_namesake(child, parent);

		if (origin &&
			(child->type->kind == WF_OBJECT_COLUMN ||
			 (child->type->kind == WF_OBJECT_CONSTRAINT && !wf_schema_has_index(child) && !wf_schema_is_foreign_key(child))))
		{
			if (child->type->kind == WF_OBJECT_COLUMN)
				wf_schema_edge(origin->last_alter, link->create_action, NULL);
			if (wf_schema_brought_unchecked(child))
				wf_schema_edge(link->create_action, child->create_action, NULL);
			else
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
			(child->type->kind == WF_OBJECT_CONSTRAINT && !wf_schema_has_index(child) && !wf_schema_is_foreign_key(child)))
			wf_schema_edge(link->drop_action, child->drop_action, link);
	}
	if (link->type->kind != WF_OBJECT_PARTITION || link->drop_action->from != link)
		return;
	wf_schema_detach_edges(link);
	/* A partition gets no column of its own. */
	foreach(lc, link->parent->twin ? link->parent->twin->children : NIL)
	{
		WfObject   *column = lfirst(lc);

		if (column->type->kind == WF_OBJECT_COLUMN)
			wf_schema_edge(link->drop_action, column->create_action, link);
	}
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

/*
 * The link to a new parent that brings this column or constraint to a table
 * that is there already, or NULL.  A constraint that is the table's own as
 * well must be there before the link, but when that brings its columns it
 * comes in between.
 */
WfObject *
wf_schema_inherited_by(WfObject *object)
{
	bool		local = wf_schema_flag(object, "local");
	WfObject   *first = NULL;
	ListCell   *lc;

	if (!object->parent->twin || wf_schema_ddl_is_new(object->parent) || wf_schema_has_index(object) ||
		!wf_schema_flag(object, "inherited") || (local && object->type->kind != WF_OBJECT_CONSTRAINT) ||
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
	return local && !brings_need(first, object) ? NULL : first;
}

/* Does the link bring a column that this constraint needs? */
static bool
brings_need(WfObject *link, WfObject *constraint)
{
	ListCell   *lc;

	foreach(lc, link ? constraint->needs : NIL)
	{
		WfObject   *column = lfirst(lc);

		if (column->type->kind == WF_OBJECT_COLUMN && column->parent == constraint->parent &&
			column->fate == WF_FATE_CREATE && wf_schema_inherited_by(column) == link)
			return true;
	}
	return false;
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

		/* A type that is made anew reaches no table. */
		if (needed->type->kind == WF_OBJECT_COMPOSITE && strcmp(needed->identity, type) == 0 &&
			needed->fate != WF_FATE_REPLACE)
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
		WfObject   *origin = wf_schema_linked_namesake(object, lfirst(lc));

		if (origin)
			return origin;
	}
	return NULL;
}

/*
 * The column or constraint that this link, which stays, brings to the one of
 * the child, or NULL.
 */
WfObject *
wf_schema_linked_namesake(WfObject *object, WfObject *link)
{
	if ((link->type->kind != WF_OBJECT_INHERITANCE && link->type->kind != WF_OBJECT_PARTITION) ||
		(link->fate != WF_FATE_KEEP && link->fate != WF_FATE_ALTER) || !link->needs ||
		wf_schema_value(object, "index"))
		return NULL;
	return wf_schema_namesake(object, linitial(link->needs));
}

/* Do children, or theirs, keep their copies of what goes from this table? */
bool
wf_schema_leaves_copies(WfObject *object)
{
	ListCell   *lc;

	foreach(lc, object->parent->needed_by)
	{
		WfObject   *link = lfirst(lc);
		WfObject   *copy = link->type->kind == WF_OBJECT_INHERITANCE ? wf_schema_namesake(object, link->parent) : NULL;

		if (!copy || wf_schema_flag(copy, "local") || wf_schema_linked_namesake(copy, link) != object)
			continue;
		wf_schema_go_deeper();
		if (copy->fate == WF_FATE_KEEP || copy->fate == WF_FATE_ALTER || wf_schema_leaves_copies(copy))
			return true;
	}
	return false;
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
