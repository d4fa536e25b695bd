-- Rows of the log that may be missing, by the reason.  A sequence counts on when
-- the refusal ends the transaction.
CREATE SEQUENCE wishflags.guard_unconfirmed_full;
CREATE SEQUENCE wishflags.guard_unconfirmed_worker;
CREATE SEQUENCE wishflags.guard_unconfirmed_time;
CREATE SEQUENCE wishflags.guard_unconfirmed_error;

COMMENT ON SEQUENCE wishflags.guard_unconfirmed_full IS 'counts rows of guard_log for which there was no room in the ring';
COMMENT ON SEQUENCE wishflags.guard_unconfirmed_worker IS 'counts rows of guard_log for which no worker could be had';
COMMENT ON SEQUENCE wishflags.guard_unconfirmed_time IS 'counts rows of guard_log that took longer than a second';
COMMENT ON SEQUENCE wishflags.guard_unconfirmed_error IS 'counts rows of guard_log that could not be written';

CREATE VIEW wishflags.guard_unconfirmed AS
SELECT 'full' AS reason, CASE WHEN is_called THEN last_value ELSE 0 END AS count,
	'there was no room in the ring' AS meaning FROM wishflags.guard_unconfirmed_full
UNION ALL
SELECT 'worker', CASE WHEN is_called THEN last_value ELSE 0 END,
	'no worker could be had: see max_worker_processes' FROM wishflags.guard_unconfirmed_worker
UNION ALL
SELECT 'time', CASE WHEN is_called THEN last_value ELSE 0 END,
	'it took longer than a second; the row may be there' FROM wishflags.guard_unconfirmed_time
UNION ALL
SELECT 'error', CASE WHEN is_called THEN last_value ELSE 0 END,
	'writing it failed: see the server log' FROM wishflags.guard_unconfirmed_error;

COMMENT ON VIEW wishflags.guard_unconfirmed IS
'how many rows of guard_log may be missing, by the reason; the server log has a line of each';

CREATE FUNCTION wishflags.guard_log_prune(keep interval DEFAULT '1 year')
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 100000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	pruned bigint;
BEGIN
	IF keep IS NULL OR keep < interval '0' THEN
		RAISE EXCEPTION 'keep must be an interval from zero on'
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'To keep the rows of a quarter: SELECT wishflags.guard_log_prune(''3 months'');';
	END IF;
	DELETE FROM wishflags.guard_log WHERE occurred_at < now() - keep;
	GET DIAGNOSTICS pruned = ROW_COUNT;
	RETURN pruned;
END $$;

COMMENT ON FUNCTION wishflags.guard_log_prune(interval) IS
'deletes the rows of guard_log that are older, and returns how many';

CREATE FUNCTION wishflags.guard_bypass_report(months integer DEFAULT 12)
RETURNS TABLE (month date, role text, rule text, bypasses bigint, month_before bigint, trend text,
	total_ms numeric, longest_ms numeric, last_reason text)
LANGUAGE SQL STABLE PARALLEL SAFE COST 10000 ROWS 100
BEGIN ATOMIC
	WITH counted AS (
		SELECT date_trunc('month', l.occurred_at)::date AS month, l.login_role AS role, l.rule,
			count(*) AS bypasses, sum(l.duration_ms) AS total_ms, max(l.duration_ms) AS longest_ms,
			(array_agg(l.reason ORDER BY l.occurred_at DESC))[1] AS last_reason
		FROM wishflags.guard_log l
		WHERE l.outcome = 'bypassed' AND l.occurred_at >= date_trunc('month', now()) - make_interval(months => months)
		GROUP BY 1, 2, 3)
	SELECT c.month, c.role, c.rule, c.bypasses, coalesce(b.bypasses, 0),
		CASE WHEN b.bypasses IS NULL THEN 'new' WHEN c.bypasses > b.bypasses THEN 'more'
			WHEN c.bypasses < b.bypasses THEN 'fewer' ELSE 'same' END,
		round(c.total_ms::numeric, 1), round(c.longest_ms::numeric, 1), c.last_reason
	FROM counted c
	LEFT JOIN counted b ON b.role = c.role AND b.rule = c.rule AND b.month = (c.month - interval '1 month')::date
	WHERE c.month > (date_trunc('month', now()) - make_interval(months => months))::date
	ORDER BY c.month DESC, c.bypasses DESC, c.role, c.rule;
END;

COMMENT ON FUNCTION wishflags.guard_bypass_report(integer) IS
'bypasses of the last months, a row a month, login role and rule; trend against the month before: new, more, fewer, same';
