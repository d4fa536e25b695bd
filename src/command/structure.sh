# ---- dumps of a schema, as Rails' structure.sql ----------------------------------

# A dump says what there is, not how it came there.  So where it has changed since GITREF,
# what is checked are the statements that make the new schema of the old one, on a
# database as it was; each is told where the dump has it, or else its table.

declare -A was_dump=() concurrent=()

is_dump() { [ "${1##*/}" = structure.sql ] || grep -q '^-- PostgreSQL database dump' "$1"; }

# note_dump FILE BLOB: what it was.
note_dump() {
	git -C "$top" cat-file blob "$2" > "$T/was.${#was_dump[@]}.sql" || fail "the file \"$1\" at $since cannot be read"
	was_dump[$1]=$T/was.${#was_dump[@]}.sql
	! builds_concurrently "$1" || concurrent[$1]=yes
}

# builds_concurrently FILE: do migrations in Ruby beside the dump, that are new since GITREF, build
# indexes CONCURRENTLY?  The dump doesn't tell.
builds_concurrently() {
	local folder
	folder=$(dirname "$1")
	{
		git -C "$folder" -c core.quotePath=false diff --name-only --relative --diff-filter=AMR "$base" -- '*.rb'
		git -C "$folder" -c core.quotePath=false ls-files --others --exclude-standard -- '*.rb'
	} | sed "s|^|$folder/|" | tr '\n' '\0' | xargs -0 -r grep -lisE -e 'algorithm(:|[[:space:]]*=>)[[:space:]]*:concurrently|index[[:space:]]+concurrently' -- | grep -q .
}

# examine_dump: as examine_file, whose variables it sees.
examine_dump() {
	local place=$place report_options=$report_options
	read_files 1 "${was_dump[$file]}"
	read_files 2 "$file"
	ask "${context[1]}" "$T/text.$number" "SELECT wishflags.schema_diff_sql(:'json1', :'json2', '{\"online\": false, \"allow_data_loss\": true}')"
	rm "$T"/[12].json
	[ -n "$database" ] || place=${context[1]}
	[ -z "${concurrent[$file]-}" ] || report_options=${report_options/'"ignore": ['/'"ignore": ["index-not-concurrent", '}
	report_options=${report_options/', ]'/']'}
	file_of "$number" "$file" plain
	find_in "jsonb_build_array($object)" "name$number=$file" || return 1
	cp "$file" "$T/text.new"
	{ printf '[' && sed '1s/^,//' "$(printf '%s/find.%09d' "$T" "$finds")" && printf ']'; } > "$T/found"
	place_findings "$(printf '%s/find.%09d' "$T" "$finds")"
	rm "$T/text.$number" "$T/text.new" "$T/found"
}

# place_findings FILE: each at the line of the dump that it is about; how the statements are put
# together is nobody's doing.
place_findings() {
	ask "$place" "$1" "SELECT string_agg(',' || jsonb_set(f, '{findings}', (
			SELECT coalesce(jsonb_agg(g || jsonb_build_object('col', 1, 'line', coalesce(
				(SELECT min(n) FROM string_to_table(:'textnew', E'\\n') WITH ORDINALITY AS t(l, n)
					WHERE rtrim(l, E' ;\\r') = rtrim(split_part(:'text$number', E'\\n', (g ->> 'line')::int), ' ;')),
				(SELECT min(n) FROM string_to_table(:'textnew', E'\\n') WITH ORDINALITY AS t(l, n)
					WHERE l LIKE 'CREATE %' AND position(' ' || (g ->> 'object') || ' ' IN l || ' ') > 0), 1)) ORDER BY o), '[]')
			FROM jsonb_array_elements(f -> 'findings') WITH ORDINALITY AS t(g, o)
			WHERE g #>> '{evidence,policy}' <> 'transactions' AND g ->> 'rule' <> 'not-rerunnable'))::text, '' ORDER BY k)
		FROM jsonb_array_elements((:'found')::jsonb) WITH ORDINALITY AS t(f, k)"
}
