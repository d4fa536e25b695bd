-- Change requests as a list, and one of them as a card.

CREATE FUNCTION wishflags.change_items(changes jsonb)
RETURNS TABLE (kind text, key text, override_kind text, override_key text, rollback integer, patch jsonb)
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 100 ROWS 5
AS 'MODULE_PATHNAME', 'wf_change_items_list';
COMMENT ON FUNCTION wishflags.change_items(jsonb) IS
'what is changed by changes as change_propose() takes them, a row a flag, override, segment, experiment or document, in the order in which it is done: new values of columns or options of an override, null: it is deleted; rollback: the version whose content a flag gets';

-- Of the same form whatever TimeZone is, as it is compared.
CREATE FUNCTION wishflags.change_answer(entry wishflags.flag_overrides) RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT pg_catalog.jsonb_object_agg(o.name, o.value)
	FROM (VALUES ('variant', pg_catalog.to_jsonb((entry).variant)), ('value', (entry).value),
		('deny', CASE WHEN (entry).deny THEN 'true'::jsonb END),
		('expires_at', pg_catalog.to_jsonb(CASE WHEN pg_catalog.isfinite((entry).expires_at)
			THEN pg_catalog.to_char((entry).expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS+00') ELSE (entry).expires_at::text END)),
		('note', pg_catalog.to_jsonb((entry).note))) o (name, value)
	WHERE o.value IS NOT NULL;
END;
COMMENT ON FUNCTION wishflags.change_answer(wishflags.flag_overrides) IS
'what an override says, as options of flag_override_set(); NULL: there is none';

CREATE VIEW wishflags.change_request_items AS
SELECT r.id AS request_id, i.kind, i.key, CASE i.kind WHEN 'flag' THEN i.key WHEN 'override' THEN i.key
		WHEN 'experiment' THEN COALESCE(x.flag, i.patch ->> 'flag') END AS flag,
	i.override_kind, i.override_key, i.rollback,
	COALESCE(v.after - '{key,version,created_at,updated_at,created_by,updated_by}'::text[], i.patch) AS patch,
	CASE i.kind WHEN 'override' THEN r.base -> 'overrides' -> i.key -> i.override_key -> i.override_kind
		ELSE r.base -> (i.kind || 's') -> i.key END AS base
FROM wishflags.change_requests r
CROSS JOIN LATERAL wishflags.change_items(r.changes) i
LEFT JOIN wishflags.flag_audit v ON v.kind = 'flag' AND v.key = i.key AND v.version = i.rollback
LEFT JOIN wishflags.experiments x ON i.kind = 'experiment' AND x.key = i.key;
COMMENT ON VIEW wishflags.change_request_items IS
'what each change request changes, a row a flag, override, segment, experiment or document, and what it was written on; rollback: the version whose content a flag gets';

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
		CROSS JOIN LATERAL (SELECT i.flag WHERE i.kind <> 'document'
			UNION ALL SELECT k.key FROM pg_catalog.jsonb_object_keys(CASE i.kind WHEN 'document' THEN NULLIF(c.base -> 'document_flags' -> i.key, 'null') END) k (key)) n
		LEFT JOIN wishflags.flags f ON f.key = n.flag
		JOIN wishflags.change_policies p ON p.enabled AND COALESCE(n.flag, i.key) LIKE p.key_pattern
			AND (p.tags IS NULL OR p.tags && f.tags OR i.kind = 'flag' AND i.patch -> 'tags' ?| p.tags)
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
	SELECT pg_catalog.string_agg(DISTINCT CASE WHEN j.kind IN ('segment', 'experiment', 'document') THEN j.kind || ' ' ELSE '' END || j.key, ', ') AS what
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

-- An override gets an answer as a whole, all else keeps the columns that are not given.
CREATE VIEW wishflags.change_request_values AS
SELECT i.request_id, i.kind, i.key, i.override_kind, i.override_key, d.path, d.was AS from_value, d.becomes AS to_value
FROM wishflags.change_request_items i
LEFT JOIN wishflags.flag_audit a ON a.kind = i.kind AND a.key = i.key AND a.override_key IS NULL
	AND CASE i.kind WHEN 'experiment' THEN a.ordinal ELSE a.version END = CASE WHEN i.kind <> 'override' THEN (i.base #>> '{}')::bigint END
CROSS JOIN LATERAL (SELECT CASE i.kind WHEN 'override' THEN NULLIF(i.base, 'null') ELSE a.after END AS was,
	CASE pg_catalog.jsonb_typeof(i.patch) WHEN 'object' THEN i.patch END AS patch) r
LEFT JOIN LATERAL (
	SELECT path, f.leaf AS was, t.leaf AS becomes
	FROM wishflags.change_leaves(r.was) f
	FULL JOIN wishflags.change_leaves(CASE WHEN i.kind = 'override' OR r.was IS NULL THEN r.patch ELSE r.was || r.patch END) t USING (path)
	WHERE f.leaf IS DISTINCT FROM t.leaf
) d ON i.kind = 'override' OR r.patch IS NOT NULL;
COMMENT ON VIEW wishflags.change_request_values IS
'what each change request changes, a row a value: from what it was written on, to what it shall be; without a path: nothing, or it is deleted';

-- Of a few rows, whatever is estimated: to compile the query takes seconds.
CREATE FUNCTION wishflags.change_show(id bigint) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 20
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
	request record;
	decision text;
	places CONSTANT text[] := ARRAY['segment', 'document', 'flag', 'override', 'experiment'];
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
		SELECT 1 AS part, 0 AS place, ''::text AS key, ''::text AS override_key, ''::text AS override_kind, h.n AS step, ''::text AS path, 0 AS indent, h.line
		FROM unnest(ARRAY[
			format('change request %s, revision %s, by %s: %s', request.id, request.revision, request.author, request.state),
			'reason: ' || request.reason,
			'approvals: ' || request.approvals || COALESCE(', missing ' || request.missing, '')]) WITH ORDINALITY AS h (line, n)
		UNION ALL
		SELECT 2, 0, '', '', '', row_number() OVER (ORDER BY a.approved_at), '', 2,
			a.approver || COALESCE(' for ' || a.approver_role, '') || COALESCE(': ' || a.comment, '')
		FROM wishflags.change_request_approvals a WHERE a.request_id = request.id AND a.revision = request.revision
		UNION ALL
		SELECT 3, 0, '', '', '', 1, '', 0, CASE WHEN request.applied_by IS NOT NULL
				THEN 'applied by ' || request.applied_by || COALESCE(' in an emergency: ' || request.emergency_reason, '')
			ELSE request.state || ' by ' || decision END
		WHERE request.state IN ('applied', 'rejected', 'cancelled')
		UNION ALL
		SELECT 4, k.place, i.key, COALESCE(i.override_key, ''), COALESCE(i.override_kind, ''), l.step, '', 0, CASE l.step WHEN 1 THEN '' ELSE
			CASE i.kind WHEN 'override' THEN format('override of flag %s for %s%s', i.key, COALESCE(NULLIF(i.override_kind, 'user') || ' ', ''), i.override_key)
				ELSE i.kind || ' ' || i.key END
				|| CASE WHEN i.patch = 'null' THEN CASE i.kind WHEN 'override' THEN ', to be unset' ELSE ', to be deleted' END
					WHEN i.base = 'null' THEN ', new' ELSE '' END
				|| CASE WHEN i.kind <> 'override' AND i.base <> 'null' THEN ', version ' || (i.base #>> '{}') ELSE '' END
				|| COALESCE(', back to version ' || i.rollback, '')
				|| CASE WHEN request.state = 'applied' OR i.base IS NOT DISTINCT FROM COALESCE(k.present, 'null') THEN ''
					ELSE ', has moved on: ' || CASE WHEN k.present IS NULL THEN 'not there'
						ELSE CASE i.kind WHEN 'override' THEN 'now ' ELSE 'version ' END || (k.present #>> '{}') END END END
		FROM wishflags.change_request_items i
		CROSS JOIN LATERAL (SELECT array_position(places, i.kind), CASE i.kind
			WHEN 'flag' THEN (SELECT to_jsonb(f.version) FROM wishflags.flags f WHERE f.key = i.key)
			WHEN 'segment' THEN (SELECT to_jsonb(s.version) FROM wishflags.segments s WHERE s.key = i.key)
			WHEN 'document' THEN (SELECT to_jsonb(d.version) FROM wishflags.flag_documents d WHERE d.name = i.key)
			WHEN 'experiment' THEN (SELECT to_jsonb(max(a.ordinal)) FROM wishflags.experiments x
				JOIN wishflags.flag_audit a ON a.kind = 'experiment' AND a.key = x.key WHERE x.key = i.key)
			ELSE (SELECT wishflags.change_answer(o) FROM wishflags.flag_overrides o
				WHERE o.flag = i.key AND o.context_kind = i.override_kind AND o.key = i.override_key) END) k (place, present)
		CROSS JOIN generate_series(1, 2) l (step)
		WHERE i.request_id = request.id
		UNION ALL
		SELECT 4, array_position(places, v.kind), v.key, COALESCE(v.override_key, ''), COALESCE(v.override_kind, ''), 3, v.path, 2,
			format('%s: %s -> %s', v.path, COALESCE(NULLIF(v.from_value, 'null')::text, '(none)'), COALESCE(NULLIF(v.to_value, 'null')::text, '(none)'))
		FROM wishflags.change_request_values v
		WHERE v.request_id = request.id AND v.path IS NOT NULL
	) c
	CROSS JOIN LATERAL unnest(wishflags.text_wrap(c.line, 74)) WITH ORDINALITY AS w (line, n)
	ORDER BY c.part, c.place, c.key COLLATE "C", c.override_key COLLATE "C", c.override_kind COLLATE "C", c.step, c.path COLLATE "C", w.n;
END $$;
COMMENT ON FUNCTION wishflags.change_show(bigint) IS
'a change request on lines of at most 80 columns: state, approvals, and each value that it changes';
