-- A migration in plain words.

CREATE FUNCTION wishflags.migration_describe(sql text, options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_migration_describe';
COMMENT ON FUNCTION wishflags.migration_describe(text, jsonb) IS
'what a migration does, in plain words by object, with the locks that make others wait and the worst findings; runs nothing; options: format (comment, markdown, text), in_transaction, assume_populated';
