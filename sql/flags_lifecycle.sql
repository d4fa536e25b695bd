-- Which flags are stale, which expire, and which lack what a team wants to know.
\set SHOW_CONTEXT never
SET search_path = wishflags;
INSERT INTO flags (key, enabled, rollout, kind, created_at, description, owner_team, owner_email, documentation_url, tags, expires_at, on_expiry, archived_at)
SELECT 'life_' || key, enabled, rollout, kind, now() - age * '1 day'::interval, description, owner_team, owner_email, url, tags, now() + expires * '1 day'::interval + '1 hour', on_expiry,
	now() - archived * '1 day'::interval
FROM (VALUES
	('all', true, 100, 'release', 73, 'the gallery for everybody', 'growth', 'growth@example.com', 'https://wiki.example.com/a', '{}'::text[], NULL, 'warn', NULL),
	('half', true, 50, 'experiment', 90, NULL, NULL, 'ann@example.com', NULL, '{}', -4, 'warn', NULL),
	('never', false, 100, 'release', 20, ' ', NULL, NULL, NULL, '{}', 400, 'warn', NULL),
	('young', true, 100, 'release', 13, 'd', 't', NULL, 'https://wiki.example.com/y', '{}', 31, 'warn', NULL),
	('kill', true, 100, 'kill-switch', 900, 'd', 't', NULL, NULL, '{}', NULL, 'warn', NULL),
	('may', true, 30, 'permission', 900, 'd', 't', NULL, NULL, '{}', NULL, 'warn', NULL),
	('kept', true, 100, 'release', 900, NULL, NULL, NULL, NULL, '{permanent}', 10, 'disable', NULL),
	('moved', true, 10, 'operational', 9, NULL, NULL, NULL, NULL, '{}', -65, 'extend', NULL),
	('gone', true, 100, 'release', 900, NULL, NULL, NULL, NULL, '{}', 2, 'warn', 100),
	('left', true, 100, 'release', 900, NULL, NULL, NULL, NULL, '{}', NULL, 'warn', 10)
) v (key, enabled, rollout, kind, age, description, owner_team, owner_email, url, tags, expires, on_expiry, archived);
INSERT INTO flags (key, enabled, definition, created_at) SELECT 'life_' || k, true, d::jsonb, now() - '20 days'::interval FROM (VALUES
	('everybody', '{"variants": {"a": 1, "b": 2}, "default": "a", "rules": [{"serve": "b"}, {"when": {"attribute": "x", "equals": 1}, "serve": "a"}]}'),
	('rules', '{"rules": [{"when": {"attribute": "x", "equals": 1}, "serve": "off"}]}'),
	('split', '{"variants": {"a": 1, "b": 2}, "default": {"split": [{"variant": "a", "weight": 1}, {"variant": "b", "weight": 1}]}}'),
	('zero', '{"variants": {"a": 1, "b": 2}, "default": "a", "off": "b", "rollout": 0}'),
	('asks', '{"requires": [{"flag": "life_all"}, {"flag": "life_nowhere"}], "rules": [{"when": {"segment": "life_nobody"}, "serve": "on"}]}')) v (k, d);
SELECT flag_override_set('life_young', 'user-1');

SELECT * FROM flag_configurations();
SELECT flag, verdict, stage, score FROM flag_stale();
SELECT flag, reason FROM flag_stale(), unnest(reasons) reason;
SELECT jsonb_pretty(evidence - 'expires_at') AS evidence FROM flag_stale() WHERE flag = 'life_all';
SET wishflags.environment = 'staging';
SELECT stage, count(*) FROM flag_stale() GROUP BY 1 ORDER BY 1;
RESET wishflags.environment;
-- What is changed is fresh, and a flag that was on and is off has been live.
SELECT flag_rollout('life_half', 60) > 0 AS changed, flag_disable('life_all') > 0 AS disabled;
SELECT flag, verdict, stage, score, reasons FROM flag_stale() WHERE flag IN ('life_half', 'life_all');
-- Options.
SELECT flag, verdict, reasons FROM flag_stale('{"lifetimes": {"release": null, "kill-switch": 3, "experiment": 100, "archived": 5}, "settled_days": 21, "unchanged_days": 15, "permanent_tags": []}') WHERE score > 0;
SELECT count(*) = (SELECT count(*) FROM flags) AS all FROM flag_stale('{"references": false, "settled_days": null}');
-- What no code names, once code is known.
SELECT flag_code_references_upload('shop', '["a.c:1:life_kill"]');
SELECT flag, score, reasons, evidence -> 'code_lines' AS code_lines FROM flag_stale() WHERE flag IN ('life_kill', 'life_may', 'life_kept');

-- What expires, and the events, once each.
SELECT flag, days_left, on_expiry, owner FROM flag_expiring;
SELECT flag, on_expiry, owner_team, owner_email FROM flag_expiry_notify();
SELECT count(*) FROM flag_expiry_notify();
SELECT flag_expire('life_kept', now() + '20 days', 'warn') > 0 AS moved;
BEGIN; SELECT flag, on_expiry FROM flag_expiry_notify(); ROLLBACK;
SELECT flag, on_expiry FROM flag_expiry_notify();
SELECT flag, count(*) FROM flag_expiry_notices GROUP BY 1 ORDER BY 1;

-- What is lacking.
SELECT flag, field, message, owner FROM flag_lint();
SELECT flag, message FROM flag_lint('{"require": {"description": ["kill-switch", "release"], "owner": false, "owner_role": ["permission"], "documentation_url": false, "expires_at": false, "tags": ["experiment"], "notes": []}}');

-- Wrong use.
SELECT flag_stale('{"unused": 1}');
SELECT flag_stale('[]');
SELECT flag_stale(NULL);
SELECT flag_stale('{"unused_days": "a"}');
SELECT flag_stale('{"lifetimes": {"release": "long"}}');
SELECT flag_stale('{"lifetimes": {"toggle": 1}}');
SELECT flag_lint('{"require": {"poem": true}}');
SELECT flag_lint('{"require": {"notes": ["toggle"]}}');
SELECT flag_lint('{"require": true}');

SET client_min_messages = error;
DELETE FROM flags WHERE key = 'life_asks';
DELETE FROM flags;
DELETE FROM flag_code_references;
DELETE FROM flag_expiry_notices;
