# The audit of flags under 32 editors, and after a dump, a restore and a crash.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('history');
$node->init;
$node->append_conf('postgresql.conf', "max_connections = 50\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql(
	'shop', q{
	CREATE EXTENSION wishflags;
	SELECT wishflags.flag_create('flag-' || g, rollout => 0, enabled => true) FROM generate_series(1, 8) g;
	CREATE TABLE tally (flag text, client int);
});

# Each adds 0.001 to what it finds, so that a lost update shows in the sum.
my $dir = $node->basedir;
append_to_file("$dir/edit.sql", q{\set n random(1, 8)
BEGIN;
UPDATE wishflags.flags SET rollout = rollout + 0.001 WHERE key = 'flag-' || :n;
SELECT wishflags.flag_override_set('flag-' || :n, 'u-' || :client_id, random() < 0.5);
INSERT INTO tally VALUES ('flag-' || :n, :client_id);
COMMIT;
});
command_ok(
	[ 'pgbench', '-n', '-c', '32', '-j', '2', '-t', '50', '-f', "$dir/edit.sql", '-d', $node->connstr('shop') ],
	'32 editors');

my $lost = q{SELECT count(*) FROM wishflags.flags f, (SELECT flag, count(*) AS edits FROM tally GROUP BY flag) t
	WHERE t.flag = f.key AND (f.rollout <> t.edits * 0.001 OR f.version <> t.edits + 1)};
my $gaps = q{SELECT count(*) FROM (SELECT kind, key, max(ordinal) AS last, count(*) AS rows FROM wishflags.flag_audit GROUP BY 1, 2) c WHERE last <> rows};
my $rows = q{SELECT count(*) || ' ' || md5(string_agg(a::text, ',' ORDER BY kind, key, ordinal)) FROM wishflags.flag_audit a};
my $flags = q{SELECT md5(string_agg(f::text, ',' ORDER BY key)) FROM wishflags.flags f};
is($node->safe_psql('shop', 'SELECT count(*) FROM tally'), 1600, 'all edits were made');
is($node->safe_psql('shop', $lost), 0, 'none is lost');
is($node->safe_psql('shop', $gaps), 0, 'no chain has a gap');
is($node->safe_psql('shop', 'SELECT count(*) FROM wishflags.audit_verify()'), 0, 'the chains verify');
is($node->safe_psql('shop', q{SELECT count(*) FROM wishflags.flag_audit WHERE version IS NOT NULL}), 1608, 'each edit has its row');

# Editors of different flags never wait for each other, those of one do.
my $first = $node->background_psql('shop');
$first->query_safe(q{BEGIN; SELECT wishflags.flag_override_set('flag-1', 'x', true)});
$node->safe_psql('shop', q{SET lock_timeout = '10s'; SELECT wishflags.flag_override_set('flag-2', 'x', true); SELECT wishflags.flag_rollout('flag-2', 7)});
pass('another flag can be changed meanwhile');
my ($rc, $out, $err) = $node->psql('shop', q{SET lock_timeout = '100ms'; SELECT wishflags.flag_override_set('flag-1', 'y', true)});
like($err, qr/lock timeout/, 'the same one waits');
$first->query_safe('COMMIT');
$first->quit;

# The ends of the chains are in the server's log, which proves that nothing was cut off.
my $log = slurp_file($node->logfile);
my ($line) = $log =~ /.*wishflags audit: (\{"flag flag-2": "\d+ [0-9a-f]{64}"\})/s;
is($node->safe_psql('shop', "SELECT count(*) FROM wishflags.audit_verify('$line')"), 0, 'the log has the end of the chain');
my $head = $node->safe_psql('shop', 'SELECT wishflags.audit_head()');
like($log, qr/\Q$1\E/, "the head of $1 was logged") while $head =~ /"(\d+ [0-9a-f]{64})"/g;

# Restored, nothing is made twice, in whatever order the tables come.
my $before = $node->safe_psql('shop', "$rows; $flags");
command_ok([ 'pg_dump', '-Fd', '-f', "$dir/dump", $node->connstr('shop') ], 'pg_dump');
for my $jobs (1, 4)
{
	my $name = "restored_$jobs";
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	command_ok([ 'pg_restore', '-e', '-j', $jobs, '-d', $node->connstr($name), "$dir/dump" ], "pg_restore -j $jobs");
	is($node->safe_psql($name, "$rows; $flags"), $before, "$name: the same rows");
	is($node->safe_psql($name, "SELECT count(*) FROM wishflags.audit_verify('$head')"), 0, "$name: the chains verify, also against the head");
	my $last = $node->safe_psql($name, q{SELECT max(version) FROM wishflags.flag_versions WHERE flag = 'flag-3'});
	is($node->safe_psql($name, q{SELECT wishflags.flag_rollback('flag-3', 1, 'after a restore')}), $last + 1, "$name: versions go on");
	is($node->safe_psql($name, 'SELECT count(*) FROM wishflags.audit_verify()'), 0, "$name: and the chains");
}

# What was committed survives a crash.
$node->stop('immediate');
$node->start;
is($node->safe_psql('shop', "$rows; $flags"), $before, 'the same rows after a crash');
is($node->safe_psql('shop', "SELECT count(*) FROM wishflags.audit_verify('$head')"), 0, 'the chains verify');
$node->stop;

done_testing();
