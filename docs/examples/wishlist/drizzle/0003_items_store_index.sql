CREATE INDEX "items_store_index" ON "items" USING btree ("store");
