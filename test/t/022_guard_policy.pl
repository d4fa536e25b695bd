# The guard's policies among several sessions, and in dumps.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('policy');
$node->init;
$node->append_conf('postgresql.conf', "deadlock_timeout = '100ms'");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql(
	'shop', q{
	CREATE EXTENSION wishflags;
	CREATE TABLE item (id int PRIMARY KEY, code text);
	INSERT INTO item SELECT g, 'c' || g FROM generate_series(1, 2000) g;
	CREATE INDEX CONCURRENTLY ON item (code);
	CREATE TABLE part (id int, item int REFERENCES item) PARTITION BY RANGE (id);
	CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (0) TO (1000);
	INSERT INTO part SELECT g, g FROM generate_series(1, 500) g;
	INSERT INTO wishflags.guard_policies (rule, action, reason)
	VALUES ('all', 'warn', 'every rule looks'), ('drop-table', 'block', 'never here');
});

# Four clients alter the same tables while all rules look at them: a lock that
# the guard kept would be one that two of them want to make stronger.
my $script = $node->basedir . '/alter.sql';
append_to_file($script, <<'SQL');
SET client_min_messages = error;
ALTER TABLE item ADD COLUMN IF NOT EXISTS c_:client_id int;
ALTER TABLE part ADD COLUMN IF NOT EXISTS c_:client_id text;
ALTER TABLE item ALTER COLUMN code TYPE varchar(30);
BEGIN;
ALTER TABLE part ALTER COLUMN item SET NOT NULL;
COMMIT;
ALTER TABLE item DROP COLUMN IF EXISTS c_:client_id;
ALTER TABLE part DROP COLUMN IF EXISTS c_:client_id;
SQL
$node->command_ok(
	[ 'pgbench', '-n', '-c', 4, '-j', 2, '-t', 25, '-f', $script, 'shop' ],
	'four clients alter the same tables');
unlike(slurp_file($node->logfile), qr/deadlock detected/, 'nobody met a deadlock');
is( $node->safe_psql('shop', q{SELECT count(*) > 100 FROM wishflags.guard_log WHERE outcome = 'warned'}),
	't', 'the guard judged these commands');

# What the protocol prepares is judged when it is run.
my $prepared = $node->basedir . '/prepared.sql';
append_to_file($prepared, "DROP TABLE part_1;\n");
$node->command_fails_like([ 'pgbench', '-n', '-M', 'prepared', '-t', 1, '-f', $prepared, 'shop' ],
	qr/blocked by rule "drop-table"/, 'a prepared statement is refused');

# A session that is open hears of a change.
my $change = $node->connstr('shop');
is( $node->safe_psql(
		'shop', qq{
		SET client_min_messages = error;
		CREATE FUNCTION blocked() RETURNS boolean LANGUAGE plpgsql AS \$\$
		BEGIN DROP TABLE part_1; RETURN false; EXCEPTION WHEN SQLSTATE 'WF001' THEN RETURN true; END \$\$;
		SELECT blocked();
		\\! psql -Xq -d "$change" -c "UPDATE wishflags.guard_policies SET action = 'off' WHERE rule = 'drop-table'"
		SELECT blocked();}),
	"t\nf", 'an open session hears that another one changes a policy');

# A timeout is never taken for a mistake of the guard.
my ($rc, $out, $err) = $node->psql(
	'shop', q{
	SET statement_timeout = '1ms';
	DO $$ BEGIN FOR n IN 1..100000 LOOP EXECUTE 'ALTER TABLE item ALTER COLUMN code TYPE varchar(30)'; END LOOP; END $$});
like($err, qr/canceling statement due to statement timeout/, 'a timeout passes');
unlike($err, qr/could not judge/, 'and is not swallowed');

# Nobody is locked out.
$node->safe_psql('shop', q{INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES
	('drop-schema', 'block', 'x'), ('drop-cascade', 'block', 'x'), ('create-extension', 'block', 'x'), ('nullable-column', 'block', 'x')});
($rc, $out, $err) = $node->psql('shop', 'CREATE TABLE n (a int)');
like($err, qr/blocked by rule "nullable-column"/, 'a strict policy blocks much');
is($node->psql('shop', 'SET wishflags.guard = off; CREATE TABLE n (a int); DROP TABLE n'), 0, 'the session can switch the guard off');
$node->safe_psql('shop', 'ALTER DATABASE shop SET wishflags.guard = off');
is($node->psql('shop', 'CREATE TABLE n (a int); DROP TABLE n'), 0, 'so can the database');
$node->safe_psql('shop', 'ALTER DATABASE shop RESET wishflags.guard');

# A broken row lets commands pass, and is told to the client and in the log.
$node->safe_psql('shop', q{SET session_replication_role = replica;
	INSERT INTO wishflags.guard_policies (name, rule, action, reason, changed_at, changed_by)
	VALUES ('broken', 'no-such-rule', 'block', 'x', now(), 'x')});
my $read = -s $node->logfile;
($rc, $out, $err) = $node->psql('shop', 'CREATE TABLE n (a int); DROP TABLE n');
is($rc, 0, 'a broken row lets commands pass');
like($err, qr/WARNING:  the guard can't read its policies and lets this command pass/, 'with a warning');
like(substr(slurp_file($node->logfile), $read),
	qr/LOG:  wishflags guard: outcome=passed: the policies can't be read: unknown rule "no-such-rule"/, 'and a line in the log');
$node->safe_psql('shop', q{DELETE FROM wishflags.guard_policies WHERE name = 'broken'});
($rc, $out, $err) = $node->psql('shop', 'CREATE TABLE n (a int)');
like($err, qr/blocked by rule "nullable-column"/, 'until it is gone');

# Policies and their history come again from a dump, without new history.
my $rows = q{SELECT string_agg(name || ' ' || action || ' ' || changed_at, ',' ORDER BY name) FROM wishflags.guard_policies};
my $history = q{SELECT count(*) || ' ' || min(occurred_at) || ' ' || max(occurred_at) FROM wishflags.guard_policy_history};
my $file = $node->basedir . '/dump.sql';
command_ok([ 'pg_dump', '-f', $file, $node->connstr('shop') ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $file, '-d', $node->connstr('copy') ], 'psql restores it');
is($node->safe_psql('copy', $rows), $node->safe_psql('shop', $rows), 'the same policies');
is($node->safe_psql('copy', $history), $node->safe_psql('shop', $history), 'the same history');
($rc, $out, $err) = $node->psql('copy', 'CREATE TABLE n (a int)');
like($err, qr/blocked by rule "nullable-column"/, 'they are in force');

is($node->psql('shop', 'DROP EXTENSION wishflags'), 0, 'DROP EXTENSION is never blocked');
is($node->psql('shop', 'CREATE TABLE n (a int)'), 0, 'and ends the guard');

done_testing();
