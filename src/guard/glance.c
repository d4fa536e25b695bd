/*
 * glance.c: whether a command can be a danger at all, by its tree alone.
 *
 * Most DDL ends here, and pays neither for a subtransaction nor for look-ups.
 */
#include "common/compat.h"

#include "nodes/parsenodes.h"

#include "guard/judge.h"
#include "guard/policy.h"
#include "guard/scope.h"

static bool looks_closer(const WfGuardPolicies *policies, int rule, const Node *tree);
static bool is_of_type(const Node *tree);

/*
 * Whether a rule that does something here looks at the command.  The tree is
 * that of any utility statement, as the grammar gives it.
 */
bool
wf_guard_looks_at(const Node *tree)
{
	const WfGuardPolicies *policies = wf_guard_policies();
	const Bitmapset *rules = wf_migration_rules_of(tree);
	int			rule = -1;

	if (policies == NULL)
		return false;
	while ((rule = bms_next_member(rules, rule)) >= 0)
	{
		if (bms_is_member(rule, policies->heeded) && looks_closer(policies, rule, tree))
			return true;
	}
	/* Its elements are statements of their own. */
	if (IsA(tree, CreateSchemaStmt))
	{
		ListCell   *lc;

		foreach(lc, ((const CreateSchemaStmt *) tree)->schemaElts)
		{
			if (wf_guard_looks_at(lfirst(lc)))
				return true;
		}
	}
	return false;
}

static bool
looks_closer(const WfGuardPolicies *policies, int index, const Node *tree)
{
	const WfRule *rule = &wf_migration_rules[index];
	ListCell   *lc;

	if (wf_guard_is_for_enums(rule))
		return is_of_type(tree) || !bms_is_member(index, policies->only_default);
	if (!IsA(tree, AlterTableStmt) || rule->commands == NULL)
		return true;
	foreach(lc, ((const AlterTableStmt *) tree)->cmds)
	{
		const AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if (wf_migration_looks_at_command(rule, cmd->subtype) && (!wf_guard_is_for_keys(rule) || wf_guard_adds_index(cmd)))
			return true;
	}
	return false;
}

/* Does the command name types? */
static bool
is_of_type(const Node *tree)
{
	switch (nodeTag(tree))
	{
		case T_RenameStmt:
			return ((const RenameStmt *) tree)->renameType == OBJECT_TYPE;
		case T_AlterObjectSchemaStmt:
			return ((const AlterObjectSchemaStmt *) tree)->objectType == OBJECT_TYPE;
		case T_DropStmt:
			return ((const DropStmt *) tree)->removeType == OBJECT_TYPE;
		default:
			return false;
	}
}
