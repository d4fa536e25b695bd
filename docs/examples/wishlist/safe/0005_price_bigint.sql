-- A second column takes over, so that nothing is rewritten under a lock.

-- 1. The new column.  Without a default this changes the catalog only.
SET lock_timeout = '2s';
ALTER TABLE "items" ADD COLUMN "wanted_price_new" bigint;

-- 2. From now on each write goes to both.
CREATE FUNCTION "items_copy_wanted_price"() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	NEW.wanted_price_new := NEW.wanted_price;
	RETURN NEW;
END $$;
CREATE TRIGGER "items_copy_wanted_price" BEFORE INSERT OR UPDATE ON "items"
	FOR EACH ROW EXECUTE FUNCTION "items_copy_wanted_price"();
RESET lock_timeout;

-- 3. The rows that are there, a batch a transaction.
DO $$
DECLARE
	first_id bigint := 0;
	last_id bigint;
BEGIN
	LOOP
		SELECT max(id) INTO last_id
		FROM (SELECT id FROM items WHERE id > first_id ORDER BY id LIMIT 50000) batch;
		EXIT WHEN last_id IS NULL;
		UPDATE items SET wanted_price_new = wanted_price
		WHERE id > first_id AND id <= last_id AND wanted_price_new IS DISTINCT FROM wanted_price;
		COMMIT;
		first_id := last_id;
	END LOOP;
END $$;

-- 4. The columns change places in one short transaction.  The old one goes in
-- a later release, when nothing reads it.
BEGIN;
SET LOCAL lock_timeout = '2s';
DROP TRIGGER "items_copy_wanted_price" ON "items";
ALTER TABLE "items" RENAME COLUMN "wanted_price" TO "wanted_price_old";
ALTER TABLE "items" RENAME COLUMN "wanted_price_new" TO "wanted_price";
COMMIT;
DROP FUNCTION "items_copy_wanted_price"();
