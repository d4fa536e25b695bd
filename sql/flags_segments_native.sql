-- Segments that list keys or have a condition, and documents of native flags.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;
\set SHOW_CONTEXT never

CREATE FUNCTION pg_temp.document(segments jsonb) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_build_object('format', 'wishflags', 'version', 1, 'segments', segments, 'flags', '{
		"probe": {"enabled": true, "description": "whoever is in segment s", "definition":
			{"default": "off", "rules": [{"id": "s", "when": {"segment": "s"}, "serve": "on"}]}}}'::jsonb)
$$;
CREATE FUNCTION pg_temp.inside(segments jsonb, context jsonb) RETURNS text LANGUAGE sql AS $$
	SELECT COALESCE(error_code || COALESCE(': ' || (metadata ->> 'errorDetails'), ''), enabled::text)
	FROM wishflags.flag_eval_document('native', pg_temp.document(segments), 'probe', context)
$$;

-- Included wins over excluded; a number is the key that its text is.
SELECT s AS segment, string_agg(key::text, ' ' ORDER BY n) AS inside
FROM unnest(ARRAY[
	'{"included": ["1", "2"]}',
	'{"included": ["1", "2"], "excluded": ["2", "3", "5"], "when": {"attribute": "even", "equals": true}}',
	'{"excluded": ["4"], "when": {"attribute": "even", "equals": true}}',
	'{"when": {"attribute": "even", "equals": true}, "share": {"percent": 50}}',
	'{"share": {"percent": 50, "seed": "x"}, "excluded": ["1", "2", "3"]}',
	'{"included": []}'
]) s, generate_series(1, 12) n, jsonb_build_object('targetingKey', n, 'even', n % 2 = 0) context,
	to_jsonb(n) key
WHERE pg_temp.inside(jsonb_build_object('s', s::jsonb), context) = 'true' GROUP BY s ORDER BY s;

-- Keys of one kind.
SELECT c AS context, pg_temp.inside('{"s": {"included": {"user": ["u1"], "org": ["o1"]}, "excluded": {"org": ["o2"]},
	"when": {"attribute": {"kind": "org", "path": "plan"}, "equals": "pro"}}}', c::jsonb) AS inside
FROM unnest(ARRAY['{"targetingKey": "u1"}', '{"kind": "user", "key": "u1"}', '{"kind": "org", "key": "o1"}', '{"kind": "org", "key": "u1"}',
	'{"kind": "multi", "user": {"key": "u2"}, "org": {"key": "o1"}}', '{"kind": "multi", "user": {"key": "u2"}, "org": {"key": "o2", "plan": "pro"}}',
	'{"kind": "multi", "user": {"key": "u2"}, "org": {"key": "o3", "plan": "pro"}}', '{}']) c;

-- Segments of segments; one that is not there is empty, one that contains itself fails.
SELECT name, pg_temp.inside(s::jsonb, '{"targetingKey": "1"}') AS inside
FROM (VALUES
	('nested', '{"s": {"when": {"segment": "b"}}, "b": {"when": {"segment": ["c", "a"]}}, "a": {"included": ["1"]}}'),
	('missing', '{"s": {"when": {"segment": "b"}}}'),
	('not missing', '{"s": {"when": {"not": {"segment": "b"}}}}'),
	('own', '{"s": {"when": {"segment": "s"}}}'),
	('cycle', '{"s": {"when": {"segment": "b"}}, "b": {"when": {"not": {"segment": "s"}}}}'),
	('included before a cycle', '{"s": {"included": ["1"], "when": {"segment": "s"}}}'),
	('a table', '{"s": {"table": "users", "column": "id"}}'),
	('of a query', '{"s": {"when": {"any": [{"segment": "q"}]}}, "q": {"query": "SELECT 1"}}')
) c (name, s);

-- Rows of the table segments.
SELECT segment_define('staff', '{"included": ["ann"], "when": {"attribute": "email", "ends_with": "@example.org"}, "excluded": ["bob"]}');
SELECT segment_define('testers', '{"when": {"segment": "staff"}, "share": {"percent": 50, "by": "email"}}');
SELECT flag_create('gallery', enabled => true, definition =>
	'{"default": "off", "rules": [{"when": {"segment": ["staff", "nobody"]}, "serve": "on"}]}');
SELECT c AS context, flag_eval('gallery', c::jsonb)
FROM unnest(ARRAY['{"targetingKey": "ann"}', '{"targetingKey": "bob", "email": "b@example.org"}', '{"email": "c@example.org"}']) c;
SELECT flag_define('gallery', '{"default": "off", "rules": [{"when": {"segment": "testers"}, "serve": "on"}]}');
SELECT round(count(*) FILTER (WHERE flag_eval('gallery', jsonb_build_object('email', n || '@example.org'))), -2) AS about_half FROM generate_series(1, 1000) n;

-- Wrong ones: the error names the place.
CREATE FUNCTION pg_temp.problem(definition jsonb) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM wishflags.segment_define('s', definition);
	RETURN 'accepted';
EXCEPTION WHEN invalid_parameter_value THEN
	RETURN replace(sqlerrm, 'invalid definition of segment "s" ', '');
END $$;
SELECT pg_temp.problem(definition::jsonb) FROM unnest(ARRAY['[]', '1', '{}', '{"keys": []}', '{"included": 1}', '{"included": [1]}', '{"included": {"user": "u"}}',
	'{"included": {"user": [true]}}', '{"excluded": ["u"]}', '{"when": true}', '{"when": {"segment": 1}}', '{"when": {"segment": ["a", 1]}}', '{"share": 10}',
	'{"share": {"percent": 101}}', '{"share": {"percent": 10, "key": "k"}}', '{"table": "t"}', '{"column": "c"}', '{"table": "t", "column": ""}', '{"query": 1}',
	'{"query": "SELECT 1", "when": {}}', '{"table": "t", "column": "c", "included": []}', '{"table": "t", "query": "SELECT 1"}']) definition;

-- A document is taken in, and given out again.
SELECT pg_temp.document('{"s": {"included": ["1"]}, "q": {"query": "SELECT 1"}}') || '{"flags": {
	"probe": {"enabled": true, "rollout": 12.5, "description": "d", "definition": {"default": "off", "rules": [{"when": {"segment": "s"}, "serve": "on"}]}},
	"plain": {"enabled": false}, "asks": {"enabled": true, "definition": {"requires": [{"flag": "probe"}]}}}}' AS document \gset
DELETE FROM flags;
SELECT * FROM flag_import('native', :'document');
SELECT key, enabled, rollout, description, definition FROM flags ORDER BY key;
SELECT key, flag_eval(key, '1') AS one, flag_eval(key, '2') AS two FROM flags ORDER BY key;
SELECT * FROM flag_import('native', :'document');
SELECT flag_rollout('probe', 10);
SELECT flag_export('native', ARRAY['probe', 'plain'], '{"name": "native"}');
-- Without a name it is the database's own flags and segments.
SELECT flag_create('own', rollout => 5), segment_define('few', '{"included": ["1"]}');
SELECT flag_export('native');
DELETE FROM flags;
DELETE FROM flag_documents;
DELETE FROM segments;

-- Documents that are none.
SELECT d AS document, (flag_eval_document('native', d::jsonb, 'f', '{}')).metadata ->> 'errorDetails' AS problem
FROM unnest(ARRAY['[]', '{}', '{"format": 1}', '{"format": "flagd"}', '{"format": "wishflags", "version": 2, "flags": {}}',
	'{"format": "wishflags", "version": 1}', '{"format": "wishflags", "version": 1, "flags": []}',
	'{"format": "wishflags", "version": 1, "flags": {}, "extra": 1}', '{"format": "wishflags", "version": 1, "flags": {"f": 1}}',
	'{"format": "wishflags", "version": 1, "flags": {"f": {}}}', '{"format": "wishflags", "version": 1, "flags": {"f": {"enabled": 1}}}',
	'{"format": "wishflags", "version": 1, "flags": {"f": {"enabled": true, "rollout": 200}}}',
	'{"format": "wishflags", "version": 1, "flags": {"f": {"enabled": true, "definition": []}}}',
	'{"format": "wishflags", "version": 1, "flags": {"f": {"enabled": true, "definition": {"serve": "on"}}}}',
	'{"format": "wishflags", "version": 1, "flags": {}, "segments": {"s": []}}',
	'{"format": "wishflags", "version": 1, "flags": {}, "segments": {"s": {"when": {}}}}']) d;
