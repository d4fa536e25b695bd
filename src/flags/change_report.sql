-- Change requests as a list, and one of them as a card.

CREATE VIEW wishflags.change_request_items AS
SELECT r.id AS request_id, 'flag' AS kind, k.key, NULL::text AS override_key,
	r.changes -> 'flags' -> k.key AS patch, r.base -> 'flags' -> k.key AS base
FROM wishflags.change_requests r
CROSS JOIN LATERAL pg_catalog.jsonb_object_keys(r.changes -> 'flags') k (key)
UNION ALL
SELECT r.id, 'override', f.key, o.key, o.value, r.base -> 'overrides' -> f.key -> o.key
FROM wishflags.change_requests r
CROSS JOIN LATERAL pg_catalog.jsonb_each(r.changes -> 'overrides') f
CROSS JOIN LATERAL pg_catalog.jsonb_each(f.value) o
UNION ALL
SELECT r.id, 'segment', k.key, NULL, r.changes -> 'segments' -> k.key, r.base -> 'segments' -> k.key
FROM wishflags.change_requests r
CROSS JOIN LATERAL pg_catalog.jsonb_object_keys(r.changes -> 'segments') k (key);
COMMENT ON VIEW wishflags.change_request_items IS
'what each change request changes, a row a flag, override or segment, and what it was written on';

CREATE VIEW wishflags.change_request_requirements AS
SELECT c.id AS request_id, r.approver_role, r.approvals AS needed, LEAST(g.given, r.approvals) AS given, r.policies
FROM wishflags.change_requests c
CROSS JOIN LATERAL (
	SELECT m.approver_role, COALESCE(pg_catalog.max(m.approvals), 1) AS approvals,
		pg_catalog.array_agg(DISTINCT m.name ORDER BY m.name) FILTER (WHERE m.name IS NOT NULL) AS policies
	FROM (SELECT) one
	LEFT JOIN (
		SELECT CASE WHEN p.owner_approves THEN COALESCE(f.owner_role, p.approver_role) ELSE p.approver_role END AS approver_role, p.approvals, p.name
		FROM wishflags.change_request_items i
		LEFT JOIN wishflags.flags f ON i.kind <> 'segment' AND f.key = i.key
		JOIN wishflags.change_policies p ON p.enabled AND i.key LIKE p.key_pattern
			AND (p.tags IS NULL OR i.kind <> 'segment' AND (p.tags && f.tags OR i.kind = 'flag' AND i.patch -> 'tags' ?| p.tags))
			AND (p.environments IS NULL OR pg_catalog.current_setting('wishflags.environment', true) = ANY (p.environments))
		WHERE i.request_id = c.id
	) m ON true
	GROUP BY m.approver_role
) r
CROSS JOIN LATERAL (
	SELECT pg_catalog.count(*)::integer AS given
	FROM wishflags.change_request_approvals a
	WHERE a.request_id = c.id AND a.revision = c.revision
	AND (r.approver_role IS NULL OR a.approver_role = r.approver_role)
) g
ORDER BY c.id, r.approver_role;
COMMENT ON VIEW wishflags.change_request_requirements IS
'whose approvals each change request needs by change_policies, and how many it has; approver_role NULL: anyone but the author';

CREATE VIEW wishflags.change_request_overview AS
SELECT c.id, CASE WHEN c.state = 'in review' AND r.missing IS NULL THEN 'approved' ELSE c.state END AS state,
	c.revision, c.authors[1] AS author, c.reason, i.what, r.given || ' of ' || r.needed AS approvals, r.missing,
	c.proposed_at, e.occurred_at AS applied_at, e.login_role AS applied_by, CASE WHEN e.event = 'skipped' THEN e.comment END AS emergency_reason
FROM wishflags.change_requests c
CROSS JOIN LATERAL (
	SELECT pg_catalog.sum(q.needed) AS needed, pg_catalog.sum(q.given) AS given,
		pg_catalog.string_agg((q.needed - q.given) || ' of ' || COALESCE(q.approver_role, 'anyone but the author'), ', '
			ORDER BY q.approver_role) FILTER (WHERE q.given < q.needed) AS missing
	FROM wishflags.change_request_requirements q WHERE q.request_id = c.id
) r
CROSS JOIN LATERAL (
	SELECT pg_catalog.string_agg(DISTINCT CASE j.kind WHEN 'segment' THEN 'segment ' ELSE '' END || j.key, ', ') AS what
	FROM wishflags.change_request_items j WHERE j.request_id = c.id
) i
LEFT JOIN wishflags.change_request_events e ON e.request_id = c.id AND e.event IN ('applied', 'skipped')
ORDER BY c.id;
COMMENT ON VIEW wishflags.change_request_overview IS
'change requests, a row each: draft, in review, approved, applied, rejected or cancelled, and whose approvals are missing';

CREATE FUNCTION wishflags.change_list(filter text DEFAULT NULL)
RETURNS TABLE (id bigint, state text, author text, approvals text, what text, reason text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	IF filter <> ALL ('{draft,in review,approved,applied,rejected,cancelled}') THEN
		RAISE EXCEPTION 'unknown state "%"', filter
			USING ERRCODE = 'invalid_parameter_value', HINT = 'States are draft, in review, approved, applied, rejected and cancelled.';
	END IF;
	RETURN QUERY
	SELECT o.id, o.state, wishflags.text_clip(o.author, 12), o.approvals,
		wishflags.text_clip(o.what, 18), wishflags.text_clip(o.reason, 15)
	FROM wishflags.change_request_overview o
	WHERE filter IS NULL OR o.state = filter
	ORDER BY o.id;
END $$;
COMMENT ON FUNCTION wishflags.change_list(text) IS
'change requests, of one state or (NULL) all, a narrow line each';

-- The values of a row or patch by their paths, without what the extension fills in.
CREATE FUNCTION wishflags.change_leaves(value jsonb)
RETURNS TABLE (path text, leaf jsonb)
LANGUAGE sql IMMUTABLE PARALLEL SAFE COST 100 ROWS 20
BEGIN ATOMIC
	WITH RECURSIVE part (path, value) AS (
		SELECT e.key, e.value FROM pg_catalog.jsonb_each(change_leaves.value) e
		UNION ALL
		SELECT p.path || c.step, c.value
		FROM part p, LATERAL (
			SELECT '.' || e.key AS step, e.value
			FROM pg_catalog.jsonb_each(CASE pg_catalog.jsonb_typeof(p.value) WHEN 'object' THEN p.value ELSE '{}' END) e
			UNION ALL
			SELECT '[' || e.n - 1 || ']', e.value
			FROM pg_catalog.jsonb_array_elements(CASE pg_catalog.jsonb_typeof(p.value) WHEN 'array' THEN p.value ELSE '[]' END)
				WITH ORDINALITY AS e (value, n)) c)
	SELECT p.path, p.value FROM part p
	WHERE pg_catalog.jsonb_typeof(p.value) NOT IN ('object', 'array') OR p.value IN ('{}', '[]');
END;
COMMENT ON FUNCTION wishflags.change_leaves(jsonb) IS
'the values in an object by their paths, a row each';

CREATE VIEW wishflags.change_request_values AS
SELECT i.request_id, i.kind, i.key, i.override_key,
	CASE i.kind WHEN 'override' THEN 'variant' ELSE d.path END AS path,
	CASE i.kind WHEN 'override' THEN i.base ELSE d.was END AS from_value,
	CASE i.kind WHEN 'override' THEN CASE i.patch WHEN 'true' THEN '"on"' WHEN 'false' THEN '"off"' ELSE i.patch END ELSE d.becomes END AS to_value
FROM wishflags.change_request_items i
LEFT JOIN wishflags.flag_audit a ON i.kind <> 'override' AND a.kind = i.kind AND a.key = i.key AND a.version = CASE WHEN i.kind <> 'override' THEN (i.base #>> '{}')::integer END
LEFT JOIN LATERAL (
	SELECT path, f.leaf AS was, t.leaf AS becomes
	FROM wishflags.change_leaves(a.after) f
	FULL JOIN wishflags.change_leaves(a.after || CASE pg_catalog.jsonb_typeof(i.patch) WHEN 'object' THEN i.patch END) t USING (path)
	WHERE pg_catalog.jsonb_typeof(i.patch) = 'object' AND a.after IS NOT NULL AND f.leaf IS DISTINCT FROM t.leaf
	UNION ALL
	SELECT l.path, NULL, l.leaf FROM wishflags.change_leaves(CASE pg_catalog.jsonb_typeof(i.patch) WHEN 'object' THEN i.patch END) l
	WHERE a.after IS NULL
) d ON i.kind <> 'override'
WHERE i.kind <> 'override' OR i.patch <> i.base;
COMMENT ON VIEW wishflags.change_request_values IS
'what each change request changes, a row a value: from what it was written on, to what it shall be; without a path: nothing, or it is deleted';

CREATE FUNCTION wishflags.change_show(id bigint) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	request record;
	decision text;
BEGIN
	SELECT o.* INTO request FROM wishflags.change_request_overview o WHERE o.id = change_show.id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'change request % does not exist', change_show.id USING ERRCODE = 'undefined_object',
			HINT = 'List them: SELECT * FROM wishflags.change_list();';
	END IF;
	SELECT e.login_role || COALESCE(': ' || e.comment, '') INTO decision FROM wishflags.change_request_events e
	WHERE e.request_id = change_show.id AND e.event IN ('rejected', 'cancelled') ORDER BY e.occurred_at DESC LIMIT 1;
	-- Nothing is wider than 80 columns in psql; what is longer goes on in the next line.
	RETURN QUERY
	SELECT repeat(' ', c.indent + CASE WHEN w.n > 1 THEN 2 ELSE 0 END) || w.line
	FROM (
		SELECT 1 AS part, 0 AS place, ''::text AS key, ''::text AS override_key, h.n AS step, ''::text AS path, 0 AS indent, h.line
		FROM unnest(ARRAY[
			format('change request %s, revision %s, by %s: %s', request.id, request.revision, request.author, request.state),
			'reason: ' || request.reason,
			'approvals: ' || request.approvals || COALESCE(', missing ' || request.missing, '')]) WITH ORDINALITY AS h (line, n)
		UNION ALL
		SELECT 2, 0, '', '', row_number() OVER (ORDER BY a.approved_at), '', 2,
			a.approver || COALESCE(' for ' || a.approver_role, '') || COALESCE(': ' || a.comment, '')
		FROM wishflags.change_request_approvals a WHERE a.request_id = request.id AND a.revision = request.revision
		UNION ALL
		SELECT 3, 0, '', '', 1, '', 0, CASE WHEN request.applied_by IS NOT NULL
				THEN 'applied by ' || request.applied_by || COALESCE(' in an emergency: ' || request.emergency_reason, '')
			ELSE request.state || ' by ' || decision END
		WHERE request.state IN ('applied', 'rejected', 'cancelled')
		UNION ALL
		SELECT 4, k.place, i.key, COALESCE(i.override_key, ''), l.step, '', 0, CASE l.step WHEN 1 THEN '' ELSE
			CASE i.kind WHEN 'override' THEN format('override of flag %s for %s', i.key, i.override_key) ELSE i.kind || ' ' || i.key END
				|| CASE WHEN i.patch = 'null' THEN CASE i.kind WHEN 'override' THEN ', to be unset' ELSE ', to be deleted' END
					WHEN i.base = 'null' THEN ', new' ELSE '' END
				|| CASE WHEN i.kind <> 'override' AND i.base <> 'null' THEN ', version ' || (i.base #>> '{}') ELSE '' END
				|| CASE WHEN request.state = 'applied' OR i.base IS NOT DISTINCT FROM COALESCE(k.present, 'null') THEN ''
					ELSE ', has moved on: ' || CASE WHEN k.present IS NULL THEN 'not there'
						ELSE CASE i.kind WHEN 'override' THEN 'now ' ELSE 'version ' END || (k.present #>> '{}') END END END
		FROM wishflags.change_request_items i
		CROSS JOIN LATERAL (SELECT array_position(ARRAY['segment', 'flag', 'override'], i.kind), CASE i.kind
			WHEN 'flag' THEN (SELECT to_jsonb(f.version) FROM wishflags.flags f WHERE f.key = i.key)
			WHEN 'segment' THEN (SELECT to_jsonb(s.version) FROM wishflags.segments s WHERE s.key = i.key)
			ELSE (SELECT to_jsonb(o.variant) FROM wishflags.flag_overrides o WHERE o.flag = i.key AND o.key = i.override_key) END) k (place, present)
		CROSS JOIN generate_series(1, 2) l (step)
		WHERE i.request_id = request.id
		UNION ALL
		SELECT 4, array_position(ARRAY['segment', 'flag', 'override'], v.kind), v.key, COALESCE(v.override_key, ''), 3, v.path, 2,
			format('%s: %s -> %s', v.path, COALESCE(NULLIF(v.from_value, 'null')::text, '(none)'), COALESCE(NULLIF(v.to_value, 'null')::text, '(none)'))
		FROM wishflags.change_request_values v
		WHERE v.request_id = request.id AND v.path IS NOT NULL
	) c
	CROSS JOIN LATERAL unnest(wishflags.text_wrap(c.line, 74)) WITH ORDINALITY AS w (line, n)
	ORDER BY c.part, c.place, c.key COLLATE "C", c.override_key COLLATE "C", c.step, c.path COLLATE "C", w.n;
END $$;
COMMENT ON FUNCTION wishflags.change_show(bigint) IS
'a change request on lines of at most 80 columns: state, approvals, and each value that it changes';
