-- Previews by wishflags.preview and by an option, what they reach, and when a change counts.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;
SELECT flag_create('gallery'), flag_create('add-item', enabled => true),
	flag_create('theme', enabled => true, definition => '{"variants": {"light": 1, "dark": 2, "odd, \"one\"": 3, "true": 4}, "default": "light", "off": "light"}'),
	flag_create('child', enabled => true, definition => '{"requires": [{"flag": "gallery"}], "metadata": {"team": "web"}}'),
	flag_create('broken', enabled => true), flag_create('weird:key, "1"');
SET session_replication_role = replica;
UPDATE flags SET definition = '[]' WHERE key = 'broken';
RESET session_replication_role;
SELECT flag_override_set('gallery', 'u', false);

-- A preview comes before all that a flag says, for every key and context, and for flags that require it.
SET wishflags.preview = 'gallery : true, add-item:off,theme:dark,broken:on,"weird:key, ""1""":on';
SELECT flag_eval('gallery', 'u'), flag_eval('gallery', 7), flag_eval('gallery', NULL::jsonb), flag_eval('gallery', '[]'::jsonb),
	flag_eval('add-item', 'u'), flag_eval('broken', 'u'), flag_eval('weird:key, "1"', 'u'), flag_eval('child', 'u');
SELECT flag_variant('theme', 'u'), flag_value('theme', 'u', 'null'), flag_value('add-item', 'u', 'null'), flag_variant('child', 'u');
SELECT flag, value, variant, enabled, reason, rule, metadata FROM flag_eval_all('{}');
UPDATE flags SET client_visible = true WHERE key = 'gallery';
SELECT body->'flags' AS flags, headers->'Cache-Control' AS keep FROM ofrep_evaluate_all('{}');

-- Names are names; true and false are what the flag has for them.
SET wishflags.preview = 'theme:"odd, ""one"""';
SELECT flag_variant('theme', 'u');
SET wishflags.preview = 'theme:true';
SELECT flag_variant('theme', 'u');
SET wishflags.preview = 'theme:on,gallery:"true",child:"on"';
SELECT flag_variant('theme', 'u'), flag_eval('gallery', 'u');
SET wishflags.preview = 'theme:false';
SELECT flag_variant('theme', 'u'), flag_eval('theme', 'u'), flag_value('theme', 'u', '0');

-- What can't be is not served, and said.
SET wishflags.preview = 'theme:blue,nosuch:true,gallery:"true"';
SELECT f, e.value, variant, reason, error_code, rule, metadata FROM unnest('{theme,nosuch,gallery}'::text[]) f, flag_explain(f, '{}') e;
SELECT flag_eval('nosuch', 'u');

-- An option of flag_explain(), instead of what is in force.
SELECT f, e.value, variant, rule, metadata FROM unnest('{theme,child,add-item}'::text[]) f,
	flag_explain(f, '{}', NULL, '{"preview": {"gallery": true, "theme": "true"}}') e;
SELECT variant FROM flag_explain('theme', '{}', NULL, '{"preview": "theme:dark"}');
SELECT flag, variant FROM flag_eval_all('{}', '{"preview": "theme:dark"}') WHERE flag = 'theme';
SELECT variant, rule FROM flag_eval_document('flagd', '{"flags": {"a": {"state": "DISABLED", "variants": {"x": 1, "y": 2}, "defaultVariant": "x"}}}', 'a',
	'{}', NULL, '{"preview": "a:y"}');

-- What was is shown as it was, but for the option.
SET wishflags.preview = 'theme:dark';
SELECT n, variant, rule FROM (VALUES (1, '{"version": 1}'::jsonb), (2, '{"version": 1, "preview": "theme:dark"}'), (3, '{"clock": "2026-01-01"}')) o(n, options),
	flag_explain('theme', '{}', NULL, o.options) ORDER BY n;
-- Other systems' flags, also in their own words.
SELECT count(*) FROM flag_import('launchdarkly', '{"flags": {"ld": {"key": "ld", "on": true, "version": 1, "salt": "s", "variations": [false, true], "fallthrough": {"variation": 0}, "offVariation": 0}}}');
SELECT count(*) FROM flag_import('growthbook', '{"features": {"gb": {"defaultValue": false, "rules": [{"force": true, "condition": {"id": "x"}}]}}}');
SELECT count(*) FROM flag_import('unleash', '{"version": 2, "features": [{"name": "parent", "enabled": false, "strategies": []},
	{"name": "unleashed", "enabled": true, "strategies": [{"name": "default"}], "dependencies": [{"feature": "parent"}]}]}');
SELECT flag_eval('unleashed', 'u');
SET wishflags.preview = 'ld:true,gb:true,parent:on';
SELECT flag_eval('unleashed', 'u'), flag_eval('parent', 'u');
SELECT f, e.value, variant, vendor FROM unnest('{ld,gb}'::text[]) f, flag_explain(f, '{"targetingKey": "u", "key": "u"}') e;
RESET wishflags.preview;
DELETE FROM flags WHERE key IN ('ld', 'gb', 'unleashed', 'parent', 'broken', 'weird:key, "1"');
DELETE FROM flag_documents;

-- One statement gets one answer; a change counts from the next command on.
SELECT flag_eval('gallery', n), set_config('wishflags.preview', CASE n WHEN 2 THEN 'gallery:true' ELSE '' END, false) FROM generate_series(1, 3) n;
SELECT flag_eval('gallery', 'v'), set_config('wishflags.preview', 'gallery:true', false), flag_eval('gallery', 'v');
SELECT flag_eval('gallery', 'v');
BEGIN;
SET LOCAL wishflags.preview = 'gallery:false';
SELECT flag_eval('gallery', 'v');
SAVEPOINT s;
SET LOCAL wishflags.preview = 'gallery:on';
SELECT flag_eval('gallery', 'v');
ROLLBACK TO s;
SELECT flag_eval('gallery', 'v');
COMMIT;
SELECT flag_eval('gallery', 'v');
RESET wishflags.preview;
DO $$
DECLARE
	answers text := '';
BEGIN
	answers := answers || wishflags.flag_eval('gallery', 'v');
	PERFORM set_config('wishflags.preview', 'gallery:true', true);
	answers := answers || wishflags.flag_eval('gallery', 'v');
	SET LOCAL wishflags.preview = '';
	answers := answers || wishflags.flag_eval('gallery', 'v');
	BEGIN
		SET LOCAL wishflags.preview = 'gallery:true';
		answers := answers || wishflags.flag_eval('gallery', 'v');
		RAISE division_by_zero;
	EXCEPTION WHEN division_by_zero THEN
		answers := answers || wishflags.flag_eval('gallery', 'v');
	END;
	SET wishflags.preview = 'gallery:true';
	COMMIT;
	answers := answers || wishflags.flag_eval('gallery', 'v');
	RESET wishflags.preview;
	COMMIT;
	RAISE NOTICE '% %', answers, wishflags.flag_eval('gallery', 'v');
END $$;
-- Several commands in one message have one time stamp.
SELECT flag_eval('gallery', 'v') \; SET wishflags.preview = 'gallery:true' \; SELECT flag_eval('gallery', 'v') \; RESET wishflags.preview \; SELECT flag_eval('gallery', 'v');
SELECT flag_eval('gallery', 'v') \; BEGIN \; SET LOCAL wishflags.preview = 'gallery:true' \; SELECT flag_eval('gallery', 'v') \; COMMIT \; SELECT flag_eval('gallery', 'v');

-- A function's own value counts in the function, and there only.
CREATE FUNCTION public.previewed() RETURNS boolean LANGUAGE plpgsql STABLE SET wishflags.preview = 'gallery:true'
AS 'BEGIN RETURN wishflags.flag_eval(''gallery'', ''v''); END';
SELECT flag_eval('gallery', 'v'), public.previewed(), flag_eval('gallery', 'v');
SELECT public.previewed(), flag_eval('gallery', 'v') FROM generate_series(1, 2);
DROP FUNCTION public.previewed();

-- Plans outlive a preview, so the planner takes no notice of it; parallel workers do.
SET enable_material = off;
CREATE TABLE public.people AS SELECT n::text AS id FROM generate_series(1, 1000) n;
ANALYZE public.people;
SET wishflags.preview = 'gallery:true,add-item:false';
CREATE FUNCTION pg_temp.planned_rows(flag text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM public.people WHERE wishflags.flag_eval(%L, id)', flag) INTO plan;
	RETURN plan -> 0 -> 'Plan' -> 'Plan Rows';
END $$;
SELECT pg_temp.planned_rows('gallery') AS gallery, pg_temp.planned_rows('add-item') AS add_item;
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off;
PREPARE counts AS SELECT count(*) FILTER (WHERE flag_eval('gallery', id)) AS gallery, count(*) FILTER (WHERE flag_eval('child', id)) AS child FROM public.people;
EXPLAIN (COSTS OFF) EXECUTE counts;
EXECUTE counts;
BEGIN;
SET LOCAL wishflags.preview = '';
EXECUTE counts;
COMMIT;
EXECUTE counts;
RESET wishflags.preview;
EXECUTE counts;
DEALLOCATE counts;
DROP TABLE public.people;

-- All combinations, and what they change.
SELECT * FROM preview_matrix('{gallery,theme}');
SELECT * FROM preview_matrix('{add-item}', '{"targetingKey": "u"}');
SELECT * FROM preview_matrix('{}');

-- Of a URL.
SELECT url, preview_from_url(url) FROM (VALUES
	(1, 'https://shop.example/?flag_gallery=true'), (2, '/list?page=2&flag_gallery=true&flag_theme=dark'), (3, '?preview_flags=a:true,b:false'),
	(4, '?preview_flags=a:true&flag_a=false'), (5, '?flag_a=true&flag_a=x&&=&'), (6, '?flag_a=true#flag_b=true'), (7, '#?flag_a=true'), (8, '/none'), (9, ''),
	(10, '?flag_a%3Ab=x%2Cy+%22z%22%2B'), (11, '?%66lag_a=%c3%a4'), (12, '?preview_flags=%22a%3Ab%22:%22true%22'), (13, '?xflag_a=1&flag=2&FLAG_a=3')) u(n, url) ORDER BY n;
DELETE FROM flags;
