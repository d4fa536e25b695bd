-- Requests that were overtaken, and what changes by requests only.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
ALTER SEQUENCE wishflags.change_requests_id_seq RESTART;
\set SHOW_CONTEXT never
CREATE ROLE wf_change_eve;
CREATE ROLE wf_change_abe;
SELECT wishflags.access_grant('wf_change_eve', 'editor') > 0 AND wishflags.access_grant('wf_change_abe', 'approver') > 0 AS granted;
SELECT wishflags.flag_create('checkout', enabled => true), wishflags.flag_create('tagged'), wishflags.segment_define('staff', '{"included": []}');
UPDATE wishflags.flags SET tags = '{money}' WHERE key = 'tagged';

-- The error says what has moved, who moved it and when; the time is taken out here.
CREATE FUNCTION pg_temp.apply(id bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
	PERFORM wishflags.change_apply(id);
EXCEPTION WHEN object_not_in_prerequisite_state THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RAISE NOTICE '% | % | %', SQLERRM, regexp_replace(detail, ' at [A-Z0-9].*?( \(|\.$)', ' at some time\1'), hint;
END $$;
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
GRANT ALL ON FUNCTION pg_temp.apply, pg_temp.approved TO PUBLIC;

SELECT pg_temp.approved('{"flags": {"checkout": {"rollout": 50}}}') AS moved,
	pg_temp.approved('{"flags": {"checkout": {"enabled": false}}, "overrides": {"checkout": {"user-1": true}}}') AS override,
	pg_temp.approved('{"flags": {"new": {"enabled": true}}}') AS new,
	pg_temp.approved('{"segments": {"staff": {"definition": {"included": ["u1"]}}}}') AS segment,
	pg_temp.approved('{"flags": {"tagged": null}}') AS gone \gset
SET SESSION AUTHORIZATION wf_change_eve;
SELECT wishflags.flag_override_set('checkout', 'user-1', false);
SELECT pg_temp.apply(:override);
SELECT wishflags.flag_override_unset('checkout', 'user-1');
UPDATE wishflags.flags SET description = 'moved', tags = '{a}' WHERE key = 'checkout';
UPDATE wishflags.flags SET rollout = 40 WHERE key = 'checkout';
SELECT pg_temp.apply(:moved);
SELECT wishflags.flag_create('new');
SELECT pg_temp.apply(:new);
SELECT wishflags.segment_define('staff', '{"included": ["u2"]}');
SELECT pg_temp.apply(:segment);
DELETE FROM wishflags.flags WHERE key = 'tagged';
SELECT pg_temp.apply(:gone);
SELECT wishflags.change_show(:moved);
-- Taken as it is now, it needs approvals again.
SELECT wishflags.change_edit(:moved);
SELECT wishflags.change_apply(:moved);
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION wf_change_abe;
SELECT wishflags.change_approve(:moved);
SET SESSION AUTHORIZATION wf_change_eve;
SELECT wishflags.change_apply(:moved);
SELECT rollout, description, version FROM wishflags.flags WHERE key = 'checkout';
RESET SESSION AUTHORIZATION;

-- What a policy protects: by key, by tag, in an environment.
INSERT INTO wishflags.change_policies (name, key_pattern, protected, reason) VALUES ('payments', 'pay%', true, 'money');
INSERT INTO wishflags.change_policies (name, tags, protected, reason) VALUES ('tagged', '{money}', true, 'more money');
INSERT INTO wishflags.change_policies (name, environments, protected, reason) VALUES ('staging', '{staging}', true, 'not here');
INSERT INTO wishflags.change_policies (name, protected, enabled, reason) VALUES ('off', true, false, 'not yet');
SELECT wishflags.flag_create('pay');
SELECT wishflags.segment_define('pay-staff', '{"included": []}');
\set VERBOSITY terse
SELECT pg_temp.approved('{"flags": {"pay": {"rollout": 1}, "other": {"tags": ["money"]}}, "overrides": {"pay": {"user-1": true}}, "segments": {"pay-staff": {"definition": {"included": []}}}}') AS id \gset
SELECT wishflags.change_apply(:id);
SELECT wishflags.flag_rollout('pay', 2);
UPDATE wishflags.flags SET rollout = rollout;
SELECT wishflags.flag_override_set('pay', 'user-2');
SELECT wishflags.flag_override_unset('pay', 'user-1');
SELECT wishflags.segment_define('pay-staff', '{"included": ["u1"]}');
DELETE FROM wishflags.flags WHERE key = 'pay';
-- A tag protects, and can't be taken off.
SELECT wishflags.flag_enable('other');
SELECT wishflags.flag_override_set('other', 'user-2');
UPDATE wishflags.flags SET tags = '{}' WHERE key = 'other';
UPDATE wishflags.flags SET tags = '{money}' WHERE key = 'new';
SELECT * FROM wishflags.flag_rollback('other', 1, 'back');
TRUNCATE wishflags.flags;
SELECT wishflags.flag_rollout('new', 3);
SET wishflags.environment = staging;
SELECT wishflags.flag_rollout('new', 4);
RESET wishflags.environment;
-- Documents of imported flags.
SELECT item, name, action FROM wishflags.flag_import('flagd', '{"flags": {"pay-doc": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on"}}}', '{"name": "shop"}');
UPDATE wishflags.change_policies SET enabled = false WHERE name = 'payments';
SELECT item, name, action FROM wishflags.flag_import('flagd', '{"flags": {"pay-doc": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on"}}}', '{"name": "shop"}');
UPDATE wishflags.change_policies SET enabled = true WHERE name = 'payments';
UPDATE wishflags.flag_documents SET document = document || '{"metadata": {"x": 1}}';

-- A restored row comes in, and who goes past the rules gives a reason.
\set VERBOSITY default
INSERT INTO wishflags.flags (key, version, created_at, updated_at) VALUES ('pay-restored', 3, now() - interval '1 day', now() - interval '1 day');
SET wishflags.bypass = 'incident 7';
SET wishflags.require_reason = on;
SELECT wishflags.flag_rollout('pay', 5);
RESET wishflags.bypass;
RESET wishflags.require_reason;
SELECT reason FROM wishflags.flag_audit WHERE key = 'pay' ORDER BY ordinal;
SELECT wishflags.flag_rollout('pay', 6);

-- Policies, wrongly.
\set VERBOSITY terse
INSERT INTO wishflags.change_policies (name) VALUES ('a');
INSERT INTO wishflags.change_policies (name, key_pattern, reason) VALUES ('a', 'a\', 'x');
INSERT INTO wishflags.change_policies (name, tags, reason) VALUES ('a', '{}', 'x');
INSERT INTO wishflags.change_policies (name, environments, reason) VALUES ('a', '{NULL}', 'x');
INSERT INTO wishflags.change_policies (name, approver_role, reason) VALUES ('a', 'wf_change_who', 'x');
INSERT INTO wishflags.change_policies (name, approvals, reason) VALUES ('a', 0, 'x');
CREATE TEMP TABLE mine (id int);
CREATE TRIGGER t BEFORE INSERT ON mine FOR EACH ROW EXECUTE FUNCTION wishflags.change_protect();
INSERT INTO mine VALUES (1);

SET client_min_messages = warning;
DELETE FROM wishflags.change_policies;
TRUNCATE wishflags.change_requests, wishflags.change_request_approvals, wishflags.change_request_events;
DELETE FROM wishflags.flags;
DELETE FROM wishflags.flag_documents;
DELETE FROM wishflags.segments;
DROP TABLE mine;
DROP OWNED BY wf_change_eve, wf_change_abe;
DROP ROLE wf_change_eve, wf_change_abe;
