
# ---- migration tools ---------------------------------------------------------

# Who lays out migrations, the first one that says so.  What is particular to a
# tool are functions TOOL_PROPERTY; one that it lacks is that of plain.
#
#	is FOLDER       did it lay out the folder?
#	files FOLDER    its migrations in the order in which it runs them, a line each
#	up FILE         the text that is run, each line in its place
#	down FILE       the text that undoes it; fails where nobody has written one
#	wraps FILE      does it run the file in a transaction?
#	again FILE      does it run the file again when it was changed?
#	number FILE     what no two files may have in common; empty: nothing
#	stamp FILE      what must not change of it besides its text
#	key FILE        what its ledger knows the file by
#	skips FOLDER    SQL in it that somebody may take for migrations, a line each
#	sources FOLDER  where the schema is written, as patterns of git from the top of
#	                the work tree (top)
tools=(drizzle drizzle-folders prisma sqitch atlas flyway golang-migrate dbmate goose node-pg-migrate rails plain)

# of_tool TOOL PROPERTY ARGUMENT...
of_tool() {
	local tool=$1 property=$2
	shift 2
	declare -F "${tool}_$property" > /dev/null || tool=plain
	"${tool}_$property" "$@"
}

# tool_of FOLDER
tool_of() {
	local tool
	for tool in "${tools[@]}"; do
		! of_tool "$tool" is "${1%/}" || break
	done
	printf '%s' "$tool"
}

# by_number: lines that name files, in the order of the numbers that the files begin with.
by_number() {
	awk -F / '{ number = $NF; if (!sub(/[^0-9].*/, "", number)) number = $NF; sub(/^0+/, "", number)
		printf "%40s\t%s\n", number, $0 }' | sort | cut -f 2-
}

# leading_number NAME: the digits that it begins with, without zeros in front.
leading_number() {
	local digits=${1%%[!0-9]*}
	[ -z "$digits" ] || { digits=${digits##+(0)}; printf '%s' "${digits:-0}"; }
}

# marked FOLDER PATTERN: does a file in it have such a line?
marked() {
	[ -d "$1" ] && [ -n "$(find -H "$1" -maxdepth 1 -xtype f -name '*.sql' -exec grep -lisE -e "$2" {} + | head -n 1)" ]
}

# any "FOLDER"/PATTERN: is there such a file?
any() { [ -e "$1" ]; }

# mark up|down: how dbmate, goose or node-pg-migrate mark this part of a file.
mark() { printf '^--[ \t]*([+]goose|migrate:)[ \t]*%s|^[ \t]*--[ \t-]*%s[ \t]+migration' "$1" "$1"; }

# part FILE up|down: what stands under this mark, or of all without marks; each line in its place.
part() {
	up=$(mark up) down=$(mark down) awk -v wanted="$2" '
		BEGIN { off = wanted != "up" }
		{ line = tolower($0) }
		line ~ ENVIRON["up"] { off = wanted != "up" }
		line ~ ENVIRON["down"] { off = wanted != "down" }
		{ print off ? "" : $0 }' < "$1"
}

# unmarked FILE: without the byte order mark, where the tool takes it off.
unmarked() { sed '1s/^\xEF\xBB\xBF//' < "$1"; }

# is_text FILE: is there more than comments and empty lines?
is_text() { grep -qvE '^[[:space:]]*(--.*)?$' "$1"; }

# ---- files in the order of their names

plain_is() { :; }

plain_files() {
	{
		find -H "$1" -maxdepth 1 -xtype f -name '*.sql' ! -name '*.down.sql' ! -name '*_down.sql' ! -name 'down.sql'
		find -H "$1" -mindepth 2 -maxdepth 2 -xtype f -name 'migration.sql'
	} | sort -V
}

plain_up() { part "$1" up; }

plain_down() {
	local file
	for file in "${1%.sql}.down.sql" "${1%.sql}_down.sql"; do
		[ ! -f "$file" ] || { cat "$file"; return; }
	done
	grep -qiE -e "$(mark down)" -- "$1" && part "$1" down
}

plain_wraps() { false; }

plain_again() { false; }

plain_number() { leading_number "${1##*/}"; }

plain_stamp() { :; }

plain_key() { basename "$1" .sql; }

plain_skips() { find -H "$1" -maxdepth 1 -xtype f -name '*.sql' ! -name '*.down.sql' ! -name '*_down.sql' ! -name 'down.sql'; }

plain_sources() { :; }

# ---- Drizzle, with a journal

drizzle_is() { [ -f "$1/meta/_journal.json" ]; }

# A line "file, tab, when" each into $T/journal too.
drizzle_files() {
	local tag when
	cp "$1/meta/_journal.json" "$T/journal.json" || exit 2
	json_psql -f - > "$T/tags" 2> "$T/errors" <<-SQL || no_journal $? "$1/meta/_journal.json"
		\\set journal \`cat $T/journal.json\`
		SELECT (e ->> 'tag') || E'\\t' || CASE WHEN jsonb_typeof(e -> 'when') = 'number' THEN e ->> 'when' ELSE '' END FROM jsonb_array_elements(:'journal'::jsonb -> 'entries') e ORDER BY (e ->> 'idx')::int;
	SQL
	while IFS=$'\t' read -r tag when; do
		[ -f "$1/$tag.sql" ] || fail "the journal of \"$1\" names \"$tag\", but there is no $tag.sql"
		printf '%s\t%s\n' "$1/$tag.sql" "$when" >> "$T/journal"
		printf '%s\n' "$1/$tag.sql"
	done < "$T/tags"
}

# no_journal STATUS FILE: psql, which ended so, has not read it.
no_journal() {
	[ "$1" != 2 ] || { cat "$T/errors" >&2; fail "the database \"$database\" cannot be read"; }
	fail "\"$2\" is no journal of Drizzle"
}

# json_psql ARGUMENT...: a database to read JSON with; it need not have the extension.
json_psql() {
	if [ -n "$database" ]; then
		psql_in "$database" "$@"
	else
		start_scratch
		scratch_psql postgres "$@"
	fi
}

drizzle_up() { cat "$1"; }

drizzle_wraps() { :; }

drizzle_stamp() { file=$1 awk -F '\t' '$1 == ENVIRON["file"] { print $2; exit }' "$T/journal"; }

# A row of the ledger has the journal's time, and no name.
drizzle_key() { drizzle_stamp "$1"; }

# What the configuration says, else where Drizzle's documentation puts it.
drizzle_sources() {
	local folder config
	folder=$(cd "$1" && pwd -P)
	while ! any "$folder"/drizzle.config.* && [ "$folder" != "$top" ] && [ "$folder" != / ]; do
		folder=$(dirname "$folder")
	done
	for config in "$folder"/drizzle.config.*; do break; done
	{ [ ! -f "$config" ] || drizzle_configured "$config"; } | grep . || printf '%s\n' 'src/**/schema.ts' '**/schema/**/*.ts'
}

# drizzle_configured CONFIG: the patterns of its "schema", from the top of the work tree.
drizzle_configured() {
	local folder prefix path
	folder=$(dirname "$1")
	prefix=$(git -C "$folder" rev-parse --show-prefix | sed 's/[][*?\\]/\\&/g')
	sed 's,//.*,,' "$1" | tr '\n' ' ' | grep -oE "schema['\"]?[[:space:]]*:[[:space:]]*(\[[^]]*\]|\"[^\"]*\"|'[^']*'|\`[^\`]*\`)" |
		sed 's/^[^:]*://' | grep -oE "\"[^\"]+\"|'[^']+'|\`[^\`]+\`" | tr -d "\"'\`" |
		while IFS= read -r path; do
			# A bare word is the schema of the ledger.
			case $path in *[./]*) ;; *) continue ;; esac
			path=${path#./}
			[ ! -d "$folder/$path" ] || path="${path%/}/**"
			printf '%s\n' "$prefix$path"
		done
}

# ---- Drizzle 1.0 and Prisma: a folder each

folders_of() { find -H "$1" -mindepth 2 -maxdepth 2 -xtype f -name migration.sql | sort; }

drizzle-folders_is() { any "$1"/*/snapshot.json && any "$1"/*/migration.sql; }
drizzle-folders_files() { folders_of "$1"; }
drizzle-folders_up() { cat "$1"; }
drizzle-folders_down() { prisma_down "$1"; }
drizzle-folders_wraps() { :; }
drizzle-folders_number() { prisma_number "$1"; }
drizzle-folders_key() { prisma_key "$1"; }
drizzle-folders_sources() { drizzle_sources "$1"; }

prisma_is() { [ -f "$1/migration_lock.toml" ] || any "$1"/*/migration.sql; }
prisma_files() { folders_of "$1"; }
prisma_up() { cat "$1"; }
prisma_down() { [ -f "$(dirname "$1")/down.sql" ] && cat "$(dirname "$1")/down.sql"; }
prisma_number() { leading_number "$(basename "$(dirname "$1")")"; }
prisma_key() { basename "$(dirname "$1")"; }
prisma_sources() { printf '**/*.prisma\n'; }

# ---- sqitch: the plan

sqitch_is() { [ -f "$1/sqitch.plan" ] || [ -f "$1/sqitch.conf" ]; }

# sqitch_option FOLDER NAME: what its sqitch.conf says, for PostgreSQL or at all.
sqitch_option() {
	[ ! -f "$1/sqitch.conf" ] || awk -v wanted="$2" '
		{ sub(/^[ \t]+/, ""); sub(/[ \t\r]+$/, "") }
		/^\[/ { part = $0; next }
		/^[#;]/ { next }
		{ key = $0; sub(/[ \t]*=.*/, "", key); if (key != wanted) next
			text = $0; sub(/^[^=]*=[ \t]*/, "", text); sub(/[ \t]+[#;].*$/, "", text); gsub(/^"|"$/, "", text); said[part] = text }
		END { if ("[engine \"pg\"]" in said) print said["[engine \"pg\"]"]; else if ("[core]" in said) print said["[core]"] }' "$1/sqitch.conf"
}

# sqitch_layout FOLDER: sets, from the folder, where the plan and the scripts are.
sqitch_deploy=deploy sqitch_revert=revert
sqitch_layout() {
	local top
	top=$(sqitch_option "$1" top_dir)
	top=${top#./} top=${top%/}
	[ "$top" != . ] || top=
	top=${top:+$top/}
	sqitch_plan=$(sqitch_option "$1" plan_file)
	sqitch_deploy=$(sqitch_option "$1" deploy_dir)
	sqitch_revert=$(sqitch_option "$1" revert_dir)
	sqitch_plan=${sqitch_plan:-${top}sqitch.plan} sqitch_deploy=${sqitch_deploy:-${top}deploy} sqitch_revert=${sqitch_revert:-${top}revert}
	sqitch_plan=${sqitch_plan#./} sqitch_deploy=${sqitch_deploy#./} sqitch_revert=${sqitch_revert#./}
	sqitch_deploy=${sqitch_deploy%/} sqitch_revert=${sqitch_revert%/}
}

# A change that was reworked stands in the plan again; its earlier script has the name of the tag between.
sqitch_files() {
	local name
	sqitch_layout "$1"
	[ -f "$1/$sqitch_plan" ] || fail "\"$1/sqitch.conf\" names the plan \"$sqitch_plan\", which is not there"
	awk '{ sub(/\r$/, ""); sub(/#.*/, "") } /^[ \t]*(%|$)/ { next }
		$1 ~ /^@/ { for (i in open) { tag[i] = $1; delete open[i] } next }
		{ n++; sub(/^\+/, "", $1); name[n] = $1; last[$1] = n; open[n] }
		END { for (i = 1; i <= n; i++) print name[i] (i < last[name[i]] ? tag[i] : "") }' "$1/$sqitch_plan" |
		while IFS= read -r name; do
			[ -f "$1/$sqitch_deploy/$name.sql" ] || fail "the plan of \"$1\" names \"$name\", but there is no $sqitch_deploy/$name.sql"
			printf '%s\n' "$1/$sqitch_deploy/$name.sql"
		done
}

sqitch_up() { unmarked "$1"; }

sqitch_down() {
	local file=${1%/"$sqitch_deploy"/*}/$sqitch_revert/${1##*/"$sqitch_deploy"/}
	[ -f "$file" ] && cat "$file"
}

sqitch_skips() { find -H "$1/$sqitch_deploy" -xtype f -name '*.sql' 2> /dev/null; }
sqitch_number() { :; }
# Its ledger has the name only, once more for each time that the change was reworked.
sqitch_key() { local name=${1##*/"$sqitch_deploy"/}; name=${name%.sql}; printf '%s' "${name%%@*}"; }

# ---- Atlas: the order of its sums

atlas_is() { [ -f "$1/atlas.sum" ]; }

# A checkpoint sums up what stands before it; nothing is lost without it.  Where the sums lack a
# file they are to be written anew, by the names.
atlas_files() {
	local name
	sed -n '2,$s/ h1:[^ ]*$//p' "$1/atlas.sum" > "$T/sums"
	find -H "$1" -maxdepth 1 -xtype f -name '*.sql' ! -name '*.down.sql' -printf '%f\n' > "$T/there"
	if grep -qvxFf "$T/sums" "$T/there"; then sort -u "$T/sums" "$T/there"; else cat "$T/sums"; fi | while IFS= read -r name; do
		[ -f "$1/$name" ] || fail "\"$1/atlas.sum\" names \"$name\", which is not there" "Write it anew: atlas migrate hash"
		grep -qsxE -e '-- atlas:checkpoint[[:space:]]*' "$1/$name" || printf '%s\n' "$1/$name"
	done
}

atlas_skips() { :; }
atlas_up() { cat "$1"; }
atlas_wraps() { :; }
atlas_number() { atlas_key "$1"; }
atlas_key() { local name=${1##*/}; name=${name%.sql}; printf '%s' "${name%%_*}"; }

# ---- Flyway: versions, then what is repeatable

flyway_is() { [ -n "$(find -H "$1" -xtype f -name 'V*__*.sql' | head -n 1)" ]; }

# Undoing files are never run.
flyway_files() {
	find -H "$1" -xtype f -name 'V*__*.sql' ! -name '*.down.sql' |
		awk -F / '{ key = ""; version = substr($NF, 2); sub(/__.*/, "", version); gsub(/_/, ".", version)
			n = split(version, part, "."); while (n > 1 && part[n] + 0 == 0) n--
			for (i = 1; i <= n; i++) { sub(/^0+/, "", part[i]); key = key sprintf("%30s.", part[i]) } print key "\t" $0 }' |
		sort | cut -f 2-
	find -H "$1" -xtype f -name 'R__*.sql' -printf '%f\t%p\n' | sort | cut -f 2-
}

flyway_up() { unmarked "$1"; }

flyway_skips() { find -H "$1" -xtype f -iname '[vr][0-9_]*.sql' ! -name '*.down.sql'; }

flyway_down() {
	local name=${1##*/} file
	[[ $name == V* ]] || return 1
	name=${name%%__*}
	file=$(find "$(dirname "$1")" -maxdepth 1 -xtype f -name "U${name#V}__*.sql" | head -n 1)
	[ -n "$file" ] && cat "$file"
}

# It finds itself what cannot run in one.
flyway_wraps() {
	! grep -qiE -e '\bconcurrently\b|^[[:space:]]*(vacuum|alter[[:space:]]+system|create[[:space:]]+(database|tablespace))\b' "$1"
}

flyway_again() { [[ ${1##*/} == R__* ]]; }

flyway_number() {
	local version=${1##*/}
	[[ $version == V* ]] || return 0
	version=${version#V}
	version=${version%%__*}
	printf '%s' "${version//_/.}" | sed -E 's/(^|\.)0+([0-9])/\1\2/g; s/(\.0)+$//'
}

flyway_key() {
	if flyway_again "$1"; then printf '%s' "${1##*/}"; else flyway_number "$1"; fi
}

# ---- golang-migrate: a file for each way

golang-migrate_is() { any "$1"/*.up.sql; }
golang-migrate_files() { find -H "$1" -maxdepth 1 -xtype f -name '*.up.sql' | by_number; }
golang-migrate_up() { cat "$1"; }
golang-migrate_down() { [ -f "${1%.up.sql}.down.sql" ] && cat "${1%.up.sql}.down.sql"; }
golang-migrate_key() { plain_number "$1"; }

# ---- dbmate, goose and node-pg-migrate: marks in one file

dbmate_is() { marked "$1" '^--[[:space:]]*migrate:up'; }
dbmate_files() { find -H "$1" -maxdepth 1 -xtype f -name '[0-9]*.sql' | by_number; }
dbmate_wraps() { :; }
# As it is written, with its zeros.
dbmate_key() { local name=${1##*/}; printf '%s' "${name%%[!0-9]*}"; }

goose_is() { marked "$1" '^--[[:space:]]*[+]goose[[:space:]]+up'; }
goose_files() { dbmate_files "$1"; }
goose_wraps() { :; }
goose_key() { plain_number "$1"; }

node-pg-migrate_is() { marked "$1" '^[[:space:]]*--[[:space:]-]*up[[:space:]]+migration'; }
node-pg-migrate_files() { dbmate_files "$1"; }
node-pg-migrate_wraps() { :; }

# ---- Rails: migrations in Ruby, and the dump that they make

rails_is() { [ -f "$1/structure.sql" ] && { [ -d "$1/migrate" ] || grep -q 'schema_migrations' "$1/structure.sql"; }; }
rails_files() { printf '%s\n' "$1/structure.sql"; }
rails_up() { cat "$1"; }
# Each migration changes it: it is what those have made that were run.
rails_again() { :; }
rails_key() { tail -n 1 "$T/applied" | cut -f 1; }
rails_number() { :; }

# ---- the files of the command line

# wrapped_by TOOL FILE: sets in_transaction to true or false, as the command line, the
# file or the tool says.
declare -A alone
wrapped_by() {
	in_transaction=$wrapped
	[ -z "$wrapped" ] || return 0
	in_transaction=false
	[ -z "${alone[$2]-}" ] && of_tool "$1" wraps "$2" || return 0
	in_transaction=true
}

# find_alone: files of $T/migrations that say that they run in no transaction.
find_alone() {
	local file
	while IFS= read -r file; do alone[$file]=yes; done < <(cut -f 2- "$T/migrations" | tr '\n' '\0' | xargs -0 grep -lisE \
		-e '^--[[:space:]]*([+]goose no transaction|migrate:up.*transaction:[[:space:]]*false|atlas:txmode none|no-transaction)' --)
}

# tell_skipped: what lies in a folder and is not run, by tool, path and $T/files of find_migrations.
tell_skipped() {
	local -a names=()
	mapfile -t names < <(of_tool "$tool" skips "$path" | grep -vxFf "$T/files" | sort)
	[ ${#names[@]} = 0 ] || printf 'wishflags: %s does not run %s, so it is not checked\n' "$tool" \
		"$(printf ', %s' "${names[@]:0:5}" | cut -c 3-)$([ ${#names[@]} -le 5 ] || printf ' and %d more' $((${#names[@]} - 5)))"
}

# tell_unread: what is no SQL, likewise.
tell_unread() {
	local number language
	find -H "$path" -maxdepth 2 -xtype f \( -name '[0-9]*[_-]*' -o -name '[VR]*__*' \) | awk '
		BEGIN { n = split("rb Ruby go Go js JavaScript ts TypeScript py Python java Java kt Kotlin", word); for (i = 1; i < n; i += 2) language[word[i]] = word[i + 1] }
		{ sub(/.*[.]/, "") } $0 in language { count[language[$0]]++ }
		END { for (i in count) print count[i] "\t" i }' | sort -k 2 | while IFS=$'\t' read -r number language; do
		case $tool:$language in
			rails:Ruby) ;;
			*:Ruby) printf 'wishflags: %s migrations of "%s" are Ruby, which cannot be read; check db/structure.sql instead\n' "$number" "$path" ;;
			*) printf 'wishflags: %s migrations of "%s" are %s, which cannot be read\n' "$number" "$path" "$language" ;;
		esac
	done
}

# find_migrations: the files of all paths into $T/migrations, a line "tool, tab,
# file" each; the paths into $T/paths likewise.
find_migrations() {
	local path tool
	make_folder
	: > "$T/paths"
	for path in "${words[@]}"; do
		case $(kind_of "$path") in
			sql) printf 'plain\t%s\n' "$path" ;;
			folder)
				path=$(migrations_in "${path%/}") || exit 2
				tool=$(tool_of "$path")
				printf '%s\t%s\n' "$tool" "$path" >> "$T/paths"
				of_tool "$tool" files "$path" > "$T/files" || exit 2
				awk -v tool="$tool" '{ print tool "\t" $0 }' "$T/files"
				tell_skipped >&2
				tell_unread >&2 ;;
			missing|database) fail "there is no file or folder \"$path\"" "A database is named by --database." ;;
			json) fail "\"$path\" is no SQL" ;;
		esac
	done > "$T/migrations"
	find_alone
	[ -s "$T/migrations" ] || fail "there are no migrations in ${words[*]}" "A folder of migrations holds NAME.sql or NAME/migration.sql."
}
