-- Partitions: made apart, then attached, so that names and settings are the target's.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA sd;
CREATE TABLE sd.p (id int NOT NULL, d date NOT NULL) PARTITION BY RANGE (d);
CREATE TABLE sd.p1 PARTITION OF sd.p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE sd.p2 (id int NOT NULL, d date NOT NULL);
CREATE TABLE sd.plain (id int);
CREATE TEMP TABLE before AS SELECT wishflags.schema_snapshot('{sd}') AS s;

ALTER TABLE sd.p ADD CONSTRAINT p_pkey PRIMARY KEY (id, d);
CREATE INDEX p_d ON sd.p (d);
ALTER TABLE sd.p ADD note text;
ALTER TABLE sd.p2 ADD note text;
ALTER TABLE sd.p ATTACH PARTITION sd.p2 FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE TABLE sd.rest PARTITION OF sd.p DEFAULT;
CREATE TABLE sd.sub PARTITION OF sd.p FOR VALUES FROM ('2022-01-01') TO ('2023-01-01') PARTITION BY LIST (id);
CREATE TABLE sd.sub1 PARTITION OF sd.sub FOR VALUES IN (1, 2);
CREATE TEMP TABLE after AS SELECT wishflags.schema_snapshot('{sd}') AS s;
SELECT wishflags.schema_diff_sql(b.s, a.s, '{"online": false}') FROM before b, after a;
SELECT wishflags.schema_diff_sql(a.s, b.s, '{"online": false, "allow_data_loss": true}') FROM before b, after a;

-- A plain table cannot become partitioned in place: it is made anew, and its rows are lost.
DROP TABLE sd.plain;
CREATE TABLE sd.plain (id int) PARTITION BY HASH (id);
SELECT wishflags.schema_diff_sql(s) FROM after;
SELECT wishflags.schema_diff_sql(s, NULL, '{"allow_data_loss": true}') FROM after;

DROP SCHEMA sd CASCADE;
