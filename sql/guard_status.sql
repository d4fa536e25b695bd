-- What the guard is doing, at a glance.
CREATE SCHEMA guard_status;
CREATE TABLE guard_status.book (id int);
INSERT INTO guard_status.book VALUES (1);
SELECT guard, set_by, bypass, loaded, audit, not_covered IS NULL AS all_covered, to_close FROM wishflags.guard_session();
SELECT item, value ~ '^[0-9]+\.[0-9]+\.[0-9]+$' AS is_version FROM wishflags.status() WHERE item = 'version';
SELECT item, value, hint FROM wishflags.status() WHERE item IN ('library', 'guard', 'flags');

-- Every hint is a command that runs.
\o /dev/null
SELECT regexp_replace(hint, '--.*', '') FROM wishflags.status() WHERE item IN ('guard', 'check', 'schema') AND hint IS NOT NULL \gexec
\o
RESET wishflags.guard;

SELECT refused AS before FROM wishflags.guard_status() \gset
CREATE INDEX ON guard_status.book (id);
SELECT guard, set_by, bypass, triggers, loaded, refused - :before AS one_more, last_refusal IS NOT NULL AS known
FROM wishflags.guard_status();
SELECT item, value = 'index-not-concurrent on guard_status.book by ' || current_user AS who, hint
FROM wishflags.status() WHERE item = 'last refusal' LIMIT 1;

SET wishflags.guard = warn;
SELECT item, value, hint FROM wishflags.status() WHERE item = 'guard';
SET wishflags.bypass = 'looking';
SELECT guard, set_by, bypass FROM wishflags.guard_status();
RESET wishflags.bypass;
RESET wishflags.guard;

-- A superuser may switch the triggers off; the hint brings them back.
ALTER EVENT TRIGGER wishflags_guard_start DISABLE;
ALTER EVENT TRIGGER wishflags_guard_drop DISABLE;
CREATE INDEX ON guard_status.book (id);
SELECT triggers FROM wishflags.guard_status();
SELECT value, hint FROM wishflags.status() WHERE item = 'guard';
SELECT hint FROM wishflags.status() WHERE item = 'guard' \gexec
CREATE INDEX ON guard_status.book (id);
SELECT triggers FROM wishflags.guard_status();

DROP TABLE guard_status.book;
DROP SCHEMA guard_status;
