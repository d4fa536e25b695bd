-- Masks of a sandbox.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA mk;
CREATE DOMAIN mk.low AS int CHECK (VALUE < 1000);
CREATE TABLE mk.users (id bigint PRIMARY KEY, email varchar(50) NOT NULL UNIQUE CHECK (email LIKE '%@%'), name text, phone text, born date,
	password text, pay numeric, level mk.low, code uuid, loud text GENERATED ALWAYS AS (upper(name)) STORED);
CREATE TABLE mk.logins (user_id int REFERENCES mk.users, email text, tiny smallint, raw bytea, at timestamptz, part int, UNIQUE (email, part));
CREATE TABLE mk.by_code (code char(4) PRIMARY KEY);
CREATE TABLE mk.codes (code text REFERENCES mk.by_code, email text) PARTITION BY LIST (code);
CREATE TABLE mk.codes_1 PARTITION OF mk.codes DEFAULT;
INSERT INTO mk.users SELECT g, g || '@shop.ch', 'Name ' || g, '044 ' || g, date '2000-01-01' + g, 'secret', g * 10, g, gen_random_uuid() FROM generate_series(1, 50) g;
INSERT INTO mk.users (id, email) VALUES (-5, 'nobody@shop.ch'), (6000000000, 'big@shop.ch');
INSERT INTO mk.logins SELECT g % 50 + 1, 'l' || g, g, decode('00ff', 'hex'), '2024-05-01 12:00+00', 1 FROM generate_series(1, 50) g;
INSERT INTO mk.by_code VALUES ('a'), ('b');
INSERT INTO mk.codes VALUES ('a', 'x@y'), (NULL, 'z@y');

-- The rows of a sandbox, in a table like theirs.
CREATE FUNCTION pg_temp.fill(mask jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE s record; line text; columns text; v text[];
BEGIN
	DROP SCHEMA IF EXISTS masked CASCADE;
	CREATE SCHEMA masked;
	FOR s IN SELECT object, sql FROM wishflags.sandbox_create('{mk}', '{"percent": 100}', mask) WHERE step = 'data' AND object !~ 'code' LOOP
		EXECUTE format('CREATE TABLE masked.%s (LIKE %s INCLUDING CONSTRAINTS INCLUDING INDEXES)', split_part(s.object, '.', 2), s.object);
		columns := substring(s.sql from '\((.*?)\)');
		FOR line IN SELECT l FROM regexp_split_to_table(s.sql, E'\n') WITH ORDINALITY r(l, n) WHERE n > 1 AND l NOT IN ('', '\.') LOOP
			SELECT array_agg(CASE WHEN f = '\N' THEN NULL ELSE replace(f, '\\', '\') END ORDER BY n) INTO v
			FROM regexp_split_to_table(line, E'\t') WITH ORDINALITY r(f, n);
			EXECUTE format('INSERT INTO masked.%s (%s) VALUES (%s)', split_part(s.object, '.', 2), columns,
				(SELECT string_agg(coalesce(quote_literal(f), 'NULL'), ', ' ORDER BY n) FROM unnest(v) WITH ORDINALITY u(f, n)));
		END LOOP;
	END LOOP;
	RETURN 'filled';
END$$;

-- A key is masked on both sides, into as many values; "shuffle" keeps the values.
SELECT pg_temp.fill('{"mk.users.id": "hash", "mk.users.email": "fake-email", "mk.users.name": "shuffle", "mk.users.born": "noise",
	"mk.users.password": "fixed:it''s {v}", "mk.users.pay": "noise", "mk.users.level": "null", "mk.users.code": "hash",
	"mk.users.phone": "sql:left(phone, 4) || ''xx''", "mk.logins.email": "hash", "mk.logins.tiny": "hash", "mk.logins.raw": "hash", "mk.logins.at": "noise"}');
SELECT count(*), count(DISTINCT m.id), count(u.id) AS kept, bool_and(m.email ~ '^user-[0-9a-f]{16}@example\.com$') AS emails
FROM masked.users m LEFT JOIN mk.users u ON u.id = m.id;
SELECT count(*) AS torn FROM masked.logins l WHERE NOT EXISTS (SELECT FROM masked.users u WHERE u.id = l.user_id);
SELECT (SELECT array_agg(name ORDER BY name) FROM masked.users) = (SELECT array_agg(name ORDER BY name) FROM mk.users) AS same_names,
	bool_and(pay BETWEEN 0 AND 550) AS pay, bool_and(born BETWEEN '1999-12-01' AND '2000-04-01') AS born,
	count(level) AS levels, min(password) AS password, min(phone) AS phone, count(DISTINCT code) AS codes FROM masked.users;
SELECT count(DISTINCT email) AS emails, count(DISTINCT tiny) AS tinies, min(length(raw)) AS raw, bool_and(at BETWEEN '2024-03-31' AND '2024-06-01') AS at FROM masked.logins;

-- What looks personal is named, or masked.
SELECT object, message FROM wishflags.sandbox_create('{mk}') WHERE step = 'hint';
SELECT object FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.users.email": "none", "mk.users.name": "none"}') WHERE step = 'hint';
SELECT object, evidence -> 'masked' AS masked FROM wishflags.sandbox_create('{mk}', '{}', '"suggested"') WHERE step IN ('hint', 'data');
SELECT evidence -> 'masked' AS masked FROM wishflags.sandbox_create('{mk}', '{}', '{"suggested": true, "mk.users.phone": "null"}') WHERE object = 'mk.users';

-- What a column does not take.
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.users.email": "null"}');
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.users.email": "hash"}');
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.users.email": "fixed:a@b"}');
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.logins.email": "fixed:a"}');
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.users.level": "sql:level * 100"}');
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.codes.code": "hash"}');

-- Wrong use.
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '"all"');
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.users.name": "rot13"}');
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.users.name": "fixed"}');
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.users.name": 5}');
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.users.born": "hash"}');
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.users.loud": "hash"}');
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.users.nothing": "hash"}');
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"users.name": "hash"}');
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.codes_1.email": "hash"}');
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.logins.user_id": "null"}');
SELECT FROM wishflags.sandbox_create('{mk}', '{}', '{"mk.logins.user_id": "hash", "mk.users.id": "none"}');

DROP SCHEMA masked, mk CASCADE;
