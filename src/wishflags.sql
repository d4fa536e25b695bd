CREATE FUNCTION wishflags.version(OUT library text, OUT installed text)
RETURNS record
LANGUAGE C STABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_version';

COMMENT ON FUNCTION wishflags.version() IS
'version of the loaded library and of the installed SQL objects';

-- What a newcomer types first.
CREATE FUNCTION wishflags.status(OUT item text, OUT value text, OUT hint text)
RETURNS SETOF record
LANGUAGE SQL STABLE PARALLEL RESTRICTED COST 1000 ROWS 8
BEGIN ATOMIC
	SELECT i.item, i.value, i.hint
	FROM wishflags.version() v, wishflags.guard_status() g,
		(SELECT count(*) AS flags, count(*) FILTER (WHERE enabled) AS enabled, min(key) AS first
		 FROM wishflags.flags) f,
		LATERAL (
			SELECT 1, 'version', v.library,
				CASE WHEN v.library IS DISTINCT FROM v.installed
					THEN 'ALTER EXTENSION wishflags UPDATE;  -- SQL objects are of version ' || v.installed END
			UNION ALL
			SELECT 2, 'library', 'loaded ' || g.loaded, NULL
			UNION ALL
			SELECT 3, 'guard', CASE WHEN g.triggers = 'enabled' THEN g.guard ELSE 'event triggers ' || g.triggers END,
				CASE WHEN g.triggers = 'disabled'
						THEN 'ALTER EVENT TRIGGER wishflags_guard_start ENABLE ALWAYS;'
							' ALTER EVENT TRIGGER wishflags_guard_drop ENABLE ALWAYS;'
							' ALTER EVENT TRIGGER wishflags_guard_rewrite ENABLE ALWAYS;'
							' ALTER EVENT TRIGGER wishflags_guard_end ENABLE ALWAYS;'
					WHEN g.guard = 'on' THEN 'SET wishflags.guard = warn;  -- to only be warned'
					ELSE 'SET wishflags.guard = on;  -- set by: ' || g.set_by END
			UNION ALL
			SELECT 4, 'refused', g.refused::text,
				CASE WHEN g.refused > 0
					THEN 'SELECT * FROM wishflags.guard_log ORDER BY occurred_at DESC LIMIT 10;' END
			UNION ALL
			SELECT 5, 'last refusal', r.rule || ' on ' || r.object || ' by ' || r.acting_role, r.statement
			FROM (SELECT rule, object, acting_role, left(statement, 60) AS statement
				  FROM wishflags.guard_log WHERE outcome = 'refused'
				  ORDER BY occurred_at DESC LIMIT 3) r
			UNION ALL
			SELECT 6, 'flags', f.flags || ', ' || f.enabled || ' enabled',
				CASE WHEN f.flags = 0 THEN 'SELECT wishflags.flag_create(''my-flag'');'
					ELSE format('SELECT wishflags.flag_eval(%L, ''user-1'');', f.first) END
			UNION ALL
			SELECT 7, 'check', 'of SQL text',
				'SELECT rule, message FROM wishflags.migration_breaking_check(''DROP TABLE t'');'
			UNION ALL
			SELECT 8, 'schema', 'of this database', 'SELECT wishflags.schema_fingerprint();'
		) i (place, item, value, hint)
	ORDER BY i.place;
END;

COMMENT ON FUNCTION wishflags.status() IS
'what runs here, a row an item, and what to type next';
