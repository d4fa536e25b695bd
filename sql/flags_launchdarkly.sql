-- Flags of LaunchDarkly: a document of its server-side clients.
CREATE TABLE documents (name text PRIMARY KEY, document jsonb);
INSERT INTO documents VALUES ('shop', '{
  "flags": {
    "checkout": {"key": "checkout", "version": 7, "on": true, "salt": "a1", "variations": ["old", "new", "beta"], "offVariation": 0,
      "prerequisites": [{"key": "shop", "variation": 0}],
      "targets": [{"variation": 2, "values": ["ann", "bob"]}],
      "contextTargets": [{"contextKind": "org", "variation": 1, "values": ["acme"]}, {"contextKind": "user", "variation": 2, "values": []}],
      "rules": [
        {"id": "r-pro", "variation": 1, "clauses": [{"contextKind": "user", "attribute": "/account/plan", "op": "in", "values": ["pro", "max"]}]},
        {"id": "r-app", "variation": 2, "clauses": [{"contextKind": "device", "attribute": "app", "op": "semVerGreaterThan", "values": ["2"]},
                                                   {"attribute": "since", "op": "before", "values": ["2024-01-01T00:00:00Z"], "negate": true}]},
        {"id": "r-staff", "variation": 1, "clauses": [{"attribute": "", "op": "segmentMatch", "values": ["staff", "nobody"]}]}],
      "fallthrough": {"rollout": {"kind": "experiment", "seed": 61, "variations":
        [{"variation": 0, "weight": 9801}, {"variation": 1, "weight": 10, "untracked": true}, {"variation": 2, "weight": 90189}]}}},
    "shop": {"key": "shop", "on": true, "variations": [true, false], "offVariation": 1, "fallthrough": {"variation": 0},
      "rules": [{"variation": 1, "clauses": [{"attribute": "country", "op": "in", "values": ["aq"]}]}]},
    "closed": {"key": "closed", "on": false, "variations": [1, 2], "offVariation": 1, "fallthrough": {"variation": 0}},
    "silent": {"key": "silent", "on": false, "variations": [1], "fallthrough": {"variation": 0}},
    "broken": {"key": "broken", "on": true, "variations": [1], "fallthrough": {"variation": 3}},
    "odd": {"key": "odd", "on": true, "variations": [1], "fallthrough": {"variation": 0},
      "rules": [{"variation": 0, "clauses": [{"contextKind": "user", "attribute": "//", "op": "in", "values": ["x"]}]}]},
    "circle": {"key": "circle", "on": true, "variations": [1], "fallthrough": {"variation": 0}, "prerequisites": [{"key": "circle", "variation": 0}]},
    "members": {"key": "members", "on": true, "variations": ["out", "in"], "fallthrough": {"variation": 0},
      "rules": [{"id": "r-big", "variation": 1, "clauses": [{"attribute": "", "op": "segmentMatch", "values": ["big"]}]}]},
    "after": {"key": "after", "on": true, "variations": [1, 2], "offVariation": 1, "fallthrough": {"variation": 0}, "prerequisites": [{"key": "members", "variation": 0}]},
    "unfilled": {"key": "unfilled", "on": true, "variations": ["out", "in"], "fallthrough": {"variation": 5},
      "rules": [{"variation": 1, "clauses": [{"attribute": "", "op": "segmentMatch", "values": ["empty"]}]}]},
    "gone": {"key": "gone", "version": 9, "deleted": true}},
  "segments": {
    "staff": {"key": "staff", "salt": "s", "included": ["eve"], "excluded": ["mallory"], "includedContexts": [{"contextKind": "device", "values": ["kiosk"]}],
      "rules": [{"clauses": [{"attribute": "email", "op": "endsWith", "values": ["@shop.example"]}], "weight": 50000, "bucketBy": "email"}]},
    "big": {"key": "big", "unbounded": true, "generation": 3, "rules": [{"clauses": [{"contextKind": "user", "attribute": "pro", "op": "in", "values": [true]}]}]},
    "empty": {"key": "empty", "unbounded": true, "rules": [{"clauses": []}]}}}');

CREATE FUNCTION run(flag text, context jsonb, options jsonb DEFAULT '{}') RETURNS TABLE (vendor jsonb, variant text, enabled boolean, reason text, error text, rule text)
  BEGIN ATOMIC
    SELECT e.vendor, e.variant, e.enabled, e.reason, e.error_code, e.rule
      FROM documents, wishflags.flag_eval_document('launchdarkly', document, run.flag, run.context, '"none"', options) AS e;
  END;

-- Targets of users and of other kinds, rules, an experiment.
SELECT * FROM run('checkout', '{"kind": "user", "key": "ann"}');
SELECT * FROM run('checkout', '{"kind": "multi", "user": {"key": "ann"}, "org": {"key": "acme"}}');
SELECT * FROM run('checkout', '{"kind": "user", "key": "cid", "account": {"plan": "pro"}}');
SELECT * FROM run('checkout', '{"kind": "multi", "user": {"key": "dan", "since": 1767225600000}, "device": {"key": "d1", "app": "2.0.1-rc.1"}}');
SELECT * FROM run('checkout', '{"kind": "user", "key": "userKeyA"}');
SELECT * FROM run('checkout', '{"kind": "user", "key": "userKeyC"}');

-- Segments.
SELECT key, r.vendor -> 'reason' AS reason
  FROM unnest('{eve,mallory,lea@shop.example,max@shop.example}'::text[]) AS key,
       run('checkout', jsonb_build_object('kind', 'user', 'key', key, 'email', key)) AS r;
SELECT vendor -> 'reason' AS reason FROM run('checkout', '{"kind": "device", "key": "kiosk"}');

-- Segments whose members are kept elsewhere: results that asked one say so.
SELECT flag, context, r.vendor ->> 'value' AS value, r.vendor -> 'reason' AS reason, r.error
  FROM unnest('{members,after,unfilled}'::text[]) AS flag,
       unnest('{"{\"key\": \"a\", \"kind\": \"user\", \"pro\": true}", "{\"key\": \"b\", \"kind\": \"user\"}", "{\"key\": \"c\", \"kind\": \"org\"}"}'::jsonb[]) AS context, run(flag, context) AS r;

-- Old-style users, contexts as OpenFeature has them.
SELECT vendor -> 'reason' AS reason FROM run('checkout', '{"key": "cid", "custom": {"account": {"plan": "pro"}}}');
SELECT vendor -> 'reason' AS reason FROM run('checkout', '{"key": "cid", "account": {"plan": "pro"}}');
SELECT vendor -> 'reason' AS reason FROM run('checkout', '{"targetingKey": "cid", "account": {"plan": "pro"}}');
SELECT vendor -> 'reason' AS reason FROM run('checkout', '{"targetingKey": "ann"}');

-- A prerequisite, off, and what is wrong.
SELECT * FROM run('checkout', '{"key": "ann", "country": "aq"}');
SELECT flag, r.* FROM unnest('{closed,silent,broken,odd,circle,gone,unknown}'::text[]) AS flag, run(flag, '{"key": "ann"}') AS r;
SELECT * FROM run('shop', '{"key": "ann"}', '{"value_type": "string"}');
SELECT c AS context, r.vendor ->> 'value' AS value, r.error
  FROM unnest('{"{}", "{\"key\": 5}", "{\"kind\": \"user\", \"key\": \"\"}", "{\"kind\": \"bad kind\", \"key\": \"a\"}", "{\"kind\": \"multi\"}",
                "{\"kind\": \"multi\", \"org\": {\"name\": \"x\"}}", "{\"kind\": \"multi\", \"org\": []}", "null", "[]"}'::jsonb[]) AS c, run('shop', c) AS r;

-- Single precision is what some clients count in.
SELECT vendor ->> 'value' AS value FROM run('checkout', '{"key": "userKeyA"}', '{"bucket_precision": "single"}');

-- Kept, and given out again.
SELECT i.* FROM documents, wishflags.flag_import('launchdarkly', document) AS i;
SELECT wishflags.flag_eval('checkout', 'cid'), wishflags.flag_variant('checkout', 'ann'), wishflags.flag_value('closed', 'ann', '0'), wishflags.flag_eval('shop', 'ann');
SELECT wishflags.flag_explain('checkout', '{"key": "ann"}');
SELECT wishflags.flag_export('launchdarkly') = document #- '{flags,circle}' AS same FROM documents;
SELECT wishflags.flag_enable('closed');
SELECT wishflags.flag_export('launchdarkly', '{closed}') -> 'flags' AS flags;

-- Other shapes: the stream's, a file's, the REST API's.
CREATE FUNCTION list(document jsonb) RETURNS TABLE (item text, name text, action text, message text)
  BEGIN ATOMIC SELECT * FROM wishflags.flag_import('launchdarkly', document, '{"dry_run": true, "name": "x", "on_conflict": "skip"}'); END;
SELECT * FROM list('{"path": "/", "data": {"flags": {"a": {"on": true, "variations": [true], "fallthrough": {"variation": 0}}}, "segments": {}}}');
SELECT * FROM list('{"path": "/flags/b", "data": {"key": "b", "on": false}}');
SELECT * FROM list('{"flagValues": {"c": "red", "d": 2}}');
SELECT vendor FROM wishflags.flag_eval_document('launchdarkly', '{"flagValues": {"c": "red", "d": 2}}', 'c', '{"key": "u"}');
SELECT key, e.value, e.metadata, e.vendor -> 'reason' AS reason FROM unnest('{u1,u2,u3}'::text[]) AS key, wishflags.flag_eval_document('launchdarkly', '{
  "items": [{"key": "e", "kind": "multivariate", "_version": 4, "archived": false, "tags": ["web"], "variations": [{"_id": "1", "value": "x", "name": "X"}, {"_id": "2", "value": "y"}],
    "environments": {"test": {"on": false}, "production": {"on": true, "salt": "z", "targets": [{"variation": 1, "values": ["u1"]}],
      "contextTargets": [{"contextKind": "org", "variation": 1, "values": ["o1"]}], "rules": [{"_id": "77", "variation": 1, "clauses": [{"contextKind": "user", "attribute": "key", "op": "in", "values": ["u2"]}]}],
      "fallthrough": {"variation": 0}, "offVariation": 1}}}]}', 'e', jsonb_build_object('key', key)) AS e;

-- Documents that are none.
SELECT d AS document, e.error_code, e.metadata ->> 'errorDetails' AS details
  FROM unnest('{"[]", "{}", "{\"features\": {}}", "{\"flags\": []}", "{\"flags\": {\"a\": 1}}", "{\"flags\": {\"a\": {\"state\": \"ENABLED\", \"variants\": {}}}}",
                "{\"segments\": {\"s\": {\"rules\": [{\"clauses\": {}}]}}}", "{\"path\": \"/x\", \"data\": {}}", "{\"items\": [{\"key\": \"a\", \"environments\": {\"e\": {\"on\": true}}}]}",
                "{\"flags\": {\"f\": {\"rules\": [{\"clauses\": [{\"attribute\": 1}]}]}}}", "{\"flags\": {\"f\": {\"targets\": [{\"values\": [1]}]}}}"}'::jsonb[]) AS d,
       wishflags.flag_eval_document('launchdarkly', d, 'f', '{"key": "u"}') AS e;

DELETE FROM wishflags.flags;
DELETE FROM wishflags.flag_documents;
DROP FUNCTION list, run;
DROP TABLE documents;
