-- What the guard sees of each kind of command, and what it says by default.
--
-- Where which kind is tested: here are CREATE INDEX, keys in CREATE TABLE, LIKE,
-- PARTITION OF and CREATE SCHEMA, constraints, ATTACH PARTITION, ALTER and DROP TYPE,
-- TRUNCATE, CLUSTER, REINDEX of a table, roles, event triggers, replica mode,
-- pg_enum; temporary, new and empty tables.  In guard_fires_alone is what runs in
-- no function: CONCURRENTLY, VACUUM FULL, REINDEX of more, databases, failures.  In
-- test/t are scripts of extensions and restores (021), sessions that have not
-- loaded the library, logical apply and standbys (023), pg_upgrade (021, 026).
CREATE SCHEMA guard_fires;
SET search_path = guard_fires;
CREATE TABLE t (a int NOT NULL, b int NOT NULL, c text, r int4range);
INSERT INTO t SELECT g, g, g, int4range(g, g + 1) FROM generate_series(1, 50) g;
CREATE UNIQUE INDEX CONCURRENTLY t_b ON t (b);
CREATE TABLE empty (a int);
CREATE TEMP TABLE temporary AS SELECT 1 AS a;
CREATE TABLE parent (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE parent_1 PARTITION OF parent FOR VALUES FROM (0) TO (10);
CREATE INDEX parent_b ON parent (b);
INSERT INTO parent VALUES (1, 1);
CREATE TABLE ready (a int, b int);
INSERT INTO ready VALUES (11, 1);
CREATE INDEX CONCURRENTLY ready_b ON ready (b);
CREATE TABLE bare (a int, b int);
INSERT INTO bare VALUES (21, 1);
CREATE MATERIALIZED VIEW m AS SELECT a FROM t;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE unused AS ENUM ('sad', 'ok');
CREATE TABLE felt (mood mood);
CREATE TYPE pair AS (x int, y int);
CREATE TABLE pairs (p pair);
CREATE SCHEMA moods CREATE TABLE later (a int);
CREATE TYPE moods.kind AS ENUM ('x');
CREATE TABLE uses_kind (k moods.kind);
CREATE ROLE wf_fires_owner;
GRANT USAGE ON SCHEMA guard_fires TO wf_fires_owner;
CREATE TYPE owned AS ENUM ('x');
CREATE TABLE uses_owned (k owned);
ALTER TYPE owned OWNER TO wf_fires_owner;

CREATE FUNCTION outcome(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	message text;
BEGIN
	EXECUTE sql;
	RAISE EXCEPTION USING ERRCODE = 'UNDO1';
EXCEPTION
	WHEN SQLSTATE 'UNDO1' THEN RETURN 'passes';
	WHEN SQLSTATE 'WF001' THEN
		GET STACKED DIAGNOSTICS message = MESSAGE_TEXT;
		RETURN substring(message FROM '^blocked by rule "([^"]*)"');
	WHEN OTHERS THEN RETURN SQLSTATE;
END $$;

CREATE TABLE cases (n int GENERATED ALWAYS AS IDENTITY, command text, expected text, from_version int DEFAULT 15);
INSERT INTO cases (command, expected) VALUES
('CREATE INDEX ON t (a)', 'index-not-concurrent'),
('CREATE INDEX CONCURRENTLY ON t (a)', '25001'),
('CREATE TABLE n (a int PRIMARY KEY, b int UNIQUE)', 'passes'),
('CREATE TABLE n (LIKE t INCLUDING INDEXES)', 'passes'),
('CREATE TABLE n PARTITION OF parent FOR VALUES FROM (30) TO (40)', 'passes'),
('ALTER TABLE t ADD PRIMARY KEY (a)', 'add-primary-key-builds-index'),
('ALTER TABLE t ADD UNIQUE (a)', 'add-unique-builds-index'),
('ALTER TABLE t ADD EXCLUDE USING gist (r WITH &&)', 'add-exclusion-constraint'),
('ALTER TABLE t ADD UNIQUE USING INDEX t_b', 'passes'),
('ALTER TABLE t ADD COLUMN d int UNIQUE', 'add-unique-builds-index'),
('ALTER TABLE t ADD COLUMN d int', 'passes'),
('ALTER TYPE mood ADD VALUE ''x''', 'enum-add-value'),
('ALTER TYPE mood ADD VALUE IF NOT EXISTS ''ok''', 'passes'),
('ALTER TYPE unused ADD VALUE ''x''', 'passes'),
('ALTER TYPE mood RENAME VALUE ''ok'' TO ''fine''', 'enum-rename-value'),
('ALTER TYPE mood RENAME TO feeling', 'rename-other'),
('ALTER TYPE mood SET SCHEMA moods', 'move-schema'),
('ALTER TYPE pair RENAME TO couple', 'passes'),
('ALTER TYPE pair ADD ATTRIBUTE z int CASCADE', 'passes'),
('DROP TYPE mood', 'drop-type'),
('DROP TYPE mood CASCADE', 'drop-type'),
('DROP TYPE unused', 'passes'),
('DROP SCHEMA moods CASCADE', 'drop-type'),
('DROP OWNED BY wf_fires_owner CASCADE', 'drop-type'),
('DROP INDEX t_b', 'passes'),
('DO $d$ BEGIN CREATE INDEX ON guard_fires.t (a); END $d$', 'index-not-concurrent'),
('CREATE SCHEMA s CREATE TABLE t (a int) CREATE INDEX ON t (a)', 'passes'),
('CREATE INDEX ON parent (a)', 'index-not-concurrent'),
('CREATE INDEX ON ONLY parent (a)', 'passes'),
('ALTER TABLE parent ATTACH PARTITION ready FOR VALUES FROM (10) TO (20)', 'passes'),
('ALTER TABLE parent ATTACH PARTITION bare FOR VALUES FROM (20) TO (30)', 'attach-partition-builds-index'),
('ALTER TABLE parent ATTACH PARTITION empty FOR VALUES FROM (20) TO (30)', '42804'),
('CREATE INDEX ON temporary (a)', 'passes'),
('CREATE INDEX ON empty (a)', 'passes'),
('DO $d$ BEGIN CREATE TABLE guard_fires.n AS SELECT 1 AS a; CREATE INDEX ON guard_fires.n (a); END $d$', 'passes'),
('CREATE INDEX ON m (a)', 'index-not-concurrent'),
('REFRESH MATERIALIZED VIEW m', 'passes'),
('ALTER TABLE t ALTER COLUMN c TYPE int USING c::int', 'passes'),
('CREATE ROLE wf_fires_other', 'passes'),
('SET LOCAL session_replication_role = replica; CREATE INDEX ON guard_fires.t (a)', 'index-not-concurrent'),
('CREATE INDEX ON t (no_such_column)', 'index-not-concurrent'),
('CREATE INDEX ON no_such_table (a)', '42P01'),
('ALTER TABLE t DROP COLUMN c', 'passes'),
('ALTER TABLE t RENAME TO u', 'passes'),
('DROP TABLE empty', 'passes'),
('CREATE INDEX CONCURRENTLY ON parent (a)', '25001'),
('ALTER INDEX parent_b ATTACH PARTITION ready_b', '55000'),
('DROP INDEX CONCURRENTLY t_b', '25001'),
('CREATE TABLE n (a int); INSERT INTO n VALUES (1); CREATE INDEX ON n (a)', 'passes'),
('SET LOCAL work_mem = 1024', 'passes'),
('CREATE EVENT TRIGGER other ON ddl_command_start EXECUTE FUNCTION wishflags.guard_start()', 'passes'),
('ALTER EVENT TRIGGER wishflags_guard_start DISABLE; CREATE INDEX ON t (a)', 'passes'),
('SET LOCAL allow_system_table_mods = on; INSERT INTO pg_enum SELECT 1, enumtypid, 9, ''x'' FROM pg_enum LIMIT 1', 'enum-catalog-write'),
('SET LOCAL allow_system_table_mods = on; UPDATE pg_enum SET enumlabel = ''x'' WHERE enumtypid = ''mood''::regtype', 'enum-catalog-write'),
('SET LOCAL allow_system_table_mods = on; DELETE FROM pg_enum WHERE enumtypid = ''mood''::regtype', 'enum-catalog-write');
-- What no event trigger sees (REINDEX from 17 on is seen): the hooks, where the policy asks.
INSERT INTO wishflags.guard_policies (name, rule, action, reason) VALUES
('fires truncate', 'truncate', 'block', 'a test'), ('fires cluster', 'cluster-or-vacuum-full', 'block', 'a test');
INSERT INTO cases (command, expected) VALUES
('TRUNCATE t', 'truncate'),
('TRUNCATE empty', 'passes'),
('CLUSTER t USING t_b', 'cluster-or-vacuum-full'),
('REINDEX TABLE t', 'reindex-not-concurrent'),
('REINDEX INDEX t_b', 'reindex-not-concurrent'),
('REINDEX TABLE empty', 'passes');
-- From 17 on event triggers fire for these.
INSERT INTO cases (command, expected, from_version) VALUES
('SET LOCAL event_triggers = off; CREATE INDEX ON guard_fires.t (a)', 'passes', 17),
('GRANT MAINTAIN ON t TO wf_fires_owner; SET LOCAL ROLE wf_fires_owner; REINDEX TABLE t', 'reindex-not-concurrent', 17);

SET client_min_messages = error;
SELECT command, expected, outcome
FROM cases, outcome(command)
WHERE current_setting('server_version_num')::int / 10000 >= from_version AND outcome IS DISTINCT FROM expected
ORDER BY n;
SELECT count(*) FROM cases WHERE from_version = 15;
RESET client_min_messages;

-- A type change that builds an index anew warns.
ALTER TABLE t ALTER COLUMN c TYPE int USING c::int;
ALTER TABLE ready ALTER COLUMN b TYPE bigint;
ALTER TABLE bare ALTER COLUMN b TYPE varchar(20);

SET client_min_messages = error;
SET wishflags.guard = off;
DELETE FROM wishflags.guard_policies;
DROP SCHEMA guard_fires, moods CASCADE;
DROP OWNED BY wf_fires_owner;
DROP ROLE wf_fires_owner;
