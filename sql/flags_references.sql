-- Where flags are named: by what depends on a function of flags, in bodies, and in code that was uploaded.
SELECT wishflags.flag_create('gallery', enabled => true), wishflags.flag_create('on', enabled => true), wishflags.flag_create('it''s', enabled => true) \g /dev/null
CREATE SCHEMA ref;
CREATE VIEW public.ref_view AS SELECT wishflags.flag_eval('gallery', 'x');
CREATE FUNCTION public.ref_function() RETURNS bool LANGUAGE sql AS $$ SELECT wishflags.flag_eval('gallery') $$;
SET search_path = ref, public;
CREATE TABLE t (id int, u text DEFAULT CASE WHEN wishflags.flag_eval('gallery') THEN 'a' END, CHECK (wishflags.flag_eval('gallery', u)));
CREATE VIEW v AS SELECT * FROM t WHERE wishflags.flag_eval('gallery', u) OR id IN (SELECT 1 WHERE wishflags.flag_variant(key => 'x', flag => 'on') = 'a');
CREATE MATERIALIZED VIEW mv AS SELECT wishflags.flag_value('gallery'::varchar, id::bigint, '1') FROM t;
CREATE POLICY p ON t USING (wishflags.flag_eval('gallery', u)) WITH CHECK (wishflags.flag_eval('on', u));
CREATE RULE r AS ON DELETE TO t WHERE wishflags.flag_eval('gallery', old.u) DO INSTEAD SELECT wishflags.flag_eval('on', old.u);
CREATE FUNCTION f_atomic(k text DEFAULT wishflags.flag_variant('gallery','d')) RETURNS bool BEGIN ATOMIC SELECT 1; SELECT wishflags.flag_eval('gallery', k); END;
CREATE FUNCTION f_return(k text) RETURNS bool RETURN wishflags.flag_eval('on', k);
CREATE FUNCTION f_sql(k text) RETURNS bool LANGUAGE sql AS $$ -- flag_eval('gallery')
 SELECT wishflags.flag_eval( /* c */ 'gallery', k) $$;
CREATE FUNCTION f_pl(k text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE x text := 'gallery';
BEGIN
  IF wishflags.flag_eval(x, k) THEN
    EXECUTE 'SELECT wishflags.flag_eval(''on'', $1)' USING k;
    PERFORM "flag_eval"(flag := E'it\'s', key => k);
    PERFORM flag_value('nowhere', 'x', 'null');
  END IF; RETURN true;
END $$;
CREATE FUNCTION f_wrapper() RETURNS bool LANGUAGE sql AS $$ SELECT current_user = 'gallery' $$ ;
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW WHEN (wishflags.flag_eval('gallery', new.u)) EXECUTE FUNCTION tf();
CREATE DOMAIN d AS text DEFAULT wishflags.flag_variant('gallery','d') CHECK (wishflags.flag_eval('gallery', value));
ALTER FUNCTION wishflags.flag_eval(text,text) IMMUTABLE;
CREATE INDEX i ON t ((wishflags.flag_eval('gallery', u))) WHERE wishflags.flag_eval('on', u);
ALTER TABLE t ADD g bool GENERATED ALWAYS AS (wishflags.flag_eval('gallery', 'x')) STORED;
ALTER FUNCTION wishflags.flag_eval(text,text) STABLE;

SELECT flag, object_type, identity, part, line, confidence FROM wishflags.flag_references();
SELECT object_type, identity, part, line, excerpt FROM wishflags.flag_references('on');
SELECT identity, line, confidence FROM wishflags.flag_references('nowhere');
SELECT * FROM wishflags.flag_references('unknown');

-- Bodies that are texts: what is an argument, and what only looks like one.
CREATE FUNCTION ref.try(body text, OUT line int, OUT confidence text) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL check_function_bodies = off;
	EXECUTE format('CREATE OR REPLACE FUNCTION ref.body() RETURNS int LANGUAGE plpgsql AS %L', body);
	RETURN QUERY SELECT r.line, r.confidence FROM wishflags.flag_references() r WHERE flag LIKE 'gall%' AND identity = 'ref.body()';
END $$;
SELECT b AS body, r.line, r.confidence FROM unnest(ARRAY[
	E'flag_eval(\'gallery\')', E'WISHFLAGS . Flag_Eval\n(\n/* a /* b */ \' */ \'gallery\'::text, 1)', E'"flag_eval"(flag => \'gallery\')',
	E'flag_eval(key := \'gallery\')', E'"Flag_Eval"(\'gallery\')', E'flag_eval(x, \'gallery\')', E'-- flag_eval(\'gallery\')', E'"gallery"', E'gallery',
	E'x := \'gallery\'', E'x := \'gallery \'', E'flag_eval(\'gal\'\'lery\')', E'flag_enable(\'gallery\')', E'flag_history(key => \'gallery\')', E'audit_verify(\'gallery\')',
	E'EXECUTE $q$ SELECT flag_eval(\'gallery\') $q$', E'EXECUTE \'EXECUTE \'\'flag_eval(\'\'\'\'gallery\'\'\'\')\'\'\'', E'\n\n $1 $x$gallery$x$', E'E\'\\\'gallery\'', E'e\'gallery\'',
	E'flag_eval(\'gallery', E'$x$gallery', E'/* \'gallery\'', E'flag_eval(\'gallery\' flag_eval(\'gallery\')']) b LEFT JOIN LATERAL ref.try(b) r ON true;
DROP FUNCTION ref.body, ref.try;

-- Code elsewhere.
SELECT wishflags.flag_code_references_upload('shop', '["src/a:b.ts:12:gallery", "", {"path": "cart.sql", "line": 3, "flag": "on", "excerpt": "if on"}]', 'abc123');
SELECT object_type, identity, part, line, confidence, excerpt FROM wishflags.flag_references() WHERE object_type = 'code';
-- Another upload replaces it, for its repository only.
SELECT wishflags.flag_code_references_upload('site', '["index.html:1:gallery", "index.html:1:gallery"]');
SELECT wishflags.flag_code_references_upload('shop', '["cart.sql:4:on"]');
SELECT flag, repository, path, line, commit FROM wishflags.flag_code_references ORDER BY 1, 2;

-- Whoever takes a flag out of use hears what names it.
SELECT wishflags.flag_disable('gallery') > 1 AS disabled;
UPDATE wishflags.flags SET enabled = false, archived_at = now() WHERE key = 'on';
DELETE FROM wishflags.flags WHERE key IN ('gallery', 'it''s');
SELECT wishflags.flag_create('quiet', enabled => true), wishflags.flag_disable('quiet'), wishflags.flag_archive('quiet') \g /dev/null
SELECT wishflags.flag_code_references_upload('many', jsonb_agg('f' || n % 7 || '.c:' || n || ':many_' || n % 7)) FROM generate_series(1, 100) n;
INSERT INTO wishflags.flags (key, enabled) SELECT 'many_' || n, true FROM generate_series(0, 6) n;
UPDATE wishflags.flags SET enabled = false WHERE key LIKE 'many%';

-- Wrong use.
SELECT wishflags.flag_code_references_upload('shop', '["src/cart.ts:0:gallery"]');
SELECT wishflags.flag_code_references_upload('shop', '["src/cart.ts"]');
SELECT wishflags.flag_code_references_upload('shop', '[{"path": "x", "line": 1.5, "flag": "a"}]');
SELECT wishflags.flag_code_references_upload('shop', '[{"path": "x", "line": 1, "flag": "a", "commit": "x"}]');
SELECT wishflags.flag_code_references_upload('shop', '[null]');
SELECT wishflags.flag_code_references_upload('shop', '{}');
SELECT wishflags.flag_code_references_upload('shop', NULL);
SELECT wishflags.flag_code_references_upload(' ', '[]');
SELECT count(*) FROM wishflags.flag_code_references;
SELECT wishflags.flag_code_references_upload('shop', '[]');

SET client_min_messages = error;
DELETE FROM wishflags.flags;
DELETE FROM wishflags.flag_code_references;
DROP SCHEMA ref CASCADE;
DROP VIEW public.ref_view;
DROP FUNCTION public.ref_function;
