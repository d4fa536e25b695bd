-- A part of a database for trying things out.

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
