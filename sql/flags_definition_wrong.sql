-- Definitions that are wrong: the error names the place.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;
\set SHOW_CONTEXT never
SELECT flag_create('gallery');

CREATE FUNCTION pg_temp.problem(definition jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM wishflags.flag_define('gallery', definition);
	RETURN 'accepted';
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN regexp_replace(replace(sqlerrm, 'invalid definition of flag "gallery" ', ''), 'equals, not_equals, .*not_modulo', 'OPERATORS');
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

-- Variants, rollouts, rules and what comes before them.
SELECT pg_temp.problem(definition::jsonb)
FROM unnest(ARRAY[
	'{"variants": 1}', '{"variants": ["a"]}', '{"variants": [{"name": "a"}]}', '{"variants": [{"value": 1}]}', '{"variants": [{"name": "", "value": 1}]}',
	'{"variants": [{"name": "a", "value": 1}, {"name": "a", "value": 2}]}', '{"variants": [{"name": "a", "value": 1, "weight": 1}]}',
	'{"rollout": true}', '{"rollout": -1}', '{"rollout": {}}', '{"rollout": {"from": {"at": "2026-03-01T00:00:00Z", "percent": 1}}}',
	'{"rollout": {"from": {"at": "2026-03-01", "percent": 1}, "to": {"at": "2026-03-02T00:00:00Z", "percent": 2}}}',
	'{"rollout": {"from": {"at": "2026-03-02T00:00:00Z", "percent": 1}, "to": {"at": "2026-03-02T01:00:00+01:00", "percent": 2}}}',
	'{"rollout": {"steps": []}}', '{"rollout": {"steps": [{"at": "2026-03-01T00:00:00Z"}]}}', '{"rollout": {"steps": [{"percent": 1}]}}',
	'{"rollout": {"steps": [{"at": "2026-03-01T00:00:00Z", "percent": 1}, {"at": "2026-03-01T00:00:00Z", "percent": 2}]}}',
	'{"rollout": {"steps": [{"at": "2026-03-01T00:00:00Z", "percent": 0.0001}]}}', '{"rollout": {"steps": 1, "from": 2}}',
	'{"window": {}}', '{"window": {"from": "tomorrow"}}', '{"window": {"from": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"}}', '{"window": {"to": 1}}',
	'{"deny": []}', '{"deny": {"all": [{}]}}',
	'{"requires": {}}', '{"requires": ["base"]}', '{"requires": [{}]}', '{"requires": [{"flag": 1}]}', '{"requires": [{"flag": "base", "enabled": 1}]}',
	'{"requires": [{"flag": "base", "variant": "a", "variants": ["a"]}]}', '{"requires": [{"flag": "base", "variants": []}]}',
	'{"requires": [{"flag": "base", "otherwise": "nothing"}]}', '{"requires": [{"flag": "base", "value": 1}]}',
	'{"requires": [{"flag": "base", "value": {"segment": "s"}}]}', '{"requires": [{"flag": "base", "value": {"attribute": {"kind": "org"}, "equals": 1}}]}',
	'{"exclusive": "g"}', '{"exclusive": {}}', '{"exclusive": {"group": ""}}', '{"exclusive": {"group": "g", "from": 30, "until": 30}}', '{"exclusive": {"group": "g", "until": 101}}',
	'{"rules": [{"serve": "on", "otherwise": "on"}]}', '{"rules": [{"serve": "on", "otherwise": null}]}', '{"rules": [{"serve": "on", "window": []}]}',
	'{"default": {"split": [{"variant": "on", "weight": 1}], "coverage": 1.1}}', '{"default": {"split": [{"variant": "on", "weight": 1}], "coverage": "1"}}',
	'{"default": {"split": [{"variant": "on", "ranges": [[0, 1]]}], "coverage": 1}}', '{"default": {"split": [{"variant": "on", "ranges": []}]}}',
	'{"default": {"split": [{"variant": "on", "ranges": [[0, 20]]}, {"variant": "off", "weight": 1}]}}', '{"default": {"split": [{"variant": "on", "ranges": [[0]]}]}}',
	'{"default": {"split": [{"variant": "on", "ranges": [[20, 10]]}]}}', '{"default": {"split": [{"variant": "on", "ranges": [[0, 20]]}, {"variant": "off", "ranges": [[50, 60], [19.9, 30]]}]}}'
]) definition;

-- Conditions.
SELECT c AS condition, pg_temp.problem(jsonb_build_object('deny', c::jsonb)) AS problem
FROM unnest(ARRAY[
	'{"attribute": "a", "equals": "x", "ignore_case": 1}', '{"attribute": "a", "less": 1, "ignore_case": true}', '{"attribute": "a", "equals": "x", "absent": null}',
	'{"attribute": "a", "exists": true, "absent": true}', '{"attribute": {"path": "a"}, "equals": 1}', '{"attribute": {"kind": 1}, "equals": 1}',
	'{"attribute": {"kind": "org", "path": []}, "equals": 1}', '{"attribute": "a", "has_all": [["x"]]}', '{"attribute": "a", "type": "text"}',
	'{"attribute": "a", "length_less": -1}', '{"attribute": "a", "matches": "(a"}', '{"attribute": "a", "matches": ["a", 1]}', '{"attribute": "a", "version_less": "two"}',
	'{"attribute": "a", "version_less": 2}', '{"attribute": "a", "before": "2026-03-01"}', '{"attribute": "a", "in_network": ["10.0.0.0/8", "x"]}',
	'{"attribute": "a", "modulo": 2}', '{"attribute": "a", "modulo": {"divisor": 0, "remainder": 0}}', '{"attribute": "a", "modulo": {"divisor": 2, "remainder": 2}}',
	'{"segment": 1}', '{"segment": "s", "key": "a"}', '{"flag": ""}', '{"flag": "f", "is": true}', '{"split": 10}', '{"split": {}}', '{"split": {"percent": 10, "seed": 1}}',
	'{"between": ["2026-03-01T00:00:00Z"]}', '{"between": ["2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z"]}', '{"from": "2026-03-01T00:00:00Z", "to": "x"}', '{"until": 1}'
]) c;

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
