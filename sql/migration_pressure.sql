-- What goes on at a table moves severities.
SET client_min_messages = warning;
CREATE SCHEMA pr;
CREATE FUNCTION pr_check(sql text, options jsonb DEFAULT '{}')
RETURNS TABLE (st int, rule text, object text, severity text, severity_by text)
BEGIN ATOMIC
	SELECT statement, rule, object, severity, regexp_replace(evidence ->> 'severity_by', '[0-9.e+]+ (s|writes)', '# \1', 'g')
	FROM wishflags.migration_breaking_check(sql, '{"severity": "low", "ignore": ["not-rerunnable"]}'::jsonb || options);
END;
CREATE FUNCTION pr_stats(tables jsonb, counted_seconds bigint DEFAULT NULL) RETURNS jsonb
BEGIN ATOMIC
	SELECT jsonb_build_object('stats', '{"format": "wishflags-stats", "version": 1, "taken_at": "now"}'::jsonb
		|| jsonb_build_object('tables', tables) || coalesce('{}'::jsonb || jsonb_build_object('counted_seconds', counted_seconds), '{}'));
END;

-- By sizes and rates of elsewhere.
\set sizes '{"pr.busy": {"rows": 1000000, "bytes": 90000000, "writes_per_second": 25.5, "scans_per_second": 3}, "pr.slow": {"rows": 1000000, "bytes": 90000000, "writes_per_second": 9.9}, "pr.read": {"rows": 1000000, "bytes": 90000000, "writes_per_second": 0, "scans_per_second": 3}, "pr.cold": {"rows": 1000000, "bytes": 90000000, "writes_per_second": 0, "scans_per_second": 0}, "pr.silent": {"rows": 1000000, "bytes": 90000000, "writes_per_second": 0}, "pr.tiny": {"rows": 5, "bytes": 8192, "writes_per_second": 500}}'
\set builds 'CREATE INDEX ON pr.busy (a); CREATE INDEX ON pr.slow (a); CREATE INDEX ON pr.read (a); CREATE INDEX ON pr.cold (a); CREATE INDEX ON pr.silent (a); CREATE INDEX ON pr.tiny (a)'
\set scans 'ALTER TABLE pr.busy ALTER a SET NOT NULL; ALTER TABLE pr.read ALTER a SET NOT NULL; ALTER TABLE pr.cold ALTER a SET NOT NULL; ALTER TABLE pr.silent ALTER a SET NOT NULL; ALTER TABLE pr.tiny ALTER a SET NOT NULL'
SELECT * FROM pr_check('SET lock_timeout = ''1s'';' || :'builds', pr_stats(:'sizes', 90000)) WHERE rule = 'index-not-concurrent';
SELECT * FROM pr_check('SET lock_timeout = ''1s'';' || :'scans', pr_stats(:'sizes', 90000)) WHERE rule = 'set-not-null-scans';
-- Counted for too short a time, or nobody knows for how long: not known to be cold.
SELECT * FROM pr_check('SET lock_timeout = ''1s'';' || :'builds', pr_stats(:'sizes', 80000)) WHERE rule = 'index-not-concurrent';
SELECT * FROM pr_check('SET lock_timeout = ''1s'';' || :'builds', pr_stats(:'sizes')) WHERE rule = 'index-not-concurrent';
-- The limits are options.
SELECT * FROM pr_check('SET lock_timeout = ''1s'';' || :'builds', pr_stats(:'sizes', 80000) || '{"busy_writes": 9, "busy_period": 60}') WHERE rule = 'index-not-concurrent';
SELECT * FROM pr_check('SET lock_timeout = ''1s''; CREATE INDEX ON pr.busy (a)', pr_stats(:'sizes', 90000) || '{"busy_writes": 100}');
SELECT * FROM pr_check('SET lock_timeout = ''1s''; CREATE INDEX ON pr.cold (a)', pr_stats(:'sizes', 90000) || '{"busy_period": 100000}');
-- What stops no writes is not moved, nor is what breaks code.
SELECT * FROM pr_check('SET lock_timeout = ''1s''; CREATE INDEX CONCURRENTLY i ON pr.busy (a); ALTER TABLE pr.busy DROP COLUMN a', pr_stats(:'sizes', 90000));
-- A brief lock hurts as well while nothing ends the wait for it.
SELECT * FROM pr_check('ALTER TABLE pr.busy ADD b text', pr_stats(:'sizes', 90000));
SELECT * FROM pr_check('ALTER TABLE pr.cold ADD b text', pr_stats(:'sizes', 90000));

-- By what this server has counted.
CREATE TABLE pr.live (a int);
INSERT INTO pr.live SELECT g FROM generate_series(1, 20000) g;
CREATE TABLE pr.parted (a int) PARTITION BY RANGE (a);
CREATE TABLE pr.parted_1 PARTITION OF pr.parted FOR VALUES FROM (0) TO (100000);
INSERT INTO pr.parted SELECT g FROM generate_series(1, 20000) g;
ANALYZE pr.live, pr.parted;
SELECT pg_stat_force_next_flush();
-- Not for long enough, so that nothing is said.
SELECT * FROM pr_check('CREATE INDEX ON pr.live (a); CREATE INDEX ON pr.parted (a)') WHERE rule = 'index-not-concurrent';
SELECT * FROM pr_check('CREATE INDEX ON pr.live (a); CREATE INDEX ON pr.parted (a)', '{"busy_writes": 0, "busy_period": 0}') WHERE rule = 'index-not-concurrent';
SELECT (evidence ->> 'writes_per_second')::float > 0 AS rate FROM wishflags.migration_breaking_check('CREATE INDEX ON pr.live (a)', '{"busy_period": 0}') WHERE rule = 'index-not-concurrent';
SELECT pg_stat_reset_single_table_counters('pr.live'::regclass);
SELECT * FROM pr_check('CREATE INDEX ON pr.live (a); ALTER TABLE pr.live ALTER a SET NOT NULL; SET lock_timeout = ''1s''', '{"busy_period": 0}') WHERE rule IN ('index-not-concurrent', 'set-not-null-scans');
SELECT * FROM pr_check('CREATE INDEX ON pr.live (a)', '{"busy_period": 0, "assume_populated": true}') WHERE rule = 'index-not-concurrent';

SELECT wishflags.migration_breaking_check('SELECT 1', '{"busy_writes": -1}');
SELECT wishflags.migration_breaking_check('SELECT 1', '{"long_transaction": "1min"}');
SELECT wishflags.migration_breaking_check('SELECT 1', '{"busy_period": 100000000000}');

DROP FUNCTION pr_check, pr_stats;
DROP SCHEMA pr CASCADE;
