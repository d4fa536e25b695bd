# Flags on a hot standby: they are evaluated, changes arrive, nothing is written.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->start;
$primary->safe_psql('postgres', q{
	CREATE EXTENSION wishflags;
	SELECT wishflags.flag_create('gallery', rollout => 50, enabled => true);
	SELECT wishflags.flag_create('theme', enabled => true, definition =>
		'{"variants": {"light": 1, "dark": 2}, "default": "light"}');
	CREATE TABLE members (id text PRIMARY KEY);
	SELECT wishflags.segment_define('members', '{"table": "members", "column": "id"}');
	SELECT wishflags.segment_define('list', '{"included": ["user-2"]}');
	SELECT wishflags.segment_define('query', '{"query": "SELECT id FROM public.members"}');
	SELECT wishflags.flag_create(name, enabled => true, definition => jsonb_build_object('default', 'off', 'rules',
		jsonb_build_array(jsonb_build_object('when', jsonb_build_object('segment', name), 'serve', 'on'))))
	FROM unnest(ARRAY['members', 'list', 'query']) name;
	SELECT * FROM wishflags.flag_import('growthbook', '{"features": {"testers": {"defaultValue": false, "rules":
		[{"condition": {"id": {"$inGroup": "testers"}}, "force": true}]}}, "savedGroups": {"testers": ["user-2"]}}');
});
$primary->backup('base');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

my $all = q{SELECT string_agg(wishflags.flag_eval('gallery', n::text)::text, '') FROM generate_series(1, 200) n};
my $theme = q{SELECT wishflags.flag_variant('theme', 'user-1')};
$primary->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $all), $primary->safe_psql('postgres', $all), 'a standby says the same');

# A session that has the flags cached already hears of each change.
my $session = $standby->background_psql('postgres');
my $ask = sub { my $answer = $session->query(shift); $answer =~ s/\s+//g; return $answer; };
is($ask->($theme), 'light', 'open session on the standby');
$primary->safe_psql('postgres', q{SELECT wishflags.flag_override_set('theme', 'user-1', 'dark')});
$primary->wait_for_catchup($standby);
is($ask->($theme), 'dark', 'an override arrives');
$primary->safe_psql('postgres', q{SELECT wishflags.flag_override_unset('theme', 'user-1'), wishflags.flag_define('theme',
	'{"variants": {"light": 1, "dark": 2}, "default": "dark", "off": "light"}')});
$primary->wait_for_catchup($standby);
is($ask->($theme), 'dark', 'a definition arrives');
$primary->safe_psql('postgres', q{SELECT wishflags.flag_disable('theme')});
$primary->wait_for_catchup($standby);
is($ask->($theme), 'light', 'a disabled flag arrives');
$primary->safe_psql('postgres', q{BEGIN; SELECT wishflags.flag_enable('theme'); ROLLBACK});
$primary->wait_for_catchup($standby);
is($ask->($theme), 'light', 'a rollback changes nothing');

# What flags are made of.
my $parts = q{SELECT coalesce(string_agg(name, '+' ORDER BY name), 'none') FROM unnest(ARRAY['list', 'members', 'query', 'testers']) name
	WHERE wishflags.flag_eval(name, 'user-1')};
my $change = sub {
	my ($sql, $expected, $what) = @_;
	$primary->safe_psql('postgres', $sql);
	$primary->wait_for_catchup($standby);
	is($ask->($parts), $expected, $what);
};
is($ask->($parts), 'none', 'segments and a document');
$change->(q{INSERT INTO members VALUES ('user-1')}, 'members', 'a row of a table arrives');
$change->(q{SELECT wishflags.segment_define('list', '{"included": ["user-1"]}')}, 'list+members', 'a segment arrives');
$change->(q{UPDATE wishflags.flag_documents SET document = jsonb_set(document, '{savedGroups,testers,0}', '"user-1"')},
	'list+members+testers', 'a document arrives');
$change->(q{SELECT wishflags.segment_refresh('query')}, 'list+members+query+testers', 'the keys of a query arrive');
$change->(q{SET wishflags.guard = off; ALTER TABLE members RENAME TO former}, 'list+query+testers', 'a table goes');
$change->(q{SET wishflags.guard = off; CREATE TABLE members (id text PRIMARY KEY); INSERT INTO members VALUES ('user-1')},
	'list+members+query+testers', 'another comes');
$change->(q{DROP TABLE members}, 'list+query+testers', 'and goes');
$change->(q{VACUUM (FULL) wishflags.flags; VACUUM (FREEZE) wishflags.segments}, 'list+query+testers', 'tables are rewritten');
$change->(q{TRUNCATE wishflags.segment_members}, 'list+testers', 'TRUNCATE of a query\'s keys arrives');
$change->(q{TRUNCATE wishflags.flag_documents}, 'list', 'of the documents');
$change->(q{BEGIN; TRUNCATE wishflags.segments, wishflags.segment_members; ROLLBACK}, 'list', 'not of what is rolled back');
$change->(q{TRUNCATE wishflags.segments, wishflags.segment_members}, 'none', 'of the segments');

$primary->safe_psql('postgres', q{TRUNCATE wishflags.flags CASCADE});
$primary->wait_for_catchup($standby);
is($ask->($theme), '', 'TRUNCATE arrives');
$primary->safe_psql('postgres', q{SET client_min_messages = warning; SELECT wishflags.flag_create('list', enabled => true)});
$primary->wait_for_catchup($standby);
is($ask->($parts), 'list', 'a new flag');
$primary->safe_psql('postgres', q{SET client_min_messages = warning; DROP EXTENSION wishflags CASCADE; CREATE EXTENSION wishflags});
$primary->wait_for_catchup($standby);
is($ask->($parts), 'none', 'another extension has none');
$session->quit;

my ($rc, $out, $err) = $standby->psql('postgres', q{SELECT wishflags.flag_create('mine')});
like($err, qr/read-only transaction/, 'a standby only reads');

# After promotion it writes.
$standby->promote;
is($standby->safe_psql('postgres', q{SELECT wishflags.flag_create('mine', enabled => true)}), '1', 'a promoted standby writes');
is($standby->safe_psql('postgres', q{SELECT wishflags.flag_eval('mine', 'user-1')}), 't', 'and evaluates');

done_testing();
