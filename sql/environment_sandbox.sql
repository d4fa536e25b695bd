-- A sandbox: the schema, rows that are drawn, and all that they refer to.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA sb;
CREATE TABLE sb.people (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, boss int REFERENCES sb.people, email text NOT NULL UNIQUE,
	loud text GENERATED ALWAYS AS (upper(email)) STORED);
CREATE TABLE sb.egg (id int PRIMARY KEY, hen int NOT NULL);
CREATE TABLE sb.hen (id int PRIMARY KEY, egg int NOT NULL REFERENCES sb.egg);
ALTER TABLE sb.egg ADD CONSTRAINT egg_hen FOREIGN KEY (hen) REFERENCES sb.hen DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE sb.visit (day date, no int, who int REFERENCES sb.people, PRIMARY KEY (day, no)) PARTITION BY RANGE (day);
CREATE TABLE sb.visit_24 PARTITION OF sb.visit FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE sb.visit_25 (no int NOT NULL, who int, day date NOT NULL);
ALTER TABLE sb.visit ATTACH PARTITION sb.visit_25 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE sb.note (day date, no int, also int, said text, FOREIGN KEY (day, no) REFERENCES sb.visit MATCH FULL,
	FOREIGN KEY (day, also) REFERENCES sb.visit);
CREATE TABLE sb."A ""b""" ("x y" text);
CREATE FUNCTION sb.refuse() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'a trigger has fired'; END$$;
CREATE MATERIALIZED VIEW sb.seen AS SELECT count(*) FROM sb.people;

INSERT INTO sb.people (boss, email) SELECT CASE WHEN g > 1 THEN g / 2 END, g || '@home' FROM generate_series(1, 64) g;
BEGIN;
INSERT INTO sb.egg SELECT g, 1 + g % 3 FROM generate_series(1, 6) g;
INSERT INTO sb.hen SELECT g, g + 3 FROM generate_series(1, 3) g;
COMMIT;
INSERT INTO sb.visit SELECT date '2024-01-01' + g % 600, g, g % 64 + 1 FROM generate_series(1, 600) g;
INSERT INTO sb.note SELECT day, no, no, 'n' || no FROM sb.visit;
INSERT INTO sb.note VALUES (NULL, NULL, 5, E'a\tb\nc\\d'), (NULL, NULL, NULL, NULL);
INSERT INTO sb."A ""b""" VALUES ('\.'), ('$$');
CREATE TRIGGER refuse BEFORE INSERT ON sb.people FOR EACH ROW EXECUTE FUNCTION sb.refuse();
CREATE VIEW sb.boxed AS SELECT 1 AS one;

-- One row of each table, and what that needs: all bosses, the whole circle of
-- hens and eggs, the visits of a note.
SELECT ordinal, step, object, rows, evidence FROM wishflags.sandbox_create('{sb}', '{"rows": 1}');
SELECT sql FROM wishflags.sandbox_create('{sb}', '{"rows": 0, "tables": {"sb.note": {"where": "said IN (''n7'', ''n599'') OR day IS NULL"},
	"sb.\"A \"\"b\"\"\"": {"percent": 100}}}') WHERE step = 'data' AND rows > 0;
SELECT object, rows FROM wishflags.sandbox_create('{sb}', '{"rows": 0, "tables": {"sb.hen": {"where": "id = 1"}}}') WHERE rows > 0;
SELECT object, rows FROM wishflags.sandbox_create('{sb}', '{"rows": 0, "tables": {"sb.\"A \"\"b\"\"\"": {}}}') WHERE rows > 0;

-- Around the rows: what must not be there yet comes behind them.
SELECT step, sql FROM wishflags.sandbox_create('{sb}', '{"rows": 0}') WHERE step IN ('sequences', 'constraints', 'statistics');

-- The same seed draws the same rows, another one others.
CREATE FUNCTION pg_temp.drawn(sample jsonb) RETURNS text LANGUAGE sql AS
	$$SELECT string_agg(sql, '' ORDER BY ordinal) FROM wishflags.sandbox_create('{sb}', sample) WHERE step = 'data'$$;
SELECT pg_temp.drawn('{"rows": 5, "seed": 1}') = pg_temp.drawn('{"rows": 5, "seed": 1}') AS same,
	pg_temp.drawn('{"rows": 5, "seed": 1}') = pg_temp.drawn('{"rows": 5, "seed": 2}') AS other;
SELECT sum(rows) BETWEEN 20 AND 120 AS about_a_tenth FROM wishflags.sandbox_create('{sb}', '{"rows": 0, "tables": {"sb.visit": {"percent": 10}}}')
WHERE object LIKE 'sb.visit%';

-- Wrong use.
SELECT FROM wishflags.sandbox_create('{nowhere}');
SELECT FROM wishflags.sandbox_create('{sb}', '{"percnt": 1}');
SELECT FROM wishflags.sandbox_create('{sb}', '{"percent": 101}');
SELECT FROM wishflags.sandbox_create('{sb}', '{"percent": "1"}');
SELECT FROM wishflags.sandbox_create('{sb}', '{"rows": -5}');
SELECT FROM wishflags.sandbox_create('{sb}', '{"rows": -1}');
SELECT FROM wishflags.sandbox_create('{sb}', '{"rows": 1, "percent": 1}');
SELECT FROM wishflags.sandbox_create('{sb}', '{"max_rows": 10}');
SELECT FROM wishflags.sandbox_create('{sb}', '{"max_rows": 1000000000}');
SELECT FROM wishflags.sandbox_create('{sb}', '{"tables": {"sb.nothing": {}}}');
SELECT FROM wishflags.sandbox_create('{sb}', '{"tables": {"note": {}}}');
SELECT FROM wishflags.sandbox_create('{sb}', '{"tables": {"sb.visit_24": {"rows": 1}}}');
SELECT FROM wishflags.sandbox_create('{sb}', '{"tables": {"sb.note": {"where": "nothing = 1"}}}');
SELECT FROM wishflags.sandbox_create('{sb}', '{"tables": {"sb.note": {"where": "true); DELETE FROM sb.note; SELECT (1"}}}');

-- What leads out of the schemas.
CREATE SCHEMA sb2;
CREATE TYPE sb2.mood AS ENUM ('fine');
CREATE TABLE sb2.far (egg int REFERENCES sb.egg);
SELECT FROM wishflags.sandbox_create('{sb2}');
ALTER TABLE sb2.far DROP COLUMN egg;
ALTER TABLE sb.note ADD mood sb2.mood;
SELECT FROM wishflags.sandbox_create('{sb}');
SELECT object, rows FROM wishflags.sandbox_create('{sb,sb2}', '{"rows": 2}') WHERE object = 'sb2.far';

-- What the caller may not read, or see.
CREATE ROLE regress_sandbox;
GRANT USAGE ON SCHEMA wishflags, sb TO regress_sandbox;
GRANT EXECUTE ON FUNCTION wishflags.sandbox_create TO regress_sandbox;
GRANT SELECT ON ALL TABLES IN SCHEMA sb TO regress_sandbox;
REVOKE SELECT ON sb.egg, sb.hen FROM regress_sandbox;
SET ROLE regress_sandbox;
SELECT FROM wishflags.sandbox_create('{sb}', '{"rows": 1}');
RESET ROLE;
GRANT SELECT ON sb.egg, sb.hen TO regress_sandbox;
ALTER TABLE sb.note DROP COLUMN mood;
SET ROLE regress_sandbox;
SELECT FROM wishflags.sandbox_create('{sb}', '{"rows": 1}');
RESET ROLE;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA sb TO regress_sandbox;
ALTER TABLE sb.people ENABLE ROW LEVEL SECURITY;
CREATE POLICY low ON sb.people USING (id <> 1);
SET ROLE regress_sandbox;
SELECT FROM wishflags.sandbox_create('{sb}', '{"rows": 1}');
SELECT object, rows FROM wishflags.sandbox_create('{sb}', '{"rows": 0, "tables": {"sb.egg": {"rows": 1}}}') WHERE rows > 0;
RESET ROLE;

DROP SCHEMA sb, sb2 CASCADE;
REVOKE ALL ON SCHEMA wishflags FROM regress_sandbox;
REVOKE ALL ON FUNCTION wishflags.sandbox_create FROM regress_sandbox;
DROP ROLE regress_sandbox;
