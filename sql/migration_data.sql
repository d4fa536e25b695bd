-- Rules that ask the rows, and those that ask what is built on them.
CREATE SCHEMA data_s;
SET search_path = data_s, public;
CREATE TABLE parent (id int PRIMARY KEY, code bigint UNIQUE);
CREATE TABLE child (id int PRIMARY KEY, parent int, name text, price int, CONSTRAINT late CHECK (price > 0) NOT VALID);
INSERT INTO parent SELECT g, g FROM generate_series(1, 3) g;
ALTER TABLE child DROP CONSTRAINT late;
INSERT INTO child VALUES (1, 1, 'a', 1), (2, 9, 'a', -5), (3, NULL, NULL, 7), (4, 8, 'x9', 2);
ALTER TABLE child ADD CONSTRAINT late CHECK (price > 0) NOT VALID, ADD CONSTRAINT loose FOREIGN KEY (parent) REFERENCES parent NOT VALID;

CREATE FUNCTION data_check(sql text, options jsonb DEFAULT '{}')
RETURNS TABLE (st int, rule text, severity text, message text, evidence jsonb)
BEGIN ATOMIC
	SELECT statement, rule, severity, message, evidence - 'policy'
	FROM wishflags.migration_breaking_check(sql, '{"validate_data": true, "only": ["not-null-would-fail", "check-would-fail",
		"foreign-key-would-fail", "unique-would-fail", "type-cast-would-fail", "dependents-block-change", "drop-dependent-object",
		"view-incompatible", "guard-hides-mismatch", "foreign-key-type-mismatch"]}'::jsonb || options)
	ORDER BY statement, rule;
END;

SELECT * FROM data_check('
	ALTER TABLE child ALTER parent SET NOT NULL, ALTER price SET NOT NULL;
	ALTER TABLE child ADD CONSTRAINT c CHECK (price > 0), ADD CONSTRAINT d CHECK (price < 100);
	ALTER TABLE child VALIDATE CONSTRAINT late;
	ALTER TABLE child ADD FOREIGN KEY (parent) REFERENCES parent;
	ALTER TABLE child VALIDATE CONSTRAINT loose;
	ALTER TABLE child ADD UNIQUE (name), ADD UNIQUE (price);
	CREATE UNIQUE INDEX CONCURRENTLY ON child (name);
	ALTER TABLE child ALTER name TYPE int USING name::int;
	ALTER TABLE child ALTER price TYPE smallint');

-- What the text adds without a look and validates later.
SELECT * FROM data_check('
	ALTER TABLE child ADD CONSTRAINT c CHECK (price > 0) NOT VALID, ADD CONSTRAINT d CHECK (price < 100) NOT VALID;
	ALTER TABLE child ADD CONSTRAINT f FOREIGN KEY (parent) REFERENCES parent NOT VALID;
	ALTER TABLE child VALIDATE CONSTRAINT c, VALIDATE CONSTRAINT d, VALIDATE CONSTRAINT f');
SELECT count(*) FROM data_check('ALTER TABLE child ADD CONSTRAINT c CHECK (price > 0) NOT VALID; DELETE FROM child WHERE price <= 0; ALTER TABLE child VALIDATE CONSTRAINT c');

-- The server agrees.
\set VERBOSITY sqlstate
ALTER TABLE child ALTER parent SET NOT NULL;
ALTER TABLE child VALIDATE CONSTRAINT late;
ALTER TABLE child VALIDATE CONSTRAINT loose;
ALTER TABLE child ALTER name TYPE int USING name::int;
\set VERBOSITY default

-- Nothing is asked unless wished for, nor of rows that the text repairs.
SELECT count(*) FROM data_check('ALTER TABLE child ALTER parent SET NOT NULL', '{"validate_data": false}');
SELECT count(*) FROM data_check('UPDATE child SET parent = 1 WHERE parent IS NULL; ALTER TABLE child ALTER parent SET NOT NULL');
SELECT count(*) FROM data_check('ALTER TABLE child ADD CONSTRAINT c CHECK (price > 0) NOT VALID; ALTER TABLE child ADD CHECK (price / (price - 1) > 0)');
SELECT data_check('SELECT 1', '{"validate_timeout": 0}');

-- A question takes no longer than it may, and changes nothing.
CREATE FUNCTION slow(int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(60); RETURN true; END';
CREATE FUNCTION writes(int) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN DELETE FROM child; RETURN false; END';
SELECT count(*) FROM data_check('ALTER TABLE child ADD CHECK (slow(id)); ALTER TABLE child ADD CHECK (writes(id))', '{"validate_timeout": 50}');
SELECT count(*) FROM child;

-- What is built on it.
CREATE VIEW names AS SELECT id, name FROM child;
CREATE TABLE totals (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
CREATE POLICY cheap ON child USING (price < 10);
SELECT * FROM data_check('
	ALTER TABLE child ALTER name TYPE varchar, DROP price;
	ALTER TABLE totals ALTER a TYPE bigint;
	DROP TABLE child;
	CREATE OR REPLACE VIEW names AS SELECT name, id FROM child;
	CREATE OR REPLACE VIEW names AS SELECT id FROM child;
	CREATE OR REPLACE VIEW names AS SELECT id, name, price FROM child', '{"validate_data": false}');
SELECT count(*) FROM data_check('
	DROP VIEW names; ALTER TABLE child ALTER name TYPE varchar; CREATE VIEW names AS SELECT name, id FROM child');
SELECT count(*) FROM data_check('DROP TABLE child, names');
\set VERBOSITY sqlstate
ALTER TABLE child ALTER name TYPE varchar;
ALTER TABLE child DROP price;
ALTER TABLE totals ALTER a TYPE bigint;
DROP TABLE child;
CREATE OR REPLACE VIEW names AS SELECT name, id FROM child;
\set VERBOSITY default

-- What IF NOT EXISTS passes over, and keys of another type.
CREATE INDEX CONCURRENTLY child_name ON child (name);
SELECT st, rule, severity, message FROM data_check('
	CREATE TABLE IF NOT EXISTS child (id int PRIMARY KEY, name text, extra int);
	CREATE TABLE IF NOT EXISTS child (id int PRIMARY KEY, name text);
	CREATE INDEX IF NOT EXISTS child_name ON child (price);
	CREATE INDEX IF NOT EXISTS child_name ON child (name);
	CREATE TABLE unnamed (id int PRIMARY KEY, name text UNIQUE);
	CREATE INDEX IF NOT EXISTS unnamed_name ON unnamed (name);
	ALTER TABLE child ADD COLUMN IF NOT EXISTS price bigint;
	ALTER TABLE child ADD COLUMN IF NOT EXISTS price int;
	CREATE TABLE c (k int REFERENCES parent (code), l int REFERENCES parent);
	ALTER TABLE child ADD FOREIGN KEY (price) REFERENCES parent (code)', '{"validate_data": false}');

SET client_min_messages = warning;
DROP SCHEMA data_s CASCADE;
