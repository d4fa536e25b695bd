/*
 * check.c: checking a whole text, statement by statement.
 */
#include "common/compat.h"

#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "ddl/statement.h"
#include "migration/check.h"
#include "migration/finding.h"

/* The rules that are about the text itself, not about a statement's tree. */
#define RULE_SYNTAX_ERROR "syntax-error"
#define RULE_PSQL_COMMAND "opaque-sql"

static Bitmapset *chosen_rules(const WfCheckOptions *options);
static WfSeverity least_severity(const WfCheckOptions *options);
static void begin_settings(WfSimulation *simulation);
static List *check_statement(WfSimulation *simulation, WfRuleSession *session,
							 WfStatement *statement, Bitmapset *rules);
static List *unparsed_finding(WfRuleSession *session, WfCatalog *catalog,
							  WfStatement *statement, Bitmapset *rules);
static List *put_off(WfSimulation *simulation, WfStatement *statement, List *findings);
static List *drop_below(List *findings, WfSeverity least);

void
wf_migration_check_text(const char *text, int length, const WfCheckOptions *options,
						WfReportFindings report, void *target)
{
	Bitmapset  *rules = chosen_rules(options);
	WfSeverity	least = least_severity(options);
	WfReader   *reader = wf_ddl_reader_begin(text, length);
	WfSimulation *simulation = wf_migration_simulation(wf_ddl_catalog_live());
	WfRuleSession session = {
		.assume_populated = options->assume_populated,
		.min_rows = options->min_rows,
		.simulation = simulation,
	};
	MemoryContext per_statement = AllocSetContextCreate(CurrentMemoryContext,
														"wishflags statement",
														ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(per_statement);
	WfStatement statement;
	int			save_nestlevel = NewGUCNestLevel();
	ListCell   *lc;

	/* The scanner tells of names it cuts and of old string escapes. */
	(void) set_config_option("client_min_messages", "error", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	if (options->target_version > 0)
		simulation->catalog.server_version = (int) options->target_version;
	simulation->in_transaction = options->in_transaction;
	simulation->is_wrapped = options->in_transaction;
	begin_settings(simulation);

	while (wf_ddl_reader_next(reader, &statement))
	{
		List	   *findings;

		simulation->statement = statement.number;
		session.in_transaction = simulation->in_transaction;
		findings = check_statement(simulation, &session, &statement, rules);
		findings = drop_below(findings, least);
		if (findings != NIL)
			findings = put_off(simulation, &statement, findings);
		if (findings != NIL)
			report(target, reader, statement.number, statement.offset, findings);
		if (statement.node)
			wf_migration_apply(simulation, statement.node);
		if (statement.kind == WF_STATEMENT_META)
			simulation->is_opaque = true;
		simulation->last_name = NULL;
		MemoryContextReset(per_statement);
	}

	foreach(lc, wf_migration_deferred(simulation))
	{
		WfDeferred *deferred = lfirst(lc);

		report(target, reader, deferred->statement, deferred->offset, list_make1(deferred->finding));
	}
	AtEOXact_GUC(true, save_nestlevel);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(per_statement);
}

/* The rules to run; NULL for all. */
static Bitmapset *
chosen_rules(const WfCheckOptions *options)
{
	Bitmapset  *rules = NULL;
	ListCell   *lc;

	foreach(lc, list_concat_copy(options->only, options->ignore))
	{
		if (wf_migration_rule_index(lfirst(lc)) < 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("unknown rule \"%s\"", (char *) lfirst(lc)),
					 errhint("List the rules: SELECT rule FROM wishflags.migration_rules;")));
	}
	if (options->only == NIL && options->ignore == NIL)
		return NULL;
	if (options->only == NIL)
		rules = bms_add_range(NULL, 0, wf_migration_rule_count - 1);
	foreach(lc, options->only)
		rules = bms_add_member(rules, wf_migration_rule_index(lfirst(lc)));
	foreach(lc, options->ignore)
		rules = bms_del_member(rules, wf_migration_rule_index(lfirst(lc)));
	/* An empty set means no rule, and must not be taken for all. */
	return rules ? rules : bms_make_singleton(wf_migration_rule_count);
}

static WfSeverity
least_severity(const WfCheckOptions *options)
{
	if (options->severity == NULL)
		return WF_SEVERITY_INFO;
	for (WfSeverity severity = WF_SEVERITY_INFO; severity <= WF_SEVERITY_CRITICAL; severity++)
	{
		if (strcmp(options->severity, wf_migration_severity_name(severity)) == 0)
			return severity;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown severity \"%s\"", options->severity),
			 errhint("Severities are info, low, medium, high and critical.")));
	return WF_SEVERITY_INFO;	/* keep compiler quiet */
}

/* The settings that role, database and session have in force. */
static void
begin_settings(WfSimulation *simulation)
{
	simulation->settings[WF_SETTING_LOCK_TIMEOUT].is_set = LockTimeout > 0;
	simulation->settings[WF_SETTING_STATEMENT_TIMEOUT].is_set = StatementTimeout > 0;
	simulation->settings[WF_SETTING_IDLE_TIMEOUT].is_set = IdleInTransactionSessionTimeout > 0;
	/* What psql calls itself says nothing of the migration. */
	simulation->settings[WF_SETTING_APPLICATION_NAME].is_set =
		application_name && application_name[0] != '\0' && strcmp(application_name, "psql") != 0;
	for (int i = 0; i < WF_SETTING_COUNT; i++)
		simulation->settings[i].was_set = simulation->settings[i].is_set;
}

static List *
check_statement(WfSimulation *simulation, WfRuleSession *session, WfStatement *statement, Bitmapset *rules)
{
	if (statement->kind != WF_STATEMENT_SQL)
		return unparsed_finding(session, &simulation->catalog, statement, rules);
	if (statement->node == NULL)
		return NIL;
	return wf_migration_check_node(&simulation->catalog, session, statement->node,
								   statement->source, 0, statement->length, rules);
}

/* What does not parse, and what psql does, is a finding as well. */
static List *
unparsed_finding(WfRuleSession *session, WfCatalog *catalog, WfStatement *statement, Bitmapset *rules)
{
	bool		is_meta = statement->kind == WF_STATEMENT_META;
	int			index = wf_migration_rule_index(is_meta ? RULE_PSQL_COMMAND : RULE_SYNTAX_ERROR);
	WfRuleCall	call = {.catalog = catalog, .session = session, .source = statement->source};
	WfFinding  *finding;

	if (rules && !bms_is_member(index, rules))
		return NIL;
	call.rule = &wf_migration_rules[index];
	if (is_meta)
	{
		finding = wf_finding_add(&call, "psql command can't be looked into: %s", statement->source);
		finding->hint = pstrdup("Only psql runs it; write the migration in SQL, or check the file that it reads on its own.");
		return call.findings;
	}
	finding = wf_finding_add(&call, "%s", statement->error);
	finding->location = statement->error_offset;
	wf_finding_note_text(finding, "sqlstate", unpack_sql_state(statement->error_code));
	if (statement->source[statement->error_offset] == ':')
		finding->hint = pstrdup("Variables are replaced by psql; write the value.");
	else
		finding->hint = psprintf("Read by the grammar of PostgreSQL %d; the other statements are checked.", WF_SERVER_MAJOR);
	return call.findings;
}

/* Keeps findings for later that what follows may take back; gives the rest. */
static List *
put_off(WfSimulation *simulation, WfStatement *statement, List *findings)
{
	ListCell   *lc;

	foreach(lc, findings)
	{
		WfFinding  *finding = lfirst(lc);

		if (finding->deferral == WF_DEFER_NOT)
			continue;
		wf_migration_defer(simulation, statement->number, statement->offset, finding);
		findings = foreach_delete_current(findings, lc);
	}
	return findings;
}

static List *
drop_below(List *findings, WfSeverity least)
{
	ListCell   *lc;

	foreach(lc, findings)
	{
		if (((WfFinding *) lfirst(lc))->severity < least)
			findings = foreach_delete_current(findings, lc);
	}
	return findings;
}
