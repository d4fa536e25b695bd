-- Builds beside the application's reads and writes.  It cannot run inside a
-- transaction block, so it has a file of its own and is run by psql before the
-- deployment.  A build that fails leaves an invalid index: drop it, run again.
CREATE INDEX CONCURRENTLY "items_store_index" ON "items" USING btree ("store");
