/*
 * extension.c: finding the extension's own schema and relations.
 *
 * Nothing is cached here: the look-ups are syscache hits, and an OID that is
 * remembered would outlive DROP EXTENSION.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_extension.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "common/extension.h"

/* The extension's schema, or InvalidOid when the extension is not installed. */
Oid
wf_common_schema_oid(void)
{
	return get_namespace_oid(WF_SCHEMA_NAME, true);
}

/* A relation of the extension by name, or InvalidOid. */
Oid
wf_common_relation_oid(const char *relname)
{
	Oid			schema = wf_common_schema_oid();

	return OidIsValid(schema) ? get_relname_relid(relname, schema) : InvalidOid;
}

/* The version that pg_extension records, palloc'd, or NULL when not installed. */
char *
wf_common_installed_version(void)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	char	   *version = NULL;

	ScanKeyInit(&key, Anum_pg_extension_extname, BTEqualStrategyNumber, F_NAMEEQ,
				CStringGetDatum(WF_EXTENSION_NAME));
	scan = systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, Anum_pg_extension_extversion,
										 RelationGetDescr(rel), &isnull);

		if (!isnull)
			version = TextDatumGetCString(value);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return version;
}
