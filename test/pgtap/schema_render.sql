-- Rendering as properties: what a line diff says leads from one text to the
-- other, the way back is the way there with the signs exchanged, and no name
-- breaks XML.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL wishflags.guard = off;
SELECT plan(6);
SELECT setseed(0.4);

CREATE SCHEMA pr;
CREATE TABLE pr.t (id int);
COMMENT ON TABLE pr.t IS 'x';
CREATE TEMP TABLE base AS SELECT wishflags.schema_snapshot('{pr}') AS s;

-- Two random texts that share some lines, as the table's comment.
CREATE FUNCTION pg_temp.random_text() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(chr(97 + floor(random() * 4)::int), E'\n') FROM generate_series(1, 1 + floor(random() * 12)::int)
$$;
CREATE FUNCTION pg_temp.with_comment(text) RETURNS jsonb LANGUAGE sql AS $$
	SELECT jsonb_set(s, '{objects,table,pr.t,comment}', to_jsonb($1)) FROM base
$$;
CREATE TEMP TABLE pairs AS SELECT i, pg_temp.random_text() AS a, pg_temp.random_text() AS b FROM generate_series(1, 400) i;
CREATE TEMP TABLE lines AS
SELECT p.i, x.n, x.line, left(x.line, 1) AS sign, substr(x.line, 13) AS text FROM pairs p,
	regexp_split_to_table(wishflags.schema_diff_render(pg_temp.with_comment(a), pg_temp.with_comment(b)), '\n')
	WITH ORDINALITY x(line, n)
WHERE x.line ~ '^.   comment' OR x.line ~ 'unchanged';
DELETE FROM lines WHERE i IN (SELECT i FROM lines WHERE line ~ 'unchanged');

SELECT ok(count(DISTINCT i) > 200, 'random texts that differ') FROM lines;
SELECT is_empty($$
	SELECT p.a, p.b, string_agg(sign || text, E'\n' ORDER BY n) FROM pairs p JOIN lines l USING (i) GROUP BY p.i, p.a, p.b
	HAVING string_agg(text, E'\n' ORDER BY n) FILTER (WHERE sign <> '+') <> p.a
		OR string_agg(text, E'\n' ORDER BY n) FILTER (WHERE sign <> '-') <> p.b
$$, 'without what was added it is the text before, without what was removed the text after');

-- Of texts too different nothing is shared, and it takes no longer.
SELECT matches(wishflags.schema_diff_render(pg_temp.with_comment(a), pg_temp.with_comment(b)),
	'-   comment a9999\n\+   comment b1\n', 'long texts with nothing in common')
FROM (SELECT string_agg('a' || i, E'\n' ORDER BY i) AS a, string_agg('b' || i, E'\n' ORDER BY i) AS b
	FROM generate_series(1, 9999) i) x;

-- There and back.
CREATE TABLE pr.orders (id int PRIMARY KEY, note text);
CREATE TABLE pr.items (id int REFERENCES pr.orders, n int CHECK (n > 0));
CREATE VIEW pr.v AS SELECT id FROM pr.orders;
CREATE TEMP TABLE later AS SELECT wishflags.schema_snapshot('{pr}') AS s;
CREATE FUNCTION pg_temp.signed(a jsonb, b jsonb, swapped boolean) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT CASE WHEN swapped THEN translate(left(line, 1), '+-', '-+') ELSE left(line, 1) END
		|| replace(substr(line, 2), ' (data is lost)', '')
	FROM regexp_split_to_table(wishflags.schema_diff_render(a, b), '\n') line WHERE line ~ '^[-+~ ] '
$$;
SELECT bag_eq('SELECT pg_temp.signed(a.s, b.s, false) FROM base a, later b',
	'SELECT pg_temp.signed(b.s, a.s, true) FROM base a, later b', 'the way back has the signs exchanged');

-- Names of all sorts of characters, and text that is no definition at all.
CREATE FUNCTION pg_temp.random_name() RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(CASE WHEN random() < 0.6 THEN chr(1 + floor(random() * 126)::int)
		WHEN random() < 0.5 THEN substr('<>&"''`]}%#é日😀', 1 + floor(random() * 13)::int, 1)
		ELSE chr(65528 + floor(random() * 8)::int) END, '') FROM generate_series(1, 1 + floor(random() * 12)::int)
$$;
CREATE TEMP TABLE odd AS
SELECT jsonb_set(b.s, '{objects}', jsonb_build_object(
	'table', jsonb_object_agg('pr.' || quote_ident(n), '{}'::jsonb),
	'column', jsonb_object_agg('pr.' || quote_ident(n) || '.' || quote_ident(m),
		jsonb_build_object('type', m, 'parent', 'table pr.' || quote_ident(n))),
	'constraint', jsonb_object_agg(quote_ident(m) || ' ON pr.' || quote_ident(n),
		jsonb_build_object('kind', 'FOREIGN KEY', 'parent', 'table pr.' || quote_ident(n),
			'definition', 'FOREIGN KEY (' || quote_ident(m) || ') REFERENCES pr.' || quote_ident(o) || '(' || m)))) AS s
FROM base b, (SELECT pg_temp.random_name() || i AS n, pg_temp.random_name() || i AS m,
	pg_temp.random_name() AS o FROM generate_series(1, 200) i) x GROUP BY b.s;
SELECT CASE WHEN (SELECT setting FROM pg_config WHERE name = 'CONFIGURE') LIKE '%libxml%' THEN
	ok(xml_is_well_formed_document(wishflags.schema_diff_render(jsonb_set(s, '{objects}', '{}'), s, f, '{"max_tables": 1000}')),
		f || ' is well-formed')
	ELSE skip('this server cannot parse XML') END
FROM odd, unnest('{svg,html}'::text[]) f;

SELECT * FROM finish();
ROLLBACK;
