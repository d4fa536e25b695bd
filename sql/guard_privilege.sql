-- Where a role owns nothing, PostgreSQL speaks and the guard keeps silent.
CREATE SCHEMA guard_privilege;
CREATE SCHEMA guard_privilege_closed;
CREATE TABLE guard_privilege.secret (id int);
INSERT INTO guard_privilege.secret VALUES (1);
CREATE TABLE guard_privilege_closed.secret (id int);
INSERT INTO guard_privilege_closed.secret VALUES (1);
CREATE TYPE guard_privilege.mood AS ENUM ('ok');
CREATE TABLE guard_privilege.cat (mood guard_privilege.mood);
CREATE ROLE wf_privilege_other;
CREATE ROLE wf_privilege_schema;
GRANT USAGE ON SCHEMA guard_privilege TO wf_privilege_other;
ALTER SCHEMA guard_privilege OWNER TO wf_privilege_schema;

SET ROLE wf_privilege_other;
CREATE INDEX ON guard_privilege.secret (id);
ALTER TABLE guard_privilege.secret ADD PRIMARY KEY (id);
CREATE INDEX ON guard_privilege_closed.secret (id);
CREATE INDEX ON guard_privilege_closed.no_such_table (id);
ALTER TYPE guard_privilege.mood ADD VALUE 'x';
ALTER TYPE guard_privilege.mood RENAME TO y;
DROP TYPE guard_privilege.mood CASCADE;
ALTER TYPE guard_privilege_closed.no_such_type ADD VALUE 'x';
-- The functions and the log are not for everybody.
SELECT * FROM wishflags.guard_log;
SELECT * FROM wishflags.guard_status();
SELECT wishflags.guard_start();
RESET ROLE;

-- The owner of the schema may drop the type, and so is guarded.
SET ROLE wf_privilege_schema;
DROP TYPE guard_privilege.mood CASCADE;
RESET ROLE;

-- A member of the owning role is an owner.
CREATE ROLE wf_privilege_member IN ROLE wf_privilege_other;
GRANT CREATE ON SCHEMA guard_privilege TO wf_privilege_other;
ALTER TABLE guard_privilege.secret OWNER TO wf_privilege_other;
SET ROLE wf_privilege_member;
CREATE INDEX ON guard_privilege.secret (id);
RESET ROLE;

-- A collation that the role may not look up: the rest is judged, and the error is the server's.
CREATE COLLATION guard_privilege_closed.hidden (locale = 'C');
CREATE TABLE guard_privilege.named (id int, name text);
INSERT INTO guard_privilege.named VALUES (1, 'x');
CREATE INDEX CONCURRENTLY named_name ON guard_privilege.named (name);
ALTER TABLE guard_privilege.named OWNER TO wf_privilege_other;
SET ROLE wf_privilege_other;
ALTER TABLE guard_privilege.named ALTER name TYPE text COLLATE guard_privilege_closed.hidden, ADD CONSTRAINT named_id UNIQUE (id);
-- 18 says as well at which word.
DO $$
BEGIN
	ALTER TABLE guard_privilege.named ALTER name TYPE text COLLATE guard_privilege_closed.hidden;
EXCEPTION WHEN insufficient_privilege THEN
	RAISE WARNING '%', SQLERRM;
END $$;
RESET ROLE;

-- In a SECURITY DEFINER function it is the owner who acts.
CREATE FUNCTION guard_privilege.build() RETURNS void LANGUAGE plpgsql SECURITY DEFINER
AS 'BEGIN CREATE INDEX ON guard_privilege.secret (id); END';
ALTER FUNCTION guard_privilege.build() OWNER TO wf_privilege_other;
SELECT guard_privilege.build();
SELECT acting_role, outer_role = session_user AS outer_is_session FROM wishflags.guard_log
WHERE acting_role LIKE 'wf_privilege%' ORDER BY occurred_at;

-- A look-alike in the search_path is a table of its own.
CREATE SCHEMA guard_privilege_mine;
CREATE TABLE guard_privilege_mine.secret (id int);
SET search_path = guard_privilege_mine, guard_privilege;
CREATE INDEX ON secret (id);
SET search_path = guard_privilege, guard_privilege_mine;
CREATE INDEX ON secret (id);
RESET search_path;

SET client_min_messages = warning;
SET wishflags.guard = off;
DROP SCHEMA guard_privilege, guard_privilege_closed, guard_privilege_mine CASCADE;
DROP ROLE wf_privilege_member, wf_privilege_other, wf_privilege_schema;
