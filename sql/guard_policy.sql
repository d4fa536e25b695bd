-- guard_policies says what the guard does; the most specific row counts.
CREATE SCHEMA guard_policy;
CREATE SCHEMA guard_other;
SET search_path = guard_policy;
TRUNCATE wishflags.guard_policy_history;
\set VERBOSITY terse
\set SHOW_CONTEXT never
CREATE TABLE orders (id int, note text);
INSERT INTO orders SELECT g, 'n' FROM generate_series(1, 100) g;
CREATE TABLE guard_other.orders AS SELECT * FROM orders;
CREATE ROLE wf_policy_app;
CREATE ROLE wf_policy_team;
GRANT wf_policy_team TO wf_policy_app;
GRANT USAGE, CREATE ON SCHEMA guard_policy TO wf_policy_app;

-- What is in force without a row.
SELECT rule, action, source, only_for FROM wishflags.guard_effective WHERE action <> 'off' ORDER BY rule COLLATE "C";
SELECT count(*) > 60 AS others, count(DISTINCT action) FROM wishflags.guard_effective WHERE action = 'off';

-- Each action.
ALTER TABLE orders RENAME note TO remark;
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('rename-column', 'notice', 'just to know');
ALTER TABLE orders RENAME remark TO note;
UPDATE wishflags.guard_policies SET action = 'warn' WHERE rule = 'rename-column';
ALTER TABLE orders RENAME note TO remark;
UPDATE wishflags.guard_policies SET action = 'block' WHERE rule = 'rename-column';
\set VERBOSITY default
ALTER TABLE orders RENAME remark TO note;
\set VERBOSITY terse
UPDATE wishflags.guard_policies SET enabled = false WHERE rule = 'rename-column';
ALTER TABLE orders RENAME remark TO note;
SELECT outcome, rule, object FROM wishflags.guard_log WHERE rule = 'rename-column' ORDER BY occurred_at;
DELETE FROM wishflags.guard_policies;
SELECT action, before ->> 'action' AS before, after ->> 'action' AS after, acting_role = current_user AS me
FROM wishflags.guard_policy_history ORDER BY occurred_at;

-- Settings in force count.
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('lock-timeout-missing', 'block', 'nobody waits for long');
\set VERBOSITY default
ALTER TABLE orders ADD COLUMN late int;
\set VERBOSITY terse
SET lock_timeout = '5s';
ALTER TABLE orders ADD COLUMN late int;
RESET lock_timeout;
CREATE TABLE free (a int);
-- Objects that are not there yet have a schema as well.
INSERT INTO wishflags.guard_policies (rule, action, schemas, reason) VALUES ('enum-created', 'block', '{guard_policy}', 'use a table');
CREATE TYPE guard_policy.sizes AS ENUM ('s');
CREATE TYPE guard_other.sizes AS ENUM ('s');
DELETE FROM wishflags.guard_policies;
TRUNCATE wishflags.guard_policy_history;

-- Off for a rule that is on by default; a change rolled back is none.
BEGIN;
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('index-not-concurrent', 'off', 'nobody writes here');
CREATE INDEX orders_id ON orders (id);
ROLLBACK;
CREATE INDEX orders_id ON orders (id);

-- Precedence: rule, kind, severity, all; then the ordinal.
INSERT INTO wishflags.guard_policies (name, rule, action, ordinal, reason) VALUES
	('1', 'all', 'notice', 1, 'x'),
	('2', 'severity:medium', 'warn', 1, 'x'),
	('3', 'severity:high', 'notice', 100, 'x'),
	('4', 'kind:data-loss', 'block', 100, 'x'),
	('5', 'drop-column', 'warn', 50, 'x'),
	('6', 'drop-column', 'off', 40, 'x');
SELECT rule, action, policy, severity, kind FROM wishflags.guard_effective
WHERE rule IN ('drop-column', 'drop-table', 'rename-column', 'rename-other', 'nullable-column', 'enum-add-value') ORDER BY rule COLLATE "C";
-- The check's switches and severities count for what is more than a rule.
INSERT INTO wishflags.migration_policies (rule, enabled, reason) VALUES ('drop-table', false, 'x'), ('enum-add-value', false, 'x');
INSERT INTO wishflags.migration_policies (rule, severity, reason) VALUES ('rename-column', 'low', 'x');
SELECT rule, action, source, policy FROM wishflags.guard_effective
WHERE rule IN ('drop-table', 'rename-column', 'enum-add-value') ORDER BY rule COLLATE "C";
DELETE FROM wishflags.migration_policies;
DELETE FROM wishflags.guard_policies;

-- Conditions: schema, size, role, environment.
INSERT INTO wishflags.guard_policies (name, rule, action, schemas, reason) VALUES ('here', 'drop-column', 'block', '{guard_policy}', 'x');
SELECT rule, action, only_for, otherwise FROM wishflags.guard_effective WHERE rule = 'drop-column';
ALTER TABLE guard_other.orders DROP COLUMN note;
ALTER TABLE orders DROP COLUMN note;
UPDATE wishflags.guard_policies SET min_rows = 101;
BEGIN; ALTER TABLE orders DROP COLUMN note; ROLLBACK;
UPDATE wishflags.guard_policies SET min_rows = 100, min_bytes = 8192;
ALTER TABLE orders DROP COLUMN note;
UPDATE wishflags.guard_policies SET min_bytes = 100000;
BEGIN; ALTER TABLE orders DROP COLUMN note; ROLLBACK;
UPDATE wishflags.guard_policies SET min_rows = NULL, min_bytes = NULL, roles = '{wf_policy_team}';
BEGIN; ALTER TABLE orders DROP COLUMN note; ROLLBACK;
ALTER TABLE orders OWNER TO wf_policy_app;
SET ROLE wf_policy_app;
ALTER TABLE orders DROP COLUMN note;
RESET ROLE;
SHOW wishflags.environment;
UPDATE wishflags.guard_policies SET roles = NULL, environments = '{staging}';
BEGIN; ALTER TABLE orders DROP COLUMN note; ROLLBACK;
SET wishflags.environment = staging;
ALTER TABLE orders DROP COLUMN note;
SET wishflags.environment = 'two words';
RESET wishflags.environment;

-- Conditions: days, times, from and until.
UPDATE wishflags.guard_policies SET environments = NULL, days = ARRAY[lower(to_char(now() AT TIME ZONE 'Asia/Tokyo', 'dy'))], time_zone = 'Asia/Tokyo';
ALTER TABLE orders DROP COLUMN note;
UPDATE wishflags.guard_policies SET days = ARRAY[lower(to_char(now() AT TIME ZONE 'Asia/Tokyo' - interval '2 days', 'dy'))];
BEGIN; ALTER TABLE orders DROP COLUMN note; ROLLBACK;
UPDATE wishflags.guard_policies SET days = NULL, from_time = (now() AT TIME ZONE 'Asia/Tokyo' - interval '1 hour')::time,
	until_time = (now() AT TIME ZONE 'Asia/Tokyo' + interval '1 hour')::time;
ALTER TABLE orders DROP COLUMN note;
UPDATE wishflags.guard_policies SET from_time = until_time, until_time = from_time;
BEGIN; ALTER TABLE orders DROP COLUMN note; ROLLBACK;
UPDATE wishflags.guard_policies SET from_time = NULL, until_time = NULL, valid_from = now() - interval '1 day', valid_until = now() + interval '1 day';
ALTER TABLE orders DROP COLUMN note;
UPDATE wishflags.guard_policies SET valid_from = NULL, valid_until = now() - interval '1 hour';
BEGIN; ALTER TABLE orders DROP COLUMN note; ROLLBACK;

-- What a text would meet.
UPDATE wishflags.guard_policies SET valid_until = NULL, owner = 'team-shop', requires_approval = true;
SELECT statement, rule, object, action, policy FROM wishflags.guard_check(
	'ALTER TABLE guard_policy.orders DROP COLUMN note; ALTER TABLE guard_other.orders DROP COLUMN id;
	 CREATE INDEX ON guard_policy.orders (id); CREATE TABLE guard_policy.n (a int); CREATE INDEX ON guard_policy.n (a);
	 ALTER TABLE guard_policy.orders ALTER COLUMN id TYPE bigint');
DELETE FROM wishflags.guard_policies;

-- Something new is in the schema where it is made; a schema is its own.
INSERT INTO wishflags.guard_policies (name, rule, action, schemas, reason) VALUES
	('keys', 'table-without-primary-key', 'block', '{guard_other}', 'replicated'),
	('schemas', 'drop-schema', 'block', '{guard_other}', 'shared');
CREATE TABLE guard_other.keyless (a int);
SET search_path = guard_other;
CREATE TABLE keyless (a int);
DROP SCHEMA guard_other CASCADE;
SELECT statement, rule, object, action FROM wishflags.guard_check('CREATE TABLE keyless (a int); DROP SCHEMA guard_other CASCADE');
SET search_path = guard_policy;
CREATE TABLE keyless (a int);
SELECT statement, rule, object, action FROM wishflags.guard_check('CREATE TABLE keyless_2 (a int); DROP SCHEMA guard_policy CASCADE');
DELETE FROM wishflags.guard_policies;

SET client_min_messages = error;
SET wishflags.guard = off;
DROP SCHEMA guard_policy, guard_other CASCADE;
DROP ROLE wf_policy_app, wf_policy_team;
TRUNCATE wishflags.guard_policy_history;
