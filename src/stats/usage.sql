-- How flags are used.  Preloaded, the server counts in shared memory; else each session for
-- itself, until usage_flush() writes what it has into a table.

CREATE TABLE wishflags.flag_usage_log (
	id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	node text NOT NULL,
	flushed_at timestamptz NOT NULL DEFAULT pg_catalog.statement_timestamp(),
	kind text NOT NULL CHECK (kind IN ('flag', 'unknown')),
	flag text COLLATE "C",
	since timestamptz,
	evaluations bigint NOT NULL,
	errors bigint NOT NULL,
	fallbacks bigint NOT NULL,
	first_evaluated timestamptz,
	last_evaluated timestamptz,
	last_error text,
	last_error_at timestamptz,
	registers bytea,
	details jsonb,
	cache_loads bigint NOT NULL,
	cache_load_us bigint NOT NULL,
	last_load_us bigint,
	last_load_at timestamptz
) USING heap;

CREATE INDEX flag_usage_log_flag ON wishflags.flag_usage_log (flag, node);

COMMENT ON TABLE wishflags.flag_usage_log IS
'what sessions of servers that do not preload the library have counted, written by usage_flush(); few rows a flag';
COMMENT ON COLUMN wishflags.flag_usage_log.node IS 'system identifier of the server that counted';
COMMENT ON COLUMN wishflags.flag_usage_log.kind IS 'flag, or unknown: asked for, and not defined';
COMMENT ON COLUMN wishflags.flag_usage_log.flag IS 'NULL: flags that found no place together, and loads of the cache';
COMMENT ON COLUMN wishflags.flag_usage_log.registers IS 'HyperLogLog of the keys, see usage_union() and usage_estimate()';
COMMENT ON COLUMN wishflags.flag_usage_log.details IS 'evaluations by variant, reason and error code';

SELECT pg_catalog.pg_extension_config_dump('wishflags.flag_usage_log', '');

CREATE FUNCTION wishflags.usage_entries(session boolean, with_registers boolean DEFAULT true, with_details boolean DEFAULT true)
RETURNS TABLE (kind text, flag text, since timestamptz, evaluations bigint, errors bigint, fallbacks bigint,
	first_evaluated timestamptz, last_evaluated timestamptz, last_error text, last_error_at timestamptz,
	registers bytea, details jsonb, cache_loads bigint, cache_load_us bigint, last_load_us bigint, last_load_at timestamptz)
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 1000 ROWS 100
AS 'MODULE_PATHNAME', 'wf_usage_entries';
COMMENT ON FUNCTION wishflags.usage_entries(boolean, boolean, boolean) IS
'what the server has counted in this database, or where it is not preloaded this session; without registers and details it is faster';

CREATE FUNCTION wishflags.usage_status(OUT preloaded boolean, OUT flags integer, OUT flags_max integer,
	OUT unknown_flags integer, OUT unknown_max integer, OUT uncounted bigint)
RETURNS record
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10
AS 'MODULE_PATHNAME', 'wf_usage_status';
COMMENT ON FUNCTION wishflags.usage_status() IS
'how many flags and unknown names are counted one by one, in all databases, and how many can be; uncounted: evaluations for which there was no place at all';

CREATE FUNCTION wishflags.usage_union_step(state bytea, registers bytea) RETURNS bytea
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_usage_union_step';
COMMENT ON FUNCTION wishflags.usage_union_step(bytea, bytea) IS 'step of usage_union()';

CREATE AGGREGATE wishflags.usage_union(registers bytea) (
	SFUNC = wishflags.usage_union_step, STYPE = bytea, COMBINEFUNC = wishflags.usage_union_step, PARALLEL = SAFE);
COMMENT ON AGGREGATE wishflags.usage_union(bytea) IS
'registers of all keys together: of several flags, sessions or servers';

CREATE FUNCTION wishflags.usage_estimate(registers bytea) RETURNS bigint
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_usage_estimate';
COMMENT ON FUNCTION wishflags.usage_estimate(bytea) IS
'how many different keys registers stand for, with a standard error of 3.25 %';

CREATE FUNCTION wishflags.usage_flush() RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_usage_flush';
COMMENT ON FUNCTION wishflags.usage_flush() IS
'writes what this session has counted into flag_usage_log; 0 where the library is preloaded, and nothing has to be written';

CREATE FUNCTION wishflags.usage_reset(flag text DEFAULT NULL) RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_usage_reset';
COMMENT ON FUNCTION wishflags.usage_reset(text) IS
'forgets what was counted of a flag, or of all of this database and of databases that are gone; a rollback does not bring it back';

-- Of the server and of what was flushed.
CREATE VIEW wishflags.flag_usage AS
SELECT COALESCE(f.key, u.flag) AS flag, COALESCE(u.evaluations, 0) AS evaluations,
	COALESCE(wishflags.usage_estimate(u.registers), 0) AS unique_keys,
	COALESCE(u.errors, 0) AS errors, COALESCE(u.fallbacks, 0) AS fallbacks,
	u.first_evaluated, u.last_evaluated, u.last_error, u.last_error_at
FROM wishflags.flags f FULL JOIN (
	SELECT e.flag, sum(e.evaluations)::bigint AS evaluations, wishflags.usage_union(e.registers) AS registers,
		sum(e.errors)::bigint AS errors, sum(e.fallbacks)::bigint AS fallbacks,
		min(e.first_evaluated) AS first_evaluated, max(e.last_evaluated) AS last_evaluated,
		(pg_catalog.array_agg(e.last_error ORDER BY e.last_error_at DESC NULLS LAST))[1] AS last_error,
		max(e.last_error_at) AS last_error_at
	FROM (SELECT flag, evaluations, registers, errors, fallbacks, first_evaluated, last_evaluated, last_error, last_error_at
	      FROM wishflags.usage_entries(false, true, false) WHERE kind = 'flag'
	      UNION ALL
	      SELECT flag, evaluations, registers, errors, fallbacks, first_evaluated, last_evaluated, last_error, last_error_at
	      FROM wishflags.flag_usage_log WHERE kind = 'flag') e
	WHERE e.flag IS NOT NULL OR e.evaluations > 0
	GROUP BY e.flag) u ON u.flag = f.key;
COMMENT ON VIEW wishflags.flag_usage IS
'how often each flag was evaluated, for how many keys, and with how many errors; flag NULL: those that found no place, together';

CREATE VIEW wishflags.flag_usage_detail AS
SELECT e.flag, d.variant, d.reason, d.error_code, sum(d.evaluations)::bigint AS evaluations
FROM (SELECT flag, details FROM wishflags.usage_entries(false, false) WHERE kind = 'flag'
      UNION ALL
      SELECT flag, details FROM wishflags.flag_usage_log WHERE kind = 'flag' AND details IS NOT NULL) e,
	pg_catalog.jsonb_to_recordset(e.details) AS d (variant text, reason text, error_code text, evaluations bigint)
GROUP BY e.flag, d.variant, d.reason, d.error_code;
COMMENT ON VIEW wishflags.flag_usage_detail IS 'how often each flag served which variant, and why';

CREATE VIEW wishflags.unknown_flags AS
SELECT e.flag, sum(e.evaluations)::bigint AS evaluations, min(e.first_evaluated) AS first_evaluated, max(e.last_evaluated) AS last_evaluated
FROM (SELECT flag, evaluations, first_evaluated, last_evaluated FROM wishflags.usage_entries(false, false, false) WHERE kind = 'unknown'
      UNION ALL
      SELECT flag, evaluations, first_evaluated, last_evaluated FROM wishflags.flag_usage_log WHERE kind = 'unknown') e
WHERE e.evaluations > 0 AND NOT EXISTS (SELECT FROM wishflags.flags f WHERE f.key = e.flag)
GROUP BY e.flag;
COMMENT ON VIEW wishflags.unknown_flags IS
'flags that were asked for and are not defined; flag NULL: those that found no place, together, and no name at all';

CREATE VIEW wishflags.flag_cache_usage AS
SELECT COALESCE(sum(e.cache_loads), 0)::bigint AS loads,
	pg_catalog.round(sum(e.cache_load_us) / 1000, 3) AS load_ms,
	pg_catalog.round(sum(e.cache_load_us) / NULLIF(sum(e.cache_loads), 0) / 1000, 3) AS average_ms,
	pg_catalog.round((pg_catalog.array_agg(e.last_load_us ORDER BY e.last_load_at DESC NULLS LAST))[1] / 1000.0, 3) AS last_ms,
	max(e.last_load_at) AS last_load_at, min(e.since) AS since
FROM (SELECT cache_loads, cache_load_us, last_load_us, last_load_at, since FROM wishflags.usage_entries(false, false, false) WHERE flag IS NULL AND kind = 'flag'
      UNION ALL
      SELECT cache_loads, cache_load_us, last_load_us, last_load_at, since FROM wishflags.flag_usage_log WHERE flag IS NULL AND kind = 'flag') e;
COMMENT ON VIEW wishflags.flag_cache_usage IS
'how often sessions took changed flags into their caches, and how long that took';

CREATE FUNCTION wishflags.flag_usage_session()
RETURNS TABLE (flag text, evaluations bigint, unique_keys bigint, errors bigint, fallbacks bigint,
	first_evaluated timestamptz, last_evaluated timestamptz, last_error text, last_error_at timestamptz)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 1000 ROWS 100
BEGIN ATOMIC
	SELECT e.flag, sum(e.evaluations)::bigint, COALESCE(wishflags.usage_estimate(wishflags.usage_union(e.registers)), 0),
		sum(e.errors)::bigint, sum(e.fallbacks)::bigint, min(e.first_evaluated), max(e.last_evaluated),
		(pg_catalog.array_agg(e.last_error ORDER BY e.last_error_at DESC NULLS LAST))[1], max(e.last_error_at)
	FROM wishflags.usage_entries(true, true, false) e
	WHERE e.kind = 'flag' AND (e.flag IS NOT NULL OR e.evaluations > 0)
	GROUP BY e.flag
	ORDER BY e.flag COLLATE "C";
END;
COMMENT ON FUNCTION wishflags.flag_usage_session() IS
'as flag_usage, what this session has counted and not flushed, where the library is not preloaded';

CREATE FUNCTION wishflags.health_thresholds(options jsonb, OUT error_warning float8, OUT error_critical float8,
	OUT miss_warning float8, OUT miss_critical float8, OUT fallback_warning float8, OUT fallback_critical float8, OUT min_evaluations float8)
RETURNS record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_health_thresholds';
COMMENT ON FUNCTION wishflags.health_thresholds(jsonb) IS
'the thresholds that flag_health() judges by, in percent, as its options set them';

CREATE FUNCTION wishflags.flag_health(options jsonb DEFAULT '{}')
RETURNS TABLE (flag text, verdict text, reason text, evaluations bigint, error_percent numeric,
	miss_percent numeric, fallback_percent numeric, last_error text, last_error_at timestamptz)
LANGUAGE sql VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100
BEGIN ATOMIC
	WITH counted AS (
		SELECT e.kind, e.flag, sum(e.evaluations) AS evaluations, sum(e.errors) AS errors, sum(e.fallbacks) AS fallbacks,
			(pg_catalog.array_agg(e.last_error ORDER BY e.last_error_at DESC NULLS LAST))[1] AS last_error, max(e.last_error_at) AS last_error_at
		FROM (SELECT kind, flag, evaluations, errors, fallbacks, last_error, last_error_at FROM wishflags.usage_entries(false, false, false)
		      UNION ALL
		      SELECT kind, flag, evaluations, errors, fallbacks, last_error, last_error_at FROM wishflags.flag_usage_log) e
		GROUP BY e.kind, e.flag),
	subject AS (
		SELECT NULL AS flag, COALESCE(sum(c.evaluations), 0) AS evaluations,
			COALESCE(sum(c.errors) FILTER (WHERE c.kind = 'flag'), 0) AS errors,
			COALESCE(sum(c.evaluations) FILTER (WHERE c.kind = 'unknown'), 0) AS misses,
			COALESCE(sum(c.fallbacks) FILTER (WHERE c.kind = 'flag'), 0) AS fallbacks,
			(pg_catalog.array_agg(c.last_error ORDER BY c.last_error_at DESC NULLS LAST))[1] AS last_error, max(c.last_error_at) AS last_error_at
		FROM counted c
		UNION ALL
		SELECT c.flag, c.evaluations, c.errors, 0, c.fallbacks, c.last_error, c.last_error_at
		FROM counted c
		WHERE c.kind = 'flag' AND c.flag IS NOT NULL AND c.evaluations > 0),
	rate AS (
		SELECT s.*, 100.0 * s.errors / NULLIF(s.evaluations, 0) AS error_percent,
			100.0 * s.misses / NULLIF(s.evaluations, 0) AS miss_percent,
			100.0 * s.fallbacks / NULLIF(s.evaluations, 0) AS fallback_percent
		FROM subject s),
	judged AS (
		SELECT r.*, r.evaluations < t.min_evaluations AS few,
			CASE WHEN r.error_percent > t.error_critical OR r.miss_percent > t.miss_critical OR r.fallback_percent > t.fallback_critical THEN 2
				WHEN r.error_percent > t.error_warning OR r.miss_percent > t.miss_warning OR r.fallback_percent > t.fallback_warning THEN 1
				ELSE 0 END AS level,
			pg_catalog.concat_ws(', ',
				CASE WHEN r.error_percent > LEAST(t.error_warning, t.error_critical) THEN pg_catalog.round(r.error_percent, 1) || ' % errors' END,
				CASE WHEN r.miss_percent > LEAST(t.miss_warning, t.miss_critical) THEN pg_catalog.round(r.miss_percent, 1) || ' % of unknown flags' END,
				CASE WHEN r.fallback_percent > LEAST(t.fallback_warning, t.fallback_critical) THEN pg_catalog.round(r.fallback_percent, 1) || ' % defaults' END) AS why
		FROM rate r, wishflags.health_thresholds(flag_health.options) t)
	SELECT j.flag, CASE WHEN j.few THEN 'ok' ELSE (ARRAY['ok', 'warning', 'critical'])[j.level + 1] END,
		CASE WHEN j.evaluations = 0 THEN 'not evaluated' WHEN j.few AND j.level > 0 THEN j.why || ', but few evaluations' ELSE NULLIF(j.why, '') END,
		j.evaluations::bigint, pg_catalog.round(j.error_percent, 3), CASE WHEN j.flag IS NULL THEN pg_catalog.round(j.miss_percent, 3) END,
		pg_catalog.round(j.fallback_percent, 3), j.last_error, j.last_error_at
	FROM judged j
	ORDER BY j.flag IS NOT NULL, CASE WHEN j.few THEN 0 ELSE j.level END DESC, j.flag COLLATE "C";
END;
COMMENT ON FUNCTION wishflags.flag_health(jsonb) IS
'a verdict (ok, warning, critical) on all evaluations, flag NULL, and on each flag; options, in percent: error_warning, error_critical, miss_warning, miss_critical, fallback_warning, fallback_critical; min_evaluations';
