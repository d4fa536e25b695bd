# upgrade.sh: the suite "upgrade" of check.sh; sourced.
#
# An install script that was released is frozen in test/upgrade/ as
# wishflags--OLD.sql.  Each is installed, gets the rows that a user of that
# version may have (test/upgrade/rows--OLD.sql, which also shows that the
# library serves the old SQL), is updated, and then must be the same as a
# fresh installation, with the same rows as before.

# upgrade_psql DATABASE ARGUMENT...
upgrade_psql() {
	database=$1
	shift
	"$BIN/psql" -Xq -v ON_ERROR_STOP=1 -d "$database" "$@"
}

upgrade_case() {
	if [ "$2" = 0 ]; then
		say "ok       $1"
		count 1 0
	else
		say "not ok   $1"
		count 0 1
	fi
}

# upgrade_install DATABASE VERSION: with the rows of ROWS, a file, if there is
# one.
upgrade_install() {
	"$BIN/createdb" "$1" &&
		upgrade_psql "$1" -c 'SET client_min_messages = warning' -c "CREATE EXTENSION wishflags VERSION '$2'" &&
		{ [ ! -f "${rows-}" ] || upgrade_psql "$1" -o /dev/null -f "$rows"; }
}

# upgrade_from VERSION: true if an update from VERSION gives what a fresh
# installation gives and keeps all rows.  The difference is printed.
upgrade_from() {
	db=from_$1
	upgrade_install "$db" "$1" || return 1
	upgrade_psql "$db" -f "$U/rows.sql" > "$W/before" || return 1
	upgrade_psql "$db" -c 'SET client_min_messages = warning' -c 'ALTER EXTENSION wishflags UPDATE' || return 1
	upgrade_psql "$db" -f "$U/members.sql" > "$W/members" || return 1
	upgrade_psql "$db" -f "$U/rows.sql" > "$W/after" || return 1
	# A dump of it goes into a database with the new version from the start.
	"$BIN/createdb" "restored_$1"
	"$BIN/pg_dump" -d "$db" > "$W/dump" && upgrade_psql "restored_$1" -o /dev/null -f "$W/dump" || return 1
	upgrade_psql "restored_$1" -f "$U/rows.sql" > "$W/restored" || return 1
	diff -U 0 "$W/fresh" "$W/members" &&
		upgrade_rows_kept &&
		diff -U 0 "$W/after" "$W/restored"
}

# Columns may be new in a row, but each old column is there with its value.
upgrade_rows_kept() {
	upgrade_psql postgres -At -v before="$(cat "$W/before")" -v after="$(cat "$W/after")" -f - > "$W/lost" <<-'SQL'
		WITH line AS (
			SELECT side, split_part(l, ' | ', 1) AS relation, substr(l, position(' | ' IN l) + 3)::jsonb AS r
			FROM (VALUES ('before', :'before'), ('after', :'after')) v(side, text), string_to_table(text, E'\n') l WHERE l <> '')
		SELECT 'lost from ' || b.relation || ': ' || b.r
		FROM line b WHERE side = 'before'
		AND NOT EXISTS (SELECT FROM line a WHERE a.side = 'after' AND a.relation = b.relation AND a.r @> b.r);
	SQL
	cat "$W/lost"
	[ ! -s "$W/lost" ]
}

# The test of the test: an earlier version is made up from the current script,
# with an update that takes back each difference in one line.  The whole update
# must pass; without any one of its lines, it must be caught.
upgrade_self_test() {
	rows=$U/rows--$version.sql
	cat "$E/wishflags--$version.sql" - > "$E/wishflags--0.0.0.sql" <<-'SQL'
		CREATE FUNCTION wishflags.made_up() RETURNS int LANGUAGE sql IMMUTABLE RETURN 1;
		CREATE TABLE wishflags.made_up_rows (id int PRIMARY KEY);
		SELECT pg_catalog.pg_extension_config_dump('wishflags.made_up_rows', '');
		GRANT EXECUTE ON FUNCTION wishflags.version() TO pg_monitor;
		ALTER FUNCTION wishflags.version() COST 12;
		COMMENT ON FUNCTION wishflags.version() IS 'made up';
	SQL
	upgrade_psql fresh -At > "$W/update" <<-'SQL'
		SELECT 'DROP FUNCTION wishflags.made_up();';
		SELECT 'ALTER EXTENSION wishflags DROP TABLE wishflags.made_up_rows; DROP TABLE wishflags.made_up_rows;';
		SELECT 'REVOKE EXECUTE ON FUNCTION wishflags.version() FROM pg_monitor;';
		SELECT format('ALTER FUNCTION wishflags.version() COST %s;', procost) FROM pg_proc WHERE oid = 'wishflags.version'::regproc;
		SELECT format('COMMENT ON FUNCTION wishflags.version() IS %L;', obj_description('wishflags.version'::regproc, 'pg_proc'));
	SQL
	cp "$W/update" "$E/wishflags--0.0.0--$version.sql"
	rc=0
	upgrade_from 0.0.0 || rc=1
	upgrade_case 'a made-up earlier version becomes the current one' $rc

	# A table without a row proves nothing about rows.
	empty=$(upgrade_psql from_0.0.0 -At <<-'SQL'
		SELECT c.relation::regclass FROM pg_extension x, unnest(x.extconfig) c(relation) JOIN pg_class r ON r.oid = c.relation
		WHERE x.extname = 'wishflags' AND r.relkind = 'r'
		AND query_to_xml(format('SELECT FROM %s LIMIT 1', c.relation::regclass), true, true, '')::text !~ 'row';
	SQL
	)
	rc=0
	[ -z "$empty" ] || { rc=1; say "no row in:" $empty; }
	upgrade_case "rows--$version.sql fills every table that is dumped" $rc

	lines=$(wc -l < "$W/update")
	n=1
	while [ "$n" -le "$lines" ]; do
		cp "$E/wishflags--0.0.0.sql" "$E/wishflags--0.0.$n.sql"
		sed "${n}d" "$W/update" > "$E/wishflags--0.0.$n--$version.sql"
		upgrade_caught "0.0.$n" "an update without \"$(sed -n "${n}p" "$W/update" | cut -c 1-60)\" is caught"
		n=$((n + 1))
	done

	if [ -f "$rows" ]; then
		cp "$E/wishflags--0.0.0.sql" "$E/wishflags--0.0.99.sql"
		{ cat "$W/update"; say 'DELETE FROM wishflags.flags;'; } > "$E/wishflags--0.0.99--$version.sql"
		upgrade_caught 0.0.99 'an update that loses rows is caught'
	fi
}

# Rights stay through an update.  What is new is missing in the level until that is
# granted again.
upgrade_access() {
	list="SELECT level, rights, detail FROM wishflags.access_list() WHERE role = 'upgrade_editor'"
	cat > "$E/wishflags--$version--9.9.9.sql" <<-'SQL'
		CREATE FUNCTION wishflags.flag_reset(key text) RETURNS int LANGUAGE sql RETURN 1;
		REVOKE ALL ON FUNCTION wishflags.flag_reset FROM PUBLIC;
		ALTER TABLE wishflags.flags ADD COLUMN color text;
		DO $$BEGIN EXECUTE 'CREATE OR REPLACE VIEW wishflags.access_levels AS ' || rtrim(pg_get_viewdef('wishflags.access_levels'::regclass), ';')
			|| ' UNION ALL VALUES (''editor'', ''EXECUTE'', ''flag_reset'', NULL::text[])'; END$$;
	SQL
	{ rows= upgrade_install access "$version" &&
		upgrade_psql access -At <<-SQL
			CREATE ROLE upgrade_editor;
			SELECT wishflags.access_grant('upgrade_editor', 'editor') > 0;
			SET client_min_messages = warning;
			ALTER EXTENSION wishflags UPDATE TO '9.9.9';
			$list;
			SELECT wishflags.access_grant('upgrade_editor', 'editor');
			$list;
			DROP OWNED BY upgrade_editor;
			DROP ROLE upgrade_editor;
		SQL
	} > "$W/access"
	cat > "$W/access.expected" <<-'TEXT'
		t
		reader|all|
		editor|some|without EXECUTE on flag_reset(text), INSERT (color) on flags, UPDATE (color) on flags
		3
		editor|all|
	TEXT
	rc=0
	diff "$W/access.expected" "$W/access" || rc=1
	rm "$E/wishflags--$version--9.9.9.sql"
	upgrade_case 'what was granted stays, and what is new can be granted' $rc
}

# upgrade_caught VERSION TITLE: the comparison must find something, and the
# update itself must have run.
upgrade_caught() {
	rc=0
	rm -f "$W/members" "$W/lost"
	upgrade_from "$1" > "$W/difference" 2>&1 && rc=1
	[ -s "$W/members" ] || rc=1
	! cmp -s "$W/fresh" "$W/members" || [ -s "$W/lost" ] || rc=1
	[ "$(upgrade_psql "from_$1" -Atc "SELECT extversion FROM pg_extension WHERE extname = 'wishflags'")" = "$version" ] || rc=1
	[ $rc = 0 ] || cat "$W/difference"
	upgrade_case "$2" $rc
}

upgrade_all() {
	version=$(wf_make -s print-EXTVERSION)
	U=$top/test/upgrade
	W=$T/upgrade
	mkdir "$W"
	# Versions that nobody released go into a copy of the staged server.
	cp -al "$T/pg" "$T/upgrade.pg"
	BIN=$T/upgrade.pg$(wf_dir bindir)
	E=$T/upgrade.pg$(wf_dir sharedir)/extension
	wf_start upgrade
	"$BIN/createdb" fresh
	upgrade_psql fresh -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION wishflags'
	upgrade_psql fresh -f "$U/members.sql" > "$W/fresh"

	rc=0
	! grep 'not described by members.sql' "$W/fresh" || rc=1
	upgrade_case 'every member object is described' $rc

	for script in "$U"/wishflags--*.sql; do
		[ -f "$script" ] || continue
		old=$(basename "$script" .sql | sed 's/^wishflags--//')
		cp --remove-destination "$script" "$E/"
		rows=$U/rows--$old.sql
		rc=0
		upgrade_from "$old" || rc=1
		upgrade_case "version $old becomes $version" $rc
	done
	upgrade_access
	upgrade_self_test
	wf_stop upgrade
}
