-- Whatever a definition, a document or a context holds, nothing is raised but
-- what the definition or the document has wrong.  make fuzz runs the same for longer.
BEGIN;
\i ../fuzz/common.sql
\i ../fuzz/flags.sql
\i ../fuzz/documents.sql
SELECT plan(2);
SELECT setseed(0.42);
SELECT is_empty('SELECT * FROM fuzz.flags(400)', 'mangled definitions and contexts');
SELECT is_empty('SELECT f FROM generate_series(1, 200) n, fuzz.document(sin(n)) f', 'mangled documents of all systems');
SELECT * FROM finish();
ROLLBACK;
