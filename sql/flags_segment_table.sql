-- Segments whose keys are in a table or come from a query.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags, public;
CREATE ROLE segment_editor;
CREATE SCHEMA crm;
CREATE TABLE crm.beta_users (user_id text PRIMARY KEY, note text);
CREATE TABLE crm.accounts (id bigint PRIMARY KEY, owner uuid UNIQUE, plan text);
INSERT INTO crm.beta_users VALUES ('user-1'), ('user-2');
INSERT INTO crm.accounts VALUES (7, '6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'pro'), (8, NULL, 'free');
GRANT USAGE ON SCHEMA wishflags, crm TO segment_editor;
GRANT SELECT, INSERT (key, definition, description), UPDATE (definition, description), DELETE ON segments TO segment_editor;
GRANT EXECUTE ON FUNCTION segment_define, segment_refresh TO segment_editor;

SELECT segment_define('beta', '{"table": "crm.beta_users", "column": "user_id"}', 'who asked for it');
SELECT flag_create('gallery', enabled => true, definition =>
	'{"rules": [{"when": {"segment": "beta"}, "serve": "on"}], "default": "off"}');
SELECT key, flag_eval('gallery', key) FROM unnest(ARRAY['user-1', 'user-3']) key;

-- Live: no refresh, and in the same transaction.
BEGIN;
INSERT INTO crm.beta_users VALUES ('user-3');
SELECT flag_eval('gallery', 'user-3');
ROLLBACK;
SELECT flag_eval('gallery', 'user-3');

-- Keys of other types, and texts that are no such key.
SELECT segment_define('account', '{"table": "crm.accounts", "column": "id"}');
SELECT segment_define('owner', '{"table": "crm.accounts", "column": "owner"}');
SELECT flag_define('gallery', '{"rules": [{"when": {"any": [{"segment": "account"}, {"segment": "owner"}]}, "serve": "on"}], "default": "off"}');
SELECT key, flag_eval('gallery', key) FROM unnest(ARRAY['7', '007', '9', '99999999999999999999', '-', '7.0',
	'6ba7b810-9dad-11d1-80b4-00c04fd430c8', '6ba7b8109dad11d180b400c04fd430c8', 'x']) key;

-- Who defines a segment has to be allowed to read the table.
SET ROLE segment_editor;
SELECT segment_define('mine', '{"table": "crm.beta_users", "column": "user_id"}');
RESET ROLE;
GRANT SELECT (user_id) ON crm.beta_users TO segment_editor;
SET ROLE segment_editor;
SELECT segment_define('mine', '{"table": "crm.beta_users", "column": "user_id"}');
RESET ROLE;
SELECT key, definition, definer, version FROM segments ORDER BY key;
SELECT flag_define('gallery', '{"rules": [{"when": {"segment": "mine"}, "serve": "on"}], "default": "off"}');
SELECT flag_eval('gallery', 'user-1');
-- The right is looked at again when it is taken away, or given.
REVOKE SELECT (user_id) ON crm.beta_users FROM segment_editor;
SELECT enabled, reason, error_code FROM flag_explain('gallery', '{"targetingKey": "user-1"}');
GRANT SELECT ON crm.beta_users TO segment_editor;
SELECT enabled, reason, error_code FROM flag_explain('gallery', '{"targetingKey": "user-1"}');
-- So is all else.
ALTER TABLE crm.beta_users ENABLE ROW LEVEL SECURITY;
SELECT enabled, reason, error_code FROM flag_explain('gallery', '{"targetingKey": "user-1"}');
-- A policy on the segment's own table does not go round in circles.
CREATE POLICY beta ON crm.beta_users USING (wishflags.flag_eval('gallery', user_id));
SET ROLE segment_editor;
SELECT user_id FROM crm.beta_users;
RESET ROLE;
ALTER TABLE crm.beta_users DISABLE ROW LEVEL SECURITY;
SELECT flag_eval('gallery', 'user-1');
ALTER TABLE crm.beta_users RENAME TO beta;
SELECT flag_eval('gallery', 'user-1'), (flag_explain('gallery', '{"targetingKey": "user-1"}')).error_code;
ALTER TABLE crm.beta RENAME TO beta_users;
SELECT flag_eval('gallery', 'user-1');

-- A query is run when it is told to.
SELECT segment_define('pro', '{"query": "SELECT id FROM crm.accounts WHERE plan = ''pro''"}');
SELECT flag_define('gallery', '{"rules": [{"when": {"segment": "pro"}, "serve": "on"}], "default": "off"}');
SELECT flag_eval('gallery', 7);
SELECT segment_refresh('pro');
SELECT flag_eval('gallery', 7), flag_eval('gallery', 8);
UPDATE crm.accounts SET plan = 'pro';
SELECT flag_eval('gallery', 8);
SELECT segment_refresh('pro');
SELECT flag_eval('gallery', 8);
SELECT version, refreshed_at IS NOT NULL AS refreshed FROM segments WHERE key = 'pro';
REVOKE UPDATE (definition) ON segments FROM segment_editor;
SET ROLE segment_editor;
SELECT segment_refresh('pro');
RESET ROLE;
GRANT UPDATE (definition) ON segments TO segment_editor;
-- It can't do more than its definer, nor leave the security-restricted operation.
GRANT SELECT ON crm.accounts TO segment_editor;
CREATE FUNCTION crm.become() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RESET ROLE; RETURN current_user; END $$;
SET ROLE segment_editor;
SELECT segment_define('theirs', '{"query": "SELECT crm.become()"}');
SELECT segment_refresh('theirs');
RESET ROLE;
SELECT segment_refresh('theirs');

-- Wrong use.
SELECT segment_define('x', '{"table": "crm.nowhere", "column": "id"}');
SELECT segment_define('x', '{"table": "nowhere..x", "column": "id"}');
SELECT segment_define('x', '{"table": "crm.accounts", "column": "nothing"}');
SELECT segment_define('x', '{"table": "crm.accounts", "column": "plan"}');
CREATE VIEW crm.view AS SELECT * FROM crm.accounts;
SELECT segment_define('x', '{"table": "crm.view", "column": "id"}');
SELECT segment_define('x', '{"query": "SELECT 1; SELECT 2"}');
SELECT segment_define('x', '{"query": "DELETE FROM crm.accounts RETURNING id"}');
SELECT segment_define('x', '{"query": "SELECT 1, 2"}');
SELECT segment_define('', '{"query": "SELECT 1"}');
SELECT segment_define('x', NULL);
SELECT segment_refresh('beta');
SELECT segment_refresh('no_such_segment');
UPDATE segments SET key = 'y' WHERE key = 'pro';
DELETE FROM segments WHERE key = 'pro';
SELECT count(*) FROM segment_members;

TRUNCATE segments, segment_members;
DELETE FROM flags;
SET client_min_messages = warning;
DROP SCHEMA crm CASCADE;
DROP OWNED BY segment_editor;
DROP ROLE segment_editor;
