# What migration_impact() knows on a server that preloads the library and
# pg_stat_statements: statements, sampled sessions, and who may see them.

use strict;
use warnings;

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('impact');
$node->init;
$node->append_conf(
	'postgresql.conf', q{
shared_preload_libraries = 'pg_stat_statements, wishflags'
wishflags.impact_sample_rate = 1
wishflags.impact_sample_max = 100
});
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION wishflags;
	CREATE EXTENSION pg_stat_statements;
	SET wishflags.guard = off;
	CREATE TABLE item (id int, price int, note text, code text);
	INSERT INTO item SELECT g, g, 'n', 'c' FROM generate_series(1, 100) g;
	CREATE VIEW cheap AS SELECT id, price FROM item WHERE price < 10;
	CREATE TABLE other (price int);
	CREATE ROLE web LOGIN; CREATE ROLE batch LOGIN;
	GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO web, batch;
	GRANT USAGE ON SCHEMA wishflags TO web;
	GRANT EXECUTE ON FUNCTION wishflags.migration_impact, wishflags.impact_samples TO web;
	INSERT INTO wishflags.services (name, owner, application_name) VALUES ('shop', 'team-shop', 'shop%');
	INSERT INTO wishflags.services (name, owner, roles) VALUES ('nightly', 'team-data', '{batch}');
	SELECT wishflags.impact_samples_reset();
	SELECT pg_stat_statements_reset();
});

# as ROLE, APPLICATION, SQL
sub as
{
	my ($role, $application, $sql) = @_;
	return $node->safe_psql('postgres', $sql,
		extra_params => [ '-U', $role ], connstr => $node->connstr('postgres') . " application_name=$application user=$role");
}

sub query
{
	my ($sql) = @_;
	return $node->safe_psql('postgres', "SET wishflags.impact_sample_rate = 0; $sql");
}

as('web', 'shop-web', q{SELECT price FROM item WHERE id = 1 /*framework='x',route='%2Fcart%2F%3Aid',traceparent='0'*/});
as('web', 'shop-web', 'SELECT price FROM cheap');
as('web', 'shop-web', 'SELECT count(*) FROM item');
as('batch', 'cron', q{UPDATE item SET note = 'x' WHERE code = 'c'});
as('batch', 'cron', 'DELETE FROM item WHERE id > 90');
as('batch', 'cron', 'EXPLAIN SELECT code, note FROM other, item');
as('batch', 'cron', 'SELECT i FROM item i LIMIT 1');

# Which columns the server itself says that were used.
is( query(
		q{SELECT relation, role, route, reads, writes, calls FROM wishflags.impact_samples()
		  WHERE relation LIKE 'public.%' AND role IN ('web', 'batch') ORDER BY 1, 2, 3 NULLS FIRST}),
	join("\n",
		'public.cheap|web||{price}|{}|1',
		'public.item|batch||{id,price,note,code}|{note}|3',
		'public.item|web||{id,price}|{}|2',
		'public.item|web|/cart/:id|{id,price}|{}|1'),
	'samples by relation, role and route');

# Statements by their parse trees, with what they cost; whose they are.
is( query(
		q{SELECT kind, how, columns, roles, application_name, service, owner, severity
		  FROM wishflags.migration_impact('item.note') WHERE kind = 'sampled session'}),
	'sampled session|writes|{note}|{batch}|cron|nightly|team-data|high',
	'the session that writes a column, and its owner');
is( query(
		q{SELECT application_name, evidence ->> 'route', service, owner FROM wishflags.migration_impact('item.price')
		  WHERE kind = 'sampled session' AND identity LIKE '/cart%'}),
	'shop-web|/cart/:id|shop|team-shop',
	'the route that reads a column');
is( query(
		q{SELECT identity, how, columns, calls, roles, mean_time > 0, total_time = mean_time * calls
		  FROM wishflags.migration_impact('item.code') WHERE kind = 'statement' AND roles = '{batch}' AND how = 'reads'
		  ORDER BY identity}),
	join("\n",
		'EXPLAIN SELECT code, note FROM other, item|reads|{code}|1|{batch}|t|t',
		'SELECT i FROM item i LIMIT $1|reads|{code}|1|{batch}|t|t',
		'UPDATE item SET note = $1 WHERE code = $2|reads|{code}|1|{batch}|t|t'),
	'statements that use a column');
is( query(
		q{SELECT identity, how, evidence ->> 'through' FROM wishflags.migration_impact('item.price')
		  WHERE kind = 'statement' AND identity LIKE '%cheap'}),
	'SELECT price FROM cheap|reads|public.cheap',
	'a statement that uses it through a view');
is( query(q{SELECT count(*) FROM wishflags.migration_impact('other.price') WHERE kind = 'statement' AND identity LIKE 'SELECT price FROM item%'}),
	'0', 'a column of the same name elsewhere is not reached');
is( query(
		q{SELECT DISTINCT target, change FROM wishflags.migration_impact('ALTER TABLE item ALTER note TYPE varchar(10)')
		  WHERE kind IN ('statement', 'sampled session') AND severity = 'medium'}),
	'public.item.note|retype', 'of a migration');

# A role without rights sees its own.
is( as('web', 'asks', q{SELECT DISTINCT role FROM wishflags.impact_samples() WHERE relation = 'public.item'}),
	'web', 'samples of others are not seen');
is( as('web', 'asks', q{SELECT count(*) FROM wishflags.migration_impact('item.note') WHERE kind IN ('statement', 'sampled session') AND 'batch' = ANY (roles)}),
	'0', 'nor in an impact');
my ($rc, $out, $err) = $node->psql('postgres', q{SET SESSION AUTHORIZATION web; SELECT count(*) FROM wishflags.migration_impact('item')});
like($err, qr/NOTICE:  \d+ statements of other roles are not looked into/, 'which is told');

# Nothing is noted at rate 0, and the table stays as large as it is.
query('SELECT wishflags.impact_samples_reset(); SELECT count(*) FROM item');
is(query('SELECT entries FROM wishflags.impact_samples_status()'), '0', 'nothing at rate 0');
$node->safe_psql('postgres',
	join('', map { "SET application_name = 'a$_'; SELECT count(*) FROM item;" } 1 .. 250));
is(query('SELECT loaded, entries, evicted FROM wishflags.impact_samples_status()'), 't|100|150', 'the oldest make room');
is(query(q{SELECT count(*) FROM wishflags.impact_samples() WHERE application_name = 'a250'}), '1', 'for the newest');

# One look at pg_stat_activity stores what other sessions run.
my ($in, $seen, $timer) = ('', '', IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
my $other = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres') . ' application_name=shop-app' ],
	'<', \$in, '>', \$seen, $timer);
$in .= "SELECT 'ready', price FROM item WHERE id = 1 /*route='%2Flook'*/;\n";
$other->pump until $seen =~ /ready/;
like(query('SELECT sessions, read, hidden, cut, unread, stored FROM wishflags.impact_sample()'),
	qr/^\d+\|\d+\|\d+\|0\|0\|1$/, 'a look');
query('SELECT FROM wishflags.impact_sample()');
is(query('SELECT relation, role = current_user, application_name, route, reads, writes, seen FROM wishflags.impact_activity'),
	'public.item|t|shop-app|/look|{id,price}|{}|2', 'is stored, and counted');
$in .= "\\q\n";
$other->finish;

# What cannot be read is told, and does not stop the rest.
$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
$node->adjust_conf('postgresql.conf', 'wishflags.impact_sample_max', undef);
$node->restart;
($rc, $out, $err) = $node->psql('postgres', q{SELECT DISTINCT kind FROM wishflags.migration_impact('item.price') ORDER BY 1});
is($out, "sampled session\nview", 'not preloaded: looks stay');
like($err, qr/DETAIL:  Reading pg_stat_statements failed: pg_stat_statements must be loaded via/, 'and why there is no more');

$node->stop;
done_testing();
