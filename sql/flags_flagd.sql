-- flagd's documents: importing, evaluating, exporting.
SET search_path = wishflags, public;
\set document '{"$schema": "https://flagd.dev/schema/v0/flags.json", "metadata": {"team": "web", "stage": "test"}, "$evaluators": {"is_staff": {"ends_with": [{"var": "email"}, "@example.org"]}, "is_vip": {"or": [{"$ref": "is_staff"}, {"==": [{"var": "plan"}, "pro"]}]}}, "flags": {"banner": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off", "targeting": {"if": [{"$ref": "is_vip"}, "on", null]}, "metadata": {"stage": "live"}}, "color": {"state": "ENABLED", "variants": {"red": "#f00", "blue": "#00f"}, "targeting": {"fractional": [["red", 1], ["blue", 3]]}}, "old": {"state": "DISABLED", "variants": {"on": true}, "defaultVariant": "on"}}}'

SELECT item, name, action FROM flag_import('flagd', :'document');
SELECT key, enabled, dialect, document FROM flags ORDER BY key;
SELECT flag_eval('banner', '{"email": "a@example.org"}'::jsonb), flag_eval('banner', '{"plan": "pro"}'::jsonb), flag_eval('banner', 'u1'), flag_eval('old', 'u1');
SELECT key, flag_value('color', key, '"-"') FROM unnest(ARRAY['u1', 'u2', 'u3', '', 'ü']) key;
SELECT value, variant, reason, rule, metadata FROM flag_explain('banner', '{"plan": "pro"}', 'null');
SELECT value, variant, reason, rule, metadata, vendor FROM flag_explain('old', '{}', '"mine"');
SELECT flag_export('flagd') = :'document'::jsonb AS same;

-- The state of a flag goes out with it; evaluators count at once.
SELECT flag_enable('old'), flag_disable('banner');
SELECT key, value -> 'state' FROM jsonb_each(flag_export('flagd') -> 'flags');
SELECT flag_enable('banner');
UPDATE flag_documents SET document = jsonb_set(document, '{$evaluators,is_staff}', 'true');
SELECT flag_eval('banner', 'u1');
SELECT flag_override_set('color', 'u1', 'blue');
SELECT variant, reason FROM flag_explain('color', '{"targetingKey": "u1"}');

-- result(flag, context, options): of a flag that stands alone.
CREATE FUNCTION pg_temp.result(flag jsonb, context jsonb DEFAULT '{}', options jsonb DEFAULT '{}')
RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', reason, error_code, variant, value, metadata ->> 'errorDetails')
	FROM wishflags.flag_eval_document('flagd', jsonb_build_object('flags', jsonb_build_object('f', flag), '$evaluators',
		'{"loop": {"!": {"$ref": "loop"}}, "constant": "b", "unknown": {"$ref": "nobody"}, "lazy": {"if": [true, "a", {"$ref": "lazy"}]}}'::jsonb),
		'f', context, '"mine"', options)
$$;
-- What the targeting names, and what it does not.
SELECT targeting, pg_temp.result(jsonb_build_object('variants', '{"a": 1, "b": 2, "true": 3, "1.5": 4, "": 5, "null": 6}'::jsonb, 'defaultVariant', 'b', 'targeting', targeting::jsonb))
FROM (VALUES ('"a"'), ('true'), ('1.5'), ('{"+": [1, 0.50]}'), ('""'), ('null'), ('"null"'), ('{}'), ('false'), ('"c"'), ('["a"]'), ('{"a": 1, "b": 2}'),
	('{"$ref": "constant"}'), ('{"$ref": "unknown"}'), ('{"$ref": "nobody"}'), ('{"$ref": "loop"}'), ('{"$ref": "lazy"}'), ('{"$ref": 1}'), ('{"ref": "constant"}')) v (targeting);
-- Flags that are wrong.
SELECT flag, pg_temp.result(flag::jsonb)
FROM (VALUES ('{"variants": {"a": 1}}'), ('{"variants": {"a": 1}, "defaultVariant": "b"}'), ('{"variants": {"a": 1}, "defaultVariant": ""}'), ('{"variants": {"a": 1}, "defaultVariant": 7}'),
	('{"variants": {}, "targeting": "a"}'), ('{"variants": [1]}'), ('{"state": "DISABLED", "variants": {"a": 1}, "defaultVariant": "a"}'), ('{"defaultVariant": "a"}'),
	('{"variants": {"a": 1}, "defaultVariant": "a", "metadata": 1}'), ('{"state": 0, "variants": {"a": 1}, "defaultVariant": "a"}')) v (flag);

-- sem_ver, starts_with and ends_with are null for what they do not understand.
SELECT expression, pg_temp.result(jsonb_build_object('variants', '{"true": true, "false": false}'::jsonb, 'targeting', expression::jsonb))
FROM (VALUES ('{"sem_ver": ["1.2.3", "=", "v1.2.3+build"]}'), ('{"sem_ver": ["1.2.3-rc.1", "<", "1.2.3"]}'), ('{"sem_ver": ["1.10", ">", "1.9.0"]}'), ('{"sem_ver": [2, ">=", "1.9"]}'),
	('{"sem_ver": ["2.1.0", "~", "2.1.9"]}'), ('{"sem_ver": ["2.1.0", "~", "2.2.0"]}'), ('{"sem_ver": ["2.1.0", "^", "V2"]}'), ('{"sem_ver": ["2.1.0", "!=", "2.1"]}'), ('{"sem_ver": ["2.1.0", "<=", "2.0.9"]}'),
	('{"sem_ver": ["2.1.0.0", "=", "2.1.0"]}'), ('{"sem_ver": ["2.1.0", "==", "2.1.0"]}'), ('{"sem_ver": ["2.1.0", "="]}'), ('{"sem_ver": [null, "=", "2.1.0"]}'), ('{"sem_ver": ["02.1.0", "=", "2.1.0"]}'),
	('{"starts_with": ["abc", "ab"]}'), ('{"starts_with": ["abc", "bc"]}'), ('{"ends_with": ["abc", "bc"]}'), ('{"ends_with": ["abc", ""]}'), ('{"ends_with": [12, "2"]}'), ('{"starts_with": "a"}')) v (expression);

-- The three algorithms of fractional; a unit that is none, weights that are none.
SELECT arguments, context, pg_temp.result(flag, context::jsonb, '{"fractional": "v1"}') v1, pg_temp.result(flag, context::jsonb) v2, pg_temp.result(flag, context::jsonb, '{"fractional": "v3"}') v3
FROM (VALUES ('[{"var": "u"}, ["a", 50], ["b", 25], ["c", 25]]', '{"u": "jack"}'), ('[{"var": "u"}, ["a", 50], ["b", 25], ["c", 25]]', '{"u": "queen"}'),
	('[{"var": "u"}, ["a", 50], ["b", 25], ["c", 25]]', '{"u": 7}'), ('[{"var": "u"}, ["a", 50], ["b", 25], ["c", 25]]', '{"u": 7.0}'), ('[{"var": "u"}, ["a"], ["b"], ["c"]]', '{"u": {"b": [1.5, null], "a": true}}'),
	('[{"var": "u"}, ["a"], ["b"], ["c"]]', '{"u": {"a": true, "b": [1.50, null]}}'), ('[{"var": "u"}, ["a"], ["b"], ["c"]]', '{"u": ["a"]}'), ('[{"var": "u"}, ["a"], ["b"], ["c"]]', '{"targetingKey": "jack"}'),
	('[["a"], ["b"], ["c"]]', '{"targetingKey": "jack"}'), ('[["a"], ["b"], ["c"]]', '{"targetingKey": 7}'), ('[["a"], ["b"], ["c"]]', '{"targetingKey": ""}'), ('[["a"], ["b"], ["c"]]', '{}'),
	('["x", ["a", 0], ["b", 0]]', '{}'), ('["x", ["a", -5], ["b", 1]]', '{}'), ('["x", ["a", 1.5], ["b", 1]]', '{}'), ('["x", ["a", "1"], ["b", 1]]', '{}'), ('["x", ["a", 2147483647], ["b", 1]]', '{}'),
	('["x", ["a", 2147483647]]', '{}'), ('["x", ["a", null]]', '{}'), ('["x", []]', '{}'), ('["x", "a"]', '{}'), ('["x", [null, 1]]', '{}'), ('["x", [{"a": 1, "b": 2}, 1]]', '{}'), ('["x", [{"var": "v"}, {"var": "w"}]]', '{"v": "c", "w": 3}'), ('[]', '{}')) v (arguments, context),
	LATERAL (SELECT jsonb_build_object('variants', '{"a": 1, "b": 2, "c": 3}'::jsonb, 'targeting', jsonb_build_object('fractional', arguments::jsonb)) flag) f;

-- share(unit, options): which thousandth it is in.
CREATE FUNCTION pg_temp.share(unit text, options jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
	SELECT e.variant FROM (SELECT jsonb_object_agg(n, n) AS variants, jsonb_agg(jsonb_build_array(n::text) ORDER BY n) AS arms FROM generate_series(0, 999) n) t,
		wishflags.flag_eval_document('flagd', jsonb_build_object('flags', jsonb_build_object('f', jsonb_build_object('variants', variants,
			'targeting', jsonb_build_object('fractional', jsonb_build_array(unit) || arms)))), 'f', '{}', NULL, options) e
$$;
-- What is hashed: UTF-8, or code units as flagd's evaluator for JavaScript does.  A rest whose highest bit is set is left out.
SELECT unit, pg_temp.share(unit) AS utf8, pg_temp.share(unit, '{"hash_encoding": "utf16-units"}') AS units, pg_temp.share(unit, '{"hash_encoding": "utf16-units", "fractional": "v1"}') AS units_v1,
	pg_temp.share(unit, '{"hash_encoding": "utf16-units", "fractional": "v3"}') = pg_temp.share(unit, '{"fractional": "v3"}') AS v3_same
FROM (VALUES ('jack'), ('jacky'), ('é'), ('éé'), ('ééé'), ('éééé'), ('ø-字-🎁-user'), ('ab字'), ('ab耀'), ('ab🎁'), ('株式会社')) v (unit);

-- Evaluators that refer to each other take no more room than they have; they end where they run on.
SELECT reason, error_code FROM flag_eval_document('flagd', jsonb_build_object('flags', '{"f": {"variants": {"a": 1}, "targeting": {"$ref": "e40"}}}'::jsonb, '$evaluators',
	(SELECT jsonb_object_agg('e' || i, format('{"cat": [{"$ref": "e%s"}, {"$ref": "e%1$s"}]}', i - 1)::jsonb) FROM generate_series(1, 40) i) || '{"e0": "x"}'), 'f');

-- Other shapes, and documents that are none.
SELECT value, reason FROM flag_eval_document('flagd', '{"flags": [{"key": "f", "variants": {"a": 1}, "defaultVariant": "a"}]}', 'f');
SELECT document, metadata ->> 'errorDetails' FROM (VALUES ('[]'), ('{}'), ('{"flags": 1}'), ('{"flags": [1]}'), ('{"flags": [{"variants": {}}]}'), ('{"flags": [{"key": "f"}, {"key": "f"}]}'), ('{"flags": {"f": 1}}'),
	('{"flags": {"f": {"variations": [true], "on": true}}}'), ('{"flags": {}, "segments": {}}'), ('{"features": {}}'), ('{"flags": {}, "$evaluators": []}'), ('{"flags": {}, "metadata": []}')) v (document),
	flag_eval_document('flagd', document::jsonb, 'f');
SELECT reason, error_code, vendor FROM flag_eval_document('flagd', '{"flags": {}, "metadata": {"a": 1}}', 'f', '{}', '7');
SELECT context, value, error_code FROM (VALUES ('{"plan": "pro"}'), ('[]'), ('"u1"'), ('{"plan": {"x": 1}}'), (NULL)) v (context), flag_eval_document('flagd', :'document', 'banner', context::jsonb);
