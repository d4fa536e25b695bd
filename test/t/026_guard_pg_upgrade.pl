# pg_upgrade from an older major version: nothing is lost, the guard is on.
#
# OLDER_BINDIR has the programs of that server, with the extension, OLDER_LIBRARIES
# what they need besides; make check-versions puts both beside the newer versions.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $older = $ENV{OLDER_BINDIR};
plan skip_all => 'OLDER_BINDIR names no programs of an older server; make check-versions does'
  unless defined $older && $older ne '';
# Libraries that this system has in other versions only.
$ENV{LD_LIBRARY_PATH} = $ENV{OLDER_LIBRARIES} if $ENV{OLDER_LIBRARIES};

# Alike in what pg_upgrade compares.
my @init = (extra => [ '--locale=C', '--encoding=UTF8', '--data-checksums' ]);
my ($install_path) = $older =~ m{^(.*)/bin$} or die "$older is no folder of programs";
my $old = PostgreSQL::Test::Cluster->new('older', install_path => $install_path);
$old->init(@init);
$old->start;
$old->safe_psql('postgres', 'CREATE DATABASE shop');
# What is counted without preloading is in a table; with it, in memory of this server.
$old->safe_psql('shop', q{CREATE EXTENSION wishflags; SELECT wishflags.flag_eval('counted', 'u-' || g) FROM generate_series(1, 100) g;
	SELECT wishflags.usage_flush()});
$old->append_conf('postgresql.conf', "shared_preload_libraries = 'wishflags'\n");
$old->restart;
$old->safe_psql(
	'shop', q{
	CREATE ROLE reviewer;
	CREATE TYPE store AS ENUM ('north', 'south');
	DO $$
	BEGIN
		FOR i IN 1..50 LOOP
			EXECUTE format('CREATE TABLE filled_%s (id int PRIMARY KEY, code text UNIQUE, store store)', i);
			EXECUTE format('CREATE INDEX ON filled_%s (store, code)', i);
			EXECUTE format('INSERT INTO filled_%s SELECT g, g, ''north'' FROM generate_series(1, 100) g', i);
		END LOOP;
	END $$;
	CREATE TABLE event (at int, what text) PARTITION BY RANGE (at);
	CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (100);
	CREATE INDEX ON event (what);
	INSERT INTO event SELECT g, 'w' FROM generate_series(0, 99) g;
	SELECT wishflags.flag_create('checkout', rollout => 25, enabled => true);
	SELECT wishflags.flag_override_set('checkout', 'u-1', true);
	SELECT wishflags.segment_define('beta', '{"included": ["u-2"]}');
	SELECT wishflags.flag_rollout('checkout', 30);
	SELECT wishflags.flag_rollback('checkout', 1, 'too many');
	SELECT wishflags.flag_override_set('checkout', 'acme', '{"kind": "organization", "deny": true, "expires_at": "2099-01-01"}'::jsonb);
	SELECT wishflags.flag_create('old'), wishflags.flag_archive('old', 'not used');
	SELECT * FROM wishflags.flag_import('flagd', '{"flags": {"banner": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "on"}}}');
	INSERT INTO wishflags.change_policies (name, key_pattern, protected, reason) VALUES ('money', 'pay%', true, 'two see more');
	SELECT wishflags.change_propose('{"flags": {"pay": {"rollout": 5}}}', 'new');
	SELECT wishflags.change_propose('{"overrides": {"checkout": {"u-3": true}}}', 'a friend');
	CREATE ROLE approver SUPERUSER;
	SET SESSION AUTHORIZATION approver;
	SELECT wishflags.change_approve(1), wishflags.change_approve(2);
	RESET SESSION AUTHORIZATION;
	SELECT wishflags.change_apply(1);
	SELECT wishflags.experiment_start('quarter', 'checkout', 'off', '{"off": 75, "on": 25}');
	SELECT wishflags.experiment_expose('checkout', 'u-' || g) FROM generate_series(10, 200) g;
	INSERT INTO wishflags.guard_policies (name, rule, action, reason) VALUES ('drops', 'drop-table', 'block', 'nothing is dropped');
	INSERT INTO wishflags.approval_policies (name, severity, approver_role, reason)
		VALUES ('all', 'high', 'reviewer', 'two see more');
	SELECT wishflags.schema_change_propose('ALTER TABLE filled_1 DROP COLUMN code', 'unused');
	SELECT wishflags.deprecate('filled_2.code', 'filled_2.id', releases => 2, reason => 'told apart by id');
	CREATE TYPE pair AS (one int, other int);
	CREATE FUNCTION total(pair, text) RETURNS int LANGUAGE sql AS 'SELECT 1';
	SELECT wishflags.deprecate('total(pair, text)', releases => 2, reason => 'summed elsewhere');
	SELECT wishflags.release('1.0');
	SELECT wishflags.schema_baseline('shipped');
	SET wishflags.ddl_log = on;
	ALTER TABLE filled_3 ADD COLUMN note text;
	SET wishflags.bypass = 'a row for the log';
	ALTER TYPE store ADD VALUE 'west';
});
my ($rc, $out, $err) = $old->psql('shop', 'CREATE INDEX ON filled_4 (id, code)');
like($err, qr/blocked by rule "index-not-concurrent"/, 'the guard is on before');

# Every row of the extension, and what 500 keys get.
my $rows = q{
	SELECT format('SELECT %L, count(*), md5(string_agg(t::text, '','' ORDER BY t::text COLLATE "C")) FROM %s t',
		c.oid::regclass, c.oid::regclass)
	FROM pg_class c WHERE c.relnamespace = 'wishflags'::regnamespace AND c.relkind = 'r' ORDER BY c.relname
	\gexec};
my $served = q{SELECT md5(string_agg(wishflags.flag_eval('checkout', 'u-' || g)::text, '' ORDER BY g)) FROM generate_series(1, 500) g};
my $indexes = q{SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
	WHERE c.relnamespace = 'public'::regnamespace AND i.indisvalid};
my $exposed = q{SELECT variant, units FROM wishflags.experiment_results('quarter', 'SELECT unit, 1 AS value FROM wishflags.experiment_exposures') ORDER BY 1};
# Late minor versions mark columns with an option that earlier ones of the next
# major version refuse: between those two no table can be upgraded.
my $marked = $old->safe_psql('shop', q{SELECT count(*) FROM pg_attribute WHERE attoptions::text LIKE '%pg_attver%'});
my %before = map { $_ => $old->safe_psql('shop', $_) } $rows, $served, $indexes;
my $schema = $old->safe_psql('shop', q{SELECT wishflags.schema_snapshot()});
my ($head, $at, $token) = map { $old->safe_psql('shop', "SELECT wishflags.$_") }
  'audit_head()', 'changes_since(0::text::xid8) ORDER BY 1 DESC LIMIT 1', q{preview_issue('checkout:true', '1 day', '{"production": true}')};
$before{$_} = $old->safe_psql('shop', $_) for $rows, $exposed;
like($before{$rows}, qr/wishflags\.$_\|[1-9]/m, "$_ has rows to lose")
  for qw(flags flag_overrides flag_audit flag_documents segments change_policies change_requests change_request_approvals
  change_request_events experiments experiment_exposures flag_usage_log preview_tokens preview_secrets guard_policies guard_policy_history guard_log schema_changes
  deprecated_objects releases schema_baselines ddl_log);
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('newer');
$new->init(@init);
$new->append_conf('postgresql.conf', "shared_preload_libraries = 'wishflags'\n");
SKIP:
{
	$new->start;
	my ($status) = $new->psql('postgres', 'CREATE TEMP TABLE t (a int); ALTER TABLE t ALTER a SET (pg_attver = 1)');
	$new->stop;
	skip "the newer server (" . $new->config_data('--version') . ') does not know the marks that the older one gives its columns', 1
	  if $marked && $status;
	upgrade();
}
done_testing();

sub upgrade
{
	my $dir = $new->basedir;
	chdir $dir or die;
	my @upgrade = (
		'pg_upgrade', '-b', $older, '-B', $new->config_data('--bindir'), '-d', $old->data_dir, '-D', $new->data_dir,
		'-p', $old->port, '-P', $new->port, '-s', $new->host);
	command_ok([ @upgrade, '--check' ], 'pg_upgrade --check');
	my $done = run_log(\@upgrade);
	ok($done, 'pg_upgrade');
	if (!$done)
	{
		diag(map { "$_:\n" . slurp_file($_) } glob($new->data_dir . '/pg_upgrade_output.d/*/log/pg_upgrade_dump_*.log'));
		return;
	}
	$new->start;

	my $version = $new->safe_psql('shop', 'SHOW server_version_num');
	ok($version >= 160000, "the server is newer: $version");
	is($new->safe_psql('shop', $rows), $before{$rows}, 'every row of the extension is the same');
	is($new->safe_psql('shop', $served), $before{$served}, 'the same keys have the flag');
	is($new->safe_psql('shop', $indexes), $before{$indexes}, 'all indexes are valid');
	is($new->safe_psql('shop', 'SELECT triggers, loaded FROM wishflags.guard_status()'), 'enabled|everywhere',
		'the guard moved along');
	($rc, $out, $err) = $new->psql('shop', 'CREATE INDEX ON filled_4 (id, code)');
	like($err, qr/blocked by rule "index-not-concurrent"/, 'and is on');
	($rc, $out, $err) = $new->psql('shop', 'DROP TABLE filled_5');
	like($err, qr/blocked by rule "drop-table"/, 'so is its policy');
	($rc, $out, $err) = $new->psql('shop', 'ALTER TABLE filled_2 DROP COLUMN code');
	like($err, qr/deprecated/, 'and the deprecation');
	($rc, $out, $err) = $new->psql('shop', 'DROP FUNCTION total(pair, text)');
	like($err, qr/deprecated/, 'of a function, too, which has another OID now');
	($rc, $out, $err) = $new->psql('shop', 'DROP TYPE pair CASCADE');
	like($err, qr/deprecated[^\n]*public\.total/, 'also where it goes with a type');
	is($new->safe_psql('shop', q{SELECT count(*) FROM wishflags.guard_log WHERE outcome = 'refused'}), '6',
		'refusals are written down, before and after');
	$new->safe_psql('shop', 'SET wishflags.ddl_log = on; ALTER TABLE filled_3 ADD COLUMN more text');
	is($new->safe_psql('shop', q{SELECT count(*) FROM wishflags.ddl_history('filled_3')}), '2', 'the DDL log goes on');
	is($new->safe_psql('shop', "SELECT count(*) FROM wishflags.audit_verify('$head')"), '0', 'the chains verify, against the head of before');
	is($new->safe_psql('shop', $exposed), $before{$exposed}, 'the experiment has its results');
	is($new->safe_psql('shop', "SET wishflags.preview_token = '$token'; SELECT wishflags.flag_variant('checkout', 'u-4')"), 'on', 'a token still counts');
	($rc, $out, $err) = $new->psql('shop', q{SELECT wishflags.flag_rollout('pay', 50)});
	like($err, qr/by approved requests only/, 'what was protected is');
	is($new->safe_psql('shop', q{SELECT wishflags.change_apply(2); SELECT wishflags.flag_eval('checkout', 'u-3')}), "1\nt", 'what was approved can be made');
	is($new->safe_psql('shop', q{SELECT wishflags.change_propose('{"flags": {"pay": {"rollout": 6}}}', 'more')}), '3', 'and more proposed');
	is($new->safe_psql('shop', q{SELECT wishflags.flag_rollout('checkout', 50)}), '4', 'flags can be changed');
	is($new->safe_psql('shop', q{SELECT wishflags.flag_rollback('checkout', 2, 'as it was once'); SELECT rollout FROM wishflags.flags WHERE key = 'checkout'}), "5\n30",
		'and get what they had before');
	is($new->safe_psql('shop', 'SELECT count(*) FROM wishflags.audit_verify()'), '0', 'the chains go on');
	my ($xid) = $at =~ /^\((\d+),/ or die $at;
	is($new->safe_psql('shop', "SELECT count(*) FROM wishflags.changes_since('$xid')"), '3', 'who asked before for changes hears of these');
	$new->safe_psql('shop', 'ALTER TABLE filled_3 DROP COLUMN more');
	$new->append_conf('postgresql.conf', "wishflags.guard = off\n");
	$new->reload;
	is($new->safe_psql('shop', "SELECT count(*) FROM wishflags.schema_diff('$schema'::jsonb)"), '0',
		'the schema is the same');
	is($new->safe_psql('shop', 'ALTER EXTENSION wishflags UPDATE; SELECT 1'), '1', 'ALTER EXTENSION UPDATE has nothing to do');
	$new->safe_psql('shop', 'DROP EXTENSION wishflags CASCADE; CREATE EXTENSION wishflags');
	$new->stop;
}
