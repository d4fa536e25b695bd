-- Sizes that are taken on one database and used in another.
SET client_min_messages = warning;
CREATE SCHEMA st;
CREATE TABLE st.orders (id bigint PRIMARY KEY, note text);
INSERT INTO st.orders SELECT g, 'note' FROM generate_series(1, 5000) g;
CREATE TABLE st."Odd name" (a int);
CREATE TABLE st.parted (a int) PARTITION BY RANGE (a);
CREATE TABLE st.parted_1 PARTITION OF st.parted FOR VALUES FROM (0) TO (100);
CREATE TABLE st.parted_2 PARTITION OF st.parted FOR VALUES FROM (100) TO (200);
INSERT INTO st.parted SELECT g FROM generate_series(50, 149) g;
ANALYZE st.orders, st.parted;

SELECT e - 'tables' - 'taken_at' - 'counted_since' - 'counted_seconds' - 'settings' - 'hidden_tables' - 'database' - 'server_version' AS header,
	(e ->> 'server_version')::int = current_setting('server_version_num')::int AS version,
	(e ->> 'taken_at')::timestamptz <= now() AS taken, e ->> 'database' = current_database() AS database,
	e -> 'settings' ->> 'block_size' AS block_size, e -> 'hidden_tables' AS hidden
FROM wishflags.migration_stats_export() e;
SELECT key, value ->> 'kind' AS kind, value ->> 'rows' AS rows, (value ->> 'bytes')::bigint AS bytes, (value ->> 'index_bytes')::bigint > 0 AS indexes,
	(value ->> 'writes_per_second')::numeric >= 0 AND (value ->> 'scans_per_second')::numeric >= 0 AS load, value ->> 'analyzed_at' IS NOT NULL AS analyzed
FROM jsonb_each(wishflags.migration_stats_export() -> 'tables') WHERE key LIKE 'st.%' ORDER BY key;

-- A role sees the tables on which it has a privilege.
CREATE ROLE st_reader;
GRANT USAGE ON SCHEMA wishflags, st TO st_reader;
GRANT EXECUTE ON FUNCTION wishflags.migration_stats_export() TO st_reader;
GRANT SELECT (note) ON st.orders TO st_reader;
SET ROLE st_reader;
SELECT key FROM jsonb_each(wishflags.migration_stats_export() -> 'tables') WHERE key LIKE 'st.%';
SELECT (wishflags.migration_stats_export() ->> 'hidden_tables')::int > 3 AS hidden;
RESET ROLE;
GRANT pg_read_all_stats TO st_reader;
SET ROLE st_reader;
SELECT count(*) FROM jsonb_each(wishflags.migration_stats_export() -> 'tables') WHERE key LIKE 'st.%';
RESET ROLE;

-- The sizes of elsewhere take the place of those here.
CREATE TABLE st.big (id int);
CREATE TABLE st.small (id int);
INSERT INTO st.small VALUES (1);
CREATE TABLE st.fresh (id int);
CREATE FUNCTION st_check(sql text, options jsonb DEFAULT '{}')
RETURNS TABLE (object text, severity text, message text, evidence jsonb)
BEGIN ATOMIC
	SELECT object, severity, message, evidence - 'policy' FROM wishflags.migration_breaking_check(sql,
		'{"only": ["index-not-concurrent"], "stats": {"format": "wishflags-stats", "version": 1, "taken_at": "2026-01-01T00:00:00Z",
		"tables": {"st.big": {"rows": 2000000, "bytes": 200000000, "index_bytes": 50000000, "writes_per_second": 12.5},
			"st.small": {"rows": 7, "bytes": 8192}, "st.void": {"rows": 0, "bytes": 0},
			"st.away": {"rows": 3000000, "bytes": 300000000}, "st.\"Away\"": {"rows": null, "bytes": 8192}}}}'::jsonb || options);
END;
SELECT * FROM st_check('CREATE INDEX ON st.big (id); CREATE INDEX ON st.small (id); CREATE INDEX ON st.fresh (id)');
SELECT * FROM st_check('CREATE INDEX ON st.big (id); CREATE INDEX ON st.small (id); CREATE INDEX ON st.fresh (id)', '{"assume_populated": true}');
-- What the catalog here does not have is known by size as well.
SELECT * FROM st_check('CREATE INDEX ON st.away (id); CREATE INDEX ON st."Away" (id); CREATE INDEX ON st.void (id); CREATE INDEX ON st.unknown (id)');
SELECT * FROM st_check('SET search_path = other, st; CREATE INDEX ON away (id)');
SELECT * FROM st_check('ALTER TABLE st.big RENAME TO great; CREATE INDEX ON st.great (id); CREATE TABLE st.big (id int); CREATE INDEX ON st.big (id)');
SELECT * FROM st_check('CREATE INDEX ON st.big (id)', '{"stats": null}');
-- What one database exports another one reads.
SELECT object, severity FROM wishflags.migration_breaking_check('CREATE INDEX ON st.orders (note); CREATE INDEX ON st.parted (a)',
	jsonb_build_object('only', 'index-not-concurrent', 'stats', wishflags.migration_stats_export()));
SELECT wishflags.migration_report('{"1.sql": "CREATE INDEX ON st.away (id)"}', 'text', '{"only": "index-not-concurrent",
	"stats": {"format": "wishflags-stats", "version": 1, "taken_at": "now", "tables": {"st.away": {"rows": 3000000, "bytes": 300000000}}}}');

-- What is no such document.
\set VERBOSITY verbose
\set SHOW_CONTEXT never
CREATE FUNCTION st_wrong(stats jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; hint text; state text;
BEGIN
	PERFORM wishflags.migration_breaking_check('SELECT 1', jsonb_build_object('stats', stats));
	RETURN 'read';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT, state = RETURNED_SQLSTATE;
	RETURN state || ' ' || message || ' | ' || hint;
END $$;
SELECT st_wrong(s) FROM (VALUES (1, '"x"'::jsonb), (2, '[]'), (3, '{}'), (4, '{"format": "wishflags-stats"}'),
	(5, '{"format": "wishflags-stats", "version": 2}'), (6, '{"format": "wishflags-stats", "version": "1"}'),
	(7, '{"format": "other", "version": 1}'), (8, '{"format": "wishflags-stats", "version": 1}')) v(n, s) ORDER BY n;
SELECT st_wrong('{"format": "wishflags-stats", "version": 1, "taken_at": "now"}'::jsonb || s)
FROM (VALUES (1, '{}'::jsonb), (2, '{"tables": []}'), (3, '{"tables": {"t": {"bytes": 1}}}'), (4, '{"tables": {"a.b.c": {"bytes": 1}}}'),
	(5, '{"tables": {"a.": {"bytes": 1}}}'), (6, '{"tables": {"a.b": 1}}'), (7, '{"tables": {"a.b": {}}}'),
	(8, '{"tables": {"a.b": {"bytes": -1}}}'), (9, '{"tables": {"a.b": {"bytes": 1, "rows": "many"}}}'),
	(10, '{"tables": {"a.b": {"bytes": 1e30}}}'), (11, '{"tables": {"a.b": {"bytes": 1}}}'), (12, '{"tables": {}}')) v(n, s) ORDER BY n;

DROP FUNCTION st_check, st_wrong;
DROP OWNED BY st_reader;
DROP ROLE st_reader;
DROP SCHEMA st CASCADE;
