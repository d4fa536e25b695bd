-- Overrides by kind of context: variants, values, denials, expiry.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;
SELECT flag_create('export', enabled => true, rollout => 0);
SELECT flag_create('theme', enabled => true, definition => '{"variants": {"light": "#fff", "dark": "#000"}, "default": "light", "off": null}');

-- The key of a kind: of a context that is of it, or what a context has under its name.
SELECT flag_override_set('export', 'acme', '{"kind": "organization", "variant": "on", "note": "they pay for it"}'::jsonb);
SELECT flag_eval('export', context), context FROM unnest(ARRAY['{"targetingKey": "u", "organization": "acme"}',
	'{"targetingKey": "u", "organization": {"key": "acme", "plan": "pro"}}', '{"targetingKey": "u", "organization": {"targetingKey": "acme"}}',
	'{"kind": "organization", "key": "acme"}', '{"kind": "multi", "user": {"key": "u"}, "organization": {"key": "acme"}}',
	'{"kind": "user", "key": "u", "organization": "acme"}', '{"key": "u", "organization": "acme"}', '{"organization": "acme"}',
	'{"organization": "other"}', '{"organization": ["acme"]}', '{"organization": {"name": "acme"}}', '{"organization": null}',
	'{"kind": "team", "key": "acme"}', '{"kind": "multi", "team": {"key": "acme"}}', '{"targetingKey": "acme"}', '{}']::jsonb[]) context;
SELECT flag_override_set('export', '42', '{"kind": "building", "variant": "on"}');
SELECT flag_override_set('export', '42', '{"kind": "building", "variant": "on"}'::jsonb);
SELECT flag_eval('export', '{"building": 42}'::jsonb), flag_eval('export', '{"building": "42"}'::jsonb), flag_eval('export', 'acme'), flag_eval('export', 42);

-- Users come first, then the other kinds by name; a denial comes before all.
SELECT flag_override_set('theme', 'u1', 'dark');
SELECT flag_override_set('theme', 'acme', '{"kind": "organization", "value": "#123"}'::jsonb);
SELECT flag_override_set('theme', 't1', '{"kind": "team", "variant": "dark"}'::jsonb);
SELECT c, value, variant, enabled, reason, rule FROM unnest(ARRAY['{"targetingKey": "u1", "organization": "acme", "team": "t1"}',
	'{"targetingKey": "u2", "organization": "acme", "team": "t1"}', '{"targetingKey": "u2", "team": "t1"}', '{"targetingKey": "u2"}']::jsonb[]) c, flag_explain('theme', c);
SELECT flag_override_set('theme', 't1', '{"kind": "team", "deny": true}'::jsonb);
SELECT value, variant, enabled, reason, rule FROM flag_explain('theme', '{"targetingKey": "u1", "organization": "acme", "team": "t1"}', '"mine"');
SELECT flag_override_set('export', 'u3', '{"deny": true}'::jsonb);
SELECT flag_rollout('export', 100);
SELECT flag_eval('export', 'u3'), flag_eval('export', 'u4'), flag_variant('export', 'u3'), flag_value('export', 'u3', 'null');
SELECT rule, enabled FROM flag_explain('export', '{"targetingKey": "u3", "organization": "acme"}');

-- A value of its own.
SELECT flag_eval('theme', c), flag_variant('theme', c), flag_value('theme', c, 'null') FROM unnest('{"{\"organization\": \"acme\"}"}'::jsonb[]) c;
SELECT error_code FROM flag_explain('theme', '{"organization": "acme"}', NULL, '{"value_type": "number"}');
SELECT flag_override_set('export', 'v', '{"value": false}'::jsonb);
SELECT flag_eval('export', 'v'), flag_variant('export', 'v'), flag_value('export', 'v', 'null');
SELECT flag_override_set('theme', 'u5', '{"value": 5}'::jsonb);
SELECT flag_override_set('export', 'v', '{"value": "yes"}'::jsonb);
SELECT flag_create('mixed', enabled => true, definition => '{"variants": {"a": 1, "b": "text"}, "default": "a"}');
SELECT flag_override_set('mixed', 'v', '{"value": {"any": ["thing"]}}'::jsonb);
SELECT flag_value('mixed', 'v', 'null');
-- The variants stay of the type that a value has.
SELECT flag_define('theme', '{"variants": {"light": 1, "dark": 2}, "default": "light"}');
SELECT flag_define('theme', '{"variants": {"light": "#fff"}, "default": "light"}');

-- Another flag sees it.
SELECT flag_create('leaf', enabled => true, definition => '{"requires": [{"flag": "theme", "value": {"attribute": "value", "equals": "#123"}}]}');
SELECT flag_create('gate', enabled => true, definition => '{"requires": [{"flag": "theme", "variants": ["dark"]}]}');
SELECT flag_eval('leaf', '{"organization": "acme"}'::jsonb), flag_eval('leaf', '{"targetingKey": "u1", "organization": "acme"}'::jsonb);
SELECT flag_eval('gate', '{"targetingKey": "u1"}'::jsonb), flag_eval('gate', '{"organization": "acme"}'::jsonb), flag_eval('gate', '{"targetingKey": "u1", "team": "t1"}'::jsonb);

-- Expiry acts by the clock, to the second.
SELECT flag_override_set('export', 'guest', '{"deny": true, "expires_at": "2099-01-01 00:00:00.4+00"}'::jsonb);
SELECT expires_at AT TIME ZONE 'UTC' AS expires_at FROM flag_overrides WHERE key = 'guest';
SELECT flag_eval('export', 'guest'), (flag_explain('export', '{"targetingKey": "guest"}', NULL, '{"clock": "2098-12-31 23:59:59+00"}')).enabled AS before,
	(flag_explain('export', '{"targetingKey": "guest"}', NULL, '{"clock": "2099-01-01 00:00:00+00"}')).enabled AS after;
UPDATE flag_overrides SET expires_at = statement_timestamp() - interval '1 second' WHERE key = 'guest';
SELECT flag_eval('export', 'guest');
UPDATE flag_overrides SET expires_at = '2136-02-07 06:28:15+00' WHERE key = 'guest';
UPDATE flag_overrides SET expires_at = 'infinity' WHERE key = 'guest';
SELECT flag_eval('export', 'guest');
UPDATE flag_overrides SET expires_at = '-infinity' WHERE key = 'guest';
SELECT flag_eval('export', 'guest');
-- Setting it anew, it is for ever.
SELECT flag_override_set('export', 'guest', false);
SELECT flag_eval('export', 'guest'), expires_at, deny FROM flag_overrides WHERE key = 'guest';

-- Plain SQL: the answer that is given last is the only one.
UPDATE flag_overrides SET deny = true WHERE key = 'guest' RETURNING variant, value, deny;
UPDATE flag_overrides SET value = 'true' WHERE key = 'guest' RETURNING variant, value, deny;
UPDATE flag_overrides SET variant = 'on' WHERE key = 'guest' RETURNING variant, value, deny;
UPDATE flag_overrides SET note = 'only a note' WHERE key = 'guest' RETURNING variant, value, deny;
INSERT INTO flag_overrides (flag, key) VALUES ('export', 'x');
INSERT INTO flag_overrides (flag, key, variant, deny) VALUES ('export', 'x', 'on', true);
UPDATE flag_overrides SET variant = NULL WHERE key = 'guest';
UPDATE flag_overrides SET deny = true, value = 'true' WHERE key = 'guest';
INSERT INTO flag_overrides (flag, key, deny, context_kind) VALUES ('export', 'x', true, 'kind');
INSERT INTO flag_overrides (flag, key, deny, context_kind) VALUES ('export', 'x', true, 'my org');
INSERT INTO flag_overrides (flag, key, deny, context_kind) VALUES ('export', '', true, 'organization');
INSERT INTO flag_overrides (flag, key, deny, context_kind) VALUES ('export', 'x', NULL, NULL);
INSERT INTO flag_overrides (flag, key, variant) VALUES ('export', NULL, 'on');
INSERT INTO flag_overrides (flag, key, variant) VALUES (NULL, 'x', 'on');
INSERT INTO flag_overrides (flag, key, deny, expires_at) VALUES ('export', 'x', true, '2020-01-01');
INSERT INTO flag_overrides (flag, key, deny, created_by) VALUES ('export', 'x', true, 'somebody else') RETURNING created_by = session_user AS mine;
SELECT flag_override_set('export', 'x', '{"knid": "organization", "deny": true}'::jsonb);
SELECT flag_override_set('export', 'x', '{"kind": "organization"}'::jsonb);
SELECT flag_override_set('export', 'x', '{"variant": "blue"}'::jsonb);
SELECT flag_override_set('export', 'x', '{"deny": true, "expires_at": "soon"}'::jsonb);
SELECT flag_override_set('export', 'x', NULL::jsonb);

-- Taking back: of the targeting key, or of a kind.
SELECT flag_override_unset('export', 'acme'), flag_override_unset('export', 'acme', 'organization'), flag_override_unset('export', 'acme', 'organization');
SELECT flag_override_unset('export', 'x', NULL);

-- An archived flag is closed.
UPDATE flags SET archived_at = '2026-01-01 00:00Z' WHERE key = 'mixed';
SELECT flag_override_set('mixed', 'w', 'a');
SELECT flag_override_unset('mixed', 'v');

-- The audit tells the kind.
SELECT action, override_kind, override_key, changed, after ->> 'note' AS note FROM flag_audit WHERE key = 'export' AND override_kind <> 'user' ORDER BY ordinal;
SELECT * FROM audit_verify();
DELETE FROM flags;
SELECT count(*) FROM flag_overrides;
SELECT * FROM audit_verify();
