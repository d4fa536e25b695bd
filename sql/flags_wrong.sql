-- Wrong use: clear errors, and nothing changed.
-- Versions count from 1, whatever other tests have made.
SET session_replication_role = replica; TRUNCATE wishflags.flag_audit; RESET session_replication_role;
SET search_path = wishflags;
\set VERBOSITY default
\set SHOW_CONTEXT never

SELECT flag_create('gallery');
SELECT flag_create('gallery');
SELECT flag_create(NULL);
SELECT flag_create('');
SELECT flag_create(' padded');
SELECT flag_create('padded ');
SELECT flag_create(E'two\nlines');
SELECT flag_create(repeat('x', 201));
SELECT flag_enable('galery');
SELECT flag_disable(NULL);

SELECT flag_rollout('gallery', -1);
SELECT flag_rollout('gallery', 101);
SELECT flag_rollout('gallery', 100.0001);
SELECT flag_rollout('gallery', 'NaN');
SELECT flag_rollout('gallery', 'Infinity');
SELECT flag_rollout('gallery', 0.0005);
SELECT flag_rollout('gallery', NULL);
SELECT flag_rollout('galery', 10);
UPDATE flags SET rollout = 12.34567;
INSERT INTO flags (key, rollout) VALUES ('plain', 1e300);
\set VERBOSITY terse
INSERT INTO flags (key, rollout) VALUES ('plain', NULL);
\set VERBOSITY default
UPDATE flags SET key = 'exhibition';

SELECT flag_override_set('gallery', 'user-1', 'blue');
SELECT flag_override_set('galery', 'user-1');
SELECT flag_override_set('gallery', '');
SELECT flag_override_set('gallery', '{"targetingKey": "user-1"}');
SELECT flag_override_set('gallery', NULL);
INSERT INTO flag_overrides (flag, key, variant) VALUES ('galery', 'user-1', 'on');
SELECT flag_override_unset('gallery', 'nobody');

SELECT key, enabled, rollout, version FROM flags;
SELECT count(*) FROM flag_overrides;

-- The trigger functions are of no use elsewhere.
SELECT flags_check();
CREATE TABLE public.other (i int);
CREATE TRIGGER t BEFORE INSERT ON public.other FOR EACH ROW EXECUTE FUNCTION flags_check();
INSERT INTO public.other VALUES (1);
DROP TABLE public.other;

-- Nor for other events.
CREATE TRIGGER t BEFORE DELETE ON flags FOR EACH STATEMENT EXECUTE FUNCTION flags_check();
DELETE FROM flags WHERE key = 'nowhere';
DROP TRIGGER t ON flags;
CREATE TRIGGER t BEFORE DELETE ON flags FOR EACH ROW EXECUTE FUNCTION flags_check();
DELETE FROM flags;
DROP TRIGGER t ON flags;
CREATE TRIGGER t AFTER UPDATE ON flags FOR EACH STATEMENT EXECUTE FUNCTION flags_changed();
UPDATE flags SET enabled = true;
DROP TRIGGER t ON flags;
CREATE TRIGGER t AFTER TRUNCATE ON flag_overrides FOR EACH STATEMENT EXECUTE FUNCTION flag_overrides_check();
TRUNCATE flag_overrides;
DROP TRIGGER t ON flag_overrides;
CREATE TRIGGER t AFTER TRUNCATE ON flag_overrides FOR EACH STATEMENT EXECUTE FUNCTION flag_overrides_delete();
TRUNCATE flag_overrides;
DROP TRIGGER t ON flag_overrides;

-- Versions do not wrap around.
UPDATE flags SET version = 2147483647;
UPDATE flags SET description = 'one more';
DELETE FROM flags;
