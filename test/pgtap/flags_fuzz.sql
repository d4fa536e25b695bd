-- Whatever a definition or a context holds, nothing is raised but what the
-- definition has wrong.  make fuzz runs the same for longer.
BEGIN;
\i ../fuzz/common.sql
\i ../fuzz/flags.sql
SELECT plan(1);
SELECT setseed(0.42);
SELECT is_empty('SELECT * FROM fuzz.flags(400)', 'mangled definitions and contexts');
SELECT * FROM finish();
ROLLBACK;
