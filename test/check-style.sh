#!/bin/sh
# make check-style: the laws that a text search can prove.
set -u
top=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$top" || exit 1
bad=0
fault() { printf 'style: %s\n' "$*"; bad=1; }

# each HITS MESSAGE: a fault a line of HITS ("file:line:text").
each() {
	[ -z "$1" ] || { printf '%s\n' "$1" | sed "s|^|style: $2: |"; bad=1; }
}

sources=$(find src -name '*.c' -o -name '*.h' | sort)
parts=$(find src -name '*.sql' ! -path 'src/upgrade/*' | sort)

# ---- rooms ------------------------------------------------------------------

# Who may include whom.  "room: rooms it may use".
rooms='
common:
record: common
ddl: common
stats: common
flags: common stats record
schema: common ddl
migration: common ddl schema record
guard: common ddl migration record
ledger: common record schema migration
schedule: common flags record
outbox: common record
environment: common record ddl stats flags schema migration ledger schedule
'
for dir in src/*/; do
	room=$(basename "$dir")
	case $room in upgrade|command) continue ;; esac
	allowed=$(printf '%s' "$rooms" | sed -n "s/^$room://p")
	printf '%s' "$rooms" | grep -q "^$room:" || { fault "src/$room is no room of the design"; continue; }
	for used in $(sed -n 's/^#[ \t]*include "\([a-z]*\)\/[a-z_0-9]*\.h".*/\1/p' "$dir"*.c "$dir"*.h 2>/dev/null | sort -u); do
		[ -d "src/$used" ] || continue
		case " $room $allowed " in *" $used "*) ;; *) fault "src/$room includes a header of src/$used" ;; esac
	done
done

# The module file knows of each room its init, and of common everything.
for header in $(sed -n 's/^#[ \t]*include "\([a-z]*\/[a-z_0-9]*\.h\)".*/\1/p' src/wishflags.c); do
	room=${header%/*}
	[ -d "src/$room" ] || continue
	case $header in
		common/*|"$room/$room.h") ;;
		*) fault "src/wishflags.c includes $header; of a room it may know $room/$room.h" ;;
	esac
done
calls=$(grep -noE 'wf_[a-z]+_[a-z_]+\(' src/wishflags.c | grep -vE ':wf_(common_[a-z_]+|[a-z]+_init)\(' || :)
each "$calls" "src/wishflags.c calls more of a room than its init"

# Headers of our own are named with their room, compat.h first of all.
for f in $sources; do
	case $f in
		*.c)
			first=$(sed -n 's/^#[ \t]*include[ \t]*//p' "$f" | head -n 1)
			[ "$first" = '"common/compat.h"' ] || fault "$f does not begin with \"common/compat.h\""
			;;
	esac
done
each "$(grep -nE '^#[ \t]*include "[^/"]*\.h"' $sources | while IFS=: read -r f n text; do
	name=$(printf '%s' "$text" | cut -d '"' -f 2)
	[ ! -f "$(dirname "$f")/$name" ] || printf '%s:%s:%s\n' "$f" "$n" "$text"
done)" "a header without its room"

# One file knows the server's version.
hits=$(grep -rlE 'PG_VERSION_NUM' src | grep -v '^src/common/compat\.h$' || :)
[ -z "$hits" ] || fault "PG_VERSION_NUM outside src/common/compat.h: $hits"

# Pure files see neither catalog nor SPI nor settings.
for f in src/flags/eval.c src/flags/bucket.c src/flags/predicate.c src/flags/dialect_*.c \
	src/flags/attribute.c src/flags/node.c src/flags/segment.c src/flags/split.c src/flags/value.c \
	src/flags/js.c src/flags/json*.c src/flags/python.c src/flags/operator*.c src/flags/pattern.c src/flags/version.c src/flags/moment.c \
	src/flags/clock.c src/flags/estimate.c src/flags/experiment_compare.c src/flags/experiment_statistic.c \
	src/flags/preview_serve.c src/flags/preview_text.c \
	src/flags/network.c src/flags/logic*.c src/flags/set.c \
	src/schema/diff.c src/schema/order.c src/schema/ddl_*.c \
	src/migration/simulate.c src/migration/rule_*.c src/schedule/backoff.c; do
	[ -f "$f" ] || continue
	hits=$(grep -nE '^#include "(catalog/pg_[a-z_]*\.h|catalog/namespace\.h|catalog/indexing\.h|executor/spi\.h|utils/guc\.h|utils/syscache\.h|utils/lsyscache\.h|utils/rel\.h|access/(table|relation|genam|heapam|xact)\.h)"|\b(Get[A-Za-z]*UserId|GetUserNameFromId|MyDatabaseId|MyProcPid)\b|\bsuperuser(_arg)?\(' "$f" || :)
	[ -z "$hits" ] || fault "$f is pure, but has: $hits"
done

# ---- C ----------------------------------------------------------------------

# Every error has an SQLSTATE.
for hit in $(grep -nE 'ereport\((ERROR|FATAL)' $sources | cut -d: -f1,2); do
	file=${hit%:*} line=${hit#*:}
	sed -n "${line},$((line + 3))p" "$file" | grep -q errcode || fault "$hit: ereport without an errcode"
done
each "$(grep -nE 'errmsg(_plural)?\("[A-Z][a-z]' $sources || :)" 'a message begins in lower case'
each "$(grep -nE 'errmsg\("([^"\\]|\\.)*\.")' $sources || :)" 'a message has no period'
each "$(grep -nE 'err(detail|hint)\("[a-z]' $sources || :)" 'DETAIL and HINT are sentences'
each "$(grep -nE '[ 	]+$' $sources $parts || :)" 'blanks at the end of a line'
each "$(grep -nE '^    ' $sources || :)" 'indented by blanks'
each "$(grep -nE '(^|[ 	;])//' $sources || :)" 'a // comment'

# ---- SQL --------------------------------------------------------------------

# Every function says how it may be run; triggers run in one way only.
labels=$(awk '
	function flush() {
		if (text == "") return
		if (text !~ /RETURNS (event_)?trigger/) {
			if (text !~ /(VOLATILE|STABLE|IMMUTABLE)/) print where ": " name " has no volatility"
			if (text !~ /PARALLEL (SAFE|RESTRICTED|UNSAFE)/) print where ": " name " has no PARALLEL label"
			if (text !~ /COST [0-9]/) print where ": " name " has no COST"
		}
		text = ""
	}
	/^CREATE (FUNCTION|PROCEDURE)/ { flush(); where = FILENAME ":" FNR; name = $3; sub(/\(.*/, "", name); text = " "; kind = $2 }
	text != "" { head = $0; sub(/[ )]AS[ \t]*[\x27$].*/, "", head); text = text " " head }
	text != "" && kind == "PROCEDURE" { text = "" }
	text != "" && (/(^|[ )])AS[ \t]*($|[\x27$])/ || /BEGIN ATOMIC/ || /^RETURN/ && !/^RETURNS/ || /;[ \t]*$/) { flush() }
	END { flush() }' $parts)
each "$labels" 'a function without a label'
each "$(grep -nE 'CREATE OR REPLACE|IF NOT EXISTS' $parts || :)" 'the install script only creates'

# ---- the tree ---------------------------------------------------------------

# The install script is read in the encoding of the database.
hits=$(LC_ALL=C grep -rlP '[^\x00-\x7F]' src --include='*.sql' || :)
[ -z "$hits" ] || fault "not ASCII, so CREATE EXTENSION fails in some encodings: $hits"

# A file has one duty.
for f in $sources $parts; do
	n=$(wc -l < "$f")
	[ "$n" -le 600 ] || fault "$f has $n lines; past 600 a file wants splitting"
done

# What is there is built.
for f in $(find src -name '*.c' | sort); do
	grep -qE "^[[:space:]]*${f%.c}\.o( \\\\)?$" Makefile || fault "$f is not in OBJS"
done
for f in $parts; do
	grep -qE "^[[:space:]]*$f( \\\\)?$" Makefile || fault "$f is not in SQL_PARTS"
done
for f in src/command/*.sh; do
	grep -qE "^[[:space:]]*$f( \\\\)?$" Makefile || fault "$f is not in SCRIPT_PARTS"
done

# Every regression input has an answer, and the other way round.
for f in sql/*.sql; do
	[ -e "$f" ] || continue
	[ -f "expected/$(basename "$f" .sql).out" ] || fault "$f has no expected answer"
	n=$(wc -l < "$f")
	[ "$n" -le 150 ] || fault "$f has $n lines; past 150 a test wants splitting"
done
for f in expected/*.out; do
	[ -e "$f" ] || continue
	name=$(basename "$f" .out)
	[ -f "sql/$name.sql" ] || name=${name%_[0-9]}
	[ -f "sql/$name.sql" ] || fault "$f has no input"
	grep -qE "^[[:space:]]*$name( \\\\)?$" Makefile || fault "$name is not in REGRESS"
done
for f in test/isolation/specs/*.spec; do
	[ -e "$f" ] || continue
	[ -f "test/isolation/expected/$(basename "$f" .spec).out" ] || fault "$f has no expected answer"
done

# The version stands in the control file; META.json repeats it.
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" wishflags.control)
[ "$(grep -c "\"version\": \"$version\"" META.json)" = 2 ] || fault "META.json does not say version $version"

# An update script leads away from a version whose install script is kept, and
# names parts only as long as nobody has released it.
for f in src/upgrade/wishflags--*--*.sql; do
	[ -e "$f" ] || continue
	old=$(basename "$f" .sql)
	old=${old#wishflags--}
	old=${old%%--*}
	[ -f "test/upgrade/wishflags--$old.sql" ] || fault "$f: test/upgrade/wishflags--$old.sql is not there"
	case $f in *"--$version.sql") ;; *) ! grep -q '^@include ' "$f" || fault "$f was released, and its parts change on" ;; esac
done

# Nothing unfinished, and no place of somebody's machine.
if git rev-parse --git-dir > /dev/null 2>&1; then
	each "$(git grep -nwE 'TODO|FIXME|XXX|HACK' -- . ':!test/check-style.sh' || :)" 'unfinished'
	each "$(git grep -nE '(^|[^A-Za-z_.])/(root|home|work)/' -- . ':!test/check-style.sh' || :)" 'a path of somebody'"'"'s machine'
fi

[ "$bad" = 0 ] && printf 'style: ok\n'
exit "$bad"
