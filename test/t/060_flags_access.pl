# Levels and change requests survive a dump and restore in all forms (levels also an
# update, see test/upgrade.sh).

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('access');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql(
	'shop', q{
	CREATE EXTENSION wishflags;
	CREATE ROLE ann LOGIN;
	CREATE ROLE "Ben B" LOGIN;
	CREATE ROLE cy LOGIN;
	CREATE ROLE dee LOGIN;
	CREATE ROLE app LOGIN;
	SELECT wishflags.access_grant('ann', 'reader'), wishflags.access_grant('Ben B', 'editor'),
		wishflags.access_grant('cy', 'approver'), wishflags.access_grant('dee', 'admin');
	REVOKE EXECUTE ON FUNCTION wishflags.flag_rollback FROM "Ben B";
	REVOKE UPDATE (rollout) ON wishflags.flags FROM "Ben B";
	GRANT USAGE ON SCHEMA wishflags TO app;
	SELECT wishflags.flag_create('gallery', enabled => true);
	SELECT wishflags.flag_create('pay', rollout => 10), wishflags.flag_override_set('pay', 'user-1'), wishflags.segment_define('pay-staff', '{"included": []}');
	INSERT INTO wishflags.change_policies (name, key_pattern, approver_role, protected, reason) VALUES ('payments', 'pay%', 'cy', true, 'money');
});
$node->safe_psql('shop', q{SELECT wishflags.change_propose('{"flags": {"pay": {"rollout": 50}}, "segments": {"pay-new": {"definition": {"included": []}}}}', 'more')},
	extra_params => [ '-U', 'dee' ]);
is($node->safe_psql('shop', q{SELECT wishflags.change_approve(1)}, extra_params => [ '-U', 'cy' ]), 'approved', 'a request is approved');
my $requests = q{SELECT string_agg(r.r, E'\n' ORDER BY r.r) FROM (SELECT o::text AS r FROM wishflags.change_request_overview o
	UNION ALL SELECT e::text FROM wishflags.change_request_events e UNION ALL SELECT p::text FROM wishflags.change_policies p
	UNION ALL SELECT h::text FROM wishflags.change_policy_history h) r};
my $noted = $node->safe_psql('shop', $requests);
my $list = 'SELECT * FROM wishflags.access_list()';
my $held = q{SELECT string_agg(concat_ws(' ', role, object_type,
	CASE object_type WHEN 'function' THEN objid::regprocedure::text WHEN 'schema' THEN '' ELSE objid::regclass::text END, column_name, privilege), E'\n'
	ORDER BY role, object_type, objid::regprocedure::text, objid::regclass::text, column_name, privilege) FROM wishflags.access_held};
my $before = $node->safe_psql('shop', $list);
my $rights = $node->safe_psql('shop', $held);
is($before, join("\n",
	'Ben B|reader|all|',
	'Ben B|editor|some|without EXECUTE on flag_rollback(text,integer,text), UPDATE (rollout) on flags',
	'ann|reader|all|', 'app|evaluation|all|', 'cy|approver|all|', 'dee|admin|all|'), 'the levels');

my $dir = PostgreSQL::Test::Utils::tempdir;
my $same = sub {
	my ($db, $how) = @_;
	my ($rc, $out, $err);
	is($node->safe_psql($db, $list), $before, "$how: the levels");
	is($node->safe_psql($db, $held), $rights, "$how: each right");
	is($node->safe_psql($db, $requests), $noted, "$how: the requests");
	($rc, $out, $err) = $node->psql($db, q{SELECT wishflags.flag_rollout('pay', 5)}, extra_params => ['-U', 'dee']);
	like($err, qr/changes by approved requests only/, "$how: what was protected is");
	is($node->safe_psql($db, q{SELECT wishflags.change_apply(1)}, extra_params => ['-U', 'dee']), 2, "$how: the approved request is applied");
	is($node->safe_psql($db, q{SELECT wishflags.change_propose('{"flags": {"pay": null}}', 'gone')}, extra_params => ['-U', 'dee']), 2, "$how: ids go on");
	is($node->safe_psql($db, q{SELECT wishflags.flag_disable('gallery')}, extra_params => ['-U', 'Ben B']), 2, "$how: an editor edits");
	($rc, $out, $err) = $node->psql($db, q{SELECT wishflags.flag_rollout('gallery', 5)}, extra_params => ['-U', 'Ben B']);
	like($err, qr/permission denied for table flags/, "$how: but for what was taken");
	is($node->safe_psql($db, q{SELECT wishflags.flag_eval('gallery', 'user-1')}, extra_params => ['-U', 'app']), 'f', "$how: an application evaluates");
};

$node->command_ok([ 'pg_dump', '-f', "$dir/plain.sql", $node->connstr('shop') ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE plain');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain.sql", $node->connstr('plain') ], 'psql');
$same->('plain', 'plain text');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/custom", $node->connstr('shop') ], 'pg_dump -Fc');
$node->safe_psql('postgres', 'CREATE DATABASE custom');
$node->command_ok([ 'pg_restore', '-e', '-j', '2', '-d', $node->connstr('custom'), "$dir/custom" ], 'pg_restore -j 2');
$same->('custom', 'custom format');

# A dump of the restored database says the same.
$node->command_ok([ 'pg_dump', '-f', "$dir/again.sql", $node->connstr('custom') ], 'pg_dump of the restored database');
$node->safe_psql('postgres', 'CREATE DATABASE again');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/again.sql", $node->connstr('again') ], 'psql');
is($node->safe_psql('again', $held), $rights, 'dumped and restored twice: each right');

# A reader may dump what there is to read.
$node->command_ok([ 'pg_dump', '-U', 'ann', '-f', "$dir/reader.sql", $node->connstr('shop') ], 'pg_dump by a reader');

$node->stop;
done_testing();
