-- A database with an object of every type that a snapshot knows, for the
-- random edits in edits.sql.  Names are plain, quoted and 63 bytes long.
SET client_min_messages = warning;
-- pg_dump writes the rights of this schema as what differs from those that
-- initdb gave it, and does not know them again under another name.
DELETE FROM pg_init_privs WHERE classoid = 'pg_namespace'::regclass AND objoid = 'public'::regnamespace;
CREATE SCHEMA shop;
CREATE SCHEMA "Odd ""Schema" AUTHORIZATION property_owner;
CREATE SCHEMA private;
GRANT USAGE ON SCHEMA shop TO property_reader;
COMMENT ON SCHEMA shop IS 'it''s a shop';
SET search_path = shop;

-- Types.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
CREATE TYPE "Colour" AS ENUM ('red', 'it''s blue');
CREATE DOMAIN positive AS int DEFAULT 1 CONSTRAINT positive_check CHECK (VALUE > 0);
CREATE DOMAIN short_text AS varchar(40) COLLATE "C" NOT NULL;
CREATE DOMAIN mood_domain AS mood DEFAULT 'ok';
CREATE TYPE pair AS (x int, y text);
CREATE TYPE row_type AS (k int, v text, m mood);
CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE announced;
CREATE TYPE label;
CREATE FUNCTION label_in(cstring) RETURNS label LANGUAGE internal IMMUTABLE STRICT AS 'textin';
CREATE FUNCTION label_out(label) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
CREATE TYPE label (INPUT = label_in, OUTPUT = label_out, LIKE = text);
CREATE COLLATION c_like FROM "C";
CREATE CAST (pair AS row_type) WITH INOUT;
COMMENT ON TYPE mood IS 'how it feels';

-- Routines.
CREATE FUNCTION double(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
CREATE FUNCTION says(m mood DEFAULT 'ok') RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT CASE WHEN m::text = ''sad'' THEN ''no'' ELSE ''yes'' END';
CREATE FUNCTION rows_of(p pair) RETURNS SETOF pair LANGUAGE sql STABLE AS 'SELECT p';
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE FUNCTION set_up() RETURNS int LANGUAGE plpgsql SET work_mem = '1MB' SET search_path = shop, pg_temp AS 'BEGIN RETURN 1; END';
CREATE PROCEDURE proceed(IN a int, INOUT b text) LANGUAGE sql AS 'SELECT b || a';
CREATE FUNCTION numbered(int) RETURNS bigint LANGUAGE internal WINDOW AS 'window_row_number';
CREATE AGGREGATE total (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
CREATE AGGREGATE total_twice (int) (SFUNC = int4pl, STYPE = int, FINALFUNC = double, INITCOND = '0');
REVOKE EXECUTE ON FUNCTION double(int) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION double(int) TO property_reader;

-- Operators.
CREATE FUNCTION same(int, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1::text = $2';
CREATE FUNCTION same(text, int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2::text';
CREATE OPERATOR === (LEFTARG = int, RIGHTARG = text, FUNCTION = same, COMMUTATOR = OPERATOR(shop.===));
CREATE OPERATOR === (LEFTARG = text, RIGHTARG = int, FUNCTION = same, COMMUTATOR = OPERATOR(shop.===));
CREATE OPERATOR FAMILY loose USING btree;
CREATE OPERATOR CLASS backwards FOR TYPE int USING btree AS OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <,
	FUNCTION 1 btint4cmp(int, int);
ALTER OPERATOR FAMILY loose USING btree ADD OPERATOR 1 < (int4, int8), FUNCTION 1 (int4, int8) btint48cmp(int4, int8);
CREATE FUNCTION heap_like(internal) RETURNS table_am_handler LANGUAGE internal AS 'heap_tableam_handler';
CREATE ACCESS METHOD heap_two TYPE TABLE HANDLER heap_like;
CREATE CONVERSION latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;

-- Text search.
CREATE TEXT SEARCH DICTIONARY words (TEMPLATE = simple, STOPWORDS = 'english');
CREATE TEXT SEARCH CONFIGURATION finder (COPY = simple);
ALTER TEXT SEARCH CONFIGURATION finder ALTER MAPPING FOR word WITH words;
CREATE TEXT SEARCH PARSER reader (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
CREATE TEXT SEARCH TEMPLATE plain (INIT = dsimple_init, LEXIZE = dsimple_lexize);

-- Sequences and tables.
CREATE SEQUENCE ticket AS int START 10 INCREMENT 5 MAXVALUE 9999 CYCLE;
CREATE SEQUENCE "Odd ""Schema"."odd sequence";
CREATE TABLE customer (
	id int GENERATED ALWAYS AS IDENTITY (START 7) PRIMARY KEY,
	name text NOT NULL COLLATE "C",
	mood mood DEFAULT 'ok',
	moods mood[] DEFAULT '{ok,glad}',
	rank positive,
	place pair,
	span span,
	label label,
	nr int DEFAULT nextval('shop.ticket'),
	twice int GENERATED ALWAYS AS (shop.double(rank)) STORED,
	CONSTRAINT named CHECK (length(name) > 0),
	CONSTRAINT moody CHECK (mood > 'sad' OR says(mood) = 'yes') NO INHERIT,
	UNIQUE (name) INCLUDE (nr));
ALTER SEQUENCE ticket OWNED BY customer.nr;
CREATE TABLE orders (
	id serial PRIMARY KEY,
	customer_id int REFERENCES customer ON DELETE CASCADE,
	total numeric(10,2) DEFAULT 0.5,
	during tstzrange,
	note short_text DEFAULT 'none',
	"Odd ""column" text,
	data jsonb,
	"a name of sixty-three bytes, which is the longest that there are" date,
	CONSTRAINT cheap CHECK (total < 1000) NOT VALID,
	CONSTRAINT apart EXCLUDE USING gist (during WITH &&) WHERE (total > 1),
	UNIQUE NULLS NOT DISTINCT (customer_id, total) DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE orders ADD CONSTRAINT orders_again FOREIGN KEY (customer_id) REFERENCES customer (id)
	MATCH FULL ON UPDATE SET NULL DEFERRABLE NOT VALID;
ALTER TABLE orders ALTER note SET STORAGE EXTERNAL, ALTER note SET STATISTICS 50, ALTER data SET COMPRESSION pglz,
	ALTER total SET (n_distinct = 5);
CREATE INDEX orders_total ON orders (total DESC NULLS LAST, lower("Odd ""column") text_pattern_ops) INCLUDE (id) WHERE total > 1;
CREATE INDEX orders_data ON orders USING gin (data jsonb_path_ops) WITH (fastupdate = off);
CREATE UNIQUE INDEX orders_key ON orders (id, customer_id);
CREATE INDEX "orders expression" ON orders (double(id)) WITH (fillfactor = 70);
ALTER INDEX "orders expression" ALTER COLUMN 1 SET STATISTICS 30;
ALTER TABLE orders CLUSTER ON orders_key;
ALTER TABLE customer REPLICA IDENTITY FULL;
CREATE INDEX customer_backwards ON customer (id backwards);
CREATE STATISTICS orders_stats (ndistinct, dependencies) ON customer_id, total FROM orders;
CREATE UNLOGGED TABLE quick (a int, b text) WITH (fillfactor = 50, toast.autovacuum_enabled = off);
CREATE TABLE private.accounts (id int PRIMARY KEY, owner text DEFAULT current_user) USING heap_two;
CREATE TABLE "Odd ""Schema"."Odd Table" ("select" int, "a.b" text DEFAULT 'it''s \', "Colour" "Colour");
CREATE TABLE typed OF row_type (k WITH OPTIONS PRIMARY KEY, v WITH OPTIONS DEFAULT 'v');

-- Inheritance.
CREATE TABLE ancestor (id int NOT NULL, born date, CONSTRAINT alive CHECK (id > 0));
CREATE TABLE branch (extra text) INHERITS (ancestor);
CREATE TABLE other_parent (born date, weight int DEFAULT 3);
CREATE TABLE leaf (weight int) INHERITS (branch, other_parent);

-- Partitions.
CREATE TABLE events (id int NOT NULL, at date NOT NULL, kind text DEFAULT 'k', mood mood, CHECK (id > 0)) PARTITION BY RANGE (at);
CREATE TABLE events_old PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('2020-01-01');
CREATE TABLE events_new PARTITION OF events FOR VALUES FROM ('2020-01-01') TO ('2030-01-01') PARTITION BY LIST (kind);
CREATE TABLE events_new_k PARTITION OF events_new FOR VALUES IN ('k', NULL);
CREATE TABLE events_rest PARTITION OF events DEFAULT;
ALTER TABLE events ADD PRIMARY KEY (id, at, kind);
CREATE INDEX events_kind ON events (kind);
CREATE TABLE hashed (a int, b text) PARTITION BY HASH (a, lower(b));
CREATE TABLE hashed_0 PARTITION OF hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE noted (event_id int, event_at date, event_kind text, FOREIGN KEY (event_id, event_at, event_kind) REFERENCES events);

-- Views.
CREATE VIEW cheerful AS SELECT id, name, mood, twice FROM customer WHERE mood > 'sad';
CREATE VIEW busy WITH (security_barrier) AS SELECT c.id, c.name, o.total FROM cheerful c JOIN orders o ON o.customer_id = c.id;
CREATE VIEW checked AS SELECT id, customer_id FROM orders WHERE id > 0 WITH LOCAL CHECK OPTION;
ALTER VIEW checked ALTER id SET DEFAULT 3;
CREATE RECURSIVE VIEW counted (n) AS SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < 9;
CREATE MATERIALIZED VIEW summed AS SELECT customer_id, sum(total) AS total FROM orders GROUP BY 1;
CREATE UNIQUE INDEX summed_key ON summed (customer_id);
CREATE MATERIALIZED VIEW empty_one AS SELECT * FROM busy WITH NO DATA;
CREATE FUNCTION per_customer(c customer) RETURNS numeric LANGUAGE sql STABLE BEGIN ATOMIC SELECT sum(total) FROM orders o WHERE o.customer_id = (c).id; END;

-- What hangs on tables.
CREATE TRIGGER touched BEFORE UPDATE OF total ON orders FOR EACH ROW WHEN (OLD.total IS DISTINCT FROM NEW.total) EXECUTE FUNCTION touch();
CREATE CONSTRAINT TRIGGER later AFTER INSERT ON customer DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER tables AFTER UPDATE ON quick REFERENCING OLD TABLE AS was NEW TABLE AS is_now FOR EACH STATEMENT EXECUTE FUNCTION touch();
CREATE TRIGGER parted AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER viewed INSTEAD OF INSERT ON busy FOR EACH ROW EXECUTE FUNCTION touch();
ALTER TABLE orders DISABLE TRIGGER touched;
CREATE RULE keep AS ON DELETE TO quick DO INSTEAD NOTHING;
CREATE RULE also AS ON INSERT TO quick DO ALSO INSERT INTO "Odd ""Schema"."Odd Table" ("select") VALUES (NEW.a);
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON orders FOR SELECT TO property_reader USING (total > 1 AND EXISTS (SELECT FROM customer c WHERE c.id = customer_id));
CREATE POLICY "no more" ON orders AS RESTRICTIVE USING (id > 0) WITH CHECK (id > 1);
CREATE EVENT TRIGGER watching ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION watch();
ALTER EVENT TRIGGER watching DISABLE;

-- Foreign data, replication.
CREATE FOREIGN DATA WRAPPER wrapper OPTIONS (debug 'on');
CREATE SERVER far TYPE 'kind' VERSION '1' FOREIGN DATA WRAPPER wrapper OPTIONS (host 'here', port '1');
CREATE USER MAPPING FOR property_reader SERVER far OPTIONS (user 'me');
CREATE USER MAPPING FOR PUBLIC SERVER far;
CREATE FOREIGN TABLE distant (id int OPTIONS (column 'i') NOT NULL, name text, CHECK (id > 0)) SERVER far OPTIONS (path '/x');
CREATE PUBLICATION picked FOR TABLE orders (id, customer_id) WHERE (id > 0), private.accounts WITH (publish = 'insert');
CREATE PUBLICATION whole FOR TABLES IN SCHEMA "Odd ""Schema";
CREATE SUBSCRIPTION received CONNECTION 'dbname=nowhere' PUBLICATION picked WITH (connect = false, slot_name = NONE);

-- Owners, privileges, comments, settings.
ALTER TABLE quick OWNER TO property_owner;
ALTER FUNCTION set_up() OWNER TO property_owner;
GRANT SELECT, INSERT ON orders TO property_reader WITH GRANT OPTION;
GRANT SELECT (id), UPDATE (name) ON customer TO property_reader;
GRANT SELECT ON cheerful TO PUBLIC;
GRANT USAGE ON SEQUENCE ticket TO property_reader;
GRANT USAGE ON FOREIGN SERVER far TO property_owner;
ALTER DEFAULT PRIVILEGES IN SCHEMA private GRANT SELECT ON TABLES TO property_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE property_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
COMMENT ON COLUMN orders.total IS 'what it costs';
COMMENT ON CONSTRAINT named ON customer IS 'has a name';
COMMENT ON INDEX orders_pkey IS 'the key';
COMMENT ON TRIGGER touched ON orders IS 'touches';
COMMENT ON FUNCTION double(int) IS E'twice\nas much';
DO $$
BEGIN
	EXECUTE format('ALTER DATABASE %I SET lock_timeout = ''7s''', current_database());
	EXECUTE format('ALTER ROLE property_owner IN DATABASE %I SET work_mem = ''3MB''', current_database());
END $$;
RESET search_path;
