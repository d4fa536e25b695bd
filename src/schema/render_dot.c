/*
 * render_dot.c: a schema diff as a graph of Graphviz.
 */
#include "common/compat.h"

#include "common/width.h"
#include "schema/render_diagram.h"

/* On a white ground, whatever the page has; the pens differ in more than colour. */
typedef struct DotStyle
{
	const char *fill;
	const char *pen;
	const char *style;			/* of a line */
} DotStyle;

static const DotStyle styles[] = {
	{"#f2f4f6", "#6b7785", "solid"},
	{"#d6eaff", "#0a5ca8", "bold"},
	{"#ffe3d3", "#b34700", "dashed"},
	{"#f0e4fa", "#7a3fa8", "dotted"},
};

static void write_table(StringInfo out, WfDiagramTable *table);
static void write_column(StringInfo out, WfDiagramTable *table, WfDiagramColumn *column);
static void write_relation(StringInfo out, WfDiagramRelation *relation);
static void write_port(StringInfo out, WfDiagramTable *table, const char *column, char side);
static void write_notes(StringInfo out, WfRenderTree *tree, WfDiagram *diagram);

/* Tables are nodes with a row a column, foreign keys lead from column to column. */
void
wf_schema_render_dot(StringInfo out, WfRenderTree *tree, const WfRenderOptions *options)
{
	WfDiagram  *diagram = wf_schema_render_diagram(tree, options);
	ListCell   *lc;

	appendStringInfoString(out, "digraph schema {\n"
						   "  graph [rankdir=RL, bgcolor=white, fontname=\"Helvetica\", fontsize=12, nodesep=0.4, ranksep=1.2];\n"
						   "  node [shape=plain, fontname=\"Helvetica\", fontsize=11];\n"
						   "  edge [fontname=\"Helvetica\", fontsize=9, fontcolor=\"#3d4753\"];\n");
	write_notes(out, tree, diagram);
	foreach(lc, diagram->tables)
		write_table(out, lfirst(lc));
	foreach(lc, diagram->relations)
		write_relation(out, lfirst(lc));
	appendStringInfoString(out, "}\n");
}

static void
write_table(StringInfo out, WfDiagramTable *table)
{
	const DotStyle *style = &styles[table->mark];

	appendStringInfo(out, "  t%d [label=<<TABLE BORDER=\"%d\" CELLBORDER=\"0\" CELLSPACING=\"0\" CELLPADDING=\"5\""
					 " COLOR=\"%s\" BGCOLOR=\"white\"%s>\n", table->number, table->mark == WF_MARK_ADDED ? 2 : 1,
					 style->pen, table->mark == WF_MARK_REMOVED ? " STYLE=\"dashed\"" :
					 table->mark == WF_MARK_CHANGED ? " STYLE=\"dotted\"" : "");
	appendStringInfo(out, "    <TR><TD COLSPAN=\"3\" BGCOLOR=\"%s\"><B>", style->fill);
	if (table->mark != WF_MARK_SAME)
		appendStringInfo(out, "%c ", wf_schema_mark[table->mark].sign);
	wf_schema_render_xml(out, table->name);
	appendStringInfoString(out, "</B></TD></TR>\n");
	for (int i = 0; i < table->ncolumns; i++)
		write_column(out, table, &table->columns[i]);
	if (table->hidden)
		appendStringInfo(out, "    <TR><TD COLSPAN=\"3\" ALIGN=\"LEFT\"><I>and %d more</I></TD></TR>\n",
						 table->hidden);
	appendStringInfoString(out, "  </TABLE>>];\n");
}

static void
write_column(StringInfo out, WfDiagramTable *table, WfDiagramColumn *column)
{
	const DotStyle *style = &styles[column->mark];
	int			number = (int) (column - table->columns) + 1;
	char	   *fill = column->mark == WF_MARK_SAME ? "" : psprintf(" BGCOLOR=\"%s\"", style->fill);

	appendStringInfo(out, "    <TR><TD ALIGN=\"LEFT\" PORT=\"w%d\"%s>%c %s</TD><TD ALIGN=\"LEFT\"%s>", number, fill,
					 wf_schema_mark[column->mark].sign, wf_schema_render_keys(column), fill);
	wf_schema_render_xml(out, column->name);
	appendStringInfo(out, "</TD><TD ALIGN=\"LEFT\" PORT=\"e%d\"%s>", number, fill);
	wf_schema_render_xml(out, wf_common_clip(column->details, WF_RENDER_CELL));
	if (column->was)
	{
		appendStringInfoString(out, "<BR ALIGN=\"LEFT\"/>was ");
		wf_schema_render_xml(out, wf_common_clip(column->was, WF_RENDER_CELL));
		appendStringInfoString(out, "<BR ALIGN=\"LEFT\"/>");
	}
	appendStringInfoString(out, "</TD></TR>\n");
}

static void
write_relation(StringInfo out, WfDiagramRelation *relation)
{
	const DotStyle *style = &styles[relation->mark];

	appendStringInfoChar(out, ' ');
	write_port(out, relation->child, relation->child_column, 'w');
	appendStringInfoString(out, " ->");
	write_port(out, relation->parent, relation->parent_column, relation->child == relation->parent ? 'w' : 'e');
	appendStringInfo(out, " [dir=both, arrowtail=%s, arrowhead=%s, color=\"%s\", style=%s, label=<",
					 relation->inherits ? "none" : relation->single ? "teeodot" : "crowodot",
					 relation->inherits ? "onormal" : relation->optional ? "teeodot" : "teetee", style->pen, style->style);
	if (relation->mark != WF_MARK_SAME)
		appendStringInfo(out, "%c ", wf_schema_mark[relation->mark].sign);
	wf_schema_render_xml(out, relation->name ? relation->name : relation->link->type->name);
	appendStringInfoString(out, ">];\n");
}

/* The west side of a column's row, or the east. */
static void
write_port(StringInfo out, WfDiagramTable *table, const char *column, char side)
{
	WfDiagramColumn *found = wf_schema_render_find_column(table, column);

	appendStringInfo(out, " t%d", table->number);
	if (found)
		appendStringInfo(out, ":%c%d:%c", side, (int) (found - table->columns) + 1, side);
}

/* The summary, and what the picture does not show. */
static void
write_notes(StringInfo out, WfRenderTree *tree, WfDiagram *diagram)
{
	ListCell   *lc;

	appendStringInfo(out, "  label=<%s<BR ALIGN=\"LEFT\"/>\n", wf_schema_render_summary(tree));
	if (diagram->more)
		appendStringInfo(out, "and %d more tables<BR ALIGN=\"LEFT\"/>\n", diagram->more);
	foreach(lc, diagram->others)
	{
		WfRenderObject *object = lfirst(lc);

		appendStringInfo(out, "%c ", wf_schema_mark[object->mark].sign);
		wf_schema_render_xml(out, wf_common_clip(wf_schema_render_title(object), 2 * WF_RENDER_CELL));
		appendStringInfoString(out, "<BR ALIGN=\"LEFT\"/>\n");
	}
	if (diagram->more_others)
		appendStringInfo(out, "and %d more<BR ALIGN=\"LEFT\"/>\n", diagram->more_others);
	appendStringInfoString(out, "  >;\n  labeljust=l;\n");
}
