-- Flags of Unleash.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
CREATE FUNCTION answer(flag text, context jsonb, document jsonb, options jsonb DEFAULT '{}')
RETURNS TABLE (enabled boolean, variant text, value jsonb, reason text, rule text, vendor jsonb)
LANGUAGE sql AS $$
SELECT r.enabled, r.variant, r.value, r.reason, r.rule, r.vendor -> 'variant'
FROM wishflags.flag_eval_document('unleash', document, flag, context, NULL, options) r $$;

CREATE TABLE documents (document jsonb);
INSERT INTO documents VALUES ('{"version": 2, "features": [
  {"name": "plain", "enabled": true},
  {"name": "off", "enabled": false, "strategies": [{"name": "default"}]},
  {"name": "half", "enabled": true, "strategies": [
    {"name": "userWithId", "title": "team", "parameters": {"userIds": "ann, bob"}},
    {"name": "flexibleRollout", "parameters": {"rollout": "50", "stickiness": "userId", "groupId": "half"}}]},
  {"name": "german", "enabled": true, "type": "release", "strategies": [{"name": "default", "segments": [1]}]},
  {"name": "lost", "enabled": true, "strategies": [{"name": "default", "segments": [2]}]},
  {"name": "own", "enabled": true, "strategies": [{"name": "phaseOfMoon"}]},
  {"name": "child", "enabled": true, "dependencies": [{"feature": "chart", "variants": ["bars"]}]},
  {"name": "grandchild", "enabled": true, "dependencies": [{"feature": "child"}]},
  {"name": "chart", "enabled": true, "variants": [
    {"name": "bars", "weight": 1, "payload": {"type": "json", "value": "{\"width\": 3}"}},
    {"name": "line", "weight": 1, "payload": {"type": "string", "value": "thin"}},
    {"name": "none", "weight": 0, "overrides": [{"contextName": "country", "values": ["CH"]}]}]}],
  "segments": [{"id": 1, "constraints": [{"contextName": "country", "operator": "IN", "values": ["DE", "AT"]}]}]}');

-- Strategies are alternatives; dependencies are one level deep.
SELECT flag, context, (answer(flag, context::jsonb, document)).*
FROM documents, (VALUES ('plain', '{}'), ('off', '{}'), ('half', '{"userId": "ann"}'), ('half', '{"userId": "u2"}'),
	('half', '{"userId": "u4"}'), ('half', '{}'), ('german', '{"properties": {"country": "DE"}}'),
	('german', '{"country": "AT"}'), ('german', '{"country": null}'), ('lost', '{}'), ('own', '{}'),
	('chart', '{"userId": "1"}'), ('chart', '{"userId": "2"}'), ('chart', '{"userId": "1", "properties": {"country": "CH"}}'),
	('child', '{"userId": "1"}'), ('child', '{"userId": "2"}'), ('grandchild', '{"userId": "2"}'), ('nowhere', '{}'))
AS v (flag, context);

-- Buckets are those of Unleash's clients, of which Node's hashes another text.
CREATE FUNCTION bucket(groupid text, id text, options jsonb DEFAULT '{}') RETURNS bigint LANGUAGE sql AS $$
SELECT min(percent) FROM generate_series(1, 100) percent,
	answer('f', jsonb_build_object('userId', id), jsonb_build_object('features', jsonb_build_array(jsonb_build_object(
	'name', 'f', 'enabled', true, 'strategies', jsonb_build_array(jsonb_build_object('name', 'flexibleRollout',
	'parameters', jsonb_build_object('rollout', percent::text, 'stickiness', 'userId', 'groupId', groupid)))))), options) a
WHERE a.enabled $$;
SELECT bucket('Feature.flexibleRollout.userId.55', '25'), bucket('gr1', '123'), bucket('AB12A', '122'),
	bucket('g', U&'\00e9'), bucket('g', U&'\00e9', '{"hash_encoding": "utf16-low"}') AS node;

-- Constraints: what is absent, what is inverted, what can't be understood.
CREATE FUNCTION constrained(fields text, context jsonb) RETURNS boolean LANGUAGE sql AS $$
SELECT (answer('f', context, jsonb_build_object('features', jsonb_build_array(jsonb_build_object('name', 'f', 'enabled', true,
	'strategies', jsonb_build_array(jsonb_build_object('name', 'default', 'constraints',
	jsonb_build_array('{"contextName": "a"}'::jsonb || fields::jsonb)))))))).enabled $$;
SELECT fields, constrained(fields, jsonb_build_object('a', a)) AS given,
	constrained(fields, '{}') AS absent, constrained(replace(fields, '{', '{"inverted": true, '), jsonb_build_object('a', a)) AS inverted,
	constrained(replace(fields, '{', '{"inverted": true, '), '{}') AS absent_inverted
FROM (VALUES ('{"operator": "IN", "values": ["x", "y"]}', 'x'), ('{"operator": "NOT_IN", "values": ["x"]}', 'x'),
	('{"operator": "IN", "values": []}', 'x'), ('{"operator": "NOT_IN"}', 'x'),
	('{"operator": "STR_STARTS_WITH", "values": ["Ab"]}', 'abc'),
	('{"operator": "STR_STARTS_WITH", "values": ["Ab"], "caseInsensitive": true}', 'abc'),
	('{"operator": "STR_ENDS_WITH", "values": ["BC"], "caseInsensitive": true}', 'abc'),
	('{"operator": "STR_CONTAINS", "values": ["z", "B"], "caseInsensitive": true}', 'abc'),
	('{"operator": "NUM_EQ", "value": "5"}', '5.0'), ('{"operator": "NUM_LT", "value": "1e2"}', '99'),
	('{"operator": "NUM_GT", "value": "five"}', '6'), ('{"operator": "NUM_GT", "value": "5"}', 'six'),
	('{"operator": "SEMVER_GT", "value": "1.0.0-rc.1"}', '1.0.0'), ('{"operator": "SEMVER_EQ", "value": "v1.0.0"}', '1.0.0'),
	('{"operator": "SEMVER_EQ", "value": "1.0.0"}', 'v1.0.0'),
	('{"operator": "DATE_AFTER", "value": "2024-01-01T00:00:00Z"}', '2024-01-01T01:00:00+02:00'),
	('{"operator": "REGEX", "value": "^(?i)AB"}', 'abc'), ('{"operator": "REGEX", "value": "(?=a)"}', 'abc'),
	('{"operator": "IN_CIDR", "values": ["oops", "10.1.0.0/16", "2001:db8::/33"]}', '10.1.2.3'),
	('{"operator": "IN_CIDR", "values": ["2001:db8::/33"]}', '2001:db8:8000::1'),
	('{"operator": "SOUNDS_LIKE", "values": ["x"]}', 'x'))
AS v (fields, a);

-- Numbers and booleans are text; the time is now unless it is given.
SELECT constrained('{"operator": "IN", "values": ["1", "true"]}', '{"a": 1}') AS number,
	constrained('{"operator": "IN", "values": ["1", "true"]}', '{"properties": {"a": true}}') AS "boolean",
	constrained('{"operator": "IN", "values": ["[1]"]}', '{"a": [1]}') AS list,
	constrained('{"contextName": "currentTime", "operator": "DATE_AFTER", "value": "2020-01-01T00:00:00Z"}', '{}') AS now,
	constrained('{"contextName": "userId", "operator": "IN", "values": ["u1"]}', '{"targetingKey": "u1"}') AS "user";

-- Percentages are whole; a group that is not given is the flag that was asked for.
SELECT percent, (answer('f', '{"userId": "u1"}', jsonb_build_object('features', jsonb_build_array(jsonb_build_object('name', 'f',
	'enabled', true, 'strategies', jsonb_build_array(jsonb_build_object('name', 'flexibleRollout', 'parameters',
	jsonb_build_object('rollout', percent)))))))).enabled
FROM unnest(ARRAY['"100"', '100', '"99.5"', '99.5', '"0"', '"-1"', '"all"', 'null', '"150"', '" 100"']::jsonb[]) percent;
SELECT flag, count(*) FROM unnest(ARRAY['parent', 'child']) flag, generate_series(1, 200) i,
	answer(flag, jsonb_build_object('userId', 'u' || i), '{"features": [
	{"name": "parent", "enabled": true, "strategies": [{"name": "flexibleRollout", "parameters": {"rollout": "30"}}]},
	{"name": "child", "enabled": true, "dependencies": [{"feature": "parent"}],
	 "strategies": [{"name": "flexibleRollout", "parameters": {"rollout": "30"}}]}]}') a
WHERE a.enabled GROUP BY flag ORDER BY flag DESC;

-- Changes are applied in order; of an export one environment is taken.
SELECT flag, (answer(flag, '{}', '{"events": [
	{"eventId": 1, "type": "hydration", "features": [{"name": "a", "enabled": true}, {"name": "b", "enabled": true}], "segments": []},
	{"eventId": 2, "type": "feature-removed", "featureName": "a"},
	{"eventId": 3, "type": "segment-updated", "segment": {"id": 7, "constraints": []}},
	{"eventId": 4, "type": "feature-updated", "feature": {"name": "b", "enabled": true, "strategies": [{"name": "default", "segments": [7]}]}}]}')).*
FROM unnest(ARRAY['a', 'b']) flag;
SELECT flag, (answer(flag, '{}', '{"features": [{"name": "a"}, {"name": "b"}, {"name": "c"}],
	"featureEnvironments": [{"featureName": "a", "environment": "development", "enabled": false},
		{"featureName": "a", "environment": "production", "enabled": true}, {"featureName": "b", "environment": "production", "enabled": true},
		{"featureName": "c", "environment": "production", "enabled": true}],
	"featureStrategies": [{"name": "flexibleRollout", "featureName": "a", "sortOrder": 2, "title": "second", "parameters": {"rollout": "100"}},
		{"name": "userWithId", "featureName": "a", "sortOrder": 1, "parameters": {"userIds": "x"}},
		{"name": "default", "featureName": "b", "disabled": true}],
	"dependencies": [{"feature": "c", "dependencies": [{"feature": "a"}]}]}')).*
FROM unnest(ARRAY['a', 'b', 'c']) flag;

-- What is no document of Unleash.
SELECT error_code, metadata FROM unnest(ARRAY['[]', '{}', '{"features": {"a": {}}}', '{"features": [1]}', '{"features": [{"enabled": true}]}',
	'{"toggles": []}', '{"events": [{"type": "party"}]}', '{"features": [{"name": "f", "enabled": true, "strategies": {}}]}',
	'{"features": [{"name": "f", "enabled": true, "strategies": [{"name": "default", "constraints": [7]}]}]}',
	'{"features": [{"name": "f", "enabled": true, "dependencies": [{}]}]}',
	'{"features": [], "segments": [{"id": 1, "constraints": {}}]}']::jsonb[]) document,
	wishflags.flag_eval_document('unleash', document, 'f');

-- Moving in and out.
SELECT i.* FROM documents, wishflags.flag_import('unleash', document) i;
SELECT wishflags.flag_eval('half', 'ann'), wishflags.flag_variant('chart', '1'), wishflags.flag_value('chart', '2', 'null');
SELECT wishflags.flag_export('unleash') = document AS same FROM documents;
SELECT wishflags.flag_disable('plain');
SELECT wishflags.flag_export('unleash', ARRAY['plain']) -> 'features' AS features;
