/*
 * type_usage.c: which columns a type is used in.
 *
 * pg_depend knows: a column depends on its type, and so do the array, the
 * domains, the composite types and the ranges made of it, whose users are
 * users of the type.  No relation is opened or locked.
 *
 * All is read under one snapshot, so that after a DROP the question can still
 * be asked of the state before it; the syscaches know the present only.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "ddl/type_usage.h"

/* What a walk over the users has found so far. */
typedef struct UsageWalk
{
	Snapshot	snapshot;		/* NULL: the catalog as it is */
	List	   *visited;		/* OIDs of the types walked through */
	List	   *columns;		/* names, as long as there are fewer than
								 * limit */
	int			limit;
	int			total;
	bool		first_only;		/* stop at the first user */
} UsageWalk;

static void walk_type(UsageWalk *walk, Oid type);
static void walk_dependent(UsageWalk *walk, Form_pg_depend dependent);
static void walk_column(UsageWalk *walk, Oid relid, int attnum);
static void note_column(UsageWalk *walk, Form_pg_class relation, int attnum);
static bool internal_link_is_new(Oid type, Oid refclass, Oid refobj, Snapshot snapshot);
static HeapTuple copy_row(Oid catalog, Oid index, Snapshot snapshot, int nkeys, ScanKey key);
static HeapTuple copy_row_by_oid(Oid catalog, Oid index, Oid oid, Snapshot snapshot);
static char *qualified_name(Oid namespace, const char *name, Snapshot snapshot);
static int	compare_names(const ListCell *a, const ListCell *b);

/*
 * Whether this transaction made the type.  The row of pg_type would not tell:
 * ALTER TYPE replaces it.  The one that ties the array type to its element is
 * written once.
 */
bool
wf_ddl_type_is_new(Oid type)
{
	return internal_link_is_new(get_array_type(type), TypeRelationId, type, NULL);
}

/*
 * Whether a column uses the type, directly or through an array, a domain, a
 * composite type or a range, with or without rows.  Columns of temporary
 * tables, and of tables that this transaction made, are nobody else's and
 * don't count.
 */
bool
wf_ddl_type_in_use(Oid type)
{
	UsageWalk	walk = {.first_only = true};

	walk_type(&walk, type);
	return walk.total > 0;
}

/*
 * The columns that use the type, as wf_ddl_type_in_use() means it: a sorted
 * List of palloc'd, quoted "schema.table.column" of at most limit entries.
 * *total is their whole number.
 */
List *
wf_ddl_type_columns(Oid type, int limit, int *total)
{
	UsageWalk	walk = {.limit = limit};

	walk_type(&walk, type);
	list_sort(walk.columns, compare_names);
	*total = walk.total;
	return walk.columns;
}

/*
 * Describes the enum, and up to limit columns that use it, as the snapshot
 * shows them.  False when the snapshot shows no enum of that OID.
 */
bool
wf_ddl_enum_seen(Oid type, Snapshot snapshot, int limit, WfEnumSeen *seen)
{
	HeapTuple	tuple = copy_row_by_oid(TypeRelationId, TypeOidIndexId, type, snapshot);
	UsageWalk	walk = {.snapshot = snapshot, .limit = limit};
	Form_pg_type form;

	if (!HeapTupleIsValid(tuple))
		return false;
	form = (Form_pg_type) GETSTRUCT(tuple);
	if (form->typtype != TYPTYPE_ENUM)
		return false;
	walk_type(&walk, type);
	list_sort(walk.columns, compare_names);
	seen->name = qualified_name(form->typnamespace, NameStr(form->typname), snapshot);
	seen->is_new = internal_link_is_new(form->typarray, TypeRelationId, type, snapshot);
	seen->total = walk.total;
	seen->columns = walk.columns;
	heap_freetuple(tuple);
	return true;
}

static void
walk_type(UsageWalk *walk, Oid type)
{
	Relation	depend;
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	check_stack_depth();
	if (list_member_oid(walk->visited, type))
		return;
	walk->visited = lappend_oid(walk->visited, type);

	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(TypeRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(type));
	depend = table_open(DependRelationId, AccessShareLock);
	scan = systable_beginscan(depend, DependReferenceIndexId, true, walk->snapshot, 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		walk_dependent(walk, (Form_pg_depend) GETSTRUCT(tuple));
		if (walk->first_only && walk->total > 0)
			break;
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
}

static void
walk_dependent(UsageWalk *walk, Form_pg_depend dependent)
{
	if (dependent->classid == TypeRelationId)
		walk_type(walk, dependent->objid);
	else if (dependent->classid == RelationRelationId && dependent->objsubid > 0)
		walk_column(walk, dependent->objid, dependent->objsubid);
}

static void
walk_column(UsageWalk *walk, Oid relid, int attnum)
{
	HeapTuple	tuple = copy_row_by_oid(RelationRelationId, ClassOidIndexId, relid, walk->snapshot);
	Form_pg_class relation;

	if (!HeapTupleIsValid(tuple))
		return;
	relation = (Form_pg_class) GETSTRUCT(tuple);
	if (relation->relkind != RELKIND_INDEX && relation->relkind != RELKIND_PARTITIONED_INDEX)
	{
		if (relation->relkind != RELKIND_COMPOSITE_TYPE &&
			relation->relpersistence != RELPERSISTENCE_TEMP &&
			!internal_link_is_new(relation->reltype, RelationRelationId, relid, walk->snapshot))
			note_column(walk, relation, attnum);
		/* A table's row type can be the type of a column elsewhere. */
		if (OidIsValid(relation->reltype))
			walk_type(walk, relation->reltype);
	}
	heap_freetuple(tuple);
}

static void
note_column(UsageWalk *walk, Form_pg_class relation, int attnum)
{
	ScanKeyData key[2];
	HeapTuple	tuple;
	char	   *table;

	walk->total++;
	if (list_length(walk->columns) >= walk->limit)
		return;

	ScanKeyInit(&key[0], Anum_pg_attribute_attrelid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relation->oid));
	ScanKeyInit(&key[1], Anum_pg_attribute_attnum, BTEqualStrategyNumber, F_INT2EQ,
				Int16GetDatum(attnum));
	tuple = copy_row(AttributeRelationId, AttributeRelidNumIndexId, walk->snapshot, 2, key);
	if (!HeapTupleIsValid(tuple))
		return;
	table = qualified_name(relation->relnamespace, NameStr(relation->relname), walk->snapshot);
	walk->columns = lappend(walk->columns,
							psprintf("%s.%s", table,
									 quote_identifier(NameStr(((Form_pg_attribute) GETSTRUCT(tuple))->attname))));
	heap_freetuple(tuple);
}

/*
 * Whether this transaction made the internal dependency of a type: of an array
 * on its element, of a row type on its table.  It is written when they are
 * made, and never again.
 */
static bool
internal_link_is_new(Oid type, Oid refclass, Oid refobj, Snapshot snapshot)
{
	Relation	depend;
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		is_new = false;

	if (!OidIsValid(type))
		return false;
	ScanKeyInit(&key[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(TypeRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(type));
	depend = table_open(DependRelationId, AccessShareLock);
	scan = systable_beginscan(depend, DependDependerIndexId, true, snapshot, 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend row = (Form_pg_depend) GETSTRUCT(tuple);

		if (row->refclassid == refclass && row->refobjid == refobj &&
			row->deptype == DEPENDENCY_INTERNAL)
			is_new = TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data));
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return is_new;
}

/* The row of a catalog that the keys choose, or NULL. */
static HeapTuple
copy_row(Oid catalog, Oid index, Snapshot snapshot, int nkeys, ScanKey key)
{
	Relation	rel = table_open(catalog, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, index, true, snapshot, nkeys, key);
	HeapTuple	tuple = systable_getnext(scan);

	if (HeapTupleIsValid(tuple))
		tuple = heap_copytuple(tuple);
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return tuple;
}

/* The column "oid" is the first of every catalog asked here. */
static HeapTuple
copy_row_by_oid(Oid catalog, Oid index, Oid oid, Snapshot snapshot)
{
	ScanKeyData key;

	ScanKeyInit(&key, Anum_pg_class_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(oid));
	return copy_row(catalog, index, snapshot, 1, &key);
}

static char *
qualified_name(Oid namespace, const char *name, Snapshot snapshot)
{
	HeapTuple	tuple = copy_row_by_oid(NamespaceRelationId, NamespaceOidIndexId, namespace, snapshot);
	const char *schema = HeapTupleIsValid(tuple) ? NameStr(((Form_pg_namespace) GETSTRUCT(tuple))->nspname) : NULL;
	char	   *qualified = quote_qualified_identifier(schema, name);

	if (HeapTupleIsValid(tuple))
		heap_freetuple(tuple);
	return qualified;
}

static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}
