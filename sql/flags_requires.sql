-- Flags that require other flags, and conditions that deny.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;

SELECT flag_create('base', enabled => true, rollout => 50);
SELECT flag_create('theme', enabled => true, definition => '{"variants": [{"name": "small", "value": 1}, {"name": "big", "value": 10}],
	"off": "small", "default": "small", "rules": [{"when": {"attribute": "plan", "equals": "pro"}, "serve": "big"}]}');
SELECT flag_create('probe', enabled => true);
CREATE FUNCTION pg_temp.with(definition jsonb, context jsonb DEFAULT '{"targetingKey": "1", "plan": "pro"}')
RETURNS TABLE (variant text, reason text, error_code text, rule text) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM wishflags.flag_define('probe', definition);
	RETURN QUERY SELECT e.variant, e.reason, e.error_code, e.rule FROM wishflags.flag_explain('probe', context) e;
END $$;

-- Whoever is in the first is in the second.
SELECT flag_define('probe', '{"requires": [{"flag": "base"}], "rollout": 50}');
SELECT flag_eval('base', n) AS base, flag_eval('probe', n) AS probe, round(count(*), -2) AS about FROM generate_series(1, 2000) n GROUP BY 1, 2 ORDER BY 1, 2;

SELECT requires, w.* FROM unnest(ARRAY[
	'[{"flag": "theme"}]',
	'[{"flag": "theme", "variant": "big"}]',
	'[{"flag": "theme", "variant": "small"}]',
	'[{"flag": "theme", "variant": "small", "otherwise": "on"}]',
	'[{"flag": "theme", "variant": "small", "otherwise": null}]',
	'[{"flag": "theme", "variants": ["big", "huge"], "enabled": true}]',
	'[{"flag": "theme", "value": {"attribute": "value", "greater": 5}}]',
	'[{"flag": "theme", "value": {"attribute": "value", "less": 5}}]',
	'[{"flag": "nowhere"}]', '[{"flag": "nowhere", "enabled": false}]',
	'[{"flag": "theme"}, {"flag": "theme", "enabled": false}]',
	'[]'
]) requires, pg_temp.with(jsonb_build_object('requires', requires::jsonb)) w;

-- A flag that does not say what was asked for leads to the off variant, which may be none.
SELECT w.* FROM pg_temp.with('{"variants": {"a": 1}, "default": "a", "requires": [{"flag": "nowhere"}]}') w;

-- At any depth; the one that is disabled is found.
SELECT flag_create('chain_1', enabled => true);
SELECT flag_create('chain_' || n, enabled => true, definition => jsonb_build_object('requires', jsonb_build_array(jsonb_build_object('flag', 'chain_' || n - 1))))
FROM generate_series(2, 30) n \g /dev/null
SELECT flag_eval('chain_30', '1');
SELECT flag_disable('chain_1');
SELECT enabled, reason, rule FROM flag_explain('chain_30', '{"targetingKey": "1"}');

-- In a circle, where triggers did not refuse it: an error, and off.
SET session_replication_role = replica;
UPDATE flags SET definition = '{"requires": [{"flag": "chain_30"}]}' WHERE key = 'chain_1';
RESET session_replication_role;
SELECT flag_enable('chain_1');
SELECT flag_eval('chain_30', '1'), e.* FROM flag_explain('chain_30', '{"targetingKey": "1"}', 'true') e;
SELECT d AS definition, e.variant, e.reason, e.error_code FROM unnest(ARRAY['{"requires": [{"flag": "probe"}]}',
	'{"rules": [{"when": {"not": {"flag": "probe"}}, "serve": "on"}]}']) d,
	flag_eval_document('native', jsonb_build_object('format', 'wishflags', 'version', 1, 'flags', jsonb_build_object('probe', jsonb_build_object('enabled', true, 'definition', d::jsonb))), 'probe', '{"targetingKey": "1"}') e;

-- Thousands of ways through flags that ask each other twice end with an error, too.
SELECT flag_create('wide_1', enabled => true);
SELECT flag_create('wide_' || n, enabled => true, definition => jsonb_build_object('requires', jsonb_build_array(
	jsonb_build_object('flag', 'wide_' || n - 1), jsonb_build_object('flag', 'wide_' || n - 1)))) FROM generate_series(2, 40) n \g /dev/null
SELECT enabled, reason, error_code FROM flag_explain('wide_40', '{}');

-- An override is stronger than what a flag requires; nothing is stronger than deny.
SELECT flag_define('probe', '{"requires": [{"flag": "nowhere"}], "deny": {"attribute": "country", "in": ["XX"]}}');
SELECT flag_override_set('probe', '1');
SELECT c AS context, e.variant, e.reason, e.rule FROM unnest(ARRAY['{"targetingKey": "1"}', '{"targetingKey": "2"}',
	'{"targetingKey": "1", "country": "XX"}', '{"targetingKey": "2", "country": "XX"}']) c, flag_explain('probe', c::jsonb) e;
DELETE FROM flag_overrides;
SELECT w.* FROM pg_temp.with('{"variants": {"old": true, "new": true}, "default": "new", "off": "old", "deny": {"attribute": "plan", "equals": "pro"}}') w;

-- What to deny that can't be told is an error, and off.
SELECT w.* FROM pg_temp.with('{"deny": {"split": {"percent": 10}}}', '{}') w;

DELETE FROM flags;
