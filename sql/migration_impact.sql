-- What a change to an object reaches.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA imp;
SET search_path = imp;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE item (id int PRIMARY KEY, code text, price numeric, mood mood, taxed numeric GENERATED ALWAYS AS (price * 1.2) STORED);
CREATE TABLE sale (item_id int REFERENCES item, n int);
CREATE INDEX item_price ON item (price);
CREATE STATISTICS item_stat ON code, price FROM item;
CREATE VIEW cheap AS SELECT id, price FROM item WHERE price < 10;
CREATE MATERIALIZED VIEW cheapest AS SELECT min(price) AS price FROM cheap;
CREATE VIEW codes AS SELECT code FROM item;
CREATE POLICY few ON item USING (price > 1);
CREATE RULE keep AS ON DELETE TO item WHERE old.price > 100 DO INSTEAD NOTHING;
CREATE FUNCTION total() RETURNS numeric LANGUAGE sql STABLE AS 'SELECT sum(price) FROM item';
CREATE FUNCTION atomic() RETURNS numeric LANGUAGE sql STABLE BEGIN ATOMIC SELECT max(price) FROM item; END;
CREATE FUNCTION raise_price() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF EXISTS (SELECT FROM item) THEN
		UPDATE item SET price = price + 1 WHERE id = 1;
	END IF;
	PERFORM total();
END $$;
CREATE FUNCTION loops() RETURNS void LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
	FOR r IN SELECT price FROM item LOOP
		RAISE NOTICE '%', r.price;
	END LOOP;
END $$;
CREATE FUNCTION builds() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('UPDATE item SET price = %L', 1);	-- not mentioned: code
END $$;
SET check_function_bodies = off;
CREATE FUNCTION elsewhere() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM item' SET search_path = pg_catalog, pg_temp;
CREATE FUNCTION checks() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.price < 0 THEN RAISE 'negative'; END IF; RETURN new; END $$;
CREATE TRIGGER checks BEFORE INSERT OR UPDATE OF price ON item FOR EACH ROW EXECUTE FUNCTION checks();
RESET check_function_bodies;
SET client_min_messages = error;
CREATE PUBLICATION imp_listed FOR TABLE item (id, price) WHERE (id > 0);
CREATE PUBLICATION imp_other FOR TABLE item (id);
CREATE PUBLICATION imp_schema FOR TABLES IN SCHEMA imp;
SET client_min_messages = notice;

-- Of a column: the same by name, and by a migration.
SELECT kind, identity, how, columns, via, severity, evidence FROM wishflags.migration_impact('item.price');
SET client_min_messages = warning;
SELECT count(*) FROM wishflags.migration_impact('ALTER TABLE item DROP COLUMN price');
-- What becomes of it decides on the severity.
SELECT change, severity, count(*), string_agg(DISTINCT kind, ', ' ORDER BY kind) AS kinds
FROM (VALUES ('drop'), ('rename'), ('retype'), ('constrain'), ('replace'), ('extend')) c(name),
	wishflags.migration_impact('column imp.item.price', jsonb_build_object('change', c.name))
GROUP BY change, severity ORDER BY change, severity;

-- Of a table, a type, functions, a view.
SELECT kind, identity, how, columns, severity FROM wishflags.migration_impact('item') WHERE severity <> 'info';
SELECT kind, identity, how, severity, evidence FROM wishflags.migration_impact('type mood');
SELECT kind, identity, how, via FROM wishflags.migration_impact('imp.total()');
SELECT kind, identity, how, via FROM wishflags.migration_impact('function checks');
SELECT kind, identity, how, columns FROM wishflags.migration_impact('cheap');

-- Of a migration: what it changes of what is there, by statement; not what it has made itself.
SELECT statement, target, change, kind, identity, severity
FROM wishflags.migration_impact($$
	CREATE TABLE new_one (price int);
	ALTER TABLE new_one DROP COLUMN price;
	ALTER TABLE item ALTER code TYPE varchar(10), ADD weight int;
	ALTER TABLE item RENAME TO article;
	ALTER TABLE article RENAME code TO sku;
	DO $x$ BEGIN ALTER TYPE mood ADD VALUE 'angry'; END $x$;
	CREATE OR REPLACE FUNCTION total() RETURNS numeric LANGUAGE sql STABLE AS 'SELECT 1.0';
	SELECT 1;
$$, '{"severity": "low"}');
SELECT target, change, count(*) FROM wishflags.migration_impact('DROP SCHEMA imp CASCADE') GROUP BY 1, 2 ORDER BY 1, 2;

DROP PUBLICATION imp_listed, imp_other, imp_schema;
SET client_min_messages = warning;
DROP SCHEMA imp CASCADE;
