-- What a change reaches, and who uses what.

CREATE FUNCTION wishflags.migration_impact(
	object text,
	options jsonb DEFAULT '{}',
	OUT statement int,
	OUT target text,
	OUT change text,
	OUT kind text,
	OUT identity text,
	OUT how text,
	OUT columns text[],
	OUT via text,
	OUT severity text,
	OUT calls bigint,
	OUT mean_time double precision,
	OUT total_time double precision,
	OUT roles text[],
	OUT application_name text,
	OUT service text,
	OUT owner text,
	OUT evidence jsonb)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 100000 ROWS 20
AS 'MODULE_PATHNAME', 'wf_migration_impact';
COMMENT ON FUNCTION wishflags.migration_impact(text, jsonb) IS
'what a change reaches, a row a thing: views, function bodies, policies, triggers, keys, publications, statements, samples, services; of a named object (table, table.column, view, type, function(types)) or of all that a migration changes; options: change (of a named object: drop (default), rename, retype, constrain, replace, extend), severity (least one)';

-- Who uses what, said by people.
CREATE TABLE wishflags.services (
	name text COLLATE "C" PRIMARY KEY CHECK (name <> ''),
	owner text NOT NULL CHECK (owner <> ''),
	contact text CHECK (contact <> ''),
	application_name text CHECK (application_name <> ''),
	roles text[] NOT NULL DEFAULT '{}',
	objects text[] NOT NULL DEFAULT '{}',
	CONSTRAINT services_are_recognizable CHECK (
		application_name IS NOT NULL OR roles OPERATOR(pg_catalog.<>) '{}' OR objects OPERATOR(pg_catalog.<>) '{}')
) USING heap;
COMMENT ON TABLE wishflags.services IS 'services that use this database, and who answers for them; migration_impact() names them';
COMMENT ON COLUMN wishflags.services.application_name IS 'pattern of LIKE for the application_name of its sessions';
COMMENT ON COLUMN wishflags.services.roles IS 'roles that its sessions run as';
COMMENT ON COLUMN wishflags.services.objects IS 'what it uses: schema.table, schema.table.column, schema.type or schema.function';
SELECT pg_catalog.pg_extension_config_dump('wishflags.services', '');

CREATE FUNCTION wishflags.services_check()
RETURNS trigger
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_services_check';
COMMENT ON FUNCTION wishflags.services_check() IS
'trigger of services: names of objects must be qualified, and are written as the server writes them';

CREATE TRIGGER services_check BEFORE INSERT OR UPDATE ON wishflags.services
FOR EACH ROW EXECUTE FUNCTION wishflags.services_check();

-- Who uses what, as samples saw it.
CREATE FUNCTION wishflags.impact_samples(
	OUT relation text,
	OUT reads text[],
	OUT writes text[],
	OUT role text,
	OUT application_name text,
	OUT route text,
	OUT calls bigint,
	OUT first_seen timestamptz,
	OUT last_seen timestamptz)
RETURNS SETOF record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 1000 ROWS 100
AS 'MODULE_PATHNAME', 'wf_impact_samples';
COMMENT ON FUNCTION wishflags.impact_samples() IS
'which columns of which relations sessions of this database were seen to read and write, by role, application_name and route, since server start; of other roles only to pg_read_all_stats; needs shared_preload_libraries and wishflags.impact_sample_rate';

CREATE FUNCTION wishflags.impact_samples_status(
	OUT loaded boolean,
	OUT rate double precision,
	OUT entries bigint,
	OUT missed bigint,
	OUT evicted bigint)
RETURNS record
LANGUAGE C VOLATILE STRICT PARALLEL RESTRICTED COST 10
AS 'MODULE_PATHNAME', 'wf_impact_samples_status';
COMMENT ON FUNCTION wishflags.impact_samples_status() IS
'whether the server samples, this session''s rate, kinds of use that the sample holds, samples missed because it was being written, kinds that made room for others';

CREATE FUNCTION wishflags.impact_samples_reset()
RETURNS bigint
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10
AS 'MODULE_PATHNAME', 'wf_impact_samples_reset';
COMMENT ON FUNCTION wishflags.impact_samples_reset() IS
'forgets the samples of all databases of the server; how many kinds of use that were';

-- The same without preloading: one look at a time.  Not dumped: it tells of this server.
CREATE TABLE wishflags.impact_activity (
	relation text COLLATE "C" NOT NULL,
	role text COLLATE "C" NOT NULL,
	application_name text COLLATE "C" NOT NULL,
	route text COLLATE "C" NOT NULL,
	reads text[] NOT NULL,
	writes text[] NOT NULL,
	seen bigint NOT NULL,
	first_seen timestamptz NOT NULL,
	last_seen timestamptz NOT NULL,
	PRIMARY KEY (relation, role, application_name, route)
) USING heap;
COMMENT ON TABLE wishflags.impact_activity IS 'which columns of which relations the queries named that impact_sample() has seen';

CREATE FUNCTION wishflags.impact_sample(
	OUT sessions int,
	OUT read int,
	OUT hidden int,
	OUT cut int,
	OUT unread int,
	OUT stored int)
RETURNS record
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE COST 10000
AS 'MODULE_PATHNAME', 'wf_impact_sample';
COMMENT ON FUNCTION wishflags.impact_sample() IS
'looks once at what the other sessions of this database run or ran last, and adds the columns that their queries name to impact_activity: sessions there were, queries read, hidden from the caller, cut off by track_activity_query_size, not parsed, and mentions of relations stored';
