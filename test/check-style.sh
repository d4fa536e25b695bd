#!/bin/sh
# make check-style: the laws that a text search can prove.
set -u
top=$(cd "$(dirname "$0")/.." && pwd -P)
cd "$top" || exit 1
bad=0
fault() { printf 'style: %s\n' "$*"; bad=1; }

# DESIGN: who may include whom.  "room: rooms it may use".
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
	[ "$room" = upgrade ] && continue
	allowed=$(printf '%s' "$rooms" | sed -n "s/^$room://p")
	printf '%s' "$rooms" | grep -q "^$room:" || { fault "src/$room is no room of the design"; continue; }
	for used in $(sed -n 's/^#include "\([a-z]*\)\/[a-z_0-9]*\.h".*/\1/p' "$dir"*.c "$dir"*.h 2>/dev/null | sort -u); do
		[ -d "src/$used" ] || continue
		case " $room $allowed " in *" $used "*) ;; *) fault "src/$room includes a header of src/$used" ;; esac
	done
done

# The module file includes init headers and common only.
hits=$(grep -rlE 'PG_VERSION_NUM' src | grep -v '^src/common/compat\.h$' || :)
[ -z "$hits" ] || fault "PG_VERSION_NUM outside src/common/compat.h: $hits"

# Pure files see neither catalog nor SPI nor settings.
for f in src/flags/eval.c src/flags/bucket.c src/flags/predicate.c src/flags/dialect_*.c \
	src/schema/diff.c src/schema/order.c src/schema/ddl_*.c \
	src/migration/simulate.c src/migration/rule_*.c src/schedule/backoff.c; do
	[ -f "$f" ] || continue
	hits=$(grep -nE '^#include "(catalog/pg_[a-z_]*\.h|catalog/namespace\.h|catalog/indexing\.h|executor/spi\.h|utils/guc\.h|utils/syscache\.h|utils/lsyscache\.h|utils/rel\.h|access/(table|relation|genam|heapam|xact)\.h|miscadmin\.h)"' "$f" || :)
	[ -z "$hits" ] || fault "$f is pure, but has: $hits"
done

# Every error has an SQLSTATE.
for hit in $(grep -nE 'ereport\((ERROR|FATAL)' -r src --include='*.c' | cut -d: -f1,2); do
	file=${hit%:*} line=${hit#*:}
	sed -n "${line},$((line + 3))p" "$file" | grep -q errcode || fault "$hit: ereport without an errcode"
done

# A file has one duty.
for f in $(find src -name '*.[ch]' -o -name '*.sql'); do
	n=$(wc -l < "$f")
	[ "$n" -le 600 ] || fault "$f has $n lines; past 600 a file wants splitting"
done

# Every regression input has an answer, and the other way round.
for f in sql/*.sql; do
	[ -e "$f" ] || continue
	[ -f "expected/$(basename "$f" .sql).out" ] || fault "$f has no expected answer"
done
for f in expected/*.out; do
	[ -e "$f" ] || continue
	name=$(basename "$f" .out)
	[ -f "sql/$name.sql" ] || [ -f "sql/${name%_[0-9]}.sql" ] || fault "$f has no input"
	grep -q "^[[:space:]]*${name%_[0-9]}\( \\\\\)\{0,1\}$" Makefile || grep -q "^[[:space:]]*$name\( \\\\\)\{0,1\}$" Makefile || fault "$name is not in REGRESS"
done

# The version stands in the control file; META.json repeats it.
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" wishflags.control)
[ "$(grep -c "\"version\": \"$version\"" META.json)" = 2 ] || fault "META.json does not say version $version"

[ "$bad" = 0 ] && printf 'style: ok\n'
exit "$bad"
