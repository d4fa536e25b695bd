/*
 * enum_use.c: the columns that hold values of an enum, and the rows in them.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "ddl/deparse.h"
#include "migration/enum_plan.h"
#include "migration/probe.h"
#include "migration/rehearse.h"

/*
 * The types that hold the enum, with the way to it, and the columns of these
 * types.  What a partition or an inheritance child has is its parent's.
 */
#define COLUMNS_QUERY \
	"WITH RECURSIVE holder(type, path) AS (" \
	" SELECT $1, '{}'::pg_catalog.text[] COLLATE \"C\"" \
	" UNION ALL" \
	" SELECT n.type, (n.step OPERATOR(pg_catalog.||) h.path) COLLATE \"C\" FROM holder h, LATERAL (" \
	"  SELECT t.oid, '{}'::pg_catalog.text[] FROM pg_catalog.pg_type t WHERE t.typbasetype = h.type AND t.typtype = 'd'" \
	"  UNION ALL SELECT t.typarray, '{[]}' FROM pg_catalog.pg_type t WHERE t.oid = h.type AND t.typarray <> 0" \
	"  UNION ALL SELECT r.rngtypid, '{<>}' FROM pg_catalog.pg_range r WHERE r.rngsubtype = h.type" \
	"  UNION ALL SELECT r.rngmultitypid, '{<*>}' FROM pg_catalog.pg_range r WHERE r.rngtypid = h.type" \
	"  UNION ALL SELECT c.reltype, ARRAY['.' || pg_catalog.quote_ident(a.attname)]" \
	"   FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid" \
	"   WHERE a.atttypid = h.type AND a.attnum > 0 AND NOT a.attisdropped AND c.reltype <> 0" \
	" ) n(type, step))" \
	" SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), pg_catalog.quote_ident(a.attname), h.path, c.relkind," \
	" a.attgenerated = '', pg_catalog.pg_has_role(c.relowner, 'USAGE'), pg_catalog.row_security_active(c.oid)" \
	" FROM holder h JOIN pg_catalog.pg_attribute a ON a.atttypid = h.type" \
	" JOIN pg_catalog.pg_class c ON c.oid = a.attrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" \
	" WHERE c.relkind IN ('r', 'p', 'f', 'm') AND NOT c.relispartition AND a.attinhcount = 0" \
	" AND a.attnum > 0 AND NOT a.attisdropped AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)" \
	" ORDER BY n.nspname, c.relname, a.attnum, h.path"

/* Partitions whose bounds name one of the values, or hang on their order where there are none. */
#define BOUNDS_QUERY \
	"WITH RECURSIVE holder(type) AS (SELECT $1" \
	" UNION ALL SELECT t.oid FROM holder h JOIN pg_catalog.pg_type t ON t.typbasetype = h.type AND t.typtype = 'd')" \
	" SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), v.value" \
	" FROM pg_catalog.pg_partitioned_table p" \
	" JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = ANY (p.partattrs)" \
	" JOIN holder h ON h.type = a.atttypid" \
	" JOIN pg_catalog.pg_inherits i ON i.inhparent = p.partrelid" \
	" JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace" \
	" LEFT JOIN pg_catalog.unnest($2) v(value)" \
	" ON pg_catalog.strpos(pg_catalog.pg_get_expr(c.relpartbound, c.oid), pg_catalog.quote_literal(v.value)) > 0" \
	" WHERE v.value IS NOT NULL OR ($2 = '{}' AND p.partstrat = 'r')" \
	" ORDER BY n.nspname, c.relname LIMIT 1"

static int	compare_order(const ListCell *a, const ListCell *b);
static List *text_list(Datum array);
static ArrayType *text_array(List *texts);
static char *array_of(WfEnum *type, List *values);
static char *predicate(const char *expression, List *path, int from, const char *values, const char *type, int depth);
static char *field_of(const char *expression, const char *step);

/* Fills the labels of the enum. */
void
wf_enum_read_labels(WfEnum *type)
{
	CatCList   *members = SearchSysCacheList1(ENUMTYPOIDNAME, ObjectIdGetDatum(type->oid));
	List	   *rows = NIL;
	ListCell   *lc;

	for (int i = 0; i < members->n_members; i++)
		rows = lappend(rows, GETSTRUCT(&members->members[i]->tuple));
	list_sort(rows, compare_order);
	foreach(lc, rows)
		type->labels = lappend(type->labels, pstrdup(NameStr(((Form_pg_enum) lfirst(lc))->enumlabel)));
	ReleaseSysCacheList(members);
}

static int
compare_order(const ListCell *a, const ListCell *b)
{
	float4		left = ((Form_pg_enum) lfirst(a))->enumsortorder;
	float4		right = ((Form_pg_enum) lfirst(b))->enumsortorder;

	return left < right ? -1 : left > right;
}

/* Fills the columns that hold the enum; raises what the catalog queries raise. */
void
wf_enum_read_columns(WfEnum *type)
{
	MemoryContext context = CurrentMemoryContext;
	Datum		argument = ObjectIdGetDatum(type->oid);
	Oid			argument_type = OIDOID;

	SPI_connect();
	if (SPI_execute_with_args(COLUMNS_QUERY, 1, &argument_type, &argument, NULL, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "the columns of an enum could not be read");
	for (uint64 i = 0; i < SPI_processed; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		TupleDesc	desc = SPI_tuptable->tupdesc;
		MemoryContext old = MemoryContextSwitchTo(context);
		WfEnumColumn *column = palloc0(sizeof(WfEnumColumn));
		bool		isnull;

		column->table = SPI_getvalue(row, desc, 1);
		column->name = SPI_getvalue(row, desc, 2);
		column->path = text_list(SPI_getbinval(row, desc, 3, &isnull));
		column->kind = DatumGetChar(SPI_getbinval(row, desc, 4, &isnull));
		column->is_stored = DatumGetBool(SPI_getbinval(row, desc, 5, &isnull));
		column->is_owned = DatumGetBool(SPI_getbinval(row, desc, 6, &isnull));
		column->is_filtered = DatumGetBool(SPI_getbinval(row, desc, 7, &isnull));
		column->rows = column->table_rows = -1;
		type->columns = lappend(type->columns, column);
		MemoryContextSwitchTo(old);
	}
	SPI_finish();
}

/*
 * Raises object_in_use where the bounds of a partition name one of the values,
 * or for no values, where they hang on the order.
 */
void
wf_enum_refuse_bounds(WfEnum *type, List *values)
{
	Datum		arguments[2] = {ObjectIdGetDatum(type->oid), PointerGetDatum(text_array(values))};
	Oid			types[2] = {OIDOID, TEXTARRAYOID};

	SPI_connect();
	if (SPI_execute_with_args(BOUNDS_QUERY, 2, types, arguments, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "the partitions of an enum could not be read");
	if (SPI_processed > 0)
	{
		char	   *partition = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
		char	   *value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);

		if (value)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_IN_USE),
					 errmsg("value \"%s\" of enum %s is in the bounds of partition %s", value, type->name, partition),
					 errhint("Detach the partition and attach it with other bounds first: ALTER TABLE ... DETACH PARTITION %s;", partition)));
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("the bounds of partition %s hang on the order of enum %s", partition, type->name),
				 errhint("Detach the partition and attach it again behind the change: ALTER TABLE ... DETACH PARTITION %s;", partition)));
	}
	SPI_finish();
}

static List *
text_list(Datum array)
{
	List	   *list = NIL;
	Datum	   *elements;
	int			n;

	deconstruct_array(DatumGetArrayTypePCopy(array), TEXTOID, -1, false, TYPALIGN_INT, &elements, NULL, &n);
	for (int i = 0; i < n; i++)
		list = lappend(list, TextDatumGetCString(elements[i]));
	return list;
}

static ArrayType *
text_array(List *texts)
{
	Datum	   *elements = palloc(sizeof(Datum) * (list_length(texts) + 1));
	ListCell   *lc;

	foreach(lc, texts)
		elements[foreach_current_index(lc)] = CStringGetTextDatum(lfirst(lc));
	return construct_array(elements, list_length(texts), TEXTOID, -1, false, TYPALIGN_INT);
}

/*
 * Counts the rows that hold one of the values, and all rows of the tables, for
 * no longer than so many milliseconds.  What the caller may not read, or not all of it, or what
 * takes too long, stays unknown.
 */
void
wf_enum_count(WfEnum *type, List *values, int64 milliseconds)
{
	char	   *array = array_of(type, values);
	WfRuleSession session = {0};
	int			nest_level = wf_rehearse_pin_path();
	instr_time	start;
	ListCell   *lc;

	INSTR_TIME_SET_CURRENT(start);
	foreach(lc, type->columns)
	{
		WfEnumColumn *column = lfirst(lc);
		instr_time	now;
		WfAnswer	answer;

		CHECK_FOR_INTERRUPTS();
		if (column->is_filtered)
			continue;
		INSTR_TIME_SET_CURRENT(now);
		INSTR_TIME_SUBTRACT(now, start);
		session.validate_timeout = milliseconds - (int64) INSTR_TIME_GET_MILLISEC(now);
		if (session.validate_timeout <= 0)
			break;
		if (!wf_migration_ask(&session, psprintf("SELECT pg_catalog.count(*) FILTER (WHERE %s), pg_catalog.count(*) FROM %s",
												 values ? predicate(column->name, column->path, 0, array, type->name, 0) : "true",
												 column->table), &answer))
			continue;
		column->rows = answer.number;
		column->table_rows = strtod(answer.example, NULL);
	}
	AtEOXact_GUC(false, nest_level);
}

/* ARRAY['a', 'b']::shop.mood[] */
static char *
array_of(WfEnum *type, List *values)
{
	StringInfoData array;
	ListCell   *lc;

	initStringInfo(&array);
	appendStringInfoString(&array, "ARRAY[");
	foreach(lc, values)
		appendStringInfo(&array, "%s%s", lc == list_head(values) ? "" : ", ", quote_literal_cstr(lfirst(lc)));
	appendStringInfo(&array, "]::%s[]", type->name);
	return array.data;
}

/* Whether what the path leads to, from this step on, is one of the values. */
static char *
predicate(const char *expression, List *path, int from, const char *values, const char *type, int depth)
{
	const char *step = from < list_length(path) ? list_nth(path, from) : NULL;
	char	   *element = psprintf("e%d", depth);

	if (!step)
		return psprintf("%s::%s = ANY (%s)", expression, type, values);
	if (*step == '.')
		return predicate(field_of(expression, step), path, from + 1, values, type, depth);
	if (strcmp(step, "<>") == 0)
		return psprintf("(pg_catalog.lower(%s)::%s = ANY (%s) OR pg_catalog.upper(%s)::%s = ANY (%s))",
						expression, type, values, expression, type, values);
	if (strcmp(step, "[]") == 0 && from + 1 == list_length(path))
		return psprintf("%s::%s[] && %s", expression, type, values);
	return psprintf("EXISTS (SELECT FROM pg_catalog.unnest(%s) %s WHERE %s)", expression, element,
					predicate(element, path, from + 1, values, type, depth + 1));
}

/* (expression).field */
static char *
field_of(const char *expression, const char *step)
{
	return psprintf("(%s)%s", expression, step);
}

/* Can an assignment reach the enum?  Not in a range, nor in composites of an array. */
bool
wf_enum_can_replace(WfEnumColumn *column)
{
	ListCell   *lc;

	foreach(lc, column->path)
	{
		const char *step = lfirst(lc);

		if (*step != '.' && (strcmp(step, "[]") != 0 || lnext(column->path, lc)))
			return false;
	}
	return true;
}

/*
 * The UPDATE that gives the rows of a column the replacement instead of the
 * values.
 *
 * Raises feature_not_supported for a value in a range, or in a composite type
 * within an array, which no assignment reaches.
 */
char *
wf_enum_update(WfEnum *type, WfEnumColumn *column, List *values, const char *replacement)
{
	const char *expression = column->name;
	char	   *target = pstrdup(column->name);
	char	   *new = psprintf("%s::%s", quote_literal_cstr(replacement), type->name);
	ListCell   *lc;

	if (!wf_enum_can_replace(column))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("column %s.%s holds enum %s where no plan can replace values", column->table, column->name, type->name),
				 errdetail("The way to it from the column's type has a range, or an array of a composite type."),
				 errhint("Replace the values in that column yourself, then plan again.")));
	foreach(lc, column->path)
	{
		const char *step = lfirst(lc);

		if (*step == '.')
		{
			expression = field_of(expression, step);
			target = psprintf("%s%s", target, step);
			continue;
		}
		new = psprintf("%s::%s[]", expression, type->name);
		for (int i = 0; i < list_length(values); i++)
			new = psprintf("pg_catalog.array_replace(%s, %s::%s, %s::%s)", new,
						   quote_literal_cstr(list_nth(values, i)), type->name, quote_literal_cstr(replacement), type->name);
	}
	return psprintf("UPDATE %s SET %s = %s WHERE %s;", column->table, target, new,
					predicate(column->name, column->path, 0, array_of(type, values), type->name, 0));
}
