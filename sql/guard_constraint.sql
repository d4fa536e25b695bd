-- Constraints that build an index on rows are refused.
CREATE SCHEMA guard_constraint;
SET search_path = guard_constraint;
CREATE TABLE item (id int NOT NULL, code text, span int4range);
ALTER TABLE item ADD CONSTRAINT item_empty UNIQUE (code);
ALTER TABLE item DROP CONSTRAINT item_empty;
INSERT INTO item SELECT g, 'c' || g, int4range(g, g + 1) FROM generate_series(1, 50) g;

ALTER TABLE item ADD UNIQUE (code);
ALTER TABLE item ADD CONSTRAINT item_code UNIQUE (code) INCLUDE (id) DEFERRABLE;
ALTER TABLE item ADD PRIMARY KEY (id);
ALTER TABLE item ADD CONSTRAINT item_span EXCLUDE USING gist (span WITH &&);
ALTER TABLE item ADD COLUMN serial_no int UNIQUE;
ALTER TABLE item ADD COLUMN IF NOT EXISTS serial_no int UNIQUE, ADD COLUMN note text;
ALTER TABLE item ADD COLUMN big_id bigserial PRIMARY KEY;
ALTER TABLE IF EXISTS item ADD COLUMN plain int, ADD UNIQUE (plain);

-- What builds no index passes.
ALTER TABLE item ADD COLUMN plain int NOT NULL DEFAULT 0 CHECK (plain >= 0);
ALTER TABLE item ADD COLUMN IF NOT EXISTS code text UNIQUE;
ALTER TABLE item ADD CHECK (id > 0) NOT VALID;
CREATE UNIQUE INDEX CONCURRENTLY item_code_key ON item (code);
ALTER TABLE item ADD CONSTRAINT item_code_key UNIQUE USING INDEX item_code_key;
CREATE UNIQUE INDEX CONCURRENTLY item_pkey ON item (id);
ALTER TABLE item ADD CONSTRAINT item_pkey PRIMARY KEY USING INDEX item_pkey;
ALTER TABLE IF EXISTS no_such_table ADD UNIQUE (id);

-- Partitioned: ONLY the parent builds nothing.
CREATE TABLE log (id int NOT NULL, at int) PARTITION BY LIST (id);
CREATE TABLE log_1 PARTITION OF log FOR VALUES IN (1);
CREATE TABLE log_2 PARTITION OF log FOR VALUES IN (2);
ALTER TABLE log ADD CONSTRAINT log_u UNIQUE (id, at);
ALTER TABLE log DROP CONSTRAINT log_u;
INSERT INTO log VALUES (2, 1);
ALTER TABLE log ADD CONSTRAINT log_u UNIQUE (id, at);
ALTER TABLE ONLY log ADD CONSTRAINT log_u UNIQUE (id, at);

-- A parent without partitions has rows of its own.
CREATE TABLE parent (id int);
CREATE TABLE child () INHERITS (parent);
INSERT INTO child VALUES (1);
ALTER TABLE parent ADD UNIQUE (id);
INSERT INTO parent VALUES (1);
ALTER TABLE ONLY parent ADD UNIQUE (id);

-- CREATE TABLE makes its own.
CREATE TABLE fresh (id int PRIMARY KEY, code text UNIQUE, EXCLUDE USING btree (code WITH =));
CREATE TABLE copy (LIKE item INCLUDING ALL);

RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA guard_constraint CASCADE;
