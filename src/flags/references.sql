-- Where flags are named: in the objects of this database, and in code that was looked through elsewhere.

-- No foreign key: code may name a flag that is no more, and that is worth knowing.
CREATE TABLE wishflags.flag_code_references (
	flag text COLLATE "C" NOT NULL,
	repository text COLLATE "C" NOT NULL,
	path text COLLATE "C" NOT NULL,
	line integer NOT NULL CHECK (line > 0),
	excerpt text,
	commit text,
	uploaded_at timestamptz NOT NULL DEFAULT now(),
	PRIMARY KEY (flag, repository, path, line)
) USING heap;

CREATE INDEX flag_code_references_repository ON wishflags.flag_code_references (repository);

COMMENT ON TABLE wishflags.flag_code_references IS 'lines of code that name flags; filled by flag_code_references_upload()';
COMMENT ON COLUMN wishflags.flag_code_references.flag IS 'key of the flag, which need not exist';
COMMENT ON COLUMN wishflags.flag_code_references.commit IS 'what was looked through, as given';

SELECT pg_catalog.pg_extension_config_dump('wishflags.flag_code_references', '');

CREATE FUNCTION wishflags.flag_references_in_database(key text DEFAULT NULL)
RETURNS TABLE (flag text, object_type text, identity text, part text, line integer, confidence text, excerpt text)
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000 ROWS 20
AS 'MODULE_PATHNAME', 'wf_flag_references_in_database';
COMMENT ON FUNCTION wishflags.flag_references_in_database(text) IS
'the objects of this database that name a flag, or any: views, policies, functions, triggers, defaults, constraints, rules, indexes';

CREATE FUNCTION wishflags.flag_references(key text DEFAULT NULL)
RETURNS TABLE (flag text, object_type text, identity text, part text, line integer, confidence text, excerpt text)
LANGUAGE sql STABLE PARALLEL RESTRICTED COST 100000 ROWS 20
BEGIN ATOMIC
	SELECT d.flag, d.object_type, d.identity, d.part, d.line, d.confidence, d.excerpt
	FROM wishflags.flag_references_in_database(flag_references.key) d
	UNION ALL
	SELECT c.flag, 'code', c.repository, c.path, c.line, 'likely', c.excerpt
	FROM wishflags.flag_code_references c
	WHERE flag_references.key IS NULL OR c.flag = flag_references.key
	ORDER BY 1, 2, 3, 4, 5;
END;
COMMENT ON FUNCTION wishflags.flag_references(text) IS
'what names a flag, or any: objects of this database, and lines of code that were uploaded';

-- Lines of "grep -n" are taken as they are: path:line:flag.
CREATE FUNCTION wishflags.flag_code_references_upload(repository text, code_references jsonb, commit text DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE COST 1000
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	wrong text;
	lines integer;
BEGIN
	IF btrim(COALESCE(flag_code_references_upload.repository, '')) = '' THEN
		RAISE EXCEPTION 'repository must be given' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Give its name, by which a later upload replaces what this one brings.';
	END IF;
	IF jsonb_typeof(code_references) IS DISTINCT FROM 'array' THEN
		RAISE EXCEPTION 'code_references must be an array' USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Give lines of grep, as ''["src/cart.ts:12:checkout"]'', or objects, as ''[{"path": "src/cart.ts", "line": 12, "flag": "checkout"}]''.';
	END IF;
	-- What a line of grep says, as an object.
	code_references := (
		SELECT COALESCE(jsonb_agg(CASE WHEN m IS NULL THEN e.value ELSE
			jsonb_build_object('path', m[1], 'line', m[2]::integer, 'flag', m[3]) END ORDER BY e.n), '[]')
		FROM jsonb_array_elements(code_references) WITH ORDINALITY AS e (value, n)
		LEFT JOIN LATERAL regexp_match(CASE jsonb_typeof(e.value) WHEN 'string' THEN e.value #>> '{}' END,
			'^(.+?):([1-9][0-9]{0,8}):(.+)$') m ON true
		WHERE e.value <> '""');
	SELECT e.value::text INTO wrong FROM jsonb_array_elements(code_references) e
	WHERE (jsonb_typeof(e.value) = 'object' AND e.value - '{path,line,flag,excerpt}'::text[] = '{}'
		AND jsonb_typeof(e.value -> 'path') = 'string' AND e.value ->> 'path' <> ''
		AND jsonb_typeof(e.value -> 'flag') = 'string' AND e.value ->> 'flag' <> ''
		AND jsonb_typeof(e.value -> 'line') = 'number' AND e.value ->> 'line' ~ '^[1-9][0-9]{0,8}$'
		AND COALESCE(jsonb_typeof(e.value -> 'excerpt'), 'null') IN ('string', 'null')) IS NOT TRUE
	LIMIT 1;
	IF FOUND THEN
		RAISE EXCEPTION 'this is no reference to a flag: %', left(wrong, 200) USING ERRCODE = 'invalid_parameter_value',
			HINT = 'Expected a line as "src/cart.ts:12:checkout", or an object with path, line and flag, perhaps excerpt.';
	END IF;
	DELETE FROM wishflags.flag_code_references r WHERE r.repository = flag_code_references_upload.repository;
	INSERT INTO wishflags.flag_code_references (flag, repository, path, line, excerpt, commit)
	SELECT DISTINCT ON (e.flag, e.path, e.line) e.flag, flag_code_references_upload.repository, e.path, e.line, left(e.excerpt, 200), flag_code_references_upload.commit
	FROM jsonb_to_recordset(code_references) AS e (flag text, path text, line integer, excerpt text)
	ON CONFLICT ON CONSTRAINT flag_code_references_pkey DO UPDATE
	SET excerpt = excluded.excerpt, commit = excluded.commit, uploaded_at = excluded.uploaded_at;
	GET DIAGNOSTICS lines = ROW_COUNT;
	RETURN lines;
END $$;
COMMENT ON FUNCTION wishflags.flag_code_references_upload(text, jsonb, text) IS
'replaces what is known of a repository: the lines of its code that name flags; how many they are';
