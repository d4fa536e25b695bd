CREATE FUNCTION wishflags.registry_schema(object_name text, format text DEFAULT 'avro', options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wf_registry_schema';

COMMENT ON FUNCTION wishflags.registry_schema(text, text, jsonb) IS
'a table, view or type as a schema for a registry, by Debezium''s mapping; format: avro, json, protobuf; options: snapshot, part, prefix, name_adjustment, decimal_handling, time_precision, interval_handling, binary_handling, content_model, values';

CREATE FUNCTION wishflags.registry_schema(relation regclass, format text DEFAULT 'avro', options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wf_registry_schema_relation';

COMMENT ON FUNCTION wishflags.registry_schema(regclass, text, jsonb) IS
'a table or view as a schema for a registry';

CREATE FUNCTION wishflags.registry_schema(type regtype, format text DEFAULT 'avro', options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wf_registry_schema_type';

COMMENT ON FUNCTION wishflags.registry_schema(regtype, text, jsonb) IS
'a type as a schema for a registry';

CREATE FUNCTION wishflags.registry_request(object_name text, format text DEFAULT 'avro', options jsonb DEFAULT '{}',
	OUT subject text, OUT method text, OUT path text, OUT content_type text, OUT body jsonb)
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wf_registry_request';

COMMENT ON FUNCTION wishflags.registry_request(text, text, jsonb) IS
'what to send to Confluent''s schema registry to register a schema, to check it or to set its subject''s level; options as registry_schema, and request (register, check, config), level, subject_strategy (topic, record, topic_record), topic';

CREATE FUNCTION wishflags.registry_compat(old_schemas text[], new_schema text, level text DEFAULT 'BACKWARD', format text DEFAULT 'avro',
	OUT version int, OUT direction text, OUT kind text, OUT path text, OUT message text)
RETURNS SETOF record
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 10000 ROWS 5
AS 'MODULE_PATHNAME', 'wf_registry_compat';

COMMENT ON FUNCTION wishflags.registry_compat(text[], text, text, text) IS
'what forbids a schema to follow earlier ones (the oldest first), a row an incompatibility; level: NONE, BACKWARD, FORWARD, FULL, or these with _TRANSITIVE, which regard all earlier ones and not the last only';

CREATE FUNCTION wishflags.registry_compat(old_schema text, new_schema text, level text DEFAULT 'BACKWARD', format text DEFAULT 'avro',
	OUT version int, OUT direction text, OUT kind text, OUT path text, OUT message text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000 ROWS 5
BEGIN ATOMIC
	SELECT c.version, c.direction, c.kind, c.path, c.message
	FROM wishflags.registry_compat(ARRAY[old_schema], new_schema, level, format) c;
END;

COMMENT ON FUNCTION wishflags.registry_compat(text, text, text, text) IS
'what forbids a schema to follow another one, a row an incompatibility';

CREATE FUNCTION wishflags.registry_compat(old_schema jsonb, new_schema jsonb, level text DEFAULT 'BACKWARD', format text DEFAULT 'avro',
	OUT version int, OUT direction text, OUT kind text, OUT path text, OUT message text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 10000 ROWS 5
BEGIN ATOMIC
	SELECT c.version, c.direction, c.kind, c.path, c.message
	FROM wishflags.registry_compat(ARRAY[old_schema::text], new_schema::text, level, format) c;
END;

COMMENT ON FUNCTION wishflags.registry_compat(jsonb, jsonb, text, text) IS
'what forbids a schema to follow another one, a row an incompatibility; for Avro and JSON Schema';

CREATE FUNCTION wishflags.registry_wire(schema_id int, payload bytea, format text DEFAULT 'avro', message_index int[] DEFAULT '{0}')
RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_registry_wire';

COMMENT ON FUNCTION wishflags.registry_wire(int, bytea, text, int[]) IS
'a message as Confluent''s serializers frame it: a zero byte, the schema''s id, for Protobuf the place of the message in its file, the payload';

CREATE FUNCTION wishflags.registry_wire_read(message bytea, format text DEFAULT 'avro',
	OUT schema_id int, OUT message_index int[], OUT payload bytea)
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_registry_wire_read';

COMMENT ON FUNCTION wishflags.registry_wire_read(bytea, text) IS
'what a message in the frame of Confluent''s serializers holds';
