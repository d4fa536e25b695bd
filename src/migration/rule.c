/*
 * rule.c: looking rules up, and the words for their severities and kinds.
 */
#include "common/compat.h"

#include "migration/rule.h"

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

/* The severity of this name; false: there is none. */
bool
wf_migration_find_severity(const char *name, WfSeverity *severity)
{
	for (*severity = WF_SEVERITY_INFO; *severity <= WF_SEVERITY_CRITICAL; (*severity)++)
	{
		if (strcmp(name, wf_migration_severity_name(*severity)) == 0)
			return true;
	}
	return false;
}

/* The kind of this name; false: there is none. */
bool
wf_migration_find_kind(const char *name, WfKind *kind)
{
	for (*kind = WF_KIND_BREAKING; *kind <= WF_KIND_STYLE; (*kind)++)
	{
		if (strcmp(name, wf_migration_kind_name(*kind)) == 0)
			return true;
	}
	return false;
}

const char *
wf_migration_action_name(WfGuardAction action)
{
	static const char *const names[] = {
		[WF_ACTION_NEVER] = "never",
		[WF_ACTION_OFF] = "off",
		[WF_ACTION_NOTICE] = "notice",
		[WF_ACTION_WARN] = "warn",
		[WF_ACTION_BLOCK] = "block",
	};

	return names[action];
}

/* The action of this name that a policy can take; false: there is none. */
bool
wf_migration_find_action(const char *name, WfGuardAction *action)
{
	for (*action = WF_ACTION_OFF; *action <= WF_ACTION_BLOCK; (*action)++)
	{
		if (strcmp(name, wf_migration_action_name(*action)) == 0)
			return true;
	}
	return false;
}
