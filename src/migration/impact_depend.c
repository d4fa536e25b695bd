/*
 * impact_depend.c: what the catalog says depends on an object.
 */
#include "common/compat.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/lsyscache.h"

#include "migration/impact.h"

/* The columns of the queries below. */
enum
{
	COLUMN_KIND = 1,
	COLUMN_IDENTITY,
	COLUMN_HOW,					/* NULL: as the kind of the object says */
	COLUMN_COLUMNS,
	COLUMN_BELONGS,
	COLUMN_CLASS,				/* what is reached through; 0: nothing is */
	COLUMN_OBJECT,
	COLUMN_SUBOBJECT,
	COLUMN_NOTE
};

typedef struct Take
{
	WfImpact   *impact;
	const WfReached *reached;
} Take;

static void take_dependent(void *arg, HeapTuple tuple, TupleDesc desc);
static void ask(WfImpact *impact, const WfReached *reached, const char *sql, ObjectAddress address);

/*
 * $1 class, $2 object, $3 column or 0.  Parts that the server keeps for the
 * object itself (its TOAST table, array type, own default) are no dependents.
 */
static const char dependents_sql[] =
"WITH dependent AS ("
" SELECT d.classid, d.objid, d.objsubid, array_agg(DISTINCT d.refobjsubid) AS columns"
" FROM pg_depend d"
" WHERE d.refclassid = $1 AND d.refobjid = $2 AND ($3 = 0 OR d.refobjsubid = $3) AND d.deptype NOT IN ('e', 'x')"
" GROUP BY 1, 2, 3"
"), thing AS ("
" SELECT CASE WHEN r.rulename = '_RETURN' THEN CASE v.relkind WHEN 'm' THEN 'materialized view' ELSE 'view' END"
"   WHEN r.oid IS NOT NULL THEN 'rule'"
"   WHEN p.oid IS NOT NULL THEN 'policy'"
"   WHEN t.oid IS NOT NULL THEN 'trigger'"
"   WHEN k.contype = 'f' THEN 'foreign key'"
"   WHEN k.oid IS NOT NULL THEN 'constraint'"
"   WHEN a.attgenerated <> '' THEN 'generated column'"
"   WHEN f.oid IS NOT NULL THEN 'default'"
"   WHEN c.relkind IN ('i', 'I') THEN 'index'"
"   WHEN c.relkind IN ('r', 'p', 'f', 'c') AND e.objsubid > 0 THEN 'column'"
"   WHEN c.relispartition THEN 'partition'"
"   WHEN c.relkind IN ('r', 'p', 'f') THEN 'child table'"
"   WHEN g.prosqlbody IS NOT NULL THEN 'function body'"
"   ELSE i.type END AS kind,"
" CASE WHEN r.rulename = '_RETURN' THEN r.ev_class::regclass::text"
"   WHEN f.oid IS NOT NULL THEN (SELECT identity FROM pg_identify_object('pg_class'::regclass, f.adrelid, f.adnum))"
"   ELSE i.identity END AS identity,"
" CASE WHEN r.rulename = '_RETURN' OR a.attgenerated <> '' THEN 'reads' ELSE 'references' END AS how,"
" ARRAY(SELECT b.attname::text FROM pg_attribute b WHERE $1 = 'pg_class'::regclass AND b.attrelid = $2"
"   AND b.attnum = ANY (e.columns) AND b.attnum > 0 ORDER BY b.attnum) AS columns,"
" coalesce(r.ev_class, p.polrelid, t.tgrelid, k.conrelid, x.indrelid, f.adrelid) = $2 AS is_own,"
" CASE WHEN r.rulename = '_RETURN' THEN 'pg_class'::regclass"
"   WHEN a.attgenerated <> '' THEN 'pg_class'::regclass"
"   WHEN g.oid IS NOT NULL THEN 'pg_proc'::regclass"
"   WHEN y.typtype = 'd' OR y.typtype = 'r' THEN 'pg_type'::regclass"
"   WHEN c.relkind IN ('r', 'p', 'f', 'c') THEN 'pg_class'::regclass ELSE 0 END AS class,"
" CASE WHEN r.oid IS NOT NULL THEN r.ev_class WHEN f.oid IS NOT NULL THEN f.adrelid"
"   ELSE e.objid END AS object,"
" CASE WHEN f.oid IS NOT NULL THEN f.adnum"
"   WHEN c.relkind IN ('r', 'p', 'f') AND e.objsubid = 0 AND $3 > 0 THEN"
"     (SELECT b.attnum FROM pg_attribute b, pg_attribute o WHERE b.attrelid = c.oid AND o.attrelid = $2"
"      AND o.attnum = $3 AND b.attname = o.attname)"
"   ELSE e.objsubid END AS subobject,"
" CASE WHEN t.tgfoid IS NOT NULL AND $1 <> 'pg_proc'::regclass THEN 'calls ' || t.tgfoid::regprocedure::text END AS note,"
" r.rulename = '_RETURN' AND r.ev_class = $2"
" OR f.adrelid = $2 AND ($3 = 0 OR f.adnum = $3 AND a.attgenerated = '')"
" OR k.contype = 'n' OR t.tgisinternal OR i.type IS NULL OR i.type IN ('toast table', 'sequence', 'publication relation')"
" OR y.typrelid <> 0 OR y.typelem = $2 AND y.typcategory = 'A' OR e.classid = 'pg_type'::regclass AND $1 = 'pg_class'::regclass"
" OR c.relkind = 'v' OR c.relkind = 'm' OR c.relkind = 't' AS is_part"
" FROM dependent e"
" LEFT JOIN LATERAL pg_identify_object(e.classid, e.objid, e.objsubid) i ON true"
" LEFT JOIN pg_rewrite r ON e.classid = 'pg_rewrite'::regclass AND r.oid = e.objid"
" LEFT JOIN pg_class v ON v.oid = r.ev_class"
" LEFT JOIN pg_policy p ON e.classid = 'pg_policy'::regclass AND p.oid = e.objid"
" LEFT JOIN pg_trigger t ON e.classid = 'pg_trigger'::regclass AND t.oid = e.objid"
" LEFT JOIN pg_constraint k ON e.classid = 'pg_constraint'::regclass AND k.oid = e.objid"
" LEFT JOIN pg_attrdef f ON e.classid = 'pg_attrdef'::regclass AND f.oid = e.objid"
" LEFT JOIN pg_attribute a ON a.attrelid = f.adrelid AND a.attnum = f.adnum"
" LEFT JOIN pg_class c ON e.classid = 'pg_class'::regclass AND c.oid = e.objid"
" LEFT JOIN pg_index x ON x.indexrelid = c.oid"
" LEFT JOIN pg_proc g ON e.classid = 'pg_proc'::regclass AND g.oid = e.objid"
" LEFT JOIN pg_type y ON e.classid = 'pg_type'::regclass AND y.oid = e.objid"
") SELECT kind, identity, how, columns, coalesce(is_own, false) AND $3 = 0, class, object, subobject, note"
" FROM thing WHERE is_part IS NOT TRUE ORDER BY kind, identity";

/* $2 relation, $3 column or 0: what publishes it. */
static const char publications_sql[] =
"SELECT 'publication', p.pubname::text, 'reads',"
" ARRAY(SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs) ORDER BY a.attnum),"
" false, 0, 0, 0,"
" CASE WHEN p.puballtables THEN 'all tables' WHEN r.oid IS NULL THEN 'tables in schema'"
"  WHEN r.prattrs IS NULL THEN 'all columns' ELSE 'column list' END"
" || CASE WHEN r.prqual IS NOT NULL THEN ', row filter' ELSE '' END"
" FROM pg_publication p"
" JOIN pg_class c ON c.oid = $2 AND c.relkind IN ('r', 'p') AND c.relpersistence = 'p'"
" LEFT JOIN pg_publication_rel r ON r.prpubid = p.oid"
"  AND r.prrelid IN (SELECT $2 UNION SELECT relid FROM pg_partition_ancestors($2))"
" LEFT JOIN pg_publication_namespace n ON n.pnpubid = p.oid AND n.pnnspid = c.relnamespace"
" WHERE $1 = 'pg_class'::regclass AND (p.puballtables OR n.oid IS NOT NULL"
"  OR r.oid IS NOT NULL AND ($3 = 0 OR r.prattrs IS NULL OR $3 = ANY (r.prattrs)"
"   OR EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_publication_rel'::regclass AND d.objid = r.oid"
"    AND d.refclassid = $1 AND d.refobjid = $2 AND d.refobjsubid = $3)))"
" ORDER BY 2";

/* Makes rows of what depends on the object, and reaches what can be reached through. */
void
wf_impact_dependents(WfImpact *impact, const WfReached *reached)
{
	ask(impact, reached, dependents_sql, reached->address);

	/* Whoever has the type of a table's rows, or arrays of a type, uses it. */
	if (reached->address.classId == RelationRelationId && reached->address.objectSubId == 0)
	{
		Oid			type = get_rel_type_id(reached->address.objectId);
		ObjectAddress address;

		ObjectAddressSet(address, TypeRelationId, type);
		if (OidIsValid(type))
			ask(impact, reached, dependents_sql, address);
	}
	if (reached->address.classId == TypeRelationId)
	{
		Oid			array = get_array_type(reached->address.objectId);
		ObjectAddress address;

		ObjectAddressSet(address, TypeRelationId, array);
		if (OidIsValid(array))
			ask(impact, reached, dependents_sql, address);
	}
}

/* Makes rows of the publications that send the relation, or the column, to others. */
void
wf_impact_publications(WfImpact *impact, const WfReached *reached)
{
	if (reached->address.classId == RelationRelationId)
		ask(impact, reached, publications_sql, reached->address);
}

static void
ask(WfImpact *impact, const WfReached *reached, const char *sql, ObjectAddress address)
{
	Oid			types[] = {OIDOID, OIDOID, INT4OID};
	Datum		values[] = {ObjectIdGetDatum(address.classId), ObjectIdGetDatum(address.objectId),
	Int32GetDatum(address.objectSubId)};
	Take		take = {impact, reached};

	wf_impact_query(sql, lengthof(types), types, values, take_dependent, &take);
}

static void
take_dependent(void *arg, HeapTuple tuple, TupleDesc desc)
{
	Take	   *take = arg;
	WfImpactRow row = {.via = WF_VIA_DEPENDENCY, .total_time = -1};
	ObjectAddress address;
	char	   *note = SPI_getvalue(tuple, desc, COLUMN_NOTE);
	bool		isnull;

	row.kind = SPI_getvalue(tuple, desc, COLUMN_KIND);
	row.identity = SPI_getvalue(tuple, desc, COLUMN_IDENTITY);
	/* It is gone meanwhile. */
	if (row.kind == NULL || row.identity == NULL)
		return;
	row.how = take->reached->address.classId == ProcedureRelationId ? WF_HOW_CALLS :
		SPI_getvalue(tuple, desc, COLUMN_HOW);
	row.columns = wf_impact_strings(tuple, desc, COLUMN_COLUMNS);
	row.belongs = DatumGetBool(SPI_getbinval(tuple, desc, COLUMN_BELONGS, &isnull));
	if (note)
		wf_impact_note(&row, "detail", note);
	wf_impact_put(take->impact, take->reached, &row);
	ObjectAddressSubSet(address, DatumGetObjectId(SPI_getbinval(tuple, desc, COLUMN_CLASS, &isnull)),
						DatumGetObjectId(SPI_getbinval(tuple, desc, COLUMN_OBJECT, &isnull)),
						DatumGetInt32(SPI_getbinval(tuple, desc, COLUMN_SUBOBJECT, &isnull)));
	if (OidIsValid(address.classId))
		wf_impact_reach(take->impact, address);
}
