-- Documents of other systems: taking in, evaluating, giving out.
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
