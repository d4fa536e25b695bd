-- Relations that the role may not change, or that are not there, beside one that
-- it may: the guard judges the rest, and the server says what it says.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS wishflags;
SELECT 'regress_guard_owner' AS owner, 'regress_guard_other' AS other \gset
CREATE ROLE :owner;
CREATE ROLE :other;
CREATE SCHEMA parts AUTHORIZATION :owner;
GRANT USAGE, CREATE ON SCHEMA parts TO :other;
SET SESSION AUTHORIZATION :owner;
CREATE TABLE parts.p (id int NOT NULL, a int) PARTITION BY RANGE (id);
CREATE TABLE parts.p1 PARTITION OF parts.p FOR VALUES FROM (0) TO (10);
CREATE TABLE parts.r (a int PRIMARY KEY);
CREATE TABLE parts.parent (id int PRIMARY KEY);
CREATE TABLE parts.child (id int REFERENCES parts.parent);
INSERT INTO parts.p VALUES (1, 1);
INSERT INTO parts.r VALUES (1);
INSERT INTO parts.parent VALUES (1);
RESET SESSION AUTHORIZATION;
ALTER TABLE parts.p1 OWNER TO :other;
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES
	('add-foreign-key-validates', 'block', 'a test'),
	('dependents-block-change', 'block', 'a test'),
	('truncate-cascade', 'block', 'a test');
SET SESSION AUTHORIZATION :owner;
\set VERBOSITY terse
ALTER TABLE parts.p ADD UNIQUE (id);
ALTER TABLE parts.p ADD FOREIGN KEY (a) REFERENCES parts.r;
TRUNCATE parts.parent, parts.no_such_table;
TRUNCATE parts.parent, parts.no_such_table CASCADE;
\set VERBOSITY default
RESET SESSION AUTHORIZATION;
DELETE FROM wishflags.guard_policies WHERE reason = 'a test';
SET wishflags.guard = off;
DROP SCHEMA parts CASCADE;
DROP ROLE :owner, :other;
