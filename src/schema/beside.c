/*
 * beside.c: indexes that are built beside the one that they replace.
 *
 * Online, a table is never without its index: the new one is built under an
 * interim name, and takes the old one's place and name in one transaction.
 */
#include "common/compat.h"

#include "common/hashfn.h"

#include "schema/ddl.h"
#include "schema/names.h"

static bool may_stand_beside(WfObject *object);
static bool are_calm(List *needs, WfFate passing);
static bool is_calm(WfObject *object, WfFate passing);
static char *free_name(WfPlan *plan, WfObject *object);

/*
 * Is this index, or constraint by one, replaced that way?  Then the one that
 * replaces it gets its interim name.
 */
bool
wf_schema_builds_beside(WfPlan *plan, WfObject *old)
{
	WfObject   *object = old->twin;

	if (!plan->options.online || old->fate != WF_FATE_REPLACE || !object || object->apart ||
		!may_stand_beside(old) || !may_stand_beside(object) ||
		!are_calm(old->needs, WF_FATE_DROP) || !are_calm(object->needs, WF_FATE_CREATE))
		return false;
	if (!object->interim)
		object->interim = free_name(plan, object);
	return true;
}

static bool
may_stand_beside(WfObject *object)
{
	if (!object->parent || (object->parent->fate != WF_FATE_KEEP && object->parent->fate != WF_FATE_ALTER) ||
		!wf_schema_ddl_stands_alone(object->parent))
		return false;
	return object->type->kind == WF_OBJECT_INDEX ||
		(object->type->kind == WF_OBJECT_CONSTRAINT && wf_schema_ddl_builds_apart(object));
}

/* Can both be there together, for all that happens to what they need? */
static bool
are_calm(List *needs, WfFate passing)
{
	ListCell   *lc;

	foreach(lc, needs)
	{
		if (!is_calm(lfirst(lc), passing))
			return false;
	}
	return true;
}

/* passing: what may also become of a column. */
static bool
is_calm(WfObject *object, WfFate passing)
{
	ListCell   *lc;

	if (object->fate == WF_FATE_KEEP)
		return true;
	if (object->type->kind != WF_OBJECT_COLUMN)
		return false;
	foreach(lc, object->fate == WF_FATE_ALTER && object->twin ? object->changes : NIL)
	{
		const char *attr = object->type->attrs[lfirst_int(lc)].name;

		if (strcmp(attr, "type") == 0 || strcmp(attr, "generated") == 0 || strcmp(attr, "identity") == 0)
			return false;
	}
	return object->fate == passing || (object->fate == WF_FATE_ALTER && object->changes);
}

/* A name, with its schema, that nothing has before, meanwhile or afterwards. */
static char *
free_name(WfPlan *plan, WfObject *object)
{
	const char *identity = object->type->kind == WF_OBJECT_INDEX ? object->identity
	: wf_schema_value(object, "index");
	const char *bare = wf_schema_bare(identity, object->schema);
	uint32		hash = hash_bytes((const unsigned char *) identity, strlen(identity));
	char	   *name;
	bool		taken;

	if (!plan->taken)
		plan->taken = wf_schema_taken_names(wf_schema_taken_names(wf_names_create(CurrentMemoryContext, 256, NULL),
																  plan->from), plan->to);
	do
	{
		name = psprintf("%swf_new_%08x", pnstrdup(identity, bare - identity), hash++);
		(void) wf_names_insert(plan->taken, psprintf("relation %s", name), &taken);
	} while (taken);
	return name;
}
