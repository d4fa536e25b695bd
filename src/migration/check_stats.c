/*
 * check_stats.c: how long checks take, by rule and by run, and what is too long.
 *
 * Each session keeps its own numbers.  Where the library is in
 * shared_preload_libraries, shared memory holds those of all sessions since the
 * server's start as well; a run adds its numbers once, at its end.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "common/row.h"
#include "migration/check_stats.h"
#include "migration/migration.h"
#include "migration/rule.h"

#define TRANCHE_NAME "wishflags check"
#define STATS_COLUMNS 6

/* The rules by their index, and behind them the runs. */
#define RUNS wf_migration_rule_count
#define TIMES_SIZE (sizeof(WfTimes) * (wf_migration_rule_count + 1))

typedef struct SharedTimes
{
	LWLock	   *lock;
	WfTimes		times[FLEXIBLE_ARRAY_MEMBER];
} SharedTimes;

PG_FUNCTION_INFO_V1(wf_migration_check_stats_list);
PG_FUNCTION_INFO_V1(wf_migration_check_stats_reset);

static int	check_budget = 30000;
static WfTimes *session_times = NULL;
static SharedTimes *shared_times = NULL;
static shmem_request_hook_type next_shmem_request = NULL;
static shmem_startup_hook_type next_shmem_startup = NULL;

static void request_shared(void);
static void start_shared(void);
static double whole_time(const WfTimes *times);
static void add(WfTimes *sum, const WfTimes *run);
static void put_times(ReturnSetInfo *result, const char *scope, const WfTimes *times);

/* Called when the library is loaded. */
void
wf_migration_init_stats(void)
{
	DefineCustomIntVariable("wishflags.check_budget",
							"How long a check of a migration may take before it warns.",
							"The check goes on; 0 never warns.",
							&check_budget, 30000, 0, INT_MAX,
							PGC_USERSET, GUC_UNIT_MS, NULL, NULL, NULL);
	if (!process_shared_preload_libraries_in_progress)
		return;
	next_shmem_request = shmem_request_hook;
	shmem_request_hook = request_shared;
	next_shmem_startup = shmem_startup_hook;
	shmem_startup_hook = start_shared;
}

static void
request_shared(void)
{
	if (next_shmem_request)
		next_shmem_request();
	RequestAddinShmemSpace(MAXALIGN(offsetof(SharedTimes, times) + TIMES_SIZE));
	RequestNamedLWLockTranche(TRANCHE_NAME, 1);
}

static void
start_shared(void)
{
	bool		found;

	if (next_shmem_startup)
		next_shmem_startup();
	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	shared_times = ShmemInitStruct(TRANCHE_NAME, offsetof(SharedTimes, times) + TIMES_SIZE, &found);
	if (!found)
	{
		memset(shared_times, 0, offsetof(SharedTimes, times) + TIMES_SIZE);
		shared_times->lock = &GetNamedLWLockTranche(TRANCHE_NAME)->lock;
	}
	LWLockRelease(AddinShmemInitLock);
}

/* A run that ends in an error is not counted. */
void
wf_stats_begin(WfRunTimes *run, MemoryContext context)
{
	run->rules = MemoryContextAllocZero(context, TIMES_SIZE);
	INSTR_TIME_SET_CURRENT(run->began);
	run->last = run->began;
	run->is_timing = true;
}

/* Adds the run's times to the session's and the server's, and warns of a long one. */
void
wf_stats_end(WfRunTimes *run)
{
	WfTimes    *whole = &run->rules[RUNS];
	int			slowest = 0;
	instr_time	took;

	INSTR_TIME_SET_CURRENT(took);
	INSTR_TIME_SUBTRACT(took, run->began);
	whole->calls = whole->timed = 1;
	whole->total = whole->longest = INSTR_TIME_GET_MILLISEC(took);
	if (session_times == NULL)
		session_times = MemoryContextAllocZero(TopMemoryContext, TIMES_SIZE);
	add(session_times, run->rules);
	if (shared_times)
	{
		LWLockAcquire(shared_times->lock, LW_EXCLUSIVE);
		add(shared_times->times, run->rules);
		LWLockRelease(shared_times->lock);
	}
	if (check_budget == 0 || whole->total <= check_budget)
		return;
	for (int i = 1; i < wf_migration_rule_count; i++)
	{
		if (whole_time(&run->rules[i]) > whole_time(&run->rules[slowest]))
			slowest = i;
	}
	ereport(WARNING,
			(errcode(ERRCODE_WARNING),
			 errmsg("the check took %.0f ms, more than wishflags.check_budget allows (%d ms)", whole->total, check_budget),
			 errdetail("Of the rules \"%s\" took most of it, about %.0f ms.", wf_migration_rules[slowest].id,
					   whole_time(&run->rules[slowest])),
			 errhint("See what takes long: SELECT * FROM wishflags.migration_check_stats ORDER BY total_ms DESC;")));
}

/* Of all calls, as long as those that were timed. */
static double
whole_time(const WfTimes *times)
{
	return times->timed ? times->total / times->timed * times->calls : 0;
}

static void
add(WfTimes *sum, const WfTimes *run)
{
	for (int i = 0; i <= RUNS; i++)
	{
		sum[i].calls += run[i].calls;
		sum[i].timed += run[i].timed;
		sum[i].total += run[i].total;
		sum[i].longest = Max(sum[i].longest, run[i].longest);
	}
}

/*
 * migration_check_stats_list() -> setof times
 *
 * A row a rule that was called, and one with rule NULL for the runs; of this
 * session, and of the server where shared memory has them.
 */
Datum
wf_migration_check_stats_list(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	wf_init_materialized_srf(fcinfo);
	if (session_times)
		put_times(result, "session", session_times);
	if (shared_times)
	{
		WfTimes    *copy = palloc(TIMES_SIZE);

		LWLockAcquire(shared_times->lock, LW_SHARED);
		memcpy(copy, shared_times->times, TIMES_SIZE);
		LWLockRelease(shared_times->lock);
		put_times(result, "server", copy);
	}
	return (Datum) 0;
}

static void
put_times(ReturnSetInfo *result, const char *scope, const WfTimes *times)
{
	for (int i = 0; i <= RUNS; i++)
	{
		Datum		values[STATS_COLUMNS];
		bool		nulls[STATS_COLUMNS] = {0};

		if (times[i].timed == 0)
			continue;
		wf_row_put_text(values, nulls, 0, scope);
		wf_row_put_text(values, nulls, 1, i < RUNS ? wf_migration_rules[i].id : NULL);
		values[2] = Int64GetDatum(times[i].calls);
		values[3] = Float8GetDatum(whole_time(&times[i]));
		values[4] = Float8GetDatum(times[i].total / times[i].timed);
		values[5] = Float8GetDatum(times[i].longest);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

/* migration_check_stats_reset(): forgets the session's and the server's numbers. */
Datum
wf_migration_check_stats_reset(PG_FUNCTION_ARGS)
{
	if (session_times)
		memset(session_times, 0, TIMES_SIZE);
	if (shared_times)
	{
		LWLockAcquire(shared_times->lock, LW_EXCLUSIVE);
		memset(shared_times->times, 0, TIMES_SIZE);
		LWLockRelease(shared_times->lock);
	}
	PG_RETURN_VOID();
}
