-- Random edits of a database: the table property.kinds has a row for each kind,
-- property.edit() does some.
--
-- A statement's placeholders, the inner ones first:
--   {table}            a field of the row of "source" that the edit is about
--   {schemas.name}     the field of a random row of another source
--   {columns.name: kind = 'r'}  the same under a condition
--   {a|b|c}            one of these
--   {n}                a number that is not used yet
SET client_min_messages = warning;
CREATE SCHEMA property;
CREATE TABLE property.kinds (
	kind text PRIMARY KEY,
	source text,
	condition text NOT NULL DEFAULT 'true',
	statement text NOT NULL,
	weight int NOT NULL DEFAULT 2);
CREATE TABLE property.states (name text PRIMARY KEY, snapshot jsonb NOT NULL);

-- ---- what there is: each source has a name to sort by ------------------------

CREATE VIEW property.schemas AS
SELECT oid, quote_ident(nspname) AS name FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'wishflags', 'property');

CREATE VIEW property.roles AS
SELECT rolname::text AS name FROM pg_roles WHERE rolname ~ '^property_';

CREATE VIEW property.relations AS
SELECT c.oid, s.name AS schema, s.name || '.' || quote_ident(relname) AS name, relkind AS kind, relispartition AS partition,
	relpersistence AS persistence, reloftype <> 0 AS typed,
	CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' WHEN 'f' THEN 'FOREIGN TABLE'
		WHEN 'c' THEN 'TYPE' ELSE 'TABLE' END AS keyword,
	CASE relkind WHEN 'v' THEN rtrim(pg_get_viewdef(c.oid), ';') END AS definition,
	EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid) AS child,
	EXISTS (SELECT FROM pg_inherits WHERE inhparent = c.oid) AS parent
FROM pg_class c JOIN property.schemas s ON s.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f', 'c');

CREATE VIEW property.columns AS
SELECT r.name || '.' || quote_ident(attname) AS name, r.name AS "table", r.kind, r.keyword, quote_ident(attname) AS "column",
	format_type(atttypid, atttypmod) AS type, attnotnull AS required, atthasdef AS has_default, attgenerated AS generated,
	attidentity AS identity, attinhcount > 0 AS inherited, attstorage AS storage
FROM pg_attribute JOIN property.relations r ON r.oid = attrelid WHERE attnum > 0 AND NOT attisdropped;

-- NOT NULL is an attribute of a column, also where it is a constraint as well:
-- its name and comment are listed in "unmodelled".
CREATE VIEW property.constraints AS
SELECT r.name || '.' || quote_ident(conname) AS name, r.name AS "table", quote_ident(conname) AS "constraint", contype AS type,
	convalidated AS valid, coninhcount > 0 AS inherited
FROM pg_constraint JOIN property.relations r ON r.oid = conrelid WHERE contype <> 'n';

CREATE VIEW property.keys AS
SELECT k.name, r.name || ' (' || string_agg(quote_ident(attname), ', ' ORDER BY place) || ')' AS target,
	string_agg(format_type(atttypid, NULL), ', ' ORDER BY place) AS types, r.kind
FROM property.constraints k JOIN property.relations r ON r.name = k."table"
JOIN pg_constraint c ON c.conrelid = r.oid AND quote_ident(conname) = k."constraint" AND contype IN ('p', 'u')
JOIN unnest(conkey) WITH ORDINALITY u (attnum, place) ON true JOIN pg_attribute a ON attrelid = r.oid AND a.attnum = u.attnum
GROUP BY k.name, r.name, r.kind;

CREATE VIEW property.indexes AS
SELECT s.name || '.' || quote_ident(c.relname) AS name, quote_ident(c.relname) AS index, r.name AS "table", r.kind, indisunique AS is_unique,
	c.relispartition AS attached, indexprs IS NOT NULL AS of_expression
FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN property.relations r ON r.oid = indrelid JOIN property.schemas s ON s.oid = c.relnamespace;

CREATE VIEW property.links AS
SELECT c.name || ' ' || p.name AS name, c.name AS child, p.name AS parent, p.kind, pg_get_expr(relpartbound, inhrelid) AS bound
FROM pg_inherits JOIN property.relations c ON c.oid = inhrelid JOIN property.relations p ON p.oid = inhparent
JOIN pg_class ON pg_class.oid = inhrelid;

CREATE VIEW property.routines AS
SELECT p.oid::regprocedure::text AS name, quote_ident(proname) AS routine, prokind AS kind, prorettype::regtype::text AS result, prosrc AS body, s.name AS schema,
	CASE prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END AS keyword
FROM pg_proc p JOIN property.schemas s ON s.oid = pronamespace;

CREATE VIEW property.types AS
SELECT format_type(t.oid, NULL) AS name, typtype AS kind, typisdefined AS defined, CASE typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END AS keyword
FROM pg_type t JOIN property.schemas s ON s.oid = typnamespace
WHERE typcategory <> 'A' AND typtype <> 'm' AND (typrelid = 0 OR (SELECT relkind FROM pg_class c WHERE c.oid = typrelid) = 'c');

CREATE VIEW property.labels AS
SELECT enumtypid::regtype || ' ' || enumlabel AS name, enumtypid::regtype::text AS type, quote_literal(enumlabel) AS label
FROM pg_enum;

CREATE VIEW property.triggers AS
SELECT r.name || '.' || quote_ident(tgname) AS name, r.name AS "table", quote_ident(tgname) AS trigger, r.kind, tgparentid <> 0 AS inherited
FROM pg_trigger JOIN property.relations r ON r.oid = tgrelid WHERE NOT tgisinternal;

CREATE VIEW property.rules AS
SELECT r.name || '.' || quote_ident(rulename) AS name, r.name AS "table", quote_ident(rulename) AS rule
FROM pg_rewrite JOIN property.relations r ON r.oid = ev_class WHERE rulename <> '_RETURN';

CREATE VIEW property.policies AS
SELECT r.name || '.' || quote_ident(polname) AS name, r.name AS "table", quote_ident(polname) AS policy
FROM pg_policy JOIN property.relations r ON r.oid = polrelid;

-- The types of object that pg_identify_object() names as DROP and COMMENT do.
CREATE VIEW property.objects AS
SELECT upper(replace(type, '-', ' ')) AS keyword, identity AS name, upper(replace(type, '-', ' ')) || ' ' || identity AS object
FROM (SELECT 'pg_cast'::regclass AS class, oid FROM pg_cast
	UNION ALL SELECT 'pg_operator'::regclass, o.oid FROM pg_operator o JOIN property.schemas s ON s.oid = oprnamespace
	UNION ALL SELECT 'pg_opclass'::regclass, o.oid FROM pg_opclass o JOIN property.schemas s ON s.oid = opcnamespace
	UNION ALL SELECT 'pg_opfamily'::regclass, o.oid FROM pg_opfamily o JOIN property.schemas s ON s.oid = opfnamespace
	UNION ALL SELECT 'pg_am'::regclass, oid FROM pg_am
	UNION ALL SELECT 'pg_collation'::regclass, o.oid FROM pg_collation o JOIN property.schemas s ON s.oid = collnamespace
	UNION ALL SELECT 'pg_conversion'::regclass, o.oid FROM pg_conversion o JOIN property.schemas s ON s.oid = connamespace
	UNION ALL SELECT 'pg_ts_dict'::regclass, o.oid FROM pg_ts_dict o JOIN property.schemas s ON s.oid = dictnamespace
	UNION ALL SELECT 'pg_ts_config'::regclass, o.oid FROM pg_ts_config o JOIN property.schemas s ON s.oid = cfgnamespace
	UNION ALL SELECT 'pg_ts_parser'::regclass, o.oid FROM pg_ts_parser o JOIN property.schemas s ON s.oid = prsnamespace
	UNION ALL SELECT 'pg_ts_template'::regclass, o.oid FROM pg_ts_template o JOIN property.schemas s ON s.oid = tmplnamespace
	UNION ALL SELECT 'pg_statistic_ext'::regclass, o.oid FROM pg_statistic_ext o JOIN property.schemas s ON s.oid = stxnamespace
	UNION ALL SELECT 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper
	UNION ALL SELECT 'pg_foreign_server'::regclass, oid FROM pg_foreign_server
	UNION ALL SELECT 'pg_publication'::regclass, oid FROM pg_publication
	UNION ALL SELECT 'pg_subscription'::regclass, oid FROM pg_subscription WHERE subdbid = (SELECT d.oid FROM pg_database d WHERE datname = current_database())
	UNION ALL SELECT 'pg_event_trigger'::regclass, oid FROM pg_event_trigger WHERE evtname !~ '^wishflags'
	UNION ALL SELECT 'pg_language'::regclass, oid FROM pg_language) AS listed (class, id),
	LATERAL (SELECT CASE type WHEN 'statistics object' THEN 'statistics' WHEN 'foreign-data wrapper' THEN 'foreign data wrapper'
		ELSE type END AS type, identity FROM pg_identify_object(class, id, 0)) AS named
WHERE id >= 16384;

CREATE VIEW property.commented AS
SELECT object AS name FROM property.objects
UNION ALL SELECT keyword || ' ' || name FROM property.relations
UNION ALL SELECT 'COLUMN ' || name FROM property.columns WHERE kind <> 'S'
UNION ALL SELECT 'CONSTRAINT ' || "constraint" || ' ON ' || "table" FROM property.constraints
UNION ALL SELECT 'INDEX ' || name FROM property.indexes
UNION ALL SELECT keyword || ' ' || name FROM property.routines
UNION ALL SELECT keyword || ' ' || name FROM property.types
UNION ALL SELECT 'TRIGGER ' || trigger || ' ON ' || "table" FROM property.triggers
UNION ALL SELECT 'RULE ' || rule || ' ON ' || "table" FROM property.rules
UNION ALL SELECT 'POLICY ' || policy || ' ON ' || "table" FROM property.policies
UNION ALL SELECT 'SCHEMA ' || name FROM property.schemas;

-- What can have another owner, be moved, or be granted.
CREATE VIEW property.owned AS
SELECT object AS name FROM property.objects
WHERE keyword NOT IN ('CAST', 'ACCESS METHOD', 'TEXT SEARCH PARSER', 'TEXT SEARCH TEMPLATE')
UNION ALL SELECT keyword || ' ' || name FROM property.relations
UNION ALL SELECT keyword || ' ' || name FROM property.routines
UNION ALL SELECT keyword || ' ' || name FROM property.types
UNION ALL SELECT 'SCHEMA ' || name FROM property.schemas;

CREATE VIEW property.moved AS
SELECT object AS name FROM property.objects
WHERE keyword IN ('OPERATOR', 'OPERATOR CLASS', 'OPERATOR FAMILY', 'COLLATION', 'CONVERSION', 'STATISTICS', 'TEXT SEARCH DICTIONARY',
	'TEXT SEARCH CONFIGURATION', 'TEXT SEARCH PARSER', 'TEXT SEARCH TEMPLATE')
UNION ALL SELECT keyword || ' ' || name FROM property.relations WHERE NOT partition
UNION ALL SELECT keyword || ' ' || name FROM property.routines
UNION ALL SELECT keyword || ' ' || name FROM property.types;

CREATE VIEW property.renamed AS
SELECT object AS name FROM property.objects WHERE keyword NOT IN ('CAST', 'OPERATOR', 'ACCESS METHOD')
UNION ALL SELECT keyword || ' ' || name FROM property.relations
UNION ALL SELECT keyword || ' ' || name FROM property.routines
UNION ALL SELECT keyword || ' ' || name FROM property.types
UNION ALL SELECT 'INDEX ' || name FROM property.indexes
UNION ALL SELECT 'TRIGGER ' || trigger || ' ON ' || "table" FROM property.triggers
UNION ALL SELECT 'RULE ' || rule || ' ON ' || "table" FROM property.rules
UNION ALL SELECT 'POLICY ' || policy || ' ON ' || "table" FROM property.policies
UNION ALL SELECT 'SCHEMA ' || name FROM property.schemas;

CREATE VIEW property.granted AS
SELECT 'SELECT, ' || CASE kind WHEN 'S' THEN 'USAGE' ELSE 'UPDATE' END || ' ON ' || name AS name FROM property.relations WHERE kind NOT IN ('S', 'c')
UNION ALL SELECT 'USAGE ON SEQUENCE ' || name FROM property.relations WHERE kind = 'S'
UNION ALL SELECT 'SELECT (' || "column" || ') ON ' || "table" FROM property.columns WHERE kind NOT IN ('S', 'c')
UNION ALL SELECT 'EXECUTE ON ROUTINE ' || name FROM property.routines
UNION ALL SELECT 'USAGE ON ' || keyword || ' ' || name FROM property.types WHERE defined
UNION ALL SELECT 'USAGE ON SCHEMA ' || name FROM property.schemas
UNION ALL SELECT 'USAGE ON FOREIGN ' || CASE keyword WHEN 'SERVER' THEN 'SERVER ' ELSE 'DATA WRAPPER ' END || name FROM property.objects
	WHERE keyword IN ('SERVER', 'FOREIGN DATA WRAPPER');

-- ---- the kinds of edit -------------------------------------------------------

INSERT INTO property.kinds (kind, source, condition, statement) VALUES
-- tables
('table new', NULL, 'true', 'CREATE {|UNLOGGED }TABLE {schemas.name}.t{n} (id int {PRIMARY KEY|GENERATED ALWAYS AS IDENTITY|NOT NULL|UNIQUE}, a {{int|text|date}|{types.name: kind <> ''p''}}, b text DEFAULT {''x''|NULL|''it''''s''})'),
('table like', 'relations', 'kind IN (''r'', ''p'', ''v'')', 'CREATE TABLE {schemas.name}.t{n} (LIKE {name} INCLUDING {ALL|DEFAULTS|CONSTRAINTS|INDEXES}, {own int|own serial})'),
('table with key', 'keys', 'types !~ '',''', 'CREATE TABLE {schemas.name}.t{n} (id serial PRIMARY KEY, r {types} REFERENCES {target} ON DELETE {CASCADE|SET NULL|NO ACTION})'),
('table typed', 'types', 'kind = ''c''', 'CREATE TABLE {schemas.name}.t{n} OF {name}'),
('table child', 'relations', 'kind = ''r'' AND NOT partition', 'CREATE TABLE {schemas.name}.t{n} ({|extra int|extra text NOT NULL}) INHERITS ({name})'),
('table partitioned', NULL, 'true', 'CREATE TABLE {schemas.name}.t{n} (a int {NOT NULL|}, b text, c date DEFAULT now()) PARTITION BY {LIST (a)|RANGE (a)|HASH (b)|LIST (lower(b))}'),
('table foreign', 'objects', 'keyword = ''SERVER''', 'CREATE FOREIGN TABLE {schemas.name}.t{n} (a int OPTIONS (o ''1''), b text NOT NULL) SERVER {name} OPTIONS (path ''{n}'')'),
('table drop', 'relations', 'kind IN (''r'', ''p'', ''f'')', 'DROP {keyword} {name} CASCADE'),
('table options', 'relations', 'kind = ''r''', 'ALTER TABLE {name} {SET (fillfactor = 55)|RESET (fillfactor)|SET (autovacuum_enabled = off, toast.autovacuum_enabled = off)}'),
('table persistence', 'relations', 'kind = ''r''', 'ALTER TABLE {name} SET {UNLOGGED|LOGGED}'),
('table identity', 'relations', 'kind IN (''r'', ''p'')', 'ALTER TABLE {name} REPLICA IDENTITY {FULL|NOTHING|DEFAULT}'),
('table method', 'relations', 'kind = ''r''', 'ALTER TABLE {name} SET ACCESS METHOD {heap|heap_two}'),
('table security', 'relations', 'kind IN (''r'', ''p'')', 'ALTER TABLE {name} {ENABLE|DISABLE|FORCE|NO FORCE} ROW LEVEL SECURITY'),
('table of type', 'relations', 'typed', 'ALTER TABLE {name} NOT OF'),
-- columns
('column new', 'relations', 'kind IN (''r'', ''p'', ''f'')', 'ALTER TABLE {name} ADD n{n} {int|int NOT NULL DEFAULT 5|text DEFAULT ''x'' COLLATE "C"|jsonb NOT NULL|serial|int GENERATED BY DEFAULT AS IDENTITY|int GENERATED ALWAYS AS (1 + 1) STORED|{types.name: kind <> ''p''}|int UNIQUE|int CHECK (1 > 0)|text[]}'),
('column drop', 'columns', 'kind IN (''r'', ''p'', ''f'')', 'ALTER TABLE {table} DROP {column} CASCADE'),
('column drop only', 'columns', 'kind = ''r''', 'ALTER TABLE ONLY {table} DROP {column}'),
('column wide', 'columns', 'kind IN (''r'', ''p'', ''f'') AND type IN (''integer'', ''date'', ''numeric(10,2)'')', 'ALTER TABLE {table} ALTER {column} TYPE {bigint|text|numeric|timestamp}'),
('column text', 'columns', 'kind IN (''r'', ''p'', ''f'') AND type ~ ''^(text|char|shop)''', 'ALTER TABLE {table} ALTER {column} TYPE {text|varchar(300)|text COLLATE "C"|varchar(20) COLLATE "POSIX"}'),
('column default', 'columns', 'kind IN (''r'', ''p'', ''f'', ''v'') AND type IN (''integer'', ''bigint'', ''text'')', 'ALTER TABLE {table} ALTER {column} SET DEFAULT {42|NULL|(length(''a'') + 1)}'),
('column no default', 'columns', 'has_default AND generated = ''''', 'ALTER TABLE {table} ALTER {column} DROP DEFAULT'),
('column required', 'columns', 'kind IN (''r'', ''p'', ''f'')', 'ALTER TABLE {table} ALTER {column} SET NOT NULL'),
('column optional', 'columns', 'kind IN (''r'', ''p'', ''f'') AND required', 'ALTER TABLE {table} ALTER {column} DROP NOT NULL'),
('column identity', 'columns', 'kind = ''r'' AND type IN (''integer'', ''bigint'') AND required AND NOT has_default', 'ALTER TABLE {table} ALTER {column} ADD GENERATED {ALWAYS|BY DEFAULT} AS IDENTITY (START {n})'),
('column identity change', 'columns', 'identity <> ''''', 'ALTER TABLE {table} ALTER {column} {DROP IDENTITY|SET GENERATED BY DEFAULT|SET INCREMENT 7 SET MAXVALUE 9999|SET CYCLE}'),
('column expression', 'columns', 'generated <> ''''', 'ALTER TABLE {table} ALTER {column} DROP EXPRESSION'),
('column statistics', 'columns', 'kind IN (''r'', ''p'', ''m'', ''f'')', 'ALTER TABLE {table} ALTER {column} SET {STATISTICS 77|STATISTICS -1|(n_distinct = 9)}'),
('column storage', 'columns', 'kind IN (''r'', ''p'', ''m'') AND storage <> ''p''', 'ALTER TABLE {table} ALTER {column} SET {STORAGE EXTERNAL|STORAGE MAIN|STORAGE PLAIN|COMPRESSION pglz|COMPRESSION default}'),
('column foreign', 'columns', 'kind = ''f''', 'ALTER FOREIGN TABLE {table} ALTER {column} OPTIONS (ADD o{n} ''v'')'),
('column rename', 'columns', 'kind IN (''r'', ''p'', ''f'', ''v'', ''m'')', 'ALTER {keyword} {table} RENAME COLUMN {column} TO c{n}'),
-- constraints
('check new', 'columns', 'kind IN (''r'', ''p'', ''f'')', 'ALTER TABLE {table} ADD CONSTRAINT k{n} CHECK ({column} IS NOT NULL) {|NOT VALID|NO INHERIT}'),
('check same', 'columns', 'kind IN (''r'', ''p'')', 'ALTER TABLE {table} ADD CONSTRAINT "the same" CHECK ({column} IS NOT NULL)'),
('check validate', 'constraints', 'NOT valid', 'ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}'),
('unique new', 'columns', 'kind IN (''r'', ''p'')', 'ALTER TABLE {table} ADD {UNIQUE|UNIQUE NULLS NOT DISTINCT} ({column}) {|DEFERRABLE|INCLUDE ({columns.column: "table" = ''{table}''})}'),
('primary key new', 'columns', 'kind IN (''r'', ''p'')', 'ALTER TABLE {table} ADD PRIMARY KEY ({column})'),
('exclusion new', 'columns', 'kind = ''r'' AND type IN (''integer'', ''text'', ''date'')', 'ALTER TABLE {table} ADD CONSTRAINT x{n} EXCLUDE ({column} WITH =) {|WHERE ({column} IS NOT NULL)|DEFERRABLE}'),
('foreign key new', 'keys', 'types !~ '',''', 'ALTER TABLE {columns.table: kind IN (''r'', ''p'') AND type = ''{types}''} ADD n{n} {types} REFERENCES {target} {|NOT VALID|ON DELETE CASCADE DEFERRABLE|MATCH FULL}'),
('foreign key of column', 'keys', 'types = ''integer''', 'ALTER TABLE {relations.name: kind IN (''r'', ''p'')} ADD f{n} int, ADD FOREIGN KEY (f{n}) REFERENCES {target} {|NOT VALID|ON UPDATE SET NULL}'),
('constraint drop', 'constraints', 'true', 'ALTER TABLE {table} DROP CONSTRAINT {constraint} CASCADE'),
('constraint drop only', 'constraints', 'NOT inherited', 'ALTER TABLE ONLY {table} DROP CONSTRAINT {constraint}'),
('constraint rename', 'constraints', 'true', 'ALTER TABLE {table} RENAME CONSTRAINT {constraint} TO k{n}'),
('constraint change', 'constraints', 'type = ''f''', 'ALTER TABLE {table} ALTER CONSTRAINT {constraint} {DEFERRABLE|NOT DEFERRABLE|DEFERRABLE INITIALLY DEFERRED}'),
-- indexes
('index new', 'columns', 'kind IN (''r'', ''p'', ''m'')', 'CREATE {|UNIQUE }INDEX i{n} ON {|ONLY }{table} ({column} {|DESC|NULLS FIRST}) {|WHERE {column} IS NOT NULL|INCLUDE ({columns.column: "table" = ''{table}''})|WITH (fillfactor = 60)}'),
('index of expression', 'columns', 'kind IN (''r'', ''p'', ''m'') AND type IN (''integer'', ''text'')', 'CREATE INDEX i{n} ON {table} (({column} || ''x''), {column})'),
('index drop', 'indexes', 'true', 'DROP INDEX {name} CASCADE'),
('index options', 'indexes', 'true', 'ALTER INDEX {name} {SET (fillfactor = 66)|RESET (fillfactor)}'),
('index statistics', 'indexes', 'of_expression', 'ALTER INDEX {name} ALTER COLUMN {1|2} SET STATISTICS 44'),
('index cluster', 'indexes', 'kind IN (''r'', ''m'')', 'ALTER TABLE {table} CLUSTER ON {index}'),
('index identity', 'indexes', 'is_unique AND kind IN (''r'', ''p'')', 'ALTER TABLE {table} REPLICA IDENTITY USING INDEX {index}'),
('index rename', 'indexes', 'true', 'ALTER INDEX {name} RENAME TO i{n}'),
-- inheritance and partitions
('parent leave', 'links', 'kind = ''r''', 'ALTER TABLE {child} NO INHERIT {parent}'),
('parent check', 'links', 'kind = ''r''', 'ALTER TABLE {child} ADD CONSTRAINT k{n} CHECK ({n} > 0) {|NOT VALID}; ALTER TABLE {parent} ADD CONSTRAINT k{n} CHECK ({n} > 0) {|NOT VALID}'),
('parent join', 'relations', 'kind = ''r'' AND NOT partition', 'CREATE TABLE {schema}.t{n} (LIKE {name} {INCLUDING ALL|INCLUDING CONSTRAINTS}{|, extra int}); ALTER TABLE {schema}.t{n} INHERIT {name}'),
('partition leave', 'links', 'kind = ''p''', 'ALTER TABLE {parent} DETACH PARTITION {child}'),
('partition new', 'relations', 'kind = ''p''', 'CREATE TABLE {schemas.name}.t{n} PARTITION OF {name} {DEFAULT|DEFAULT PARTITION BY LIST ({columns.column: "table" = ''{name}''})|FOR VALUES IN (''{n}'')|FOR VALUES FROM (''2040-01-01'') TO (''2041-01-01'')|FOR VALUES WITH (MODULUS 2, REMAINDER 1)}'),
('partition again', 'links', 'kind = ''p''', 'CREATE TABLE {schemas.name}.t{n} (LIKE {parent} {INCLUDING ALL|INCLUDING INDEXES|}); ALTER TABLE {parent} DETACH PARTITION {child}; ALTER TABLE {parent} ATTACH PARTITION {child} {bound}'),
-- sequences
('sequence new', NULL, 'true', 'CREATE SEQUENCE {schemas.name}.s{n} {|AS smallint|INCREMENT -1|CYCLE CACHE 3}'),
('sequence change', 'relations', 'kind = ''S''', 'ALTER SEQUENCE {name} {INCREMENT 3|CACHE 7|MAXVALUE 5000|CYCLE|NO CYCLE|AS bigint}'),
('sequence owner', 'relations', 'kind = ''S''', 'ALTER SEQUENCE {name} OWNED BY {NONE|{columns.name: kind = ''r''}}'),
('sequence default', 'relations', 'kind = ''S''', 'ALTER TABLE {columns.table: kind = ''r''} ADD n{n} bigint DEFAULT nextval(''{name}'')'),
('sequence drop', 'relations', 'kind = ''S''', 'DROP SEQUENCE {name} CASCADE'),
-- views
('view new', 'relations', 'kind IN (''r'', ''p'', ''v'', ''m'', ''f'')', 'CREATE VIEW {schemas.name}.v{n} {|WITH (security_invoker) }AS SELECT {*|{columns.column: "table" = ''{name}''}|count(*) AS c} FROM {name}'),
('view of two', 'relations', 'kind IN (''r'', ''v'')', 'CREATE VIEW {schemas.name}.v{n} AS SELECT a.*, b AS whole FROM {name} a, {relations.name: kind IN (''r'', ''v'', ''m'')} b'),
('view of function', 'routines', 'kind = ''f'' AND result = ''integer''', 'CREATE VIEW {schemas.name}.v{n} AS SELECT {schema}.{routine}({1|}) AS f'),
('view materialized', 'relations', 'kind IN (''r'', ''p'', ''v'', ''m'')', 'CREATE MATERIALIZED VIEW {schemas.name}.v{n} AS SELECT * FROM {name} {|WITH NO DATA}'),
('view replace', 'relations', 'kind = ''v''', 'CREATE OR REPLACE VIEW {name} AS SELECT *{|, 1 AS c{n}} FROM ({definition}) x'),
('view options', 'relations', 'kind = ''v''', 'ALTER VIEW {name} {SET (security_barrier)|SET (security_invoker = true)|RESET (security_barrier)|SET (check_option = cascaded)}'),
('view drop', 'relations', 'kind IN (''v'', ''m'')', 'DROP {keyword} {name} CASCADE'),
-- routines
('function new', NULL, 'true', 'CREATE FUNCTION {schemas.name}.f{n}(a {int|{types.name: kind <> ''p''}}, b int DEFAULT 1) RETURNS int LANGUAGE sql {IMMUTABLE|STABLE|STRICT SECURITY DEFINER} AS ''SELECT {1|$2}'''),
('function of table', 'columns', 'kind = ''r'' AND type = ''integer''', 'CREATE FUNCTION {schemas.name}.f{n}(x {table}) RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT sum({column}) FROM {table}; END'),
('function body of table', 'relations', 'kind IN (''r'', ''v'')', 'CREATE FUNCTION {schemas.name}.f{n}() RETURNS SETOF {name} LANGUAGE sql STABLE AS ''SELECT * FROM {name}'''),
('function used', 'routines', 'kind = ''f'' AND result = ''integer'' AND name ~ ''\(integer\)''', 'ALTER TABLE {relations.name: kind IN (''r'', ''p'')} {ADD n{n} int DEFAULT {schema}.{routine}(1)|ADD CHECK ({schema}.{routine}(1) > 0)}'),
('function change', 'routines', 'kind = ''f''', 'ALTER FUNCTION {name} {STABLE|COST 7|STRICT|SECURITY DEFINER|SET work_mem = ''2MB''|RESET ALL|LEAKPROOF|PARALLEL SAFE}'),
('function body', 'routines', 'kind = ''f'' AND name ~ ''double''', 'CREATE OR REPLACE FUNCTION shop.double(int) RETURNS int LANGUAGE sql IMMUTABLE AS ''SELECT $1 * {n}'''),
('procedure new', NULL, 'true', 'CREATE PROCEDURE {schemas.name}.p{n}({int|a text DEFAULT ''x''|VARIADIC int[]}) LANGUAGE sql {|SECURITY DEFINER} AS ''SELECT 1'''),
('aggregate new', 'routines', 'kind = ''f'' AND name ~ ''\(integer\)'' AND result = ''integer''', 'CREATE AGGREGATE {schemas.name}.a{n}(int) (SFUNC = int4pl, STYPE = int {|, FINALFUNC = {schema}.{routine}|, INITCOND = ''1''})'),
('routine drop', 'routines', 'true', 'DROP {keyword} {name} CASCADE'),
-- types
('enum new', NULL, 'true', 'CREATE TYPE {schemas.name}.e{n} AS ENUM ({|''a''|''a'', ''b {n}''})'),
('enum value', 'types', 'kind = ''e''', 'ALTER TYPE {name} ADD VALUE ''v{n}'''),
('enum value between', 'labels', 'true', 'ALTER TYPE {type} ADD VALUE ''v{n}'' {BEFORE|AFTER} {label}'),
('enum value rename', 'labels', 'true', 'ALTER TYPE {type} RENAME VALUE {label} TO ''r{n}'''),
('domain new', NULL, 'true', 'CREATE DOMAIN {schemas.name}.d{n} AS {int|text COLLATE "C"|{types.name: kind IN (''e'', ''c'', ''d'')}} {|NOT NULL|CONSTRAINT k{n} CHECK (VALUE IS NOT NULL)}'),
('domain change', 'types', 'kind = ''d''', 'ALTER DOMAIN {name} {SET NOT NULL|DROP NOT NULL|DROP DEFAULT|ADD CONSTRAINT k{n} CHECK (VALUE IS NOT NULL)|ADD CHECK (VALUE IS NOT NULL) NOT VALID}'),
('domain check drop', 'types', 'kind = ''d''', 'ALTER DOMAIN {name} DROP CONSTRAINT IF EXISTS positive_check'),
('composite new', NULL, 'true', 'CREATE TYPE {schemas.name}.c{n} AS ({a int|a int, b {types.name: kind <> ''p''}|})'),
('composite change', 'types', 'kind = ''c''', 'ALTER TYPE {name} {ADD ATTRIBUTE n{n} {int|text} CASCADE|DROP ATTRIBUTE IF EXISTS y CASCADE|RENAME ATTRIBUTE v TO v{n} CASCADE|ALTER ATTRIBUTE k TYPE bigint CASCADE}'),
('range new', NULL, 'true', 'CREATE TYPE {schemas.name}.r{n} AS RANGE (SUBTYPE = {int4|text, COLLATION = "C"|float8, SUBTYPE_DIFF = float8mi})'),
('base type change', 'types', 'kind = ''b''', 'ALTER TYPE {name} SET (STORAGE = {extended|external|main})'),
('type drop', 'types', 'true', 'DROP {keyword} {name} CASCADE'),
-- what hangs on tables
('trigger new', 'relations', 'kind IN (''r'', ''p'')', 'CREATE TRIGGER g{n} {BEFORE|AFTER} {INSERT|UPDATE OR DELETE|UPDATE OF {columns.column: "table" = ''{name}''}} ON {name} FOR EACH {ROW|ROW WHEN (1 > 0)|STATEMENT} EXECUTE FUNCTION {routines.name: result = ''trigger''}'),
('trigger enable', 'triggers', 'kind IN (''r'', ''p'')', 'ALTER TABLE {table} {DISABLE|ENABLE|ENABLE ALWAYS|ENABLE REPLICA} TRIGGER {trigger}'),
('trigger drop', 'triggers', 'NOT inherited', 'DROP TRIGGER {trigger} ON {table}'),
('rule new', 'relations', 'kind IN (''r'', ''v'')', 'CREATE RULE r{n} AS ON {INSERT|UPDATE|DELETE} TO {name} {WHERE 1 > 0 |}DO {ALSO SELECT 1|INSTEAD NOTHING|ALSO NOTIFY n}'),
('rule enable', 'rules', 'true', 'ALTER TABLE {table} {DISABLE|ENABLE|ENABLE ALWAYS} RULE {rule}'),
('rule drop', 'rules', 'true', 'DROP RULE {rule} ON {table}'),
('policy new', 'columns', 'kind IN (''r'', ''p'')', 'CREATE POLICY p{n} ON {table} {|AS RESTRICTIVE} {|FOR UPDATE|FOR DELETE} TO {PUBLIC|{roles.name}} USING ({column} IS NOT NULL)'),
('policy change', 'policies', 'true', 'ALTER POLICY {policy} ON {table} {TO {roles.name}|USING (1 > {n})}'),
('policy drop', 'policies', 'true', 'DROP POLICY {policy} ON {table}'),
('statistics new', 'relations', 'kind IN (''r'', ''p'', ''m'')', 'CREATE STATISTICS {schemas.name}.z{n} {|(mcv)|(ndistinct)} ON {columns.column: "table" = ''{name}''}, {columns.column: "table" = ''{name}''} FROM {name}'),
('statistics change', 'objects', 'keyword = ''STATISTICS''', 'ALTER STATISTICS {name} SET STATISTICS 12'),
-- the others
('schema new', NULL, 'true', 'CREATE SCHEMA s{n} {|AUTHORIZATION {roles.name}}'),
('object drop', 'objects', 'keyword <> ''LANGUAGE''', 'DROP {object} CASCADE'),
('operator new', 'types', 'kind IN (''e'', ''b'', ''c'')', 'CREATE FUNCTION {schemas.name}.f{n}({name}, {name}) RETURNS boolean LANGUAGE sql IMMUTABLE AS ''SELECT true'''),
('operator of function', 'routines', 'kind = ''f'' AND result = ''boolean''', 'CREATE OPERATOR {schemas.name}.@@@ (LEFTARG = {int|text|{types.name: kind IN (''e'', ''c'')}}, RIGHTARG = {int|text|{types.name: kind IN (''e'', ''c'')}}, FUNCTION = {schema}.{routine})'),
('operator family new', NULL, 'true', 'CREATE OPERATOR FAMILY {schemas.name}.o{n} USING {btree|hash|gin}'),
('operator family member', 'objects', 'keyword = ''OPERATOR FAMILY'' AND name ~ ''btree''', 'ALTER OPERATOR FAMILY {name} {ADD|DROP} {OPERATOR 1 < (int4, int2)|FUNCTION 1 (int4, int2) btint42cmp(int4, int2)}'),
('cast new', 'types', 'kind = ''c''', 'CREATE CAST ({name} AS {text|{types.name: kind IN (''c'', ''e'')}}) WITH INOUT {|AS ASSIGNMENT}'),
('collation new', NULL, 'true', 'CREATE COLLATION {schemas.name}.l{n} {FROM "C"|(LOCALE = ''POSIX'')}'),
('collation used', 'objects', 'keyword = ''COLLATION''', 'ALTER TABLE {relations.name: kind IN (''r'', ''p'')} ADD n{n} text COLLATE {name}'),
('dictionary change', 'objects', 'keyword = ''TEXT SEARCH DICTIONARY''', 'ALTER {object} ({ACCEPT = false|STOPWORDS})'),
('configuration change', 'objects', 'keyword = ''TEXT SEARCH CONFIGURATION''', 'ALTER {object} {DROP MAPPING IF EXISTS FOR {email|url|word}|ALTER MAPPING FOR {numword|host} WITH simple}'),
('event trigger new', 'routines', 'result = ''event_trigger''', 'CREATE EVENT TRIGGER t{n} ON {ddl_command_start|ddl_command_end|sql_drop} {|WHEN TAG IN (''DROP TABLE'')} EXECUTE FUNCTION {schema}.{routine}()'),
('event trigger change', 'objects', 'keyword = ''EVENT TRIGGER''', 'ALTER {object} {ENABLE|DISABLE|ENABLE ALWAYS}'),
('server new', 'objects', 'keyword = ''FOREIGN DATA WRAPPER''', 'CREATE SERVER s{n} {|TYPE ''t''|VERSION ''2''} FOREIGN DATA WRAPPER {name} OPTIONS (a ''b'')'),
('server change', 'objects', 'keyword = ''SERVER''', 'ALTER {object} {VERSION ''{n}''|OPTIONS (ADD o{n} ''v'')|OPTIONS (SET host ''there'')|OPTIONS (DROP port)}'),
('mapping new', 'objects', 'keyword = ''SERVER''', 'CREATE USER MAPPING FOR {PUBLIC|{roles.name}} SERVER {name} OPTIONS (user ''u{n}'')'),
('mapping drop', 'objects', 'keyword = ''SERVER''', 'DROP USER MAPPING FOR {PUBLIC|{roles.name}} SERVER {name}'),
('publication new', 'relations', 'kind IN (''r'', ''p'')', 'CREATE PUBLICATION p{n} FOR {ALL TABLES|TABLE {name}|TABLES IN SCHEMA {schemas.name}|TABLE {name} ({columns.column: "table" = ''{name}''})} WITH (publish = ''{insert|insert, delete}'')'),
('publication change', 'objects', 'keyword = ''PUBLICATION''', 'ALTER {object} {SET (publish_via_partition_root)|ADD TABLE {relations.name: kind IN (''r'', ''p'')}|DROP TABLE {relations.name: kind = ''r''}|ADD TABLES IN SCHEMA {schemas.name}}'),
('subscription change', 'objects', 'keyword = ''SUBSCRIPTION''', 'ALTER {object} {SET (binary)|SET PUBLICATION p{n} WITH (refresh = false)|CONNECTION ''dbname=elsewhere''}'),
('default privileges', NULL, 'true', 'ALTER DEFAULT PRIVILEGES {|FOR ROLE {roles.name}} {|IN SCHEMA {schemas.name}} {GRANT|REVOKE} {SELECT ON TABLES|EXECUTE ON FUNCTIONS|USAGE ON TYPES|USAGE ON SEQUENCES} {TO|FROM} {roles.name}'),
('setting', NULL, 'true', 'ALTER {ROLE {roles.name} IN |}DATABASE {database} SET {work_mem = ''{n}kB''|lock_timeout = ''{n}s''|search_path = shop, public}'),
('setting gone', NULL, 'true', 'ALTER {ROLE property_owner IN |}DATABASE {database} RESET {work_mem|lock_timeout}');

-- Every type of object takes part in these, so they come more often.
INSERT INTO property.kinds (kind, source, statement, weight) VALUES
('comment', 'commented', 'COMMENT ON {name} IS {''text {n}''|NULL|E''it\''s\nnew''}', 6),
('owner', 'owned', 'ALTER {name} OWNER TO {postgres|{roles.name}}', 8),
('move', 'moved', 'ALTER {name} SET SCHEMA {schemas.name}', 8),
('rename', 'renamed', 'ALTER {name} RENAME TO n{n}', 12),
('grant', 'granted', 'GRANT {name} TO {PUBLIC|{roles.name}|{roles.name} WITH GRANT OPTION}', 8),
('revoke', 'granted', 'REVOKE {name} FROM {PUBLIC|{roles.name}}', 6);
INSERT INTO property.kinds (kind, source, statement, weight) VALUES
('schema drop', 'schemas', 'DROP SCHEMA {name} CASCADE', 1);

-- ---- doing them --------------------------------------------------------------

CREATE FUNCTION property.chosen(source text, condition text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
	found jsonb[];
BEGIN
	EXECUTE format('SELECT array_agg(to_jsonb(s) ORDER BY name COLLATE "C") FROM property.%I s WHERE %s', source, condition) INTO found;
	RETURN found[1 + floor(random() * cardinality(found))];
END $$;

-- A statement with its placeholders filled in; NULL where there is nothing to fill in.
CREATE FUNCTION property.filled(statement text, about jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	place text;
	part text[];
	filling text;
BEGIN
	LOOP
		place := substring(statement FROM '\{[^{}]*\}');
		EXIT WHEN place IS NULL;
		part := regexp_match(place, '^\{(?:(\w+)\.)?(\w+)(?:: (.*))?\}$');
		IF place ~ '[|]' THEN
			part := string_to_array(btrim(place, '{}'), '|');
			filling := part[1 + floor(random() * cardinality(part))];
		ELSIF part[1] IS NOT NULL THEN
			filling := property.chosen(part[1], coalesce(part[3], 'true')) ->> part[2];
		ELSE
			filling := about ->> part[2];
		END IF;
		statement := overlay(statement PLACING filling FROM position(place IN statement) FOR length(place));
	END LOOP;
	RETURN statement;
END $$;

-- Does so many random edits, a row each; new names are numbered from first on.
CREATE FUNCTION property.edit(first int, edits int) RETURNS SETOF text LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	kind property.kinds;
	about jsonb;
	statement text;
	done int := 0;
BEGIN
	FOR attempt IN 1 .. edits * 20 LOOP
		EXIT WHEN done = edits;
		SELECT k.* INTO kind FROM (SELECT kinds.*, sum(weight) OVER (ORDER BY kinds.kind COLLATE "C") AS reach FROM property.kinds) k
		WHERE reach > (SELECT random() * sum(weight) FROM property.kinds) ORDER BY reach LIMIT 1;
		about := CASE WHEN kind.source IS NULL THEN '{}' ELSE property.chosen(kind.source, kind.condition) END
			|| jsonb_build_object('n', first + attempt, 'database', quote_ident(current_database()));
		BEGIN
			statement := property.filled(kind.statement, about);
			CONTINUE WHEN statement IS NULL;
			EXECUTE statement;
			done := done + 1;
			RETURN NEXT kind.kind || ': ' || statement;
		EXCEPTION WHEN OTHERS OR ASSERT_FAILURE THEN
			NULL;				-- not every edit is possible everywhere
		END;
	END LOOP;
END $$;

-- ---- comparing ---------------------------------------------------------------

CREATE PROCEDURE property.keep(state text) LANGUAGE sql BEGIN ATOMIC
	INSERT INTO property.states VALUES (state, wishflags.schema_snapshot())
	ON CONFLICT (name) DO UPDATE SET snapshot = excluded.snapshot;
END;

CREATE FUNCTION property.script(from_state text, to_state text, options jsonb) RETURNS text LANGUAGE sql STABLE BEGIN ATOMIC
	SELECT wishflags.schema_diff_sql(f.snapshot, t.snapshot, options || '{"allow_data_loss": true}')
	FROM property.states f, property.states t WHERE f.name = from_state AND t.name = to_state;
END;

-- An error that tells what is left to do unless the database is in this state.
-- No statement makes a column or constraint inherited only that was once its
-- table's own, so in tables that were there before, up to this OID, that is set
-- aside.
CREATE PROCEDURE property.expect(state text, newest oid) LANGUAGE plpgsql AS $$
DECLARE
	live jsonb := wishflags.schema_snapshot();
	left_over text;
BEGIN
	SELECT string_agg(concat_ws(' ', action, object_type, identity, attribute, from_value, '->', to_value), E'\n' ORDER BY ordinal) INTO left_over
	FROM property.states s, wishflags.schema_diff(s.snapshot, live) WHERE s.name = state;
	IF left_over IS NOT NULL THEN
		RAISE EXCEPTION 'not "%": %', state, left_over;
	END IF;
	-- From now on with the columns in the order that they have.
	UPDATE property.states s SET snapshot = jsonb_set(snapshot, '{objects,column}', (
		SELECT jsonb_object_agg(key, value || jsonb_build_object('position', live #> ARRAY['objects', 'column', key, 'position']))
		FROM jsonb_each(snapshot #> '{objects,column}')))
	WHERE s.name = state;
	UPDATE pg_attribute SET attislocal = false
	FROM property.states s, jsonb_each(snapshot #> '{objects,column}') AS c (identity, c), property.relations r
	WHERE s.name = state AND c ? 'inherited' AND NOT c ? 'local' AND identity = r.name || '.' || quote_ident(attname)
		AND r.oid = attrelid AND r.oid <= newest AND attislocal;
	UPDATE pg_constraint SET conislocal = false
	FROM property.states s, jsonb_each(snapshot #> '{objects,constraint}') AS c (identity, c), property.relations r
	WHERE s.name = state AND c ? 'inherited' AND NOT c ? 'local' AND identity = quote_ident(conname) || ' ON ' || r.name
		AND r.oid = conrelid AND r.oid <= newest AND conislocal;
END $$;
