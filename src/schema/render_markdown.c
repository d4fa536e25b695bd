/*
 * render_markdown.c: a schema diff for a pull request, in GitHub's Markdown.
 */
#include "common/compat.h"

#include "schema/render_diagram.h"

#define OPEN_LINES 40			/* a longer diff is folded */

static void write_object(StringInfo out, WfRenderObject *object, bool open);
static void write_inline(StringInfo out, const char *text);
static void write_picture(StringInfo out, WfRenderTree *tree, const WfRenderOptions *options);
static void fenced(StringInfo out, const char *language, const char *text);

/* The summary, a picture, and an object a fold with its lines as a diff. */
void
wf_schema_render_markdown(StringInfo out, WfRenderTree *tree, const WfRenderOptions *options)
{
	bool		open = tree->nlines <= OPEN_LINES;
	ListCell   *lc;
	ListCell   *lc2;

	appendStringInfo(out, "## Schema diff\n\n%s\n", wf_schema_render_summary(tree));
	if (options->picture)
		write_picture(out, tree, options);
	foreach(lc, tree->groups)
	{
		WfRenderGroup *group = lfirst(lc);

		appendStringInfoString(out, "\n### <code>");
		write_inline(out, wf_schema_render_heading(group));
		appendStringInfoString(out, "</code>\n");
		foreach(lc2, group->objects)
			write_object(out, lfirst(lc2), open);
	}
}

static void
write_object(StringInfo out, WfRenderObject *object, bool open)
{
	StringInfoData lines;

	appendStringInfo(out, "\n<details%s>\n<summary><code>%c ", open && object->lines ? " open" : "",
					 wf_schema_mark[object->mark].sign);
	write_inline(out, wf_schema_render_title(object));
	appendStringInfoString(out, "</code>");
	if (object->mark == WF_MARK_CHANGED)
	{
		appendStringInfoString(out, ": ");
		wf_schema_render_counts(out, object->count);
	}
	appendStringInfo(out, "%s</summary>\n\n", object->loses_data ? " <strong>(data is lost)</strong>" : "");
	initStringInfo(&lines);
	wf_schema_render_text_lines(&lines, object, 0);
	if (lines.len)
		fenced(out, "diff", lines.data);
	appendStringInfoString(out, "</details>\n");
}

/* Text in HTML within Markdown, where a line break or "*" would still count. */
static void
write_inline(StringInfo out, const char *text)
{
	StringInfoData xml;

	initStringInfo(&xml);
	wf_schema_render_xml(&xml, text);
	for (char *p = xml.data; *p; p++)
	{
		if (strchr("\\`*_[]~|!#@:", *p))
			appendStringInfo(out, "&#%d;", *p);
		else
			appendStringInfoChar(out, *p);
	}
}

static void
write_picture(StringInfo out, WfRenderTree *tree, const WfRenderOptions *options)
{
	StringInfoData picture;

	if (wf_schema_render_diagram(tree, options)->tables == NIL)
		return;
	initStringInfo(&picture);
	wf_schema_render_mermaid(&picture, tree, options);
	appendStringInfoString(out, "\n<details>\n<summary>Picture</summary>\n\n");
	fenced(out, "mermaid", picture.data);
	appendStringInfoString(out, "</details>\n");
}

/* The fence is longer than any run of backticks in the text. */
static void
fenced(StringInfo out, const char *language, const char *text)
{
	int			length = Max(3, wf_schema_render_backticks(text) + 1);
	char	   *fence = palloc0(length + 1);

	memset(fence, '`', length);
	appendStringInfo(out, "%s%s\n%s%s\n\n", fence, language, text, fence);
}
