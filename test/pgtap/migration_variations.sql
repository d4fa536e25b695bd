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
('index-not-concurrent', true, 'CREATE INDEX "New" ON "Odd Schema"."Big ""One""" USING btree ("A b" DESC)'),
('index-not-concurrent', true, 'CREATE INDEX ON big ((lower(b)))'),
('index-not-concurrent', true, 'BEGIN; ALTER TABLE big RENAME TO huge; CREATE INDEX ON huge (a); COMMIT'),
('index-not-concurrent', true, 'SET search_path = "Odd Schema"; CREATE INDEX ON "Big ""One""" (id)'),
('index-not-concurrent', true, 'CREATE INDEX ON parts_1 (id)'),
('index-not-concurrent', false, 'CREATE INDEX ON no_parts (id)'),
('index-not-concurrent', false, 'CREATE INDEX ON mine (a)'),
('index-not-concurrent', false, 'CREATE TEMP TABLE big (a int); CREATE INDEX ON pg_temp.big (a)'),
('index-not-concurrent', true, 'CREATE TEMP TABLE big (a int); CREATE INDEX ON app.big (a)'),
('index-not-concurrent', false, 'CREATE TEMP TABLE big (a int); CREATE INDEX ON big (a)'),
('index-not-concurrent', false, 'CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10000) TO (20000); CREATE INDEX ON parts_2 (id)'),
('drop-index-not-concurrent', true, 'DROP INDEX "Odd Schema"."Odd; idx"'),
('drop-index-not-concurrent', true, 'DROP INDEX IF EXISTS nothing, big_a_idx'),
('drop-index-not-concurrent', true, 'DO $$ BEGIN DROP INDEX big_a_idx; END $$'),
('drop-index-not-concurrent', false, 'DROP INDEX CONCURRENTLY IF EXISTS app.big_a_idx'),
('drop-index-not-concurrent', false, 'CREATE TABLE t (a int); CREATE INDEX ti ON t (a); DROP INDEX ti'),
('drop-index-not-concurrent', false, 'DROP INDEX IF EXISTS nothing'),
('concurrent-in-transaction', true, 'BEGIN; SELECT 1; CREATE INDEX CONCURRENTLY IF NOT EXISTS x ON app.big (c); COMMIT'),
('concurrent-in-transaction', true, 'DO $$ BEGIN CREATE INDEX CONCURRENTLY x ON big (c); END $$'),
('concurrent-in-transaction', true, 'BEGIN; SAVEPOINT s; VACUUM big; COMMIT'),
('concurrent-in-transaction', true, 'BEGIN; COMMIT AND CHAIN; REINDEX INDEX CONCURRENTLY big_a_idx; COMMIT'),
('concurrent-in-transaction', false, 'CREATE INDEX CONCURRENTLY x ON big (c); BEGIN; COMMIT'),
('concurrent-in-transaction', false, 'BEGIN; ANALYZE big; COMMIT'),
('add-foreign-key-validates', true, 'ALTER TABLE "Odd Schema"."Big ""One""" ADD CONSTRAINT "F k" FOREIGN KEY ("A b") REFERENCES app.keyed'),
('add-foreign-key-validates', true, 'ALTER TABLE IF EXISTS big ADD FOREIGN KEY (a) REFERENCES keyed ON DELETE SET NULL'),
('add-foreign-key-validates', true, 'ALTER TABLE parts ADD FOREIGN KEY (a) REFERENCES keyed'),
('add-foreign-key-validates', true, 'CREATE TABLE k (id int PRIMARY KEY); ALTER TABLE big ADD FOREIGN KEY (a) REFERENCES k'),
('add-foreign-key-validates', false, 'ALTER TABLE empty ADD FOREIGN KEY (a) REFERENCES keyed'),
('add-foreign-key-validates', false, 'ALTER TABLE IF EXISTS nothing ADD FOREIGN KEY (a) REFERENCES keyed'),
('add-foreign-key-validates', false, 'ALTER TABLE mine ADD FOREIGN KEY (a) REFERENCES mine (a)'),
('add-check-validates', true, 'ALTER TABLE "Odd Schema"."Big ""One""" ADD CHECK ("A b" IS NOT NULL AND "A b" > 0)'),
('add-check-validates', true, 'ALTER TABLE parts ADD CONSTRAINT k CHECK (a > 0)'),
('add-check-validates', true, 'ALTER TABLE big ADD CONSTRAINT k CHECK (a > 0) NOT VALID, ADD CONSTRAINT l CHECK (a > 0)'),
('add-check-validates', false, 'ALTER TABLE big ADD CONSTRAINT k CHECK (a > 0) NOT VALID; ALTER TABLE big VALIDATE CONSTRAINT k'),
('add-check-validates', false, 'ALTER TABLE mine ADD CHECK (a > 0)'),
('add-check-validates', false, 'CREATE TABLE t (a int); ALTER TABLE t ADD CHECK (a > 0)'),
('set-not-null-scans', true, 'ALTER TABLE "Odd Schema"."Big ""One""" ALTER "A b" SET NOT NULL'),
('set-not-null-scans', true, 'ALTER TABLE parts ALTER a SET NOT NULL'),
('set-not-null-scans', true, 'ALTER TABLE big ADD CONSTRAINT k CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE big ALTER a SET NOT NULL'),
('set-not-null-scans', true, 'ALTER TABLE proven ALTER x SET NOT NULL, ALTER y SET NOT NULL'),
('set-not-null-scans', false, 'ALTER TABLE empty ALTER a SET NOT NULL'),
('set-not-null-scans', false, 'ALTER TABLE mine ALTER a SET NOT NULL'),
('set-not-null-scans', false, 'ALTER TABLE keyed ALTER id SET NOT NULL'),
('set-not-null-scans', false, 'ALTER TABLE IF EXISTS nothing ALTER a SET NOT NULL'),
('add-unique-builds-index', true, 'ALTER TABLE "Odd Schema"."Big ""One""" ADD CONSTRAINT "U" UNIQUE ("A b")'),
('add-unique-builds-index', true, 'ALTER TABLE big ADD y int, ADD UNIQUE (y)'),
('add-unique-builds-index', true, 'ALTER TABLE big ADD UNIQUE (a) INCLUDE (c) DEFERRABLE'),
('add-unique-builds-index', false, 'ALTER TABLE mine ADD UNIQUE (a)'),
('add-unique-builds-index', false, 'CREATE TABLE t (a int UNIQUE, b int, UNIQUE (b)); ALTER TABLE t ADD UNIQUE (a, b)'),
('add-unique-builds-index', false, 'ALTER TABLE no_parts ADD UNIQUE (id)'),
('add-primary-key-builds-index', true, 'ALTER TABLE ONLY app.big ADD CONSTRAINT "P" PRIMARY KEY (id, a)'),
('add-primary-key-builds-index', true, 'ALTER TABLE keyed DROP CONSTRAINT keyed_pkey, ADD PRIMARY KEY (id)'),
('add-primary-key-builds-index', true, 'DO $$ BEGIN ALTER TABLE big ADD PRIMARY KEY (id); END $$'),
('add-primary-key-builds-index', false, 'CREATE TABLE t (a int); ALTER TABLE t ADD PRIMARY KEY (a)'),
('add-primary-key-builds-index', false, 'ALTER TABLE mine ADD PRIMARY KEY (a)'),
('add-primary-key-builds-index', false, 'CREATE TABLE t (LIKE big INCLUDING ALL); ALTER TABLE t ADD PRIMARY KEY (id)'),
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
('drop-constraint', true, 'ALTER TABLE app.big DROP CONSTRAINT IF EXISTS big_a_check'),
('drop-constraint', true, 'ALTER TABLE big ADD y int, DROP CONSTRAINT big_b_key'),
('drop-constraint', false, 'ALTER TABLE big ADD CONSTRAINT k CHECK (a > 1) NOT VALID; ALTER TABLE big DROP CONSTRAINT k'),
('drop-constraint', false, 'ALTER TABLE big DROP CONSTRAINT IF EXISTS nothing'),
('drop-constraint', false, 'CREATE TABLE t (a int CONSTRAINT k CHECK (a > 0)); ALTER TABLE t DROP CONSTRAINT k'),
('drop-primary-key', true, 'ALTER TABLE "Odd Schema"."Big ""One""" DROP CONSTRAINT "Big ""One""_pkey"'),
('drop-primary-key', true, 'ALTER TABLE keyed DROP CONSTRAINT IF EXISTS keyed_pkey CASCADE'),
('drop-primary-key', true, 'ALTER TABLE nothing DROP CONSTRAINT nothing_pkey'),
('drop-primary-key', false, 'CREATE TABLE t (a int CONSTRAINT k PRIMARY KEY); ALTER TABLE t DROP CONSTRAINT k'),
('drop-primary-key', false, 'ALTER TABLE big DROP CONSTRAINT big_b_key'),
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
('lock-timeout-missing', true, 'ALTER TABLE "Odd Schema"."Big ""One""" ADD y int'),
('lock-timeout-missing', true, 'SET lock_timeout = ''2s''; RESET lock_timeout; ALTER TABLE big ADD y int'),
('lock-timeout-missing', true, 'SET lock_timeout = ''2s''; RESET ALL; ALTER TABLE big ADD y int'),
('lock-timeout-missing', true, 'BEGIN; SET LOCAL lock_timeout = ''2s''; ROLLBACK; ALTER TABLE big ADD y int'),
('lock-timeout-missing', true, 'DROP VIEW big_view'),
('lock-timeout-missing', false, 'ALTER TABLE mine ADD y int'),
('lock-timeout-missing', false, 'ALTER TABLE IF EXISTS nothing ADD y int'),
('lock-timeout-missing', false, 'CREATE INDEX CONCURRENTLY ON big (c); SELECT 1; INSERT INTO big (id) VALUES (1)'),
('lock-timeout-missing', false, 'ALTER ROLE ALL SET lock_timeout = ''1s''; SET lock_timeout TO DEFAULT; SET LOCAL lock_timeout = 1; SELECT 1'),
('exclusive-lock-held', true, 'BEGIN; ALTER TABLE "Odd Schema"."Big ""One""" ADD y int; UPDATE big SET a = 1 WHERE id < 3; COMMIT'),
('exclusive-lock-held', true, 'BEGIN; DROP INDEX big_a_idx; CREATE INDEX ON big (a); COMMIT'),
('exclusive-lock-held', false, 'BEGIN; ALTER TABLE big ADD y int; COMMIT; UPDATE big SET a = 1 WHERE id < 3'),
('exclusive-lock-held', false, 'BEGIN; ALTER TABLE mine ADD y int; UPDATE big SET a = 1 WHERE id < 3; COMMIT'),
('exclusive-lock-held', false, 'BEGIN; CREATE TABLE t (a int); INSERT INTO t SELECT a FROM big; COMMIT'),
('validate-in-same-transaction', true, 'BEGIN; ALTER TABLE big ADD CONSTRAINT "K" FOREIGN KEY (a) REFERENCES keyed NOT VALID; ALTER TABLE app.big VALIDATE CONSTRAINT "K"; COMMIT'),
('validate-in-same-transaction', true, 'DO $$ BEGIN ALTER TABLE big ADD CONSTRAINT k CHECK (a > 1) NOT VALID; ALTER TABLE big VALIDATE CONSTRAINT k; END $$'),
('validate-in-same-transaction', false, 'ALTER TABLE big ADD CONSTRAINT k CHECK (a > 1) NOT VALID; ALTER TABLE big VALIDATE CONSTRAINT k'),
('validate-in-same-transaction', false, 'BEGIN; CREATE TABLE t (a int); ALTER TABLE t ADD CONSTRAINT k CHECK (a > 1) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT k; COMMIT'),
('foreign-key-without-index', true, 'ALTER TABLE parts ADD FOREIGN KEY (id) REFERENCES keyed'),
('foreign-key-without-index', true, 'ALTER TABLE nothing ADD COLUMN k int REFERENCES keyed'),
('foreign-key-without-index', true, 'CREATE INDEX ON keyed (parent) WHERE parent > 0; ALTER TABLE keyed ADD FOREIGN KEY (parent) REFERENCES keyed NOT VALID'),
('foreign-key-without-index', false, 'CREATE INDEX CONCURRENTLY ON keyed (parent, id); ALTER TABLE keyed ADD FOREIGN KEY (parent) REFERENCES keyed NOT VALID'),
('foreign-key-without-index', false, 'ALTER TABLE nothing ADD FOREIGN KEY (k) REFERENCES keyed'),
('foreign-key-without-index', false, 'CREATE TABLE t (k int PRIMARY KEY REFERENCES keyed)'),
('foreign-key-without-index', false, 'CREATE TABLE t (k int REFERENCES keyed, UNIQUE (k))'),
('detach-partition-not-concurrent', true, 'ALTER TABLE "app"."parts" DETACH PARTITION app.parts_1'),
('detach-partition-not-concurrent', false, 'CREATE TABLE p2 PARTITION OF parts FOR VALUES FROM (10000) TO (20000); CREATE TABLE q (a int) PARTITION BY LIST (a); CREATE TABLE q1 PARTITION OF q DEFAULT; ALTER TABLE q DETACH PARTITION q1'),
('attach-partition-scans', true, 'ALTER TABLE app.parts ATTACH PARTITION "app"."loose" FOR VALUES FROM (20000) TO (30000)'),
('attach-partition-scans', false, 'CREATE TABLE p (LIKE parts); ALTER TABLE parts ATTACH PARTITION p FOR VALUES FROM (20000) TO (30000)'),
('attach-partition-scans', false, 'ALTER TABLE loose ADD CONSTRAINT k CHECK (id IS NOT NULL AND id >= 0 AND id < 9000) NOT VALID; ALTER TABLE loose VALIDATE CONSTRAINT k'),
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
	('index-not-concurrent', true, 'CREATE INDEX ON empty (a)'),
	('index-not-concurrent', false, 'CREATE INDEX ON mine (a)'),
	('rename-table', true, 'ALTER TABLE IF EXISTS nothing RENAME TO n'),
	('set-not-null-scans', true, 'ALTER TABLE empty ALTER a SET NOT NULL'),
	('set-not-null-scans', false, 'CREATE TABLE t (a int); ALTER TABLE t ALTER a SET NOT NULL'),
	('add-column-required', true, 'ALTER TABLE empty ADD y int NOT NULL'),
	('foreign-key-without-index', false, 'ALTER TABLE nothing ADD FOREIGN KEY (k) REFERENCES keyed')) AS v(rule, found, sql);

SELECT * FROM finish();
ROLLBACK;
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL wishflags.guard = off;
DROP SCHEMA app CASCADE;
DROP SCHEMA "Odd Schema" CASCADE;
COMMIT;
