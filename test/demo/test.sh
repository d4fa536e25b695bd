#!/bin/sh
# test.sh: runs make demo as a newcomer does, well and badly.  Prints TAP.
#
# The tour is a test of its own: it fails where a statement does not do what it
# says.  This proves what is around it: endings, messages, orders, clean-up.
set -u

top=$(cd "$(dirname "$0")/../.." && pwd -P)
W=$(mktemp -d /tmp/wfd.XXXXXX)
trap 'rm -rf "$W"' EXIT
trap 'exit 130' INT TERM HUP
number=0

# result STATUS NAME: one line of TAP; what went wrong follows as comment.
result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		printf 'ok %d - %s\n' "$number" "$2"
	else
		printf 'not ok %d - %s\n' "$number" "$2"
		tail -n 30 "$W/out" | sed 's/^/# /'
	fi
}

# demo ARGUMENT...: a run without terminal; $status and $W/out are its result.
demo() {
	status=0
	env "$@" sh "$top/test/demo.sh" < /dev/null > "$W/out" 2>&1 || status=$?
}

# says TEXT...: does the output hold each?
says() {
	for text in "$@"; do
		grep -qF -- "$text" "$W/out" || { printf '# not said: %s\n' "$text"; return 1; }
	done
}

# nothing_left: is the temporary folder of the run gone, and nothing running in it?
nothing_left() {
	folder=$(sed -n 's/^Starting a private server in \(.*\) \.\.\.$/\1/p' "$W/out")
	[ -n "$folder" ] && [ ! -e "$folder" ] && ! grep -slF "$folder" /proc/[0-9]*/cmdline
}

# ---- the tour ---------------------------------------------------------------

demo ITEMS=20000
result $status "the tour plays"
nothing_left; result $? "nothing is left of it"

# Nothing is refused on empty tables, and the tour notices.
demo ITEMS=0
[ $status != 0 ] && says 'the tour expected the last statement to fail'
result $? "a statement that does not do what the tour says ends it"

demo ITEMS=many
[ $status != 0 ] && says 'it should be a number'; result $? "a bad number of items is refused"

# Interrupted while the server runs: Ctrl-C reaches the whole process group.
perl -MPOSIX -e 'setsid(); $SIG{INT} = "DEFAULT"; exec @ARGV' \
	sh "$top/test/demo.sh" < /dev/null > "$W/out" 2>&1 &
pid=$!
for _ in $(seq 1 300); do
	grep -q '^Filling' "$W/out" && break
	sleep 0.1
done
kill -INT "-$pid"
wait "$pid"
[ $? = 130 ] && says 'Filling'; result $? "Ctrl-C ends it"
nothing_left; result $? "nothing is left after Ctrl-C"

# ---- somebody's own migrations ----------------------------------------------

demo MIGRATIONS="$top/docs/examples/wishlist/drizzle"
[ $status = 0 ] && says 'Checking 9 files' '(Drizzle, in the order of meta/_journal.json)' \
	'index-not-concurrent' 'drop-column' 'rename-column' '9 files' && ! grep -q 'does not apply' "$W/out"
result $? "the example's own migrations are checked"

demo MIGRATIONS="$W/nowhere"
[ $status != 0 ] && says 'there is no such folder'; result $? "a missing folder"

mkdir -p "$W/empty/prisma/migrations"
demo MIGRATIONS="$W/empty"
[ $status != 0 ] && says 'holds no migrations' 'prisma/migrations?'; result $? "an empty folder"

mkdir -p "$W/journal/meta"
echo '{"entries": [{"tag": "0000' > "$W/journal/meta/_journal.json"
demo MIGRATIONS="$W/journal"
[ $status != 0 ] && says 'invalid input syntax for type json' 'is no journal of Drizzle'; result $? "a damaged journal"

mkdir -p "$W/flyway"
printf 'CREATE TABLE b (id int);\n' > "$W/flyway/V1.2__b.sql"
printf 'ALTER TABLE b ADD COLUMN c int;\n' > "$W/flyway/V1.10__c.sql"
printf 'CREATE OR REPLACE VIEW v AS SELECT c FROM b;\n' > "$W/flyway/R__v.sql"
demo MIGRATIONS="$W/flyway"
[ $status = 0 ] && says '(Flyway' && ! grep -q 'does not apply' "$W/out" &&
	[ "$(grep -E '^[VR].*sql$' "$W/out" | tr '\n' ' ')" = 'V1.2__b.sql V1.10__c.sql R__v.sql ' ]
result $? "Flyway's order"

mkdir -p "$W/prisma/20260101000000_a" "$W/prisma/20260102000000_b"
printf 'CREATE TABLE a (id int);\n' > "$W/prisma/20260101000000_a/migration.sql"
printf 'CREATE INDEX ON a (id);\n' > "$W/prisma/20260102000000_b/migration.sql"
demo MIGRATIONS="$W/prisma"
[ $status = 0 ] && says '(Prisma' 'index-not-concurrent'; result $? "Prisma's folders"

echo '{}' > "$W/prisma/20260102000000_b/snapshot.json"
echo '-- +goose Down' >> "$W/prisma/20260102000000_b/migration.sql"
echo 'DROP TABLE a;' >> "$W/prisma/20260102000000_b/migration.sql"
demo MIGRATIONS="$W/prisma"
[ $status = 0 ] && says '(Drizzle 1.0' && ! grep -q 'drop-table' "$W/out"
result $? "Drizzle's folders, and no way back is checked"

mkdir -p "$W/plain"
printf '\\set x 1\nCREATE TABLE a (id int);\n' > "$W/plain/1.sql"
printf 'CREATE TABL b (id int);\nDROP TABLE a;\n' > "$W/plain/2.sql"
printf 'COMMENT ON TABLE a IS \047caf\351\047;\n' > "$W/plain/3.sql"
: > "$W/plain/4.sql"
printf 'CREATE INDEX CONCURRENTLY a_id ON a (id);\n' > "$W/plain/5 index.sql"
demo MIGRATIONS="$W/plain"
[ $status != 0 ] && says 'holds commands of psql' 'syntax-error' 'drop-table' 'does not apply here' \
	'is not UTF-8 text' '5 index.sql' '1 of 5 files could not be read'
result $? "psql commands, a syntax error, another encoding, an empty file, a blank in a name"

printf '1..%d\n' "$number"
