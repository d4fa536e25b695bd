-- Whatever the text, the check raises nothing: texts are cut, spliced and
-- mangled at random (the same every time) and all must be read.
BEGIN;
SELECT no_plan();
SELECT setseed(0.42);

CREATE TABLE seed (id int PRIMARY KEY, a int, b text);
INSERT INTO seed SELECT g, g, g::text FROM generate_series(1, 100) g;

CREATE TEMP TABLE texts (n serial, t text);
INSERT INTO texts (t) VALUES
('ALTER TABLE seed ADD CONSTRAINT k CHECK (a > 0 AND b <> '';''), ADD COLUMN "é;" text DEFAULT $$x;$$;'),
('CREATE UNIQUE INDEX IF NOT EXISTS i ON ONLY public.seed USING btree (a, (b || ''x'') DESC) WHERE a > 0;'),
('CREATE FUNCTION f(x int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN x > 0 THEN 1 END; SELECT 2; END;'),
('COPY seed FROM stdin;' || E'\n1\tit''s\n\\.\nSELECT 1;'),
('/* a /* nested */ comment */ BEGIN; ALTER TYPE t ADD VALUE ''v''; INSERT INTO seed VALUES (1, 2, E''\''''); COMMIT;'),
('DROP SCHEMA a, b CASCADE; CREATE SCHEMA s CREATE TABLE t (a int REFERENCES o (x) ON DELETE SET NULL) CREATE VIEW v AS SELECT 1;'),
('ALTER TABLE IF EXISTS ONLY a.b.c ALTER x TYPE numeric(10, 2)[] USING x::text::numeric[], RENAME TO y;'),
(E'\\connect foo\n--> statement-breakpoint\nMERGE INTO seed USING o ON true WHEN MATCHED THEN DELETE; :var'),
('DO $a$ BEGIN EXECUTE $b$ DROP TABLE x $b$; END $a$; SET LOCAL lock_timeout = ''5 min''; VACUUM (FULL, ANALYZE) seed (a);'),
('ALTER DOMAIN d ADD CHECK (VALUE > 0); GRANT ALL ON ALL TABLES IN SCHEMA s TO PUBLIC; DROP TYPE a.b.c.d;'),
('CREATE TABLE seed2 (LIKE seed INCLUDING ALL, CHECK (a > 0), EXCLUDE USING gist (a WITH =)) PARTITION BY RANGE (a);'),
('UPDATE seed SET (a, b) = (1, 2), a = 3 WHERE id = ANY ((SELECT array_agg(x) FROM o)::int[]);'),
('ALTER FUNCTION a.f(int, text[]) RENAME TO g; ALTER OPERATOR + (int, int) OWNER TO x; COMMENT ON CONSTRAINT c ON DOMAIN d IS NULL; DROP CAST (int AS text);'),
('GRANT SELECT (a), UPDATE ON seed TO PUBLIC; REVOKE r FROM x; ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT ALL ON TABLES TO y; ALTER TRIGGER t ON seed RENAME TO u;'),
('DROP POLICY p ON a.b; DROP OWNED BY x; COMMENT ON COLUMN a.b.c IS ''x''; ALTER TABLE seed RENAME a TO b; TRUNCATE seed, o CASCADE; ALTER TYPE t RENAME ATTRIBUTE a TO b;'),
('ALTER TABLE seed OWNER TO CURRENT_USER, ENABLE TRIGGER USER, ATTACH PARTITION p DEFAULT; CREATE TABLE z OF t; CREATE TABLE y PARTITION OF seed DEFAULT;'),
(''), (';;;'), ('('), ('$$'), ('''');
CREATE TEMP TABLE pieces AS SELECT row_number() OVER () AS n, p FROM unnest(ARRAY['''', '"', '(', ')', ';', '$$', '$a$', '/*', '*/',
	'--', E'\\', E'\n', ' BEGIN ATOMIC ', ' END ', 'U&"\0', 'E''\', '::', ':x', 'é', '--> statement-breakpoint', ' NULL ', ' 0 ', ', ', '.']) AS p;

CREATE FUNCTION pg_temp.mangle(t text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	place int;
	other text;
BEGIN
	FOR i IN 1 .. 1 + floor(random() * 5)::int LOOP
		place := floor(random() * (length(t) + 1))::int;
		CASE floor(random() * 4)::int
			WHEN 0 THEN t := left(t, place);
			WHEN 1 THEN t := left(t, place) || substr(t, place + 1 + floor(random() * 12)::int);
			WHEN 2 THEN
				SELECT p INTO other FROM pieces ORDER BY random() LIMIT 1;
				t := left(t, place) || other || substr(t, place + 1);
			ELSE
				SELECT x.t INTO other FROM texts x ORDER BY random() LIMIT 1;
				t := left(t, place) || right(other, floor(random() * 60)::int);
		END CASE;
	END LOOP;
	RETURN t;
END $$;

CREATE FUNCTION pg_temp.survives(t text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	PERFORM count(*) FROM wishflags.migration_breaking_check(t, jsonb_build_object(
		'in_transaction', random() < 0.5, 'assume_populated', random() < 0.5));
	PERFORM count(*) FROM wishflags.migration_parse(t);
	PERFORM wishflags.migration_describe(t);
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RETURN format('%s (%s) for %L', SQLERRM, SQLSTATE, t);
END $$;

SELECT is(string_agg(pg_temp.survives(pg_temp.mangle(t)), E'\n'), NULL, 'text ' || n || ' is read however it is mangled')
FROM texts, generate_series(1, 150)
GROUP BY n ORDER BY n;

-- Neither do very deep or very long texts.
SELECT is(pg_temp.survives(t), NULL, 'a text of ' || length(t) || ' characters is read') FROM (VALUES
	('ALTER TABLE seed ADD x int DEFAULT ' || repeat('1 + ', 100000) || '1'),
	('ALTER TABLE seed ADD x int DEFAULT ' || repeat('abs(', 20000) || '1' || repeat(')', 20000)),
	('BEGIN; ALTER TYPE t ADD VALUE ''v''; SELECT ' || repeat('1 + ', 100000) || '1'),
	('SELECT ' || repeat('(', 20000)), (repeat('BEGIN;', 5000)), (repeat('(', 100000)), (repeat('/*', 2000)),
	('ALTER TABLE seed ADD CHECK (' || repeat('a IS NOT NULL AND (', 3000) || 'true' || repeat(')', 3001)),
	('ALTER TABLE seed ' || (SELECT string_agg('ADD c' || n || ' int', ', ') FROM generate_series(1, 1500) n)), (repeat('$a$', 10001)),
	('CREATE VIEW v AS SELECT 1' || repeat(' UNION SELECT 1', 20000)), (repeat(E'\\i x\n', 2000))) AS deep(t);

-- Places are within the text.
SELECT is_empty($$
	SELECT t, line, col FROM texts, wishflags.migration_parse(t)
	WHERE line < 1 OR col < 1 OR line > 1 + regexp_count(t, E'\n') OR col > length(t) + 1$$, 'places lie within the text');

SELECT * FROM finish();
ROLLBACK;
