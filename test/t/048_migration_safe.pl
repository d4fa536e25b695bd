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
$node->stop;
done_testing();
