-- wishflags.bypass lets DDL through, and leaves a row.
CREATE SCHEMA guard_bypass;
SET search_path = guard_bypass;
CREATE TABLE account (id int, kind text);
INSERT INTO account VALUES (1, 'a');
CREATE TYPE plan AS ENUM ('free');
CREATE TABLE customer (plan plan);

-- A reason is needed.
SET wishflags.bypass = '';
SET wishflags.bypass = '  ';
SELECT set_config('wishflags.bypass', E'\t', false);
SHOW wishflags.bypass;

-- In a block, for that block.
BEGIN;
SET LOCAL wishflags.bypass = 'ticket 17: maintenance window';
SET LOCAL application_name = 'deploy';
CREATE INDEX account_kind ON account (kind);
ALTER TYPE plan ADD VALUE 'paid';
COMMIT;
SHOW wishflags.bypass;
CREATE INDEX account_kind_2 ON account (kind);
SELECT outcome, rule, object, command_tag, statement, reason, acting_role = current_user AS me,
	login_role = session_user AS me_too, txid IS NOT NULL AS in_transaction, application_name,
	backend_pid = pg_backend_pid() AS this_backend, occurred_at > now() - interval '1 hour' AS recent
FROM wishflags.guard_log WHERE reason LIKE 'ticket 17%' ORDER BY occurred_at;

-- Of several statements in one query the log keeps the one.
SELECT 'a secret' AS other\; CREATE INDEX account_kind_3 ON account (kind)\; SELECT 'another';
SELECT statement FROM wishflags.guard_log WHERE object = 'guard_bypass.account' ORDER BY occurred_at DESC LIMIT 1;

-- What rolls back was not let through.
BEGIN;
SET LOCAL wishflags.bypass = 'changed my mind';
CREATE INDEX account_kind_3 ON account (kind);
ROLLBACK;
SELECT count(*) FROM wishflags.guard_log WHERE reason = 'changed my mind';

-- For the session.
SET wishflags.bypass = 'whole session';
ALTER TABLE account ADD PRIMARY KEY (id);
CREATE INDEX CONCURRENTLY account_both ON account (id, kind);
RESET wishflags.bypass;
ALTER TABLE account ADD UNIQUE (kind);
SELECT outcome, rule, reason FROM wishflags.guard_log WHERE reason = 'whole session' ORDER BY occurred_at;

-- A parallel worker gets no empty reason.
SET wishflags.bypass = 'gone soon';
RESET wishflags.bypass;
SET LOCAL wishflags.bypass = 'no block, no effect';
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT count(*) FROM account;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- Delegated with GRANT SET, and only then; the log is out of reach.
CREATE ROLE wf_bypass_owner;
GRANT USAGE, CREATE ON SCHEMA guard_bypass TO wf_bypass_owner;
ALTER TABLE account OWNER TO wf_bypass_owner;
SET ROLE wf_bypass_owner;
SET wishflags.bypass = 'may I';
SET wishflags.guard = off;
CREATE INDEX account_kind_4 ON account (kind);
RESET ROLE;
GRANT SET ON PARAMETER wishflags.bypass TO wf_bypass_owner;
SET ROLE wf_bypass_owner;
SET wishflags.bypass = 'may I now';
CREATE INDEX account_kind_4 ON account (kind);
SELECT count(*) FROM wishflags.guard_log;
INSERT INTO wishflags.guard_log (outcome) VALUES ('bypassed');
RESET wishflags.bypass;
RESET ROLE;
SELECT outcome, reason, acting_role, outer_role, login_role = session_user AS login
FROM wishflags.guard_log WHERE acting_role = 'wf_bypass_owner' ORDER BY occurred_at;

-- A log that can't be written costs nothing but its row.
ALTER TABLE wishflags.guard_log ADD CONSTRAINT full_up CHECK (outcome <> 'bypassed') NOT VALID;
SET wishflags.bypass = 'no paper left';
CREATE INDEX account_kind_5 ON account (kind);
RESET wishflags.bypass;
ALTER TABLE wishflags.guard_log DROP CONSTRAINT full_up;
SELECT count(*) AS built FROM pg_class WHERE relname = 'account_kind_5';

RESET search_path;
SET client_min_messages = warning;
SET wishflags.guard = off;
DROP SCHEMA guard_bypass CASCADE;
REVOKE SET ON PARAMETER wishflags.bypass FROM wf_bypass_owner;
DROP ROLE wf_bypass_owner;
