/*
 * scope.c: which findings of a rule are a danger to the objects as they are.
 *
 * The check of a text reports what may be a danger; of a live command more is
 * known, and what does nothing, or fails by itself, is left to PostgreSQL.
 */
#include "common/compat.h"

#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_type.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "ddl/populated.h"
#include "guard/policy.h"
#include "guard/reindex.h"
#include "guard/scope.h"

/* What the guard goes by unless a policy names the rule. */
typedef enum DefaultScope
{
	SCOPE_ROWS,					/* tables that hold rows */
	SCOPE_KEYS,					/* the same, of constraints that build an
								 * index */
	SCOPE_USED_ENUMS,			/* enums that a column uses */
	SCOPE_ENUMS_ONLY,			/* the same, while the rule looks at more */
	SCOPE_INDEXED,				/* tables with an index that is built anew */
	SCOPE_LOGGED				/* all, which is told and never refused */
} DefaultScope;

typedef struct RuleScope
{
	const char *id;
	DefaultScope scope;
} RuleScope;

static const RuleScope scopes[] = {
	{"index-not-concurrent", SCOPE_ROWS},
	{"add-unique-builds-index", SCOPE_KEYS},
	{"add-primary-key-builds-index", SCOPE_KEYS},
	{"add-exclusion-constraint", SCOPE_KEYS},
	{"attach-partition-builds-index", SCOPE_ROWS},
	{"reindex-not-concurrent", SCOPE_ROWS},
	{"enum-add-value", SCOPE_USED_ENUMS},
	{"enum-rename-value", SCOPE_USED_ENUMS},
	{"rename-other", SCOPE_ENUMS_ONLY},
	{"move-schema", SCOPE_ENUMS_ONLY},
	{"drop-type", SCOPE_ENUMS_ONLY},
	{"type-change-rewrites", SCOPE_INDEXED},
	{"type-change-rechecks", SCOPE_INDEXED},
	{"guard-changed", SCOPE_LOGGED},
};

static const RuleScope *scope_of(const WfRule *rule);
static bool builds_on_rows(const WfGuardCommand *command, const WfFinding *finding);
static bool is_second_primary_key(const WfFinding *finding);
static bool builds_nothing(const WfGuardCommand *command, Oid table);
static bool is_there_already(Oid table, const AlterTableCmd *cmd);
static bool is_index_constraint(const Node *node);
static bool changes_used_enum(const WfGuardCommand *command, const WfFinding *finding);
static bool has_label(Oid type, const char *label);
static bool has_note(const WfFinding *finding, const char *key);

static const RuleScope *
scope_of(const WfRule *rule)
{
	for (int i = 0; i < lengthof(scopes); i++)
	{
		if (strcmp(scopes[i].id, rule->id) == 0)
			return &scopes[i];
	}
	return NULL;
}

/* For people: what the registry's action is for; NULL: all that the rule finds. */
const char *
wf_guard_default_scope(const WfRule *rule)
{
	static const char *const words[] = {
		[SCOPE_ROWS] = "tables that hold rows",
		[SCOPE_KEYS] = "tables that hold rows",
		[SCOPE_USED_ENUMS] = "enums that a column uses",
		[SCOPE_ENUMS_ONLY] = "enums that a column uses",
		[SCOPE_INDEXED] = "tables with an index that is built anew",
		[SCOPE_LOGGED] = "always logged, never refused",
	};
	const RuleScope *scope = scope_of(rule);

	return scope ? words[scope->scope] : NULL;
}

/* Is the registry's action for enums, while the rule looks at other objects too? */
bool
wf_guard_is_for_enums(const WfRule *rule)
{
	const RuleScope *scope = scope_of(rule);

	return scope && scope->scope == SCOPE_ENUMS_ONLY;
}

/* Does the rule look at constraints, and only at those that build an index? */
bool
wf_guard_is_for_keys(const WfRule *rule)
{
	const RuleScope *scope = scope_of(rule);

	return scope && scope->scope == SCOPE_KEYS;
}

/* Is it for findings that build an index anew, while the rule finds more? */
bool
wf_guard_is_for_indexes(const WfRule *rule)
{
	const RuleScope *scope = scope_of(rule);

	return scope && scope->scope == SCOPE_INDEXED;
}

/* The action that is nearest to this one among those that the rule can have. */
WfGuardAction
wf_guard_possible_action(const WfRule *rule, WfGuardAction action)
{
	const RuleScope *scope = scope_of(rule);

	if (scope && scope->scope == SCOPE_LOGGED)
		return Min(Max(action, WF_ACTION_NOTICE), WF_ACTION_WARN);
	return action;
}

/* Is the finding a danger to the objects as they are? */
bool
wf_guard_is_danger(const WfGuardCommand *command, const WfFinding *finding)
{
	const RuleScope *scope = scope_of(finding->rule);

	if (scope && (scope->scope == SCOPE_ROWS || scope->scope == SCOPE_KEYS))
		return builds_on_rows(command, finding);
	if (scope && (scope->scope == SCOPE_USED_ENUMS ||
				  (scope->scope == SCOPE_ENUMS_ONLY && finding->type && finding->type->kind == TYPTYPE_ENUM)))
		return changes_used_enum(command, finding);
	return true;
}

/* Is the registry's action meant for it, where no policy says more? */
bool
wf_guard_is_default(const WfFinding *finding)
{
	const RuleScope *scope = scope_of(finding->rule);

	if (scope && scope->scope == SCOPE_ENUMS_ONLY)
		return finding->type && finding->type->kind == TYPTYPE_ENUM;
	if (scope && scope->scope == SCOPE_INDEXED)
		return has_note(finding, "rebuilds_index");
	return true;
}

/* Does the command build an index on rows that others may be using? */
static bool
builds_on_rows(const WfGuardCommand *command, const WfFinding *finding)
{
	/* REINDEX of a schema or database is about many tables. */
	if (finding->relation == NULL)
		return IsA(command->tree, ReindexStmt) && wf_guard_rebuilds_rows((ReindexStmt *) command->tree, InvalidOid);
	return !builds_nothing(command, finding->relation->relid) &&
		!is_second_primary_key(finding) && wf_ddl_holds_rows(finding->relation->relid);
}

/* A table has one primary key at most; PostgreSQL says so itself. */
static bool
is_second_primary_key(const WfFinding *finding)
{
	Oid			constraint;

	if (strcmp(finding->rule->id, "add-primary-key-builds-index") != 0)
		return false;
	(void) get_primary_key_attnos(finding->relation->relid, true, &constraint);
	return OidIsValid(constraint);
}

/* IF NOT EXISTS with the thing there, or a partitioned table without its partitions. */
static bool
builds_nothing(const WfGuardCommand *command, Oid table)
{
	if (IsA(command->tree, IndexStmt))
	{
		IndexStmt  *index = (IndexStmt *) command->tree;

		return index->if_not_exists && index->idxname &&
			OidIsValid(get_relname_relid(index->idxname, get_rel_namespace(table)));
	}
	if (IsA(command->tree, AlterTableStmt))
	{
		AlterTableStmt *alter = (AlterTableStmt *) command->tree;
		ListCell   *lc;

		if (!alter->relation->inh && get_rel_relkind(table) == RELKIND_PARTITIONED_TABLE)
			return true;
		foreach(lc, alter->cmds)
		{
			AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

			if (cmd->subtype == AT_AttachPartition ||
				(wf_guard_adds_index(cmd) && !is_there_already(table, cmd)))
				return false;
		}
		return true;
	}
	return false;
}

/* ADD COLUMN IF NOT EXISTS of a column that exists. */
static bool
is_there_already(Oid table, const AlterTableCmd *cmd)
{
	return cmd->subtype == AT_AddColumn && cmd->missing_ok &&
		get_attnum(table, castNode(ColumnDef, cmd->def)->colname) != InvalidAttrNumber;
}

/* Does a part of ALTER TABLE add a constraint that builds an index? */
bool
wf_guard_adds_index(const AlterTableCmd *cmd)
{
	ListCell   *lc;

	if (cmd->subtype == AT_AddConstraint)
		return is_index_constraint(cmd->def);
	if (cmd->subtype != AT_AddColumn)
		return false;
	foreach(lc, castNode(ColumnDef, cmd->def)->constraints)
	{
		if (is_index_constraint(lfirst(lc)))
			return true;
	}
	return false;
}

static bool
is_index_constraint(const Node *node)
{
	const Constraint *constraint = (const Constraint *) node;

	if (!IsA(node, Constraint) || constraint->indexname)
		return false;
	return constraint->contype == CONSTR_UNIQUE || constraint->contype == CONSTR_PRIMARY ||
		constraint->contype == CONSTR_EXCLUSION;
}

/*
 * Does the command change an enum that a column uses?  Where the label is
 * missing or there already, PostgreSQL does nothing or says so itself.
 */
static bool
changes_used_enum(const WfGuardCommand *command, const WfFinding *finding)
{
	WfType	   *type = finding->type;

	if (type == NULL || type->kind != TYPTYPE_ENUM || type->uses <= 0)
		return false;
	if (IsA(command->tree, AlterEnumStmt))
	{
		AlterEnumStmt *alter = (AlterEnumStmt *) command->tree;

		if (has_label(type->oid, alter->newVal) ||
			(alter->oldVal && !has_label(type->oid, alter->oldVal)))
			return false;
	}
	return true;
}

static bool
has_label(Oid type, const char *label)
{
	return SearchSysCacheExists2(ENUMTYPOIDNAME, ObjectIdGetDatum(type), CStringGetDatum(label));
}

static bool
has_note(const WfFinding *finding, const char *key)
{
	ListCell   *lc;

	foreach(lc, finding->evidence)
	{
		if (strcmp(((const WfNote *) lfirst(lc))->key, key) == 0)
			return true;
	}
	return false;
}
