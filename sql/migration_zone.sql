-- The time zone in force where a statement runs decides whether a column with
-- a zone and one without hold the same bytes: what is said is what happens.
SET wishflags.guard = off;
SET client_min_messages = warning;
SET TimeZone = 'Europe/Vienna';
CREATE SCHEMA zoned;
SET search_path = zoned, public;
CREATE TABLE t (id int PRIMARY KEY, at timestamp, done timestamptz);
INSERT INTO t SELECT generate_series(1, 2000);
ANALYZE t;
\set change 'ALTER TABLE zoned.t ALTER at TYPE timestamptz'
SELECT severity, hint FROM wishflags.migration_breaking_check(:'change', '{"only": ["type-change-rewrites"]}');
-- Run for real, each undone again.
CREATE FUNCTION rewrites(before text, change text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	node oid := pg_relation_filenode('zoned.t');
	rewritten boolean;
BEGIN
	BEGIN
		EXECUTE before;
		EXECUTE change;
		rewritten := pg_relation_filenode('zoned.t') <> node;
		RAISE EXCEPTION USING ERRCODE = 'XX999';
	EXCEPTION WHEN SQLSTATE 'XX999' THEN
		RETURN rewritten;
	END;
END $$;
CREATE FUNCTION said(before text, change text, options jsonb DEFAULT '{}') RETURNS boolean LANGUAGE sql AS $$
	SELECT count(*) > 0 FROM wishflags.migration_breaking_check(before || ';' || change, '{"only": ["type-change-rewrites"]}' || options)
$$;
SELECT before, said(before, :'change', '{"in_transaction": true}'), rewrites(before, :'change') AS done
FROM unnest(ARRAY['SELECT 1', 'SET TimeZone = ''UTC''', 'SET timezone TO ''Etc/UTC''', 'SET TIME ZONE ''GMT''', 'SET TIME ZONE 0', 'SET TIME ZONE -7', 'SET TIME ZONE 5.5',
	'SET TIME ZONE INTERVAL ''+00:00'' HOUR TO MINUTE', 'SET TIME ZONE INTERVAL ''-08:00'' HOUR TO MINUTE', 'SET LOCAL TIME ZONE ''UTC''',
	'SET TimeZone = ''Europe/London''', 'SET TimeZone = ''Africa/Abidjan''', 'SET TIME ZONE LOCAL', 'SET TimeZone = UTC; RESET TimeZone', 'SET TimeZone = UTC; SET TIME ZONE DEFAULT',
	'DO $x$ BEGIN SET TimeZone = UTC; END $x$']) WITH ORDINALITY AS b(before, k) ORDER BY k;
-- Back to a time without a zone; a shorter one, a cast of its own and a version before 12 always rewrite.
SELECT change, said('SET TimeZone = UTC', change), rewrites('SET TimeZone = UTC', change) AS done FROM unnest(ARRAY['ALTER TABLE zoned.t ALTER done TYPE timestamp',
	'ALTER TABLE zoned.t ALTER at TYPE timestamptz(3)', 'ALTER TABLE zoned.t ALTER at TYPE timestamptz USING at AT TIME ZONE ''UTC''']) WITH ORDINALITY AS c(change, k) ORDER BY k;
SELECT said('SET TimeZone = UTC', :'change', '{"target_version": 11}') AS before_12;
-- SET LOCAL ends with its transaction, and gives back what was set before; without one it does nothing.
SELECT before, said(before, :'change') FROM unnest(ARRAY['SET LOCAL TimeZone = UTC', 'BEGIN; SET TimeZone = UTC; ROLLBACK', 'BEGIN; SET LOCAL TimeZone = UTC', 'BEGIN; SET LOCAL TimeZone = UTC; COMMIT',
	'SET TimeZone = UTC; BEGIN; SET LOCAL TimeZone = ''Europe/Vienna''; COMMIT', 'BEGIN; SET TimeZone = UTC; COMMIT', 'SET TimeZone = UTC; RESET ALL']) WITH ORDINALITY AS b(before, k) ORDER BY k;
SELECT count(*) AS missing FROM wishflags.migration_breaking_check('SET lock_timeout = ''2s''; BEGIN; SET LOCAL lock_timeout = ''1s''; COMMIT; ' || :'change', '{"only": ["lock-timeout-missing"]}');
-- ALTER DATABASE and ALTER ROLE are for the sessions of later files; the role's counts, another role's does not.
CREATE FUNCTION later(before text, change text) RETURNS boolean LANGUAGE sql AS $$
	SELECT wishflags.migration_report(jsonb_build_array(jsonb_build_object('name', '1.sql', 'sql', before), jsonb_build_object('name', '2.sql', 'sql', change)), 'json',
		'{"only": ["type-change-rewrites"]}') LIKE '%ACCESS EXCLUSIVE%'
$$;
SELECT said(format('ALTER DATABASE %I SET TimeZone = UTC', current_database()), :'change') AS at_once;
SELECT before, later(format(before, current_database(), current_user), :'change') FROM unnest(ARRAY['SET TimeZone = UTC', 'ALTER DATABASE %1$I SET TimeZone = UTC',
	'ALTER DATABASE elsewhere SET TimeZone = UTC', 'ALTER ROLE %2$I SET TimeZone = UTC', 'ALTER ROLE ALL IN DATABASE %1$I SET TimeZone = UTC', 'ALTER ROLE other SET TimeZone = UTC',
	'ALTER ROLE %2$I SET TimeZone = ''Europe/Vienna''; ALTER DATABASE %1$I SET TimeZone = UTC', 'ALTER DATABASE %1$I SET TimeZone = UTC; ALTER DATABASE %1$I RESET ALL']) WITH ORDINALITY AS b(before, k) ORDER BY k;
DROP SCHEMA zoned CASCADE;
