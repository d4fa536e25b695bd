/*
 * estimate_rows.c: migration_estimate(), a row a statement.
 */
#include "common/compat.h"

#include "fmgr.h"
#include "funcapi.h"
#include "tcop/utility.h"
#include "utils/tuplestore.h"

#include "common/options.h"
#include "common/row.h"
#include "common/steady.h"
#include "ddl/deparse.h"
#include "ddl/lock.h"
#include "migration/check.h"

PG_FUNCTION_INFO_V1(wf_migration_estimate_text);

typedef struct EstimateRow
{
	int			statement;
	int			line;
	const char *command;
	char	   *object;			/* NULL: none that others use */
	int			transaction;	/* whose end gives its locks back */
	WfEstimate	estimate;
} EstimateRow;

typedef struct Rows
{
	MemoryContext context;
	List	   *rows;			/* of EstimateRow */
} Rows;

static Datum estimate_once(PG_FUNCTION_ARGS);
static void collect(void *target, WfReader *reader, WfStatement *statement, WfSimulation *simulation,
					const WfEstimate *estimate);
static void ignore_findings(void *target, WfReader *reader, int statement, int offset, List *findings);
static double blocked_seconds(List *rows, int from);

/*
 * migration_estimate(sql text, options jsonb) -> setof row
 *
 * Raises for a bad option only; what does not parse has no row.
 */
Datum
wf_migration_estimate_text(PG_FUNCTION_ARGS)
{
	return wf_common_steady_call(fcinfo, estimate_once);
}

static Datum
estimate_once(PG_FUNCTION_ARGS)
{
	static const WfOption known[] = {
		{"in_transaction", WF_OPTION_BOOLEAN, offsetof(WfCheckOptions, in_transaction)},
		{"assume_populated", WF_OPTION_BOOLEAN, offsetof(WfCheckOptions, assume_populated)},
		{"target_version", WF_OPTION_INTEGER, offsetof(WfCheckOptions, target_version)},
		{"stats", WF_OPTION_JSON, offsetof(WfCheckOptions, stats_document)},
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	text	   *sql = PG_GETARG_TEXT_PP(0);
	WfCheckOptions options = wf_migration_read_check_options(PG_GETARG_JSONB_P(1), known, lengthof(known));
	Rows		all = {.context = CurrentMemoryContext};
	ListCell   *lc;

	options.estimate = collect;
	wf_migration_check_text(VARDATA_ANY(sql), VARSIZE_ANY_EXHDR(sql), &options,
							wf_migration_simulation(wf_ddl_catalog_live()), ignore_findings, NULL, &all);
	foreach(lc, all.rows)
	{
		EstimateRow *row = lfirst(lc);
		const WfEstimate *estimate = &row->estimate;
		double		blocked = blocked_seconds(all.rows, foreach_current_index(lc));
		Datum		values[11];
		bool		nulls[11] = {0};

		values[0] = Int32GetDatum(row->statement);
		values[1] = Int32GetDatum(row->line);
		wf_row_put_text(values, nulls, 2, row->command);
		wf_row_put_text(values, nulls, 3, row->object);
		wf_row_put_text(values, nulls, 4, wf_ddl_lock_name(estimate->lock));
		wf_row_put_text(values, nulls, 5, wf_migration_work_name(estimate->work));
		values[6] = Int64GetDatum(estimate->bytes);
		nulls[6] = estimate->bytes < 0;
		values[7] = Float8GetDatum(estimate->seconds);
		nulls[7] = estimate->seconds < 0;
		wf_row_put_text(values, nulls, 8, wf_migration_blocked(estimate->lock));
		values[9] = Float8GetDatum(blocked);
		nulls[9] = blocked < 0;
		wf_row_put_text(values, nulls, 10, estimate->source);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* A WfReportEstimate. */
static void
collect(void *target, WfReader *reader, WfStatement *statement, WfSimulation *simulation, const WfEstimate *estimate)
{
	Rows	   *all = target;
	MemoryContext old = MemoryContextSwitchTo(all->context);
	EstimateRow *row = palloc0(sizeof(EstimateRow));
	int			col;

	row->statement = statement->number;
	wf_ddl_reader_position(reader, statement->offset, 0, &row->line, &col);
	row->command = CreateCommandName(statement->node);
	if (estimate->relation)
		row->object = wf_ddl_quote_name(estimate->relation->schema, estimate->relation->name);
	/* Outside of transactions each has its own. */
	row->transaction = simulation->in_transaction ? simulation->transaction : -statement->number;
	row->estimate = *estimate;
	all->rows = lappend(all->rows, row);
	MemoryContextSwitchTo(old);
}

/* A WfReportFindings. */
static void
ignore_findings(void *target, WfReader *reader, int statement, int offset, List *findings)
{
}

/* How long this row's lock keeps others waiting, until its transaction ends; -1: not known. */
static double
blocked_seconds(List *rows, int from)
{
	const EstimateRow *first = list_nth(rows, from);
	double		seconds = 0;

	if (first->estimate.lock < ShareLock)
		return 0;
	for (int i = from; i < list_length(rows); i++)
	{
		const EstimateRow *row = list_nth(rows, i);

		if (row->transaction != first->transaction)
			break;
		if (row->estimate.seconds < 0)
			return -1;
		seconds += row->estimate.seconds;
	}
	return seconds;
}
