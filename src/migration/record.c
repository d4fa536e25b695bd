/*
 * record.c: keeping what a check has found.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/rel.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "common/extension.h"
#include "common/options.h"
#include "common/write.h"
#include "migration/report.h"
#include "schema/jsonb_access.h"

/* The files of the report with their place in it. */
#define FILES_OF_REPORT \
	"ROWS FROM (jsonb_to_recordset($2) AS (file text, findings jsonb, directives jsonb))" \
	" WITH ORDINALITY AS f(file, findings, directives, n)"

/* What the argument run may say. */
typedef struct RunOptions
{
	char	   *git_commit;
	char	   *git_branch;
	char	   *git_author;
	char	   *command;
} RunOptions;

static const WfOption run_options[] = {
	{"git_commit", WF_OPTION_TEXT, offsetof(RunOptions, git_commit)},
	{"git_branch", WF_OPTION_TEXT, offsetof(RunOptions, git_branch)},
	{"git_author", WF_OPTION_TEXT, offsetof(RunOptions, git_author)},
	{"command", WF_OPTION_TEXT, offsetof(RunOptions, command)},
};

PG_FUNCTION_INFO_V1(wf_migration_record);
PG_FUNCTION_INFO_V1(wf_migration_runs_deleted);

static Jsonb *files_of(Jsonb *document);
static double total_milliseconds(WfReport *report, bool *known);
static Datum add_run(WfReport *report, const RunOptions *options, const char *role);
static void add_rows(const char *query, Datum run, Jsonb *files);
static Datum text_or_null(const char *text, char *null);
static void need_runs_trigger(FunctionCallInfo fcinfo);

/*
 * migration_record(report jsonb, run jsonb) -> uuid
 *
 * Writes the rows as the tables' owner, so that whoever may call it can add a
 * run and change none.  Raises invalid_parameter_value where the report is none,
 * read_only_sql_transaction on a standby.
 */
Datum
wf_migration_record(PG_FUNCTION_ARGS)
{
	Jsonb	   *files = files_of(PG_GETARG_JSONB_P(0));
	WfReport   *report = wf_report_read(files);
	pg_uuid_t  *id = palloc(sizeof(pg_uuid_t));
	RunOptions	options = {0};
	WfWrite		write;
	Datum		run;
	ListCell   *lc;

	wf_common_options_parse(PG_GETARG_JSONB_P(1), run_options, lengthof(run_options), &options);
	foreach(lc, report->files)
	{
		if (((WfReportFile *) lfirst(lc))->text)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("file \"%s\" comes with its text, not with findings", ((WfReportFile *) lfirst(lc))->name),
					 errhint("Check it first: SELECT wishflags.migration_record(wishflags.migration_report(files, 'json')::jsonb);")));
	}
	wf_common_require_writable("migration_record()");
	SPI_connect();
	wf_common_write_begin(&write, wf_common_relation_oid("migration_runs"));
	run = add_run(report, &options, GetUserNameFromId(write.outer_user, false));
	add_rows("INSERT INTO wishflags.migration_run_findings (run, ordinal, file, line, rule, severity, object, message)"
			 " SELECT $1, row_number() OVER (ORDER BY f.n, g.n), coalesce(f.file, 'migration ' || f.n), g.line, g.rule, g.severity, g.object, g.message"
			 " FROM " FILES_OF_REPORT ", ROWS FROM (jsonb_to_recordset(f.findings)"
			 " AS (line int, rule text, severity text, object text, message text))"
			 " WITH ORDINALITY AS g(line, rule, severity, object, message, n)", run, files);
	add_rows("INSERT INTO wishflags.migration_run_skips (run, ordinal, file, line, rules, used, reason, until, author)"
			 " SELECT $1, row_number() OVER (ORDER BY f.n, g.n), coalesce(f.file, 'migration ' || f.n), g.line, g.rules, g.used, g.reason, g.until, g.author"
			 " FROM " FILES_OF_REPORT ", ROWS FROM (jsonb_to_recordset(f.directives)"
			 " AS (line int, rules text[], used boolean, reason text, until text, author text))"
			 " WITH ORDINALITY AS g(line, rules, used, reason, until, author, n)", run, files);
	wf_common_write_end(&write);
	*id = *DatumGetUUIDP(run);
	SPI_finish();
	PG_RETURN_UUID_P(id);
}

/*
 * migration_runs_deleted(), AFTER DELETE or TRUNCATE by statement on
 * migration_runs: what the runs found goes with them, as with ON DELETE CASCADE.
 * Whoever may delete runs needs no right on the other tables.
 */
Datum
wf_migration_runs_deleted(PG_FUNCTION_ARGS)
{
	static const char *const deletes[] = {
		"DELETE FROM wishflags.migration_run_findings f USING gone WHERE f.run = gone.id",
		"DELETE FROM wishflags.migration_run_skips s USING gone WHERE s.run = gone.id",
	};

	/*
	 * No TRUNCATE: the command may name these tables as well, and has them
	 * open.
	 */
	static const char *const all[] = {
		"DELETE FROM wishflags.migration_run_findings",
		"DELETE FROM wishflags.migration_run_skips",
	};
	const char *const *statements = deletes;
	TriggerData *data = (TriggerData *) fcinfo->context;
	WfWrite		write;

	need_runs_trigger(fcinfo);
	SPI_connect();
	if (TRIGGER_FIRED_BY_TRUNCATE(data->tg_event))
		statements = all;
	else if (SPI_register_trigger_data(data) != SPI_OK_TD_REGISTER)
		elog(ERROR, "could not read the deleted runs");
	wf_common_write_begin(&write, RelationGetRelid(data->tg_relation));
	for (int i = 0; i < lengthof(deletes); i++)
	{
		if (SPI_execute(statements[i], false, 0) < 0)
			elog(ERROR, "could not run: %s", statements[i]);
	}
	wf_common_write_end(&write);
	SPI_finish();
	return PointerGetDatum(NULL);
}

static void
need_runs_trigger(FunctionCallInfo fcinfo)
{
	TriggerData *data = (TriggerData *) fcinfo->context;

	if (CALLED_AS_TRIGGER(fcinfo) && !TRIGGER_FIRED_FOR_ROW(data->tg_event) &&
		RelationGetRelid(data->tg_relation) == wf_common_relation_oid("migration_runs") &&
		(TRIGGER_FIRED_BY_TRUNCATE(data->tg_event) || data->tg_trigger->tgoldtable != NULL))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
			 errmsg("this function is a trigger after DELETE and TRUNCATE of migration_runs")));
}

/* The member files of a whole report, or the array itself. */
static Jsonb *
files_of(Jsonb *document)
{
	JsonbValue	root = {.type = jbvBinary};
	JsonbValue *files;

	if (!JB_ROOT_IS_OBJECT(document))
		return document;
	root.val.binary.data = &document->root;
	root.val.binary.len = VARSIZE(document);
	files = wf_schema_jsonb_get(&root, "files");
	if (!files || !wf_schema_jsonb_is_array(files))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("report has no array \"files\""),
				 errhint("Give what migration_report(..., 'json') writes.")));
	return JsonbValueToJsonb(files);
}

static Datum
add_run(WfReport *report, const RunOptions *options, const char *role)
{
	Oid			types[] = {TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, FLOAT8OID};
	char		nulls[] = "        ";
	bool		timed;
	bool		isnull;
	Datum		values[] = {
		TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()),
		CStringGetTextDatum(role),
		text_or_null(options->git_commit, &nulls[2]),
		text_or_null(options->git_branch, &nulls[3]),
		text_or_null(options->git_author, &nulls[4]),
		text_or_null(options->command, &nulls[5]),
		Int32GetDatum(list_length(report->files)),
		Float8GetDatum(total_milliseconds(report, &timed)),
	};

	if (!timed)
		nulls[7] = 'n';
	if (SPI_execute_with_args("INSERT INTO wishflags.migration_runs"
							  " (recorded_at, recorded_by, git_commit, git_branch, git_author, command, files, milliseconds)"
							  " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id",
							  lengthof(types), types, values, nulls, false, 0) != SPI_OK_INSERT_RETURNING)
		elog(ERROR, "could not record a run");
	return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);
}

static double
total_milliseconds(WfReport *report, bool *known)
{
	double		total = 0;
	ListCell   *lc;

	*known = false;
	foreach(lc, report->files)
	{
		WfReportFile *file = lfirst(lc);

		if (file->milliseconds < 0)
			continue;
		*known = true;
		total += file->milliseconds;
	}
	return total;
}

/* Runs an INSERT that takes the run and the files. */
static void
add_rows(const char *query, Datum run, Jsonb *files)
{
	Oid			types[] = {UUIDOID, JSONBOID};
	Datum		values[] = {run, JsonbPGetDatum(files)};

	if (SPI_execute_with_args(query, lengthof(types), types, values, NULL, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not record what a run found");
}

static Datum
text_or_null(const char *text, char *null)
{
	if (!text)
		*null = 'n';
	return text ? CStringGetTextDatum(text) : (Datum) 0;
}
