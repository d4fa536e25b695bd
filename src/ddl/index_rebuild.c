/*
 * index_rebuild.c: which indexes ALTER COLUMN TYPE builds anew although it
 * leaves the rows as they are.
 *
 * The server makes each index that depends on the column again from its
 * definition, and takes the old one over where CheckIndexCompatible() finds
 * nothing different; of expressions and predicates it takes the worst for
 * granted.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_index.h"
#include "commands/defrem.h"
#include "mb/pg_wchar.h"
#include "nodes/bitmapset.h"
#include "nodes/readfuncs.h"
#include "nodes/value.h"
#include "optimizer/optimizer.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "ddl/catalog_parts.h"

static Oid	collation_oid(List *names);
static Oid	method_of(Oid index);
static bool is_rebuilt(HeapTuple tuple, TupleDesc desc, const WfColumn *column, const WfColumn *changed);
static bool names_column(HeapTuple tuple, TupleDesc desc, int part, AttrNumber attnum, bool *any);

/* The OIDs of the indexes that are built anew. */
List *
wf_ddl_live_rebuilt_indexes(WfCatalog *catalog, WfRelation *relation, const WfColumn *column, const ColumnDef *def)
{
	WfColumn	changed = {0};
	List	   *rebuilt = NIL;
	Relation	pg_index;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;

	if (!OidIsValid(relation->relid) || column->attnum <= 0 || !wf_ddl_live_column_of(catalog, def->typeName, &changed))
		return NIL;
	if (def->collClause)
		changed.collation = collation_oid(def->collClause->collname);
	pg_index = table_open(IndexRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relation->relid));
	scan = systable_beginscan(pg_index, IndexIndrelidIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		if (is_rebuilt(tuple, RelationGetDescr(pg_index), column, &changed))
			rebuilt = lappend_oid(rebuilt, ((Form_pg_index) GETSTRUCT(tuple))->indexrelid);
	}
	systable_endscan(scan);
	table_close(pg_index, AccessShareLock);
	return rebuilt;
}

/*
 * The collation of a name; InvalidOid where there is none.  get_collation_oid()
 * is not used: it raises for a schema without USAGE.
 */
static Oid
collation_oid(List *names)
{
	int			encodings[] = {GetDatabaseEncoding(), -1};
	int			count = list_length(names);
	Oid			collation = InvalidOid;
	Oid			namespace;

	if (count > 3)
		return InvalidOid;
	if (count == 1)
		return CollationGetCollid(strVal(linitial(names)));
	namespace = get_namespace_oid(strVal(list_nth(names, count - 2)), true);
	for (int i = 0; i < lengthof(encodings) && OidIsValid(namespace) && !OidIsValid(collation); i++)
		collation = GetSysCacheOid3(COLLNAMEENCNSP, Anum_pg_collation_oid, CStringGetDatum(strVal(llast(names))),
									Int32GetDatum(encodings[i]), ObjectIdGetDatum(namespace));
	return collation;
}

static Oid
method_of(Oid index)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(index));
	Oid			method = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		method = ((Form_pg_class) GETSTRUCT(tuple))->relam;
		ReleaseSysCache(tuple);
	}
	return method;
}

static bool
is_rebuilt(HeapTuple tuple, TupleDesc desc, const WfColumn *column, const WfColumn *changed)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
	Oid			method = method_of(form->indexrelid);
	oidvector  *classes;
	oidvector  *collations;
	bool		isnull;
	bool		computes = false;
	bool		names = names_column(tuple, desc, Anum_pg_index_indexprs, column->attnum, &computes);

	names |= names_column(tuple, desc, Anum_pg_index_indpred, column->attnum, &computes);
	for (int i = 0; i < form->indnatts; i++)
		names |= form->indkey.values[i] == column->attnum;
	if (!names || computes)
		return names;
	classes = (oidvector *) DatumGetPointer(heap_getattr(tuple, Anum_pg_index_indclass, desc, &isnull));
	collations = (oidvector *) DatumGetPointer(heap_getattr(tuple, Anum_pg_index_indcollation, desc, &isnull));
	for (int i = 0; i < form->indnkeyatts; i++)
	{
		if (form->indkey.values[i] != column->attnum)
			continue;
		/* What the index says of its own it keeps. */
		if (collations->values[i] == column->collation && column->collation != changed->collation)
			return true;
		if (GetDefaultOpClass(column->type, method) == classes->values[i] &&
			GetDefaultOpClass(changed->type, method) != classes->values[i])
			return true;
	}
	return false;
}

/* Does the index's part (expressions, predicate) name the column?  *any: is there one? */
static bool
names_column(HeapTuple tuple, TupleDesc desc, int part, AttrNumber attnum, bool *any)
{
	bool		isnull;
	Datum		value = heap_getattr(tuple, part, desc, &isnull);
	Bitmapset  *columns = NULL;

	if (isnull)
		return false;
	*any = true;
	pull_varattnos(stringToNode(TextDatumGetCString(value)), 1, &columns);
	return bms_is_member(attnum - FirstLowInvalidHeapAttributeNumber, columns);
}
