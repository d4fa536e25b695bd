-- Rollouts by the clock, windows, exclusive groups, coverage and ranges.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;

-- at(flag, time): how many of 1000 keys are on.
CREATE FUNCTION pg_temp.at(flag text, moment text) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FILTER (WHERE enabled) FROM generate_series(1, 1000) n,
		flag_explain(flag, jsonb_build_object('targetingKey', n), NULL, jsonb_build_object('clock', moment))
$$;

-- From one percentage to another, evenly; the column rollout is the most.
SELECT flag_create('chart', enabled => true, definition => '{"rollout": {
	"from": {"at": "2026-03-01T00:00:00Z", "percent": 10}, "to": {"at": "2026-03-11T00:00:00Z", "percent": 60}}}');
SELECT t AS at, round(pg_temp.at('chart', t), -1) AS about
FROM unnest(ARRAY['-infinity', '2026-02-01Z', '2026-03-01Z', '2026-03-03Z', '2026-03-06Z', '2026-03-11Z', '2027-01-01Z', 'infinity']) t;
SELECT flag_rollout('chart', 20);
SELECT t AS at, round(pg_temp.at('chart', t), -1) AS about FROM unnest(ARRAY['2026-03-01Z', '2026-03-03Z', '2026-03-06Z', '2026-03-11Z']) t;
SELECT flag_rollout('chart', 0);
SELECT pg_temp.at('chart', '2026-03-11Z') AS nobody;

-- In steps; before the first it is nobody's.
SELECT flag_create('menu', enabled => true, definition => '{"rollout": {"steps": [
	{"at": "2026-03-01T00:00:00Z", "percent": 1}, {"at": "2026-03-02T00:00:00Z", "percent": 50}, {"at": "2026-03-03T00:00:00+01:00", "percent": 100}]}}');
SELECT t AS at, round(pg_temp.at('menu', t), -1) AS about
FROM unnest(ARRAY['2026-02-28 23:59:59.999999Z', '2026-03-01Z', '2026-03-02Z', '2026-03-02 22:59:59Z', '2026-03-02 23:00Z']) t;
SELECT variant, reason, error_code FROM unnest(ARRAY['2026-02-28Z', '2026-03-01Z', '2026-03-04Z']) t, flag_explain('menu', '{}', NULL, jsonb_build_object('clock', t));

-- The bucket is that of a plain rollout.
SELECT flag_create('plain', enabled => true);
SELECT flag_define('plain', '{"rollout": 50}');
SELECT count(*) AS different FROM generate_series(1, 1000) n, flag_explain('menu', jsonb_build_object('targetingKey', n), NULL, '{"clock": "2026-03-02Z"}') e,
	flag_eval_document('native', '{"format": "wishflags", "version": 1, "flags": {"menu": {"enabled": true, "rollout": 50}}}', 'menu', jsonb_build_object('targetingKey', n)) d
WHERE e.enabled <> d.enabled;
SELECT count(*) FILTER (WHERE flag_eval('plain', n)) BETWEEN 450 AND 550 AS half FROM generate_series(1, 1000) n;

-- In a rule, and what happens to those outside.
SELECT flag_create('beta', enabled => true, definition => '{"default": "on", "rules": [
	{"id": "beta", "when": {"attribute": "beta", "equals": true}, "serve": "on", "otherwise": "off",
	 "rollout": {"steps": [{"at": "2026-03-01T00:00:00Z", "percent": 50}]}},
	{"id": "march", "window": {"from": "2026-03-01T00:00:00Z", "until": "2026-04-01T00:00:00Z"}, "serve": "off"}]}');
SELECT t AS at, beta, variant, reason, rule, count(*) BETWEEN 80 AND 120 AS half
FROM unnest(ARRAY['2026-02-01Z', '2026-03-01Z', '2026-04-01Z']) t, unnest(ARRAY[true, false]) beta, generate_series(1, 200) n,
	flag_explain('beta', jsonb_build_object('targetingKey', n, 'beta', beta), NULL, jsonb_build_object('clock', t))
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2 DESC, 3;

-- Outside its window a flag is off, also for overrides.
SELECT flag_create('sale', enabled => true, definition => '{"window": {"from": "2026-11-27T00:00:00Z", "until": "2026-11-28T00:00:00Z"}}');
SELECT flag_override_set('sale', '1');
SELECT t AS at, variant, reason, rule FROM unnest(ARRAY['2026-11-26Z', '2026-11-27Z', '2026-11-28Z']) t,
	flag_explain('sale', '{"targetingKey": "1"}', NULL, jsonb_build_object('clock', t));

-- Flags of one group share no user.
SELECT flag_create('search_a', enabled => true, definition => '{"exclusive": {"group": "search", "until": 30}}');
SELECT flag_create('search_b', enabled => true, definition => '{"exclusive": {"group": "search", "from": 30, "until": 60.5}}');
SELECT flag_create('search_c', enabled => true, definition => '{"exclusive": {"group": "search", "from": 60.5}, "rules": [{"serve": "on"}]}');
SELECT a, b, c, count(*) BETWEEN 250 AND 450 AS a_third FROM generate_series(1, 1000) n,
	LATERAL (SELECT flag_eval('search_a', n) AS a, flag_eval('search_b', n) AS b, flag_eval('search_c', n) AS c) e GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT variant, reason, error_code, rule FROM unnest(ARRAY['{"targetingKey": "1"}', '{"targetingKey": "2"}', '{"targetingKey": "4"}', '{}']::jsonb[]) c, flag_explain('search_a', c);

-- A split that covers a part; more coverage keeps who was in, and in which variant.
SELECT flag_create('button', enabled => true);
CREATE TEMP TABLE seen (coverage numeric, n int, variant text);
CREATE FUNCTION pg_temp.look(coverage numeric) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM flag_define('button', jsonb_build_object('variants', '{"a": 1, "b": 2, "c": 3}'::jsonb, 'off', 'c', 'default', jsonb_build_object(
		'split', '[{"variant": "a", "weight": 1}, {"variant": "b", "weight": 1}]'::jsonb, 'coverage', coverage)));
	INSERT INTO seen SELECT coverage, n, flag_variant('button', n) FROM generate_series(1, 1000) n;
END $$;
SELECT pg_temp.look(c) FROM unnest(ARRAY[0, 0.001, 0.3, 0.6, 1]) c;
SELECT coverage, variant, round(count(*), -2) AS about FROM seen GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) AS moved FROM seen a JOIN seen b USING (n) WHERE a.coverage < b.coverage AND a.variant <> 'c' AND a.variant <> b.variant;
SELECT flag_define('button', '{"variants": {"a": 1, "b": 2, "c": 3}, "off": "c", "default": {
	"split": [{"variant": "a", "weight": 1}, {"variant": "b", "weight": 1}]}}');
SELECT count(*) AS different FROM seen WHERE coverage = 1 AND variant <> flag_variant('button', n);

-- Ranges of one split, in percent; who is in none gets what comes next.
SELECT flag_define('button', '{"variants": {"a": 1, "b": 2, "c": 3}, "off": "c", "default": "c", "rules": [{"serve": {"split": [
	{"variant": "a", "ranges": [[0, 20], [80, 100]]}, {"variant": "b", "ranges": [[20, 40]]}]}}]}');
SELECT variant, reason, rule, round(count(*), -2) AS about FROM generate_series(1, 1000) n, flag_explain('button', jsonb_build_object('targetingKey', n))
GROUP BY 1, 2, 3 ORDER BY 1;

-- What the planner is told: the percentage of now.
SELECT flag_define('menu', jsonb_build_object('rollout', jsonb_build_object('steps', jsonb_build_array(
	jsonb_build_object('at', '2020-01-01T00:00:00Z', 'percent', 20), jsonb_build_object('at', '9999-01-01T00:00:00Z', 'percent', 90)))));
CREATE TABLE public.users AS SELECT n::text AS id FROM generate_series(1, 10000) n;
ANALYZE public.users;
CREATE FUNCTION pg_temp.planned(flag text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE plan jsonb;
BEGIN
	EXECUTE format('EXPLAIN (FORMAT json) SELECT FROM public.users WHERE wishflags.flag_eval(%L, id)', flag) INTO plan;
	RETURN plan -> 0 -> 'Plan' -> 'Plan Rows';
END $$;
SELECT f AS flag, pg_temp.planned(f) FROM unnest(ARRAY['menu', 'search_a', 'search_b', 'search_c', 'plain']) f;
DROP TABLE public.users;
DELETE FROM flags;
