/*
 * sandbox.c: the SQL function that writes a sandbox as a script for psql.
 */
#include "common/compat.h"

#include "commands/dbcommands.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "common/row.h"
#include "environment/sandbox.h"
#include "schema/functions.h"
#include "schema/read.h"
#include "schema/reader.h"

PG_FUNCTION_INFO_V1(wf_sandbox_create);

#define SANDBOX_COLUMNS 7

/*
 * Does anything of the user's need the extension itself?  Parts of its own
 * relations do, and are no members.
 */
#define NEEDS_US_QUERY \
	"WITH member AS (SELECT m.classid, m.objid FROM pg_extension x JOIN pg_depend m" \
	" ON m.refclassid = 'pg_extension'::regclass AND m.refobjid = x.oid AND m.deptype = 'e' WHERE x.extname = 'wishflags')," \
	" part AS (SELECT 'pg_rewrite'::regclass, oid, ev_class FROM pg_rewrite" \
	" UNION ALL SELECT 'pg_attrdef'::regclass, oid, adrelid FROM pg_attrdef" \
	" UNION ALL SELECT 'pg_constraint'::regclass, oid, conrelid FROM pg_constraint" \
	" UNION ALL SELECT 'pg_trigger'::regclass, oid, tgrelid FROM pg_trigger" \
	" UNION ALL SELECT 'pg_policy'::regclass, oid, polrelid FROM pg_policy)" \
	" SELECT 1 FROM member m JOIN pg_depend d ON d.refclassid = m.classid AND d.refobjid = m.objid AND d.deptype = 'n'" \
	" LEFT JOIN part p(classid, objid, relation) ON p.classid = d.classid AND p.objid = d.objid" \
	" WHERE (CASE WHEN p.relation IS NULL THEN d.classid ELSE 'pg_class'::regclass END, coalesce(p.relation, d.objid))" \
	" NOT IN (SELECT classid, objid FROM member) LIMIT 1"

static void write_sandbox(WfSandbox *sandbox, Jsonb *sample, Jsonb *mask);
static void put_beginning(WfSandbox *sandbox);
static void put_script(WfSandbox *sandbox);
static void put_end(WfSandbox *sandbox);

/*
 * sandbox_create(schemas text[], sample jsonb, mask jsonb) -> setof step
 *
 * The steps, in order, whose column sql is together a script for psql, to be
 * run in an empty database.  Raises for bad options, for what the caller may
 * not read, for references that leave the schemas or lead to rows that are
 * hidden, for masks that a column does not take, and for more than max_rows.
 */
Datum
wf_sandbox_create(PG_FUNCTION_ARGS)
{
	WfSandbox	sandbox = {.max_rows = WF_SANDBOX_MAX_ROWS};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	wf_init_materialized_srf(fcinfo);
	sandbox.store = result->setResult;
	sandbox.desc = result->setDesc;
	sandbox.schemas = PG_ARGISNULL(0) ? NIL : wf_schema_names(PG_GETARG_ARRAYTYPE_P(0));
	wf_schema_check_schemas(sandbox.schemas);
	PG_TRY();
	{
		write_sandbox(&sandbox, PG_ARGISNULL(1) ? NULL : PG_GETARG_JSONB_P(1), PG_ARGISNULL(2) ? NULL : PG_GETARG_JSONB_P(2));
	}
	PG_FINALLY();
	{
		wf_schema_progress_end();
	}
	PG_END_TRY();
	return (Datum) 0;
}

/* Each step shows in pg_stat_activity. */
static void
write_sandbox(WfSandbox *sandbox, Jsonb *sample, Jsonb *mask)
{
	int			nest_level = wf_schema_pin_settings();

	wf_sandbox_read_tables(sandbox);
	if (sample)
		wf_sandbox_sample_options(sandbox, sample);
	if (mask)
		wf_sandbox_mask_options(sandbox, mask);
	wf_sandbox_suggest(sandbox);
	wf_sandbox_spread_masks(sandbox);
	wf_sandbox_choose(sandbox);
	wf_sandbox_verify(sandbox);
	put_script(sandbox);
	AtEOXact_GUC(false, nest_level);
}

static void
put_script(WfSandbox *sandbox)
{
	char	   *before;
	char	   *after;

	wf_sandbox_scripts(sandbox, &before, &after);
	put_beginning(sandbox);
	wf_sandbox_put(sandbox, "schema", NULL, -1, "what holds the rows", before, NULL);
	wf_sandbox_copy(sandbox);
	wf_sandbox_sequences(sandbox);
	wf_sandbox_put(sandbox, "constraints", NULL, -1, "what is made of the rows, reacts to them, or holds between them",
				   *after ? after : "-- None.", NULL);
	put_end(sandbox);
}

static void
put_beginning(WfSandbox *sandbox)
{
	StringInfoData sql;
	char	   *database = get_database_name(MyDatabaseId);

	initStringInfo(&sql);
	appendStringInfo(&sql, "%s\n", wf_sandbox_comment(psprintf("A sandbox of database %s, to be run by psql in an empty database.",
															   quote_identifier(database))));
	appendStringInfoString(&sql, "\\set ON_ERROR_STOP on\n");
	appendStringInfo(&sql, "SET client_encoding = %s;\n", quote_literal_cstr(pg_get_client_encoding_name()));
	appendStringInfoString(&sql, "SET standard_conforming_strings = on;\nSET client_min_messages = warning;\n"
						   "SET IntervalStyle = postgres;\nSET lc_monetary = 'C';\nSET xmloption = content;");
	SPI_connect();
	wf_schema_query(NEEDS_US_QUERY);
	if (SPI_processed > 0)
		appendStringInfoString(&sql, "\nCREATE EXTENSION wishflags;\nSET wishflags.guard = off;");
	SPI_finish();
	wf_sandbox_put(sandbox, "begin", NULL, -1, "settings of the session", sql.data, NULL);
}

static void
put_end(WfSandbox *sandbox)
{
	StringInfoData sql;
	ListCell   *lc;

	initStringInfo(&sql);
	foreach(lc, sandbox->tables)
	{
		WfSandboxTable *table = lfirst(lc);

		if (table->root == table)
			appendStringInfo(&sql, "%s%s", sql.len ? ", " : "ANALYZE ", table->identity);
	}
	appendStringInfoString(&sql, sql.len ? ";" : "-- No table to analyze.");
	wf_sandbox_put(sandbox, "statistics", NULL, -1, "what the planner knows of the rows", sql.data, NULL);
}

/* The text as a comment.  A name in it may have line breaks, and what stands behind one would be run. */
char *
wf_sandbox_comment(const char *text)
{
	char	   *comment = psprintf("-- %s", text);

	for (char *c = comment; *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	return comment;
}

/* A row of the result; rows: -1, where there is none to count. */
void
wf_sandbox_put(WfSandbox *sandbox, const char *step, const char *object, int64 rows,
			   const char *message, const char *sql, Jsonb *evidence)
{
	Datum		values[SANDBOX_COLUMNS];
	bool		nulls[SANDBOX_COLUMNS] = {false};

	values[0] = Int32GetDatum(++sandbox->ordinal);
	wf_row_put_text(values, nulls, 1, step);
	wf_row_put_text(values, nulls, 2, object);
	values[3] = Int64GetDatum(rows);
	nulls[3] = rows < 0;
	wf_row_put_text(values, nulls, 4, message);
	wf_row_put_text(values, nulls, 5, sql);
	values[6] = evidence ? JsonbPGetDatum(evidence)
		: DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"));
	tuplestore_putvalues(sandbox->store, sandbox->desc, values, nulls);
}
