-- How long migrations work, by how fast this server is.

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
