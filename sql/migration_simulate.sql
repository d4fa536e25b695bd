-- The text is read as if it were run: what it made, renamed, dropped and set.
CREATE SCHEMA sim_a;
CREATE SCHEMA sim_b;
CREATE TABLE sim_a.t (id int, a int);
INSERT INTO sim_a.t SELECT g, g FROM generate_series(1, 2000) g;
CREATE TABLE sim_b.t (id int);
ANALYZE sim_a.t;

CREATE FUNCTION sim_check(sql text, options jsonb DEFAULT '{}')
RETURNS TABLE (st int, rule text, object text)
BEGIN ATOMIC
	SELECT statement, rule, object FROM wishflags.migration_breaking_check(sql, '{"severity": "medium", "ignore": ["lock-timeout-missing", "row-security-change"]}'::jsonb || options)
	ORDER BY statement, rule;
END;

-- search_path, the session's and the text's.
SET search_path = sim_b, sim_a, public;
SELECT * FROM public.sim_check('CREATE INDEX ON t (id); SET search_path = sim_a, sim_b; CREATE INDEX ON t (id); RESET search_path; CREATE INDEX ON t (id)');
SELECT * FROM public.sim_check('CREATE TABLE made (a bigint PRIMARY KEY); CREATE INDEX ON sim_b.made (a); CREATE INDEX ON sim_a.made (a)');
-- It ends with the transaction or savepoint that set it; of the two tables only that of sim_a has rows.
SELECT sql, (SELECT string_agg(object, ', ' ORDER BY st) FROM public.sim_check(sql)) AS objects FROM unnest(ARRAY[
	'SET LOCAL search_path = sim_a; CREATE INDEX ON t (id)',
	'SELECT set_config(''search_path'', ''sim_a'', true); CREATE INDEX ON t (id)',
	'BEGIN; SET LOCAL search_path = sim_a; CREATE INDEX ON t (id); COMMIT; CREATE INDEX ON t (id)',
	'BEGIN; SET search_path = sim_a; SET LOCAL search_path = sim_b; COMMIT; CREATE INDEX ON t (id)',
	'BEGIN; SET LOCAL search_path = sim_b; SET search_path = sim_a; COMMIT; CREATE INDEX ON t (id)',
	'BEGIN; SET search_path = sim_a; COMMIT; CREATE INDEX ON t (id)',
	'BEGIN; SET search_path = sim_a; ROLLBACK; CREATE INDEX ON t (id)',
	'SET search_path = sim_a; BEGIN; SET search_path = sim_b; ROLLBACK AND CHAIN; CREATE INDEX ON t (id); SET search_path = sim_b; ROLLBACK; CREATE INDEX ON t (id)',
	'SET search_path = sim_a; RESET ALL; CREATE INDEX ON t (id)',
	'SET search_path = sim_a; DISCARD ALL; CREATE INDEX ON t (id)',
	'SET search_path = sim_a; SET search_path TO DEFAULT; CREATE INDEX ON t (id)',
	'BEGIN; SAVEPOINT s; SET search_path = sim_a; ROLLBACK TO s; CREATE INDEX ON t (id); COMMIT',
	'BEGIN; SAVEPOINT s; SET search_path = sim_a; RELEASE s; CREATE INDEX ON t (id); COMMIT; CREATE INDEX ON t (id)',
	'BEGIN; SAVEPOINT s; SET search_path = sim_a; SAVEPOINT s; SET search_path = sim_b; RELEASE s; ROLLBACK TO s; CREATE INDEX ON t (id)',
	'BEGIN; SAVEPOINT s; SET LOCAL search_path = sim_a; SAVEPOINT s; SET LOCAL search_path = sim_b; ROLLBACK TO s; CREATE INDEX ON t (id); COMMIT; CREATE INDEX ON t (id)']) WITH ORDINALITY AS s(sql, k) ORDER BY k;
-- So does what else is set: lock_timeout is asked for where it is not in force.
SELECT sql, (SELECT string_agg(statement::text, ' ') FROM wishflags.migration_breaking_check(sql, '{"only": ["lock-timeout-missing"]}')) AS missing FROM unnest(ARRAY[
	'SET LOCAL lock_timeout = 9; ALTER TABLE sim_a.t ADD x int',
	'BEGIN; SET LOCAL lock_timeout = 9; COMMIT; ALTER TABLE sim_a.t ADD x int',
	'BEGIN; SAVEPOINT s; SET lock_timeout = 9; ROLLBACK TO s; ALTER TABLE sim_a.t ADD x int; COMMIT',
	'BEGIN; SET lock_timeout = 9; SAVEPOINT s; SET LOCAL lock_timeout = 0; ROLLBACK TO s; ALTER TABLE sim_a.t ADD x int; COMMIT',
	'BEGIN; SET lock_timeout = 9; SET LOCAL lock_timeout = 0; COMMIT; ALTER TABLE sim_a.t ADD x int',
	'SET lock_timeout = 9; BEGIN; SET lock_timeout = 0; ROLLBACK; ALTER TABLE sim_a.t ADD x int']) WITH ORDINALITY AS s(sql, k) ORDER BY k;
-- The runner's transaction is rolled back as a whole.
SELECT * FROM public.sim_check('SET search_path = sim_a; ROLLBACK; CREATE INDEX ON t (id)', '{"in_transaction": true, "only": ["index-not-concurrent"], "ignore": []}');
RESET search_path;

-- Renames carry the table with them, with its columns and constraints.
SELECT * FROM sim_check('
	ALTER TABLE sim_a.t ADD CONSTRAINT p CHECK (a IS NOT NULL) NOT VALID;
	ALTER TABLE sim_a.t VALIDATE CONSTRAINT p;
	ALTER TABLE sim_a.t RENAME TO u;
	ALTER TABLE sim_a.u SET SCHEMA sim_b;
	ALTER TABLE sim_b.u ALTER a SET NOT NULL;
	ALTER TABLE sim_b.u ALTER id SET NOT NULL;
	DROP TABLE sim_a.t');

-- Dropped is gone, made again it is new.
SELECT * FROM sim_check('DROP TABLE sim_a.t; ALTER TABLE sim_a.t ADD x int; CREATE TABLE sim_a.t (id bigint PRIMARY KEY, a int); CREATE INDEX ON sim_a.t (a)');
SELECT * FROM sim_check('ALTER TABLE sim_a.t ADD x int; ALTER TABLE sim_a.t RENAME x TO y; ALTER TABLE sim_a.t DROP y; ALTER TABLE sim_a.t DROP y');
SELECT * FROM sim_check('CREATE TABLE IF NOT EXISTS sim_a.t (a int); CREATE INDEX ON sim_a.t (a); CREATE TABLE IF NOT EXISTS sim_a.n (a int); CREATE INDEX ON sim_a.n (a)');
SELECT * FROM sim_check('CREATE VIEW sim_a.v AS SELECT 1; ALTER VIEW sim_a.v RENAME TO w; DROP VIEW sim_a.w; DROP VIEW sim_a.v');
SELECT * FROM sim_check('SELECT * INTO sim_a.copied FROM sim_b.t; CREATE INDEX ON sim_a.copied (id); CREATE MATERIALIZED VIEW sim_a.m AS SELECT 1 AS x; CREATE INDEX ON sim_a.m (x); REFRESH MATERIALIZED VIEW sim_a.m');
SELECT * FROM sim_check('CREATE SCHEMA sim_c CREATE TABLE t (a bigint PRIMARY KEY); DROP TABLE sim_c.t; DROP SCHEMA sim_c');

-- Types.
SELECT * FROM sim_check('CREATE DOMAIN sim_d AS int CHECK (VALUE > 0); ALTER TABLE sim_a.t ADD x sim_d; ALTER DOMAIN sim_d ADD CHECK (VALUE < 9); DROP DOMAIN sim_d; DROP DOMAIN sim_d');
SELECT * FROM sim_check('CREATE TYPE sim_e AS ENUM (''a''); ALTER TYPE sim_e RENAME TO sim_f; ALTER TYPE sim_f RENAME VALUE ''a'' TO ''b''; ALTER TYPE sim_e RENAME VALUE ''a'' TO ''b''');

-- CASCADE takes what depends on what a name means at that place of the text.
CREATE VIEW sim_a.on_t AS SELECT a FROM sim_a.t;
SELECT k, statement, evidence -> 'dependents' AS dependents, replace(safe_sql, E'\n', ' ') AS safe FROM (VALUES
	(1, 'DROP TABLE sim_a.t CASCADE'),
	(2, 'ALTER TABLE sim_a.t RENAME TO old; CREATE TABLE sim_a.t (a int); DROP TABLE sim_a.t CASCADE'),
	(3, 'ALTER TABLE sim_a.t RENAME TO old; ALTER TABLE sim_b.t SET SCHEMA sim_a; DROP TABLE sim_a.t CASCADE'),
	(4, 'SET search_path = sim_a; DROP TABLE t CASCADE'),
	(5, 'SET search_path = sim_a; ALTER TABLE t DROP a CASCADE'),
	(6, 'SET search_path = sim_b; DROP TABLE t CASCADE'),
	(7, 'SET search_path = sim_a; ALTER TABLE t RENAME TO old; ALTER TABLE sim_b.t SET SCHEMA sim_a; DROP TABLE t CASCADE')) AS v(k, sql), wishflags.migration_breaking_check(sql, '{"only": ["drop-cascade"]}') ORDER BY 1, 2;
DROP VIEW sim_a.on_t;

-- An index goes with any column that it uses, whether a key or not: its name is free again.
CREATE TABLE sim_a.wide (k int, a int, b int, c int, d int, e int, CONSTRAINT key_with UNIQUE (k) INCLUDE (d));
CREATE INDEX wide_include ON sim_a.wide (k) INCLUDE (a);
CREATE INDEX wide_expression ON sim_a.wide ((b + 1));
CREATE INDEX wide_predicate ON sim_a.wide (k) WHERE c > 0;
CREATE INDEX wide_other ON sim_a.wide ((e + 1));
SELECT k, string_agg(statement::text, ' ') AS taken FROM (VALUES
	(1, 'CREATE INDEX wide_include ON sim_a.wide (k); ALTER TABLE sim_a.wide DROP a; CREATE INDEX wide_include ON sim_a.wide (k)'),
	(2, 'CREATE INDEX wide_expression ON sim_a.wide (k); ALTER TABLE sim_a.wide DROP b; CREATE INDEX wide_expression ON sim_a.wide (k)'),
	(3, 'CREATE INDEX wide_predicate ON sim_a.wide (k); ALTER TABLE sim_a.wide DROP c; CREATE INDEX wide_predicate ON sim_a.wide (k)'),
	(4, 'ALTER TABLE sim_a.wide DROP a, DROP b, DROP c, DROP d; CREATE INDEX wide_other ON sim_a.wide (k)'),
	(5, 'ALTER TABLE sim_a.wide RENAME c TO c2; ALTER TABLE sim_a.wide DROP c2; CREATE INDEX wide_predicate ON sim_a.wide (k)'),
	(6, 'ALTER TABLE sim_a.wide DROP d; ALTER TABLE sim_a.wide ADD CONSTRAINT key_with CHECK (k > 0)'),
	(7, 'CREATE TABLE sim_a.made (k int, a int, b int, c int, d int, EXCLUDE USING btree ((d + 1) WITH =)); CREATE INDEX made_i ON sim_a.made (k) INCLUDE (a); CREATE INDEX made_x ON sim_a.made ((b + 1)); CREATE INDEX made_p ON sim_a.made (k) WHERE c > 0;
		ALTER TABLE sim_a.made DROP a, DROP b, DROP c, DROP d; CREATE INDEX made_i ON sim_a.made (k); CREATE INDEX made_x ON sim_a.made (k); CREATE INDEX made_p ON sim_a.made (k); CREATE TABLE sim_a.made_expr_excl ()')) AS v(k, sql)
	LEFT JOIN LATERAL wishflags.migration_breaking_check(sql) ON message ~ 'exists' GROUP BY k ORDER BY k;
DROP TABLE sim_a.wide;

-- The only policy of a table goes: then nobody reads it.
CREATE POLICY only_one ON sim_a.t USING (a > 0);
SELECT k, severity, message FROM (VALUES
	(1, 'ALTER TABLE sim_a.t ENABLE ROW LEVEL SECURITY'),
	(2, 'DROP POLICY only_one ON sim_a.t; ALTER TABLE sim_a.t ENABLE ROW LEVEL SECURITY'),
	(3, 'DROP POLICY only_one ON sim_a.t; CREATE POLICY other ON sim_a.t USING (true); ALTER TABLE sim_a.t ENABLE ROW LEVEL SECURITY'),
	(4, 'ALTER POLICY only_one ON sim_a.t RENAME TO renamed; ALTER TABLE sim_a.t ENABLE ROW LEVEL SECURITY'),
	(5, 'ALTER POLICY only_one ON sim_a.t RENAME TO renamed; DROP POLICY renamed ON sim_a.t; ALTER TABLE sim_a.t ENABLE ROW LEVEL SECURITY')) AS v(k, sql),
	wishflags.migration_breaking_check(sql, '{"only": ["row-security-change"]}') WHERE message ~ 'row security and no|from now on' ORDER BY 1;
DROP POLICY only_one ON sim_a.t;

-- What was rolled back is not followed: after it, nothing is said for certain.
SELECT statement, rule, severity FROM unnest(ARRAY[
	'BEGIN; CREATE TABLE sim_a.n (a int); ROLLBACK; CREATE TABLE sim_a.n (a int)',
	'BEGIN; SAVEPOINT s; DROP TABLE sim_a.t; ROLLBACK TO s; ALTER TABLE sim_a.t ADD x int; COMMIT',
	'BEGIN; SET LOCAL lock_timeout = 9; ROLLBACK; CREATE TABLE sim_a.t (a int)']) WITH ORDINALITY AS s(sql, k),
	wishflags.migration_breaking_check(sql, '{"only": ["object-exists", "object-missing"]}') ORDER BY k;

-- What the calling transaction has made is new as well.
BEGIN;
CREATE TABLE sim_a.young (a int);
INSERT INTO sim_a.young VALUES (1);
SELECT * FROM sim_check('CREATE INDEX ON sim_a.young (a); DROP TABLE sim_a.young');
ROLLBACK;

DROP FUNCTION sim_check;
SET client_min_messages = warning;
DROP SCHEMA sim_a, sim_b CASCADE;
RESET client_min_messages;
