/*
 * functions.c: the SQL functions of the checker.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "common/options.h"
#include "common/row.h"
#include "common/steady.h"
#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "ddl/statement.h"
#include "migration/check.h"
#include "migration/directive.h"
#include "migration/finding.h"
#include "migration/migration.h"

/* Tables with fewer rows count as small where nothing else is said. */
#define DEFAULT_MIN_ROWS 1000

/* How long one question to the data may take, in milliseconds. */
#define DEFAULT_VALIDATE_TIMEOUT 2000

PG_FUNCTION_INFO_V1(wf_migration_breaking_check);
PG_FUNCTION_INFO_V1(wf_migration_parse);
PG_FUNCTION_INFO_V1(wf_migration_rules_list);

static Datum check_once(PG_FUNCTION_ARGS);
static void check_limit(const char *name, int64 value);
static Datum word(Datum *known, const char *text);
static void put_findings(void *target, WfReader *reader, int statement, int offset, List *findings);
static LOCKMODE target_lock(Node *node, int server_version);

/* Settings, hooks and shared memory of the room. */
void
wf_migration_init(void)
{
	wf_migration_init_samples();
	wf_migration_init_stats();
}

/*
 * migration_breaking_check(sql text, options jsonb) -> setof finding
 *
 * A row a finding, in the order of the text.  Raises for a bad option only:
 * what is wrong with the text is a finding.
 */
Datum
wf_migration_breaking_check(PG_FUNCTION_ARGS)
{
	return wf_common_steady_call(fcinfo, check_once);
}

static Datum
check_once(PG_FUNCTION_ARGS)
{
	text	   *sql = PG_GETARG_TEXT_PP(0);
	WfCheckOptions options = wf_migration_check_options(PG_GETARG_JSONB_P(1));

	wf_migration_check_text(VARDATA_ANY(sql), VARSIZE_ANY_EXHDR(sql), &options,
							wf_migration_simulation(wf_ddl_catalog_live()), put_findings, NULL,
							fcinfo->resultinfo);
	return (Datum) 0;
}

/* The options of all functions that check, NULL for none; raises for a bad one. */
WfCheckOptions
wf_migration_check_options(Jsonb *json)
{
	static const WfOption known[] = {
		{"in_transaction", WF_OPTION_BOOLEAN, offsetof(WfCheckOptions, in_transaction)},
		{"assume_populated", WF_OPTION_BOOLEAN, offsetof(WfCheckOptions, assume_populated)},
		{"target_version", WF_OPTION_INTEGER, offsetof(WfCheckOptions, target_version)},
		{"min_rows", WF_OPTION_INTEGER, offsetof(WfCheckOptions, min_rows)},
		{"validate_data", WF_OPTION_BOOLEAN, offsetof(WfCheckOptions, validate_data)},
		{"validate_timeout", WF_OPTION_INTEGER, offsetof(WfCheckOptions, validate_timeout)},
		{"busy_writes", WF_OPTION_INTEGER, offsetof(WfCheckOptions, pressure.busy_writes)},
		{"busy_period", WF_OPTION_INTEGER, offsetof(WfCheckOptions, pressure.busy_period)},
		{"long_transaction", WF_OPTION_INTEGER, offsetof(WfCheckOptions, pressure.long_transaction)},
		{"ignore", WF_OPTION_TEXT_LIST, offsetof(WfCheckOptions, ignore)},
		{"only", WF_OPTION_TEXT_LIST, offsetof(WfCheckOptions, only)},
		{"required_columns", WF_OPTION_TEXT_LIST, offsetof(WfCheckOptions, required_columns)},
		{"severity", WF_OPTION_TEXT, offsetof(WfCheckOptions, severity)},
		{"timing", WF_OPTION_BOOLEAN, offsetof(WfCheckOptions, timing)},
		{"aliases", WF_OPTION_TEXT_LIST, offsetof(WfCheckOptions, aliases)},
		{"platform", WF_OPTION_TEXT, offsetof(WfCheckOptions, platform_name)},
		{"stats", WF_OPTION_JSON, offsetof(WfCheckOptions, stats_document)},
	};

	return wf_migration_read_check_options(json, known, lengthof(known));
}

/* Options of which a function has only some; raises for a bad one. */
WfCheckOptions
wf_migration_read_check_options(Jsonb *json, const WfOption *known, int nknown)
{
	WfCheckOptions options = {.min_rows = DEFAULT_MIN_ROWS, .validate_timeout = DEFAULT_VALIDATE_TIMEOUT,
	.pressure = WF_PRESSURE_DEFAULTS};

	if (json)
		wf_common_options_parse(json, known, nknown, &options);
	if (options.target_version != 0 && (options.target_version < 10 || options.target_version > 99))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("target_version must be a major version"),
				 errhint("Write for example '{\"target_version\": 17}'.")));
	if (options.min_rows < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("min_rows must not be negative"),
				 errhint("Write for example '{\"min_rows\": %d}'.", DEFAULT_MIN_ROWS)));
	if (options.validate_timeout <= 0 || options.validate_timeout > 3600000)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("validate_timeout must be between 1 and 3600000 milliseconds"),
				 errhint("Write for example '{\"validate_timeout\": %d}'.", DEFAULT_VALIDATE_TIMEOUT)));
	check_limit("busy_writes", options.pressure.busy_writes);
	check_limit("busy_period", options.pressure.busy_period);
	check_limit("long_transaction", options.pressure.long_transaction);
	wf_directive_alias_check(options.aliases);
	if (options.stats_document)
		options.stats = wf_migration_read_stats(options.stats_document);
	if (options.stats && !options.platform_name)
		options.platform_name = options.stats->platform;
	if (options.platform_name)
		options.platform = wf_migration_platform(options.platform_name);
	return options;
}

/* What is counted, or lasts, for longer than a century is a mistake. */
static void
check_limit(const char *name, int64 value)
{
	if (value < 0 || value > INT32_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s must be between 0 and %d", name, INT32_MAX),
				 errhint("Write for example '{\"%s\": 60}'.", name)));
}

/* A word that findings repeat, as a text that is made once a session. */
static Datum
word(Datum *known, const char *text)
{
	if (*known == (Datum) 0)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);

		*known = CStringGetTextDatum(text);
		MemoryContextSwitchTo(old);
	}
	return *known;
}

/* Appends the findings of one statement to the result. */
static void
put_findings(void *target, WfReader *reader, int statement, int offset, List *findings)
{
	static Datum *ids;
	static Datum severities[WF_SEVERITY_CRITICAL + 1];
	static Datum kinds[WF_KIND_STYLE + 1];
	static Datum locks[MaxLockMode + 1];
	ReturnSetInfo *result = target;
	ListCell   *lc;

	if (ids == NULL)
		ids = MemoryContextAllocZero(TopMemoryContext, wf_migration_rule_count * sizeof(Datum));
	foreach(lc, findings)
	{
		WfFinding  *finding = lfirst(lc);
		Datum		values[14];
		bool		nulls[14] = {0};
		int			line;
		int			col;

		wf_ddl_reader_position(reader, offset, Max(finding->location, 0), &line, &col);
		values[0] = Int32GetDatum(statement);
		values[1] = Int32GetDatum(line);
		values[2] = Int32GetDatum(col);
		values[3] = word(&ids[finding->rule - wf_migration_rules], finding->rule->id);
		values[4] = word(&severities[finding->severity], wf_migration_severity_name(finding->severity));
		values[5] = word(&kinds[finding->kind], wf_migration_kind_name(finding->kind));
		wf_row_put_text(values, nulls, 6, finding->object);
		nulls[7] = finding->lock == NoLock;
		values[7] = nulls[7] ? (Datum) 0 : word(&locks[finding->lock], wf_ddl_lock_name(finding->lock));
		values[8] = BoolGetDatum(finding->rewrites);
		values[9] = BoolGetDatum(finding->scans);
		wf_row_put_text(values, nulls, 10, finding->message);
		wf_row_put_text(values, nulls, 11, finding->hint);
		wf_row_put_text(values, nulls, 12, finding->safe_sql);
		values[13] = wf_finding_evidence(finding);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/*
 * migration_parse(sql text, target_version int) -> setof statement
 *
 * The statements of a text as the checker reads them: where each begins, its
 * command tag, the lock on its target in that major version (NULL: the running
 * one, whose own answer is given for ALTER TABLE), or its error.
 */
Datum
wf_migration_parse(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext per_statement;
	MemoryContext old;
	WfStatement statement;
	WfReader   *reader;
	text	   *sql;
	int			version = PG_ARGISNULL(1) ? WF_SERVER_MAJOR : -PG_GETARG_INT32(1);
	int			save_nestlevel;

	wf_init_materialized_srf(fcinfo);
	if (PG_ARGISNULL(0))
		return (Datum) 0;
	save_nestlevel = NewGUCNestLevel();
	(void) set_config_option("client_min_messages", "error", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	sql = PG_GETARG_TEXT_PP(0);
	reader = wf_ddl_reader_begin(VARDATA_ANY(sql), VARSIZE_ANY_EXHDR(sql));
	per_statement = AllocSetContextCreate(CurrentMemoryContext, "wishflags statement",
										  ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(per_statement);
	while (wf_ddl_reader_next(reader, &statement))
	{
		Datum		values[6];
		bool		nulls[6] = {0};
		int			line;
		int			col;

		wf_ddl_reader_position(reader, statement.offset, statement.error_offset, &line, &col);
		values[0] = Int32GetDatum(statement.number);
		values[1] = Int32GetDatum(line);
		values[2] = Int32GetDatum(col);
		wf_row_put_text(values, nulls, 3, statement.node ? CreateCommandName(statement.node) : NULL);
		wf_row_put_text(values, nulls, 4, statement.node ?
						wf_ddl_lock_name(target_lock(statement.node, version)) : NULL);
		wf_row_put_text(values, nulls, 5, statement.kind == WF_STATEMENT_META ?
						"psql command" : statement.error);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
		MemoryContextReset(per_statement);
	}
	MemoryContextSwitchTo(old);
	AtEOXact_GUC(true, save_nestlevel);
	return (Datum) 0;
}

/* The lock that the statement takes on its target. */
static LOCKMODE
target_lock(Node *node, int server_version)
{
	List	   *locks = wf_ddl_statement_locks(node, server_version);
	WfLock	   *first = locks ? linitial(locks) : NULL;

	return first && !first->is_other ? first->mode : NoLock;
}

/* migration_rules_list() -> setof rule: the registry. */
Datum
wf_migration_rules_list(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	wf_init_materialized_srf(fcinfo);
	for (int i = 0; i < wf_migration_rule_count; i++)
	{
		const WfRule *rule = &wf_migration_rules[i];
		Datum		values[6];
		bool		nulls[6] = {0};

		wf_row_put_text(values, nulls, 0, rule->id);
		wf_row_put_text(values, nulls, 1, wf_migration_severity_name(rule->severity));
		wf_row_put_text(values, nulls, 2, wf_migration_kind_name(rule->kind));
		wf_row_put_text(values, nulls, 3, rule->policy);
		wf_row_put_text(values, nulls, 4, rule->description);
		wf_row_put_text(values, nulls, 5, wf_migration_action_name(rule->action));
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
