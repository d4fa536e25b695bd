# Preview tokens on a standby, after dump and restore, and in the server's log.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "wishflags.environment = 'staging'\nmin_parallel_table_scan_size = 0\nparallel_setup_cost = 0\nparallel_tuple_cost = 0\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION wishflags;
	CREATE ROLE visitor LOGIN;
	GRANT USAGE ON SCHEMA wishflags TO visitor;
	SELECT wishflags.flag_create('gallery'), wishflags.flag_create('plain');
	CREATE TABLE people AS SELECT n AS id FROM generate_series(1, 1000) n;
	GRANT SELECT ON people TO visitor;
	ANALYZE people;
});
my $token = $node->safe_psql('postgres', q{SELECT wishflags.preview_issue('gallery:true', '1 hour', '{"reason": "demo"}')});
my $id = $node->safe_psql('postgres', 'SELECT id FROM wishflags.preview_tokens');
my $eval = q{SELECT wishflags.flag_eval('gallery', 'u')};

# as_visitor NODE, SQL: what it answers and complains of, in a session with the token.
sub as_visitor
{
	my ($server, $sql, $dbname) = @_;
	my ($rc, $out, $err) = $server->psql($dbname // 'postgres', "SET wishflags.preview_token = '$token'; $sql", extra_params => [ '-U', 'visitor' ]);
	return $err =~ /\S/ ? "$out\n$err" : $out;
}

# The log: a line a transaction that was served from a preview, however often.
my $start = -s $node->logfile;
is(as_visitor($node, "$eval; BEGIN; $eval; SELECT count(*) FROM people WHERE wishflags.flag_eval('plain', id); COMMIT; SELECT wishflags.flag_eval('plain', 1)"),
	"t\nt\n0\nf", 'a visitor with the token');
my @lines = slurp_file($node->logfile, $start) =~ /LOG:  wishflags preview: (.*)/g;
is_deeply(\@lines, [ (qq{role "visitor" is served gallery:true (token $id)}) x 2 ], 'a line for each of the two transactions that asked the flag');
$start = -s $node->logfile;
is(as_visitor($node, q{SET parallel_leader_participation = off; SELECT count(*) FROM people WHERE wishflags.flag_eval('gallery', id)}), 1000, 'parallel workers');
like(slurp_file($node->logfile, $start), qr/wishflags preview: role "visitor"/, 'are in the log as well');
unlike(slurp_file($node->logfile), qr/wishflags preview: [^\n]*eyJ/, 'no token is in the line');

# One warning a transaction.
my $forged = $token =~ s/\.[^.]*$/.AAAA/r;
my ($rc, $out, $err) = $node->psql('postgres', "SET wishflags.preview_token = '$forged'; BEGIN; $eval; $eval; COMMIT; $eval", extra_params => [ '-U', 'visitor' ]);
is($out, "f\nf\nf", 'a forged token shows nothing');
is(scalar(() = $err =~ /WARNING:/g), 2, 'a warning for each transaction');
like($err, qr/its signature is wrong/, 'that says why');

# A standby takes tokens, and revocations.
$node->backup('copy');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'copy', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
is(as_visitor($standby, $eval), 't', 'a standby takes the token');
like($standby->psql('postgres', q{SELECT wishflags.preview_issue('gallery:true', '1 hour')}, stderr => \$err) . $err, qr/read-only transaction/, 'but issues none');

# What is restored elsewhere has the list of tokens, and takes none of them.
$node->command_ok([ 'pg_dump', '-Fc', '-f', $node->basedir . '/dump', $node->connstr('postgres') ], 'dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'pg_restore', '-d', $node->connstr('restored'), $node->basedir . '/dump' ], 'restore');
is($node->safe_psql('restored', q{SELECT count(*), min(reason) FROM wishflags.preview_tokens}), '1|demo', 'the list is restored');
is($node->safe_psql('restored', 'SELECT count(*) FROM wishflags.preview_secrets'), 0, 'the keys are not');
like(as_visitor($node, $eval, 'restored'), qr/^f\n.*its key is not known in this database/s, 'so the token counts for nothing there');
$token = $node->safe_psql('restored', q{SELECT wishflags.preview_issue('gallery:true', '1 hour')});
is(as_visitor($node, $eval, 'restored'), 't', 'a new one does');
like(as_visitor($node, $eval), qr/^f\n.*its key is not known/s, 'and only there');

# Dropped and made anew under a session that used a token.
my $session = $node->background_psql('restored', on_error_stop => 0);
$session->query(qq{SET wishflags.preview_token = '$token'});
like($session->query($eval), qr/t/, 'a session with a token');
$node->safe_psql('restored', 'DROP EXTENSION wishflags CASCADE; CREATE EXTENSION wishflags; SELECT wishflags.flag_create($$gallery$$)');
like($session->query($eval), qr/^f/, 'whose extension is made anew');
$session->quit;

# Revoked: the other session's next transaction knows, on the standby too.
$token = $node->safe_psql('postgres', q{SELECT wishflags.preview_issue('gallery:true', '1 hour')});
$node->wait_for_catchup($standby);
my @sessions = map { $_->background_psql('postgres', on_error_stop => 0) } $node, $standby;
$_->query(qq{SET wishflags.preview_token = '$token'}) for @sessions;
is(join('', map { $_->query($eval) =~ s/\s//gr } @sessions), 'tt', 'two sessions');
$node->safe_psql('postgres', 'SELECT wishflags.preview_revoke(id) FROM wishflags.preview_tokens');
$node->wait_for_catchup($standby);
is(join('', map { substr($_->query($eval), 0, 1) } @sessions), 'ff', 'know at once that it was revoked');
$_->quit for @sessions;

done_testing();
