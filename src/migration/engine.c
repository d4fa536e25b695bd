/*
 * engine.c: runs the rules for one statement.
 */
#include "common/compat.h"

#include "utils/memutils.h"

#include "migration/finding.h"
#include "migration/rule_list.h"
#include "migration/simulate.h"
#include "migration/check_stats.h"

/* Of AlterTableType, with room for those of later versions. */
#define LAST_COMMAND 127
StaticAssertDecl(AT_ReAddStatistics <= LAST_COMMAND, "a command of ALTER TABLE beyond the last");

static void check_elements(WfRuleCall *call, const Bitmapset *rules);
static bool looks_at_node(const WfRule *rule, int tag);
static void note_rules(void);
static void run_rule(WfRuleCall *call);

/* The rules that look at a kind of statement, and at a command of ALTER TABLE. */
static Bitmapset **rules_of_tag;	/* by NodeTag; 0: those that no rule names */
static int	tags;
static Bitmapset *rules_of_command[LAST_COMMAND + 1];

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
	const Bitmapset *all = wf_migration_rules_of(node);
	int			index = -1;
	ListCell   *lc;

	if (session->times)
		wf_stats_start(session->times);
	while ((index = bms_next_member(all, index)) >= 0)
	{
		if (rules && !bms_is_member(index, rules))
			continue;
		call.rule = &wf_migration_rules[index];
		run_rule(&call);
		if (session->times)
			wf_stats_note(session->times, index);
	}

	wf_findings_complete(&call);
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

/* Turns the registry round, once a session. */
static void
note_rules(void)
{
	MemoryContext old = MemoryContextSwitchTo(TopMemoryContext);
	Bitmapset **of_tag;
	int			count = 1;

	for (int i = 0; i < wf_migration_rule_count; i++)
	{
		for (const NodeTag *node = wf_migration_rules[i].nodes; node && *node != T_Invalid; node++)
			count = Max(count, (int) *node + 1);
	}
	of_tag = palloc0(count * sizeof(Bitmapset *));
	for (int i = 0; i < wf_migration_rule_count; i++)
	{
		const WfRule *rule = &wf_migration_rules[i];

		for (int tag = 0; tag < count; tag++)
		{
			if (looks_at_node(rule, tag) && (tag != T_AlterTableStmt || rule->commands == NULL))
				of_tag[tag] = bms_add_member(of_tag[tag], i);
		}
		for (int command = 0; command <= LAST_COMMAND; command++)
		{
			if (wf_migration_looks_at_command(rule, command))
				rules_of_command[command] = bms_add_member(rules_of_command[command], i);
		}
	}
	for (int command = 0; command <= LAST_COMMAND; command++)
		rules_of_command[command] = bms_add_members(rules_of_command[command], of_tag[T_AlterTableStmt]);
	rules_of_tag = of_tag;
	tags = count;
	MemoryContextSwitchTo(old);
}

/*
 * The indexes of the rules that look at the statement; of ALTER TABLE, at it as a
 * whole or at one of its commands.  ALTER TYPE on a composite type comes as ALTER
 * TABLE as well; its commands touch no table of that name.  Not to be changed.
 */
const Bitmapset *
wf_migration_rules_of(const Node *node)
{
	const AlterTableStmt *stmt = (const AlterTableStmt *) node;
	const Bitmapset *rules;
	ListCell   *lc;

	if (tags == 0)
		note_rules();
	rules = rules_of_tag[(int) nodeTag(node) < tags ? nodeTag(node) : 0];
	if (!IsA(node, AlterTableStmt) || stmt->objtype == OBJECT_TYPE)
		return rules;
	foreach(lc, stmt->cmds)
	{
		const Bitmapset *more = rules_of_command[lfirst_node(AlterTableCmd, lc)->subtype];

		if (foreach_current_index(lc) == 0)
			rules = more;
		else if (!bms_is_subset(more, rules))
			rules = bms_union(rules, more);
	}
	return rules;
}

/* Does a rule with commands look at this one of ALTER TABLE? */
bool
wf_migration_looks_at_command(const WfRule *rule, AlterTableType command)
{
	for (const int *known = rule->commands; known && *known != -1; known++)
	{
		if (*known == (int) command)
			return true;
	}
	return false;
}

/*
 * Calls the rule once for the statement or, where it looks at commands of
 * ALTER TABLE, once for each of those.
 */
static void
run_rule(WfRuleCall *call)
{
	ListCell   *lc;

	call->command = NULL;
	if (!IsA(call->statement, AlterTableStmt) || call->rule->commands == NULL)
	{
		call->rule->check(call);
		return;
	}
	foreach(lc, ((AlterTableStmt *) call->statement)->cmds)
	{
		call->command = lfirst_node(AlterTableCmd, lc);
		call->command_index = foreach_current_index(lc);
		if (wf_migration_looks_at_command(call->rule, call->command->subtype))
			call->rule->check(call);
	}
}
