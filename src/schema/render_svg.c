/*
 * render_svg.c: a schema diff as a drawing that stands alone.
 *
 * It has no script and asks for nothing from outside; its colours follow
 * prefers-color-scheme, and what they say signs and strokes say as well.
 */
#include "common/compat.h"

#include "common/width.h"
#include "schema/render_layout.h"

#define MARGIN 28
#define TITLE_HEIGHT 64			/* the summary and the legend above the tables */
#define NOTE_HEIGHT 20
#define HEAD_HEIGHT 34
#define ROW_HEIGHT 24
#define WAS_HEIGHT 17			/* of the line that says what a column was */
#define FOOT_HEIGHT 6
#define CHARACTER 7.3			/* widest advance of the font's 12 pixels */
#define SIGN_X 12				/* columns of a row, from the left edge */
#define KEY_X 28
#define NAME_X 70
#define NAME_GAP 22
#define MIN_WIDTH 420			/* of the drawing */

static void measure(WfDiagramTable *table, int *width, int *height);
static int	name_width(WfDiagramTable *table);
static const char *shown_name(WfDiagramTable *table);
static int	row_height(WfDiagramColumn *column);
static int	text_width(const char *text);
static void write_legend(StringInfo out, WfRenderTree *tree);
static void write_card(StringInfo out, WfLayoutNode *node);
static void write_row(StringInfo out, WfDiagramColumn *column, int y, int width, int details_x);
static void write_text(StringInfo out, int x, int y, const char *class, const char *text);
static void write_route(StringInfo out, WfLayoutRoute *route);
static void write_loop(StringInfo out, WfLayoutRoute *route);
static void write_ends(StringInfo out, WfDiagramRelation *relation, int child_x, int child_y, int child_side,
					   int parent_x, int parent_y);
static int	port_y(WfLayoutNode *node, const char *column);
static int	write_notes(StringInfo out, WfDiagram *diagram, int y);

static const char style[] =
"<style>\n"
".wf-paper{fill:#fff}.wf-text{fill:#1b2530}.wf-muted{fill:#5a6775}.wf-card{fill:#fff;stroke:#8b97a4}\n"
".wf-head{fill:#eef1f4}.wf-rule{stroke:#dde2e7}.wf-badge{fill:#fff}\n"
".wf-added{stroke:#0a5ca8}.wf-removed{stroke:#b34700;stroke-dasharray:7 4}\n"
".wf-changed{stroke:#7a3fa8;stroke-dasharray:2 3}.wf-same{stroke:#8b97a4}\n"
".wf-fill-added{fill:#dcecfb}.wf-fill-removed{fill:#ffe6d8}.wf-fill-changed{fill:#f1e6fa}\n"
".wf-ink-added{fill:#084a87}.wf-ink-removed{fill:#933a00}.wf-ink-changed{fill:#663090}\n"
".wf-line{fill:none;stroke-width:1.5}.wf-line.wf-added,.wf-line.wf-changed,.wf-line.wf-removed{stroke-width:2.5}\n"
".wf-card.wf-added,.wf-card.wf-removed,.wf-card.wf-changed{stroke-width:2.5}.wf-end{stroke-dasharray:none}\n"
".wf-picture text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;white-space:pre}\n"
".wf-picture .wf-title{font:600 15px system-ui,-apple-system,\"Segoe UI\",Helvetica,Arial,sans-serif}\n"
".wf-picture .wf-label{font:12px system-ui,-apple-system,\"Segoe UI\",Helvetica,Arial,sans-serif}\n"
".wf-picture .wf-strong{font-weight:700}.wf-picture .wf-key{font-size:10px;font-weight:700}\n"
".wf-picture .wf-was{font-size:11px}\n"
"@media (prefers-color-scheme:dark){\n"
".wf-paper{fill:#12171d}.wf-text{fill:#e4e9ee}.wf-muted{fill:#9daab7}.wf-card{fill:#1a2129;stroke:#5f6c79}\n"
".wf-head{fill:#252e38}.wf-rule{stroke:#2d3741}.wf-badge{fill:#12171d}.wf-same{stroke:#6f7d8b}\n"
".wf-added{stroke:#5eb1ff}.wf-removed{stroke:#ff9a57}.wf-changed{stroke:#c897f0}\n"
".wf-fill-added{fill:#10304e}.wf-fill-removed{fill:#4a2614}.wf-fill-changed{fill:#37224a}\n"
".wf-ink-added{fill:#9fd0ff}.wf-ink-removed{fill:#ffbe94}.wf-ink-changed{fill:#dfbcfb}\n"
"}\n"
"</style>\n";

/* Tables as cards with a row a column, relations as curves from row to row. */
void
wf_schema_render_svg(StringInfo out, WfRenderTree *tree, const WfRenderOptions *options)
{
	WfDiagram  *diagram = wf_schema_render_diagram(tree, options);
	WfLayout   *layout = wf_schema_render_layout(diagram, measure);
	char	   *summary = wf_schema_render_summary(tree);
	StringInfoData notes;
	int			top = MARGIN + TITLE_HEIGHT;
	int			height;
	int			width;
	ListCell   *lc;

	initStringInfo(&notes);
	height = write_notes(&notes, diagram, top + layout->height + (layout->height ? MARGIN : 0)) + MARGIN;
	width = Max(Max(layout->width, MIN_WIDTH), text_width(summary) + 20) + 2 * MARGIN;
	foreach(lc, diagram->others)
		width = Max(width, text_width(wf_common_clip(wf_schema_render_title(lfirst(lc)), 2 * WF_RENDER_CELL)) +
					NAME_X + 2 * MARGIN);

	appendStringInfo(out, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"wf-picture\" role=\"img\""
					 " width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" style=\"min-width:%dpx\">\n<title>Schema diff, %s</title>\n%s"
					 "<rect class=\"wf-paper\" width=\"100%%\" height=\"100%%\"/>\n",
					 width, height, width, height, width * 3 / 4, summary, style);
	write_legend(out, tree);
	appendStringInfo(out, "<g transform=\"translate(%d %d)\">\n", MARGIN, top);
	foreach(lc, layout->nodes)
		write_card(out, lfirst(lc));
	foreach(lc, layout->routes)
		write_route(out, lfirst(lc));
	appendStringInfo(out, "</g>\n%s</svg>\n", notes.data);
}

static void
measure(WfDiagramTable *table, int *width, int *height)
{
	int			details = 0;

	*height = HEAD_HEIGHT + FOOT_HEIGHT + (table->hidden ? ROW_HEIGHT : 0);
	for (int i = 0; i < table->ncolumns; i++)
	{
		WfDiagramColumn *column = &table->columns[i];

		details = Max(details, text_width(wf_common_clip(column->details, WF_RENDER_CELL)));
		if (column->was)
			details = Max(details, text_width(wf_common_clip(psprintf("was %s", column->was), WF_RENDER_CELL)));
		*height += row_height(column);
	}
	*width = NAME_X + name_width(table) + NAME_GAP + details + SIGN_X;
	*width = Max(*width, text_width(shown_name(table)) + 3 * SIGN_X + KEY_X);
	*width = Max(*width, 190);
}

static int
name_width(WfDiagramTable *table)
{
	int			width = 0;

	for (int i = 0; i < table->ncolumns; i++)
		width = Max(width, text_width(wf_common_clip(table->columns[i].name, WF_RENDER_CELL)));
	return width;
}

static const char *
shown_name(WfDiagramTable *table)
{
	return wf_common_clip(table->name, 2 * WF_RENDER_CELL);
}

static int
row_height(WfDiagramColumn *column)
{
	return ROW_HEIGHT + (column->was ? WAS_HEIGHT : 0);
}

static int
text_width(const char *text)
{
	return (int) (wf_common_width(text) * CHARACTER + 1);
}

/* The summary, and what the marks mean. */
static void
write_legend(StringInfo out, WfRenderTree *tree)
{
	int			x = MARGIN;

	write_text(out, MARGIN, MARGIN + 12, "wf-title wf-text", wf_schema_render_summary(tree));
	for (int mark = WF_MARK_ADDED; mark <= WF_MARK_CHANGED; mark++)
	{
		const WfMarkStyle *m = &wf_schema_mark[mark];

		appendStringInfo(out, "<rect class=\"wf-fill-%s wf-%s\" x=\"%d\" y=\"%d\" width=\"22\" height=\"18\" rx=\"4\" stroke-width=\"2\"/>",
						 m->name, m->name, x, MARGIN + 27);
		appendStringInfo(out, "<text class=\"wf-strong wf-ink-%s\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%c</text>",
						 m->name, x + 11, MARGIN + 40, m->sign);
		write_text(out, x + 29, MARGIN + 40, "wf-label wf-muted", m->verb);
		x += 104;
	}
}

static void
write_card(StringInfo out, WfLayoutNode *node)
{
	WfDiagramTable *table = node->table;
	const WfMarkStyle *mark = &wf_schema_mark[table->mark];
	int			y = HEAD_HEIGHT;
	int			details_x = NAME_X + name_width(table) + NAME_GAP;

	appendStringInfo(out, "<g transform=\"translate(%d %d)\"><title>", node->x, node->y);
	wf_schema_render_xml(out, psprintf("%s %s", table->to ? table->to->type->name : table->from->type->name, table->name));
	appendStringInfo(out, ", %s</title>\n<path class=\"wf-%s%s\" d=\"M0 %dV8Q0 0 8 0H%dQ%d 0 %d 8V%dZ\"/>", mark->verb,
					 table->mark == WF_MARK_SAME ? "head" : "fill-", table->mark == WF_MARK_SAME ? "" : mark->name,
					 HEAD_HEIGHT - 4, node->width - 8, node->width, node->width, HEAD_HEIGHT - 4);
	if (table->mark != WF_MARK_SAME)
		write_text(out, SIGN_X, 20, psprintf("wf-strong wf-ink-%s", mark->name), psprintf("%c", mark->sign));
	write_text(out, table->mark == WF_MARK_SAME ? SIGN_X : KEY_X, 20, "wf-strong wf-text", shown_name(table));
	appendStringInfoChar(out, '\n');
	for (int i = 0; i < table->ncolumns; i++)
	{
		write_row(out, &table->columns[i], y, node->width, details_x);
		y += row_height(&table->columns[i]);
	}
	if (table->hidden)
		write_text(out, KEY_X, y + 16, "wf-label wf-muted", psprintf("and %d more", table->hidden));
	appendStringInfo(out, "<rect class=\"wf-card wf-%s\" width=\"%d\" height=\"%d\" rx=\"8\" style=\"fill:none\"/></g>\n",
					 mark->name, node->width, node->height);
}

static void
write_row(StringInfo out, WfDiagramColumn *column, int y, int width, int details_x)
{
	const WfMarkStyle *mark = &wf_schema_mark[column->mark];
	const char *keys = wf_schema_render_keys(column);

	if (column->mark != WF_MARK_SAME)
	{
		appendStringInfo(out, "<rect class=\"wf-fill-%s\" x=\"2\" y=\"%d\" width=\"%d\" height=\"%d\"/>", mark->name,
						 y, width - 4, row_height(column) - 2);
		write_text(out, SIGN_X, y + 16, psprintf("wf-strong wf-ink-%s", mark->name), psprintf("%c", mark->sign));
	}
	write_text(out, KEY_X, y + 15, "wf-key wf-muted", keys);
	write_text(out, NAME_X, y + 16, "wf-text", wf_common_clip(column->name, WF_RENDER_CELL));
	write_text(out, details_x, y + 16, "wf-muted", wf_common_clip(column->details, WF_RENDER_CELL));
	if (column->was)
		write_text(out, details_x, y + 16 + WAS_HEIGHT, psprintf("wf-was wf-ink-%s", mark->name),
				   wf_common_clip(psprintf("was %s", column->was), WF_RENDER_CELL));
	appendStringInfoChar(out, '\n');
}

static void
write_text(StringInfo out, int x, int y, const char *class, const char *text)
{
	if (*text == '\0')
		return;
	appendStringInfo(out, "<text class=\"%s\" x=\"%d\" y=\"%d\">", class, x, y);
	wf_schema_render_xml(out, text);
	appendStringInfoString(out, "</text>");
}

/* Bends only between the layers, so no table is crossed. */
static void
write_route(StringInfo out, WfLayoutRoute *route)
{
	WfDiagramRelation *relation = route->relation;
	WfLayoutNode *first = linitial(route->nodes);
	WfLayoutNode *last = llast(route->nodes);
	int			x = first->x + first->width;
	int			y = port_y(first, route->swapped ? relation->child_column : relation->parent_column);
	int			start_x = x;
	int			start_y = y;

	if (first == last)
	{
		write_loop(out, route);
		return;
	}
	appendStringInfo(out, "<g><title>");
	wf_schema_render_xml(out, relation->name ? relation->name : relation->link->type->name);
	appendStringInfo(out, ", %s</title><path class=\"wf-line wf-%s\" d=\"M%d %d", wf_schema_mark[relation->mark].verb,
					 wf_schema_mark[relation->mark].name, x, y);
	for (int i = 1; i < list_length(route->nodes); i++)
	{
		WfLayoutNode *node = list_nth(route->nodes, i);
		int			to = node == last ? port_y(node, route->swapped ? relation->parent_column : relation->child_column)
		: node->y + node->height / 2;

		appendStringInfo(out, "C%d %d %d %d %d %d", (x + node->x) / 2, y, (x + node->x) / 2, to, node->x, to);
		y = to;
		x = node->x;
		if (node != last)
		{
			x += node->width;
			appendStringInfo(out, "H%d", x);
		}
	}
	appendStringInfoString(out, "\"/>");
	if (route->swapped)
		write_ends(out, relation, start_x, start_y, 1, x, y);
	else
		write_ends(out, relation, x, y, -1, start_x, start_y);
	appendStringInfoString(out, "</g>\n");
}

/* A table that refers to itself: a loop on its right. */
static void
write_loop(StringInfo out, WfLayoutRoute *route)
{
	WfDiagramRelation *relation = route->relation;
	WfLayoutNode *node = linitial(route->nodes);
	int			x = node->x + node->width;
	int			child_y = port_y(node, relation->child_column);
	int			parent_y = port_y(node, relation->parent_column);

	if (child_y == parent_y)
		parent_y = node->y + HEAD_HEIGHT / 2;
	appendStringInfo(out, "<g><title>");
	wf_schema_render_xml(out, relation->name ? relation->name : relation->link->type->name);
	appendStringInfo(out, ", %s</title><path class=\"wf-line wf-%s\" d=\"M%d %dC%d %d %d %d %d %d\"/>",
					 wf_schema_mark[relation->mark].verb, wf_schema_mark[relation->mark].name,
					 x, parent_y, x + 52, parent_y, x + 52, child_y, x, child_y);
	write_ends(out, relation, x, child_y, 1, x, parent_y);
	appendStringInfoString(out, "</g>\n");
}

/* A crow's foot or a bar at the child, a bar or a ring at the parent; the mark by the child. */
static void
write_ends(StringInfo out, WfDiagramRelation *relation, int child_x, int child_y, int child_side, int parent_x, int parent_y)
{
	const WfMarkStyle *mark = &wf_schema_mark[relation->mark];
	int			parent_side = child_x == parent_x ? child_side : -child_side;
	int			foot = child_x + 10 * child_side;
	int			bar = parent_x + 8 * parent_side;

	if (relation->inherits || relation->single)
		appendStringInfo(out, "<path class=\"wf-line wf-end wf-%s\" d=\"M%d %dV%d\"/>", mark->name,
						 child_x + 8 * child_side, child_y - 5, child_y + 5);
	else
		appendStringInfo(out, "<path class=\"wf-line wf-end wf-%s\" d=\"M%d %dL%d %dL%d %d\"/>", mark->name,
						 child_x, child_y - 6, foot, child_y, child_x, child_y + 6);
	if (relation->optional)
		appendStringInfo(out, "<circle class=\"wf-badge wf-end wf-%s\" cx=\"%d\" cy=\"%d\" r=\"4\" stroke-width=\"1.5\"/>",
						 mark->name, bar, parent_y);
	else
		appendStringInfo(out, "<path class=\"wf-line wf-end wf-%s\" d=\"M%d %dV%d\"/>", mark->name, bar, parent_y - 5,
						 parent_y + 5);
	if (relation->mark == WF_MARK_SAME)
		return;
	appendStringInfo(out, "<circle class=\"wf-badge wf-end wf-%s\" cx=\"%d\" cy=\"%d\" r=\"8\" stroke-width=\"1.5\"/>"
					 "<text class=\"wf-strong wf-ink-%s\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%c</text>", mark->name,
					 child_x + 24 * child_side, child_y, mark->name, child_x + 24 * child_side, child_y + 4, mark->sign);
}

/* The middle of a column's row, or of the head where the column is not shown. */
static int
port_y(WfLayoutNode *node, const char *column)
{
	WfDiagramColumn *found = wf_schema_render_find_column(node->table, column);
	int			y = node->y + HEAD_HEIGHT;

	if (!found)
		return node->y + HEAD_HEIGHT / 2;
	for (WfDiagramColumn *c = node->table->columns; c < found; c++)
		y += row_height(c);
	return y + ROW_HEIGHT / 2;
}

/* What the drawing has no place for, from y on; returns where it ends. */
static int
write_notes(StringInfo out, WfDiagram *diagram, int y)
{
	ListCell   *lc;

	if (diagram->more)
	{
		write_text(out, MARGIN, y + 12, "wf-label wf-muted", psprintf("and %d more tables", diagram->more));
		y += NOTE_HEIGHT + 8;
	}
	if (diagram->others)
	{
		write_text(out, MARGIN, y + 12, "wf-label wf-strong wf-muted", "Besides tables");
		y += NOTE_HEIGHT + 4;
	}
	foreach(lc, diagram->others)
	{
		WfRenderObject *object = lfirst(lc);
		const WfMarkStyle *mark = &wf_schema_mark[object->mark];

		write_text(out, MARGIN, y + 12, psprintf("wf-strong wf-ink-%s", mark->name), psprintf("%c", mark->sign));
		write_text(out, MARGIN + 18, y + 12, "wf-text", wf_common_clip(wf_schema_render_title(object), 2 * WF_RENDER_CELL));
		appendStringInfoChar(out, '\n');
		y += NOTE_HEIGHT;
	}
	if (diagram->more_others)
	{
		write_text(out, MARGIN, y + 12, "wf-label wf-muted", psprintf("and %d more", diagram->more_others));
		y += NOTE_HEIGHT;
	}
	return y;
}
