-- Migrations, sizes, files and options that are mangled at random: what checks, runs,
-- undoes and plans them answers or says what is wrong, and leaves nothing behind.
CREATE SCHEMA yard;
SET search_path = yard, public;
CREATE TYPE mood AS ENUM ('a', 'b', 'c');
CREATE DOMAIN pos AS int CHECK (value > 0);
CREATE TABLE item (id int PRIMARY KEY, a int, b text DEFAULT 'a', m mood DEFAULT 'a', p pos, CHECK (a > 0), UNIQUE (b));
INSERT INTO item SELECT g, g, g, 'b', g FROM generate_series(1, 200) g;
CREATE TABLE sale (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item int REFERENCES item DEFERRABLE, n numeric, moods mood[]);
INSERT INTO sale (item, n) SELECT g, g FROM generate_series(1, 200) g;
CREATE TABLE part (id int, k text) PARTITION BY LIST (k);
CREATE TABLE part1 PARTITION OF part FOR VALUES IN ('a');
CREATE INDEX item_a ON item (a);
CREATE VIEW v AS SELECT id, m FROM item WHERE m = 'a';
CREATE MATERIALIZED VIEW mv AS SELECT * FROM v;
CREATE FUNCTION f(mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM a FROM yard.item; RETURN NEW; END';
CREATE TRIGGER t BEFORE INSERT ON sale FOR EACH ROW EXECUTE FUNCTION tf();
CREATE POLICY po ON item USING (m = 'a');
COMMENT ON COLUMN item.a IS 'commented';
GRANT SELECT (a) ON item TO PUBLIC;

CREATE TABLE fuzz.texts (n serial PRIMARY KEY, t text);
INSERT INTO fuzz.texts (t) VALUES
	('ALTER TABLE item ADD c int NOT NULL DEFAULT 1, DROP b, ALTER a TYPE bigint USING a::bigint;'),
	('ALTER TABLE item RENAME a TO z; ALTER TABLE sale ADD CHECK (n > 0) NOT VALID; ALTER TABLE sale VALIDATE CONSTRAINT sale_n_check;'),
	('CREATE INDEX CONCURRENTLY ON item (b) WHERE a > 0; REINDEX TABLE item; DROP INDEX item_a;'),
	('ALTER TYPE mood ADD VALUE ''d'' BEFORE ''b''; ALTER TYPE mood RENAME VALUE ''a'' TO ''z'';'),
	('DROP VIEW v CASCADE; DROP FUNCTION f(mood); DROP TABLE part1, sale CASCADE;'),
	('BEGIN; SAVEPOINT s; UPDATE item SET a = a + 1; ROLLBACK TO s; DELETE FROM sale; COMMIT;'),
	('INSERT INTO sale (item, n) SELECT 999, 1; SET CONSTRAINTS ALL IMMEDIATE;'),
	('COPY item (id, a) FROM stdin;' || E'\n1\t2\n\\.\nSELECT 1;'),
	('CREATE TABLE x (LIKE item INCLUDING ALL) PARTITION BY RANGE (id); ALTER TABLE part ATTACH PARTITION x DEFAULT;'),
	('DO $a$ BEGIN EXECUTE ''ALTER TABLE yard.item DROP a''; EXCEPTION WHEN OTHERS THEN NULL; END $a$; TRUNCATE item CASCADE;'),
	('ALTER TABLE item DROP CONSTRAINT item_pkey CASCADE, ADD UNIQUE (a), ALTER m DROP DEFAULT, ALTER m SET NOT NULL;'),
	('ALTER DOMAIN pos ADD CHECK (value < 1000); ALTER TABLE sale ALTER id DROP IDENTITY; REFRESH MATERIALIZED VIEW mv;'),
	('GRANT ALL ON item TO PUBLIC; DROP POLICY po ON item; COMMENT ON COLUMN item.a IS NULL; ALTER TABLE item OWNER TO CURRENT_USER;'),
	('-- wishflags: ignore drop-table reason="x" until=2999-12-31' || E'\nDROP TABLE item;\n--> statement-breakpoint\nSELECT ''open'),
	('yard.item.a'), ('item'), ('TYPE mood'), ('f(mood)'), (''), ('('), ('$$');

CREATE FUNCTION fuzz.text() RETURNS text LANGUAGE plpgsql VOLATILE AS $text$
DECLARE
	text text := (SELECT t FROM fuzz.texts ORDER BY random() LIMIT 1);
	place int;
BEGIN
	FOR i IN 1 .. floor(random() * random() * 5)::int LOOP
		place := floor(random() * (length(text) + 1))::int;
		text := CASE floor(random() * 4)::int
			WHEN 0 THEN left(text, place)
			WHEN 1 THEN left(text, place) || substr(text, place + 1 + floor(random() * 12)::int)
			WHEN 2 THEN left(text, place) || fuzz.pick('''', '"', '(', ')', ';', '$$', '/*', '--', E'\\', E'\n', '::', ' NULL ', ' 0 ', ', ', 'item', ' CASCADE ', '[]')
				|| substr(text, place + 1)
			ELSE left(text, place) || (SELECT t FROM fuzz.texts ORDER BY random() LIMIT 1) END;
	END LOOP;
	RETURN text;
END $text$;

-- Options: some of those that are known, each with its type or its values; seldom
-- one that fits nowhere.
CREATE FUNCTION fuzz.options(VARIADIC known text[]) RETURNS jsonb LANGUAGE sql VOLATILE AS $$
	SELECT coalesce(jsonb_object_agg(k[1], CASE WHEN random() < 0.05 THEN fuzz.junk() ELSE CASE k[2]
		WHEN 'boolean' THEN fuzz.pick('true', 'false')::jsonb
		WHEN 'integer' THEN fuzz.pick('0', '1', '17', '99', '-1', '1000000', '2147483647', '1e9')::jsonb
		WHEN 'time' THEN fuzz.pick('"200ms"', '"0"', '"1s"', '"-1"', '"1 h"', '"soon"', '"99999999999s"')::jsonb
		WHEN 'size' THEN fuzz.pick('"1 kB"', '"0"', '"100MB"', '"-5"', '"big"', '"9e99 TB"')::jsonb
		WHEN 'list' THEN to_jsonb(ARRAY[fuzz.pick('drop-table', 'a', 'd', '', 'drop-column', '/(/', '/x/'), fuzz.pick('drop-table', 'b', 'nix', '/')])
		ELSE to_jsonb((string_to_array(k[2], '|'))[1 + floor(random() * cardinality(string_to_array(k[2], '|')))::int]) END END), '{}')
	FROM unnest(known) name, LATERAL (SELECT string_to_array(name, ' ')) q(k) WHERE random() < 0.3$$;

-- The same document, something else in one place.
CREATE FUNCTION fuzz.touch(document jsonb) RETURNS jsonb LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	place text;
BEGIN
	IF jsonb_typeof(document) = 'object' AND random() < 0.9 THEN
		SELECT key INTO place FROM jsonb_object_keys(document) key ORDER BY random() LIMIT 1;
	ELSIF jsonb_typeof(document) = 'array' AND random() < 0.9 THEN
		place := floor(random() * jsonb_array_length(document));
	END IF;
	RETURN CASE
		WHEN place IS NULL AND jsonb_typeof(document) = 'number' THEN fuzz.pick('-1', '0', '1e30', '0.5', '9223372036854775807', '1e-300', '"1"', 'null')::jsonb
		WHEN place IS NULL THEN coalesce(fuzz.junk(), 'null')
		WHEN random() < 0.1 THEN document #- ARRAY[place]
		ELSE jsonb_set(document, ARRAY[place], fuzz.touch(document #> ARRAY[place])) END;
END $$;

CREATE TABLE fuzz.stats AS SELECT jsonb_set(s, '{tables}', (SELECT jsonb_object_agg(key, value) FROM jsonb_each(s -> 'tables') WHERE key ~ '^yard')) AS stats
FROM wishflags.migration_stats_export() s;
CREATE TABLE fuzz.before AS SELECT wishflags.schema_fingerprint('{yard}') AS fingerprint, (SELECT sum(a) FROM item) AS items, (SELECT count(*) FROM sale) AS sales;

CREATE FUNCTION fuzz.call(kind int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	text text := fuzz.text();
	format text := fuzz.pick('text', 'json', 'markdown', 'sarif', 'junit', 'github', 'html');
	stats jsonb := CASE WHEN random() < 0.5 THEN (SELECT jsonb_build_object('stats', fuzz.touch(s.stats)) FROM fuzz.stats s) ELSE '{}' END;
	few jsonb := fuzz.options('in_transaction boolean', 'assume_populated boolean', 'target_version 15|16|17|18') - 'target_version' || stats;
	checks jsonb := few || fuzz.options('min_rows integer', 'validate_data boolean', 'busy_writes integer', 'ignore list', 'severity low|high|info|urgent',
		'aliases list', 'platform rds|aurora|supabase|nix', 'required_columns list');
	run jsonb := fuzz.options('lock_timeout time', 'max_size size', 'force boolean', 'in_transaction boolean') || '{"timeout": "2s"}';
	files jsonb;
BEGIN
	CASE kind
		WHEN 0 THEN PERFORM wishflags.migration_breaking_check(text, checks);
		WHEN 1 THEN PERFORM wishflags.migration_breaking_check(text, '{"assume_populated": true}' || stats);
		WHEN 2 THEN
			files := jsonb_build_array(jsonb_build_object('file', 'a', 'sql', text, 'in_transaction', true), jsonb_build_object('file', E'b\n"<&', 'sql', fuzz.text()));
			PERFORM wishflags.migration_report(CASE WHEN random() < 0.3 THEN fuzz.touch(files) ELSE files END, format, checks);
		WHEN 3, 4 THEN
			files := fuzz.touch(wishflags.migration_report(jsonb_build_object('a', text), 'json')::jsonb -> 'files');
			IF kind = 3 THEN
				PERFORM wishflags.migration_report(files, format);
			ELSE
				PERFORM wishflags.migration_record(files, fuzz.options('git_commit a|b', 'git_branch a', 'git_author a', 'command check|report'));
			END IF;
		WHEN 5 THEN PERFORM wishflags.migration_estimate(text, few);
		WHEN 6 THEN PERFORM wishflags.migration_impact(text, fuzz.options('change drop|rename|alter|nix', 'severity low|high'));
		WHEN 7 THEN PERFORM wishflags.migration_describe(text, few - 'stats' || fuzz.options('format text|comment|markdown|nix'));
		WHEN 8 THEN PERFORM wishflags.migration_rehearse(text, run || fuzz.options('schema_diff boolean'));
		WHEN 9 THEN PERFORM wishflags.migration_rollback_sql(text, run || fuzz.options('online boolean', 'shelter yard|keep|a.b|'));
		WHEN 10 THEN PERFORM wishflags.migration_shelter_sql(text, run || fuzz.options('shelter yard|keep|"'));
		WHEN 11 THEN PERFORM wishflags.migration_rollback_test(text, CASE WHEN random() < 0.5 THEN fuzz.text() ELSE wishflags.migration_rollback_sql(text) END, run);
		WHEN 12 THEN PERFORM wishflags.enum_plan(fuzz.pick('mood', 'yard.mood', 'mood', 'mood', 'pos', 'a.b.c'), fuzz.pick('add', 'rename_value', 'rename_type', 'reorder', 'remove', 'merge', 'nix'),
			CASE WHEN random() < 0.2 THEN '{"values": ["c", "b", "a"]}' ELSE jsonb_build_object('value', fuzz.pick('a', 'b', 'c', 'd', '')) END
				|| fuzz.options('before a|b|z', 'after a|c', 'to b|d|', 'replace_with b|nix', 'reason x', 'lock_timeout time', 'count_rows boolean', 'count_timeout integer'));
		ELSE PERFORM wishflags.sandbox_create('{yard}', fuzz.options('rows integer', 'percent integer', 'where id>5|nix|)', 'seed integer', 'max_rows integer'),
			CASE WHEN random() < 0.5 THEN '{}' ELSE fuzz.touch('{"yard.item.b": "hash", "yard.item.a": "null"}') END);
	END CASE;
END $$;

-- One call; an error must be one of the caller's.
CREATE FUNCTION fuzz.migration(seed float8) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	kind int;
BEGIN
	PERFORM setseed(seed);
	kind := floor(random() * 14);
	PERFORM fuzz.call(kind);
	RETURN NULL;
EXCEPTION WHEN OTHERS THEN
	RETURN CASE WHEN SQLSTATE !~ '^(0A|22|23|25|2B|2F|3D|3F|42|54|55)' THEN format('%s %s (seed %s, call %s)', SQLSTATE, SQLERRM, seed, kind) END;
END $$;

CREATE FUNCTION fuzz.left_behind() RETURNS SETOF text LANGUAGE sql AS $$
	SELECT 'a run has changed the schema or its rows' FROM fuzz.before
	WHERE (fingerprint, items, sales) IS DISTINCT FROM (wishflags.schema_fingerprint('{yard}'), (SELECT sum(a) FROM yard.item), (SELECT count(*) FROM yard.sale))$$;
