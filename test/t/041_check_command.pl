# The command "wishflags check" on folders of migrations as the tools lay them
# out, on a private server and on a database.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Command;

my $node = PostgreSQL::Test::Cluster->new('check');
$node->init;
$node->start;
my $files = files;

sub check { return command('check', @_) }

# The lines of the GitHub format as "file:line rule", in their order.
sub finds
{
	my ($arguments, $wanted, $name) = @_;
	my ($rc, $out, $err) = check(@$arguments, '--format', 'github', '--severity', 'high');
	my @found = map { m{^::error file=.*?/?([^/,]+/[^/,]+),line=(\d+),.*title=([^:]+)::} ? "$1:$2 $3" : $_ } split(/\n/, $out);

	is_deeply(\@found, $wanted, "$name: findings");
	is($rc, @$wanted ? 1 : 0, "$name: exit status");
	return $err;
}

my $users = "CREATE TABLE users (id bigint PRIMARY KEY, mail text);\n";
my $index = "CREATE INDEX users_mail ON users (mail);\n";

# The order of each tool; what an earlier file made counts as large.
put('plain/1_users.sql', $users);
put('plain/10_index.sql', $index);
put('plain/2_drop.sql', "ALTER TABLE users DROP COLUMN id;\n");
is(finds([ "$files/plain" ], [ 'plain/2_drop.sql:1 drop-column', 'plain/10_index.sql:1 index-not-concurrent' ], 'plain'), '', 'plain: no errors');

# Links count as what they lead to.
put('elsewhere/2.sql', "ALTER TABLE users DROP COLUMN id;\n");
put('linked/1.sql', $users);
symlink "$files/elsewhere/2.sql", "$files/linked/2.sql" or die;
symlink "$files/linked", "$files/link" or die;
finds([ "$files/link" ], ['link/2.sql:1 drop-column'], 'links');

put('drizzle/meta/_journal.json', '{"version": "7", "entries": [{"idx": 0, "tag": "b_users"}, {"idx": 1, "tag": "a_index"}]}');
put('drizzle/b_users.sql', $users);
put('drizzle/a_index.sql', "SELECT 1;--> statement-breakpoint\n$index");
put('drizzle/zz_unknown.sql', "DROP TABLE users;\n");
like(finds([ "$files/drizzle" ], ['drizzle/a_index.sql:2 index-not-concurrent'], 'drizzle'), qr/drizzle does not run \S*zz_unknown\.sql/, 'drizzle: what the journal has not');

put('prisma/migration_lock.toml', "provider = \"postgresql\"\n");
put('prisma/2024_a/migration.sql', $users);
put('prisma/2025_b/migration.sql', $index);
finds([ "$files/prisma" ], ['2025_b/migration.sql:1 index-not-concurrent'], 'prisma');

put('flyway/V1__users.sql', $users);
put('flyway/V1.2__index.sql', $index);
put('flyway/U1__undo.sql', "DROP TABLE users;\n");
put('flyway/R__again.sql', "CREATE OR REPLACE VIEW v AS SELECT 1;\n");
finds([ "$files/flyway" ], ['flyway/V1.2__index.sql:1 index-not-concurrent'], 'flyway');

put('golang/1_users.up.sql', $users);
put('golang/1_users.down.sql', "DROP TABLE users;\n");
put('golang/2_index.up.sql', $index);
put('golang/2_index.down.sql', "DROP INDEX users_mail;\n");
finds([ "$files/golang" ], ['golang/2_index.up.sql:1 index-not-concurrent'], 'golang-migrate');

put('dbmate/1.sql', "-- migrate:up\n$users\n-- migrate:down\nDROP TABLE users;\n");
put('dbmate/2.sql', "-- migrate:up transaction:false\nCREATE INDEX CONCURRENTLY users_mail ON users (mail);\n-- migrate:down\nDROP INDEX users_mail;\n");
put('dbmate/3.sql', "-- migrate:up\nCREATE INDEX CONCURRENTLY users_mail2 ON users (mail);\n-- migrate:down\n");
finds([ "$files/dbmate" ], ['dbmate/3.sql:2 concurrent-in-transaction'], 'dbmate');

put('goose/1.sql', "-- +goose Up\n$users\n-- +goose Down\nDROP TABLE users;\n");
put('goose/2.sql', "-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY users_mail ON users (mail);\n-- +goose Down\nDROP TABLE users;\n");
put('goose/3.sql', "-- +goose Up\n-- +goose StatementBegin\n$index-- +goose StatementEnd\n-- +goose Down\n");
finds([ "$files/goose" ], ['goose/3.sql:3 index-not-concurrent'], 'goose');

put('pgmigrate/1_users.sql', "-- Up Migration\n$users\n-- Down Migration\nDROP TABLE users;\n");
put('pgmigrate/2_index.sql', "-- Up Migration\n$index\n-- Down Migration\nDROP INDEX users_mail;\n");
finds([ "$files/pgmigrate" ], ['pgmigrate/2_index.sql:2 index-not-concurrent'], 'node-pg-migrate');

put('sqitch/sqitch.plan', "%syntax-version=1.0.0\n%project=x\n\nusers 2025-01-01T00:00:00Z A <a\@b> # users\nindex [users] 2025-01-02T00:00:00Z A <a\@b> # index\n");
put('sqitch/deploy/users.sql', "BEGIN;\n${users}COMMIT;\n");
put('sqitch/deploy/index.sql', "BEGIN;\n${index}COMMIT;\n");
put('sqitch/revert/users.sql', "DROP TABLE users;\n");
finds([ "$files/sqitch" ], ['deploy/index.sql:2 index-not-concurrent'], 'sqitch');

put('atlas/atlas.sum', "h1:x=\n");
put('atlas/1.sql', $users);
put('atlas/2.sql', $index);
finds([ "$files/atlas" ], ['atlas/2.sql:1 index-not-concurrent'], 'atlas');

# What is particular to a tool: versions of Flyway in any folder, a change of sqitch that was reworked,
# files in the order of Atlas' sums and without its checkpoints, marks in any case.
put('versions/b/V1_10__index.sql', $index);
put('versions/a/V1.9__users.sql', $users);
put('versions/a/V01.010.1__drop.sql', "SET lock_timeout = 1000;\nALTER TABLE users DROP id;\n");
put('versions/a/V2.0__concurrently.sql', "CREATE INDEX CONCURRENTLY again ON users (mail);\n");
finds([ "$files/versions" ], [ 'b/V1_10__index.sql:1 index-not-concurrent', 'a/V01.010.1__drop.sql:2 drop-column' ], 'versions of Flyway');

put('reworked/sqitch.plan', "%project=x\n\nusers 2025-01-01T00:00:00Z A <a\@b>\n\@v1 2025-01-01T00:00:00Z A <a\@b> # tag\n\nusers [users\@v1] 2025-01-02T00:00:00Z A <a\@b>\n");
put('reworked/deploy/users@v1.sql', $users);
put('reworked/deploy/users.sql', "ALTER TABLE users DROP mail;\n");
finds([ "$files/reworked" ], ['deploy/users.sql:1 drop-column'], 'a change that was reworked');

put('unsummed/atlas.sum', "h1:x=\n1.sql h1:y=\n3.sql h1:z=\n");
put('unsummed/1.sql', $users);
put('unsummed/2.sql', $index);
put('unsummed/3.sql', "ALTER TABLE users DROP id;\n");
finds([ "$files/unsummed" ], [ 'unsummed/2.sql:1 index-not-concurrent', 'unsummed/3.sql:1 drop-column' ], 'a file that the sums have not');

# Lines that end as on Windows, and a byte order mark where the tool takes it off.
my $mark = "\xef\xbb\xbf";
put('dos/sqitch.conf', "[core]\r\n\tengine = pg\r\n");
put('dos/sqitch.plan', "%project=x\r\n\r\nusers 2025-01-01T00:00:00Z A <a\@b>\r\nindex 2025-01-02T00:00:00Z A <a\@b>\r\n");
put('dos/deploy/users.sql', "$mark$users");
put('dos/deploy/index.sql', "BEGIN;\r\n${index}COMMIT;\r\n");
is(finds([ "$files/dos" ], ['deploy/index.sql:2 index-not-concurrent'], 'sqitch of Windows'), '', 'sqitch of Windows: no errors');
put('marked/V1__a.sql', "$mark$users");
is(finds([ "$files/marked" ], [], 'Flyway with a mark'), '', 'Flyway with a mark: no errors');

put('sums/atlas.sum', "h1:x=\n9.sql h1:y=\n10.sql h1:z=\n11.sql h1:z=\n");
put('sums/9.sql', $users);
put('sums/10.sql', $index);
put('sums/11.sql', "-- atlas:checkpoint\n\n$users");
finds([ "$files/sums" ], ['sums/10.sql:1 index-not-concurrent'], 'sums of Atlas');

put('marks/1.sql', "--migrate:UP\n$users\n--migrate:DOWN\nDROP TABLE users;\n");
put('marks/2.sql', "-- Migrate:up\n$index");
finds([ "$files/marks" ], ['marks/2.sql:2 index-not-concurrent'], 'marks');

put('rails/structure.sql', $users);
put('rails/migrate/1_users.rb', "class Users\nend\n");
put('rails/migrate/2.sql', "SELECT 1;\n");
like(finds([ "$files/rails/migrate" ], [], 'rails'), qr/^wishflags: 1 migrations of ".*" are Ruby/, 'rails: Ruby is named');

put('several/1_a.sql', "-- +goose Up\n$users");
put('several/2_b.go', "package several\n");
put('several/3_c.js', '');
is(finds([ "$files/several" ], [], 'other languages'), join('', map { qq(wishflags: 1 migrations of "$files/several" are $_, which cannot be read\n) } qw(Go JavaScript)), 'other languages are named');

# A file of that name alone is none of Rails'; what a tool does not run is named.
put('notrails/structure.sql', $users);
put('notrails/users_index.sql', $index);
finds([ "$files/notrails" ], ['notrails/users_index.sql:1 index-not-concurrent'], 'a structure.sql without Rails');
put('skipped/structure.sql', "CREATE TABLE schema_migrations (version varchar PRIMARY KEY);\n");
put('skipped/seeds.sql', "DROP TABLE users;\n");
like(finds([ "$files/skipped" ], [], 'Rails and another file'), qr{^wishflags: rails does not run \S*skipped/seeds\.sql, so it is not checked$}m, 'rails: the other file is named');
put("misnamed/V1__a.sql", $users);
put("misnamed/V2_$_.sql", $users) foreach 1 .. 7;
put('misnamed/U1__a.sql', $users);
like(finds([ "$files/misnamed" ], [], 'versions with one line'), qr{^wishflags: flyway does not run \S*V2_1\.sql, \S*V2_2\.sql, \S*V2_3\.sql, \S*V2_4\.sql, \S*V2_5\.sql and 2 more, so}m, 'flyway: they are named');

# The folder of a project whose tool says where they are.
my $drop = "DROP TABLE nowhere;\n";
put('conf/sqitch/sqitch.conf', "[core]\n\tengine = pg\n\ttop_dir = db\n\t; deploy_dir = x\n[engine \"pg\"]\n\tdeploy_dir = db/scripts\n\ttarget = x\n");
put('conf/sqitch/db/sqitch.plan', "%project=x\n\nb 2025-01-01 A\na 2025-01-01 A\n");
put('conf/sqitch/db/scripts/b.sql', $users);
put('conf/sqitch/db/scripts/a.sql', $index);
put('conf/drizzle/drizzle.config.ts', "export default defineConfig({\n\t// out: 'no',\n\tschema: './schema.ts',\n\tout: './db/files', // here\n\tdbCredentials: { url: process.env.URL! },\n});\n");
put('conf/drizzle/db/files/meta/_journal.json', '{"entries": [{"idx": 0, "tag": "b_users"}, {"idx": 1, "tag": "a_index"}]}');
put('conf/drizzle/db/files/b_users.sql', $users);
put('conf/drizzle/db/files/a_index.sql', $index);
put('conf/unnamed/drizzle.config.json', '{"dialect": "postgresql"}');
put('conf/unnamed/drizzle/1.sql', $drop);
put('conf/prisma/prisma.config.ts', qq(export default defineConfig({ schema: "x.prisma", migrations: { seed: "tsx", path: "db/m" } });));
put('conf/prisma/db/m/1_a/migration.sql', $drop);
put('conf/schema/prisma/schema.prisma', '');
put('conf/schema/prisma/migrations/1_a/migration.sql', $drop);
put('conf/atlas/atlas.hcl', qq(env "a" {\n  migration {\n    dir = "file://sql?format=atlas"\n  }\n}\nenv "b" {\n  migration {\n    dir = "file://sql"\n  }\n}\n));
put('conf/atlas/sql/1.sql', $drop);
put('conf/dbmate/.env', qq(export DBMATE_MIGRATIONS_DIR="./db/x"\n));
put('conf/dbmate/db/x/1.sql', "-- migrate:up\n$drop");
put('conf/defaults/db/migrations/1.sql', "-- migrate:up\n$drop");
put('conf/goose/.env', "GOOSE_MIGRATION_DIR=g\n");
put('conf/goose/g/1.sql', "-- +goose Up\n$drop");
finds([ "$files/conf/$_->[0]" ], [ "$_->[1] index-not-concurrent" ], "configuration of $_->[0]")
	foreach [ 'sqitch', 'scripts/a.sql:1' ], [ 'drizzle', 'files/a_index.sql:1' ];
finds([ "$files/conf/$_->[0]", '--ignore', 'object-missing' ], [ "$_->[1] drop-table" ], "configuration of $_->[0]")
	foreach [ 'unnamed', 'drizzle/1.sql:1' ], [ 'prisma', '1_a/migration.sql:1' ], [ 'schema', '1_a/migration.sql:1' ], [ 'atlas', 'sql/1.sql:1' ],
		[ 'dbmate', 'x/1.sql:2' ], [ 'defaults', 'migrations/1.sql:2' ], [ 'goose', 'g/1.sql:2' ];
put('conf/computed/drizzle.config.ts', "export default { out: process.env.OUT || 'x' }");
put('conf/several/atlas.hcl', qq(env "a" {\n  migration {\n    dir = "file://m1"\n  }\n}\nenv "b" {\n  migration {\n    dir = "file://m2"\n  }\n}\n));
put('conf/gone/drizzle.config.ts', "export default { out: 'nowhere' }");
foreach ([ 'computed', qr/"out" in ".*" is no plain text: process\.env\.OUT/ ], [ 'several', qr/names more than one folder of migrations, or no plain one: m1, m2/ ], [ 'gone', qr/"\S*nowhere", which is no folder/ ])
{
	my ($status, undef, $said) = check("$files/conf/$_->[0]");
	is($status, 2, "configuration, $_->[0]: exit status");
	like($said, $_->[1], "configuration, $_->[0]: message");
}

# A project's settings, from the folder of the file and below.
put('project/.git/HEAD', '');
put('project/db/1.sql', $users);
put('project/db/2.sql', qq(SELECT 1;\n-- no check: reason="gone"\nDROP TABLE users;\nDROP TABLE nowhere;\n));
put('project/.wishflags', qq(# ours\r\n\npath = db\n alias =  no check: \nfail-on=never\nignore = object-missing\nformat = github\nseverity = high\n));
mkdir "$files/project/below";
my @project = command_in("$files/project", 'check');
is($project[0], 0, 'settings: exit status');
like($project[1], qr{^::error file=db/2\.sql,line=4,[^\n]*drop-table[^\n]*\n+$}, 'settings: findings');
@project = command_in("$files/project/below", 'check', '--fail-on', 'high', '--format', 'text');
is($project[0], 1, 'settings: the command line wins');
like($project[1], qr{project/db/2\.sql\n  4:1 }, 'settings: from a folder below');
@project = command_in("$files/project", 'report', '--format', 'text');
like($project[1], qr{2 files, 1 finding: }, 'settings: of a report');
is((command_in("$files/project", 'version'))[0], 0, 'settings: no path for a version without a database');
foreach (
	[ 'fomat = x', qr{/\.wishflags:2: there is no key "fomat"\nHINT: Known keys: alias, fail-on, format, ignore, } ],
	[ 'fail-on = urgent', qr{/\.wishflags:2: --fail-on takes one of info} ],
	[ 'drizzle', qr{/\.wishflags:2: this is no "key = value"} ],
	[ 'ignore =', qr{/\.wishflags:2: "ignore" has no value} ],
	[ 'stats = gone.json', qr{/\.wishflags:2: there is no file "\S*gone\.json"} ],
	[ 'in-transaction = maybe', qr{/\.wishflags:2: in-transaction takes true or false} ])
{
	put('project/.wishflags', "path = db\n$_->[0]\n");
	my ($status, undef, $said) = command_in("$files/project", 'check');
	is($status, 2, "settings, $_->[0]: exit status");
	like($said, $_->[1], "settings, $_->[0]: message");
}

# Files and folders together, the last ones only, what to fail for.
finds([ "$files/plain/1_users.sql", "$files/plain/10_index.sql" ], ['plain/10_index.sql:1 index-not-concurrent'], 'files');
finds([ "$files/plain", '--last', 1 ], ['plain/10_index.sql:1 index-not-concurrent'], 'the last one');
finds([ "$files/plain", '--ignore', 'drop-column', '--ignore', 'index-not-concurrent' ], [], 'rules left out');
is((check("$files/plain", '--fail-on', 'never'))[0], 0, 'never fails');
is((check("$files/plain", '--fail-on', 'critical'))[0], 0, 'fails for critical ones only');
is((check("$files/prisma", '--fail-on', 'low', '--severity', 'critical'))[0], 0, 'what is not asked for is not failed for');
like((check("$files/plain"))[1], qr/2_drop\.sql\n.*drop-column.*\n3 files, \d+ findings: /s, 'text');
like((check("$files/plain", '--format', $_))[1], qr/^(\{\n|<|###)/, $_) foreach qw(json sarif junit markdown html);
check("$files/plain", '-o', "$files/out.json", '--format', 'json');
like(slurp_file("$files/out.json"), qr/^\{\n  "summary"/, 'a file');

# The report tells the same and does not fail; comments that take findings back are listed.
my ($rc, $out, $err) = command('report', "$files/plain", '--last', 1);
is($rc, 0, 'report: exit status');
like($out, qr/index-not-concurrent.*\n1 file, \d+ findings?: /s, 'report: findings');
put('skips/1.sql', $users);
put('skips/2.sql', "SELECT 1;\n-- wishflags: ignore index-not-concurrent reason=\"small\" until=2999-12-31\n$index");
put('skips/3.sql', "SELECT 1;\n-- <!-- schema-validation: skip -->\nALTER TABLE users DROP mail;\n-- no check: reason=\"gone\"\nDROP TABLE users;\n");
($rc, $out) = command('report', "$files/skips", '--alias', 'schema-validation: skip', '--alias=/no "?check"?:/');
like($out, qr{\nEscape hatches:
  \S*skips/2\.sql:2  index-not-concurrent  used: small \(until 2999-12-31\)
  \S*skips/3\.sql:2  all rules  does not count: it gives no reason
  \S*skips/3\.sql:4  all rules  used: gone
\n3 files, \d+ findings?: .*; 3 escape hatches}, 'report: escape hatches');
like($out, qr/drop-column/, 'report: an alias without a reason does not count');
unlike($out, qr/drop-table/, 'report: one with a reason does');
(undef, undef, $err) = check("$files/plain", '--timing', '--progress');
like($err, qr{^1 of 3: \S*1_users\.sql\n.*^\d+\.\d ms  \S*10_index\.sql$}ms, 'progress and times');

# A file that does not run is told, and the next are checked all the same.
put('broken/1.sql', "CREATE TABLE a (b int);\nDROP TABLE nowhere;\n");
put('broken/2.sql', "DROP TABLE a;\n");
($rc, $out, $err) = check("$files/broken", '--format', 'github', '--severity', 'critical');
like($err, qr/1\.sql does not run after the files before it: ERROR:  table "nowhere" does not exist/, 'a file that does not run');
like($out, qr/2\.sql,line=1,col=1,title=drop-table/, 'the next one');

# Nor do files that are no text, and one that ends psql or leaves its session
# changed, keep the others from being checked.
put('torn/1.sql', "CREATE TABLE t (id int, n text);\n");
put('torn/2.sql', "ALTER TABLE t DROP n;\0\n");
put('torn/3.sql', "-- caf\xe9\nALTER TABLE t DROP n;\n");
put('torn/4.sql', "\\! kill -9 \$PPID\n");
put('torn/5.sql', "\\set ON_ERROR_STOP off\n\\copy t FROM pstdin\n\\o /dev/null\n\\q\n");
put('torn/6.sql', "SET search_path = nowhere; BEGIN; CREATE TABLE public.left_open (a int);\n");
put('torn/7.sql', "SELECT 'open\n");
put('torn/8.sql', "\\if true\nCOPY t FROM stdin;\n1\tx\n\\.\n");
put('torn/9.sql', "DROP TABLE t;\nDROP TABLE left_open;\n");
($rc, $out, $err) = check("$files/torn", '--format', 'github', '--severity', 'high');
is($rc, 2, 'files that are no text: exit status');
like($err, qr{torn/2\.sql is not checked: it has NUL bytes.*torn/3\.sql is not checked: it is not UTF-8}s, 'files that are no text: named');
unlike($err, qr{torn/[14-689]\.sql is not checked}, 'files that are no text: no others');
is_deeply([ $out =~ m{torn/(\d\.sql,line=\d+).*title=([a-z-]+)}g ], [ '7.sql,line=1', 'syntax-error', '9.sql,line=1', 'drop-table', '9.sql,line=2', 'drop-table' ],
	'files that are no text: the others are checked');
($rc, $out, $err) = command('replay', "$files/torn");
is($rc, 1, 'replay of a file that is no text: exit status');
like($out, qr{failed  \S*torn/2\.sql: it has NUL bytes}, 'replay of a file that is no text');

# On a database its own tables count, and nothing is run.
$node->safe_psql('postgres', 'CREATE DATABASE shop; CREATE DATABASE bare; CREATE DATABASE empty');
$node->safe_psql('shop', "CREATE EXTENSION wishflags; CREATE TABLE users (id bigint PRIMARY KEY, mail text); CREATE TABLE small (a int)");
$node->safe_psql('shop', "INSERT INTO users SELECT g, 'm' FROM generate_series(1, 20000) g; ANALYZE users");
put('pending/1.sql', $index);
put('pending/2.sql', "CREATE INDEX ON small (a);\nCREATE TABLE fresh (a int);\n");
put('pending/3.sql', "ALTER TABLE fresh DROP a;\nALTER TABLE nowhere DROP a;\n");
finds([ "$files/pending", '--database', $node->connstr('shop') ],
	[ 'pending/1.sql:1 index-not-concurrent', 'pending/3.sql:2 drop-column', 'pending/3.sql:2 object-missing' ], 'database');
($rc, $out, $err) = check("$files/torn", '--database', $node->connstr('shop'), '--severity', 'high');
is($rc, 2, 'database: files that are no text: exit status');
like($err, qr{torn/2\.sql is not checked.*torn/3\.sql is not checked}s, 'database: files that are no text: named');
like($out, qr{torn/7\.sql\n  1:8 +high +syntax-error }, 'database: files that are no text: the others are checked');
is($node->safe_psql('shop', 'SELECT count(*) FROM pg_indexes WHERE schemaname = $$public$$'), 1, 'nothing was run');

# Sizes come from a database without the extension, and are those that the extension gives there.
sub stats
{
	my ($out, $err) = ('', '');
	local %ENV = %ENV;
	delete @ENV{qw(PGHOST PGPORT PGUSER PGDATABASE)};
	IPC::Run::run([ 'wishflags', 'stats', @_ ], '<', \undef, '>', \$out, '2>', \$err);
	return ($? >> 8, $out, $err);
}

$node->safe_psql('bare', 'CREATE TABLE users (id bigint PRIMARY KEY, mail text); CREATE TABLE tiny (a int)');
$node->safe_psql('bare', "INSERT INTO users SELECT g, 'm' FROM generate_series(1, 20000) g; INSERT INTO tiny VALUES (1); ANALYZE");
($rc, $out, $err) = stats($node->connstr('bare'));
is($rc, 0, 'stats: exit status');
is($err, '', 'stats: no errors');
like($out, qr/"public\.users": \{[^}]*"rows": 20000,/, 'stats: rows');
# The same query is the function's: without what passes with time, the same answer.
my $taken = $out;
$node->safe_psql('bare', 'CREATE EXTENSION wishflags');
is( $node->safe_psql('bare', q{
		SELECT bool_and(a.value - '{writes_per_second,scans_per_second,analyzed_at}'::text[] = b.value - '{writes_per_second,scans_per_second,analyzed_at}'::text[]) AND count(*) = 2
		FROM jsonb_each($taken$} . $taken . q{$taken$::jsonb -> 'tables') a JOIN jsonb_each(wishflags.migration_stats_export() -> 'tables') b USING (key)}),
	't', 'stats: as the extension gives them');
is( $node->safe_psql('bare', q{
		SELECT wishflags.migration_stats_export() - 'tables' - 'taken_at' - 'counted_seconds' - 'hidden_tables' = $taken$} . $taken . q{$taken$::jsonb - 'tables' - 'taken_at' - 'counted_seconds' - 'hidden_tables'}),
	't', 'stats: the header as well');
is((stats($node->connstr('shop'), '-o', "$files/stats.json"))[0], 0, 'stats: into a file');

# With them an empty server knows which tables are large.
put('sized/1.sql', "CREATE TABLE users (id bigint PRIMARY KEY, mail text);\nCREATE TABLE small (a int);\n");
put('sized/2.sql', "CREATE INDEX ON users (mail);\nCREATE INDEX ON small (a);\n");
put('sized/3.sql', "COPY users TO '/tmp/users';\n");
finds([ "$files/sized", '--last', 2 ], [ 'sized/2.sql:1 index-not-concurrent', 'sized/2.sql:2 index-not-concurrent' ], 'without sizes');
finds([ "$files/sized", '--last', 2, '--stats', "$files/stats.json" ], ['sized/2.sql:1 index-not-concurrent'], 'with sizes');
finds([ "$files/sized", '--last', 1, '--platform', 'rds' ], ['sized/3.sql:1 object-missing'], 'platform');

# Wrong use.  No password is told.
like((check("$files/plain", '--database', $_))[2], qr/^wishflags: the database "\S*(password=|u:)\*\*\*(\@| )/m, "no password: $_")
	foreach 'password=secret host=/nowhere', "password='sec\\' ret' host=/nowhere", 'postgres://u:secret@/x?host=/nowhere', 'postgresql://u:secret@localhost:1/x';
like((stats())[2], qr/stats takes one CONNINFO/, 'stats of nothing');
like((stats("$files/stats.json"))[2], qr/is not a database/, 'stats of a file');
like((stats($node->connstr('nowhere')))[2], qr/the sizes of ".*" cannot be read/, 'stats of no database');
put('newer.json', '{"format": "wishflags-stats", "version": 7}');
foreach (
	[ [ "$files/plain", '--stats', "$files/nowhere.json" ], qr/there is no file ".*nowhere\.json"/ ],
	[ [ "$files/plain", '--stats', "$files/newer.json" ], qr/version 7 of format "wishflags-stats" is newer/ ],
	[ [ "$files/plain", '--stats', "$files/plain/1_users.sql" ], qr/invalid input syntax for type json/ ],
	[ [ "$files/plain", '--platform', 'oracle' ], qr/--platform takes one of postgresql, aurora/ ],
	[ [], qr/check takes PATH/ ],
	[ ["$files/nowhere"], qr/there is no file or folder/ ],
	[ [ "$files/plain", '--format', 'pdf' ], qr/no format "pdf"/ ],
	[ [ "$files/plain", '--fail-on', 'urgent' ], qr/--fail-on takes one of info, low/ ],
	[ [ "$files/plain", '--last', 'x' ], qr/--last takes a number/ ],
	[ [ "$files/plain", '--ignore', 'no-such-rule' ], qr/unknown rule "no-such-rule"/ ],
	[ [ "$files/plain", '--database', $node->connstr('empty') ], qr/has no extension wishflags/ ],
	[ [ "$files/plain", '--database', $node->connstr('nowhere') ], qr/cannot be read/ ],
	[ [ "$files/out.json" ], qr/is no SQL/ ],
	[ [ "$files/plain", '--since' ], qr/--since takes a value/ ])
{
	my ($arguments, $like) = @$_;
	($rc, $out, $err) = check(@$arguments);
	is($rc, 2, "@$arguments: exit status");
	like($err, $like, "@$arguments: message");
	is($out, '', "@$arguments: no output");
}
mkdir "$files/empty";
like((check("$files/empty"))[2], qr/there are no migrations/, 'an empty folder');
done_testing();
