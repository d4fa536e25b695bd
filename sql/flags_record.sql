-- What a flag's row says beside its evaluation, its expiry and archive.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS wishflags;
SET TimeZone = 'UTC';
SET search_path = wishflags, public;
BEGIN;
SET LOCAL session_replication_role = replica;
TRUNCATE flag_audit, flags, flag_overrides;
COMMIT;
\set VERBOSITY default
\set SHOW_CONTEXT never

SELECT flag_create('record', enabled => true);
SELECT kind, owner_email, owner_role, documentation_url, notes, tags, expires_at, on_expiry, archived_at,
	created_by = session_user AS created_by, updated_by = session_user AS updated_by
FROM flags \gx

-- What it takes, and what not.
UPDATE flags SET kind = 'permission', owner_team = 'growth', owner_email = 'growth@example.com', owner_role = current_user,
	documentation_url = 'https://wiki.example.com/record', notes = '{"rollback": "ask the data team"}', tags = '{checkout,mobile}';
UPDATE flags SET kind = 'releas';
UPDATE flags SET owner_email = 'growth';
UPDATE flags SET owner_email = 'growth@';
UPDATE flags SET owner_email = 'a b@example.com';
UPDATE flags SET owner_role = 'regress_nobody';
UPDATE flags SET documentation_url = 'ftp://example.com';
UPDATE flags SET documentation_url = 'https://';
UPDATE flags SET documentation_url = 'https://example.com/"><b>';
UPDATE flags SET notes = '[]';
UPDATE flags SET tags = '{a,a}';
UPDATE flags SET tags = '{{a,b}}';
UPDATE flags SET tags = '{a,NULL}';
UPDATE flags SET tags = '{""}';
INSERT INTO flags (key, kind) VALUES ('other', '');

-- Who made it cannot be said by who makes it.
INSERT INTO flags (key, created_by, updated_by) VALUES ('forged', 'somebody', 'somebody');
UPDATE flags SET description = 'x', updated_by = 'somebody' WHERE key = 'forged';
SELECT created_by = session_user AS created_by, updated_by = session_user AS updated_by FROM flags WHERE key = 'forged';
DELETE FROM flags WHERE key = 'forged';

-- An owner who is gone does not keep others from changing the flag.
CREATE ROLE regress_owner;
UPDATE flags SET owner_role = 'regress_owner';
DROP ROLE regress_owner;
UPDATE flags SET description = 'after the owner';
SELECT version, changed FROM flag_history('record');
-- Nor from rolling it back; it is owned by nobody then.
SELECT flag_rollback('record', 3, 'still works');
SELECT owner_role, owner_team FROM flags;

-- Notes change no answer, and touch no cache: no signal is sent.
BEGIN;
SELECT flag_eval('record', 'user-1');
UPDATE flags SET notes = '{}';
SELECT flag_eval('record', 'user-1');
ROLLBACK;

-- Expiry by the clock.
SELECT flag_expire('record', now() + '1 day', 'disable');
SELECT flag_eval('record', 'user-1'), flag_variant('record', 'user-1');
SELECT enabled, reason FROM flag_explain('record', '{"targetingKey": "user-1"}', options => jsonb_build_object('clock', now() + '2 days'));
SELECT flag_expire('record', '2020-01-01', 'disable');
SELECT flag_eval('record', 'user-1'), flag_variant('record', 'user-1');
SELECT enabled, reason FROM flag_explain('record', '{"targetingKey": "user-1"}');
SELECT flag_create('dependent', definition => '{"requires": [{"flag": "record"}]}', enabled => true);
SELECT flag_eval('dependent', 'user-1');
SELECT flag_expire('record', '2020-01-01', 'warn');
SELECT flag_eval('record', 'user-1'), flag_eval('dependent', 'user-1');
SELECT flag_expire('record', '2020-01-01', 'extend');
SELECT flag_eval('record', 'user-1');

SELECT flag_expire('record', '2020-01-01', 'freeze');
SELECT flag_eval('record', 'user-1');
SELECT flag_disable('record');
UPDATE flags SET description = 'a note may change' WHERE key = 'record';
SELECT flag_override_set('record', 'user-1', false);
-- It may be archived, and is frozen again when it is taken back.
SELECT flag_create('frozen', enabled => true), flag_expire('frozen', '2020-01-01', 'freeze');
UPDATE flags SET archived_at = '2026-01-01' WHERE key = 'frozen';
SELECT flag_override_set('frozen', 'user-1', false);
SELECT flag_unarchive('frozen') > 0 AS unarchived;
SELECT flag_rollout('frozen', 7);
DELETE FROM flags WHERE key = 'frozen';
SELECT flag_expire('record', '2021-01-01', 'freeze');
SELECT flag_expire('record', 'infinity', 'freeze');
-- To enable what expired says that it stays off.
SELECT flag_create('expired', enabled => true), flag_expire('expired', '2020-01-01', 'disable');
SELECT flag_enable('expired');
SELECT flag_disable('expired');
DELETE FROM flags WHERE key = 'expired';
SELECT flag_disable('record');
SELECT flag_enable('record');

SELECT flag_expire('record', now(), 'later');
SELECT flag_expire('record', now(), NULL);
SELECT flag_expire('unknown', now());
SELECT flag_expire(NULL, now());
SELECT flag_expire('record', NULL);
SELECT expires_at, on_expiry FROM flags WHERE key = 'record';

-- Archive.
-- What is required is not archived.
SELECT flag_archive('record');
SELECT flag_define('dependent', NULL) > 0 AS free;
SELECT flag_archive('record', 'the feature is for everybody') > 0 AS archived;
SELECT flag_eval('record', 'user-1'), reason FROM flag_explain('record', '{"targetingKey": "user-1"}');
SELECT flag FROM flag_eval_all('{}');
UPDATE flags SET archived_at = NULL WHERE key = 'record';
UPDATE flags SET archived_at = '2026-01-01 00:00' WHERE key = 'record';
SELECT flag_disable('record');
-- It was enabled, and would be off all the same.
SELECT flag_enable('record');
UPDATE flags SET archived_at = now() + '1 day' WHERE key = 'record';
SELECT a.version = f.version AS unchanged FROM flags f, flag_archive('record') a WHERE f.key = 'record';
SELECT flag_archive('unknown');
SELECT flag_archive(NULL);
SELECT flag_archive('dependent', ' ');
SELECT flag_unarchive('record', 'not yet for everybody') > 0 AS unarchived;
SELECT flag_eval('record', 'user-1');
SELECT action, changed, reason FROM flag_history('record') LIMIT 4;
-- A rollback may take it out of the archive, and back into it.
SELECT v.version FROM flag_versions v WHERE flag = 'record' AND reason = 'the feature is for everybody' \gset
SELECT flag_rollback('record', :version, 'as it was') > 0 AS archived;
SELECT flag_eval('record', 'user-1'), archived_at IS NOT NULL AS archived FROM flags WHERE key = 'record';
SELECT flag_rollback('record', 1, 'as it began') > 0 AS unarchived;
SELECT flag_eval('record', 'user-1'), archived_at IS NOT NULL AS archived FROM flags WHERE key = 'record';
-- A deletion takes it along, archived or not.
SELECT flag_archive('record') > 0 AS archived;
DELETE FROM flags;
