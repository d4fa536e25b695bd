/*
 * registry_live.c: facts about relations and types from the catalogs, read
 * with the caller's rights.  The caller is connected to SPI and has pinned the
 * settings that texts depend on.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "schema/model.h"
#include "schema/registry.h"

static uint64 run(WfTypeSource *source, const char *sql, Oid type, Datum argument);
static char *text_at(uint64 row, int column);
static List *columns_of(WfTypeSource *source, Oid relation);

/* The facts about a table, view, foreign table or composite type, or NULL if it has no rows. */
WfTypeFacts *
wf_schema_registry_live_relation(WfTypeSource *source, Oid relation)
{
	WfTypeFacts *facts;

	if (run(source,
			"SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
			" WHERE c.oid = $1 AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c')", OIDOID, ObjectIdGetDatum(relation)) == 0)
		return NULL;
	facts = palloc0(sizeof(WfTypeFacts));
	facts->kind = 'c';
	facts->schema = text_at(0, 1);
	facts->name = text_at(0, 2);
	facts->columns = columns_of(source, relation);
	return facts;
}

/* The facts about a type that has more to it than its name, or NULL. */
WfTypeFacts *
wf_schema_registry_live_find(WfTypeSource *source, const char *type)
{
	WfTypeFacts *facts;
	Oid			relation;

	if (run(source,
			"SELECT n.nspname, t.typname, t.typtype, format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typrelid,"
			" (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)"
			" FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
			" WHERE t.oid = to_regtype($1) AND t.typtype IN ('e', 'd', 'c', 'r', 'm')",
			TEXTOID, CStringGetTextDatum(type)) == 0)
		return NULL;
	facts = palloc0(sizeof(WfTypeFacts));
	facts->schema = text_at(0, 1);
	facts->name = text_at(0, 2);
	facts->kind = text_at(0, 3)[0];
	facts->base = text_at(0, 4);
	facts->not_null = text_at(0, 5)[0] == 't';
	relation = atooid(text_at(0, 6));
	facts->labels = wf_schema_list(text_at(0, 7));
	if (facts->kind == 'c')
		facts->columns = columns_of(source, relation);
	return facts;
}

static List *
columns_of(WfTypeSource *source, Oid relation)
{
	List	   *columns = NIL;
	uint64		nrows = run(source,
							"SELECT a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull,"
							" CASE a.attgenerated WHEN '' THEN pg_get_expr(d.adbin, d.adrelid) END,"
							" array_position(i.indkey::int2[], a.attnum) + 1"
							" FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
							" LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary"
							" WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
							OIDOID, ObjectIdGetDatum(relation));

	for (uint64 i = 0; i < nrows; i++)
	{
		WfColumnFacts *column = palloc0(sizeof(WfColumnFacts));
		char	   *key = text_at(i, 6);

		column->name = text_at(i, 1);
		column->number = atoi(text_at(i, 2));
		column->type = text_at(i, 3);
		column->not_null = text_at(i, 4)[0] == 't';
		column->default_text = text_at(i, 5);
		column->key = key ? atoi(key) : 0;
		columns = lappend(columns, column);
	}
	return columns;
}

/* Runs a query of one argument; results are copied into the source's context. */
static uint64
run(WfTypeSource *source, const char *sql, Oid type, Datum argument)
{
	int			result = SPI_execute_with_args(sql, 1, &type, &argument, NULL, true, 0);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not read the catalogs: %s", SPI_result_code_string(result));
	MemoryContextSwitchTo(source->context);
	return SPI_processed;
}

static char *
text_at(uint64 row, int column)
{
	return SPI_getvalue(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column);
}
