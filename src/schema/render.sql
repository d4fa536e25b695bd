CREATE FUNCTION wishflags.schema_diff_render(from_snapshot jsonb, to_snapshot jsonb DEFAULT NULL, format text DEFAULT 'text', options jsonb DEFAULT '{}')
RETURNS text
LANGUAGE C STABLE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_schema_diff_render';

COMMENT ON FUNCTION wishflags.schema_diff_render(jsonb, jsonb, text, jsonb) IS
'what differs between two schema snapshots (NULL: the live database), for people: text, markdown, mermaid, dot, svg or html; options: all (pictures with unchanged tables too), max_tables (in a picture, default 30), picture (in markdown and html, default true), renames (hints)';
