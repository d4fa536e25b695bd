-- Inside a transaction the HINT tells how the calling tool leaves it.
CREATE SCHEMA guard_tool;
SET search_path = guard_tool;
CREATE TABLE orders (id int);
INSERT INTO orders SELECT generate_series(1, 20);
\set attempt 'BEGIN; CREATE INDEX orders_id ON guard_tool.orders (id); ROLLBACK;'
:attempt
SET application_name = 'Prisma Migrate';
:attempt
SET application_name = 'Flyway by Redgate';
:attempt
SET application_name = 'rails db:migrate';
:attempt
-- drizzle-kit shows no error, so a warning comes before it.
SET application_name = 'drizzle-kit';
:attempt
-- A name exempts from nothing, and alone there is no transaction to leave.
CREATE INDEX orders_id ON guard_tool.orders (id);
-- The open row of a ledger.
SET application_name = 'node';
CREATE TABLE knex_migrations_lock (index int, is_locked int);
INSERT INTO knex_migrations_lock VALUES (1, 0);
:attempt
UPDATE knex_migrations_lock SET is_locked = 1;
:attempt
-- A relation of that name that is something else.
DROP TABLE knex_migrations_lock;
CREATE TABLE knex_migrations_lock (other int);
:attempt
CREATE TABLE _prisma_migrations (finished_at timestamptz, rolled_back_at timestamptz);
INSERT INTO _prisma_migrations VALUES (NULL, NULL);
:attempt
DROP TABLE knex_migrations_lock, _prisma_migrations;
-- Tools that leave no name are told by their ledger, where there is no other name.
CREATE TABLE pgmigrations (id int, name text, run_on timestamp);
INSERT INTO pgmigrations VALUES (1, 'first', '2026-01-01');
:attempt
SET application_name = '';
:attempt
-- The first migration of a tool finds its ledger empty; one with rows comes before it.
DELETE FROM pgmigrations;
:attempt
-- Another tool's table of that name.
CREATE TABLE migrations (id int, migration text, batch int);
INSERT INTO migrations VALUES (1, 'of another tool', 1);
:attempt
DROP TABLE migrations;
CREATE TABLE migrations (id int, "timestamp" bigint, name text);
INSERT INTO migrations VALUES (1, 1700000000000, 'M1');
:attempt
-- What a driver calls itself is no name of a tool; a program's folder is not part of its name.
SET application_name = 'postgres.js';
:attempt
SET application_name = '/srv/shop/bin/rake';
:attempt
SET application_name = '';
-- knex shows nothing but the message, so the HINT is in it; it writes in lower case.
CREATE TABLE knex_migrations_lock (index int, is_locked int);
INSERT INTO knex_migrations_lock VALUES (1, 1);
BEGIN;
create index "orders_id" on guard_tool.orders ("id");
ROLLBACK;
create index "orders_id" on guard_tool.orders ("id");
CREATE TABLE _prisma_migrations (finished_at timestamptz, rolled_back_at timestamptz);
RESET application_name;
-- Each ledger with a row that tells, and with one that does not.
DROP TABLE pgmigrations, migrations, knex_migrations_lock, _prisma_migrations;
CREATE FUNCTION tool_of(ledger text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE ledger;
	CREATE INDEX ON guard_tool.orders (id);
	RETURN 'nobody refused it';
EXCEPTION WHEN SQLSTATE 'WF001' THEN
	RETURN (SELECT evidence ->> 'tool' FROM wishflags.guard_log ORDER BY occurred_at DESC LIMIT 1);
END $$;
SET application_name = '';
SELECT tool_of('CREATE TABLE ' || tells) AS tool, tool_of('CREATE TABLE ' || silent) AS no_tool FROM (VALUES
	('_prisma_migrations AS SELECT NULL::timestamptz AS finished_at, NULL::timestamptz AS rolled_back_at', '_prisma_migrations AS SELECT NULL::timestamptz AS finished_at, now() AS rolled_back_at'),
	('knex_migrations_lock AS SELECT 1 AS is_locked', 'knex_migrations_lock AS SELECT 1::bigint AS is_locked'),
	('schema_migrations AS SELECT true AS dirty', 'schema_migrations AS SELECT false AS dirty'),
	('_sqlx_migrations AS SELECT false AS success', '_sqlx_migrations AS SELECT true AS success'),
	('pgmigrations AS SELECT now() AS run_on', 'pgmigrations AS SELECT now() AS at'),
	('"SequelizeMeta" AS SELECT ''1.js'' AS name', 'SequelizeMeta AS SELECT ''1.js'' AS name'),
	('alembic_version AS SELECT ''a1'' AS version_num', 'alembic_version AS SELECT ''a1'' AS version'),
	('django_migrations AS SELECT ''shop'' AS app, now() AS applied', 'django_migrations AS SELECT ''shop'' AS app')
) AS ledgers (tells, silent);
SELECT tool_of('CREATE SCHEMA drizzle CREATE TABLE __drizzle_migrations (hash text); INSERT INTO drizzle.__drizzle_migrations VALUES (''x'')') AS tool,
	tool_of('CREATE VIEW _sqlx_migrations AS SELECT false AS success') AS a_view,
	tool_of('CREATE TABLE _sqlx_migrations AS SELECT false AS success; ALTER TABLE _sqlx_migrations ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY') AS for_a_superuser;
RESET application_name;
CREATE TABLE _prisma_migrations (finished_at timestamptz, rolled_back_at timestamptz);
-- No lock of the look stays behind.
BEGIN;
SET LOCAL wishflags.guard = warn;
SET LOCAL client_min_messages = error;
CREATE INDEX orders_id ON orders (id);
SELECT relation::regclass FROM pg_locks WHERE pid = pg_backend_pid() AND relation = '_prisma_migrations'::regclass;
ROLLBACK;
SET client_min_messages = error;
DROP SCHEMA guard_tool CASCADE;
