# What checks and plans migrations, on a standby: it reads as on the primary, and
# what would have to run a migration says where it can.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Command;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->safe_psql('postgres', "SET client_min_messages = warning; CREATE EXTENSION wishflags; SET wishflags.guard = off;
	CREATE TYPE mood AS ENUM ('a', 'b'); CREATE TABLE users (id bigint PRIMARY KEY, mail text, m mood);
	INSERT INTO users SELECT g, 'm', 'a' FROM generate_series(1, 20000) g; ANALYZE users");
$primary->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'backup', has_streaming => 1);
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));

my $text = 'CREATE INDEX ON users (mail); ALTER TABLE users DROP mail, ALTER id SET NOT NULL';
foreach my $query (
	"SELECT array_agg(rule || ' ' || severity ORDER BY statement, rule) FROM wishflags.migration_breaking_check('$text', '{\"validate_data\": true}')",
	"SELECT wishflags.migration_report(jsonb_build_object('a.sql', '$text'), 'github')",
	"SELECT count(*) FROM wishflags.migration_estimate('$text')",
	"SELECT count(*) FROM wishflags.migration_impact('users')",
	"SELECT wishflags.migration_describe('$text')",
	"SELECT array_agg(step::text) FROM wishflags.enum_plan('mood', 'remove', '{\"value\": \"b\"}') AS step",
	"SELECT wishflags.migration_stats_export() -> 'tables' -> 'public.users' -> 'rows'")
{
	my $there = $primary->safe_psql('postgres', $query);
	isnt($there, '', 'an answer');
	is($standby->safe_psql('postgres', $query), $there, $query);
}
foreach my $call ("migration_rehearse('$text')", "migration_rollback_sql('$text')", "migration_shelter_sql('$text')", "migration_rollback_test('$text', '')",
	'migration_calibrate()', 'impact_sample()', "migration_record('[]')")
{
	my ($rc, undef, $err) = $standby->psql('postgres', "SELECT * FROM wishflags.$call");
	is($rc, 3, "$call: refused");
	like($err, qr/ERROR:  cannot execute .* in a read-only transaction\nHINT:  This server is a standby; connect to its primary\./, "$call: says where");
}

# The command.
put('m/1.sql', "CREATE INDEX ON users (mail);\n");
my ($rc, $out) = command('check', 'm', '--database', $standby->connstr('postgres'));
is($rc, 1, 'check: exit status');
like($out, qr/index-not-concurrent/, 'check: finding');
is((command('stats', $standby->connstr('postgres')))[0], 0, 'stats');
is((command('version', 'm', '--database', $standby->connstr('postgres')))[0], 0, 'version');
my @rehearsed = command('rehearse', 'm', '--database', $standby->connstr('postgres'));
is($rehearsed[0], 2, 'rehearse: exit status');
like($rehearsed[2], qr/HINT:  This server is a standby/, 'rehearse: says where');
done_testing();
