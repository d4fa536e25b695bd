-- Whatever a snapshot holds, it is compared or refused.  make fuzz runs the
-- same for longer.
BEGIN;
\i ../fuzz/common.sql
\i ../fuzz/schema.sql
SELECT plan(3);
SELECT setseed(0.42);
SELECT is_empty('SELECT * FROM fuzz.schema(400)', 'mangled snapshots');

-- A chain of parents or of inheritance is no way out of the stack.
CREATE FUNCTION pg_temp.snapshot(objects jsonb) RETURNS jsonb LANGUAGE sql RETURN
jsonb_build_object('format', 'wishflags-schema', 'version', 1, 'server_version', 150000, 'unmodelled', '[]'::jsonb, 'objects', objects);
CREATE TABLE chain AS
SELECT g, lpad(g::text, 6, '0') AS this, lpad((g + 1)::text, 6, '0') AS next FROM generate_series(1, 100000) g;
SELECT throws_ok(format('SELECT wishflags.schema_diff_sql(%L, %L)', pg_temp.snapshot(jsonb_build_object('column',
	jsonb_object_agg('c' || this, jsonb_build_object('type', 'int', 'parent', 'column c' || next)))), pg_temp.snapshot('{}')),
	'22023', NULL, 'columns of columns') FROM chain;
SELECT lives_ok(format('SELECT wishflags.schema_diff_sql(%L, %L)', pg_temp.snapshot('{}'), pg_temp.snapshot(jsonb_build_object(
	'table', jsonb_object_agg('t' || this, '{}'::jsonb),
	'inheritance', jsonb_object_agg('t' || this, jsonb_build_object('of', 't' || next, 'parent', 'table t' || this,
		'needs', jsonb_build_array('table t' || CASE g WHEN 5000 THEN this ELSE next END)))))),
	'children of children') FROM chain WHERE g <= 5000;
SELECT * FROM finish();
ROLLBACK;
