-- Rules about transactions, locks and settings.
CREATE TABLE tx_a (id int);
CREATE TABLE tx_b (id int);
INSERT INTO tx_a SELECT generate_series(1, 2000);
INSERT INTO tx_b SELECT generate_series(1, 2000);
ANALYZE tx_a, tx_b;

CREATE FUNCTION tx_check(sql text, options jsonb DEFAULT '{}')
RETURNS TABLE (st int, rule text, severity text, object text, lock_mode text, message text)
BEGIN ATOMIC
	SELECT statement, rule, severity, object, lock_mode, message
	FROM wishflags.migration_breaking_check(sql, options)
	WHERE rule ~ 'transaction|lock|timeout|combined|tables' ORDER BY statement, rule;
END;

SELECT * FROM tx_check('BEGIN; ALTER TABLE tx_a ADD x int; ALTER TABLE tx_b ADD x int; UPDATE tx_b SET x = 1; COMMIT', '{"severity": "low"}');
SELECT * FROM tx_check('ALTER TABLE tx_a ADD x int; ALTER TABLE tx_a ADD CHECK (id > 0); ALTER TABLE tx_a ALTER id SET NOT NULL', '{"only": "alter-table-not-combined"}');
SELECT st, rule FROM tx_check('ALTER TABLE tx_a ADD x int; SELECT 1', '{"in_transaction": true, "only": "exclusive-lock-held"}');
SELECT st, rule FROM tx_check('CREATE TABLE n (a int); ALTER TABLE n ADD x int; INSERT INTO n VALUES (1); ALTER TABLE tx_a ADD x int', '{"in_transaction": true, "only": ["exclusive-lock-held", "many-tables-locked"]}');
SELECT st, rule, message FROM tx_check('BEGIN; BEGIN; COMMIT; COMMIT; BEGIN', '{"only": ["nested-transaction", "unfinished-transaction"]}');
SELECT st, rule, message FROM tx_check('BEGIN; COMMIT; SELECT 1', '{"only": "nested-transaction", "in_transaction": true}');

-- What is in force: SET, SET LOCAL until the end, RESET, and the session.
SELECT st, rule, lock_mode FROM tx_check('ALTER TABLE tx_a ADD x int; ALTER TABLE tx_b ADD x int', '{"only": "lock-timeout-missing"}');
SELECT st, rule FROM tx_check('SET lock_timeout = ''2s''; ALTER TABLE tx_a ADD x int; RESET lock_timeout; ALTER TABLE tx_b ADD x int', '{"only": "lock-timeout-missing"}');
SELECT st, rule FROM tx_check('BEGIN; SET LOCAL lock_timeout = ''2s''; ALTER TABLE tx_a ADD x int; COMMIT; ALTER TABLE tx_b ADD x int', '{"only": "lock-timeout-missing"}');
SELECT st, rule FROM tx_check('SET lock_timeout = 0; ALTER TABLE tx_a ADD x int', '{"only": ["lock-timeout-missing", "lock-timeout-unsafe-value"]}');
SELECT st, rule FROM tx_check('CREATE INDEX CONCURRENTLY ON tx_a (id); CREATE TABLE n (a int); ALTER TABLE n ADD b int', '{"only": "lock-timeout-missing"}');
SET lock_timeout = '1s';
SELECT st, rule FROM tx_check('ALTER TABLE tx_a ADD x int', '{"only": "lock-timeout-missing"}');
RESET lock_timeout;

SELECT st, rule, object, lock_mode FROM tx_check('LOCK TABLE tx_a, tx_b IN SHARE MODE; LOCK TABLE tx_a IN ROW EXCLUSIVE MODE', '{"only": "lock-table-explicit"}');

DROP FUNCTION tx_check;
DROP TABLE tx_a, tx_b;
