-- What DO and routines of the text run is looked into.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA body;
SET search_path = body;
CREATE TABLE big AS SELECT g AS id, 'x' || g AS name FROM generate_series(1, 5000) g;
ANALYZE big;
CREATE FUNCTION body_check(sql text)
RETURNS TABLE (st int, line int, col int, rule text, severity text, object text, routine text)
BEGIN ATOMIC
	SELECT f.statement, f.line, f.col, f.rule, f.severity, f.object, f.evidence->>'routine'
	FROM wishflags.migration_breaking_check(sql, '{"min_rows": 1000, "ignore": ["name-not-qualified", "missing-comment",
		"lock-timeout-missing", "statement-timeout-missing", "idle-timeout-missing", "application-name-missing"]}') f;
END;

-- Control structures, labels, EXECUTE of a constant, PERFORM, INTO, a handler.
SELECT * FROM body_check($x$
DO $$
DECLARE
	n int := (CASE WHEN true THEN 1 ELSE 2 END); -- BEGIN
BEGIN
	IF NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'x') AND CASE WHEN n = 1 THEN true ELSE false END THEN
		ALTER TABLE big ADD CONSTRAINT x CHECK (id > 0);
	ELSIF n = 2 THEN
		NULL;
	END IF;
	<<again>>
	FOR i IN 1..3 LOOP
		n := n + 1;
		CREATE INDEX late ON big (name);
	END LOOP again;
	CASE n WHEN 1, 2 THEN CREATE TYPE mood AS ENUM ('sad'); ELSE NULL; END CASE;
	EXECUTE 'ALTER TABLE big ADD COLUMN feeling mood DEFAULT ''sad'' NOT NULL';
	EXECUTE $q$TRUNCATE big$q$ USING n;
	SELECT count(*) INTO n FROM big;
	PERFORM pg_sleep(0);
	UPDATE big SET name = '';
	BEGIN
		CREATE TABLE big (id int PRIMARY KEY);
	EXCEPTION WHEN duplicate_table THEN
		DROP TABLE big;
	END;
END $$;
ALTER TABLE big ADD COLUMN again mood;
ALTER TABLE big ADD COLUMN never nothing;
$x$);

-- What cannot be looked into.
SELECT * FROM body_check($x$
DO LANGUAGE plperl 'x';
DO $$ BEGIN EXECUTE format('DROP TABLE %I', 'x'); END $$;
CALL unknown();
ALTER TABLE big ADD COLUMN perhaps made_there;
$x$);
-- A body in quotes has no place of its own.
SELECT * FROM body_check($x$
DO 'BEGIN CREATE INDEX CONCURRENTLY it ON big (id); COMMIT; END';
$x$);

-- A routine's DDL is advice where it is made, and counts where it is called.
SELECT * FROM body_check($x$
CREATE FUNCTION retype() RETURNS void LANGUAGE plpgsql AS $f$
BEGIN
	ALTER TABLE big ALTER id TYPE bigint;
	DELETE FROM big;
END $f$;
SELECT retype();
CREATE PROCEDURE gone() LANGUAGE sql AS 'SELECT retype(); DROP TABLE big';
CALL gone();
DROP FUNCTION retype();
$x$);
SELECT * FROM body_check($x$
CREATE FUNCTION a() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN TRUNCATE big; PERFORM b(); PERFORM b(); END $f$;
CREATE FUNCTION b() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN PERFORM a(); PERFORM a(); END $f$;
SELECT a();
$x$);
-- Comments of the text speak for it as well.
SELECT * FROM body_check($x$
-- wishflags: ignore truncate opaque-sql reason="test data"
DO $$ BEGIN TRUNCATE big; END $$;
$x$);

-- Bodies that are none.
SELECT count(*) FROM unnest(ARRAY['', 'BEGIN', 'END', 'IF', 'IF THEN', 'DECLARE', 'EXCEPTION', '<<', '#', 'EXECUTE', 'EXECUTE ''',
	'EXECUTE $a$', 'EXECUTE $', 'BEGIN END LOOP END IF', 'LOOP LOOP LOOP', ';;;', 'CASE CASE WHEN END', 'PERFORM', '(((', '"', '/*']) body,
	wishflags.migration_breaking_check('DO $do$' || body || '$do$');
DROP SCHEMA body CASCADE;
