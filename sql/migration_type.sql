-- ALTER COLUMN TYPE: what is said of the rewrite is what the server does.
SET wishflags.guard = off;
SET client_min_messages = warning;
CREATE SCHEMA typed;
SET search_path = typed, public;
CREATE DOMAIN short AS varchar(5);
CREATE DOMAIN longer AS varchar(50);
CREATE DOMAIN number AS int;
CREATE TABLE t (id int PRIMARY KEY, x text, v varchar(10), va varchar(10)[], i int, b bool, u uuid, ds short, dn number, ta text[]);
INSERT INTO t (id) SELECT generate_series(1, 2000);
ANALYZE t;
-- The change is undone.
CREATE FUNCTION rewrites(type_change text) RETURNS boolean LANGUAGE plpgsql SET search_path = typed, pg_catalog, pg_temp AS $$
DECLARE
	node oid := pg_relation_filenode('t');
	rewritten boolean;
BEGIN
	BEGIN
		EXECUTE 'ALTER TABLE t ALTER ' || type_change;
		rewritten := pg_relation_filenode('t') <> node;
		RAISE EXCEPTION USING ERRCODE = 'XX999';
	EXCEPTION WHEN SQLSTATE 'XX999' THEN
		RETURN rewritten;
	END;
END $$;
SELECT change, coalesce(bool_or(f.rewrites), false) AS said, rewrites(change) AS done, bool_or(f.rule = 'type-change-narrows') AS narrows
FROM unnest(ARRAY['x TYPE short', 'v TYPE longer', 'v TYPE short', 'ds TYPE varchar(9)', 'ds TYPE varchar(3)', 'ds TYPE text', 'ds TYPE longer',
	'dn TYPE int', 'i TYPE number', 'dn TYPE bigint', 'va TYPE varchar(20)[]', 'va TYPE varchar(5)[]', 'va TYPE text[]', 'ta TYPE varchar[]',
	'i TYPE varchar(11)', 'i TYPE varchar(5)', 'u TYPE char(36)', 'u TYPE varchar(30)', 'b TYPE varchar(5)', 'i TYPE text']) WITH ORDINALITY c(change, n)
LEFT JOIN LATERAL wishflags.migration_breaking_check('ALTER TABLE t ALTER ' || change, '{"only": ["type-change-rewrites", "type-change-narrows"]}') f ON true
GROUP BY n, change ORDER BY n;
DROP SCHEMA typed CASCADE;
