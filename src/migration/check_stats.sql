-- How long checks take.

CREATE FUNCTION wishflags.migration_check_stats_list(
	OUT scope text,
	OUT rule text,
	OUT calls bigint,
	OUT total_ms double precision,
	OUT mean_ms double precision,
	OUT max_ms double precision)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 100 ROWS 100
AS 'MODULE_PATHNAME', 'wf_migration_check_stats_list';
COMMENT ON FUNCTION wishflags.migration_check_stats_list() IS
'how long checks have taken; see the view migration_check_stats';

CREATE VIEW wishflags.migration_check_stats AS
SELECT scope, rule, calls, total_ms, mean_ms, max_ms
FROM wishflags.migration_check_stats_list();
COMMENT ON VIEW wishflags.migration_check_stats IS
'how long the checks of this session have taken, and of the server where the library is in shared_preload_libraries: a row a rule, and one with rule NULL for whole runs';

CREATE FUNCTION wishflags.migration_check_stats_reset()
RETURNS void
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10
AS 'MODULE_PATHNAME', 'wf_migration_check_stats_reset';
COMMENT ON FUNCTION wishflags.migration_check_stats_reset() IS
'forgets the times of migration_check_stats, of this session and of the server';
