/*
 * append.h: adding rows to a table without a query.
 */
#ifndef WF_COMMON_APPEND_H
#define WF_COMMON_APPEND_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "common/write.h"

/* A table that rows are being added to. */
typedef struct WfAppend
{
	EState	   *estate;
	ResultRelInfo *table;
	TupleTableSlot *slot;
	MemoryContext row_context;	/* for the values of a row */
	bool		as_owner;		/* triggers run, as the table's owner */
	WfWrite		write;			/* if so */
} WfAppend;

extern void wf_common_append_begin(WfAppend *append, Oid table, int columns);
extern void wf_common_append_row(WfAppend *append, const Datum *values, const bool *nulls);
extern void wf_common_append_end(WfAppend *append);

#endif							/* WF_COMMON_APPEND_H */
