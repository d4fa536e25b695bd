/*
 * own_not_null.c: the inherited NOT NULL that is the child's own as well.
 *
 * From 18 on NOT NULL is a constraint, which a child may have from its parents
 * alone or declare too; the latter keeps it when the parents' goes.  SET NOT
 * NULL makes it the child's own, so that is said behind all else where nothing
 * else has.  No statement takes it back (tablecmds.c, dropconstraint_internal()),
 * so that alone is no difference between two tables, and what was NOT NULL before
 * is left as it is.
 */
#include "common/compat.h"

#include "schema/ddl.h"

static bool is_known(WfModel *model);
static bool gives(WfObject *link, WfObject *column);
static bool is_given(WfObject *column);
static bool becomes_own(WfObject *column);
static void settle_after(WfAction *action, WfObject *column);

/* Adds the actions that settle columns, and what each waits for. */
void
wf_schema_settle_not_null(WfPlan *plan)
{
	if (!is_known(plan->from) || !is_known(plan->to))
		return;
	for (int i = 0; i < plan->to->nobjects; i++)
	{
		WfObject   *column = plan->to->objects[i];

		if (column->type->kind == WF_OBJECT_COLUMN && wf_schema_flag(column, "not_null_own") &&
			is_given(column) && !becomes_own(column))
			settle_after(wf_schema_add_action(plan, WF_VERB_SETTLE, column->twin, column, "not_null_own"), column);
	}
}

static bool
is_known(WfModel *model)
{
	const WfObjectType *type = wf_schema_type(WF_OBJECT_COLUMN);

	return !model->scope && wf_schema_model_knows(model, type, wf_schema_attr_index(type, "not_null_own"));
}

/* Does this link of its table bring NOT NULL to the column? */
static bool
gives(WfObject *link, WfObject *column)
{
	WfObject   *origin = link->type->kind == WF_OBJECT_INHERITANCE && link->needs
	? wf_schema_namesake(column, linitial(link->needs)) : NULL;

	return origin && wf_schema_flag(origin, "not_null");
}

static bool
is_given(WfObject *column)
{
	ListCell   *lc;

	if (!wf_schema_flag(column, "inherited"))
		return false;
	foreach(lc, column->parent->children)
		if (gives(lfirst(lc), column))
		return true;
	return false;
}

/* Do the other statements of the script make it so, or leave it so? */
static bool
becomes_own(WfObject *column)
{
	if (!column->create_action)
		return wf_schema_flag(column->twin, "not_null");
	if (column->create_action->to == column->parent)
		return wf_schema_flag(column, "local");
	return column->create_action->to == column;
}

/*
 * Does a column that its table's statement makes get NOT NULL from INHERITS
 * there, without saying so itself?
 */
bool
wf_schema_ddl_takes_not_null(WfObject *column)
{
	ListCell   *lc;

	if (!column->create_action || column->create_action->to != column->parent ||
		(wf_schema_flag(column, "not_null_own") && wf_schema_flag(column, "local")))
		return false;
	foreach(lc, column->parent->children)
	{
		WfObject   *link = lfirst(lc);

		if (link->create_action == column->create_action && gives(link, column))
			return true;
	}
	return false;
}

/* Behind all that has to do with the column, its parents and the links to them. */
static void
settle_after(WfAction *action, WfObject *column)
{
	WfObject   *tables[] = {column->parent, column->parent->twin};
	WfObject   *columns[] = {column, column->twin};

	for (int i = 0; i < lengthof(tables) && tables[i] && columns[i]; i++)
	{
		ListCell   *lc;

		wf_schema_edge(columns[i]->create_action, action, NULL);
		wf_schema_edge(columns[i]->last_alter, action, NULL);
		foreach(lc, tables[i]->children)
		{
			WfObject   *child = lfirst(lc);
			WfObject   *origin = gives(child, columns[i]) ? wf_schema_namesake(columns[i], linitial(child->needs)) : NULL;

			if (!origin && child->type->kind != WF_OBJECT_CONSTRAINT)
				continue;
			wf_schema_edge(child->create_action, action, NULL);
			wf_schema_edge(child->drop_action, action, NULL);
			wf_schema_edge(child->first_alter, action, NULL);
			if (origin)
			{
				wf_schema_edge(origin->create_action, action, NULL);
				wf_schema_edge(origin->last_alter, action, NULL);
				wf_schema_edge(origin->drop_action, action, NULL);
			}
		}
	}
}

/*
 * A NOT NULL that is dropped from parent and child goes from the parent first,
 * which leaves it to the child, and from the child when no link brings it.
 */
void
wf_schema_not_null_edges(WfObject *from)
{
	ListCell   *lc;

	if (from->type->kind != WF_OBJECT_COLUMN || !wf_schema_flag(from, "not_null") ||
		wf_schema_flag(from->twin, "not_null"))
		return;
	foreach(lc, from->parent->children)
	{
		WfObject   *link = lfirst(lc);
		WfObject   *origin = gives(link, from) ? wf_schema_namesake(from, linitial(link->needs)) : NULL;

		if (!origin)
			continue;
		wf_schema_edge(link->drop_action, from->first_alter, NULL);
		if (origin->twin && !wf_schema_flag(origin->twin, "not_null"))
			wf_schema_edge(origin->last_alter, from->first_alter, NULL);
	}
}

void
wf_schema_ddl_settle_not_null(WfDdl *ddl, WfObject *column)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	appendStringInfo(ddl->sql, "%s SET NOT NULL;\n", wf_schema_ddl_alter_column(column, false));
}
