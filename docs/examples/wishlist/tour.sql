\set ECHO queries
\set VERBOSITY default
\pset footer off
SET search_path = public;
\echo
\echo '== 1. The extension'
\echo
CREATE EXTENSION wishflags;
SELECT * FROM wishflags.version();
\echo
\echo '== 2. Flags in queries'
\echo
\echo 'The example''s flags, its role and a policy: docs/examples/wishlist/flags.sql.'
\echo
\ir flags.sql
SELECT * FROM wishflags.flag_overview;
\echo
\echo 'A flag is a function: here for each of the users.'
\echo
SELECT count(*) AS users, count(*) FILTER (WHERE wishflags.flag_eval('price_chart', id)) AS see_the_chart
FROM users;
\echo
\echo 'Whoever had it keeps it when the rollout grows.'
\echo
CREATE TEMP TABLE first_quarter AS SELECT id FROM users WHERE wishflags.flag_eval('price_chart', id);
SELECT wishflags.flag_rollout('price_chart', 50) AS version;
SELECT count(*) FILTER (WHERE wishflags.flag_eval('price_chart', id)) AS see_the_chart,
       (SELECT bool_and(wishflags.flag_eval('price_chart', id)) FROM first_quarter) AS first_ones_kept
FROM users;
\echo
\echo 'Variants, and why a user gets one.'
\echo
SELECT wishflags.flag_variant('add_button', id) AS variant, count(*) FROM users GROUP BY 1 ORDER BY 1;
SELECT value, variant, reason, rule FROM wishflags.flag_explain('add_button', '{"targetingKey": "42"}');
\echo
\echo '== 3. Flags in row level security'
\echo
\echo 'The application''s role, on behalf of user 125, to whom lists are shared.'
\echo
SET ROLE wishlist_app;
SET app.user_id = 125;
SELECT id, owner_id, title FROM wishlists ORDER BY id LIMIT 4;
RESET ROLE;
\echo
\echo 'The flag is tried out on this one user; its rollout stays at 0 %.'
\echo
SELECT wishflags.flag_rollout('shared_lists', 0) AS version;
SELECT wishflags.flag_override_set('shared_lists', '125', true);
SELECT wishflags.flag_enable('shared_lists') AS version;
SET ROLE wishlist_app;
SELECT id, owner_id, title FROM wishlists ORDER BY id LIMIT 4;
RESET ROLE;
\echo
\echo '== 5. The guard'
\echo
\echo 'The items are there, so this is meant to fail, and says what to do instead.'
\echo
\set expected WF001
\set ON_ERROR_STOP off
CREATE INDEX items_store_index ON items (store);
\ir expect.psql
CREATE INDEX CONCURRENTLY items_store_index ON items (store);
\echo
\echo 'An enum value cannot be taken back, so this is meant to fail too.'
\echo
\set ON_ERROR_STOP off
ALTER TYPE store ADD VALUE 'target';
\ir expect.psql
\echo
\echo 'With a reason it goes through, and is written down.'
\echo
BEGIN;
SET LOCAL wishflags.bypass = 'WISH-214: Target opens as fourth store';
ALTER TYPE store ADD VALUE 'target';
COMMIT;
SELECT outcome, rule, object, reason FROM wishflags.guard_log ORDER BY occurred_at;
\echo
\echo '== How it stands'
\echo
SELECT * FROM wishflags.status();
