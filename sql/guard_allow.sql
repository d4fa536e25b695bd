-- guard_allow() lets one role do one thing to one object, for a time.
CREATE SCHEMA guard_allow;
SET search_path = guard_allow;
\set VERBOSITY terse
CREATE TABLE "Order" (id int, note text);
INSERT INTO "Order" SELECT g, 'n' FROM generate_series(1, 20) g;
CREATE ROLE wf_allow_dev;
GRANT ALL ON SCHEMA guard_allow TO wf_allow_dev;
ALTER TABLE "Order" OWNER TO wf_allow_dev;

SET ROLE wf_allow_dev;
CREATE INDEX order_id ON "Order" (id);
RESET ROLE;
-- For another role, rule or object it says nothing.
SELECT wishflags.guard_allow('index-not-concurrent', 'guard_allow."Order"', 'postgres', now() + interval '1 hour', 'other role') IS NOT NULL AS allowed;
SELECT wishflags.guard_allow('add-unique-builds-index', 'guard_allow."Order"', 'wf_allow_dev', now() + interval '1 hour', 'other rule') IS NOT NULL AS allowed;
SELECT wishflags.guard_allow('index-not-concurrent', 'guard_allow.order', 'wf_allow_dev', now() + interval '1 hour', 'other object') IS NOT NULL AS allowed;
SET ROLE wf_allow_dev;
CREATE INDEX order_id ON "Order" (id);
RESET ROLE;
SELECT wishflags.guard_allow('index-not-concurrent', 'guard_allow."Order"', 'wf_allow_dev', now() + interval '1 hour', 'TICKET-1') IS NOT NULL AS allowed;
SET ROLE wf_allow_dev;
CREATE INDEX order_id ON "Order" (id);
ALTER TABLE "Order" ADD UNIQUE (id), ADD EXCLUDE USING btree (note WITH =);
RESET ROLE;
SELECT outcome, rule, object, reason, acting_role FROM wishflags.guard_log WHERE object LIKE 'guard_allow%' ORDER BY occurred_at, rule;

-- It ends by itself, or by DELETE.
UPDATE wishflags.guard_allowances SET valid_until = clock_timestamp() + interval '50 ms' WHERE reason = 'TICKET-1';
SELECT pg_sleep(0.1);
SET ROLE wf_allow_dev;
CREATE INDEX order_note ON "Order" (note);
RESET ROLE;
DELETE FROM wishflags.guard_allowances;
-- Any object.
SELECT wishflags.guard_allow('index-not-concurrent', NULL, 'wf_allow_dev', 'infinity', 'maintenance') IS NOT NULL AS allowed;
SET ROLE wf_allow_dev;
CREATE INDEX order_note ON "Order" (note);
RESET ROLE;
SELECT action, after ->> 'object' AS object, after ->> 'reason' AS reason FROM wishflags.guard_policy_history
WHERE after ? 'valid_until' AND after ? 'object' ORDER BY occurred_at;
DELETE FROM wishflags.guard_allowances;

-- Without an end it is for the transaction alone, savepoints included.
BEGIN;
SAVEPOINT s;
SELECT wishflags.guard_allow('index-not-concurrent', 'guard_allow."Order"', 'wf_allow_dev', NULL, 'once') IS NOT NULL AS allowed;
RELEASE s;
SET LOCAL ROLE wf_allow_dev;
CREATE INDEX order_once ON "Order" (id, note);
COMMIT;
SET ROLE wf_allow_dev;
CREATE INDEX order_twice ON "Order" (id, note);
RESET ROLE;
DELETE FROM wishflags.guard_allowances;

-- enum_plan() opens the way by it.
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE cats (mood mood);
ALTER TYPE mood ADD VALUE 'glad' AFTER 'ok';
SELECT sql FROM wishflags.enum_plan('guard_allow.mood', 'add', '{"value": "glad", "after": "ok", "reason": "TICKET-2"}')
\gexec
SELECT enum_range(NULL::mood);
-- For this change only.
ALTER TYPE mood RENAME VALUE 'glad' TO 'merry';
SELECT outcome, rule, reason FROM wishflags.guard_log WHERE object = 'guard_allow.mood' ORDER BY occurred_at;

SET client_min_messages = error;
SET wishflags.guard = off;
DELETE FROM wishflags.guard_allowances;
TRUNCATE wishflags.guard_policy_history;
DROP SCHEMA guard_allow CASCADE;
DROP ROLE wf_allow_dev;
