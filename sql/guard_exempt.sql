-- What is nobody else's, and what the server does itself, is not judged.
CREATE SCHEMA guard_exempt;
SET search_path = guard_exempt;

-- Temporary tables, and columns of theirs.
CREATE TYPE color AS ENUM ('red');
CREATE TEMPORARY TABLE scratch (id int, c color);
INSERT INTO scratch VALUES (1, 'red');
CREATE INDEX ON scratch (id);
ALTER TABLE scratch ADD PRIMARY KEY (id);
ALTER TYPE color ADD VALUE 'blue';

-- Tables of the same transaction.
BEGIN;
CREATE TABLE fresh AS SELECT g AS id FROM generate_series(1, 100) g;
CREATE INDEX ON fresh (id);
SAVEPOINT s;
ALTER TABLE fresh ADD UNIQUE (id);
RELEASE s;
CREATE TABLE paint (c color);
ALTER TYPE color RENAME VALUE 'blue' TO 'navy';
COMMIT;
CREATE INDEX ON fresh (id);
ALTER TYPE color RENAME VALUE 'navy' TO 'blue';

-- A table that a rolled-back savepoint made is gone, its name means the old one.
CREATE TABLE twice (id int);
INSERT INTO twice VALUES (1);
BEGIN;
SAVEPOINT s;
ALTER TABLE twice RENAME TO once;
CREATE TABLE twice (id int);
CREATE INDEX ON twice (id);
ROLLBACK TO s;
CREATE INDEX ON twice (id);
ROLLBACK;

-- Types of the same transaction, renamed since.
BEGIN;
CREATE TYPE shade AS ENUM ('dark');
ALTER TYPE shade RENAME TO tone;
ALTER TABLE fresh ADD COLUMN t tone;
ALTER TYPE tone ADD VALUE 'light';
DROP TYPE tone CASCADE;
COMMIT;

-- ALTER TYPE ... OWNER makes no type new.
BEGIN;
ALTER TYPE color OWNER TO CURRENT_USER;
ALTER TYPE color ADD VALUE 'green';
ROLLBACK;

-- Empty tables: never filled, or truncated.  Deleted rows are still read by a
-- build.
CREATE TABLE hollow (id int);
CREATE INDEX ON hollow (id);
INSERT INTO hollow VALUES (1);
TRUNCATE hollow;
CREATE INDEX ON hollow (id);
INSERT INTO hollow VALUES (1);
DELETE FROM hollow;
CREATE INDEX ON hollow (id);

-- The catalogs are PostgreSQL's own to refuse.
CREATE INDEX ON pg_class (relpages);
ALTER TABLE pg_catalog.pg_attribute ADD UNIQUE (attname);

-- The guard is ENABLE ALWAYS, so the replica role does not switch it off.
SET session_replication_role = replica;
CREATE INDEX ON fresh (id);
RESET session_replication_role;

SELECT evtname, evtenabled FROM pg_event_trigger WHERE evtname LIKE 'wishflags%' ORDER BY 1;

-- The functions are for event triggers only.
SELECT wishflags.guard_start();
CREATE TRIGGER t BEFORE INSERT ON fresh FOR EACH ROW EXECUTE FUNCTION wishflags.guard_start();

-- Off, warn, on.
SET wishflags.guard = off;
CREATE INDEX fresh_off ON fresh (id);
SET wishflags.guard = warn;
CREATE INDEX fresh_warn ON fresh (id);
SELECT outcome, rule, object FROM wishflags.guard_log WHERE outcome = 'warned' AND object = 'guard_exempt.fresh';
SET wishflags.guard = maybe;
RESET wishflags.guard;

RESET search_path;
SET client_min_messages = warning;
SET wishflags.guard = off;
DROP TABLE pg_temp.scratch;
DROP SCHEMA guard_exempt CASCADE;
