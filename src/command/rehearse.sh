
# ---- rehearsing migrations -------------------------------------------------------

# Several files are rehearsed as one text, as each needs what those before it make and
# nothing of them may stay.  Where each is in it is a line "first, last, end, name" in
# $T/text.2: end is the line of the COMMIT that was put behind it.

do_rehearse() {
	local options="{\"force\": $force"
	[ ${#words[@]} -ge 1 ] || wrong_use "rehearse takes PATH..."
	[ -n "$database" ] || wrong_use "rehearse takes --database CONNINFO"
	case ${format:=text} in text|json) ;; *) wrong_use "rehearse has no format \"$format\"" ;; esac
	find_migrations
	choose_place
	leave_out_run
	[ -s "$T/migrations" ] || { printf 'nothing to rehearse\n'; exit 0; }
	join_files
	[ -z "$timeout" ] || options="$options, \"lock_timeout\": \"$timeout\""
	try "$place" "$T/found.new" "$rehearsal_query" options="$options}" || { place_lines; no_answer; }
	rm -f "$T"/text.*
	mv "$T/found.new" "$T/found"
	ask "$place" "$T/out" "SELECT $([ "$format" = json ] && printf "jsonb_pretty(:'found'::jsonb)" || printf '%s' "$rehearsal_lines")"
	deliver "$T/out"
	! grep -q '"outcome": "failed"' "$T/found" || exit 1
}

# join_files: the up parts of $T/migrations as one text; what is left open in one ends with it.
join_files() {
	local tool file line=1 lines end
	: > "$T/text.1"
	while IFS=$'\t' read -r tool file <&3; do
		! unreadable "$file" || fail "$file cannot be rehearsed: $reason"
		of_tool "$tool" up "$file" > "$T/run.sql" || exit 2
		wrapped_by "$tool" "$file"
		lines=$(($(wc -l < "$T/run.sql") + 1))
		[ "$in_transaction" = false ] || { printf 'BEGIN;\n' >> "$T/text.1"; line=$((line + 1)); }
		{ cat "$T/run.sql"; printf '\n--> statement-breakpoint\n'; } >> "$T/text.1"
		end=$((line + lines))
		[ "$in_transaction" = false ] || { printf 'COMMIT;\n' >> "$T/text.1"; end=$((end + 1)); }
		printf '%d\t%d\t%d\t%s\n' $line $((line + lines - 1)) $end "$file"
		line=$((end + 1))
	done 3< "$T/migrations" > "$T/text.2"
}

# A statement knows its file by its line.  The BEGIN and COMMIT that were put around a
# file are no statements of its own; what fails at such a COMMIT is told at its last line.
rehearsal_query="WITH file AS (
		SELECT p[1]::int AS first, p[2]::int AS last, p[3]::int AS ends, p[4] AS name
		FROM string_to_table(:'text2', E'\\n') l, LATERAL (SELECT string_to_array(l, E'\\t') AS p) q WHERE l <> '')
	SELECT jsonb_agg(to_jsonb(r) - 'n' || CASE WHEN statement IS NULL THEN '{}' ELSE jsonb_build_object('file', name, 'line', least(r.line, last) - first + 1) END ORDER BY n)
	FROM wishflags.migration_rehearse(:'text1', :'options') WITH ORDINALITY AS r(statement, line, command, outcome, milliseconds, rows, locks, rewrites, scans, message, hint, evidence, n)
		LEFT JOIN file ON r.line BETWEEN first AND ends
	WHERE statement IS NULL OR r.line BETWEEN first AND last OR outcome = 'failed'"

# A line for each statement, below the name of its file where there are several.
rehearsal_lines="CASE WHEN several AND file IS NOT NULL AND file IS DISTINCT FROM lag(file) OVER (ORDER BY n) THEN file || E'\\n' ELSE '' END ||
	concat_ws('  ', CASE WHEN statement IS NULL THEN 'all' ELSE 'line ' || line END, rpad(command, 14), rpad(outcome, 7),
		to_char(milliseconds, 'FM999999990.0') || ' ms', rows || ' rows', array_to_string(nullif(locks, '{}'), ', '),
		'rewrites ' || array_to_string(nullif(rewrites, '{}'), ', '), 'reads all of ' || array_to_string(nullif(scans, '{}'), ', '), message)
	FROM ROWS FROM (jsonb_to_recordset(:'found') AS (statement int, file text, line int, command text,
		outcome text, milliseconds float8, rows bigint, locks text[], rewrites text[], scans text[], message text)) WITH ORDINALITY
		AS r(statement, file, line, command, outcome, milliseconds, rows, locks, rewrites, scans, message, n),
		(SELECT count(DISTINCT f -> 'file') > 1 AS several FROM jsonb_array_elements(:'found') f) s ORDER BY n"

# place_lines: where $T/errors name a line of the text, its file and line there.
place_lines() {
	awk -F '\t' 'NR == FNR { first[++n] = $1; last[n] = $2; name[n] = $4; next }
		match($0, /\(line [0-9]+\)/) { line = substr($0, RSTART + 6, RLENGTH - 7) + 0
			for (i = 1; i <= n; i++) if (line >= first[i] && line <= last[i])
				$0 = substr($0, 1, RSTART - 1) "(" name[i] ", line " line - first[i] + 1 ")" substr($0, RSTART + RLENGTH) }
		{ print }' "$T/text.2" "$T/errors" > "$T/placed"
	mv "$T/placed" "$T/errors"
}
