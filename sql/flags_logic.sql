-- JsonLogic, as flagd's targeting evaluates it.

-- answers(data, expressions, wanted): what expressions come to, as text; the wanted answers
-- are the variants of the flag, and all others an error.
CREATE FUNCTION pg_temp.answers(data jsonb, expressions text[], wanted text[])
RETURNS TABLE (expression text, answer text, wanted text) LANGUAGE sql AS $$
	SELECT e.expression, coalesce(r.variant, r.error_code, r.reason), e.wanted
	FROM unnest($2, $3) WITH ORDINALITY e (expression, wanted, n),
		wishflags.flag_eval_document('flagd', jsonb_build_object('flags', jsonb_build_object('f', jsonb_build_object(
			'variants', (SELECT jsonb_object_agg(DISTINCT w, 0) FROM unnest($3) w),
			'targeting', jsonb_build_object('cat', jsonb_build_array(e.expression::jsonb))))), 'f', $1) r
	WHERE coalesce(r.variant, r.error_code, r.reason) IS DISTINCT FROM e.wanted OR e.n <= 3
	ORDER BY e.n;
$$;

-- Of each block the first three, and those that are not as wanted: none.
-- Looking up
SELECT expression, answer FROM pg_temp.answers('{"a": 1, "b": null, "c": {"d": [5, {"e": "x"}]}, "": "no name", "s": "", "l": [1, 2]}',
ARRAY['{"var": "c.d.1.e"}', '{"var": ["z", "none"]}', '{"missing": ["a", "b", "s", "c.d.9"]}', '{"var": "c.d.0"}', '{"var": "b"}',
	'{"var": ["b", "none"]}', '{"var": ["b.x", "none"]}', '{"var": {"cat": ["c.", "d.0"]}}', '{"var": "c.d.x"}', '{"var": "c."}',
	'{"missing": {"merge": ["a", {"var": "l"}]}}', '{"missing_some": [1, ["a", "z"]]}', '{"missing_some": [2, ["a", "z"]]}',
	'{"missing_some": [2, "a"]}', '{"var": "$flagd.flagKey"}', '{"var": "$flagd.other"}', '{"<": [0, {"var": "$flagd.timestamp"}]}'],
ARRAY['x', 'none', 'b,s,c.d.9', '5', '', '', 'none', '5', '', '', '1,2', '', 'z', 'PARSE_ERROR', 'f', '', 'true']);

-- Deciding
SELECT expression, answer FROM pg_temp.answers('{}',
ARRAY['{"if": [false, 1, [], 2, "0", 3, 4]}', '{"and": [1, "", 2]}', '{"or": [0, [], "x", "y"]}', '{"if": []}', '{"if": [7]}',
	'{"if": [false, 1]}', '{"?:": [true, 1, 2]}', '{"and": []}', '{"!": [[]]}', '{"!": "0"}', '{"!!": [[0]]}', '{"!!": {"a": 1, "b": 2}}'],
ARRAY['3', '', 'x', '', '7', '', '1', '', 'true', 'false', 'true', 'true']);

-- Comparing
SELECT expression, answer FROM pg_temp.answers('{"o": {"a": 1, "b": 2}, "n": null}',
ARRAY['{"==": [1, "1"]}', '{"===": [1, "1"]}', '{"<": [1, 2, "3"]}', '{"==": [null, 0]}', '{"==": ["", 0]}', '{"==": [[1], 1]}',
	'{"!=": [1, 1.0]}', '{"!==": ["a", "b"]}', '{"<": [1, 2, 2]}', '{"<=": [1, 2, 2]}', '{">": ["b", "a"]}', '{">": ["10", 9]}', '{">": ["10", "9"]}',
	'{">=": [null, 0]}', '{"<": ["a", 1]}', '{"==": [{"var": "o"}, {"var": "o"}]}', '{"==": [{"var": "n"}, {"var": "z"}]}', '{"==": [1]}'],
ARRAY['true', 'false', 'true', 'false', 'true', 'true', 'false', 'true', 'false', 'true', 'true', 'true', 'false', 'true', 'false', 'true', 'true', 'false']);

-- Calculating
SELECT expression, answer FROM pg_temp.answers('{"v": "3.5 kg"}',
ARRAY['{"+": [1, "2", {"var": "v"}]}', '{"/": [1, 3]}', '{"max": [1, "20", null]}', '{"+": []}', '{"+": "-7"}', '{"+": [null]}', '{"*": [2, "3x"]}',
	'{"*": "4"}', '{"*": []}', '{"-": 2}', '{"-": ["5", 2]}', '{"-": "x"}', '{"/": [1, 0]}', '{"%": [-7, 3]}', '{"%": [7, 0]}', '{"min": []}',
	'{"max": [1, "x"]}', '{"+": [0.1, 0.2]}', '{"*": [1e21, 10]}', '{"/": [1, 1e7]}', '{"*": [1e300, 1e300]}'],
ARRAY['6.5', '0.3333333333333333', '20', '0', '-7', 'NaN', '6', '4', 'PARSE_ERROR', '-2', '3', 'NaN', 'Infinity', '-1', 'NaN', 'Infinity',
	'NaN', '0.30000000000000004', '1e+22', '1e-7', 'Infinity']);

-- Lists
SELECT expression, answer FROM pg_temp.answers('{"l": [1, 2, 3, 4], "p": [{"n": 1}, {"n": 5}], "e": [], "k": 9}',
ARRAY['{"map": [{"var": "l"}, {"*": [{"var": ""}, 2]}]}', '{"filter": [{"var": "l"}, {"%": [{"var": ""}, 2]}]}',
	'{"reduce": [{"var": "l"}, {"+": [{"var": "current"}, {"var": "accumulator"}]}, 100]}', '{"map": [{"var": "p"}, {"var": "n"}]}',
	'{"map": [{"var": "l"}, {"var": "k"}]}', '{"map": [5, 1]}', '{"all": [{"var": "e"}, true]}', '{"none": [{"var": "e"}, true]}',
	'{"some": [{"var": "p"}, {">": [{"var": "n"}, 4]}]}', '{"all": [{"var": "p"}, {">": [{"var": "n"}, 4]}]}', '{"none": [{"var": "l"}, {"==": [{"var": ""}, 9]}]}',
	'{"reduce": [{"var": "e"}, 1]}', '{"reduce": [{"var": "p"}, {"max": [{"var": "current.n"}, {"var": "accumulator"}]}, 0]}',
	'{"merge": [1, [2, [3]], {"var": "e"}, "x"]}', '{"in": [3, {"var": "l"}]}', '{"in": ["3", {"var": "l"}]}', '{"in": ["b", "abc"]}', '{"in": ["b", null]}',
	'{"in": ["h", ["a", "b", "c", "d", "e", "f", "g", "h", "i"]]}', '{"in": [8, ["a", "b", "c", "d", "e", "f", "g", "h", "8"]]}',
	'{"map": [{"var": "l"}, {"reduce": [[1, 2], {"+": [{"var": "accumulator"}, {"var": "current"}]}, 0]}]}', '{"map": [{"var": "p"}, {"var": "$flagd.flagKey"}]}'],
ARRAY['2,4,6,8', '1,3', '110', '1,5', ',,,', '', 'false', 'true', 'true', 'false', 'true', '', '5', '1,2,3,x', 'true', 'false', 'true', 'false',
	'true', 'false', '3,3,3,3', ',']);

-- Texts
SELECT expression, answer FROM pg_temp.answers('{"t": "jsonlogic", "u": "aé😀z"}',
ARRAY['{"substr": [{"var": "t"}, 4]}', '{"substr": [{"var": "t"}, -5, 2]}', '{"cat": ["I ", 1.50, null, true, [1, [2, null]]]}', '{"substr": [{"var": "t"}, 1, -5]}',
	'{"substr": [{"var": "t"}, -20, 2]}', '{"substr": [{"var": "t"}, 4, 100]}', '{"substr": [{"var": "t"}, 20]}', '{"substr": [{"var": "u"}, 1, 1]}', '{"substr": [{"var": "u"}, 4]}',
	'{"substr": [{"var": "u"}, 2, 2]}', '{"substr": [12345, 1, 2]}', '{"cat": {"a": 1, "b": 2}}', '{"cat": []}'],
ARRAY['logic', 'lo', 'I 1.5true1,2,', 'son', 'js', 'logic', '', 'é', 'z', '😀', '23', '[object Object]', '']);

-- What is no expression is a constant; an operator that does not exist is an error where it is reached.
SELECT expression, answer FROM pg_temp.answers('{}',
ARRAY['[1, {"+": [1, 1]}, "x"]', '{"nonsense": 1}', '{"if": [true, "ok", {"nonsense": 1}]}', '{}', '{"a": 1, "+": [1]}', '{"==": [1, 1, {"nonsense": 1}]}', '[{"nonsense": []}]'],
ARRAY['1,2,x', 'PARSE_ERROR', 'ok', '[object Object]', '[object Object]', 'PARSE_ERROR', 'PARSE_ERROR']);

-- Nothing grows without end: doubled texts and lists, deep lists, endless loops.
SELECT expression, answer FROM pg_temp.answers(jsonb_build_object('l', (SELECT jsonb_agg(i) FROM generate_series(1, 2000) i)),
ARRAY['{"reduce": [{"var": "l"}, {"cat": [{"var": "accumulator"}, {"var": "accumulator"}]}, "x"]}',
	'{"reduce": [{"var": "l"}, {"merge": [{"var": "accumulator"}, {"var": "accumulator"}]}, [1]]}',
	'{"reduce": [{"var": "l"}, [{"var": "accumulator"}], 1]}',
	'{"map": [{"var": "l"}, {"all": [{"var": ""}, true]}]}',
	'{"reduce": [{"var": "l"}, {"+": [{"var": "accumulator"}, {"reduce": [{"merge": [[{"var": "current"}], 1]}, 1, 0]}]}, 0]}',
	repeat('{"!": ', 126) || '1' || repeat('}', 126),
	repeat('{"!": ', 127) || '1' || repeat('}', 127),
	repeat('[', 1000) || repeat(']', 1000)],
ARRAY['GENERAL', 'GENERAL', 'GENERAL', repeat('false,', 1999) || 'false', '2000', 'true', 'PARSE_ERROR', '']);
