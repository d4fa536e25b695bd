-- Documents that are deep, circular, wide, or hard to match: they end, in an
-- answer or in an error of the result.

-- 'a' around a thing, so many times.
CREATE FUNCTION fuzz.nested(levels int, before text, middle text, after text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
$$ SELECT (repeat(before, levels) || middle || repeat(after, levels))::jsonb $$;

-- A document of one flag "a" whose condition is what stands there, and of all
-- the rest.
CREATE FUNCTION fuzz.around(format text, condition jsonb, rest jsonb DEFAULT '{}') RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
SELECT CASE format
WHEN 'unleash' THEN jsonb_build_object('features', jsonb_build_array(jsonb_build_object('name', 'a', 'enabled', true, 'strategies', jsonb_build_array(
	jsonb_build_object('name', 'default', 'constraints', jsonb_build_array(condition))))))
WHEN 'flagd' THEN jsonb_build_object('flags', jsonb_build_object('a', '{"variants": {"true": true, "false": false}}'::jsonb || jsonb_build_object('targeting', condition)))
WHEN 'growthbook' THEN jsonb_build_object('features', jsonb_build_object('a', jsonb_build_object('defaultValue', 1, 'rules', jsonb_build_array(jsonb_build_object('force', 2, 'condition', condition)))))
WHEN 'launchdarkly' THEN jsonb_build_object('flags', jsonb_build_object('a', '{"key": "a", "on": true, "variations": [1, 2], "offVariation": 0, "fallthrough": {"variation": 0}}'::jsonb ||
	jsonb_build_object('rules', jsonb_build_array(jsonb_build_object('variation', 1, 'clauses', jsonb_build_array(condition))))), 'segments', '{}'::jsonb)
WHEN 'flagsmith' THEN jsonb_build_object('api_key', 'k', 'feature_states', '[{"enabled": true, "feature_state_value": 1, "feature": {"id": 1, "name": "a"}}]'::jsonb, 'project', jsonb_build_object('segments',
	jsonb_build_array('{"id": 1, "name": "s", "feature_states": [{"enabled": true, "feature_state_value": 2, "feature": {"id": 1, "name": "a"}}]}'::jsonb || jsonb_build_object('rules',
		jsonb_build_array(jsonb_build_object('type', 'ALL', 'conditions', jsonb_build_array(condition)))))))
WHEN 'native' THEN jsonb_build_object('format', 'wishflags', 'version', 1, 'flags', jsonb_build_object('a', jsonb_build_object('enabled', true, 'definition',
	jsonb_build_object('default', 'off', 'rules', jsonb_build_array(jsonb_build_object('serve', 'on', 'when', condition)))))) END || rest $$;

-- A condition that an attribute matches a pattern.
CREATE FUNCTION fuzz.matching(format text, pattern text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
SELECT CASE format
WHEN 'unleash' THEN jsonb_build_object('contextName', 'text', 'operator', 'REGEX', 'value', pattern)
WHEN 'growthbook' THEN jsonb_build_object('text', jsonb_build_object('$regex', pattern))
WHEN 'launchdarkly' THEN jsonb_build_object('attribute', 'text', 'op', 'matches', 'values', jsonb_build_array(pattern))
WHEN 'flagsmith' THEN jsonb_build_object('property_', 'text', 'operator', 'REGEX', 'value', pattern)
WHEN 'native' THEN jsonb_build_object('attribute', 'text', 'matches', pattern) END $$;

CREATE FUNCTION fuzz.extremes() RETURNS TABLE (name text, format text, document jsonb, context jsonb) LANGUAGE sql AS $$
WITH formats (format) AS (VALUES ('unleash'), ('flagd'), ('growthbook'), ('launchdarkly'), ('flagsmith'), ('native'))
-- 10,000 levels: of whatever the system nests, and where it nests nothing.
SELECT 'deep ' || before, f.format, fuzz.around(f.format, fuzz.nested(levels, before, '1', after)), '{"text": "a"}'::jsonb
FROM formats f, (VALUES ('["x", ', ']'), ('{"and": [', ']}'), ('{"!": ', '}'), ('{"$not": ', '}'), ('{"$and": [', ']}'), ('{"text": {"$elemMatch": ', '}}'), ('{"not": ', '}'),
	('{"rules": [', ']}'), ('{"attribute": "text", "op": "in", "values": [', ']}'), ('{"if": [true, ', ', 1]}'), ('{"compute": {"cat": [', ']}}')) n (before, after), (VALUES (60), (127), (130), (5000), (10000)) l (levels)
UNION ALL
SELECT 'deep context', f.format, fuzz.around(f.format, c.condition), jsonb_build_object('text', fuzz.nested(10000, '[', '1', ']'), 'targetingKey', fuzz.nested(10000, '{"a": ', '1', '}'))
FROM formats f, LATERAL (VALUES ('{"var": "text"}'::jsonb), ('{"cat": [{"var": "text"}]}'), ('{"fractional": [{"var": "text"}, ["true", 1]]}'), ('{"text": {"$eq": [1]}}'), ('{"text": "x"}'), ('{"attribute": "text", "contains": "x"}'),
	('{"attribute": "text", "op": "in", "values": [[1]]}'), ('{"contextName": "text", "operator": "IN", "values": ["1"]}'), ('{"property_": "text", "operator": "EQUAL", "value": "1"}')) c (condition)
UNION ALL
-- Patterns that take for ever in one engine or the other, and texts for them.
SELECT 'pattern ' || left(pattern, 30), f.format, fuzz.around(f.format, fuzz.matching(f.format, pattern)), jsonb_build_object('text', t.text)
FROM formats f, (VALUES ('(a+)+$'), ('^(a|aa)+$'), ('(.*a){25}x'), ('^(([a-z])+.)+[A-Z]([a-z])+$'), ('(a?){40}a{40}x'), ('(x+x+)+y'), ('^(a*)*b'), ('((a*)*)*$b'), (repeat('(a|', 5000) || 'b' || repeat(')', 5000)),
	('(?:' || repeat('a?', 3000) || ')' || repeat('a', 3000)), ('a{1000}{1000}'), ('(\w+\s?)*$x'), ('(?=(a+))\1*$x'), (repeat('[a-z]', 100000)), (repeat('(', 30000))) p (pattern),
	(VALUES (repeat('a', 40) || '!'), (repeat('a', 50000)), (repeat('ab ', 300000) || chr(10)), ('')) t (text)
WHERE f.format <> 'flagd'
UNION ALL
-- What depends on itself, by way of thousands, or twice at each step.
SELECT 'circle of ' || n, 'launchdarkly', jsonb_build_object('segments', (SELECT jsonb_object_agg('s' || i, jsonb_build_object('key', 's' || i, 'rules',
		jsonb_build_array(jsonb_build_object('clauses', jsonb_build_array(jsonb_build_object('op', 'segmentMatch', 'values', jsonb_build_array('s' || (i + 1) % n))))))) FROM generate_series(0, n - 1) i),
	'flags', (SELECT jsonb_object_agg(CASE i WHEN 0 THEN 'a' ELSE 'f' || i END, jsonb_build_object('key', CASE i WHEN 0 THEN 'a' ELSE 'f' || i END, 'on', true, 'variations', '[1, 2]'::jsonb, 'offVariation', 0, 'fallthrough', '{"variation": 1}'::jsonb,
		'prerequisites', jsonb_build_array(jsonb_build_object('key', CASE (i + 1) % n WHEN 0 THEN 'a' ELSE 'f' || i + 1 END, 'variation', 1)),
		'rules', '[{"variation": 0, "clauses": [{"op": "segmentMatch", "values": ["s0"]}]}]'::jsonb)) FROM generate_series(0, n - 1) i)), '{"key": "u"}'
FROM (VALUES (1), (2), (5000)) c (n)
UNION ALL
SELECT 'chain of ' || n, 'growthbook', jsonb_build_object('features', (SELECT jsonb_object_agg(CASE i WHEN 0 THEN 'a' ELSE 'f' || i END, jsonb_build_object('defaultValue', true, 'rules',
	jsonb_build_array(jsonb_build_object('force', 1, 'parentConditions', jsonb_build_array(jsonb_build_object('id', 'f' || i + 1, 'condition', '{"value": true}'::jsonb)))))) FROM generate_series(0, n) i)), '{"id": "u"}'
FROM (VALUES (3), (5000)) c (n)
UNION ALL
SELECT 'doubled ' || n, 'growthbook', jsonb_build_object('features', (SELECT jsonb_object_agg(CASE i WHEN 0 THEN 'a' ELSE 'f' || i END, jsonb_build_object('defaultValue', true, 'rules',
	jsonb_build_array(jsonb_build_object('force', 1, 'parentConditions', jsonb_build_array(jsonb_build_object('id', 'f' || i + 1, 'condition', '{"value": 2}'::jsonb))),
		jsonb_build_object('force', 1, 'parentConditions', jsonb_build_array(jsonb_build_object('id', 'f' || i + 1, 'condition', '{"value": 3}'::jsonb)))))) FROM generate_series(0, n) i)), '{"id": "u"}'
FROM (VALUES (40)) c (n)
UNION ALL
SELECT 'doubled ' || n, 'launchdarkly', jsonb_build_object('flags', '{"a": {"key": "a", "on": true, "variations": [1, 2], "offVariation": 0, "fallthrough": {"variation": 0}, "rules": [{"variation": 1, "clauses": [{"op": "segmentMatch", "values": ["s0"]}]}]}}'::jsonb,
	'segments', (SELECT jsonb_object_agg('s' || i, jsonb_build_object('key', 's' || i, 'rules', jsonb_build_array(jsonb_build_object('clauses', c.clauses), jsonb_build_object('clauses', c.clauses))))
		FROM generate_series(0, n) i, LATERAL (SELECT jsonb_build_array(jsonb_build_object('op', 'segmentMatch', 'values', jsonb_build_array('s' || i + 1))) clauses) c)), '{"key": "u"}'
FROM (VALUES (40)) c (n)
UNION ALL
SELECT 'doubled ' || n, 'unleash', jsonb_build_object('features', (SELECT jsonb_agg(jsonb_build_object('name', CASE i WHEN 0 THEN 'a' ELSE 'f' || i END, 'enabled', true, 'strategies', '[{"name": "default"}]'::jsonb, 'dependencies',
	jsonb_build_array(jsonb_build_object('feature', 'f' || i + 1), jsonb_build_object('feature', 'f' || i + 1, 'enabled', false)))) FROM generate_series(0, n) i)), '{"userId": "u"}'
FROM (VALUES (40)) c (n)
UNION ALL
SELECT 'doubled ' || n, 'native', fuzz.around('native', '{"segment": "s0"}', jsonb_build_object('segments', (SELECT jsonb_object_agg('s' || i, jsonb_build_object('when',
	jsonb_build_object('any', jsonb_build_array(jsonb_build_object('segment', 's' || i + 1), jsonb_build_object('segment', 's' || i + 1))))) FROM generate_series(0, n) i))), '{"targetingKey": "u"}'
FROM (VALUES (40), (5000)) c (n)
UNION ALL
-- Contexts that are large: names, elements, a text.
SELECT 'wide context ' || c.n, f.format, fuzz.around(f.format, COALESCE(fuzz.matching(f.format, 'x$'), '{"some": [{"var": "text"}, {"some": [{"var": "text"}, {"==": [{"var": ""}, 1]}]}]}')), c.context
FROM formats f, (SELECT 1, jsonb_object_agg('name' || i, i) FROM generate_series(1, 100000) i UNION ALL SELECT 2, jsonb_build_object('text', jsonb_agg('v' || i)) FROM generate_series(1, 200000) i
	UNION ALL SELECT 3, jsonb_build_object('text', repeat('ü', 3000000), 'targetingKey', repeat('u', 3000000), 'id', repeat('u', 3000000))) c (n, context) $$;

-- What went wrong with them, a row each.
-- 10,000 levels are more than the server reads with the usual stack.
CREATE FUNCTION fuzz.extreme() RETURNS SETOF text LANGUAGE plpgsql SET max_stack_depth = '6MB' AS $$
DECLARE
	e record;
	start timestamptz;
BEGIN
	FOR e IN SELECT * FROM fuzz.extremes() LOOP
		start := clock_timestamp();
		BEGIN
			PERFORM * FROM wishflags.flag_eval_document(e.format, e.document, 'a', e.context, '1');
		EXCEPTION WHEN OTHERS THEN
			RETURN NEXT format('%s, %s: %s %s', e.name, e.format, SQLSTATE, SQLERRM);
		END;
		BEGIN
			PERFORM * FROM wishflags.flag_import(e.format, e.document);
			PERFORM wishflags.flag_eval('a', e.context), wishflags.flag_explain('a', e.context), wishflags.flag_export(e.format);
			RAISE SQLSTATE 'UE000';
		EXCEPTION WHEN SQLSTATE 'UE000' OR invalid_parameter_value THEN
			NULL;
		WHEN OTHERS THEN
			RETURN NEXT format('%s, import %s: %s %s', e.name, e.format, SQLSTATE, SQLERRM);
		END;
		IF clock_timestamp() - start > '30 s' THEN
			RETURN NEXT format('%s, %s took %s', e.name, e.format, clock_timestamp() - start);
		END IF;
	END LOOP;
END $$;

-- Documents of about 64 MB: of many flags, of one large list, of one large text.
CREATE FUNCTION fuzz.large() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	e record;
	start timestamptz;
BEGIN
	FOR e IN
		SELECT 'flags' AS name, 'growthbook' AS format, jsonb_build_object('features', (SELECT jsonb_object_agg('f' || i, CASE i WHEN 1 THEN '{"defaultValue": 1}'
			ELSE jsonb_build_object('defaultValue', repeat('v', 100), 'rules', jsonb_build_array(jsonb_build_object('force', i, 'coverage', 0.5))) END) FROM generate_series(1, 300000) i)) AS document
		UNION ALL SELECT 'list', 'growthbook', jsonb_build_object('features', '{"f1": {"defaultValue": 1, "rules": [{"force": 2, "condition": {"id": {"$inGroup": "g"}}}]}}'::jsonb,
			'savedGroups', jsonb_build_object('g', (SELECT jsonb_agg('user-' || i) FROM generate_series(1, 4000000) i)))
		UNION ALL SELECT 'text', 'flagd', jsonb_build_object('flags', jsonb_build_object('f1', jsonb_build_object('variants', jsonb_build_object('a', repeat('x', 64000000)), 'defaultVariant', 'a')))
		UNION ALL SELECT 'list', 'launchdarkly', jsonb_build_object('flags', '{"f1": {"key": "f1", "on": true, "variations": [1, 2], "fallthrough": {"variation": 1}, "rules": [{"variation": 0, "clauses": [{"op": "segmentMatch", "values": ["s"]}]}]}}'::jsonb,
			'segments', jsonb_build_object('s', jsonb_build_object('key', 's', 'included', (SELECT jsonb_agg('user-' || i) FROM generate_series(1, 4000000) i))))
		UNION ALL SELECT 'constraints', 'unleash', jsonb_build_object('features', jsonb_build_array(jsonb_build_object('name', 'f1', 'enabled', true, 'strategies', jsonb_build_array(jsonb_build_object('name', 'default', 'constraints',
			(SELECT jsonb_agg(jsonb_build_object('contextName', 'userId', 'operator', 'NOT_IN', 'values', jsonb_build_array('x' || i))) FROM generate_series(1, 600000) i))))))
		UNION ALL SELECT 'overrides', 'flagsmith', jsonb_build_object('api_key', 'k', 'feature_states', '[{"enabled": true, "feature_state_value": 1, "feature": {"id": 1, "name": "f1"}}]'::jsonb, 'project', '{"segments": []}'::jsonb, 'identity_overrides',
			(SELECT jsonb_agg(jsonb_build_object('identifier', 'user-' || i, 'identity_features', '[{"enabled": true, "feature_state_value": 2, "feature": {"id": 1, "name": "f1"}}]'::jsonb)) FROM generate_series(1, 400000) i))
		UNION ALL SELECT 'list', 'native', jsonb_build_object('format', 'wishflags', 'version', 1, 'flags', '{"f1": {"enabled": true, "definition": {"default": "off", "rules": [{"serve": "on", "when": {"segment": "s"}}]}}}'::jsonb,
			'segments', jsonb_build_object('s', jsonb_build_object('included', (SELECT jsonb_agg('user-' || i) FROM generate_series(1, 4000000) i))))
	LOOP
		start := clock_timestamp();
		BEGIN
			PERFORM * FROM wishflags.flag_eval_document(e.format, e.document, 'f1', '{"targetingKey": "user-3999999"}', '1');
			PERFORM * FROM wishflags.flag_import(e.format, e.document, '{"only": ["f1"]}');
			FOR i IN 1 .. 50 LOOP
				PERFORM wishflags.flag_eval('f1', 'user-' || i * 4000);
			END LOOP;
			RAISE SQLSTATE 'UE000';
		EXCEPTION WHEN SQLSTATE 'UE000' THEN
			NULL;
		WHEN OTHERS THEN
			RETURN NEXT format('64 MB, %s, %s: %s %s', e.name, e.format, SQLSTATE, SQLERRM);
		END;
		IF clock_timestamp() - start > '2 min' THEN
			RETURN NEXT format('64 MB, %s, %s took %s', e.name, e.format, clock_timestamp() - start);
		END IF;
	END LOOP;
END $$;
