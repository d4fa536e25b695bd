-- What stands in the way of DROP, what CREATE OR REPLACE VIEW may not change,
-- and how many values do not fit into a new type.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA dep;
SET search_path = dep, public;
CREATE FUNCTION dep_check(sql text) RETURNS TABLE (st int, severity text, kind text, object text, message text, evidence jsonb)
BEGIN ATOMIC
	SELECT statement, severity, kind, object, message, evidence - 'policy'
	FROM wishflags.migration_breaking_check(sql, '{"validate_data": true,
		"only": ["drop-dependent-object", "view-incompatible", "type-cast-would-fail"]}')
	ORDER BY statement;
END;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE gladness AS ENUM ('ok');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE person (id int PRIMARY KEY, mood mood, moods mood[]);
CREATE TABLE priced (price positive);
CREATE TYPE pair AS (a int, b mood);
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION f(text) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION unused() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER fires BEFORE INSERT ON person FOR EACH ROW EXECUTE FUNCTION fire();
CREATE TABLE calls (a int DEFAULT f(1), b int CHECK (f(b) > 0), c int GENERATED ALWAYS AS (f(b)) STORED);
CREATE INDEX ON calls (f(a));
CREATE VIEW called AS SELECT f(id) FROM person;
CREATE POLICY seen ON person USING (f(id) = 1);
CREATE AGGREGATE total(int) (SFUNC = int4pl, STYPE = int);
CREATE VIEW totals AS SELECT total(id) FROM person;
CREATE SCHEMA empty;
CREATE SCHEMA "Full";
CREATE TABLE "Full"."T" (id int);
\x on
SELECT c.* FROM unnest(ARRAY['DROP TYPE mood', 'DROP DOMAIN IF EXISTS dep.positive', 'DROP FUNCTION f(int)', 'DROP ROUTINE fire',
	'DROP AGGREGATE total(int)', 'DROP SCHEMA IF EXISTS "Full"']) WITH ORDINALITY t(sql, n), dep_check(sql) c ORDER BY n;
\x off
-- The server says the same.
\set VERBOSITY terse
DROP TYPE mood;
DROP DOMAIN positive;
DROP FUNCTION f(int);
DROP ROUTINE fire;
DROP AGGREGATE total(int);
DROP SCHEMA "Full";
\set VERBOSITY default

-- Nothing depends on these, or it goes with them, or first.
SELECT st, message FROM (VALUES
	('DROP FUNCTION f(text); DROP FUNCTION unused; DROP SCHEMA empty'),
	('DROP FUNCTION f'), -- which one?
	('DROP FUNCTION nowhere(int), nowhere.f(int); DROP TYPE nowhere; DROP SCHEMA IF EXISTS nowhere'),
	('DROP FUNCTION f(int) CASCADE; DROP TYPE mood CASCADE'),
	('DROP TRIGGER fires ON person; DROP FUNCTION fire()'),
	('DROP TABLE priced; DROP DOMAIN positive'),
	('ALTER TABLE priced ALTER price TYPE int; DROP DOMAIN positive'),
	('DROP TABLE priced CASCADE; DROP DOMAIN positive'),
	('DROP TABLE "Full"."T"; DROP SCHEMA "Full"'),
	('ALTER TABLE "Full"."T" SET SCHEMA dep; DROP SCHEMA "Full"'),
	('ALTER TYPE mood RENAME TO old_mood; CREATE TYPE mood AS ENUM (); DROP TYPE mood'),
	('CREATE OR REPLACE VIEW totals AS SELECT sum(id)::int AS total FROM person; DROP AGGREGATE total(int)'),
	('DO $$BEGIN EXECUTE (SELECT ''DROP TABLE priced''); END$$; DROP DOMAIN positive')) t(sql), dep_check(sql);
SELECT st, message FROM dep_check('DROP TABLE calls; DROP TYPE mood, pair; DROP DOMAIN positive');

-- The types of a view's columns, as far as the text tells them.
CREATE TABLE item (id int PRIMARY KEY, n bigint, x text, v varchar(20), u numeric);
CREATE VIEW items AS SELECT id, x, v, n::int AS n FROM item;
SELECT st, message FROM dep_check('
	CREATE OR REPLACE VIEW items AS SELECT id, x, v, n FROM item;
	CREATE OR REPLACE VIEW items AS SELECT i.id::bigint, x, v, n::int FROM item i;
	CREATE OR REPLACE VIEW items AS SELECT id, x, x AS v, n::int FROM dep.item;
	CREATE OR REPLACE VIEW items AS SELECT id, x, v, n::text FROM item');
SELECT st, message FROM dep_check('
	CREATE OR REPLACE VIEW items AS SELECT id, x, v, n::int, u FROM item;
	CREATE OR REPLACE VIEW items AS SELECT id, x, v, n::int4 FROM item i;
	CREATE OR REPLACE VIEW items AS SELECT id, x, v, n FROM (SELECT id, x, v, 1 AS n FROM item) item;
	CREATE OR REPLACE VIEW items AS WITH item AS (SELECT 1 AS id, ''''::text AS x, v, 1 AS n FROM dep.item) SELECT id, x, v, n FROM item');
\set VERBOSITY terse
CREATE OR REPLACE VIEW items AS SELECT id, x, v, n FROM item;
CREATE OR REPLACE VIEW items AS SELECT i.id::bigint, x, v, n::int FROM item i;
CREATE OR REPLACE VIEW items AS SELECT id, x, x AS v, n::int FROM dep.item;
CREATE OR REPLACE VIEW items AS SELECT id, x, v, n::int, u FROM item;
\set VERBOSITY default
DROP VIEW items;

-- How many values do not fit.
INSERT INTO item VALUES (1, 70000, '12', 'abcdef', 1234.56), (2, 3000000000, 'zz', 'abc   ', 'NaN'), (3, 1, ' -7 ', NULL, 99.999);
INSERT INTO person VALUES (1, 'sad'), (2, 'ok'), (3, NULL);
SELECT message, evidence->>'sqlstate' AS sqlstate, evidence->>'column' AS col FROM unnest(ARRAY[
	'ALTER TABLE item ALTER n TYPE int',
	'ALTER TABLE item ALTER n TYPE smallint USING n::smallint',
	'ALTER TABLE item ALTER x TYPE int USING x::int',
	'ALTER TABLE item ALTER x TYPE uuid USING x::uuid',
	'ALTER TABLE item ALTER v TYPE varchar(3)',
	'ALTER TABLE item ALTER v TYPE char(5)',
	'ALTER TABLE item ALTER n TYPE varchar(5)',
	'ALTER TABLE item ALTER u TYPE numeric(5, 2)',
	'ALTER TABLE item ALTER u TYPE int',
	'ALTER TABLE person ALTER mood TYPE gladness USING mood::text::gladness']) WITH ORDINALITY t(sql, n), dep_check(sql) ORDER BY n;
SELECT message FROM unnest(ARRAY[
	'ALTER TABLE item ALTER v TYPE varchar(3) USING v::varchar(3), ALTER n TYPE numeric(12, 2), ALTER x TYPE varchar(4)',
	'ALTER TABLE item ALTER u TYPE numeric(8, 1), ALTER v TYPE varchar, ALTER id TYPE bigint',
	'ALTER TABLE item ALTER x TYPE int', -- no cast that it uses
	'ALTER TABLE item ALTER x TYPE int USING length(x)']) t(sql), dep_check(sql);
\set VERBOSITY sqlstate
ALTER TABLE item ALTER n TYPE int;
ALTER TABLE item ALTER x TYPE int USING x::int;
ALTER TABLE item ALTER v TYPE varchar(3);
ALTER TABLE item ALTER v TYPE char(5);
ALTER TABLE item ALTER n TYPE varchar(5);
ALTER TABLE item ALTER u TYPE numeric(5, 2);
ALTER TABLE item ALTER u TYPE int;
ALTER TABLE person ALTER mood TYPE gladness USING mood::text::gladness;
\set VERBOSITY default
-- What is built on what changes is named, some and the number of all; a key of another table keeps its parent.
CREATE TABLE dep.parent (id int PRIMARY KEY, a int);
CREATE TABLE dep.child (id int REFERENCES dep.parent);
CREATE VIEW dep.reader AS SELECT id, a FROM dep.parent;
DO $$ BEGIN FOR i IN 1..25 LOOP EXECUTE format('CREATE VIEW dep.reader_%s AS SELECT a FROM dep.parent', i); END LOOP; END $$;
CREATE FUNCTION dep_named(sql text) RETURNS TABLE (st int, rule text, number int, named int, first text, last text) LANGUAGE sql AS $$
	SELECT statement, rule, (evidence->>'dependent_count')::int, jsonb_array_length(evidence->'dependents'), evidence->'dependents'->>0, evidence->'dependents'->>-1
	FROM wishflags.migration_breaking_check(sql) WHERE evidence ? 'dependents'
$$;
SELECT n.* FROM unnest(ARRAY['DROP TABLE dep.parent', 'ALTER TABLE dep.parent DROP id', 'ALTER TABLE dep.parent ALTER id TYPE bigint', 'ALTER TABLE dep.parent RENAME id TO key',
	'ALTER TABLE dep.parent RENAME TO parents', 'ALTER TABLE dep.parent SET SCHEMA public', 'ALTER TABLE dep.parent ADD z int; ALTER TABLE dep.parent DROP z',
	'DROP VIEW dep.reader; ALTER TABLE dep.child DROP CONSTRAINT child_id_fkey; ALTER TABLE dep.parent DROP id',
	'DROP VIEW dep.reader; ALTER TABLE dep.parent DROP id']) WITH ORDINALITY AS t(sql, k), dep_named(sql) n ORDER BY k, st, rule;
\set VERBOSITY sqlstate
BEGIN;
DROP VIEW dep.reader;
ALTER TABLE dep.parent DROP id;
ROLLBACK;
\set VERBOSITY default
DROP FUNCTION dep_named;
DROP SCHEMA dep, empty, "Full" CASCADE;
