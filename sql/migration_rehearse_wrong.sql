-- Wrong use of a rehearsal, and what ends it.
SET wishflags.guard = off;
CREATE SCHEMA rh;
SET search_path = rh;
CREATE TABLE item (id int PRIMARY KEY, price numeric);
INSERT INTO item SELECT g, g FROM generate_series(1, 100) g;

-- Time is limited.
SELECT statement, command, outcome, message, hint FROM wishflags.migration_rehearse('SELECT pg_sleep(100); SELECT 2', '{"timeout": "300ms", "schema_diff": false}');
SELECT statement, command, outcome, message FROM wishflags.migration_rehearse('DO $$ BEGIN LOOP END LOOP; END $$', '{"timeout": "300ms", "schema_diff": false}');

-- A question to the data in it has its own time; the rehearsal's ends it as well.
SELECT statement, command, outcome, rows, message FROM wishflags.migration_rehearse($$
SELECT FROM wishflags.migration_breaking_check('ALTER TABLE rh.item ADD CHECK (pg_sleep(100) IS NOT NULL)',
	'{"validate_data": true, "validate_timeout": 50, "only": "check-would-fail"}')$$, '{"schema_diff": false}');
SELECT statement, command, outcome, rows, message FROM wishflags.migration_rehearse($$
SELECT FROM wishflags.migration_breaking_check('ALTER TABLE rh.item ADD CHECK (pg_sleep(100) IS NOT NULL)',
	'{"validate_data": true, "validate_timeout": 60000, "only": "check-would-fail"}')$$, '{"schema_diff": false, "timeout": "300ms"}');

-- Wrong use.
SELECT * FROM wishflags.migration_rehearse('SELECT 1', '{"timeout": "soon"}');
SELECT * FROM wishflags.migration_rehearse('SELECT 1', '{"lock_timeout": "-1"}');
SELECT * FROM wishflags.migration_rehearse('SELECT 1', '{"max_size": "big"}');
SELECT * FROM wishflags.migration_rehearse('SELECT 1', '{"dry_run": true}');
SELECT statement, line, outcome, message, evidence FROM wishflags.migration_rehearse(E'SELECT 1;\nSELEC 2;\nSELECT 3');
SELECT statement, outcome, message FROM wishflags.migration_rehearse('');
SELECT statement, outcome, message FROM wishflags.migration_rehearse(NULL);
SELECT outcome, message FROM wishflags.migration_rehearse($$SELECT wishflags.migration_rehearse('SELECT 1')$$);
BEGIN READ ONLY;
SELECT * FROM wishflags.migration_rehearse('SELECT 1');
ROLLBACK;
-- A caught error leaves the next rehearsal as it was.
DO $$
BEGIN
	PERFORM wishflags.migration_rehearse('SELECT 1', '{"max_size": "big"}');
EXCEPTION WHEN OTHERS THEN
	RAISE NOTICE 'caught: %', SQLERRM;
END $$;
SET statement_timeout = '200ms';
DO $$
BEGIN
	PERFORM wishflags.migration_rehearse('SELECT pg_sleep(100)', '{"schema_diff": false}');
END $$;
RESET statement_timeout;
SELECT outcome FROM wishflags.migration_rehearse('SELECT 1') WHERE statement = 1;

-- A rehearsal has the caller's rights, and its text none of the guard.
CREATE ROLE regress_rehearse;
GRANT USAGE ON SCHEMA wishflags, rh TO regress_rehearse;
GRANT EXECUTE ON FUNCTION wishflags.migration_rehearse TO regress_rehearse;
SET ROLE regress_rehearse;
SELECT outcome, message FROM wishflags.migration_rehearse('DROP TABLE item') WHERE statement = 1;
RESET ROLE;
DROP OWNED BY regress_rehearse;
DROP ROLE regress_rehearse;
SET wishflags.guard = on;
SELECT outcome, message FROM wishflags.migration_rehearse('CREATE INDEX ON item (price)') WHERE statement = 1;
SHOW wishflags.guard;
SHOW lock_timeout;
SET wishflags.guard = off;

DROP SCHEMA rh CASCADE;
