-- Order: the script runs whatever depends on what, and leaves nothing different.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA sd;
SET search_path = sd;
CREATE TYPE e AS ENUM ('x');
CREATE FUNCTION z_base(e) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION a_wraps(e) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT sd.z_base($1)';
CREATE TABLE first (id int PRIMARY KEY, v e, second_id int, n int DEFAULT sd.a_wraps('x'));
CREATE TABLE second (id int PRIMARY KEY, first_id int REFERENCES first, row_of first);
ALTER TABLE first ADD CONSTRAINT to_second FOREIGN KEY (second_id) REFERENCES second;
CREATE INDEX ON first (a_wraps(v));
CREATE FUNCTION takes_row(first) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.id';
ALTER TABLE first ADD CONSTRAINT by_row CHECK (sd.takes_row(first) > 0);
CREATE VIEW v1 AS SELECT *, takes_row(first) AS r FROM first;
CREATE MATERIALIZED VIEW a_m AS SELECT max(r) AS r FROM v1;
CREATE FUNCTION tells() RETURNS SETOF v1 LANGUAGE sql AS 'SELECT * FROM sd.v1';
CREATE RULE as_well AS ON INSERT TO second DO ALSO NOTIFY second;
CREATE SEQUENCE s OWNED BY first.n;
ALTER TABLE second ALTER id SET DEFAULT nextval('sd.s');
RESET search_path;
CREATE TEMP TABLE whole AS SELECT wishflags.schema_snapshot('{sd}') AS s;
CREATE TEMP TABLE nothing AS SELECT jsonb_set(s, '{objects}', jsonb_build_object('schema', s->'objects'->'schema')) AS s FROM whole;

-- A script is run by a helper that leaves out its BEGIN and COMMIT.
CREATE FUNCTION pg_temp.run(script text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE regexp_replace(script, '^(BEGIN|COMMIT);$', '', 'gn');
END $$;

-- Down to nothing, up again, and both leave no difference.
SELECT pg_temp.run((SELECT wishflags.schema_diff_sql(w.s, n.s, '{"online": false, "allow_data_loss": true}') FROM whole w, nothing n));
SELECT count(*) AS left_over FROM nothing, wishflags.schema_diff(s);
SELECT count(*) AS relations FROM pg_class WHERE relnamespace = 'sd'::regnamespace;
SELECT pg_temp.run((SELECT wishflags.schema_diff_sql(n.s, w.s, '{"online": false}') FROM whole w, nothing n));
SELECT count(*) AS left_over FROM whole, wishflags.schema_diff(s);
SELECT wishflags.schema_snapshot('{sd}')->'objects'->'index' = s->'objects'->'index' AS same FROM whole;

-- A type change below all of that: made again, in the right order.
CREATE TEMP TABLE wider AS
SELECT jsonb_set(jsonb_set(s, '{objects,column,sd.first.id,type}', '"bigint"'), '{objects,column,sd.second.first_id,type}', '"bigint"') AS s FROM whole;
SELECT action, object_type, identity, attribute FROM whole w, wider t, wishflags.schema_diff(w.s, t.s) WHERE object_type <> 'function' ORDER BY ordinal;

-- A circle that nothing resolves is named.
SELECT wishflags.schema_diff_sql(n.s, jsonb_set(w.s, '{objects,enum,sd.e,needs}', '["table sd.first"]')) FROM whole w, nothing n;

DROP SCHEMA sd CASCADE;

-- An event trigger that comes does so last, one that goes first, so that neither runs for the rest.
CREATE FUNCTION pg_temp.refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
CREATE TEMP TABLE without AS SELECT wishflags.schema_snapshot() AS s;
CREATE SCHEMA sd;
CREATE TABLE sd.t (a int CONSTRAINT k CHECK (a > 0));
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
CREATE EVENT TRIGGER sd_refuse ON ddl_command_end WHEN TAG IN ('CREATE VIEW') EXECUTE FUNCTION pg_temp.refuse();
CREATE TEMP TABLE with_it AS SELECT wishflags.schema_snapshot() AS s;
SELECT object_type, action, attribute FROM without w, with_it t, wishflags.schema_diff(w.s, t.s, '{"online": false}') ORDER BY ordinal;
SELECT object_type, action, attribute FROM without w, with_it t, wishflags.schema_diff(t.s, w.s, '{"online": false}') ORDER BY ordinal;
DROP EVENT TRIGGER sd_refuse;
ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM PUBLIC;
DROP SCHEMA sd CASCADE;
