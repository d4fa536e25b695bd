/*
 * likeness.c: what is dropped and made again under another name, by its looks.
 *
 * Nothing is renamed for that: the plan drops and creates, and tells which
 * hint would rename instead.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "schema/rename.h"

/* What is less alike than this is something else. */
#define LIKELY 0.5

/* So many pairs are a new schema, not renames. */
#define MAX_PAIRS 1000000

/* How an object looks, its names set aside. */
typedef struct Look
{
	WfObject   *object;
	const char *must;			/* what must be the same */
	List	   *parts;			/* char *, sorted */
} Look;

static List *with_fate(WfModel *model, WfFate fate);
static List *of_kind(List *objects, WfObjectKind kind);
static void pair_kind(List *dropped, List *created);
static void pair(List *dropped, Look *created);
static bool can_be_likely(WfObject *object);
static bool same_place(WfObject *dropped, WfObject *created);
static Look *look_at(WfObject *object);
static double likeness(Look *dropped, Look *created);
static char *nameless(WfObject *object, const char *text);
static void forget_names(WfTokens *tokens, WfObject *object);
static double names_alike(WfObject *dropped, WfObject *created);

/* Gives each created object the dropped one that it looks like most. */
void
wf_schema_find_likely(WfPlan *plan)
{
	List	   *dropped = with_fate(plan->from, WF_FATE_DROP);
	List	   *created = dropped ? with_fate(plan->to, WF_FATE_CREATE) : NIL;

	for (int kind = 0; created && kind < WF_OBJECT_COUNT; kind++)
		pair_kind(of_kind(dropped, kind), of_kind(created, kind));
}

/* The key of a hint that names the object: as it is called before all renames. */
const char *
wf_schema_hint_key(WfObject *object)
{
	return object->old_key ? object->old_key : object->key;
}

static List *
with_fate(WfModel *model, WfFate fate)
{
	List	   *list = NIL;

	for (int i = 0; i < model->nobjects; i++)
	{
		if (model->objects[i]->fate == fate && can_be_likely(model->objects[i]))
			list = lappend(list, model->objects[i]);
	}
	return list;
}

static List *
of_kind(List *objects, WfObjectKind kind)
{
	List	   *list = NIL;
	ListCell   *lc;

	foreach(lc, objects)
	{
		if (((WfObject *) lfirst(lc))->type->kind == kind)
			list = lappend(list, lfirst(lc));
	}
	return list;
}

static void
pair_kind(List *dropped, List *created)
{
	ListCell   *lc;

	if ((double) list_length(dropped) * list_length(created) > MAX_PAIRS || !created)
		return;
	foreach(lc, dropped)
		lfirst(lc) = look_at(lfirst(lc));
	foreach(lc, created)
	{
		CHECK_FOR_INTERRUPTS();
		pair(dropped, look_at(lfirst(lc)));
	}
}

static void
pair(List *dropped, Look *created)
{
	WfObject   *best = NULL;
	double		most = LIKELY;
	double		nearest = 0;
	ListCell   *lc;

	foreach(lc, dropped)
	{
		Look	   *look = lfirst(lc);
		double		found;
		double		near;

		if (look->object->likely || !same_place(look->object, created->object))
			continue;
		found = likeness(look, created);
		near = names_alike(look->object, created->object);
		if (found < most || (found == most && best && near <= nearest))
			continue;
		best = look->object;
		most = found;
		nearest = near;
	}
	if (!best)
		return;
	best->likely = created->object;
	created->object->likely = best;
	created->object->likeness = best->likeness = most;
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
			return !object->parent || object->parent->twin;
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

/* Required attributes must be the same; others, and columns, count. */
static Look *
look_at(WfObject *object)
{
	const WfObjectType *type = object->type;
	Look	   *look = palloc(sizeof(Look));
	StringInfoData must;
	ListCell   *lc;

	initStringInfo(&must);
	look->object = object;
	look->parts = NIL;
	for (int i = 0; i < type->nattrs; i++)
	{
		int			flags = type->attrs[i].flags;

		if (!object->values[i] || (flags & WF_ATTR_QUIET) || wf_schema_is_decoration(type->attrs[i].name))
			continue;
		if (flags & WF_ATTR_REQUIRED)
			appendStringInfo(&must, "%s\n", nameless(object, object->values[i]));
		else
			look->parts = lappend(look->parts, psprintf("%s %s", type->attrs[i].name, nameless(object, object->values[i])));
	}
	foreach(lc, object->children)
	{
		WfObject   *child = lfirst(lc);

		if (child->type->kind == WF_OBJECT_COLUMN)
			look->parts = lappend(look->parts, psprintf("column %s %s", wf_schema_short_name(child),
														wf_schema_value(child, "type")));
	}
	list_sort(look->parts, wf_schema_compare_names);
	look->must = must.data;
	return look;
}

/* From 0 to 1: the share of parts that are the same. */
static double
likeness(Look *dropped, Look *created)
{
	int			total = list_length(dropped->parts) + list_length(created->parts);
	int			same = 0;
	int			i = 0;
	int			k = 0;

	if (strcmp(dropped->must, created->must) != 0)
		return 0;
	while (i < list_length(dropped->parts) && k < list_length(created->parts))
	{
		int			order = strcmp(list_nth(dropped->parts, i), list_nth(created->parts, k));

		same += order == 0;
		i += order <= 0;
		k += order >= 0;
	}
	/* Without any part: as alike as what must be the same, if there is some. */
	if (total == 0)
		return *created->must ? 1 : 0;
	return 2.0 * same / total;
}

/* A text with the names of the object and its table left out. */
static char *
nameless(WfObject *object, const char *text)
{
	WfTokens   *tokens = wf_schema_tokens(text);

	forget_names(tokens, object);
	if (object->parent)
		forget_names(tokens, object->parent);
	return wf_schema_tokens_text(tokens);
}

static void
forget_names(WfTokens *tokens, WfObject *object)
{
	const char *name = wf_schema_own_name(object);

	for (int i = 0; i < tokens->n; i++)
	{
		if (wf_schema_token_is(tokens, i, name))
			tokens->at[i].word = "";
	}
}

/* How much the names have in common at their beginnings and ends. */
static double
names_alike(WfObject *dropped, WfObject *created)
{
	const char *a = dropped->identity;
	const char *b = created->identity;
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
