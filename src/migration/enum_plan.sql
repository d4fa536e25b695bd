-- Changes of enums as steps.

CREATE FUNCTION wishflags.enum_plan(
	type text,
	operation text,
	options jsonb DEFAULT '{}',
	OUT step int,
	OUT transaction int,
	OUT sql text,
	OUT lock_mode text,
	OUT blocks text,
	OUT rows bigint,
	OUT comment text)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000 ROWS 20
AS 'MODULE_PATHNAME', 'wf_enum_plan';
COMMENT ON FUNCTION wishflags.enum_plan(text, text, jsonb) IS
'the statements that change an enum, a row a step, ready to run under the guard; operations: add, rename_value, rename_type, reorder, remove, merge; options: value, before, after, to, values, replace_with, reason, lock_timeout (5s), count_rows (true), count_timeout (2000 ms)';
