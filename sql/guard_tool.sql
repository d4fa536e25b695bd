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
RESET application_name;
-- No lock of the look stays behind.
BEGIN;
SET LOCAL wishflags.guard = warn;
SET LOCAL client_min_messages = error;
CREATE INDEX orders_id ON orders (id);
SELECT relation::regclass FROM pg_locks WHERE pid = pg_backend_pid() AND relation = '_prisma_migrations'::regclass;
ROLLBACK;
SET client_min_messages = error;
DROP SCHEMA guard_tool CASCADE;
