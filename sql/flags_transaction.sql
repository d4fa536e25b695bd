-- Own changes show in the next statement, and go with their transaction.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;

SELECT flag_create('gallery');
BEGIN;
SELECT flag_enable('gallery');
SELECT flag_eval('gallery', 'user-1') AS own_change;
SAVEPOINT s;
SELECT flag_disable('gallery');
SELECT flag_eval('gallery', 'user-1') AS disabled;
ROLLBACK TO s;
SELECT flag_eval('gallery', 'user-1') AS back_to_enabled;
SAVEPOINT s;
DELETE FROM flags;
SELECT flag_eval('gallery', 'user-1') AS deleted;
RELEASE s;
ROLLBACK;
SELECT flag_eval('gallery', 'user-1') AS rolled_back;

-- Within one statement that changes and evaluates: the old answer.
WITH changed AS (UPDATE flags SET enabled = true RETURNING key)
SELECT flag_eval(key, 'user-1') FROM changed;
SELECT flag_eval('gallery', 'user-1');

-- In a block: each statement in it sees what came before.
DO $$
BEGIN
	PERFORM wishflags.flag_disable('gallery');
	RAISE NOTICE 'disabled: %', wishflags.flag_eval('gallery', 'user-1');
	BEGIN
		PERFORM wishflags.flag_enable('gallery');
		RAISE NOTICE 'enabled: %', wishflags.flag_eval('gallery', 'user-1');
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
		RAISE NOTICE 'rolled back: %', wishflags.flag_eval('gallery', 'user-1');
	END;
	PERFORM wishflags.flag_enable('gallery');
END $$;
SELECT flag_eval('gallery', 'user-1');

-- A rollback in a block that had evaluated nothing before the change.
BEGIN;
DO $$
BEGIN
	BEGIN
		UPDATE wishflags.flags SET enabled = false;
		RAISE NOTICE 'disabled: %', wishflags.flag_eval('gallery', 'user-1');
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
		RAISE NOTICE 'rolled back: %', wishflags.flag_eval('gallery', 'user-1');
	END;
END $$;
COMMIT;

-- A procedure that commits.
CREATE PROCEDURE pg_temp.toggle() LANGUAGE plpgsql AS $$
BEGIN
	PERFORM wishflags.flag_disable('gallery');
	COMMIT;
	RAISE NOTICE 'after commit: %', wishflags.flag_eval('gallery', 'user-1');
	PERFORM wishflags.flag_enable('gallery');
	ROLLBACK;
	RAISE NOTICE 'after rollback: %', wishflags.flag_eval('gallery', 'user-1');
END $$;
CALL pg_temp.toggle();

-- Plans keep no answer.
PREPARE evaluate AS SELECT flag_eval('gallery', 'user-1');
SET plan_cache_mode = force_generic_plan;
EXECUTE evaluate;
SELECT flag_enable('gallery');
EXECUTE evaluate;
RESET plan_cache_mode;
DEALLOCATE evaluate;

-- COPY and TRUNCATE.
COPY flags (key, enabled) FROM stdin;
copied	t
\.
SELECT flag_eval('copied', 'user-1');
BEGIN;
TRUNCATE flags;
SELECT flag_eval('copied', 'user-1') AS truncated;
ROLLBACK;
SELECT flag_eval('copied', 'user-1') AS rolled_back;
TRUNCATE flags;
SELECT flag_eval('copied', 'user-1') AS truncated;

-- In replica mode too; and a description changes no answer.
SELECT flag_create('gallery');
SET session_replication_role = replica;
UPDATE flags SET enabled = true;
SELECT flag_eval('gallery', 'user-1');
RESET session_replication_role;
UPDATE flags SET description = 'the gallery';
SELECT flag_eval('gallery', 'user-1');

-- Rewritten tables.
INSERT INTO flags (key, enabled) SELECT 'flag-' || n, n % 2 = 0 FROM generate_series(1, 100) n;
SELECT count(*) FROM flags WHERE flag_eval(key, 'user-1');
DELETE FROM flags WHERE key ~ '[1-4]$';
VACUUM (FULL) flags;
UPDATE flags SET enabled = NOT enabled;
CLUSTER flags USING flags_pkey;
SELECT count(*) FILTER (WHERE enabled <> flag_eval(key, 'user-1')) AS wrong, count(*) FROM flags;
DELETE FROM flags;

-- Twice emptied in one transaction, where other rows get into the same places.
BEGIN;
TRUNCATE flags;
INSERT INTO flags (key, enabled) VALUES ('a', true), ('b', false), ('c', true);
SELECT flag_eval('a', '1') AS a, flag_eval('b', '1') AS b, flag_eval('c', '1') AS c;
TRUNCATE flags;
INSERT INTO flags (key, enabled) VALUES ('c', false), ('a', false), ('b', true);
SELECT flag_eval('a', '1') AS a, flag_eval('b', '1') AS b, flag_eval('c', '1') AS c;
SAVEPOINT s;
TRUNCATE flags;
INSERT INTO flags (key, enabled) VALUES ('b', false), ('c', true), ('a', true);
SELECT flag_eval('a', '1') AS a, flag_eval('b', '1') AS b, flag_eval('c', '1') AS c;
ROLLBACK TO s;
SELECT flag_eval('a', '1') AS a, flag_eval('b', '1') AS b, flag_eval('c', '1') AS c;
COMMIT;
SELECT flag_eval('a', '1') AS a, flag_eval('b', '1') AS b, flag_eval('c', '1') AS c;
-- Places that become free and are taken again, page by page.
INSERT INTO flags (key, enabled, description) SELECT 'flag-' || n, n % 3 = 0, repeat('x', 500) FROM generate_series(1, 300) n;
SELECT count(*) FILTER (WHERE enabled <> flag_eval(key, '1')) AS wrong, count(*) FROM flags;
DELETE FROM flags WHERE key < 'flag-2';
SELECT count(*) FILTER (WHERE enabled <> flag_eval(key, '1')) AS wrong, count(*) FROM flags;
VACUUM flags;
INSERT INTO flags (key, enabled, description) SELECT 'new-' || n, n % 3 = 1, repeat('x', 900) FROM generate_series(1, 100) n;
SELECT count(*) FILTER (WHERE enabled <> flag_eval(key, '1')) AS wrong, count(*) FROM flags;
UPDATE flags SET enabled = NOT enabled WHERE key LIKE '%7';
SELECT count(*) FILTER (WHERE enabled <> flag_eval(key, '1')) AS wrong, count(*) FROM flags;
DELETE FROM flags WHERE key > 'flag-3';
VACUUM flags;
SELECT count(*) FILTER (WHERE enabled <> flag_eval(key, '1')) AS wrong, count(*) FROM flags;
DELETE FROM flags;
VACUUM flags;
SELECT flag_eval('flag-21', '1');
