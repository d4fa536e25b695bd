-- Rules about indexes.
CREATE TABLE idx_t (id int, a int, b text);
INSERT INTO idx_t SELECT g, g, g::text FROM generate_series(1, 2000) g;
CREATE TABLE idx_small (id int);
INSERT INTO idx_small VALUES (1);
CREATE TABLE idx_empty (id int);
CREATE TABLE idx_parts (id int) PARTITION BY RANGE (id);
CREATE TABLE idx_parts_1 PARTITION OF idx_parts FOR VALUES FROM (0) TO (10000);
INSERT INTO idx_parts SELECT generate_series(1, 2000);
ANALYZE idx_t, idx_small, idx_parts;

CREATE FUNCTION idx_check(sql text, options jsonb DEFAULT '{}')
RETURNS TABLE (st int, rule text, severity text, object text, lock_mode text, safe_sql text)
BEGIN ATOMIC
	SELECT statement, rule, severity, object, lock_mode, safe_sql
	FROM wishflags.migration_breaking_check(sql, '{"severity": "low", "ignore": ["lock-timeout-missing"]}'::jsonb || options)
	ORDER BY statement, rule;
END;

SELECT * FROM idx_check('CREATE INDEX ON idx_t (a)');
SELECT * FROM idx_check($$create unique index if not exists "My idx" on public.idx_t using btree (lower(b)) where a > 1 -- trailing$$);
SELECT rule, severity, evidence FROM wishflags.migration_breaking_check('CREATE INDEX ON idx_small (id)', '{"only": "index-not-concurrent"}') f
	JOIN LATERAL (SELECT f.evidence - 'bytes') AS e(evidence2) ON true;
SELECT * FROM idx_check('CREATE INDEX ON idx_empty (id); CREATE TABLE n (a bigint PRIMARY KEY); CREATE INDEX ON n (a); CREATE TEMP TABLE m (a int); CREATE INDEX ON m (a)');
SELECT st, rule, severity FROM idx_check('CREATE INDEX ON idx_empty (id)', '{"assume_populated": true}');
SELECT st, rule, severity FROM idx_check('CREATE INDEX ON idx_small (id)', '{"min_rows": 1}');

-- Partitioned: no CONCURRENTLY; the parts one by one.
SELECT * FROM idx_check('CREATE INDEX CONCURRENTLY ON idx_parts (id); CREATE INDEX ON idx_parts (id); CREATE INDEX ON ONLY idx_parts (id)');

-- CREATE SCHEMA elements are statements.
SELECT st, rule, object FROM idx_check('CREATE SCHEMA s CREATE TABLE t (a bigint PRIMARY KEY) CREATE INDEX ON t (a)');

-- DROP and REINDEX.
CREATE INDEX CONCURRENTLY idx_t_a ON idx_t (a);
SELECT rule, severity, lock_mode, scans, message FROM wishflags.migration_breaking_check(
	'CREATE INDEX IF NOT EXISTS idx_t_a ON idx_t (a)', '{"only": ["index-not-concurrent", "duplicate-index"]}');
SELECT * FROM idx_check('DROP INDEX IF EXISTS idx_t_a; DROP INDEX CONCURRENTLY idx_t_a');
SELECT * FROM idx_check('REINDEX INDEX idx_t_a; REINDEX (CONCURRENTLY) TABLE idx_t; REINDEX TABLE idx_t; REINDEX SCHEMA public; REINDEX TABLE idx_empty');
SELECT * FROM idx_check('BEGIN; DROP INDEX CONCURRENTLY idx_t_a; REINDEX TABLE CONCURRENTLY idx_t; COMMIT; VACUUM idx_t');
SELECT * FROM idx_check('CREATE INDEX CONCURRENTLY again ON idx_t (a); CREATE INDEX CONCURRENTLY wide ON idx_t (a, b, id, ctid)');

-- safe_sql does what it says.
SELECT safe_sql FROM idx_check('CREATE INDEX idx_safe ON idx_t (id) INCLUDE (a) WHERE b <> '''' /* c */; -- d') \gexec
SELECT indexdef, indisvalid FROM pg_indexes JOIN pg_index ON indexrelid = indexname::regclass WHERE indexname = 'idx_safe';
SELECT safe_sql FROM idx_check('DROP INDEX idx_safe') \gexec
SELECT safe_sql FROM idx_check('REINDEX TABLE idx_t') \gexec
SELECT to_regclass('idx_safe') IS NULL AS dropped;

-- An index that a failed build left behind.
INSERT INTO idx_t VALUES (1, 1, '1');
\set VERBOSITY terse
CREATE UNIQUE INDEX CONCURRENTLY idx_broken ON idx_t (id);
\set VERBOSITY default
SELECT * FROM idx_check('CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS idx_broken ON idx_t (id)');

DROP FUNCTION idx_check;
DROP TABLE idx_t, idx_small, idx_empty, idx_parts;
