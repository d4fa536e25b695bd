# The command "wishflags sandbox": a new database with some of the rows of
# another one, complete and masked.
use strict;
use warnings FATAL => 'all';
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Command;

my $node = PostgreSQL::Test::Cluster->new('sandbox');
$node->init;
$node->start;
my $files = files();

sub databases
{
	return $node->safe_psql('postgres', "SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname !~ '^(postgres|template)'");
}

$node->safe_psql('postgres', "CREATE DATABASE shop TEMPLATE template0 ENCODING 'UTF8'; CREATE DATABASE bare");
$node->safe_psql('shop', <<'EOF');
CREATE EXTENSION wishflags;
CREATE SCHEMA aux;
CREATE TYPE state AS ENUM ('open', 'paid');
CREATE TABLE customer (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE, name text, friend int REFERENCES customer,
	born timestamptz, size interval, cost money, loud text GENERATED ALWAYS AS (upper(name)) STORED);
CREATE TABLE sale (id bigserial, day date, customer int REFERENCES customer ON DELETE CASCADE, state state, doc jsonb, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE sale_24 PARTITION OF sale FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE sale_25 PARTITION OF sale FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE line (sale bigint, day date, text text, bytes bytea, list text[], FOREIGN KEY (sale, day) REFERENCES sale MATCH FULL);
CREATE TABLE aux."Odd one" ("a""b" text);
CREATE MATERIALIZED VIEW busy AS SELECT customer, count(*) AS sales FROM sale GROUP BY customer;
CREATE UNIQUE INDEX ON busy (customer);
CREATE VIEW aux.lines AS SELECT * FROM line WHERE wishflags.flag_eval('lines', text);
CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'a trigger has fired'; END$$;
INSERT INTO customer (email, name, friend, born, size, cost) SELECT g || '@shop.ch', E'Zo\u00eb\t' || g, nullif(g / 2, 0), '2000-01-01 12:34:56.789+00', '1 mon 2 days', 12.5
	FROM generate_series(1, 2000) g;
INSERT INTO sale (day, customer, state, doc) SELECT date '2024-01-01' + g % 700, g % 2000 + 1, 'open', jsonb_build_object('g', g, 'x', E'a\nb"\\') FROM generate_series(1, 5000) g;
INSERT INTO line SELECT id, day, E'one\ntwo\\.\r', '\x005c0a', ARRAY['a b', NULL, E'\\'] FROM sale;
INSERT INTO line (text) VALUES ('\.'), (NULL), ('');
INSERT INTO aux."Odd one" VALUES ('only');
REFRESH MATERIALIZED VIEW busy;
CREATE TRIGGER stop BEFORE INSERT OR UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION stop();
ALTER TABLE line ENABLE ROW LEVEL SECURITY;
ALTER TABLE line FORCE ROW LEVEL SECURITY;
CREATE POLICY all_of_them ON line USING (true);
EOF
my $shop = $node->connstr('shop');

# A sample of all tables: the schema is the same, foreign keys hold, and nothing personal is there.
my ($rc, $out, $err) = command('sandbox', $shop, 'box', '--sample', '2%', '--mask', 'suggested');
is($err, '', 'made without a word');
is($rc, 0, 'exit status');
is($out, '', 'no output');
my $options = q('{"owners": false, "grants": false}');
$node->safe_psql('box', 'CREATE EXTENSION IF NOT EXISTS wishflags');
is( $node->safe_psql('box', "SELECT wishflags.schema_fingerprint('{public,aux}', $options)"),
	$node->safe_psql('shop', "SELECT wishflags.schema_fingerprint('{public,aux}', $options)"), 'the schema');
is($node->safe_psql('box', 'SELECT count(*) > 0 FROM pg_constraint WHERE NOT convalidated'), 'f', 'all constraints are valid');
my $sales = $node->safe_psql('box', 'SELECT count(*) FROM sale');
cmp_ok($sales, '>', 20, 'some sales');
cmp_ok($sales, '<', 2000, 'not all of them');
is($node->safe_psql('box', "SELECT count(*) FROM customer WHERE email !~ '^user-[0-9a-f]{16}\@example.com\$'"), 0, 'emails are masked');
is($node->safe_psql('box', "SELECT bool_and(size = interval '1 mon 2 days' AND cost = 12.5::money AND loud = upper(name)) FROM customer"), 't', 'values');
is($node->safe_psql('box', 'SELECT bool_and(b.sales = (SELECT count(*) FROM sale s WHERE s.customer = b.customer)) FROM busy b'), 't', 'the materialized view is of these rows');
is($node->safe_psql('box', "SELECT nextval('sale_id_seq'), nextval('customer_id_seq')"), '5001|2001', 'sequences go on');
is($node->safe_psql('box', "SELECT reltuples > 0 FROM pg_class WHERE relname = 'customer'"), 't', 'the planner knows the rows');

# Rows are what they were.
my $rows = q(SELECT md5(string_agg(t::text, ',' ORDER BY t::text)) FROM (SELECT to_jsonb(l) FROM line l UNION ALL SELECT to_jsonb(s) FROM sale s
	UNION ALL SELECT to_jsonb(c) FROM customer c UNION ALL SELECT to_jsonb(o) FROM aux."Odd one" o) t);
put('all.json', '{"percent": 100}');
put('none.json', '{"public.customer.email": "none", "public.customer.name": "none"}');
($rc, $out, $err) = command('sandbox', $shop, 'full', '--sample', "$files/all.json", '--mask', "$files/none.json");
is($err, '', 'customer.born is no date that looks personal');
is($node->safe_psql('full', $rows), $node->safe_psql('shop', $rows), 'all rows, unmasked, are the same');

# Schemas, and a key that is masked on both sides.
put('key.json', '{"public.customer.id": "hash", "suggested": true}');
($rc, $out, $err) = command('sandbox', $shop, 'keys', '--schema', 'public', '--sample=50', "--mask=$files/key.json");
is($rc, 0, "one schema: $err");
is($node->safe_psql('keys', "SELECT to_regnamespace('aux') IS NULL, count(DISTINCT id) = count(*), min(id) > 0 FROM customer"), 't|t|t', 'keys');
is($node->safe_psql('keys', 'SELECT count(*) FROM sale JOIN customer c ON c.id = customer'), $node->safe_psql('keys', 'SELECT count(*) FROM sale'), 'no sale is torn off');

# What looks personal is named; a sandbox is replaced when asked, and nothing else ever.
($rc, $out, $err) = command('sandbox', $shop, 'box', '--sample', 5);
is($rc, 2, 'there is one');
like($err, qr/the database "box" exists\nHINT: To replace it: --drop/, 'and how to replace it');
($rc, $out, $err) = command('sandbox', $shop, 'box', '--sample', 5, '--drop');
is($rc, 0, 'replaced');
like($err, qr/^wishflags: not masked: public\.customer\.email, which looks personal; "fake-email" would mask it\.$/m, 'a hint');
is($node->safe_psql('box', 'SELECT count(*) < 100 FROM sale'), 't', 'by another one');
($rc, $out, $err) = command('sandbox', $shop, 'bare', '--drop');
is($rc, 2, 'a database of others');
like($err, qr/"bare" exists\nHINT: It is no sandbox, so it is not dropped/, 'is left alone');

# What fails leaves nothing.
my $before = databases();
put('bad.json', '{"public.customer.email": "null"}');
put('broken.json', '{');
foreach (
	[ [ $shop, 'new', '--mask', "$files/bad.json" ], qr/mask "null" gives nulls, which column public\.customer\.email does not take/ ],
	[ [ $shop, 'new', '--mask', "$files/broken.json" ], qr/invalid input syntax for type json/ ],
	[ [ $shop, 'new', '--schema', 'aux' ], qr/needs .*, which is in no schema of the sandbox/ ],
	[ [ $shop, 'new', '--schema', 'nowhere' ], qr/schema "nowhere" does not exist/ ],
	[ [ $shop, 'new', '--sample', '5x' ], qr/--sample: there is no file "5x"/ ],
	[ [ $shop, 'new', '--sample' ], qr/--sample takes a value/ ],
	[ [ $shop, 'new one' ], qr/is no name for a sandbox/ ],
	[ [ $shop ], qr/sandbox takes SOURCE and NAME/ ],
	[ [ $node->connstr('bare'), 'new' ], qr/has no extension wishflags/ ],
	[ [ $node->connstr('nowhere'), 'new' ], qr/cannot be read/ ],
	[ [ "$files/all.json", 'new' ], qr/is not a database/ ])
{
	my ($arguments, $like) = @$_;
	($rc, $out, $err) = command('sandbox', @$arguments);
	is($rc, 2, "@$arguments: exit status");
	like($err, $like, "@$arguments: message");
}
$node->safe_psql('postgres', 'CREATE ROLE low LOGIN');
($rc, $out, $err) = command('sandbox', "$shop user=low", 'new');
is($rc, 2, 'a role without rights');
like($err, qr/with sandbox_create\(\) that you may use/, 'is told');
is(databases(), $before, 'nothing is left of them');

# A role that is no superuser, and owns nothing, makes one that is its own.
$node->safe_psql('shop', 'DROP VIEW aux.lines; ALTER ROLE low CREATEDB; GRANT USAGE ON SCHEMA wishflags, aux TO low;
	GRANT EXECUTE ON FUNCTION wishflags.sandbox_create TO low; GRANT SELECT ON ALL TABLES IN SCHEMA public, aux TO low;
	GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO low');
($rc, $out, $err) = command('sandbox', "$shop user=low", 'lows', '--sample', 20, '--mask', 'suggested');
is($rc, 0, "a role with few rights: $err");
is($node->safe_psql('lows', 'SELECT count(*) >= 20, pg_get_userbyid(min(relowner)) FROM line, pg_class WHERE relname = $$line$$ GROUP BY relowner'), 't|low', 'its rows and owner');
done_testing();
