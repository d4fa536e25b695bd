-- May a schema follow earlier ones?  Each kind of incompatibility, and what is none.
\pset format unaligned
CREATE SCHEMA reg;
-- Short notation: fields, properties or members in, verdict out.
CREATE FUNCTION reg.avro(before text, after text, level text DEFAULT 'BACKWARD') RETURNS SETOF text LANGUAGE sql AS $$
	SELECT direction || ' ' || kind || ' ' || path || ': ' || message FROM wishflags.registry_compat(
		format('{"type": "record", "name": "r", "fields": [%s]}', before),
		format('{"type": "record", "name": "r", "fields": [%s]}', after), level) $$;
CREATE FUNCTION reg.json(before text, after text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT kind || ' ' || path || ': ' || message FROM wishflags.registry_compat(before, after, 'BACKWARD', 'json') $$;
CREATE FUNCTION reg.proto(before text, after text) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT kind || ' ' || path || ': ' || message FROM wishflags.registry_compat(
		format('syntax = "proto3"; message M { %s }', before), format('syntax = "proto3"; message M { %s }', after), 'BACKWARD', 'protobuf') $$;

-- Avro: columns that come and go.
SELECT reg.avro('{"name": "a", "type": "int"}', '{"name": "a", "type": "int"}, {"name": "b", "type": ["null", "int"], "default": null}', 'FULL');
SELECT reg.avro('{"name": "a", "type": "int"}', '{"name": "a", "type": "int"}, {"name": "b", "type": "int"}', 'FULL');
SELECT reg.avro('{"name": "a", "type": "int"}, {"name": "b", "type": "int"}', '{"name": "a", "type": "int"}', 'FULL');
SELECT reg.avro('{"name": "a", "type": "int"}', '{"name": "b", "aliases": ["a"], "type": "int"}', 'FULL');
-- Types: promoted, not promoted, nullable.
SELECT w, r, reg.avro(format('{"name": "a", "type": %s}', to_json(w)), format('{"name": "a", "type": %s}', to_json(r)))
FROM unnest('{int,long,float,double,string,bytes,boolean,"null"}'::text[]) w, unnest('{int,long,float,double,string,bytes,boolean,"null"}'::text[]) r;
SELECT reg.avro('{"name": "a", "type": "int"}', '{"name": "a", "type": ["null", "long"]}', 'FULL');
SELECT reg.avro('{"name": "a", "type": ["string", "int"]}', '{"name": "a", "type": ["null", "string"]}');
-- Named types, enums, fixed, decimals.
SELECT reg.avro('{"name": "a", "type": {"type": "enum", "name": "e", "symbols": ["A", "B", "C"]}}',
	'{"name": "a", "type": {"type": "enum", "name": "x.e", "symbols": ["A"]}}', 'FULL');
SELECT reg.avro('{"name": "a", "type": {"type": "enum", "name": "e", "symbols": ["A", "B"]}}',
	'{"name": "a", "type": {"type": "enum", "name": "e", "symbols": ["A"], "default": "A"}}');
SELECT reg.avro('{"name": "a", "type": {"type": "fixed", "name": "f", "size": 2}}', '{"name": "a", "type": {"type": "fixed", "name": "f", "size": 3}}');
SELECT reg.avro('{"name": "a", "type": {"type": "fixed", "name": "f", "size": 2}}', '{"name": "a", "type": {"type": "fixed", "name": "g", "size": 2}}');
SELECT reg.avro('{"name": "a", "type": {"type": "fixed", "name": "f", "size": 2}}', '{"name": "a", "type": {"type": "fixed", "name": "g", "aliases": ["f"], "size": 2}}');
SELECT reg.avro('{"name": "a", "type": {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 1}}',
	'{"name": "a", "type": {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}}');
-- In arrays, maps and records within; a record that holds itself.
SELECT reg.avro('{"name": "a", "type": {"type": "array", "items": {"type": "map", "values": "long"}}}',
	'{"name": "a", "type": {"type": "array", "items": {"type": "map", "values": "int"}}}');
SELECT reg.avro('{"name": "a", "type": "int"}, {"name": "n", "type": ["null", "r"]}', '{"name": "a", "type": "string"}, {"name": "n", "type": ["null", "r"]}');
SELECT reg.avro('{"name": "n", "type": ["null", "r"]}', '{"name": "n", "type": ["null", "r"]}', 'FULL');

-- Levels: the last version, or all of them.
SELECT level, version, direction, path FROM unnest('{none,backward,backward_transitive,forward,forward_transitive,full,full_transitive}'::text[]) level,
	wishflags.registry_compat(ARRAY[
		'{"type": "record", "name": "r", "fields": [{"name": "a", "type": "int"}]}',
		'{"type": "record", "name": "r", "fields": [{"name": "a", "type": "int"}, {"name": "b", "type": "int"}]}'],
		'{"type": "record", "name": "r", "fields": [{"name": "b", "type": "int"}]}', level);
SELECT count(*) FROM wishflags.registry_compat('{}'::text[], '"int"', 'FULL_TRANSITIVE');
SELECT count(*) FROM wishflags.registry_compat(NULL::text[], '"int"');
SELECT kind FROM wishflags.registry_compat('"long"'::jsonb, '"int"');

-- JSON Schema: open and closed objects.
SELECT reg.json('{"properties": {"a": {}}}', '{"properties": {"a": {}, "b": {"type": "string"}}}');
SELECT reg.json('{"properties": {"a": {}}}', '{"properties": {"a": {}, "b": {}}}');
SELECT reg.json('{"properties": {"a": {}, "b": {}}}', '{"properties": {"a": {}}}');
SELECT reg.json('{"properties": {"a": {}}, "additionalProperties": false}', '{"properties": {"a": {}, "b": {}}, "additionalProperties": false}');
SELECT reg.json('{"properties": {"a": {}}, "additionalProperties": false}', '{"properties": {"a": {}, "b": {}}, "required": ["b"], "additionalProperties": false}');
SELECT reg.json('{"properties": {"a": {}}, "additionalProperties": false}', '{"properties": {"a": {}, "b": {"default": 1}}, "required": ["b"], "additionalProperties": false}');
SELECT reg.json('{"properties": {"a": {}, "b": {}}, "additionalProperties": false}', '{"properties": {"a": {}}, "additionalProperties": false}');
SELECT reg.json('{"properties": {"a": {}}}', '{"properties": {"a": {}}, "required": ["a"], "additionalProperties": false}');
SELECT reg.json('{"properties": {"a": {"type": "string"}}, "additionalProperties": false}', '{"additionalProperties": {"type": "number"}}');
SELECT reg.json('{"properties": {"x1": {"type": "string"}}, "additionalProperties": false}', '{"patternProperties": {"^x": {"type": "string"}}, "additionalProperties": false}');
SELECT reg.json('{"additionalProperties": {"type": "string"}}', '{"properties": {"a": {"type": "number"}}, "additionalProperties": {"type": "string"}}');
SELECT reg.json('{"dependencies": {"a": ["b"]}}', '{"dependencies": {"a": ["b", "c"], "d": ["e"]}}');
-- Types and limits.
SELECT reg.json('{"type": "number"}', '{"type": "integer"}');
SELECT reg.json('{"type": "integer"}', '{"type": "number"}');
SELECT reg.json('{"type": "integer"}', '{"type": ["integer", "null"]}');
SELECT reg.json('{"type": ["integer", "null"]}', '{"type": "integer"}');
SELECT reg.json('{"oneOf": [{"type": "null"}, {"type": "integer"}]}', '{"oneOf": [{"type": "null"}, {"type": "string"}]}');
SELECT reg.json('{"type": "string", "minLength": 2, "maxLength": 9}', '{"type": "string", "minLength": 3, "maxLength": 8, "pattern": "x"}');
SELECT reg.json('{"type": "string", "minLength": 3, "maxLength": 8, "pattern": "x"}', '{"type": "string", "minLength": 2, "maxLength": 9}');
SELECT reg.json('{"type": "number", "multipleOf": 4}', format('{"type": "number", "multipleOf": %s, "maximum": 5}', m)) FROM unnest('{2,8,6}'::int[]) m;
SELECT reg.json('{"enum": [1, "a"]}', e) FROM unnest(ARRAY['{"enum": ["a", 1, null]}', '{"enum": ["a"]}', '{"enum": ["b"]}']) e;
SELECT reg.json('{"const": 1}', '{"const": 2}');
SELECT reg.json('{"not": {"type": "number"}}', '{"not": {"type": "integer"}}'), reg.json('{"not": {"type": "integer"}}', '{"not": {"type": "number"}}');
SELECT reg.json('{"allOf": [{"type": "string"}]}', '{"allOf": [{"type": "string"}, {"minLength": 1}]}');
SELECT reg.json('{"anyOf": [{"type": "string"}, {"type": "null"}]}', '{"oneOf": [{"type": "string"}, {"type": "null"}]}');
-- Arrays, references.
SELECT reg.json('{"type": "array", "items": {"type": "integer"}}', '{"type": "array", "items": {"type": "string"}, "uniqueItems": true, "maxItems": 3}');
SELECT reg.json('{"items": [{"type": "string"}], "additionalItems": false}', '{"items": [{"type": "string"}, {"type": "string"}], "additionalItems": false}');
SELECT reg.json('{"items": [{"type": "string"}, {"type": "string"}]}', '{"items": [{"type": "string"}], "additionalItems": false}');
SELECT reg.json('{"$ref": "#/definitions/t", "definitions": {"t": {"properties": {"c": {"$ref": "#/definitions/t"}, "v": {"type": "number"}}}}}',
	'{"$ref": "#/$defs/t", "$defs": {"t": {"properties": {"c": {"$ref": "#/$defs/t"}, "v": {"type": "integer"}}}}}');

-- Protobuf: numbers are what counts.
SELECT reg.proto('int32 a = 1;', 'int64 renamed = 1; string b = 2;');
SELECT reg.proto('int32 a = 1; string b = 2;', 'int32 a = 1; reserved 2; reserved "b";');
SELECT reg.proto(format('%s a = 1;', w), format('%s a = 1;', r)) FROM (VALUES ('int32', 'sint32'), ('int32', 'bool'), ('string', 'bytes'),
	('fixed32', 'fixed64'), ('float', 'double'), ('int32', 'string'), ('string', 'Other'), ('map<string, int32>', 'map<string, string>'), ('map<string, int32>', 'int32')) v(w, r);
SELECT reg.proto('repeated int32 a = 1; string b = 2;', 'int32 a = 1; repeated string b = 2;');
SELECT reg.proto('enum E { X = 0; } E a = 1;', 'enum E { X = 0; Y = 1; } int32 a = 1;');
SELECT reg.proto('message N { int32 x = 1; } N a = 1;', 'message O { string x = 1; } O a = 1;');
SELECT reg.proto('message N { int32 x = 1; } N a = 1;', 'message N { string x = 1; } .M.N a = 1;');
SELECT reg.proto('int32 a = 1; int32 b = 2;', 'oneof o { int32 a = 1; int32 b = 2; }');
SELECT reg.proto('oneof o { int32 a = 1; } int32 b = 2;', 'oneof o { int32 a = 1; int32 b = 2; }');
SELECT reg.proto('oneof o { int32 a = 1; int32 b = 2; }', 'oneof o { int32 a = 1; }');
SELECT reg.proto(E'optional int32 a = 1; // note\n', E'/* a\n note */ required int32 c = 3 [(x.y) = {a: [1, {b: "}"}]}]; int32 a = 1 [json_name = "\\"];"]; option deprecated = true;');
SELECT kind, path FROM wishflags.registry_compat('package a.b; message M { int32 a = 1; } message N { } service S { rpc R (M) returns (N) { option x = {}; } }',
	'edition = "2023"; package a.c; import public "x.proto"; message M { oneof message { int32 a = 1; } }', 'FULL', 'protobuf');
SET client_min_messages = warning;
DROP SCHEMA reg CASCADE;
