# The checks of texts, and the snapshots, while other sessions make and drop what
# they read: no error but clean ones, and no wait for a lock.
use strict;
use warnings FATAL => 'all';
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('churn');
$node->init;
$node->append_conf('postgresql.conf', "wishflags.guard = off\nclient_min_messages = error\nfsync = off\nautovacuum = off\n");
$node->start;
$node->safe_psql('postgres', <<'SQL');
CREATE EXTENSION wishflags;
CREATE SCHEMA churn;
CREATE SCHEMA away;
CREATE TABLE changes (sql text);
INSERT INTO changes VALUES
('DROP TABLE IF EXISTS churn.a CASCADE; CREATE TABLE churn.a (id int PRIMARY KEY, b churn.d, c churn.e, s text DEFAULT churn.f(1)::text, n int CHECK (churn.f(n) > 0), x int[], UNIQUE (n, s))'),
('DROP TABLE IF EXISTS churn.b CASCADE; CREATE TABLE churn.b (id int PRIMARY KEY, b churn.d, c churn.e[], v varchar(20), g int GENERATED ALWAYS AS (id * 2) STORED)'),
('ALTER TABLE churn.b ADD COLUMN a int CONSTRAINT b_a REFERENCES churn.a'), ('ALTER TABLE churn.b DROP COLUMN a'),
('ALTER TABLE churn.b ADD CONSTRAINT k CHECK (churn.f(id) > 0) NOT VALID'), ('ALTER TABLE churn.b DROP CONSTRAINT k'),
('CREATE INDEX i ON churn.a (n); CREATE INDEX j ON churn.a ((churn.f(n))) WHERE n > 0'), ('DROP INDEX churn.i'), ('DROP INDEX churn.j'),
('DROP TYPE IF EXISTS churn.e CASCADE; CREATE TYPE churn.e AS ENUM (''x'', ''y'')'),
('DROP DOMAIN IF EXISTS churn.d CASCADE; CREATE DOMAIN churn.d AS varchar(10) DEFAULT ''d'' NOT NULL CHECK (VALUE <> '''')'),
('ALTER TABLE churn.a ADD COLUMN b churn.d, ADD COLUMN c churn.e'), ('ALTER TABLE churn.b ADD COLUMN b churn.d, ADD COLUMN c churn.e[]'),
('DROP FUNCTION IF EXISTS churn.f CASCADE; CREATE FUNCTION churn.f(int) RETURNS int IMMUTABLE LANGUAGE sql AS ''SELECT 1'''),
('DROP VIEW IF EXISTS churn.v CASCADE; CREATE VIEW churn.v AS SELECT a.id, a.c, churn.f(b.id) FROM churn.a, churn.b; CREATE VIEW churn.w AS SELECT * FROM churn.v'),
('CREATE MATERIALIZED VIEW churn.m AS SELECT id FROM churn.a; CREATE INDEX ON churn.m (id)'), ('DROP MATERIALIZED VIEW churn.m'),
('DROP TABLE IF EXISTS churn.p CASCADE; CREATE TABLE churn.p (id int, k int, PRIMARY KEY (id)) PARTITION BY RANGE (id); CREATE TABLE churn.p1 PARTITION OF churn.p FOR VALUES FROM (1) TO (10); CREATE INDEX p_k ON churn.p (k)'),
('ALTER TABLE churn.p DETACH PARTITION churn.p1'), ('ALTER TABLE churn.p ATTACH PARTITION churn.p1 FOR VALUES FROM (1) TO (10)'), ('CREATE TABLE churn.p2 PARTITION OF churn.p DEFAULT'), ('DROP TABLE churn.p2'),
('CREATE POLICY y ON churn.a USING (churn.f(n) > 0); ALTER TABLE churn.a ENABLE ROW LEVEL SECURITY'), ('DROP POLICY y ON churn.a'),
('CREATE TRIGGER r BEFORE UPDATE ON churn.a FOR EACH ROW WHEN (NEW.n > 0) EXECUTE FUNCTION suppress_redundant_updates_trigger()'), ('DROP TRIGGER r ON churn.a'),
('ALTER TABLE churn.a RENAME TO z'), ('ALTER TABLE churn.z RENAME TO a'), ('ALTER TABLE churn.b SET SCHEMA away'), ('ALTER TABLE away.b SET SCHEMA churn'),
('ALTER TABLE churn.a ALTER n TYPE bigint'), ('CREATE TABLE churn.h (h churn.d) INHERITS (churn.a)'), ('DROP TABLE churn.h'),
('CREATE SEQUENCE churn.q OWNED BY churn.a.n; ALTER TABLE churn.a ALTER n SET DEFAULT nextval(''churn.q'')'), ('DROP SEQUENCE churn.q CASCADE'),
('LOCK TABLE churn.a; SELECT pg_sleep(0.02)'), ('LOCK TABLE churn.p; SELECT pg_sleep(0.02)'), ('LOCK TABLE churn.b; SELECT pg_sleep(0.02)');
CREATE TABLE texts (sql text);
INSERT INTO texts SELECT replace(sql, 'LOCK TABLE', 'TRUNCATE') FROM changes UNION ALL VALUES
('ALTER TABLE churn.a ALTER b TYPE text, ALTER c TYPE text, ALTER s TYPE churn.d'), ('ALTER TABLE churn.a ADD q churn.d'), ('ALTER TABLE churn.b ALTER v TYPE varchar(10), ALTER v SET NOT NULL'),
('DROP TYPE churn.e'), ('DROP DOMAIN churn.d'), ('DROP FUNCTION churn.f(int)'), ('DROP SCHEMA churn'), ('DROP SCHEMA churn CASCADE'), ('DROP TABLE churn.a'), ('DROP TABLE churn.b CASCADE'), ('DROP TABLE churn.p'),
('ALTER TYPE churn.e ADD VALUE ''z'''), ('ALTER DOMAIN churn.d ADD CHECK (VALUE > ''a'')'), ('ALTER DOMAIN churn.d SET DEFAULT ''e'''),
('ALTER TABLE churn.a DROP COLUMN n CASCADE'), ('ALTER TABLE churn.a DROP COLUMN c'), ('ALTER TABLE churn.a RENAME n TO o'), ('ALTER TABLE churn.b VALIDATE CONSTRAINT k'), ('ALTER TABLE churn.b DROP CONSTRAINT b_a'),
('CREATE TABLE churn.x (LIKE churn.a INCLUDING ALL)'), ('CREATE INDEX ON churn.p (k, id)'), ('ALTER INDEX churn.p_k ATTACH PARTITION churn.p1_k_idx'), ('REINDEX TABLE churn.a'), ('CLUSTER churn.a USING i'), ('UPDATE churn.a SET n = n + 1'),
('CREATE OR REPLACE FUNCTION churn.f(a int) RETURNS bigint LANGUAGE sql AS ''SELECT 1'''), ('CREATE OR REPLACE VIEW churn.v AS SELECT 1 AS id'), ('REFRESH MATERIALIZED VIEW churn.m'), ('ALTER TABLE churn.p ATTACH PARTITION churn.b FOR VALUES FROM (20) TO (30)');
CREATE TABLE errors (asked text, sqlstate text, message text, sql text);
CREATE TABLE answers (asked text, count int);

CREATE PROCEDURE change(seconds float) LANGUAGE plpgsql AS $$
DECLARE
	until timestamptz = clock_timestamp() + make_interval(secs => seconds);
	statement text;
BEGIN
	SET lock_timeout = '100ms';
	WHILE clock_timestamp() < until LOOP
		SELECT sql INTO statement FROM changes ORDER BY random() LIMIT 1;
		BEGIN
			EXECUTE statement;
		EXCEPTION WHEN OTHERS THEN
			NULL;
		END;
		COMMIT;
	END LOOP;
END $$;

CREATE FUNCTION answer(asked text, sql text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	CASE asked
		WHEN 'migration_breaking_check' THEN PERFORM FROM wishflags.migration_breaking_check(sql, jsonb_build_object('assume_populated', random() < 0.5));
		WHEN 'migration_describe' THEN PERFORM wishflags.migration_describe(sql);
		WHEN 'migration_impact' THEN PERFORM FROM wishflags.migration_impact(sql);
		WHEN 'migration_estimate' THEN PERFORM FROM wishflags.migration_estimate(sql);
		WHEN 'migration_rollback_sql' THEN PERFORM wishflags.migration_rollback_sql(sql);
		WHEN 'schema_snapshot' THEN PERFORM wishflags.schema_snapshot(NULL);
	END CASE;
END $$;

CREATE PROCEDURE ask(functions text[], patience text, seconds float) LANGUAGE plpgsql AS $$
DECLARE
	until timestamptz = clock_timestamp() + make_interval(secs => seconds);
	asked text;
	statement text;
BEGIN
	PERFORM set_config('lock_timeout', patience, false);
	WHILE clock_timestamp() < until LOOP
		asked := functions[1 + floor(random() * cardinality(functions))::int];
		SELECT string_agg(sql, ';') INTO statement FROM (
			SELECT sql FROM texts ORDER BY random() LIMIT CASE WHEN random() < 0.3 THEN 40 ELSE 1 END) chosen;
		BEGIN
			PERFORM answer(asked, statement);
			INSERT INTO answers VALUES (asked, 1);
		EXCEPTION WHEN OTHERS THEN
			INSERT INTO errors VALUES (asked, SQLSTATE, SQLERRM, statement);
		END;
		COMMIT;
	END LOOP;
END $$;
SQL

# Whoever is at work in sessions of their own: lists of SQL.
sub together
{
	my @sessions = map {
		my ($sql, $out) = ($_, '');
		IPC::Run::start(
			[ 'psql', '-XAqt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-c', $sql ],
			'>', \$out, '2>&1', IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	} @_;
	return scalar(grep { !$_->finish } @sessions);
}

my @changing = ('CALL change(6)') x 3;
my $reading = q{CALL ask('{migration_breaking_check, migration_describe, migration_impact, migration_estimate}', '1ms', 6)};
is(together(@changing, ($reading) x 3), 0, 'sessions that check texts go on beside those that change what they name');
is($node->safe_psql('postgres', 'SELECT * FROM errors ORDER BY 1, 2, 3'), '', 'checks raise nothing, and wait for nobody');
is($node->safe_psql('postgres', 'SELECT count(DISTINCT asked) FROM answers'), '4', 'each of them has answered');

# A rehearsal runs the text, which may fail; a snapshot of all waits for tables, and may give up.
my $running = q{CALL ask('{migration_rollback_sql, schema_snapshot}', '5s', 6)};
is(together(@changing, ($running) x 2), 0, 'sessions that rehearse and read schemas go on as well');
is( $node->safe_psql('postgres', q{
	SELECT * FROM errors WHERE NOT CASE asked WHEN 'schema_snapshot' THEN sqlstate = '40001' ELSE sqlstate !~ '^(XX|40001)' END ORDER BY 1, 2, 3}),
	'', 'what they raise speaks of the text or asks to try again');
$node->stop;

done_testing();
