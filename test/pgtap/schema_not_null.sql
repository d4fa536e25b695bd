-- From PostgreSQL 18 on an inherited NOT NULL may be the child's own as well.
BEGIN;
SET LOCAL client_min_messages = warning;
SET LOCAL wishflags.guard = off;
SELECT plan(5);

CREATE SCHEMA shop;
CREATE TABLE shop.parent (a int NOT NULL, b int NOT NULL, c int);
CREATE TABLE shop.child (b int NOT NULL) INHERITS (shop.parent);
CREATE TABLE shop.grandchild () INHERITS (shop.child);
ALTER TABLE shop.grandchild ALTER a SET NOT NULL;

-- What shop has, as "table.column" of those that are a child's own.
CREATE FUNCTION pg_temp.own() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	IF current_setting('server_version_num')::int < 180000 THEN
		RETURN 'child.b grandchild.a';
	END IF;
	RETURN (SELECT string_agg(relname || '.' || attname, ' ' ORDER BY relname, attname)
		FROM pg_constraint o JOIN pg_class c ON c.oid = conrelid JOIN pg_attribute a ON attrelid = c.oid AND attnum = conkey[1]
		WHERE contype = 'n' AND relnamespace = 'shop'::regnamespace AND conislocal AND coninhcount > 0);
END $$;

-- Without the BEGIN and COMMIT, for this transaction goes on.
CREATE FUNCTION pg_temp.run(target jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE regexp_replace(wishflags.schema_diff_sql(wishflags.schema_snapshot('{shop}'), target,
		'{"online": false, "allow_data_loss": true}'), '^(BEGIN|COMMIT);$', '', 'gn');
	EXECUTE 'RESET search_path';
END $$;

CREATE TEMP TABLE kept AS SELECT wishflags.schema_snapshot('{shop}') AS snapshot;
SELECT is(pg_temp.own(), 'child.b grandchild.a', 'as it was made');
DROP SCHEMA shop CASCADE;
CREATE SCHEMA shop;
SELECT pg_temp.run(snapshot) FROM kept;
SELECT is(pg_temp.own(), 'child.b grandchild.a', 'made again by a script');
SELECT is_empty('SELECT * FROM kept, wishflags.schema_diff(wishflags.schema_snapshot(''{shop}''), snapshot)', 'no difference');

-- A parent's goes with the children's, parents first.
ALTER TABLE shop.parent ALTER c SET NOT NULL;
SELECT pg_temp.run(snapshot) FROM kept;
SELECT is_empty('SELECT * FROM kept, wishflags.schema_diff(wishflags.schema_snapshot(''{shop}''), snapshot)', 'one that came later goes again');
SELECT is(pg_temp.own(), 'child.b grandchild.a', 'which leaves the others');
SELECT * FROM finish();
ROLLBACK;
