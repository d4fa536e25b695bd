#!/bin/sh
# Benchmark of the guard: what a DDL command without findings costs beside a
# database without the extension, and 10,000 tables made in one transaction
# beside 1,000, both without files, whose making varies too much.  The two
# databases take turns, and medians are compared.  ROUNDS and COMMANDS may be
# set.
set -eu

rounds=${ROUNDS:-9}
commands=${COMMANDS:-500}
guarded=$PGDATABASE
plain=${PGDATABASE}_plain

dropdb --if-exists "$plain" 2>/dev/null
createdb "$plain"
for database in "$guarded" "$plain"; do
	psql -Xq -v ON_ERROR_STOP=1 -d "$database" <<'SQL'
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id bigint PRIMARY KEY, total numeric);
INSERT INTO shop.orders SELECT g, g FROM generate_series(1, 10000) g;
SQL
done

# microseconds DATABASE COMMAND: of one command in a loop that is rolled back;
# %n is its number, %r that of the round.
microseconds() {
	psql -XqAt -v ON_ERROR_STOP=1 -d "$1" <<SQL
BEGIN;
CREATE TEMP TABLE times (us float8);
SET LOCAL client_min_messages = error;
DO \$\$
DECLARE
	began timestamptz := clock_timestamp();
BEGIN
	FOR n IN 1..$commands LOOP
		EXECUTE replace(\$c\$$2\$c\$, '%n', n::text);
	END LOOP;
	INSERT INTO times VALUES (extract(epoch FROM clock_timestamp() - began) * 1e6 / $commands);
END \$\$;
SELECT us FROM times;
ROLLBACK;
SQL
}

median() { sort -n | awk '{v[NR] = $1} END {print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'; }

compare() {
	: > guarded.times
	: > plain.times
	i=0
	while [ "$i" -lt "$rounds" ]; do
		# No round meets the dead names of another, and each is first in turn.
		command=$(printf '%s' "$2" | sed "s/%r/$i/")
		[ $((i % 2)) = 0 ] || microseconds "$plain" "$command" >> plain.times
		microseconds "$guarded" "$command" >> guarded.times
		[ $((i % 2)) = 1 ] || microseconds "$plain" "$command" >> plain.times
		i=$((i + 1))
	done
	awk -v name="$1" -v a="$(median < guarded.times)" -v b="$(median < plain.times)" 'BEGIN {
		printf "%-58s %8.3f  (%.1f us : %.1f us, %+.1f us a command)\n", name, a / b, a, b, a - b }'
}

# tables DATABASE NUMBER: milliseconds for so many tables in one transaction.
tables() {
	psql -XqAt -v ON_ERROR_STOP=1 -d "$1" -c "BEGIN" -c '\timing on' \
		-c "DO \$\$ BEGIN FOR n IN 1..$2 LOOP EXECUTE 'CREATE TABLE shop.t' || n || ' (id int) PARTITION BY RANGE (id)'; END LOOP; END \$\$" \
		-c '\timing off' -c "ROLLBACK" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p'
}

compare "COMMENT ON TABLE over one without the extension" "COMMENT ON TABLE shop.orders IS '%n'"
compare "CREATE TABLE, without a file" "CREATE TABLE shop.t%n_%r (id int, note text) PARTITION BY RANGE (id)"
compare "ALTER TABLE ADD COLUMN" "ALTER TABLE shop.orders ADD COLUMN c%n_%r int"

# Settings of a policy that is never in force here make the rules look.
psql -Xq -d "$guarded" -c "INSERT INTO wishflags.guard_policies (rule, action, environments, reason) VALUES ('all', 'block', '{elsewhere}', 'bench')"
compare "ALTER TABLE ADD COLUMN that all rules look at" "ALTER TABLE shop.orders ADD COLUMN c%n_%r int"
psql -Xq -d "$guarded" -c "DELETE FROM wishflags.guard_policies"

# What the hooks add to statements that are no DDL: the same small queries in a
# database without the extension, in sessions that have loaded the library and
# in others.
queries() {
	psql -XqAt -v ON_ERROR_STOP=1 -d "$plain" -c "$1" -c "DO \$\$
DECLARE began timestamptz := clock_timestamp();
BEGIN
	FOR n IN 1..20000 LOOP
		EXECUTE 'SELECT total FROM shop.orders WHERE id = \$1' USING n % 10000;
	END LOOP;
	PERFORM set_config('bench.us', (extract(epoch FROM clock_timestamp() - began) * 1e6 / 20000)::text, false);
END \$\$" -c "SELECT current_setting('bench.us')" | tail -n 1
}
: > loaded.times
: > unloaded.times
i=0
while [ "$i" -lt "$rounds" ]; do
	[ $((i % 2)) = 0 ] || queries "SELECT 1" >> unloaded.times
	queries "LOAD 'wishflags'" >> loaded.times
	[ $((i % 2)) = 1 ] || queries "SELECT 1" >> unloaded.times
	i=$((i + 1))
done
awk -v a="$(median < loaded.times)" -v b="$(median < unloaded.times)" 'BEGIN {
	printf "%-58s %8.3f  (%.2f us : %.2f us a query)\n", "SELECT of a row, library loaded over not loaded", a / b, a, b }'

# flag_eval itself, of many rows in one query and in many queries: in sessions that
# have the hooks from their start, with the guard on and off, over sessions in
# which the first call of flag_eval loads the library.
psql -Xq -d "$guarded" -c "SELECT wishflags.flag_create('hooked', rollout => 50, enabled => true)" > /dev/null

# evaluations OPTIONS: nanoseconds of one in a scan, and in a query of its own.
evaluations() {
	PGOPTIONS=$1 psql -XqAt -v ON_ERROR_STOP=1 -d "$guarded" -c "DO \$\$
DECLARE
	began timestamptz;
	rows float8;
BEGIN
	PERFORM wishflags.flag_eval('hooked', 'load it');
	began := clock_timestamp();
	PERFORM count(*) FROM generate_series(1, 300000) g WHERE wishflags.flag_eval('hooked', g::text);
	rows := extract(epoch FROM clock_timestamp() - began) * 1e9 / 300000;
	began := clock_timestamp();
	FOR n IN 1..20000 LOOP
		EXECUTE 'SELECT wishflags.flag_eval(''hooked'', \$1)' USING n::text;
	END LOOP;
	PERFORM set_config('bench.ns', format('%s %s', rows, extract(epoch FROM clock_timestamp() - began) * 1e9 / 20000), false);
END \$\$" -c "SELECT current_setting('bench.ns')" | tail -n 1
}
preload='-c session_preload_libraries=wishflags'
: > on.times
: > off.times
: > lazy.times
i=0
while [ "$i" -lt "$rounds" ]; do
	[ $((i % 2)) = 0 ] || evaluations "" >> lazy.times
	evaluations "$preload" >> on.times
	evaluations "$preload -c wishflags.guard=off" >> off.times
	[ $((i % 2)) = 1 ] || evaluations "" >> lazy.times
	i=$((i + 1))
done
for what in "1 flag_eval of a row" "2 SELECT flag_eval"; do
	column=${what%% *}
	for mode in on off; do
		awk -v name="${what#* }, preloaded, guard $mode, over loaded by it" \
			-v a="$(cut -d ' ' -f "$column" $mode.times | median)" -v b="$(cut -d ' ' -f "$column" lazy.times | median)" 'BEGIN {
			printf "%-58s %8.3f  (%.0f ns : %.0f ns)\n", name, a / b, a, b }'
	done
done

for database in "$guarded" "$plain"; do
	few=$(tables "$database" 1000)
	many=$(tables "$database" 10000)
	awk -v name="10,000 tables in one transaction over 10 times 1,000, $([ "$database" = "$guarded" ] && echo guarded || echo plain)" \
		-v a="$many" -v b="$few" 'BEGIN { printf "%-70s %8.3f  (%.0f ms : %.0f ms)\n", name, a / b / 10, a, b }'
done
dropdb "$plain"
