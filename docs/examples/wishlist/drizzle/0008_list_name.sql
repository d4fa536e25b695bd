ALTER TABLE "wishlists" RENAME COLUMN "title" TO "name";
