-- Overrides for all keys of a query, what contradicts, what is over; and thousands.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;
SELECT flag_create('beta', enabled => true, rollout => 0);
SELECT flag_create('limit', enabled => true, definition => '{"variants": {"low": 10, "high": 100}, "default": "low"}');
CREATE TABLE public.customers (id bigint PRIMARY KEY, organization text, paid numeric);
INSERT INTO public.customers SELECT n, 'org-' || n % 3, n * 10 FROM generate_series(1, 30) n;

SELECT * FROM flag_override_set_all('beta', 'SELECT id FROM public.customers WHERE paid > 200');
SELECT * FROM flag_override_set_all('beta', 'SELECT id FROM public.customers WHERE paid > 200', '{"variant": "on"}');
SELECT * FROM flag_override_set_all('beta', 'SELECT id FROM public.customers WHERE paid > 180', '{"variant": "on"}');
SELECT * FROM flag_override_set_all('beta', 'SELECT id FROM public.customers WHERE paid > 280', '{"deny": true, "note": "too late"}');
SELECT count(*) FILTER (WHERE flag_eval('beta', id)) AS "on", count(*) FROM public.customers;
SELECT * FROM flag_override_set_all('beta', 'SELECT id FROM public.customers WHERE paid > 280', '{"deny": true, "note": "too late", "replace": true}');
SELECT count(*) FILTER (WHERE flag_eval('beta', id)) AS "on", count(*) FROM public.customers;
-- Columns say what the options do not.
SELECT * FROM flag_override_set_all('limit', $$SELECT DISTINCT organization AS key, 'organization' AS kind, 1000 AS value FROM public.customers$$, '{"note": "they asked"}');
SELECT flag, context_kind, key, value, note FROM flag_overrides WHERE flag = 'limit' ORDER BY key;
SELECT flag_value('limit', '{"organization": "org-2"}'::jsonb, 'null');
-- Rows that contradict each other, and keys that are not there.
SELECT * FROM flag_override_set_all('limit', $$VALUES ('a', 'low'), ('a', 'high'), ('a', 'low'), ('b', 'high'), (NULL, 'low')$$);
SELECT * FROM flag_override_set_all('limit', $$SELECT * FROM (VALUES ('a', 'low'), ('a', 'high'), ('a', 'low'), ('b', 'high'), (NULL, 'low')) v (key, variant)$$);
SELECT key, variant FROM flag_overrides WHERE context_kind = 'user' AND flag = 'limit' ORDER BY key;

-- A query reads, and is one.
SELECT * FROM flag_override_set_all('beta', 'DELETE FROM public.customers RETURNING id', '{"variant": "on"}');
SELECT * FROM flag_override_set_all('beta', 'SELECT 1 AS key) AS q; DELETE FROM public.customers; SELECT * FROM (SELECT 2 AS key', '{"variant": "on"}');
SELECT * FROM flag_override_set_all('beta', 'WITH gone AS (DELETE FROM public.customers RETURNING id) SELECT id FROM gone', '{"variant": "on"}');
SELECT * FROM flag_override_set_all('beta', '', '{"variant": "on"}');
SELECT * FROM flag_override_set_all('beta', 'SELECT ''with-a-semicolon'' AS key; ', '{"variant": "on"}');
SELECT * FROM flag_override_set_all('beta', 'SELECT id, paid FROM public.customers', '{"variant": "on"}');
SELECT * FROM flag_override_set_all('beta', 'SELECT variant FROM flag_overrides', '{"variant": "on", "reeplace": true}');
SELECT * FROM flag_override_set_all('beta', $$SELECT 'u' AS kind, 'on' AS variant$$);
SELECT * FROM flag_override_set_all('nowhere', 'SELECT 1', '{"variant": "on"}');
SELECT * FROM flag_override_set_all('beta', 'SELECT 1', '{"variant": "blue"}');
SELECT * FROM flag_override_set_all('beta', NULL);
SELECT * FROM flag_override_set_all('beta', $$SELECT 1 AS key, 'not a time' AS expires_at$$, '{"variant": "on"}');
SELECT count(*) FROM public.customers;

-- As the caller: a role sees what it may see, and writes what it may write.
CREATE ROLE wf_targeting;
GRANT USAGE ON SCHEMA wishflags TO wf_targeting;
GRANT EXECUTE ON FUNCTION flag_override_set_all TO wf_targeting;
SET ROLE wf_targeting;
SELECT * FROM flag_override_set_all('beta', 'SELECT id FROM public.customers', '{"variant": "on"}');
SELECT * FROM flag_override_set_all('beta', 'SELECT 1', '{"variant": "on"}');
RESET ROLE;
GRANT SELECT, INSERT, UPDATE ON flag_overrides TO wf_targeting;
SET ROLE wf_targeting;
SELECT * FROM flag_override_set_all('beta', 'SELECT 1', '{"variant": "on"}');
RESET ROLE;

-- A role of version 0.1.0, which may set the variant and no more.
CREATE ROLE wf_narrow;
GRANT USAGE ON SCHEMA wishflags TO wf_narrow;
GRANT EXECUTE ON FUNCTION flag_override_set(text, text, text), flag_override_set(text, text, jsonb) TO wf_narrow;
GRANT SELECT, INSERT (flag, key, variant), UPDATE (variant) ON flag_overrides TO wf_narrow;
SET ROLE wf_narrow;
SELECT flag_override_set('beta', 'narrow', 'on'), flag_override_set('beta', 'narrow', 'off'), flag_override_set('beta', '30', 'on');
SELECT flag_override_set('beta', 'narrow', '{"deny": true}'::jsonb);
RESET ROLE;
SELECT key, variant, deny FROM flag_overrides WHERE key IN ('narrow', '30') ORDER BY key;

-- What does not serve what it says.
SELECT flag_override_set('limit', 'org-1', '{"variant": "low"}'::jsonb), flag_override_set('limit', 'org-1', '{"kind": "team", "deny": true}'::jsonb);
UPDATE flag_overrides SET expires_at = statement_timestamp() WHERE key = 'b';
ALTER TABLE flag_overrides DISABLE TRIGGER flag_overrides_check;
-- As a replica may have them.
INSERT INTO flag_overrides (flag, key, variant, created_at) VALUES ('limit', 'c', 'gone', now()), ('lost', 'c', 'on', now());
INSERT INTO flag_overrides (flag, key, value, created_at) VALUES ('limit', 'd', '"text"', now());
ALTER TABLE flag_overrides ENABLE TRIGGER flag_overrides_check;
SELECT * FROM flag_override_conflicts('limit');
SELECT flag, key, problem FROM flag_override_conflicts() WHERE flag <> 'limit';
SELECT flag_archive('beta');
SELECT problem, count(*) FROM flag_override_conflicts('beta') GROUP BY 1;
SELECT flag_override_prune('limit', '1 hour'), flag_override_prune('limit'), flag_override_prune();
SELECT count(*) FROM flag_override_conflicts('limit') WHERE problem = 'expired';
SELECT flag_override_problem(NULL);

-- Thousands: most are kept packed, and what changes beside them.
DELETE FROM flags;
DELETE FROM flag_overrides;
SELECT flag_create('many', enabled => true, rollout => 0), flag_create('other', enabled => true, rollout => 0);
INSERT INTO flag_overrides (flag, context_kind, key, variant)
SELECT CASE n % 5 WHEN 0 THEN 'other' ELSE 'many' END, CASE n % 7 WHEN 0 THEN 'team' ELSE 'user' END, n, CASE n % 2 WHEN 0 THEN 'on' ELSE 'off' END FROM generate_series(1, 20000) n;
VACUUM flag_overrides;
-- Compares what is served with what the table says, for all keys.
CREATE FUNCTION public.differing() RETURNS bigint LANGUAGE sql VOLATILE AS $$
	SELECT count(*) FROM generate_series(1, 21000) n, unnest('{many,other}'::text[]) flag, unnest('{user,team}'::text[]) kind
	LEFT JOIN LATERAL (SELECT (o.variant IS NOT DISTINCT FROM 'on') AS "on" FROM wishflags.flag_overrides o
		WHERE o.flag = flag.flag AND o.context_kind = kind.kind AND o.key = n::text AND coalesce(o.expires_at > now(), true)) o ON true
	WHERE wishflags.flag_eval(flag, jsonb_build_object(CASE kind.kind WHEN 'user' THEN 'targetingKey' ELSE kind.kind END, n)) IS DISTINCT FROM coalesce(o."on", false) $$;
SELECT public.differing();
UPDATE flag_overrides SET variant = CASE variant WHEN 'on' THEN 'off' ELSE 'on' END WHERE key IN ('7', '77', '4711', '19999');
SELECT public.differing();
BEGIN;
DELETE FROM flag_overrides WHERE key::int % 50 = 0;
SELECT public.differing();
SAVEPOINT s;
UPDATE flag_overrides SET deny = true WHERE key::int % 40 = 1;
INSERT INTO flag_overrides (flag, key, variant) SELECT 'other', n, 'on' FROM generate_series(20001, 20300) n;
SELECT public.differing();
ROLLBACK TO s;
SELECT public.differing();
COMMIT;
SELECT public.differing();
VACUUM flag_overrides;
-- Rows come into the places of others.
INSERT INTO flag_overrides (flag, key, variant) SELECT 'many', n, 'on' FROM generate_series(20001, 20400) n;
SELECT public.differing();
-- More than are kept beside.
UPDATE flag_overrides SET variant = 'on' WHERE key::int % 3 = 0;
SELECT public.differing();
UPDATE flag_overrides SET expires_at = statement_timestamp() WHERE key::int % 1000 = 3;
SELECT public.differing();
VACUUM (FULL) flag_overrides;
SELECT public.differing();
DELETE FROM flag_overrides WHERE key::int > 900;
SELECT public.differing();
TRUNCATE flag_overrides;
SELECT public.differing();
SELECT * FROM audit_verify();

DROP FUNCTION public.differing();
DROP TABLE public.customers;
DELETE FROM flags;
REVOKE ALL ON flag_overrides FROM wf_targeting, wf_narrow;
DROP OWNED BY wf_targeting, wf_narrow;
DROP ROLE wf_targeting, wf_narrow;
