/*
 * policy.c: the schema evolution policy as a document, from the registry, the
 * words beside it and what table migration_policies changes.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/json.h"

#include "migration/policy.h"

PG_FUNCTION_INFO_V1(wf_migration_policy);

typedef struct Format
{
	const char *name;
	void		(*write) (StringInfo page, const WfPolicy *policies);
} Format;

static void write_markdown(StringInfo page, const WfPolicy *policies);
static void markdown_section(StringInfo page, const WfPolicySection *section, const WfPolicy *policies);
static void markdown_rule(StringInfo page, int index, const WfPolicy *policy);
static void write_json(StringInfo page, const WfPolicy *policies);
static void json_list(StringInfo page, const char *key, const char *const *items, int count);
static void json_rules(StringInfo page, const char *anchor, const WfPolicy *policies);
static void json_member(StringInfo page, const char *key, const char *value);
static const WfPolicyWords *words_of(const WfRule *rule);

static const Format formats[] = {
	{"markdown", write_markdown},
	{"json", write_json},
};

static const char *const principles[] = {
	"A change is safe for the code that runs before it and for the code that runs after it: expand, move over, contract, each a deployment of its own.",
	"No statement makes others wait longer than they can bear: strong locks are short, and lock_timeout ends the wait for them.",
	"What reads or writes all rows does so under a lock that lets others work, in batches or outside of transactions.",
	"Nothing is lost that somebody may still need: rename first, drop when nobody has missed it, and know the way back before the way there.",
	"A migration does one thing, says which objects it means, and can be checked against the database that it is for.",
	"An exception is written down where it is made, with its reason, and ends.",
};

static const char *const severities[] = {
	"critical: data are lost for good, or the migration fails as the data stand",
	"high: reads or writes stop for a time that grows with the table, or running code breaks",
	"medium: writes stop, or a short exclusive lock has a known trap",
	"low: advice",
	"info: a fact to know",
};

static const char *const exceptions[] = {
	"One finding: a comment before the statement, `-- wishflags: ignore RULE reason=\"why\" until=2027-06-30`. Without a reason it does not count, after the day it has ended, and one that takes nothing back is reported.",
	"A whole file: the same with `ignore-file`, for all that follows.",
	"One check: the options `ignore`, `only` and `severity` of `migration_breaking_check()`.",
	"A whole database: `INSERT INTO wishflags.migration_policies (rule, enabled, severity, reason) VALUES (...)`. Each change of that table is kept in `wishflags.migration_policy_history`, and this document marks what differs.",
	"A command that the guard refuses: `SET LOCAL wishflags.bypass = 'why'`, for roles that may; it is written to `wishflags.guard_log`.",
};

/*
 * migration_policy(format text) -> text
 *
 * Raises invalid_parameter_value for an unknown format.
 */
Datum
wf_migration_policy(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	StringInfoData page;

	initStringInfo(&page);
	for (int i = 0; i < lengthof(formats); i++)
	{
		if (strcmp(formats[i].name, name) != 0)
			continue;
		formats[i].write(&page, wf_migration_policies());
		PG_RETURN_TEXT_P(cstring_to_text_with_len(page.data, page.len));
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown format \"%s\"", name),
			 errhint("Formats are markdown and json.")));
}

static void
write_markdown(StringInfo page, const WfPolicy *policies)
{
	appendStringInfoString(page, "# Schema evolution policy\n\n"
						   "How schemas change here, rule by rule: what the migration checker and the guard look\n"
						   "for, why, and what to do instead. `SELECT wishflags.migration_policy('markdown')` writes\n"
						   "this page from the registry of rules, with the severities and switches in force in\n"
						   "that database.\n\n## Principles\n\n");
	for (int i = 0; i < lengthof(principles); i++)
		appendStringInfo(page, "%d. %s\n", i + 1, principles[i]);
	appendStringInfoString(page, "\n## Severities\n\n");
	for (int i = 0; i < lengthof(severities); i++)
		appendStringInfo(page, "- %s\n", severities[i]);
	appendStringInfoString(page, "\nA rule's severity is its base: what the catalog proves, and how large a table is, may\n"
						   "move that of a finding.\n\n## Exceptions\n\n");
	for (int i = 0; i < lengthof(exceptions); i++)
		appendStringInfo(page, "- %s\n", exceptions[i]);
	appendStringInfoString(page, "\n## Governance Enforcement\n\n");
	for (int i = 0; i < wf_policy_governance_count; i++)
		appendStringInfo(page, "%d. %s\n", i + 1, wf_policy_governance[i]);
	for (int i = 0; i < wf_policy_section_count; i++)
		markdown_section(page, &wf_policy_sections[i], policies);
}

static void
markdown_section(StringInfo page, const WfPolicySection *section, const WfPolicy *policies)
{
	appendStringInfo(page, "\n## <a id=\"%s\"></a>%s\n\n%s\n", section->anchor, section->title, section->why);
	for (int i = 0; i < wf_migration_rule_count; i++)
	{
		if (strcmp(wf_migration_rules[i].policy, section->anchor) == 0)
			markdown_rule(page, i, &policies[i]);
	}
}

static void
markdown_rule(StringInfo page, int index, const WfPolicy *policy)
{
	const WfRule *rule = &wf_migration_rules[index];
	const WfPolicyWords *words = words_of(rule);

	appendStringInfo(page, "\n### `%s`\n\n*%s*, %s: %s.\n\n%s\n", rule->id,
					 wf_migration_severity_name(rule->severity), wf_migration_kind_name(rule->kind),
					 rule->description, words->instead);
	if (policy->is_changed)
	{
		appendStringInfoString(page, "\n**Here: ");
		if (!policy->enabled)
			appendStringInfoString(page, "off");
		else
			appendStringInfoString(page, wf_migration_severity_name(policy->severity));
		appendStringInfo(page, "**, because: %s\n", policy->reason);
	}
	if (words->example)
		appendStringInfo(page, "\n```postgresql\n%s\n```\n", words->example);
}

static void
write_json(StringInfo page, const WfPolicy *policies)
{
	appendStringInfoChar(page, '{');
	json_list(page, "principles", principles, lengthof(principles));
	json_list(page, "severities", severities, lengthof(severities));
	json_list(page, "exceptions", exceptions, lengthof(exceptions));
	json_list(page, "governance", wf_policy_governance, wf_policy_governance_count);
	appendStringInfoString(page, "\"sections\": [");
	for (int i = 0; i < wf_policy_section_count; i++)
	{
		appendStringInfoString(page, i ? ",\n {" : "\n {");
		json_member(page, "anchor", wf_policy_sections[i].anchor);
		json_member(page, "title", wf_policy_sections[i].title);
		json_member(page, "why", wf_policy_sections[i].why);
		json_rules(page, wf_policy_sections[i].anchor, policies);
		appendStringInfoChar(page, '}');
	}
	appendStringInfoString(page, "]}\n");
}

static void
json_list(StringInfo page, const char *key, const char *const *items, int count)
{
	appendStringInfo(page, "\"%s\": [", key);
	for (int i = 0; i < count; i++)
	{
		appendStringInfoString(page, i ? ", " : "");
		escape_json(page, items[i]);
	}
	appendStringInfoString(page, "],\n");
}

static void
json_rules(StringInfo page, const char *anchor, const WfPolicy *policies)
{
	const char *separator = "";

	appendStringInfoString(page, "\"rules\": [");
	for (int i = 0; i < wf_migration_rule_count; i++)
	{
		const WfRule *rule = &wf_migration_rules[i];
		const WfPolicyWords *words = words_of(rule);

		if (strcmp(rule->policy, anchor) != 0)
			continue;
		appendStringInfo(page, "%s\n  {", separator);
		separator = ",";
		json_member(page, "rule", rule->id);
		json_member(page, "kind", wf_migration_kind_name(rule->kind));
		json_member(page, "base_severity", wf_migration_severity_name(rule->severity));
		json_member(page, "severity", wf_migration_severity_name(policies[i].severity));
		json_member(page, "why", rule->description);
		json_member(page, "instead", words->instead);
		json_member(page, "example", words->example);
		json_member(page, "reason", policies[i].reason);
		appendStringInfo(page, "\"enabled\": %s}", policies[i].enabled ? "true" : "false");
	}
	appendStringInfoChar(page, ']');
}

static void
json_member(StringInfo page, const char *key, const char *value)
{
	appendStringInfo(page, "\"%s\": ", key);
	if (value)
		escape_json(page, value);
	else
		appendStringInfoString(page, "null");
	appendStringInfoString(page, ", ");
}

static const WfPolicyWords *
words_of(const WfRule *rule)
{
	for (int i = 0; i < wf_policy_word_count; i++)
	{
		if (strcmp(wf_policy_words[i].rule, rule->id) == 0)
			return &wf_policy_words[i];
	}
	elog(ERROR, "the policy has no words for rule \"%s\"", rule->id);
	return NULL;				/* keep compiler quiet */
}
