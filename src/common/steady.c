/*
 * steady.c: reading catalogs that other sessions change meanwhile.
 *
 * What reads many objects without locks can meet one of which it has seen the
 * name already and that is gone when the server describes it: then it raises
 * what it raises for a damaged catalog.  To read once more is enough, for the
 * object is not found any more.
 */
#include "common/compat.h"

#include "funcapi.h"
#include "nodes/execnodes.h"
#include "storage/sinval.h"
#include "utils/inval.h"
#include "utils/tuplestore.h"

#include "common/protect.h"
#include "common/steady.h"

/* So often is read where others change the catalogs all the time. */
#define READS_MAX 20

typedef struct Call
{
	FunctionCallInfo fcinfo;
	PGFunction	function;
	Datum		result;
} Call;

static bool may_be_gone(int sqlstate);
static void call(void *arg);

/*
 * Calls function(arg), and again where it fails over an object that may have
 * gone meanwhile.  It must not rely on what a call before it left behind.
 */
void
wf_common_steady(void (*function) (void *arg), void *arg)
{
	for (int reads = 1;; reads++)
	{
		WfAttempt	attempt = {0};
		uint64		messages;

		AcceptInvalidationMessages();
		messages = SharedInvalidMessageCounter;
		if (wf_common_attempt(&attempt, function, arg))
			return;
		if (!may_be_gone(attempt.error->sqlerrcode) || SharedInvalidMessageCounter == messages)
			ReThrowError(attempt.error);
		if (reads < READS_MAX)
			FreeErrorData(attempt.error);
		else if (attempt.error->sqlerrcode != ERRCODE_INTERNAL_ERROR)
			ReThrowError(attempt.error);
		else
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg("the catalogs change faster than they are read"),
					 errdetail("Reading failed %d times, at last with: %s.", reads, attempt.error->message),
					 errhint("Run it again.")));
	}
}

/* The server's own error where a row is not there that others refer to is one of these. */
static bool
may_be_gone(int sqlstate)
{
	switch (sqlstate)
	{
		case ERRCODE_INTERNAL_ERROR:
		case ERRCODE_UNDEFINED_TABLE:
		case ERRCODE_UNDEFINED_COLUMN:
		case ERRCODE_UNDEFINED_FUNCTION:
		case ERRCODE_UNDEFINED_OBJECT:
		case ERRCODE_UNDEFINED_SCHEMA:
			return true;
		default:
			return false;
	}
}

/*
 * The same of a function that is called from SQL.  Where it returns a set,
 * that is made here: what a subtransaction makes ends with it.
 */
Datum
wf_common_steady_call(FunctionCallInfo fcinfo, PGFunction function)
{
	Call		what = {.fcinfo = fcinfo, .function = function};

	if (fcinfo->flinfo->fn_retset)
		wf_init_materialized_srf(fcinfo);
	wf_common_steady(call, &what);
	return what.result;
}

static void
call(void *arg)
{
	Call	   *what = arg;

	if (what->fcinfo->flinfo->fn_retset)
		tuplestore_clear(((ReturnSetInfo *) what->fcinfo->resultinfo)->setResult);
	what->result = what->function(what->fcinfo);
}
