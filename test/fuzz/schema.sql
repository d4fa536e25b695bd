-- Snapshots that are mangled at random: schema_diff() and schema_diff_sql()
-- compare them or say what is wrong with them.
CREATE SCHEMA zoo;
CREATE TYPE zoo.mood AS ENUM ('a', 'b');
CREATE DOMAIN zoo.pos AS int CHECK (value > 0);
CREATE TYPE zoo.pair AS (a int, b zoo.mood);
CREATE TYPE zoo.span AS RANGE (subtype = int4);
CREATE SEQUENCE zoo.seq;
CREATE FUNCTION zoo.f(zoo.mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE TABLE zoo.p (id int PRIMARY KEY, m zoo.mood DEFAULT 'a', x zoo.pos, y zoo.pair, z zoo.span, CHECK (id > 0), UNIQUE (m));
CREATE TABLE zoo.c (extra text) INHERITS (zoo.p);
CREATE TABLE zoo.r (id int GENERATED ALWAYS AS IDENTITY, p int REFERENCES zoo.p, s serial,
	g int GENERATED ALWAYS AS (p * 2) STORED, d int DEFAULT nextval('zoo.seq'));
ALTER SEQUENCE zoo.seq OWNED BY zoo.r.d;
CREATE TABLE zoo.part (id int, k text) PARTITION BY LIST (k);
CREATE TABLE zoo.part1 PARTITION OF zoo.part FOR VALUES IN ('a');
CREATE INDEX ON zoo.part (id);
CREATE INDEX ON zoo.p (zoo.f(m));
CREATE VIEW zoo.v AS SELECT id, m FROM zoo.p;
CREATE MATERIALIZED VIEW zoo.mv AS SELECT * FROM zoo.v;
CREATE FUNCTION zoo.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER t BEFORE INSERT ON zoo.part FOR EACH ROW EXECUTE FUNCTION zoo.tf();
CREATE RULE ru AS ON UPDATE TO zoo.v DO INSTEAD NOTHING;
CREATE POLICY po ON zoo.p USING (id > 0);
CREATE STATISTICS zoo.st ON id, m FROM zoo.p;
CREATE AGGREGATE zoo.agg (int) (SFUNC = int4pl, STYPE = int);
GRANT SELECT ON zoo.p TO PUBLIC;
GRANT SELECT (id) ON zoo.p TO PUBLIC;
COMMENT ON COLUMN zoo.p.id IS 'commented';
ALTER DEFAULT PRIVILEGES IN SCHEMA zoo GRANT SELECT ON TABLES TO PUBLIC;

CREATE TABLE fuzz.snapshot AS SELECT wishflags.schema_snapshot('{zoo}') AS s;
CREATE TABLE fuzz.objects AS
SELECT t.key AS type, o.key AS identity, o.value FROM fuzz.snapshot, jsonb_each(s -> 'objects') t, jsonb_each(t.value) o;

CREATE FUNCTION fuzz.object_key() RETURNS text LANGUAGE sql VOLATILE AS
$$SELECT type || ' ' || identity FROM fuzz.objects ORDER BY random() LIMIT 1$$;

-- One object made another one: its place, parent, needs, attributes.
CREATE FUNCTION fuzz.mangle_object(s jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	o fuzz.objects;
	other fuzz.objects;
	place text[];
	name text;
BEGIN
	SELECT * INTO o FROM fuzz.objects ORDER BY random() LIMIT 1;
	SELECT * INTO other FROM fuzz.objects WHERE type = o.type OR random() < 0.2 ORDER BY random() LIMIT 1;
	SELECT key INTO name FROM jsonb_each(o.value) ORDER BY random() LIMIT 1;
	place := ARRAY['objects', o.type, o.identity];
	RETURN CASE floor(random() * 9)::int
		WHEN 0 THEN s #- place
		WHEN 1 THEN s #- (place || coalesce(name, ''))
		WHEN 2 THEN jsonb_set(s, place || coalesce(name, ''), fuzz.junk())
		WHEN 3 THEN jsonb_set(s, place || coalesce(name, ''), CASE jsonb_typeof(o.value -> name)
			WHEN 'array' THEN fuzz.pick('[]', '["a=b"]', '["GRANT SELECT TO x"]', '["x", ""]', '["GRANT"]')::jsonb
			ELSE to_jsonb(coalesce(fuzz.junk() #>> '{}', '')) END)
		WHEN 4 THEN jsonb_set(s, place || 'parent'::text, to_jsonb(fuzz.object_key()))
		WHEN 5 THEN jsonb_set(s, place || 'needs'::text, jsonb_build_array(fuzz.object_key(), fuzz.object_key()))
		WHEN 6 THEN jsonb_set(s, ARRAY['objects', o.type, fuzz.pick('x', '', 'zoo.p', '"', 'zoo.p.x', 'a ON zoo.p', '.')], o.value)
		WHEN 7 THEN jsonb_set(s, ARRAY['objects', other.type, o.identity], o.value)
		ELSE jsonb_set(s, place, other.value) END;
END $$;

CREATE FUNCTION fuzz.mangled() RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	mangled jsonb := (SELECT s FROM fuzz.snapshot);
BEGIN
	IF random() < 0.05 THEN
		RETURN fuzz.mutate(mangled);
	END IF;
	FOR i IN 1 .. 1 + floor(random() * 4)::int LOOP
		mangled := fuzz.mangle_object(mangled);
	END LOOP;
	RETURN mangled;
END $$;

-- What went wrong, a row each.
CREATE FUNCTION fuzz.schema(rounds int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	a jsonb;
	b jsonb;
BEGIN
	FOR i IN 1 .. rounds LOOP
		a := CASE WHEN random() < 0.5 THEN (SELECT s FROM fuzz.snapshot) ELSE fuzz.mangled() END;
		b := fuzz.mangled();
		BEGIN
			PERFORM count(*) FROM wishflags.schema_diff(a, b);
			PERFORM wishflags.schema_diff_sql(a, b, jsonb_build_object('online', random() < 0.5,
				'rollback', random() < 0.5, 'allow_data_loss', random() < 0.9));
		EXCEPTION
			/* damaged, twice the same, not there yet, a circle */
			WHEN invalid_parameter_value OR duplicate_object OR object_not_in_prerequisite_state OR feature_not_supported
				OR numeric_value_out_of_range THEN NULL;
			WHEN OTHERS THEN
				RETURN NEXT format('%s %s: %s TO %s', SQLSTATE, SQLERRM, a, b);
		END;
	END LOOP;
END $$;
