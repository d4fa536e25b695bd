-- Change requests: documents of other flag systems.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
ALTER SEQUENCE wishflags.change_requests_id_seq RESTART;
\set SHOW_CONTEXT never
CREATE ROLE wf_change_eve;
CREATE ROLE wf_change_abe;
SELECT wishflags.access_grant('wf_change_eve', 'editor') > 0 AND wishflags.access_grant('wf_change_abe', 'approver') > 0 AS granted;
INSERT INTO wishflags.change_policies (name, key_pattern, protected, approver_role, reason) VALUES ('pay', 'pay%', true, 'wf_change_abe', 'money is at stake');
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
CREATE FUNCTION pg_temp.document(pay text, more jsonb DEFAULT '{}') RETURNS jsonb BEGIN ATOMIC
	SELECT jsonb_build_object('flags', jsonb_build_object('pay-card', jsonb_build_object('state', 'ENABLED', 'variants', '{"on": true, "off": false}'::jsonb, 'defaultVariant', pay)) || more);
END;
GRANT ALL ON FUNCTION pg_temp.approved, pg_temp.document TO PUBLIC;

-- The flags of the document decide who approves, also one that it would make.
SET SESSION AUTHORIZATION wf_change_eve;
\set VERBOSITY terse
SELECT * FROM wishflags.flag_import('flagd', pg_temp.document('on'), '{"name": "shop"}');
\set VERBOSITY default
SELECT wishflags.change_propose(jsonb_build_object('documents', jsonb_build_object('shop', jsonb_build_object('format', 'flagd', 'document', pg_temp.document('on')))), 'as it is there') AS id \gset
SELECT wishflags.change_show(:id);
SELECT kind, key, flag, base FROM wishflags.change_request_items WHERE request_id = :id;
SELECT approver_role, needed, given, policies FROM wishflags.change_request_requirements WHERE request_id = :id;
SELECT wishflags.change_apply(:id);
SET SESSION AUTHORIZATION wf_change_abe;
SELECT wishflags.change_approve(:id);
SET SESSION AUTHORIZATION wf_change_eve;
SELECT wishflags.change_apply(:id);
SELECT key, document, wishflags.flag_eval(key, 'u1') FROM wishflags.flags WHERE document = 'shop';
SELECT reason FROM wishflags.flag_audit WHERE kind = 'document' ORDER BY ordinal DESC LIMIT 1;

-- A flag of it may get more in the same request; a document of another system goes like any.
RESET SESSION AUTHORIZATION;
SELECT wishflags.change_apply(pg_temp.approved('{"documents": {"un": {"format": "unleash", "document": {"version": 2, "features": [{"name": "pay-un", "enabled": true, "strategies": [{"name": "default"}]}]}}},
	"flags": {"pay-un": {"owner_team": "web"}}}'));
SELECT key, owner_team, document FROM wishflags.flags WHERE key = 'pay-un';
SELECT wishflags.change_apply(pg_temp.approved('{"documents": {"un": null}, "flags": {"pay-un": null}}'));
SELECT count(*) FROM wishflags.flag_documents WHERE name = 'un';
SET SESSION AUTHORIZATION wf_change_eve;

-- Another version of it, with a flag more; the format is known by now.
SELECT * FROM wishflags.flag_import('flagd', pg_temp.document('off'), '{"name": "shop"}');
RESET SESSION AUTHORIZATION;
SELECT pg_temp.approved(jsonb_build_object('documents', jsonb_build_object('shop', jsonb_build_object('document',
	pg_temp.document('off', '{"theme": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on"}}'))))) AS id \gset
SELECT wishflags.change_show(:id);
SELECT wishflags.change_apply(:id);
SELECT key, wishflags.flag_eval(key, 'u1') FROM wishflags.flags WHERE document = 'shop' ORDER BY key;

-- It has moved on where the document has, or one of its flags.
SELECT pg_temp.approved(jsonb_build_object('documents', jsonb_build_object('shop', jsonb_build_object('document', pg_temp.document('on'), 'options', '{"prune": true}'::jsonb)))) AS id \gset
UPDATE wishflags.flags SET description = 'noted' WHERE key = 'theme';
SELECT wishflags.change_apply(:id);
SET SESSION AUTHORIZATION wf_change_eve;
SELECT wishflags.change_edit(:id);
SET SESSION AUTHORIZATION wf_change_abe;
SELECT wishflags.change_approve(:id) IS NOT NULL AS approved;
RESET SESSION AUTHORIZATION;
SELECT wishflags.change_apply(:id);
SELECT key, wishflags.flag_eval(key, 'u1') FROM wishflags.flags WHERE document = 'shop' ORDER BY key;

-- Wrong use.
\set VERBOSITY terse
SELECT wishflags.change_propose('{"documents": {"shop": {"format": "flagd"}}}', 'x');
SELECT wishflags.change_propose('{"documents": {"shop": {"name": "other", "document": {}}}}', 'x');
SELECT wishflags.change_propose('{"documents": {"shop": {"document": {}, "more": 1}}}', 'x');
SELECT wishflags.change_propose('{"documents": {"new": {"document": {}}}}', 'x');
SELECT wishflags.change_propose('{"documents": {"shop": {"document": []}}}', 'x');
SELECT wishflags.change_propose('{"documents": {"shop": {"document": {"flags": {"pay-card": {"state": "ENABLED", "variants": {}, "defaultVariant": 3}}}}}}', 'x');
SELECT wishflags.change_propose('{"documents": {"shop": {"document": {"flags": {}}, "options": {"nope": 1}}}}', 'x');
SELECT wishflags.change_propose('{"documents": {"shop": {"document": {"flags": {}}, "options": {"dry_run": true}}}}', 'x');
SELECT wishflags.change_propose('{"documents": {"shop": {"document": {"flags": {}}, "options": {"name": "other"}}}}', 'x');
SELECT wishflags.change_propose('{"documents": {"none": null}}', 'x');
\set VERBOSITY default
-- It goes when its flags go.
SELECT wishflags.change_apply(pg_temp.approved('{"documents": {"shop": null}, "flags": {"pay-card": null}}'));
SELECT count(*) FROM wishflags.flag_documents;
SELECT id, state, approvals, what FROM wishflags.change_list();

SET client_min_messages = warning;
DELETE FROM wishflags.change_policies;
TRUNCATE wishflags.change_requests, wishflags.change_request_approvals, wishflags.change_request_events;
DELETE FROM wishflags.flags;
DROP OWNED BY wf_change_eve, wf_change_abe;
DROP ROLE wf_change_eve, wf_change_abe;
