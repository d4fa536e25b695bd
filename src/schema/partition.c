/*
 * partition.c: what must wait for what around partitions, their indexes and
 * the foreign keys that they have from their parents.
 */
#include "common/compat.h"

#include "schema/plan.h"

/* How deep partitions are looked through; a damaged model may hold a circle. */
#define MAX_LEVELS 64

static bool joins_old_index(WfObject *index);
static void after_partitions(WfObject *constraint, WfObject *table);
static List *inheritance_of(WfObject *table);

/*
 * A table is attached when it has all columns and constraints of the parent.
 * The parent's indexes that are there already take over equal ones of the
 * table, so those that belong to them come before and others behind; the
 * parent's new indexes come behind and are linked by name, and those that go
 * are gone before they would spread to the table.
 */
void
wf_schema_partition_edges(WfObject *link)
{
	WfObject   *parent = link->needs ? linitial(link->needs) : NULL;
	ListCell   *lc;

	foreach(lc, link->parent->children)
	{
		WfObject   *child = lfirst(lc);
		bool		indexed = wf_schema_has_index(child);

		if (indexed && !joins_old_index(child))
		{
			if (child->create_action != link->parent->create_action)
				wf_schema_edge(link->create_action, child->create_action, NULL);
		}
		else if (indexed || child->type->kind == WF_OBJECT_COLUMN ||
				 (child->type->kind == WF_OBJECT_CONSTRAINT && !wf_schema_is_foreign_key(child)))
		{
			/* An index on a partitioned table counts when it is complete. */
			if (wf_schema_brought_unchecked(child))
				wf_schema_edge(link->create_action, child->create_action, NULL);
			else
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
		else if (wf_schema_has_index(child) && child->create_action != parent->create_action)
			wf_schema_edge(link->create_action, child->create_action, NULL);
	}
	foreach(lc, parent && parent->twin ? parent->twin->children : NIL)
	{
		WfObject   *child = lfirst(lc);

		if (wf_schema_has_index(child))
			wf_schema_edge(child->drop_action, link->create_action, NULL);
	}
	foreach(lc, inheritance_of(link->parent->twin))
		wf_schema_edge(((WfObject *) lfirst(lc))->drop_action, link->create_action, NULL);
}

/*
 * The links by which a table inherits, or others inherit from it, which none
 * has while it is a partition.
 */
static List *
inheritance_of(WfObject *table)
{
	List	   *links = NIL;
	ListCell   *lc;

	foreach(lc, table ? list_concat_copy(table->children, table->needed_by) : NIL)
	{
		if (((WfObject *) lfirst(lc))->type->kind == WF_OBJECT_INHERITANCE)
			links = lappend(links, lfirst(lc));
	}
	return links;
}

/* Is it an index, or a constraint by one? */
bool
wf_schema_has_index(WfObject *object)
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

/* Is this constraint a foreign key? */
bool
wf_schema_is_foreign_key(WfObject *constraint)
{
	return strcmp(wf_schema_value(constraint, "kind"), "FOREIGN KEY") == 0;
}

/*
 * An index on a partitioned table can be used once all partitions have theirs
 * attached, which in turn are complete.
 */
void
wf_schema_index_partition_edges(WfObject *link)
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

	if (constraint->twin || !wf_schema_is_foreign_key(constraint) || !link || !link->drop_action ||
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

			if (child->type->kind == WF_OBJECT_CONSTRAINT && wf_schema_is_foreign_key(child))
				keys = lappend(keys, child);
		}
		link = wf_schema_partition_of(parent);
	}
	return keys;
}

/*
 * A detached partition keeps the copies of keys as they are by then, so it
 * leaves before its parent leaves another.
 */
void
wf_schema_detach_edges(WfObject *link)
{
	WfObject   *above = wf_schema_partition_of(linitial(link->needs));
	ListCell   *lc;

	if (above)
		wf_schema_edge(link->drop_action, above->drop_action, NULL);
	/* The bound may stay as a CHECK for a while, under a name that is free. */
	foreach(lc, link->parent->children)
	{
		WfObject   *child = lfirst(lc);

		if (child->type->kind == WF_OBJECT_CONSTRAINT && child->drop_action && child->drop_action->from == child)
			wf_schema_edge(link->drop_action, child->drop_action, NULL);
	}
	foreach(lc, link->parent->twin ? link->parent->twin->children : NIL)
	{
		WfObject   *child = lfirst(lc);

		if (child->type->kind == WF_OBJECT_CONSTRAINT)
			wf_schema_edge(link->drop_action, child->create_action, NULL);
	}
	foreach(lc, wf_schema_copied_foreign_keys(link))
	{
		WfObject   *key = lfirst(lc);

		wf_schema_edge(link->drop_action, key->drop_action, NULL);
		wf_schema_edge(link->drop_action, key->first_alter, NULL);
	}
	foreach(lc, inheritance_of(link->parent->twin))
		wf_schema_edge(link->drop_action, ((WfObject *) lfirst(lc))->create_action, NULL);
}

/*
 * A foreign key of a partitioned table takes over equal ones of its
 * partitions, so those that are to go are gone by then; and its copies are
 * gone before a partition gets its own again.
 */
void
wf_schema_foreign_key_edges(WfObject *constraint)
{
	WfObject   *table = constraint->parent->twin;
	ListCell   *lc;

	if (!table || !wf_schema_is_foreign_key(constraint))
		return;
	after_partitions(constraint, table);
	foreach(lc, wf_schema_copied_foreign_keys(wf_schema_partition_of(table)))
		wf_schema_edge(((WfObject *) lfirst(lc))->drop_action, constraint->create_action, NULL);
}

static void
after_partitions(WfObject *constraint, WfObject *table)
{
	ListCell   *lc;

	wf_schema_go_deeper();
	foreach(lc, table->needed_by)
	{
		WfObject   *link = lfirst(lc);
		WfObject   *other;

		if (link->type->kind != WF_OBJECT_PARTITION)
			continue;
		other = wf_schema_namesake(constraint, link->parent);
		if (other && wf_schema_is_foreign_key(other))
			wf_schema_edge(other->drop_action, constraint->create_action, NULL);
		after_partitions(constraint, link->parent);
	}
}

/* Marks the tables that foreign keys point at. */
void
wf_schema_mark_referenced(WfModel *model)
{
	for (int i = 0; i < model->nobjects; i++)
	{
		WfObject   *object = model->objects[i];
		ListCell   *lc;

		if (object->type->kind != WF_OBJECT_CONSTRAINT || !wf_schema_is_foreign_key(object))
			continue;
		foreach(lc, object->needs)
		{
			WfObject   *needed = lfirst(lc);

			if (needed->parent && wf_schema_has_index(needed))
				needed->parent->referenced = true;
		}
	}
}

/* Does a partition leave a table that foreign keys point at?  DROP TABLE refuses that. */
bool
wf_schema_leaves_referenced(WfObject *link)
{
	for (int level = 0; link && link->type->kind == WF_OBJECT_PARTITION && link->needs && level < MAX_LEVELS; level++)
	{
		WfObject   *parent = linitial(link->needs);

		if (parent->referenced)
			return true;
		link = wf_schema_partition_of(parent);
	}
	return false;
}
