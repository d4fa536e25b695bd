/*
 * ddl_inheritance.c: the links of tables to the parents they inherit from.
 */
#include "common/compat.h"

#include "common/hashfn.h"

#include "schema/ddl.h"

static WfObject *copy_of(WfObject *column, WfObject *user);
static char *alter_table(WfObject *table);
static void write_inherit(WfDdl *ddl, WfObject *link);
static char *begin_stand_in(WfDdl *ddl, WfObject *table, const char *including);
static void end_stand_in(WfDdl *ddl, WfObject *table, const char *stand_in);
static List *brought_along(WfObject *link);
static void add_to(WfDdl *ddl, const char *stand_in, WfObject *child);
static bool all_valid(WfObject *table);

/*
 * What the children of a table have to say of their copies of a new column,
 * which come with it.
 */
void
wf_schema_ddl_settle_copies(WfDdl *ddl, WfObject *column)
{
	ListCell   *lc;

	foreach(lc, column->create_action ? column->parent->needed_by : NIL)
	{
		WfObject   *copy = copy_of(column, lfirst(lc));
		char	   *alter;

		if (!copy || copy->create_action != column->create_action || copy == column)
			continue;
		wf_schema_go_deeper();
		alter = psprintf("%s ALTER COLUMN %s", alter_table(copy->parent), wf_schema_short_name(copy));
		if (column->children && !copy->children)
			appendStringInfo(ddl->sql, "%s DROP DEFAULT;\n", alter);
		if (wf_schema_flag(copy, "not_null") && !wf_schema_flag(column, "not_null"))
			appendStringInfo(ddl->sql, "%s SET NOT NULL;\n", alter);
		wf_schema_ddl_column_settings(ddl, copy);
		wf_schema_ddl_decorate(ddl, copy);
		wf_schema_ddl_settle_copies(ddl, copy);
	}
}

/* The same for a new constraint: children may have checked theirs. */
void
wf_schema_ddl_settle_constraints(WfDdl *ddl, WfObject *constraint)
{
	ListCell   *lc;

	foreach(lc, constraint->parent->needed_by)
	{
		WfObject   *copy = copy_of(constraint, lfirst(lc));

		if (!copy || copy->create_action != constraint->create_action || copy == constraint)
			continue;
		wf_schema_go_deeper();
		if (wf_schema_flag(constraint, "not_valid") && !wf_schema_flag(copy, "not_valid"))
			appendStringInfo(ddl->late ? ddl->late : ddl->sql, "ALTER TABLE %s VALIDATE CONSTRAINT %s;\n",
							 copy->parent->identity, wf_schema_short_name(copy));
		wf_schema_ddl_decorate(ddl, copy);
		wf_schema_ddl_settle_constraints(ddl, copy);
	}
}

/* Partitions that stay NOT NULL have lost it with their parent. */
void
wf_schema_ddl_keep_not_null(WfDdl *ddl, WfObject *column)
{
	ListCell   *lc;

	foreach(lc, wf_schema_value(column->parent, "partition_by") ? column->parent->needed_by : NIL)
	{
		WfObject   *copy = copy_of(column, lfirst(lc));

		if (!copy || !copy->twin)
			continue;
		wf_schema_go_deeper();
		if (wf_schema_flag(copy, "not_null"))
			appendStringInfo(ddl->sql, "%s ALTER COLUMN %s SET NOT NULL;\n", alter_table(copy->parent),
							 wf_schema_short_name(copy));
		else
			wf_schema_ddl_keep_not_null(ddl, copy);
	}
}

/* The column of a table that is linked to this one's, or is of this type; NULL when user is something else. */
static WfObject *
copy_of(WfObject *column, WfObject *user)
{
	const char *of_type = wf_schema_value(user, "of_type");

	if (user->type->kind == WF_OBJECT_INHERITANCE || user->type->kind == WF_OBJECT_PARTITION)
		return wf_schema_namesake(column, user->parent);
	return of_type && strcmp(of_type, column->parent->identity) == 0 ? wf_schema_namesake(column, user) : NULL;
}

static char *
alter_table(WfObject *table)
{
	return psprintf("ALTER %s %s", table->type->keyword, table->identity);
}

/*
 * A column is inherited only, not the table's own as well, if it came by a
 * parent and has never been without one.  So a stand-in brings what is new,
 * and stays until the true parent is there.
 */
void
wf_schema_ddl_inheritance_create(WfDdl *ddl, WfObject *link)
{
	List	   *along = brought_along(link);
	char	   *stand_in = along ? begin_stand_in(ddl, link->parent, "") : NULL;
	ListCell   *lc;

	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	foreach(lc, along)
		add_to(ddl, stand_in, lfirst(lc));
	write_inherit(ddl, link);
	if (stand_in)
		end_stand_in(ddl, link->parent, stand_in);
	foreach(lc, along)
	{
		WfObject   *child = lfirst(lc);

		if (child->type->kind == WF_OBJECT_COLUMN)
			wf_schema_ddl_column_settings(ddl, child);
		wf_schema_ddl_decorate(ddl, child);
	}
}

/* A child may take NULL where its parent does not, but not while it is linked. */
static void
write_inherit(WfDdl *ddl, WfObject *link)
{
	List	   *lax = NIL;
	ListCell   *lc;

	foreach(lc, link->needs ? wf_schema_ddl_columns_in_order(link->parent) : NIL)
	{
		WfObject   *origin = wf_schema_namesake(lfirst(lc), linitial(link->needs));

		if (origin && wf_schema_flag(origin, "not_null") && !wf_schema_flag(lfirst(lc), "not_null"))
			lax = lappend(lax, wf_schema_short_name(lfirst(lc)));
	}
	foreach(lc, lax)
		appendStringInfo(ddl->sql, "%s ALTER COLUMN %s SET NOT NULL;\n", alter_table(link->parent), (char *) lfirst(lc));
	appendStringInfo(ddl->sql, "%s INHERIT %s;\n", alter_table(link->parent), wf_schema_value(link, "of"));
	foreach(lc, lax)
		appendStringInfo(ddl->sql, "%s ALTER COLUMN %s DROP NOT NULL;\n", alter_table(link->parent), (char *) lfirst(lc));
}

static char *
begin_stand_in(WfDdl *ddl, WfObject *table, const char *including)
{
	const char *bare = wf_schema_bare(table->identity, table->schema);
	char	   *name = psprintf("%swf_parent_%08x", pnstrdup(table->identity, bare - table->identity),
								hash_bytes((const unsigned char *) table->identity, strlen(table->identity)));

	appendStringInfo(ddl->sql, "CREATE TABLE %s (LIKE %s INCLUDING GENERATED%s);\n%s INHERIT %s;\n",
					 name, table->identity, including, alter_table(table), name);
	return name;
}

static void
end_stand_in(WfDdl *ddl, WfObject *table, const char *stand_in)
{
	appendStringInfo(ddl->sql, "%s NO INHERIT %s;\nDROP TABLE %s;\n", alter_table(table), stand_in, stand_in);
}

/* What the table gets by this link, columns first. */
static List *
brought_along(WfObject *link)
{
	List	   *along = NIL;
	ListCell   *lc;

	if (!link->create_action || link->create_action->to != link)
		return NIL;
	foreach(lc, wf_schema_ddl_columns_in_order(link->parent))
	{
		if (((WfObject *) lfirst(lc))->create_action == link->create_action)
			along = lappend(along, lfirst(lc));
	}
	foreach(lc, link->parent->children)
	{
		WfObject   *child = lfirst(lc);

		if (child->type->kind == WF_OBJECT_CONSTRAINT && child->create_action == link->create_action)
			along = lappend(along, child);
	}
	return along;
}

static void
add_to(WfDdl *ddl, const char *stand_in, WfObject *child)
{
	StringInfoData column;

	if (child->type->kind == WF_OBJECT_CONSTRAINT)
	{
		appendStringInfo(ddl->sql, "ALTER TABLE %s ADD CONSTRAINT %s %s%s;\n",
						 wf_schema_flag(child, "local") ? child->parent->identity : stand_in, wf_schema_short_name(child),
						 wf_schema_ddl_exact(wf_schema_value(child, "definition")),
						 wf_schema_flag(child, "not_valid") ? " NOT VALID" : "");
		return;
	}
	initStringInfo(&column);
	wf_schema_ddl_column_definition(&column, child, false);
	appendStringInfo(ddl->sql, "ALTER TABLE %s ADD COLUMN %s;\n", stand_in, column.data);
}

void
wf_schema_ddl_inheritance_drop(WfDdl *ddl, WfObject *link)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	ddl->breaks = true;
	appendStringInfo(ddl->sql, "%s NO INHERIT %s;\n", alter_table(link->parent), wf_schema_value(link, "of"));
}

/* Puts the parent behind all others. */
bool
wf_schema_ddl_inheritance_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	char	   *alter = alter_table(to->parent);
	const char *parent = wf_schema_value(to, "of");
	char	   *stand_in;

	if (strcmp(attr, "position") != 0)
		return false;
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	stand_in = begin_stand_in(ddl, to->parent, all_valid(from->parent) ? " INCLUDING CONSTRAINTS" : "");
	appendStringInfo(ddl->sql, "%s NO INHERIT %s;\n", alter, parent);
	write_inherit(ddl, to);
	end_stand_in(ddl, to->parent, stand_in);
	return true;
}

/* A copy of a constraint that is not valid would be. */
static bool
all_valid(WfObject *table)
{
	ListCell   *lc;

	foreach(lc, table->children)
	{
		if (wf_schema_flag(lfirst(lc), "not_valid"))
			return false;
	}
	return true;
}
