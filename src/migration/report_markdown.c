/*
 * report_markdown.c: findings for a pull request.
 */
#include "common/compat.h"

#include "migration/report.h"
#include "schema/render.h"

/* How a severity is marked, also for those who see no colours. */
static const char *const marks[] = {
	[WF_SEVERITY_INFO] = "info",
	[WF_SEVERITY_LOW] = "low",
	[WF_SEVERITY_MEDIUM] = "medium",
	[WF_SEVERITY_HIGH] = "**high**",
	[WF_SEVERITY_CRITICAL] = "**CRITICAL**",
};

static void write_table(StringInfo out, WfReport *report);
static void write_escapes(StringInfo out, WfReport *report);
static void write_file(StringInfo out, WfReportFile *file, bool open);
static void write_finding(StringInfo out, WfReportFinding *found);
static void write_inline(StringInfo out, const char *text);
static void write_code(StringInfo out, const char *text);

/* A table of the files, then a folded part for each with findings. */
void
wf_report_markdown(StringInfo out, WfReport *report)
{
	ListCell   *lc;

	appendStringInfo(out, "### Migrations: %s\n\n", wf_report_summary(report));
	if (list_length(report->files) > 1)
		write_table(out, report);
	foreach(lc, report->files)
	{
		WfReportFile *file = lfirst(lc);

		if (file->findings)
			write_file(out, file, list_length(report->files) == 1);
	}
	if (report->nescapes > 0)
		write_escapes(out, report);
}

static void
write_escapes(StringInfo out, WfReport *report)
{
	ListCell   *lc;
	ListCell   *lc2;

	appendStringInfoString(out, "#### Escape hatches\n\n| file | line | rules | |\n|---|---|---|---|\n");
	foreach(lc, report->files)
	{
		WfReportFile *file = lfirst(lc);

		foreach(lc2, file->escapes)
		{
			WfReportEscape *escape = lfirst(lc2);

			appendStringInfoString(out, "| ");
			write_inline(out, file->name);
			appendStringInfo(out, " | %d | %s | ", escape->line, wf_report_escape_rules(escape));
			write_inline(out, wf_report_escape_about(escape));
			appendStringInfoString(out, " |\n");
		}
	}
	appendStringInfoChar(out, '\n');
}

static void
write_table(StringInfo out, WfReport *report)
{
	ListCell   *lc;

	appendStringInfoString(out, "| file | findings |\n|---|---|\n");
	foreach(lc, report->files)
	{
		WfReportFile *file = lfirst(lc);

		appendStringInfoString(out, "| ");
		write_inline(out, file->name);
		appendStringInfoString(out, " | ");
		wf_report_counts(out, file->count);
		appendStringInfoString(out, " |\n");
	}
	appendStringInfoChar(out, '\n');
}

static void
write_file(StringInfo out, WfReportFile *file, bool open)
{
	ListCell   *lc;

	appendStringInfo(out, "<details%s><summary>", open ? " open" : "");
	wf_schema_render_xml(out, file->name);
	appendStringInfoString(out, ": ");
	wf_report_counts(out, file->count);
	appendStringInfoString(out, "</summary>\n\n");
	foreach(lc, file->findings)
		write_finding(out, lfirst(lc));
	appendStringInfoString(out, "</details>\n\n");
}

static void
write_finding(StringInfo out, WfReportFinding *found)
{
	WfFinding  *finding = found->finding;

	appendStringInfo(out, "- %s `%s`, line %d: ", marks[finding->severity], finding->rule->id, found->line);
	write_inline(out, finding->message);
	appendStringInfoChar(out, '\n');
	if (finding->hint)
	{
		appendStringInfoString(out, "\n  ");
		write_inline(out, finding->hint);
		appendStringInfoChar(out, '\n');
	}
	if (finding->safe_sql)
		write_code(out, finding->safe_sql);
	appendStringInfoChar(out, '\n');
}

/* Foreign text in a line, with nothing in it that Markdown or HTML would act on. */
static void
write_inline(StringInfo out, const char *text)
{
	StringInfoData plain;

	initStringInfo(&plain);
	wf_schema_render_plain(&plain, text);
	for (const char *at = plain.data; *at; at++)
	{
		if (*at == '<' || *at == '&')
			appendStringInfoString(out, *at == '<' ? "&lt;" : "&amp;");
		else if (strchr("\\`*_[]#|~@>!", *at))
			appendStringInfo(out, "\\%c", *at);
		else
			appendStringInfoChar(out, *at);
	}
	pfree(plain.data);
}

/* A block within the list, with a fence that the text does not have. */
static void
write_code(StringInfo out, const char *text)
{
	int			fence = Max(3, wf_schema_render_backticks(text) + 1);
	ListCell   *lc;

	appendStringInfoString(out, "\n  ");
	for (int i = 0; i < fence; i++)
		appendStringInfoChar(out, '`');
	appendStringInfoString(out, "sql\n");
	foreach(lc, wf_schema_render_split(text))
		appendStringInfo(out, "  %s\n", (char *) lfirst(lc));
	appendStringInfoString(out, "  ");
	for (int i = 0; i < fence; i++)
		appendStringInfoChar(out, '`');
	appendStringInfoChar(out, '\n');
}
