/*
 * source.h: the text that a live command was written as.
 */
#ifndef WF_GUARD_SOURCE_H
#define WF_GUARD_SOURCE_H

#include "postgres.h"

#include "nodes/nodes.h"

/* A statement within the client's query. */
typedef struct WfGuardSource
{
	const char *text;			/* the whole query */
	int			location;		/* of the statement, in bytes */
	int			length;
} WfGuardSource;

extern bool wf_guard_find_source(Node *tree, WfGuardSource *source);
extern char *wf_guard_source_copy(const WfGuardSource *source);

#endif							/* WF_GUARD_SOURCE_H */
