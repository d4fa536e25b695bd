-- Online scripts: what blocks others is short, what lasts blocks nobody.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA so;
CREATE TABLE so.t (a int NOT NULL, b int, c text, d int, CONSTRAINT t_pk PRIMARY KEY (a), CONSTRAINT t_u UNIQUE (b));
CREATE TABLE so.r (a int, b int, CONSTRAINT r_fk FOREIGN KEY (b) REFERENCES so.t (b));
CREATE INDEX i ON so.t (c);
CREATE INDEX gone ON so.t (d);
CREATE UNIQUE INDEX ident ON so.t (a, b);
CREATE INDEX "x' ""y"" äöü ( 23456789012345678901234567890123456789012345" ON so.t (d);
ALTER TABLE so.t ALTER b SET NOT NULL;
ALTER TABLE so.t REPLICA IDENTITY USING INDEX ident;
ALTER TABLE so.t CLUSTER ON i;
COMMENT ON INDEX so.i IS 'kept';
COMMENT ON CONSTRAINT t_u ON so.t IS 'a comment';
CREATE TABLE so.p (a int, b int) PARTITION BY LIST (a);
CREATE TABLE so.p1 PARTITION OF so.p FOR VALUES IN (1);
INSERT INTO so.t VALUES (1, 1, 'x', 1);
INSERT INTO so.r VALUES (1, 1);
CREATE TABLE public.online_before AS SELECT wishflags.schema_snapshot('{so}') AS s;

BEGIN;
ALTER TABLE so.r DROP CONSTRAINT r_fk;
ALTER TABLE so.t DROP CONSTRAINT t_u, DROP CONSTRAINT t_pk;
ALTER TABLE so.t ADD CONSTRAINT t_pk PRIMARY KEY (a, b), ADD CONSTRAINT t_u UNIQUE (b) INCLUDE (c);
ALTER TABLE so.r ADD CONSTRAINT r_fk FOREIGN KEY (b) REFERENCES so.t (b) ON DELETE CASCADE;
ALTER TABLE so.r ADD CONSTRAINT r_check CHECK (a > 0);
ALTER TABLE so.r ALTER a SET NOT NULL, ADD e int;
CREATE UNIQUE INDEX r_e ON so.r (e);
DROP INDEX so.i, so.gone, so.ident, so."x' ""y"" äöü ( 23456789012345678901234567890123456789012345";
CREATE INDEX i ON so.t (lower(c)) WITH (fillfactor = 70) WHERE b > 0;
CREATE UNIQUE INDEX ident ON so.t (b, a);
CREATE INDEX "x' ""y"" äöü ( 23456789012345678901234567890123456789012345" ON so.t (d, c);
ALTER INDEX so.i ALTER COLUMN 1 SET STATISTICS 100;
ALTER TABLE so.t REPLICA IDENTITY USING INDEX ident;
ALTER TABLE so.t CLUSTER ON ident;
COMMENT ON INDEX so.i IS 'kept';
COMMENT ON CONSTRAINT t_u ON so.t IS 'a comment';
SELECT wishflags.schema_snapshot('{so}') AS after \gset
ROLLBACK;
CREATE TABLE public.online_after AS SELECT :'after'::jsonb AS s;

SELECT wishflags.schema_diff_sql(b.s, a.s) FROM public.online_before b, public.online_after a;
SELECT object_type, identity, lock_mode, transactional FROM public.online_before b, public.online_after a, wishflags.schema_diff(b.s, a.s) ORDER BY ordinal;
SELECT rollback_sql FROM public.online_before b, public.online_after a, wishflags.schema_diff(b.s, a.s) WHERE identity = 'so.i' AND action = 'create';

-- There and back.
\pset format unaligned
\pset tuples_only on
\o /dev/null
SELECT wishflags.schema_diff_sql(b.s, a.s) AS script FROM public.online_before b, public.online_after a \gset
SELECT wishflags.schema_diff_sql(a.s, b.s, '{"allow_data_loss": true}') AS script_back FROM public.online_before b, public.online_after a \gset
\o
\setenv PGDATABASE :DBNAME
\setenv WF_SCRIPT :script
\! printf '%s\n' "$WF_SCRIPT" | PGOPTIONS='-c wishflags.guard=off -c client_min_messages=warning' psql -Xq -v ON_ERROR_STOP=1
\pset format aligned
\pset tuples_only off
SELECT count(*) AS left FROM public.online_after a, wishflags.schema_diff(a.s, NULL);
\setenv WF_SCRIPT :script_back
\! printf '%s\n' "$WF_SCRIPT" | PGOPTIONS='-c wishflags.guard=off -c client_min_messages=warning' psql -Xq -v ON_ERROR_STOP=1
SELECT count(*) AS left FROM public.online_before b, wishflags.schema_diff(b.s, NULL);

-- An interim name that is taken.
CREATE TABLE so.k (a int, b int);
CREATE INDEX k_i ON so.k (a);
CREATE TABLE public.online_k AS SELECT wishflags.schema_snapshot('{so}') AS s;
DROP INDEX so.k_i;
CREATE INDEX k_i ON so.k (b);
SELECT substring(sql FROM 'wf_new_\w+') AS interim FROM public.online_k k, wishflags.schema_diff(k.s, NULL) \gset
CREATE TABLE so.:interim ();
SELECT action, object_type, substring(sql FROM 'wf_new_\w+') = :'interim' AS same FROM public.online_k k, wishflags.schema_diff(k.s, NULL) ORDER BY ordinal;

-- lock_timeout
SELECT regexp_matches(wishflags.schema_diff_sql(k.s, NULL, '{"lock_timeout": "250ms"}'), '^.*lock_timeout.*$', 'gn') FROM public.online_k k;
SELECT regexp_matches(wishflags.schema_diff_sql(k.s, NULL, '{"lock_timeout": "0"}'), '^.*lock_timeout.*$', 'gn') FROM public.online_k k;
SELECT regexp_matches(wishflags.schema_diff_sql(k.s, NULL, '{"online": false}'), '^.*lock_timeout.*$', 'gn') FROM public.online_k k;
SELECT regexp_matches(wishflags.schema_diff_sql(k.s, NULL, '{"online": false, "lock_timeout": "1min"}'), '^.*lock_timeout.*$', 'gn') FROM public.online_k k;
SELECT wishflags.schema_diff_sql(k.s, NULL, '{"lock_timeout": "soon"}') FROM public.online_k k;
SELECT wishflags.schema_diff_sql(k.s, NULL, '{"lock_timeout": "-1"}') FROM public.online_k k;
SELECT wishflags.schema_diff_sql(k.s, NULL, '{"lock_timeout": "5s; DROP TABLE x"}') FROM public.online_k k;
DROP TABLE public.online_before, public.online_after, public.online_k;
DROP SCHEMA so CASCADE;
