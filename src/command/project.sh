
# ---- where a project keeps its migrations ----------------------------------------

# migrations_in FOLDER: the folder of migrations that a tool's configuration in FOLDER
# names, or FOLDER itself, where no tool has one or the migrations lie there.
migrations_in() {
	local folder=$1 config named=''
	if [ "$(tool_of "$folder")" = plain ]; then
		for config in "$folder"/drizzle.config.* "$folder"/prisma.config.* "$folder/prisma/schema.prisma" "$folder/atlas.hcl" "$folder/db/structure.sql" "$folder/.env"; do
			[ -z "$named" ] && [ -f "$config" ] || continue
			case ${config##*/} in
				drizzle.config.*) named=$(literal_in "$config" out '' drizzle) ;;
				prisma.config.*) named=$(literal_in "$config" path 'migrations[^A-Za-z]*[{][^}]*' prisma/migrations) ;;
				schema.prisma) named=prisma/migrations ;;
				atlas.hcl) named=$(atlas_folder "$config") ;;
				structure.sql) ! rails_is "$folder/db" || named=db ;;
				.env) named=$(sed -n -E "s/^(export )?(DBMATE_MIGRATIONS_DIR|GOOSE_MIGRATION_DIR)=[\"']?([^\"']*)[\"']?[[:space:]]*$/\3/p" "$config" | tail -n 1) ;;
			esac || exit 2
		done
		named=${named:-${DBMATE_MIGRATIONS_DIR:-${GOOSE_MIGRATION_DIR-}}}
		# Where dbmate has them, if nobody says so.
		[ -n "$named" ] || ! dbmate_is "$folder/db/migrations" || named=db/migrations
	fi
	named=${named#./} named=${named%/}
	case $named in
		''|.) ;;
		/*) folder=$named ;;
		*) [ "$folder" = . ] && folder=$named || folder=$folder/$named ;;
	esac
	[ -d "$folder" ] || fail "the configuration in \"$1\" says that the migrations are in \"$folder\", which is no folder"
	printf '%s' "$folder"
}

# literal_in FILE KEY BEFORE DEFAULT: the plain text that a configuration in JavaScript
# or JSON gives to the key, which comes after the pattern BEFORE.
literal_in() {
	local text
	text=$(sed 's,^[[:space:]]*//.*,,; s,[[:space:]]//.*,,' "$1" | tr '\n' ' ' | grep -oE "(^|[^A-Za-z_])$3['\"]?\b$2['\"]?[[:space:]]*:[[:space:]]*[^,}]*" | head -n 1)
	[ -n "$text" ] || { printf '%s' "$4"; return; }
	text=${text##*"$2"}
	text=$(printf '%s' "$text" | sed -E "s/^['\"]?[[:space:]]*:[[:space:]]*//; s/[[:space:]]*$//")
	[[ $text =~ ^(\"[^\"\\]*\"|\'[^\'\\]*\'|\`[^\`\\\$]*\`)$ ]] || fail "\"$2\" in \"$1\" is no plain text: $text" "Name the folder of the migrations in place of \"$(dirname "$1")\"."
	printf '%s' "${text:1:-1}"
}

# atlas_folder FILE: the one folder that its environments have.
atlas_folder() {
	local named
	named=$(sed 's,^[[:space:]]*\(#\|//\).*,,' "$1" | tr '\n' ' ' | grep -oE 'migration[[:space:]]*\{[^}]*' | grep -oE '\bdir[[:space:]]*=[[:space:]]*"[^"]*"' |
		sed -E 's/^[^"]*"(file:\/\/)?//; s/(\?[^"]*)?"$//' | sort -u)
	[[ $named != *[\$:]* && $named != *$'\n'* ]] || fail "\"$1\" names more than one folder of migrations, or no plain one: ${named//$'\n'/, }" \
		"Name the folder in place of \"$(dirname "$1")\"."
	printf '%s' "${named:-migrations}"
}
