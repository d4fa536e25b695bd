-- CREATE EXTENSION refuses a schema "wishflags" that somebody else has filled or owns.
SELECT count(*) AS flags_there FROM wishflags.flags;
DROP EXTENSION wishflags;
SELECT count(*) AS left_over FROM pg_event_trigger WHERE evtname LIKE 'wishflags%';

CREATE SCHEMA IF NOT EXISTS wishflags;
CREATE TABLE wishflags.mine (id int);
\set VERBOSITY terse
CREATE EXTENSION wishflags;
SELECT count(*) AS installed FROM pg_extension WHERE extname = 'wishflags';
DROP TABLE wishflags.mine;

CREATE ROLE wf_foreign_owner;
ALTER SCHEMA wishflags OWNER TO wf_foreign_owner;
CREATE EXTENSION wishflags;
DROP SCHEMA wishflags;
DROP ROLE wf_foreign_owner;

-- Without one, or with an empty one of its own, it comes back; the notice
-- says what begins now.
\set VERBOSITY default
BEGIN;
CREATE EXTENSION wishflags;
ROLLBACK;
CREATE EXTENSION wishflags;
CREATE TABLE guarded_again (id int);
INSERT INTO guarded_again VALUES (1);
\set VERBOSITY terse
CREATE INDEX ON guarded_again (id);
DROP TABLE guarded_again;

-- It says what the setting says.  Who wants no notices gets none.
DROP EXTENSION wishflags;
SET wishflags.guard = warn;
CREATE EXTENSION wishflags;
DROP EXTENSION wishflags;
SET wishflags.guard = off;
CREATE EXTENSION wishflags;
DROP EXTENSION wishflags;
RESET wishflags.guard;
SET client_min_messages = warning;
CREATE EXTENSION wishflags;
