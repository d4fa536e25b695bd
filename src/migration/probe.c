/*
 * probe.c: questions to the data.
 *
 * A question runs in a subtransaction that is always rolled back, as the
 * caller, read-only, and no longer than validate_timeout.  What it can't answer
 * (no privilege, too late) is not known; cancellation passes.
 */
#include "common/compat.h"

#include "executor/spi.h"
#include "utils/memutils.h"

#include "common/protect.h"
#include "migration/probe.h"

typedef struct Question
{
	const char *sql;
	MemoryContext context;		/* of the answer */
	WfAnswer   *answer;
} Question;

static bool run_question(const char *sql, int64 timeout, WfAnswer *answer);
static void read_answer(void *arg);

/*
 * Asks for a row (count, example); false where there is no answer, with the
 * error that the values themselves raised, if that was it.
 */
bool
wf_migration_ask(const WfRuleSession *session, const char *sql, WfAnswer *answer)
{
	return run_question(sql, session->validate_timeout, answer);
}

/* How many other sessions are in a transaction that is older, and the oldest. */
bool
wf_migration_ask_activity(double seconds, WfAnswer *answer)
{
	char	   *sql = psprintf("SELECT pg_catalog.count(*), (pg_catalog.array_agg(pg_catalog.format('pid %%s, %%s, for %%s s', pid, state, "
							   "pg_catalog.round(extract(epoch FROM pg_catalog.clock_timestamp() - xact_start))) ORDER BY xact_start))[1] "
							   "FROM pg_catalog.pg_stat_activity "
							   "WHERE datid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()) "
							   "AND pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend' "
							   "AND xact_start < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %.0f)", seconds);

	return run_question(sql, 0, answer);
}

static bool
run_question(const char *sql, int64 timeout, WfAnswer *answer)
{
	WfAttempt	attempt = {.milliseconds = (int) timeout, .undo = true};
	Question	question = {sql, CurrentMemoryContext, answer};

	memset(answer, 0, sizeof(WfAnswer));
	answer->known = wf_common_attempt(&attempt, read_answer, &question);
	if (attempt.error && ERRCODE_TO_CATEGORY(attempt.error->sqlerrcode) == ERRCODE_DATA_EXCEPTION)
		answer->error = attempt.error->message;
	return answer->known;
}

static void
read_answer(void *arg)
{
	Question   *question = arg;

	SPI_connect();
	if (SPI_execute(question->sql, true, 1) == SPI_OK_SELECT && SPI_processed == 1)
	{
		HeapTuple	row = SPI_tuptable->vals[0];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		char	   *count = SPI_getvalue(row, desc, 1);
		char	   *example = SPI_getvalue(row, desc, 2);

		question->answer->number = count ? strtod(count, NULL) : 0;
		question->answer->example = example ? MemoryContextStrdup(question->context, example) : NULL;
	}
	SPI_finish();
}
