-- A migration in plain words.
SET client_min_messages = warning;
CREATE SCHEMA md;
CREATE TABLE md.users (id int PRIMARY KEY, name text, age int);
INSERT INTO md.users SELECT g, 'n' || g, g FROM generate_series(1, 2000) g;
ANALYZE md.users;
CREATE TABLE md.empty (a int);
CREATE VIEW md.names AS SELECT name FROM md.users;
CREATE TYPE md.mood AS ENUM ('sad', 'ok');
\pset format unaligned
\pset tuples_only on
SET search_path = md, public;

SELECT wishflags.migration_describe('
SET lock_timeout = ''2s'';
BEGIN;
ALTER TABLE users ADD COLUMN email text NOT NULL, DROP COLUMN age, ALTER name SET NOT NULL;
CREATE INDEX users_email ON users (email, lower(name)) WHERE id > 3;
ALTER TYPE mood ADD VALUE ''glad'' AFTER ''ok'';
UPDATE users SET name = upper(name), age = 3;
COMMIT;
ALTER TABLE users RENAME COLUMN name TO full_name;
DROP VIEW names;
DO $$ BEGIN END $$');

-- Of each form a line.
SELECT wishflags.migration_describe('
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at timestamptz DEFAULT now(), customer int REFERENCES users, total numeric(10, 2) CHECK (total > 0), UNIQUE (at));
CREATE TABLE shop.copy AS SELECT 1;
CREATE MATERIALIZED VIEW shop.m AS SELECT 1 WITH NO DATA;
CREATE TABLE shop.part PARTITION OF shop.whole FOR VALUES IN (1);
CREATE TABLE shop.whole (LIKE users, a int) PARTITION BY LIST (a);
CREATE OR REPLACE VIEW shop.v AS SELECT 1;
CREATE UNIQUE INDEX CONCURRENTLY ON shop.orders (at);
CREATE SEQUENCE shop.s; ALTER SEQUENCE shop.s RESTART;
CREATE TYPE shop.state AS ENUM (''new'', ''paid'');
CREATE TYPE shop.pair AS (a int, b text);
CREATE DOMAIN shop.price AS numeric CHECK (VALUE > 0);
ALTER DOMAIN shop.price SET NOT NULL; ALTER DOMAIN shop.price DROP CONSTRAINT c; ALTER DOMAIN shop.price VALIDATE CONSTRAINT c;
CREATE FUNCTION shop.f() RETURNS int LANGUAGE sql AS ''SELECT 1''; CREATE OR REPLACE PROCEDURE shop.p() LANGUAGE sql AS '''';
CREATE TRIGGER t AFTER INSERT ON shop.orders EXECUTE FUNCTION shop.f();
CREATE POLICY own ON shop.orders FOR SELECT USING (true);
CREATE EXTENSION citext;
ALTER TABLE shop.orders ADD CONSTRAINT c FOREIGN KEY (customer) REFERENCES users NOT VALID, VALIDATE CONSTRAINT c, ADD PRIMARY KEY USING INDEX i,
	ALTER at TYPE date USING at::date, ALTER at DROP DEFAULT, ALTER at SET DEFAULT now(), ALTER at DROP NOT NULL, OWNER TO shop_app, SET LOGGED, SET (fillfactor = 90),
	ENABLE ROW LEVEL SECURITY, DISABLE TRIGGER ALL, DROP CONSTRAINT IF EXISTS x CASCADE, SET TABLESPACE fast, REPLICA IDENTITY FULL, INHERIT shop.old;
ALTER TABLE shop.whole ATTACH PARTITION shop.part FOR VALUES IN (1); ALTER TABLE shop.whole DETACH PARTITION shop.part;
ALTER TYPE shop.pair ADD ATTRIBUTE c int; ALTER TYPE shop.state RENAME VALUE ''new'' TO ''fresh''; ALTER TYPE shop.state RENAME TO states;
ALTER FUNCTION shop.f() RENAME TO g; ALTER TABLE shop.orders SET SCHEMA public; ALTER FUNCTION shop.g() OWNER TO CURRENT_USER; ALTER SCHEMA shop RENAME TO store;
ALTER TABLE public.orders RENAME CONSTRAINT c TO d; ALTER DOMAIN store.price RENAME CONSTRAINT c TO d;
GRANT SELECT, UPDATE ON users, empty TO PUBLIC, shop_app; REVOKE ALL ON ALL TABLES IN SCHEMA md FROM shop_app; GRANT shop_app TO shop_admin; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO shop_app;
COMMENT ON TABLE users IS ''people''; COMMENT ON COLUMN users.name IS NULL;
TRUNCATE users; TRUNCATE users, empty CASCADE;
INSERT INTO users VALUES (1), (2); INSERT INTO users SELECT 1; INSERT INTO empty DEFAULT VALUES;
DELETE FROM users; DELETE FROM users WHERE id = 1; UPDATE users SET (name, age) = (''x'', 1) WHERE id = 1;
LOCK TABLE users, empty; REFRESH MATERIALIZED VIEW CONCURRENTLY store.m; RESET ALL; CALL store.p(); VACUUM users; SELECT 1;
DROP TABLE users, empty; DROP TABLE IF EXISTS md.empty CASCADE; DROP FUNCTION store.g(int); DROP TYPE mood; DROP TRIGGER t ON public.orders; DROP INDEX CONCURRENTLY users_pkey
');

SELECT wishflags.migration_describe('ALTER TABLE empty ADD COLUMN b int', '{"in_transaction": true}');
-- What a block of code does, and a procedure of the text; not what it puts together.
SELECT wishflags.migration_describe($m$
DO $do$
DECLARE n int;
BEGIN
	IF NOT EXISTS (SELECT 1 FROM pg_type WHERE typname = 'shade') THEN
		CREATE TYPE shade AS ENUM ('dark', 'light');
	END IF;
	ALTER TABLE users ADD COLUMN shade shade;
	SELECT count(*) INTO n FROM users;
	EXECUTE 'DROP VIEW names';
	BEGIN
		UPDATE users SET shade = 'dark' WHERE age > 60;
	EXCEPTION WHEN undefined_column THEN
		DELETE FROM empty;
	END;
	n := n + 1;
END $do$;
CREATE PROCEDURE tidy() LANGUAGE plpgsql AS $p$ BEGIN DELETE FROM empty; EXECUTE 'DROP TABLE ' || (SELECT name FROM users); CALL tidy(); END $p$;
CALL tidy();
CALL md.others();
DO $$ BEGIN RAISE NOTICE 'x'; END $$;
DO LANGUAGE plperl 'spi_exec_query("DROP TABLE users")';
$m$);

-- Formats; an end of line in a name ends no comment.
SELECT wishflags.migration_describe('DROP TABLE users; COMMENT ON TABLE "a
b" IS ''x''', '{"format": "markdown"}');
SELECT wishflags.migration_describe('ALTER TABLE empty ADD COLUMN "a
DROP TABLE users" int', '{"format": "text"}');
SELECT wishflags.migration_describe('ALTER TABLE empty ADD COLUMN "a
DROP TABLE users" int');
-- The header of a file leaves it as it is.
SELECT count(*) FROM wishflags.migration_parse(wishflags.migration_describe('DROP TABLE users; ALTER TABLE empty ADD b int'));

-- Nothing, nonsense, and wrong options.
SELECT wishflags.migration_describe('');
SELECT wishflags.migration_describe('SELEC 1; \d users
SELECT ''open');
SELECT wishflags.migration_describe('SELECT 1', '{"format": "pdf"}');
SELECT wishflags.migration_describe('SELECT 1', '{"forma": "text"}');
SET wishflags.bypass = 'test';
DROP SCHEMA md CASCADE;
