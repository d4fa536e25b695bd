# The DDL log and deprecations across PREPARE, dump and restore, cancel, and
# many commands in a transaction.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('record');
$node->init;
$node->append_conf('postgresql.conf', "max_prepared_transactions = 2");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', 'CREATE EXTENSION wishflags; ALTER DATABASE shop SET wishflags.ddl_log = on');

sub logged
{
	my ($where) = @_;
	return $node->safe_psql('shop', "SELECT count(*) FROM wishflags.ddl_log WHERE $where");
}

# A prepared transaction brings its rows when it commits.
$node->safe_psql('shop', "BEGIN; CREATE TABLE two (id int); PREPARE TRANSACTION 'p'");
is(logged("object = 'public.two'"), 0, 'prepared: nothing yet');
$node->safe_psql('shop', "COMMIT PREPARED 'p'");
is(logged("object = 'public.two'"), 1, 'prepared and committed');
$node->safe_psql('shop', "BEGIN; CREATE TABLE three (id int); PREPARE TRANSACTION 'p'");
$node->safe_psql('shop', "ROLLBACK PREPARED 'p'");
is(logged("object = 'public.three'"), 0, 'prepared and rolled back');

# A procedure that commits between its commands.
$node->safe_psql('shop',
	'DO $$ BEGIN CREATE TABLE in_first (id int); COMMIT; CREATE TABLE in_second (id int); ROLLBACK; CREATE TABLE in_third (id int); END $$');
is(logged("object LIKE 'public.in\\_%'"), 2, 'commits within a procedure');
is(logged("object = 'public.in_second'"), 0, 'rollback within a procedure');

# More commands than are looked into: all are there, in order.
$node->safe_psql('shop',
	'DO $$ BEGIN FOR i IN 1..700 LOOP EXECUTE format($q$CREATE TABLE many_%s (id int)$q$, i); END LOOP; END $$');
is(logged("object LIKE 'public.many\\_%'"), 700, '700 commands in a transaction');
is(logged("object LIKE 'public.many\\_%' AND after = 'id integer'"), 700, 'and their definitions');
is( $node->safe_psql('shop',
		"SELECT bool_and(object = 'public.many_' || ordinal) FROM wishflags.ddl_log WHERE object LIKE 'public.many\\_%'"),
	't', 'in order');
$node->safe_psql(
	'shop', q{DO $$
	BEGIN
		FOR i IN 1..300 LOOP
			EXECUTE format('CREATE TABLE more_%s (id int)', i);
			EXECUTE format('ALTER TABLE more_%s ADD COLUMN note text', i);
			EXECUTE format('ALTER TABLE more_%s OWNER TO CURRENT_USER', i);
		END LOOP;
	END $$});
is(logged("object = 'public.more_1' AND command_tag = 'CREATE TABLE' AND after = 'id integer'"), 1,
	'an early command has what it made');
is(logged("object = 'public.more_300' AND command_tag = 'CREATE TABLE' AND after = E'id integer\nnote text'"), 1,
	'a late one what there was at the commit');
is(logged("object = 'public.more_300' AND command_tag = 'ALTER TABLE' AND before IS NULL AND after IS NULL"), 2,
	'and what changed late is not told');

# An extension's script is not looked into; pg_trgm may not be there.
$node->safe_psql('shop', 'CREATE EXTENSION pgtap') if -e $node->config_data('--sharedir') . '/extension/pgtap.control';
is(logged("object_type = 'function'"), 0, 'what an extension makes has no rows');

# While the log is locked, the commit goes on, and says what is lost.
my ($in, $out, $timer) = ('', '', IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
my $holder = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('shop') ], '<', \$in, '>', \$out, $timer);
$in .= "BEGIN; LOCK TABLE wishflags.ddl_log; SELECT 'locked';\n";
$holder->pump until $out =~ /locked/;
my ($rc, $stdout, $stderr) = $node->psql('shop', 'CREATE TABLE unlogged_one (id int)');
is($rc, 0, 'locked log: the command commits');
like($stderr, qr/WARNING:  the DDL log could not be written/, 'locked log: the loss is told');
$in .= "ROLLBACK;\n\\q\n";
$holder->finish;
is($node->safe_psql('shop', "SELECT to_regclass('unlogged_one') IS NOT NULL"), 't', 'locked log: the table is there');

# Dropping the extension with rows that wait.
$node->safe_psql('postgres', 'CREATE DATABASE brief');
$node->safe_psql('brief',
	'CREATE EXTENSION wishflags; SET wishflags.ddl_log = on; BEGIN; CREATE TABLE t (id int); DROP EXTENSION wishflags; COMMIT; CREATE TABLE u (id int)');
is($node->safe_psql('brief', "SELECT count(*) FROM pg_class WHERE relname IN ('t', 'u')"), 2, 'the extension goes');

# A dump takes deprecations along; their objects are found by name.
$node->safe_psql('shop', q{
	CREATE TABLE orders (id int, "no te" text);
	CREATE FUNCTION f(int, text) RETURNS int LANGUAGE sql AS 'SELECT 1';
	SELECT wishflags.release('1');
	SELECT wishflags.deprecate('orders."no te"', releases => 2, reason => 'unused');
	SELECT wishflags.deprecate('f(int, text)', releases => 2, reason => 'unused');
	SELECT wishflags.release('2');
});
foreach my $format ('plain', 'custom')
{
	my $file = $node->basedir . "/dump.$format";
	$node->command_ok([ 'pg_dump', '-F', $format, '-f', $file, $node->connstr('shop') ], "$format: dump");
	$node->safe_psql('postgres', "CREATE DATABASE $format; ALTER DATABASE $format SET wishflags.ddl_log = on");
	$node->command_ok(
		$format eq 'plain'
		? [ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', $file, $node->connstr($format) ]
		: [ 'pg_restore', '-d', $node->connstr($format), $file ],
		"$format: restore");
	is( $node->safe_psql($format,
			'SELECT object, state, releases_left FROM wishflags.deprecations ORDER BY object'),
		"public.f(integer,pg_catalog.text)|deprecated|1\npublic.orders.\"no te\"|deprecated|1", "$format: deprecations are there");
	($rc, $stdout, $stderr) = $node->psql($format, 'ALTER TABLE orders DROP COLUMN "no te"');
	like($stderr, qr/blocked by rule "deprecated-too-early": ALTER TABLE drops public\.orders\."no te", which may go after the next release/,
		"$format: and in force");
	is($node->safe_psql($format, "SELECT count(*) FROM wishflags.ddl_log WHERE NOT restored"), 0, "$format: rows of a restore are marked");
	is($node->safe_psql($format, "SELECT count(*) FROM wishflags.unledgered_ddl"), 0, "$format: and alarm nobody");
}

$node->stop;
done_testing();
