-- Update from 0.1.0: flags of other systems, segments, OFREP.
\echo Use "ALTER EXTENSION wishflags UPDATE" to load this file. \quit

ALTER TABLE wishflags.flags
	ADD COLUMN dialect text NOT NULL DEFAULT 'native',
	ADD COLUMN document text COLLATE "C",
	ADD COLUMN client_visible boolean NOT NULL DEFAULT false,
	ADD COLUMN cache_ttl_seconds integer CHECK (cache_ttl_seconds >= 0),
	ADD COLUMN kind text NOT NULL DEFAULT 'release',
	ADD COLUMN owner_email text,
	ADD COLUMN owner_role text COLLATE "C",
	ADD COLUMN documentation_url text,
	ADD COLUMN notes jsonb,
	ADD COLUMN tags text[] NOT NULL DEFAULT '{}',
	ADD COLUMN expires_at timestamptz,
	ADD COLUMN on_expiry text NOT NULL DEFAULT 'warn',
	ADD COLUMN archived_at timestamptz,
	ADD COLUMN created_by text COLLATE "C",
	ADD COLUMN updated_by text COLLATE "C";

COMMENT ON COLUMN wishflags.flags.dialect IS 'language of the definition: native, or the system that it was imported from';
COMMENT ON COLUMN wishflags.flags.document IS 'name of the row of flag_documents that the flag was imported with';
COMMENT ON COLUMN wishflags.flags.client_visible IS 'whether clients outside may ask for it with all others, see ofrep_evaluate_all()';
COMMENT ON COLUMN wishflags.flags.cache_ttl_seconds IS 'how long clients outside may keep an answer; NULL: 300; nothing inside is cached by time';
COMMENT ON COLUMN wishflags.flags.kind IS 'what it is for: release, experiment, operational, kill-switch or permission';
COMMENT ON COLUMN wishflags.flags.owner_email IS 'whom to write to about it';
COMMENT ON COLUMN wishflags.flags.owner_role IS 'role that answers for it';
COMMENT ON COLUMN wishflags.flags.documentation_url IS 'where it is described at length';
COMMENT ON COLUMN wishflags.flags.notes IS 'an object with whatever the team wants to note';
COMMENT ON COLUMN wishflags.flags.tags IS 'words to find it by';
COMMENT ON COLUMN wishflags.flags.expires_at IS 'when it should be gone; NULL: never';
COMMENT ON COLUMN wishflags.flags.on_expiry IS 'what happens then: warn (it is only said), disable (off for everybody), freeze (it goes on, but refuses changes), extend (the expiry moves on by 30 days)';
COMMENT ON COLUMN wishflags.flags.archived_at IS 'since when it is out of use: off for everybody, and refuses changes; NULL: it is in use';
COMMENT ON COLUMN wishflags.flags.created_by IS 'session_user that created it; given only when a row is restored';
COMMENT ON COLUMN wishflags.flags.updated_by IS 'session_user that made its version; given only when a row is restored';

COMMENT ON FUNCTION wishflags.flag_explain(text, jsonb, jsonb, jsonb) IS
'what a flag serves for a context, and why; options: value_type (boolean, string, integer, number, object, any), as_of (a time), version, clock (what the clock shows), preview (as wishflags.preview, or an object)';

CREATE FUNCTION wishflags.flag_eval_document(format text, document jsonb, flag text,
	context jsonb DEFAULT '{}', default_value jsonb DEFAULT NULL, options jsonb DEFAULT '{}',
	OUT value jsonb, OUT variant text, OUT enabled boolean, OUT reason text,
	OUT error_code text, OUT rule text, OUT metadata jsonb, OUT vendor jsonb)
RETURNS record
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_eval_document';
COMMENT ON FUNCTION wishflags.flag_eval_document(text, jsonb, text, jsonb, jsonb, jsonb) IS
'as flag_explain(), for a flag of a document that is stored nowhere; options besides: fractional, hash_encoding, bucket_precision';

CREATE FUNCTION wishflags.flag_eval_all(context jsonb, options jsonb DEFAULT '{}')
RETURNS TABLE (flag text, value jsonb, variant text, enabled boolean, reason text,
	error_code text, rule text, metadata jsonb, vendor jsonb)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 100
AS 'MODULE_PATHNAME', 'wf_flag_eval_all';
COMMENT ON FUNCTION wishflags.flag_eval_all(jsonb, jsonb) IS
'what all flags serve for a context, and why, a row a flag; options as for flag_explain()';

-- The table's rows are read with the caller's rights and row security.
CREATE FUNCTION wishflags.flag_matching(flag text, population regclass, key_column name)
RETURNS TABLE (key text, variant text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100000 ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM FROM pg_attribute
	WHERE attrelid = population AND attname = key_column AND attnum > 0 AND NOT attisdropped;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'column "%" of relation "%" does not exist', key_column, population
			USING ERRCODE = 'undefined_column';
	END IF;
	RETURN QUERY EXECUTE format(
		'SELECT c.key, wishflags.flag_variant($1, c.context)'
		' FROM %s p, LATERAL (SELECT p.%I::text AS key, to_jsonb(p) || jsonb_build_object(''targetingKey'', p.%I::text) AS context OFFSET 0) c'
		' WHERE wishflags.flag_eval($1, c.context)', population, key_column, key_column) USING flag;
END $$;
COMMENT ON FUNCTION wishflags.flag_matching(text, regclass, name) IS
'the rows of a table that a flag is on for: their key and variant; the row''s columns are the attributes of the context, the key is the targeting key';

-- Documents of other flag systems, and moving flags in and out.

CREATE TABLE wishflags.flag_documents (
	name text COLLATE "C" PRIMARY KEY,
	format text NOT NULL,
	document jsonb NOT NULL,
	options jsonb NOT NULL DEFAULT '{}',
	version integer NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL
) USING heap;

COMMENT ON TABLE wishflags.flag_documents IS 'documents of other flag systems, as they were imported';
COMMENT ON COLUMN wishflags.flag_documents.name IS 'name of the document; its flags say it in flags.document';
COMMENT ON COLUMN wishflags.flag_documents.format IS 'the system: unleash, flagd, growthbook, launchdarkly, flagsmith';
COMMENT ON COLUMN wishflags.flag_documents.document IS 'the whole of it: what its flags share is read from here, the flags are not';
COMMENT ON COLUMN wishflags.flag_documents.options IS 'which of the system''s clients to follow where they differ';
COMMENT ON COLUMN wishflags.flag_documents.version IS 'counts the changes of the row; given only when a row is restored';

SELECT pg_catalog.pg_extension_config_dump('wishflags.flag_documents', '');

CREATE FUNCTION wishflags.flag_documents_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_flag_documents_check';
COMMENT ON FUNCTION wishflags.flag_documents_check() IS 'trigger: validates a document and numbers its versions';

CREATE FUNCTION wishflags.flag_documents_changed() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10 AS 'MODULE_PATHNAME', 'wf_flag_documents_changed';
COMMENT ON FUNCTION wishflags.flag_documents_changed() IS 'trigger: tells all backends that documents have changed';

CREATE TRIGGER flag_documents_check BEFORE INSERT OR UPDATE ON wishflags.flag_documents
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_documents_check();
CREATE TRIGGER flag_documents_changed AFTER INSERT OR UPDATE OR DELETE ON wishflags.flag_documents
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_documents_changed();
CREATE TRIGGER flag_documents_truncated AFTER TRUNCATE ON wishflags.flag_documents
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_documents_changed();
ALTER TABLE wishflags.flag_documents ENABLE ALWAYS TRIGGER flag_documents_changed;
ALTER TABLE wishflags.flag_documents ENABLE ALWAYS TRIGGER flag_documents_truncated;

CREATE FUNCTION wishflags.flag_import(format text, document jsonb, options jsonb DEFAULT '{}')
RETURNS TABLE (item text, name text, action text, message text)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 100
AS 'MODULE_PATHNAME', 'wf_flag_import';
COMMENT ON FUNCTION wishflags.flag_import(text, jsonb, jsonb) IS
'takes in the flags of another system''s document, a row each; options: name, dry_run, only, prune, on_conflict (error, replace, skip), fractional, hash_encoding, bucket_precision';

CREATE FUNCTION wishflags.flag_export(format text, keys text[] DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS jsonb
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wf_flag_export';
COMMENT ON FUNCTION wishflags.flag_export(text, text[], jsonb) IS
'flags as a document of the system they came from; unchanged if nothing has changed; option: name';

-- Segments: who, told once and used by many flags.

CREATE TABLE wishflags.segments (
	key text COLLATE "C" PRIMARY KEY,
	definition jsonb NOT NULL,
	description text,
	definer name NOT NULL,
	refreshed_at timestamptz,
	version integer NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL
) USING heap;

COMMENT ON TABLE wishflags.segments IS 'segments, a row each';
COMMENT ON COLUMN wishflags.segments.key IS 'name of the segment in {"segment": ...}; cannot be changed';
COMMENT ON COLUMN wishflags.segments.definition IS 'listed keys and a condition, a column of a table, or a query';
COMMENT ON COLUMN wishflags.segments.definer IS 'who gave the definition: a table is read and a query is run with the rights of this role; filled in';
COMMENT ON COLUMN wishflags.segments.refreshed_at IS 'when segment_refresh() last ran the query; filled in';
COMMENT ON COLUMN wishflags.segments.version IS 'counts the changes of the row; given only when a row is restored';

-- No foreign key: pg_restore with several jobs fills both tables at once.
CREATE TABLE wishflags.segment_members (
	segment text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	PRIMARY KEY (segment, key)
);

COMMENT ON TABLE wishflags.segment_members IS 'the keys that the query of a segment returned; written by segment_refresh()';

SELECT pg_catalog.pg_extension_config_dump('wishflags.segments', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.segment_members', '');

CREATE TABLE wishflags.segments_signal (id integer PRIMARY KEY CHECK (false));
COMMENT ON TABLE wishflags.segments_signal IS 'always empty; carries the invalidation of cached segments';

CREATE FUNCTION wishflags.segments_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_segments_check';
COMMENT ON FUNCTION wishflags.segments_check() IS 'trigger: validates a segment and numbers its versions';

CREATE FUNCTION wishflags.segments_changed() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10 AS 'MODULE_PATHNAME', 'wf_segments_changed';
COMMENT ON FUNCTION wishflags.segments_changed() IS 'trigger: tells all backends that segments have changed';

CREATE FUNCTION wishflags.segments_removed() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_segments_removed';
COMMENT ON FUNCTION wishflags.segments_removed() IS 'trigger: deletes the members of deleted segments';

CREATE TRIGGER segments_check BEFORE INSERT OR UPDATE ON wishflags.segments
FOR EACH ROW EXECUTE FUNCTION wishflags.segments_check();
CREATE TRIGGER segments_changed AFTER INSERT OR UPDATE OR DELETE ON wishflags.segments
FOR EACH ROW EXECUTE FUNCTION wishflags.segments_changed();
CREATE TRIGGER segments_truncated AFTER TRUNCATE ON wishflags.segments
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.segments_changed();
CREATE TRIGGER segments_removed AFTER DELETE ON wishflags.segments
FOR EACH ROW EXECUTE FUNCTION wishflags.segments_removed();
CREATE TRIGGER segments_truncated_removed AFTER TRUNCATE ON wishflags.segments
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.segments_removed();
ALTER TABLE wishflags.segments ENABLE ALWAYS TRIGGER segments_changed;
ALTER TABLE wishflags.segments ENABLE ALWAYS TRIGGER segments_truncated;

CREATE FUNCTION wishflags.segment_define(key text, definition jsonb, description text DEFAULT NULL, OUT version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_segment_define';
COMMENT ON FUNCTION wishflags.segment_define(text, jsonb, text) IS
'creates or changes a segment: listed keys and a condition, a column of a table, or a query';

CREATE FUNCTION wishflags.segment_refresh(key text)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_segment_refresh';
COMMENT ON FUNCTION wishflags.segment_refresh(text) IS
'runs the query of a segment as its definer and keeps the keys that it returns; how many they are';

-- The OpenFeature Remote Evaluation Protocol, for a bridge that speaks HTTP.

CREATE FUNCTION wishflags.ofrep_evaluate(key text, OUT status integer, OUT headers jsonb, INOUT body jsonb)
RETURNS record
LANGUAGE C STABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_ofrep_evaluate';
COMMENT ON FUNCTION wishflags.ofrep_evaluate(text, jsonb) IS
'OFREP''s POST /ofrep/v1/evaluate/flags/{key}: the answer to a request with this body';

CREATE FUNCTION wishflags.ofrep_evaluate_all(OUT status integer, OUT headers jsonb, INOUT body jsonb, if_none_match text DEFAULT NULL)
RETURNS record
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_ofrep_evaluate_all';
COMMENT ON FUNCTION wishflags.ofrep_evaluate_all(jsonb, text) IS
'OFREP''s POST /ofrep/v1/evaluate/flags: the answer with all flags that are client-visible; 304 where if_none_match is still right';

CREATE FUNCTION wishflags.ofrep_event(etag text DEFAULT NULL)
RETURNS text
LANGUAGE SQL STABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT 'data: ' || pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
			'type', 'refetchEvaluation', 'etag', etag,
			'lastModified', pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.statement_timestamp()))))::text || E'\n\n';
END;
COMMENT ON FUNCTION wishflags.ofrep_event(text) IS
'the server-sent event that tells OFREP clients to ask again; to be sent when a notification "wishflags" arrives';

REVOKE ALL ON TABLE wishflags.flag_documents, wishflags.segments, wishflags.segment_members,
	wishflags.segments_signal FROM PUBLIC;
REVOKE ALL ON FUNCTION
	wishflags.flag_documents_changed,
	wishflags.flag_documents_check,
	wishflags.flag_eval_all,
	wishflags.flag_eval_document,
	wishflags.flag_export,
	wishflags.flag_import,
	wishflags.flag_matching,
	wishflags.ofrep_evaluate,
	wishflags.ofrep_evaluate_all,
	wishflags.ofrep_event,
	wishflags.segment_define,
	wishflags.segment_refresh,
	wishflags.segments_changed,
	wishflags.segments_check,
	wishflags.segments_removed
FROM PUBLIC;

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

REVOKE ALL ON FUNCTION
	wishflags.registry_schema(text, text, jsonb),
	wishflags.registry_schema(regclass, text, jsonb),
	wishflags.registry_schema(regtype, text, jsonb),
	wishflags.registry_request,
	wishflags.registry_compat(text[], text, text, text),
	wishflags.registry_compat(text, text, text, text),
	wishflags.registry_compat(jsonb, jsonb, text, text),
	wishflags.registry_wire,
	wishflags.registry_wire_read
FROM PUBLIC;

-- A schema diff for people.

CREATE FUNCTION wishflags.schema_diff_render(from_snapshot jsonb, to_snapshot jsonb DEFAULT NULL, format text DEFAULT 'text', options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_schema_diff_render';

COMMENT ON FUNCTION wishflags.schema_diff_render(jsonb, jsonb, text, jsonb) IS
'what differs between two schema snapshots (NULL: the live database), for people: text, markdown, mermaid, dot, svg or html; options: all (pictures with unchanged tables too), max_tables (in a picture, default 30), picture (in markdown and html, default true), renames (hints)';

REVOKE ALL ON FUNCTION wishflags.schema_diff_render FROM PUBLIC;

-- Renames by hint, and two schemas of one database.

COMMENT ON FUNCTION wishflags.schema_diff(jsonb, jsonb, jsonb) IS
'what turns one schema snapshot into another (NULL: the live database), a row a change in the order of execution; options: online (default true), lock_timeout (5s online), rollback, allow_data_loss, renames (hints)';

COMMENT ON FUNCTION wishflags.schema_diff_sql(jsonb, jsonb, jsonb) IS
'the ordered script, with its own BEGIN and COMMIT, that turns one schema snapshot into another (NULL: the live database); options: online (default true), lock_timeout (5s online), rollback (the way back), allow_data_loss (default false), renames (hints)';

CREATE FUNCTION wishflags.schema_diff_schemas(from_schema name, to_schema name, options jsonb DEFAULT '{}',
	OUT ordinal int, OUT action text, OUT object_type text, OUT identity text, OUT attribute text,
	OUT from_value text, OUT to_value text, OUT sql text, OUT rollback_sql text, OUT severity text, OUT kind text,
	OUT lock_mode text, OUT transactional boolean, OUT evidence jsonb)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000 ROWS 100
AS 'MODULE_PATHNAME', 'wf_schema_diff_schemas';

COMMENT ON FUNCTION wishflags.schema_diff_schemas(name, name, jsonb) IS
'what turns one schema of this database into a copy of another one, rows and options as of schema_diff';

CREATE FUNCTION wishflags.schema_diff_schemas_sql(from_schema name, to_schema name, options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_schema_diff_schemas_sql';

COMMENT ON FUNCTION wishflags.schema_diff_schemas_sql(name, name, jsonb) IS
'the ordered script that turns one schema of this database into a copy of another one, options as of schema_diff_sql';

CREATE FUNCTION wishflags.schema_rename_suggest(from_snapshot jsonb, to_snapshot jsonb DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS jsonb
LANGUAGE SQL STABLE PARALLEL UNSAFE COST 100000
BEGIN ATOMIC
	SELECT options || pg_catalog.jsonb_build_object('renames',
			coalesce(options -> 'renames', '{}') || coalesce(pg_catalog.jsonb_object_agg(r.key, r.value), '{}'))
	FROM wishflags.schema_diff(from_snapshot, to_snapshot, options) d, pg_catalog.jsonb_each(d.evidence -> 'renames') r;
END;

COMMENT ON FUNCTION wishflags.schema_rename_suggest(jsonb, jsonb, jsonb) IS
'the options with a hint for each rename that looks likely, by what is dropped and created alike; to be read before they are used';

REVOKE ALL ON FUNCTION
	wishflags.schema_diff_schemas,
	wishflags.schema_diff_schemas_sql,
	wishflags.schema_rename_suggest
FROM PUBLIC;

-- Baselines: snapshots that were put aside, and what has changed since.

CREATE TABLE wishflags.schema_baselines (
	name text COLLATE "C" NOT NULL CHECK (name <> ''),
	version integer NOT NULL CHECK (version > 0),
	snapshot jsonb NOT NULL CHECK (pg_catalog.jsonb_typeof(snapshot) = 'object'),
	fingerprint text,
	created_at timestamptz NOT NULL,
	created_by text NOT NULL,
	PRIMARY KEY (name, version)
) USING heap;

COMMENT ON TABLE wishflags.schema_baselines IS 'schemas that were put aside by name, a row a version';
COMMENT ON COLUMN wishflags.schema_baselines.version IS 'counts the different schemas that the name has had; the highest is the one in force';
COMMENT ON COLUMN wishflags.schema_baselines.snapshot IS 'a schema snapshot, or a snapshot of Drizzle as it is';
COMMENT ON COLUMN wishflags.schema_baselines.fingerprint IS 'schema_fingerprint() of that schema; NULL for one of Drizzle, which the live database helps to read';

SELECT pg_catalog.pg_extension_config_dump('wishflags.schema_baselines', '');

CREATE VIEW wishflags.schema_baseline_overview AS
SELECT CASE WHEN pg_catalog.length(b.name) > 24
            THEN pg_catalog.substr(b.name, 1, 22) || '..' ELSE b.name END AS baseline,
       b.version,
       CASE WHEN b.snapshot OPERATOR(pg_catalog.?) 'dialect' THEN 'drizzle' ELSE 'snapshot' END AS kind,
       pg_catalog.substr(b.fingerprint, 1, 8) AS fingerprint,
       pg_catalog.to_char(b.created_at, 'YYYY-MM-DD HH24:MI') AS created,
       b.created_by AS "by"
FROM wishflags.schema_baselines b
ORDER BY b.name, b.version;

COMMENT ON VIEW wishflags.schema_baseline_overview IS 'all baselines, a narrow line each';

CREATE FUNCTION wishflags.schema_baseline(name text, schemas text[] DEFAULT NULL, options jsonb DEFAULT '{}', OUT version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_schema_baseline';

COMMENT ON FUNCTION wishflags.schema_baseline(text, text[], jsonb) IS
'puts the schema of this database (or of the named schemas) aside under a name, as a new version if it differs from the last one; options as of schema_snapshot';

CREATE FUNCTION wishflags.schema_baseline_import(name text, snapshot jsonb, OUT version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wf_schema_baseline_import';

COMMENT ON FUNCTION wishflags.schema_baseline_import(text, jsonb) IS
'puts a schema snapshot of elsewhere, or a snapshot of Drizzle (version 7 or 8), aside under a name';

CREATE FUNCTION wishflags.schema_baseline_snapshot(name text, version integer DEFAULT NULL)
RETURNS jsonb
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_schema_baseline_snapshot';

COMMENT ON FUNCTION wishflags.schema_baseline_snapshot(text, integer) IS
'the schema that was put aside under a name (version NULL: the last one), for schema_diff()';

CREATE FUNCTION wishflags.schema_baseline_drop(name text, version integer DEFAULT NULL, OUT dropped integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_schema_baseline_drop';

COMMENT ON FUNCTION wishflags.schema_baseline_drop(text, integer) IS
'forgets a baseline, or one version of it; how many versions that were';

CREATE FUNCTION wishflags.schema_drift(name text, options jsonb DEFAULT '{}',
	OUT ordinal int, OUT action text, OUT object_type text, OUT identity text, OUT attribute text,
	OUT from_value text, OUT to_value text, OUT sql text, OUT rollback_sql text, OUT severity text, OUT kind text,
	OUT lock_mode text, OUT transactional boolean, OUT evidence jsonb)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000 ROWS 10
AS 'MODULE_PATHNAME', 'wf_schema_drift_name';

COMMENT ON FUNCTION wishflags.schema_drift(text, jsonb) IS
'what the live database has that its baseline has not, and the other way round, a row a change; sql leads from the baseline to the database, rollback_sql back; options: version, online, lock_timeout, allow_data_loss';

CREATE FUNCTION wishflags.schema_drift(snapshot jsonb, options jsonb DEFAULT '{}',
	OUT ordinal int, OUT action text, OUT object_type text, OUT identity text, OUT attribute text,
	OUT from_value text, OUT to_value text, OUT sql text, OUT rollback_sql text, OUT severity text, OUT kind text,
	OUT lock_mode text, OUT transactional boolean, OUT evidence jsonb)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000 ROWS 10
AS 'MODULE_PATHNAME', 'wf_schema_drift_snapshot';

COMMENT ON FUNCTION wishflags.schema_drift(jsonb, jsonb) IS
'likewise from a schema snapshot or a snapshot of Drizzle (version 7 or 8), of which only what Drizzle models is compared';

CREATE FUNCTION wishflags.schema_from_drizzle(snapshot jsonb)
RETURNS jsonb
LANGUAGE C STABLE STRICT PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_schema_from_drizzle_sql';

COMMENT ON FUNCTION wishflags.schema_from_drizzle(jsonb) IS
'a snapshot of Drizzle (version 7 or 8) as a schema snapshot of what Drizzle models; types and expressions as this server shows them';

REVOKE ALL ON TABLE wishflags.schema_baselines, wishflags.schema_baseline_overview FROM PUBLIC;
REVOKE ALL ON FUNCTION
	wishflags.schema_baseline,
	wishflags.schema_baseline_drop,
	wishflags.schema_baseline_import,
	wishflags.schema_baseline_snapshot,
	wishflags.schema_drift(text, jsonb),
	wishflags.schema_drift(jsonb, jsonb),
	wishflags.schema_from_drizzle
FROM PUBLIC;

COMMENT ON FUNCTION wishflags.schema_snapshot(text[], jsonb) IS
'the schema of this database (or of the named schemas) as data: names and definitions, no OIDs; options: owners, grants, comments (default true), scope (drizzle, prisma: only what that tool models)';

-- Migrations run for real, and taken back.

CREATE FUNCTION wishflags.migration_rehearse(
	sql text,
	options jsonb DEFAULT '{}',
	OUT statement int,
	OUT line int,
	OUT command text,
	OUT outcome text,
	OUT milliseconds double precision,
	OUT rows bigint,
	OUT locks text[],
	OUT rewrites text[],
	OUT scans text[],
	OUT message text,
	OUT hint text,
	OUT evidence jsonb)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000 ROWS 20
AS 'MODULE_PATHNAME', 'wf_migration_rehearse';
COMMENT ON FUNCTION wishflags.migration_rehearse(text, jsonb) IS
'runs a migration for real and rolls all of it back: a row a statement with the locks it took, tables rewritten and read, rows and time; options: lock_timeout (500ms), timeout (30s), max_size (100MB), force, in_transaction, schema_diff (default true)';

CREATE FUNCTION wishflags.migration_rollback_sql(sql text, options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wf_migration_rollback_sql';
COMMENT ON FUNCTION wishflags.migration_rollback_sql(text, jsonb) IS
'the script that undoes what a migration would do to the schema, from how it is now; rehearses its DDL for that; options: online (default false), shelter (schema where migration_shelter_sql() keeps what is lost), lock_timeout, timeout, max_size, force, in_transaction';

CREATE FUNCTION wishflags.migration_shelter_sql(sql text, options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wf_migration_shelter_sql';
COMMENT ON FUNCTION wishflags.migration_shelter_sql(text, jsonb) IS
'the statements, to be run before a migration, that keep the rows and values it would lose where migration_rollback_sql() with the same option "shelter" (name of a schema; default shelter) finds them; other options as there';

CREATE FUNCTION wishflags.migration_rollback_test(
	up text,
	down text,
	options jsonb DEFAULT '{}',
	OUT result text,
	OUT object_type text,
	OUT identity text,
	OUT attribute text,
	OUT before_value text,
	OUT after_value text,
	OUT message text)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000 ROWS 10
AS 'MODULE_PATHNAME', 'wf_migration_rollback_test';
COMMENT ON FUNCTION wishflags.migration_rollback_test(text, text, jsonb) IS
'whether down brings the schema back that up has changed, by rehearsing both: a row with the verdict (same, different, failed), a row for what differs, what up loses, what was skipped or is not modelled; options: lock_timeout, timeout, max_size, force, in_transaction';

CREATE FUNCTION wishflags.migration_report(files jsonb, format text DEFAULT 'text', options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wf_migration_report';
COMMENT ON FUNCTION wishflags.migration_report(jsonb, text, jsonb) IS
'what migration_breaking_check() finds in many files ([{"file": name, "sql": text}, ...]), as text, markdown, json, sarif, junit, github or html; options as there';

CREATE TABLE wishflags.migration_runs (
	id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	recorded_at timestamptz NOT NULL,
	recorded_by text NOT NULL,
	git_commit text,
	git_branch text,
	git_author text,
	command text,
	files integer NOT NULL CHECK (files >= 0),
	milliseconds double precision
) USING heap;

COMMENT ON TABLE wishflags.migration_runs IS 'checks of migrations whose findings were kept, a row a run';
COMMENT ON COLUMN wishflags.migration_runs.recorded_by IS 'role that recorded it';
COMMENT ON COLUMN wishflags.migration_runs.git_author IS 'author of the commit that was checked';
COMMENT ON COLUMN wishflags.migration_runs.command IS 'what was run';
COMMENT ON COLUMN wishflags.migration_runs.files IS 'how many files were checked';
COMMENT ON COLUMN wishflags.migration_runs.milliseconds IS 'that the check of all files took; NULL where it was not timed';

CREATE TABLE wishflags.migration_run_findings (
	run uuid NOT NULL REFERENCES wishflags.migration_runs ON DELETE CASCADE,
	ordinal integer NOT NULL,
	file text NOT NULL,
	line integer,
	rule text NOT NULL,
	severity text NOT NULL CHECK (severity IN ('info', 'low', 'medium', 'high', 'critical')),
	object text,
	message text NOT NULL,
	PRIMARY KEY (run, ordinal)
) USING heap;

COMMENT ON TABLE wishflags.migration_run_findings IS 'what a run found, a row a finding';
COMMENT ON COLUMN wishflags.migration_run_findings.ordinal IS 'place in the report';

CREATE TABLE wishflags.migration_run_skips (
	run uuid NOT NULL REFERENCES wishflags.migration_runs ON DELETE CASCADE,
	ordinal integer NOT NULL,
	file text NOT NULL,
	line integer,
	rules text[] NOT NULL,
	used boolean NOT NULL,
	reason text,
	until text,
	author text,
	PRIMARY KEY (run, ordinal)
) USING heap;

COMMENT ON TABLE wishflags.migration_run_skips IS 'comments in the files of a run that take findings back';
COMMENT ON COLUMN wishflags.migration_run_skips.rules IS 'that it speaks of; empty: all';
COMMENT ON COLUMN wishflags.migration_run_skips.used IS 'whether it took something back';
COMMENT ON COLUMN wishflags.migration_run_skips.author IS 'who wrote the comment, as git blame tells it';

SELECT pg_catalog.pg_extension_config_dump('wishflags.migration_runs', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.migration_run_findings', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.migration_run_skips', '');

CREATE FUNCTION wishflags.migration_record(report jsonb, run jsonb DEFAULT '{}')
RETURNS uuid
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wf_migration_record';
COMMENT ON FUNCTION wishflags.migration_record(jsonb, jsonb) IS
'keeps the findings of a run, given as migration_report() writes them in format json; run may say git_commit, git_branch, git_author and command; returns the id of the run; whoever may call it needs no right on the tables';

-- A finding counts once a month, however often it was checked.
CREATE VIEW wishflags.schema_health AS
SELECT h.month, h.rule, h.severity, h.author, h.findings, h.skips
FROM (
	SELECT pg_catalog.to_char(r.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, f.rule, f.severity,
		COALESCE(r.git_author, r.recorded_by) AS author,
		pg_catalog.count(DISTINCT (f.file, f.object, f.message)) AS findings, 0::bigint AS skips
	FROM wishflags.migration_runs r JOIN wishflags.migration_run_findings f ON f.run = r.id
	GROUP BY 1, 2, 3, 4
	UNION ALL
	SELECT pg_catalog.to_char(r.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM'), s.rule, NULL,
		COALESCE(k.author, r.git_author, r.recorded_by), 0, pg_catalog.count(DISTINCT (k.file, k.line, k.reason))
	FROM wishflags.migration_runs r JOIN wishflags.migration_run_skips k ON k.run = r.id AND k.used,
		pg_catalog.unnest(CASE WHEN k.rules = '{}' THEN '{all}' ELSE k.rules END) s(rule)
	GROUP BY 1, 2, 3, 4) h
ORDER BY h.month DESC, h.rule, h.severity, h.author;

COMMENT ON VIEW wishflags.schema_health IS
'what recorded checks found: findings by month, rule, severity and author, and how often whose comments took one back';

REVOKE ALL ON TABLE wishflags.migration_runs, wishflags.migration_run_findings, wishflags.migration_run_skips,
	wishflags.schema_health FROM PUBLIC;
CREATE FUNCTION wishflags.migration_stats_export()
RETURNS jsonb
LANGUAGE SQL STABLE PARALLEL RESTRICTED COST 10000
BEGIN ATOMIC
	WITH RECURSIVE known AS (
		SELECT c.oid, c.relkind, format('%I.%I', n.nspname, c.relname) AS name,
			pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
			OR (has_schema_privilege(n.oid, 'USAGE')
				AND (has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
					OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))) AS visible
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
			AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
	), part AS (
		SELECT k.oid AS whole, k.oid AS leaf FROM known k WHERE k.visible
		UNION ALL
		SELECT p.whole, i.inhrelid
		FROM part p JOIN pg_class c ON c.oid = p.leaf AND c.relkind = 'p'
			JOIN pg_inherits i ON i.inhparent = p.leaf
	), size AS (
		SELECT p.whole, c.oid, c.reltuples, c.relpages, pg_relation_size(c.oid) AS bytes, pg_indexes_size(c.oid) AS index_bytes,
			pg_stat_get_live_tuples(c.oid) AS live,
			pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid) AS writes,
			pg_stat_get_numscans(c.oid)
			+ coalesce((SELECT sum(pg_stat_get_numscans(i.indexrelid)) FROM pg_index i WHERE i.indrelid = c.oid), 0) AS scans,
			greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) AS analyzed_at
		FROM part p JOIN pg_class c ON c.oid = p.leaf
		WHERE c.relkind IN ('r', 'm')
	), counted AS (
		-- As the planner does: rows a page when last looked at, times the pages of now.
		SELECT s.*, CASE WHEN s.bytes = 0 THEN 0
				WHEN s.reltuples >= 0 AND s.relpages > 0
					THEN round((s.reltuples / s.relpages * (s.bytes / current_setting('block_size')::int))::numeric)
				WHEN s.live > 0 THEN s.live END AS rows
		FROM size s WHERE s.bytes IS NOT NULL
	), since AS (
		-- Counters outlive a restart; those of the whole server know since when.
		SELECT coalesce(d.stats_reset, least(b.stats_reset, a.stats_reset)) AS at
		FROM pg_stat_database d, pg_stat_bgwriter b, pg_stat_archiver a WHERE d.datname = current_database()
	), measured AS (
		SELECT k.name, jsonb_build_object(
			'kind', CASE k.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' ELSE 'materialized view' END,
			'rows', CASE WHEN count(c.oid) = count(c.rows) THEN coalesce(sum(c.rows), 0) END,
			'bytes', coalesce(sum(c.bytes), 0),
			'index_bytes', coalesce(sum(c.index_bytes), 0),
			'writes_per_second', round((coalesce(sum(c.writes), 0)
				/ greatest(extract(epoch FROM now() - (SELECT at FROM since)), 1))::numeric, 6),
			'scans_per_second', round((coalesce(sum(c.scans), 0)
				/ greatest(extract(epoch FROM now() - (SELECT at FROM since)), 1))::numeric, 6),
			'analyzed_at', CASE WHEN count(c.oid) = count(c.analyzed_at)
				THEN to_char(min(c.analyzed_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END) AS sizes
		FROM known k LEFT JOIN counted c ON c.whole = k.oid
		WHERE k.visible
		GROUP BY k.oid, k.name, k.relkind
	)
	SELECT jsonb_build_object(
		'format', 'wishflags-stats',
		'version', 1,
		'taken_at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
		'counted_since', (SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM since),
		'counted_seconds', (SELECT round(extract(epoch FROM now() - at)) FROM since),
		'server_version', current_setting('server_version_num')::int,
		'platform', CASE WHEN EXISTS (SELECT FROM pg_proc WHERE proname = 'aurora_version') THEN 'aurora'
			ELSE coalesce((SELECT r.platform
				FROM (VALUES ('rds_superuser', 'rds'), ('cloudsqlsuperuser', 'cloudsql'),
					('azure_pg_admin', 'azure'), ('supabase_admin', 'supabase')) r(name, platform)
				WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = r.name) LIMIT 1), 'postgresql') END,
		'database', current_database(),
		'settings', (SELECT jsonb_object_agg(name, current_setting(name)) FROM pg_settings
			WHERE name IN ('block_size', 'maintenance_work_mem', 'max_parallel_maintenance_workers', 'max_wal_size',
				'shared_buffers', 'wal_level')),
		'hidden_tables', (SELECT count(*) FROM known WHERE visible IS NOT TRUE),
		'tables', coalesce((SELECT jsonb_object_agg(name, sizes) FROM measured), '{}'))
;
END;
COMMENT ON FUNCTION wishflags.migration_stats_export() IS
'sizes of the tables that the caller may see (rows, bytes, writes a second; no data), for the option "stats" of checks elsewhere; format wishflags-stats, version 1';

CREATE TABLE wishflags.migration_rates (
	work text PRIMARY KEY CHECK (work IN ('scan', 'index', 'rewrite')),
	bytes_per_second double precision NOT NULL CHECK (bytes_per_second > 0),
	measured_bytes bigint NOT NULL,
	measured_at timestamptz NOT NULL DEFAULT now());
COMMENT ON TABLE wishflags.migration_rates IS
'how fast this server works on a table, as migration_calibrate() has measured; of the machine, so that a dump leaves it out';

CREATE FUNCTION wishflags.migration_calibrate(options jsonb DEFAULT '{}')
RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_migration_calibrate';
COMMENT ON FUNCTION wishflags.migration_calibrate(jsonb) IS
'measures how fast this server reads, indexes and rewrites a table of its own, which is rolled back, into migration_rates; options: size (32MB), timeout (10s)';

CREATE FUNCTION wishflags.migration_estimate(
	sql text,
	options jsonb DEFAULT '{}',
	OUT statement int,
	OUT line int,
	OUT command text,
	OUT object text,
	OUT lock_mode text,
	OUT work text,
	OUT bytes bigint,
	OUT seconds double precision,
	OUT blocks text,
	OUT blocked_seconds double precision,
	OUT rate text)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 20
AS 'MODULE_PATHNAME', 'wf_migration_estimate_text';
COMMENT ON FUNCTION wishflags.migration_estimate(text, jsonb) IS
'a row a statement: lock, work on the rows (none, scan, index, rewrite), bytes, seconds by the rates of this server, whom it blocks and for how long (to the end of its transaction); runs nothing; options: in_transaction, assume_populated, target_version, stats';
CREATE FUNCTION wishflags.sandbox_create(
	schemas text[] DEFAULT NULL,
	sample jsonb DEFAULT '{}',
	mask jsonb DEFAULT '{}',
	OUT ordinal int,
	OUT step text,
	OUT object text,
	OUT rows bigint,
	OUT message text,
	OUT sql text,
	OUT evidence jsonb)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000 ROWS 100
AS 'MODULE_PATHNAME', 'wf_sandbox_create';
COMMENT ON FUNCTION wishflags.sandbox_create(text[], jsonb, jsonb) IS
'the schema of this database (or of the named schemas) with some of its rows and all that they refer to, masked: steps whose column sql is a script for psql in an empty database; sample: rows (default 1000 a table), percent, where, seed, max_rows, tables; mask: "suggested", or a rule a column';

CREATE FUNCTION wishflags.migration_impact(
	object text,
	options jsonb DEFAULT '{}',
	OUT statement int,
	OUT target text,
	OUT change text,
	OUT kind text,
	OUT identity text,
	OUT how text,
	OUT columns text[],
	OUT via text,
	OUT severity text,
	OUT calls bigint,
	OUT mean_time double precision,
	OUT total_time double precision,
	OUT roles text[],
	OUT application_name text,
	OUT service text,
	OUT owner text,
	OUT evidence jsonb)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000 ROWS 20
AS 'MODULE_PATHNAME', 'wf_migration_impact';
COMMENT ON FUNCTION wishflags.migration_impact(text, jsonb) IS
'what a change reaches, a row a thing: views, function bodies, policies, triggers, keys, publications, statements, samples, services; of a named object (table, table.column, view, type, function(types)) or of all that a migration changes; options: change (of a named object: drop (default), rename, retype, constrain, replace, extend), severity (least one)';

-- Who uses what, said by people.
CREATE TABLE wishflags.services (
	name text COLLATE "C" PRIMARY KEY CHECK (name <> ''),
	owner text NOT NULL CHECK (owner <> ''),
	contact text CHECK (contact <> ''),
	application_name text CHECK (application_name <> ''),
	roles text[] NOT NULL DEFAULT '{}',
	objects text[] NOT NULL DEFAULT '{}',
	CONSTRAINT services_are_recognizable CHECK (
		application_name IS NOT NULL OR roles OPERATOR(pg_catalog.<>) '{}' OR objects OPERATOR(pg_catalog.<>) '{}')
) USING heap;
COMMENT ON TABLE wishflags.services IS 'services that use this database, and who answers for them; migration_impact() names them';
COMMENT ON COLUMN wishflags.services.application_name IS 'pattern of LIKE for the application_name of its sessions';
COMMENT ON COLUMN wishflags.services.roles IS 'roles that its sessions run as';
COMMENT ON COLUMN wishflags.services.objects IS 'what it uses: schema.table, schema.table.column, schema.type or schema.function';
SELECT pg_catalog.pg_extension_config_dump('wishflags.services', '');

CREATE FUNCTION wishflags.services_check()
RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_services_check';
COMMENT ON FUNCTION wishflags.services_check() IS
'trigger of services: names of objects must be qualified, and are written as the server writes them';

CREATE TRIGGER services_check BEFORE INSERT OR UPDATE ON wishflags.services
FOR EACH ROW EXECUTE FUNCTION wishflags.services_check();

-- Who uses what, as samples saw it.
CREATE FUNCTION wishflags.impact_samples(
	OUT relation text,
	OUT reads text[],
	OUT writes text[],
	OUT role text,
	OUT application_name text,
	OUT route text,
	OUT calls bigint,
	OUT first_seen timestamptz,
	OUT last_seen timestamptz)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 1000 ROWS 100
AS 'MODULE_PATHNAME', 'wf_impact_samples';
COMMENT ON FUNCTION wishflags.impact_samples() IS
'which columns of which relations sessions of this database were seen to read and write, by role, application_name and route, since server start; of other roles only to pg_read_all_stats; needs shared_preload_libraries and wishflags.impact_sample_rate';

CREATE FUNCTION wishflags.impact_samples_status(
	OUT loaded boolean,
	OUT rate double precision,
	OUT entries bigint,
	OUT missed bigint,
	OUT evicted bigint)
RETURNS record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 10
AS 'MODULE_PATHNAME', 'wf_impact_samples_status';
COMMENT ON FUNCTION wishflags.impact_samples_status() IS
'whether the server samples, this session''s rate, kinds of use that the sample holds, samples missed because it was being written, kinds that made room for others';

CREATE FUNCTION wishflags.impact_samples_reset()
RETURNS bigint
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_impact_samples_reset';
COMMENT ON FUNCTION wishflags.impact_samples_reset() IS
'forgets the samples of all databases of the server; how many kinds of use that were';

-- The same without preloading: one look at a time.  Not dumped: it tells of this server.
CREATE TABLE wishflags.impact_activity (
	relation text COLLATE "C" NOT NULL,
	role text COLLATE "C" NOT NULL,
	application_name text COLLATE "C" NOT NULL,
	route text COLLATE "C" NOT NULL,
	reads text[] NOT NULL,
	writes text[] NOT NULL,
	seen bigint NOT NULL,
	first_seen timestamptz NOT NULL,
	last_seen timestamptz NOT NULL,
	PRIMARY KEY (relation, role, application_name, route)
) USING heap;
COMMENT ON TABLE wishflags.impact_activity IS 'which columns of which relations the queries named that impact_sample() has seen';

CREATE FUNCTION wishflags.impact_sample(
	OUT sessions int,
	OUT read int,
	OUT hidden int,
	OUT cut int,
	OUT unread int,
	OUT stored int)
RETURNS record
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wf_impact_sample';
COMMENT ON FUNCTION wishflags.impact_sample() IS
'looks once at what the other sessions of this database run or ran last, and adds the columns that their queries name to impact_activity: sessions there were, queries read, hidden from the caller, cut off by track_activity_query_size, not parsed, and mentions of relations stored';

REVOKE ALL ON TABLE wishflags.services, wishflags.impact_activity FROM PUBLIC;
REVOKE ALL ON FUNCTION
	wishflags.migration_record,
	wishflags.migration_report,
	wishflags.migration_impact,
	wishflags.services_check,
	wishflags.impact_samples,
	wishflags.impact_samples_status,
	wishflags.impact_samples_reset,
	wishflags.impact_sample,
	wishflags.migration_rehearse,
	wishflags.migration_rollback_sql,
	wishflags.migration_rollback_test,
	wishflags.migration_stats_export,
	wishflags.migration_estimate,
	wishflags.migration_calibrate,
	wishflags.migration_shelter_sql,
	wishflags.sandbox_create
FROM PUBLIC;
REVOKE ALL ON TABLE wishflags.migration_rates FROM PUBLIC;

-- Changes of enums as steps.

CREATE FUNCTION wishflags.enum_plan(
	type text,
	operation text,
	options jsonb DEFAULT '{}',
	OUT step int,
	OUT transaction int,
	OUT sql text,
	OUT lock_mode text,
	OUT blocks text,
	OUT rows bigint,
	OUT comment text)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000 ROWS 20
AS 'MODULE_PATHNAME', 'wf_enum_plan';
COMMENT ON FUNCTION wishflags.enum_plan(text, text, jsonb) IS
'the statements that change an enum, a row a step, ready to run under the guard; operations: add, rename_value, rename_type, reorder, remove, merge; options: value, before, after, to, values, replace_with, reason, lock_timeout (5s), count_rows (true), count_timeout (2000 ms)';

REVOKE ALL ON FUNCTION wishflags.enum_plan FROM PUBLIC;

-- Severities and switches of rules, and the policy as a document.

-- What differs from the registry; the view migration_policies_effective shows all.
CREATE TABLE wishflags.migration_policies (
	rule text COLLATE "C" PRIMARY KEY,
	enabled boolean NOT NULL DEFAULT true,
	severity text,
	reason text NOT NULL CHECK (pg_catalog.btrim(reason) <> ''),
	changed_at timestamptz NOT NULL,
	changed_by text NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.migration_policies IS
'rules of the migration checker that are switched off or have another severity here, a row each';
COMMENT ON COLUMN wishflags.migration_policies.rule IS 'name in migration_rules';
COMMENT ON COLUMN wishflags.migration_policies.enabled IS 'false: the rule is not run, unless a check asks for it by the option only';
COMMENT ON COLUMN wishflags.migration_policies.severity IS 'in place of the base severity; NULL keeps that';
COMMENT ON COLUMN wishflags.migration_policies.reason IS 'why, wishflags.reason where it is not given; the policy page shows it';
COMMENT ON COLUMN wishflags.migration_policies.changed_at IS 'filled in; given only when a row is restored';
COMMENT ON COLUMN wishflags.migration_policies.changed_by IS 'filled in: who logged in; given only when a row is restored';

CREATE TABLE wishflags.migration_policy_history (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	action text NOT NULL CHECK (action IN ('insert', 'update', 'delete', 'truncate')),
	before jsonb,
	after jsonb,
	reason text,
	acting_role text NOT NULL,
	outer_role text NOT NULL,
	login_role text NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.migration_policy_history IS 'every change of migration_policies: the row before and after, and who did it';
COMMENT ON COLUMN wishflags.migration_policy_history.reason IS 'value of wishflags.reason; NULL: it was not set';
COMMENT ON COLUMN wishflags.migration_policy_history.acting_role IS 'current_user';
COMMENT ON COLUMN wishflags.migration_policy_history.outer_role IS 'user outside of SECURITY DEFINER functions';
COMMENT ON COLUMN wishflags.migration_policy_history.login_role IS 'session_user';

SELECT pg_catalog.pg_extension_config_dump('wishflags.migration_policies', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.migration_policy_history', '');

CREATE FUNCTION wishflags.migration_policies_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_migration_policies_check';
COMMENT ON FUNCTION wishflags.migration_policies_check() IS 'trigger: validates a row against the registry of rules';
CREATE FUNCTION wishflags.migration_policies_audit() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_migration_policies_audit';
COMMENT ON FUNCTION wishflags.migration_policies_audit() IS 'trigger: writes a change to migration_policy_history';

CREATE TRIGGER migration_policies_check BEFORE INSERT OR UPDATE ON wishflags.migration_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.migration_policies_check();
CREATE TRIGGER migration_policies_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.migration_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.migration_policies_audit();
CREATE TRIGGER migration_policies_truncated AFTER TRUNCATE ON wishflags.migration_policies
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.migration_policies_audit();

CREATE FUNCTION wishflags.migration_policies_list(
	OUT rule text,
	OUT enabled boolean,
	OUT severity text,
	OUT base_severity text,
	OUT changed boolean,
	OUT reason text,
	OUT policy text)
RETURNS SETOF record
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100 ROWS 100
AS 'MODULE_PATHNAME', 'wf_migration_policies_list';
COMMENT ON FUNCTION wishflags.migration_policies_list() IS
'the rules of the migration checker as they are in force; see the view migration_policies_effective';

CREATE VIEW wishflags.migration_policies_effective AS
SELECT rule, enabled, severity, base_severity, changed, reason, policy
FROM wishflags.migration_policies_list();
COMMENT ON VIEW wishflags.migration_policies_effective IS
'all rules of the migration checker as they are in force here: switch, severity, and why where a row of migration_policies changes them';

CREATE FUNCTION wishflags.migration_policy(format text DEFAULT 'markdown')
RETURNS text
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_migration_policy';
COMMENT ON FUNCTION wishflags.migration_policy(text) IS
'the schema evolution policy as one document, from the registry of rules and migration_policies: markdown or json';

REVOKE ALL ON TABLE wishflags.migration_policies, wishflags.migration_policy_history, wishflags.migration_policies_effective FROM PUBLIC;
REVOKE ALL ON FUNCTION
	wishflags.migration_policies_check,
	wishflags.migration_policies_audit,
	wishflags.migration_policies_list,
	wishflags.migration_policy
FROM PUBLIC;

-- How long checks take.

CREATE FUNCTION wishflags.migration_check_stats_list(
	OUT scope text,
	OUT rule text,
	OUT calls bigint,
	OUT total_ms double precision,
	OUT mean_ms double precision,
	OUT max_ms double precision)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 100 ROWS 100
AS 'MODULE_PATHNAME', 'wf_migration_check_stats_list';
COMMENT ON FUNCTION wishflags.migration_check_stats_list() IS
'how long checks have taken; see the view migration_check_stats';

CREATE VIEW wishflags.migration_check_stats AS
SELECT scope, rule, calls, total_ms, mean_ms, max_ms
FROM wishflags.migration_check_stats_list();
COMMENT ON VIEW wishflags.migration_check_stats IS
'how long the checks of this session have taken, and of the server where the library is in shared_preload_libraries: a row a rule, and one with rule NULL for whole runs';

CREATE FUNCTION wishflags.migration_check_stats_reset()
RETURNS void
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10
AS 'MODULE_PATHNAME', 'wf_migration_check_stats_reset';
COMMENT ON FUNCTION wishflags.migration_check_stats_reset() IS
'forgets the times of migration_check_stats, of this session and of the server';

REVOKE ALL ON TABLE wishflags.migration_check_stats FROM PUBLIC;
REVOKE ALL ON FUNCTION wishflags.migration_check_stats_list, wishflags.migration_check_stats_reset FROM PUBLIC;

-- A migration in plain words.

CREATE FUNCTION wishflags.migration_describe(sql text, options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_migration_describe';
COMMENT ON FUNCTION wishflags.migration_describe(text, jsonb) IS
'what a migration does, in plain words by object, with the locks that make others wait and the worst findings; runs nothing; options: format (comment, markdown, text), in_transaction, assume_populated';

REVOKE ALL ON FUNCTION wishflags.migration_describe FROM PUBLIC;

-- The registry tells what the guard does about a rule.

DROP VIEW wishflags.migration_rules;
DROP FUNCTION wishflags.migration_rules_list();
CREATE FUNCTION wishflags.migration_rules_list(
	OUT rule text,
	OUT severity text,
	OUT kind text,
	OUT policy text,
	OUT description text,
	OUT guard text)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10 ROWS 100
AS 'MODULE_PATHNAME', 'wf_migration_rules_list';
COMMENT ON FUNCTION wishflags.migration_rules_list() IS
'the rules of the migration checker; see the view migration_rules';

CREATE VIEW wishflags.migration_rules AS
SELECT rule, severity, kind, policy, description, guard
FROM wishflags.migration_rules_list();
COMMENT ON VIEW wishflags.migration_rules IS
'the rules of the migration checker and the guard: base severity, kind, section of the policy, meaning, and what the guard does unless told otherwise (never: it can''t judge a live command by it)';
REVOKE ALL ON TABLE wishflags.migration_rules FROM PUBLIC;
REVOKE ALL ON FUNCTION wishflags.migration_rules_list FROM PUBLIC;

-- The guard's policy: what it does about the findings of each rule.

ALTER TABLE wishflags.guard_log DROP CONSTRAINT guard_log_outcome_check;
ALTER TABLE wishflags.guard_log ADD CONSTRAINT guard_log_outcome_check
	CHECK (outcome IN ('refused', 'warned', 'noticed', 'allowed', 'approved', 'bypassed', 'restored', 'noted'));
COMMENT ON COLUMN wishflags.guard_log.outcome IS
'refused; warned (by the policy, or wishflags.guard = warn); noticed; allowed (guard_allow); approved (a statement of an approved schema change); bypassed (wishflags.bypass); restored (a superuser restored a dump); noted (an event trigger of the guard was changed)';
COMMENT ON COLUMN wishflags.guard_log.reason IS 'value of wishflags.bypass, or reason of the allowance';

-- What differs from the registry; the view guard_effective shows all.
CREATE TABLE wishflags.guard_policies (
	name text COLLATE "C" PRIMARY KEY,
	rule text COLLATE "C" NOT NULL,
	action text NOT NULL,
	ordinal integer NOT NULL DEFAULT 100,
	enabled boolean NOT NULL DEFAULT true,
	min_rows bigint CHECK (min_rows >= 0),
	min_bytes bigint CHECK (min_bytes >= 0),
	schemas text[],
	roles text[],
	environments text[],
	days text[],
	from_time time,
	until_time time,
	time_zone text NOT NULL DEFAULT 'UTC',
	valid_from timestamptz,
	valid_until timestamptz,
	requires_approval boolean NOT NULL DEFAULT false,
	reason text NOT NULL CHECK (pg_catalog.btrim(reason) <> ''),
	owner text,
	changed_at timestamptz NOT NULL,
	changed_by text NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.guard_policies IS
'what the guard does where that differs from the registry of rules; of the rows that match the most specific counts: rule, kind, severity, all; among these the lowest ordinal, then the name';
COMMENT ON COLUMN wishflags.guard_policies.name IS 'told by refusals; left out: as the rule';
COMMENT ON COLUMN wishflags.guard_policies.rule IS 'a rule of migration_rules, kind:data-loss, severity:high (and above) or all';
COMMENT ON COLUMN wishflags.guard_policies.action IS 'off, notice, warn or block';
COMMENT ON COLUMN wishflags.guard_policies.ordinal IS 'the lowest counts where rows are equally specific';
COMMENT ON COLUMN wishflags.guard_policies.enabled IS 'false: the row does not count';
COMMENT ON COLUMN wishflags.guard_policies.min_rows IS 'only for tables with so many rows; a number that is not known counts as many';
COMMENT ON COLUMN wishflags.guard_policies.min_bytes IS 'only for tables of this size';
COMMENT ON COLUMN wishflags.guard_policies.schemas IS 'only for objects in these schemas; NULL: all';
COMMENT ON COLUMN wishflags.guard_policies.roles IS 'only where the current role is one of these or a member; NULL: all';
COMMENT ON COLUMN wishflags.guard_policies.environments IS 'only where wishflags.environment is one of these; NULL: all';
COMMENT ON COLUMN wishflags.guard_policies.days IS 'only on these days: mon, tue, wed, thu, fri, sat, sun; NULL: all';
COMMENT ON COLUMN wishflags.guard_policies.from_time IS 'only from this time of the day on';
COMMENT ON COLUMN wishflags.guard_policies.until_time IS 'only before this time; earlier than from_time: of the next day';
COMMENT ON COLUMN wishflags.guard_policies.time_zone IS 'of days and times';
COMMENT ON COLUMN wishflags.guard_policies.valid_from IS 'only from this moment on';
COMMENT ON COLUMN wishflags.guard_policies.valid_until IS 'only before this moment';
COMMENT ON COLUMN wishflags.guard_policies.requires_approval IS 'the block is for changes that nobody has approved';
COMMENT ON COLUMN wishflags.guard_policies.reason IS 'why, wishflags.reason where it is not given; refusals tell it';
COMMENT ON COLUMN wishflags.guard_policies.owner IS 'team or person to ask';
COMMENT ON COLUMN wishflags.guard_policies.changed_at IS 'filled in; given only when a row is restored';
COMMENT ON COLUMN wishflags.guard_policies.changed_by IS 'filled in: who logged in; given only when a row is restored';

-- What is allowed for a time; it is about this database, so it is not dumped.
CREATE TABLE wishflags.guard_allowances (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	rule text COLLATE "C" NOT NULL,
	object text COLLATE "C",
	role text COLLATE "C" NOT NULL,
	valid_until timestamptz,
	reason text NOT NULL,
	changed_at timestamptz NOT NULL,
	changed_by text NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.guard_allowances IS
'what the guard lets a role do for a time although a rule blocks it; see guard_allow()';
COMMENT ON COLUMN wishflags.guard_allowances.rule IS 'rule that blocks it';
COMMENT ON COLUMN wishflags.guard_allowances.object IS 'qualified name, as the refusal gives it; NULL: any object';
COMMENT ON COLUMN wishflags.guard_allowances.role IS 'role that may, and its members';
COMMENT ON COLUMN wishflags.guard_allowances.valid_until IS 'when it ends; NULL: with the transaction that wrote it';
COMMENT ON COLUMN wishflags.guard_allowances.reason IS 'why; guard_log tells it for each use';
COMMENT ON COLUMN wishflags.guard_allowances.changed_at IS 'filled in';
COMMENT ON COLUMN wishflags.guard_allowances.changed_by IS 'filled in: who logged in';

CREATE TABLE wishflags.guard_policy_history (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	action text NOT NULL CHECK (action IN ('insert', 'update', 'delete', 'truncate')),
	before jsonb,
	after jsonb,
	reason text,
	acting_role text NOT NULL,
	outer_role text NOT NULL,
	login_role text NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.guard_policy_history IS
'every change of guard_policies and guard_allowances: the row before and after, and who did it';
COMMENT ON COLUMN wishflags.guard_policy_history.reason IS 'value of wishflags.reason; NULL: it was not set';
COMMENT ON COLUMN wishflags.guard_policy_history.acting_role IS 'current_user';
COMMENT ON COLUMN wishflags.guard_policy_history.outer_role IS 'user outside of SECURITY DEFINER functions';
COMMENT ON COLUMN wishflags.guard_policy_history.login_role IS 'session_user';

SELECT pg_catalog.pg_extension_config_dump('wishflags.guard_policies', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.guard_policy_history', '');

CREATE FUNCTION wishflags.guard_policies_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_guard_policies_check';
COMMENT ON FUNCTION wishflags.guard_policies_check() IS 'trigger: validates a policy';
CREATE FUNCTION wishflags.guard_allowances_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_guard_allowances_check';
COMMENT ON FUNCTION wishflags.guard_allowances_check() IS 'trigger: validates an allowance';
CREATE FUNCTION wishflags.guard_policies_audit() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_guard_policies_audit';
COMMENT ON FUNCTION wishflags.guard_policies_audit() IS 'trigger: writes a change to guard_policy_history';
CREATE FUNCTION wishflags.guard_policies_signal() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10 AS 'MODULE_PATHNAME', 'wf_guard_policies_signal';
COMMENT ON FUNCTION wishflags.guard_policies_signal() IS 'trigger: makes all sessions read the policies again';

CREATE TRIGGER guard_policies_check BEFORE INSERT OR UPDATE ON wishflags.guard_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.guard_policies_check();
CREATE TRIGGER guard_policies_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.guard_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.guard_policies_audit();
CREATE TRIGGER guard_policies_truncated AFTER TRUNCATE ON wishflags.guard_policies
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.guard_policies_audit();
CREATE TRIGGER guard_allowances_check BEFORE INSERT OR UPDATE ON wishflags.guard_allowances
FOR EACH ROW EXECUTE FUNCTION wishflags.guard_allowances_check();
CREATE TRIGGER guard_allowances_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.guard_allowances
FOR EACH ROW EXECUTE FUNCTION wishflags.guard_policies_audit();
CREATE TRIGGER guard_allowances_truncated AFTER TRUNCATE ON wishflags.guard_allowances
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.guard_policies_audit();

-- Sessions hear of a change also where it comes by replication.
CREATE TRIGGER guard_policies_signal AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON wishflags.guard_policies
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.guard_policies_signal();
CREATE TRIGGER guard_policies_signal_row AFTER INSERT OR UPDATE OR DELETE ON wishflags.guard_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.guard_policies_signal();
CREATE TRIGGER guard_allowances_signal AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON wishflags.guard_allowances
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.guard_policies_signal();
CREATE TRIGGER guard_allowances_signal_row AFTER INSERT OR UPDATE OR DELETE ON wishflags.guard_allowances
FOR EACH ROW EXECUTE FUNCTION wishflags.guard_policies_signal();
CREATE TRIGGER migration_policies_signal AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON wishflags.migration_policies
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.guard_policies_signal();
CREATE TRIGGER migration_policies_signal_row AFTER INSERT OR UPDATE OR DELETE ON wishflags.migration_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.guard_policies_signal();
ALTER TABLE wishflags.guard_policies ENABLE ALWAYS TRIGGER guard_policies_signal_row;
ALTER TABLE wishflags.guard_allowances ENABLE ALWAYS TRIGGER guard_allowances_signal_row;
ALTER TABLE wishflags.migration_policies ENABLE ALWAYS TRIGGER migration_policies_signal_row;

CREATE FUNCTION wishflags.guard_effective_list(
	OUT rule text,
	OUT action text,
	OUT source text,
	OUT policy text,
	OUT only_for text,
	OUT otherwise text,
	OUT severity text,
	OUT kind text,
	OUT reason text)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 100 ROWS 100
AS 'MODULE_PATHNAME', 'wf_guard_effective_list';
COMMENT ON FUNCTION wishflags.guard_effective_list() IS
'what the guard does about each rule here and now; see the view guard_effective';

CREATE VIEW wishflags.guard_effective AS
SELECT rule, action, source, policy, only_for, otherwise, severity, kind, reason
FROM wishflags.guard_effective_list();
COMMENT ON VIEW wishflags.guard_effective IS
'what the guard does about each rule for the current role, environment and moment, and where that comes from: default (the registry), policy (a row of guard_policies) or migration_policies (switched off there); otherwise: for the objects that only_for leaves out';

CREATE FUNCTION wishflags.guard_action(
	rule text,
	object text,
	evidence jsonb,
	OUT action text,
	OUT policy text,
	OUT requires_approval boolean,
	OUT allowed text)
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED COST 100
AS 'MODULE_PATHNAME', 'wf_guard_action';
COMMENT ON FUNCTION wishflags.guard_action(text, text, jsonb) IS
'what the guard would do about a finding of migration_breaking_check(), given its rule, object and evidence';

CREATE FUNCTION wishflags.guard_check_deprecated(sql text)
RETURNS TABLE (statement int, line int, col int, rule text, severity text, kind text, object text,
	message text, hint text, action text, policy text)
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 1
AS 'MODULE_PATHNAME', 'wf_guard_check_deprecated';
COMMENT ON FUNCTION wishflags.guard_check_deprecated(text) IS
'the deprecated objects that a text would drop or rename too early, by the names as they are now, and what the guard would do about it; part of guard_check()';

CREATE FUNCTION wishflags.guard_check(sql text, options jsonb DEFAULT '{}')
RETURNS TABLE (statement int, line int, col int, rule text, severity text, kind text, object text,
	lock_mode text, rewrites boolean, scans boolean, message text, hint text, safe_sql text, evidence jsonb,
	action text, policy text)
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 20
BEGIN ATOMIC
	SELECT f.statement, f.line, f.col, f.rule, f.severity, f.kind, f.object, f.lock_mode, f.rewrites, f.scans,
		f.message, f.hint, f.safe_sql, f.evidence,
		CASE WHEN a.action = 'block' AND a.allowed IS NOT NULL THEN 'allowed'
			WHEN a.action = 'off' THEN 'fails' ELSE a.action END, a.policy
	FROM wishflags.migration_breaking_check(guard_check.sql, guard_check.options) f,
		LATERAL wishflags.guard_action(f.rule, f.object, f.evidence) a
	WHERE a.action <> 'off' OR f.kind = 'fails'
	UNION ALL
	SELECT d.statement, d.line, d.col, d.rule, d.severity, d.kind, d.object, NULL, false, false,
		d.message, d.hint, NULL, '{}', d.action, d.policy
	FROM wishflags.guard_check_deprecated(guard_check.sql) d
	WHERE NOT COALESCE(guard_check.options -> 'ignore' ? d.rule, false)
		AND COALESCE(guard_check.options -> 'only' ? d.rule, true);
END;
COMMENT ON FUNCTION wishflags.guard_check(text, jsonb) IS
'what the guard would do about each statement of a text for the current role, here and now: the findings that it acts on, with action (block, allowed, warn, notice) and policy, and those for which the statement fails by itself (fails); runs nothing; options as for migration_breaking_check()';

CREATE FUNCTION wishflags.guard_allow(rule text, object text, role name, until timestamptz, reason text)
RETURNS uuid
LANGUAGE sql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100
BEGIN ATOMIC
	INSERT INTO wishflags.guard_allowances (rule, object, role, valid_until, reason)
	VALUES (guard_allow.rule, guard_allow.object, guard_allow.role, guard_allow.until, guard_allow.reason)
	RETURNING id;
END;
COMMENT ON FUNCTION wishflags.guard_allow(text, text, name, timestamptz, text) IS
'lets a role and its members do until a moment, or (NULL) in this transaction, what a rule blocks, on one object or (NULL) on all; gives the id of the row of guard_allowances, to be deleted when it is no longer needed';

CREATE FUNCTION wishflags.guard_preset(preset text)
RETURNS integer
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	rows integer;
BEGIN
	IF preset NOT IN ('strict', 'recommended', 'enums-and-indexes', 'observe') THEN
		RAISE EXCEPTION 'unknown preset "%"', preset USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Presets are strict, recommended, enums-and-indexes (what CREATE EXTENSION sets up) and observe.';
	END IF;
	DELETE FROM wishflags.guard_policies WHERE name LIKE 'preset:%';
	INSERT INTO wishflags.guard_policies (name, rule, action, ordinal, reason)
	SELECT 'preset:' || p.rule, p.rule, p.action, 1000, 'preset ' || p.preset
	FROM (VALUES
		('strict', 'severity:high', 'block'),
		('strict', 'severity:medium', 'warn'),
		('strict', 'enum-add-value', 'block'),
		('strict', 'rename-other', 'block'),
		('recommended', 'kind:data-loss', 'warn'),
		('recommended', 'drop-schema', 'block'),
		('recommended', 'drop-cascade', 'block'),
		('recommended', 'add-column-volatile-default', 'block'),
		('recommended', 'add-column-auto-increment', 'block'),
		('recommended', 'add-column-stored-generated', 'block'),
		('recommended', 'add-check-validates', 'block'),
		('recommended', 'add-foreign-key-validates', 'block'),
		('recommended', 'set-not-null-scans', 'block'),
		('recommended', 'type-change-rewrites', 'block'),
		('recommended', 'rename-column', 'warn'),
		('recommended', 'rename-table', 'warn'),
		('recommended', 'rename-schema', 'warn'),
		('recommended', 'drop-index-not-concurrent', 'warn'),
		('observe', 'severity:medium', 'notice'),
		('observe', 'enum-add-value', 'notice')
	) AS p (preset, rule, action)
	WHERE p.preset = guard_preset.preset;
	GET DIAGNOSTICS rows = ROW_COUNT;
	RETURN rows;
END $$;
COMMENT ON FUNCTION wishflags.guard_preset(text) IS
'replaces the rows of guard_policies that an earlier preset made: strict, recommended, enums-and-indexes (the registry''s defaults) or observe; other rows stay; gives the number of new rows';

REVOKE ALL ON TABLE wishflags.guard_policies, wishflags.guard_allowances, wishflags.guard_policy_history,
	wishflags.guard_effective FROM PUBLIC;
REVOKE ALL ON FUNCTION
	wishflags.guard_policies_check,
	wishflags.guard_allowances_check,
	wishflags.guard_policies_audit,
	wishflags.guard_policies_signal,
	wishflags.guard_effective_list,
	wishflags.guard_action,
	wishflags.guard_check,
	wishflags.guard_check_deprecated,
	wishflags.guard_allow,
	wishflags.guard_preset
FROM PUBLIC;
-- The audit of the guard, and what it covers.

ALTER TABLE wishflags.guard_log ADD COLUMN duration_ms double precision;
COMMENT ON COLUMN wishflags.guard_log.occurred_at IS 'when the guard judged the command';
COMMENT ON COLUMN wishflags.guard_log.evidence IS
'further facts: detail and hint as the client got them; directives: comments to the migration check that stood before the statement';
COMMENT ON COLUMN wishflags.guard_log.duration_ms IS
'how long the command took that was let through, in milliseconds; null where it was not, or where its end could not be seen';

-- The DDL that was done.  It tells what happened on this server, so it is not
-- dumped, and its key is good on every node.
CREATE TABLE wishflags.ddl_log (
	id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	occurred_at timestamptz NOT NULL,
	ordinal integer NOT NULL,
	command_tag text NOT NULL,
	object_type text,
	object text,
	before text,
	after text,
	migration text,
	ledger text,
	statement text,
	acting_role text NOT NULL,
	outer_role text NOT NULL,
	login_role text NOT NULL,
	application_name text,
	client_addr inet,
	backend_pid integer NOT NULL,
	txid xid8 NOT NULL,
	milliseconds double precision NOT NULL,
	lock_mode text,
	rewrote boolean NOT NULL,
	restored boolean NOT NULL,
	classid oid,
	objid oid,
	objsubid integer,
	relid oid
) USING heap;
CREATE INDEX ddl_log_occurred_at_idx ON wishflags.ddl_log (occurred_at);
CREATE INDEX ddl_log_object_idx ON wishflags.ddl_log (object text_pattern_ops);
CREATE INDEX ddl_log_relid_idx ON wishflags.ddl_log (relid);
CREATE INDEX ddl_log_objid_idx ON wishflags.ddl_log (objid) WHERE relid IS NULL;

COMMENT ON TABLE wishflags.ddl_log IS
'DDL that was committed while wishflags.ddl_log was on, a row an object that a command made, changed or dropped';
COMMENT ON COLUMN wishflags.ddl_log.occurred_at IS 'when the command began';
COMMENT ON COLUMN wishflags.ddl_log.ordinal IS 'place in the transaction';
COMMENT ON COLUMN wishflags.ddl_log.object IS 'qualified; after a change of name the new one; NULL: the command names none, as GRANT';
COMMENT ON COLUMN wishflags.ddl_log.before IS
'definition, comment or name, or the columns and constraints that ALTER TABLE names, before the command; up to 8000 bytes';
COMMENT ON COLUMN wishflags.ddl_log.after IS
'the same after it; past the first 500 commands of a transaction what was made is told as it was at the commit, what was changed is not told (NULL)';
COMMENT ON COLUMN wishflags.ddl_log.migration IS 'value of wishflags.migration, or what the ledger of a migration tool says';
COMMENT ON COLUMN wishflags.ddl_log.ledger IS 'tool whose ledger tells the migration; NULL where wishflags.migration does';
COMMENT ON COLUMN wishflags.ddl_log.statement IS
'the statement, or the one whose function ran it; up to 4000 bytes; NULL for commands that hold passwords';
COMMENT ON COLUMN wishflags.ddl_log.acting_role IS 'current_user';
COMMENT ON COLUMN wishflags.ddl_log.outer_role IS 'user outside of SECURITY DEFINER functions';
COMMENT ON COLUMN wishflags.ddl_log.login_role IS 'session_user';
COMMENT ON COLUMN wishflags.ddl_log.milliseconds IS 'that the command took, waiting for locks included';
COMMENT ON COLUMN wishflags.ddl_log.lock_mode IS
'strongest lock on the relation that the transaction held at the end of the command; NULL: none was left, as after CONCURRENTLY';
COMMENT ON COLUMN wishflags.ddl_log.rewrote IS 'the command wrote the whole table anew';
COMMENT ON COLUMN wishflags.ddl_log.restored IS 'a superuser restored a dump';
COMMENT ON COLUMN wishflags.ddl_log.relid IS 'OID of the relation that the object is or belongs to';

CREATE FUNCTION wishflags.ddl_log_prune(keep interval DEFAULT '1 year')
RETURNS bigint
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_ddl_log_prune';
COMMENT ON FUNCTION wishflags.ddl_log_prune(interval) IS
'deletes rows of ddl_log that are older than keep; how many that were; whoever may call it needs no right on the table';

-- What a name means is asked of the catalog, and of the log for what is gone or
-- is called otherwise now.
CREATE FUNCTION wishflags.ddl_history(object text, OUT occurred_at timestamptz, OUT command text, OUT object_type text,
	OUT identity text, OUT change text, OUT migration text, OUT role text, OUT statement text)
RETURNS SETOF record
LANGUAGE SQL STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 20
BEGIN ATOMIC
	WITH asked AS (
		-- With the collation of the column, or its index is of no use.
		SELECT ddl_history.object COLLATE pg_catalog."default" AS name
		UNION
		SELECT (pg_catalog.quote_ident(s.name) || '.' || ddl_history.object) COLLATE pg_catalog."default"
		FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) s(name)
	), meant AS (
		SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid AS classid, r.objid, 0 AS objsubid,
			COALESCE((SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid = r.objid), r.objid) AS relid
		FROM (SELECT
			-- What is no name of a relation would be an error.
			CASE WHEN ddl_history.object ~ '^("([^"]|"")+"|[[:alnum:]_$]+)(\.("([^"]|"")+"|[[:alnum:]_$]+))?$'
				THEN pg_catalog.to_regclass(ddl_history.object)::oid END) r(objid)
		UNION
		SELECT l.classid, l.objid, l.objsubid, l.relid
		FROM asked a JOIN wishflags.ddl_log l ON l.object = a.name
		UNION
		-- Routines without their arguments; OFFSET keeps the planner from looking for their types first.
		SELECT l.classid, l.objid, l.objsubid, l.relid
		FROM asked a, LATERAL (SELECT r.classid, r.objid, r.objsubid, r.relid, r.object_type FROM wishflags.ddl_log r
			WHERE r.object OPERATOR(pg_catalog.~>=~) (a.name || '(')
			  AND r.object OPERATOR(pg_catalog.~<~) (a.name || ')') OFFSET 0) l
		WHERE l.object_type IN ('function', 'procedure', 'aggregate')
	)
	SELECT l.occurred_at, l.command_tag, l.object_type, l.object,
		pg_catalog.concat_ws(E'\n',
			(SELECT pg_catalog.string_agg('- ' || b.line, E'\n' ORDER BY b.n)
			 FROM pg_catalog.string_to_table(l.before, E'\n') WITH ORDINALITY b(line, n)
			 WHERE b.line <> ALL (pg_catalog.string_to_array(COALESCE(l.after, ''), E'\n'))),
			(SELECT pg_catalog.string_agg('+ ' || a.line, E'\n' ORDER BY a.n)
			 FROM pg_catalog.string_to_table(l.after, E'\n') WITH ORDINALITY a(line, n)
			 WHERE a.line <> ALL (pg_catalog.string_to_array(COALESCE(l.before, ''), E'\n')))),
		l.migration, l.acting_role, l.statement
	FROM wishflags.ddl_log l
	WHERE (l.relid = ANY (ARRAY(SELECT m.objid FROM meant m UNION SELECT m.relid FROM meant m))
		OR l.relid IS NULL AND l.objid = ANY (ARRAY(SELECT m.objid FROM meant m)))
	  AND EXISTS (
		SELECT FROM meant m
		WHERE m.objid = l.objid AND m.classid = l.classid AND (m.objsubid = 0 OR m.objsubid = l.objsubid)
		   OR m.objid = l.relid AND m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND m.objsubid = 0)
	ORDER BY l.occurred_at, l.txid, l.ordinal;
END;
COMMENT ON FUNCTION wishflags.ddl_history(text) IS
'what ddl_log holds about an object and what belongs to it, oldest first: by its present name or one it had, also of one that is gone; change has the lines that went (-) and came (+)';

CREATE VIEW wishflags.unledgered_ddl AS
SELECT l.occurred_at, l.command_tag, l.object_type, l.object, l.acting_role, l.login_role, l.application_name,
	l.client_addr, l.statement, l.txid
FROM wishflags.ddl_log l
WHERE l.migration IS NULL AND NOT l.restored
ORDER BY l.occurred_at DESC, l.ordinal DESC;
COMMENT ON VIEW wishflags.unledgered_ddl IS
'schema changes without a migration, newest first: rows of ddl_log that neither wishflags.migration nor the ledger of a migration tool accounts for';

REVOKE ALL ON TABLE wishflags.ddl_log, wishflags.unledgered_ddl FROM PUBLIC;
REVOKE ALL ON FUNCTION wishflags.ddl_log_prune, wishflags.ddl_history FROM PUBLIC;

-- The guard's event triggers tell the DDL log.

CREATE FUNCTION wishflags.guard_rewrite()
RETURNS event_trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_guard_rewrite';

COMMENT ON FUNCTION wishflags.guard_rewrite() IS
'event trigger function: tells the DDL log that a table is written anew';

CREATE FUNCTION wishflags.guard_end()
RETURNS event_trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_guard_end';

COMMENT ON FUNCTION wishflags.guard_end() IS
'event trigger function: tells the DDL log what a command did, and how long one took that the guard let through';

CREATE EVENT TRIGGER wishflags_guard_rewrite ON table_rewrite
EXECUTE FUNCTION wishflags.guard_rewrite();
CREATE EVENT TRIGGER wishflags_guard_end ON ddl_command_end
EXECUTE FUNCTION wishflags.guard_end();
ALTER EVENT TRIGGER wishflags_guard_rewrite ENABLE ALWAYS;
ALTER EVENT TRIGGER wishflags_guard_end ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER wishflags_guard_rewrite IS 'guard of extension wishflags: tables written anew, for the DDL log';
COMMENT ON EVENT TRIGGER wishflags_guard_end IS 'guard of extension wishflags: the DDL log';
REVOKE ALL ON FUNCTION wishflags.guard_rewrite, wishflags.guard_end FROM PUBLIC;

-- Rows of the log that may be missing, by the reason.  A sequence counts on when
-- the refusal ends the transaction.
CREATE SEQUENCE wishflags.guard_unconfirmed_full;
CREATE SEQUENCE wishflags.guard_unconfirmed_worker;
CREATE SEQUENCE wishflags.guard_unconfirmed_time;
CREATE SEQUENCE wishflags.guard_unconfirmed_error;

COMMENT ON SEQUENCE wishflags.guard_unconfirmed_full IS 'counts rows of guard_log for which there was no room in the ring';
COMMENT ON SEQUENCE wishflags.guard_unconfirmed_worker IS 'counts rows of guard_log for which no worker could be had';
COMMENT ON SEQUENCE wishflags.guard_unconfirmed_time IS 'counts rows of guard_log that took longer than a second';
COMMENT ON SEQUENCE wishflags.guard_unconfirmed_error IS 'counts rows of guard_log that could not be written';

CREATE VIEW wishflags.guard_unconfirmed AS
SELECT 'full' AS reason, CASE WHEN is_called THEN last_value ELSE 0 END AS count,
	'there was no room in the ring' AS meaning FROM wishflags.guard_unconfirmed_full
UNION ALL
SELECT 'worker', CASE WHEN is_called THEN last_value ELSE 0 END,
	'no worker could be had: see max_worker_processes' FROM wishflags.guard_unconfirmed_worker
UNION ALL
SELECT 'time', CASE WHEN is_called THEN last_value ELSE 0 END,
	'it took longer than a second; the row may be there' FROM wishflags.guard_unconfirmed_time
UNION ALL
SELECT 'error', CASE WHEN is_called THEN last_value ELSE 0 END,
	'writing it failed: see the server log' FROM wishflags.guard_unconfirmed_error;

COMMENT ON VIEW wishflags.guard_unconfirmed IS
'how many rows of guard_log may be missing, by the reason; the server log has a line of each';

CREATE FUNCTION wishflags.guard_log_prune(keep interval DEFAULT '1 year')
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	pruned bigint;
BEGIN
	IF keep IS NULL OR keep < interval '0' THEN
		RAISE EXCEPTION 'keep must be an interval from zero on'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'To keep the rows of a quarter: SELECT wishflags.guard_log_prune(''3 months'');';
	END IF;
	DELETE FROM wishflags.guard_log WHERE occurred_at < now() - keep;
	GET DIAGNOSTICS pruned = ROW_COUNT;
	RETURN pruned;
END $$;

COMMENT ON FUNCTION wishflags.guard_log_prune(interval) IS
'deletes the rows of guard_log that are older, and returns how many';

CREATE FUNCTION wishflags.guard_bypass_report(months integer DEFAULT 12)
RETURNS TABLE (month date, role text, rule text, bypasses bigint, month_before bigint, trend text,
	total_ms numeric, longest_ms numeric, last_reason text)
LANGUAGE SQL STABLE PARALLEL SAFE COST 10000 ROWS 100
BEGIN ATOMIC
	WITH counted AS (
		SELECT date_trunc('month', l.occurred_at)::date AS month, l.login_role AS role, l.rule,
			count(*) AS bypasses, sum(l.duration_ms) AS total_ms, max(l.duration_ms) AS longest_ms,
			(array_agg(l.reason ORDER BY l.occurred_at DESC))[1] AS last_reason
		FROM wishflags.guard_log l
		WHERE l.outcome = 'bypassed' AND l.occurred_at >= date_trunc('month', now()) - make_interval(months => months)
		GROUP BY 1, 2, 3)
	SELECT c.month, c.role, c.rule, c.bypasses, coalesce(b.bypasses, 0),
		CASE WHEN b.bypasses IS NULL THEN 'new' WHEN c.bypasses > b.bypasses THEN 'more'
			WHEN c.bypasses < b.bypasses THEN 'fewer' ELSE 'same' END,
		round(c.total_ms::numeric, 1), round(c.longest_ms::numeric, 1), c.last_reason
	FROM counted c
	LEFT JOIN counted b ON b.role = c.role AND b.rule = c.rule AND b.month = (c.month - interval '1 month')::date
	WHERE c.month > (date_trunc('month', now()) - make_interval(months => months))::date
	ORDER BY c.month DESC, c.bypasses DESC, c.role, c.rule;
END;

COMMENT ON FUNCTION wishflags.guard_bypass_report(integer) IS
'bypasses of the last months, a row a month, login role and rule; trend against the month before: new, more, fewer, same';

DROP FUNCTION wishflags.status();
DROP FUNCTION wishflags.guard_status();
DROP FUNCTION wishflags.guard_session();

CREATE FUNCTION wishflags.guard_session(OUT guard text, OUT set_by text, OUT bypass text, OUT loaded text,
	OUT covered text, OUT not_covered text, OUT to_close text, OUT audit text)
RETURNS record
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10
AS 'MODULE_PATHNAME', 'wf_guard_session';

COMMENT ON FUNCTION wishflags.guard_session() IS
'settings of the guard in this session, where they come from, how the library was loaded, and what that covers';

-- One row, \x friendly.
CREATE FUNCTION wishflags.guard_status(OUT guard text, OUT set_by text, OUT bypass text, OUT triggers text,
	OUT loaded text, OUT refused bigint, OUT bypassed bigint, OUT last_refusal timestamptz,
	OUT covered text, OUT not_covered text, OUT to_close text, OUT audit text, OUT unconfirmed bigint)
RETURNS record
LANGUAGE SQL STABLE PARALLEL RESTRICTED COST 1000
BEGIN ATOMIC
	SELECT s.guard, s.set_by, s.bypass, t.triggers, s.loaded, l.refused, l.bypassed, l.last_refusal,
		s.covered, s.not_covered, s.to_close, s.audit, u.unconfirmed
	FROM wishflags.guard_session() s,
		(SELECT CASE WHEN count(*) FILTER (WHERE evtenabled <> 'D') = 4 THEN 'enabled'
				WHEN count(*) = 4 THEN 'disabled' ELSE 'missing' END AS triggers
		 FROM pg_event_trigger
		 WHERE evtname IN ('wishflags_guard_start', 'wishflags_guard_drop', 'wishflags_guard_rewrite', 'wishflags_guard_end')) t,
		(SELECT count(*) FILTER (WHERE outcome = 'refused') AS refused,
			count(*) FILTER (WHERE outcome = 'bypassed') AS bypassed,
			max(occurred_at) FILTER (WHERE outcome = 'refused') AS last_refusal
		 FROM wishflags.guard_log) l,
		(SELECT sum(count)::bigint AS unconfirmed FROM wishflags.guard_unconfirmed) u;
END;

COMMENT ON FUNCTION wishflags.guard_status() IS
'state of the guard: settings of this session, event triggers, what the log holds, what is covered and what closes the rest';

-- What a newcomer types first.
CREATE FUNCTION wishflags.status(OUT item text, OUT value text, OUT hint text)
RETURNS SETOF record
LANGUAGE SQL STABLE PARALLEL RESTRICTED COST 1000 ROWS 8
BEGIN ATOMIC
	SELECT i.item, i.value, i.hint
	FROM wishflags.version() v, wishflags.guard_status() g,
		(SELECT count(*) AS flags, count(*) FILTER (WHERE enabled) AS enabled, min(key) AS first
		 FROM wishflags.flags) f,
		LATERAL (
			SELECT 1, 'version', v.library,
				CASE WHEN v.library IS DISTINCT FROM v.installed
					THEN 'ALTER EXTENSION wishflags UPDATE;  -- SQL objects are of version ' || v.installed END
			UNION ALL
			SELECT 2, 'library', 'loaded ' || g.loaded, NULL
			UNION ALL
			SELECT 3, 'guard', CASE WHEN g.triggers = 'enabled' THEN g.guard ELSE 'event triggers ' || g.triggers END,
				CASE WHEN g.triggers = 'disabled'
						THEN 'ALTER EVENT TRIGGER wishflags_guard_start ENABLE ALWAYS;'
							' ALTER EVENT TRIGGER wishflags_guard_drop ENABLE ALWAYS;'
							' ALTER EVENT TRIGGER wishflags_guard_rewrite ENABLE ALWAYS;'
							' ALTER EVENT TRIGGER wishflags_guard_end ENABLE ALWAYS;'
					WHEN g.guard = 'on' THEN 'SET wishflags.guard = warn;  -- to only be warned'
					ELSE 'SET wishflags.guard = on;  -- set by: ' || g.set_by END
			UNION ALL
			SELECT 4, 'refused', g.refused::text,
				CASE WHEN g.refused > 0
					THEN 'SELECT * FROM wishflags.guard_log ORDER BY occurred_at DESC LIMIT 10;' END
			UNION ALL
			SELECT 5, 'last refusal', r.rule || ' on ' || r.object || ' by ' || r.acting_role, r.statement
			FROM (SELECT rule, object, acting_role, left(statement, 60) AS statement
				  FROM wishflags.guard_log WHERE outcome = 'refused'
				  ORDER BY occurred_at DESC LIMIT 3) r
			UNION ALL
			SELECT 6, 'flags', f.flags || ', ' || f.enabled || ' enabled',
				CASE WHEN f.flags = 0 THEN 'SELECT wishflags.flag_create(''my-flag'');'
					ELSE format('SELECT wishflags.flag_eval(%L, ''user-1'');', f.first) END
			UNION ALL
			SELECT 7, 'check', 'of SQL text',
				'SELECT rule, message FROM wishflags.migration_breaking_check(''DROP TABLE t'');'
			UNION ALL
			SELECT 8, 'schema', 'of this database', 'SELECT wishflags.schema_fingerprint();'
		) i (place, item, value, hint)
	ORDER BY i.place;
END;

COMMENT ON FUNCTION wishflags.status() IS
'what runs here, a row an item, and what to type next';

REVOKE ALL ON TABLE wishflags.guard_unconfirmed FROM PUBLIC;
REVOKE ALL ON FUNCTION wishflags.guard_end, wishflags.guard_log_prune, wishflags.guard_bypass_report,
	wishflags.guard_session, wishflags.guard_status, wishflags.status FROM PUBLIC;

-- Objects that are to go, and when they may.

CREATE TABLE wishflags.releases (
	name text COLLATE "C" PRIMARY KEY CHECK (name <> ''),
	released_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	released_by text NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.releases IS 'releases of the application, which deprecations count';

CREATE TABLE wishflags.deprecated_objects (
	id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	object text NOT NULL,
	object_type text NOT NULL,
	object_names text[] NOT NULL,
	object_args text[] NOT NULL,
	replacement text CHECK (replacement <> ''),
	reason text NOT NULL CHECK (pg_catalog.btrim(reason) <> ''),
	until date,
	releases integer CHECK (releases > 0),
	deprecated_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	deprecated_by text NOT NULL,
	withdrawn_at timestamptz,
	withdrawn_by text,
	withdrawn_reason text,
	classid oid,
	objid oid,
	objsubid integer,
	CONSTRAINT deprecated_objects_end CHECK (until IS NOT NULL OR releases IS NOT NULL)
) USING heap;
CREATE UNIQUE INDEX deprecated_objects_object_idx ON wishflags.deprecated_objects (classid, objid, objsubid)
WHERE withdrawn_at IS NULL;
COMMENT ON TABLE wishflags.deprecated_objects IS
'objects that are to go, a row a deprecation; see the view deprecations';
COMMENT ON COLUMN wishflags.deprecated_objects.object IS 'qualified, as it was called then';
COMMENT ON COLUMN wishflags.deprecated_objects.object_names IS 'as pg_identify_object_as_address() gives it, with object_type and object_args';
COMMENT ON COLUMN wishflags.deprecated_objects.until IS 'it may go from this day on';
COMMENT ON COLUMN wishflags.deprecated_objects.releases IS 'or it may go after so many releases; with both, after both';
COMMENT ON COLUMN wishflags.deprecated_objects.objid IS 'found by the name when the row arrives, also from a dump; NULL: there is no such object';

SELECT pg_catalog.pg_extension_config_dump('wishflags.releases', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.deprecated_objects', '');

-- OIDs are good in one database only, names in each.
CREATE FUNCTION wishflags.deprecated_objects_resolve()
RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	SELECT a.classid, a.objid, a.objsubid INTO NEW.classid, NEW.objid, NEW.objsubid
	FROM pg_catalog.pg_get_object_address(NEW.object_type, NEW.object_names, NEW.object_args) a;
	RETURN NEW;
EXCEPTION
	WHEN undefined_object OR undefined_table OR undefined_column OR undefined_function OR invalid_schema_name THEN
		RAISE WARNING 'deprecated object "%" does not exist here', NEW.object
			USING ERRCODE = SQLSTATE;
		NEW.classid := NULL;
		NEW.objid := NULL;
		NEW.objsubid := NULL;
		RETURN NEW;
END $$;
COMMENT ON FUNCTION wishflags.deprecated_objects_resolve() IS
'trigger of deprecated_objects: finds the object by its name';
CREATE TRIGGER deprecated_objects_resolve BEFORE INSERT ON wishflags.deprecated_objects
FOR EACH ROW EXECUTE FUNCTION wishflags.deprecated_objects_resolve();
-- Rows that replication brings hold the OIDs of another database, by which the
-- guard would refuse to drop something else here.  So this trigger fires there as
-- well, though it is none that invalidates a cache; it changes nothing but the row
-- that arrives.
ALTER TABLE wishflags.deprecated_objects ENABLE ALWAYS TRIGGER deprecated_objects_resolve;

-- Where they are now: pg_upgrade keeps the OIDs of relations and types, not those
-- of routines.
CREATE VIEW wishflags.deprecated_addresses AS
SELECT d.id, d.withdrawn_at, d.classid,
	COALESCE(CASE WHEN d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass THEN
		(SELECT p.oid FROM pg_catalog.pg_proc p
		 WHERE p.proname = d.object_names[2]
		   AND (pg_catalog.pg_identify_object('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0)).identity = d.object) END,
		d.objid) AS objid,
	d.objsubid
FROM wishflags.deprecated_objects d;
COMMENT ON VIEW wishflags.deprecated_addresses IS
'where the objects of deprecated_objects are now, a row a deprecation';

CREATE FUNCTION wishflags.deprecate(object text, replacement text DEFAULT NULL, until date DEFAULT NULL,
	releases integer DEFAULT NULL, reason text DEFAULT NULL)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_deprecate';
COMMENT ON FUNCTION wishflags.deprecate(text, text, date, integer, text) IS
'says that a table, column (table.column), view, type or function (name(types)) of the caller''s is to go, from a day on or after so many releases; until then the guard refuses to drop or rename it; returns its full name';

CREATE FUNCTION wishflags.deprecation_withdraw(object text, reason text)
RETURNS text
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_deprecation_withdraw';
COMMENT ON FUNCTION wishflags.deprecation_withdraw(text, text) IS
'takes a deprecation back, for a reason; returns the full name of the object';

CREATE FUNCTION wishflags.release(name text)
RETURNS bigint
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_release';
COMMENT ON FUNCTION wishflags.release(text) IS
'notes a release of the application; how many deprecated objects may go from now on';

CREATE VIEW wishflags.deprecations AS
SELECT COALESCE(i.identity, d.object) AS object, d.object_type,
	CASE WHEN d.withdrawn_at IS NOT NULL THEN 'withdrawn'
		WHEN i.identity IS NULL THEN 'gone'
		WHEN pg_catalog.now() >= COALESCE(d.until, '-infinity') AND r.passed >= COALESCE(d.releases, 0) THEN 'may go'
		ELSE 'deprecated' END AS state,
	d.deprecated_at, d.until, CASE WHEN d.releases > 0 THEN GREATEST(d.releases - r.passed, 0) END AS releases_left,
	d.replacement, d.reason, d.deprecated_by,
	u.readers, s.last_seen, d.withdrawn_at, d.withdrawn_by, d.withdrawn_reason
FROM wishflags.deprecated_objects d
JOIN wishflags.deprecated_addresses n USING (id)
LEFT JOIN LATERAL pg_catalog.pg_identify_object(n.classid, n.objid, n.objsubid) i ON n.objid IS NOT NULL
	AND NOT EXISTS (
		SELECT FROM pg_catalog.pg_attribute a
		WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND a.attrelid = d.objid AND a.attnum = d.objsubid AND a.attisdropped)
LEFT JOIN LATERAL (
	SELECT pg_catalog.count(*)::integer AS passed FROM wishflags.releases x WHERE x.released_at >= d.deprecated_at
) r ON true
LEFT JOIN LATERAL (
	SELECT pg_catalog.array_agg(m.kind || ' ' || m.identity ORDER BY m.kind, m.identity) AS readers
	FROM wishflags.migration_impact(i.identity) m
) u ON d.withdrawn_at IS NULL
LEFT JOIN LATERAL (
	SELECT o.identity AS relation,
		(SELECT a.attname::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = d.objid AND a.attnum = d.objsubid) AS col
	FROM pg_catalog.pg_identify_object(d.classid, d.objid, 0) o
	WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
) o ON true
LEFT JOIN LATERAL (
	SELECT GREATEST(
		(SELECT pg_catalog.max(k.last_seen) FROM wishflags.impact_activity k
		 WHERE k.relation = o.relation AND (d.objsubid = 0 OR o.col = ANY (k.reads || k.writes))),
		-- Without shared memory there are no samples to ask for.
		CASE WHEN (SELECT t.loaded FROM wishflags.impact_samples_status() t) THEN
			(SELECT pg_catalog.max(k.last_seen) FROM wishflags.impact_samples() k
			 WHERE k.relation = o.relation AND (d.objsubid = 0 OR o.col = ANY (k.reads || k.writes))) END) AS last_seen
) s ON true
ORDER BY d.withdrawn_at IS NOT NULL, d.until, d.deprecated_at;
COMMENT ON VIEW wishflags.deprecations IS
'objects that are to go: since when, from when on they may, what they give way to, what still uses them by migration_impact(), and when samples last saw that';

REVOKE ALL ON TABLE wishflags.releases, wishflags.deprecated_objects, wishflags.deprecated_addresses, wishflags.deprecations FROM PUBLIC;
REVOKE ALL ON FUNCTION wishflags.deprecated_objects_resolve, wishflags.deprecate, wishflags.deprecation_withdraw,
	wishflags.release FROM PUBLIC;

-- Changes of the schema that others must approve before the guard lets them pass.

CREATE TABLE wishflags.approval_policies (
	name text COLLATE "C" PRIMARY KEY CHECK (name <> ''),
	severity text NOT NULL DEFAULT 'info' CHECK (severity IN ('info', 'low', 'medium', 'high', 'critical')),
	rule text COLLATE "C",
	approver_role text COLLATE "C" NOT NULL,
	approvals integer NOT NULL DEFAULT 1 CHECK (approvals BETWEEN 1 AND 100),
	environments text[],
	reusable boolean NOT NULL DEFAULT false,
	enabled boolean NOT NULL DEFAULT true,
	reason text NOT NULL CHECK (pg_catalog.btrim(reason) <> ''),
	changed_at timestamptz NOT NULL,
	changed_by text NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.approval_policies IS
'who must approve a change of the schema, by its findings; all rows that match count, of those for one role the one with the most approvals; where none matches, one approval of anyone but the author';
COMMENT ON COLUMN wishflags.approval_policies.severity IS 'of findings of this severity and above';
COMMENT ON COLUMN wishflags.approval_policies.rule IS 'only of this rule of migration_rules, or of kind:data-loss; NULL: of all';
COMMENT ON COLUMN wishflags.approval_policies.approver_role IS 'whose members may approve; being superuser does not count';
COMMENT ON COLUMN wishflags.approval_policies.approvals IS 'how many persons of that role';
COMMENT ON COLUMN wishflags.approval_policies.environments IS 'only where wishflags.environment is one of these; NULL: all';
COMMENT ON COLUMN wishflags.approval_policies.reusable IS 'an approved statement may be run more than once, if all rows that match say so';
COMMENT ON COLUMN wishflags.approval_policies.reason IS 'why, wishflags.reason where it is not given';
COMMENT ON COLUMN wishflags.approval_policies.changed_at IS 'filled in; given only when a row is restored';
COMMENT ON COLUMN wishflags.approval_policies.changed_by IS 'filled in: who logged in; given only when a row is restored';

CREATE TABLE wishflags.approval_policy_history (
	id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	occurred_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	action text NOT NULL CHECK (action IN ('insert', 'update', 'delete', 'truncate')),
	before jsonb,
	after jsonb,
	reason text,
	acting_role text NOT NULL,
	outer_role text NOT NULL,
	login_role text NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.approval_policy_history IS
'every change of approval_policies: the row before and after, and who did it';

CREATE TABLE wishflags.schema_changes (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	revision integer NOT NULL DEFAULT 1,
	state text NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'rejected', 'withdrawn')),
	sql text NOT NULL,
	reason text NOT NULL CHECK (pg_catalog.btrim(reason) <> ''),
	findings jsonb NOT NULL,
	estimate jsonb NOT NULL,
	rollback_sql text,
	authors text[] NOT NULL,
	proposed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	valid_until timestamptz NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.schema_changes IS
'proposed changes of the schema; see the view schema_change_overview';
COMMENT ON COLUMN wishflags.schema_changes.revision IS 'goes up with each edit; approvals are of one revision';
COMMENT ON COLUMN wishflags.schema_changes.findings IS 'rows of migration_breaking_check() when it was proposed, with what the guard does about each';
COMMENT ON COLUMN wishflags.schema_changes.estimate IS 'rows of migration_estimate() when it was proposed';
COMMENT ON COLUMN wishflags.schema_changes.rollback_sql IS 'the way back by migration_rollback_sql(), with option rollback';
COMMENT ON COLUMN wishflags.schema_changes.authors IS 'session_user, outer user and current_user of all who wrote a revision; none of them approves';

CREATE TABLE wishflags.schema_change_statements (
	change_id bigint NOT NULL REFERENCES wishflags.schema_changes (id),
	ordinal integer NOT NULL,
	sql text NOT NULL,
	executed_at timestamptz,
	executed_by text,
	executions integer NOT NULL DEFAULT 0,
	PRIMARY KEY (change_id, ordinal)
) USING heap;
COMMENT ON TABLE wishflags.schema_change_statements IS
'the statements of proposed changes, and which the guard has let pass';
COMMENT ON COLUMN wishflags.schema_change_statements.executed_by IS 'session_user';

CREATE TABLE wishflags.schema_change_approvals (
	change_id bigint NOT NULL REFERENCES wishflags.schema_changes (id),
	revision integer NOT NULL,
	approver text COLLATE "C" NOT NULL,
	approver_role text COLLATE "C",
	comment text,
	approved_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (change_id, revision, approver)
) USING heap;
COMMENT ON TABLE wishflags.schema_change_approvals IS
'approvals; those of an earlier revision are void';
COMMENT ON COLUMN wishflags.schema_change_approvals.approver IS 'session_user';
COMMENT ON COLUMN wishflags.schema_change_approvals.approver_role IS 'the role of approval_policies that it counts for; NULL: no row asks for one';

CREATE TABLE wishflags.schema_change_events (
	id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	change_id bigint REFERENCES wishflags.schema_changes (id),
	revision integer,
	occurred_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	event text NOT NULL CHECK (event IN ('proposed', 'amended', 'approved', 'rejected', 'withdrawn', 'executed', 'skipped')),
	comment text,
	statement text,
	acting_role text NOT NULL,
	outer_role text NOT NULL,
	login_role text NOT NULL
) USING heap;
CREATE INDEX schema_change_events_change_idx ON wishflags.schema_change_events (change_id);
COMMENT ON TABLE wishflags.schema_change_events IS
'what happened to proposed changes, with the text of each revision; and what was run without one, by wishflags.bypass';
COMMENT ON COLUMN wishflags.schema_change_events.change_id IS 'NULL: nobody had proposed the statement';

SELECT pg_catalog.pg_extension_config_dump('wishflags.approval_policies', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.approval_policy_history', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.schema_changes', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.schema_changes_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.schema_change_statements', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.schema_change_approvals', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.schema_change_events', '');

CREATE FUNCTION wishflags.approval_policies_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_approval_policies_check';
COMMENT ON FUNCTION wishflags.approval_policies_check() IS 'trigger: validates a row of approval_policies';
CREATE FUNCTION wishflags.approval_policies_audit() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_approval_policies_audit';
COMMENT ON FUNCTION wishflags.approval_policies_audit() IS 'trigger: writes a change to approval_policy_history';
CREATE TRIGGER approval_policies_check BEFORE INSERT OR UPDATE ON wishflags.approval_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.approval_policies_check();
CREATE TRIGGER approval_policies_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.approval_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.approval_policies_audit();
CREATE TRIGGER approval_policies_truncated AFTER TRUNCATE ON wishflags.approval_policies
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.approval_policies_audit();

CREATE FUNCTION wishflags.severity_rank(severity text) RETURNS integer
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1
RETURN pg_catalog.array_position(ARRAY['info', 'low', 'medium', 'high', 'critical'], severity_rank.severity);
COMMENT ON FUNCTION wishflags.severity_rank(text) IS
'1 for info to 5 for critical; NULL for what is no severity';

CREATE VIEW wishflags.approval_effective AS
SELECT r.rule, r.severity, r.kind, p.approver_role, COALESCE(pg_catalog.max(p.approvals), 1) AS approvals,
	pg_catalog.array_agg(p.name ORDER BY p.name) FILTER (WHERE p.name IS NOT NULL) AS policies
FROM wishflags.migration_rules r
LEFT JOIN wishflags.approval_policies p ON p.enabled
	AND wishflags.severity_rank(r.severity) >= wishflags.severity_rank(p.severity)
	AND (p.rule IS NULL OR p.rule = r.rule OR p.rule = 'kind:' || r.kind)
	AND (p.environments IS NULL OR pg_catalog.current_setting('wishflags.environment', true) = ANY (p.environments))
GROUP BY r.rule, r.severity, r.kind, p.approver_role
ORDER BY wishflags.severity_rank(r.severity) DESC, r.rule, p.approver_role;
COMMENT ON VIEW wishflags.approval_effective IS
'who must approve a finding of each rule in this environment, by the base severity: approver_role NULL: anyone but the author';

CREATE VIEW wishflags.schema_change_requirements AS
SELECT c.id AS change_id, r.approver_role, r.approvals AS needed, LEAST(g.given, r.approvals) AS given, r.reusable, r.policies
FROM wishflags.schema_changes c
CROSS JOIN LATERAL (
	SELECT m.approver_role, COALESCE(pg_catalog.max(m.approvals), 1) AS approvals,
		COALESCE(pg_catalog.bool_and(m.reusable), false) AS reusable,
		pg_catalog.array_agg(DISTINCT m.name ORDER BY m.name) FILTER (WHERE m.name IS NOT NULL) AS policies
	FROM (SELECT) one
	LEFT JOIN (
		SELECT p.approver_role, p.approvals, p.reusable, p.name
		FROM pg_catalog.jsonb_to_recordset(c.findings) f (rule text, severity text, kind text)
		JOIN wishflags.approval_policies p ON p.enabled
			AND wishflags.severity_rank(f.severity) >= wishflags.severity_rank(p.severity)
			AND (p.rule IS NULL OR p.rule = f.rule OR p.rule = 'kind:' || f.kind)
			AND (p.environments IS NULL OR pg_catalog.current_setting('wishflags.environment', true) = ANY (p.environments))
	) m ON true
	GROUP BY m.approver_role
) r
CROSS JOIN LATERAL (
	SELECT pg_catalog.count(*)::integer AS given
	FROM wishflags.schema_change_approvals a
	WHERE a.change_id = c.id AND a.revision = c.revision
	AND (r.approver_role IS NULL OR a.approver_role = r.approver_role)
) g
ORDER BY c.id, r.approver_role;
COMMENT ON VIEW wishflags.schema_change_requirements IS
'whose approvals each proposed change needs by approval_policies, and how many it has; approver_role NULL: anyone but the author';

CREATE FUNCTION wishflags.schema_change_propose(sql text, reason text, options jsonb DEFAULT '{}')
RETURNS bigint
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_schema_change_propose';
COMMENT ON FUNCTION wishflags.schema_change_propose(text, text, jsonb) IS
'checks a change of the schema and stores it with its findings, to be approved by others; gives its id; options: valid_for (an interval, default 30 days), rollback (true: find the way back by a rehearsal, which takes the locks of the change for a moment), check (options of migration_breaking_check() that can only add findings: assume_populated, in_transaction, platform, required_columns, validate_data, validate_timeout)';

CREATE FUNCTION wishflags.schema_change_amend(id bigint, sql text, reason text, options jsonb DEFAULT '{}')
RETURNS integer
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_schema_change_amend';
COMMENT ON FUNCTION wishflags.schema_change_amend(bigint, text, text, jsonb) IS
'gives a proposed change another text, which voids its approvals; for its authors; gives the new revision; options as for schema_change_propose()';

CREATE FUNCTION wishflags.schema_change_approve(id bigint, comment text DEFAULT NULL, revision integer DEFAULT NULL,
	approver_role text DEFAULT NULL)
RETURNS text
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100
AS 'MODULE_PATHNAME', 'wf_schema_change_approve';
COMMENT ON FUNCTION wishflags.schema_change_approve(bigint, text, integer, text) IS
'approves a proposed change, for one role of approval_policies that the login role belongs to; never for its authors; with revision, only if it is the present one; gives what is still missing, or approved';

CREATE FUNCTION wishflags.schema_change_reject(id bigint, reason text)
RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100
AS 'MODULE_PATHNAME', 'wf_schema_change_reject';
COMMENT ON FUNCTION wishflags.schema_change_reject(bigint, text) IS
'turns a proposed change down, for a reason; for those who may approve it';

CREATE FUNCTION wishflags.schema_change_withdraw(id bigint, reason text)
RETURNS void
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100
AS 'MODULE_PATHNAME', 'wf_schema_change_withdraw';
COMMENT ON FUNCTION wishflags.schema_change_withdraw(bigint, text) IS
'takes a proposed change back, for a reason; for its authors and superusers';

-- Proposed changes as a list, and as text for a pull request.

CREATE VIEW wishflags.schema_change_overview AS
SELECT c.id,
	CASE WHEN x.skipped THEN 'skipped in emergency'
		WHEN s.left_over = 0 THEN 'executed'
		WHEN s.executed > 0 AND c.state = 'proposed' THEN 'partly executed'
		WHEN c.state <> 'proposed' THEN c.state
		WHEN c.valid_until <= pg_catalog.now() THEN 'expired'
		WHEN r.missing IS NULL THEN 'approved'
		ELSE 'proposed' END AS state,
	c.revision, c.authors[1] AS author, c.reason, f.severity, f.findings,
	r.given || ' of ' || r.needed AS approvals, r.missing, c.valid_until,
	s.executed || ' of ' || s.statements AS executed, s.executed_at, s.executed_by, c.proposed_at, c.sql
FROM wishflags.schema_changes c
CROSS JOIN LATERAL (
	SELECT pg_catalog.sum(q.needed) AS needed, pg_catalog.sum(q.given) AS given,
		pg_catalog.string_agg((q.needed - q.given) || ' of ' || COALESCE(q.approver_role, 'anyone but the author'), ', '
			ORDER BY q.approver_role) FILTER (WHERE q.given < q.needed) AS missing
	FROM wishflags.schema_change_requirements q WHERE q.change_id = c.id
) r
CROSS JOIN LATERAL (
	SELECT pg_catalog.count(*) AS findings,
		(ARRAY['info', 'low', 'medium', 'high', 'critical'])[pg_catalog.max(wishflags.severity_rank(j.severity))] AS severity
	FROM pg_catalog.jsonb_to_recordset(c.findings) j (severity text)
) f
CROSS JOIN LATERAL (
	SELECT pg_catalog.count(*) AS statements, pg_catalog.count(t.executed_at) AS executed,
		pg_catalog.max(t.executed_at) AS executed_at, pg_catalog.max(t.executed_by) AS executed_by,
		-- Where the guard asks for no approval, it does not see the statement run.
		CASE WHEN pg_catalog.count(t.executed_at) > 0 THEN pg_catalog.count(*) FILTER (
			WHERE t.executed_at IS NULL AND EXISTS (
				SELECT FROM pg_catalog.jsonb_to_recordset(c.findings) j (statement integer, requires_approval boolean)
				WHERE j.statement = t.ordinal AND j.requires_approval)) END AS left_over
	FROM wishflags.schema_change_statements t WHERE t.change_id = c.id
) s
CROSS JOIN LATERAL (
	SELECT EXISTS (SELECT FROM wishflags.schema_change_events e WHERE e.change_id = c.id AND e.event = 'skipped') AS skipped
) x
UNION ALL
SELECT NULL, 'skipped in emergency', NULL, e.login_role, e.comment, NULL, NULL, NULL, NULL, NULL, NULL,
	e.occurred_at, e.login_role, NULL, e.statement
FROM wishflags.schema_change_events e
WHERE e.event = 'skipped' AND e.change_id IS NULL
ORDER BY proposed_at DESC NULLS LAST, executed_at DESC;
COMMENT ON VIEW wishflags.schema_change_overview IS
'proposed changes, the newest first, with their state: proposed, approved, partly executed, executed, rejected, withdrawn, expired or skipped in emergency (run by wishflags.bypass); missing: whose approvals; and what was run by a bypass though nobody had proposed it';

CREATE FUNCTION wishflags.markdown_cell(value text) RETURNS text
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1
RETURN COALESCE(pg_catalog.translate(
	pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(markdown_cell.value, '\', '\\'), '|', '\|'), '<', '&lt;'),
	E'\n\r', '  '), '-');
COMMENT ON FUNCTION wishflags.markdown_cell(text) IS 'a text as a cell of a table in markdown; a dash for NULL';

-- The fence is longer than any in the text.
CREATE FUNCTION wishflags.markdown_code(sql text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT f.fence || 'sql' || E'\n' || pg_catalog.rtrim(markdown_code.sql, E' \n\r\t') || E'\n' || f.fence || E'\n'
	FROM (SELECT pg_catalog.repeat('`', GREATEST(3, 1 + COALESCE(pg_catalog.max(pg_catalog.length(m[1])), 0))) AS fence
		FROM pg_catalog.regexp_matches(markdown_code.sql, '(`+)', 'g') m) f;
END;
COMMENT ON FUNCTION wishflags.markdown_code(text) IS 'SQL as a block of code in markdown';

CREATE FUNCTION wishflags.schema_change_risk(id bigint) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	change record;
	page text;
BEGIN
	SELECT o.*, c.findings AS facts, c.estimate, c.rollback_sql INTO change
	FROM wishflags.schema_change_overview o JOIN wishflags.schema_changes c ON c.id = o.id
	WHERE o.id = schema_change_risk.id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'schema change % does not exist', schema_change_risk.id USING ERRCODE = 'undefined_object',
			HINT = 'List them: SELECT id, state, reason FROM wishflags.schema_change_overview;';
	END IF;
	page := format(E'## Risk of schema change %s, revision %s\n\n%s. Highest severity: **%s**, %s.\n\n',
		change.id, change.revision, wishflags.markdown_cell(change.reason), COALESCE(change.severity, 'none'),
		CASE change.findings WHEN 1 THEN '1 finding' ELSE change.findings || ' findings' END);
	page := page || wishflags.markdown_code(change.sql) || E'\n';
	IF change.findings > 0 THEN
		page := page || E'| Line | Severity | Kind | Rule | Object | Lock | Rewrites | Reads all | Rows | Guard |\n'
			|| E'|---:|---|---|---|---|---|---|---|---:|---|\n'
			|| (SELECT string_agg(format('| %s | %s | %s | `%s` | %s | %s | %s | %s | %s | %s |', f.line, f.severity, f.kind, f.rule,
					wishflags.markdown_cell(f.object), wishflags.markdown_cell(f.lock_mode),
					CASE WHEN f.rewrites THEN 'yes' ELSE 'no' END, CASE WHEN f.scans THEN 'yes' ELSE 'no' END,
					wishflags.markdown_cell(f.evidence ->> 'rows'),
					CASE WHEN f.requires_approval THEN 'approval' ELSE f.action END), E'\n'
					ORDER BY wishflags.severity_rank(f.severity) DESC, f.line, f.rule)
				FROM jsonb_to_recordset(change.facts) f (line int, severity text, kind text, rule text, object text,
					lock_mode text, rewrites boolean, scans boolean, evidence jsonb, action text, requires_approval boolean))
			|| E'\n\n'
			|| (SELECT string_agg(format(E'- `%s` (line %s): %s.%s\n%s', f.rule, f.line, f.message,
					COALESCE(' ' || f.hint, ''), COALESCE(E'\n' || wishflags.markdown_code(f.safe_sql), '')), ''
					ORDER BY wishflags.severity_rank(f.severity) DESC, f.line, f.rule)
				FROM jsonb_to_recordset(change.facts) f (line int, severity text, rule text, message text, hint text, safe_sql text))
			|| E'\n';
	END IF;
	IF jsonb_array_length(change.estimate) > 0 THEN
		page := page || E'| Statement | Command | Object | Lock | Work | Seconds | Blocks | Blocked seconds |\n'
			|| E'|---:|---|---|---|---|---:|---|---:|\n'
			|| (SELECT string_agg(format('| %s | %s | %s | %s | %s | %s | %s | %s |', e.statement, wishflags.markdown_cell(e.command),
					wishflags.markdown_cell(e.object), wishflags.markdown_cell(e.lock_mode), wishflags.markdown_cell(e.work),
					COALESCE(round(e.seconds::numeric, 1)::text, '-'), wishflags.markdown_cell(e.blocks),
					COALESCE(round(e.blocked_seconds::numeric, 1)::text, '-')), E'\n' ORDER BY e.ordinality)
				FROM ROWS FROM (jsonb_to_recordset(change.estimate) AS (statement int, command text, object text, lock_mode text,
					work text, seconds double precision, blocks text, blocked_seconds double precision)) WITH ORDINALITY
					e (statement, command, object, lock_mode, work, seconds, blocks, blocked_seconds, ordinality))
			|| E'\n\n';
	END IF;
	RETURN page || CASE
		WHEN change.rollback_sql IS NOT NULL THEN E'The way back:\n\n' || wishflags.markdown_code(change.rollback_sql)
		ELSE format(E'No way back is stored. Find it with `SELECT wishflags.migration_rollback_sql(sql) FROM wishflags.schema_changes WHERE id = %s;`, which runs the change in a rehearsal, or propose it with option `rollback`.\n',
			change.id) END;
END $$;
COMMENT ON FUNCTION wishflags.schema_change_risk(bigint) IS
'the risk of a proposed change as markdown, for a pull request: findings with lock, rewrite, rows and safe way, the estimate, and the way back';

CREATE FUNCTION wishflags.schema_change_checklist(id bigint) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	change record;
	page text;
BEGIN
	SELECT o.*, c.findings AS facts, c.rollback_sql INTO change
	FROM wishflags.schema_change_overview o JOIN wishflags.schema_changes c ON c.id = o.id
	WHERE o.id = schema_change_checklist.id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'schema change % does not exist', schema_change_checklist.id USING ERRCODE = 'undefined_object',
			HINT = 'List them: SELECT id, state, reason FROM wishflags.schema_change_overview;';
	END IF;
	page := format(E'## Checklist for schema change %s, revision %s\n\n%s, by %s. State: %s.\n\n### Review\n\n',
		change.id, change.revision, wishflags.markdown_cell(change.reason), wishflags.markdown_cell(change.author), change.state);
	page := page || COALESCE((
		SELECT string_agg(format(E'- [ ] line %s, `%s` (%s): %s.%s\n', f.line, f.rule, f.severity, f.message,
			CASE WHEN f.safe_sql IS NOT NULL THEN ' The safe way is in the risk assessment: take it, or say why not.'
				ELSE COALESCE(' ' || f.hint, '') END), ''
			ORDER BY wishflags.severity_rank(f.severity) DESC, f.line, f.rule)
		FROM jsonb_to_recordset(change.facts) f (line int, severity text, rule text, message text, hint text, safe_sql text)),
		E'- [x] The check finds nothing.\n');
	page := page || E'\n### Tests\n\n'
		|| E'- [ ] It ran on a copy with data like those of production: `SELECT * FROM wishflags.migration_rehearse(...);`\n'
		|| (SELECT concat(
				CASE WHEN bool_or(f.kind = 'breaking') THEN E'- [ ] The code that runs now works before and after it.\n' END,
				CASE WHEN bool_or(f.kind = 'blocking') THEN E'- [ ] lock_timeout is set, and the time without other load is agreed.\n' END,
				CASE WHEN bool_or(f.kind = 'data-loss') THEN E'- [ ] What is lost is kept elsewhere, and reading it back was tried.\n' END,
				CASE WHEN bool_or(f.kind = 'fails') THEN E'- [ ] The rows it would fail at are corrected.\n' END)
			FROM jsonb_to_recordset(change.facts) f (kind text))
		|| E'\n### Way back\n\n'
		|| CASE WHEN change.rollback_sql IS NOT NULL THEN E'- [ ] The stored way back was tried: `SELECT * FROM wishflags.migration_rollback_test(up, down);`\n'
			ELSE E'- [ ] A way back is written: `SELECT wishflags.migration_rollback_sql(...);`\n' END
		|| (SELECT COALESCE(string_agg(DISTINCT format(E'- [ ] `%s` loses what no script brings back: a backup is at hand.\n', f.rule), ''), '')
			FROM jsonb_to_recordset(change.facts) f (kind text, rule text) WHERE f.kind IN ('data-loss', 'irreversible'))
		|| E'\n### Approvals\n\n'
		|| (SELECT string_agg(format(E'- [%s] %s of %s (%s given%s)\n', CASE WHEN q.given >= q.needed THEN 'x' ELSE ' ' END, q.needed,
				CASE WHEN q.approver_role IS NULL THEN 'anyone but the author' ELSE wishflags.markdown_cell(q.approver_role) END, q.given,
				CASE WHEN cardinality(q.policies) > 0 THEN '; policy ' || wishflags.markdown_cell(array_to_string(q.policies, ', ')) END),
				'' ORDER BY q.approver_role)
			FROM wishflags.schema_change_requirements q WHERE q.change_id = change.id)
		|| format(E'\nTo approve: `SELECT wishflags.schema_change_approve(%s, ''comment'', revision => %s);`, before %s.\n',
			change.id, change.revision, to_char(change.valid_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'));
	RETURN page;
END $$;
COMMENT ON FUNCTION wishflags.schema_change_checklist(bigint) IS
'what is to be done before a proposed change is run, as a checklist in markdown: findings, tests, way back and approvals';

REVOKE ALL ON TABLE wishflags.approval_policies, wishflags.approval_policy_history, wishflags.approval_effective,
	wishflags.schema_changes, wishflags.schema_change_statements, wishflags.schema_change_approvals,
	wishflags.schema_change_events, wishflags.schema_change_requirements, wishflags.schema_change_overview FROM PUBLIC;
REVOKE ALL ON FUNCTION wishflags.approval_policies_check, wishflags.approval_policies_audit, wishflags.severity_rank,
	wishflags.markdown_cell, wishflags.markdown_code, wishflags.schema_change_propose, wishflags.schema_change_amend,
	wishflags.schema_change_approve, wishflags.schema_change_reject, wishflags.schema_change_withdraw,
	wishflags.schema_change_risk, wishflags.schema_change_checklist FROM PUBLIC;

-- Overrides by kind of context, with values, denials and expiry.
ALTER TABLE wishflags.flag_overrides
	ALTER COLUMN variant DROP NOT NULL,
	ADD COLUMN context_kind text COLLATE "C" NOT NULL DEFAULT 'user',
	ADD COLUMN value jsonb,
	ADD COLUMN deny boolean NOT NULL DEFAULT false,
	ADD COLUMN expires_at timestamptz,
	ADD COLUMN note text,
	ADD COLUMN created_by text,
	DROP CONSTRAINT flag_overrides_pkey;
ALTER TABLE wishflags.flag_overrides
	ADD CONSTRAINT flag_overrides_pkey PRIMARY KEY (flag, context_kind, key),
	ADD CONSTRAINT flag_overrides_answer CHECK ((variant IS NOT NULL)::integer + (value IS NOT NULL)::integer + deny::integer = 1);

CREATE INDEX flag_overrides_expires_at ON wishflags.flag_overrides (expires_at) WHERE expires_at IS NOT NULL;

COMMENT ON TABLE wishflags.flag_overrides IS 'what single keys are given, before all rules';
COMMENT ON COLUMN wishflags.flag_overrides.key IS 'targeting key, or the key of another kind of context';
COMMENT ON COLUMN wishflags.flag_overrides.variant IS 'name of a variant; a plain flag has "on" and "off"; NULL: a value or deny instead';
COMMENT ON COLUMN wishflags.flag_overrides.context_kind IS 'whose key it is: user (the targeting key), or another kind of context, as organization';
COMMENT ON COLUMN wishflags.flag_overrides.value IS 'served as it is instead of a variant, of the type that the variants have';
COMMENT ON COLUMN wishflags.flag_overrides.deny IS 'the off variant, whatever other overrides say';
COMMENT ON COLUMN wishflags.flag_overrides.expires_at IS 'from then on as if it were not there; NULL: never';
COMMENT ON COLUMN wishflags.flag_overrides.note IS 'why';
COMMENT ON COLUMN wishflags.flag_overrides.created_by IS 'filled in: the role; given only when a row is restored';

-- Who changed what when, of flags, overrides, segments and documents: append-only, each row
-- chained to the one before by its hash.

CREATE TABLE wishflags.flag_audit (
	kind text COLLATE "C" NOT NULL CHECK (kind IN ('flag', 'segment', 'document', 'experiment')),
	key text COLLATE "C" NOT NULL,
	ordinal bigint NOT NULL,
	occurred_at timestamptz NOT NULL,
	action text NOT NULL CHECK (action IN ('insert', 'update', 'delete')),
	override_kind text,
	override_key text,
	version integer,
	before jsonb,
	after jsonb,
	changed text[],
	reason text,
	acting_role text NOT NULL,
	outer_role text NOT NULL,
	login_role text NOT NULL,
	application_name text,
	client_addr inet,
	txid xid8 NOT NULL,
	hash bytea NOT NULL,
	PRIMARY KEY (kind, key, ordinal)
) USING heap;

CREATE UNIQUE INDEX flag_audit_version ON wishflags.flag_audit (kind, key, version) WHERE version IS NOT NULL;
CREATE INDEX flag_audit_occurred_at ON wishflags.flag_audit (occurred_at);
CREATE INDEX flag_audit_txid ON wishflags.flag_audit (txid);
-- What is about a flag itself, among a million overrides.
CREATE INDEX flag_audit_own ON wishflags.flag_audit (kind, key, ordinal) WHERE override_key IS NULL;

COMMENT ON TABLE wishflags.flag_audit IS
'every change of flags, overrides, segments, documents and experiments; append-only, the rows of each of them hashed one with the one before';
COMMENT ON COLUMN wishflags.flag_audit.kind IS 'flag (also its overrides), segment, document or experiment';
COMMENT ON COLUMN wishflags.flag_audit.key IS 'key of the flag, segment or experiment, name of the document';
COMMENT ON COLUMN wishflags.flag_audit.ordinal IS 'counts the changes of the flag, segment or document from 1, without a gap';
COMMENT ON COLUMN wishflags.flag_audit.override_kind IS 'kind of context of the override that was changed; NULL: the flag, segment or document itself';
COMMENT ON COLUMN wishflags.flag_audit.override_key IS 'key of the override that was changed';
COMMENT ON COLUMN wishflags.flag_audit.version IS 'version that the change made; NULL: none, as by a deletion or an override';
COMMENT ON COLUMN wishflags.flag_audit.before IS 'the row before; NULL: there was none';
COMMENT ON COLUMN wishflags.flag_audit.after IS 'the row after; NULL: it is gone';
COMMENT ON COLUMN wishflags.flag_audit.changed IS 'columns that the change was about';
COMMENT ON COLUMN wishflags.flag_audit.reason IS 'value of wishflags.reason; NULL: it was not set';
COMMENT ON COLUMN wishflags.flag_audit.acting_role IS 'current_user';
COMMENT ON COLUMN wishflags.flag_audit.outer_role IS 'user outside of SECURITY DEFINER functions';
COMMENT ON COLUMN wishflags.flag_audit.login_role IS 'session_user';
COMMENT ON COLUMN wishflags.flag_audit.hash IS 'SHA-256 of the row with the hash before it, see audit_hash()';

SELECT pg_catalog.pg_extension_config_dump('wishflags.flag_audit', '');

-- The text under the hash has the values in the order of the columns, in UTF-8,
-- times in microseconds since 1970, so that it depends on no setting.
CREATE FUNCTION wishflags.audit_hash(previous bytea, entry wishflags.flag_audit) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT pg_catalog.sha256(COALESCE(previous, ''::bytea) || pg_catalog.convert_to(pg_catalog.jsonb_build_array(
		(entry).kind, (entry).key, (entry).ordinal, (EXTRACT(epoch FROM (entry).occurred_at) * 1000000)::bigint, (entry).action,
		(entry).override_kind, (entry).override_key, (entry).version, (entry).before, (entry).after, (entry).changed, (entry).reason, (entry).acting_role,
		(entry).outer_role, (entry).login_role, (entry).application_name, (entry).client_addr::text, (entry).txid::text)::text, 'UTF8'));
END;
COMMENT ON FUNCTION wishflags.audit_hash(bytea, wishflags.flag_audit) IS
'the hash of a row of flag_audit that follows a row with the given hash; NULL before the first';

CREATE FUNCTION wishflags.flag_audit_note() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_flag_audit_note';
COMMENT ON FUNCTION wishflags.flag_audit_note() IS 'trigger: writes a change to flag_audit';

CREATE FUNCTION wishflags.flag_audit_refuse() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10 AS 'MODULE_PATHNAME', 'wf_flag_audit_refuse';
COMMENT ON FUNCTION wishflags.flag_audit_refuse() IS 'trigger: refuses to change what was written to flag_audit';

CREATE TRIGGER flag_audit_refuse BEFORE UPDATE OR DELETE ON wishflags.flag_audit
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_audit_refuse();
CREATE TRIGGER flag_audit_refuse_truncate BEFORE TRUNCATE ON wishflags.flag_audit
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_refuse();

-- The last of the triggers by row: it sees what the others let pass.  TRUNCATE is
-- noted before it is done, while the rows can be read.
CREATE TRIGGER zz_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.flags
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit_truncate BEFORE TRUNCATE ON wishflags.flags
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();
-- There may be a million at once.
CREATE TRIGGER zz_audit_insert AFTER INSERT ON wishflags.flag_overrides
REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit_update AFTER UPDATE ON wishflags.flag_overrides
REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit_delete AFTER DELETE ON wishflags.flag_overrides
REFERENCING OLD TABLE AS before_rows FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit_truncate BEFORE TRUNCATE ON wishflags.flag_overrides
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.segments
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit_truncate BEFORE TRUNCATE ON wishflags.segments
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.flag_documents
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit_truncate BEFORE TRUNCATE ON wishflags.flag_documents
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();

CREATE VIEW wishflags.flag_versions AS
SELECT key AS flag, version, occurred_at AS valid_from, action, changed, login_role, reason, after AS record
FROM wishflags.flag_audit
WHERE kind = 'flag' AND version IS NOT NULL;
COMMENT ON VIEW wishflags.flag_versions IS 'the versions of all flags; record is the row of flags';

CREATE FUNCTION wishflags.flag_history(key text)
RETURNS TABLE (version integer, valid_from timestamptz, action text, changed text[], login_role text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 20
BEGIN ATOMIC
	SELECT a.version, a.occurred_at, a.action, a.changed, a.login_role, a.reason
	FROM wishflags.flag_audit a
	WHERE a.kind = 'flag' AND a.key = flag_history.key AND a.override_key IS NULL
	ORDER BY a.ordinal DESC;
END;
COMMENT ON FUNCTION wishflags.flag_history(text) IS
'the versions of a flag and its deletions, the newest first';

-- What is older than the audit is known by the first change of it, which
-- tells what was before; without one it is as it is now.
CREATE FUNCTION wishflags.audit_record_at(kind text, key text, at timestamptz, OUT is_known boolean, OUT record jsonb)
RETURNS record
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT l.ordinal IS NOT NULL OR n.ordinal IS NOT NULL, CASE WHEN l.ordinal IS NOT NULL THEN l.after ELSE n.before END
	FROM (SELECT) one
	LEFT JOIN LATERAL (
		SELECT a.ordinal, a.after FROM wishflags.flag_audit a
		WHERE a.kind = audit_record_at.kind AND a.key = audit_record_at.key AND a.override_key IS NULL AND a.occurred_at <= audit_record_at.at
		ORDER BY a.ordinal DESC LIMIT 1) l ON true
	LEFT JOIN LATERAL (
		SELECT a.ordinal, a.before FROM wishflags.flag_audit a
		WHERE a.kind = audit_record_at.kind AND a.key = audit_record_at.key AND a.override_key IS NULL
		ORDER BY a.ordinal LIMIT 1) n ON true;
END;
COMMENT ON FUNCTION wishflags.audit_record_at(text, text, timestamptz) IS
'the row that a flag, segment or document had at a time, as far as flag_audit knows';

CREATE FUNCTION wishflags.flag_at(key text, at timestamptz)
RETURNS SETOF wishflags.flags
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1
BEGIN ATOMIC
	SELECT r.*
	FROM wishflags.audit_record_at('flag', flag_at.key, flag_at.at) past (is_known, record)
	LEFT JOIN wishflags.flags now ON now.key = flag_at.key AND NOT past.is_known
	CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(NULL::wishflags.flags,
		CASE WHEN past.is_known THEN past.record ELSE pg_catalog.to_jsonb(now) END) r
	WHERE r.created_at <= flag_at.at;
END;
COMMENT ON FUNCTION wishflags.flag_at(text, timestamptz) IS
'the row that a flag had at a time; none where it did not exist';

CREATE FUNCTION wishflags.segment_at(key text, at timestamptz)
RETURNS SETOF wishflags.segments
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1
BEGIN ATOMIC
	SELECT r.*
	FROM wishflags.audit_record_at('segment', segment_at.key, segment_at.at) past (is_known, record)
	LEFT JOIN wishflags.segments now ON now.key = segment_at.key AND NOT past.is_known
	CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(NULL::wishflags.segments,
		CASE WHEN past.is_known THEN past.record ELSE pg_catalog.to_jsonb(now) END) r
	WHERE r.created_at <= segment_at.at;
END;
COMMENT ON FUNCTION wishflags.segment_at(text, timestamptz) IS
'the row that a segment had at a time; none where it did not exist';

CREATE FUNCTION wishflags.document_at(name text, at timestamptz)
RETURNS SETOF wishflags.flag_documents
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1
BEGIN ATOMIC
	SELECT r.*
	FROM wishflags.audit_record_at('document', document_at.name, document_at.at) past (is_known, record)
	LEFT JOIN wishflags.flag_documents now ON now.name = document_at.name AND NOT past.is_known
	CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(NULL::wishflags.flag_documents,
		CASE WHEN past.is_known THEN past.record ELSE pg_catalog.to_jsonb(now) END) r
	WHERE r.created_at <= document_at.at;
END;
COMMENT ON FUNCTION wishflags.document_at(text, timestamptz) IS
'the row that a document had at a time; none where it did not exist';

CREATE FUNCTION wishflags.flag_overrides_at(flag text, at timestamptz)
RETURNS SETOF wishflags.flag_overrides
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 100
BEGIN ATOMIC
	SELECT r.*
	FROM (SELECT DISTINCT ON (a.override_kind, a.override_key)
	             CASE WHEN a.occurred_at <= flag_overrides_at.at THEN a.after ELSE a.before END AS record
	      FROM wishflags.flag_audit a
	      WHERE a.kind = 'flag' AND a.key = flag_overrides_at.flag AND a.override_key IS NOT NULL
	      ORDER BY a.override_kind, a.override_key, a.occurred_at > flag_overrides_at.at,
	               CASE WHEN a.occurred_at <= flag_overrides_at.at THEN -a.ordinal ELSE a.ordinal END) past
	CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(NULL::wishflags.flag_overrides, past.record) r
	WHERE r.created_at <= flag_overrides_at.at
	UNION ALL
	SELECT o.*
	FROM wishflags.flag_overrides o
	WHERE o.flag = flag_overrides_at.flag AND o.created_at <= flag_overrides_at.at
		AND NOT EXISTS (SELECT FROM wishflags.flag_audit a
		                WHERE a.kind = 'flag' AND a.key = flag_overrides_at.flag
		                	AND a.override_kind = o.context_kind AND a.override_key = o.key);
END;
COMMENT ON FUNCTION wishflags.flag_overrides_at(text, timestamptz) IS
'the overrides that a flag had at a time';

CREATE FUNCTION wishflags.flag_diff(key text, from_version integer, to_version integer)
RETURNS TABLE (path text, from_value jsonb, to_value jsonb)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	missing integer;
BEGIN
	SELECT v INTO missing FROM unnest(ARRAY[from_version, to_version]) v
	WHERE NOT EXISTS (SELECT FROM wishflags.flag_versions f WHERE f.flag = flag_diff.key AND f.version = v);
	IF FOUND THEN
		RAISE EXCEPTION 'flag "%" has no version %', flag_diff.key, missing
			USING ERRCODE = 'undefined_object', HINT = format('See which there are: SELECT * FROM wishflags.flag_history(%L);', flag_diff.key);
	END IF;
	RETURN QUERY
	WITH RECURSIVE part (version, path, value) AS (
		SELECT f.version, e.key, e.value
		FROM wishflags.flag_versions f, jsonb_each(f.record) e
		WHERE f.flag = flag_diff.key AND f.version IN (from_version, to_version)
			AND e.key NOT IN ('version', 'created_at', 'updated_at', 'created_by', 'updated_by')
		UNION ALL
		SELECT p.version, p.path || c.step, c.value
		FROM part p, LATERAL (
			SELECT '.' || e.key AS step, e.value
			FROM jsonb_each(CASE jsonb_typeof(p.value) WHEN 'object' THEN p.value ELSE '{}' END) e
			UNION ALL
			SELECT '[' || e.n - 1 || ']', e.value
			FROM jsonb_array_elements(CASE jsonb_typeof(p.value) WHEN 'array' THEN p.value ELSE '[]' END)
				WITH ORDINALITY AS e (value, n)) c),
	leaf AS (SELECT * FROM part WHERE jsonb_typeof(part.value) NOT IN ('object', 'array') OR part.value IN ('{}', '[]'))
	SELECT path, f.value, t.value
	FROM (SELECT * FROM leaf WHERE leaf.version = from_version) f
	FULL JOIN (SELECT * FROM leaf WHERE leaf.version = to_version) t USING (path)
	WHERE f.value IS DISTINCT FROM t.value
	ORDER BY path COLLATE "C";
END $$;
COMMENT ON FUNCTION wishflags.flag_diff(text, integer, integer) IS
'what differs between two versions of a flag, a row a value';

CREATE FUNCTION wishflags.flag_rollback(key text, version integer, reason text, OUT new_version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_rollback';
COMMENT ON FUNCTION wishflags.flag_rollback(text, integer, text) IS
'gives a flag the content of one of its versions again, as a new version; a deleted flag is made again';

CREATE FUNCTION wishflags.audit_head() RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
BEGIN ATOMIC
	SELECT COALESCE(pg_catalog.jsonb_object_agg(h.kind || ' ' || h.key, h.ordinal || ' ' || pg_catalog.encode(h.hash, 'hex')), '{}')
	FROM (SELECT DISTINCT ON (kind, key) kind, key, ordinal, hash
	      FROM wishflags.flag_audit ORDER BY kind, key, ordinal DESC) h;
END;
COMMENT ON FUNCTION wishflags.audit_head() IS
'where the chain of each flag, segment and document ends: an anchor to keep elsewhere, for audit_verify()';

CREATE FUNCTION wishflags.audit_verify(head jsonb DEFAULT NULL)
RETURNS TABLE (kind text, key text, ordinal bigint, problem text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000 ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	IF jsonb_typeof(head) <> 'object' OR EXISTS (SELECT FROM jsonb_each_text(head) e WHERE e.key !~ '^[a-z]+ .' OR e.value !~ '^[1-9][0-9]{0,17} [0-9a-f]{64}$') THEN
		RAISE EXCEPTION 'this is no head of the audit'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give what wishflags.audit_head() gave, or the object in a line of the server log.';
	END IF;
	RETURN QUERY
	WITH link AS (
		SELECT a.kind, a.key, a.ordinal, a.hash, row_number() OVER w AS place,
			a.hash = wishflags.audit_hash(lag(a.hash) OVER w, a) AS holds
		FROM wishflags.flag_audit a
		WINDOW w AS (PARTITION BY a.kind, a.key ORDER BY a.ordinal)),
	anchor AS (
		SELECT split_part(e.key, ' ', 1) AS kind, substr(e.key, strpos(e.key, ' ') + 1) AS key,
			split_part(e.value, ' ', 1)::bigint AS ordinal, decode(split_part(e.value, ' ', 2), 'hex') AS hash
		FROM jsonb_each_text(head) e)
	SELECT l.kind, l.key, l.ordinal, 'the row is not as it was written, or does not follow the one before' FROM link l WHERE NOT l.holds
	UNION ALL
	SELECT l.kind, l.key, l.ordinal, 'rows before it are missing' FROM link l
	WHERE l.ordinal <> l.place AND NOT EXISTS (SELECT FROM link p WHERE p.kind = l.kind AND p.key = l.key AND p.ordinal = l.ordinal - 1)
	UNION ALL
	SELECT n.kind, n.key, n.ordinal, CASE WHEN l.hash IS NULL THEN 'the row that the head names is missing' ELSE 'the row is not the one that the head names' END
	FROM anchor n LEFT JOIN link l ON l.kind = n.kind AND l.key = n.key AND l.ordinal = n.ordinal
	WHERE l.hash IS DISTINCT FROM n.hash
	ORDER BY 1, 2, 3, 4;
END $$;
COMMENT ON FUNCTION wishflags.audit_verify(jsonb) IS
'what is wrong with the chains of flag_audit; with a head that audit_head() gave earlier, also whether their ends were cut; no row: nothing';

-- A transaction that is still under way may yet commit with a lower number, so
-- only those below all that are under way are told.
CREATE FUNCTION wishflags.changes_since(since xid8)
RETURNS TABLE (xid xid8, occurred_at timestamptz, kind text, key text, override_kind text, override_key text, action text, version integer, changed text[])
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 100
BEGIN ATOMIC
	SELECT a.txid, a.occurred_at, a.kind, a.key, a.override_kind, a.override_key, a.action, a.version, a.changed
	FROM wishflags.flag_audit a
	WHERE a.txid > changes_since.since AND a.txid < pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())
	ORDER BY a.txid, a.occurred_at, a.kind, a.key, a.ordinal;
END;
COMMENT ON FUNCTION wishflags.changes_since(xid8) IS
'what transactions after the given one changed of flags, overrides, segments and documents; ask again with the last xid, and none is missed';

REVOKE ALL ON TABLE wishflags.flag_audit, wishflags.flag_versions FROM PUBLIC;
REVOKE ALL ON FUNCTION wishflags.audit_hash, wishflags.flag_audit_note, wishflags.flag_audit_refuse, wishflags.flag_history,
	wishflags.audit_record_at, wishflags.flag_at, wishflags.segment_at, wishflags.document_at, wishflags.flag_overrides_at, wishflags.flag_diff, wishflags.flag_rollback, wishflags.audit_head, wishflags.audit_verify, wishflags.changes_since FROM PUBLIC;

CREATE FUNCTION wishflags.flag_archive(key text, reason text DEFAULT NULL, OUT version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_archive';
COMMENT ON FUNCTION wishflags.flag_archive(text, text) IS
'puts a flag out of use: off for everybody, not listed with the others, closed to changes';

CREATE FUNCTION wishflags.flag_unarchive(key text, reason text DEFAULT NULL, OUT version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_unarchive';
COMMENT ON FUNCTION wishflags.flag_unarchive(text, text) IS
'takes a flag back into use, as it was';

CREATE FUNCTION wishflags.flag_expire(key text, expires_at timestamptz, on_expiry text DEFAULT 'warn', OUT version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_expire';
COMMENT ON FUNCTION wishflags.flag_expire(text, timestamptz, text) IS
'says when a flag should be gone (NULL: never), and what happens then: warn, disable, freeze or extend';

REVOKE ALL ON FUNCTION wishflags.flag_archive, wishflags.flag_unarchive, wishflags.flag_expire FROM PUBLIC;

-- Looking at flags in psql.

CREATE FUNCTION wishflags.text_clip(line text, width integer) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_text_clip';
COMMENT ON FUNCTION wishflags.text_clip(text, integer) IS
'a text of at most a width, its end replaced by two dots; control characters are blanks';

CREATE FUNCTION wishflags.text_wrap(line text, width integer) RETURNS text[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_text_wrap';
COMMENT ON FUNCTION wishflags.text_wrap(text, integer) IS
'the lines of a text, each of at most a width, broken at blanks where there are any; control characters are blanks';

-- What a flag's row says it is in, now.
CREATE FUNCTION wishflags.flag_state(flag wishflags.flags) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1
RETURN CASE WHEN (flag).archived_at IS NOT NULL THEN 'archived'
            WHEN NOT (flag).enabled THEN 'off'
            WHEN (flag).expires_at <= pg_catalog.statement_timestamp() AND (flag).on_expiry = 'disable' THEN 'expired'
            ELSE 'on' END;
COMMENT ON FUNCTION wishflags.flag_state(wishflags.flags) IS
'on, off, archived, or expired (off since its expiry)';

CREATE OR REPLACE VIEW wishflags.flag_overview AS
SELECT wishflags.text_clip(f.key, 24) AS flag,
       wishflags.flag_state(f) AS state,
       f.rollout || ' %' AS rollout,
       CASE WHEN pg_catalog.jsonb_typeof(f.definition -> 'rules') = 'array'
            THEN pg_catalog.jsonb_array_length(f.definition -> 'rules') ELSE 0 END AS rules,
       COALESCE(o.overrides, 0) AS overrides,
       wishflags.text_clip(f.owner_team, 9) AS owner
FROM wishflags.flags f
LEFT JOIN (SELECT flag, pg_catalog.count(*) AS overrides
           FROM wishflags.flag_overrides GROUP BY flag) o ON o.flag = f.key
ORDER BY f.key;

COMMENT ON VIEW wishflags.flag_overview IS 'all flags, a narrow line each';

CREATE FUNCTION wishflags.flag_list(filter text DEFAULT NULL)
RETURNS TABLE (flag text, state text, kind text, owner text, expires date)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	known CONSTANT text[] := '{"", state, kind, owner, tag, dialect}';
	whats text[];
	wanteds text[];
BEGIN
	SELECT array_agg(CASE WHEN strpos(t, ':') > 0 THEN split_part(t, ':', 1) ELSE '' END),
		array_agg(lower(CASE WHEN strpos(t, ':') > 0 THEN substr(t, strpos(t, ':') + 1) ELSE t END))
	INTO whats, wanteds
	FROM regexp_split_to_table(filter, '\s+') t
	WHERE t <> '';
	IF NOT whats <@ known OR filter ~ '(^|\s):' THEN
		RAISE EXCEPTION 'invalid filter "%"', filter
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Before a colon may stand state, kind, owner, tag or dialect, as in wishflags.flag_list(''owner:growth state:on'').';
	END IF;
	RETURN QUERY
	SELECT wishflags.text_clip(f.key, 24), s.state || CASE WHEN s.state = 'on' AND f.rollout < 100 THEN ' ' || f.rollout || ' %' ELSE '' END,
		f.kind, wishflags.text_clip(COALESCE(f.owner_team, f.owner_role, f.owner_email), 10),
		CASE WHEN isfinite(f.expires_at) THEN f.expires_at::date END
	FROM wishflags.flags f, LATERAL (SELECT wishflags.flag_state(f) AS state) s
	WHERE (s.state <> 'archived' OR 'state' = ANY (whats))
		AND (whats IS NULL OR NOT EXISTS (
			SELECT FROM unnest(whats, wanteds) term (what, wanted)
			WHERE NOT COALESCE(CASE what
				WHEN '' THEN strpos(lower(f.key), wanted) > 0 OR strpos(lower(f.description), wanted) > 0
				WHEN 'state' THEN wanted IN (s.state, 'all')
				WHEN 'kind' THEN f.kind = wanted
				WHEN 'owner' THEN wanted IN (lower(f.owner_team), lower(f.owner_role), lower(f.owner_email))
				WHEN 'tag' THEN EXISTS (SELECT FROM unnest(f.tags) tag WHERE lower(tag) = wanted)
				WHEN 'dialect' THEN f.dialect = wanted END, false)))
	ORDER BY f.key;
END $$;
COMMENT ON FUNCTION wishflags.flag_list(text) IS
'the flags that a filter finds: words of key or description, and state: (on, off, expired, archived, all), kind:, owner:, tag:, dialect:; without state: all but archived ones';

CREATE FUNCTION wishflags.flag_card(key text) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	f wishflags.flags;
BEGIN
	SELECT * INTO f FROM wishflags.flags WHERE flags.key = flag_card.key;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'flag "%" does not exist', flag_card.key
			USING ERRCODE = 'undefined_object', HINT = 'See which there are: SELECT * FROM wishflags.flag_list();';
	END IF;
	RETURN NEXT wishflags.text_clip(f.key, 50) || '  (' || wishflags.flag_state(f) || ', version ' || f.version || ')';
	RETURN QUERY
	WITH part (place, label, value) AS (
		SELECT 1, 'about', f.description
		UNION ALL
		SELECT 2, 'kind', f.kind
		UNION ALL
		SELECT 3, 'owner', NULLIF(concat_ws(', ', f.owner_team, f.owner_email, 'role ' || f.owner_role), '')
		UNION ALL
		SELECT 4, 'described', f.documentation_url
		UNION ALL
		SELECT 5, 'notes', string_agg(n.key || ': ' || n.value, '; ' ORDER BY n.key) FROM jsonb_each_text(f.notes) n
		UNION ALL
		SELECT 6, 'tags', NULLIF(array_to_string(f.tags, ', '), '')
		UNION ALL
		SELECT 7, 'archived', to_char(f.archived_at, 'YYYY-MM-DD HH24:MI')
		UNION ALL
		SELECT 8, 'expires', CASE WHEN isfinite(f.expires_at) THEN to_char(f.expires_at, 'YYYY-MM-DD HH24:MI') ELSE f.expires_at::text END
			|| CASE f.on_expiry
				WHEN 'warn' THEN ', a warning'
				WHEN 'disable' THEN ', then off'
				WHEN 'freeze' THEN ', then frozen'
				ELSE ', extended by 30 days each time' END
		UNION ALL
		SELECT 9, 'dialect', f.dialect || ', document ' || f.document WHERE f.dialect <> 'native'
		UNION ALL
		SELECT 10, 'variants', string_agg(v.key || ' ' || v.value, ', ' ORDER BY v.key COLLATE "C")
		FROM jsonb_each(CASE jsonb_typeof(f.definition -> 'variants') WHEN 'object' THEN f.definition -> 'variants' END) v
		UNION ALL
		SELECT 11, 'requires', string_agg(COALESCE(r.value ->> 'flag', r.value::text), ', ' ORDER BY r.n)
		FROM jsonb_array_elements(CASE jsonb_typeof(f.definition -> 'requires') WHEN 'array' THEN f.definition -> 'requires' END) WITH ORDINALITY AS r (value, n)
		UNION ALL
		SELECT 12 + r.n / 1e6, 'rule ' || r.n, COALESCE(r.value ->> 'id' || ': ', '') || (r.value - 'id')::text
		FROM jsonb_array_elements(CASE jsonb_typeof(f.definition -> 'rules') WHEN 'array' THEN f.definition -> 'rules' END) WITH ORDINALITY AS r (value, n)
		UNION ALL
		SELECT 13, 'serves', concat_ws(', ',
			CASE WHEN f.rollout > 0 THEN COALESCE(f.definition ->> 'default', 'on') || ' to ' || f.rollout || ' %' END,
			CASE WHEN f.rollout < 100 THEN COALESCE(f.definition ->> 'off', CASE WHEN f.definition ? 'variants' THEN 'the caller''s default' ELSE 'off' END)
				|| ' to ' || CASE f.rollout WHEN 0 THEN 'everybody' ELSE 'the others' END END)
		WHERE f.dialect = 'native'
		UNION ALL
		SELECT 14, 'overrides', string_agg(o.key || ' ' || o.variant, ', ' ORDER BY o.key) FILTER (WHERE o.n <= 5)
			|| CASE WHEN max(o.n) > 5 THEN ' and ' || max(o.n) - 5 || ' more' ELSE '' END
		FROM (SELECT o.key, o.variant, row_number() OVER (ORDER BY o.key) AS n FROM wishflags.flag_overrides o WHERE o.flag = f.key) o
		UNION ALL
		SELECT 15, 'clients', 'listed, and may keep an answer for ' || COALESCE(f.cache_ttl_seconds, 300) || ' seconds' WHERE f.client_visible
		UNION ALL
		SELECT 16, 'created', to_char(f.created_at, 'YYYY-MM-DD HH24:MI') || COALESCE(' by ' || f.created_by, '')
		UNION ALL
		SELECT 17, 'changed', to_char(f.updated_at, 'YYYY-MM-DD HH24:MI') || COALESCE(' by ' || f.updated_by, '')
			|| COALESCE((SELECT ': ' || a.reason FROM wishflags.flag_audit a WHERE a.kind = 'flag' AND a.key = f.key AND a.version = f.version), '')
		WHERE f.version > 1
		UNION ALL
		SELECT 18, 'try', format('SELECT * FROM wishflags.flag_explain(%L, ''{"targetingKey": "user-1"}'');', f.key))
	SELECT '  ' || rpad(CASE l.n WHEN 1 THEN p.label ELSE '' END, 10) || ' ' || l.line
	FROM part p, LATERAL unnest(wishflags.text_wrap(p.value, 65)) WITH ORDINALITY AS l (line, n)
	ORDER BY p.place, l.n;
END $$;
COMMENT ON FUNCTION wishflags.flag_card(text) IS
'all that is to be known of a flag, on lines of at most 80 columns';

CREATE FUNCTION wishflags.flag_timeline(key text, newest integer DEFAULT 50) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 50
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM FROM wishflags.flag_audit a WHERE a.kind = 'flag' AND a.key = flag_timeline.key LIMIT 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'flag "%" has no history', flag_timeline.key
			USING ERRCODE = 'undefined_object', HINT = 'See which flags there are: SELECT * FROM wishflags.flag_list();';
	END IF;
	RETURN QUERY
	WITH entry AS (
		SELECT a.*, to_char(a.occurred_at, 'YYYY-MM-DD HH24:MI') AS at,
			CASE WHEN a.override_key IS NOT NULL THEN 'override ' || CASE a.override_kind WHEN 'user' THEN '' ELSE a.override_kind || ' ' END || a.override_key
				|| CASE a.action WHEN 'delete' THEN ' gone' ELSE ': ' || COALESCE(a.after ->> 'variant', 'value ' || (a.after ->> 'value'), 'deny') END
				WHEN a.action = 'insert' THEN 'created' || CASE WHEN (a.after ->> 'enabled')::boolean THEN ', enabled' ELSE '' END
				WHEN a.action = 'delete' THEN 'deleted'
				ELSE (SELECT string_agg(
					CASE c
						WHEN 'enabled' THEN CASE WHEN (a.after ->> c)::boolean THEN 'enabled' ELSE 'disabled' END
						WHEN 'archived_at' THEN CASE WHEN a.after ->> c IS NULL THEN 'taken out of the archive' ELSE 'archived' END
						WHEN 'definition' THEN 'definition'
						WHEN 'notes' THEN 'notes'
						ELSE c || ' ' || COALESCE(NULLIF(a.before ->> c, ''), 'none') || ' -> ' || COALESCE(NULLIF(a.after ->> c, ''), 'none') END, ', ' ORDER BY n)
					FROM unnest(a.changed) WITH ORDINALITY AS u (c, n)) END
			|| COALESCE(' (' || a.reason || ')', '') || ' by ' || a.login_role AS what
		FROM wishflags.flag_audit a
		WHERE a.kind = 'flag' AND a.key = flag_timeline.key
		ORDER BY a.ordinal DESC LIMIT newest)
	SELECT CASE l.n WHEN 1 THEN e.at || ' ' || rpad(COALESCE('v' || e.version, ''), 5) ELSE repeat(' ', 22) END || ' ' || l.line
	FROM entry e, LATERAL unnest(wishflags.text_wrap(e.what, 55)) WITH ORDINALITY AS l (line, n)
	ORDER BY e.ordinal, l.n;
END $$;
COMMENT ON FUNCTION wishflags.flag_timeline(text, integer) IS
'what happened to a flag and its overrides, the newest changes in the order in which they were made, on lines of at most 80 columns';

REVOKE ALL ON FUNCTION wishflags.text_clip, wishflags.text_wrap, wishflags.flag_state, wishflags.flag_list, wishflags.flag_card,
	wishflags.flag_timeline FROM PUBLIC;


-- Experiments: who was shown which variant of a flag, and what came of it.

CREATE TABLE wishflags.experiments (
	key text COLLATE "C" PRIMARY KEY,
	flag text COLLATE "C" NOT NULL,
	control text NOT NULL,
	allocation jsonb NOT NULL,
	metrics jsonb NOT NULL DEFAULT '{}',
	unit_kind text NOT NULL DEFAULT 'user',
	started_at timestamptz,
	stopped_at timestamptz,
	description text,
	created_at timestamptz NOT NULL,
	CHECK (stopped_at >= started_at)
) USING heap;

-- So that an exposure belongs to one experiment.
CREATE UNIQUE INDEX experiments_running ON wishflags.experiments (flag) WHERE started_at IS NOT NULL AND stopped_at IS NULL;

COMMENT ON TABLE wishflags.experiments IS 'experiments, a row each: a flag whose variants are compared';
COMMENT ON COLUMN wishflags.experiments.key IS 'name of the experiment; cannot be changed';
COMMENT ON COLUMN wishflags.experiments.flag IS 'key of the flag; cannot be changed';
COMMENT ON COLUMN wishflags.experiments.control IS 'variant that the others are compared with';
COMMENT ON COLUMN wishflags.experiments.allocation IS 'expected shares by variant, as {"control": 50, "treatment": 50}; others are not in the experiment';
COMMENT ON COLUMN wishflags.experiments.metrics IS 'what is known of metrics by name: type (mean, binomial), direction (increase, decrease), guardrail (the loss of lift that is allowed)';
COMMENT ON COLUMN wishflags.experiments.unit_kind IS 'whose key is the unit: user for the targeting key, or a kind or attribute of the context; cannot be changed';
COMMENT ON COLUMN wishflags.experiments.started_at IS 'exposures are recorded from then on; NULL: not yet';
COMMENT ON COLUMN wishflags.experiments.stopped_at IS 'until when; NULL: it runs on';
COMMENT ON COLUMN wishflags.experiments.created_at IS 'filled in; given only when a row is restored';

-- No foreign key: each exposure would lock the experiment's row.
CREATE TABLE wishflags.experiment_exposures (
	experiment text COLLATE "C" NOT NULL,
	unit text COLLATE "C" NOT NULL,
	variant text COLLATE "C" NOT NULL,
	exposed_at timestamptz NOT NULL,
	flickered_at timestamptz,
	flickered_to text,
	PRIMARY KEY (experiment, unit)
) USING heap;

COMMENT ON TABLE wishflags.experiment_exposures IS 'the first variant that each unit of an experiment was shown';
COMMENT ON COLUMN wishflags.experiment_exposures.unit IS 'key of the unit, as a targeting key';
COMMENT ON COLUMN wishflags.experiment_exposures.variant IS 'the variant shown first';
COMMENT ON COLUMN wishflags.experiment_exposures.exposed_at IS 'beginning of the statement that showed it';
COMMENT ON COLUMN wishflags.experiment_exposures.flickered_at IS 'when the unit was first shown another variant; NULL: never';
COMMENT ON COLUMN wishflags.experiment_exposures.flickered_to IS 'that variant';

SELECT pg_catalog.pg_extension_config_dump('wishflags.experiments', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.experiment_exposures', '');

CREATE FUNCTION wishflags.experiments_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_experiments_check';
COMMENT ON FUNCTION wishflags.experiments_check() IS 'trigger: validates an experiment';

CREATE FUNCTION wishflags.experiments_removed() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_experiments_removed';
COMMENT ON FUNCTION wishflags.experiments_removed() IS 'trigger: deletes the exposures of deleted experiments';

CREATE TRIGGER experiments_check BEFORE INSERT OR UPDATE ON wishflags.experiments
FOR EACH ROW EXECUTE FUNCTION wishflags.experiments_check();
CREATE TRIGGER experiments_removed AFTER DELETE ON wishflags.experiments
FOR EACH ROW EXECUTE FUNCTION wishflags.experiments_removed();
CREATE TRIGGER experiments_truncated AFTER TRUNCATE ON wishflags.experiments
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.experiments_removed();
CREATE TRIGGER zz_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.experiments
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit_truncate BEFORE TRUNCATE ON wishflags.experiments
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();

CREATE FUNCTION wishflags.experiment_start(key text, flag text, control text, allocation jsonb, metrics jsonb DEFAULT '{}')
RETURNS timestamptz
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	running text;
	started timestamptz;
BEGIN
	SELECT e.key INTO running FROM wishflags.experiments e
	WHERE e.flag = experiment_start.flag AND e.started_at IS NOT NULL AND e.stopped_at IS NULL AND e.key <> experiment_start.key;
	IF FOUND THEN
		RAISE EXCEPTION 'experiment "%" runs on flag "%" already', running, flag
			USING ERRCODE = 'object_in_use', HINT = format('Stop it first: SELECT wishflags.experiment_stop(%L);', running);
	END IF;
	INSERT INTO wishflags.experiments (key, flag, control, allocation, metrics, started_at)
	VALUES (key, flag, control, allocation, metrics, statement_timestamp())
	ON CONFLICT ON CONSTRAINT experiments_pkey DO NOTHING
	RETURNING started_at INTO started;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'experiment "%" exists already', key
			USING ERRCODE = 'duplicate_object', HINT = format('To let it run on: UPDATE wishflags.experiments SET stopped_at = NULL WHERE key = %L;', key);
	END IF;
	RETURN started;
END $$;
COMMENT ON FUNCTION wishflags.experiment_start(text, text, text, jsonb, jsonb) IS
'makes an experiment of a flag and starts it; allocation: the expected shares by variant, as {"off": 50, "on": 50}';

CREATE FUNCTION wishflags.experiment_stop(key text)
RETURNS timestamptz
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	stopped timestamptz;
BEGIN
	UPDATE wishflags.experiments e SET stopped_at = statement_timestamp()
	WHERE e.key = experiment_stop.key AND e.started_at IS NOT NULL AND e.stopped_at IS NULL
	RETURNING e.stopped_at INTO stopped;
	IF NOT FOUND THEN
		IF EXISTS (SELECT FROM wishflags.experiments e WHERE e.key = experiment_stop.key) THEN
			RAISE EXCEPTION 'experiment "%" does not run', key USING ERRCODE = 'object_not_in_prerequisite_state';
		END IF;
		RAISE EXCEPTION 'experiment "%" does not exist', key
			USING ERRCODE = 'undefined_object', HINT = 'See which there are: SELECT key, flag, started_at, stopped_at FROM wishflags.experiments;';
	END IF;
	RETURN stopped;
END $$;
COMMENT ON FUNCTION wishflags.experiment_stop(text) IS
'stops an experiment: nothing is recorded for it from now on';

CREATE FUNCTION wishflags.experiment_expose(flag text, key text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_experiment_expose';
COMMENT ON FUNCTION wishflags.experiment_expose(text, text) IS
'as flag_variant(), and records that the unit was shown the variant, where an experiment runs on the flag';

CREATE FUNCTION wishflags.experiment_expose(flag text, key bigint)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_experiment_expose';
COMMENT ON FUNCTION wishflags.experiment_expose(text, bigint) IS
'as flag_variant(), and records that the unit was shown the variant, where an experiment runs on the flag';

CREATE FUNCTION wishflags.experiment_expose(flag text, key uuid)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_experiment_expose';
COMMENT ON FUNCTION wishflags.experiment_expose(text, uuid) IS
'as flag_variant(), and records that the unit was shown the variant, where an experiment runs on the flag';

CREATE FUNCTION wishflags.experiment_expose(flag text, context jsonb)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_experiment_expose';
COMMENT ON FUNCTION wishflags.experiment_expose(text, jsonb) IS
'as flag_variant(), and records that the unit was shown the variant, where an experiment runs on the flag';

CREATE FUNCTION wishflags.experiment_expose(flag text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_experiment_expose';
COMMENT ON FUNCTION wishflags.experiment_expose(text) IS
'as flag_variant() for the session''s wishflags.context, and records that the unit was shown the variant';

CREATE FUNCTION wishflags.experiment_expose_all(flag text, keys anyarray)
RETURNS TABLE (key text, variant text)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 1000
AS 'MODULE_PATHNAME', 'wf_experiment_expose_all';
COMMENT ON FUNCTION wishflags.experiment_expose_all(text, anyarray) IS
'as experiment_expose() for each key of an array of text, bigint or uuid, or each context of one of jsonb, in one statement';

CREATE FUNCTION wishflags.experiment_results(experiment text, metric_query text, options jsonb DEFAULT '{}')
RETURNS TABLE (metric text, dimension text, variant text, units bigint, flickered bigint,
	mean double precision, variance double precision,
	difference double precision, difference_lower double precision, difference_upper double precision,
	lift double precision, lift_lower double precision, lift_upper double precision,
	p_value double precision, chance_to_win double precision, sample_ratio_p double precision,
	verdict text, note text, evidence jsonb)
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 10
AS 'MODULE_PATHNAME', 'wf_experiment_results';
COMMENT ON FUNCTION wishflags.experiment_results(text, text, jsonb) IS
'the variants of an experiment compared, by a query that gives (unit, value [, covariate]) or (unit, numerator, denominator), and metric where it gives several; it is run as the caller';

REVOKE ALL ON TABLE wishflags.experiments, wishflags.experiment_exposures FROM PUBLIC;
REVOKE ALL ON FUNCTION wishflags.experiments_check, wishflags.experiments_removed, wishflags.experiment_start, wishflags.experiment_stop,
	wishflags.experiment_expose(text), wishflags.experiment_expose(text, text), wishflags.experiment_expose(text, bigint),
	wishflags.experiment_expose(text, uuid), wishflags.experiment_expose(text, jsonb), wishflags.experiment_expose_all,
	wishflags.experiment_results FROM PUBLIC;

-- Previews: flags as somebody wants to see them in one session or transaction.

-- Only C code reads it.  Row security, without a policy, keeps out who may read
-- all tables; without statistics no secret gets into pg_statistic.  It is in no
-- dump: what is restored elsewhere takes no tokens of here.
CREATE TABLE wishflags.preview_secrets (
	id uuid PRIMARY KEY,
	secret bytea NOT NULL CHECK (octet_length(secret) = 32),
	created_at timestamptz NOT NULL
) USING heap;
ALTER TABLE wishflags.preview_secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE wishflags.preview_secrets ALTER secret SET STATISTICS 0, ALTER secret SET STORAGE PLAIN;

COMMENT ON TABLE wishflags.preview_secrets IS 'the keys that preview tokens are signed with; the newest signs';

CREATE TABLE wishflags.preview_tokens (
	id uuid PRIMARY KEY,
	key_id uuid NOT NULL,
	flags text NOT NULL,
	environment text NOT NULL,
	production boolean NOT NULL,
	issued_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	acting_role text NOT NULL,
	outer_role text NOT NULL,
	login_role text NOT NULL,
	reason text,
	revoked_at timestamptz,
	revoked_by text,
	revoke_reason text
) USING heap;

COMMENT ON TABLE wishflags.preview_tokens IS 'the preview tokens that were issued, by whom, and which are revoked';
COMMENT ON COLUMN wishflags.preview_tokens.id IS 'jti of the token, for preview_revoke()';
COMMENT ON COLUMN wishflags.preview_tokens.key_id IS 'id of the key in preview_secrets that signed it';
COMMENT ON COLUMN wishflags.preview_tokens.flags IS 'what the token shows, as in wishflags.preview';
COMMENT ON COLUMN wishflags.preview_tokens.environment IS 'where it counts: value of wishflags.environment';
COMMENT ON COLUMN wishflags.preview_tokens.production IS 'whether it counts in production';
COMMENT ON COLUMN wishflags.preview_tokens.acting_role IS 'current_user of who issued it';
COMMENT ON COLUMN wishflags.preview_tokens.outer_role IS 'user outside of SECURITY DEFINER functions';
COMMENT ON COLUMN wishflags.preview_tokens.login_role IS 'session_user';

SELECT pg_catalog.pg_extension_config_dump('wishflags.preview_tokens', '');

CREATE FUNCTION wishflags.preview_from_url(url text)
RETURNS text
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_preview_from_url';
COMMENT ON FUNCTION wishflags.preview_from_url(text) IS
'what a URL with ?flag_NAME=true or ?preview_flags=a:true,b:false asks for, as text for wishflags.preview';

CREATE FUNCTION wishflags.preview_issue(flags text, ttl interval, options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_preview_issue_text';
COMMENT ON FUNCTION wishflags.preview_issue(text, interval, jsonb) IS
'a signed token for wishflags.preview_token, which shows flags until it expires; options: environment, production, reason';

CREATE FUNCTION wishflags.preview_issue(flags jsonb, ttl interval, options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_preview_issue_jsonb';
COMMENT ON FUNCTION wishflags.preview_issue(jsonb, interval, jsonb) IS
'the same for flags as an object, {"gallery": true, "theme": "dark"}';

CREATE FUNCTION wishflags.preview_revoke(id uuid, reason text DEFAULT NULL)
RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_preview_revoke';
COMMENT ON FUNCTION wishflags.preview_revoke(uuid, text) IS
'ends a preview token before its time; whether it was valid until now';

CREATE FUNCTION wishflags.preview_secret_rotate(discard boolean DEFAULT false)
RETURNS uuid
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_preview_secret_rotate';
COMMENT ON FUNCTION wishflags.preview_secret_rotate(boolean) IS
'makes a new key for preview tokens; with discard all tokens of older ones end';

CREATE FUNCTION wishflags.preview_matrix(flags text[], context jsonb DEFAULT '{}')
RETURNS TABLE (ordinal integer, preview text, changes jsonb)
LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 16
AS 'MODULE_PATHNAME', 'wf_preview_matrix';
COMMENT ON FUNCTION wishflags.preview_matrix(text[], jsonb) IS
'all combinations of what flags can be, as text for wishflags.preview, and what it changes of the flags that depend on them';

REVOKE ALL ON TABLE wishflags.preview_secrets, wishflags.preview_tokens FROM PUBLIC;
REVOKE ALL ON FUNCTION wishflags.preview_from_url, wishflags.preview_issue(text, interval, jsonb), wishflags.preview_issue(jsonb, interval, jsonb),
	wishflags.preview_revoke, wishflags.preview_secret_rotate, wishflags.preview_matrix FROM PUBLIC;

-- How flags are used.  Preloaded, the server counts in shared memory; else each session for
-- itself, until usage_flush() writes what it has into a table.

CREATE TABLE wishflags.flag_usage_log (
	id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	node text NOT NULL,
	flushed_at timestamptz NOT NULL DEFAULT pg_catalog.statement_timestamp(),
	kind text NOT NULL CHECK (kind IN ('flag', 'unknown')),
	flag text COLLATE "C",
	since timestamptz,
	evaluations bigint NOT NULL,
	errors bigint NOT NULL,
	fallbacks bigint NOT NULL,
	first_evaluated timestamptz,
	last_evaluated timestamptz,
	last_error text,
	last_error_at timestamptz,
	registers bytea,
	details jsonb,
	cache_loads bigint NOT NULL,
	cache_load_us bigint NOT NULL,
	last_load_us bigint,
	last_load_at timestamptz
) USING heap;

CREATE INDEX flag_usage_log_flag ON wishflags.flag_usage_log (flag, node);

COMMENT ON TABLE wishflags.flag_usage_log IS
'what sessions of servers that do not preload the library have counted, written by usage_flush(); few rows a flag';
COMMENT ON COLUMN wishflags.flag_usage_log.node IS 'system identifier of the server that counted';
COMMENT ON COLUMN wishflags.flag_usage_log.kind IS 'flag, or unknown: asked for, and not defined';
COMMENT ON COLUMN wishflags.flag_usage_log.flag IS 'NULL: flags that found no place together, and loads of the cache';
COMMENT ON COLUMN wishflags.flag_usage_log.registers IS 'HyperLogLog of the keys, see usage_union() and usage_estimate()';
COMMENT ON COLUMN wishflags.flag_usage_log.details IS 'evaluations by variant, reason and error code';

SELECT pg_catalog.pg_extension_config_dump('wishflags.flag_usage_log', '');

CREATE FUNCTION wishflags.usage_entries(session boolean, with_registers boolean DEFAULT true, with_details boolean DEFAULT true)
RETURNS TABLE (kind text, flag text, since timestamptz, evaluations bigint, errors bigint, fallbacks bigint,
	first_evaluated timestamptz, last_evaluated timestamptz, last_error text, last_error_at timestamptz,
	registers bytea, details jsonb, cache_loads bigint, cache_load_us bigint, last_load_us bigint, last_load_at timestamptz)
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 1000 ROWS 100
AS 'MODULE_PATHNAME', 'wf_usage_entries';
COMMENT ON FUNCTION wishflags.usage_entries(boolean, boolean, boolean) IS
'what the server has counted in this database, or where it is not preloaded this session; without registers and details it is faster';

CREATE FUNCTION wishflags.usage_status(OUT preloaded boolean, OUT flags integer, OUT flags_max integer,
	OUT unknown_flags integer, OUT unknown_max integer, OUT uncounted bigint)
RETURNS record
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10
AS 'MODULE_PATHNAME', 'wf_usage_status';
COMMENT ON FUNCTION wishflags.usage_status() IS
'how many flags and unknown names are counted one by one, in all databases, and how many can be; uncounted: evaluations for which there was no place at all';

CREATE FUNCTION wishflags.usage_union_step(state bytea, registers bytea) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_usage_union_step';
COMMENT ON FUNCTION wishflags.usage_union_step(bytea, bytea) IS 'step of usage_union()';

CREATE AGGREGATE wishflags.usage_union(registers bytea) (
	SFUNC = wishflags.usage_union_step, STYPE = bytea, COMBINEFUNC = wishflags.usage_union_step, PARALLEL = SAFE);
COMMENT ON AGGREGATE wishflags.usage_union(bytea) IS
'registers of all keys together: of several flags, sessions or servers';

CREATE FUNCTION wishflags.usage_estimate(registers bytea) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_usage_estimate';
COMMENT ON FUNCTION wishflags.usage_estimate(bytea) IS
'how many different keys registers stand for, with a standard error of 3.25 %';

CREATE FUNCTION wishflags.usage_flush() RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_usage_flush';
COMMENT ON FUNCTION wishflags.usage_flush() IS
'writes what this session has counted into flag_usage_log; 0 where the library is preloaded, and nothing has to be written';

CREATE FUNCTION wishflags.usage_reset(flag text DEFAULT NULL) RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_usage_reset';
COMMENT ON FUNCTION wishflags.usage_reset(text) IS
'forgets what was counted of a flag, or of all of this database and of databases that are gone; a rollback does not bring it back';

-- Of the server and of what was flushed.
CREATE VIEW wishflags.flag_usage AS
SELECT COALESCE(f.key, u.flag) AS flag, COALESCE(u.evaluations, 0) AS evaluations,
	COALESCE(wishflags.usage_estimate(u.registers), 0) AS unique_keys,
	COALESCE(u.errors, 0) AS errors, COALESCE(u.fallbacks, 0) AS fallbacks,
	u.first_evaluated, u.last_evaluated, u.last_error, u.last_error_at
FROM wishflags.flags f FULL JOIN (
	SELECT e.flag, sum(e.evaluations)::bigint AS evaluations, wishflags.usage_union(e.registers) AS registers,
		sum(e.errors)::bigint AS errors, sum(e.fallbacks)::bigint AS fallbacks,
		min(e.first_evaluated) AS first_evaluated, max(e.last_evaluated) AS last_evaluated,
		(pg_catalog.array_agg(e.last_error ORDER BY e.last_error_at DESC NULLS LAST))[1] AS last_error,
		max(e.last_error_at) AS last_error_at
	FROM (SELECT flag, evaluations, registers, errors, fallbacks, first_evaluated, last_evaluated, last_error, last_error_at
	      FROM wishflags.usage_entries(false, true, false) WHERE kind = 'flag'
	      UNION ALL
	      SELECT flag, evaluations, registers, errors, fallbacks, first_evaluated, last_evaluated, last_error, last_error_at
	      FROM wishflags.flag_usage_log WHERE kind = 'flag') e
	WHERE e.flag IS NOT NULL OR e.evaluations > 0
	GROUP BY e.flag) u ON u.flag = f.key;
COMMENT ON VIEW wishflags.flag_usage IS
'how often each flag was evaluated, for how many keys, and with how many errors; flag NULL: those that found no place, together';

CREATE VIEW wishflags.flag_usage_detail AS
SELECT e.flag, d.variant, d.reason, d.error_code, sum(d.evaluations)::bigint AS evaluations
FROM (SELECT flag, details FROM wishflags.usage_entries(false, false) WHERE kind = 'flag'
      UNION ALL
      SELECT flag, details FROM wishflags.flag_usage_log WHERE kind = 'flag' AND details IS NOT NULL) e,
	pg_catalog.jsonb_to_recordset(e.details) AS d (variant text, reason text, error_code text, evaluations bigint)
GROUP BY e.flag, d.variant, d.reason, d.error_code;
COMMENT ON VIEW wishflags.flag_usage_detail IS 'how often each flag served which variant, and why';

CREATE VIEW wishflags.unknown_flags AS
SELECT e.flag, sum(e.evaluations)::bigint AS evaluations, min(e.first_evaluated) AS first_evaluated, max(e.last_evaluated) AS last_evaluated
FROM (SELECT flag, evaluations, first_evaluated, last_evaluated FROM wishflags.usage_entries(false, false, false) WHERE kind = 'unknown'
      UNION ALL
      SELECT flag, evaluations, first_evaluated, last_evaluated FROM wishflags.flag_usage_log WHERE kind = 'unknown') e
WHERE e.evaluations > 0 AND NOT EXISTS (SELECT FROM wishflags.flags f WHERE f.key = e.flag)
GROUP BY e.flag;
COMMENT ON VIEW wishflags.unknown_flags IS
'flags that were asked for and are not defined; flag NULL: those that found no place, together, and no name at all';

CREATE VIEW wishflags.flag_cache_usage AS
SELECT COALESCE(sum(e.cache_loads), 0)::bigint AS loads,
	pg_catalog.round(sum(e.cache_load_us) / 1000, 3) AS load_ms,
	pg_catalog.round(sum(e.cache_load_us) / NULLIF(sum(e.cache_loads), 0) / 1000, 3) AS average_ms,
	pg_catalog.round((pg_catalog.array_agg(e.last_load_us ORDER BY e.last_load_at DESC NULLS LAST))[1] / 1000.0, 3) AS last_ms,
	max(e.last_load_at) AS last_load_at, min(e.since) AS since
FROM (SELECT cache_loads, cache_load_us, last_load_us, last_load_at, since FROM wishflags.usage_entries(false, false, false) WHERE flag IS NULL AND kind = 'flag'
      UNION ALL
      SELECT cache_loads, cache_load_us, last_load_us, last_load_at, since FROM wishflags.flag_usage_log WHERE flag IS NULL AND kind = 'flag') e;
COMMENT ON VIEW wishflags.flag_cache_usage IS
'how often sessions took changed flags into their caches, and how long that took';

CREATE FUNCTION wishflags.flag_usage_session()
RETURNS TABLE (flag text, evaluations bigint, unique_keys bigint, errors bigint, fallbacks bigint,
	first_evaluated timestamptz, last_evaluated timestamptz, last_error text, last_error_at timestamptz)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 100
BEGIN ATOMIC
	SELECT e.flag, sum(e.evaluations)::bigint, COALESCE(wishflags.usage_estimate(wishflags.usage_union(e.registers)), 0),
		sum(e.errors)::bigint, sum(e.fallbacks)::bigint, min(e.first_evaluated), max(e.last_evaluated),
		(pg_catalog.array_agg(e.last_error ORDER BY e.last_error_at DESC NULLS LAST))[1], max(e.last_error_at)
	FROM wishflags.usage_entries(true, true, false) e
	WHERE e.kind = 'flag' AND (e.flag IS NOT NULL OR e.evaluations > 0)
	GROUP BY e.flag
	ORDER BY e.flag COLLATE "C";
END;
COMMENT ON FUNCTION wishflags.flag_usage_session() IS
'as flag_usage, what this session has counted and not flushed, where the library is not preloaded';

CREATE FUNCTION wishflags.health_thresholds(options jsonb, OUT error_warning float8, OUT error_critical float8,
	OUT miss_warning float8, OUT miss_critical float8, OUT fallback_warning float8, OUT fallback_critical float8, OUT min_evaluations float8)
RETURNS record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_health_thresholds';
COMMENT ON FUNCTION wishflags.health_thresholds(jsonb) IS
'the thresholds that flag_health() judges by, in percent, as its options set them';

CREATE FUNCTION wishflags.flag_health(options jsonb DEFAULT '{}')
RETURNS TABLE (flag text, verdict text, reason text, evaluations bigint, error_percent numeric,
	miss_percent numeric, fallback_percent numeric, last_error text, last_error_at timestamptz)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
BEGIN ATOMIC
	WITH counted AS (
		SELECT e.kind, e.flag, sum(e.evaluations) AS evaluations, sum(e.errors) AS errors, sum(e.fallbacks) AS fallbacks,
			(pg_catalog.array_agg(e.last_error ORDER BY e.last_error_at DESC NULLS LAST))[1] AS last_error, max(e.last_error_at) AS last_error_at
		FROM (SELECT kind, flag, evaluations, errors, fallbacks, last_error, last_error_at FROM wishflags.usage_entries(false, false, false)
		      UNION ALL
		      SELECT kind, flag, evaluations, errors, fallbacks, last_error, last_error_at FROM wishflags.flag_usage_log) e
		GROUP BY e.kind, e.flag),
	subject AS (
		SELECT NULL AS flag, COALESCE(sum(c.evaluations), 0) AS evaluations,
			COALESCE(sum(c.errors) FILTER (WHERE c.kind = 'flag'), 0) AS errors,
			COALESCE(sum(c.evaluations) FILTER (WHERE c.kind = 'unknown'), 0) AS misses,
			COALESCE(sum(c.fallbacks) FILTER (WHERE c.kind = 'flag'), 0) AS fallbacks,
			(pg_catalog.array_agg(c.last_error ORDER BY c.last_error_at DESC NULLS LAST))[1] AS last_error, max(c.last_error_at) AS last_error_at
		FROM counted c
		UNION ALL
		SELECT c.flag, c.evaluations, c.errors, 0, c.fallbacks, c.last_error, c.last_error_at
		FROM counted c
		WHERE c.kind = 'flag' AND c.flag IS NOT NULL AND c.evaluations > 0),
	rate AS (
		SELECT s.*, 100.0 * s.errors / NULLIF(s.evaluations, 0) AS error_percent,
			100.0 * s.misses / NULLIF(s.evaluations, 0) AS miss_percent,
			100.0 * s.fallbacks / NULLIF(s.evaluations, 0) AS fallback_percent
		FROM subject s),
	judged AS (
		SELECT r.*, r.evaluations < t.min_evaluations AS few,
			CASE WHEN r.error_percent > t.error_critical OR r.miss_percent > t.miss_critical OR r.fallback_percent > t.fallback_critical THEN 2
				WHEN r.error_percent > t.error_warning OR r.miss_percent > t.miss_warning OR r.fallback_percent > t.fallback_warning THEN 1
				ELSE 0 END AS level,
			pg_catalog.concat_ws(', ',
				CASE WHEN r.error_percent > LEAST(t.error_warning, t.error_critical) THEN pg_catalog.round(r.error_percent, 1) || ' % errors' END,
				CASE WHEN r.miss_percent > LEAST(t.miss_warning, t.miss_critical) THEN pg_catalog.round(r.miss_percent, 1) || ' % of unknown flags' END,
				CASE WHEN r.fallback_percent > LEAST(t.fallback_warning, t.fallback_critical) THEN pg_catalog.round(r.fallback_percent, 1) || ' % defaults' END) AS why
		FROM rate r, wishflags.health_thresholds(flag_health.options) t)
	SELECT j.flag, CASE WHEN j.few THEN 'ok' ELSE (ARRAY['ok', 'warning', 'critical'])[j.level + 1] END,
		CASE WHEN j.evaluations = 0 THEN 'not evaluated' WHEN j.few AND j.level > 0 THEN j.why || ', but few evaluations' ELSE NULLIF(j.why, '') END,
		j.evaluations::bigint, pg_catalog.round(j.error_percent, 3), CASE WHEN j.flag IS NULL THEN pg_catalog.round(j.miss_percent, 3) END,
		pg_catalog.round(j.fallback_percent, 3), j.last_error, j.last_error_at
	FROM judged j
	ORDER BY j.flag IS NOT NULL, CASE WHEN j.few THEN 0 ELSE j.level END DESC, j.flag COLLATE "C";
END;
COMMENT ON FUNCTION wishflags.flag_health(jsonb) IS
'a verdict (ok, warning, critical) on all evaluations, flag NULL, and on each flag; options, in percent: error_warning, error_critical, miss_warning, miss_critical, fallback_warning, fallback_critical; min_evaluations';

REVOKE ALL ON TABLE wishflags.flag_usage_log, wishflags.flag_usage, wishflags.flag_usage_detail, wishflags.unknown_flags,
	wishflags.flag_cache_usage FROM PUBLIC;
REVOKE ALL ON FUNCTION wishflags.usage_entries, wishflags.usage_status, wishflags.usage_union_step, wishflags.usage_union,
	wishflags.usage_estimate, wishflags.usage_flush, wishflags.usage_reset, wishflags.flag_usage_session,
	wishflags.health_thresholds, wishflags.flag_health FROM PUBLIC;

-- Changes of flags that others approve before they are made.

CREATE TABLE wishflags.change_policies (
	name text COLLATE "C" PRIMARY KEY CHECK (name <> ''),
	key_pattern text COLLATE "C" NOT NULL DEFAULT '%' CHECK (key_pattern <> ''),
	tags text[],
	environments text[],
	approver_role text COLLATE "C",
	owner_approves boolean NOT NULL DEFAULT false,
	approvals integer NOT NULL DEFAULT 1 CHECK (approvals BETWEEN 1 AND 100),
	protected boolean NOT NULL DEFAULT false,
	enabled boolean NOT NULL DEFAULT true,
	reason text NOT NULL CHECK (pg_catalog.btrim(reason) <> ''),
	changed_at timestamptz NOT NULL,
	changed_by text NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.change_policies IS
'who must approve a change of flags and segments, and which of them change by requests only; all rows that match count, of those for one role the one with the most approvals; where none matches, one approval of anyone but the author';
COMMENT ON COLUMN wishflags.change_policies.key_pattern IS 'of flags and segments whose key is LIKE this';
COMMENT ON COLUMN wishflags.change_policies.tags IS 'only of flags with one of these tags; NULL: of all';
COMMENT ON COLUMN wishflags.change_policies.environments IS 'only where wishflags.environment is one of these; NULL: all';
COMMENT ON COLUMN wishflags.change_policies.approver_role IS 'whose members approve, being superuser does not count; NULL: anyone but the author';
COMMENT ON COLUMN wishflags.change_policies.owner_approves IS 'of a flag with an owner_role, that role''s members approve instead';
COMMENT ON COLUMN wishflags.change_policies.approvals IS 'how many persons';
COMMENT ON COLUMN wishflags.change_policies.protected IS 'a change is refused unless it comes from an approved request';
COMMENT ON COLUMN wishflags.change_policies.enabled IS 'false: the row does not count';
COMMENT ON COLUMN wishflags.change_policies.reason IS 'why, wishflags.reason where it is not given; refusals tell it';
COMMENT ON COLUMN wishflags.change_policies.changed_at IS 'filled in; given only when a row is restored';
COMMENT ON COLUMN wishflags.change_policies.changed_by IS 'filled in: who logged in; given only when a row is restored';

CREATE TABLE wishflags.change_policy_history (
	id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	occurred_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	action text NOT NULL CHECK (action IN ('insert', 'update', 'delete', 'truncate')),
	before jsonb,
	after jsonb,
	reason text,
	acting_role text NOT NULL,
	outer_role text NOT NULL,
	login_role text NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.change_policy_history IS
'every change of change_policies: the row before and after, and who did it';

CREATE TABLE wishflags.change_requests (
	id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
	revision integer NOT NULL DEFAULT 1,
	state text NOT NULL CHECK (state IN ('draft', 'in review', 'applied', 'rejected', 'cancelled')),
	changes jsonb NOT NULL,
	base jsonb NOT NULL,
	reason text NOT NULL CHECK (pg_catalog.btrim(reason) <> ''),
	authors text[] NOT NULL,
	proposed_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
) USING heap;
COMMENT ON TABLE wishflags.change_requests IS
'proposed changes of flags, overrides and segments; see the view change_request_overview';
COMMENT ON COLUMN wishflags.change_requests.revision IS 'goes up with each edit; approvals are of one revision';
COMMENT ON COLUMN wishflags.change_requests.changes IS 'new values by flags, overrides and segments; null: it is deleted';
COMMENT ON COLUMN wishflags.change_requests.base IS 'what was there when it was written: versions of flags and segments, variants of overrides; null: nothing';
COMMENT ON COLUMN wishflags.change_requests.authors IS 'session_user, outer user and current_user of all who wrote a revision; none of them approves';

-- No foreign keys: pg_restore with several jobs fills all tables at once.
CREATE TABLE wishflags.change_request_approvals (
	request_id bigint NOT NULL,
	revision integer NOT NULL,
	approver text COLLATE "C" NOT NULL,
	approver_role text COLLATE "C",
	comment text,
	approved_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	PRIMARY KEY (request_id, revision, approver)
) USING heap;
COMMENT ON TABLE wishflags.change_request_approvals IS
'approvals of change requests; those of an earlier revision are void';
COMMENT ON COLUMN wishflags.change_request_approvals.approver IS 'session_user';
COMMENT ON COLUMN wishflags.change_request_approvals.approver_role IS 'the role that it counts for; NULL: none is asked for';

CREATE TABLE wishflags.change_request_events (
	id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	request_id bigint NOT NULL,
	revision integer NOT NULL,
	occurred_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	event text NOT NULL CHECK (event IN ('proposed', 'edited', 'approved', 'rejected', 'cancelled', 'applied', 'skipped')),
	comment text,
	changes jsonb,
	acting_role text NOT NULL,
	outer_role text NOT NULL,
	login_role text NOT NULL
) USING heap;
CREATE INDEX change_request_events_request_idx ON wishflags.change_request_events (request_id);
COMMENT ON TABLE wishflags.change_request_events IS
'what happened to change requests, with the changes of each revision; skipped: applied in an emergency, without approvals';

SELECT pg_catalog.pg_extension_config_dump('wishflags.change_policies', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.change_policy_history', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.change_requests', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.change_requests_id_seq', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.change_request_approvals', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.change_request_events', '');

CREATE FUNCTION wishflags.change_policies_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_change_policies_check';
COMMENT ON FUNCTION wishflags.change_policies_check() IS 'trigger: validates a row of change_policies';
CREATE FUNCTION wishflags.change_policies_audit() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_change_policies_audit';
COMMENT ON FUNCTION wishflags.change_policies_audit() IS 'trigger: writes a change to change_policy_history';
CREATE FUNCTION wishflags.change_protect() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_change_protect';
COMMENT ON FUNCTION wishflags.change_protect() IS 'trigger: refuses a change of what change_policies protects, but from an approved request';

CREATE TRIGGER change_policies_check BEFORE INSERT OR UPDATE ON wishflags.change_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.change_policies_check();
CREATE TRIGGER change_policies_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.change_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.change_policies_audit();
CREATE TRIGGER change_policies_truncated AFTER TRUNCATE ON wishflags.change_policies
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.change_policies_audit();

-- The first of the triggers by row: it knows a restored row by what that brings.
CREATE TRIGGER aa_protect BEFORE INSERT OR UPDATE OR DELETE ON wishflags.flags
FOR EACH ROW EXECUTE FUNCTION wishflags.change_protect();
CREATE TRIGGER aa_protect_truncate BEFORE TRUNCATE ON wishflags.flags
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.change_protect();
CREATE TRIGGER aa_protect BEFORE INSERT OR UPDATE OR DELETE ON wishflags.flag_overrides
FOR EACH ROW EXECUTE FUNCTION wishflags.change_protect();
CREATE TRIGGER aa_protect_truncate BEFORE TRUNCATE ON wishflags.flag_overrides
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.change_protect();
CREATE TRIGGER aa_protect BEFORE INSERT OR UPDATE OR DELETE ON wishflags.segments
FOR EACH ROW EXECUTE FUNCTION wishflags.change_protect();
CREATE TRIGGER aa_protect_truncate BEFORE TRUNCATE ON wishflags.segments
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.change_protect();
CREATE TRIGGER aa_protect BEFORE INSERT OR UPDATE OR DELETE ON wishflags.flag_documents
FOR EACH ROW EXECUTE FUNCTION wishflags.change_protect();
CREATE TRIGGER aa_protect_truncate BEFORE TRUNCATE ON wishflags.flag_documents
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.change_protect();

CREATE FUNCTION wishflags.change_propose(changes jsonb, reason text, options jsonb DEFAULT '{}')
RETURNS bigint
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_change_propose';
COMMENT ON FUNCTION wishflags.change_propose(jsonb, text, jsonb) IS
'stores changes ({"flags": {key: {column: value}}, "overrides": {flag: {key: variant}}, "segments": {key: {column: value}}}; null deletes) to be approved by others, after a trial; gives the id; options: draft (true: not to be decided about yet, and not tried)';

CREATE FUNCTION wishflags.change_edit(id bigint, changes jsonb DEFAULT NULL, reason text DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS integer
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_change_edit';
COMMENT ON FUNCTION wishflags.change_edit(bigint, jsonb, text, jsonb) IS
'gives a change request other changes (NULL: the same), on what flags are now, which voids its approvals; for its authors; gives the new revision; options as for change_propose()';

CREATE FUNCTION wishflags.change_approve(id bigint, comment text DEFAULT NULL, revision integer DEFAULT NULL,
	approver_role text DEFAULT NULL)
RETURNS text
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100
AS 'MODULE_PATHNAME', 'wf_change_approve';
COMMENT ON FUNCTION wishflags.change_approve(bigint, text, integer, text) IS
'approves a change request, for one role of change_policies that the login role belongs to; never for its authors; with revision, only if it is the present one; gives what is still missing, or approved';

CREATE FUNCTION wishflags.change_reject(id bigint, reason text)
RETURNS void
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100
AS 'MODULE_PATHNAME', 'wf_change_reject';
COMMENT ON FUNCTION wishflags.change_reject(bigint, text) IS
'turns a change request down, for a reason; for those who may approve it';

CREATE FUNCTION wishflags.change_cancel(id bigint, reason text)
RETURNS void
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100
AS 'MODULE_PATHNAME', 'wf_change_cancel';
COMMENT ON FUNCTION wishflags.change_cancel(bigint, text) IS
'takes a change request back, for a reason; for its authors and superusers';

CREATE FUNCTION wishflags.change_apply(id bigint)
RETURNS integer
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_change_apply';
COMMENT ON FUNCTION wishflags.change_apply(bigint) IS
'makes the changes of an approved request, with the rights of the caller, if what they change is as it was; how many they are';

CREATE FUNCTION wishflags.change_apply(id bigint, emergency_reason text)
RETURNS integer
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_change_apply_emergency';
COMMENT ON FUNCTION wishflags.change_apply(bigint, text) IS
'likewise without the approvals that are missing, for a reason, which the audit keeps';

-- Change requests as a list, and one of them as a card.

CREATE VIEW wishflags.change_request_items AS
SELECT r.id AS request_id, 'flag' AS kind, k.key, NULL::text AS override_key,
	r.changes -> 'flags' -> k.key AS patch, r.base -> 'flags' -> k.key AS base
FROM wishflags.change_requests r
CROSS JOIN LATERAL pg_catalog.jsonb_object_keys(r.changes -> 'flags') k (key)
UNION ALL
SELECT r.id, 'override', f.key, o.key, o.value, r.base -> 'overrides' -> f.key -> o.key
FROM wishflags.change_requests r
CROSS JOIN LATERAL pg_catalog.jsonb_each(r.changes -> 'overrides') f
CROSS JOIN LATERAL pg_catalog.jsonb_each(f.value) o
UNION ALL
SELECT r.id, 'segment', k.key, NULL, r.changes -> 'segments' -> k.key, r.base -> 'segments' -> k.key
FROM wishflags.change_requests r
CROSS JOIN LATERAL pg_catalog.jsonb_object_keys(r.changes -> 'segments') k (key);
COMMENT ON VIEW wishflags.change_request_items IS
'what each change request changes, a row a flag, override or segment, and what it was written on';

CREATE VIEW wishflags.change_request_requirements AS
SELECT c.id AS request_id, r.approver_role, r.approvals AS needed, LEAST(g.given, r.approvals) AS given, r.policies
FROM wishflags.change_requests c
CROSS JOIN LATERAL (
	SELECT m.approver_role, COALESCE(pg_catalog.max(m.approvals), 1) AS approvals,
		pg_catalog.array_agg(DISTINCT m.name ORDER BY m.name) FILTER (WHERE m.name IS NOT NULL) AS policies
	FROM (SELECT) one
	LEFT JOIN (
		SELECT CASE WHEN p.owner_approves THEN COALESCE(f.owner_role, p.approver_role) ELSE p.approver_role END AS approver_role, p.approvals, p.name
		FROM wishflags.change_request_items i
		LEFT JOIN wishflags.flags f ON i.kind <> 'segment' AND f.key = i.key
		JOIN wishflags.change_policies p ON p.enabled AND i.key LIKE p.key_pattern
			AND (p.tags IS NULL OR i.kind <> 'segment' AND (p.tags && f.tags OR i.kind = 'flag' AND i.patch -> 'tags' ?| p.tags))
			AND (p.environments IS NULL OR pg_catalog.current_setting('wishflags.environment', true) = ANY (p.environments))
		WHERE i.request_id = c.id
	) m ON true
	GROUP BY m.approver_role
) r
CROSS JOIN LATERAL (
	SELECT pg_catalog.count(*)::integer AS given
	FROM wishflags.change_request_approvals a
	WHERE a.request_id = c.id AND a.revision = c.revision
	AND (r.approver_role IS NULL OR a.approver_role = r.approver_role)
) g
ORDER BY c.id, r.approver_role;
COMMENT ON VIEW wishflags.change_request_requirements IS
'whose approvals each change request needs by change_policies, and how many it has; approver_role NULL: anyone but the author';

CREATE VIEW wishflags.change_request_overview AS
SELECT c.id, CASE WHEN c.state = 'in review' AND r.missing IS NULL THEN 'approved' ELSE c.state END AS state,
	c.revision, c.authors[1] AS author, c.reason, i.what, r.given || ' of ' || r.needed AS approvals, r.missing,
	c.proposed_at, e.occurred_at AS applied_at, e.login_role AS applied_by, CASE WHEN e.event = 'skipped' THEN e.comment END AS emergency_reason
FROM wishflags.change_requests c
CROSS JOIN LATERAL (
	SELECT pg_catalog.sum(q.needed) AS needed, pg_catalog.sum(q.given) AS given,
		pg_catalog.string_agg((q.needed - q.given) || ' of ' || COALESCE(q.approver_role, 'anyone but the author'), ', '
			ORDER BY q.approver_role) FILTER (WHERE q.given < q.needed) AS missing
	FROM wishflags.change_request_requirements q WHERE q.request_id = c.id
) r
CROSS JOIN LATERAL (
	SELECT pg_catalog.string_agg(DISTINCT CASE j.kind WHEN 'segment' THEN 'segment ' ELSE '' END || j.key, ', ') AS what
	FROM wishflags.change_request_items j WHERE j.request_id = c.id
) i
LEFT JOIN wishflags.change_request_events e ON e.request_id = c.id AND e.event IN ('applied', 'skipped')
ORDER BY c.id;
COMMENT ON VIEW wishflags.change_request_overview IS
'change requests, a row each: draft, in review, approved, applied, rejected or cancelled, and whose approvals are missing';

CREATE FUNCTION wishflags.change_list(state text DEFAULT NULL)
RETURNS TABLE (id bigint, state text, author text, approvals text, what text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 20
BEGIN ATOMIC
	SELECT o.id, o.state, wishflags.text_clip(o.author, 12), o.approvals,
		wishflags.text_clip(o.what, 18), wishflags.text_clip(o.reason, 15)
	FROM wishflags.change_request_overview o
	WHERE change_list.state IS NULL OR o.state = change_list.state
	ORDER BY o.id;
END;
COMMENT ON FUNCTION wishflags.change_list(text) IS
'change requests, of one state or (NULL) all, a narrow line each';

-- The values of a row or patch by their paths, without what the extension fills in.
CREATE FUNCTION wishflags.change_leaves(value jsonb)
RETURNS TABLE (path text, leaf jsonb)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100 ROWS 20
BEGIN ATOMIC
	WITH RECURSIVE part (path, value) AS (
		SELECT e.key, e.value FROM pg_catalog.jsonb_each(change_leaves.value) e
		UNION ALL
		SELECT p.path || c.step, c.value
		FROM part p, LATERAL (
			SELECT '.' || e.key AS step, e.value
			FROM pg_catalog.jsonb_each(CASE pg_catalog.jsonb_typeof(p.value) WHEN 'object' THEN p.value ELSE '{}' END) e
			UNION ALL
			SELECT '[' || e.n - 1 || ']', e.value
			FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(p.value) WHEN 'array' THEN p.value ELSE '[]' END)
				WITH ORDINALITY AS e (value, n)) c)
	SELECT p.path, p.value FROM part p
	WHERE pg_catalog.jsonb_typeof(p.value) NOT IN ('object', 'array') OR p.value IN ('{}', '[]');
END;
COMMENT ON FUNCTION wishflags.change_leaves(jsonb) IS
'the values in an object by their paths, a row each';

CREATE VIEW wishflags.change_request_values AS
SELECT i.request_id, i.kind, i.key, i.override_key,
	CASE i.kind WHEN 'override' THEN 'variant' ELSE d.path END AS path,
	CASE i.kind WHEN 'override' THEN i.base ELSE d.was END AS from_value,
	CASE i.kind WHEN 'override' THEN CASE i.patch WHEN 'true' THEN '"on"' WHEN 'false' THEN '"off"' ELSE i.patch END ELSE d.becomes END AS to_value
FROM wishflags.change_request_items i
LEFT JOIN wishflags.flag_audit a ON i.kind <> 'override' AND a.kind = i.kind AND a.key = i.key AND a.version = CASE WHEN i.kind <> 'override' THEN (i.base #>> '{}')::integer END
LEFT JOIN LATERAL (
	SELECT path, f.leaf AS was, t.leaf AS becomes
	FROM wishflags.change_leaves(a.after) f
	FULL JOIN wishflags.change_leaves(a.after || CASE pg_catalog.jsonb_typeof(i.patch) WHEN 'object' THEN i.patch END) t USING (path)
	WHERE pg_catalog.jsonb_typeof(i.patch) = 'object' AND a.after IS NOT NULL AND f.leaf IS DISTINCT FROM t.leaf
	UNION ALL
	SELECT l.path, NULL, l.leaf FROM wishflags.change_leaves(CASE pg_catalog.jsonb_typeof(i.patch) WHEN 'object' THEN i.patch END) l
	WHERE a.after IS NULL
) d ON i.kind <> 'override'
WHERE i.kind <> 'override' OR i.patch <> i.base;
COMMENT ON VIEW wishflags.change_request_values IS
'what each change request changes, a row a value: from what it was written on, to what it shall be; without a path: nothing, or it is deleted';

CREATE FUNCTION wishflags.change_show(id bigint) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	request record;
	decision text;
BEGIN
	SELECT o.* INTO request FROM wishflags.change_request_overview o WHERE o.id = change_show.id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'change request % does not exist', change_show.id USING ERRCODE = 'undefined_object',
			HINT = 'List them: SELECT * FROM wishflags.change_list();';
	END IF;
	SELECT e.login_role || COALESCE(': ' || e.comment, '') INTO decision FROM wishflags.change_request_events e
	WHERE e.request_id = change_show.id AND e.event IN ('rejected', 'cancelled') ORDER BY e.occurred_at DESC LIMIT 1;
	-- Nothing is wider than 80 columns in psql; what is longer goes on in the next line.
	RETURN QUERY
	SELECT repeat(' ', c.indent + CASE WHEN w.n > 1 THEN 2 ELSE 0 END) || w.line
	FROM (
		SELECT 1 AS part, 0 AS place, ''::text AS key, ''::text AS override_key, h.n AS step, ''::text AS path, 0 AS indent, h.line
		FROM unnest(ARRAY[
			format('change request %s, revision %s, by %s: %s', request.id, request.revision, request.author, request.state),
			'reason: ' || request.reason,
			'approvals: ' || request.approvals || COALESCE(', missing ' || request.missing, '')]) WITH ORDINALITY AS h (line, n)
		UNION ALL
		SELECT 2, 0, '', '', row_number() OVER (ORDER BY a.approved_at), '', 2,
			a.approver || COALESCE(' for ' || a.approver_role, '') || COALESCE(': ' || a.comment, '')
		FROM wishflags.change_request_approvals a WHERE a.request_id = request.id AND a.revision = request.revision
		UNION ALL
		SELECT 3, 0, '', '', 1, '', 0, CASE WHEN request.applied_by IS NOT NULL
				THEN 'applied by ' || request.applied_by || COALESCE(' in an emergency: ' || request.emergency_reason, '')
			ELSE request.state || ' by ' || decision END
		WHERE request.state IN ('applied', 'rejected', 'cancelled')
		UNION ALL
		SELECT 4, k.place, i.key, COALESCE(i.override_key, ''), l.step, '', 0, CASE l.step WHEN 1 THEN '' ELSE
			CASE i.kind WHEN 'override' THEN format('override of flag %s for %s', i.key, i.override_key) ELSE i.kind || ' ' || i.key END
				|| CASE WHEN i.patch = 'null' THEN CASE i.kind WHEN 'override' THEN ', to be unset' ELSE ', to be deleted' END
					WHEN i.base = 'null' THEN ', new' ELSE '' END
				|| CASE WHEN i.kind <> 'override' AND i.base <> 'null' THEN ', version ' || (i.base #>> '{}') ELSE '' END
				|| CASE WHEN request.state = 'applied' OR i.base IS NOT DISTINCT FROM COALESCE(k.present, 'null') THEN ''
					ELSE ', has moved on: ' || CASE WHEN k.present IS NULL THEN 'not there'
						ELSE CASE i.kind WHEN 'override' THEN 'now ' ELSE 'version ' END || (k.present #>> '{}') END END END
		FROM wishflags.change_request_items i
		CROSS JOIN LATERAL (SELECT array_position(ARRAY['segment', 'flag', 'override'], i.kind), CASE i.kind
			WHEN 'flag' THEN (SELECT to_jsonb(f.version) FROM wishflags.flags f WHERE f.key = i.key)
			WHEN 'segment' THEN (SELECT to_jsonb(s.version) FROM wishflags.segments s WHERE s.key = i.key)
			ELSE (SELECT to_jsonb(o.variant) FROM wishflags.flag_overrides o WHERE o.flag = i.key AND o.key = i.override_key) END) k (place, present)
		CROSS JOIN generate_series(1, 2) l (step)
		WHERE i.request_id = request.id
		UNION ALL
		SELECT 4, array_position(ARRAY['segment', 'flag', 'override'], v.kind), v.key, COALESCE(v.override_key, ''), 3, v.path, 2,
			format('%s: %s -> %s', v.path, COALESCE(NULLIF(v.from_value, 'null')::text, '(none)'), COALESCE(NULLIF(v.to_value, 'null')::text, '(none)'))
		FROM wishflags.change_request_values v
		WHERE v.request_id = request.id AND v.path IS NOT NULL
	) c
	CROSS JOIN LATERAL unnest(wishflags.text_wrap(c.line, 74)) WITH ORDINALITY AS w (line, n)
	ORDER BY c.part, c.place, c.key COLLATE "C", c.override_key COLLATE "C", c.step, c.path COLLATE "C", w.n;
END $$;
COMMENT ON FUNCTION wishflags.change_show(bigint) IS
'a change request on lines of at most 80 columns: state, approvals, and each value that it changes';

-- Who may do what: four levels, each a set of plain grants.

-- The one place that says which object belongs to which level.  A function is
-- named for all its forms, or with its arguments for one of them.  All columns of
-- a table are meant but those in the last list, which only the extension fills in
-- or a restore brings.  What nobody is given stands under "owner"; trigger and
-- event trigger functions and the like need no right to run, and stand nowhere.
CREATE VIEW wishflags.access_levels AS
SELECT v.level, p.privilege, o.object, pg_catalog.string_to_array(v.but, ' ') AS but_columns
FROM (VALUES
	('everyone', 'EXECUTE', 'flag_eval flag_variant flag_value version', NULL),

	('reader', 'USAGE', 'wishflags', NULL),
	('reader', 'SELECT', 'flags flag_overrides flag_documents segments segment_members', NULL),
	('reader', 'SELECT', 'flags_signal flag_overrides_signal segments_signal', NULL),
	('reader', 'SELECT', 'flag_audit flag_overview flag_versions', NULL),
	('reader', 'SELECT', 'flag_code_references flag_expiring flag_expiry_notices', NULL),
	('reader', 'SELECT', 'change_policies change_policy_history change_requests change_requests_id_seq', NULL),
	('reader', 'SELECT', 'change_request_approvals change_request_events change_request_items', NULL),
	('reader', 'SELECT', 'change_request_requirements change_request_overview change_request_values', NULL),
	('reader', 'SELECT', 'access_levels access_rights access_held', NULL),
	('reader', 'SELECT', 'schema_baselines schema_baseline_overview schema_health', NULL),
	('reader', 'SELECT', 'experiments experiment_exposures', NULL),
	('reader', 'SELECT', 'flag_usage flag_usage_detail flag_usage_log flag_cache_usage unknown_flags', NULL),
	('reader', 'SELECT', 'migration_runs migration_run_findings migration_run_skips migration_rates', NULL),
	('reader', 'SELECT', 'migration_rules migration_policies migration_policies_effective', NULL),
	('reader', 'SELECT', 'migration_policy_history migration_check_stats services impact_activity', NULL),
	('reader', 'SELECT', 'ddl_log unledgered_ddl', NULL),
	('reader', 'SELECT', 'guard_log guard_policies guard_policy_history guard_allowances guard_effective', NULL),
	('reader', 'SELECT', 'guard_unconfirmed guard_unconfirmed_full guard_unconfirmed_worker', NULL),
	('reader', 'SELECT', 'guard_unconfirmed_time guard_unconfirmed_error', NULL),
	('reader', 'SELECT', 'releases deprecated_objects deprecated_addresses deprecations', NULL),
	('reader', 'SELECT', 'approval_policies approval_policy_history approval_effective', NULL),
	('reader', 'SELECT', 'schema_changes schema_changes_id_seq schema_change_statements', NULL),
	('reader', 'SELECT', 'schema_change_approvals schema_change_events', NULL),
	('reader', 'SELECT', 'schema_change_requirements schema_change_overview', NULL),
	('reader', 'EXECUTE', 'flag_explain flag_eval_all flag_eval_document flag_matching', NULL),
	('reader', 'EXECUTE', 'flag_history flag_at flag_diff flag_export flag_overrides_at segment_at document_at', NULL),
	('reader', 'EXECUTE', 'flag_list flag_card flag_timeline flag_state text_clip text_wrap', NULL),
	('reader', 'EXECUTE', 'flag_dependencies flag_references flag_references_in_database', NULL),
	('reader', 'EXECUTE', 'flag_configurations flag_stale flag_lint options_check', NULL),
	('reader', 'EXECUTE', 'changes_since audit_record_at', NULL),
	('reader', 'EXECUTE', 'audit_hash audit_head audit_verify', NULL),
	('reader', 'EXECUTE', 'ofrep_evaluate ofrep_evaluate_all ofrep_event', NULL),
	('reader', 'EXECUTE', 'experiment_results preview_from_url preview_matrix', NULL),
	('reader', 'EXECUTE', 'flag_override_conflicts flag_override_problem', NULL),
	('reader', 'EXECUTE', 'flag_usage_session flag_health health_thresholds usage_entries usage_status', NULL),
	('reader', 'EXECUTE', 'usage_union_step usage_union usage_estimate', NULL),
	('reader', 'EXECUTE', 'change_list change_show change_leaves', NULL),
	('reader', 'EXECUTE', 'access_list access_includes', NULL),
	('reader', 'EXECUTE', 'schema_snapshot schema_fingerprint schema_diff schema_diff_sql', NULL),
	('reader', 'EXECUTE', 'schema_diff_schemas schema_diff_schemas_sql schema_diff_render', NULL),
	('reader', 'EXECUTE', 'schema_rename_suggest schema_baseline_snapshot schema_drift schema_from_drizzle', NULL),
	('reader', 'EXECUTE', 'registry_schema registry_request registry_compat registry_wire registry_wire_read', NULL),
	('reader', 'EXECUTE', 'migration_breaking_check migration_parse migration_rules_list migration_report', NULL),
	('reader', 'EXECUTE', 'migration_describe migration_estimate migration_stats_export migration_impact', NULL),
	('reader', 'EXECUTE', 'migration_policy migration_policies_list migration_check_stats_list enum_plan', NULL),
	('reader', 'EXECUTE', 'impact_samples impact_samples_status', NULL),
	-- These act on the caller's own tables, with the caller's own rights.
	('reader', 'EXECUTE', 'migration_rehearse migration_rollback_sql migration_rollback_test', NULL),
	('reader', 'EXECUTE', 'migration_shelter_sql sandbox_create', NULL),
	('reader', 'EXECUTE', 'ddl_history', NULL),
	('reader', 'EXECUTE', 'guard_status guard_session guard_effective_list guard_action', NULL),
	('reader', 'EXECUTE', 'guard_check guard_check_deprecated guard_bypass_report', NULL),
	('reader', 'EXECUTE', 'severity_rank markdown_cell markdown_code', NULL),
	('reader', 'EXECUTE', 'schema_change_risk schema_change_checklist', NULL),
	('reader', 'EXECUTE', 'status', NULL),

	('editor', 'INSERT UPDATE', 'flags', 'version created_at updated_at created_by updated_by'),
	('editor', 'INSERT UPDATE', 'flag_overrides', 'created_at created_by'),
	('editor', 'INSERT UPDATE', 'flag_documents', 'version created_at updated_at'),
	('editor', 'INSERT UPDATE', 'segments', 'definer refreshed_at version created_at updated_at'),
	('editor', 'DELETE', 'flags flag_overrides flag_documents segments', NULL),
	('editor', 'INSERT UPDATE', 'experiments', 'created_at'),
	('editor', 'DELETE', 'experiments', NULL),
	('editor', 'EXECUTE', 'experiment_start experiment_stop experiment_expose experiment_expose_all', NULL),
	('editor', 'EXECUTE', 'usage_flush', NULL),
	('editor', 'EXECUTE', 'flag_override_prune flag_override_set_all', NULL),
	('editor', 'INSERT UPDATE DELETE', 'services flag_code_references', NULL),
	('editor', 'INSERT', 'flag_expiry_notices', NULL),
	('editor', 'EXECUTE', 'flag_create flag_define flag_enable flag_disable flag_rollout flag_rollback', NULL),
	('editor', 'EXECUTE', 'flag_archive flag_unarchive flag_expire', NULL),
	('editor', 'EXECUTE', 'flag_code_references_upload flag_expiry_notify', NULL),
	('editor', 'EXECUTE', 'flag_override_set flag_override_unset flag_import', NULL),
	('editor', 'EXECUTE', 'change_propose change_edit change_cancel change_apply(bigint)', NULL),
	('editor', 'EXECUTE', 'segment_define segment_refresh', NULL),
	('editor', 'EXECUTE', 'schema_baseline schema_baseline_import', NULL),
	('editor', 'EXECUTE', 'migration_record impact_sample', NULL),
	('editor', 'EXECUTE', 'deprecate deprecation_withdraw release', NULL),
	('editor', 'EXECUTE', 'schema_change_propose schema_change_amend schema_change_withdraw', NULL),

	('approver', 'EXECUTE', 'change_approve change_reject', NULL),
	('approver', 'EXECUTE', 'schema_change_approve schema_change_reject', NULL),

	('admin', 'INSERT UPDATE', 'guard_policies', 'changed_at changed_by'),
	('admin', 'INSERT UPDATE', 'guard_allowances', 'changed_at changed_by'),
	('admin', 'INSERT UPDATE', 'approval_policies', 'changed_at changed_by'),
	('admin', 'INSERT UPDATE', 'migration_policies', 'changed_at changed_by'),
	('admin', 'INSERT UPDATE', 'change_policies', 'changed_at changed_by'),
	('admin', 'DELETE', 'change_policies guard_policies guard_allowances approval_policies migration_policies', NULL),
	('admin', 'EXECUTE', 'change_apply(bigint,text)', NULL),
	('admin', 'EXECUTE', 'guard_allow guard_preset', NULL),
	('admin', 'SELECT', 'preview_tokens', NULL),
	('admin', 'EXECUTE', 'preview_issue preview_revoke preview_secret_rotate usage_reset', NULL),
	('admin', 'EXECUTE', 'schema_baseline_drop migration_calibrate', NULL),
	('admin', 'EXECUTE', 'ddl_log_prune impact_samples_reset migration_check_stats_reset', NULL),

	-- Who may delete from guard_log could take out single rows.
	('owner', 'EXECUTE', 'guard_log_prune', NULL),
	('owner', 'SELECT', 'preview_secrets', NULL),
	('owner', 'EXECUTE', 'access_grant access_revoke access_change access_statements', NULL)
) v (level, privileges, objects, but)
CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.string_to_array(v.privileges, ' ')) p (privilege)
CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.string_to_array(v.objects, ' ')) o (object);
COMMENT ON VIEW wishflags.access_levels IS
'which privilege on which object belongs to which level: everyone, reader, editor, approver, admin, and owner for what is granted to nobody';
COMMENT ON COLUMN wishflags.access_levels.object IS 'a function in all its forms, or one form of it; a table, view or sequence; the schema';
COMMENT ON COLUMN wishflags.access_levels.but_columns IS 'the columns left out, where only columns are granted';

CREATE VIEW wishflags.access_rights AS
SELECT l.level, l.privilege, 'function' AS object_type, p.oid::pg_catalog.regprocedure::text AS object, NULL::text AS column_name, p.oid AS objid
FROM wishflags.access_levels l
JOIN pg_catalog.pg_proc p ON p.pronamespace = 'wishflags'::pg_catalog.regnamespace
	AND (p.proname = l.object OR p.proname || '(' || pg_catalog.replace(pg_catalog.oidvectortypes(p.proargtypes), ', ', ',') || ')' = l.object)
WHERE l.privilege = 'EXECUTE'
UNION ALL
SELECT l.level, l.privilege, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' ELSE 'table' END,
	c.oid::pg_catalog.regclass::text, a.attname, c.oid
FROM wishflags.access_levels l
JOIN pg_catalog.pg_class c ON c.relnamespace = 'wishflags'::pg_catalog.regnamespace AND c.relname = l.object
LEFT JOIN pg_catalog.pg_attribute a ON l.but_columns IS NOT NULL AND a.attrelid = c.oid AND a.attnum > 0
	AND NOT a.attisdropped AND a.attname <> ALL (l.but_columns)
WHERE l.privilege NOT IN ('EXECUTE', 'USAGE')
UNION ALL
SELECT l.level, l.privilege, 'schema', n.nspname, NULL, n.oid
FROM wishflags.access_levels l
JOIN pg_catalog.pg_namespace n ON n.nspname = l.object
WHERE l.privilege = 'USAGE';
COMMENT ON VIEW wishflags.access_rights IS
'access_levels by object: each function by its arguments, each column that is granted';

-- Who holds what by the catalog: a row a role, object (or column) and privilege.
CREATE VIEW wishflags.access_held AS
SELECT h.object_type, h.objid, h.column_name, COALESCE(r.rolname, 'PUBLIC') AS role, h.privilege, h.is_owner
FROM (
	SELECT 'function' AS object_type, p.oid AS objid, NULL::text AS column_name, x.grantee, x.privilege_type AS privilege, x.grantee = p.proowner AS is_owner
	FROM pg_catalog.pg_proc p
	CROSS JOIN LATERAL pg_catalog.aclexplode(COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner))) x
	WHERE p.pronamespace = 'wishflags'::pg_catalog.regnamespace
	UNION ALL
	SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' ELSE 'table' END, c.oid, NULL, x.grantee, x.privilege_type, x.grantee = c.relowner
	FROM pg_catalog.pg_class c
	CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) x
	WHERE c.relnamespace = 'wishflags'::pg_catalog.regnamespace
	UNION ALL
	SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'table' END, c.oid, a.attname, x.grantee, x.privilege_type, x.grantee = c.relowner
	FROM pg_catalog.pg_class c
	JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
	CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) x
	WHERE c.relnamespace = 'wishflags'::pg_catalog.regnamespace
	UNION ALL
	SELECT 'schema', n.oid, NULL, x.grantee, x.privilege_type, x.grantee = n.nspowner
	FROM pg_catalog.pg_namespace n
	CROSS JOIN LATERAL pg_catalog.aclexplode(n.nspacl) x
	WHERE n.nspname = 'wishflags'
) h
LEFT JOIN pg_catalog.pg_roles r ON r.oid = h.grantee;
COMMENT ON VIEW wishflags.access_held IS
'who holds which privilege on the objects of the extension, by the catalog: granted to the role itself, not to one that it is a member of';

-- A level has its own rights and those of the levels that it includes.
CREATE FUNCTION wishflags.access_includes(level text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1
RETURN CASE level
	WHEN 'reader' THEN ARRAY['reader']
	WHEN 'editor' THEN ARRAY['reader', 'editor']
	WHEN 'approver' THEN ARRAY['reader', 'approver']
	WHEN 'admin' THEN ARRAY['reader', 'editor', 'approver', 'admin'] END;
COMMENT ON FUNCTION wishflags.access_includes(text) IS
'the levels whose rights a level has; NULL: there is no such level';

-- GRANT and REVOKE of all rights of some levels, in as few statements as there are
-- kinds of them.
CREATE FUNCTION wishflags.access_statements(command text, role name, levels text[]) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 20
BEGIN ATOMIC
	SELECT pg_catalog.format(CASE command WHEN 'GRANT' THEN 'GRANT %s ON %s TO %I' ELSE 'REVOKE %s ON %s FROM %I' END,
		s.rights, s.objects, role)
	FROM (
		SELECT r.privilege || COALESCE(' (' || pg_catalog.string_agg(pg_catalog.quote_ident(r.column_name), ', ' ORDER BY r.column_name) || ')', '') AS rights,
			'TABLE ' || r.object AS objects
		FROM wishflags.access_rights r
		WHERE r.level = ANY (levels) AND r.column_name IS NOT NULL
		GROUP BY r.privilege, r.object
		UNION ALL
		SELECT r.privilege, CASE WHEN r.object_type IN ('view', 'table') THEN 'TABLE' ELSE pg_catalog.upper(r.object_type) END
			|| ' ' || pg_catalog.string_agg(DISTINCT r.object, ', ')
		FROM wishflags.access_rights r
		WHERE r.level = ANY (levels) AND r.column_name IS NULL
		GROUP BY r.privilege, CASE WHEN r.object_type IN ('view', 'table') THEN 'TABLE' ELSE pg_catalog.upper(r.object_type) END
	) s (rights, objects)
	ORDER BY s.objects, s.rights;
END;
COMMENT ON FUNCTION wishflags.access_statements(text, name, text[]) IS
'the statements that grant (command GRANT) or revoke (REVOKE) all own rights of some levels';

CREATE FUNCTION wishflags.access_change(command text, role name, level text) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
	owner name := (SELECT r.rolname FROM pg_extension x JOIN pg_roles r ON r.oid = x.extowner WHERE x.extname = 'wishflags');
	known constant text[] := ARRAY['reader', 'editor', 'approver', 'admin'];
	levels text[];
	statement text;
	before bigint;
	rights constant text := 'SELECT count(*) FROM wishflags.access_held h WHERE h.role = $1';
BEGIN
	IF role IS NULL THEN
		RAISE EXCEPTION 'role must not be null' USING ERRCODE = 'null_value_not_allowed';
	ELSIF level IS NULL OR level <> ALL (known) THEN
		RAISE EXCEPTION 'unknown level "%"', level USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Levels are reader, editor, approver and admin; what belongs to each: SELECT * FROM wishflags.access_levels;';
	ELSIF lower(role) = 'public' THEN
		RAISE EXCEPTION 'no level is for PUBLIC' USING ERRCODE = 'invalid_grant_operation',
			DETAIL = 'Everybody who has USAGE on the schema may evaluate flags, and nothing else.',
			HINT = 'Make a role for those who may, and grant it to them: CREATE ROLE flag_readers;';
	ELSIF to_regrole(quote_ident(role)) IS NULL THEN
		RAISE EXCEPTION 'role "%" does not exist', role USING ERRCODE = 'undefined_object',
			HINT = format('Create it first: CREATE ROLE %I;', role);
	ELSIF role = owner THEN
		RAISE EXCEPTION 'role "%" owns the extension and has all rights', role USING ERRCODE = 'invalid_grant_operation',
			HINT = 'See who else has which: SELECT * FROM wishflags.access_list();';
	ELSIF NOT pg_has_role(owner, 'USAGE') THEN
		RAISE EXCEPTION 'must be owner of extension wishflags' USING ERRCODE = 'insufficient_privilege',
			HINT = format('Let role "%s" run it: SELECT wishflags.access_%s(%L, %L);', owner, lower(command), role, level);
	END IF;
	IF command = 'GRANT' THEN
		levels := wishflags.access_includes(level);
	ELSE
		SELECT array_agg(k) INTO levels FROM unnest(known) k WHERE level = ANY (wishflags.access_includes(k));
	END IF;
	EXECUTE rights INTO before USING role;
	FOR statement IN SELECT * FROM wishflags.access_statements(command, role, levels) LOOP
		EXECUTE statement;
	END LOOP;
	RETURN abs((SELECT count(*) FROM wishflags.access_held h WHERE h.role = access_change.role) - before);
END $$;
COMMENT ON FUNCTION wishflags.access_change(text, name, text) IS
'what access_grant() and access_revoke() have in common';

CREATE FUNCTION wishflags.access_grant(role name, level text) RETURNS integer
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 10000
BEGIN ATOMIC
	SELECT wishflags.access_change('GRANT', role, level);
END;
COMMENT ON FUNCTION wishflags.access_grant(name, text) IS
'gives a role a level: reader, editor and approver (readers, too) or admin (all of them); how many rights are new';

CREATE FUNCTION wishflags.access_revoke(role name, level text) RETURNS integer
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 10000
BEGIN ATOMIC
	SELECT wishflags.access_change('REVOKE', role, level);
END;
COMMENT ON FUNCTION wishflags.access_revoke(name, text) IS
'takes a level from a role, and the levels that include it; the levels below it stay, so that reader takes all; how many rights went';

CREATE FUNCTION wishflags.access_list()
RETURNS TABLE (role name, level text, rights text, detail text)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10
BEGIN ATOMIC
	WITH held AS MATERIALIZED (
		SELECT h.role, h.objid, h.column_name, h.privilege FROM wishflags.access_held h WHERE NOT h.is_owner),
	given AS MATERIALIZED (SELECT r.* FROM wishflags.access_rights r),
	-- Rights by level, each with whether the role holds it, as a whole or by column.
	have AS MATERIALIZED (
		SELECT w.role, r.level, r.privilege || COALESCE(' (' || r.column_name || ')', '') || ' on ' || pg_catalog.replace(r.object, 'wishflags.', '') AS what,
			pg_catalog.bool_or(h.objid IS NOT NULL) AS has
		FROM (SELECT DISTINCT h.role FROM held h) w
		CROSS JOIN given r
		LEFT JOIN held h ON h.role = w.role AND h.objid = r.objid AND h.privilege = r.privilege
			AND (h.column_name IS NULL OR h.column_name = r.column_name)
		WHERE r.level IN ('reader', 'editor', 'approver', 'admin')
		GROUP BY w.role, r.level, r.privilege, r.column_name, r.object),
	own AS (
		SELECT v.role, v.level, pg_catalog.bool_and(v.has) AS complete, pg_catalog.bool_or(v.has AND v.what <> 'USAGE on wishflags') AS any
		FROM have v GROUP BY v.role, v.level),
	full_level AS (
		SELECT l.role, l.level, (SELECT pg_catalog.bool_and(o.complete) FROM own o
			WHERE o.role = l.role AND o.level = ANY (wishflags.access_includes(l.level))) AS complete, l.any
		FROM own l),
	-- A level shows unless it is part of a whole one; without any right that counts, it does not.
	shown AS (
		SELECT f.role, f.level, f.complete FROM full_level f
		WHERE f.any AND NOT EXISTS (SELECT FROM full_level g
			WHERE g.role = f.role AND g.complete AND g.level <> f.level AND f.level = ANY (wishflags.access_includes(g.level)))),
	line AS (
		SELECT s.role, s.level, CASE WHEN s.complete THEN 'all' ELSE 'some' END AS rights,
			CASE WHEN s.complete THEN NULL
				WHEN n.has <= n.rights - n.has THEN 'only ' || pg_catalog.array_to_string(n.having_these[1:3], ', ') || CASE WHEN n.has > 3 THEN ', ...' ELSE '' END
				ELSE 'without ' || pg_catalog.array_to_string(n.lacking[1:3], ', ') || CASE WHEN n.rights - n.has > 3 THEN ', ...' ELSE '' END END AS detail
		FROM shown s
		CROSS JOIN LATERAL (
			SELECT pg_catalog.count(*) AS rights, pg_catalog.count(*) FILTER (WHERE v.has) AS has,
				pg_catalog.array_agg(v.what ORDER BY v.what) FILTER (WHERE v.has) AS having_these,
				pg_catalog.array_agg(v.what ORDER BY v.what) FILTER (WHERE NOT v.has) AS lacking
			FROM have v WHERE v.role = s.role AND v.level = s.level) n
		UNION ALL
		-- USAGE alone is what evaluation takes.
		SELECT o.role, 'evaluation', 'all', NULL
		FROM held o
		WHERE o.privilege = 'USAGE' AND o.objid = 'wishflags'::pg_catalog.regnamespace
			AND NOT EXISTS (SELECT FROM own n WHERE n.role = o.role AND n.any)
		UNION ALL
		SELECT o.role, 'other', 'some',
			pg_catalog.array_to_string((pg_catalog.array_agg(o.what ORDER BY o.what))[1:3], ', ') || CASE WHEN pg_catalog.count(*) > 3 THEN ', ...' ELSE '' END
		FROM (
			SELECT h.role, h.privilege || COALESCE(' (' || h.column_name || ')', '') || ' on '
				|| COALESCE(p.oid::pg_catalog.regprocedure::text, c.oid::pg_catalog.regclass::text, 'schema wishflags') AS what
			FROM held h
			LEFT JOIN pg_catalog.pg_proc p ON p.oid = h.objid
			LEFT JOIN pg_catalog.pg_class c ON c.oid = h.objid
			WHERE NOT EXISTS (SELECT FROM given r
				WHERE r.objid = h.objid AND r.privilege = h.privilege AND (h.column_name IS NULL OR r.column_name IS NULL OR r.column_name = h.column_name)
					AND (r.level <> 'everyone' OR h.role = 'PUBLIC') AND r.level <> 'owner')
		) o
		GROUP BY o.role)
	SELECT l.role, l.level, l.rights, l.detail
	FROM line l
	ORDER BY l.role, pg_catalog.array_position(ARRAY['evaluation', 'reader', 'editor', 'approver', 'admin', 'other'], l.level);
END;
COMMENT ON FUNCTION wishflags.access_list() IS
'which roles have which level by the catalog, a row each: all rights of it, or some; evaluation: USAGE on the schema alone; other: rights that belong to no level';

REVOKE ALL ON TABLE wishflags.change_policies, wishflags.change_policy_history, wishflags.change_requests,
	wishflags.change_request_approvals, wishflags.change_request_events, wishflags.change_request_items,
	wishflags.change_request_requirements, wishflags.change_request_overview,
	wishflags.change_request_values, wishflags.access_levels, wishflags.access_rights,
	wishflags.access_held FROM PUBLIC;
REVOKE ALL ON FUNCTION wishflags.change_policies_check, wishflags.change_policies_audit, wishflags.change_protect,
	wishflags.change_propose, wishflags.change_edit, wishflags.change_approve, wishflags.change_reject,
	wishflags.change_cancel, wishflags.change_apply(bigint), wishflags.change_apply(bigint, text),
	wishflags.change_list, wishflags.change_leaves, wishflags.change_show, wishflags.access_includes,
	wishflags.access_statements, wishflags.access_change, wishflags.access_grant,
	wishflags.access_revoke, wishflags.access_list FROM PUBLIC;

-- Flags and segments that ask each other: not in a circle, and what is required stays.

CREATE FUNCTION wishflags.flags_depend() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_flags_depend';
COMMENT ON FUNCTION wishflags.flags_depend() IS
'trigger: refuses flags that require themselves, and to delete or archive what others require';

CREATE FUNCTION wishflags.segments_depend() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_segments_depend';
COMMENT ON FUNCTION wishflags.segments_depend() IS 'trigger: refuses segments that ask themselves';

CREATE TRIGGER flags_depend_insert AFTER INSERT ON wishflags.flags
REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flags_depend();
CREATE TRIGGER flags_depend_update AFTER UPDATE ON wishflags.flags
REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flags_depend();
CREATE TRIGGER flags_depend_delete AFTER DELETE ON wishflags.flags
REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flags_depend();

CREATE TRIGGER segments_depend_insert AFTER INSERT ON wishflags.segments
REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION wishflags.segments_depend();
CREATE TRIGGER segments_depend_update AFTER UPDATE ON wishflags.segments
REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION wishflags.segments_depend();

CREATE FUNCTION wishflags.flag_dependencies(key text DEFAULT NULL, format text DEFAULT 'text')
RETURNS SETOF text
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 20
AS 'MODULE_PATHNAME', 'wf_flag_dependencies';
COMMENT ON FUNCTION wishflags.flag_dependencies(text, text) IS
'what a flag requires and what requires it, or all flags: as a tree (text), for Mermaid (mermaid) or Graphviz (dot)';

REVOKE ALL ON FUNCTION wishflags.flags_depend, wishflags.segments_depend, wishflags.flag_dependencies FROM PUBLIC;

-- Where flags are named: in the objects of this database, and in code that was looked through elsewhere.

-- No foreign key: code may name a flag that is no more, and that is worth knowing.
CREATE TABLE wishflags.flag_code_references (
	flag text COLLATE "C" NOT NULL,
	repository text COLLATE "C" NOT NULL,
	path text COLLATE "C" NOT NULL,
	line integer NOT NULL CHECK (line > 0),
	excerpt text,
	commit text,
	uploaded_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (flag, repository, path, line)
) USING heap;

CREATE INDEX flag_code_references_repository ON wishflags.flag_code_references (repository);

COMMENT ON TABLE wishflags.flag_code_references IS 'lines of code that name flags; filled by flag_code_references_upload()';
COMMENT ON COLUMN wishflags.flag_code_references.flag IS 'key of the flag, which need not exist';
COMMENT ON COLUMN wishflags.flag_code_references.commit IS 'what was looked through, as given';

SELECT pg_catalog.pg_extension_config_dump('wishflags.flag_code_references', '');

CREATE FUNCTION wishflags.flag_references_in_database(key text DEFAULT NULL)
RETURNS TABLE (flag text, object_type text, identity text, part text, line integer, confidence text, excerpt text)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 20
AS 'MODULE_PATHNAME', 'wf_flag_references_in_database';
COMMENT ON FUNCTION wishflags.flag_references_in_database(text) IS
'the objects of this database that name a flag, or any: views, policies, functions, triggers, defaults, constraints, rules, indexes';

CREATE FUNCTION wishflags.flag_references(key text DEFAULT NULL)
RETURNS TABLE (flag text, object_type text, identity text, part text, line integer, confidence text, excerpt text)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 100000 ROWS 20
BEGIN ATOMIC
	SELECT d.flag, d.object_type, d.identity, d.part, d.line, d.confidence, d.excerpt
	FROM wishflags.flag_references_in_database(flag_references.key) d
	UNION ALL
	SELECT c.flag, 'code', c.repository, c.path, c.line, 'likely', c.excerpt
	FROM wishflags.flag_code_references c
	WHERE flag_references.key IS NULL OR c.flag = flag_references.key
	ORDER BY 1, 2, 3, 4, 5;
END;
COMMENT ON FUNCTION wishflags.flag_references(text) IS
'what names a flag, or any: objects of this database, and lines of code that were uploaded';

-- Lines of "grep -n" are taken as they are: path:line:flag.
CREATE FUNCTION wishflags.flag_code_references_upload(repository text, code_references jsonb, commit text DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	wrong text;
	lines integer;
BEGIN
	IF btrim(COALESCE(flag_code_references_upload.repository, '')) = '' THEN
		RAISE EXCEPTION 'repository must be given' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Give its name, by which a later upload replaces what this one brings.';
	END IF;
	IF jsonb_typeof(code_references) IS DISTINCT FROM 'array' THEN
		RAISE EXCEPTION 'code_references must be an array' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Give lines of grep, as ''["src/cart.ts:12:checkout"]'', or objects, as ''[{"path": "src/cart.ts", "line": 12, "flag": "checkout"}]''.';
	END IF;
	-- What a line of grep says, as an object.
	code_references := (
		SELECT COALESCE(jsonb_agg(CASE WHEN m IS NULL THEN e.value ELSE
			jsonb_build_object('path', m[1], 'line', m[2]::integer, 'flag', m[3]) END ORDER BY e.n), '[]')
		FROM jsonb_array_elements(code_references) WITH ORDINALITY AS e (value, n)
		LEFT JOIN LATERAL regexp_match(CASE jsonb_typeof(e.value) WHEN 'string' THEN e.value #>> '{}' END,
			'^(.+?):([1-9][0-9]{0,8}):(.+)$') m ON true
		WHERE e.value <> '""');
	SELECT e.value::text INTO wrong FROM jsonb_array_elements(code_references) e
	WHERE (jsonb_typeof(e.value) = 'object' AND e.value - '{path,line,flag,excerpt}'::text[] = '{}'
		AND jsonb_typeof(e.value -> 'path') = 'string' AND e.value ->> 'path' <> ''
		AND jsonb_typeof(e.value -> 'flag') = 'string' AND e.value ->> 'flag' <> ''
		AND jsonb_typeof(e.value -> 'line') = 'number' AND e.value ->> 'line' ~ '^[1-9][0-9]{0,8}$'
		AND COALESCE(jsonb_typeof(e.value -> 'excerpt'), 'null') IN ('string', 'null')) IS NOT TRUE
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'this is no reference to a flag: %', left(wrong, 200) USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Expected a line as "src/cart.ts:12:checkout", or an object with path, line and flag, perhaps excerpt.';
	END IF;
	DELETE FROM wishflags.flag_code_references r WHERE r.repository = flag_code_references_upload.repository;
	INSERT INTO wishflags.flag_code_references (flag, repository, path, line, excerpt, commit)
	SELECT DISTINCT ON (e.flag, e.path, e.line) e.flag, flag_code_references_upload.repository, e.path, e.line, left(e.excerpt, 200), flag_code_references_upload.commit
	FROM jsonb_to_recordset(code_references) AS e (flag text, path text, line integer, excerpt text)
	ON CONFLICT ON CONSTRAINT flag_code_references_pkey DO UPDATE
	SET excerpt = excluded.excerpt, commit = excluded.commit, uploaded_at = excluded.uploaded_at;
	GET DIAGNOSTICS lines = ROW_COUNT;
	RETURN lines;
END $$;
COMMENT ON FUNCTION wishflags.flag_code_references_upload(text, jsonb, text) IS
'replaces what is known of a repository: the lines of its code that name flags; how many they are';

REVOKE ALL ON TABLE wishflags.flag_code_references FROM PUBLIC;
REVOKE ALL ON FUNCTION wishflags.flag_references_in_database, wishflags.flag_references, wishflags.flag_code_references_upload FROM PUBLIC;

-- The end of flags: which are stale, which expire, which lack what a team wants to know.

CREATE FUNCTION wishflags.flag_configurations()
RETURNS TABLE (flag text, share double precision, settled boolean, variant text, requires integer, required_by integer, missing text[])
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
AS 'MODULE_PATHNAME', 'wf_flag_configurations';
COMMENT ON FUNCTION wishflags.flag_configurations() IS
'what the definitions of all flags come to: the share of keys they are on for, as far as it does not hang on a context; whether all are served one variant (settled), and which; how many flags and segments they require and are required by, and which of them do not exist';

-- Raises what is wrong with options: an unknown key, or a value of another type.
CREATE FUNCTION wishflags.options_check(options jsonb, known jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wrong text;
BEGIN
	IF jsonb_typeof(options) IS DISTINCT FROM 'object' THEN
		RAISE EXCEPTION 'options must be a JSON object' USING ERRCODE = 'invalid_parameter_value',
			HINT = format('Write for example ''{"%s": ...}''.', (SELECT min(k) FROM jsonb_object_keys(known) k));
	END IF;
	SELECT k INTO wrong FROM jsonb_object_keys(options) k WHERE NOT known ? k ORDER BY 1 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'unknown option "%"', wrong USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Known options: ' || (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(known) k) || '.';
	END IF;
	SELECT o.key INTO wrong FROM jsonb_each(options) o WHERE jsonb_typeof(o.value) NOT IN (known ->> o.key, 'null') ORDER BY 1 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'option "%" must be %', wrong, CASE known ->> wrong WHEN 'number' THEN 'a number' WHEN 'boolean' THEN 'true or false'
			WHEN 'array' THEN 'an array' ELSE 'an object' END USING ERRCODE = 'invalid_parameter_value';
	END IF;
END $$;
COMMENT ON FUNCTION wishflags.options_check(jsonb, jsonb) IS
'raises what is wrong with the options of a function, given the types of those it knows';

-- The reasons are independent and their weights add up: a flag that lives too long and
-- says the same to everybody is stale, one that does either perhaps.
CREATE FUNCTION wishflags.flag_stale(options jsonb DEFAULT '{}')
RETURNS TABLE (flag text, verdict text, stage text, score integer, reasons text[], evidence jsonb)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	-- Days that flags of a kind are expected to live; NULL: for good.
	lifetimes jsonb := '{"release": 40, "experiment": 40, "operational": 7, "kill-switch": null, "permission": null, "archived": 90}';
	given jsonb;
	permanent_tags text[];
	wrong text;
BEGIN
	PERFORM wishflags.options_check(options, '{"lifetimes": "object", "settled_days": "number", "unchanged_days": "number",
		"unused_days": "number", "permanent_tags": "array", "references": "boolean"}');
	given := '{"settled_days": 14, "unchanged_days": 60, "unused_days": 30, "permanent_tags": ["permanent"], "references": true}'
		|| jsonb_strip_nulls(options - 'lifetimes');
	SELECT l.key INTO wrong FROM jsonb_each(NULLIF(options -> 'lifetimes', 'null')) l
	WHERE NOT lifetimes ? l.key OR NOT (l.value = 'null' OR (jsonb_typeof(l.value) = 'number' AND l.value >= '0')) ORDER BY 1 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'invalid lifetime "%"', wrong USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Give days, or null for good, to any of release, experiment, operational, kill-switch, permission, archived.';
	END IF;
	lifetimes := lifetimes || COALESCE(NULLIF(options -> 'lifetimes', 'null'), '{}');
	permanent_tags := ARRAY(SELECT jsonb_array_elements_text(given -> 'permanent_tags'));
	RETURN QUERY
	WITH change AS (
		SELECT a.key, max(a.occurred_at) AS changed_at, bool_or('true' IN (a.before ->> 'enabled', a.after ->> 'enabled')) AS was_enabled
		FROM wishflags.flag_audit a
		WHERE a.kind = 'flag' AND a.version IS NOT NULL
			AND a.changed && '{enabled,rollout,definition,dialect,document,archived_at}'::text[]
		GROUP BY a.key),
	place AS (
		SELECT r.flag, count(*) FILTER (WHERE r.object_type <> 'code') AS objects, count(*) FILTER (WHERE r.object_type = 'code') AS lines
		FROM wishflags.flag_references() r
		WHERE r.confidence <> 'possible' AND (given -> 'references')::boolean
		GROUP BY r.flag),
	-- Complete where the library is preloaded and every flag has found a place; what is not
	-- known to be counted is not called unused.
	counting AS (
		SELECT min(e.since) AS since
		FROM wishflags.usage_status() s, wishflags.usage_entries(false, false, false) e
		WHERE s.preloaded AND current_setting('wishflags.track_usage', true) IS DISTINCT FROM 'off'
		HAVING count(*) FILTER (WHERE e.kind = 'flag' AND e.flag IS NULL AND e.evaluations > 0) = 0),
	usage AS (
		SELECT u.flag, c.since, u.evaluations, u.last_evaluated
		FROM counting c, wishflags.flag_usage u WHERE c.since IS NOT NULL AND u.flag IS NOT NULL),
	fact AS (
		SELECT f.*, c.share, c.settled, c.variant, c.requires, c.required_by, COALESCE(h.was_enabled, false) OR f.enabled AS was_enabled,
			EXTRACT(day FROM now() - f.created_at)::integer AS age,
			EXTRACT(day FROM now() - COALESCE(h.changed_at, f.created_at))::integer AS unchanged,
			CASE WHEN f.expires_at <= now() AND f.on_expiry <> 'extend' THEN EXTRACT(day FROM now() - f.expires_at)::integer END AS expired,
			EXTRACT(day FROM now() - f.archived_at)::integer AS archived,
			(lifetimes ->> f.kind)::numeric AS lifetime,
			f.kind IN ('kill-switch', 'permission') OR f.tags && permanent_tags AS permanent,
			p.objects, p.lines, EXISTS (SELECT FROM wishflags.flag_code_references) AND (given -> 'references')::boolean AS code_known,
			u.since, u.evaluations, u.last_evaluated, EXTRACT(day FROM now() - COALESCE(u.last_evaluated, CASE WHEN u.since IS NOT NULL THEN greatest(u.since, f.created_at) END))::integer AS unused
		FROM wishflags.flags f
		JOIN wishflags.flag_configurations() c ON c.flag = f.key
		LEFT JOIN change h ON h.key = f.key
		LEFT JOIN place p ON p.flag = f.key
		LEFT JOIN usage u ON u.flag = f.key),
	judged AS (
		SELECT f.*, r.score, r.reasons
		FROM fact f, LATERAL (
			SELECT COALESCE(sum(v.weight), 0)::integer AS score, COALESCE(array_agg(v.reason ORDER BY v.ordinal), '{}') AS reasons
			FROM (VALUES
				(1, f.archived >= (lifetimes ->> 'archived')::numeric, 60, format('was archived %s days ago, and can be deleted', f.archived)),
				(2, f.archived IS NULL AND f.expired >= 0, 60, format('expired %s days ago', f.expired)),
				(3, f.archived IS NULL AND NOT f.permanent AND f.age > f.lifetime, 25,
					format('is %s days old, and a flag of kind %s lives %s', f.age, f.kind, f.lifetime)),
				(4, f.archived IS NULL AND NOT f.permanent AND f.settled AND f.unchanged >= (given -> 'settled_days')::numeric, 35,
					format('%s everybody for %s days', CASE WHEN f.share = 0 THEN 'has been off for' ELSE 'has said "' || COALESCE(f.variant, 'the same') || '" to' END, f.unchanged)),
				(5, f.archived IS NULL AND NOT f.permanent AND NOT f.settled AND f.unchanged >= (given -> 'unchanged_days')::numeric, 10,
					format('has not been changed for %s days', f.unchanged)),
				(6, f.archived IS NULL AND NOT f.tags && permanent_tags AND f.unused >= (given -> 'unused_days')::numeric, 40,
					CASE WHEN f.last_evaluated IS NULL THEN format('has never been evaluated in %s days', f.unused) ELSE format('was last evaluated %s days ago', f.unused) END),
				(7, f.archived IS NULL AND NOT f.tags && permanent_tags AND f.code_known AND f.objects IS NULL, 15, 'is named nowhere, in no object and no code')
			) v (ordinal, holds, weight, reason)
			WHERE v.holds) r)
	SELECT j.key,
		CASE WHEN j.score >= 60 THEN 'stale' WHEN j.archived IS NOT NULL THEN 'archived' WHEN j.score >= 25 THEN 'potentially stale' ELSE 'active' END,
		CASE WHEN j.archived IS NOT NULL THEN 'archived'
			WHEN j.since IS NOT NULL AND j.last_evaluated IS NULL OR NOT j.was_enabled THEN 'initial'
			WHEN NOT j.permanent AND j.settled AND j.unchanged >= (given -> 'settled_days')::numeric THEN 'completed'
			WHEN (j.enabled AND j.share = 0) OR current_setting('wishflags.environment', true) <> 'production' THEN 'pre-live'
			ELSE 'live' END,
		j.score, j.reasons,
		jsonb_strip_nulls(jsonb_build_object('kind', j.kind, 'permanent', j.permanent, 'age', j.age, 'unchanged', j.unchanged, 'settled', j.settled,
			'variant', j.variant, 'share', round(j.share::numeric, 5), 'requires', j.requires, 'required_by', j.required_by,
			'objects', CASE WHEN (given -> 'references')::boolean THEN COALESCE(j.objects, 0) END, 'code_lines', CASE WHEN j.code_known THEN COALESCE(j.lines, 0) END,
			'evaluations', j.evaluations, 'last_evaluated', j.last_evaluated, 'counted_since', j.since, 'expires_at', j.expires_at,
			'owner', COALESCE(j.owner_team, j.owner_email, j.owner_role)))
	FROM judged j
	ORDER BY j.score DESC, j.key;
END $$;
COMMENT ON FUNCTION wishflags.flag_stale(jsonb) IS
'a verdict on each flag (active, potentially stale, stale, archived) with its reasons, from its kind, age, definition, use and what names it';

-- An expiry that is extended moves on by 30 days at a time.
CREATE VIEW wishflags.flag_expiring AS
SELECT f.key AS flag, e.expires_at, pg_catalog.ceil(EXTRACT(epoch FROM e.expires_at - pg_catalog.now()) / 86400)::integer AS days_left,
       f.on_expiry, COALESCE(f.owner_team, f.owner_email, f.owner_role) AS owner
FROM wishflags.flags f, LATERAL (
	SELECT CASE WHEN f.on_expiry = 'extend' AND f.expires_at <= pg_catalog.now()
	            THEN f.expires_at + '30 days'::interval * (pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.now() - f.expires_at) / (30 * 86400)) + 1)::double precision
	            ELSE f.expires_at END AS expires_at) e
WHERE f.archived_at IS NULL AND e.expires_at <= pg_catalog.now() + '30 days'::interval
ORDER BY e.expires_at, f.key;
COMMENT ON VIEW wishflags.flag_expiring IS
'flags that have expired, or will within 30 days, and what happens then';

CREATE TABLE wishflags.flag_expiry_notices (
	flag text COLLATE "C" NOT NULL,
	expires_at timestamptz NOT NULL,
	on_expiry text NOT NULL,
	owner_team text,
	owner_email text,
	owner_role text COLLATE "C",
	noticed_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (flag, expires_at)
) USING heap;
COMMENT ON TABLE wishflags.flag_expiry_notices IS
'the events that flags were about to expire, one a flag and expiry; written by flag_expiry_notify()';
COMMENT ON COLUMN wishflags.flag_expiry_notices.owner_email IS 'whom to write to; the owner as it was when the event was written';
SELECT pg_catalog.pg_extension_config_dump('wishflags.flag_expiry_notices', '');

CREATE FUNCTION wishflags.flag_expiry_notify() RETURNS SETOF wishflags.flag_expiry_notices
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	noticed wishflags.flag_expiry_notices[];
BEGIN
	WITH event AS (
		INSERT INTO wishflags.flag_expiry_notices (flag, expires_at, on_expiry, owner_team, owner_email, owner_role)
		SELECT e.flag, e.expires_at, e.on_expiry, f.owner_team, f.owner_email, f.owner_role
		FROM wishflags.flag_expiring e JOIN wishflags.flags f ON f.key = e.flag
		ON CONFLICT DO NOTHING RETURNING *)
	SELECT array_agg(n ORDER BY n.expires_at, n.flag) INTO noticed FROM event n;
	-- The library need not be loaded yet.  A notification holds 8000 bytes, and a key up to 200.
	IF noticed IS NOT NULL AND COALESCE(current_setting('wishflags.notify', true), 'on')::boolean THEN
		PERFORM pg_notify('wishflags', (jsonb_build_object('expiring', jsonb_agg(n.flag ORDER BY n.expires_at, n.flag))
			|| CASE WHEN cardinality(noticed) > 30 THEN '{"more": true}' ELSE '{}' END::jsonb)::text)
		FROM unnest(noticed[:30]) n;
	END IF;
	RETURN QUERY SELECT n.* FROM unnest(noticed) n;
END $$;
COMMENT ON FUNCTION wishflags.flag_expiry_notify() IS
'writes an event for each flag that expires within 30 days, once a flag and expiry, and returns the new ones, for whoever tells the owners; to be called by cron';

CREATE FUNCTION wishflags.flag_lint(options jsonb DEFAULT '{}')
RETURNS TABLE (flag text, field text, kind text, message text, owner text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	known CONSTANT text[] := '{description,owner,owner_team,owner_email,owner_role,documentation_url,notes,tags,expires_at}';
	kinds CONSTANT jsonb := '["release", "experiment", "operational", "kill-switch", "permission"]';
	required jsonb;
	wrong text;
BEGIN
	PERFORM wishflags.options_check(options, '{"require": "object"}');
	required := '{"description": true, "owner": true, "documentation_url": true, "expires_at": ["release", "experiment"]}'
		|| COALESCE(NULLIF(options -> 'require', 'null'), '{}');
	SELECT r.key INTO wrong FROM jsonb_each(required) r
	WHERE r.key <> ALL (known) OR NOT (jsonb_typeof(r.value) = 'boolean' OR (jsonb_typeof(r.value) = 'array' AND r.value <@ kinds)) ORDER BY 1 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'invalid requirement "%"', wrong USING ERRCODE = 'invalid_parameter_value',
			HINT = format('Give true, false or an array of kinds to any of %s.', array_to_string(known, ', '));
	END IF;
	RETURN QUERY
	SELECT f.key, l.field, f.kind, l.message, COALESCE(f.owner_team, f.owner_email, f.owner_role)
	FROM wishflags.flags f
	JOIN wishflags.flag_configurations() c ON c.flag = f.key
	CROSS JOIN LATERAL (SELECT to_jsonb(f) AS fields) j
	CROSS JOIN LATERAL (
		SELECT r.key AS field, format('a flag of kind %s needs %s', f.kind, CASE r.key WHEN 'owner' THEN 'an owner: owner_team, owner_email or owner_role' ELSE r.key END) AS message
		FROM jsonb_each(required) r
		WHERE (r.value = 'true' OR r.value ? f.kind)
			AND CASE r.key WHEN 'owner' THEN COALESCE(f.owner_team, f.owner_email, f.owner_role) IS NULL
				WHEN 'tags' THEN f.tags = '{}'
				ELSE btrim(COALESCE(j.fields ->> r.key, '')) IN ('', '{}') END
		UNION ALL
		SELECT 'definition', format('requires what does not exist: %s', array_to_string(c.missing, ', ')) WHERE c.missing IS NOT NULL) l
	WHERE f.archived_at IS NULL
	ORDER BY f.key, l.field;
END $$;
COMMENT ON FUNCTION wishflags.flag_lint(jsonb) IS
'what flags lack: description, owner, documentation, expiry, as options say which kinds need it; and what they require that does not exist';

REVOKE ALL ON TABLE wishflags.flag_expiring, wishflags.flag_expiry_notices FROM PUBLIC;
REVOKE ALL ON FUNCTION wishflags.flag_configurations, wishflags.options_check, wishflags.flag_stale,
	wishflags.flag_expiry_notify, wishflags.flag_lint FROM PUBLIC;

-- Functions that change overrides.

COMMENT ON FUNCTION wishflags.flag_override_unset(text, text) IS
'takes back the override of a targeting key; whether there was one';

CREATE FUNCTION wishflags.flag_override_set(flag text, key text, options jsonb)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_override_set_options';
COMMENT ON FUNCTION wishflags.flag_override_set(text, text, jsonb) IS
'gives one key what the options say: kind (of context; default user), one of variant, value and deny, expires_at, note';

CREATE FUNCTION wishflags.flag_override_unset(flag text, key text, kind text)
RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_override_unset_kind';
COMMENT ON FUNCTION wishflags.flag_override_unset(text, text, text) IS
'takes back the override of a key of a kind of context; whether there was one';

CREATE FUNCTION wishflags.flag_override_set_all(flag text, query text, options jsonb DEFAULT '{}',
	OUT written bigint, OUT unchanged bigint, OUT conflicting bigint)
RETURNS record
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_flag_override_set_all';
COMMENT ON FUNCTION wishflags.flag_override_set_all(text, text, jsonb) IS
'overrides a flag for all keys that a query returns; options as of flag_override_set(), or columns of the query; replace (default false): also what is overridden otherwise';

CREATE FUNCTION wishflags.flag_override_problem(entry wishflags.flag_overrides)
RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'wf_flag_override_problem';
COMMENT ON FUNCTION wishflags.flag_override_problem(wishflags.flag_overrides) IS
'why an override does not serve what it says, or NULL';

CREATE FUNCTION wishflags.flag_override_conflicts(flag text DEFAULT NULL)
RETURNS TABLE (flag text, context_kind text, key text, problem text, answer text, other_kind text, other_answer text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	WITH entry AS (
		SELECT o, o.flag, o.context_kind, o.key,
			CASE WHEN o.deny THEN 'deny' WHEN o.variant IS NOT NULL THEN 'variant ' || o.variant ELSE 'value ' || o.value::text END AS answer
		FROM wishflags.flag_overrides o
		WHERE o.flag = flag_override_conflicts.flag OR flag_override_conflicts.flag IS NULL),
	several AS (
		SELECT e.flag, e.key FROM entry e
		WHERE wishflags.flag_override_problem(e.o) IS NULL
		GROUP BY e.flag, e.key HAVING pg_catalog.count(DISTINCT e.answer) > 1)
	SELECT e.flag, e.context_kind, e.key, wishflags.flag_override_problem(e.o) AS problem, e.answer,
		NULL AS other_kind, NULL AS other_answer
	FROM entry e WHERE wishflags.flag_override_problem(e.o) IS NOT NULL
	UNION ALL
	SELECT e.flag, e.context_kind, e.key, 'another kind has the same key', e.answer, other.context_kind, other.answer
	FROM several s
	JOIN entry e ON e.flag = s.flag AND e.key = s.key
	JOIN entry other ON other.flag = s.flag AND other.key = s.key AND other.answer <> e.answer
		AND (e.context_kind = 'user' OR other.context_kind <> 'user' AND e.context_kind < other.context_kind)
	WHERE wishflags.flag_override_problem(e.o) IS NULL AND wishflags.flag_override_problem(other.o) IS NULL
	ORDER BY 1, 2, 3, 6;
END;
COMMENT ON FUNCTION wishflags.flag_override_conflicts(text) IS
'overrides of a flag, or of all flags, that do not serve what they say, and those of one key of two kinds that say different things';

CREATE FUNCTION wishflags.flag_override_prune(flag text DEFAULT NULL, older_than interval DEFAULT '0')
RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000
BEGIN ATOMIC
	WITH gone AS (
		DELETE FROM wishflags.flag_overrides o
		WHERE (o.flag = flag_override_prune.flag OR flag_override_prune.flag IS NULL)
			AND o.expires_at <= pg_catalog.statement_timestamp() - flag_override_prune.older_than
		RETURNING 1)
	SELECT pg_catalog.count(*) FROM gone;
END;
COMMENT ON FUNCTION wishflags.flag_override_prune(text, interval) IS
'deletes the overrides of a flag, or of all flags, that have expired so long ago; how many';

REVOKE ALL ON FUNCTION wishflags.flag_override_set(text, text, jsonb), wishflags.flag_override_unset(text, text, text),
	wishflags.flag_override_set_all, wishflags.flag_override_problem, wishflags.flag_override_conflicts,
	wishflags.flag_override_prune FROM PUBLIC;
