-- Flags as they were: evaluation as of a time or a version.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS wishflags;
SET search_path = wishflags, public;
\set SHOW_CONTEXT never
BEGIN;
SET LOCAL session_replication_role = replica;
TRUNCATE flag_audit, flags, flag_overrides, segments, flag_documents;
COMMIT;

CREATE FUNCTION pg_temp.explain(flag text, key text, options jsonb DEFAULT '{}', OUT variant text, OUT reason text, OUT error_code text)
LANGUAGE sql AS $$ SELECT e.variant, e.reason, e.error_code FROM wishflags.flag_explain(flag, jsonb_build_object('targetingKey', key), NULL, options) e $$;

SELECT clock_timestamp() AS before \gset
SELECT segment_define('staff', '{"included": ["user-1"]}');
SELECT flag_create('base', enabled => true);
SELECT flag_create('past', definition => '{"variants": {"a": 1, "b": 2}, "default": "a", "rules": [{"when": {"segment": "staff"}, "serve": "b"}]}', enabled => true);
SELECT flag_override_set('past', 'user-9', 'b');
SELECT clock_timestamp() AS first \gset
SELECT segment_define('staff', '{"included": ["user-2"]}');
SELECT clock_timestamp() AS second \gset
SELECT flag_define('past', '{"variants": {"a": 1, "b": 2, "c": 3}, "default": "c", "requires": [{"flag": "base"}]}');
SELECT flag_override_set('past', 'user-9', 'a');
SELECT clock_timestamp() AS third \gset
SELECT flag_disable('base');
SELECT clock_timestamp() AS fourth \gset
SELECT flag_override_unset('past', 'user-9');
DELETE FROM flags WHERE key = 'past';
SELECT clock_timestamp() AS fifth \gset

SELECT name, key, e.*
FROM (VALUES (1, 'before', :'before'), (2, 'first', :'first'), (3, 'second', :'second'), (4, 'third', :'third'), (5, 'fourth', :'fourth'), (6, 'fifth', :'fifth'),
	(7, 'infinity', 'infinity')) t (n, name, at),
	unnest(ARRAY['user-1', 'user-2', 'user-9']) key, pg_temp.explain('past', key, jsonb_build_object('as_of', at)) e
ORDER BY n, key;

-- A version, with the others as they were when it was made.
SELECT v, key, e.* FROM generate_series(1, 2) v, unnest(ARRAY['user-1', 'user-2', 'user-9']) key,
	pg_temp.explain('past', key, jsonb_build_object('version', v)) e ORDER BY v, key;
-- Or as they were at another time, and now.
SELECT * FROM pg_temp.explain('past', 'user-1', jsonb_build_object('version', 2, 'as_of', :'third'));
SELECT * FROM pg_temp.explain('past', 'user-1', jsonb_build_object('version', 2, 'as_of', :'fourth'));
SELECT * FROM pg_temp.explain('past', 'user-2', jsonb_build_object('version', 1, 'as_of', 'now'));

-- All of them.
SELECT flag, variant, reason FROM flag_eval_all('{"targetingKey": "user-1"}', jsonb_build_object('as_of', :'before'));
SELECT flag, variant, reason FROM flag_eval_all('{"targetingKey": "user-1"}', jsonb_build_object('as_of', :'first'));
SELECT flag, variant, reason FROM flag_eval_all('{"targetingKey": "user-1"}', jsonb_build_object('as_of', :'fifth'));
SELECT flag FROM flag_eval_all('{}', '{"version": 1}');

-- The clock alone: what there is now, at another time.
SELECT flag_create('window', definition => '{"window": {"from": "2026-03-01T00:00:00Z"}}', enabled => true);
SELECT at, variant FROM unnest(ARRAY['2026-02-28 23:59:59Z', '2026-03-01Z']) at, pg_temp.explain('window', 'x', jsonb_build_object('clock', at)) ORDER BY at;
SELECT * FROM pg_temp.explain('window', 'x', '{"as_of": "2026-03-01Z"}');
SELECT * FROM pg_temp.explain('window', 'x', '{"version": 1, "clock": "2026-02-28Z"}');
-- Expiry and archive, as they were.
SELECT flag_archive('window');
SELECT * FROM pg_temp.explain('window', 'x');
SELECT * FROM pg_temp.explain('window', 'x', '{"version": 1}');
SELECT * FROM pg_temp.explain('window', 'x', '{"version": 2}');
SELECT flag FROM flag_eval_all('{}', '{"as_of": "infinity"}');

-- What another system's document said.
SELECT flag_import('flagd', '{"flags": {"imported": {"state": "ENABLED", "variants": {"x": 1, "y": 2}, "defaultVariant": "x"}}}', '{"name": "doc"}');
SELECT clock_timestamp() AS imported \gset
SELECT flag_import('flagd', '{"flags": {"imported": {"state": "ENABLED", "variants": {"x": 1, "y": 2}, "defaultVariant": "y"}}}', '{"name": "doc", "on_conflict": "replace"}');
SELECT * FROM pg_temp.explain('imported', 'u');
SELECT * FROM pg_temp.explain('imported', 'u', jsonb_build_object('as_of', :'imported'));
SELECT vendor FROM flag_explain('imported', '{}', options => '{"version": 1}');

-- Keys in a table or of a query have no history: they are looked up as they are now,
-- and metadata tells of which segments that is so.
CREATE TABLE public.members (id text PRIMARY KEY);
SELECT segment_define('table', '{"table": "public.members", "column": "id"}'), segment_define('query', '{"query": "SELECT id FROM public.members"}');
SELECT flag_create('kept', enabled => true, definition => '{"metadata": {"owner": "us"}, "default": "off", "rules": [
	{"when": {"segment": "staff"}, "serve": "on"}, {"when": {"segment": "query"}, "serve": "on"}, {"when": {"segment": "table"}, "serve": "on"}]}'),
	flag_create('above', enabled => true, definition => '{"requires": [{"flag": "kept"}]}');
SELECT segment_refresh('query');
SELECT clock_timestamp() AS kept \gset
INSERT INTO public.members VALUES ('user-5');
SELECT f.flag, e.variant, e.reason, e.metadata FROM unnest(ARRAY['above', 'kept']) f (flag),
	flag_explain(f.flag, '{"targetingKey": "user-5"}', options => jsonb_build_object('as_of', :'kept')) e ORDER BY 1;
SELECT variant, metadata FROM flag_explain('kept', '{"targetingKey": "user-2"}', options => jsonb_build_object('as_of', :'kept'));
SELECT flag, metadata FROM flag_eval_all('{"targetingKey": "user-6"}', jsonb_build_object('as_of', :'kept')) WHERE flag IN ('above', 'base', 'kept');
-- The query was run again, or given anew.
SELECT segment_refresh('query');
SELECT variant, metadata FROM flag_explain('kept', '{"targetingKey": "user-6"}', options => jsonb_build_object('as_of', :'kept'));
SELECT segment_define('query', '{"query": "SELECT id FROM public.members LIMIT 0"}');
SELECT variant, metadata FROM flag_explain('kept', '{"targetingKey": "user-6"}', options => jsonb_build_object('as_of', :'kept'));
SELECT variant, metadata FROM flag_explain('kept', '{"targetingKey": "user-6"}', options => '{"version": 1}');
DELETE FROM segments WHERE key = 'query';
SELECT variant, metadata FROM flag_explain('kept', '{"targetingKey": "user-6"}', options => jsonb_build_object('as_of', :'kept'));
-- What is now is as it is.
SELECT variant, metadata FROM flag_explain('kept', '{"targetingKey": "user-5"}');
SELECT variant, metadata FROM flag_explain('kept', '{"targetingKey": "user-5"}', options => '{"version": 1, "as_of": "infinity"}');
DROP TABLE public.members;
SELECT variant, reason, error_code, metadata FROM flag_explain('kept', '{"targetingKey": "user-5"}', options => jsonb_build_object('as_of', :'kept'));

-- Older than the audit: as it is, or as its first change tells.
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO flags (key, enabled, version, created_at, updated_at) VALUES ('old', true, 3, '2020-01-01', '2021-01-01');
INSERT INTO flag_overrides VALUES ('old', 'user-9', 'off', '2020-01-01');
COMMIT;
SELECT at, key, variant FROM unnest(ARRAY['2019-12-31', '2020-01-02']) at, unnest(ARRAY['user-1', 'user-9']) key,
	pg_temp.explain('old', key, jsonb_build_object('as_of', at)) ORDER BY at, key;
SELECT flag_disable('old');
SELECT flag_override_set('old', 'user-9', 'on');
SELECT at, key, variant FROM unnest(ARRAY['2019-12-31', '2020-01-02', 'infinity']) at, unnest(ARRAY['user-1', 'user-9']) key,
	pg_temp.explain('old', key, jsonb_build_object('as_of', at)) ORDER BY at, key;

-- Wrong use.
SELECT * FROM pg_temp.explain('old', 'x', '{"version": 99}');
SELECT * FROM pg_temp.explain('old', 'x', '{"version": -1}');
SELECT * FROM pg_temp.explain('old', 'x', '{"version": "1"}');
SELECT * FROM pg_temp.explain('old', 'x', '{"as_of": "yesterdayish"}');
SELECT * FROM pg_temp.explain(NULL, 'x', '{"version": 1}');
SELECT * FROM pg_temp.explain('never', 'x', '{"as_of": "2020-01-01"}');
-- It is read with the caller's rights.
CREATE ROLE regress_past;
GRANT USAGE ON SCHEMA wishflags TO regress_past;
GRANT EXECUTE ON FUNCTION flag_explain TO regress_past;
SET ROLE regress_past;
SELECT * FROM wishflags.flag_explain('old', '{}', options => '{"as_of": "2020-01-02"}');
SELECT reason FROM wishflags.flag_explain('old', '{}');
RESET ROLE;
DROP OWNED BY regress_past;
DROP ROLE regress_past;
DELETE FROM flags;
DELETE FROM segments;
DELETE FROM flag_documents;
