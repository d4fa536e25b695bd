-- Functions, procedures, aggregates, triggers, rules, policies.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA sd;
CREATE FUNCTION sd.body(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE FUNCTION sd.named(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE TABLE sd.t (a int DEFAULT sd.named(1) CHECK (sd.named(a) > 0), b text);
CREATE INDEX i ON sd.t (sd.named(a));
CREATE FUNCTION sd.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER off BEFORE UPDATE ON sd.t FOR EACH ROW EXECUTE FUNCTION sd.tf();
CREATE POLICY p ON sd.t USING (a > 0);
CREATE TEMP TABLE before AS SELECT wishflags.schema_snapshot('{sd}') AS s;

CREATE OR REPLACE FUNCTION sd.body(x int) RETURNS int LANGUAGE sql STABLE AS 'SELECT x + 1';
DROP FUNCTION sd.named(int) CASCADE;
CREATE FUNCTION sd.named(y int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT y';
ALTER TABLE sd.t ALTER a SET DEFAULT sd.named(1), ADD CONSTRAINT t_a_check CHECK (sd.named(a) > 0);
CREATE INDEX i ON sd.t (sd.named(a));
ALTER TABLE sd.t DISABLE TRIGGER off;
CREATE TRIGGER fresh AFTER UPDATE ON sd.t REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION sd.tf();
ALTER POLICY p ON sd.t USING (a > 1);
CREATE RULE r AS ON DELETE TO sd.t DO INSTEAD NOTHING;
CREATE FUNCTION sd.atomic() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM sd.t; END;
CREATE PROCEDURE sd.proc(INOUT x int) LANGUAGE plpgsql AS 'BEGIN x := 1; END';
CREATE AGGREGATE sd.total(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
REVOKE EXECUTE ON FUNCTION sd.body(int) FROM PUBLIC;
CREATE TEMP TABLE after AS SELECT wishflags.schema_snapshot('{sd}') AS s;

SELECT wishflags.schema_diff_sql(b.s, a.s, '{"online": false}') FROM before b, after a;

DROP SCHEMA sd CASCADE;
