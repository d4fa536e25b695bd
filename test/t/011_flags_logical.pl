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
$change->(q{COPY wishflags.flags (key, enabled) FROM PROGRAM 'echo "gallery	t"'});
is($ask->($eval), 't', 'a COPY');
$change->(q{BEGIN; TRUNCATE wishflags.flags CASCADE; COPY wishflags.flags (key) FROM PROGRAM 'echo gallery'; COMMIT});
is($ask->($eval), 'f', 'a TRUNCATE and a COPY at once');

# What flags are made of.
my $parts = q{SELECT string_agg(wishflags.flag_eval(name, 'user-1')::text, '' ORDER BY name) FROM unnest(ARRAY['list', 'query', 'testers']) name};
$change->(q{
	SELECT wishflags.segment_define('list', '{"included": ["user-2"]}');
	SELECT wishflags.segment_define('query', '{"query": "SELECT ''user-1''"}');
	SELECT wishflags.flag_create(name, enabled => true, definition => jsonb_build_object('default', 'off', 'rules',
		jsonb_build_array(jsonb_build_object('when', jsonb_build_object('segment', name), 'serve', 'on'))))
	FROM unnest(ARRAY['query', 'list']) name;
	SELECT * FROM wishflags.flag_import('growthbook', '{"features": {"testers": {"defaultValue": false, "rules":
		[{"condition": {"id": {"$inGroup": "testers"}}, "force": true}]}}, "savedGroups": {"testers": ["user-2"]}}')});
is($ask->($parts), 'falsefalsefalse', 'segments and a document');
$change->(q{SELECT wishflags.segment_define('list', '{"included": ["user-1"]}')});
is($ask->($parts), 'truefalsefalse', 'a segment');
$change->(q{SELECT wishflags.segment_refresh('query')});
is($ask->($parts), 'truetruefalse', 'the keys of a query');
$change->(q{UPDATE wishflags.flag_documents SET document = jsonb_set(document, '{savedGroups,testers,0}', '"user-1"')});
is($ask->($parts), 'truetruetrue', 'a document');
$change->(q{DELETE FROM wishflags.flag_documents});
is($ask->($parts), 'truetruefalse', 'its end');
$change->(q{TRUNCATE wishflags.segments, wishflags.segment_members});
is($ask->($parts), 'falsefalsefalse', 'a TRUNCATE of the segments');
$session->quit;

done_testing();
