#!/bin/sh
# Benchmark of what the guard and the DDL log cost a DDL command that nobody
# objects to: microseconds more than with the event triggers disabled, with the log
# off and on; each kind of command in loops that take turns, by their medians.  And
# that a transaction with four times the tables takes no more for each of them.
# ROUNDS, COMMANDS and TABLES may be set.
set -eu

rounds=${ROUNDS:-9}
commands=${COMMANDS:-200}
tables=${TABLES:-2500}

all_triggers() {
	for name in start drop rewrite end; do
		echo "ALTER EVENT TRIGGER wishflags_guard_$name $1;"
	done
}

# loop KIND: the commands, each a transaction of its own.
loop() {
	i=0
	while [ "$i" -lt "$commands" ]; do
		i=$((i + 1))
		case $1 in
			'COMMENT ON') echo "COMMENT ON TABLE bench_t IS 'n$i';" ;;
			'CREATE TABLE') echo "CREATE TABLE bench_n$i (id int, note text);" ;;
			'with its key') echo "CREATE TABLE bench_n$i (id int PRIMARY KEY, note text);" ;;
			'ADD COLUMN') echo "ALTER TABLE bench_a$i ADD COLUMN c int;" ;;
		esac
	done
}

# clean KIND: as it was before the loop.
clean() {
	i=0
	while [ "$i" -lt "$commands" ]; do
		i=$((i + 1))
		case $1 in
			'CREATE TABLE' | 'with its key') echo "DROP TABLE IF EXISTS bench_n$i;" ;;
			'ADD COLUMN') echo "DROP TABLE IF EXISTS bench_a$i; CREATE TABLE bench_a$i (id int, note text);" ;;
		esac
	done
}

# The processor's time that the session has used, where the system tells: what others
# do on the machine counts little then.
if [ -r /proc/self/schedstat ]; then
	now="split_part(pg_read_file('/proc/' || pg_backend_pid() || '/schedstat'), ' ', 1)::float8 / 1e3"
else
	now="extract(epoch FROM clock_timestamp()) * 1e6"
fi

# clock WORD: a line with the time, in microseconds.
clock() { echo "SELECT '$1', $now;"; }

compare() {
	{
		echo "SET client_min_messages = error;"
		r=0
		while [ "$r" -lt "$rounds" ]; do
			r=$((r + 1))
			# Each goes first in turn: what is dropped leaves dead rows to the next.
			case $((r % 3)) in 0) modes='none off on' ;; 1) modes='off on none' ;; *) modes='on none off' ;; esac
			for mode in $modes; do
				all_triggers DISABLE
				clean "$1"
				[ "$mode" = none ] || all_triggers 'ENABLE ALWAYS'
				if [ "$mode" = on ]; then echo "SET wishflags.ddl_log = on;"; else echo "SET wishflags.ddl_log = off;"; fi
				loop "$1" | head -n 5 | sed 's/CREATE TABLE bench_n/CREATE TABLE IF NOT EXISTS bench_n/; s/ADD COLUMN c/ADD COLUMN IF NOT EXISTS w/'
				case $1 in 'CREATE TABLE' | 'with its key') clean "$1" | head -n 5 ;; esac
				clock begin
				loop "$1"
				clock "$mode"
			done
		done
		all_triggers DISABLE
		clean "$1" | sed 's/ CREATE TABLE.*//'
		all_triggers 'ENABLE ALWAYS'
		echo "TRUNCATE wishflags.ddl_log;"
	} | psql -XqAt -F ' ' -v ON_ERROR_STOP=1 | awk -v kind="$1" -v commands="$commands" '
		function median(mode,   i, j, t, n, v) {
			n = count[mode]
			for (i = 1; i <= n; i++) v[i] = time[mode, i]
			for (i = 2; i <= n; i++)
				for (j = i; j > 1 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
			return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
		}
		$1 == "begin" { begin = $2; next }
		{ time[$1, ++count[$1]] = ($2 - begin) / commands }
		END {
			none = median("none"); off = median("off"); on = median("on")
			printf "%-14s %7.1f us without triggers; log off %+6.1f us (%.3f), log on %+6.1f us (%.3f)\n",
				kind, none, off - none, off / none, on - none, on / none
		}'
}

psql -Xq -v ON_ERROR_STOP=1 -c 'CREATE TABLE bench_t (id int, note text)'
for kind in 'COMMENT ON' 'CREATE TABLE' 'with its key' 'ADD COLUMN'; do compare "$kind"; done

# many TABLES: microseconds for each of so many tables in a transaction.
many() {
	psql -XqAt -v ON_ERROR_STOP=1 <<SQL
SET wishflags.ddl_log = $2;
SELECT $now AS begin \gset
BEGIN;
DO \$\$ BEGIN FOR i IN 1..$1 LOOP EXECUTE format('CREATE TABLE many_%s (id int, note text)', i); END LOOP; END \$\$;
COMMIT;
SELECT ($now - :begin) / $1;
DO \$\$ BEGIN FOR i IN 1..$1 LOOP EXECUTE format('DROP TABLE many_%s', i); IF i % 100 = 0 THEN COMMIT; END IF; END LOOP; END \$\$;
SQL
}
for log in off on; do
	few=$(many "$tables" "$log")
	lots=$(many $((tables * 4)) "$log")
	echo "$few $lots" | awk -v tables="$tables" -v setting="$log" '{
		printf "log %-3s %d tables in a transaction %.1f us each, %d tables %.1f us each (%.3f)\n",
			setting, tables, $1, tables * 4, $2, $2 / $1 }'
done
