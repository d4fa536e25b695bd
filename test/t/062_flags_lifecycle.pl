# Flags that require each other under many editors, after dumps and restores, and
# through replication; what names them, and the events of their expiry.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('lifecycle');
$node->init;
$node->append_conf('postgresql.conf', "max_connections = 50\nshared_preload_libraries = 'wishflags'\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql(
	'shop', q{
	CREATE EXTENSION wishflags;
	INSERT INTO wishflags.flags (key, enabled) SELECT 'f' || n, true FROM generate_series(1, 12) n;
	CREATE TABLE tally (outcome text);
	CREATE FUNCTION attempt(flag text, required text[]) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		UPDATE wishflags.flags SET definition = jsonb_build_object('requires',
			(SELECT COALESCE(jsonb_agg(jsonb_build_object('flag', r)), '[]') FROM unnest(required) r)) WHERE key = attempt.flag;
		INSERT INTO tally VALUES ('changed');
	EXCEPTION WHEN invalid_recursion THEN
		INSERT INTO tally VALUES ('refused');
	END $$;
});

# Whether any flag reaches itself, by the table alone.
my $circles = q{
	WITH RECURSIVE edge AS (
		SELECT f.key AS a, r ->> 'flag' AS b FROM wishflags.flags f, jsonb_array_elements(f.definition -> 'requires') r),
	reach (a, b) AS (SELECT a, b FROM edge UNION SELECT reach.a, edge.b FROM reach JOIN edge ON edge.a = reach.b)
	SELECT count(*) FROM reach WHERE a = b};

# Each asks for one to three flags, or lets go of all: a dozen flags are soon full of near circles.
my $dir = $node->basedir;
append_to_file("$dir/edge.sql", q{\set a random(1, 12)
\set b random(1, 12)
\set c random(1, 12)
\set few random(0, 2)
BEGIN;
SELECT attempt('f' || :a, ('{"f' || :b || '","f' || :c || '"}')::text[]) WHERE :few > 0;
SELECT attempt('f' || :a, '{}') WHERE :few = 0;
COMMIT;
});
command_ok(
	[ 'pgbench', '-n', '-c', '16', '-j', '2', '-t', '60', '--max-tries', '100', '-f', "$dir/edge.sql", '-d', $node->connstr('shop') ],
	'16 editors of what requires what');
is($node->safe_psql('shop', 'SELECT count(*) FROM tally'), 960, 'all attempts came to an end');
cmp_ok($node->safe_psql('shop', q{SELECT count(*) FROM tally WHERE outcome = 'refused'}), '>', 0, 'some would have closed a circle');
cmp_ok($node->safe_psql('shop', q{SELECT count(*) FROM tally WHERE outcome = 'changed'}), '>', 0, 'some would not');
is($node->safe_psql('shop', $circles), 0, 'no circle was closed');
is($node->safe_psql('shop', q{SELECT count(*) FROM wishflags.flags f, wishflags.flag_explain(f.key, '{"targetingKey": "1"}') e WHERE e.error_code IS NOT NULL}),
	0, 'all flags can be evaluated');
unlike(slurp_file($node->logfile), qr/deadlock detected/, 'nobody waited in a circle either');

# Many flags in one statement take one lock, and are made and deleted together.
$node->safe_psql(
	'shop', q{
	INSERT INTO wishflags.flags (key, definition) SELECT 'chain-' || n, jsonb_build_object('requires', jsonb_build_array(jsonb_build_object('flag', 'chain-' || n + 1)))
	FROM generate_series(1, 1000) n});
my ($rc, $out, $err) = $node->psql('shop', q{SELECT wishflags.flag_create('chain-1001', definition => '{"requires": [{"flag": "chain-1"}]}')});
like($err, qr/would require itself: chain-1001 -> chain-1 -> .* -> chain-1000 -> chain-1001$/m, 'a long chain is named');
$node->safe_psql('shop', q{DELETE FROM wishflags.flags WHERE key LIKE 'chain-%'});

# Dump and restore, by several jobs, data only as well.
$node->safe_psql(
	'shop', q{
	TRUNCATE wishflags.flags;
	INSERT INTO wishflags.flags (key, definition, expires_at, owner_email) VALUES
		('a', '{"requires": [{"flag": "z"}]}', now() + interval '3 days', 'ann@example.com'), ('z', NULL, NULL, NULL), ('old', '{"requires": [{"flag": "z"}]}', NULL, NULL);
	SELECT wishflags.segment_define('s', '{"when": {"flag": "a"}}');
	UPDATE wishflags.flags SET archived_at = now() WHERE key IN ('old');
	SELECT wishflags.flag_code_references_upload('shop', '["x.c:1:a"]', 'c0ffee');
	SELECT wishflags.flag_expiry_notify();
	-- A circle that is older than the check.
	SET session_replication_role = replica;
	INSERT INTO wishflags.flags (key, definition, version, created_at, updated_at) VALUES ('c1', '{"requires": [{"flag": "c2"}]}', 1, now(), now()),
		('c2', '{"requires": [{"flag": "c1"}]}', 1, now(), now())});
my $state = q{SELECT md5(string_agg(t, ',' ORDER BY t)) FROM (SELECT f::text FROM wishflags.flags f UNION ALL SELECT r::text FROM wishflags.flag_code_references r
	UNION ALL SELECT n::text FROM wishflags.flag_expiry_notices n UNION ALL SELECT d FROM wishflags.flag_dependencies() d) x (t)};
my $before = $node->safe_psql('shop', $state);

sub holds
{
	my ($database, $how) = @_;
	is($node->safe_psql($database, $state), $before, "$how: all is the same");
	is($node->safe_psql($database, 'SELECT count(*) FROM wishflags.flag_expiry_notify()'), 0, "$how: no event is written twice");
	my ($rc, $out, $err) = $node->psql($database, q{DELETE FROM wishflags.flags WHERE key = 'z'});
	like($err, qr/cannot delete flag "z": it is required/, "$how: what is required stays");
	($rc, $out, $err) = $node->psql($database, q{SELECT wishflags.flag_define('z', '{"rules": [{"when": {"segment": "s"}, "serve": "on"}]}')});
	like($err, qr/would require itself: z -> segment s -> a -> z/, "$how: circles are refused");
	return;
}

holds('shop', 'before');
command_ok([ 'pg_dump', '-Fd', '-f', "$dir/dump", $node->connstr('shop') ], 'a dump');
$node->safe_psql('postgres', 'CREATE DATABASE copy');
command_ok([ 'pg_restore', '-j', '2', '-d', $node->connstr('copy'), "$dir/dump" ], 'restored by two jobs');
holds('copy', 'restored');
$node->safe_psql('postgres', 'CREATE DATABASE data');
$node->safe_psql('data', 'CREATE EXTENSION wishflags; CREATE TABLE tally (outcome text)');
command_ok([ 'pg_restore', '--data-only', '--disable-triggers', '-d', $node->connstr('data'), "$dir/dump" ], 'the data alone');
holds('data', 'data alone');

# What hinders the look for references does not hinder a flag from being switched off.
$node->safe_psql(
	'shop', q{
	CREATE ROLE editor LOGIN;
	GRANT USAGE ON SCHEMA wishflags TO editor;
	GRANT SELECT, UPDATE ON wishflags.flags TO editor;
	GRANT EXECUTE ON FUNCTION wishflags.flag_disable TO editor;
	UPDATE wishflags.flags SET enabled = true WHERE key = 'a'});
($rc, $out, $err) = $node->psql('shop', q{SELECT wishflags.flag_disable('a')}, extra_params => [ '-U', 'editor' ]);
is($rc, 0, 'an editor without a right on the references switches a flag off');
like($err, qr/flag "a" is still named in 1 place\n.*shop:x\.c:1/, 'and hears of them');
($rc, $out, $err) = $node->psql('shop', q{SELECT * FROM wishflags.flag_references('a')}, extra_params => [ '-U', 'editor' ]);
like($err, qr/permission denied/, 'but may not list them');

# What is counted says which flags nobody asks for.
$node->safe_psql('shop', q{SELECT wishflags.usage_reset(); SELECT wishflags.flag_create('asked', enabled => true), wishflags.flag_create('silent', enabled => true)});
$node->safe_psql('shop', q{SELECT wishflags.flag_eval('asked', g::text) FROM generate_series(1, 10) g});
is( $node->safe_psql('shop', q{SELECT flag, stage, reasons[1], evidence -> 'evaluations' FROM wishflags.flag_stale('{"unused_days": 0, "references": false}') WHERE flag IN ('asked', 'silent') ORDER BY 1}),
	"asked|live|was last evaluated 0 days ago|10\nsilent|initial|has never been evaluated in 0 days|0",
	'evaluations count');
is($node->safe_psql('shop', q{SELECT score FROM wishflags.flag_stale('{"references": false}') WHERE flag = 'silent'}), 0, 'but not before the time');

# The line of the manual that makes an upload.
SKIP:
{
	skip 'no git', 1 if system('git --version > /dev/null 2>&1') != 0;
	my $checkout = "$dir/checkout";
	mkdir $checkout;
	append_to_file("$checkout/cart.ts", "one\nif (flagged) db.query(`SELECT wishflags.flag_eval('z', \$1), flag_variant( \"a\")`)\n");
	append_to_file("$checkout/load.sql", <<'SQL');
\set found `git grep --no-index -noP "flag_(eval|variant|value|enabled)\(\s*['\"]\K[^'\"]+" -- cart.ts`
SELECT wishflags.flag_code_references_upload('shop', to_jsonb(string_to_array(:'found', E'\n')));
SELECT flag, path, line FROM wishflags.flag_code_references ORDER BY flag;
SQL
	my $found = `cd '$checkout' && psql -XAtq -d '@{[ $node->connstr('shop') ]}' -f load.sql`;
	is($found, "2\na|cart.ts|2\nz|cart.ts|2\n", 'grep fills the references');
}

$node->stop;
done_testing();
