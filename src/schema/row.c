/*
 * row.c: running a query on the catalogs, and taking its rows apart.
 */
#include "common/compat.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"

#include "schema/reader.h"

/* Leaves the rows in SPI_tuptable. */
void
wf_schema_query(const char *sql)
{
	int			result = SPI_execute(sql, true, 0);

	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not read the catalogs: %s", SPI_result_code_string(result));
}

/*
 * The text of a column, counted from 1; of none (0) or NULL: NULL.
 * SPI_getvalue() looks the type's output function up for each value.
 */
char *
wf_schema_text_at(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value;

	if (!column)
		return NULL;
	value = SPI_getbinval(tuple, desc, column, &isnull);
	if (isnull)
		return NULL;
	switch (TupleDescAttr(desc, column - 1)->atttypid)
	{
		case TEXTOID:
			return TextDatumGetCString(value);
		case NAMEOID:
			return pstrdup(NameStr(*DatumGetName(value)));
		default:
			return SPI_getvalue(tuple, desc, column);
	}
}

/* Likewise; InvalidOid for none. */
Oid
wf_schema_oid_at(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value;

	if (!column)
		return InvalidOid;
	value = SPI_getbinval(tuple, desc, column, &isnull);
	return isnull ? InvalidOid : DatumGetObjectId(value);
}

/* An attribute number (int2) or pg_depend's objsubid (int4). */
int
wf_schema_int_at(HeapTuple tuple, TupleDesc desc, int column)
{
	bool		isnull;
	Datum		value;

	if (!column)
		return 0;
	value = SPI_getbinval(tuple, desc, column, &isnull);
	if (isnull)
		return 0;
	return TupleDescAttr(desc, column - 1)->atttypid == INT2OID ? DatumGetInt16(value)
		: DatumGetInt32(value);
}
