# DROP EXTENSION and CREATE EXTENSION under sessions with warm caches.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION wishflags;
	SELECT wishflags.flag_create('gallery', enabled => true);
	SELECT wishflags.flag_override_set('gallery', 'user-2', false);
	SELECT wishflags.segment_define('all', '{"when": {"all": []}}');
	SELECT wishflags.flag_create('in_all', enabled => true, definition => '{"rules": [{"when": {"segment": "all"}, "serve": "on"}], "default": "off"}');
	SELECT * FROM wishflags.flag_import('growthbook', '{"features": {"imported": {"defaultValue": true}}}');
});

my $session = $node->background_psql('postgres', on_error_stop => 0);
my $ask = sub { my $answer = $session->query(shift); $answer =~ s/\s+//g; return $answer; };
my $pid = $ask->('SELECT pg_backend_pid()');
$ask->(q{PREPARE evaluate AS SELECT wishflags.flag_eval('gallery', $1)});
my $parts = q{SELECT wishflags.flag_eval('in_all', '1')::text || wishflags.flag_eval('imported', '1')};
is($ask->(q{EXECUTE evaluate('user-1')}), 't', 'a warm cache');
is($ask->($parts), 'truetrue', 'of a segment and a document too');

$node->safe_psql('postgres', 'SET client_min_messages = warning; DROP EXTENSION wishflags CASCADE');
is($ask->(q{EXECUTE evaluate('user-1')}), '', 'the prepared statement fails');
is($ask->(q{SELECT wishflags.flag_eval('gallery', 'user-1')}), '', 'the function is gone');
is($ask->('SELECT pg_backend_pid()'), $pid, 'the session goes on');

$node->safe_psql('postgres', 'CREATE EXTENSION wishflags');
is($ask->(q{SELECT wishflags.flag_eval('gallery', 'user-1')}), 'f', 'a new extension has no flags');
is($ask->($parts), 'falsefalse', 'neither segments nor documents');
$node->safe_psql('postgres', q{SELECT wishflags.flag_create('in_all', enabled => true, definition =>
	'{"rules": [{"when": {"segment": "all"}, "serve": "on"}], "default": "off"}')});
is($ask->($parts), 'falsefalse', 'a new flag does not see the old segment');
$node->safe_psql('postgres', q{SELECT wishflags.segment_define('all', '{"when": {"all": []}}');
	SELECT * FROM wishflags.flag_import('growthbook', '{"features": {"imported": {"defaultValue": true}}}')});
is($ask->($parts), 'truetrue', 'the new ones');
$node->safe_psql('postgres', q{SELECT wishflags.flag_create('gallery', enabled => true)});
is($ask->(q{SELECT wishflags.flag_eval('gallery', 'user-1')}), 't', 'the new flag');
is($ask->(q{SELECT wishflags.flag_eval('gallery', 'user-2')}), 't', 'without the old override');

# In one transaction, seen by nobody else, and taken back.
$node->safe_psql('postgres', q{BEGIN;
	SET client_min_messages = warning;
	DROP EXTENSION wishflags CASCADE;
	CREATE EXTENSION wishflags;
	SELECT wishflags.flag_create('gallery');
	SELECT wishflags.flag_eval('gallery', 'user-1');
	ROLLBACK});
is($ask->(q{SELECT wishflags.flag_eval('gallery', 'user-1')}), 't', 'rolled back');

# By the warm session itself.
$ask->(q{BEGIN; SET client_min_messages = warning; DROP EXTENSION wishflags CASCADE; CREATE EXTENSION wishflags});
is($ask->(q{SELECT wishflags.flag_eval('gallery', 'user-1')}), 'f', 'its own new extension');
$ask->('ROLLBACK');
is($ask->(q{SELECT wishflags.flag_eval('gallery', 'user-1')}), 't', 'and its rollback');
$session->quit;

# A database of its own caches nothing of the other.
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', q{CREATE EXTENSION wishflags});
is($node->safe_psql('other', q{SELECT wishflags.flag_eval('gallery', 'user-1')}), 'f', 'flags belong to a database');

my $log = slurp_file($node->logfile);
unlike($log, qr/PANIC|server process .* was terminated/, 'nothing crashed');

done_testing();
