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
SELECT sql, safe_way(sql, 'unbatched-data-change') FROM unnest(ARRAY['UPDATE keyless SET price = 2', 'DELETE FROM worded', 'UPDATE item SET id = id + 1',
	'DELETE FROM item RETURNING id', 'MERGE INTO item USING worded ON name = word WHEN MATCHED THEN DELETE']) AS sql;
DROP SCHEMA safe CASCADE;
