-- The migration checker.

CREATE FUNCTION wishflags.migration_breaking_check(
	sql text,
	options jsonb DEFAULT '{}',
	OUT statement int,
	OUT line int,
	OUT col int,
	OUT rule text,
	OUT severity text,
	OUT kind text,
	OUT object text,
	OUT lock_mode text,
	OUT rewrites boolean,
	OUT scans boolean,
	OUT message text,
	OUT hint text,
	OUT safe_sql text,
	OUT evidence jsonb)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 20
AS 'MODULE_PATHNAME', 'wf_migration_breaking_check';
COMMENT ON FUNCTION wishflags.migration_breaking_check(text, jsonb) IS
'what a migration would break, block, lose or fail at: a row a finding, with a safe way where there is one; runs nothing';

CREATE FUNCTION wishflags.migration_parse(
	sql text,
	target_version int DEFAULT NULL,
	OUT statement int,
	OUT line int,
	OUT col int,
	OUT tag text,
	OUT lock_mode text,
	OUT error text)
RETURNS SETOF record
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 1000 ROWS 20
AS 'MODULE_PATHNAME', 'wf_migration_parse';
COMMENT ON FUNCTION wishflags.migration_parse(text, int) IS
'the statements of a text as the checker reads them: place, command tag, lock on the target, syntax error';

CREATE FUNCTION wishflags.migration_rules_list(
	OUT rule text,
	OUT severity text,
	OUT kind text,
	OUT policy text,
	OUT description text,
	OUT guard text)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10 ROWS 100
AS 'MODULE_PATHNAME', 'wf_migration_rules_list';
COMMENT ON FUNCTION wishflags.migration_rules_list() IS
'the rules of the migration checker; see the view migration_rules';

CREATE VIEW wishflags.migration_rules AS
SELECT rule, severity, kind, policy, description, guard
FROM wishflags.migration_rules_list();
COMMENT ON VIEW wishflags.migration_rules IS
'the rules of the migration checker and the guard: base severity, kind, section of the policy, meaning, and what the guard does unless told otherwise (never: it can''t judge a live command by it)';
