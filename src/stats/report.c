/*
 * report.c: what was counted, as rows.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/timestamp.h"

#include "common/row.h"
#include "stats/session.h"
#include "stats/usage.h"

PG_FUNCTION_INFO_V1(wf_usage_entries);
PG_FUNCTION_INFO_V1(wf_usage_status);

/* Columns of usage_entries(). */
enum
{
	ENTRY_KIND,
	ENTRY_FLAG,
	ENTRY_SINCE,
	ENTRY_EVALUATIONS,
	ENTRY_ERRORS,
	ENTRY_FALLBACKS,
	ENTRY_FIRST,
	ENTRY_LAST,
	ENTRY_LAST_ERROR,
	ENTRY_LAST_ERROR_AT,
	ENTRY_REGISTERS,
	ENTRY_DETAILS,
	ENTRY_CACHE_LOADS,
	ENTRY_CACHE_LOAD_US,
	ENTRY_LAST_LOAD_US,
	ENTRY_LAST_LOAD_AT,
	ENTRY_COUNT
};

typedef struct Report
{
	ReturnSetInfo *rows;
	Oid			installation;
	bool		registers;
	bool		details;
} Report;

static void put_entry(void *arg, WfStatsEntry *entry);
static void put_time(Datum *values, bool *nulls, int column, TimestampTz time);
static Jsonb *details(WfStatsEntry *entry);
static void push_text(JsonbParseState **state, const char *key, const char *text);

/*
 * usage_entries(session boolean, with_registers boolean, with_details boolean) -> rows, see usage.sql
 *
 * What was counted in this database: of the server, or of this session, which
 * exist one without the other.
 */
Datum
wf_usage_entries(PG_FUNCTION_ARGS)
{
	bool		session = PG_GETARG_BOOL(0);
	Report		report = {
		.rows = (ReturnSetInfo *) fcinfo->resultinfo,
		.installation = wf_stats_installation(),
		.registers = PG_GETARG_BOOL(1),
		.details = PG_GETARG_BOOL(2),
	};

	if (session && wf_stats_is_shared())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("usage is counted for the whole server, not by session"),
				 errhint("SELECT * FROM wishflags.flag_usage;")));
	wf_init_materialized_srf(fcinfo);
	wf_stats_flush();
	if (session)
		wf_stats_session_each(put_entry, &report);
	else if (wf_stats_is_shared())
	{
		wf_stats_lock(LW_SHARED);
		wf_stats_each(wf_stats_entries, put_entry, &report);
		wf_stats_unlock();
	}
	return (Datum) 0;
}

static void
put_entry(void *arg, WfStatsEntry *entry)
{
	Report	   *report = (Report *) arg;
	bool		is_flag = entry->key.kind == WF_STATS_FLAG;
	Datum		values[ENTRY_COUNT];
	bool		nulls[ENTRY_COUNT] = {false};
	WfStatsEntry copy;
	bytea	   *registers;

	if (entry->key.database != MyDatabaseId || entry->key.installation != report->installation)
		return;
	SpinLockAcquire(&entry->mutex);
	memcpy(&copy, entry, sizeof(WfStatsEntry));
	SpinLockRelease(&entry->mutex);

	wf_row_put_text(values, nulls, ENTRY_KIND, is_flag ? "flag" : "unknown");
	wf_row_put_text(values, nulls, ENTRY_FLAG, copy.key.name[0] ? copy.key.name : NULL);
	put_time(values, nulls, ENTRY_SINCE, copy.since);
	values[ENTRY_EVALUATIONS] = Int64GetDatum(copy.evaluations);
	values[ENTRY_ERRORS] = Int64GetDatum(copy.errors);
	values[ENTRY_FALLBACKS] = Int64GetDatum(copy.fallbacks);
	put_time(values, nulls, ENTRY_FIRST, copy.first);
	put_time(values, nulls, ENTRY_LAST, copy.last);
	wf_row_put_text(values, nulls, ENTRY_LAST_ERROR, wf_stats_names.error(copy.last_error));
	put_time(values, nulls, ENTRY_LAST_ERROR_AT, copy.last_error_at);
	nulls[ENTRY_REGISTERS] = nulls[ENTRY_DETAILS] = true;
	if (report->registers && entry->registers)
	{
		registers = palloc(VARHDRSZ + WF_STATS_REGISTERS);
		SET_VARSIZE(registers, VARHDRSZ + WF_STATS_REGISTERS);
		memcpy(VARDATA(registers), entry->registers, WF_STATS_REGISTERS);
		values[ENTRY_REGISTERS] = PointerGetDatum(registers);
		nulls[ENTRY_REGISTERS] = false;
	}
	if (report->details && is_flag)
	{
		values[ENTRY_DETAILS] = JsonbPGetDatum(details(entry));
		nulls[ENTRY_DETAILS] = false;
	}
	values[ENTRY_CACHE_LOADS] = Int64GetDatum(copy.loads);
	values[ENTRY_CACHE_LOAD_US] = Int64GetDatum(copy.load_us);
	values[ENTRY_LAST_LOAD_US] = Int64GetDatum(copy.last_load_us);
	nulls[ENTRY_LAST_LOAD_US] = copy.loads == 0;
	put_time(values, nulls, ENTRY_LAST_LOAD_AT, copy.last_load_at);
	tuplestore_putvalues(report->rows->setResult, report->rows->setDesc, values, nulls);
}

/* 0 is never. */
static void
put_time(Datum *values, bool *nulls, int column, TimestampTz time)
{
	values[column] = TimestampTzGetDatum(time);
	nulls[column] = time == 0;
}

/* [{"variant": ..., "reason": ..., "error_code": ..., "evaluations": ...}, ...] */
static Jsonb *
details(WfStatsEntry *entry)
{
	JsonbParseState *state = NULL;
	JsonbValue	json;

	(void) pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	for (WfStatsCell *cell = entry->cells; cell; cell = cell->next)
	{
		int64		evaluations;

		SpinLockAcquire(&entry->mutex);
		evaluations = cell->evaluations;
		SpinLockRelease(&entry->mutex);
		if (evaluations == 0)
			continue;
		(void) pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
		push_text(&state, "variant", cell->variant[0] ? cell->variant : NULL);
		push_text(&state, "reason", wf_stats_names.reason(cell->reason));
		push_text(&state, "error_code", wf_stats_names.error(cell->error));
		json.type = jbvString;
		json.val.string.val = "evaluations";
		json.val.string.len = strlen(json.val.string.val);
		(void) pushJsonbValue(&state, WJB_KEY, &json);
		json.type = jbvNumeric;
		json.val.numeric = int64_to_numeric(evaluations);
		(void) pushJsonbValue(&state, WJB_VALUE, &json);
		(void) pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_ARRAY, NULL));
}

static void
push_text(JsonbParseState **state, const char *key, const char *text)
{
	JsonbValue	json;

	json.type = jbvString;
	json.val.string.val = unconstify(char *, key);
	json.val.string.len = strlen(key);
	(void) pushJsonbValue(state, WJB_KEY, &json);
	json.type = text ? jbvString : jbvNull;
	if (text)
	{
		json.val.string.val = unconstify(char *, text);
		json.val.string.len = strlen(text);
	}
	(void) pushJsonbValue(state, WJB_VALUE, &json);
}

/*
 * usage_status() -> (preloaded boolean, flags integer, flags_max integer,
 *                    unknown_flags integer, unknown_max integer, uncounted bigint)
 */
Datum
wf_usage_status(PG_FUNCTION_ARGS)
{
	TupleDesc	desc;
	Datum		values[6];
	bool		nulls[6] = {false};

	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	wf_stats_flush();
	values[0] = BoolGetDatum(wf_stats_is_shared());
	values[1] = Int32GetDatum(0);
	values[2] = Int32GetDatum(wf_stats_flags_max);
	values[3] = Int32GetDatum(0);
	values[4] = Int32GetDatum(WF_STATS_UNKNOWN_MAX);
	values[5] = Int64GetDatum(0);
	if (wf_stats_store)
	{
		wf_stats_lock(LW_SHARED);
		values[1] = Int32GetDatum(wf_stats_store->nentries[WF_STATS_FLAG]);
		values[3] = Int32GetDatum(wf_stats_store->nentries[WF_STATS_UNKNOWN]);
		values[5] = Int64GetDatum((int64) pg_atomic_read_u64(&wf_stats_store->uncounted));
		wf_stats_unlock();
	}
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls));
}
