-- Approvals, used wrongly.
\set VERBOSITY default
\set SHOW_CONTEXT never
CREATE ROLE wf_gov_wrong;
CREATE ROLE wf_gov_wrong_dba;
GRANT USAGE ON SCHEMA wishflags TO wf_gov_wrong, wf_gov_wrong_dba;
SELECT wishflags.schema_change_propose('SELECT 1', ' ');
SELECT wishflags.schema_change_propose('-- nothing', 'x');
SELECT wishflags.schema_change_propose('DROP TABEL x', 'x');
SELECT wishflags.schema_change_propose('DROP TABLE x', 'x', '{"valid": "1 day"}');
SELECT wishflags.schema_change_propose('DROP TABLE x', 'x', '{"valid_for": "soon"}');
-- What the check finds says who must approve: no option leaves anything out.
SELECT wishflags.schema_change_propose('DROP TABLE x', 'x', '{"check": {"only": ["no-such-rule"]}}');
SELECT wishflags.schema_change_propose('DROP TABLE x', 'x', '{"check": {"ignore": ["drop-table"]}}');
SELECT wishflags.schema_change_propose('DROP TABLE x', 'x', '{"check": {"stats": {}}}');
SELECT wishflags.schema_change_propose('DROP TABLE x', 'x', '{"check": {"platform": "moon"}}');
SELECT wishflags.schema_change_propose('DROP TABLE x', 'x', '{"check": {"validate_data": "yes"}}');
SELECT wishflags.schema_change_propose('DROP TABLE x', 'x', '{"check": [1]}');
SELECT wishflags.schema_change_propose('DROP TABLE x', 'x', '{"check": "all"}');
SELECT wishflags.schema_change_propose(NULL, 'x');
SELECT wishflags.schema_change_approve(-1);
SELECT wishflags.schema_change_approve(NULL);
SELECT wishflags.schema_change_amend(-1, 'SELECT 1', 'x');
SELECT wishflags.schema_change_reject(-1, '');
SELECT wishflags.schema_change_withdraw(-1, 'x');
SELECT wishflags.schema_change_risk(-1);
SELECT wishflags.schema_change_checklist(-1);

\set VERBOSITY terse
INSERT INTO wishflags.approval_policies (name, severity, approver_role, reason) VALUES ('a', 'severe', 'wf_gov_wrong', 'x');
INSERT INTO wishflags.approval_policies (name, rule, approver_role, reason) VALUES ('a', 'drop-tabel', 'wf_gov_wrong', 'x');
INSERT INTO wishflags.approval_policies (name, rule, approver_role, reason) VALUES ('a', 'kind:loss', 'wf_gov_wrong', 'x');
INSERT INTO wishflags.approval_policies (name, approver_role, reason) VALUES ('a', 'wf_gov_nobody', 'x');
INSERT INTO wishflags.approval_policies (name, approver_role, approvals, reason) VALUES ('a', 'wf_gov_wrong', 0, 'x');
INSERT INTO wishflags.approval_policies (name, approver_role, environments, reason) VALUES ('a', 'wf_gov_wrong', '{}', 'x');
INSERT INTO wishflags.approval_policies (name, approver_role) VALUES ('a', 'wf_gov_wrong');

-- Without privileges nobody proposes, approves or reads; the tables can't be written by hand.
SET SESSION AUTHORIZATION wf_gov_wrong;
SELECT wishflags.schema_change_propose('DROP TABLE x', 'x');
SELECT wishflags.schema_change_approve(1);
SELECT FROM wishflags.schema_change_overview;
INSERT INTO wishflags.schema_change_approvals (change_id, revision, approver) VALUES (1, 1, 'me');
RESET SESSION AUTHORIZATION;

-- Others than the authors do not edit; a SECURITY DEFINER function makes nobody an approver.
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA wishflags TO wf_gov_wrong, wf_gov_wrong_dba;
INSERT INTO wishflags.approval_policies (name, approver_role, reason) VALUES ('all', 'wf_gov_wrong_dba', 'dba');
SELECT wishflags.schema_change_propose('DROP TABLE x', 'x') AS id \gset
SET SESSION AUTHORIZATION wf_gov_wrong;
\set VERBOSITY sqlstate
SELECT wishflags.schema_change_amend(:id, 'DROP TABLE y', 'x');
SELECT wishflags.schema_change_withdraw(:id, 'x');
SELECT wishflags.schema_change_reject(:id, 'x');
SET SESSION AUTHORIZATION wf_gov_wrong_dba;
CREATE FUNCTION pg_temp.approve(id bigint) RETURNS text LANGUAGE sql SECURITY DEFINER RETURN wishflags.schema_change_approve(id);
GRANT EXECUTE ON FUNCTION pg_temp.approve TO PUBLIC;
SET SESSION AUTHORIZATION wf_gov_wrong;
SELECT pg_temp.approve(:id);
-- Neither does being superuser; and an author stays one under any role.
RESET SESSION AUTHORIZATION;
CREATE ROLE wf_gov_wrong_super SUPERUSER;
SET SESSION AUTHORIZATION wf_gov_wrong_super;
SELECT wishflags.schema_change_approve(:id);
RESET SESSION AUTHORIZATION;
SET ROLE wf_gov_wrong_dba;
SELECT wishflags.schema_change_approve(:id);
RESET ROLE;
SET SESSION AUTHORIZATION wf_gov_wrong_dba;
SELECT wishflags.schema_change_approve(:id, 'as what it is not', approver_role => 'wf_gov_wrong');
BEGIN READ ONLY;
SELECT wishflags.schema_change_approve(:id);
ROLLBACK;
SELECT wishflags.schema_change_approve(:id);
RESET SESSION AUTHORIZATION;
DELETE FROM wishflags.approval_policies;
DROP OWNED BY wf_gov_wrong, wf_gov_wrong_dba;
DROP ROLE wf_gov_wrong, wf_gov_wrong_dba, wf_gov_wrong_super;
