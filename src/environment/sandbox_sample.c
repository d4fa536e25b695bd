/*
 * sandbox_sample.c: which rows a sandbox has: those that are wanted for their
 * own sake, and all that they refer to.
 */
#include "common/compat.h"

#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "environment/sandbox.h"
#include "schema/read.h"
#include "schema/reader.h"

/* Rows whose references are followed at once. */
#define BATCH 10000

/* The share of rows is told by so many bits of a hash. */
#define HASH_BITS 52

typedef struct Picked
{
	ItemPointerData place;
	char		status;
} Picked;

#define SH_PREFIX wf_picked
#define SH_ELEMENT_TYPE Picked
#define SH_KEY_TYPE ItemPointerData
#define SH_KEY place
#define SH_HASH_KEY(tb, key) hash_bytes((const unsigned char *) &(key), sizeof(ItemPointerData))
#define SH_EQUAL(tb, a, b) (ItemPointerCompare(&(a), &(b)) == 0)
#define SH_SCOPE static inline
#define SH_DEFINE
#define SH_DECLARE
#include "lib/simplehash.h"

static void sample(WfSandbox *sandbox, WfSandboxTable *table, MemoryContext context);
static char *sample_query(WfSandbox *sandbox, WfSandboxTable *table);
static void follow(WfSandbox *sandbox, WfSandboxTable *table, MemoryContext context);
static void follow_reference(WfSandbox *sandbox, WfSandboxTable *table, WfSandboxReference *reference,
							 Datum rows, MemoryContext context);
static SPIPlanPtr reference_plan(WfSandboxTable *table, WfSandboxReference *reference);
static void pick(WfSandbox *sandbox, Oid relation, ItemPointer place);
static bool add_row(WfSandboxTable *table, ItemPointer place);
static int	compare_places(const void *a, const void *b);
pg_noreturn static void report_hidden(WfSandboxTable *table, WfSandboxReference *reference, int64 n);

/*
 * Chooses the rows, sorted by their place.  References are followed until no
 * row is new; each row is added once, so that ends.
 *
 * Raises program_limit_exceeded for more than max_rows, insufficient_privilege
 * where a row that is referred to cannot be seen.
 */
void
wf_sandbox_choose(WfSandbox *sandbox)
{
	MemoryContext context = CurrentMemoryContext;
	ListCell   *lc;
	int64		before;

	SPI_connect();
	foreach(lc, sandbox->tables)
	{
		WfSandboxTable *table = lfirst(lc);

		if (table->root == table)
			sample(sandbox, table, context);
	}
	foreach(lc, sandbox->tables)
		((WfSandboxTable *) lfirst(lc))->nsampled = ((WfSandboxTable *) lfirst(lc))->nrows;
	wf_schema_progress("following foreign keys");
	do
	{
		before = sandbox->nrows;
		foreach(lc, sandbox->tables)
			follow(sandbox, lfirst(lc), context);
	} while (sandbox->nrows > before);
	SPI_finish();
	foreach(lc, sandbox->tables)
	{
		WfSandboxTable *table = lfirst(lc);

		if (table->nrows > 1)
			qsort(table->rows, table->nrows, sizeof(ItemPointerData), compare_places);
	}
}

static void
sample(WfSandbox *sandbox, WfSandboxTable *table, MemoryContext context)
{
	MemoryContext old;
	int			result;

	if (table->amount.rows == 0 || table->amount.percent == 0)
		return;
	wf_schema_progress(psprintf("choosing rows of %s", table->identity));
	result = SPI_execute(sample_query(sandbox, table), true, sandbox->max_rows + 1);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not read table %s: %s", table->identity, SPI_result_code_string(result));
	old = MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Datum		place = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull);

		pick(sandbox, wf_schema_oid_at(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1), (ItemPointer) DatumGetPointer(place));
	}
	MemoryContextSwitchTo(old);
	SPI_freetuptable(SPI_tuptable);
}

/*
 * Rows are drawn by a hash of their key, or of all they hold: the same seed
 * draws the same ones, wherever they lie.
 */
static char *
sample_query(WfSandbox *sandbox, WfSandboxTable *table)
{
	WfSandboxAmount *amount = &table->amount;
	StringInfoData sql;
	char	   *hash = psprintf("pg_catalog.hashtextextended(ROW(%s)::text COLLATE \"C\", " INT64_FORMAT ")",
								table->key ? table->key : psprintf("%s.*", table->alias), sandbox->seed);

	initStringInfo(&sql);
	appendStringInfo(&sql, "SELECT %s.tableoid, %s.ctid FROM %s%s AS %s", table->alias, table->alias,
					 table->kind == RELKIND_RELATION ? "ONLY " : "", table->identity, table->alias);
	/* On a line of its own, so that a comment in it ends. */
	appendStringInfo(&sql, " WHERE (%s\n)", amount->where ? amount->where : "true");
	if (amount->percent >= 0)
		appendStringInfo(&sql, " AND (%s & " INT64_FORMAT ") < " INT64_FORMAT, hash, (INT64CONST(1) << HASH_BITS) - 1,
						 (int64) (amount->percent / 100 * (double) (INT64CONST(1) << HASH_BITS)));
	if (amount->rows >= 0)
		appendStringInfo(&sql, " ORDER BY %s LIMIT " INT64_FORMAT, hash, amount->rows);
	return sql.data;
}

/* Adds what the rows refer to whose references were not followed yet. */
static void
follow(WfSandbox *sandbox, WfSandboxTable *table, MemoryContext context)
{
	while (table->nfollowed < table->nrows)
	{
		int			n = Min(BATCH, table->nrows - table->nfollowed);
		Datum		rows;
		ListCell   *lc;

		if (!table->references)
		{
			table->nfollowed = table->nrows;
			return;
		}
		CHECK_FOR_INTERRUPTS();
		rows = wf_sandbox_rows_array(table->rows + table->nfollowed, n);
		table->nfollowed += n;
		foreach(lc, table->references)
			follow_reference(sandbox, table, lfirst(lc), rows, context);
	}
}

static void
follow_reference(WfSandbox *sandbox, WfSandboxTable *table, WfSandboxReference *reference, Datum rows, MemoryContext context)
{
	int			result;
	int64		hidden = 0;
	MemoryContext old;

	if (!reference->plan)
		reference->plan = reference_plan(table, reference);
	result = SPI_execute_plan(reference->plan, &rows, NULL, true, 0);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not follow foreign key %s: %s", reference->name, SPI_result_code_string(result));
	old = MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		bool		isnull;
		Datum		place = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 2, &isnull);

		if (isnull)
			hidden++;
		else
			pick(sandbox, wf_schema_oid_at(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1), (ItemPointer) DatumGetPointer(place));
	}
	MemoryContextSwitchTo(old);
	SPI_freetuptable(SPI_tuptable);
	if (hidden > 0 && reference->validated)
		report_hidden(table, reference, hidden);
}

static SPIPlanPtr
reference_plan(WfSandboxTable *table, WfSandboxReference *reference)
{
	Oid			types[] = {TIDARRAYOID};
	SPIPlanPtr	plan = SPI_prepare(psprintf("SELECT p.tableoid, p.ctid FROM ONLY %s c LEFT JOIN %s%s p ON %s"
											" WHERE c.ctid = ANY ($1) AND %s", table->identity,
											reference->to->kind == RELKIND_RELATION ? "ONLY " : "", reference->to->identity,
											reference->join, reference->filled), 1, types);

	if (!plan)
		elog(ERROR, "could not follow foreign key %s: %s", reference->name, SPI_result_code_string(SPI_result));
	return plan;
}

/* A constraint that holds leads to a row; that it is not seen is a policy's doing. */
static void
report_hidden(WfSandboxTable *table, WfSandboxReference *reference, int64 n)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("rows that table %s refers to by %s cannot be seen", table->identity, reference->name),
			 errdetail("Row-level security hides " INT64_FORMAT " rows of table %s from role %s.", n,
					   reference->to->identity, quote_identifier(GetUserNameFromId(GetUserId(), false))),
			 errhint("Use a role that sees them, or leave out the rows that refer to them: '{\"tables\": {\"%s\": {\"where\": \"...\"}}}'.",
					 table->root->identity)));
}

static void
pick(WfSandbox *sandbox, Oid relation, ItemPointer place)
{
	WfSandboxTable *table = wf_sandbox_table(sandbox, relation);

	if (!table)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a partition with rows of the sandbox is in another schema"),
				 errdetail("It is \"%s\".", get_rel_name(relation)),
				 errhint("Name its schema, too.")));
	if (!add_row(table, place))
		return;
	if (++sandbox->nrows > sandbox->max_rows)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the sandbox would have more than " INT64_FORMAT " rows", sandbox->max_rows),
				 errhint("Take less of its tables (\"rows\", \"percent\", \"where\"), or allow more: '{\"max_rows\": " INT64_FORMAT "}'.",
						 sandbox->max_rows * 10)));
}

/* False: it is there already. */
static bool
add_row(WfSandboxTable *table, ItemPointer place)
{
	bool		found;

	if (!table->picked)
		table->picked = (struct wf_picked_hash *) wf_picked_create(CurrentMemoryContext, 64, NULL);
	wf_picked_insert((wf_picked_hash *) table->picked, *place, &found);
	if (found)
		return false;
	if (table->nrows == table->capacity)
	{
		table->capacity = Max(64, table->capacity * 2);
		table->rows = table->rows ? repalloc(table->rows, table->capacity * sizeof(ItemPointerData))
			: palloc(table->capacity * sizeof(ItemPointerData));
	}
	table->rows[table->nrows++] = *place;
	return true;
}

static int
compare_places(const void *a, const void *b)
{
	return ItemPointerCompare((ItemPointer) a, (ItemPointer) b);
}

/* The places as a tid[]. */
Datum
wf_sandbox_rows_array(ItemPointerData * rows, int n)
{
	Datum	   *places = palloc(Max(n, 1) * sizeof(Datum));
	ArrayType  *array;

	for (int i = 0; i < n; i++)
		places[i] = PointerGetDatum(&rows[i]);
	array = construct_array(places, n, TIDOID, sizeof(ItemPointerData), false, TYPALIGN_SHORT);
	pfree(places);
	return PointerGetDatum(array);
}
