-- Wrong use of migration_impact() and its samples.
SET wishflags.guard = off;
SET client_min_messages = warning;
SELECT * FROM wishflags.migration_impact('no_such_table');
SELECT * FROM wishflags.migration_impact('a.b.c.d.e');
SELECT * FROM wishflags.migration_impact('type no_such_type');
SELECT * FROM wishflags.migration_impact('pg_class.no_such_column');
SELECT * FROM wishflags.migration_impact('');
SELECT * FROM wishflags.migration_impact('-- nothing');
SELECT * FROM wishflags.migration_impact('ALTER TABLE x ADD; SELECT 1');
SELECT * FROM wishflags.migration_impact('"unclosed');
SELECT * FROM wishflags.migration_impact('pg_class', '{"change": "vanish"}');
SELECT * FROM wishflags.migration_impact('pg_class', '{"severity": "bad"}');
SELECT * FROM wishflags.migration_impact('pg_class', '{"depth": 1}');
SELECT * FROM wishflags.migration_impact(NULL);
-- A word that is both: there is no such table.
SELECT count(*) FROM wishflags.migration_impact('COMMIT');
SELECT count(*) FROM wishflags.migration_impact('DROP TABLE IF EXISTS no_such_table');
SELECT count(*) FROM wishflags.migration_impact(repeat('SELECT 1;', 1000));

-- Without preloading nothing samples.
SELECT * FROM wishflags.impact_samples();
SELECT wishflags.impact_samples_reset();
SELECT loaded, rate, entries FROM wishflags.impact_samples_status();
SHOW wishflags.impact_sample_rate;
SET wishflags.impact_sample_rate = 2;
BEGIN READ ONLY;
SELECT wishflags.impact_sample();
ROLLBACK;
BEGIN READ ONLY;
SELECT count(*) FROM wishflags.migration_impact('DROP TABLE IF EXISTS no_such_table');
ROLLBACK;

-- Nobody may but who is told so; then with rights of his own.
CREATE ROLE regress_impact;
SET ROLE regress_impact;
SELECT * FROM wishflags.migration_impact('pg_class');
RESET ROLE;
CREATE SCHEMA imw;
CREATE TABLE imw.item (price int);
CREATE VIEW imw.cheap AS SELECT price FROM imw.item;
INSERT INTO wishflags.services (name, owner, objects) VALUES ('shop', 'team-shop', '{imw.item}');
INSERT INTO wishflags.impact_activity VALUES
	('imw.item', 'regress_impact', 'own', '', '{price}', '{}', 1, now(), now()),
	('imw.item', 'postgres', 'other', '', '{price}', '{}', 1, now(), now());
GRANT USAGE ON SCHEMA wishflags TO regress_impact;
GRANT EXECUTE ON FUNCTION wishflags.migration_impact TO regress_impact;
SET ROLE regress_impact;
SELECT kind, identity, how, columns, calls, roles, application_name, service, owner FROM wishflags.migration_impact('imw.item.price');
SELECT * FROM wishflags.services;
RESET ROLE;
GRANT pg_read_all_stats TO regress_impact;
SET ROLE regress_impact;
SELECT kind, identity, roles, application_name FROM wishflags.migration_impact('imw.item.price') WHERE kind = 'sampled session';
RESET ROLE;
DROP OWNED BY regress_impact;
DROP ROLE regress_impact;
DELETE FROM wishflags.services;
DELETE FROM wishflags.impact_activity;
DROP SCHEMA imw CASCADE;
