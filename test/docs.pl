#!/usr/bin/perl
# docs.pl: holds the manual against the server.
#
#   docs.pl [--update] [--js DIR] FILE...
#
# Of each Markdown file, in order and in a new database, always called shop:
#
#   ```sql     is run by psql; a ```text fence that follows directly is the
#              output; without one, the block must not fail
#   ```js      is run by node in DIR (where its modules lie), likewise;
#              without --js it is passed over
#   <!-- sql   ... -->  is run and not seen by the reader: what the examples need
#   <!-- generated:  QUERY  -->  ...  <!-- end -->  holds what QUERY returns
#
# Every block is a session of its own.  --update writes the real output into
# the files; look at the difference before you commit it.  psql finds the
# server by the environment.
use strict;
use warnings;
use File::Temp qw(tempdir);
use Test::More;

my ($update, $js_dir) = (0, undef);
while (@ARGV && $ARGV[0] =~ /^--/)
{
	my $option = shift;
	if ($option eq '--update') { $update = 1 }
	elsif ($option eq '--js') { $js_dir = shift }
	else { die "docs.pl: unknown option $option\n" }
}
my $scratch = tempdir(CLEANUP => 1);

# The lines of a file from $at to the one that ends the block; moves $at past it.
sub take_until
{
	my ($lines, $at, $end) = @_;
	my @taken;
	while ($$at < @$lines && $lines->[$$at] !~ $end)
	{
		push @taken, $lines->[ $$at++ ];
	}
	die "a block does not end" if $$at >= @$lines;
	$$at++;
	return @taken;
}

sub slurp
{
	my ($path) = @_;
	open my $in, '<:raw', $path or die "$path: $!\n";
	local $/;
	return scalar <$in>;
}

# Runs a command on a text, as a file or as its input, with both outputs in
# one, as a terminal shows them; a trailing blank means nothing there.
sub output_of
{
	my ($text, $input, $as_input, @command) = @_;
	open my $out, '>:raw', $input or die "$input: $!\n";
	print $out $text;
	close $out;
	my $pid = fork() // die "fork: $!";
	if (!$pid)
	{
		open STDIN, '<', $input or die;
		open STDOUT, '>', "$scratch/out" or die;
		open STDERR, '>&', \*STDOUT or die;
		exec @command, ($as_input ? () : $input) or die "$command[0]: $!";
	}
	waitpid $pid, 0;
	my $result = slurp("$scratch/out");
	$result =~ s/[ \t]+$//mg;
	$result =~ s/\n+\z//;
	$result =~ s/\A\n+//;
	return ($result, $? >> 8);
}

sub run_sql
{
	my ($text, @more) = @_;
	my ($result) = output_of($text, "$scratch/block.sql", 1, 'psql', '-X', '-q', '-P', 'pager=off', @more);
	return $result;
}

sub run_js
{
	my ($text) = @_;
	# node looks for modules from where the file lies.
	my $input = "$js_dir/block.mjs";
	my ($result, $status) = output_of($text, $input, 0, 'node');
	unlink $input;
	return $status ? "$result\nexit status $status" : $result;
}

# compare FILE, LINE, REAL OUTPUT, WRITTEN OUTPUT or undef
sub compare
{
	my ($file, $line, $real, $written) = @_;
	if (defined $written) { is($real, $written, "$file:$line") }
	else { unlike($real, qr/^(?:psql:\S* )?(?:ERROR|FATAL):|^exit status/m, "$file:$line runs") }
}

sub check_file
{
	my ($file) = @_;
	my @lines = split /^/, slurp($file);
	my @new;
	$ENV{PGDATABASE} = 'shop';
	system('dropdb', '--if-exists', 'shop') == 0 && system('createdb', 'shop') == 0
	  or die "$file: no database\n";

	my $at = 0;
	while ($at < @lines)
	{
		my $start = $at + 1;
		my $line = $lines[ $at++ ];
		push @new, $line;
		if ($line =~ /^<!-- generated:$/)
		{
			my @query = take_until(\@lines, \$at, qr/^-->$/);
			push @new, @query, "-->\n";
			my $written = join '', take_until(\@lines, \$at, qr/^<!-- end -->$/);
			my $real = run_sql(join('', @query), '-A', '-t');
			$written =~ s/\A\n+|\n+\z//g;
			compare($file, $start, $real, $update ? undef : $written);
			push @new, ($real eq '' ? () : ("\n", "$real\n", "\n")), "<!-- end -->\n";
		}
		elsif ($line =~ /^<!-- sql$/)
		{
			my @body = take_until(\@lines, \$at, qr/^-->$/);
			compare($file, $start, run_sql(join '', @body), undef);
			push @new, @body, "-->\n";
		}
		elsif ($line =~ /^```(\w*)$/)
		{
			my $kind = $1;
			my @body = take_until(\@lines, \$at, qr/^```$/);
			push @new, @body, "```\n";
			next unless $kind eq 'sql' || ($kind eq 'js' && defined $js_dir);
			my $real = $kind eq 'sql' ? run_sql(join '', @body) : run_js(join '', @body);
			my $written;
			my $next = $at;
			$next++ while $next < @lines && $lines[$next] =~ /^$/;
			if ($next < @lines && $lines[$next] =~ /^```text$/)
			{
				push @new, @lines[ $at .. $next ];
				$at = $next + 1;
				$written = join '', take_until(\@lines, \$at, qr/^```$/);
				$written =~ s/\n+\z//;
				push @new, ($update ? "$real\n" : "$written\n"), "```\n";
			}
			$update && defined $written ? pass("$file:$start") : compare($file, $start, $real, $written);
		}
	}
	if ($update)
	{
		open my $out, '>:raw', $file or die "$file: $!\n";
		print $out join '', @new;
		close $out;
	}
}

check_file($_) foreach @ARGV;
done_testing();
