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
