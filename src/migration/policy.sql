-- Severities and switches of rules, and the policy as a document.

-- What differs from the registry; the view migration_policies_effective shows all.
CREATE TABLE wishflags.migration_policies (
	rule text COLLATE "C" PRIMARY KEY,
	enabled boolean NOT NULL DEFAULT true,
	severity text,
	reason text NOT NULL CHECK (pg_catalog.btrim(reason) <> ''),
	changed_at timestamptz NOT NULL,
	changed_by text NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.migration_policies IS
'rules of the migration checker that are switched off or have another severity here, a row each';
COMMENT ON COLUMN wishflags.migration_policies.rule IS 'name in migration_rules';
COMMENT ON COLUMN wishflags.migration_policies.enabled IS 'false: the rule is not run, unless a check asks for it by the option only';
COMMENT ON COLUMN wishflags.migration_policies.severity IS 'in place of the base severity; NULL keeps that';
COMMENT ON COLUMN wishflags.migration_policies.reason IS 'why, wishflags.reason where it is not given; the policy page shows it';
COMMENT ON COLUMN wishflags.migration_policies.changed_at IS 'filled in; given only when a row is restored';
COMMENT ON COLUMN wishflags.migration_policies.changed_by IS 'filled in: who logged in; given only when a row is restored';

CREATE TABLE wishflags.migration_policy_history (
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
COMMENT ON TABLE wishflags.migration_policy_history IS 'every change of migration_policies: the row before and after, and who did it';
COMMENT ON COLUMN wishflags.migration_policy_history.reason IS 'value of wishflags.reason; NULL: it was not set';
COMMENT ON COLUMN wishflags.migration_policy_history.acting_role IS 'current_user';
COMMENT ON COLUMN wishflags.migration_policy_history.outer_role IS 'user outside of SECURITY DEFINER functions';
COMMENT ON COLUMN wishflags.migration_policy_history.login_role IS 'session_user';

SELECT pg_catalog.pg_extension_config_dump('wishflags.migration_policies', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.migration_policy_history', '');

CREATE FUNCTION wishflags.migration_policies_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_migration_policies_check';
COMMENT ON FUNCTION wishflags.migration_policies_check() IS 'trigger: validates a row against the registry of rules';
CREATE FUNCTION wishflags.migration_policies_audit() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_migration_policies_audit';
COMMENT ON FUNCTION wishflags.migration_policies_audit() IS 'trigger: writes a change to migration_policy_history';

CREATE TRIGGER migration_policies_check BEFORE INSERT OR UPDATE ON wishflags.migration_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.migration_policies_check();
CREATE TRIGGER migration_policies_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.migration_policies
FOR EACH ROW EXECUTE FUNCTION wishflags.migration_policies_audit();
CREATE TRIGGER migration_policies_truncated AFTER TRUNCATE ON wishflags.migration_policies
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.migration_policies_audit();

CREATE FUNCTION wishflags.migration_policies_list(
	OUT rule text,
	OUT enabled boolean,
	OUT severity text,
	OUT base_severity text,
	OUT changed boolean,
	OUT reason text,
	OUT policy text)
RETURNS SETOF record
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100 ROWS 100
AS 'MODULE_PATHNAME', 'wf_migration_policies_list';
COMMENT ON FUNCTION wishflags.migration_policies_list() IS
'the rules of the migration checker as they are in force; see the view migration_policies_effective';

CREATE VIEW wishflags.migration_policies_effective AS
SELECT rule, enabled, severity, base_severity, changed, reason, policy
FROM wishflags.migration_policies_list();
COMMENT ON VIEW wishflags.migration_policies_effective IS
'all rules of the migration checker as they are in force here: switch, severity, and why where a row of migration_policies changes them';

CREATE FUNCTION wishflags.migration_policy(format text DEFAULT 'markdown')
RETURNS text
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_migration_policy';
COMMENT ON FUNCTION wishflags.migration_policy(text) IS
'the schema evolution policy as one document, from the registry of rules and migration_policies: markdown or json';
