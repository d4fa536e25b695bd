-- The guard's policy: what it does about the findings of each rule.

-- What differs from the registry; the view guard_effective shows all.
CREATE TABLE wishflags.guard_policies (
	name text COLLATE "C" PRIMARY KEY,
	rule text COLLATE "C" NOT NULL,
	action text NOT NULL,
	ordinal integer NOT NULL DEFAULT 100,
	enabled boolean NOT NULL DEFAULT true,
	min_rows bigint CHECK (min_rows >= 0),
	min_bytes bigint CHECK (min_bytes >= 0),
	schemas text[],
	roles text[],
	environments text[],
	days text[],
	from_time time,
	until_time time,
	time_zone text NOT NULL DEFAULT 'UTC',
	valid_from timestamptz,
	valid_until timestamptz,
	requires_approval boolean NOT NULL DEFAULT false,
	reason text NOT NULL CHECK (pg_catalog.btrim(reason) <> ''),
	owner text,
	changed_at timestamptz NOT NULL,
	changed_by text NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.guard_policies IS
'what the guard does where that differs from the registry of rules; of the rows that match the most specific counts: rule, kind, severity, all; among these the lowest ordinal, then the name';
COMMENT ON COLUMN wishflags.guard_policies.name IS 'told by refusals; left out: as the rule';
COMMENT ON COLUMN wishflags.guard_policies.rule IS 'a rule of migration_rules, kind:data-loss, severity:high (and above) or all';
COMMENT ON COLUMN wishflags.guard_policies.action IS 'off, notice, warn or block';
COMMENT ON COLUMN wishflags.guard_policies.ordinal IS 'the lowest counts where rows are equally specific';
COMMENT ON COLUMN wishflags.guard_policies.enabled IS 'false: the row does not count';
COMMENT ON COLUMN wishflags.guard_policies.min_rows IS 'only for tables with so many rows; a number that is not known counts as many';
COMMENT ON COLUMN wishflags.guard_policies.min_bytes IS 'only for tables of this size';
COMMENT ON COLUMN wishflags.guard_policies.schemas IS 'only for objects in these schemas; NULL: all';
COMMENT ON COLUMN wishflags.guard_policies.roles IS 'only where the current role is one of these or a member; NULL: all';
COMMENT ON COLUMN wishflags.guard_policies.environments IS 'only where wishflags.environment is one of these; NULL: all';
COMMENT ON COLUMN wishflags.guard_policies.days IS 'only on these days: mon, tue, wed, thu, fri, sat, sun; NULL: all';
COMMENT ON COLUMN wishflags.guard_policies.from_time IS 'only from this time of the day on';
COMMENT ON COLUMN wishflags.guard_policies.until_time IS 'only before this time; earlier than from_time: of the next day';
COMMENT ON COLUMN wishflags.guard_policies.time_zone IS 'of days and times';
COMMENT ON COLUMN wishflags.guard_policies.valid_from IS 'only from this moment on';
COMMENT ON COLUMN wishflags.guard_policies.valid_until IS 'only before this moment';
COMMENT ON COLUMN wishflags.guard_policies.requires_approval IS 'the block is for changes that nobody has approved';
COMMENT ON COLUMN wishflags.guard_policies.reason IS 'why, wishflags.reason where it is not given; refusals tell it';
COMMENT ON COLUMN wishflags.guard_policies.owner IS 'team or person to ask';
COMMENT ON COLUMN wishflags.guard_policies.changed_at IS 'filled in; given only when a row is restored';
COMMENT ON COLUMN wishflags.guard_policies.changed_by IS 'filled in: who logged in; given only when a row is restored';

-- What is allowed for a time; it is about this database, so it is not dumped.
CREATE TABLE wishflags.guard_allowances (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	rule text COLLATE "C" NOT NULL,
	object text COLLATE "C",
	role text COLLATE "C" NOT NULL,
	valid_until timestamptz,
	reason text NOT NULL,
	changed_at timestamptz NOT NULL,
	changed_by text NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.guard_allowances IS
'what the guard lets a role do for a time although a rule blocks it; see guard_allow()';
COMMENT ON COLUMN wishflags.guard_allowances.rule IS 'rule that blocks it';
COMMENT ON COLUMN wishflags.guard_allowances.object IS 'qualified name, as the refusal gives it; NULL: any object';
COMMENT ON COLUMN wishflags.guard_allowances.role IS 'role that may, and its members';
COMMENT ON COLUMN wishflags.guard_allowances.valid_until IS 'when it ends; NULL: with the transaction that wrote it';
COMMENT ON COLUMN wishflags.guard_allowances.reason IS 'why; guard_log tells it for each use';
COMMENT ON COLUMN wishflags.guard_allowances.changed_at IS 'filled in';
COMMENT ON COLUMN wishflags.guard_allowances.changed_by IS 'filled in: who logged in';

CREATE TABLE wishflags.guard_policy_history (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	action text NOT NULL CHECK (action IN ('insert', 'update', 'delete', 'truncate')),
	before jsonb,
	after jsonb,
	reason text,
	acting_role text NOT NULL,
	outer_role text NOT NULL,
	login_role text NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.guard_policy_history IS
'every change of guard_policies and guard_allowances: the row before and after, and who did it';
COMMENT ON COLUMN wishflags.guard_policy_history.reason IS 'value of wishflags.reason; NULL: it was not set';
COMMENT ON COLUMN wishflags.guard_policy_history.acting_role IS 'current_user';
COMMENT ON COLUMN wishflags.guard_policy_history.outer_role IS 'user outside of SECURITY DEFINER functions';
COMMENT ON COLUMN wishflags.guard_policy_history.login_role IS 'session_user';

SELECT pg_catalog.pg_extension_config_dump('wishflags.guard_policies', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.guard_policy_history', '');

CREATE FUNCTION wishflags.guard_policies_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_guard_policies_check';
COMMENT ON FUNCTION wishflags.guard_policies_check() IS 'trigger: validates a policy';
CREATE FUNCTION wishflags.guard_allowances_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_guard_allowances_check';
COMMENT ON FUNCTION wishflags.guard_allowances_check() IS 'trigger: validates an allowance';
CREATE FUNCTION wishflags.guard_policies_audit() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_guard_policies_audit';
COMMENT ON FUNCTION wishflags.guard_policies_audit() IS 'trigger: writes a change to guard_policy_history';
CREATE FUNCTION wishflags.guard_policies_signal() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10 AS 'MODULE_PATHNAME', 'wf_guard_policies_signal';
COMMENT ON FUNCTION wishflags.guard_policies_signal() IS 'trigger: makes all sessions read the policies again';

CREATE TRIGGER guard_policies_check BEFORE INSERT OR UPDATE ON wishflags.guard_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.guard_policies_check();
CREATE TRIGGER guard_policies_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.guard_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.guard_policies_audit();
CREATE TRIGGER guard_policies_truncated AFTER TRUNCATE ON wishflags.guard_policies
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.guard_policies_audit();
CREATE TRIGGER guard_allowances_check BEFORE INSERT OR UPDATE ON wishflags.guard_allowances
FOR EACH ROW EXECUTE FUNCTION wishflags.guard_allowances_check();
CREATE TRIGGER guard_allowances_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.guard_allowances
FOR EACH ROW EXECUTE FUNCTION wishflags.guard_policies_audit();
CREATE TRIGGER guard_allowances_truncated AFTER TRUNCATE ON wishflags.guard_allowances
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.guard_policies_audit();

-- Sessions hear of a change also where it comes by replication.
CREATE TRIGGER guard_policies_signal AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON wishflags.guard_policies
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.guard_policies_signal();
CREATE TRIGGER guard_policies_signal_row AFTER INSERT OR UPDATE OR DELETE ON wishflags.guard_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.guard_policies_signal();
CREATE TRIGGER guard_allowances_signal AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON wishflags.guard_allowances
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.guard_policies_signal();
CREATE TRIGGER guard_allowances_signal_row AFTER INSERT OR UPDATE OR DELETE ON wishflags.guard_allowances
FOR EACH ROW EXECUTE FUNCTION wishflags.guard_policies_signal();
CREATE TRIGGER migration_policies_signal AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON wishflags.migration_policies
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.guard_policies_signal();
CREATE TRIGGER migration_policies_signal_row AFTER INSERT OR UPDATE OR DELETE ON wishflags.migration_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.guard_policies_signal();
ALTER TABLE wishflags.guard_policies ENABLE ALWAYS TRIGGER guard_policies_signal_row;
ALTER TABLE wishflags.guard_allowances ENABLE ALWAYS TRIGGER guard_allowances_signal_row;
ALTER TABLE wishflags.migration_policies ENABLE ALWAYS TRIGGER migration_policies_signal_row;

CREATE FUNCTION wishflags.guard_effective_list(
	OUT rule text,
	OUT action text,
	OUT source text,
	OUT policy text,
	OUT only_for text,
	OUT otherwise text,
	OUT severity text,
	OUT kind text,
	OUT reason text)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 100 ROWS 100
AS 'MODULE_PATHNAME', 'wf_guard_effective_list';
COMMENT ON FUNCTION wishflags.guard_effective_list() IS
'what the guard does about each rule here and now; see the view guard_effective';

CREATE VIEW wishflags.guard_effective AS
SELECT rule, action, source, policy, only_for, otherwise, severity, kind, reason
FROM wishflags.guard_effective_list();
COMMENT ON VIEW wishflags.guard_effective IS
'what the guard does about each rule for the current role, environment and moment, and where that comes from: default (the registry), policy (a row of guard_policies) or migration_policies (switched off there); otherwise: for the objects that only_for leaves out';

CREATE FUNCTION wishflags.guard_action(
	rule text,
	object text,
	evidence jsonb,
	OUT action text,
	OUT policy text,
	OUT requires_approval boolean,
	OUT allowed text)
LANGUAGE C VOLATILE CALLED ON NULL INPUT PARALLEL RESTRICTED COST 100
AS 'MODULE_PATHNAME', 'wf_guard_action';
COMMENT ON FUNCTION wishflags.guard_action(text, text, jsonb) IS
'what the guard would do about a finding of migration_breaking_check(), given its rule, object and evidence';

CREATE FUNCTION wishflags.guard_check_deprecated(sql text)
RETURNS TABLE (statement int, line int, col int, rule text, severity text, kind text, object text,
	message text, hint text, action text, policy text)
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 1
AS 'MODULE_PATHNAME', 'wf_guard_check_deprecated';
COMMENT ON FUNCTION wishflags.guard_check_deprecated(text) IS
'the deprecated objects that a text would drop or rename too early, by the names as they are now, and what the guard would do about it; part of guard_check()';

CREATE FUNCTION wishflags.guard_check(sql text, options jsonb DEFAULT '{}')
RETURNS TABLE (statement int, line int, col int, rule text, severity text, kind text, object text,
	lock_mode text, rewrites boolean, scans boolean, message text, hint text, safe_sql text, evidence jsonb,
	action text, policy text)
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE COST 1000 ROWS 20
BEGIN ATOMIC
	SELECT f.statement, f.line, f.col, f.rule, f.severity, f.kind, f.object, f.lock_mode, f.rewrites, f.scans,
		f.message, f.hint, f.safe_sql, f.evidence,
		CASE WHEN a.action = 'block' AND a.allowed IS NOT NULL THEN 'allowed'
			WHEN a.action = 'off' THEN 'fails' ELSE a.action END, a.policy
	FROM wishflags.migration_breaking_check(guard_check.sql, guard_check.options) f,
		LATERAL wishflags.guard_action(f.rule, f.object, f.evidence) a
	WHERE a.action <> 'off' OR f.kind = 'fails'
	UNION ALL
	SELECT d.statement, d.line, d.col, d.rule, d.severity, d.kind, d.object, NULL, false, false,
		d.message, d.hint, NULL, '{}', d.action, d.policy
	FROM wishflags.guard_check_deprecated(guard_check.sql) d
	WHERE NOT COALESCE(guard_check.options -> 'ignore' ? d.rule, false)
		AND COALESCE(guard_check.options -> 'only' ? d.rule, true);
END;
COMMENT ON FUNCTION wishflags.guard_check(text, jsonb) IS
'what the guard would do about each statement of a text for the current role, here and now: the findings that it acts on, with action (block, allowed, warn, notice) and policy, and those for which the statement fails by itself (fails); runs nothing; options as for migration_breaking_check()';

CREATE FUNCTION wishflags.guard_allow(rule text, object text, role name, until timestamptz, reason text)
RETURNS uuid
LANGUAGE sql VOLATILE CALLED ON NULL INPUT PARALLEL UNSAFE COST 100
BEGIN ATOMIC
	INSERT INTO wishflags.guard_allowances (rule, object, role, valid_until, reason)
	VALUES (guard_allow.rule, guard_allow.object, guard_allow.role, guard_allow.until, guard_allow.reason)
	RETURNING id;
END;
COMMENT ON FUNCTION wishflags.guard_allow(text, text, name, timestamptz, text) IS
'lets a role and its members do until a moment, or (NULL) in this transaction, what a rule blocks, on one object or (NULL) on all; gives the id of the row of guard_allowances, to be deleted when it is no longer needed';

CREATE FUNCTION wishflags.guard_preset(preset text)
RETURNS integer
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	rows integer;
BEGIN
	IF preset NOT IN ('strict', 'recommended', 'enums-and-indexes', 'observe') THEN
		RAISE EXCEPTION 'unknown preset "%"', preset USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Presets are strict, recommended, enums-and-indexes (what CREATE EXTENSION sets up) and observe.';
	END IF;
	DELETE FROM wishflags.guard_policies WHERE name LIKE 'preset:%';
	INSERT INTO wishflags.guard_policies (name, rule, action, ordinal, reason)
	SELECT 'preset:' || p.rule, p.rule, p.action, 1000, 'preset ' || p.preset
	FROM (VALUES
		('strict', 'severity:high', 'block'),
		('strict', 'severity:medium', 'warn'),
		('strict', 'enum-add-value', 'block'),
		('strict', 'rename-other', 'block'),
		('recommended', 'kind:data-loss', 'warn'),
		('recommended', 'drop-schema', 'block'),
		('recommended', 'drop-cascade', 'block'),
		('recommended', 'add-column-volatile-default', 'block'),
		('recommended', 'add-column-auto-increment', 'block'),
		('recommended', 'add-column-stored-generated', 'block'),
		('recommended', 'add-check-validates', 'block'),
		('recommended', 'add-foreign-key-validates', 'block'),
		('recommended', 'set-not-null-scans', 'block'),
		('recommended', 'type-change-rewrites', 'block'),
		('recommended', 'rename-column', 'warn'),
		('recommended', 'rename-table', 'warn'),
		('recommended', 'rename-schema', 'warn'),
		('recommended', 'drop-index-not-concurrent', 'warn'),
		('observe', 'severity:medium', 'notice'),
		('observe', 'enum-add-value', 'notice')
	) AS p (preset, rule, action)
	WHERE p.preset = guard_preset.preset;
	GET DIAGNOSTICS rows = ROW_COUNT;
	RETURN rows;
END $$;
COMMENT ON FUNCTION wishflags.guard_preset(text) IS
'replaces the rows of guard_policies that an earlier preset made: strict, recommended, enums-and-indexes (the registry''s defaults) or observe; other rows stay; gives the number of new rows';
