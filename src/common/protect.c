/*
 * protect.c: running what may fail without failing the user's command.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "common/deadline.h"
#include "common/protect.h"

static void end_levels(int level, bool keep);
static bool must_pass(int sqlstate);

/*
 * Calls function(arg) in a subtransaction, in the caller's memory context.
 * An error undoes what the function did and is kept in the attempt, in that
 * context; cancel, shutdown and out-of-memory pass through, but for the end of
 * the attempt's own time.  Returns whether there was no error.
 */
bool
wf_common_attempt(WfAttempt *attempt, void (*function) (void *arg), void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	int			level = GetCurrentTransactionNestLevel();
	ErrorData  *volatile error = NULL;
	WfDeadline	deadline;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	wf_common_deadline_begin(&deadline, attempt->milliseconds);
	PG_TRY();
	{
		function(arg);
		attempt->timed_out = wf_common_deadline_end(&deadline);
		end_levels(level, !attempt->undo);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		attempt->timed_out = wf_common_deadline_end(&deadline);
		error = CopyErrorData();
		FlushErrorState();
		end_levels(level, false);
		if (must_pass(error->sqlerrcode) &&
			!(attempt->timed_out && error->sqlerrcode == ERRCODE_QUERY_CANCELED))
			ReThrowError(error);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	attempt->error = error;
	return error == NULL;
}

/* Ends the attempt's subtransaction, and those that it has left open. */
static void
end_levels(int level, bool keep)
{
	while (GetCurrentTransactionNestLevel() > level)
	{
		if (keep)
			ReleaseCurrentSubTransaction();
		else
			RollbackAndReleaseCurrentSubTransaction();
	}
}

/* The error that function(arg) raised, and that undid what it did; or NULL. */
ErrorData *
wf_common_try(void (*function) (void *arg), void *arg)
{
	WfAttempt	attempt = {0};

	(void) wf_common_attempt(&attempt, function, arg);
	return attempt.error;
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
