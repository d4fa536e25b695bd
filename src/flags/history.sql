-- Who changed what when, of flags, overrides, segments and documents: append-only, each row
-- chained to the one before by its hash.

CREATE TABLE wishflags.flag_audit (
	kind text COLLATE "C" NOT NULL CHECK (kind IN ('flag', 'segment', 'document', 'experiment')),
	key text COLLATE "C" NOT NULL,
	ordinal bigint NOT NULL,
	occurred_at timestamptz NOT NULL,
	action text NOT NULL CHECK (action IN ('insert', 'update', 'delete')),
	override_kind text,
	override_key text,
	version integer,
	before jsonb,
	after jsonb,
	changed text[],
	reason text,
	acting_role text NOT NULL,
	outer_role text NOT NULL,
	login_role text NOT NULL,
	application_name text,
	client_addr inet,
	txid xid8 NOT NULL,
	hash bytea NOT NULL,
	PRIMARY KEY (kind, key, ordinal)
) USING heap;

CREATE UNIQUE INDEX flag_audit_version ON wishflags.flag_audit (kind, key, version) WHERE version IS NOT NULL;
CREATE INDEX flag_audit_occurred_at ON wishflags.flag_audit (occurred_at);
CREATE INDEX flag_audit_txid ON wishflags.flag_audit (txid);
-- What is about a flag itself, among a million overrides.
CREATE INDEX flag_audit_own ON wishflags.flag_audit (kind, key, ordinal) WHERE override_key IS NULL;

COMMENT ON TABLE wishflags.flag_audit IS
'every change of flags, overrides, segments, documents and experiments; append-only, the rows of each of them hashed one with the one before';
COMMENT ON COLUMN wishflags.flag_audit.kind IS 'flag (also its overrides), segment, document or experiment';
COMMENT ON COLUMN wishflags.flag_audit.key IS 'key of the flag, segment or experiment, name of the document';
COMMENT ON COLUMN wishflags.flag_audit.ordinal IS 'counts the changes of the flag, segment or document from 1, without a gap';
COMMENT ON COLUMN wishflags.flag_audit.override_kind IS 'kind of context of the override that was changed; NULL: the flag, segment or document itself';
COMMENT ON COLUMN wishflags.flag_audit.override_key IS 'key of the override that was changed';
COMMENT ON COLUMN wishflags.flag_audit.version IS 'version that the change made; NULL: none, as by a deletion or an override';
COMMENT ON COLUMN wishflags.flag_audit.before IS 'the row before; NULL: there was none';
COMMENT ON COLUMN wishflags.flag_audit.after IS 'the row after; NULL: it is gone';
COMMENT ON COLUMN wishflags.flag_audit.changed IS 'columns that the change was about';
COMMENT ON COLUMN wishflags.flag_audit.reason IS 'value of wishflags.reason; NULL: it was not set';
COMMENT ON COLUMN wishflags.flag_audit.acting_role IS 'current_user';
COMMENT ON COLUMN wishflags.flag_audit.outer_role IS 'user outside of SECURITY DEFINER functions';
COMMENT ON COLUMN wishflags.flag_audit.login_role IS 'session_user';
COMMENT ON COLUMN wishflags.flag_audit.hash IS 'SHA-256 of the row with the hash before it, see audit_hash()';

SELECT pg_catalog.pg_extension_config_dump('wishflags.flag_audit', '');

-- The text under the hash has the values in the order of the columns, in UTF-8,
-- times in microseconds since 1970, so that it depends on no setting.
CREATE FUNCTION wishflags.audit_hash(previous bytea, entry wishflags.flag_audit) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE COST 10
BEGIN ATOMIC
	SELECT pg_catalog.sha256(COALESCE(previous, ''::bytea) || pg_catalog.convert_to(pg_catalog.jsonb_build_array(
		(entry).kind, (entry).key, (entry).ordinal, (EXTRACT(epoch FROM (entry).occurred_at) * 1000000)::bigint, (entry).action,
		(entry).override_kind, (entry).override_key, (entry).version, (entry).before, (entry).after, (entry).changed, (entry).reason, (entry).acting_role,
		(entry).outer_role, (entry).login_role, (entry).application_name, (entry).client_addr::text, (entry).txid::text)::text, 'UTF8'));
END;
COMMENT ON FUNCTION wishflags.audit_hash(bytea, wishflags.flag_audit) IS
'the hash of a row of flag_audit that follows a row with the given hash; NULL before the first';

CREATE FUNCTION wishflags.flag_audit_note() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 100 AS 'MODULE_PATHNAME', 'wf_flag_audit_note';
COMMENT ON FUNCTION wishflags.flag_audit_note() IS 'trigger: writes a change to flag_audit';

CREATE FUNCTION wishflags.flag_audit_refuse() RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10 AS 'MODULE_PATHNAME', 'wf_flag_audit_refuse';
COMMENT ON FUNCTION wishflags.flag_audit_refuse() IS 'trigger: refuses to change what was written to flag_audit';

CREATE TRIGGER flag_audit_refuse BEFORE UPDATE OR DELETE ON wishflags.flag_audit
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_audit_refuse();
CREATE TRIGGER flag_audit_refuse_truncate BEFORE TRUNCATE ON wishflags.flag_audit
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_refuse();

-- The last of the triggers by row: it sees what the others let pass.  TRUNCATE is
-- noted before it is done, while the rows can be read.
CREATE TRIGGER zz_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.flags
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit_truncate BEFORE TRUNCATE ON wishflags.flags
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();
-- There may be a million at once.
CREATE TRIGGER zz_audit_insert AFTER INSERT ON wishflags.flag_overrides
REFERENCING NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit_update AFTER UPDATE ON wishflags.flag_overrides
REFERENCING OLD TABLE AS before_rows NEW TABLE AS after_rows FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit_delete AFTER DELETE ON wishflags.flag_overrides
REFERENCING OLD TABLE AS before_rows FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit_truncate BEFORE TRUNCATE ON wishflags.flag_overrides
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.segments
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit_truncate BEFORE TRUNCATE ON wishflags.segments
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit AFTER INSERT OR UPDATE OR DELETE ON wishflags.flag_documents
FOR EACH ROW EXECUTE FUNCTION wishflags.flag_audit_note();
CREATE TRIGGER zz_audit_truncate BEFORE TRUNCATE ON wishflags.flag_documents
FOR EACH STATEMENT EXECUTE FUNCTION wishflags.flag_audit_note();

CREATE VIEW wishflags.flag_versions AS
SELECT key AS flag, version, occurred_at AS valid_from, action, changed, login_role, reason, after AS record
FROM wishflags.flag_audit
WHERE kind = 'flag' AND version IS NOT NULL;
COMMENT ON VIEW wishflags.flag_versions IS 'the versions of all flags; record is the row of flags';

CREATE FUNCTION wishflags.flag_history(key text)
RETURNS TABLE (version integer, valid_from timestamptz, action text, changed text[], login_role text, reason text)
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 20
BEGIN ATOMIC
	SELECT a.version, a.occurred_at, a.action, a.changed, a.login_role, a.reason
	FROM wishflags.flag_audit a
	WHERE a.kind = 'flag' AND a.key = flag_history.key AND a.override_key IS NULL
	ORDER BY a.ordinal DESC;
END;
COMMENT ON FUNCTION wishflags.flag_history(text) IS
'the versions of a flag and its deletions, the newest first';

-- What is older than the audit is known by the first change of it, which
-- tells what was before; without one it is as it is now.
CREATE FUNCTION wishflags.audit_record_at(kind text, key text, at timestamptz, OUT is_known boolean, OUT record jsonb)
RETURNS record
LANGUAGE sql STABLE PARALLEL SAFE COST 100
BEGIN ATOMIC
	SELECT l.ordinal IS NOT NULL OR n.ordinal IS NOT NULL, CASE WHEN l.ordinal IS NOT NULL THEN l.after ELSE n.before END
	FROM (SELECT) one
	LEFT JOIN LATERAL (
		SELECT a.ordinal, a.after FROM wishflags.flag_audit a
		WHERE a.kind = audit_record_at.kind AND a.key = audit_record_at.key AND a.override_key IS NULL AND a.occurred_at <= audit_record_at.at
		ORDER BY a.ordinal DESC LIMIT 1) l ON true
	LEFT JOIN LATERAL (
		SELECT a.ordinal, a.before FROM wishflags.flag_audit a
		WHERE a.kind = audit_record_at.kind AND a.key = audit_record_at.key AND a.override_key IS NULL
		ORDER BY a.ordinal LIMIT 1) n ON true;
END;
COMMENT ON FUNCTION wishflags.audit_record_at(text, text, timestamptz) IS
'the row that a flag, segment or document had at a time, as far as flag_audit knows';

CREATE FUNCTION wishflags.flag_at(key text, at timestamptz)
RETURNS SETOF wishflags.flags
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1
BEGIN ATOMIC
	SELECT r.*
	FROM wishflags.audit_record_at('flag', flag_at.key, flag_at.at) past (is_known, record)
	LEFT JOIN wishflags.flags now ON now.key = flag_at.key AND NOT past.is_known
	CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(NULL::wishflags.flags,
		CASE WHEN past.is_known THEN past.record ELSE pg_catalog.to_jsonb(now) END) r
	WHERE r.created_at <= flag_at.at;
END;
COMMENT ON FUNCTION wishflags.flag_at(text, timestamptz) IS
'the row that a flag had at a time; none where it did not exist';

CREATE FUNCTION wishflags.segment_at(key text, at timestamptz)
RETURNS SETOF wishflags.segments
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1
BEGIN ATOMIC
	SELECT r.*
	FROM wishflags.audit_record_at('segment', segment_at.key, segment_at.at) past (is_known, record)
	LEFT JOIN wishflags.segments now ON now.key = segment_at.key AND NOT past.is_known
	CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(NULL::wishflags.segments,
		CASE WHEN past.is_known THEN past.record ELSE pg_catalog.to_jsonb(now) END) r
	WHERE r.created_at <= segment_at.at;
END;
COMMENT ON FUNCTION wishflags.segment_at(text, timestamptz) IS
'the row that a segment had at a time; none where it did not exist';

CREATE FUNCTION wishflags.document_at(name text, at timestamptz)
RETURNS SETOF wishflags.flag_documents
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 1
BEGIN ATOMIC
	SELECT r.*
	FROM wishflags.audit_record_at('document', document_at.name, document_at.at) past (is_known, record)
	LEFT JOIN wishflags.flag_documents now ON now.name = document_at.name AND NOT past.is_known
	CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(NULL::wishflags.flag_documents,
		CASE WHEN past.is_known THEN past.record ELSE pg_catalog.to_jsonb(now) END) r
	WHERE r.created_at <= document_at.at;
END;
COMMENT ON FUNCTION wishflags.document_at(text, timestamptz) IS
'the row that a document had at a time; none where it did not exist';

CREATE FUNCTION wishflags.flag_overrides_at(flag text, at timestamptz)
RETURNS SETOF wishflags.flag_overrides
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 100
BEGIN ATOMIC
	SELECT r.*
	FROM (SELECT DISTINCT ON (a.override_kind, a.override_key)
	             CASE WHEN a.occurred_at <= flag_overrides_at.at THEN a.after ELSE a.before END AS record
	      FROM wishflags.flag_audit a
	      WHERE a.kind = 'flag' AND a.key = flag_overrides_at.flag AND a.override_key IS NOT NULL
	      ORDER BY a.override_kind, a.override_key, a.occurred_at > flag_overrides_at.at,
	               CASE WHEN a.occurred_at <= flag_overrides_at.at THEN -a.ordinal ELSE a.ordinal END) past
	CROSS JOIN LATERAL pg_catalog.jsonb_populate_record(NULL::wishflags.flag_overrides, past.record) r
	WHERE r.created_at <= flag_overrides_at.at
	UNION ALL
	SELECT o.*
	FROM wishflags.flag_overrides o
	WHERE o.flag = flag_overrides_at.flag AND o.created_at <= flag_overrides_at.at
		AND NOT EXISTS (SELECT FROM wishflags.flag_audit a
		                WHERE a.kind = 'flag' AND a.key = flag_overrides_at.flag
		                	AND a.override_kind = o.context_kind AND a.override_key = o.key);
END;
COMMENT ON FUNCTION wishflags.flag_overrides_at(text, timestamptz) IS
'the overrides that a flag had at a time';

CREATE FUNCTION wishflags.flag_diff(key text, from_version integer, to_version integer)
RETURNS TABLE (path text, from_value jsonb, to_value jsonb)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 1000 ROWS 20
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
	missing integer;
BEGIN
	SELECT v INTO missing FROM unnest(ARRAY[from_version, to_version]) v
	WHERE NOT EXISTS (SELECT FROM wishflags.flag_versions f WHERE f.flag = flag_diff.key AND f.version = v);
	IF FOUND THEN
		RAISE EXCEPTION 'flag "%" has no version %', flag_diff.key, missing
			USING ERRCODE = 'undefined_object', HINT = format('See which there are: SELECT * FROM wishflags.flag_history(%L);', flag_diff.key);
	END IF;
	RETURN QUERY
	WITH RECURSIVE part (version, path, value) AS (
		SELECT f.version, e.key, e.value
		FROM wishflags.flag_versions f, jsonb_each(f.record) e
		WHERE f.flag = flag_diff.key AND f.version IN (from_version, to_version)
			AND e.key NOT IN ('version', 'created_at', 'updated_at', 'created_by', 'updated_by')
		UNION ALL
		SELECT p.version, p.path || c.step, c.value
		FROM part p, LATERAL (
			SELECT '.' || e.key AS step, e.value
			FROM jsonb_each(CASE jsonb_typeof(p.value) WHEN 'object' THEN p.value ELSE '{}' END) e
			UNION ALL
			SELECT '[' || e.n - 1 || ']', e.value
			FROM jsonb_array_elements(CASE jsonb_typeof(p.value) WHEN 'array' THEN p.value ELSE '[]' END)
				WITH ORDINALITY AS e (value, n)) c),
	leaf AS (SELECT * FROM part WHERE jsonb_typeof(part.value) NOT IN ('object', 'array') OR part.value IN ('{}', '[]'))
	SELECT path, f.value, t.value
	FROM (SELECT * FROM leaf WHERE leaf.version = from_version) f
	FULL JOIN (SELECT * FROM leaf WHERE leaf.version = to_version) t USING (path)
	WHERE f.value IS DISTINCT FROM t.value
	ORDER BY path COLLATE "C";
END $$;
COMMENT ON FUNCTION wishflags.flag_diff(text, integer, integer) IS
'what differs between two versions of a flag, a row a value';

CREATE FUNCTION wishflags.flag_rollback(key text, version integer, reason text, OUT new_version integer)
RETURNS integer
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_flag_rollback';
COMMENT ON FUNCTION wishflags.flag_rollback(text, integer, text) IS
'gives a flag the content of one of its versions again, as a new version; a deleted flag is made again';

CREATE FUNCTION wishflags.audit_head() RETURNS jsonb
LANGUAGE sql STABLE PARALLEL SAFE COST 100000
BEGIN ATOMIC
	SELECT COALESCE(pg_catalog.jsonb_object_agg(h.kind || ' ' || h.key, h.ordinal || ' ' || pg_catalog.encode(h.hash, 'hex')), '{}')
	FROM (SELECT DISTINCT ON (kind, key) kind, key, ordinal, hash
	      FROM wishflags.flag_audit ORDER BY kind, key, ordinal DESC) h;
END;
COMMENT ON FUNCTION wishflags.audit_head() IS
'where the chain of each flag, segment and document ends: an anchor to keep elsewhere, for audit_verify()';

CREATE FUNCTION wishflags.audit_verify(head jsonb DEFAULT NULL)
RETURNS TABLE (kind text, key text, ordinal bigint, problem text)
LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000 ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
	IF jsonb_typeof(head) <> 'object' OR EXISTS (SELECT FROM jsonb_each_text(head) e WHERE e.key !~ '^[a-z]+ .' OR e.value !~ '^[1-9][0-9]{0,17} [0-9a-f]{64}$') THEN
		RAISE EXCEPTION 'this is no head of the audit'
			USING ERRCODE = 'invalid_parameter_value', HINT = 'Give what wishflags.audit_head() gave, or the object in a line of the server log.';
	END IF;
	RETURN QUERY
	WITH link AS (
		SELECT a.kind, a.key, a.ordinal, a.hash, row_number() OVER w AS place,
			a.hash = wishflags.audit_hash(lag(a.hash) OVER w, a) AS holds
		FROM wishflags.flag_audit a
		WINDOW w AS (PARTITION BY a.kind, a.key ORDER BY a.ordinal)),
	anchor AS (
		SELECT split_part(e.key, ' ', 1) AS kind, substr(e.key, strpos(e.key, ' ') + 1) AS key,
			split_part(e.value, ' ', 1)::bigint AS ordinal, decode(split_part(e.value, ' ', 2), 'hex') AS hash
		FROM jsonb_each_text(head) e)
	SELECT l.kind, l.key, l.ordinal, 'the row is not as it was written, or does not follow the one before' FROM link l WHERE NOT l.holds
	UNION ALL
	SELECT l.kind, l.key, l.ordinal, 'rows before it are missing' FROM link l
	WHERE l.ordinal <> l.place AND NOT EXISTS (SELECT FROM link p WHERE p.kind = l.kind AND p.key = l.key AND p.ordinal = l.ordinal - 1)
	UNION ALL
	SELECT n.kind, n.key, n.ordinal, CASE WHEN l.hash IS NULL THEN 'the row that the head names is missing' ELSE 'the row is not the one that the head names' END
	FROM anchor n LEFT JOIN link l ON l.kind = n.kind AND l.key = n.key AND l.ordinal = n.ordinal
	WHERE l.hash IS DISTINCT FROM n.hash
	ORDER BY 1, 2, 3, 4;
END $$;
COMMENT ON FUNCTION wishflags.audit_verify(jsonb) IS
'what is wrong with the chains of flag_audit; with a head that audit_head() gave earlier, also whether their ends were cut; no row: nothing';

-- A transaction that is still under way may yet commit with a lower number, so
-- only those below all that are under way are told.
CREATE FUNCTION wishflags.changes_since(since xid8)
RETURNS TABLE (xid xid8, occurred_at timestamptz, kind text, key text, override_kind text, override_key text, action text, version integer, changed text[])
LANGUAGE sql STABLE PARALLEL SAFE COST 1000 ROWS 100
BEGIN ATOMIC
	SELECT a.txid, a.occurred_at, a.kind, a.key, a.override_kind, a.override_key, a.action, a.version, a.changed
	FROM wishflags.flag_audit a
	WHERE a.txid > changes_since.since AND a.txid < pg_catalog.pg_snapshot_xmin(pg_catalog.pg_current_snapshot())
	ORDER BY a.txid, a.occurred_at, a.kind, a.key, a.ordinal;
END;
COMMENT ON FUNCTION wishflags.changes_since(xid8) IS
'what transactions after the given one changed of flags, overrides, segments and documents; ask again with the last xid, and none is missed';
