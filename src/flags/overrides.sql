-- Overrides of other kinds than the targeting key, with values, denials and expiry.

CREATE FUNCTION wishflags.flag_override_set(flag text, key text, options jsonb)
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_override_set_options';
COMMENT ON FUNCTION wishflags.flag_override_set(text, text, jsonb) IS
'gives one key what the options say: kind (of context; default user), one of variant, value and deny, expires_at, note';

CREATE FUNCTION wishflags.flag_override_unset(flag text, key text, kind text)
RETURNS boolean
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_override_unset_kind';
COMMENT ON FUNCTION wishflags.flag_override_unset(text, text, text) IS
'takes back the override of a key of a kind of context; whether there was one';

CREATE FUNCTION wishflags.flag_override_set_all(flag text, query text, options jsonb DEFAULT '{}',
	OUT written bigint, OUT unchanged bigint, OUT conflicting bigint)
RETURNS record
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_flag_override_set_all';
COMMENT ON FUNCTION wishflags.flag_override_set_all(text, text, jsonb) IS
'overrides a flag for all keys that a query returns; options as of flag_override_set(), or columns of the query; replace (default false): also what is overridden otherwise';

CREATE FUNCTION wishflags.flag_override_problem(entry wishflags.flag_overrides)
RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 100
AS 'MODULE_PATHNAME', 'wf_flag_override_problem';
COMMENT ON FUNCTION wishflags.flag_override_problem(wishflags.flag_overrides) IS
'why an override does not serve what it says, or NULL';

CREATE FUNCTION wishflags.flag_override_conflicts(flag text DEFAULT NULL)
RETURNS TABLE (flag text, context_kind text, key text, problem text, answer text, other_kind text, other_answer text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 10
BEGIN ATOMIC
	WITH entry AS (
		SELECT o, o.flag, o.context_kind, o.key,
			CASE WHEN o.deny THEN 'deny' WHEN o.variant IS NOT NULL THEN 'variant ' || o.variant ELSE 'value ' || o.value::text END AS answer
		FROM wishflags.flag_overrides o
		WHERE o.flag = flag_override_conflicts.flag OR flag_override_conflicts.flag IS NULL),
	several AS (
		SELECT e.flag, e.key FROM entry e
		WHERE wishflags.flag_override_problem(e.o) IS NULL
		GROUP BY e.flag, e.key HAVING pg_catalog.count(DISTINCT e.answer) > 1)
	SELECT e.flag, e.context_kind, e.key, wishflags.flag_override_problem(e.o) AS problem, e.answer,
		NULL AS other_kind, NULL AS other_answer
	FROM entry e WHERE wishflags.flag_override_problem(e.o) IS NOT NULL
	UNION ALL
	SELECT e.flag, e.context_kind, e.key, 'another kind has the same key', e.answer, other.context_kind, other.answer
	FROM several s
	JOIN entry e ON e.flag = s.flag AND e.key = s.key
	JOIN entry other ON other.flag = s.flag AND other.key = s.key AND other.answer <> e.answer
		AND (e.context_kind = 'user' OR other.context_kind <> 'user' AND e.context_kind < other.context_kind)
	WHERE wishflags.flag_override_problem(e.o) IS NULL AND wishflags.flag_override_problem(other.o) IS NULL
	ORDER BY 1, 2, 3, 6;
END;
COMMENT ON FUNCTION wishflags.flag_override_conflicts(text) IS
'overrides of a flag, or of all flags, that do not serve what they say, and those of one key of two kinds that say different things';

CREATE FUNCTION wishflags.flag_override_prune(flag text DEFAULT NULL, older_than interval DEFAULT '0')
RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL UNSAFE COST 1000
BEGIN ATOMIC
	WITH gone AS (
		DELETE FROM wishflags.flag_overrides o
		WHERE (o.flag = flag_override_prune.flag OR flag_override_prune.flag IS NULL)
			AND o.expires_at <= pg_catalog.statement_timestamp() - flag_override_prune.older_than
		RETURNING 1)
	SELECT pg_catalog.count(*) FROM gone;
END;
COMMENT ON FUNCTION wishflags.flag_override_prune(text, interval) IS
'deletes the overrides of a flag, or of all flags, that have expired so long ago; how many';
