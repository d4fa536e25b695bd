-- Privileges: nothing is open but what is granted here.
REVOKE ALL ON ALL TABLES IN SCHEMA wishflags FROM PUBLIC;
REVOKE ALL ON ALL ROUTINES IN SCHEMA wishflags FROM PUBLIC;

-- Which version runs is no secret.
GRANT EXECUTE ON FUNCTION wishflags.version() TO PUBLIC;
