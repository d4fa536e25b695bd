# The command wishflags on real clusters: databases with and without the
# extension, DDL files, folders of migrations, snapshot files, wrong use.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run;
use Command;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('command');
$node->init;
$node->start;
my $files = files();
my $bindir = $node->config_data('--bindir');

sub conninfo { return $node->connstr($_[0]) }

# The exit status and the output as they must be, and nothing on the error side.
sub gives
{
	my ($arguments, $status, $like, $name) = @_;
	my ($rc, $out, $err) = command(@$arguments);
	is($rc, $status, "$name: exit status");
	ref $like ? like($out, $like, "$name: output") : is($out, $like, "$name: output");
	is($err, '', "$name: no errors");
}

sub fails
{
	my ($arguments, $like, $name) = @_;
	my ($rc, $out, $err) = command(@$arguments);
	is($rc, 2, "$name: exit status");
	like($err, $like, "$name: message");
	is($out, '', "$name: no output");
}

my $old = put('old.sql', q{
	CREATE TABLE person (id int PRIMARY KEY, name varchar(20) DEFAULT 'x');
	CREATE VIEW people AS SELECT id, name FROM person;
	ALTER TABLE person OWNER TO command_app;
	GRANT SELECT ON person TO "Command ""Reader""";
});
my $new = put('new.sql', q{
	CREATE TABLE person (id int PRIMARY KEY, name varchar(20) DEFAULT 'y', age int);
	CREATE VIEW people AS SELECT id, name FROM person;
	CREATE INDEX person_age ON person (age);
});

# DDL files
gives([ 'diff', $old, $old ], 0, '', 'a file and itself');
gives([ 'diff', $old, $new, '--format', 'text' ], 1,
	"create column public.person.age\n"
	. "alter  default public.person.name, expression: 'x'::character varying -> 'y'::character varying\n"
	. "create index public.person_age\n", 'two files as text');
gives([ 'diff', $old, $new ], 1, qr/^CREATE INDEX CONCURRENTLY person_age/m, 'two files as a script');
gives([ 'diff', '--no-online', $old, $new ], 1, qr/^CREATE INDEX person_age(?s:.*)COMMIT;\s*$/m, 'in one transaction');
gives([ 'diff', '--rollback', '--allow-data-loss', $old, $new ], 1, qr/DROP COLUMN age;/, 'the way back');
gives([ 'diff', '--lock-timeout', '7s', $old, $new ], 1, qr/lock_timeout = '7s'/, 'with a time to wait');
gives([ 'diff', $old, $new, '--format=json' ], 1, qr/"identity": "public\.person\.age"/, 'as JSON');
fails([ 'diff', $new, $old ], qr/would lose data(?s:.*)--allow-data-loss/, 'a script that loses data');

# A tool's ledger is nothing that its migrations make.
foreach my $with ('', 'SET client_min_messages = warning; CREATE EXTENSION wishflags')
{
	$node->safe_psql('postgres', 'DROP DATABASE IF EXISTS kept');
	$node->safe_psql('postgres', 'CREATE DATABASE kept');
	$node->safe_psql('kept', "$with; " . q{CREATE TABLE a (id int); CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);
		CREATE SCHEMA sqitch; CREATE TABLE sqitch.changes (change_id text PRIMARY KEY, script_hash text, change text, project text, committed_at timestamptz);
		CREATE TABLE sqitch.tags (tag_id text PRIMARY KEY, change_id text REFERENCES sqitch.changes);
		CREATE TABLE schema_migrations (version varchar PRIMARY KEY); CREATE TABLE ar_internal_metadata (key varchar PRIMARY KEY)});
	put('ledgers/1.sql', 'CREATE TABLE a (id int)');
	put('ledgers/2.sql', 'CREATE TABLE schema_migrations (version varchar PRIMARY KEY)') if $with;
	gives([ 'drift', conninfo('kept'), 'ledgers' ], 0, '', "ledgers are no drift: $with");
	gives([ 'diff', conninfo('kept'), 'ledgers' ], 0, '', "nor a difference: $with");
	gives([ 'diff', 'ledgers', conninfo('kept') ], 0, '', "nor the other way round: $with");
}

# Databases without the extension, and with it
$node->safe_psql('postgres', 'CREATE ROLE command_app; CREATE ROLE "Command ""Reader"""; CREATE DATABASE plain; CREATE DATABASE other');
$node->safe_psql($_, PostgreSQL::Test::Utils::slurp_file($old)) foreach 'plain', 'other';
gives([ 'diff', conninfo('plain'), conninfo('other') ], 0, '', 'two databases');
gives([ 'diff', conninfo('plain'), $old ], 0, '', 'a database and its DDL');
my $without = "$files/without.json";
gives([ 'snapshot', conninfo('plain'), '-o', $without ], 0, '', 'snapshot without the extension');
is($node->safe_psql('plain', q{SELECT count(*) FROM pg_extension WHERE extname = 'wishflags'}), 0, 'nothing was created there');
$node->safe_psql('other', 'SET client_min_messages = warning; CREATE EXTENSION wishflags');
my ($rc, $with) = command('snapshot', conninfo('other'));
is($with, PostgreSQL::Test::Utils::slurp_file($without), 'snapshot with the extension is the same');
like($with, qr/"owner": "command_app"/, 'it holds owners');
like($with, qr/GRANT SELECT TO \\"Command \\"\\"Reader\\"\\"\\"/, 'and grants');
gives([ 'drift', conninfo($_), $without ], 0, '', "no drift: $_") foreach 'plain', 'other';

$node->safe_psql('other', q{SELECT wishflags.schema_baseline('release 1')});
$node->safe_psql($_, 'ALTER TABLE person ADD hack int; CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN 1') foreach 'plain', 'other';
gives([ 'drift', conninfo('plain'), $without ], 1, qr/^create function public\.f\(\)\ncreate column public\.person\.hack\n$/, 'drift without the extension');
gives([ 'drift', conninfo('other'), 'release 1' ], 1, qr/^create column public\.person\.hack$/m, 'drift from a stored baseline');
gives([ 'drift', conninfo('other'), $old ], 1, qr/^create function public\.f\(\)$/m, 'drift from DDL');
gives([ 'drift', conninfo('other'), 'release 1', '--format', 'sql', '--allow-data-loss', '--no-online' ], 1,
	qr/DROP COLUMN hack;/, 'the way back to the baseline');
gives([ 'drift', conninfo('other'), 'release 1', '--format', 'sql', '--allow-data-loss', '--lock-timeout=7s' ], 1,
	qr/lock_timeout = '7s'/, 'and with a time to wait');
gives([ 'diff', $without, conninfo('plain'), '--format', 'text' ], 1, qr/^create column public\.person\.hack$/m, 'from a file to a database');
gives([ 'diff', conninfo('plain'), $without, '--format', 'text' ], 1, qr/^drop   column public\.person\.hack$/m, 'and back');

# The script does what it says.
my (undef, $script) = command('diff', conninfo('plain'), $without, '--allow-data-loss', '-o', "$files/script.sql");
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-d', conninfo('plain'), '-f', "$files/script.sql" ], 'the script runs');
gives([ 'diff', conninfo('plain'), $without ], 0, '', 'and leaves no difference');

# What Prisma prints knows of tables only, not of views, functions and grants.
my $prisma = put('prisma.sql', qq{-- CreateTable\nCREATE TABLE "person" (id int NOT NULL, name varchar(20) DEFAULT 'x', CONSTRAINT "person_pkey" PRIMARY KEY ("id"));\n});
$node->safe_psql('plain', 'CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY)');
gives([ 'drift', conninfo('plain'), $prisma ], 0, '', 'no drift from what Prisma prints');
$node->safe_psql('plain', 'ALTER TABLE person ALTER name SET NOT NULL');
gives([ 'drift', conninfo('plain'), $prisma ], 1, "alter  column public.person.name, not_null: (none) -> true\n", 'drift from it');
gives([ 'drift', conninfo('plain'), $prisma, '--scope', 'drizzle' ], 1, qr/create view public\.people/, 'a scope can be named');

# Drizzle
my $drizzle = put('drizzle.json', q{{"version": "7", "dialect": "postgresql", "schemas": {}, "enums": {}, "tables": {"public.person": {"name": "person",
	"schema": "", "columns": {"id": {"name": "id", "type": "integer", "primaryKey": true, "notNull": true},
	"name": {"name": "name", "type": "varchar(20)", "primaryKey": false, "notNull": true, "default": "'x'"}}}},
	"views": {"public.people": {"name": "people", "schema": "public", "definition": "select id, name from person", "materialized": false}}}});
$node->safe_psql('plain', 'DROP TABLE _prisma_migrations');
gives([ 'drift', conninfo('plain'), $drizzle ], 0, '', 'no drift from a snapshot of Drizzle');
gives([ 'diff', $drizzle, conninfo('plain') ], 0, '', 'which is a side of a diff too');
gives([ 'drift', conninfo('other'), $drizzle ], 1, "create column public.person.hack\nalter  column public.person.name, not_null: true -> (none)\n",
	'drift from it');

# Folders: by name, by Drizzle's journal, by subfolder
put('names/V1__a.sql', 'CREATE TABLE a (id int);');
put('names/V2__b.sql', "CREATE TABLE b (id int);--> statement-breakpoint\nINSERT INTO b VALUES (1);");
put('names/V10__c.sql', 'CREATE INDEX b_id ON b (id); ALTER TABLE b RENAME id TO no;');
put('names/V10__c.down.sql', 'DROP TABLE b;');
put('journal/zz.sql', 'CREATE TABLE a (id int); CREATE TABLE b (id int);');
put('journal/aa.sql', 'CREATE INDEX b_id ON b (id); ALTER TABLE b RENAME id TO no;');
put('journal/stray.sql', 'CREATE TABLE stray (id int);');
put('journal/meta/_journal.json', '{"entries": [{"idx": 1, "tag": "aa"}, {"idx": 0, "tag": "zz"}]}');
put('folders/2026_1_init/migration.sql', 'CREATE TABLE a (id int); CREATE TABLE b (id int);');
put('folders/2026_2_more/migration.sql', 'CREATE INDEX b_id ON b (id); ALTER TABLE b RENAME id TO no;');
gives([ 'diff', "$files/names", "$files/journal" ], 0, '', 'by name and by journal');
gives([ 'diff', "$files/names/", "$files/folders" ], 0, '', 'by name and by subfolder');
gives([ 'snapshot', "$files/names", '--schema', 'public' ], 0, qr/"public\.b\.no"/, 'snapshot of a folder');

# Wrong use
fails([], qr/Usage: wishflags COMMAND/, 'no command');
fails([ 'explode' ], qr/there is no command "explode"/, 'unknown command');
fails([ 'diff', $old ], qr/diff takes FROM and TO(?s:.*)wishflags diff --help/, 'one side only');
fails([ 'diff', $old, $new, '--onlin' ], qr/there is no option "--onlin"/, 'unknown option');
fails([ 'diff', $old, $new, '--lock-timeout', 'soon' ], qr/--lock-timeout takes a time/, 'a time that is none');
fails([ 'drift', conninfo('other'), 'release 1', '--lock-timeout', '3fortnights' ], qr/"lock_timeout" is not a time(?s:.*)HINT/, 'a unit that is none');
fails([ 'diff', $old, $new, '--format', 'pdf' ], qr/there is no format "pdf"/, 'unknown format');
fails([ 'diff', $old, "$files/missing.sql" ], qr/there is no file ".*missing\.sql"/, 'a file that is not there');
fails([ 'diff', $old, put('bad.sql', 'CREATE TABLE x (id int); CREATE TABL y;') ], qr/syntax error(?s:.*)"[^"]*bad\.sql" cannot be loaded/, 'DDL that is none');
fails([ 'diff', $old, put('lacks.sql', 'CREATE EXTENSION no_such_extension;') ], qr/"no_such_extension" is not installed/, 'an extension that is not here');
fails([ 'diff', $old, put('nonsense.json', '{"format": "wishflags-schema", "version": 99}') ], qr/format version 99/, 'a snapshot of a newer format');
fails([ 'diff', $old, put('half.json', '{"format": ') ], qr/invalid input syntax for type json/, 'half a snapshot');
system('mkdir', "$files/empty");
fails([ 'diff', $old, "$files/empty" ], qr/holds no \.sql file/, 'an empty folder');
put('gap/meta/_journal.json', '{"entries": [{"idx": 0, "tag": "gone"}]}');
fails([ 'diff', $old, "$files/gap" ], qr/names "gone", but there is no gone\.sql/, 'a journal with a gap');
fails([ 'snapshot', conninfo('no_such_database') ], qr/"no_such_database" does not exist(?s:.*)cannot be read/, 'a database that is not there');
fails([ 'snapshot', $without ], qr/is a snapshot already/, 'the snapshot of a snapshot');
fails([ 'drift', conninfo('other'), 'release 9' ], qr/baseline "release 9" does not exist/, 'a baseline that is not there');
fails([ 'drift', conninfo('plain'), 'release' ], qr/has no extension(?s:.*)CREATE EXTENSION/, 'a baseline where no extension is');
fails([ 'drift', $old, $new ], qr/is not a database/, 'drift of a file');
fails([ 'snapshot', $old, '--bindir', $files ], qr/psql is not in/, 'a folder without programs');
foreach my $command ('snapshot', 'diff', 'drift')
{
	gives([ $command, '--help' ], 0, qr/^Usage: wishflags $command .*Example: wishflags $command /s, "help of $command");
}

# Nothing is left behind, also after a signal.
my $run = IPC::Run::start([ 'wishflags', 'diff', put('slow.sql', 'CREATE TABLE slow (id int); SELECT pg_sleep(600);'), $new ],
	'>', \my $ignored, '2>', \my $ignored_too);
my $scratch;
for (1 .. 600)
{
	# Its own, not one of another test that runs at the same time.
	($scratch) = grep { -S "$_/.s.PGSQL.5432" && (stat $_)[4] == $< && sleeps($_) } glob '/tmp/wishflags.*';
	last if $scratch;
	usleep(100_000);
}
ok($scratch, 'a scratch server runs');
$run->signal('TERM');
$run->finish;
ok(!-e $scratch, 'and is gone after SIGTERM');

done_testing();

# Whether the scratch server in a folder runs slow.sql.
sub sleeps
{
	my ($folder) = @_;
	my ($out) = run_command([ 'psql', '-XAtq', '-h', $folder, '-p', '5432', '-U', 'postgres', '-d', 'postgres', '-c',
		q{SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()} ]);

	return $out eq '1';
}
