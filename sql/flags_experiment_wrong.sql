-- Experiments in wrong use: a clear error, and nothing changed.
\set VERBOSITY terse
SELECT wishflags.flag_create('exp-wrong', enabled => true, rollout => 50) > 0 AS made;
SELECT wishflags.experiment_start('e', 'checkoot', 'off', '{"off": 50, "on": 50}');
SELECT wishflags.experiment_start('e', 'exp-wrong', 'off', '{"off": 50, "onn": 50}');
SELECT wishflags.experiment_start('e', 'exp-wrong', 'old', '{"off": 50, "on": 50}');
SELECT wishflags.experiment_start('e', 'exp-wrong', 'off', '{"off": 50}');
SELECT wishflags.experiment_start('e', 'exp-wrong', 'off', '{"off": 50, "on": -1}');
SELECT wishflags.experiment_start('e', 'exp-wrong', 'off', '{"off": 50, "on": {"weight": 1}}');
SELECT wishflags.experiment_start('e', 'exp-wrong', 'off', '["off", "on"]');
SELECT wishflags.experiment_start('e', 'exp-wrong', 'off', NULL);
SELECT wishflags.experiment_start(' e', 'exp-wrong', 'off', '{"off": 50, "on": 50}');
SELECT wishflags.experiment_start('e', 'exp-wrong', 'off', '{"off": 50, "on": 50}', '{"m": {"goal": 1}}');
SELECT wishflags.experiment_start('e', 'exp-wrong', 'off', '{"off": 50, "on": 50}', '{"m": {"type": "median"}}');
SELECT wishflags.experiment_start('e', 'exp-wrong', 'off', '{"off": 50, "on": 50}', '{"m": {"guardrail": -0.1}}');
SELECT wishflags.experiment_start('e', 'exp-wrong', 'off', '{"off": 50, "on": 50}', '{"m": 3}');
SELECT wishflags.experiment_start('e', 'exp-wrong', 'off', '{"off": 50, "on": 50}', '[]');
SELECT wishflags.experiment_stop('e');
SELECT wishflags.experiment_start('e', 'exp-wrong', 'off', '{"off": 50, "on": 50}') IS NOT NULL AS started;
\set VERBOSITY default
SELECT wishflags.experiment_start('e', 'exp-wrong', 'off', '{"off": 50, "on": 50}');
SELECT wishflags.experiment_start('e2', 'exp-wrong', 'off', '{"off": 50, "on": 50}');
INSERT INTO wishflags.experiments (key, flag, control, allocation, started_at) VALUES ('e2', 'exp-wrong', 'off', '{"off": 50, "on": 50}', now());
UPDATE wishflags.experiments SET key = 'f';
UPDATE wishflags.experiments SET flag = 'f';
\set VERBOSITY terse
UPDATE wishflags.experiments SET stopped_at = started_at - interval '1 s';
CREATE TABLE own (key text);
CREATE TRIGGER own BEFORE INSERT ON own FOR EACH ROW EXECUTE FUNCTION wishflags.experiments_check();
INSERT INTO own VALUES ('a');
DROP TABLE own;

-- Exposing raises nothing because of a flag or a key.
SELECT wishflags.experiment_expose('nope', 'a') AS unknown, wishflags.experiment_expose(NULL, 'a') AS no_flag,
	wishflags.experiment_expose('exp-wrong', NULL::text) AS no_key, wishflags.experiment_expose('exp-wrong', '') AS empty_key,
	wishflags.experiment_expose('exp-wrong', '{"targetingKey": "a"}') AS injected, wishflags.experiment_expose('exp-wrong', '[]'::jsonb) AS no_object;
SELECT count(*) FROM wishflags.experiment_exposures;
SELECT * FROM wishflags.experiment_expose_all('exp-wrong', '{a,b}');
SELECT count(*) FROM wishflags.experiment_expose_all('exp-wrong', '{}'::text[]);
SELECT count(*) FROM wishflags.experiment_expose_all('exp-wrong', NULL::text[]);
BEGIN READ ONLY;
SELECT wishflags.experiment_expose('exp-wrong', 'a');
ROLLBACK;
BEGIN READ ONLY;
SELECT wishflags.experiment_expose_all('exp-wrong', ARRAY['a']);
ROLLBACK;

-- The metric query.
CREATE FUNCTION try(query text, options jsonb DEFAULT '{}') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	message text;
	detail text;
	hint text;
BEGIN
	RETURN QUERY SELECT variant || ' ' || units FROM wishflags.experiment_results('e', query, options);
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN QUERY SELECT t FROM unnest(ARRAY[SQLSTATE || ': ' || message, detail, hint]) t WHERE t <> '';
END $$;
SELECT count(*) FROM wishflags.experiment_expose_all('exp-wrong', ARRAY['a', 'b', 'c', 'd']);
SELECT * FROM wishflags.experiment_results('nope', 'SELECT 1 AS unit, 2 AS value');
SELECT * FROM wishflags.experiment_results('e', NULL);
SELECT * FROM wishflags.experiment_results('e', 'SELEC 1');
SELECT query, r FROM unnest(ARRAY['', 'SELECT 1 AS unit, 2 AS value; ', 'SELECT 1 AS unit, 2 AS value -- all', 'TABLE pg_class',
	'SELECT 1 AS unit, missing AS value', 'SELECT 1 AS unit, 2 AS value; SELECT 3', 'SELECT 1 AS unit, 2 AS value) q; DROP TABLE own; --',
	'DELETE FROM wishflags.flags RETURNING key AS unit, 1 AS value', 'WITH d AS (DELETE FROM wishflags.flags RETURNING key) SELECT key AS unit, 1 AS value FROM d',
	'SELECT key AS unit, 1 AS value FROM wishflags.flags FOR UPDATE', 'SELECT 1 AS unit, 2 AS value INTO own',
	'SELECT wishflags.flag_create(''made'') AS unit, 1 AS value', 'SELECT 1 AS unit, $1 AS value', 'SELECT 1 AS unit, 1/0 AS value',
	'SELECT 1 AS unit', 'SELECT 1, 2', 'SELECT 1 AS unit, 2 AS value, 3 AS value', 'SELECT 1 AS unit, 2 AS numerator',
	'SELECT 1 AS unit, 2 AS value, 2 AS numerator, 2 AS denominator', 'SELECT 1 AS unit, 1 AS numerator, 1 AS denominator, 1 AS covariate',
	'SELECT 1 AS unit, ''x'' AS value', 'SELECT 1 AS unit, now() AS value', 'SELECT 1 AS unit, true AS numerator, 1 AS denominator',
	'SELECT ''a'' AS unit, 1 AS value UNION ALL SELECT ''a'', 1', 'SELECT ''a'' AS unit, ''m'' AS metric, 1 AS value UNION ALL SELECT ''a'', ''m'', 1',
	'SELECT ''zz'' AS unit, 1 AS value UNION ALL SELECT ''zz'', 1', 'SELECT NULL AS unit, 1 AS value',
	'SELECT ''a'' AS unit, NULL::int AS value', 'SELECT ''a'' AS unit, 1 AS value, NULL::int AS covariate', 'SELECT ''a'' AS unit, 1 AS value, NULL::text AS metric',
	'SELECT ''a'' AS unit, ''NaN''::float8 AS value', 'SELECT ''a'' AS unit, ''Infinity''::numeric AS value', 'SELECT ''a'' AS unit, 1e400 AS value'])
	WITH ORDINALITY q (query, n), LATERAL try(query) r ORDER BY n;
SELECT options, r FROM unnest(ARRAY['{"confidence": 95}', '{"confidence": "high"}', '{"confidnce": 0.95}', '{"correction": "fdr"}', '{"missing": "mean"}',
	'{"sequential_tuning": 0}', '{"prior_stddev": -1}', '{"minimum_units": -1}', '{"as_of": "never"}', '{"type": "binomial"}', '{"direction": "up"}', '{"guardrail": -1}',
	'{"dimension_query": "SELECT 1 AS unit"}', '{"dimension_query": "SELECT 1 AS unit, 2 AS value"}', '{"dimension_query": "DELETE FROM wishflags.flags"}',
	'{"dimension_query": "SELECT ''a'' AS unit, g AS dimension FROM generate_series(1, 2) g"}', '[]']::jsonb[]) WITH ORDINALITY o (options, n),
	LATERAL try('SELECT ''a'' AS unit, 3 AS value', options) r ORDER BY n;

-- A failed query leaves the transaction as it was.
BEGIN;
SELECT count(*) FROM try('SELECT 1 AS unit, 1/0 AS value');
SELECT count(*) FROM try('SELECT 1 AS unit, 1 AS value');
CREATE TABLE own (key text);
ROLLBACK;
SELECT key FROM wishflags.flags;

DROP FUNCTION try;
DELETE FROM wishflags.experiments;
DELETE FROM wishflags.flags;
