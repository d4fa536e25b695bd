-- Experiments: who was shown which variant of a flag, and what came of it.

CREATE TABLE wishflags.experiments (
	key text COLLATE "C" PRIMARY KEY,
	flag text COLLATE "C" NOT NULL,
	control text NOT NULL,
	allocation jsonb NOT NULL,
	metrics jsonb NOT NULL DEFAULT '{}',
	unit_kind text NOT NULL DEFAULT 'user',
	started_at timestamptz,
	stopped_at timestamptz,
	description text,
	created_at timestamptz NOT NULL,
	CHECK (stopped_at >= started_at)
) USING heap;

-- So that an exposure belongs to one experiment.
CREATE UNIQUE INDEX experiments_running ON wishflags.experiments (flag) WHERE started_at IS NOT NULL AND stopped_at IS NULL;

COMMENT ON TABLE wishflags.experiments IS 'experiments, a row each: a flag whose variants are compared';
COMMENT ON COLUMN wishflags.experiments.key IS 'name of the experiment; cannot be changed';
COMMENT ON COLUMN wishflags.experiments.flag IS 'key of the flag; cannot be changed';
COMMENT ON COLUMN wishflags.experiments.control IS 'variant that the others are compared with';
COMMENT ON COLUMN wishflags.experiments.allocation IS 'expected shares by variant, as {"control": 50, "treatment": 50}; others are not in the experiment';
COMMENT ON COLUMN wishflags.experiments.metrics IS 'what is known of metrics by name: type (mean, binomial), direction (increase, decrease), guardrail (the loss of lift that is allowed)';
COMMENT ON COLUMN wishflags.experiments.unit_kind IS 'whose key is the unit: user for the targeting key, or a kind or attribute of the context; cannot be changed';
COMMENT ON COLUMN wishflags.experiments.started_at IS 'exposures are recorded from then on; NULL: not yet';
COMMENT ON COLUMN wishflags.experiments.stopped_at IS 'until when; NULL: it runs on';
COMMENT ON COLUMN wishflags.experiments.created_at IS 'filled in; given only when a row is restored';

-- No foreign key: each exposure would lock the experiment's row.
CREATE TABLE wishflags.experiment_exposures (
	experiment text COLLATE "C" NOT NULL,
	unit text COLLATE "C" NOT NULL,
	variant text COLLATE "C" NOT NULL,
	exposed_at timestamptz NOT NULL,
	flickered_at timestamptz,
	flickered_to text,
	PRIMARY KEY (experiment, unit)
) USING heap;

COMMENT ON TABLE wishflags.experiment_exposures IS 'the first variant that each unit of an experiment was shown';
COMMENT ON COLUMN wishflags.experiment_exposures.unit IS 'key of the unit, as a targeting key';
COMMENT ON COLUMN wishflags.experiment_exposures.variant IS 'the variant shown first';
COMMENT ON COLUMN wishflags.experiment_exposures.exposed_at IS 'beginning of the statement that showed it';
COMMENT ON COLUMN wishflags.experiment_exposures.flickered_at IS 'when the unit was first shown another variant; NULL: never';
COMMENT ON COLUMN wishflags.experiment_exposures.flickered_to IS 'that variant';

SELECT pg_catalog.pg_extension_config_dump('wishflags.experiments', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.experiment_exposures', '');

CREATE FUNCTION wishflags.experiments_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_experiments_check';
COMMENT ON FUNCTION wishflags.experiments_check() IS 'trigger: validates an experiment';

CREATE FUNCTION wishflags.experiments_removed() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_experiments_removed';
COMMENT ON FUNCTION wishflags.experiments_removed() IS 'trigger: deletes the exposures of deleted experiments';

CREATE TRIGGER experiments_check BEFORE INSERT OR UPDATE ON wishflags.experiments
FOR EACH ROW EXECUTE FUNCTION wishflags.experiments_check();
CREATE TRIGGER experiments_removed AFTER DELETE ON wishflags.experiments
FOR EACH ROW EXECUTE FUNCTION wishflags.experiments_removed();
CREATE TRIGGER experiments_truncated AFTER TRUNCATE ON wishflags.experiments
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.experiments_removed();
CREATE TRIGGER zz_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.experiments
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit_truncate BEFORE TRUNCATE ON wishflags.experiments
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();

CREATE FUNCTION wishflags.experiment_start(key text, flag text, control text, allocation jsonb, metrics jsonb DEFAULT '{}')
RETURNS timestamptz
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	running text;
	started timestamptz;
BEGIN
	SELECT e.key INTO running FROM wishflags.experiments e
	WHERE e.flag = experiment_start.flag AND e.started_at IS NOT NULL AND e.stopped_at IS NULL AND e.key <> experiment_start.key;
	IF FOUND THEN
		RAISE EXCEPTION 'experiment "%" runs on flag "%" already', running, flag
			USING ERRCODE = 'object_in_use', HINT = format('Stop it first: SELECT wishflags.experiment_stop(%L);', running);
	END IF;
	INSERT INTO wishflags.experiments (key, flag, control, allocation, metrics, started_at)
	VALUES (key, flag, control, allocation, metrics, statement_timestamp())
	ON CONFLICT ON CONSTRAINT experiments_pkey DO NOTHING
	RETURNING started_at INTO started;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'experiment "%" exists already', key
			USING ERRCODE = 'duplicate_object', HINT = format('To let it run on: UPDATE wishflags.experiments SET stopped_at = NULL WHERE key = %L;', key);
	END IF;
	RETURN started;
END $$;
COMMENT ON FUNCTION wishflags.experiment_start(text, text, text, jsonb, jsonb) IS
'makes an experiment of a flag and starts it; allocation: the expected shares by variant, as {"off": 50, "on": 50}';

CREATE FUNCTION wishflags.experiment_stop(key text)
RETURNS timestamptz
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	stopped timestamptz;
BEGIN
	UPDATE wishflags.experiments e SET stopped_at = statement_timestamp()
	WHERE e.key = experiment_stop.key AND e.started_at IS NOT NULL AND e.stopped_at IS NULL
	RETURNING e.stopped_at INTO stopped;
	IF NOT FOUND THEN
		IF EXISTS (SELECT FROM wishflags.experiments e WHERE e.key = experiment_stop.key) THEN
			RAISE EXCEPTION 'experiment "%" does not run', key
				USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Its results stand: SELECT * FROM wishflags.experiment_results(' || quote_literal(key) || ', ''SELECT ...'');';
		END IF;
		RAISE EXCEPTION 'experiment "%" does not exist', key
			USING ERRCODE = 'undefined_object', HINT = 'See which there are: SELECT key, flag, started_at, stopped_at FROM wishflags.experiments;';
	END IF;
	RETURN stopped;
END $$;
COMMENT ON FUNCTION wishflags.experiment_stop(text) IS
'stops an experiment: nothing is recorded for it from now on';

CREATE FUNCTION wishflags.experiment_expose(flag text, key text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_experiment_expose';
COMMENT ON FUNCTION wishflags.experiment_expose(text, text) IS
'as flag_variant(), and records that the unit was shown the variant, where an experiment runs on the flag';

CREATE FUNCTION wishflags.experiment_expose(flag text, key bigint)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_experiment_expose';
COMMENT ON FUNCTION wishflags.experiment_expose(text, bigint) IS
'as flag_variant(), and records that the unit was shown the variant, where an experiment runs on the flag';

CREATE FUNCTION wishflags.experiment_expose(flag text, key uuid)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_experiment_expose';
COMMENT ON FUNCTION wishflags.experiment_expose(text, uuid) IS
'as flag_variant(), and records that the unit was shown the variant, where an experiment runs on the flag';

CREATE FUNCTION wishflags.experiment_expose(flag text, context jsonb)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_experiment_expose';
COMMENT ON FUNCTION wishflags.experiment_expose(text, jsonb) IS
'as flag_variant(), and records that the unit was shown the variant, where an experiment runs on the flag';

CREATE FUNCTION wishflags.experiment_expose(flag text)
RETURNS text
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_experiment_expose';
COMMENT ON FUNCTION wishflags.experiment_expose(text) IS
'as flag_variant() for the session''s wishflags.context, and records that the unit was shown the variant';

CREATE FUNCTION wishflags.experiment_expose_all(flag text, keys anyarray)
RETURNS TABLE (key text, variant text)
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000 ROWS 1000
AS 'MODULE_PATHNAME', 'wf_experiment_expose_all';
COMMENT ON FUNCTION wishflags.experiment_expose_all(text, anyarray) IS
'as experiment_expose() for each key of an array of text, bigint or uuid, or each context of one of jsonb, in one statement';

CREATE FUNCTION wishflags.experiment_results(experiment text, metric_query text, options jsonb DEFAULT '{}')
RETURNS TABLE (metric text, dimension text, variant text, units bigint, flickered bigint,
	mean double precision, variance double precision,
	difference double precision, difference_lower double precision, difference_upper double precision,
	lift double precision, lift_lower double precision, lift_upper double precision,
	p_value double precision, chance_to_win double precision, sample_ratio_p double precision,
	verdict text, note text, evidence jsonb)
LANGUAGE C STABLE PARALLEL UNSAFE COST 1000000 ROWS 10
AS 'MODULE_PATHNAME', 'wf_experiment_results';
COMMENT ON FUNCTION wishflags.experiment_results(text, text, jsonb) IS
'the variants of an experiment compared, by a query that gives (unit, value [, covariate]) or (unit, numerator, denominator), and metric where it gives several; it is run as the caller';
