-- Documents of other systems: taking in, evaluating, giving out.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags, public;
\set document '{"status": 200, "features": {"dark": {"defaultValue": false, "rules": [{"condition": {"plan": "pro"}, "force": true}, {"force": true, "coverage": 0.5, "hashAttribute": "id"}]}, "size": {"defaultValue": "m", "rules": [{"variations": ["s", "l"], "key": "sizes", "condition": {"id": {"$inGroup": "testers"}}}]}}, "savedGroups": {"testers": ["u1", "u2"]}, "dateUpdated": "2026-01-01"}'

-- A dry run writes nothing.
SELECT * FROM flag_import('growthbook', :'document', '{"dry_run": true}');
SELECT count(*) FROM flags;
SELECT * FROM flag_import('growthbook', :'document');
SELECT key, enabled, dialect, document, version FROM flags ORDER BY key;
SELECT name, format, options, version FROM flag_documents;
SELECT * FROM flag_overview;
SELECT key, flag_eval('dark', key), flag_value('size', key, '"-"') FROM unnest(ARRAY['u1', 'u2', 'u3', 'u4', 'ü']) key;
SELECT flag_eval('dark', '{"id": "u3", "plan": "pro"}'::jsonb), flag_eval('dark', '{"targetingKey": "u3", "plan": "pro"}'::jsonb);

-- Once more: nothing changes, and the original comes out again.
SELECT * FROM flag_import('growthbook', :'document');
SELECT flag_export('growthbook') = :'document'::jsonb AS same;
-- What is changed comes out changed.
SELECT flag_define('dark', '{"defaultValue": true}');
SELECT flag_eval('dark', 'u3');
SELECT flag_export('growthbook') -> 'features';
SELECT flag_export('growthbook', ARRAY['size']);
SELECT * FROM flag_import('growthbook', :'document', '{"only": ["dark"]}');

-- The document's own parts count at once, for its flags alone.
SELECT key, flag_value('size', key, '"-"') FROM unnest(ARRAY['u1', 'u3']) key;
UPDATE flag_documents SET document = jsonb_set(document, '{savedGroups,testers}', '["u3"]');
SELECT key, flag_value('size', key, '"-"') FROM unnest(ARRAY['u1', 'u3']) key;
BEGIN;
DELETE FROM flag_documents;
SELECT reason, error_code FROM flag_explain('size', '{"id": "u1"}');
ROLLBACK;
SELECT reason, error_code FROM flag_explain('size', '{"id": "u1"}');

-- A flag that is gone from the document is kept, or deleted when told to.
SELECT * FROM flag_import('growthbook', '{"features": {"dark": {"defaultValue": 1}}}');
SELECT * FROM flag_import('growthbook', '{"features": {"dark": {"defaultValue": 1}}}', '{"prune": true}');

-- Overrides and the switch work as for other flags; a rollout is refused.
SELECT flag_disable('dark'), flag_enable('dark');
SELECT flag_rollout('dark', 50);

-- One's own export brings nothing new, also after a flag was switched off: its definition says so there, and the row here.
CREATE FUNCTION pg_temp.own(system text, document jsonb) RETURNS TABLE (imported text, flag text, action text, message text) LANGUAGE plpgsql AS $$
DECLARE
	exported jsonb;
BEGIN
	PERFORM wishflags.flag_import(system, own.document, '{"name": "own"}');
	PERFORM wishflags.flag_disable('a');
	exported := wishflags.flag_export(system, NULL, '{"name": "own"}');
	RETURN QUERY SELECT 'export', i.name, i.action, i.message FROM wishflags.flag_import(system, exported, '{"name": "own"}') i;
	RETURN QUERY SELECT 'export again', 'the export', 'is', CASE WHEN wishflags.flag_export(system, NULL, '{"name": "own"}') = exported THEN 'the same' ELSE 'another' END;
	RETURN QUERY SELECT 'original', i.name, i.action, i.message FROM wishflags.flag_import(system, own.document, '{"name": "own"}') i;
	DELETE FROM wishflags.flags f WHERE f.document = 'own';
	DELETE FROM wishflags.flag_documents WHERE name = 'own';
END $$;
SELECT * FROM pg_temp.own('growthbook', '{"features": {"a": {"defaultValue": true}, "b": {"defaultValue": 1}}}');
SELECT * FROM pg_temp.own('flagd', '{"flags": {"a": {"state": "ENABLED", "variants": {"on": true}}, "b": {"state": "DISABLED", "variants": {"on": true}}}}');
SELECT * FROM pg_temp.own('launchdarkly', '{"flags": {"a": {"key": "a", "on": true, "variations": [1]}, "b": {"key": "b", "on": false, "variations": [1]}}, "segments": {}}');
SELECT * FROM pg_temp.own('unleash', '{"features": [{"name": "a", "enabled": true, "strategies": []}, {"name": "b", "enabled": false, "strategies": []}]}');
-- In Flagsmith, off is not the same as switched off here, for all segments.
SELECT * FROM pg_temp.own('flagsmith', '{"environment": {"key": "e"}, "features": {"a": {"key": "1", "name": "a", "enabled": true}, "b": {"key": "2", "name": "b", "enabled": false}}}');
SELECT * FROM pg_temp.own('native', '{"format": "wishflags", "version": 1, "flags": {"a": {"enabled": true, "rollout": 50, "definition": {"default": "on"}}, "b": {"enabled": false}}}');

-- A native document given out says how far its flags are rolled out, and what they are for.
SELECT count(*) FROM flag_import('native', '{"format": "wishflags", "version": 1, "flags": {"plain": {"enabled": true, "rollout": 10, "description": "old"}}}');
SELECT flag_export('native', options => '{"name": "native"}') -> 'flags' AS flags;
SELECT flag_rollout('plain', 20);
SELECT flag_export('native', options => '{"name": "native"}') -> 'flags' AS flags;
SELECT flag_rollout('plain', 10);
UPDATE flags SET description = 'new' WHERE key = 'plain';
SELECT flag_export('native', options => '{"name": "native"}') -> 'flags' AS flags;
DELETE FROM flags WHERE document = 'native';
DELETE FROM flag_documents WHERE name = 'native';

-- Flags that are there already.
SELECT flag_create('mine');
SELECT * FROM flag_import('growthbook', '{"features": {"mine": {"defaultValue": 1}, "new": {"defaultValue": 2}}}', '{"name": "other"}');
SELECT * FROM flag_import('growthbook', '{"features": {"mine": {"defaultValue": 1}, "new": {"defaultValue": 2}}}', '{"name": "other", "dry_run": true}');
SELECT * FROM flag_import('growthbook', '{"features": {"mine": {"defaultValue": 1}, "new": {"defaultValue": 2}}}', '{"name": "other", "on_conflict": "skip"}');
SELECT * FROM flag_import('growthbook', '{"features": {"mine": {"defaultValue": 1}, "new": {"defaultValue": 2}}}', '{"name": "other", "on_conflict": "replace"}');
SELECT flag_export('growthbook');
SELECT flag_export('growthbook', options => '{"name": "other"}');

-- Wrong use.
SELECT * FROM flag_import('growthbok', '{}');
SELECT * FROM flag_import('growthbook', '[]');
SELECT * FROM flag_import('growthbook', NULL);
SELECT * FROM flag_import('growthbook', '{"features": {}}', '{"dry": true}');
SELECT * FROM flag_import('growthbook', '{"features": {}}', '{"on_conflict": "maybe"}');
SELECT * FROM flag_import('growthbook', '{"features": {}}', '{"hash_encoding": "latin1"}');
SELECT * FROM flag_import('growthbook', '{"features": {}}', '{"only": ["gone"]}');
SELECT * FROM flag_import('growthbook', '{"features": {"bad": 1, "good": {}}}', '{"name": "third"}');
SELECT flag_export('growthbook', ARRAY['mine', 'gone'], '{"name": "other"}');
SELECT flag_export('launchdarkly');
SELECT flag_export('no such format');
UPDATE flag_documents SET name = 'x' WHERE name = 'other';
UPDATE flag_documents SET document = '7' WHERE name = 'other';
INSERT INTO flag_documents (name, format, document) VALUES ('y', 'growthbook', '{"features": 1}');
INSERT INTO flags (key, dialect) VALUES ('z', 'growthbook');
INSERT INTO flags (key, dialect) VALUES ('z', 'klingon');
INSERT INTO flags (key, dialect, document, definition) VALUES ('z', 'growthbook', 'nowhere', '{}');
INSERT INTO flags (key, document) VALUES ('z', 'other');

DELETE FROM flags;
DELETE FROM flag_documents;
