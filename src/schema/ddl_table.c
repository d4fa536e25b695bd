/*
 * ddl_table.c: tables, foreign tables, and their links to parents.
 */
#include "common/compat.h"

#include "utils/builtins.h"

#include "schema/ddl.h"

static bool folded(WfObject *table, WfObject *child);
static void write_elements(WfDdl *ddl, WfObject *table);
static int	compare_positions(const ListCell *a, const ListCell *b);
static const char *column_text(WfObject *table, WfObject *column);
static void write_security(WfDdl *ddl, WfObject *table);
static void write_children(WfDdl *ddl, WfObject *table);
static bool is_link(WfObject *object);
static void settle_foreign_keys(WfDdl *ddl, WfObject *link);
static char *alter_table(WfObject *table);

/* The table with all that its statement brings along. */
void
wf_schema_ddl_table_create(WfDdl *ddl, WfObject *table)
{
	bool		foreign = table->type->kind == WF_OBJECT_FOREIGN_TABLE;
	const char *of_type = wf_schema_value(table, "of_type");
	const char *value;
	const char *separator = "\nINHERITS (";
	ListCell   *lc;

	appendStringInfo(ddl->sql, "CREATE %s%s %s", wf_schema_value(table, "persistence") ? "UNLOGGED " : "",
					 table->type->keyword, table->identity);
	if (of_type)
		appendStringInfo(ddl->sql, " OF %s", of_type);
	write_elements(ddl, table);
	foreach(lc, wf_schema_ddl_parents_in_order(table))
	{
		if (!folded(table, lfirst(lc)))
			continue;
		appendStringInfo(ddl->sql, "%s%s", separator, wf_schema_value(lfirst(lc), "of"));
		separator = ", ";
	}
	if (*separator == ',')
		appendStringInfoChar(ddl->sql, ')');
	if ((value = wf_schema_value(table, "partition_by")) != NULL)
		appendStringInfo(ddl->sql, "\nPARTITION BY %s", value);
	if (foreign)
	{
		appendStringInfo(ddl->sql, "\nSERVER %s", wf_schema_value(table, "server"));
		wf_schema_ddl_foreign_clause(ddl->sql, wf_schema_value(table, "foreign_options"));
	}
	if ((value = wf_schema_value(table, "access_method")) != NULL)
		appendStringInfo(ddl->sql, "\nUSING %s", value);
	appendStringInfoString(ddl->sql, wf_schema_ddl_with(wf_schema_value(table, "options")));
	if ((value = wf_schema_value(table, "tablespace")) != NULL)
		appendStringInfo(ddl->sql, "\nTABLESPACE %s", value);
	appendStringInfoString(ddl->sql, ";\n");
	write_security(ddl, table);
	write_children(ddl, table);
}

/* Does the table's own statement make this child? */
static bool
folded(WfObject *table, WfObject *child)
{
	return child->create_action && child->create_action == table->create_action;
}

static void
write_elements(WfDdl *ddl, WfObject *table)
{
	const char *separator = " (\n    ";
	bool		any = false;
	ListCell   *lc;

	foreach(lc, wf_schema_ddl_columns_in_order(table))
	{
		const char *text = column_text(table, lfirst(lc));

		if (!text)
			continue;
		appendStringInfo(ddl->sql, "%s%s", separator, text);
		separator = ",\n    ";
		any = true;
	}
	foreach(lc, table->children)
	{
		WfObject   *child = lfirst(lc);

		if (child->type->kind != WF_OBJECT_CONSTRAINT || !folded(table, child) ||
			(wf_schema_flag(child, "inherited") && !wf_schema_flag(child, "local") &&
			 !wf_schema_partition_of(table)))
			continue;
		appendStringInfo(ddl->sql, "%sCONSTRAINT %s %s", separator, wf_schema_short_name(child),
						 wf_schema_ddl_exact(wf_schema_value(child, "definition")));
		separator = ",\n    ";
		any = true;
	}
	if (any)
		appendStringInfoString(ddl->sql, "\n)");
	else if (!wf_schema_value(table, "of_type"))
		appendStringInfoString(ddl->sql, " ()");
}

/* The columns as they stand in the table. */
List *
wf_schema_ddl_columns_in_order(WfObject *table)
{
	List	   *columns = NIL;
	ListCell   *lc;

	foreach(lc, table->children)
	{
		if (((WfObject *) lfirst(lc))->type->kind == WF_OBJECT_COLUMN)
			columns = lappend(columns, lfirst(lc));
	}
	list_sort(columns, compare_positions);
	return columns;
}

/* The links to the parents, as they stand. */
List *
wf_schema_ddl_parents_in_order(WfObject *table)
{
	List	   *parents = NIL;
	ListCell   *lc;

	foreach(lc, table->children)
	{
		if (((WfObject *) lfirst(lc))->type->kind == WF_OBJECT_INHERITANCE)
			parents = lappend(parents, lfirst(lc));
	}
	list_sort(parents, compare_positions);
	return parents;
}

static int
compare_positions(const ListCell *a, const ListCell *b)
{
	const char *x = wf_schema_value(lfirst(a), "position");
	const char *y = wf_schema_value(lfirst(b), "position");
	int			i = x ? atoi(x) : 0;
	int			j = y ? atoi(y) : 0;

	return i < j ? -1 : i > j;
}

/* A column within CREATE TABLE; NULL when it comes from a parent or type. */
static const char *
column_text(WfObject *table, WfObject *column)
{
	StringInfoData text;

	if (wf_schema_flag(column, "inherited") && !wf_schema_flag(column, "local") &&
		!wf_schema_partition_of(table))
		return NULL;
	initStringInfo(&text);
	wf_schema_ddl_column_definition(&text, column, wf_schema_value(table, "of_type") != NULL);
	if (wf_schema_value(table, "of_type") && !strchr(text.data, ' '))
		return NULL;
	return text.data;
}

static void
write_security(WfDdl *ddl, WfObject *table)
{
	const char *identity = wf_schema_value(table, "replica_identity");

	if (wf_schema_flag(table, "row_security"))
		appendStringInfo(ddl->sql, "ALTER TABLE %s ENABLE ROW LEVEL SECURITY;\n", table->identity);
	if (wf_schema_flag(table, "force_row_security"))
		appendStringInfo(ddl->sql, "ALTER TABLE %s FORCE ROW LEVEL SECURITY;\n", table->identity);
	if (identity && strcmp(identity, "INDEX") != 0)
		appendStringInfo(ddl->sql, "ALTER TABLE %s REPLICA IDENTITY %s;\n", table->identity, identity);
}

/* What CREATE TABLE has no words for. */
static void
write_children(WfDdl *ddl, WfObject *table)
{
	ListCell   *lc;

	foreach(lc, wf_schema_ddl_columns_in_order(table))
	{
		WfObject   *column = lfirst(lc);

		wf_schema_ddl_column_settings(ddl, column);
		wf_schema_ddl_decorate(ddl, column);
	}
	foreach(lc, table->children)
	{
		WfObject   *child = lfirst(lc);

		if (child->type->kind == WF_OBJECT_CONSTRAINT && folded(table, child))
		{
			if (wf_schema_value(child, "index"))
				wf_schema_ddl_index_settings(ddl, child, wf_schema_value(child, "index"));
			wf_schema_ddl_decorate(ddl, child);
		}
	}
}

void
wf_schema_ddl_table_drop(WfDdl *ddl, WfObject *table)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	if (table->type->kind == WF_OBJECT_TABLE && !wf_schema_value(table, "partition_by"))
		wf_schema_ddl_loses(ddl, "the rows of table", table->identity);
	ddl->breaks = true;
	appendStringInfo(ddl->sql, "DROP %s %s;\n", table->type->keyword, table->identity);
}

static char *
alter_table(WfObject *table)
{
	return psprintf("ALTER %s %s", table->type->keyword, table->identity);
}

bool
wf_schema_ddl_table_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	const char *was = wf_schema_value(from, attr);
	const char *value = wf_schema_value(to, attr);
	char	   *alter = alter_table(to);

	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	ddl->rewrites = (strcmp(attr, "persistence") == 0 || strcmp(attr, "access_method") == 0) &&
		to->type->kind == WF_OBJECT_TABLE && !wf_schema_value(to, "partition_by");
	if (strcmp(attr, "persistence") == 0)
		appendStringInfo(ddl->sql, "%s SET %s;\n", alter, value ? "UNLOGGED" : "LOGGED");
	else if (strcmp(attr, "access_method") == 0)
		appendStringInfo(ddl->sql, "%s SET ACCESS METHOD %s;\n", alter, value ? value : "heap");
	else if (strcmp(attr, "tablespace") == 0)
		appendStringInfo(ddl->sql, "%s SET TABLESPACE %s;\n", alter, value ? value : "pg_default");
	else if (strcmp(attr, "options") == 0)
		wf_schema_ddl_options(ddl, alter, was, value);
	else if (strcmp(attr, "foreign_options") == 0)
		wf_schema_ddl_foreign_options(ddl, alter, was, value);
	else if (strcmp(attr, "replica_identity") == 0)
	{
		/* The index itself says so when it becomes the identity. */
		if (!value || strcmp(value, "INDEX") != 0)
			appendStringInfo(ddl->sql, "%s REPLICA IDENTITY %s;\n", alter, value ? value : "DEFAULT");
	}
	else if (strcmp(attr, "clustered") == 0)
	{
		if (!value)
			appendStringInfo(ddl->sql, "%s SET WITHOUT CLUSTER;\n", alter);
	}
	else if (strcmp(attr, "row_security") == 0)
		appendStringInfo(ddl->sql, "%s %s ROW LEVEL SECURITY;\n", alter, value ? "ENABLE" : "DISABLE");
	else if (strcmp(attr, "force_row_security") == 0)
		appendStringInfo(ddl->sql, "%s %s ROW LEVEL SECURITY;\n", alter, value ? "FORCE" : "NO FORCE");
	else if (strcmp(attr, "of_type") == 0)
		appendStringInfo(ddl->sql, value ? "%s OF %s;\n" : "%s NOT OF;\n", alter, value);
	else
		return false;			/* partitioned or not, another server */
	return true;
}

/* Keeps the columns of a table, but no longer by its type. */
void
wf_schema_ddl_loosen(WfDdl *ddl, WfObject *table)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	appendStringInfo(ddl->sql, "%s NOT OF;\n", alter_table(table));
}

/* Is it a plain table without parents, children or partitions? */
bool
wf_schema_ddl_stands_alone(WfObject *table)
{
	ListCell   *lc;

	if (table->type->kind != WF_OBJECT_TABLE || wf_schema_value(table, "partition_by"))
		return false;
	foreach(lc, table->children)
		if (is_link(lfirst(lc)))
		return false;
	foreach(lc, table->needed_by)
		if (is_link(lfirst(lc)))
		return false;
	return true;
}

static bool
is_link(WfObject *object)
{
	return object->type->kind == WF_OBJECT_INHERITANCE || object->type->kind == WF_OBJECT_PARTITION;
}

void
wf_schema_ddl_partition_create(WfDdl *ddl, WfObject *link)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	appendStringInfo(ddl->sql, "ALTER TABLE ONLY %s ATTACH PARTITION %s %s;\n",
					 wf_schema_value(link, "of"), link->identity, wf_schema_value(link, "bound"));
}

void
wf_schema_ddl_partition_drop(WfDdl *ddl, WfObject *link)
{
	bool		quietly = ddl->late && wf_schema_ddl_leaves_quietly(link);

	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	ddl->breaks = true;
	if (quietly)
	{
		wf_schema_ddl_step(ddl, WF_STEP_OUTSIDE);
		wf_schema_ddl_note_bound(ddl, link->parent);
	}
	appendStringInfo(ddl->sql, "ALTER TABLE %s DETACH PARTITION %s%s;\n",
					 wf_schema_value(link, "of"), link->identity, quietly ? " CONCURRENTLY" : "");
	if (quietly)
	{
		wf_schema_ddl_step(ddl, WF_STEP_TRANSACTION);
		wf_schema_ddl_drop_bound(ddl, link->parent);
	}
	settle_foreign_keys(ddl, link);
}

/*
 * The table now has its copies of the parents' foreign keys for itself.  They
 * stay where the target has the same, or where they will be copies again.
 */
static void
settle_foreign_keys(WfDdl *ddl, WfObject *link)
{
	ListCell   *lc;

	foreach(lc, link->drop_action ? wf_schema_copied_foreign_keys(link) : NIL)
	{
		WfObject   *original = lfirst(lc);
		char	   *name = wf_schema_short_name(original);
		WfObject   *kept = link->parent->twin ? wf_schema_namesake(original, link->parent->twin) : NULL;

		if (kept && kept->create_action == link->drop_action)
			wf_schema_ddl_decorate(ddl, kept);
		else if (!link->twin || original->fate != WF_FATE_KEEP)
			appendStringInfo(ddl->sql, "ALTER TABLE %s DROP CONSTRAINT %s;\n", link->parent->identity, name);
	}
}
