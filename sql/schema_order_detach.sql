-- Order around tables that leave a partitioned one with foreign keys.
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

-- A table that leaves keeps the foreign key of its former parent.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE sf (id int PRIMARY KEY, r int REFERENCES sf) PARTITION BY RANGE (id);
CREATE TABLE sf1 PARTITION OF sf FOR VALUES FROM (0) TO (10);
CREATE TABLE sf2 (id int PRIMARY KEY, r int) PARTITION BY LIST (id);
CREATE TABLE sf21 PARTITION OF sf2 FOR VALUES IN (12);
ALTER TABLE sf ATTACH PARTITION sf2 FOR VALUES FROM (10) TO (20);$$,
$$CREATE TABLE sf (id int PRIMARY KEY, r int REFERENCES sf) PARTITION BY RANGE (id);
CREATE TABLE sf1 PARTITION OF sf FOR VALUES FROM (0) TO (10);
CREATE TABLE sf2 (id int PRIMARY KEY, r int) PARTITION BY LIST (id);
CREATE TABLE sf21 PARTITION OF sf2 FOR VALUES IN (12);
ALTER TABLE sf ATTACH PARTITION sf2 FOR VALUES FROM (10) TO (20);
ALTER TABLE sf DETACH PARTITION sf2;$$);
-- ... or does not.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE sf (id int PRIMARY KEY, r int REFERENCES sf) PARTITION BY RANGE (id);
CREATE TABLE sf1 PARTITION OF sf FOR VALUES FROM (0) TO (10);
CREATE TABLE sf2 (id int PRIMARY KEY, r int) PARTITION BY LIST (id);
CREATE TABLE sf21 PARTITION OF sf2 FOR VALUES IN (12);
ALTER TABLE sf ATTACH PARTITION sf2 FOR VALUES FROM (10) TO (20);$$,
$$CREATE TABLE sf (id int PRIMARY KEY, r int REFERENCES sf) PARTITION BY RANGE (id);
CREATE TABLE sf1 PARTITION OF sf FOR VALUES FROM (0) TO (10);
CREATE TABLE sf2 (id int PRIMARY KEY, r int) PARTITION BY LIST (id);
CREATE TABLE sf21 PARTITION OF sf2 FOR VALUES IN (12);
ALTER TABLE sf ATTACH PARTITION sf2 FOR VALUES FROM (10) TO (20);
ALTER TABLE sf DETACH PARTITION sf1;
ALTER TABLE sf1 DROP CONSTRAINT sf_r_fkey;$$);
-- ... from two levels, of which one goes.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE sf (id int PRIMARY KEY, r int REFERENCES sf) PARTITION BY RANGE (id);
CREATE TABLE sf1 PARTITION OF sf FOR VALUES FROM (0) TO (10);
CREATE TABLE sf2 (id int PRIMARY KEY, r int) PARTITION BY LIST (id);
CREATE TABLE sf21 PARTITION OF sf2 FOR VALUES IN (12);
ALTER TABLE sf ATTACH PARTITION sf2 FOR VALUES FROM (10) TO (20);$$,
$$CREATE TABLE sf (id int PRIMARY KEY, r int REFERENCES sf) PARTITION BY RANGE (id);
CREATE TABLE sf1 PARTITION OF sf FOR VALUES FROM (0) TO (10);
CREATE TABLE sf2 (id int PRIMARY KEY, r int) PARTITION BY LIST (id);
CREATE TABLE sf21 PARTITION OF sf2 FOR VALUES IN (12);
ALTER TABLE sf ATTACH PARTITION sf2 FOR VALUES FROM (10) TO (20);
ALTER TABLE sf DETACH PARTITION sf2;
ALTER TABLE sf2 DETACH PARTITION sf21;
DROP TABLE sf2;$$);
-- ... and the parent gets another name.
SELECT * FROM pg_temp.there_and_back(
$$CREATE TABLE sf (id int PRIMARY KEY, r int REFERENCES sf) PARTITION BY RANGE (id);
CREATE TABLE sf1 PARTITION OF sf FOR VALUES FROM (0) TO (10);
CREATE TABLE sf2 (id int PRIMARY KEY, r int) PARTITION BY LIST (id);
CREATE TABLE sf21 PARTITION OF sf2 FOR VALUES IN (12);
ALTER TABLE sf ATTACH PARTITION sf2 FOR VALUES FROM (10) TO (20);$$,
$$CREATE TABLE sf (id int PRIMARY KEY, r int REFERENCES sf) PARTITION BY RANGE (id);
CREATE TABLE sf1 PARTITION OF sf FOR VALUES FROM (0) TO (10);
CREATE TABLE sf2 (id int PRIMARY KEY, r int) PARTITION BY LIST (id);
CREATE TABLE sf21 PARTITION OF sf2 FOR VALUES IN (12);
ALTER TABLE sf ATTACH PARTITION sf2 FOR VALUES FROM (10) TO (20);
ALTER TABLE sf RENAME TO sfx;$$);
DROP SCHEMA sd CASCADE;
