/*
 * report_json.c: findings as JSON, and as SARIF 2.1.0 (OASIS, Static Analysis
 * Results Interchange Format).
 */
#include "common/compat.h"

#include <ctype.h>

#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/jsonb.h"

#include "ddl/lock.h"
#include "migration/check.h"
#include "migration/report.h"

static void write_counts(StringInfo out, const int count[WF_SEVERITIES]);
static void write_finding(StringInfo out, WfReportFinding *found);
static void write_escapes(StringInfo out, List *escapes);
static void write_rules(StringInfo out, WfReport *report);
static void write_result(StringInfo out, WfReportFile *file, WfReportFinding *found);
static void write_uri(StringInfo out, const char *path);
static uint64 print_of(WfReportFile *file, WfReportFinding *found);
static void member(StringInfo out, const char *key, const char *text);

/* {"summary": {...}, "files": [{"file": ..., "findings": [...], "directives": [...]}]} */
void
wf_report_json(StringInfo out, WfReport *report)
{
	ListCell   *lc;
	ListCell   *lc2;

	appendStringInfo(out, "{\n  \"summary\": {\"files\": %d, \"findings\": %d, ", list_length(report->files), report->nfindings);
	write_counts(out, report->count);
	appendStringInfoString(out, "},\n  \"files\": [");
	foreach(lc, report->files)
	{
		WfReportFile *file = lfirst(lc);

		appendStringInfo(out, "%s\n    {\"file\": ", foreach_current_index(lc) > 0 ? "," : "");
		escape_json(out, file->name);
		appendStringInfoString(out, ", ");
		write_counts(out, file->count);
		if (file->milliseconds >= 0)
			appendStringInfo(out, ", \"milliseconds\": %.3f", file->milliseconds);
		appendStringInfoString(out, ", \"findings\": [");
		foreach(lc2, file->findings)
		{
			appendStringInfo(out, "%s\n      ", foreach_current_index(lc2) > 0 ? "," : "");
			write_finding(out, lfirst(lc2));
		}
		appendStringInfo(out, "%s]", file->findings ? "\n    " : "");
		if (file->escapes)
			write_escapes(out, file->escapes);
		appendStringInfoChar(out, '}');
	}
	appendStringInfo(out, "%s]\n}\n", report->files ? "\n  " : "");
}

static void
write_counts(StringInfo out, const int count[WF_SEVERITIES])
{
	for (int severity = WF_SEVERITY_CRITICAL; severity >= WF_SEVERITY_INFO; severity--)
		appendStringInfo(out, "\"%s\": %d%s", wf_migration_severity_name(severity), count[severity],
						 severity > WF_SEVERITY_INFO ? ", " : "");
}

/* With the names of the columns of migration_breaking_check(). */
static void
write_finding(StringInfo out, WfReportFinding *found)
{
	WfFinding  *finding = found->finding;

	appendStringInfo(out, "{\"statement\": %d, \"line\": %d, \"col\": %d", found->statement, found->line, found->col);
	member(out, "rule", finding->rule->id);
	member(out, "severity", wf_migration_severity_name(finding->severity));
	member(out, "kind", wf_migration_kind_name(finding->kind));
	member(out, "object", finding->object);
	member(out, "lock_mode", wf_ddl_lock_name(finding->lock));
	appendStringInfo(out, ", \"rewrites\": %s, \"scans\": %s", finding->rewrites ? "true" : "false",
					 finding->scans ? "true" : "false");
	member(out, "message", finding->message);
	member(out, "hint", finding->hint);
	member(out, "safe_sql", finding->safe_sql);
	appendStringInfo(out, ", \"evidence\": %s}", JsonbToCString(NULL, &found->evidence->root, VARSIZE(found->evidence)));
}

/* The comments that take findings back; rules is empty for one that speaks of all. */
static void
write_escapes(StringInfo out, List *escapes)
{
	ListCell   *lc;
	ListCell   *lc2;

	appendStringInfoString(out, ", \"directives\": [");
	foreach(lc, escapes)
	{
		WfReportEscape *escape = lfirst(lc);

		appendStringInfo(out, "%s\n      {\"line\": %d, \"rules\": [", foreach_current_index(lc) > 0 ? "," : "", escape->line);
		foreach(lc2, escape->rules)
			appendStringInfo(out, "%s\"%s\"", foreach_current_index(lc2) > 0 ? ", " : "", (char *) lfirst(lc2));
		appendStringInfo(out, "], \"used\": %s", escape->used ? "true" : "false");
		member(out, "reason", escape->reason);
		member(out, "until", escape->until);
		member(out, "fault", escape->fault);
		appendStringInfoChar(out, '}');
	}
	appendStringInfoString(out, "\n    ]");
}

/* One run, with the rules that have findings. */
void
wf_report_sarif(StringInfo out, WfReport *report)
{
	bool		first = true;
	ListCell   *lc;
	ListCell   *lc2;

	appendStringInfoString(out, "{\n  \"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\",\n  \"version\": \"2.1.0\",\n"
						   "  \"runs\": [{\n    \"tool\": {\"driver\": {\"name\": \"wishflags\"");
	member(out, "version", WF_VERSION);
	appendStringInfoString(out, ", \"rules\": [");
	write_rules(out, report);
	appendStringInfoString(out, "]}},\n    \"columnKind\": \"unicodeCodePoints\",\n    \"results\": [");
	foreach(lc, report->files)
	{
		WfReportFile *file = lfirst(lc);

		foreach(lc2, file->findings)
		{
			appendStringInfo(out, "%s\n      ", first ? "" : ",");
			write_result(out, file, lfirst(lc2));
			first = false;
		}
	}
	appendStringInfo(out, "%s]\n  }]\n}\n", first ? "" : "\n    ");
}

static void
write_rules(StringInfo out, WfReport *report)
{
	bool	   *used = palloc0(wf_migration_rule_count * sizeof(bool));
	bool		first = true;
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, report->files)
	{
		foreach(lc2, ((WfReportFile *) lfirst(lc))->findings)
			used[((WfReportFinding *) lfirst(lc2))->finding->rule - wf_migration_rules] = true;
	}
	for (int i = 0; i < wf_migration_rule_count; i++)
	{
		const WfRule *rule = &wf_migration_rules[i];

		if (!used[i])
			continue;
		appendStringInfo(out, "%s\n      {\"id\": \"%s\", \"shortDescription\": {\"text\": ", first ? "" : ",", rule->id);
		escape_json(out, rule->description);
		appendStringInfo(out, "}, \"properties\": {\"severity\": \"%s\", \"kind\": \"%s\"",
						 wf_migration_severity_name(rule->severity), wf_migration_kind_name(rule->kind));
		member(out, "policy", rule->policy);
		appendStringInfoString(out, "}}");
		first = false;
	}
	if (!first)
		appendStringInfoString(out, "\n    ");
}

static void
write_result(StringInfo out, WfReportFile *file, WfReportFinding *found)
{
	static const char *const levels[] = {
		[WF_SEVERITY_INFO] = "note",
		[WF_SEVERITY_LOW] = "note",
		[WF_SEVERITY_MEDIUM] = "warning",
		[WF_SEVERITY_HIGH] = "error",
		[WF_SEVERITY_CRITICAL] = "error",
	};
	WfFinding  *finding = found->finding;

	appendStringInfo(out, "{\"ruleId\": \"%s\", \"level\": \"%s\", \"message\": {\"text\": ", finding->rule->id,
					 levels[finding->severity]);
	escape_json(out, finding->hint ? psprintf("%s\n%s", finding->message, finding->hint) : finding->message);
	appendStringInfoString(out, "}, \"locations\": [{\"physicalLocation\": {\"artifactLocation\": {\"uri\": ");
	write_uri(out, file->name);
	appendStringInfo(out, "}, \"region\": {\"startLine\": %d, \"startColumn\": %d}}}], \"partialFingerprints\": {\"wishflags/v1\": \"%016llx\"}, "
					 "\"properties\": {\"severity\": \"%s\", \"kind\": \"%s\"", found->line, found->col,
					 (unsigned long long) print_of(file, found), wf_migration_severity_name(finding->severity),
					 wf_migration_kind_name(finding->kind));
	member(out, "object", finding->object);
	member(out, "lock_mode", wf_ddl_lock_name(finding->lock));
	member(out, "safe_sql", finding->safe_sql);
	appendStringInfoString(out, "}}");
}

/* A path as a relative reference of RFC 3986, in quotes. */
static void
write_uri(StringInfo out, const char *path)
{
	/* In SQL_ASCII nobody knows what the bytes are. */
	if (GetDatabaseEncoding() != PG_SQL_ASCII)
		path = pg_server_to_any(path, strlen(path), PG_UTF8);
	appendStringInfoChar(out, '"');
	for (const char *at = path; *at; at++)
	{
		unsigned char byte = (unsigned char) *at;

		if (byte < 0x80 && (isalnum(byte) || strchr("/-._~", byte)))
			appendStringInfoChar(out, byte);
		else
			appendStringInfo(out, "%%%02X", byte);
	}
	appendStringInfoChar(out, '"');
}

/* Stays the same when lines are added above the statement. */
static uint64
print_of(WfReportFile *file, WfReportFinding *found)
{
	const char *text = psprintf("%s %s %s", file->name, found->finding->rule->id,
								found->finding->object ? found->finding->object : "");

	return hash_bytes_extended((const unsigned char *) text, strlen(text), 0);
}

/* ", "key": "text"" where there is a text. */
static void
member(StringInfo out, const char *key, const char *text)
{
	if (!text)
		return;
	appendStringInfo(out, ", \"%s\": ", key);
	escape_json(out, text);
}
