/*
 * render_html.c: a schema diff as a page that stands alone: a picture, and
 * before and after side by side, folded by object.
 */
#include "common/compat.h"

#include "miscadmin.h"

#include "schema/render_diagram.h"

#define OPEN_LINES 60			/* a longer object is folded, and all of a
								 * longer diff */
#define OPEN_TOTAL 300

static void write_legend(StringInfo out);
static void write_picture(StringInfo out, WfRenderTree *tree, const WfRenderOptions *options);
static void write_object(StringInfo out, WfRenderObject *object, bool open);
static void write_line(StringInfo out, WfRenderLine *line);
static void write_side(StringInfo out, WfRenderLine *line, bool after);
static void write_difference(StringInfo out, const char *text, const char *other);

static const char style[] =
":root{color-scheme:light dark;--paper:#fff;--ink:#1b2530;--muted:#5a6775;--rule:#dde2e7;--head:#f3f5f7;"
"--added:#084a87;--added-fill:#dcecfb;--added-strong:#a9d2f7;--removed:#933a00;--removed-fill:#ffe6d8;"
"--removed-strong:#ffc09b;--changed:#663090;--changed-fill:#f1e6fa}\n"
"@media (prefers-color-scheme:dark){:root{--paper:#12171d;--ink:#e4e9ee;--muted:#9daab7;--rule:#2d3741;--head:#1c232b;"
"--added:#9fd0ff;--added-fill:#10304e;--added-strong:#1d5687;--removed:#ffbe94;--removed-fill:#4a2614;"
"--removed-strong:#834017;--changed:#dfbcfb;--changed-fill:#37224a}}\n"
"*{box-sizing:border-box}\n"
"body{margin:0 auto;padding:32px 24px 64px;max-width:1400px;background:var(--paper);color:var(--ink);"
"font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",Helvetica,Arial,sans-serif}\n"
"h1{font-size:24px;margin:0 0 4px}h2{font-size:16px;margin:36px 0 12px}p{margin:0 0 12px;color:var(--muted)}\n"
"code,table{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace}\n"
"ul{list-style:none;display:flex;flex-wrap:wrap;gap:8px 24px;margin:0 0 20px;padding:0;color:var(--muted)}\n"
"b{display:inline-block;min-width:22px;padding:0 6px;margin-right:8px;border:2px solid;border-radius:5px;text-align:center;"
"font:700 13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace}\n"
"b.added{color:var(--added);background:var(--added-fill)}b.removed{color:var(--removed);background:var(--removed-fill);border-style:dashed}\n"
"b.changed{color:var(--changed);background:var(--changed-fill);border-style:dotted}\n"
"details{border:1px solid var(--rule);border-radius:8px;margin:0 0 12px;overflow:hidden}\n"
"summary{padding:9px 14px;background:var(--head);cursor:pointer;overflow-wrap:anywhere}summary span{color:var(--muted);margin-left:10px}\n"
"summary strong{color:var(--removed);margin-left:10px}.picture{overflow-x:auto}.picture svg{display:block;max-width:100%;height:auto}\n"
"table{width:100%;table-layout:fixed;border-collapse:collapse}th{font-weight:600;text-align:left;color:var(--muted);"
"padding:6px 10px;border-bottom:1px solid var(--rule)}\n"
"td{vertical-align:top;padding:2px 10px;white-space:pre-wrap;overflow-wrap:anywhere}td.sign{font-weight:700;padding:2px 0;text-align:center;"
"user-select:none}.sign{width:28px}\n"
"td.added{background:var(--added-fill)}td.removed{background:var(--removed-fill)}td.sign.added{color:var(--added);border-left:4px solid var(--added)}\n"
"td.sign.removed{color:var(--removed);border-left:4px double var(--removed)}td.none{background:var(--head)}\n"
"em{font-style:normal;font-weight:700;border-radius:3px}.added em{background:var(--added-strong)}"
".removed em{background:var(--removed-strong)}\n"
"td.fold{color:var(--muted);background:var(--head);text-align:center;font-style:italic}\n"
"@media print{details{break-inside:avoid}}\n";

/* Well-formed as XML too; no script, nothing from outside. */
void
wf_schema_render_html(StringInfo out, WfRenderTree *tree, const WfRenderOptions *options)
{
	ListCell   *lc;
	ListCell   *lc2;

	appendStringInfo(out, "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n"
					 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
					 "<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>Schema diff</title>\n"
					 "<style>\n%s</style>\n</head>\n<body>\n<h1>Schema diff</h1>\n<p>%s</p>\n",
					 style, wf_schema_render_summary(tree));
	write_legend(out);
	if (options->picture)
		write_picture(out, tree, options);
	foreach(lc, tree->groups)
	{
		WfRenderGroup *group = lfirst(lc);

		appendStringInfoString(out, "<h2>");
		wf_schema_render_xml(out, wf_schema_render_heading(group));
		appendStringInfoString(out, "</h2>\n");
		foreach(lc2, group->objects)
		{
			CHECK_FOR_INTERRUPTS();
			write_object(out, lfirst(lc2), tree->nlines <= OPEN_TOTAL);
		}
	}
	appendStringInfoString(out, "</body>\n</html>\n");
}

static void
write_legend(StringInfo out)
{
	appendStringInfoString(out, "<ul>");
	for (int mark = WF_MARK_ADDED; mark <= WF_MARK_CHANGED; mark++)
		appendStringInfo(out, "<li><b class=\"%s\">%c</b>%s</li>", wf_schema_mark[mark].name, wf_schema_mark[mark].sign,
						 wf_schema_mark[mark].verb);
	appendStringInfoString(out, "</ul>\n");
}

static void
write_picture(StringInfo out, WfRenderTree *tree, const WfRenderOptions *options)
{
	if (wf_schema_render_diagram(tree, options)->tables == NIL)
		return;
	appendStringInfo(out, "<details open=\"open\"><summary>%s</summary><div class=\"picture\">\n",
					 options->all ? "Tables" : "Tables that differ, and their neighbours");
	wf_schema_render_svg(out, tree, options);
	appendStringInfoString(out, "</div></details>\n");
}

static void
write_object(StringInfo out, WfRenderObject *object, bool open)
{
	const WfMarkStyle *mark = &wf_schema_mark[object->mark];
	ListCell   *lc;

	appendStringInfo(out, "<details%s><summary><b class=\"%s\">%c</b><code>",
					 open && list_length(object->lines) <= OPEN_LINES ? " open=\"open\"" : "", mark->name, mark->sign);
	wf_schema_render_xml(out, wf_schema_render_title(object));
	appendStringInfoString(out, "</code><span>");
	if (object->mark == WF_MARK_CHANGED)
		wf_schema_render_counts(out, object->count);
	else
		appendStringInfoString(out, mark->verb);
	appendStringInfo(out, "</span>%s</summary>\n", object->loses_data ? "<strong>data is lost</strong>" : "");
	if (object->lines)
	{
		appendStringInfoString(out, "<table><thead><tr><th class=\"sign\"></th><th>Before</th><th class=\"sign\"></th><th>After</th></tr></thead>\n<tbody>\n");
		foreach(lc, object->lines)
			write_line(out, lfirst(lc));
		appendStringInfoString(out, "</tbody></table>");
	}
	appendStringInfoString(out, "</details>\n");
}

static void
write_line(StringInfo out, WfRenderLine *line)
{
	appendStringInfoString(out, "<tr>");
	if (line->left_out)
		appendStringInfo(out, "<td class=\"fold\" colspan=\"4\">%d unchanged lines</td>", line->left_out);
	else
	{
		write_side(out, line, false);
		write_side(out, line, true);
	}
	appendStringInfoString(out, "</tr>\n");
}

/* The sign says more than the colour: a line that changed has one on both sides. */
static void
write_side(StringInfo out, WfRenderLine *line, bool after)
{
	const WfMarkStyle *mark = &wf_schema_mark[line->mark == WF_MARK_SAME ? WF_MARK_SAME :
											  after ? WF_MARK_ADDED : WF_MARK_REMOVED];
	const char *text = after ? line->after : line->before;
	const char *other = after ? line->before : line->after;

	if (!text)
	{
		appendStringInfoString(out, "<td class=\"sign none\"></td><td class=\"none\"></td>");
		return;
	}
	appendStringInfo(out, "<td class=\"sign %s\">%c</td><td class=\"%s\">%*s", mark->name,
					 line->mark == WF_MARK_CHANGED ? wf_schema_mark[WF_MARK_CHANGED].sign : mark->sign, mark->name,
					 2 * line->depth, "");
	if (line->mark != WF_MARK_CHANGED)
		wf_schema_render_xml(out, text);
	else
		write_difference(out, text, other);
	appendStringInfoString(out, "</td>");
}

/* A text with the words emphasised in which it differs from the other one. */
static void
write_difference(StringInfo out, const char *text, const char *other)
{
	int			len = strlen(text);
	int			other_len = strlen(other);
	int			head = 0;
	int			tail = 0;

	while (head < Min(len, other_len) && text[head] == other[head])
		head++;
	while (head > 0 && text[head - 1] != ' ')
		head--;
	while (tail < Min(len, other_len) - head && text[len - 1 - tail] == other[other_len - 1 - tail])
		tail++;
	while (tail > 0 && text[len - tail] != ' ')
		tail--;
	wf_schema_render_xml_part(out, text, head);
	if (head + tail < len)
	{
		appendStringInfoString(out, "<em>");
		wf_schema_render_xml_part(out, text + head, len - head - tail);
		appendStringInfoString(out, "</em>");
	}
	wf_schema_render_xml_part(out, text + len - tail, tail);
}
