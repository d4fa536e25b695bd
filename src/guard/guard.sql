-- What the guard refused, warned of or let through.  It tells what happened on
-- this server, so it is not dumped, and its key is good on every node.
CREATE TABLE wishflags.guard_log (
	id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
	occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	outcome text NOT NULL CHECK (outcome IN ('refused', 'warned', 'noticed', 'allowed', 'approved', 'bypassed', 'restored', 'noted')),
	rule text NOT NULL,
	object text NOT NULL,
	command_tag text NOT NULL,
	statement text,
	message text NOT NULL,
	reason text,
	acting_role text NOT NULL,
	outer_role text NOT NULL,
	login_role text NOT NULL,
	txid xid8,
	application_name text,
	backend_pid integer NOT NULL,
	evidence jsonb NOT NULL DEFAULT '{}',
	duration_ms double precision
);
CREATE INDEX guard_log_occurred_at_idx ON wishflags.guard_log (occurred_at);

COMMENT ON TABLE wishflags.guard_log IS
'DDL that the guard refused, warned of, or let through for a given reason';
COMMENT ON COLUMN wishflags.guard_log.occurred_at IS 'when the guard judged the command';
COMMENT ON COLUMN wishflags.guard_log.outcome IS
'refused; warned (by the policy, or wishflags.guard = warn); noticed; allowed (guard_allow); approved (a statement of an approved schema change); bypassed (wishflags.bypass); restored (a superuser restored a dump); noted (an event trigger of the guard was changed)';
COMMENT ON COLUMN wishflags.guard_log.rule IS 'rule that objected';
COMMENT ON COLUMN wishflags.guard_log.object IS 'table or type concerned, qualified';
COMMENT ON COLUMN wishflags.guard_log.command_tag IS 'command, as in CREATE INDEX';
COMMENT ON COLUMN wishflags.guard_log.statement IS
'the statement, or the query that ran it in a function; up to 4000 bytes';
COMMENT ON COLUMN wishflags.guard_log.message IS 'what the rule said';
COMMENT ON COLUMN wishflags.guard_log.reason IS 'value of wishflags.bypass, or reason of the allowance';
COMMENT ON COLUMN wishflags.guard_log.acting_role IS 'current_user';
COMMENT ON COLUMN wishflags.guard_log.outer_role IS 'user outside of SECURITY DEFINER functions';
COMMENT ON COLUMN wishflags.guard_log.login_role IS 'session_user';
COMMENT ON COLUMN wishflags.guard_log.txid IS 'transaction, where it had a number already';
COMMENT ON COLUMN wishflags.guard_log.backend_pid IS 'process that ran the command';
COMMENT ON COLUMN wishflags.guard_log.evidence IS
'further facts: detail and hint as the client got them; directives: comments to the migration check that stood before the statement';
COMMENT ON COLUMN wishflags.guard_log.duration_ms IS
'how long the command took that was let through, in milliseconds; null where it was not, or where its end could not be seen';

CREATE FUNCTION wishflags.guard_start()
RETURNS event_trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_guard_start';

COMMENT ON FUNCTION wishflags.guard_start() IS
'event trigger function: judges a DDL command before it runs';

CREATE FUNCTION wishflags.guard_drop()
RETURNS event_trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_guard_drop';

COMMENT ON FUNCTION wishflags.guard_drop() IS
'event trigger function: judges what a DROP took with it';

CREATE FUNCTION wishflags.guard_rewrite()
RETURNS event_trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_guard_rewrite';

COMMENT ON FUNCTION wishflags.guard_rewrite() IS
'event trigger function: tells the DDL log that a table is written anew';

CREATE FUNCTION wishflags.guard_end()
RETURNS event_trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_guard_end';

COMMENT ON FUNCTION wishflags.guard_end() IS
'event trigger function: tells the DDL log what a command did, and how long one took that the guard let through';

CREATE EVENT TRIGGER wishflags_guard_start ON ddl_command_start
EXECUTE FUNCTION wishflags.guard_start();
CREATE EVENT TRIGGER wishflags_guard_drop ON sql_drop
EXECUTE FUNCTION wishflags.guard_drop();
CREATE EVENT TRIGGER wishflags_guard_rewrite ON table_rewrite
EXECUTE FUNCTION wishflags.guard_rewrite();
CREATE EVENT TRIGGER wishflags_guard_end ON ddl_command_end
EXECUTE FUNCTION wishflags.guard_end();

-- session_replication_role must not switch the guard off.
ALTER EVENT TRIGGER wishflags_guard_start ENABLE ALWAYS;
ALTER EVENT TRIGGER wishflags_guard_drop ENABLE ALWAYS;
ALTER EVENT TRIGGER wishflags_guard_rewrite ENABLE ALWAYS;
ALTER EVENT TRIGGER wishflags_guard_end ENABLE ALWAYS;

COMMENT ON EVENT TRIGGER wishflags_guard_start IS 'guard of extension wishflags: dangerous DDL';
COMMENT ON EVENT TRIGGER wishflags_guard_drop IS 'guard of extension wishflags: enums in use that a DROP takes along';
COMMENT ON EVENT TRIGGER wishflags_guard_rewrite IS 'guard of extension wishflags: tables written anew, for the DDL log';
COMMENT ON EVENT TRIGGER wishflags_guard_end IS 'guard of extension wishflags: the DDL log';

-- The notice of CREATE EXTENSION needs this function once.
CREATE FUNCTION wishflags.guard_announce()
RETURNS void
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_guard_announce';
SELECT wishflags.guard_announce();
DROP FUNCTION wishflags.guard_announce();
