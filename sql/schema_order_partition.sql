-- Order around partitions: indexes and keys that all parts have, and tables that leave.
SET wishflags.guard = off;
SET client_min_messages = warning;
-- Makes two schemas one after the other, turns the second into the first by script and that into the second again:
-- what each script leaves different, which is nothing.
CREATE FUNCTION pg_temp.there_and_back(one text, other text, OUT left_back bigint, OUT left_there bigint) LANGUAGE plpgsql AS $$
DECLARE
	a jsonb;
	b jsonb;
	options jsonb := '{"online": false, "allow_data_loss": true}';
BEGIN
	DROP SCHEMA IF EXISTS sd CASCADE;
	CREATE SCHEMA sd;
	SET LOCAL search_path = sd;
	EXECUTE one;
	RESET search_path;
	a := wishflags.schema_snapshot('{sd}');
	DROP SCHEMA sd CASCADE;
	CREATE SCHEMA sd;
	SET LOCAL search_path = sd;
	EXECUTE other;
	RESET search_path;
	b := wishflags.schema_snapshot('{sd}');
	EXECUTE regexp_replace(wishflags.schema_diff_sql(b, a, options), '^(BEGIN|COMMIT);$', '', 'gn');
	left_back := count(*) FROM wishflags.schema_diff(wishflags.schema_snapshot('{sd}'), a);
	EXECUTE regexp_replace(wishflags.schema_diff_sql(a, b, options), '^(BEGIN|COMMIT);$', '', 'gn');
	left_there := count(*) FROM wishflags.schema_diff(wishflags.schema_snapshot('{sd}'), b);
END $$;

-- A foreign key waits until the key of all partitions is complete.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE pk (a int) PARTITION BY LIST (a);
CREATE TABLE pk1 PARTITION OF pk FOR VALUES IN (1);
CREATE TABLE fk (a int);$$,
$$CREATE TABLE pk (a int) PARTITION BY LIST (a);
CREATE TABLE pk1 PARTITION OF pk FOR VALUES IN (1);
CREATE TABLE fk (a int);
ALTER TABLE pk ADD PRIMARY KEY (a);
ALTER TABLE fk ADD FOREIGN KEY (a) REFERENCES pk;$$);
-- The index of a partition cannot change alone.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE p (a int PRIMARY KEY, b int) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p DEFAULT;
CREATE INDEX i ON p (b);$$,
$$CREATE TABLE p (a int PRIMARY KEY, b int) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p DEFAULT;
CREATE INDEX i ON p (b);
ALTER INDEX p1_pkey RENAME TO x;
ALTER INDEX p1_b_idx RENAME TO y;$$);
-- A partitioned table is attached once its index is complete.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
CREATE INDEX i ON p (b);
CREATE TABLE p1 (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE p11 PARTITION OF p1 DEFAULT;
CREATE INDEX other ON ONLY p1 (b);$$,
$$CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
CREATE INDEX i ON p (b);
CREATE TABLE p1 (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE p11 PARTITION OF p1 DEFAULT;
CREATE INDEX other ON ONLY p1 (b);
ALTER TABLE p ATTACH PARTITION p1 DEFAULT;$$);
-- An index that goes does not reach a new partition.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
CREATE INDEX pi ON p (b);$$,
$$CREATE TABLE p (a int, b int) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p DEFAULT;
CREATE INDEX p1_b_idx ON p1 (b);$$);
SELECT sql FROM wishflags.schema_snapshot('{sd}') b, wishflags.schema_diff(jsonb_set(b, '{objects,index}', '{"sd.pi": {"parent": "table sd.p", "schema": "sd", "definition": "CREATE INDEX pi ON ONLY sd.p USING btree (b)", "needs": ["column sd.p.b"]}}') #- '{objects,partition}' #- '{objects,column,sd.p1.a}' #- '{objects,column,sd.p1.b}' #- '{objects,table,sd.p1}', b) WHERE object_type IN ('index', 'partition') ORDER BY ordinal;
-- A new partition without an index that the parent has.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE p (a int) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2);
CREATE INDEX i ON p (a);
ALTER INDEX p1_a_idx RENAME TO i1;
CREATE TABLE p2 (a int);$$,
$$CREATE TABLE p (a int) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (2);
CREATE TABLE p2 (a int);
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (2) TO (3);
CREATE INDEX i ON ONLY p (a);
CREATE INDEX i1 ON p1 (a);
ALTER INDEX i ATTACH PARTITION i1;$$);
-- A constraint of the partition belongs to a plain index.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE p (a int) PARTITION BY RANGE (a);
CREATE INDEX i ON p (a);
CREATE TABLE p1 (a int PRIMARY KEY);
ALTER TABLE p ATTACH PARTITION p1 DEFAULT;$$,
$$CREATE TABLE p (a int) PARTITION BY RANGE (a);
CREATE INDEX i ON p (a);
CREATE TABLE p1 (a int PRIMARY KEY);
ALTER TABLE p ATTACH PARTITION p1 DEFAULT;
ALTER INDEX i RENAME TO j;$$);
-- A column that a partition is partitioned by.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE p (a int, c int) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p DEFAULT PARTITION BY LIST (c);$$,
$$CREATE TABLE p (a int, c int) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p DEFAULT PARTITION BY LIST (c);
ALTER TABLE p RENAME c TO d;$$);
-- A check goes from the parent, but one partition keeps it.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE p (a int, b int) PARTITION BY LIST (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
ALTER TABLE p ADD CONSTRAINT k CHECK (b > 0);$$,
$$CREATE TABLE p (a int, b int) PARTITION BY LIST (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2);
ALTER TABLE p1 ADD CONSTRAINT k CHECK (b > 0);$$);
DROP SCHEMA sd CASCADE;
