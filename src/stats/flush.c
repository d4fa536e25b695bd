/*
 * flush.c: writing what a session counted, and beginning anew.
 *
 * The table is local to the node.  A flush takes the rows of the same flags
 * that no other session is taking, and writes one in place of them: nobody
 * waits, and there are few.  Rows of other nodes, which replication may have
 * brought, are left alone: they are theirs to sum up.
 */
#include "common/compat.h"

#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "common/write.h"
#include "stats/session.h"
#include "stats/usage.h"

PG_FUNCTION_INFO_V1(wf_usage_flush);
PG_FUNCTION_INFO_V1(wf_usage_reset);

/* Which entries go. */
typedef struct Removal
{
	const char *flag;			/* NULL: all */
	WfStatsKey	key;			/* of the flag */
	List	   *gone;			/* databases that are no more, too */
} Removal;

static const char *const flush_sql =
"WITH mine AS MATERIALIZED (SELECT * FROM wishflags.usage_entries(true)),"
" old AS (DELETE FROM wishflags.flag_usage_log l USING"
"  (SELECT k.id FROM wishflags.flag_usage_log k WHERE k.node = $1"
"    AND EXISTS (SELECT FROM mine m WHERE m.kind = k.kind AND m.flag IS NOT DISTINCT FROM k.flag) FOR UPDATE OF k SKIP LOCKED) t"
"  WHERE l.id = t.id RETURNING l.*),"
" total AS (SELECT kind, flag, min(since) AS since, sum(evaluations)::bigint AS evaluations, sum(errors)::bigint AS errors,"
"   sum(fallbacks)::bigint AS fallbacks, min(first_evaluated) AS first_evaluated, max(last_evaluated) AS last_evaluated,"
"   (array_agg(last_error ORDER BY last_error_at DESC NULLS LAST))[1] AS last_error, max(last_error_at) AS last_error_at,"
"   wishflags.usage_union(registers) AS registers, jsonb_agg(details) AS parts, sum(cache_loads)::bigint AS cache_loads,"
"   sum(cache_load_us)::bigint AS cache_load_us,"
"   (array_agg(last_load_us ORDER BY last_load_at DESC NULLS LAST))[1] AS last_load_us, max(last_load_at) AS last_load_at"
"  FROM (SELECT kind, flag, since, evaluations, errors, fallbacks, first_evaluated, last_evaluated, last_error, last_error_at,"
"     registers, details, cache_loads, cache_load_us, last_load_us, last_load_at FROM mine"
"    UNION ALL SELECT kind, flag, since, evaluations, errors, fallbacks, first_evaluated, last_evaluated, last_error, last_error_at,"
"     registers, details, cache_loads, cache_load_us, last_load_us, last_load_at FROM old) e"
"  GROUP BY kind, flag)"
" INSERT INTO wishflags.flag_usage_log (node, kind, flag, since, evaluations, errors, fallbacks, first_evaluated, last_evaluated,"
"  last_error, last_error_at, registers, details, cache_loads, cache_load_us, last_load_us, last_load_at)"
" SELECT $1, kind, flag, since, evaluations, errors, fallbacks, first_evaluated, last_evaluated, last_error, last_error_at, registers,"
"  (SELECT jsonb_agg(to_jsonb(s)) FROM (SELECT d.variant, d.reason, d.error_code, sum(d.evaluations) AS evaluations"
"    FROM jsonb_array_elements(parts) p, jsonb_to_recordset(CASE jsonb_typeof(p) WHEN 'array' THEN p ELSE '[]' END)"
"     AS d (variant text, reason text, error_code text, evaluations bigint) GROUP BY 1, 2, 3 ORDER BY 1, 2, 3) s),"
"  cache_loads, cache_load_us, last_load_us, last_load_at FROM total";

static uint64 run(const char *sql, int nargs, Oid *types, Datum *values, const char *nulls);
static int64 remove_shared(Removal *removal);
static bool to_be_removed(void *arg, const WfStatsKey *key);
static void note_database(void *arg, WfStatsEntry *entry);

/* usage_flush() -> bigint: writes what this session counted into flag_usage_log. */
Datum
wf_usage_flush(PG_FUNCTION_ARGS)
{
	Oid			types[] = {TEXTOID};
	Datum		values[] = {CStringGetTextDatum(psprintf(UINT64_FORMAT, GetSystemIdentifier()))};
	uint64		written;

	if (wf_stats_is_shared())
		PG_RETURN_INT64(0);
	wf_common_require_writable("usage_flush()");
	wf_stats_flush();
	written = run(flush_sql, lengthof(types), types, values, NULL);
	/* A trigger of the table may have evaluated flags. */
	wf_stats_flush();
	wf_stats_session_written();
	PG_RETURN_INT64((int64) written);
}

/* usage_reset(flag text) -> bigint: forgets what was counted; NULL: of all flags. */
Datum
wf_usage_reset(PG_FUNCTION_ARGS)
{
	Removal		removal = {.flag = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0))};
	Oid			types[] = {TEXTOID};
	Datum		values[] = {removal.flag ? CStringGetTextDatum(removal.flag) : (Datum) 0};
	int64		removed = 0;

	if (removal.flag)
		wf_stats_key_set(&removal.key, InvalidOid, WF_STATS_FLAG, removal.flag, strlen(removal.flag));
	/* On a standby the table is the primary's. */
	if (!RecoveryInProgress())
	{
		wf_common_require_writable("usage_reset()");
		removed = (int64) run("DELETE FROM wishflags.flag_usage_log WHERE $1 IS NULL OR flag = $1",
							  lengthof(types), types, values, removal.flag ? NULL : "n");
	}
	wf_stats_flush();
	removed += wf_stats_is_shared() ? remove_shared(&removal) : wf_stats_session_remove(to_be_removed, &removal);
	PG_RETURN_INT64(removed);
}

/* Runs a statement as the owner of the table. */
static uint64
run(const char *sql, int nargs, Oid *types, Datum *values, const char *nulls)
{
	WfWrite		write;
	uint64		processed;

	SPI_connect();
	wf_common_write_begin(&write, wf_stats_installation());
	if (SPI_execute_with_args(sql, nargs, types, values, nulls, false, 0) < 0)
		elog(ERROR, "could not write flag_usage_log");
	processed = SPI_processed;
	wf_common_write_end(&write);
	SPI_finish();
	return processed;
}

/* Catalogs can't be read under the lock, so databases are looked up between. */
static int64
remove_shared(Removal *removal)
{
	List	   *databases = NIL;
	ListCell   *lc;
	int64		removed;

	if (removal->flag == NULL)
	{
		wf_stats_lock(LW_SHARED);
		wf_stats_each(wf_stats_entries, note_database, &databases);
		wf_stats_unlock();
	}
	foreach(lc, databases)
	{
		if (!SearchSysCacheExists1(DATABASEOID, ObjectIdGetDatum(lfirst_oid(lc))))
			removal->gone = lappend_oid(removal->gone, lfirst_oid(lc));
	}
	wf_stats_lock(LW_EXCLUSIVE);
	removed = wf_stats_remove(wf_stats_store, wf_stats_entries, to_be_removed, removal);
	wf_stats_unlock();
	return removed;
}

static bool
to_be_removed(void *arg, const WfStatsKey *key)
{
	Removal    *removal = (Removal *) arg;

	if (removal->flag == NULL)
		return key->database == MyDatabaseId || list_member_oid(removal->gone, key->database);
	return key->database == MyDatabaseId && key->name[0] && strcmp(key->name, removal->key.name) == 0;
}

static void
note_database(void *arg, WfStatsEntry *entry)
{
	List	  **databases = (List **) arg;

	*databases = list_append_unique_oid(*databases, entry->key.database);
}
