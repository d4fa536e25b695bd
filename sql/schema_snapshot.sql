-- A snapshot holds names and definitions, and says what it is.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA snap;
SET search_path = snap;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE person (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL DEFAULT 'x', feels mood);
CREATE INDEX person_name ON person (lower(name)) WHERE name <> '';
CREATE VIEW people AS SELECT id, name FROM person;
COMMENT ON COLUMN person.name IS 'how to call';
RESET search_path;

CREATE TEMP TABLE snapshot AS SELECT wishflags.schema_snapshot('{snap}') AS s;
SELECT s->>'format' AS format, s->'version' AS version, s->'schemas' AS schemas, s->'unmodelled' AS unmodelled FROM snapshot;
SELECT t.key AS type, count(*) FROM snapshot, jsonb_each(s->'objects') t, jsonb_object_keys(t.value) GROUP BY t.key ORDER BY t.key COLLATE "C";
SELECT jsonb_pretty(s->'objects'->'column'->'snap.person.name') AS column FROM snapshot;
SELECT jsonb_pretty(s->'objects'->'index') AS index FROM snapshot;
SELECT s->'objects'->'enum'->'snap.mood'->'values' AS values FROM snapshot;

-- No OID is in it: the same schema made again gives the same snapshot.
DROP SCHEMA snap CASCADE;
CREATE SCHEMA snap;
SET search_path = snap;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE person (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL DEFAULT 'x', feels mood);
CREATE INDEX person_name ON person (lower(name)) WHERE name <> '';
CREATE VIEW people AS SELECT id, name FROM person;
COMMENT ON COLUMN person.name IS 'how to call';
RESET search_path;
SELECT wishflags.schema_snapshot('{snap}') = s AS same FROM snapshot;
SELECT count(*) AS changes FROM snapshot, wishflags.schema_diff(s);
SELECT wishflags.schema_diff_sql(s) = '' AS nothing_to_do FROM snapshot;

-- The fingerprint changes with the schema, not with the session.
CREATE TEMP TABLE print AS SELECT wishflags.schema_fingerprint('{snap}') AS f;
SELECT length(f) FROM print;
SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'German'; SET extra_float_digits = -3; SET search_path = snap; SET quote_all_identifiers = on;
SELECT wishflags.schema_fingerprint('{snap}') = f AS same FROM pg_temp.print;
RESET TimeZone; RESET DateStyle; RESET extra_float_digits; RESET search_path; RESET quote_all_identifiers;
ALTER TABLE snap.person ALTER name SET DEFAULT 'y';
SELECT wishflags.schema_fingerprint('{snap}') = f AS same FROM print;

-- Owners, grants and comments can be left out, and are then not compared.
SELECT wishflags.schema_snapshot('{snap}', '{"owners": false, "comments": false}')->'objects'->'table' AS "table";
CREATE TEMP TABLE bare AS SELECT wishflags.schema_snapshot('{snap}', '{"comments": false}') AS s;
COMMENT ON TABLE snap.person IS 'somebody';
SELECT count(*) AS changes FROM bare, wishflags.schema_diff(s);

DROP SCHEMA snap CASCADE;

-- Objects of the server and of extensions are none of ours, but what was settled about them is.
GRANT SELECT (prosrc) ON pg_proc TO pg_monitor;
CREATE TEMP TABLE settled AS SELECT wishflags.schema_snapshot() AS s;
SELECT jsonb_pretty(s->'objects'->'privileges') FROM settled;
REVOKE SELECT (prosrc) ON pg_proc FROM pg_monitor;
SELECT action, object_type, identity, sql FROM settled, wishflags.schema_diff(wishflags.schema_snapshot(), s);
