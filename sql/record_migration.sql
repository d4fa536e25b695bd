-- Which migration DDL belongs to: by the setting, or by the ledger of a tool.
SET client_min_messages = warning;
SET wishflags.guard = off;
CREATE SCHEMA drizzle;
CREATE SCHEMA app;
SET search_path = app;
CREATE TABLE drizzle.__drizzle_migrations (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint);
CREATE TABLE django_migrations (id bigint, app varchar(255), name varchar(255), applied timestamptz);
CREATE TABLE _prisma_migrations (id varchar(36), checksum varchar(64), finished_at timestamptz, migration_name varchar(255),
	logs text, rolled_back_at timestamptz, started_at timestamptz, applied_steps_count int);
CREATE TABLE schema_migrations (version bigint PRIMARY KEY, dirty boolean NOT NULL);
-- No ledger: a column is missing.
CREATE TABLE knex_migrations (id int, name text);
SET wishflags.ddl_log = on;

CREATE TABLE by_hand (id int);
SET wishflags.migration = '0042_orders';
CREATE TABLE by_setting (id int);
RESET wishflags.migration;
BEGIN; SET LOCAL wishflags.migration = '0043'; CREATE TABLE by_local_setting (id int); COMMIT;

-- The row comes last, in the same transaction.
BEGIN; CREATE TABLE by_drizzle (id int); INSERT INTO drizzle.__drizzle_migrations (hash, created_at) VALUES ('abc', 1700000000123); COMMIT;
BEGIN; CREATE TABLE by_django (id int); SAVEPOINT s; INSERT INTO django_migrations VALUES (1, 'shop', '0001_initial', now()); RELEASE s; COMMIT;
BEGIN; CREATE TABLE no_knex (id int); INSERT INTO knex_migrations VALUES (1, 'x'); COMMIT;
-- A row that is taken back, or deleted, is none.
BEGIN; CREATE TABLE undone_row (id int); SAVEPOINT s; INSERT INTO django_migrations VALUES (2, 'shop', '0002', now()); ROLLBACK TO s; COMMIT;
BEGIN; CREATE TABLE deleted_row (id int); DELETE FROM django_migrations; COMMIT;

-- The row comes first, in a transaction of its own.
INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('1', 'x', '20240101_init');
CREATE TABLE by_prisma (id int);
UPDATE _prisma_migrations SET finished_at = now();
CREATE TABLE after_prisma (id int);
INSERT INTO schema_migrations VALUES (7, true);
CREATE TABLE by_golang_migrate (id int);
UPDATE schema_migrations SET dirty = false;
CREATE TABLE after_golang_migrate (id int);

SELECT object, migration, ledger FROM wishflags.ddl_log ORDER BY occurred_at;
SELECT object, command_tag, acting_role = current_user AS by_me FROM wishflags.unledgered_ddl;

-- The environment's label.
SHOW wishflags.environment;
SET wishflags.environment = 'staging';
SET wishflags.environment = 'The Stage';
SET wishflags.environment = '';

SET wishflags.ddl_log = off;
RESET wishflags.environment;
DROP SCHEMA drizzle, app CASCADE;
TRUNCATE wishflags.ddl_log;
-- Only a superuser may switch the log; anybody may name a migration.
CREATE ROLE record_nobody;
SET ROLE record_nobody;
SET wishflags.ddl_log = on;
SET wishflags.environment = 'staging';
SET wishflags.migration = 'mine';
SELECT wishflags.ddl_log_prune();
SELECT * FROM wishflags.unledgered_ddl;
RESET ROLE;
DROP ROLE record_nobody;
