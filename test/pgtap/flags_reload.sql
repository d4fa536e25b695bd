-- Of 10,000 flags, only those that have changed are compiled anew.  A compiled
-- flag with a definition has a memory context, the newest coming first among
-- its like.
BEGIN;
SELECT plan(11);
SET LOCAL client_min_messages = warning;
SET LOCAL wishflags.notify = off;

INSERT INTO wishflags.flags (key, enabled, definition)
SELECT 'flag-' || n, true, '{"rules": [{"when": {"attribute": "plan", "equals": "pro"}, "serve": "on"}], "default": "off"}'
FROM generate_series(1, 10000) n;
SELECT * FROM wishflags.flag_import('growthbook', '{"features": {
	"dark": {"defaultValue": false, "rules": [{"condition": {"id": {"$inGroup": "testers"}}, "force": true}]},
	"light": {"defaultValue": true}}, "savedGroups": {"testers": ["u"]}}') \g /dev/null

-- The keys of compiled flags, in the order of compilation.
CREATE FUNCTION pg_temp.compiled() RETURNS text[] LANGUAGE sql VOLATILE AS $$
	SELECT array_agg(ident ORDER BY ordinality DESC)
	FROM pg_get_backend_memory_contexts() WITH ORDINALITY WHERE name = 'wishflags flag' $$;
-- How many flags are on, all being evaluated.
CREATE FUNCTION pg_temp.on() RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT count(*) FROM wishflags.flags WHERE wishflags.flag_eval(key, '{"targetingKey": "u", "plan": "pro"}'::jsonb) $$;

SELECT is(wishflags.flag_eval('flag-7', '{"plan": "pro"}'::jsonb), true, 'one of 10,000 flags is asked for');
SELECT is(pg_temp.compiled(), '{flag-7}', 'and it alone is compiled');
SELECT is(pg_temp.on(), 10002::bigint, 'now all');
SELECT is(cardinality(pg_temp.compiled()), 10002, 'are compiled');
SELECT pg_temp.compiled() AS before \gset

UPDATE wishflags.flags SET rollout = 0 WHERE key = 'flag-4711';
SELECT is(pg_temp.on(), 10002::bigint, 'a flag changes');
SELECT ok(pg_temp.compiled() = array_remove(:'before', 'flag-4711') || '{flag-4711}'::text[], 'and it alone is compiled anew');
SELECT pg_temp.compiled() AS before \gset

SAVEPOINT s;
DELETE FROM wishflags.flags WHERE key = 'flag-1';
SELECT is(pg_temp.on(), 10001::bigint, 'a flag goes');
SELECT ok(pg_temp.compiled() = array_remove(:'before', 'flag-1'), 'and no other is compiled');
ROLLBACK TO s;
SELECT pg_temp.on() \g /dev/null
SELECT ok(pg_temp.compiled() = array_remove(:'before', 'flag-1') || '{flag-1}'::text[], 'it comes back');
SELECT pg_temp.compiled() AS before \gset

UPDATE wishflags.flag_documents SET document = jsonb_set(document, '{savedGroups,testers}', '[]');
SELECT is(pg_temp.on(), 10001::bigint, 'what the flags of a document share changes');
SELECT set_eq(format('SELECT unnest((pg_temp.compiled())[10001:])'), '{dark,light}'::text[], 'they alone are compiled anew');
SELECT * FROM finish();
ROLLBACK;
