-- What fails on managed servers.
CREATE FUNCTION pf_check(sql text, options jsonb DEFAULT '{}')
RETURNS TABLE (st int, rule text, severity text, kind text, message text, hint text)
BEGIN ATOMIC
	SELECT statement, rule, severity, kind, message, hint FROM wishflags.migration_breaking_check(sql, options)
	WHERE evidence ? 'platform';
END;

\set all 'ALTER SYSTEM SET work_mem = 1; COPY t FROM PROGRAM ''x''; COPY t TO ''/tmp/x''; COPY t FROM STDIN; CREATE ROLE r SUPERUSER; CREATE ROLE r NOSUPERUSER; ALTER ROLE r SUPERUSER; ALTER ROLE r LOGIN; CREATE FUNCTION f() RETURNS int LANGUAGE c AS ''x'', ''y''; CREATE FUNCTION f() RETURNS int LANGUAGE plpython3u AS ''x''; CREATE FUNCTION f() RETURNS int LANGUAGE sql AS ''SELECT 1''; CREATE EXTENSION plpython3u; CREATE EXTENSION wishflags; CREATE EXTENSION pg_trgm; CREATE TABLESPACE x LOCATION ''/x''; CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f(); ALTER EXTENSION pg_trgm SET SCHEMA x; CREATE UNLOGGED TABLE u (a int); ALTER TABLE t SET UNLOGGED; CREATE INDEX ON t (a); CREATE TABLE ok (a int); CREATE TRIGGER tr BEFORE INSERT ON t EXECUTE FUNCTION f(); ALTER FUNCTION f() SET SCHEMA x; ALTER TABLE t SET LOGGED'
SELECT p.name, c.st, c.rule, c.severity, c.kind, c.message
FROM unnest('{postgresql,aurora,rds,cloudsql,azure,supabase}'::text[]) WITH ORDINALITY p(name, n),
	pf_check(:'all', jsonb_build_object('platform', p.name)) c
ORDER BY p.n, c.st;
SELECT DISTINCT ON (p.n) p.name, c.hint
FROM unnest('{aurora,rds,cloudsql,azure,supabase}'::text[]) WITH ORDINALITY p(name, n),
	pf_check('ALTER SYSTEM SET work_mem = 1', jsonb_build_object('platform', p.name)) c
ORDER BY p.n;

-- The schemas of Supabase; triggers, policies and references are granted.
SELECT st, message FROM pf_check('
	CREATE TABLE auth.mine (a int); ALTER TABLE storage.objects ADD a int; CREATE INDEX ON realtime.messages (a);
	CREATE VIEW auth.v AS SELECT 1; CREATE FUNCTION auth.f() RETURNS int LANGUAGE sql AS ''SELECT 1''; DROP TABLE public.x, auth.users;
	ALTER TABLE auth.users RENAME TO people; DROP FUNCTION auth.f(); CREATE TABLE mine (a int REFERENCES auth.users);
	CREATE TRIGGER t AFTER INSERT ON auth.users EXECUTE FUNCTION f(); CREATE POLICY p ON storage.objects; DROP POLICY p ON storage.objects',
	'{"platform": "supabase"}');

-- As the stats say, where nothing else is said.
SELECT st FROM pf_check('ALTER SYSTEM SET work_mem = 1', '{"stats": {"format": "wishflags-stats", "version": 1, "taken_at": "now", "platform": "rds", "tables": {}}}');
SELECT st FROM pf_check('ALTER SYSTEM SET work_mem = 1', '{"platform": "postgresql", "stats": {"format": "wishflags-stats", "version": 1, "taken_at": "now", "platform": "rds", "tables": {}}}');
-- Rules are chosen as always.
SELECT st FROM pf_check('ALTER SYSTEM SET work_mem = 1', '{"platform": "rds", "ignore": "object-missing"}');
SELECT st FROM pf_check('ALTER SYSTEM SET work_mem = 1; SELECT', '{"platform": "rds", "only": "object-missing"}');
SELECT st FROM pf_check('SELECT 1', '{"platform": "oracle"}');
SELECT st FROM pf_check('SELECT 1', '{"platform": 1}');

DROP FUNCTION pf_check;
