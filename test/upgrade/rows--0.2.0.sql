-- What a user of 0.2.0 has when a newer version arrives.  Run against the SQL
-- of 0.2.0 with whatever library is there, it also shows that the library
-- serves that SQL.
SELECT wishflags.flag_create('gift_wrap', 'Offer gift wrapping', 'checkout', 25.5);
SELECT wishflags.flag_enable('gift_wrap');
SELECT wishflags.flag_override_set('gift_wrap', 'user-1', true);
SELECT wishflags.flag_override_set('gift_wrap', 'user-2', false);
SELECT wishflags.flag_create('theme', definition => '{
	"variants": {"light": "#fff", "dark": {"background": "#000"}},
	"rules": [{"when": {"attribute": "plan", "equals": "pro"}, "serve": "dark"}],
	"default": "light"}', enabled => true);
INSERT INTO wishflags.flags (key, enabled, rollout, description) VALUES ('Größe', true, 0.001, 'not ASCII');
SELECT wishflags.flag_override_set('theme', 'acme', '{"kind": "organization", "value": "#777", "expires_at": "2099-01-01", "note": "a trial"}'::jsonb);
SELECT wishflags.flag_override_set('gift_wrap', 'globex', '{"kind": "organization", "deny": true}'::jsonb);
SELECT wishflags.schema_baseline('release', '{public}');

DO $$
BEGIN
	ASSERT wishflags.flag_eval('gift_wrap', 'user-1'), 'an override serves on';
	ASSERT NOT wishflags.flag_eval('gift_wrap', 'user-2'), 'an override serves off';
	ASSERT NOT wishflags.flag_eval('no_such_flag', 'user-1'), 'an unknown flag is off';
	ASSERT wishflags.flag_variant('theme', '{"targetingKey": "user-1", "plan": "pro"}'::jsonb) = 'dark', 'a rule decides';
END $$;

-- Segments of all kinds.
CREATE TABLE public.testers (id text PRIMARY KEY);
INSERT INTO public.testers VALUES ('user-1');
SELECT wishflags.segment_define('testers', '{"table": "public.testers", "column": "id"}');
SELECT wishflags.segment_define('some', '{"query": "SELECT id FROM public.testers"}');
SELECT wishflags.segment_refresh('some');

-- A run of the checker.
SELECT wishflags.migration_record(wishflags.migration_report('{"1.sql":
	"-- wishflags: ignore drop-table reason=\"test\"\nDROP TABLE public.testers; DROP SCHEMA wishflags"}', 'json')::jsonb);

-- A flag of another system, and its document.
SELECT wishflags.flag_import('flagd', '{"flags": {"banner": {"state": "ENABLED", "variants": {"on": true, "off": false},
	"defaultVariant": "off", "targeting": {"if": [{"$ref": "staff"}, "on", null]}}},
	"$evaluators": {"staff": {"ends_with": [{"var": "email"}, "@example.org"]}}}');
DO $$
BEGIN
	ASSERT wishflags.flag_eval('banner', '{"targetingKey": "u", "email": "a@example.org"}'::jsonb), 'an evaluator decides';
END $$;

-- Who uses what.
INSERT INTO wishflags.services (name, owner, roles, objects) VALUES ('shop', 'team-shop', '{postgres}', '{public.testers}');
-- A rule that is quieter here, and its history.
INSERT INTO wishflags.migration_policies (rule, severity, reason) VALUES ('drop-column', 'low', 'we have backups');
-- A policy of the guard, and its history.
INSERT INTO wishflags.guard_policies (rule, action, min_rows, reason) VALUES ('drop-table', 'warn', 100, 'we rename first');
-- What is deprecated, and a release.
SELECT wishflags.deprecate('public.testers', 'public.people', releases => 2, reason => 'they are people');
SELECT wishflags.release('2026-11');
-- A proposed change, who must approve it, and an approval.
INSERT INTO wishflags.approval_policies (name, severity, approver_role, reason) VALUES ('high', 'high', 'pg_monitor', 'four eyes');
INSERT INTO wishflags.schema_change_approvals (change_id, revision, approver, comment)
SELECT wishflags.schema_change_propose('DROP TABLE public.testers', 'no tests any more'), 1, 'somebody', 'fine';
-- An experiment, and who was shown what.
SELECT wishflags.flag_create('gallery', rollout => 50, enabled => true);
SELECT wishflags.experiment_start('gallery', 'gallery', 'off', '{"off": 50, "on": 50}');
SELECT wishflags.experiment_expose('gallery', 'user-1');

-- A preview token.
SELECT wishflags.preview_issue('gift_wrap:true', '1 day', '{"environment": "staging", "reason": "a demo"}') IS NOT NULL;

-- What this session has evaluated so far.
SELECT wishflags.usage_flush();

INSERT INTO wishflags.change_policies (name, key_pattern, reason) VALUES ('upgrade', 'upgrade-%', 'upgrade');
SELECT wishflags.change_propose('{"flags": {"upgrade-change": {"rollout": 5}}}', 'upgrade');
CREATE ROLE upgrade_approver SUPERUSER;
SET SESSION AUTHORIZATION upgrade_approver;
SELECT wishflags.change_approve(1, 'fine');
RESET SESSION AUTHORIZATION;
DROP ROLE upgrade_approver;
SELECT wishflags.change_apply(1);

-- Code that names a flag, and the event of one that is about to expire.
SELECT wishflags.flag_code_references_upload('shop', '["src/gallery.ts:12:gallery"]', '4be1c1d');
SELECT wishflags.flag_expire('gallery', now() + interval '3 days');
SELECT count(*) FROM wishflags.flag_expiry_notify();
