-- The DDL that was done.  It tells what happened on this server, so it is not
-- dumped, and its key is good on every node.
CREATE TABLE wishflags.ddl_log (
	id uuid PRIMARY KEY DEFAULT pg_catalog.gen_random_uuid(),
	occurred_at timestamptz NOT NULL,
	ordinal integer NOT NULL,
	command_tag text NOT NULL,
	object_type text,
	object text,
	before text,
	after text,
	migration text,
	ledger text,
	statement text,
	acting_role text NOT NULL,
	outer_role text NOT NULL,
	login_role text NOT NULL,
	application_name text,
	client_addr inet,
	backend_pid integer NOT NULL,
	txid xid8 NOT NULL,
	milliseconds double precision NOT NULL,
	lock_mode text,
	rewrote boolean NOT NULL,
	restored boolean NOT NULL,
	classid oid,
	objid oid,
	objsubid integer,
	relid oid
) USING heap;
CREATE INDEX ddl_log_occurred_at_idx ON wishflags.ddl_log (occurred_at);
CREATE INDEX ddl_log_object_idx ON wishflags.ddl_log (object text_pattern_ops);
CREATE INDEX ddl_log_relid_idx ON wishflags.ddl_log (relid);
CREATE INDEX ddl_log_objid_idx ON wishflags.ddl_log (objid) WHERE relid IS NULL;

COMMENT ON TABLE wishflags.ddl_log IS
'DDL that was committed while wishflags.ddl_log was on, a row an object that a command made, changed or dropped';
COMMENT ON COLUMN wishflags.ddl_log.occurred_at IS 'when the command began';
COMMENT ON COLUMN wishflags.ddl_log.ordinal IS 'place in the transaction';
COMMENT ON COLUMN wishflags.ddl_log.object IS 'qualified; after a change of name the new one; NULL: the command names none, as GRANT';
COMMENT ON COLUMN wishflags.ddl_log.before IS
'definition, comment or name, or the columns and constraints that ALTER TABLE names, before the command; up to 8000 bytes';
COMMENT ON COLUMN wishflags.ddl_log.after IS
'the same after it; past the first 500 commands of a transaction what was made is told as it was at the commit, what was changed is not told (NULL)';
COMMENT ON COLUMN wishflags.ddl_log.migration IS 'value of wishflags.migration, or what the ledger of a migration tool says';
COMMENT ON COLUMN wishflags.ddl_log.ledger IS 'tool whose ledger tells the migration; NULL where wishflags.migration does';
COMMENT ON COLUMN wishflags.ddl_log.statement IS
'the statement, or the one whose function ran it; up to 4000 bytes; NULL for commands that hold passwords';
COMMENT ON COLUMN wishflags.ddl_log.acting_role IS 'current_user';
COMMENT ON COLUMN wishflags.ddl_log.outer_role IS 'user outside of SECURITY DEFINER functions';
COMMENT ON COLUMN wishflags.ddl_log.login_role IS 'session_user';
COMMENT ON COLUMN wishflags.ddl_log.milliseconds IS 'that the command took, waiting for locks included';
COMMENT ON COLUMN wishflags.ddl_log.lock_mode IS
'strongest lock on the relation that the transaction held at the end of the command; NULL: none was left, as after CONCURRENTLY';
COMMENT ON COLUMN wishflags.ddl_log.rewrote IS 'the command wrote the whole table anew';
COMMENT ON COLUMN wishflags.ddl_log.restored IS 'a superuser restored a dump';
COMMENT ON COLUMN wishflags.ddl_log.relid IS 'OID of the relation that the object is or belongs to';

CREATE FUNCTION wishflags.ddl_log_prune(keep interval DEFAULT '1 year')
RETURNS bigint
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 1000
AS 'MODULE_PATHNAME', 'wf_ddl_log_prune';
COMMENT ON FUNCTION wishflags.ddl_log_prune(interval) IS
'deletes rows of ddl_log that are older than keep; how many that were; whoever may call it needs no right on the table';

-- What a name means is asked of the catalog, and of the log for what is gone or
-- is called otherwise now.
CREATE FUNCTION wishflags.ddl_history(object text, OUT occurred_at timestamptz, OUT command text, OUT object_type text,
	OUT identity text, OUT change text, OUT migration text, OUT role text, OUT statement text)
RETURNS SETOF record
LANGUAGE SQL STABLE STRICT PARALLEL RESTRICTED COST 10000 ROWS 20
BEGIN ATOMIC
	WITH asked AS (
		-- With the collation of the column, or its index is of no use.
		SELECT ddl_history.object COLLATE pg_catalog."default" AS name
		UNION
		SELECT (pg_catalog.quote_ident(s.name) || '.' || ddl_history.object) COLLATE pg_catalog."default"
		FROM pg_catalog.unnest(pg_catalog.current_schemas(false)) s(name)
	), meant AS (
		SELECT 'pg_catalog.pg_class'::pg_catalog.regclass::oid AS classid, r.objid, 0 AS objsubid,
			COALESCE((SELECT i.indrelid FROM pg_catalog.pg_index i WHERE i.indexrelid = r.objid), r.objid) AS relid
		FROM (SELECT
			-- What is no name of a relation would be an error.
			CASE WHEN ddl_history.object ~ '^("([^"]|"")+"|[[:alnum:]_$]+)(\.("([^"]|"")+"|[[:alnum:]_$]+))?$'
				THEN pg_catalog.to_regclass(ddl_history.object)::oid END) r(objid)
		UNION
		SELECT l.classid, l.objid, l.objsubid, l.relid
		FROM asked a JOIN wishflags.ddl_log l ON l.object = a.name
		UNION
		-- Routines without their arguments; OFFSET keeps the planner from looking for their types first.
		SELECT l.classid, l.objid, l.objsubid, l.relid
		FROM asked a, LATERAL (SELECT r.classid, r.objid, r.objsubid, r.relid, r.object_type FROM wishflags.ddl_log r
			WHERE r.object OPERATOR(pg_catalog.~>=~) (a.name || '(')
			  AND r.object OPERATOR(pg_catalog.~<~) (a.name || ')') OFFSET 0) l
		WHERE l.object_type IN ('function', 'procedure', 'aggregate')
	)
	SELECT l.occurred_at, l.command_tag, l.object_type, l.object,
		pg_catalog.concat_ws(E'\n',
			(SELECT pg_catalog.string_agg('- ' || b.line, E'\n' ORDER BY b.n)
			 FROM pg_catalog.string_to_table(l.before, E'\n') WITH ORDINALITY b(line, n)
			 WHERE b.line <> ALL (pg_catalog.string_to_array(COALESCE(l.after, ''), E'\n'))),
			(SELECT pg_catalog.string_agg('+ ' || a.line, E'\n' ORDER BY a.n)
			 FROM pg_catalog.string_to_table(l.after, E'\n') WITH ORDINALITY a(line, n)
			 WHERE a.line <> ALL (pg_catalog.string_to_array(COALESCE(l.before, ''), E'\n')))),
		l.migration, l.acting_role, l.statement
	FROM wishflags.ddl_log l
	WHERE (l.relid = ANY (ARRAY(SELECT m.objid FROM meant m UNION SELECT m.relid FROM meant m))
		OR l.relid IS NULL AND l.objid = ANY (ARRAY(SELECT m.objid FROM meant m)))
	  AND EXISTS (
		SELECT FROM meant m
		WHERE m.objid = l.objid AND m.classid = l.classid AND (m.objsubid = 0 OR m.objsubid = l.objsubid)
		   OR m.objid = l.relid AND m.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND m.objsubid = 0)
	ORDER BY l.occurred_at, l.txid, l.ordinal;
END;
COMMENT ON FUNCTION wishflags.ddl_history(text) IS
'what ddl_log holds about an object and what belongs to it, oldest first: by its present name or one it had, also of one that is gone; change has the lines that went (-) and came (+)';

CREATE VIEW wishflags.unledgered_ddl AS
SELECT l.occurred_at, l.command_tag, l.object_type, l.object, l.acting_role, l.login_role, l.application_name,
	l.client_addr, l.statement, l.txid
FROM wishflags.ddl_log l
WHERE l.migration IS NULL AND NOT l.restored
ORDER BY l.occurred_at DESC, l.ordinal DESC;
COMMENT ON VIEW wishflags.unledgered_ddl IS
'schema changes without a migration, newest first: rows of ddl_log that neither wishflags.migration nor the ledger of a migration tool accounts for';
