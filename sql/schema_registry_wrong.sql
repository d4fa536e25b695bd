-- Wrong use of the registry's functions: a clear error, and what to do.
CREATE SCHEMA reg;
CREATE TABLE reg.t (id int, a int);
CREATE TABLE reg.empty ();
CREATE SEQUENCE reg.s;
CREATE TYPE reg.c AS (a int);

SELECT wishflags.registry_schema('reg.nothing');
SELECT wishflags.registry_schema('reg.t', 'thrift');
SELECT wishflags.registry_schema('reg.t', 'avro', '{"colour": "red"}');
SELECT wishflags.registry_schema('reg.t', 'avro', '{"part": "both"}');
SELECT wishflags.registry_schema('reg.t', 'avro', '{"part": "key"}');
SELECT wishflags.registry_schema('integer', 'avro', '{"part": "key"}');
SELECT wishflags.registry_schema('reg.empty');
SELECT wishflags.registry_schema('reg.s');
SELECT wishflags.registry_schema(0::regclass);
SELECT wishflags.registry_schema(0::regtype);
SELECT wishflags.registry_schema(NULL::text);
SELECT wishflags.registry_request('reg.t', 'avro', '{"request": "delete"}');
SELECT wishflags.registry_request('reg.t', 'avro', '{"request": "config", "level": "SIDEWARD"}');

-- Snapshots: what is none, what it lacks, one that somebody edited into a circle.
SELECT wishflags.registry_schema('reg.t', 'avro', '{"snapshot": {}}');
SELECT wishflags.registry_schema('reg.u', 'avro', jsonb_build_object('snapshot', wishflags.schema_snapshot('{reg}')));
SELECT wishflags.registry_schema('a.b.c', 'avro', jsonb_build_object('snapshot', wishflags.schema_snapshot('{reg}')));
SET search_path = reg, public;
SELECT wishflags.registry_schema('t', 'avro', jsonb_build_object('snapshot', wishflags.schema_snapshot('{reg}')));
RESET search_path;
SELECT wishflags.registry_schema('reg.c', 'avro', jsonb_build_object('snapshot',
	jsonb_set(wishflags.schema_snapshot('{reg}'), '{objects,column,reg.c.a,type}', '"reg.c[]"')));

-- As many columns as a table may have.
DO $$ BEGIN
	EXECUTE (SELECT format('CREATE TABLE reg.wide (%s)', string_agg('c' || i || ' int', ', ')) FROM generate_series(1, 1600) i);
END $$;
SELECT f, length(s) > 40000 AS long, (SELECT count(*) FROM wishflags.registry_compat(s, s, 'FULL', f)) AS incompatible
FROM unnest('{avro,json,protobuf}'::text[]) f, wishflags.registry_schema('reg.wide', f) s;

-- What is no schema; the context says which.
SELECT wishflags.registry_compat('{', '"int"');
SELECT wishflags.registry_compat('"int"', '"number"');
SELECT wishflags.registry_compat(ARRAY['"int"', '{"type": "record"}'], '"int"', 'NONE');
SELECT wishflags.registry_compat(ARRAY['"int"', NULL], '"int"');
SELECT wishflags.registry_compat('"int"', NULL::text);
SELECT wishflags.registry_compat('"int"', '"int"', 'SIDEWARD');
SELECT wishflags.registry_compat('"int"', '"int"', NULL);
SELECT wishflags.registry_compat('"int"', '"int"', 'FULL', 'thrift');
SELECT wishflags.registry_compat('"int"', '[]');
SELECT wishflags.registry_compat('"int"', '7');
SELECT wishflags.registry_compat('"int"', '{}');
SELECT wishflags.registry_compat('"int"', '["int", "int"]');
SELECT wishflags.registry_compat('"int"', '["int", ["long"]]');
SELECT wishflags.registry_compat('"int"', '{"type": "array"}');
SELECT wishflags.registry_compat('"int"', '{"type": "fixed", "name": "f"}');
SELECT wishflags.registry_compat('"int"', '{"type": "enum", "name": "f", "symbols": ["A"], "default": "B"}');
SELECT wishflags.registry_compat('"int"', '{"type": "enum", "name": "9f", "symbols": ["A"]}');
SELECT wishflags.registry_compat('"int"', '{"type": "record", "name": "r", "fields": [{"name": "a", "type": "int"}, {"name": "a", "type": "int"}]}');
SELECT wishflags.registry_compat('"int"', '{"type": "record", "name": "r", "fields": [{"name": "a", "type": "int", "default": null}]}');
SELECT wishflags.registry_compat('true', '[]', 'BACKWARD', 'json');
SELECT wishflags.registry_compat('true', '{"type": "text"}', 'BACKWARD', 'json');
SELECT wishflags.registry_compat('true', '{"anyOf": {}}', 'BACKWARD', 'json');
SELECT wishflags.registry_compat('true', '{"$ref": "#"}', 'BACKWARD', 'json');
SELECT wishflags.registry_compat('true', '{"$ref": "#/definitions/a"}', 'BACKWARD', 'json');
SELECT wishflags.registry_compat('true', '{"$ref": "other.json"}', 'BACKWARD', 'json');
SELECT wishflags.registry_compat('', '', 'BACKWARD', 'protobuf');
SELECT wishflags.registry_compat('message M {', '', 'BACKWARD', 'protobuf');
SELECT wishflags.registry_compat(E'message M {\n  int32 a = 0;\n}', '', 'BACKWARD', 'protobuf');
SELECT wishflags.registry_compat(E'message M {\n  int32 a = 1;\n  int32 b = 1;\n}', '', 'BACKWARD', 'protobuf');
SELECT wishflags.registry_compat('message M { string s = 1 [default = "x]; }', '', 'BACKWARD', 'protobuf');

-- Nobody but who is granted it.
CREATE ROLE wf_registry_nobody;
GRANT USAGE ON SCHEMA wishflags TO wf_registry_nobody;
SET ROLE wf_registry_nobody;
SELECT wishflags.registry_schema('reg.t');
RESET ROLE;
GRANT EXECUTE ON FUNCTION wishflags.registry_schema(text, text, jsonb) TO wf_registry_nobody;
SET ROLE wf_registry_nobody;
SELECT wishflags.registry_schema('reg.t');
RESET ROLE;
DROP OWNED BY wf_registry_nobody;
DROP ROLE wf_registry_nobody;
SET client_min_messages = warning;
DROP SCHEMA reg CASCADE;
