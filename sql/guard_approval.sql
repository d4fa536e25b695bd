-- What others must approve before it is run.
CREATE SCHEMA guard_approval;
SET search_path = guard_approval;
\set VERBOSITY default
CREATE ROLE wf_gov_author;
CREATE ROLE wf_gov_dba_1;
CREATE ROLE wf_gov_dba_2;
CREATE ROLE wf_gov_security;
CREATE ROLE wf_gov_dbas ROLE wf_gov_dba_1, wf_gov_dba_2, wf_gov_author;
CREATE ROLE wf_gov_owner ROLE wf_gov_author, wf_gov_dba_1;
GRANT ALL ON SCHEMA guard_approval TO wf_gov_owner;
GRANT USAGE ON SCHEMA guard_approval, wishflags TO wf_gov_author, wf_gov_dba_1, wf_gov_dba_2, wf_gov_security, wf_gov_dbas;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA wishflags TO wf_gov_author, wf_gov_dba_1, wf_gov_dba_2, wf_gov_security, wf_gov_dbas;
GRANT SELECT ON wishflags.schema_changes, wishflags.schema_change_overview, wishflags.schema_change_requirements
TO wf_gov_author, wf_gov_dba_1, wf_gov_dba_2, wf_gov_security;
CREATE TABLE orders (id int, note text, remark text);
CREATE TABLE old_orders (id int);
INSERT INTO orders SELECT g, 'n', 'r' FROM generate_series(1, 20) g;
INSERT INTO old_orders VALUES (1);
ALTER TABLE orders OWNER TO wf_gov_owner;
ALTER TABLE old_orders OWNER TO wf_gov_owner;
INSERT INTO wishflags.guard_policies (rule, action, requires_approval, reason)
VALUES ('kind:data-loss', 'block', true, 'losses are approved');
INSERT INTO wishflags.approval_policies (name, severity, rule, approver_role, approvals, reason) VALUES
	('losses', 'info', 'kind:data-loss', 'wf_gov_dbas', 2, 'four eyes and two more'),
	('elsewhere', 'info', 'kind:data-loss', 'wf_gov_security', 1, 'staging only');
UPDATE wishflags.approval_policies SET environments = '{staging}' WHERE name = 'elsewhere';
SELECT rule, severity, approver_role, approvals, policies FROM wishflags.approval_effective WHERE rule IN ('drop-table', 'index-not-concurrent');

-- Not approved: refused, and told what to do.
SET SESSION AUTHORIZATION wf_gov_author;
ALTER TABLE orders DROP COLUMN note;
SELECT wishflags.schema_change_propose('ALTER TABLE orders DROP COLUMN note;
-- another one
DROP TABLE old_orders', 'TICKET-1 | old columns') AS id \gset
SELECT id, state, author, severity, findings, approvals, missing, executed FROM wishflags.schema_change_overview;
ALTER TABLE orders DROP COLUMN note;
SELECT wishflags.schema_change_approve(:id, 'mine');
SET ROLE wf_gov_dbas;
SELECT wishflags.schema_change_approve(:id, 'mine, as another');
RESET ROLE;

SET SESSION AUTHORIZATION wf_gov_security;
SELECT wishflags.schema_change_approve(:id, 'not asked');
SET SESSION AUTHORIZATION wf_gov_dba_1;
SELECT wishflags.schema_change_approve(:id, 'fine', 1);
SELECT wishflags.schema_change_approve(:id, 'fine again');
SELECT state, approvals, missing FROM wishflags.schema_change_overview;
-- An edit voids what was approved.
SET SESSION AUTHORIZATION wf_gov_author;
SELECT wishflags.schema_change_amend(:id, 'ALTER TABLE orders DROP COLUMN note; DROP TABLE old_orders;', 'TICKET-1, in one line');
SELECT state, revision, approvals FROM wishflags.schema_change_overview;
SET SESSION AUTHORIZATION wf_gov_dba_1;
SELECT wishflags.schema_change_approve(:id, 'seen before', 1);
SELECT wishflags.schema_change_approve(:id, 'fine', 2);
SET SESSION AUTHORIZATION wf_gov_dba_2;
SELECT wishflags.schema_change_approve(:id, 'fine');
RESET SESSION AUTHORIZATION;
SELECT regexp_replace(wishflags.schema_change_checklist(:id), 'before \d.*', 'before ...') AS checklist \gset
\echo :checklist
SELECT regexp_replace(wishflags.schema_change_risk(:id), ' \d\.\d ', ' ... ', 'g') AS risk \gset
\echo :risk

-- Approved: it runs, once, whatever its spaces; what rolls back has not run.
SET SESSION AUTHORIZATION wf_gov_dba_1;
BEGIN;
ALTER TABLE   orders DROP /* now */ COLUMN note;
SELECT state, executed FROM wishflags.schema_change_overview;
ROLLBACK;
ALTER TABLE orders DROP COLUMN note;
SELECT state, executed, executed_by FROM wishflags.schema_change_overview;
ALTER TABLE orders ADD COLUMN note text;
ALTER TABLE orders DROP COLUMN note;
-- Not approved are other statements, and the same on another object.
ALTER TABLE orders DROP COLUMN remark;
RESET SESSION AUTHORIZATION;
CREATE SCHEMA guard_approval_other CREATE TABLE old_orders (id int);
INSERT INTO guard_approval_other.old_orders VALUES (1);
SET search_path = guard_approval_other;
DROP TABLE old_orders;
SET search_path = guard_approval;
DO $$ BEGIN DROP TABLE old_orders; END $$;
SELECT state, executed, executed_by FROM wishflags.schema_change_overview;
SELECT outcome, object, reason, login_role FROM wishflags.guard_log WHERE outcome = 'approved' ORDER BY occurred_at;
SELECT event, revision, comment, login_role FROM wishflags.schema_change_events ORDER BY occurred_at;

-- In an emergency.
SET wishflags.bypass = 'site is down';
ALTER TABLE orders DROP COLUMN note;
RESET wishflags.bypass;
SELECT id IS NULL AS nobody_proposed, state, author, reason, sql FROM wishflags.schema_change_overview WHERE state LIKE 'skipped%';
SELECT wishflags.schema_change_propose('ALTER TABLE orders DROP COLUMN remark', 'TICKET-2') AS id \gset
BEGIN;
SET LOCAL wishflags.bypass = 'site is down again';
ALTER TABLE orders DROP COLUMN remark;
SELECT state, reason FROM wishflags.schema_change_overview WHERE id = :id;
ROLLBACK;
SELECT state, reason FROM wishflags.schema_change_overview WHERE id = :id;

-- Rejected, withdrawn, expired.
SET SESSION AUTHORIZATION wf_gov_dba_1;
SELECT wishflags.schema_change_reject(:id, 'remarks are needed');
SELECT state FROM wishflags.schema_change_overview WHERE id = :id;
SELECT wishflags.schema_change_approve(:id);
RESET SESSION AUTHORIZATION;
SELECT wishflags.schema_change_amend(:id, 'ALTER TABLE orders DROP COLUMN remark', 'TICKET-2, agreed', '{"valid_for": "-1 second"}');
SELECT state FROM wishflags.schema_change_overview WHERE id = :id;
SET SESSION AUTHORIZATION wf_gov_dba_1;
SELECT wishflags.schema_change_approve(:id);
RESET SESSION AUTHORIZATION;
SELECT wishflags.schema_change_withdraw(:id, 'no more');
SELECT state FROM wishflags.schema_change_overview WHERE id = :id;

-- Reusable, and with the way back; without a row for it anyone else approves.
UPDATE wishflags.approval_policies SET reusable = true, approvals = 1;
SELECT wishflags.schema_change_propose('ALTER TABLE orders DROP COLUMN IF EXISTS remark', 'each night', '{"rollback": true}') AS id \gset
SELECT rollback_sql FROM wishflags.schema_changes WHERE id = :id;
SET SESSION AUTHORIZATION wf_gov_dba_1;
SELECT wishflags.schema_change_approve(:id);
RESET SESSION AUTHORIZATION;
ALTER TABLE orders DROP COLUMN IF EXISTS remark;
ALTER TABLE orders ADD COLUMN remark text;
ALTER TABLE orders DROP COLUMN IF EXISTS remark;
SELECT executions FROM wishflags.schema_change_statements WHERE change_id = :id;
DELETE FROM wishflags.approval_policies;
SELECT missing FROM wishflags.schema_change_overview WHERE id = :id;
SELECT action, before ->> 'name' AS before, after ->> 'name' AS after, login_role FROM wishflags.approval_policy_history ORDER BY occurred_at, 2, 3;

-- The check can be asked for more.
CREATE TABLE counted (id int, note text);
INSERT INTO counted VALUES (1, NULL);
SELECT wishflags.schema_change_propose('ALTER TABLE counted ALTER note SET NOT NULL', 'TICKET-9') AS id \gset
SELECT f ->> 'rule' AS rule FROM wishflags.schema_changes, jsonb_array_elements(findings) f WHERE id = :id AND f ->> 'kind' = 'fails';
SELECT wishflags.schema_change_amend(:id, 'ALTER TABLE counted ALTER note SET NOT NULL', 'TICKET-9, counted', '{"check": {"validate_data": true}}');
SELECT f ->> 'rule' AS rule FROM wishflags.schema_changes, jsonb_array_elements(findings) f WHERE id = :id AND f ->> 'kind' = 'fails';

DELETE FROM wishflags.guard_policies;
DROP SCHEMA guard_approval, guard_approval_other CASCADE;
DROP OWNED BY wf_gov_author, wf_gov_dba_1, wf_gov_dba_2, wf_gov_security, wf_gov_dbas, wf_gov_owner;
DROP ROLE wf_gov_author, wf_gov_dba_1, wf_gov_dba_2, wf_gov_security, wf_gov_dbas, wf_gov_owner;
