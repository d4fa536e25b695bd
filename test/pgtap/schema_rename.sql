-- Renames by hint, at random: see test/fuzz/rename.sql.
BEGIN;
SET LOCAL client_min_messages = warning;
\i ../fuzz/common.sql
\i ../fuzz/rename.sql
SELECT plan(1);
SELECT setseed(0.17);
SELECT is_empty('SELECT * FROM fuzz.rename(20)', 'random renames, there and back');
SELECT * FROM finish();
ROLLBACK;
