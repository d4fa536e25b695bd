/*
 * walk.h: visiting the expressions of a raw statement.
 */
#ifndef WF_DDL_WALK_H
#define WF_DDL_WALK_H

#include "postgres.h"

#include "nodes/nodes.h"

/* Called for each node; true ends the walk. */
typedef bool (*WfVisit) (Node *node, void *context);

extern bool wf_ddl_walk(Node *node, WfVisit visit, void *context);

#endif							/* WF_DDL_WALK_H */
