-- Conditions: operators, kinds of contexts, the clock, other flags.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;

CREATE FUNCTION pg_temp.holds(condition jsonb, context jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT COALESCE(error_code, enabled::text) FROM wishflags.flag_eval_document('native', jsonb_build_object(
		'format', 'wishflags', 'version', 1, 'flags', jsonb_build_object('probe', jsonb_build_object('enabled', true,
			'definition', jsonb_build_object('default', 'off', 'rules', jsonb_build_array(
				jsonb_build_object('when', condition, 'serve', 'on')))))), 'probe', context);
$$;
CREATE FUNCTION pg_temp.table_of(conditions text[], contexts text[]) RETURNS TABLE (condition text, holds_for text) LANGUAGE sql AS $$
	SELECT c, string_agg(CASE pg_temp.holds(c::jsonb, x::jsonb) WHEN 'true' THEN x WHEN 'false' THEN NULL
	                     ELSE x || ' ' || pg_temp.holds(c::jsonb, x::jsonb) END, ', ' ORDER BY m)
	FROM unnest(conditions) WITH ORDINALITY AS c (c, n), unnest(contexts) WITH ORDINALITY AS x (x, m) GROUP BY n, c ORDER BY n;
$$;

-- Negated operators, case, and what absence means.
SELECT * FROM pg_temp.table_of(ARRAY[
	'{"attribute": "a", "equals": "x"}',
	'{"attribute": "a", "equals": "x", "ignore_case": true}',
	'{"attribute": "a", "not_equals": "x"}',
	'{"attribute": "a", "not_equals": "x", "ignore_case": true}',
	'{"attribute": "a", "not_equals": "x", "absent": true}',
	'{"attribute": "a", "equals": "x", "absent": true}',
	'{"attribute": "a", "in": ["X", 1], "ignore_case": true}',
	'{"attribute": "a", "not_in": ["x", 1]}',
	'{"attribute": "a", "starts_with": "éC", "ignore_case": true}',
	'{"attribute": "a", "not_starts_with": "é"}',
	'{"attribute": "a", "ends_with": "E", "ignore_case": true}',
	'{"attribute": "a", "not_ends_with": ["e", "x"]}',
	'{"attribute": "a", "contains": "COL", "ignore_case": true}',
	'{"attribute": "a", "not_contains": "x"}'
], ARRAY['{"a": "x"}', '{"a": "X"}', '{"a": 1}', '{"a": "École"}', '{"a": "école"}', '{"a": ["x", "y"]}', '{"a": null}', '{}']);

-- Arrays, types, lengths, remainders.
SELECT * FROM pg_temp.table_of(ARRAY[
	'{"attribute": "a", "has_any": ["x", 1]}',
	'{"attribute": "a", "has_all": ["x", 1]}',
	'{"attribute": "a", "has_all": []}',
	'{"attribute": "a", "has_none": ["y"], "ignore_case": true}',
	'{"attribute": "a", "type": "string"}',
	'{"attribute": "a", "type": ["integer", "null"]}',
	'{"attribute": "a", "not_type": ["array", "number"]}',
	'{"attribute": "a", "length_equals": 2}',
	'{"attribute": "a", "length_greater": 1}',
	'{"attribute": "a", "length_less_equal": 1, "absent": true}',
	'{"attribute": "a", "modulo": {"divisor": 3, "remainder": 1}}',
	'{"attribute": "a", "not_modulo": {"divisor": 3, "remainder": 1}}'
], ARRAY['{"a": ["x", 1]}', '{"a": ["Y"]}', '{"a": []}', '{"a": "éé"}', '{"a": "x"}', '{"a": 7}', '{"a": 7.5}', '{"a": -2}',
         '{"a": 100000000000000000000000000000000000000000000000003}', '{"a": {"b": 1, "c": 2}}', '{"a": null}', '{}']);

-- Regular expressions, as in Perl.
SELECT * FROM pg_temp.table_of(ARRAY[
	'{"attribute": "a", "matches": "^\\d{2,}$"}',
	'{"attribute": "a", "matches": ["\\bcat\\b", "(?<=x)y"]}',
	'{"attribute": "a", "matches": "É", "ignore_case": true}',
	'{"attribute": "a", "not_matches": "a"}'
], ARRAY['{"a": "42"}', '{"a": "a cat b"}', '{"a": "concat"}', '{"a": "xy"}', '{"a": "é"}', '{"a": 42}']);

-- Versions, times, networks.
SELECT * FROM pg_temp.table_of(ARRAY[
	'{"attribute": "a", "version_equals": "2.0.0"}',
	'{"attribute": "a", "version_not_equals": "2"}',
	'{"attribute": "a", "version_less": "2"}',
	'{"attribute": "a", "version_less_equal": "v2"}',
	'{"attribute": "a", "version_greater": "2.0.0-rc.1"}',
	'{"attribute": "a", "version_greater_equal": "2.9"}'
], ARRAY['{"a": "1.10"}', '{"a": "v2"}', '{"a": "2.0.0-rc.1"}', '{"a": "2.0.0+7"}', '{"a": "2.10.1"}', '{"a": "two"}', '{"a": 2}']);
SELECT * FROM pg_temp.table_of(ARRAY[
	'{"attribute": "a", "before": "2026-03-01T00:00:00Z"}',
	'{"attribute": "a", "not_before": "2026-03-01T00:00:00Z"}',
	'{"attribute": "a", "after": "2026-03-01T00:00:00Z"}',
	'{"attribute": "a", "not_after": "2026-03-01T00:00:00Z"}'
], ARRAY['{"a": "2026-02-28T23:59:59Z"}', '{"a": "2026-03-01T01:00:00+01:00"}', '{"a": "2026-03-01T00:00:00.5Z"}', '{"a": "tomorrow"}']);
SELECT * FROM pg_temp.table_of(ARRAY[
	'{"attribute": "a", "in_network": ["10.0.0.0/8", "192.168.1.7"]}',
	'{"attribute": "a", "not_in_network": "2001:db8::/32"}'
], ARRAY['{"a": "10.1.2.3"}', '{"a": "192.168.1.7"}', '{"a": "192.168.1.8"}', '{"a": "2001:db8::7"}', '{"a": "here"}']);

-- Several kinds of contexts in one.
SELECT * FROM pg_temp.table_of(ARRAY[
	'{"attribute": {"kind": "org", "path": "plan"}, "equals": "pro"}',
	'{"attribute": {"kind": "org", "path": ["a", "0"]}, "exists": true}',
	'{"attribute": {"kind": "org"}, "equals": "o1"}',
	'{"attribute": {"kind": "user"}, "equals": "u1"}',
	'{"attribute": "targetingKey", "equals": "u1"}',
	'{"attribute": ["org", "plan"], "equals": "pro"}',
	'{"split": {"percent": 100}}',
	'{"split": {"percent": 50, "by": {"kind": "org"}}}'
], ARRAY['{"kind": "multi", "user": {"key": "u1"}, "org": {"key": "o1", "plan": "pro", "a": [1]}}',
         '{"kind": "org", "key": "o1", "plan": "pro"}', '{"targetingKey": "u1", "plan": "pro"}', '{}']);

-- The clock.
SELECT c AS condition, string_agg(t, ', ' ORDER BY t) FILTER (WHERE e.enabled) AS holds_at
FROM unnest(ARRAY['{"between": ["2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"]}', '{"from": "2026-03-01T00:00:00Z"}',
                  '{"until": "2026-04-01T00:00:00Z"}', '{"from": "2026-03-01T00:00:00Z", "until": "2026-04-01T00:00:00Z"}']) c,
     unnest(ARRAY['2026-02-28 23:59:59.999Z', '2026-03-01Z', '2026-04-01Z', 'infinity', '-infinity']) t,
     flag_eval_document('native', jsonb_build_object('format', 'wishflags', 'version', 1, 'flags', jsonb_build_object('probe',
        jsonb_build_object('enabled', true, 'definition', jsonb_build_object('default', 'off', 'rules', jsonb_build_array(
           jsonb_build_object('when', c::jsonb, 'serve', 'on')))))), 'probe', '{}', NULL, jsonb_build_object('as_of', t)) e
GROUP BY c ORDER BY c;

-- Other flags.
SELECT flag_create('theme', enabled => true, definition => '{
	"variants": [{"name": "plain", "value": {"size": 1}}, {"name": "rich", "value": {"size": 3}}, {"name": "none", "value": null}],
	"off": "none", "default": "plain", "rules": [{"when": {"attribute": "plan", "equals": "pro"}, "serve": "rich"},
	                                             {"when": {"attribute": "plan", "equals": "no"}, "serve": "none"}]}');
SELECT flag_create('probe', enabled => true);
CREATE FUNCTION pg_temp.asks(condition jsonb, plan text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM wishflags.flag_define('probe', jsonb_build_object('default', 'off', 'rules', jsonb_build_array(
		jsonb_build_object('when', condition, 'serve', 'on'))));
	RETURN (SELECT COALESCE(error_code, enabled::text) FROM wishflags.flag_explain('probe', jsonb_build_object('plan', plan)));
END $$;
SELECT c AS condition, pg_temp.asks(c::jsonb, 'free') AS free, pg_temp.asks(c::jsonb, 'pro') AS pro, pg_temp.asks(c::jsonb, 'no') AS no
FROM unnest(ARRAY['{"flag": "theme"}', '{"flag": "theme", "enabled": false}', '{"flag": "theme", "variant": "rich"}',
	'{"flag": "theme", "variants": ["rich", "none"]}', '{"flag": "theme", "value": {"attribute": ["value", "size"], "greater": 2}}',
	'{"flag": "theme", "value": {"not": {"attribute": "value", "exists": true}}, "enabled": false}',
	'{"flag": "nowhere"}', '{"not": {"flag": "nowhere"}}']) c;
DELETE FROM flags;
