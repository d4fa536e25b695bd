/*
 * engine.c: runs the rules for one statement.
 */
#include "common/compat.h"

#include "utils/memutils.h"

#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"
#include "migration/check_stats.h"

static void check_elements(WfRuleCall *call, const Bitmapset *rules);
static bool looks_at_node(const WfRule *rule, int tag);
static void run_rule(WfRuleCall *call);

List *
wf_migration_check_node(WfCatalog *catalog, const WfRuleSession *session, Node *node,
						const char *source, int location, int length,
						const Bitmapset *rules)
{
	WfRuleCall	call = {
		.statement = node,
		.source = source,
		.location = location,
		.length = length,
		.catalog = catalog,
		.session = session,
	};
	ListCell   *lc;

	if (session->times)
		wf_stats_start(session->times);
	for (const int16 *rule = wf_migration_rules_of(nodeTag(node)); *rule >= 0; rule++)
	{
		if (rules && !bms_is_member(*rule, rules))
			continue;
		call.rule = &wf_migration_rules[*rule];
		run_rule(&call);
		if (session->times)
			wf_stats_note(session->times, *rule);
	}

	foreach(lc, call.findings)
		((WfFinding *) lfirst(lc))->safe_sql = wf_rule_outside(&call, ((WfFinding *) lfirst(lc))->safe_sql);
	call.findings = wf_findings_settle(call.findings);
	if (IsA(node, CreateSchemaStmt))
		check_elements(&call, rules);
	return call.findings;
}

/*
 * The elements of CREATE SCHEMA are statements of their own, each upon those
 * before it, and their names mean the new schema first.
 */
static void
check_elements(WfRuleCall *call, const Bitmapset *rules)
{
	CreateSchemaStmt *stmt = (CreateSchemaStmt *) call->statement;
	WfSimulation *simulation = call->session->simulation;
	List	   *path = simulation ? simulation->settings.search_path : NIL;
	bool		had_own_path = simulation && simulation->settings.has_own_path;
	ListCell   *lc;

	if (simulation && stmt->schemaname && stmt->schemaElts != NIL)
	{
		wf_sim_create_schema(simulation, stmt->schemaname);
		simulation->settings.search_path = lcons(stmt->schemaname, list_copy(path));
		simulation->settings.has_own_path = true;
	}
	foreach(lc, stmt->schemaElts)
	{
		call->findings = list_concat(call->findings,
									 wf_migration_check_node(call->catalog, call->session, lfirst(lc),
															 call->source, call->location,
															 call->length, rules));
		if (simulation)
		{
			wf_migration_apply(simulation, lfirst(lc));
			simulation->last_name = NULL;
		}
	}
	if (simulation)
	{
		simulation->settings.search_path = path;
		simulation->settings.has_own_path = had_own_path;
	}
}

/* Does the rule look at statements of this kind? */
static bool
looks_at_node(const WfRule *rule, int tag)
{
	const NodeTag *node = rule->nodes;

	while (node && *node != T_Invalid && (int) *node != tag)
		node++;
	return node == NULL || *node != T_Invalid;
}

/* The rules that look at statements of this kind, up to a -1. */
const int16 *
wf_migration_rules_of(NodeTag tag)
{
	static int16 **of_tag;		/* by tag; 0: of those that no rule names */
	static int	tags = 0;

	if (tags == 0)
	{
		int			count = 1;
		int			kept = 0;
		int16	   *rules;

		for (int i = 0; i < wf_migration_rule_count; i++)
		{
			for (const NodeTag *node = wf_migration_rules[i].nodes; node && *node != T_Invalid; node++)
				count = Max(count, (int) *node + 1);
		}
		for (int i = 0; i < wf_migration_rule_count; i++)
		{
			for (int known = 0; known < count; known++)
				kept += looks_at_node(&wf_migration_rules[i], known);
		}
		of_tag = MemoryContextAlloc(TopMemoryContext, count * sizeof(int16 *));
		rules = MemoryContextAlloc(TopMemoryContext, (count + kept) * sizeof(int16));
		for (int known = 0; known < count; known++)
		{
			of_tag[known] = rules;
			for (int i = 0; i < wf_migration_rule_count; i++)
			{
				if (looks_at_node(&wf_migration_rules[i], known))
					*rules++ = i;
			}
			*rules++ = -1;
		}
		tags = count;
	}
	return of_tag[(int) tag < tags ? tag : 0];
}

/* Does a rule with commands look at this one of ALTER TABLE? */
bool
wf_migration_looks_at_command(const WfRule *rule, AlterTableType command)
{
	for (const int *known = rule->commands; *known != -1; known++)
	{
		if (*known == (int) command)
			return true;
	}
	return false;
}

/*
 * Calls the rule once for the statement or, where it looks at commands of
 * ALTER TABLE, once for each of those.  ALTER TYPE on a composite type comes as
 * ALTER TABLE as well; its commands touch no table of that name.
 */
static void
run_rule(WfRuleCall *call)
{
	AlterTableStmt *stmt = (AlterTableStmt *) call->statement;
	ListCell   *lc;

	call->command = NULL;
	if (call->rule->check == NULL)
		return;
	if (!IsA(call->statement, AlterTableStmt) || call->rule->commands == NULL)
	{
		call->rule->check(call);
		return;
	}
	if (stmt->objtype == OBJECT_TYPE)
		return;
	foreach(lc, stmt->cmds)
	{
		call->command = lfirst_node(AlterTableCmd, lc);
		call->command_index = foreach_current_index(lc);
		if (wf_migration_looks_at_command(call->rule, call->command->subtype))
			call->rule->check(call);
	}
}
