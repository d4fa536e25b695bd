-- What the log holds of refusals and bypasses, and of what no event trigger sees.
CREATE SCHEMA guard_audit;
SET search_path = guard_audit;
DELETE FROM wishflags.guard_log;
CREATE TABLE account (id int, kind text);
INSERT INTO account VALUES (1, 'a');
CREATE INDEX CONCURRENTLY account_id ON account (id);
CREATE TABLE nothing (id int PRIMARY KEY);
CREATE TYPE mood AS ENUM ('calm');

-- REINDEX is refused in any form that locks; it stands where others stand.
REINDEX TABLE account;
REINDEX INDEX account_id;
BEGIN;
REINDEX INDEX account_id;
ROLLBACK;
DO $$ BEGIN EXECUTE 'REINDEX INDEX guard_audit.account_id'; END $$;
REINDEX SCHEMA guard_audit;
-- The hints work.
REINDEX TABLE CONCURRENTLY guard_audit.account;
REINDEX INDEX CONCURRENTLY guard_audit.account_id;
REINDEX SCHEMA CONCURRENTLY guard_audit;
-- Nothing to rebuild, or nothing of ours.
REINDEX TABLE nothing;
REINDEX TABLE pg_catalog.pg_class;
REINDEX TABLE missing;
CREATE ROLE wf_audit_visitor;
GRANT USAGE ON SCHEMA guard_audit TO wf_audit_visitor;
SET ROLE wf_audit_visitor;
\set VERBOSITY sqlstate
REINDEX TABLE account;
REINDEX SCHEMA guard_audit;
\set VERBOSITY default
RESET ROLE;
-- As it is, these pass.
VACUUM FULL account;
CLUSTER account USING account_id;
CREATE TABLE gone AS SELECT 1 AS id;
TRUNCATE gone;

-- Labels behind the back of ALTER TYPE.
INSERT INTO pg_enum (oid, enumtypid, enumsortorder, enumlabel) VALUES (1, 'mood'::regtype, 2, 'wild');
UPDATE pg_enum SET enumlabel = 'wild' WHERE enumtypid = 'mood'::regtype;
DELETE FROM pg_enum WHERE enumtypid = 'mood'::regtype;
COPY pg_enum FROM STDIN;
\.
SELECT enumlabel FROM pg_enum WHERE enumtypid = 'mood'::regtype;
BEGIN;
SET LOCAL wishflags.bypass = 'the repair of ticket 18';
UPDATE pg_enum SET enumlabel = 'quiet' WHERE enumtypid = 'mood'::regtype;
COMMIT;
SELECT enum_range(NULL::mood);
-- What a column uses is not the point: ALTER TYPE is, where it is allowed.
ALTER TYPE mood ADD VALUE 'loud';

-- A bypass has its duration, and what comments said of it.
SET wishflags.bypass = 'ticket 19';
/* wishflags: ignore index-not-concurrent reason="tiny table" until=2099-12-31 */ CREATE INDEX account_kind ON account (kind);
/* wishflags: ignore no-such-rule reason="typing" */ REINDEX TABLE account;
CREATE INDEX account_string ON account ((kind || '/* wishflags: ignore drop-table reason="no" */'));
DO $$ BEGIN CREATE INDEX account_both ON account (id, kind); END $$;
RESET wishflags.bypass;
SELECT outcome, rule, object, command_tag, reason, duration_ms > 0 AS timed, evidence -> 'directives' AS directives
FROM wishflags.guard_log ORDER BY occurred_at;
-- A comment is no permission.
/* wishflags: ignore index-not-concurrent reason="please" */ CREATE INDEX account_more ON account (kind);
SELECT outcome, evidence -> 'directives' AS directives FROM wishflags.guard_log ORDER BY occurred_at DESC LIMIT 1;
-- What failed later took no time, and its address means nothing any more.
SET wishflags.bypass = 'fails';
CREATE INDEX account_kind ON account (kind);
RESET wishflags.bypass;
CREATE INDEX ON nothing (id);
SELECT count(*) FROM wishflags.guard_log WHERE reason = 'fails';

-- Whoever switches the guard's triggers is written down, not stopped.
ALTER EVENT TRIGGER wishflags_guard_drop DISABLE;
SET wishflags.guard = off;
ALTER EVENT TRIGGER wishflags_guard_drop ENABLE ALWAYS;
RESET wishflags.guard;
BEGIN;
ALTER EVENT TRIGGER wishflags_guard_drop RENAME TO other;
ROLLBACK;
CREATE FUNCTION nop() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER of_somebody_else ON sql_drop EXECUTE FUNCTION nop();
ALTER EVENT TRIGGER of_somebody_else DISABLE;
DROP EVENT TRIGGER of_somebody_else;
SELECT outcome, rule, object, command_tag FROM wishflags.guard_log WHERE outcome = 'noted' ORDER BY occurred_at;
-- How loud that is can be set; that it is neither refused nor left out can't be.
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('all', 'block', 'a test');
SELECT rule, action, only_for FROM wishflags.guard_effective WHERE rule IN ('guard-changed', 'enum-catalog-write') ORDER BY 1;
BEGIN; ALTER EVENT TRIGGER wishflags_guard_drop DISABLE; ROLLBACK;
UPDATE wishflags.guard_policies SET action = 'off';
BEGIN; ALTER EVENT TRIGGER wishflags_guard_drop DISABLE;
SELECT count(*) FROM wishflags.guard_log WHERE outcome = 'noted' AND txid = pg_current_xact_id();
UPDATE pg_enum SET enumlabel = 'calm' WHERE enumlabel = 'quiet';
ROLLBACK;
DELETE FROM wishflags.guard_policies;
-- Where the first trigger is off, all of the guard is.
ALTER EVENT TRIGGER wishflags_guard_start DISABLE;
REINDEX TABLE account;
BEGIN;
UPDATE pg_enum SET enumlabel = 'calm' WHERE enumlabel = 'quiet';
ROLLBACK;
ALTER EVENT TRIGGER wishflags_guard_start ENABLE ALWAYS;

-- The report, with what the months before had.
INSERT INTO wishflags.guard_log (occurred_at, outcome, rule, object, command_tag, message, reason,
	acting_role, outer_role, login_role, backend_pid, duration_ms)
SELECT date_trunc('month', now()) - make_interval(months => m), 'bypassed', rule, 'o', 'CREATE INDEX', 'm', 'r' || m,
	'deploy', 'deploy', 'deploy', 1, 10 * g
FROM (VALUES (1, 'index-not-concurrent', 2), (2, 'index-not-concurrent', 3), (3, 'index-not-concurrent', 3),
	(5, 'index-not-concurrent', 1), (1, 'enum-add-value', 4), (2, 'enum-add-value', 1), (40, 'enum-add-value', 1)) v(m, rule, n),
	generate_series(1, n) g;
SELECT date_trunc('month', now())::date - r.month > 0 AS earlier, r.rule, r.bypasses, r.month_before, r.trend, r.total_ms, r.longest_ms, r.last_reason
FROM wishflags.guard_bypass_report() r WHERE r.role = 'deploy';
SELECT count(*) FROM wishflags.guard_bypass_report(2) WHERE role = 'deploy';
SELECT rule, bypasses, trend, total_ms > 0 AS timed FROM wishflags.guard_bypass_report(1) WHERE role = session_user;

-- Old rows go when they are told to.
SELECT wishflags.guard_log_prune();
SELECT wishflags.guard_log_prune('45 days') > 0 AS more;
SELECT wishflags.guard_log_prune('-1 day');
SELECT wishflags.guard_log_prune(NULL);
SELECT reason, meaning FROM wishflags.guard_unconfirmed;

RESET search_path;
SET client_min_messages = warning;
SET wishflags.guard = off;
DROP SCHEMA guard_audit CASCADE;
DROP ROLE wf_audit_visitor;
