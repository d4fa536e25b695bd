-- Whatever is put into a snapshot: a plan or a clear error, never an internal
-- error, and never a crash.
BEGIN;
SET client_min_messages = warning;
SET LOCAL wishflags.guard = off;
SELECT plan(4);

CREATE SCHEMA dm;
CREATE TYPE dm.e AS ENUM ('a', 'b');
CREATE DOMAIN dm.d AS int CONSTRAINT positive CHECK (VALUE > 0);
CREATE TABLE dm.t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, e dm.e DEFAULT 'a', d dm.d, n int GENERATED ALWAYS AS (1) STORED) WITH (fillfactor = 50);
CREATE TABLE dm.p (id int, t_id int REFERENCES dm.t) PARTITION BY LIST (id);
CREATE TABLE dm.p1 PARTITION OF dm.p FOR VALUES IN (1);
CREATE TABLE dm.k () INHERITS (dm.t);
CREATE INDEX ON dm.p (id);
CREATE SEQUENCE dm.s OWNED BY dm.t.d;
CREATE VIEW dm.v AS SELECT id FROM dm.t;
CREATE FUNCTION dm.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
GRANT SELECT ON dm.t TO PUBLIC;
CREATE TEMP TABLE whole AS SELECT wishflags.schema_snapshot('{dm}') AS s;
CREATE TEMP TABLE nothing AS
SELECT jsonb_set(s, '{objects}', jsonb_build_object('schema', s->'objects'->'schema')) AS s FROM whole;

-- Every place of a snapshot.
CREATE TEMP TABLE places AS
WITH RECURSIVE place(path, value) AS (
	SELECT '{}'::text[], s FROM whole
	UNION ALL
	SELECT path || c.key, c.value FROM place, LATERAL (
		SELECT key, value FROM jsonb_each(CASE jsonb_typeof(place.value) WHEN 'object' THEN place.value ELSE '{}' END)
		UNION ALL
		SELECT (i - 1)::text, v FROM jsonb_array_elements(CASE jsonb_typeof(place.value) WHEN 'array' THEN place.value ELSE '[]' END)
			WITH ORDINALITY a(v, i)) c
)
SELECT path FROM place WHERE path <> '{}';

-- Tries a snapshot in all directions; the SQLSTATE, or 00000.
CREATE FUNCTION pg_temp.try(damaged jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM wishflags.schema_diff_sql(damaged, (SELECT s FROM whole), '{"allow_data_loss": true}');
	PERFORM wishflags.schema_diff_sql((SELECT s FROM whole), damaged, '{"allow_data_loss": true, "online": false}');
	PERFORM wishflags.schema_diff_sql((SELECT s FROM nothing), damaged, '{"allow_data_loss": true}');
	PERFORM count(*) FROM wishflags.schema_diff(damaged, (SELECT s FROM nothing));
	RETURN '00000';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLSTATE;
END $$;

CREATE TEMP TABLE outcomes AS
SELECT path, 'gone' AS damage, pg_temp.try(s #- path) AS state FROM places, whole
UNION ALL
SELECT path, d.v::text, pg_temp.try(jsonb_set(s, path, d.v)) FROM places, whole, (VALUES
	('7'::jsonb), ('null'), ('true'), ('[]'), ('{}'), ('""'), ('"x"'), ('["x"]'), ('[[["x"]]]'), ('{"x": {"x": 1}}')) d(v);

SELECT cmp_ok((SELECT count(*) FROM outcomes), '>', 1000::bigint, 'every place is damaged in many ways');
SELECT is_empty($$ SELECT * FROM outcomes WHERE state NOT LIKE '22%' AND state NOT IN ('00000', '0A000') $$,
	'each damage is used or refused as what it is');
SELECT ok((SELECT count(*) FROM outcomes WHERE state = '22023') > 500, 'most of it is refused');

-- Dependencies in a circle, and a nest of a thousand levels.
SELECT is(pg_temp.try(jsonb_set(jsonb_set(s, '{objects,table,dm.t,needs}', '["view dm.v"]'),
		'{objects,view,dm.v,needs}', '["table dm.t", "view dm.v"]')) || pg_temp.try(jsonb_set(s, '{objects,table,dm.t,options}',
		(repeat('[', 1000) || repeat(']', 1000))::jsonb)), '0A00022023', 'circles and nests are refused')
FROM whole;

SELECT * FROM finish();
ROLLBACK;
