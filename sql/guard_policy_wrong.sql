-- What guard_policies and guard_allow() refuse.
\set SHOW_CONTEXT never
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('drop-tabel', 'block', 'x');
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('zzzzzzzz', 'block', 'x');
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('unfinished-transaction', 'block', 'x');
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('drop-table', 'stop', 'x');
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('drop-table', 'never', 'x');
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('guard-changed', 'block', 'x');
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('guard-changed', 'off', 'x');
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('kind:loss', 'block', 'x');
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('severity:worst', 'block', 'x');
INSERT INTO wishflags.guard_policies (rule, action) VALUES ('drop-table', 'block');
\set VERBOSITY terse
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('drop-table', 'block', '  ');
\set VERBOSITY default
INSERT INTO wishflags.guard_policies (rule, action, reason, schemas) VALUES ('drop-table', 'block', 'x', '{}');
INSERT INTO wishflags.guard_policies (rule, action, reason, schemas) VALUES ('drop-table', 'block', 'x', '{NULL}');
INSERT INTO wishflags.guard_policies (rule, action, reason, roles) VALUES ('drop-table', 'block', 'x', '{no_such_role}');
INSERT INTO wishflags.guard_policies (rule, action, reason, days) VALUES ('drop-table', 'block', 'x', '{monday}');
INSERT INTO wishflags.guard_policies (rule, action, reason, from_time) VALUES ('drop-table', 'block', 'x', '10:00');
INSERT INTO wishflags.guard_policies (rule, action, reason, from_time, until_time) VALUES ('drop-table', 'block', 'x', '10:00', '10:00');
INSERT INTO wishflags.guard_policies (rule, action, reason, time_zone) VALUES ('drop-table', 'block', 'x', 'Mars/Olympus');
INSERT INTO wishflags.guard_policies (rule, action, reason, valid_from, valid_until) VALUES ('drop-table', 'block', 'x', '2027-01-02', '2027-01-01');
INSERT INTO wishflags.guard_policies (rule, action, reason, requires_approval) VALUES ('drop-table', 'warn', 'x', true);
\set VERBOSITY terse
INSERT INTO wishflags.guard_policies (rule, action, reason, min_rows) VALUES ('drop-table', 'block', 'x', -1);
\set VERBOSITY default
INSERT INTO wishflags.guard_policies (rule, action, reason, time_zone) VALUES ('drop-table', 'block', 'x', NULL);
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('drop-table', 'block', 'x'), ('drop-table', 'warn', 'x');
SELECT count(*) FROM wishflags.guard_policies;

SELECT wishflags.guard_allow('drop-tabel', 'shop.orders', current_user, now() + interval '1 hour', 'x');
SELECT wishflags.guard_allow('drop-table', 'orders', current_user, now() + interval '1 hour', 'x');
SELECT wishflags.guard_allow('drop-table', 'shop.orders', 'no_such_role', now() + interval '1 hour', 'x');
SELECT wishflags.guard_allow('drop-table', 'shop.orders', current_user, now() - interval '1 hour', 'x');
SELECT wishflags.guard_allow('drop-table', 'shop.orders', current_user, now() + interval '1 hour', ' ');
SELECT wishflags.guard_allow('drop-table', 'shop.orders', current_user, now() + interval '1 hour', NULL);
\set VERBOSITY terse
SELECT wishflags.guard_allow(NULL, 'shop.orders', current_user, 'infinity', 'x');
SELECT count(*) FROM wishflags.guard_allowances WHERE object LIKE '%orders';

-- Who was given nothing changes nothing.
CREATE ROLE wf_policy_nobody;
GRANT USAGE ON SCHEMA wishflags TO wf_policy_nobody;
SET ROLE wf_policy_nobody;
INSERT INTO wishflags.guard_policies (rule, action, reason) VALUES ('drop-table', 'off', 'x');
SELECT wishflags.guard_allow('drop-table', 'shop.orders', current_user, now() + interval '1 hour', 'x');
SELECT wishflags.guard_preset('observe');
SET wishflags.environment = 'dev';
RESET ROLE;
REVOKE USAGE ON SCHEMA wishflags FROM wf_policy_nobody;
DROP ROLE wf_policy_nobody;
-- What does not parse, or fails by itself, is told as well.
SELECT rule, action, message FROM wishflags.guard_check('CREATE INDX i ON t (a)');
SELECT rule, action FROM wishflags.guard_check('DROP TABLE nowhere.nothing');
