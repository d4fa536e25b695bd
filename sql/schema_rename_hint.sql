-- Hints: those that look likely are told, those that say nothing or too much are refused.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA sd;
CREATE TYPE sd.mood AS ENUM ('sad', 'glad');
CREATE TABLE sd.customer (id int PRIMARY KEY, name text NOT NULL, state sd.mood DEFAULT 'sad', CHECK (length(name) > 0));
CREATE TABLE sd.purchase (id serial PRIMARY KEY, customer_id int REFERENCES sd.customer (id), total numeric, note text);
CREATE VIEW sd.best AS SELECT c.name, p.total FROM sd.customer c JOIN sd.purchase p ON p.customer_id = c.id;
CREATE FUNCTION sd.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TEMP TABLE snapshots (name text PRIMARY KEY, s jsonb);
INSERT INTO snapshots VALUES ('before', wishflags.schema_snapshot('{sd}')), ('after', NULL);
CREATE VIEW pg_temp.two AS SELECT a.s AS before, b.s AS after FROM snapshots a, snapshots b WHERE a.name = 'before' AND b.name = 'after';

-- Likely renames are told, never done: evidence, a ready option, a hint.
BEGIN;
ALTER TABLE sd.customer RENAME TO client;
ALTER TABLE sd.purchase RENAME total TO amount;
UPDATE snapshots SET s = wishflags.schema_snapshot('{sd}') WHERE name = 'after';
SELECT action, identity, evidence - 'rebuilt' AS evidence FROM pg_temp.two, wishflags.schema_diff(before, after)
WHERE evidence ? 'likeness' ORDER BY identity;
SELECT wishflags.schema_diff_sql(before, after) FROM pg_temp.two;
ROLLBACK;

-- What a hint makes clear shows more: a table first, then what has changed in it.
ALTER TABLE sd.purchase RENAME TO orders;
ALTER TABLE sd.orders RENAME total TO amount;
ALTER SEQUENCE sd.purchase_id_seq RENAME TO orders_id_seq;
ALTER TABLE sd.customer RENAME CONSTRAINT customer_name_check TO named;
ALTER FUNCTION sd.touch RENAME TO stamp;
CREATE TABLE sd.other (a int, b text);
UPDATE snapshots SET s = wishflags.schema_snapshot('{sd}') WHERE name = 'after';
CREATE TEMP TABLE suggested AS SELECT wishflags.schema_rename_suggest(before, after, '{"online": false}') AS options FROM pg_temp.two;
SELECT jsonb_pretty(options) FROM suggested;
UPDATE suggested SET options = wishflags.schema_rename_suggest(before, after, options) FROM pg_temp.two;
SELECT jsonb_pretty(options) FROM suggested;
SELECT action, object_type, identity FROM pg_temp.two, suggested, wishflags.schema_diff(before, after, options) ORDER BY ordinal;

-- Hints that say nothing, or too much.
CREATE FUNCTION pg_temp.try(hints jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
	PERFORM FROM snapshots, wishflags.schema_diff(s, s, jsonb_build_object('renames', hints)) WHERE name = 'before';
	RAISE WARNING 'no error';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RAISE WARNING '% % % %', SQLSTATE, SQLERRM, detail, hint;
END $$;
SELECT pg_temp.try(h::jsonb) FROM (VALUES ('[]'), ('{"table sd.none": "x"}'), ('{"sd.customer": "x"}'), ('{"table sd.customer": 1}'),
	('{"table sd.customer": ""}'), ('{"table sd.customer": "customer"}'), ('{"table sd.customer": "client"}'),
	('{"table sd.customer": "best"}'), ('{"table sd.customer": "other.client"}'), ('{"table sd.customer": "a b c d"}'),
	('{"table sd.customer": "one", "table sd.purchase": "one"}'), ('{"column sd.customer.name": "state"}'),
	('{"table sd.customer": "purchase", "table sd.purchase": "best"}'), ('{"column sd.best.name": "total"}'), ('{"enum value sd.mood.sad": "glad"}'), ('{"enum value sd.mood.bad": "x"}'),
	('{"default sd.customer.state": "x"}')) v(h);

DROP SCHEMA sd CASCADE;
