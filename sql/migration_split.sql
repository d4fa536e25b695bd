-- Splitting and parsing: every statement alone, at its exact place.
SELECT * FROM wishflags.migration_parse(E'SELECT 1;\n\n  CREATE TABLE t (a int); -- c;\n/* ; */ DROP TABLE t');

-- Columns count characters, not bytes; a statement begins at its first token.
SELECT * FROM wishflags.migration_parse(E'SELECT ''\u00fc\u00f6\u00e4''; SELEC 1;\n-- \u20ac\n\u00e9\u00e9 SELECT');

-- Semicolons in strings, dollar quotes, rules and SQL-standard bodies.
SELECT statement, line, tag, error FROM wishflags.migration_parse($q$
SELECT ';', $$;$$, $a$ $$ ; $a$, E'\';', ";" FROM t;
CREATE RULE r AS ON INSERT TO t DO ALSO (DELETE FROM u; DELETE FROM v);
CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;
CREATE OR REPLACE PROCEDURE p() LANGUAGE sql BEGIN ATOMIC INSERT INTO t VALUES (1); END;
CREATE FUNCTION g() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN 1; END $$;
BEGIN; END;
$q$);

-- Data of COPY is skipped, psql commands are items of their own.
SELECT statement, line, tag, error FROM wishflags.migration_parse(E'COPY t FROM stdin;\n1\tit''s; (\n\\.\nSELECT 1;\n\\echo it''s\nSELECT 2 \\gexec\nSELECT 3;');

-- An error in one statement does not hide the others.
SELECT statement, line, col, tag, error FROM wishflags.migration_parse($q$SELECT 1;
SELECT 2;
ALTER TABEL t ADD x int;
SELECT (4;
SELECT 5;
SELECT )6;
SELECT 7$q$);

-- A breakpoint of Drizzle ends whatever was left open.
SELECT statement, line, col, tag, error FROM wishflags.migration_parse(E'SELECT ''open\n--> statement-breakpoint\nSELECT 2;--> statement-breakpoint\nSELECT $$x\n--> statement-breakpoint\nSELECT 4');

-- What never closes is given back at the next line that ends a statement.
SELECT statement, line, col, tag, error FROM wishflags.migration_parse(E'SELECT 1;\nSELECT ''open;\nSELECT 3;');
SELECT statement, line, tag, error FROM wishflags.migration_parse(E'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1;\nSELECT 2;');
SELECT statement, line, col, tag, error FROM wishflags.migration_parse(E'SELECT 1;\n  /* open;\nSELECT 3;');
SELECT statement, line, col, tag, error FROM wishflags.migration_parse(E'SELECT $a$ ; $b$;\nSELECT 2;\nSELECT 3');

-- Dollars in names and strings with escapes, of which the second is the first's continuation.
SELECT statement, line, tag, error FROM wishflags.migration_parse(E'SELECT a$b$ FROM c$d$e; SELECT E\'a\\\';\' \n\'b\\\';\'; SELECT e\'\', \'\\\'; SELECT 4;');
SET standard_conforming_strings = off;
SELECT statement, line, tag, error FROM wishflags.migration_parse($$SELECT 'a\';'; SELECT 2;$$);
RESET standard_conforming_strings;

-- Nothing to read.
SELECT * FROM wishflags.migration_parse('');
SELECT * FROM wishflags.migration_parse(E' ;; -- c\n/* c */;');
SELECT * FROM wishflags.migration_parse(NULL);

-- Locks, and those of another version.
SELECT tag, lock_mode FROM wishflags.migration_parse('CREATE INDEX ON t (a); DROP TABLE t; ALTER TABLE t VALIDATE CONSTRAINT c; SELECT 1');

-- The session's settings are as before, and names that are too long give no NOTICE.
SELECT count(*) FROM wishflags.migration_parse('SELECT 1 AS ' || repeat('x', 80));
SHOW client_min_messages;
