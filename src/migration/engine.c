/*
 * engine.c: runs the rules for one statement.
 */
#include "common/compat.h"

#include "utils/memutils.h"

#include "migration/finding.h"
#include "migration/simulate.h"
#include "migration/check_stats.h"

static void check_elements(WfRuleCall *call, const Bitmapset *rules);
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

	if (session->times)
		wf_stats_start(session->times);
	for (int i = -1; (i = bms_next_member(wf_migration_rules_of(nodeTag(node)), i)) >= 0;)
	{
		if (rules && !bms_is_member(i, rules))
			continue;
		call.rule = &wf_migration_rules[i];
		run_rule(&call);
		if (session->times)
			wf_stats_note(session->times, i);
	}

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
	List	   *path = simulation ? simulation->search_path : NIL;
	ListCell   *lc;

	if (simulation && stmt->schemaname && stmt->schemaElts != NIL)
		simulation->search_path = lcons(stmt->schemaname, list_copy(path));
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
		simulation->search_path = path;
}

const Bitmapset *
wf_migration_rules_of(NodeTag tag)
{
	static Bitmapset **of_tag;	/* by tag; 0: of those that no rule names */
	static int	tags = 0;

	if (tags == 0)
	{
		MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
		int			count = 1;

		for (int i = 0; i < wf_migration_rule_count; i++)
		{
			for (const NodeTag *node = wf_migration_rules[i].nodes; node && *node != T_Invalid; node++)
				count = Max(count, (int) *node + 1);
		}
		of_tag = palloc0(count * sizeof(Bitmapset *));
		for (int i = 0; i < wf_migration_rule_count; i++)
		{
			const NodeTag *node = wf_migration_rules[i].nodes;

			for (int any = 0; node == NULL && any < count; any++)
				of_tag[any] = bms_add_member(of_tag[any], i);
			for (; node && *node != T_Invalid; node++)
				of_tag[*node] = bms_add_member(of_tag[*node], i);
		}
		MemoryContextSwitchTo(old);
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
