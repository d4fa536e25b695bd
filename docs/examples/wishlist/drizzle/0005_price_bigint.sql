ALTER TABLE "items" ALTER COLUMN "wanted_price" SET DATA TYPE bigint;
