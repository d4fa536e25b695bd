# Dumps are restored, and clusters upgraded, without a refusal.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('restore');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql(
	'shop', q{
	CREATE EXTENSION wishflags;
	CREATE TYPE store AS ENUM ('north', 'south');
	CREATE TABLE item (id int PRIMARY KEY, code text UNIQUE, store store,
		span int4range, EXCLUDE USING gist (span WITH &&));
	CREATE INDEX ON item (store);
	INSERT INTO item SELECT g, 'c' || g, 'north', int4range(g, g + 1) FROM generate_series(1, 200) g;
	CREATE TABLE event (at int, what text) PARTITION BY RANGE (at);
	CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (100);
	CREATE INDEX ON event (what);
	INSERT INTO event SELECT g, 'w' FROM generate_series(0, 99) g;
	CREATE MATERIALIZED VIEW total AS SELECT store, count(*) FROM item GROUP BY 1;
	CREATE UNIQUE INDEX CONCURRENTLY ON total (store);
	DO $$
	BEGIN
		FOR i IN 1..50 LOOP
			EXECUTE format('CREATE TABLE filled_%s (id int PRIMARY KEY, code text UNIQUE, store store)', i);
			EXECUTE format('CREATE INDEX ON filled_%s (store, code)', i);
			EXECUTE format('INSERT INTO filled_%s SELECT g, g, ''north'' FROM generate_series(1, 100) g', i);
		END LOOP;
	END $$;
	SET wishflags.bypass = 'a row for the log';
	ALTER TYPE store ADD VALUE 'west';
});
my $dir = $node->basedir;
my $objects = q{SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
	WHERE c.relnamespace = 'public'::regnamespace AND i.indisvalid};
my $indexes = $node->safe_psql('shop', $objects);

sub check_restored
{
	my ($name) = @_;
	is($node->safe_psql($name, $objects), $indexes, "$name: all indexes are back");
	is($node->safe_psql($name, 'SELECT enum_range(NULL::store)'), '{north,south,west}', "$name: enum");
	is( $node->safe_psql($name,
			q{SELECT string_agg(DISTINCT outcome, ',') || ' ' || bool_and(login_role = session_user) FROM wishflags.guard_log}),
		'restored true',
		"$name: the log tells of the restore, and holds nothing of the dumped server");
	my ($rc, $out, $err) = $node->psql($name, 'CREATE INDEX ON item (span)');
	like($err, qr/blocked by rule/, "$name: the guard is on again");
}

command_ok([ 'pg_dump', '-f', "$dir/plain.sql", $node->connstr('shop') ], 'pg_dump, plain');
$node->safe_psql('postgres', 'CREATE DATABASE plain');
command_ok(
	[ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain.sql", '-d', $node->connstr('plain') ],
	'psql restores it');
check_restored('plain');

command_ok([ 'pg_dump', '-Fc', '-f', "$dir/custom", $node->connstr('shop') ], 'pg_dump, custom');
$node->safe_psql('postgres', 'CREATE DATABASE custom');
command_ok([ 'pg_restore', '-e', '-j', '4', '-d', $node->connstr('custom'), "$dir/custom" ], 'pg_restore -j 4 of it');
check_restored('custom');

command_ok([ 'pg_dump', '-Fd', '-f', "$dir/folder", $node->connstr('shop') ], 'pg_dump, folder');
for my $jobs (1, 4)
{
	$node->safe_psql('postgres', "CREATE DATABASE jobs_$jobs");
	command_ok([ 'pg_restore', '-e', '-j', $jobs, '-d', $node->connstr("jobs_$jobs"), "$dir/folder" ],
		"pg_restore -j $jobs");
	check_restored("jobs_$jobs");
}
command_ok([ 'pg_restore', '-e', '--clean', '--if-exists', '-d', $node->connstr('jobs_1'), "$dir/folder" ],
	'pg_restore --clean');
check_restored('jobs_1');
like(slurp_file($node->logfile), qr/LOG:  wishflags guard: outcome=restored rule=index-not-concurrent/,
	'the server log tells it, too');

# Some of the settings are no restore; all of them in an ordinary role's session neither.
my $settings = q{
	SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;
	SET standard_conforming_strings = on; SELECT pg_catalog.set_config('search_path', '', false);
	SET check_function_bodies = false; SET xmloption = content; SET client_min_messages = warning;
	SET row_security = off;};
my $build = 'CREATE INDEX item_span ON public.item (span)';
for my $left_out ('check_function_bodies', 'row_security', 'search_path', 'xmloption', 'lock_timeout')
{
	my $some = join ';', grep { !/$left_out/ } split /;/, $settings;
	my ($rc, $out, $err) = $node->psql('shop', "$some; $build");
	like($err, qr/blocked by rule/, "no restore without $left_out");
}
my ($rc, $out, $err) = $node->psql('shop', "$settings BEGIN; $build; ROLLBACK;");
is($err, '', 'all of them are a restore');
$node->safe_psql('shop', 'CREATE ROLE clerk LOGIN; ALTER TABLE item OWNER TO clerk; GRANT ALL ON SCHEMA public TO clerk');
($rc, $out, $err) = $node->psql('shop', "$settings $build", extra_params => [ '-U', 'clerk' ]);
like($err, qr/blocked by rule/, 'an ordinary role restores nothing');
($rc, $out, $err) =
  $node->psql('shop', "SET ROLE clerk; $settings BEGIN; $build; ROLLBACK;");
is($err, '', 'a superuser who restores as another role does');

# Settings given before the library is loaded.
($rc, $out, $err) = $node->psql('shop', "SET wishflags.guard = off; $build", extra_params => [ '-U', 'clerk' ]);
like($err, qr/blocked by rule/, 'an ordinary role cannot switch the guard off in advance');
($rc, $out, $err) =
  $node->psql('shop', "SET wishflags.bypass = 'please'; $build", extra_params => [ '-U', 'clerk' ]);
like($err, qr/blocked by rule/, 'nor go around it');
($rc, $out, $err) = $node->psql('shop', 'ALTER ROLE clerk SET wishflags.guard = off', extra_params => [ '-U', 'clerk' ]);
like($err, qr/permission denied/, 'nor for his own role');
{
	local $ENV{PGOPTIONS} = '-c wishflags.guard=off';
	($rc, $out, $err) = $node->psql('shop', $build, extra_params => [ '-U', 'clerk' ]);
	like($err, qr/blocked by rule/, 'nor with the connection');
}
# Nor may who owns the database and can make roles, library loaded or not.
$node->safe_psql('shop', 'ALTER DATABASE shop OWNER TO clerk; ALTER ROLE clerk CREATEROLE');
for my $load ('', 'SELECT wishflags.version();')
{
	for my $sql ('ALTER DATABASE shop SET wishflags.guard = off', q{ALTER DATABASE shop SET wishflags.bypass = 'mine'},
		'GRANT SET ON PARAMETER wishflags.bypass TO clerk', 'CREATE ROLE helper; ALTER ROLE helper SET wishflags.guard = off')
	{
		($rc, $out, $err) = $node->psql('shop', "$load BEGIN; $sql; ROLLBACK", extra_params => [ '-U', 'clerk' ]);
		like($err, qr/permission denied/, "denied: $load $sql");
	}
}
$node->safe_psql('shop', 'ALTER DATABASE shop OWNER TO CURRENT_USER; ALTER ROLE clerk NOCREATEROLE');
# An environment given in advance is none either.
$node->safe_psql('shop', q{INSERT INTO wishflags.guard_policies (rule, action, environments, reason)
	VALUES ('index-not-concurrent', 'off', '{dev}', 'do as you like')});
($rc, $out, $err) = $node->psql('shop', "SET wishflags.environment = 'dev'; $build", extra_params => [ '-U', 'clerk' ]);
like($err, qr/blocked by rule/, 'an ordinary role cannot be somewhere else');
$node->safe_psql('shop', 'DELETE FROM wishflags.guard_policies');
($rc, $out, $err) = $node->psql('shop', "SET wishflags.bypass = ' '; $build");
like($err, qr/blocked by rule/, 'nor can a superuser without a reason');
($rc, $out, $err) = $node->psql('shop', "BEGIN; SET LOCAL wishflags.bypass = 'in time'; $build; ROLLBACK;");
is($err, '', 'with a reason he can');
$node->safe_psql('shop', 'ALTER DATABASE shop SET wishflags.guard = off');
($rc, $out, $err) = $node->psql('shop', "BEGIN; $build; ROLLBACK;", extra_params => [ '-U', 'clerk' ]);
is($err, '', 'ALTER DATABASE ... SET switches it off for all');
$node->safe_psql('shop', 'ALTER DATABASE shop RESET wishflags.guard');

# Preloaded for one database, without a restart.
$node->safe_psql('shop', 'ALTER DATABASE shop SET session_preload_libraries = wishflags');
is($node->safe_psql('shop', 'SELECT loaded FROM wishflags.guard_status()'), 'in client sessions', 'preloaded');
$node->safe_psql('shop', 'ALTER DATABASE shop RESET session_preload_libraries');

# Script of an extension.  Where the server's own folder is not ours to write,
# another one can be named: Debian's servers and those from 18 on have a setting.
my $folder = $node->config_data('--sharedir') . '/extension';
my %names = map { $_ => 1 } split /\n/, $node->safe_psql('shop', 'SELECT name FROM pg_settings');
if (!-w $folder && $names{extension_destdir})
{
	$folder = "$dir/dest$folder";
	$node->append_conf('postgresql.conf', "extension_destdir = '$dir/dest'\n");
}
elsif (!-w $folder && $names{extension_control_path})
{
	$folder = "$dir/dest/extension";
	$node->append_conf('postgresql.conf', "extension_control_path = '$dir/dest:\$system'\n");
}
$node->reload;
SKIP:
{
	system('mkdir', '-p', $folder);
	skip "$folder is not ours to write", 1 unless -w $folder;
	append_to_file("$folder/wf_probe.control", "default_version = '1'\n");
	append_to_file("$folder/wf_probe--1.sql", "CREATE INDEX probe ON public.item (span);\n");
	($rc, $out, $err) = $node->psql('shop', 'CREATE EXTENSION wf_probe; DROP EXTENSION wf_probe; DROP INDEX probe;');
	is($err, '', 'the script of an extension is not judged');
	unlink "$folder/wf_probe.control", "$folder/wf_probe--1.sql";
}

# A table whose file is gone: the guard can't look, and leaves the error to PostgreSQL.
$node->safe_psql('shop', 'CREATE TABLE torn AS SELECT 1 AS id; CHECKPOINT');
my $file = $node->data_dir . '/' . $node->safe_psql('shop', q{SELECT pg_relation_filepath('torn')});
$node->stop;
rename $file, "$file.away" or die "could not move $file: $!";
$node->start;
($rc, $out, $err) = $node->psql('shop', 'CREATE INDEX ON torn (id)');
like($err, qr/WARNING:  the guard could not judge this command and lets it pass/, 'internal error is told');
like($err, qr/ERROR:  could not open file/, 'and PostgreSQL has the word');
unlike($err, qr/blocked by rule/, 'nothing is refused');
$node->stop;
rename "$file.away", $file or die "could not move $file back: $!";

# pg_upgrade, to a cluster of the same version.  It dumps and restores each
# database; two tell all.
$node->start;
$node->safe_psql('postgres', "DROP DATABASE $_") foreach 'custom', 'jobs_1', 'jobs_4';
$node->stop;
my $new = PostgreSQL::Test::Cluster->new('upgraded');
$new->init;
my $bin = $node->config_data('--bindir');
chdir $dir or die;
command_ok(
	[
		'pg_upgrade', '-b', $bin, '-B', $bin, '-d', $node->data_dir, '-D', $new->data_dir,
		'-p', $node->port, '-P', $new->port, '-s', $new->host, '--no-sync' ],
	'pg_upgrade');
$new->start;
is($new->safe_psql('shop', $objects), $indexes, 'all indexes are there after pg_upgrade');
is($new->safe_psql('shop', q{SELECT count(*) FROM wishflags.guard_log WHERE reason = 'a row for the log'}),
	1, 'the log moved along');
is($new->safe_psql('plain', q{SELECT triggers FROM wishflags.guard_status()}), 'enabled', 'the guard moved along');
($rc, $out, $err) = $new->psql('plain', 'CREATE INDEX ON item (span)');
like($err, qr/blocked by rule/, 'and is on');
$new->stop;

done_testing();
