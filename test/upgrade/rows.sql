-- Every row that pg_dump would take along, a line a row, sorted; without the OIDs
-- that are found anew where a row arrives.
\set QUIET on
\pset tuples_only on
\pset format unaligned
\pset fieldsep ' | '
SET search_path = pg_catalog;
SELECT format('SELECT %L, (to_jsonb(t) - ''log_cnt'' - ''objid'')::text COLLATE "C" AS r FROM (SELECT * FROM %s %s) t ORDER BY r',
	c.relation::regclass, c.relation::regclass, c.condition)
FROM pg_extension x, unnest(x.extconfig, x.extcondition) c(relation, condition)
WHERE x.extname = 'wishflags'
ORDER BY c.relation::regclass::text COLLATE "C"
\gexec
