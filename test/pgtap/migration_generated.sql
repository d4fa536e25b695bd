-- Texts made at random (the same every time) of objects that are made, renamed, moved,
-- inherited, attached, detached and dropped.  Each is run, and taken back: a statement
-- that the server ran is not said to fail for an object that is not there, or is there
-- already; and most of those that it refused for that are said to.
BEGIN;
SELECT no_plan();
SELECT setseed(0.42);
SET LOCAL wishflags.guard = off;
SET LOCAL client_min_messages = error;
CREATE SCHEMA generated;
SET LOCAL search_path = generated, public;

CREATE TYPE live_e AS ENUM ('x');
CREATE TABLE live (a int PRIMARY KEY, b text UNIQUE, c int CHECK (c > 0), d live_e);
CREATE INDEX live_i ON live (c);
CREATE VIEW live_v AS SELECT a FROM live;
CREATE TABLE live_p (a int PRIMARY KEY, b text) PARTITION BY RANGE (a);
CREATE TABLE live_p1 PARTITION OF live_p FOR VALUES FROM (1) TO (5);
CREATE INDEX ON live_p (b);

-- %T a relation, %N a new name, %C a column, %K a constraint or index without schema, %I
-- one with, %E a type, %S a schema.
CREATE TEMP TABLE templates (n serial, sql text);
INSERT INTO templates (sql) VALUES
('CREATE TABLE %T (a int, b text, c int)'), ('CREATE TABLE %T (a int PRIMARY KEY, b text UNIQUE, c int CHECK (c > 0))'),
('CREATE TABLE %T (a int, b text, c int, CONSTRAINT %K UNIQUE (a, c), CONSTRAINT %K CHECK (a > c))'),
('CREATE TABLE IF NOT EXISTS %T (a int)'), ('CREATE TABLE %T (LIKE %T INCLUDING ALL)'), ('CREATE TABLE %T (d int) INHERITS (%T)'),
('CREATE TABLE %T (a int, b text, c int) PARTITION BY RANGE (a)'), ('CREATE TABLE %T (a int PRIMARY KEY, b text, c int) PARTITION BY LIST (a)'),
('CREATE TABLE %T PARTITION OF %T DEFAULT'), ('CREATE TABLE %T PARTITION OF %T FOR VALUES FROM (1) TO (5)'), ('CREATE TABLE %T PARTITION OF %T FOR VALUES IN (1)'),
('ALTER TABLE %T ATTACH PARTITION %T DEFAULT'), ('ALTER TABLE %T ATTACH PARTITION %T FOR VALUES FROM (10) TO (15)'), ('ALTER TABLE %T DETACH PARTITION %T'),
('ALTER TABLE %T INHERIT %T'), ('ALTER TABLE %T NO INHERIT %T'),
('CREATE TABLE %T AS SELECT 1 AS a, ''x'' AS b'), ('CREATE VIEW %T AS SELECT 1 AS a'), ('CREATE VIEW %T AS SELECT * FROM %T'), ('CREATE OR REPLACE VIEW %T AS SELECT 1 AS a'),
('CREATE OR REPLACE VIEW live_v AS SELECT 1 AS a'), ('CREATE VIEW live_v AS SELECT 1 AS a'), ('CREATE MATERIALIZED VIEW %T AS SELECT 1 AS a'), ('CREATE SEQUENCE %T'),
('DROP TABLE %T'), ('DROP TABLE %T CASCADE'), ('DROP TABLE IF EXISTS %T'), ('DROP VIEW %T'), ('DROP MATERIALIZED VIEW %T'), ('DROP SEQUENCE %T'), ('DROP INDEX %I'), ('DROP INDEX IF EXISTS %I'),
('ALTER TABLE %T RENAME TO %N'), ('ALTER TABLE %T RENAME %C TO %C'), ('ALTER TABLE %T RENAME CONSTRAINT %K TO %K'), ('ALTER INDEX %I RENAME TO %K'), ('ALTER VIEW %T RENAME TO %N'), ('ALTER SEQUENCE %T RENAME TO %N'),
('ALTER TABLE %T SET SCHEMA %S'), ('ALTER VIEW %T SET SCHEMA %S'), ('CREATE SCHEMA %S'), ('CREATE SCHEMA IF NOT EXISTS %S'), ('DROP SCHEMA %S'), ('DROP SCHEMA %S CASCADE'),
('ALTER SCHEMA s1 RENAME TO s2'), ('ALTER SCHEMA s2 RENAME TO s1'),
('ALTER TABLE %T ADD %C int'), ('ALTER TABLE %T ADD IF NOT EXISTS %C int'), ('ALTER TABLE %T ADD %C int UNIQUE'), ('ALTER TABLE %T ADD %C int CHECK (%C > 0)'), ('ALTER TABLE %T ADD %C %E'), ('ALTER TABLE %T ADD %C serial'),
('ALTER TABLE %T DROP %C'), ('ALTER TABLE %T DROP IF EXISTS %C'), ('ALTER TABLE %T DROP %C CASCADE'), ('ALTER TABLE ONLY %T ADD %C int'), ('ALTER TABLE live ADD d int'),
('ALTER TABLE %T ADD CONSTRAINT %K CHECK (%C IS NOT NULL)'), ('ALTER TABLE %T ADD CONSTRAINT %K UNIQUE (%C)'), ('ALTER TABLE %T ADD UNIQUE (%C)'), ('ALTER TABLE %T ADD PRIMARY KEY (a)'),
('ALTER TABLE %T DROP CONSTRAINT %K'), ('ALTER TABLE %T DROP CONSTRAINT IF EXISTS %K'), ('ALTER TABLE %T ADD CONSTRAINT %K FOREIGN KEY (a) REFERENCES %T (a)'), ('ALTER TABLE %T ADD CONSTRAINT %K PRIMARY KEY USING INDEX %K'),
('ALTER TABLE %T ADD CHECK (%C IS NOT NULL)'), ('CREATE INDEX ON %T (%C)'), ('CREATE INDEX %K ON %T (%C)'), ('CREATE UNIQUE INDEX %K ON %T (%C)'), ('CREATE INDEX IF NOT EXISTS %K ON %T (%C)'), ('CREATE INDEX ON ONLY %T (%C)'),
('ALTER TABLE %T ALTER %C SET DEFAULT NULL'), ('ALTER TABLE %T ALTER %C TYPE bigint USING NULL'), ('ALTER TABLE %T ALTER %C SET NOT NULL'),
('CREATE TYPE %E AS ENUM (''x'', ''y'')'), ('CREATE DOMAIN %E AS int'), ('DROP TYPE %E'), ('DROP TYPE live_e CASCADE'), ('ALTER TYPE %E RENAME TO %N'), ('ALTER TYPE e SET SCHEMA %S'), ('ALTER TYPE %E RENAME VALUE ''x'' TO ''z'''), ('DROP DOMAIN %E'),
('CREATE TRIGGER %K BEFORE UPDATE ON %T FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()'), ('DROP TRIGGER %K ON %T'), ('ALTER TRIGGER %K ON %T RENAME TO %K'),
('CREATE POLICY %K ON %T'), ('DROP POLICY %K ON %T'), ('ALTER POLICY %K ON %T RENAME TO %K'), ('CREATE FUNCTION %N(int) RETURNS int LANGUAGE sql AS ''SELECT 1'''), ('DROP FUNCTION %N(int)'),
('SET search_path = s1, generated'), ('SET search_path = generated'), ('SET search_path = s2, s1, generated'), ('TRUNCATE %T'), ('COMMENT ON TABLE %T IS ''x''');

CREATE FUNCTION pg_temp.fill(sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	kinds jsonb = '{"N": ["t", "u", "v", "live", "e"], "C": ["a", "b", "c", "d"], "S": ["s1", "s2"],
		"T": ["t", "u", "v", "t", "u", "v", "t", "u", "v", "s1.t", "s1.u", "s2.t", "generated.t", "live", "generated.live", "live_p", "live_p1"],
		"K": ["k", "l", "t_a_idx", "t_pkey", "t_a_key", "t_b_key", "u_a_idx", "u_pkey", "t_c_check", "live_pkey", "live_b_key", "live_i"],
		"I": ["k", "l", "t_a_idx", "t_pkey", "t_b_key", "u_b_idx", "u_pkey", "u_c_key", "live_i", "s1.k", "s1.t_a_idx", "live_p1_a_idx", "live_p1_b_idx", "v_pkey", "v_a_idx"],
		"E": ["e", "f", "s1.e", "generated.f", "live_e"]}';
	kind text;
BEGIN
	WHILE sql ~ '%[A-Z]' LOOP
		kind := substring(sql FROM '%([A-Z])');
		sql := regexp_replace(sql, '%[A-Z]', kinds -> kind ->> floor(random() * jsonb_array_length(kinds -> kind))::int);
	END LOOP;
	RETURN sql;
END $$;

-- Up to twenty statements that the server ran, one after the other, and those between
-- that it refused for an object; nothing of it stays.
CREATE FUNCTION pg_temp.run() RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	ran text[] = '{}';
	refused jsonb = '[]';
	statement text;
BEGIN
	PERFORM set_config('search_path', 'generated', true);
	FOR i IN 1 .. 45 LOOP
		statement := pg_temp.fill((SELECT sql FROM pg_temp.templates ORDER BY random() LIMIT 1));
		BEGIN
			EXECUTE statement;
			ran := ran || statement;
		EXCEPTION WHEN undefined_table OR duplicate_table OR duplicate_column OR duplicate_object THEN
			refused := refused || jsonb_build_object('behind', cardinality(ran), 'statement', statement);
		WHEN OTHERS THEN
			NULL;
		END;
		EXIT WHEN cardinality(ran) = 20;
	END LOOP;
	RAISE SQLSTATE 'WFTST' USING MESSAGE = jsonb_build_object('ran', ran, 'refused', refused)::text;
EXCEPTION WHEN SQLSTATE 'WFTST' THEN
	RETURN SQLERRM::jsonb;
END $$;

-- The statements of a text that are said to fail for an object.
CREATE FUNCTION pg_temp.said(sql text) RETURNS TABLE (statement int) LANGUAGE sql SET search_path = generated AS $$
	SELECT DISTINCT statement FROM wishflags.migration_breaking_check(sql, '{"only": ["object-missing", "object-exists"]}')
	WHERE severity <> 'info' AND evidence ? 'sqlstate'
$$;
CREATE FUNCTION pg_temp.text_of(ran jsonb, behind int) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(sql || ';', E'\n' ORDER BY n), '') FROM jsonb_array_elements_text(ran) WITH ORDINALITY AS e (sql, n) WHERE n <= behind
$$;

CREATE TEMP TABLE texts AS SELECT n, pg_temp.run() AS text FROM generate_series(1, 250) n;
SELECT is(string_agg(format('statement %s of %s', s.statement, pg_temp.text_of(text -> 'ran', s.statement)), E'\n\n' ORDER BY n, s.statement), NULL,
	'what the server runs is not said to fail')
FROM texts, pg_temp.said(pg_temp.text_of(text -> 'ran', 20)) s;
SELECT cmp_ok((SELECT avg((s.statement IS NOT NULL)::int) FROM texts, jsonb_to_recordset(text -> 'refused') AS r (behind int, statement text)
		LEFT JOIN LATERAL pg_temp.said(pg_temp.text_of(text -> 'ran', r.behind) || r.statement) s ON s.statement = r.behind + 1),
	'>', 0.7, 'most of what it refuses is said to fail');
SELECT cmp_ok((SELECT count(*) FROM texts, jsonb_array_elements(text -> 'ran')), '>', 2000::bigint, 'the texts do something');

SELECT * FROM finish();
ROLLBACK;
