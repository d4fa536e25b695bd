/*
 * ddl_view.c: views and materialized views.
 */
#include "common/compat.h"

#include "schema/ddl.h"

static char *stub_column(const char *column);
static bool begins_with(List *longer, List *shorter);

void
wf_schema_ddl_view_create(WfDdl *ddl, WfObject *view)
{
	appendStringInfo(ddl->sql, "CREATE %sVIEW %s%s AS\n%s;\n", view->shell_action ? "OR REPLACE " : "",
					 view->identity,
					 wf_schema_ddl_with(wf_schema_value(view, "options")),
					 wf_schema_ddl_exact(wf_schema_value(view, "definition")));
}

/* A view with the same columns that selects from nothing. */
void
wf_schema_ddl_view_stub(WfDdl *ddl, WfObject *view)
{
	ListCell   *lc;

	appendStringInfo(ddl->sql, "CREATE OR REPLACE VIEW %s AS\n SELECT", view->identity);
	foreach(lc, wf_schema_list(wf_schema_value(view, "columns")))
		appendStringInfo(ddl->sql, "%s %s", foreach_current_index(lc) ? "," : "", stub_column(lfirst(lc)));
	appendStringInfoString(ddl->sql, ";\n");
}

/* "name type collation" as an expression; the collation is "-" without one. */
static char *
stub_column(const char *column)
{
	const char *type = column;
	const char *collation = strrchr(column, ' ');
	bool		quoted = false;

	for (; *type && (quoted || *type != ' '); type++)
		if (*type == '"')
			quoted = !quoted;
	/* A quoted name at the end may hold blanks. */
	if (collation && column[strlen(column) - 1] == '"')
	{
		collation = column + strlen(column) - 1;
		for (quoted = true; collation > type && (quoted || *collation != ' '); collation--)
			if (collation[-1] == '"')
				quoted = !quoted;
	}
	if (!collation || collation <= type)
		return pstrdup(column);
	return psprintf("NULL::%s%s%s AS %s", pnstrdup(type + 1, collation - type - 1),
					strcmp(collation, " -") == 0 ? "" : " COLLATE",
					strcmp(collation, " -") == 0 ? "" : collation, pnstrdup(column, type - column));
}

/* A view may be replaced in place while its columns stay and new ones come last. */
bool
wf_schema_ddl_view_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	if (strcmp(attr, "options") == 0)
	{
		wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
		wf_schema_ddl_options(ddl, psprintf("ALTER VIEW %s", to->identity), wf_schema_value(from, attr),
							  wf_schema_value(to, attr));
		return true;
	}
	if (!begins_with(wf_schema_list(wf_schema_value(to, "columns")),
					 wf_schema_list(wf_schema_value(from, "columns"))))
		return false;
	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	appendStringInfo(ddl->sql, "CREATE OR REPLACE VIEW %s%s AS\n%s;\n", to->identity,
					 wf_schema_ddl_with(wf_schema_value(to, "options")), wf_schema_ddl_exact(wf_schema_value(to, "definition")));
	return true;
}

static bool
begins_with(List *longer, List *shorter)
{
	ListCell   *a;
	ListCell   *b;

	if (list_length(longer) < list_length(shorter))
		return false;
	forboth(a, longer, b, shorter)
	{
		if (strcmp(lfirst(a), lfirst(b)) != 0)
			return false;
	}
	return true;
}

void
wf_schema_ddl_materialized_view_create(WfDdl *ddl, WfObject *view)
{
	const char *value;

	appendStringInfo(ddl->sql, "CREATE MATERIALIZED VIEW %s", view->identity);
	if ((value = wf_schema_value(view, "access_method")) != NULL)
		appendStringInfo(ddl->sql, " USING %s", value);
	appendStringInfoString(ddl->sql, wf_schema_ddl_with(wf_schema_value(view, "options")));
	if ((value = wf_schema_value(view, "tablespace")) != NULL)
		appendStringInfo(ddl->sql, " TABLESPACE %s", value);
	appendStringInfo(ddl->sql, " AS\n%s%s;\n", wf_schema_ddl_exact(wf_schema_value(view, "definition")),
					 wf_schema_flag(view, "unpopulated") ? "\nWITH NO DATA" : "");
}

bool
wf_schema_ddl_materialized_view_alter(WfDdl *ddl, WfObject *from, WfObject *to, const char *attr)
{
	const char *value = wf_schema_value(to, attr);
	char	   *alter = psprintf("ALTER MATERIALIZED VIEW %s", to->identity);

	wf_schema_ddl_lock(ddl, WF_SCHEMA_LOCK_ACCESS_EXCLUSIVE);
	if (strcmp(attr, "options") == 0)
		wf_schema_ddl_options(ddl, alter, wf_schema_value(from, attr), value);
	else if (strcmp(attr, "tablespace") == 0)
		appendStringInfo(ddl->sql, "%s SET TABLESPACE %s;\n", alter, value ? value : "pg_default");
	else if (strcmp(attr, "access_method") == 0)
		appendStringInfo(ddl->sql, "%s SET ACCESS METHOD %s;\n", alter, value ? value : "heap");
	else if (strcmp(attr, "clustered") == 0)
	{
		if (!value)
			appendStringInfo(ddl->sql, "%s SET WITHOUT CLUSTER;\n", alter);
	}
	else
		return false;
	return true;
}
