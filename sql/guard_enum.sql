-- An enum that a column uses is not changed in passing.
CREATE SCHEMA guard_enum;
SET search_path = guard_enum;
CREATE TYPE mood AS ENUM ('sad', 'ok');

-- Nobody uses it: all is allowed.
ALTER TYPE mood ADD VALUE 'glad';
ALTER TYPE mood RENAME VALUE 'glad' TO 'happy';
CREATE FUNCTION takes(mood) RETURNS int LANGUAGE sql AS 'SELECT 1';
ALTER TYPE mood RENAME TO feeling;
ALTER TYPE feeling RENAME TO mood;

-- A column uses it, without rows.
CREATE TABLE person (name text, mood mood);
ALTER TYPE mood ADD VALUE 'angry' BEFORE 'sad';
ALTER TYPE mood RENAME VALUE 'happy' TO 'merry';
ALTER TYPE mood RENAME TO feeling;
ALTER TYPE mood SET SCHEMA public;
DROP TYPE mood;
DROP TYPE IF EXISTS no_such_type, mood CASCADE;
ALTER TYPE mood OWNER TO CURRENT_USER;
COMMENT ON TYPE mood IS 'how a person feels';

-- What does nothing, or fails by itself, is left to PostgreSQL.
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'ok';
ALTER TYPE mood ADD VALUE 'ok';
ALTER TYPE mood RENAME VALUE 'none' TO 'some';
ALTER TYPE mood RENAME VALUE 'ok' TO 'sad';
ALTER TYPE no_such_type ADD VALUE 'x';
ALTER TYPE mood ADD VALUE IF NOT EXISTS 'calm';

-- Use through array, domain, composite and range, one inside the other.
CREATE TYPE level AS ENUM ('low', 'high');
CREATE TYPE span AS RANGE (subtype = level);
CREATE DOMAIN spans AS span[];
CREATE TYPE card AS (title text, validity spans);
ALTER TYPE level ADD VALUE 'mid';
CREATE TABLE deck (cards card[]);
ALTER TYPE level ADD VALUE 'top';
DROP TABLE deck;
ALTER TYPE level ADD VALUE 'top';
CREATE TABLE window_shop (opening span);
CREATE TABLE shop_log (shop window_shop);
ALTER TYPE level RENAME VALUE 'top' TO 'peak';
DROP TABLE window_shop CASCADE;
CREATE TABLE seasons (open span_multirange);
CREATE VIEW best AS SELECT 'high'::level AS level;
ALTER TYPE level RENAME VALUE 'top' TO 'peak';
DROP TABLE seasons;
DROP VIEW best;

-- More columns than are named.
CREATE TABLE many (a level, b level, c level, d level, e level, f level, g level);
ALTER TYPE level ADD VALUE 'more';
DROP TABLE many;

-- Types that are no enums are not guarded.
CREATE TYPE pair AS (a int, b int);
CREATE TABLE pairs (p pair);
ALTER TYPE pair RENAME TO couple;
DROP TYPE couple CASCADE;

RESET search_path;
SET client_min_messages = warning;
SET wishflags.guard = off;
DROP SCHEMA guard_enum CASCADE;
