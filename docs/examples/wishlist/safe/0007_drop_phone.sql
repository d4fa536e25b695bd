-- A release that no longer names the column comes first.  What is dropped is
-- gone, so the numbers move out of the way for as long as somebody may ask.
CREATE TABLE "users_phone" (
	"user_id" bigint PRIMARY KEY REFERENCES "users" ("id") ON DELETE CASCADE,
	"phone" text NOT NULL
);
INSERT INTO "users_phone" SELECT "id", "phone" FROM "users" WHERE "phone" IS NOT NULL;
BEGIN;
SET LOCAL lock_timeout = '2s';
ALTER TABLE "users" DROP COLUMN "phone";
COMMIT;
