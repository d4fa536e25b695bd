/*
 * dependency_tree.c: flag_dependencies() as a tree, for people.
 *
 * Below a flag stand what it requires and, in the lines of their own, what
 * requires it.  What stands in the tree already is not told again.
 */
#include "common/compat.h"

#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "common/width.h"
#include "flags/dependency_list.h"

/* How far the tree goes down; what is below can be asked for by its flag. */
#define DEPTH_MAX 12

/* One way through the graph: what a node asks, or who asks for it. */
typedef struct Direction
{
	const char *to_flag;		/* what a line to a flag says */
	const char *to_segment;
	bool		backward;
	int			told;			/* marks nodes whose branches are in the tree */
} Direction;

static const Direction forward = {"requires", "uses segment", false, 1};
static const Direction backward = {"required by", "required by segment", true, 2};

static void list_root(WfDependencyList *list, WfGraphNode *node, bool both);
static void list_branches(WfDependencyList *list, WfGraphNode *node, const Direction *direction, const char *indent, int depth,
						  bool more);
static void list_branch(WfDependencyList *list, const WfGraphLink *link, const Direction *direction, const char *indent, int depth,
						bool last);
static const char *state_of(const WfGraphNode *node);
static List *links_of(const WfGraphNode *node, const Direction *direction);

void
wf_flags_list_tree(WfDependencyList *list)
{
	ListCell   *lc;

	if (list->flag)
	{
		list_root(list, list->flag, true);
		return;
	}
	foreach(lc, list->all)
	{
		WfGraphNode *node = (WfGraphNode *) lfirst(lc);

		if (node->askers == NIL && node->asks != NIL)
			list_root(list, node, false);
	}
	/* In a circle nobody is first; circles are older than the check. */
	foreach(lc, list->all)
	{
		WfGraphNode *node = (WfGraphNode *) lfirst(lc);

		if (node->asks != NIL && !(node->mark & forward.told))
			list_root(list, node, false);
	}
}

static void
list_root(WfDependencyList *list, WfGraphNode *node, bool both)
{
	const char *line = psprintf("%s%s", wf_flags_graph_name(node), state_of(node));

	list->put(list->arg, wf_common_clip(line, WF_DEPENDENCY_WIDTH));
	list_branches(list, node, &forward, "", 1, both && node->askers != NIL);
	if (both)
		list_branches(list, node, &backward, "", 1, false);
}

/* The lines below a node; more of its lines may come after them. */
static void
list_branches(WfDependencyList *list, WfGraphNode *node, const Direction *direction, const char *indent, int depth, bool more)
{
	List	   *links = links_of(node, direction);
	ListCell   *lc;

	node->mark |= direction->told;
	foreach(lc, links)
		list_branch(list, (const WfGraphLink *) lfirst(lc), direction, indent, depth,
					!more && foreach_current_index(lc) == list_length(links) - 1);
}

static void
list_branch(WfDependencyList *list, const WfGraphLink *link, const Direction *direction, const char *indent, int depth, bool last)
{
	WfGraphNode *node = link->node;
	const char *label = wf_flags_link_label(link);
	StringInfoData line;
	bool		told = (node->mark & direction->told) != 0;
	bool		below = links_of(node, direction) != NIL;

	initStringInfo(&line);
	appendStringInfo(&line, "%s%s %s %.*s%s", indent, last ? "`--" : "|--",
					 node->is_segment ? direction->to_segment : direction->to_flag,
					 node->key.len, node->key.data, state_of(node));
	if (label[0])
		appendStringInfo(&line, ", %s", label);
	if (below && told)
		appendStringInfoString(&line, ", as above");
	else if (below && depth == DEPTH_MAX)
		appendStringInfoString(&line, ", and more");
	list->put(list->arg, wf_common_clip(line.data, WF_DEPENDENCY_WIDTH));
	if (below && !told && depth < DEPTH_MAX)
		list_branches(list, node, direction, psprintf("%s%s", indent, last ? "    " : "|   "), depth + 1, false);
}

static const char *
state_of(const WfGraphNode *node)
{
	const WfFlag *flag = node->flag;

	if (!wf_flags_graph_exists(node))
		return " (missing)";
	if (node->is_segment)
		return "";
	if (flag->archived)
		return " (archived)";
	return flag->program->enabled && !(flag->program->expires && flag->program->expires_at <= GetCurrentTimestamp())
		? " (on)" : " (off)";
}

static List *
links_of(const WfGraphNode *node, const Direction *direction)
{
	return direction->backward ? node->askers : node->asks;
}
