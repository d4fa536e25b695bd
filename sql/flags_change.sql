-- Change requests: from a proposal to what the audit says.
-- Versions and requests count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
ALTER SEQUENCE wishflags.change_requests_id_seq RESTART;
CREATE ROLE wf_change_eve;
CREATE ROLE wf_change_abe;
CREATE ROLE wf_change_ada;
CREATE ROLE wf_change_owners;
CREATE ROLE wf_change_otto IN ROLE wf_change_owners;
SELECT wishflags.access_grant('wf_change_eve', 'editor') > 0 AND wishflags.access_grant('wf_change_abe', 'approver') > 0
	AND wishflags.access_grant('wf_change_otto', 'approver') > 0 AND wishflags.access_grant('wf_change_ada', 'admin') > 0 AS granted;
SELECT wishflags.flag_create('checkout', enabled => true, rollout => 10), wishflags.flag_create('old'),
	wishflags.flag_override_set('checkout', 'user-1'), wishflags.segment_define('staff', '{"included": ["u1"]}');

SET SESSION AUTHORIZATION wf_change_eve;
SELECT wishflags.change_propose('{
	"flags": {
		"checkout": {"rollout": 50, "description": "the new checkout, which has a description that is so long that it goes on in another line", "tags": ["a", "b"]},
		"theme": {"enabled": true, "definition": {"variants": {"x": 1, "y": {"color": "red"}}, "off": "x", "default": "y"}},
		"old": null},
	"overrides": {"checkout": {"user-1": null, "user-7": false}, "theme": {"user-7": "x"}},
	"segments": {"staff": {"definition": {"included": ["u1", "u2"]}}, "beta": {"definition": {"included": []}}}}', 'TICKET-1: more people');
SELECT wishflags.change_show(1);
SELECT * FROM wishflags.change_list();
-- Nothing was changed by trying it.
SELECT key, rollout, version FROM wishflags.flags ORDER BY key;
SELECT count(*) AS noted FROM wishflags.flag_audit;

-- An approval, and the change with the rights of who makes it.
SET SESSION AUTHORIZATION wf_change_abe;
SELECT wishflags.change_approve(1, 'fine with me', revision => 1);
SET SESSION AUTHORIZATION wf_change_eve;
SELECT id, state FROM wishflags.change_list('approved');
SELECT wishflags.change_apply(1);
RESET SESSION AUTHORIZATION;
SELECT key, enabled, rollout, tags, version FROM wishflags.flags ORDER BY key;
SELECT flag, key, variant FROM wishflags.flag_overrides ORDER BY flag, key;
SELECT key, definition, definer FROM wishflags.segments ORDER BY key;
SELECT kind, key, override_key, action, reason, login_role FROM wishflags.flag_audit WHERE login_role LIKE 'wf%' ORDER BY kind, key, ordinal;
SELECT event, comment, login_role FROM wishflags.change_request_events WHERE request_id = 1 ORDER BY occurred_at;
SELECT id, state, approvals, missing, applied_by FROM wishflags.change_request_overview;
SELECT count(*) AS problems FROM wishflags.audit_verify();

-- An edit voids approvals; a draft waits; a rejected one can be opened again.
SET SESSION AUTHORIZATION wf_change_eve;
SELECT wishflags.change_propose('{"flags": {"checkout": {"rollout": 60}}}', 'more', '{"draft": true}');
SELECT wishflags.change_edit(2);
SET SESSION AUTHORIZATION wf_change_abe;
SELECT wishflags.change_approve(2);
SET SESSION AUTHORIZATION wf_change_eve;
SELECT wishflags.change_edit(2, '{"flags": {"checkout": {"rollout": 70}}}', 'much more');
SELECT id, state, revision, reason, approvals FROM wishflags.change_request_overview WHERE id = 2;
SET SESSION AUTHORIZATION wf_change_abe;
SELECT wishflags.change_reject(2, 'not before the weekend');
SELECT wishflags.change_show(2);
SET SESSION AUTHORIZATION wf_change_eve;
SELECT wishflags.change_edit(2, reason => 'after the weekend');
SELECT wishflags.change_cancel(2, 'done by hand');
SELECT id, state FROM wishflags.change_list() WHERE id = 2;

-- An emergency: at once, for a reason.
SET SESSION AUTHORIZATION wf_change_ada;
SELECT wishflags.change_propose('{"flags": {"checkout": {"enabled": false}}}', 'payments fail') AS id;
SELECT wishflags.change_apply(3, 'payments fail, nobody else is awake');
RESET SESSION AUTHORIZATION;
SELECT enabled, version FROM wishflags.flags WHERE key = 'checkout';
SELECT reason FROM wishflags.flag_audit WHERE key = 'checkout' ORDER BY ordinal DESC LIMIT 1;
SELECT id, state, approvals, missing, emergency_reason FROM wishflags.change_request_overview WHERE id = 3;

-- Who must approve: policies, of which all that match count, and the owner of a flag.
UPDATE wishflags.flags SET owner_role = 'wf_change_owners' WHERE key = 'checkout';
INSERT INTO wishflags.change_policies (name, key_pattern, approvals, reason) VALUES ('all', '%', 2, 'two see it');
INSERT INTO wishflags.change_policies (name, tags, owner_approves, reason) VALUES ('owned', '{a}', true, 'the owner sees it');
INSERT INTO wishflags.change_policies (name, environments, approver_role, reason) VALUES ('staging', '{staging}', 'wf_change_abe', 'only there');
SET SESSION AUTHORIZATION wf_change_eve;
SELECT wishflags.change_propose('{"flags": {"checkout": {"enabled": true}}}', 'it works again') AS id;
SELECT approver_role, needed, given, policies FROM wishflags.change_request_requirements WHERE request_id = 4;
SET SESSION AUTHORIZATION wf_change_otto;
SELECT wishflags.change_approve(4);
SELECT approver_role, needed, given FROM wishflags.change_request_requirements WHERE request_id = 4;
SET SESSION AUTHORIZATION wf_change_abe;
SELECT wishflags.change_approve(4);
SET SESSION AUTHORIZATION wf_change_eve;
SELECT wishflags.change_apply(4);
-- A segment is matched by its own key; a new flag by the tags that it gets.
SELECT wishflags.change_propose('{"segments": {"beta": null}}', 'not used') AS id;
SELECT wishflags.change_propose('{"flags": {"new": {"tags": ["a"]}}}', 'new') AS id;
SELECT request_id, approver_role, needed, policies FROM wishflags.change_request_requirements WHERE request_id > 4;
RESET SESSION AUTHORIZATION;
SELECT action, after ->> 'name' AS name, login_role = session_user AS me FROM wishflags.change_policy_history ORDER BY occurred_at;

SET client_min_messages = warning;
DELETE FROM wishflags.change_policies;
TRUNCATE wishflags.change_requests, wishflags.change_request_approvals, wishflags.change_request_events;
DELETE FROM wishflags.segments;
DELETE FROM wishflags.flags;
DROP OWNED BY wf_change_eve, wf_change_abe, wf_change_ada, wf_change_otto;
DROP ROLE wf_change_eve, wf_change_abe, wf_change_ada, wf_change_otto, wf_change_owners;
