-- Comments that take findings back, and conventions for new tables.
CREATE TABLE comment_t (id int PRIMARY KEY, a int);
INSERT INTO comment_t SELECT g, g FROM generate_series(1, 2000) g;
ANALYZE comment_t;
CREATE FUNCTION comment_check(sql text, options jsonb DEFAULT '{}') RETURNS TABLE (st int, line int, rule text, severity text, message text)
BEGIN ATOMIC
	SELECT statement, line, rule, severity, message FROM wishflags.migration_breaking_check(sql, options)
	WHERE rule IN ('drop-column', 'drop-table', 'set-not-null-scans', 'unused-ignore', 'concurrent-in-transaction')
	ORDER BY statement, line, rule;
END;

-- For the next statement, all rules or those named, until a day.
SELECT * FROM comment_check('-- wishflags: ignore reason="nobody reads it"
ALTER TABLE comment_t DROP a;
ALTER TABLE comment_t DROP a');
SELECT * FROM comment_check('/* wishflags: ignore drop-column, drop-table reason="gone" until=2999-01-01 */ ALTER TABLE comment_t DROP a');
SELECT * FROM comment_check('-- wishflags: ignore drop-table reason="gone"
ALTER TABLE comment_t DROP a');

-- For all that follows.
SELECT * FROM comment_check('-- wishflags: ignore-file drop-column reason="gone"
ALTER TABLE comment_t DROP a; ALTER TABLE comment_t DROP id; DROP TABLE comment_t');
SELECT * FROM comment_check('-- wishflags: ignore-file drop-column reason="gone"
SELECT 1');

-- One that does not count says why.
SELECT * FROM comment_check('-- wishflags: ignore drop-column
ALTER TABLE comment_t DROP a');
SELECT * FROM comment_check('-- wishflags: ignore drop-columns reason="gone"
ALTER TABLE comment_t DROP a');
SELECT * FROM comment_check('-- wishflags: ignore reason="gone" until=2020-01-01
ALTER TABLE comment_t DROP a');

-- Text is no comment, nor is a comment one that only speaks of it.
SELECT * FROM comment_check('SELECT ''-- wishflags: ignore reason="x"''; -- see wishflags: ignore reason="x"
ALTER TABLE comment_t DROP a; /* wishflags: ignore reason="never ends"');

-- Those of other checkers, under their names for rules.
SELECT * FROM comment_check('-- squawk-ignore ban-drop-column
ALTER TABLE comment_t DROP a;
-- eugene: ignore E2
ALTER TABLE comment_t ALTER a SET NOT NULL, DROP a;
-- atlas:nolint destructive
DROP TABLE comment_t;
-- safety-assured:start
ALTER TABLE comment_t DROP a;
DROP TABLE comment_t;
-- safety-assured:end
DROP TABLE comment_t');

-- What tells a runner to use no transaction.
SELECT * FROM comment_check('CREATE INDEX CONCURRENTLY ON comment_t (a)', '{"in_transaction": true}');
SELECT * FROM comment_check('-- +goose NO TRANSACTION
CREATE INDEX CONCURRENTLY ON comment_t (a)', '{"in_transaction": true}');
SELECT * FROM comment_check('-- migrate:up transaction:false
CREATE INDEX CONCURRENTLY ON comment_t (a)', '{"in_transaction": true}');

-- Conventions speak softly; a comment, and NOT NULL, settle what they ask.
SELECT statement, rule, severity, message, safe_sql, evidence - 'policy' AS evidence
FROM wishflags.migration_breaking_check('
	CREATE TABLE "Orders" (a boolean, b bigint, c boolean, d bigint, e text NOT NULL);
	CREATE TABLE orders (b bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a boolean NOT NULL, created_at timestamptz NOT NULL);
	COMMENT ON TABLE orders IS ''what was bought'';
	ALTER TABLE comment_t ADD note text;
	CREATE INDEX "Upper" ON orders (a)', '{"required_columns": "created_at", "only": ["missing-comment", "nullable-column",
	"required-columns", "naming-convention", "column-alignment"]}')
ORDER BY statement, rule;

-- One cause, one finding.
SELECT rule, severity FROM wishflags.migration_breaking_check('ALTER TABLE comment_t ADD b varchar(9), ADD CONSTRAINT k UNIQUE (a)', '{"severity": "low"}') ORDER BY rule;
SELECT rule, severity FROM wishflags.migration_breaking_check('ALTER TABLE comment_t ADD b varchar(9)', '{"severity": "info"}') WHERE rule ~ 'varchar|lock-timeout' ORDER BY rule;

DROP FUNCTION comment_check;
DROP TABLE comment_t;
