-- The kinds of key: literals, parameters, and what they resolve to.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;

SELECT flag_create('gallery', rollout => 50, enabled => true);

-- One user is in the same bucket, whatever the type of the key.
SELECT count(*) AS differ
FROM generate_series(-500, 1000) n,
     LATERAL (SELECT flag_eval('gallery', n::text) AS as_text) t
WHERE as_text <> flag_eval('gallery', n::bigint)
   OR as_text <> flag_eval('gallery', n)
   OR as_text <> flag_eval('gallery', n::smallint)
   OR as_text <> flag_eval('gallery', jsonb_build_object('targetingKey', n::text))
   OR as_text <> flag_eval('gallery', jsonb_build_object('targetingKey', n));
SELECT count(*) AS differ
FROM generate_series(1, 500) n, LATERAL (SELECT md5(n::text)::uuid AS id) u
WHERE flag_eval('gallery', id) <> flag_eval('gallery', id::text);
SELECT flag_eval('gallery', 9223372036854775807) = flag_eval('gallery', '9223372036854775807') AS max,
       flag_eval('gallery', (-9223372036854775808)::bigint) = flag_eval('gallery', '-9223372036854775808') AS min;

-- Literals and parameters without a type are text.
PREPARE evaluate AS SELECT flag_eval('gallery', $1), pg_typeof($1);
EXECUTE evaluate('user-5');
PREPARE evaluate_bigint(bigint) AS SELECT flag_eval('gallery', $1);
EXECUTE evaluate_bigint(7);
PREPARE evaluate_uuid(uuid) AS SELECT flag_eval('gallery', $1);
EXECUTE evaluate_uuid('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11');
PREPARE evaluate_jsonb(jsonb) AS SELECT flag_eval('gallery', $1);
EXECUTE evaluate_jsonb('{"targetingKey": "user-5"}');
PREPARE evaluate_cast AS SELECT flag_eval('gallery', $1::jsonb);
EXECUTE evaluate_cast('{"targetingKey": "user-5"}');
SELECT flag_eval('gallery', 'user-5'::varchar) AS "varchar", flag_eval('gallery', 'user-5'::name) AS "name";

-- JSON in a text key is refused: off, the default, and one warning a session.
EXECUTE evaluate('{"targetingKey": "user-5"}');
EXECUTE evaluate('{');
SELECT flag_value('gallery', '{"targetingKey": "user-5"}', '"default"'),
       flag_variant('gallery', '{"targetingKey": "user-5"}') IS NULL AS no_variant;

-- Without a key a rollout of less than everybody can't be decided.
SELECT flag_eval('gallery', NULL::text) AS "text", flag_eval('gallery', NULL::bigint) AS "bigint",
       flag_eval('gallery', NULL::uuid) AS "uuid", flag_eval('gallery', NULL::jsonb) AS "jsonb",
       flag_eval('gallery', '') AS empty, flag_eval('gallery', '{}'::jsonb) AS no_key;
SELECT flag_rollout('gallery', 100);
SELECT flag_eval('gallery', NULL::text) AS "text", flag_eval('gallery', NULL::bigint) AS "bigint",
       flag_eval('gallery', NULL::uuid) AS "uuid", flag_eval('gallery', NULL::jsonb) AS "jsonb",
       flag_eval('gallery', '') AS empty, flag_eval('gallery', '{}'::jsonb) AS no_key;

-- Not ASCII, long, toasted.
SELECT flag_rollout('gallery', 50);
SELECT key, flag_eval('gallery', key) FROM unnest(ARRAY['é', '日本語', '🎁', 'É']) key;
CREATE TABLE public.long_keys (key text);
INSERT INTO public.long_keys SELECT string_agg(md5(n::text), '') FROM generate_series(1, 1000) n;
SELECT length(key), flag_eval('gallery', key) = flag_eval('gallery', key || '') AS same FROM public.long_keys;
DROP TABLE public.long_keys;

DEALLOCATE ALL;
DELETE FROM flags;
