-- Definitions that are wrong: the error names the place.
SET search_path = wishflags;
\set SHOW_CONTEXT never
SELECT flag_create('gallery');

CREATE FUNCTION pg_temp.problem(definition jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM wishflags.flag_define('gallery', definition);
	RETURN 'accepted';
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN replace(sqlerrm, 'invalid definition of flag "gallery" ', '');
END $$;

SELECT pg_temp.problem(definition::jsonb)
FROM unnest(ARRAY[
	'[]', '"on"', 'null', '1',
	'{"variant": {}}',
	'{"variants": []}',
	'{"variants": {}}',
	'{"variants": {"a": 1}}',
	'{"variants": {"a": 1}, "default": "b"}',
	'{"variants": {"a": 1}, "default": 1}',
	'{"variants": {"a": 1}, "default": {"variant": "a"}}',
	'{"variants": {"a": 1}, "default": "a", "off": "b"}',
	'{"off": 1}',
	'{"by": 1}', '{"by": []}', '{"by": ["a", 1]}',
	'{"metadata": []}',
	'{"rules": {}}', '{"rules": [1]}', '{"rules": [{}]}',
	'{"rules": [{"serve": "blue"}]}',
	'{"rules": [{"serve": "on", "if": {}}]}',
	'{"rules": [{"serve": "on", "id": 1}]}',
	'{"rules": [{"serve": "on", "rollout": "10"}]}',
	'{"rules": [{"serve": "on", "rollout": 100.5}]}',
	'{"rules": [{"serve": "on", "when": {}}]}',
	'{"rules": [{"serve": "on", "when": []}]}',
	'{"rules": [{"serve": "on"}, {"serve": "on", "when": {"all": {}}}]}',
	'{"rules": [{"serve": "on", "when": {"all": [], "any": []}}]}',
	'{"rules": [{"serve": "on", "when": {"any": [{"not": []}]}}]}',
	'{"rules": [{"serve": "on", "when": {"attribute": "plan"}}]}',
	'{"rules": [{"serve": "on", "when": {"attribute": "plan", "is": "pro"}}]}',
	'{"rules": [{"serve": "on", "when": {"attribute": "plan", "equals": "a", "in": []}}]}',
	'{"rules": [{"serve": "on", "when": {"attribute": "plan", "equals": null}}]}',
	'{"rules": [{"serve": "on", "when": {"attribute": "plan", "equals": ["a"]}}]}',
	'{"rules": [{"serve": "on", "when": {"attribute": "plan", "in": [["a"]]}}]}',
	'{"rules": [{"serve": "on", "when": {"attribute": "plan", "less": true}}]}',
	'{"rules": [{"serve": "on", "when": {"attribute": "plan", "starts_with": 1}}]}',
	'{"rules": [{"serve": "on", "when": {"attribute": "plan", "exists": 1}}]}',
	'{"rules": [{"serve": "on", "when": {"attribute": {}, "equals": 1}}]}',
	'{"default": {"split": []}}',
	'{"default": {"split": {}}}',
	'{"default": {"split": [{"variant": "on", "weight": 0}]}}',
	'{"default": {"split": [{"variant": "on", "weight": -1}]}}',
	'{"default": {"split": [{"variant": "on", "weight": 0.5}]}}',
	'{"default": {"split": [{"variant": "on", "weight": 2147483647}, {"variant": "off", "weight": 1}]}}',
	'{"default": {"split": [{"variant": "on", "weight": 99999999999999999999}]}}',
	'{"default": {"split": [{"variant": "on"}]}}',
	'{"default": {"split": [{"weight": 1}]}}',
	'{"default": {"split": ["on"]}}',
	'{"default": {"split": [{"variant": "on", "weight": 1}], "seed": 1}}'
]) definition;

-- Nested to the limit, and beyond.
SELECT depth, pg_temp.problem(('{"rules": [{"serve": "on", "when": '
	|| repeat('{"not": ', depth - 1) || '{"all": []}' || repeat('}', depth - 1) || '}]}')::jsonb) ~ 'deeper than 64' AS refused
FROM unnest(ARRAY[64, 65, 1000]) depth;
SELECT definition IS NOT NULL AS defined, version FROM flags;

SELECT flag_define('gallery', '{"variants": ');
SELECT flag_define('galery', '{}');

-- A row that got past the triggers is off, and evaluation does not fail.
SET session_replication_role = replica;
UPDATE flags SET definition = '{"rules": 1}', enabled = true;
RESET session_replication_role;
SELECT flag_eval('gallery', 'user-1'), e.* FROM flag_explain('gallery', '{}', 'true') e;
SELECT flag_define('gallery', NULL);
SELECT flag_eval('gallery', 'user-1');
DELETE FROM flags;
