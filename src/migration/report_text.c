/*
 * report_text.c: findings for a terminal, and as annotations of GitHub Actions.
 */
#include "common/compat.h"

#include "migration/report.h"
#include "schema/render.h"

static void write_escapes(StringInfo out, WfReport *report);
static void indent(StringInfo out, const char *label, const char *text);
static void escape(StringInfo out, const char *text, bool is_property);

/* A block a file, a line a finding, below it what to do; last what comments take back. */
void
wf_report_text(StringInfo out, WfReport *report)
{
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, report->files)
	{
		WfReportFile *file = lfirst(lc);

		if (!file->findings)
			continue;
		wf_schema_render_plain(out, file->name);
		appendStringInfoChar(out, '\n');
		foreach(lc2, file->findings)
		{
			WfReportFinding *found = lfirst(lc2);
			WfFinding  *finding = found->finding;

			appendStringInfo(out, "  %d:%d  %-8s  %s  ", found->line, found->col,
							 wf_migration_severity_name(finding->severity), finding->rule->id);
			wf_schema_render_plain(out, finding->message);
			appendStringInfoChar(out, '\n');
			indent(out, "hint: ", finding->hint);
			indent(out, "safe: ", finding->safe_sql);
		}
		appendStringInfoChar(out, '\n');
	}
	if (report->nescapes > 0)
		write_escapes(out, report);
	appendStringInfo(out, "%s\n", wf_report_summary(report));
}

static void
write_escapes(StringInfo out, WfReport *report)
{
	ListCell   *lc;
	ListCell   *lc2;

	appendStringInfoString(out, "Escape hatches:\n");
	foreach(lc, report->files)
	{
		WfReportFile *file = lfirst(lc);

		foreach(lc2, file->escapes)
		{
			WfReportEscape *escape = lfirst(lc2);

			appendStringInfoString(out, "  ");
			wf_schema_render_plain(out, file->name);
			appendStringInfo(out, ":%d  %s  ", escape->line, wf_report_escape_rules(escape));
			wf_schema_render_plain(out, wf_report_escape_about(escape));
			appendStringInfoChar(out, '\n');
		}
	}
	appendStringInfoChar(out, '\n');
}

/* Each line of a text below its finding. */
static void
indent(StringInfo out, const char *label, const char *text)
{
	ListCell   *lc;

	if (!text)
		return;
	foreach(lc, wf_schema_render_split(text))
	{
		appendStringInfo(out, "      %*s", (int) strlen(label), foreach_current_index(lc) == 0 ? label : "");
		wf_schema_render_plain(out, lfirst(lc));
		appendStringInfoChar(out, '\n');
	}
}

/*
 * Workflow commands, as described in GitHub's documentation of workflow commands:
 * ::error file={name},line={line},col={col},title={title}::{message}
 */
void
wf_report_github(StringInfo out, WfReport *report)
{
	static const char *const levels[] = {
		[WF_SEVERITY_INFO] = "notice",
		[WF_SEVERITY_LOW] = "notice",
		[WF_SEVERITY_MEDIUM] = "warning",
		[WF_SEVERITY_HIGH] = "error",
		[WF_SEVERITY_CRITICAL] = "error",
	};
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, report->files)
	{
		WfReportFile *file = lfirst(lc);

		foreach(lc2, file->findings)
		{
			WfReportFinding *found = lfirst(lc2);
			WfFinding  *finding = found->finding;

			appendStringInfo(out, "::%s file=", levels[finding->severity]);
			escape(out, file->name, true);
			appendStringInfo(out, ",line=%d,col=%d,title=%s::", found->line, found->col, finding->rule->id);
			escape(out, finding->message, false);
			if (finding->hint)
			{
				appendStringInfoString(out, "%0A");
				escape(out, finding->hint, false);
			}
			appendStringInfoChar(out, '\n');
		}
	}
}

static void
escape(StringInfo out, const char *text, bool is_property)
{
	for (; *text; text++)
	{
		if (*text == '%' || *text == '\r' || *text == '\n' || (is_property && (*text == ':' || *text == ',')))
			appendStringInfo(out, "%%%02X", (unsigned char) *text);
		else
			appendStringInfoChar(out, *text);
	}
}
