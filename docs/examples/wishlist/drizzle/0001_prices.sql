CREATE TABLE "prices" (
	"item_id" bigint NOT NULL,
	"seen_at" timestamp with time zone NOT NULL,
	"amount" integer NOT NULL,
	"currency" "currency" NOT NULL,
	CONSTRAINT "prices_item_id_seen_at_pk" PRIMARY KEY("item_id","seen_at"),
	CONSTRAINT "prices_amount_positive" CHECK ("amount" > 0)
);
--> statement-breakpoint
ALTER TABLE "prices" ADD CONSTRAINT "prices_item_id_items_id_fk" FOREIGN KEY ("item_id") REFERENCES "public"."items"("id") ON DELETE cascade;
