-- Rules about constraints, and their safe ways.
CREATE TABLE con_p (id int PRIMARY KEY);
INSERT INTO con_p SELECT generate_series(1, 2000);
CREATE TABLE con_t (id int NOT NULL, a int, b int, c int CONSTRAINT con_c CHECK (c IS NOT NULL));
INSERT INTO con_t SELECT g, g, g, g FROM generate_series(1, 2000) g;
ANALYZE con_p, con_t;

CREATE FUNCTION con_check(sql text, options jsonb DEFAULT '{}')
RETURNS TABLE (st int, line int, col int, rule text, severity text, lock_mode text, rewrites boolean, scans boolean)
BEGIN ATOMIC
	SELECT statement, line, col, rule, severity, lock_mode, rewrites, scans
	FROM wishflags.migration_breaking_check(sql, '{"severity": "low", "ignore": ["lock-timeout-missing"]}'::jsonb || options)
	ORDER BY statement, rule;
END;

SELECT * FROM con_check('ALTER TABLE con_t
	ADD CONSTRAINT u UNIQUE (a),
	ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES con_p,
	ADD CONSTRAINT k CHECK (a > 0),
	ALTER b SET NOT NULL');
SELECT line, col, rule FROM con_check('ALTER TABLE IF EXISTS public . "con_t" * /* , */ ADD x int DEFAULT (1),
	ALTER a SET NOT NULL, -- the next, too
	DROP CONSTRAINT con_c; ALTER TABLE con_t
	DROP b', '{"only": ["drop-column", "drop-constraint", "set-not-null-scans"]}');
SELECT * FROM con_check('ALTER TABLE con_t ADD CONSTRAINT f FOREIGN KEY (id) REFERENCES con_p NOT VALID');

-- A valid CHECK proves it; one that is not validated, or weaker, does not.
SELECT rule, severity, scans, evidence->>'proof' AS proof
FROM wishflags.migration_breaking_check('ALTER TABLE con_t ALTER c SET NOT NULL', '{"only": "set-not-null-scans"}');
SELECT rule, severity FROM con_check('
	ALTER TABLE con_t ADD CONSTRAINT n CHECK (a IS NOT NULL) NOT VALID;
	ALTER TABLE con_t ALTER a SET NOT NULL', '{"only": "set-not-null-scans"}');
SELECT rule, severity FROM con_check('
	ALTER TABLE con_t ADD CONSTRAINT n CHECK (a IS NOT NULL AND a > 0) NOT VALID;
	ALTER TABLE con_t VALIDATE CONSTRAINT n;
	ALTER TABLE con_t ALTER a SET NOT NULL', '{"only": "set-not-null-scans"}');
SELECT rule, severity FROM con_check('ALTER TABLE con_t ALTER c SET NOT NULL', '{"only": "set-not-null-scans", "target_version": 11}');

-- Primary keys.
SELECT rule, severity FROM con_check('ALTER TABLE con_t ADD CONSTRAINT con_pk PRIMARY KEY (a)');
CREATE UNIQUE INDEX CONCURRENTLY con_a ON con_t (a);
CREATE UNIQUE INDEX CONCURRENTLY con_id ON con_t (id);
SELECT rule, severity FROM con_check('ALTER TABLE con_t ADD CONSTRAINT con_pk PRIMARY KEY USING INDEX con_a');
SELECT rule, severity FROM con_check('ALTER TABLE con_t ADD CONSTRAINT con_pk PRIMARY KEY USING INDEX con_id');

-- Transactions.
SELECT st, rule, lock_mode FROM con_check('BEGIN;
	ALTER TABLE con_t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES con_p NOT VALID;
	ALTER TABLE con_t VALIDATE CONSTRAINT f;
	COMMIT;', '{"only": "validate-in-same-transaction"}');

-- Dropping.
SELECT rule, severity FROM con_check('ALTER TABLE con_p DROP CONSTRAINT con_p_pkey; ALTER TABLE con_t DROP CONSTRAINT con_c');

-- safe_sql is complete: each is run as it is, and the constraint is there and valid.
SELECT safe_sql FROM wishflags.migration_breaking_check(
	'ALTER TABLE con_t ADD FOREIGN KEY (a) REFERENCES con_p (id) ON DELETE CASCADE DEFERRABLE', '{"only": "add-foreign-key-validates"}');
SELECT s FROM wishflags.migration_breaking_check(
	'ALTER TABLE con_t ADD FOREIGN KEY (a) REFERENCES con_p (id) ON DELETE CASCADE DEFERRABLE, ADD CONSTRAINT "K 1" CHECK (a > 0 AND (b)::text <> '');'')'),
	regexp_split_to_table(safe_sql, E';\n') AS s
WHERE rule = 'add-check-validates' \gexec
SELECT s FROM wishflags.migration_breaking_check('ALTER TABLE con_t ALTER b SET NOT NULL'),
	regexp_split_to_table(safe_sql, E';\n') AS s
WHERE rule = 'set-not-null-scans' \gexec
SELECT s FROM wishflags.migration_breaking_check('ALTER TABLE con_t ADD UNIQUE (b, a)'),
	regexp_split_to_table(safe_sql, E';\n') AS s
WHERE rule = 'add-unique-builds-index' \gexec
SELECT conname, contype, convalidated, pg_get_constraintdef(oid) FROM pg_constraint
WHERE conrelid = 'con_t'::regclass AND contype <> 'n' ORDER BY conname COLLATE "C";
SELECT attname, attnotnull FROM pg_attribute WHERE attrelid = 'con_t'::regclass AND attnum > 0 ORDER BY attnum;

-- Foreign keys want an index, and columns that may be null.
SELECT st, rule, severity FROM con_check('
	CREATE TABLE n (a int NOT NULL REFERENCES con_p ON DELETE SET NULL, b int REFERENCES con_p, c bigint PRIMARY KEY);
	CREATE INDEX ON n (b, c)');

-- Domains.
CREATE DOMAIN con_d AS int;
SELECT rule FROM con_check('ALTER DOMAIN con_d ADD CHECK (VALUE > 0)');
CREATE TABLE con_u (d con_d);
SELECT rule, severity, lock_mode FROM con_check('ALTER DOMAIN con_d ADD CHECK (VALUE > 0)');
SELECT s FROM wishflags.migration_breaking_check('ALTER DOMAIN con_d ADD CHECK (VALUE > 0)', '{"only": "domain-constraint-validates"}'),
	regexp_split_to_table(safe_sql, E';\n') AS s \gexec
SELECT conname, convalidated FROM pg_constraint WHERE contypid = 'con_d'::regtype;

DROP FUNCTION con_check;
DROP TABLE con_t, con_p, con_u;
DROP DOMAIN con_d;
