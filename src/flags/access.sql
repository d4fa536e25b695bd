-- Who may do what: four levels, each a set of plain grants.

-- The one place that says which object belongs to which level.  A function is
-- named for all its forms, or with its arguments for one of them.  All columns of
-- a table are meant but those in the last list, which only the extension fills in
-- or a restore brings.  What nobody is given stands under "owner"; trigger and
-- event trigger functions and the like need no right to run, and stand nowhere.
CREATE VIEW wishflags.access_levels AS
SELECT v.level, p.privilege, o.object, pg_catalog.string_to_array(v.but, ' ') AS but_columns
FROM (VALUES
	('everyone', 'EXECUTE', 'flag_eval flag_variant flag_value version', NULL),

	('reader', 'USAGE', 'wishflags', NULL),
	('reader', 'SELECT', 'flags flag_overrides flag_documents segments segment_members', NULL),
	('reader', 'SELECT', 'flags_signal flag_overrides_signal segments_signal', NULL),
	('reader', 'SELECT', 'flag_audit flag_overview flag_versions', NULL),
	('reader', 'SELECT', 'flag_code_references flag_expiring flag_expiry_notices', NULL),
	('reader', 'SELECT', 'change_policies change_policy_history change_requests change_requests_id_seq', NULL),
	('reader', 'SELECT', 'change_request_approvals change_request_events change_request_items', NULL),
	('reader', 'SELECT', 'change_request_requirements change_request_overview change_request_values', NULL),
	('reader', 'SELECT', 'access_levels access_rights access_held', NULL),
	('reader', 'SELECT', 'schema_baselines schema_baseline_overview schema_health', NULL),
	('reader', 'SELECT', 'experiments experiment_exposures preview_tokens', NULL),
	('reader', 'SELECT', 'flag_usage flag_usage_detail flag_usage_log flag_cache_usage unknown_flags', NULL),
	('reader', 'SELECT', 'migration_runs migration_run_findings migration_run_skips migration_rates', NULL),
	('reader', 'SELECT', 'migration_rules migration_policies migration_policies_effective', NULL),
	('reader', 'SELECT', 'migration_policy_history migration_check_stats services impact_activity', NULL),
	('reader', 'SELECT', 'ddl_log unledgered_ddl', NULL),
	('reader', 'SELECT', 'guard_log guard_policies guard_policy_history guard_allowances guard_effective', NULL),
	('reader', 'SELECT', 'guard_unconfirmed guard_unconfirmed_full guard_unconfirmed_worker', NULL),
	('reader', 'SELECT', 'guard_unconfirmed_time guard_unconfirmed_error', NULL),
	('reader', 'SELECT', 'releases deprecated_objects deprecated_addresses deprecations', NULL),
	('reader', 'SELECT', 'approval_policies approval_policy_history approval_effective', NULL),
	('reader', 'SELECT', 'schema_changes schema_changes_id_seq schema_change_statements', NULL),
	('reader', 'SELECT', 'schema_change_approvals schema_change_events', NULL),
	('reader', 'SELECT', 'schema_change_requirements schema_change_overview', NULL),
	('reader', 'EXECUTE', 'flag_explain flag_eval_all flag_eval_document flag_matching', NULL),
	('reader', 'EXECUTE', 'flag_history flag_at flag_diff flag_export flag_overrides_at segment_at document_at', NULL),
	('reader', 'EXECUTE', 'flag_list flag_card flag_timeline flag_state text_clip text_wrap', NULL),
	('reader', 'EXECUTE', 'flag_dependencies flag_references flag_references_in_database', NULL),
	('reader', 'EXECUTE', 'flag_configurations flag_stale flag_lint options_check', NULL),
	('reader', 'EXECUTE', 'changes_since audit_record_at', NULL),
	('reader', 'EXECUTE', 'audit_hash audit_head audit_verify', NULL),
	('reader', 'EXECUTE', 'ofrep_evaluate ofrep_evaluate_all ofrep_event', NULL),
	('reader', 'EXECUTE', 'experiment_results preview_from_url preview_matrix', NULL),
	('reader', 'EXECUTE', 'flag_override_conflicts flag_override_problem', NULL),
	('reader', 'EXECUTE', 'flag_usage_session flag_health health_thresholds usage_entries usage_status', NULL),
	('reader', 'EXECUTE', 'usage_union_step usage_union usage_estimate', NULL),
	('reader', 'EXECUTE', 'change_list change_show change_leaves change_items change_answer', NULL),
	('reader', 'EXECUTE', 'access_list access_includes', NULL),
	('reader', 'EXECUTE', 'schema_snapshot schema_fingerprint schema_diff schema_diff_sql', NULL),
	('reader', 'EXECUTE', 'schema_diff_schemas schema_diff_schemas_sql schema_diff_render', NULL),
	('reader', 'EXECUTE', 'schema_rename_suggest schema_baseline_snapshot schema_drift schema_from_drizzle', NULL),
	('reader', 'EXECUTE', 'registry_schema registry_request registry_compat registry_wire registry_wire_read', NULL),
	('reader', 'EXECUTE', 'migration_breaking_check migration_parse migration_rules_list migration_report', NULL),
	('reader', 'EXECUTE', 'migration_describe migration_estimate migration_stats_export migration_impact', NULL),
	('reader', 'EXECUTE', 'migration_policy migration_policies_list migration_check_stats_list enum_plan', NULL),
	('reader', 'EXECUTE', 'impact_samples impact_samples_status', NULL),
	-- These act on the caller's own tables, with the caller's own rights.
	('reader', 'EXECUTE', 'migration_rehearse migration_rollback_sql migration_rollback_test', NULL),
	('reader', 'EXECUTE', 'migration_shelter_sql sandbox_create', NULL),
	('reader', 'EXECUTE', 'ddl_history', NULL),
	('reader', 'EXECUTE', 'guard_status guard_session guard_effective_list guard_action', NULL),
	('reader', 'EXECUTE', 'guard_check guard_check_deprecated guard_bypass_report', NULL),
	('reader', 'EXECUTE', 'severity_rank markdown_cell markdown_code', NULL),
	('reader', 'EXECUTE', 'schema_change_risk schema_change_checklist', NULL),
	('reader', 'EXECUTE', 'status', NULL),

	('editor', 'INSERT UPDATE', 'flags', 'version created_at updated_at created_by updated_by'),
	('editor', 'INSERT UPDATE', 'flag_overrides', 'created_at created_by'),
	('editor', 'INSERT UPDATE', 'flag_documents', 'version created_at updated_at'),
	('editor', 'INSERT UPDATE', 'segments', 'definer refreshed_at version created_at updated_at'),
	('editor', 'DELETE', 'flags flag_overrides flag_documents segments', NULL),
	('editor', 'INSERT UPDATE', 'experiments', 'created_at'),
	('editor', 'DELETE', 'experiments', NULL),
	('editor', 'EXECUTE', 'experiment_start experiment_stop experiment_expose experiment_expose_all', NULL),
	('editor', 'EXECUTE', 'usage_flush', NULL),
	('editor', 'EXECUTE', 'flag_override_prune flag_override_set_all', NULL),
	('editor', 'INSERT UPDATE DELETE', 'services flag_code_references', NULL),
	('editor', 'INSERT', 'flag_expiry_notices', NULL),
	('editor', 'EXECUTE', 'flag_create flag_define flag_enable flag_disable flag_rollout flag_rollback', NULL),
	('editor', 'EXECUTE', 'flag_archive flag_unarchive flag_expire', NULL),
	('editor', 'EXECUTE', 'flag_code_references_upload flag_expiry_notify', NULL),
	('editor', 'EXECUTE', 'flag_override_set flag_override_unset flag_import', NULL),
	('editor', 'EXECUTE', 'change_propose change_edit change_cancel change_apply(bigint)', NULL),
	('editor', 'EXECUTE', 'segment_define segment_refresh', NULL),
	('editor', 'EXECUTE', 'schema_baseline schema_baseline_import', NULL),
	('editor', 'EXECUTE', 'migration_record impact_sample', NULL),
	('editor', 'EXECUTE', 'deprecate deprecation_withdraw release', NULL),
	('editor', 'EXECUTE', 'schema_change_propose schema_change_amend schema_change_withdraw', NULL),

	('approver', 'EXECUTE', 'change_approve change_reject', NULL),
	('approver', 'EXECUTE', 'schema_change_approve schema_change_reject', NULL),

	('admin', 'INSERT UPDATE', 'guard_policies', 'changed_at changed_by'),
	('admin', 'INSERT UPDATE', 'guard_allowances', 'changed_at changed_by'),
	('admin', 'INSERT UPDATE', 'approval_policies', 'changed_at changed_by'),
	('admin', 'INSERT UPDATE', 'migration_policies', 'changed_at changed_by'),
	('admin', 'INSERT UPDATE', 'change_policies', 'changed_at changed_by'),
	('admin', 'DELETE', 'change_policies guard_policies guard_allowances approval_policies migration_policies', NULL),
	('admin', 'EXECUTE', 'change_apply(bigint,text)', NULL),
	('admin', 'EXECUTE', 'guard_allow guard_preset', NULL),
	('admin', 'EXECUTE', 'preview_issue preview_revoke preview_secret_rotate usage_reset', NULL),
	('admin', 'EXECUTE', 'schema_baseline_drop migration_calibrate', NULL),
	('admin', 'EXECUTE', 'ddl_log_prune impact_samples_reset migration_check_stats_reset', NULL),

	-- Who may delete from guard_log could take out single rows.
	('owner', 'EXECUTE', 'guard_log_prune', NULL),
	('owner', 'SELECT', 'preview_secrets', NULL),
	('owner', 'EXECUTE', 'access_grant access_revoke access_change access_statements', NULL)
) v (level, privileges, objects, but)
CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.string_to_array(v.privileges, ' ')) p (privilege)
CROSS JOIN LATERAL pg_catalog.unnest(pg_catalog.string_to_array(v.objects, ' ')) o (object);
COMMENT ON VIEW wishflags.access_levels IS
'which privilege on which object belongs to which level: everyone, reader, editor, approver, admin, and owner for what is granted to nobody';
COMMENT ON COLUMN wishflags.access_levels.object IS 'a function in all its forms, or one form of it; a table, view or sequence; the schema';
COMMENT ON COLUMN wishflags.access_levels.but_columns IS 'the columns left out, where only columns are granted';

CREATE VIEW wishflags.access_rights AS
SELECT l.level, l.privilege, 'function' AS object_type, p.oid::pg_catalog.regprocedure::text AS object, NULL::text AS column_name, p.oid AS objid
FROM wishflags.access_levels l
JOIN pg_catalog.pg_proc p ON p.pronamespace = 'wishflags'::pg_catalog.regnamespace
	AND (p.proname = l.object OR p.proname || '(' || pg_catalog.replace(pg_catalog.oidvectortypes(p.proargtypes), ', ', ',') || ')' = l.object)
WHERE l.privilege = 'EXECUTE'
UNION ALL
SELECT l.level, l.privilege, CASE c.relkind WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' ELSE 'table' END,
	c.oid::pg_catalog.regclass::text, a.attname, c.oid
FROM wishflags.access_levels l
JOIN pg_catalog.pg_class c ON c.relnamespace = 'wishflags'::pg_catalog.regnamespace AND c.relname = l.object
LEFT JOIN pg_catalog.pg_attribute a ON l.but_columns IS NOT NULL AND a.attrelid = c.oid AND a.attnum > 0
	AND NOT a.attisdropped AND a.attname <> ALL (l.but_columns)
WHERE l.privilege NOT IN ('EXECUTE', 'USAGE')
UNION ALL
SELECT l.level, l.privilege, 'schema', n.nspname, NULL, n.oid
FROM wishflags.access_levels l
JOIN pg_catalog.pg_namespace n ON n.nspname = l.object
WHERE l.privilege = 'USAGE';
COMMENT ON VIEW wishflags.access_rights IS
'access_levels by object: each function by its arguments, each column that is granted';

-- Who holds what by the catalog: a row a role, object (or column) and privilege.
CREATE VIEW wishflags.access_held AS
SELECT h.object_type, h.objid, h.column_name, COALESCE(r.rolname, 'PUBLIC') AS role, h.privilege, h.is_owner
FROM (
	SELECT 'function' AS object_type, p.oid AS objid, NULL::text AS column_name, x.grantee, x.privilege_type AS privilege, x.grantee = p.proowner AS is_owner
	FROM pg_catalog.pg_proc p
	CROSS JOIN LATERAL pg_catalog.aclexplode(COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner))) x
	WHERE p.pronamespace = 'wishflags'::pg_catalog.regnamespace
	UNION ALL
	SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'S' THEN 'sequence' ELSE 'table' END, c.oid, NULL, x.grantee, x.privilege_type, x.grantee = c.relowner
	FROM pg_catalog.pg_class c
	CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) x
	WHERE c.relnamespace = 'wishflags'::pg_catalog.regnamespace
	UNION ALL
	SELECT CASE c.relkind WHEN 'v' THEN 'view' ELSE 'table' END, c.oid, a.attname, x.grantee, x.privilege_type, x.grantee = c.relowner
	FROM pg_catalog.pg_class c
	JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
	CROSS JOIN LATERAL pg_catalog.aclexplode(a.attacl) x
	WHERE c.relnamespace = 'wishflags'::pg_catalog.regnamespace
	UNION ALL
	SELECT 'schema', n.oid, NULL, x.grantee, x.privilege_type, x.grantee = n.nspowner
	FROM pg_catalog.pg_namespace n
	CROSS JOIN LATERAL pg_catalog.aclexplode(n.nspacl) x
	WHERE n.nspname = 'wishflags'
) h
LEFT JOIN pg_catalog.pg_roles r ON r.oid = h.grantee;
COMMENT ON VIEW wishflags.access_held IS
'who holds which privilege on the objects of the extension, by the catalog: granted to the role itself, not to one that it is a member of';

-- A level has its own rights and those of the levels that it includes.
CREATE FUNCTION wishflags.access_includes(level text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 1
RETURN CASE level
	WHEN 'reader' THEN ARRAY['reader']
	WHEN 'editor' THEN ARRAY['reader', 'editor']
	WHEN 'approver' THEN ARRAY['reader', 'approver']
	WHEN 'admin' THEN ARRAY['reader', 'editor', 'approver', 'admin'] END;
COMMENT ON FUNCTION wishflags.access_includes(text) IS
'the levels whose rights a level has; NULL: there is no such level';

-- GRANT and REVOKE of all rights of some levels, in as few statements as there are
-- kinds of them.
CREATE FUNCTION wishflags.access_statements(command text, role name, levels text[]) RETURNS SETOF text
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 20
BEGIN ATOMIC
	SELECT pg_catalog.format(CASE command WHEN 'GRANT' THEN 'GRANT %s ON %s TO %I' ELSE 'REVOKE %s ON %s FROM %I' END,
		s.rights, s.objects, role)
	FROM (
		SELECT r.privilege || COALESCE(' (' || pg_catalog.string_agg(pg_catalog.quote_ident(r.column_name), ', ' ORDER BY r.column_name) || ')', '') AS rights,
			'TABLE ' || r.object AS objects
		FROM wishflags.access_rights r
		WHERE r.level = ANY (levels) AND r.column_name IS NOT NULL
		GROUP BY r.privilege, r.object
		UNION ALL
		SELECT r.privilege, CASE WHEN r.object_type IN ('view', 'table') THEN 'TABLE' ELSE pg_catalog.upper(r.object_type) END
			|| ' ' || pg_catalog.string_agg(DISTINCT r.object, ', ')
		FROM wishflags.access_rights r
		WHERE r.level = ANY (levels) AND r.column_name IS NULL
		GROUP BY r.privilege, CASE WHEN r.object_type IN ('view', 'table') THEN 'TABLE' ELSE pg_catalog.upper(r.object_type) END
	) s (rights, objects)
	ORDER BY s.objects, s.rights;
END;
COMMENT ON FUNCTION wishflags.access_statements(text, name, text[]) IS
'the statements that grant (command GRANT) or revoke (REVOKE) all own rights of some levels';

CREATE FUNCTION wishflags.access_change(command text, role name, level text) RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_variable
DECLARE
	owner name := (SELECT r.rolname FROM pg_extension x JOIN pg_roles r ON r.oid = x.extowner WHERE x.extname = 'wishflags');
	known constant text[] := ARRAY['reader', 'editor', 'approver', 'admin'];
	levels text[];
	statement text;
	before bigint;
	rights constant text := 'SELECT count(*) FROM wishflags.access_held h WHERE h.role = $1';
BEGIN
	IF role IS NULL THEN
		RAISE EXCEPTION 'role must not be null' USING ERRCODE = 'null_value_not_allowed';
	ELSIF level IS NULL OR level <> ALL (known) THEN
		RAISE EXCEPTION 'unknown level "%"', level USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Levels are reader, editor, approver and admin; what belongs to each: SELECT * FROM wishflags.access_levels;';
	ELSIF lower(role) = 'public' THEN
		RAISE EXCEPTION 'no level is for PUBLIC' USING ERRCODE = 'invalid_grant_operation',
			DETAIL = 'Everybody who has USAGE on the schema may evaluate flags, and nothing else.',
			HINT = 'Make a role for those who may, and grant it to them: CREATE ROLE flag_readers;';
	ELSIF to_regrole(quote_ident(role)) IS NULL THEN
		RAISE EXCEPTION 'role "%" does not exist', role USING ERRCODE = 'undefined_object',
			HINT = format('Create it first: CREATE ROLE %I;', role);
	ELSIF role = owner THEN
		RAISE EXCEPTION 'role "%" owns the extension and has all rights', role USING ERRCODE = 'invalid_grant_operation',
			HINT = 'See who else has which: SELECT * FROM wishflags.access_list();';
	ELSIF NOT pg_has_role(owner, 'USAGE') THEN
		RAISE EXCEPTION 'must be owner of extension wishflags' USING ERRCODE = 'insufficient_privilege',
			HINT = format('Let role "%s" run it: SELECT wishflags.access_%s(%L, %L);', owner, lower(command), role, level);
	END IF;
	IF command = 'GRANT' THEN
		levels := wishflags.access_includes(level);
	ELSE
		SELECT array_agg(k) INTO levels FROM unnest(known) k WHERE level = ANY (wishflags.access_includes(k));
	END IF;
	EXECUTE rights INTO before USING role;
	FOR statement IN SELECT * FROM wishflags.access_statements(command, role, levels) LOOP
		EXECUTE statement;
	END LOOP;
	RETURN abs((SELECT count(*) FROM wishflags.access_held h WHERE h.role = access_change.role) - before);
END $$;
COMMENT ON FUNCTION wishflags.access_change(text, name, text) IS
'what access_grant() and access_revoke() have in common';

CREATE FUNCTION wishflags.access_grant(role name, level text) RETURNS integer
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 10000
BEGIN ATOMIC
	SELECT wishflags.access_change('GRANT', role, level);
END;
COMMENT ON FUNCTION wishflags.access_grant(name, text) IS
'gives a role a level: reader, editor and approver (readers, too) or admin (all of them); how many rights are new';

CREATE FUNCTION wishflags.access_revoke(role name, level text) RETURNS integer
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 10000
BEGIN ATOMIC
	SELECT wishflags.access_change('REVOKE', role, level);
END;
COMMENT ON FUNCTION wishflags.access_revoke(name, text) IS
'takes a level from a role, and the levels that include it; the levels below it stay, so that reader takes all; how many rights went';

-- To compile the query takes a hundred times as long as to run it.
CREATE FUNCTION wishflags.access_list()
RETURNS TABLE (role name, level text, rights text, detail text)
LANGUAGE sql STABLE PARALLEL SAFE COST 10000 ROWS 10
SET jit = off
BEGIN ATOMIC
	WITH held AS MATERIALIZED (
		SELECT h.role, h.objid, h.column_name, h.privilege FROM wishflags.access_held h WHERE NOT h.is_owner),
	given AS MATERIALIZED (SELECT r.* FROM wishflags.access_rights r),
	-- Rights by level, each with whether the role holds it, as a whole or by column.
	have AS MATERIALIZED (
		SELECT w.role, r.level, r.privilege || COALESCE(' (' || r.column_name || ')', '') || ' on ' || pg_catalog.replace(r.object, 'wishflags.', '') AS what,
			pg_catalog.bool_or(h.objid IS NOT NULL) AS has
		FROM (SELECT DISTINCT h.role FROM held h) w
		CROSS JOIN given r
		LEFT JOIN held h ON h.role = w.role AND h.objid = r.objid AND h.privilege = r.privilege
			AND (h.column_name IS NULL OR h.column_name = r.column_name)
		WHERE r.level IN ('reader', 'editor', 'approver', 'admin')
		GROUP BY w.role, r.level, r.privilege, r.column_name, r.object),
	own AS (
		SELECT v.role, v.level, pg_catalog.bool_and(v.has) AS complete, pg_catalog.bool_or(v.has AND v.what <> 'USAGE on wishflags') AS any
		FROM have v GROUP BY v.role, v.level),
	full_level AS (
		SELECT l.role, l.level, (SELECT pg_catalog.bool_and(o.complete) FROM own o
			WHERE o.role = l.role AND o.level = ANY (wishflags.access_includes(l.level))) AS complete, l.any
		FROM own l),
	-- A level shows unless it is part of a whole one; without any right that counts, it does not.
	shown AS (
		SELECT f.role, f.level, f.complete FROM full_level f
		WHERE f.any AND NOT EXISTS (SELECT FROM full_level g
			WHERE g.role = f.role AND g.complete AND g.level <> f.level AND f.level = ANY (wishflags.access_includes(g.level)))),
	line AS (
		SELECT s.role, s.level, CASE WHEN s.complete THEN 'all' ELSE 'some' END AS rights,
			CASE WHEN s.complete THEN NULL
				WHEN n.has <= n.rights - n.has THEN 'only ' || pg_catalog.array_to_string(n.having_these[1:3], ', ') || CASE WHEN n.has > 3 THEN ', ...' ELSE '' END
				ELSE 'without ' || pg_catalog.array_to_string(n.lacking[1:3], ', ') || CASE WHEN n.rights - n.has > 3 THEN ', ...' ELSE '' END END AS detail
		FROM shown s
		CROSS JOIN LATERAL (
			SELECT pg_catalog.count(*) AS rights, pg_catalog.count(*) FILTER (WHERE v.has) AS has,
				pg_catalog.array_agg(v.what ORDER BY v.what) FILTER (WHERE v.has) AS having_these,
				pg_catalog.array_agg(v.what ORDER BY v.what) FILTER (WHERE NOT v.has) AS lacking
			FROM have v WHERE v.role = s.role AND v.level = s.level) n
		UNION ALL
		-- USAGE alone is what evaluation takes.
		SELECT o.role, 'evaluation', 'all', NULL
		FROM held o
		WHERE o.privilege = 'USAGE' AND o.objid = 'wishflags'::pg_catalog.regnamespace
			AND NOT EXISTS (SELECT FROM own n WHERE n.role = o.role AND n.any)
		UNION ALL
		SELECT o.role, 'other', 'some',
			pg_catalog.array_to_string((pg_catalog.array_agg(o.what ORDER BY o.what))[1:3], ', ') || CASE WHEN pg_catalog.count(*) > 3 THEN ', ...' ELSE '' END
		FROM (
			SELECT h.role, h.privilege || COALESCE(' (' || h.column_name || ')', '') || ' on '
				|| COALESCE(p.oid::pg_catalog.regprocedure::text, c.oid::pg_catalog.regclass::text, 'schema wishflags') AS what
			FROM held h
			LEFT JOIN pg_catalog.pg_proc p ON p.oid = h.objid
			LEFT JOIN pg_catalog.pg_class c ON c.oid = h.objid
			WHERE NOT EXISTS (SELECT FROM given r
				WHERE r.objid = h.objid AND r.privilege = h.privilege AND (h.column_name IS NULL OR r.column_name IS NULL OR r.column_name = h.column_name)
					AND (r.level <> 'everyone' OR h.role = 'PUBLIC') AND r.level <> 'owner')
		) o
		GROUP BY o.role)
	SELECT l.role, l.level, l.rights, l.detail
	FROM line l
	ORDER BY l.role, pg_catalog.array_position(ARRAY['evaluation', 'reader', 'editor', 'approver', 'admin', 'other'], l.level);
END;
COMMENT ON FUNCTION wishflags.access_list() IS
'which roles have which level by the catalog, a row each: all rights of it, or some; evaluation: USAGE on the schema alone; other: rights that belong to no level';
