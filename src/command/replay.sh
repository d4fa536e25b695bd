
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
