-- Install script of wishflags, assembled from src/; see SQL_PARTS in the Makefile.
\echo Use "CREATE EXTENSION wishflags" to load this file. \quit

-- CREATE EXTENSION adopts a schema that is already there.  One that somebody
-- else owns or fills could shadow the extension's names, so it is refused.
DO $$
DECLARE
	foreign_object text;
	schema_owner oid := (SELECT nspowner FROM pg_catalog.pg_namespace WHERE nspname = 'wishflags');
BEGIN
	SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) INTO foreign_object
	FROM pg_catalog.pg_depend d
	WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
	  AND d.refobjid = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'wishflags')
	  AND d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass
	LIMIT 1;
	IF foreign_object IS NOT NULL THEN
		RAISE EXCEPTION 'schema "wishflags" already holds objects'
			USING ERRCODE = 'duplicate_schema',
			      DETAIL = pg_catalog.format('It holds %s.', foreign_object),
			      HINT = 'Rename it first: ALTER SCHEMA wishflags RENAME TO wishflags_old;';
	END IF;
	IF schema_owner <> current_user::pg_catalog.regrole::oid
	   AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE oid = schema_owner) THEN
		RAISE EXCEPTION 'schema "wishflags" belongs to role "%"', schema_owner::pg_catalog.regrole
			USING ERRCODE = 'duplicate_schema',
			      HINT = 'Rename it first: ALTER SCHEMA wishflags RENAME TO wishflags_old;';
	END IF;
END $$;
