/*
 * pressure.c: what goes on at a table moves the severity of findings.
 *
 * A lock that stops writes is worse where many are written, and any lock that has
 * to queue behind a transaction which does not end stops everybody who comes after
 * it.  Where nothing was written, and for locks that stop readers nothing read,
 * for long, a lock hurts little.  A severity moves by one step at most; what moved
 * it is its evidence "severity_by".
 *
 * Writes and reads are those that the server has counted, since a time that it
 * knows: a bulk load of this morning says nothing about a usual second, so that
 * what was counted for less than busy_period is not used.  Sizes taken elsewhere
 * bring their own.
 */
#include "common/compat.h"

#include <math.h>

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "storage/lock.h"
#include "utils/builtins.h"

#include "common/protect.h"
#include "migration/finding.h"
#include "migration/impact.h"
#include "migration/pressure.h"
#include "migration/simulate.h"

/* A lock that an old transaction holds. */
typedef struct Holder
{
	Oid			relation;
	LOCKMODE	mode;
	double		seconds;		/* age of the transaction */
	char	   *who;			/* the transaction */
} Holder;

/* Asked once, and kept with the simulation. */
typedef struct WfPressure
{
	double		period;			/* seconds that the server has counted for;
								 * -1: not known */
	List	   *holders;		/* of Holder, of the oldest transaction first */
} WfPressure;

typedef struct Asking
{
	WfPressure *pressure;
	const WfPressureLimits *limits;
} Asking;

typedef struct Counts
{
	Oid			relation;
	double		writes;
	double		scans;
} Counts;

/*
 * Counters live until they are reset or the server crashes.  Those of the whole
 * server then get a time, those of a database only by a reset of its own.
 */
static const char period_sql[] =
"SELECT extract(epoch FROM clock_timestamp() - coalesce(d.stats_reset, least(b.stats_reset, a.stats_reset)))::float8"
" FROM pg_stat_database d, pg_stat_bgwriter b, pg_stat_archiver a"
" WHERE d.datname = current_database()";

/* Whoever locks a partition makes those wait who lock what it is a part of. */
static const char holders_sql[] =
"SELECT w.oid, l.mode, extract(epoch FROM clock_timestamp() - x.since)::float8, x.who"
" FROM (SELECT a.pid, NULL::text AS vxid, a.xact_start AS since, format('pid %s, %s', a.pid, a.state) AS who"
" FROM pg_stat_activity a"
" WHERE a.datid = (SELECT oid FROM pg_database WHERE datname = current_database())"
" AND a.pid <> pg_backend_pid() AND a.backend_type <> 'autovacuum worker'"
" UNION ALL"
" SELECT NULL, '-1/' || p.transaction, p.prepared, format('prepared transaction %L', p.gid)"
" FROM pg_prepared_xacts p WHERE p.database = current_database()) x"
" JOIN pg_locks l ON l.pid = x.pid OR l.virtualtransaction = x.vxid"
" CROSS JOIN LATERAL (SELECT l.relation AS oid UNION SELECT relid FROM pg_partition_ancestors(l.relation)) w"
" WHERE x.since <= clock_timestamp() - make_interval(secs => $1)"
" AND l.locktype = 'relation' AND l.granted"
" AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
" ORDER BY x.since LIMIT 10000";

static const char counts_sql[] =
"SELECT sum(pg_stat_get_tuples_inserted(r.oid) + pg_stat_get_tuples_updated(r.oid) + pg_stat_get_tuples_deleted(r.oid))::float8,"
" sum(pg_stat_get_numscans(r.oid) + coalesce((SELECT sum(pg_stat_get_numscans(i.indexrelid)) FROM pg_index i WHERE i.indrelid = r.oid), 0))::float8"
" FROM (SELECT $1 AS oid UNION SELECT relid FROM pg_partition_tree($1)) r";

static void note_small(WfRuleCall *call, WfFinding *finding, WfRelation *relation);
static bool is_held_up(WfRuleCall *call, WfFinding *finding, WfRelation *table, const WfPressureLimits *limits);
static bool moves_by_load(WfRuleCall *call, WfFinding *finding, WfRelation *table, const WfPressureLimits *limits);
static double know_load(WfRuleCall *call, WfRelation *table, const WfPressureLimits *limits);
static WfPressure *pressure_of(WfRuleCall *call, const WfPressureLimits *limits);
static void ask(void *arg);
static void take_period(void *arg, HeapTuple tuple, TupleDesc desc);
static void take_holder(void *arg, HeapTuple tuple, TupleDesc desc);
static void ask_counts(void *arg);
static void take_counts(void *arg, HeapTuple tuple, TupleDesc desc);
static LOCKMODE mode_of(const char *name);
static void add_reason(WfFinding *finding, char *reason);

/*
 * Moves the severities of the findings of the call's statement, and says why in
 * their evidence.  What is only a remark stays one.
 */
void
wf_migration_pressure(WfRuleCall *call, const WfPressureLimits *limits, List *findings)
{
	ListCell   *lc;

	foreach(lc, findings)
	{
		WfFinding  *finding = lfirst(lc);
		WfRelation *table = finding->relation;

		if (table == NULL || finding->severity == WF_SEVERITY_INFO)
			continue;
		if (finding->is_on_small)
			note_small(call, finding, table);
		if (finding->lock == NoLock || wf_ddl_is_private(table))
			continue;
		if (table->kind == RELKIND_INDEX || table->kind == RELKIND_PARTITIONED_INDEX)
			table = call->catalog->index_table(call->catalog, table);
		if (table && !is_held_up(call, finding, table, limits))
			(void) moves_by_load(call, finding, table, limits);
	}
}

/* Has finding.c taken it down, and no rule up again? */
static void
note_small(WfRuleCall *call, WfFinding *finding, WfRelation *relation)
{
	if (finding->severity >= finding->rule->severity)
		return;
	if (relation->population == WF_POPULATION_EMPTY)
		add_reason(finding, pstrdup("down: no rows"));
	else if (relation->rows >= 0)
		add_reason(finding, psprintf("down: %.0f %s (min_rows " INT64_FORMAT ")", relation->rows,
									 relation->rows == 1 ? "row" : "rows", call->session->min_rows));
	else
		add_reason(finding, psprintf("down: " INT64_FORMAT " bytes", relation->bytes));
}

/*
 * Raises what must wait for a long transaction that holds a conflicting lock.  What
 * is not about blocking is raised only where no lock_timeout ends the wait.
 */
static bool
is_held_up(WfRuleCall *call, WfFinding *finding, WfRelation *table, const WfPressureLimits *limits)
{
	WfSimulation *simulation = call->session->simulation;
	WfNote	   *note;
	const Holder *oldest = NULL;
	List	   *told = NIL;
	ListCell   *lc;

	if (!OidIsValid(table->relid) ||
		(finding->kind != WF_KIND_BLOCKING && simulation->settings.values[WF_SETTING_LOCK_TIMEOUT].is_set))
		return false;
	foreach(lc, pressure_of(call, limits)->holders)
	{
		Holder	   *holder = lfirst(lc);

		if ((holder->relation != table->relid && holder->relation != finding->relation->relid) ||
			!DoLockModesConflict(holder->mode, finding->lock))
			continue;
		if (oldest == NULL)
			oldest = holder;
		told = list_append_unique_ptr(told, holder->who);
	}
	if (oldest == NULL)
		return false;
	note = palloc0(sizeof(WfNote));
	note->key = "waits_for";
	note->type = WF_NOTE_OBJECT;
	note->list = list_make2(wf_note_of_text("oldest", oldest->who), wf_note_of_number("seconds", rint(oldest->seconds)));
	finding->evidence = lappend(finding->evidence, note);
	if (finding->severity < WF_SEVERITY_CRITICAL)
		add_reason(finding, psprintf("up: waits for %s, for %.0f s in a transaction (long_transaction " INT64_FORMAT ")",
									 oldest->who, oldest->seconds, limits->long_transaction));
	wf_finding_raise(finding);
	return true;
}

/* Raises what stops the writes of a busy table, and lowers what hurts nobody. */
static bool
moves_by_load(WfRuleCall *call, WfFinding *finding, WfRelation *table, const WfPressureLimits *limits)
{
	double		period;

	if (finding->kind != WF_KIND_BLOCKING || !DoLockModesConflict(finding->lock, RowExclusiveLock) ||
		wf_rule_is_small(call, table))
		return false;
	period = know_load(call, table, limits);
	if (table->writes_per_second < 0)
		return false;
	if (!table->from_stats)
		wf_finding_note_number(finding, "writes_per_second", table->writes_per_second);
	if (table->writes_per_second > 0 && table->writes_per_second >= limits->busy_writes)
	{
		if (finding->severity < WF_SEVERITY_CRITICAL)
			add_reason(finding, psprintf("up: %.6g writes a second (busy_writes " INT64_FORMAT ")",
										 table->writes_per_second, limits->busy_writes));
		wf_finding_raise(finding);
		return true;
	}
	if (period < 0 || call->session->assume_populated || table->writes_per_second > 0 ||
		(finding->lock == AccessExclusiveLock && table->scans_per_second != 0))
		return false;
	add_reason(finding, psprintf("down: %s for %.0f s (busy_period " INT64_FORMAT ")",
								 finding->lock == AccessExclusiveLock ? "neither written nor read" : "not written",
								 period, limits->busy_period));
	wf_finding_lower(finding);
	return true;
}

/*
 * Fills the relation's rates in, -1 for what is not known; how many seconds they
 * were counted for, -1 where nobody says.
 */
static double
know_load(WfRuleCall *call, WfRelation *table, const WfPressureLimits *limits)
{
	double		period = table->from_stats ? call->session->simulation->stats->counted_seconds :
	pressure_of(call, limits)->period;
	Counts		counts = {.relation = table->relid, .writes = -1, .scans = -1};

	if (table->load_known)
		return period;
	table->load_known = true;
	if (table->from_stats)
	{
		if (period >= 0 && period < limits->busy_period)
			table->writes_per_second = table->scans_per_second = -1;
		return period;
	}
	table->writes_per_second = table->scans_per_second = -1;
	if (period <= 0 || period < limits->busy_period || !OidIsValid(table->relid) ||
		wf_common_try(ask_counts, &counts) != NULL || counts.writes < 0)
		return period;
	table->writes_per_second = counts.writes / period;
	table->scans_per_second = counts.scans / period;
	return period;
}

static WfPressure *
pressure_of(WfRuleCall *call, const WfPressureLimits *limits)
{
	WfSimulation *simulation = call->session->simulation;
	MemoryContext old;
	Asking		asking;

	if (simulation->pressure)
		return simulation->pressure;
	old = MemoryContextSwitchTo(simulation->catalog.context);
	simulation->pressure = palloc0(sizeof(WfPressure));
	simulation->pressure->period = -1;
	asking = (Asking)
	{
		simulation->pressure, limits
	};
	/* Where the views are closed to the caller, nothing is known. */
	(void) wf_common_try(ask, &asking);
	MemoryContextSwitchTo(old);
	return simulation->pressure;
}

static void
ask(void *arg)
{
	Asking	   *asking = arg;
	Oid			types[] = {FLOAT8OID};
	Datum		values[] = {Float8GetDatum((double) asking->limits->long_transaction)};

	wf_impact_query(period_sql, 0, NULL, NULL, take_period, asking->pressure);
	wf_impact_query(holders_sql, lengthof(types), types, values, take_holder, asking->pressure);
}

static void
take_period(void *arg, HeapTuple tuple, TupleDesc desc)
{
	bool		isnull;
	double		period = DatumGetFloat8(SPI_getbinval(tuple, desc, 1, &isnull));

	((WfPressure *) arg)->period = isnull ? -1 : Max(period, 0);
}

static void
take_holder(void *arg, HeapTuple tuple, TupleDesc desc)
{
	WfPressure *pressure = arg;
	Holder	   *last = pressure->holders == NIL ? NULL : llast(pressure->holders);
	Holder	   *holder = palloc0(sizeof(Holder));
	char	   *who = SPI_getvalue(tuple, desc, 4);
	bool		isnull;

	holder->relation = DatumGetObjectId(SPI_getbinval(tuple, desc, 1, &isnull));
	holder->mode = mode_of(SPI_getvalue(tuple, desc, 2));
	holder->seconds = DatumGetFloat8(SPI_getbinval(tuple, desc, 3, &isnull));
	holder->who = last && strcmp(last->who, who) == 0 ? last->who : who;
	pressure->holders = lappend(pressure->holders, holder);
}

static void
ask_counts(void *arg)
{
	Oid			types[] = {OIDOID};
	Datum		values[] = {ObjectIdGetDatum(((Counts *) arg)->relation)};

	wf_impact_query(counts_sql, lengthof(types), types, values, take_counts, arg);
}

static void
take_counts(void *arg, HeapTuple tuple, TupleDesc desc)
{
	Counts	   *counts = arg;
	bool		isnull;

	counts->writes = DatumGetFloat8(SPI_getbinval(tuple, desc, 1, &isnull));
	counts->scans = DatumGetFloat8(SPI_getbinval(tuple, desc, 2, &isnull));
}

/* The mode that pg_locks calls so. */
static LOCKMODE
mode_of(const char *name)
{
	for (LOCKMODE mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
	{
		if (strcmp(GetLockmodeName(DEFAULT_LOCKMETHOD, mode), name) == 0)
			return mode;
	}
	return NoLock;
}

/* Adds to the list of the evidence. */
static void
add_reason(WfFinding *finding, char *reason)
{
	ListCell   *lc;

	foreach(lc, finding->evidence)
	{
		WfNote	   *note = lfirst(lc);

		if (strcmp(note->key, "severity_by") == 0)
		{
			note->list = lappend(note->list, reason);
			return;
		}
	}
	wf_finding_note_list(finding, "severity_by", list_make1(reason));
}
