-- What the guard sees of commands that run in no function; the others are in
-- guard_fires.
CREATE SCHEMA guard_fires_alone;
SET search_path = guard_fires_alone;
CREATE TABLE t (a int NOT NULL, b int NOT NULL);
INSERT INTO t SELECT g, g FROM generate_series(1, 50) g;
CREATE UNIQUE INDEX CONCURRENTLY t_b ON t (b);
CREATE TABLE empty (a int);
CREATE TABLE parent (a int, b int) PARTITION BY RANGE (a);
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('cluster-or-vacuum-full', 'block', 'a test');

VACUUM FULL t;
VACUUM (FULL, ANALYZE) empty;
VACUUM t;
CREATE INDEX CONCURRENTLY t_a ON t (a);
DROP INDEX CONCURRENTLY t_a;
CREATE INDEX CONCURRENTLY ON parent (a);
REINDEX SCHEMA guard_fires_alone;
REINDEX DATABASE :"DBNAME";
REINDEX SYSTEM :"DBNAME";
REINDEX TABLE CONCURRENTLY t;
REINDEX INDEX CONCURRENTLY t_b;
REINDEX SCHEMA CONCURRENTLY guard_fires_alone;
CREATE DATABASE wf_fires_database TEMPLATE template0;
DROP DATABASE wf_fires_database;

-- A command that fails is judged before and logged as none that was run: the
-- first event fires, the last one does not.
SET wishflags.ddl_log = on;
ALTER TABLE t ADD CONSTRAINT holds CHECK (a > 0);
ALTER TABLE t ADD CONSTRAINT fails CHECK (a < 10);
SELECT statement FROM wishflags.ddl_log WHERE object = 'guard_fires_alone.t' AND statement LIKE '%ADD CONSTRAINT%';
RESET wishflags.ddl_log;

SET client_min_messages = error;
SET wishflags.guard = off;
DELETE FROM wishflags.guard_policies;
TRUNCATE wishflags.ddl_log;
DROP SCHEMA guard_fires_alone CASCADE;
