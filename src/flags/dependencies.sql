-- Flags and segments that ask each other: not in a circle, and what is required stays.

CREATE FUNCTION wishflags.flags_depend() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_flags_depend';
COMMENT ON FUNCTION wishflags.flags_depend() IS
'trigger: refuses flags that require themselves, and to delete or archive what others require';

CREATE FUNCTION wishflags.segments_depend() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_segments_depend';
COMMENT ON FUNCTION wishflags.segments_depend() IS 'trigger: refuses segments that ask themselves';

CREATE TRIGGER flags_depend_insert AFTER INSERT ON wishflags.flags
REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flags_depend();
CREATE TRIGGER flags_depend_update AFTER UPDATE ON wishflags.flags
REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flags_depend();
CREATE TRIGGER flags_depend_delete AFTER DELETE ON wishflags.flags
REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flags_depend();

CREATE TRIGGER segments_depend_insert AFTER INSERT ON wishflags.segments
REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION wishflags.segments_depend();
CREATE TRIGGER segments_depend_update AFTER UPDATE ON wishflags.segments
REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION wishflags.segments_depend();

CREATE FUNCTION wishflags.flag_dependencies(key text DEFAULT NULL, format text DEFAULT 'text')
RETURNS SETOF text
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000 ROWS 20
AS 'MODULE_PATHNAME', 'wf_flag_dependencies';
COMMENT ON FUNCTION wishflags.flag_dependencies(text, text) IS
'what a flag requires and what requires it, or all flags: as a tree (text), for Mermaid (mermaid) or Graphviz (dot)';
