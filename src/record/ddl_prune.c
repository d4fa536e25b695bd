/*
 * ddl_prune.c: forgetting old rows of the DDL log.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "common/write.h"

PG_FUNCTION_INFO_V1(wf_ddl_log_prune);

/*
 * ddl_log_prune(keep interval) -> bigint
 *
 * Deletes the rows that are older than keep, and says how many that were.
 * Raises invalid_parameter_value where keep is negative, read_only_sql_transaction
 * on a standby.
 */
Datum
wf_ddl_log_prune(PG_FUNCTION_ARGS)
{
	Interval   *keep = PG_GETARG_INTERVAL_P(0);
	TimestampTz now = GetCurrentTimestamp();
	Datum		before = OidFunctionCall2(F_TIMESTAMPTZ_MI_INTERVAL, TimestampTzGetDatum(now), IntervalPGetDatum(keep));
	Oid			types[] = {TIMESTAMPTZOID};
	WfWrite		write;
	int64		deleted;

	if (DatumGetTimestampTz(before) > now)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"keep\" must not be negative"),
				 errhint("Say how much of the log stays: SELECT wishflags.ddl_log_prune('1 year');")));
	wf_common_require_writable("ddl_log_prune()");
	wf_common_write_begin(&write, wf_common_relation_oid("ddl_log"));
	SPI_connect();
	if (SPI_execute_with_args("DELETE FROM wishflags.ddl_log WHERE occurred_at < $1",
							  1, types, &before, NULL, false, 0) != SPI_OK_DELETE)
		elog(ERROR, "could not delete from ddl_log");
	deleted = SPI_processed;
	SPI_finish();
	wf_common_write_end(&write);
	PG_RETURN_INT64(deleted);
}
