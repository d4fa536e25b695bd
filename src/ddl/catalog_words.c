/*
 * catalog_words.c: what the live catalog holds, as one would write it in SQL.
 */
#include "common/compat.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/indexing.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_enum.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "ddl/catalog_parts.h"

static Oid	table_of(Oid constraint);

/* WfCatalog.column_type */
char *
wf_ddl_live_column_type(WfCatalog *catalog, const WfColumn *column)
{
	if (!OidIsValid(column->type) || column->collation != get_typcollation(column->type))
		return NULL;

	/*
	 * What everybody has is written as people write it; NULL where it is
	 * gone.
	 */
	return format_type_extended(column->type, column->typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_INVALID_AS_NULL |
								(column->type < FirstUnpinnedObjectId ? 0 : FORMAT_TYPE_FORCE_QUALIFY));
}

/* WfCatalog.constraint_sql */
char *
wf_ddl_live_constraint_sql(WfCatalog *catalog, const WfConstraint *constraint)
{
	LOCAL_FCINFO(fcinfo, 1);
	Oid			relid = OidIsValid(constraint->oid) ? table_of(constraint->oid) : InvalidOid;
	Datum		sql;

	/* The server opens the table, and would wait for it. */
	if (!OidIsValid(relid) || !ConditionalLockRelationOid(relid, AccessShareLock))
		return NULL;
	InitFunctionCallInfoData(*fcinfo, NULL, 1, InvalidOid, NULL, NULL);
	fcinfo->args[0].value = ObjectIdGetDatum(constraint->oid);
	fcinfo->args[0].isnull = false;
	sql = pg_get_constraintdef(fcinfo);
	UnlockRelationOid(relid, AccessShareLock);
	return fcinfo->isnull ? NULL : TextDatumGetCString(sql);
}

/* The table that a constraint is of; InvalidOid: it is gone. */
static Oid
table_of(Oid constraint)
{
	HeapTuple	tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint));
	Oid			relid = InvalidOid;

	if (HeapTupleIsValid(tuple))
	{
		relid = ((Form_pg_constraint) GETSTRUCT(tuple))->conrelid;
		ReleaseSysCache(tuple);
	}
	return relid;
}

/* WfCatalog.last_label */
char *
wf_ddl_live_last_label(WfCatalog *catalog, WfType *type)
{
	Relation	enums;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	char	   *label = NULL;
	float4		last = 0;

	if (!OidIsValid(type->oid))
		return NULL;
	enums = table_open(EnumRelationId, AccessShareLock);
	ScanKeyInit(&key, Anum_pg_enum_enumtypid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(type->oid));
	scan = systable_beginscan(enums, EnumTypIdLabelIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_enum form = (Form_pg_enum) GETSTRUCT(tuple);

		if (label && form->enumsortorder <= last)
			continue;
		label = pstrdup(NameStr(form->enumlabel));
		last = form->enumsortorder;
	}
	systable_endscan(scan);
	table_close(enums, AccessShareLock);
	return label;
}
