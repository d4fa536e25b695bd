-- What a script loses: it is refused, said, and said again on the way back.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA sd;
CREATE TYPE sd.e AS ENUM ('a', 'b', 'c');
CREATE TYPE sd.unused AS ENUM ('a', 'b');
CREATE TABLE sd.t (id int GENERATED ALWAYS AS IDENTITY, e sd.e, n bigint, gone text, twice bigint GENERATED ALWAYS AS (n * 2) STORED, kept int);
CREATE TABLE sd.old (a int);
CREATE SEQUENCE sd.q;
CREATE SEQUENCE sd.owned OWNED BY sd.old.a;
CREATE MATERIALIZED VIEW sd.m AS SELECT 1 AS a;
CREATE TABLE sd.parent (a int) PARTITION BY LIST (a);
CREATE FOREIGN DATA WRAPPER wf_loss;
CREATE SERVER wf_loss FOREIGN DATA WRAPPER wf_loss;
CREATE FOREIGN TABLE sd.far (a int) SERVER wf_loss;
CREATE TABLE sd."line
break" (a int);
CREATE TEMP TABLE before AS SELECT wishflags.schema_snapshot('{sd}') AS s;

DROP TABLE sd.old, sd.parent, sd."line
break";
DROP FOREIGN TABLE sd.far;
DROP MATERIALIZED VIEW sd.m;
DROP SEQUENCE sd.q;
DROP TYPE sd.unused;
CREATE TYPE sd.unused AS ENUM ('b');
ALTER TABLE sd.t DROP gone, DROP twice, ALTER id DROP IDENTITY, ALTER n TYPE int, ALTER kept TYPE bigint, SET UNLOGGED, DROP e;
DROP TYPE sd.e;
CREATE TYPE sd.e AS ENUM ('b');
ALTER TABLE sd.t ADD e sd.e;
CREATE TEMP TABLE after AS SELECT wishflags.schema_snapshot('{sd}') AS s;

SELECT wishflags.schema_diff_sql(b.s, a.s) FROM before b, after a;
SELECT object_type, identity, attribute, severity, kind, evidence->'lost' AS lost, rollback_sql
FROM before b, after a, wishflags.schema_diff(b.s, a.s) WHERE evidence ? 'lost' ORDER BY ordinal;

-- Not data, and nothing to ask for.
SELECT object_type, identity, attribute, kind FROM before b, after a, wishflags.schema_diff(b.s, a.s)
WHERE NOT evidence ? 'lost' ORDER BY ordinal;

-- The way back has everything but the data.
SELECT wishflags.schema_diff_sql(b.s, a.s, '{"rollback": true, "online": false, "allow_data_loss": true}') FROM before b, after a;
SELECT identity, evidence->'not_restored' AS not_restored
FROM before b, after a, wishflags.schema_diff(b.s, a.s, '{"rollback": true}') WHERE evidence ? 'not_restored' ORDER BY ordinal;

-- A change that no statement undoes by itself.
CREATE TEMP TABLE more AS SELECT jsonb_set(s, '{objects,enum,sd.e,values}', '["b", "d"]') AS s FROM after;
SELECT sql, rollback_sql FROM after a, more m, wishflags.schema_diff(a.s, m.s);

-- Which types hold less.
CREATE FUNCTION pg_temp.loses(a text, b text) RETURNS boolean LANGUAGE sql
BEGIN ATOMIC
	SELECT bool_or(kind = 'data-loss') FROM after, wishflags.schema_diff(
		jsonb_set(s, '{objects,column,sd.t.n,type}', to_jsonb(a)), jsonb_set(s, '{objects,column,sd.t.n,type}', to_jsonb(b)));
END;
SELECT a, b, pg_temp.loses(a, b) AS there, pg_temp.loses(b, a) AS back FROM (VALUES
	('smallint', 'integer'), ('integer', 'numeric'), ('integer', 'numeric(12,2)'), ('bigint', 'numeric(12,2)'),
	('numeric(10,2)', 'numeric(12,2)'), ('numeric(10,2)', 'numeric(10,4)'), ('numeric(10,2)', 'numeric'),
	('real', 'double precision'), ('integer', 'double precision'), ('bigint', 'double precision'), ('integer', 'real'),
	('boolean', 'integer'), ('character varying(3)', 'text'), ('character(3)', 'character varying(4)'),
	('character varying(3)', 'character varying(4) COLLATE "C"'), ('integer', 'text'), ('uuid', 'text'), ('uuid', 'character varying(9)'),
	('date', 'timestamp without time zone'), ('timestamp(0) without time zone', 'timestamp without time zone'),
	('timestamp without time zone', 'timestamp with time zone'), ('time without time zone', 'timestamp with time zone'),
	('json', 'jsonb'), ('integer[]', 'bigint[]'), ('inet', 'integer')) x(a, b);

DROP SCHEMA sd CASCADE;
DROP FOREIGN DATA WRAPPER wf_loss CASCADE;
