-- Sizes of tables, for checks elsewhere.

CREATE FUNCTION wishflags.migration_stats_export()
RETURNS jsonb
LANGUAGE SQL STABLE PARALLEL RESTRICTED COST 10000
BEGIN ATOMIC
@stats_query@
;
END;
COMMENT ON FUNCTION wishflags.migration_stats_export() IS
'sizes of the tables that the caller may see (rows, bytes, writes a second; no data), for the option "stats" of checks elsewhere; format wishflags-stats, version 1';
