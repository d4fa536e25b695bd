# shellcheck shell=sh
# migrations.sh: the part of make demo that checks somebody's own migrations.
# Sourced by demo.sh.
#
# Drizzle, Prisma and Flyway are known by their files; anything else is a
# folder of .sql files, taken by name.  Each file is checked on the private
# server as the files before it have left it, with existing tables taken for
# full ones, and is then applied, so that the next one meets its objects.

# find_migrations DIR: sets folder, and tool, which says whose files they are;
# stops with a message where there are none.
find_migrations() {
	[ -d "$1" ] || die "MIGRATIONS=$1: there is no such folder"
	folder=$(cd "$1" 2>/dev/null && pwd -P) || die "MIGRATIONS=$1: the folder cannot be entered"
	if [ -f "$folder/meta/_journal.json" ]; then
		tool=drizzle
	elif [ -n "$(find "$folder" -mindepth 2 -maxdepth 2 -name migration.sql | head -n 1)" ]; then
		tool=prisma
		[ -z "$(find "$folder" -mindepth 2 -maxdepth 2 -name snapshot.json | head -n 1)" ] || tool=drizzle-folders
	elif [ -n "$(find "$folder" -name 'V*__*.sql' | head -n 1)" ]; then
		tool=flyway
	elif [ -n "$(find "$folder" -maxdepth 1 -name '*.sql' | head -n 1)" ]; then
		tool=plain
	else
		for inner in drizzle migrations prisma/migrations db/migrate supabase/migrations; do
			[ -d "$folder/$inner" ] || continue
			die "MIGRATIONS=$1 holds no migrations; is it MIGRATIONS=$1/$inner?"
		done
		die "MIGRATIONS=$1 holds no migrations: neither meta/_journal.json (Drizzle) nor */migration.sql" \
			"(Prisma, Drizzle 1.0) nor V*__*.sql (Flyway) nor *.sql"
	fi
}

# list_migrations: the files in the order in which the tool runs them, a name
# a line, relative to the folder.
list_migrations() {
	case $tool in
		drizzle)
			WF_FILE=$folder/meta/_journal.json psql -XqAt -v ON_ERROR_STOP=1 <<-'EOF'
			\set journal `cat "$WF_FILE"`
			SELECT e->>'tag' || '.sql'
			FROM jsonb_array_elements(:'journal'::jsonb->'entries') WITH ORDINALITY j (e, n)
			ORDER BY n;
			EOF
			;;
		prisma|drizzle-folders)
			(cd "$folder" && find . -mindepth 2 -maxdepth 2 -name migration.sql | sed 's|^\./||' | LC_ALL=C sort)
			;;
		flyway)
			# By version, 1.2 before 1.10; repeatable ones last, by description.
			(cd "$folder" && find . -name 'V*__*.sql' | sed 's|^\./||' |
				awk '{n = $0; sub(/.*\//, "", n); sub(/^V/, "", n); sub(/__.*/, "", n)
				      gsub(/_/, ".", n); print n "\t" $0}' | LC_ALL=C sort -V | cut -f 2-
			find . -name 'R__*.sql' | sed 's|^\./||' |
				awk '{n = $0; sub(/.*\//, "", n); print n "\t" $0}' | LC_ALL=C sort | cut -f 2-)
			;;
		plain)
			(cd "$folder" && find . -maxdepth 1 -name '*.sql' ! -name '*.down.sql' | sed 's|^\./||' | LC_ALL=C sort)
			;;
	esac
}

# name_tool: how the first line calls them.
name_tool() {
	case $tool in
		drizzle) say "Drizzle, in the order of meta/_journal.json" ;;
		drizzle-folders) say "Drizzle 1.0, by folder" ;;
		prisma) say "Prisma, by folder" ;;
		flyway) say "Flyway, by version, repeatable ones last" ;;
		plain) say "plain SQL, by name" ;;
	esac
}

# count_of NUMBER NOUN
count_of() {
	if [ "$1" = 1 ]; then say "1 $2"; else say "$1 $2s"; fi
}

# note TEXT: one line below a file's name.
note() { say "  note: $*"; }

# read_migration FILE: makes of it $T/file.sql for the check, and $T/run.sql,
# without the lines that only psql understands.  Fails where it can't be read
# as text.
read_migration() {
	if [ ! -f "$1" ]; then
		note "is in the journal, but there is no such file"
		return 1
	elif [ ! -r "$1" ]; then
		note "cannot be read: permission denied"
		return 1
	elif ! iconv -f UTF-8 -t UTF-8 "$1" > /dev/null 2>&1 || [ "$(tr -cd '\000' < "$1" | wc -c)" -gt 0 ]; then
		note "is not UTF-8 text; convert it first, as in: iconv -f UTF-16 -t UTF-8"
		return 1
	fi
	# What undoes the migration is not part of it (goose, dbmate).
	sed -e '1s/^\xEF\xBB\xBF//' -e '/^-- *+goose  *Down/,$d' -e '/^-- *migrate:down/,$d' "$1" > "$T/file.sql"
	# A line of COPY's data may begin with \N, which is none of psql's commands.
	sed 's/^[[:space:]]*\\[A-MO-Za-z!?].*//' "$T/file.sql" > "$T/run.sql"
	if ! cmp -s "$T/file.sql" "$T/run.sql"; then
		note "holds commands of psql (\\i, \\set and the like), which are not followed"
	fi
}

# check_file: prints what the check says of $T/file.sql.  $1: does the tool
# wrap the file into a transaction?
check_file() {
	WF_FILE=$T/file.sql WF_FOUND=$T/found psql -XqAt -v ON_ERROR_STOP=1 -v wrapped="$1" <<-'EOF' 2>&1
	\set migration `cat "$WF_FILE"`
	SET client_min_messages = warning;
	CREATE TEMP TABLE found AS
	SELECT * FROM wishflags.migration_breaking_check(:'migration',
		jsonb_build_object('assume_populated', true, 'in_transaction', :'wrapped'::boolean));
	SELECT format(E'  %s %s line %s, %s\n           %s', rpad(severity, 8), rpad(rule, 28), line,
	              coalesce(object, '-'), message)
	FROM found WHERE severity <> 'info' ORDER BY line, col, rule;
	SELECT CASE WHEN count(*) = 0 THEN '  nothing found'
	            ELSE format('  and %s of severity info', count(*) FILTER (WHERE severity = 'info')) END
	FROM found HAVING count(*) = 0 OR bool_or(severity = 'info');
	\copy (SELECT severity, rule FROM found) TO PROGRAM 'cat >> "$WF_FOUND"'
	EOF
}

# apply_file: runs $T/run.sql in one transaction, or statement by statement
# where a statement refuses to run in one.
apply_file() {
	apply_sql -1 && return 0
	case $reason in
		*"cannot run inside a transaction block"*|*"unsafe use of new value"*) apply_sql && return 0 ;;
	esac
	note "does not apply here: $reason"
}

apply_sql() {
	PGOPTIONS='-c wishflags.guard=off -c client_min_messages=error' \
		psql -Xq -v ON_ERROR_STOP=1 "$@" -f "$T/run.sql" > /dev/null 2> "$T/apply.err" < /dev/null && return 0
	reason=$(sed -n 's/.*\(ERROR\|FATAL\): *//p' "$T/apply.err" | head -n 1)
	[ -n "$reason" ] || reason=$(head -n 1 "$T/apply.err")
	return 1
}

# check_migrations: all of it, with totals; fails if a file could not be read.
check_migrations() {
	list_migrations > "$T/list" || die "$folder/meta/_journal.json is no journal of Drizzle: see the error above"
	[ -s "$T/list" ] || die "$folder names no migration to run"
	createdb check
	PGDATABASE=check
	psql -Xq -v ON_ERROR_STOP=1 -c 'SET client_min_messages = warning' -c 'CREATE EXTENSION wishflags'
	# Drizzle's migrator runs all of them in one transaction.
	case $tool in drizzle*) wrapped=true ;; *) wrapped=false ;; esac
	: > "$T/found"
	files=0 unread=0
	say "Checking $(count_of "$(wc -l < "$T/list")" file) of $folder"
	say "($(name_tool))"
	while IFS= read -r file; do
		files=$((files + 1))
		say
		say "$file"
		if read_migration "$folder/$file"; then
			check_file "$wrapped"
			apply_file
		else
			unread=$((unread + 1))
		fi
	done < "$T/list"
	if [ "$tool" = drizzle ]; then
		(cd "$folder" && ls ./*.sql 2>/dev/null) | sed 's|^\./||' | grep -vxFf "$T/list" > "$T/extra" || :
		[ ! -s "$T/extra" ] || { say; note "not in the journal, so Drizzle never runs them: $(tr '\n' ' ' < "$T/extra")"; }
	fi
	print_totals
	[ "$unread" = 0 ] || die "$unread of $(count_of "$files" file) could not be read"
}

print_totals() {
	say
	say "$(count_of "$files" file), $(count_of "$(wc -l < "$T/found")" finding)"
	for severity in critical high medium low info; do
		n=$(grep -c "^$severity	" "$T/found" || :)
		[ "$n" = 0 ] || printf '%7d %s\n' "$n" "$severity"
	done
	grep -qv '^info' "$T/found" || return 0
	say
	say "The rules that speak most often:"
	grep -v '^info' "$T/found" | cut -f 2 | sort | uniq -c | sort -k1,1nr -k2 | head -n 10
}
