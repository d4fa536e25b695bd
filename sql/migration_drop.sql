-- Rules about dropping, renaming and moving.
CREATE SCHEMA drop_s;
CREATE TABLE drop_s.t (id int PRIMARY KEY, a int);
INSERT INTO drop_s.t SELECT g, g FROM generate_series(1, 2000) g;
CREATE TABLE drop_s.e (id int);
CREATE TYPE drop_s.used AS ENUM ('a');
CREATE TABLE drop_s.u (x drop_s.used);
CREATE TYPE drop_s.unused AS ENUM ('a');
CREATE VIEW drop_s.v AS SELECT 1 AS one;
ANALYZE drop_s.t;
SET search_path = drop_s, public;

CREATE FUNCTION drop_check(sql text, options jsonb DEFAULT '{}')
RETURNS TABLE (st int, rule text, severity text, kind text, object text, lock_mode text)
BEGIN ATOMIC
	SELECT statement, rule, severity, kind, object, lock_mode
	FROM wishflags.migration_breaking_check(sql, '{"severity": "low", "ignore": ["lock-timeout-missing", "alter-table-not-combined"]}'::jsonb || options)
	ORDER BY statement, rule;
END;

SELECT * FROM drop_check('DROP TABLE t; DROP TABLE IF EXISTS e, nowhere; DROP TABLE gone CASCADE');
SELECT * FROM drop_check('ALTER TABLE t DROP a; ALTER TABLE t DROP COLUMN IF EXISTS zzz; ALTER TABLE e DROP id CASCADE');
SELECT * FROM drop_check('DROP SCHEMA drop_s CASCADE; CREATE SCHEMA n; DROP SCHEMA n; DROP DATABASE d');
SELECT * FROM drop_check('DROP TYPE used; DROP TYPE unused; DROP TYPE nowhere; DROP DOMAIN IF EXISTS nowhere');
SELECT * FROM drop_check('TRUNCATE t, e; TRUNCATE t CASCADE');
SELECT * FROM drop_check('DROP TABLE IF EXISTS t; CREATE TABLE t (id bigint PRIMARY KEY)', '{"only": ["recreate-table", "object-exists", "object-missing"]}');
SELECT * FROM drop_check('DROP FUNCTION f(int, text); DROP TRIGGER g ON t; DROP POLICY p ON t');

-- What the text itself made is nobody's loss.
SELECT * FROM drop_check('
	CREATE TABLE n (a bigint PRIMARY KEY, b int); ALTER TABLE n RENAME b TO c; ALTER TABLE n DROP c; ALTER TABLE n RENAME TO m;
	ALTER TABLE m SET SCHEMA public; TRUNCATE public.m; DROP TABLE public.m CASCADE;
	CREATE TEMP TABLE p AS SELECT 1; DROP TABLE p');

-- Renames; a view of the old name keeps readers going.
SELECT * FROM drop_check('ALTER TABLE t RENAME a TO b; ALTER TABLE t RENAME TO u2; ALTER VIEW v RENAME TO w; ALTER SCHEMA drop_s RENAME TO x');
SELECT * FROM drop_check('ALTER TABLE t RENAME TO t2; CREATE VIEW t AS SELECT * FROM t2');
SELECT * FROM drop_check('ALTER TYPE used RENAME TO z; ALTER FUNCTION f(int) RENAME TO g; ALTER TABLE t RENAME CONSTRAINT t_pkey TO k; ALTER TRIGGER a ON t RENAME TO b');
SELECT * FROM drop_check('ALTER TABLE t SET SCHEMA public; ALTER TYPE used SET SCHEMA public; ALTER FUNCTION f(int) SET SCHEMA public');

-- Each role that is revoked, and what of it.
SELECT * FROM drop_check('REVOKE pg_monitor, pg_read_all_data FROM pg_signal_backend; REVOKE ADMIN OPTION FOR pg_monitor FROM pg_signal_backend',
	'{"only": "revoke-privilege"}');

-- The safe ways work as they stand.
SELECT safe_sql AS safe FROM wishflags.migration_breaking_check('ALTER TABLE t RENAME TO t2', '{"only": "rename-table"}') \gset
:safe
SELECT count(*) FROM t;
SELECT safe_sql AS safe FROM wishflags.migration_breaking_check('ALTER TABLE e SET SCHEMA public', '{"only": "move-schema"}') \gset
:safe
-- A column is there under both names.
SELECT * FROM drop_check('BEGIN; ALTER TABLE v_t RENAME a TO b; ALTER TABLE v_t RENAME TO v_base; CREATE VIEW v_t AS SELECT *, b AS a FROM v_base; COMMIT', '{"only": ["rename-column", "rename-table"]}');
SELECT count(*) FROM e;
SELECT safe_sql FROM wishflags.migration_breaking_check('DROP TABLE t2', '{"only": "drop-table"}') \gexec
SELECT to_regclass('t2_dropped') IS NOT NULL AS renamed;

-- What CASCADE takes along is dropped by name, each before what it depends on.
CREATE SCHEMA drop_c;
SET search_path = drop_c, public;
CREATE TABLE base (id serial PRIMARY KEY, a int, b text);
CREATE VIEW v1 AS SELECT a FROM base;
CREATE VIEW v2 AS SELECT v1.*, base.b FROM v1, base;
CREATE MATERIALIZED VIEW m AS SELECT * FROM v2;
CREATE INDEX ON m (a);
CREATE FUNCTION of_row(base) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE "Refers" (base int REFERENCES base, kept int GENERATED ALWAYS AS (of_row(NULL)) STORED);
CREATE POLICY p ON "Refers" USING (EXISTS (SELECT FROM base));
CREATE TYPE pair AS (x int, y int);
CREATE TABLE pairs (a pair, b int);
CREATE TABLE months (m int) PARTITION BY RANGE (m);
CREATE TABLE months_1 PARTITION OF months FOR VALUES FROM (1) TO (2);
CREATE TYPE mood AS ENUM ('ok', 'no');
CREATE TABLE moods (id int PRIMARY KEY, m mood NOT NULL DEFAULT 'ok');
CREATE VIEW v3 AS SELECT 'ok'::mood AS m;
CREATE TABLE by_mood_1 (m mood);
CREATE TABLE by_mood (m mood) PARTITION BY LIST (m);
ALTER TABLE by_mood ATTACH PARTITION by_mood_1 DEFAULT;
CREATE FUNCTION good(int) RETURNS bool IMMUTABLE LANGUAGE sql AS 'SELECT true';
CREATE TABLE heir (x int, CONSTRAINT ck CHECK (good(x)));
CREATE TABLE ancestor (x int, CONSTRAINT ck CHECK (good(x)));
ALTER TABLE heir INHERIT ancestor;
\t on
SELECT safe_sql FROM unnest(ARRAY['DROP TABLE base CASCADE', 'ALTER TABLE base ADD c int, DROP COLUMN a CASCADE, ADD d int', 'DROP TYPE pair CASCADE -- both',
	'DROP TABLE IF EXISTS pairs CASCADE', 'DROP FUNCTION of_row CASCADE', 'DROP TYPE mood CASCADE', 'DROP FUNCTION good CASCADE']) sql, wishflags.migration_breaking_check(sql, '{"only": "drop-cascade"}');
-- What is inherited, and the child's own as well, is dropped behind the parent's; so is all of the schema.
SELECT safe_sql AS safe FROM wishflags.migration_breaking_check('DROP SCHEMA drop_c CASCADE', '{"only": "drop-cascade"}') \gset
\t off
\echo :safe
SET client_min_messages = warning;
:safe
SELECT to_regnamespace('drop_c') IS NULL AS dropped;

RESET search_path;
DROP FUNCTION drop_s.drop_check;
DROP VIEW drop_s.e;
DROP TABLE drop_s.u, public.e;
DROP SCHEMA drop_s CASCADE;
RESET client_min_messages;
