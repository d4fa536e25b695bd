/*
 * dependency_list.h: the lines of flag_dependencies().
 */
#ifndef WF_FLAGS_DEPENDENCY_LIST_H
#define WF_FLAGS_DEPENDENCY_LIST_H

#include "flags/graph.h"

/* No line is wider. */
#define WF_DEPENDENCY_WIDTH 80

/* Where the lines go. */
typedef void (*WfPutLine) (void *arg, const char *line);

/* Of one flag, or of all that ask or are asked. */
typedef struct WfDependencyList
{
	WfGraph    *graph;
	List	   *all;			/* all nodes that exist */
	WfGraphNode *flag;			/* or NULL: all */
	WfPutLine	put;
	void	   *arg;
} WfDependencyList;

extern const char *wf_flags_link_label(const WfGraphLink *link);

extern void wf_flags_list_tree(WfDependencyList *list);
extern void wf_flags_list_mermaid(WfDependencyList *list);
extern void wf_flags_list_dot(WfDependencyList *list);

#endif							/* WF_FLAGS_DEPENDENCY_LIST_H */
