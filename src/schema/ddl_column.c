/*
 * ddl_column.c: columns and their defaults.
 */
#include "common/compat.h"

#include "utils/builtins.h"

#include "schema/ddl.h"

/* What no statement sets but its own. */
static const char *const own_settings[] = {"storage", "compression", "statistics", "options"};

static bool inherits_expression(WfObject *column);
static bool inherits(WfObject *column, bool not_null);
static void settle_inherited(WfDdl *ddl, WfObject *column);
static void reset_inherited(WfDdl *ddl, WfObject *column);
static bool is_attribute(WfObject *column);
static const char *to_tables(WfObject *type);
static bool is_view(WfObject *parent);
static WfObject *folded_default(WfObject *column);
static void reset_settings(WfDdl *ddl, WfObject *column);
static bool alter_setting(WfDdl *ddl, WfObject *column, const char *attr, const char *was,
						  const char *value);
static const char *usual_storage(WfObject *from, WfObject *to);
static bool alter_type(WfDdl *ddl, WfObject *from, WfObject *to);
static void alter_not_null(WfDdl *ddl, WfObject *from, WfObject *to);
static bool alter_generated(WfDdl *ddl, WfObject *from, WfObject *to);
static const char *using_clause(WfObject *from, WfObject *to);
static int	type_group(const char *type);
static char *plain_type(const char *type);

/* Name, type and what the grammar allows behind it. */
void
wf_schema_ddl_column_definition(StringInfo sql, WfObject *column, bool typed)
{
	const char *value;
	WfObject   *dflt = folded_default(column);

	appendStringInfoString(sql, wf_schema_short_name(column));
	if (!typed)
		appendStringInfo(sql, " %s", wf_schema_value(column, "type"));
	if ((value = wf_schema_value(column, "foreign_options")) != NULL)
		wf_schema_ddl_foreign_clause(sql, value);
	if ((value = wf_schema_value(column, "generated")) != NULL && !inherits_expression(column))
		appendStringInfo(sql, " GENERATED ALWAYS AS %s", wf_schema_ddl_exact(value));
	if (dflt)
		appendStringInfo(sql, " DEFAULT %s", wf_schema_ddl_exact(wf_schema_value(dflt, "expression")));
	if (wf_schema_flag(column, "not_null") && !wf_schema_ddl_takes_not_null(column))
		appendStringInfoString(sql, " NOT NULL");
	if (wf_schema_value(column, "identity"))
		appendStringInfo(sql, " %s", wf_schema_ddl_identity_clause(column));
}

/* Does a table made with INHERITS get the generation expression from there? */
static bool
inherits_expression(WfObject *column)
{
	ListCell   *lc;

	if (column->create_action && column->create_action->to == column)
		return false;
	foreach(lc, column->parent->children)
	{
		WfObject   *link = lfirst(lc);
		WfObject   *origin;
		const char *expression;

		if (link->type->kind != WF_OBJECT_INHERITANCE || !link->needs)
			continue;
		origin = wf_schema_namesake(column, linitial(link->needs));
		expression = origin ? wf_schema_value(origin, "generated") : NULL;
		if (expression && strcmp(expression, wf_schema_value(column, "generated")) == 0)
			return true;
	}
	return false;
}

/* Does a parent's column say NOT NULL already, or have a default? */
static bool
inherits(WfObject *column, bool not_null)
{
	ListCell   *lc;

	foreach(lc, column->parent->children)
	{
		WfObject   *link = lfirst(lc);
		WfObject   *origin;

		if (link->type->kind != WF_OBJECT_INHERITANCE || !link->needs)
			continue;
		origin = wf_schema_namesake(column, linitial(link->needs));
		if (origin && (not_null ? wf_schema_flag(origin, "not_null") : origin->children != NIL))
			return true;
	}
	return false;
}

/* The default that the column's own statement sets, or NULL. */
static WfObject *
folded_default(WfObject *column)
{
	ListCell   *lc;

	foreach(lc, column->children)
	{
		WfObject   *child = lfirst(lc);

		if (child->type->kind == WF_OBJECT_DEFAULT && child->create_action &&
			child->create_action == column->create_action)
			return child;
	}
	return NULL;
}

/* What is set by statements of their own after the column is there. */
void
wf_schema_ddl_column_settings(WfDdl *ddl, WfObject *column)
{
	const char *value;

	if (is_attribute(column) || column->parent->type->kind == WF_OBJECT_VIEW)
		return;
	if (wf_schema_flag(column, "inherited") && !wf_schema_partition_of(column->parent))
		settle_inherited(ddl, column);
	if ((value = wf_schema_value(column, "identity_persistence")) != NULL)
		appendStringInfo(ddl->sql, "ALTER SEQUENCE %s SET %s;\n",
						 wf_schema_value(column, "identity_sequence"), value);
	for (int i = 0; i < lengthof(own_settings); i++)
	{
		if ((value = wf_schema_value(column, own_settings[i])) != NULL)
			(void) alter_setting(ddl, column, own_settings[i], NULL, value);
	}
}

/* What a column has otherwise than the parent that it comes from. */
static void
settle_inherited(WfDdl *ddl, WfObject *column)
{
	WfObject   *dflt = folded_default(column);
	bool		not_null = wf_schema_flag(column, "not_null");

	if (!wf_schema_flag(column, "local"))
	{
		if (dflt)
			wf_schema_ddl_default_create(ddl, dflt);
		if (not_null && !inherits(column, true))
			appendStringInfo(ddl->sql, "%s SET NOT NULL;\n", wf_schema_ddl_alter_column(column, false));
	}
	reset_inherited(ddl, column);
	if (!column->children && inherits(column, false))
		appendStringInfo(ddl->sql, "%s DROP DEFAULT;\n", wf_schema_ddl_alter_column(column, true));
	if (!not_null && inherits(column, true))
		appendStringInfo(ddl->sql, "%s DROP NOT NULL;\n", wf_schema_ddl_alter_column(column, false));
}

/* Storage and compression come from the parent as well. */
static void
reset_inherited(WfDdl *ddl, WfObject *column)
{
	static const char *const attrs[] = {"storage", "compression"};
	ListCell   *lc;

	foreach(lc, column->parent->children)
	{
		WfObject   *link = lfirst(lc);
		WfObject   *origin = link->type->kind == WF_OBJECT_INHERITANCE && link->needs
		? wf_schema_namesake(column, linitial(link->needs)) : NULL;

		for (int i = 0; origin && i < lengthof(attrs); i++)
			if (wf_schema_value(origin, attrs[i]) && !wf_schema_value(column, attrs[i]))
				(void) alter_setting(ddl, column, attrs[i], NULL, i == 0 ? usual_storage(origin, column) : NULL);
	}
}

static bool
is_attribute(WfObject *column)
{
	return column->parent->type->kind == WF_OBJECT_COMPOSITE;
}

/* An attribute's change also reaches the tables of the type. */
static const char *
to_tables(WfObject *type)
{
	ListCell   *lc;

	foreach(lc, type->type->kind == WF_OBJECT_COMPOSITE ? type->needed_by : NIL)
	{
		const char *of_type = wf_schema_value(lfirst(lc), "of_type");

		if (of_type && strcmp(of_type, type->identity) == 0)
			return " CASCADE";
	}
	return "";
}

static bool
is_view(WfObject *parent)
{
	return parent->type->kind == WF_OBJECT_VIEW || parent->type->kind == WF_OBJECT_MATERIALIZED_VIEW;
}

/* A column added to a table that is there already. */
void
wf_schema_ddl_column_create(WfDdl *ddl, WfObject *column)
{
	StringInfoData definition;
	WfObject   *dflt = folded_default(column);
	bool		fills_later = wf_schema_ddl_fills_later(ddl, column, dflt);

	if (is_view(column->parent))
	{
		/* The view has it; only its settings, comment and grants are new. */
		wf_schema_ddl_column_settings(ddl, column);
		return;
	}
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	ddl->rewrites = !fills_later && wf_schema_ddl_rewrites(column, dflt);
	initStringInfo(&definition);
	if (fills_later)
		appendStringInfo(&definition, "%s %s", wf_schema_short_name(column), wf_schema_value(column, "type"));
	else
		wf_schema_ddl_column_definition(&definition, column, false);
	if (is_attribute(column))
		appendStringInfo(ddl->sql, "ALTER TYPE %s ADD ATTRIBUTE %s%s;\n", column->parent->identity,
						 definition.data, to_tables(column->parent));
	else
	{
		/* Children get the column, but not its identity. */
		char	   *identity = wf_schema_value(column, "identity") && !wf_schema_ddl_stands_alone(column->parent)
		&& !wf_schema_value(column->parent, "partition_by") ? wf_schema_ddl_identity_clause(column) : NULL;

		if (identity)
			definition.data[definition.len - strlen(identity) - 1] = '\0';
		appendStringInfo(ddl->sql, "ALTER %s %s ADD COLUMN %s;\n", column->parent->type->keyword,
						 column->parent->identity, definition.data);
		if (identity)
			appendStringInfo(ddl->sql, "%s ADD %s;\n", wf_schema_ddl_alter_column(column, true), identity);
	}
	wf_schema_ddl_column_settings(ddl, column);
	if (fills_later)
		wf_schema_ddl_fill_column(ddl, column, dflt);
	wf_schema_ddl_settle_copies(ddl, column);
}

void
wf_schema_ddl_column_drop(WfDdl *ddl, WfObject *column)
{
	if (is_view(column->parent))
	{
		/* The view keeps it; only what was said of it goes. */
		reset_settings(ddl, column);
		if (wf_schema_value(column, "comment"))
			appendStringInfo(ddl->sql, "COMMENT ON COLUMN %s IS NULL;\n", column->identity);
		wf_schema_ddl_grants(ddl, column, NULL, "grants");
		return;
	}
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	ddl->breaks = true;
	if (!wf_schema_value(column, "generated"))
		wf_schema_ddl_loses(ddl, is_attribute(column) ? "the values of attribute" : "the values of column",
							column->identity);
	appendStringInfo(ddl->sql, "ALTER %s %s%s DROP %s %s%s;\n", column->parent->type->keyword,
					 wf_schema_leaves_copies(column) ? "ONLY " : "", column->parent->identity, is_attribute(column) ? "ATTRIBUTE" : "COLUMN",
					 wf_schema_short_name(column), to_tables(column->parent));
}

static void
reset_settings(WfDdl *ddl, WfObject *column)
{
	for (int i = 0; i < lengthof(own_settings); i++)
	{
		const char *value = wf_schema_value(column, own_settings[i]);

		if (value)
			(void) alter_setting(ddl, column, own_settings[i], value, NULL);
	}
}

/* Writes one of these; value NULL: the default. */
static bool
alter_setting(WfDdl *ddl, WfObject *column, const char *attr, const char *was, const char *value)
{
	char	   *alter = wf_schema_ddl_alter_column(column, true);

	if (strcmp(attr, "storage") == 0)
		appendStringInfo(ddl->sql, "%s SET STORAGE %s;\n", alter,
						 value ? value : wf_schema_value(column, "usual_storage"));
	else if (strcmp(attr, "compression") == 0)
		appendStringInfo(ddl->sql, "%s SET COMPRESSION %s;\n", alter, value ? value : "default");
	else if (strcmp(attr, "statistics") == 0)
		appendStringInfo(ddl->sql, "%s SET STATISTICS %s;\n", alter, value ? value : "-1");
	else if (strcmp(attr, "options") == 0)
		wf_schema_ddl_options(ddl, alter, was, value);
	else
		return false;
	return true;
}

/* What the column's type has it stored as; a base type may change that, too. */
static const char *
usual_storage(WfObject *from, WfObject *to)
{
	ListCell   *lc;

	foreach(lc, to->needs)
	{
		WfObject   *type = lfirst(lc);
		const char *storage;

		if (type->type->kind != WF_OBJECT_BASE_TYPE || strcmp(type->identity, wf_schema_value(to, "type")) != 0)
			continue;
		storage = strstr(wf_schema_value(type, "definition"), "STORAGE = ");
		if (storage)
			return pnstrdup(storage + strlen("STORAGE = "), strcspn(storage + strlen("STORAGE = "), ",)"));
	}
	return wf_schema_value(from, "usual_storage");
}

/* "ALTER TABLE <table> ALTER COLUMN <column>", for the table only or its children too. */
char *
wf_schema_ddl_alter_column(WfObject *column, bool only)
{
	return psprintf("ALTER %s %s%s ALTER COLUMN %s", column->parent->type->keyword,
					only && !is_view(column->parent) ? "ONLY " : "",
					column->parent->identity, wf_schema_short_name(column));
}

bool
wf_schema_ddl_column_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	const char *was = wf_schema_value(from, attr);
	const char *value = wf_schema_value(to, attr);

	wf_schema_ddl_lock(ddl, strcmp(attr, "statistics") == 0 || strcmp(attr, "options") == 0
					   ? WF_SCHEMA_LOCK_SHARE_UPDATE_EXCLUSIVE : WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	if (strcmp(attr, "type") == 0)
		return alter_type(ddl, from, to);
	if (strcmp(attr, "generated") == 0)
		return alter_generated(ddl, from, to);
	if (strcmp(attr, "not_null") == 0)
		alter_not_null(ddl, from, to);
	else if (strcmp(attr, "identity") == 0)
		wf_schema_ddl_alter_identity(ddl, from, to);
	else if (strcmp(attr, "identity_sequence") == 0)
	{
		if (was && value && wf_schema_value(from, "identity") && wf_schema_value(to, "identity"))
			appendStringInfo(ddl->sql, "ALTER SEQUENCE %s RENAME TO %s;\n", was,
							 wf_schema_bare(value, to->schema));
	}
	else if (strcmp(attr, "identity_settings") == 0)
		wf_schema_ddl_alter_identity_settings(ddl, from, to);
	else if (strcmp(attr, "identity_persistence") == 0)
	{
		if (value || wf_schema_value(to, "identity"))
			appendStringInfo(ddl->sql, "ALTER SEQUENCE %s SET %s;\n", wf_schema_value(to, "identity_sequence"),
							 value ? value : wf_schema_value(to->parent, "persistence") ? "UNLOGGED" : "LOGGED");
	}
	else if (strcmp(attr, "foreign_options") == 0)
		wf_schema_ddl_foreign_options(ddl, wf_schema_ddl_alter_column(to, false), was, value);
	else if (strcmp(attr, "storage") == 0)
		return alter_setting(ddl, to, attr, was, value ? value : usual_storage(from, to));
	else
		return alter_setting(ddl, value ? to : from, attr, was, value);
	return true;
}

static bool
alter_type(WfDdl *ddl, WfObject *from, WfObject *to)
{
	const char *type = wf_schema_value(to, "type");
	const char *value;

	/* A generated column changes with its expression. */
	if (is_view(to->parent) || (wf_schema_value(to, "generated") && *using_clause(from, to)))
		return false;
	ddl->breaks = true;
	if (wf_schema_value(from, "identity") && !wf_schema_value(to, "identity"))
		wf_schema_ddl_write_identity(ddl, from, to);
	if (!wf_schema_value(to, "generated") && wf_schema_type_narrows(wf_schema_value(from, "type"), type))
		wf_schema_ddl_loses(ddl, psprintf("what %s cannot hold of column", type), to->identity);
	if (is_attribute(to))
	{
		appendStringInfo(ddl->sql, "ALTER TYPE %s ALTER ATTRIBUTE %s TYPE %s%s;\n",
						 to->parent->identity, wf_schema_short_name(to), type, to_tables(to->parent));
		return true;
	}
	appendStringInfo(ddl->sql, "%s TYPE %s%s;\n", wf_schema_ddl_alter_column(to, false), type,
					 to->parent->type->kind == WF_OBJECT_FOREIGN_TABLE ||
					 wf_schema_value(to, "generated") ? "" : using_clause(from, to));
	/* A new type brings its own storage. */
	if ((value = wf_schema_value(to, "storage")) != NULL)
		appendStringInfo(ddl->sql, "%s SET STORAGE %s;\n", wf_schema_ddl_alter_column(to, true), value);
	if (!wf_schema_value(from, "identity") && wf_schema_value(to, "identity"))
		wf_schema_ddl_write_identity(ddl, from, to);
	return true;
}

static const char *
using_clause(WfObject *from, WfObject *to)
{
	char	   *name = wf_schema_short_name(to);
	char	   *was = plain_type(wf_schema_value(from, "type"));
	char	   *type = plain_type(wf_schema_value(to, "type"));
	int			a = type_group(was);
	int			b = type_group(type);

	if (from->retype)
		return psprintf(" USING %s::text::%s", name, type);
	if (strcmp(was, type) == 0 || (a == b && a == 't') || (a == 'n' && b == 'n') || b == 't')
		return "";
	if ((a == b && a != 0) || a == 't')
		return psprintf(" USING %s::%s", name, type);
	if ((a == 'b' && strcmp(type, "integer") == 0) || (b == 'b' && strcmp(was, "integer") == 0))
		return psprintf(" USING %s::%s", name, type);
	return psprintf(" USING %s::text::%s", name, type);
}

/* Types with casts among each other: t text, n number, d date, j JSON, b boolean. */
static int
type_group(const char *type)
{
	static const struct
	{
		const char *name;
		char		group;
	}			groups[] = {
		{"text", 't'}, {"character varying", 't'}, {"character", 't'}, {"name", 't'},
		{"smallint", 'n'}, {"integer", 'n'}, {"bigint", 'n'}, {"numeric", 'n'},
		{"real", 'n'}, {"double precision", 'n'}, {"date", 'd'},
		{"timestamp without time zone", 'd'}, {"timestamp with time zone", 'd'},
		{"json", 'j'}, {"jsonb", 'j'}, {"boolean", 'b'},
	};

	for (int i = 0; i < lengthof(groups); i++)
	{
		size_t		len = strlen(groups[i].name);

		if (strncmp(type, groups[i].name, len) == 0 &&
			(type[len] == '\0' || (type[len] == '(' && type[strlen(type) - 1] == ')')))
			return groups[i].group;
	}
	/* timestamp(3) with time zone */
	if (strncmp(type, "timestamp(", 10) == 0 && type[strlen(type) - 1] != ']')
		return 'd';
	return 0;
}

/* The type without its collation. */
static char *
plain_type(const char *type)
{
	const char *collate = strstr(type, " COLLATE ");

	return collate ? pnstrdup(type, collate - type) : pstrdup(type);
}

static void
alter_not_null(WfDdl *ddl, WfObject *from, WfObject *to)
{
	/* Where the identity comes or goes, its statements say this as well. */
	if (!wf_schema_value(from, "identity") != !wf_schema_value(to, "identity"))
		return;
	if (!wf_schema_flag(to, "not_null"))
	{
		/* Partitions follow their parent; children have a statement each. */
		appendStringInfo(ddl->sql, "%s DROP NOT NULL;\n",
						 wf_schema_ddl_alter_column(to, !wf_schema_value(to->parent, "partition_by") &&
													!wf_schema_ddl_stands_alone(to->parent)));
		wf_schema_ddl_keep_not_null(ddl, to);
		return;
	}
	ddl->breaks = true;
	if (wf_schema_ddl_proves_not_null(ddl, to))
		wf_schema_ddl_prove_not_null(ddl, to);
	else
		appendStringInfo(ddl->sql, "%s SET NOT NULL;\n", wf_schema_ddl_alter_column(to, false));
}

/* A stored expression can be dropped; otherwise the column is made anew. */
static bool
alter_generated(WfDdl *ddl, WfObject *from, WfObject *to)
{
	const char *was = wf_schema_value(from, "generated");

	if (wf_schema_value(to, "generated") || strstr(was, " VIRTUAL") != NULL)
		return false;
	appendStringInfo(ddl->sql, "%s DROP EXPRESSION;\n", wf_schema_ddl_alter_column(to, false));
	return true;
}

/* The column of a default: its parent, or named by it under a view. */
static char *
default_target(WfObject *dflt)
{
	if (dflt->parent->type->kind == WF_OBJECT_COLUMN)
		return wf_schema_ddl_alter_column(dflt->parent, true);
	return psprintf("ALTER %s %s ALTER COLUMN %s", dflt->parent->type->keyword,
					dflt->parent->identity, wf_schema_short_name(dflt));
}

void
wf_schema_ddl_default_create(WfDdl *ddl, WfObject *dflt)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	appendStringInfo(ddl->sql, "%s SET DEFAULT %s;\n", default_target(dflt),
					 wf_schema_ddl_exact(wf_schema_value(dflt, "expression")));
}

void
wf_schema_ddl_default_drop(WfDdl *ddl, WfObject *dflt)
{
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	appendStringInfo(ddl->sql, "%s DROP DEFAULT;\n", default_target(dflt));
}

bool
wf_schema_ddl_default_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	wf_schema_ddl_default_create(ddl, to);
	return true;
}
