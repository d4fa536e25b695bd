-- Random pieces for the fuzz tests, all in schema fuzz.
CREATE SCHEMA fuzz;

CREATE FUNCTION fuzz.pick(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS
'SELECT choices[1 + floor(random() * cardinality(choices))::int]';

-- A JSON value that fits nowhere, or by chance does.
CREATE FUNCTION fuzz.junk(depth int DEFAULT 0) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN CASE floor(random() * CASE WHEN depth > 3 THEN 9 ELSE 13 END)::int
		WHEN 0 THEN 'null'
		WHEN 1 THEN '""'
		WHEN 2 THEN '[]'
		WHEN 3 THEN '{}'
		WHEN 4 THEN '1e400'
		WHEN 5 THEN 'true'
		WHEN 6 THEN to_jsonb(repeat('x', (random() * 70000)::int))
		WHEN 7 THEN to_jsonb(floor(random() * 200) - 1)
		WHEN 8 THEN to_jsonb(fuzz.pick('on', 'targetingKey', '{', '%s%n', '.', '"', ' ON ', '(', '=', 'a=b', 'GRANT X TO', 'REVOKE',
			' FROM ', 'FOREIGN KEY', 'zoo.', '"zoo', E'\\', 'x.y.z'))
		WHEN 9 THEN jsonb_build_array(fuzz.junk(depth + 1), fuzz.junk(depth + 1))
		ELSE jsonb_build_object(
			fuzz.pick('variants', 'off', 'default', 'by', 'rules', 'metadata', 'id', 'when', 'rollout', 'serve', 'split', 'weight'),
			fuzz.junk(depth + 1),
			fuzz.pick('all', 'any', 'not', 'attribute', 'equals', 'in', 'less', 'exists', 'contains', 'targetingKey', 'plan'),
			fuzz.junk(depth + 1)) END;
END $$;

-- The same document with some values and keys exchanged or left out.
CREATE FUNCTION fuzz.mutate(document jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	IF random() < 0.05 THEN
		RETURN fuzz.junk();
	ELSIF jsonb_typeof(document) = 'object' THEN
		RETURN (SELECT coalesce(jsonb_object_agg(CASE WHEN random() < 0.02 THEN fuzz.pick('x', '', 'default', 'any', 'less') ELSE key END,
			fuzz.mutate(value)) FILTER (WHERE random() > 0.02), '{}') FROM jsonb_each(document));
	ELSIF jsonb_typeof(document) = 'array' THEN
		RETURN (SELECT coalesce(jsonb_agg(fuzz.mutate(value)) FILTER (WHERE random() > 0.03), '[]')
			FROM jsonb_array_elements(document));
	END IF;
	RETURN document;
END $$;
