# "wishflags check --since": migrations against their history in git.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Utils;
use Test::More;
use Command;

my $repository = files . '/shop';

sub git
{
	local %ENV = (%ENV, GIT_CONFIG_NOSYSTEM => 1, HOME => files);
	system('git', '-C', $repository, '-c', 'user.name=Ann', '-c', 'user.email=ann@example.com', '-c', 'init.defaultBranch=main', @_) == 0
	  or die "git @_";
}

# A new repository whose branch main has the files; the work tree is on the branch "feature".
sub commit
{
	my (%texts) = @_;
	system('rm', '-rf', $repository);
	put("shop/$_", $texts{$_}) foreach keys %texts;
	git('init', '-q');
	git('add', '-A');
	git('commit', '-qm', 'one');
	git('checkout', '-qb', 'feature');
}

# The findings of the history as "file rule severity".
sub finds
{
	my ($wanted, $status, $name, @arguments) = @_;
	@arguments = ('db', '--since', 'main') unless @arguments;
	my ($rc, $out, $err) = command_in($repository, 'check', @arguments, '--format', 'json');
	my @found = $out =~ m/"rule": "(migration-[a-z-]+)", "severity": "([a-z]+)".*?"message": "([^"]*)/g;
	my @lines;
	push @lines, join ' ', splice @found, 0, 3 while @found;

	is(scalar @lines, scalar @$wanted, "$name: number of findings") or diag join "\n", @lines;
	like($lines[$_] // '', $wanted->[$_], "$name: finding $_") foreach 0 .. $#$wanted;
	is($rc, $status, "$name: exit status");
	is($err, '', "$name: no errors");
	return $out;
}

my $table = sub { "CREATE TABLE $_[0] (id bigint PRIMARY KEY);\n" };
my %plain = ('db/1_a.sql' => $table->('a'), 'db/2_b.sql' => $table->('b'), 'db/3_c.sql' => $table->('c'), 'src/db/schema.ts' => 'a');

# What is new or changed is checked, the rest is run only.
commit(%plain);
finds([], 0, 'nothing changed');
{
	local @ENV{qw(GIT_DIR GIT_INDEX_FILE)} = ("$repository/.git", "$repository/.git/index");
	like(finds([], 0, 'as a hook of git'), qr/"files": 0,/, 'nothing is new for a hook');
}
put('shop/db/4_d.sql', "DROP TABLE a;\n");
my $out = finds([], 1, 'a new migration');
like($out, qr/"files": 1, .*"file": "db\/4_d\.sql".*drop-table/s, 'and what is in it');
git('add', '-A');
git('commit', '-qm', 'two');
finds([], 1, 'committed');
finds([], 0, 'as a file', 'db/1_a.sql', '--since', 'main');

# An old one may not change; the newest may not have run yet.
commit(%plain);
put('shop/db/1_a.sql', $table->('aa'));
finds([qr/^migration-immutable high 1_a\.sql has another text than at \w+/], 1, 'edited');
git('checkout', '-q', '.');
put('shop/db/3_c.sql', $table->('cc'));
finds([qr/^migration-immutable medium 3_c\.sql/], 0, 'the newest edited');
git('checkout', '-q', '.');
git('mv', 'db/2_b.sql', 'db/2_bb.sql');
finds([qr/^migration-immutable high 2_b\.sql was there at \w+ and is renamed to 2_bb\.sql/, qr/^migration-out-of-order medium 2_bb\.sql/], 1, 'renamed');
git('reset', '-q', '--hard');
git('rm', '-q', 'db/1_a.sql');
put('shop/db/4_d.sql', $table->('d'));
finds([qr/^migration-immutable high 1_a\.sql .* is deleted/], 1, 'deleted');
finds([], 0, 'not asked for', 'db', '--since', 'main', '--ignore', 'migration-immutable');

git('reset', '-q', '--hard');
put('shop/db/1_a.sql', "-- wishflags: ignore migration-immutable reason=\"ran nowhere\"\n" . $table->('aa'));
put('shop/db/2_b.sql', "-- wishflags: ignore migration-immutable\n" . $table->('bb'));
$out = finds([qr/^migration-immutable high 2_b\.sql/], 1, 'taken back by a comment');
like($out, qr/"rules": \["migration-immutable"\], "used": true, "reason": "ran nowhere"/, 'which is told');
unlike($out, qr/"rule": "unused-ignore".*there is no such finding/, 'and not taken for unused');

# main went on meanwhile: what counts is where the branch has left it.
commit(%plain);
git('checkout', '-q', 'main');
put('shop/db/4_main.sql', $table->('d'));
git('add', '-A');
git('commit', '-qm', 'main');
git('checkout', '-q', 'feature');
put('shop/db/4_feature.sql', $table->('e'));
finds([], 0, 'main went on');
git('add', '-A');
git('commit', '-qm', 'feature');
git('merge', '-q', 'main', '-m', 'merge');
finds([qr/^migration-duplicate-number medium 4_feature\.sql has the number 4, as 4_main\.sql has/, qr/^migration-out-of-order medium 4_feature\.sql is new, but comes before 4_main\.sql/],
	0, 'merged');

# Sources of the schema.
commit(%plain);
put('shop/src/db/schema.ts', 'b');
finds([], 0, 'sources that nobody has named');
finds([qr/^migration-required high the schema's source src\/db\/schema\.ts has changed since main/], 1, 'sources', 'db', '--since', 'main', '--sources', 'src/**/*.ts');
put('shop/db/4_d.sql', $table->('d'));
finds([], 0, 'sources and a migration', 'db', '--since', 'main', '--sources', 'src/**/*.ts');

# Drizzle: its journal and its sources.
sub journal { my $i = 0; return '{"entries": [' . join(', ', map { '{"idx": ' . $i++ . ", \"tag\": \"$_->[0]\", \"when\": $_->[1]}" } @_) . ']}' }
my @entries = ([ '0000_a', 1000 ], [ '0001_b', 2000 ], [ '0002_c', 3000 ]);
my %drizzle = ('db/0000_a.sql' => $table->('a'), 'db/0001_b.sql' => $table->('b'), 'db/0002_c.sql' => $table->('c'),
	'db/meta/_journal.json' => journal(@entries), 'src/db/schema.ts' => 'a', 'app/tables.ts' => 'a', 'node.ts' => 'a');
commit(%drizzle);
put('shop/src/db/schema.ts', 'b');
put('shop/lib/schema/users.ts', 'new');
put('shop/node.ts', 'b');
finds([qr/lib\/schema\/users\.ts/, qr/src\/db\/schema\.ts/], 1, 'sources of Drizzle');
put('shop/drizzle.config.ts', "export default { // schema: './no.ts'\n  schema: ['./app', \"./src/other.ts\"], migrations: { schema: 'db' } }");
finds([], 0, 'other sources by its configuration');
put('shop/app/tables.ts', 'b');
finds([qr/^migration-required high the schema's source app\/tables\.ts/], 1, 'sources by its configuration');
like((command_in("$repository/db", 'check', '.', '--since', 'main'))[1], qr{^app/tables\.ts\n  1:1  high      migration-required}, 'from the folder itself');
commit(%drizzle);
put('shop/db/meta/_journal.json', journal(@entries[ 1, 0, 2 ]));
finds([qr/^migration-immutable high the order is another than at \w+: 0001_b\.sql comes before 0000_a\.sql/], 1, 'the journal in another order');
put('shop/db/meta/_journal.json', journal([ '0000_a', 1500 ], @entries[ 1, 2 ]));
finds([qr/^migration-immutable high the journal has another time for 0000_a\.sql than at \w+: 1500, before 1000/], 1, 'the journal with another time');
put('shop/db/0003_d.sql', $table->('d'));
put('shop/db/0003_e.sql', $table->('e'));
put('shop/db/meta/_journal.json', journal(@entries, [ '0003_d', 2500 ], [ '0003_e', 4000 ]));
finds([qr/^migration-out-of-order medium the time of 0003_d\.sql in the journal \(\\$/, qr/^migration-duplicate-number medium 0003_e\.sql/], 0, 'a time that Drizzle passes over, and a number twice');

# Prisma, Flyway, sqitch.
commit('db/1_a/migration.sql' => $table->('a'), 'db/2_b/migration.sql' => $table->('b'), 'prisma/schema.prisma' => 'a');
put('shop/prisma/schema.prisma', 'b');
put('shop/db/1_a/migration.sql', $table->('aa'));
finds([qr/^migration-required high .*schema\.prisma/, qr/^migration-immutable high 1_a\/migration\.sql/], 1, 'Prisma');
commit('db/V1.1__a.sql' => $table->('a'), 'db/V2__b.sql' => $table->('b'), 'db/R__view.sql' => "CREATE OR REPLACE VIEW v AS SELECT 1 AS one;\n");
put('shop/db/R__view.sql', "CREATE OR REPLACE VIEW v AS SELECT 1 AS one, 2 AS two;\n");
put('shop/db/V1.01.0__c.sql', $table->('c'));
finds([qr/^migration-duplicate-number medium V1\.01\.0__c\.sql has the number 1\.1/, qr/^migration-out-of-order medium V1\.01\.0__c\.sql/], 0, 'Flyway');
commit('db/sqitch.plan' => "%project=x\na 2025-01-01 A\nb 2025-01-01 A\n", 'db/deploy/a.sql' => $table->('a'), 'db/deploy/b.sql' => $table->('b'));
put('shop/db/sqitch.plan', "%project=x\nb 2025-01-01 A\na 2025-01-01 A\n");
finds([qr/^migration-immutable high the order is another than at \w+: deploy\/b\.sql comes before deploy\/a\.sql/], 1, 'sqitch');

# What is reworked keeps its old text under another name.
commit('db/sqitch.plan' => "%project=x\na 2025-01-01 A\nb 2025-01-01 A\n", 'db/deploy/a.sql' => $table->('a'), 'db/deploy/b.sql' => $table->('b'));
put('shop/db/sqitch.plan', "%project=x\na 2025-01-01 A\nb 2025-01-01 A\n\@v1 2025-01-01 A\na [a\@v1] 2025-01-01 A\n");
rename "$repository/db/deploy/a.sql", "$repository/db/deploy/a\@v1.sql" or die;
put('shop/db/deploy/a.sql', "ALTER TABLE a ADD b int;\n");
finds([], 0, 'a reworked change of sqitch');
put('shop/db/deploy/a@v1.sql', $table->('other'));
finds([qr/^migration-immutable high the order is another/, qr/^migration-out-of-order medium deploy\/a\@v1\.sql/, qr/^migration-immutable high deploy\/a\.sql has another text/], 1,
	'a reworked change that is another');

# A folder that is new, from a folder further down, names that are no plain words.
commit('read.me' => 'a');
put("shop/new db/1_\x{c3}\x{a4} 'b'.sql", $table->('a'));
finds([], 0, 'a new folder', 'new db', '--since', 'main');
git('add', '-A');
git('commit', '-qm', 'two');
put("shop/new db/1_\x{c3}\x{a4} 'b'.sql", $table->('aa'));
put('shop/new db/2_c.sql', $table->('c'));
finds([qr/^migration-immutable medium/], 0, 'names', 'new db', '--since', 'HEAD');
(undef, $out) = command_in("$repository/new db", 'check', '.', '--since', 'HEAD', '--format', 'github', '--severity', 'medium');
like($out, qr{^::warning file=\./1_.* 'b'\.sql,line=1,col=1,title=migration-immutable::}m, 'from the folder itself');

# Wrong use.
put('alone/1.sql', 'SELECT 1');
foreach (
	[ $repository, [ 'new db', '--since', 'nowhere' ], qr/there is no commit "nowhere"\nHINT: .*fetch-depth: 0/ ],
	[ files, [ 'alone/1.sql', '--since', 'main' ], qr/is in no work tree of git/ ],
	[ $repository, [ 'new db', '../alone', '--since', 'HEAD' ], qr/is in no work tree/ ])
{
	my ($folder, $arguments, $like) = @$_;
	my ($rc, $text, $err) = command_in($folder, 'check', @$arguments);
	is($rc, 2, "@$arguments: exit status");
	like($err, $like, "@$arguments: message");
	is($text, '', "@$arguments: no output");
}
# What a shell, a regular expression, a pattern, awk, git or psql take for their own.
my $odd = "a 'b' & | \"c\" \\n \$d `e` [f] ;*";
my %odd = ("plain/1_a $odd.sql" => $table->('a'), 'drizzle/0_b.sql' => $table->('b'), 'drizzle/meta/_journal.json' => journal([ '0_b', 1000 ]),
	'prisma/1_c/migration.sql' => $table->('c'), 'flyway/V1__d.sql' => $table->('d'), 'golang/1_e.up.sql' => $table->('e'),
	'dbmate/1_f.sql' => "-- migrate:up\n" . $table->('f'), 'atlas/1_g.sql' => $table->('g'), 'atlas/atlas.sum' => "h1:x=\n1_g.sql h1:x=\n",
	'sqitch/sqitch.plan' => "%project=x\nh 2025-01-01 A\n", 'sqitch/deploy/h.sql' => $table->('h'));
foreach my $folder ($odd, "\"$odd")
{
	commit(map { ("$folder/$_" => $odd{$_}) } keys %odd);
	put("shop/$folder/$_", $odd{$_} . "SELECT 1;\n") foreach grep { /sql$/ } keys %odd;
	my @folders = map { "$folder/$_" } qw(plain drizzle prisma flyway golang dbmate atlas sqitch);
	finds([ (qr/^migration-immutable medium/) x @folders ], 0, 'folders of any name', @folders, '--since', 'main');
	like((command_in($repository, 'replay', "$folder/drizzle"))[1], qr{^1 of 1  \Q$folder\E/drizzle/0_b\.sql\nfingerprint}, 'replay of a folder of any name');
}

# A link, whose text git has not.
commit(%plain);
symlink '3_c.sql', "$repository/db/4_d.sql" or die;
git('add', '-A');
git('commit', '-qm', 'link');
finds([], 0, 'a link', 'db', '--since', 'HEAD');

# Files that git leaves out of its archives.
commit(%plain, '.gitattributes' => "db export-ignore\n");
finds([], 0, 'not in archives');

# A dump of the schema, as Rails keeps it: what has changed in it is checked, at its place in the dump.
my $dump = <<'END';
SET statement_timeout = 0;
SELECT pg_catalog.set_config('search_path', '', false);
SET default_tablespace = '';

CREATE TABLE public.users (
    id bigint NOT NULL,
    mail character varying,
    age integer
);

ALTER TABLE ONLY public.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

CREATE INDEX index_users_on_age ON public.users USING btree (age);

SET search_path TO "$user", public;
END
my $index = "CREATE INDEX index_users_on_mail ON public.users USING btree (mail);\n";

# What is found in the dump, as "line rule".
sub finds_in_dump
{
	my ($wanted, $name, @arguments) = @_;
	my ($rc, $out, $err) = command_in($repository, 'check', @arguments, '--since', 'main', '--format', 'github');
	my @lines;
	push @lines, "$1 $2" while $out =~ m/file=db\/structure\.sql,line=(\d+),.*?title=([a-z-]+)/g;
	is_deeply(\@lines, $wanted, "dump, $name") or diag $out . $err;
	is($rc, @$wanted > 0 ? 1 : 0, "dump, $name: exit status");
	is($err, '', "dump, $name: no errors");
}

commit('db/structure.sql' => $dump, 'db/migrate/1_users.rb' => "class Users < ActiveRecord::Migration[7.1]\nend\n");
finds_in_dump([], 'nothing changed', 'db/structure.sql');
(my $with_index = $dump) =~ s/(USING btree \(age\);\n)/$1\n$index/;
put('shop/db/structure.sql', $with_index);
put('shop/db/migrate/2_index.rb', "add_index :users, :mail\n");
finds_in_dump(['16 index-not-concurrent'], 'an index', 'db/structure.sql');
finds_in_dump(['16 index-not-concurrent'], 'in its folder', 'db');
finds_in_dump(['16 index-not-concurrent'], 'in its project', '.');
put('shop/db/migrate/2_index.rb', "disable_ddl_transaction!\nadd_index :users, :mail, algorithm: :concurrently\n");
finds_in_dump([], 'an index that the migration builds concurrently', 'db/structure.sql');
# Another index of it is told all the same, whatever names the one that is built concurrently.
put('shop/db/structure.sql', $dump . join('', map { "CREATE INDEX $_->[0] ON public.users USING btree ($_->[1]);\n" }
	[ 'blocking', 'mail' ], [ 'index_users_on_mail', 'mail' ], [ 'index_users_on_mail_and_age', 'mail, age' ], [ 'named', 'mail' ], [ 'index_users_on_team_id', 'age' ],
	[ 'idx_on_age_mail_0123456789', 'age, mail' ], [ 'by_sql', 'age' ], [ 'by_sql_too', 'age' ]));
put('shop/db/migrate/2_index.rb', <<'END');
class Two < ActiveRecord::Migration[7.1]
  # add_index :users, :mail, name: "blocking", algorithm: :concurrently
  def change
    add_index :users, :mail
    add_index :users, %i[mail age],
      algorithm: :concurrently
    add_index(:users, [:age, "mail"], algorithm: :concurrently)
    add_index "users", "mail", name: "named", :algorithm => :concurrently
    add_reference :users, :team, index: { algorithm: :concurrently }
    execute "CREATE INDEX CONCURRENTLY by_sql ON users (age); CREATE INDEX by_sql_too ON users (age)"
  end
end
END
finds_in_dump([ '17 index-not-concurrent', '18 index-not-concurrent', '24 index-not-concurrent' ], 'one of several indexes', 'db/structure.sql', '--severity', 'high');
(my $without_column = $dump) =~ s/mail character varying,\n    age integer/mail text/;
$without_column =~ s/CREATE INDEX index_users_on_age.*\n//;
put('shop/db/structure.sql', $without_column);
finds_in_dump(['5 drop-column'], 'a column', 'db/structure.sql', '--severity', 'high');
put('shop/db/structure.sql', $dump . "CREATE TABLE public.fresh (a bigint PRIMARY KEY);\nCREATE INDEX ON public.fresh (a);\n");
finds_in_dump([], 'a new table', 'db/structure.sql', '--severity', 'medium');

# Two of them, with commands of psql.
commit('a/structure.sql' => "\\set x 1\n$dump", 'b/structure.sql' => "\\set x 1\n$dump");
put("shop/$_/structure.sql", "\\set x 1\n$dump$index") foreach qw(a b);
my ($rc, $both, $err) = command_in($repository, 'check', 'a/structure.sql', 'b/structure.sql', '--since', 'main', '--format', 'github');
is($rc . $err, '1', 'two dumps');
is_deeply([ $both =~ m{file=(./structure\.sql,line=\d+).*index-not-concurrent}g ], [ 'a/structure.sql,line=18', 'b/structure.sql,line=18' ], 'two dumps: findings');

done_testing();
