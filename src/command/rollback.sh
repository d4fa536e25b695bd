
# ---- undoing migrations ----------------------------------------------------------

do_rollback() {
	local n first
	local -a ran=()
	[ ${#words[@]} -ge 1 ] || wrong_use "rollback takes PATH..."
	[ -n "$database" ] || wrong_use "rollback takes --database CONNINFO"
	find_migrations
	find_ledgers
	list_run
	choose_first
	refuse_without_file
	[ "$first" -lt ${#ran[@]} ] || { printf 'nothing was run after "%s"\n' "$to"; return; }
	write_downs
	find_losses
	if [ -n "$dry_run" ]; then
		sed 's/^/-- Would lose data: /' "$T/losses"
		for ((n = ${#ran[@]} - 1; n >= first; n--)); do print_down "$n"; done
		return
	fi
	if [ -s "$T/losses" ] && [ "$allow_data_loss" = false ]; then
		sed 's/^/wishflags: data would be lost: /' "$T/losses" >&2
		printf 'HINT: --dry-run prints what would run; --allow-data-loss runs it.\n' >&2
		exit 1
	fi
	for ((n = ${#ran[@]} - 1; n >= first; n--)); do run_down "$n"; done
}

# list_run: what was run, a line "tool, tab, file" each, into ran; sets ledger_tool.
list_run() {
	local tool file none
	ledger_tool=$(head -n 1 "$T/migrations" | cut -f 1)
	ledger_of "$ledger_tool"
	if [ -n "$ledger_table" ]; then
		read_ledger "$ledger_tool" "$ledger_table"
	else
		none="the database has no ledger of $ledger_tool"
		[ "$ledger_tool" != plain ] || none="the files are of no tool that keeps a ledger"
		[ -n "$to" ] || fail "$none, so what was run is not known" \
			"Say after which version to undo: --to VERSION; then all later files count as run."
		[ -z "$ledger" ] || fail "$none" "Leave out --ledger."
	fi
	met=()
	while IFS=$'\t' read -r tool file <&4; do
		[ "$tool" = "$ledger_tool" ] || fail "the files are of several tools, $ledger_tool and $tool" "Undo those of one after those of the other."
		! of_tool "$tool" again "$file" || continue
		[ -n "$ledger_table" ] && ! was_run "$tool" "$file" || ran+=("$tool"$'\t'"$file")
	done 4< "$T/migrations"
	keys_of "$ledger_tool" || fail "the files are no migrations, but what migrations of $ledger_tool have made" "Let $ledger_tool undo them."
	[ ${#ran[@]} -gt 0 ] || fail "none of the files was run, by the ledger $ledger_table"
}

# choose_first: which of ran is the oldest to undo, into first.
choose_first() {
	local tool file
	first=$((${#ran[@]} - 1))
	[ -n "$to" ] || return 0
	first=0
	[ "$to" != 0 ] || return 0
	for file in "${ran[@]}"; do
		first=$((first + 1))
		IFS=$'\t' read -r tool file <<< "$file"
		! is_version "$tool" "$file" || return 0
	done
	fail "there is no version \"$to\" among what was run" "Name the number of a file or the file itself; wishflags version tells which were run."
}

# refuse_without_file: what was run after the oldest of ran to undo would stay, and stand on it.
refuse_without_file() {
	local n tool file name
	[ -n "$ledger_table" ] || return 0
	for ((n = first; n < ${#ran[@]}; n++)); do
		IFS=$'\t' read -r tool file <<< "${ran[n]}"
		printf '%s\n' "$(of_tool "$tool" key "$file")"
	done > "$T/wanted"
	without_file "$ledger_tool" > "$T/lost"
	name=$(tac "$T/applied" | awk -F '\t' 'FILENAME == ARGV[1] { n += !($0 in wanted); wanted[$0]; next } FILENAME == ARGV[2] { lost[$1]; next }
		$1 in lost { print $2; exit } $1 in wanted { delete wanted[$1]; n-- } n <= 0 { exit }' "$T/wanted" "$T/lost" -)
	[ -z "$name" ] || fail "by the ledger $ledger_table, \"$name\" was run, but there is no SQL file of it" \
		"Bring the file back; or undo by hand what it has made, and take its row out."
}

# is_version TOOL FILE: is it the one of --to?
is_version() {
	local name=${2##*/}
	case $to in
		"$2"|"$name"|"${name%.sql}"|"$(of_tool "$1" key "$2")"|"$(of_tool "$1" number "$2")") return 0 ;;
	esac
	[ "$(leading_number "$to")" = "$(of_tool "$1" number "$2")" ] && [ -n "$(leading_number "$to")" ] && [[ $to != *[!0-9]* ]]
}

# write_downs: what undoes ran[N] into $T/down.N; made is yes where nobody has written it.
declare -A made=()
write_downs() {
	local n tool file any=''
	for ((n = first; n < ${#ran[@]}; n++)); do
		IFS=$'\t' read -r tool file <<< "${ran[n]}"
		of_tool "$tool" down "$file" > "$T/down.$n" && is_text "$T/down.$n" || made[$n]=yes any=yes
	done
	if has_extension "$database" migration_report; then place=$database; else place= any=yes; fi
	[ -z "$any" ] || replay_to_make
}

# replay_to_make: the files on a private server, where each that has no way back is asked for it before it runs.
replay_to_make() {
	local n tool file target_place=$place
	: > "$T/empty.sql"
	load replay "$T/empty.sql"
	place="host=$T port=5432 user=postgres dbname=replay"
	for ((n = 0; n < ${#ran[@]}; n++)); do
		IFS=$'\t' read -r tool file <<< "${ran[n]}"
		show_progress $((n + 1)) ${#ran[@]} "$file"
		if [ -n "${made[$n]-}" ]; then
			of_tool "$tool" up "$file" > "$T/text.1"
			wrapped_by "$tool" "$file"
			try "$place" "$T/down.$n" "SELECT wishflags.migration_rollback_sql(:'text1', '{\"in_transaction\": $in_transaction}')" ||
				fail "no way back can be made for $file: $(error_of)" "It is made from the schema before it; write a down part for it."
			rm "$T/text.1"
		fi
		run_file "$file" "$tool" || fail "$file does not run after the files before it: $(error_of)" \
			"What a migration loses, and what undoes it, is told by the schema before it: all files that were run must be there."
	done
	end_progress
	place=${target_place:-$place}
}

# find_losses: what the downs would lose, a line each, into $T/losses.  On a database
# with the extension an empty table has nothing to lose, else every table counts as
# large.
find_losses() {
	local n files='' names=() populated=true
	[ "$place" != "$database" ] || populated=false
	severity=medium ignored='[]'
	begin_finds
	for ((n = ${#ran[@]} - 1; n >= first; n--)); do
		cp "$T/down.$n" "$T/text.$n"
		files="$files || jsonb_build_object('file', :'name$n', 'sql', :'text$n')"
		names+=("name$n=${ran[n]#*$'\t'}")
	done
	find_in "'[]'::jsonb$files" "${names[@]}" || no_answer
	end_finds
	ask "$place" "$T/losses" "SELECT format('%s: %s', f ->> 'file', g ->> 'message')
		FROM jsonb_array_elements((:'found')::jsonb) WITH ORDINALITY AS t(f, n), jsonb_array_elements(f -> 'findings') g
		WHERE g ->> 'kind' = 'data-loss' AND ($populated OR coalesce(g -> 'evidence' ->> 'bytes', '') <> '0') ORDER BY n"
}

# forget N: the statement that takes ran[N] out of the ledger.
forget() {
	local tool file before=''
	[ "$1" = 0 ] || { IFS=$'\t' read -r tool file <<< "${ran[$1 - 1]}"; before=$(of_tool "$tool" key "$file"); }
	IFS=$'\t' read -r tool file <<< "${ran[$1]}"
	ledger_text "$tool" "CASE WHEN :'before' = '' THEN coalesce(clear, forget) ELSE forget END" "$ledger_table" "$(of_tool "$tool" key "$file")" "$before" "$ledger_schema"
}

# down_script N: what is to be run for ran[N].  A script that was made ends its own
# transaction, which the ledger's row belongs to.
down_script() {
	if [ -n "$ledger" ]; then
		statement=$(forget "$1") awk '{ line[NR] = $0 } $0 == "COMMIT;" { last = NR }
			END { for (i = 1; i <= NR; i++) { if (i == last) print ENVIRON["statement"]; print line[i] } if (!last) print ENVIRON["statement"] }' "$T/down.$1"
	else
		cat "$T/down.$1"
	fi
}

print_down() {
	local file=${ran[$1]#*$'\t'}
	printf -- '-- %s, %s\n' "$file" "$([ -n "${made[$1]-}" ] && printf 'made from the schema before it' || printf 'its down part')"
	down_script "$1" | sed '/./,$!d'
	[ -z "$ledger_table" ] || [ -n "$ledger" ] || printf -- '-- It stays in the ledger.  To take it out: %s\n' "$(forget "$1")"
	printf '\n'
}

run_down() {
	local file=${ran[$1]#*$'\t'} once=(-1)
	{
		printf "SET lock_timeout = '%s';\n" "${timeout:-5s}"
		down_script "$1"
	} > "$T/run.sql"
	! grep -qiE -e '^[[:space:]]*(begin|commit|start[[:space:]]+transaction)\b|\bconcurrently\b|^[[:space:]]*vacuum\b' "$T/run.sql" || once=()
	if ! interruptible psql_in "$database" "${once[@]}" -f "$T/run.sql" > /dev/null 2> "$T/errors"; then
		sed 's/^psql:[^ ]* //' "$T/errors" >&2
		fail "$file was not undone" "Those that are told above were."
	fi
	printf 'undone  %s\n' "$file"
	[ -z "$ledger_table" ] || [ -n "$ledger" ] || printf '  It stays in the ledger.  To take it out: %s\n' "$(forget "$1")"
}
