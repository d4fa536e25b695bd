-- Online scripts: defaults that are computed for each row, and partitions in use.
SET wishflags.guard = off;
SET client_min_messages = warning;
\setenv PGDATABASE :DBNAME
-- A default that is computed for each row: split from the rewrite, where that is possible.
CREATE SCHEMA so;
CREATE TABLE so.t (a int PRIMARY KEY);
CREATE TABLE so.bare (a int);
CREATE TABLE so.audited (a int PRIMARY KEY);
CREATE FUNCTION so.note() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER note BEFORE UPDATE ON so.audited FOR EACH ROW EXECUTE FUNCTION so.note();
CREATE DOMAIN so.pos AS int CHECK (VALUE > 0);
CREATE TABLE so.p (a int PRIMARY KEY, b int) PARTITION BY LIST (a);
CREATE TABLE so.p1 PARTITION OF so.p FOR VALUES IN (1);
INSERT INTO so.t SELECT generate_series(1, 1000);
INSERT INTO so.audited VALUES (1);
INSERT INTO so.p VALUES (1, 1);
CREATE TABLE public.online_before AS SELECT wishflags.schema_snapshot('{so}') AS s;
BEGIN;
ALTER TABLE so.t ADD id uuid NOT NULL DEFAULT gen_random_uuid(), ADD at timestamptz DEFAULT clock_timestamp(), ADD day date DEFAULT now();
ALTER TABLE so.t ADD CONSTRAINT t_id UNIQUE (id);
ALTER TABLE so.p ADD id bigserial;
ALTER TABLE so.bare ADD id uuid DEFAULT gen_random_uuid();
ALTER TABLE so.audited ADD id uuid DEFAULT gen_random_uuid(), ADD pos so.pos, ADD n int GENERATED ALWAYS AS IDENTITY, ADD twice int GENERATED ALWAYS AS (a * 2) STORED;
SELECT wishflags.schema_snapshot('{so}') AS after \gset
ROLLBACK;
CREATE TABLE public.online_after AS SELECT :'after'::jsonb AS s;
SELECT wishflags.schema_diff_sql(b.s, a.s) FROM public.online_before b, public.online_after a;
SELECT identity, lock_mode, transactional, severity, kind, evidence FROM public.online_before b, public.online_after a, wishflags.schema_diff(b.s, a.s)
WHERE action = 'create' AND object_type = 'column' ORDER BY identity;

-- One that stopped before it had filled the rows goes on from there.
ALTER TABLE so.t ADD id uuid, ADD at timestamptz, ADD day date DEFAULT now();
ALTER TABLE so.t ALTER id SET DEFAULT gen_random_uuid(), ALTER at SET DEFAULT clock_timestamp();
\pset format unaligned
\pset tuples_only on
\o /dev/null
SELECT 'ALTER TABLE so.t ' || string_agg(replace(m[1], 'ALTER TABLE so.t', ''), ', ') AS marks FROM public.online_before b, public.online_after a,
	regexp_matches(wishflags.schema_diff_sql(b.s, a.s), 'ALTER TABLE so.t ADD CONSTRAINT wf_fill_.* NOT VALID', 'gn') m \gset
:marks;
SELECT wishflags.schema_diff_sql(wishflags.schema_snapshot('{so}'), a.s) AS script FROM public.online_after a \gset
\o
SELECT string_agg(line, E'\n') FROM regexp_split_to_table(:'script', '\n') line WHERE line ~ '^(UPDATE|DO|BEGIN;|COMMIT;|ALTER TABLE so.t )';
\setenv WF_SCRIPT :script
\! printf '%s\n' "$WF_SCRIPT" | PGOPTIONS='-c wishflags.guard=off -c client_min_messages=warning' psql -Xq -v ON_ERROR_STOP=1
\pset format aligned
\pset tuples_only off
SELECT count(*), count(DISTINCT id), count(at) FROM so.t;
SELECT count(*), count(id) FROM so.p;
SELECT count(*) AS left FROM public.online_after a, wishflags.schema_diff(a.s, NULL);
DROP TABLE public.online_before, public.online_after;
DROP SCHEMA so CASCADE;

-- Partitions: NOT NULL, foreign keys, and leaving.
CREATE SCHEMA so;
CREATE TABLE so.r (id int PRIMARY KEY);
CREATE TABLE so.p (a int, b int) PARTITION BY LIST (a);
CREATE TABLE so.p1 PARTITION OF so.p FOR VALUES IN (1);
CREATE TABLE so.p2 PARTITION OF so.p FOR VALUES IN (2) PARTITION BY RANGE (b);
CREATE TABLE so.p21 PARTITION OF so.p2 FOR VALUES FROM (0) TO (100);
CREATE TABLE so.q (k int, v int) PARTITION BY RANGE (k);
CREATE TABLE so.q1 PARTITION OF so.q FOR VALUES FROM (0) TO (10);
CREATE TABLE so.q2 PARTITION OF so.q FOR VALUES FROM (10) TO (20);
ALTER TABLE so.q1 ADD CONSTRAINT q1_k_check CHECK (v > 0), ADD CONSTRAINT "q1_k Check" CHECK (v > 1);
ALTER TABLE so.q2 ADD CONSTRAINT q2_k_check CHECK (v > 0);
CREATE TABLE so.d (k int) PARTITION BY LIST (k);
CREATE TABLE so.d1 PARTITION OF so.d FOR VALUES IN (1);
CREATE TABLE so.rest PARTITION OF so.d DEFAULT;
INSERT INTO so.r VALUES (1);
INSERT INTO so.p VALUES (1, 1), (2, 1);
CREATE TABLE public.online_before AS SELECT wishflags.schema_snapshot('{so}') AS s;
BEGIN;
ALTER TABLE so.p ALTER b SET NOT NULL;
ALTER TABLE so.p ADD CONSTRAINT p_fk FOREIGN KEY (b) REFERENCES so.r ON DELETE CASCADE;
ALTER TABLE so.q DETACH PARTITION so.q1;
ALTER TABLE so.q DETACH PARTITION so.q2;
ALTER TABLE so.q1 DROP CONSTRAINT q1_k_check;
ALTER TABLE so.q2 ADD CONSTRAINT q2_k_check1 CHECK (k IS NOT NULL AND k >= 10 AND k < 20);
ALTER TABLE so.d DETACH PARTITION so.d1;
SELECT wishflags.schema_snapshot('{so}') AS after \gset
ROLLBACK;
CREATE TABLE public.online_after AS SELECT :'after'::jsonb AS s;
SELECT wishflags.schema_diff_sql(b.s, a.s) FROM public.online_before b, public.online_after a;
\pset format unaligned
\pset tuples_only on
\o /dev/null
SELECT wishflags.schema_diff_sql(b.s, a.s) AS script, wishflags.schema_diff_sql(b.s, a.s, '{"rollback": true}') AS script_back
FROM public.online_before b, public.online_after a \gset
\o
-- A CHECK that somebody added after the comparison is none of the script's.
ALTER TABLE so.q1 ADD CONSTRAINT q1_others CHECK (v < 100);
\setenv WF_SCRIPT :script
\! printf '%s\n' "$WF_SCRIPT" | PGOPTIONS='-c wishflags.guard=off -c client_min_messages=warning' psql -Xq -v ON_ERROR_STOP=1
ALTER TABLE so.q1 DROP CONSTRAINT q1_others;
\pset format aligned
\pset tuples_only off
SELECT count(*) AS left FROM public.online_after a, wishflags.schema_diff(a.s, NULL);
SELECT conrelid::regclass, conname, conparentid <> 0 AS has_parent, convalidated, conislocal, coninhcount
FROM pg_constraint WHERE conrelid::regclass::text ~ '^so\.' AND contype IN ('f', 'c') ORDER BY conrelid::regclass::text, conname;
\setenv WF_SCRIPT :script_back
\! printf '%s\n' "$WF_SCRIPT" | PGOPTIONS='-c wishflags.guard=off -c client_min_messages=warning' psql -Xq -v ON_ERROR_STOP=1
SELECT count(*) AS left FROM public.online_before b, wishflags.schema_diff(b.s, NULL);
DROP TABLE public.online_before, public.online_after;
DROP SCHEMA so CASCADE;
