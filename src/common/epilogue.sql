-- Privileges: nothing is open but what is granted here.
REVOKE ALL ON ALL TABLES IN SCHEMA wishflags FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA wishflags FROM PUBLIC;

-- Which version runs is no secret.
GRANT EXECUTE ON FUNCTION wishflags.version() TO PUBLIC;

-- Whoever may use the schema may evaluate: only the verdict leaves.
GRANT EXECUTE ON FUNCTION
	wishflags.flag_eval(text), wishflags.flag_eval(text, text), wishflags.flag_eval(text, bigint),
	wishflags.flag_eval(text, uuid), wishflags.flag_eval(text, jsonb),
	wishflags.flag_variant(text), wishflags.flag_variant(text, text), wishflags.flag_variant(text, bigint),
	wishflags.flag_variant(text, uuid), wishflags.flag_variant(text, jsonb),
	wishflags.flag_value(text, jsonb), wishflags.flag_value(text, text, jsonb), wishflags.flag_value(text, bigint, jsonb),
	wishflags.flag_value(text, uuid, jsonb), wishflags.flag_value(text, jsonb, jsonb)
TO PUBLIC;
