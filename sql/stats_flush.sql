-- What a session has counted goes into a table, if it says so.
SET search_path = wishflags, public;
SELECT usage_reset() >= 0 AS reset;
SELECT flag_create('f', enabled => true, rollout => 50), flag_create('g');
SELECT count(flag_eval('f', n)) FROM generate_series(1, 1000::bigint) n;
SELECT flag_eval('f', '[]'::jsonb), flag_eval('nix', 'a');
SELECT flag, evaluations, unique_keys, errors FROM flag_usage ORDER BY flag;
SELECT usage_flush() > 0 AS flushed;
SELECT flag, evaluations FROM flag_usage_session();
SELECT flag, evaluations, abs(unique_keys - 1000) <= 130 AS unique_keys, errors, fallbacks, last_error, first_evaluated <= last_evaluated AS dated
FROM flag_usage ORDER BY flag;
SELECT flag, sum(evaluations), count(*) FROM flag_usage_detail GROUP BY flag ORDER BY flag;
SELECT flag, evaluations FROM unknown_flags;
SELECT loads > 0 AS loads, load_ms > 0 AS load_ms, last_load_at IS NOT NULL AS dated FROM flag_cache_usage;

-- Flushes of a flag become one row: sums, and keys together.
SELECT count(flag_eval('f', n)) FROM generate_series(501, 1500::bigint) n;
SELECT usage_flush() > 0 AS flushed;
SELECT flag, evaluations, abs(unique_keys - 1500) <= 195 AS unique_keys, errors, last_error FROM flag_usage ORDER BY flag;
SELECT kind, flag, count(*) FROM flag_usage_log WHERE flag IS NOT NULL GROUP BY kind, flag ORDER BY kind, flag;
SELECT flag, variant, reason, error_code, sum(evaluations) OVER () FROM flag_usage_detail ORDER BY 1, 2, 3;
-- Another node's row is left alone, and counted.
INSERT INTO flag_usage_log (node, kind, flag, evaluations, errors, fallbacks, cache_loads, cache_load_us, last_evaluated)
VALUES ('elsewhere', 'flag', 'f', 5, 0, 0, 0, 0, '2001-01-01 00:00+00');
SELECT flag_eval('f', 1) IS NOT NULL AS answered;
SELECT usage_flush() > 0 AS flushed;
SELECT node <> 'elsewhere' AS here, evaluations FROM flag_usage_log WHERE flag = 'f' ORDER BY 1;
SELECT evaluations FROM flag_usage WHERE flag = 'f';

-- What is rolled back was not written, and is not lost.
BEGIN;
SELECT flag_eval('g', 'a');
SELECT usage_flush() > 0 AS flushed;
ROLLBACK;
SELECT flag, evaluations FROM flag_usage_session();
BEGIN;
SELECT usage_flush() > 0 AS flushed;
SELECT flag_eval('g', 'b');
SAVEPOINT s;
SELECT usage_flush() > 0 AS flushed;
SELECT flag_eval('g', 'c');
ROLLBACK TO s;
SELECT flag, evaluations, unique_keys FROM flag_usage_session();
COMMIT;
SELECT evaluations FROM flag_usage WHERE flag = 'g';
SELECT usage_flush() > 0 AS flushed;
SELECT evaluations, unique_keys FROM flag_usage WHERE flag = 'g';
SELECT usage_flush();

-- A flag that is gone is still told of; the one that comes was not asked for in vain.
DELETE FROM flags WHERE key = 'g';
SELECT flag_create('nix');
SELECT flag, evaluations FROM flag_usage ORDER BY flag;
SELECT flag, evaluations FROM unknown_flags;

-- Where nothing can be written.
BEGIN READ ONLY;
SELECT flag_eval('f', 'a') IS NOT NULL AS answered;
SELECT usage_flush();
ROLLBACK;
BEGIN READ ONLY;
SELECT usage_reset();
ROLLBACK;
SELECT usage_reset('f');
SELECT flag, evaluations FROM flag_usage ORDER BY flag;
SELECT usage_reset() > 0 AS reset;
SELECT count(*) FROM flag_usage_log;
DELETE FROM flags;
