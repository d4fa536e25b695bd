/*
 * type_usage.h: which columns a type is used in.
 */
#ifndef WF_DDL_TYPE_USAGE_H
#define WF_DDL_TYPE_USAGE_H

#include "postgres.h"
#include "nodes/pg_list.h"

extern bool wf_ddl_type_is_new(Oid type);
extern bool wf_ddl_type_in_use(Oid type);
extern List *wf_ddl_type_columns(Oid type, int limit, int *total);

#endif							/* WF_DDL_TYPE_USAGE_H */
