/*
 * catalog_parts.c: size, constraints and indexes of a relation, read from the
 * catalogs without keeping a lock.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/sysattr.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/partition.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "catalog/pg_partitioned_table.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "nodes/primnodes.h"
#include "nodes/readfuncs.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "ddl/catalog_parts.h"
#include "ddl/populated.h"
#include "ddl/relation_names.h"

static List *key_columns(Oid relid, Datum array);
static List *not_null_columns(Oid relid, Node *expression, bool *only);
static bool lacks_only_null(HeapTuple tuple, TupleDesc descriptor, Oid relid, List *columns);
static bool is_special(HeapTuple tuple, Oid relid);
static RangeVar *name_of(Oid relid);
static char *method_of(Oid index);
static int	compare_oids(const ListCell *a, const ListCell *b);
static char *own_column(Oid index, int attnum);
static List *other_columns(HeapTuple tuple, TupleDesc descriptor);

/* Fills population, rows and bytes; of a partitioned table over all leaves. */
void
wf_ddl_live_measure(WfCatalog *catalog, WfRelation *relation)
{
	WfTableSize size;

	relation->population = WF_POPULATION_EMPTY;
	relation->rows = 0;
	relation->bytes = 0;
	if (!OidIsValid(relation->relid))
		return;
	if (wf_ddl_holds_rows(relation->relid))
		relation->population = WF_POPULATION_POPULATED;
	wf_ddl_table_size(relation->relid, &size);
	relation->rows = size.rows;
	relation->bytes = size.bytes;
	wf_ddl_heirs_size(relation->relid, &size);
	relation->heir_rows = size.rows;
	relation->heir_bytes = size.bytes;
}

/* The names of the columns in an int2 array; NULL for one that is gone. */
static List *
key_columns(Oid relid, Datum array)
{
	ArrayType  *arr = DatumGetArrayTypeP(array);
	int16	   *attnums = (int16 *) ARR_DATA_PTR(arr);
	List	   *columns = NIL;

	if (ARR_NDIM(arr) != 1 || ARR_HASNULL(arr) || ARR_ELEMTYPE(arr) != INT2OID)
		return NIL;
	for (int i = 0; i < ARR_DIMS(arr)[0]; i++)
		columns = lappend(columns, get_attname(relid, attnums[i], true));
	return columns;
}

/*
 * The columns that a stored expression says are not null: each a top-level IS
 * NOT NULL, alone or with AND.  only tells whether it says nothing else.
 */
static List *
not_null_columns(Oid relid, Node *expression, bool *only)
{
	List	   *columns = NIL;
	ListCell   *lc;

	if (is_andclause(expression))
	{
		foreach(lc, ((BoolExpr *) expression)->args)
			columns = list_concat(columns, not_null_columns(relid, lfirst(lc), only));
		return columns;
	}
	if (IsA(expression, NullTest))
	{
		NullTest   *test = (NullTest *) expression;
		char	   *column = test->nulltesttype == IS_NOT_NULL && IsA(test->arg, Var) ?
		get_attname(relid, ((Var *) test->arg)->varattno, true) : NULL;

		if (column)
			return list_make1(column);
	}
	*only = false;
	return NIL;
}

WfConstraint *
wf_ddl_live_constraint(WfCatalog *catalog, WfRelation *relation, const char *name)
{
	ListCell   *lc;

	foreach(lc, wf_ddl_live_constraints(catalog, relation))
	{
		if (strcmp(((WfConstraint *) lfirst(lc))->name, name) == 0)
			return lfirst(lc);
	}
	return NULL;
}

/* The constraints of a relation, as a list of WfConstraint. */
List *
wf_ddl_live_constraints(WfCatalog *catalog, WfRelation *relation)
{
	List	   *constraints = NIL;
	Relation	pg_constraint;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;
	MemoryContext old;

	if (!OidIsValid(relation->relid))
		return NIL;
	old = MemoryContextSwitchTo(catalog->context);
	pg_constraint = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relation->relid));
	scan = systable_beginscan(pg_constraint, ConstraintRelidTypidNameIndexId, true,
							  NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
		WfConstraint *constraint = palloc0(sizeof(WfConstraint));
		bool		isnull;
		Datum		conkey = heap_getattr(tuple, Anum_pg_constraint_conkey,
										  RelationGetDescr(pg_constraint), &isnull);

		constraint->oid = form->oid;
		constraint->name = pstrdup(NameStr(form->conname));
		constraint->kind = form->contype;
		constraint->validated = form->convalidated;
		constraint->created_here =
			TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetRawXmin(tuple->t_data)) &&
			!form->convalidated;
		if (!isnull)
			constraint->columns = key_columns(relation->relid, conkey);
		if (form->contype == CONSTRAINT_FOREIGN)
		{
			RangeVar   *foreign = name_of(form->confrelid);

			if (foreign)
				constraint->foreign_table = quote_qualified_identifier(foreign->schemaname, foreign->relname);
			constraint->foreign_columns = key_columns(form->confrelid,
													  heap_getattr(tuple, Anum_pg_constraint_confkey,
																   RelationGetDescr(pg_constraint), &isnull));
		}
		if (form->contype == CONSTRAINT_CHECK)
		{
			Datum		conbin = heap_getattr(tuple, Anum_pg_constraint_conbin,
											  RelationGetDescr(pg_constraint), &isnull);

			if (!isnull)
			{
				Node	   *expression = stringToNode(TextDatumGetCString(conbin));

				constraint->only_not_null = true;
				constraint->not_null_columns = not_null_columns(relation->relid, expression, &constraint->only_not_null);
			}
		}
		constraints = lappend(constraints, constraint);
	}
	systable_endscan(scan);
	table_close(pg_constraint, AccessShareLock);
	MemoryContextSwitchTo(old);
	return constraints;
}

/* Has anything in the schema a constraint of this name?  table may be NULL. */
bool
wf_ddl_live_has_constraint(WfCatalog *catalog, const char *schema, const char *name, RangeVar **table)
{
	Oid			namespace = InvalidOid;
	Relation	pg_constraint;
	SysScanDesc scan;
	ScanKeyData keys[2];
	HeapTuple	tuple;
	bool		found;

	if (wf_ddl_relation_names_may_hold(catalog->names, name))
		namespace = get_namespace_oid(schema, true);
	if (!OidIsValid(namespace))
		return false;
	pg_constraint = table_open(ConstraintRelationId, AccessShareLock);
	ScanKeyInit(&keys[0], Anum_pg_constraint_conname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(name));
	ScanKeyInit(&keys[1], Anum_pg_constraint_connamespace, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(namespace));
	scan = systable_beginscan(pg_constraint, ConstraintNameNspIndexId, true, NULL, 2, keys);
	tuple = systable_getnext(scan);
	found = HeapTupleIsValid(tuple);
	if (found && table)
		*table = name_of(((Form_pg_constraint) GETSTRUCT(tuple))->conrelid);
	systable_endscan(scan);
	table_close(pg_constraint, AccessShareLock);
	if (!found)
		wf_ddl_relation_names_missed(catalog->names);
	return found;
}

/* Has the domain a CHECK of its own?  Adds the names of its constraints to type, which may be NULL. */
bool
wf_ddl_live_domain_constraints(Oid domain, WfType *type)
{
	Relation	pg_constraint = table_open(ConstraintRelationId, AccessShareLock);
	bool		checks = false;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_constraint_contypid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(domain));
	scan = systable_beginscan(pg_constraint, ConstraintTypidIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);
		char	   *name = type ? pstrdup(NameStr(form->conname)) : NULL;

		checks |= form->contype == CONSTRAINT_CHECK;
		if (type == NULL)
			continue;
		if (form->contype == CONSTRAINT_CHECK)
			type->checks = lappend(type->checks, name);
		else
			type->not_null_name = name;
		if (!form->convalidated)
			type->waiting = lappend(type->waiting, name);
	}
	systable_endscan(scan);
	table_close(pg_constraint, AccessShareLock);
	return checks;
}

/* The one plain column of the partition key, or NULL. */
char *
wf_ddl_live_partition_key(WfCatalog *catalog, WfRelation *relation)
{
	HeapTuple	tuple = SearchSysCache1(PARTRELID, ObjectIdGetDatum(relation->relid));
	Form_pg_partitioned_table form;
	char	   *name = NULL;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	form = (Form_pg_partitioned_table) GETSTRUCT(tuple);
	if (form->partnatts == 1 && form->partattrs.values[0] > 0)
		name = get_attname(relation->relid, form->partattrs.values[0], true);
	ReleaseSysCache(tuple);
	return name;
}

/* The plain tables next below, as a list of RangeVar; NIL where not all are. */
List *
wf_ddl_live_partitions(WfCatalog *catalog, WfRelation *parent)
{
	List	   *partitions = NIL;
	ListCell   *lc;

	foreach(lc, find_inheritance_children(parent->relid, NoLock))
	{
		RangeVar   *name = name_of(lfirst_oid(lc));
		char		kind = get_rel_relkind(lfirst_oid(lc));

		if (name == NULL || (kind != RELKIND_RELATION && kind != RELKIND_PARTITIONED_TABLE))
			return NIL;
		partitions = lappend(partitions, name);
	}
	return partitions;
}

/* The partition that takes what no other one does; NULL: there is none. */
RangeVar *
wf_ddl_live_default_partition(WfCatalog *catalog, WfRelation *parent)
{
	HeapTuple	tuple = SearchSysCache1(PARTRELID, ObjectIdGetDatum(parent->relid));
	Oid			relid;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	relid = ((Form_pg_partitioned_table) GETSTRUCT(tuple))->partdefid;
	ReleaseSysCache(tuple);
	return OidIsValid(relid) ? name_of(relid) : NULL;
}

/* The table that a partition is of; NULL where there is none any more. */
RangeVar *
wf_ddl_live_partition_parent(WfCatalog *catalog, WfRelation *partition)
{
	/* get_partition_parent() raises where it was detached meanwhile. */
	List	   *ancestors = partition->is_partition ? get_partition_ancestors(partition->relid) : NIL;

	return ancestors != NIL ? name_of(linitial_oid(ancestors)) : NULL;
}

/* The qualified name of a relation; NULL where it is gone. */
static RangeVar *
name_of(Oid relid)
{
	char	   *name = get_rel_name(relid);
	char	   *schema = name ? get_namespace_name(get_rel_namespace(relid)) : NULL;

	return schema ? makeRangeVar(schema, name, -1) : NULL;
}

/* The access method of an index; NULL where it is gone. */
static char *
method_of(Oid index)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(index));
	char	   *method;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	method = get_am_name(((Form_pg_class) GETSTRUCT(tuple))->relam);
	ReleaseSysCache(tuple);
	return method;
}

/* The indexes of a relation, as a list of WfIndex. */
List *
wf_ddl_live_indexes(WfCatalog *catalog, WfRelation *relation)
{
	List	   *indexes = NIL;
	Relation	pg_index;
	SysScanDesc scan;
	ScanKeyData key;
	HeapTuple	tuple;
	MemoryContext old;

	if (!OidIsValid(relation->relid))
		return NIL;
	old = MemoryContextSwitchTo(catalog->context);
	pg_index = table_open(IndexRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_index_indrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relation->relid));
	scan = systable_beginscan(pg_index, IndexIndrelidIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
		WfIndex    *index = palloc0(sizeof(WfIndex));

		index->indexid = form->indexrelid;
		index->name = get_rel_name(form->indexrelid);
		if (!index->name)
			continue;
		index->is_valid = form->indisvalid;
		index->is_unique = form->indisunique;
		index->is_primary = form->indisprimary;
		index->is_partial = !heap_attisnull(tuple, Anum_pg_index_indpred,
											RelationGetDescr(pg_index));
		index->is_special = is_special(tuple, relation->relid);
		index->method = method_of(form->indexrelid);
		for (int i = 0; i < form->indnkeyatts; i++)
			index->columns = lappend(index->columns,
									 form->indkey.values[i] == 0 ? NULL :
									 get_attname(relation->relid, form->indkey.values[i], true));
		for (int i = 0; i < form->indnatts; i++)
			index->labels = lappend(index->labels, own_column(form->indexrelid, i + 1));
		index->other_columns = other_columns(tuple, RelationGetDescr(pg_index));
		index->lacks_only_null = index->is_partial &&
			lacks_only_null(tuple, RelationGetDescr(pg_index), relation->relid, index->columns);
		indexes = lappend(indexes, index);
	}
	systable_endscan(scan);
	table_close(pg_index, AccessShareLock);
	/* In the order in which they were made, as the server walks them. */
	list_sort(indexes, compare_oids);
	MemoryContextSwitchTo(old);
	return indexes;
}

static int
compare_oids(const ListCell *a, const ListCell *b)
{
	Oid			one = ((WfIndex *) lfirst(a))->indexid;
	Oid			two = ((WfIndex *) lfirst(b))->indexid;

	return (one > two) - (one < two);
}

/* What the column of an index itself is called. */
static char *
own_column(Oid index, int attnum)
{
	char	   *name = get_attname(index, attnum, true);

	return name ? name : pstrdup("expr");
}

/* The names of the columns that an index includes, or has in an expression or its predicate. */
static List *
other_columns(HeapTuple tuple, TupleDesc descriptor)
{
	static const int parts[] = {Anum_pg_index_indexprs, Anum_pg_index_indpred};
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
	Bitmapset  *attnums = NULL;
	List	   *columns = NIL;
	int			member = -1;

	for (int i = form->indnkeyatts; i < form->indnatts; i++)
		attnums = bms_add_member(attnums, form->indkey.values[i] - FirstLowInvalidHeapAttributeNumber);
	for (int i = 0; i < lengthof(parts); i++)
	{
		bool		isnull;
		Datum		part = heap_getattr(tuple, parts[i], descriptor, &isnull);

		if (!isnull)
			pull_varattnos(stringToNode(TextDatumGetCString(part)), 1, &attnums);
	}
	while ((member = bms_next_member(attnums, member)) >= 0)
	{
		char	   *column = get_attname(form->indrelid, member + FirstLowInvalidHeapAttributeNumber, true);

		if (column)
			columns = lappend(columns, column);
	}
	return columns;
}

/* Does the predicate of a partial index say no more than that keys are not null? */
static bool
lacks_only_null(HeapTuple tuple, TupleDesc descriptor, Oid relid, List *columns)
{
	bool		isnull;
	bool		only = true;
	Datum		predicate = heap_getattr(tuple, Anum_pg_index_indpred, descriptor, &isnull);
	ListCell   *lc;
	ListCell   *lc2;

	foreach(lc, not_null_columns(relid, stringToNode(TextDatumGetCString(predicate)), &only))
	{
		bool		is_key = false;

		foreach(lc2, columns)
			is_key |= lfirst(lc2) && strcmp(lfirst(lc2), lfirst(lc)) == 0;
		only &= is_key;
	}
	return only;
}

/* Is there more to an index than its columns, in their default order and collation? */
static bool
is_special(HeapTuple tuple, Oid relid)
{
	Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);
	bool		isnull;
	oidvector  *classes = (oidvector *) DatumGetPointer(SysCacheGetAttr(INDEXRELID, tuple, Anum_pg_index_indclass, &isnull));
	oidvector  *collations = (oidvector *) DatumGetPointer(SysCacheGetAttr(INDEXRELID, tuple, Anum_pg_index_indcollation, &isnull));
	char	   *method_name = method_of(form->indexrelid);
	Oid			method = method_name ? get_am_oid(method_name, true) : InvalidOid;
	int2vector *options = (int2vector *) DatumGetPointer(SysCacheGetAttr(INDEXRELID, tuple, Anum_pg_index_indoption, &isnull));

	if (!OidIsValid(method) || form->indnatts != form->indnkeyatts || form->indnullsnotdistinct)
		return true;
	for (int i = 0; i < form->indnkeyatts; i++)
	{
		Oid			type;
		Oid			collation;
		int32		typmod;

		if (options->values[i] != 0)
			return true;
		if (form->indkey.values[i] == 0 || get_attname(relid, form->indkey.values[i], true) == NULL)
			continue;
		get_atttypetypmodcoll(relid, form->indkey.values[i], &type, &typmod, &collation);
		if (collations->values[i] != collation ||
			GetDefaultOpClass(type, method) != classes->values[i])
			return true;
	}
	return false;
}

/* The table of an index; InvalidOid where the index is gone. */
Oid
wf_ddl_live_index_relid(Oid indexid)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(indexid));
	Oid			relid = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		relid = ((Form_pg_index) GETSTRUCT(tuple))->indrelid;
		ReleaseSysCache(tuple);
	}
	return relid;
}
