-- Order around inheritance and typed tables.
SET wishflags.guard = off;
SET client_min_messages = warning;
-- Makes two schemas one after the other, turns the second into the first by script and that into the second again:
-- what each script leaves different, which is nothing.
CREATE FUNCTION pg_temp.there_and_back(one text, other text, OUT left_back bigint, OUT left_there bigint) LANGUAGE plpgsql AS $$
DECLARE
	a jsonb;
	b jsonb;
	options jsonb := '{"online": false, "allow_data_loss": true}';
BEGIN
	DROP SCHEMA IF EXISTS sd CASCADE;
	CREATE SCHEMA sd;
	SET LOCAL search_path = sd;
	EXECUTE one;
	RESET search_path;
	a := wishflags.schema_snapshot('{sd}');
	DROP SCHEMA sd CASCADE;
	CREATE SCHEMA sd;
	SET LOCAL search_path = sd;
	EXECUTE other;
	RESET search_path;
	b := wishflags.schema_snapshot('{sd}');
	EXECUTE regexp_replace(wishflags.schema_diff_sql(b, a, options), '^(BEGIN|COMMIT);$', '', 'gn');
	left_back := count(*) FROM wishflags.schema_diff(wishflags.schema_snapshot('{sd}'), a);
	EXECUTE regexp_replace(wishflags.schema_diff_sql(a, b, options), '^(BEGIN|COMMIT);$', '', 'gn');
	left_there := count(*) FROM wishflags.schema_diff(wishflags.schema_snapshot('{sd}'), b);
END $$;

-- How the children stand: their parents in order, and the columns that are only inherited.
CREATE VIEW pg_temp.children AS
SELECT c.relname, (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid) AS parents,
	(SELECT string_agg(attname, ', ' ORDER BY attname) FROM pg_attribute a WHERE a.attrelid = c.oid AND attnum > 0 AND NOT attislocal AND NOT attisdropped) AS only_inherited
FROM pg_class c WHERE relnamespace = to_regnamespace('sd') AND EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid) ORDER BY 1;
-- A table that is there gets parents, and what they have by them alone.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE a (x int);
CREATE TABLE b (y int DEFAULT 3 CHECK (y > 0));
CREATE TABLE c (z int);$$,
$$CREATE TABLE a (x int);
CREATE TABLE b (y int DEFAULT 3 CHECK (y > 0));
CREATE TABLE c (z int) INHERITS (b, a);$$);
SELECT * FROM pg_temp.children;
-- Parents change places.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE a (x int);
CREATE TABLE b (x int, y int CHECK (y > 0));
CREATE TABLE c (z int) INHERITS (b, a);$$,
$$CREATE TABLE a (x int);
CREATE TABLE b (x int, y int CHECK (y > 0));
CREATE TABLE c (z int) INHERITS (a, b);$$);
SELECT * FROM pg_temp.children;
-- The first parent gets another name.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE a (x int);
CREATE TABLE b (x int, y int CHECK (y > 0));
CREATE TABLE c (z int) INHERITS (a, b);$$,
$$CREATE TABLE a (x int);
CREATE TABLE b (x int, y int CHECK (y > 0));
CREATE TABLE c (z int) INHERITS (a, b);
ALTER TABLE a RENAME TO a2;$$);
SELECT * FROM pg_temp.children;
-- A child leaves, and loses what only the parent had.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE a (x int CHECK (x > 0), y int);
CREATE TABLE c (z int) INHERITS (a);$$,
$$CREATE TABLE a (x int CHECK (x > 0), y int);
CREATE TABLE c (x int, z int);$$);
-- A column goes while the parent gets another name.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE a (x int, b int);
CREATE TABLE c () INHERITS (a);$$,
$$CREATE TABLE a2 (x int);
CREATE TABLE c () INHERITS (a2);$$);
SELECT * FROM pg_temp.children;
-- A column of the parent that is also the child's own gets another name.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE a (x int, y int);
CREATE TABLE c (x int) INHERITS (a);
CREATE TABLE d () INHERITS (c);$$,
$$CREATE TABLE a (z int, y int);
CREATE TABLE c (z int) INHERITS (a);
CREATE TABLE d () INHERITS (c);$$);
SELECT * FROM pg_temp.children;
-- A new child has the parents' new columns.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE a (x int);
CREATE TABLE b (x int);
$$,
$$CREATE TABLE a (x int, n text DEFAULT 'x' CHECK (n > 'a'));
CREATE TABLE c (n text DEFAULT 'z', z int) INHERITS (a);$$);
SELECT * FROM pg_temp.children;
-- An identity is the parent's alone.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE a (x int);
CREATE TABLE c (y int) INHERITS (a);$$,
$$CREATE TABLE a (x int);
CREATE TABLE c (y int) INHERITS (a);
ALTER TABLE a ADD n int NOT NULL;
ALTER TABLE a ALTER n ADD GENERATED ALWAYS AS IDENTITY;$$);
SELECT * FROM pg_temp.children;
-- A typed table follows its type, and its children do.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TYPE ty AS (a int, b text);
CREATE TABLE t OF ty;
CREATE TABLE child (z int) INHERITS (t);$$,
$$CREATE TYPE ty AS (a int, b text);
CREATE TABLE t OF ty;
CREATE TABLE child (z int) INHERITS (t);
ALTER TYPE ty ADD ATTRIBUTE c int CASCADE;
ALTER TYPE ty ALTER ATTRIBUTE a TYPE bigint CASCADE;
ALTER TYPE ty DROP ATTRIBUTE b CASCADE;$$);
-- Children check what their parent leaves unchecked, or have it as their own; their comments come again with it.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE a (x int);
CREATE TABLE b () INHERITS (a);
CREATE TABLE c () INHERITS (a);
CREATE TABLE d (CONSTRAINT k CHECK (x > 0)) INHERITS (a);
ALTER TABLE a ADD CONSTRAINT k CHECK (x > 0) NOT VALID;
ALTER TABLE b VALIDATE CONSTRAINT k;
COMMENT ON CONSTRAINT k ON b IS 'checked';$$,
$$CREATE TABLE a (x int);
CREATE TABLE b () INHERITS (a);
CREATE TABLE c () INHERITS (a);
CREATE TABLE d (CONSTRAINT k CHECK (x > 1)) INHERITS (a);
ALTER TABLE a ADD CONSTRAINT k CHECK (x > 1) NOT VALID;
ALTER TABLE c VALIDATE CONSTRAINT k;$$);
-- What goes from a parent stays with the children that keep it.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE a (x int, y int, CHECK (x > 0));
CREATE TABLE b () INHERITS (a);
CREATE TABLE c () INHERITS (b);
CREATE TABLE d () INHERITS (a);$$,
$$CREATE TABLE a (x int);
CREATE TABLE b () INHERITS (a);
CREATE TABLE c (y int, CONSTRAINT a_x_check CHECK (x > 0)) INHERITS (b);
CREATE TABLE d (y int) INHERITS (a);$$);
-- A generated column that is a child's own as well.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE a (x int, y int GENERATED ALWAYS AS (x * 2) STORED);
CREATE TABLE b (y int) INHERITS (a);$$,
$$CREATE TABLE a (x int, y int);
CREATE TABLE b (y int) INHERITS (a);$$);
-- A table joins its parent when that one's columns have the types of its own.
SELECT * FROM pg_temp.there_and_back($$CREATE TABLE z (x bigint); CREATE TABLE c (x int);$$, $$CREATE TABLE z (x int); CREATE TABLE c (x int) INHERITS (z);$$);
-- A check that neither parent nor new child has checked is the child's own as well.
SELECT * FROM pg_temp.there_and_back($$CREATE TABLE a (x int);$$,
$$CREATE TABLE a (x int); CREATE TABLE c () INHERITS (a); ALTER TABLE c ADD CONSTRAINT k CHECK (x > 0) NOT VALID; ALTER TABLE a ADD CONSTRAINT k CHECK (x > 0) NOT VALID;$$);
DROP SCHEMA sd CASCADE;
