/*
 * render_tree.c: what changed between two models, for people.
 *
 * The twins and the changed attributes come from the plan.  An object that
 * belongs to another one is told in the lines of that one.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "utils/builtins.h"

#include "schema/ddl.h"
#include "schema/render.h"

const WfMarkStyle wf_schema_mark[] = {
	{' ', "same", "unchanged"},
	{'+', "added", "added"},
	{'-', "removed", "removed"},
	{'~', "changed", "changed"},
};

static List *roots(WfPlan *plan);
static int	compare_roots(const ListCell *a, const ListCell *b);
static const char *schema_of(WfRenderObject *object);
static WfObject *shown(WfRenderObject *object);
static void add_to_group(WfRenderTree *tree, WfRenderObject *object);
static void tell_object(WfRenderObject *object);
static bool loses_data(WfObject *object);
static List *tell(WfObject *from, WfObject *to, int depth);
static List *tell_name(WfObject *from, WfObject *to);
static List *tell_headline(WfObject *from, WfObject *to, int depth);
static List *tell_attributes(WfObject *from, WfObject *to, int depth);
static List *tell_children(WfObject *from, WfObject *to, int depth);
static List *children_in_order(WfObject *object);
static WfObject *kept_twin(WfObject *child, WfObject *other_parent);

/* Everything that differs between the two models of a plan. */
WfRenderTree *
wf_schema_render_tree(WfPlan *plan)
{
	WfRenderTree *tree = palloc0(sizeof(WfRenderTree));
	List	   *objects = roots(plan);
	ListCell   *lc;

	tree->plan = plan;
	list_sort(objects, compare_roots);
	foreach(lc, objects)
	{
		WfRenderObject *object = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		tell_object(object);
		if (object->lines || !object->from || !object->to)
			add_to_group(tree, object);
	}
	return tree;
}

/* Objects that belong to no other one, with their twins. */
static List *
roots(WfPlan *plan)
{
	List	   *list = NIL;

	for (int side = 0; side < 2; side++)
	{
		WfModel    *model = side ? plan->to : plan->from;

		for (int i = 0; i < model->nobjects; i++)
		{
			WfObject   *object = model->objects[i];
			WfRenderObject *root;

			if (object->parent || (side && object->twin))
				continue;
			root = palloc0(sizeof(WfRenderObject));
			root->from = side ? NULL : object;
			root->to = side ? object : object->twin;
			list = lappend(list, root);
		}
	}
	return list;
}

/* What belongs to no schema comes first. */
static int
compare_roots(const ListCell *a, const ListCell *b)
{
	WfRenderObject *x = lfirst(a);
	WfRenderObject *y = lfirst(b);
	const char *x_schema = schema_of(x);
	const char *y_schema = schema_of(y);
	int			order = !x_schema || !y_schema ? (x_schema != NULL) - (y_schema != NULL) : strcmp(x_schema, y_schema);

	if (order != 0)
		return order;
	if (shown(x)->type->kind != shown(y)->type->kind)
		return shown(x)->type->kind < shown(y)->type->kind ? -1 : 1;
	order = strcmp(shown(x)->identity, shown(y)->identity);
	return order ? order : (x->to != NULL) - (y->to != NULL);
}

static const char *
schema_of(WfRenderObject *object)
{
	return shown(object)->type->kind == WF_OBJECT_SCHEMA ? NULL : shown(object)->schema;
}

static WfObject *
shown(WfRenderObject *object)
{
	return object->to ? object->to : object->from;
}

static void
tell_object(WfRenderObject *object)
{
	ListCell   *lc;

	object->lines = tell(object->from, object->to, 0);
	object->loses_data = object->from && loses_data(object->from);
	object->mark = !object->from ? WF_MARK_ADDED : !object->to ? WF_MARK_REMOVED : WF_MARK_CHANGED;
	foreach(lc, object->lines)
		object->count[((WfRenderLine *) lfirst(lc))->mark]++;
}

/* Does a step of the plan lose data of the object or of a part of it? */
static bool
loses_data(WfObject *object)
{
	ListCell   *lc;

	if ((object->drop_action && object->drop_action->loses_data) ||
		(object->first_alter && object->first_alter->loses_data) ||
		(object->last_alter && object->last_alter->loses_data))
		return true;
	foreach(lc, object->children)
	{
		if (loses_data(lfirst(lc)))
			return true;
	}
	return false;
}

static void
add_to_group(WfRenderTree *tree, WfRenderObject *object)
{
	const char *schema = schema_of(object);
	WfRenderGroup *group = tree->groups ? llast(tree->groups) : NULL;

	if (!group || (schema && (!group->schema || strcmp(schema, group->schema) != 0)))
	{
		group = palloc0(sizeof(WfRenderGroup));
		group->schema = schema;
		tree->groups = lappend(tree->groups, group);
	}
	group->objects = lappend(group->objects, object);
	tree->nobjects++;
	tree->count[object->mark]++;
	tree->nlines += list_length(object->lines);
	tree->losses += object->loses_data;
}

/* The lines of an object and of what belongs to it; either side may be NULL. */
static List *
tell(WfObject *from, WfObject *to, int depth)
{
	List	   *head = depth ? tell_headline(from, to, depth - 1) : tell_name(from, to);
	List	   *lines = tell_attributes(from, to, depth);

	lines = list_concat(lines, tell_children(from, to, depth));
	/* A part that stays says what it is when something in it changes. */
	if (lines && !head && depth)
		head = list_make1(wf_schema_render_line(WF_MARK_SAME, depth - 1, wf_schema_render_headline(from),
												wf_schema_render_headline(to)));
	return list_concat(head, lines);
}

static List *
tell_name(WfObject *from, WfObject *to)
{
	if (!from || !to || strcmp(from->identity, to->identity) == 0)
		return NIL;
	return list_make1(wf_schema_render_line(WF_MARK_CHANGED, 0, psprintf("name %s", from->identity),
											psprintf("name %s", to->identity)));
}

static List *
tell_headline(WfObject *from, WfObject *to, int depth)
{
	return wf_schema_render_compare(from ? wf_schema_render_split(wf_schema_render_headline(from)) : NIL,
									to ? wf_schema_render_split(wf_schema_render_headline(to)) : NIL, depth);
}

/* Those that the plan found different; all that are set where a side is missing. */
static List *
tell_attributes(WfObject *from, WfObject *to, int depth)
{
	WfObject   *object = to ? to : from;
	List	   *lines = NIL;

	for (int i = 0; i < object->type->nattrs; i++)
	{
		const WfObjectAttr *attr = &object->type->attrs[i];

		if ((attr->flags & WF_ATTR_QUIET) || wf_schema_render_in_headline(object, attr->name))
			continue;
		if (from && to ? !list_member_int(from->changes, i) : wf_schema_render_is_brief(attr->name))
			continue;
		lines = list_concat(lines, wf_schema_render_compare(from ? wf_schema_render_attribute(from, i) : NIL,
															to ? wf_schema_render_attribute(to, i) : NIL, depth));
	}
	return lines;
}

/* What went stands where it was, before what followed it. */
static List *
tell_children(WfObject *from, WfObject *to, int depth)
{
	List	   *old = from ? children_in_order(from) : NIL;
	List	   *new = to ? children_in_order(to) : NIL;
	List	   *lines = NIL;
	int			next = 0;
	ListCell   *lc;

	foreach(lc, new)
	{
		WfObject   *twin = kept_twin(lfirst(lc), from);

		while (next < list_length(old) && !kept_twin(list_nth(old, next), to))
			lines = list_concat(lines, tell(list_nth(old, next++), NULL, depth + 1));
		if (next < list_length(old) && twin)
			next++;
		lines = list_concat(lines, tell(twin, lfirst(lc), depth + 1));
	}
	while (next < list_length(old))
	{
		if (!kept_twin(list_nth(old, next), to))
			lines = list_concat(lines, tell(list_nth(old, next), NULL, depth + 1));
		next++;
	}
	return lines;
}

/* Columns as they stand in the table, then the rest; a column tells its default itself. */
static List *
children_in_order(WfObject *object)
{
	List	   *children;
	ListCell   *lc;

	if (object->type->kind == WF_OBJECT_COLUMN)
		return NIL;
	children = wf_schema_ddl_columns_in_order(object);
	foreach(lc, object->children)
	{
		if (((WfObject *) lfirst(lc))->type->kind != WF_OBJECT_COLUMN)
			children = lappend(children, lfirst(lc));
	}
	return children;
}

/* The twin of a part, if it still belongs to the same object. */
static WfObject *
kept_twin(WfObject *child, WfObject *other_parent)
{
	return child->twin && child->twin->parent == other_parent ? child->twin : NULL;
}

/* Does a part of an object tell anything different on the two sides? */
bool
wf_schema_render_differs(WfObject *from, WfObject *to)
{
	return tell(from, to, 1) != NIL;
}

/* A line of either side, NULL where it is not there. */
WfRenderLine *
wf_schema_render_line(WfMark mark, int depth, const char *before, const char *after)
{
	WfRenderLine *line = palloc0(sizeof(WfRenderLine));

	line->mark = mark;
	line->depth = depth;
	line->before = before;
	line->after = after;
	return line;
}

/* "table shop.orders" */
const char *
wf_schema_render_title(WfRenderObject *object)
{
	WfObject   *it = shown(object);

	return psprintf("%s %s", it->type->name, it->identity);
}

/* "schema shop" */
const char *
wf_schema_render_heading(WfRenderGroup *group)
{
	return group->schema ? psprintf("schema %s", quote_identifier(group->schema)) : "database";
}

/* "2 added, 1 removed"; nothing when all are 0. */
void
wf_schema_render_counts(StringInfo out, const int count[4])
{
	const char *comma = "";

	for (int mark = WF_MARK_ADDED; mark <= WF_MARK_CHANGED; mark++)
	{
		if (count[mark] == 0)
			continue;
		appendStringInfo(out, "%s%d %s", comma, count[mark], wf_schema_mark[mark].verb);
		comma = ", ";
	}
}

/* "3 objects: 2 added, 1 removed; data is lost in 1", or that nothing differs. */
char *
wf_schema_render_summary(WfRenderTree *tree)
{
	StringInfoData out;

	initStringInfo(&out);
	if (tree->nobjects == 0)
		return pstrdup("No differences.");
	appendStringInfo(&out, "%d %s: ", tree->nobjects, tree->nobjects == 1 ? "object" : "objects");
	wf_schema_render_counts(&out, tree->count);
	if (tree->losses)
		appendStringInfo(&out, "; data is lost in %d", tree->losses);
	return out.data;
}
