-- Wrong use: a clear error, and what to do.
CREATE SCHEMA wrong;
CREATE TABLE wrong.t (a int);

SELECT wishflags.schema_snapshot('{nowhere}');
SELECT wishflags.schema_snapshot('{}');
SELECT wishflags.schema_snapshot('{NULL}');
SELECT wishflags.schema_snapshot(NULL, '{"colour": "red"}');
SELECT wishflags.schema_snapshot(NULL, '{"owners": "yes"}');
SELECT wishflags.schema_fingerprint('{nowhere}');

-- What is no snapshot.
SELECT wishflags.schema_diff_sql(NULL);
SELECT wishflags.schema_diff_sql('{}');
SELECT wishflags.schema_diff_sql('[]');
SELECT wishflags.schema_diff_sql('"text"');
SELECT * FROM wishflags.schema_diff(wishflags.schema_snapshot('{wrong}'), '{"format": "other"}');

-- A newer format, and damage of every kind.
CREATE TEMP TABLE snapshot AS SELECT wishflags.schema_snapshot('{wrong}') AS s;
SELECT wishflags.schema_diff_sql(jsonb_set(s, '{version}', '3')) FROM snapshot;
SELECT wishflags.schema_diff_sql(jsonb_set(s, '{version}', '0')) FROM snapshot;
SELECT wishflags.schema_diff_sql(jsonb_set(s, '{version}', '"one"')) FROM snapshot;
SELECT wishflags.schema_diff_sql(s - 'objects') FROM snapshot;
SELECT wishflags.schema_diff_sql(s - 'server_version') FROM snapshot;
SELECT wishflags.schema_diff_sql(jsonb_set(s, '{objects}', '[]')) FROM snapshot;
SELECT wishflags.schema_diff_sql(jsonb_set(s, '{objects,table}', '[]')) FROM snapshot;
SELECT wishflags.schema_diff_sql(jsonb_set(s, '{objects,unicorn}', '{}')) FROM snapshot;
SELECT wishflags.schema_diff_sql(jsonb_set(s, '{objects,table,wrong.t}', '7')) FROM snapshot;
SELECT wishflags.schema_diff_sql(jsonb_set(s, '{objects,table,wrong.t,colour}', '"red"')) FROM snapshot;
SELECT wishflags.schema_diff_sql(jsonb_set(s, '{objects,table,wrong.t,owner}', '7')) FROM snapshot;
SELECT wishflags.schema_diff_sql(jsonb_set(s, '{objects,table,wrong.t,options}', '"x"')) FROM snapshot;
SELECT wishflags.schema_diff_sql(jsonb_set(s, '{objects,table,wrong.t,needs}', '["table wrong.u"]')) FROM snapshot;
SELECT wishflags.schema_diff_sql(jsonb_set(s, '{objects,column,wrong.t.a,parent}', '"table wrong.u"')) FROM snapshot;
SELECT wishflags.schema_diff_sql(jsonb_set(s, '{objects,column,wrong.t.a,parent}', '"column wrong.t.a"')) FROM snapshot;

-- A newer server, or none; other schemas.
\set VERBOSITY terse
SELECT wishflags.schema_diff_sql(jsonb_set(s, '{server_version}', '990000')) = '' AS nothing_to_do FROM snapshot;
\set VERBOSITY default
SELECT wishflags.schema_diff_sql(jsonb_set(s, '{server_version}', '7')) FROM snapshot;
SELECT wishflags.schema_diff_sql(s, wishflags.schema_snapshot()) FROM snapshot;
SELECT count(*) FROM snapshot, wishflags.schema_diff(wishflags.schema_snapshot(), s);
SELECT count(*) FROM snapshot, wishflags.schema_diff(s, wishflags.schema_snapshot('{wishflags,wrong}'));
SELECT count(*) AS changes FROM snapshot, wishflags.schema_diff(s, wishflags.schema_snapshot('{wrong,wrong}'));
SELECT wishflags.schema_snapshot('{wrong,wishflags,wrong}') = wishflags.schema_snapshot('{wishflags,wrong}') AS same;

-- The old format knows nothing of what the new one brought, so that is not compared.
CREATE INDEX i ON wrong.t (a);
ALTER TABLE wrong.t ALTER a SET NOT NULL, ALTER a ADD GENERATED ALWAYS AS IDENTITY;
COMMENT ON SEQUENCE wrong.t_a_seq IS 'new';
CREATE TEMP TABLE newer AS SELECT wishflags.schema_snapshot('{wrong}') AS s;
COMMENT ON SEQUENCE wrong.t_a_seq IS NULL;
SELECT attribute FROM newer, wishflags.schema_diff(s);
SELECT attribute FROM newer, wishflags.schema_diff(jsonb_set(s, '{version}', '1'));
ALTER TABLE wrong.t ALTER a DROP IDENTITY, ALTER a DROP NOT NULL;
DROP INDEX wrong.i;

-- Attributes that an object cannot be without.
SELECT wishflags.schema_diff_sql(s #- '{objects,column,wrong.t.a,type}') FROM snapshot;
SELECT wishflags.schema_diff_sql(s #- '{objects,column,wrong.t.a,parent}') FROM snapshot;

-- Options.
SELECT wishflags.schema_diff_sql(s, NULL, '{"colour": "red"}') FROM snapshot;
SELECT wishflags.schema_diff_sql(s, NULL, '{"online": 1}') FROM snapshot;
SELECT * FROM snapshot, wishflags.schema_diff(s, NULL, '{"renames": ["table wrong.t"]}');

-- Odd names survive.
CREATE TABLE wrong."a ""b"" c.d" ("select" int DEFAULT 1, "Ümläut; --" text DEFAULT 'a''b\c');
CREATE INDEX "ON x" ON wrong."a ""b"" c.d" ("Ümläut; --");
SELECT wishflags.schema_diff_sql(s) FROM snapshot;

-- Nobody but who is granted it reads a snapshot; then it is read with the caller's rights.
CREATE ROLE wf_schema_nobody;
GRANT USAGE ON SCHEMA wishflags TO wf_schema_nobody;
SET ROLE wf_schema_nobody;
SELECT wishflags.schema_snapshot();
RESET ROLE;
GRANT EXECUTE ON FUNCTION wishflags.schema_snapshot(text[], jsonb) TO wf_schema_nobody;
SET ROLE wf_schema_nobody;
SELECT jsonb_object_keys(wishflags.schema_snapshot('{wrong}')->'objects'->'table');
RESET ROLE;
DROP OWNED BY wf_schema_nobody;
DROP ROLE wf_schema_nobody;
SET client_min_messages = warning;
DROP SCHEMA wrong CASCADE;
