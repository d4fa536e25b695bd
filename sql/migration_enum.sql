-- Rules about enums.
CREATE TYPE en_used AS ENUM ('a', 'b');
CREATE DOMAIN en_domain AS en_used;
CREATE TABLE en_t (id int, m en_used[], d en_domain);
CREATE TYPE en_free AS ENUM ('a');

CREATE FUNCTION en_check(sql text, options jsonb DEFAULT '{}')
RETURNS TABLE (st int, rule text, severity text, object text, columns int, used_by text)
BEGIN ATOMIC
	SELECT statement, rule, severity, object, (evidence->>'columns')::int, evidence->>'used_by'
	FROM wishflags.migration_breaking_check(sql, options)
	WHERE rule LIKE 'enum%' OR rule IN ('rename-other', 'drop-type', 'object-missing', 'object-exists') ORDER BY statement, rule;
END;

SELECT * FROM en_check('ALTER TYPE en_used ADD VALUE ''c''; ALTER TYPE en_free ADD VALUE ''c'' BEFORE ''a''; ALTER TYPE en_nowhere ADD VALUE ''c''');
SELECT * FROM en_check('ALTER TYPE en_used RENAME VALUE ''a'' TO ''z''; ALTER TYPE en_free RENAME VALUE ''a'' TO ''z''');
SELECT * FROM en_check('ALTER TYPE en_used RENAME TO e2; ALTER TYPE e2 ADD VALUE ''q''; DROP TYPE e2, en_free');
SELECT * FROM en_check('CREATE TYPE n AS ENUM (''a''); ALTER TYPE n ADD VALUE ''b''; ALTER TYPE n RENAME VALUE ''a'' TO ''c''; DROP TYPE n');

-- A label is of use after the commit.
SELECT * FROM en_check('BEGIN; ALTER TYPE en_used ADD VALUE ''new'' AFTER ''a''; INSERT INTO en_t (d) VALUES (''new''); COMMIT; INSERT INTO en_t (d) VALUES (''new'')',
	'{"only": "enum-value-used-in-transaction"}');
SELECT st, rule FROM en_check('ALTER TYPE en_used ADD VALUE ''new'' AFTER ''a''; ALTER TABLE en_t ADD CHECK (d <> ''new''::en_used); CREATE VIEW v AS SELECT * FROM en_t WHERE d = ''new''',
	'{"only": "enum-value-used-in-transaction", "in_transaction": true}');
SELECT st, rule FROM en_check('ALTER TYPE en_used ADD VALUE ''new'' AFTER ''a''; UPDATE en_t SET d = ''new''', '{"only": "enum-value-used-in-transaction"}');
-- Of two enums that got the same label, the one that is meant.
CREATE TYPE en_second AS ENUM ('a');
CREATE TABLE en_both (x en_used, y en_second);
SELECT statement, object, message FROM wishflags.migration_breaking_check('BEGIN; ALTER TYPE en_used ADD VALUE ''new''; ALTER TYPE en_second ADD VALUE ''new''; '
	'UPDATE en_both SET x = ''new''; DELETE FROM en_both WHERE y = ''new''; INSERT INTO en_both (y, x) VALUES (''a'', ''new''); SELECT ''new''::en_second; '
	'SELECT ''new'' = ANY (ARRAY(SELECT x FROM en_both)); CREATE TYPE en_third AS ENUM (''new''); SELECT ''new''::en_third', '{"only": "enum-value-used-in-transaction"}') ORDER BY 1;
DROP TABLE en_both;
DROP TYPE en_second;

-- Labels that are there, or are not: by the catalog and by the text.
SELECT st, rule, severity FROM en_check($q$ALTER TYPE en_used ADD VALUE 'x' BEFORE 'zzz'; ALTER TYPE en_used ADD VALUE 'b'; ALTER TYPE en_used ADD VALUE IF NOT EXISTS 'b';
	ALTER TYPE en_used RENAME VALUE 'a' TO 'b'; ALTER TYPE en_used ADD VALUE 'y'; ALTER TYPE en_used ADD VALUE 'z' AFTER 'y';
	CREATE TYPE n AS ENUM ('q'); ALTER TYPE n ADD VALUE 'r' AFTER 'q'; ALTER TYPE n ADD VALUE 's' AFTER 'zzz'$q$, '{"only": ["object-missing", "object-exists"]}');
SELECT st, rule, object FROM en_check('CREATE TABLE t (a nowhere_type, b en_used, c en_t, d serial, e int[]); ALTER TABLE en_t ADD x nowhere_type; DO LANGUAGE plperl ''''; ALTER TABLE en_t ADD x nowhere_type',
	'{"only": "object-missing"}');

-- Before 12 it did not even run in a transaction.
SELECT rule, severity FROM en_check('ALTER TYPE en_used ADD VALUE ''c'' AFTER ''b''', '{"in_transaction": true, "target_version": 11, "only": "enum-add-value-in-transaction"}');

-- The first step of the way around a rename works.
SET wishflags.bypass = 'the first step of the safe way';
SELECT safe_sql FROM wishflags.migration_breaking_check('ALTER TYPE en_used RENAME VALUE ''a'' TO ''it''''s''', '{"only": "enum-rename-value"}') \gexec
RESET wishflags.bypass;
SELECT enum_range(NULL::en_used);

DROP FUNCTION en_check;
DROP TABLE en_t;
DROP DOMAIN en_domain;
DROP TYPE en_used, en_free;
