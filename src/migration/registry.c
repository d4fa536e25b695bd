/*
 * registry.c: the list of all rules.
 *
 * Base severities are those of the project's table of rules, which a test
 * holds against this list.
 */
#include "common/compat.h"

#include "migration/rule.h"
#include "migration/rule_list.h"

#define NODES(...) (const NodeTag[]) {__VA_ARGS__, T_Invalid}
#define COMMANDS(...) (const int[]) {__VA_ARGS__, -1}

const WfRule wf_migration_rules[] = {
	/* indexes */
	{"index-not-concurrent", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_IndexStmt), NULL, wf_rule_index_not_concurrent, "indexes",
		"CREATE INDEX without CONCURRENTLY stops writes for as long as the build takes"},

	/* constraints */
	{"add-unique-builds-index", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt), COMMANDS(AT_AddConstraint, AT_AddColumn), wf_rule_add_unique, "constraints",
		"ADD UNIQUE builds its index while nobody can read or write the table"},
	{"add-primary-key-builds-index", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt), COMMANDS(AT_AddConstraint, AT_AddColumn), wf_rule_add_primary_key, "constraints",
		"ADD PRIMARY KEY builds its index while nobody can read or write the table"},
	{"add-exclusion-constraint", WF_SEVERITY_HIGH, WF_KIND_BLOCKING,
		NODES(T_AlterTableStmt), COMMANDS(AT_AddConstraint), wf_rule_add_exclusion, "constraints",
		"ADD EXCLUDE builds and checks its index while nobody can read or write the table"},

	/* renaming and moving */
	{"rename-other", WF_SEVERITY_MEDIUM, WF_KIND_BREAKING,
		NODES(T_RenameStmt), NULL, wf_rule_rename_other, "renaming",
		"running code still uses the old name of a type, function, constraint or other object"},
	{"move-schema", WF_SEVERITY_HIGH, WF_KIND_BREAKING,
		NODES(T_AlterObjectSchemaStmt), NULL, wf_rule_move_schema, "renaming",
		"running code still looks for the object in its old schema"},

	/* dropping */
	{"drop-type", WF_SEVERITY_HIGH, WF_KIND_BREAKING,
		NODES(T_DropStmt), NULL, wf_rule_drop_type, "dropping",
		"DROP TYPE fails while the type is used, and CASCADE drops the columns that use it"},

	/* enums */
	{"enum-add-value", WF_SEVERITY_LOW, WF_KIND_IRREVERSIBLE,
		NODES(T_AlterEnumStmt), NULL, wf_rule_enum_add_value, "enums",
		"a label that was added to an enum cannot be taken away, and old code may meet it"},
	{"enum-rename-value", WF_SEVERITY_HIGH, WF_KIND_BREAKING,
		NODES(T_AlterEnumStmt), NULL, wf_rule_enum_rename_value, "enums",
		"running code that sends the old label of an enum fails"},
};

const int	wf_migration_rule_count = lengthof(wf_migration_rules);

/* The place of a rule in the registry; -1 for an id that no rule has. */
int
wf_migration_rule_index(const char *id)
{
	for (int i = 0; i < wf_migration_rule_count; i++)
	{
		if (strcmp(wf_migration_rules[i].id, id) == 0)
			return i;
	}
	return -1;
}

const char *
wf_migration_severity_name(WfSeverity severity)
{
	static const char *const names[] = {
		[WF_SEVERITY_INFO] = "info",
		[WF_SEVERITY_LOW] = "low",
		[WF_SEVERITY_MEDIUM] = "medium",
		[WF_SEVERITY_HIGH] = "high",
		[WF_SEVERITY_CRITICAL] = "critical",
	};

	return names[severity];
}

const char *
wf_migration_kind_name(WfKind kind)
{
	static const char *const names[] = {
		[WF_KIND_BREAKING] = "breaking",
		[WF_KIND_BLOCKING] = "blocking",
		[WF_KIND_DATA_LOSS] = "data-loss",
		[WF_KIND_IRREVERSIBLE] = "irreversible",
		[WF_KIND_FAILS] = "fails",
		[WF_KIND_STYLE] = "style",
	};

	return names[kind];
}
