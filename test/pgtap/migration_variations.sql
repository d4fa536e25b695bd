-- The rules that are met most, each with texts that it must find and texts that it
-- must leave alone: names quoted and with their schema, IF EXISTS, several commands
-- in one ALTER TABLE, partitioned and temporary tables, what the same text made,
-- blocks of code.  A remark (info) is no finding.
BEGIN;
SELECT no_plan();

CREATE SCHEMA app;
CREATE SCHEMA "Odd Schema";
SET LOCAL search_path = app, public;
CREATE TABLE big (id int NOT NULL, a int, b text, c varchar(10), d numeric(10, 2), n int NOT NULL DEFAULT 1, t timestamp,
	CONSTRAINT big_a_check CHECK (a > 0), CONSTRAINT big_b_key UNIQUE (b));
INSERT INTO big (id, a, b) SELECT g, g, g::text FROM generate_series(1, 5000) g;
CREATE INDEX big_a_idx ON big (a);
CREATE TABLE "Odd Schema"."Big ""One""" (id int PRIMARY KEY, "A b" int, c varchar(5));
INSERT INTO "Odd Schema"."Big ""One""" SELECT g, g FROM generate_series(1, 5000) g;
CREATE INDEX "Odd; idx" ON "Odd Schema"."Big ""One""" ("A b");
CREATE TABLE keyed (id int CONSTRAINT keyed_pkey PRIMARY KEY, parent int);
INSERT INTO keyed SELECT generate_series(1, 5000);
CREATE TABLE proven (x int, y int, CONSTRAINT proven_x CHECK (x IS NOT NULL));
INSERT INTO proven SELECT g, g FROM generate_series(1, 5000) g;
CREATE TABLE empty (id int PRIMARY KEY, a int);
CREATE TABLE parts (id int, a int) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10000);
INSERT INTO parts SELECT g, g FROM generate_series(1, 5000) g;
CREATE INDEX parts_a_idx ON parts (a);
CREATE TABLE no_parts (id int) PARTITION BY RANGE (id);
CREATE TABLE loose (id int, a int);
INSERT INTO loose SELECT g, g FROM generate_series(1, 5000) g;
CREATE VIEW big_view AS SELECT id, b FROM big;
CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM big;
CREATE UNIQUE INDEX totals_n ON totals (n);
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE unused AS ENUM ('x');
CREATE TABLE felt (m mood);
INSERT INTO felt SELECT 'ok' FROM generate_series(1, 5000);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE ON big FOR EACH ROW EXECUTE FUNCTION touch();
CREATE SEQUENCE numbers;
ANALYZE;
COMMIT;

BEGIN;
SET LOCAL search_path = app, public;
SET LOCAL application_name = '';
CREATE TEMP TABLE mine (a int, b text);
INSERT INTO mine SELECT g FROM generate_series(1, 5000) g;
CREATE TEMP TABLE variations (n serial, rule text, found boolean, sql text);

INSERT INTO variations (rule, found, sql) VALUES

SELECT is(EXISTS (SELECT FROM wishflags.migration_breaking_check(sql) f WHERE f.rule = v.rule AND f.severity <> 'info'), found,
	rule || CASE WHEN found THEN ' finds ' ELSE ' leaves alone ' END || left(sql, 120)) FROM variations v ORDER BY n;

-- The same of a database that stands for another one: what is not there, may be.
SELECT is(EXISTS (SELECT FROM wishflags.migration_breaking_check(sql, '{"assume_populated": true}') f WHERE f.rule = v.rule AND f.severity <> 'info'), found,
	rule || CASE WHEN found THEN ' finds elsewhere ' ELSE ' leaves alone elsewhere ' END || left(sql, 120)) FROM (VALUES
	('drop-table', true, 'DROP TABLE IF EXISTS nothing'),
	('drop-column', true, 'ALTER TABLE IF EXISTS nothing DROP COLUMN IF EXISTS a'),
	('rename-table', true, 'ALTER TABLE IF EXISTS nothing RENAME TO n'),
	('add-column-required', true, 'ALTER TABLE empty ADD y int NOT NULL')) AS v(rule, found, sql);

SELECT * FROM finish();
ROLLBACK;
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL wishflags.guard = off;
DROP SCHEMA app CASCADE;
DROP SCHEMA "Odd Schema" CASCADE;
COMMIT;
