/*
 * likeness.c: what is dropped and made again under another name, by its looks.
 *
 * Nothing is renamed for that: the plan drops and creates, and tells which
 * hint would rename instead.
 */
#include "common/compat.h"

#include "utils/builtins.h"

#include "schema/rename.h"

/* What is less alike than this is something else. */
#define LIKELY 0.6

static void pair(WfPlan *plan, WfObject *created);
static bool can_be_likely(WfObject *object);
static bool same_place(WfObject *dropped, WfObject *created);
static double likeness(WfObject *dropped, WfObject *created);
static double children_alike(WfObject *dropped, WfObject *created, int *total);
static bool same_child(WfObject *a, WfObject *b);
static char *nameless(WfObject *object, const char *text);
static double names_alike(WfObject *dropped, WfObject *created);

/* Gives each created object the dropped one that it looks like most. */
void
wf_schema_find_likely(WfPlan *plan)
{
	for (int i = 0; i < plan->to->nobjects; i++)
	{
		WfObject   *object = plan->to->objects[i];

		if (object->fate == WF_FATE_CREATE && can_be_likely(object))
			pair(plan, object);
	}
}

static void
pair(WfPlan *plan, WfObject *created)
{
	WfObject   *best = NULL;
	double		most = LIKELY;
	double		nearest = 0;

	for (int i = 0; i < plan->from->nobjects; i++)
	{
		WfObject   *dropped = plan->from->objects[i];
		double		found;

		if (dropped->fate != WF_FATE_DROP || dropped->type != created->type || dropped->likely ||
			!same_place(dropped, created))
			continue;
		found = likeness(dropped, created);
		if (found < most || (found == most && best && names_alike(dropped, created) <= nearest))
			continue;
		best = dropped;
		most = found;
		nearest = names_alike(dropped, created);
	}
	if (!best)
		return;
	best->likely = created;
	created->likely = best;
	created->likeness = best->likeness = most;
}

/* Renaming spares data, or a long build, or what depends on it. */
static bool
can_be_likely(WfObject *object)
{
	switch (object->type->kind)
	{
		case WF_OBJECT_SCHEMA:
		case WF_OBJECT_ENUM:
		case WF_OBJECT_DOMAIN:
		case WF_OBJECT_COMPOSITE:
		case WF_OBJECT_FUNCTION:
		case WF_OBJECT_PROCEDURE:
		case WF_OBJECT_SEQUENCE:
		case WF_OBJECT_TABLE:
		case WF_OBJECT_VIEW:
		case WF_OBJECT_MATERIALIZED_VIEW:
		case WF_OBJECT_INDEX:
		case WF_OBJECT_CONSTRAINT:
		case WF_OBJECT_TRIGGER:
		case WF_OBJECT_POLICY:
		case WF_OBJECT_STATISTICS:
			return true;
		case WF_OBJECT_COLUMN:
			/* Those of a new table come with it; those of a view are text. */
			return object->parent->twin && object->parent->type->kind != WF_OBJECT_VIEW &&
				object->parent->type->kind != WF_OBJECT_MATERIALIZED_VIEW;
		default:
			return false;
	}
}

/* A rename leaves an object in its schema, at its table. */
static bool
same_place(WfObject *dropped, WfObject *created)
{
	if (created->type->kind == WF_OBJECT_SCHEMA)
		return true;
	if (dropped->parent || created->parent)
		return dropped->parent && created->parent && dropped->parent->twin == created->parent;
	return dropped->schema && created->schema && strcmp(dropped->schema, created->schema) == 0;
}

/* From 0 to 1: the share of attributes and children that are the same. */
static double
likeness(WfObject *dropped, WfObject *created)
{
	const WfObjectType *type = created->type;
	int			total = 0;
	double		same = 0;

	for (int i = 0; i < type->nattrs; i++)
	{
		const char *a = dropped->values[i];
		const char *b = created->values[i];
		bool		equal;

		if ((type->attrs[i].flags & WF_ATTR_QUIET) || wf_schema_is_decoration(type->attrs[i].name) || (!a && !b))
			continue;
		equal = a && b && strcmp(nameless(dropped, a), nameless(created, b)) == 0;
		if (!equal && (type->attrs[i].flags & WF_ATTR_REQUIRED))
			return 0;
		total++;
		same += equal;
	}
	same += children_alike(dropped, created, &total);
	return total ? same / total : 0;
}

/* Twice the children that both have; a table without any looks like none. */
static double
children_alike(WfObject *dropped, WfObject *created, int *total)
{
	double		same = 0;
	ListCell   *lc;
	ListCell   *lx;

	*total += list_length(dropped->children) + list_length(created->children);
	foreach(lc, created->children)
	{
		foreach(lx, dropped->children)
		{
			if (same_child(lfirst(lx), lfirst(lc)))
			{
				same += 2;
				break;
			}
		}
	}
	return same;
}

static bool
same_child(WfObject *a, WfObject *b)
{
	bool		by_name = a->type->kind == WF_OBJECT_COLUMN;

	if (a->type != b->type || (by_name && strcmp(wf_schema_short_name(a), wf_schema_short_name(b)) != 0))
		return false;
	for (int i = 0; i < a->type->nattrs; i++)
	{
		if (!(a->type->attrs[i].flags & WF_ATTR_REQUIRED))
			continue;
		if (strcmp(nameless(a, a->values[i]), nameless(b, b->values[i])) != 0)
			return false;
	}
	return true;
}

/* A text with the names of the object and its table left out. */
static char *
nameless(WfObject *object, const char *text)
{
	WfTokens   *tokens = wf_schema_tokens(text);
	WfTokens   *own = wf_schema_tokens(object->identity);
	WfTokens   *table = wf_schema_tokens(object->parent ? object->parent->identity : "");

	for (int i = 0; i < tokens->n; i++)
	{
		for (int k = 0; k < own->n; k++)
			if (wf_schema_token_is_name(own, k) && wf_schema_token_is(tokens, i, own->at[k].word))
			tokens->at[i].word = "";
		for (int k = 0; k < table->n; k++)
			if (wf_schema_token_is_name(table, k) && wf_schema_token_is(tokens, i, table->at[k].word))
			tokens->at[i].word = "";
	}
	return wf_schema_tokens_text(tokens);
}

/* How much the names have in common at their beginnings and ends. */
static double
names_alike(WfObject *dropped, WfObject *created)
{
	const char *a = wf_schema_short_name(dropped);
	const char *b = wf_schema_short_name(created);
	int			la = strlen(a);
	int			lb = strlen(b);
	int			head = 0;
	int			tail = 0;

	while (a[head] && a[head] == b[head])
		head++;
	while (tail < la - head && tail < lb - head && a[la - 1 - tail] == b[lb - 1 - tail])
		tail++;
	return (2.0 * (head + tail)) / (la + lb + 1);
}
