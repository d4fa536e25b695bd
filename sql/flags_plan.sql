-- What the planner knows of a flag: the share of rows, and the cost.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;

CREATE TABLE public.users AS SELECT n::text AS id, jsonb_build_object('targetingKey', n) AS context FROM generate_series(1, 10000) n;
ANALYZE public.users;

CREATE FUNCTION pg_temp.planned(condition text, OUT rows int, OUT cost numeric) LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) SELECT FROM public.users WHERE ' || condition INTO plan;
	rows := plan -> 0 -> 'Plan' -> 'Plan Rows';
	cost := (plan -> 0 -> 'Plan' -> 'Total Cost')::numeric;
END $$;

SELECT flag_create('gallery', enabled => true);
SELECT rows FROM pg_temp.planned($$ flag_eval('gallery', id) $$);
SELECT flag_rollout('gallery', 10);
SELECT rows FROM pg_temp.planned($$ flag_eval('gallery', id) $$);
SELECT rows FROM pg_temp.planned($$ flag_eval('gallery', context) $$);
SELECT rows FROM pg_temp.planned($$ NOT flag_eval('gallery', id) $$);
SELECT rows FROM pg_temp.planned($$ flag_eval('gal' || 'lery', id) $$);
SELECT flag_rollout('gallery', 0.5);
SELECT rows FROM pg_temp.planned($$ flag_eval('gallery', id) $$);
SELECT flag_disable('gallery');
SELECT rows FROM pg_temp.planned($$ flag_eval('gallery', id) $$);
SELECT rows FROM pg_temp.planned($$ flag_eval('galery', id) $$);
SELECT rows FROM pg_temp.planned($$ flag_eval(NULL, id) $$);
-- A name that is known at run time only: as for any function.
SELECT rows FROM pg_temp.planned($$ flag_eval(id, id) $$);

-- Variants: those that count as on.
SELECT flag_create('theme', enabled => true, rollout => 50, definition => '{
	"variants": {"light": 1, "dark": 2}, "off": "light",
	"default": {"split": [{"variant": "light", "weight": 3}, {"variant": "dark", "weight": 1}]}}');
SELECT rows FROM pg_temp.planned($$ flag_eval('theme', id) $$);

-- More predicates, more cost.
SELECT flag_create('rich', rollout => 0, enabled => true, definition => jsonb_build_object('rules',
	(SELECT jsonb_agg(jsonb_build_object('when', jsonb_build_object('attribute', 'plan', 'equals', n), 'serve', 'on'))
	 FROM generate_series(1, 20) n)));
SELECT rich.cost > simple.cost AS costs_more, rich.cost - simple.cost = 20 * 10000 * 0.0025 AS by_20_operators
FROM pg_temp.planned($$ flag_eval('rich', context) $$) rich, pg_temp.planned($$ flag_eval('theme', context) $$) simple;

DROP TABLE public.users;
DELETE FROM flags;
