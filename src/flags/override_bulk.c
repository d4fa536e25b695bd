/*
 * override_bulk.c: overrides for all keys that a query returns.
 *
 * The query runs as the caller and under the caller's search_path, behind a
 * cursor that only reads; what it returns is written by statements that the
 * caller might have typed, some thousand rows at a time.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "common/select.h"
#include "flags/manage.h"
#include "flags/override_option.h"

PG_FUNCTION_INFO_V1(wf_flag_override_set_all);

/* How many rows are fetched and written at a time. */
#define BATCH 10000

/* What a row of the query may say; the rest is in the options. */
typedef struct BulkColumn
{
	const char *name;
	Oid			type;
	const char *cast;			/* of what the query returns; %s is the column */
} BulkColumn;

/* In the order of WfParams of overrides, behind the key. */
static const BulkColumn bulk_columns[] = {
	{"key", TEXTOID, "q.%s::pg_catalog.text"},
	{"kind", TEXTOID, "q.%s::pg_catalog.text"},
	{"variant", TEXTOID, "q.%s::pg_catalog.text"},
	{"value", JSONBOID, "pg_catalog.to_jsonb(q.%s)"},
	{"deny", BOOLOID, "q.%s::pg_catalog.bool"},
	{"expires_at", TIMESTAMPTZOID, "q.%s::pg_catalog.timestamptz"},
	{"note", TEXTOID, "q.%s::pg_catalog.text"},
};

#define NCOLUMNS lengthof(bulk_columns)

/*
 * $1 is the flag, $2 to $8 are columns, $9 says whether to replace.  Of rows
 * that contradict each other the first is taken; what is there already stays,
 * unless it is to be replaced.
 */
static const char write_sql[] =
"WITH given AS MATERIALIZED (SELECT g.key, coalesce(g.kind, 'user') AS kind, g.variant, g.value, coalesce(g.deny, false) AS deny,"
"  date_trunc('second', g.expires_at) AS expires_at, g.note, row_number() OVER (PARTITION BY coalesce(g.kind, 'user'), g.key ORDER BY g.n) AS nth"
"  FROM unnest($2, $3, $4, $5, $6, $7, $8) WITH ORDINALITY g (key, kind, variant, value, deny, expires_at, note, n)),"
" compared AS MATERIALIZED (SELECT g.*, o.key IS NOT NULL"
"  AND (o.variant, o.value, o.deny, o.expires_at) IS NOT DISTINCT FROM (g.variant, g.value, g.deny, g.expires_at) AS same"
"  FROM given g LEFT JOIN wishflags.flag_overrides o ON o.flag = $1 AND o.context_kind = g.kind AND o.key = g.key WHERE g.nth = 1),"
" written AS (INSERT INTO wishflags.flag_overrides AS o (flag, key, context_kind, variant, value, deny, expires_at, note)"
"  SELECT $1, c.key, c.kind, c.variant, c.value, c.deny, c.expires_at, c.note FROM compared c WHERE NOT c.same"
"  ON CONFLICT ON CONSTRAINT flag_overrides_pkey DO UPDATE SET variant = excluded.variant, value = excluded.value,"
"  deny = excluded.deny, expires_at = excluded.expires_at, note = excluded.note WHERE $9"
"  RETURNING 1)"
" SELECT (SELECT count(*) FROM written), (SELECT count(*) FROM compared WHERE same) +"
" (SELECT count(*) FROM given g JOIN compared c ON c.kind = g.kind AND c.key = g.key WHERE g.nth > 1"
"  AND (c.variant, c.value, c.deny, c.expires_at) IS NOT DISTINCT FROM (g.variant, g.value, g.deny, g.expires_at))";

/* A query, and which columns it has. */
typedef struct BulkQuery
{
	SPIPlanPtr	plan;
	bool		has[NCOLUMNS];
} BulkQuery;

static void prepare_query(const char *query, BulkQuery *bulk);
static void find_columns(TupleDesc desc, const char **names);
static SPIPlanPtr prepare_write(void);
static int	fetch_batch(Portal portal, const BulkQuery *bulk, const WfParams *options, Datum *arrays);
static void write_batch(SPIPlanPtr plan, Datum *values, int64 *written, int64 *unchanged);

/*
 * flag_override_set_all(flag text, query text, options jsonb)
 *   -> (written bigint, unchanged bigint, conflicting bigint)
 */
Datum
wf_flag_override_set_all(PG_FUNCTION_ARGS)
{
	WfOverrideOptions options;
	WfParams	params = {0};
	BulkQuery	bulk;
	Portal		portal;
	SPIPlanPtr	write_plan;
	MemoryContext batch_context;
	Datum		values[NCOLUMNS + 2];
	Datum		results[3];
	bool		nulls[3] = {false};
	int64		given = 0;
	int64		written = 0;
	int64		unchanged = 0;
	TupleDesc	desc;
	int			count;

	wf_flags_refuse_null(fcinfo, 0, "key of the flag");
	wf_flags_refuse_null(fcinfo, 1, "query");
	wf_flags_refuse_null(fcinfo, 2, "options");
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	wf_flags_override_options(PG_GETARG_JSONB_P(2), true, &options);
	wf_flags_override_params(&params, &options);
	values[0] = PG_GETARG_DATUM(0);
	values[NCOLUMNS + 1] = BoolGetDatum(options.replace);

	SPI_connect();
	prepare_query(text_to_cstring(PG_GETARG_TEXT_PP(1)), &bulk);
	portal = SPI_cursor_open(NULL, bulk.plan, NULL, NULL, true);
	write_plan = prepare_write();
	batch_context = AllocSetContextCreate(CurrentMemoryContext, "wishflags overrides of a query", ALLOCSET_DEFAULT_SIZES);
	for (;;)
	{
		MemoryContext old = MemoryContextSwitchTo(batch_context);

		CHECK_FOR_INTERRUPTS();
		count = fetch_batch(portal, &bulk, &params, values + 1);
		if (count > 0)
			write_batch(write_plan, values, &written, &unchanged);
		given += count;
		MemoryContextSwitchTo(old);
		MemoryContextReset(batch_context);
		if (count == 0)
			break;
	}
	SPI_cursor_close(portal);
	SPI_finish();

	results[0] = Int64GetDatum(written);
	results[1] = Int64GetDatum(unchanged);
	results[2] = Int64GetDatum(given - written - unchanged);
	return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), results, nulls));
}

/* Prepares the caller's query so that it returns its columns in our order. */
static void
prepare_query(const char *query, BulkQuery *bulk)
{
	TupleDesc	columns;
	char	   *select = wf_common_select(query, "the query of overrides", "SELECT id AS key FROM users", &columns);
	const char *names[NCOLUMNS] = {NULL};
	StringInfoData sql;
	const char *key;

	find_columns(columns, names);
	initStringInfo(&sql);
	appendStringInfoString(&sql, "SELECT");
	for (int i = 0; i < NCOLUMNS; i++)
	{
		bulk->has[i] = names[i] != NULL;
		appendStringInfo(&sql, i ? ", " : " ");
		if (names[i])
			appendStringInfo(&sql, bulk_columns[i].cast, quote_identifier(names[i]));
		else
			appendStringInfoString(&sql, "NULL");
	}
	key = quote_identifier(names[0]);
	appendStringInfo(&sql, " FROM (\n%s\n) AS q WHERE q.%s IS NOT NULL", select, key);
	bulk->plan = SPI_prepare(sql.data, 0, NULL);
	if (bulk->plan == NULL)
		elog(ERROR, "could not prepare: %s", sql.data);
}

/* The names of the columns that are known; one alone is the key, whatever its name. */
static void
find_columns(TupleDesc desc, const char **names)
{
	for (int i = 0; i < desc->natts; i++)
	{
		const char *name = pstrdup(NameStr(TupleDescAttr(desc, i)->attname));
		int			n = 0;

		while (n < NCOLUMNS && strcmp(bulk_columns[n].name, name) != 0)
			n++;
		if (n == NCOLUMNS && desc->natts > 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("unknown column \"%s\" in the query of overrides", name),
					 errhint("Known are key, kind, variant, value, deny, expires_at and note.")));
		names[desc->natts == 1 ? 0 : n] = name;
	}
	if (names[0] == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the query of overrides has no column \"key\""),
				 errhint("Name it: SELECT id AS key, ...")));
}

/* Under no path but the server's own, which its names are found in. */
static SPIPlanPtr
prepare_write(void)
{
	int			nest_level = NewGUCNestLevel();
	Oid			types[NCOLUMNS + 2];
	SPIPlanPtr	plan;

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	types[0] = TEXTOID;
	for (int i = 0; i < NCOLUMNS; i++)
		types[i + 1] = get_array_type(bulk_columns[i].type);
	types[NCOLUMNS + 1] = BOOLOID;
	plan = SPI_prepare(write_sql, lengthof(types), types);
	if (plan == NULL)
		elog(ERROR, "could not prepare: %s", write_sql);
	AtEOXact_GUC(false, nest_level);
	return plan;
}

/* The next rows, as an array a column; an option stands for what the query does not say. */
static int
fetch_batch(Portal portal, const BulkQuery *bulk, const WfParams *options, Datum *arrays)
{
	int			count;

	SPI_cursor_fetch(portal, true, BATCH);
	count = (int) SPI_processed;
	for (int column = 0; column < NCOLUMNS && count > 0; column++)
	{
		Oid			type = bulk_columns[column].type;
		Datum	   *elements = palloc(sizeof(Datum) * count);
		bool	   *nulls = palloc(sizeof(bool) * count);
		int			dims[] = {count};
		int			lower[] = {1};
		int16		len;
		bool		by_value;
		char		align;

		for (int i = 0; i < count; i++)
		{
			if (bulk->has[column])
				elements[i] = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, column + 1, &nulls[i]);
			else
			{
				elements[i] = options->values[column - 1];
				nulls[i] = options->nulls[column - 1] == 'n';
			}
		}
		get_typlenbyvalalign(type, &len, &by_value, &align);
		arrays[column] = PointerGetDatum(construct_md_array(elements, nulls, 1, dims, lower, type, len, by_value, align));
	}
	SPI_freetuptable(SPI_tuptable);
	return count;
}

static void
write_batch(SPIPlanPtr plan, Datum *values, int64 *written, int64 *unchanged)
{
	MemoryContext context = CurrentMemoryContext;
	int			nest_level = NewGUCNestLevel();
	bool		isnull;

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	PG_TRY();
	{
		if (SPI_execute_plan(plan, values, NULL, false, 0) != SPI_OK_SELECT)
			elog(ERROR, "could not run: %s", write_sql);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		/* Our statement says nothing to the caller, who has not written it. */
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		error->context = NULL;
		ReThrowError(error);
	}
	PG_END_TRY();
	*written += DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	*unchanged += DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
	SPI_freetuptable(SPI_tuptable);
	AtEOXact_GUC(false, nest_level);
}
