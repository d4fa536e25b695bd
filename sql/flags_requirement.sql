-- Fields that a flag's record has to have: wishflags.require_fields.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS wishflags;
SET search_path = wishflags, public;

SELECT flag_create('older') AS version;

-- What the setting takes, and what not.
SET wishflags.require_fields = 'owners';
SET wishflags.require_fields = 'owner:everything';
SET wishflags.require_fields = 'owner:';
SET wishflags.require_fields = 'owner description';
SET wishflags.require_fields = Owner, 'expires_at:release', 'documentation_url:kill-switch', 'expires_at:experiment', 'tags:permission', 'notes:permission';
SHOW wishflags.require_fields;

-- A new flag has to say it all, by any of the columns that will do.
SELECT flag_create('theme');
SELECT flag_create('theme', owner_team => 'shop');
INSERT INTO flags (key, owner_email, expires_at) VALUES ('theme', 'shop@example.com', '2100-01-01');
INSERT INTO flags (key, kind, owner_team) VALUES ('stop', 'kill-switch', 'shop');
\set VERBOSITY terse
INSERT INTO flags (key, kind, owner_team) VALUES ('stop', NULL, 'shop');
\set VERBOSITY default
INSERT INTO flags (key, kind, owner_team, documentation_url) VALUES ('stop', 'kill-switch', 'shop', 'https://example.com');
INSERT INTO flags (key, kind, owner_team) VALUES ('may', 'permission', 'shop');
INSERT INTO flags (key, kind, owner_team, tags, notes) VALUES ('may', 'permission', 'shop', '{vip}', '{}');
INSERT INTO flags (key, kind, owner_team, tags, notes) VALUES ('may', 'permission', 'shop', '{vip}', '{"who": "support"}');
INSERT INTO flags (key, kind, owner_team) VALUES ('log', 'operational', ' ');
INSERT INTO flags (key, kind, owner_team) VALUES ('log', 'operational', 'shop');

-- None is taken away, but for another.
UPDATE flags SET owner_team = NULL WHERE key = 'log';
UPDATE flags SET owner_team = NULL, owner_email = 'shop@example.com' WHERE key = 'log';
UPDATE flags SET tags = '{}' WHERE key = 'may';
UPDATE flags SET kind = 'release' WHERE key = 'log';
SELECT flag_expire('theme', NULL);
UPDATE flags SET kind = 'operational', expires_at = NULL WHERE key = 'theme';

-- A flag that was made before can be changed, and does not get poorer.
SELECT flag_enable('older') AS version;
UPDATE flags SET description = 'made before' WHERE key = 'older';
UPDATE flags SET kind = 'kill-switch' WHERE key = 'older';

-- What INSERT ON CONFLICT writes counts, not what it proposes.
INSERT INTO flags (key, enabled) VALUES ('older', false), ('log', true) ON CONFLICT (key) DO UPDATE SET enabled = excluded.enabled;
INSERT INTO flags (key) VALUES ('log') ON CONFLICT DO NOTHING;
INSERT INTO flags (key) VALUES ('log') ON CONFLICT (key) DO UPDATE SET owner_team = excluded.owner_team;
INSERT INTO flags (key) VALUES ('new') ON CONFLICT (key) DO UPDATE SET owner_team = excluded.owner_team;
SELECT key, enabled, owner_team FROM flags WHERE key IN ('older', 'log') ORDER BY key;

-- A record comes back as it was, and a document is taken in as it is.
UPDATE flags SET owner_team = 'shop', expires_at = '2100-01-01' WHERE key = 'older';
SELECT flag_rollback('older', 1, 'as it began') AS version;
DELETE FROM flags WHERE key = 'older';
SELECT flag_rollback('older', 1, 'was needed') AS version;
SELECT item, name, action FROM flag_import('flagd', '{"flags": {"banner": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on"}}}');
SELECT item, name, action FROM flag_import('flagd', '{"flags": {"banner": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off"}}}', '{"on_conflict": "replace"}');
SHOW wishflags.require_fields;
DELETE FROM flags WHERE key = 'banner';

-- flag_lint() asks for the same; its options add to it, or take from it.
SELECT flag, field, message FROM flag_lint() WHERE flag = 'older';
UPDATE flags SET owner_team = ' ' WHERE key = 'older';
SET wishflags.require_fields = '"owner", "expires_at:release"';
SELECT flag, field, message FROM flag_lint() WHERE flag = 'older';
SELECT flag, field FROM flag_lint('{"require": {"owner": false, "description": ["operational"]}}');
SET wishflags.require_fields = '';
SELECT flag, field FROM flag_lint() WHERE flag = 'older';
SELECT flag_create('free') AS version;

-- Its trigger is of no other use.
CREATE TRIGGER t AFTER TRUNCATE ON flags FOR EACH STATEMENT EXECUTE FUNCTION flags_require();
TRUNCATE flags;
DROP TRIGGER t ON flags;

-- Only a superuser says what is required.
CREATE ROLE regress_flags_requirement;
SET ROLE regress_flags_requirement;
SET wishflags.require_fields = 'owner';
RESET ROLE;
DROP ROLE regress_flags_requirement;
DELETE FROM flags;
