/*
 * rehearse.c: the subtransaction in which a migration is rehearsed.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

#include "migration/rehearse.h"

static int	milliseconds(const char *option, const char *value);
static void set_settings(const WfRehearsalOptions *options);
static void start_timer(int after);
static void stop_timer(void);
static void time_is_up(void);
static void note_timeout(WfRehearsal *rehearsal, int after);

/* One at a time: what is rehearsed may not rehearse. */
static bool rehearsing = false;

static TimeoutId timer = MAX_TIMEOUTS;
static volatile sig_atomic_t timed_out = false;

/*
 * Calls body(rehearsal, arg) and takes back whatever it did; the rehearsal's
 * statements are kept in the caller's memory context.  When the time is over,
 * the rehearsal has failed, and its last statement says so.
 *
 * Raises what body raises, invalid_parameter_value for a bad option,
 * read_only_sql_transaction where nothing can be written, object_in_use within
 * another rehearsal.
 */
void
wf_migration_rehearsal(const WfRehearsalOptions *options,
					   void (*body) (WfRehearsal *rehearsal, void *arg), WfRehearsal *rehearsal, void *arg)
{
	ResourceOwner owner = CurrentResourceOwner;
	int			level = GetCurrentTransactionNestLevel();
	int			after = milliseconds("timeout", options->timeout);
	int			nest_level;

	if (rehearsing)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("a rehearsal cannot rehearse")));
	PreventCommandIfReadOnly("migration_rehearse()");
	memset(rehearsal, 0, sizeof(WfRehearsal));
	rehearsal->options = options;
	rehearsal->context = CurrentMemoryContext;
	nest_level = NewGUCNestLevel();
	set_settings(options);
	CommandCounterIncrement();
	rehearsal->before = RegisterSnapshot(GetLatestSnapshot());

	timed_out = false;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(rehearsal->context);
	rehearsing = true;
	PG_TRY();
	{
		start_timer(after);
		body(rehearsal, arg);
		stop_timer();
	}
	PG_CATCH();
	{
		ErrorData  *error;

		stop_timer();
		MemoryContextSwitchTo(rehearsal->context);
		error = CopyErrorData();
		FlushErrorState();
		while (GetCurrentTransactionNestLevel() > level)
			RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(rehearsal->context);
		CurrentResourceOwner = owner;
		rehearsing = false;
		if (!timed_out || error->sqlerrcode != ERRCODE_QUERY_CANCELED)
			ReThrowError(error);
		note_timeout(rehearsal, after);
	}
	PG_END_TRY();
	while (GetCurrentTransactionNestLevel() > level)
		RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(rehearsal->context);
	CurrentResourceOwner = owner;
	rehearsing = false;
	UnregisterSnapshot(rehearsal->before);
	AtEOXact_GUC(false, nest_level);
}

static int
milliseconds(const char *option, const char *value)
{
	int			result;
	const char *hint = NULL;

	if (!parse_int(value, &result, GUC_UNIT_MS, &hint) || result < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no time for option \"%s\"", value, option),
				 errhint("Write a number with a unit, for example \"500ms\", \"30s\" or \"2min\".")));
	return result;
}

/* What is rolled back needs no guard, and nobody may wait for it for long. */
static void
set_settings(const WfRehearsalOptions *options)
{
	(void) set_config_option("wishflags.guard", "off", PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	(void) set_config_option("lock_timeout", psprintf("%d", milliseconds("lock_timeout", options->lock_timeout)),
							 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

/* After 0 milliseconds means never. */
static void
start_timer(int after)
{
	if (timer == MAX_TIMEOUTS)
		timer = RegisterTimeout(USER_TIMEOUT, time_is_up);
	if (after > 0)
		enable_timeout_after(timer, after);
}

/* A cancellation of ours that came too late must not hit what comes next. */
static void
stop_timer(void)
{
	disable_timeout(timer, false);
	if (timed_out)
		QueryCancelPending = false;
}

/* In a signal handler: ends the statement as statement_timeout would. */
static void
time_is_up(void)
{
	timed_out = true;
	QueryCancelPending = true;
	InterruptPending = true;
}

static void
note_timeout(WfRehearsal *rehearsal, int after)
{
	WfRehearsed *last = rehearsal->statements ? llast(rehearsal->statements) : NULL;
	const char *message = psprintf("the rehearsal took longer than %s", rehearsal->options->timeout);

	rehearsal->failed = true;
	rehearsal->message = message;
	if (!last)
		return;
	last->outcome = WF_OUTCOME_FAILED;
	last->milliseconds = after;
	last->message = message;
	last->hint = "Give it more time by the option \"timeout\", or rehearse on a copy with fewer rows.";
	last->sqlstate = pstrdup(unpack_sql_state(ERRCODE_QUERY_CANCELED));
}
