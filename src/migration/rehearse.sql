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
