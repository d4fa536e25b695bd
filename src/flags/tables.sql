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
	updated_at timestamptz NOT NULL,
	dialect text NOT NULL DEFAULT 'native',
	document text COLLATE "C",
	client_visible boolean NOT NULL DEFAULT false,
	cache_ttl_seconds integer CHECK (cache_ttl_seconds >= 0),
	kind text NOT NULL DEFAULT 'release',
	owner_email text,
	owner_role text COLLATE "C",
	documentation_url text,
	notes jsonb,
	tags text[] NOT NULL DEFAULT '{}',
	expires_at timestamptz,
	on_expiry text NOT NULL DEFAULT 'warn',
	archived_at timestamptz,
	created_by text COLLATE "C",
	updated_by text COLLATE "C"
) USING heap;

COMMENT ON TABLE wishflags.flags IS 'feature flags, a row each';
COMMENT ON COLUMN wishflags.flags.key IS 'name of the flag in flag_eval(); cannot be changed';
COMMENT ON COLUMN wishflags.flags.enabled IS 'false: the off variant for everybody, whatever rules and overrides say';
COMMENT ON COLUMN wishflags.flags.rollout IS 'percentage of keys that get the default serve, in steps of 0.001';
COMMENT ON COLUMN wishflags.flags.definition IS 'variants, rules and splits; NULL is a plain on/off flag';
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
COMMENT ON COLUMN wishflags.flags.version IS 'counts the changes of the row; given only when a row is restored';

-- No foreign key: pg_restore with several jobs fills both tables at once.  The
-- triggers keep them together.
CREATE TABLE wishflags.flag_overrides (
	flag text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	variant text,
	created_at timestamptz NOT NULL,
	context_kind text COLLATE "C" NOT NULL DEFAULT 'user',
	value jsonb,
	deny boolean NOT NULL DEFAULT false,
	expires_at timestamptz,
	note text,
	created_by text,
	CONSTRAINT flag_overrides_pkey PRIMARY KEY (flag, context_kind, key),
	CONSTRAINT flag_overrides_answer CHECK ((variant IS NOT NULL)::integer + (value IS NOT NULL)::integer + deny::integer = 1)
) USING heap;

CREATE INDEX flag_overrides_expires_at ON wishflags.flag_overrides (expires_at) WHERE expires_at IS NOT NULL;

COMMENT ON TABLE wishflags.flag_overrides IS 'what single keys are given, before all rules';
COMMENT ON COLUMN wishflags.flag_overrides.flag IS 'key of the flag; deleting the flag deletes the override';
COMMENT ON COLUMN wishflags.flag_overrides.created_at IS 'filled in; given only when a row is restored';
COMMENT ON COLUMN wishflags.flag_overrides.key IS 'targeting key, or the key of another kind of context';
COMMENT ON COLUMN wishflags.flag_overrides.variant IS 'name of a variant; a plain flag has "on" and "off"; NULL: a value or deny instead';
COMMENT ON COLUMN wishflags.flag_overrides.context_kind IS 'whose key it is: user (the targeting key), or another kind of context, as organization';
COMMENT ON COLUMN wishflags.flag_overrides.value IS 'served as it is instead of a variant, of the type that the variants have';
COMMENT ON COLUMN wishflags.flag_overrides.deny IS 'the off variant, whatever other overrides say';
COMMENT ON COLUMN wishflags.flag_overrides.expires_at IS 'from then on as if it were not there; NULL: never';
COMMENT ON COLUMN wishflags.flag_overrides.note IS 'why';
COMMENT ON COLUMN wishflags.flag_overrides.created_by IS 'filled in: the role; given only when a row is restored';

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

CREATE FUNCTION wishflags.flags_require() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10 AS 'MODULE_PATHNAME', 'wf_flags_require';
COMMENT ON FUNCTION wishflags.flags_require() IS 'trigger: refuses a flag that lacks what wishflags.require_fields lists';

CREATE FUNCTION wishflags.flags_changed() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10 AS 'MODULE_PATHNAME', 'wf_flags_changed';
COMMENT ON FUNCTION wishflags.flags_changed() IS 'trigger: tells all backends that flags have changed';

CREATE FUNCTION wishflags.flags_removed() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_flags_removed';
COMMENT ON FUNCTION wishflags.flags_removed() IS 'trigger: deletes the overrides of deleted flags';

CREATE FUNCTION wishflags.flag_overrides_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_flag_overrides_check';
COMMENT ON FUNCTION wishflags.flag_overrides_check() IS 'trigger: validates an override';

CREATE FUNCTION wishflags.flag_overrides_delete() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_flag_overrides_delete';
COMMENT ON FUNCTION wishflags.flag_overrides_delete() IS 'trigger: refuses that overrides of an archived or frozen flag are deleted';

CREATE FUNCTION wishflags.flag_overrides_changed() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10 AS 'MODULE_PATHNAME', 'wf_flag_overrides_changed';
COMMENT ON FUNCTION wishflags.flag_overrides_changed() IS 'trigger: tells all backends that overrides have changed';

CREATE TRIGGER flags_check BEFORE INSERT OR UPDATE ON wishflags.flags
FOR EACH ROW EXECUTE FUNCTION wishflags.flags_check();
CREATE TRIGGER flags_require AFTER INSERT OR UPDATE ON wishflags.flags
FOR EACH ROW EXECUTE FUNCTION wishflags.flags_require();
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
CREATE TRIGGER flag_overrides_delete BEFORE DELETE ON wishflags.flag_overrides
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_overrides_delete();
CREATE TRIGGER flag_overrides_delete_truncate BEFORE TRUNCATE ON wishflags.flag_overrides
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_overrides_delete();
CREATE TRIGGER flag_overrides_changed AFTER INSERT OR UPDATE OR DELETE ON wishflags.flag_overrides
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_overrides_changed();
CREATE TRIGGER flag_overrides_truncated AFTER TRUNCATE ON wishflags.flag_overrides
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_overrides_changed();

-- Caches must hear of replicated changes too.
ALTER TABLE wishflags.flags ENABLE ALWAYS TRIGGER flags_changed;
ALTER TABLE wishflags.flags ENABLE ALWAYS TRIGGER flags_truncated;
ALTER TABLE wishflags.flag_overrides ENABLE ALWAYS TRIGGER flag_overrides_changed;
ALTER TABLE wishflags.flag_overrides ENABLE ALWAYS TRIGGER flag_overrides_truncated;
