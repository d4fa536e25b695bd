/*
 * catalog_type.c: queries for schemas, extensions and types.
 */
#include "common/compat.h"

#include "catalog/pg_class.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"

#include "schema/catalog.h"

#define OWN_TYPE(kind) \
	" FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace" \
	" WHERE t.typtype = '" kind "' AND " USER_SCHEMA("n")
#define TYPE_PLACE "t.oid AS _oid, n.nspname AS _nsp, " QUALIFIED("n.nspname", "t.typname") " AS identity"
#define TYPE_OWNER ROLE("t.typowner") " AS owner, " GRANTS("t.typacl", "T", "t.typowner")
#define TYPE_FUNCTION(word, column) \
	" || CASE WHEN " column " <> 0 THEN ', " word " = ' || " column "::text ELSE '' END"
#define COLLATE_CLAUSE(oid) \
	" || CASE WHEN " oid " <> b.typcollation THEN ' COLLATE ' || (SELECT " QUALIFIED("k.nspname", "l.collname") \
	"  FROM pg_collation l JOIN pg_namespace k ON k.oid = l.collnamespace WHERE l.oid = " oid ") ELSE '' END"

const WfCatalogQuery wf_schema_catalog_types[] = {
	{WF_OBJECT_SCHEMA, NamespaceRelationId, InvalidOid,
		"SELECT n.oid AS _oid, n.nspname AS _nsp, quote_ident(n.nspname) AS identity,"
		" " ROLE("n.nspowner") " AS owner, " GRANTS("n.nspacl", "n", "n.nspowner")
		" FROM pg_namespace n WHERE " USER_SCHEMA("n")
		/* A schema that wishflags lives in belongs to it. */
	" AND n.oid <> ALL (SELECT extnamespace FROM pg_extension WHERE extname = 'wishflags')"},
	{WF_OBJECT_EXTENSION, ExtensionRelationId, InvalidOid,
		"SELECT e.oid AS _oid, quote_ident(e.extname) AS identity,"
		" quote_ident(n.nspname) AS in_schema, e.extversion AS version,"
		" CASE WHEN e.extrelocatable THEN 'true' END AS relocatable"
		" FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
	" WHERE e.extname <> 'wishflags'"},
	{WF_OBJECT_COLLATION, CollationRelationId, InvalidOid,
		"SELECT c.oid AS _oid, n.nspname AS _nsp, " QUALIFIED("n.nspname", "c.collname") " AS identity,"
		" 'CREATE COLLATION ' || " QUALIFIED("n.nspname", "c.collname") " || ' (provider = '"
		"  || CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'c' THEN 'libc' ELSE 'builtin' END"
		"  || coalesce(', locale = ' || quote_literal(coalesce(j.r->>'colllocale', j.r->>'colliculocale')), '')"
		"  || coalesce(', lc_collate = ' || quote_literal(c.collcollate), '')"
		"  || coalesce(', lc_ctype = ' || quote_literal(c.collctype), '')"
		"  || coalesce(', rules = ' || quote_literal(j.r->>'collicurules'), '')"
		"  || CASE WHEN c.collisdeterministic THEN '' ELSE ', deterministic = false' END || ')' AS definition,"
		" " ROLE("c.collowner") " AS owner"
		" FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace, to_jsonb(c) AS j(r)"
	" WHERE " USER_SCHEMA("n")},
	{WF_OBJECT_SHELL_TYPE, TypeRelationId, InvalidOid,
		"SELECT " TYPE_PLACE ", 'CREATE TYPE ' || " QUALIFIED("n.nspname", "t.typname") " AS definition,"
		" " ROLE("t.typowner") " AS owner"
	OWN_TYPE("p") " AND NOT t.typisdefined"},
	{WF_OBJECT_ENUM, TypeRelationId, InvalidOid,
		"SELECT " TYPE_PLACE ","
		" (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e"
		"  WHERE e.enumtypid = t.oid)::text AS values,"
	" " TYPE_OWNER OWN_TYPE("e")},
	{WF_OBJECT_DOMAIN, TypeRelationId, InvalidOid,
		"SELECT " TYPE_PLACE ","
		" format_type(t.typbasetype, t.typtypmod)" COLLATE_CLAUSE("t.typcollation") " AS type,"
		" CASE WHEN t.typdefaultbin IS NOT NULL THEN pg_get_expr(t.typdefaultbin, 0)"
		"  ELSE quote_literal(t.typdefault) END AS default,"
		" CASE WHEN t.typnotnull THEN 'true' END AS not_null,"
		" " TYPE_OWNER
		" FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_type b ON b.oid = t.typbasetype"
	" WHERE t.typtype = 'd' AND " USER_SCHEMA("n")},
	{WF_OBJECT_DOMAIN_CONSTRAINT, ConstraintRelationId, TypeRelationId,
		"SELECT o.oid AS _oid, t.oid AS _parent, n.nspname AS _nsp,"
		" quote_ident(o.conname) || ' ON DOMAIN ' || " QUALIFIED("n.nspname", "t.typname") " AS identity,"
		" regexp_replace(pg_get_constraintdef(o.oid), ' NOT VALID$', '') AS definition,"
		" CASE WHEN NOT o.convalidated THEN 'true' END AS not_valid"
		" FROM pg_constraint o JOIN pg_type t ON t.oid = o.contypid JOIN pg_namespace n ON n.oid = t.typnamespace"
	" WHERE o.contype = 'c' AND " USER_SCHEMA("n")},
	{WF_OBJECT_COMPOSITE, TypeRelationId, InvalidOid,
		"SELECT " TYPE_PLACE ", t.typrelid AS _alias, " TYPE_OWNER
		" FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace"
		" JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'"
	" WHERE t.typtype = 'c' AND " USER_SCHEMA("n")},
	{WF_OBJECT_RANGE, TypeRelationId, InvalidOid,
		"SELECT " TYPE_PLACE ","
		" 'CREATE TYPE ' || " QUALIFIED("n.nspname", "t.typname") " || ' AS RANGE (subtype = '"
		"  || format_type(r.rngsubtype, NULL)"
		"  || coalesce(', subtype_opclass = ' || (SELECT " QUALIFIED("k.nspname", "o.opcname")
		"   FROM pg_opclass o JOIN pg_namespace k ON k.oid = o.opcnamespace"
		"   WHERE o.oid = r.rngsubopc AND NOT o.opcdefault), '')"
		"  || coalesce(', collation = ' || (SELECT " QUALIFIED("k.nspname", "l.collname")
		"   FROM pg_collation l JOIN pg_namespace k ON k.oid = l.collnamespace"
		"   WHERE l.oid = r.rngcollation AND l.oid <> b.typcollation), '')"
		"  || CASE WHEN r.rngcanonical <> 0 THEN ', canonical = ' || r.rngcanonical::text ELSE '' END"
		"  || CASE WHEN r.rngsubdiff <> 0 THEN ', subtype_diff = ' || r.rngsubdiff::text ELSE '' END"
		"  || ', multirange_type_name = ' || " QUALIFIED("mn.nspname", "m.typname") " || ')' AS definition,"
		" " TYPE_OWNER
		" FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace JOIN pg_range r ON r.rngtypid = t.oid"
		" JOIN pg_type b ON b.oid = r.rngsubtype JOIN pg_type m ON m.oid = r.rngmultitypid"
		" JOIN pg_namespace mn ON mn.oid = m.typnamespace"
	" WHERE " USER_SCHEMA("n")},
	{WF_OBJECT_BASE_TYPE, TypeRelationId, InvalidOid,
		"SELECT " TYPE_PLACE ", 'CREATE TYPE ' || " QUALIFIED("n.nspname", "t.typname")
		"  || ' (INPUT = ' || t.typinput::text || ', OUTPUT = ' || t.typoutput::text"
		TYPE_FUNCTION("RECEIVE", "t.typreceive") TYPE_FUNCTION("SEND", "t.typsend")
		TYPE_FUNCTION("TYPMOD_IN", "t.typmodin") TYPE_FUNCTION("TYPMOD_OUT", "t.typmodout")
		TYPE_FUNCTION("ANALYZE", "t.typanalyze") TYPE_FUNCTION("SUBSCRIPT", "t.typsubscript")
		"  || ', INTERNALLENGTH = ' || CASE t.typlen WHEN -1 THEN 'VARIABLE' ELSE t.typlen::text END"
		"  || CASE WHEN t.typbyval THEN ', PASSEDBYVALUE' ELSE '' END"
		"  || CASE t.typalign WHEN 'c' THEN ', ALIGNMENT = char' WHEN 's' THEN ', ALIGNMENT = int2'"
		"   WHEN 'd' THEN ', ALIGNMENT = double' ELSE ', ALIGNMENT = int4' END"
		"  || CASE t.typstorage WHEN 'p' THEN ', STORAGE = plain' WHEN 'e' THEN ', STORAGE = external'"
		"   WHEN 'm' THEN ', STORAGE = main' ELSE ', STORAGE = extended' END"
		"  || CASE WHEN t.typcategory <> 'U' THEN ', CATEGORY = ' || quote_literal(t.typcategory::text) ELSE '' END"
		"  || CASE WHEN t.typispreferred THEN ', PREFERRED = true' ELSE '' END"
		"  || coalesce(', DEFAULT = ' || quote_literal(t.typdefault), '')"
		"  || CASE WHEN t.typelem <> 0 THEN ', ELEMENT = ' || format_type(t.typelem, NULL) ELSE '' END"
		"  || CASE WHEN t.typdelim <> ',' THEN ', DELIMITER = ' || quote_literal(t.typdelim::text) ELSE '' END"
		"  || CASE WHEN t.typcollation <> 0 THEN ', COLLATABLE = true' ELSE '' END || ')' AS definition,"
		" " TYPE_OWNER OWN_TYPE("b")
	" AND " NO_MEMBER("pg_type", "t.oid")},
	{WF_OBJECT_COUNT, InvalidOid, InvalidOid, NULL}
};
