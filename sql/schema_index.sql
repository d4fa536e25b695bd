-- Indexes.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA sd;
CREATE TABLE sd.t (a int, b text, c jsonb);
CREATE INDEX gone ON sd.t (a);
CREATE INDEX changed ON sd.t (a);
CREATE INDEX tuned ON sd.t ((a + 1)) WITH (fillfactor = 50);
CREATE TEMP TABLE before AS SELECT wishflags.schema_snapshot('{sd}') AS s;

DROP INDEX sd.gone, sd.changed;
CREATE UNIQUE INDEX changed ON sd.t (a DESC NULLS LAST, b COLLATE "C" text_pattern_ops) INCLUDE (c) NULLS NOT DISTINCT WHERE a > 0;
CREATE INDEX fresh ON sd.t USING gin (c jsonb_path_ops) WITH (fastupdate = off);
CREATE TABLE sd.n (a int);
CREATE INDEX on_new ON sd.n (a);
ALTER INDEX sd.tuned SET (fillfactor = 60);
ALTER INDEX sd.tuned ALTER COLUMN 1 SET STATISTICS 100;
ALTER TABLE sd.t CLUSTER ON fresh;
ALTER TABLE sd.t CLUSTER ON changed;
COMMENT ON INDEX sd.fresh IS 'i';
CREATE TEMP TABLE after AS SELECT wishflags.schema_snapshot('{sd}') AS s;

SELECT wishflags.schema_diff_sql(b.s, a.s, '{"online": false}') FROM before b, after a;
-- Online, an index of a table that is there is built and dropped concurrently, outside of transactions.
SELECT wishflags.schema_diff_sql(b.s, a.s) FROM before b, after a;
SELECT identity, transactional, lock_mode FROM before b, after a, wishflags.schema_diff(b.s, a.s) WHERE object_type = 'index' ORDER BY ordinal;

DROP SCHEMA sd CASCADE;

-- An index that a failed build left behind: built again, dropped, never copied.
CREATE SCHEMA sd;
CREATE TABLE sd.t (a int);
CREATE TEMP TABLE bare AS SELECT wishflags.schema_snapshot('{sd}') AS s;
INSERT INTO sd.t VALUES (1), (1);
CREATE UNIQUE INDEX CONCURRENTLY i ON sd.t (a);
CREATE TEMP TABLE failed AS SELECT wishflags.schema_snapshot('{sd}') AS s;
SELECT u AS named FROM jsonb_array_elements_text(wishflags.schema_snapshot()->'unmodelled') u WHERE u ~ 'sd';
TRUNCATE sd.t;
REINDEX INDEX sd.i;
SELECT action, attribute, sql, lock_mode, transactional FROM failed, wishflags.schema_diff(s);
SELECT sql FROM failed, wishflags.schema_diff(s, NULL, '{"online": false}');
SELECT count(*) AS changes FROM failed f, wishflags.schema_diff(wishflags.schema_snapshot('{sd}'), f.s);
SELECT count(*) AS changes FROM failed f, bare b, wishflags.schema_diff(b.s, f.s);
SELECT sql FROM failed f, bare b, wishflags.schema_diff(f.s, b.s);
DROP SCHEMA sd CASCADE;
