/*
 * catalog_relation.c: queries for relations and columns.
 */
#include "common/compat.h"

#include "catalog/pg_class.h"
#include "catalog/pg_foreign_data_wrapper.h"

#include "schema/catalog.h"

#define TABLESPACE(oid) \
	"CASE WHEN " oid " <> 0 THEN (SELECT quote_ident(spcname) FROM pg_tablespace WHERE oid = " oid ") END"

/*
 * Has a column options of its own?  The server keeps a version among them, on
 * every column, so lists are looked into only where there is more.
 */
#define HAS_OPTIONS(a) \
	"(array_length(" a ".attoptions, 1) > 1 OR " a ".attoptions[1] NOT LIKE 'pg\\_attver=%')"

const WfCatalogQuery wf_schema_catalog_relations[] = {
	{WF_OBJECT_SEQUENCE, RelationRelationId, InvalidOid,
		"SELECT c.oid AS _oid, n.nspname AS _nsp, " QUALIFIED("n.nspname", "c.relname") " AS identity,"
		" CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED' END AS persistence,"
		" " SEQUENCE_SETTINGS("s") " AS settings,"
		" " ROLE("c.relowner") " AS owner, " GRANTS("c.relacl", "s", "c.relowner")
		" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
		" JOIN pg_sequence s ON s.seqrelid = c.oid"
		" WHERE c.relkind = 'S' AND " USER_SCHEMA("n")
		" AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass"
	"  AND d.objid = c.oid AND d.deptype = 'i')"},
	{WF_OBJECT_TABLE, RelationRelationId, InvalidOid,
		"SELECT c.oid AS _oid, n.nspname AS _nsp, " QUALIFIED("n.nspname", "c.relname") " AS identity,"
		" CASE c.relkind WHEN 'p' THEN pg_get_partkeydef(c.oid) END AS partition_by,"
		" CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS of_type,"
		" CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED' END AS persistence,"
		" CASE WHEN m.amname <> 'heap' THEN quote_ident(m.amname) END AS access_method,"
		" " TABLESPACE("c.reltablespace") " AS tablespace,"
		" CASE WHEN c.reloptions IS NOT NULL OR t.reloptions IS NOT NULL THEN ("
		"  SELECT jsonb_agg(o ORDER BY k, i) FROM (SELECT 1 AS k, o, i FROM unnest(c.reloptions) WITH ORDINALITY a(o, i)"
		"  UNION ALL SELECT 2, 'toast.' || o, i FROM unnest(t.reloptions) WITH ORDINALITY a(o, i)) x)::text END AS options,"
		" CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' WHEN 'i' THEN 'INDEX' END"
		"  AS replica_identity,"
		" CASE WHEN x.indrelid IS NOT NULL THEN 'true' END AS clustered,"
		" CASE WHEN c.relrowsecurity THEN 'true' END AS row_security,"
		" CASE WHEN c.relforcerowsecurity THEN 'true' END AS force_row_security,"
		" " ROLE("c.relowner") " AS owner, " GRANTS("c.relacl", "r", "c.relowner")
		" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
		" LEFT JOIN pg_class t ON t.oid = c.reltoastrelid"
		" LEFT JOIN pg_am m ON m.oid = c.relam"
		" LEFT JOIN pg_index x ON x.indrelid = c.oid AND x.indisclustered"
	" WHERE c.relkind IN ('r', 'p') AND " USER_SCHEMA("n")},
	{WF_OBJECT_FOREIGN_TABLE, RelationRelationId, InvalidOid,
		"SELECT c.oid AS _oid, n.nspname AS _nsp, " QUALIFIED("n.nspname", "c.relname") " AS identity,"
		" quote_ident(s.srvname) AS server, " SORTED_LIST("f.ftoptions") " AS foreign_options,"
		" " ROLE("c.relowner") " AS owner, " GRANTS("c.relacl", "r", "c.relowner")
		" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
		" JOIN pg_foreign_table f ON f.ftrelid = c.oid JOIN pg_foreign_server s ON s.oid = f.ftserver"
	" WHERE " USER_SCHEMA("n")},
	{WF_OBJECT_VIEW, RelationRelationId, InvalidOid,
		"SELECT c.oid AS _oid, n.nspname AS _nsp, " QUALIFIED("n.nspname", "c.relname") " AS identity,"
		" rtrim(pg_get_viewdef(c.oid), ';') AS definition,"
		" (SELECT jsonb_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)"
		"  || ' ' || a.attcollation::regcollation ORDER BY a.attnum) FROM pg_attribute a"
		"  WHERE a.attrelid = c.oid AND a.attnum > 0)::text AS columns,"
		" " STORED_LIST("c.reloptions") " AS options,"
		" " ROLE("c.relowner") " AS owner, " GRANTS("c.relacl", "r", "c.relowner")
		" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE c.relkind = 'v' AND " USER_SCHEMA("n")},
	{WF_OBJECT_MATERIALIZED_VIEW, RelationRelationId, InvalidOid,
		"SELECT c.oid AS _oid, n.nspname AS _nsp, " QUALIFIED("n.nspname", "c.relname") " AS identity,"
		" rtrim(pg_get_viewdef(c.oid), ';') AS definition,"
		" CASE WHEN NOT c.relispopulated THEN 'true' END AS unpopulated,"
		" CASE WHEN m.amname <> 'heap' THEN quote_ident(m.amname) END AS access_method,"
		" " TABLESPACE("c.reltablespace") " AS tablespace,"
		" " STORED_LIST("c.reloptions") " AS options,"
		" CASE WHEN x.indrelid IS NOT NULL THEN 'true' END AS clustered,"
		" " ROLE("c.relowner") " AS owner, " GRANTS("c.relacl", "r", "c.relowner")
		" FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
		" LEFT JOIN pg_am m ON m.oid = c.relam"
		" LEFT JOIN pg_index x ON x.indrelid = c.oid AND x.indisclustered"
	" WHERE c.relkind = 'm' AND " USER_SCHEMA("n")},
	{WF_OBJECT_COUNT, InvalidOid, InvalidOid, NULL}
};

/* What few columns have; column.c reads the rest. */
const WfCatalogQuery wf_schema_catalog_columns[] = {
	{WF_OBJECT_COLUMN, RelationRelationId, InvalidOid,
		"SELECT a.attrelid AS _oid, a.attnum AS _sub,"
		" CASE WHEN a.attgenerated <> '' THEN '(' || pg_get_expr(d.adbin, d.adrelid) || ') '"
		"  || CASE a.attgenerated WHEN 's' THEN 'STORED' ELSE 'VIRTUAL' END END AS generated,"
		" i.name AS identity_sequence, i.settings AS identity_settings,"
		" CASE WHEN i.persistence <> c.relpersistence THEN CASE i.persistence WHEN 'u' THEN 'UNLOGGED' ELSE 'LOGGED' END END"
		"  AS identity_persistence, i.grants AS identity_grants, i.comment AS identity_comment,"
		" CASE WHEN " HAS_OPTIONS("a") " THEN (SELECT jsonb_agg(o ORDER BY o COLLATE \"C\")"
		"  FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg\\_attver=%')::text END AS options,"
		" " SORTED_LIST("a.attfdwoptions") " AS foreign_options,"
		" " GRANT_LIST("a.attacl", "acldefault('c', c.relowner)", "c.relowner") " AS grants"
		" FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
		" LEFT JOIN pg_attrdef d ON a.attgenerated <> '' AND d.adrelid = a.attrelid AND d.adnum = a.attnum"
		" LEFT JOIN LATERAL (SELECT " QUALIFIED("sn.nspname", "sc.relname") " AS name,"
		"  " SEQUENCE_SETTINGS("s") " AS settings, sc.relpersistence AS persistence, obj_description(sc.oid, 'pg_class') AS comment,"
		"  " GRANTS("sc.relacl", "s", "sc.relowner")
		"  FROM pg_depend e JOIN pg_sequence s ON s.seqrelid = e.objid"
		"  JOIN pg_class sc ON sc.oid = s.seqrelid JOIN pg_namespace sn ON sn.oid = sc.relnamespace"
		"  WHERE e.refclassid = 'pg_class'::regclass AND e.refobjid = a.attrelid"
		"  AND e.refobjsubid = a.attnum AND e.classid = 'pg_class'::regclass AND e.deptype = 'i') i"
		"  ON a.attidentity <> ''"
		" WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attrelid >= 16384"
		" AND (a.attidentity <> '' OR a.attgenerated <> '' OR " HAS_OPTIONS("a")
	"  OR a.attfdwoptions IS NOT NULL OR a.attacl IS NOT NULL)"},
	{WF_OBJECT_COLUMN, RelationRelationId, InvalidOid,
		"SELECT o.conrelid AS _oid, o.conkey[1] AS _sub, 'true' AS not_null_own"
		" FROM pg_constraint o WHERE o.contype = 'n' AND o.conrelid >= 16384"
	" AND o.conislocal AND o.coninhcount > 0"},
	{WF_OBJECT_COUNT, InvalidOid, InvalidOid, NULL}
};

const char *const wf_schema_view_columns =
"SELECT a.attrelid, a.attnum FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
" JOIN pg_type t ON t.oid = a.atttypid"
" WHERE c.relkind IN ('v', 'm') AND a.attnum > 0 AND NOT a.attisdropped AND c.oid >= 16384"
" AND (a.attacl IS NOT NULL OR nullif(a.attstattarget, -1) IS NOT NULL"
"   OR c.relkind = 'm' AND (a.attcompression <> '' OR a.attstorage <> t.typstorage)"
"   OR " HAS_OPTIONS("a")
"   OR EXISTS (SELECT FROM pg_description x"
"    WHERE x.classoid = 'pg_class'::regclass AND x.objoid = c.oid AND x.objsubid = a.attnum)"
"   OR EXISTS (SELECT FROM pg_seclabel x"
"    WHERE x.classoid = 'pg_class'::regclass AND x.objoid = c.oid AND x.objsubid = a.attnum))";
