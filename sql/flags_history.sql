-- Who changed what when: versions, rollback, and an audit that tells of tampering.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags, public;

SELECT flag_create('checkout', rollout => 10);
SET wishflags.reason = 'half of them';
SELECT flag_rollout('checkout', 50);
UPDATE flags SET enabled = true, rollout = 75, description = 'the new checkout' WHERE key = 'checkout';
RESET wishflags.reason;
SELECT flag_define('checkout', '{"variants": {"a": 1, "b": {"color": "red", "sizes": [1, 2]}}, "off": "a", "default": "b"}');
SELECT flag_define('checkout', '{"variants": {"a": 1, "b": {"color": "blue", "sizes": [1, 2, 3]}}, "off": "a", "default": "b"}');
SELECT version, action, changed, login_role = session_user AS me, reason FROM flag_history('checkout');

-- What changes nothing is no version.
UPDATE flags SET enabled = true WHERE key = 'checkout';
SELECT flag_override_set('checkout', 'u1', 'a');
SELECT flag_override_set('checkout', 'u1', 'a');
SELECT flag_override_set('checkout', 'u1', 'b');
SELECT flag_override_unset('checkout', 'u1');
SELECT ordinal, action, override_key, version, before ->> 'variant' AS before, after ->> 'variant' AS after, changed
FROM flag_audit WHERE key = 'checkout' AND override_key IS NOT NULL ORDER BY ordinal;

SELECT * FROM flag_diff('checkout', 4, 5);
SELECT * FROM flag_diff('checkout', 1, 3);
SELECT * FROM flag_diff('checkout', 1, 99);
SELECT flag, version, action FROM flag_versions WHERE flag = 'checkout' ORDER BY version;

-- As it was.
SELECT occurred_at AS then FROM flag_audit WHERE key = 'checkout' AND version = 2 \gset
SELECT key, version, enabled, rollout, description FROM flag_at('checkout', :'then');
SELECT key FROM flag_at('checkout', '2000-01-01');

-- A rollback is a new version with the old content.
SELECT flag_rollback('checkout', 2, 'too early');
SELECT enabled, rollout, description, definition, version FROM flags WHERE key = 'checkout';
SELECT flag_rollback('checkout', 5, 'now it is time');
SELECT * FROM flag_diff('checkout', 5, 7);
SELECT version, changed, reason FROM flag_history('checkout') LIMIT 2;
SHOW wishflags.reason;
SELECT flag_rollback('checkout', 99, 'r');
SELECT flag_rollback('nowhere', 1, 'r');
SELECT flag_rollback('checkout', 1, NULL);
SELECT flag_rollback('checkout', 1, ' ');

-- A deleted flag goes on with its versions when it is made again.
DELETE FROM flags WHERE key = 'checkout';
SELECT key FROM flag_at('checkout', clock_timestamp());
SELECT flag_rollback('checkout', 7, 'it is missed');
SELECT version, action, reason FROM flag_history('checkout') LIMIT 3;
SELECT (to_jsonb(f) - '{version, created_at, updated_at}'::text[]) = (v.record - '{version, created_at, updated_at}'::text[]) AS same
FROM flags f JOIN flag_versions v ON v.flag = f.key AND v.version = 7 WHERE f.key = 'checkout';

-- Segments have their chain; TRUNCATE is noted row by row; what is undone was not done.
SELECT segment_define('beta', '{"included": ["u1"]}');
SELECT segment_define('beta', '{"included": ["u1", "u2"]}');
SELECT flag_override_set('checkout', 'u' || g, 'a') FROM generate_series(1, 3) g \g /dev/null
TRUNCATE flag_overrides;
BEGIN;
SAVEPOINT s;
UPDATE segments SET description = 'undone';
ROLLBACK TO s;
UPDATE segments SET description = 'first testers';
COMMIT;
SELECT kind, key, ordinal, action, override_key, version, changed FROM flag_audit WHERE kind = 'segment' OR action = 'delete' AND override_key IS NOT NULL ORDER BY kind, key, ordinal;

-- A reason can be demanded.
SET wishflags.require_reason = on;
SELECT flag_disable('checkout');
DELETE FROM segments;
UPDATE flags SET rollout = rollout;
CREATE TABLE public.testers AS SELECT 'u9' AS key;
BEGIN;
SET LOCAL wishflags.reason = 'testers come from a table';
SELECT segment_define('asked', '{"query": "SELECT key FROM public.testers"}');
COMMIT;
SELECT segment_refresh('asked');
BEGIN;
SET LOCAL wishflags.reason = 'it is broken';
SELECT flag_disable('checkout');
COMMIT;
RESET wishflags.require_reason;
SELECT version, reason FROM flag_history('checkout') LIMIT 1;

-- The chain.
SELECT count(*) FROM audit_verify();
SELECT audit_head() AS head \gset
SELECT key, split_part(value, ' ', 1) AS ordinal, length(split_part(value, ' ', 2)) FROM jsonb_each_text(:'head') ORDER BY key;
SELECT flag_enable('checkout');
SELECT count(*) FROM audit_verify(:'head');
UPDATE flag_audit SET reason = 'another' WHERE key = 'checkout' AND version = 2;
DELETE FROM flag_audit;
TRUNCATE flag_audit;
-- A superuser can switch the triggers off, and is found out.
SET session_replication_role = replica;
BEGIN;
UPDATE flag_audit SET reason = 'another' WHERE key = 'checkout' AND version = 2;
SELECT * FROM audit_verify();
ROLLBACK;
BEGIN;
DELETE FROM flag_audit WHERE key = 'checkout' AND ordinal = 3;
SELECT * FROM audit_verify();
ROLLBACK;
BEGIN;
UPDATE flag_audit a SET after = jsonb_set(after, '{rollout}', '99'), hash = audit_hash((SELECT hash FROM flag_audit p WHERE p.kind = a.kind AND p.key = a.key AND p.ordinal = a.ordinal - 1),
	jsonb_populate_record(a, jsonb_build_object('after', jsonb_set(after, '{rollout}', '99')))) WHERE key = 'checkout' AND version = 2;
SELECT kind, key, ordinal - (SELECT ordinal FROM flag_audit WHERE key = 'checkout' AND version = 2) AS after_the_changed_one, problem FROM audit_verify();
ROLLBACK;
-- Without its end a chain still holds; the head tells.
BEGIN;
DELETE FROM flag_audit a WHERE key = 'checkout' AND ordinal >= (SELECT split_part(:'head'::jsonb ->> 'flag checkout', ' ', 1)::int);
SELECT count(*) FROM audit_verify();
SELECT kind, key, problem FROM audit_verify(:'head');
ROLLBACK;
BEGIN;
DELETE FROM flag_audit WHERE kind = 'segment';
SELECT kind, key, problem FROM audit_verify(:'head');
ROLLBACK;
RESET session_replication_role;
SELECT * FROM audit_verify('{"nonsense": 1}');
SELECT * FROM audit_verify('[]');

-- Who may change flags may not write the audit; readers read it by grant only.
CREATE ROLE wf_history_editor;
GRANT USAGE ON SCHEMA wishflags TO wf_history_editor;
GRANT SELECT, INSERT, UPDATE, DELETE ON flags, flag_overrides TO wf_history_editor;
SET ROLE wf_history_editor;
UPDATE flags SET rollout = 33 WHERE key = 'checkout';
SELECT * FROM flag_audit;
INSERT INTO flag_audit SELECT * FROM flag_audit;
SELECT wishflags.flag_rollback('checkout', 1, 'r');
RESET ROLE;
SELECT acting_role, login_role = session_user AS login, changed FROM flag_audit WHERE key = 'checkout' ORDER BY ordinal DESC LIMIT 1;
CREATE TABLE elsewhere (a int);
CREATE TRIGGER elsewhere AFTER INSERT ON elsewhere FOR EACH ROW EXECUTE FUNCTION flag_audit_note();
INSERT INTO elsewhere VALUES (1);
DROP TABLE elsewhere;

-- What was imported: the document is noted, too.
SELECT item, name, action FROM flag_import('unleash', '{"version": 1, "features": [{"name": "imported", "enabled": true, "strategies": []}]}', '{"name": "theirs"}');
SELECT kind, key, action, version, changed FROM flag_audit WHERE kind = 'document' OR key = 'imported' ORDER BY kind, ordinal;
SELECT count(*) FROM audit_verify();

DELETE FROM flag_documents;
DELETE FROM flags;
DELETE FROM segments;
DROP TABLE public.testers;
REVOKE ALL ON SCHEMA wishflags FROM wf_history_editor;
REVOKE ALL ON flags, flag_overrides FROM wf_history_editor;
DROP ROLE wf_history_editor;
