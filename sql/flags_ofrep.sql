-- OFREP: requests in, answers out.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags, public;
SELECT flag_create('banner', enabled => true, definition => '{
	"variants": {"red": {"colour": "red"}, "blue": {"colour": "blue"}}, "off": "blue", "default": "blue",
	"rules": [{"id": "secret rule", "when": {"attribute": "plan", "equals": "pro"}, "serve": "red"}],
	"metadata": {"team": "web", "since": 2026, "beta": true, "links": ["a", 1], "none": null}}');
SELECT flag_create('half', rollout => 50, enabled => true);
SELECT flag_create('hidden', enabled => true);
SELECT flag_create('nothing', enabled => true, definition => '{"variants": {"a": 1}, "default": "a", "off": null, "by": "org"}', rollout => 0);
UPDATE flags SET client_visible = true WHERE key <> 'hidden';
UPDATE flags SET cache_ttl_seconds = 60 WHERE key = 'half';

SELECT status, jsonb_pretty(headers - 'ETag') AS headers, jsonb_pretty(body) AS body
FROM ofrep_evaluate('banner', '{"context": {"targetingKey": "u1", "plan": "pro"}}');
SELECT key, status, body FROM unnest(ARRAY['banner', 'half', 'hidden', 'nothing', 'no such flag', NULL]) key,
	ofrep_evaluate(key, '{"context": {"targetingKey": "u1"}}');
-- Requests that are none.
SELECT request, status, body FROM unnest(ARRAY['{}', '{"context": null}', '{"context": []}', '{"context": "u1"}', '[]', '1', 'null', NULL]::jsonb[]) request,
	ofrep_evaluate('half', request);
SELECT status, headers, body FROM ofrep_evaluate('half', '[]');

-- All at once, but for flags that are not meant for clients; no rule shows.
SELECT status, headers ->> 'Cache-Control' AS cache, jsonb_pretty(body) AS body
FROM ofrep_evaluate_all('{"context": {"targetingKey": "u1", "plan": "pro"}}');
SELECT status, body FROM ofrep_evaluate_all('{"context": 7}');
-- A tag stays while the answer does.
SELECT headers ->> 'ETag' AS tag FROM ofrep_evaluate_all('{"context": {"targetingKey": "u1"}}') \gset
SELECT replace(candidate, :'tag', 'TAG') AS if_none_match, status, headers ->> 'ETag' = :'tag' AS same, body IS NULL AS empty
FROM unnest(ARRAY[:'tag', 'W/' || :'tag', '"x", ' || :'tag' || ' ,"y"', '*', '"x"', :'tag' || 'x', '', ',,', NULL]) candidate,
	ofrep_evaluate_all('{"context": {"targetingKey": "u1"}}', candidate);
SELECT count(*) FROM ofrep_evaluate_all('{"context": {"targetingKey": "u1", "plan": "pro"}}', :'tag') WHERE status = 200;
SELECT flag_disable('half');
SELECT status FROM ofrep_evaluate_all('{"context": {"targetingKey": "u1"}}', :'tag');

-- What a bridge sends on when it is notified.
SELECT ofrep_event('"a"') ~ '^data: \{"etag": "\\"a\\"", "type": "refetchEvaluation", "lastModified": \d+\}\n\n$';

-- The context of a PostgREST request.
SET wishflags.context_source = 'request.jwt.claims';
SELECT flag_value('banner', '0'::jsonb), flag_eval('half');
SET request.jwt.claims = '{"sub": "u1", "plan": "pro", "role": "web"}';
SELECT flag_value('banner', '0'::jsonb), flag_eval('half');
SET request.jwt.claims = '{"targetingKey": "u5", "sub": "u1"}';
SELECT flag_value('banner', '0'::jsonb), flag_eval('half'), flag_eval('half', 'u5');
SET request.jwt.claims = 'no json';
SELECT flag_value('banner', '0'::jsonb);
SET wishflags.context = '{"plan": "pro"}';
SELECT flag_value('banner', '0'::jsonb);

DELETE FROM flags;
