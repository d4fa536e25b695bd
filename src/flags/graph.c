/*
 * graph.c: the flags and segments of the cache, and which of them ask which.
 *
 * What a flag asks is looked up when it is gone through, so that a look at one
 * flag compiles those alone that it depends on.
 */
#include "common/compat.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "flags/graph.h"

typedef struct NodeKey
{
	WfString	key;
	bool		is_segment;
} NodeKey;

typedef struct NodeSlot
{
	NodeKey		key;
	WfGraphNode *node;
	char		status;
} NodeSlot;

#define SH_PREFIX node_table
#define SH_ELEMENT_TYPE NodeSlot
#define SH_KEY_TYPE NodeKey
#define SH_KEY key
#define SH_HASH_KEY(tb, k) (hash_bytes((const unsigned char *) (k).key.data, (k).key.len) ^ (k).is_segment)
#define SH_EQUAL(tb, a, b) ((a).is_segment == (b).is_segment && wf_flags_strings_equal((a).key, (b).key))
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct WfGraph
{
	node_table_hash *nodes;
	int			visits;			/* searches so far */
	List	   *all;			/* while the graph is filled */
};

static void add_flag(void *arg, const WfFlag *flag);
static void add_segment(void *arg, const WfSegment *segment);
static int	compare_nodes(const ListCell *a, const ListCell *b);
static WfGraphLink *make_link(WfGraphNode *node, const WfFlagTest *test);
static List *way_to(WfGraphNode *from, WfGraphNode *to);

/* An empty graph, in the current memory context. */
WfGraph *
wf_flags_graph_create(void)
{
	WfGraph    *graph = palloc0(sizeof(WfGraph));

	graph->nodes = node_table_create(CurrentMemoryContext, 64, NULL);
	return graph;
}

/* The node of a flag or segment, whether it exists or not. */
WfGraphNode *
wf_flags_graph_node(WfGraph *graph, bool is_segment, WfString key)
{
	NodeKey		node_key = {key, is_segment};
	bool		found;
	NodeSlot   *slot = node_table_insert(graph->nodes, node_key, &found);
	WfGraphNode *node;

	if (found)
		return slot->node;
	node = slot->node = palloc0(sizeof(WfGraphNode));
	node->key = key;
	node->is_segment = is_segment;
	if (is_segment)
		node->segment = wf_flags_segments_find(NULL, key);
	else
		node->flag = wf_flags_store_find(key);
	return node;
}

/* What a node asks: a List of WfGraphLink. */
List *
wf_flags_graph_asks(WfGraph *graph, WfGraphNode *node)
{
	List	   *uses = NIL;
	ListCell   *lc;

	if (node->asks_known)
		return node->asks;
	node->asks_known = true;
	if (node->flag)
		uses = wf_flags_program_uses(node->flag->program);
	else if (node->segment)
		uses = wf_flags_segment_uses(node->segment);
	foreach(lc, uses)
	{
		const WfUse *use = (const WfUse *) lfirst(lc);
		WfGraphNode *asked = wf_flags_graph_node(graph, use->is_segment, use->key);

		node->asks = lappend(node->asks, make_link(asked, use->test));
		asked->askers = lappend(asked->askers, make_link(node, use->test));
	}
	return node->asks;
}

/*
 * Goes through all that there is, so that it is known who asks for a node.
 * Returns the flags and segments that exist, by kind and key.
 */
List *
wf_flags_graph_fill(WfGraph *graph)
{
	ListCell   *lc;

	graph->all = NIL;
	wf_flags_store_each(add_flag, graph);
	wf_flags_segments_each(add_segment, graph);
	list_sort(graph->all, compare_nodes);
	foreach(lc, graph->all)
	{
		CHECK_FOR_INTERRUPTS();
		(void) wf_flags_graph_asks(graph, (WfGraphNode *) lfirst(lc));
	}
	return graph->all;
}

/* The nodes, and all that they ask at any distance, the nearer ones first. */
List *
wf_flags_graph_reach(WfGraph *graph, List *nodes)
{
	int			visit = ++graph->visits;
	List	   *reached = NIL;
	ListCell   *lc;

	foreach(lc, nodes)
	{
		WfGraphNode *node = (WfGraphNode *) lfirst(lc);

		if (node->visit != visit)
			reached = lappend(reached, node);
		node->visit = visit;
	}
	/* The list grows while it is gone through. */
	foreach(lc, reached)
	{
		WfGraphNode *node = (WfGraphNode *) lfirst(lc);
		ListCell   *link;

		foreach(link, wf_flags_graph_asks(graph, node))
		{
			WfGraphNode *asked = ((WfGraphLink *) lfirst(link))->node;

			if (asked->visit == visit)
				continue;
			asked->visit = visit;
			asked->from = node;
			reached = lappend(reached, asked);
		}
	}
	return reached;
}

/* The shortest way from a node back to itself, both ends included; NIL for none. */
List *
wf_flags_graph_circle(WfGraph *graph, WfGraphNode *node)
{
	List	   *reached;
	ListCell   *lc;

	node->from = NULL;
	reached = wf_flags_graph_reach(graph, list_make1(node));
	foreach(lc, reached)
	{
		WfGraphNode *last = (WfGraphNode *) lfirst(lc);
		ListCell   *link;

		foreach(link, last->asks)
		{
			if (((WfGraphLink *) lfirst(link))->node == node)
				return lappend(way_to(node, last), node);
		}
	}
	return NIL;
}

/* What a node is called among flags. */
const char *
wf_flags_graph_name(const WfGraphNode *node)
{
	return psprintf("%s%.*s", node->is_segment ? "segment " : "", node->key.len, node->key.data);
}

/* The names of nodes along a way. */
const char *
wf_flags_graph_chain(const List *way)
{
	StringInfoData chain;
	ListCell   *lc;

	initStringInfo(&chain);
	foreach(lc, way)
		appendStringInfo(&chain, "%s%s", chain.len > 0 ? " -> " : "",
						 wf_flags_graph_name((const WfGraphNode *) lfirst(lc)));
	return chain.data;
}

static void
add_flag(void *arg, const WfFlag *flag)
{
	WfGraph    *graph = (WfGraph *) arg;

	graph->all = lappend(graph->all, wf_flags_graph_node(graph, false, flag->key));
}

static void
add_segment(void *arg, const WfSegment *segment)
{
	WfGraph    *graph = (WfGraph *) arg;

	graph->all = lappend(graph->all, wf_flags_graph_node(graph, true, segment->key));
}

static int
compare_nodes(const ListCell *a, const ListCell *b)
{
	const WfGraphNode *x = (const WfGraphNode *) lfirst(a);
	const WfGraphNode *y = (const WfGraphNode *) lfirst(b);

	if (x->is_segment != y->is_segment)
		return x->is_segment - y->is_segment;
	return wf_flags_strings_compare(x->key, y->key);
}

static WfGraphLink *
make_link(WfGraphNode *node, const WfFlagTest *test)
{
	WfGraphLink *link = palloc(sizeof(WfGraphLink));

	link->node = node;
	link->test = test;
	return link;
}

/* The nodes by which the last search came from one to the other. */
static List *
way_to(WfGraphNode *from, WfGraphNode *to)
{
	List	   *way = NIL;

	for (WfGraphNode *node = to; node != from; node = node->from)
		way = lcons(node, way);
	return lcons(from, way);
}
