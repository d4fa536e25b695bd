
# ---- keeping what was found ------------------------------------------------------

# record_run: $T/found with whose the comments are, as a run, in the database of --record.
record_run() {
	local folder file line
	has_extension "$record" migration_record || fail "\"$record\" has no extension wishflags that you may use" \
		"Create it there: CREATE EXTENSION wishflags; GRANT USAGE ON SCHEMA wishflags TO ...; GRANT EXECUTE ON FUNCTION wishflags.migration_record TO ...;"
	ask "$record" "$T/comments" "SELECT (d ->> 'line') || E'\\t' || (f ->> 'file')
		FROM jsonb_array_elements((:'found')::jsonb) f, jsonb_array_elements(f -> 'directives') d"
	while IFS=$'\t' read -r line file; do
		printf '%s\t%s\t%s\n' "$line" "$file" "$(author_of "$file" "$line")"
	done < "$T/comments" > "$T/authors"
	folder=${words[0]}
	[ -d "$folder" ] || folder=$(dirname "$folder")
	ask "$record" "$T/run" "WITH author AS (SELECT string_to_array(l, E'\\t') AS a FROM string_to_table(:'authors', E'\\n') l WHERE l <> '')
		SELECT wishflags.migration_record(coalesce((SELECT jsonb_agg(CASE WHEN f ? 'directives' THEN jsonb_set(f, '{directives}',
			(SELECT jsonb_agg(d || coalesce((SELECT jsonb_build_object('author', nullif(a[3], '')) FROM author
				WHERE a[2] = f ->> 'file' AND a[1] = d ->> 'line' LIMIT 1), '{}')) FROM jsonb_array_elements(f -> 'directives') d)) ELSE f END ORDER BY n)
			FROM jsonb_array_elements((:'found')::jsonb) WITH ORDINALITY AS t(f, n)), '[]'),
			jsonb_strip_nulls(jsonb_build_object('command', '$command', 'git_commit', nullif(:'git_commit', ''),
				'git_branch', nullif(:'git_branch', ''), 'git_author', nullif(:'git_author', ''))))" \
		git_commit="$(git -C "$folder" rev-parse HEAD 2>/dev/null)" git_branch="$(branch_of "$folder")" \
		git_author="$(git -C "$folder" log -1 --format='%an <%ae>' 2>/dev/null)"
	rm -f "$T/authors"
}

# author_of FILE LINE: who wrote it, by git; empty where git cannot tell.
author_of() {
	git -C "$(dirname "$1")" blame -L "$2,$2" --porcelain -- "$(basename "$1")" 2>/dev/null |
		awk '/^author / { name = substr($0, 8) } /^author-mail / { mail = substr($0, 13) } END { if (name != "") print name " " mail }'
}

# branch_of FOLDER: a CI checks out a commit, and tells the branch in a variable.
branch_of() {
	local branch=${GITHUB_HEAD_REF:-${GITHUB_REF_NAME:-${CI_COMMIT_REF_NAME-}}}
	[ -n "$branch" ] || branch=$(git -C "$1" symbolic-ref --short -q HEAD 2>/dev/null)
	printf '%s' "$branch"
}
