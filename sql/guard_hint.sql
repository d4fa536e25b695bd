-- What follows the first line of a HINT is SQL that works as it stands, where
-- the refused command stood.  The log keeps the HINT, so it can be followed.
CREATE SCHEMA guard_hint;
SET search_path = guard_hint;
CREATE TABLE "Order" (id int NOT NULL, "Note" text, at int NOT NULL);
INSERT INTO "Order" SELECT g, 'n' || g, g FROM generate_series(1, 20) g;
\set follow 'SELECT line FROM (SELECT evidence ->> \'hint\' AS hint FROM wishflags.guard_log ORDER BY occurred_at DESC LIMIT 1) h, regexp_split_to_table(hint, E\'\\n\') WITH ORDINALITY AS l(line, n) WHERE n > 1 ORDER BY n \\gexec'
\set VERBOSITY terse
\set ECHO all

CREATE UNIQUE INDEX "Order Note" ON "Order" (lower("Note")) INCLUDE (id) WHERE id > 3;
:follow
ALTER TABLE "Order" ADD CONSTRAINT "Order PK" PRIMARY KEY (id);
:follow
ALTER TABLE "Order" ADD UNIQUE ("Note", at) INCLUDE (id);
:follow
ALTER TABLE "Order" ADD EXCLUDE USING btree (id WITH =);
:follow
SELECT conname, contype, indisvalid FROM pg_constraint JOIN pg_index ON indexrelid = conindid
WHERE conrelid = '"Order"'::regclass AND contype IN ('p', 'u', 'x') ORDER BY 1;

ALTER TABLE "Order" ADD COLUMN "Code" varchar(20) UNIQUE;
:follow

-- The names that PostgreSQL would choose are taken.
ALTER TABLE "Order" ADD UNIQUE ("Note", at);
:follow
ALTER TABLE "Order" ADD PRIMARY KEY (at);

-- Inside a block the way is outside of it.
BEGIN;
CREATE INDEX order_at ON "Order" (at DESC NULLS LAST);
ROLLBACK;
:follow
DO 'BEGIN CREATE INDEX order_at_2 ON guard_hint."Order" USING hash (at); END';
:follow

-- Partitioned, two levels.
CREATE TABLE reading (at int NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE reading_1 PARTITION OF reading FOR VALUES FROM (0) TO (10);
CREATE TABLE reading_2 PARTITION OF reading FOR VALUES FROM (10) TO (20) PARTITION BY RANGE (at);
CREATE TABLE reading_2a PARTITION OF reading_2 FOR VALUES FROM (10) TO (15);
INSERT INTO reading VALUES (1, 'a'), (12, 'b');
CREATE INDEX reading_what ON guard_hint . reading USING btree (upper(what)) WITH (fillfactor = 90);
:follow
ALTER TABLE reading ADD CONSTRAINT reading_pk PRIMARY KEY (at);
:follow
create index on reading (what);
:follow
SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = 'reading'::regclass ORDER BY 1;

-- A table that lacks the parent's indexes.
CREATE TABLE reading_3 (at int NOT NULL, what text);
INSERT INTO reading_3 VALUES (21, 'c');
CREATE TABLE tag (id int NOT NULL, name text, UNIQUE (id, name)) PARTITION BY LIST (id);
CREATE INDEX ON tag USING hash (name);
CREATE TABLE "Tag 1" (id int NOT NULL, name text);
INSERT INTO "Tag 1" VALUES (1, 'x');
ALTER TABLE tag ATTACH PARTITION "Tag 1" FOR VALUES IN (1);
:follow
SELECT count(*) AS indexes, bool_and(indisvalid) AS valid FROM pg_index WHERE indrelid = '"Tag 1"'::regclass;
ALTER TABLE reading ATTACH PARTITION reading_3 FOR VALUES FROM (20) TO (30);

-- Not more than 20 partitions are written out.
CREATE TABLE year (day int) PARTITION BY LIST (day);
SELECT format('CREATE TABLE year_%s PARTITION OF year FOR VALUES IN (%s)', d, d) FROM generate_series(1, 22) d
\set ECHO none
\gexec
\set ECHO all
INSERT INTO year VALUES (22);
CREATE INDEX ON year (day);
SELECT count(*) AS lines, (array_agg(line ORDER BY n))[count(*)] AS last
FROM (SELECT evidence ->> 'hint' AS hint FROM wishflags.guard_log ORDER BY occurred_at DESC LIMIT 1) h,
	regexp_split_to_table(hint, E'\n') WITH ORDINALITY AS l(line, n) WHERE n > 1;

-- Enums: the audited bypass.
CREATE TYPE "Mood" AS ENUM ('it''s ok');
CREATE TABLE "Cat" (mood "Mood");
ALTER TYPE "Mood" ADD VALUE 'so ''so''' BEFORE 'it''s ok';
:follow
BEGIN;
ALTER TYPE guard_hint."Mood" RENAME VALUE 'it''s ok' TO 'fine';
ROLLBACK;
BEGIN;
:follow
COMMIT;
ALTER TYPE "Mood" RENAME TO "Feeling";
:follow
DROP TYPE "Feeling";
DROP TYPE IF EXISTS "Feeling" CASCADE;
:follow
SELECT count(*) AS columns_left FROM pg_attribute WHERE attrelid = '"Cat"'::regclass AND attnum > 0 AND NOT attisdropped;

-- Who may not set the bypass is told who can allow it.
CREATE ROLE wf_hint_owner;
GRANT ALL ON SCHEMA guard_hint TO wf_hint_owner;
CREATE TYPE size AS ENUM ('s');
CREATE TABLE shirt (size size);
ALTER TYPE size OWNER TO wf_hint_owner;
SET ROLE wf_hint_owner;
ALTER TYPE size ADD VALUE 'm';
RESET ROLE;
SELECT substring(evidence ->> 'hint' FROM '\((.*)\)') FROM wishflags.guard_log ORDER BY occurred_at DESC LIMIT 1 \gexec
SELECT set_config('role', 'wf_hint_owner', false);
ALTER TYPE size ADD VALUE 'm';
RESET ROLE;
SELECT regexp_replace(line, '^BEGIN;$', 'BEGIN; SET LOCAL ROLE wf_hint_owner;') FROM (SELECT evidence ->> 'hint' AS hint FROM wishflags.guard_log ORDER BY occurred_at DESC LIMIT 1) h, regexp_split_to_table(hint, E'\n') WITH ORDINALITY AS l(line, n) WHERE n > 1 ORDER BY n \gexec
SELECT enum_range(NULL::size);

\set ECHO none
RESET search_path;
SET client_min_messages = warning;
SET wishflags.guard = off;
DROP SCHEMA guard_hint CASCADE;
REVOKE SET ON PARAMETER wishflags.bypass FROM wf_hint_owner;
DROP ROLE wf_hint_owner;
