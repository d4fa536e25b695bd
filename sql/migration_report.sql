-- The findings of many files as a document.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA mr;
CREATE TABLE mr.item (id int PRIMARY KEY, a text);
INSERT INTO mr.item SELECT g, 'x' FROM generate_series(1, 5000) g;
CREATE TEMP TABLE files AS SELECT jsonb_build_array(
	jsonb_build_object('file', 'db/0001_init.sql', 'sql', 'SELECT 1;'),
	jsonb_build_object('file', 'db/0002_<b>,|x|:%.sql', 'sql', E'SET lock_timeout = ''1s'';\nCREATE INDEX ON mr.item (a);\nALTER TABLE mr.item\n  DROP COLUMN a;')) AS f;
CREATE TEMP TABLE chosen AS SELECT '{"only": ["index-not-concurrent", "drop-column", "name-not-qualified"]}'::jsonb AS o;
\pset format unaligned
\t
SELECT wishflags.migration_report(f, 'text', o) FROM files, chosen;
SELECT wishflags.migration_report(f, 'markdown', o) FROM files, chosen;
SELECT wishflags.migration_report(f, 'json', o) FROM files, chosen;
SELECT replace(wishflags.migration_report(f, 'sarif', o), (wishflags.version()).library, 'VERSION') FROM files, chosen;
SELECT wishflags.migration_report(f, 'junit', o) FROM files, chosen;
SELECT wishflags.migration_report(f, 'github', o) FROM files, chosen;
SELECT regexp_replace(wishflags.migration_report(f, 'html', o), '<style>.*</style>', '<style></style>') FROM files, chosen;
\t
\pset format aligned

-- JSON and XML are well-formed whatever the text says; line breaks and quotes stay where they belong.
CREATE TEMP TABLE odd AS SELECT jsonb_build_object(E'a"b\\c''</script>&.sql',
	E'DROP TABLE mr."]]> & <item> \\" \t`x`"; CREATE INDEX "i\n::error::" ON mr.item (a);') AS f;
SELECT format, CASE WHEN format IN ('json', 'sarif') THEN wishflags.migration_report(f, format)::json IS NOT NULL
	ELSE xmlparse(DOCUMENT wishflags.migration_report(f, format)) IS NOT NULL END AS well_formed
FROM odd, unnest('{json,sarif,junit,html}'::text[]) format;
SELECT count(*) FROM odd, regexp_split_to_table(rtrim(wishflags.migration_report(f, 'github'), E'\n'), E'\n') line WHERE line !~ '^::(error|warning|notice) file=';

-- Findings can be given in place of a text: one report of many runs.
SELECT wishflags.migration_report(wishflags.migration_report(f, 'json')::jsonb -> 'files', 'sarif') = wishflags.migration_report(f, 'sarif') AS same FROM files;
SELECT wishflags.migration_report('{}');
SELECT wishflags.migration_report('{"b.sql": "SELECT 1", "a.sql": "DROP TABLE mr.item"}', options => '{"severity": "high"}');

-- Each is checked on what those before it make, and runs in a session of its own.
SELECT wishflags.migration_report(jsonb_build_array(
	jsonb_build_object('file', '1', 'sql', 'SET lock_timeout = 5000; BEGIN; CREATE TABLE mr.fresh (a int); DROP TABLE mr.item'),
	jsonb_build_object('file', '2', 'sql', 'CREATE INDEX ON mr.fresh (a); ALTER TABLE mr.fresh DROP a; SELECT FROM mr.item; ALTER TABLE mr.item ADD b int'),
	jsonb_build_object('file', '3', 'sql', 'CREATE INDEX CONCURRENTLY ON mr.fresh (b)')),
	options => '{"only": ["index-not-concurrent", "drop-column", "drop-table", "object-missing", "concurrent-in-transaction", "lock-timeout-missing"]}');

-- Wrong use.
SELECT wishflags.migration_report('{}', 'pdf');
SELECT wishflags.migration_report('{}', 'text', '{"validate": true}');
SELECT wishflags.migration_report('{"a": 1}');
SELECT wishflags.migration_report('["a"]');
SELECT wishflags.migration_report('"a"');
SELECT wishflags.migration_report('[{"file": "a"}]');
SELECT wishflags.migration_report('[{"file": "a", "findings": [1]}]');
SELECT wishflags.migration_report('[{"file": "a", "findings": [{"rule": "nope"}]}]');
SELECT wishflags.migration_report('[{"file": "a", "findings": [{"rule": "drop-table", "severity": "bad"}]}]');
SELECT wishflags.migration_report('[{"file": "a", "findings": [{"rule": "drop-table", "severity": "low", "kind": "style"}]}]');
SELECT wishflags.migration_report('[{"file": "a", "findings": [{"rule": "drop-table", "severity": "low", "kind": "style", "message": "m", "evidence": {}, "lock_mode": "X"}]}]');
DROP SCHEMA mr CASCADE;
