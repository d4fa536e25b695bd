-- What a plain flag says, and when.
SET search_path = wishflags;

SELECT flag_create('gallery');
SELECT flag_eval('gallery', 'user-1') AS disabled;
SELECT flag_enable('gallery');
SELECT flag_eval('gallery', 'user-1') AS enabled;

-- A change shows in the next statement.
SELECT flag_rollout('gallery', 0);
SELECT flag_eval('gallery', 'user-1') AS at_0_percent;
SELECT flag_rollout('gallery', 100);
SELECT flag_eval('gallery', 'user-1') AS at_100_percent;

-- Buckets are fixed: they depend on the flag's key and the targeting key only.
SELECT flag_rollout('gallery', 30);
SELECT string_agg(n::text, ' ' ORDER BY n) FROM generate_series(1, 40) n
WHERE flag_eval('gallery', 'user-' || n);
SELECT count(*) FROM generate_series(1, 100000) n WHERE flag_eval('gallery', n::text);
SELECT flag_rollout('gallery', 0.001);
SELECT count(*) FROM generate_series(1, 100000) n WHERE flag_eval('gallery', n::text);

-- What does not exist is off, not NULL.
SELECT flag_eval('nothing', 'user-1') AS unknown, flag_eval('', 'user-1') AS empty,
       flag_eval(NULL, 'user-1') AS "null", flag_eval('Gallery', 'user-1') AS other_case;

-- Keys of several rows, and flags of several rows.
SELECT flag_create('a', enabled => true), flag_create('b'), flag_create(repeat('long', 50), enabled => true);
SELECT left(flag, 8) AS flag, flag_eval(flag, 'user-1')
FROM unnest(ARRAY['a', 'b', repeat('long', 50), 'c', 'a']) WITH ORDINALITY AS f (flag, n) ORDER BY n;

-- In parallel workers.
CREATE TABLE public.flag_keys AS SELECT n::text AS key FROM generate_series(1, 20000) n;
SELECT flag_rollout('gallery', 50);
SELECT count(*) FROM public.flag_keys WHERE flag_eval('gallery', key);
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS off) SELECT count(*) FROM public.flag_keys WHERE flag_eval('gallery', key);
SELECT count(*) FROM public.flag_keys WHERE flag_eval('gallery', key);
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
DROP TABLE public.flag_keys;
DELETE FROM flags;
