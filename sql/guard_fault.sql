-- What fails inside of the guard does not fail the command, but for what must
-- end it: cancel, shutdown and out-of-memory.
CREATE SCHEMA guard_fault;
SET search_path = guard_fault;
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE TABLE orders (id int);
INSERT INTO orders SELECT generate_series(1, 20);
CREATE VIEW old_orders AS SELECT id FROM orders;
SELECT wishflags.deprecate('guard_fault.old_orders', releases => 2, reason => 'a test');
SELECT wishflags.release('0.9');

CREATE FUNCTION fail() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('fault.code', true) <> '' THEN
		RAISE EXCEPTION 'a fault' USING ERRCODE = current_setting('fault.code');
	END IF;
	RETURN true;
END $$;
CREATE FUNCTION outcome(code text, sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
BEGIN
	PERFORM set_config('fault.code', code, true);
	EXECUTE sql;
	PERFORM set_config('fault.code', '', true);
	RAISE EXCEPTION USING ERRCODE = 'UNDO1';
EXCEPTION
	WHEN SQLSTATE 'UNDO1' THEN RETURN 'passes';
	WHEN query_canceled OR OTHERS THEN RETURN SQLSTATE;
END $$;
CREATE TABLE faults (code text, meaning text);
INSERT INTO faults VALUES ('XX000', 'a mistake'), ('22012', 'an error in a query'), ('40P01', 'a deadlock'),
	('53100', 'no room on the disk'), ('53200', 'out of memory'), ('57014', 'cancel'), ('57P01', 'shutdown');

-- While it judges: here it reads the releases, which is what fails.
SET wishflags.guard = off;
ALTER TABLE wishflags.releases RENAME TO releases_kept;
CREATE VIEW wishflags.releases AS SELECT name, released_at FROM wishflags.releases_kept WHERE guard_fault.fail();
RESET wishflags.guard;
SELECT outcome('', 'DROP VIEW guard_fault.old_orders');
SET client_min_messages = error;
SELECT code, meaning, outcome(code, 'DROP VIEW guard_fault.old_orders') FROM faults ORDER BY code;
RESET client_min_messages;
BEGIN;
SET LOCAL fault.code = 'XX000';
DROP VIEW old_orders;
ROLLBACK;
SET wishflags.guard = off;
DROP VIEW wishflags.releases;
ALTER TABLE wishflags.releases_kept RENAME TO releases;
RESET wishflags.guard;
DELETE FROM wishflags.releases;

-- While it writes the row of what it lets through.
ALTER TABLE wishflags.guard_log ADD CONSTRAINT fault CHECK (outcome <> 'bypassed' OR guard_fault.fail()) NOT VALID;
SET wishflags.bypass = 'a test';
SET client_min_messages = error;
SELECT code, meaning, outcome(code, 'CREATE INDEX ON guard_fault.orders (id)') FROM faults ORDER BY code;
RESET client_min_messages;
RESET wishflags.bypass;
ALTER TABLE wishflags.guard_log DROP CONSTRAINT fault;

SET client_min_messages = error;
SET wishflags.guard = off;
DELETE FROM wishflags.deprecated_objects;
DELETE FROM wishflags.guard_log WHERE object LIKE 'guard_fault.%';
DROP SCHEMA guard_fault CASCADE;
