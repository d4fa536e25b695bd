-- Circles: stubs for views and functions, and alterations that become a drop and create.
SET wishflags.guard = off;
SET client_min_messages = warning;
-- Makes two schemas one after the other, turns the second into the first by script and that into the second again:
-- what each script leaves different, which is nothing.
CREATE FUNCTION pg_temp.there_and_back(one text, other text, OUT left_back bigint, OUT left_there bigint) LANGUAGE plpgsql AS $$
DECLARE
	a jsonb;
	b jsonb;
	options jsonb := '{"online": false, "allow_data_loss": true}';
BEGIN
	DROP SCHEMA IF EXISTS sd CASCADE;
	CREATE SCHEMA sd;
	SET LOCAL search_path = sd;
	EXECUTE one;
	RESET search_path;
	a := wishflags.schema_snapshot('{sd}');
	DROP SCHEMA sd CASCADE;
	CREATE SCHEMA sd;
	SET LOCAL search_path = sd;
	EXECUTE other;
	RESET search_path;
	b := wishflags.schema_snapshot('{sd}');
	EXECUTE regexp_replace(wishflags.schema_diff_sql(b, a, options), '^(BEGIN|COMMIT);$', '', 'gn');
	left_back := count(*) FROM wishflags.schema_diff(wishflags.schema_snapshot('{sd}'), a);
	EXECUTE regexp_replace(wishflags.schema_diff_sql(a, b, options), '^(BEGIN|COMMIT);$', '', 'gn');
	left_there := count(*) FROM wishflags.schema_diff(wishflags.schema_snapshot('{sd}'), b);
END $$;

-- Views that select from each other; one is first a stub with the same columns.
SELECT * FROM pg_temp.there_and_back(
$$$$,
$$CREATE VIEW v1 AS SELECT 1 AS x, 'y'::text COLLATE "C" AS "a "" b", now()::timestamp(3) with time zone AS t;
CREATE VIEW v2 AS SELECT * FROM v1;
CREATE OR REPLACE VIEW v1 AS SELECT * FROM v2;$$);
SELECT action, split_part(sql, E'\n', 1) AS begins, substring(sql FROM 'NULL::.*') AS stub
FROM wishflags.schema_snapshot('{sd}') s, wishflags.schema_diff(jsonb_set(s, '{objects}', jsonb_build_object('schema', s->'objects'->'schema')), s) ORDER BY ordinal;
-- The way to nothing empties one before the other goes.
SELECT action, split_part(sql, E'\n', 1) AS begins, substring(sql FROM 'NULL::.*') AS stub
FROM wishflags.schema_snapshot('{sd}') s, wishflags.schema_diff(s, jsonb_set(s, '{objects}', jsonb_build_object('schema', s->'objects'->'schema'))) ORDER BY ordinal;
-- A view that is there begins to select from a new one that selects from it.
SELECT * FROM pg_temp.there_and_back(
$$CREATE VIEW v1 AS SELECT 1 AS x;$$,
$$CREATE VIEW v1 AS SELECT 1 AS x;
CREATE VIEW v2 AS SELECT * FROM v1;
CREATE OR REPLACE VIEW v1 AS SELECT x FROM v2;$$);
-- Functions that call each other, with both kinds of body.
SELECT * FROM pg_temp.there_and_back(
$$$$,
$$CREATE FUNCTION f(int) RETURNS int LANGUAGE sql RETURN 1;
CREATE FUNCTION g(int) RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT sd.f($1); END;
CREATE OR REPLACE FUNCTION f(int) RETURNS int LANGUAGE sql RETURN sd.g($1);$$);
-- A function that returns rows of a view that calls it.
SELECT * FROM pg_temp.there_and_back(
$$$$,
$$CREATE VIEW v AS SELECT 1 AS x;
CREATE FUNCTION f() RETURNS SETOF v LANGUAGE sql BEGIN ATOMIC SELECT * FROM sd.v; END;
CREATE OR REPLACE VIEW v AS SELECT x FROM sd.f();$$);
-- Two circles at once.
SELECT * FROM pg_temp.there_and_back(
$$$$,
$$CREATE VIEW a1 AS SELECT 1 AS x;
CREATE VIEW a2 AS SELECT * FROM a1;
CREATE OR REPLACE VIEW a1 AS SELECT x FROM a2;
CREATE VIEW b1 AS SELECT 1 AS x;
CREATE VIEW b2 AS SELECT * FROM b1;
CREATE OR REPLACE VIEW b1 AS SELECT x FROM b2;$$);
-- The table below a view gets another name, its index keeps the old one.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE a (id int PRIMARY KEY);
CREATE VIEW v AS SELECT id FROM a;$$,
$$CREATE TABLE a (id int PRIMARY KEY);
CREATE VIEW v AS SELECT id FROM a;
ALTER TABLE a RENAME TO b;$$);
-- A base type that columns use is made anew, with the functions that it is made of.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TYPE bt;
CREATE FUNCTION bt_in(cstring) RETURNS bt LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION bt_out(bt) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE bt (INPUT = bt_in, OUTPUT = bt_out, STORAGE = plain);
CREATE TABLE t (a bt, b bt[]);$$,
$$CREATE TYPE bt;
CREATE FUNCTION bt_in(cstring) RETURNS bt LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION bt_out(bt) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE bt (INPUT = bt_in, OUTPUT = bt_out, STORAGE = extended);
CREATE TABLE t (a bt, b bt[]);$$);
-- What is set on the column of a view comes and goes, its default stays.
SELECT * FROM pg_temp.there_and_back(
$$CREATE VIEW v AS SELECT 1 AS a;
ALTER VIEW v ALTER a SET DEFAULT 7;$$,
$$CREATE VIEW v AS SELECT 1 AS a;
ALTER VIEW v ALTER a SET DEFAULT 7;
COMMENT ON COLUMN v.a IS 'c';$$);
-- Both are new.
SELECT * FROM pg_temp.there_and_back(
$$CREATE VIEW v AS SELECT 1 AS a;$$,
$$CREATE VIEW v AS SELECT 1 AS a;
ALTER VIEW v ALTER a SET DEFAULT 7;
COMMENT ON COLUMN v.a IS 'c';$$);
-- A materialized view over one that holds no data holds none either.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE t (a int);$$,
$$CREATE TABLE t (a int);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t WITH NO DATA;
CREATE MATERIALIZED VIEW m2 AS SELECT * FROM m WITH NO DATA;$$);
SELECT relname, relispopulated FROM pg_class WHERE relnamespace = 'sd'::regnamespace AND relkind = 'm' ORDER BY 1;
-- An index beside the old one on another column, whose sequence wants the name that the old column's has.
DROP SCHEMA sd CASCADE;
CREATE SCHEMA sd;
CREATE TABLE sd.t (id int GENERATED ALWAYS AS IDENTITY, a int);
CREATE INDEX t_id ON sd.t (id);
SELECT wishflags.schema_snapshot('{sd}') AS before \gset
ALTER TABLE sd.t RENAME id TO other;
SELECT wishflags.schema_diff_sql(wishflags.schema_snapshot('{sd}'), :'before', '{"online": true, "allow_data_loss": true}');
DROP SCHEMA sd CASCADE;
