-- What definitions compute with JsonLogic.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;
\set SHOW_CONTEXT never

-- As what is served: the name of a variant, or null for what comes next.
SELECT flag_create('theme', enabled => true, definition => '{
	"variants": [{"name": "plain", "value": 1}, {"name": "rich", "value": 2}, {"name": "none", "value": null}], "off": "none",
	"rules": [{"id": "size", "serve": {"compute": {"if": [{">": [{"var": "cart.total"}, 100]}, "rich", {"==": [{"var": "cart.total"}, 0]}, "plain", null]}}}],
	"default": {"compute": {"var": ["theme", null]}}}');
SELECT c AS context, e.variant, e.reason, e.rule, e.error_code
FROM unnest(ARRAY['{"cart": {"total": 120}}', '{"cart": {"total": 0}}', '{"cart": {"total": 7}}', '{"cart": {"total": 7}, "theme": "plain"}',
	'{"cart": {"total": 7}, "theme": "pink"}', '{"theme": ["rich"]}', '{"theme": 1}', '{}']) c, flag_explain('theme', c::jsonb) e;
SELECT flag_eval('theme', 'user-1') AS key_only;

-- As a condition.
SELECT flag_create('probe', enabled => true, definition => '{"default": "off", "rules": [
	{"id": "many", "when": {"compute": {"some": [{"var": "orders"}, {">": [{"var": "total"}, {"var": ["none.such", 50]}]}]}}, "serve": "on"},
	{"id": "not", "when": {"not": {"compute": {"missing": ["email", "name"]}}}, "serve": "on"},
	{"id": "both", "when": {"all": [{"attribute": "beta", "equals": true}, {"compute": {"in": [{"var": "plan"}, ["pro", "team"]]}}]}, "serve": "on"}]}');
SELECT c AS context, e.enabled, e.rule, e.error_code
FROM unnest(ARRAY['{"orders": [{"total": 10}, {"total": 60}]}', '{"orders": [{"total": 10}]}', '{"email": "a@example.org", "name": "Ann"}',
	'{"beta": true, "plan": "team"}', '{"beta": false, "plan": "team"}', '{"orders": 1}', '{}']) c, flag_explain('probe', c::jsonb) e;

-- As what a condition, a rollout or a split goes by.
SELECT flag_define('probe', '{"default": "off", "rules": [
	{"id": "domain", "when": {"attribute": {"compute": {"cat": [{"var": "plan"}, "/", {"var": "country"}]}}, "in": ["pro/DE", "pro/AT"]}, "serve": "on"}]}');
SELECT c AS context, flag_eval('probe', c::jsonb) FROM unnest(ARRAY['{"plan": "pro", "country": "AT"}', '{"plan": "pro"}', '{}']) c;
SELECT flag_define('probe', '{"by": {"compute": {"cat": [{"var": "tenant"}, ":", {"var": "targetingKey"}]}}, "rollout": 50}');
SELECT flag_define('theme', '{"by": "both", "rollout": 50}');
SELECT flag_create('same', enabled => true, definition => '{"default": "off", "rules": [
	{"when": {"split": {"percent": 50, "seed": "probe", "by": "both"}}, "serve": "on"}]}');
SELECT count(*) AS differ FROM generate_series(1, 1000) n, LATERAL (SELECT jsonb_build_object('tenant', 't', 'targetingKey', n, 'both', 't:' || n) AS c) c
WHERE flag_eval('probe', c) <> flag_eval('same', c);

-- What the flag itself is, and the time.
SELECT flag_define('probe', '{"default": "off", "rules": [{"when": {"compute": {"and": [{"==": [{"var": "$flag.key"}, "probe"]},
	{">=": [{"var": "$flag.now"}, 1772323200]}]}}, "serve": "on"}]}');
SELECT t AS at, enabled FROM unnest(ARRAY['2026-02-28 23:59:59Z', '2026-03-01Z']) t, flag_explain('probe', '{}', NULL, jsonb_build_object('clock', t));

-- Of another flag's value.
SELECT flag_define('theme', '{"variants": {"v": {"sizes": [1, 2, 3]}}, "default": "v"}');
SELECT flag_define('probe', '{"requires": [{"flag": "theme", "value": {"compute": {"in": [2, {"var": "value.sizes"}]}}}]}');
SELECT flag_eval('probe', 'user-1');
SELECT flag_define('probe', '{"requires": [{"flag": "theme", "value": {"compute": {"in": [4, {"var": "value.sizes"}]}}}]}');
SELECT flag_eval('probe', 'user-1');

-- In a segment.
SELECT segment_define('big', '{"when": {"compute": {">": [{"reduce": [{"var": "orders"}, {"+": [{"var": "current"}, {"var": "accumulator"}]}, 0]}, 100]}}}');
SELECT flag_define('probe', '{"default": "off", "rules": [{"when": {"segment": "big"}, "serve": "on"}]}');
SELECT c AS context, flag_eval('probe', c::jsonb) FROM unnest(ARRAY['{"orders": [60, 50]}', '{"orders": [60]}', '{"orders": "x"}', '{}']) c;

-- Operators that do not exist are refused.
CREATE FUNCTION pg_temp.problem(definition jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM wishflags.flag_define('probe', definition);
	RETURN 'accepted';
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN replace(sqlerrm, 'invalid definition of flag "probe" ', '');
END $$;
SELECT pg_temp.problem(d::jsonb) FROM unnest(ARRAY['{"deny": {"compute": {"iff": [true]}}}', '{"deny": {"compute": {"if": [{"==": [1, {"sum": [1]}]}, 1]}}}',
	'{"by": {"compute": {"concat": 1}}}', '{"by": {"compute": 1, "kind": "org"}}', '{"default": {"compute": {"fractional": []}}}', '{"default": {"compute": "on", "seed": "s"}}',
	'{"rules": [{"serve": {"compute": {"map": [[{"x": 1}], {"var": ""}]}}}]}']) d;
SELECT depth, pg_temp.problem(('{"deny": {"compute": ' || repeat('{"!": ', depth) || '1' || repeat('}', depth) || '}}')::jsonb) ~ 'deep' AS refused FROM unnest(ARRAY[50, 200, 2000]) depth;
DELETE FROM flags;
DELETE FROM segments;
