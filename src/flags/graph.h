/*
 * graph.h: the flags and segments of the cache, and which of them ask which.
 *
 * A graph is valid until the cache's generation changes.
 */
#ifndef WF_FLAGS_GRAPH_H
#define WF_FLAGS_GRAPH_H

#include "flags/store.h"
#include "flags/uses.h"

typedef struct WfGraph WfGraph;

/* A flag or a segment; also one that is asked and does not exist. */
typedef struct WfGraphNode
{
	WfString	key;
	bool		is_segment;
	const WfFlag *flag;			/* or NULL */
	const WfSegment *segment;	/* or NULL */
	List	   *asks;			/* of WfGraphLink; see wf_flags_graph_asks() */
	List	   *askers;			/* of WfGraphLink; once the graph was filled */
	bool		asks_known;
	int			visit;			/* the last search that came by ... */
	struct WfGraphNode *from;	/* ... and from where */
	int			mark;			/* for whoever goes through the graph; 0 at
								 * first */
} WfGraphNode;

/* One end of a line of the graph. */
typedef struct WfGraphLink
{
	WfGraphNode *node;
	const WfFlagTest *test;		/* or NULL: a segment */
} WfGraphLink;

extern WfGraph *wf_flags_graph_create(void);
extern WfGraphNode *wf_flags_graph_node(WfGraph *graph, bool is_segment, WfString key);
extern List *wf_flags_graph_asks(WfGraph *graph, WfGraphNode *node);
extern List *wf_flags_graph_fill(WfGraph *graph);
extern List *wf_flags_graph_reach(WfGraph *graph, List *nodes);
extern List *wf_flags_graph_circle(WfGraph *graph, WfGraphNode *node);
extern const char *wf_flags_graph_name(const WfGraphNode *node);
extern const char *wf_flags_graph_chain(const List *way);

static inline bool
wf_flags_graph_exists(const WfGraphNode *node)
{
	return node->flag || node->segment;
}

#endif							/* WF_FLAGS_GRAPH_H */
