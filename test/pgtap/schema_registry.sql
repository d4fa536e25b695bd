-- What must hold of every schema for a registry, whatever the table.
BEGIN;
SET client_min_messages = warning;
SELECT plan(13);

-- Every relation of the server has one in each format, and follows itself.
CREATE TEMP TABLE every AS
SELECT c.oid::regclass::text AS name, f AS format, wishflags.registry_schema(c.oid::regclass, f) AS schema
FROM pg_class c, unnest('{avro,json,protobuf}'::text[]) f
WHERE c.relkind IN ('r', 'v') AND c.relnamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace);
SELECT cmp_ok((SELECT count(*) FROM every), '>', 500::bigint, 'the catalogs have schemas');
SELECT is_empty($$ SELECT name, format, c.* FROM every, wishflags.registry_compat(schema, schema, 'FULL', format) c $$,
	'a schema may follow itself');
SELECT is_empty($$ SELECT schema::json FROM every WHERE format <> 'protobuf' AND json_typeof(schema::json) <> 'object' $$, 'Avro and JSON Schema are JSON');

-- Changes of a table, judged before their DDL commits.  The verdict of each
-- step is that of its format's registry.
CREATE SCHEMA reg;
CREATE TYPE reg.mood AS ENUM ('sad', 'ok');
CREATE FUNCTION reg.verdict(ddl text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	before jsonb;
	result text;
BEGIN
	DROP TABLE IF EXISTS reg.t;
	CREATE TABLE reg.t (id int PRIMARY KEY, a int, b text NOT NULL, n numeric(10,2), m reg.mood, l int[]);
	before := jsonb_build_object('snapshot', wishflags.schema_snapshot('{reg}'));
	EXECUTE ddl;
	SELECT string_agg(f || CASE WHEN bad = '' THEN ' full' ELSE bad END, ', ' ORDER BY o) INTO result
	FROM unnest('{avro,json,protobuf}'::text[]) WITH ORDINALITY u(f, o), LATERAL (
		SELECT coalesce(string_agg(DISTINCT ' not ' || direction, ''), '') AS bad
		FROM wishflags.registry_compat(wishflags.registry_schema('reg.t', f, before), wishflags.registry_schema('reg.t', f), 'FULL', f)) x;
	RETURN result;
END $$;
SELECT is(reg.verdict('ALTER TABLE reg.t ADD c int'), 'avro full, json not forward, protobuf full', 'a column that may be null');
SELECT is(reg.verdict('ALTER TABLE reg.t ADD c int NOT NULL DEFAULT 5'), 'avro full, json not forward, protobuf full', 'a column with a default');
SELECT is(reg.verdict('ALTER TABLE reg.t ADD c date[] NOT NULL'), 'avro not backward, json not backward not forward, protobuf full',
	'a column that must be there');
SELECT is(reg.verdict('ALTER TABLE reg.t DROP a'), 'avro full, json not backward, protobuf full', 'a column gone that could be null');
SELECT is(reg.verdict('ALTER TABLE reg.t DROP b'), 'avro not forward, json not backward not forward, protobuf full', 'a column gone that was always there');
SELECT is(reg.verdict('ALTER TABLE reg.t ALTER a TYPE bigint'), 'avro not forward, json full, protobuf full', 'int becomes bigint');
SELECT is(reg.verdict('ALTER TABLE reg.t ALTER a TYPE text'), 'avro not backward not forward, json not backward not forward, protobuf not backward not forward',
	'int becomes text');
SELECT is(reg.verdict('ALTER TABLE reg.t ALTER b DROP NOT NULL'), 'avro not forward, json not forward, protobuf full', 'a column may be null now');
SELECT is(reg.verdict('COMMENT ON COLUMN reg.t.a IS ''x''; CREATE INDEX ON reg.t (a); ALTER TABLE reg.t ADD CHECK (a > 0)'), 'avro full, json full, protobuf full',
	'what changes no rows');

-- Frames.
SELECT is_empty($$
	SELECT i, f FROM generate_series(-2000000000, 2000000000, 123456789) i, unnest('{avro,json,protobuf}'::text[]) f,
		decode(md5(i::text), 'hex') p, wishflags.registry_wire_read(wishflags.registry_wire(i::int, p, f, ARRAY[abs(i)::int % 300, 7]), f) w
	WHERE w.schema_id <> i OR w.payload <> p OR f = 'protobuf' AND w.message_index <> ARRAY[abs(i)::int % 300, 7]
$$, 'what is framed comes back');

SELECT * FROM finish();
ROLLBACK;
