/*
 * sandbox_copy.c: the rows of a sandbox, as COPY takes them, and where its
 * sequences stand.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "environment/sandbox.h"
#include "schema/read.h"
#include "schema/reader.h"

/* A COPY command ends when it has so many bytes. */
#define BLOCK_BYTES (1024 * 1024)

/* Rows that are fetched at once. */
#define FETCH 1000

#define SEQUENCES_QUERY \
	"SELECT n.nspname, format('%I.%I', n.nspname, c.relname)," \
	" CASE WHEN has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') THEN 'yes' END" \
	" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace" \
	" WHERE c.relkind = 'S' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'" \
	" AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid" \
	"  AND e.deptype = 'e') ORDER BY 2"

typedef struct CopyBlock
{
	StringInfoData sql;
	int64		rows;
	bool		first;			/* of its table */
} CopyBlock;

static void copy_table(WfSandbox *sandbox, WfSandboxTable *table);
static char *rows_query(WfSandbox *sandbox, WfSandboxTable *table);
static void begin_block(CopyBlock *block, WfSandboxTable *table);
static void end_block(WfSandbox *sandbox, WfSandboxTable *table, CopyBlock *block);
static void append_row(StringInfo sql, HeapTuple tuple, TupleDesc desc);
static void append_value(StringInfo sql, const char *value);
static Jsonb *evidence(WfSandboxTable *table);
static void push(JsonbParseState **state, const char *key, const char *text, int64 number);

/* Puts the rows of all tables; a table with no row has a step, too. */
void
wf_sandbox_copy(WfSandbox *sandbox)
{
	ListCell   *lc;

	foreach(lc, sandbox->tables)
	{
		WfSandboxTable *table = lfirst(lc);

		if (table->kind == RELKIND_RELATION)
			copy_table(sandbox, table);
	}
}

static void
copy_table(WfSandbox *sandbox, WfSandboxTable *table)
{
	Oid			types[] = {TIDARRAYOID};
	Datum		rows = wf_sandbox_rows_array(table->rows, table->nrows);
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "wishflags sandbox row", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old;
	CopyBlock	block = {.first = true};
	Portal		portal;

	wf_schema_progress(psprintf("copying rows of %s", table->identity));
	SPI_connect();
	portal = SPI_cursor_open_with_args(NULL, rows_query(sandbox, table), 1, types, &rows, NULL, true, 0);
	begin_block(&block, table);
	do
	{
		CHECK_FOR_INTERRUPTS();
		SPI_cursor_fetch(portal, true, FETCH);
		for (uint64 i = 0; i < SPI_processed; i++)
		{
			if (block.sql.len > BLOCK_BYTES)
			{
				end_block(sandbox, table, &block);
				begin_block(&block, table);
			}
			old = MemoryContextSwitchTo(context);
			append_row(&block.sql, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
			MemoryContextSwitchTo(old);
			block.rows++;
		}
		MemoryContextReset(context);
		SPI_freetuptable(SPI_tuptable);
	} while (SPI_processed > 0);
	end_block(sandbox, table, &block);
	SPI_cursor_close(portal);
	SPI_finish();
	MemoryContextDelete(context);
}

static char *
rows_query(WfSandbox *sandbox, WfSandboxTable *table)
{
	StringInfoData sql;
	ListCell   *lc;

	initStringInfo(&sql);
	foreach(lc, table->columns)
	{
		WfSandboxColumn *column = lfirst(lc);

		if (!column->generated)
			appendStringInfo(&sql, "%s%s", sql.len ? ", " : "SELECT ", wf_sandbox_expression(sandbox, column));
	}
	appendStringInfo(&sql, "%s FROM ONLY %s AS %s WHERE %s.ctid = ANY ($1)%s ORDER BY %s.ctid",
					 sql.len ? "" : "SELECT", table->identity, table->alias, table->alias, wf_sandbox_window(sandbox, table), table->alias);
	return sql.data;
}

/* Rows of a partition go where their masked values belong. */
static void
begin_block(CopyBlock *block, WfSandboxTable *table)
{
	const char *separator = " (";
	ListCell   *lc;

	initStringInfo(&block->sql);
	block->rows = 0;
	appendStringInfo(&block->sql, "COPY %s", table->root->identity);
	foreach(lc, table->columns)
	{
		WfSandboxColumn *column = lfirst(lc);

		if (column->generated)
			continue;
		appendStringInfo(&block->sql, "%s%s", separator, column->name);
		separator = ", ";
	}
	appendStringInfo(&block->sql, "%s FROM stdin;\n", *separator == ',' ? ")" : "");
}

static void
end_block(WfSandbox *sandbox, WfSandboxTable *table, CopyBlock *block)
{
	appendStringInfoString(&block->sql, "\\.\n");
	wf_sandbox_put(sandbox, "data", table->identity, block->rows, NULL, block->sql.data, block->first ? evidence(table) : NULL);
	pfree(block->sql.data);
	block->first = false;
}

static void
append_row(StringInfo sql, HeapTuple tuple, TupleDesc desc)
{
	for (int i = 1; i <= desc->natts; i++)
	{
		if (i > 1)
			appendStringInfoChar(sql, '\t');
		append_value(sql, SPI_getvalue(tuple, desc, i));
	}
	appendStringInfoChar(sql, '\n');
}

/* As COPY's text format has it. */
static void
append_value(StringInfo sql, const char *value)
{
	static const char special[] = "\\\b\f\n\r\t\v";
	static const char letters[] = "\\bfnrtv";

	if (!value)
	{
		appendStringInfoString(sql, "\\N");
		return;
	}
	while (*value)
	{
		size_t		plain = strcspn(value, special);

		appendBinaryStringInfo(sql, value, plain);
		value += plain;
		if (!*value)
			break;
		appendStringInfoChar(sql, '\\');
		appendStringInfoChar(sql, letters[strchr(special, *value) - special]);
		value++;
	}
}

/* {"sampled": 10, "referenced": 3, "masked": {"email": "fake-email"}} */
static Jsonb *
evidence(WfSandboxTable *table)
{
	JsonbParseState *state = NULL;
	JsonbValue	key = {.type = jbvString};
	ListCell   *lc;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push(&state, "sampled", NULL, table->nsampled);
	push(&state, "referenced", NULL, table->nrows - table->nsampled);
	key.val.string.val = "masked";
	key.val.string.len = strlen("masked");
	pushJsonbValue(&state, WJB_KEY, &key);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	foreach(lc, table->columns)
	{
		WfSandboxColumn *column = lfirst(lc);

		if (wf_sandbox_origin(column)->rule)
			push(&state, column->name, wf_sandbox_origin(column)->rule_text, 0);
	}
	pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}

static void
push(JsonbParseState **state, const char *key, const char *text, int64 number)
{
	JsonbValue	name = {.type = jbvString};
	JsonbValue	value = {.type = text ? jbvString : jbvNumeric};

	name.val.string.val = unconstify(char *, key);
	name.val.string.len = strlen(key);
	pushJsonbValue(state, WJB_KEY, &name);
	if (text)
	{
		value.val.string.val = unconstify(char *, text);
		value.val.string.len = strlen(text);
	}
	else
		value.val.numeric = int64_to_numeric(number);
	pushJsonbValue(state, WJB_VALUE, &value);
}

/*
 * Puts the sequences where they stand here, in one command that shows no rows.
 *
 * Raises insufficient_privilege for one that the caller may not read.
 */
void
wf_sandbox_sequences(WfSandbox *sandbox)
{
	StringInfoData sql;
	SPITupleTable *sequences;
	uint64		n;

	initStringInfo(&sql);
	SPI_connect();
	wf_schema_query(SEQUENCES_QUERY);
	sequences = SPI_tuptable;
	n = SPI_processed;
	for (uint64 i = 0; i < n; i++)
	{
		char	   *identity = wf_schema_text_at(sequences->vals[i], sequences->tupdesc, 2);

		if (!wf_sandbox_in_schemas(sandbox, wf_schema_text_at(sequences->vals[i], sequences->tupdesc, 1)))
			continue;
		if (!wf_schema_text_at(sequences->vals[i], sequences->tupdesc, 3))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("permission denied for sequence %s", identity),
					 errhint("Its owner can allow it: GRANT SELECT ON SEQUENCE %s TO %s;", identity,
							 quote_identifier(GetUserNameFromId(GetUserId(), false)))));
		wf_schema_query(psprintf("SELECT last_value::text, is_called::text FROM %s", identity));
		appendStringInfo(&sql, "\tPERFORM pg_catalog.setval(%s, %s, %s);\n", quote_literal_cstr(identity),
						 wf_schema_text_at(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1),
						 wf_schema_text_at(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2));
	}
	wf_sandbox_put(sandbox, "sequences", NULL, -1, "where sequences stand",
				   sql.len ? psprintf("DO $$BEGIN\n%sEND$$;", sql.data) : "-- None.", NULL);
	SPI_finish();
}
