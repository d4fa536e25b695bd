-- What checks have found over time.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA mc;
CREATE TABLE mc.item (id int PRIMARY KEY, a text);
INSERT INTO mc.item SELECT g, 'x' FROM generate_series(1, 5000) g;
CREATE TEMP TABLE report AS SELECT wishflags.migration_report('{
	"1.sql": "-- wishflags: ignore drop-column, name-not-qualified reason=\"known\" until=2999-12-31\nALTER TABLE mc.item DROP a",
	"2.sql": "-- wishflags: ignore truncate\nDROP TABLE mc.item;\n-- squawk-ignore\nDROP SCHEMA mc",
	"3.sql": "SELECT 1"}', 'json', '{"only": ["drop-table", "drop-column", "drop-schema", "unused-ignore"]}')::jsonb AS r;
GRANT SELECT ON report TO PUBLIC;

-- Whoever may call it adds a run, and sees and changes none.
CREATE ROLE migration_ci;
GRANT USAGE ON SCHEMA wishflags TO migration_ci;
SET ROLE migration_ci;
SELECT wishflags.migration_record(r) FROM report;
RESET ROLE;
GRANT EXECUTE ON FUNCTION wishflags.migration_record TO migration_ci;
SET ROLE migration_ci;
SELECT wishflags.migration_record(r, '{"git_commit": "abc", "git_branch": "shop", "git_author": "Ann <a@example.com>", "command": "check"}') IS NOT NULL AS recorded FROM report;
SELECT wishflags.migration_record(jsonb_set(r -> 'files', '{0,directives,0,author}', '"Bob"')) IS NOT NULL AS recorded FROM report;
SELECT count(*) FROM wishflags.migration_runs;
DELETE FROM wishflags.migration_run_findings;
RESET ROLE;

SELECT recorded_by, git_commit, git_branch, git_author, command, files, milliseconds FROM wishflags.migration_runs ORDER BY git_commit;
SELECT f.ordinal, f.file, f.line, f.rule, f.severity, f.object, f.message
FROM wishflags.migration_run_findings f JOIN wishflags.migration_runs r ON r.id = f.run WHERE r.git_commit = 'abc' ORDER BY 1;
SELECT s.ordinal, s.file, s.line, s.rules, s.used, s.reason, s.until, s.author, r.git_commit
FROM wishflags.migration_run_skips s JOIN wishflags.migration_runs r ON r.id = s.run ORDER BY r.git_commit, 1;

-- A finding counts once a month for its author, a skip for who wrote it.
SELECT wishflags.migration_record(r, '{"git_author": "Ann <a@example.com>"}') IS NOT NULL AS recorded FROM report;
SELECT month = to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM') AS this_month, rule, severity, author, findings, skips
FROM wishflags.schema_health ORDER BY rule, author;
UPDATE wishflags.migration_runs SET recorded_at = '2025-01-31 23:30+00' WHERE git_commit = 'abc';
SELECT month, count(*) FROM wishflags.schema_health WHERE month < '2026' GROUP BY month;
SELECT wishflags.migration_record(wishflags.migration_report('{"1.sql": "SELECT 1"}', 'json', '{"timing": true}')::jsonb) IS NOT NULL AS recorded;
SELECT files, milliseconds >= 0 AS timed FROM wishflags.migration_runs WHERE milliseconds IS NOT NULL;

-- Wrong use.
SELECT wishflags.migration_record('{}');
SELECT wishflags.migration_record('"a"');
SELECT wishflags.migration_record('{"files": [{"file": "a", "sql": "DROP TABLE t"}]}');
SELECT wishflags.migration_record('[{"file": "a", "findings": [{"rule": "nope"}]}]');
SELECT wishflags.migration_record('[]', '{"who": "me"}');
BEGIN READ ONLY;
SELECT wishflags.migration_record('[]');
ROLLBACK;
-- What a run found goes with it, also for who has no right on those tables.
GRANT SELECT, DELETE ON wishflags.migration_runs TO migration_ci;
SET ROLE migration_ci;
DELETE FROM wishflags.migration_runs WHERE git_commit = 'abc';
RESET ROLE;
SELECT count(*) > 0 AS others, count(*) FILTER (WHERE r.id IS NULL) AS orphans
FROM wishflags.migration_run_findings f LEFT JOIN wishflags.migration_runs r ON r.id = f.run;
SELECT count(*) > 0 AS others, count(*) FILTER (WHERE r.id IS NULL) AS orphans
FROM wishflags.migration_run_skips s LEFT JOIN wishflags.migration_runs r ON r.id = s.run;
TRUNCATE wishflags.migration_runs;
SELECT (SELECT count(*) FROM wishflags.migration_run_findings) AS findings, (SELECT count(*) FROM wishflags.migration_run_skips) AS skips;
SELECT wishflags.migration_record(r) IS NOT NULL AS recorded FROM report;
TRUNCATE wishflags.migration_runs, wishflags.migration_run_findings, wishflags.migration_run_skips;
SELECT (SELECT count(*) FROM wishflags.migration_run_findings) AS findings, (SELECT count(*) FROM wishflags.migration_run_skips) AS skips;
CREATE TEMP TABLE mine (id int);
CREATE TRIGGER t AFTER DELETE ON mine FOR EACH STATEMENT EXECUTE FUNCTION wishflags.migration_runs_deleted();
DELETE FROM mine;
DROP TABLE mine;
REVOKE ALL ON wishflags.migration_runs FROM migration_ci;
DROP SCHEMA mc CASCADE;
REVOKE ALL ON SCHEMA wishflags FROM migration_ci;
REVOKE ALL ON FUNCTION wishflags.migration_record FROM migration_ci;
DROP ROLE migration_ci;
