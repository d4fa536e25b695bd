-- A diff for people, in each format.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA sr;
CREATE TYPE sr.status AS ENUM ('new', 'paid');
CREATE TABLE sr.customers (id bigint PRIMARY KEY, email text NOT NULL, phone text);
CREATE TABLE sr.orders (id bigint PRIMARY KEY, customer bigint REFERENCES sr.customers, total numeric(10,2));
CREATE TABLE sr.gone (id int PRIMARY KEY REFERENCES sr.orders);
CREATE TABLE sr.apart (id int);
CREATE FUNCTION sr.tax(amount numeric) RETURNS numeric LANGUAGE sql AS $$
SELECT amount * 0.2
-- a
-- b
-- c
-- d
$$;
COMMENT ON COLUMN sr.customers.email IS 'where to write';
CREATE TEMP TABLE before AS SELECT wishflags.schema_snapshot('{sr}', '{"owners": false}') AS s;

ALTER TYPE sr.status ADD VALUE 'sent';
DROP TABLE sr.gone;
ALTER TABLE sr.customers DROP phone;
COMMENT ON COLUMN sr.customers.email IS 'where to write to';
ALTER TABLE sr.orders ALTER total TYPE numeric(12,2), ALTER total SET NOT NULL, ADD status sr.status;
CREATE TABLE sr.payments (order_id bigint NOT NULL UNIQUE REFERENCES sr.orders, paid timestamptz DEFAULT now());
CREATE OR REPLACE FUNCTION sr.tax(amount numeric) RETURNS numeric LANGUAGE sql AS $$
SELECT amount * 0.25
-- a
-- b
-- c
-- d
$$;
CREATE TEMP TABLE after AS SELECT wishflags.schema_snapshot('{sr}', '{"owners": false}') AS s;

\pset format unaligned
\pset tuples_only on
SELECT wishflags.schema_diff_render(b.s, a.s) FROM before b, after a;
SELECT wishflags.schema_diff_render(b.s, a.s, 'markdown') FROM before b, after a;
SELECT wishflags.schema_diff_render(b.s, a.s, 'mermaid') FROM before b, after a;
SELECT wishflags.schema_diff_render(b.s, a.s, 'dot') FROM before b, after a;

-- The tables of the drawing, and the rows of the page.
SELECT m[1] FROM before b, after a,
	regexp_matches(wishflags.schema_diff_render(b.s, a.s, 'svg'), '<g [^>]*><title>([^<]*)</title>', 'g') m;
SELECT regexp_replace(line, '<[^>]*>', '|', 'g') FROM before b, after a,
	regexp_split_to_table(wishflags.schema_diff_render(b.s, a.s, 'html', '{"picture": false}'), '\n') line
WHERE line ~ '^<(tr|details|h2)';

-- NULL is the live database; backwards what was added is removed; equal schemas differ in nothing.
SELECT wishflags.schema_diff_render(b.s, NULL) = wishflags.schema_diff_render(b.s, a.s, 'text') FROM before b, after a;
SELECT split_part(wishflags.schema_diff_render(a.s, b.s), E'\n', 1) FROM before b, after a;
SELECT wishflags.schema_diff_render(s, s) FROM before;
SELECT wishflags.schema_diff_render(s, s, 'markdown') FROM before;
SELECT wishflags.schema_diff_render(s, s, 'mermaid') FROM before;

-- From an empty snapshot: the whole schema, also in a picture of less than all.
SELECT wishflags.schema_diff_render(jsonb_set(s, '{objects}', '{}'), s, 'mermaid', '{"max_tables": 2}') FROM before;
SELECT wishflags.schema_diff_render(s, s, 'mermaid', '{"all": true}') FROM before;

-- A table with many columns shows the keys and what changed first.
CREATE TABLE sr.wide (id int PRIMARY KEY);
SELECT format('ALTER TABLE sr.wide %s', string_agg(format('ADD c%s int', i), ', ')) FROM generate_series(1, 40) i \gexec
UPDATE before SET s = wishflags.schema_snapshot('{sr}', '{"owners": false}');
ALTER TABLE sr.wide ALTER c33 TYPE bigint;
SELECT wishflags.schema_diff_render(s, NULL, 'mermaid') FROM before;

-- Wrong use.
SELECT wishflags.schema_diff_render(NULL);
SELECT wishflags.schema_diff_render(s, NULL, 'pdf') FROM before;
SELECT wishflags.schema_diff_render(s, NULL, 'svg', '{"colour": "red"}') FROM before;
SELECT wishflags.schema_diff_render(s, NULL, 'svg', '{"max_tables": 0}') FROM before;
SELECT wishflags.schema_diff_render('{}', NULL, 'svg');

-- Names that mean something in a format.
DROP SCHEMA sr CASCADE;
CREATE SCHEMA sr;
UPDATE before SET s = wishflags.schema_snapshot('{sr}', '{"owners": false}');
CREATE TABLE sr."direction LR" (pk int PRIMARY KEY, "PK-x" int, "1st" "char"[], "é&<>""`|%%{}" text DEFAULT '</td><script>',
	"日本語" text COLLATE "C", class int, "end" int);
CREATE TABLE sr."a
b ``` ~ *x* _y_" ("c
d" int CONSTRAINT "<fk> ```" REFERENCES sr."direction LR", "tab	" int, "\" int, "]]> -->" int);
COMMENT ON TABLE sr."direction LR" IS E'one\ntwo \r ``` </details>';
SELECT wishflags.schema_diff_render(s, NULL) FROM before;
SELECT wishflags.schema_diff_render(s, NULL, 'markdown') FROM before;
SELECT wishflags.schema_diff_render(s, NULL, 'dot') FROM before;
SELECT regexp_replace(line, '\m[xy]="\d+"', '', 'g') FROM before,
	regexp_split_to_table(wishflags.schema_diff_render(s, NULL, 'svg'), '\n') line WHERE line ~ '"wf-text"|<title>';
SELECT line FROM before, regexp_split_to_table(wishflags.schema_diff_render(s, NULL, 'html', '{"picture": false}'), '\n') line
WHERE line ~ '^<(tr|details|h2)';

DROP SCHEMA sr CASCADE;
