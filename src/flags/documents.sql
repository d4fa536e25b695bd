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
