-- The DDL log: what commits, with what it changed.
SET client_min_messages = warning;
SET wishflags.guard = off;
CREATE SCHEMA ledger_test;
SET search_path = ledger_test;
CREATE VIEW log AS
SELECT command_tag, object_type, object, before, after, migration, ledger, rewrote
FROM wishflags.ddl_log ORDER BY occurred_at, txid, ordinal;

-- Off, nothing is written.
SHOW wishflags.ddl_log;
CREATE TABLE unseen (id int);
SELECT count(*) FROM log;

SET wishflags.ddl_log = on;
CREATE TABLE orders (id int PRIMARY KEY, note text DEFAULT 'x');
ALTER TABLE orders ADD COLUMN price numeric(10, 2) NOT NULL DEFAULT 0, ALTER note TYPE varchar(20);
ALTER TABLE orders ADD CONSTRAINT positive CHECK (price >= 0);
ALTER TABLE orders ALTER id TYPE bigint, DROP CONSTRAINT positive;
ALTER TABLE orders RENAME note TO "Note é";
COMMENT ON TABLE orders IS 'one a row';
COMMENT ON TABLE orders IS 'all of them';
CREATE VIEW cheap AS SELECT 1 AS id;
CREATE OR REPLACE VIEW cheap AS SELECT 1 AS id, 2 AS price;
CREATE VIEW gone_too AS SELECT id FROM orders;
CREATE INDEX CONCURRENTLY by_price ON orders (price);
CREATE TYPE mood AS ENUM ('sad', 'glad');
ALTER TYPE mood ADD VALUE 'so so' AFTER 'sad';
CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 2';
CREATE TRIGGER quiet BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
GRANT SELECT ON orders TO PUBLIC;
DROP TRIGGER quiet ON orders;
DROP FUNCTION one();
DROP TABLE orders CASCADE;
-- Versions write the query of the one view differently.
SELECT command_tag, object_type, object, before, CASE WHEN object !~ 'gone_too' THEN after END AS after, rewrote FROM log;
SELECT DISTINCT acting_role = current_user, outer_role = current_user, login_role = current_user, application_name,
	backend_pid = pg_backend_pid(), milliseconds > 0, restored FROM wishflags.ddl_log;
SELECT command_tag, lock_mode, statement FROM wishflags.ddl_log WHERE object = 'ledger_test.by_price' OR command_tag = 'GRANT'
	OR object_type = 'trigger' ORDER BY occurred_at, ordinal;

-- By the last name, by one before it, and what is gone.
SELECT command, identity, change FROM wishflags.ddl_history('orders');
SELECT command, identity, change FROM wishflags.ddl_history('ledger_test.one()');
SELECT count(*) FROM wishflags.ddl_history('nothing');
SELECT count(*) FROM wishflags.ddl_history('a.b.c d(');
SELECT identity, change FROM wishflags.ddl_history('mood');
CREATE TABLE first_name (id int);
ALTER TABLE first_name RENAME TO last_name;
SELECT command, identity, change FROM wishflags.ddl_history('last_name');
SELECT count(*) FROM wishflags.ddl_history('first_name');
CREATE SCHEMA first_place;
ALTER SCHEMA first_place RENAME TO last_place;
SELECT command, identity, change FROM wishflags.ddl_history('last_place');
DROP SCHEMA last_place;

-- Temporary objects are nobody's schema.
TRUNCATE wishflags.ddl_log;
CREATE TEMP TABLE passing (id int PRIMARY KEY);
CREATE INDEX ON passing (id);
ALTER TABLE passing ADD COLUMN note text;
CREATE TRIGGER quiet BEFORE UPDATE ON passing FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
DROP TABLE passing;
SELECT command_tag, object FROM log;

-- What is rolled back leaves nothing.
BEGIN; CREATE TABLE undone (id int); ROLLBACK;
BEGIN; CREATE TABLE kept (id int); SAVEPOINT s; CREATE TABLE undone (id int); ROLLBACK TO s; CREATE TABLE kept_too (id int); COMMIT;
DO $$ BEGIN
	CREATE TABLE swallowed (id int);
	BEGIN CREATE TABLE undone (id int); PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN NULL; END;
END $$;
CREATE TABLE kept (id int);
SELECT command_tag, object, left(statement, 28) AS statement FROM wishflags.ddl_log ORDER BY occurred_at, ordinal;

-- A mistake of the log stops nothing.
ALTER TABLE wishflags.ddl_log ADD CONSTRAINT broken CHECK (command_tag <> 'CREATE SEQUENCE');
CREATE SEQUENCE counted;
ALTER TABLE wishflags.ddl_log DROP CONSTRAINT broken;
SELECT to_regclass('counted') IS NOT NULL AS made, count(*) FROM wishflags.ddl_log WHERE object LIKE '%.counted';

-- Triggers on the log run as its owner, whoever runs the command.
CREATE TABLE alarms (what text, as_owner boolean);
CREATE FUNCTION ring() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO ledger_test.alarms SELECT NEW.command_tag || ' ' || NEW.object, pg_has_role(c.relowner, 'USAGE')
	FROM pg_class c WHERE c.oid = TG_RELID;
	RETURN NULL;
END $$;
CREATE TRIGGER ring AFTER INSERT ON wishflags.ddl_log FOR EACH ROW EXECUTE FUNCTION ring();
CREATE ROLE ddl_log_plain;
GRANT USAGE, CREATE ON SCHEMA ledger_test TO ddl_log_plain;
SET ROLE ddl_log_plain;
CREATE TABLE rung (id int PRIMARY KEY);
SELECT current_user, current_setting('search_path');
RESET ROLE;
SELECT * FROM alarms WHERE what LIKE '%rung%';
SELECT object, acting_role FROM wishflags.ddl_log WHERE object LIKE '%.rung';
DROP TRIGGER ring ON wishflags.ddl_log;
DROP OWNED BY ddl_log_plain;
DROP ROLE ddl_log_plain;

-- Passwords are not kept.
CREATE FOREIGN DATA WRAPPER far_away;
CREATE SERVER elsewhere FOREIGN DATA WRAPPER far_away;
CREATE USER MAPPING FOR current_user SERVER elsewhere OPTIONS (password 'secret');
SELECT command_tag, statement FROM wishflags.ddl_log WHERE object LIKE '%elsewhere%' ORDER BY occurred_at;
SELECT count(*) FROM wishflags.ddl_log WHERE statement LIKE '%secret%' AND statement NOT LIKE 'SELECT%';

-- Retention.
UPDATE wishflags.ddl_log SET occurred_at = occurred_at - interval '2 years' WHERE object LIKE '%.kept';
SELECT wishflags.ddl_log_prune();
SELECT count(*) FROM wishflags.ddl_log WHERE object LIKE '%.kept';
SELECT wishflags.ddl_log_prune('-1 day');

SET wishflags.ddl_log = off;
DROP FOREIGN DATA WRAPPER far_away CASCADE;
DROP SCHEMA ledger_test CASCADE;
TRUNCATE wishflags.ddl_log;
