-- Experiments: who is exposed, and what is compared.
SELECT wishflags.flag_create('exp-checkout', enabled => true, rollout => 50) > 0 AS made;
SELECT wishflags.experiment_expose('exp-checkout', 'user-1') AS not_running;
SELECT wishflags.experiment_start('button', 'exp-checkout', 'off', '{"off": 1, "on": 1}') IS NOT NULL AS started;

-- All forms of a key give the variant and expose the unit.
SELECT wishflags.experiment_expose('exp-checkout', 'user-1') AS by_text, wishflags.experiment_expose('exp-checkout', 7) AS by_bigint,
	wishflags.experiment_expose('exp-checkout', '5f3c1b1e-0000-4000-8000-000000000001'::uuid) AS by_uuid,
	wishflags.experiment_expose('exp-checkout', '{"targetingKey": "user-2", "plan": "pro"}'::jsonb) AS by_context;
SET wishflags.context = '{"targetingKey": "user-3"}';
SELECT wishflags.experiment_expose('exp-checkout') AS by_session;
RESET wishflags.context;
SELECT experiment, unit, variant, variant = wishflags.flag_variant('exp-checkout', unit) AS same, exposed_at <= now() AS timed, flickered_at
FROM wishflags.experiment_exposures ORDER BY unit;

-- Again: nothing is written.
SELECT xmin AS before FROM wishflags.experiment_exposures WHERE unit = 'user-1' \gset
SELECT wishflags.experiment_expose('exp-checkout', 'user-1');
SELECT xmin = :'before' AND xmax = 0 AS untouched FROM wishflags.experiment_exposures WHERE unit = 'user-1';

-- Arrays, in their order; a key twice, a null, one that looks like JSON.
SELECT * FROM wishflags.experiment_expose_all('exp-checkout', ARRAY['user-9', 'user-8', NULL, 'user-9', 'user-1']);
SELECT * FROM wishflags.experiment_expose_all('exp-checkout', ARRAY[10, 11]::bigint[]);
SELECT * FROM wishflags.experiment_expose_all('exp-checkout', ARRAY['{"targetingKey": "user-10"}', '{}', '[]']::jsonb[]);
SELECT * FROM wishflags.experiment_expose_all('exp-checkout', ARRAY['5f3c1b1e-0000-4000-8000-000000000002']::uuid[]);
SELECT count(*) FROM wishflags.experiment_exposures;

-- What was not drawn is no exposure: overrides, rules, a flag that is off, previews.
SELECT wishflags.flag_override_set('exp-checkout', 'tester', true);
SELECT wishflags.experiment_expose('exp-checkout', 'tester') AS overridden;
SELECT wishflags.flag_disable('exp-checkout') > 0 AS changed;
SELECT wishflags.experiment_expose('exp-checkout', 'user-20') AS disabled;
SELECT wishflags.flag_enable('exp-checkout') > 0 AS changed;
SELECT wishflags.flag_rollout('exp-checkout', 100) > 0 AS changed;
SELECT wishflags.experiment_expose('exp-checkout', 'user-20') AS everybody;
SELECT count(*) FROM wishflags.experiment_exposures WHERE unit IN ('tester', 'user-20');

SELECT wishflags.flag_rollout('exp-checkout', 99.999) > 0 AS changed;
SET wishflags.preview = 'exp-checkout:false';
SELECT wishflags.experiment_expose('exp-checkout', 'user-21') AS previewed;
SET wishflags.preview = 'another-flag:true';
SELECT wishflags.experiment_expose('exp-checkout', 'user-22') AS another_previewed;
RESET wishflags.preview;
SELECT count(*) FROM wishflags.experiment_exposures WHERE unit LIKE 'user-2_';

-- A unit that is shown another variant keeps the first, and is counted.
SELECT wishflags.experiment_expose('exp-checkout', unit) FROM wishflags.experiment_exposures ORDER BY unit;
SELECT unit, variant, flickered_to, flickered_at IS NOT NULL AS flickered FROM wishflags.experiment_exposures ORDER BY unit;
SELECT variant, units, flickered, verdict FROM wishflags.experiment_results('button', 'SELECT 1 AS unit, 2 AS value');
SELECT variant, units, flickered FROM wishflags.experiment_results('button', 'SELECT 1 AS unit, 2 AS value', '{"flicker": "include"}');

-- Stopped: nothing more is written, the results stay.
SELECT wishflags.experiment_stop('button') IS NOT NULL AS stopped;
SELECT wishflags.experiment_expose('exp-checkout', 'user-30') AS after_stop;
SELECT count(*) FROM wishflags.experiment_exposures WHERE unit = 'user-30';

-- Units of another kind; a variant outside of the allocation; the same unit with two variants in one call.
SELECT wishflags.flag_create('exp-theme', enabled => true, definition => '{"variants": {"light": 1, "dark": 2, "none": 3}, "off": "none",
	"default": {"split": [{"variant": "light", "weight": 1}, {"variant": "dark", "weight": 1}, {"variant": "none", "weight": 1}]}}') > 0 AS made;
INSERT INTO wishflags.experiments (key, flag, control, allocation, unit_kind, started_at)
VALUES ('company', 'exp-theme', 'light', '{"light": 1, "dark": 1}', 'company', now());
SELECT wishflags.experiment_expose('exp-theme', jsonb_build_object('targetingKey', k, 'company', 'acme')) FROM unnest(ARRAY['a', 'b']) k;
SELECT key, variant FROM wishflags.experiment_expose_all('exp-theme', ARRAY[
	'{"kind": "multi", "user": {"key": "a"}, "company": {"key": "bolt"}}', '{"kind": "multi", "user": {"key": "c"}, "company": {"key": "bolt"}}',
	'{"targetingKey": "d", "company": "core"}', '{"targetingKey": "e", "company": "dune"}', '{"targetingKey": "f"}',
	'{"targetingKey": "g", "company": "dune"}', '{"targetingKey": "i", "company": "dune"}']::jsonb[]);
SELECT unit, variant, flickered_to FROM wishflags.experiment_exposures WHERE experiment = 'company' ORDER BY unit;

-- Changes of experiments are in the audit; a deleted one takes its exposures along.
SELECT key, action, changed FROM wishflags.flag_audit WHERE kind = 'experiment' ORDER BY key, ordinal;
DELETE FROM wishflags.experiments WHERE key = 'button';
SELECT experiment, count(*) FROM wishflags.experiment_exposures GROUP BY 1;
TRUNCATE wishflags.experiments;
SELECT count(*) FROM wishflags.experiment_exposures;

-- An application that may expose, and touch no table.
SELECT wishflags.experiment_start('button', 'exp-checkout', 'off', '{"off": 1, "on": 1}') IS NOT NULL AS started;
CREATE ROLE regress_app;
GRANT USAGE ON SCHEMA wishflags TO regress_app;
SET ROLE regress_app;
SELECT wishflags.experiment_expose('exp-checkout', 'user-1');
RESET ROLE;
GRANT EXECUTE ON FUNCTION wishflags.experiment_expose(text, text), wishflags.experiment_results TO regress_app;
SET ROLE regress_app;
SELECT wishflags.experiment_expose('exp-checkout', 'user-1');
SELECT * FROM wishflags.experiment_exposures;
SELECT * FROM wishflags.experiment_results('button', 'SELECT 1 AS unit, 1 AS value');
RESET ROLE;
SELECT unit, variant FROM wishflags.experiment_exposures;
DROP OWNED BY regress_app;
DROP ROLE regress_app;

DELETE FROM wishflags.experiments;
DELETE FROM wishflags.flags;
