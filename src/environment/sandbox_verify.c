/*
 * sandbox_verify.c: whether the masked rows can be where they belong.
 *
 * Asked before anything is written, so that the answer names the column, not a
 * line of a script.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "environment/sandbox.h"
#include "schema/read.h"
#include "schema/reader.h"

/* Checks of a table, with the columns they look at. */
#define CHECKS_QUERY \
	"SELECT quote_ident(conname), pg_get_expr(conbin, conrelid), array_to_string(conkey, ' ')" \
	" FROM pg_constraint WHERE contype = 'c' AND conrelid = %u AND conbin IS NOT NULL ORDER BY conname"

/* Unique indexes of columns, with a condition that all are filled. */
#define UNIQUE_QUERY \
	"SELECT quote_ident(c.relname), string_agg(quote_ident(a.attname), ', ' ORDER BY k.i)," \
	" array_to_string(x.indkey, ' '), string_agg(quote_ident(a.attname) || ' IS NOT NULL', ' AND ')" \
	" FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid" \
	" CROSS JOIN LATERAL unnest(x.indkey) WITH ORDINALITY k(attnum, i)" \
	" JOIN pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = k.attnum" \
	" WHERE x.indrelid = %u AND x.indisunique AND x.indexprs IS NULL AND x.indpred IS NULL AND k.i <= x.indnkeyatts" \
	" GROUP BY c.relname, x.indkey ORDER BY c.relname"

typedef struct Verified
{
	WfSandbox  *sandbox;
	WfSandboxTable *table;
	Datum		rows;
	char	   *masked;			/* the table's rows, masked, as a FROM item */
} Verified;

static bool has_mask(WfSandboxTable *table);
static char *masked_rows(WfSandbox *sandbox, WfSandboxTable *table, List *columns);
static void verify_column(Verified *verified, WfSandboxColumn *column);
static void add_context(void *arg);
static void verify_checks(Verified *verified);
static void verify_unique(Verified *verified);
static WfSandboxColumn *masked_among(WfSandboxTable *table, const char *numbers);
static int64 count(Verified *verified, const char *sql);

/*
 * Raises not_null_violation, check_violation or unique_violation where masks
 * give what a column does not take, or the error of a mask's expression, with
 * the column named.
 */
void
wf_sandbox_verify(WfSandbox *sandbox)
{
	ListCell   *lc;
	ListCell   *lc2;

	SPI_connect();
	foreach(lc, sandbox->tables)
	{
		WfSandboxTable *table = lfirst(lc);
		Verified	verified = {.sandbox = sandbox, .table = table};

		CHECK_FOR_INTERRUPTS();
		if (table->nrows == 0 || !has_mask(table))
			continue;
		wf_schema_progress(psprintf("verifying the masks of %s", table->identity));
		verified.rows = wf_sandbox_rows_array(table->rows, table->nrows);
		verified.masked = masked_rows(sandbox, table, table->columns);
		foreach(lc2, table->columns)
		{
			if (wf_sandbox_origin(lfirst(lc2))->rule)
				verify_column(&verified, lfirst(lc2));
		}
		verify_checks(&verified);
		verify_unique(&verified);
	}
	SPI_finish();
}

static bool
has_mask(WfSandboxTable *table)
{
	ListCell   *lc;

	foreach(lc, table->columns)
	{
		if (wf_sandbox_origin(lfirst(lc))->rule)
			return true;
	}
	return false;
}

/* The columns of the table's rows, masked, as a FROM item under its alias. */
static char *
masked_rows(WfSandbox *sandbox, WfSandboxTable *table, List *columns)
{
	StringInfoData sql;
	ListCell   *lc;

	initStringInfo(&sql);
	foreach(lc, columns)
	{
		WfSandboxColumn *column = lfirst(lc);

		appendStringInfo(&sql, "%s%s AS %s", sql.len ? ", " : "(SELECT ", wf_sandbox_expression(sandbox, column), column->name);
	}
	appendStringInfo(&sql, " FROM ONLY %s AS %s WHERE %s.ctid = ANY ($1)%s) AS %s",
					 table->identity, table->alias, table->alias, wf_sandbox_window(sandbox, table), table->alias);
	return sql.data;
}

static void
verify_column(Verified *verified, WfSandboxColumn *column)
{
	ErrorContextCallback context = {error_context_stack, add_context, column};
	int64		nulls;

	error_context_stack = &context;
	nulls = count(verified, psprintf("SELECT count(*) FILTER (WHERE %s IS NULL) FROM %s", column->name,
									 masked_rows(verified->sandbox, verified->table, list_make1(column))));
	if (nulls > 0 && column->not_null)
		ereport(ERROR,
				(errcode(ERRCODE_NOT_NULL_VIOLATION),
				 errmsg("mask \"%s\" gives nulls, which column %s.%s does not take", wf_sandbox_origin(column)->rule_text,
						column->table->identity, column->name),
				 errhint("Use another mask: \"hash\", or \"fixed:...\" with a value.")));
	error_context_stack = context.previous;
}

static void
add_context(void *arg)
{
	WfSandboxColumn *column = arg;

	errcontext("masking column %s.%s by \"%s\"", column->table->identity, column->name, wf_sandbox_origin(column)->rule_text);
}

static void
verify_checks(Verified *verified)
{
	SPITupleTable *checks;
	uint64		n;

	wf_schema_query(psprintf(CHECKS_QUERY, verified->table->oid));
	checks = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
	{
		char	   *numbers = wf_schema_text_at(checks->vals[i], checks->tupdesc, 3);
		WfSandboxColumn *column = masked_among(verified->table, numbers);

		if (column && count(verified, psprintf("SELECT count(*) FROM %s WHERE NOT (%s)", verified->masked,
											   wf_schema_text_at(checks->vals[i], checks->tupdesc, 2))) > 0)
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("mask \"%s\" of column %s.%s gives what constraint %s does not allow",
							wf_sandbox_origin(column)->rule_text, verified->table->identity, column->name,
							wf_schema_text_at(checks->vals[i], checks->tupdesc, 1)),
					 errdetail("The constraint is CHECK (%s).", wf_schema_text_at(checks->vals[i], checks->tupdesc, 2)),
					 errhint("Use a mask that it allows, \"sql:...\" for example.")));
	}
}

static void
verify_unique(Verified *verified)
{
	SPITupleTable *indexes;
	uint64		n;

	wf_schema_query(psprintf(UNIQUE_QUERY, verified->table->oid));
	indexes = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
	{
		WfSandboxColumn *column = masked_among(verified->table, wf_schema_text_at(indexes->vals[i], indexes->tupdesc, 3));

		if (column && count(verified, psprintf("SELECT count(*) - count(DISTINCT (%s)) FROM %s WHERE %s",
											   wf_schema_text_at(indexes->vals[i], indexes->tupdesc, 2), verified->masked,
											   wf_schema_text_at(indexes->vals[i], indexes->tupdesc, 4))) > 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNIQUE_VIOLATION),
					 errmsg("mask \"%s\" of column %s.%s gives a value twice, which unique index %s does not allow",
							wf_sandbox_origin(column)->rule_text, verified->table->identity, column->name,
							wf_schema_text_at(indexes->vals[i], indexes->tupdesc, 1)),
					 errhint("Use \"hash\" or \"fake-email\", which keep different values different.")));
	}
}

/* A masked column among those of these numbers, or NULL. */
static WfSandboxColumn *
masked_among(WfSandboxTable *table, const char *numbers)
{
	char	   *rest = unconstify(char *, numbers ? numbers : "");

	while (*rest)
	{
		int			number = strtol(rest, &rest, 10);
		ListCell   *lc;

		foreach(lc, table->columns)
		{
			WfSandboxColumn *column = lfirst(lc);

			if (column->number == number && wf_sandbox_origin(column)->rule)
				return column;
		}
	}
	return NULL;
}

/* The number that the query gives for the rows. */
static int64
count(Verified *verified, const char *sql)
{
	Oid			types[] = {TIDARRAYOID};
	int			result = SPI_execute_with_args(sql, 1, types, &verified->rows, NULL, true, 0);
	bool		isnull;

	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not verify the masks: %s", SPI_result_code_string(result));
	return DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
}
