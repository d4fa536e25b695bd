-- The proof comes first, so that SET NOT NULL need not read the table.

-- 1. New rows get a value.
SET lock_timeout = '2s';
ALTER TABLE "items" ALTER COLUMN "note" SET DEFAULT '';
RESET lock_timeout;

-- 2. The rows that are there, a batch a transaction.
DO $$
DECLARE
	first_id bigint := 0;
	last_id bigint;
BEGIN
	LOOP
		SELECT max(id) INTO last_id
		FROM (SELECT id FROM items WHERE id > first_id ORDER BY id LIMIT 50000) batch;
		EXIT WHEN last_id IS NULL;
		UPDATE items SET note = '' WHERE id > first_id AND id <= last_id AND note IS NULL;
		COMMIT;
		first_id := last_id;
	END LOOP;
END $$;

-- 3. From now on no row without a note; the rows that are there are read under
-- a lock that lets reads and writes go on.
SET lock_timeout = '2s';
ALTER TABLE "items" ADD CONSTRAINT "items_note_present" CHECK ("note" IS NOT NULL) NOT VALID;
ALTER TABLE "items" VALIDATE CONSTRAINT "items_note_present";

-- 4. The validated check is the proof: this reads nothing.
ALTER TABLE "items" ALTER COLUMN "note" SET NOT NULL;
ALTER TABLE "items" DROP CONSTRAINT "items_note_present";
RESET lock_timeout;
