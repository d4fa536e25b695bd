-- Variants of any JSON type, and splits.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;

-- A plain flag has two.
SELECT flag_create('plain', rollout => 50, enabled => true);
SELECT flag_variant('plain', n::text), flag_value('plain', n::text, NULL), flag_eval('plain', n::text), count(*)
FROM generate_series(1, 1000) n GROUP BY 1, 2, 3 ORDER BY 1;

SELECT flag_create('kinds', definition => '{
	"variants": {"null": null, "yes": true, "no": false, "number": 1.5, "text": "t",
	             "array": [1, 2], "object": {"a": {"b": null}}},
	"off": "no", "default": "yes"}');
SELECT flag_value('kinds', 'user-1', '"default"') AS value_of_disabled, flag_variant('kinds', 'user-1');
SELECT flag_enable('kinds');
SELECT flag_override_set('kinds', v, v) FROM unnest(ARRAY['null', 'yes', 'no', 'number', 'text', 'array', 'object']) v;
SELECT v, flag_variant('kinds', v), flag_value('kinds', v, '"default"'),
       jsonb_typeof(flag_value('kinds', v, '"default"')), flag_eval('kinds', v)
FROM unnest(ARRAY['null', 'yes', 'no', 'number', 'text', 'array', 'object', 'other']) v;

-- An off variant, or none: then the caller's default.
SELECT flag_define('kinds', '{"variants": {"blue": "#00f", "red": "#f00"}, "default": "blue"}');
DELETE FROM flag_overrides;
SELECT flag_define('kinds', '{"variants": {"blue": "#00f", "red": "#f00"}, "default": "blue"}');
SELECT flag_value('kinds', 'user-1', '"black"'), flag_variant('kinds', 'user-1'), flag_eval('kinds', 'user-1');
SELECT flag_disable('kinds');
SELECT flag_value('kinds', 'user-1', '"black"'), flag_variant('kinds', 'user-1'), flag_eval('kinds', 'user-1');
SELECT flag_define('kinds', '{"variants": {"blue": "#00f", "red": "#f00"}, "default": "blue", "off": "red"}');
SELECT flag_value('kinds', 'user-1', '"black"'), flag_variant('kinds', 'user-1'), flag_eval('kinds', 'user-1');

-- An off variant whose value is true says so, disabled or outside the rollout.
SELECT flag_create('legacy', rollout => 0, definition =>
	'{"variants": {"old": true, "new": false}, "default": "new", "off": "old"}');
SELECT flag_eval('legacy', 'user-1'), flag_value('legacy', 'user-1', NULL);
SELECT flag_enable('legacy');
SELECT flag_eval('legacy', 'user-1'), flag_value('legacy', 'user-1', NULL);
SELECT flag_rollout('legacy', 100);
SELECT flag_eval('legacy', 'user-1'), flag_value('legacy', 'user-1', NULL);

-- A split, in the order of its parts.
SELECT flag_create('button', enabled => true, definition => '{
	"variants": {"blue": "#00f", "red": "#f00", "green": "#0f0"},
	"default": {"split": [{"variant": "red", "weight": 1}, {"variant": "blue", "weight": 2},
	                      {"variant": "green", "weight": 0}]}}');
SELECT flag_variant('button', n::text), round(count(*) / 100.0) AS percent
FROM generate_series(1, 10000) n GROUP BY 1 ORDER BY 1;
SELECT flag_variant('button', NULL::text) IS NULL AS without_key;

-- Who is in the rollout says nothing about the split.
SELECT flag_rollout('button', 10);
SELECT flag_variant('button', n::text), round(count(*) / 1000.0) AS percent
FROM generate_series(1, 100000) n GROUP BY 1 ORDER BY 1;

-- By another attribute; a shared seed gives the same split.
SELECT flag_create('one', enabled => true, definition => '{"by": "company",
	"default": {"split": [{"variant": "on", "weight": 1}, {"variant": "off", "weight": 1}], "seed": "shared"}}');
SELECT flag_create('two', enabled => true, definition => '{
	"default": {"split": [{"variant": "on", "weight": 500}, {"variant": "off", "weight": 500}],
	            "seed": "shared", "by": ["company", "id"]}}');
SELECT flag_eval('one', jsonb_build_object('targetingKey', n, 'company', 'c' || n % 10)) AS one,
       flag_eval('two', jsonb_build_object('targetingKey', n, 'company', jsonb_build_object('id', 'c' || n % 10))) AS two,
       count(DISTINCT n % 10) AS companies
FROM generate_series(1, 100) n GROUP BY 1, 2 ORDER BY 1;
SELECT flag_eval('one', '{"targetingKey": "user-1"}'::jsonb) AS without_company;
DELETE FROM flags;
