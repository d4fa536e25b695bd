-- Properties of rollouts and splits, over many keys.
BEGIN;
SET client_min_messages = warning;
SET search_path = wishflags, public;
SELECT plan(14);

CREATE TEMP TABLE id AS
SELECT n::text AS key FROM generate_series(1, 20000) n
UNION ALL SELECT md5(n::text) FROM generate_series(1, 20000) n
UNION ALL SELECT md5(n::text)::uuid::text FROM generate_series(1, 10000) n
UNION ALL SELECT 'user-' || n || '@example.org' FROM generate_series(1, 10000) n
UNION ALL SELECT repeat('é日🎁', n % 7 + 1) || n FROM generate_series(1, 10000) n;
ANALYZE id;

-- The algorithm, written a second time: murmur3 (32 bit) of UTF-8 text.
CREATE FUNCTION pg_temp.rotl(x bigint, r int) RETURNS bigint IMMUTABLE
RETURN ((x << r) | (x >> (32 - r))) & 4294967295;
CREATE FUNCTION pg_temp.mul(x bigint, y bigint) RETURNS bigint IMMUTABLE
RETURN (((((x >> 16) * y) & 65535) << 16) + (x & 65535) * y) & 4294967295;
CREATE FUNCTION pg_temp.murmur3(input text, seed bigint) RETURNS bigint LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
	b bytea := convert_to(input, 'UTF8');
	n int := length(b);
	h bigint := seed;
	k bigint;
BEGIN
	FOR i IN 0 .. n / 4 - 1 LOOP
		k := get_byte(b, 4 * i) | (get_byte(b, 4 * i + 1) << 8) | (get_byte(b, 4 * i + 2) << 16)
			| (get_byte(b, 4 * i + 3)::bigint << 24);
		k := pg_temp.mul(pg_temp.rotl(pg_temp.mul(k, 3432918353), 15), 461845907);
		h := (pg_temp.mul(pg_temp.rotl(h # k, 13), 5) + 3864292196) & 4294967295;
	END LOOP;
	k := 0;
	FOR i IN REVERSE n - 1 .. n / 4 * 4 LOOP
		k := (k << 8) | get_byte(b, i);
	END LOOP;
	h := h # pg_temp.mul(pg_temp.rotl(pg_temp.mul(k, 3432918353), 15), 461845907);
	h := h # n;
	h := pg_temp.mul(h # (h >> 16), 2246822507);
	h := pg_temp.mul(h # (h >> 13), 3266489909);
	RETURN h # (h >> 16);
END $$;
SELECT is(pg_temp.murmur3('fractional-flagjack', 0), 2682799072, 'the second implementation is murmur3');

SELECT flag_create('checkout', enabled => true) \g /dev/null
CREATE TEMP TABLE was (key text PRIMARY KEY, steps int);
INSERT INTO was SELECT DISTINCT key, NULL::int FROM id;

-- Each percentage is a superset of the one before.
CREATE FUNCTION pg_temp.walk() RETURNS TABLE (percent numeric, lost bigint, share numeric) LANGUAGE plpgsql AS $$
BEGIN
	FOREACH percent IN ARRAY ARRAY[0, 0.001, 0.01, 0.1, 1, 5, 10, 12.345, 25, 33.333, 50, 66.667, 75, 90, 99, 99.9, 99.999, 100] LOOP
		PERFORM wishflags.flag_rollout('checkout', percent);
		SELECT count(*) FILTER (WHERE w.steps IS NOT NULL AND NOT e.yes), 100.0 * count(*) FILTER (WHERE e.yes) / count(*)
		INTO lost, share FROM was w, LATERAL (SELECT wishflags.flag_eval('checkout', w.key) AS yes) e;
		UPDATE was SET steps = percent * 1000 WHERE steps IS NULL AND wishflags.flag_eval('checkout', key);
		RETURN NEXT;
	END LOOP;
END $$;
CREATE TEMP TABLE walked AS SELECT * FROM pg_temp.walk();
SELECT is_empty('SELECT percent, lost FROM walked WHERE lost > 0', 'raising the percentage turns nobody off');
-- Five standard deviations of a binomial share.
SELECT is_empty($$
	SELECT percent, share FROM walked
	WHERE abs(share - percent) > 5 * sqrt(percent * (100 - percent) / (SELECT count(*) FROM was)) + 0.002
$$, 'the share of keys is the percentage');
SELECT is((SELECT share FROM walked WHERE percent = 0), 0::numeric, 'nobody at 0 %');
SELECT is((SELECT share FROM walked WHERE percent = 100), 100::numeric, 'everybody at 100 %');

-- The documented bucket, bit for bit.
SELECT flag_rollout('checkout', 37.123) \g /dev/null
SELECT is_empty($$
	SELECT key FROM (SELECT DISTINCT key FROM id ORDER BY key LIMIT 3000) k
	WHERE flag_eval('checkout', key) <> ((pg_temp.murmur3('checkout:' || key, 0) * 100000) >> 32 < 37123)
$$, 'a rollout is murmur3("FLAG:KEY", 0) * 100000 >> 32');
SELECT flag_create(repeat('k', n), rollout => 50, enabled => true) FROM generate_series(1, 9) n \g /dev/null
SELECT is_empty($$
	SELECT f, key FROM (SELECT repeat('k', n) AS f FROM generate_series(1, 9) n) f,
	                   (SELECT repeat('x', n) || n AS key FROM generate_series(0, 12) n) k
	WHERE flag_eval(f, key) <> ((pg_temp.murmur3(f || ':' || key, 0) * 100000) >> 32 < 50000)
$$, 'for keys of all lengths modulo 4');
SELECT flag_create('theme', enabled => true, definition => '{"variants": {"a": 1, "b": 2, "c": 3}, "default": {"seed": "s",
	"split": [{"variant": "c", "weight": 1}, {"variant": "a", "weight": 5}, {"variant": "b", "weight": 4}]}}') \g /dev/null
SELECT is_empty($$
	SELECT key FROM (SELECT DISTINCT key FROM id ORDER BY key DESC LIMIT 3000) k,
	                LATERAL (SELECT (pg_temp.murmur3('s:' || key, 1) * 10) >> 32 AS n) h
	WHERE flag_variant('theme', key) <> CASE WHEN n < 1 THEN 'c' WHEN n < 6 THEN 'a' ELSE 'b' END
$$, 'a split is murmur3("SEED:KEY", 1) * weights >> 32');

-- Splits: the weights, and independent of the rollout.
SELECT is_empty($$
	SELECT * FROM (
		SELECT v.weight, 10.0 * count(*) FILTER (WHERE flag_variant('theme', key) = v.variant) / count(*) AS share, count(*) AS n
		FROM was, (VALUES ('a', 5), ('b', 4), ('c', 1)) v (variant, weight) GROUP BY 1) s
	WHERE abs(share - weight) > 5 * sqrt(weight * (10 - weight) / n::numeric)
$$, 'the share of a variant is its weight');
SELECT flag_define('checkout', '{"variants": {"a": 1, "b": 2}, "default": {"split": [
	{"variant": "a", "weight": 1}, {"variant": "b", "weight": 1}]}}'), flag_rollout('checkout', 20) \g /dev/null
SELECT cmp_ok((SELECT abs(50 - 100.0 * count(*) FILTER (WHERE flag_variant('checkout', key) = 'a') / count(*))
	FROM was WHERE flag_eval('checkout', key)), '<', 3.0, 'the split inside a rollout has its weights too');

-- Flags are independent of each other.
SELECT flag_create('one', rollout => 50, enabled => true), flag_create('other', rollout => 50, enabled => true) \g /dev/null
SELECT cmp_ok((SELECT abs(25 - 100.0 * count(*) FILTER (WHERE flag_eval('one', key) AND flag_eval('other', key)) / count(*))
	FROM was), '<', 1.5, 'a quarter is in two rollouts of a half');

-- The same answer every time, whatever the form.
SELECT is_empty($$
	SELECT key FROM was
	WHERE flag_eval('one', key) <> flag_eval('one', key || '')
	   OR flag_eval('one', key) <> flag_eval('one', jsonb_build_object('targetingKey', key))
	   OR flag_eval('one', key) <> (flag_variant('one', key) = 'on')
	   OR flag_eval('one', key) <> (flag_value('one', key, NULL) = 'true')
$$, 'all forms agree');
SELECT is_empty($$
	SELECT key FROM was, flag_explain('one', jsonb_build_object('targetingKey', key)) e
	WHERE flag_eval('one', key) <> e.enabled OR e.reason <> 'SPLIT'
$$, 'flag_explain agrees');

-- A flag that is deleted and made again keeps everybody's bucket.
CREATE TEMP TABLE before AS SELECT key, flag_eval('one', key) AS yes FROM was;
DELETE FROM flags WHERE key = 'one';
SELECT flag_create('one', rollout => 50, enabled => true) \g /dev/null
SELECT is_empty('SELECT key FROM before WHERE yes <> flag_eval(''one'', key)', 'buckets survive the flag');

SELECT finish();
ROLLBACK;
