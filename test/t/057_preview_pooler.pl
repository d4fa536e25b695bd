# Previews through pgbouncer in transaction mode: what a client sets for its
# transaction counts there, and reaches no client that gets the connection next.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

local $ENV{PATH} = "$ENV{PATH}:/usr/sbin";
plan skip_all => 'pgbouncer is not installed (apt-get install pgbouncer)' if system('pgbouncer --version >/dev/null 2>&1');

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "wishflags.environment = 'staging'");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION wishflags;
	CREATE ROLE app LOGIN;
	CREATE ROLE tester LOGIN;
	GRANT USAGE ON SCHEMA wishflags TO app, tester;
	GRANT SET ON PARAMETER wishflags.preview TO tester;
	SELECT wishflags.flag_create('gallery');
});
my $token = $node->safe_psql('postgres', q{SELECT wishflags.preview_issue('gallery:true', '1 hour')});

# One connection for all clients of a role.
my $port = PostgreSQL::Test::Cluster::get_free_port();
my $dir = $node->basedir;
my $host = $node->host;
append_to_file("$dir/users.txt", qq{"app" ""\n"tester" ""\n});
append_to_file("$dir/pgbouncer.ini", "[databases]\npostgres = host=$host port=${\$node->port}\n[pgbouncer]\n"
	  . "listen_addr =\nlisten_port = $port\nunix_socket_dir = $host\nauth_type = trust\nauth_file = $dir/users.txt\n"
	  . "pool_mode = transaction\ndefault_pool_size = 1\nlogfile = $dir/pgbouncer.log\npidfile = $dir/pgbouncer.pid\n");
my $pooler = IPC::Run::start([ 'pgbouncer', "$dir/pgbouncer.ini" ], '<', \undef, '>', "$dir/pgbouncer.out", '2>&1');
END { $pooler->kill_kill if $pooler }
my $ready = 0;
for (1 .. 10 * $PostgreSQL::Test::Utils::timeout_default)
{
	$ready = -S "$host/.s.PGSQL.$port" and last;
	select(undef, undef, undef, 0.1);
}
ok($ready, 'pgbouncer listens') or diag(slurp_file("$dir/pgbouncer.log"));

# A client of the pooler that stays; what it prints, without blanks.
sub client
{
	my ($role) = @_;
	my ($in, $out, $err) = ('', '', '');
	my $timer = IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default);
	my $run = IPC::Run::start([ 'psql', '-XAtq', '-h', $host, '-p', $port, '-U', $role, 'postgres' ], '<', \$in, '>', \$out, '2>', \$err, $timer);
	return sub {
		my ($sql) = @_;
		return $run->finish unless defined $sql;
		($out, $err) = ('', '');
		$in .= "$sql;\n\\echo done\n\\warn done\n";
		$run->pump until $out =~ /^done\n/m && $err =~ /^done\n/m;
		s/^done\n//m for $out, $err;
		chomp($out, $err);
		return $err eq '' ? $out : "$out$err";
	};
}
my ($one, $two) = (client('tester'), client('tester'));
my $eval = q{SELECT wishflags.flag_eval('gallery', 'u')};
is($one->('SELECT pg_backend_pid()'), $two->('SELECT pg_backend_pid()'), 'both have the same connection');

is($one->("BEGIN; SET LOCAL wishflags.preview = 'gallery:true'; $eval; COMMIT"), 't', 'SET LOCAL counts in its transaction');
is($two->($eval), 'f', 'and not for the next client');
is($one->($eval), 'f', 'nor for the same one');
is($one->("BEGIN; SELECT set_config('wishflags.preview', 'gallery:true', true); $eval; ROLLBACK"), "gallery:true\nt", 'so does set_config()');
is($two->($eval), 'f', 'also where the transaction was rolled back');

is($one->("BEGIN; SET LOCAL wishflags.preview_token = '$token'; $eval; COMMIT"), 't', 'a token counts in its transaction');
is($two->($eval), 'f', 'and not for the next client');
is($one->(qq{BEGIN; SET LOCAL wishflags.preview_token = '$token'; SELECT 1/0; COMMIT}) =~ /division by zero/, 1, 'a transaction that fails');
is($two->($eval), 'f', 'leaves nothing behind');

# The client waits with its transaction open, so that another can have none meanwhile.
is($one->("BEGIN; SET LOCAL wishflags.preview = 'gallery:true'; $eval"), 't', 'one client is in its transaction');
my $app = client('app');
is($app->($eval), 'f', 'a client of another pool sees none of it');
is($one->("$eval; COMMIT"), 't', 'and goes on');

# In a connection that has not loaded the library yet, the setting is not known when it is set.
$node->safe_psql('postgres', q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename IN ('app', 'tester')});
$_->() for $one, $two, $app;
($one, $two, $app) = (client('tester'), client('tester'), client('app'));
is($one->("BEGIN; SET LOCAL wishflags.preview = 'gallery:true'; $eval; COMMIT"), 't', 'SET LOCAL comes first in a connection');
is($two->($eval), 'f', 'and is gone');
my $answer = $app->("BEGIN; SET LOCAL wishflags.preview = 'gallery:true'; $eval; COMMIT");
like($answer, qr/^f\n?WARNING:.*permission denied to set parameter "wishflags.preview"/s, 'who has not the right gets a warning, and no preview');
like($app->("BEGIN; SET LOCAL wishflags.preview = 'gallery:true'; COMMIT"), qr/ERROR:.*permission denied/, 'and an error later');
is($app->("BEGIN; SET LOCAL wishflags.preview_token = '$token'; $eval; COMMIT"), 't', 'a token is for everybody');
is($app->($eval), 'f', 'for a transaction');

# A plain SET stays with the connection, as each setting does: docs/flag-preview.md says so.
is($one->("SET wishflags.preview = 'gallery:true'; $eval"), 't', 'SET without LOCAL');
is($two->($eval), 't', 'reaches the next client');
is($two->("RESET wishflags.preview; $eval"), 'f', 'until it is reset');

$_->() for $one, $two, $app;
$pooler->signal('TERM');
$pooler->finish;
$pooler = undef;
done_testing();
