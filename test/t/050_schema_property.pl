# Random edits of a database with all types of object: the scripts of
# schema_diff_sql() lead back from where the edits led, there again, and back by
# the way back, and leave no difference; pg_dump sees none either.
#
# SEQUENCES=500 says how many, SEED=1 which; SEQUENCE=n runs one of them.
# test/t/property/base.sql is where all begin, edits.sql has the kinds of edit.
use strict;
use warnings FATAL => 'all';
use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $seed = $ENV{SEED} // 1;
my $sequences = $ENV{SEQUENCES} // 500;
my ($first, $last) = $ENV{SEQUENCE} ? ($ENV{SEQUENCE}) x 2 : (1, $sequences);

# So many sequences begin with the same database; the first with base.sql
# itself, the others after some edits of it.
my $generation = 100;
my $early_edits = 40;
my $most_edits = 8;

# One sequence of so many is compared by pg_dump as well.
my $dump_every = 20;

my $sources = dirname(__FILE__) . '/property';
my $files = PostgreSQL::Test::Utils::tempdir;
my $node = PostgreSQL::Test::Cluster->new('property');
$node->init;
$node->append_conf('postgresql.conf', "wal_level = logical\nautovacuum = off\nmax_locks_per_transaction = 256\n");
$node->start;
$node->safe_psql('postgres', 'CREATE ROLE property_owner; CREATE ROLE property_reader;');
$ENV{PGOPTIONS} = '-c wishflags.guard=off -c client_min_messages=error -c statement_timeout=60s';

my %done;
my $failures = 0;
for (my $n = $first; $n <= $last;)
{
	my $end = $n + $generation - 1 - ($n - 1) % $generation;

	$end = $last if $end > $last;
	begin($n);
	$n = run_sequences($n, $end) + 1;
}
is($failures, 0, "$sequences sequences of edits with seed $seed, there and back");
if ($last - $first >= 499)
{
	my @never = grep { !$done{$_} } split(/\n/, $node->safe_psql('property', 'SELECT kind FROM property.kinds'));

	is("@never", '', 'every kind of edit was done');
}
done_testing();

# Makes the database in which sequence N begins, and keeps how it is.
sub begin
{
	my ($n) = @_;
	my $number = int(($n - 1) / $generation);
	my $edits = $number ? $early_edits : 0;

	# A database with subscriptions cannot be dropped.
	$node->safe_psql('property', "DROP SUBSCRIPTION $_") foreach split(/\n/, $node->safe_psql('postgres',
		"SELECT quote_ident(subname) FROM pg_subscription JOIN pg_database d ON d.oid = subdbid WHERE datname = 'property'"));
	$node->safe_psql('postgres', 'DROP DATABASE IF EXISTS property');
	$node->safe_psql('postgres', 'CREATE DATABASE property TEMPLATE template0');
	$node->safe_psql('property', 'CREATE EXTENSION wishflags');
	$node->safe_psql('property', slurp_file("$sources/$_.sql")) foreach 'base', 'edits';
	$node->safe_psql('property', setseed(-$number) . "SELECT property.edit(0, $edits); CALL property.keep('base');");
	$node->command_ok([ qw(pg_dump -s -N wishflags -N property -f), "$files/base", '-d', $node->connstr('property') ], "generation $number");
	return;
}

# Runs sequences up to the first that fails; returns the last that was run.
sub run_sequences
{
	my ($from, $to) = @_;
	my ($n, %edits, $stdout, $stderr);
	my $rc;

	unlink "$files/sequences.sql";
	append_to_file("$files/sequences.sql", join('', map { sequence($_) } $from .. $to));
	$rc = $node->psql('property', "\\i $files/sequences.sql", stdout => \$stdout, stderr => \$stderr);
	foreach (split(/\n/, $stdout))
	{
		if (/^sequence (\d+)$/) { $n = $1; next; }
		push @{ $edits{$n} }, $_;
		$done{$1}++ if /^([a-z ]+): /;
	}
	$to = $n if $rc != 0;
	foreach my $dumped (grep { dumped($_) } $from .. $to)
	{
		compare_dumps($dumped, $edits{$dumped}) unless $rc != 0 && $dumped == $n;
	}
	report($n, $edits{$n}, $stderr . script_line($stderr)) if $rc != 0;
	return $to;
}

sub dumped { return $_[0] % $dump_every == 0 }

# What psql is told for a sequence.  The database is left as it was found.
sub sequence
{
	my ($n) = @_;
	my $edits = 1 + $n % $most_edits;
	my $options = $n % 3 ? '"online": false' : '"online": true';

	return "\\echo sequence $n\n" . setseed($n) . "SELECT property.edit(1000, $edits);\nCALL property.keep('edited');\n" . dump_of('edited', $n)
		. step($n, 'back', "'edited', 'base', '{$options}'", 'base')
		. step($n, 'there', "'base', 'edited', '{$options}'", 'edited')
		. step($n, 'again', "'base', 'edited', '{$options, \"rollback\": true}'", 'base');
}

sub setseed { return sprintf("SELECT setseed(%s) \\g /dev/null\n", sin($seed * 10000 + $_[0])) }

# One script, which is to lead to a state that was kept.
sub step
{
	my ($n, $name, $arguments, $state) = @_;

	return "SELECT property.script($arguments) \\g $files/$name.sql\nSELECT max(oid) AS newest FROM pg_class \\gset\n"
		. "\\o /dev/null\n\\i $files/$name.sql\n\\o\nRESET ALL;\nCALL property.expect('$state', :newest);\n" . dump_of($name, $n);
}

sub dump_of
{
	my ($name, $n) = @_;

	return dumped($n) ? sprintf("\\! pg_dump -s -N wishflags -N property -f %s/%s.%d -d '%s'\n", $files, $name, $n, $node->connstr('property')) : '';
}

sub compare_dumps
{
	my ($n, $edits) = @_;

	foreach (['back', 'base'], ['there', "edited.$n"], ['again', 'base'])
	{
		my ($name, $wanted) = @$_;
		my %lines;

		$lines{$_}++ foreach dump_lines("$name.$n");
		$lines{$_}-- foreach dump_lines($wanted);
		report($n, $edits, "pg_dump after \"$name\":\n" . join('', map { ($lines{$_} > 0 ? '+' : '-') . "$_\n" }
			grep { $lines{$_} } sort keys %lines)) if grep { $_ } values %lines;
	}
	return;
}

# Lines in any order, the order of columns set aside (in statistics and
# publications too), and from 18 on the names of NOT NULL, which a snapshot lists
# in "unmodelled", and what inherited ones are a child's own, which no statement
# takes back.
sub dump_lines
{
	my ($name) = @_;

	return map { s/^(CREATE STATISTICS .* ON |ALTER PUBLICATION .* ADD TABLE ONLY [^(]+ \()(.+?)( FROM |\))/$1 . join(', ', sort split(m{, }, $2)) . $3/er }
	  map { s/,$//r } map { s/CONSTRAINT \S+ NOT NULL/NOT NULL/r }
	  grep { !/^ +(CONSTRAINT \S+ )?NOT NULL / }
	  grep { !/^(--|\\|SET |SELECT pg_catalog\.set_config|$)/ } split(/\n/, slurp_file("$files/$name"));
}

# The statement at which a script failed.
sub script_line
{
	my ($stderr) = @_;
	my ($file, $line) = $stderr =~ m{^psql:(\Q$files\E/\S+\.sql):(\d+): ERROR}m or return '';
	my @lines = split(/\n/, slurp_file($file));

	return "at: $lines[$line - 1]\n";
}

sub report
{
	my ($n, $edits, $what) = @_;

	$failures++;
	diag("SEED=$seed SEQUENCE=$n: $what\nafter these edits:\n" . join("\n", @$edits) . "\n");
	return;
}
