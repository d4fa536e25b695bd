-- Previews: flags as somebody wants to see them in one session or transaction.

-- Only C code reads it.  Row security, without a policy, keeps out who may read
-- all tables; without statistics no secret gets into pg_statistic.  It is in no
-- dump: what is restored elsewhere takes no tokens of here.
CREATE TABLE wishflags.preview_secrets (
	id uuid PRIMARY KEY,
	secret bytea NOT NULL CHECK (octet_length(secret) = 32),
	created_at timestamptz NOT NULL
) USING heap;
ALTER TABLE wishflags.preview_secrets ENABLE ROW LEVEL SECURITY;
ALTER TABLE wishflags.preview_secrets ALTER secret SET STATISTICS 0, ALTER secret SET STORAGE PLAIN;

COMMENT ON TABLE wishflags.preview_secrets IS 'the keys that preview tokens are signed with; the newest signs';

CREATE TABLE wishflags.preview_tokens (
	id uuid PRIMARY KEY,
	key_id uuid NOT NULL,
	flags text NOT NULL,
	environment text NOT NULL,
	production boolean NOT NULL,
	issued_at timestamptz NOT NULL,
	expires_at timestamptz NOT NULL,
	acting_role text NOT NULL,
	outer_role text NOT NULL,
	login_role text NOT NULL,
	reason text,
	revoked_at timestamptz,
	revoked_by text,
	revoke_reason text
) USING heap;

COMMENT ON TABLE wishflags.preview_tokens IS 'the preview tokens that were issued, by whom, and which are revoked';
COMMENT ON COLUMN wishflags.preview_tokens.id IS 'jti of the token, for preview_revoke()';
COMMENT ON COLUMN wishflags.preview_tokens.key_id IS 'id of the key in preview_secrets that signed it';
COMMENT ON COLUMN wishflags.preview_tokens.flags IS 'what the token shows, as in wishflags.preview';
COMMENT ON COLUMN wishflags.preview_tokens.environment IS 'where it counts: value of wishflags.environment';
COMMENT ON COLUMN wishflags.preview_tokens.production IS 'whether it counts in production';
COMMENT ON COLUMN wishflags.preview_tokens.acting_role IS 'current_user of who issued it';
COMMENT ON COLUMN wishflags.preview_tokens.outer_role IS 'user outside of SECURITY DEFINER functions';
COMMENT ON COLUMN wishflags.preview_tokens.login_role IS 'session_user';

SELECT pg_catalog.pg_extension_config_dump('wishflags.preview_tokens', '');

CREATE FUNCTION wishflags.preview_from_url(url text)
RETURNS text
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_preview_from_url';
COMMENT ON FUNCTION wishflags.preview_from_url(text) IS
'what a URL with ?flag_NAME=true or ?preview_flags=a:true,b:false asks for, as text for wishflags.preview';

CREATE FUNCTION wishflags.preview_issue(flags text, ttl interval, options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_preview_issue_text';
COMMENT ON FUNCTION wishflags.preview_issue(text, interval, jsonb) IS
'a signed token for wishflags.preview_token, which shows flags until it expires; options: environment, production, reason';

CREATE FUNCTION wishflags.preview_issue(flags jsonb, ttl interval, options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_preview_issue_jsonb';
COMMENT ON FUNCTION wishflags.preview_issue(jsonb, interval, jsonb) IS
'the same for flags as an object, {"gallery": true, "theme": "dark"}';

CREATE FUNCTION wishflags.preview_revoke(id uuid, reason text DEFAULT NULL)
RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_preview_revoke';
COMMENT ON FUNCTION wishflags.preview_revoke(uuid, text) IS
'ends a preview token before its time; whether it was valid until now';

CREATE FUNCTION wishflags.preview_secret_rotate(discard boolean DEFAULT false)
RETURNS uuid
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_preview_secret_rotate';
COMMENT ON FUNCTION wishflags.preview_secret_rotate(boolean) IS
'makes a new key for preview tokens; with discard all tokens of older ones end';

CREATE FUNCTION wishflags.preview_matrix(flags text[], context jsonb DEFAULT '{}')
RETURNS TABLE (ordinal integer, preview text, changes jsonb)
LANGUAGE C STABLE PARALLEL SAFE COST 10000 ROWS 16
AS 'MODULE_PATHNAME', 'wf_preview_matrix';
COMMENT ON FUNCTION wishflags.preview_matrix(text[], jsonb) IS
'all combinations of what flags can be, as text for wishflags.preview, and what it changes of the flags that depend on them';
