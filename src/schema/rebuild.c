/*
 * rebuild.c: what must be dropped and made again because of something else.
 *
 * PostgreSQL refuses to drop what others depend on, and to change the type of
 * a column under a view, rule, policy, trigger, function body or generated
 * column.  So those go first and come back afterwards, exactly as they are in
 * the target.
 */
#include "common/compat.h"

#include "miscadmin.h"

#include "schema/plan.h"

static void gone(List **queue, WfObject *object);
static void dependent_of_gone(List **queue, WfObject *object, WfObject *needed);
static void index_left(List **queue, WfObject *link);
static void disturbed(List **queue, WfObject *column);
static void index_incomplete(List **queue, WfObject *link);
static bool is_used(WfObject *type);
static bool changes_attr(WfObject *object, const char *attr);
static bool changes_definition(WfObject *object);
static bool loses_need(WfObject *object, WfObject *needed);
static bool is_type(WfObject *object);
static void rewritten(List **queue, WfObject *table);
static void checked_anew(List **queue, WfObject *domain);
static void stored_anew(WfObject *type);
static bool is_linked_anew(WfObject *constraint);
static void replace_origin(List **queue, WfObject *constraint);
static void inherited_anew(List **queue, WfObject *constraint);
static bool is_rewrite(WfObject *column);
static bool follows_type(WfObject *table, WfObject *type);
static void replace(List **queue, WfObject *object);
static void retype(List **queue, WfObject *column);
static void alter(WfObject *object, const char *attr);
static bool is_partition_key(WfObject *column);
static bool fails_on_new_type(WfObject *object, WfObject *column);
static bool same_family(const char *a, const char *b);

/* Spreads drops and type changes over the dependents, until nothing is left. */
void
wf_schema_spread(WfPlan *plan)
{
	List	   *queue = NIL;

	for (int i = 0; i < plan->from->nobjects; i++)
	{
		WfObject   *object = plan->from->objects[i];

		if (object->fate == WF_FATE_DROP || object->fate == WF_FATE_REPLACE ||
			(object->type->kind == WF_OBJECT_COLUMN && changes_attr(object, "type")))
			queue = lappend(queue, object);
		else if (object->type->kind == WF_OBJECT_TABLE &&
				 (changes_attr(object, "persistence") || changes_attr(object, "access_method")))
			rewritten(&queue, object);
		else if (object->type->kind == WF_OBJECT_DOMAIN && changes_attr(object, "not_null"))
			checked_anew(&queue, object);
		else if (object->type->kind == WF_OBJECT_DOMAIN_CONSTRAINT && object->fate == WF_FATE_ALTER)
			checked_anew(&queue, object->parent);
		else if (object->type->kind == WF_OBJECT_BASE_TYPE && object->fate == WF_FATE_ALTER)
			stored_anew(object);
	}
	for (int i = 0; i < plan->to->nobjects; i++)
	{
		WfObject   *object = plan->to->objects[i];

		if (object->type->kind == WF_OBJECT_PARTITION && object->fate == WF_FATE_CREATE)
			index_incomplete(&queue, object);
		else if (object->type->kind == WF_OBJECT_CONSTRAINT && is_linked_anew(object))
			replace_origin(&queue, object);
		else if (object->type->kind == WF_OBJECT_COLUMN && object->fate == WF_FATE_CREATE && object->parent->twin &&
				 is_rewrite(object))
			rewritten(&queue, object->parent->twin);
		else if (object->type->kind == WF_OBJECT_DOMAIN_CONSTRAINT && object->fate == WF_FATE_CREATE && object->parent->twin)
			checked_anew(&queue, object->parent->twin);
	}
	while (queue)
	{
		WfObject   *object = llast(queue);

		CHECK_FOR_INTERRUPTS();
		queue = list_delete_last(queue);
		if (object->fate == WF_FATE_DROP || object->fate == WF_FATE_REPLACE)
			gone(&queue, object);
		else
			disturbed(&queue, object);
	}
}

static void
gone(List **queue, WfObject *object)
{
	ListCell   *lc;

	if (object->type->kind == WF_OBJECT_INDEX_PARTITION)
		index_left(queue, object);
	if (object->type->kind == WF_OBJECT_PARTITION && object->twin)
		index_incomplete(queue, object->twin);
	if (object->type->kind == WF_OBJECT_COLUMN && object->twin)
		rewritten(queue, object->parent);
	if (object->type->kind == WF_OBJECT_CONSTRAINT)
		inherited_anew(queue, object);
	if (object->type->kind == WF_OBJECT_DOMAIN_CONSTRAINT && object->twin)
		checked_anew(queue, object->parent);
	foreach(lc, wf_schema_is_of_view(object) ? NIL : object->children)
		replace(queue, lfirst(lc));
	foreach(lc, object->needed_by)
		dependent_of_gone(queue, lfirst(lc), object);
}

/*
 * The index of a partition that stays one cannot leave the index it belongs
 * to, so that is made anew with all its parts.
 */
static void
index_left(List **queue, WfObject *link)
{
	WfObject   *attached = wf_schema_partition_of(link->parent->parent);

	if (!link->needs || !attached || attached->fate != WF_FATE_KEEP)
		return;
	replace(queue, linitial(link->needs));
	replace(queue, link->parent);
}

/*
 * A new partition gets all indexes of the parent.  One that it shall not have
 * is made anew behind it.
 */
static void
index_incomplete(List **queue, WfObject *link)
{
	List	   *wholes = NIL;
	ListCell   *lc;

	foreach(lc, link->parent->children)
	{
		WfObject   *index = lfirst(lc);
		ListCell   *lx;

		foreach(lx, index->children)
		{
			WfObject   *part = lfirst(lx);

			if (part->type->kind == WF_OBJECT_INDEX_PARTITION)
				wholes = list_concat(wholes, part->needs);
		}
	}
	foreach(lc, link->needs ? ((WfObject *) linitial(link->needs))->children : NIL)
	{
		WfObject   *index = lfirst(lc);

		if ((index->type->kind == WF_OBJECT_INDEX || wf_schema_value(index, "index")) && index->twin &&
			!list_member_ptr(wholes, index))
			replace(queue, index->twin);
	}
}

static void
dependent_of_gone(List **queue, WfObject *object, WfObject *needed)
{
	if (!object->twin || object->fate == WF_FATE_REPLACE)
		return;
	if (object->type->kind == WF_OBJECT_COLUMN && !wf_schema_value(object, "generated") &&
		object->parent->type->kind != WF_OBJECT_COMPOSITE)
	{
		if (needed->twin && (is_type(needed) || needed->type->kind == WF_OBJECT_COLLATION))
			retype(queue, object);
		return;
	}
	if (object->fate == WF_FATE_ALTER && changes_definition(object) && loses_need(object, needed))
		return;
	if (object->type->kind == WF_OBJECT_COLUMN && object->parent->type->kind == WF_OBJECT_COMPOSITE)
	{
		/* An attribute of a type that others use cannot change alone. */
		replace(queue, object->parent);
		return;
	}
	if (follows_type(object, needed))
	{
		alter(object, "of_type");
		return;
	}
	/* The index of a partition goes with the index of the parent. */
	if (object->type->kind == WF_OBJECT_INDEX_PARTITION)
		replace(queue, object->parent);
	replace(queue, object);
}

/* The column stays, with another type. */
static void
disturbed(List **queue, WfObject *column)
{
	ListCell   *lc;

	if (column->parent->type->kind == WF_OBJECT_COMPOSITE ? is_used(column->parent)
		: is_partition_key(column))
		replace(queue, column->parent);
	rewritten(queue, column->parent);
	foreach(lc, column->needed_by)
	{
		WfObject   *object = lfirst(lc);

		if (object->twin && fails_on_new_type(object, column))
			replace(queue, object);
	}
	foreach(lc, column->children)
	{
		WfObject   *object = lfirst(lc);

		/* A default that changes as well would have to fit both types. */
		if (object->twin && object->fate == WF_FATE_ALTER)
			replace(queue, object);
	}
}

/*
 * Is the table partitioned by it?  Then its type is for good, but the table,
 * which holds no rows itself, can be made anew between its partitions.
 */
static bool
is_partition_key(WfObject *column)
{
	const char *key = wf_schema_value(column->parent, "partition_by");
	const char *name = wf_schema_short_name(column);
	size_t		len = strlen(name);

	for (key = key ? strstr(key, name) : NULL; key; key = strstr(key + 1, name))
	{
		if (strchr(" (", key[-1]) && !isalnum((unsigned char) key[len]) && key[len] != '_')
			return true;
	}
	return false;
}

/* Does more need the type than tables that follow it? */
static bool
is_used(WfObject *type)
{
	ListCell   *lc;

	foreach(lc, type->needed_by)
	{
		if (!follows_type(lfirst(lc), type))
			return true;
	}
	return false;
}

/* Is it a table of this type? */
static bool
follows_type(WfObject *table, WfObject *type)
{
	const char *of_type = wf_schema_value(table, "of_type");

	return of_type && type->type->kind == WF_OBJECT_COMPOSITE && strcmp(of_type, type->identity) == 0;
}

/*
 * PostgreSQL neither rewrites nor checks the rows of a table while a parsed
 * body has them as a value.
 */
static void
rewritten(List **queue, WfObject *table)
{
	ListCell   *lc;

	foreach(lc, table->type->kind == WF_OBJECT_TABLE ? table->needed_by : NIL)
	{
		if (wf_schema_has_sql_body(lfirst(lc)))
			replace(queue, lfirst(lc));
	}
}

/* The same for tables with columns of a domain that gets stricter. */
static void
checked_anew(List **queue, WfObject *domain)
{
	ListCell   *lc;

	wf_schema_go_deeper();
	foreach(lc, domain->needed_by)
	{
		WfObject   *user = lfirst(lc);

		if (wf_schema_has_sql_body(user))
			replace(queue, user);
		else if (user->type->kind == WF_OBJECT_COLUMN)
			rewritten(queue, user->parent);
		else if (user->type->kind == WF_OBJECT_DOMAIN)
			checked_anew(queue, user);
	}
}

/* Columns keep how the type was stored when they came. */
static void
stored_anew(WfObject *type)
{
	ListCell   *lc;

	foreach(lc, changes_attr(type, "definition") ? type->needed_by : NIL)
	{
		WfObject   *column = lfirst(lc);

		if (column->type->kind == WF_OBJECT_COLUMN && column->twin && column->fate != WF_FATE_REPLACE &&
			column->parent->type->kind != WF_OBJECT_COMPOSITE &&
			strcmp(wf_schema_value(column, "type"), type->identity) == 0)
			alter(column, "storage");
	}
}

/* Does a link to a parent come, to a table with this constraint? */
static bool
is_linked_anew(WfObject *constraint)
{
	ListCell   *lc;

	foreach(lc, constraint->parent->children)
	{
		WfObject   *link = lfirst(lc);

		if ((link->type->kind == WF_OBJECT_INHERITANCE || link->type->kind == WF_OBJECT_PARTITION) &&
			(link->fate == WF_FATE_CREATE || link->fate == WF_FATE_REPLACE))
			return true;
	}
	return false;
}

/* Where it is to be unchecked, the first parent's comes again, behind all links. */
static void
replace_origin(List **queue, WfObject *constraint)
{
	WfObject   *origin = wf_schema_brought_unchecked(constraint);

	wf_schema_go_deeper();
	if (!origin)
		return;
	if (wf_schema_brought_unchecked(origin))
		replace_origin(queue, origin);
	else if (origin->twin)
		replace(queue, origin->twin);
}

/*
 * A constraint that others inherit goes and comes with all of them, so it is
 * made anew with each.  What is a child's own as well outlives the parent's;
 * what a partition alone is to keep goes along and comes again.
 */
static void
inherited_anew(List **queue, WfObject *constraint)
{
	ListCell   *lc;

	foreach(lc, constraint->parent->children)
	{
		WfObject   *origin = wf_schema_linked_namesake(constraint, lfirst(lc));

		if (origin && constraint->twin && wf_schema_flag(constraint, "inherited"))
			replace(queue, origin);
	}
	foreach(lc, constraint->parent->needed_by)
	{
		WfObject   *link = lfirst(lc);
		WfObject   *copy = link->parent ? wf_schema_namesake(constraint, link->parent) : NULL;

		if (copy && (constraint->twin || link->type->kind == WF_OBJECT_PARTITION) &&
			!wf_schema_flag(copy, "local") && wf_schema_linked_namesake(copy, link) == constraint)
			replace(queue, copy);
	}
}

/* Does it take more than a note in the catalog to add this column? */
static bool
is_rewrite(WfObject *column)
{
	ListCell   *lc;

	if (column->children || wf_schema_value(column, "generated") || wf_schema_value(column, "identity"))
		return true;
	foreach(lc, column->needs)
	{
		if (((WfObject *) lfirst(lc))->type->kind == WF_OBJECT_DOMAIN)
			return true;
	}
	return false;
}

/* Is it a routine whose body PostgreSQL keeps parsed? */
bool
wf_schema_has_sql_body(WfObject *routine)
{
	const char *definition;

	if (routine->type->kind != WF_OBJECT_FUNCTION && routine->type->kind != WF_OBJECT_PROCEDURE)
		return false;
	definition = wf_schema_value(routine, "definition");
	return strstr(definition, "\nBEGIN ATOMIC\n") || strstr(definition, "\nRETURN ");
}

static bool
fails_on_new_type(WfObject *object, WfObject *column)
{
	switch (object->type->kind)
	{
		case WF_OBJECT_VIEW:
		case WF_OBJECT_MATERIALIZED_VIEW:
		case WF_OBJECT_RULE:
		case WF_OBJECT_POLICY:
		case WF_OBJECT_TRIGGER:
		case WF_OBJECT_FUNCTION:
		case WF_OBJECT_PROCEDURE:
		case WF_OBJECT_PUBLICATION:
			return true;
		case WF_OBJECT_COLUMN:
			return wf_schema_value(object, "generated") != NULL;
		case WF_OBJECT_CONSTRAINT:
			/* A foreign key cannot stand while its two sides differ. */
			return strcmp(wf_schema_value(object, "kind"), "FOREIGN KEY") == 0 &&
				(column->retype || !same_family(wf_schema_value(column, "type"),
												wf_schema_value(column->twin, "type")));
		default:
			return false;
	}
}

/* Types that compare with each other, so that a foreign key stays valid. */
static bool
same_family(const char *a, const char *b)
{
	static const char *const whole[] = {"smallint", "integer", "bigint"};
	bool		found_a = false;
	bool		found_b = false;

	for (int i = 0; i < lengthof(whole); i++)
	{
		found_a |= strcmp(a, whole[i]) == 0;
		found_b |= strcmp(b, whole[i]) == 0;
	}
	if (found_a && found_b)
		return true;
	return (strcmp(a, "text") == 0 || strncmp(a, "character varying", 17) == 0) &&
		(strcmp(b, "text") == 0 || strncmp(b, "character varying", 17) == 0);
}

static void
replace(List **queue, WfObject *object)
{
	if (!object->twin || object->fate == WF_FATE_REPLACE)
		return;
	object->fate = object->twin->fate = WF_FATE_REPLACE;
	*queue = lappend(*queue, object);
}

static void
retype(List **queue, WfObject *column)
{
	if (column->retype)
		return;
	column->retype = column->twin->retype = true;
	alter(column, "type");
	*queue = lappend(*queue, column);
}

static void
alter(WfObject *object, const char *attr)
{
	int			i = wf_schema_attr_index(object->type, attr);

	object->fate = object->twin->fate = WF_FATE_ALTER;
	if (!list_member_int(object->changes, i))
		object->changes = lappend_int(object->changes, i);
}

static bool
changes_attr(WfObject *object, const char *attr)
{
	return list_member_int(object->changes, wf_schema_attr_index(object->type, attr));
}

static bool
changes_definition(WfObject *object)
{
	ListCell   *lc;

	foreach(lc, object->changes)
	{
		if (!wf_schema_is_decoration(object->type->attrs[lfirst_int(lc)].name))
			return true;
	}
	return false;
}

/* Does the target's object do without this one? */
static bool
loses_need(WfObject *object, WfObject *needed)
{
	return !needed->twin || !list_member_ptr(object->twin->needs, needed->twin);
}

static bool
is_type(WfObject *object)
{
	switch (object->type->kind)
	{
		case WF_OBJECT_ENUM:
		case WF_OBJECT_DOMAIN:
		case WF_OBJECT_COMPOSITE:
		case WF_OBJECT_RANGE:
		case WF_OBJECT_BASE_TYPE:
			return true;
		default:
			return false;
	}
}
