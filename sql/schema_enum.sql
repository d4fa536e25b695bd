-- Enums, domains and composite types.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA sd;
CREATE TYPE sd.grows AS ENUM ('a', 'd');
CREATE TYPE sd.used AS ENUM ('a');
CREATE TYPE sd.shrinks AS ENUM ('x', 'y', 'z');
CREATE DOMAIN sd.posint AS int CONSTRAINT positive CHECK (VALUE > 0);
CREATE TYPE sd.pair AS (a int);
CREATE TABLE sd.t (g sd.grows, u sd.used DEFAULT 'a', s sd.shrinks DEFAULT 'x', l sd.shrinks[], p sd.posint, c sd.pair);
CREATE VIEW sd.v AS SELECT s FROM sd.t WHERE s > 'x';
CREATE INDEX i ON sd.t (g) WHERE s = 'y';
CREATE TEMP TABLE before AS SELECT wishflags.schema_snapshot('{sd}') AS s;

-- Values that only come are added, in place.
ALTER TYPE sd.grows ADD VALUE 'b' BEFORE 'd';
ALTER TYPE sd.grows ADD VALUE 'c' BEFORE 'd';
ALTER TYPE sd.grows ADD VALUE 'e';
CREATE TEMP TABLE grown AS SELECT wishflags.schema_snapshot('{sd}') AS s;
SELECT wishflags.schema_diff_sql(b.s, a.s) FROM before b, grown a;

-- One that is used at once needs the transaction before to have ended.
ALTER TYPE sd.used ADD VALUE 'b';
ALTER TABLE sd.t ALTER u SET DEFAULT 'b';
CREATE TEMP TABLE used AS SELECT wishflags.schema_snapshot('{sd}') AS s;
SELECT wishflags.schema_diff_sql(b.s, a.s) FROM grown b, used a;

-- When values go, the type is made anew under all that uses it.
DROP VIEW sd.v;
DROP INDEX sd.i;
ALTER TABLE sd.t ALTER s DROP DEFAULT;
ALTER TYPE sd.shrinks RENAME TO old;
CREATE TYPE sd.shrinks AS ENUM ('y', 'x');
ALTER TABLE sd.t ALTER s TYPE sd.shrinks USING s::text::sd.shrinks, ALTER l TYPE sd.shrinks[] USING l::text::sd.shrinks[];
DROP TYPE sd.old;
ALTER TABLE sd.t ALTER s SET DEFAULT 'x';
CREATE VIEW sd.v AS SELECT s FROM sd.t WHERE s > 'x';
CREATE INDEX i ON sd.t (g) WHERE s = 'y';
ALTER DOMAIN sd.posint DROP CONSTRAINT positive;
ALTER DOMAIN sd.posint ADD CONSTRAINT positive CHECK (VALUE > 1);
ALTER DOMAIN sd.posint SET DEFAULT 3;
ALTER TYPE sd.pair ADD ATTRIBUTE b text;
CREATE TEMP TABLE after AS SELECT wishflags.schema_snapshot('{sd}') AS s;
SELECT wishflags.schema_diff_sql(b.s, a.s, '{"online": false, "allow_data_loss": true}') FROM used b, after a;

DROP SCHEMA sd CASCADE;

-- A new enum value that a function's text holds is committed before the function may run.
CREATE SCHEMA sd;
CREATE TYPE sd.e AS ENUM ('a');
SET check_function_bodies = off;
CREATE FUNCTION sd.f() RETURNS text LANGUAGE sql AS $$SELECT 'b'::sd.e::text$$;
RESET check_function_bodies;
CREATE TEMP TABLE quoted AS SELECT wishflags.schema_snapshot('{sd}') AS s;
ALTER TYPE sd.e ADD VALUE 'b';
CREATE MATERIALIZED VIEW sd.m AS SELECT sd.f() AS f;
SELECT wishflags.schema_diff_sql(s, NULL, '{"online": false}') FROM quoted;
DROP SCHEMA sd CASCADE;
