-- Overrides and experiments of flags that are closed to changes: frozen and archived ones.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS wishflags;
SET TimeZone = 'UTC';
SET search_path = wishflags, public;
BEGIN;
SET LOCAL session_replication_role = replica;
TRUNCATE flag_audit, flags, flag_overrides;
COMMIT;
\set SHOW_CONTEXT never

-- They neither go nor change, in whatever way; one that has expired may go.
SELECT flag_create('closed', enabled => true, rollout => 0), flag_create('open', enabled => true), flag_create('closed-alone');
SELECT flag_override_set('closed', 'user-1', true), flag_override_set('open', 'user-1', true);
INSERT INTO flag_overrides (flag, key, variant, expires_at, created_at) VALUES ('closed', 'user-2', 'on', '2020-01-01', '2019-01-01');
SELECT flag_expire('closed', '2020-01-01', 'freeze') > 0 AS frozen;
SELECT flag_override_unset('closed', 'user-1');
SELECT flag_override_unset('closed', 'user-1', 'user');
\set VERBOSITY terse
DELETE FROM flag_overrides WHERE key = 'user-1';
UPDATE flag_overrides SET variant = 'off' WHERE flag = 'closed';
UPDATE flag_overrides SET flag = 'open', key = 'user-9' WHERE flag = 'closed' AND key = 'user-1';
UPDATE flag_overrides SET flag = 'closed', key = 'user-9' WHERE flag = 'open';
INSERT INTO flag_overrides (flag, key, variant) VALUES ('closed', 'user-1', 'off')
ON CONFLICT ON CONSTRAINT flag_overrides_pkey DO UPDATE SET variant = excluded.variant;
MERGE INTO flag_overrides o USING (VALUES ('closed', 'user-1')) v (flag, key) ON o.flag = v.flag AND o.key = v.key WHEN MATCHED THEN DELETE;
MERGE INTO flag_overrides o USING (VALUES ('closed', 'user-1')) v (flag, key) ON o.flag = v.flag AND o.key = v.key
WHEN MATCHED THEN UPDATE SET variant = 'off';
COPY flag_overrides (flag, key, variant) FROM stdin;
closed	user-3	on
\.
SELECT * FROM flag_override_set_all('closed', 'SELECT ''user-'' || n FROM generate_series(3, 5) n', '{"variant": "on"}');
SELECT * FROM flag_override_set_all('closed', 'SELECT ''user-1''', '{"variant": "off", "replace": true}');
TRUNCATE flag_overrides;
SELECT flag_eval('closed', 'user-1'), flag_override_prune() AS pruned;
SELECT flag_archive('closed') > 0 AS archived;
SELECT flag_override_unset('closed', 'user-1');
DELETE FROM flag_overrides;
TRUNCATE flag_overrides;
SELECT experiment_start('closed', 'closed', 'off', '{"off": 50, "on": 50}');
SELECT flag, key, variant FROM flag_overrides ORDER BY flag;
-- Others go, and all of them with their flag.
DELETE FROM flag_overrides WHERE flag = 'open';
DELETE FROM flags WHERE key LIKE 'closed%';
SELECT flag_create('closed', enabled => true) > 0 AS made, flag_override_set('closed', 'user-1', false), flag_archive('closed') > 0 AS archived;
BEGIN;
TRUNCATE flags;
SELECT count(*) FROM flag_overrides;
ROLLBACK;
SELECT flag_unarchive('closed') > 0 AS unarchived, flag_override_unset('closed', 'user-1');
DELETE FROM flags;
