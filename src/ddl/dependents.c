/*
 * dependents.c: what depends on a relation, or on one of its columns.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication_rel.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_trigger.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

#include "ddl/catalog_parts.h"

static WfDependent *make_dependent(ObjectAddress address, Oid relid, int attnum, char deptype);
static Oid	table_of_constraint(Oid constraint);
static Oid	view_of_rule(Oid rule);

/*
 * A list of WfDependent, without what belongs to the relation or the column
 * itself: its indexes, constraints, default, row type.  attnum 0: of any part.
 */
List *
wf_ddl_live_dependents(WfCatalog *catalog, WfRelation *relation, int attnum)
{
	MemoryContext old = MemoryContextSwitchTo(catalog->context);
	Relation	depend;
	ScanKeyData key[3];
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *dependents = NIL;

	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyInit(&key[0], Anum_pg_depend_refclassid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(RelationRelationId));
	ScanKeyInit(&key[1], Anum_pg_depend_refobjid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(relation->relid));
	ScanKeyInit(&key[2], Anum_pg_depend_refobjsubid, BTEqualStrategyNumber, F_INT4EQ,
				Int32GetDatum(attnum));
	scan = systable_beginscan(depend, DependReferenceIndexId, true, NULL, attnum ? 3 : 2, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
		ObjectAddress address = {form->classid, form->objid, form->objsubid};
		WfDependent *dependent = make_dependent(address, relation->relid, attnum, form->deptype);

		if (dependent)
			dependents = lappend(dependents, dependent);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	MemoryContextSwitchTo(old);
	return dependents;
}

/* NULL for what goes, or changes, with the relation itself. */
static WfDependent *
make_dependent(ObjectAddress address, Oid relid, int attnum, char deptype)
{
	WfDependent *dependent = palloc0(sizeof(WfDependent));
	char	   *description;
	Oid			view = InvalidOid;
	Oid			table = InvalidOid;

	switch (address.classId)
	{
		case RewriteRelationId:
			dependent->kind = WF_DEPENDENT_VIEW;
			view = view_of_rule(address.objectId);
			if (view == relid)
				return NULL;
			break;
		case PolicyRelationId:
			dependent->kind = WF_DEPENDENT_POLICY;
			break;
		case TriggerRelationId:
			dependent->kind = WF_DEPENDENT_TRIGGER;
			break;
		case ProcedureRelationId:
			dependent->kind = WF_DEPENDENT_FUNCTION;
			break;
		case PublicationRelRelationId:
			dependent->kind = WF_DEPENDENT_PUBLICATION;
			break;
		case ConstraintRelationId:
			/* Its own checks and keys go with it. */
			table = table_of_constraint(address.objectId);
			if (!OidIsValid(table) || table == relid)
				return NULL;
			dependent->kind = WF_DEPENDENT_FOREIGN_KEY;
			break;
		case AttrDefaultRelationId:

			/*
			 * The column's own default changes with it, and a table's with
			 * that.
			 */
			address = GetAttrDefaultColumnAddress(address.objectId);
			if (address.objectId == relid && (attnum == 0 || address.objectSubId == attnum))
				return NULL;
			dependent->kind = WF_DEPENDENT_COLUMN;
			if (address.objectId != relid)
				table = address.objectId;
			break;
		default:
			return NULL;
	}
	if (OidIsValid(view))
		ObjectAddressSet(address, RelationRelationId, view);
	description = getObjectDescription(&address, true);
	if (description == NULL)
		return NULL;
	dependent->description = description;
	dependent->blocks_drop = deptype == DEPENDENCY_NORMAL;
	if (OidIsValid(view) || OidIsValid(table))
	{
		dependent->schema = get_namespace_name(get_rel_namespace(OidIsValid(view) ? view : table));
		dependent->name = get_rel_name(OidIsValid(view) ? view : table);
	}
	return dependent;
}

/* The table that a constraint belongs to; InvalidOid for one of a domain. */
static Oid
table_of_constraint(Oid constraint)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	Oid			table;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	table = ((Form_pg_constraint) GETSTRUCT(tuple))->conrelid;
	ReleaseSysCache(tuple);
	return table;
}

/* The relation that a rule belongs to. */
static Oid
view_of_rule(Oid rule)
{
	Relation	rewrite = table_open(RewriteRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	Oid			view = InvalidOid;

	ScanKeyInit(&key, Anum_pg_rewrite_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(rule));
	scan = systable_beginscan(rewrite, RewriteOidIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		view = ((Form_pg_rewrite) GETSTRUCT(tuple))->ev_class;
	systable_endscan(scan);
	table_close(rewrite, AccessShareLock);
	return view;
}
