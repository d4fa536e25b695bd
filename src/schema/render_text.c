/*
 * render_text.c: a schema diff as text, like that of diff -u.
 */
#include "common/compat.h"

#include "utils/builtins.h"

#include "schema/render.h"

static void add_line(StringInfo out, WfMark mark, int depth, const char *text);

/*
 * A heading a schema, then "~ table a.b" and under it the lines that differ,
 * with "-" and "+"; a blank marks a line that only shows where they stand.
 */
void
wf_schema_render_text(StringInfo out, WfRenderTree *tree, const WfRenderOptions *options)
{
	ListCell   *lc;
	ListCell   *lc2;

	appendStringInfo(out, "%s\n", wf_schema_render_summary(tree));
	foreach(lc, tree->groups)
	{
		WfRenderGroup *group = lfirst(lc);

		appendStringInfoChar(out, '\n');
		wf_schema_render_plain(out, wf_schema_render_heading(group));
		appendStringInfoChar(out, '\n');
		foreach(lc2, group->objects)
		{
			WfRenderObject *object = lfirst(lc2);

			appendStringInfo(out, "%c ", wf_schema_mark[object->mark].sign);
			wf_schema_render_plain(out, wf_schema_render_title(object));
			appendStringInfoString(out, object->loses_data ? " (data is lost)\n" : "\n");
			wf_schema_render_text_lines(out, object, 1);
		}
	}
}

/* The lines of an object; of those that changed together, first what they were. */
void
wf_schema_render_text_lines(StringInfo out, WfRenderObject *object, int indent)
{
	StringInfoData after;
	ListCell   *lc;

	initStringInfo(&after);
	foreach(lc, object->lines)
	{
		WfRenderLine *line = lfirst(lc);

		if (!line->joined)
		{
			appendBinaryStringInfo(out, after.data, after.len);
			resetStringInfo(&after);
		}
		if (line->left_out)
			add_line(out, WF_MARK_SAME, line->depth + indent, psprintf("... %d unchanged lines", line->left_out));
		else if (line->mark == WF_MARK_SAME)
			add_line(out, WF_MARK_SAME, line->depth + indent, line->after);
		else
		{
			if (line->before)
				add_line(out, WF_MARK_REMOVED, line->depth + indent, line->before);
			if (line->after)
				add_line(&after, WF_MARK_ADDED, line->depth + indent, line->after);
		}
	}
	appendBinaryStringInfo(out, after.data, after.len);
}

/* Texts have no line breaks left, but a carriage return would hide the sign. */
static void
add_line(StringInfo out, WfMark mark, int depth, const char *text)
{
	appendStringInfo(out, "%c %*s", wf_schema_mark[mark].sign, 2 * depth, "");
	wf_schema_render_plain(out, text);
	appendStringInfoChar(out, '\n');
}
