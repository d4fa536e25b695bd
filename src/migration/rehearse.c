/*
 * rehearse.c: the subtransaction in which a migration is rehearsed.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"

#include "common/protect.h"
#include "common/write.h"
#include "migration/rehearse.h"

/* What runs in the attempt. */
typedef struct Body
{
	void		(*function) (WfRehearsal *rehearsal, void *arg);
	WfRehearsal *rehearsal;
	void	   *arg;
} Body;

static int	milliseconds(const char *option, const char *value);
static void set_settings(const WfRehearsalOptions *options);
static void run_body(void *arg);
static void note_timeout(WfRehearsal *rehearsal, int after);

/* One at a time: what is rehearsed may not rehearse. */
static bool rehearsing = false;

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
	WfAttempt	attempt = {.milliseconds = milliseconds("timeout", options->timeout), .undo = true};
	Body		what = {body, rehearsal, arg};
	int			nest_level;

	if (rehearsing)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("a rehearsal cannot rehearse")));
	wf_common_require_writable("a rehearsal");
	memset(rehearsal, 0, sizeof(WfRehearsal));
	rehearsal->options = options;
	rehearsal->context = CurrentMemoryContext;
	nest_level = NewGUCNestLevel();
	set_settings(options);
	CommandCounterIncrement();
	rehearsal->before = RegisterSnapshot(GetLatestSnapshot());
	rehearsing = true;
	PG_TRY();
	{
		(void) wf_common_attempt(&attempt, run_body, &what);
	}
	PG_FINALLY();
	{
		rehearsing = false;
	}
	PG_END_TRY();
	UnregisterSnapshot(rehearsal->before);
	AtEOXact_GUC(false, nest_level);
	if (attempt.error && !(attempt.timed_out && attempt.error->sqlerrcode == ERRCODE_QUERY_CANCELED))
		ReThrowError(attempt.error);
	if (attempt.timed_out)
		note_timeout(rehearsal, attempt.milliseconds);
}

static void
run_body(void *arg)
{
	Body	   *body = arg;

	body->function(body->rehearsal, body->arg);
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
