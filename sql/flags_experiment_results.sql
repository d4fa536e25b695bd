-- Experiments: the variants compared, by numbers that can be worked out by hand.
-- Fewer digits than there are: the last ones depend on the order of rows.
SET extra_float_digits = -3;
SELECT wishflags.flag_create('exp-numbers', enabled => true, rollout => 50) > 0 AS made;
SELECT wishflags.experiment_start('numbers', 'exp-numbers', 'off', '{"off": 1, "on": 1}',
	'{"errors": {"direction": "decrease", "guardrail": 0.1}, "bought": {"type": "binomial"}}') IS NOT NULL AS started;
-- 400 units: off has the values 1, 2, 3 and 4 in turn, on has 2, 3, 4 and 5.
INSERT INTO wishflags.experiment_exposures
SELECT 'numbers', n, CASE n % 2 WHEN 0 THEN 'off' ELSE 'on' END, '2026-01-01'::timestamptz + n * interval '1 s' FROM generate_series(0, 399) n;
CREATE VIEW amounts AS SELECT n AS unit, n / 2 % 4 + 1 + n % 2 AS value FROM generate_series(0, 399) n;

\x
SELECT * FROM wishflags.experiment_results('numbers', 'SELECT * FROM amounts');
\x
-- A unit without a row has zero, or is left out.
SELECT variant, units, mean, variance, evidence ->> 'units_without_row' AS without FROM wishflags.experiment_results('numbers', 'SELECT * FROM amounts WHERE unit < 200');
SELECT variant, units, mean, variance FROM wishflags.experiment_results('numbers', 'SELECT * FROM amounts WHERE unit < 200', '{"missing": "exclude", "minimum_units": 10}');

-- Conditions, ratios, covariates; what comes of them.
SELECT variant, mean, variance, difference, p_value, evidence ->> 'type' AS type FROM wishflags.experiment_results('numbers', 'SELECT unit, value > 3 AS value FROM amounts');
SELECT variant, mean, variance, lift FROM wishflags.experiment_results('numbers', 'SELECT unit, value AS numerator, 2 AS denominator FROM amounts');
SELECT variant, mean, variance, evidence -> 'theta' AS theta, note FROM wishflags.experiment_results('numbers', 'SELECT unit, value, unit / 2 % 4 AS covariate FROM amounts');
SELECT variant, mean, variance, evidence -> 'theta' AS theta FROM wishflags.experiment_results('numbers', 'SELECT unit, value, 1 AS covariate FROM amounts');

-- Confidence, sequential intervals, a prior, the other direction.
SELECT variant, lift_lower, lift_upper, p_value FROM wishflags.experiment_results('numbers', 'SELECT * FROM amounts', '{"confidence": 0.9}') WHERE variant = 'on';
SELECT variant, lift_lower, lift_upper, p_value FROM wishflags.experiment_results('numbers', 'SELECT * FROM amounts', '{"sequential": true}') WHERE variant = 'on';
SELECT variant, chance_to_win FROM wishflags.experiment_results('numbers', 'SELECT unit, value + (unit % 2) * 0.1 - (unit % 2) AS value FROM amounts') WHERE variant = 'on';
SELECT variant, chance_to_win FROM wishflags.experiment_results('numbers', 'SELECT unit, value + (unit % 2) * 0.1 - (unit % 2) AS value FROM amounts',
	'{"prior_stddev": 0.01}') WHERE variant = 'on';
SELECT variant, chance_to_win, verdict FROM wishflags.experiment_results('numbers', 'SELECT * FROM amounts', '{"direction": "decrease"}') WHERE variant = 'on';

-- Several metrics, each with what the experiment says of it; guardrails; corrections.
SELECT metric, variant, mean, lift, p_value, verdict FROM wishflags.experiment_results('numbers', $$
	SELECT unit, 'amount' AS metric, value FROM amounts UNION ALL SELECT unit, 'bought', (value > 4)::int FROM amounts
	UNION ALL SELECT unit, 'errors', value FROM amounts UNION ALL SELECT unit, 'even', value % 2 FROM amounts$$);
SELECT variant, verdict FROM wishflags.experiment_results('numbers', 'SELECT * FROM amounts', '{"metric": "errors", "guardrail": 1}');
SELECT variant, verdict FROM wishflags.experiment_results('numbers', 'SELECT * FROM amounts', '{"metric": "errors", "guardrail": 0.4}');
SELECT c.correction, r.metric, r.p_value FROM unnest(ARRAY['none', 'bonferroni', 'holm', 'benjamini-hochberg']) WITH ORDINALITY c (correction, n),
	LATERAL wishflags.experiment_results('numbers', $$SELECT unit, m AS metric, value * (unit % m + 5)::int % 7 AS value FROM amounts, generate_series(2, 4) m$$,
		jsonb_build_object('correction', c.correction)) r
WHERE r.variant = 'on' ORDER BY c.n, r.metric;

-- Split by a dimension; as of a time.
SELECT dimension, variant, units, mean, sample_ratio_p FROM wishflags.experiment_results('numbers', 'SELECT * FROM amounts',
	'{"dimension_query": "SELECT n AS unit, CASE WHEN n < 250 THEN ''DE'' ELSE ''FR'' END AS dimension FROM generate_series(0, 379) n", "minimum_units": 1}');
SELECT variant, units, mean FROM wishflags.experiment_results('numbers', 'SELECT * FROM amounts', '{"as_of": "2026-01-01 00:04:59"}');

-- Units that do not split as expected.
UPDATE wishflags.experiments SET allocation = '{"off": 60, "on": 40}';
SELECT variant, sample_ratio_p, verdict, note FROM wishflags.experiment_results('numbers', 'SELECT * FROM amounts');
UPDATE wishflags.experiments SET allocation = '{"off": 50, "on": 50}';

-- What can't be compared, and why.
SELECT variant, difference, p_value, verdict, note FROM wishflags.experiment_results('numbers', 'SELECT unit, 3 AS value FROM amounts');
SELECT variant, variance, p_value, note FROM wishflags.experiment_results('numbers', 'SELECT unit, 0.1 AS value FROM amounts');
SELECT variant, variance, p_value, note FROM wishflags.experiment_results('numbers', 'SELECT unit, value * 0.1 AS numerator, value * 0.3 AS denominator FROM amounts');
SELECT variant, variance, p_value, note FROM wishflags.experiment_results('numbers', 'SELECT unit, unit % 10 * 0.1 AS value, unit % 10 * 0.7 AS covariate FROM amounts');
SELECT variant, lift, difference, p_value < 0.05 AS significant, chance_to_win, verdict, note FROM wishflags.experiment_results('numbers', 'SELECT unit, value * (unit % 2) AS value FROM amounts');
SELECT variant, lift, difference, lift_lower, verdict, note FROM wishflags.experiment_results('numbers', 'SELECT unit, value - 9 AS value FROM amounts');
SELECT variant, mean, difference, verdict, note FROM wishflags.experiment_results('numbers', 'SELECT unit, value AS numerator, 0 AS denominator FROM amounts');
SELECT variant, mean, verdict, note FROM wishflags.experiment_results('numbers', 'SELECT -1 AS unit, 1 AS value');
SELECT variant, units, verdict, note FROM wishflags.experiment_results('numbers', 'SELECT * FROM amounts', '{"minimum_units": 201}');
DELETE FROM wishflags.experiment_exposures WHERE unit NOT IN ('1', '2');
SELECT variant, units, mean, variance, difference, verdict, note FROM wishflags.experiment_results('numbers', 'SELECT * FROM amounts', '{"minimum_units": 0}');
DELETE FROM wishflags.experiment_exposures WHERE variant = 'on';
SELECT variant, units, mean, verdict, note FROM wishflags.experiment_results('numbers', 'SELECT * FROM amounts', '{"minimum_units": 0}');
DELETE FROM wishflags.experiment_exposures;
SELECT variant, units, mean, sample_ratio_p, verdict, note FROM wishflags.experiment_results('numbers', 'SELECT * FROM amounts');

DELETE FROM wishflags.experiments;
DELETE FROM wishflags.flags;
DROP VIEW amounts;
