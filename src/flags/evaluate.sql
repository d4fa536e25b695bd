-- Evaluation.  A flag that does not exist, a key or context that is NULL or no
-- use: never an error, and never a NULL instead of a boolean.

CREATE FUNCTION wishflags.flag_eval_support(internal)
RETURNS internal
LANGUAGE C STABLE STRICT PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_flag_eval_support';
COMMENT ON FUNCTION wishflags.flag_eval_support(internal) IS
'planner support: the share of rows that flag_eval() lets through, and its cost';

CREATE FUNCTION wishflags.flag_eval(flag text, key text)
RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE COST 1 SUPPORT wishflags.flag_eval_support
AS 'MODULE_PATHNAME', 'wf_flag_eval_text';
COMMENT ON FUNCTION wishflags.flag_eval(text, text) IS
'whether a flag is on for a targeting key; false when there is no such flag';

CREATE FUNCTION wishflags.flag_eval(flag text, key bigint)
RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE COST 1 SUPPORT wishflags.flag_eval_support
AS 'MODULE_PATHNAME', 'wf_flag_eval_bigint';
COMMENT ON FUNCTION wishflags.flag_eval(text, bigint) IS
'whether a flag is on for a targeting key; false when there is no such flag';

CREATE FUNCTION wishflags.flag_eval(flag text, key uuid)
RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE COST 1 SUPPORT wishflags.flag_eval_support
AS 'MODULE_PATHNAME', 'wf_flag_eval_uuid';
COMMENT ON FUNCTION wishflags.flag_eval(text, uuid) IS
'whether a flag is on for a targeting key; false when there is no such flag';

CREATE FUNCTION wishflags.flag_eval(flag text, context jsonb)
RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE COST 1 SUPPORT wishflags.flag_eval_support
AS 'MODULE_PATHNAME', 'wf_flag_eval_context';
COMMENT ON FUNCTION wishflags.flag_eval(text, jsonb) IS
'whether a flag is on for a context, a JSON object; false when there is no such flag';

CREATE FUNCTION wishflags.flag_eval(flag text)
RETURNS boolean
LANGUAGE C STABLE PARALLEL SAFE COST 1 SUPPORT wishflags.flag_eval_support
AS 'MODULE_PATHNAME', 'wf_flag_eval_session';
COMMENT ON FUNCTION wishflags.flag_eval(text) IS
'whether a flag is on for the session''s wishflags.context; false when there is no such flag';

CREATE FUNCTION wishflags.flag_variant(flag text, key text)
RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_variant_text';
COMMENT ON FUNCTION wishflags.flag_variant(text, text) IS
'name of the variant that a flag serves for a targeting key, or NULL';

CREATE FUNCTION wishflags.flag_variant(flag text, key bigint)
RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_variant_bigint';
COMMENT ON FUNCTION wishflags.flag_variant(text, bigint) IS
'name of the variant that a flag serves for a targeting key, or NULL';

CREATE FUNCTION wishflags.flag_variant(flag text, key uuid)
RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_variant_uuid';
COMMENT ON FUNCTION wishflags.flag_variant(text, uuid) IS
'name of the variant that a flag serves for a targeting key, or NULL';

CREATE FUNCTION wishflags.flag_variant(flag text, context jsonb)
RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_variant_context';
COMMENT ON FUNCTION wishflags.flag_variant(text, jsonb) IS
'name of the variant that a flag serves for a context, a JSON object, or NULL';

CREATE FUNCTION wishflags.flag_variant(flag text)
RETURNS text
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_variant_session';
COMMENT ON FUNCTION wishflags.flag_variant(text) IS
'name of the variant that a flag serves for the session''s wishflags.context, or NULL';

CREATE FUNCTION wishflags.flag_value(flag text, key text, default_value jsonb)
RETURNS jsonb
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_value_text';
COMMENT ON FUNCTION wishflags.flag_value(text, text, jsonb) IS
'value that a flag serves for a targeting key; default_value when it serves none';

CREATE FUNCTION wishflags.flag_value(flag text, key bigint, default_value jsonb)
RETURNS jsonb
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_value_bigint';
COMMENT ON FUNCTION wishflags.flag_value(text, bigint, jsonb) IS
'value that a flag serves for a targeting key; default_value when it serves none';

CREATE FUNCTION wishflags.flag_value(flag text, key uuid, default_value jsonb)
RETURNS jsonb
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_value_uuid';
COMMENT ON FUNCTION wishflags.flag_value(text, uuid, jsonb) IS
'value that a flag serves for a targeting key; default_value when it serves none';

CREATE FUNCTION wishflags.flag_value(flag text, context jsonb, default_value jsonb)
RETURNS jsonb
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_value_context';
COMMENT ON FUNCTION wishflags.flag_value(text, jsonb, jsonb) IS
'value that a flag serves for a context, a JSON object; default_value when it serves none';

CREATE FUNCTION wishflags.flag_value(flag text, default_value jsonb)
RETURNS jsonb
LANGUAGE C STABLE PARALLEL SAFE COST 1
AS 'MODULE_PATHNAME', 'wf_flag_value_session';
COMMENT ON FUNCTION wishflags.flag_value(text, jsonb) IS
'value that a flag serves for the session''s wishflags.context; default_value when it serves none';

CREATE FUNCTION wishflags.flag_explain(flag text, context jsonb,
	default_value jsonb DEFAULT NULL, options jsonb DEFAULT '{}',
	OUT value jsonb, OUT variant text, OUT enabled boolean, OUT reason text,
	OUT error_code text, OUT rule text, OUT metadata jsonb, OUT vendor jsonb)
RETURNS record
LANGUAGE C STABLE PARALLEL SAFE COST 10
AS 'MODULE_PATHNAME', 'wf_flag_explain';
COMMENT ON FUNCTION wishflags.flag_explain(text, jsonb, jsonb, jsonb) IS
'what a flag serves for a context, and why; options: value_type (boolean, string, integer, number, object, any), as_of (a time), version, clock (what the clock shows), preview (as wishflags.preview, or an object)';

CREATE FUNCTION wishflags.flag_eval_document(format text, document jsonb, flag text,
	context jsonb DEFAULT '{}', default_value jsonb DEFAULT NULL, options jsonb DEFAULT '{}',
	OUT value jsonb, OUT variant text, OUT enabled boolean, OUT reason text,
	OUT error_code text, OUT rule text, OUT metadata jsonb, OUT vendor jsonb)
RETURNS record
LANGUAGE C STABLE PARALLEL SAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_eval_document';
COMMENT ON FUNCTION wishflags.flag_eval_document(text, jsonb, text, jsonb, jsonb, jsonb) IS
'as flag_explain(), for a flag of a document that is stored nowhere; options besides: fractional, hash_encoding, bucket_precision';

CREATE FUNCTION wishflags.flag_eval_all(context jsonb, options jsonb DEFAULT '{}')
RETURNS TABLE (flag text, value jsonb, variant text, enabled boolean, reason text,
	error_code text, rule text, metadata jsonb, vendor jsonb)
LANGUAGE C STABLE PARALLEL SAFE COST 1000 ROWS 100
AS 'MODULE_PATHNAME', 'wf_flag_eval_all';
COMMENT ON FUNCTION wishflags.flag_eval_all(jsonb, jsonb) IS
'what all flags serve for a context, and why, a row a flag; options as for flag_explain()';

-- The table's rows are read with the caller's rights and row security.
CREATE FUNCTION wishflags.flag_matching(flag text, population regclass, key_column name)
RETURNS TABLE (key text, variant text)
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED COST 100000 ROWS 1000
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM FROM pg_attribute
	WHERE attrelid = population AND attname = key_column AND attnum > 0 AND NOT attisdropped;
	IF NOT FOUND THEN
		RAISE EXCEPTION 'column "%" of relation "%" does not exist', key_column, population
			USING ERRCODE = 'undefined_column';
	END IF;
	RETURN QUERY EXECUTE format(
		'SELECT c.key, wishflags.flag_variant($1, c.context)'
		' FROM %s p, LATERAL (SELECT p.%I::text AS key, to_jsonb(p) || jsonb_build_object(''targetingKey'', p.%I::text) AS context OFFSET 0) c'
		' WHERE wishflags.flag_eval($1, c.context)', population, key_column, key_column) USING flag;
END $$;
COMMENT ON FUNCTION wishflags.flag_matching(text, regclass, name) IS
'the rows of a table that a flag is on for: their key and variant; the row''s columns are the attributes of the context, the key is the targeting key';
