-- What requires what: no circles, nothing required is deleted, and the tree to look at.
SET search_path = wishflags;
CREATE FUNCTION pg_temp.requires(VARIADIC flags text[]) RETURNS jsonb LANGUAGE sql
	AS $$ SELECT jsonb_build_object('requires', jsonb_agg(jsonb_build_object('flag', f))) FROM unnest(flags) f $$;

SELECT flag_create('dep_pay', enabled => true);
SELECT flag_create('dep_buy', definition => pg_temp.requires('dep_pay', 'dep_ledger'));
SELECT flag_create('dep_skin', enabled => true, definition => '{"variants": {"small": 1, "big": 2}, "default": "small"}');
SELECT flag_create('dep_fast', definition => '{"requires": [{"flag": "dep_buy"}, {"flag": "dep_skin", "variants": ["big", "small"]},
	{"flag": "dep_pay", "value": {"attribute": "value", "equals": true}}], "rules": [{"when": {"segment": "staff"}, "serve": "on"}]}');
SELECT segment_define('office', '{"when": {"not": {"flag": "dep_remote"}}}');
SELECT segment_define('staff', '{"when": {"segment": "office"}}');

SELECT flag_dependencies('dep_buy');
SELECT flag_dependencies('dep_skin');
SELECT flag_dependencies('dep_ledger');
SELECT flag_dependencies();
SELECT flag_dependencies('dep_buy', 'mermaid');
SELECT flag_dependencies(format => 'dot');
-- Nothing requires it, and it requires nothing.
SELECT flag_create('dep_alone');
SELECT flag_dependencies('dep_alone');
SELECT flag_dependencies('dep_alone', 'mermaid');

-- Circles, by each way in, through segments too.
SELECT flag_define('dep_pay', pg_temp.requires('dep_pay'));
SELECT flag_define('dep_pay', pg_temp.requires('dep_alone', 'dep_fast'));
UPDATE flags SET definition = '{"deny": {"flag": "dep_fast"}}' WHERE key = 'dep_pay';
INSERT INTO flags (key, definition) VALUES ('dep_ledger', pg_temp.requires('dep_remote')), ('dep_remote', pg_temp.requires('dep_skin', 'dep_fast'));
INSERT INTO flags (key, definition) VALUES ('p', pg_temp.requires('q')), ('q', pg_temp.requires('p'));
SELECT flag_create('dep_remote', definition => '{"rules": [{"when": {"any": [{"attribute": "x", "equals": 1}, {"segment": "staff"}]}, "serve": "on"}]}');
SELECT segment_define('office', '{"when": {"segment": "staff"}}');
SELECT segment_define('office', '{"when": {"flag": "dep_fast"}}');
SELECT segment_define('self', '{"when": {"all": [{"segment": "self"}]}}');
SELECT * FROM flag_import('launchdarkly', '{"flags": {"a": {"key": "a", "on": true, "variations": [1], "prerequisites": [{"key": "b", "variation": 0}]},
	"b": {"key": "b", "on": true, "variations": [1], "prerequisites": [{"key": "a", "variation": 0}]},
	"c": {"key": "c", "on": true, "variations": [1], "prerequisites": [{"key": "dep_pay", "variation": 0}]}}}');
SELECT * FROM flag_import('growthbook', '{"features": {"dep_pay": {"rules": [{"parentConditions": [{"id": "dep_buy"}], "force": 1}]}}}', '{"on_conflict": "replace", "dry_run": true}');
SELECT flag_dependencies('dep_pay');
-- In one statement it does not matter in which order flags come, nor which way round they are now.
UPDATE flags f SET definition = d FROM (VALUES ('dep_buy', NULL::jsonb), ('dep_pay', pg_temp.requires('dep_buy'))) v (k, d) WHERE f.key = k;
SELECT flag_dependencies('dep_buy');
UPDATE flags f SET definition = d FROM (VALUES ('dep_pay', NULL::jsonb), ('dep_buy', pg_temp.requires('dep_pay'))) v (k, d) WHERE f.key = k;
-- A circle that is older may be edited, but for another one.
SET session_replication_role = replica;
UPDATE flags SET definition = pg_temp.requires('dep_fast') WHERE key = 'dep_skin';
RESET session_replication_role;
SELECT flag_rollout('dep_skin', 50);
SELECT flag_define('dep_fast', '{"requires": [{"flag": "dep_skin"}], "metadata": {"a": 1}}');
SELECT flag_define('dep_skin', pg_temp.requires('dep_fast', 'dep_alone'));
SELECT flag_dependencies();
SELECT flag_define('dep_skin', NULL);

-- What is required stays.
DELETE FROM flags WHERE key = 'dep_pay';
DELETE FROM flags WHERE key IN ('dep_pay', 'dep_skin');
SELECT flag_create('dep_old_' || n, definition => pg_temp.requires('dep_skin')) FROM generate_series(10, 30) n \g /dev/null
DELETE FROM flags WHERE key IN ('dep_pay', 'dep_skin') OR key LIKE 'dep_old%0';
SELECT flag_dependencies('dep_skin') LIMIT 4;
DELETE FROM flags WHERE key LIKE 'dep_old%' OR key IN ('dep_fast', 'dep_skin');
SELECT flag_create('dep_remote');
DELETE FROM flags WHERE key = 'dep_remote';
SELECT segment_define('office', '{"included": ["1"]}');
DELETE FROM flags WHERE key = 'dep_remote';
-- Nor is it archived; what is archived itself holds nothing in use, and is required by nothing new.
SELECT flag_archive('dep_pay');
UPDATE flags SET archived_at = now() WHERE key IN ('dep_pay', 'c', 'dep_buy');
SELECT flag_dependencies('dep_pay');
DELETE FROM flags WHERE key = 'dep_pay';
SELECT flag_define('dep_alone', pg_temp.requires('dep_pay'));
SELECT flag_unarchive('dep_buy');
UPDATE flags SET archived_at = NULL WHERE key IN ('dep_pay', 'c', 'dep_buy');
-- A flag that was never there is no fault, and one that requires something else goes.
DELETE FROM flags WHERE key = 'c';
SELECT key FROM flags ORDER BY key;
TRUNCATE flags;

-- Odd keys are quoted; long ones are cut, and so are deep trees.
SELECT flag_create('say "hi" <b>&amp;\n`x`;]', definition => pg_temp.requires(repeat('w', 190), 'C:\new|{x}(y)#1'));
SELECT flag_dependencies();
SELECT flag_dependencies(format => 'mermaid');
SELECT flag_dependencies(format => 'dot');
SELECT flag_create('deep_' || n, definition => pg_temp.requires('deep_' || n - 1, 'deep_0')) FROM generate_series(1, 15) n \g /dev/null
SELECT max(length(d)) AS widest, count(*) AS lines FROM flag_dependencies('deep_15') d;
SELECT d FROM flag_dependencies('deep_15') d OFFSET 10 LIMIT 4;

-- Wrong use.
SELECT flag_dependencies('nowhere');
SELECT flag_dependencies('deep_1', 'svg');
SELECT flag_dependencies('deep_1', NULL);
CREATE TRIGGER other AFTER INSERT ON segments FOR EACH STATEMENT EXECUTE FUNCTION flags_depend();
INSERT INTO segments (key, definition) VALUES ('x', '{"included": []}');
DROP TRIGGER other ON segments;
CREATE TRIGGER other AFTER INSERT ON flags FOR EACH ROW EXECUTE FUNCTION flags_depend();
INSERT INTO flags (key) VALUES ('x');
DROP TRIGGER other ON flags;

DELETE FROM flags;
DELETE FROM segments;
DELETE FROM flag_documents;
