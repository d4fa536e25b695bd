-- Drift from what Drizzle says the schema is.
SET wishflags.guard = off;
SET client_min_messages = warning;

-- As drizzle-kit 0.31 (version 7) writes a schema down ...
CREATE TEMP TABLE doc (version int, d jsonb);
INSERT INTO doc VALUES (7, '{"id": "2", "prevId": "1", "version": "7", "dialect": "postgresql", "schemas": {"shop": "shop"},
"enums": {"shop.state": {"name": "state", "schema": "shop", "values": ["new", "it''s paid"]}},
"sequences": {"shop.invoice": {"name": "invoice", "schema": "shop", "increment": "10", "startWith": "100", "minValue": "1", "maxValue": "100000", "cache": "5", "cycle": true}},
"tables": {
 "shop.buyers": {"name": "buyers", "schema": "shop", "isRLSEnabled": false,
  "columns": {
   "id": {"name": "id", "type": "serial", "primaryKey": true, "notNull": true},
   "name": {"name": "name", "type": "varchar(255)", "primaryKey": false, "notNull": true, "default": "''it''''s''"},
   "age": {"name": "age", "type": "integer", "primaryKey": false, "notNull": false, "default": -1},
   "price": {"name": "price", "type": "numeric(10, 2)", "primaryKey": false, "notNull": false, "default": "''9.99''"},
   "seen": {"name": "seen", "type": "timestamp (3) with time zone", "primaryKey": false, "notNull": true, "default": "now()"},
   "since": {"name": "since", "type": "timestamp", "primaryKey": false, "notNull": false, "default": "CURRENT_TIMESTAMP + interval ''1 day''"},
   "tags": {"name": "tags", "type": "varchar(10)[][]", "primaryKey": false, "notNull": false, "default": "''{}''"},
   "info": {"name": "info", "type": "jsonb", "primaryKey": false, "notNull": false, "default": "''{}''::jsonb"},
   "state": {"name": "state", "type": "state", "typeSchema": "shop", "primaryKey": false, "notNull": true, "default": "''new''"},
   "states": {"name": "states", "type": "state[]", "typeSchema": "shop", "primaryKey": false, "notNull": false},
   "kind": {"name": "kind", "type": "text", "primaryKey": false, "notNull": false, "generated": {"type": "stored", "as": "case when age > 10 then ''old'' else \"buyers\".\"name\" end"}},
   "no": {"name": "no", "type": "bigint", "primaryKey": false, "notNull": true, "identity": {"type": "byDefault", "name": "buyers_no_seq", "schema": "shop", "increment": "1", "startWith": "10", "minValue": "1", "maxValue": "9223372036854775807", "cache": "1", "cycle": false}}},
  "indexes": {
   "buyers_lower": {"name": "buyers_lower", "columns": [{"expression": "lower(\"name\")", "isExpression": true, "asc": true, "nulls": "last"}], "isUnique": true, "method": "btree", "with": {}, "concurrently": false},
   "buyers_order": {"name": "buyers_order", "columns": [{"expression": "name", "isExpression": false, "asc": false, "nulls": "last"}, {"expression": "age", "isExpression": false, "asc": true, "nulls": "first"}], "isUnique": false, "where": "\"shop\".\"buyers\".\"age\" > 5 and \"buyers\".\"state\" in (''new'')", "method": "btree", "with": {"fillfactor": 70}, "concurrently": false},
   "buyers_info": {"name": "buyers_info", "columns": [{"expression": "info", "isExpression": false, "asc": true, "nulls": "last", "opclass": "jsonb_path_ops"}], "isUnique": false, "method": "gin", "with": {}, "concurrently": false},
   "buyers_cover": {"name": "buyers_cover", "columns": [{"expression": "(info ->> ''k'') COLLATE \"C\"", "isExpression": true, "asc": true, "nulls": "last"}, {"expression": "\"seen\") INCLUDE (\"age\", \"price\"", "isExpression": true, "asc": true, "nulls": "last"}], "isUnique": false, "method": "btree", "with": {}, "concurrently": false}},
  "foreignKeys": {}, "compositePrimaryKeys": {},
  "uniqueConstraints": {"buyers_name_age_unique": {"name": "buyers_name_age_unique", "columns": ["name", "age"], "nullsNotDistinct": true}},
  "checkConstraints": {"age_check": {"name": "age_check", "value": "\"buyers\".\"age\" >= -1 AND \"shop\".\"buyers\".\"name\" <> ''''"}}, "policies": {}},
 "shop.lines": {"name": "lines", "schema": "shop", "isRLSEnabled": true,
  "columns": {
   "buyer": {"name": "buyer", "type": "integer", "primaryKey": false, "notNull": true},
   "n": {"name": "n", "type": "smallint", "primaryKey": false, "notNull": true}},
  "indexes": {}, "compositePrimaryKeys": {"lines_pk": {"name": "lines_pk", "columns": ["buyer", "n"]}},
  "foreignKeys": {"a_name_that_is_longer_than_the_sixty_three_bytes_that_the_server_keeps_fk": {"name": "a_name_that_is_longer_than_the_sixty_three_bytes_that_the_server_keeps_fk", "tableFrom": "lines", "tableTo": "buyers", "schemaTo": "shop", "columnsFrom": ["buyer"], "columnsTo": ["id"], "onDelete": "cascade", "onUpdate": "no action"}},
  "uniqueConstraints": {}, "checkConstraints": {}, "policies": {}}},
"views": {
 "shop.old": {"name": "old", "schema": "shop", "columns": {}, "definition": "select \"id\", \"name\" from \"shop\".\"buyers\" where \"age\" > 60", "materialized": false, "isExisting": false, "with": {"securityBarrier": true}},
 "shop.counts": {"name": "counts", "schema": "shop", "columns": {}, "definition": "select count(*) as n from shop.lines", "materialized": true, "isExisting": false},
 "shop.foreign": {"name": "foreign", "schema": "shop", "columns": {}, "materialized": false, "isExisting": true}},
"roles": {}, "policies": {}, "_meta": {"columns": {}, "schemas": {}, "tables": {}}}');

-- ... and as drizzle-kit 1.0 (version 8) does.
INSERT INTO doc VALUES (8, '{"id": "2", "prevIds": ["1"], "version": "8", "dialect": "postgres", "renames": [], "ddl": [
 {"entityType": "schemas", "name": "shop"},
 {"entityType": "tables", "schema": "shop", "name": "lines", "isRlsEnabled": false},
 {"entityType": "tables", "schema": "shop", "name": "buyers", "isRlsEnabled": false},
 {"entityType": "enums", "schema": "shop", "name": "state", "values": ["new", "it''s paid"]},
 {"entityType": "sequences", "schema": "shop", "name": "invoice", "incrementBy": "10", "minValue": "1", "maxValue": "100000", "startWith": "100", "cacheSize": 5, "cycle": true},
 {"entityType": "columns", "schema": "shop", "table": "buyers", "name": "id", "type": "serial", "typeSchema": null, "notNull": true, "dimensions": 0, "default": null, "generated": null, "identity": null}, {"entityType": "columns", "schema": "shop", "table": "buyers", "name": "name", "type": "varchar(255)", "typeSchema": null, "notNull": true, "dimensions": 0, "default": "''it''''s''", "generated": null, "identity": null},
 {"entityType": "columns", "schema": "shop", "table": "buyers", "name": "age", "type": "integer", "typeSchema": null, "notNull": false, "dimensions": 0, "default": "-1", "generated": null, "identity": null}, {"entityType": "columns", "schema": "shop", "table": "buyers", "name": "price", "type": "numeric(10,2)", "typeSchema": null, "notNull": false, "dimensions": 0, "default": "''9.99''", "generated": null, "identity": null},
 {"entityType": "columns", "schema": "shop", "table": "buyers", "name": "seen", "type": "timestamp(3) with time zone", "typeSchema": null, "notNull": true, "dimensions": 0, "default": "now()", "generated": null, "identity": null}, {"entityType": "columns", "schema": "shop", "table": "buyers", "name": "since", "type": "timestamp", "typeSchema": null, "notNull": false, "dimensions": 0, "default": "CURRENT_TIMESTAMP + interval ''1 day''", "generated": null, "identity": null},
 {"entityType": "columns", "schema": "shop", "table": "buyers", "name": "tags", "type": "varchar(10)", "typeSchema": null, "notNull": false, "dimensions": 2, "default": "''{}''", "generated": null, "identity": null}, {"entityType": "columns", "schema": "shop", "table": "buyers", "name": "info", "type": "jsonb", "typeSchema": null, "notNull": false, "dimensions": 0, "default": "''{}''", "generated": null, "identity": null},
 {"entityType": "columns", "schema": "shop", "table": "buyers", "name": "state", "type": "state", "typeSchema": "shop", "notNull": true, "dimensions": 0, "default": "''new''", "generated": null, "identity": null}, {"entityType": "columns", "schema": "shop", "table": "buyers", "name": "states", "type": "state", "typeSchema": "shop", "notNull": false, "dimensions": 1, "default": null, "generated": null, "identity": null},
 {"entityType": "columns", "schema": "shop", "table": "buyers", "name": "kind", "type": "text", "typeSchema": null, "notNull": false, "dimensions": 0, "default": null, "generated": {"type": "stored", "as": "case when age > 10 then ''old'' else name end"}, "identity": null}, {"entityType": "columns", "schema": "shop", "table": "buyers", "name": "no", "type": "bigint", "typeSchema": null, "notNull": true, "dimensions": 0, "default": null, "generated": null, "identity": {"type": "byDefault", "name": "buyers_no_seq", "increment": "1", "startWith": "10", "minValue": "1", "maxValue": "9223372036854775807", "cache": 1, "cycle": false}},
 {"entityType": "columns", "schema": "shop", "table": "lines", "name": "buyer", "type": "integer", "typeSchema": null, "notNull": true, "dimensions": 0, "default": null, "generated": null, "identity": null}, {"entityType": "columns", "schema": "shop", "table": "lines", "name": "n", "type": "smallint", "typeSchema": null, "notNull": true, "dimensions": 0, "default": null, "generated": null, "identity": null},
 {"entityType": "indexes", "schema": "shop", "table": "buyers", "name": "buyers_lower", "nameExplicit": true, "columns": [{"value": "lower(\"name\")", "isExpression": true, "asc": true, "nullsFirst": false, "opclass": null}], "isUnique": true, "where": null, "with": "", "method": "btree", "concurrently": false},
 {"entityType": "indexes", "schema": "shop", "table": "buyers", "name": "buyers_order", "nameExplicit": true, "columns": [{"value": "name", "isExpression": false, "asc": false, "nullsFirst": false, "opclass": null}, {"value": "age", "isExpression": false, "asc": true, "nullsFirst": true, "opclass": null}], "isUnique": false, "where": "\"age\" > 5 and \"state\" in (''new'')", "with": "fillfactor=70", "method": "btree", "concurrently": false},
 {"entityType": "indexes", "schema": "shop", "table": "buyers", "name": "buyers_info", "nameExplicit": true, "columns": [{"value": "info", "isExpression": false, "asc": true, "nullsFirst": false, "opclass": {"name": "jsonb_path_ops", "default": false}}], "isUnique": false, "where": null, "with": "", "method": "gin", "concurrently": false},
 {"entityType": "indexes", "schema": "shop", "table": "buyers", "name": "buyers_cover", "nameExplicit": true, "columns": [{"value": "(info ->> ''k'') COLLATE \"C\"", "isExpression": true, "asc": true, "nullsFirst": false, "opclass": null}, {"value": "\"seen\") INCLUDE (\"age\", \"price\"", "isExpression": true, "asc": true, "nullsFirst": false, "opclass": null}], "isUnique": false, "where": null, "with": "", "method": "btree", "concurrently": false},
 {"entityType": "fks", "schema": "shop", "table": "lines", "name": "lines_buyer_buyers_id_fkey", "nameExplicit": false, "columns": ["buyer"], "schemaTo": "shop", "tableTo": "buyers", "columnsTo": ["id"], "onUpdate": "NO ACTION", "onDelete": "CASCADE"},
 {"entityType": "pks", "schema": "shop", "table": "buyers", "name": "buyers_pkey", "nameExplicit": false, "columns": ["id"]},
 {"entityType": "pks", "schema": "shop", "table": "lines", "name": "lines_pk", "nameExplicit": true, "columns": ["buyer", "n"]},
 {"entityType": "uniques", "schema": "shop", "table": "buyers", "name": "buyers_name_age_unique", "nameExplicit": false, "columns": ["name", "age"], "nullsNotDistinct": true},
 {"entityType": "checks", "schema": "shop", "table": "buyers", "name": "age_check", "value": "\"age\" >= -1 AND \"name\" <> ''''"},
 {"entityType": "policies", "schema": "shop", "table": "lines", "name": "own", "as": "PERMISSIVE", "for": "SELECT", "roles": ["public"], "using": "true", "withCheck": null},
 {"entityType": "views", "schema": "shop", "name": "old", "definition": "select \"id\", \"name\" from \"shop\".\"buyers\" where \"age\" > 60", "with": {"checkOption": null, "securityBarrier": true}, "withNoData": null, "using": null, "tablespace": null, "materialized": false},
 {"entityType": "views", "schema": "shop", "name": "counts", "definition": "select count(*) as n from shop.lines", "with": null, "withNoData": null, "using": null, "tablespace": null, "materialized": true}]}');

-- The database that such migrations make, with what Drizzle knows nothing of.
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('new', 'it''s paid');
CREATE SEQUENCE shop.invoice INCREMENT BY 10 MINVALUE 1 MAXVALUE 100000 START WITH 100 CACHE 5 CYCLE;
CREATE TABLE shop.buyers (
	id serial PRIMARY KEY, name varchar(255) DEFAULT 'it''s' NOT NULL, age integer DEFAULT -1, price numeric(10, 2) DEFAULT '9.99',
	seen timestamp (3) with time zone DEFAULT now() NOT NULL, since timestamp DEFAULT CURRENT_TIMESTAMP + interval '1 day',
	tags varchar(10)[][] DEFAULT '{}', info jsonb DEFAULT '{}'::jsonb, state shop.state DEFAULT 'new' NOT NULL, states shop.state[],
	kind text GENERATED ALWAYS AS (case when age > 10 then 'old' else name end) STORED,
	no bigint GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME shop.buyers_no_seq START WITH 10),
	CONSTRAINT buyers_name_age_unique UNIQUE NULLS NOT DISTINCT (name, age),
	CONSTRAINT age_check CHECK (buyers.age >= -1 AND shop.buyers.name <> ''));
CREATE UNIQUE INDEX buyers_lower ON shop.buyers USING btree (lower(name));
CREATE INDEX buyers_order ON shop.buyers USING btree (name DESC NULLS LAST, age NULLS FIRST) WITH (fillfactor = 70) WHERE age > 5 and state in ('new');
CREATE INDEX buyers_info ON shop.buyers USING gin (info jsonb_path_ops);
CREATE INDEX buyers_cover ON shop.buyers USING btree ((info ->> 'k') COLLATE "C", seen) INCLUDE (age, price);
CREATE TABLE shop.lines (buyer integer NOT NULL, n smallint NOT NULL, CONSTRAINT lines_pk PRIMARY KEY (buyer, n));
ALTER TABLE shop.lines ADD CONSTRAINT a_name_that_is_longer_than_the_sixty_three_bytes_that_the_server_keeps_fk
	FOREIGN KEY (buyer) REFERENCES shop.buyers (id) ON DELETE CASCADE;
ALTER TABLE shop.lines ENABLE ROW LEVEL SECURITY;
CREATE VIEW shop.old WITH (security_barrier = true) AS (select id, name from shop.buyers where age > 60);
CREATE MATERIALIZED VIEW shop.counts AS (select count(*) as n from shop.lines);

SELECT version, count(x.ordinal) AS changes FROM doc LEFT JOIN LATERAL wishflags.schema_drift(d) x ON true GROUP BY version ORDER BY version;
-- What one of them is read as.
SELECT s->>'scope' AS scope, s->'schemas' AS schemas, t.key AS type, count(*) FROM doc, wishflags.schema_from_drizzle(d) s,
	jsonb_each(s->'objects') t, jsonb_object_keys(t.value) WHERE version = 7 GROUP BY 1, 2, 3 ORDER BY t.key COLLATE "C";

-- Nor is it drift what Drizzle does not model, or keeps for itself.
CREATE FUNCTION shop.touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touch BEFORE UPDATE ON shop.buyers FOR EACH ROW EXECUTE FUNCTION shop.touch();
CREATE POLICY own ON shop.lines USING (true);
COMMENT ON TABLE shop.buyers IS 'buyers';
GRANT SELECT ON shop.buyers TO PUBLIC;
ALTER TABLE shop.buyers SET (fillfactor = 90), ALTER name SET STATISTICS 500;
CREATE TABLE shop.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);
SELECT version, count(x.ordinal) AS changes FROM doc LEFT JOIN LATERAL wishflags.schema_drift(d) x ON true GROUP BY version ORDER BY version;
-- Names that the server chose outlive a renaming.
ALTER TABLE shop.buyers RENAME CONSTRAINT buyers_pkey TO clients_pkey;
ALTER SEQUENCE shop.buyers_id_seq RENAME TO clients_id_seq;
SELECT version, count(x.ordinal) AS changes FROM doc LEFT JOIN LATERAL wishflags.schema_drift(d) x ON true GROUP BY version ORDER BY version;
-- The session's settings do not matter.
SET TimeZone = 'Asia/Tokyo'; SET quote_all_identifiers = on; SET search_path = '';
SELECT version, count(x.ordinal) AS changes FROM pg_temp.doc LEFT JOIN LATERAL wishflags.schema_drift(d) x ON true GROUP BY version ORDER BY version;
RESET TimeZone; RESET quote_all_identifiers; RESET search_path;

-- Drift of every kind.
ALTER TABLE shop.buyers DROP CONSTRAINT age_check, ALTER price TYPE numeric(12, 2), ALTER age DROP DEFAULT, ALTER since SET NOT NULL,
	ALTER tags SET DEFAULT '{x}', ALTER kind DROP EXPRESSION, ALTER no SET GENERATED ALWAYS, ADD extra int;
ALTER TYPE shop.state ADD VALUE 'sent';
ALTER SEQUENCE shop.invoice NO CYCLE;
DROP INDEX shop.buyers_lower;
CREATE INDEX quick_fix ON shop.buyers (seen);
ALTER TABLE shop.lines DISABLE ROW LEVEL SECURITY;
CREATE OR REPLACE VIEW shop.old AS select id, name from shop.buyers where age > 65;
CREATE TABLE shop.by_hand (id int);
SELECT action, object_type, identity, attribute, left(from_value, 40) AS from_value, left(to_value, 40) AS to_value
FROM doc, wishflags.schema_drift(d) WHERE version = 7 ORDER BY ordinal;
-- Both versions say the same, and it is a baseline like others.
SELECT count(*) AS in_one_only FROM (
	(SELECT action, identity, attribute, from_value, to_value FROM doc, wishflags.schema_drift(d) WHERE version = 7)
	EXCEPT (SELECT action, identity, attribute, from_value, to_value FROM doc, wishflags.schema_drift(d) WHERE version = 8)) x;
SELECT wishflags.schema_baseline_import('drizzle', d) FROM doc ORDER BY version;
SELECT baseline, version, kind, fingerprint FROM wishflags.schema_baseline_overview;
SELECT count(*) AS changes FROM wishflags.schema_drift('drizzle');
-- The way back is a script that runs.
DO $$
DECLARE
	script text := wishflags.schema_diff_sql(wishflags.schema_snapshot('{shop}'), wishflags.schema_baseline_snapshot('drizzle'),
		'{"online": false, "allow_data_loss": true}');
BEGIN
	EXECUTE replace(replace(script, 'BEGIN;', ''), 'COMMIT;', '');
END $$;
SELECT count(*) AS changes FROM wishflags.schema_drift('drizzle');
SELECT count(*) AS triggers FROM pg_trigger WHERE tgname = 'touch';
DROP SCHEMA shop CASCADE;
SELECT action, object_type, count(*) FROM wishflags.schema_drift('drizzle') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT wishflags.schema_baseline_drop('drizzle');
