/*
 * type_usage.c: which columns a type is used in.
 *
 * pg_depend knows: a column depends on its type, and so do the array, the
 * domains, the composite types and the ranges made of it, whose users are
 * users of the type.  No relation is opened or locked.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/dependency.h"
#include "catalog/pg_class.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "ddl/populated.h"
#include "ddl/type_usage.h"

/* What a walk over the users has found so far. */
typedef struct UsageWalk
{
	Relation	depend;			/* pg_depend */
	List	   *visited;		/* OIDs of the types walked through */
	List	   *columns;		/* names, as long as there are fewer than limit */
	int			limit;
	int			total;
	bool		first_only;		/* stop at the first user */
} UsageWalk;

static void walk_start(UsageWalk *walk, Oid type);
static void walk_type(UsageWalk *walk, Oid type);
static void walk_dependent(UsageWalk *walk, Form_pg_depend dependent);
static void note_column(UsageWalk *walk, Oid relid, int attnum);
static bool keeps_rows_for_others(Oid relid);
static int	compare_names(const ListCell *a, const ListCell *b);

/*
 * Whether this transaction made the type.  The row of pg_type would not tell:
 * ALTER TYPE replaces it.  The one that ties the array type to its element is
 * written once.
 */
bool
wf_ddl_type_is_new(Oid type)
{
	Oid			array = get_array_type(type);
	Relation	depend;
	ScanKeyData key[2];
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		is_new = false;

	if (!OidIsValid(array))
		return false;

	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyInit(&key[0], Anum_pg_depend_classid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(TypeRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_objid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(array));
	scan = systable_beginscan(depend, DependDependerIndexId, true, NULL, 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend row = (Form_pg_depend) GETSTRUCT(tuple);

		if (row->refclassid == TypeRelationId && row->refobjid == type &&
			row->deptype == DEPENDENCY_INTERNAL)
			is_new = TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetXmin(tuple->t_data));
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return is_new;
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

	walk_start(&walk, type);
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

	walk_start(&walk, type);
	list_sort(walk.columns, compare_names);
	*total = walk.total;
	return walk.columns;
}

static void
walk_start(UsageWalk *walk, Oid type)
{
	walk->depend = table_open(DependRelationId, AccessShareLock);
	walk_type(walk, type);
	table_close(walk->depend, AccessShareLock);
	list_free(walk->visited);
}

static void
walk_type(UsageWalk *walk, Oid type)
{
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
	scan = systable_beginscan(walk->depend, DependReferenceIndexId, true, NULL, 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		walk_dependent(walk, (Form_pg_depend) GETSTRUCT(tuple));
		if (walk->first_only && walk->total > 0)
			break;
	}
	systable_endscan(scan);
}

static void
walk_dependent(UsageWalk *walk, Form_pg_depend dependent)
{
	if (dependent->classid == TypeRelationId)
		walk_type(walk, dependent->objid);
	else if (dependent->classid == RelationRelationId && dependent->objsubid > 0)
	{
		char		kind = get_rel_relkind(dependent->objid);
		Oid			row_type = get_rel_type_id(dependent->objid);

		if (kind == RELKIND_INDEX || kind == RELKIND_PARTITIONED_INDEX)
			return;
		if (kind != RELKIND_COMPOSITE_TYPE && keeps_rows_for_others(dependent->objid))
			note_column(walk, dependent->objid, dependent->objsubid);
		/* A table's row type can be the type of a column elsewhere. */
		if (OidIsValid(row_type))
			walk_type(walk, row_type);
	}
}

static void
note_column(UsageWalk *walk, Oid relid, int attnum)
{
	char	   *relname = get_rel_name(relid);
	char	   *attname = get_attname(relid, attnum, true);

	if (relname == NULL || attname == NULL)
		return;
	walk->total++;
	if (list_length(walk->columns) < walk->limit)
	{
		char	   *table = quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
													   relname);

		walk->columns = lappend(walk->columns, psprintf("%s.%s", table, quote_identifier(attname)));
	}
}

static bool
keeps_rows_for_others(Oid relid)
{
	return get_rel_persistence(relid) != RELPERSISTENCE_TEMP && !wf_ddl_relation_is_new(relid);
}

static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}
