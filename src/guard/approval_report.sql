-- Proposed changes as a list, and as text for a pull request.

CREATE VIEW wishflags.schema_change_overview AS
SELECT c.id,
	CASE WHEN x.skipped THEN 'skipped in emergency'
		WHEN s.left_over = 0 THEN 'executed'
		WHEN s.executed > 0 AND c.state = 'proposed' THEN 'partly executed'
		WHEN c.state <> 'proposed' THEN c.state
		WHEN c.valid_until <= pg_catalog.now() THEN 'expired'
		WHEN r.missing IS NULL THEN 'approved'
		ELSE 'proposed' END AS state,
	c.revision, c.authors[1] AS author, c.reason, f.severity, f.findings,
	r.given || ' of ' || r.needed AS approvals, r.missing, c.valid_until,
	s.executed || ' of ' || s.statements AS executed, s.executed_at, s.executed_by, c.proposed_at, c.sql
FROM wishflags.schema_changes c
CROSS JOIN LATERAL (
	SELECT pg_catalog.sum(q.needed) AS needed, pg_catalog.sum(q.given) AS given,
		pg_catalog.string_agg((q.needed - q.given) || ' of ' || COALESCE(q.approver_role, 'anyone but the author'), ', '
			ORDER BY q.approver_role) FILTER (WHERE q.given < q.needed) AS missing
	FROM wishflags.schema_change_requirements q WHERE q.change_id = c.id
) r
CROSS JOIN LATERAL (
	SELECT pg_catalog.count(*) AS findings,
		(ARRAY['info', 'low', 'medium', 'high', 'critical'])[pg_catalog.max(wishflags.severity_rank(j.severity))] AS severity
	FROM pg_catalog.jsonb_to_recordset(c.findings) j (severity text)
) f
CROSS JOIN LATERAL (
	SELECT pg_catalog.count(*) AS statements, pg_catalog.count(t.executed_at) AS executed,
		pg_catalog.max(t.executed_at) AS executed_at, pg_catalog.max(t.executed_by) AS executed_by,
		-- Where the guard asks for no approval, it does not see the statement run.
		CASE WHEN pg_catalog.count(t.executed_at) > 0 THEN pg_catalog.count(*) FILTER (
			WHERE t.executed_at IS NULL AND EXISTS (
				SELECT FROM pg_catalog.jsonb_to_recordset(c.findings) j (statement integer, requires_approval boolean)
				WHERE j.statement = t.ordinal AND j.requires_approval)) END AS left_over
	FROM wishflags.schema_change_statements t WHERE t.change_id = c.id
) s
CROSS JOIN LATERAL (
	SELECT EXISTS (SELECT FROM wishflags.schema_change_events e WHERE e.change_id = c.id AND e.event = 'skipped') AS skipped
) x
UNION ALL
SELECT NULL, 'skipped in emergency', NULL, e.login_role, e.comment, NULL, NULL, NULL, NULL, NULL, NULL,
	e.occurred_at, e.login_role, NULL, e.statement
FROM wishflags.schema_change_events e
WHERE e.event = 'skipped' AND e.change_id IS NULL
ORDER BY proposed_at DESC NULLS LAST, executed_at DESC;
COMMENT ON VIEW wishflags.schema_change_overview IS
'proposed changes, the newest first, with their state: proposed, approved, partly executed, executed, rejected, withdrawn, expired or skipped in emergency (run by wishflags.bypass); missing: whose approvals; and what was run by a bypass though nobody had proposed it';

CREATE FUNCTION wishflags.markdown_cell(value text) RETURNS text
LANGUAGE sql IMMUTABLE CALLED ON NULL INPUT PARALLEL SAFE COST 1
RETURN COALESCE(pg_catalog.translate(
	pg_catalog.replace(pg_catalog.replace(pg_catalog.replace(markdown_cell.value, '\', '\\'), '|', '\|'), '<', '&lt;'),
	E'\n\r', '  '), '-');
COMMENT ON FUNCTION wishflags.markdown_cell(text) IS 'a text as a cell of a table in markdown; a dash for NULL';

-- The fence is longer than any in the text.
CREATE FUNCTION wishflags.markdown_code(sql text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT f.fence || 'sql' || E'\n' || pg_catalog.rtrim(markdown_code.sql, E' \n\r\t') || E'\n' || f.fence || E'\n'
	FROM (SELECT pg_catalog.repeat('`', GREATEST(3, 1 + COALESCE(pg_catalog.max(pg_catalog.length(m[1])), 0))) AS fence
		FROM pg_catalog.regexp_matches(markdown_code.sql, '(`+)', 'g') m) f;
END;
COMMENT ON FUNCTION wishflags.markdown_code(text) IS 'SQL as a block of code in markdown';

CREATE FUNCTION wishflags.schema_change_risk(id bigint) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	change record;
	page text;
BEGIN
	SELECT o.*, c.findings AS facts, c.estimate, c.rollback_sql INTO change
	FROM wishflags.schema_change_overview o JOIN wishflags.schema_changes c ON c.id = o.id
	WHERE o.id = schema_change_risk.id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'schema change % does not exist', schema_change_risk.id USING ERRCODE = 'undefined_object',
			HINT = 'List them: SELECT id, state, reason FROM wishflags.schema_change_overview;';
	END IF;
	page := format(E'## Risk of schema change %s, revision %s\n\n%s. Highest severity: **%s**, %s.\n\n',
		change.id, change.revision, wishflags.markdown_cell(change.reason), COALESCE(change.severity, 'none'),
		CASE change.findings WHEN 1 THEN '1 finding' ELSE change.findings || ' findings' END);
	page := page || wishflags.markdown_code(change.sql) || E'\n';
	IF change.findings > 0 THEN
		page := page || E'| Line | Severity | Kind | Rule | Object | Lock | Rewrites | Reads all | Rows | Guard |\n'
			|| E'|---:|---|---|---|---|---|---|---|---:|---|\n'
			|| (SELECT string_agg(format('| %s | %s | %s | `%s` | %s | %s | %s | %s | %s | %s |', f.line, f.severity, f.kind, f.rule,
					wishflags.markdown_cell(f.object), wishflags.markdown_cell(f.lock_mode),
					CASE WHEN f.rewrites THEN 'yes' ELSE 'no' END, CASE WHEN f.scans THEN 'yes' ELSE 'no' END,
					wishflags.markdown_cell(f.evidence ->> 'rows'),
					CASE WHEN f.requires_approval THEN 'approval' ELSE f.action END), E'\n'
					ORDER BY wishflags.severity_rank(f.severity) DESC, f.line, f.rule, f.col)
				FROM jsonb_to_recordset(change.facts) f (line int, col int, severity text, kind text, rule text, object text,
					lock_mode text, rewrites boolean, scans boolean, evidence jsonb, action text, requires_approval boolean))
			|| E'\n\n'
			|| (SELECT string_agg(format(E'- `%s` (line %s): %s.%s\n%s', f.rule, f.line, f.message,
					COALESCE(' ' || f.hint, ''), COALESCE(E'\n' || wishflags.markdown_code(f.safe_sql), '')), ''
					ORDER BY wishflags.severity_rank(f.severity) DESC, f.line, f.rule, f.col)
				FROM jsonb_to_recordset(change.facts) f (line int, col int, severity text, rule text, message text, hint text, safe_sql text))
			|| E'\n';
	END IF;
	IF jsonb_array_length(change.estimate) > 0 THEN
		page := page || E'| Statement | Command | Object | Lock | Work | Seconds | Blocks | Blocked seconds |\n'
			|| E'|---:|---|---|---|---|---:|---|---:|\n'
			|| (SELECT string_agg(format('| %s | %s | %s | %s | %s | %s | %s | %s |', e.statement, wishflags.markdown_cell(e.command),
					wishflags.markdown_cell(e.object), wishflags.markdown_cell(e.lock_mode), wishflags.markdown_cell(e.work),
					COALESCE(round(e.seconds::numeric, 1)::text, '-'), wishflags.markdown_cell(e.blocks),
					COALESCE(round(e.blocked_seconds::numeric, 1)::text, '-')), E'\n' ORDER BY e.ordinality)
				FROM ROWS FROM (jsonb_to_recordset(change.estimate) AS (statement int, command text, object text, lock_mode text,
					work text, seconds double precision, blocks text, blocked_seconds double precision)) WITH ORDINALITY
					e (statement, command, object, lock_mode, work, seconds, blocks, blocked_seconds, ordinality))
			|| E'\n\n';
	END IF;
	RETURN page || CASE
		WHEN change.rollback_sql IS NOT NULL THEN E'The way back:\n\n' || wishflags.markdown_code(change.rollback_sql)
		ELSE format(E'No way back is stored. Find it with `SELECT wishflags.migration_rollback_sql(sql) FROM wishflags.schema_changes WHERE id = %s;`, which runs the change in a rehearsal, or propose it with option `rollback`.\n',
			change.id) END;
END $$;
COMMENT ON FUNCTION wishflags.schema_change_risk(bigint) IS
'the risk of a proposed change as markdown, for a pull request: findings with lock, rewrite, rows and safe way, the estimate, and the way back';

CREATE FUNCTION wishflags.schema_change_checklist(id bigint) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL RESTRICTED COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	change record;
	page text;
BEGIN
	SELECT o.*, c.findings AS facts, c.rollback_sql INTO change
	FROM wishflags.schema_change_overview o JOIN wishflags.schema_changes c ON c.id = o.id
	WHERE o.id = schema_change_checklist.id;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'schema change % does not exist', schema_change_checklist.id USING ERRCODE = 'undefined_object',
			HINT = 'List them: SELECT id, state, reason FROM wishflags.schema_change_overview;';
	END IF;
	page := format(E'## Checklist for schema change %s, revision %s\n\n%s, by %s. State: %s.\n\n### Review\n\n',
		change.id, change.revision, wishflags.markdown_cell(change.reason), wishflags.markdown_cell(change.author), change.state);
	page := page || COALESCE((
		SELECT string_agg(format(E'- [ ] line %s, `%s` (%s): %s.%s\n', f.line, f.rule, f.severity, f.message,
			CASE WHEN f.safe_sql IS NOT NULL THEN ' The safe way is in the risk assessment: take it, or say why not.'
				ELSE COALESCE(' ' || f.hint, '') END), ''
			ORDER BY wishflags.severity_rank(f.severity) DESC, f.line, f.rule, f.col)
		FROM jsonb_to_recordset(change.facts) f (line int, col int, severity text, rule text, message text, hint text, safe_sql text)),
		E'- [x] The check finds nothing.\n');
	page := page || E'\n### Tests\n\n'
		|| E'- [ ] It ran on a copy with data like those of production: `SELECT * FROM wishflags.migration_rehearse(...);`\n'
		|| (SELECT concat(
				CASE WHEN bool_or(f.kind = 'breaking') THEN E'- [ ] The code that runs now works before and after it.\n' END,
				CASE WHEN bool_or(f.kind = 'blocking') THEN E'- [ ] lock_timeout is set, and the time without other load is agreed.\n' END,
				CASE WHEN bool_or(f.kind = 'data-loss') THEN E'- [ ] What is lost is kept elsewhere, and reading it back was tried.\n' END,
				CASE WHEN bool_or(f.kind = 'fails') THEN E'- [ ] The rows it would fail at are corrected.\n' END)
			FROM jsonb_to_recordset(change.facts) f (kind text))
		|| E'\n### Way back\n\n'
		|| CASE WHEN change.rollback_sql IS NOT NULL THEN E'- [ ] The stored way back was tried: `SELECT * FROM wishflags.migration_rollback_test(up, down);`\n'
			ELSE E'- [ ] A way back is written: `SELECT wishflags.migration_rollback_sql(...);`\n' END
		|| (SELECT COALESCE(string_agg(DISTINCT format(E'- [ ] `%s` loses what no script brings back: a backup is at hand.\n', f.rule), ''), '')
			FROM jsonb_to_recordset(change.facts) f (kind text, rule text) WHERE f.kind IN ('data-loss', 'irreversible'))
		|| E'\n### Approvals\n\n'
		|| (SELECT string_agg(format(E'- [%s] %s of %s (%s given%s)\n', CASE WHEN q.given >= q.needed THEN 'x' ELSE ' ' END, q.needed,
				CASE WHEN q.approver_role IS NULL THEN 'anyone but the author' ELSE wishflags.markdown_cell(q.approver_role) END, q.given,
				CASE WHEN cardinality(q.policies) > 0 THEN '; policy ' || wishflags.markdown_cell(array_to_string(q.policies, ', ')) END),
				'' ORDER BY q.approver_role)
			FROM wishflags.schema_change_requirements q WHERE q.change_id = change.id)
		|| format(E'\nTo approve: `SELECT wishflags.schema_change_approve(%s, ''comment'', revision => %s);`, before %s.\n',
			change.id, change.revision, to_char(change.valid_until AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'));
	RETURN page;
END $$;
COMMENT ON FUNCTION wishflags.schema_change_checklist(bigint) IS
'what is to be done before a proposed change is run, as a checklist in markdown: findings, tests, way back and approvals';
