CREATE FUNCTION wishflags.version(OUT library text, OUT installed text)
RETURNS record
LANGUAGE C STABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_version';

COMMENT ON FUNCTION wishflags.version() IS
'version of the loaded library and of the installed SQL objects';
