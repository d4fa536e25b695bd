-- Schemas put aside by name, and what has changed since.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA base;
CREATE TABLE base.orders (id int PRIMARY KEY, total numeric(10,2) NOT NULL, state text DEFAULT 'new');
CREATE VIEW base.open AS SELECT id FROM base.orders WHERE state = 'new';

SELECT wishflags.schema_baseline('release 1', '{base}') AS version;
SELECT name, version, length(fingerprint) AS fingerprint, created_at <= now() AS now, created_by FROM wishflags.schema_baselines;
SELECT count(*) AS changes FROM wishflags.schema_drift('release 1');
-- The same schema makes no new version.
SELECT wishflags.schema_baseline('release 1', '{base}') AS version;

-- What somebody did since, and the way back.
ALTER TABLE base.orders ALTER state SET DEFAULT 'open', ADD note text;
CREATE INDEX orders_state ON base.orders (state);
DROP VIEW base.open;
SELECT action, object_type, identity, attribute, from_value, to_value FROM wishflags.schema_drift('release 1') ORDER BY ordinal;
SELECT rollback_sql FROM wishflags.schema_drift('release 1', '{"online": false}') ORDER BY ordinal;

-- It became the new state; the old one stays.
SELECT wishflags.schema_baseline('release 1', '{base}') AS version;
SELECT count(*) AS changes FROM wishflags.schema_drift('release 1');
SELECT count(*) AS changes FROM wishflags.schema_drift('release 1', '{"version": 1}');
SELECT baseline, version, kind, fingerprint <> '' AS fingerprint, "by" FROM wishflags.schema_baseline_overview;

-- As either side of a diff.
SELECT action, object_type, identity FROM wishflags.schema_diff(wishflags.schema_baseline_snapshot('release 1', 1),
	wishflags.schema_baseline_snapshot('release 1')) ORDER BY ordinal;
SELECT wishflags.schema_baseline_snapshot('release 1') = wishflags.schema_snapshot('{base}') AS same;

-- What a baseline leaves out is no drift; a schema that is gone is.
SELECT wishflags.schema_baseline('bare', '{base}', '{"owners": false, "grants": false, "comments": false}') AS version;
COMMENT ON TABLE base.orders IS 'orders';
GRANT SELECT ON base.orders TO PUBLIC;
SELECT count(*) AS changes FROM wishflags.schema_drift('bare');
SELECT action, attribute FROM wishflags.schema_drift('release 1');
DROP SCHEMA base CASCADE;
SELECT action, object_type, identity FROM wishflags.schema_drift('bare') ORDER BY ordinal;

-- One from elsewhere.
SELECT wishflags.schema_baseline_import('copy', wishflags.schema_baseline_snapshot('bare')) AS version;
SELECT count(*) FROM wishflags.schema_drift('copy');
SELECT count(*) FROM wishflags.schema_drift(wishflags.schema_baseline_snapshot('copy'));

-- Whoever may call the functions needs no right on the table.
CREATE ROLE baseline_keeper;
GRANT USAGE ON SCHEMA wishflags TO baseline_keeper;
SET ROLE baseline_keeper;
SELECT wishflags.schema_baseline('mine');
SELECT * FROM wishflags.schema_drift('copy');
SELECT name FROM wishflags.schema_baselines;
RESET ROLE;
GRANT EXECUTE ON FUNCTION wishflags.schema_baseline, wishflags.schema_baseline_drop, wishflags.schema_drift(text, jsonb) TO baseline_keeper;
SET ROLE baseline_keeper;
SELECT wishflags.schema_baseline('mine', '{public}') AS version;
SELECT count(*) FROM wishflags.schema_drift('mine');
SELECT name FROM wishflags.schema_baselines;
RESET ROLE;
SELECT name, created_by FROM wishflags.schema_baselines WHERE name = 'mine';
SET ROLE baseline_keeper;
SELECT wishflags.schema_baseline_drop('mine') AS dropped;
RESET ROLE;
DROP OWNED BY baseline_keeper;
DROP ROLE baseline_keeper;

-- It is a transaction's work like any other, and fits one that only reads.
BEGIN;
SELECT wishflags.schema_baseline('gone', '{public}') AS version;
ROLLBACK;
SELECT * FROM wishflags.schema_drift('gone');
BEGIN READ ONLY;
SELECT count(*) FROM wishflags.schema_drift('copy');
SELECT wishflags.schema_baseline('no', '{public}');
ROLLBACK;

-- Wrong use.
SELECT wishflags.schema_baseline(NULL);
SELECT wishflags.schema_baseline('');
SELECT wishflags.schema_baseline('x', '{no_such_schema}');
SELECT wishflags.schema_baseline('x', '{public}', '{"comment": false}');
SELECT * FROM wishflags.schema_drift('x');
SELECT * FROM wishflags.schema_drift('copy', '{"version": 7}');
SELECT * FROM wishflags.schema_drift('copy', '{"versions": 7}');
SELECT * FROM wishflags.schema_drift('{}'::jsonb);
SELECT * FROM wishflags.schema_drift(NULL::jsonb);
SELECT wishflags.schema_baseline_import('x', '{"format": "wishflags-schema", "version": 1}');
SELECT wishflags.schema_baseline_import('x', '[1]');
SELECT wishflags.schema_baseline_snapshot('copy', 2);
SELECT wishflags.schema_baseline_drop('x');

SELECT wishflags.schema_baseline_drop('release 1', 1) AS dropped;
SELECT baseline, version FROM wishflags.schema_baseline_overview;
SELECT wishflags.schema_baseline_drop(name) FROM (SELECT DISTINCT name FROM wishflags.schema_baselines) b;
