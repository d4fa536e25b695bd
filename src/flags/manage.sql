-- Changing flags and overrides: plain INSERT, UPDATE and DELETE under the caller's rights.

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
'takes back the override of a targeting key; whether there was one';

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
