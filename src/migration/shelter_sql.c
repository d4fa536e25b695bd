/*
 * shelter_sql.c: the statements that keep data in a shelter, and bring them
 * back from it.
 */
#include "common/compat.h"

#include "utils/builtins.h"

#include "migration/shelter.h"
#include "schema/ddl.h"

static bool keeps_anything(WfShelter *shelter);
static void restore_rows(StringInfo sql, WfSheltered *kept);
static void restore_values(StringInfo sql, WfSheltered *kept);
static List *kept_columns(WfSheltered *kept);
static char *column_list(List *columns, const char *format, const char *separator);
static const char *only(WfSheltered *kept);

/*
 * The statements to be run before the migration, in its transaction: where it
 * is another one, what others write in between is not kept.
 */
char *
wf_migration_shelter_keep(WfShelter *shelter)
{
	StringInfoData sql;
	ListCell   *lc;

	initStringInfo(&sql);
	if (!keeps_anything(shelter))
		return sql.data;
	appendStringInfo(&sql, "CREATE SCHEMA %s;\nSET row_security = off;\n", shelter->schema);
	foreach(lc, shelter->tables)
	{
		WfSheltered *kept = lfirst(lc);

		if (!kept->why_not)
			appendStringInfo(&sql, "CREATE TABLE %s AS SELECT %s FROM %s%s;\n", kept->name,
							 column_list(kept_columns(kept), "%s", ", "), only(kept), kept->table->identity);
	}
	if (shelter->sequences)
		appendStringInfo(&sql, "CREATE TABLE %s.sequence_positions (sequence text, last_value bigint, is_called boolean);\n",
						 shelter->schema);
	foreach(lc, shelter->sequences)
		appendStringInfo(&sql, "INSERT INTO %s.sequence_positions SELECT %s, last_value, is_called FROM %s;\n",
						 shelter->schema, quote_literal_cstr(lfirst(lc)), (char *) lfirst(lc));
	appendStringInfoString(&sql, "RESET row_security;\n");
	return sql.data;
}

static bool
keeps_anything(WfShelter *shelter)
{
	ListCell   *lc;

	foreach(lc, shelter->tables)
	{
		if (!((WfSheltered *) lfirst(lc))->why_not)
			return true;
	}
	return shelter->sequences != NIL;
}

/* The statements that bring all of it back, in a transaction, and remove the shelter. */
char *
wf_migration_shelter_restore(WfShelter *shelter)
{
	StringInfoData sql;
	ListCell   *lc;

	initStringInfo(&sql);
	if (!keeps_anything(shelter))
		return sql.data;
	appendStringInfoString(&sql, "SET LOCAL search_path = '';\nSET LOCAL row_security = off;\n");
	foreach(lc, shelter->tables)
	{
		WfSheltered *kept = lfirst(lc);

		if (!kept->why_not && kept->rows)
			restore_rows(&sql, kept);
	}
	foreach(lc, shelter->tables)
	{
		WfSheltered *kept = lfirst(lc);

		if (!kept->why_not && kept->columns)
			restore_values(&sql, kept);
	}
	if (shelter->sequences)
		appendStringInfo(&sql, "SELECT pg_catalog.setval(sequence::regclass, last_value, is_called) FROM %s.sequence_positions;\n",
						 shelter->schema);

	/*
	 * What waits for the end of the transaction would forbid to change
	 * tables.
	 */
	appendStringInfoString(&sql, "SET CONSTRAINTS ALL IMMEDIATE;\n");
	foreach(lc, shelter->tables)
	{
		WfSheltered *kept = lfirst(lc);

		if (!kept->why_not)
			appendStringInfo(&sql, "DROP TABLE %s;\n", kept->name);
	}
	if (shelter->sequences)
		appendStringInfo(&sql, "DROP TABLE %s.sequence_positions;\n", shelter->schema);
	appendStringInfo(&sql, "DROP SCHEMA %s;\n", shelter->schema);
	return sql.data;
}

/* Rows that are missing. */
static void
restore_rows(StringInfo sql, WfSheltered *kept)
{
	char	   *columns = column_list(kept_columns(kept), "%s", ", ");

	appendStringInfo(sql, "INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s s", kept->table->identity,
					 columns, column_list(kept_columns(kept), "s.%s", ", "), kept->name);
	if (kept->key && !kept->gone)
		appendStringInfo(sql, " WHERE NOT EXISTS (SELECT FROM %s%s t WHERE %s)", only(kept), kept->table->identity,
						 column_list(kept->key, "t.%s = s.%s", " AND "));
	appendStringInfoString(sql, ";\n");
}

/* Values of rows that are still there. */
static void
restore_values(StringInfo sql, WfSheltered *kept)
{
	appendStringInfo(sql, "UPDATE %s%s t SET %s FROM %s s WHERE %s;\n", only(kept), kept->table->identity,
					 column_list(kept->columns, "%s = s.%s", ", "), kept->name,
					 column_list(kept->key, "t.%s = s.%s", " AND "));
}

static List *
kept_columns(WfSheltered *kept)
{
	List	   *columns = NIL;
	ListCell   *lc;

	if (!kept->rows)
		return list_concat_copy(kept->key, kept->columns);
	foreach(lc, kept->table->children)
	{
		WfObject   *column = lfirst(lc);

		if (column->type->kind == WF_OBJECT_COLUMN && !wf_schema_value(column, "generated"))
			columns = lappend(columns, column);
	}
	return columns;
}

/* The columns by a format that has their name once or twice. */
static char *
column_list(List *columns, const char *format, const char *separator)
{
	StringInfoData sql;
	ListCell   *lc;

	initStringInfo(&sql);
	foreach(lc, columns)
	{
		const char *name = wf_schema_short_name(lfirst(lc));

		if (sql.len)
			appendStringInfoString(&sql, separator);
		for (const char *c = format; *c; c++)
		{
			if (c[0] == '%' && c[1] == 's')
			{
				appendStringInfoString(&sql, name);
				c++;
			}
			else
				appendStringInfoChar(&sql, *c);
		}
	}
	return sql.data;
}

/* The rows of children are kept with these. */
static const char *
only(WfSheltered *kept)
{
	return wf_schema_value(kept->table, "partition_by") ? "" : "ONLY ";
}

/* What the shelter does not keep, and why; each a line. */
char *
wf_migration_shelter_comment(WfShelter *shelter)
{
	StringInfoData text;
	ListCell   *lc;

	initStringInfo(&text);
	foreach(lc, shelter->tables)
	{
		WfSheltered *kept = lfirst(lc);

		if (kept->why_not)
			appendStringInfoString(&text, wf_schema_loss_comment(list_make1(psprintf("what table %s loses: %s",
																					 kept->table->identity, kept->why_not))));
	}
	return text.data;
}
