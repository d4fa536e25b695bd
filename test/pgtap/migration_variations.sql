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
('rename-column', true, 'ALTER TABLE "Odd Schema"."Big ""One""" RENAME "A b" TO a_b'),
('rename-column', true, 'ALTER TABLE IF EXISTS parts RENAME COLUMN a TO b'),
('rename-column', true, 'DO $$ BEGIN ALTER TABLE big RENAME a TO z; END $$'),
('rename-column', true, 'ALTER MATERIALIZED VIEW totals RENAME n TO m'),
('rename-column', false, 'ALTER TABLE big ADD y int; ALTER TABLE big RENAME y TO z'),
('rename-column', false, 'ALTER TABLE mine RENAME a TO z'),
('rename-column', false, 'ALTER TABLE IF EXISTS nothing RENAME a TO z'),
('rename-column', false, 'BEGIN; ALTER TABLE big RENAME a TO z; ALTER TABLE big RENAME TO base; CREATE VIEW big AS SELECT *, z AS a FROM base; COMMIT'),
('rename-table', true, 'ALTER TABLE "Odd Schema"."Big ""One""" RENAME TO small'),
('rename-table', true, 'ALTER TABLE parts RENAME TO pieces'),
('rename-table', true, 'ALTER MATERIALIZED VIEW totals RENAME TO sums'),
('rename-table', true, 'ALTER TABLE big RENAME TO huge; CREATE VIEW other AS SELECT * FROM huge'),
('rename-table', false, 'ALTER TABLE mine RENAME TO yours'),
('rename-table', false, 'CREATE TABLE t (a int); ALTER TABLE t RENAME TO u'),
('rename-table', false, 'ALTER TABLE IF EXISTS nothing RENAME TO u'),
('rename-table', false, 'ALTER INDEX big_a_idx RENAME TO i'),
('drop-column', true, 'ALTER TABLE "Odd Schema"."Big ""One""" DROP "A b" CASCADE'),
('drop-column', true, 'ALTER TABLE big ADD y int, DROP COLUMN a'),
('drop-column', true, 'ALTER TABLE parts DROP a'),
('drop-column', true, 'DO $$ BEGIN ALTER TABLE big DROP a; END $$'),
('drop-column', false, 'ALTER TABLE big ADD y int; ALTER TABLE big DROP y'),
('drop-column', false, 'CREATE TABLE t (a int, b int); ALTER TABLE t DROP b'),
('drop-column', false, 'ALTER TABLE mine DROP b'),
('drop-column', false, 'ALTER TABLE IF EXISTS nothing DROP COLUMN IF EXISTS a'),
('drop-table', true, 'DROP TABLE "Odd Schema"."Big ""One"""'),
('drop-table', true, 'DROP TABLE IF EXISTS nothing, big'),
('drop-table', true, 'DROP TABLE parts'),
('drop-table', true, 'DO $$ BEGIN DROP TABLE IF EXISTS big CASCADE; END $$'),
('drop-table', true, 'CREATE TABLE IF NOT EXISTS big (a int); DROP TABLE big'),
('drop-table', false, 'DROP TABLE IF EXISTS nothing, "Odd Schema".nothing CASCADE'),
('drop-table', false, 'DROP TABLE mine'),
('drop-table', false, 'CREATE TABLE t (a int); ALTER TABLE t RENAME TO u; DROP TABLE u'),
('drop-table', false, 'DROP VIEW big_view'),
('drop-cascade', true, 'DROP TABLE IF EXISTS nothing, big CASCADE'),
('drop-cascade', true, 'CREATE TABLE t (a int); DROP TABLE t, big CASCADE'),
('drop-cascade', true, 'ALTER TABLE keyed DROP CONSTRAINT keyed_pkey CASCADE'),
('drop-cascade', true, 'DROP FUNCTION touch() CASCADE'),
('drop-cascade', false, 'DROP TABLE IF EXISTS nothing CASCADE'),
('drop-cascade', false, 'CREATE TABLE t (a int); DROP TABLE t CASCADE'),
('drop-cascade', false, 'DROP TABLE big RESTRICT'),
('drop-not-null', true, 'ALTER TABLE app.big ALTER COLUMN id DROP NOT NULL, ADD y int'),
('drop-not-null', false, 'ALTER TABLE mine ALTER a DROP NOT NULL'),
('drop-not-null', false, 'ALTER TABLE big ADD y int NOT NULL DEFAULT 0; ALTER TABLE big ALTER y DROP NOT NULL'),
('truncate', true, 'TRUNCATE "Odd Schema"."Big ""One"""'),
('truncate', true, 'TRUNCATE empty, big'),
('truncate', true, 'TRUNCATE parts'),
('truncate', true, 'DO $$ BEGIN TRUNCATE big; END $$'),
('truncate', false, 'TRUNCATE mine'),
('truncate', false, 'CREATE TABLE t AS SELECT 1; TRUNCATE t'),
('unbatched-data-change', true, 'UPDATE "Odd Schema"."Big ""One""" SET "A b" = 1'),
('unbatched-data-change', true, 'DELETE FROM ONLY big'),
('unbatched-data-change', true, 'DO $$ BEGIN UPDATE big SET a = 2; END $$'),
('unbatched-data-change', true, 'UPDATE parts SET a = 2'),
('unbatched-data-change', false, 'UPDATE mine SET a = 1; DELETE FROM mine'),
('unbatched-data-change', false, 'CREATE TABLE t AS SELECT 1 AS a; UPDATE t SET a = 2'),
('unbatched-data-change', false, 'UPDATE keyed k SET parent = 1 WHERE parent > 2 AND k.id = 7'),
('unbatched-data-change', true, 'UPDATE keyed SET parent = 1 WHERE id = 7 OR parent = 3'),
('unbatched-data-change', true, 'DELETE FROM keyed WHERE parent = 7'),
('unbatched-data-change', false, 'CREATE FUNCTION f() RETURNS void LANGUAGE sql AS ''DELETE FROM big'''),
('drop-type', true, 'DROP TYPE IF EXISTS "app"."mood"'),
('drop-type', true, 'DROP DOMAIN positive CASCADE'),
('drop-type', false, 'DROP TYPE IF EXISTS nothing'),
('drop-schema', true, 'DROP SCHEMA "Odd Schema"'),
('drop-schema', false, 'CREATE SCHEMA s; CREATE TABLE s.t (a int); DROP SCHEMA s CASCADE'),
('move-schema', true, 'ALTER TABLE IF EXISTS "Odd Schema"."Big ""One""" SET SCHEMA app'),
('move-schema', false, 'ALTER TABLE IF EXISTS nothing SET SCHEMA public'),
('trigger-ddl-lock', true, 'CREATE CONSTRAINT TRIGGER c AFTER INSERT ON "Odd Schema"."Big ""One""" FOR EACH ROW EXECUTE FUNCTION touch()'),
('trigger-ddl-lock', true, 'DROP TRIGGER IF EXISTS touched ON app.big'),
('trigger-ddl-lock', false, 'CREATE TRIGGER c BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION touch()'),
('disable-trigger', true, 'ALTER TABLE "app"."big" DISABLE TRIGGER touched'),
('disable-trigger', false, 'CREATE TABLE t (a int); ALTER TABLE t DISABLE TRIGGER ALL'),
('object-missing', true, 'ALTER TABLE "Big" ADD y int'),
('object-missing', true, 'ALTER TABLE app."Big ""One""" ADD y int'),
('object-missing', true, 'DROP TABLE big; ALTER TABLE big ADD y int'),
('object-missing', true, 'CREATE TABLE t (a nothing)'),
('object-missing', false, 'CREATE TABLE t (a mood, b positive, c big, d mood[], e app.mood)'),
('object-missing', false, 'DO $$ BEGIN CREATE TABLE made (a int); END $$; ALTER TABLE made ADD b int'),
('object-missing', false, 'BEGIN; CREATE TABLE t (a int); ROLLBACK; SELECT 1'),
('object-exists', true, 'CREATE TABLE "app"."big" (a int)'),
('object-exists', true, 'ALTER TABLE big ADD y int, ADD a int'),
('object-exists', true, 'CREATE INDEX CONCURRENTLY big_a_idx ON big (a)'),
('object-exists', false, 'CREATE TABLE "Big" (a int); CREATE TABLE public.big (a int)'),
('object-exists', false, 'ALTER TABLE big RENAME TO huge; CREATE TABLE big (a int)'),
('object-exists', false, 'DO $$ BEGIN CREATE TABLE IF NOT EXISTS big (a int); END $$'),
('revoke-privilege', true, 'REVOKE ALL ON SCHEMA app FROM pg_monitor'),
('revoke-privilege', false, 'CREATE TABLE t (a int); REVOKE ALL ON t FROM PUBLIC'),
('grant-too-broad', true, 'GRANT ALL ON ALL TABLES IN SCHEMA app TO PUBLIC'),
('grant-too-broad', false, 'GRANT SELECT (a) ON app.big TO pg_monitor');

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
