-- Overrides: what single keys are given.
SET search_path = wishflags;

SELECT flag_create('gallery', rollout => 0);
SELECT flag_override_set('gallery', 'user-1');
SELECT flag_eval('gallery', 'user-1') AS disabled_for_all;
SELECT flag_enable('gallery');
SELECT flag_eval('gallery', 'user-1') AS "user-1", flag_eval('gallery', 'user-2') AS "user-2",
       flag_eval('gallery', '{"targetingKey": "user-1"}'::jsonb) AS by_context;
SELECT flag_override_set('gallery', '42'), flag_override_set('gallery', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11');
SELECT flag_eval('gallery', 42), flag_eval('gallery', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid),
       flag_eval('gallery', '{"targetingKey": 42}'::jsonb);

-- On for all but one.
SELECT flag_rollout('gallery', 100);
SELECT flag_override_set('gallery', 'user-1', false);
SELECT flag_eval('gallery', 'user-1') AS "user-1", flag_eval('gallery', 'user-2') AS "user-2";
SELECT flag_override_unset('gallery', 'user-1'), flag_override_unset('gallery', 'user-1');
SELECT flag_eval('gallery', 'user-1');

-- They come before all rules.
SELECT flag_create('theme', enabled => true, definition => '{
	"variants": {"light": 1, "dark": 2}, "default": "light",
	"rules": [{"when": {"all": []}, "serve": "light"}]}');
SELECT flag_override_set('theme', 'user-1', 'dark');
SELECT flag_variant('theme', 'user-1'), flag_variant('theme', 'user-2');

-- A variant that an override gives stays.
SELECT flag_define('theme', '{"variants": {"light": 1, "grey": 3}, "default": "light"}');
SELECT flag_override_set('theme', 'user-1', 'grey');
UPDATE flag_overrides SET variant = 'light' WHERE flag = 'theme' AND key = 'user-1';
SELECT flag_define('theme', '{"variants": {"light": 1, "grey": 3}, "default": "grey"}');
SELECT flag_variant('theme', 'user-1'), flag_variant('theme', 'user-2');

-- Many, and none again.
INSERT INTO flag_overrides (flag, key, variant)
SELECT 'theme', 'bulk-' || n, CASE n % 2 WHEN 0 THEN 'grey' ELSE 'light' END FROM generate_series(1, 5000) n;
SELECT flag_variant('theme', 'bulk-' || n), count(*) FROM generate_series(1, 6000) n GROUP BY 1 ORDER BY 1;
TRUNCATE flag_overrides;
SELECT flag_variant('theme', 'bulk-' || n), count(*) FROM generate_series(1, 6000) n GROUP BY 1;
DELETE FROM flags;
