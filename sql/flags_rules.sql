-- Rules: conditions on attributes of the context.
SET search_path = wishflags;

-- on(condition, context): whether the condition holds.
CREATE FUNCTION pg_temp.holds(condition jsonb, context jsonb) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	PERFORM wishflags.flag_define('probe', jsonb_build_object(
		'default', 'off', 'rules', jsonb_build_array(jsonb_build_object('when', condition, 'serve', 'on'))));
	RETURN wishflags.flag_eval('probe', context);
END $$;
SELECT flag_create('probe', enabled => true);

SELECT condition, context, pg_temp.holds(condition::jsonb, context::jsonb)
FROM (VALUES
	('{"attribute": "a", "equals": "x"}', '{"a": "x"}'),
	('{"attribute": "a", "equals": "x"}', '{"a": "X"}'),
	('{"attribute": "a", "equals": 1}', '{"a": 1.0}'),
	('{"attribute": "a", "equals": 1}', '{"a": "1"}'),
	('{"attribute": "a", "equals": true}', '{"a": true}'),
	('{"attribute": "a", "equals": "x"}', '{"a": null}'),
	('{"attribute": "a", "equals": "x"}', '{"a": ["y", "x"]}'),
	('{"attribute": "a", "equals": "x"}', '{"a": {"x": 1}}'),
	('{"attribute": "a", "in": ["x", "y", 3]}', '{"a": 3}'),
	('{"attribute": "a", "in": ["x", "y"]}', '{"a": "z"}'),
	('{"attribute": "a", "in": []}', '{"a": "z"}'),
	('{"attribute": "a", "less": 10}', '{"a": 9.99}'),
	('{"attribute": "a", "less": 10}', '{"a": 10}'),
	('{"attribute": "a", "less_equal": 10}', '{"a": 10}'),
	('{"attribute": "a", "greater": 10}', '{"a": 1e3}'),
	('{"attribute": "a", "greater": 10}', '{"a": "9"}'),
	('{"attribute": "a", "greater_equal": "b"}', '{"a": "b"}'),
	('{"attribute": "a", "greater_equal": "b"}', '{"a": "ab"}'),
	('{"attribute": "a", "starts_with": "ab"}', '{"a": "abc"}'),
	('{"attribute": "a", "starts_with": "abcd"}', '{"a": "abc"}'),
	('{"attribute": "a", "ends_with": ["x", "@example.org"]}', '{"a": "me@example.org"}'),
	('{"attribute": "a", "contains": "bab"}', '{"a": "ababab"}'),
	('{"attribute": "a", "contains": "bb"}', '{"a": "ababab"}'),
	('{"attribute": "a", "contains": ""}', '{"a": ""}'),
	('{"attribute": "a", "exists": true}', '{"a": false}'),
	('{"attribute": "a", "exists": true}', '{"b": 1}'),
	('{"attribute": "a", "exists": false}', '{"a": null}'),
	('{"attribute": "a", "exists": false}', '{"a": {}}'),
	('{"attribute": ["a", "b"], "equals": 1}', '{"a": {"b": 1}}'),
	('{"attribute": ["a", "b"], "equals": 1}', '{"a": [1]}'),
	('{"attribute": "a.b", "equals": 1}', '{"a.b": 1}'),
	('{"attribute": "targetingKey", "equals": "u"}', '{"targetingKey": "u"}'),
	('{"not": {"attribute": "a", "equals": "x"}}', '{}'),
	('{"all": []}', '{}'),
	('{"any": []}', '{}'),
	('{"all": [{"attribute": "a", "equals": 1}, {"attribute": "b", "equals": 2}]}', '{"a": 1, "b": 2}'),
	('{"all": [{"attribute": "a", "equals": 1}, {"attribute": "b", "equals": 2}]}', '{"a": 1, "b": 3}'),
	('{"any": [{"attribute": "a", "equals": 1}, {"attribute": "b", "equals": 2}]}', '{"a": 0, "b": 2}'),
	('{"not": {"any": [{"not": {"all": []}}]}}', '{}')
) AS c (condition, context);

-- A rule on the targeting key sees a text key too.
SELECT flag_define('probe', '{"default": "off", "rules": [
	{"when": {"attribute": "targetingKey", "ends_with": "@example.org"}, "serve": "on"}]}');
SELECT flag_eval('probe', 'me@example.org') AS own, flag_eval('probe', 'me@example.com') AS other;

-- The first rule that matches serves; one outside its rollout misses.
SELECT flag_define('probe', '{
	"variants": {"a": 1, "b": 2, "c": 3}, "off": "c", "default": "c", "rules": [
	{"id": "blocked", "when": {"attribute": "blocked", "equals": true}, "serve": "c"},
	{"id": "pro", "when": {"attribute": "plan", "equals": "pro"}, "serve": "a"},
	{"id": "some", "rollout": 20, "serve": "b"},
	{"when": {"attribute": "country", "in": ["DE", "AT"]}, "serve": {"split": [
		{"variant": "a", "weight": 1}, {"variant": "b", "weight": 1}]}}]}');
SELECT e.variant, e.rule, e.reason, round(count(*) / 100.0) AS percent
FROM generate_series(1, 10000) n, flag_explain('probe', jsonb_build_object('targetingKey', n)) e
GROUP BY 1, 2, 3 ORDER BY 1;
SELECT e.variant, e.rule, e.reason
FROM unnest(ARRAY['{"targetingKey": "1", "plan": "pro"}', '{"targetingKey": "1", "plan": "pro", "blocked": true}',
                  '{"targetingKey": "1", "country": "AT"}', '{"country": "AT"}']::jsonb[]) c, flag_explain('probe', c) e;
DELETE FROM flags;
