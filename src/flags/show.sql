-- Looking at flags in psql: nothing is wider than 80 columns.

CREATE FUNCTION wishflags.text_clip(line text, width integer) RETURNS text
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_text_clip';
COMMENT ON FUNCTION wishflags.text_clip(text, integer) IS
'a text of at most a width, its end replaced by two dots; control characters are blanks';

CREATE FUNCTION wishflags.text_wrap(line text, width integer) RETURNS text[]
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_text_wrap';
COMMENT ON FUNCTION wishflags.text_wrap(text, integer) IS
'the lines of a text, each of at most a width, broken at blanks where there are any; control characters are blanks';

-- What a flag's row says it is in, now.
CREATE FUNCTION wishflags.flag_state(flag wishflags.flags) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE COST 1
RETURN CASE WHEN (flag).archived_at IS NOT NULL THEN 'archived'
            WHEN NOT (flag).enabled THEN 'off'
            WHEN (flag).expires_at <= pg_catalog.statement_timestamp() AND (flag).on_expiry = 'disable' THEN 'expired'
            ELSE 'on' END;
COMMENT ON FUNCTION wishflags.flag_state(wishflags.flags) IS
'on, off, archived, or expired (off since its expiry)';

CREATE FUNCTION wishflags.flag_list(filter text DEFAULT NULL)
RETURNS TABLE (flag text, state text, kind text, owner text, expires date)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	known CONSTANT text[] := '{"", state, kind, owner, tag, dialect}';
	whats text[];
	wanteds text[];
BEGIN
	SELECT array_agg(CASE WHEN strpos(t, ':') > 0 THEN split_part(t, ':', 1) ELSE '' END),
		array_agg(lower(CASE WHEN strpos(t, ':') > 0 THEN substr(t, strpos(t, ':') + 1) ELSE t END))
	INTO whats, wanteds
	FROM regexp_split_to_table(filter, '\s+') t
	WHERE t <> '';
	IF NOT whats <@ known OR filter ~ '(^|\s):' THEN
		RAISE EXCEPTION 'invalid filter "%"', filter
			USING ERRCODE = 'invalid_parameter_value',
				HINT = 'Before a colon may stand state, kind, owner, tag or dialect, as in wishflags.flag_list(''owner:growth state:on'').';
	END IF;
	RETURN QUERY
	SELECT wishflags.text_clip(f.key, 24), s.state || CASE WHEN s.state = 'on' AND f.rollout < 100 THEN ' ' || f.rollout || ' %' ELSE '' END,
		f.kind, wishflags.text_clip(COALESCE(f.owner_team, f.owner_role, f.owner_email), 10),
		CASE WHEN isfinite(f.expires_at) THEN f.expires_at::date END
	FROM wishflags.flags f, LATERAL (SELECT wishflags.flag_state(f) AS state) s
	WHERE (s.state <> 'archived' OR 'state' = ANY (whats))
		AND (whats IS NULL OR NOT EXISTS (
			SELECT FROM unnest(whats, wanteds) term (what, wanted)
			WHERE NOT COALESCE(CASE what
				WHEN '' THEN strpos(lower(f.key), wanted) > 0 OR strpos(lower(f.description), wanted) > 0
				WHEN 'state' THEN wanted IN (s.state, 'all')
				WHEN 'kind' THEN f.kind = wanted
				WHEN 'owner' THEN wanted IN (lower(f.owner_team), lower(f.owner_role), lower(f.owner_email))
				WHEN 'tag' THEN EXISTS (SELECT FROM unnest(f.tags) tag WHERE lower(tag) = wanted)
				WHEN 'dialect' THEN f.dialect = wanted END, false)))
	ORDER BY f.key;
END $$;
COMMENT ON FUNCTION wishflags.flag_list(text) IS
'the flags that a filter finds: words of key or description, and state: (on, off, expired, archived, all), kind:, owner:, tag:, dialect:; without state: all but archived ones';

CREATE FUNCTION wishflags.flag_card(key text) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	f wishflags.flags;
BEGIN
	SELECT * INTO f FROM wishflags.flags WHERE flags.key = flag_card.key;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'flag "%" does not exist', flag_card.key
			USING ERRCODE = 'undefined_object', HINT = 'See which there are: SELECT * FROM wishflags.flag_list();';
	END IF;
	RETURN NEXT wishflags.text_clip(f.key, 50) || '  (' || wishflags.flag_state(f) || ', version ' || f.version || ')';
	RETURN QUERY
	WITH part (place, label, value) AS (
		SELECT 1, 'about', f.description
		UNION ALL
		SELECT 2, 'kind', f.kind
		UNION ALL
		SELECT 3, 'owner', NULLIF(concat_ws(', ', f.owner_team, f.owner_email, 'role ' || f.owner_role), '')
		UNION ALL
		SELECT 4, 'described', f.documentation_url
		UNION ALL
		SELECT 5, 'notes', string_agg(n.key || ': ' || n.value, '; ' ORDER BY n.key) FROM jsonb_each_text(f.notes) n
		UNION ALL
		SELECT 6, 'tags', NULLIF(array_to_string(f.tags, ', '), '')
		UNION ALL
		SELECT 7, 'archived', to_char(f.archived_at, 'YYYY-MM-DD HH24:MI')
		UNION ALL
		SELECT 8, 'expires', CASE WHEN isfinite(f.expires_at) THEN to_char(f.expires_at, 'YYYY-MM-DD HH24:MI') ELSE f.expires_at::text END
			|| CASE f.on_expiry
				WHEN 'warn' THEN ', a warning'
				WHEN 'disable' THEN ', then off'
				WHEN 'freeze' THEN ', then frozen'
				ELSE ', extended by 30 days each time' END
		UNION ALL
		SELECT 9, 'dialect', f.dialect || ', document ' || f.document WHERE f.dialect <> 'native'
		UNION ALL
		SELECT 10, 'variants', string_agg(v.key || ' ' || v.value, ', ' ORDER BY v.key COLLATE "C")
		FROM jsonb_each(CASE jsonb_typeof(f.definition -> 'variants') WHEN 'object' THEN f.definition -> 'variants' END) v
		UNION ALL
		SELECT 11, 'requires', string_agg(COALESCE(r.value ->> 'flag', r.value::text), ', ' ORDER BY r.n)
		FROM jsonb_array_elements(CASE jsonb_typeof(f.definition -> 'requires') WHEN 'array' THEN f.definition -> 'requires' END) WITH ORDINALITY AS r (value, n)
		UNION ALL
		SELECT 12 + r.n / 1e6, 'rule ' || r.n, COALESCE(r.value ->> 'id' || ': ', '') || (r.value - 'id')::text
		FROM jsonb_array_elements(CASE jsonb_typeof(f.definition -> 'rules') WHEN 'array' THEN f.definition -> 'rules' END) WITH ORDINALITY AS r (value, n)
		UNION ALL
		SELECT 13, 'serves', concat_ws(', ',
			CASE WHEN f.rollout > 0 THEN COALESCE(f.definition ->> 'default', 'on') || ' to ' || f.rollout || ' %' END,
			CASE WHEN f.rollout < 100 THEN COALESCE(f.definition ->> 'off', CASE WHEN f.definition ? 'variants' THEN 'the caller''s default' ELSE 'off' END)
				|| ' to ' || CASE f.rollout WHEN 0 THEN 'everybody' ELSE 'the others' END END)
		WHERE f.dialect = 'native'
		UNION ALL
		SELECT 14, 'overrides', string_agg(o.key || ' ' || o.variant, ', ' ORDER BY o.key) FILTER (WHERE o.n <= 5)
			|| CASE WHEN max(o.n) > 5 THEN ' and ' || max(o.n) - 5 || ' more' ELSE '' END
		FROM (SELECT o.key, o.variant, row_number() OVER (ORDER BY o.key) AS n FROM wishflags.flag_overrides o WHERE o.flag = f.key) o
		UNION ALL
		SELECT 15, 'clients', 'listed, and may keep an answer for ' || COALESCE(f.cache_ttl_seconds, 300) || ' seconds' WHERE f.client_visible
		UNION ALL
		SELECT 15.2, 'used', u.evaluations || ' times for about ' || u.unique_keys || ' keys, last ' || to_char(u.last_evaluated, 'YYYY-MM-DD HH24:MI')
			|| CASE WHEN u.errors > 0 THEN ', ' || u.errors || ' errors (last ' || u.last_error || ')' ELSE '' END
		FROM wishflags.flag_usage u
		WHERE u.flag = f.key AND u.evaluations > 0
		UNION ALL
		SELECT 15.4, 'named in', string_agg(r.object_type || ' ' || r.identity, ', ' ORDER BY r.n) FILTER (WHERE r.n <= 5)
			|| CASE WHEN max(r.n) > 5 THEN ' and ' || max(r.n) - 5 || ' more' ELSE '' END
		FROM (SELECT r.object_type, r.identity, row_number() OVER (ORDER BY r.object_type, r.identity) AS n
			FROM wishflags.flag_references(f.key) r GROUP BY r.object_type, r.identity) r
		UNION ALL
		SELECT 16, 'created', to_char(f.created_at, 'YYYY-MM-DD HH24:MI') || COALESCE(' by ' || f.created_by, '')
		UNION ALL
		SELECT 17, 'changed', to_char(f.updated_at, 'YYYY-MM-DD HH24:MI') || COALESCE(' by ' || f.updated_by, '')
			|| COALESCE((SELECT ': ' || a.reason FROM wishflags.flag_audit a WHERE a.kind = 'flag' AND a.key = f.key AND a.version = f.version), '')
		WHERE f.version > 1
		UNION ALL
		SELECT 18, 'try', format('SELECT * FROM wishflags.flag_explain(%L, ''{"targetingKey": "user-1"}'');', f.key))
	SELECT '  ' || rpad(CASE l.n WHEN 1 THEN p.label ELSE '' END, 10) || ' ' || l.line
	FROM part p, LATERAL unnest(wishflags.text_wrap(p.value, 65)) WITH ORDINALITY AS l (line, n)
	ORDER BY p.place, l.n;
END $$;
COMMENT ON FUNCTION wishflags.flag_card(text) IS
'all that is to be known of a flag, on lines of at most 80 columns';

CREATE FUNCTION wishflags.flag_timeline(key text, newest integer DEFAULT 50) RETURNS SETOF text
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 10000 ROWS 50
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM FROM wishflags.flag_audit a WHERE a.kind = 'flag' AND a.key = flag_timeline.key LIMIT 1;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'flag "%" has no history', flag_timeline.key
			USING ERRCODE = 'undefined_object', HINT = 'See which flags there are: SELECT * FROM wishflags.flag_list();';
	END IF;
	RETURN QUERY
	WITH entry AS (
		SELECT a.*, to_char(a.occurred_at, 'YYYY-MM-DD HH24:MI') AS at,
			CASE WHEN a.override_key IS NOT NULL THEN 'override ' || CASE a.override_kind WHEN 'user' THEN '' ELSE a.override_kind || ' ' END || a.override_key
				|| CASE a.action WHEN 'delete' THEN ' gone' ELSE ': ' || COALESCE(a.after ->> 'variant', 'value ' || (a.after ->> 'value'), 'deny') END
				WHEN a.action = 'insert' THEN 'created' || CASE WHEN (a.after ->> 'enabled')::boolean THEN ', enabled' ELSE '' END
				WHEN a.action = 'delete' THEN 'deleted'
				ELSE (SELECT string_agg(
					CASE c
						WHEN 'enabled' THEN CASE WHEN (a.after ->> c)::boolean THEN 'enabled' ELSE 'disabled' END
						WHEN 'archived_at' THEN CASE WHEN a.after ->> c IS NULL THEN 'taken out of the archive' ELSE 'archived' END
						WHEN 'definition' THEN 'definition'
						WHEN 'notes' THEN 'notes'
						ELSE c || ' ' || COALESCE(NULLIF(a.before ->> c, ''), 'none') || ' -> ' || COALESCE(NULLIF(a.after ->> c, ''), 'none') END, ', ' ORDER BY n)
					FROM unnest(a.changed) WITH ORDINALITY AS u (c, n)) END
			|| COALESCE(' (' || a.reason || ')', '') || ' by ' || a.login_role AS what
		FROM wishflags.flag_audit a
		WHERE a.kind = 'flag' AND a.key = flag_timeline.key
		ORDER BY a.ordinal DESC LIMIT newest)
	SELECT CASE l.n WHEN 1 THEN e.at || ' ' || rpad(COALESCE('v' || e.version, ''), 5) ELSE repeat(' ', 22) END || ' ' || l.line
	FROM entry e, LATERAL unnest(wishflags.text_wrap(e.what, 55)) WITH ORDINALITY AS l (line, n)
	ORDER BY e.ordinal, l.n;
END $$;
COMMENT ON FUNCTION wishflags.flag_timeline(text, integer) IS
'what happened to a flag and its overrides, the newest changes in the order in which they were made, on lines of at most 80 columns';
