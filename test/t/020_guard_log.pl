# The row of a refusal survives its transaction, a crash and DROP DATABASE, and
# where it can't be written, the refusal says so.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('log');
$node->init;
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql(
	'shop', q{
	CREATE EXTENSION wishflags;
	CREATE TABLE orders (id int);
	INSERT INTO orders SELECT generate_series(1, 100);
});

sub refused
{
	my ($sql, $name, %options) = @_;
	my ($rc, $out, $err) = $node->psql('shop', $sql, on_error_stop => 1, %options);
	isnt($rc, 0, "$name: fails");
	like($err, qr/blocked by rule "index-not-concurrent"/, "$name: by the guard");
	return $err;
}

sub rows
{
	my ($where) = @_;
	return $node->safe_psql('shop', "SELECT count(*) FROM wishflags.guard_log WHERE $where");
}

# In a transaction that the refusal aborts, and in one that swallows it.
my $before = rows("outcome = 'refused'");
refused('BEGIN; INSERT INTO orders VALUES (0); CREATE INDEX a ON orders (id); COMMIT;', 'block');
is(rows("outcome = 'refused'"), $before + 1, 'row stays after the abort');
$node->safe_psql('shop',
	q{DO $$ BEGIN CREATE INDEX b ON orders (id); EXCEPTION WHEN OTHERS THEN NULL; END $$});
is(rows("outcome = 'refused'"), $before + 2, 'row stays where the error is swallowed');
like(
	slurp_file($node->logfile),
	qr/LOG:  wishflags guard: outcome=refused rule=index-not-concurrent object=public\.orders command="CREATE INDEX"/,
	'line in the server log');

# An acknowledged row survives a crash.
refused('CREATE INDEX c ON orders (id)', 'before the crash');
$node->stop('immediate');
$node->start;
is(rows("statement LIKE 'CREATE INDEX c %'"), 1, 'row survives a crash');

# A long statement is cut between characters.
my $long = "\x{c3}\x{a4}" x 3000;
refused("CREATE INDEX d ON orders (id) /* a$long */", 'long statement');
is(rows("statement LIKE 'CREATE INDEX d %' AND octet_length(statement) BETWEEN 3990 AND 4000"),
	1, 'statement is cut');

# What a database sets for its sessions does not stop the row.
$node->safe_psql('shop', 'ALTER DATABASE shop SET default_transaction_read_only = on');
refused('SET default_transaction_read_only = off; CREATE INDEX readonly ON orders (id)', 'read-only database');
is(rows("statement LIKE 'CREATE INDEX readonly %'"), 1, 'row is written');
$node->safe_psql('shop', 'SET default_transaction_read_only = off; ALTER DATABASE shop RESET default_transaction_read_only');

# While the log is locked, the refusal stands and says that its row is unsure.
my ($in, $out, $timer) = ('', '', IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
my $holder = IPC::Run::start(
	[ 'psql', '-XAtq', '-d', $node->connstr('shop') ], '<', \$in, '>', \$out, $timer);
$in .= "BEGIN; LOCK TABLE wishflags.guard_log; SELECT 'locked';\n";
$holder->pump until $out =~ /locked/;
my $err = refused('CREATE INDEX e ON orders (id)', 'locked log');
like($err, qr/The row in wishflags\.guard_log is not confirmed\./, 'unsure row is told');
my ($rc, $stdout, $stderr) =
  $node->psql('shop', "SET wishflags.bypass = 'cannot be noted'; CREATE INDEX e2 ON orders (id); DROP INDEX e2;");
is($rc, 0, 'a bypass is not held up by a locked log');
like($stderr, qr/WARNING:  the guard could not write its log row/, 'and its lost row is told');

# A cancel is no internal error: it passes through, out of the guard's waits.
for my $bypass ("SET wishflags.bypass = 'patience';", '')
{
	($rc, $stdout, $stderr) =
	  $node->psql('shop', "SET statement_timeout = '200ms'; $bypass CREATE INDEX e3 ON orders (id);");
	like($stderr, qr/ERROR:  canceling statement due to statement timeout/, 'cancelled while the log is locked');
	unlike($stderr, qr/could not|blocked/, 'and nothing else');
}
# Nor is the end of the session, which comes while the guard waits for its log.
my $told = '';
my $victim = IPC::Run::start(
	[
		'psql', '-Xq', '-d', $node->connstr('shop'), '-c', q{SET wishflags.bypass = 'until the end'},
		'-c', q{DO $$ BEGIN LOOP CREATE INDEX e4 ON orders (id); DROP INDEX e4; END LOOP; END $$} ],
	'>', \my $nothing, '2>', \$told, $timer);
$node->poll_query_until('shop',
	q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'DO %INDEX e4%' AND wait_event_type = 'Lock'})
  or die 'nobody waits for the log';
$victim->finish;
like($told, qr/FATAL:  terminating connection due to administrator command/, 'a session ends while the log is locked');
is($node->safe_psql('shop', "SELECT count(*) FROM pg_class WHERE relname IN ('e2', 'e3', 'e4')"), 0, 'no index is left');
$in .= "COMMIT;\n\\q\n";
$holder->finish;

# More refusals at a time than there are worker slots: what is acknowledged is there.
my $storm = q{DO $$
DECLARE unsure int := 0; told text;
BEGIN
	FOR i IN 1..8 LOOP
		BEGIN
			EXECUTE 'CREATE INDEX storm ON orders (id)';
		EXCEPTION WHEN SQLSTATE 'WF001' THEN
			GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL;
			IF told LIKE '%not confirmed%' THEN unsure := unsure + 1; END IF;
		END;
	END LOOP;
	RAISE INFO 'unsure: %', unsure;
END $$;};
# Ends workers from the first one on, up to the end of the storm, and tells how many.
my $harass = q{SET client_min_messages = error;
DO $$
DECLARE ended int := 0;
BEGIN
	LOOP
		PERFORM pg_stat_clear_snapshot();
		ended := ended + (SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'wishflags guard log');
		EXIT WHEN ended > 0 AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'harassed');
		PERFORM pg_sleep(random() * 0.002);
	END LOOP;
	RAISE INFO 'ended: %', ended;
END $$;};
sub client
{
	my ($application, $sql) = @_;
	my $output = '';
	my $client = IPC::Run::start(
		[ 'psql', '-Xq', '-d', $node->connstr('shop') . " application_name=$application", '-c', $sql ],
		'<', \undef, '&>', \$output, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return { client => $client, output => \$output };
}
# A worker that is ended anywhere takes its row with it and nothing else.
for my $storm_name ('storm', 'harassed')
{
	my $harasser = $storm_name eq 'harassed' ? client('harasser', $harass) : undef;
	$node->poll_query_until('shop', q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'harasser' AND query LIKE '%DO %')}) if $harasser;
	my @clients = map { client($storm_name, $storm) } 1 .. 12;
	my $unsure = 0;
	for my $client (@clients)
	{
		$client->{client}->finish;
		like(${ $client->{output} }, qr/unsure: \d+/, "a client ends: $storm_name");
		$unsure += $1 if ${ $client->{output} } =~ /unsure: (\d+)/;
	}
	if ($harasser)
	{
		$harasser->{client}->finish;
		like(${ $harasser->{output} }, qr/^INFO:  ended: [1-9]\d*\n$/, 'workers were ended');
	}
	cmp_ok(rows("application_name = '$storm_name'"), '>=', 96 - $unsure, "all but $unsure of 96 refusals are kept");
}

# Right after a refusal the database can be dropped.
refused('CREATE INDEX f ON orders (id)', 'before DROP DATABASE');
$node->safe_psql('postgres', 'DROP DATABASE shop');
pass('database dropped');
$node->stop;

# Without worker slots.
$node->append_conf('postgresql.conf', "max_worker_processes = 0\n");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop',
	'CREATE EXTENSION wishflags; CREATE TABLE orders AS SELECT 1 AS id;');
$err = refused('CREATE INDEX ON orders (id)', 'no worker slot');
like($err, qr/The row in wishflags\.guard_log is not confirmed\./, 'lost row is told');
is(rows('true'), 0, 'and is lost');
like(slurp_file($node->logfile), qr/outcome=refused .* command="CREATE INDEX"/, 'but for the server log');
$node->stop;

done_testing();
