-- Everything that makes up the extension, a line an aspect, in an order that
-- depends on names only: for every member object its definition, owner,
-- privileges and comment, then what pg_dump is told to take along.
-- Two databases with the same version of the extension give the same lines.
\set QUIET on
\pset tuples_only on
\pset format unaligned
\pset fieldsep ' | '
SET search_path = pg_catalog;
SET client_min_messages = warning;

CREATE FUNCTION pg_temp.acl(acl aclitem[]) RETURNS text LANGUAGE sql AS
$$SELECT coalesce(string_agg(a::text, ' ' ORDER BY a::text COLLATE "C"), 'none') FROM unnest(acl) a$$;

CREATE TEMP TABLE member AS
SELECT d.classid, d.objid, i.type || ' ' || i.identity AS object
FROM pg_depend d, pg_extension x, pg_identify_object(d.classid, d.objid, 0) i
WHERE x.extname = 'wishflags' AND d.refclassid = 'pg_extension'::regclass
  AND d.refobjid = x.oid AND d.deptype = 'e';

CREATE TEMP TABLE fact (object text, aspect text, value text);

-- Functions.
INSERT INTO fact
SELECT m.object, a.aspect, a.value
FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid,
LATERAL (VALUES
	('definition', CASE WHEN p.prokind = 'a' THEN
		(SELECT (to_jsonb(g) - 'aggfnoid')::text FROM pg_aggregate g WHERE g.aggfnoid = p.oid)
		|| format(' %s %s', p.proparallel, p.provolatile)
		ELSE pg_get_functiondef(p.oid) END),
	('owner', p.proowner::regrole::text),
	('privileges', pg_temp.acl(coalesce(p.proacl, acldefault('f', p.proowner))))
) a(aspect, value);

-- Relations, and the row types that stand alone.
CREATE TEMP TABLE relation AS
SELECT m.object, c.*, c.oid AS relid FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid
UNION ALL
SELECT m.object, c.*, c.oid FROM member m
JOIN pg_type t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid
JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c';

INSERT INTO fact
SELECT r.object, a.aspect, a.value
FROM relation r, LATERAL (VALUES
	('definition', concat_ws(' ', r.relkind::text, r.relpersistence, r.relreplident, r.relrowsecurity,
		r.relforcerowsecurity, r.reloptions::text, (SELECT amname FROM pg_am WHERE oid = r.relam))),
	('view', CASE WHEN r.relkind IN ('v', 'm') THEN pg_get_viewdef(r.relid) END),
	('sequence', CASE WHEN r.relkind = 'S' THEN
		(SELECT (to_jsonb(s) - 'seqrelid' - 'seqtypid')::text || s.seqtypid::regtype::text FROM pg_sequence s WHERE s.seqrelid = r.relid) END),
	('owner', r.relowner::regrole::text),
	('privileges', CASE WHEN r.relkind <> 'c' THEN
		pg_temp.acl(coalesce(r.relacl, acldefault(CASE r.relkind WHEN 'S' THEN 's'::"char" ELSE 'r' END, r.relowner))) END)
) a(aspect, value)
WHERE a.value IS NOT NULL;

INSERT INTO fact
SELECT r.object, format('column %s %s', row_number() OVER (PARTITION BY r.relid ORDER BY a.attnum), a.attname),
	concat_ws(' ', format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'NOT NULL' END,
		'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), 'identity ' || nullif(a.attidentity::text, ''),
		'generated ' || nullif(a.attgenerated::text, ''), 'collate ' || nullif(a.attcollation, 0)::regcollation::text,
		'storage ' || a.attstorage::text, 'compression ' || nullif(a.attcompression::text, ''),
		-- Some minor versions stamp a column's options with a number of their own.
		(SELECT string_agg(o, ',') FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg\_attver=%'),
		'privileges ' || pg_temp.acl(a.attacl), 'comment ' || col_description(r.relid, a.attnum))
FROM relation r JOIN pg_attribute a ON a.attrelid = r.relid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE r.relkind <> 'S';

INSERT INTO fact
SELECT r.object, s.aspect, s.value
FROM relation r, LATERAL (
	SELECT 'constraint ' || conname, concat_ws(' ', pg_get_constraintdef(oid), obj_description(oid, 'pg_constraint'))
	FROM pg_constraint WHERE conrelid = r.relid
	UNION ALL
	SELECT 'index ' || i.indexrelid::regclass::text,
		concat_ws(' ', pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisclustered, i.indisreplident, obj_description(i.indexrelid, 'pg_class'))
	FROM pg_index i WHERE i.indrelid = r.relid
	UNION ALL
	SELECT 'trigger ' || tgname, concat_ws(' ', pg_get_triggerdef(oid), tgenabled::text, obj_description(oid, 'pg_trigger'))
	FROM pg_trigger WHERE tgrelid = r.relid AND NOT tgisinternal
	UNION ALL
	SELECT 'rule ' || rulename, pg_get_ruledef(oid) || ev_enabled::text FROM pg_rewrite WHERE ev_class = r.relid AND rulename <> '_RETURN'
	UNION ALL
	SELECT 'policy ' || polname, concat_ws(' ', polcmd::text, polpermissive,
		(SELECT string_agg(CASE role WHEN 0 THEN 'public' ELSE role::regrole::text END, ',' ORDER BY role::regrole::text) FROM unnest(polroles) role),
		pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))
	FROM pg_policy WHERE polrelid = r.relid
	UNION ALL
	SELECT 'statistics ' || stxname, pg_get_statisticsobjdef(oid) FROM pg_statistic_ext WHERE stxrelid = r.relid
	UNION ALL
	SELECT 'owned by', d.refobjid::regclass::text || ' ' || d.refobjsubid || ' ' || d.deptype::text FROM pg_depend d
	WHERE r.relkind = 'S' AND d.classid = 'pg_class'::regclass AND d.objid = r.relid
	  AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
) s(aspect, value);

-- Types.
INSERT INTO fact
SELECT m.object, a.aspect, a.value
FROM member m JOIN pg_type t ON m.classid = 'pg_type'::regclass AND t.oid = m.objid,
LATERAL (VALUES
	('definition', concat_ws(' ', t.typtype::text, t.typlen, t.typbyval, t.typalign, t.typstorage, t.typcategory, t.typispreferred,
		t.typdelim, t.typinput::text, t.typoutput::text, format_type(nullif(t.typbasetype, 0), t.typtypmod),
		t.typnotnull, t.typdefault)),
	('labels', (SELECT string_agg(enumlabel, ', ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)),
	('constraints', (SELECT string_agg(conname || ' ' || pg_get_constraintdef(oid), ', ' ORDER BY conname) FROM pg_constraint WHERE contypid = t.oid)),
	('range', (SELECT format_type(rngsubtype, NULL) || rngsubdiff::text FROM pg_range WHERE rngtypid = t.oid)),
	('owner', t.typowner::regrole::text),
	('privileges', pg_temp.acl(coalesce(t.typacl, acldefault('T', t.typowner))))
) a(aspect, value)
WHERE a.value IS NOT NULL;

-- Event triggers.
INSERT INTO fact
SELECT m.object, 'definition', concat_ws(' ', e.evtevent, e.evtenabled::text, e.evttags::text, e.evtfoid::regprocedure, e.evtowner::regrole)
FROM member m JOIN pg_event_trigger e ON m.classid = 'pg_event_trigger'::regclass AND e.oid = m.objid;

-- What no member object shows.
INSERT INTO fact
SELECT m.object, 'comment', obj_description(m.objid, m.classid::regclass::name) FROM member m
UNION ALL
SELECT m.object, 'initial privileges ' || i.objsubid, pg_temp.acl(i.initprivs)
FROM member m JOIN pg_init_privs i ON i.classoid = m.classid AND i.objoid = m.objid
UNION ALL
SELECT 'schema ' || nspname, 'privileges', pg_temp.acl(coalesce(nspacl, acldefault('n', nspowner)))
FROM pg_namespace WHERE nspname = 'wishflags'
UNION ALL
SELECT 'schema ' || nspname, 'comment', obj_description(oid, 'pg_namespace')
FROM pg_namespace WHERE nspname = 'wishflags'
UNION ALL
SELECT 'extension', 'version', extversion FROM pg_extension WHERE extname = 'wishflags'
UNION ALL
SELECT 'extension', 'comment', obj_description(oid, 'pg_extension') FROM pg_extension WHERE extname = 'wishflags'
UNION ALL
SELECT 'extension', 'dumps ' || c.relation::regclass::text, c.condition
FROM pg_extension x, unnest(x.extconfig, x.extcondition) c(relation, condition) WHERE x.extname = 'wishflags';

-- A kind of object that nothing above describes must not pass unseen.
INSERT INTO fact
SELECT m.object, 'definition', 'not described by members.sql'
FROM member m WHERE NOT EXISTS (SELECT FROM fact f WHERE f.object = m.object AND f.aspect = 'definition');

SELECT object, aspect, value FROM fact ORDER BY object COLLATE "C", aspect COLLATE "C", value COLLATE "C";
