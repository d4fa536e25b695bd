/*
 * protect.c: running what may fail without failing the user's command.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "common/protect.h"

static bool must_pass(int sqlstate);

/*
 * Calls function(arg) in a subtransaction, in the caller's memory context.
 * An error undoes what the function did and is returned, in that context;
 * NULL: there was none.  Cancel, shutdown and out-of-memory pass through.
 */
ErrorData *
wf_common_try(void (*function) (void *arg), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		function(arg);
		ReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (must_pass(error->sqlerrcode))
			ReThrowError(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return error;
}

/*
 * The same, where an error becomes a WARNING with the given complaint as
 * message, or nothing where that is NULL.  Returns whether there was none.
 */
bool
wf_common_protect(void (*function) (void *arg), void *arg, const char *complaint)
{
	ErrorData  *error = wf_common_try(function, arg);

	if (!error)
		return true;
	if (complaint)
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("%s", complaint),
				 errdetail("%s", error->message)));
	FreeErrorData(error);
	return false;
}

static bool
must_pass(int sqlstate)
{
	return ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_OPERATOR_INTERVENTION ||
		sqlstate == ERRCODE_OUT_OF_MEMORY;
}
