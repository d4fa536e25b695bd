-- How long checks take, and the budget.
SELECT wishflags.migration_check_stats_reset();
SELECT * FROM wishflags.migration_check_stats;
SELECT count(*) FROM wishflags.migration_breaking_check('DROP TABLE a; DROP TABLE b; TRUNCATE c', '{"only": ["drop-table", "truncate"]}');
SELECT scope, rule, calls, total_ms >= max_ms AS total, mean_ms <= max_ms AS mean, max_ms > 0 AS max
FROM wishflags.migration_check_stats WHERE scope = 'session' ORDER BY rule;
-- The numbers add up, and what ends in an error is no run.
SELECT count(*) FROM wishflags.migration_breaking_check('DROP TABLE a', '{"only": ["drop-table"]}');
SELECT wishflags.migration_breaking_check('DROP TABLE a', '{"only": ["no-such-rule"]}');
SELECT rule, calls FROM wishflags.migration_check_stats WHERE scope = 'session' ORDER BY rule;
SELECT sum(total_ms) FILTER (WHERE rule IS NOT NULL) <= sum(total_ms) FILTER (WHERE rule IS NULL) AS rules_within_runs
FROM wishflags.migration_check_stats WHERE scope = 'session';
-- The guard's judgements are no checks.
CREATE TABLE stats_t (a int);
CREATE INDEX ON stats_t (a);
DROP TABLE stats_t;
SELECT rule, calls FROM wishflags.migration_check_stats WHERE scope = 'session' ORDER BY rule;

-- Past the budget it warns, and goes on.
SHOW wishflags.check_budget;
\set VERBOSITY sqlstate
SET wishflags.check_budget = '1ms';
SELECT count(*) FROM wishflags.migration_breaking_check(repeat('DROP TABLE a;', 2000), '{"only": ["drop-table"]}');
SET wishflags.check_budget = 0;
SELECT count(*) FROM wishflags.migration_breaking_check(repeat('DROP TABLE a;', 2000), '{"only": ["drop-table"]}');
\set VERBOSITY default
\set VERBOSITY sqlstate
SET wishflags.check_budget = -1;
\set VERBOSITY default
-- Of a long text not every statement is timed by rule; all calls are counted.
SELECT rule, calls, mean_ms <= max_ms AND max_ms > 0 AS timed FROM wishflags.migration_check_stats
WHERE scope = 'session' AND rule = 'drop-table';
SELECT wishflags.migration_check_stats_reset();
SELECT count(*) FROM wishflags.migration_check_stats WHERE scope = 'session';
