/*
 * check.c: checking a whole text, statement by statement.
 */
#include "common/compat.h"

#include "commands/dbcommands.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "ddl/statement.h"
#include "migration/check_inside.h"
#include "migration/check_stats.h"
#include "migration/finding.h"
#include "migration/policy.h"
#include "migration/probe.h"

/* The rules that are about the text itself, not about a statement's tree. */
#define RULE_SYNTAX_ERROR "syntax-error"
#define RULE_PSQL_COMMAND "opaque-sql"
#define RULE_UNUSED "unused-ignore"

/* What a reset keeps: enough for nearly all statements, so that no block comes and goes with each. */
#define STATEMENT_CONTEXT_SIZE (64 * 1024)

static Bitmapset *chosen_rules(const WfCheckOptions *options, const WfPolicy *policies);
static WfSeverity least_severity(const WfCheckOptions *options);
static void begin_settings(WfSimulation *simulation);
static WfRuleCall call_of(WfCheck *check, WfStatement *statement);
static List *unparsed_finding(WfCheck *check, WfStatement *statement);
static void read_directives(WfSimulation *simulation, WfDirectives *directives, const char *text, int from, int to);
static void report_unused(WfCheck *check, int statement, List *unused);
static bool is_about_no_text(const WfDirective *directive);
static List *put_off(WfSimulation *simulation, WfStatement *statement, List *findings);
static List *weigh(WfCheck *check, List *findings);

void
wf_migration_check_text(const char *text, int length, const WfCheckOptions *options, WfSimulation *simulation,
						WfReportFindings report, WfReportDirective report_directive, void *target)
{
	const WfPolicy *policies = wf_migration_policies();
	Bitmapset  *rules = chosen_rules(options, policies);
	WfSeverity	least = least_severity(options);
	WfReader   *reader = wf_ddl_reader_begin(text, length);
	WfRunTimes	times;
	WfRuleSession session = {
		.assume_populated = options->assume_populated,
		.min_rows = options->min_rows,
		.required_columns = options->required_columns,
		.ask = options->validate_data ? wf_migration_ask : NULL,
		.ask_activity = wf_migration_ask_activity,
		.validate_timeout = options->validate_timeout,
		.simulation = simulation,
		.times = &times,
	};
	MemoryContext per_statement = AllocSetContextCreate(CurrentMemoryContext,
														"wishflags statement",
														STATEMENT_CONTEXT_SIZE, STATEMENT_CONTEXT_SIZE,
														ALLOCSET_DEFAULT_MAXSIZE);
	MemoryContext old = MemoryContextSwitchTo(per_statement);
	WfDirectives directives = {.context = old, .aliases = options->aliases};
	WfCheck		check = {report, target, reader, simulation, &session, &directives, options, rules, least, NIL, policies};
	WfStatement statement;
	int			save_nestlevel = NewGUCNestLevel();
	int			end = 0;
	List	   *deferred;
	ListCell   *lc;

	wf_stats_begin(&times, old);
	/* The scanner tells of names it cuts and of old string escapes. */
	(void) set_config_option("client_min_messages", "error", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	if (options->target_version > 0)
		simulation->catalog.server_version = (int) options->target_version;
	simulation->stats = options->stats;
	wf_sim_begin_session(simulation, options->in_transaction);
	begin_settings(simulation);

	while (wf_ddl_reader_next(reader, &statement))
	{
		List	   *findings;

		simulation->statement = statement.number;
		times.is_timing = session.ask || statement.number <= WF_STATS_FIRST ||
			statement.number % WF_STATS_EVERY == 0;
		read_directives(simulation, &directives, text, end, statement.offset);
		end = statement.offset + statement.length;
		session.in_transaction = simulation->in_transaction;
		session.in_body = false;
		findings = wf_migration_check_statement(&check, &statement);
		if (options->estimate && statement.node)
		{
			WfRuleCall	call = call_of(&check, &statement);
			WfEstimate	estimate;

			wf_migration_estimate(&call, findings, &estimate);
			options->estimate(target, reader, &statement, simulation, &estimate);
		}
		findings = wf_migration_check_settle(&check, &statement, findings);
		if (statement.node && IsA(statement.node, CreateFunctionStmt))
			findings = list_concat(findings, wf_migration_check_routine(&check, &statement));
		else if (statement.node)
			findings = list_concat(findings, wf_migration_check_inside(&check, &statement, statement.node, 0, 0));
		report_unused(&check, statement.number, wf_directives_take(&directives.next));
		if (findings != NIL)
			report(target, reader, statement.number, statement.offset, findings);
		simulation->source = statement.source;
		if (statement.node)
			wf_migration_apply(simulation, statement.node);
		if (statement.kind == WF_STATEMENT_META)
			simulation->is_opaque = true;
		wf_sim_forget(simulation);
		MemoryContextReset(per_statement);
	}

	MemoryContextSwitchTo(old);
	deferred = wf_migration_deferred(simulation);
	MemoryContextSwitchTo(per_statement);
	foreach(lc, deferred)
	{
		WfDeferred *last = lfirst(lc);

		report(target, reader, last->statement, last->offset, list_make1(last->finding));
		MemoryContextReset(per_statement);
	}
	report_unused(&check, simulation->statement, wf_directives_take(&directives.file));
	if (report_directive)
	{
		foreach(lc, directives.all)
			report_directive(target, reader, lfirst(lc));
	}
	AtEOXact_GUC(true, save_nestlevel);
	wf_stats_end(&times);
	MemoryContextSwitchTo(old);
	MemoryContextDelete(per_statement);
}

/*
 * The rules to run; NULL for all.  Options win over what the table has switched
 * off.
 */
static Bitmapset *
chosen_rules(const WfCheckOptions *options, const WfPolicy *policies)
{
	Bitmapset  *rules = NULL;
	Bitmapset  *off = NULL;
	ListCell   *lc;

	foreach(lc, list_concat_copy(options->only, options->ignore))
	{
		if (wf_migration_rule_index(lfirst(lc)) < 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("unknown rule \"%s\"", (char *) lfirst(lc)),
					 errhint("List the rules: SELECT rule FROM wishflags.migration_rules;")));
	}
	for (int i = 0; i < wf_migration_rule_count; i++)
	{
		if (!policies[i].enabled)
			off = bms_add_member(off, i);
	}
	if (options->only == NIL && options->ignore == NIL && off == NULL)
		return NULL;
	if (options->only == NIL)
		rules = bms_del_members(bms_add_range(NULL, 0, wf_migration_rule_count - 1), off);
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
	WfSeverity	severity = WF_SEVERITY_INFO;

	if (options->severity && !wf_migration_find_severity(options->severity, &severity))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown severity \"%s\"", options->severity),
				 errhint("Severities are info, low, medium, high and critical.")));
	return severity;
}

/* The settings that role, database and session have in force. */
static void
begin_settings(WfSimulation *simulation)
{
	simulation->settings.values[WF_SETTING_LOCK_TIMEOUT].is_set = LockTimeout > 0;
	simulation->settings.values[WF_SETTING_STATEMENT_TIMEOUT].is_set = StatementTimeout > 0;
	simulation->settings.values[WF_SETTING_IDLE_TIMEOUT].is_set = IdleInTransactionSessionTimeout > 0;
	/* What psql calls itself says nothing of the migration. */
	simulation->settings.values[WF_SETTING_APPLICATION_NAME].is_set =
		application_name && application_name[0] != '\0' && strcmp(application_name, "psql") != 0;
	if (simulation->database == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(simulation->catalog.context);

		simulation->database = get_database_name(MyDatabaseId);
		simulation->role = GetUserNameFromId(GetUserId(), false);
		MemoryContextSwitchTo(old);
	}
	wf_sim_begin_defaults(simulation);
}

/* The findings of one statement, of the text or of a body. */
List *
wf_migration_check_statement(WfCheck *check, WfStatement *statement)
{
	WfRuleCall	call;

	if (statement->kind != WF_STATEMENT_SQL)
		return unparsed_finding(check, statement);
	if (statement->node == NULL)
		return NIL;
	call = call_of(check, statement);
	call.findings = wf_migration_check_node(call.catalog, call.session, call.statement, call.source, 0, call.length,
											check->rules);
	wf_migration_pressure(&call, &check->options->pressure, call.findings);
	wf_migration_estimate_findings(&call, call.findings);
	return wf_migration_platform_findings(check->options->platform, &call, check->rules);
}

static WfRuleCall
call_of(WfCheck *check, WfStatement *statement)
{
	return (WfRuleCall)
	{
		.statement = statement->node,
			.source = statement->source,
			.length = statement->length,
			.catalog = &check->simulation->catalog,
			.session = check->session,
	};
}

/* What comments take back and what counts too little goes; the rest may wait. */
List *
wf_migration_check_settle(WfCheck *check, WfStatement *statement, List *findings)
{
	findings = wf_directives_apply(check->directives, findings);
	findings = weigh(check, findings);
	return findings == NIL ? NIL : put_off(check->simulation, statement, findings);
}

/* What does not parse, and what psql does, is a finding as well. */
static List *
unparsed_finding(WfCheck *check, WfStatement *statement)
{
	bool		is_meta = statement->kind == WF_STATEMENT_META;
	int			index = wf_migration_rule_index(is_meta ? RULE_PSQL_COMMAND : RULE_SYNTAX_ERROR);
	WfRuleCall	call = {
		.catalog = &check->simulation->catalog,
		.session = check->session,
		.source = statement->source,
	};
	WfFinding  *finding;

	if (check->rules && !bms_is_member(index, check->rules))
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
	else if (strncmp(statement->source, "\xEF\xBB\xBF", 3) == 0)
		finding->hint = pstrdup("The text begins with a byte order mark, which only psql passes over; save it without one.");
	else
		finding->hint = psprintf("Read by the grammar of PostgreSQL %d; the other statements are checked.", WF_SERVER_MAJOR);
	return call.findings;
}

/* Reads the comments before a statement; some speak of the runner. */
static void
read_directives(WfSimulation *simulation, WfDirectives *directives, const char *text, int from, int to)
{
	if (to > from)
		wf_directives_read(directives, text, from, to);
	directives->began = true;
	if (directives->no_transaction && simulation->is_wrapped)
	{
		simulation->in_transaction = false;
		simulation->is_wrapped = false;
	}
	directives->no_transaction = false;
}

/* Reports the comments that took nothing back. */
static void
report_unused(WfCheck *check, int statement, List *unused)
{
	ListCell   *lc;

	foreach(lc, unused)
	{
		WfDirective *directive = lfirst(lc);
		int			index = wf_migration_rule_index(RULE_UNUSED);
		WfRuleCall	call = {.rule = &wf_migration_rules[index], .session = check->session};

		if (check->rules && !bms_is_member(index, check->rules))
			return;
		/* The rule that it is about may not have been asked. */
		if (directive->fault == NULL && (check->rules || is_about_no_text(directive)))
			continue;
		wf_directive_finding(directive, &call);
		call.findings = weigh(check, call.findings);
		if (call.findings != NIL)
			check->report(check->target, check->reader, Max(statement, 1), directive->offset, call.findings);
	}
}

/* Rules about files and their history, or about live commands, find nothing in a text. */
static bool
is_about_no_text(const WfDirective *directive)
{
	ListCell   *lc;

	foreach(lc, directive->rules)
	{
		const char *section = wf_migration_rules[wf_migration_rule_index(lfirst(lc))].policy;

		if (strcmp(section, "history") != 0 && strcmp(section, "live") != 0)
			return false;
	}
	return directive->rules != NIL;
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

/*
 * Moves the severities as far as the table moves the rules' base severities,
 * and drops what is below the least one to report.
 */
static List *
weigh(WfCheck *check, List *findings)
{
	ListCell   *lc;

	foreach(lc, findings)
	{
		WfFinding  *finding = lfirst(lc);
		const WfPolicy *policy = &check->policies[finding->rule - wf_migration_rules];

		if (policy->severity != finding->rule->severity)
			finding->severity = Min(Max((int) finding->severity + (int) policy->severity - (int) finding->rule->severity,
										WF_SEVERITY_INFO), WF_SEVERITY_CRITICAL);
		if (finding->severity < check->least)
			findings = foreach_delete_current(findings, lc);
	}
	return findings;
}
