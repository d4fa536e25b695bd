/*
 * report_html.c: findings as a page that stands alone.
 */
#include "common/compat.h"

#include "migration/report.h"
#include "schema/render.h"

static void write_file(StringInfo out, WfReportFile *file);
static void write_finding(StringInfo out, WfReportFinding *found);
static void write_escape(StringInfo out, WfReportEscape *escape);
static void element(StringInfo out, const char *name, const char *text);

static const char style[] =
":root{color-scheme:light dark;--paper:#fff;--ink:#1b2530;--muted:#5a6775;--rule:#dde2e7;--head:#f3f5f7;"
"--critical:#8a1c00;--high:#933a00;--medium:#6b4e00;--low:#084a87;--info:#5a6775}\n"
"@media (prefers-color-scheme:dark){:root{--paper:#12171d;--ink:#e4e9ee;--muted:#9daab7;--rule:#2d3741;--head:#1c232b;"
"--critical:#ffb3a1;--high:#ffbe94;--medium:#f2d27a;--low:#9fd0ff;--info:#9daab7}}\n"
"*{box-sizing:border-box}\n"
"body{margin:0 auto;padding:32px 24px 64px;max-width:1000px;background:var(--paper);color:var(--ink);"
"font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",Helvetica,Arial,sans-serif}\n"
"h1{font-size:24px;margin:0 0 4px}p{margin:0 0 8px;overflow-wrap:anywhere}.muted,summary span{color:var(--muted)}\n"
"details{border:1px solid var(--rule);border-radius:8px;margin:16px 0 0;overflow:hidden}\n"
"summary{padding:9px 14px;background:var(--head);cursor:pointer;overflow-wrap:anywhere}summary span{margin-left:10px}\n"
"section{padding:12px 14px;border-top:1px solid var(--rule)}\n"
"b{display:inline-block;min-width:76px;padding:0 8px;margin-right:10px;border:2px solid;border-radius:5px;text-align:center;font-size:13px}\n"
"b.critical{color:var(--critical);border-style:double;border-width:4px}b.high{color:var(--high)}b.medium{color:var(--medium);border-style:dashed}"
"b.low{color:var(--low);border-style:dotted}b.info{color:var(--info);border-style:dotted}\n"
"code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace}\n"
"pre{margin:8px 0 0;padding:8px 12px;background:var(--head);border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere}\n"
"@media print{section{break-inside:avoid}}\n";

/* Well-formed as XML too; no script, nothing from outside. */
void
wf_report_html(StringInfo out, WfReport *report)
{
	ListCell   *lc;

	appendStringInfo(out, "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n"
					 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
					 "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>Migrations</title>\n"
					 "<style>\n%s</style>\n</head>\n<body>\n<h1>Migrations</h1>\n<p class=\"muted\">%s</p>\n",
					 style, wf_report_summary(report));
	foreach(lc, report->files)
		write_file(out, lfirst(lc));
	appendStringInfoString(out, "</body>\n</html>\n");
}

/* Folded where nothing in it is of medium severity or above. */
static void
write_file(StringInfo out, WfReportFile *file)
{
	bool		open = file->count[WF_SEVERITY_MEDIUM] + file->count[WF_SEVERITY_HIGH] + file->count[WF_SEVERITY_CRITICAL] > 0;
	ListCell   *lc;

	appendStringInfo(out, "<details%s><summary><code>", open ? " open=\"open\"" : "");
	wf_schema_render_xml(out, file->name);
	appendStringInfoString(out, "</code><span>");
	wf_report_counts(out, file->count);
	appendStringInfoString(out, "</span></summary>\n");
	foreach(lc, file->findings)
		write_finding(out, lfirst(lc));
	foreach(lc, file->escapes)
		write_escape(out, lfirst(lc));
	appendStringInfoString(out, "</details>\n");
}

static void
write_finding(StringInfo out, WfReportFinding *found)
{
	WfFinding  *finding = found->finding;
	const char *severity = wf_migration_severity_name(finding->severity);

	appendStringInfo(out, "<section><p><b class=\"%s\">%s</b><code>%s</code> <span class=\"muted\">line %d</span></p>\n",
					 severity, severity, finding->rule->id, found->line);
	element(out, "p", finding->message);
	element(out, "p", finding->hint);
	element(out, "pre", finding->safe_sql);
	appendStringInfoString(out, "</section>\n");
}

static void
write_escape(StringInfo out, WfReportEscape *escape)
{
	appendStringInfo(out, "<section><p>escape hatch: <code>%s</code> <span class=\"muted\">line %d</span></p>\n",
					 wf_report_escape_rules(escape), escape->line);
	element(out, "p", wf_report_escape_about(escape));
	appendStringInfoString(out, "</section>\n");
}

static void
element(StringInfo out, const char *name, const char *text)
{
	if (!text)
		return;
	appendStringInfo(out, "<%s>", name);
	wf_schema_render_xml(out, text);
	appendStringInfo(out, "</%s>\n", name);
}
