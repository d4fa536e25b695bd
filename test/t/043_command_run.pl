# The command wishflags where it runs migrations or knows what was run: replay,
# rehearse, rollback, version, and check --record.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Command;

my $node = PostgreSQL::Test::Cluster->new('run');
$node->init;
$node->start;
my $users = "CREATE TABLE users (id bigint PRIMARY KEY, mail text);\n";
my $column = "ALTER TABLE users ADD name text;\n";

sub query { return $node->safe_psql($_[0], $_[1]) }

sub database
{
	my ($name, @statements) = @_;
	$node->safe_psql('postgres', "DROP DATABASE IF EXISTS $name");
	$node->safe_psql('postgres', "CREATE DATABASE $name");
	$node->safe_psql($name, join(';', @statements)) if @statements;
	return $node->connstr($name);
}

sub runs
{
	my ($arguments, $status, $like, $name) = @_;
	my ($rc, $out, $err) = command(@$arguments);
	is($rc, $status, "$name: exit status") or diag "$out$err";
	like($out . $err, $_, "$name: output") foreach ref $like eq 'ARRAY' ? @$like : $like;
	return $out;
}

# Replay: all run, and make what a database has that ran them; or one fails.
put('plain/1_users.sql', $users);
put('plain/2_column.sql', $column);
my $shop = database('shop', 'SET client_min_messages = warning', $users, $column, 'CREATE EXTENSION wishflags');
my $fingerprint = query('shop', q{SELECT wishflags.schema_fingerprint('{public}', '{"owners": false}')});
runs([ 'replay', 'plain', '--schema', 'public', '--no-owners' ], 0,
	qr{^1 of 2  plain/1_users\.sql\n2 of 2  plain/2_column\.sql\nfingerprint $fingerprint\n$}, 'replay');
put('broken/1.sql', $users);
put('broken/2.sql', "SELECT 1;\nALTER TABLE users DROP id;\nALTER TABLE nowhere DROP id;\n");
put('broken/3.sql', $column);
runs([ 'replay', 'broken' ], 1,
	qr{2 of 3  broken/2\.sql\n    line 2  high      drop-column  .*\n    line 3  high      drop-column .*\nfailed  broken/2\.sql: ERROR:  relation "nowhere" does not exist \(line 3\)\n$},
	'replay of a file that fails');
runs([ 'replay', 'plain', '--fail-on', 'low', '--severity', 'low', '--timing' ], 1, [ qr/^fingerprint [0-9a-f]{64}$/m, qr/^\d+\.\d ms  plain\/2_column\.sql$/m ],
	'replay that fails for findings');
# As the tool runs them: in a transaction or not.
put('alone/1_a.sql', "-- migrate:up\n$users-- migrate:down\nDROP TABLE users;\n");
put('alone/02_b.sql', "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY users_mail ON users (mail);\n-- migrate:down\nDROP INDEX users_mail;\n");
runs([ 'replay', 'alone' ], 0, qr/^fingerprint/m, 'replay without a transaction');
put('wrapped/1_a.sql', "-- migrate:up\n$users");
put('wrapped/2_b.sql', "-- migrate:up\nCREATE INDEX CONCURRENTLY users_mail ON users (mail);\n");
runs([ 'replay', 'wrapped' ], 1, qr/cannot run inside a transaction block/, 'replay in a transaction');
runs([ 'replay' ], 2, qr/replay takes PATH/, 'replay of nothing');
runs([ 'replay', 'plain', '--database', $shop ], 2, qr/on a private server only/, 'replay on a database');

# Rehearse: nothing is left.
put('rename.sql', "ALTER TABLE users RENAME name TO names;\nUPDATE users SET names = 'x';\n");
runs([ 'rehearse', 'rename.sql', '--database', $shop ], 0,
	[ qr/^line 1  ALTER TABLE +done +\d+\.\d ms  ACCESS EXCLUSIVE on public\.users$/m, qr/^line 2  UPDATE +done .* 0 rows/m, qr/^all  ROLLBACK +done/m ], 'rehearse');
is(query('shop', "SELECT count(*) FROM pg_attribute WHERE attname = 'names'"), 0, 'nothing is left');
put('fails.sql', "ALTER TABLE nowhere DROP x;\n");
runs([ 'rehearse', 'fails.sql', '--database', $shop ], 1, qr/^line 1  ALTER TABLE +failed .*"nowhere" does not exist/m, 'rehearse what fails');
runs([ 'rehearse', 'rename.sql', '--database', $shop, '--format', 'json' ], 0, qr/"outcome": "done"/, 'rehearse as JSON');
runs([ 'rehearse', 'rename.sql' ], 2, qr/takes --database/, 'rehearse nowhere');

# Several files, each on what those before it make, in their transactions; without what the ledger has.
my $several = database('rehearsed', $users, 'SET client_min_messages = warning', 'CREATE EXTENSION wishflags', 'CREATE SCHEMA drizzle',
	'CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)', q{INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('x', 1)});
put('several/meta/_journal.json', '{"entries": [{"idx": 0, "tag": "z", "when": 1}, {"idx": 1, "tag": "b", "when": 2}, {"idx": 2, "tag": "a", "when": 3}, {"idx": 3, "tag": "c", "when": 4}]}');
put('several/z.sql', $users);
put('several/b.sql', "$column--> statement-breakpoint\nINSERT INTO users VALUES (1, 'm', 'n')");
put('several/a.sql', "-- c\n\nCREATE TABLE visits (u bigint REFERENCES users DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO visits VALUES (2);\nINSERT INTO users VALUES (2);\n");
put('several/c.sql', "DROP TABLE visits;\n");
runs([ 'rehearse', 'several', '--database', $several ], 0,
	qr{^several/b\.sql\nline 1  ALTER TABLE +done .*\nline 3  INSERT +done .*\nseveral/a\.sql\nline 3  CREATE TABLE +done .*\nline 4  INSERT .*\nline 5  INSERT .*\nseveral/c\.sql\nline 1  DROP TABLE +done .*\nall  ROLLBACK +done .*\nwishflags: 1 of 4 files were run already, by the ledger\n$},
	'rehearse a folder');
is(query('rehearsed', "SELECT count(*) FROM pg_attribute WHERE attname = 'name' AND attrelid = 'users'::regclass"), 0, 'nothing is left of it');
put('open.sql', "SELECT 1;\nSELECT 'open\n");
runs([ 'rehearse', 'several/b.sql', 'open.sql', 'several/c.sql', '--database', $several ], 1, qr{^open\.sql\nline 1 .*\nline 2 +failed .*unterminated.*\nall  ROLLBACK +failed}m, 'what is left open ends with its file');
put('late.sql', "INSERT INTO visits VALUES (7);\n");
runs([ 'rehearse', 'several/b.sql', 'several/a.sql', 'late.sql', '--in-transaction', '--database', $several, '--format', 'json' ], 1,
	[ qr/"file": "late\.sql",\s+"hint": null,\s+"line": 2,/, qr/"command": "COMMIT",/, qr/"outcome": "failed"/, qr/violates foreign key constraint/ ], 'what fails at the end of a transaction');
put('kept.sql', "SELECT 1;\nSELECT setval('x', 1);\n");
runs([ 'rehearse', 'several/b.sql', 'kept.sql', '--database', $several ], 2, qr{Statement 4 \(kept\.sql, line 2\) has setval\(\)}, 'what is refused, with its file');
query('rehearsed', q{INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('x', 2), ('x', 3), ('x', 4)});
runs([ 'rehearse', 'several', '--database', $several ], 0, qr/^nothing to rehearse$/m, 'all was run');
put('binary.sql', "SELECT 1;\0\n");
runs([ 'rehearse', 'binary.sql', '--database', $several ], 2, qr/binary\.sql cannot be rehearsed: it has NUL bytes/, 'rehearse what is no text');

# Record, by a role that may do nothing else, and the health over time.
query('shop', 'CREATE ROLE ci LOGIN; GRANT USAGE ON SCHEMA wishflags TO ci; GRANT EXECUTE ON FUNCTION wishflags.migration_record TO ci');
put('pending/3.sql', "SELECT 1;\n-- wishflags: ignore drop-column reason=\"gone\"\nALTER TABLE users DROP name;\nCREATE INDEX ON users (mail);\n");
system('cd ' . files . '/pending && git init -q && git add . && git -c user.name=Ann -c user.email=ann@example.com commit -qm one && git checkout -qb work') == 0 or die;
runs([ 'check', 'pending', '--record', "$shop user=ci", '--severity', 'info' ], 1, qr/findings/, 'record');
is(query('shop', 'SELECT recorded_by, git_branch, git_author, command, files, milliseconds > 0 FROM wishflags.migration_runs'), 'ci|work|Ann <ann@example.com>|check|1|t', 'the run');
is(query('shop', 'SELECT file, rules, used, reason, author FROM wishflags.migration_run_skips'), 'pending/3.sql|{drop-column}|t|gone|Ann <ann@example.com>', 'its comment');
runs([ 'check', 'plain', 'pending', '--record', $shop, '--fail-on', 'never' ], 0, qr/escape hatch/, 'record once more');
is(query('shop', "SELECT rule, author ~ '^Ann' AS by_ann, findings, skips FROM wishflags.schema_health
	WHERE rule IN ('drop-column', 'index-not-concurrent') ORDER BY rule, by_ann"), "drop-column|t|0|1\nindex-not-concurrent|f|1|0\nindex-not-concurrent|t|1|0", 'health');
runs([ 'check', 'plain', '--record', database('bare') ], 2, qr/has no extension(?s:.*)migration_record/, 'record where no extension is');

# Ledgers of all tools: what was run, what was not, what is undone and taken out.
my %tools = (
	drizzle => {
		files => { 'meta/_journal.json' => '{"entries": [{"idx": 0, "tag": "b", "when": 1735689600000}, {"idx": 1, "tag": "a", "when": 1735776000000}, {"idx": 2, "tag": "c", "when": 1735862400000}]}',
			'b.sql' => $users, 'a.sql' => $column, 'c.sql' => "DROP TABLE users;\n" },
		ledger => q{CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);
			INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('x', 1735689600000), ('y', 1735776000000)},
		newest => qr/^drizzle    drizzle\.__drizzle_migrations: 2 run, newest when 1735776000000 at 2025-01-02/m,
		pending => 'c.sql', left => 'SELECT created_at FROM drizzle.__drizzle_migrations', keys => [ 1735689600000, '' ] },
	'drizzle-folders' => {
		files => { map { ("$_->[0]/migration.sql" => $_->[1], "$_->[0]/snapshot.json" => '{}') } [ '20250101000000_a', $users ], [ '20250102000000_b', $column ], [ '20250103000000_c', $users ] },
		ledger => q{CREATE SCHEMA drizzle; CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint, name text, applied_at timestamptz);
			INSERT INTO drizzle.__drizzle_migrations (hash, created_at, name) VALUES ('x', 1735689600000, '20250101000000_a'), ('y', 1735776000000, '20250102000000_b')},
		newest => qr/2 run, newest 20250102000000_b at 2025-01-02/, pending => '20250103000000_c/migration.sql',
		left => 'SELECT name FROM drizzle.__drizzle_migrations', keys => [ '20250101000000_a', '' ] },
	prisma => {
		files => { 'migration_lock.toml' => '', '1_a/migration.sql' => $users, '2_b/migration.sql' => $column, '2_b/down.sql' => "ALTER TABLE users DROP name;\n", '3_c/migration.sql' => $users },
		ledger => q{CREATE TABLE _prisma_migrations (id varchar(36) PRIMARY KEY, checksum varchar(64) NOT NULL, finished_at timestamptz, migration_name varchar(255) NOT NULL,
			logs text, rolled_back_at timestamptz, started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count int NOT NULL DEFAULT 0);
			INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at, rolled_back_at) VALUES
				(1, 'x', '1_a', '2025-01-01', '2025-01-01', NULL), (2, 'x', '2_b', '2025-01-02', NULL, '2025-01-02'), (3, 'x', '2_b', '2025-01-03', NULL, NULL)},
		newest => qr/2 run, newest 2_b at 2025-01-03.*\n           failed: 2_b/, pending => '3_c/migration.sql',
		left => 'SELECT migration_name FROM _prisma_migrations', keys => [ '1_a', '' ] },
	flyway => {
		files => { 'V1__a.sql' => $users, 'V1_2__b.sql' => $column, 'U1_2__b.sql' => "ALTER TABLE users DROP name;\n", 'V2.0__c.sql' => $users, 'R__v.sql' => 'SELECT 1' },
		ledger => q{CREATE TABLE flyway_schema_history (installed_rank int PRIMARY KEY, version varchar(50), description varchar(200), type varchar(20), script varchar(1000),
			checksum int, installed_by varchar(100), installed_on timestamp DEFAULT now(), execution_time int, success boolean);
			INSERT INTO flyway_schema_history (installed_rank, version, type, script, success) VALUES (1, '1', 'SQL', 'V1__a.sql', true), (2, '1.2', 'SQL', 'V1_2__b.sql', true),
				(3, NULL, 'SQL', 'R__v.sql', true), (4, '2.0', 'SQL', 'V2.0__c.sql', true), (5, '2.0', 'UNDO_SQL', 'U2.0__c.sql', true)},
		newest => qr/3 run, newest R__v\.sql/, pending => 'V2.0__c.sql', left => "SELECT version FROM flyway_schema_history WHERE version < '2'", keys => [ '1', '' ] },
	'golang-migrate' => {
		files => { '0001_a.up.sql' => $users, '0001_a.down.sql' => "DROP TABLE users;\n", '0002_b.up.sql' => $column, '0002_b.down.sql' => "ALTER TABLE users DROP name;\n", '0010_c.up.sql' => $users },
		ledger => 'CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL); INSERT INTO schema_migrations VALUES (2, true)',
		newest => qr/1 run, newest 2\n           failed: 2/, pending => '0010_c.up.sql', left => 'SELECT version, dirty FROM schema_migrations', keys => [ '1|f', '' ] },
	dbmate => {
		files => { '01_a.sql' => "-- migrate:up\n$users-- migrate:down\nDROP TABLE users;\n", '02_b.sql' => "-- migrate:up\n$column-- migrate:down\n", '03_c.sql' => "-- migrate:up\n$users" },
		ledger => q{CREATE TABLE schema_migrations (version varchar(128) PRIMARY KEY); INSERT INTO schema_migrations VALUES ('01'), ('02')},
		newest => qr/^dbmate     public\.schema_migrations: 2 run, newest 02$/m, pending => '03_c.sql', left => 'SELECT version FROM schema_migrations', keys => [ '01', '' ] },
	goose => {
		files => { '001_a.sql' => "-- +goose Up\n$users-- +goose Down\nDROP TABLE users;\n", '002_b.sql' => "-- +goose Up\n$column-- +goose Down\nALTER TABLE users DROP name;\n", '003_c.sql' => "-- +goose Up\n$users" },
		ledger => q{CREATE TABLE goose_db_version (id serial PRIMARY KEY, version_id bigint NOT NULL, is_applied boolean NOT NULL, tstamp timestamp DEFAULT now());
			INSERT INTO goose_db_version (version_id, is_applied) VALUES (0, true), (1, true), (2, true), (3, true), (3, false)},
		newest => qr/2 run, newest 2 at/, pending => '003_c.sql', left => 'SELECT version_id FROM goose_db_version WHERE is_applied AND version_id IN (1, 2)', keys => [ '1', '' ] },
	'node-pg-migrate' => {
		files => { '1_a.sql' => "-- Up Migration\n$users-- Down Migration\nDROP TABLE users;\n", '2_b.sql' => "-- Up Migration\n$column\n-- Down Migration\n", '3_c.sql' => "-- up migration\n$users" },
		ledger => q{CREATE TABLE pgmigrations (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL); INSERT INTO pgmigrations (name, run_on) VALUES ('1_a', '2025-01-01'), ('2_b', '2025-01-02')},
		newest => qr/2 run, newest 2_b at 2025-01-02/, pending => '3_c.sql', left => 'SELECT name FROM pgmigrations', keys => [ '1_a', '' ] },
	sqitch => {
		files => { 'sqitch.plan' => "%project=x\n\na 2025-01-01 A\nb 2025-01-01 A\nc 2025-01-01 A\n", 'deploy/a.sql' => "BEGIN;\n${users}COMMIT;\n", 'deploy/b.sql' => "BEGIN;\n${column}COMMIT;\n",
			'deploy/c.sql' => $users, 'revert/a.sql' => "BEGIN;\nDROP TABLE users;\nCOMMIT;\n", 'revert/b.sql' => "BEGIN;\nALTER TABLE users DROP name;\nCOMMIT;\n" },
		ledger => q{CREATE SCHEMA sqitch; CREATE TABLE sqitch.changes (change_id text PRIMARY KEY, script_hash text, change text, project text, committed_at timestamptz);
			CREATE TABLE sqitch.tags (tag_id text PRIMARY KEY, change_id text REFERENCES sqitch.changes); CREATE TABLE sqitch.dependencies (change_id text REFERENCES sqitch.changes, dependency text);
			INSERT INTO sqitch.changes VALUES ('x', 'h', 'a', 'p', '2025-01-01'), ('y', 'h', 'b', 'p', '2025-01-02'); INSERT INTO sqitch.tags VALUES ('t', 'y'); INSERT INTO sqitch.dependencies VALUES ('y', 'a')},
		newest => qr/2 run, newest b at 2025-01-02/, pending => 'deploy/c.sql', left => 'SELECT change FROM sqitch.changes', keys => [ 'a', '' ] },
	atlas => {
		files => { 'atlas.sum' => "h1:x=\n1_a.sql h1:x=\n2_b.sql h1:x=\n3_c.sql h1:x=\n", '1_a.sql' => $users, '2_b.sql' => $column, '3_c.sql' => $users },
		ledger => q{CREATE SCHEMA atlas_schema_revisions; CREATE TABLE atlas_schema_revisions.atlas_schema_revisions (version text PRIMARY KEY, description text, hash text, partial_hashes jsonb,
			executed_at timestamptz DEFAULT now(), error text); INSERT INTO atlas_schema_revisions.atlas_schema_revisions (version, description) VALUES ('1', 'a'), ('2', 'b')},
		newest => qr/2 run, newest 2 b at/, pending => '3_c.sql', left => 'SELECT version FROM atlas_schema_revisions.atlas_schema_revisions', keys => [ '1', '' ] });

foreach my $tool (sort keys %tools)
{
	my %t = %{ $tools{$tool} };
	put("$tool/$_", $t{files}{$_}) foreach keys %{ $t{files} };
	my $database = database('ledger', $users, $column, $t{ledger});
	my $out = runs([ 'version', $tool, '--database', $database ], 0, $t{newest}, "$tool: version");
	is_deeply([ $out =~ /^not run    (.*)$/mg ], ["$tool/$t{pending}"], "$tool: what was not run");
	runs([ 'rollback', $tool, '--database', $database, '--dry-run' ], 0,
		[ qr/^-- Would lose data: .*column "name" of "users"/m, qr/DROP COLUMN name|DROP name/, qr/^-- It stays in the ledger\.  To take it out: (DELETE|UPDATE)/m ], "$tool: dry run");
	runs([ 'rollback', $tool, '--database', $database, '--ledger' ], 1, qr/data would be lost: .*column "name"/, "$tool: refused");
	is(query('ledger', "SELECT count(*) FROM pg_attribute WHERE attname = 'name' AND attrelid = 'users'::regclass"), 1, "$tool: nothing was undone");
	runs([ 'rollback', $tool, '--database', $database, '--ledger', '--allow-data-loss' ], 0, qr/^undone  $tool\/\S+$/, "$tool: the newest");
	is(query('ledger', "SELECT count(*) FROM pg_attribute WHERE attname = 'name' AND attrelid = 'users'::regclass"), 0, "$tool: it is undone");
	is(query('ledger', $t{left}), $t{keys}[0], "$tool: and taken out");
	runs([ 'rollback', $tool, '--database', $database, '--ledger', '--allow-data-loss', '--to', '0' ], 0, qr/^undone  $tool\/\S+$/, "$tool: all others");
	is(query('ledger', "SELECT to_regclass('users') IS NULL"), 't', "$tool: they are undone");
	is(query('ledger', $t{left}), $t{keys}[1], "$tool: and taken out too");
}

# What was run and has no file any more is told, and nothing before it is undone.
my $gone = database('gone', $users, $column, $tools{dbmate}{ledger}, 'CREATE EXTENSION wishflags');
put('gone/01_a.sql', $tools{dbmate}{files}{'01_a.sql'});
put('gone/03_c.sql', $tools{dbmate}{files}{'03_c.sql'});
runs([ 'version', 'gone', '--database', $gone ], 0, qr{^not run    gone/03_c\.sql\nno SQL     02$}m, 'no file');
runs([ 'rollback', 'gone', '--database', $gone, '--allow-data-loss', @$_ ], 2, qr{"02" was run, but there is no SQL file of it\nHINT}, 'no file to undo')
	foreach [], [ '--to', '0' ], ['--dry-run'];
query('gone', "UPDATE schema_migrations SET version = '00' WHERE version = '02'");
runs([ 'rollback', 'gone', '--database', $gone, '--dry-run' ], 0, qr{^-- gone/01_a\.sql, its down part}m, 'no file of an older one');
my $older = database('older', $users, $column, $tools{'drizzle-folders'}{ledger}, q{UPDATE drizzle.__drizzle_migrations SET name = '20240101000000_x' WHERE name LIKE '%_a'}, 'CREATE EXTENSION wishflags');
put("older/20250102000000_b/$_->[0]", $_->[1]) foreach [ 'migration.sql', $column ], [ 'snapshot.json', '{}' ], [ 'down.sql', 'ALTER TABLE users DROP name' ];
runs([ 'rollback', 'older', '--database', $older, '--dry-run' ], 0, qr{^-- older/20250102000000_b/migration\.sql, its down part}m, 'no file of an older one, in folders');
# Nor is it checked again.
runs([ 'check', 'gone', '--database', $gone, '--format', 'github' ], 0, qr{^wishflags: 1 of 2 files were run already, by the ledger$}m, 'check leaves out what was run');
query('gone', 'CREATE ROLE nobody_s LOGIN; GRANT USAGE ON SCHEMA wishflags TO nobody_s; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA wishflags TO nobody_s');
runs([ 'check', 'gone', '--database', "$gone user=nobody_s" ], 0, qr{object-exists.*2 files, }s, 'but for a role that may not read the ledger');

# A change that was reworked was run as often as the ledger says.
put('rework/sqitch.plan', "%project=x\na 2025-01-01 A\nb 2025-01-01 A\n\@v1 2025-01-01 A\nb [b\@v1] 2025-01-01 A\n");
put('rework/deploy/a.sql', $users);
put('rework/deploy/b@v1.sql', $column);
put('rework/deploy/b.sql', "ALTER TABLE users DROP name;\n");
put('rework/revert/b.sql', $column);
my $rework = database('rework', $users, $column, $tools{sqitch}{ledger});
my $pending = runs([ 'version', 'rework', '--database', $rework ], 0, qr{^not run    rework/deploy/b\.sql$}m, 'a reworked change');
unlike($pending, qr/b\@v1/, 'was run once');
query('rework', "ALTER TABLE users DROP name; INSERT INTO sqitch.changes VALUES ('z', 'h', 'b', 'p', '2025-01-03')");
unlike(runs([ 'version', 'rework', '--database', $rework ], 0, qr/3 run/, 'a reworked change, twice'), qr/not run/, 'nothing is left');
runs([ 'rollback', 'rework', '--database', $rework, '--ledger', '--allow-data-loss' ], 0, qr{^undone  rework/deploy/b\.sql$}m, 'it is undone');
is(query('rework', "SELECT string_agg(change_id, ',' ORDER BY change_id) FROM sqitch.changes"), 'x,y', 'and taken out once');

# Rails has dbmate's table beside one of its own.
my $rails = database('rails', 'CREATE TABLE schema_migrations (version varchar PRIMARY KEY)', 'CREATE TABLE ar_internal_metadata (key varchar)', q{INSERT INTO schema_migrations VALUES ('20250101')});
runs([ 'version', '--database', $rails ], 0, qr/^command    \d.*\nextension  none in this database\nrails      public\.schema_migrations: 1 run, newest 20250101\n$/, 'version of Rails');
put('rails/structure.sql', "CREATE TABLE schema_migrations (version varchar PRIMARY KEY);\n");
unlike(runs([ 'version', 'rails', '--database', $rails ], 0, qr/^rails /m, 'version of its dump'), qr/not run|no SQL/, 'which is no migration');
runs([ 'rollback', 'rails', '--database', $rails ], 2, qr/the files are no migrations, but what migrations of rails have made\nHINT:  ?Let rails undo/, 'rollback of its dump');
runs([ 'rehearse', 'plain', '--database', $rails ], 2, qr/HINT: Create it there: CREATE EXTENSION wishflags;$/m, 'rehearse without the extension');
runs([ 'version', '--database', $shop ], 0, qr/^extension  \d+\.\d+\.\d+\nledger     none in this database$/m, 'version of the extension');
runs(['version'], 0, qr/^command    \d+\.\d+\.\d+\n$/, 'version of the command');
runs(['--version'], 0, qr/^command    \d+\.\d+\.\d+\n$/, '--version');

# Several at once; an empty table is no loss where the extension can look; nothing to undo.
my $plain = database('several', $users, $column, 'SET client_min_messages = warning', 'CREATE EXTENSION wishflags');
runs([ 'rollback', 'plain', '--database', $plain ], 2, qr/of no tool that keeps a ledger, so(?s:.*)--to VERSION/, 'no ledger');
runs([ 'rollback', 'plain', '--database', $plain, '--to', '2' ], 0, qr/^nothing was run after "2"$/, 'nothing to undo');
runs([ 'rollback', 'plain', '--database', $plain, '--to', '1_users.sql' ], 0, qr{^undone  plain/2_column\.sql\n$}, 'an empty table');
query('several', "$column; INSERT INTO users SELECT g FROM generate_series(1, 20000) g; ANALYZE");
runs([ 'rollback', 'plain', '--database', $plain, '--to', '0' ], 1, qr{data would be lost: plain/1_users\.sql: table "users"}, 'a full table');
runs([ 'rollback', 'plain', '--database', $plain, '--to', '9' ], 2, qr/no version "9"/, 'an unknown version');
runs([ 'rollback', 'plain', 'alone', '--database', $plain, '--to', '1' ], 2, qr/several tools, plain and dbmate/, 'two tools');
runs([ 'rollback', 'plain', '--database', $plain, '--to', '1', '--ledger' ], 2, qr/of no tool that keeps a ledger(?s:.*)Leave out --ledger/, 'no ledger to change');
runs([ 'rollback', 'plain' ], 2, qr/takes --database/, 'rollback nowhere');
put('hard/1.sql', $users);
put('hard/1.down.sql', "DROP TABLE users;\nDROP TABLE nowhere;\n");
runs([ 'rollback', 'hard', '--database', database('hard', $users), '--to', '0', '--allow-data-loss' ], 2, qr/"nowhere" does not exist(?s:.*)hard\/1\.sql was not undone/, 'a down part that fails');
is(query('hard', "SELECT to_regclass('users') IS NULL"), 'f', 'leaves nothing half done');
done_testing();
