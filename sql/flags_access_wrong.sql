-- Giving, taking and using levels, also wrongly.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
CREATE ROLE wf_access_ann;
CREATE ROLE "wf_access Ben";
CREATE ROLE wf_access_app;
SELECT wishflags.access_grant('wf_access_ann', 'boss');
SELECT wishflags.access_grant('wf_access_ann', NULL);
SELECT wishflags.access_grant(NULL, 'reader');
SELECT wishflags.access_grant('wf_access_nobody', 'reader');
SELECT wishflags.access_grant('public', 'reader');
SELECT wishflags.access_revoke('wf_access_ann', 'boss');
DO $$BEGIN PERFORM wishflags.access_grant(current_user, 'reader'); EXCEPTION WHEN invalid_grant_operation THEN RAISE NOTICE 'refused: the owner'; END$$;
SELECT * FROM wishflags.access_list();

-- A level is given once; taking one leaves those below it.
SELECT wishflags.access_grant('wf_access_ann', 'admin') > 0 AS new, wishflags.access_grant('wf_access_ann', 'reader') AS again;
SELECT * FROM wishflags.access_list();
SELECT wishflags.access_revoke('wf_access_ann', 'editor') > 0 AS gone;
SELECT * FROM wishflags.access_list();
SELECT wishflags.access_revoke('wf_access_ann', 'reader') > 0 AS gone, wishflags.access_revoke('wf_access_ann', 'reader') AS again;
SELECT * FROM wishflags.access_list();

-- What the catalog says, whoever granted it.
SELECT wishflags.access_grant('wf_access Ben', 'editor') > 0 AS new;
REVOKE UPDATE (rollout) ON wishflags.flags FROM "wf_access Ben";
GRANT USAGE ON SCHEMA wishflags TO wf_access_app;
GRANT EXECUTE ON FUNCTION wishflags.flag_create TO wf_access_ann;
GRANT DELETE ON wishflags.flag_audit TO wf_access_ann;
SELECT * FROM wishflags.access_list();
SELECT wishflags.access_grant('wf_access Ben', 'editor') AS again;
REVOKE ALL ON wishflags.flag_audit FROM wf_access_ann;
REVOKE ALL ON FUNCTION wishflags.flag_create FROM wf_access_ann;
SELECT * FROM wishflags.access_list();

-- An editor edits, but fills in nothing that a restore brings, and gives no access.
SET ROLE "wf_access Ben";
SELECT wishflags.flag_create('gallery', enabled => true), wishflags.flag_rollout('gallery', 50), wishflags.flag_override_set('gallery', 'user-1');
SELECT wishflags.segment_define('testers', '{"included": ["user-1"]}'), wishflags.flag_rollback('gallery', 1, 'too early');
INSERT INTO wishflags.flags (key, description) VALUES ('plain', 'by INSERT');
DELETE FROM wishflags.flags WHERE key = 'plain';
INSERT INTO wishflags.flags (key, version) VALUES ('restored', 7);
UPDATE wishflags.flags SET version = 1;
UPDATE wishflags.segments SET definer = 'postgres';
INSERT INTO wishflags.flag_overrides (flag, key, variant, created_at) VALUES ('nothing', 'user-1', 'on', now());
UPDATE wishflags.flag_audit SET reason = 'none';
TRUNCATE wishflags.flags;
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('drop-table', 'off', 'I want it');
SELECT wishflags.access_grant('wf_access Ben', 'admin');
SELECT wishflags.access_change('GRANT', 'wf_access Ben', 'admin');
SELECT wishflags.schema_change_approve(1);
-- Who was given the function alone still is not the owner.
RESET ROLE;
GRANT EXECUTE ON FUNCTION wishflags.access_grant, wishflags.access_change TO "wf_access Ben";
SET ROLE "wf_access Ben";
\set VERBOSITY terse
SELECT wishflags.access_grant('wf_access Ben', 'admin');
\set VERBOSITY default
RESET ROLE;
REVOKE EXECUTE ON FUNCTION wishflags.access_grant, wishflags.access_change FROM "wf_access Ben";

-- A segment's query is refreshed by editors, and by nobody else.
SELECT wishflags.segment_define('query', '{"query": "SELECT 1::text"}');
SET ROLE "wf_access Ben";
SELECT wishflags.segment_refresh('query');
RESET ROLE;
SELECT wishflags.access_revoke('wf_access Ben', 'editor') > 0 AS gone;
GRANT EXECUTE ON FUNCTION wishflags.segment_refresh TO "wf_access Ben";
SET ROLE "wf_access Ben";
\set VERBOSITY terse
SELECT wishflags.segment_refresh('query');
\set VERBOSITY default
SELECT key, rollout FROM wishflags.flags;
SELECT wishflags.flag_rollout('gallery', 1);
RESET ROLE;

-- An application evaluates, and nothing else.
SET ROLE wf_access_app;
SELECT wishflags.flag_eval('gallery', 'user-1');
SELECT * FROM wishflags.access_list();
RESET ROLE;

DELETE FROM wishflags.segments;
DELETE FROM wishflags.flags;
DROP OWNED BY "wf_access Ben", wf_access_app;
DROP ROLE wf_access_ann, "wf_access Ben", wf_access_app;
