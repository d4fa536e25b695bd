-- Signed tokens and claims: where they count, until when, and what is kept of them.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;
CREATE ROLE wf_visitor;
CREATE ROLE wf_issuer;
GRANT USAGE ON SCHEMA wishflags TO wf_visitor, wf_issuer;
GRANT EXECUTE ON FUNCTION flag_explain, preview_issue(text, interval, jsonb) TO wf_issuer;
GRANT EXECUTE ON FUNCTION flag_explain TO wf_visitor;
SELECT flag_create('gallery'), flag_create('theme', enabled => true, definition => '{"variants": {"light": 1, "dark": 2}, "default": "light"}');
SET wishflags.environment = 'staging';
-- The time and ids are others each time.
CREATE FUNCTION public.told(flag text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', variant, rule, regexp_replace(metadata::text, '[0-9a-f]{8}-[-0-9a-f]{27}|\d{4}-\d\d-\d\d [^"]*', '...', 'g')) FROM wishflags.flag_explain(flag, '{}') $$;
CREATE FUNCTION public.payload(token text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT convert_from(decode(rpad(translate(split_part(token, '.', 2), '-_', '+/'), (length(split_part(token, '.', 2)) + 3) / 4 * 4, '='), 'base64'), 'UTF8')::jsonb $$;
GRANT EXECUTE ON FUNCTION public.told, public.payload TO PUBLIC;

SET ROLE wf_issuer;
SELECT preview_issue('gallery:true', '1 hour', '{"reason": "for the demo"}') AS token \gset
RESET ROLE;
SELECT payload - '{jti,iat,exp}'::text[] AS payload, (payload->>'exp')::bigint - (payload->>'iat')::bigint BETWEEN 3599 AND 3600 AS hour FROM public.payload(:'token');
SELECT flags, environment, production, expires_at - issued_at BETWEEN '3599 s' AND '3600 s' AS hour, acting_role, login_role = session_user AS login, reason, revoked_at FROM preview_tokens;

-- Anyone can use it.
SET ROLE wf_visitor;
SELECT flag_eval('gallery', 'u');
SET wishflags.preview_token = :'token';
SELECT flag_eval('gallery', 'u'), public.told('gallery'), public.told('theme');
RESET ROLE;

-- wishflags.preview comes first.
SET wishflags.preview = 'theme:dark,gallery:false';
SELECT public.told('gallery'), public.told('theme');
RESET wishflags.preview;

-- In another environment, and in production.
SET wishflags.environment = 'test';
SELECT flag_eval('gallery', 'u');
SET wishflags.environment = 'production';
BEGIN;
SELECT flag_eval('gallery', 'u');
SELECT public.told('gallery');
COMMIT;
SET client_min_messages = error;
SELECT preview_issue('gallery:true', '1 hour', '{"production": true}') AS token2 \gset
SET wishflags.preview_token = :'token2';
SELECT public.told('gallery');
SET wishflags.environment = 'staging';
SELECT public.told('gallery');
SELECT preview_issue('{"theme": "dark"}'::jsonb, '1 hour', '{"environment": "test", "production": true}') AS token3 \gset
SET wishflags.preview_token = :'token3';
SELECT public.told('theme');
SET wishflags.environment = 'test';
SELECT public.told('theme');
SET wishflags.environment = 'staging';

-- Forged: of the right shape, and wrong in each part.
SELECT split_part(:'token', '.', 1) AS header, split_part(:'token', '.', 2) AS payload, split_part(:'token', '.', 3) AS mac \gset
SELECT 'abc.def.ghi' AS t1, :'header' || '.' || :'payload' || '.' || left(:'mac', 20) AS t2, :'header' || '.' || left(:'payload', -1) || '.' || :'mac' AS t3,
	:'header' || '.' || split_part(:'token2', '.', 2) || '.' || :'mac' AS t4,
	rtrim(translate(encode('{"alg":"none"}', 'base64'), '+/', '-_'), '=') || '.' || :'payload' || '.' || :'mac' AS t5 \gset
SET wishflags.preview_token = :'t1';
SELECT public.told('gallery');
SET wishflags.preview_token = :'t2';
SELECT public.told('gallery');
SET wishflags.preview_token = :'t3';
SELECT public.told('gallery');
SET wishflags.preview_token = :'t4';
SELECT public.told('gallery');
SET wishflags.preview_token = :'t5';
SELECT public.told('gallery');
-- Signed rightly by who has the secret, and no token of ours.
SET wishflags.preview_token = :'token';
CREATE FUNCTION public.word(b bytea) RETURNS text LANGUAGE sql AS $$ SELECT rtrim(translate(replace(encode(b, 'base64'), E'\n', ''), '+/', '-_'), '=') $$;
CREATE FUNCTION public.hmac(message bytea, key bytea) RETURNS bytea LANGUAGE sql AS $$
	SELECT sha256(string_agg(set_byte('\x00', 0, get_byte(k, i) # 92), '' ORDER BY i)
		|| sha256(string_agg(set_byte('\x00', 0, get_byte(k, i) # 54), '' ORDER BY i) || message))
	FROM (SELECT key || decode(repeat('00', 64 - octet_length(key)), 'hex') AS k) p, generate_series(0, 63) i $$;
DO $$
DECLARE
	secret bytea := (SELECT p.secret FROM wishflags.preview_secrets p);
	header text := split_part(current_setting('wishflags.preview_token'), '.', 1);
	payload text;
	body text;
BEGIN
	-- The last two are rightly made: the one was not issued, the other has expired.
	FOREACH payload IN ARRAY ARRAY['{}', 'x', '[1]', '{"jti": "zz", "exp": 9999999999, "environment": "staging", "production": false, "flags": "gallery:true"}',
		'{"jti": "01a21c3e-4f93-76bb-a528-49179450be83", "exp": 1e300, "environment": "staging", "production": false, "flags": "gallery:true"}',
		'{"jti": "01a21c3e-4f93-76bb-a528-49179450be83", "exp": 9999999999, "environment": "staging", "production": false, "flags": "gallery"}',
		'{"jti": "01a21c3e-4f93-76bb-a528-49179450be83", "exp": 9999999999, "environment": "staging", "production": false, "flags": "gallery:true"}',
		'{"jti": "01a21c3e-4f93-76bb-a528-49179450be83", "exp": 1000000000, "environment": "staging", "production": false, "flags": "gallery:true"}'] LOOP
		body := header || '.' || public.word(convert_to(payload, 'UTF8'));
		PERFORM set_config('wishflags.preview_token', body || '.' || public.word(public.hmac(convert_to(body, 'UTF8'), secret)), false);
		RAISE INFO '%', public.told('gallery');
	END LOOP;
END $$;
RESET client_min_messages;

-- Revoked: at once for the next statement, in an old transaction too.
SET wishflags.preview_token = :'token';
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT flag_eval('gallery', 'u');
SELECT preview_revoke((public.payload(:'token')->>'jti')::uuid, 'the demo is over');
SELECT flag_eval('gallery', 'u');
SELECT public.told('gallery');
COMMIT;
SELECT preview_revoke((public.payload(:'token')->>'jti')::uuid);
SELECT reason, revoked_at IS NOT NULL AS revoked, revoked_by = session_user AS by_me, revoke_reason FROM preview_tokens WHERE id = (public.payload(:'token')->>'jti')::uuid;

SET client_min_messages = error;
-- Keys: an older one counts as long as its tokens do, unless they are to end.
SELECT preview_issue('gallery:true', '1 hour') AS token \gset
SELECT preview_secret_rotate() IS NOT NULL AS rotated;
SELECT count(*) FROM preview_secrets;
SELECT preview_issue('gallery:true', '1 hour') AS token2 \gset
SELECT split_part(:'token', '.', 1) <> split_part(:'token2', '.', 1) AS another_key;
SET wishflags.preview_token = :'token';
SELECT public.told('gallery');
SET wishflags.preview_token = :'token2';
SELECT public.told('gallery');
SELECT preview_secret_rotate(discard => true) IS NOT NULL AS rotated;
SELECT public.told('gallery');
SELECT count(*) FROM preview_secrets;
DELETE FROM preview_tokens;
SELECT preview_secret_rotate() IS NOT NULL AS rotated;
SELECT count(*) FROM preview_secrets;
RESET wishflags.preview_token;
RESET client_min_messages;

DROP FUNCTION public.told, public.payload, public.word, public.hmac;
REVOKE ALL ON SCHEMA wishflags FROM wf_visitor, wf_issuer;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA wishflags FROM wf_visitor, wf_issuer;
DROP ROLE wf_visitor, wf_issuer;
DELETE FROM flags;
