-- What checks have found over time.

CREATE TABLE wishflags.migration_runs (
	id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	recorded_at timestamptz NOT NULL,
	recorded_by text NOT NULL,
	git_commit text,
	git_branch text,
	git_author text,
	command text,
	files integer NOT NULL CHECK (files >= 0),
	milliseconds double precision
) USING heap;

COMMENT ON TABLE wishflags.migration_runs IS 'checks of migrations whose findings were kept, a row a run';
COMMENT ON COLUMN wishflags.migration_runs.recorded_by IS 'role that recorded it';
COMMENT ON COLUMN wishflags.migration_runs.git_author IS 'author of the commit that was checked';
COMMENT ON COLUMN wishflags.migration_runs.command IS 'what was run';
COMMENT ON COLUMN wishflags.migration_runs.files IS 'how many files were checked';
COMMENT ON COLUMN wishflags.migration_runs.milliseconds IS 'that the check of all files took; NULL where it was not timed';

-- No foreign keys: pg_restore with several jobs fills all tables at once.
CREATE TABLE wishflags.migration_run_findings (
	run uuid NOT NULL,
	ordinal integer NOT NULL,
	file text NOT NULL,
	line integer,
	rule text NOT NULL,
	severity text NOT NULL CHECK (severity IN ('info', 'low', 'medium', 'high', 'critical')),
	object text,
	message text NOT NULL,
	PRIMARY KEY (run, ordinal)
) USING heap;

COMMENT ON TABLE wishflags.migration_run_findings IS 'what a run found, a row a finding';
COMMENT ON COLUMN wishflags.migration_run_findings.ordinal IS 'place in the report';

CREATE TABLE wishflags.migration_run_skips (
	run uuid NOT NULL,
	ordinal integer NOT NULL,
	file text NOT NULL,
	line integer,
	rules text[] NOT NULL,
	used boolean NOT NULL,
	reason text,
	until text,
	author text,
	PRIMARY KEY (run, ordinal)
) USING heap;

COMMENT ON TABLE wishflags.migration_run_skips IS 'comments in the files of a run that take findings back';
COMMENT ON COLUMN wishflags.migration_run_skips.rules IS 'that it speaks of; empty: all';
COMMENT ON COLUMN wishflags.migration_run_skips.used IS 'whether it took something back';
COMMENT ON COLUMN wishflags.migration_run_skips.author IS 'who wrote the comment, as git blame tells it';

SELECT pg_catalog.pg_extension_config_dump('wishflags.migration_runs', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.migration_run_findings', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.migration_run_skips', '');

CREATE FUNCTION wishflags.migration_runs_deleted() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_migration_runs_deleted';
COMMENT ON FUNCTION wishflags.migration_runs_deleted() IS 'trigger: deletes what deleted runs have found';
CREATE TRIGGER migration_runs_deleted AFTER DELETE ON wishflags.migration_runs REFERENCING OLD TABLE AS gone
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.migration_runs_deleted();
CREATE TRIGGER migration_runs_truncated AFTER TRUNCATE ON wishflags.migration_runs
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.migration_runs_deleted();

CREATE FUNCTION wishflags.migration_record(report jsonb, run jsonb DEFAULT '{}')
RETURNS uuid
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wf_migration_record';
COMMENT ON FUNCTION wishflags.migration_record(jsonb, jsonb) IS
'keeps the findings of a run, given as migration_report() writes them in format json; run may say git_commit, git_branch, git_author and command; returns the id of the run; whoever may call it needs no right on the tables';

-- A finding counts once a month, however often it was checked.
CREATE VIEW wishflags.schema_health AS
SELECT h.month, h.rule, h.severity, h.author, h.findings, h.skips
FROM (
	SELECT pg_catalog.to_char(r.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM') AS month, f.rule, f.severity,
		COALESCE(r.git_author, r.recorded_by) AS author,
		pg_catalog.count(DISTINCT (f.file, f.object, f.message)) AS findings, 0::bigint AS skips
	FROM wishflags.migration_runs r JOIN wishflags.migration_run_findings f ON f.run = r.id
	GROUP BY 1, 2, 3, 4
	UNION ALL
	SELECT pg_catalog.to_char(r.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM'), s.rule, NULL,
		COALESCE(k.author, r.git_author, r.recorded_by), 0, pg_catalog.count(DISTINCT (k.file, k.line, k.reason))
	FROM wishflags.migration_runs r JOIN wishflags.migration_run_skips k ON k.run = r.id AND k.used,
		pg_catalog.unnest(CASE WHEN k.rules = '{}' THEN '{all}' ELSE k.rules END) s(rule)
	GROUP BY 1, 2, 3, 4) h
ORDER BY h.month DESC, h.rule, h.severity, h.author;

COMMENT ON VIEW wishflags.schema_health IS
'what recorded checks found: findings by month, rule, severity and author, and how often whose comments took one back';
