-- Whole policies at once; a broken one; and that nobody is locked out.
CREATE SCHEMA guard_preset;
SET search_path = guard_preset;
\set VERBOSITY terse
\set SHOW_CONTEXT never
TRUNCATE wishflags.guard_policy_history;
CREATE TABLE orders (id int, note text);
INSERT INTO orders SELECT g, 'n' FROM generate_series(1, 100) g;

-- Presets replace each other, and leave other rows alone.
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('rename-table', 'off', 'mine');
\set actions 'SELECT action, count(*) FROM wishflags.guard_effective GROUP BY action ORDER BY action;'
SELECT wishflags.guard_preset('strict');
:actions
SELECT wishflags.guard_preset('recommended');
:actions
SELECT wishflags.guard_preset('observe');
:actions
SELECT wishflags.guard_preset('enums-and-indexes');
:actions
SELECT name FROM wishflags.guard_policies;
SELECT wishflags.guard_preset('none');
DELETE FROM wishflags.guard_policies;

-- A row that is broken lets commands pass, with a warning.
SET session_replication_role = replica;
INSERT INTO wishflags.guard_policies (name, rule, action, reason, changed_at, changed_by) VALUES ('bad', 'no-such-rule', 'block', 'x', now(), 'x');
RESET session_replication_role;
CREATE INDEX orders_id ON orders (id);
SELECT * FROM wishflags.guard_effective;
-- Which ends with the row; nobody is locked out.
DELETE FROM wishflags.guard_policies;
CREATE INDEX orders_note ON orders (note);
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('all', 'block', 'everything'), ('drop-table', 'block', 'x'), ('drop-schema', 'block', 'x');
CREATE TABLE wide (a timestamp);
SET wishflags.guard = off;
CREATE TABLE wide (a timestamp);
RESET wishflags.guard;
TRUNCATE wishflags.guard_policies;
SELECT action, before FROM wishflags.guard_policy_history ORDER BY occurred_at DESC LIMIT 1;

SET client_min_messages = error;
SET wishflags.guard = off;
DROP SCHEMA guard_preset CASCADE;
TRUNCATE wishflags.guard_policy_history;
