-- The safe way is complete: each is run as it is, and does what was asked.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA safe;
SET search_path = safe;
CREATE FUNCTION safe_way(sql text, rule text) RETURNS text BEGIN ATOMIC
	SELECT f.safe_sql FROM wishflags.migration_breaking_check(sql, '{"min_rows": 1}') f WHERE f.rule = $2;
END;

-- Partitions: the bounds by a CHECK that the server finds to say the same.
CREATE TABLE sale (id int, day date, kind text) PARTITION BY RANGE (day);
CREATE TABLE kinds (id int, kind text) PARTITION BY LIST (kind);
CREATE TABLE spread (id int) PARTITION BY HASH (id);
CREATE TABLE pair (a int, b int) PARTITION BY RANGE (a, b);
CREATE TABLE s1 AS SELECT 1 AS id, date '2026-03-01' AS day, 'x' AS kind;
CREATE TABLE s2 AS SELECT 1 AS id, date '2027-03-01' AS day, 'x' AS kind;
CREATE TABLE k1 AS SELECT 1 AS id, 'b' AS kind;
CREATE TABLE h AS SELECT 1 AS id;
CREATE TABLE two AS SELECT 1 AS a, 1 AS b;
ANALYZE;
\set range 'ALTER TABLE sale ATTACH PARTITION s1 FOR VALUES FROM (''2026-01-01'') TO (''2027-01-01'')'
\set open 'ALTER TABLE sale ATTACH PARTITION s2 /* from here on */ FOR VALUES FROM ( ''2027-01-01'' ) TO (MAXVALUE);'
\set list 'ALTER TABLE kinds ATTACH PARTITION k1 FOR VALUES IN (''a'', ''b'')'
SELECT safe_way(:'range', 'attach-partition-scans') AS range, safe_way(:'open', 'attach-partition-scans') AS open,
	safe_way(:'list', 'attach-partition-scans') AS list \gset
\echo :range
\echo :open
\echo :list
-- A CHECK that proves the bounds is no danger: as the text makes it, or as it is there; not where a default partition is read.
CREATE FUNCTION attach_scans(sql text) RETURNS boolean LANGUAGE sql AS $$
	SELECT count(*) > 0 FROM wishflags.migration_breaking_check(sql, '{"only": ["attach-partition-scans"], "assume_populated": true}')
$$;
SELECT attach_scans(:'range') AS range, attach_scans(:'open') AS open, attach_scans(:'list') AS list;
CREATE TABLE s9 AS SELECT 1 AS id, date '2030-03-01' AS day, 'x' AS kind;
\set s9 'ALTER TABLE sale ATTACH PARTITION s9 FOR VALUES FROM (''2030-01-01'') TO (''2031-01-01'')'
SELECT attach_scans(:'s9');
ALTER TABLE s9 ADD CONSTRAINT enough CHECK (day IS NOT NULL AND day BETWEEN '2030-02-01' AND '2030-04-01') NOT VALID;
SELECT attach_scans(:'s9') AS not_valid;
ALTER TABLE s9 VALIDATE CONSTRAINT enough;
SELECT attach_scans(:'s9') AS valid,
	attach_scans('ALTER TABLE s9 DROP CONSTRAINT enough; ' || :'s9') AS dropped_by_the_text,
	attach_scans('ALTER TABLE sale ATTACH PARTITION s9 FOR VALUES FROM (''2030-03-01'') TO (''2031-01-01'')') AS other_bounds,
	attach_scans('ALTER TABLE sale ATTACH PARTITION s9 FOR VALUES FROM (''nonsense'') TO (''2031-01-01'')') AS wrong_bounds,
	attach_scans('ALTER TABLE sale ATTACH PARTITION s9 FOR VALUES FROM (current_date) TO (''2031-01-01'')') AS computed;
BEGIN;
CREATE TABLE rest PARTITION OF sale DEFAULT;
SELECT attach_scans(:'s9') AS with_default;
ROLLBACK;
BEGIN;
SELECT attach_scans(:'s9') AS valid;
SELECT mode AS lock_kept FROM pg_locks WHERE relation = 's9'::regclass AND pid = pg_backend_pid();
COMMIT;
DROP TABLE s9;
SELECT n, r.statement, r.scans, r.message FROM (VALUES (1, :'range'), (2, :'open'), (3, :'list')) t(n, sql),
	wishflags.migration_rehearse(t.sql, '{"force": true}') r ORDER BY n, statement;
:range
:open
:list
-- Hashes, several columns, a null and a default have no such CHECK.
SELECT safe_way(sql, 'attach-partition-scans') FROM unnest(ARRAY[
	'ALTER TABLE spread ATTACH PARTITION h FOR VALUES WITH (MODULUS 2, REMAINDER 0)',
	'ALTER TABLE pair ATTACH PARTITION two FOR VALUES FROM (0, 0) TO (9, 9)',
	'ALTER TABLE kinds ATTACH PARTITION k1 FOR VALUES IN (NULL, ''c'')',
	'ALTER TABLE kinds ATTACH PARTITION k1 DEFAULT']) AS sql;
SELECT safe_way('CREATE TABLE s3 PARTITION OF sale FOR VALUES FROM (MINVALUE) TO (''2026-01-01'') WITH (fillfactor = 90)', 'create-partition-locks-parent') AS new \gset
\echo :new
:new
SELECT safe_way('CREATE TABLE s4 PARTITION OF sale DEFAULT PARTITION BY LIST (kind)', 'create-partition-locks-parent') IS NULL AS none,
	safe_way('CREATE TABLE s4 PARTITION OF sale DEFAULT', 'create-partition-locks-parent');
SELECT inhrelid::regclass, pg_get_expr(relpartbound, inhrelid) FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
WHERE inhparent IN ('sale'::regclass, 'kinds'::regclass) ORDER BY 1;

-- Changes of many rows, by the key.
CREATE TABLE item (id int PRIMARY KEY, price int, name text);
INSERT INTO item SELECT g, 1, 'n' || g FROM generate_series(1, 25000, 2) g;
CREATE TABLE keyless AS SELECT * FROM item;
CREATE TABLE worded (word text PRIMARY KEY);
INSERT INTO worded VALUES ('w');
ANALYZE;
SELECT safe_way('UPDATE item SET price = price + 1', 'unbatched-data-change') AS all,
	safe_way('UPDATE item AS i SET name = (SELECT word FROM worded WHERE word = i.name) WHERE i.price = 2 OR id = 4', 'unbatched-data-change') AS some,
	safe_way('DELETE FROM safe.item WHERE id > 20000', 'unbatched-data-change') AS gone \gset
\echo :all
\echo :some
\echo :gone
:all
SELECT price, count(*) FROM item GROUP BY 1;
:some
SELECT count(*) FROM item WHERE name IS NULL;
:gone
SELECT max(id) FROM item;
SELECT sql, safe_way(sql, 'unbatched-data-change') FROM unnest(ARRAY['UPDATE keyless SET price = 2', 'UPDATE item SET price = -price WHERE price IN (SELECT price FROM item ORDER BY price LIMIT 5)', 'DELETE FROM worded', 'UPDATE item SET id = id + 1',
	'DELETE FROM item RETURNING id', 'MERGE INTO item USING worded ON name = word WHEN MATCHED THEN DELETE']) AS sql;
-- Columns: out of the way, of another type, with a number or a value for each row.
CREATE TABLE stock (id int PRIMARY KEY, amount int NOT NULL, note char(5), body json, born timestamp, spare text NOT NULL);
INSERT INTO stock SELECT g, g, 'ab', '{"a": 1}', '2026-01-02 03:04:05', 's' FROM generate_series(1, 12000) g;
ANALYZE stock;
SET TimeZone = 'Europe/Vienna';
CREATE VIEW stock_columns AS SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull FROM pg_attribute
	WHERE attrelid = 'stock'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum;
SELECT safe_way('ALTER TABLE stock DROP COLUMN spare', 'drop-column') AS gone,
	safe_way('ALTER TABLE stock DROP id', 'drop-column') AS key,
	safe_way('ALTER TABLE ONLY safe.stock ALTER amount TYPE bigint', 'type-change-rewrites') AS wide,
	safe_way('ALTER TABLE stock ALTER note TYPE text', 'type-change-rewrites') AS words,
	safe_way('ALTER TABLE stock ALTER body SET DATA TYPE jsonb USING body::jsonb', 'type-change-rewrites') AS body,
	safe_way('ALTER TABLE stock ALTER born TYPE timestamptz', 'type-change-rewrites') AS born,
	safe_way('ALTER TABLE stock ADD COLUMN n bigserial', 'add-column-auto-increment') AS number,
	safe_way('ALTER TABLE stock ADD COLUMN token uuid DEFAULT gen_random_uuid()', 'add-column-volatile-default') AS token \gset
\echo :gone
\echo :key
\echo :wide
\echo :number
\echo :token
:gone
INSERT INTO stock (id, amount) VALUES (20000, 1);
:wide
:words
:body
:born
:number
:token
SELECT * FROM stock_columns;
INSERT INTO stock (id, amount) VALUES (20001, 3000000000);
SELECT count(*), count(DISTINCT n) AS numbers, count(DISTINCT token) AS tokens, sum(amount), min(note) AS note, max(body::text) AS body FROM stock;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'stock'::regclass;
-- More hangs on the column than its values.
CREATE INDEX ON stock (note);
ALTER TABLE stock ADD CHECK (amount > 0), ALTER born SET DEFAULT now();
SELECT sql, safe_way(sql, 'type-change-rewrites') FROM unnest(ARRAY['ALTER TABLE stock ALTER note TYPE varchar(9)', 'ALTER TABLE stock ALTER amount TYPE int',
	'ALTER TABLE stock ALTER born TYPE date', 'ALTER TABLE stock ALTER id TYPE bigint',
	'ALTER TABLE stock ALTER body TYPE text USING body->>''a''']) AS sql;
-- Two in one.
CREATE TABLE both_types (id int PRIMARY KEY, a int, b json);
INSERT INTO both_types VALUES (1, 2, '{}');
SELECT safe_way('ALTER TABLE both_types ALTER a TYPE bigint, ADD c int, ALTER b TYPE jsonb', 'type-change-rewrites') AS two \gset
:two
SELECT * FROM both_types;
SELECT sql, safe_way(sql, 'add-column-auto-increment') IS NULL AS none FROM unnest(ARRAY['ALTER TABLE stock ADD k serial PRIMARY KEY']) AS sql;

-- Rows that must go.
SELECT safe_way('TRUNCATE stock', 'truncate') AS empty, safe_way('TRUNCATE stock RESTART IDENTITY', 'truncate') IS NULL AS restart,
	safe_way('TRUNCATE stock CASCADE', 'truncate') IS NULL AS cascade \gset
:empty
SELECT count(*) FROM stock;
\echo :restart :cascade
DROP SCHEMA safe CASCADE;
