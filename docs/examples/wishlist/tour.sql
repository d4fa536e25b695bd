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
\echo '== 4. Migrations, checked before they run'
\echo
\echo 'The six dangerous ones of drizzle/, one after the other.'
\echo
\set migration `cat drizzle/0003_items_store_index.sql`
SELECT severity, rule, line, object FROM wishflags.migration_breaking_check(:'migration', '{"severity": "low"}');
\set migration `cat drizzle/0004_store_target.sql`
SELECT severity, rule, line, object FROM wishflags.migration_breaking_check(:'migration', '{"severity": "low"}');
\set migration `cat drizzle/0005_price_bigint.sql`
SELECT severity, rule, line, object FROM wishflags.migration_breaking_check(:'migration', '{"severity": "low"}');
\set migration `cat drizzle/0006_note_required.sql`
SELECT severity, rule, line, object FROM wishflags.migration_breaking_check(:'migration', '{"severity": "low"}');
\set migration `cat drizzle/0007_drop_phone.sql`
SELECT severity, rule, line, object FROM wishflags.migration_breaking_check(:'migration', '{"severity": "low"}');
\set migration `cat drizzle/0008_list_name.sql`
SELECT severity, rule, line, object FROM wishflags.migration_breaking_check(:'migration', '{"severity": "low"}');
\echo
\echo 'Why, and what to run instead: 0003 and 0006.'
\echo
\pset expanded on
\set migration `cat drizzle/0003_items_store_index.sql`
SELECT message, lock_mode, hint, safe_sql
FROM wishflags.migration_breaking_check(:'migration', '{"only": "index-not-concurrent"}');
\set migration `cat drizzle/0006_note_required.sql`
SELECT message, lock_mode, hint, safe_sql
FROM wishflags.migration_breaking_check(:'migration', '{"only": "set-not-null-scans"}');
\pset expanded off
\echo
\echo 'The schema as it is now, to be compared at the end.'
\echo
CREATE SCHEMA tour;
CREATE TABLE tour.snapshots AS
SELECT 'before' AS name, wishflags.schema_snapshot('{public}') AS model;
\echo
\echo '== 5. The guard'
\echo
\echo 'What would it say to this, and by which policy?  Dropping a column of a large'
\echo 'table is blocked here as well.'
\echo
INSERT INTO wishflags.guard_policies (rule, action, min_rows, reason, owner)
VALUES ('drop-column', 'block', 100, 'the reports read every column', 'team-data');
SELECT statement, rule, object, action, policy
FROM wishflags.guard_check('ALTER TABLE items DROP COLUMN note; CREATE INDEX ON items (store); CREATE TABLE notes (id int)');
\echo
\echo 'The items are there, so this is meant to fail, and says what to do instead.'
\echo
\set expected WF001
\set ON_ERROR_STOP off
CREATE INDEX items_store_index ON items (store);
\set ON_ERROR_STOP on
\ir expect.psql
CREATE INDEX CONCURRENTLY items_store_index ON items (store);
\echo
\echo 'An enum value cannot be taken back, so this is meant to fail too.'
\echo
\set ON_ERROR_STOP off
ALTER TYPE store ADD VALUE 'target';
\set ON_ERROR_STOP on
\ir expect.psql
\echo
\echo 'With a reason it goes through.'
\echo
BEGIN;
SET LOCAL wishflags.bypass = 'WISH-214: Target opens as fourth store';
ALTER TYPE store ADD VALUE 'target';
COMMIT;
\echo
\echo 'Or one rule, on one table, for one role, in this transaction only.'
\echo
BEGIN;
SELECT wishflags.guard_allow('index-not-concurrent', 'public.items', current_user, NULL,
	'WISH-215: nobody writes to it tonight') IS NOT NULL AS allowed;
CREATE INDEX items_added ON items (id, store);
COMMIT;
\echo
\echo 'All of it was written down, what was refused too.'
\echo
SELECT outcome, rule, object, reason FROM wishflags.guard_log ORDER BY occurred_at;
\echo
\echo '== 6. What has changed since the beginning'
\echo
SELECT ordinal, action, object_type, identity, severity, lock_mode
FROM wishflags.schema_diff((SELECT model FROM tour.snapshots WHERE name = 'before'),
                           wishflags.schema_snapshot('{public}'));
\pset format unaligned
\pset tuples_only on
SELECT wishflags.schema_diff_sql((SELECT model FROM tour.snapshots WHERE name = 'before'),
                                 wishflags.schema_snapshot('{public}'));
\pset tuples_only off
\pset format aligned
\echo
\echo '== 7. How it stands'
\echo
SELECT * FROM wishflags.status();
