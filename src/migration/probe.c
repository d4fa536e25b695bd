/*
 * probe.c: questions to the data.
 *
 * A question runs in a subtransaction that is always rolled back, as the
 * caller, read-only, and no longer than validate_timeout.  What it can't answer
 * (no privilege, too late) is not known; cancellation passes.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/timeout.h"

#include "migration/probe.h"

static volatile bool timed_out = false;

static void on_timeout(void);
static bool run_question(const char *sql, int64 timeout, WfAnswer *answer);
static void read_answer(const char *sql, MemoryContext context, WfAnswer *answer);
static void take_error(MemoryContext context, WfAnswer *answer);

/* Cancels the question as a user would cancel it. */
static void
on_timeout(void)
{
	timed_out = true;
	InterruptPending = true;
	QueryCancelPending = true;
	SetLatch(MyLatch);
}

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
	static bool registered = false;
	static TimeoutId timer;
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;

	if (!registered)
		timer = RegisterTimeout(USER_TIMEOUT, on_timeout);
	registered = true;
	memset(answer, 0, sizeof(WfAnswer));
	timed_out = false;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		if (timeout > 0)
			enable_timeout_after(timer, (int) timeout);
		read_answer(sql, context, answer);
		disable_timeout(timer, false);
		answer->known = true;
	}
	PG_CATCH();
	{
		disable_timeout(timer, false);
		take_error(context, answer);
	}
	PG_END_TRY();
	/* It may strike after the last place that looks for it. */
	if (timed_out)
		QueryCancelPending = false;
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	return answer->known;
}

static void
read_answer(const char *sql, MemoryContext context, WfAnswer *answer)
{
	SPI_connect();
	if (SPI_execute(sql, true, 1) == SPI_OK_SELECT && SPI_processed == 1)
	{
		HeapTuple	row = SPI_tuptable->vals[0];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		char	   *count = SPI_getvalue(row, desc, 1);
		char	   *example = SPI_getvalue(row, desc, 2);

		answer->number = count ? strtod(count, NULL) : 0;
		answer->example = example ? MemoryContextStrdup(context, example) : NULL;
	}
	SPI_finish();
}

/* Keeps an error about values; lets cancellation and the end of the server pass. */
static void
take_error(MemoryContext context, WfAnswer *answer)
{
	ErrorData  *error;

	MemoryContextSwitchTo(context);
	error = CopyErrorData();
	if (error->sqlerrcode == ERRCODE_OUT_OF_MEMORY ||
		ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION)
	{
		if (!timed_out || error->sqlerrcode != ERRCODE_QUERY_CANCELED)
			PG_RE_THROW();
	}
	else if (ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_DATA_EXCEPTION)
		answer->error = error->message;
	FlushErrorState();
}
