-- The extension is there, in its own schema, and the library fits it.
SELECT extname, extnamespace::regnamespace AS schema, extrelocatable FROM pg_extension WHERE extname = 'wishflags';
SELECT v.library = v.installed AS same, v.installed = x.default_version AS is_default
FROM wishflags.version() v, pg_available_extensions x WHERE x.name = 'wishflags';

-- An ordinary role may ask for the version, and create nothing here.
CREATE ROLE wf_nobody;
GRANT USAGE ON SCHEMA wishflags TO wf_nobody;
SET ROLE wf_nobody;
SELECT library IS NOT NULL AS has_version FROM wishflags.version();
CREATE TABLE wishflags.intruder (i int);
RESET ROLE;
REVOKE USAGE ON SCHEMA wishflags FROM wf_nobody;
DROP ROLE wf_nobody;

-- pg_restore with several jobs fills all tables at once: none that is dumped refers to another.
SELECT c.conname FROM pg_extension x JOIN pg_constraint c ON c.conrelid = ANY (x.extconfig) AND c.contype = 'f'
WHERE x.extname = 'wishflags';
