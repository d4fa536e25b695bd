-- Parallel workers: each loads the flags for itself, and sees what the leader
-- sees.  The leader does no part of the work here.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags, public;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET parallel_leader_participation = off;
CREATE TABLE people AS SELECT n::text AS id, jsonb_build_object('targetingKey', n::text, 'id', n::text) AS context FROM generate_series(1, 1000) n;
CREATE TABLE members (id text PRIMARY KEY);
INSERT INTO members SELECT n::text FROM generate_series(1, 100) n;
ANALYZE people;

SELECT flag_create('half', enabled => true, rollout => 50);
SELECT segment_define('members', '{"table": "members", "column": "id"}');
SELECT flag_create('members', enabled => true, definition =>
	'{"rules": [{"when": {"segment": "members"}, "serve": "on"}], "default": "off"}');
SELECT segment_define('query', '{"query": "SELECT id FROM wishflags.members"}');
SELECT segment_define('list', '{"included": ["1", "2"]}');
SELECT segment_refresh('query');
SELECT flag_create(name, enabled => true, definition => jsonb_build_object('default', 'off', 'rules',
	jsonb_build_array(jsonb_build_object('when', jsonb_build_object('segment', name), 'serve', 'on'))))
FROM unnest(ARRAY['query', 'list']) name;
SELECT flag_create('override', enabled => true, rollout => 0), flag_override_set('override', '1', true);
SELECT * FROM flag_import('growthbook', '{"features": {"testers": {"defaultValue": false, "rules":
	[{"condition": {"id": {"$inGroup": "testers"}}, "force": true}]}}, "savedGroups": {"testers": ["1", "2", "3"]}}');

EXPLAIN (COSTS OFF) SELECT count(*) FROM people WHERE flag_eval('half', id);
PREPARE counts AS SELECT count(*) FILTER (WHERE flag_eval('half', id)) AS half,
	count(*) FILTER (WHERE flag_eval('override', id)) AS override,
	count(*) FILTER (WHERE flag_eval('list', id)) AS list,
	count(*) FILTER (WHERE flag_eval('members', id)) AS members,
	count(*) FILTER (WHERE flag_eval('query', id)) AS query,
	count(*) FILTER (WHERE flag_eval('testers', context)) AS testers FROM people;
EXPLAIN (COSTS OFF) EXECUTE counts;
EXECUTE counts;

-- What the leader has changed and not committed, and what an old snapshot sees.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT flag_rollout('half', 100);
SELECT flag_override_set('override', '2', true), segment_define('list', '{"included": ["3"]}');
INSERT INTO members VALUES ('101');
SELECT segment_refresh('query');
UPDATE flag_documents SET document = jsonb_set(document, '{savedGroups,testers}', '["7"]');
EXECUTE counts;
SAVEPOINT s;
DELETE FROM flags;
EXECUTE counts;
ROLLBACK TO s;
EXECUTE counts;
ROLLBACK;
EXECUTE counts;

-- A change within the statement shows in the next.
WITH changed AS (UPDATE flags SET enabled = false RETURNING key)
SELECT count(*) FROM people, changed WHERE flag_eval(changed.key, id);
EXECUTE counts;

DEALLOCATE counts;
DROP TABLE people, members;
DELETE FROM flags;
DELETE FROM flag_documents;
DELETE FROM segments;
