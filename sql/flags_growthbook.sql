-- Features of GrowthBook: read from its documents, moved in and out.
SET search_path = wishflags;

CREATE TABLE public.growthbook (document jsonb);
INSERT INTO public.growthbook VALUES ('{
  "status": 200,
  "features": {
    "checkout": {"defaultValue": false, "rules": [
      {"id": "staff", "force": true, "condition": {"email": {"$regexi": "@example\\.com$"}}},
      {"id": "beta", "force": true, "condition": {"id": {"$inGroup": "beta"}}},
      {"id": "tenth", "force": true, "coverage": 0.1, "hashVersion": 2}]},
    "colour": {"defaultValue": "grey", "rules": [
      {"parentConditions": [{"id": "checkout", "condition": {"value": true}, "gate": true}]},
      {"key": "colour-test", "variations": ["red", "blue"], "weights": [0.3, 0.7], "hashVersion": 2,
       "meta": [{"key": "r", "name": "Red"}, {"key": "b", "name": "Blue"}],
       "condition": {"$not": {"country": {"$in": ["DE", "FR"]}}}}]},
    "limit": {"rules": [{"force": 10, "condition": {"plan": "pro", "seats": {"$gte": 5}}},
                        {"force": 3, "condition": {"tags": {"$elemMatch": {"$eq": "trial"}}}}]},
    "egg": {"rules": [{"parentConditions": [{"id": "hen"}], "force": 1}]},
    "hen": {"rules": [{"parentConditions": [{"id": "egg"}], "force": 2}]}
  },
  "experiments": [{"key": "page", "variations": [{}, {"js": "..."}], "urlPatterns": []}],
  "savedGroups": {"beta": ["ann", "bob"]},
  "dateUpdated": "2026-01-01T00:00:00Z"
}');
CREATE FUNCTION pg_temp.ask(flag text, context jsonb, document jsonb DEFAULT NULL)
RETURNS TABLE (value jsonb, variant text, reason text, error_code text, rule text, vendor jsonb)
BEGIN ATOMIC
  SELECT e.value, e.variant, e.reason, e.error_code, e.rule, e.vendor FROM public.growthbook g,
    wishflags.flag_eval_document('growthbook', COALESCE(ask.document, g.document), flag, context,
                                 '"default"', '{}') e;
END;

-- Rules in order, groups, and shares.
SELECT context, value, reason, rule, vendor->>'source' AS source, vendor->>'ruleId' AS rule_id
FROM (VALUES ('{"id": "cy", "email": "Cy@Example.com"}'::jsonb), ('{"id": "ann"}'), ('{"id": "7"}'), ('{"id": "1"}'),
             ('{"email": null}')) c (context), pg_temp.ask('checkout', context);
SELECT count(*) FROM generate_series(1, 1000) n, pg_temp.ask('checkout', jsonb_build_object('id', n)) WHERE value = 'true';

-- The contexts that count: attributes alone, below a name of their own, and OpenFeature's.
SELECT context, value FROM (VALUES ('{"id": "ann"}'::jsonb), ('{"attributes": {"id": "ann"}}'),
                                   ('{"targetingKey": "ann"}'), ('{}'), ('"ann"'), (NULL)) c (context),
                           pg_temp.ask('checkout', context);

-- An experiment behind a prerequisite, which blocks it.
SELECT value, variant, reason, rule, jsonb_pretty(vendor) AS vendor FROM pg_temp.ask('colour', '{"id": "ann"}');
SELECT value, reason, vendor FROM pg_temp.ask('colour', '{"id": "1"}');
SELECT value, vendor->>'source' AS source FROM pg_temp.ask('colour', '{"id": "ann", "country": "DE"}');

-- Variations forced by the page's address or by the context.
SELECT context - 'id' AS context, value, vendor->'experimentResult'->'hashUsed' AS hash_used
FROM (VALUES ('{"id": "ann", "url": "https://example.com/?colour-test=0"}'::jsonb),
             ('{"id": "ann", "forcedVariations": {"colour-test": 0}}'),
             ('{"id": "ann", "forcedVariations": {"colour-test": 7}}'),
             ('{"id": "ann", "qaMode": true}'),
             ('{"id": "ann", "enabled": false}'),
             ('{"attributes": {"id": "ann"}, "enabled": false}'),
             ('{"id": "ann", "stickyBucketAssignmentDocs": {"id||ann": {"assignments": {"colour-test__0": "r"}}}}')) c (context),
     pg_temp.ask('colour', context);

-- No value is the caller's default.
SELECT context, value, reason, vendor FROM (VALUES ('{"plan": "pro", "seats": "5"}'::jsonb), ('{"tags": ["new", "trial"]}'),
                                                   ('{"plan": "pro"}'), ('{"tags": "trial"}')) c (context),
                                           pg_temp.ask('limit', context);
SELECT flag, value, reason, error_code, vendor FROM unnest(ARRAY['egg', 'hen', 'dodo']) flag, pg_temp.ask(flag, '{"id": "1"}');

-- A bandit: the first context that fits has the weights.
SELECT context, value, vendor->'experimentResult'->'leafId' AS leaf, vendor->'experiment'->'weights' AS weights
FROM (VALUES ('{"id": "1", "plan": "pro"}'::jsonb), ('{"id": "1", "plan": "free"}'), ('{"id": "1"}')) c (context),
     pg_temp.ask('ad', context, '{"features": {"ad": {"rules": [{"contextualVariations": ["a", "b"], "weights": [1, 0],
                                                                "contextualBanditRef": "cb"}]}},
                                  "contextualBandits": {"cb": {"contexts": [
                                    {"leafId": 1, "condition": {"plan": "pro"}, "weights": [0, 1]},
                                    {"leafId": 2, "condition": {"plan": "free"}, "weights": [1, 0]}]}}}');

-- Conditions: what is absent is null, and comparisons are JavaScript's.
SELECT condition, value FROM (VALUES
  ('{"none": null}'::jsonb), ('{"none": 0}'), ('{"none": "null"}'), ('{"none": false}'), ('{"none": {"$exists": false}}'),
  ('{"n": "5"}'), ('{"n": {"$eq": "5"}}'), ('{"n": {"$lt": "10"}}'), ('{"s": {"$lt": "5"}}'), ('{"o.list.1": "b"}'),
  ('{"o.list": ["a", "b"]}'), ('{"o": {"list": {"$size": 2}}}'), ('{"o.list": {"$size": {"$gt": 1}}}'),
  ('{"o.list": {"$all": ["b", {"$regex": "^A$"}]}}'), ('{"o.list": {"$alli": ["B", "A"]}}'), ('{"o.list": {"$ini": ["C", "B"]}}'),
  ('{"v": {"$vgt": "1.9.0", "$vlt": "1.10.0"}}'), ('{"s": {"$regex": "("}}'), ('{"s": {"$not": {"$regex": "("}}}'),
  ('{"s": {"$regex": "(?i)X"}}'), ('{"s": {"$near": 1}}'), ('{"$or": []}'), ('{"$nor": [{"s": "10"}]}'), ('{"s": {"$type": "string"}}'),
  ('{"$and": null}')) c (condition),
  pg_temp.ask('f', '{"n": 5, "s": "10", "v": "v1.10.0-beta", "o": {"list": ["a", "b"]}}',
              jsonb_build_object('features', jsonb_build_object('f', jsonb_build_object('defaultValue', false,
                'rules', jsonb_build_array(jsonb_build_object('force', true, 'condition', condition))))));

-- Documents that are none.
SELECT left(document, 60) AS document, e.error_code, e.metadata->>'errorDetails' AS details FROM (VALUES
  ('[]'), ('{"features": []}'), ('{"savedGroups": {}}'), ('{"features": {}, "encryptedFeatures": "aXY=.Y2lwaGVy"}'),
  ('{"features": {"f": {}}, "savedGroups": {"g": 1}}'), ('{"flags": {}, "features": {}}'), ('{"features": {"f": null}}'),
  ('{"features": {"f": 7}}'), ('{"features": {"f": {"rules": 7}}}'), ('{"features": {"f": {"rules": [null]}}}'),
  ('{"features": {"f": {"rules": [{"filters": [{}]}]}}}'), ('{"features": {"f": {"rules": [{"parentConditions": [1]}]}}}'),
  ('{"features": {"f": {"rules": [{"variations": {}}]}}}'), ('{"features": {"f": {"rules": [{}, {"variations": [1]}]}}}')) d (document),
  flag_eval_document('growthbook', document::jsonb, 'f', '{}') e;
SELECT e.error_code, e.metadata->>'errorDetails' AS details
FROM flag_eval_document('growthbook', format('{"features": {"f": {"rules": [{"force": 1, "condition": %s1%s}]}}}',
                                             repeat('{"$not":', 200), repeat('}', 200))::jsonb, 'f', '{}') e;

-- Moved in they are flags like all others, and are moved out again.
SELECT i.* FROM public.growthbook, flag_import('growthbook', document) i;
SELECT flag_eval('checkout', 'ann') AS ann, flag_eval('checkout', '1') AS "1",
       flag_variant('colour', 'ann') AS colour, flag_value('colour', '1', '"black"') AS blocked;
SELECT flag_override_set('checkout', '1', 'true'), flag_override_set('colour', '1', 'r');
SELECT value, variant, rule, vendor FROM unnest(ARRAY['checkout', 'colour']) f, flag_explain(f, '{"id": "1"}', NULL, '{}');
SELECT flag_override_set('colour', '1', 'green');
SELECT flag_export('growthbook') = document #- '{features,egg}' #- '{features,hen}' AS same FROM public.growthbook;
SELECT flag_disable('checkout');
SELECT value, reason, vendor FROM flag_explain('colour', '{"id": "ann"}', '"default"', '{}');
SELECT jsonb_object_keys(flag_export('growthbook')->'features') AS exported ORDER BY 1;
DELETE FROM flags;
DELETE FROM flag_documents;
DROP FUNCTION pg_temp.ask;
DROP TABLE public.growthbook;
