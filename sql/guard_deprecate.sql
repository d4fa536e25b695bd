-- Deprecated objects stay until they may go.
SET client_min_messages = error;
SET datestyle = ISO;
CREATE SCHEMA shop;
SET search_path = shop;
CREATE TABLE orders (id int, note text, remark text, total int);
CREATE VIEW notes AS SELECT note FROM orders;
CREATE FUNCTION first_note() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT note FROM orders LIMIT 1); END $$;
CREATE TYPE mood AS ENUM ('sad');
-- What a refusal says, without its dates and versions.
CREATE FUNCTION try(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text; detail text; hint text; code text;
BEGIN
	EXECUTE sql;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, code = RETURNED_SQLSTATE;
	RETURN regexp_replace(concat_ws(E'\n', code, message, detail, hint), '\d{4}-\d\d-\d\d', 'DAY', 'g');
END $$;
\pset format unaligned
\pset tuples_only on

-- Bad input.
SELECT try($$SELECT wishflags.deprecate(NULL, until => current_date + 1, reason => 'x')$$);
SELECT try($$SELECT wishflags.deprecate('orders.nope', until => current_date + 1, reason => 'x')$$);
SELECT try($$SELECT wishflags.deprecate('orders.note', reason => 'x')$$);
SELECT try($$SELECT wishflags.deprecate('orders.note', until => current_date, reason => 'x')$$);
SELECT try($$SELECT wishflags.deprecate('orders.note', releases => 0, reason => 'x')$$);
SELECT try($$SELECT wishflags.deprecate('orders.note', releases => 1, reason => ' ')$$);
SELECT try($$SELECT wishflags.deprecate('DROP TABLE orders', releases => 1, reason => 'x')$$);

SELECT wishflags.deprecate('orders.note', 'orders.remark', current_date + 90, reason => 'renamed');
SELECT wishflags.deprecate('notes', releases => 2, reason => 'nobody asks.');
SELECT wishflags.deprecate('first_note()', until => current_date + 90, releases => 1, reason => 'slow');
SELECT wishflags.deprecate('type mood', releases => 1, reason => 'no moods');
SELECT try($$SELECT wishflags.deprecate('orders.note', releases => 1, reason => 'twice')$$);
SELECT object, object_type, state, releases_left, replacement, reason, readers FROM wishflags.deprecations ORDER BY object;

-- Dropped, renamed, moved; by name or with something else.
SELECT try('ALTER TABLE orders DROP COLUMN note CASCADE');
SELECT try('ALTER TABLE orders RENAME note TO memo');
SELECT try('DROP TABLE orders CASCADE');
SELECT try('DROP VIEW notes');
SELECT try('ALTER VIEW notes SET SCHEMA public');
SELECT try('DROP FUNCTION first_note()');
SELECT try('ALTER FUNCTION first_note() RENAME TO last_note');
SELECT try('DROP TYPE mood');
SELECT try('DROP SCHEMA shop CASCADE');
CREATE ROLE shop_owner;
GRANT CREATE ON SCHEMA shop TO shop_owner;
CREATE TABLE owned (id int);
ALTER TABLE owned OWNER TO shop_owner;
SELECT wishflags.deprecate('owned', releases => 1, reason => 'not ours');
SELECT try('DROP OWNED BY shop_owner');
SELECT wishflags.deprecation_withdraw('owned', 'the end of the test');
SELECT try('DROP OWNED BY shop_owner');
DROP ROLE shop_owner;
-- What is in a schema has its name; so have the columns of a table.
SELECT try('ALTER SCHEMA shop RENAME TO store');
SELECT try('ALTER TABLE orders RENAME TO sales');
CREATE SCHEMA spare CREATE TABLE shop (id int);
SELECT try('ALTER SCHEMA spare RENAME TO spares');
DROP SCHEMA spares CASCADE;
-- What is not deprecated, and what does not break it, passes.
SELECT try('ALTER TABLE orders DROP COLUMN total');
SELECT try('ALTER TABLE orders ALTER note SET DEFAULT 1');
SELECT try('ALTER TABLE orders RENAME remark TO remarks');
SELECT try('DROP TABLE nope');
SET wishflags.bypass = 'all who read it know';
SELECT try('ALTER TABLE orders RENAME TO sales');
RESET wishflags.bypass;
SELECT object, state FROM wishflags.deprecations WHERE object LIKE '%note' ORDER BY 1;
SELECT try('ALTER TABLE sales DROP COLUMN note') ~ 'WF001' AS still_refused;
SET wishflags.bypass = 'and back';
SELECT try('ALTER TABLE sales RENAME TO orders');
RESET wishflags.bypass;

-- The same log and the same bypass as for other refusals.
SELECT rule, object, outcome, count(*) FROM wishflags.guard_log WHERE rule = 'deprecated-too-early' AND object NOT LIKE 'guard_fault.%' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
BEGIN;
SET LOCAL wishflags.bypass = 'nobody reads it any more';
DROP VIEW notes;
SELECT outcome, object, reason FROM wishflags.guard_log WHERE outcome = 'bypassed' AND rule = 'deprecated-too-early';
ROLLBACK;
SET wishflags.guard = warn;
BEGIN; ALTER TABLE orders RENAME note TO memo; ROLLBACK;
SET wishflags.guard = off;
BEGIN; ALTER TABLE orders RENAME note TO memo; ROLLBACK;
RESET wishflags.guard;

-- It is a rule as others are: a policy can be milder, an allowance lets one through.
INSERT INTO wishflags.guard_policies (rule, action, schemas, reason) VALUES ('deprecated-too-early', 'warn', '{shop}', 'a test');
SET client_min_messages = warning;
\set VERBOSITY terse
BEGIN; DROP VIEW notes; ROLLBACK;
\set VERBOSITY default
UPDATE wishflags.guard_policies SET schemas = '{elsewhere}';
SELECT try('DROP VIEW notes') ~ 'WF001' AS refused;
UPDATE wishflags.guard_policies SET schemas = NULL, action = 'off';
BEGIN; DROP VIEW notes; ROLLBACK;
DELETE FROM wishflags.guard_policies;
SET client_min_messages = error;
BEGIN;
SELECT wishflags.guard_allow('deprecated-too-early', 'shop.notes', current_user, NULL, 'told everybody') IS NOT NULL;
SELECT try('DROP VIEW notes');
ROLLBACK;

-- Asked about a text.
SELECT statement, line, rule, severity, kind, object, message ~ 'may go' AS told, action, policy FROM wishflags.guard_check($$
ALTER TABLE orders DROP COLUMN note;
ALTER TABLE orders ADD COLUMN z int; DROP VIEW notes;
DROP SCHEMA shop CASCADE; ALTER SCHEMA shop RENAME TO store;
DROP TABEL notes$$) WHERE action <> 'fails' ORDER BY statement, object COLLATE "C";
SELECT count(*) FROM wishflags.guard_check('DROP VIEW notes', '{"ignore": ["deprecated-too-early"]}');
SELECT count(*) FROM wishflags.guard_check('DROP VIEW notes', '{"only": ["drop-table"]}');
SELECT hint FROM wishflags.guard_check('DROP VIEW notes', '{"only": "deprecated-too-early"}');

-- Releases pass, and a deprecation is taken back.
SELECT wishflags.release('2.0');
SELECT try($$SELECT wishflags.release('2.0')$$);
SELECT try($$SELECT wishflags.release('')$$);
SELECT try('DROP TYPE mood');
SELECT try('DROP VIEW notes') ~ 'after the next release' AS refused;
SELECT try('DROP FUNCTION first_note()') ~ 'may go on DAY' AS refused;
SELECT wishflags.release('2.1');
SELECT try('DROP VIEW notes');
SELECT try($$SELECT wishflags.deprecation_withdraw('orders', 'x')$$);
SELECT try($$SELECT wishflags.deprecation_withdraw('orders.note', '')$$);
SELECT wishflags.deprecation_withdraw('orders.note', 'we need it');
SELECT try('ALTER TABLE orders DROP COLUMN note');
SELECT object, state, releases_left, withdrawn_reason FROM wishflags.deprecations ORDER BY object;

-- The owner deprecates, nobody else.
CREATE ROLE shop_clerk;
GRANT USAGE ON SCHEMA wishflags, shop TO shop_clerk;
SET ROLE shop_clerk;
SELECT try($$SELECT wishflags.deprecate('orders.id', releases => 1, reason => 'x')$$);
RESET ROLE;
GRANT EXECUTE ON FUNCTION wishflags.deprecate TO shop_clerk;
SET ROLE shop_clerk;
SELECT try($$SELECT wishflags.deprecate('shop.orders.id', releases => 1, reason => 'x')$$);
-- PostgreSQL's own refusal comes first.
SELECT try('DROP FUNCTION shop.first_note()');
RESET ROLE;
DELETE FROM wishflags.deprecated_objects;
DELETE FROM wishflags.releases;
DROP SCHEMA shop CASCADE;
DROP OWNED BY shop_clerk;
DROP ROLE shop_clerk;
