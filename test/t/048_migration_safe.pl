# The safe ways of the texts in test/pgtap/migration_variations_index.sql: each is
# run as it is, behind the statements that its text has before.
use strict;
use warnings FATAL => 'all';
use FindBin;
use JSON::PP;
use MIME::Base64;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $file = slurp_file("$FindBin::Bin/../pgtap/migration_variations_index.sql");
my ($setup) = $file =~ /^SELECT no_plan\(\);\n(.*?)^COMMIT;/ms or die 'the file has no objects';
my ($texts) = $file =~ /^(CREATE TEMP TABLE variations .*?)^CREATE TEMP TABLE told/ms or die 'the file has no texts';

# Few rows are made again faster; the option takes them for many.
$setup =~ s/generate_series\(1, 5000\)/generate_series(1, 30)/g;
$setup =~ s/generate_series\(50001, 55000\)/generate_series(50001, 50030)/g;
$setup = "BEGIN;\n${setup}COMMIT;\n";

# What the server refuses whatever way it is done, and what asks for other things than a database.
my @unfit = (
	'\m(mine|nothing)\M', '\m(SUBSCRIPTION|COPY)\M', 'ALTER DATABASE d', 'DROP TABLE (big|keyed|loose)', 'CREATE TABLE k ', 'pg_sleep');

my $node = PostgreSQL::Test::Cluster->new('safe');
$node->init;
$node->append_conf('postgresql.conf', "wishflags.guard = off\nclient_min_messages = error\nfsync = off\n");
$node->start;
$node->safe_psql('postgres', "CREATE EXTENSION wishflags; $setup");

# A line each: the rule with the text, the statements before, and the way.
my $lines = $node->safe_psql('postgres', "SET search_path = app, public; SET application_name = '';\n$texts" . <<"SQL");
SELECT DISTINCT ON (v.rule, f.safe_sql) replace(encode(convert_to(json_build_array(
	v.rule || ': ' || v.sql, left(v.sql, p.col - 1), f.safe_sql)::text, 'UTF8'), 'base64'), E'\\n', '')
FROM variations v
CROSS JOIN LATERAL wishflags.migration_breaking_check(v.sql, '{"min_rows": 1}') f
JOIN LATERAL wishflags.migration_parse(v.sql) p ON p.statement = f.statement
WHERE f.rule = v.rule AND f.safe_sql IS NOT NULL AND f.severity <> 'info' AND v.options = '{}'
	AND NOT v.sql ~ '${\join('|', @unfit)}' AND v.rule <> 'lock-timeout-missing'
ORDER BY v.rule, f.safe_sql, v.n;
SQL
my @ways = map { decode_json(decode_base64($_)) } split /\n/, $lines;

# One session runs them all; what each leaves is dropped before the next.
my $script = '';
foreach my $i (0 .. $#ways)
{
	my (undef, $before, $way) = @{ $ways[$i] };
	$script .= "DISCARD ALL;\nDROP SCHEMA IF EXISTS app, other, \"Odd Schema\" CASCADE;\nDROP FOREIGN DATA WRAPPER IF EXISTS nowhere CASCADE;\n$setup"
	  . "SET search_path = app, public;\n\\warn way $i\n$before\n$way\nCOMMIT;\n\\warn end $i\n";
}
my ($rc, $out, $err) = $node->psql('postgres', $script, on_error_stop => 0);
foreach my $i (0 .. $#ways)
{
	my ($said) = $err =~ /^way $i\n(.*?)^end $i$/ms;
	my $errors = join "\n", grep { /ERROR/ } split /\n/, $said // 'ERROR: it was not run';
	is($errors, '', "the safe way of $ways[$i][0]") or diag $ways[$i][2];
}
cmp_ok(scalar @ways, '>', 100, 'so many safe ways');

# A safe way says all that its statement says: both end in the same schema.
my $tables = <<'SQL';
CREATE SCHEMA whole;
SET search_path = whole;
CREATE DOMAIN code AS text;
CREATE TABLE other (id int PRIMARY KEY, kind int UNIQUE);
CREATE TABLE base (id int PRIMARY KEY, a text, b text, n int, c code);
CREATE VIEW of_a AS SELECT a FROM base;
CREATE VIEW of_b AS SELECT b FROM base;
CREATE TABLE loose (id int, a int, n int);
CREATE TABLE checked (id int PRIMARY KEY, w varchar(9) CONSTRAINT word CHECK (w > ''));
CREATE TABLE above (d code, e int, CONSTRAINT e CHECK (e > 0));
CREATE TABLE heir (d code, e int, CONSTRAINT e CHECK (e > 0)) INHERITS (above);
CREATE TABLE below () INHERITS (heir);
CREATE TABLE parted (id int NOT NULL, a int, n int) PARTITION BY RANGE (id);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (50) PARTITION BY RANGE (id);
CREATE TABLE parted_1_1 PARTITION OF parted_1 FOR VALUES FROM (0) TO (25);
CREATE TABLE parted_1_2 PARTITION OF parted_1 FOR VALUES FROM (25) TO (50);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (50) TO (100);
INSERT INTO other SELECT g, g FROM generate_series(1, 60) g;
INSERT INTO base SELECT g, g, g, g FROM generate_series(1, 60) g;
INSERT INTO loose SELECT g, g, g FROM generate_series(1, 60) g;
INSERT INTO checked SELECT g, g FROM generate_series(1, 60) g;
INSERT INTO above SELECT NULL, g FROM generate_series(1, 60) g;
INSERT INTO below SELECT NULL, g FROM generate_series(1, 60) g;
INSERT INTO parted SELECT g, g, g FROM generate_series(1, 60) g;
ANALYZE;
SQL
my @whole = (
	# what else is said of a new column
	['add-column-volatile-default', q(ALTER TABLE base ADD COLUMN IF NOT EXISTS x uuid DEFAULT gen_random_uuid() NOT NULL UNIQUE CHECK (x IS NOT NULL))],
	['add-column-volatile-default', q(ALTER TABLE base ADD x text COMPRESSION pglz DEFAULT random()::text COLLATE "C" NOT NULL, ADD y text, ALTER a SET DEFAULT 'z')],
	['add-column-volatile-default', q(ALTER TABLE base ADD x int DEFAULT (random() * 9 + 1)::int REFERENCES other ON DELETE CASCADE DEFERRABLE)],
	['add-column-auto-increment', q(ALTER TABLE IF EXISTS base ADD COLUMN x bigserial UNIQUE, ADD y int)],
	['add-column-auto-increment', q(ALTER TABLE base ADD x int GENERATED ALWAYS AS IDENTITY (START 5) CONSTRAINT positive CHECK (x > 0), DROP n)],
	['add-primary-key-builds-index', q(ALTER TABLE loose ADD key uuid DEFAULT gen_random_uuid() NOT NULL PRIMARY KEY, ADD y int)],
	# the other commands, before and behind, in a form that takes no long lock either
	['add-check-validates', q(ALTER TABLE base ADD CONSTRAINT few CHECK (y > 1), ALTER c SET STORAGE external, ADD COLUMN y int, ADD FOREIGN KEY (n) REFERENCES other (kind), ALTER n SET NOT NULL)],
	['add-foreign-key-validates', q(ALTER TABLE base ADD CHECK (y > 1), ADD COLUMN y int, ADD FOREIGN KEY (n) REFERENCES other (kind), ALTER n SET NOT NULL)],
	['set-not-null-scans', q(ALTER TABLE base ADD CHECK (y > 1), ADD COLUMN y int, ADD UNIQUE (n), ALTER n SET NOT NULL, ALTER n SET STATISTICS 50)],
	['set-not-null-scans', q(ALTER TABLE ONLY above ALTER e SET NOT NULL, ALTER e SET DEFAULT 7)],
	['add-unique-builds-index', q(ALTER TABLE ONLY base ADD CONSTRAINT one UNIQUE (n), ADD COLUMN y int, ALTER n SET DEFAULT 7)],
	['add-unique-builds-index', q(ALTER TABLE base ADD COLUMN y int UNIQUE, ADD z int, ADD UNIQUE (n, y))],
	['add-primary-key-builds-index', q(ALTER TABLE base ADD PRIMARY KEY (n), DROP CONSTRAINT base_pkey, ADD y int)],
	['add-primary-key-builds-index', q(ALTER TABLE base DROP CONSTRAINT base_pkey, ADD CONSTRAINT base_pkey PRIMARY KEY (n))],
	['drop-primary-key', q(ALTER TABLE base DROP CONSTRAINT base_pkey, ADD y bigint DEFAULT 1 NOT NULL, ADD CONSTRAINT base_key PRIMARY KEY (id, y))],
	['drop-primary-key', q(ALTER TABLE base ADD y int, ADD PRIMARY KEY (n), DROP CONSTRAINT base_pkey)],
	['validate-in-same-transaction', q(ALTER TABLE base VALIDATE CONSTRAINT few, ADD CONSTRAINT few CHECK (n > 0) NOT VALID, ADD y int)],
	['type-change-rechecks', q(ALTER TABLE checked ADD y int, ALTER w TYPE varchar(20), ALTER w SET DEFAULT 'w')],
	['foreign-key-without-index', q(ALTER TABLE base ADD FOREIGN KEY (n) REFERENCES other, ADD y int), q(; CREATE INDEX base_n_idx ON base (n))],
	['unnamed-constraint', q(ALTER TABLE IF EXISTS ONLY base ADD y int, ADD /* two */ UNIQUE (n, y), ADD z int)],
	# what CASCADE takes along
	['drop-cascade', q(ALTER TABLE base DROP COLUMN a CASCADE, DROP COLUMN b CASCADE, ADD y int)],
	['drop-cascade', q(ALTER TABLE above DROP COLUMN e CASCADE, ADD y int)],
	['drop-cascade', q(DROP DOMAIN code CASCADE)],
	# partitions of partitions
	['index-not-concurrent', q(CREATE UNIQUE INDEX deep ON parted (id, a) WHERE a > 1), undef, 'deep'],
	['add-unique-builds-index', q(ALTER TABLE parted ADD CONSTRAINT deep UNIQUE (id, a) INCLUDE (n), ADD y int)],
	['add-primary-key-builds-index', q(ALTER TABLE parted ADD PRIMARY KEY (id))],
	['add-foreign-key-validates', q(ALTER TABLE parted ADD FOREIGN KEY (n) REFERENCES other)],
);
$script = "CREATE FUNCTION public.way(sql text, rule text) RETURNS text LANGUAGE sql BEGIN ATOMIC\n"
  . "SELECT f.safe_sql FROM wishflags.migration_breaking_check(sql, '{\"min_rows\": 1}') f WHERE f.rule = \$2 ORDER BY f.safe_sql LIMIT 1; END;\n";
foreach my $i (0 .. $#whole)
{
	my ($rule, $statement, $more) = @{ $whole[$i] };
	my $begin = "DISCARD ALL;\nDROP SCHEMA IF EXISTS whole CASCADE;\n$tables";
	my $end = "\\warn end\nSELECT wishflags.schema_fingerprint(ARRAY['whole']) AS made \\gset\n\\warn :made\n";
	$script .= "$begin\\warn asked $i\n$statement" . ($more // '') . ";\n$end"
	  . "${begin}SELECT public.way(\$q\$$statement\$q\$, '$rule') AS way \\gset\n\\warn done $i\n\\warn :way\n:way\n$end";
}
($rc, $out, $err) = $node->psql('postgres', $script, on_error_stop => 0);
foreach my $i (0 .. $#whole)
{
	my ($asked) = $err =~ /^asked $i\nend\n(\w+)$/m;
	my ($way, $done) = $err =~ /^done $i\n(.*?)^end\n(\w+)$/ms;
	is($done, $asked // 'the statement fails', "the same is made by the safe way of $whole[$i][0]: $whole[$i][1]") or diag $way;
}
$node->stop;
done_testing();
