-- Objects that are to go, and when they may.

CREATE TABLE wishflags.releases (
	name text COLLATE "C" PRIMARY KEY CHECK (name <> ''),
	released_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	released_by text NOT NULL
) USING heap;
COMMENT ON TABLE wishflags.releases IS 'releases of the application, which deprecations count';

CREATE TABLE wishflags.deprecated_objects (
	id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	object text NOT NULL,
	object_type text NOT NULL,
	object_names text[] NOT NULL,
	object_args text[] NOT NULL,
	replacement text CHECK (replacement <> ''),
	reason text NOT NULL CHECK (pg_catalog.btrim(reason) <> ''),
	until date,
	releases integer CHECK (releases > 0),
	deprecated_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
	deprecated_by text NOT NULL,
	withdrawn_at timestamptz,
	withdrawn_by text,
	withdrawn_reason text,
	classid oid,
	objid oid,
	objsubid integer,
	CONSTRAINT deprecated_objects_end CHECK (until IS NOT NULL OR releases IS NOT NULL)
) USING heap;
CREATE UNIQUE INDEX deprecated_objects_object_idx ON wishflags.deprecated_objects (classid, objid, objsubid)
WHERE withdrawn_at IS NULL;
COMMENT ON TABLE wishflags.deprecated_objects IS
'objects that are to go, a row a deprecation; see the view deprecations';
COMMENT ON COLUMN wishflags.deprecated_objects.object IS 'qualified, as it was called then';
COMMENT ON COLUMN wishflags.deprecated_objects.object_names IS 'as pg_identify_object_as_address() gives it, with object_type and object_args';
COMMENT ON COLUMN wishflags.deprecated_objects.until IS 'it may go from this day on';
COMMENT ON COLUMN wishflags.deprecated_objects.releases IS 'or it may go after so many releases; with both, after both';
COMMENT ON COLUMN wishflags.deprecated_objects.objid IS 'found by the name when the row arrives, also from a dump; NULL: there is no such object';

SELECT pg_catalog.pg_extension_config_dump('wishflags.releases', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.deprecated_objects', '');

-- OIDs are good in one database only, names in each.
CREATE FUNCTION wishflags.deprecated_objects_resolve()
RETURNS trigger
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	SELECT a.classid, a.objid, a.objsubid INTO NEW.classid, NEW.objid, NEW.objsubid
	FROM pg_catalog.pg_get_object_address(NEW.object_type, NEW.object_names, NEW.object_args) a;
	RETURN NEW;
EXCEPTION
	WHEN undefined_object OR undefined_table OR undefined_column OR undefined_function OR invalid_schema_name THEN
		RAISE WARNING 'deprecated object "%" does not exist here', NEW.object
			USING ERRCODE = SQLSTATE;
		NEW.classid := NULL;
		NEW.objid := NULL;
		NEW.objsubid := NULL;
		RETURN NEW;
END $$;
COMMENT ON FUNCTION wishflags.deprecated_objects_resolve() IS
'trigger of deprecated_objects: finds the object by its name';
CREATE TRIGGER deprecated_objects_resolve BEFORE INSERT ON wishflags.deprecated_objects
FOR EACH ROW EXECUTE FUNCTION wishflags.deprecated_objects_resolve();
-- Rows that replication brings hold the OIDs of another database, by which the
-- guard would refuse to drop something else here.  So this trigger fires there as
-- well, though it is none that invalidates a cache; it changes nothing but the row
-- that arrives.
ALTER TABLE wishflags.deprecated_objects ENABLE ALWAYS TRIGGER deprecated_objects_resolve;

-- Where they are now: pg_upgrade keeps the OIDs of relations and types, not those
-- of routines.
CREATE VIEW wishflags.deprecated_addresses AS
SELECT d.id, d.withdrawn_at, d.classid,
	COALESCE(CASE WHEN d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass THEN
		(SELECT p.oid FROM pg_catalog.pg_proc p
		 WHERE p.proname = d.object_names[2]
		   AND (pg_catalog.pg_identify_object('pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, 0)).identity = d.object) END,
		d.objid) AS objid,
	d.objsubid
FROM wishflags.deprecated_objects d;
COMMENT ON VIEW wishflags.deprecated_addresses IS
'where the objects of deprecated_objects are now, a row a deprecation';

CREATE FUNCTION wishflags.deprecate(object text, replacement text DEFAULT NULL, until date DEFAULT NULL,
	releases integer DEFAULT NULL, reason text DEFAULT NULL)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_deprecate';
COMMENT ON FUNCTION wishflags.deprecate(text, text, date, integer, text) IS
'says that a table, column (table.column), view, type or function (name(types)) of the caller''s is to go, from a day on or after so many releases; until then the guard refuses to drop or rename it; returns its full name';

CREATE FUNCTION wishflags.deprecation_withdraw(object text, reason text)
RETURNS text
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_deprecation_withdraw';
COMMENT ON FUNCTION wishflags.deprecation_withdraw(text, text) IS
'takes a deprecation back, for a reason; returns the full name of the object';

CREATE FUNCTION wishflags.release(name text)
RETURNS bigint
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_release';
COMMENT ON FUNCTION wishflags.release(text) IS
'notes a release of the application; how many deprecated objects may go from now on';

CREATE VIEW wishflags.deprecations AS
SELECT COALESCE(i.identity, d.object) AS object, d.object_type,
	CASE WHEN d.withdrawn_at IS NOT NULL THEN 'withdrawn'
		WHEN i.identity IS NULL THEN 'gone'
		WHEN pg_catalog.now() >= COALESCE(d.until, '-infinity') AND r.passed >= COALESCE(d.releases, 0) THEN 'may go'
		ELSE 'deprecated' END AS state,
	d.deprecated_at, d.until, CASE WHEN d.releases > 0 THEN GREATEST(d.releases - r.passed, 0) END AS releases_left,
	d.replacement, d.reason, d.deprecated_by,
	u.readers, s.last_seen, d.withdrawn_at, d.withdrawn_by, d.withdrawn_reason
FROM wishflags.deprecated_objects d
JOIN wishflags.deprecated_addresses n USING (id)
LEFT JOIN LATERAL pg_catalog.pg_identify_object(n.classid, n.objid, n.objsubid) i ON n.objid IS NOT NULL
	AND NOT EXISTS (
		SELECT FROM pg_catalog.pg_attribute a
		WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND a.attrelid = d.objid AND a.attnum = d.objsubid AND a.attisdropped)
LEFT JOIN LATERAL (
	SELECT pg_catalog.count(*)::integer AS passed FROM wishflags.releases x WHERE x.released_at >= d.deprecated_at
) r ON true
LEFT JOIN LATERAL (
	SELECT pg_catalog.array_agg(m.kind || ' ' || m.identity ORDER BY m.kind, m.identity) AS readers
	FROM wishflags.migration_impact(i.identity) m
) u ON d.withdrawn_at IS NULL
LEFT JOIN LATERAL (
	SELECT o.identity AS relation,
		(SELECT a.attname::text FROM pg_catalog.pg_attribute a WHERE a.attrelid = d.objid AND a.attnum = d.objsubid) AS col
	FROM pg_catalog.pg_identify_object(d.classid, d.objid, 0) o
	WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
) o ON true
LEFT JOIN LATERAL (
	SELECT GREATEST(
		(SELECT pg_catalog.max(k.last_seen) FROM wishflags.impact_activity k
		 WHERE k.relation = o.relation AND (d.objsubid = 0 OR o.col = ANY (k.reads || k.writes))),
		-- Without shared memory there are no samples to ask for.
		CASE WHEN (SELECT t.loaded FROM wishflags.impact_samples_status() t) THEN
			(SELECT pg_catalog.max(k.last_seen) FROM wishflags.impact_samples() k
			 WHERE k.relation = o.relation AND (d.objsubid = 0 OR o.col = ANY (k.reads || k.writes))) END) AS last_seen
) s ON true
ORDER BY d.withdrawn_at IS NOT NULL, d.until, d.deprecated_at;
COMMENT ON VIEW wishflags.deprecations IS
'objects that are to go: since when, from when on they may, what they give way to, what still uses them by migration_impact(), and when samples last saw that';
