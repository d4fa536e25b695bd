-- The safe way keeps what the statement says, and can be run where it stands: each is run as it is.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA safe;
SET search_path = safe;
CREATE FUNCTION safe_way(sql text, rule text) RETURNS text BEGIN ATOMIC
	SELECT f.safe_sql FROM wishflags.migration_breaking_check(sql, '{"min_rows": 1}') f WHERE f.rule = $2;
END;
CREATE TABLE parted (id int, a int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (100);
CREATE TABLE "Parted 2" PARTITION OF parted FOR VALUES FROM (100) TO (200);
INSERT INTO parted SELECT g, g FROM generate_series(1, 150) g;

-- What was written behind and beside a constraint: its collation, what makes it deferrable, comments.
CREATE TABLE written (id int PRIMARY KEY, a text);
INSERT INTO written VALUES (1, 'x');
SELECT safe_way('ALTER TABLE written ADD c text COLLATE "C" DEFAULT random()::text', 'add-column-volatile-default') AS collated,
	safe_way('ALTER TABLE written ADD d text DEFAULT gen_random_uuid() COLLATE "C" NOT NULL', 'add-column-volatile-default') AS behind,
	safe_way('ALTER TABLE written ADD e text UNIQUE DEFERRABLE INITIALLY DEFERRED COLLATE "C" NULL', 'add-unique-builds-index') AS deferrable,
	safe_way('ALTER TABLE written ADD f text DEFAULT gen_random_uuid() -- of each
		CHECK (f > '''') -- not empty
		, ADD g int -- the last
		', 'add-check-validates') AS commented,
	safe_way('ALTER TABLE written ADD h text DEFAULT gen_random_uuid() -- of each
		CHECK (h > '''')', 'add-column-volatile-default') AS described,
	safe_way('UPDATE written SET a = ''y'' -- all
		WHERE id > 0 -- of them
		', 'unbatched-data-change') AS changed \gset
\echo :collated
\echo :behind
\echo :deferrable
\echo :commented
\echo :described
\echo :changed
:collated
:behind
:deferrable
:commented
:described
:changed
\d written
SELECT a FROM written;

-- The other commands are on what the statement says.
SELECT safe_way('ALTER TABLE IF EXISTS ONLY (written) ADD k int, ADD CONSTRAINT k CHECK (k > 1) -- rows
	', 'add-check-validates') AS only,
	safe_way('ALTER TABLE ONLY written ADD l int, ADD CONSTRAINT l CHECK (l > 1) NOT VALID, VALIDATE CONSTRAINT l', 'validate-in-same-transaction') AS others,
	safe_way('ALTER TABLE U&"wr\0069tten" ADD m int, ADD CONSTRAINT m CHECK (m > 1)', 'add-check-validates') AS escaped \gset
\echo :only
\echo :others
\echo :escaped
:only
:others
:escaped
CREATE TABLE view (id int PRIMARY KEY);
INSERT INTO view VALUES (1);
SELECT safe_way('ALTER TABLE view ADD k int, ADD CONSTRAINT k CHECK (k > 1)', 'add-check-validates') AS view \gset
\echo :view
:view

-- Names that hold what would end the code, or that are cut.
CREATE TABLE "$keep$ $batches$" (id int PRIMARY KEY, "$keep$" int, "aééééééééééééééééééééééééééééé" int NOT NULL);
INSERT INTO "$keep$ $batches$" VALUES (1, 2, 3);
CREATE SCHEMA "a$views$";
CREATE TABLE "a$views$"."b$grants$" (id int);
INSERT INTO "a$views$"."b$grants$" VALUES (1);
ANALYZE;
SELECT safe_way('ALTER TABLE "$keep$ $batches$" RENAME "$keep$" TO k', 'rename-column') AS rename,
	safe_way('ALTER SCHEMA "a$views$" RENAME TO "$views$b"', 'rename-schema') AS schema,
	safe_way('ALTER TABLE "a$views$"."b$grants$" RENAME TO "c$grants$"', 'rename-table') AS table,
	safe_way('ALTER TABLE "$keep$ $batches$" DROP "aééééééééééééééééééééééééééééé"', 'drop-column') AS drop \gset
\echo :rename
\echo :schema
\echo :table
\echo :drop
:rename
:schema
:table
:drop
SELECT k FROM "$keep$ $batches$";
SELECT * FROM "$views$b"."b$grants$";
SELECT message FROM wishflags.migration_breaking_check('CREATE TABLE a' || repeat('é', 40) || ' (id int)', '{"only": "identifier-truncated"}');
DROP SCHEMA "$views$b", "a$views$" CASCADE;

-- What can't be done in the transaction of the text, or is not to hold its locks, is done outside of it.
SELECT string_agg(statement || E':\n' || safe_sql, E'\n' ORDER BY statement) FROM wishflags.migration_breaking_check('BEGIN;
	ALTER TABLE written ADD n int UNIQUE;
	ALTER TABLE parted DETACH PARTITION parted_1;
	DROP TABLE "Parted 2";
	ALTER TABLE written ADD CONSTRAINT o CHECK (id > 0);
	UPDATE written SET a = NULL;
	ALTER TABLE written RENAME a TO p;
	DROP TABLE written;
	COMMIT', '{"min_rows": 1, "only": ["add-unique-builds-index", "detach-partition-not-concurrent", "create-partition-locks-parent", "drop-table",
		"add-check-validates", "unbatched-data-change", "rename-column"]}');

-- A primary key in the place of another needs its columns to be NOT NULL.
CREATE TABLE replaced (id int CONSTRAINT first_key PRIMARY KEY, code text);
INSERT INTO replaced VALUES (1, 'a');
SELECT safe_way('ALTER TABLE replaced DROP CONSTRAINT first_key, ADD CONSTRAINT code_key PRIMARY KEY (code)', 'drop-primary-key') AS key \gset
\echo :key
:key
\d replaced
-- A form that can be run again, and the schema with the name: words put in where they belong.
CREATE TABLE again (id int, old int, older int, CONSTRAINT gone CHECK (id > 0));
CREATE VIEW shown AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW kept AS SELECT 1 AS one;
SELECT rule, statement, safe_sql FROM wishflags.migration_breaking_check($q$
	-- the first
	CREATE TABLE new (id int); CREATE UNIQUE INDEX again_id ON again (id) -- of all
	; DROP VIEW shown; DROP MATERIALIZED VIEW kept; CREATE VIEW "New view" AS SELECT 1 AS one;
	CREATE FUNCTION made() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END -- none';
	CREATE TRIGGER made BEFORE INSERT ON again FOR EACH ROW EXECUTE FUNCTION made();
	ALTER TABLE again ADD COLUMN z int; ALTER TABLE again ADD "z 2" int; ALTER TABLE ONLY again DROP old CASCADE; ALTER TABLE again DROP COLUMN older;
	ALTER TABLE again DROP CONSTRAINT gone; ALTER TABLE again ADD CONSTRAINT "K" CHECK (z > 0);
	CREATE SEQUENCE numbers; CREATE TABLE copied AS SELECT 1 AS one; TRUNCATE new$q$,
	'{"only": ["not-rerunnable", "name-not-qualified"]}') ORDER BY 1, 2;
SELECT safe_sql FROM wishflags.migration_breaking_check(format('CREATE TABLE long (id int, t text DEFAULT %L)', repeat('x', 2000)), '{"only": "not-rerunnable"}');
CREATE TABLE ways AS SELECT statement AS n, safe_sql AS way FROM wishflags.migration_breaking_check($q$
	CREATE TABLE new (id int); CREATE UNIQUE INDEX again_id ON again (id);
	DROP VIEW shown; DROP MATERIALIZED VIEW kept; CREATE VIEW "New view" AS SELECT 1 AS one;
	CREATE FUNCTION made() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END -- none';
	CREATE TRIGGER made BEFORE INSERT ON again FOR EACH ROW EXECUTE FUNCTION made();
	ALTER TABLE again ADD COLUMN z int; ALTER TABLE again ADD "z 2" int; ALTER TABLE ONLY again DROP old CASCADE;
	ALTER TABLE again DROP CONSTRAINT gone; ALTER TABLE again ADD CONSTRAINT "K" CHECK (z > 0);
	CREATE SEQUENCE numbers; CREATE TABLE copied AS SELECT 1 AS one$q$, '{"only": "not-rerunnable"}');
SELECT way FROM ways, generate_series(1, 2) times ORDER BY times, n \gexec
\d again
DROP SCHEMA safe CASCADE;
