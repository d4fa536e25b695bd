/*
 * reindex.c: what REINDEX without CONCURRENTLY would rebuild.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_database.h"
#include "catalog/pg_namespace.h"
#include "miscadmin.h"
#include "utils/acl.h"

#include "ddl/populated.h"
#include "guard/reindex.h"

static bool any_holds_rows(Oid schema);

/*
 * Whether it rebuilds indexes on rows that others may be using.  table is the
 * one that the statement names or whose index it names.  Of a whole schema or
 * database only its owner may ask; to others PostgreSQL says so itself.
 */
bool
wf_guard_rebuilds_rows(const ReindexStmt *stmt, Oid table)
{
	Oid			schema;

	if (OidIsValid(table))
		return wf_ddl_holds_rows(table);
	switch (stmt->kind)
	{
		case REINDEX_OBJECT_SCHEMA:
			schema = get_namespace_oid(stmt->name, true);
			return OidIsValid(schema) && wf_schema_ownercheck(schema, GetUserId()) && any_holds_rows(schema);
		case REINDEX_OBJECT_DATABASE:
			return wf_database_ownercheck(MyDatabaseId, GetUserId()) && any_holds_rows(InvalidOid);
		default:
			return false;
	}
}

/* InvalidOid: of any schema.  Those of the system don't count. */
static bool
any_holds_rows(Oid schema)
{
	Relation	rel = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;
	bool		found = false;

	while (!found && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		if ((form->relkind == RELKIND_RELATION || form->relkind == RELKIND_MATVIEW) && form->relhasindex &&
			form->relpersistence != RELPERSISTENCE_TEMP && !IsCatalogRelationOid(form->oid) &&
			(!OidIsValid(schema) || form->relnamespace == schema))
			found = wf_ddl_holds_rows(form->oid);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return found;
}
