-- CREATE INDEX is refused on a table that holds rows, unless it is CONCURRENTLY.
CREATE SCHEMA guard_index;
SET search_path = guard_index;
CREATE TABLE orders (id int, note text);
CREATE INDEX orders_empty ON orders (id);
INSERT INTO orders SELECT g, 'note' FROM generate_series(1, 100) g;

\set SHOW_CONTEXT never
DO $$ BEGIN
	EXECUTE 'CREATE INDEX orders_note ON orders (note)';
EXCEPTION WHEN SQLSTATE 'WF001' THEN
	RAISE NOTICE 'refused with %', SQLSTATE;
END $$;
CREATE INDEX orders_note ON orders (note);
CREATE UNIQUE INDEX ON guard_index.orders (lower(note), id DESC) WHERE id > 3;
CREATE INDEX CONCURRENTLY orders_note ON orders (note);

-- IF NOT EXISTS builds nothing when the index is there.
CREATE INDEX IF NOT EXISTS orders_note ON orders (note);
CREATE INDEX IF NOT EXISTS orders_id ON orders (id);

-- ON ONLY means something for a partitioned table only.
CREATE INDEX orders_only ON ONLY orders (id);

-- In a function, in a DO block.
CREATE FUNCTION build() RETURNS void LANGUAGE plpgsql AS 'BEGIN CREATE INDEX orders_f ON guard_index.orders (id); END';
SELECT build();
DO 'BEGIN CREATE INDEX orders_do ON guard_index.orders (id); END';

-- A materialized view is a table here.
CREATE MATERIALIZED VIEW totals AS SELECT count(*) AS n FROM orders;
CREATE INDEX totals_n ON totals (n);

-- Any filled leaf counts.  ON ONLY the parent builds nothing.
CREATE TABLE event (at int, what text) PARTITION BY RANGE (at);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (10);
CREATE TABLE event_2 PARTITION OF event FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (at);
CREATE TABLE event_2a PARTITION OF event_2 FOR VALUES FROM (10) TO (20);
CREATE INDEX event_empty ON event (at);
INSERT INTO event VALUES (12, 'leaf');
CREATE INDEX event_what ON event (what);
CREATE INDEX event_what ON ONLY event (what);
CREATE INDEX event_1_what ON event_1 (what);

-- A new partitioned table may have an old partition.
CREATE TABLE archive (at int, what text);
INSERT INTO archive VALUES (1, 'old');
BEGIN;
CREATE TABLE history (at int, what text) PARTITION BY RANGE (at);
ALTER TABLE history ATTACH PARTITION archive FOR VALUES FROM (0) TO (10);
CREATE INDEX history_what ON history (what);
ROLLBACK;

-- Another table's rows, another session's names.
CREATE INDEX ON no_such_table (id);
CREATE INDEX ON no_such_schema.orders (id);
CREATE INDEX ON otherdb.guard_index.orders (id);

RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA guard_index CASCADE;
