CREATE FUNCTION wishflags.guard_session(OUT guard text, OUT set_by text, OUT bypass text, OUT loaded text,
	OUT covered text, OUT not_covered text, OUT to_close text, OUT audit text)
RETURNS record
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10
AS 'MODULE_PATHNAME', 'wf_guard_session';

COMMENT ON FUNCTION wishflags.guard_session() IS
'settings of the guard in this session, where they come from, how the library was loaded, and what that covers';

-- One row, \x friendly.
CREATE FUNCTION wishflags.guard_status(OUT guard text, OUT set_by text, OUT bypass text, OUT triggers text,
	OUT loaded text, OUT refused bigint, OUT bypassed bigint, OUT last_refusal timestamptz,
	OUT covered text, OUT not_covered text, OUT to_close text, OUT audit text, OUT unconfirmed bigint)
RETURNS record
LANGUAGE SQL STABLE PARALLEL RESTRICTED COST 1000
BEGIN ATOMIC
	SELECT s.guard, s.set_by, s.bypass, t.triggers, s.loaded, l.refused, l.bypassed, l.last_refusal,
		s.covered, s.not_covered, s.to_close, s.audit, u.unconfirmed
	FROM wishflags.guard_session() s,
		(SELECT CASE WHEN count(*) FILTER (WHERE evtenabled <> 'D') = 4 THEN 'enabled'
				WHEN count(*) = 4 THEN 'disabled' ELSE 'missing' END AS triggers
		 FROM pg_event_trigger
		 WHERE evtname IN ('wishflags_guard_start', 'wishflags_guard_drop', 'wishflags_guard_rewrite', 'wishflags_guard_end')) t,
		(SELECT count(*) FILTER (WHERE outcome = 'refused') AS refused,
			count(*) FILTER (WHERE outcome = 'bypassed') AS bypassed,
			max(occurred_at) FILTER (WHERE outcome = 'refused') AS last_refusal
		 FROM wishflags.guard_log) l,
		(SELECT sum(count)::bigint AS unconfirmed FROM wishflags.guard_unconfirmed) u;
END;

COMMENT ON FUNCTION wishflags.guard_status() IS
'state of the guard: settings of this session, event triggers, what the log holds, what is covered and what closes the rest';
