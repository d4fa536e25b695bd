-- What a migration loses is kept, and the way back finds it.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA sh;
CREATE TABLE sh.customer (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
CREATE TABLE sh.item (id int PRIMARY KEY, code varchar(20) NOT NULL UNIQUE CHECK (code <> ''), price numeric NOT NULL,
	who int REFERENCES sh.customer ON DELETE CASCADE, up text GENERATED ALWAYS AS (upper(code)) STORED);
CREATE TABLE sh.part (day date, no serial, what text, item int REFERENCES sh.item ON DELETE SET NULL, PRIMARY KEY (day, no)) PARTITION BY RANGE (day);
CREATE TABLE sh.part_1 PARTITION OF sh.part FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE sh.part_2 PARTITION OF sh.part FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE sh.part_3 (also int, day date NOT NULL, what text, item int, no int NOT NULL DEFAULT 7, PRIMARY KEY (day, no)) PARTITION BY LIST (no);
ALTER TABLE sh.part_3 DROP COLUMN also;
CREATE TABLE sh.part_3a PARTITION OF sh.part_3 DEFAULT;
ALTER TABLE sh.part ATTACH PARTITION sh.part_3 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE sh.shape (id int PRIMARY KEY, name text);
CREATE TABLE sh.circle (size int, PRIMARY KEY (id)) INHERITS (sh.shape);
CREATE TABLE sh.keyless (a int, b numeric);
CREATE TABLE sh."odd ""one" ("x y" bigint PRIMARY KEY, "Z" text);
CREATE VIEW sh.dear AS SELECT id, price FROM sh.item WHERE price > 3;
CREATE MATERIALIZED VIEW sh.total AS SELECT sum(price) AS sum FROM sh.item;
CREATE INDEX item_price ON sh.item (price);
CREATE FUNCTION sh.stop() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'a trigger has fired'; END$$;
INSERT INTO sh.customer (name) SELECT 'n' || g FROM generate_series(1, 5) g;
INSERT INTO sh.item SELECT g, 'c' || g, g + 0.25, g FROM generate_series(1, 5) g;
INSERT INTO sh.part (day, what, item) SELECT date '2024-06-01' + 60 * g, 'w' || g, g % 5 + 1 FROM generate_series(1, 12) g;
INSERT INTO sh.shape VALUES (1, 'line');
INSERT INTO sh.circle VALUES (1, 'small', 3), (2, 'big', 30);
INSERT INTO sh.keyless VALUES (1, 1.5), (1, 1.5);
INSERT INTO sh."odd ""one" VALUES (10000000000, 'z');
REFRESH MATERIALIZED VIEW sh.total;
CREATE TRIGGER stop BEFORE INSERT OR UPDATE ON sh.item FOR EACH ROW EXECUTE FUNCTION sh.stop();

\set up 'ALTER TABLE sh.item DROP COLUMN code CASCADE, ALTER price TYPE numeric(3,1); DROP TABLE sh.customer CASCADE'
SET client_min_messages = error;
DROP MATERIALIZED VIEW sh.total;
DROP VIEW sh.dear;
SELECT wishflags.migration_shelter_sql(:'up');
SELECT wishflags.migration_rollback_sql(:'up', '{"shelter": "shelter"}');
CREATE VIEW sh.dear AS SELECT id, price FROM sh.item WHERE price > 3;
CREATE MATERIALIZED VIEW sh.total AS SELECT sum(price) AS sum FROM sh.item;

-- Kept, there and back: the same schema, the same rows, no shelter.
CREATE FUNCTION pg_temp.rows() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(j::text, ',' ORDER BY j::text) FROM (SELECT to_jsonb(c) FROM sh.customer c UNION ALL SELECT to_jsonb(i) FROM sh.item i
		UNION ALL SELECT to_jsonb(p) FROM sh.part p UNION ALL SELECT to_jsonb(o) FROM sh."odd ""one" o UNION ALL SELECT to_jsonb(k) FROM sh.keyless k
		UNION ALL SELECT to_jsonb(t) FROM sh.total t UNION ALL SELECT to_jsonb(s) || to_jsonb(s.tableoid::regclass::text) FROM sh.shape s UNION ALL SELECT to_jsonb(c) FROM sh.circle c UNION ALL SELECT to_jsonb(last_value) FROM sh.part_no_seq
		UNION ALL SELECT to_jsonb(last_value) FROM sh.customer_id_seq) x(j)$$;
CREATE FUNCTION pg_temp.trip(up text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	schema_before text := wishflags.schema_fingerprint('{sh}');
	rows_before text := pg_temp.rows();
	keep text := wishflags.migration_shelter_sql(up, '{"shelter": "my shelter"}');
	down text := wishflags.migration_rollback_sql(up, '{"shelter": "my shelter"}');
BEGIN
	EXECUTE keep;
	EXECUTE up;
	EXECUTE regexp_replace(down, '^(BEGIN|COMMIT);$', '', 'gn');
	RETURN concat_ws(', ', CASE WHEN schema_before = wishflags.schema_fingerprint('{sh}') THEN 'same schema' ELSE 'ANOTHER SCHEMA' END,
		CASE WHEN rows_before = pg_temp.rows() THEN 'same rows' ELSE 'OTHER ROWS' END,
		CASE WHEN to_regnamespace('"my shelter"') IS NOT NULL THEN 'SHELTER STAYS' END);
END$$;
SELECT up, pg_temp.trip(up) FROM (VALUES
	('ALTER TABLE sh.item DROP COLUMN code CASCADE'),
	('ALTER TABLE sh.item DROP COLUMN id CASCADE'),
	('ALTER TABLE sh."odd ""one" DROP COLUMN "Z", ALTER "x y" TYPE text'),
	('DROP TABLE sh.customer CASCADE'),
	('DROP TABLE sh.item CASCADE; CREATE TABLE sh.item (id text)'),
	('DROP TABLE sh.part'),
	('DROP TABLE sh.part_1; ALTER TABLE sh.part DROP COLUMN what'),
	('ALTER TABLE sh.part DROP COLUMN item, ADD COLUMN item text'),
	('TRUNCATE sh.customer, sh.part RESTART IDENTITY CASCADE'),
	('DELETE FROM sh.customer WHERE id > 2; DELETE FROM sh.part_1'),
	('DROP TABLE sh.part_3'),
	('UPDATE sh.part_3 SET what = upper(what); DELETE FROM sh.part_3a WHERE no > 11'),
	('UPDATE sh.shape SET name = ''same''; ALTER TABLE sh.circle DROP size'),
	('TRUNCATE sh.shape; DROP TABLE sh.circle'),
	('DELETE FROM sh.item'),
	('ALTER TABLE sh.item DISABLE TRIGGER stop; ALTER TABLE sh.item RENAME TO thing; UPDATE sh.thing SET price = price + 1, who = NULL'),
	('WITH gone AS (DELETE FROM sh.part RETURNING no) SELECT count(*) FROM gone'),
	('DROP SCHEMA sh CASCADE'),
	('CREATE SCHEMA sh9; ALTER TABLE sh.part SET SCHEMA sh9; ALTER TABLE sh9.part DROP COLUMN what'),
	('DROP VIEW sh.dear; DROP MATERIALIZED VIEW sh.total; ALTER TABLE sh.item ALTER price TYPE int')
) AS m(up);

-- Rows that are new stay, rows that are there are not brought back twice.
BEGIN;
SELECT wishflags.migration_shelter_sql('DELETE FROM sh.customer WHERE id = 5') AS keep,
	regexp_replace(wishflags.migration_rollback_sql('DELETE FROM sh.customer WHERE id = 5', '{"shelter": "shelter"}'), '^(BEGIN|COMMIT);$', '', 'gn') AS down \gset
:keep
DELETE FROM sh.customer WHERE id = 5;
INSERT INTO sh.customer (name) VALUES ('new');
:down
SELECT * FROM sh.customer ORDER BY id;
ROLLBACK;

-- What cannot be kept is said; what only adds is not undone here.
SELECT wishflags.migration_shelter_sql('ALTER TABLE sh.keyless DROP COLUMN b; UPDATE sh."odd ""one" SET "x y" = 1; ALTER TABLE sh.part ALTER no TYPE smallint');
SELECT wishflags.migration_rollback_sql('ALTER TABLE sh.keyless DROP COLUMN b; INSERT INTO sh.keyless VALUES (2)', '{"shelter": "shelter"}');
SELECT wishflags.migration_shelter_sql('ALTER TABLE sh.keyless ADD c int');
SELECT wishflags.migration_rollback_sql('ALTER TABLE sh.keyless ADD c int', '{"shelter": "shelter"}');

-- Wrong use.
SELECT wishflags.migration_shelter_sql('SELEC');
SELECT wishflags.migration_shelter_sql('SELECT 1', '{"shelter": ""}');
SELECT wishflags.migration_shelter_sql('SELECT 1', '{"shelter": 5}');
SELECT wishflags.migration_shelter_sql('SELECT 1', '{"shelter": "sh"}');
SELECT wishflags.migration_rollback_sql('SELECT 1', jsonb_build_object('shelter', repeat('x', 64)));

DROP SCHEMA sh CASCADE;
