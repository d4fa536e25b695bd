# What the guard covers at which level of configuration, and that it stands in
# nobody's way: publications, standbys, extensions of others.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('cover');
$node->init(allows_streaming => 'logical');
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
my ($rc, $out, $err) = $node->psql('shop', 'CREATE EXTENSION wishflags');
like($err, qr/Not seen in sessions that have not loaded the library: .*VACUUM FULL/, 'CREATE EXTENSION says what is not covered');
like($err, qr/ALTER DATABASE shop SET session_preload_libraries = wishflags/, 'and what closes it');
$node->safe_psql('shop', q{CREATE TABLE orders AS SELECT generate_series(1, 100) AS id;
	CREATE INDEX CONCURRENTLY orders_id ON orders (id); CREATE TYPE mood AS ENUM ('calm')});

my $write = q{BEGIN; UPDATE pg_enum SET enumlabel = 'x' WHERE enumtypid = 'mood'::regtype; ROLLBACK};
sub stderr_of { my ($name, $sql, %options) = @_; my (undef, undef, $text) = $node->psql($name, $sql, %options); return $text; }

# Not preloaded: what no event trigger sees passes, until the library is loaded.
is(stderr_of('shop', $write), '', 'not loaded: unseen');
like(stderr_of('shop', "SELECT wishflags.version(); $write"), qr/enum-catalog-write/, 'loaded in the session: seen');

# The line that guard_status() gives, to the letter.
my $line = $node->safe_psql('shop', 'SELECT to_close FROM wishflags.guard_status()');
$node->safe_psql('shop', $line);
like(stderr_of('shop', $write), qr/blocked by rule "enum-catalog-write"/, 'preloaded for the database: seen');
like(stderr_of('shop', 'REINDEX TABLE orders'), qr/blocked by rule "reindex-not-concurrent"/, 'REINDEX, too');
is(stderr_of('postgres', 'SELECT 1'), '', 'other databases are not concerned');
is($node->safe_psql('shop', q{SELECT loaded || ': ' || to_close FROM wishflags.guard_status()}),
	'in client sessions: ALTER SYSTEM SET shared_preload_libraries = wishflags;  -- and restart', 'what is left');
$line = $node->safe_psql('shop', 'SELECT to_close FROM wishflags.guard_status()');
$node->safe_psql('shop', $line);
$node->restart;
is($node->safe_psql('shop', q{SELECT loaded, not_covered IS NULL, to_close IS NULL FROM wishflags.guard_status()}),
	'everywhere|t|t', 'nothing is left');
like(stderr_of('shop', $write), qr/blocked by rule "enum-catalog-write"/, 'preloaded for the server: seen');
is(stderr_of('postgres', 'REINDEX TABLE pg_class; VACUUM FULL pg_am;'), '', 'a database without the extension');
$node->safe_psql('shop', 'ALTER DATABASE shop RESET session_preload_libraries');

# A list that is there already keeps its members.
$node->safe_psql('shop', 'ALTER SYSTEM RESET shared_preload_libraries');
$node->append_conf('postgresql.conf', "session_preload_libraries = 'auto_explain'\n");
$node->restart;
SKIP:
{
	skip 'auto_explain is not installed', 1 if stderr_of('shop', 'SELECT 1') ne '';
	$line = $node->safe_psql('shop', 'SELECT to_close FROM wishflags.guard_status()');
	is($line, 'ALTER DATABASE shop SET session_preload_libraries = auto_explain, wishflags', 'libraries that are set stay');
	$node->safe_psql('shop', $line);
	is($node->safe_psql('shop', 'SHOW auto_explain.log_nested_statements'), 'off', 'both are loaded');
	like(stderr_of('shop', $write), qr/blocked by rule/, 'and the guard sees');
	$node->safe_psql('shop', 'ALTER DATABASE shop RESET session_preload_libraries');
}
$node->append_conf('postgresql.conf', "session_preload_libraries = ''\nshared_preload_libraries = 'wishflags'\n");
$node->restart;

# A bypass given before the library is loaded counts for whom it was delegated to.
$node->safe_psql('shop', 'CREATE ROLE clerk LOGIN; ALTER TABLE orders OWNER TO clerk; GRANT ALL ON SCHEMA public TO clerk');
my $bypass = q{BEGIN; SET LOCAL wishflags.bypass = 'night shift'; CREATE INDEX extra ON orders (id); ROLLBACK};
like(stderr_of('shop', $bypass, extra_params => [ '-U', 'clerk' ]), qr/permission denied to set parameter/, 'not delegated');
$node->safe_psql('shop', 'GRANT SET ON PARAMETER wishflags.bypass TO clerk');
is(stderr_of('shop', $bypass, extra_params => [ '-U', 'clerk' ]), '', 'delegated');
like(stderr_of('shop', q{GRANT SET ON PARAMETER wishflags.guard TO clerk}, extra_params => [ '-U', 'clerk' ]),
	qr/permission denied/, 'nobody delegates to himself');

# A hot standby has PostgreSQL's own words, at once.
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
for my $sql ('REINDEX TABLE orders', 'VACUUM FULL orders', 'CREATE INDEX ON orders (id)', 'TRUNCATE orders')
{
	(undef, undef, $err) = $standby->psql('shop', $sql);
	like($err, qr/cannot execute .* (during recovery|in a read-only transaction)/, "standby: $sql");
	unlike($err, qr/blocked|guard/, "standby: no word of the guard, $sql");
}
is($standby->safe_psql('shop', 'SELECT triggers, unconfirmed FROM wishflags.guard_status()'), 'enabled|0', 'standby: status');
$standby->stop;

# Two databases with the extension, one publication of all tables.
my $other = PostgreSQL::Test::Cluster->new('subscriber');
$other->init(allows_streaming => 'logical');
$other->start;
$other->safe_psql('postgres', q{CREATE EXTENSION wishflags; CREATE TABLE orders (id int); CREATE TABLE stock AS SELECT 1 AS id});
$node->safe_psql('shop', 'CREATE PUBLICATION everything FOR ALL TABLES');
my $connection = $node->connstr . ' dbname=shop';
$other->safe_psql('postgres', "CREATE SUBSCRIPTION everything CONNECTION '$connection' PUBLICATION everything");
$other->wait_for_subscription_sync($node, 'everything');
my $count = sub { return shift->safe_psql(shift, q{SELECT count(*) FROM wishflags.guard_log}) };
is($count->($other, 'postgres'), $count->($node, 'shop'), 'the rows of the log are copied');
$node->psql('shop', 'CREATE INDEX again ON orders (id)');
$node->safe_psql('shop', q{BEGIN; SET LOCAL wishflags.bypass = 'with duration'; CREATE INDEX again ON orders (id); COMMIT});
$other->psql('postgres', 'CREATE INDEX ON stock (id)');
$node->wait_for_catchup('everything');
is($count->($other, 'postgres'), $count->($node, 'shop') + 1, 'new ones arrive, beside those of the subscriber');
is($other->safe_psql('postgres', q{SELECT count(*) FROM wishflags.guard_log WHERE reason = 'with duration' AND duration_ms > 0}),
	1, 'with the duration that was added');
$other->stop;

# Debian's PostGIS.
SKIP:
{
	skip 'PostGIS is not installed', 8
	  unless $node->safe_psql('shop', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'postgis'});
	my $before = $count->($node, 'shop');
	is(stderr_of('shop', 'CREATE EXTENSION postgis'), '', 'PostGIS installs in a guarded database');
	$node->safe_psql('shop', q{CREATE TABLE spots AS SELECT g AS id, ST_Point(g, g) AS place FROM generate_series(1, 100) g;
		CREATE INDEX CONCURRENTLY ON spots USING gist (place)});
	# To the version after it and back, as its own tests do.
	for my $version (split /\n/, $node->safe_psql('shop', q{SELECT unnest(ARRAY[extversion || 'next', extversion])
		FROM pg_extension WHERE extname = 'postgis'}))
	{
		my ($status, undef, $text) = $node->psql('shop', "ALTER EXTENSION postgis UPDATE TO '$version'");
		is($status, 0, "PostGIS goes to $version") or diag($text);
		unlike($text, qr/blocked by rule|guard/, "and nothing is said of it, $version");
	}
	is($count->($node, 'shop'), $before, 'nothing is logged of all that');
	like(stderr_of('shop', 'CREATE INDEX ON spots USING gist (place)'), qr/blocked by rule/, 'its tables are guarded as others');
	is(stderr_of('shop', 'SET client_min_messages = warning; DROP EXTENSION postgis CASCADE'), '', 'and it goes');
}
$node->stop;

done_testing();
