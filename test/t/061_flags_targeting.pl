# Overrides by kind of context where they are copied: standby, subscriber, dump,
# and 200 connections.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical');
$primary->start;
$primary->safe_psql('postgres', q{
	CREATE EXTENSION wishflags;
	SELECT wishflags.flag_create('export', enabled => true, rollout => 0);
	SELECT wishflags.flag_create('limit', enabled => true, definition => '{"variants": {"low": 10, "high": 100}, "default": "low"}');
	INSERT INTO wishflags.flag_overrides (flag, key, variant) SELECT 'export', 'user-' || n, 'on' FROM generate_series(1, 20000) n;
	SELECT wishflags.flag_override_set('limit', 'acme', '{"kind": "organization", "value": 1000, "note": "they asked", "expires_at": "2099-01-01"}'::jsonb);
});
$primary->backup('base');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->start;
$subscriber->safe_psql('postgres', 'CREATE EXTENSION wishflags');
$primary->safe_psql('postgres', 'CREATE PUBLICATION flags FOR TABLE wishflags.flags, wishflags.flag_overrides');
my $connection = $primary->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION flags CONNECTION '$connection' PUBLICATION flags");
$subscriber->wait_for_subscription_sync($primary, 'flags');

my $ask = q{SELECT count(*) FILTER (WHERE wishflags.flag_eval('export', jsonb_build_object('targetingKey', 'user-' || n, 'team', 'team-' || n % 10)))
	|| ' ' || wishflags.flag_value('limit', '{"organization": "acme"}'::jsonb, '0') FROM generate_series(1, 30000) n};
my %session = map { $_->name => $_->background_psql('postgres') } ($standby, $subscriber);
my $everywhere = sub {
	my ($sql, $expected, $what) = @_;
	$primary->safe_psql('postgres', $sql) if $sql;
	is($primary->safe_psql('postgres', $ask), $expected, "$what: primary");
	$primary->wait_for_catchup($standby);
	$primary->wait_for_catchup('flags');
	like($session{$_}->query($ask), qr/^\Q$expected\E$/m, "$what: $_") for qw(standby subscriber);
};
$everywhere->('', '20000 1000', 'first');
$everywhere->(q{UPDATE wishflags.flag_overrides SET variant = 'off' WHERE key = 'user-7'}, '19999 1000', 'one changes');
$everywhere->(q{INSERT INTO wishflags.flag_overrides (flag, context_kind, key, deny) VALUES ('export', 'team', 'team-3', true)}, '17999 1000', 'a team is denied');
$everywhere->(q{SELECT wishflags.flag_override_set('limit', 'acme', '{"kind": "organization", "value": 5}'::jsonb)}, '17999 5', 'a value changes');
$everywhere->(q{BEGIN; UPDATE wishflags.flag_overrides SET deny = true; SAVEPOINT s; DELETE FROM wishflags.flag_overrides; ROLLBACK}, '17999 5', 'nothing, taken back');
$everywhere->(q{SELECT wishflags.flag_override_unset('export', 'team-3', 'team')}, '19999 5', 'a denial goes');
$everywhere->(q{VACUUM (FREEZE) wishflags.flag_overrides}, '19999 5', 'VACUUM');
$everywhere->(q{UPDATE wishflags.flag_overrides SET variant = 'off' WHERE key IN ('user-1', 'user-20000')}, '19997 5', 'after VACUUM');
$everywhere->(q{SELECT * FROM wishflags.flag_override_set_all('export', 'SELECT ''user-'' || n FROM generate_series(20001, 25000) n', '{"variant": "on"}')}, '24997 5', 'many come');
$everywhere->(q{UPDATE wishflags.flag_overrides SET expires_at = now() WHERE context_kind = 'organization'}, '24997 10', 'one expires');
$everywhere->(q{SELECT wishflags.flag_override_prune()}, '24997 10', 'and goes');
$_->quit for values %session;
is($primary->safe_psql('postgres', 'SELECT count(*) FROM wishflags.audit_verify()'), '0', 'the audit verifies');

# A dump brings them back, and notes nothing twice.
$primary->safe_psql('postgres', q{SELECT wishflags.flag_override_set('limit', 'globex', '{"kind": "organization", "deny": true, "note": "no money", "expires_at": "2099-01-01"}'::jsonb)});
my $rows = q{SELECT md5(string_agg(o::text, ' ' ORDER BY o.flag, o.context_kind, o.key)) FROM wishflags.flag_overrides o};
my $audit = q{SELECT count(*) || ' ' || (SELECT count(*) FROM wishflags.audit_verify()) FROM wishflags.flag_audit};
my $dir = PostgreSQL::Test::Utils::tempdir;
for my $format ('plain', 'custom') {
	my @to = $format eq 'plain' ? ('-f', "$dir/plain") : ('-Fc', '-f', "$dir/custom");
	$primary->command_ok(['pg_dump', @to, $primary->connstr('postgres')], "pg_dump $format");
	$primary->safe_psql('postgres', "CREATE DATABASE $format");
	$primary->command_ok($format eq 'plain' ? ['psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain", $primary->connstr($format)]
		: ['pg_restore', '-j', '2', '-d', $primary->connstr($format), "$dir/custom"], "restore of $format");
	is($primary->safe_psql($format, $_), $primary->safe_psql('postgres', $_), "$format: the same") for $rows, $audit, $ask;
}

done_testing();
