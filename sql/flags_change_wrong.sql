-- Change requests, used wrongly.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
ALTER SEQUENCE wishflags.change_requests_id_seq RESTART;
\set SHOW_CONTEXT never
CREATE ROLE wf_change_eve;
CREATE ROLE wf_change_abe;
CREATE ROLE wf_change_nobody;
SELECT wishflags.access_grant('wf_change_eve', 'editor') > 0 AND wishflags.access_grant('wf_change_abe', 'approver') > 0 AS granted;
GRANT wf_change_abe TO wf_change_eve;
GRANT USAGE ON SCHEMA wishflags TO wf_change_nobody;
SELECT wishflags.flag_create('checkout', enabled => true, rollout => 10);

-- What is no request.
SELECT wishflags.change_propose('[]', 'x');
SELECT wishflags.change_propose('{}', 'x');
SELECT wishflags.change_propose('{"flags": {"checkout": {"rollout": 1}}}', '  ');
\set VERBOSITY terse
SELECT wishflags.change_propose('{"flag": {"checkout": {"rollout": 1}}}', 'x');
SELECT wishflags.change_propose('{"flags": ["checkout"]}', 'x');
SELECT wishflags.change_propose('{"flags": {"checkout": true}}', 'x');
SELECT wishflags.change_propose('{"flags": {"checkout": {}}}', 'x');
SELECT wishflags.change_propose('{"flags": {"checkout": {"rolout": 1}}}', 'x');
SELECT wishflags.change_propose('{"flags": {"checkout": {"version": 1}}}', 'x');
SELECT wishflags.change_propose('{"flags": {"checkout": {"ctid": "(0,1)"}}}', 'x');
SELECT wishflags.change_propose('{"segments": {"staff": {"definer": "postgres"}}}', 'x');
SELECT wishflags.change_propose('{"overrides": {"checkout": "user-1"}}', 'x');
SELECT wishflags.change_propose('{"overrides": {"checkout": {"user-1": 1}}}', 'x');
SELECT wishflags.change_propose('{"flags": {"checkout": {"rollout": 1}}}', 'x', '{"drft": true}');
SELECT wishflags.change_propose(NULL, 'x');
SELECT wishflags.change_propose('{"flags": {"checkout": {"rollout": 1}}}', NULL);
SELECT wishflags.change_reject(1, NULL);
SELECT wishflags.change_cancel(NULL, 'x');
SELECT wishflags.change_apply(NULL);
SELECT wishflags.change_apply(1, NULL);
-- What could not be made is refused now.
SELECT wishflags.change_propose('{"flags": {"checkout": {"rollout": 101}}}', 'x');
SELECT wishflags.change_propose('{"flags": {"checkout": {"rollout": "much"}}}', 'x');
SELECT wishflags.change_propose('{"flags": {"checkout": {"definition": {"variants": 1}}}}', 'x');
SELECT wishflags.change_propose('{"flags": {"chekout": null}}', 'x');
SELECT wishflags.change_propose('{"overrides": {"checkout": {"user-1": "blue"}}}', 'x');
SELECT wishflags.change_propose('{"overrides": {"chekout": {"user-1": true}}}', 'x');
SELECT wishflags.change_propose('{"flags": {"chekout": null}}', 'a draft is not tried', '{"draft": true}');
\set VERBOSITY default
-- What is not there.
SELECT wishflags.change_approve(-1);
SELECT wishflags.change_approve(NULL);
SELECT wishflags.change_edit(NULL);
SELECT wishflags.change_apply(-1);
SELECT wishflags.change_show(-1);
\set VERBOSITY terse
SELECT wishflags.change_edit(-1);
SELECT wishflags.change_reject(-1, 'x');
SELECT wishflags.change_cancel(-1, 'x');
SELECT wishflags.change_apply(-1, 'x');
SELECT * FROM wishflags.change_list('aproved');
SELECT wishflags.change_apply(1);
BEGIN READ ONLY;
SELECT wishflags.change_edit(1);
ROLLBACK;

-- Without rights nobody proposes, reads or writes.
SET SESSION AUTHORIZATION wf_change_nobody;
SELECT wishflags.change_propose('{"flags": {"checkout": {"rollout": 20}}}', 'x');
SELECT FROM wishflags.change_requests;
SET SESSION AUTHORIZATION wf_change_abe;
SELECT wishflags.change_propose('{"flags": {"checkout": {"rollout": 20}}}', 'x');
INSERT INTO wishflags.change_request_approvals (request_id, revision, approver) VALUES (1, 1, 'me');
UPDATE wishflags.change_requests SET state = 'applied';
INSERT INTO wishflags.change_policies (name, reason) VALUES ('mine', 'x');

-- An author never approves: not as another role that he is a member of, not through
-- a function of another, and not what he wrote as another role.
SET SESSION AUTHORIZATION wf_change_eve;
\set VERBOSITY default
SELECT wishflags.change_propose('{"flags": {"checkout": {"rollout": 20}}}', 'x') AS id \gset
SELECT wishflags.change_approve(:id);
SET ROLE wf_change_abe;
SELECT wishflags.change_approve(:id);
SELECT wishflags.change_reject(:id, 'x');
RESET ROLE;
SET SESSION AUTHORIZATION wf_change_abe;
CREATE FUNCTION pg_temp.approve(id bigint) RETURNS text LANGUAGE sql SECURITY DEFINER RETURN wishflags.change_approve(id);
SET SESSION AUTHORIZATION wf_change_eve;
\set VERBOSITY terse
SELECT pg_temp.approve(:id);
RESET SESSION AUTHORIZATION;
CREATE ROLE wf_change_ops;
GRANT wf_change_ops TO wf_change_abe;
SELECT wishflags.access_grant('wf_change_ops', 'editor') > 0 AS granted;
SET SESSION AUTHORIZATION wf_change_abe;
SET ROLE wf_change_ops;
SELECT wishflags.change_propose('{"flags": {"checkout": {"rollout": 21}}}', 'as another') AS other \gset
RESET ROLE;
SELECT wishflags.change_approve(:other);
-- Others do not edit it or take it back.
RESET SESSION AUTHORIZATION;
DROP OWNED BY wf_change_ops;
DROP ROLE wf_change_ops;
SELECT wishflags.access_grant('wf_change_nobody', 'editor') > 0 AS granted;
SET SESSION AUTHORIZATION wf_change_nobody;
SELECT wishflags.change_edit(:id);
SELECT wishflags.change_cancel(:id, 'x');
SELECT wishflags.change_apply(:id);
SELECT wishflags.change_apply(:id, 'I want it');

-- Approved once by each, of the revision that was read; applied once.
SET SESSION AUTHORIZATION wf_change_abe;
SELECT wishflags.change_approve(:id, revision => 2);
SELECT wishflags.change_approve(:id, approver_role => 'wf_change_nobody');
SELECT wishflags.change_approve(:id);
SELECT wishflags.change_approve(:id);
SELECT wishflags.change_approve(1);
SET SESSION AUTHORIZATION wf_change_nobody;
SELECT wishflags.change_apply(:id);
SELECT wishflags.change_apply(:id);
SET SESSION AUTHORIZATION wf_change_eve;
SELECT wishflags.change_edit(:id);
SELECT wishflags.change_cancel(:id, 'too late');
SET SESSION AUTHORIZATION wf_change_abe;
SELECT wishflags.change_reject(:id, 'too late');
RESET SESSION AUTHORIZATION;
SELECT key, rollout, version FROM wishflags.flags;
SET client_min_messages = warning;
TRUNCATE wishflags.change_requests, wishflags.change_request_approvals, wishflags.change_request_events;
DELETE FROM wishflags.flags;
DROP OWNED BY wf_change_eve, wf_change_abe, wf_change_nobody;
DROP ROLE wf_change_eve, wf_change_abe, wf_change_nobody;
