
# ---- what was run, by the ledgers of the tools -----------------------------------

# The table that a tool keeps is known by its columns, as several tools have one
# of the same name.  applied lists what was run, the oldest first: the key that
# files are found by (of_tool ... key), what to show, when, and what has gone
# wrong; forget takes the migration %2$L out again, %3$L being the one before it;
# clear does so where there is none before it, if that is something else; others are
# tables that the tool has beside it.  %1$s is the table, %4$s its schema.
ledgers="(VALUES
	('drizzle', '.*drizzle.*migrations', '{hash,created_at,id}', '{name}',
		'SELECT created_at::text, ''when '' || created_at, to_timestamp(created_at / 1000.0), NULL FROM %1\$s ORDER BY created_at, id',
		'DELETE FROM %1\$s WHERE created_at = %2\$L;', NULL, '{}'),
	('drizzle-folders', '.*drizzle.*migrations', '{hash,created_at,id,name}', '{}',
		'SELECT name, name, to_timestamp(created_at / 1000.0), NULL FROM %1\$s ORDER BY created_at, id',
		'DELETE FROM %1\$s WHERE name = %2\$L;', NULL, '{}'),
	('prisma', '_prisma_migrations', '{migration_name,finished_at,rolled_back_at,checksum}', '{}',
		'SELECT migration_name, migration_name, coalesce(finished_at, started_at), CASE WHEN finished_at IS NULL THEN ''failed'' END
			FROM %1\$s WHERE rolled_back_at IS NULL ORDER BY started_at, migration_name',
		'DELETE FROM %1\$s WHERE migration_name = %2\$L;', NULL, '{}'),
	('flyway', '.*schema_(history|version)', '{installed_rank,version,script,success}', '{}',
		'SELECT coalesce(regexp_replace(version, ''(\\.0+)+\$'', ''''), script), script, installed_on, CASE WHEN NOT success THEN ''failed'' END FROM (
			SELECT DISTINCT ON (coalesce(version, script)) * FROM %1\$s ORDER BY coalesce(version, script), installed_rank DESC) m
			WHERE type !~ ''^(UNDO|DELETE|SCHEMA)'' ORDER BY installed_rank',
		'DELETE FROM %1\$s WHERE coalesce(regexp_replace(version, ''(\\.0+)+\$'', ''''), script) = %2\$L;', NULL, '{}'),
	('golang-migrate', '.*schema_migrations', '{version,dirty}', '{}',
		'SELECT version::text, version::text, NULL::timestamptz, CASE WHEN dirty THEN ''failed'' END FROM %1\$s',
		'UPDATE %1\$s SET version = %3\$L, dirty = false;', 'DELETE FROM %1\$s;', '{}'),
	('dbmate', '.*schema_migrations', '{version}', '{dirty,inserted_at,statements}',
		'SELECT version, version, NULL::timestamptz, NULL FROM %1\$s ORDER BY version',
		'DELETE FROM %1\$s WHERE version = %2\$L;', NULL, '{ar_internal_metadata}'),
	('goose', '.*goose_db_version', '{version_id,is_applied,tstamp}', '{}',
		'SELECT version_id::text, version_id::text, tstamp, NULL FROM (
			SELECT DISTINCT ON (version_id) * FROM %1\$s ORDER BY version_id, id DESC) m WHERE is_applied AND version_id > 0 ORDER BY version_id',
		'DELETE FROM %1\$s WHERE version_id = %2\$L;', NULL, '{}'),
	('node-pg-migrate', 'pgmigrations', '{id,name,run_on}', '{}',
		'SELECT name, name, run_on, NULL FROM %1\$s ORDER BY run_on, id',
		'DELETE FROM %1\$s WHERE name = %2\$L;', NULL, '{}'),
	('sqitch', 'changes', '{change_id,script_hash,change,project,committed_at}', '{}',
		'SELECT change, change, committed_at, NULL FROM %1\$s ORDER BY committed_at',
		'DELETE FROM %4\$s.dependencies WHERE change_id = (SELECT change_id FROM %1\$s WHERE change = %2\$L ORDER BY committed_at DESC LIMIT 1);'
		' DELETE FROM %4\$s.tags WHERE change_id = (SELECT change_id FROM %1\$s WHERE change = %2\$L ORDER BY committed_at DESC LIMIT 1);'
		' DELETE FROM %1\$s WHERE change_id = (SELECT change_id FROM %1\$s WHERE change = %2\$L ORDER BY committed_at DESC LIMIT 1);',
		NULL, '{projects,releases,tags,dependencies,events}'),
	('atlas', 'atlas_schema_revisions', '{version,hash,partial_hashes,executed_at}', '{}',
		'SELECT version, trim(version || '' '' || coalesce(description, '''')), executed_at, CASE WHEN coalesce(error, '''') <> '''' THEN ''failed'' END FROM %1\$s
			WHERE version !~ ''^\\.'' ORDER BY version',
		'DELETE FROM %1\$s WHERE version = %2\$L;', NULL, '{}')
	) AS known(tool, relation, has, lacks, applied, forget, clear, others)"

# find_ledgers: a line "tool, table, its schema, other tables" for each ledger in the database, into $T/ledgers.
find_ledgers() {
	psql_in "$database" -F $'\t' > "$T/ledgers" -c "SET search_path = ''" -c "
		SELECT CASE WHEN tool = 'dbmate' AND EXISTS (SELECT FROM pg_catalog.pg_class i WHERE i.relname = 'ar_internal_metadata' AND i.relnamespace = c.relnamespace)
				THEN 'rails' ELSE tool END, c.oid::pg_catalog.regclass, c.relnamespace::pg_catalog.regnamespace, pg_catalog.array_to_string(others::text[], ' ')
		FROM $ledgers JOIN pg_catalog.pg_class c ON c.relkind IN ('r', 'p') AND c.relname OPERATOR(pg_catalog.~) ('^(' || relation || ')\$'),
			LATERAL (SELECT pg_catalog.array_agg(attname::text) AS names FROM pg_catalog.pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) a
		WHERE has::text[] OPERATOR(pg_catalog.<@) a.names AND NOT lacks::text[] OPERATOR(pg_catalog.&&) a.names
		ORDER BY 1, 2" || fail "the database \"$database\" cannot be read"
}

# ledger_text TOOL COLUMN TABLE [KEY [BEFORE [SCHEMA]]]: the text in this column of the ledger's row, filled in.
ledger_text() {
	local tool=$1
	[ "$tool" != rails ] || tool=dbmate
	psql_in "$database" -v tool="$tool" -v table="$3" -v key="${4-}" -v before="${5-}" -v schema="${6-}" -f - \
		<<< "SELECT pg_catalog.format($2, :'table', :'key'::text, nullif(:'before', ''), :'schema') FROM $ledgers WHERE tool = :'tool'"
}

# read_ledger TOOL TABLE: a line "key, name, time, trouble" for what was run, the oldest first, into $T/applied.
read_ledger() {
	{ printf 'SET search_path = pg_catalog;\n' && ledger_text "$1" applied "$2"; } > "$T/ledger.sql" &&
		psql_in "$database" -F $'\t' -f "$T/ledger.sql" > "$T/applied" ||
		fail "the ledger $2 cannot be read"
}

# ledger_of TOOL: sets ledger_table and ledger_schema, empty where the tool has none there.
ledger_of() {
	IFS=$'\t' read -r _ ledger_table ledger_schema _ < <(awk -F '\t' -v tool="$1" '
		$1 == tool || tool == "dbmate" && $1 == "rails" || tool == "drizzle" && $1 == "drizzle-folders"' "$T/ledgers") ||
		ledger_table=
}

# was_run TOOL FILE: by $T/applied; of files that have a key in common (what sqitch has reworked),
# which are asked for one after the other, as many as have rows.
declare -A met=()
was_run() {
	local key
	key=$(of_tool "$1" key "$2")
	# golang-migrate keeps the newest number only.
	if [ "$1" = golang-migrate ]; then
		[ "$key" -le "$(cut -f 1 "$T/applied" | grep . || printf -- -1)" ]
	else
		met[$1:$key]=$((${met[$1:$key]-0} + 1))
		[ "$(cut -f 1 "$T/applied" | grep -cxF -e "$key")" -ge "${met[$1:$key]}" ]
	fi
}

# keys_of TOOL: of its files of $T/migrations; none where they are no migrations, but what they made.
keys_of() {
	local tool file any=''
	while IFS=$'\t' read -r tool file; do
		[ "$tool" = "$1" ] || continue
		of_tool "$tool" again "$file" || any=yes
		printf '%s\n' "$(of_tool "$tool" key "$file")"
	done < "$T/migrations" > "$T/keys"
	[ -n "$any" ]
}

# without_file TOOL: lines of $T/applied of which there is no file.
without_file() {
	! keys_of "$1" || awk -F '\t' 'FILENAME == ARGV[1] { file[$0]; next } !($1 in file)' "$T/keys" "$T/applied"
}

do_version() {
	local tool table _
	make_folder
	printf 'command    %s\n' '@EXTVERSION@' > "$T/out"
	if [ -n "$database" ]; then
		psql_in "$database" -F $'\t' > "$T/version" -c "SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'wishflags'" ||
			fail "the database \"$database\" cannot be read"
		printf 'extension  %s\n' "$(grep . "$T/version" || printf 'none in this database')" >> "$T/out"
		find_ledgers
		while IFS=$'\t' read -r tool table _ <&4; do
			read_ledger "$tool" "$table"
			table=$table awk -F '\t' -v tool="$tool" '{ n++; last = $2; at = $3 } $4 != "" { bad = bad "\n           failed: " $2 }
				END { printf "%-9s  %s: ", tool, ENVIRON["table"]; if (n) printf "%d run, newest %s%s", n, last, at == "" ? "" : " at " at; else printf "nothing was run"
					print bad }' "$T/applied" >> "$T/out"
		done 4< "$T/ledgers"
		[ -s "$T/ledgers" ] || printf 'ledger     none in this database\n' >> "$T/out"
	fi
	[ ${#words[@]} = 0 ] || list_pending
	deliver "$T/out"
}

# list_pending: the files that were not run, as far as the ledger tells, and what was run
# of which there is no SQL.
list_pending() {
	local tool
	[ -n "$database" ] || wrong_use "version of PATH takes --database CONNINFO"
	find_migrations
	not_run | sed 's/^[^\t]*\t/not run    /' >> "$T/out"
	while IFS= read -r tool <&4; do
		ledger_of "$tool"
		[ -n "$ledger_table" ] || continue
		read_ledger "$tool" "$ledger_table"
		without_file "$tool" | awk -F '\t' '{ print "no SQL     " $2 }' >> "$T/out"
	done 4< <(cut -f 1 "$T/paths" | sort -u)
}

# not_run: the lines of $T/migrations whose files were not run, by the ledgers of $T/ledgers.
not_run() {
	local tool file from=''
	met=()
	while IFS=$'\t' read -r tool file <&4; do
		if [ "$tool" != "$from" ]; then
			from=$tool
			: > "$T/applied"
			ledger_of "$tool"
			[ -z "$ledger_table" ] || read_ledger "$tool" "$ledger_table"
		fi
		was_run "$tool" "$file" || printf '%s\t%s\n' "$tool" "$file"
	done 4< "$T/migrations"
}

# leave_out_run: what was run already, by the ledger of its tool, out of $T/migrations.  One
# that may not be read tells nothing.
leave_out_run() {
	[ -s "$T/paths" ] || return 0
	find_ledgers
	(not_run) > "$T/pending" || return 0
	cmp -s "$T/pending" "$T/migrations" ||
		printf 'wishflags: %d of %d files were run already, by the ledger\n' $(($(wc -l < "$T/migrations") - $(wc -l < "$T/pending"))) "$(wc -l < "$T/migrations")" >&2
	mv "$T/pending" "$T/migrations"
}

# add_ledgers N CONNINFO: what tools keep in a database about what they have run, beside what
# the files of side N make: it is nothing that migrations make.
add_ledgers() {
	local database=$2 table schema others name
	local -a tables=()
	find_ledgers
	while IFS=$'\t' read -r _ table schema others; do
		tables+=(-t "$table")
		for name in $others; do tables+=(-t "$schema.$name"); done
		printf 'CREATE SCHEMA IF NOT EXISTS %s;\n' "$schema"
	done < "$T/ledgers" > "$T/ledger.sql"
	[ ${#tables[@]} -gt 0 ] || return 0
	"$bindir/pg_dump" -s -E UTF8 "${tables[@]}" -d "$database" >> "$T/ledger.sql" 2> "$T/errors" || return 0
	# What the files make themselves is there already.
	scratch_psql "side$1" -v ON_ERROR_STOP=0 -f "$T/ledger.sql" > /dev/null 2>&1
}
