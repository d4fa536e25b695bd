-- Properties of the flag language, over many keys.
BEGIN;
SET client_min_messages = warning;
SET search_path = wishflags, public;
SELECT plan(15);

CREATE TEMP TABLE id AS
SELECT n::text AS key FROM generate_series(1, 50000) n
UNION ALL SELECT md5(n::text) FROM generate_series(1, 50000) n;
ANALYZE id;

-- far(share, wanted): whether a percentage is more than 1 away from what it should be.
CREATE FUNCTION pg_temp.far(share numeric, wanted numeric) RETURNS boolean IMMUTABLE RETURN abs(share - wanted) > 1;

-- Groups of flags that exclude each other.
SELECT flag_create(f, enabled => true, definition => jsonb_build_object('exclusive', jsonb_build_object('group', 'g', 'from', a, 'until', b)))
FROM (VALUES ('one', 0, 12.5), ('two', 12.5, 60), ('three', 60, 61), ('four', 61, 100)) v (f, a, b) \g /dev/null
CREATE TEMP TABLE grouped AS
SELECT key, flag_eval('one', key) AS one, flag_eval('two', key) AS two, flag_eval('three', key) AS three, flag_eval('four', key) AS four FROM id;
SELECT is_empty('SELECT key FROM grouped WHERE one::int + two::int + three::int + four::int <> 1', 'a group of ranges without gap: each key has one flag');
SELECT is_empty($$
	SELECT * FROM (SELECT 100.0 * count(*) FILTER (WHERE one) / count(*), 100.0 * count(*) FILTER (WHERE two) / count(*),
	                      100.0 * count(*) FILTER (WHERE three) / count(*), 100.0 * count(*) FILTER (WHERE four) / count(*) FROM grouped) s (a, b, c, d)
	WHERE pg_temp.far(a, 12.5) OR pg_temp.far(b, 47.5) OR pg_temp.far(c, 1) OR pg_temp.far(d, 39)
$$, 'a range has its share of the keys');
SELECT flag_create('g', rollout => 50, enabled => true) \g /dev/null
SELECT ok(NOT pg_temp.far((SELECT 100.0 * count(*) FILTER (WHERE flag_eval('g', key)) / count(*) FROM grouped WHERE two), 50),
	'the place in a group says nothing about a rollout, not even of a flag of that name');
SELECT flag_define('two', '{"exclusive": {"group": "g", "from": 12.5, "until": 60}, "rollout": 40,
	"variants": {"a": 1, "b": 2, "none": false}, "off": "none", "default": {"split": [{"variant": "a", "weight": 1}, {"variant": "b", "weight": 1}]}}') \g /dev/null
SELECT is_empty('SELECT key FROM grouped WHERE NOT two AND flag_eval(''two'', key)', 'a rollout inside a range stays inside');
SELECT is_empty($$
	SELECT * FROM (SELECT 100.0 * count(*) FILTER (WHERE v = 'a') / count(*), 100.0 * count(*) FILTER (WHERE v = 'b') / count(*)
	               FROM grouped, LATERAL (SELECT flag_variant('two', key) AS v) e WHERE two) s (a, b)
	WHERE pg_temp.far(a, 20) OR pg_temp.far(b, 20)
$$, 'so does a split inside the rollout');

-- Rollouts by the clock: who is in stays in.
CREATE TEMP TABLE was (kind text, at timestamptz, key text, inside boolean);
CREATE FUNCTION pg_temp.walk(kind text, rollout jsonb, moments timestamptz[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM wishflags.flag_create(kind, enabled => true, definition => jsonb_build_object('rollout', rollout));
	INSERT INTO was SELECT kind, t, key, e.enabled FROM unnest(moments) t, id,
		wishflags.flag_explain(kind, jsonb_build_object('targetingKey', key), NULL, jsonb_build_object('clock', t)) e;
END $$;
SELECT pg_temp.walk('line', '{"from": {"at": "2026-03-01T00:00:00Z", "percent": 5}, "to": {"at": "2026-03-21T00:00:00Z", "percent": 85}}',
	ARRAY['2026-02-01Z', '2026-03-06Z', '2026-03-11Z', '2026-03-20 23:59:59Z']::timestamptz[]),
	pg_temp.walk('steps', '{"steps": [{"at": "2026-03-01T00:00:00Z", "percent": 0.5}, {"at": "2026-03-02T00:00:00Z", "percent": 33.333}, {"at": "2026-03-03T00:00:00Z", "percent": 100}]}',
	ARRAY['2026-03-01Z', '2026-03-02Z', '2026-03-03Z']::timestamptz[]) \g /dev/null
SELECT is_empty('SELECT * FROM (SELECT *, lag(inside) OVER (PARTITION BY kind, key ORDER BY at) AS before FROM was) w WHERE before AND NOT inside',
	'a key that is in at one time is in later');
SELECT is_empty($$
	SELECT kind, at, share, wanted FROM (SELECT kind, at, 100.0 * count(*) FILTER (WHERE inside) / count(*) AS share FROM was GROUP BY 1, 2) s
	JOIN (VALUES ('line', timestamptz '2026-02-01Z', 5), ('line', '2026-03-06Z', 25),
		('line', '2026-03-11Z', 45), ('line', '2026-03-20 23:59:59Z', 85),
		('steps', '2026-03-01Z', 0.5), ('steps', '2026-03-02Z', 33.333), ('steps', '2026-03-03Z', 100)) w (kind, at, wanted) USING (kind, at)
	WHERE pg_temp.far(share, wanted) OR (wanted = 100 AND share <> 100)
$$, 'the share of keys is the percentage of the time');
SELECT flag_create('steps_now', enabled => true), flag_define('steps', '{"rollout": 33.333}') \g /dev/null
SELECT is_empty('SELECT key FROM was WHERE kind = ''steps'' AND at = ''2026-03-02Z'' AND inside <> flag_eval(''steps'', key)',
	'a percentage by the clock has the bucket of one that stands still');
SELECT flag_rollout('steps', 10) \g /dev/null
SELECT ok(NOT pg_temp.far((SELECT 100.0 * count(*) FILTER (WHERE flag_eval('steps', key)) / count(*) FROM id), 10), 'the smaller of two rollouts counts');

-- A condition on a share is a rollout.
SELECT flag_define('steps_now', '{"default": "off", "rules": [{"serve": "on", "when": {"split": {"percent": 33.333, "seed": "steps"}}}]}'), flag_rollout('steps', 100) \g /dev/null
SELECT is_empty('SELECT key FROM id WHERE flag_eval(''steps_now'', key) <> flag_eval(''steps'', key)', 'a condition on a share has the bucket of a rollout');

-- Coverage: keeps who is in, and the variant.
CREATE TEMP TABLE covered (coverage numeric, key text, variant text);
CREATE FUNCTION pg_temp.cover(coverage numeric) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM wishflags.flag_define('g', jsonb_build_object('variants', '{"a": 1, "b": 2, "c": 3}'::jsonb, 'default', jsonb_build_object('coverage', coverage,
		'split', '[{"variant": "a", "weight": 3}, {"variant": "b", "weight": 1}, {"variant": "c", "weight": 0}]'::jsonb)));
	INSERT INTO covered SELECT coverage, key, flag_variant('g', key) FROM id;
END $$;
SELECT flag_rollout('g', 100), pg_temp.cover(0.01), pg_temp.cover(0.2), pg_temp.cover(0.75), pg_temp.cover(1) \g /dev/null
SELECT is_empty('SELECT * FROM (SELECT *, lag(variant) OVER (PARTITION BY key ORDER BY coverage) AS before FROM covered) c WHERE before <> COALESCE(variant, '''')',
	'more coverage moves nobody');
SELECT is_empty($$
	SELECT coverage, variant FROM (SELECT coverage, variant, 100.0 * count(*) / 100000 AS share FROM covered GROUP BY 1, 2) s
	WHERE pg_temp.far(share, 100 * CASE variant WHEN 'a' THEN 0.75 * coverage WHEN 'b' THEN 0.25 * coverage WHEN 'c' THEN 0 ELSE 1 - coverage END)
$$, 'a variant has its share of the coverage');

-- Ranges are places of the split's hash.
SELECT flag_define('g', '{"variants": {"a": 1, "b": 2}, "default": {"split": [{"variant": "a", "ranges": [[0, 75]]}, {"variant": "b", "ranges": [[75, 100]]}]}}') \g /dev/null
SELECT is_empty('SELECT key FROM covered WHERE coverage = 1 AND variant IS DISTINCT FROM flag_variant(''g'', key)', 'ranges that are the weights split alike');

-- Segments: a share of one, and what nests.
SELECT segment_define('half', '{"share": {"percent": 50}}'), segment_define('quarter', '{"when": {"segment": "half"}, "share": {"percent": 50}}') \g /dev/null
SELECT flag_define('one', '{"default": "off", "rules": [{"when": {"segment": "quarter"}, "serve": "on"}]}'),
	flag_define('three', '{"default": "off", "rules": [{"when": {"segment": "half"}, "serve": "on"}]}') \g /dev/null
SELECT ok(NOT pg_temp.far((SELECT 100.0 * count(*) FILTER (WHERE flag_eval('one', key)) / count(*) FROM id), 25), 'half of a half is a quarter');
SELECT is_empty('SELECT key FROM id WHERE flag_eval(''one'', key) AND NOT flag_eval(''three'', key)', 'a segment of a segment lies in it');

SELECT * FROM finish();
ROLLBACK;
