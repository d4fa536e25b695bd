# Times of checks in shared memory: of all sessions, while the server runs.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('stats');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'wishflags'\nwishflags.check_budget = '10min'");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION wishflags');

my $check = q{SELECT count(*) FROM wishflags.migration_breaking_check('DROP TABLE a; DROP TABLE b', '{"only": ["drop-table"]}')};
my $stats = q{SELECT scope, coalesce(rule, '(run)'), calls FROM wishflags.migration_check_stats ORDER BY 1, 2};

is($node->safe_psql('postgres', $stats), '', 'nothing at first');
$node->safe_psql('postgres', $check) for 1 .. 3;
is($node->safe_psql('postgres', $stats), "server|(run)|3\nserver|drop-table|6", 'other sessions count');
is($node->safe_psql('postgres', "SET client_min_messages = error; $check; $stats"),
	"2\nserver|(run)|4\nserver|drop-table|8\nsession|(run)|1\nsession|drop-table|2", 'and this one twice');
is($node->safe_psql('postgres', 'SELECT bool_and(max_ms <= total_ms AND max_ms >= mean_ms AND mean_ms > 0) FROM wishflags.migration_check_stats'),
	't', 'mean and longest');
$node->safe_psql('postgres', 'SELECT wishflags.migration_check_stats_reset()');
is($node->safe_psql('postgres', $stats), '', 'reset for all');
$node->safe_psql('postgres', $check);
$node->restart;
is($node->safe_psql('postgres', $stats), '', 'gone with the server');
is($node->safe_psql('postgres', 'SHOW wishflags.check_budget'), '10min', 'the budget is the configured one');
$node->stop;
done_testing();
