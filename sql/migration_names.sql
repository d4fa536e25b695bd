-- Names that the server chooses: what a text makes without a name, a later statement
-- of it knows under the name that the server gives.
CREATE SCHEMA named;
SET search_path = named, public;
CREATE TABLE held (a int, b int, c text, CONSTRAINT made_a_check CHECK (a > 0), CONSTRAINT held_a_check CHECK (a > 1));
CREATE TABLE made_b_idx (a int);
CREATE TABLE order_item (id int PRIMARY KEY, CONSTRAINT order_item_id_fkey FOREIGN KEY (id) REFERENCES order_item);
CREATE TYPE made_c_idx AS ENUM ('a');
CREATE TABLE expressed (a int, c text, d int, UNIQUE (a) INCLUDE (d));
CREATE INDEX ON expressed (lower(c), a);
CREATE INDEX ON expressed ((c || c), (a + d));
CREATE INDEX ON expressed (d);
ALTER TABLE expressed RENAME d TO e;

-- Runs the text, takes it back, and tells the names that it made; then those that
-- the check takes for missing.
CREATE FUNCTION made_by(sql text, OUT names text[], OUT unknown text[]) LANGUAGE plpgsql AS $$
DECLARE
	known oid[] = ARRAY(SELECT oid FROM pg_catalog.pg_constraint UNION ALL SELECT oid FROM pg_catalog.pg_class);
	drops text[];
BEGIN
	SET LOCAL wishflags.guard = off;
	BEGIN
		EXECUTE sql;
		SELECT array_agg(name ORDER BY name COLLATE "C", drop COLLATE "C"), array_agg(drop ORDER BY name COLLATE "C", drop COLLATE "C") INTO names, drops FROM (
			SELECT c.conname AS name, format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname) AS drop
			FROM pg_catalog.pg_constraint c WHERE c.contype IN ('c', 'f', 'p', 'u', 'x') AND c.oid <> ALL (known)
			UNION ALL
			SELECT c.relname, format('DROP INDEX %s', c.oid::regclass)
			FROM pg_catalog.pg_class c JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid
			WHERE c.relnamespace = 'named'::regnamespace AND c.oid <> ALL (known)
				AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint o WHERE o.conindid = c.oid)) made;
		RAISE SQLSTATE 'WFTST';
	EXCEPTION WHEN SQLSTATE 'WFTST' THEN
		NULL;
	END;
	unknown = ARRAY(SELECT drop FROM unnest(drops) drop WHERE EXISTS (
		SELECT FROM wishflags.migration_breaking_check(sql || ';' || drop, '{"only": ["object-missing"]}')));
END $$;

CREATE TABLE texts (n serial, sql text);
INSERT INTO texts (sql) VALUES
('CREATE TABLE made (a int CHECK (a > 0), b int CHECK (b > 0), c text CHECK (a > b), CHECK (b < 9), CHECK (true))'),
('CREATE TABLE made (a int PRIMARY KEY, b int UNIQUE, c text, UNIQUE (a, b), UNIQUE (c) INCLUDE (b), UNIQUE (c) INCLUDE (b))'),
('CREATE TABLE made (r int4range, s int4range, EXCLUDE USING gist (r WITH &&, s WITH =), EXCLUDE USING btree (lower(r) WITH =, upper(r) WITH =, (1 + lower(s)) WITH =))'),
('CREATE TABLE made (a int, b int); CREATE INDEX ON made (b); CREATE INDEX ON made (b); CREATE INDEX ON made (a) INCLUDE (b); CREATE INDEX ON made (a, a)'),
('CREATE TABLE made (c text, d jsonb); CREATE INDEX ON made (lower(c)); CREATE INDEX ON made ((c || c)); CREATE INDEX ON made (lower(c), upper(c), lower(c), (d -> 1)); CREATE INDEX ON made ((c::int)); CREATE INDEX ON made (coalesce(c, ''x'')); CREATE INDEX ON made (c)'),
('CREATE TABLE "order" (item_id int REFERENCES order_item, id int, FOREIGN KEY (id) REFERENCES order_item, FOREIGN KEY (id) REFERENCES order_item)'),
('ALTER TABLE held ADD CHECK (a > 2); ALTER TABLE held ADD CHECK (a > 3), ADD CHECK (a > b), ADD UNIQUE (b, c), ADD PRIMARY KEY (a)'),
('CREATE TABLE a_table_with_a_name_of_many_letters_so_that_it_is_cut (and_a_column_with_a_name_of_many_letters int PRIMARY KEY CHECK (and_a_column_with_a_name_of_many_letters > 0) CHECK (and_a_column_with_a_name_of_many_letters > 1) UNIQUE); '
	'CREATE INDEX ON a_table_with_a_name_of_many_letters_so_that_it_is_cut (and_a_column_with_a_name_of_many_letters, lower(and_a_column_with_a_name_of_many_letters::text), and_a_column_with_a_name_of_many_letters)'),
('CREATE TABLE source (a int PRIMARY KEY, b int UNIQUE, c int); CREATE INDEX mine ON source (c, b); CREATE TABLE made (LIKE source INCLUDING INDEXES)'),
-- A copy is called by the columns of the index, which keep their names; the table''s own come first.
('CREATE TABLE made (LIKE expressed INCLUDING INDEXES)'),
('CREATE TABLE source (c text, d jsonb); CREATE INDEX ON source (lower(c), (c || c)) INCLUDE (d); CREATE UNIQUE INDEX ON source (coalesce(c, ''x'')) WHERE c > ''a''; ALTER TABLE source RENAME c TO e; CREATE TABLE made (LIKE source INCLUDING INDEXES)'),
('CREATE TABLE source (a int UNIQUE, b int, EXCLUDE USING btree (b WITH =)); CREATE TABLE made (LIKE source INCLUDING INDEXES, UNIQUE (a), EXCLUDE USING btree (b WITH =))');
SELECT n, names, unknown FROM texts, made_by(sql) ORDER BY n;

-- An index goes with its table, its column or its constraint, and along with its table.
CREATE FUNCTION missing(sql text) RETURNS TABLE (statement int, object text) BEGIN ATOMIC
	SELECT statement, object FROM wishflags.migration_breaking_check(sql, '{"only": ["object-missing", "object-exists"]}') ORDER BY 1, 2;
END;
CREATE TABLE live (id int PRIMARY KEY, a int CONSTRAINT live_a UNIQUE, b int);
CREATE INDEX live_b ON live (b);
SELECT * FROM missing('CREATE TABLE t (a int); CREATE INDEX i ON t (a); DROP TABLE t; DROP INDEX i; CREATE TABLE i (a int)');
SELECT * FROM missing('CREATE TABLE t (a int UNIQUE, b int); CREATE INDEX i ON t (b, a); ALTER TABLE t DROP COLUMN a; DROP INDEX i; DROP INDEX t_a_key');
-- A CHECK goes with any column that it names, wherever it stands.
SELECT * FROM missing('CREATE TABLE t (a int, b int CONSTRAINT k CHECK (b > a), c int, CONSTRAINT l CHECK (c > 0)); ALTER TABLE t ADD CONSTRAINT m CHECK (a + c > 0), ADD CONSTRAINT n CHECK (b > 0); '
	'ALTER TABLE t DROP COLUMN a; ALTER TABLE t DROP CONSTRAINT k; ALTER TABLE t DROP CONSTRAINT m; ALTER TABLE t RENAME b TO d; ALTER TABLE t DROP COLUMN d; ALTER TABLE t DROP CONSTRAINT n; ALTER TABLE t DROP CONSTRAINT l');
SELECT * FROM missing('DROP TABLE live; DROP INDEX live_b; CREATE TABLE live (b int); CREATE INDEX live_b ON live (b); DROP INDEX live_b');
SELECT * FROM missing('ALTER TABLE live DROP COLUMN b; DROP INDEX live_b; CREATE INDEX live_b ON live (a)');
SELECT * FROM missing('ALTER TABLE live DROP CONSTRAINT live_a; DROP INDEX live_a; CREATE TABLE live_a ()');
SELECT * FROM missing('ALTER TABLE live RENAME TO r1; ALTER TABLE r1 RENAME TO r2; CREATE TABLE live (b int); ALTER INDEX live_b RENAME TO r2_b; DROP INDEX r2_b; DROP INDEX live_b; ALTER TABLE r2 RENAME CONSTRAINT live_a TO r2_a; ALTER INDEX r2_a RENAME TO r3_a; ALTER TABLE r2 DROP CONSTRAINT r3_a');
SELECT * FROM missing('CREATE SCHEMA z; ALTER TABLE live SET SCHEMA z; DROP INDEX z.live_b; DROP INDEX live_b; ALTER INDEX z.live_a RENAME TO live_b; ALTER TABLE z.live DROP CONSTRAINT live_b');
SELECT * FROM missing('CREATE SCHEMA z CREATE TABLE t (a int PRIMARY KEY); ALTER SCHEMA z RENAME TO y; DROP INDEX z.t_pkey; ALTER INDEX y.t_pkey RENAME TO k; ALTER TABLE y.t DROP CONSTRAINT k');
SELECT * FROM missing('CREATE TABLE t (a int); CREATE UNIQUE INDEX i ON t (a); ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY USING INDEX i; DROP INDEX i; ALTER INDEX k RENAME TO i; ALTER TABLE t DROP CONSTRAINT i; DROP INDEX i');
SELECT * FROM missing('CREATE TABLE t (a int); CREATE INDEX IF NOT EXISTS live_b ON t (a); CREATE TABLE t_a_idx (a int); CREATE INDEX ON t (a); ALTER INDEX t_a_idx1 RENAME TO i; DROP INDEX i');
SELECT * FROM missing('CREATE TEMP TABLE t (a int PRIMARY KEY); ALTER INDEX t_pkey RENAME TO k; ALTER TABLE t DROP CONSTRAINT k; DROP INDEX k');
-- An index without a column, and the indexes of the very table.
SELECT * FROM missing('CREATE TABLE t (a text, b int); CREATE UNIQUE INDEX i ON t ((lower(a))); ALTER TABLE t ADD PRIMARY KEY USING INDEX i; ALTER TABLE t DROP COLUMN b');
SELECT * FROM missing('CREATE TABLE t (id int PRIMARY KEY, LIKE t INCLUDING INDEXES)');

-- A search for a free name goes on where the last one ended, and begins anew when a
-- name has become free.
SELECT * FROM missing((SELECT 'CREATE TABLE t (a int);' || string_agg('ALTER TABLE t ADD CHECK (a <> 0); CREATE INDEX ON t (a)', ';') ||
	'; ALTER TABLE t DROP CONSTRAINT t_a_check2000; DROP INDEX t_a_idx2000; ALTER TABLE t DROP CONSTRAINT t_a_check7; ALTER TABLE t ADD CHECK (a <> 1), DROP CONSTRAINT t_a_check7; ALTER TABLE t DROP CONSTRAINT t_a_check7'
	FROM generate_series(0, 2000)));

SET client_min_messages = warning;
DROP SCHEMA named CASCADE;
RESET client_min_messages;
