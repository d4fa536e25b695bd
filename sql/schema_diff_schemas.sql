-- Two schemas of one database: what makes the first a copy of the second.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA tenant_a;
CREATE SCHEMA "Tenant B";
CREATE TABLE tenant_a.item (id int PRIMARY KEY, name text);
CREATE VIEW tenant_a.names AS SELECT name FROM tenant_a.item;
CREATE FUNCTION tenant_a.counts() RETURNS bigint LANGUAGE sql SET search_path = 'tenant_a' AS 'SELECT count(*) FROM tenant_a.item';
INSERT INTO tenant_a.item SELECT g, 'item ' || g FROM generate_series(1, 10) g;
CREATE TABLE "Tenant B".item (id int PRIMARY KEY, name text NOT NULL, price numeric CHECK (price >= 0));
CREATE INDEX by_name ON "Tenant B".item (name);
CREATE SEQUENCE "Tenant B".numbers;
CREATE TABLE "Tenant B".sale (no int DEFAULT nextval('"Tenant B".numbers'), item_id int REFERENCES "Tenant B".item);
CREATE VIEW "Tenant B".names AS SELECT name FROM "Tenant B".item;
CREATE FUNCTION "Tenant B".counts() RETURNS bigint LANGUAGE sql SET search_path = 'Tenant B' AS 'SELECT count(*) FROM "Tenant B".item';

SELECT action, object_type, identity, attribute FROM wishflags.schema_diff_schemas('tenant_a', 'Tenant B') ORDER BY ordinal;
SELECT wishflags.schema_diff_schemas_sql('tenant_a', 'Tenant B', '{"online": false}') AS script \gset
\echo :script
CREATE TEMP TABLE before AS SELECT wishflags.schema_snapshot('{tenant_a}') AS s;
CREATE TEMP TABLE back AS SELECT wishflags.schema_diff_schemas_sql('tenant_a', 'Tenant B', '{"online": false, "rollback": true, "allow_data_loss": true}') AS script;
CREATE FUNCTION pg_temp.run(script text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE regexp_replace(script, '^(BEGIN|COMMIT);$', '', 'gn');
END $$;
SELECT pg_temp.run(:'script');
SELECT count(*) AS left_over FROM wishflags.schema_diff_schemas('tenant_a', 'Tenant B');
SELECT count(*) AS left_over FROM wishflags.schema_diff_schemas('Tenant B', 'tenant_a');
SELECT tenant_a.counts(), (SELECT count(*) FROM tenant_a.names);
SELECT pg_temp.run(script) FROM back;
SELECT count(*) AS left_over FROM before, wishflags.schema_diff(s);
SELECT count(*) FROM tenant_a.item;

-- Hints name what is in the first schema.
ALTER TABLE "Tenant B".item RENAME TO article;
SELECT action, object_type, identity, attribute FROM wishflags.schema_diff_schemas('tenant_a', 'Tenant B',
	'{"renames": {"table tenant_a.item": "article"}}') WHERE action = 'rename' OR object_type IN ('table', 'view', 'function') ORDER BY ordinal;

SELECT count(*) FROM wishflags.schema_diff_schemas('tenant_a', 'tenant_a');
SELECT * FROM wishflags.schema_diff_schemas('tenant_a', 'none');
SELECT * FROM wishflags.schema_diff_schemas(NULL, 'tenant_a');
SELECT * FROM wishflags.schema_diff_schemas('tenant_a', 'Tenant B', '{"schemas": true}');
SELECT wishflags.schema_diff_schemas_sql('Tenant B', 'tenant_a');

DROP SCHEMA tenant_a, "Tenant B" CASCADE;
