-- What might get a command past the guard, and what might break it.
\set VERBOSITY terse
CREATE SCHEMA guard_wrong;
SET search_path = guard_wrong;
CREATE TABLE t (a int, note text);
INSERT INTO t SELECT g, g FROM generate_series(1, 20) g;

-- A handler that swallows the error has no index for it, and the log has a row.
SELECT count(*) AS before FROM wishflags.guard_log \gset
DO $$
BEGIN
	CREATE INDEX swallowed ON t (a);
EXCEPTION WHEN OTHERS THEN
	RAISE NOTICE 'swallowed: %', SQLERRM;
END $$;
SELECT count(*) FROM pg_class WHERE relname = 'swallowed';
SELECT count(*) - :before AS logged FROM wishflags.guard_log;

-- Nor does one around it, nor a function in a query, a rule of COPY, or EXECUTE of pieces.
CREATE FUNCTION build(tab text) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE 'CREATE /**/ INDEX' || ' ON ' || tab || '(a)';
	RETURN 1;
END $$;
SELECT build('t');
COPY (SELECT build('guard_wrong.t')) TO STDOUT;
CREATE TABLE trigger_of (a int);
CREATE FUNCTION build_by_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM guard_wrong.build('guard_wrong.t'); RETURN NEW; END $$;
CREATE TRIGGER build AFTER INSERT ON trigger_of FOR EACH ROW EXECUTE FUNCTION build_by_trigger();
INSERT INTO trigger_of VALUES (1);
PREPARE builds AS SELECT build($1);
EXECUTE builds('t');
SET plan_cache_mode = force_generic_plan;
EXECUTE builds('t');
RESET plan_cache_mode;

-- After a refusal the transaction is as any other that failed.
BEGIN;
CREATE INDEX ON t (a);
SELECT 1;
COMMIT;
BEGIN;
SAVEPOINT s;
CREATE INDEX ON t (a);
ROLLBACK TO s;
CREATE TABLE built (a int);
CREATE INDEX ON built (a);
COMMIT;
SELECT count(*) FROM pg_indexes WHERE schemaname = 'guard_wrong';

-- A bypass of a subtransaction that is undone is undone.
BEGIN;
SAVEPOINT s;
SET LOCAL wishflags.bypass = 'only here';
ROLLBACK TO s;
CREATE INDEX ON t (a);
ROLLBACK;

-- Names that need quotes, and letters past ASCII; what the hint says can be run.
CREATE TABLE "Größe ""x"" '); --" ("größe; DROP" int, "a b" text);
INSERT INTO "Größe ""x"" '); --" VALUES (1, 'a');
\set VERBOSITY default
CREATE UNIQUE INDEX "ïndex" ON "Größe ""x"" '); --" ("größe; DROP", ("a b" || 'x'));
\set VERBOSITY terse
CREATE UNIQUE INDEX CONCURRENTLY "ïndex" ON "Größe ""x"" '); --" ("größe; DROP", ("a b" || 'x'));

-- Look-alikes in the search_path: a table of the same name, operators and functions
-- that the guard's own look-ups might take for the server's.
CREATE SCHEMA guard_wrong_evil;
CREATE TABLE guard_wrong_evil.t (a int);
CREATE FUNCTION guard_wrong_evil.yes(name, name) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'an operator of others was called'; END $$;
CREATE FUNCTION guard_wrong_evil.yes(text, text) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'an operator of others was called'; END $$;
CREATE FUNCTION guard_wrong_evil.yes(oid, oid) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'an operator of others was called'; END $$;
CREATE OPERATOR guard_wrong_evil.= (LEFTARG = name, RIGHTARG = name, PROCEDURE = guard_wrong_evil.yes);
CREATE OPERATOR guard_wrong_evil.= (LEFTARG = text, RIGHTARG = text, PROCEDURE = guard_wrong_evil.yes);
CREATE OPERATOR guard_wrong_evil.= (LEFTARG = oid, RIGHTARG = oid, PROCEDURE = guard_wrong_evil.yes);
CREATE FUNCTION guard_wrong_evil.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT 'epoch'::timestamptz $$;
CREATE FUNCTION guard_wrong_evil.to_jsonb(text) RETURNS jsonb LANGUAGE sql AS $$ SELECT '"stolen"'::jsonb $$;
INSERT INTO wishflags.guard_policies (name, rule, action, schemas, reason) VALUES ('wrong use', 'drop-column', 'block', '{guard_wrong}', 'a test');
SET search_path = guard_wrong_evil, pg_catalog, guard_wrong;
CREATE INDEX ON t (a);
CREATE INDEX ON guard_wrong.t (a);
ALTER TABLE guard_wrong.t DROP COLUMN note;
SET wishflags.bypass = 'a look-alike';
ALTER TABLE guard_wrong.t DROP COLUMN note;
RESET wishflags.bypass;
SET search_path = guard_wrong;
SELECT outcome, rule, object, reason FROM wishflags.guard_log WHERE reason = 'a look-alike';
DELETE FROM wishflags.guard_policies WHERE name = 'wrong use';

-- Look-alikes of tools' ledgers, whose columns have casts: nothing of theirs runs
-- with the rights of whoever is refused.
CREATE ROLE wf_wrong_evil;
GRANT USAGE, CREATE ON SCHEMA guard_wrong_evil TO wf_wrong_evil;
SET ROLE wf_wrong_evil;
CREATE TYPE guard_wrong_evil.one AS (a int);
CREATE FUNCTION guard_wrong_evil.to_int(guard_wrong_evil.one) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'this runs as %', current_user; RETURN 1; END $$;
CREATE FUNCTION guard_wrong_evil.to_bool(guard_wrong_evil.one) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RAISE WARNING 'this runs as %', current_user; RETURN true; END $$;
CREATE CAST (guard_wrong_evil.one AS int) WITH FUNCTION guard_wrong_evil.to_int AS IMPLICIT;
CREATE CAST (guard_wrong_evil.one AS bool) WITH FUNCTION guard_wrong_evil.to_bool AS IMPLICIT;
CREATE TABLE guard_wrong_evil.knex_migrations_lock AS SELECT ROW(1)::guard_wrong_evil.one AS is_locked;
CREATE TABLE guard_wrong_evil.schema_migrations AS SELECT ROW(1)::guard_wrong_evil.one AS version, ROW(1)::guard_wrong_evil.one AS dirty;
CREATE TABLE guard_wrong_evil._sqlx_migrations AS SELECT ROW(1)::guard_wrong_evil.one AS success;
GRANT SELECT ON guard_wrong_evil.knex_migrations_lock, guard_wrong_evil.schema_migrations, guard_wrong_evil._sqlx_migrations TO PUBLIC;
RESET ROLE;
SET search_path = guard_wrong_evil, guard_wrong;
SET wishflags.ddl_log = on;
CREATE INDEX ON guard_wrong.t (a);
CREATE TABLE guard_wrong.logged (a int);
RESET wishflags.ddl_log;
SET search_path = guard_wrong;

-- Very long: the message and the log keep to what fits.
DO $$
DECLARE message text; hint text; kept int;
BEGIN
	EXECUTE 'CREATE INDEX ON t (a) WHERE a NOT IN (' || repeat('1234567, ', 200000) || '0)';
EXCEPTION WHEN SQLSTATE 'WF001' THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
	RAISE NOTICE '% (a message of less than 500 bytes: %, a hint of less than 10000: %)', SQLSTATE, length(message) < 500, length(hint) < 10000;
END $$;
SELECT max(pg_column_size(l)) < 20000 AS small FROM wishflags.guard_log l;
DO $$
BEGIN
	EXECUTE 'ALTER TABLE t ' || (SELECT string_agg(format('ADD COLUMN c%s int UNIQUE', g), ', ') FROM generate_series(1, 300) g);
EXCEPTION WHEN SQLSTATE 'WF001' THEN
	RAISE NOTICE '%', left(SQLERRM, 100);
END $$;

SET client_min_messages = error;
SET wishflags.guard = off;
DROP SCHEMA guard_wrong, guard_wrong_evil CASCADE;
DROP ROLE wf_wrong_evil;
TRUNCATE wishflags.ddl_log;
