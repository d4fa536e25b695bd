-- The safe way to rename, to name, to add a label, and to empty tables: each is run as it is.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA safe;
SET search_path = safe;
CREATE FUNCTION safe_way(sql text, rule text) RETURNS text BEGIN ATOMIC
	SELECT f.safe_sql FROM wishflags.migration_breaking_check(sql, '{"min_rows": 1}') f WHERE f.rule = $2;
END;
CREATE ROLE wf_safe_app;
GRANT USAGE ON SCHEMA safe TO wf_safe_app;

-- A column under both names, until no code uses the old one.
CREATE TABLE person (id int PRIMARY KEY, "Nick" varchar(20) NOT NULL, age int);
INSERT INTO person SELECT g, 'n' || g, g FROM generate_series(1, 12000) g;
GRANT SELECT, INSERT, UPDATE ON person TO wf_safe_app;
ANALYZE person;
SELECT safe_way('ALTER TABLE person RENAME "Nick" TO name', 'rename-column') AS beside \gset
\echo :beside
:beside
SET ROLE wf_safe_app;
INSERT INTO person (id, "Nick") VALUES (20000, 'old code');
INSERT INTO person (id, name) VALUES (20001, 'new code');
UPDATE person SET "Nick" = 'old 1' WHERE id = 1;
UPDATE person SET name = 'new 2' WHERE id = 2;
RESET ROLE;
SELECT id, "Nick", name FROM person WHERE id IN (1, 2, 3, 20000, 20001) ORDER BY id;
SELECT count(*), count(*) FILTER (WHERE name = "Nick") AS same FROM person;
SELECT attname, format_type(atttypid, atttypmod), attnotnull FROM pg_attribute WHERE attrelid = 'person'::regclass AND attname IN ('Nick', 'name');
SELECT replace(line, '-- ', '') AS contract FROM regexp_split_to_table(:'beside', E'\n') line WHERE line LIKE '-- BEGIN%' \gset
:contract
SELECT * FROM person WHERE id = 20001;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'person'::regclass;

-- A row value with a NULL in it is copied as well.
CREATE TYPE place AS (x int, y int);
CREATE TABLE stop (id int PRIMARY KEY, at place);
INSERT INTO stop VALUES (1, (1, NULL)), (2, (1, 2)), (3, NULL);
SELECT safe_way('ALTER TABLE stop RENAME at TO place', 'rename-column') AS copied \gset
:copied
SELECT id, at, place FROM stop ORDER BY id;

-- Where more hangs on it, a view has both; without a key it goes over the pages.
CREATE INDEX ON person (age);
CREATE TABLE visit (person int REFERENCES person, at timestamptz);
SELECT safe_way('ALTER TABLE safe.person RENAME COLUMN age TO years', 'rename-column') AS view,
	safe_way('ALTER TABLE visit RENAME at TO moment', 'rename-column') LIKE '%ctid%' AS keyless \gset
\echo :view
\echo :keyless
GRANT DELETE ON person TO wf_safe_app;
:view
SET ROLE wf_safe_app;
INSERT INTO person (id, name, age) VALUES (30000, 'old code', 5);
INSERT INTO person (id, name, years) VALUES (30001, 'new code', 6) ON CONFLICT (id) DO NOTHING;
UPDATE person SET age = 7 WHERE id = 30001;
SELECT * FROM person WHERE id >= 30000 ORDER BY id;
DELETE FROM person WHERE id = 30000;
RESET ROLE;
INSERT INTO visit VALUES (30001);
GRANT SELECT ON visit TO wf_safe_app;
SELECT replace(line, '-- ', '') AS contract FROM regexp_split_to_table(:'view', E'\n') line WHERE line LIKE '-- BEGIN%' \gset
:contract
SELECT years FROM person WHERE id = 30001;

-- A view of the old name asks for the rights of whoever uses it, and lets the same roles in.
ALTER TABLE person ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON person USING (id < 3);
SELECT safe_way('ALTER TABLE person RENAME TO people', 'rename-table') AS named,
	safe_way('ALTER TABLE visit SET SCHEMA public', 'move-schema') AS moved \gset
:named
:moved
SET ROLE wf_safe_app;
SELECT id, name FROM person ORDER BY id;
SELECT id, name FROM people ORDER BY id;
SELECT * FROM visit;
RESET ROLE;
SELECT safe_way('ALTER VIEW person RENAME COLUMN name TO n', 'rename-column') IS NULL AS of_a_view,
	safe_way('ALTER TABLE people RENAME years TO "years
gone"', 'rename-column') LIKE '%-- When%' AS remark,
	safe_way('ALTER TABLE people RENAME TO p', 'rename-table') LIKE '%security_invoker%' AS invoker,
	(SELECT safe_sql LIKE '%security_invoker%' FROM wishflags.migration_breaking_check('ALTER TABLE people RENAME TO p', '{"only": "rename-table", "target_version": 14}')) AS before_15;

-- Constraints by the names that the server would choose.
CREATE TABLE part (id int, kind int, name text, CONSTRAINT part_kind_check CHECK (kind > 0));
CREATE TABLE kind (a int, b int, PRIMARY KEY (a));
SELECT string_agg(f.safe_sql, E'\n' ORDER BY n) AS names FROM unnest(ARRAY[
	'ALTER TABLE part ADD CHECK (kind < 9) NOT VALID',
	'ALTER TABLE safe.part ADD COLUMN more int, ADD /* two */ UNIQUE (id, kind), ADD x int',
	'ALTER TABLE part ADD PRIMARY KEY (id);',
	'ALTER TABLE part ADD FOREIGN KEY (kind) REFERENCES kind ON DELETE CASCADE',
	'ALTER TABLE part ADD EXCLUDE USING btree (name WITH =)']) WITH ORDINALITY AS t(sql, n),
	wishflags.migration_breaking_check(t.sql, '{"only": ["unnamed-constraint"]}') f \gset
\echo :names
:names
SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype <> 'n' AND conrelid = 'part'::regclass ORDER BY 1;

-- Labels behind the last one, by its name.
CREATE TYPE mood AS ENUM ('b', 'a');
ALTER TYPE mood ADD VALUE 'it''s' BEFORE 'b';
SELECT safe_way('ALTER TYPE mood ADD VALUE IF NOT EXISTS ''last''', 'enum-value-unordered') AS label,
	safe_way('ALTER TYPE mood ADD VALUE ''x'' AFTER ''b''; ALTER TYPE mood ADD VALUE ''y''', 'enum-value-unordered') IS NULL AS after_others \gset
\echo :label :after_others
:label
SELECT enum_range(NULL::mood);

-- What CASCADE would empty as well, by name.
CREATE TABLE a (id int PRIMARY KEY, s serial);
CREATE TABLE b (id int PRIMARY KEY REFERENCES a, up int REFERENCES b);
CREATE TABLE "C" (id int REFERENCES b);
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (1);
INSERT INTO "C" VALUES (1);
SELECT safe_way('TRUNCATE a RESTART IDENTITY CASCADE', 'truncate-cascade') AS all_three, safe_way('TRUNCATE part CASCADE', 'truncate-cascade') AS alone,
	safe_way('TRUNCATE nowhere CASCADE', 'truncate-cascade') IS NULL AS missing \gset
\echo :all_three :alone :missing
:all_three
SELECT (SELECT count(*) FROM a) AS a, (SELECT count(*) FROM b) AS b, (SELECT count(*) FROM "C") AS c, nextval('a_s_seq');
DROP TABLE public.visit CASCADE;
DROP SCHEMA safe CASCADE;
DROP ROLE wf_safe_app;
