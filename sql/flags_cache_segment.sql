-- Segments of a table that has a policy, and that changes in all ways.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = app, wishflags;
SET client_min_messages = warning;
TRUNCATE flags, flag_overrides, flag_documents, segments, segment_members;
CREATE SCHEMA app;
CREATE TABLE members (id text PRIMARY KEY);
INSERT INTO members VALUES ('1');
SELECT segment_define('list', '{"included": ["1"]}');
SELECT segment_define('table', '{"table": "app.members", "column": "id"}');
SELECT segment_define('query', '{"query": "SELECT id FROM app.members"}');
SELECT segment_refresh('query');
SELECT flag_create(name, enabled => true, definition => jsonb_build_object('default', 'off', 'rules',
	jsonb_build_array(jsonb_build_object('when', jsonb_build_object('segment', name), 'serve', 'on'))))
FROM unnest(ARRAY['list', 'table', 'query']) name;
RESET client_min_messages;
SET wishflags.guard = off;

-- The flags that are on.
CREATE FUNCTION answers() RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT coalesce(string_agg(key, ' '), 'none')
	FROM unnest(ARRAY['list', 'table', 'query']) key WHERE wishflags.flag_eval(key, '1') $$;

-- A policy on the very table that a query's segment is made of, and on the
-- tables of the flags themselves: who evaluates sees past both.
CREATE ROLE segment_reader;
GRANT USAGE ON SCHEMA wishflags, app TO segment_reader;
GRANT SELECT ON members, segments, segment_members, flags TO segment_reader;
INSERT INTO members VALUES ('2');
CREATE POLICY in_query ON members USING (wishflags.flag_eval('query', id));
CREATE POLICY unlisted ON segments USING (NOT wishflags.flag_eval('list', key));
CREATE POLICY members ON segment_members USING (wishflags.flag_eval('query', key));
CREATE POLICY known ON flags USING (wishflags.flag_eval(key, '1'));
ALTER TABLE members ENABLE ROW LEVEL SECURITY;
ALTER TABLE segments ENABLE ROW LEVEL SECURITY;
ALTER TABLE segment_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE flags ENABLE ROW LEVEL SECURITY;
SET ROLE segment_reader;
SELECT id FROM members;
SELECT count(*) FROM segments;
SELECT key FROM segment_members;
SELECT key FROM flags ORDER BY key;
RESET ROLE;
SELECT segment_refresh('query');
SET ROLE segment_reader;
SELECT id FROM members ORDER BY id;
SELECT key FROM segment_members ORDER BY key;
RESET ROLE;
ALTER TABLE segments DISABLE ROW LEVEL SECURITY;
ALTER TABLE segment_members DISABLE ROW LEVEL SECURITY;
ALTER TABLE flags DISABLE ROW LEVEL SECURITY;
DROP POLICY unlisted ON segments;
DROP POLICY members ON segment_members;
DROP POLICY known ON flags;
ALTER TABLE members DISABLE ROW LEVEL SECURITY;

DROP POLICY in_query ON members;

-- The table of a segment in all its changes.
BEGIN;
ALTER TABLE members RENAME COLUMN id TO key;
SELECT answers() AS renamed_column;
ALTER TABLE members RENAME COLUMN key TO id;
SELECT answers() AS named_back;
ALTER TABLE members ADD number bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE members DROP CONSTRAINT members_pkey;
SELECT answers() AS without_index;
CREATE UNIQUE INDEX part ON members (id) WHERE id > '';
SELECT answers() AS index_of_a_part;
CREATE UNIQUE INDEX several ON members (id, number);
SELECT answers() AS index_of_several;
CREATE UNIQUE INDEX whole ON members (id);
SELECT answers() AS index_of_all;
REINDEX TABLE members;
CLUSTER members USING whole;
SELECT answers() AS rebuilt;
DROP INDEX part, several;
ALTER TABLE members ALTER id TYPE integer USING id::integer;
SELECT answers() AS integers;
ALTER TABLE members ALTER id TYPE numeric;
SELECT answers() AS numerics;
ALTER TABLE members ALTER id TYPE varchar;
SELECT answers() AS varchars;
SAVEPOINT s;
ALTER TABLE members DROP COLUMN id;
SELECT answers() AS dropped_column;
ROLLBACK TO s;
SELECT answers() AS rolled_back;
DROP TABLE members;
SELECT answers() AS dropped;
CREATE VIEW members AS SELECT '1' AS id;
SELECT answers() AS view;
DROP VIEW members;
CREATE MATERIALIZED VIEW members AS SELECT '1' AS id;
SELECT answers() AS materialized_view;
CREATE UNIQUE INDEX ON members (id);
SELECT answers() AS indexed;
ROLLBACK;
SELECT answers() AS rolled_back;
BEGIN;
ALTER SCHEMA app RENAME TO former;
SELECT former.answers() AS schema_renamed;
CREATE SCHEMA app;
ALTER TABLE former.members SET SCHEMA app;
SELECT former.answers() AS moved;
ROLLBACK;
SELECT answers() AS rolled_back;
-- In one statement.
DO $$
BEGIN
	RAISE NOTICE 'before: %', app.answers();
	BEGIN
		DROP TABLE app.members;
		RAISE NOTICE 'in a block: %', app.answers();
		CREATE TABLE app.members AS SELECT '1' AS id;
		ALTER TABLE app.members ADD UNIQUE (id);
		RAISE NOTICE 'another in a block: %', app.answers();
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
		RAISE NOTICE 'after it: %', app.answers();
	END;
	DROP TABLE app.members;
	RAISE NOTICE 'dropped: %', app.answers();
	CREATE TABLE app.members (id uuid, key text UNIQUE);
	RAISE NOTICE 'another: %', app.answers();
	ALTER TABLE app.members DROP id;
	ALTER TABLE app.members RENAME key TO id;
	INSERT INTO app.members VALUES ('1');
	RAISE NOTICE 'alike: %', app.answers();
END $$;

RESET wishflags.guard;
SET client_min_messages = warning;
DROP SCHEMA app CASCADE;
TRUNCATE flags, flag_overrides, flag_documents, segments, segment_members;
DROP OWNED BY segment_reader;
DROP ROLE segment_reader;
