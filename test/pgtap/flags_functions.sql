-- Labels of the flag functions, and that no flag's data makes evaluation fail.
BEGIN;
SET client_min_messages = warning;
SET search_path = wishflags, public;
SELECT plan(9);

CREATE TEMP VIEW fn AS
SELECT p.oid::regprocedure::text AS fn, p.* FROM pg_proc p
WHERE pronamespace = 'wishflags'::regnamespace AND proname ~ '^flag' AND proname NOT IN ('flag_usage_session', 'flag_health') AND prorettype NOT IN ('trigger'::regtype, 'internal'::regtype);

SELECT set_eq($$ SELECT fn FROM fn WHERE provolatile = 's' $$, ARRAY[
	'flag_eval(text)', 'flag_eval(text,text)', 'flag_eval(text,bigint)', 'flag_eval(text,uuid)', 'flag_eval(text,jsonb)',
	'flag_variant(text)', 'flag_variant(text,text)', 'flag_variant(text,bigint)', 'flag_variant(text,uuid)', 'flag_variant(text,jsonb)',
	'flag_value(text,jsonb)', 'flag_value(text,text,jsonb)', 'flag_value(text,bigint,jsonb)', 'flag_value(text,uuid,jsonb)',
	'flag_value(text,jsonb,jsonb)', 'flag_explain(text,jsonb,jsonb,jsonb)',
	'flag_eval_document(text,jsonb,text,jsonb,jsonb,jsonb)', 'flag_eval_all(jsonb,jsonb)', 'flag_matching(text,regclass,name)',
	'flag_history(text)', 'flag_at(text,timestamp with time zone)', 'flag_diff(text,integer,integer)',
	'flag_overrides_at(text,timestamp with time zone)', 'flag_override_problem(flag_overrides)', 'flag_override_conflicts(text)',
	'flag_state(flags)', 'flag_list(text)', 'flag_card(text)', 'flag_timeline(text,integer)',
	'flag_dependencies(text,text)', 'flag_references(text)', 'flag_references_in_database(text)', 'flag_configurations()',
	'flag_stale(jsonb)', 'flag_lint(jsonb)'],
	'evaluation and history are STABLE, and nothing else is');
SELECT is_empty($$ SELECT fn FROM fn WHERE provolatile = 'i' $$, 'nothing is IMMUTABLE');
SELECT is_empty($$ SELECT fn, proparallel FROM fn WHERE proparallel <> CASE WHEN provolatile <> 's' THEN 'u' WHEN proname IN ('flag_matching', 'flag_dependencies', 'flag_references', 'flag_references_in_database', 'flag_configurations', 'flag_stale', 'flag_lint', 'flag_card') THEN 'r' ELSE 's' END::"char" $$,
	'evaluation is PARALLEL SAFE, what reads a table RESTRICTED, changes are PARALLEL UNSAFE');
SELECT is_empty($$ SELECT fn FROM fn WHERE proisstrict $$, 'a NULL argument gives an answer or a clear error');
SELECT is_empty($$ SELECT fn FROM fn WHERE proleakproof $$, 'nothing is LEAKPROOF');
SELECT is_empty($$ SELECT fn, procost FROM fn WHERE (proname IN ('flag_eval', 'flag_variant', 'flag_value', 'flag_explain', 'flag_state')) <> (procost <= 10) $$,
	'evaluation of one flag is cheap for the planner, all else is not');

-- Random flags and contexts: an answer, and the forms agree.
CREATE FUNCTION pg_temp.random_context(seed int) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	pieces jsonb[] := ARRAY['null', 'true', '0', '-1.5', '1e100', '""', '"a"', '"pro"', '[]', '["a", 1, null, {}]', '{}', '{"a": {"b": [1]}}'];
	result jsonb := '{}';
BEGIN
	FOR i IN 0 .. seed % 5 LOOP
		result := result || jsonb_build_object((ARRAY['a', 'b', 'plan', 'targetingKey', ''])[(seed / (i + 1)) % 5 + 1],
			pieces[(seed * 7 + i * 13) % 12 + 1]);
	END LOOP;
	RETURN CASE WHEN seed % 11 = 0 THEN pieces[seed % 12 + 1] ELSE result END;
END $$;
CREATE FUNCTION pg_temp.random_condition(seed int, depth int) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	attribute jsonb := (ARRAY['"a"', '"b"', '["a", "b"]', '"plan"', '"targetingKey"', '""']::jsonb[])[seed % 6 + 1];
BEGIN
	IF depth > 0 AND seed % 3 = 0 THEN
		RETURN jsonb_build_object((ARRAY['all', 'any'])[seed % 2 + 1], jsonb_build_array(
			pg_temp.random_condition(seed / 2, depth - 1), pg_temp.random_condition(seed / 3 + 5, depth - 1)));
	ELSIF depth > 0 AND seed % 3 = 1 THEN
		RETURN jsonb_build_object('not', pg_temp.random_condition(seed / 2 + 1, depth - 1));
	END IF;
	RETURN jsonb_build_object('attribute', attribute) || (ARRAY['{"equals": "a"}', '{"equals": 1}', '{"in": ["pro", 0, true]}', '{"in": []}',
		'{"less": 1}', '{"greater": "a"}', '{"less_equal": -1.5}', '{"greater_equal": 1e50}', '{"starts_with": ""}',
		'{"ends_with": ["o", "a"]}', '{"contains": ["a", 1]}', '{"exists": true}', '{"exists": false}']::jsonb[])[seed % 13 + 1];
END $$;
CREATE FUNCTION pg_temp.random_flag(seed int) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	RETURN jsonb_build_object('variants', '{"x": 1, "y": false, "z": null}'::jsonb,
		'default', (ARRAY['"x"', '"y"', '{"split": [{"variant": "z", "weight": 1}, {"variant": "x", "weight": 3}]}',
			'{"split": [{"variant": "y", "weight": 1}], "by": ["a", "b"]}'])[seed % 4 + 1]::jsonb,
		'off', (ARRAY['"y"', 'null', '"z"'])[seed % 3 + 1]::jsonb,
		'rules', jsonb_build_array(
			jsonb_build_object('when', pg_temp.random_condition(seed, 3), 'serve', 'z'),
			jsonb_build_object('when', pg_temp.random_condition(seed + 17, 2), 'rollout', seed % 101, 'serve', 'y')));
END $$;
INSERT INTO flags (key, enabled, rollout, definition)
SELECT 'random-' || n, n % 9 <> 0, least(n % 151, 100), pg_temp.random_flag(n * 7919 % 100003) FROM generate_series(1, 300) n;

CREATE TEMP TABLE answers AS
SELECT f.key, c.context, flag_eval(f.key, c.context) AS eval, flag_variant(f.key, c.context) AS variant,
       flag_value(f.key, c.context, '"default"') AS value, e.value AS e_value, e.variant AS e_variant, e.enabled, e.reason, e.error_code
FROM flags f, (SELECT pg_temp.random_context(n) AS context FROM generate_series(1, 200) n) c,
     flag_explain(f.key, c.context, '"default"') e;
SELECT is((SELECT count(*) FROM answers WHERE eval IS NOT NULL), 60000::bigint, 'every evaluation has an answer');
SELECT is_empty($$ SELECT * FROM answers WHERE eval <> enabled OR variant IS DISTINCT FROM e_variant OR value IS DISTINCT FROM e_value
	OR (reason = 'ERROR') <> (error_code IS NOT NULL) OR error_code IS NOT NULL AND (value <> '"default"' OR eval) $$, 'all forms agree');
SELECT set_eq('SELECT DISTINCT reason, error_code FROM answers', $$ VALUES ('DISABLED', NULL), ('DEFAULT', NULL), ('SPLIT', NULL),
	('TARGETING_MATCH', NULL), ('ERROR', 'TARGETING_KEY_MISSING'), ('ERROR', 'INVALID_CONTEXT') $$, 'all reasons occur');

SELECT finish();
ROLLBACK;
