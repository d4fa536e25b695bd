/*
 * dependency_diagram.c: flag_dependencies() for Mermaid and Graphviz.
 *
 * Both draw a line from what asks to what is asked; segments are round.  Keys
 * stand in labels only, so that they may be anything.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"

#include "common/width.h"
#include "flags/dependency_list.h"

/* Room for a key in a label. */
#define LABEL_WIDTH 40

/* A language of graphs. */
typedef struct Diagram
{
	const char *head;
	const char *style;			/* or NULL */
	const char *foot;			/* or NULL */
	void		(*node) (StringInfo line, const WfGraphNode *node);
	void		(*link) (StringInfo line, int from, int to, const char *label);
} Diagram;

static void list_diagram(WfDependencyList *list, const Diagram *diagram);
static List *shown_nodes(WfDependencyList *list);
static void add_askers(List **nodes, WfGraphNode *node);
static void mermaid_node(StringInfo line, const WfGraphNode *node);
static void mermaid_link(StringInfo line, int from, int to, const char *label);
static void mermaid_text(StringInfo line, const char *text);
static void dot_node(StringInfo line, const WfGraphNode *node);
static void dot_link(StringInfo line, int from, int to, const char *label);
static void dot_text(StringInfo line, const char *text);
static const char *label_of(const WfGraphNode *node);

static const Diagram mermaid = {"flowchart LR", NULL, NULL, mermaid_node, mermaid_link};
static const Diagram dot = {"digraph flags {", "  node [shape=box];", "}", dot_node, dot_link};

void
wf_flags_list_mermaid(WfDependencyList *list)
{
	list_diagram(list, &mermaid);
}

void
wf_flags_list_dot(WfDependencyList *list)
{
	list_diagram(list, &dot);
}

static void
list_diagram(WfDependencyList *list, const Diagram *diagram)
{
	List	   *nodes = shown_nodes(list);
	StringInfoData line;
	ListCell   *lc;

	initStringInfo(&line);
	list->put(list->arg, diagram->head);
	if (diagram->style)
		list->put(list->arg, diagram->style);
	foreach(lc, nodes)
	{
		resetStringInfo(&line);
		diagram->node(&line, (const WfGraphNode *) lfirst(lc));
		list->put(list->arg, line.data);
	}
	foreach(lc, nodes)
	{
		WfGraphNode *node = (WfGraphNode *) lfirst(lc);
		ListCell   *link;

		foreach(link, node->asks)
		{
			const WfGraphLink *asked = (const WfGraphLink *) lfirst(link);

			/* What is asked by those who ask for the flag is not its own. */
			if (asked->node->mark == 0)
				continue;
			resetStringInfo(&line);
			diagram->link(&line, node->mark, asked->node->mark,
						  wf_common_clip(wf_flags_link_label(asked), LABEL_WIDTH));
			list->put(list->arg, line.data);
		}
	}
	if (diagram->foot)
		list->put(list->arg, diagram->foot);
}

/*
 * The nodes of the diagram, numbered by their marks from 1: of one flag, what it
 * reaches and what reaches it.
 */
static List *
shown_nodes(WfDependencyList *list)
{
	List	   *asking = NIL;
	List	   *nodes;
	ListCell   *lc;

	foreach(lc, list->flag ? NIL : list->all)
	{
		WfGraphNode *node = (WfGraphNode *) lfirst(lc);

		if (node->asks != NIL)
			asking = lappend(asking, node);
	}
	nodes = wf_flags_graph_reach(list->graph, list->flag ? list_make1(list->flag) : asking);
	foreach(lc, nodes)
		((WfGraphNode *) lfirst(lc))->mark = foreach_current_index(lc) + 1;
	if (list->flag)
		add_askers(&nodes, list->flag);
	return nodes;
}

/* All that reach a node. */
static void
add_askers(List **nodes, WfGraphNode *node)
{
	List	   *askers = list_make1(node);
	ListCell   *lc;

	/* The list grows while it is gone through. */
	foreach(lc, askers)
	{
		ListCell   *link;

		foreach(link, ((WfGraphNode *) lfirst(lc))->askers)
		{
			WfGraphNode *asker = ((WfGraphLink *) lfirst(link))->node;

			if (asker->mark)
				continue;
			askers = lappend(askers, asker);
			*nodes = lappend(*nodes, asker);
			asker->mark = list_length(*nodes);
		}
	}
}

static void
mermaid_node(StringInfo line, const WfGraphNode *node)
{
	appendStringInfo(line, "  n%d%s\"", node->mark, node->is_segment ? "([" : "[");
	mermaid_text(line, label_of(node));
	appendStringInfo(line, "\"%s", node->is_segment ? "])" : "]");
}

static void
mermaid_link(StringInfo line, int from, int to, const char *label)
{
	appendStringInfo(line, "  n%d --> ", from);
	if (label[0])
	{
		appendStringInfoString(line, "|\"");
		mermaid_text(line, label);
		appendStringInfoString(line, "\"| ");
	}
	appendStringInfo(line, "n%d", to);
}

/* What could be Markdown, HTML or the end of the label is written as an entity. */
static void
mermaid_text(StringInfo line, const char *text)
{
	for (; *text; text++)
	{
		if (strchr("\"#<>&`*~\\%{}[]();:|$", *text))
			appendStringInfo(line, "#%d;", (unsigned char) *text);
		else
			appendStringInfoChar(line, *text);
	}
}

static void
dot_node(StringInfo line, const WfGraphNode *node)
{
	appendStringInfo(line, "  n%d [label=\"", node->mark);
	dot_text(line, label_of(node));
	appendStringInfo(line, "\"%s%s];", node->is_segment ? ", shape=oval" : "",
					 wf_flags_graph_exists(node) ? "" : ", style=dashed");
}

static void
dot_link(StringInfo line, int from, int to, const char *label)
{
	appendStringInfo(line, "  n%d -> n%d", from, to);
	if (label[0])
	{
		appendStringInfoString(line, " [label=\"");
		dot_text(line, label);
		appendStringInfoString(line, "\"]");
	}
	appendStringInfoChar(line, ';');
}

/* Graphviz reads entities of HTML and escapes in every label. */
static void
dot_text(StringInfo line, const char *text)
{
	for (; *text; text++)
	{
		if (*text == '&')
			appendStringInfoString(line, "&amp;");
		else if (*text == '"' || *text == '\\')
			appendStringInfo(line, "\\%c", *text);
		else
			appendStringInfoChar(line, *text);
	}
}

static const char *
label_of(const WfGraphNode *node)
{
	const char *key = wf_common_clip(pnstrdup(node->key.data, node->key.len), LABEL_WIDTH);

	return psprintf("%s%s", key, wf_flags_graph_exists(node) ? "" : " (missing)");
}
