-- Documents of other systems that are mangled at random, and contexts that fit
-- nowhere: they are taken in or refused, and evaluation never raises.
CREATE TABLE fuzz.documents (format text, document jsonb);
INSERT INTO fuzz.documents VALUES
('unleash', '{"version": 2, "features": [
  {"name": "a", "enabled": true, "type": "release", "strategies": [
    {"name": "flexibleRollout", "parameters": {"rollout": "50", "stickiness": "default", "groupId": "a"}, "segments": [1, 2], "constraints": [
      {"contextName": "plan", "operator": "IN", "values": ["pro", "free"], "inverted": false, "caseInsensitive": false},
      {"contextName": "mail", "operator": "STR_ENDS_WITH", "values": ["@x", ""], "caseInsensitive": true},
      {"contextName": "mail", "operator": "STR_CONTAINS", "values": ["a"]}, {"contextName": "mail", "operator": "STR_STARTS_WITH", "values": ["a"]},
      {"contextName": "n", "operator": "NUM_GTE", "value": "5"}, {"contextName": "n", "operator": "NUM_LT", "value": "1e3", "inverted": true},
      {"contextName": "currentTime", "operator": "DATE_AFTER", "value": "2020-01-01T00:00:00.000Z"}, {"contextName": "v", "operator": "SEMVER_GT", "value": "1.2.3-beta.1"},
      {"contextName": "plan", "operator": "NOT_IN", "values": []}, {"contextName": "mail", "operator": "REGEX", "value": "^(a|b)+@"}],
     "variants": [{"name": "x", "weight": 500, "stickiness": "default", "payload": {"type": "string", "value": "1"}}, {"name": "y", "weight": 500}]},
    {"name": "userWithId", "parameters": {"userIds": "1, 2,u"}}, {"name": "remoteAddress", "parameters": {"IPs": "10.0.0.0/8,::1,x"}},
    {"name": "gradualRolloutRandom", "parameters": {"percentage": "10"}}, {"name": "gradualRolloutUserId", "parameters": {"percentage": "10", "groupId": "g"}},
    {"name": "applicationHostname", "parameters": {"hostNames": "a,b"}}, {"name": "default"}],
   "variants": [{"name": "p", "weight": 1, "weightType": "variable", "overrides": [{"contextName": "userId", "values": ["u"]}]},
     {"name": "q", "weight": 999, "weightType": "fix", "stickiness": "sessionId", "payload": {"type": "json", "value": "{"}}],
   "dependencies": [{"feature": "b", "enabled": true, "variants": ["p"]}, {"feature": "c", "enabled": false}]},
  {"name": "b", "enabled": true, "strategies": [{"name": "flexibleRollout", "parameters": {"rollout": 100, "stickiness": "random"}}], "variants": [{"name": "p", "weight": 1000}]},
  {"name": "c", "enabled": false, "strategies": [], "dependencies": [{"feature": "a"}]}],
  "segments": [{"id": 1, "constraints": [{"contextName": "userId", "operator": "IN", "values": ["u"]}]}, {"id": 2, "constraints": []}]}'),
('flagd', '{"$schema": "x", "metadata": {"m": 1}, "flags": {
  "a": {"state": "ENABLED", "variants": {"on": true, "off": false, "x": "1", "y": {"z": [1]}}, "defaultVariant": "off", "metadata": {"n": "1"}, "targeting":
    {"if": [{"and": [{"$ref": "e"}, {"!": {"<": [{"var": "n"}, 5]}}, {"!!": [{"var": ["missing", 1]}]}]}, {"fractional": [{"cat": [{"var": "$flagd.flagKey"}, {"var": "targetingKey"}]}, ["on", 1], ["off", 99]]},
      {"sem_ver": [{"var": "v"}, "^", "1.2.3"]}, "x", {"or": [{"starts_with": [{"var": "mail"}, "a"]}, {"ends_with": [{"var": "mail"}, "@x"]}]},
      {"if": [{"some": [{"var": "arr"}, {"==": [{"var": ""}, "z"]}]}, "on", {"===": [{"reduce": [{"map": [{"filter": [{"var": "arr"}, true]}, 1]}, {"+": [{"var": "current"}, {"var": "accumulator"}]}, 0]}, 3]}, "y", null]},
      {"in": [{"substr": [{"var": "mail"}, 0, -1]}, {"merge": [["a@"], {"missing": ["q"]}, {"missing_some": [1, ["r", "s"]]}]}]}, {"fractional": [["on"], ["off", {"%": [{"max": [1, 2]}, {"min": [3, {"/": [4, 0]}]}]}]]}]}},
  "b": {"state": "DISABLED", "variants": {"on": 1}, "defaultVariant": "on"},
  "c": {"state": "ENABLED", "variants": {"on": 1}, "targeting": {"none": [{"var": "arr"}, {"all": [[], false]}]}}},
  "$evaluators": {"e": {"in": ["@", {"var": "mail"}]}, "l": {"!": {"$ref": "l"}}, "k": {"or": [{"$ref": "e"}, {"$ref": "l"}]}}}'),
('growthbook', '{"status": 200, "features": {
  "a": {"defaultValue": false, "rules": [
    {"id": "r1", "condition": {"$or": [{"plan": "pro"}, {"n": {"$gt": 3, "$lte": 7}}, {"$nor": [{"arr": {"$elemMatch": {"$eq": "z"}}}]}, {"$not": {"mail": {"$regex": "^(a|b)+@"}}}], "id": {"$inGroup": "g"}}, "force": true},
    {"condition": {"arr": {"$all": ["z"], "$size": {"$gt": 1}}, "v": {"$vgt": "1.2.3", "$vne": "x"}, "q": {"$exists": false, "$type": "null"}, "plan": {"$in": ["a"], "$nin": []}}, "force": 1, "coverage": 0.3, "seed": "s", "hashVersion": 2},
    {"key": "exp", "variations": ["x", "y", {"z": 1}], "weights": [0.2, 0.3, 0.5], "coverage": 0.9, "hashAttribute": "id", "hashVersion": 2, "seed": "t", "namespace": ["n", 0, 0.5],
     "ranges": [[0, 0.2], [0.2, 1]], "meta": [{"key": "k0", "name": "n"}, {"key": "k1", "passthrough": true}], "filters": [{"seed": "f", "ranges": [[0, 0.5]], "hashVersion": 2, "attribute": "id"}], "phase": "1", "name": "e"},
    {"parentConditions": [{"id": "b", "condition": {"value": {"$eq": true}}, "gate": true}, {"id": "c", "condition": {"value": {"$ne": 1}}}], "force": 2},
    {"variations": [1, 2], "fallbackAttribute": "mail", "minBucketVersion": 1, "bucketVersion": 2, "disableStickyBucketing": true}]},
  "b": {"defaultValue": true, "rules": [{"force": false, "condition": {"x.y": {"$notInGroup": "g"}, "mail": {"$regexi": "A", "$ini": ["A@X"], "$alli": ["a"]}}}]},
  "c": {"defaultValue": null, "rules": [{"parentConditions": [{"id": "a", "condition": {}}]}]}},
  "experiments": [], "savedGroups": {"g": ["u", 1, null], "h": []}, "dateUpdated": "2026-01-01"}'),
('launchdarkly', '{"flags": {
  "a": {"key": "a", "version": 7, "on": true, "salt": "a1", "variations": ["old", 1, {"x": [1]}], "offVariation": 0, "prerequisites": [{"key": "b", "variation": 0}],
    "targets": [{"variation": 2, "values": ["ann", "u"]}], "contextTargets": [{"contextKind": "org", "variation": 1, "values": ["7"]}, {"contextKind": "user", "variation": 2, "values": []}],
    "rules": [{"id": "r1", "variation": 1, "trackEvents": true, "clauses": [{"contextKind": "user", "attribute": "/a/b", "op": "in", "values": [2, "max", null, {"a": 1}], "negate": true}]},
      {"id": "r2", "variation": 2, "clauses": [{"attribute": "v", "op": "semVerGreaterThan", "values": ["2", "1.0.0-x"]}, {"attribute": "since", "op": "before", "values": ["2024-01-01T00:00:00Z", 1e12]},
         {"attribute": "mail", "op": "matches", "values": ["^(a|b)+@", "("]}, {"attribute": "n", "op": "lessThanOrEqual", "values": [5]}, {"attribute": "kind", "op": "in", "values": ["user"]}]},
      {"id": "r3", "variation": 1, "clauses": [{"attribute": "", "op": "segmentMatch", "values": ["s", "t"]}, {"attribute": "mail", "op": "endsWith", "values": ["@x"]}, {"attribute": "mail", "op": "contains", "values": ["a"]}]}],
    "fallthrough": {"rollout": {"kind": "experiment", "contextKind": "user", "bucketBy": "mail", "seed": 61, "variations": [{"variation": 0, "weight": 9801}, {"variation": 1, "weight": 10, "untracked": true}, {"variation": 2, "weight": 90189}]}}},
  "b": {"key": "b", "on": true, "variations": [true, false], "offVariation": 1, "fallthrough": {"variation": 0}, "rules": [{"variation": 1, "clauses": [{"attribute": "country", "op": "in", "values": ["aq"]}]}]},
  "c": {"key": "c", "on": false, "variations": [1], "prerequisites": [{"key": "a", "variation": 0}], "fallthrough": {"variation": 3}}},
  "segments": {"s": {"key": "s", "salt": "s", "included": ["u"], "excluded": ["m"], "includedContexts": [{"contextKind": "org", "values": ["7"]}], "excludedContexts": [],
      "rules": [{"clauses": [{"attribute": "mail", "op": "startsWith", "values": ["a"]}], "weight": 50000, "bucketBy": "mail", "rolloutContextKind": "user"}]},
    "t": {"key": "t", "rules": [{"clauses": [{"op": "segmentMatch", "values": ["t", "s"]}]}]}, "big": {"key": "big", "unbounded": true, "generation": 3}}}'),
('flagsmith', '{"api_key": "env", "name": "P", "updated_at": "2026-01-01T00:00:00Z",
  "feature_states": [{"django_id": 11, "enabled": true, "feature_state_value": "grey", "feature": {"id": 1, "name": "a", "type": "MULTIVARIATE"},
      "multivariate_feature_state_values": [{"mv_fs_value_uuid": "00000000-0000-0000-0000-00000000000b", "percentage_allocation": 25.5, "multivariate_feature_option": {"value": "blue"}},
       {"id": 7, "percentage_allocation": 30, "multivariate_feature_option": {"key": "r", "value": "red"}}]},
    {"featurestate_uuid": "6f1f", "enabled": false, "feature_state_value": null, "feature": {"id": 2, "name": "b"}}, {"enabled": true, "feature": {"id": 3, "name": "c"}}],
  "project": {"id": 1, "hide_disabled_flags": false, "segments": [
    {"id": 21, "name": "s", "rules": [{"type": "ALL", "rules": [{"type": "ANY", "rules": [], "conditions": [{"operator": "REGEX", "property_": "mail", "value": "^(a|b)+@"}, {"operator": "IN", "property_": "plan", "value": "[\"pro\", 7]"},
        {"operator": "MODULO", "property_": "n", "value": "3|1"}, {"operator": "GREATER_THAN_INCLUSIVE", "property_": "v", "value": "1.2.3:semver"}, {"operator": "IS_SET", "property_": "$.identity.key"}]},
       {"type": "NONE", "conditions": [{"operator": "EQUAL", "property_": "guest", "value": "true"}, {"operator": "NOT_CONTAINS", "property_": "mail", "value": "q"}, {"operator": "PERCENTAGE_SPLIT", "property_": "", "value": "10"}]}]}],
     "feature_states": [{"django_id": 12, "enabled": true, "feature_state_value": 2, "feature": {"id": 1, "name": "a"}, "feature_segment": {"priority": 1}}]},
    {"id": 22, "name": "t", "rules": [{"type": "ALL", "conditions": [{"operator": "LESS_THAN", "property_": "n", "value": "10"}, {"operator": "NOT_EQUAL", "property_": "n", "value": "1"}, {"operator": "IS_NOT_SET", "property_": "z"}]}],
     "feature_states": [{"enabled": false, "feature_state_value": 1, "feature": {"id": 2, "name": "b"}, "feature_segment": {"priority": 0}}]}]},
  "identity_overrides": [{"identifier": "u", "identity_features": [{"enabled": true, "feature_state_value": "gold", "feature": {"id": 1, "name": "a"}}]}]}'),
('native', '{"format": "wishflags", "version": 1, "flags": {
  "a": {"enabled": true, "rollout": 50, "description": "d", "definition": {"variants": {"x": 1, "y": "2"}, "off": "x", "default": {"split": [{"variant": "x", "weight": 1}, {"variant": "y", "weight": 2}]},
    "rules": [{"when": {"any": [{"segment": "s"}, {"attribute": "mail", "matches": "^(a|b)+@"}, {"attribute": "v", "version_less": "2.1"}]}, "serve": "y", "rollout": 30}], "requires": [{"flag": "b"}]}},
  "b": {"enabled": true, "definition": {"rules": [{"when": {"compute": {"in": ["a", {"var": "mail"}]}}, "serve": "on"}], "default": "off"}}, "c": {"enabled": false}},
  "segments": {"s": {"included": ["u"], "excluded": ["m"], "when": {"segment": "t"}}, "t": {"when": {"not": {"segment": ["s", "t"]}}}}}');

-- Every place in them, and what is there.
CREATE TABLE fuzz.places (n int, places int, format text, path text[], value jsonb, PRIMARY KEY (format, n));
INSERT INTO fuzz.places
WITH RECURSIVE place (format, path, value) AS (
	SELECT format, '{}'::text[], document FROM fuzz.documents
	UNION ALL
	SELECT p.format, p.path || m.key, m.value FROM place p, LATERAL (
		SELECT key, value FROM jsonb_each(CASE jsonb_typeof(p.value) WHEN 'object' THEN p.value ELSE '{}' END)
		UNION ALL
		SELECT (ordinality - 1)::text, value
		FROM jsonb_array_elements(CASE jsonb_typeof(p.value) WHEN 'array' THEN p.value ELSE '[]' END) WITH ORDINALITY) m)
SELECT row_number() OVER (PARTITION BY format ORDER BY path) AS n, count(*) OVER (PARTITION BY format) AS places, format, path, value FROM place WHERE path <> '{}';
ANALYZE fuzz.places;

CREATE FUNCTION fuzz.nasty() RETURNS jsonb LANGUAGE sql VOLATILE AS $$
	SELECT CASE WHEN random() < 0.2 THEN fuzz.junk() ELSE choices[1 + floor(random() * cardinality(choices))::int]::jsonb END FROM (SELECT ARRAY[
		'0', '-1', '1', '7.5', '1e308', '-1e308', '1e400', '1e-400', '2147483648', '-2147483649', '9223372036854775808', '4294967296', '100000', '100001', '0.1', '65536', '1000000000000000000000000000000',
		'""', '" "', '"0"', '"-1"', '"1e3"', '"0x1F"', '"NaN"', '"Infinity"', '"-0"', '"1,5"', '"50%"', '"true"', '"null"', '"99999999999999999999999"',
		'"u"', '"pro"', '"a@x"', '"user"', '"multi"', '"random"', '"userId"', '"default"', '"__proto__"', '"toString"', '"length"', '"$ref"', '"/a~1b/~0/~2"', '"/"', '"//"', '"a.b"', '"$.identity.key"', '"$.x[?(@.a)]"',
		'"("', '"(a+)+$"', '"(?<!a)b\\1"', '"(?=a)*"', '"[z-a]"', '"a{99999}"', '"(?R)"', '"(?P<n>a)"', '"\\p{L}\\p{Xx}"', '"\\uD800\\u{110000}"', '"\\c"', '"\\"', '"[[:alpha:]]"', '"(?i)A"', '".*.*.*.*.*.*x"', '"^$"', '"(*COMMIT)"', '"\\Qa"', '"a(?C1)b"', '"(?#"',
		'"1.2.3"', '"v1.2.3-beta.01+x"', '"1.2"', '"1"', '"01.2.3"', '"1.2.3.4"', '"999999999999999999999.0.0"', '"1.2.3:semver"', '"-1.0.0"', '"3|1"', '"0|0"', '"|"', '"1e9|1"',
		'"2024-02-30T25:61:00Z"', '"2024-01-01"', '"2024-01-01T00:00:00.000000000001+99:99"', '"infinity"', '"-4713-01-01T00:00:00Z"', '"294277-01-01T00:00:00Z"', '1e18', '-1e18',
		'"10.0.0.0/8"', '"::ffff:1.2.3.4/200"', '"1.2.3"', '"\ud83d\ude00\u200d\u0301\uffff"', '"ß"', '"İ"', '"{"', '"[1]"', '"[\"a\", 1"',
		'[]', '{}', '[[]]', '[null]', '{"": {}}', '{"$ref": "e"}', '{"var": ""}', '{"kind": "multi"}', '{"$not": {}}', '{"key": "a"}', 'null', 'true', 'false']) c (choices) $$;

-- The same document with other things, or nothing, in some of its places.
CREATE FUNCTION fuzz.spoil(format text, document jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	place fuzz.places;
	other fuzz.places;
	choice float8;
	many int;
	chosen int;
BEGIN
	SELECT p.places INTO many FROM fuzz.places p WHERE p.format = spoil.format AND p.n = 1;
	FOR i IN 1 .. floor(random() * random() * 9) LOOP
		chosen := 1 + floor(random() * many);
		SELECT * INTO other FROM fuzz.places p WHERE p.format = spoil.format AND p.n = chosen;
		chosen := 1 + floor(random() * many);
		SELECT * INTO place FROM fuzz.places p WHERE p.format = spoil.format AND p.n = chosen;
		choice := random();
		document := CASE
			WHEN choice < 0.15 THEN document #- place.path
			WHEN choice < 0.6 THEN jsonb_set(document, place.path, fuzz.nasty())
			WHEN choice < 0.8 THEN jsonb_set(document, place.path, other.value)
			WHEN choice < 0.9 THEN jsonb_set(document, place.path || other.path[cardinality(other.path):], CASE WHEN random() < 0.5 THEN other.value ELSE fuzz.nasty() END)
			WHEN jsonb_typeof(document #> place.path) IN ('array', 'object') THEN jsonb_set(document, place.path, (document #> place.path) || (document #> place.path))
			ELSE jsonb_set(document, place.path, jsonb_build_array(place.value)) END;
	END LOOP;
	RETURN document;
EXCEPTION WHEN OTHERS THEN
	-- Not every change can be made at every place.
	RETURN document;
END $$;

CREATE FUNCTION fuzz.context() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	context jsonb := (ARRAY[
		'{"targetingKey": "u", "id": "u", "userId": "u", "plan": "pro", "mail": "a@x", "n": 5, "v": "1.2.4", "arr": ["z", 1, null, {"a": 1}], "a": {"b": 2}, "properties": {"k": "w"}, "sessionId": 7, "remoteAddress": "10.1.2.3"}',
		'{"kind": "multi", "user": {"key": "u", "mail": "ab@x", "a": {"b": 2}, "_meta": {"privateAttributes": ["mail"]}}, "org": {"key": "7", "n": 3}}',
		'{"key": "u", "custom": {"mail": "a@x", "n": [1, 5]}, "anonymous": true}', '{"kind": "org", "key": "7"}',
		'{"identity": {"identifier": "u", "key": "k", "traits": {"plan": "pro", "n": 4, "v": "1.3.0"}}, "environment": {"key": "e", "name": "n"}, "segments": {}, "features": {}}',
		'{"attributes": {"id": "u", "plan": "pro"}, "forcedVariations": {"exp": 1}, "stickyBucketAssignmentDocs": {"id||u": {"attributeName": "id", "attributeValue": "u", "assignments": {"exp__0": "k0"}}}, "url": "http://x/?exp=1"}',
		'{}'])[1 + floor(random() * 7)::int];
	name text;
BEGIN
	IF random() < 0.1 THEN
		RETURN CASE WHEN random() < 0.1 THEN NULL ELSE fuzz.nasty() END;
	END IF;
	FOR name IN SELECT key FROM jsonb_each(context) WHERE random() < 0.15 LOOP
		context := jsonb_set(context, ARRAY[name], fuzz.nasty());
	END LOOP;
	RETURN context;
END $$;

-- One document: what went wrong with it, a row each.  The same seed gives the
-- same document.
CREATE FUNCTION fuzz.document(seed float8) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	format text;
	document jsonb;
	context jsonb;
	flag text;
	options jsonb;
	step text;
	start timestamptz := clock_timestamp();
BEGIN
	PERFORM setseed(seed);
	SELECT d.format, fuzz.spoil(d.format, d.document) INTO format, document FROM fuzz.documents d ORDER BY random() LIMIT 1;
	IF random() < 0.05 THEN
		SELECT d.format INTO format FROM fuzz.documents d ORDER BY random() LIMIT 1;
	END IF;
	IF random() < 0.02 THEN
		document := NULL;
	END IF;
	context := fuzz.context();
	flag := fuzz.pick('a', 'a', 'b', 'c', '', 'none');
	options := '{}';
	IF random() < 0.4 THEN
		options := jsonb_build_object('value_type', fuzz.pick('any', 'boolean', 'string', 'integer', 'float', 'object'),
			'fractional', fuzz.pick('v1', 'v2', 'v3'), 'hash_encoding', fuzz.pick('utf8', 'utf16-low', 'utf16-units'), 'bucket_precision', fuzz.pick('double', 'single'),
			'as_of', fuzz.pick('2026-01-01', 'infinity', '-infinity', '4713-01-01 BC', '294276-12-31'));
	END IF;
	FOREACH step IN ARRAY ARRAY['evaluate', 'try', 'import'] LOOP
		BEGIN
			IF step = 'evaluate' THEN
				PERFORM * FROM wishflags.flag_eval_document(format, document, flag, context, fuzz.nasty(), options);
			ELSIF step = 'try' THEN
				PERFORM * FROM wishflags.flag_import(format, document, '{"dry_run": true}');
			ELSIF random() < 0.3 THEN
				PERFORM * FROM wishflags.flag_import(format, document, '{"on_conflict": "replace"}');
				PERFORM wishflags.flag_eval(key, context), wishflags.flag_variant(key, 'u'), wishflags.flag_value(key, context, '1'), wishflags.flag_explain(key, context)
				FROM wishflags.flags;
				PERFORM * FROM wishflags.flag_eval_all(context);
				IF EXISTS (SELECT FROM wishflags.flags WHERE dialect = format) THEN
					PERFORM wishflags.flag_export(format);
				END IF;
				RAISE SQLSTATE 'UE000';
			END IF;
		EXCEPTION WHEN SQLSTATE 'UE000' THEN
			NULL;
		WHEN OTHERS THEN
			IF step = 'evaluate' OR SQLSTATE <> (CASE WHEN document IS NULL THEN '22004' ELSE '22023' END) THEN
				RETURN NEXT format('seed %s, %s %s %s: %s %s, %s, %s', seed, step, format, flag, SQLSTATE, SQLERRM, context, document);
			END IF;
		END;
	END LOOP;
	IF clock_timestamp() - start > '20 s' THEN
		RETURN NEXT format('seed %s, %s took %s: %s, %s', seed, format, clock_timestamp() - start, context, document);
	END IF;
END $$;
