-- Update from 0.1.0.
--
-- make puts the parts that are new since then, whole, in the place of the lines
-- that name them.  When 0.2.0 is released, this file becomes what make has built
-- of it, as parts change on.
\echo Use "ALTER EXTENSION wishflags UPDATE" to load this file. \quit

ALTER TABLE wishflags.flags
	ADD COLUMN dialect text NOT NULL DEFAULT 'native',
	ADD COLUMN document text COLLATE "C",
	ADD COLUMN client_visible boolean NOT NULL DEFAULT false,
	ADD COLUMN cache_ttl_seconds integer CHECK (cache_ttl_seconds >= 0),
	ADD COLUMN kind text NOT NULL DEFAULT 'release',
	ADD COLUMN owner_email text,
	ADD COLUMN owner_role text COLLATE "C",
	ADD COLUMN documentation_url text,
	ADD COLUMN notes jsonb,
	ADD COLUMN tags text[] NOT NULL DEFAULT '{}',
	ADD COLUMN expires_at timestamptz,
	ADD COLUMN on_expiry text NOT NULL DEFAULT 'warn',
	ADD COLUMN archived_at timestamptz,
	ADD COLUMN created_by text COLLATE "C",
	ADD COLUMN updated_by text COLLATE "C";

COMMENT ON COLUMN wishflags.flags.dialect IS 'language of the definition: native, or the system that it was imported from';
COMMENT ON COLUMN wishflags.flags.document IS 'name of the row of flag_documents that the flag was imported with';
COMMENT ON COLUMN wishflags.flags.client_visible IS 'whether clients outside may ask for it with all others, see ofrep_evaluate_all()';
COMMENT ON COLUMN wishflags.flags.cache_ttl_seconds IS 'how long clients outside may keep an answer; NULL: 300; nothing inside is cached by time';
COMMENT ON COLUMN wishflags.flags.kind IS 'what it is for: release, experiment, operational, kill-switch or permission';
COMMENT ON COLUMN wishflags.flags.owner_email IS 'whom to write to about it';
COMMENT ON COLUMN wishflags.flags.owner_role IS 'role that answers for it';
COMMENT ON COLUMN wishflags.flags.documentation_url IS 'where it is described at length';
COMMENT ON COLUMN wishflags.flags.notes IS 'an object with whatever the team wants to note';
COMMENT ON COLUMN wishflags.flags.tags IS 'words to find it by';
COMMENT ON COLUMN wishflags.flags.expires_at IS 'when it should be gone; NULL: never';
COMMENT ON COLUMN wishflags.flags.on_expiry IS 'what happens then: warn (it is only said), disable (off for everybody), freeze (it goes on, but refuses changes), extend (the expiry moves on by 30 days)';
COMMENT ON COLUMN wishflags.flags.archived_at IS 'since when it is out of use: off for everybody, and refuses changes; NULL: it is in use';
COMMENT ON COLUMN wishflags.flags.created_by IS 'session_user that created it; given only when a row is restored';
COMMENT ON COLUMN wishflags.flags.updated_by IS 'session_user that made its version; given only when a row is restored';

COMMENT ON FUNCTION wishflags.flag_explain(text, jsonb, jsonb, jsonb) IS
'what a flag serves for a context, and why; options: value_type (boolean, string, integer, number, object, any), as_of (a time), version, clock (what the clock shows), preview (as wishflags.preview, or an object)';

CREATE FUNCTION wishflags.flag_eval_document(format text, document jsonb, flag text,
	context jsonb DEFAULT '{}', default_value jsonb DEFAULT NULL, options jsonb DEFAULT '{}',
	OUT value jsonb, OUT variant text, OUT enabled boolean, OUT reason text,
	OUT error_code text, OUT rule text, OUT metadata jsonb, OUT vendor jsonb)
RETURNS record
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_eval_document';
COMMENT ON FUNCTION wishflags.flag_eval_document(text, jsonb, text, jsonb, jsonb, jsonb) IS
'as flag_explain(), for a flag of a document that is stored nowhere; options besides: fractional, hash_encoding, bucket_precision';

CREATE FUNCTION wishflags.flag_eval_all(context jsonb, options jsonb DEFAULT '{}')
RETURNS TABLE (flag text, value jsonb, variant text, enabled boolean, reason text,
	error_code text, rule text, metadata jsonb, vendor jsonb)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 100
AS 'MODULE_PATHNAME', 'wf_flag_eval_all';
COMMENT ON FUNCTION wishflags.flag_eval_all(jsonb, jsonb) IS
'what all flags serve for a context, and why, a row a flag; options as for flag_explain()';

-- The table's rows are read with the caller's rights and row security.
CREATE FUNCTION wishflags.flag_matching(flag text, population regclass, key_column name)
RETURNS TABLE (key text, variant text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100000 ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM FROM pg_attribute
	WHERE attrelid = population AND attname = key_column AND attnum > 0 AND NOT attisdropped;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'column "%" of relation "%" does not exist', key_column, population
			USING ERRCODE = 'undefined_column';
	END IF;
	RETURN QUERY EXECUTE format(
		'SELECT c.key, wishflags.flag_variant($1, c.context)'
		' FROM %s p, LATERAL (SELECT p.%I::text AS key, to_jsonb(p) || jsonb_build_object(''targetingKey'', p.%I::text) AS context OFFSET 0) c'
		' WHERE wishflags.flag_eval($1, c.context)', population, key_column, key_column) USING flag;
END $$;
COMMENT ON FUNCTION wishflags.flag_matching(text, regclass, name) IS
'the rows of a table that a flag is on for: their key and variant; the row''s columns are the attributes of the context, the key is the targeting key';

@include src/flags/documents.sql@
@include src/flags/segments.sql@
@include src/flags/ofrep.sql@
@include src/schema/registry.sql@

-- A schema diff for people.

@include src/schema/render.sql@

-- Renames by hint, and two schemas of one database.

COMMENT ON FUNCTION wishflags.schema_diff(jsonb, jsonb, jsonb) IS
'what turns one schema snapshot into another (NULL: the live database), a row a change in the order of execution; options: online (default true), lock_timeout (5s online), rollback, allow_data_loss, renames (hints)';

COMMENT ON FUNCTION wishflags.schema_diff_sql(jsonb, jsonb, jsonb) IS
'the ordered script, with its own BEGIN and COMMIT, that turns one schema snapshot into another (NULL: the live database); options: online (default true), lock_timeout (5s online), rollback (the way back), allow_data_loss (default false), renames (hints)';

@include src/schema/rename.sql@
@include src/schema/baseline.sql@

COMMENT ON FUNCTION wishflags.schema_snapshot(text[], jsonb) IS
'the schema of this database (or of the named schemas) as data: names and definitions, no OIDs; options: owners, grants, comments (default true), scope (drizzle, prisma: only what that tool models)';

@include src/migration/rehearse.sql@
@include src/migration/report.sql@
@include src/migration/record.sql@
@include src/migration/stats.sql@
@include src/migration/estimate.sql@
@include src/environment/sandbox.sql@
@include src/migration/impact.sql@
@include src/migration/enum_plan.sql@
@include src/migration/policy.sql@
@include src/migration/check_stats.sql@
@include src/migration/describe.sql@

-- The registry tells what the guard does about a rule.

DROP VIEW wishflags.migration_rules;
DROP FUNCTION wishflags.migration_rules_list();
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

-- The guard's policy: what it does about the findings of each rule.

ALTER TABLE wishflags.guard_log DROP CONSTRAINT guard_log_outcome_check;
ALTER TABLE wishflags.guard_log ADD CONSTRAINT guard_log_outcome_check
	CHECK (outcome IN ('refused', 'warned', 'noticed', 'allowed', 'approved', 'bypassed', 'restored', 'noted'));
COMMENT ON COLUMN wishflags.guard_log.outcome IS
'refused; warned (by the policy, or wishflags.guard = warn); noticed; allowed (guard_allow); approved (a statement of an approved schema change); bypassed (wishflags.bypass); restored (a superuser restored a dump); noted (an event trigger of the guard was changed)';
COMMENT ON COLUMN wishflags.guard_log.reason IS 'value of wishflags.bypass, or reason of the allowance';
@include src/guard/policy.sql@

-- The audit of the guard, and what it covers.

ALTER TABLE wishflags.guard_log ADD COLUMN duration_ms double precision;
COMMENT ON COLUMN wishflags.guard_log.occurred_at IS 'when the guard judged the command';
COMMENT ON COLUMN wishflags.guard_log.evidence IS
'further facts: detail and hint as the client got them; directives: comments to the migration check that stood before the statement';
COMMENT ON COLUMN wishflags.guard_log.duration_ms IS
'how long the command took that was let through, in milliseconds; null where it was not, or where its end could not be seen';

@include src/record/ddl_log.sql@

-- The guard's event triggers tell the DDL log.

CREATE FUNCTION wishflags.guard_rewrite()
RETURNS event_trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_guard_rewrite';

COMMENT ON FUNCTION wishflags.guard_rewrite() IS
'event trigger function: tells the DDL log that a table is written anew';

CREATE FUNCTION wishflags.guard_end()
RETURNS event_trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_guard_end';

COMMENT ON FUNCTION wishflags.guard_end() IS
'event trigger function: tells the DDL log what a command did, and how long one took that the guard let through';

CREATE EVENT TRIGGER wishflags_guard_rewrite ON table_rewrite
EXECUTE FUNCTION wishflags.guard_rewrite();
CREATE EVENT TRIGGER wishflags_guard_end ON ddl_command_end
EXECUTE FUNCTION wishflags.guard_end();
ALTER EVENT TRIGGER wishflags_guard_rewrite ENABLE ALWAYS;
ALTER EVENT TRIGGER wishflags_guard_end ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER wishflags_guard_rewrite IS 'guard of extension wishflags: tables written anew, for the DDL log';
COMMENT ON EVENT TRIGGER wishflags_guard_end IS 'guard of extension wishflags: the DDL log';

@include src/guard/audit.sql@

DROP FUNCTION wishflags.status();
DROP FUNCTION wishflags.guard_status();
DROP FUNCTION wishflags.guard_session();

CREATE FUNCTION wishflags.guard_session(OUT guard text, OUT set_by text, OUT bypass text, OUT loaded text,
	OUT covered text, OUT not_covered text, OUT to_close text, OUT audit text)
RETURNS record
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10
AS 'MODULE_PATHNAME', 'wf_guard_session';

COMMENT ON FUNCTION wishflags.guard_session() IS
'settings of the guard in this session, where they come from, how the library was loaded, and what that covers';

-- One row, \x friendly.
CREATE FUNCTION wishflags.guard_status(OUT guard text, OUT set_by text, OUT bypass text, OUT triggers text,
	OUT loaded text, OUT refused bigint, OUT bypassed bigint, OUT last_refusal timestamptz,
	OUT covered text, OUT not_covered text, OUT to_close text, OUT audit text, OUT unconfirmed bigint)
RETURNS record
LANGUAGE SQL STABLE PARALLEL RESTRICTED COST 1000
BEGIN ATOMIC
	SELECT s.guard, s.set_by, s.bypass, t.triggers, s.loaded, l.refused, l.bypassed, l.last_refusal,
		s.covered, s.not_covered, s.to_close, s.audit, u.unconfirmed
	FROM wishflags.guard_session() s,
		(SELECT CASE WHEN count(*) FILTER (WHERE evtenabled <> 'D') = 4 THEN 'enabled'
				WHEN count(*) = 4 THEN 'disabled' ELSE 'missing' END AS triggers
		 FROM pg_event_trigger
		 WHERE evtname IN ('wishflags_guard_start', 'wishflags_guard_drop', 'wishflags_guard_rewrite', 'wishflags_guard_end')) t,
		(SELECT count(*) FILTER (WHERE outcome = 'refused') AS refused,
			count(*) FILTER (WHERE outcome = 'bypassed') AS bypassed,
			max(occurred_at) FILTER (WHERE outcome = 'refused') AS last_refusal
		 FROM wishflags.guard_log) l,
		(SELECT sum(count)::bigint AS unconfirmed FROM wishflags.guard_unconfirmed) u;
END;

COMMENT ON FUNCTION wishflags.guard_status() IS
'state of the guard: settings of this session, event triggers, what the log holds, what is covered and what closes the rest';

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
							' ALTER EVENT TRIGGER wishflags_guard_rewrite ENABLE ALWAYS;'
							' ALTER EVENT TRIGGER wishflags_guard_end ENABLE ALWAYS;'
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

@include src/guard/deprecate.sql@
@include src/guard/approval.sql@
@include src/guard/approval_report.sql@

-- Overrides by kind of context, with values, denials and expiry.
ALTER TABLE wishflags.flag_overrides
	ALTER COLUMN variant DROP NOT NULL,
	ADD COLUMN context_kind text COLLATE "C" NOT NULL DEFAULT 'user',
	ADD COLUMN value jsonb,
	ADD COLUMN deny boolean NOT NULL DEFAULT false,
	ADD COLUMN expires_at timestamptz,
	ADD COLUMN note text,
	ADD COLUMN created_by text,
	DROP CONSTRAINT flag_overrides_pkey;
ALTER TABLE wishflags.flag_overrides
	ADD CONSTRAINT flag_overrides_pkey PRIMARY KEY (flag, context_kind, key),
	ADD CONSTRAINT flag_overrides_answer CHECK ((variant IS NOT NULL)::integer + (value IS NOT NULL)::integer + deny::integer = 1);

CREATE INDEX flag_overrides_expires_at ON wishflags.flag_overrides (expires_at) WHERE expires_at IS NOT NULL;

COMMENT ON TABLE wishflags.flag_overrides IS 'what single keys are given, before all rules';
COMMENT ON COLUMN wishflags.flag_overrides.key IS 'targeting key, or the key of another kind of context';
COMMENT ON COLUMN wishflags.flag_overrides.variant IS 'name of a variant; a plain flag has "on" and "off"; NULL: a value or deny instead';
COMMENT ON COLUMN wishflags.flag_overrides.context_kind IS 'whose key it is: user (the targeting key), or another kind of context, as organization';
COMMENT ON COLUMN wishflags.flag_overrides.value IS 'served as it is instead of a variant, of the type that the variants have';
COMMENT ON COLUMN wishflags.flag_overrides.deny IS 'the off variant, whatever other overrides say';
COMMENT ON COLUMN wishflags.flag_overrides.expires_at IS 'from then on as if it were not there; NULL: never';
COMMENT ON COLUMN wishflags.flag_overrides.note IS 'why';
COMMENT ON COLUMN wishflags.flag_overrides.created_by IS 'filled in: the role; given only when a row is restored';

CREATE FUNCTION wishflags.flags_require() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10 AS 'MODULE_PATHNAME', 'wf_flags_require';
COMMENT ON FUNCTION wishflags.flags_require() IS 'trigger: refuses a flag that lacks what wishflags.require_fields lists';
CREATE TRIGGER flags_require AFTER INSERT OR UPDATE ON wishflags.flags
FOR EACH ROW EXECUTE FUNCTION wishflags.flags_require();

CREATE FUNCTION wishflags.flag_overrides_delete() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_flag_overrides_delete';
COMMENT ON FUNCTION wishflags.flag_overrides_delete() IS 'trigger: refuses that overrides of an archived or frozen flag are deleted';
CREATE TRIGGER flag_overrides_delete BEFORE DELETE ON wishflags.flag_overrides
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_overrides_delete();
CREATE TRIGGER flag_overrides_delete_truncate BEFORE TRUNCATE ON wishflags.flag_overrides
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_overrides_delete();

@include src/flags/history.sql@

CREATE FUNCTION wishflags.flag_archive(key text, reason text DEFAULT NULL, OUT version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_archive';
COMMENT ON FUNCTION wishflags.flag_archive(text, text) IS
'puts a flag out of use: off for everybody, not listed with the others, closed to changes';

CREATE FUNCTION wishflags.flag_unarchive(key text, reason text DEFAULT NULL, OUT version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_unarchive';
COMMENT ON FUNCTION wishflags.flag_unarchive(text, text) IS
'takes a flag back into use, as it was';

CREATE FUNCTION wishflags.flag_expire(key text, expires_at timestamptz, on_expiry text DEFAULT 'warn', OUT version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_expire';
COMMENT ON FUNCTION wishflags.flag_expire(text, timestamptz, text) IS
'says when a flag should be gone (NULL: never), and what happens then: warn, disable, freeze or extend';

@include src/flags/show.sql@

CREATE OR REPLACE VIEW wishflags.flag_overview AS
SELECT wishflags.text_clip(f.key, 24) AS flag,
       wishflags.flag_state(f) AS state,
       f.rollout || ' %' AS rollout,
       CASE WHEN pg_catalog.jsonb_typeof(f.definition -> 'rules') = 'array'
            THEN pg_catalog.jsonb_array_length(f.definition -> 'rules') ELSE 0 END AS rules,
       COALESCE(o.overrides, 0) AS overrides,
       wishflags.text_clip(f.owner_team, 9) AS owner
FROM wishflags.flags f
LEFT JOIN (SELECT flag, pg_catalog.count(*) AS overrides
           FROM wishflags.flag_overrides GROUP BY flag) o ON o.flag = f.key
ORDER BY f.key;

COMMENT ON VIEW wishflags.flag_overview IS 'all flags, a narrow line each';

@include src/flags/experiments.sql@
@include src/flags/preview.sql@
@include src/stats/usage.sql@
@include src/flags/change.sql@
@include src/flags/change_report.sql@
@include src/flags/access.sql@
@include src/flags/dependencies.sql@
@include src/flags/references.sql@
@include src/flags/lifecycle.sql@

COMMENT ON FUNCTION wishflags.flag_override_unset(text, text) IS
'takes back the override of a targeting key; whether there was one';

@include src/flags/overrides.sql@

-- Nothing is open that is new.  What was there before has its list of rights, and keeps it.
DO $$
DECLARE
	object text;
BEGIN
	FOR object IN
		SELECT 'ROUTINE ' || p.oid::pg_catalog.regprocedure FROM pg_catalog.pg_proc p
		WHERE p.pronamespace OPERATOR(pg_catalog.=) 'wishflags'::pg_catalog.regnamespace AND p.proacl IS NULL
		UNION ALL
		SELECT 'TABLE ' || c.oid::pg_catalog.regclass FROM pg_catalog.pg_class c
		WHERE c.relnamespace OPERATOR(pg_catalog.=) 'wishflags'::pg_catalog.regnamespace AND c.relacl IS NULL
			AND c.relkind OPERATOR(pg_catalog.=) ANY ('{r,v}'::"char"[])
	LOOP
		EXECUTE 'REVOKE ALL ON ' || object || ' FROM PUBLIC';
	END LOOP;
END $$;
