-- Every plan of enum_plan() is run as it stands, with the guard on.
SET client_min_messages = warning;
CREATE SCHEMA ep;
CREATE TYPE ep.mood AS ENUM ('sad', 'ok', 'glad');
CREATE DOMAIN ep.feeling AS ep.mood CHECK (VALUE <> 'glad' OR VALUE IS NULL);
CREATE TYPE ep.card AS (title text, mood ep.mood, past ep.mood[]);
CREATE TABLE ep.person (id int PRIMARY KEY, mood ep.mood NOT NULL DEFAULT 'ok', list ep.mood[], felt ep.feeling, card ep.card,
	cheerful boolean GENERATED ALWAYS AS (mood > 'ok') STORED, CHECK (mood <> 'sad' OR id > 0));
CREATE INDEX person_mood ON ep.person (mood) WHERE mood = 'ok';
CREATE VIEW ep.sad AS SELECT id, mood FROM ep.person WHERE mood = 'sad';
CREATE MATERIALIZED VIEW ep.moods AS SELECT mood, count(*) FROM ep.person GROUP BY mood;
CREATE FUNCTION ep.is_ok(ep.mood) RETURNS boolean LANGUAGE sql STABLE RETURN $1 = 'ok'::ep.mood;
CREATE FUNCTION ep.text_body() RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN 'ok'; END$$;
ALTER TABLE ep.person ENABLE ROW LEVEL SECURITY;
CREATE POLICY visible ON ep.person USING (mood >= 'sad');
CREATE TABLE ep.child (extra ep.mood) INHERITS (ep.person);
INSERT INTO ep.person (id, mood, list, felt, card)
SELECT g, (ARRAY['sad', 'ok', 'glad'])[1 + g % 3]::ep.mood, ARRAY['ok', 'sad']::ep.mood[], 'ok', ROW('x', 'ok', '{ok,glad}')::ep.card
FROM generate_series(1, 30) g;
INSERT INTO ep.child (id, mood, extra) VALUES (31, 'ok', 'ok');
CREATE TABLE ep.parted (mood ep.mood, n int) PARTITION BY LIST (mood);
CREATE TABLE ep.parted_sad PARTITION OF ep.parted FOR VALUES IN ('sad');
CREATE TABLE ep.parted_rest PARTITION OF ep.parted DEFAULT;
INSERT INTO ep.parted VALUES ('sad', 1), ('ok', 2), ('glad', 3);
SHOW wishflags.guard;

-- The guard refuses, and names the plan.
ALTER TYPE ep.mood ADD VALUE 'calm';

-- Adding.
\set plan 'SELECT * FROM wishflags.enum_plan(''ep.mood'', ''add'', ''{"value": "calm", "before": "ok"}'')'
:plan \g (format=unaligned)
SELECT sql FROM (:plan) p ORDER BY step \gexec
SELECT enum_range(NULL::ep.mood);
SELECT outcome, rule, reason FROM wishflags.guard_log WHERE object = 'ep.mood' ORDER BY occurred_at;

-- Renaming a value and the type.
\set plan 'SELECT * FROM wishflags.enum_plan(''ep.mood'', ''rename_value'', ''{"value": "calm", "to": "so-so", "reason": "TICKET-7"}'')'
:plan \g (format=unaligned)
SELECT sql FROM (:plan) p ORDER BY step \gexec
\set plan 'SELECT * FROM wishflags.enum_plan(''ep.mood'', ''rename_type'', ''{"to": "Mood 2"}'')'
:plan \g (format=unaligned)
SELECT sql FROM (:plan) p ORDER BY step \gexec
SELECT enum_range(NULL::ep."Mood 2");
\set plan 'SELECT * FROM wishflags.enum_plan(''ep."Mood 2"'', ''rename_type'', ''{"to": "mood"}'')'
SELECT sql FROM (:plan) p ORDER BY step \gexec

-- Reordering: the same objects, another order.
\set objects 'SELECT k.key || '' '' || o.key AS key, o.value - ''position'' - ''needs'' AS value FROM jsonb_each(wishflags.schema_snapshot(''{ep}'') -> ''objects'') k, jsonb_each(k.value) o'
CREATE TEMP TABLE before AS :objects;
CREATE TEMP TABLE rows_before AS SELECT tableoid::regclass::text AS t, id, mood::text AS m, list::text AS l, felt::text AS f, card::text AS c FROM ep.person;
\set plan 'SELECT * FROM wishflags.enum_plan(''ep.mood'', ''reorder'', ''{"values": ["glad", "ok", "so-so", "sad"]}'')'
SELECT DISTINCT transaction, lock_mode, blocks, rows FROM (:plan) p WHERE lock_mode IS NOT NULL ORDER BY 1, 2, 3, 4;
\set ECHO none
SELECT sql FROM (:plan) p ORDER BY step \gexec
\set ECHO all
SELECT enum_range(NULL::ep.mood);
SELECT key, b.value AS before, a.value AS after FROM before b FULL JOIN (:objects) a USING (key) WHERE b.value IS DISTINCT FROM a.value;
SELECT count(*) > 10 AS compared FROM before;
SELECT count(*) FROM (SELECT * FROM rows_before EXCEPT SELECT tableoid::regclass::text, id, mood::text, list::text, felt::text, card::text FROM ep.person) d;
SELECT mood, count(*), bool_and(cheerful) FROM ep.person GROUP BY mood ORDER BY mood;

-- Merging: rows, defaults, conditions and views get the other value.
\set plan 'SELECT * FROM wishflags.enum_plan(''ep.mood'', ''merge'', ''{"value": ["ok", "so-so"], "replace_with": "glad"}'')'
-- The domain forbids what shall come.
SELECT sql FROM (:plan) p WHERE transaction = 1 ORDER BY step \gexec
ROLLBACK;
ALTER DOMAIN ep.feeling DROP CONSTRAINT feeling_check;
SELECT step, sql, lock_mode, rows FROM (:plan) p WHERE transaction = 1 \g (format=unaligned)
SELECT step, sql, comment FROM (:plan) p WHERE transaction = 2 AND comment IS NOT NULL \g (format=unaligned)
\set ECHO none
SELECT sql FROM (:plan) p ORDER BY step \gexec
\set ECHO all
SELECT enum_range(NULL::ep.mood);
SELECT mood, list, felt, card, count(*) FROM ep.person GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4;
SELECT extra FROM ep.child;
SELECT mood, n FROM ep.parted ORDER BY n;
\d ep.person
\sf ep.is_ok
SELECT outcome, reason, count(*) > 0 AS logged FROM wishflags.guard_log
WHERE object = 'ep.mood' AND outcome IN ('allowed', 'bypassed') GROUP BY outcome, reason ORDER BY min(occurred_at);

-- Removing one that no row has.
SET wishflags.bypass = 'test';
ALTER TYPE ep.mood ADD VALUE 'odd' AFTER 'glad';
RESET wishflags.bypass;
\set plan 'SELECT * FROM wishflags.enum_plan(''ep.mood'', ''remove'', ''{"value": "odd"}'')'
\set ECHO none
SELECT sql FROM (:plan) p ORDER BY step \gexec
\set ECHO all
SELECT enum_range(NULL::ep.mood);
-- Rows that come in between make all of it fail.
SET wishflags.bypass = 'test';
ALTER TYPE ep.mood ADD VALUE 'odd' AFTER 'glad';
RESET wishflags.bypass;
CREATE TEMP TABLE stale AS :plan;
INSERT INTO ep.person (id, mood) VALUES (99, 'odd');
DO $$DECLARE s record; BEGIN
	FOR s IN SELECT sql FROM stale WHERE sql NOT IN ('BEGIN;', 'COMMIT;') ORDER BY step LOOP EXECUTE s.sql; END LOOP;
END$$;
SELECT enum_range(NULL::ep.mood), (SELECT mood FROM ep.person WHERE id = 99);
-- With a replacement they are taken over.
\set plan 'SELECT * FROM wishflags.enum_plan(''ep.mood'', ''remove'', ''{"value": "odd", "replace_with": "sad"}'')'
DROP TABLE stale;
CREATE TEMP TABLE stale AS :plan;
INSERT INTO ep.person (id, mood) VALUES (100, 'odd');
\set ECHO none
SELECT sql FROM stale ORDER BY step \gexec
\set ECHO all
SELECT enum_range(NULL::ep.mood), array_agg(mood) FROM ep.person WHERE id >= 99;
SET wishflags.bypass = 'test';
DROP SCHEMA ep CASCADE;
