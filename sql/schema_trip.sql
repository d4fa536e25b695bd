-- One schema into another and back: the script runs, and leaves no difference.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE ROLE wf_trip_a;
CREATE ROLE "wf_trip TO b";

-- Leaves out BEGIN and COMMIT, which a function cannot run.
CREATE FUNCTION pg_temp.run(script text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE regexp_replace(script, '^(BEGIN|COMMIT);$', '', 'gn');
END $$;

-- A fresh schema sd with these definitions; a snapshot of it, or of the whole database.
CREATE FUNCTION pg_temp.made(ddl text, whole boolean) RETURNS jsonb LANGUAGE plpgsql AS $$
BEGIN
	DROP SCHEMA IF EXISTS sd CASCADE;
	CREATE SCHEMA sd;
	SET LOCAL search_path = sd, public;
	EXECUTE ddl;
	RESET search_path;
	RETURN CASE WHEN whole THEN wishflags.schema_snapshot() ELSE wishflags.schema_snapshot('{sd}') END;
END $$;

-- The number of changes, and what is left after them there and back; the rest is undone.
CREATE FUNCTION pg_temp.trip(before text, after text, whole boolean DEFAULT false,
	OUT changes bigint, OUT left_there bigint, OUT left_back bigint, OUT error text) LANGUAGE plpgsql AS $$
DECLARE
	a jsonb;
	b jsonb;
	options jsonb := '{"online": false, "allow_data_loss": true}';
BEGIN
	BEGIN
		a := pg_temp.made(before, whole);
		RAISE SQLSTATE 'UNDO1';
	EXCEPTION WHEN SQLSTATE 'UNDO1' THEN
	END;
	BEGIN
		b := pg_temp.made(after, whole);
		RAISE SQLSTATE 'UNDO1';
	EXCEPTION WHEN SQLSTATE 'UNDO1' THEN
	END;
	PERFORM pg_temp.made(before, whole);
	SELECT count(*) INTO changes FROM wishflags.schema_diff(a, b);
	PERFORM pg_temp.run(wishflags.schema_diff_sql(a, b, options));
	SELECT count(*) INTO left_there FROM wishflags.schema_diff(b, NULL);
	PERFORM pg_temp.run(wishflags.schema_diff_sql(b, a, options));
	SELECT count(*) INTO left_back FROM wishflags.schema_diff(a, NULL);
	RAISE SQLSTATE 'UNDO1';
EXCEPTION
	WHEN SQLSTATE 'UNDO1' THEN
	WHEN OTHERS THEN error := SQLERRM;
END $$;

-- Default privileges of any role, whoever runs the script.
CREATE TEMP TABLE defaults AS SELECT $$
	ALTER DEFAULT PRIVILEGES FOR ROLE wf_trip_a REVOKE USAGE ON TYPES FROM wf_trip_a;
	ALTER DEFAULT PRIVILEGES FOR ROLE "wf_trip TO b" GRANT SELECT ON TABLES TO wf_trip_a;
	ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO wf_trip_a WITH GRANT OPTION;
	ALTER DEFAULT PRIVILEGES IN SCHEMA sd GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
	ALTER DEFAULT PRIVILEGES FOR ROLE wf_trip_a IN SCHEMA sd GRANT INSERT ON TABLES TO wf_trip_a;
	$$ AS ddl;
SELECT t.* FROM defaults, pg_temp.trip(ddl, ddl || $$
	CREATE TYPE e AS ENUM ('a');
	CREATE TYPE f AS ENUM ('a');
	ALTER TYPE f OWNER TO wf_trip_a;
	CREATE TABLE t (a int, b int);
	REVOKE SELECT ON t FROM wf_trip_a;
	GRANT SELECT (a) ON t TO wf_trip_a;
	CREATE TABLE u (a int);
	ALTER TABLE u OWNER TO wf_trip_a;
	CREATE FUNCTION g() RETURNS int LANGUAGE sql AS 'SELECT 1';
	CREATE FUNCTION h() RETURNS int LANGUAGE sql AS 'SELECT 1';
	REVOKE EXECUTE ON FUNCTION h() FROM PUBLIC; $$, true) t;

-- Owners: what belongs to a table follows it, what the old one held passes on.
CREATE TEMP TABLE trips (id int GENERATED ALWAYS AS IDENTITY, before text, after text, whole boolean DEFAULT false);
INSERT INTO trips (before, after) VALUES
	('CREATE TABLE t (a serial)',
	 'CREATE TABLE t (a serial); ALTER TABLE t OWNER TO wf_trip_a'),
	('CREATE TABLE t (a serial); GRANT USAGE ON SEQUENCE t_a_seq TO "wf_trip TO b"',
	 'CREATE TABLE t (a serial); ALTER TABLE t OWNER TO wf_trip_a; REVOKE USAGE ON SEQUENCE t_a_seq FROM wf_trip_a'),
	('CREATE TABLE t (a int); GRANT SELECT ON t TO wf_trip_a WITH GRANT OPTION; GRANT INSERT ON t TO "wf_trip TO b"',
	 'CREATE TABLE t (a int); ALTER TABLE t OWNER TO wf_trip_a; REVOKE INSERT ON t FROM wf_trip_a'),
-- Identity: with NOT NULL, a type that has none, what its sequence is granted and told.
	('CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY)',
	 'CREATE TABLE t (a int)'),
	('CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY)',
	 'CREATE TABLE t (a text DEFAULT 1)'),
	('CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY); GRANT USAGE ON SEQUENCE t_a_seq TO wf_trip_a',
	 $$CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY); ALTER TABLE t OWNER TO wf_trip_a;
	   REVOKE UPDATE ON SEQUENCE t_a_seq FROM wf_trip_a; COMMENT ON SEQUENCE t_a_seq IS 'it''s'$$),
	('CREATE TABLE t (a int)',
	 $$CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY); GRANT USAGE ON SEQUENCE t_a_seq TO wf_trip_a; COMMENT ON SEQUENCE t_a_seq IS 'new'$$),
-- Settings of a materialized view's columns.
	($$CREATE MATERIALIZED VIEW m AS SELECT 1 AS a, 'x'::text AS b$$,
	 $$CREATE MATERIALIZED VIEW m AS SELECT 1 AS a, 'x'::text AS b;
	   ALTER MATERIALIZED VIEW m ALTER a SET STATISTICS 7, ALTER b SET COMPRESSION pglz, ALTER b SET (n_distinct = 3), ALTER b SET STORAGE EXTERNAL$$),
-- The key of a partitioned table changes its type, in two levels.
	($$CREATE TYPE e AS ENUM ('a', 'b'); CREATE TABLE p (a e, b int, PRIMARY KEY (a, b)) PARTITION BY LIST (a);
	   CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('b') PARTITION BY RANGE (b); CREATE TABLE p2 PARTITION OF p1 DEFAULT; CREATE VIEW v AS SELECT * FROM p$$,
	 $$CREATE TYPE e AS ENUM ('b'); CREATE TABLE p (a e, b bigint, PRIMARY KEY (a, b)) PARTITION BY LIST (a);
	   CREATE TABLE p1 PARTITION OF p FOR VALUES IN ('b') PARTITION BY RANGE (b); CREATE TABLE p2 PARTITION OF p1 DEFAULT; CREATE VIEW v AS SELECT * FROM p$$),
-- The copy that a partition has of a trigger has a comment of its own.
	($$CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT;
	   CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER tr BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION f()$$,
	 $$CREATE TABLE p (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p DEFAULT;
	   CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; CREATE TRIGGER tr BEFORE INSERT ON p FOR EACH ROW EXECUTE FUNCTION f();
	   COMMENT ON TRIGGER tr ON p1 IS 'copy'$$),
-- Who granted what.
	('CREATE TABLE t (a int)',
	 'CREATE TABLE t (a int); GRANT USAGE ON SCHEMA sd TO wf_trip_a; GRANT SELECT ON t TO wf_trip_a WITH GRANT OPTION; SET LOCAL ROLE wf_trip_a; GRANT SELECT ON t TO "wf_trip TO b"; RESET ROLE');
-- Of the whole database: extensions that take objects along, privileges on what others brought, settings.
INSERT INTO trips (before, after, whole) VALUES
	('CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 1$$; CREATE TABLE t (a int PRIMARY KEY); CREATE MATERIALIZED VIEW m AS SELECT 1 AS a',
	 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$SELECT 1$$; CREATE TABLE t (a int PRIMARY KEY); CREATE MATERIALIZED VIEW m AS SELECT 1 AS a;
	  ALTER FUNCTION f() DEPENDS ON EXTENSION plpgsql; ALTER INDEX t_pkey DEPENDS ON EXTENSION plpgsql; ALTER MATERIALIZED VIEW m DEPENDS ON EXTENSION plpgsql', true),
	('SELECT 1',
	 'REVOKE EXECUTE ON FUNCTION pg_sleep(double precision) FROM PUBLIC; GRANT SELECT (prosrc) ON pg_proc TO wf_trip_a; GRANT EXECUTE ON FUNCTION pg_ls_dir(text) TO wf_trip_a;
	  REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC; REVOKE EXECUTE ON FUNCTION plpgsql_call_handler() FROM PUBLIC', true),
	('SELECT 1',
	 $$DO 'BEGIN EXECUTE format(''ALTER DATABASE %I SET my.var = ''''a%%b\c$wf$'''''', current_database()); END';
	   DO 'BEGIN EXECUTE format(''ALTER ROLE "wf_trip TO b" IN DATABASE %I SET search_path = sd, "B c"'', current_database()); END'$$, true),
	('CREATE TYPE r AS RANGE (SUBTYPE = float8); CREATE TABLE t (a r, b r_multirange)',
	 'CREATE TYPE q AS RANGE (SUBTYPE = float8, SUBTYPE_DIFF = float8mi); ALTER TYPE q RENAME TO r; ALTER TYPE q_multirange RENAME TO r_multirange; CREATE TABLE t (a r, b r_multirange)', false),
	('CREATE TABLE t (a int)',
	 'CREATE TABLE t (a int GENERATED ALWAYS AS IDENTITY (MINVALUE 5 START 7), b int GENERATED ALWAYS AS IDENTITY); ALTER SEQUENCE t_a_seq AS bigint MAXVALUE 9000000000', false),
	('CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE p (a int REFERENCES t, b int REFERENCES t DEFERRABLE INITIALLY DEFERRED) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
	  CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2); ALTER TABLE p1 ADD CONSTRAINT own FOREIGN KEY (a) REFERENCES t DEFERRABLE',
	 'CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE p (a int REFERENCES t, b int REFERENCES t DEFERRABLE INITIALLY DEFERRED) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
	  CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2); ALTER TABLE p1 ADD CONSTRAINT own FOREIGN KEY (a) REFERENCES t DEFERRABLE; ALTER TABLE p DETACH PARTITION p2;
	  ALTER TABLE p ALTER CONSTRAINT p_a_fkey DEFERRABLE, ALTER CONSTRAINT p_b_fkey NOT DEFERRABLE', false),
	('CREATE TABLE t (a int, b int)',
	 'CREATE TABLE t (a int, b int); ALTER TABLE t OWNER TO wf_trip_a; GRANT SELECT (a), UPDATE (b) ON t TO wf_trip_a WITH GRANT OPTION', false),
	('CREATE TABLE t (a int PRIMARY KEY); CREATE TABLE p (a int REFERENCES t) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); CREATE TABLE u (a int); CREATE TABLE c () INHERITS (u)',
	 'CREATE TABLE t (a int PRIMARY KEY WITH (fillfactor = 50)); CREATE TABLE p (a int REFERENCES t) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1); ALTER TABLE p DETACH PARTITION p1;
	  CREATE TABLE d () INHERITS (p1); CREATE TABLE u PARTITION OF p FOR VALUES IN (1)', false),
	('CREATE TABLE p (a int); CREATE TABLE c () INHERITS (p); ALTER TABLE c ADD CONSTRAINT k CHECK (a > 0); ALTER TABLE p ADD CONSTRAINT k CHECK (a > 0) NOT VALID',
	 'CREATE TABLE p (a int CONSTRAINT k CHECK (a > 0)); CREATE TABLE c ()', false),
	('CREATE TYPE l; CREATE FUNCTION l_in(cstring) RETURNS l LANGUAGE internal IMMUTABLE STRICT AS ''textin''; CREATE FUNCTION l_out(l) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS ''textout'';
	  CREATE TYPE l (INPUT = l_in, OUTPUT = l_out, LIKE = text); CREATE TYPE c AS (a l)',
	 'CREATE TYPE l; CREATE FUNCTION l_in(cstring) RETURNS l LANGUAGE internal IMMUTABLE STRICT AS ''textin''; CREATE FUNCTION l_out(l) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS ''textout'';
	  CREATE TYPE l (INPUT = l_in, OUTPUT = l_out, LIKE = text, STORAGE = external); CREATE TYPE c AS (a l)', false);
SELECT t.id, x.* FROM trips t, pg_temp.trip(before, after, whole) x ORDER BY id;

DROP ROLE wf_trip_a, "wf_trip TO b";
