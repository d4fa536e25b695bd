-- What every object of the extension owes its users: a comment, no right that
-- was not given on purpose, a pinned search_path where one is used.  A failing
-- line lists the offenders.
BEGIN;
SET client_min_messages = warning;
SELECT plan(15);

CREATE TEMP VIEW member AS
SELECT d.classid, d.objid
FROM pg_depend d JOIN pg_extension x ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = x.oid
WHERE x.extname = 'wishflags' AND d.deptype = 'e';
CREATE TEMP VIEW routine AS
SELECT p.*, p.oid AS id, l.lanname AS language, p.prorettype IN ('trigger'::regtype, 'event_trigger'::regtype) AS for_trigger
FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid
JOIN pg_language l ON l.oid = p.prolang;
CREATE TEMP VIEW relation AS
SELECT c.*, c.oid AS id FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid;
CREATE TEMP VIEW dumped AS
SELECT c.relation FROM pg_extension x, unnest(x.extconfig) c(relation) WHERE x.extname = 'wishflags';

SELECT is_empty($$
	SELECT pg_describe_object(m.classid, m.objid, 0), n.nspname
	FROM member m, pg_identify_object(m.classid, m.objid, 0) i LEFT JOIN pg_namespace n ON n.nspname = i.schema
	WHERE i.schema IS NOT NULL AND n.nspname <> 'wishflags'
$$, 'every object is in the schema wishflags');

-- Comments.
SELECT is_empty($$
	SELECT id::regprocedure FROM routine WHERE coalesce(obj_description(id, 'pg_proc'), '') = ''
$$, 'every function has a comment');
SELECT is_empty($$
	SELECT id::regclass FROM relation WHERE relkind IN ('r', 'p', 'v', 'm') AND coalesce(obj_description(id, 'pg_class'), '') = ''
$$, 'every table and view has a comment');

-- Names that can be typed without quoting.
SELECT is_empty($$
	SELECT r.id::regprocedure, a.name FROM routine r, unnest(r.proargnames) a(name)
	JOIN pg_get_keywords() k ON k.word = a.name AND k.catcode IN ('R', 'T')
$$, 'no argument is named like a reserved word');
SELECT is_empty($$
	SELECT r.id::regclass, a.attname FROM relation r
	JOIN pg_attribute a ON a.attrelid = r.id AND a.attnum > 0 AND NOT a.attisdropped
	JOIN pg_get_keywords() k ON k.word = a.attname AND k.catcode IN ('R', 'T')
$$, 'no column is named like a reserved word');
SELECT is_empty($$
	SELECT id::regprocedure FROM routine
	WHERE pronargs > 1 AND NOT for_trigger
	  AND (proargnames IS NULL OR '' = ANY (proargnames[1:pronargs]))
$$, 'arguments have names, where there is more than one');

-- How functions run.
SELECT is_empty($$ SELECT id::regprocedure FROM routine WHERE prosecdef $$, 'no function is SECURITY DEFINER');
SELECT is_empty($$
	SELECT id::regprocedure, language, proconfig FROM routine
	WHERE (language = 'plpgsql' OR language = 'sql' AND prosqlbody IS NULL)
	  AND NOT coalesce(proconfig, '{}') @> ARRAY['search_path=pg_catalog, pg_temp']
$$, 'a body that is parsed at run time pins its search_path');
SELECT is_empty($$
	SELECT id::regprocedure, proconfig FROM routine
	WHERE (language = 'c' OR prosqlbody IS NOT NULL) AND array_to_string(proconfig, ',') ~ 'search_path'
$$, 'C functions and bound bodies run under the caller''s search_path');
SELECT is_empty($$
	SELECT id::regprocedure FROM routine WHERE provolatile = 'v' AND proparallel = 's'
$$, 'what may write is not PARALLEL SAFE');

-- Privileges: evaluation is open to everybody, and which version runs.
SELECT set_eq($$
	SELECT DISTINCT r.proname::text FROM routine r, aclexplode(coalesce(r.proacl, acldefault('f', r.proowner))) a
	WHERE a.grantee = 0
$$, $$
	SELECT proname::text FROM routine WHERE proname IN ('flag_eval', 'flag_variant', 'flag_value', 'version')
$$, 'PUBLIC may call evaluation and version() only');
SELECT is_empty($$
	SELECT r.id::regclass, a.privilege_type
	FROM relation r, aclexplode(coalesce(r.relacl, acldefault(CASE r.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, r.relowner))) a
	WHERE r.relkind <> 'c' AND a.grantee = 0
	UNION ALL
	SELECT r.id::regclass, c.privilege_type
	FROM relation r JOIN pg_attribute t ON t.attrelid = r.id, aclexplode(t.attacl) c WHERE c.grantee = 0
$$, 'PUBLIC has no right on a table, view, sequence or column');

-- Dump, restore, replication.
SELECT is_empty($$
	SELECT id::regclass FROM relation r
	WHERE relkind IN ('r', 'p') AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = r.id AND indisprimary)
$$, 'every table has a primary key');
SELECT is_empty($$
	SELECT s.id::regclass FROM relation s
	JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.id AND d.deptype IN ('a', 'i')
	 AND d.refclassid = 'pg_class'::regclass
	JOIN dumped t ON t.relation = d.refobjid
	WHERE s.relkind = 'S' AND s.id NOT IN (SELECT relation FROM dumped)
$$, 'the sequence of a dumped table is dumped with it');
SELECT is_empty($$
	SELECT r.id::regclass FROM dumped d JOIN relation r ON r.id = d.relation AND r.relkind = 'r'
	WHERE (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', r.id::regclass), true, true, '')))[1]::text <> '0'
$$, 'no table that is dumped comes with rows');

SELECT finish();
ROLLBACK;
