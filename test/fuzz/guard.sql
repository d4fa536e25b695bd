-- Random DDL, each statement on its own: the guard judges what it can't know
-- beforehand, and never gives up.
CREATE FUNCTION fuzz.object_name() RETURNS text LANGUAGE sql VOLATILE AS
$$SELECT fuzz.pick('t', 't', 'den.t', 'p', 'p1', 'e', 'den.e', 'd', 'c', 'nix', 'v', 'mv', '"Odd ""x"', 'x.y.z', 'a.b.c.d')$$;

CREATE FUNCTION fuzz.statement() RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	name text := fuzz.object_name();
	other text := fuzz.object_name();
	n int := floor(random() * 9)::int;
	statement text := CASE floor(random() * 27)::int
		WHEN 0 THEN format('CREATE INDEX ON %s (%s)', name, fuzz.pick('a', 'b', '(a + 1)', 'nix', 'e', '(den.f(a))'))
		WHEN 1 THEN format('CREATE UNIQUE INDEX IF NOT EXISTS %s ON ONLY %s (a)', fuzz.pick('i1', 'i2', 't'), name)
		WHEN 2 THEN format('ALTER TABLE %s ADD UNIQUE (a)', name)
		WHEN 3 THEN format('ALTER TABLE %s ADD PRIMARY KEY (a), ADD COLUMN c%s int UNIQUE', name, n)
		WHEN 4 THEN format('ALTER TABLE %s ADD COLUMN IF NOT EXISTS z int PRIMARY KEY', name)
		WHEN 5 THEN format('ALTER TABLE %s ADD EXCLUDE USING btree (a WITH =)', name)
		WHEN 6 THEN format('ALTER TYPE %s ADD VALUE %s', name, fuzz.pick('''a''', '''q''', 'IF NOT EXISTS ''a''', '''r'' BEFORE ''a'''))
		WHEN 7 THEN format('ALTER TYPE %s RENAME VALUE %s TO %s', name, fuzz.pick('''a''', '''nix'''), fuzz.pick('''b''', '''zz'''))
		WHEN 8 THEN format('ALTER TYPE %s RENAME TO %s', name, fuzz.pick('e', 'e2', 'd2'))
		WHEN 9 THEN format('ALTER TYPE %s SET SCHEMA %s', name, fuzz.pick('public', 'den', 'nix'))
		WHEN 10 THEN format('DROP TYPE %s %s %s', fuzz.pick('', 'IF EXISTS'), name, fuzz.pick('', 'CASCADE', ', den.e', ', e, e CASCADE'))
		WHEN 11 THEN 'DROP SCHEMA den2 CASCADE'
		WHEN 12 THEN 'CREATE SCHEMA den2 CREATE TABLE q (a int PRIMARY KEY) CREATE INDEX ON q (a)'
		WHEN 13 THEN 'CREATE TYPE den2.m AS ENUM (''a''); CREATE TABLE den2.u (m den2.m, k den2.m[])'
		WHEN 14 THEN format('DROP TABLE %s %s', name, fuzz.pick('', 'CASCADE'))
		WHEN 15 THEN 'CREATE TABLE IF NOT EXISTS den.t (a int, b text, e den.e); INSERT INTO den.t SELECT g FROM generate_series(1, 50) g'
		WHEN 16 THEN 'CREATE TYPE den.e AS ENUM (''a'', ''b'')'
		WHEN 17 THEN 'CREATE TABLE IF NOT EXISTS den.p (a int, b text) PARTITION BY RANGE (a)'
		WHEN 18 THEN 'CREATE TABLE IF NOT EXISTS den.p1 PARTITION OF den.p FOR VALUES FROM (0) TO (100); INSERT INTO den.p VALUES (1)'
		WHEN 19 THEN fuzz.pick('CREATE DOMAIN den.d AS den.e', 'CREATE TYPE den.c AS (a int, e den.e)')
		WHEN 20 THEN 'CREATE TABLE IF NOT EXISTS den."Odd ""x" (a den.d, b den.c, k den.e[]); INSERT INTO den."Odd ""x" DEFAULT VALUES'
		WHEN 21 THEN format('ALTER TABLE %s ADD COLUMN w%s den.e', name, n)
		WHEN 22 THEN format('CREATE %s AS SELECT * FROM %s', fuzz.pick('MATERIALIZED VIEW den.mv', 'VIEW den.v', 'TABLE den.x'), name)
		WHEN 23 THEN format('ALTER TABLE %s %s PARTITION %s', name, fuzz.pick('ATTACH', 'DETACH'), other || fuzz.pick('', ' DEFAULT'))
		WHEN 24 THEN format('SET search_path = %s', fuzz.pick('den', 'public, den', 'den, nix', 'den, pg_temp'))
		WHEN 25 THEN 'CREATE OR REPLACE FUNCTION den.f(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS '
			'''BEGIN EXECUTE ''''CREATE INDEX ON den.t (a)''''; RETURN 1; END'''
		ELSE 'CREATE SCHEMA IF NOT EXISTS den' END;
BEGIN
	RETURN CASE floor(random() * 10)::int
		WHEN 0 THEN format('BEGIN; %s; COMMIT', statement)
		WHEN 1 THEN format('DO %L', format('BEGIN EXECUTE %L; EXCEPTION WHEN invalid_schema_name THEN NULL; END', statement))
		ELSE statement END;
END $$;
