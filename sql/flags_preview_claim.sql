-- Previews by a claim of request.jwt.claims.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;
SELECT flag_create('gallery'), flag_create('theme', enabled => true, definition => '{"variants": {"light": 1, "dark": 2}, "default": "light"}');
SET wishflags.environment = 'staging';
CREATE FUNCTION public.told(flag text) RETURNS text LANGUAGE sql AS $$
	SELECT concat_ws(' ', variant, rule, metadata) FROM wishflags.flag_explain(flag, '{}') $$;

-- A claim counts where a superuser says which.
SET request.jwt.claims = '{"sub": "u", "preview_flags": {"gallery": true, "theme": "dark"}}';
SELECT flag_eval('gallery', 'u');
SET wishflags.preview_claim = 'preview_flags';
SELECT flag_eval('gallery', 'u'), public.told('theme');
SET request.jwt.claims = '{"preview_flags": "gallery:true"}';
SELECT public.told('gallery'), public.told('theme');
SET request.jwt.claims = '{"preview_flags": {"gallery": 1}}';
SELECT public.told('gallery');
SET request.jwt.claims = 'no JSON';
SELECT public.told('gallery');
SET request.jwt.claims = '{"preview_flags": null}';
SELECT public.told('gallery');
SET request.jwt.claims = '{"preview_flags": "gallery:true"}';
SET wishflags.environment = 'production';
SELECT flag_eval('gallery', 'u');
SET wishflags.preview_claim_in_production = on;
SELECT public.told('gallery');
RESET wishflags.preview_claim_in_production;
RESET wishflags.preview_claim;
RESET request.jwt.claims;
RESET wishflags.environment;
SELECT flag_eval('gallery', 'u');

DROP FUNCTION public.told;
DELETE FROM flags;
