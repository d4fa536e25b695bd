/*
 * populated.h: whether a table holds rows that others may be using, and how
 * many, found out without keeping a lock.
 */
#ifndef WF_DDL_POPULATED_H
#define WF_DDL_POPULATED_H

#include "postgres.h"

/* How large a table is, partitions included. */
typedef struct WfTableSize
{
	double		rows;			/* counted up to 64 blocks, estimated past
								 * that; -1 when it can't be told */
	int64		bytes;			/* of the main fork; -1 when it can't be told */
} WfTableSize;

extern bool wf_ddl_relation_is_new(Oid relid);
extern bool wf_ddl_holds_rows(Oid relid);
extern void wf_ddl_table_size(Oid relid, WfTableSize *size);
extern void wf_ddl_heirs_size(Oid relid, WfTableSize *size);

#endif							/* WF_DDL_POPULATED_H */
