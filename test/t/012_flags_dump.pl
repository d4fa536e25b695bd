# Dump and restore in all forms: every row of the extension is the same, chains
# verify, no version is made twice, answers are the same, and work goes on.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# Rows in every table that is dumped, and a script that prints them all.
my $upgrade = "$FindBin::RealBin/../upgrade";
my ($fill) = sort { $b cmp $a } glob("$upgrade/rows--*.sql");
my $dir = PostgreSQL::Test::Utils::tempdir;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', 'CREATE EXTENSION wishflags');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $fill, '-d', $node->connstr('shop') ], 'rows of all tables');
# What is about other rows is the bigger part, which pg_restore -j begins with.
$node->safe_psql('shop', q{
	SELECT wishflags.flag_rollout('gallery', 12.345);
	SELECT wishflags.flag_rollout('gallery', 0.001), wishflags.flag_rollout('gallery', 50);
	SELECT wishflags.flag_create('layout', enabled => true, definition => '{
		"variants": {"wide": {"css": "a"}, "narrow": null}, "off": "wide",
		"rules": [{"when": {"attribute": "plan", "in": ["pro"]}, "serve": "narrow"}],
		"default": {"split": [{"variant": "narrow", "weight": 1}, {"variant": "wide", "weight": 2}]}}');
	SELECT wishflags.flag_override_set('layout', 'user-' || n, 'narrow') FROM generate_series(1, 100) n;
	SELECT wishflags.flag_create('off'), wishflags.flag_archive('off');
	SELECT wishflags.migration_record((SELECT jsonb_agg(jsonb_build_object('file', n || '.sql', 'findings',
		wishflags.migration_report(jsonb_build_object('x', 'DROP TABLE public.testers'), 'json')::jsonb #> '{files,0,findings}'))
		FROM generate_series(1, 200) n));
	INSERT INTO wishflags.schema_change_events (change_id, revision, event, comment, acting_role, outer_role, login_role)
	SELECT id, 1, 'approved', repeat('x', 1000), 'a', 'a', 'a' FROM wishflags.schema_changes, generate_series(1, 200);
});

my $answers = q{SELECT md5(string_agg(f.key || coalesce(wishflags.flag_variant(f.key, n::text), '-')
	|| wishflags.flag_eval(f.key, jsonb_build_object('targetingKey', n, 'plan', CASE n % 2 WHEN 0 THEN 'pro' END)), ' ' ORDER BY f.key, n))
	FROM wishflags.flags f, generate_series(1, 500) n};
my $head = $node->safe_psql('shop', 'SELECT wishflags.audit_head()');
my $verify = "SELECT count(*) FROM wishflags.audit_verify('$head')";
my $twice = q{SELECT count(*) FROM (SELECT FROM wishflags.flag_audit WHERE version IS NOT NULL GROUP BY kind, key, version HAVING count(*) > 1) v};
# The next versions, change request and schema change, and what the chains say then.
my $next = q{
	SELECT wishflags.flag_rollout('gallery', 51), wishflags.segment_define('testers', '{"included": ["user-7"]}'),
		wishflags.flag_override_set('layout', 'user-7', 'wide');
	SELECT wishflags.change_propose('{"flags": {"gallery": {"rollout": 6}}}', 'next'),
		wishflags.schema_change_propose('DROP TABLE public.testers', 'next');
	SELECT count(*) FROM wishflags.audit_verify();} . $twice;

sub rows_of
{
	my ($server, $name) = @_;
	my ($rows, $err) = run_command([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', "$upgrade/rows.sql", '-d', $server->connstr($name) ]);
	return $err eq '' ? $rows : $err;
}

my %want = (rows => rows_of($node, 'shop'), answers => $node->safe_psql('shop', $answers));
for my $table (split /\n/, $node->safe_psql('shop', q{SELECT c.relation::regclass FROM pg_extension x, unnest(x.extconfig) c (relation)
	WHERE x.extname = 'wishflags'}))
{
	like($want{rows}, qr/^\Q$table\E \| /m, "$table has rows to lose");
}

sub same
{
	my ($server, $name, $how) = @_;
	my $rows = rows_of($server, $name);
	ok($rows eq $want{rows}, "$how: every row is the same")
	  or diag(lines_apart($want{rows}, $rows));
	is($server->safe_psql($name, $answers), $want{answers}, "$how: so are the answers");
	is($server->safe_psql($name, $verify), '0', "$how: the chains verify, against the head too");
	is($server->safe_psql($name, $twice), '0', "$how: no version is there twice");
	is($server->safe_psql($name, $next), "6|2|\n2|2\n0\n0", "$how: work goes on");
}

sub lines_apart
{
	my ($one, $other) = map { { map { $_ => 1 } split /\n/ } } @_;
	return join "\n", (map { "lost: $_" } grep { !$other->{$_} } sort keys %$one), (map { "new: $_" } grep { !$one->{$_} } sort keys %$other);
}

sub psql_file { return [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $_[0], '-d', $node->connstr($_[1]) ] }
sub pg_restore { my ($name, @options) = @_; return [ 'pg_restore', '-e', '-d', $node->connstr($name), @options ] }

# The whole cluster, before there are more databases.
$node->command_ok([ 'pg_dumpall', '-f', "$dir/all.sql", '-d', $node->connstr('postgres') ], 'pg_dumpall');

my %dump = (
	plain => [],
	inserts => ['--inserts'],
	data => ['--data-only'],
	custom => ['-Fc'],
	tar => ['-Ft'],
	folder => [ '-Fd', '-j', '2' ]);
$node->command_ok([ 'pg_dump', @{ $dump{$_} }, '-f', "$dir/$_", '-d', $node->connstr('shop') ], "pg_dump @{$dump{$_}}")
  for sort keys %dump;

# Each form into a database of its own; the first commands of some make it what it
# is restored over.
my $with_extension = [ 'psql', '-Xqc', 'CREATE EXTENSION wishflags; CREATE TABLE public.testers (id text PRIMARY KEY)', '-d' ];
my @forms = (
	[ plain => sub { psql_file("$dir/plain", @_) } ],
	[ inserts => sub { psql_file("$dir/inserts", @_) } ],
	[ tar => sub { pg_restore(@_, "$dir/tar") } ],
	[ custom_4 => sub { pg_restore(@_, '-j', '4', "$dir/custom") } ],
	[ folder_4 => sub { pg_restore(@_, '-j', '4', "$dir/folder") } ],
	[ sections => map { my $section = $_; sub { pg_restore(@_, "--section=$section", "$dir/folder") } } 'pre-data', 'data', 'post-data' ],
	[ clean => sub { pg_restore(@_, "$dir/custom") },
		sub { [ 'psql', '-Xqc', $next, '-d', $node->connstr($_[0]) ] },
		sub { pg_restore(@_, '--clean', '--if-exists', "$dir/custom") } ],
	[ data_alone => sub { [ @$with_extension, $node->connstr($_[0]) ] }, sub { psql_file("$dir/data", @_) } ],
	[ data_parallel => sub { [ @$with_extension, $node->connstr($_[0]) ] },
		sub { pg_restore(@_, '--data-only', '-j', '4', "$dir/folder") } ]);
for my $form (@forms)
{
	my ($name, @commands) = @$form;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->command_ok($_->($name), "$name: " . join(' ', grep { !/\n/ } @{ $_->($name) })) for @commands;
	same($node, $name, $name);
}

# Data alone with triggers off, where a session with a warm cache hears of it.
$node->safe_psql('postgres', 'CREATE DATABASE loaded');
$node->command_ok([ @$with_extension, $node->connstr('loaded') ], 'loaded: an extension without rows');
my $session = $node->background_psql('loaded');
is($session->query(q{SELECT wishflags.flag_variant('layout', 'user-1')}), '', 'no flags yet');
$node->command_ok(pg_restore('loaded', '--data-only', '--disable-triggers', "$dir/custom"), 'pg_restore --data-only --disable-triggers');
like($session->query(q{SELECT wishflags.flag_variant('layout', 'user-1')}), qr/narrow/, 'an open session sees them');
$session->quit;
same($node, 'loaded', 'data with triggers off');

# All of a cluster: its superuser is there already, which is the one error.
my $other = PostgreSQL::Test::Cluster->new('other');
$other->init;
$other->start;
my ($out, $err) = run_command([ 'psql', '-Xq', '-f', "$dir/all.sql", '-d', $other->connstr('postgres') ]);
unlike($err, qr/ERROR:  (?!role "[^"]+" already exists)/, 'pg_dumpall is restored');
same($other, 'shop', 'pg_dumpall');

done_testing();
