/*
 * baseline.c: schemas that were put aside, and the drift from them.
 *
 * A name keeps the different schemas that it has had as versions; the last one
 * is in force.  The rows are read and written as the table's owner: who may
 * call the functions needs no right on the table.
 */
#include "common/compat.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "common/extension.h"
#include "common/options.h"
#include "common/write.h"
#include "schema/functions.h"
#include "schema/read.h"

PG_FUNCTION_INFO_V1(wf_schema_baseline);
PG_FUNCTION_INFO_V1(wf_schema_baseline_import);
PG_FUNCTION_INFO_V1(wf_schema_baseline_snapshot);
PG_FUNCTION_INFO_V1(wf_schema_baseline_drop);
PG_FUNCTION_INFO_V1(wf_schema_drift_name);
PG_FUNCTION_INFO_V1(wf_schema_drift_snapshot);

typedef struct DriftOptions
{
	WfDiffOptions diff;
	int64		version;		/* 0: the last one */
} DriftOptions;

static const WfOption drift_options[] = {
	{"version", WF_OPTION_INTEGER, offsetof(DriftOptions, version)},
	{"online", WF_OPTION_BOOLEAN, offsetof(DriftOptions, diff.online)},
	{"allow_data_loss", WF_OPTION_BOOLEAN, offsetof(DriftOptions, diff.allow_data_loss)},
	{"lock_timeout", WF_OPTION_TEXT, offsetof(DriftOptions, diff.lock_timeout)},
};

static const char *name_argument(FunctionCallInfo fcinfo);
static Jsonb *snapshot_argument(FunctionCallInfo fcinfo, int n);
static WfModel *model_of(Jsonb *document, const char *argument);
static int	store(const char *name, Jsonb *snapshot, const char *fingerprint);
static int	unchanged_version(const char *name, Jsonb *snapshot, int *last);
static Jsonb *fetch(const char *name, int64 version, char **fingerprint);
static void parse_options(FunctionCallInfo fcinfo, DriftOptions *options);
static void drift_from(FunctionCallInfo fcinfo, Jsonb *document, const char *argument, const char *fingerprint,
					   DriftOptions *options);
pg_noreturn static void unknown_baseline(const char *name, int64 version);

/* schema_baseline(name text, schemas text[], options jsonb) -> integer */
Datum
wf_schema_baseline(PG_FUNCTION_ARGS)
{
	const char *name = name_argument(fcinfo);
	WfModel    *model = wf_schema_read_request(SCHEMAS_ARGUMENT(1), OPTIONS_ARGUMENT(2));

	if (model->inconsistent)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("other sessions keep changing the schema"),
				 errhint("Call schema_baseline() again when they are done.")));
	PG_RETURN_INT32(store(name, wf_schema_model_to_json(model), wf_schema_fingerprint(model)));
}

/* schema_baseline_import(name text, snapshot jsonb) -> integer */
Datum
wf_schema_baseline_import(PG_FUNCTION_ARGS)
{
	const char *name = name_argument(fcinfo);
	Jsonb	   *snapshot = snapshot_argument(fcinfo, 1);
	WfModel    *model = model_of(snapshot, "snapshot");

	PG_RETURN_INT32(store(name, snapshot, wf_schema_is_drizzle(snapshot) ? NULL : wf_schema_fingerprint(model)));
}

/* schema_baseline_snapshot(name text, version integer) -> jsonb */
Datum
wf_schema_baseline_snapshot(PG_FUNCTION_ARGS)
{
	const char *name = name_argument(fcinfo);
	Jsonb	   *snapshot = fetch(name, PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1), NULL);

	if (wf_schema_is_drizzle(snapshot))
		snapshot = wf_schema_model_to_json(wf_schema_from_drizzle(snapshot, psprintf("baseline \"%s\"", name)));
	PG_RETURN_JSONB_P(snapshot);
}

/* schema_baseline_drop(name text, version integer) -> integer */
Datum
wf_schema_baseline_drop(PG_FUNCTION_ARGS)
{
	const char *name = name_argument(fcinfo);
	Oid			types[] = {TEXTOID, INT4OID};
	Datum		values[] = {CStringGetTextDatum(name), PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1)};
	char		nulls[] = {' ', PG_ARGISNULL(1) ? 'n' : ' '};
	WfWrite		write;
	int			dropped;

	wf_common_require_writable("schema_baseline_drop()");
	SPI_connect();
	wf_common_write_begin(&write, wf_common_relation_oid("schema_baselines"));
	if (SPI_execute_with_args("DELETE FROM wishflags.schema_baselines WHERE name OPERATOR(pg_catalog.=) $1"
							  " AND ($2 IS NULL OR version OPERATOR(pg_catalog.=) $2)",
							  2, types, values, nulls, false, 0) != SPI_OK_DELETE)
		elog(ERROR, "could not delete a baseline");
	dropped = SPI_processed;
	wf_common_write_end(&write);
	SPI_finish();
	if (dropped == 0)
		unknown_baseline(name, PG_ARGISNULL(1) ? 0 : PG_GETARG_INT32(1));
	PG_RETURN_INT32(dropped);
}

/* schema_drift(name text, options jsonb), a row a change */
Datum
wf_schema_drift_name(PG_FUNCTION_ARGS)
{
	const char *name = name_argument(fcinfo);
	DriftOptions options;
	char	   *fingerprint;
	Jsonb	   *document;

	parse_options(fcinfo, &options);
	wf_init_materialized_srf(fcinfo);
	document = fetch(name, options.version, &fingerprint);
	drift_from(fcinfo, document, psprintf("baseline \"%s\"", name), fingerprint, &options);
	return (Datum) 0;
}

/* schema_drift(snapshot jsonb, options jsonb), a row a change */
Datum
wf_schema_drift_snapshot(PG_FUNCTION_ARGS)
{
	Jsonb	   *document = snapshot_argument(fcinfo, 0);
	DriftOptions options;

	parse_options(fcinfo, &options);
	wf_init_materialized_srf(fcinfo);
	drift_from(fcinfo, document, "snapshot", NULL, &options);
	return (Datum) 0;
}

static void
parse_options(FunctionCallInfo fcinfo, DriftOptions *options)
{
	memset(options, 0, sizeof(DriftOptions));
	options->diff.online = true;
	if (!PG_ARGISNULL(1))
		wf_common_options_parse(PG_GETARG_JSONB_P(1), drift_options, lengthof(drift_options), options);
}

/* Equal fingerprints spare the comparison, and the reading of the baseline. */
static void
drift_from(FunctionCallInfo fcinfo, Jsonb *document, const char *argument, const char *fingerprint,
		   DriftOptions *options)
{
	WfModel    *from = fingerprint ? wf_schema_header_from_json(document, argument) : model_of(document, argument);
	WfModel    *live = wf_schema_read(from->schemas, from->left_out);

	wf_schema_narrow(live, from->scope);
	if (fingerprint && strcmp(fingerprint, wf_schema_fingerprint(live)) == 0)
		return;
	if (fingerprint)
		from = model_of(document, argument);
	wf_schema_emit_plan(fcinfo, wf_schema_plan(from, live, &options->diff));
}

static const char *
name_argument(FunctionCallInfo fcinfo)
{
	char	   *name;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the name of a baseline must not be null")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (*name == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the name of a baseline must not be empty")));
	return name;
}

static Jsonb *
snapshot_argument(FunctionCallInfo fcinfo, int n)
{
	if (PG_ARGISNULL(n))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("snapshot must not be null")));
	return PG_GETARG_JSONB_P(n);
}

static WfModel *
model_of(Jsonb *document, const char *argument)
{
	return wf_schema_is_drizzle(document) ? wf_schema_from_drizzle(document, argument)
		: wf_schema_model_from_json(document, argument);
}

/* Stores a snapshot unless the last version is the same; returns its version. */
static int
store(const char *name, Jsonb *snapshot, const char *fingerprint)
{
	Oid			types[] = {TEXTOID, INT4OID, JSONBOID, TEXTOID, TIMESTAMPTZOID, TEXTOID};
	Datum		values[6];
	char		nulls[] = {' ', ' ', ' ', fingerprint ? ' ' : 'n', ' ', ' '};
	WfWrite		write;
	int			version;
	int			last;

	wf_common_require_writable("schema_baseline()");
	SPI_connect();
	wf_common_write_begin(&write, wf_common_relation_oid("schema_baselines"));
	/* One at a time, so that each finds the version before it. */
	if (SPI_execute("LOCK TABLE wishflags.schema_baselines IN SHARE ROW EXCLUSIVE MODE", false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not lock the baselines");
	version = unchanged_version(name, snapshot, &last);
	if (!version)
	{
		version = last + 1;
		values[0] = CStringGetTextDatum(name);
		values[1] = Int32GetDatum(version);
		values[2] = JsonbPGetDatum(snapshot);
		values[3] = fingerprint ? CStringGetTextDatum(fingerprint) : (Datum) 0;
		values[4] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());
		values[5] = CStringGetTextDatum(GetUserNameFromId(write.outer_user, false));
		if (SPI_execute_with_args("INSERT INTO wishflags.schema_baselines"
								  " (name, version, snapshot, fingerprint, created_at, created_by)"
								  " VALUES ($1, $2, $3, $4, $5, $6)",
								  6, types, values, nulls, false, 0) != SPI_OK_INSERT)
			elog(ERROR, "could not store a baseline");
	}
	wf_common_write_end(&write);
	SPI_finish();
	return version;
}

/* The last version if it holds this snapshot, else 0; *last is its number, 0 for none. */
static int
unchanged_version(const char *name, Jsonb *snapshot, int *last)
{
	Oid			types[] = {TEXTOID, JSONBOID};
	Datum		values[] = {CStringGetTextDatum(name), JsonbPGetDatum(snapshot)};
	bool		isnull;
	HeapTuple	tuple;

	*last = 0;
	if (SPI_execute_with_args("SELECT version, snapshot OPERATOR(pg_catalog.=) $2 FROM wishflags.schema_baselines"
							  " WHERE name OPERATOR(pg_catalog.=) $1 ORDER BY version DESC LIMIT 1",
							  2, types, values, NULL, false, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the baselines");
	if (SPI_processed == 0)
		return 0;
	tuple = SPI_tuptable->vals[0];
	*last = DatumGetInt32(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &isnull));
	return DatumGetBool(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 2, &isnull)) ? *last : 0;
}

/* What is stored under a name (version 0: the last one), in the caller's memory. */
static Jsonb *
fetch(const char *name, int64 version, char **fingerprint)
{
	MemoryContext context = CurrentMemoryContext;
	MemoryContext old;
	Oid			types[] = {TEXTOID, INT8OID};
	Datum		values[] = {CStringGetTextDatum(name), Int64GetDatum(version)};
	WfWrite		write;
	Jsonb	   *snapshot = NULL;
	bool		isnull;

	SPI_connect();
	wf_common_write_begin(&write, wf_common_relation_oid("schema_baselines"));
	if (SPI_execute_with_args("SELECT snapshot, fingerprint FROM wishflags.schema_baselines"
							  " WHERE name OPERATOR(pg_catalog.=) $1"
							  " AND ($2 OPERATOR(pg_catalog.=) 0 OR version OPERATOR(pg_catalog.=) $2)"
							  " ORDER BY version DESC LIMIT 1",
							  2, types, values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not read the baselines");
	old = MemoryContextSwitchTo(context);
	if (SPI_processed == 1)
	{
		HeapTuple	tuple = SPI_tuptable->vals[0];

		snapshot = DatumGetJsonbPCopy(SPI_getbinval(tuple, SPI_tuptable->tupdesc, 1, &isnull));
		if (fingerprint)
			*fingerprint = SPI_getvalue(tuple, SPI_tuptable->tupdesc, 2);
	}
	MemoryContextSwitchTo(old);
	wf_common_write_end(&write);
	SPI_finish();
	if (!snapshot)
		unknown_baseline(name, version);
	return snapshot;
}

static void
unknown_baseline(const char *name, int64 version)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 version ? errmsg("baseline \"%s\" has no version %lld", name, (long long) version)
			 : errmsg("baseline \"%s\" does not exist", name),
			 errhint("List them: SELECT * FROM wishflags.schema_baseline_overview;")));
}
