-- Severities and switches by table, their history, and the policy as a document.
SELECT rule, severity FROM wishflags.migration_breaking_check('DROP TABLE nowhere; TRUNCATE nowhere', '{"only": ["drop-table", "truncate"]}');
INSERT INTO wishflags.migration_policies (rule, severity, reason) VALUES ('drop-table', 'medium', 'tables are archived');
INSERT INTO wishflags.migration_policies (rule, enabled, reason) VALUES ('truncate', false, 'test data');
SELECT rule, severity FROM wishflags.migration_breaking_check('DROP TABLE nowhere; TRUNCATE nowhere', '{"severity": "medium", "ignore": "lock-timeout-missing"}');
-- Options win.
SELECT rule, severity FROM wishflags.migration_breaking_check('DROP TABLE nowhere; TRUNCATE nowhere', '{"only": ["drop-table", "truncate"]}');
SELECT count(*) FROM wishflags.migration_breaking_check('DROP TABLE nowhere', '{"severity": "high"}') WHERE rule = 'drop-table';
SELECT * FROM wishflags.migration_policies_effective WHERE changed ORDER BY rule;
SELECT count(*) FROM wishflags.migration_policies_effective e JOIN wishflags.migration_rules r USING (rule)
WHERE e.base_severity <> r.severity OR e.policy <> r.policy OR (NOT e.changed AND (NOT e.enabled OR e.severity <> e.base_severity));

-- What changes nothing, or is wrong, is no row.
INSERT INTO wishflags.migration_policies (rule, severity, reason) VALUES ('no-such-rule', 'low', 'x');
INSERT INTO wishflags.migration_policies (rule, severity, reason) VALUES ('drop-column', 'worse', 'x');
INSERT INTO wishflags.migration_policies (rule, severity, reason) VALUES ('drop-column', 'high', 'x');
INSERT INTO wishflags.migration_policies (rule, reason) VALUES ('drop-column', 'x');
\set VERBOSITY terse
INSERT INTO wishflags.migration_policies (rule, severity) VALUES ('drop-column', 'low');
INSERT INTO wishflags.migration_policies (rule, severity, reason) VALUES ('drop-column', 'low', ' ');
INSERT INTO wishflags.migration_policies (severity, reason) VALUES ('low', 'x');
\set VERBOSITY default
UPDATE wishflags.migration_policies SET severity = 'critical' WHERE rule = 'drop-table';

-- The history: each change, by whom; nobody else writes it.
CREATE ROLE policy_editor;
GRANT USAGE ON SCHEMA wishflags TO policy_editor;
GRANT SELECT, UPDATE, DELETE ON wishflags.migration_policies TO policy_editor;
SET ROLE policy_editor;
UPDATE wishflags.migration_policies SET severity = 'low' WHERE rule = 'drop-table';
SET wishflags.reason = 'SHOP-7: truncated nightly no more';
DELETE FROM wishflags.migration_policies WHERE rule = 'truncate';
SET wishflags.reason = ' ';
INSERT INTO wishflags.migration_policy_history (action) VALUES ('insert');
RESET ROLE;
TRUNCATE wishflags.migration_policies;
SELECT action, before - 'changed_at' - 'changed_by' AS before, after - 'changed_at' - 'changed_by' AS after, reason, acting_role = login_role AS own
FROM wishflags.migration_policy_history ORDER BY occurred_at;
SELECT rule, severity FROM wishflags.migration_breaking_check('DROP TABLE nowhere', '{"only": ["drop-table"]}');
-- The session's reason is the row's where that has none.
\set VERBOSITY terse
INSERT INTO wishflags.migration_policies (rule, severity) VALUES ('truncate', 'low');
\set VERBOSITY default
BEGIN;
SET LOCAL wishflags.reason = 'SHOP-8: rebuilt from events';
INSERT INTO wishflags.migration_policies (rule, severity) VALUES ('truncate', 'low');
INSERT INTO wishflags.migration_policies (rule, severity, reason) VALUES ('truncate-cascade', 'low', 'its own');
SELECT p.rule, p.reason, h.reason AS history FROM wishflags.migration_policies p JOIN wishflags.migration_policy_history h ON h.after ->> 'rule' = p.rule AND h.action = 'insert' AND h.reason IS NOT NULL ORDER BY 1;
ROLLBACK;
-- A change that is rolled back leaves nothing, in effect or in the history.
BEGIN;
INSERT INTO wishflags.migration_policies (rule, severity, reason) VALUES ('drop-table', 'low', 'for now');
SELECT severity FROM wishflags.migration_breaking_check('DROP TABLE nowhere', '{"only": ["drop-table"]}');
ROLLBACK;
SELECT severity FROM wishflags.migration_breaking_check('DROP TABLE nowhere', '{"only": ["drop-table"]}');
-- A restored row keeps its time, and brings its history along.
INSERT INTO wishflags.migration_policies VALUES ('drop-table', true, 'low', 'restored', '2026-01-01 00:00+00', 'somebody');
SELECT rule, changed_at = '2026-01-01 00:00+00' AS kept, changed_by FROM wishflags.migration_policies;
SELECT count(*) FROM wishflags.migration_policy_history;

-- The document: each rule and each section, and nothing else.
CREATE TEMP VIEW page AS SELECT line, n FROM regexp_split_to_table(wishflags.migration_policy(), E'\n') WITH ORDINALITY l(line, n);
SELECT rule AS only_registry FROM wishflags.migration_rules WHERE rule NOT IN (SELECT substring(line FROM '^### `(.*)`$') FROM page WHERE line ~ '^### `');
SELECT line AS only_page FROM page WHERE line ~ '^###' AND substring(line FROM '^### `(.*)`$') NOT IN (SELECT rule FROM wishflags.migration_rules);
SELECT DISTINCT policy AS only_registry FROM wishflags.migration_rules WHERE policy NOT IN (SELECT substring(line FROM 'id="(.*)"') FROM page WHERE line ~ 'id="');
SELECT line AS only_page FROM page WHERE line ~ 'id="' AND substring(line FROM 'id="(.*)"') NOT IN (SELECT policy FROM wishflags.migration_rules);
SELECT count(*) = (SELECT count(*) FROM wishflags.migration_rules) AS each_once FROM page WHERE line ~ '^### `';
SELECT line FROM page WHERE n >= (SELECT n FROM page WHERE line = '### `drop-table`') ORDER BY n LIMIT 12;
-- The same as JSON; the examples are SQL that the checker reads.
CREATE TEMP TABLE document AS SELECT s ->> 'anchor' AS anchor, r.* FROM jsonb_array_elements(wishflags.migration_policy('json')::jsonb -> 'sections') s,
	jsonb_to_recordset(s -> 'rules') AS r(rule text, kind text, base_severity text, severity text, why text, instead text, example text, reason text, enabled boolean);
SELECT count(*) FROM (SELECT rule, base_severity, kind, anchor, why FROM document EXCEPT SELECT rule, severity, kind, policy, description FROM wishflags.migration_rules) d;
SELECT count(*) FROM document WHERE instead !~ '^[A-Z].*\.$' OR instead IS NULL;
SELECT rule, severity, base_severity, reason FROM document WHERE severity <> base_severity;
SELECT d.rule, p.error FROM document d, wishflags.migration_parse(example) p WHERE p.error IS NOT NULL;
SELECT count(*) AS not_on_the_page FROM jsonb_array_elements_text(wishflags.migration_policy('json')::jsonb -> 'governance') g
	WHERE NOT EXISTS (SELECT FROM page WHERE line LIKE '%. ' || g);
SELECT jsonb_array_length(wishflags.migration_policy('json')::jsonb -> 'governance');
SELECT wishflags.migration_policy('pdf');
DROP TABLE document;
DELETE FROM wishflags.migration_policies;
DELETE FROM wishflags.migration_policy_history;
REVOKE ALL ON ALL TABLES IN SCHEMA wishflags FROM policy_editor;
DROP OWNED BY policy_editor;
DROP ROLE policy_editor;
