-- Random renames of everything in a schema: with the hints, schema_diff() finds
-- nothing else, and its scripts lead there and back.
CREATE SCHEMA house;
SET wishflags.guard = off;
SELECT current_setting('search_path') AS path \gset
SET search_path = house;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'glad');
CREATE DOMAIN pos AS int DEFAULT 1 CONSTRAINT positive CHECK (value > 0);
CREATE TYPE pair AS (x int, m mood);
CREATE TYPE span AS RANGE (subtype = int4);
CREATE SEQUENCE seq;
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION g(a int, m mood DEFAULT 'ok') RETURNS SETOF pair LANGUAGE sql AS $$SELECT 1, 'sad'::house.mood$$;
CREATE TABLE customer (id int PRIMARY KEY, name text, m mood DEFAULT 'sad', p pos, pr pair, s span,
	nr int DEFAULT nextval('house.seq'), CONSTRAINT full_name CHECK (length(name) > 0 AND f(id) > 0));
CREATE TABLE account (id serial PRIMARY KEY, customer_id int REFERENCES customer (id), total numeric, name text,
	twice numeric GENERATED ALWAYS AS (total * 2) STORED, "Odd ""name" text, UNIQUE (name, total),
	EXCLUDE USING btree (total WITH =) WHERE (total > 100));
CREATE INDEX account_top ON account (total DESC, lower(name), ("Odd ""name" || name)) INCLUDE (customer_id) WHERE total > 1;
CREATE TABLE line (id int, account_id int, customer_id int, total numeric, PRIMARY KEY (account_id, id));
ALTER TABLE line ADD FOREIGN KEY (account_id) REFERENCES account;
CREATE TABLE child (extra int) INHERITS (customer);
CREATE TABLE typed OF pair;
CREATE TABLE parts (k int, name text, CHECK (k > 0)) PARTITION BY RANGE (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (10);
CREATE INDEX parts_name ON parts (name);
CREATE VIEW joined AS SELECT c.id, c.name, o.total, o.total AS amount, m, (pr).x
FROM customer c JOIN account o ON o.customer_id = c.id
WHERE EXISTS (SELECT 1 FROM account WHERE account.total > 3) AND c.id IN (SELECT id FROM customer WHERE m = 'sad');
CREATE VIEW of_view AS SELECT joined.id, joined.total, f(joined.id), count(*) OVER (PARTITION BY name ORDER BY total) FROM joined;
CREATE VIEW plain AS SELECT * FROM account;
CREATE VIEW united AS WITH w AS (SELECT total, name FROM account)
SELECT w.total, s.name, s.id FROM w, LATERAL (SELECT id, name FROM account WHERE account.total = w.total ORDER BY total) s
UNION ALL SELECT total, name, id FROM account;
CREATE VIEW by_name AS SELECT id, customer_id, name FROM account JOIN line USING (id, customer_id);
CREATE VIEW grouped AS SELECT name, sum(total) AS total, max(id) FILTER (WHERE total > 0) FROM account GROUP BY name HAVING count(*) > 1 ORDER BY sum(total);
CREATE VIEW pairs AS SELECT a.total, b.total AS total_b FROM account a, account b WHERE a.id < b.id;
CREATE MATERIALIZED VIEW kept AS SELECT id, total FROM account;
CREATE UNIQUE INDEX kept_id ON kept (id);
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE UPDATE OF total ON account FOR EACH ROW WHEN (OLD.total <> NEW.total) EXECUTE FUNCTION touch();
CREATE TRIGGER parted AFTER INSERT ON parts FOR EACH ROW EXECUTE FUNCTION touch();
CREATE TRIGGER viewed INSTEAD OF INSERT ON joined FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own ON account USING (total > 1 AND EXISTS (SELECT 1 FROM customer WHERE customer.id = customer_id));
CREATE RULE also AS ON INSERT TO customer DO ALSO INSERT INTO account (customer_id, name) VALUES (NEW.id, NEW.name);
CREATE STATISTICS stats ON total, name FROM account;
CREATE FUNCTION of_row(customer) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION bound(i int) RETURNS numeric LANGUAGE sql BEGIN ATOMIC SELECT total FROM house.account WHERE account.id = i; END;
CREATE VIEW of_rows AS SELECT of_row(customer.*), customer, ARRAY['sad', 'ok']::mood[] AS moods, total FROM customer, account;
CREATE AGGREGATE addup (int) (SFUNC = int4pl, STYPE = int);
CREATE VIEW added AS SELECT addup(id) FROM customer WHERE m <> 'glad'::mood;
CREATE COLLATION coll (locale = 'C');
CREATE TABLE words (w text COLLATE coll, id int GENERATED ALWAYS AS IDENTITY);
COMMENT ON COLUMN joined.total IS 'a comment';
GRANT SELECT (total) ON account TO PUBLIC;
INSERT INTO customer VALUES (1, 'a', 'ok', 1, (1, 'sad'), '[1,2)');
INSERT INTO account (customer_id, total, name) VALUES (1, 5, 'n'), (1, 6, 'm');
SET search_path = :path;



-- Everything that can be renamed: the hint's key, and the statement up to the
-- new name.  What stands in a table, and what takes its row, comes first.
CREATE FUNCTION fuzz.renamable(model jsonb) RETURNS TABLE (key text, statement text, rank int) LANGUAGE sql AS $$
SELECT o.type || ' ' || o.identity,
	CASE o.type
		WHEN 'column' THEN format('ALTER %s %s RENAME COLUMN %s TO ', p.keyword, p.identity, substr(o.identity, length(p.identity) + 2))
		WHEN 'constraint' THEN format('ALTER TABLE %s RENAME CONSTRAINT %s TO ', p.identity, left(o.identity, -length(' ON ' || p.identity)))
		WHEN 'domain constraint' THEN format('ALTER DOMAIN %s RENAME CONSTRAINT %s TO ', p.identity, left(o.identity, -length(' ON DOMAIN ' || p.identity)))
		ELSE format('ALTER %s %s RENAME TO ', CASE WHEN o.type IN ('enum', 'composite type', 'range type') THEN 'TYPE' ELSE upper(o.type) END, o.identity)
	END,
	CASE WHEN o.object ? 'parent' AND o.type <> 'index' THEN 0 WHEN o.type IN ('function', 'aggregate') THEN 1 ELSE 2 END
FROM (SELECT t.key, i.key, i.value FROM jsonb_each(model -> 'objects') t, jsonb_each(t.value) i) o(type, identity, object),
	LATERAL (SELECT m[1], m[2] FROM regexp_match(coalesce(o.object ->> 'parent', 'TABLE '), '^(.*?) (house\..*|)$') m) q(type, identity),
	LATERAL (SELECT CASE q.type WHEN 'TABLE' THEN 'TABLE' ELSE upper(q.type) END, q.identity) p(keyword, identity)
WHERE o.type NOT IN ('schema', 'default', 'inheritance', 'partition', 'index partition', 'sequence owner')
AND NOT (o.type IN ('column', 'constraint') AND o.object ? 'inherited' AND NOT o.object ? 'index')
-- The columns of a typed table are the type's.
AND NOT (o.type = 'column' AND p.identity IN ('house.typed', 'house.pair'))
$$;

-- The script sets search_path, which this keeps to itself.
CREATE FUNCTION fuzz.run(script text) RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
	EXECUTE regexp_replace(script, '^(BEGIN|COMMIT);$', '', 'gn');
END $$;

-- What is kept in the tables, and where.
CREATE FUNCTION fuzz.contents() RETURNS text LANGUAGE sql STABLE AS $$
SELECT string_agg(c.oid || ' ' || pg_relation_filenode(c.oid) || ' ' || c.reltuples, ',' ORDER BY c.oid)
	|| (SELECT string_agg(x::text, '') FROM house.customer x) || (SELECT string_agg(x::text, '') FROM house.account x)
FROM pg_class c WHERE c.relnamespace = 'house'::regnamespace AND c.relkind IN ('r', 'S')
$$;

-- One round: the server renames some at random; what is wrong with the scripts
-- that do the same.
CREATE FUNCTION fuzz.check(before jsonb) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	place text := 'house';
	contents text := fuzz.contents();
	was text := wishflags.schema_fingerprint('{house}');
	hints jsonb := '{}';
	options jsonb;
	after jsonb;
	becomes text;
	name text;
	share float := random() * random();
	one record;
BEGIN
	FOR one IN SELECT r.*, row_number() OVER () AS n FROM fuzz.renamable(before) r ORDER BY r.rank, random() LOOP
		CONTINUE WHEN random() > share;
		name := (ARRAY['n', 'name', 'N', 'total', 'from', 'a.b', 'x"y', 'old', 'house'])[1 + floor(random() * 9)::int] || one.n;
		EXECUTE one.statement || quote_ident(name);
		hints := hints || jsonb_build_object(one.key, quote_ident(name));
	END LOOP;
	IF random() < 0.3 AND NOT hints ? 'enum house.mood' THEN
		ALTER TYPE house.mood RENAME VALUE 'sad' TO 'it''s so';
		hints := hints || '{"enum value house.mood.sad": "it''s so"}';
	END IF;
	IF random() < 0.3 AND NOT hints ? 'view house.joined' THEN
		ALTER VIEW house.joined RENAME COLUMN amount TO "how much";
		hints := hints || '{"column house.joined.amount": "\"how much\""}';
	END IF;
	IF random() < 0.2 THEN
		ALTER SCHEMA house RENAME TO "New House";
		hints := hints || '{"schema house": "\"New House\""}';
		place := 'New House';
	END IF;
	after := wishflags.schema_snapshot(ARRAY[place]);
	becomes := wishflags.schema_fingerprint(ARRAY[place]);
	options := jsonb_build_object('online', false, 'renames', hints);
	RETURN QUERY SELECT format('%s %s %s is left over after %s', action, object_type, identity, hints)
		FROM wishflags.schema_diff(before, after, options) d
		-- The server prints the columns of JOIN USING in ways of its own.
		WHERE action <> 'rename' AND NOT coalesce(from_value, sql) ~ 'JOIN .* USING|by_name' LIMIT 3;
	IF regexp_replace(wishflags.schema_diff_sql(before, after, options || '{"rollback": true}'), '^-- [^\n]*\n', '', 'gn') <> wishflags.schema_diff_sql(after, before, options) THEN
		RETURN NEXT 'rollback is not the opposite of ' || hints;
	END IF;
	PERFORM fuzz.run(wishflags.schema_diff_sql(after, before, options));
	IF wishflags.schema_fingerprint('{house}') <> was OR fuzz.contents() <> contents THEN
		RETURN NEXT 'the way back is not right after ' || hints;
	END IF;
	PERFORM fuzz.run(wishflags.schema_diff_sql(before, after, options));
	IF wishflags.schema_fingerprint(ARRAY[place]) <> becomes THEN
		RETURN NEXT 'the way there is not right after ' || hints;
	END IF;
	PERFORM fuzz.run(wishflags.schema_diff_sql(before, after, options || '{"rollback": true}'));
	IF fuzz.contents() <> contents THEN
		RETURN NEXT 'the contents are not kept after ' || hints;
	END IF;
EXCEPTION WHEN OTHERS THEN
	RETURN NEXT format('%s after %s', SQLERRM, hints);
END $$;

CREATE FUNCTION fuzz.rename(rounds int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	before jsonb := wishflags.schema_snapshot('{house}');
BEGIN
	FOR round IN 1 .. rounds LOOP
		RETURN QUERY SELECT c FROM fuzz.check(before) c;
	END LOOP;
END $$;
