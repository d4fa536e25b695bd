-- Renames by hint: the data stays where it is, and what hangs on a name follows.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA sd;
SET search_path = sd;
CREATE TYPE mood AS ENUM ('sad', 'glad');
CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL, state mood DEFAULT 'sad', CHECK (length(name) > 0));
CREATE TABLE purchase (id serial PRIMARY KEY, customer_id int REFERENCES customer (id), total numeric,
	double_total numeric GENERATED ALWAYS AS (total * 2) STORED);
CREATE INDEX by_total ON purchase (total DESC, customer_id) WHERE total > 10;
CREATE VIEW best AS SELECT c.name, sum(p.total) AS total FROM customer c JOIN purchase p ON p.customer_id = c.id
	WHERE c.state <> 'sad' GROUP BY c.id;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE OF total ON purchase FOR EACH ROW WHEN (OLD.total <> NEW.total) EXECUTE FUNCTION touch();
CREATE POLICY own ON purchase USING (EXISTS (SELECT 1 FROM customer WHERE customer.id = customer_id));
RESET search_path;
INSERT INTO sd.customer SELECT g, 'c' || g, 'glad' FROM generate_series(1, 20) g;
INSERT INTO sd.purchase (customer_id, total) SELECT 1 + g % 20, g FROM generate_series(1, 100) g;
CREATE TEMP TABLE snapshots (name text PRIMARY KEY, s jsonb);
INSERT INTO snapshots VALUES ('before', wishflags.schema_snapshot('{sd}'));
CREATE VIEW pg_temp.two AS SELECT a.s AS before, b.s AS after FROM snapshots a, snapshots b WHERE a.name = 'before' AND b.name = 'after';
CREATE FUNCTION pg_temp.run(script text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE regexp_replace(script, '^(BEGIN|COMMIT);$', '', 'gn');
END $$;
CREATE FUNCTION pg_temp.files() RETURNS text LANGUAGE sql AS $$
SELECT string_agg(pg_relation_filenode(oid)::text, ' ' ORDER BY oid) FROM pg_class
WHERE relnamespace = 'sd'::regnamespace AND relkind IN ('r', 'i', 'S')
$$;
SELECT pg_temp.files() AS files \gset

-- The target, as somebody would write it anew: other names and one column more.
BEGIN;
ALTER TABLE sd.purchase RENAME TO orders;
ALTER TABLE sd.orders RENAME total TO amount;
ALTER TABLE sd.orders RENAME CONSTRAINT purchase_pkey TO orders_pkey;
ALTER TABLE sd.orders ADD note text;
ALTER TABLE sd.customer RENAME id TO "customer id";
ALTER TABLE sd.customer RENAME CONSTRAINT customer_name_check TO named;
ALTER TYPE sd.mood RENAME TO feeling;
ALTER TYPE sd.feeling RENAME VALUE 'sad' TO 'blue';
ALTER INDEX sd.by_total RENAME TO by_amount;
ALTER SEQUENCE sd.purchase_id_seq RENAME TO orders_id_seq;
ALTER FUNCTION sd.touch RENAME TO stamp;
ALTER TRIGGER touched ON sd.orders RENAME TO stamped;
ALTER POLICY own ON sd.orders RENAME TO mine;
ALTER VIEW sd.best RENAME COLUMN total TO spent;
SELECT wishflags.schema_snapshot('{sd}') AS after \gset
ROLLBACK;
INSERT INTO snapshots VALUES ('after', :'after');
CREATE TEMP TABLE renamed AS SELECT s FROM snapshots WHERE name = 'after';

-- Each rename is a row of its own; only what differs besides is anything else.
CREATE TEMP TABLE hints AS SELECT jsonb '{"online": false, "renames": {
	"table sd.purchase": "orders", "column sd.purchase.total": "amount", "constraint purchase_pkey ON sd.purchase": "orders_pkey",
	"column sd.customer.id": "\"customer id\"", "constraint customer_name_check ON sd.customer": "named ON sd.customer",
	"enum sd.mood": "sd.feeling", "enum value sd.mood.sad": "blue", "index sd.by_total": "index sd.by_amount",
	"sequence sd.purchase_id_seq": "orders_id_seq", "function sd.touch()": "stamp", "trigger touched ON sd.purchase": "stamped",
	"policy own ON sd.purchase": "mine", "column sd.best.total": "spent"}}' AS options;
SELECT action, object_type, identity, attribute, from_value, to_value, severity, kind, lock_mode
FROM pg_temp.two, hints, wishflags.schema_diff(before, after, options) ORDER BY ordinal;
SELECT wishflags.schema_diff_sql(before, after, options) AS script FROM pg_temp.two, hints \gset
\echo :script
SELECT pg_temp.run(:'script');
SELECT count(*) AS left_over FROM snapshots, wishflags.schema_diff(s) WHERE name = 'after';
SELECT pg_temp.files() = :'files' AS same_files, count(*), sum(amount) FROM sd.orders;

-- The way back: by rollback and by the swapped diff it is the same script, but for what stays lost.
SELECT regexp_replace(wishflags.schema_diff_sql(before, after, options || '{"rollback": true, "allow_data_loss": true}'), '^-- Not brought back: [^\n]*\n', '', 'gn')
	= wishflags.schema_diff_sql(after, before, options || '{"allow_data_loss": true}') AS same FROM pg_temp.two, hints;
SELECT pg_temp.run(wishflags.schema_diff_sql(before, after, options || '{"rollback": true, "allow_data_loss": true}')) FROM pg_temp.two, hints;
SELECT count(*) AS left_over FROM snapshots, wishflags.schema_diff(s) WHERE name = 'before';
SELECT pg_temp.files() = :'files' AS same_files, count(*), sum(total) FROM sd.purchase;

-- Tables that take each other's names, and an old name that is used again.
CREATE TABLE sd.a (id int);
CREATE TABLE sd.b (id int);
CREATE VIEW sd.of_a AS SELECT * FROM sd.a;
INSERT INTO sd.a VALUES (1);
UPDATE snapshots SET s = wishflags.schema_snapshot('{sd}') WHERE name = 'before';
CREATE TEMP TABLE swapped AS SELECT wishflags.schema_diff_sql(s, jsonb_set(s, '{objects,view,sd.of_a}', jsonb_build_object(
	'definition', E' SELECT b.id\n   FROM sd.b', 'columns', s #> '{objects,view,sd.of_a,columns}', 'owner', s #> '{objects,view,sd.of_a,owner}',
	'schema', 'sd', 'needs', '["column sd.b.id"]'::jsonb)),
	'{"renames": {"table sd.a": "b", "table sd.b": "a"}}') AS script FROM snapshots WHERE name = 'before';
SELECT script FROM swapped;
SELECT pg_temp.run(script) FROM swapped;
SELECT (SELECT count(*) FROM sd.b) AS b, (SELECT count(*) FROM sd.of_a) AS of_a;
UPDATE snapshots SET s = wishflags.schema_snapshot('{sd}') WHERE name = 'before';
ALTER TABLE sd.a RENAME TO c;
CREATE TABLE sd.a (other int);
UPDATE snapshots SET s = wishflags.schema_snapshot('{sd}') WHERE name = 'after';
SELECT action, identity, from_value, to_value FROM pg_temp.two, wishflags.schema_diff(before, after, '{"renames": {"table sd.a": "c"}}');
SELECT action, identity, from_value, to_value FROM pg_temp.two, wishflags.schema_diff(after, before, '{"renames": {"table sd.a": "c"}}');
SELECT action, identity, from_value, to_value FROM snapshots, wishflags.schema_diff(s, jsonb_set(jsonb_set(s, '{objects,table,sd.d}', s #> '{objects,table,sd.a}'),
	'{objects,column,sd.d.id}', (s #> '{objects,column,sd.a.other}') || '{"parent": "table sd.d"}'),
	'{"renames": {"table sd.a": "d", "table sd.b": "a", "table sd.c": "b", "column sd.a.other": "id"}}') WHERE name = 'after' AND action = 'rename';
DROP VIEW sd.of_a;
DROP TABLE sd.a, sd.b, sd.c;

-- A text that only looks the same is not taken for it: both tables have both columns.
CREATE TABLE sd.x (a int, c int);
CREATE TABLE sd.y (a int, b int);
CREATE VIEW sd.xy AS SELECT x.a AS p, y.a AS q FROM sd.x, sd.y WHERE y.b = 1 AND y.a = 2;
UPDATE snapshots SET s = wishflags.schema_snapshot('{sd}') WHERE name = 'before';
ALTER TABLE sd.x RENAME a TO b;
CREATE OR REPLACE VIEW sd.xy AS SELECT x.b AS p, y.b AS q FROM sd.x, sd.y WHERE y.b = 1 AND y.a = 2;
UPDATE snapshots SET s = wishflags.schema_snapshot('{sd}') WHERE name = 'after';
SELECT action, object_type, identity, attribute FROM pg_temp.two, wishflags.schema_diff(before, after, '{"renames": {"column sd.x.a": "b"}}');
DROP VIEW sd.xy;
DROP TABLE sd.x, sd.y;

-- A later server writes the only relation's columns bare; what is a label or a type stays.
UPDATE snapshots SET s = wishflags.schema_snapshot('{sd}');
UPDATE snapshots SET s = jsonb_set(s, '{objects,view}', jsonb_build_object('sd.alone', jsonb_build_object('schema', 'sd',
	'needs', '["column sd.purchase.total", "column sd.purchase.id"]'::jsonb, 'definition', ' SELECT total,
    total AS other,
    id AS total,
    (total)::text AS total,
    total AS amount,
    row_number() OVER (PARTITION BY total)
   FROM sd.purchase
  WHERE ((total > (3)::numeric) AND (id IN ( 1, 2)))'))) WHERE name = 'before';
UPDATE snapshots n SET s = replace(replace(o.s::text, 'sd.purchase.total', 'sd.purchase.amount'),
	to_json(o.s #>> '{objects,view,sd.alone,definition}')::text, to_json(' SELECT amount AS total,
    amount AS other,
    id AS total,
    (amount)::text AS total,
    amount,
    row_number() OVER (PARTITION BY amount)
   FROM sd.purchase
  WHERE ((amount > (3)::numeric) AND (id IN ( 1, 2)))'::text)::text)::jsonb FROM snapshots o WHERE n.name = 'after' AND o.name = 'before';
SELECT action, object_type, identity FROM pg_temp.two, wishflags.schema_diff(before, after, '{"renames": {"column sd.purchase.total": "amount"}}')
WHERE object_type = 'view' OR action = 'rename';

-- Statistics list columns by name, wherever they stand in the table; names and expressions with the same text stay.
CREATE TABLE sd.s (b int, a int, c text);
CREATE STATISTICS sd."of ON b, a" ON b, a, (c || ' ON b, a') FROM sd.s;
UPDATE snapshots SET s = wishflags.schema_snapshot('{sd}') WHERE name = 'before';
SELECT s #>> ARRAY['objects', 'statistics', 'sd."of ON b, a"', 'definition'] AS definition FROM snapshots WHERE name = 'before';
ALTER TABLE sd.s RENAME a TO z;
UPDATE snapshots SET s = wishflags.schema_snapshot('{sd}') WHERE name = 'after';
SELECT action, identity, from_value, to_value FROM pg_temp.two, wishflags.schema_diff(before, after, '{"renames": {"column sd.s.a": "z"}}');
SELECT action, identity, from_value, to_value FROM pg_temp.two, wishflags.schema_diff(after, before, '{"renames": {"column sd.s.z": "a"}}');

DROP SCHEMA sd CASCADE;
