-- The safe way to change and to choose types: each is run as it is.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA safe;
SET search_path = safe;
CREATE FUNCTION safe_way(sql text, rule text) RETURNS text BEGIN ATOMIC
	SELECT f.safe_sql FROM wishflags.migration_breaking_check(sql, '{"min_rows": 1}') f WHERE f.rule = $2;
END;

-- A change of the catalog only, but for CHECKs, which are read later.
CREATE TABLE word (id int PRIMARY KEY, w varchar(10) CONSTRAINT "Long" CHECK (length(w) > 1), CHECK (w <> 'x' AND id > 0));
ALTER TABLE word ADD CONSTRAINT later CHECK (w <> 'y') NOT VALID;
INSERT INTO word SELECT g, 'word' || g FROM generate_series(1, 2000) g;
ANALYZE word;
SELECT safe_way('ALTER TABLE safe.word ALTER w TYPE varchar(20) /* longer */;', 'type-change-rechecks') AS checks \gset
\echo :checks
:checks
SELECT conname, convalidated, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype <> 'n' AND conrelid = 'word'::regclass ORDER BY 1;
SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'word'::regclass AND attname = 'w';
-- An index is another matter, and so is what else the statement does, or what the text makes.
CREATE INDEX ON word (w);
SELECT safe_way('ALTER TABLE word ALTER w TYPE varchar(20) COLLATE "C"', 'type-change-rechecks') IS NULL AS index,
	safe_way('ALTER TABLE word ADD CONSTRAINT mine CHECK (w > '''') NOT VALID; ALTER TABLE word ALTER w TYPE text', 'type-change-rechecks') IS NULL AS mine;

-- New tables, with a better type for one column after the other.
CREATE PROCEDURE better(sql text) LANGUAGE plpgsql AS $$
DECLARE
	f record;
	columns text;
BEGIN
	FOR f IN SELECT rule, safe_sql, evidence->>'column' AS col FROM wishflags.migration_breaking_check(sql)
		WHERE rule IN ('json-column', 'char-column', 'money-column', 'integer-key-width', 'smallint-width', 'limited-varchar', 'timestamp-without-zone', 'serial-column')
		ORDER BY 3, 1 LOOP
		IF f.safe_sql IS NULL THEN
			RAISE WARNING '%, %: none', f.rule, f.col;
			CONTINUE;
		END IF;
		EXECUTE f.safe_sql;
		SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN ' not null' ELSE '' END
			|| CASE WHEN attidentity <> '' THEN ' identity' ELSE '' END, ', ' ORDER BY attnum) INTO columns
		FROM pg_attribute WHERE attrelid = 'made'::regclass AND attnum > 0 AND attname = f.col;
		RAISE WARNING '%: %', f.rule, columns;
		DROP TABLE made;
	END LOOP;
END $$;
\set VERBOSITY terse
CALL better('CREATE TABLE IF NOT EXISTS made (id serial PRIMARY KEY, "Small" smallint NOT NULL DEFAULT 3, j json DEFAULT ''{}'' NOT NULL, c char(3) UNIQUE,
	v CHARACTER VARYING (20) CONSTRAINT "not" NOT NULL, t timestamp(3) without time zone DEFAULT now(), z timestamp -- the zone, unknown
	, m money, big bigserial, UNIQUE (v, t)) WITH (fillfactor = 90)');
SELECT safe_sql FROM wishflags.migration_breaking_check('CREATE TABLE made (id int, v varchar(20) -- short
	NOT NULL, t timestamp)', '{"only": ["limited-varchar", "timestamp-without-zone"]}');
-- Where the type is taken for granted elsewhere, nothing is written.
CREATE TABLE other (id int PRIMARY KEY, code char(3) UNIQUE);
CALL better('CREATE TABLE made (id int PRIMARY KEY REFERENCES other, code char(3) REFERENCES other (code), price money CHECK (price > 0::money), j json, s text GENERATED ALWAYS AS (j->>''a'') STORED,
	a varchar(5)[], n varchar(5) COLLATE "C", low char(2), CHECK (low < ''x''))');
DROP SCHEMA safe CASCADE;
