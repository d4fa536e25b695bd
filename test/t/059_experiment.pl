# Experiments: the results against scipy, false positives of tests where nothing
# differs, a standby, a dump and its restore.

use strict;
use warnings;

use FindBin;
use JSON::PP;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# The one that the packages numpy and scipy are for.
my $python = '/usr/bin/python3';

my $node = PostgreSQL::Test::Cluster->new('experiment');
$node->init(allows_streaming => 1);
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE shop');
$node->safe_psql('shop', q{
	CREATE EXTENSION wishflags;
	INSERT INTO wishflags.flags (key, enabled, definition) VALUES ('checkout', true, '{"variants": {"control": 1, "blue": 2, "green": 3},
		"off": "control", "default": {"split": [{"variant": "control", "weight": 2}, {"variant": "blue", "weight": 1}, {"variant": "green", "weight": 1}]}}');
	SELECT wishflags.experiment_start('button', 'checkout', 'control', '{"control": 2, "blue": 1, "green": 1}');
	SELECT count(*) FROM wishflags.experiment_expose_all('checkout', ARRAY(SELECT g FROM generate_series(1, 4000) g));
	UPDATE wishflags.experiment_exposures SET flickered_at = now(), flickered_to = 'green' WHERE variant = 'blue' AND unit::int % 29 = 0;
	SELECT setseed(0.59);
	CREATE TABLE measured AS
	SELECT x.unit, x.variant, x.flickered_at IS NOT NULL AS flickered, r.country, r.has_row,
		CASE WHEN has_row THEN m.y ELSE 0 END AS y, CASE WHEN has_row THEN r.x ELSE 0 END AS x,
		CASE WHEN has_row AND m.y > 12 THEN 1 ELSE 0 END AS conv,
		CASE WHEN has_row THEN r.den ELSE 0 END AS den, CASE WHEN has_row THEN round(m.y * r.den) ELSE 0 END AS num
	FROM (SELECT * FROM wishflags.experiment_exposures ORDER BY unit COLLATE "C") x,
		LATERAL (SELECT random() < 0.9 AS has_row, 10 + 4 * random() AS x, (3 * random())::int + 1 AS den,
			(ARRAY['DE', 'FR'])[1 + (random() * 1.2)::int] AS country, x.unit) r,
		LATERAL (SELECT r.x + 3 * random() + CASE x.variant WHEN 'green' THEN 0.3 ELSE 0 END AS y) m;
});

# ---- the numbers -------------------------------------------------------------

my %query = (
	mean => 'SELECT unit, y AS value FROM measured WHERE has_row',
	adjusted => 'SELECT unit, y AS value, x AS covariate FROM measured WHERE has_row',
	binomial => 'SELECT unit, conv = 1 AS value FROM measured WHERE has_row',
	ratio => 'SELECT unit, num AS numerator, den AS denominator FROM measured WHERE has_row');
my $dimension = 'SELECT unit, country AS dimension FROM measured';
my @options = (
	{}, { confidence => 0.99 }, { missing => 'exclude' }, { flicker => 'include' }, { direction => 'decrease' },
	{ sequential => JSON::PP::true }, { sequential => JSON::PP::true, sequential_tuning => 1000, confidence => 0.9 },
	{ prior_stddev => 0.3 }, { prior_mean => 0.02, prior_stddev => 0.01 }, { correction => 'bonferroni' },
	{ correction => 'holm', dimension_query => $dimension }, { correction => 'benjamini-hochberg', dimension_query => $dimension },
	{ dimension_query => $dimension, missing => 'exclude', sequential => JSON::PP::true });
my $json = JSON::PP->new->canonical;
my @cases;
for my $kind (sort keys %query)
{
	for my $option (@options)
	{
		my $text = $json->encode($option);
		my $rows = $node->safe_psql('shop',
			"SELECT json_agg(r) FROM wishflags.experiment_results('button', \$q\$$query{$kind}\$q\$, \$q\$$text\$q\$) r");
		push @cases, { name => "$kind $text", kind => $kind, options => $option, rows => $json->decode($rows) };
	}
}
my $units = $node->safe_psql('shop', 'SELECT json_agg(m) FROM measured m');
my $shares = '{"control": 2, "blue": 1, "green": 1}';
my $input = $json->encode({ units => $json->decode($units), shares => $json->decode($shares), cases => \@cases });
my ($out, $err) = ('', '');
my $ran = IPC::Run::run([ $python, "$FindBin::RealBin/experiment_scipy.py" ], '<', \$input, '>', \$out, '2>', \$err);
ok($ran, 'scipy ran') or diag $err;
like($out, qr/\Acompared \d{4}\n\z/, scalar(@cases) . ' results are what scipy says, to 1e-9');

# ---- nothing differs -----------------------------------------------------------

# A thousand experiments at once: the values of a dimension.
$node->safe_psql('shop', q{
	SELECT wishflags.experiment_stop('button');
	SELECT wishflags.experiment_start('same', 'checkout', 'control', '{"control": 1, "blue": 1}');
	SELECT setseed(0.41);
	CREATE TABLE same AS SELECT g AS unit, g % 1000 AS dimension, g / 1000 AS turn, random() < 0.5 AS second,
		-ln(random()) AS value, random() < 0.2 AS bought, 1 + (random() * 4)::int AS visits FROM generate_series(0, 199999) g;
	INSERT INTO wishflags.experiment_exposures SELECT 'same', unit, CASE WHEN second THEN 'blue' ELSE 'control' END,
		'2026-01-01'::timestamptz + turn * interval '1 min' FROM same;
	ANALYZE same, wishflags.experiment_exposures;
});
my $dimensions = q{"dimension_query": "SELECT unit, dimension FROM same"};

# Of 1000 tests 50 are to fail by chance, with a standard deviation of 7.
for my $of ([ 'a mean', 'SELECT unit, value FROM same' ], [ 'a share', 'SELECT unit, bought AS value FROM same' ],
	[ 'a ratio', 'SELECT unit, value * visits AS numerator, visits AS denominator FROM same' ],
	[ 'an adjusted mean', 'SELECT unit, value + visits AS value, visits AS covariate FROM same' ])
{
	my ($p, $interval, $split) = split /\|/, $node->safe_psql('shop', qq{
		SELECT count(*) FILTER (WHERE p_value < 0.05), count(*) FILTER (WHERE difference_lower > 0 OR difference_upper < 0),
			count(*) FILTER (WHERE sample_ratio_p < 0.05)
		FROM wishflags.experiment_results('same', '$of->[1]', '{$dimensions, "minimum_units": 10}') WHERE variant = 'blue'});
	ok($p >= 22 && $p <= 78, "false positives of $of->[0]: $p of 1000");
	is($interval, $p, 'those whose interval leaves out zero');
	ok($split >= 22 && $split <= 78, "false alarms about the split: $split");
}

# Whoever looks ten times and stops at the first success errs more often; not so with sequential intervals.
my $peek = sub {
	return $node->safe_psql('shop', qq{
		SELECT count(DISTINCT r.dimension) FROM generate_series(19, 199, 20) turn,
			LATERAL wishflags.experiment_results('same', 'SELECT unit, value FROM same', jsonb_build_object('minimum_units', 10,
				'dimension_query', 'SELECT unit, dimension FROM same WHERE dimension < 500', 'sequential', $_[0], 'sequential_tuning', 200,
				'as_of', '2026-01-01'::timestamptz + turn * interval '1 min')) r
		WHERE r.variant = 'blue' AND r.dimension IS NOT NULL AND r.p_value < 0.05});
};
my $fixed = $peek->('false');
my $sequential = $peek->('true');
cmp_ok($fixed, '>', 50, "looking ten times: $fixed of 500 are false positives");
cmp_ok($sequential, '<=', 25 + 2 * 5, "and $sequential with sequential intervals");

# ---- elsewhere -----------------------------------------------------------------

$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->wait_for_catchup($standby);
my ($rc, $stdout, $stderr) = $standby->psql('shop', q{SELECT wishflags.experiment_expose('checkout', 'x')});
like($stderr, qr/cannot execute experiment_expose\(\) in a read-only transaction\nHINT:  This server is a standby; connect to its primary\./,
	'a standby exposes nobody');
my $all = q{SELECT * FROM wishflags.experiment_results('button', 'SELECT unit, y AS value FROM measured')};
is($standby->safe_psql('shop', $all), $node->safe_psql('shop', $all), 'and has the results');
$standby->stop;

my $dump = $node->basedir . '/dump';
my $rows = q{SELECT md5(string_agg(e::text, ',' ORDER BY e.key)) FROM wishflags.experiments e
	UNION ALL SELECT md5(string_agg(x::text, ',' ORDER BY experiment, unit)) FROM wishflags.experiment_exposures x
	UNION ALL SELECT md5(string_agg(a::text, ',' ORDER BY kind, key, ordinal)) FROM wishflags.flag_audit a};
$node->command_ok([ 'pg_dump', '-Fd', '-f', $dump, '-d', $node->connstr('shop') ], 'a dump');
$node->safe_psql('postgres', 'CREATE DATABASE again');
$node->command_ok([ 'pg_restore', '-j', '2', '-d', $node->connstr('again'), $dump ], 'is restored');
is($node->safe_psql('again', $rows), $node->safe_psql('shop', $rows), 'row by row');
is($node->safe_psql('again', 'SELECT count(*) FROM wishflags.audit_verify()'), 0, 'and the chains verify');

done_testing();
