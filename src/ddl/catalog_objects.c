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
#include "catalog/partition.h"
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

static List *publications_of(Oid relid);
static bool is_via_root(Oid publication);

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
			return OidIsValid(get_relation_policy_oid(relation->relid, name, true));
		case OBJECT_RULE:
			return OidIsValid(get_rewrite_oid(relation->relid, name, true));
		default:
			return false;
	}
}

List *
wf_ddl_live_policies(WfCatalog *catalog, WfRelation *relation)
{
	MemoryContext old = MemoryContextSwitchTo(catalog->context);
	Relation	policies = table_open(PolicyRelationId, AccessShareLock);
	List	   *names = NIL;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyInit(&key, Anum_pg_policy_polrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relation->relid));
	scan = systable_beginscan(policies, PolicyPolrelidPolnameIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		names = lappend(names, pstrdup(NameStr(((Form_pg_policy) GETSTRUCT(tuple))->polname)));
	systable_endscan(scan);
	table_close(policies, AccessShareLock);
	MemoryContextSwitchTo(old);
	return names;
}

/*
 * The publications that a table is in, by itself, with its schema, with all, or
 * as a partition of one that is in; under_own_name: without those in which it
 * goes by the name of that one.
 */
List *
wf_ddl_live_publications(WfCatalog *catalog, WfRelation *relation, bool under_own_name)
{
	MemoryContext old;
	List	   *names = NIL;
	List	   *whole = GetAllTablesPublications();
	List	   *oids;
	ListCell   *lc;

	if (!OidIsValid(relation->relid) || relation->persistence != RELPERSISTENCE_PERMANENT ||
		(relation->kind != RELKIND_RELATION && relation->kind != RELKIND_PARTITIONED_TABLE))
		return NIL;
	foreach(lc, relation->is_partition ? get_partition_ancestors(relation->relid) : NIL)
		whole = list_concat_unique_oid(whole, publications_of(lfirst_oid(lc)));
	oids = list_concat_unique_oid(publications_of(relation->relid), whole);
	old = MemoryContextSwitchTo(catalog->context);
	foreach(lc, oids)
	{
		char	   *name = get_publication_name(lfirst_oid(lc), true);

		if (name && !(under_own_name && relation->is_partition && list_member_oid(whole, lfirst_oid(lc)) &&
					  is_via_root(lfirst_oid(lc))))
			names = lappend(names, name);
	}
	MemoryContextSwitchTo(old);
	return names;
}

static List *
publications_of(Oid relid)
{
	return list_concat_unique_oid(GetRelationPublications(relid), GetSchemaPublications(get_rel_namespace(relid)));
}

static bool
is_via_root(Oid publication)
{
	HeapTuple	tuple = SearchSysCache1(PUBLICATIONOID, ObjectIdGetDatum(publication));
	bool		via_root = false;

	if (HeapTupleIsValid(tuple))
	{
		via_root = ((Form_pg_publication) GETSTRUCT(tuple))->pubviaroot;
		ReleaseSysCache(tuple);
	}
	return via_root;
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
