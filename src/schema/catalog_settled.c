/*
 * catalog_settled.c: queries for what was settled about things that are no
 * objects of the model: privileges on what the server and extensions brought,
 * settings of this database.
 */
#include "common/compat.h"

#include "catalog/pg_db_role_setting.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"

#include "schema/catalog.h"

/*
 * One kind of things with privileges: its catalog, the columns that hold
 * owner, privileges and schema (or 0), the letter of acldefault() and what
 * stands after GRANT ... ON.
 */
#define THINGS(catalog, owner, acl, nsp, letter, target) \
	" SELECT '" catalog "'::regclass::oid AS c, t.oid AS o, 0 AS s, t." owner " AS owner, t." acl " AS acl," \
	"  acldefault(" letter ", t." owner ") AS usual, " target " AS target, NULL AS of_column FROM " catalog " t" \
	"  LEFT JOIN pg_namespace n ON n.oid = " nsp " WHERE t." acl " IS NOT NULL"

/* A list that SET takes as it is kept: names, quoted where they must be. */
#define IS_NAME_LIST(name) \
	"lower(" name ") IN ('local_preload_libraries', 'search_path', 'session_preload_libraries'," \
	" 'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories')"

const WfCatalogQuery wf_schema_catalog_settled[] = {
	{WF_OBJECT_PRIVILEGES, InvalidOid, InvalidOid,
		"SELECT x.target || coalesce(' (' || x.of_column || ')', '') AS identity, x.target AS \"on\", x.of_column,"
		" x.grants, x.extension AS _need, 'pg_extension'::regclass::oid AS _ncat FROM ("
		" SELECT a.target, a.of_column, e.refobjid AS extension,"
		" " GRANT_LIST("a.acl", "coalesce(i.initprivs, a.usual)", "a.owner") " AS grants FROM ("
		THINGS("pg_class", "relowner", "relacl", "t.relnamespace", "CASE t.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\"",
			   "CASE t.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || " QUALIFIED("n.nspname", "t.relname"))
		" UNION ALL SELECT 'pg_class'::regclass, t.oid, k.attnum, t.relowner, k.attacl, acldefault('c', t.relowner),"
		"  'TABLE ' || " QUALIFIED("n.nspname", "t.relname") ", quote_ident(k.attname) FROM pg_attribute k"
		"  JOIN pg_class t ON t.oid = k.attrelid JOIN pg_namespace n ON n.oid = t.relnamespace WHERE k.attacl IS NOT NULL"
		" UNION ALL" THINGS("pg_proc", "proowner", "proacl", "t.pronamespace", "'f'",
							"CASE t.prokind WHEN 'p' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END || " QUALIFIED("n.nspname", "t.proname")
							" || '(' || pg_get_function_identity_arguments(t.oid) || ')'")
		" UNION ALL" THINGS("pg_type", "typowner", "typacl", "t.typnamespace", "'T'",
							"'TYPE ' || " QUALIFIED("n.nspname", "t.typname"))
		" UNION ALL" THINGS("pg_namespace", "nspowner", "nspacl", "0", "'n'", "'SCHEMA ' || quote_ident(t.nspname)")
		" UNION ALL" THINGS("pg_language", "lanowner", "lanacl", "0", "'l'", "'LANGUAGE ' || quote_ident(t.lanname)")
		" UNION ALL" THINGS("pg_foreign_data_wrapper", "fdwowner", "fdwacl", "0", "'F'",
							"'FOREIGN DATA WRAPPER ' || quote_ident(t.fdwname)")
		" UNION ALL" THINGS("pg_foreign_server", "srvowner", "srvacl", "0", "'S'", "'FOREIGN SERVER ' || quote_ident(t.srvname)")
		" ) a LEFT JOIN pg_init_privs i ON i.classoid = a.c AND i.objoid = a.o AND i.objsubid = a.s"
		" LEFT JOIN pg_depend e ON e.classid = a.c AND e.objid = a.o AND e.objsubid = 0 AND e.deptype = 'e'"
		" WHERE (e.objid IS NOT NULL OR a.o < 16384"
		/* Schema public is an object of the model, whatever its name. */
		"  AND (a.c, a.o) IS DISTINCT FROM ('pg_namespace'::regclass, " CppAsString2(PG_PUBLIC_NAMESPACE) "))"
		" AND a.acl IS DISTINCT FROM i.initprivs"
		/* The server notes no initial privileges there. */
		" AND a.target !~ '^[A-Z ]+ information_schema(\\.|$)'"
		/* wishflags hands its own out. */
		" AND NOT EXISTS (SELECT FROM pg_extension w WHERE w.oid = e.refobjid AND w.extname = 'wishflags')"
	" ) x WHERE x.grants IS NOT NULL"},
	{WF_OBJECT_SETTING, InvalidOid, InvalidOid,
		"SELECT x.name || coalesce(' FOR ROLE ' || x.role, '') AS identity, x.name, x.role,"
		" CASE WHEN " IS_NAME_LIST("x.name") " AND x.value <> ''"
		/* The empty name is kept as "", which SET does not take. */
		"  THEN regexp_replace(x.value, '(^|, )\"\"(?=,|$)', '\\1''''', 'g') ELSE quote_literal(x.value) END AS value"
		" FROM (SELECT " ROLE("nullif(s.setrole, 0)") " AS role, split_part(c, '=', 1) AS name,"
		"  substr(c, strpos(c, '=') + 1) AS value FROM pg_db_role_setting s, unnest(s.setconfig) c"
	"  WHERE s.setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())) x"},
	{WF_OBJECT_COUNT, InvalidOid, InvalidOid, NULL}
};
