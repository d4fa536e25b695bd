-- Overrides: what single keys are given.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
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

-- Deleting a flag takes them along, TRUNCATE too; a new flag begins without.
SELECT flag_create('short', enabled => true), flag_override_set('short', 'user-1', false);
DELETE FROM flags WHERE key = 'short';
SELECT flag_create('short', enabled => true), count(*) FROM flag_overrides WHERE flag = 'short';
SELECT flag_eval('short', 'user-1');
BEGIN;
TRUNCATE flags;
SELECT count(*) FROM flag_overrides;
ROLLBACK;

-- A restored row, which brings its time of creation, may come before its flag.
INSERT INTO flag_overrides (flag, key, variant) VALUES ('later', 'user-1', 'off');
INSERT INTO flag_overrides (flag, key, variant, created_at) VALUES ('later', 'user-1', 'off', '2020-01-01');
SELECT flag_eval('later', 'user-1');
INSERT INTO flags (key, enabled, version) VALUES ('later', true, 3);
SELECT flag_eval('later', 'user-1'), flag_eval('later', 'user-2');
INSERT INTO flag_overrides (flag, key, variant, created_at) VALUES ('later', 'user-2', 'blue', '2020-01-01');

-- Many, and none again.
INSERT INTO flag_overrides (flag, key, variant)
SELECT 'theme', 'bulk-' || n, CASE n % 2 WHEN 0 THEN 'grey' ELSE 'light' END FROM generate_series(1, 5000) n;
SELECT flag_variant('theme', 'bulk-' || n), count(*) FROM generate_series(1, 6000) n GROUP BY 1 ORDER BY 1;
TRUNCATE flag_overrides;
SELECT flag_variant('theme', 'bulk-' || n), count(*) FROM generate_series(1, 6000) n GROUP BY 1;
DELETE FROM flags;
