-- What a flag is made of, and all ways to change it: a session that has it in
-- memory sees its own changes in the next statement, and sees them go with
-- their transaction.
SET search_path = app, wishflags;
SET client_min_messages = warning;
TRUNCATE flags, flag_overrides, flag_documents, segments, segment_members;
CREATE SCHEMA app;
CREATE TABLE members (id text PRIMARY KEY);
INSERT INTO members VALUES ('1');
SELECT segment_define('list', '{"included": ["1"]}');
SELECT segment_define('table', '{"table": "app.members", "column": "id"}');
SELECT segment_define('query', '{"query": "SELECT id FROM app.members"}');
SELECT segment_refresh('query');
SELECT flag_create('flag', enabled => true);
SELECT flag_create('override', enabled => true, rollout => 0);
SELECT flag_override_set('override', '1', true);
SELECT flag_create(name, enabled => true, definition => jsonb_build_object('default', 'off', 'rules',
	jsonb_build_array(jsonb_build_object('when', jsonb_build_object('segment', name), 'serve', 'on'))))
FROM unnest(ARRAY['list', 'table', 'query']) name;
SELECT * FROM flag_import('growthbook', '{"features": {"document": {"defaultValue": false, "rules":
	[{"condition": {"id": {"$inGroup": "testers"}}, "force": true}]}}, "savedGroups": {"testers": ["1"]}}');
RESET client_min_messages;

-- The flags that are on.
CREATE FUNCTION answers() RETURNS text LANGUAGE sql VOLATILE AS $$
	SELECT coalesce(string_agg(key, ' ' ORDER BY n), 'none')
	FROM unnest(ARRAY['flag', 'override', 'list', 'table', 'query', 'document']) WITH ORDINALITY flags (key, n)
	WHERE wishflags.flag_eval(key, '1') $$;
-- Takes the user out of each.
CREATE FUNCTION change() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE wishflags.flags SET enabled = false WHERE key = 'flag';
	DELETE FROM wishflags.flag_overrides;
	UPDATE wishflags.segments SET definition = '{"included": ["2"]}' WHERE key = 'list';
	DELETE FROM app.members;
	PERFORM wishflags.segment_refresh('query');
	UPDATE wishflags.flag_documents SET document = jsonb_set(document, '{savedGroups,testers}', '[]');
END $$;

SELECT answers();
BEGIN;
SELECT change();
SELECT answers() AS own_change;
ROLLBACK;
SELECT answers() AS rolled_back;
BEGIN;
SAVEPOINT s;
SELECT change();
SELECT answers() AS own_change;
ROLLBACK TO s;
SELECT answers() AS back_to_savepoint;
SAVEPOINT s;
SELECT change();
RELEASE s;
SELECT answers() AS released;
ROLLBACK;
SELECT answers() AS rolled_back;

-- In one statement, blocks in blocks.
DO $$
BEGIN
	BEGIN
		BEGIN
			PERFORM app.change();
			RAISE NOTICE 'changed: %', app.answers();
		EXCEPTION WHEN division_by_zero THEN
		END;
		RAISE NOTICE 'still: %', app.answers();
		BEGIN
			RAISE division_by_zero;
		EXCEPTION WHEN division_by_zero THEN
			RAISE NOTICE 'nothing taken back: %', app.answers();
		END;
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
		RAISE NOTICE 'taken back: %', app.answers();
	END;
	RAISE NOTICE 'at last: %', app.answers();
END $$;

-- A statement that changes and evaluates: the old answer.
BEGIN;
WITH flag AS (UPDATE flags SET enabled = false WHERE key = 'flag' RETURNING 1),
	override AS (DELETE FROM flag_overrides RETURNING 1),
	list AS (UPDATE segments SET definition = '{"included": []}' WHERE key = 'list' RETURNING 1),
	member AS (DELETE FROM members RETURNING 1),
	query AS (DELETE FROM segment_members RETURNING 1),
	document AS (UPDATE flag_documents SET document = '{"features": {"document": {"defaultValue": false}}}' RETURNING 1)
SELECT key, flag_eval(key, '1') FROM flag, override, list, member, query, document,
	unnest(ARRAY['flag', 'override', 'list', 'table', 'query', 'document']) key;
SELECT answers();
ROLLBACK;

-- A procedure that commits.
CREATE PROCEDURE in_turns() LANGUAGE plpgsql AS $$
BEGIN
	RAISE NOTICE 'first: %', app.answers();
	PERFORM app.change();
	ROLLBACK;
	RAISE NOTICE 'after rollback: %', app.answers();
	PERFORM app.change();
	COMMIT;
	RAISE NOTICE 'after commit: %', app.answers();
	UPDATE wishflags.flags SET enabled = true WHERE key = 'flag';
	INSERT INTO wishflags.flag_overrides (flag, key, variant) VALUES ('override', '1', 'on');
	UPDATE wishflags.segments SET definition = '{"included": ["1"]}' WHERE key = 'list';
	INSERT INTO app.members VALUES ('1');
	PERFORM wishflags.segment_refresh('query');
	UPDATE wishflags.flag_documents SET document = jsonb_set(document, '{savedGroups,testers}', '["1"]');
	COMMIT;
	RAISE NOTICE 'after another: %', app.answers();
END $$;
CALL in_turns();

SET client_min_messages = warning;
DROP SCHEMA app CASCADE;
TRUNCATE flags, flag_overrides, flag_documents, segments, segment_members;
