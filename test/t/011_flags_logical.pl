# Flags on a logical subscriber: the cache hears of replicated changes, and the
# rows arrive as they are, versions and all.
use strict;
use warnings;
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->start;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init(allows_streaming => 'logical');
$subscriber->start;
my $identifier = 'SELECT system_identifier FROM pg_control_system()';
isnt($subscriber->safe_psql('postgres', $identifier), $publisher->safe_psql('postgres', $identifier), 'two servers, not a copy');

$_->safe_psql('postgres', 'CREATE EXTENSION wishflags') for $publisher, $subscriber;
$publisher->safe_psql('postgres', q{
	SELECT wishflags.flag_create('gallery');
	SELECT wishflags.flag_rollout('gallery', 10);
	SELECT wishflags.flag_rollout('gallery', 30);
	SELECT wishflags.flag_create('override', enabled => true, rollout => 0), wishflags.flag_override_set('override', 'user-2', true);
	CREATE TABLE members (id text PRIMARY KEY);
	SELECT wishflags.segment_define('table', '{"table": "members", "column": "id"}');
	SELECT wishflags.segment_define('list', '{"included": ["user-2"]}');
	SELECT wishflags.segment_define('query', '{"query": "SELECT ''user-2''"}');
	SELECT wishflags.segment_refresh('query');
	INSERT INTO members VALUES ('user-2');
	SELECT wishflags.flag_create(name, enabled => true, definition => jsonb_build_object('default', 'off', 'rules',
		jsonb_build_array(jsonb_build_object('when', jsonb_build_object('segment', name), 'serve', 'on'))))
	FROM unnest(ARRAY['query', 'list', 'table']) name;
	SELECT * FROM wishflags.flag_import('growthbook', '{"features": {"testers": {"defaultValue": false, "rules":
		[{"condition": {"id": {"$inGroup": "testers"}}, "force": true}]}}, "savedGroups": {"testers": ["user-2"]}}');
	CREATE PUBLICATION everything FOR ALL TABLES;
});
$subscriber->safe_psql('postgres', 'CREATE TABLE members (id text PRIMARY KEY)');

# A session on the subscriber that has the empty tables cached.
my $session = $subscriber->background_psql('postgres');
my $ask = sub { my $answer = $session->query(shift); $answer =~ s/\s+//g; return $answer; };
my $parts = q{SELECT coalesce(string_agg(name, '+' ORDER BY name), 'none')
	FROM unnest(ARRAY['list', 'override', 'query', 'table', 'testers']) name WHERE wishflags.flag_eval(name, '%s')};
is($ask->(sprintf($parts, 'user-2')), 'none', 'nothing yet');

my $connection = $publisher->connstr . ' dbname=postgres';
$subscriber->safe_psql('postgres', qq{CREATE SUBSCRIPTION everything CONNECTION '$connection' PUBLICATION everything});
$subscriber->wait_for_subscription_sync($publisher, 'everything');

is($ask->(sprintf($parts, 'user-2')), 'list+override+query+table+testers', 'the first copy, of all tables');
my $rows = q{SELECT f, (SELECT count(*) FROM wishflags.flag_overrides) FROM wishflags.flags f ORDER BY f.key};
is($subscriber->safe_psql('postgres', $rows), $publisher->safe_psql('postgres', $rows), 'the first copy keeps versions and times');

my $eval = q{SELECT wishflags.flag_eval('gallery', 'user-1')};
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
my $part = sub {
	my ($sql, $expected, $what) = @_;
	$change->($sql);
	is($ask->(sprintf($parts, 'user-1')), $expected, $what);
};
$part->(q{
	SELECT wishflags.flag_create('override', enabled => true, rollout => 0);
	SELECT wishflags.flag_create(name, enabled => true, definition => jsonb_build_object('default', 'off', 'rules',
		jsonb_build_array(jsonb_build_object('when', jsonb_build_object('segment', name), 'serve', 'on'))))
	FROM unnest(ARRAY['query', 'list', 'table']) name;
	DELETE FROM wishflags.flag_documents;
	SELECT * FROM wishflags.flag_import('growthbook', '{"features": {"testers": {"defaultValue": false, "rules":
		[{"condition": {"id": {"$inGroup": "testers"}}, "force": true}]}}, "savedGroups": {"testers": ["user-2"]}}')},
	'none', 'flags with segments and a document');
$part->(q{SELECT wishflags.segment_define('list', '{"included": ["user-1"]}')}, 'list', 'a segment');
$part->(q{SELECT wishflags.segment_define('query', '{"query": "SELECT ''user-1''"}'), wishflags.segment_refresh('query')},
	'list+query', 'the keys of a query');
$part->(q{UPDATE members SET id = 'user-1'}, 'list+query+table', 'the rows of a table');
$part->(q{UPDATE wishflags.flag_documents SET document = jsonb_set(document, '{savedGroups,testers,0}', '"user-1"')},
	'list+query+table+testers', 'a document');
$part->(q{DELETE FROM wishflags.flag_documents}, 'list+query+table', 'its end');
$part->(q{SELECT * FROM wishflags.flag_import('growthbook', '{"features": {"testers": {"defaultValue": true}}}', '{"on_conflict": "replace"}')},
	'list+query+table+testers', 'another document');
$part->(q{TRUNCATE wishflags.flag_documents}, 'list+query+table', 'a TRUNCATE of the documents');
$part->(q{TRUNCATE members}, 'list+query', 'of a table');
$part->(q{BEGIN; TRUNCATE wishflags.segments; ROLLBACK}, 'list+query', 'a TRUNCATE that is rolled back');
$part->(q{DELETE FROM wishflags.segments WHERE key = 'query'}, 'list', 'the end of a segment');
$part->(q{TRUNCATE wishflags.segments, wishflags.segment_members}, 'none', 'a TRUNCATE of the segments');
$session->quit;

# Change requests, experiments, usage and tokens of previews arrive, and are good there.
$publisher->safe_psql('postgres', q{
	CREATE ROLE editor LOGIN; CREATE ROLE approver LOGIN;
	SELECT wishflags.access_grant('editor', 'editor') > 0, wishflags.access_grant('approver', 'approver') > 0;
	DELETE FROM wishflags.flags;
	SELECT wishflags.flag_create('checkout', enabled => true, rollout => 0);
	INSERT INTO wishflags.change_policies (name, protected, reason) VALUES ('all', true, 'four eyes');
	SET SESSION AUTHORIZATION editor;
	SELECT wishflags.change_propose('{"flags": {"checkout": {"rollout": 50}}, "experiments": {"half": {"flag": "checkout",
		"control": "off", "allocation": {"off": 50, "on": 50}, "started_at": "now"}},
		"overrides": {"checkout": {"user-1": true, "acme": {"kind": "organization", "deny": true}}}}', 'half of all');
	SET SESSION AUTHORIZATION approver;
	SELECT wishflags.change_approve(1);
	SET SESSION AUTHORIZATION editor;
	SELECT wishflags.change_apply(1);
	SELECT wishflags.change_propose('{"flags": {"checkout": {"rollout": 100}}}', 'all');
	RESET SESSION AUTHORIZATION;
	SELECT wishflags.experiment_expose('checkout', 'user-' || n) FROM generate_series(1, 20) n;
	SELECT wishflags.usage_flush();
});
my $token = $publisher->safe_psql('postgres', q{SELECT wishflags.preview_issue('checkout:false', '1 hour', '{"production": true}')});
my $revoked = $publisher->safe_psql('postgres', q{SELECT wishflags.preview_issue('checkout:false', '1 hour', '{"production": true}')});
$publisher->safe_psql('postgres', q{SELECT wishflags.preview_revoke(id, 'not needed') FROM wishflags.preview_tokens ORDER BY issued_at DESC LIMIT 1});
$publisher->wait_for_catchup('everything');

# Every row that a dump would have, too; sequences are not replicated.
my $all = sub {
	my $node = shift;
	my ($rows, $err) = run_command([ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-f', "$FindBin::RealBin/../upgrade/rows.sql", '-d', $node->connstr('postgres') ]);
	return $err || join "\n", grep { !/^wishflags\.\w+_seq / } split /\n/, $rows;
};
my $want = $all->($publisher);
like($want, qr/^wishflags\.$_ \| /m, "there are $_")
  for qw(change_requests change_request_approvals change_request_events change_policies experiments experiment_exposures flag_usage_log preview_tokens);
ok($all->($subscriber) eq $want, 'every row of the extension is the same');
my $head = $publisher->safe_psql('postgres', 'SELECT wishflags.audit_head()');
is($subscriber->safe_psql('postgres', "SELECT count(*) FROM wishflags.audit_verify('$head')"), '0', 'the chains verify, against the publisher\'s head too');
for my $sql (q{SELECT wishflags.change_show(1)}, q{SELECT wishflags.change_show(2)}, q{SELECT * FROM wishflags.change_list()},
	q{SELECT flag, evaluations, unique_keys FROM wishflags.flag_usage ORDER BY 1})
{
	is($subscriber->safe_psql('postgres', $sql), $publisher->safe_psql('postgres', $sql), "the same: $sql");
}
my ($rc, $out, $err) = $subscriber->psql('postgres', q{SELECT wishflags.flag_rollout('checkout', 1)});
like($err, qr/changes by approved requests only/, 'the policy protects the flag there, too');

# A key that signs previews is a row as any other.
my $previewed = sub {
	my ($node, $database, $token) = @_;
	return $node->safe_psql($database, qq{SET client_min_messages = error; SET wishflags.preview_token = '$token';
		SELECT wishflags.flag_eval('checkout', 'user-1')});
};
is($previewed->($_, 'postgres', $token), 'f', $_->name . ' takes the token') for $publisher, $subscriber;
is($previewed->($_, 'postgres', $revoked), 't', $_->name . ' takes no revoked one') for $publisher, $subscriber;
# Where the publication leaves the keys out, tokens are good for nothing.
$subscriber->safe_psql('postgres', 'CREATE DATABASE second');
$subscriber->safe_psql('second', 'CREATE EXTENSION wishflags');
$publisher->safe_psql('postgres', 'CREATE PUBLICATION flags FOR TABLE wishflags.flags, wishflags.flag_overrides, wishflags.preview_tokens');
$subscriber->safe_psql('second', qq{CREATE SUBSCRIPTION flags CONNECTION '$connection' PUBLICATION flags});
$subscriber->wait_for_subscription_sync($publisher, 'flags', 'second');
is($previewed->($subscriber, 'second', $token), 't', 'without the key it takes none');

# The subscriber becomes the one that is written to: its sequences are behind.
$subscriber->safe_psql('postgres', q{ALTER SUBSCRIPTION everything DISABLE; ALTER SUBSCRIPTION everything SET (slot_name = NONE); DROP SUBSCRIPTION everything;
	SELECT setval('wishflags.change_requests_id_seq', max(id)) FROM wishflags.change_requests});
is($subscriber->safe_psql('postgres', q{CREATE ROLE approver LOGIN;
	SELECT wishflags.access_grant('approver', 'admin') > 0;
	SET SESSION AUTHORIZATION approver;
	SELECT wishflags.change_approve(2);
	SELECT wishflags.change_apply(2);
	SELECT wishflags.change_propose('{"flags": {"checkout": {"rollout": 7}}}', 'less');
	SELECT version, rollout FROM wishflags.flags;
	SELECT count(*) FROM wishflags.audit_verify()}), "t\napproved\n1\n3\n3|100\n0", 'then work goes on there');

done_testing();
