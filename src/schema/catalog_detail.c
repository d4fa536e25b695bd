/*
 * catalog_detail.c: queries for what belongs to relations.
 */
#include "common/compat.h"

#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"

#include "schema/catalog.h"

#define ENABLED(column) \
	"CASE " column " WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'" \
	" WHEN 'A' THEN 'ENABLE ALWAYS' END AS enabled"

#define TRIGGER_STATE(column) \
	"CASE " column " WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA'" \
	" WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END"

/* Attributes of an index, alone or behind a constraint. */
#define INDEX_ATTRIBUTES(c, i) \
	" " STORED_LIST(c ".reloptions") " AS options," \
	" CASE WHEN " c ".reltablespace <> 0 THEN (SELECT quote_ident(spcname) FROM pg_tablespace" \
	"  WHERE oid = " c ".reltablespace) END AS tablespace," \
	" CASE WHEN " i ".indisreplident THEN 'true' END AS replica_identity," \
	" CASE WHEN " i ".indisclustered THEN 'true' END AS clustered"

const WfCatalogQuery wf_schema_catalog_details[] = {
	{WF_OBJECT_SEQUENCE_OWNER, InvalidOid, RelationRelationId,
		"SELECT s.oid AS _parent, d.refobjid AS _need, d.refobjsubid AS _nsub, n.nspname AS _nsp,"
		" " QUALIFIED("n.nspname", "s.relname") " AS identity,"
		" " QUALIFIED("tn.nspname", "t.relname") " || '.' || quote_ident(a.attname) AS column"
		" FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'"
		" JOIN pg_namespace n ON n.oid = s.relnamespace"
		" JOIN pg_class t ON t.oid = d.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace"
		" JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid"
		" WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass"
	" AND d.deptype = 'a'"},
	{WF_OBJECT_INHERITANCE, InvalidOid, RelationRelationId,
		"SELECT c.oid AS _parent, p.oid AS _need, n.nspname AS _nsp,"
		" " QUALIFIED("n.nspname", "c.relname") " || ' INHERITS ' || " QUALIFIED("pn.nspname", "p.relname") " AS identity,"
		" " QUALIFIED("pn.nspname", "p.relname") " AS of, h.inhseqno::text AS position"
		" FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
		" JOIN pg_class p ON p.oid = h.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace"
	" WHERE c.relkind IN ('r', 'p', 'f') AND NOT c.relispartition AND " USER_SCHEMA("n")},
	{WF_OBJECT_PARTITION, InvalidOid, RelationRelationId,
		"SELECT c.oid AS _parent, p.oid AS _need, n.nspname AS _nsp,"
		" " QUALIFIED("n.nspname", "c.relname") " AS identity,"
		" " QUALIFIED("pn.nspname", "p.relname") " AS of, pg_get_expr(c.relpartbound, c.oid) AS bound"
		" FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
		" JOIN pg_class p ON p.oid = h.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace"
	" WHERE c.relkind IN ('r', 'p', 'f') AND c.relispartition AND NOT h.inhdetachpending AND " USER_SCHEMA("n")},
	{WF_OBJECT_CONSTRAINT, ConstraintRelationId, RelationRelationId,
		"SELECT o.oid AS _oid, o.conrelid AS _parent, n.nspname AS _nsp, i.indexrelid AS _alias,"
		" quote_ident(o.conname) || ' ON ' || " QUALIFIED("n.nspname", "c.relname") " AS identity,"
		" CASE o.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' WHEN 'x' THEN 'EXCLUDE'"
		"  WHEN 'f' THEN 'FOREIGN KEY' ELSE 'CHECK' END AS kind,"
		" CASE WHEN o.convalidated THEN pg_get_constraintdef(o.oid)"
		"  ELSE regexp_replace(pg_get_constraintdef(o.oid), ' NOT VALID$', '') END AS definition,"
		" CASE WHEN NOT o.convalidated THEN 'true' END AS not_valid,"
		" CASE WHEN o.coninhcount > 0 THEN 'true' END AS inherited,"
		" CASE WHEN o.conislocal THEN 'true' END AS local,"
		" CASE WHEN i.indexrelid IS NOT NULL THEN " QUALIFIED("n.nspname", "ic.relname") " END AS index,"
		INDEX_ATTRIBUTES("ic", "i")
		" FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
		" LEFT JOIN pg_index i ON i.indexrelid = o.conindid AND o.contype IN ('p', 'u', 'x')"
		" LEFT JOIN pg_class ic ON ic.oid = i.indexrelid"
		" WHERE o.contype IN ('c', 'p', 'u', 'x', 'f') AND NOT (o.contype = 'f' AND o.conparentid <> 0)"
	" AND " USER_SCHEMA("n")},
	{WF_OBJECT_INDEX, RelationRelationId, RelationRelationId,
		"SELECT c.oid AS _oid, i.indrelid AS _parent, n.nspname AS _nsp,"
		" " QUALIFIED("n.nspname", "c.relname") " AS identity,"
		" CASE WHEN c.reloptions IS NULL THEN pg_get_indexdef(c.oid)"
		"  ELSE replace(pg_get_indexdef(c.oid), ' WITH (' || (SELECT string_agg(quote_ident(split_part(o, '=', 1))"
		"   || '=' || CASE WHEN quote_ident(v) = v THEN v ELSE quote_literal(v) END, ', ')"
		"   FROM unnest(c.reloptions) o, substr(o, strpos(o, '=') + 1) v) || ')', '') END AS definition,"
		/* That of a partitioned table waits for its partitions. */
		" CASE WHEN NOT i.indisvalid AND c.relkind = 'i' THEN 'true' END AS invalid,"
		" CASE WHEN i.indexprs IS NOT NULL THEN (SELECT jsonb_agg(a.attnum || ' ' || a.attstattarget ORDER BY a.attnum)"
		"  FROM pg_attribute a WHERE a.attrelid = c.oid AND nullif(a.attstattarget, -1) IS NOT NULL)::text END AS statistics,"
		INDEX_ATTRIBUTES("c", "i")
		" FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
		" WHERE " USER_SCHEMA("n")
		" AND NOT EXISTS (SELECT FROM pg_constraint o WHERE o.conindid = c.oid AND o.contype IN ('p', 'u', 'x')"
	"  AND o.conrelid = i.indrelid)"},
	{WF_OBJECT_INDEX_PARTITION, InvalidOid, RelationRelationId,
		"SELECT c.oid AS _parent, p.oid AS _need, n.nspname AS _nsp,"
		" " QUALIFIED("n.nspname", "c.relname") " AS identity, " QUALIFIED("pn.nspname", "p.relname") " AS of"
		" FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
		" JOIN pg_class p ON p.oid = h.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace"
	" WHERE c.relkind IN ('i', 'I') AND " USER_SCHEMA("n")},
	{WF_OBJECT_STATISTICS, StatisticExtRelationId, InvalidOid,
		"SELECT s.oid AS _oid, n.nspname AS _nsp, " QUALIFIED("n.nspname", "s.stxname") " AS identity,"
		" coalesce(overlay(d.shown PLACING k.sorted"
		"   FROM d.place + position(' ON ' || k.standing IN substr(d.shown, d.place)) + 3 FOR length(k.standing)), d.shown) AS definition,"
		" nullif(s.stxstattarget, -1)::text AS target,"
		" " ROLE("s.stxowner") " AS owner"
		" FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace,"
		" LATERAL (SELECT pg_get_statisticsobjdef(s.oid) AS shown,"
		"  length('CREATE STATISTICS ' || " QUALIFIED("n.nspname", "s.stxname") ") + 1 AS place) d,"

		/*
		 * The server lists columns as they stand in the table; a model does
		 * by name.
		 */
		" LATERAL (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS standing,"
		"  string_agg(quote_ident(attname), ', ' ORDER BY attname COLLATE \"C\") AS sorted"
		"  FROM pg_attribute WHERE attrelid = s.stxrelid AND attnum = ANY (s.stxkeys)) k"
	" WHERE " USER_SCHEMA("n")},
	{WF_OBJECT_RULE, RewriteRelationId, RelationRelationId,
		"SELECT r.oid AS _oid, r.ev_class AS _parent, n.nspname AS _nsp,"
		" quote_ident(r.rulename) || ' ON ' || " QUALIFIED("n.nspname", "c.relname") " AS identity,"
		" rtrim(pg_get_ruledef(r.oid), ';') AS definition, " ENABLED("r.ev_enabled")
		" FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE r.rulename <> '_RETURN' AND " USER_SCHEMA("n")},
	{WF_OBJECT_TRIGGER, TriggerRelationId, RelationRelationId,
		"SELECT t.oid AS _oid, t.tgrelid AS _parent, n.nspname AS _nsp,"
		" quote_ident(t.tgname) || ' ON ' || " QUALIFIED("n.nspname", "c.relname") " AS identity,"
		" pg_get_triggerdef(t.oid) AS definition, " ENABLED("t.tgenabled")
		" FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND " USER_SCHEMA("n")},
	/* A partition's copy of a trigger counts only where something is its own. */
	{WF_OBJECT_TRIGGER, TriggerRelationId, RelationRelationId,
		"SELECT t.oid AS _oid, t.tgrelid AS _parent, n.nspname AS _nsp,"
		" quote_ident(t.tgname) || ' ON ' || " QUALIFIED("n.nspname", "c.relname") " AS identity,"
		" CASE WHEN t.tgenabled <> p.tgenabled THEN " TRIGGER_STATE("t.tgenabled") " END AS enabled,"
		" " TRIGGER_STATE("p.tgenabled") " AS parent_enabled"
		" FROM pg_trigger t JOIN pg_trigger p ON p.oid = t.tgparentid"
		" JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
		" WHERE NOT t.tgisinternal AND " USER_SCHEMA("n")
		" AND (t.tgenabled <> p.tgenabled OR EXISTS (SELECT FROM pg_description x"
	"  WHERE x.classoid = 'pg_trigger'::regclass AND x.objoid = t.oid))"},
	{WF_OBJECT_POLICY, PolicyRelationId, RelationRelationId,
		"SELECT p.oid AS _oid, p.polrelid AS _parent, n.nspname AS _nsp,"
		" quote_ident(p.polname) || ' ON ' || " QUALIFIED("n.nspname", "c.relname") " AS identity,"
		" 'CREATE POLICY ' || quote_ident(p.polname) || ' ON ' || " QUALIFIED("n.nspname", "c.relname")
		"  || CASE WHEN p.polpermissive THEN '' ELSE ' AS RESTRICTIVE' END"
		"  || CASE p.polcmd WHEN 'r' THEN ' FOR SELECT' WHEN 'a' THEN ' FOR INSERT' WHEN 'w' THEN ' FOR UPDATE'"
		"   WHEN 'd' THEN ' FOR DELETE' ELSE '' END"
		"  || ' TO ' || (SELECT string_agg(x.r, ', ' ORDER BY x.r COLLATE \"C\") FROM ("
		"   SELECT CASE u WHEN 0 THEN 'PUBLIC' ELSE " ROLE("u") " END AS r FROM unnest(p.polroles) u) x)"
		"  || coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '')"
		"  || coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '') AS definition"
		" FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace"
	" WHERE " USER_SCHEMA("n")},
	{WF_OBJECT_COUNT, InvalidOid, InvalidOid, NULL}
};
