# ---- dumps of a schema, as Rails' structure.sql ----------------------------------

# A dump says what there is, not how it came there.  So where it has changed since GITREF,
# what is checked are the statements that make the new schema of the old one, on a
# database as it was; each is told where the dump has it, or else its table.

declare -A was_dump=() concurrent=()

is_dump() { [ "${1##*/}" = structure.sql ] || grep -q '^-- PostgreSQL database dump' "$1"; }

# note_dump FILE BLOB: what it was.
note_dump() {
	local number=${#was_dump[@]}
	git -C "$top" cat-file blob "$2" > "$T/was.$number.sql" || fail "the file \"$1\" at $since cannot be read"
	was_dump[$1]=$T/was.$number.sql
	concurrent[$1]=$(built_concurrently "$1")
}

# built_concurrently FILE: names that migrations in Ruby beside the dump, that are new since
# GITREF, give to indexes that they build CONCURRENTLY, a line each.  The dump doesn't tell.
built_concurrently() (
	cd "$(dirname "$1")" || exit
	{
		git diff -z --name-only --relative --diff-filter=AMR "$base" -- '*.rb'
		git ls-files -z --others --exclude-standard -- '*.rb'
	} | xargs -0 -r cat -- | awk '
		function words(text, joint) {
			gsub(/[^a-z0-9_]+/, " ", text)
			gsub(/^ | $/, "", text)
			gsub(/ /, joint, text)
			return text
		}
		# What is to come begins with a word, perhaps one of a list: that, and the comma after it.
		function next_argument(  found) {
			sub(/^[ \t(,]+/, "", rest)
			match(rest, /^(%[iw])?\[[^]]*\]|^"[^"]*"|^\047[^\047]*\047|^[^ ,)]*/)
			found = substr(rest, 1, RLENGTH)
			rest = substr(rest, RLENGTH + 1)
			sub(/^%[iw]/, "", found)
			return found
		}
		{ sub(/^[ \t]*#.*/, ""); text = text " " tolower($0) }
		END {
			gsub(/[^a-z0-9_:"\047](add_index|add_reference|add_belongs_to|remove_index|execute|create_table|def|create[ \t]+(unique[ \t]+)?index)[^a-z0-9_]|;/, "\n&", text)
			n = split(text, part, "\n")
			for (i = 1; i <= n; i++) {
				if (part[i] !~ /algorithm(:|"?[ \t]*=>)[ \t]*[:"]concurrently|index[ \t]+concurrently/) continue
				# A name that is written out
				print words(part[i], "\n")
				# or those that Rails makes of the table and the columns.
				rest = part[i]
				if (rest ~ /[^a-z0-9_]name(:|"?[ \t]*=>)/ || !sub(/^.*(add_index|add_reference|add_belongs_to)/, "", rest)) continue
				table = words(next_argument(), "_")
				column = next_argument()
				print "index_" table "_on_" words(column, column ~ /^\[/ ? "_and_" : "_")
				print "idx_on_" words(column, "_") "_"
				column = words(column, "_")
				print "index_" table "_on_" column "_id\nindex_" table "_on_" column "_type_and_" column "_id"
			}
		}'
)

# examine_dump: as examine_file, whose variables it sees.
examine_dump() {
	local place=$place found
	read_files 1 "${was_dump[$file]}"
	read_files 2 "$file"
	try "${context[1]}" "$T/text.$number" "SELECT wishflags.schema_diff_sql(:'json1', :'json2', '{\"online\": false, \"allow_data_loss\": true}')" || return
	[ -n "$database" ] || place=${context[1]}
	file_of "$number" "$file" plain
	find_in "jsonb_build_array($object)" "name$number=$file" || return
	cp "$file" "$T/text.new"
	found=$(printf '%s/find.%09d' "$T" "$finds")
	{ printf '[' && sed '1s/^,//' "$found" && printf ']'; } > "$T/found"
	place_findings "$found"
	rm "$T/text.new" "$T/found"
}

# place_findings FILE: each at the line of the dump that it is about, without those of indexes that
# are built concurrently; how the statements are put together is nobody's doing.
place_findings() {
	ask "$place" "$1" "SELECT string_agg(',' || jsonb_set(f, '{findings}', (
			SELECT coalesce(jsonb_agg(placed ORDER BY place), '[]') FROM (SELECT row_number() OVER (ORDER BY line, o) AS place,
				g || jsonb_build_object('col', 1, 'line', line, 'statement', row_number() OVER (ORDER BY line, o)) AS placed
			FROM jsonb_array_elements(f -> 'findings') WITH ORDINALITY AS t(g, o),
				split_part(:'text$number', E'\\n', (g ->> 'line')::int) AS statement,
				lower(btrim(substring(statement FROM ' INDEX (\"[^\"]*\"|\\S+) ON '), '\"')) AS index,
				coalesce(
					(SELECT min(n) FROM string_to_table(:'textnew', E'\\n') WITH ORDINALITY AS t(l, n) WHERE rtrim(l, E' ;\\r') = rtrim(statement, ' ;')),
					(SELECT min(n) FROM string_to_table(:'textnew', E'\\n') WITH ORDINALITY AS t(l, n)
						WHERE l LIKE 'CREATE %' AND position(' ' || (g ->> 'object') || ' ' IN l || ' ') > 0), 1) AS line
			WHERE g #>> '{evidence,policy}' <> 'transactions' AND g ->> 'rule' <> 'not-rerunnable'
				AND NOT (g ->> 'rule' = 'index-not-concurrent' AND coalesce(string_to_array(:'concurrent', E'\\n') &&
					ARRAY[index, substring(index FROM '^(idx_on_.*_)[0-9a-f]{10}\$')], false))) p))::text, '' ORDER BY k)
		FROM jsonb_array_elements((:'found')::jsonb) WITH ORDINALITY AS t(f, k)" concurrent="${concurrent[$file]-}"
}
