
# ---- migrations against their history ------------------------------------------

# What --since GITREF finds is a line "file, rule, severity, message, hint" each in
# $T/history (severity empty: that of the rule); which files are to be checked is
# in $T/changed.  What counts is the commit where the branch has left GITREF.

# note_history FILE RULE SEVERITY MESSAGE HINT
note_history() {
	local IFS=$'\t'
	printf '%s\n' "$*" >> "$T/history"
}

read_history() {
	local tool path top base short fresh='' number=0
	: > "$T/history"
	: > "$T/changed"
	path=${words[0]}
	[ -d "$path" ] || path=$(dirname "$path")
	top=$(work_tree_of "$path") || exit 2
	base=$(base_of "$top") || exit 2
	short=$(git -C "$top" rev-parse --short "$base")
	while IFS=$'\t' read -r tool path <&4; do
		number=$((number + 1))
		compare_folder "$tool" "$path" "$T/past.$number"
	done 4< "$T/paths"
	[ -s "$T/paths" ] || compare_files
	[ -n "$fresh" ] || require_migration
}

work_tree_of() {
	command -v git > /dev/null || fail "git is not installed, so --since cannot be answered"
	git -C "$1" rev-parse --show-toplevel 2> "$T/errors" || { cat "$T/errors" >&2; fail "\"$1\" is in no work tree of git"; }
}

# base_of WORK-TREE: the commit where the branch that is checked out has left GITREF.
base_of() {
	local base
	base=$(git -C "$1" rev-parse --verify -q "$since^{commit}") || fail "there is no commit \"$since\"" \
		"Where a CI fetches the newest commit only, fetch the others: fetch-depth: 0, or git fetch --unshallow."
	git -C "$1" merge-base "$base" HEAD || printf '%s\n' "$base"
}

# The rest sees top, base, short (the same to print) and fresh of read_history.

# compare_files: files that are named one by one are new, changed or neither.
compare_files() {
	local tool file prefix blob
	while IFS=$'\t' read -r tool file <&4; do
		prefix=$(git -C "$(dirname "$file")" rev-parse --show-prefix)
		blob=$(git -C "$top" rev-parse --verify -q "$base:$prefix${file##*/}") || fresh=yes
		[ "$blob" != "$(cd "$(dirname "$file")" && git hash-object -- "${file##*/}")" ] || continue
		printf '%s\n' "$file" >> "$T/changed"
		[ -z "$blob" ] || ! is_dump "$file" || note_dump "$file" "$blob"
	done 4< "$T/migrations"
}

# compare_folder TOOL FOLDER COPY: its migrations with those of then, which are put into COPY.
compare_folder() {
	local tool=$1 folder=$2 copy=$3 prefix name blob stamp
	local -a then=() now=()
	local -A was=() is=() stamped=() restamped=()
	[ "$(work_tree_of "$folder")" = "$top" ] || fail "\"$folder\" is in another work tree than \"${words[0]}\"" "Check them one after the other."
	prefix=$(git -C "$folder" rev-parse --show-prefix)
	mkdir -p "$copy/$prefix"
	: > "$T/then"
	if git -C "$top" rev-parse --verify -q "$base:${prefix%/}" > /dev/null; then
		git_then read-tree "$base:${prefix%/}" && git_then checkout-index -a --prefix="$copy/$prefix" ||
			fail "the files of \"$folder\" at $since cannot be read"
		list_files "$(tool_of "$copy/${prefix%/}")" "${copy}${prefix:+/${prefix%/}}" > "$T/then.files"
		# What a link led to git does not know, so that is always new.
		git_then ls-files -z --stage | tr '\0' '\n' |
			awk -F '\t' -v OFS='\t' 'NR == FNR { split($1, f, " "); if (f[1] != "120000") blob[$2] = f[2]; next }
				$1 in blob { print $1, blob[$1], $2 }' - "$T/then.files" > "$T/then"
	fi
	list_files "$tool" "$folder" > "$T/now.files"
	# What begins with a quote git takes for a quoted name.
	prefix=$prefix awk -F '\t' '{ path = ENVIRON["prefix"] $1; print (path ~ /^"/ ? "./" : "") path }' "$T/now.files" |
		git -C "$top" hash-object --stdin-paths > "$T/blobs" || fail "the files of \"$folder\" cannot be read"
	paste "$T/now.files" "$T/blobs" | awk -F '\t' -v OFS='\t' '{ print $1, $3, $2 }' > "$T/now"
	while IFS=$'\t' read -r name blob stamp; do then+=("$name") was[$name]=$blob stamped[$name]=$stamp; done < "$T/then"
	while IFS=$'\t' read -r name blob stamp; do now+=("$name") is[$name]=$blob restamped[$name]=$stamp; done < "$T/now"
	follow_reworked
	compare_old
	compare_order
	compare_new
	compare_numbers
}

# git_then ARGUMENT...: git with an index of its own, of the commit.
git_then() { GIT_INDEX_FILE=$T/index git -C "$top" "$@"; }

# list_files TOOL FOLDER: its migrations, a line "name in the folder, stamp" each.
list_files() {
	local file
	of_tool "$1" files "$2" > "$T/files" || exit 2
	while IFS= read -r file; do
		printf '%s\t%s\n' "${file#"$2"/}" "$(of_tool "$1" stamp "$file")"
	done < "$T/files"
}

# The next five see the lists of compare_folder as well.

# follow_reworked: what the ledger knows by the same name as before and has its old text is the one
# that was there, and what took its place is new.
follow_reworked() {
	local i name other
	for i in "${!then[@]}"; do
		name=${then[i]}
		[ -n "${is[$name]-}" ] && [ "${is[$name]}" != "${was[$name]}" ] || continue
		for other in "${now[@]}"; do
			[ -z "${was[$other]-}" ] && [ "${is[$other]}" = "${was[$name]}" ] && [ "$(of_tool "$tool" key "$other")" = "$(of_tool "$tool" key "$name")" ] || continue
			then[i]=$other was[$other]=${was[$name]} stamped[$other]=${stamped[$name]}
			unset "was[$name]"
			break
		done
	done
}

# compare_old: what was there then has not changed.  The newest may not have run anywhere yet.
compare_old() {
	local name other newest='' severity what
	for name in "${then[@]}"; do of_tool "$tool" again "$name" || newest=$name; done
	for name in "${then[@]}"; do
		severity=
		[ "$name" != "$newest" ] || severity=medium
		if [ -z "${is[$name]-}" ]; then
			what=deleted
			for other in "${now[@]}"; do
				[ "${is[$other]}" != "${was[$name]}" ] || [ -n "${was[$other]-}" ] || what="renamed to $other"
			done
			note_history "$folder/$name" migration-immutable "$severity" "$name was there at $short and is $what" \
				"Databases that have run it keep what it made: bring it back, and undo it by a new migration."
		elif [ "${is[$name]}" != "${was[$name]}" ]; then
			printf '%s\n' "$folder/$name" >> "$T/changed"
			! is_dump "$folder/$name" || note_dump "$folder/$name" "${was[$name]}"
			of_tool "$tool" again "$name" ||
				note_history "$folder/$name" migration-immutable "$severity" "$name has another text than at $short" \
					"Databases that have run it do not run it again: bring its text back, and write a new migration."
		elif [ "${restamped[$name]}" != "${stamped[$name]}" ]; then
			note_history "$folder/$name" migration-immutable "$severity" \
				"the journal has another time for $name than at $short: ${restamped[$name]:-none}, before ${stamped[$name]:-none}" \
				"The ledger has the old one: bring it back."
		fi
	done
}

# compare_order: what was there then comes in the same order.
compare_order() {
	local name i=0
	local -a before=() after=()
	for name in "${then[@]}"; do [ -z "${is[$name]-}" ] || before+=("$name"); done
	for name in "${now[@]}"; do [ -z "${was[$name]-}" ] || after+=("$name"); done
	while [ $i -lt ${#before[@]} ] && [ "${before[i]}" = "${after[i]}" ]; do i=$((i + 1)); done
	[ $i -eq ${#before[@]} ] ||
		note_history "$folder/${after[i]}" migration-immutable '' "the order is another than at $short: ${after[i]} comes before ${before[i]}" \
			"Databases have run them in the old order: bring it back, and put what is new at the end."
}

# compare_new: what is new comes after all that was there, and by a later time.
compare_new() {
	local name later='' max='' max_name='' i
	for ((i = ${#now[@]} - 1; i >= 0; i--)); do
		name=${now[i]}
		if [ -n "${was[$name]-}" ]; then
			of_tool "$tool" again "$name" || later=${later:-$name}
			continue
		fi
		fresh=yes
		printf '%s\n' "$folder/$name" >> "$T/changed"
		[ -z "$later" ] || of_tool "$tool" again "$name" ||
			note_history "$folder/$name" migration-out-of-order '' "$name is new, but comes before $later, which was there at $short" \
				"Databases that have run the later one may pass over it, or refuse it: give it a number at the end."
	done
	for name in "${now[@]}"; do
		[ -n "${restamped[$name]}" ] || continue
		if [ -n "$max" ] && [ "${restamped[$name]}" -le "$max" ] && [ -z "${was[$name]-}" ]; then
			note_history "$folder/$name" migration-out-of-order '' \
				"the time of $name in the journal (\"when\": ${restamped[$name]}) is not after that of $max_name ($max)" \
				"Drizzle runs only what is later than all that was run, and passes over this one: give it a later time."
		fi
		[ -n "$max" ] && [ "${restamped[$name]}" -le "$max" ] || { max=${restamped[$name]} max_name=$name; }
	done
}

# compare_numbers: what is new has a number of its own.
compare_numbers() {
	local name number
	local -A owner=()
	for name in "${now[@]}"; do
		number=$(of_tool "$tool" number "$name")
		[ -n "$number" ] || continue
		if [ -z "${owner[$number]-}" ]; then
			owner[$number]=$name
		elif [ -z "${was[$name]-}" ] || [ -z "${was[${owner[$number]}]-}" ]; then
			[ -z "${was[$name]-}" ] || { local older=$name; name=${owner[$number]} owner[$number]=$older; }
			note_history "$folder/$name" migration-duplicate-number '' "$name has the number $number, as ${owner[$number]} has" \
				"Two branches took the same number: give the one that was not run yet the next one."
		fi
	done
}

# require_migration: no migration is new, so no source of the schema may have changed.
require_migration() {
	local tool path file prefix
	local -a patterns=() excluded=()
	while IFS=$'\t' read -r tool path; do
		prefix=$(git -C "$path" rev-parse --show-prefix)
		[ -z "$prefix" ] || excluded+=(":(top,exclude,literal)${prefix%/}")
	done < "$T/paths"
	if [ ${#sources[@]} -gt 0 ]; then
		mapfile -t patterns < <(printf ':(top,glob)%s\n' "${sources[@]}")
	else
		mapfile -t patterns < <(while IFS=$'\t' read -r tool path; do of_tool "$tool" sources "$path"; done < "$T/paths" | sort -u | sed 's/^/:(top,glob)/')
	fi
	[ ${#patterns[@]} -gt 0 ] || return 0
	{
		git -C "$top" diff -z --name-only "$base" -- "${patterns[@]}" "${excluded[@]}"
		git -C "$top" ls-files -z --others --exclude-standard -- "${patterns[@]}" "${excluded[@]}"
	} | tr '\0' '\n' | sort -u > "$T/sources" || fail "the changes since $since cannot be read"
	while IFS= read -r file; do
		note_history "$file" migration-required '' "the schema's source $file has changed since $since, but there is no new migration" \
			"Write one, as by drizzle-kit generate or prisma migrate dev; or, where the schema stays as it is, --ignore migration-required."
	done < "$T/sources"
}

# add_history: what it finds, into $T/found: with what else is found in a file, or before all others.
# A comment in the file that names the rule takes it back.
add_history() {
	ask "$place" "$T/more" "WITH line AS (
			SELECT n, string_to_array(l, E'\\t') AS p FROM string_to_table(:'history', E'\\n') WITH ORDINALITY AS t(l, n) WHERE l <> ''),
		finding AS (
			SELECT p[1] AS file, n, r.rule, jsonb_build_object('statement', 1, 'line', 1, 'col', 1, 'rule', r.rule,
				'severity', coalesce(nullif(p[3], ''), r.severity), 'kind', r.kind, 'rewrites', false, 'scans', false,
				'message', p[4], 'hint', p[5], 'evidence', jsonb_build_object('policy', r.policy)) AS f
			FROM line JOIN wishflags.migration_rules r ON r.rule = p[2]
			WHERE NOT :'ignored'::jsonb ? r.rule
			  AND array_position('{info,low,medium,high,critical}', coalesce(nullif(p[3], ''), r.severity)) >=
				array_position('{info,low,medium,high,critical}', '${severity:-low}')),
		checked AS (SELECT n, c ->> 'file' AS file, c FROM jsonb_array_elements((:'found')::jsonb) WITH ORDINALITY AS t(c, n)),
		hatch AS (
			SELECT k.file, d ->> 'line' AS line, f.n AS takes
			FROM checked k CROSS JOIN jsonb_array_elements(k.c -> 'directives') d
			JOIN finding f ON f.file = k.file AND d -> 'rules' ? f.rule AND NOT d ? 'fault'),
		past AS (
			SELECT file, min(n) AS n, jsonb_agg(f ORDER BY n) AS findings FROM finding WHERE n NOT IN (SELECT takes FROM hatch) GROUP BY file),
		hatched AS (
			SELECT k.n, k.file, CASE WHEN k.file IN (SELECT file FROM hatch) THEN k.c || jsonb_build_object(
				'directives', (SELECT jsonb_agg(CASE WHEN (k.file, d ->> 'line') IN (SELECT file, line FROM hatch)
						THEN d || jsonb_build_object('used', true) ELSE d END ORDER BY o)
					FROM jsonb_array_elements(k.c -> 'directives') WITH ORDINALITY AS t(d, o)),
				'findings', (SELECT coalesce(jsonb_agg(g ORDER BY o), '[]')
					FROM jsonb_array_elements(k.c -> 'findings') WITH ORDINALITY AS t(g, o)
					WHERE g ->> 'rule' <> 'unused-ignore' OR (k.file, g ->> 'line') NOT IN (SELECT file, line FROM hatch))) ELSE k.c END AS c
			FROM checked k)
		SELECT coalesce(jsonb_agg(c ORDER BY place, n), '[]') FROM (
			SELECT 1 AS place, n, jsonb_build_object('file', file, 'findings', findings) AS c FROM past
			WHERE file NOT IN (SELECT file FROM checked)
			UNION ALL
			SELECT 2, h.n, CASE WHEN p.file IS NULL THEN h.c ELSE jsonb_set(h.c, '{findings}', p.findings || (h.c -> 'findings')) END
			FROM hatched h LEFT JOIN past p ON p.file = h.file) AS both_of_them" ignored="$ignored"
	mv "$T/more" "$T/found"
	rm -f "$T/history"
}
