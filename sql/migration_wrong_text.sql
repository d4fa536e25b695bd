-- What is no migration, or not all of one: a finding or a clear error, for each of
-- the functions that read texts.  Nothing is run or changed.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA wt;
SET search_path = wt;
CREATE TABLE item (id int PRIMARY KEY, name text);

CREATE TABLE texts (n int PRIMARY KEY, what text, sql text);
INSERT INTO texts VALUES
	(1, 'no SQL', E'Dear all,\nplease drop the table item.\n'),
	(2, 'bytes', E'\u0001\u0002GIF89a\u00ff\u0080;\u0003'),
	(3, 'commands of psql', E'\\connect other\n\\i more.sql\nSELECT :var, :\'text\';\nSELECT 1 \\gexec\nALTER TABLE item DROP name;'),
	(4, 'data of COPY', E'COPY item FROM stdin;\n1\tit''s; DROP TABLE item;\n\\.\nALTER TABLE item DROP name;'),
	(5, 'an open string', E'ALTER TABLE item DROP name;\nSELECT ''open;\nDROP TABLE item;'),
	(6, 'an open name', E'ALTER TABLE item DROP "name;\nDROP TABLE item;'),
	(7, 'an open dollar quote', E'ALTER TABLE item DROP name;\nDO $a$ BEGIN NULL; END $b$;\nDROP TABLE item;'),
	(8, 'an open comment', E'ALTER TABLE item DROP name;\n/* /* */\nDROP TABLE item;'),
	(9, 'of a newer version', E'ALTER TABLE item SPLIT PARTITION a INTO (b, c);\nCREATE PROPERTY GRAPH g;\nALTER TABLE item DROP name;'),
	(10, 'nothing', E' ;; -- nothing\n'),
	(11, 'deep', 'SELECT ' || repeat('(', 200000)),
	(12, 'a long name', 'DROP TABLE ' || repeat('x', 100000));

SELECT n, what, statement, line, rule, severity, left(message, 60) AS message
FROM texts, wishflags.migration_breaking_check(sql, '{"severity": "medium", "ignore": ["lock-timeout-missing"]}') ORDER BY n, statement, rule;

-- As some editors save it; drivers send that to the server.
SELECT rule, hint FROM wishflags.migration_breaking_check(E'\ufeffDROP TABLE item;', '{"severity": "medium"}');

-- The others: rows, or an error with its HINT.
CREATE FUNCTION says(query text, sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	tip text;
BEGIN
	EXECUTE 'SELECT FROM ' || query USING sql;
	RETURN 'an answer';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS tip = PG_EXCEPTION_HINT;
	RETURN SQLSTATE || CASE WHEN tip = '' THEN ' without HINT: ' ELSE ': ' END || substring(SQLERRM FROM '^[^"0-9]*');
END $$;
SELECT f AS function, says, array_agg(n ORDER BY n) AS texts
FROM texts, unnest('{parse($1),describe($1),estimate($1),impact($1),rehearse($1),rollback_sql($1),shelter_sql($1)}'::text[]
	|| ARRAY['rollback_test($1, $1)', 'report(jsonb_build_object(''file'', $1), ''sarif'')']) f, says('wishflags.migration_' || f, sql)
GROUP BY f, says ORDER BY f, says;
\d item
SELECT count(*) FROM pg_class WHERE relnamespace = 'wt'::regnamespace AND relname <> 'item';

-- A transaction that only reads can check; what runs a migration says what to do.
BEGIN READ ONLY;
SELECT count(*) > 0 AS found FROM wishflags.migration_breaking_check('ALTER TABLE item DROP name', '{"validate_data": true}');
SELECT count(*) FROM wishflags.migration_impact('item');
SAVEPOINT s;
SELECT wishflags.migration_rollback_sql('ALTER TABLE item DROP name');
ROLLBACK TO s;
SELECT count(*) > 0 AS found FROM wishflags.migration_estimate('ALTER TABLE item ALTER id TYPE bigint');
-- Nothing can be asked in one that has failed, and the next one is as ever.
SELECT 1 / 0;
SELECT count(*) FROM wishflags.migration_breaking_check('DROP TABLE item');
ROLLBACK;
SELECT rule FROM wishflags.migration_breaking_check('DROP TABLE nowhere', '{"severity": "critical"}');

-- Cancelled in the middle: so is the statement, and nothing else.
CREATE TABLE many AS SELECT string_agg(format('ALTER TABLE t%s DROP a, ADD b int;', g % 1000), E'\n') AS sql FROM generate_series(1, 200000) g;
SET statement_timeout = '20ms';
SELECT count(*) FROM many, wishflags.migration_breaking_check(sql);
SELECT length(wishflags.migration_report(jsonb_build_object('many', sql), 'html')) FROM many;
SELECT count(*) FROM many, wishflags.migration_parse(sql);
SELECT count(*) FROM many, wishflags.migration_estimate(sql);
SELECT length(wishflags.migration_describe(sql)) FROM many;
SELECT count(*) FROM many, wishflags.migration_impact(sql);
SELECT length(wishflags.migration_rollback_sql(sql)) FROM many;
RESET statement_timeout;
SELECT rule FROM wishflags.migration_breaking_check('DROP TABLE nowhere', '{"severity": "critical"}');
DROP SCHEMA wt CASCADE;
