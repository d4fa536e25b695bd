/*
 * catalog.h: the queries that read the catalogs, one or more an object type.
 *
 * Columns whose name begins with an underscore place the row: _oid and _sub
 * (its catalog address), _type (name of the object type where a query yields
 * several), _nsp (its schema), _parent and _psub (address of the object it
 * belongs to), _need, _nsub and _ncat (address of what it needs beyond what
 * pg_depend says, a relation without _ncat), _alias (relation that stands for the same object).
 * "identity" is the identity, every other column an attribute.  A query
 * without "identity" says more of objects that are there already.
 */
#ifndef WF_SCHEMA_CATALOG_H
#define WF_SCHEMA_CATALOG_H

#include "postgres.h"

#include "schema/model.h"

typedef struct WfCatalogQuery
{
	WfObjectKind kind;
	Oid			catalog;		/* of _oid */
	Oid			parent_catalog; /* of _parent */
	const char *sql;
} WfCatalogQuery;

extern const WfCatalogQuery wf_schema_catalog_relations[];
extern const WfCatalogQuery wf_schema_catalog_columns[];
extern const WfCatalogQuery wf_schema_catalog_details[];
extern const WfCatalogQuery wf_schema_catalog_types[];
extern const WfCatalogQuery wf_schema_catalog_routines[];
extern const WfCatalogQuery wf_schema_catalog_others[];
extern const WfCatalogQuery wf_schema_catalog_access[];
extern const WfCatalogQuery wf_schema_catalog_settled[];
extern const WfCatalogQuery wf_schema_catalog_superuser[];

/* The columns of views that are objects: relation and number. */
extern const char *const wf_schema_view_columns;

/* SQL fragments that many queries share. */
#define QUALIFIED(nsp, name) "quote_ident(" nsp ") || '.' || quote_ident(" name ")"
#define ROLE(oid) "quote_ident(pg_get_userbyid(" oid "))"
#define USER_SCHEMA(n) n ".nspname !~ '^pg_' AND " n ".nspname <> 'information_schema'"
#define NO_MEMBER(catalog, oid) \
	"NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '" catalog "'::regclass" \
	" AND e.objid = " oid " AND e.deptype IN ('e', 'i'))"

/* Of a row of pg_sequence. */
#define SEQUENCE_SETTINGS(s) \
	"jsonb_build_array('AS ' || format_type(" s ".seqtypid, NULL)," \
	" 'INCREMENT BY ' || " s ".seqincrement, 'MINVALUE ' || " s ".seqmin," \
	" 'MAXVALUE ' || " s ".seqmax, 'START WITH ' || " s ".seqstart," \
	" 'CACHE ' || " s ".seqcache, CASE WHEN " s ".seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END)::text"

/*
 * What a grantee has more or less than by default, as statements.  Who is not
 * the owner and granted something on is told by GRANTED BY.
 */
#define GRANT_LIST(acl, defaults, owner) \
	"CASE WHEN " acl " IS NOT NULL THEN (" \
	" WITH a AS (SELECT grantee AS r, privilege_type AS p, is_grantable AS g, nullif(grantor, " owner ") AS b FROM aclexplode(" acl "))," \
	" d AS (SELECT grantee AS r, privilege_type AS p, is_grantable AS g, nullif(grantor, " owner ") AS b FROM aclexplode(" defaults "))" \
	" SELECT jsonb_agg(x.s ORDER BY x.s COLLATE \"C\") FROM (" \
	"  SELECT 'GRANT ' || p || ' TO ' || CASE r WHEN 0 THEN 'PUBLIC' ELSE " ROLE("r") " END" \
	"   || CASE WHEN g THEN ' WITH GRANT OPTION' ELSE '' END || coalesce(' GRANTED BY ' || " ROLE("b") ", '') AS s" \
	"  FROM (TABLE a EXCEPT TABLE d) m" \
	"  UNION ALL" \
	"  SELECT 'REVOKE ' || p || ' FROM ' || CASE r WHEN 0 THEN 'PUBLIC' ELSE " ROLE("r") " END" \
	"  FROM (SELECT r, p FROM d EXCEPT SELECT r, p FROM a WHERE b IS NULL) m) x)::text END"
#define GRANTS(acl, kind, owner) \
	GRANT_LIST(acl, "acldefault('" kind "', " owner ")", owner) " AS grants"

#define SORTED_LIST(array) \
	"CASE WHEN " array " IS NOT NULL THEN (SELECT jsonb_agg(o ORDER BY o COLLATE \"C\")" \
	" FROM unnest(" array ") o)::text END"

/* Is this option of a user mapping none to be read? */
#define IS_SECRET(option) "split_part(" option ", '=', 1) ~* '(pass|secret|token|key|credential)'"

/* In the order in which they are kept, which pg_dump shows. */
#define STORED_LIST(array) "nullif(to_jsonb(" array "), 'null')::text"

#endif							/* WF_SCHEMA_CATALOG_H */
