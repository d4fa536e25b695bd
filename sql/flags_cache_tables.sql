-- What a flag is made of, and what is done to its tables: nothing of it leaves
-- anything stale in memory.
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
SELECT flag_create('flag', enabled => true);
SELECT flag_create('override', enabled => true, rollout => 0);
SELECT flag_override_set('override', '1', true);
SELECT flag_create(name, enabled => true, definition => jsonb_build_object('default', 'off', 'rules',
	jsonb_build_array(jsonb_build_object('when', jsonb_build_object('segment', name), 'serve', 'on'))))
FROM unnest(ARRAY['list', 'table', 'query']) name;
SELECT * FROM flag_import('growthbook', '{"features": {"document": {"defaultValue": false, "rules":
	[{"condition": {"id": {"$inGroup": "testers"}}, "force": true}]}}, "savedGroups": {"testers": ["1"]}}');
RESET client_min_messages;

-- The flags that are on.
CREATE FUNCTION answers() RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT coalesce(string_agg(key, ' ' ORDER BY n), 'none')
	FROM unnest(ARRAY['flag', 'override', 'list', 'table', 'query', 'document']) WITH ORDINALITY flags (key, n)
	WHERE wishflags.flag_eval(key, '1') $$;
-- Takes the user out of each.
CREATE FUNCTION change() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE wishflags.flags SET enabled = false WHERE key = 'flag';
	DELETE FROM wishflags.flag_overrides;
	UPDATE wishflags.segments SET definition = '{"included": ["2"]}' WHERE key = 'list';
	DELETE FROM app.members;
	PERFORM wishflags.segment_refresh('query');
	UPDATE wishflags.flag_documents SET document = jsonb_set(document, '{savedGroups,testers}', '[]');
END $$;

-- TRUNCATE, table by table, and COPY back.
BEGIN;
SET LOCAL client_min_messages = warning;
CREATE TEMP TABLE kept_segments AS TABLE segments;
CREATE TEMP TABLE kept_documents AS TABLE flag_documents;
TRUNCATE flag_overrides;
SELECT answers() AS overrides;
TRUNCATE members;
SELECT answers() AS members;
TRUNCATE flag_documents;
SELECT answers() AS documents;
SAVEPOINT s;
TRUNCATE segments;
SELECT answers() AS segments;
ROLLBACK TO s;
SELECT answers() AS segments;
TRUNCATE segments;
INSERT INTO segments TABLE kept_segments;
SELECT answers() AS restored;
INSERT INTO flag_documents TABLE kept_documents;
SELECT answers() AS restored;
COPY flag_overrides (flag, key, variant) FROM stdin;
override	1	on
\.
COPY segment_members FROM stdin;
query	1
\.
COPY members FROM stdin;
1
\.
SELECT answers() AS copied;
TRUNCATE flags;
SELECT answers() AS flags;
ROLLBACK;
SELECT answers() AS rolled_back;

-- In replica mode triggers that are not ALWAYS do not fire.
BEGIN;
SET LOCAL session_replication_role = replica;
SELECT change();
SELECT answers() AS replica;
TRUNCATE flags CASCADE;
SELECT answers() AS truncated;
ROLLBACK;
SELECT answers() AS rolled_back;

-- With triggers switched off nothing is told; switching them on tells it.
BEGIN;
ALTER TABLE flags DISABLE TRIGGER ALL;
ALTER TABLE flag_overrides DISABLE TRIGGER ALL;
ALTER TABLE segments DISABLE TRIGGER ALL;
ALTER TABLE flag_documents DISABLE TRIGGER ALL;
SELECT answers() AS off;
SELECT change();
ALTER TABLE flags ENABLE TRIGGER ALL;
ALTER TABLE flag_overrides ENABLE TRIGGER ALL;
ALTER TABLE segments ENABLE TRIGGER ALL;
ALTER TABLE flag_documents ENABLE TRIGGER ALL;
SELECT answers() AS on;
ROLLBACK;

-- Tables that are rewritten say the same, and are heard afterwards.
VACUUM (FULL) flags, flag_overrides, segments, segment_members, flag_documents, members;
SELECT answers() AS rewritten;
BEGIN;
SELECT change();
SELECT answers() AS changed;
ROLLBACK;

-- Prepared, with the same plan each time.
SET plan_cache_mode = force_generic_plan;
PREPARE evaluate AS SELECT key, flag_eval(key, $1) FROM unnest(ARRAY['flag', 'override', 'list', 'table', 'query', 'document']) key;
EXECUTE evaluate('1');
BEGIN;
SELECT change();
EXECUTE evaluate('1');
ROLLBACK;
EXECUTE evaluate('1');
DEALLOCATE evaluate;
RESET plan_cache_mode;

-- Another extension under the same name: in one statement, and rolled back.
BEGIN;
SET LOCAL client_min_messages = warning;
SAVEPOINT s;
DO $$
BEGIN
	RAISE WARNING 'before: %', app.answers();
	EXECUTE 'DROP EXTENSION wishflags CASCADE';
	EXECUTE 'CREATE EXTENSION wishflags';
	RAISE WARNING 'new: %', app.answers();
	EXECUTE 'INSERT INTO wishflags.flags (key, enabled) VALUES (''table'', true)';
	RAISE WARNING 'its first flag: %', app.answers();
END $$;
SELECT answers();
ROLLBACK TO s;
SELECT answers();
COMMIT;

-- No answer is kept in an index or a column.
SET wishflags.guard = off;
CREATE INDEX ON members (flag_eval('flag', id));
CREATE TABLE generated (id text, answer boolean GENERATED ALWAYS AS (flag_eval('flag', id)) STORED);
RESET wishflags.guard;

SET client_min_messages = warning;
DROP SCHEMA app CASCADE;
TRUNCATE flags, flag_overrides, flag_documents, segments, segment_members;
