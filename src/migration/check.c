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
#include "migration/check_stats.h"
#include "migration/directive.h"
#include "migration/finding.h"
#include "migration/inside.h"
#include "migration/policy.h"
#include "migration/probe.h"

/* The rules that are about the text itself, not about a statement's tree. */
#define RULE_SYNTAX_ERROR "syntax-error"
#define RULE_PSQL_COMMAND "opaque-sql"
#define RULE_UNUSED "unused-ignore"

/* Fails and this are of no concern where a body looks first, or handles errors. */
#define RULE_NOT_RERUNNABLE "not-rerunnable"

/* So deep are bodies looked into that call one another. */
#define MAX_DEPTH 50

/* The check of a text: what it takes to make findings, and where they go. */
typedef struct Check
{
	WfReportFindings report;
	void	   *target;
	WfReader   *reader;
	WfSimulation *simulation;
	WfRuleSession *session;
	WfDirectives *directives;
	const WfCheckOptions *options;
	Bitmapset  *rules;			/* NULL: all */
	WfSeverity	least;
	List	   *entered;		/* bodies that the statement runs, of char * */
	const WfPolicy *policies;
} Check;

static Bitmapset *chosen_rules(const WfCheckOptions *options, const WfPolicy *policies);
static WfSeverity least_severity(const WfCheckOptions *options);
static void begin_settings(WfSimulation *simulation);
static List *check_statement(Check *check, WfStatement *statement);
static WfRuleCall call_of(Check *check, WfStatement *statement);
static List *check_inside(Check *check, WfStatement *statement, Node *node, int base, int depth);
static List *check_routine(Check *check, WfStatement *statement);
static List *check_inner(Check *check, WfStatement *statement, const WfBodyStatement *item, int base, int depth);
static bool read_inner(const WfBodyStatement *item, WfStatement *inner);
static bool is_query(Node *node);
static List *unparsed_finding(Check *check, WfStatement *statement);
static List *settle(Check *check, WfStatement *statement, List *findings);
static void read_directives(WfSimulation *simulation, WfDirectives *directives, const char *text, int from, int to);
static void report_unused(Check *check, int statement, List *unused);
static bool is_about_history(const WfDirective *directive);
static List *put_off(WfSimulation *simulation, WfStatement *statement, List *findings);
static List *weigh(Check *check, List *findings);

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
														ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(per_statement);
	WfDirectives directives = {.context = old, .aliases = options->aliases};
	Check		check = {report, target, reader, simulation, &session, &directives, options, rules, least, NIL, policies};
	WfStatement statement;
	int			save_nestlevel = NewGUCNestLevel();
	int			end = 0;
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
		findings = check_statement(&check, &statement);
		if (options->estimate && statement.node)
		{
			WfRuleCall	call = call_of(&check, &statement);
			WfEstimate	estimate;

			wf_migration_estimate(&call, findings, &estimate);
			options->estimate(target, reader, &statement, simulation, &estimate);
		}
		findings = settle(&check, &statement, findings);
		if (statement.node && IsA(statement.node, CreateFunctionStmt))
			findings = list_concat(findings, check_routine(&check, &statement));
		else if (statement.node)
			findings = list_concat(findings, check_inside(&check, &statement, statement.node, 0, 0));
		report_unused(&check, statement.number, wf_directives_take(&directives.next));
		if (findings != NIL)
			report(target, reader, statement.number, statement.offset, findings);
		simulation->source = statement.source;
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
check_statement(Check *check, WfStatement *statement)
{
	WfRuleCall	call;

	if (statement->kind != WF_STATEMENT_SQL)
		return unparsed_finding(check, statement);
	if (statement->node == NULL)
		return NIL;
	call = call_of(check, statement);
	call.findings = wf_migration_check_node(call.catalog, call.session, call.statement, call.source, 0, call.length,
											check->rules);
	wf_migration_estimate_findings(&call, call.findings);
	return wf_migration_platform_findings(check->options->platform, &call, check->rules);
}

static WfRuleCall
call_of(Check *check, WfStatement *statement)
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

/*
 * Looks at what the node runs, and applies it: the body of DO, and that of a
 * routine that the text has made.  All of it is one transaction, at least.
 * base is where the source that the node's body stands in begins within the
 * statement; -1: it does not stand there.
 */
static List *
check_inside(Check *check, WfStatement *statement, Node *node, int base, int depth)
{
	WfSimulation *simulation = check->simulation;
	bool		in_transaction = simulation->in_transaction;
	TransactionStmt transaction = {.type = T_TransactionStmt, .kind = TRANS_STMT_BEGIN};
	List	   *findings = NIL;
	WfRoutine	routine;
	WfBody		body;
	ListCell   *lc;

	if (depth == 0)
		check->entered = NIL;
	if (!wf_migration_called(simulation, node, depth == 0 ? statement->source : NULL, &routine) || depth > MAX_DEPTH)
	{
		simulation->is_opaque |= IsA(node, DoStmt) || IsA(node, CallStmt);
		return NIL;
	}
	/* One that calls itself, or that many call, has been looked into. */
	if (list_member_ptr(check->entered, routine.text))
		return NIL;
	check->entered = lappend(check->entered, routine.text);
	base = base < 0 || routine.offset < 0 ? -1 : base + routine.offset;
	wf_migration_body(&routine, &body);
	simulation->is_opaque |= body.is_dynamic;
	if (!in_transaction)
		wf_sim_apply_transaction(simulation, &transaction);
	foreach(lc, body.statements)
	{
		CHECK_FOR_INTERRUPTS();
		findings = list_concat(findings, check_inner(check, statement, lfirst(lc), base, depth));
	}
	transaction.kind = TRANS_STMT_COMMIT;
	if (!in_transaction)
		wf_sim_apply_transaction(simulation, &transaction);
	return findings;
}

/*
 * Looks at the DDL in the body of a new routine.  It runs later, when other
 * things may be there, and nobody knows how often: that is advice.
 */
static List *
check_routine(Check *check, WfStatement *statement)
{
	List	   *findings = NIL;
	WfRoutine	routine;
	WfBody		body;
	ListCell   *lc;

	if (!wf_migration_routine(statement->node, statement->source, &routine))
		return NIL;
	wf_migration_body(&routine, &body);
	foreach(lc, body.statements)
	{
		WfBodyStatement *item = lfirst(lc);
		WfStatement inner;
		ListCell   *lc2;

		CHECK_FOR_INTERRUPTS();
		if (!read_inner(item, &inner) || is_query(inner.node))
			continue;
		foreach(lc2, check_statement(check, &inner))
		{
			WfFinding  *finding = lfirst(lc2);

			if (finding->kind == WF_KIND_FAILS || finding->kind == WF_KIND_STYLE)
				continue;
			finding->severity = Min(finding->severity, WF_SEVERITY_LOW);
			finding->location = routine.offset < 0 ? -1 : routine.offset + item->offset + Max(finding->location, 0);
			wf_finding_note_text(finding, "routine", routine.name);
			findings = lappend(findings, finding);
		}
	}
	return settle(check, statement, findings);
}

/* Reads a statement of a body; false: it is PL/pgSQL, such as an assignment. */
static bool
read_inner(const WfBodyStatement *item, WfStatement *inner)
{
	return wf_ddl_reader_next(wf_ddl_reader_begin(item->text, strlen(item->text)), inner) &&
		inner->kind == WF_STATEMENT_SQL && inner->node && !IsA(inner->node, TransactionStmt);
}

static bool
is_query(Node *node)
{
	return IsA(node, SelectStmt) || IsA(node, InsertStmt) || IsA(node, UpdateStmt) ||
		IsA(node, DeleteStmt) || IsA(node, MergeStmt);
}

/* Looks at one statement of a body, and at what that runs, and applies it. */
static List *
check_inner(Check *check, WfStatement *statement, const WfBodyStatement *item, int base, int depth)
{
	bool		is_tolerant = item->is_conditional || item->is_handled;
	List	   *findings;
	WfStatement inner;
	ListCell   *lc;

	if (!read_inner(item, &inner))
		return NIL;
	/* There, INTO means variables. */
	if (IsA(inner.node, SelectStmt))
		((SelectStmt *) inner.node)->intoClause = NULL;
	check->session->in_transaction = true;
	findings = check_statement(check, &inner);
	foreach(lc, findings)
	{
		WfFinding  *finding = lfirst(lc);

		/* The body sees to it itself. */
		if (is_tolerant &&
			(finding->kind == WF_KIND_FAILS || strcmp(finding->rule->id, RULE_NOT_RERUNNABLE) == 0))
			findings = foreach_delete_current(findings, lc);
		else
			finding->location = base < 0 ? -1 : base + item->offset + Max(finding->location, 0);
	}
	findings = settle(check, statement, findings);
	findings = list_concat(findings, check_inside(check, statement, inner.node, -1, depth + 1));
	/* A branch is taken where it is needed; a handler, where things fail. */
	check->simulation->source = inner.source;
	if (!item->in_handler && !(is_tolerant && wf_migration_exists(check->simulation, inner.node)))
		wf_migration_apply(check->simulation, inner.node);
	check->simulation->last_name = NULL;
	return findings;
}

/* What comments take back and what counts too little goes; the rest may wait. */
static List *
settle(Check *check, WfStatement *statement, List *findings)
{
	findings = wf_directives_apply(check->directives, findings);
	findings = weigh(check, findings);
	return findings == NIL ? NIL : put_off(check->simulation, statement, findings);
}

/* What does not parse, and what psql does, is a finding as well. */
static List *
unparsed_finding(Check *check, WfStatement *statement)
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
report_unused(Check *check, int statement, List *unused)
{
	int			index = wf_migration_rule_index(RULE_UNUSED);
	ListCell   *lc;

	foreach(lc, unused)
	{
		WfDirective *directive = lfirst(lc);
		WfRuleCall	call = {.rule = &wf_migration_rules[index], .session = check->session};

		if (check->rules && !bms_is_member(index, check->rules))
			return;
		/* The rule that it is about may not have been asked. */
		if (directive->fault == NULL && (check->rules || is_about_history(directive)))
			continue;
		wf_directive_finding(directive, &call);
		call.findings = weigh(check, call.findings);
		if (call.findings != NIL)
			check->report(check->target, check->reader, Max(statement, 1), directive->offset, call.findings);
	}
}

/* Rules about files and their history find nothing in a text. */
static bool
is_about_history(const WfDirective *directive)
{
	ListCell   *lc;

	foreach(lc, directive->rules)
	{
		if (strcmp(wf_migration_rules[wf_migration_rule_index(lfirst(lc))].policy, "history") != 0)
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
weigh(Check *check, List *findings)
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
