
# ---- checking migrations -------------------------------------------------------

# choose_place: where to check, a database of the user's or a private one that is empty.
choose_place() {
	if [ -n "$database" ]; then
		has_extension "$database" migration_report || fail "\"$database\" has no extension wishflags that you may use" \
			"Create it there: CREATE EXTENSION wishflags; or leave --database out."
		place=$database populated=false
	else
		: > "$T/empty.sql"
		load replay "$T/empty.sql"
		place="host=$T port=5432 user=postgres dbname=replay" populated=true
	fi
}

# file_of NUMBER FILE TOOL: the file as migration_report() takes it; its text is in $T/text.NUMBER.
file_of() {
	of_tool "$3" up "$2" > "$T/text.$1"
	printf "jsonb_build_object('file', :'name%s', 'sql', :'text%s', 'in_transaction', %s)" "$1" "$1" "$(wrapped_by "$3" "$2")"
}

# find_in FILES: the findings of a jsonb array of files into $T/found.
find_in() {
	local options
	options="{\"assume_populated\": $populated, \"ignore\": $ignored, \"aliases\": $aliases, \"timing\": true"
	options="$options, \"severity\": \"${severity:-low}\""
	[ -z "$target" ] || options="$options, \"target_version\": $target"
	[ -z "$platform" ] || options="$options, \"platform\": \"$platform\""
	[ -z "$stats" ] || cp "$stats" "$T/stats" || exit 2
	rm -f "$T/found"
	ask "$place" "$T/found" "SELECT wishflags.migration_report($1, 'json',
			:'options'::jsonb ${stats:+|| jsonb_build_object('stats', :'stats'::jsonb)})::jsonb -> 'files'" \
		-v options="$options}" "${names[@]}"
	rm -f "$T"/text.*
}

# run_file FILE TOOL: on the private server, so that the next one finds what it
# needs; the error is in $T/errors.
run_file() {
	local once=()
	of_tool "$2" up "$1" > "$T/run.sql"
	[ "$(wrapped_by "$2" "$1")" = false ] || once=(-1)
	interruptible scratch_psql replay "${once[@]}" -f "$T/run.sql" > /dev/null 2> "$T/errors"
}

# error_of: what psql said, in a line.
error_of() { sed -n 's/^psql:[^ ]*:\([0-9]*\): \(ERROR: .*\)/\2 (line \1)/p' "$T/errors" | head -n 1; }

show_progress() {
	case ${progress:-$([ ! -t 2 ] || printf bar)} in
		bar) printf '\r%d of %d' "$1" "$2" >&2 ;;
		lines) printf '%d of %d: %s\n' "$1" "$2" "$3" >&2 ;;
	esac
}

end_progress() { [ -n "$progress" ] || [ ! -t 2 ] || printf '\r\033[K' >&2; }

# examine: the findings of the wanted files of $T/migrations into $T/found.
examine() {
	local tool file number=0 total final first files='' names=()
	total=$(wc -l < "$T/migrations")
	final=$total
	[ -z "$since" ] || final=$(awk -F '\t' 'FILENAME == ARGV[1] { changed[$0]; next } $2 in changed { n = FNR } END { print n + 0 }' \
		"$T/changed" "$T/migrations")
	first=$((last > 0 && last < total ? total - last + 1 : 1))
	: > "$T/parts"
	while [ "$number" -lt "$final" ] && IFS=$'\t' read -r tool file <&3; do
		number=$((number + 1))
		show_progress "$number" "$final" "$file"
		if [ $number -ge $first ] && { [ -z "$since" ] || grep -qxF -e "$file" "$T/changed"; }; then
			files="$files || $(file_of $number "$file" "$tool")"
			names+=(-v "name$number=$file")
		fi
		# On a database the files are checked at once, each on what those before it would make.
		[ -z "$database" ] || continue
		[ -z "$files" ] || { find_in "'[]'::jsonb$files"; cat "$T/found" >> "$T/parts"; }
		files='' names=()
		[ $number = "$final" ] || run_file "$file" "$tool" ||
			printf 'wishflags: %s does not run after the files before it: %s\n' "$file" "$(error_of)" >&2
	done 3< "$T/migrations"
	end_progress
	[ -z "$files" ] || { find_in "'[]'::jsonb$files"; cat "$T/found" >> "$T/parts"; }
	# Each part is an array in a line.
	awk '{ sub(/^\[/, ""); sub(/\]$/, "") } $0 != "" { printf "%s%s", (n++ ? ", " : "["), $0 } END { print n ? "]" : "[]" }' "$T/parts" > "$T/found"
}

# count_severe LEAST: how many findings are that severe, into $T/count.
count_severe() {
	ask "$place" "$T/count" "SELECT count(*) FROM jsonb_array_elements((:'found')::jsonb) f, jsonb_array_elements(f -> 'findings') g
		WHERE array_position('{info,low,medium,high,critical}', g ->> 'severity') >= array_position('{info,low,medium,high,critical,never}', '$1')"
}

show_timing() {
	ask "$place" "$T/times" "SELECT to_char((f ->> 'milliseconds')::numeric, 'FM999999990.0') || ' ms  ' || (f ->> 'file')
		FROM jsonb_array_elements((:'found')::jsonb) WITH ORDINALITY AS t(f, n) WHERE f ? 'milliseconds' ORDER BY n"
	cat "$T/times" >&2
}

# check_migrations LEAST: what check and report share; LEAST is the severity to fail for.
check_migrations() {
	[ ${#words[@]} -ge 1 ] || wrong_use "$command takes PATH..."
	case ${format:=text} in text|markdown|json|sarif|junit|github|html) ;; *) wrong_use "$command has no format \"$format\"" ;; esac
	find_migrations
	[ -z "$since" ] || read_history
	choose_place
	examine
	[ -z "$since" ] || add_history
	[ "$timing" = false ] || show_timing
	[ -z "$record" ] || record_run
	ask "$place" "$T/out" "SELECT wishflags.migration_report((:'found')::jsonb, '$format')"
	count_severe "$1"
	deliver "$T/out"
	[ "$(cat "$T/count")" = 0 ] || exit 1
}

do_check() { check_migrations "${fail_on:-high}"; }

do_report() { check_migrations "${fail_on:-never}"; }
