CREATE FUNCTION wishflags.schema_snapshot(schemas text[] DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS jsonb
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_schema_snapshot';

COMMENT ON FUNCTION wishflags.schema_snapshot(text[], jsonb) IS
'the schema of this database (or of the named schemas) as data: names and definitions, no OIDs; options: owners, grants, comments (default true), scope (drizzle, prisma: only what that tool models)';

CREATE FUNCTION wishflags.schema_fingerprint(schemas text[] DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_schema_fingerprint_sql';

COMMENT ON FUNCTION wishflags.schema_fingerprint(text[], jsonb) IS
'SHA-256 of the schema of this database (or of the named schemas): equal exactly when schema_diff finds nothing';

CREATE FUNCTION wishflags.schema_diff(from_snapshot jsonb, to_snapshot jsonb DEFAULT NULL, options jsonb DEFAULT '{}',
	OUT ordinal int, OUT action text, OUT object_type text, OUT identity text, OUT attribute text,
	OUT from_value text, OUT to_value text, OUT sql text, OUT rollback_sql text, OUT severity text, OUT kind text,
	OUT lock_mode text, OUT transactional boolean, OUT evidence jsonb)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000 ROWS 100
AS 'MODULE_PATHNAME', 'wf_schema_diff';

COMMENT ON FUNCTION wishflags.schema_diff(jsonb, jsonb, jsonb) IS
'what turns one schema snapshot into another (NULL: the live database), a row a change in the order of execution; options: online (default true), lock_timeout (5s online), rollback, allow_data_loss, renames (hints)';

CREATE FUNCTION wishflags.schema_diff_sql(from_snapshot jsonb, to_snapshot jsonb DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_schema_diff_sql';

COMMENT ON FUNCTION wishflags.schema_diff_sql(jsonb, jsonb, jsonb) IS
'the ordered script, with its own BEGIN and COMMIT, that turns one schema snapshot into another (NULL: the live database); options: online (default true), lock_timeout (5s online), rollback (the way back), allow_data_loss (default false), renames (hints)';
