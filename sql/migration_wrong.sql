-- Wrong use: options are checked by key, texts never raise.
SELECT * FROM wishflags.migration_breaking_check('SELECT 1', '{"validate_all": true}');
SELECT * FROM wishflags.migration_breaking_check('SELECT 1', '{"min_rows": "many"}');
SELECT * FROM wishflags.migration_breaking_check('SELECT 1', '{"min_rows": -1}');
SELECT * FROM wishflags.migration_breaking_check('SELECT 1', '{"min_rows": 1.5}');
SELECT * FROM wishflags.migration_breaking_check('SELECT 1', '{"min_rows": 1e30}');
SELECT * FROM wishflags.migration_breaking_check('SELECT 1', '{"target_version": 8}');
SELECT * FROM wishflags.migration_breaking_check('SELECT 1', '{"severity": "urgent"}');
SELECT * FROM wishflags.migration_breaking_check('SELECT 1', '{"only": ["drop-tabel"]}');
SELECT * FROM wishflags.migration_breaking_check('SELECT 1', '[]');
SELECT * FROM wishflags.migration_breaking_check(NULL);

-- A syntax error in statement 7 of 20 has its place; the others are checked.
SELECT statement, line, col, rule, severity, kind, message
FROM wishflags.migration_breaking_check(
	(SELECT string_agg(CASE n WHEN 7 THEN 'CREATE TABLE t7 (a int,, b int);'
							  ELSE format('CREATE TABLE t%s (a bigint PRIMARY KEY);', n) END, E'\n' ORDER BY n)
	 FROM generate_series(1, 19) n) || E'\nDROP DATABASE production;',
	'{"severity": "medium"}');

-- A missing table is reported beside what the text says.
SELECT rule, severity, object, lock_mode FROM wishflags.migration_breaking_check(
	'CREATE INDEX ON nowhere (a)', '{"severity": "medium"}') ORDER BY rule;

-- Names that resolve to nothing sensible.
SELECT rule, object FROM wishflags.migration_breaking_check(
	'ALTER TABLE a.b.c DROP d; ALTER TABLE otherdb.public.t DROP d; DROP TYPE a.b.c.d; ALTER TABLE pg_temp.t DROP d',
	'{"severity": "high"}') ORDER BY statement, rule;

-- Filters.
SELECT rule FROM wishflags.migration_breaking_check('DROP TABLE nowhere', '{"only": "drop-table"}');
SELECT rule FROM wishflags.migration_breaking_check('DROP TABLE nowhere', '{"only": ["drop-table"], "ignore": ["drop-table"]}');
SELECT rule FROM wishflags.migration_breaking_check('DROP TABLE nowhere', '{"ignore": ["object-missing"], "severity": "high"}');

-- psql commands and variables.
SELECT line, col, rule, message, hint FROM wishflags.migration_breaking_check(E'\\i other.sql\nSELECT :var;', '{"severity": "medium"}');

-- Nothing is run, and nothing is locked.
CREATE TABLE wrong_t (a int);
BEGIN;
SELECT count(*) > 0 AS found FROM wishflags.migration_breaking_check('DROP TABLE wrong_t; TRUNCATE wrong_t; INSERT INTO wrong_t VALUES (1)');
SELECT count(*) AS locks FROM pg_locks WHERE relation = 'wrong_t'::regclass;
COMMIT;
TABLE wrong_t;
DROP TABLE wrong_t;

-- What would keep the server's scanner busy for minutes is not scanned.
SELECT statement, line, col, rule, message
FROM wishflags.migration_breaking_check('SELECT 1;' || chr(10) || repeat('/*', 200000), '{"severity": "low"}');
SELECT statement, line, col, rule, message
FROM wishflags.migration_breaking_check('SELECT ' || repeat('+', 200000) || '1', '{"severity": "low"}');
SELECT count(*) FROM wishflags.migration_breaking_check('SELECT 1; /' || repeat('*', 200000) || '/ --' || repeat('-', 200000),
                                                        '{"severity": "low"}');

-- Only who is given it may check; a role needs no right on the tables.
CREATE ROLE wf_checker;
GRANT USAGE ON SCHEMA wishflags TO wf_checker;
SET ROLE wf_checker;
SELECT * FROM wishflags.migration_breaking_check('SELECT 1');
RESET ROLE;
GRANT EXECUTE ON FUNCTION wishflags.migration_breaking_check(text, jsonb) TO wf_checker;
CREATE SCHEMA wrong_s;
CREATE TABLE wrong_s.hidden (a int);
INSERT INTO wrong_s.hidden VALUES (1);
SET ROLE wf_checker;
SELECT rule, object FROM wishflags.migration_breaking_check('CREATE INDEX ON wrong_s.hidden (a)', '{"only": "index-not-concurrent"}');
RESET ROLE;
DROP SCHEMA wrong_s CASCADE;
DROP OWNED BY wf_checker;
DROP ROLE wf_checker;
