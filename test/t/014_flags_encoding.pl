# One user has one bucket, whatever the encoding of the database.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->start;
my %answers;
for my $encoding ('UTF8', 'LATIN1', 'EUC_JP')
{
	my $db = lc $encoding;
	$node->safe_psql('postgres', "CREATE DATABASE $db ENCODING '$encoding' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
	for my $letter ($encoding eq 'EUC_JP' ? "\xe6\x97\xa5" : "\xc3\xa9")    # in UTF-8
	{
		$answers{$encoding} = $node->safe_psql($db, qq{
			SET client_encoding = 'UTF8';
			SET client_min_messages = warning;
			CREATE EXTENSION wishflags;
			INSERT INTO wishflags.flags (key, enabled, rollout) VALUES ('caf$letter', true, 50), ('plain', true, 50);
			INSERT INTO wishflags.flags (key, enabled, definition) VALUES ('split', true, '{"variants": {"a": 1, "b": 2},
				"default": {"seed": "$letter", "split": [{"variant": "a", "weight": 1}, {"variant": "b", "weight": 1}]}}');
			SELECT string_agg(wishflags.flag_eval('caf$letter', n || '$letter')::text || wishflags.flag_eval('plain', '$letter' || n)
				|| wishflags.flag_variant('split', jsonb_build_object('targetingKey', n || '$letter')), '' ORDER BY n)
			FROM generate_series(1, 300) n});
	}
}
is($answers{LATIN1}, $answers{UTF8}, 'LATIN1 as UTF8');
like($answers{LATIN1}, qr/truefalse.*falsetrue/, 'with both answers');

# The other letter, in UTF8.
my $japanese = $node->safe_psql('utf8', qq{
	SET client_encoding = 'UTF8';
	INSERT INTO wishflags.flags (key, enabled, rollout) VALUES ('caf\xe6\x97\xa5', true, 50);
	UPDATE wishflags.flags SET definition = jsonb_set(definition, '{default, seed}', to_jsonb('\xe6\x97\xa5'::text)) WHERE key = 'split';
	SELECT string_agg(wishflags.flag_eval('caf\xe6\x97\xa5', n || '\xe6\x97\xa5')::text || wishflags.flag_eval('plain', '\xe6\x97\xa5' || n)
		|| wishflags.flag_variant('split', jsonb_build_object('targetingKey', n || '\xe6\x97\xa5')), '' ORDER BY n)
	FROM generate_series(1, 300) n});
is($answers{EUC_JP}, $japanese, 'EUC_JP as UTF8');

done_testing();
