-- Constraints of every kind, online and in one transaction.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA sd;
CREATE TABLE sd.a (id int, b_id int, v int, r int4range);
CREATE TABLE sd.b (id int PRIMARY KEY, a_id int);
ALTER TABLE sd.a ADD CONSTRAINT positive CHECK (v > 0) NOT VALID;
ALTER TABLE sd.a ADD CONSTRAINT uniq UNIQUE (v);
CREATE TEMP TABLE before AS SELECT wishflags.schema_snapshot('{sd}') AS s;

ALTER TABLE sd.a ADD PRIMARY KEY (id);
ALTER TABLE sd.a VALIDATE CONSTRAINT positive;
ALTER TABLE sd.a DROP CONSTRAINT uniq, ADD CONSTRAINT uniq UNIQUE NULLS NOT DISTINCT (v) INCLUDE (id) WITH (fillfactor = 80) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE sd.a ADD CONSTRAINT apart EXCLUDE USING gist (r WITH &&) WHERE (v > 5);
ALTER TABLE sd.a ADD CONSTRAINT small CHECK (v < 1000) NO INHERIT;
ALTER TABLE sd.a ADD CONSTRAINT a_b FOREIGN KEY (b_id) REFERENCES sd.b ON DELETE SET NULL (b_id);
ALTER TABLE sd.b ADD CONSTRAINT b_a FOREIGN KEY (a_id) REFERENCES sd.a MATCH FULL ON UPDATE CASCADE NOT VALID;
COMMENT ON CONSTRAINT uniq ON sd.a IS 'one';
COMMENT ON INDEX sd.uniq IS 'its index';
CREATE TEMP TABLE after AS SELECT wishflags.schema_snapshot('{sd}') AS s;

SELECT wishflags.schema_diff_sql(b.s, a.s, '{"online": false}') FROM before b, after a;
SELECT wishflags.schema_diff_sql(b.s, a.s) FROM before b, after a;

-- Two foreign keys in a circle do not keep their tables from going.
SELECT wishflags.schema_diff_sql(a.s, (SELECT jsonb_set(s, '{objects}', jsonb_build_object('schema', s->'objects'->'schema')) FROM after),
	'{"online": false, "allow_data_loss": true}') FROM after a;

DROP SCHEMA sd CASCADE;
