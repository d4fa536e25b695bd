# How long a change takes from its COMMIT until it is seen: by another backend,
# on a hot standby, by a logical subscriber.  The medians are printed; what is
# tested is that all changes arrive.
use strict;
use warnings;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $changes = 40;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 'logical');
$primary->start;
$primary->safe_psql('postgres', q{
	CREATE EXTENSION wishflags;
	SELECT wishflags.flag_create('count', enabled => true, definition => '{"variants": {"n": 0}, "default": "n"}');

	-- Gives the flag the values 1 to n, and says when.
	CREATE PROCEDURE change(n int, INOUT at float8[]) LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN 1 .. n LOOP
			UPDATE wishflags.flags SET definition = jsonb_set(definition, '{variants,n}', to_jsonb(i)) WHERE key = 'count';
			at[i] := extract(epoch FROM clock_timestamp());
			COMMIT;
			PERFORM pg_sleep(0.02);
			COMMIT;
		END LOOP;
	END $$;
	-- Evaluates it until it has the value n, and says when which came.
	CREATE PROCEDURE watch(n int, INOUT at float8[]) LANGUAGE plpgsql AS $$
	DECLARE
		seen int := 0;
		value int;
		moment float8;
	BEGIN
		WHILE seen < n LOOP
			value := wishflags.flag_value('count', 'u', '0');
			moment := extract(epoch FROM clock_timestamp());
			FOR i IN seen + 1 .. value LOOP
				at[i] := moment;
			END LOOP;
			seen := value;
			PERFORM pg_sleep(0.0005);
			COMMIT;
		END LOOP;
	END $$;
});
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->start;
$subscriber->safe_psql('postgres', 'CREATE EXTENSION wishflags; ' .
	$primary->safe_psql('postgres', q{SELECT pg_get_functiondef('watch'::regproc)}));
$primary->safe_psql('postgres', 'CREATE PUBLICATION flags FOR TABLE wishflags.flags');
my $connection = $primary->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', qq{CREATE SUBSCRIPTION flags CONNECTION '$connection' PUBLICATION flags});
$subscriber->wait_for_subscription_sync($primary, 'flags');
$primary->wait_for_catchup($standby);

my %where = ('another backend' => $primary, 'hot standby' => $standby, 'logical subscriber' => $subscriber);
my (%watch, %at);
for my $name (keys %where) {
	$at{$name} = '';
	$watch{$name} = IPC::Run::start(
		[ 'psql', '-XqAt', '-d', $where{$name}->connstr('postgres'), '-c', "CALL watch($changes, '{}')" ],
		'>' => \$at{$name},
		IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
}
my @committed = $primary->safe_psql('postgres', "CALL change($changes, '{}')") =~ /[\d.]+/g;
for my $name (sort keys %where) {
	$watch{$name}->finish;
	my @seen = $at{$name} =~ /[\d.]+/g;
	is(scalar @seen, $changes, "all changes arrive: $name");
	my @delays = sort { $a <=> $b } map { ($seen[$_] - $committed[$_]) * 1000 } 0 .. $#seen;
	diag(sprintf('%-18s  median %.1f ms, 90 %% within %.1f ms', $name, @delays[ @delays / 2, @delays * 9 / 10 ]));
}

done_testing();
