-- Views and materialized views.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA sd;
CREATE TABLE sd.t (id int PRIMARY KEY, a text, b int);
CREATE VIEW sd.grows AS SELECT id FROM sd.t;
CREATE VIEW sd.bottom AS SELECT id, a FROM sd.t;
CREATE VIEW sd.middle AS SELECT * FROM sd.bottom;
CREATE VIEW sd.top AS SELECT * FROM sd.middle;
CREATE VIEW sd.grouped AS SELECT id, a, max(b) AS m FROM sd.t GROUP BY id;
CREATE MATERIALIZED VIEW sd.m AS SELECT id, a FROM sd.t;
CREATE UNIQUE INDEX m_id ON sd.m (id);
COMMENT ON VIEW sd.middle IS 'stays';
COMMENT ON COLUMN sd.top.a IS 'stays too';
CREATE TEMP TABLE before AS SELECT wishflags.schema_snapshot('{sd}') AS s;

CREATE OR REPLACE VIEW sd.grows WITH (security_barrier = true) AS SELECT id, a FROM sd.t;
DROP VIEW sd.bottom CASCADE;
CREATE VIEW sd.bottom AS SELECT a, id FROM sd.t;
CREATE VIEW sd.middle AS SELECT * FROM sd.bottom;
CREATE VIEW sd.top AS SELECT * FROM sd.middle;
ALTER VIEW sd.top ALTER id SET DEFAULT 5;
COMMENT ON VIEW sd.middle IS 'stays';
COMMENT ON COLUMN sd.top.a IS 'stays too';
DROP MATERIALIZED VIEW sd.m;
CREATE MATERIALIZED VIEW sd.m AS SELECT id, b FROM sd.t;
CREATE UNIQUE INDEX m_id ON sd.m (id);
CREATE TEMP TABLE after AS SELECT wishflags.schema_snapshot('{sd}') AS s;

-- What grows at its end is replaced in place; else all that stands on it is made again, in order.
SELECT wishflags.schema_diff_sql(b.s, a.s, '{"online": false}') FROM before b, after a;

-- What only makes way says so.
SELECT action, object_type, identity, evidence FROM before b, after a, wishflags.schema_diff(b.s, a.s) WHERE evidence ? 'rebuilt' ORDER BY ordinal;

DROP SCHEMA sd CASCADE;
