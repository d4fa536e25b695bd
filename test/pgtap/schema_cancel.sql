-- A long diff ends soon after its time is over, in whatever it is at.
BEGIN;
SELECT plan(4);

-- Thirty thousand tables with a column each, against none.
CREATE TEMP TABLE large AS
SELECT jsonb_build_object('format', 'wishflags-schema', 'version', 2, 'server_version', 150000,
	'schemas', '["s"]'::jsonb, 'unmodelled', '[]'::jsonb, 'objects', jsonb_build_object(
		'schema', '{"s": {"owner": "postgres", "schema": "s"}}'::jsonb,
		'table', jsonb_object_agg('s.t' || n, '{"owner": "postgres", "schema": "s"}'::jsonb),
		'column', jsonb_object_agg('s.t' || n || '.a', jsonb_build_object('type', 'integer', 'position', '1', 'local', 'true',
			'schema', 's', 'parent', 'table s.t' || n)))) AS s
FROM generate_series(1, 30000) n;
CREATE TEMP TABLE nothing AS SELECT jsonb_set(s, '{objects}', '{}') AS s FROM large;

CREATE TEMP TABLE began AS SELECT clock_timestamp() AS at;
SELECT is(count(*), 30001::bigint, 'without a timeout it comes to its end')
FROM nothing n, large l, wishflags.schema_diff(n.s, l.s);
-- The shortest of three, since the first may have been disturbed.
CREATE TEMP TABLE whole AS SELECT clock_timestamp() - at AS time FROM began;
DO $$
BEGIN
	FOR i IN 1..2 LOOP
		UPDATE began SET at = clock_timestamp();
		PERFORM count(*) FROM nothing n, large l, wishflags.schema_diff(n.s, l.s);
		UPDATE whole SET time = least(time, clock_timestamp() - at) FROM began;
	END LOOP;
END $$;

-- Timeouts are shares of what the whole takes on this machine.
CREATE FUNCTION pg_temp.limit_to(share numeric) RETURNS void LANGUAGE sql AS $$
	SELECT set_config('statement_timeout', ceil(extract(epoch FROM time) * 1000 * share)::text, true) FROM whole
$$;
CREATE FUNCTION pg_temp.try() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM count(*) FROM nothing n, large l, wishflags.schema_diff(n.s, l.s);
	RETURN 'was not cancelled';
EXCEPTION WHEN query_canceled THEN
	RETURN CASE WHEN clock_timestamp() - statement_timestamp() < (SELECT time * 0.8 + interval '1 second' FROM whole)
		THEN 'ended soon' ELSE 'ended late' END;
END $$;
DO $$ BEGIN PERFORM pg_temp.limit_to(0.05); END $$;
SELECT is(pg_temp.try(), 'ended soon', 'while it reads a snapshot');
SET LOCAL statement_timeout = 0;
DO $$ BEGIN PERFORM pg_temp.limit_to(0.2); END $$;
SELECT is(pg_temp.try(), 'ended soon', 'a little later');
SET LOCAL statement_timeout = 0;
DO $$ BEGIN PERFORM pg_temp.limit_to(0.4); END $$;
SELECT is(pg_temp.try(), 'ended soon', 'while it orders or writes');
SET LOCAL statement_timeout = 0;
SELECT * FROM finish();
ROLLBACK;
