-- Change requests: all that a team changes of a protected flag can be proposed.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
ALTER SEQUENCE wishflags.change_requests_id_seq RESTART;
\set SHOW_CONTEXT never
CREATE ROLE wf_change_eve;
CREATE ROLE wf_change_abe;
SELECT wishflags.access_grant('wf_change_eve', 'editor') > 0 AND wishflags.access_grant('wf_change_abe', 'approver') > 0 AS granted;
SELECT wishflags.flag_create('checkout', enabled => true, rollout => 10), wishflags.flag_create('needed', enabled => true),
	wishflags.flag_create('limit', enabled => true, definition => '{"variants": {"low": 10, "high": 100}, "default": "low"}'),
	wishflags.segment_define('staff', '{"included": ["u1"]}');
SELECT wishflags.flag_override_set('limit', 'acme', '{"kind": "organization", "value": 50, "note": "a trial", "expires_at": "2099-01-01 00:00+00"}'::jsonb);
SELECT wishflags.flag_rollout('checkout', 20), wishflags.flag_rollout('checkout', 30);
INSERT INTO wishflags.change_policies (name, protected, reason) VALUES ('all', true, 'not by one alone');
CREATE FUNCTION pg_temp.approved(changes jsonb) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE id bigint;
BEGIN
	SET SESSION AUTHORIZATION wf_change_eve;
	id := wishflags.change_propose(changes, 'test');
	SET SESSION AUTHORIZATION wf_change_abe;
	PERFORM wishflags.change_approve(id);
	RESET SESSION AUTHORIZATION;
	RETURN id;
END $$;
GRANT ALL ON FUNCTION pg_temp.approved TO PUBLIC;

-- Overrides: a value, a denial, an expiry, another kind of context, several of one key.
SELECT pg_temp.approved('{"overrides": {
	"limit": {"acme": [{"kind": "organization", "value": 70, "note": "they asked", "expires_at": "2099-06-01 00:00+00"}, "high"],
		"globex": {"kind": "organization", "deny": true}, "user-1": {"variant": "high", "note": "a friend"}},
	"checkout": {"user-2": true}}}') AS id \gset
SELECT wishflags.change_show(:id);
SELECT kind, override_kind, override_key, patch, base FROM wishflags.change_request_items WHERE request_id = :id ORDER BY 1, 2, 3;
SET SESSION AUTHORIZATION wf_change_eve;
SET TimeZone = 'Asia/Tokyo';
SELECT wishflags.change_apply(:id);
RESET TimeZone;
RESET SESSION AUTHORIZATION;
SELECT flag, context_kind, key, variant, value, deny, expires_at AT TIME ZONE 'UTC' AS expires_at, note, created_by = 'wf_change_eve' AS by_eve
FROM wishflags.flag_overrides ORDER BY flag, context_kind, key;
-- One kind of a key goes, the other stays; an override is given its answer as a whole.
SELECT pg_temp.approved('{"overrides": {"limit": {"acme": {"kind": "organization", "unset": true}, "user-1": {"value": 5}}}}') AS id \gset
SELECT wishflags.change_show(:id);
SELECT wishflags.change_apply(:id);
SELECT flag, context_kind, key, variant, value, note FROM wishflags.flag_overrides WHERE flag = 'limit' ORDER BY context_kind, key;
-- It has moved on if anything of the answer has.
SELECT pg_temp.approved('{"overrides": {"limit": {"globex": {"kind": "organization", "unset": true}}}}') AS id \gset
SET wishflags.bypass = 'test';
UPDATE wishflags.flag_overrides SET note = 'noted' WHERE key = 'globex';
RESET wishflags.bypass;
\set VERBOSITY terse
SELECT wishflags.change_apply(:id);
SELECT wishflags.change_show(:id);

-- A flag gets the content of a version again, also after it was deleted.
SELECT pg_temp.approved('{"flags": {"checkout": {"rollback": 1}}}') AS id \gset
SELECT wishflags.change_show(:id);
SELECT wishflags.change_apply(:id);
SELECT rollout, version FROM wishflags.flags WHERE key = 'checkout';
SELECT reason FROM wishflags.flag_audit WHERE key = 'checkout' ORDER BY ordinal DESC LIMIT 1;
SELECT wishflags.change_apply(pg_temp.approved('{"flags": {"limit": null}}'));
SELECT wishflags.change_apply(pg_temp.approved('{"flags": {"limit": {"rollback": 1}}}'));
SELECT key, version, (SELECT count(*) FROM wishflags.flag_overrides o WHERE o.flag = f.key) AS overrides FROM wishflags.flags f WHERE key = 'limit';

-- Its record, rules with prerequisites and segments, and a new segment, in one request.
SELECT pg_temp.approved('{"segments": {"beta": {"definition": {"included": ["u2"]}, "description": "early birds"}, "staff": {"description": "we"}},
	"flags": {"checkout": {"definition": {"requires": [{"flag": "needed"}], "rules": [{"when": {"segment": "beta"}, "serve": "on"}], "default": "off"},
		"rollout": 100, "kind": "release", "owner_team": "payments", "owner_email": "pay@example.org", "documentation_url": "https://example.org/checkout",
		"notes": {"runbook": "ask"}, "tags": ["a"], "cache_ttl_seconds": 30, "expires_at": "2099-01-01", "on_expiry": "freeze"}}}') AS id \gset
SELECT wishflags.change_apply(:id);
SELECT wishflags.flag_eval('checkout', 'u2') AS beta, wishflags.flag_eval('checkout', 'u3') AS other;
SELECT kind, owner_team, notes, tags, cache_ttl_seconds, on_expiry FROM wishflags.flags WHERE key = 'checkout';
-- Archived, and taken back.
SELECT wishflags.change_apply(pg_temp.approved('{"flags": {"checkout": {"archived_at": "now"}}}'));
SELECT archived_at IS NOT NULL AS archived, wishflags.flag_eval('checkout', 'u2') FROM wishflags.flags WHERE key = 'checkout';
SELECT pg_temp.approved('{"flags": {"checkout": {"rollout": 5}}}');
SELECT wishflags.change_apply(pg_temp.approved('{"flags": {"checkout": {"archived_at": null, "definition": null, "rollout": 50}}}'));
SELECT archived_at IS NOT NULL AS archived FROM wishflags.flags WHERE key = 'checkout';

-- Experiments.
SELECT wishflags.experiment_start('half', 'checkout', 'off', '{"off": 50, "on": 50}');
SELECT pg_temp.approved('{"experiments": {"half": {"flag": "checkout", "control": "off", "allocation": {"off": 50, "on": 50}, "started_at": "now"}}}') AS id \gset
SELECT wishflags.change_show(:id);
SELECT approver_role, needed, policies FROM wishflags.change_request_requirements WHERE request_id = :id;
SELECT wishflags.change_apply(:id);
SELECT wishflags.experiment_expose('checkout', 'u2');
SELECT wishflags.experiment_stop('half');
DELETE FROM wishflags.experiments;
TRUNCATE wishflags.experiments;
SELECT pg_temp.approved('{"experiments": {"half": {"stopped_at": "now"}}}') AS stop, pg_temp.approved('{"experiments": {"half": {"description": "of all"}}}') AS late \gset
SELECT wishflags.change_apply(:stop);
SELECT started_at IS NOT NULL AS started, stopped_at IS NOT NULL AS stopped, (SELECT count(*) FROM wishflags.experiment_exposures) AS exposures FROM wishflags.experiments;
SELECT wishflags.change_apply(:late);
SELECT wishflags.change_apply(pg_temp.approved('{"experiments": {"half": null}, "flags": {"checkout": null}, "segments": {"beta": null}}'));
SELECT (SELECT count(*) FROM wishflags.experiments) AS experiments, (SELECT count(*) FROM wishflags.flags WHERE key = 'checkout') AS flags;
SELECT count(*) AS problems FROM wishflags.audit_verify();
SELECT id, state, what FROM wishflags.change_list() ORDER BY id;

-- Wrongly.
SELECT wishflags.change_propose('{"flags": {"needed": {"rollback": 7}}}', 'x');
SELECT wishflags.change_propose('{"flags": {"needed": {"rollback": 0}}}', 'x');
SELECT wishflags.change_propose('{"flags": {"needed": {"rollback": 1e20}}}', 'x');
SELECT wishflags.change_propose('{"flags": {"needed": {"rollback": "1"}}}', 'x');
SELECT wishflags.change_propose('{"flags": {"needed": {"rollback": 1, "rollout": 5}}}', 'x');
SELECT wishflags.change_propose('{"segments": {"staff": {"rollback": 1}}}', 'x');
SELECT wishflags.change_propose('{"overrides": {"needed": {"u": {"kind": "team"}}}}', 'x');
SELECT wishflags.change_propose('{"overrides": {"needed": {"u": {"variant": "on", "deny": true}}}}', 'x');
SELECT wishflags.change_propose('{"overrides": {"needed": {"u": {"value": true, "expires_at": "2020-01-01"}}}}', 'x');
SELECT wishflags.change_propose('{"overrides": {"needed": {"u": {"valeu": true}}}}', 'x', '{"draft": true}');
SELECT wishflags.change_propose('{"overrides": {"needed": {"u": {"unset": false}}}}', 'x');
SELECT wishflags.change_propose('{"overrides": {"needed": {"u": {"unset": true, "variant": "on"}}}}', 'x');
SELECT wishflags.change_propose('{"overrides": {"needed": {"u": ["on", {"kind": "user", "unset": true}]}}}', 'x');
SELECT wishflags.change_propose('{"overrides": {"needed": {"u": [["on"]]}}}', 'x');
SELECT wishflags.change_propose('{"overrides": {"needed": {"u": {"kind": "Kind of", "variant": "on"}}}}', 'x');
SELECT wishflags.change_propose('{"overrides": {"needed": {"u": []}}}', 'x');
SELECT wishflags.change_propose('{"experiments": {"none": {"stopped_at": "now"}}}', 'x');
SELECT wishflags.change_propose('{"experiments": {"none": {"created_at": "now"}}}', 'x');
SELECT wishflags.change_propose('{"experiments": {"none": {"flag": "none", "control": "off", "allocation": {"off": 50, "on": 50}}}}', 'x');

SET client_min_messages = warning;
DELETE FROM wishflags.change_policies;
TRUNCATE wishflags.change_requests, wishflags.change_request_approvals, wishflags.change_request_events;
DELETE FROM wishflags.experiments;
DELETE FROM wishflags.flags;
DELETE FROM wishflags.segments;
DROP OWNED BY wf_change_eve, wf_change_abe;
DROP ROLE wf_change_eve, wf_change_abe;
