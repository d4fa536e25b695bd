-- Comments that take findings back: what reports tell of them, and a project's own words for them.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA me;
CREATE TABLE me.item (id int PRIMARY KEY, a text);
INSERT INTO me.item SELECT g, 'x' FROM generate_series(1, 5000) g;
CREATE TEMP TABLE files AS SELECT jsonb_build_array(
	jsonb_build_object('file', 'db/1.sql', 'sql', E'SELECT 1;\n-- wishflags: ignore drop-column, name-not-qualified reason="nobody <reads> it" until=2999-12-31\nALTER TABLE me.item DROP a;\n'),
	jsonb_build_object('file', 'db/2.sql', 'sql', E'/* wishflags: ignore-file truncate reason="once" until=2001-01-31 */\nSELECT 1;\n-- squawk-ignore ban-drop-table\nSELECT 2;\n-- wishflags: ignore drop-table\nDROP TABLE me.item'),
	jsonb_build_object('file', 'db/3.sql', 'sql', 'SELECT 1')) AS f;
CREATE TEMP TABLE chosen AS SELECT '{"severity": "high"}'::jsonb AS o;
\pset format unaligned
\t
SELECT wishflags.migration_report(f, 'text', o) FROM files, chosen;
SELECT wishflags.migration_report(f, 'markdown', o) FROM files, chosen;
SELECT jsonb_pretty(jsonb_path_query_array(wishflags.migration_report(f, 'json', o)::jsonb, '$.files[*].directives')) FROM files, chosen;
SELECT line FROM files, chosen, regexp_split_to_table(wishflags.migration_report(f, 'html', o), E'\n') line WHERE line ~ 'escape hatch|^<p>.*(used|count)';
\t
\pset format aligned

-- They go with the findings from report to report, and so do times.
SELECT wishflags.migration_report(wishflags.migration_report(f, 'json', o)::jsonb -> 'files', format) = wishflags.migration_report(f, format, o) AS same
FROM files, chosen, unnest('{text,markdown,json,html}'::text[]) format;
SELECT count(*) AS files, bool_and((g ->> 'milliseconds')::float8 >= 0) AS timed
FROM files, jsonb_array_elements(wishflags.migration_report(wishflags.migration_report(f, 'json', '{"timing": true}')::jsonb -> 'files', 'json')::jsonb -> 'files') g;

-- Aliases: a text in any case or a regular expression; names of rules may follow, a reason must.
CREATE FUNCTION me.check(sql text, options jsonb DEFAULT '{"aliases": ["schema-validation: skip", "/(skip|no)[- ]check(ed)?:?/"]}')
RETURNS TABLE (line int, rule text, message text, hint text) LANGUAGE sql
BEGIN ATOMIC
	SELECT line, rule, message, hint FROM wishflags.migration_breaking_check(sql, options) WHERE rule IN ('drop-table', 'drop-column', 'unused-ignore');
END;
SELECT * FROM me.check(E'SELECT 1;\n-- <!-- Schema-Validation: SKIP reason="known" until=2999-01-01 -->\nDROP TABLE me.item');
SELECT * FROM me.check(E'SELECT 1;\n/* Skip-checked: drop-column reason="known" */ ALTER TABLE me.item DROP a;\nDROP TABLE me.item');
SELECT * FROM me.check(E'SELECT 1;\n-- schema-validation: skip, says the boss\nDROP TABLE me.item');
SELECT * FROM me.check(E'SELECT 1;\n-- no check reason="known" until=2001-01-01\nDROP TABLE me.item');
SELECT * FROM me.check(E'SELECT 1;\n-- no check reason="known"\nSELECT 2');
-- Whether it was needed for the history of the file, the text alone does not tell.
SELECT * FROM me.check(E'SELECT 1;\n-- wishflags: ignore migration-immutable reason="known"\nSELECT 2;\n-- wishflags: ignore migration-immutable, truncate reason="known"\nSELECT 3');
-- Before all statements and an empty line, it is for the whole text.
SELECT * FROM me.check(E'<!-- no comment of SQL -->\n');
SELECT * FROM me.check(E'-- schema-validation: skip reason="known"\n\nSELECT 1; DROP TABLE me.item');
SELECT * FROM me.check(E'-- schema-validation: skip reason="known"\nSELECT 1; DROP TABLE me.item');
-- Without the option, and with words that only begin alike, it is a comment as any other.
SELECT rule, message FROM me.check(E'-- schema-validation: skip reason="known"\nDROP TABLE me.item', '{}');
SELECT rule FROM me.check(E'-- schema-validation: skipped reason="known"\nDROP TABLE me.item');
SELECT rule FROM me.check(E'-- we skip check here\nDROP TABLE me.item');
SELECT rule FROM me.check(E'-- Größe: nicht prüfen reason="ä"\nDROP TABLE me.item', '{"aliases": "/grö.e:/"}');

-- Wrong use.
SELECT * FROM me.check('SELECT 1', '{"aliases": [""]}');
SELECT * FROM me.check('SELECT 1', '{"aliases": "//"}');
SELECT * FROM me.check('SELECT 1', '{"aliases": ["/(/"]}');
SELECT * FROM me.check('SELECT 1', '{"aliases": 1}');
SELECT wishflags.migration_report('[{"file": "a", "findings": [], "directives": 1}]');
SELECT wishflags.migration_report('[{"file": "a", "findings": [], "directives": [{"line": 1}]}]');
SELECT wishflags.migration_report('[{"file": "a", "findings": [], "directives": [{"rules": ["nope"]}]}]');
DROP SCHEMA me CASCADE;
