/*
 * rows.c: reading the rows of a function without a query.
 */
#include "common/compat.h"

#include "executor/executor.h"
#include "fmgr.h"
#include "nodes/execnodes.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "common/rows.h"

/* The functions called here take no more arguments. */
#define MAX_ARGUMENTS 2

/*
 * Hands each row of a set-returning function, which must materialize them, to
 * take().  No argument may be null; rights are not checked.
 */
void
wf_common_rows(Oid function, int nargs, const Datum *args, WfTakeSlot take, void *arg)
{
	ReturnSetInfo result = {.type = T_ReturnSetInfo, .allowedModes = SFRM_Materialize};
	FmgrInfo	flinfo;
	TupleTableSlot *slot;

	LOCAL_FCINFO(fcinfo, MAX_ARGUMENTS);
	Assert(nargs <= MAX_ARGUMENTS);
	fmgr_info(function, &flinfo);
	result.econtext = CreateStandaloneExprContext();
	InitFunctionCallInfoData(*fcinfo, &flinfo, nargs, InvalidOid, NULL, (Node *) &result);
	for (int i = 0; i < nargs; i++)
	{
		fcinfo->args[i].value = args[i];
		fcinfo->args[i].isnull = false;
	}
	(void) FunctionCallInvoke(fcinfo);
	slot = MakeSingleTupleTableSlot(result.setDesc, &TTSOpsMinimalTuple);
	while (tuplestore_gettupleslot(result.setResult, true, false, slot))
		take(slot, arg);
	ExecDropSingleTupleTableSlot(slot);
	tuplestore_end(result.setResult);
	FreeExprContext(result.econtext, true);
}

/* A column of type text; NULL for null. */
char *
wf_common_slot_text(TupleTableSlot *slot, int column)
{
	bool		isnull;
	Datum		value = slot_getattr(slot, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}
