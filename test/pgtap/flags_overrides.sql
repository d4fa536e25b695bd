-- 100,000 overrides of a flag: what they take in a backend, and that one that
-- changes is taken in alone.
BEGIN;
SELECT plan(12);
SET LOCAL client_min_messages = warning;
SET LOCAL wishflags.notify = off;

SELECT wishflags.flag_create('f', enabled => true, rollout => 0) \g /dev/null
INSERT INTO wishflags.flag_overrides (flag, key, variant, expires_at)
SELECT 'f', 'user-' || n, CASE n % 2 WHEN 0 THEN 'on' ELSE 'off' END, statement_timestamp() + n * interval '1 minute' FROM generate_series(1, 100000) n;

CREATE FUNCTION pg_temp.bytes() RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT sum(total_bytes)::bigint FROM pg_get_backend_memory_contexts() WHERE name LIKE 'wishflags override%' $$;
-- How many are on of so many keys.
CREATE FUNCTION pg_temp.on(keys integer) RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT count(*) FROM generate_series(1, keys) n WHERE wishflags.flag_eval('f', 'user-' || n) $$;

SELECT is(pg_temp.on(200000), 50000::bigint, 'all are served');
SELECT cmp_ok(pg_temp.bytes(), '<', 2400000::bigint, 'at most 24 bytes each, though each expires at another time');
SELECT pg_temp.bytes() AS before \gset

UPDATE wishflags.flag_overrides SET variant = 'on' WHERE key = 'user-1';
SELECT is(pg_temp.on(200000), 50001::bigint, 'one changes');
SELECT cmp_ok(pg_temp.bytes() - :before, '<', 16384::bigint, 'and is kept beside the others');
DELETE FROM wishflags.flag_overrides WHERE key IN ('user-2', 'user-1');
INSERT INTO wishflags.flag_overrides (flag, key, deny) VALUES ('f', 'user-4', true) ON CONFLICT ON CONSTRAINT flag_overrides_pkey DO UPDATE SET deny = true;
SELECT is(pg_temp.on(200000), 49998::bigint, 'some go, one is denied');
INSERT INTO wishflags.flag_overrides (flag, context_kind, key, value) SELECT 'f', 'organization', 'org-' || n, to_jsonb(n % 3 = 0) FROM generate_series(1, 1000) n;
SELECT is(pg_temp.on(200000), 49998::bigint, 'another kind comes');
SELECT is(count(*), 333::bigint, 'and is served as well') FROM generate_series(1, 2000) n
WHERE wishflags.flag_eval('f', jsonb_build_object('targetingKey', 'somebody', 'organization', 'org-' || n));

SAVEPOINT s;
UPDATE wishflags.flag_overrides SET variant = 'on';
SELECT is(pg_temp.on(200000), 99998::bigint, 'all change');
SELECT cmp_ok(pg_temp.bytes(), '<', 2500000::bigint, 'and take no more');
ROLLBACK TO s;
SELECT is(pg_temp.on(200000), 49998::bigint, 'and change back');
SELECT cmp_ok(pg_temp.bytes(), '<', 2500000::bigint, 'in the same memory');
TRUNCATE wishflags.flag_overrides;
SELECT is(pg_temp.on(200000), 0::bigint, 'none is left');
SELECT * FROM finish();
ROLLBACK;
