
# ---- sandboxes -----------------------------------------------------------------

# By this comment on a database, --drop knows what it may drop.
sandbox_mark='made by wishflags sandbox'

drop_sandbox() {
	psql_in "$1" -v name="$2" -f - <<< 'DROP DATABASE IF EXISTS :"name" WITH (FORCE)' > /dev/null 2>&1
}

# sandbox_argument OPTION VALUE PATTERN JSON: the JSON where the value is of the
# pattern; else what the file of that name holds.
sandbox_argument() {
	if [[ $2 =~ $3 ]]; then printf '%s' "$4"
	elif [ -f "$2" ]; then cat "$2"
	else wrong_use "$1: there is no file \"$2\""
	fi
}

# create_sandbox SOURCE NAME: an empty database, in which text is what it is in SOURCE.
create_sandbox() {
	psql_in "$1" -v name="$2" -v mark="$sandbox_mark" -f - <<-'SQL'
		SELECT format('CREATE DATABASE %I TEMPLATE template0 ENCODING %L LC_COLLATE %L LC_CTYPE %L', :'name',
			pg_encoding_to_char(d.encoding), d.datcollate, d.datctype) ||
			CASE d.datlocprovider WHEN 'i' THEN format(' LOCALE_PROVIDER icu ICU_LOCALE %L', locale)
				WHEN 'b' THEN format(' LOCALE_PROVIDER builtin BUILTIN_LOCALE %L', locale) ELSE '' END ||
			CASE WHEN j ->> 'daticurules' <> '' THEN format(' ICU_RULES %L', j ->> 'daticurules') ELSE '' END
		FROM pg_catalog.pg_database d, to_jsonb(d) j, coalesce(j ->> 'datlocale', j ->> 'daticulocale') locale
		WHERE d.datname = current_database() \gexec
		COMMENT ON DATABASE :"name" IS :'mark';
	SQL
}

# fill_sandbox SOURCE NAME SCHEMAS SAMPLE MASK: no row is written to a file.
fill_sandbox() {
	psql_in "$1" -v FETCH_COUNT=100 -v schemas="$3" -v sample="$4" -v mask="$5" -f - \
		<<< "SELECT sql FROM wishflags.sandbox_create(nullif(:'schemas', '{}')::text[], :'sample', :'mask')" |
		awk -v name="$2" '
			NR == 1 { hints = 1; print "\\connect \"" name "\"" }
			hints && /^-- Not masked: / { print "wishflags: not masked: " substr($0, 16) > "/dev/stderr"; next }
			{ hints = 0; print }' |
		psql_in "$1" -o /dev/null -f -
	[ "${PIPESTATUS[*]}" = '0 0 0' ]
}

do_sandbox() {
	local source name found how what
	[ ${#words[@]} = 2 ] || wrong_use "sandbox takes SOURCE and NAME"
	source=${words[0]} name=${words[1]}
	[ "$(kind_of "$source")" = database ] || fail "\"$source\" is not a database" \
		"Name one by a connection string: dbname=... or postgres://..."
	[[ $name =~ ^[A-Za-z_][A-Za-z0-9_]{0,62}$ ]] || wrong_use "\"$name\" is no name for a sandbox: use letters, digits and _"
	how=$(sandbox_argument --sample "${sample:-1000}" '^([0-9]+|[0-9]+(\.[0-9]+)?%)$' "$(case $sample in
		*%) printf '{"percent": %s}' "${sample%\%}" ;;
		*) printf '{"rows": %s}' "${sample:-1000}" ;;
	esac)") || exit 2
	what=$(sandbox_argument --mask "${mask:-none}" '^(suggested|none)$' \
		"$([ "$mask" = suggested ] && printf '"suggested"' || printf '{}')") || exit 2
	has_extension "$source" sandbox_create || fail "\"$source\" has no extension wishflags with sandbox_create() that you may use" \
		"Create it there: CREATE EXTENSION wishflags; or let its owner GRANT USAGE ON SCHEMA wishflags and EXECUTE ON FUNCTION wishflags.sandbox_create."
	found=$(psql_in "$source" -v name="$name" -f - <<< "SELECT coalesce(shobj_description(oid, 'pg_database'), '-')
		FROM pg_catalog.pg_database WHERE datname = :'name'") || exit 2
	if [ "$found" = "$sandbox_mark" ] && [ -n "$drop" ]; then
		drop_sandbox "$source" "$name" || fail "the database \"$name\" cannot be dropped"
	elif [ -n "$found" ]; then
		fail "the database \"$name\" exists" "$([ "$found" = "$sandbox_mark" ] && printf 'To replace it: --drop' ||
			printf 'It is no sandbox, so it is not dropped; choose another name.')"
	fi
	create_sandbox "$source" "$name" || fail "the database \"$name\" cannot be made"
	half_made=$name
	interruptible fill_sandbox "$source" "$name" "$schema_array" "$how" "$what" || fail "the sandbox cannot be filled; it is dropped again"
	half_made=
}
