# What the tests of the command wishflags share.
package Command;
use strict;
use warnings FATAL => 'all';
use Cwd qw(abs_path);
use Exporter 'import';
use IPC::Run;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(put command command_in files);

my $files = abs_path(PostgreSQL::Test::Utils::tempdir);

# The folder of the test.
sub files { return $files }

# Writes NAME in it.
sub put
{
	my ($name, $text) = @_;
	my $path = "$files/$name";
	my ($folder) = $path =~ m{^(.*)/};
	system('mkdir', '-p', $folder) == 0 or die;
	open my $out, '>', $path or die "$path: $!";
	print $out $text;
	close $out;
	return $path;
}

# command_in FOLDER, ARGUMENT...: (exit status, standard output, standard error)
sub command_in
{
	my ($folder, @arguments) = @_;
	my ($out, $err) = ('', '');
	local %ENV = %ENV;
	delete @ENV{qw(PGHOST PGPORT PGUSER PGDATABASE DBMATE_MIGRATIONS_DIR GOOSE_MIGRATION_DIR GITHUB_HEAD_REF GITHUB_REF_NAME CI_COMMIT_REF_NAME)};
	IPC::Run::run([ 'wishflags', @arguments ], '<', \undef, '>', \$out, '2>', \$err, init => sub { chdir $folder or die });
	return ($? >> 8, $out, $err);
}

sub command { return command_in($files, @_) }

1;
