/*
 * cook.h: DDL text of others as the server itself would store and show it.
 */
#ifndef WF_SCHEMA_COOK_H
#define WF_SCHEMA_COOK_H

#include "postgres.h"

#include "nodes/pg_list.h"

extern char *wf_schema_cook_type(const char *path, const char *text, Oid *type, int32 *typmod);
extern char *wf_schema_cook_default(const char *path, const char *text, Oid type, int32 typmod, bool *is_volatile);
extern char *wf_schema_cook_generated(const char *path, const char *text, Oid table, Oid type, int32 typmod);
extern char *wf_schema_cook_check(const char *path, const char *text, Oid table);
extern char *wf_schema_cook_index(const char *path, const char *text, Oid table);
extern char *wf_schema_cook_view(const char *path, const char *text, List **relations);

#endif							/* WF_SCHEMA_COOK_H */
