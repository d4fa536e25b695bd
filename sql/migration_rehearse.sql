-- A migration runs for real, tells what it did, and is taken back.
SET wishflags.guard = off;
CREATE SCHEMA rh;
SET search_path = rh;
CREATE TABLE item (id int PRIMARY KEY GENERATED ALWAYS AS IDENTITY, code text, price numeric);
INSERT INTO item (code, price) SELECT 'c' || g, g FROM generate_series(1, 100) g;
CREATE INDEX item_code ON item (code);
CREATE VIEW cheap AS SELECT id FROM item WHERE price < 10;
CREATE TABLE part (id int PRIMARY KEY, item_id int REFERENCES item DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE log (at int, what text) PARTITION BY RANGE (at);
CREATE TABLE log_1 PARTITION OF log FOR VALUES FROM (0) TO (10);
INSERT INTO log VALUES (1, 'x');
SELECT wishflags.schema_fingerprint() AS fingerprint \gset

-- Locks, new files and whole reads are those of the server.
SELECT statement, line, command, outcome, rows, locks, rewrites, scans, message FROM wishflags.migration_rehearse($$
ALTER TABLE item ADD COLUMN note text;
ALTER TABLE item ALTER price TYPE numeric(10,2);
ALTER TABLE item ALTER code SET NOT NULL;
UPDATE item SET note = 'n' WHERE id <= 7;
$$);
SELECT statement, line, command, outcome, rows, locks, rewrites, scans, message FROM wishflags.migration_rehearse($$
DROP VIEW cheap;
ALTER TABLE item ALTER price TYPE numeric(10,2);
ALTER TABLE item ALTER code SET NOT NULL;
UPDATE item SET code = 'n' WHERE id <= 7;
TRUNCATE part;
ALTER TABLE item RENAME TO product;
ALTER TABLE product ADD CHECK (price > 0) NOT VALID;
DROP TABLE part;
$$);
SELECT evidence FROM wishflags.migration_rehearse('DROP VIEW cheap; ALTER TABLE item RENAME code TO sku; CREATE TABLE extra (a int)') WHERE statement IS NULL;
SELECT evidence FROM wishflags.migration_rehearse('CREATE TABLE extra (a int)', '{"schema_diff": false}') WHERE statement IS NULL;

-- What no transaction allows runs in the form that one allows, or not at all.
SELECT command, outcome, locks, message, evidence ->> 'run_as' AS run_as FROM wishflags.migration_rehearse($$
CREATE INDEX CONCURRENTLY "concurrently" ON item (price) WHERE code <> 'CONCURRENTLY';
DROP INDEX CONCURRENTLY item_code;
REINDEX INDEX CONCURRENTLY "concurrently";
REINDEX (VERBOSE off, CONCURRENTLY) INDEX "concurrently";
ALTER TABLE log DETACH PARTITION log_1 CONCURRENTLY;
VACUUM item;
ANALYZE item;
CREATE DATABASE nowhere;
ALTER SYSTEM SET work_mem = '1MB';
SET statement_timeout = 0;
RESET ALL;
SET lock_timeout = 0;
\echo not SQL
$$, '{"schema_diff": false}') WHERE statement IS NOT NULL;

-- Transactions and savepoints are the text's own.
SELECT statement, command, outcome, rows, message, hint FROM wishflags.migration_rehearse($$
BEGIN;
INSERT INTO part VALUES (1, 1000);
SAVEPOINT a;
DELETE FROM item;
ROLLBACK TO a;
SELECT FROM item;
UPDATE part SET item_id = 1;
RELEASE a;
COMMIT;
BEGIN; DROP TABLE part; ROLLBACK;
SELECT FROM part;
START TRANSACTION; COMMIT AND CHAIN; DELETE FROM part; ROLLBACK;
SELECT FROM part;
PREPARE TRANSACTION 'x';
SAVEPOINT b;
$$, '{"schema_diff": false}');
SELECT statement, command, outcome, message FROM wishflags.migration_rehearse('BEGIN; ROLLBACK TO nowhere', '{"schema_diff": false}');

-- What a commit would check is checked: at each one, at the end, and after a statement by itself.
SELECT statement, command, outcome, message FROM wishflags.migration_rehearse('INSERT INTO part VALUES (1, 1000); SELECT 1');
SELECT statement, command, outcome, message FROM wishflags.migration_rehearse('BEGIN; INSERT INTO part VALUES (1, 1000); UPDATE part SET item_id = 1; COMMIT; BEGIN; INSERT INTO part VALUES (2, 1000); UPDATE part SET item_id = 1; COMMIT');
SELECT statement, command, outcome, message FROM wishflags.migration_rehearse('INSERT INTO part VALUES (1, 1000); UPDATE part SET item_id = 1', '{"in_transaction": true}');
SELECT statement, command, outcome, message FROM wishflags.migration_rehearse('INSERT INTO part VALUES (1, 1000)', '{"in_transaction": true}');

-- A new enum value can be used after its transaction, which a rehearsal never ends.
CREATE TYPE mood AS ENUM ('sad');
SELECT statement, command, outcome, message FROM wishflags.migration_rehearse($$ALTER TYPE mood ADD VALUE 'glad'; SELECT 'glad'::mood; SELECT 'mad'::mood$$, '{"schema_diff": false}');
SELECT statement, command, outcome, message FROM wishflags.migration_rehearse($$ALTER TYPE mood ADD VALUE 'glad'; SELECT 'glad'::mood$$, '{"in_transaction": true}');
DROP TYPE mood;

-- Sequences keep what they gave; that is told.
SELECT command, rows, evidence FROM wishflags.migration_rehearse($$INSERT INTO item (code) VALUES ('a')$$) WHERE statement = 1;

-- What would last is refused before anything runs.
SELECT * FROM wishflags.migration_rehearse($$DROP TABLE item; SELECT setval('item_id_seq', 1)$$);
SELECT * FROM wishflags.migration_rehearse($$DO $x$ BEGIN PERFORM public.dblink_exec('a', 'b'); END $x$ $$);
SELECT * FROM wishflags.migration_rehearse($$ALTER TABLE item ADD x int DEFAULT pg_advisory_lock(1)::text::int$$);
SELECT * FROM wishflags.migration_rehearse($$COPY item TO PROGRAM 'cat'$$);
SELECT * FROM wishflags.migration_rehearse($$COPY item FROM PROGRAM 'cat'$$);
SELECT * FROM wishflags.migration_rehearse($$COPY item TO '/tmp/x'$$);
-- The name alone is no call.
SELECT command, outcome FROM wishflags.migration_rehearse($$DO $x$ DECLARE setval int; BEGIN setval := 1; END $x$ $$);

-- Large tables are left alone unless that is meant, a new one never is.
SELECT * FROM wishflags.migration_rehearse('ALTER TABLE item ADD x int', '{"max_size": "1kB"}');
SELECT * FROM wishflags.migration_rehearse('DELETE FROM item', '{"max_size": "1kB"}');
SELECT * FROM wishflags.migration_rehearse('ALTER TABLE log ADD x int', '{"max_size": "1kB"}');
SELECT command, outcome FROM wishflags.migration_rehearse($$INSERT INTO item (code) VALUES ('x'); SELECT FROM item; CREATE TABLE n AS SELECT FROM item; ALTER TABLE n ADD x int$$, '{"max_size": "1kB"}');
SELECT command, outcome FROM wishflags.migration_rehearse('ALTER TABLE item ADD x int', '{"max_size": "1kB", "force": true}');

-- A constraint that the text makes waits for its commit as well, also after a commit
-- before it, and beside one of the same name that cannot wait.
CREATE TABLE other (id int, CONSTRAINT visit_item CHECK (id > 0));
SELECT statement, line, command, outcome, message FROM wishflags.migration_rehearse($$
BEGIN; INSERT INTO part VALUES (900, 1); COMMIT;
BEGIN;
CREATE TABLE visit (item_id int CONSTRAINT visit_item REFERENCES item DEFERRABLE INITIALLY DEFERRED);
INSERT INTO visit VALUES (901), (902);
INSERT INTO item OVERRIDING SYSTEM VALUE VALUES (901, 'c', 1);
UPDATE visit SET item_id = 901 WHERE item_id = 902;
COMMIT;
BEGIN;
INSERT INTO visit VALUES (903);
SELECT 1;
COMMIT;
$$);
DROP TABLE other;

-- Nothing of all that is left.
SELECT wishflags.schema_fingerprint() = :'fingerprint' AS same, (SELECT count(*) FROM item) AS items, (SELECT count(*) FROM part) AS parts;
SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'item'::regclass;
DROP SCHEMA rh CASCADE;
