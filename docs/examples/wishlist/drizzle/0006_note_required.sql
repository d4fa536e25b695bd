ALTER TABLE "items" ALTER COLUMN "note" SET DEFAULT '';
--> statement-breakpoint
ALTER TABLE "items" ALTER COLUMN "note" SET NOT NULL;
