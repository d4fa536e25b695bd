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
 * An error undoes what the function did and becomes a WARNING with the given
 * complaint as message, or nothing where that is NULL; cancel, shutdown and out-of-memory pass through.
 * Returns whether it ended without an error.
 */
bool
wf_common_protect(void (*function) (void *arg), void *arg, const char *complaint)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	volatile bool done = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		function(arg);
		ReleaseCurrentSubTransaction();
		done = true;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		if (must_pass(error->sqlerrcode))
			ReThrowError(error);
		MemoryContextSwitchTo(context);
		if (complaint)
			ereport(WARNING,
					(errcode(error->sqlerrcode),
					 errmsg("%s", complaint),
					 errdetail("%s", error->message)));
		FreeErrorData(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return done;
}

static bool
must_pass(int sqlstate)
{
	return ERRCODE_TO_CATEGORY(sqlstate) == ERRCODE_OPERATOR_INTERVENTION ||
		sqlstate == ERRCODE_OUT_OF_MEMORY;
}
