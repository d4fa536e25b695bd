-- flag_explain: the value and why.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;
\pset null (null)

SELECT flag_create('gallery', definition => '{"metadata": {"ticket": "WEB-1", "beta": true}}');
SELECT * FROM flag_explain('gallery', '{"targetingKey": "1"}');
SELECT flag_enable('gallery');
SELECT * FROM flag_explain('gallery', '{"targetingKey": "1"}');
SELECT flag_rollout('gallery', 50);
SELECT DISTINCT e.* FROM generate_series(1, 20) n, flag_explain('gallery', jsonb_build_object('targetingKey', n)) e
ORDER BY variant;
SELECT * FROM flag_explain('gallery', '{"user": "1"}', '"default"');
SELECT * FROM flag_explain('gallery', NULL);
SELECT flag_rollout('gallery', 0);
SELECT * FROM flag_explain('gallery', '{}');
SELECT flag_override_set('gallery', '1');
SELECT * FROM flag_explain('gallery', '{"targetingKey": "1"}');
SELECT * FROM flag_explain('galery', '{"targetingKey": "1"}', '"default"');
SELECT * FROM flag_explain(NULL, '{}');
SELECT * FROM flag_explain('gallery', '[1]', 'false');

-- The type that is asked for.
SELECT flag_create('limit', enabled => true, definition =>
	'{"variants": {"low": 10, "half": 0.5, "text": "10", "object": {"max": 10}, "list": [10], "none": null, "yes": true}, "default": "low"}');
SELECT flag_override_set('limit', v, v) FROM unnest(ARRAY['half', 'text', 'object', 'list', 'none', 'yes']) v;
SELECT t AS value_type, string_agg(v, ' ' ORDER BY v COLLATE "C") AS given
FROM unnest(ARRAY['boolean', 'bool', 'string', 'integer', 'int', 'number', 'float', 'double', 'object', 'any']) WITH ORDINALITY AS t (t, n),
     unnest(ARRAY['low', 'half', 'text', 'object', 'list', 'none', 'yes']) v,
     flag_explain('limit', jsonb_build_object('targetingKey', v), '"default"', jsonb_build_object('value_type', t)) e
WHERE error_code IS NULL
GROUP BY t, n ORDER BY n;
SELECT * FROM flag_explain('limit', '{}', '"default"', '{"value_type": "boolean"}');
SELECT reason FROM flag_explain('limit', '{}', NULL, '{"value_type": "date"}');
SELECT reason FROM flag_explain('limit', '{}', NULL, '{"type": "string"}');
SELECT reason FROM flag_explain('limit', '{}', options => '[]');

-- Rules that all miss.
SELECT flag_define('limit', '{"variants": {"low": 10, "half": 0.5, "text": "10", "object": {}, "list": [], "none": null, "yes": true},
	"default": "low", "rules": [{"when": {"attribute": "plan", "equals": "pro"}, "serve": "half"}]}');
SELECT variant, reason, rule FROM flag_explain('limit', '{"plan": "free"}')
UNION ALL SELECT variant, reason, rule FROM flag_explain('limit', '{"plan": "pro"}');
\pset null ''
DELETE FROM flags;
