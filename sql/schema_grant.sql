-- Owners, grants, default privileges and comments.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE ROLE wf_schema_a;
CREATE ROLE wf_schema_b;
CREATE SCHEMA sd;
CREATE TABLE sd.t (a int, b int);
CREATE SEQUENCE sd.q;
CREATE TYPE sd.e AS ENUM ('x');
CREATE FUNCTION sd.f() RETURNS int LANGUAGE sql AS 'SELECT 1';
GRANT SELECT ON sd.t TO wf_schema_a WITH GRANT OPTION;
GRANT UPDATE (a) ON sd.t TO wf_schema_b;
COMMENT ON TABLE sd.t IS 'it''s';
CREATE TEMP TABLE before AS SELECT wishflags.schema_snapshot('{sd}') AS s;

ALTER TABLE sd.t OWNER TO wf_schema_a;
GRANT INSERT ON sd.t TO PUBLIC;
REVOKE DELETE ON sd.t FROM wf_schema_a;
REVOKE UPDATE (a) ON sd.t FROM wf_schema_b;
GRANT SELECT (a), INSERT (b) ON sd.t TO wf_schema_b;
GRANT USAGE ON SCHEMA sd TO wf_schema_b;
GRANT USAGE ON SEQUENCE sd.q TO wf_schema_b;
REVOKE USAGE ON TYPE sd.e FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION sd.f() FROM PUBLIC;
COMMENT ON TABLE sd.t IS NULL;
COMMENT ON COLUMN sd.t.a IS E'line\nbreak \\';
COMMENT ON SCHEMA sd IS 's';
ALTER DEFAULT PRIVILEGES FOR ROLE wf_schema_b IN SCHEMA sd GRANT SELECT ON TABLES TO wf_schema_a;
CREATE TEMP TABLE after AS SELECT wishflags.schema_snapshot('{sd}') AS s;

SELECT wishflags.schema_diff_sql(b.s, a.s) FROM before b, after a;
SELECT object_type, identity, attribute, sql, rollback_sql FROM before b, after a, wishflags.schema_diff(b.s, a.s) WHERE attribute = 'comment';

-- A table made while default privileges are in force ends with its own grants only.
CREATE TABLE sd.later (a int);
SELECT sql FROM after, wishflags.schema_diff(s);

DROP SCHEMA sd CASCADE;
DROP OWNED BY wf_schema_a, wf_schema_b;
DROP ROLE wf_schema_a, wf_schema_b;

-- Security labels: there is no provider here, so only what is read and written is seen.
CREATE SCHEMA sd;
CREATE TABLE sd.t (a int);
CREATE TEMP TABLE labelled AS
SELECT jsonb_set(jsonb_set(s, '{objects,table,sd.t,security_labels}', '["selinux it''s secret"]'),
	'{objects,column,sd.t.a,security_labels}', '["\"My P\" x", "b y"]') AS s
FROM wishflags.schema_snapshot('{sd}') s;
SELECT sql, rollback_sql FROM labelled l, wishflags.schema_diff(wishflags.schema_snapshot('{sd}'), l.s);
DROP SCHEMA sd CASCADE;
