/*
 * ddl_identity.c: the identity of columns, and its sequence.
 */
#include "common/compat.h"

#include "schema/ddl.h"

static bool has_own_type(WfObject *column);

/*
 * "GENERATED ... AS IDENTITY (...)" with the options of the sequence.  It
 * takes the column's type; one of another type is settled afterwards, as its
 * bounds may lie outside of that.
 */
char *
wf_schema_ddl_identity_clause(WfObject *column)
{
	StringInfoData sql;
	ListCell   *lc;

	initStringInfo(&sql);
	appendStringInfo(&sql, "GENERATED %s AS IDENTITY (SEQUENCE NAME %s",
					 wf_schema_value(column, "identity"), wf_schema_value(column, "identity_sequence"));
	foreach(lc, has_own_type(column) ? NIL : wf_schema_list(wf_schema_value(column, "identity_settings")))
	{
		if (strncmp(lfirst(lc), "AS ", 3) != 0)
			appendStringInfo(&sql, " %s", (char *) lfirst(lc));
	}
	appendStringInfoChar(&sql, ')');
	return sql.data;
}

/* Has the sequence another type than its column, which no clause says? */
static bool
has_own_type(WfObject *column)
{
	char	   *usual = psprintf("AS %s", wf_schema_value(column, "type"));
	ListCell   *lc;

	foreach(lc, wf_schema_list(wf_schema_value(column, "identity_settings")))
	{
		if (strncmp(lfirst(lc), "AS ", 3) == 0 && strcmp(lfirst(lc), usual) != 0)
			return true;
	}
	return false;
}

/* Writes the change of the identity itself, where it is not left to the type's. */
void
wf_schema_ddl_alter_identity(WfDdl *ddl, WfObject *from, WfObject *to)
{
	bool		comes_or_goes = !wf_schema_value(from, "identity") != !wf_schema_value(to, "identity");

	/* Where the type changes, only one of both may be able to have it. */
	if (!comes_or_goes || strcmp(wf_schema_value(from, "type"), wf_schema_value(to, "type")) == 0)
		wf_schema_ddl_write_identity(ddl, from, to);
}

/* An identity column cannot be without NOT NULL, so both come and go together. */
void
wf_schema_ddl_write_identity(WfDdl *ddl, WfObject *from, WfObject *to)
{
	const char *was = wf_schema_value(from, "identity");
	const char *value = wf_schema_value(to, "identity");
	char	   *alter = wf_schema_ddl_alter_column(to, false);

	if (!value)
	{
		appendStringInfo(ddl->sql, "%s DROP IDENTITY;\n", alter);
		wf_schema_ddl_loses(ddl, "the position of sequence", wf_schema_value(from, "identity_sequence"));
		if (!wf_schema_flag(to, "not_null"))
			appendStringInfo(ddl->sql, "%s DROP NOT NULL;\n", alter);
	}
	else if (was)
		appendStringInfo(ddl->sql, "%s SET GENERATED %s;\n", alter, value);
	else
	{
		ddl->breaks = true;
		if (!wf_schema_flag(from, "not_null"))
			appendStringInfo(ddl->sql, "%s SET NOT NULL;\n", alter);
		appendStringInfo(ddl->sql, "%s ADD %s;\n", alter, wf_schema_ddl_identity_clause(to));
		wf_schema_ddl_decorate_identity(ddl, to);
	}
}

/* Writes the change of its sequence's options. */
void
wf_schema_ddl_alter_identity_settings(WfDdl *ddl, WfObject *from, WfObject *to)
{
	const char *had = wf_schema_value(from, "identity_settings");
	const char *wanted = wf_schema_value(to, "identity_settings");
	const char *sequence = wf_schema_value(to, "identity_sequence");
	ListCell   *lc;

	if (!had || !wanted || !sequence)
		return;
	wf_schema_ddl_sequence_bounds(ddl, sequence, had, wanted);
	appendStringInfo(ddl->sql, "ALTER SEQUENCE %s", sequence);
	foreach(lc, wf_schema_list(wanted))
		appendStringInfo(ddl->sql, " %s", (char *) lfirst(lc));
	appendStringInfoString(ddl->sql, ";\n");
}

/* What the clause of a new identity could not say. */
void
wf_schema_ddl_settle_identity(WfDdl *ddl, WfObject *column)
{
	ListCell   *lc;

	if (!wf_schema_value(column, "identity") || !has_own_type(column))
		return;
	appendStringInfo(ddl->sql, "ALTER SEQUENCE %s", wf_schema_value(column, "identity_sequence"));
	foreach(lc, wf_schema_list(wf_schema_value(column, "identity_settings")))
		appendStringInfo(ddl->sql, " %s", (char *) lfirst(lc));
	appendStringInfoString(ddl->sql, " RESTART;\n");
}
