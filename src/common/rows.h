/*
 * rows.h: reading the rows of a function without a query.
 */
#ifndef WF_COMMON_ROWS_H
#define WF_COMMON_ROWS_H

#include "postgres.h"

#include "executor/tuptable.h"

typedef void (*WfTakeSlot) (TupleTableSlot *slot, void *arg);

extern void wf_common_rows(Oid function, int nargs, const Datum *args, WfTakeSlot take, void *arg);
extern char *wf_common_slot_text(TupleTableSlot *slot, int column);

#endif							/* WF_COMMON_ROWS_H */
