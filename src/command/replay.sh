
# ---- running migrations --------------------------------------------------------

# A line for each file that was checked, and one for each finding in it.
replay_lines="SELECT format('%s of %s  %s', n, :'total', f ->> 'file') || coalesce((
		SELECT string_agg(format(E'\\n    line %s  %-8s  %s  %s', g -> 'line', g ->> 'severity', g ->> 'rule', g ->> 'message'), '' ORDER BY m)
		FROM jsonb_array_elements(f -> 'findings') WITH ORDINALITY AS s(g, m)), '')
	FROM jsonb_array_elements((:'found')::jsonb) WITH ORDINALITY AS t(f, n) ORDER BY n"

do_replay() {
	local failed='' stopped reason
	[ ${#words[@]} -ge 1 ] || wrong_use "replay takes PATH..."
	[ -z "$database" ] || wrong_use "replay runs on a private server only"
	[ -z "$format" ] || [ "$format" = text ] || wrong_use "replay has no format \"$format\""
	severity=${severity:-high}
	find_migrations
	choose_place
	examine all
	[ "$timing" = false ] || show_timing
	ask "$place" "$T/out" "$replay_lines" total="$(wc -l < "$T/migrations")"
	[ -z "$fail_on" ] || { count_severe "$fail_on"; [ "$(cat "$T/count")" = 0 ] || failed=yes; }
	if [ -n "$stopped" ]; then
		failed=yes
		printf 'failed  %s: %s\n' "$stopped" "$reason" >> "$T/out"
	else
		rm -f "$T/found"
		write_fingerprint
		printf 'fingerprint %s\n' "$(cat "$T/fingerprint")" >> "$T/out"
	fi
	deliver "$T/out"
	[ -z "$failed" ] || exit 1
}

# write_fingerprint: of what was made, into $T/fingerprint.
write_fingerprint() {
	local list=NULL
	[ ${#schemas[@]} = 0 ] || list=":'schemas'"
	ask "$place" "$T/fingerprint" "SELECT wishflags.schema_fingerprint($list, :'options')" schemas="$schema_array" \
		options="{\"owners\": $owners, \"grants\": $grants, \"comments\": $comments}"
}

# A statement of a rehearsal in a line.
rehearsal_line="concat_ws('  ', CASE WHEN statement IS NULL THEN 'all' ELSE 'line ' || line END, rpad(command, 14), rpad(outcome, 7),
	to_char(milliseconds, 'FM999999990.0') || ' ms', rows || ' rows', array_to_string(nullif(locks, '{}'), ', '),
	'rewrites ' || array_to_string(nullif(rewrites, '{}'), ', '), 'reads all of ' || array_to_string(nullif(scans, '{}'), ', '), message)"

do_rehearse() {
	local options="{\"force\": $force" rows
	[ ${#words[@]} = 1 ] || wrong_use "rehearse takes one FILE"
	[ -n "$database" ] || wrong_use "rehearse takes --database CONNINFO"
	case ${format:=text} in text|json) ;; *) wrong_use "rehearse has no format \"$format\"" ;; esac
	[ "$(kind_of "${words[0]}")" = sql ] || fail "\"${words[0]}\" is no .sql file" "Name one migration; wishflags replay runs many."
	make_folder
	choose_place
	printf '[]' > "$T/found"
	plain_up "${words[0]}" > "$T/text.1"
	[ -z "$wrapped" ] || options="$options, \"in_transaction\": $wrapped"
	[ -z "$timeout" ] || options="$options, \"lock_timeout\": \"$timeout\""
	rows="wishflags.migration_rehearse(:'text1', :'options') WITH ORDINALITY AS r(statement, line, command, outcome, milliseconds, rows, locks, rewrites, scans, message, hint, evidence, n)"
	ask "$place" "$T/found" "SELECT jsonb_agg(to_jsonb(r) - 'n' ORDER BY n) FROM $rows" options="$options}"
	if [ "$format" = json ]; then
		ask "$place" "$T/out" "SELECT jsonb_pretty(:'found'::jsonb)"
	else
		ask "$place" "$T/out" "SELECT $rehearsal_line FROM ROWS FROM (jsonb_to_recordset(:'found') AS (statement int, line int, command text,
			outcome text, milliseconds float8, rows bigint, locks text[], rewrites text[], scans text[], message text)) WITH ORDINALITY
			AS r(statement, line, command, outcome, milliseconds, rows, locks, rewrites, scans, message, n) ORDER BY n"
	fi
	deliver "$T/out"
	! grep -q '"outcome": "failed"' "$T/found" || exit 1
}
