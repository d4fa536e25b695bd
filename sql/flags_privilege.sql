-- Who may do what.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
CREATE ROLE wf_app;
CREATE ROLE wf_outsider;
CREATE ROLE wf_editor;
SELECT wishflags.flag_create('gallery', enabled => true);

-- Without USAGE on the schema: nothing.
SET ROLE wf_outsider;
SELECT wishflags.flag_eval('gallery', 'user-1');
RESET ROLE;

-- With USAGE alone: the verdict, and nothing but the verdict.
GRANT USAGE ON SCHEMA wishflags TO wf_app, wf_editor;
SET ROLE wf_app;
SELECT wishflags.flag_eval('gallery', 'user-1'), wishflags.flag_variant('gallery', 7),
       wishflags.flag_value('gallery', '{"targetingKey": "user-1"}'::jsonb, 'null');
SELECT * FROM wishflags.flags;
SELECT * FROM wishflags.flag_overrides;
SELECT * FROM wishflags.flag_overview;
SELECT * FROM wishflags.flags_signal;
SELECT * FROM wishflags.flag_explain('gallery', '{}');
SELECT wishflags.flag_create('mine');
SELECT wishflags.flag_enable('gallery');
SELECT wishflags.flag_disable('gallery');
SELECT wishflags.flag_define('gallery', '{}');
SELECT wishflags.flag_rollout('gallery', 0);
SELECT wishflags.flag_override_set('gallery', 'user-1');
SELECT wishflags.flag_override_set('gallery', 'user-1', 'off');
SELECT wishflags.flag_override_unset('gallery', 'user-1');
CREATE TEMP TABLE mine (key text);
CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION wishflags.flags_changed();
DROP TABLE mine;
RESET ROLE;

-- The functions change flags under the caller's rights.
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA wishflags TO wf_editor;
SET ROLE wf_editor;
SELECT wishflags.flag_enable('gallery');
RESET ROLE;
GRANT SELECT, INSERT (key, enabled, rollout, definition, description, owner_team),
	UPDATE (enabled, rollout, definition, description, owner_team) ON wishflags.flags TO wf_editor;
GRANT SELECT, INSERT ON wishflags.flag_overrides TO wf_editor;
SET ROLE wf_editor;
SELECT wishflags.flag_create('mine', 'by an editor');
UPDATE wishflags.flags SET version = 1;
INSERT INTO wishflags.flags (key, version) VALUES ('restored', 7);
SELECT wishflags.flag_rollout('gallery', 0);
SELECT wishflags.flag_eval('gallery', 'user-1');
RESET ROLE;

-- Validation of an override does not need the right to read flags.
REVOKE ALL ON wishflags.flags FROM wf_editor;
SET ROLE wf_editor;
INSERT INTO wishflags.flag_overrides (flag, key, variant) VALUES ('gallery', 'user-1', 'blue');
INSERT INTO wishflags.flag_overrides (flag, key, variant) VALUES ('gallery', 'user-1', 'on');
SELECT wishflags.flag_eval('gallery', 'user-1');
RESET ROLE;

DELETE FROM wishflags.flags;
DROP OWNED BY wf_app, wf_editor;
DROP ROLE wf_app, wf_outsider, wf_editor;
