# Flags on a logical subscriber: the cache hears of replicated changes, and the
# rows arrive as they are, versions and all.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->start;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical');
$subscriber->start;

$_->safe_psql('postgres', 'CREATE EXTENSION wishflags') for $publisher, $subscriber;
$publisher->safe_psql('postgres', q{
	SELECT wishflags.flag_create('gallery');
	SELECT wishflags.flag_rollout('gallery', 10);
	SELECT wishflags.flag_rollout('gallery', 30);
	CREATE PUBLICATION everything FOR ALL TABLES;
});
my $connection = $publisher->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', qq{CREATE SUBSCRIPTION everything CONNECTION '$connection' PUBLICATION everything});
$subscriber->wait_for_subscription_sync($publisher, 'everything');

my $rows = q{SELECT f, (SELECT count(*) FROM wishflags.flag_overrides) FROM wishflags.flags f ORDER BY f.key};
is($subscriber->safe_psql('postgres', $rows), $publisher->safe_psql('postgres', $rows), 'the first copy keeps versions and times');

my $eval = q{SELECT wishflags.flag_eval('gallery', 'user-1')};
my $session = $subscriber->background_psql('postgres');
my $ask = sub { my $answer = $session->query(shift); $answer =~ s/\s+//g; return $answer; };
my $change = sub {
	$publisher->safe_psql('postgres', shift);
	$publisher->wait_for_catchup('everything');
	is($subscriber->safe_psql('postgres', $rows), $publisher->safe_psql('postgres', $rows), 'same rows');
};
is($ask->($eval), 'f', 'the flag is disabled');
$change->(q{UPDATE wishflags.flags SET enabled = true, rollout = 100});
is($ask->($eval), 't', 'an open session sees an UPDATE');
$change->(q{SELECT wishflags.flag_override_set('gallery', 'user-1', false)});
is($ask->($eval), 'f', 'an override');
$change->(q{DELETE FROM wishflags.flag_overrides});
is($ask->($eval), 't', 'its end');
$change->(q{DELETE FROM wishflags.flags});
is($ask->($eval), 'f', 'a DELETE');
$change->(q{INSERT INTO wishflags.flags (key, enabled) VALUES ('gallery', true)});
is($ask->($eval), 't', 'an INSERT');
$change->(q{TRUNCATE wishflags.flags CASCADE});
is($ask->($eval), 'f', 'a TRUNCATE');
$session->quit;

done_testing();
