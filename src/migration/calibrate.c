/*
 * calibrate.c: how fast this server reads and writes tables.
 *
 * The rates are measured on a table of bounded size that is made, with WAL as
 * any other, in a subtransaction that is always rolled back.  It is read from
 * memory: what must come from a disk takes longer.
 */
#include "common/compat.h"

#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "common/extension.h"
#include "common/options.h"
#include "common/protect.h"
#include "common/write.h"
#include "migration/estimate.h"

#define RATES_TABLE "migration_rates"

/*
 * Until it is measured: a quarter or less of what PostgreSQL 15 on two virtual
 * cores did with 32 to 128 MB in memory and fsync off (1200, 330 and 126
 * million bytes a second), as production is busy and has more than memory.
 */
static const double assumed[] = {
	[WF_WORK_SCAN] = 200e6,
	[WF_WORK_INDEX] = 60e6,
	[WF_WORK_REWRITE] = 30e6,
};

typedef struct CalibrateOptions
{
	char	   *size;
	char	   *timeout;
} CalibrateOptions;

typedef struct Calibration
{
	int64		rows;
	int64		bytes;			/* of the table that was measured */
	double		seconds[WF_WORK_REWRITE + 1];
} Calibration;

PG_FUNCTION_INFO_V1(wf_migration_calibrate);

static int	option_value(const char *name, const char *value, int unit, int least, int most);
static void measure(void *arg);
static double time_of(const char *sql);
static void keep(Oid relid, const Calibration *calibration);
static void run(const char *sql, int expected);

/*
 * migration_calibrate(options jsonb)
 *
 * Measures and keeps the rates.  Raises query_canceled when it takes longer
 * than the option timeout, read_only_sql_transaction where nothing can be
 * written.
 */
Datum
wf_migration_calibrate(PG_FUNCTION_ARGS)
{
	static const WfOption known[] = {
		{"size", WF_OPTION_TEXT, offsetof(CalibrateOptions, size)},
		{"timeout", WF_OPTION_TEXT, offsetof(CalibrateOptions, timeout)},
	};
	CalibrateOptions options = {.size = "32MB", .timeout = "10s"};
	Calibration calibration = {0};
	WfAttempt	attempt = {.undo = true};
	Oid			relid = wf_common_relation_oid(RATES_TABLE);
	WfWrite		write;

	wf_common_options_parse(PG_GETARG_JSONB_P(0), known, lengthof(known), &options);
	calibration.rows = (int64) option_value("size", options.size, GUC_UNIT_KB, 1024, 1024 * 1024) * 1024 / WF_CALIBRATED_ROW_BYTES;
	attempt.milliseconds = option_value("timeout", options.timeout, GUC_UNIT_MS, 1, 600000);
	wf_common_require_writable("migration_calibrate()");
	wf_common_write_begin(&write, relid);
	(void) set_config_option("wishflags.guard", "off", PGC_SUSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	if (!wf_common_attempt(&attempt, measure, &calibration))
	{
		if (attempt.timed_out)
			ereport(ERROR,
					(errcode(ERRCODE_QUERY_CANCELED),
					 errmsg("the calibration took longer than %s", options.timeout),
					 errhint("Measure less, or give it more time: migration_calibrate('{\"size\": \"4MB\", \"timeout\": \"1min\"}').")));
		ReThrowError(attempt.error);
	}
	keep(relid, &calibration);
	wf_common_write_end(&write);
	PG_RETURN_VOID();
}

/* The rates that were measured, or else assumed; in this context. */
const WfRates *
wf_migration_rates(MemoryContext context)
{
	WfRates    *rates = MemoryContextAllocZero(context, sizeof(WfRates));
	Oid			relid = wf_common_relation_oid(RATES_TABLE);
	WfWrite		write;

	for (WfWork work = WF_WORK_SCAN; work <= WF_WORK_REWRITE; work++)
		rates->of[work] = (WfRate)
	{
		assumed[work], "assumed"
	};
	/* SQL objects of an older version know of no rates. */
	if (!OidIsValid(relid))
		return rates;
	wf_common_write_begin(&write, relid);
	SPI_connect();
	if (SPI_execute("SELECT work, bytes_per_second, pg_catalog.to_char(measured_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') "
					"FROM " WF_SCHEMA_NAME "." RATES_TABLE, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "rates cannot be read");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		char	   *name = SPI_getvalue(row, desc, 1);
		bool		isnull;

		for (WfWork work = WF_WORK_SCAN; work <= WF_WORK_REWRITE; work++)
		{
			if (strcmp(name, wf_migration_work_name(work)) != 0)
				continue;
			rates->of[work].bytes_per_second = DatumGetFloat8(SPI_getbinval(row, desc, 2, &isnull));
			rates->of[work].source = MemoryContextStrdup(context, psprintf("measured at %s", SPI_getvalue(row, desc, 3)));
		}
	}
	SPI_finish();
	wf_common_write_end(&write);
	return rates;
}

static int
option_value(const char *name, const char *value, int unit, int least, int most)
{
	const char *hint = NULL;
	int			result;

	if (!parse_int(value, &result, unit, &hint) || result < least || result > most)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" is no value for option \"%s\"", value, name),
				 errhint(unit == GUC_UNIT_KB ? "Write a size from \"1MB\" to \"1GB\"." : "Write a time from \"1ms\" to \"10min\".")));
	return result;
}

/* Everything that is timed; what it makes is rolled back. */
static void
measure(void *arg)
{
	Calibration *calibration = arg;
	bool		isnull;

	SPI_connect();
	run("CREATE TABLE " WF_SCHEMA_NAME ".migration_calibration (id bigint, filler text)", SPI_OK_UTILITY);
	run(psprintf("INSERT INTO " WF_SCHEMA_NAME ".migration_calibration "
				 "SELECT g, pg_catalog.repeat(pg_catalog.md5(g::pg_catalog.text), 3) "
				 "FROM pg_catalog.generate_series(1, " INT64_FORMAT ") g", calibration->rows), SPI_OK_INSERT);
	run("SELECT pg_catalog.pg_relation_size('" WF_SCHEMA_NAME ".migration_calibration')", SPI_OK_SELECT);
	calibration->bytes = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	calibration->seconds[WF_WORK_SCAN] =
		time_of("SELECT pg_catalog.count(*) FROM " WF_SCHEMA_NAME ".migration_calibration WHERE id > 0");
	calibration->seconds[WF_WORK_INDEX] =
		time_of("CREATE INDEX migration_calibration_id ON " WF_SCHEMA_NAME ".migration_calibration (id)");
	run("DROP INDEX " WF_SCHEMA_NAME ".migration_calibration_id", SPI_OK_UTILITY);
	calibration->seconds[WF_WORK_REWRITE] =
		time_of("ALTER TABLE " WF_SCHEMA_NAME ".migration_calibration ALTER id TYPE pg_catalog.numeric");
	SPI_finish();
}

static double
time_of(const char *sql)
{
	instr_time	begin;
	instr_time	end;

	INSTR_TIME_SET_CURRENT(begin);
	if (SPI_execute(sql, false, 0) < 0)
		elog(ERROR, "calibration failed: %s", sql);
	INSTR_TIME_SET_CURRENT(end);
	INSTR_TIME_SUBTRACT(end, begin);
	/* No clock is finer, and nothing is divided by zero. */
	return Max(INSTR_TIME_GET_DOUBLE(end), 1e-6);
}

static void
keep(Oid relid, const Calibration *calibration)
{
	SPI_connect();
	for (WfWork work = WF_WORK_SCAN; work <= WF_WORK_REWRITE; work++)
		run(psprintf("INSERT INTO " WF_SCHEMA_NAME "." RATES_TABLE " (work, bytes_per_second, measured_bytes) "
					 "VALUES (%s, %.0f, " INT64_FORMAT ") ON CONFLICT (work) DO UPDATE "
					 "SET bytes_per_second = excluded.bytes_per_second, measured_bytes = excluded.measured_bytes, "
					 "measured_at = excluded.measured_at",
					 quote_literal_cstr(wf_migration_work_name(work)),
					 calibration->bytes / calibration->seconds[work], calibration->bytes), SPI_OK_INSERT);
	SPI_finish();
}

static void
run(const char *sql, int expected)
{
	if (SPI_execute(sql, false, 0) != expected)
		elog(ERROR, "calibration failed: %s", sql);
}
