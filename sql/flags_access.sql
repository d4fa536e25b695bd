-- The levels: who may run what, read what, write what.
CREATE ROLE wf_access_none;
CREATE ROLE wf_access_reader;
CREATE ROLE wf_access_editor;
CREATE ROLE wf_access_approver;
CREATE ROLE wf_access_admin;
GRANT USAGE ON SCHEMA wishflags TO wf_access_none;
SELECT l, wishflags.access_grant('wf_access_' || l, l) > 0 AS granted FROM unnest(ARRAY['reader', 'editor', 'approver', 'admin']) l;
SELECT * FROM wishflags.access_list();

-- A new function, table, view or sequence must be given a level, or said to be the
-- owner's, in wishflags.access_levels.
SELECT p.oid::regprocedure AS unclassified FROM pg_proc p
WHERE p.pronamespace = 'wishflags'::regnamespace
	AND p.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype, 'internal'::regtype)
	AND NOT EXISTS (SELECT FROM wishflags.access_rights r WHERE r.objid = p.oid);
SELECT c.oid::regclass AS unclassified FROM pg_class c
WHERE c.relnamespace = 'wishflags'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
	AND NOT EXISTS (SELECT FROM wishflags.access_rights r WHERE r.objid = c.oid);
-- Nothing is named that is not there, and nothing twice.
SELECT l.* FROM wishflags.access_levels l
WHERE NOT EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'wishflags'::regnamespace
		AND l.object IN (p.proname, format('%s(%s)', p.proname, replace(oidvectortypes(p.proargtypes), ', ', ','))))
	AND NOT EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = 'wishflags'::regnamespace AND c.relname = l.object)
	AND (l.privilege, l.object) <> ('USAGE', 'wishflags');
SELECT privilege, object, column_name FROM wishflags.access_rights GROUP BY 1, 2, 3 HAVING count(*) > 1;
-- Columns that a table does not have.
SELECT l.object, c AS missing FROM wishflags.access_levels l, unnest(l.but_columns) c
WHERE NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = ('wishflags.' || l.object)::regclass AND a.attname = c);

-- What PostgreSQL says: every function by role.
SELECT substr(p.oid::regprocedure::text, 11) AS function, string_agg(r.rolname, ' ' ORDER BY r.n) AS may_run
FROM pg_proc p
LEFT JOIN (VALUES ('none', 1), ('reader', 2), ('editor', 3), ('approver', 4), ('admin', 5)) r (rolname, n)
	ON has_function_privilege('wf_access_' || r.rolname, p.oid, 'EXECUTE')
WHERE p.pronamespace = 'wishflags'::regnamespace
GROUP BY p.oid ORDER BY p.oid::regprocedure::text COLLATE "C";

-- Every table, view and sequence by role; w: with columns left out.
SELECT c.relname, string_agg(r.rolname || ':' || x.rights, ' ' ORDER BY r.n) AS may
FROM pg_class c
CROSS JOIN (VALUES ('none', 1), ('reader', 2), ('editor', 3), ('approver', 4), ('admin', 5)) r (rolname, n)
CROSS JOIN LATERAL (
	SELECT string_agg(CASE WHEN has_table_privilege('wf_access_' || r.rolname, c.oid, p.privilege) THEN p.letter
			WHEN p.by_column AND has_any_column_privilege('wf_access_' || r.rolname, c.oid, p.privilege) THEN p.letter || 'w' END, '' ORDER BY p.n) AS rights
	FROM (VALUES ('SELECT', 'S', true, 1), ('INSERT', 'I', true, 2), ('UPDATE', 'U', true, 3), ('DELETE', 'D', false, 4),
		('TRUNCATE', 'T', false, 5), ('REFERENCES', 'R', true, 6), ('TRIGGER', 'G', false, 7)) p (privilege, letter, by_column, n)) x
WHERE c.relnamespace = 'wishflags'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND x.rights IS NOT NULL
GROUP BY c.relname ORDER BY c.relname COLLATE "C";
SELECT c.relname, string_agg(r.rolname, ' ' ORDER BY r.n) AS may_select
FROM pg_class c
JOIN (VALUES ('none', 1), ('reader', 2), ('editor', 3), ('approver', 4), ('admin', 5)) r (rolname, n)
	ON has_sequence_privilege('wf_access_' || r.rolname, c.oid, 'SELECT') AND NOT has_sequence_privilege('wf_access_' || r.rolname, c.oid, 'USAGE, UPDATE')
WHERE c.relnamespace = 'wishflags'::regnamespace AND c.relkind = 'S'
GROUP BY c.relname ORDER BY c.relname COLLATE "C";

-- Columns that an editor or admin can't write though they write the table.
SELECT c.relname, string_agg(a.attname, ' ' ORDER BY a.attnum) AS not_written
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'wishflags'::regnamespace AND has_any_column_privilege('wf_access_admin', c.oid, 'INSERT')
	AND NOT has_column_privilege('wf_access_admin', c.oid, a.attnum, 'INSERT, UPDATE')
GROUP BY c.relname ORDER BY c.relname COLLATE "C";

DROP OWNED BY wf_access_none, wf_access_reader, wf_access_editor, wf_access_approver, wf_access_admin;
DROP ROLE wf_access_none, wf_access_reader, wf_access_editor, wf_access_approver, wf_access_admin;
