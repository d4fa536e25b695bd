/*
 * experiment_query.c: the numbers of an experiment, from a caller's query.
 *
 * The query becomes a part of one that joins it with the exposures and
 * aggregates, so that no row leaves the executor.  All is run as the caller,
 * who has to be allowed to read the exposures, and in a read-only transaction.
 */
#include "common/compat.h"

#include <math.h>

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "parser/parse_coerce.h"
#include "utils/builtins.h"

#include "common/select.h"
#include "flags/experiment_query.h"

/* The query's columns. */
enum
{
	COLUMN_UNIT,
	COLUMN_METRIC,
	COLUMN_VALUE,
	COLUMN_COVARIATE,
	COLUMN_NUMERATOR,
	COLUMN_DENOMINATOR,
	COLUMN_DIMENSION,
	COLUMNS
};

static const char *const column_names[COLUMNS] = {
	"unit", "metric", "value", "covariate", "numerator", "denominator", "dimension"
};

#define METRIC_EXAMPLE "SELECT user_id AS unit, sum(amount) AS value FROM orders GROUP BY user_id"
#define DIMENSION_EXAMPLE "SELECT id AS unit, country AS dimension FROM users"

/* A query that was looked at. */
typedef struct CallersQuery
{
	const char *what;			/* for messages */
	const char *example;
	char	   *text;			/* one SELECT, without a semicolon */
	Oid			types[COLUMNS]; /* InvalidOid: it has no such column */
} CallersQuery;

static void look_at_query(const char *what, const char *example, const char *sql, const bool *known, CallersQuery *query);
static void look_at_columns(TupleDesc desc, const bool *known, CallersQuery *query);
static void check_number(const CallersQuery *query, int column);
static void look_at_metric_query(const char *sql, CallersQuery *query, WfMetricColumns *columns);
static char *exposures_sql(const WfExperiment *experiment, const WfExperimentOptions *options, const char *columns, bool all);
static char *metric_rows_sql(const CallersQuery *query, const WfMetricColumns *columns);
static char *read_names(const CallersQuery *query, const WfMetricColumns *columns);
static char *cells_sql(const WfExperiment *experiment, const WfExperimentOptions *options, const CallersQuery *metric,
					   const WfMetricColumns *columns, const char *names, const CallersQuery *dimension);
static void read_exposed(const char *sql, const WfExperimentOptions *options, WfExperimentData *data, MemoryContext context);
static void read_cells(const char *sql, WfExperimentData *data, MemoryContext context);
static void check_cells(const WfExperimentData *data, const CallersQuery *metric, const CallersQuery *dimension);
static void report_duplicate(const WfMetricColumns *columns, const CallersQuery *metric, const CallersQuery *dimension);
static double number(int row, int column);
static char *name(int row, int column);

/* Reads into the current memory context; raises what is wrong with the queries. */
void
wf_flags_experiment_read(const WfExperiment *experiment, const char *metric_query,
						 const WfExperimentOptions *options, WfExperimentData *data)
{
	static const bool dimension_columns[COLUMNS] = {[COLUMN_UNIT] = true,[COLUMN_DIMENSION] = true};
	MemoryContext caller = CurrentMemoryContext;
	bool		read_only = XactReadOnly;
	CallersQuery metric = {0};
	CallersQuery dimension = {0};

	data->cells = data->exposed = NIL;
	SPI_connect();
	/* An error ends the (sub)transaction, which puts this back. */
	XactReadOnly = true;
	look_at_metric_query(metric_query, &metric, &data->columns);
	if (options->dimension_query)
		look_at_query("dimension query", DIMENSION_EXAMPLE, options->dimension_query, dimension_columns, &dimension);
	read_exposed(exposures_sql(experiment, options, NULL, true), options, data, caller);
	read_cells(cells_sql(experiment, options, &metric, &data->columns,
						 data->columns.metric ? read_names(&metric, &data->columns) : NULL,
						 dimension.text ? &dimension : NULL), data, caller);
	check_cells(data, &metric, dimension.text ? &dimension : NULL);
	XactReadOnly = read_only;
	SPI_finish();
}

/* Analyzes a query without running it: one SELECT with columns that are known. */
static void
look_at_query(const char *what, const char *example, const char *sql, const bool *known, CallersQuery *query)
{
	TupleDesc	columns;

	query->what = what;
	query->example = example;
	query->text = wf_common_select(sql, what, example, &columns);
	look_at_columns(columns, known, query);
}

static void
look_at_columns(TupleDesc desc, const bool *known, CallersQuery *query)
{
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);
		int			n = 0;

		while (n < COLUMNS && !(known[n] && strcmp(column_names[n], NameStr(column->attname)) == 0))
			n++;
		if (n == COLUMNS || OidIsValid(query->types[n]))
		{
			StringInfoData names;

			initStringInfo(&names);
			for (n = 0; n < COLUMNS; n++)
			{
				if (known[n])
					appendStringInfo(&names, "%s%s", names.len ? ", " : "", column_names[n]);
			}
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s must not give column \"%s\"", query->what, NameStr(column->attname)),
					 errdetail("Its columns are told by their names: %s, each once.", names.data),
					 errhint("Write for example: %s.", query->example)));
		}
		query->types[n] = column->atttypid;
	}
	for (int n = 0; n < COLUMNS; n++)
	{
		if ((n == COLUMN_UNIT || n == COLUMN_DIMENSION) && known[n] && !OidIsValid(query->types[n]))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s must give column \"%s\"", query->what, column_names[n]),
					 errhint("Write for example: %s.", query->example)));
	}
}

static void
look_at_metric_query(const char *sql, CallersQuery *query, WfMetricColumns *columns)
{
	static const bool known[COLUMNS] = {true, true, true, true, true, true, false};

	look_at_query("metric query", METRIC_EXAMPLE, sql, known, query);
	columns->metric = OidIsValid(query->types[COLUMN_METRIC]);
	columns->covariate = OidIsValid(query->types[COLUMN_COVARIATE]);
	columns->ratio = OidIsValid(query->types[COLUMN_NUMERATOR]) && OidIsValid(query->types[COLUMN_DENOMINATOR]);
	columns->boolean = query->types[COLUMN_VALUE] == BOOLOID;
	if (OidIsValid(query->types[COLUMN_VALUE]) ? OidIsValid(query->types[COLUMN_NUMERATOR]) || OidIsValid(query->types[COLUMN_DENOMINATOR])
		: !columns->ratio || columns->covariate)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("metric query must give value, value and covariate, or numerator and denominator"),
				 errhint("Write for example: %s.", METRIC_EXAMPLE)));
	for (int n = COLUMN_VALUE; n <= COLUMN_DENOMINATOR; n++)
		check_number(query, n);
}

static void
check_number(const CallersQuery *query, int column)
{
	Oid			type = query->types[column];

	if (!OidIsValid(type) || TypeCategory(type) == TYPCATEGORY_NUMERIC || (type == BOOLOID && column == COLUMN_VALUE))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_DATATYPE_MISMATCH),
			 errmsg("column \"%s\" of the metric query is of type %s, no number",
					column_names[column], format_type_be(type)),
			 type == UNKNOWNOID || TypeCategory(type) == TYPCATEGORY_STRING || TypeCategory(type) == TYPCATEGORY_UNKNOWN ?
			 errhint("Cast it: %s::numeric AS %s.", column_names[column], column_names[column]) : 0));
}

/* The exposures that count; with all, also those that do not, by variant. */
static char *
exposures_sql(const WfExperiment *experiment, const WfExperimentOptions *options, const char *columns, bool all)
{
	StringInfoData sql;
	char	   *as_of = options->as_of ? psprintf("%s::pg_catalog.timestamptz", quote_literal_cstr(options->as_of)) : NULL;
	char	   *steady = as_of ? psprintf("(e.flickered_at IS NULL OR e.flickered_at OPERATOR(pg_catalog.>) %s)", as_of)
	: "e.flickered_at IS NULL";
	ListCell   *lc;

	initStringInfo(&sql);
	if (all)
		appendStringInfo(&sql, "SELECT e.variant, pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE NOT %s)", steady);
	else
		appendStringInfo(&sql, "SELECT %s", columns);
	appendStringInfo(&sql, " FROM wishflags.experiment_exposures e WHERE e.experiment OPERATOR(pg_catalog.=) %s"
					 " AND e.variant OPERATOR(pg_catalog.=) ANY (ARRAY[", quote_literal_cstr(experiment->key));
	foreach(lc, experiment->arms)
		appendStringInfo(&sql, "%s%s", lc == list_head(experiment->arms) ? "" : ", ",
						 quote_literal_cstr(((WfArmShare *) lfirst(lc))->variant));
	appendStringInfoString(&sql, "]::pg_catalog.text[])");
	if (as_of)
		appendStringInfo(&sql, " AND e.exposed_at OPERATOR(pg_catalog.<=) %s", as_of);
	if (all)
		appendStringInfoString(&sql, " GROUP BY e.variant");
	else if (!options->flicker)
		appendStringInfo(&sql, " AND %s", steady);
	return sql.data;
}

/* The rows of the metric query: unit, metric, y, x. */
static char *
metric_rows_sql(const CallersQuery *query, const WfMetricColumns *columns)
{
	return psprintf("SELECT q.unit::pg_catalog.text COLLATE \"C\" AS unit, %s AS metric, %s::pg_catalog.float8 AS y, %s AS x"
					" FROM (\n%s\n) q",
					columns->metric ? "q.metric::pg_catalog.text COLLATE \"C\"" : "NULL::pg_catalog.text",
					columns->ratio ? "q.numerator" : columns->boolean ? "q.value::pg_catalog.int4" : "q.value",
					columns->ratio ? "q.denominator::pg_catalog.float8"
					: columns->covariate ? "q.covariate::pg_catalog.float8" : "0::pg_catalog.float8",
					query->text);
}

/*
 * The metrics of a query with several, as a list for FROM.  They come first, so
 * that the planner knows how many there are.
 */
static char *
read_names(const CallersQuery *query, const WfMetricColumns *columns)
{
	char	   *sql = psprintf("SELECT DISTINCT m.metric FROM (%s) m ORDER BY 1", metric_rows_sql(query, columns));
	StringInfoData names;

	if (SPI_execute(sql, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not run: %s", sql);
	if (SPI_processed == 0)
		return "(SELECT NULL::pg_catalog.text COLLATE \"C\" WHERE false) n (metric)";
	initStringInfo(&names);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		char	   *metric = name(row, 1);

		if (metric == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("metric query gives a null as metric")));
		appendStringInfo(&names, "%s(%s::pg_catalog.text COLLATE \"C\")", row ? ", " : "(VALUES ", quote_literal_cstr(metric));
	}
	appendStringInfoString(&names, ") n (metric)");
	return names.data;
}

/*
 * Units that the query says nothing of are joined with nulls, so that a unit
 * with two rows makes more rows than there are exposures.  Full joins, although
 * what was not exposed is of no use (its variant is null): they are never nested
 * loops, which the planner takes where it does not know yet how many exposures
 * an experiment has, and which would run the caller's query for each.
 */
static char *
cells_sql(const WfExperiment *experiment, const WfExperimentOptions *options, const CallersQuery *metric,
		  const WfMetricColumns *columns, const char *names, const CallersQuery *dimension)
{
	const char *y = options->zero ? "COALESCE(m.y, 0)" : "m.y";
	const char *x = options->zero ? "COALESCE(m.x, 0)" : "m.x";
	StringInfoData sql;

	initStringInfo(&sql);
	appendStringInfo(&sql, "WITH m AS (%s) SELECT %s, %s, e.variant,"
					 " pg_catalog.count(*), pg_catalog.count(m.unit), pg_catalog.count(m.y), pg_catalog.count(m.x),"
					 " pg_catalog.count(*) FILTER (WHERE m.y OPERATOR(pg_catalog.<>) 0 AND m.y OPERATOR(pg_catalog.<>) 1),"
					 " pg_catalog.avg(%s), pg_catalog.var_samp(%s)",
					 metric_rows_sql(metric, columns), names ? "n.metric" : "NULL::pg_catalog.text",
					 dimension ? "d.dimension" : "NULL::pg_catalog.text", y, y);
	if (columns->ratio || columns->covariate)
		appendStringInfo(&sql, ", pg_catalog.avg(%s), pg_catalog.var_samp(%s), pg_catalog.covar_samp(%s, %s)", x, x, y, x);
	else
		appendStringInfoString(&sql, ", 0, 0, 0");
	appendStringInfo(&sql, " FROM (%s) e", exposures_sql(experiment, options, "e.unit, e.variant", false));
	if (names)
		appendStringInfo(&sql, " CROSS JOIN %s", names);
	appendStringInfo(&sql, " FULL JOIN m ON m.unit OPERATOR(pg_catalog.=) e.unit%s",
					 names ? " AND m.metric OPERATOR(pg_catalog.=) n.metric" : "");
	if (dimension)
		appendStringInfo(&sql, " FULL JOIN (SELECT q.unit::pg_catalog.text COLLATE \"C\" AS unit,"
						 " q.dimension::pg_catalog.text COLLATE \"C\" AS dimension FROM (\n%s\n) q) d"
						 " ON d.unit OPERATOR(pg_catalog.=) e.unit", dimension->text);
	appendStringInfoString(&sql, " GROUP BY 1, 2, 3 ORDER BY 1, 2, 3");
	return sql.data;
}

static void
read_exposed(const char *sql, const WfExperimentOptions *options, WfExperimentData *data, MemoryContext context)
{
	MemoryContext spi;

	if (SPI_execute(sql, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not run: %s", sql);
	spi = MemoryContextSwitchTo(context);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		WfExposed  *exposed = palloc0(sizeof(WfExposed));

		exposed->variant = name(row, 1);
		exposed->flickered = number(row, 3);
		exposed->units = number(row, 2) - (options->flicker ? 0 : exposed->flickered);
		data->exposed = lappend(data->exposed, exposed);
	}
	MemoryContextSwitchTo(spi);
}

static void
read_cells(const char *sql, WfExperimentData *data, MemoryContext context)
{
	MemoryContext spi;

	if (SPI_execute(sql, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not run: %s", sql);
	spi = MemoryContextSwitchTo(context);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		WfCell	   *cell = palloc0(sizeof(WfCell));

		/* What was not exposed. */
		if (name(row, 3) == NULL)
			continue;
		cell->metric = name(row, 1);
		cell->dimension = name(row, 2);
		cell->variant = name(row, 3);
		cell->units = number(row, 4);
		cell->matched = number(row, 5);
		cell->other_values = number(row, 8);
		cell->moments.mean_y = number(row, 9);
		cell->moments.variance_y = number(row, 10);
		cell->moments.mean_x = number(row, 11);
		cell->moments.variance_x = number(row, 12);
		cell->moments.covariance = number(row, 13);
		data->cells = lappend(data->cells, cell);
		if (number(row, 6) < cell->matched || number(row, 7) < cell->matched)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("metric query gives a null"),
					 errhint("Leave such units out with WHERE, or say what a null stands for: COALESCE(..., 0).")));
		if (isinf(cell->moments.mean_y) || isinf(cell->moments.mean_x) ||
			(cell->matched > 0 && (isnan(cell->moments.mean_y) || isnan(cell->moments.mean_x))))
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("metric query gives NaN or infinity")));
	}
	MemoryContextSwitchTo(spi);
}

/* More units than were exposed: the queries give some of them twice. */
static void
check_cells(const WfExperimentData *data, const CallersQuery *metric, const CallersQuery *dimension)
{
	double		exposed = 0;
	double		joined = 0;
	const char *last = NULL;
	ListCell   *lc;

	foreach(lc, data->exposed)
		exposed += ((WfExposed *) lfirst(lc))->units;
	foreach(lc, data->cells)
	{
		const WfCell *cell = lfirst(lc);

		if (last && strcmp(last, cell->metric) != 0)
			joined = 0;
		joined += cell->units;
		last = cell->metric;
		if (joined > exposed)
			report_duplicate(&data->columns, metric, dimension);
	}
}

static void
report_duplicate(const WfMetricColumns *columns, const CallersQuery *metric, const CallersQuery *dimension)
{
	const CallersQuery *query = metric;
	char	   *sql = psprintf("SELECT m.unit FROM (%s) m WHERE m.unit IS NOT NULL GROUP BY m.unit, m.metric"
							   " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 ORDER BY 1 LIMIT 1",
							   metric_rows_sql(metric, columns));

	if (SPI_execute(sql, true, 1) == SPI_OK_SELECT && SPI_processed == 0 && dimension)
	{
		query = dimension;
		sql = psprintf("SELECT q.unit::pg_catalog.text COLLATE \"C\" FROM (\n%s\n) q WHERE q.unit IS NOT NULL GROUP BY 1"
					   " HAVING pg_catalog.count(*) OPERATOR(pg_catalog.>) 1 ORDER BY 1 LIMIT 1", dimension->text);
		(void) SPI_execute(sql, true, 1);
	}
	ereport(ERROR,
			(errcode(ERRCODE_CARDINALITY_VIOLATION),
			 SPI_processed > 0 ? errmsg("%s gives unit \"%s\" more than once", query->what, name(0, 1))
			 : errmsg("%s gives a unit more than once", query->what),
			 errhint("Give one row a unit, for example: %s.", query->example)));
}

/* Of the result at hand; NaN for null. */
static double
number(int row, int column)
{
	TupleDesc	desc = SPI_tuptable->tupdesc;
	bool		isnull;
	Datum		value = SPI_getbinval(SPI_tuptable->vals[row], desc, column, &isnull);

	if (isnull)
		return NAN;
	switch (SPI_gettypeid(desc, column))
	{
		case INT8OID:
			return DatumGetInt64(value);
		case INT4OID:
			return DatumGetInt32(value);
		default:
			return DatumGetFloat8(value);
	}
}

static char *
name(int row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}
