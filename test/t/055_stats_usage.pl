# Usage of flags on a server that preloads the library: complete whoever counts,
# by database, of fixed size, and kept over a restart.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('usage');
$node->init;
$node->append_conf('postgresql.conf', q{
shared_preload_libraries = 'wishflags'
wishflags.usage_max = 100
max_parallel_workers_per_gather = 4
restart_after_crash = on
log_min_messages = log
});
$node->start;
for my $db ('shop', 'other')
{
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, q{
		CREATE EXTENSION wishflags;
		SELECT wishflags.flag_create('half', enabled => true, rollout => 50), wishflags.flag_create('all', enabled => true);
	});
}

sub usage
{
	my ($db, $flag, $columns) = @_;
	return $node->safe_psql($db, "SELECT " . ($columns // 'evaluations') . " FROM wishflags.flag_usage WHERE flag = '$flag'");
}

# HyperLogLog of 1024 registers: four standard errors of 3.25 %.
sub near
{
	my ($estimate, $right, $what) = @_;
	ok(abs($estimate - $right) <= 0.13 * $right, "$what: $estimate of $right");
}

# One backend, to the last, also what it has not brought to shared memory yet.
is($node->safe_psql('shop', q{
	SELECT count(*) > 0 FROM generate_series(1, 12345::bigint) n WHERE wishflags.flag_eval('half', n);
	BEGIN;
	SELECT wishflags.flag_eval('half', 'a');
	SELECT evaluations FROM wishflags.flag_usage WHERE flag = 'half';
	ROLLBACK;
	SELECT evaluations FROM wishflags.flag_usage WHERE flag = 'half'}), "t\nf\n12346\n12346", 'one backend');
is($node->safe_psql('shop', q{SELECT sum(evaluations) FROM wishflags.flag_usage_detail WHERE flag = 'half'}), 12346, 'by variant and reason');
near(usage('shop', 'half', 'unique_keys'), 12346, 'unique keys');
is(usage('other', 'half'), 0, 'the other database has counted nothing');
is($node->safe_psql('other', q{SELECT count(*) FROM wishflags.flag_usage_detail}), 0, 'nor in detail');

# A backend that ends, and one that is ended inside a transaction.
$node->safe_psql('shop', q{SELECT wishflags.flag_eval('all', 'x')});
my ($ret, $out, $err) = $node->psql('shop', q{BEGIN; SELECT wishflags.flag_eval('all', 'y'); SELECT pg_terminate_backend(pg_backend_pid());});
isnt($ret, 0, 'a backend is terminated');
is(usage('shop', 'all', 'evaluations, unique_keys'), '2|2', 'what it counted stays');

# Parallel workers.
like($node->safe_psql('shop', q{
	CREATE TABLE people AS SELECT n::text AS id FROM generate_series(1, 50000) n;
	ANALYZE people;
	SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	SET parallel_leader_participation = off;
	SELECT wishflags.usage_reset() > 0;
	EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT count(*) FROM people WHERE wishflags.flag_eval('half', id)}),
	qr/Workers Launched: [1-9]/, 'workers evaluate');
is(usage('shop', 'half'), 50000, 'and count');
near(usage('shop', 'half', 'unique_keys'), 50000, 'unique keys of workers');

# Eight clients, of which each key comes again and again.
$node->safe_psql('shop', q{SELECT wishflags.usage_reset()});
my $script = $node->basedir . '/usage.sql';
append_to_file($script, q{
\set id random(1, 2000)
SELECT wishflags.flag_eval('half', :id), wishflags.flag_eval('all', 'x'), wishflags.flag_variant('none', 'x');
SELECT count(wishflags.flag_eval('half', n)) FROM generate_series(:id, :id + 99) n;
});
$node->command_ok([ 'pgbench', '-n', '-M', 'prepared', '-c', 8, '-j', 2, '-t', 500, '-f', $script, 'shop' ], 'eight clients');
is(usage('shop', 'half'), 8 * 500 * 101, 'all that eight clients evaluated');
is(usage('shop', 'all', 'evaluations, unique_keys'), '4000|1', 'of another flag');
near(usage('shop', 'half', 'unique_keys'), 2099, 'their keys');
is($node->safe_psql('shop', q{SELECT evaluations FROM wishflags.unknown_flags WHERE flag = 'none'}), 4000, 'a flag that there is not');
is($node->safe_psql('shop', q{SELECT sum(evaluations) FROM wishflags.flag_usage_detail}), 8 * 500 * 102, 'in detail');
ok($node->safe_psql('shop', q{SELECT loads FROM wishflags.flag_cache_usage}) >= 8, 'each has loaded its cache');

# What is counted for the server is not counted by session, and needs no table.
($ret, $out, $err) = $node->psql('shop', 'SELECT * FROM wishflags.flag_usage_session()');
like($err, qr/usage is counted for the whole server.*HINT:  SELECT \* FROM wishflags.flag_usage;/s, 'no usage by session');
is($node->safe_psql('shop', 'SELECT wishflags.usage_flush(); SELECT count(*) FROM wishflags.flag_usage_log'), "0\n0", 'nothing to flush');
is($node->safe_psql('shop', q{BEGIN READ ONLY; SELECT wishflags.flag_eval('all', 'x'); SELECT pg_current_xact_id_if_assigned() IS NULL; COMMIT}),
	"t\nt", 'evaluation assigns no transaction id');

# A clean restart keeps it, a crash does not.
my $columns = q{evaluations, unique_keys, errors, fallbacks, first_evaluated, last_evaluated};
$node->safe_psql('shop', q{SELECT wishflags.flag_eval('half', '{}'::jsonb)});
my $before = join "\n", usage('shop', 'half', $columns),
	$node->safe_psql('shop', 'SELECT * FROM wishflags.flag_usage_detail ORDER BY 1, 2, 3, 4'),
	$node->safe_psql('shop', 'SELECT loads FROM wishflags.flag_cache_usage');
$node->restart;
is(join("\n", usage('shop', 'half', $columns),
	$node->safe_psql('shop', 'SELECT * FROM wishflags.flag_usage_detail ORDER BY 1, 2, 3, 4'),
	$node->safe_psql('shop', 'SELECT loads FROM wishflags.flag_cache_usage')), $before, 'a restart keeps everything');
my $file = $node->data_dir . '/pg_stat/wishflags_usage.stat';
ok(!-e $file, 'the file is gone while the server runs');
my $session = $node->background_psql('shop');
my $pid = $session->query_safe(q{SELECT wishflags.flag_eval('all', 'x'); SELECT pg_backend_pid()});
ok(usage('shop', 'all') > 0, 'counted before a backend crashes');
$pid =~ /(\d+)/ and kill 'KILL', $1;
eval { $session->{run}->finish };
$node->poll_query_until('shop', q{SELECT evaluations = 0 FROM wishflags.flag_usage WHERE flag = 'all'}) or die;
pass('the crash of a backend begins anew');
is($node->safe_psql('shop', q{SELECT count(wishflags.flag_eval('all', n)) FROM generate_series(1, 10) n}), 10, 'and counts');
is(usage('shop', 'all'), 10, 'from nothing');

# A file that is none.
$node->stop;
ok(-s $file, 'a clean stop writes a file');
append_to_file("$file.short", substr(slurp_file($file), 0, 500));
rename "$file.short", $file;
$node->start;
like(slurp_file($node->logfile), qr/ignoring what can't be read of file "pg_stat\/wishflags_usage.stat"/, 'a file cut short is said');
is($node->safe_psql('shop', q{SELECT wishflags.flag_eval('all', 'x')}), 't', 'and harms nobody');

# More flags and names than there are places for.
$node->safe_psql('shop', q{SELECT wishflags.usage_reset()});
$node->safe_psql('shop', q{
	INSERT INTO wishflags.flags (key, enabled) SELECT 'many-' || n, true FROM generate_series(1, 150) n;
	SELECT count(wishflags.flag_eval('many-' || n, 'x')) FROM generate_series(1, 150) n;
	SELECT count(wishflags.flag_eval('nix-' || n, 'x')) FROM generate_series(1, 1500) n});
my $log = slurp_file($node->logfile);
is(() = $log =~ /wishflags counts 100 flags, and has no place for more/g, 1, 'the log tells once that there is no more place');
is($node->safe_psql('shop', q{SELECT sum(evaluations), count(*) FILTER (WHERE evaluations = 1), max(evaluations) FILTER (WHERE flag IS NULL) > 50
	FROM wishflags.flag_usage}) =~ /^150\|(\d+)\|t$/ && $1 < 100 ? 'right' : 'wrong', 'right', 'flags without a place are counted together');
is($node->safe_psql('shop', q{SELECT sum(evaluations), count(*), max(evaluations) FILTER (WHERE flag IS NULL) FROM wishflags.unknown_flags}),
	'1500|1000|501', 'so are unknown names');
like($node->safe_psql('shop', q{SELECT * FROM wishflags.usage_status()}), qr/^t\|100\|100\|1000\|1000\|0$/, 'usage_status');
# A database without a place at all.
$node->safe_psql('postgres', q{CREATE DATABASE late});
$node->safe_psql('late', q{CREATE EXTENSION wishflags; SELECT wishflags.flag_create('half', enabled => true); SELECT wishflags.flag_eval('half', 'x')});
is($node->safe_psql('late', q{SELECT uncounted FROM wishflags.usage_status()}), 1, 'a database without a place');
$node->safe_psql('shop', q{SELECT wishflags.usage_reset()});
is($node->safe_psql('late', q{SELECT wishflags.flag_eval('half', 'x'); SELECT evaluations FROM wishflags.flag_usage}), "t\n1", 'a reset elsewhere makes room');
is($node->safe_psql('late', q{SELECT wishflags.usage_reset('half'); SELECT evaluations FROM wishflags.flag_usage; SELECT wishflags.usage_reset('none')}),
	"1\n0\n0", 'one flag is reset');

# A reset while a session goes on counting.
$session = $node->background_psql('late');
$session->query_safe(q{SELECT count(wishflags.flag_eval('half', n)) FROM generate_series(1, 100) n});
$node->safe_psql('late', q{SELECT wishflags.usage_reset()});
$session->query_safe(q{SELECT count(wishflags.flag_eval('half', n)) FROM generate_series(1, 7) n});
is(usage('late', 'half', 'evaluations, unique_keys'), '7|7', 'an open session counts on after a reset');

# CREATE EXTENSION begins anew, also in a session that has counted.
$session->query_safe(q{SET client_min_messages = warning; DROP EXTENSION wishflags; CREATE EXTENSION wishflags; SELECT wishflags.flag_create('half', enabled => true)});
$session->query_safe(q{SELECT wishflags.flag_eval('half', 'x')});
is(usage('late', 'half', 'evaluations, unique_keys'), '1|1', 'DROP and CREATE EXTENSION');
is($node->safe_psql('late', 'SELECT flags FROM wishflags.usage_status()'), 2, 'which frees the places of what was dropped');
$node->safe_psql('other', q{SELECT count(wishflags.flag_eval('half', n)) FROM generate_series(1, 33) n});
is(usage('other', 'half'), 33, 'the other database counts for itself');
$session->quit;

# Places of a database that is gone, and of the extension that was dropped.
my $places = 'SELECT flags FROM wishflags.usage_status()';
$node->safe_psql('postgres', 'DROP DATABASE other');
my $held = $node->safe_psql('late', $places);
$node->safe_psql('late', 'SELECT wishflags.usage_reset()');
ok($node->safe_psql('late', $places) <= $held - 4, 'a reset frees what is gone');

$node->stop;
done_testing();
