# Usage of flags on a hot standby: the server counts, and nothing is written; where the
# library is not preloaded, the session counts.
use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', q{shared_preload_libraries = 'wishflags'});
$primary->start;
$primary->safe_psql('postgres', q{
	CREATE EXTENSION wishflags;
	SELECT wishflags.flag_create('half', enabled => true, rollout => 50);
	SELECT count(wishflags.flag_eval('half', n)) FROM generate_series(1, 10) n;
});
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby);

my $usage = q{SELECT evaluations, unique_keys, errors FROM wishflags.flag_usage WHERE flag = 'half'};
is($standby->safe_psql('postgres', $usage), '0|0|0', 'a standby begins with nothing');
is($standby->safe_psql('postgres', q{
	SELECT count(wishflags.flag_eval('half', n)) FROM generate_series(1, 7) n;
	SELECT wishflags.flag_eval('half', '{}'::jsonb), wishflags.flag_eval('none', 'x')}), "7\nf|f", 'it evaluates');
is($standby->safe_psql('postgres', $usage), '8|7|1', 'and counts');
is($standby->safe_psql('postgres', q{SELECT flag, evaluations FROM wishflags.unknown_flags}), 'none|1', 'unknown flags as well');
is($standby->safe_psql('postgres', q{SELECT verdict FROM wishflags.flag_health('{"min_evaluations": 5}') WHERE flag = 'half'}), 'critical', 'and judges');
ok($standby->safe_psql('postgres', q{SELECT loads FROM wishflags.flag_cache_usage}) > 0, 'loads of the cache');
is($primary->safe_psql('postgres', $usage), '10|10|0', 'the primary has its own');
is($standby->safe_psql('postgres', 'SELECT wishflags.usage_flush()'), 0, 'nothing to flush');

$standby->restart;
is($standby->safe_psql('postgres', $usage), '8|7|1', 'a restart of the standby keeps it');
is($standby->safe_psql('postgres', q{SELECT wishflags.usage_reset('half')}), 1, 'a reset');
is($standby->safe_psql('postgres', $usage), '0|0|0', 'on the standby alone');
is($primary->safe_psql('postgres', $usage), '10|10|0', 'it is');

# Without preloading.
$standby->append_conf('postgresql.conf', q{shared_preload_libraries = ''});
$standby->restart;
is($standby->safe_psql('postgres', q{
	SELECT count(wishflags.flag_eval('half', n)) FROM generate_series(1, 7) n;
	SELECT flag, evaluations, unique_keys FROM wishflags.flag_usage_session()}), "7\nhalf|7|7", 'a session counts on a standby');
my ($ret, $out, $err) = $standby->psql('postgres', q{SELECT wishflags.flag_eval('half', 1); SELECT wishflags.usage_flush()});
like($err, qr/cannot execute usage_flush\(\) in a read-only transaction.*HINT:  This server is a standby; connect to its primary./s, 'and can not write');
is($standby->safe_psql('postgres', q{
	SELECT count(wishflags.flag_eval('half', n)) FROM generate_series(1, 7) n;
	SELECT wishflags.usage_reset('half');
	SELECT count(*) FROM wishflags.flag_usage_session()}), "7\n1\n0", 'a reset of the session');

# Promoted, it goes on.
$standby->append_conf('postgresql.conf', q{shared_preload_libraries = 'wishflags'});
$standby->restart;
$standby->safe_psql('postgres', q{SELECT wishflags.flag_eval('half', 'x')});
$standby->promote;
is($standby->safe_psql('postgres', q{SELECT wishflags.flag_eval('half', 'x') IS NOT NULL; } . $usage), "t\n2|1|0", 'promotion keeps it');

$standby->stop;
$primary->stop;
done_testing();
