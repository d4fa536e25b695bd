-- How long statements work, and whom they block.
SET client_min_messages = warning;
CREATE SCHEMA es;
CREATE TABLE es.orders (id int, note text, amount numeric);
CREATE TABLE es.empty (id int);
CREATE FUNCTION es_estimate(sql text, options jsonb DEFAULT '{}')
RETURNS TABLE (st int, line int, command text, object text, lock_mode text, work text, mb numeric, seconds numeric, blocks text, blocked numeric, rate text)
BEGIN ATOMIC
	SELECT statement, line, command, object, lock_mode, work, round(bytes / 1e6, 1), round(seconds::numeric, 2), blocks, round(blocked_seconds::numeric, 2), rate
	FROM wishflags.migration_estimate(sql, '{"stats": {"format": "wishflags-stats", "version": 1, "taken_at": "2026-01-01T00:00:00Z",
		"tables": {"es.orders": {"rows": 20000000, "bytes": 6000000000}, "es.empty": {"rows": 0, "bytes": 0}}}}'::jsonb || options);
END;

-- Nothing is measured here yet.
SELECT * FROM wishflags.migration_rates;
SELECT * FROM es_estimate('
	CREATE INDEX ON es.orders (id);
	CREATE INDEX CONCURRENTLY ON es.orders (id);
	ALTER TABLE es.orders ADD x int;
	ALTER TABLE es.orders ALTER id TYPE bigint;
	ALTER TABLE es.orders ALTER id SET NOT NULL;
	ALTER TABLE es.orders ADD CONSTRAINT c CHECK (id > 0) NOT VALID;
	ALTER TABLE es.orders VALIDATE CONSTRAINT c;
	ALTER TABLE es.orders ADD UNIQUE (note);
	VACUUM FULL es.orders;
	CREATE INDEX ON es.empty (id);
	CREATE TABLE es.fresh (a int);
	CREATE INDEX ON es.fresh (a);
	CREATE INDEX ON es.unknown (a);
	UPDATE es.orders SET note = NULL;
	SELECT FROM WHERE;
	DROP TABLE es.orders');
-- An index that is there is built again by what rewrites the table.
CREATE INDEX ON es.orders (note);
SELECT work, seconds FROM es_estimate('ALTER TABLE es.orders ALTER id TYPE bigint');
SELECT st, work, seconds FROM es_estimate('
	ALTER TABLE es.orders ADD UNIQUE (id), ADD UNIQUE (amount);
	ALTER TABLE es.orders ALTER id TYPE bigint, ADD UNIQUE (amount);
	VACUUM FULL es.orders; VACUUM es.orders; ANALYZE es.orders; REINDEX TABLE es.orders; REINDEX INDEX es.orders_note_idx;
	VACUUM FULL; VACUUM FULL es.orders, es.empty; CLUSTER; REINDEX SCHEMA es; TRUNCATE es.orders, es.empty');
-- A lock is held to the end of the transaction.
SELECT st, work, seconds, blocks, blocked FROM es_estimate('
	BEGIN;
	ALTER TABLE es.orders ADD x int;
	CREATE INDEX ON es.orders (x);
	ALTER TABLE es.orders ALTER id SET NOT NULL;
	COMMIT;
	ALTER TABLE es.orders ADD y int');
SELECT st, seconds, blocks, blocked FROM es_estimate('ALTER TABLE es.orders ADD x int; CREATE INDEX ON es.orders (x)', '{"in_transaction": true}');
SELECT st, seconds, blocks, blocked FROM es_estimate('ALTER TABLE es.orders ADD x int; UPDATE es.orders SET x = 1', '{"in_transaction": true}');
-- What is only taken for large has no size.
SELECT work, mb, seconds FROM es_estimate('CREATE INDEX ON es.orders (id)', '{"stats": null, "assume_populated": true}');
-- Findings tell it as well.
SELECT rule, evidence -> 'estimate' AS estimate FROM wishflags.migration_breaking_check('ALTER TABLE es.orders ALTER id TYPE bigint; CREATE INDEX ON es.orders (id)',
	'{"severity": "high", "stats": {"format": "wishflags-stats", "version": 1, "taken_at": "now", "tables": {"es.orders": {"rows": 20000000, "bytes": 6000000000}}}}')
WHERE evidence ? 'estimate';
SELECT * FROM es_estimate('SELECT 1', '{"severity": "high"}');

-- Measured.
SELECT wishflags.migration_calibrate('{"size": "1MB", "timeout": "1min"}');
SELECT work, bytes_per_second > 0 AS rate, measured_bytes BETWEEN 900000 AND 1200000 AS bytes, measured_at <= now() AS now FROM wishflags.migration_rates ORDER BY work;
SELECT to_regclass('wishflags.migration_calibration') IS NULL AS gone;
SELECT work, rate LIKE 'measured at 20%Z' AS measured FROM es_estimate('CREATE INDEX ON es.orders (id)');
UPDATE wishflags.migration_rates SET bytes_per_second = 1e9, measured_at = '2026-02-03 04:05:06+00';
SELECT work, seconds, rate FROM es_estimate('ALTER TABLE es.orders ALTER id TYPE bigint; ALTER TABLE es.orders ALTER id SET NOT NULL');
-- Again, in place of the first.
SELECT wishflags.migration_calibrate('{"size": "1MB", "timeout": "1min"}');
SELECT count(*), bool_and(measured_at <= now()) FROM wishflags.migration_rates;
DELETE FROM wishflags.migration_rates;

-- What it refuses.
SELECT wishflags.migration_calibrate('{"size": "2GB"}');
SELECT wishflags.migration_calibrate('{"timeout": "soon"}');
SELECT wishflags.migration_calibrate('{"size": "256MB", "timeout": "5ms"}');
SELECT wishflags.migration_calibrate('{"sizes": "1MB"}');
BEGIN READ ONLY;
SELECT wishflags.migration_calibrate();
ROLLBACK;
SELECT count(*) FROM wishflags.migration_rates;
CREATE ROLE es_checker;
GRANT USAGE ON SCHEMA wishflags TO es_checker;
SET ROLE es_checker;
SELECT wishflags.migration_calibrate();
SELECT * FROM wishflags.migration_rates;
RESET ROLE;
-- Who may check needs no right on the rates.
GRANT EXECUTE ON FUNCTION wishflags.migration_estimate TO es_checker;
SET ROLE es_checker;
SELECT statement, work FROM wishflags.migration_estimate('CREATE INDEX ON es.orders (id)');
RESET ROLE;

DROP FUNCTION es_estimate;
DROP OWNED BY es_checker;
DROP ROLE es_checker;
DROP SCHEMA es CASCADE;
