# Two-phase commit: a change shows to others, and to the session that made it,
# when it is committed.  And a load that is interrupted leaves nothing behind.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'max_prepared_transactions = 2');
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION wishflags;
	SELECT wishflags.flag_create('gallery', enabled => true);
	SELECT wishflags.flag_create('theme', enabled => true);
	CREATE TABLE members (id text PRIMARY KEY);
	INSERT INTO members VALUES ('user-1');
	SELECT wishflags.segment_define('table', '{"table": "members", "column": "id"}');
	SELECT wishflags.segment_define('list', '{"included": ["user-1"]}');
	SELECT wishflags.flag_create(name, enabled => true, definition => jsonb_build_object('default', 'off', 'rules',
		jsonb_build_array(jsonb_build_object('when', jsonb_build_object('segment', name), 'serve', 'on'))))
	FROM unnest(ARRAY['list', 'table']) name;
	SELECT * FROM wishflags.flag_import('growthbook', '{"features": {"document": {"defaultValue": true}}}');
});

my $eval = q{SELECT wishflags.flag_eval('gallery', 'user-1')};
my ($one, $two) = map { $node->background_psql('postgres', on_error_stop => 0) } 1 .. 2;
my $ask = sub { my $answer = $_[0]->query($_[1]); $answer =~ s/\s+//g; return $answer; };
is($ask->($one, $eval) . $ask->($two, $eval), 'tt', 'on');

# What is prepared tells no listeners, and asks for no setting.
$ask->($one, q{BEGIN; UPDATE wishflags.flags SET enabled = false WHERE key = 'gallery'});
is($ask->($one, $eval), 'f', 'the own change');
$ask->($one, q{PREPARE TRANSACTION 'off'});
is($ask->($one, $eval) . $ask->($two, $eval), 'tt', 'prepared: for nobody yet');
$ask->($two, q{COMMIT PREPARED 'off'});
is($ask->($one, $eval) . $ask->($two, $eval), 'ff', 'committed: for all');

# What flags are made of.
my $parts = q{SELECT coalesce(string_agg(name, '+' ORDER BY name), 'none') FROM unnest(ARRAY['document', 'list', 'table']) name
	WHERE wishflags.flag_eval(name, 'user-1')};
is($ask->($_, $parts), 'document+list+table', 'a document and segments') for $one, $two;
$ask->($one, q{BEGIN; UPDATE wishflags.segments SET definition = '{"included": []}' WHERE key = 'list';
	DELETE FROM members; DELETE FROM wishflags.flag_documents; PREPARE TRANSACTION 'parts'});
is($ask->($_, $parts), 'document+list+table', 'prepared') for $one, $two;
$ask->($two, q{COMMIT PREPARED 'parts'});
is($ask->($_, $parts), 'none', 'committed') for $one, $two;

# Somebody holds the table; a session that has to load it gives up, and then
# loads it.
$ask->($one, q{BEGIN; UPDATE wishflags.flags SET enabled = true WHERE key = 'gallery'; COMMIT; BEGIN; LOCK TABLE wishflags.flags});
$ask->($two, q{SET lock_timeout = '50ms'});
is($ask->($two, $eval), '', 'no answer while the table is locked');
is($ask->($two, q{BEGIN; SAVEPOINT s}) . $ask->($two, $eval), '', 'nor in a transaction');
$ask->($one, q{COMMIT});
is($ask->($two, q{ROLLBACK TO s}) . $ask->($two, $eval), 't', 'which can go on');
$ask->($two, q{COMMIT});
is($ask->($two, q{SELECT wishflags.flag_eval('theme', 'user-1')}), 't', 'all flags are there');

# The same with the table of a segment: who does not ask for it does not wait.
$ask->($one, q{INSERT INTO members VALUES ('user-1'); UPDATE wishflags.segments SET definition = '{"included": ["user-1"]}' WHERE key = 'list'});
is($ask->($two, $parts), 'list+table', 'a row more');
$ask->($one, q{BEGIN; SET LOCAL wishflags.guard = off; ALTER TABLE members RENAME TO people});
is($ask->($two, $parts), '', 'no answer while it is locked');
is($ask->($two, q{SELECT wishflags.flag_eval('list', 'user-1')}), 't', 'but for others');
$ask->($one, q{COMMIT});
is($ask->($two, $parts), 'list', 'a table of another name');
$_->quit for $one, $two;

done_testing();
