/*
 * type_usage.h: which columns a type is used in.
 */
#ifndef WF_DDL_TYPE_USAGE_H
#define WF_DDL_TYPE_USAGE_H

#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/snapshot.h"

extern bool wf_ddl_type_is_new(Oid type);
extern bool wf_ddl_type_in_use(Oid type);
extern List *wf_ddl_type_columns(Oid type, int limit, int *total);

/* An enum as a snapshot shows it, dropped since or not. */
typedef struct WfEnumSeen
{
	char	   *name;			/* qualified and quoted */
	bool		is_new;			/* made by this transaction */
	int			total;			/* columns that use it */
	List	   *columns;		/* the first of them */
} WfEnumSeen;

extern bool wf_ddl_enum_seen(Oid type, Snapshot snapshot, int limit, WfEnumSeen *seen);

#endif							/* WF_DDL_TYPE_USAGE_H */
