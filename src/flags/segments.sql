-- Segments: who, told once and used by many flags.

CREATE TABLE wishflags.segments (
	key text COLLATE "C" PRIMARY KEY,
	definition jsonb NOT NULL,
	description text,
	definer name NOT NULL,
	refreshed_at timestamptz,
	version integer NOT NULL,
	created_at timestamptz NOT NULL,
	updated_at timestamptz NOT NULL
) USING heap;

COMMENT ON TABLE wishflags.segments IS 'segments, a row each';
COMMENT ON COLUMN wishflags.segments.key IS 'name of the segment in {"segment": ...}; cannot be changed';
COMMENT ON COLUMN wishflags.segments.definition IS 'listed keys and a condition, a column of a table, or a query';
COMMENT ON COLUMN wishflags.segments.definer IS 'who gave the definition: a table is read and a query is run with the rights of this role; filled in';
COMMENT ON COLUMN wishflags.segments.refreshed_at IS 'when segment_refresh() last ran the query; filled in';
COMMENT ON COLUMN wishflags.segments.version IS 'counts the changes of the row; given only when a row is restored';

-- No foreign key: pg_restore with several jobs fills both tables at once.
CREATE TABLE wishflags.segment_members (
	segment text COLLATE "C" NOT NULL,
	key text COLLATE "C" NOT NULL,
	PRIMARY KEY (segment, key)
);

COMMENT ON TABLE wishflags.segment_members IS 'the keys that the query of a segment returned; written by segment_refresh()';

SELECT pg_catalog.pg_extension_config_dump('wishflags.segments', '');
SELECT pg_catalog.pg_extension_config_dump('wishflags.segment_members', '');

CREATE TABLE wishflags.segments_signal (id integer PRIMARY KEY CHECK (false));
COMMENT ON TABLE wishflags.segments_signal IS 'always empty; carries the invalidation of cached segments';

CREATE FUNCTION wishflags.segments_check() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_segments_check';
COMMENT ON FUNCTION wishflags.segments_check() IS 'trigger: validates a segment and numbers its versions';

CREATE FUNCTION wishflags.segments_changed() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10 AS 'MODULE_PATHNAME', 'wf_segments_changed';
COMMENT ON FUNCTION wishflags.segments_changed() IS 'trigger: tells all backends that segments have changed';

CREATE FUNCTION wishflags.segments_removed() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_segments_removed';
COMMENT ON FUNCTION wishflags.segments_removed() IS 'trigger: deletes the members of deleted segments';

CREATE TRIGGER segments_check BEFORE INSERT OR UPDATE ON wishflags.segments
FOR EACH ROW EXECUTE FUNCTION wishflags.segments_check();
CREATE TRIGGER segments_changed AFTER INSERT OR UPDATE OR DELETE ON wishflags.segments
FOR EACH ROW EXECUTE FUNCTION wishflags.segments_changed();
CREATE TRIGGER segments_truncated AFTER TRUNCATE ON wishflags.segments
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.segments_changed();
CREATE TRIGGER segments_removed AFTER DELETE ON wishflags.segments
FOR EACH ROW EXECUTE FUNCTION wishflags.segments_removed();
CREATE TRIGGER segments_truncated_removed AFTER TRUNCATE ON wishflags.segments
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.segments_removed();
ALTER TABLE wishflags.segments ENABLE ALWAYS TRIGGER segments_changed;
ALTER TABLE wishflags.segments ENABLE ALWAYS TRIGGER segments_truncated;

CREATE FUNCTION wishflags.segment_define(key text, definition jsonb, description text DEFAULT NULL, OUT version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_segment_define';
COMMENT ON FUNCTION wishflags.segment_define(text, jsonb, text) IS
'creates or changes a segment: listed keys and a condition, a column of a table, or a query';

CREATE FUNCTION wishflags.segment_refresh(key text)
RETURNS bigint
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100000
AS 'MODULE_PATHNAME', 'wf_segment_refresh';
COMMENT ON FUNCTION wishflags.segment_refresh(text) IS
'runs the query of a segment as its definer and keeps the keys that it returns; how many they are';
