-- A rollback restores what a version answered, bit for bit; and what it answered can be asked without one.
BEGIN;
SET client_min_messages = warning;
SET search_path = wishflags, public;
SELECT plan(7);

SELECT segment_define('staff', '{"included": ["user-1", "user-2", "user-3"]}');
SELECT flag_create('base', rollout => 70, enabled => true);
SELECT flag_create('probe');

CREATE FUNCTION pg_temp.pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE
RETURN choices[1 + floor(random() * cardinality(choices))];

-- One definition of many.
CREATE FUNCTION pg_temp.definition() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN NULLIF(jsonb_strip_nulls(jsonb_build_object(
		'variants', jsonb_build_object('a', 1, 'b', jsonb_build_object('deep', random()), 'c', pg_temp.pick('x', 'é', '日')),
		'default', pg_temp.pick('a', 'b', 'c'), 'off', pg_temp.pick('a', 'b', NULL),
		'rules', CASE WHEN random() < 0.7 THEN jsonb_build_array(jsonb_build_object(
			'when', pg_temp.pick('{"segment": "staff"}', '{"attribute": "plan", "equals": "pro"}', '{"attribute": "age", "greater": 40}')::jsonb,
			'serve', pg_temp.pick('a', 'b', 'c'))) END,
		'requires', CASE WHEN random() < 0.3 THEN '[{"flag": "base"}]'::jsonb END,
		'by', CASE WHEN random() < 0.2 THEN 'plan' END)), CASE WHEN random() < 0.15 THEN 'null'::jsonb END);
END $$;

-- What it answers for many, all of it.
CREATE FUNCTION pg_temp.answers(options jsonb DEFAULT '{}') RETURNS text LANGUAGE sql VOLATILE
RETURN (SELECT md5(string_agg(e::text, E'\n' ORDER BY n)) FROM generate_series(1, 60) n,
	flag_explain('probe', jsonb_build_object('targetingKey', 'user-' || n, 'plan', CASE n % 3 WHEN 0 THEN 'pro' ELSE 'free' END, 'age', n), NULL, options) e);

CREATE TEMP TABLE answered (version int PRIMARY KEY, answers text, at timestamptz);
CREATE TEMP TABLE edited (definition jsonb, problem text);

CREATE FUNCTION pg_temp.edit() RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	given jsonb := pg_temp.definition();
BEGIN
	UPDATE flags SET definition = CASE WHEN random() < 0.6 THEN given ELSE definition END,
		rollout = round((random() * 100)::numeric, 3), enabled = random() < 0.85,
		expires_at = CASE WHEN random() < 0.2 THEN now() - '1 day'::interval END,
		on_expiry = pg_temp.pick('warn', 'disable', 'extend'), tags = ARRAY[pg_temp.pick('x', 'y')],
		archived_at = CASE WHEN random() < 0.1 AND archived_at IS NULL THEN now() END
	WHERE key = 'probe';
	INSERT INTO answered SELECT version, pg_temp.answers(), clock_timestamp() FROM flags WHERE key = 'probe'
	ON CONFLICT DO NOTHING;
EXCEPTION WHEN invalid_parameter_value THEN
	INSERT INTO edited VALUES (given, SQLERRM);
END $$;

SELECT setseed(0.5);
DO $$ BEGIN FOR i IN 1 .. 300 LOOP PERFORM pg_temp.edit(); END LOOP; END $$;
SELECT is((SELECT string_agg(definition::text || ' ' || problem, ', ') FROM edited), NULL, 'every edit was one');
SELECT cmp_ok((SELECT count(*)::int FROM answered), '>', 250, 'many versions');
SELECT cmp_ok((SELECT count(DISTINCT answers)::int FROM answered), '>', 150, 'that answer differently');

CREATE TEMP TABLE sample AS SELECT * FROM answered ORDER BY random() LIMIT 50;
SELECT is((SELECT array_agg(version) FROM sample WHERE answers <> pg_temp.answers(jsonb_build_object('version', version, 'as_of', 'infinity', 'clock', 'now'))), NULL,
	'a version, asked for, answers what it answered');
SELECT is((SELECT array_agg(version) FROM sample WHERE answers <> pg_temp.answers(jsonb_build_object('as_of', at, 'clock', 'now'))), NULL,
	'so does the time after it was made');

CREATE FUNCTION pg_temp.roll_back() RETURNS int[] LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	wrong int[] := '{}';
	chosen answered;
BEGIN
	FOR chosen IN SELECT * FROM answered ORDER BY random() LIMIT 100 LOOP
		PERFORM flag_unarchive('probe');
		PERFORM flag_rollback('probe', chosen.version, 'test');
		IF pg_temp.answers() IS DISTINCT FROM chosen.answers THEN
			wrong := wrong || chosen.version;
		END IF;
	END LOOP;
	RETURN wrong;
END $$;
SELECT is(pg_temp.roll_back(), '{}', 'a hundred rollbacks each answer what the version answered');
SELECT is((SELECT count(*)::int FROM audit_verify()), 0, 'and the chain holds');

SELECT * FROM finish();
ROLLBACK;
