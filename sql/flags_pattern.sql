-- Regular expressions, each as its own engine reads it.
CREATE FUNCTION matches(engine text, pattern text, subject text) RETURNS boolean LANGUAGE sql AS $$
SELECT CASE engine
	WHEN 'rust' THEN (wishflags.flag_eval_document('unleash', jsonb_build_object('features', jsonb_build_array(jsonb_build_object(
		'name', 'f', 'enabled', true, 'strategies', jsonb_build_array(jsonb_build_object('name', 'default', 'constraints',
		jsonb_build_array(jsonb_build_object('contextName', 'a', 'operator', 'REGEX', 'value', pattern))))))), 'f',
		jsonb_build_object('a', subject))).enabled
	WHEN 're2' THEN (wishflags.flag_eval_document('launchdarkly', jsonb_build_object('flags', jsonb_build_object('f', jsonb_build_object(
		'key', 'f', 'on', true, 'variations', '[true, false]'::jsonb, 'offVariation', 1, 'fallthrough', '{"variation": 1}'::jsonb,
		'rules', jsonb_build_array(jsonb_build_object('variation', 0, 'clauses', jsonb_build_array(jsonb_build_object(
		'attribute', 'a', 'op', 'matches', 'values', jsonb_build_array(pattern)))))))), 'f',
		jsonb_build_object('kind', 'user', 'key', 'k', 'a', subject))).enabled
	WHEN 'js' THEN (wishflags.flag_eval_document('growthbook', jsonb_build_object('features', jsonb_build_object('f', jsonb_build_object(
		'defaultValue', false, 'rules', jsonb_build_array(jsonb_build_object('force', true, 'condition',
		jsonb_build_object('a', jsonb_build_object('$regex', pattern))))))), 'f', jsonb_build_object('a', subject))).enabled
	ELSE jsonb_array_length((wishflags.flag_eval_document('flagsmith', jsonb_build_object('environment', '{"key": "e", "name": "e"}'::jsonb,
		'features', '{"f": {"key": "1", "name": "f", "enabled": true, "value": null}}'::jsonb, 'segments', jsonb_build_object('1',
		jsonb_build_object('key', '1', 'name', 's', 'rules', jsonb_build_array(jsonb_build_object('type', 'ALL', 'conditions',
		jsonb_build_array(jsonb_build_object('operator', 'REGEX', 'property', 'a', 'value', pattern))))))), 'f',
		jsonb_build_object('identifier', 'u', 'traits', jsonb_build_object('a', subject)))).vendor -> 'segments') > 0
	END $$;
CREATE FUNCTION row_of(pattern text, subject text) RETURNS TABLE (rust boolean, re2 boolean, js boolean, python boolean) LANGUAGE sql AS $$
SELECT matches('rust', pattern, subject), matches('re2', pattern, subject), matches('js', pattern, subject), matches('python', pattern, subject) $$;

-- Where they agree, but that Python begins at the beginning.
SELECT pattern, left(subject, 9) AS subject, (row_of(pattern, subject)).*
FROM (VALUES ('^abc$', 'abc'), ('b', 'abc'), ('^a{2,3}$', 'aaa'), ('^[^@]+@[^@]+$', 'a@b'), ('^(ab)?c$', 'c'), ('^user\d{3}$', 'user123'),
	('a.c', E'a\nc'), ('^[]$', ']'), ('(', '('), ('a\', 'a'), ('^x*$', ''), ('^\x41$', 'A'), ('^\v$', E'\x0b'), ('a)', 'a)'),
	('^(?:a|b)+$', 'abba'), ('^[a\-c]$', '-'), ('^é$', U&'\00e9')) AS v (pattern, subject);

-- Where they do not: what one of them refuses matches nothing.
SELECT pattern, left(subject, 9) AS subject, (row_of(pattern, subject)).*
FROM (VALUES ('^(?i)abc$', 'ABC'), ('(?i)abc', 'ABC'), ('(?i:a)bc', 'Abc'), ('^(a)\1$', 'aa'), ('a(?=b)', 'ab'), ('(?<=a)b|ab', 'ab'),
	('a++', 'a'), ('a++a', 'aa'), ('a**', 'a'), ('(?>a+)', 'a'), ('a{,2}$', 'a{,2}'), ('^a{,2}$', 'aa'), ('a{1001}', repeat('a', 1001)),
	('^a\z', 'a'), ('^a\Z', 'a'), ('^a$', E'a\n'), ('(?m)^$', E'a\n'), ('^\Qa.b\E$', 'a.b'), ('^\h$', 'h'), ('\C', 'a'), ('^\x{e9}$', U&'\00e9'),
	('^\u00e9$', U&'\00e9'), ('^\101$', 'A'), ('(?P<n>a)', 'a'), ('(?<n>a)', 'a'), ('(?P<n>a)(?P=n)', 'aa'), ('(?<n>a)\k<n>', 'aa'),
	('^[[:alpha:]]+$', 'abc'), ('^[[:alpha:]]$', U&'\00e9'), ('^[[:alpha:]]$', 'a]'), ('^\w$', U&'\00e9'), ('^\d$', U&'\0663'), ('^\s$', U&'\00a0'),
	('^\s$', E'\x0b'), ('^[a&&b]$', 'a'), ('^[a-z&&[^b]]$', 'a'), ('^[\w--\d]$', '1'), ('^[a~~b]$', '~'), ('^[a[b]]$', 'b'), ('^[^]a]$', 'b'),
	('[]', 'a'), ('[^]', 'a'), ('^[\d-z]$', '-'), ('^\p{Greek}$', U&'\03b1'), ('^\pL$', 'a'), ('^\p{Letter}$', 'a'), ('^(?x) a b # c', 'ab'),
	('^(?-u:\w)$', U&'\00e9'), ('^\<a\>$', 'a'), ('^(a)?(?(1)b|c)$', 'c'), ('(?#x)a', 'a'), ('(?|a|b)', 'a'), ('(?R)?', ''), ('(*ACCEPT)a', 'b'),
	('^.$', E'\r'), ('a(?i)b', 'aB')) AS v (pattern, subject);

-- Case is folded beyond ASCII, in literals as well.
SELECT matches('rust', '(?i)^straße$', 'STRAßE'), matches('rust', '(?i)k', U&'\212a'), matches('rust', '(?i)^[^a]$', 'A');

-- What runs away ends; engines that never backtrack have an answer for a short text.
SELECT matches(engine, '^(a|a)+$', repeat('a', 60) || '!') AS none, matches(engine, '^(a?){40}a{40}$', repeat('a', 40)) AS some, engine
FROM unnest(ARRAY['rust', 're2', 'js', 'python']) engine;
SELECT matches('rust', '[a-z]+\d', repeat('a', 20000)), matches('js', '(x+x+)+y', repeat('x', 5000)),
	matches('rust', repeat('(', 300) || repeat(')', 300), ''), matches('rust', repeat('a', 70000), ''), matches('rust', repeat('[a', 60) || repeat(']', 60), 'a'),
	matches('rust', 'a' || repeat('+', 60), 'a'), matches('rust', '[' || repeat('a~~', 30) || 'a]', 'a');
