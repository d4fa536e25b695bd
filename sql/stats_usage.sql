-- What is counted of evaluations, where the library is not preloaded: by session.
SET search_path = wishflags, public;
SELECT preloaded FROM usage_status();
SELECT usage_reset() >= 0 AS reset;
SELECT flag_create('half', enabled => true, rollout => 50);
SELECT flag_create('all', enabled => true);
SELECT flag_create('switched_off');
SELECT flag_create('theme', enabled => true, definition =>
	'{"variants": {"light": 1, "dark": 2}, "off": null, "default": "light", "rules": [{"when": {"attribute": "plan", "equals": "pro"}, "serve": "dark"}]}');

-- To the last, whatever function asks; the same keys are the same, however they are written.
SELECT count(*) FILTER (WHERE flag_eval('half', n)) > 0 FROM generate_series(1, 1000::bigint) n;
SELECT count(flag_variant('half', n::text)) FROM generate_series(1, 1000) n;
SELECT count(flag_value('half', jsonb_build_object('targetingKey', n::text), 'null')) FROM generate_series(1, 1000) n;
SELECT flag_eval('all', 'a'), flag_eval('all', '{"targetingKey": "b"}'::jsonb), flag_eval('all'), flag_eval('switched_off', 'a');
SELECT flag_variant('theme', '{"plan": "pro"}'::jsonb), flag_variant('theme', '{"plan": "free"}'::jsonb);
SELECT count(*) FROM flag_eval_all('{"targetingKey": "a"}');
SELECT status FROM ofrep_evaluate('theme', '{"context": {"targetingKey": "a"}}');
SELECT jsonb_array_length(body->'flags') FROM ofrep_evaluate_all('{}');
-- Not counted.
SELECT variant FROM flag_explain('theme', '{}');
SELECT variant FROM flag_eval_document('native', '{"flags": {"theme": {"enabled": true}}}', 'theme');
SET wishflags.preview = 'theme:dark';
SELECT flag_variant('theme', '{}'::jsonb);
RESET wishflags.preview;
EXPLAIN (COSTS OFF) SELECT FROM generate_series(1, 3) g WHERE flag_eval('half', g);
SELECT flag, evaluations, abs(unique_keys - CASE flag WHEN 'half' THEN 1000 WHEN 'all' THEN 2 ELSE 1 END) <= 130 AS unique_keys,
	errors, fallbacks, last_error, first_evaluated < last_evaluated AS several
FROM flag_usage_session();
SELECT e.flag, d.variant, d.reason, d.error_code, d.evaluations
FROM usage_entries(true) e, jsonb_to_recordset(e.details) AS d (variant text, reason text, error_code text, evaluations bigint)
WHERE e.flag <> 'half' ORDER BY 1, 2, 3;
SELECT sum(d.evaluations), min(d.reason), max(d.reason)
FROM usage_entries(true) e, jsonb_to_recordset(e.details) AS d (variant text, reason text, error_code text, evaluations bigint)
WHERE e.flag = 'half';
-- The registers are those of as many keys as there were.
SELECT flag, abs(usage_estimate(registers) - 1000) <= 130 AS near FROM usage_entries(true) WHERE flag = 'half';

-- Errors, defaults, and flags that nobody knows.
SELECT flag_eval('half', NULL::text), flag_eval('half', '{}'::jsonb), flag_eval('half', '[]'::jsonb);
SELECT flag_eval('nix', 'a'), flag_variant('nix', 'b'), flag_value('nix', '{}'::jsonb, '7'), flag_eval(NULL, 'a'), flag_eval('', 'a');
SELECT status FROM ofrep_evaluate('nix', '{}');
SELECT flag_eval(repeat('long', 100), 'a');
SELECT flag, evaluations, unique_keys > 0 AS keys, errors, fallbacks, last_error, last_error_at IS NOT NULL AS dated
FROM flag_usage_session() WHERE flag = 'half';
SELECT left(flag, 10), length(flag), evaluations, errors FROM usage_entries(true) WHERE kind = 'unknown' ORDER BY flag;

-- A failed transaction has evaluated all the same.
BEGIN;
SELECT flag_eval('all', 'c');
SELECT 1 / 0;
ROLLBACK;
DO $$ BEGIN PERFORM wishflags.flag_eval('all', 'd'); COMMIT; PERFORM wishflags.flag_eval('all', 'e'); END $$;
SELECT evaluations, unique_keys FROM flag_usage_session() WHERE flag = 'all';
-- A flag that changes goes on, for the same keys.
SELECT flag_rollout('all', 40), flag_eval('all', 'a');
SELECT flag_define('all', '{"rules": [{"when": {"attribute": "plan", "equals": "pro"}, "serve": "on"}]}'), flag_eval('all', 'b');
SELECT evaluations, unique_keys FROM flag_usage_session() WHERE flag = 'all';

-- Off, and sampled: a share is looked at, and the sum is right.
SET wishflags.track_usage = off;
SELECT flag_eval('all', 'f'), flag_eval('nix', 'f');
RESET wishflags.track_usage;
SELECT evaluations FROM flag_usage_session() WHERE flag = 'all';
SELECT usage_reset('half');
SET wishflags.usage_sample_rate = 0.01;
SELECT count(flag_eval('half', n::text)) FROM generate_series(1, 100000) n;
SET wishflags.usage_sample_rate = 0;
SELECT count(flag_eval('half', n::text)) FROM generate_series(1, 1000) n;
SELECT evaluations BETWEEN 98000 AND 100000 AS evaluations, unique_keys BETWEEN 600 AND 1400 AS unique_keys FROM flag_usage_session() WHERE flag = 'half';
RESET wishflags.usage_sample_rate;

-- More flags than are counted one by one.
SET wishflags.usage_max = 100;
SELECT usage_reset() > 0 AS reset;
INSERT INTO flags (key, enabled) SELECT 'many-' || n, true FROM generate_series(1, 150) n;
SELECT count(flag_eval('many-' || n, 'x')) FROM generate_series(1, 150) n;
SELECT flag IS NULL AS together, count(*), sum(evaluations), sum(unique_keys) FROM flag_usage_session() GROUP BY 1 ORDER BY 1;
SELECT flags, flags_max, unknown_flags, uncounted FROM usage_status();
RESET wishflags.usage_max;

-- Everything at once.
SELECT usage_reset() > 0 AS reset;
SELECT * FROM flag_usage_session();
SELECT flag_eval('all', 'a');
SELECT flag, evaluations FROM flag_usage_session();
SELECT usage_reset();
DELETE FROM flags;
