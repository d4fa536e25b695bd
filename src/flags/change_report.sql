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

CREATE FUNCTION wishflags.change_list(state text DEFAULT NULL)
RETURNS TABLE (id bigint, state text, author text, approvals text, what text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 20
BEGIN ATOMIC
	SELECT o.id, o.state, CASE WHEN pg_catalog.length(o.author) > 12 THEN pg_catalog.substr(o.author, 1, 10) || '..' ELSE o.author END,
		o.approvals,
		CASE WHEN pg_catalog.length(o.what) > 18 THEN pg_catalog.substr(o.what, 1, 16) || '..' ELSE o.what END,
		CASE WHEN pg_catalog.length(o.reason) > 15 THEN pg_catalog.substr(o.reason, 1, 13) || '..' ELSE o.reason END
	FROM wishflags.change_request_overview o
	WHERE change_list.state IS NULL OR o.state = change_list.state
	ORDER BY o.id;
END;
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

CREATE FUNCTION wishflags.change_show(id bigint) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE COST 10000
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	request record;
	lines text[];
	line text;
	card text := '';
BEGIN
	SELECT o.*, (SELECT string_agg(a.approver || COALESCE(' for ' || a.approver_role, '') || COALESCE(': ' || a.comment, ''), E'\n' ORDER BY a.approved_at)
		FROM wishflags.change_request_approvals a WHERE a.request_id = o.id AND a.revision = o.revision) AS approvers,
		(SELECT e.comment || ' (' || e.login_role || ')' FROM wishflags.change_request_events e
			WHERE e.request_id = o.id AND e.event = o.state ORDER BY e.occurred_at DESC LIMIT 1) AS decision
	INTO request FROM wishflags.change_request_overview o WHERE o.id = change_show.id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'change request % does not exist', change_show.id USING ERRCODE = 'undefined_object',
			HINT = 'List them: SELECT * FROM wishflags.change_list();';
	END IF;
	lines := ARRAY[
		format('change request %s, revision %s, by %s: %s', request.id, request.revision, request.author, request.state),
		'reason: ' || request.reason,
		'approvals: ' || request.approvals || COALESCE(', missing ' || request.missing, '')];
	lines := lines || (SELECT array_agg('  ' || a) FROM string_to_table(request.approvers, E'\n') a);
	IF request.applied_by IS NOT NULL THEN
		lines := lines || ('applied by ' || request.applied_by || COALESCE(' in an emergency: ' || request.emergency_reason, ''));
	ELSIF request.state IN ('rejected', 'cancelled') THEN
		lines := lines || (request.state || ': ' || request.decision);
	END IF;
	lines := lines || (
		SELECT array_agg(s.line ORDER BY s.place, s.key, s.override_key NULLS FIRST, s.part, s.path COLLATE "C")
		FROM (
			SELECT array_position(ARRAY['segment', 'flag', 'override'], i.kind) AS place, i.key, i.override_key, 1 AS part, NULL AS path,
				E'\n' || CASE i.kind WHEN 'override' THEN format('override of flag %s for %s', i.key, i.override_key) ELSE i.kind || ' ' || i.key END
					|| CASE WHEN i.patch = 'null' THEN CASE i.kind WHEN 'override' THEN ', to be unset' ELSE ', to be deleted' END
						WHEN i.base = 'null' THEN ', new' ELSE '' END
					|| CASE WHEN i.kind <> 'override' AND i.base <> 'null' THEN ', version ' || (i.base #>> '{}') ELSE '' END
					|| CASE WHEN request.state = 'applied' OR i.base IS NOT DISTINCT FROM COALESCE(n.present, 'null') THEN ''
						ELSE ', has moved on: ' || CASE i.kind WHEN 'override' THEN 'now ' ELSE 'version ' END || COALESCE(n.present #>> '{}', 'not there') END AS line
			FROM wishflags.change_request_items i
			CROSS JOIN LATERAL (SELECT CASE i.kind
				WHEN 'flag' THEN (SELECT to_jsonb(f.version) FROM wishflags.flags f WHERE f.key = i.key)
				WHEN 'segment' THEN (SELECT to_jsonb(s.version) FROM wishflags.segments s WHERE s.key = i.key)
				ELSE (SELECT to_jsonb(o.variant) FROM wishflags.flag_overrides o WHERE o.flag = i.key AND o.key = i.override_key) END) n (present)
			WHERE i.request_id = change_show.id
			UNION ALL
			SELECT array_position(ARRAY['segment', 'flag', 'override'], v.kind), v.key, v.override_key, 2, v.path,
				format('  %s: %s -> %s', v.path, COALESCE(NULLIF(v.from_value, 'null')::text, '(none)'), COALESCE(NULLIF(v.to_value, 'null')::text, '(none)'))
			FROM wishflags.change_request_values v
			WHERE v.request_id = change_show.id AND v.path IS NOT NULL
		) s);
	-- Nothing is wider than 80 columns; what is longer goes on in the next line.
	FOREACH line IN ARRAY lines LOOP
		WHILE length(line) > 80 LOOP
			card := card || substr(line, 1, 80) || E'\n';
			line := '    ' || substr(line, 81);
		END LOOP;
		card := card || line || E'\n';
	END LOOP;
	RETURN rtrim(card, E'\n');
END $$;
COMMENT ON FUNCTION wishflags.change_show(bigint) IS
'a change request as text: state, approvals, and each value that it changes';
