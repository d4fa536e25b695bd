-- Every rule of the registry: its row is complete, its base severity is the
-- published one, it speaks where it should and is silent where it should be.
BEGIN;
SELECT no_plan();

CREATE SCHEMA app;
SET LOCAL search_path = app, public;
CREATE TABLE big (id int NOT NULL, a int, b text, c varchar(10), d numeric(10, 2), n int NOT NULL DEFAULT 1,
	j text, CONSTRAINT big_a_check CHECK (a > 0), CONSTRAINT big_b_key UNIQUE (b));
INSERT INTO big (id, a, b) SELECT g, g, g::text FROM generate_series(1, 5000) g;
CREATE INDEX big_a_idx ON big (a);
ALTER TABLE big ADD CONSTRAINT big_proof CHECK (j IS NOT NULL) NOT VALID;
CREATE TABLE proven (x int, CONSTRAINT proven_x CHECK (x IS NOT NULL));
INSERT INTO proven SELECT generate_series(1, 5000);
CREATE TABLE keyed (id int CONSTRAINT keyed_pkey PRIMARY KEY, parent int);
INSERT INTO keyed SELECT generate_series(1, 5000);
CREATE TABLE empty (id int PRIMARY KEY, a int);
CREATE TABLE parts (id int, a int) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10000);
INSERT INTO parts SELECT generate_series(1, 5000);
CREATE INDEX parts_a_idx ON parts (a);
CREATE TABLE loose (id int, a int);
INSERT INTO loose SELECT generate_series(1, 5000);
CREATE TABLE read (a int, b int UNIQUE, t text);
INSERT INTO read VALUES (1, 7, 'x');
CREATE VIEW reads AS SELECT a FROM read;
CREATE MATERIALIZED VIEW totals AS SELECT count(*) FROM big;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE felt (m mood);
INSERT INTO felt SELECT 'ok' FROM generate_series(1, 5000);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN plain AS int;
CREATE TABLE with_domain (p plain);
CREATE SEQUENCE numbers;
ANALYZE big, proven, keyed, parts, loose, felt;

-- What was made in this transaction is new to everybody; the check must not
-- take it for that, so it runs in the next transaction.
COMMIT;
BEGIN;
SET LOCAL search_path = app, public;
SET LOCAL application_name = '';

-- rule, a text that it must find, one that it must not, options
CREATE TEMP TABLE cases (rule text, bad text, good text, options jsonb DEFAULT '{}');
INSERT INTO cases (rule, bad, good, options) VALUES
('syntax-error', 'SELEC 1', 'SELECT 1', '{}'),
('opaque-sql', 'DO $$ BEGIN END $$', 'SELECT 1', '{}'),
('duplicate-assignment', 'UPDATE big SET a = 1, a = 2 WHERE id = 1', 'UPDATE big SET a = 1, b = 2 WHERE id = 1', '{}'),
('not-rerunnable', 'DROP TABLE big', 'DROP TABLE IF EXISTS big', '{}'),
('identifier-truncated', 'CREATE TABLE t_' || repeat('x', 70) || ' (a int)', 'CREATE TABLE t_' || repeat('x', 50) || ' (a int)', '{}'),
('name-not-qualified', 'ALTER TABLE big ADD x int', 'ALTER TABLE app.big ADD x int', '{}'),
('create-extension', 'CREATE EXTENSION hstore', 'DROP EXTENSION hstore', '{}'),
('index-not-concurrent', 'CREATE INDEX ON big (c)', 'CREATE INDEX CONCURRENTLY ON big (c)', '{}'),
('index-not-concurrent', 'CREATE INDEX ON parts (id)', 'CREATE INDEX ON ONLY parts (id)', '{}'),
('index-not-concurrent', 'CREATE INDEX ON nowhere (c)', 'CREATE INDEX ON empty (a)', '{}'),
('index-not-concurrent', 'CREATE INDEX ON empty (a)', 'CREATE TABLE t (a int); CREATE INDEX ON t (a)', '{"assume_populated": true}'),
('drop-index-not-concurrent', 'DROP INDEX big_a_idx', 'DROP INDEX CONCURRENTLY big_a_idx', '{}'),
('reindex-not-concurrent', 'REINDEX TABLE big', 'REINDEX TABLE CONCURRENTLY big', '{}'),
('concurrent-in-transaction', 'CREATE INDEX CONCURRENTLY ON big (c)', 'CREATE INDEX ON big (c)', '{"in_transaction": true}'),
('concurrent-in-transaction', 'BEGIN; VACUUM big; COMMIT', 'BEGIN; COMMIT; VACUUM big', '{}'),
('concurrent-in-transaction', 'BEGIN; ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY', 'BEGIN; REFRESH MATERIALIZED VIEW CONCURRENTLY totals', '{}'),
('concurrent-on-partitioned', 'CREATE INDEX CONCURRENTLY ON parts (id)', 'CREATE INDEX CONCURRENTLY ON big (id)', '{}'),
('concurrent-on-partitioned', 'DROP INDEX CONCURRENTLY parts_a_idx', 'DROP INDEX CONCURRENTLY big_a_idx', '{}'),
('duplicate-index', 'CREATE INDEX again ON big (a)', 'CREATE INDEX again ON big (a, id)', '{}'),
('wide-index', 'CREATE INDEX ON big (id, a, b, c)', 'CREATE UNIQUE INDEX ON big (id, a, b, c)', '{}'),
('index-build-corruption', 'CREATE INDEX CONCURRENTLY ON big (c)', 'CREATE INDEX ON big (c)', '{"target_version": 14}'),
('add-foreign-key-validates', 'ALTER TABLE big ADD FOREIGN KEY (a) REFERENCES keyed', 'ALTER TABLE big ADD FOREIGN KEY (a) REFERENCES keyed NOT VALID', '{}'),
('add-foreign-key-validates', 'ALTER TABLE big ADD x int DEFAULT 1 REFERENCES keyed', 'ALTER TABLE big ADD x int REFERENCES keyed', '{}'),
('add-check-validates', 'ALTER TABLE big ADD CHECK (a < 9)', 'ALTER TABLE big ADD CHECK (a < 9) NOT VALID', '{}'),
('set-not-null-scans', 'ALTER TABLE big ALTER a SET NOT NULL', 'ALTER TABLE big ALTER id SET NOT NULL', '{}'),
('add-unique-builds-index', 'ALTER TABLE big ADD UNIQUE (a)', 'ALTER TABLE big ADD CONSTRAINT u UNIQUE USING INDEX big_u', '{}'),
('add-unique-builds-index', 'ALTER TABLE big ADD x int UNIQUE', 'ALTER TABLE empty ADD x int UNIQUE', '{}'),
('add-primary-key-builds-index', 'ALTER TABLE big ADD PRIMARY KEY (id)', 'ALTER TABLE big ADD PRIMARY KEY USING INDEX big_u', '{}'),
('primary-key-index-nullable', 'ALTER TABLE big ADD PRIMARY KEY (a)', 'ALTER TABLE big ADD PRIMARY KEY (id)', '{}'),
('add-exclusion-constraint', 'ALTER TABLE big ADD EXCLUDE USING btree (a WITH =)', 'ALTER TABLE empty ADD EXCLUDE USING btree (a WITH =)', '{}'),
('validate-in-same-transaction', 'BEGIN; ALTER TABLE big ADD CONSTRAINT k CHECK (a < 9) NOT VALID; ALTER TABLE big VALIDATE CONSTRAINT k; COMMIT',
	'BEGIN; ALTER TABLE big ADD CONSTRAINT k CHECK (a < 9) NOT VALID; COMMIT; BEGIN; ALTER TABLE big VALIDATE CONSTRAINT k; COMMIT', '{}'),
('domain-constraint-validates', 'ALTER DOMAIN plain ADD CHECK (VALUE > 0)', 'ALTER DOMAIN plain ADD CHECK (VALUE > 0) NOT VALID', '{}'),
('foreign-key-without-index', 'ALTER TABLE keyed ADD FOREIGN KEY (parent) REFERENCES keyed NOT VALID', 'ALTER TABLE big ADD FOREIGN KEY (a) REFERENCES keyed NOT VALID', '{}'),
('foreign-key-without-index', 'CREATE TABLE t (k int REFERENCES keyed)', 'CREATE TABLE t (k int REFERENCES keyed); CREATE INDEX ON t (k)', '{}'),
('foreign-key-set-null-not-null', 'CREATE TABLE t (k int NOT NULL REFERENCES keyed ON DELETE SET NULL)', 'CREATE TABLE t (k int REFERENCES keyed ON DELETE SET NULL)', '{}'),
('foreign-key-set-null-not-null', 'ALTER TABLE big ADD FOREIGN KEY (n) REFERENCES keyed ON DELETE SET NULL', 'ALTER TABLE big ADD FOREIGN KEY (a) REFERENCES keyed ON DELETE SET NULL', '{}'),
('drop-constraint', 'ALTER TABLE big DROP CONSTRAINT big_a_check', 'ALTER TABLE keyed DROP CONSTRAINT keyed_pkey', '{}'),
('drop-constraint', 'ALTER TABLE big DROP CONSTRAINT big_b_key', 'ALTER TABLE big ADD CONSTRAINT k CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE big VALIDATE CONSTRAINT k; ALTER TABLE big ALTER a SET NOT NULL; ALTER TABLE big DROP CONSTRAINT k', '{}'),
('drop-primary-key', 'ALTER TABLE keyed DROP CONSTRAINT keyed_pkey', 'ALTER TABLE big DROP CONSTRAINT big_a_check', '{}'),
('unnamed-constraint', 'ALTER TABLE big ADD CHECK (a < 9) NOT VALID', 'ALTER TABLE big ADD CONSTRAINT k CHECK (a < 9) NOT VALID', '{}'),
('add-column-volatile-default', 'ALTER TABLE big ADD x float DEFAULT random()', 'ALTER TABLE big ADD x timestamptz DEFAULT now()', '{}'),
('add-column-volatile-default', 'ALTER TABLE big ADD x int DEFAULT 1', 'ALTER TABLE big ADD x int', '{"target_version": 10}'),
('add-column-constant-default', 'ALTER TABLE big ADD x int DEFAULT 1', 'ALTER TABLE big ADD x int', '{}'),
('add-column-auto-increment', 'ALTER TABLE big ADD x bigserial', 'ALTER TABLE empty ADD x bigserial', '{}'),
('add-column-auto-increment', 'ALTER TABLE big ADD x bigint GENERATED ALWAYS AS IDENTITY', 'ALTER TABLE big ADD x bigint', '{}'),
('add-column-stored-generated', 'ALTER TABLE big ADD x int GENERATED ALWAYS AS (a + 1) STORED', 'ALTER TABLE big ADD x int', '{}'),
('add-column-constrained-domain', 'ALTER TABLE big ADD x positive', 'ALTER TABLE big ADD x plain', '{}'),
('add-column-required', 'ALTER TABLE big ADD x int NOT NULL', 'ALTER TABLE big ADD x int NOT NULL DEFAULT 0', '{}'),
('drop-not-null', 'ALTER TABLE big ALTER id DROP NOT NULL', 'CREATE TABLE t (a int NOT NULL); ALTER TABLE t ALTER a DROP NOT NULL', '{}'),
('change-default', 'ALTER TABLE big ALTER n DROP DEFAULT', 'CREATE TABLE t (a int); ALTER TABLE t ALTER a SET DEFAULT 4', '{}'),
('type-change-rewrites', 'ALTER TABLE big ALTER a TYPE bigint', 'ALTER TABLE big ALTER c TYPE text', '{}'),
('type-change-rewrites', 'ALTER TABLE big ALTER d TYPE numeric(12, 4)', 'ALTER TABLE big ALTER d TYPE numeric(12, 2)', '{}'),
('type-change-rewrites', 'ALTER TABLE big ALTER c TYPE varchar(20) USING lower(c)', 'ALTER TABLE big ALTER c TYPE varchar(20) USING c::varchar(20)', '{}'),
('type-change-narrows', 'ALTER TABLE big ALTER c TYPE varchar(5)', 'ALTER TABLE big ALTER a TYPE bigint', '{}'),
('type-change-rechecks', 'ALTER TABLE big ALTER b TYPE text COLLATE "C"', 'ALTER TABLE big ALTER c TYPE text COLLATE "C"', '{}'),
('json-column', 'ALTER TABLE big ADD x json', 'ALTER TABLE big ADD x jsonb', '{}'),
('char-column', 'ALTER TABLE big ADD x char(3)', 'ALTER TABLE big ADD x text', '{}'),
('money-column', 'ALTER TABLE big ADD x money', 'ALTER TABLE big ADD x numeric', '{}'),
('integer-key-width', 'CREATE TABLE t (id int PRIMARY KEY)', 'CREATE TABLE t (id bigint PRIMARY KEY)', '{}'),
('smallint-width', 'ALTER TABLE big ADD x smallint', 'ALTER TABLE big ADD x int', '{}'),
('limited-varchar', 'ALTER TABLE big ADD x varchar(9)', 'ALTER TABLE big ADD x varchar', '{}'),
('timestamp-without-zone', 'ALTER TABLE big ADD x timestamp', 'ALTER TABLE big ADD x timestamptz', '{}'),
('serial-column', 'CREATE TABLE t (id serial)', 'CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY)', '{}'),
('domain-with-constraint', 'CREATE DOMAIN e AS text CHECK (VALUE <> '''')', 'CREATE DOMAIN e AS text', '{}'),
('set-persistence-rewrites', 'ALTER TABLE big SET UNLOGGED', 'ALTER TABLE big SET LOGGED', '{}'),
('set-access-method-rewrites', 'ALTER TABLE big SET ACCESS METHOD heap2', 'ALTER TABLE empty SET ACCESS METHOD heap2', '{}'),
('set-tablespace-copies', 'ALTER TABLE big SET TABLESPACE fast', 'ALTER TABLE empty SET TABLESPACE fast', '{}'),
('cluster-or-vacuum-full', 'VACUUM FULL big', 'VACUUM big', '{}'),
('cluster-or-vacuum-full', 'CLUSTER big USING big_a_idx', 'VACUUM (FULL false) big', '{}'),
('refresh-matview-blocking', 'REFRESH MATERIALIZED VIEW totals', 'REFRESH MATERIALIZED VIEW CONCURRENTLY totals', '{}'),
('attach-partition-builds-index', 'ALTER TABLE parts ATTACH PARTITION loose FOR VALUES FROM (10000) TO (20000)', 'ALTER TABLE parts ATTACH PARTITION empty FOR VALUES FROM (10000) TO (20000)', '{}'),
('attach-partition-scans', 'ALTER TABLE parts ATTACH PARTITION loose FOR VALUES FROM (10000) TO (20000)', 'ALTER TABLE parts ATTACH PARTITION empty FOR VALUES FROM (10000) TO (20000)', '{}'),
('create-partition-locks-parent', 'CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10000) TO (20000)', 'CREATE TABLE t (a int)', '{}'),
('create-partition-locks-parent', 'DROP TABLE parts_1', 'DROP TABLE parts, parts_1', '{}'),
('detach-partition-not-concurrent', 'ALTER TABLE parts DETACH PARTITION parts_1', 'ALTER TABLE parts DETACH PARTITION parts_1 CONCURRENTLY', '{}'),
('table-without-primary-key', 'CREATE TABLE t (a int)', 'CREATE TABLE t (a int); ALTER TABLE t ADD PRIMARY KEY (a)', '{}'),
('rename-column', 'ALTER TABLE big RENAME a TO z', 'CREATE TABLE t (a int); ALTER TABLE t RENAME a TO z', '{}'),
('rename-table', 'ALTER TABLE big RENAME TO huge', 'ALTER TABLE big RENAME TO huge; CREATE VIEW big AS SELECT * FROM huge', '{}'),
('rename-schema', 'ALTER SCHEMA app RENAME TO old', 'ALTER TABLE big RENAME a TO z', '{}'),
('rename-other', 'ALTER TYPE mood RENAME TO temper', 'CREATE TYPE t AS ENUM (''a''); ALTER TYPE t RENAME TO u', '{}'),
('move-schema', 'ALTER TABLE big SET SCHEMA public', 'CREATE TABLE t (a int); ALTER TABLE t SET SCHEMA public', '{}'),
('drop-column', 'ALTER TABLE big DROP a', 'ALTER TABLE big ADD z int; ALTER TABLE big DROP z', '{}'),
('drop-table', 'DROP TABLE big', 'CREATE TABLE t (a int); DROP TABLE t', '{}'),
('drop-schema', 'DROP SCHEMA app', 'CREATE SCHEMA s; DROP SCHEMA s', '{}'),
('drop-database', 'DROP DATABASE postgres', 'SELECT 1', '{}'),
('drop-cascade', 'DROP TABLE big CASCADE', 'DROP TABLE big', '{}'),
('drop-type', 'DROP TYPE mood', 'CREATE TYPE t AS ENUM (''a''); DROP TYPE t', '{}'),
('recreate-table', 'DROP TABLE big; CREATE TABLE big (a int)', 'DROP TABLE big; CREATE TABLE other (a int)', '{}'),
('truncate', 'TRUNCATE big', 'TRUNCATE empty', '{}'),
('truncate-cascade', 'TRUNCATE big CASCADE', 'TRUNCATE big', '{}'),
('unbatched-data-change', 'DELETE FROM big', 'DELETE FROM empty', '{}'),
('create-table-as-heavy', 'CREATE TABLE t AS SELECT * FROM big', 'CREATE TABLE t AS SELECT 1', '{}'),
('enum-add-value', 'ALTER TYPE mood ADD VALUE ''happy''', 'CREATE TYPE t AS ENUM (''a''); ALTER TYPE t ADD VALUE ''b''', '{}'),
('object-missing', 'SELECT set_config(''search_path'', '''', false); ALTER TABLE big ADD x int', 'SELECT pg_catalog.set_config(''search_path'', ''public, app'', false); ALTER TABLE big ADD x int', '{}'),
('enum-add-value-in-transaction', 'ALTER TYPE mood ADD VALUE ''happy''', 'COMMIT; ALTER TYPE mood ADD VALUE ''happy''', '{"in_transaction": true, "target_version": 11}'),
('enum-value-used-in-transaction', 'BEGIN; ALTER TYPE mood ADD VALUE ''happy''; ALTER TABLE felt ALTER m SET DEFAULT ''happy''; COMMIT',
	'BEGIN; ALTER TYPE mood ADD VALUE ''happy''; COMMIT; ALTER TABLE felt ALTER m SET DEFAULT ''happy''', '{}'),
('enum-value-unordered', 'ALTER TYPE mood ADD VALUE ''happy''', 'ALTER TYPE mood ADD VALUE ''happy'' AFTER ''ok''', '{}'),
('enum-rename-value', 'ALTER TYPE mood RENAME VALUE ''ok'' TO ''fine''', 'ALTER TYPE mood ADD VALUE ''fine''', '{}'),
('enum-type-replaced', 'ALTER TYPE mood RENAME TO mood_old; CREATE TYPE mood AS ENUM (''ok''); ALTER TABLE felt ALTER m TYPE mood USING m::text::mood',
	'ALTER TABLE felt ALTER m TYPE text USING m::text', '{}'),
('enum-created', 'CREATE TYPE t AS ENUM (''a'')', 'CREATE TYPE t AS (a int)', '{}'),
('revoke-privilege', 'REVOKE SELECT ON big FROM postgres', 'GRANT SELECT ON big TO postgres', '{}'),
('grant-too-broad', 'GRANT SELECT ON big TO PUBLIC', 'GRANT SELECT ON big TO postgres', '{}'),
('row-security-change', 'ALTER TABLE big ENABLE ROW LEVEL SECURITY', 'CREATE TABLE t (a int); ALTER TABLE t ENABLE ROW LEVEL SECURITY', '{}'),
('disable-trigger', 'ALTER TABLE big DISABLE TRIGGER ALL', 'ALTER TABLE big ENABLE TRIGGER ALL', '{}'),
('trigger-ddl-lock', 'DROP TRIGGER t ON big', 'CREATE TABLE t (a int); DROP TRIGGER t ON t', '{}'),
('reset-identity-or-sequence', 'ALTER SEQUENCE numbers RESTART', 'ALTER SEQUENCE numbers CACHE 9', '{}'),
('function-change-breaking', 'DROP FUNCTION f(int)', 'CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS ''SELECT 1''; DROP FUNCTION f(int)', '{}'),
('replication-affected', 'ALTER TABLE big REPLICA IDENTITY FULL', 'CREATE TABLE t (a int); ALTER TABLE t REPLICA IDENTITY FULL', '{}'),
('unfinished-transaction', 'BEGIN; SELECT 1', 'BEGIN; SELECT 1; COMMIT', '{}'),
('nested-transaction', 'BEGIN; BEGIN; COMMIT', 'BEGIN; COMMIT; BEGIN; COMMIT', '{}'),
('exclusive-lock-held', 'BEGIN; ALTER TABLE big ADD x int; UPDATE keyed SET parent = 1; COMMIT', 'ALTER TABLE big ADD x int; UPDATE keyed SET parent = 1', '{}'),
('many-tables-locked', 'BEGIN; ALTER TABLE big ADD x int; ALTER TABLE keyed ADD x int; COMMIT', 'ALTER TABLE big ADD x int; ALTER TABLE keyed ADD x int', '{}'),
('alter-table-not-combined', 'ALTER TABLE big ALTER a SET NOT NULL; ALTER TABLE big ALTER c SET NOT NULL', 'ALTER TABLE big ADD CONSTRAINT k CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE big VALIDATE CONSTRAINT k; ALTER TABLE big ALTER a SET NOT NULL; ALTER TABLE big DROP CONSTRAINT k', '{}'),
('lock-table-explicit', 'LOCK TABLE big', 'LOCK TABLE big IN ACCESS SHARE MODE', '{}'),
('lock-timeout-missing', 'ALTER TABLE big ADD x int', 'SET lock_timeout = ''2s''; ALTER TABLE big ADD x int', '{}'),
('lock-timeout-missing', 'BEGIN; SET LOCAL lock_timeout = 9; COMMIT; ALTER TABLE big ADD x int', 'CREATE TABLE t (a int); ALTER TABLE t ADD x int', '{}'),
('statement-timeout-missing', 'ALTER TABLE big ADD x int', 'SET statement_timeout = ''9s''; ALTER TABLE big ADD x int', '{}'),
('idle-timeout-missing', 'ALTER TABLE big ADD x int', 'SET idle_in_transaction_session_timeout = ''9s''; ALTER TABLE big ADD x int', '{}'),
('application-name-missing', 'ALTER TABLE big ADD x int', 'SET application_name = ''m''; ALTER TABLE big ADD x int', '{}'),
('lock-timeout-unsafe-value', 'SET lock_timeout = 0', 'SET lock_timeout = ''2s''', '{}'),
('lock-timeout-unsafe-value', 'SET lock_timeout = ''1h''', 'SET statement_timeout = ''10min''', '{}'),
('object-missing', 'ALTER TABLE nowhere ADD x int', 'CREATE TABLE nowhere (a int); ALTER TABLE nowhere ADD x int', '{}'),
('object-missing', 'ALTER TABLE big DROP zzz', 'ALTER TABLE big ADD zzz int; ALTER TABLE big DROP zzz', '{}'),
('object-exists', 'CREATE TABLE big (a int)', 'DROP TABLE big; CREATE TABLE big (a int)', '{}'),
('drop-dependent-object', 'DROP TABLE read', 'DROP TABLE read, reads', '{}'),
('drop-dependent-object', 'DROP TABLE read', 'DROP VIEW reads; DROP TABLE read', '{}'),
('dependents-block-change', 'ALTER TABLE read ALTER a TYPE bigint', 'ALTER TABLE read ALTER b TYPE bigint', '{}'),
('dependents-block-change', 'ALTER TABLE read DROP a', 'DROP VIEW reads; ALTER TABLE read DROP a', '{}'),
('view-incompatible', 'CREATE OR REPLACE VIEW reads AS SELECT b FROM read', 'CREATE OR REPLACE VIEW reads AS SELECT a, b FROM read', '{}'),
('guard-hides-mismatch', 'CREATE TABLE IF NOT EXISTS read (a int, z int)', 'CREATE TABLE IF NOT EXISTS read (a int)', '{}'),
('foreign-key-type-mismatch', 'CREATE TABLE t (k bigint REFERENCES keyed)', 'CREATE TABLE t (k int REFERENCES keyed)', '{}'),
('not-null-would-fail', 'ALTER TABLE big ALTER j SET NOT NULL', 'ALTER TABLE big ALTER a SET NOT NULL', '{"validate_data": true}'),
('check-would-fail', 'ALTER TABLE big ADD CHECK (a > 9)', 'ALTER TABLE big ADD CHECK (a > 0)', '{"validate_data": true}'),
('foreign-key-would-fail', 'ALTER TABLE big ADD FOREIGN KEY (n) REFERENCES read (b)', 'ALTER TABLE big ADD FOREIGN KEY (a) REFERENCES keyed', '{"validate_data": true}'),
('unique-would-fail', 'ALTER TABLE big ADD UNIQUE (n)', 'ALTER TABLE big ADD UNIQUE (a)', '{"validate_data": true}'),
('type-cast-would-fail', 'ALTER TABLE read ALTER t TYPE int USING t::int', 'ALTER TABLE big ALTER b TYPE int USING b::int', '{"validate_data": true}'),
('missing-comment', 'CREATE TABLE t (a int)', 'CREATE TABLE t (a int); COMMENT ON TABLE t IS ''what''', '{}'),
('nullable-column', 'CREATE TABLE t (a int)', 'CREATE TABLE t (a int NOT NULL)', '{}'),
('required-columns', 'CREATE TABLE t (a int)', 'CREATE TABLE t (a int, made timestamptz)', '{"required_columns": ["made"]}'),
('naming-convention', 'CREATE TABLE "T" (a int)', 'CREATE TABLE t (a int)', '{}'),
('column-alignment', 'CREATE TABLE t (a bool, b bigint, c bool, d bigint)', 'CREATE TABLE t (b bigint, d bigint, a bool, c bool)', '{}'),
('unused-ignore', E'-- wishflags: ignore truncate reason="x"\nDROP TABLE big', E'-- wishflags: ignore drop-table reason="x"\nDROP TABLE big', '{}');

-- Rules that a text on this server can't show: why.
CREATE TEMP TABLE unshown (rule text, why text);
INSERT INTO unshown VALUES
('set-expression-rewrites', 'the command came with 17'),
('migration-required', 'needs the files of two commits; see the test of the command'),
('migration-immutable', 'likewise'),
('migration-out-of-order', 'likewise'),
('migration-duplicate-number', 'likewise'),
('deprecated-too-early', 'found when a command is run; see the regression test guard_deprecate'),
('enum-catalog-write', 'likewise; see guard_fires'),
('guard-changed', 'likewise; see guard_audit'),
('concurrent-wait-hazard', 'takes another session that is in a transaction for a minute'),
('invalid-index-left', 'takes a failed concurrent build; see the regression test migration_index');

SELECT isnt_empty(
	format('SELECT 1 FROM wishflags.migration_breaking_check(%L, %L) WHERE rule = %L', bad, options, rule),
	rule || ' finds ' || left(bad, 70)) FROM cases;
SELECT is_empty(
	format('SELECT 1 FROM wishflags.migration_breaking_check(%L, %L) WHERE rule = %L', good, options, rule),
	rule || ' leaves alone ' || left(good, 70)) FROM cases;

-- Of the safe way the same rule has nothing to say, or less grave things: in
-- the place of the statement where it ends the text's transaction, else alone.
CREATE TEMP TABLE ways AS
SELECT DISTINCT c.rule, c.options, f.severity, CASE WHEN f.safe_sql ~ '^COMMIT;'
	THEN replace(c.bad, substring(f.safe_sql FROM '^COMMIT;\n(.*);\nBEGIN;$'), f.safe_sql) ELSE f.safe_sql END AS way
FROM cases c CROSS JOIN LATERAL wishflags.migration_breaking_check(c.bad, c.options) f
WHERE f.rule = c.rule AND f.safe_sql IS NOT NULL;
SELECT is_empty(
	format($$SELECT 1 FROM wishflags.migration_breaking_check(%L, %L)
		WHERE rule = %L AND array_position(ARRAY['info', 'low', 'medium', 'high', 'critical'], severity) >=
			array_position(ARRAY['info', 'low', 'medium', 'high', 'critical'], %L)$$, way, options, rule, severity),
	rule || ' has less against ' || left(replace(way, E'\n', ' '), 70)) FROM ways;

-- Other ways to write it: quoted, several commands at once, inside DO, what the
-- text itself made, clauses that change nothing.  A hint is no finding here.
CREATE TEMP TABLE variations (sql text, rule text, found boolean);
INSERT INTO variations VALUES
('CREATE UNIQUE INDEX IF NOT EXISTS "Ix" ON app."big" (c)', 'index-not-concurrent', true),
('CREATE INDEX ON ONLY app.parts (a)', 'index-not-concurrent', false),
('CREATE TABLE IF NOT EXISTS tt (a int); CREATE INDEX ON tt (a)', 'index-not-concurrent', false),
('CREATE TABLE app.tt (a int); CREATE INDEX ON tt (a)', 'index-not-concurrent', false),
('CREATE TABLE tt AS SELECT 1 AS a; CREATE INDEX ON tt (a)', 'index-not-concurrent', false),
('SELECT 1 AS a INTO tt; CREATE INDEX ON tt (a)', 'index-not-concurrent', false),
('DO $$ BEGIN CREATE INDEX ON app.big (c); END $$', 'index-not-concurrent', true),
('DO $$ BEGIN IF true THEN EXECUTE ''CREATE INDEX ON app.big (c)''; END IF; END $$', 'opaque-sql', true),
('CREATE MATERIALIZED VIEW mv AS SELECT 1 AS a; CREATE UNIQUE INDEX ON mv (a)', 'index-not-concurrent', false),
('CREATE INDEX ON totals (count)', 'index-not-concurrent', true),
('DROP INDEX IF EXISTS app.big_a_idx', 'drop-index-not-concurrent', true),
('DROP INDEX app.big_a_idx, public.foo', 'drop-index-not-concurrent', true),
('REINDEX (VERBOSE, CONCURRENTLY) TABLE app.big', 'reindex-not-concurrent', false),
('REINDEX INDEX big_a_idx', 'reindex-not-concurrent', true),
('REINDEX (CONCURRENTLY false) INDEX big_a_idx', 'reindex-not-concurrent', true),
('REINDEX SYSTEM d', 'reindex-not-concurrent', false),
('BEGIN; CREATE TABLE q (a int); COMMIT; CREATE INDEX CONCURRENTLY ON q (a)', 'concurrent-in-transaction', false),
('START TRANSACTION; REINDEX TABLE CONCURRENTLY big; END', 'concurrent-in-transaction', true),
('BEGIN; ROLLBACK; DROP INDEX CONCURRENTLY big_a_idx', 'concurrent-in-transaction', false),
('ALTER TABLE big ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES keyed (id) NOT VALID, ADD y int', 'add-foreign-key-validates', false),
('ALTER TABLE big ADD y int, ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES keyed (id)', 'add-foreign-key-validates', true),
('ALTER TABLE ONLY app.big ADD CONSTRAINT f FOREIGN KEY (y) REFERENCES keyed (id), ADD y int', 'add-foreign-key-validates', true),
('CREATE TABLE tt (a int REFERENCES keyed)', 'add-foreign-key-validates', false),
('CREATE TABLE tt (a int); ALTER TABLE tt ADD FOREIGN KEY (a) REFERENCES keyed', 'add-foreign-key-validates', false),
('ALTER TABLE big ADD COLUMN y int CHECK (y > 0)', 'add-check-validates', true),
('ALTER TABLE big ADD COLUMN y int CONSTRAINT yy CHECK (y > 0)', 'add-check-validates', true),
('ALTER TABLE big ADD CONSTRAINT k CHECK (a > 1) NO INHERIT', 'add-check-validates', true),
('ALTER TABLE big ALTER COLUMN "j" SET NOT NULL', 'set-not-null-scans', true),
('ALTER TABLE proven DROP CONSTRAINT proven_x; ALTER TABLE proven ALTER x SET NOT NULL', 'set-not-null-scans', true),
('ALTER TABLE big ADD COLUMN z int, ALTER COLUMN z SET NOT NULL', 'set-not-null-scans', true),
('CREATE UNIQUE INDEX CONCURRENTLY u ON big (a); ALTER TABLE big ADD CONSTRAINT u UNIQUE USING INDEX u', 'add-unique-builds-index', false),
('ALTER TABLE big ADD CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a)', 'add-unique-builds-index', true),
('ALTER TABLE big ADD COLUMN y uuid PRIMARY KEY', 'add-primary-key-builds-index', true),
('CREATE UNIQUE INDEX CONCURRENTLY u ON big (id); ALTER TABLE big ADD CONSTRAINT u PRIMARY KEY USING INDEX u', 'primary-key-index-nullable', false),
('CREATE UNIQUE INDEX CONCURRENTLY u ON big (a); ALTER TABLE big ADD CONSTRAINT u PRIMARY KEY USING INDEX u', 'primary-key-index-nullable', true),
('ALTER TABLE parts ADD CONSTRAINT k UNIQUE (id)', 'add-unique-builds-index', true),
('ALTER TABLE big ADD y timestamptz DEFAULT clock_timestamp()', 'add-column-volatile-default', true),
('ALTER TABLE big ADD y timestamptz DEFAULT CURRENT_TIMESTAMP', 'add-column-volatile-default', false),
('ALTER TABLE big ADD y text DEFAULT upper(random()::text)', 'add-column-volatile-default', true),
('ALTER TABLE big ADD y uuid DEFAULT uuid_generate_v4()', 'add-column-volatile-default', true),
('ALTER TABLE big ADD y int[] DEFAULT ''{}'', ADD z jsonb DEFAULT ''{}''::jsonb', 'add-column-volatile-default', false),
('ALTER TABLE big ADD y timestamptz DEFAULT now() + interval ''1 day''', 'add-column-volatile-default', false),
('ALTER TABLE big ALTER COLUMN b SET DEFAULT random()', 'add-column-volatile-default', false),
('ALTER TABLE big ADD y bigint GENERATED BY DEFAULT AS IDENTITY (START 1)', 'add-column-auto-increment', true),
('ALTER TABLE big ADD IF NOT EXISTS a serial', 'add-column-auto-increment', false),
('CREATE TABLE tt (a int); ALTER TABLE tt ADD b serial', 'add-column-auto-increment', false),
('ALTER TABLE big ALTER c TYPE varchar', 'type-change-rewrites', false),
('ALTER TABLE big ALTER c TYPE varchar(11) USING c', 'type-change-rewrites', false),
('ALTER TABLE big ALTER COLUMN d TYPE numeric', 'type-change-rewrites', false),
('ALTER TABLE big ALTER COLUMN d SET DATA TYPE numeric(8,2)', 'type-change-narrows', true),
('CREATE TABLE tt (a int); ALTER TABLE tt ALTER a TYPE bigint', 'type-change-rewrites', false),
('ALTER TABLE big ADD y int; ALTER TABLE big ALTER y TYPE bigint', 'type-change-rewrites', false),
('ALTER TABLE "big" RENAME COLUMN "a" TO "Z"', 'rename-column', true),
('ALTER VIEW reads RENAME COLUMN a TO z', 'rename-column', true),
('ALTER TABLE IF EXISTS app.big RENAME TO b2', 'rename-table', true),
('ALTER VIEW reads RENAME TO r2', 'rename-table', true),
('ALTER TABLE big DROP COLUMN IF EXISTS a, DROP COLUMN b', 'drop-column', true),
('ALTER TABLE big DROP COLUMN IF EXISTS nope', 'drop-column', false),
('DROP TABLE IF EXISTS app.big, app.keyed CASCADE', 'drop-table', true),
('CREATE TEMP TABLE tmp (a int); DROP TABLE tmp', 'drop-table', false),
('TRUNCATE TABLE ONLY app.big RESTART IDENTITY', 'truncate', true),
('VACUUM (FULL, ANALYZE) big', 'cluster-or-vacuum-full', true),
('VACUUM ANALYZE big', 'cluster-or-vacuum-full', false),
('CLUSTER', 'cluster-or-vacuum-full', true),
('ALTER TABLE parts DETACH PARTITION parts_1 FINALIZE', 'detach-partition-not-concurrent', false),
('UPDATE big SET a = 1 WHERE true', 'unbatched-data-change', true),
('DELETE FROM big USING keyed WHERE big.id = keyed.id', 'unbatched-data-change', true),
('WITH gone AS (DELETE FROM big RETURNING *) INSERT INTO empty SELECT * FROM gone', 'unbatched-data-change', true),
('WITH gone AS (DELETE FROM empty RETURNING *) SELECT count(*) FROM gone', 'unbatched-data-change', false),
('WITH few AS (SELECT 1) SELECT * FROM few', 'unbatched-data-change', false),
('ALTER TYPE mood ADD VALUE IF NOT EXISTS ''ok''', 'enum-add-value', false),
('ALTER TYPE app.mood ADD VALUE ''x'' BEFORE ''ok''', 'enum-value-unordered', false),
('BEGIN; ALTER TYPE mood ADD VALUE ''x''; INSERT INTO felt VALUES (''x''); COMMIT', 'enum-value-used-in-transaction', true),
('SET lock_timeout = ''0''; ALTER TABLE big ADD y int', 'lock-timeout-missing', true),
('SET SESSION lock_timeout TO ''3s''; ALTER TABLE big ADD y int', 'lock-timeout-missing', false),
('BEGIN; SET LOCAL lock_timeout = ''3s''; ALTER TABLE big ADD y int; COMMIT', 'lock-timeout-missing', false),
('SELECT set_config(''lock_timeout'', ''3s'', false); ALTER TABLE big ADD y int', 'lock-timeout-missing', false),
('ALTER TABLE big ADD CONSTRAINT e EXCLUDE USING gist (b WITH =)', 'add-exclusion-constraint', true),
('CREATE TABLE tt (a int, EXCLUDE USING btree (a WITH =))', 'add-exclusion-constraint', false),
('ALTER DOMAIN plain ADD CONSTRAINT p CHECK (VALUE > 1)', 'domain-constraint-validates', true),
('CREATE DOMAIN dd AS int; ALTER DOMAIN dd ADD CHECK (VALUE > 1)', 'domain-constraint-validates', false),
('REFRESH MATERIALIZED VIEW app.totals WITH NO DATA', 'refresh-matview-blocking', true),
('CREATE TRIGGER x BEFORE INSERT ON big FOR EACH ROW EXECUTE FUNCTION f()', 'trigger-ddl-lock', true),
('CREATE TABLE tt (a int); CREATE TRIGGER x BEFORE INSERT ON tt FOR EACH ROW EXECUTE FUNCTION f()', 'trigger-ddl-lock', false),
('ALTER TABLE big ALTER COLUMN b DROP DEFAULT', 'change-default', false),
('ALTER TABLE big SET (fillfactor = 70)', 'lock-timeout-missing', false),
('LOCK TABLE app.big IN SHARE ROW EXCLUSIVE MODE NOWAIT', 'lock-table-explicit', true),
('ALTER TABLE empty ADD COLUMN y int NOT NULL', 'add-column-required', true),
('ALTER TABLE big ADD y int NOT NULL GENERATED ALWAYS AS (a) STORED', 'add-column-required', false),
('CREATE TABLE tt (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY)', 'integer-key-width', true),
('CREATE TABLE tt (a pg_catalog.json)', 'json-column', true),
('CREATE TABLE tt (a "char")', 'char-column', false),
('CREATE TABLE tt (a timestamp(3) without time zone[])', 'timestamp-without-zone', true),
('DROP SCHEMA IF EXISTS app CASCADE', 'drop-schema', true),
('ALTER TABLE big SET SCHEMA public', 'move-schema', true),
('REVOKE ALL ON big FROM PUBLIC', 'revoke-privilege', true),
('DROP OWNED BY postgres CASCADE', 'drop-cascade', true);
SELECT is(EXISTS (SELECT FROM wishflags.migration_breaking_check(sql) f WHERE f.rule = v.rule AND (found OR f.severity <> 'info')), found,
	rule || CASE WHEN found THEN ' finds ' ELSE ' leaves alone ' END || left(sql, 90)) FROM variations v;

SELECT set_eq(
	'SELECT rule FROM wishflags.migration_rules',
	'SELECT rule FROM cases UNION SELECT rule FROM unshown',
	'every rule of the registry has a case');
SELECT is_empty(
	$$SELECT rule FROM wishflags.migration_rules
	  WHERE severity NOT IN ('info', 'low', 'medium', 'high', 'critical')
	     OR kind NOT IN ('breaking', 'blocking', 'data-loss', 'irreversible', 'fails', 'style')
	     OR policy !~ '^[a-z]+$' OR length(description) < 10 OR rule !~ '^[a-z]+(-[a-z]+)*$'$$,
	'every row of the registry is complete');
SELECT is(count(*), count(DISTINCT rule), 'rule ids are unique') FROM wishflags.migration_rules;

-- Base severities, as published.
SELECT results_eq(
	$$SELECT rule, severity FROM wishflags.migration_rules ORDER BY rule COLLATE "C"$$,
	$$SELECT rule, severity FROM (VALUES
		('critical', 'check-would-fail foreign-key-would-fail not-null-would-fail type-cast-would-fail unique-would-fail
			drop-cascade drop-database drop-schema drop-table index-build-corruption recreate-table truncate
			truncate-cascade'),
		('high', 'deprecated-too-early enum-catalog-write guard-changed migration-required migration-immutable dependents-block-change drop-dependent-object view-incompatible
			add-check-validates add-column-auto-increment attach-partition-builds-index add-column-constrained-domain add-column-required
			add-column-stored-generated add-column-volatile-default add-exclusion-constraint add-foreign-key-validates
			add-primary-key-builds-index add-unique-builds-index cluster-or-vacuum-full concurrent-in-transaction
			concurrent-on-partitioned disable-trigger domain-constraint-validates drop-column drop-primary-key drop-type
			duplicate-assignment enum-rename-value enum-type-replaced enum-value-used-in-transaction index-not-concurrent
			move-schema object-missing reindex-not-concurrent rename-column rename-schema rename-table
			set-access-method-rewrites set-expression-rewrites set-not-null-scans set-persistence-rewrites
			set-tablespace-copies syntax-error type-change-narrows type-change-rewrites'),
		('medium', 'migration-out-of-order migration-duplicate-number foreign-key-type-mismatch guard-hides-mismatch
			attach-partition-scans create-partition-locks-parent detach-partition-not-concurrent drop-constraint
			drop-index-not-concurrent enum-add-value-in-transaction exclusive-lock-held foreign-key-set-null-not-null
			foreign-key-without-index function-change-breaking grant-too-broad invalid-index-left json-column
			lock-table-explicit lock-timeout-missing many-tables-locked object-exists opaque-sql
			primary-key-index-nullable refresh-matview-blocking rename-other replication-affected
			reset-identity-or-sequence revoke-privilege row-security-change trigger-ddl-lock type-change-rechecks
			unbatched-data-change unfinished-transaction validate-in-same-transaction'),
		('low', 'column-alignment concurrent-wait-hazard missing-comment naming-convention nullable-column required-columns unused-ignore
			add-column-constant-default alter-table-not-combined application-name-missing change-default char-column
			create-extension create-table-as-heavy domain-with-constraint drop-not-null duplicate-index enum-add-value
			enum-created enum-value-unordered identifier-truncated idle-timeout-missing integer-key-width limited-varchar
			lock-timeout-unsafe-value money-column name-not-qualified nested-transaction not-rerunnable serial-column
			smallint-width statement-timeout-missing table-without-primary-key timestamp-without-zone unnamed-constraint
			wide-index')
	) AS published(severity, rules), regexp_split_to_table(rules, '\s+') AS rule
	ORDER BY rule COLLATE "C"$$,
	'base severities are the published ones');

SELECT * FROM finish();
ROLLBACK;
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL wishflags.bypass = 'end of the test';
DROP SCHEMA app CASCADE;
COMMIT;
