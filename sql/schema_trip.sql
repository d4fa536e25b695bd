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

DROP ROLE wf_trip_a, "wf_trip TO b";
