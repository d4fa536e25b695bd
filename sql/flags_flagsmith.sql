-- Features of Flagsmith: read from its documents, moved in and out.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;

CREATE TABLE public.flagsmith (document jsonb);
INSERT INTO public.flagsmith VALUES ('{
  "api_key": "env", "name": "Production", "updated_at": "2026-01-01T00:00:00Z",
  "feature_states": [
    {"django_id": 11, "enabled": true, "feature_state_value": "grey", "feature": {"id": 1, "name": "colour"},
     "multivariate_feature_state_values": [
       {"mv_fs_value_uuid": "00000000-0000-0000-0000-00000000000b", "percentage_allocation": 25.5,
        "multivariate_feature_option": {"value": "blue"}},
       {"id": 7, "percentage_allocation": 30, "multivariate_feature_option": {"key": "r", "value": "red"}}]},
    {"featurestate_uuid": "6f1f", "enabled": false, "feature_state_value": null, "feature": {"id": 2, "name": "checkout"}}],
  "project": {"segments": [
    {"id": 21, "name": "staff", "rules": [{"type": "ALL", "rules": [
       {"type": "ANY", "conditions": [{"operator": "REGEX", "property_": "email", "value": ".*@example\\.com$"},
                                      {"operator": "IN", "property_": "team", "value": "[\"ops\", 7]"}]},
       {"type": "NONE", "conditions": [{"operator": "EQUAL", "property_": "guest", "value": "true"}]}]}],
     "feature_states": [
       {"django_id": 12, "enabled": true, "feature_state_value": 2, "feature": {"id": 2, "name": "checkout"},
        "feature_segment": {"priority": 1}}]},
    {"id": 22, "name": "tenth", "rules": [{"type": "ALL", "conditions": [{"operator": "PERCENTAGE_SPLIT", "value": "10"}]}],
     "feature_states": [
       {"django_id": 13, "enabled": true, "feature_state_value": 1, "feature": {"id": 2, "name": "checkout"},
        "feature_segment": {"priority": 0}}]},
    {"id": 23, "name": "nobody", "rules": []}]},
  "identity_overrides": [
    {"identifier": "ann", "identity_features": [
       {"enabled": true, "feature_state_value": "gold", "feature": {"id": 1, "name": "colour"}}]},
    {"identifier": "bob", "identity_features": [
       {"enabled": true, "feature_state_value": "gold", "feature": {"id": 1, "name": "colour"}}]}]
}');
CREATE FUNCTION pg_temp.ask(flag text, context jsonb)
RETURNS TABLE (value jsonb, variant text, enabled boolean, reason text, error_code text, rule text, vendor jsonb)
BEGIN ATOMIC
  SELECT e.value, e.variant, e.enabled, e.reason, e.error_code, e.rule, e.vendor FROM public.flagsmith g,
    wishflags.flag_eval_document('flagsmith', g.document, flag, context, '"default"', '{}') e;
END;

-- Variants by weight, the rest is the control; single identities come first.
SELECT context, value, variant, enabled, reason, rule, vendor->>'reason' AS vendor_reason
FROM (VALUES ('{"identifier": "1"}'::jsonb), ('{"identifier": "2"}'), ('{"identifier": "5"}'), ('{"identifier": "5", "key": "1"}'),
             ('{"identifier": "ann"}'), ('{"identifier": "bob", "key": 5}'), ('{}')) c (context), pg_temp.ask('colour', context);
SELECT value, variant, count(*) FROM generate_series(1, 1000) n, pg_temp.ask('colour', jsonb_build_object('identifier', n)) GROUP BY 1, 2 ORDER BY 1;
SELECT jsonb_pretty(vendor) AS vendor FROM pg_temp.ask('colour', '{"identifier": "ann", "traits": {"team": 7}}');

-- A disabled feature has a value; segments may enable it, the first by priority.
SELECT context, value, enabled, reason, rule, vendor->'segments' @> '[{"name": "staff"}]' AS staff
FROM (VALUES ('{"identifier": "1"}'::jsonb), ('{"identifier": "1", "traits": {"email": "cy@example.com"}}'),
             ('{"identifier": "1", "traits": {"email": "cy@example.com", "guest": true}}'),
             ('{"identifier": "1", "traits": {"email": "cy@example.com", "guest": "true"}}'),
             ('{"identifier": "10", "traits": {"team": "ops"}}')) c (context), pg_temp.ask('checkout', context);

-- The contexts that count: the engine's in two forms, and OpenFeature's.
SELECT context, enabled FROM (VALUES ('{"identifier": "ann", "traits": {"team": "ops"}}'::jsonb),
                                     ('{"identity": {"identifier": "ann", "traits": {"team": 7}}}'),
                                     ('{"targetingKey": "ann", "team": "ops"}'), ('{"team": 7.0}'), ('"ops"'), (NULL)) c (context),
                             pg_temp.ask('checkout', context);

-- Conditions: the text is cast to the trait's type.  Properties are traits, or paths.
SELECT property, operator, c.value, e.vendor->'segments' <> '[]' AS holds FROM (VALUES
  ('age', 'GREATER_THAN', '"9"'::jsonb), ('age', 'EQUAL', '"30.0"'), ('age', 'MODULO', '"7|2"'), ('age', 'IN', '"29,30"'),
  ('age', 'CONTAINS', '"3"'), ('text', 'GREATER_THAN', '"9"'), ('text', 'CONTAINS', '"3"'), ('ratio', 'EQUAL', '" 0.50 "'),
  ('ratio', 'EQUAL', '"nan"'), ('ratio', 'NOT_EQUAL', '"nan"'), ('ratio', 'REGEX', '"0\\.5\\Z"'), ('pro', 'EQUAL', '"yes"'),
  ('pro', 'NOT_EQUAL', '"false"'), ('pro', 'IN', '"True,true,1"'), ('app', 'LESS_THAN', '"1.10.0:semver"'), ('app', 'LESS_THAN', '"1.10.0"'),
  ('app', 'EQUAL', '"1.9:semver"'), ('list', 'EQUAL', '"[1, ''a'', None]"'), ('list', 'IS_SET', 'null'), ('void', 'IS_SET', 'null'),
  ('void', 'IS_NOT_SET', 'null'), ('void', 'NOT_EQUAL', '"x"'), ('age', 'NEAR', '"30"'), ('text', 'REGEX', '"("'),
  ('$.identity.identifier', 'EQUAL', '"ann"'), ('$.identity.key', 'EQUAL', '"env_ann"'), ('$.environment.name', 'CONTAINS', '"rod"'),
  ('$.identity.traits.age', 'EQUAL', '"30"'), ('$[''identity''][''identifier'']', 'IS_SET', '""'), ('$.identity["traits"][''list''][1]', 'EQUAL', '"a"'),
  ('$.identity.traits', 'IS_NOT_SET', '""'), ('$.my-trait', 'EQUAL', '"x"'), ('$.identity.traits.*', 'IS_SET', '""'),
  ('$.features.f.key', 'EQUAL', '"1"'), ('$.features.f.tags[-1]', 'EQUAL', '"b"'), ('', 'PERCENTAGE_SPLIT', '"100"'), ('void', 'PERCENTAGE_SPLIT', '"100"'),
  ('age', 'PERCENTAGE_SPLIT', '"many"')) c (property, operator, value),
  flag_eval_document('flagsmith', jsonb_build_object('environment', '{"key": "env", "name": "Production"}'::jsonb,
      'features', '{"f": {"key": "1", "name": "f", "enabled": true, "tags": ["a", "b"]}}'::jsonb,
      'segments', jsonb_build_object('1', jsonb_build_object('key', '1', 'name', 's', 'rules', jsonb_build_array(jsonb_build_object(
        'type', 'ALL', 'conditions', jsonb_build_array(jsonb_build_object('property', property, 'operator', operator, 'value', c.value))))))),
    'f', '{"identifier": "ann", "traits": {"age": 30, "text": "30", "ratio": 0.5, "pro": true, "app": "1.9.0", "void": null,
           "list": [1, "a", null], "$.my-trait": "x"}}', NULL, '{}') e;

-- Documents that are none.
SELECT left(document, 60) AS document, e.error_code, e.metadata->>'errorDetails' AS details FROM (VALUES
  ('[]'), ('{"features": {}}'), ('{"environment": null, "features": {}}'), ('{"environment": {}, "features": []}'),
  ('{"environment": {}, "features": {"f": 7}}'), ('{"environment": {}, "features": {"f": {}}, "segments": {"1": null}}'),
  ('{"environment": {}, "features": {"f": {}}, "segments": {"1": {"rules": {}}}}'),
  ('{"environment": {}, "features": {"f": {}}, "segments": {"1": {"rules": [{"conditions": [1]}]}}}'),
  ('{"environment": {}, "features": {"f": {}}, "segments": {"1": {"overrides": [{}]}}}'),
  ('{"environment": {}, "features": {"f": {"variants": [{"value": 1}]}}}'),
  ('{"environment": {}, "features": {"f": {}}, "segments": {"1": {"overrides": [{"name": "f", "variants": {}}]}}}'),
  ('{"api_key": "k"}'), ('{"feature_states": []}'), ('{"api_key": "k", "feature_states": [{"feature": {"id": 1}}]}'),
  ('{"api_key": "k", "feature_states": [], "project": {"segments": [{"name": "s"}]}}'),
  ('{"api_key": "k", "feature_states": [], "identity_overrides": [{"identity_features": [1]}]}'),
  ('{"environment": {}, "features": {"f": null, "g": {}}}'), ('{"environment": {}, "segments": {"1": {"rules": [{}]}}}')) d (document),
  flag_eval_document('flagsmith', document::jsonb, 'f', '{}', NULL, '{}') e;
SELECT e.error_code, right(e.metadata->>'errorDetails', 60) AS details
FROM flag_eval_document('flagsmith', format('{"environment": {}, "features": {"f": {}}, "segments": {"1": %s{}%s}}',
                                            repeat('{"rules": [', 200), repeat(']}', 200))::jsonb, 'f', '{}', NULL, '{}') e;

-- Moved in they are flags like all others, and are moved out again.
SELECT i.* FROM public.flagsmith, flag_import('flagsmith', document) i;
SELECT * FROM flag_import('flagsmith', '{"environment": {"key": "e"}, "segments": {"1": {"name": "all", "rules": [
  {"type": "ALL", "conditions": [{"property": "$.identity.traits[?@ > 1]", "operator": "IS_SET"}]}]}}}', '{"name": "other", "dry_run": true}');
SELECT flag_eval('checkout', '1') AS "1", flag_eval('checkout', '{"identifier": "1", "traits": {"team": "ops"}}'::jsonb) AS ops,
       flag_value('colour', 'ann', 'null') AS ann, flag_variant('colour', 'ann') AS ann_variant, flag_variant('colour', '5') AS "5";
SELECT flag_override_set('colour', '2', 'r');
SELECT value, variant, rule, vendor FROM flag_explain('colour', '{"identifier": "2"}', NULL, '{}');
SELECT flag_export('flagsmith') = document AS same FROM public.flagsmith;

-- Switched off here, it is off for all identities, there as well.
SELECT flag_disable('colour'), flag_enable('checkout');
SELECT f.key, c.key AS identity, e.value, e.enabled, e.reason FROM flags f, unnest(ARRAY['1', '2', 'ann']) c (key),
  flag_explain(f.key, jsonb_build_object('identifier', c.key), NULL, '{}') e ORDER BY 1, 2;
-- What has changed is written into the environment document, and nothing else is.
SELECT jsonb_pretty(flag_export('flagsmith') #- '{project,segments,0,rules}' #- '{project,segments,1}') AS exported;
SELECT item, name, action FROM flag_import('flagsmith', flag_export('flagsmith'), '{"dry_run": true}');
SELECT flag_enable('colour'), flag_override_unset('colour', '2');
SELECT flag_define('colour', '{"key": "other", "name": "colour", "enabled": true, "value": 7, "metadata": {"id": 1},
  "variants": [{"key": "rr", "value": "red", "weight": 31, "priority": 7}, {"value": "blue", "weight": 25.5, "priority": 11},
               {"value": "new", "weight": 1, "priority": 8}, {"value": "last", "weight": 2}]}');
SELECT flag_define('checkout', '{"key": "6f1f", "name": "checkout", "enabled": false, "value": "v", "metadata": {"id": 2}}');
INSERT INTO flags (key, dialect, document, definition) VALUES ('added', 'flagsmith', 'flagsmith', '{"key": "31", "name": "added", "enabled": true, "value": 1, "metadata": {"id": 3}}');
SELECT jsonb_pretty(flag_export('flagsmith') -> 'feature_states') AS states;
SELECT flag_export('flagsmith') - 'feature_states' = document - 'feature_states' AS rest_same FROM public.flagsmith;
SELECT flag_export('flagsmith', ARRAY['added']) -> 'feature_states' AS one;
SELECT key, count(*) AS people, count(*) FILTER (WHERE (a.value, a.enabled) IS DISTINCT FROM (e.value, e.enabled)) AS differ
FROM flags f, (SELECT flag_export('flagsmith') AS exported OFFSET 0) d, generate_series(1, 300) n, jsonb_build_object('identifier', n::text) c,
  flag_explain(f.key, c, NULL, '{}') a, flag_eval_document('flagsmith', exported, f.key, c, NULL, '{}') e GROUP BY key ORDER BY key;
DELETE FROM flags;
DELETE FROM flag_documents;

-- Overrides of identities have variants; those that are the same share the first one's key.
SELECT context ->> 'identifier' AS identity, value, variant, enabled, reason, vendor ->> 'reason' AS vendor_reason
FROM generate_series(1, 6) n, jsonb_build_object('identifier', 'i' || n) context,
  flag_eval_document('flagsmith', jsonb_build_object('api_key', 'env', 'feature_states', '[{"django_id": 1, "enabled": false, "feature_state_value": "none", "feature": {"id": 1, "name": "f"}}]'::jsonb,
    'identity_overrides', (SELECT jsonb_agg(jsonb_build_object('identifier', 'i' || i, 'identity_features', jsonb_build_array(jsonb_build_object('django_id', 10 + i, 'enabled', true,
      'feature_state_value', 'control', 'feature', '{"id": 1, "name": "f"}'::jsonb, 'multivariate_feature_state_values', CASE i WHEN 6 THEN '[{"id": 3, "percentage_allocation": 100, "multivariate_feature_option": {"value": "all"}}]'::jsonb
      ELSE '[{"id": 1, "percentage_allocation": 40, "multivariate_feature_option": {"value": "a"}}, {"id": 2, "percentage_allocation": 40, "multivariate_feature_option": {"value": "b"}}]' END)))) FROM generate_series(1, 6) i)),
    'f', context, NULL, '{}');

-- A document of the engine is given out as one, what was switched off being off in segments as well.
SELECT item, name, action FROM flag_import('flagsmith', '{"environment": {"key": "e"}, "features": {"f": {"key": "1", "name": "f", "enabled": true, "value": 1}, "g": {"key": "2", "name": "g", "enabled": false}},
  "segments": {"1": {"key": "1", "name": "all", "rules": [], "overrides": [{"name": "f", "enabled": true}, {"name": "g", "enabled": true}]}}}');
SELECT flag_disable('f'), flag_disable('g');
SELECT flag_export('flagsmith');
DELETE FROM flags;
DELETE FROM flag_documents;
DROP FUNCTION pg_temp.ask;
DROP TABLE public.flagsmith;
