/*
 * cook_index.h: showing what was parsed as the server shows what it stores.
 */
#ifndef WF_SCHEMA_COOK_INDEX_H
#define WF_SCHEMA_COOK_INDEX_H

#include "postgres.h"

#include "nodes/parsenodes.h"

/* cook.c */
extern char *wf_schema_show_expression(Node *node, Oid table);

/* cook_index.c */
extern void wf_schema_resolve_index(IndexStmt *index, Oid table);
extern char *wf_schema_show_index(IndexStmt *index, Oid table);

#endif							/* WF_SCHEMA_COOK_INDEX_H */
