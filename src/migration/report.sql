CREATE FUNCTION wishflags.migration_report(files jsonb, format text DEFAULT 'text', options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wf_migration_report';
COMMENT ON FUNCTION wishflags.migration_report(jsonb, text, jsonb) IS
'what migration_breaking_check() finds in many files ([{"file": name, "sql": text}, ...]), as text, markdown, json, sarif, junit, github or html; options as there';
