-- The way back of a migration, from the schema as it is.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA rb;
SET search_path = rb;
CREATE ROLE regress_rollback;
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TABLE item (id int PRIMARY KEY, code text NOT NULL DEFAULT 'x', price numeric CHECK (price > 0), feeling mood);
COMMENT ON COLUMN item.code IS 'the code';
GRANT SELECT (code) ON item TO regress_rollback;
CREATE INDEX item_code ON item (code) WHERE price > 1;
CREATE VIEW cheap AS SELECT i.id, j.price FROM item i JOIN item j ON j.id = i.id;
GRANT SELECT ON cheap TO regress_rollback;
CREATE POLICY p ON item USING (id > 0);

SELECT wishflags.migration_rollback_sql($$
ALTER TABLE item DROP COLUMN code;
DROP VIEW cheap;
ALTER TABLE item ALTER price TYPE int;
$$);

-- Renames and moves are undone by their opposites, not by dropping.
SELECT wishflags.migration_rollback_sql($$
CREATE SCHEMA other;
ALTER TABLE item RENAME code TO sku;
ALTER TABLE item RENAME TO product;
ALTER INDEX item_code RENAME TO product_sku;
ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';
ALTER TABLE product SET SCHEMA other;
UPDATE other.product SET sku = 'n';
ALTER SCHEMA other RENAME TO elsewhere;
$$);
SELECT wishflags.migration_rollback_sql('CREATE SCHEMA other; ALTER TYPE mood SET SCHEMA other');

-- What has taken its place there makes way, if it can.
SELECT wishflags.migration_rollback_sql('CREATE SCHEMA other; ALTER TABLE item SET SCHEMA other; CREATE TABLE item (a int)');
SELECT wishflags.migration_rollback_sql('CREATE SCHEMA other; ALTER TABLE item SET SCHEMA other; CREATE SEQUENCE item');

-- An online one.
SELECT wishflags.migration_rollback_sql('DROP INDEX CONCURRENTLY item_code', '{"online": true}');
SELECT wishflags.migration_rollback_sql('SELECT 1');

-- A migration that fails has no way back.
SELECT wishflags.migration_rollback_sql(E'ALTER TABLE item ADD a int;\nALTER TABLE item ADD a int');
SELECT wishflags.migration_rollback_sql('SELEC');
SELECT wishflags.migration_rollback_sql($$SELECT setval('x', 1)$$);
SELECT wishflags.migration_rollback_sql('SELECT 1', '{"allow_data_loss": true}');

-- Is this down the way back of that up?
SELECT * FROM wishflags.migration_rollback_test('ALTER TABLE item ADD a int', 'ALTER TABLE item DROP a');
SELECT * FROM wishflags.migration_rollback_test('ALTER TABLE item DROP code', 'ALTER TABLE item ADD code text');
SELECT * FROM wishflags.migration_rollback_test('ALTER TABLE item ADD a int', 'ALTER TABLE item DROP b');
SELECT * FROM wishflags.migration_rollback_test('ALTER TABLE item ADD code int', 'ALTER TABLE item DROP b');
SELECT * FROM wishflags.migration_rollback_test('CREATE INDEX CONCURRENTLY i ON item (price); VACUUM item', 'DROP INDEX CONCURRENTLY i');

-- What is written is tested by the same measure.
SELECT up, result FROM (VALUES
	('ALTER TABLE item DROP code, ALTER price SET NOT NULL, ADD b int UNIQUE'),
	('DROP TABLE item CASCADE'),
	('DROP TYPE mood CASCADE'),
	('ALTER TABLE item RENAME id TO key; DROP INDEX item_code; CREATE INDEX item_code ON item (price)'),
	('ALTER TABLE item RENAME code TO code2; ALTER TABLE item RENAME price TO code; ALTER TABLE item RENAME code2 TO price'),
	('CREATE SCHEMA other; ALTER VIEW cheap SET SCHEMA other; ALTER TABLE item SET SCHEMA other; CREATE TABLE item (a int)'),
	('ALTER SCHEMA rb RENAME TO rb2; ALTER TABLE rb2.item ADD c int'),
	($$ALTER TYPE mood ADD VALUE 'great'$$),
	('REVOKE ALL ON cheap FROM regress_rollback; ALTER POLICY p ON item USING (true)'),
	('CREATE OR REPLACE VIEW cheap AS SELECT id, price, code FROM item; COMMENT ON VIEW cheap IS $$v$$')
) AS m(up), LATERAL wishflags.migration_rollback_test(up, wishflags.migration_rollback_sql(up))
WHERE result <> 'lost' ORDER BY up, result;

DROP SCHEMA rb CASCADE;
DROP ROLE regress_rollback;
