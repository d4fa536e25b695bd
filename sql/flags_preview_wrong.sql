-- Previews in wrong use, and without the right.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;
CREATE ROLE wf_visitor;
GRANT USAGE ON SCHEMA wishflags TO wf_visitor;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA wishflags TO wf_visitor;
GRANT pg_read_all_data TO wf_visitor;
SELECT flag_create('gallery'), flag_create('theme', enabled => true);
SET wishflags.environment = 'staging';

-- Text that is no preview.
SET wishflags.preview = 'gallery';
SET wishflags.preview = 'gallery:';
SET wishflags.preview = ':true';
SET wishflags.preview = 'gallery:true,';
SET wishflags.preview = 'gallery:true;theme:true';
SET wishflags.preview = 'gallery:true theme:true';
SET wishflags.preview = 'a:b:c';
SET wishflags.preview = '"gallery:true';
SET wishflags.preview = '"":true';
SET wishflags.preview = 'gallery:""';
SET wishflags.preview = 'gallery:true,gallery:false';
DO $$
DECLARE
	problem text;
BEGIN
	PERFORM set_config('wishflags.preview', (SELECT string_agg('f' || n || ':on', ',') FROM generate_series(1, 1001) n), false);
EXCEPTION WHEN invalid_parameter_value THEN
	GET STACKED DIAGNOSTICS problem = PG_EXCEPTION_DETAIL;
	RAISE NOTICE '%', problem;
END $$;
SHOW wishflags.preview;
SET wishflags.preview_token = 'gallery:true';
SET wishflags.preview_token = 'a.b';
SET wishflags.preview_token = 'a.b.c.d';
SET wishflags.preview_token = '..';
SET wishflags.preview_token = 'a.b.c=';

-- Options.
SELECT flag_explain('gallery', '{}', NULL, '{"preview": 1}');
SELECT flag_explain('gallery', '{}', NULL, '{"preview": {"gallery": 1}}');
SELECT flag_explain('gallery', '{}', NULL, '{"preview": {"": true}}');
SELECT flag_explain('gallery', '{}', NULL, '{"preview": "gallery"}');
SELECT preview_issue('gallery', '1 hour');
SELECT preview_issue('', '1 hour');
SELECT preview_issue('{"gallery": null}'::jsonb, '1 hour');
SELECT preview_issue('[]'::jsonb, '1 hour');
SELECT preview_issue(NULL::text, '1 hour');
SELECT preview_issue('gallery:true', NULL);
SELECT preview_issue('gallery:true', '0');
SELECT preview_issue('gallery:true', '-1 hour');
SELECT preview_issue('gallery:true', '91 days');
SELECT preview_issue('gallery:true', '300000 years');
SELECT preview_issue('gallery:true', '1 hour', '{"ttl": 1}');
SELECT preview_issue('gallery:true', '1 hour', '{"environment": "production"}');
BEGIN READ ONLY;
SELECT preview_issue('gallery:true', '1 hour');
ROLLBACK;
SET wishflags.environment = 'production';
SELECT preview_issue('gallery:true', '1 hour');
SET wishflags.environment = 'staging';
-- A name that is wrong is told at once.
SELECT preview_issue('galery:true,gallery:blue', '1 hour') IS NOT NULL AS issued;
SELECT preview_revoke(NULL);
SELECT preview_revoke('00000000-0000-0000-0000-000000000000');
SELECT * FROM preview_matrix(NULL);
SELECT * FROM preview_matrix('{nosuch}');
SELECT * FROM preview_matrix('{gallery,gallery}');
SELECT * FROM preview_matrix('{gallery,NULL}');
SELECT flag_create('many', enabled => true, definition => jsonb_build_object('default', 'v1', 'variants',
	(SELECT jsonb_object_agg('v' || n, n) FROM generate_series(1, 600) n)));
SELECT count(*) FROM preview_matrix('{many}');
SELECT * FROM preview_matrix('{gallery,many}');
SELECT preview_from_url('?flag_a=%');
SELECT preview_from_url('?flag_a=%4');
SELECT preview_from_url('?flag_a=%zz');
SELECT preview_from_url('?flag_a=%00');
SELECT preview_from_url('?flag_a=%ff');
SELECT preview_from_url('?flag_=true');
SELECT preview_from_url('?flag_a');
SELECT preview_from_url('?flag_a=');
SELECT preview_from_url('?preview_flags=a');
SELECT preview_from_url(NULL) IS NULL AS nothing;

-- Without the right.
SET ROLE wf_visitor;
SET wishflags.preview = 'gallery:true';
SET wishflags.preview_claim = 'x';
SET wishflags.preview_claim_in_production = on;
SELECT set_config('wishflags.preview', 'gallery:true', true);
SELECT flag_explain('gallery', '{}', NULL, '{"preview": "gallery:true"}');
SELECT * FROM preview_matrix('{gallery}');
SELECT preview_issue('gallery:true', '1 hour', '{"environment": "production", "production": true}');
-- Not even who may read all tables sees a secret.
SELECT * FROM preview_secrets;
SELECT count(*) FROM pg_stats WHERE tablename = 'preview_secrets';
INSERT INTO preview_tokens SELECT * FROM preview_tokens;
UPDATE preview_tokens SET revoked_at = NULL;
RESET ROLE;
SELECT count(*) FROM preview_secrets;

-- With it.
GRANT SET ON PARAMETER wishflags.preview TO wf_visitor;
SET ROLE wf_visitor;
SET wishflags.environment = 'staging';
BEGIN;
SET LOCAL wishflags.preview = 'gallery:true';
SELECT flag_eval('gallery', 'u');
COMMIT;
SELECT flag_eval('gallery', 'u');
SELECT variant FROM flag_explain('gallery', '{}', NULL, '{"preview": "gallery:true"}');
SELECT count(*) FROM preview_matrix('{gallery}');
SELECT preview_issue('gallery:true', '1 hour', '{"environment": "production", "production": true}') IS NOT NULL AS issued;
RESET ROLE;
REVOKE SET ON PARAMETER wishflags.preview FROM wf_visitor;
REVOKE ALL ON SCHEMA wishflags FROM wf_visitor;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA wishflags FROM wf_visitor;
DROP ROLE wf_visitor;
RESET wishflags.environment;
DELETE FROM preview_tokens;
DELETE FROM flags;
