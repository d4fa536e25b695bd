# Dump and restore with flags: same rows, same versions, same answers.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION wishflags;
	SELECT wishflags.flag_create('gallery', 'the gallery', 'web', enabled => true);
	SELECT wishflags.flag_rollout('gallery', 12.345);
	SELECT wishflags.flag_rollout('gallery', 0.001), wishflags.flag_rollout('gallery', 50);
	SELECT wishflags.flag_create('theme', enabled => true, definition => '{
		"variants": {"light": {"css": "a"}, "dark": null}, "off": "light",
		"rules": [{"when": {"attribute": "plan", "in": ["pro"]}, "serve": "dark"}],
		"default": {"split": [{"variant": "dark", "weight": 1}, {"variant": "light", "weight": 2}]}}');
	SELECT wishflags.flag_override_set('theme', 'user-' || n, 'dark') FROM generate_series(1, 100) n;
	SELECT wishflags.flag_create('off');
});

my $rows = q{SELECT f FROM wishflags.flags f ORDER BY f.key};
my $overrides = q{SELECT o FROM wishflags.flag_overrides o ORDER BY o.flag, o.key};
my $answers = q{SELECT md5(string_agg(f.key || coalesce(wishflags.flag_variant(f.key, n::text), '-')
	|| wishflags.flag_eval(f.key, jsonb_build_object('targetingKey', n, 'plan', CASE n % 2 WHEN 0 THEN 'pro' END)), ' ' ORDER BY f.key, n))
	FROM wishflags.flags f, generate_series(1, 1000) n};
my @want = map { $node->safe_psql('postgres', $_) } $rows, $overrides, $answers;
my $dir = PostgreSQL::Test::Utils::tempdir;

my $same = sub {
	my ($db, $how) = @_;
	is($node->safe_psql($db, $rows), $want[0], "$how: the flags");
	is($node->safe_psql($db, $overrides), $want[1], "$how: the overrides");
	is($node->safe_psql($db, $answers), $want[2], "$how: the answers");
	is($node->safe_psql($db, q{SELECT wishflags.flag_rollout('gallery', 51)}), '5', "$how: the next version");
};

$node->command_ok(['pg_dump', '-f', "$dir/plain.sql", $node->connstr('postgres')], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE plain');
$node->command_ok(['psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain.sql", $node->connstr('plain')], 'psql');
$same->('plain', 'plain text');

$node->command_ok(['pg_dump', '--inserts', '-f', "$dir/inserts.sql", $node->connstr('postgres')], 'pg_dump --inserts');
$node->safe_psql('postgres', 'CREATE DATABASE inserts');
$node->command_ok(['psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/inserts.sql", $node->connstr('inserts')], 'psql');
$same->('inserts', 'inserts');

$node->command_ok(['pg_dump', '-Fc', '-f', "$dir/custom", $node->connstr('postgres')], 'pg_dump -Fc');
$node->safe_psql('postgres', 'CREATE DATABASE custom');
$node->command_ok(['pg_restore', '-j', '2', '-d', $node->connstr('custom'), "$dir/custom"], 'pg_restore -j 2');
$same->('custom', 'custom format');

# Data alone, into an installation that has the extension, with triggers off;
# a session with a warm cache hears of it.
$node->safe_psql('postgres', 'CREATE DATABASE loaded');
$node->safe_psql('loaded', 'CREATE EXTENSION wishflags');
my $session = $node->background_psql('loaded');
is($session->query(q{SELECT wishflags.flag_variant('theme', 'user-1')}), '', 'no flags yet');
$node->command_ok(['pg_restore', '--data-only', '--disable-triggers', '-d', $node->connstr('loaded'), "$dir/custom"],
	'pg_restore --data-only --disable-triggers');
like($session->query(q{SELECT wishflags.flag_variant('theme', 'user-1')}), qr/dark/, 'an open session sees them');
$session->quit;
$same->('loaded', 'data only');

done_testing();
