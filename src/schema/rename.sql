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
