-- A fingerprint is of the schema: neither the session nor its role shows in it.
BEGIN;
SET client_min_messages = warning;
SELECT plan(12);

CREATE SCHEMA fp;
CREATE TABLE fp.t (id int PRIMARY KEY, at timestamptz DEFAULT '2020-01-01 12:00+02', f float8 DEFAULT 0.1::float8 / 3,
	d date DEFAULT '2020-02-01', i interval DEFAULT '1 day 2 hours', b bytea DEFAULT '\x0102', "Q" text DEFAULT 'q');
CREATE VIEW fp.v AS SELECT id, at + interval '1 day' AS at FROM fp.t WHERE at > '2020-01-01 00:00+00';
CREATE TEMP TABLE reference AS SELECT wishflags.schema_fingerprint('{fp}') AS f, wishflags.schema_snapshot('{fp}') AS s,
	wishflags.schema_fingerprint('{fp}', '{"comments": false}') AS bare;

CREATE FUNCTION pg_temp.same(what text) RETURNS text LANGUAGE sql AS
'SELECT public.is(wishflags.schema_fingerprint(''{fp}''), (SELECT f FROM pg_temp.reference), what)';

SET LOCAL TimeZone = 'Pacific/Auckland';
SELECT pg_temp.same('whatever TimeZone');
SET LOCAL DateStyle = 'SQL, DMY';
SELECT pg_temp.same('whatever DateStyle');
SET LOCAL IntervalStyle = 'iso_8601';
SELECT pg_temp.same('whatever IntervalStyle');
SET LOCAL extra_float_digits = -5;
SELECT pg_temp.same('whatever extra_float_digits');
SET LOCAL bytea_output = 'escape';
SELECT pg_temp.same('whatever bytea_output');
SET LOCAL quote_all_identifiers = on;
SELECT pg_temp.same('whatever quoting');
SET LOCAL search_path = fp, public;
SELECT public.is(wishflags.schema_fingerprint('{fp}'), (SELECT f FROM pg_temp.reference), 'whatever search_path');
SELECT public.is(current_setting('TimeZone') || ' ' || current_setting('extra_float_digits'), 'Pacific/Auckland -5',
	'the settings of the session are as before');
SET LOCAL search_path = public;

SELECT is((SELECT count(*) FROM wishflags.schema_diff((SELECT s FROM reference), (SELECT s FROM reference))), 0::bigint,
	'a snapshot does not differ from itself');
SELECT is(wishflags.schema_diff_sql((SELECT s FROM reference)), '', 'nor from the database it was taken of');
COMMENT ON TABLE fp.t IS 'changed';
SELECT isnt(wishflags.schema_fingerprint('{fp}'), (SELECT f FROM reference), 'a comment shows');
SELECT is(wishflags.schema_fingerprint('{fp}', '{"comments": false}'),
	(SELECT bare FROM reference), 'unless it is left out');

SELECT * FROM finish();
ROLLBACK;
