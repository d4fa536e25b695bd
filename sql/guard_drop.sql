-- An enum in use is not lost by a DROP that does not name it.
CREATE SCHEMA guard_drop;
CREATE SCHEMA guard_drop_types;
CREATE TYPE guard_drop_types.size AS ENUM ('s', 'm');
CREATE TYPE guard_drop_types.unused AS ENUM ('x');
CREATE TABLE guard_drop.shirt (id int, size guard_drop_types.size);

SET client_min_messages = warning;
DROP SCHEMA guard_drop_types;
DROP SCHEMA guard_drop_types CASCADE;
SELECT count(*) AS still_there FROM pg_attribute
WHERE attrelid = 'guard_drop.shirt'::regclass AND attname = 'size' AND NOT attisdropped;

-- Also in a block, a DO block, and an old snapshot.
BEGIN;
DROP SCHEMA guard_drop_types CASCADE;
ROLLBACK;
DO 'BEGIN DROP SCHEMA guard_drop_types CASCADE; END';
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM guard_drop.shirt;
DROP SCHEMA guard_drop_types CASCADE;
ROLLBACK;

-- The table goes with its enum: the enum is in use all the same.
CREATE SCHEMA guard_drop_both;
CREATE TYPE guard_drop_both.size AS ENUM ('s');
CREATE TABLE guard_drop_both.shirt (size guard_drop_both.size);
DROP SCHEMA guard_drop_both CASCADE;
BEGIN;
DROP TABLE guard_drop_both.shirt;
DROP SCHEMA guard_drop_both CASCADE;
COMMIT;

-- Unused, or made by the same transaction: gone.
DROP TYPE guard_drop_types.unused;
BEGIN;
CREATE SCHEMA guard_drop_new;
CREATE TYPE guard_drop_new.size AS ENUM ('s');
CREATE TABLE guard_drop.sock (size guard_drop_new.size);
DROP SCHEMA guard_drop_new CASCADE;
COMMIT;

-- DROP OWNED.
CREATE ROLE wf_drop_owner;
ALTER TYPE guard_drop_types.size OWNER TO wf_drop_owner;
DROP OWNED BY wf_drop_owner;
DROP OWNED BY wf_drop_owner CASCADE;
SET wishflags.bypass = 'the role leaves';
DROP OWNED BY wf_drop_owner CASCADE;
RESET wishflags.bypass;
DROP ROLE wf_drop_owner;
SELECT outcome, rule, object, command_tag, reason FROM wishflags.guard_log
WHERE object LIKE 'guard_drop%' AND command_tag = 'DROP OWNED' ORDER BY occurred_at;

-- Other drops go through.
DROP TABLE guard_drop.shirt;
DROP SCHEMA guard_drop CASCADE;
DROP SCHEMA guard_drop_types CASCADE;
