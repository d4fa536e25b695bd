# The audit under load: ten thousand refusals from eight sessions while the
# worker is ended again and again, a crash, and what may not be held up.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('audit');
$node->init;
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'wishflags'\nmax_prepared_transactions = 2\n");
$node->start;

sub fill
{
	my ($name) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, 'CREATE EXTENSION wishflags; CREATE TABLE orders AS SELECT generate_series(1, 100) AS id');
}

sub storm
{
	my ($times) = @_;
	return qq{DO \$\$
	DECLARE unsure int := 0; told text;
	BEGIN
		FOR i IN 1..$times LOOP
			BEGIN
				EXECUTE 'CREATE INDEX storm ON orders (id) /* ' || i || ' */';
			EXCEPTION WHEN SQLSTATE 'WF001' THEN
				GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL;
				IF told LIKE '%not confirmed%' THEN unsure := unsure + 1; END IF;
			END;
		END LOOP;
		RAISE INFO 'unsure: %', unsure;
	END \$\$;};
}

# Ends workers, from the first one on and with pauses of so many seconds, up to the
# end of the storm, and tells how many.  One that has ended since it was seen is warned of.
sub harass
{
	my ($pause) = @_;
	return qq{SET client_min_messages = error;
	DO \$\$
	DECLARE ended int := 0;
	BEGIN
		LOOP
			PERFORM pg_stat_clear_snapshot();
			ended := ended + (SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'wishflags guard log');
			EXIT WHEN ended > 0 AND NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'storm');
			PERFORM pg_sleep($pause);
		END LOOP;
		RAISE INFO 'ended: %', ended;
	END \$\$;};
}

sub client
{
	my ($name, $application, $sql) = @_;
	my $output = '';
	my $client = IPC::Run::start(
		[ 'psql', '-Xq', '-d', $node->connstr($name) . " application_name=$application", '-c', $sql ],
		'<', \undef, '&>', \$output, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	return { client => $client, output => \$output };
}

# Returns how many of the refusals were told to be unsure, and how many workers were ended.
sub run_storm
{
	my ($name, $times, $pause) = @_;
	my $harasser = client($name, 'harasser', harass($pause));
	$node->poll_query_until($name, q{SELECT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'harasser' AND query LIKE '%DO %')});
	my @clients = map { client($name, 'storm', storm($times)) } 1 .. 8;
	my $unsure = 0;
	for my $client (@clients)
	{
		$client->{client}->finish;
		like(${ $client->{output} }, qr/unsure: \d+/, "$name: a client ends");
		$unsure += $1 if ${ $client->{output} } =~ /unsure: (\d+)/;
	}
	$harasser->{client}->finish;
	like(${ $harasser->{output} }, qr/^INFO:  ended: [1-9]\d*\n$/, "$name: workers were ended");
	my ($ended) = ${ $harasser->{output} } =~ /ended: (\d+)/;
	return ($unsure, $ended // 0);
}

sub check_storm
{
	my ($name, $all, $unsure) = @_;
	my $rows = $node->safe_psql($name, 'SELECT count(*) FROM wishflags.guard_log');
	my $counted = $node->safe_psql($name, 'SELECT sum(count) FROM wishflags.guard_unconfirmed');
	my $reasons = $node->safe_psql($name,
		q{SELECT string_agg(reason || ': ' || count, ', ') FROM wishflags.guard_unconfirmed});
	note("$name: $rows rows of $all, not confirmed: $reasons");
	is($counted, $unsure, "$name: what the clients were told is what is counted");
	cmp_ok($rows + $counted, '>=', $all, "$name: each of $all refusals is in the log or counted");
	cmp_ok($rows, '<=', $all, "$name: none is there twice");
	is($node->safe_psql($name, 'SELECT unconfirmed FROM wishflags.guard_status()'), $counted, "$name: and guard_status() tells");
}

fill('shop');
my ($unsure, $ended) = run_storm('shop', 1250, 0.2);
check_storm('shop', 10000, $unsure);
cmp_ok($unsure, '<=', 8 * $ended, "the end of each of $ended workers costs each session a row at most");

# Each acknowledged row survives whatever dies: the clients write down what they were told.
$node->append_conf('postgresql.conf', "fsync = on\nrestart_after_crash = on\n");
$node->reload;

sub witness
{
	my ($name) = @_;
	return qq{DO \$\$
	DECLARE told text;
	BEGIN
		FOR i IN 1..100000 LOOP
			BEGIN
				EXECUTE 'ALTER TABLE orders ADD CONSTRAINT ${name}_' || i || ' UNIQUE (id)';
			EXCEPTION WHEN SQLSTATE 'WF001' THEN
				GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL;
				IF told NOT LIKE '%not confirmed%' THEN RAISE INFO 'told ${name}_%', i; END IF;
			END;
		END LOOP;
	END \$\$};
}

sub pids
{
	my ($condition) = @_;
	return split /\n/, $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE $condition");
}

# check_crash NAME, KILL: KILL ends something; the server must be up again afterwards.
sub check_crash
{
	my ($name, $kill) = @_;
	my @clients = map { client('shop', 'crash', witness("${name}_$_")) } 1 .. 8;
	for my $client (@clients)
	{
		$client->{client}->pump until (() = ${ $client->{output} } =~ /^INFO:  told \w+$/mg) >= 40;
	}
	$kill->();
	for my $client (@clients)
	{
		eval { $client->{client}->finish };
	}
	$node->poll_query_until('postgres', 'SELECT true') or die 'the server does not come back';
	my @told = map { ${ $_->{output} } =~ /told (\w+)/g } @clients;
	cmp_ok(scalar(@told), '>=', 320, "$name: rows were acknowledged before");
	my %there = map { $_ => 1 } split /\n/,
	  $node->safe_psql('shop', q{SELECT substring(evidence ->> 'hint' FROM '\m(} . $name . q{_\d+_\d+)\M')
		FROM wishflags.guard_log WHERE rule = 'add-unique-builds-index'});
	is(scalar(grep { !$there{$_} } @told), 0, "$name: each of " . @told . ' is in the log');
}

check_crash('stop', sub { $node->stop('immediate'); $node->start });
check_crash(
	'all',
	sub {
		my @all = pids('true');
		kill 'KILL', $node->{_pid}, @all;
		$node->kill9;
		for my $pid (@all)
		{
			usleep(10_000) while kill 0, $pid;
		}
		$node->start;
	});
check_crash('backend', sub { kill 'KILL', (pids(q{application_name = 'crash'}))[0] });
check_crash(
	'worker',
	sub {
		my @workers = pids(q{backend_type = 'wishflags guard log'});
		is(scalar(@workers), 1, 'there is a worker to kill');
		kill 'KILL', @workers;
	});

# Two-phase commit: what is prepared was bypassed, whoever commits it, and a refusal leaves nothing to prepare.
$node->safe_psql('shop', q{BEGIN; SET LOCAL wishflags.bypass = 'in two phases'; CREATE INDEX prepared ON orders (id);
	PREPARE TRANSACTION 'kept'});
my $bypassed = q{SELECT string_agg(outcome || ' ' || rule, ', ') FROM wishflags.guard_log WHERE reason = 'in two phases'};
$node->restart;
$node->safe_psql('shop', q{COMMIT PREPARED 'kept'});
is($node->safe_psql('shop', $bypassed), 'bypassed index-not-concurrent', 'a prepared transaction has its row');
is($node->safe_psql('shop', q{SELECT count(*) FROM pg_indexes WHERE indexname = 'prepared'}), 1, 'and its index');
$node->psql('shop', q{BEGIN; CREATE INDEX refused ON orders (id); PREPARE TRANSACTION 'refused'}, on_error_stop => 0);
is($node->safe_psql('shop', q{SELECT count(*) FROM pg_prepared_xacts}), 0, 'what was refused cannot be prepared');

# The worker leaves: no database is held by it.  It stays for a second, in which
# another psql may not have started.
my (undef, $told) = $node->psql('shop', q{CREATE INDEX last ON orders (id);
	SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'wishflags guard log';
	DROP EXTENSION wishflags;
	SELECT count(*) FROM pg_extension WHERE extname = 'wishflags'}, on_error_stop => 0);
like($told, qr/^1\n/, 'a worker is there');
like($told, qr/\n0$/, 'extension dropped beside the worker');
$node->safe_psql('postgres', 'DROP DATABASE shop');
pass('database dropped');
$node->stop;

# Not preloaded: fewer, and slower.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\n");
$node->start;
fill('small');
is($node->safe_psql('small', 'SELECT audit FROM wishflags.guard_status()'), 'a worker for each row', 'no ring');
($unsure) = run_storm('small', 20, 0.01);
check_storm('small', 160, $unsure);
$node->stop;

done_testing();
