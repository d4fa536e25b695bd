/*
 * rename_attached.c: renames that need no hint.
 *
 * The index of a partition that belongs to an index of the parent is known by
 * that, whatever its name.  It cannot go while it belongs there, so another
 * name is a rename.
 */
#include "common/compat.h"

#include "miscadmin.h"

#include "schema/names.h"
#include "schema/rename.h"

static List *attached_only_in(WfModel *model, WfModel *other);
static WfObject *successor(WfModel *to, WfObject *link);
static bool is_taken(wf_names_hash *names, WfObject *index);

/* Renames in from, as to has it; returns the actions. */
List *
wf_schema_rename_attached(WfModel *from, WfModel *to)
{
	List	   *links = attached_only_in(from, to);
	wf_names_hash *names = links ? wf_schema_taken_names(wf_names_create(CurrentMemoryContext, 256, NULL), from) : NULL;
	List	   *actions = NIL;
	ListCell   *lc;

	foreach(lc, links)
	{
		WfObject   *link = lfirst(lc);
		WfObject   *becomes = successor(to, link);
		WfRename	rename = {.object = link->parent, .kind = link->parent->type->kind};

		CHECK_FOR_INTERRUPTS();
		if (!becomes || wf_schema_model_find(from, becomes->key) || is_taken(names, becomes))
			continue;
		rename.was = wf_schema_own_name(link->parent);
		rename.becomes = wf_schema_own_name(becomes);
		actions = lappend(actions, wf_schema_rename_step(from, &rename));
	}
	return actions;
}

/* The links of indexes that the other model does not have by this name. */
static List *
attached_only_in(WfModel *model, WfModel *other)
{
	List	   *links = NIL;

	for (int i = 0; i < model->nobjects; i++)
	{
		WfObject   *link = model->objects[i];

		if (link->type->kind == WF_OBJECT_INDEX_PARTITION && link->needs && !wf_schema_model_find(other, link->parent->key))
			links = lappend(links, link);
	}
	return links;
}

/* What belongs to the same index in the target, of the same partition, or NULL. */
static WfObject *
successor(WfModel *to, WfObject *link)
{
	WfObject   *whole = wf_schema_model_find(to, ((WfObject *) linitial(link->needs))->key);
	ListCell   *lc;

	foreach(lc, whole ? whole->needed_by : NIL)
	{
		WfObject   *other = lfirst(lc);

		if (other->type->kind == WF_OBJECT_INDEX_PARTITION && other->parent->type == link->parent->type &&
			strcmp(other->parent->parent->key, link->parent->parent->key) == 0)
			return other->parent;
	}
	return NULL;
}

/* Does something have the name of this index before the first rename? */
static bool
is_taken(wf_names_hash *names, WfObject *index)
{
	return wf_names_lookup(names, linitial(wf_schema_slots(index))) != NULL;
}
