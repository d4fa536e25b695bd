
# ---- checking migrations -------------------------------------------------------

# choose_place: where to check, a database of the user's or a private one that is empty.
choose_place() {
	if [ -n "$database" ]; then
		has_extension "$database" migration_report || fail "\"$database\" has no extension wishflags that you may use" \
			"Create it there: CREATE EXTENSION wishflags;$([ "$command" = rehearse ] || printf ' or leave --database out.')"
		place=$database populated=false
	else
		: > "$T/empty.sql"
		load replay "$T/empty.sql"
		place="host=$T port=5432 user=postgres dbname=replay" populated=true
	fi
}

# file_of NUMBER FILE TOOL: the file as migration_report() takes it; its text is in $T/text.NUMBER.
# In the variable object.
file_of() {
	wrapped_by "$3" "$2"
	object="jsonb_build_object('file', :'name$1', 'sql', :'text$1', 'in_transaction', $in_transaction)"
}

# find_in FILES [NAME=VALUE]...: what is found in a jsonb array of files into $T/find.N;
# fails where it cannot be looked for.
find_in() {
	local next
	printf -v next '%s/find.%09d' "$T" "$((finds + 1))"
	try "$place" "$next" "SELECT string_agg(',' || f::text, '' ORDER BY n) FROM jsonb_array_elements(wishflags.migration_report($1, 'json',
			:'options'::jsonb ${stats:+|| jsonb_build_object('stats', :'stats'::jsonb)})::jsonb -> 'files') WITH ORDINALITY AS t(f, n)" \
		options="$report_options" "${@:2}" || { rm -f "$next"; return 1; }
	finds=$((finds + 1))
}

# begin_finds, end_finds: around find_in; then all that was found is a jsonb array in $T/found.
begin_finds() {
	rm -f "$T/found"
	finds=0
	report_options="{\"assume_populated\": $populated, \"ignore\": $ignored, \"aliases\": $aliases, \"timing\": true"
	report_options="$report_options, \"severity\": \"${severity:-low}\""
	[ -z "$target" ] || report_options="$report_options, \"target_version\": $target"
	[ -z "$platform" ] || report_options="$report_options, \"platform\": \"$platform\""
	report_options="$report_options}"
	[ -z "$stats" ] || cp "$stats" "$T/stats" || exit 2
	# Wrong options are told before any file.
	find_in "'{\"\": \"\"}'" || no_answer
	rm -f "$T"/find.*
	finds=0
}

end_finds() {
	rm -f "$T"/text.*
	{ printf '[' && cat "$T"/find.* 2>/dev/null | sed '1s/^,//' && printf ']'; } > "$T/found"
	rm -f "$T"/find.*
}

# run_file FILE TOOL: on the private server, so that the next one finds what it
# needs, which has a new connection; the error is in $T/errors.
run_file() {
	of_tool "$2" up "$1" > "$T/run.sql"
	wrapped_by "$2" "$1"
	read -r -d '' < "$T/run.sql"
	case $REPLY in
		# It may be a command of psql, and such a one can do anything to a session.
		*\\*) interruptible scratch_psql replay $([ "$in_transaction" = false ] || printf -- -1) -f "$T/run.sql" < /dev/null > /dev/null 2> "$T/errors" ;;
		*) in_session "host=$T port=5432 user=postgres dbname=replay" print_run ;;
	esac
}

print_run() {
	printf '\\o /dev/null\n'
	[ "$in_transaction" = false ] || printf 'BEGIN;\n'
	printf '\\i %s\n' "$T/run.sql"
	[ "$in_transaction" = false ] || printf 'COMMIT;\n'
	printf '\\o\n\\connect -\n'
}

# error_of: what psql said, in a line.
error_of() {
	sed -n '/^psql:[^ ]*\/run\.sql:\([0-9]*\): \(ERROR: .*\)/ { s//\2 (line \1)/p; q }' "$T/errors" | grep . ||
		sed 's/^psql:[^ ]* //; q' "$T/errors"
}

# unreadable FILE: can no SQL be read from it?  Then reason says why.
unreadable() {
	if [ ! -r "$1" ]; then
		reason='it may not be read'
	elif read -r -d '' < "$1"; then
		reason='it has NUL bytes, as a binary file has and UTF-16; save it as UTF-8'
	else
		return 1
	fi
}

# leave_out FILE WHY: the others are checked all the same.
trouble=
leave_out() {
	printf 'wishflags: %s is not checked: %s\n' "$1" "$2" >&2
	trouble=yes
}

show_progress() {
	[ -n "$progress" ] || { [ -t 2 ] && progress=bar || progress=none; }
	case $progress in
		bar) printf '\r%d of %d' "$1" "$2" >&2 ;;
		lines) printf '%d of %d: %s\n' "$1" "$2" "$3" >&2 ;;
	esac
}

end_progress() { [ "$progress" != bar ] || printf '\r\033[K' >&2; }

# examine [ALL]: the findings of the wanted files of $T/migrations into $T/found.  With
# ALL each is run as well, up to one that fails; that is in stopped, and why in reason.
examine() {
	local all=${1-} tool file number=0 total final first files='' name names=()
	total=$(wc -l < "$T/migrations")
	final=$total
	[ -z "$since" ] || final=$(awk -F '\t' 'FILENAME == ARGV[1] { changed[$0]; next } $2 in changed { n = FNR } END { print n + 0 }' \
		"$T/changed" "$T/migrations")
	first=$((last > 0 && last < total ? total - last + 1 : 1))
	stopped=''
	begin_finds
	while [ "$number" -lt "$final" ] && IFS=$'\t' read -r tool file <&3; do
		number=$((number + 1))
		show_progress "$number" "$final" "$file"
		if unreadable "$file" || ! examine_file; then
			[ -z "$all" ] || { stopped=$file; break; }
			leave_out "$file" "$reason"
		elif [ -z "$database" ] && { [ -n "$all" ] || [ "$number" != "$final" ]; } && ! run_file "$file" "$tool"; then
			reason=$(error_of)
			[ -z "$all" ] || { stopped=$file; break; }
			printf 'wishflags: %s does not run after the files before it: %s\n' "$file" "$reason" >&2
		fi
	done 3< "$T/migrations"
	end_progress
	if [ -n "$files" ]; then
		for name in "${names[@]}"; do
			number=${name%%=*} number=${number#name}
			mv "$T/held.$number" "$T/text.$number"
		done
		find_in "'[]'::jsonb$files" "${names[@]}" || no_answer
	fi
	end_finds
}

# examine_file: the next one of examine, whose variables it sees; fails with the reason
# where it cannot be checked.  On a database the files are checked at once at the end,
# each on what those before it would make.
examine_file() {
	local done=yes
	[ $number -ge $first ] && { [ -z "$since" ] || grep -qxF -e "$file" "$T/changed"; } || return 0
	if [ -n "${was_dump[$file]-}" ]; then
		examine_dump || done=
	else
		of_tool "$tool" up "$file" > "$T/text.$number"
		if [ -z "$database" ]; then
			file_of $number "$file" "$tool"
			find_in "jsonb_build_array($object)" "name$number=$file" || done=
		elif try "$place" "$T/more" "SELECT length(:'text$number')"; then
			mv "$T/text.$number" "$T/held.$number"
			file_of $number "$file" "$tool"
			files="$files || $object"
			names+=("name$number=$file")
		else
			done=
		fi
	fi
	rm -f "$T/text.$number" "$T"/[12].json
	[ -z "$done" ] || return 0
	reason=$(error_of)
	case $reason in *'multibyte character'*|*'invalid byte sequence'*) reason='it is not UTF-8; save it as UTF-8' ;; esac
	return 1
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
	[ -z "$database" ] || leave_out_run
	examine
	[ -z "$since" ] || add_history
	[ "$timing" = false ] || show_timing
	[ -z "$record" ] || record_run
	ask "$place" "$T/out" "SELECT rtrim(wishflags.migration_report((:'found')::jsonb, '$format'), E'\n')"
	count_severe "$1"
	deliver "$T/out"
	[ -z "$trouble" ] || exit 2
	[ "$(cat "$T/count")" = 0 ] || exit 1
}

do_check() { check_migrations "${fail_on:-high}"; }

do_report() { check_migrations "${fail_on:-never}"; }
