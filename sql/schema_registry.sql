-- Tables and types as schemas for a registry: every kind of type, options, wrong use.
CREATE SCHEMA reg;
CREATE TYPE reg.mood AS ENUM ('sad', 'it''s ok');
CREATE TYPE reg.address AS (street text, zip varchar(10), place point);
CREATE DOMAIN reg.email AS text NOT NULL CHECK (VALUE ~ '@');
CREATE DOMAIN reg.numbers AS int[];
CREATE TYPE reg.span AS RANGE (subtype = timestamptz, multirange_type_name = reg.spans);
CREATE TABLE reg.scalars (
	id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, s serial, b boolean NOT NULL DEFAULT true, i2 smallint DEFAULT -5,
	f4 real DEFAULT 1.5, f8 float8 DEFAULT 'NaN', n numeric, n2 numeric(10,2) NOT NULL DEFAULT -12.5, nn numeric(3,-2) DEFAULT 1200,
	ns numeric(2,5), m money, c char(3) DEFAULT 'ab', v varchar(9) NOT NULL DEFAULT E'it''s\\n', u uuid NOT NULL DEFAULT gen_random_uuid(),
	j json, jb jsonb NOT NULL DEFAULT '{"a": 1}', x xml, y bytea DEFAULT '\x00', o oid, e integer DEFAULT 1 + 2, z text DEFAULT NULL::text);
CREATE TABLE reg.times (
	d date DEFAULT '1969-12-31', di date DEFAULT 'infinity', t time DEFAULT '00:00:01.5', t3 time(3), tz timetz, ts timestamp DEFAULT now(),
	ts3 timestamp(3) DEFAULT '1969-12-31 23:59:59.9', z timestamptz DEFAULT '2020-01-01 12:00+02', zn timestamptz NOT NULL DEFAULT CURRENT_TIMESTAMP,
	i interval DEFAULT '1 mon 1 day', ii interval day to second(3));
CREATE TABLE reg.others (
	b1 bit DEFAULT B'1', b5 bit(5) DEFAULT B'10001', bv bit varying, ip inet, r int4range, mr int4multirange, sp reg.span, sps reg.spans, p point, bx box,
	q tsvector, mo reg.mood NOT NULL DEFAULT 'it''s ok', mos reg.mood[], ad reg.address, ads reg.address[] NOT NULL, em reg.email, nu reg.numbers,
	a int[], n numeric(4,1)[], "Odd-Näme" int, "9 lives" int, "char" "char");
CREATE TABLE reg.far (t timestamp DEFAULT '294276-12-31', i interval DEFAULT '178000000 years', j interval DEFAULT '-1 day 00:00:00.000001');
CREATE VIEW reg.seen AS SELECT id, n2, v AS "v-2" FROM reg.scalars;
CREATE MATERIALIZED VIEW reg.kept AS SELECT id FROM reg.scalars;

\pset format unaligned
-- A field a line.
CREATE FUNCTION reg.fields(name text, format text DEFAULT 'avro', options jsonb DEFAULT '{}') RETURNS SETOF text LANGUAGE sql AS $$
	SELECT f::text FROM json_array_elements(wishflags.registry_schema(name, format, options)::json->'fields') f $$;
CREATE FUNCTION reg.properties(name text, options jsonb DEFAULT '{}') RETURNS SETOF text LANGUAGE sql AS $$
	SELECT key || ' ' || value FROM json_each(wishflags.registry_schema(name, 'json', options)::json->'properties') $$;
SELECT reg.fields('reg.scalars');
SELECT reg.fields('reg.times');
SELECT reg.fields('reg.far');
SELECT reg.fields('reg.others');
SELECT reg.properties('reg.scalars');
SELECT reg.properties('reg.others', '{"values": "to_jsonb"}');
SELECT wishflags.registry_schema('reg.others', 'protobuf');
SELECT wishflags.registry_schema('reg.seen');

-- Types, keys, names.
SELECT wishflags.registry_schema('reg.address', 'json');
SELECT wishflags.registry_schema('reg.mood'), wishflags.registry_schema('reg.numbers'::regtype), wishflags.registry_schema('numeric(9)'),
	wishflags.registry_schema('reg.scalars'::regclass, 'protobuf', '{"part": "key", "prefix": "my-shop.eu"}');
SELECT reg.fields('reg.others', 'avro', '{"name_adjustment": "avro_unicode"}') OFFSET 19;
CREATE TABLE reg.twins ("a-b" int, "a_b" int);
SELECT wishflags.registry_schema('reg.twins');
SELECT wishflags.registry_schema('reg.twins', 'AVRO', '{"name_adjustment": "avro_unicode"}');
CREATE SCHEMA "reg-2";
CREATE TABLE "reg-2"."select" (a reg.address);
SELECT wishflags.registry_schema('"reg-2"."select"');
CREATE SCHEMA reg_2;
CREATE TYPE "reg-2".t AS (a int);
CREATE TYPE reg_2.t AS (b int);
CREATE TABLE reg.conflict (a "reg-2".t, b reg_2.t);
SELECT format FROM unnest('{avro,json,protobuf}'::text[]) format, wishflags.registry_schema('reg.conflict', format);

-- Options.
SELECT reg.fields('reg.times', 'avro', '{"time_precision": "connect", "interval_handling": "string"}');
SELECT reg.fields('reg.times', 'avro', '{"time_precision": "adaptive_time_microseconds"}') OFFSET 2 LIMIT 2;
SELECT reg.fields('reg.scalars', 'avro', '{"decimal_handling": "double", "binary_handling": "hex"}') OFFSET 6 LIMIT 3;
SELECT reg.fields('reg.scalars', 'avro', '{"decimal_handling": "string"}') OFFSET 6 LIMIT 3;
SELECT wishflags.registry_schema('reg.seen', 'json', '{"content_model": "open"}');

-- The live database and a snapshot of it say the same, whatever the session's settings.
CREATE TEMP TABLE snapshot AS SELECT wishflags.schema_snapshot('{reg,reg-2}') AS s;
SET DateStyle = 'SQL, DMY';
SET TimeZone = 'Asia/Tokyo';
SET quote_all_identifiers = on;
SELECT t, f, part, wishflags.registry_schema(t, f, o) = wishflags.registry_schema(t, f, o || jsonb_build_object('snapshot', s)) AS same
FROM snapshot, unnest('{reg.scalars,reg.times,reg.others,reg.address,reg.mood,reg.numbers,reg.seen,"\"reg-2\".\"select\""}'::text[]) t,
	unnest('{avro,json,protobuf}'::text[]) f, unnest('{value,key}'::text[]) part, jsonb_build_object('part', part) o
WHERE part = 'value' OR t = 'reg.scalars';
RESET DateStyle; RESET TimeZone; RESET quote_all_identifiers;

-- The key is in the key's order.
CREATE TABLE reg.pair (a int, "b)c" int, d int NOT NULL DEFAULT 3, PRIMARY KEY (d, "b)c"));
SELECT wishflags.registry_schema('reg.pair', 'avro', '{"part": "key"}');
SELECT wishflags.registry_schema('reg.pair', 'avro', jsonb_build_object('part', 'key', 'snapshot', wishflags.schema_snapshot('{reg}')));

-- A dropped column leaves the numbers of the others alone.
ALTER TABLE reg.pair DROP COLUMN a;
SELECT wishflags.registry_schema('reg.pair', 'protobuf');

-- What is sent to a registry.
SELECT * FROM wishflags.registry_request('reg.pair', 'json', '{"part": "key", "prefix": "shop"}') \gx
SELECT subject, method, path, body->>'schemaType' FROM unnest('{topic,record,topic_record}'::text[]) s,
	wishflags.registry_request('reg.pair', 'protobuf', jsonb_build_object('subject_strategy', s, 'topic', 'a b/c', 'request', 'check'));
SELECT * FROM wishflags.registry_request('"reg-2"."select"', 'avro', '{"request": "config", "level": "full_transitive"}');

-- The frame around a message.
SELECT wishflags.registry_wire(1, '\x0a'), wishflags.registry_wire(-1, '', 'json'), wishflags.registry_wire(65536, '\x0a', 'protobuf'),
	wishflags.registry_wire(1, '\x0a', 'protobuf', '{1,64}');
SELECT f, w.* FROM unnest('{avro,protobuf}'::text[]) f, unnest('{"{0}","{1,64}"}'::text[]) i,
	wishflags.registry_wire_read(wishflags.registry_wire(258, '\x0a0b', f, i::int[]), f) w;
SELECT wishflags.registry_wire_read('\x0000');
SELECT wishflags.registry_wire_read('\x0100000001');
SELECT wishflags.registry_wire_read('\x000000000109', 'protobuf');
SELECT wishflags.registry_wire(1, '', 'protobuf', '{-1}');
SET client_min_messages = warning;
SET wishflags.guard = off;
DROP SCHEMA reg, "reg-2", reg_2 CASCADE;
