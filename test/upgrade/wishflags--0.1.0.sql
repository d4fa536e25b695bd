-- Install script of wishflags, assembled from src/; see SQL_PARTS in the Makefile.
\echo Use "CREATE EXTENSION wishflags" to load this file. \quit

-- CREATE EXTENSION adopts a schema that is already there.  One that somebody
-- else owns or fills could shadow the extension's names, so it is refused.
DO $$
DECLARE
	foreign_object text;
	schema_owner oid := (SELECT nspowner FROM pg_catalog.pg_namespace WHERE nspname = 'wishflags');
BEGIN
	SELECT pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid) INTO foreign_object
	FROM pg_catalog.pg_depend d
	WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
	  AND d.refobjid = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = 'wishflags')
	  AND d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass
	LIMIT 1;
	IF foreign_object IS NOT NULL THEN
		RAISE EXCEPTION 'schema "wishflags" already holds objects'
			USING ERRCODE = 'duplicate_schema',
			      DETAIL = pg_catalog.format('It holds %s.', foreign_object),
			      HINT = 'Rename it first: ALTER SCHEMA wishflags RENAME TO wishflags_old;';
	END IF;
	IF schema_owner <> current_user::pg_catalog.regrole::oid
	   AND NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE oid = schema_owner) THEN
		RAISE EXCEPTION 'schema "wishflags" belongs to role "%"', schema_owner::pg_catalog.regrole
			USING ERRCODE = 'duplicate_schema',
			      HINT = 'Rename it first: ALTER SCHEMA wishflags RENAME TO wishflags_old;';
	END IF;
END $$;
-- Flags and their overrides.  See DESIGN: what holds for every change hangs on
-- the triggers, so plain INSERT, UPDATE, DELETE and COPY may be used.

CREATE TABLE wishflags.flags (
	key text COLLATE "C" PRIMARY KEY,
	enabled boolean NOT NULL DEFAULT false,
	rollout numeric NOT NULL DEFAULT 100,
	definition jsonb,
	description text,
	owner_team text,
	version integer NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL
);

COMMENT ON TABLE wishflags.flags IS 'feature flags, a row each';
COMMENT ON COLUMN wishflags.flags.key IS 'name of the flag in flag_eval(); cannot be changed';
COMMENT ON COLUMN wishflags.flags.enabled IS 'false: the off variant for everybody, whatever rules and overrides say';
COMMENT ON COLUMN wishflags.flags.rollout IS 'percentage of keys that get the default serve, in steps of 0.001';
COMMENT ON COLUMN wishflags.flags.definition IS 'variants, rules and splits; NULL is a plain on/off flag';
COMMENT ON COLUMN wishflags.flags.version IS 'counts the changes of the row; given only when a row is restored';

-- No foreign key: pg_restore with several jobs fills both tables at once.  The
-- triggers keep them together.
CREATE TABLE wishflags.flag_overrides (
	flag text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	variant text NOT NULL,
	created_at timestamptz NOT NULL,
	PRIMARY KEY (flag, key)
);

COMMENT ON TABLE wishflags.flag_overrides IS 'variants that single targeting keys are given, before all rules';
COMMENT ON COLUMN wishflags.flag_overrides.flag IS 'key of the flag; deleting the flag deletes the override';
COMMENT ON COLUMN wishflags.flag_overrides.created_at IS 'filled in; given only when a row is restored';
COMMENT ON COLUMN wishflags.flag_overrides.key IS 'targeting key';
COMMENT ON COLUMN wishflags.flag_overrides.variant IS 'name of a variant; a plain flag has "on" and "off"';

SELECT pg_catalog.pg_extension_config_dump('wishflags.flags', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.flag_overrides', '');

-- These stay empty: relation-cache messages for them tell all backends that
-- the flags or the overrides have changed.
CREATE TABLE wishflags.flags_signal (id integer PRIMARY KEY CHECK (false));
CREATE TABLE wishflags.flag_overrides_signal (id integer PRIMARY KEY CHECK (false));

COMMENT ON TABLE wishflags.flags_signal IS 'always empty; carries the invalidation of cached flags';
COMMENT ON TABLE wishflags.flag_overrides_signal IS 'always empty; carries the invalidation of cached overrides';

CREATE FUNCTION wishflags.flags_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_flags_check';
COMMENT ON FUNCTION wishflags.flags_check() IS 'trigger: validates a flag and numbers its versions';

CREATE FUNCTION wishflags.flags_changed() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10 AS 'MODULE_PATHNAME', 'wf_flags_changed';
COMMENT ON FUNCTION wishflags.flags_changed() IS 'trigger: tells all backends that flags have changed';

CREATE FUNCTION wishflags.flags_removed() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_flags_removed';
COMMENT ON FUNCTION wishflags.flags_removed() IS 'trigger: deletes the overrides of deleted flags';

CREATE FUNCTION wishflags.flag_overrides_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_flag_overrides_check';
COMMENT ON FUNCTION wishflags.flag_overrides_check() IS 'trigger: validates an override';

CREATE FUNCTION wishflags.flag_overrides_changed() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10 AS 'MODULE_PATHNAME', 'wf_flag_overrides_changed';
COMMENT ON FUNCTION wishflags.flag_overrides_changed() IS 'trigger: tells all backends that overrides have changed';

CREATE TRIGGER flags_check BEFORE INSERT OR UPDATE ON wishflags.flags
FOR EACH ROW EXECUTE FUNCTION wishflags.flags_check();
CREATE TRIGGER flags_changed AFTER INSERT OR UPDATE OR DELETE ON wishflags.flags
FOR EACH ROW EXECUTE FUNCTION wishflags.flags_changed();
CREATE TRIGGER flags_truncated AFTER TRUNCATE ON wishflags.flags
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flags_changed();
CREATE TRIGGER flags_removed AFTER DELETE ON wishflags.flags
FOR EACH ROW EXECUTE FUNCTION wishflags.flags_removed();
CREATE TRIGGER flags_truncated_removed AFTER TRUNCATE ON wishflags.flags
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flags_removed();

CREATE TRIGGER flag_overrides_check BEFORE INSERT OR UPDATE ON wishflags.flag_overrides
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_overrides_check();
CREATE TRIGGER flag_overrides_changed AFTER INSERT OR UPDATE OR DELETE ON wishflags.flag_overrides
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_overrides_changed();
CREATE TRIGGER flag_overrides_truncated AFTER TRUNCATE ON wishflags.flag_overrides
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_overrides_changed();

-- Caches must hear of replicated changes too.
ALTER TABLE wishflags.flags ENABLE ALWAYS TRIGGER flags_changed;
ALTER TABLE wishflags.flags ENABLE ALWAYS TRIGGER flags_truncated;
ALTER TABLE wishflags.flag_overrides ENABLE ALWAYS TRIGGER flag_overrides_changed;
ALTER TABLE wishflags.flag_overrides ENABLE ALWAYS TRIGGER flag_overrides_truncated;

-- For psql: no row is wider than 80 columns.
CREATE VIEW wishflags.flag_overview AS
SELECT CASE WHEN pg_catalog.length(f.key) > 26
            THEN pg_catalog.substr(f.key, 1, 24) || '..' ELSE f.key END AS flag,
       CASE WHEN f.enabled THEN 'on' ELSE 'off' END AS state,
       f.rollout || ' %' AS rollout,
       CASE WHEN f.definition IS NULL THEN 0
            ELSE pg_catalog.jsonb_array_length(COALESCE(f.definition -> 'rules', '[]')) END AS rules,
       COALESCE(o.overrides, 0) AS overrides,
       CASE WHEN pg_catalog.length(f.owner_team) > 10
            THEN pg_catalog.substr(f.owner_team, 1, 8) || '..' ELSE f.owner_team END AS owner
FROM wishflags.flags f
LEFT JOIN (SELECT flag, pg_catalog.count(*) AS overrides
           FROM wishflags.flag_overrides GROUP BY flag) o ON o.flag = f.key
ORDER BY f.key;

COMMENT ON VIEW wishflags.flag_overview IS 'all flags, a narrow line each';
-- Evaluation.  A flag that does not exist, a key or context that is NULL or no
-- use: never an error, and never a NULL instead of a boolean.

CREATE FUNCTION wishflags.flag_eval_support(internal)
RETURNS internal
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_flag_eval_support';
COMMENT ON FUNCTION wishflags.flag_eval_support(internal) IS
'planner support: the share of rows that flag_eval() lets through, and its cost';

CREATE FUNCTION wishflags.flag_eval(flag text, key text)
RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE COST 1 SUPPORT wishflags.flag_eval_support
AS 'MODULE_PATHNAME', 'wf_flag_eval_text';
COMMENT ON FUNCTION wishflags.flag_eval(text, text) IS
'whether a flag is on for a targeting key; false when there is no such flag';

CREATE FUNCTION wishflags.flag_eval(flag text, key bigint)
RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE COST 1 SUPPORT wishflags.flag_eval_support
AS 'MODULE_PATHNAME', 'wf_flag_eval_bigint';
COMMENT ON FUNCTION wishflags.flag_eval(text, bigint) IS
'whether a flag is on for a targeting key; false when there is no such flag';

CREATE FUNCTION wishflags.flag_eval(flag text, key uuid)
RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE COST 1 SUPPORT wishflags.flag_eval_support
AS 'MODULE_PATHNAME', 'wf_flag_eval_uuid';
COMMENT ON FUNCTION wishflags.flag_eval(text, uuid) IS
'whether a flag is on for a targeting key; false when there is no such flag';

CREATE FUNCTION wishflags.flag_eval(flag text, context jsonb)
RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE COST 1 SUPPORT wishflags.flag_eval_support
AS 'MODULE_PATHNAME', 'wf_flag_eval_context';
COMMENT ON FUNCTION wishflags.flag_eval(text, jsonb) IS
'whether a flag is on for a context, a JSON object; false when there is no such flag';

CREATE FUNCTION wishflags.flag_eval(flag text)
RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE COST 1 SUPPORT wishflags.flag_eval_support
AS 'MODULE_PATHNAME', 'wf_flag_eval_session';
COMMENT ON FUNCTION wishflags.flag_eval(text) IS
'whether a flag is on for the session''s wishflags.context; false when there is no such flag';

CREATE FUNCTION wishflags.flag_variant(flag text, key text)
RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_variant_text';
COMMENT ON FUNCTION wishflags.flag_variant(text, text) IS
'name of the variant that a flag serves for a targeting key, or NULL';

CREATE FUNCTION wishflags.flag_variant(flag text, key bigint)
RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_variant_bigint';
COMMENT ON FUNCTION wishflags.flag_variant(text, bigint) IS
'name of the variant that a flag serves for a targeting key, or NULL';

CREATE FUNCTION wishflags.flag_variant(flag text, key uuid)
RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_variant_uuid';
COMMENT ON FUNCTION wishflags.flag_variant(text, uuid) IS
'name of the variant that a flag serves for a targeting key, or NULL';

CREATE FUNCTION wishflags.flag_variant(flag text, context jsonb)
RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_variant_context';
COMMENT ON FUNCTION wishflags.flag_variant(text, jsonb) IS
'name of the variant that a flag serves for a context, a JSON object, or NULL';

CREATE FUNCTION wishflags.flag_variant(flag text)
RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_variant_session';
COMMENT ON FUNCTION wishflags.flag_variant(text) IS
'name of the variant that a flag serves for the session''s wishflags.context, or NULL';

CREATE FUNCTION wishflags.flag_value(flag text, key text, default_value jsonb)
RETURNS jsonb
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_value_text';
COMMENT ON FUNCTION wishflags.flag_value(text, text, jsonb) IS
'value that a flag serves for a targeting key; default_value when it serves none';

CREATE FUNCTION wishflags.flag_value(flag text, key bigint, default_value jsonb)
RETURNS jsonb
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_value_bigint';
COMMENT ON FUNCTION wishflags.flag_value(text, bigint, jsonb) IS
'value that a flag serves for a targeting key; default_value when it serves none';

CREATE FUNCTION wishflags.flag_value(flag text, key uuid, default_value jsonb)
RETURNS jsonb
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_value_uuid';
COMMENT ON FUNCTION wishflags.flag_value(text, uuid, jsonb) IS
'value that a flag serves for a targeting key; default_value when it serves none';

CREATE FUNCTION wishflags.flag_value(flag text, context jsonb, default_value jsonb)
RETURNS jsonb
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_value_context';
COMMENT ON FUNCTION wishflags.flag_value(text, jsonb, jsonb) IS
'value that a flag serves for a context, a JSON object; default_value when it serves none';

CREATE FUNCTION wishflags.flag_value(flag text, default_value jsonb)
RETURNS jsonb
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_value_session';
COMMENT ON FUNCTION wishflags.flag_value(text, jsonb) IS
'value that a flag serves for the session''s wishflags.context; default_value when it serves none';

CREATE FUNCTION wishflags.flag_explain(flag text, context jsonb,
	default_value jsonb DEFAULT NULL, options jsonb DEFAULT '{}',
	OUT value jsonb, OUT variant text, OUT enabled boolean, OUT reason text,
	OUT error_code text, OUT rule text, OUT metadata jsonb, OUT vendor jsonb)
RETURNS record
LANGUAGE C STABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_flag_explain';
COMMENT ON FUNCTION wishflags.flag_explain(text, jsonb, jsonb, jsonb) IS
'what a flag serves for a context, and why; options: value_type (boolean, string, integer, number, object, any)';
-- Changing flags: plain INSERT, UPDATE and DELETE under the caller's rights.

CREATE FUNCTION wishflags.flag_create(key text, description text DEFAULT NULL, owner_team text DEFAULT NULL,
	rollout numeric DEFAULT 100, definition jsonb DEFAULT NULL, enabled boolean DEFAULT false,
	OUT version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_create';
COMMENT ON FUNCTION wishflags.flag_create(text, text, text, numeric, jsonb, boolean) IS
'creates a flag, disabled unless said otherwise';

CREATE FUNCTION wishflags.flag_define(key text, definition jsonb, OUT version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_define';
COMMENT ON FUNCTION wishflags.flag_define(text, jsonb) IS
'gives a flag variants, rules and splits; NULL makes it a plain on/off flag';

CREATE FUNCTION wishflags.flag_enable(key text, OUT version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_enable';
COMMENT ON FUNCTION wishflags.flag_enable(text) IS
'enables a flag: its overrides, rules and rollout count';

CREATE FUNCTION wishflags.flag_disable(key text, OUT version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_disable';
COMMENT ON FUNCTION wishflags.flag_disable(text) IS
'disables a flag: off for everybody';

CREATE FUNCTION wishflags.flag_rollout(key text, percent numeric, OUT version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_rollout';
COMMENT ON FUNCTION wishflags.flag_rollout(text, numeric) IS
'sets the percentage of keys that get the default serve, 0 to 100 in steps of 0.001';

CREATE FUNCTION wishflags.flag_override_set(flag text, key text, variant text)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_override_set';
COMMENT ON FUNCTION wishflags.flag_override_set(text, text, text) IS
'gives one targeting key a variant, whatever the rules say';

CREATE FUNCTION wishflags.flag_override_set(flag text, key text, enabled boolean DEFAULT true)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_override_set_enabled';
COMMENT ON FUNCTION wishflags.flag_override_set(text, text, boolean) IS
'gives one targeting key the variant on or off, whatever the rules say';

CREATE FUNCTION wishflags.flag_override_unset(flag text, key text)
RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_override_unset';
COMMENT ON FUNCTION wishflags.flag_override_unset(text, text) IS
'takes back an override; whether there was one';
CREATE FUNCTION wishflags.schema_snapshot(schemas text[] DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS jsonb
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_schema_snapshot';

COMMENT ON FUNCTION wishflags.schema_snapshot(text[], jsonb) IS
'the schema of this database (or of the named schemas) as data: names and definitions, no OIDs; options: owners, grants, comments (default true)';

CREATE FUNCTION wishflags.schema_fingerprint(schemas text[] DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_schema_fingerprint_sql';

COMMENT ON FUNCTION wishflags.schema_fingerprint(text[], jsonb) IS
'SHA-256 of the schema of this database (or of the named schemas): equal exactly when schema_diff finds nothing';

CREATE FUNCTION wishflags.schema_diff(from_snapshot jsonb, to_snapshot jsonb DEFAULT NULL, options jsonb DEFAULT '{}',
	OUT ordinal int, OUT action text, OUT object_type text, OUT identity text, OUT attribute text,
	OUT from_value text, OUT to_value text, OUT sql text, OUT rollback_sql text, OUT severity text, OUT kind text,
	OUT lock_mode text, OUT transactional boolean, OUT evidence jsonb)
RETURNS SETOF record
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000 ROWS 100
AS 'MODULE_PATHNAME', 'wf_schema_diff';

COMMENT ON FUNCTION wishflags.schema_diff(jsonb, jsonb, jsonb) IS
'what turns one schema snapshot into another (NULL: the live database), a row a change in the order of execution; options: online (default true), rollback, allow_data_loss';

CREATE FUNCTION wishflags.schema_diff_sql(from_snapshot jsonb, to_snapshot jsonb DEFAULT NULL, options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_schema_diff_sql';

COMMENT ON FUNCTION wishflags.schema_diff_sql(jsonb, jsonb, jsonb) IS
'the ordered script, with its own BEGIN and COMMIT, that turns one schema snapshot into another (NULL: the live database); options: online (default true), rollback (the way back), allow_data_loss (default false)';
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
	OUT description text)
RETURNS SETOF record
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10 ROWS 100
AS 'MODULE_PATHNAME', 'wf_migration_rules_list';
COMMENT ON FUNCTION wishflags.migration_rules_list() IS
'the rules of the migration checker; see the view migration_rules';

CREATE VIEW wishflags.migration_rules AS
SELECT rule, severity, kind, policy, description
FROM wishflags.migration_rules_list();
COMMENT ON VIEW wishflags.migration_rules IS
'the rules of the migration checker and the guard: base severity, kind, section of the policy, meaning';
-- What the guard refused, warned of or let through.  It tells what happened on
-- this server, so it is not dumped, and its key is good on every node.
CREATE TABLE wishflags.guard_log (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	outcome text NOT NULL CHECK (outcome IN ('refused', 'warned', 'bypassed', 'restored')),
	rule text NOT NULL,
	object text NOT NULL,
	command_tag text NOT NULL,
	statement text,
	message text NOT NULL,
	reason text,
	acting_role text NOT NULL,
	outer_role text NOT NULL,
	login_role text NOT NULL,
	txid xid8,
	application_name text,
	backend_pid integer NOT NULL,
	evidence jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX guard_log_occurred_at_idx ON wishflags.guard_log (occurred_at);

COMMENT ON TABLE wishflags.guard_log IS
'DDL that the guard refused, warned of, or let through for a given reason';
COMMENT ON COLUMN wishflags.guard_log.occurred_at IS 'when the row was written';
COMMENT ON COLUMN wishflags.guard_log.outcome IS
'refused; warned (wishflags.guard = warn); bypassed (wishflags.bypass); restored (a superuser restored a dump)';
COMMENT ON COLUMN wishflags.guard_log.rule IS 'rule that objected';
COMMENT ON COLUMN wishflags.guard_log.object IS 'table or type concerned, qualified';
COMMENT ON COLUMN wishflags.guard_log.command_tag IS 'command, as in CREATE INDEX';
COMMENT ON COLUMN wishflags.guard_log.statement IS
'the statement, or the query that ran it in a function; up to 4000 bytes';
COMMENT ON COLUMN wishflags.guard_log.message IS 'what the rule said';
COMMENT ON COLUMN wishflags.guard_log.reason IS 'value of wishflags.bypass';
COMMENT ON COLUMN wishflags.guard_log.acting_role IS 'current_user';
COMMENT ON COLUMN wishflags.guard_log.outer_role IS 'user outside of SECURITY DEFINER functions';
COMMENT ON COLUMN wishflags.guard_log.login_role IS 'session_user';
COMMENT ON COLUMN wishflags.guard_log.txid IS 'transaction, where it had a number already';
COMMENT ON COLUMN wishflags.guard_log.backend_pid IS 'process that ran the command';
COMMENT ON COLUMN wishflags.guard_log.evidence IS 'further facts: detail and hint as the client got them';

CREATE FUNCTION wishflags.guard_start()
RETURNS event_trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_guard_start';

COMMENT ON FUNCTION wishflags.guard_start() IS
'event trigger function: judges a DDL command before it runs';

CREATE FUNCTION wishflags.guard_drop()
RETURNS event_trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_guard_drop';

COMMENT ON FUNCTION wishflags.guard_drop() IS
'event trigger function: judges what a DROP took with it';

CREATE EVENT TRIGGER wishflags_guard_start ON ddl_command_start
EXECUTE FUNCTION wishflags.guard_start();
CREATE EVENT TRIGGER wishflags_guard_drop ON sql_drop
EXECUTE FUNCTION wishflags.guard_drop();

-- session_replication_role must not switch the guard off.
ALTER EVENT TRIGGER wishflags_guard_start ENABLE ALWAYS;
ALTER EVENT TRIGGER wishflags_guard_drop ENABLE ALWAYS;

COMMENT ON EVENT TRIGGER wishflags_guard_start IS 'guard of extension wishflags: dangerous DDL';
COMMENT ON EVENT TRIGGER wishflags_guard_drop IS 'guard of extension wishflags: enums in use that a DROP takes along';

-- The notice of CREATE EXTENSION needs this function once.
CREATE FUNCTION wishflags.guard_announce()
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_guard_announce';
SELECT wishflags.guard_announce();
DROP FUNCTION wishflags.guard_announce();
CREATE FUNCTION wishflags.guard_session(OUT guard text, OUT set_by text, OUT bypass text, OUT loaded text)
RETURNS record
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10
AS 'MODULE_PATHNAME', 'wf_guard_session';

COMMENT ON FUNCTION wishflags.guard_session() IS
'settings of the guard in this session, where they come from, and how the library was loaded';

-- One row, \x friendly.
CREATE FUNCTION wishflags.guard_status(OUT guard text, OUT set_by text, OUT bypass text, OUT triggers text,
	OUT loaded text, OUT refused bigint, OUT bypassed bigint, OUT last_refusal timestamptz)
RETURNS record
LANGUAGE SQL STABLE PARALLEL RESTRICTED COST 1000
BEGIN ATOMIC
	SELECT s.guard, s.set_by, s.bypass, t.triggers, s.loaded, l.refused, l.bypassed, l.last_refusal
	FROM wishflags.guard_session() s,
		(SELECT CASE WHEN count(*) FILTER (WHERE evtenabled <> 'D') = 2 THEN 'enabled'
				WHEN count(*) = 2 THEN 'disabled' ELSE 'missing' END AS triggers
		 FROM pg_event_trigger
		 WHERE evtname IN ('wishflags_guard_start', 'wishflags_guard_drop')) t,
		(SELECT count(*) FILTER (WHERE outcome = 'refused') AS refused,
			count(*) FILTER (WHERE outcome = 'bypassed') AS bypassed,
			max(occurred_at) FILTER (WHERE outcome = 'refused') AS last_refusal
		 FROM wishflags.guard_log) l;
END;

COMMENT ON FUNCTION wishflags.guard_status() IS
'state of the guard: settings of this session, event triggers, and what the log holds';
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
-- Privileges: nothing is open but what is granted here.
REVOKE ALL ON ALL TABLES IN SCHEMA wishflags FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA wishflags FROM PUBLIC;

-- Which version runs is no secret.
GRANT EXECUTE ON FUNCTION wishflags.version() TO PUBLIC;

-- Whoever may use the schema may evaluate: only the verdict leaves.
GRANT EXECUTE ON FUNCTION
	wishflags.flag_eval(text), wishflags.flag_eval(text, text), wishflags.flag_eval(text, bigint),
	wishflags.flag_eval(text, uuid), wishflags.flag_eval(text, jsonb),
	wishflags.flag_variant(text), wishflags.flag_variant(text, text), wishflags.flag_variant(text, bigint),
	wishflags.flag_variant(text, uuid), wishflags.flag_variant(text, jsonb),
	wishflags.flag_value(text, jsonb), wishflags.flag_value(text, text, jsonb), wishflags.flag_value(text, bigint, jsonb),
	wishflags.flag_value(text, uuid, jsonb), wishflags.flag_value(text, jsonb, jsonb)
TO PUBLIC;
