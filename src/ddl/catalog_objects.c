/*
 * catalog_objects.c: schemas, databases, publications and what belongs to a
 * table by name, as the live catalog has them.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_statistic.h"
#include "commands/dbcommands.h"
#include "commands/policy.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "rewrite/rewriteSupport.h"
#include "utils/acl.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rls.h"
#include "utils/syscache.h"

#include "ddl/catalog_parts.h"

static bool has_policy(Oid relid);

bool
wf_ddl_live_has_schema(WfCatalog *catalog, const char *name)
{
	return OidIsValid(get_namespace_oid(name, true));
}

bool
wf_ddl_live_has_database(WfCatalog *catalog, const char *name)
{
	return OidIsValid(get_database_oid(name, true));
}

bool
wf_ddl_live_has_part(WfCatalog *catalog, WfRelation *relation, ObjectType type, const char *name)
{
	if (!OidIsValid(relation->relid))
		return false;
	switch (type)
	{
		case OBJECT_TRIGGER:
			return OidIsValid(get_trigger_oid(relation->relid, name, true));
		case OBJECT_POLICY:
			return name ? OidIsValid(get_relation_policy_oid(relation->relid, name, true)) : has_policy(relation->relid);
		case OBJECT_RULE:
			return OidIsValid(get_rewrite_oid(relation->relid, name, true));
		default:
			return false;
	}
}

/* Has the relation any policy? */
static bool
has_policy(Oid relid)
{
	Relation	policies = table_open(PolicyRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	bool		found;

	ScanKeyInit(&key, Anum_pg_policy_polrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
	scan = systable_beginscan(policies, PolicyPolrelidPolnameIndexId, true, NULL, 1, &key);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(policies, AccessShareLock);
	return found;
}

/* The publications that a table is in, by itself, with its schema or with all. */
List *
wf_ddl_live_publications(WfCatalog *catalog, WfRelation *relation)
{
	MemoryContext old;
	List	   *names = NIL;
	List	   *oids;
	ListCell   *lc;

	if (!OidIsValid(relation->relid) || relation->persistence != RELPERSISTENCE_PERMANENT ||
		(relation->kind != RELKIND_RELATION && relation->kind != RELKIND_PARTITIONED_TABLE))
		return NIL;
	oids = list_concat_unique_oid(GetRelationPublications(relation->relid),
								  GetSchemaPublications(get_rel_namespace(relation->relid)));
	oids = list_concat_unique_oid(oids, GetAllTablesPublications());
	old = MemoryContextSwitchTo(catalog->context);
	foreach(lc, oids)
	{
		char	   *name = get_publication_name(lfirst_oid(lc), true);

		if (name)
			names = lappend(names, name);
	}
	MemoryContextSwitchTo(old);
	return names;
}

bool
wf_ddl_live_publishes_changes(WfCatalog *catalog, const char *publication)
{
	Publication *found = GetPublicationByName(publication, true);

	return found && (found->pubactions.pubupdate || found->pubactions.pubdelete);
}

/*
 * The share of NULL in a column by the statistics of ANALYZE, which only who may
 * read the column in all rows is told, as by pg_stats.
 */
double
wf_ddl_live_null_fraction(WfCatalog *catalog, WfRelation *relation, WfColumn *column)
{
	HeapTuple	tuple;
	double		fraction;

	if (!OidIsValid(relation->relid) || column->attnum <= 0 ||
		(pg_class_aclcheck(relation->relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		 pg_attribute_aclcheck(relation->relid, column->attnum, GetUserId(), ACL_SELECT) != ACLCHECK_OK) ||
		check_enable_rls(relation->relid, InvalidOid, true) == RLS_ENABLED)
		return -1;
	tuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(relation->relid), Int16GetDatum(column->attnum),
							BoolGetDatum(relation->kind == RELKIND_PARTITIONED_TABLE));
	if (!HeapTupleIsValid(tuple))
		return -1;
	fraction = ((Form_pg_statistic) GETSTRUCT(tuple))->stanullfrac;
	ReleaseSysCache(tuple);
	return fraction;
}
