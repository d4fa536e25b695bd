
# ---- sizes -------------------------------------------------------------------

# The query is the body of migration_stats_export() as well: make copies it from
# here into the extension.  It reads catalogs that are alike in PostgreSQL 15 to 18.
stats_query() {
	cat <<'STATS_QUERY'
	WITH RECURSIVE known AS (
		SELECT c.oid, c.relkind, format('%I.%I', n.nspname, c.relname) AS name,
			pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')
			OR (has_schema_privilege(n.oid, 'USAGE')
				AND (has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
					OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))) AS visible
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
			AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
	), part AS (
		SELECT k.oid AS whole, k.oid AS leaf FROM known k WHERE k.visible
		UNION ALL
		SELECT p.whole, i.inhrelid
		FROM part p JOIN pg_class c ON c.oid = p.leaf AND c.relkind = 'p'
			JOIN pg_inherits i ON i.inhparent = p.leaf
	), size AS (
		SELECT p.whole, c.oid, c.reltuples, c.relpages, pg_relation_size(c.oid) AS bytes, pg_indexes_size(c.oid) AS index_bytes,
			pg_stat_get_live_tuples(c.oid) AS live,
			pg_stat_get_tuples_inserted(c.oid) + pg_stat_get_tuples_updated(c.oid) + pg_stat_get_tuples_deleted(c.oid) AS writes,
			pg_stat_get_numscans(c.oid)
			+ coalesce((SELECT sum(pg_stat_get_numscans(i.indexrelid)) FROM pg_index i WHERE i.indrelid = c.oid), 0) AS scans,
			greatest(pg_stat_get_last_analyze_time(c.oid), pg_stat_get_last_autoanalyze_time(c.oid)) AS analyzed_at
		FROM part p JOIN pg_class c ON c.oid = p.leaf
		WHERE c.relkind IN ('r', 'm')
	), counted AS (
		-- As the planner does: rows a page when last looked at, times the pages of now.
		SELECT s.*, CASE WHEN s.bytes = 0 THEN 0
				WHEN s.reltuples >= 0 AND s.relpages > 0
					THEN round((s.reltuples / s.relpages * (s.bytes / current_setting('block_size')::int))::numeric)
				WHEN s.live > 0 THEN s.live END AS rows
		FROM size s WHERE s.bytes IS NOT NULL
	), since AS (
		-- Counters outlive a restart; those of the whole server know since when.
		SELECT coalesce(d.stats_reset, least(b.stats_reset, a.stats_reset)) AS at
		FROM pg_stat_database d, pg_stat_bgwriter b, pg_stat_archiver a WHERE d.datname = current_database()
	), measured AS (
		SELECT k.name, jsonb_build_object(
			'kind', CASE k.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' ELSE 'materialized view' END,
			'rows', CASE WHEN count(c.oid) = count(c.rows) THEN coalesce(sum(c.rows), 0) END,
			'bytes', coalesce(sum(c.bytes), 0),
			'index_bytes', coalesce(sum(c.index_bytes), 0),
			'writes_per_second', round((coalesce(sum(c.writes), 0)
				/ greatest(extract(epoch FROM now() - (SELECT at FROM since)), 1))::numeric, 6),
			'scans_per_second', round((coalesce(sum(c.scans), 0)
				/ greatest(extract(epoch FROM now() - (SELECT at FROM since)), 1))::numeric, 6),
			'analyzed_at', CASE WHEN count(c.oid) = count(c.analyzed_at)
				THEN to_char(min(c.analyzed_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') END) AS sizes
		FROM known k LEFT JOIN counted c ON c.whole = k.oid
		WHERE k.visible
		GROUP BY k.oid, k.name, k.relkind
	)
	SELECT jsonb_build_object(
		'format', 'wishflags-stats',
		'version', 1,
		'taken_at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
		'counted_since', (SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM since),
		'counted_seconds', (SELECT round(extract(epoch FROM now() - at)) FROM since),
		'server_version', current_setting('server_version_num')::int,
		'platform', CASE WHEN EXISTS (SELECT FROM pg_proc WHERE proname = 'aurora_version') THEN 'aurora'
			ELSE coalesce((SELECT r.platform
				FROM (VALUES ('rds_superuser', 'rds'), ('cloudsqlsuperuser', 'cloudsql'),
					('azure_pg_admin', 'azure'), ('supabase_admin', 'supabase')) r(name, platform)
				WHERE EXISTS (SELECT FROM pg_roles WHERE rolname = r.name) LIMIT 1), 'postgresql') END,
		'database', current_database(),
		'settings', (SELECT jsonb_object_agg(name, current_setting(name)) FROM pg_settings
			WHERE name IN ('block_size', 'maintenance_work_mem', 'max_parallel_maintenance_workers', 'max_wal_size',
				'shared_buffers', 'wal_level')),
		'hidden_tables', (SELECT count(*) FROM known WHERE visible IS NOT TRUE),
		'tables', coalesce((SELECT jsonb_object_agg(name, sizes) FROM measured), '{}'))
STATS_QUERY
}

do_stats() {
	[ ${#words[@]} = 1 ] || wrong_use "stats takes one CONNINFO"
	[ "$(kind_of "${words[0]}")" = database ] || fail "\"${words[0]}\" is not a database" \
		"Name one by a connection string: dbname=... or postgres://..."
	make_folder
	{
		# A table under a strong lock would be waited for.
		printf 'SET search_path = pg_catalog, pg_temp;\nSET lock_timeout = %s;\nSELECT jsonb_pretty((\n' "'5s'"
		stats_query
		printf '));\n'
	} > "$T/stats.sql"
	interruptible psql_in "${words[0]}" -f "$T/stats.sql" > "$T/out" || fail "the sizes of \"${words[0]}\" cannot be read"
	deliver "$T/out"
}
