/*
 * sandbox_table.c: the tables of a sandbox, their columns and foreign keys.
 */
#include "common/compat.h"

#include "catalog/pg_class.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"

#include "common/list.h"
#include "environment/sandbox.h"
#include "schema/reader.h"

/* Of the user's, with rows of their own or of their partitions. */
#define TABLES \
	" pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace" \
	" WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'" \
	" AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid" \
	"  AND e.deptype = 'e' AND e.refclassid = 'pg_extension'::regclass)"

#define TABLES_QUERY \
	"SELECT c.oid, c.relkind::text, n.nspname, c.relname, quote_ident(c.relname), format('%I.%I', n.nspname, c.relname)," \
	" CASE WHEN c.relispartition THEN pg_partition_root(c.oid)::oid ELSE c.oid END," \
	" (SELECT string_agg(quote_ident(c.relname) || '.' || quote_ident(a.attname), ', ' ORDER BY k.i)" \
	"  FROM pg_index x, unnest(x.indkey) WITH ORDINALITY k(attnum, i), pg_attribute a" \
	"  WHERE x.indrelid = c.oid AND x.indisprimary AND k.i <= x.indnkeyatts AND a.attrelid = c.oid AND a.attnum = k.attnum)," \
	" CASE WHEN NOT has_schema_privilege(n.oid, 'USAGE') OR NOT has_table_privilege(c.oid, 'SELECT') THEN 'no' END" \
	" FROM" TABLES " ORDER BY n.nspname, c.relname"

#define COLUMNS_QUERY \
	"SELECT a.attrelid, quote_ident(a.attname), a.attnum, a.atttypid, format_type(a.atttypid, a.atttypmod)," \
	" CASE WHEN a.atttypmod >= 0 THEN 'yes' END, CASE WHEN a.attnotnull THEN 'yes' END," \
	" CASE WHEN a.attgenerated <> '' THEN 'yes' END" \
	" FROM pg_attribute a WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid IN (SELECT c.oid FROM" TABLES ")" \
	" ORDER BY a.attrelid, a.attnum"

/*
 * A foreign key to a partitioned table has rows of its own for the partitions;
 * only the one that was declared is wanted.
 */
#define REFERENCES_QUERY \
	"SELECT f.conrelid, f.confrelid, quote_ident(f.conname), CASE WHEN f.convalidated THEN 'yes' END," \
	" array_to_string(f.conkey, ' '), array_to_string(f.confkey, ' ')," \
	" string_agg(format('p.%I %s c.%I', p.attname, CASE WHEN j.period AND k.i = cardinality(f.conkey)" \
	"  THEN 'OPERATOR(pg_catalog.&&)' ELSE format('OPERATOR(%I.%s)', s.nspname, o.oprname) END, c.attname), ' AND ' ORDER BY k.i)," \
	" string_agg(format('c.%I IS NOT NULL', c.attname), ' AND ' ORDER BY k.i), f.confrelid::regclass::text" \
	" FROM pg_constraint f LEFT JOIN pg_constraint u ON u.oid = f.conparentid" \
	" CROSS JOIN LATERAL (SELECT coalesce((to_jsonb(f) ->> 'conperiod')::boolean, false)) j(period)" \
	" CROSS JOIN LATERAL unnest(f.conkey, f.confkey, f.conpfeqop) WITH ORDINALITY k(own, theirs, operator, i)" \
	" JOIN pg_attribute c ON c.attrelid = f.conrelid AND c.attnum = k.own" \
	" JOIN pg_attribute p ON p.attrelid = f.confrelid AND p.attnum = k.theirs" \
	" JOIN pg_operator o ON o.oid = k.operator JOIN pg_namespace s ON s.oid = o.oprnamespace" \
	" WHERE f.contype = 'f' AND (u.oid IS NULL OR u.conrelid <> f.conrelid)" \
	" GROUP BY f.oid, f.conrelid, f.confrelid, f.conname, f.convalidated, f.conkey, f.confkey ORDER BY f.conrelid, f.conname"

/* Runs a query, and calls read for each of its rows in the caller's memory context. */
#define FOR_EACH_ROW(sandbox, sql, read) for_each_row(sandbox, sql, read, CurrentMemoryContext)

typedef void (*ReadRow) (WfSandbox *sandbox, HeapTuple tuple, TupleDesc desc);

static void for_each_row(WfSandbox *sandbox, const char *sql, ReadRow read, MemoryContext context);
static void read_table(WfSandbox *sandbox, HeapTuple tuple, TupleDesc desc);
static void find_root(WfSandbox *sandbox, HeapTuple tuple, TupleDesc desc);
static void read_column(WfSandbox *sandbox, HeapTuple tuple, TupleDesc desc);
static void read_reference(WfSandbox *sandbox, HeapTuple tuple, TupleDesc desc);
static void share_values(WfSandboxTable *from, const char *own, WfSandboxTable *to, const char *theirs);
static WfSandboxColumn *column_at(WfSandboxTable *table, int number);
static void check_rights(WfSandbox *sandbox);

/*
 * Reads the tables of the schemas into the sandbox.
 *
 * Raises insufficient_privilege for tables that the caller may not read,
 * invalid_parameter_value where a partition or foreign key leaves the schemas.
 */
void
wf_sandbox_read_tables(WfSandbox *sandbox)
{
	FOR_EACH_ROW(sandbox, TABLES_QUERY, read_table);
	check_rights(sandbox);
	FOR_EACH_ROW(sandbox, TABLES_QUERY, find_root);
	FOR_EACH_ROW(sandbox, COLUMNS_QUERY, read_column);
	FOR_EACH_ROW(sandbox, REFERENCES_QUERY, read_reference);
}

static void
for_each_row(WfSandbox *sandbox, const char *sql, ReadRow read, MemoryContext context)
{
	MemoryContext old;

	SPI_connect();
	wf_schema_query(sql);
	old = MemoryContextSwitchTo(context);
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		CHECK_FOR_INTERRUPTS();
		read(sandbox, SPI_tuptable->vals[i], SPI_tuptable->tupdesc);
	}
	MemoryContextSwitchTo(old);
	SPI_finish();
}

/* Is this one of the schemas that are wanted? */
bool
wf_sandbox_in_schemas(WfSandbox *sandbox, const char *schema)
{
	return !sandbox->schemas || wf_common_list_has(sandbox->schemas, schema);
}

static void
read_table(WfSandbox *sandbox, HeapTuple tuple, TupleDesc desc)
{
	WfSandboxTable *table;
	char	   *schema = wf_schema_text_at(tuple, desc, 3);

	if (!wf_sandbox_in_schemas(sandbox, schema))
		return;
	table = palloc0(sizeof(WfSandboxTable));
	table->oid = wf_schema_oid_at(tuple, desc, 1);
	table->kind = *wf_schema_text_at(tuple, desc, 2);
	table->schema = schema;
	table->name = wf_schema_text_at(tuple, desc, 4);
	table->alias = wf_schema_text_at(tuple, desc, 5);
	table->identity = wf_schema_text_at(tuple, desc, 6);
	table->key = wf_schema_text_at(tuple, desc, 8);
	/* For check_rights(), until the root is known. */
	table->root = wf_schema_text_at(tuple, desc, 9) ? NULL : table;
	table->amount = (WfSandboxAmount)
	{
		.percent = -1, .rows = WF_SANDBOX_ROWS
	};
	sandbox->tables = lappend(sandbox->tables, table);
}

static void
check_rights(WfSandbox *sandbox)
{
	StringInfoData names;
	ListCell   *lc;

	initStringInfo(&names);
	foreach(lc, sandbox->tables)
	{
		WfSandboxTable *table = lfirst(lc);

		if (!table->root)
			appendStringInfo(&names, "%s%s", names.len ? ", " : "", table->identity);
	}
	if (names.len)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for tables of the sandbox"),
				 errdetail("Role %s may not read %s.", quote_identifier(GetUserNameFromId(GetUserId(), false)), names.data),
				 errhint("Their owner can allow it: GRANT SELECT ON %s TO %s; or name other schemas.",
						 names.data, quote_identifier(GetUserNameFromId(GetUserId(), false)))));
}

static void
find_root(WfSandbox *sandbox, HeapTuple tuple, TupleDesc desc)
{
	WfSandboxTable *table = wf_sandbox_table(sandbox, wf_schema_oid_at(tuple, desc, 1));

	if (!table)
		return;
	table->root = wf_sandbox_table(sandbox, wf_schema_oid_at(tuple, desc, 7));
	if (!table->root)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("table %s is a partition of a table in another schema", table->identity),
				 errhint("Name the schema of that table, too.")));
}

/* The table with this OID, or NULL: it is none of the sandbox. */
WfSandboxTable *
wf_sandbox_table(WfSandbox *sandbox, Oid oid)
{
	ListCell   *lc;

	if (sandbox->last && sandbox->last->oid == oid)
		return sandbox->last;
	foreach(lc, sandbox->tables)
	{
		WfSandboxTable *table = lfirst(lc);

		if (table->oid == oid)
			return sandbox->last = table;
	}
	return NULL;
}

static void
read_column(WfSandbox *sandbox, HeapTuple tuple, TupleDesc desc)
{
	WfSandboxTable *table = wf_sandbox_table(sandbox, wf_schema_oid_at(tuple, desc, 1));
	WfSandboxColumn *column;

	if (!table)
		return;
	column = palloc0(sizeof(WfSandboxColumn));
	column->table = table;
	column->name = wf_schema_text_at(tuple, desc, 2);
	column->number = wf_schema_int_at(tuple, desc, 3);
	column->type = wf_schema_oid_at(tuple, desc, 4);
	column->type_text = wf_schema_text_at(tuple, desc, 5);
	column->has_typmod = wf_schema_text_at(tuple, desc, 6) != NULL;
	column->not_null = wf_schema_text_at(tuple, desc, 7) != NULL;
	column->generated = wf_schema_text_at(tuple, desc, 8) != NULL;
	table->columns = lappend(table->columns, column);
}

/* The column with this quoted name, or NULL. */
WfSandboxColumn *
wf_sandbox_column(WfSandboxTable *table, const char *name)
{
	ListCell   *lc;

	foreach(lc, table->columns)
	{
		WfSandboxColumn *column = lfirst(lc);

		if (strcmp(column->name, name) == 0)
			return column;
	}
	return NULL;
}

/* The column of the partitioned table that a partition's column is. */
WfSandboxColumn *
wf_sandbox_origin(WfSandboxColumn *column)
{
	if (column->table->root == column->table)
		return column;
	return wf_sandbox_column(column->table->root, column->name);
}

static void
read_reference(WfSandbox *sandbox, HeapTuple tuple, TupleDesc desc)
{
	WfSandboxTable *from = wf_sandbox_table(sandbox, wf_schema_oid_at(tuple, desc, 1));
	WfSandboxTable *to = wf_sandbox_table(sandbox, wf_schema_oid_at(tuple, desc, 2));
	WfSandboxReference *reference;

	if (!from)
		return;
	reference = palloc0(sizeof(WfSandboxReference));
	reference->name = wf_schema_text_at(tuple, desc, 3);
	if (!to)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("foreign key %s of table %s leads to table %s, which is in no schema of the sandbox",
						reference->name, from->identity, wf_schema_text_at(tuple, desc, 9)),
				 errhint("Name its schema, too.")));
	reference->to = to;
	reference->validated = wf_schema_text_at(tuple, desc, 4) != NULL;
	reference->join = wf_schema_text_at(tuple, desc, 7);
	reference->filled = wf_schema_text_at(tuple, desc, 8);
	share_values(from, wf_schema_text_at(tuple, desc, 5), to, wf_schema_text_at(tuple, desc, 6));
	from->references = lappend(from->references, reference);
}

/* Columns that a foreign key ties, by their numbers, have the same values. */
static void
share_values(WfSandboxTable *from, const char *own, WfSandboxTable *to, const char *theirs)
{
	char	   *rest = unconstify(char *, own);
	char	   *others = unconstify(char *, theirs);

	while (*rest && *others)
	{
		WfSandboxColumn *a = wf_sandbox_origin(column_at(from, strtol(rest, &rest, 10)));
		WfSandboxColumn *b = wf_sandbox_origin(column_at(to, strtol(others, &others, 10)));

		a->is_key = b->is_key = true;
		a = wf_sandbox_representative(a);
		b = wf_sandbox_representative(b);
		if (a != b)
			a->like = b;
	}
}

static WfSandboxColumn *
column_at(WfSandboxTable *table, int number)
{
	ListCell   *lc;

	foreach(lc, table->columns)
	{
		WfSandboxColumn *column = lfirst(lc);

		if (column->number == number)
			return column;
	}
	elog(ERROR, "table %s has no column %d", table->identity, number);
}

WfSandboxColumn *
wf_sandbox_representative(WfSandboxColumn *column)
{
	while (column->like)
		column = column->like;
	return column;
}
