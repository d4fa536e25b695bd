-- The lock of each form of ALTER TABLE: the project's own table, which answers
-- for other versions, says what the running server says of itself.
BEGIN;
SELECT no_plan();

CREATE TEMP TABLE forms (form text);
INSERT INTO forms VALUES
('ADD COLUMN x int'), ('ADD COLUMN x int DEFAULT random()'), ('ADD COLUMN x int REFERENCES o'), ('DROP COLUMN x'),
('ALTER x SET DEFAULT 1'), ('ALTER x DROP DEFAULT'), ('ALTER x SET NOT NULL'), ('ALTER x DROP NOT NULL'),
('ALTER x TYPE int'), ('ALTER x DROP EXPRESSION'), ('ALTER x SET STATISTICS 5'), ('ALTER x SET (n_distinct = 5)'),
('ALTER x RESET (n_distinct)'), ('ALTER x SET STORAGE PLAIN'), ('ALTER x SET COMPRESSION pglz'),
('ALTER x ADD GENERATED ALWAYS AS IDENTITY'), ('ALTER x SET GENERATED ALWAYS'), ('ALTER x DROP IDENTITY'),
('ADD CHECK (x > 0)'), ('ADD CHECK (x > 0) NOT VALID'), ('ADD UNIQUE (x)'), ('ADD PRIMARY KEY (x)'),
('ADD EXCLUDE USING btree (x WITH =)'), ('ADD UNIQUE USING INDEX i'), ('ADD FOREIGN KEY (x) REFERENCES o'),
('ADD FOREIGN KEY (x) REFERENCES o NOT VALID'), ('VALIDATE CONSTRAINT c'), ('ALTER CONSTRAINT c DEFERRABLE'),
('DROP CONSTRAINT c'), ('SET LOGGED'), ('SET UNLOGGED'), ('SET ACCESS METHOD heap'), ('SET TABLESPACE s'),
('SET (fillfactor = 50)'), ('SET (autovacuum_enabled = off)'), ('SET (parallel_workers = 2)'),
('SET (toast_tuple_target = 200)'), ('SET (user_catalog_table = true)'), ('RESET (fillfactor)'),
('RESET (user_catalog_table)'), ('CLUSTER ON i'), ('SET WITHOUT CLUSTER'), ('OWNER TO u'), ('REPLICA IDENTITY FULL'),
('ENABLE ROW LEVEL SECURITY'), ('DISABLE ROW LEVEL SECURITY'), ('FORCE ROW LEVEL SECURITY'),
('NO FORCE ROW LEVEL SECURITY'), ('ENABLE RULE r'), ('DISABLE RULE r'), ('ENABLE TRIGGER t'),
('ENABLE ALWAYS TRIGGER t'), ('ENABLE REPLICA TRIGGER t'), ('DISABLE TRIGGER t'), ('ENABLE TRIGGER ALL'),
('DISABLE TRIGGER ALL'), ('ENABLE TRIGGER USER'), ('DISABLE TRIGGER USER'), ('OF ty'), ('NOT OF'), ('INHERIT o'),
('NO INHERIT o'), ('ATTACH PARTITION o FOR VALUES IN (1)'), ('DETACH PARTITION o'),
('DETACH PARTITION o CONCURRENTLY'), ('DETACH PARTITION o FINALIZE'),
('VALIDATE CONSTRAINT c, ALTER x SET STATISTICS 5'), ('ALTER x SET STATISTICS 5, ADD FOREIGN KEY (x) REFERENCES o'),
('SET (fillfactor = 50), ADD x int');

SELECT is(own.lock_mode, server.lock_mode, form)
FROM forms,
	wishflags.migration_parse('ALTER TABLE t ' || form, current_setting('server_version_num')::int / 10000) AS own,
	wishflags.migration_parse('ALTER TABLE t ' || form) AS server;
SELECT is_empty($$SELECT form FROM forms, wishflags.migration_parse('ALTER TABLE t ' || form) WHERE error IS NOT NULL OR lock_mode IS NULL$$,
	'all forms parse and lock');

-- What other statements take, looked up in pg_locks.
CREATE TABLE lock_t (x int PRIMARY KEY, y int);
CREATE INDEX lock_i ON lock_t (y);
CREATE MATERIALIZED VIEW lock_m AS SELECT 1 AS one;
CREATE UNIQUE INDEX ON lock_m (one);
CREATE SEQUENCE lock_s;
CREATE FUNCTION pg_temp.locks_of(statement text, relation text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	relid oid := relation::regclass;
	strongest text;
BEGIN
	BEGIN
		EXECUTE statement;
		-- the strongest mode of this transaction on the relation
		SELECT m.name INTO strongest
		FROM pg_locks l JOIN (VALUES ('AccessShareLock', 'ACCESS SHARE', 1), ('RowShareLock', 'ROW SHARE', 2),
			('RowExclusiveLock', 'ROW EXCLUSIVE', 3), ('ShareUpdateExclusiveLock', 'SHARE UPDATE EXCLUSIVE', 4),
			('ShareLock', 'SHARE', 5), ('ShareRowExclusiveLock', 'SHARE ROW EXCLUSIVE', 6),
			('ExclusiveLock', 'EXCLUSIVE', 7), ('AccessExclusiveLock', 'ACCESS EXCLUSIVE', 8)) AS m(mode, name, rank)
			ON m.mode = l.mode
		WHERE l.pid = pg_backend_pid() AND l.relation = relid
		ORDER BY rank DESC LIMIT 1;
		RAISE EXCEPTION USING ERRCODE = 'WF999';
	EXCEPTION WHEN SQLSTATE 'WF999' THEN
		RETURN strongest;
	END;
END $$;
COMMIT;

BEGIN;
CREATE TEMP TABLE statements (statement text, relation text);
INSERT INTO statements VALUES
('CREATE INDEX ON lock_t (y)', 'lock_t'), ('DROP INDEX lock_i', 'lock_i'),
('ALTER TABLE lock_t RENAME TO lock_u', 'lock_t'), ('ALTER TABLE lock_t RENAME y TO z', 'lock_t'),
('ALTER INDEX lock_i RENAME TO lock_j', 'lock_i'), ('TRUNCATE lock_t', 'lock_t'),
('REINDEX TABLE lock_t', 'lock_t'), ('REINDEX INDEX lock_i', 'lock_i'), ('CLUSTER lock_t USING lock_i', 'lock_t'),
('REFRESH MATERIALIZED VIEW lock_m', 'lock_m'), ('REFRESH MATERIALIZED VIEW CONCURRENTLY lock_m', 'lock_m'),
('CREATE POLICY p ON lock_t', 'lock_t'), ('CREATE RULE r AS ON INSERT TO lock_t DO ALSO NOTHING', 'lock_t'),
('CREATE TRIGGER g BEFORE UPDATE ON lock_t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()', 'lock_t'),
('LOCK TABLE lock_t IN SHARE MODE', 'lock_t'), ('UPDATE lock_t SET y = 1', 'lock_t'), ('DELETE FROM lock_t', 'lock_t'),
('INSERT INTO lock_t VALUES (1)', 'lock_t'), ('ALTER SEQUENCE lock_s RESTART', 'lock_s'),
('DROP TABLE lock_t', 'lock_t');
SELECT is(p.lock_mode, pg_temp.locks_of(s.statement, s.relation), s.statement)
FROM statements s, wishflags.migration_parse(s.statement) AS p;

SELECT * FROM finish();
ROLLBACK;
DROP TABLE lock_t;
DROP MATERIALIZED VIEW lock_m;
DROP SEQUENCE lock_s;
