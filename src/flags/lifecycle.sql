-- The end of flags: which are stale, which expire, which lack what a team wants to know.

CREATE FUNCTION wishflags.flag_configurations()
RETURNS TABLE (flag text, share double precision, settled boolean, variant text, requires integer, required_by integer, missing text[])
LANGUAGE C STABLE PARALLEL RESTRICTED COST 10000 ROWS 1000
AS 'MODULE_PATHNAME', 'wf_flag_configurations';
COMMENT ON FUNCTION wishflags.flag_configurations() IS
'what the definitions of all flags come to: the share of keys they are on for, as far as it does not hang on a context; whether all are served one variant (settled), and which; how many flags and segments they require and are required by, and which of them do not exist';

-- Raises what is wrong with options: an unknown key, or a value of another type.
CREATE FUNCTION wishflags.options_check(options jsonb, known jsonb) RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE COST 100
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	wrong text;
BEGIN
	IF jsonb_typeof(options) IS DISTINCT FROM 'object' THEN
		RAISE EXCEPTION 'options must be a JSON object' USING ERRCODE = 'invalid_parameter_value',
			HINT = format('Write for example ''{"%s": ...}''.', (SELECT min(k) FROM jsonb_object_keys(known) k));
	END IF;
	SELECT k INTO wrong FROM jsonb_object_keys(options) k WHERE NOT known ? k ORDER BY 1 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'unknown option "%"', wrong USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Known options: ' || (SELECT string_agg(k, ', ' ORDER BY k) FROM jsonb_object_keys(known) k) || '.';
	END IF;
	SELECT o.key INTO wrong FROM jsonb_each(options) o WHERE jsonb_typeof(o.value) NOT IN (known ->> o.key, 'null') ORDER BY 1 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'option "%" must be %', wrong, CASE known ->> wrong WHEN 'number' THEN 'a number' WHEN 'boolean' THEN 'true or false'
			WHEN 'array' THEN 'an array' ELSE 'an object' END USING ERRCODE = 'invalid_parameter_value';
	END IF;
END $$;
COMMENT ON FUNCTION wishflags.options_check(jsonb, jsonb) IS
'raises what is wrong with the options of a function, given the types of those it knows';

-- The reasons are independent and their weights add up: a flag that lives too long and
-- says the same to everybody is stale, one that does either perhaps.
CREATE FUNCTION wishflags.flag_stale(options jsonb DEFAULT '{}')
RETURNS TABLE (flag text, verdict text, stage text, score integer, reasons text[], evidence jsonb)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	-- Days that flags of a kind are expected to live; NULL: for good.
	lifetimes jsonb := '{"release": 40, "experiment": 40, "operational": 7, "kill-switch": null, "permission": null, "archived": 90}';
	given jsonb;
	permanent_tags text[];
	wrong text;
BEGIN
	PERFORM wishflags.options_check(options, '{"lifetimes": "object", "settled_days": "number", "unchanged_days": "number",
		"unused_days": "number", "permanent_tags": "array", "references": "boolean"}');
	given := '{"settled_days": 14, "unchanged_days": 60, "unused_days": 30, "permanent_tags": ["permanent"], "references": true}'
		|| jsonb_strip_nulls(options - 'lifetimes');
	SELECT l.key INTO wrong FROM jsonb_each(NULLIF(options -> 'lifetimes', 'null')) l
	WHERE NOT lifetimes ? l.key OR NOT (l.value = 'null' OR (jsonb_typeof(l.value) = 'number' AND l.value >= '0')) ORDER BY 1 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'invalid lifetime "%"', wrong USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Give days, or null for good, to any of release, experiment, operational, kill-switch, permission, archived.';
	END IF;
	lifetimes := lifetimes || COALESCE(NULLIF(options -> 'lifetimes', 'null'), '{}');
	permanent_tags := ARRAY(SELECT jsonb_array_elements_text(given -> 'permanent_tags'));
	RETURN QUERY
	WITH change AS (
		SELECT a.key, max(a.occurred_at) AS changed_at, bool_or('true' IN (a.before ->> 'enabled', a.after ->> 'enabled')) AS was_enabled
		FROM wishflags.flag_audit a
		WHERE a.kind = 'flag' AND a.version IS NOT NULL
			AND a.changed && '{enabled,rollout,definition,dialect,document,archived_at}'::text[]
		GROUP BY a.key),
	place AS (
		SELECT r.flag, count(*) FILTER (WHERE r.object_type <> 'code') AS objects, count(*) FILTER (WHERE r.object_type = 'code') AS lines
		FROM wishflags.flag_references() r
		WHERE r.confidence <> 'possible' AND (given -> 'references')::boolean
		GROUP BY r.flag),
	-- Complete where the library is preloaded and every flag has found a place; what is not
	-- known to be counted is not called unused.
	counting AS (
		SELECT min(e.since) AS since
		FROM wishflags.usage_status() s, wishflags.usage_entries(false, false, false) e
		WHERE s.preloaded AND current_setting('wishflags.track_usage', true) IS DISTINCT FROM 'off'
		HAVING count(*) FILTER (WHERE e.kind = 'flag' AND e.flag IS NULL AND e.evaluations > 0) = 0),
	usage AS (
		SELECT u.flag, c.since, u.evaluations, u.last_evaluated
		FROM counting c, wishflags.flag_usage u WHERE c.since IS NOT NULL AND u.flag IS NOT NULL),
	fact AS (
		SELECT f.*, c.share, c.settled, c.variant, c.requires, c.required_by, COALESCE(h.was_enabled, false) OR f.enabled AS was_enabled,
			EXTRACT(day FROM now() - f.created_at)::integer AS age,
			EXTRACT(day FROM now() - COALESCE(h.changed_at, f.created_at))::integer AS unchanged,
			CASE WHEN f.expires_at <= now() AND f.on_expiry <> 'extend' THEN EXTRACT(day FROM now() - f.expires_at)::integer END AS expired,
			EXTRACT(day FROM now() - f.archived_at)::integer AS archived,
			(lifetimes ->> f.kind)::numeric AS lifetime,
			f.kind IN ('kill-switch', 'permission') OR f.tags && permanent_tags AS permanent,
			p.objects, p.lines, EXISTS (SELECT FROM wishflags.flag_code_references) AND (given -> 'references')::boolean AS code_known,
			u.since, u.evaluations, u.last_evaluated, EXTRACT(day FROM now() - COALESCE(u.last_evaluated, CASE WHEN u.since IS NOT NULL THEN greatest(u.since, f.created_at) END))::integer AS unused
		FROM wishflags.flags f
		JOIN wishflags.flag_configurations() c ON c.flag = f.key
		LEFT JOIN change h ON h.key = f.key
		LEFT JOIN place p ON p.flag = f.key
		LEFT JOIN usage u ON u.flag = f.key),
	judged AS (
		SELECT f.*, r.score, r.reasons
		FROM fact f, LATERAL (
			SELECT COALESCE(sum(v.weight), 0)::integer AS score, COALESCE(array_agg(v.reason ORDER BY v.ordinal), '{}') AS reasons
			FROM (VALUES
				(1, f.archived >= (lifetimes ->> 'archived')::numeric, 60, format('was archived %s days ago, and can be deleted', f.archived)),
				(2, f.archived IS NULL AND f.expired >= 0, 60, format('expired %s days ago', f.expired)),
				(3, f.archived IS NULL AND NOT f.permanent AND f.age > f.lifetime, 25,
					format('is %s days old, and a flag of kind %s lives %s', f.age, f.kind, f.lifetime)),
				(4, f.archived IS NULL AND NOT f.permanent AND f.settled AND f.unchanged >= (given -> 'settled_days')::numeric, 35,
					format('%s everybody for %s days', CASE WHEN f.share = 0 THEN 'has been off for' ELSE 'has said "' || COALESCE(f.variant, 'the same') || '" to' END, f.unchanged)),
				(5, f.archived IS NULL AND NOT f.permanent AND NOT f.settled AND f.unchanged >= (given -> 'unchanged_days')::numeric, 10,
					format('has not been changed for %s days', f.unchanged)),
				(6, f.archived IS NULL AND NOT f.tags && permanent_tags AND f.unused >= (given -> 'unused_days')::numeric, 40,
					CASE WHEN f.last_evaluated IS NULL THEN format('has never been evaluated in %s days', f.unused) ELSE format('was last evaluated %s days ago', f.unused) END),
				(7, f.archived IS NULL AND NOT f.tags && permanent_tags AND f.code_known AND f.objects IS NULL, 15, 'is named nowhere, in no object and no code')
			) v (ordinal, holds, weight, reason)
			WHERE v.holds) r)
	SELECT j.key,
		CASE WHEN j.score >= 60 THEN 'stale' WHEN j.archived IS NOT NULL THEN 'archived' WHEN j.score >= 25 THEN 'potentially stale' ELSE 'active' END,
		CASE WHEN j.archived IS NOT NULL THEN 'archived'
			WHEN j.since IS NOT NULL AND j.last_evaluated IS NULL OR NOT j.was_enabled THEN 'initial'
			WHEN NOT j.permanent AND j.settled AND j.unchanged >= (given -> 'settled_days')::numeric THEN 'completed'
			WHEN (j.enabled AND j.share = 0) OR current_setting('wishflags.environment', true) <> 'production' THEN 'pre-live'
			ELSE 'live' END,
		j.score, j.reasons,
		jsonb_strip_nulls(jsonb_build_object('kind', j.kind, 'permanent', j.permanent, 'age', j.age, 'unchanged', j.unchanged, 'settled', j.settled,
			'variant', j.variant, 'share', round(j.share::numeric, 5), 'requires', j.requires, 'required_by', j.required_by,
			'objects', CASE WHEN (given -> 'references')::boolean THEN COALESCE(j.objects, 0) END, 'code_lines', CASE WHEN j.code_known THEN COALESCE(j.lines, 0) END,
			'evaluations', j.evaluations, 'last_evaluated', j.last_evaluated, 'counted_since', j.since, 'expires_at', j.expires_at,
			'owner', COALESCE(j.owner_team, j.owner_email, j.owner_role)))
	FROM judged j
	ORDER BY j.score DESC, j.key;
END $$;
COMMENT ON FUNCTION wishflags.flag_stale(jsonb) IS
'a verdict on each flag (active, potentially stale, stale, archived) with its reasons, from its kind, age, definition, use and what names it';

-- An expiry that is extended moves on by 30 days at a time.
CREATE VIEW wishflags.flag_expiring AS
SELECT f.key AS flag, e.expires_at, pg_catalog.ceil(EXTRACT(epoch FROM e.expires_at - pg_catalog.now()) / 86400)::integer AS days_left,
       f.on_expiry, COALESCE(f.owner_team, f.owner_email, f.owner_role) AS owner
FROM wishflags.flags f, LATERAL (
	SELECT CASE WHEN f.on_expiry = 'extend' AND f.expires_at <= pg_catalog.now()
	            THEN f.expires_at + '30 days'::interval * (pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.now() - f.expires_at) / (30 * 86400)) + 1)::double precision
	            ELSE f.expires_at END AS expires_at) e
WHERE f.archived_at IS NULL AND e.expires_at <= pg_catalog.now() + '30 days'::interval
ORDER BY e.expires_at, f.key;
COMMENT ON VIEW wishflags.flag_expiring IS
'flags that have expired, or will within 30 days, and what happens then';

CREATE TABLE wishflags.flag_expiry_notices (
	flag text COLLATE "C" NOT NULL,
	expires_at timestamptz NOT NULL,
	on_expiry text NOT NULL,
	owner_team text,
	owner_email text,
	owner_role text COLLATE "C",
	noticed_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (flag, expires_at)
) USING heap;
COMMENT ON TABLE wishflags.flag_expiry_notices IS
'the events that flags were about to expire, one a flag and expiry; written by flag_expiry_notify()';
COMMENT ON COLUMN wishflags.flag_expiry_notices.owner_email IS 'whom to write to; the owner as it was when the event was written';
SELECT pg_catalog.pg_extension_config_dump('wishflags.flag_expiry_notices', '');

CREATE FUNCTION wishflags.flag_expiry_notify() RETURNS SETOF wishflags.flag_expiry_notices
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 10000 ROWS 10
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	noticed wishflags.flag_expiry_notices[];
BEGIN
	WITH event AS (
		INSERT INTO wishflags.flag_expiry_notices (flag, expires_at, on_expiry, owner_team, owner_email, owner_role)
		SELECT e.flag, e.expires_at, e.on_expiry, f.owner_team, f.owner_email, f.owner_role
		FROM wishflags.flag_expiring e JOIN wishflags.flags f ON f.key = e.flag
		ON CONFLICT DO NOTHING RETURNING *)
	SELECT array_agg(n ORDER BY n.expires_at, n.flag) INTO noticed FROM event n;
	-- The library need not be loaded yet.  A notification holds 8000 bytes, and a key up to 200.
	IF noticed IS NOT NULL AND COALESCE(current_setting('wishflags.notify', true), 'on')::boolean THEN
		PERFORM pg_notify('wishflags', (jsonb_build_object('expiring', jsonb_agg(n.flag ORDER BY n.expires_at, n.flag))
			|| CASE WHEN cardinality(noticed) > 30 THEN '{"more": true}' ELSE '{}' END::jsonb)::text)
		FROM unnest(noticed[:30]) n;
	END IF;
	RETURN QUERY SELECT n.* FROM unnest(noticed) n;
END $$;
COMMENT ON FUNCTION wishflags.flag_expiry_notify() IS
'writes an event for each flag that expires within 30 days, once a flag and expiry, and returns the new ones, for whoever tells the owners; to be called by cron';

CREATE FUNCTION wishflags.flag_lint(options jsonb DEFAULT '{}')
RETURNS TABLE (flag text, field text, kind text, message text, owner text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100000 ROWS 100
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	known CONSTANT text[] := '{description,owner,owner_team,owner_email,owner_role,documentation_url,notes,tags,expires_at}';
	kinds CONSTANT jsonb := '["release", "experiment", "operational", "kill-switch", "permission"]';
	required jsonb;
	wrong text;
BEGIN
	PERFORM wishflags.options_check(options, '{"require": "object"}');
	SELECT jsonb_object_agg(r.field, r.kinds) INTO required FROM (
		SELECT split_part(i.item, ':', 1) AS field,
			CASE WHEN bool_or(strpos(i.item, ':') = 0) THEN 'true' ELSE jsonb_agg(split_part(i.item, ':', 2)) END AS kinds
		FROM (SELECT lower(btrim(t, E' \t\r\n"')) AS item FROM string_to_table(current_setting('wishflags.require_fields', true), ',') t) i
		WHERE i.item <> '' GROUP BY 1) r;
	required := COALESCE(required, '{"description": true, "owner": true, "documentation_url": true, "expires_at": ["release", "experiment"]}')
		|| COALESCE(NULLIF(options -> 'require', 'null'), '{}');
	SELECT r.key INTO wrong FROM jsonb_each(required) r
	WHERE r.key <> ALL (known) OR NOT (jsonb_typeof(r.value) = 'boolean' OR (jsonb_typeof(r.value) = 'array' AND r.value <@ kinds)) ORDER BY 1 LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'invalid requirement "%"', wrong USING ERRCODE = 'invalid_parameter_value',
			HINT = format('Give true, false or an array of kinds to any of %s.', array_to_string(known, ', '));
	END IF;
	RETURN QUERY
	SELECT f.key, l.field, f.kind, l.message, COALESCE(f.owner_team, f.owner_email, f.owner_role)
	FROM wishflags.flags f
	JOIN wishflags.flag_configurations() c ON c.flag = f.key
	CROSS JOIN LATERAL (SELECT to_jsonb(f) AS fields) j
	CROSS JOIN LATERAL (
		SELECT r.key AS field, format('a flag of kind %s needs %s', f.kind, CASE r.key WHEN 'owner' THEN 'an owner: owner_team, owner_email or owner_role' ELSE r.key END) AS message
		FROM jsonb_each(required) r
		WHERE (r.value = 'true' OR r.value ? f.kind)
			AND CASE r.key WHEN 'owner' THEN btrim(concat(f.owner_team, f.owner_email, f.owner_role), E' \t\r\n') = ''
				WHEN 'tags' THEN f.tags = '{}'
				ELSE btrim(COALESCE(j.fields ->> r.key, ''), E' \t\r\n') IN ('', '{}') END
		UNION ALL
		SELECT 'definition', format('requires what does not exist: %s', array_to_string(c.missing, ', ')) WHERE c.missing IS NOT NULL) l
	WHERE f.archived_at IS NULL
	ORDER BY f.key, l.field;
END $$;
COMMENT ON FUNCTION wishflags.flag_lint(jsonb) IS
'what flags lack: description, owner, documentation, expiry, as options say which kinds need it; and what they require that does not exist';
