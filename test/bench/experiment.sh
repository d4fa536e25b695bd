#!/bin/sh
# Benchmark of experiments: what the results over many exposures take in
# parts of the bare join and aggregate, and what it takes to expose a unit in parts of
# flag_variant() alone and of a bare INSERT.  The sides take turns; medians.
# ROUNDS and ROWS may be set.
set -eu

rounds=${ROUNDS:-7}
rows=${ROWS:-1000000}
calls=$((rows / 20))

psql -Xq -v ON_ERROR_STOP=1 <<SQL
SET client_min_messages = warning;
SELECT wishflags.flag_create('checkout', rollout => 50, enabled => true) \g /dev/null
SELECT wishflags.experiment_start('e', 'checkout', 'off', '{"off": 50, "on": 50}') \g /dev/null
SELECT count(*) FROM wishflags.experiment_expose_all('checkout', ARRAY(SELECT g FROM generate_series(1, $rows) g)) \g /dev/null
CREATE TABLE orders AS SELECT g::text AS user_id, random() * 100 AS amount, random() AS before, 1 + g % 3 AS visits FROM generate_series(1, $rows) g;
CREATE TABLE bare (LIKE wishflags.experiment_exposures INCLUDING INDEXES);
VACUUM ANALYZE orders;
VACUUM ANALYZE wishflags.experiment_exposures;
SQL

# A side's statement; NUMBER is another in each round.
side() {
	exposed="FROM wishflags.experiment_exposures x LEFT JOIN orders o ON o.user_id = x.unit WHERE x.experiment = 'e' GROUP BY 1"
	case $1 in
		'join, mean') echo "SELECT x.variant, count(*), avg(COALESCE(o.amount, 0)), var_samp(COALESCE(o.amount, 0)) $exposed" ;;
		'join, covariance') echo "SELECT x.variant, count(*), avg(o.amount), var_samp(o.amount), avg(o.before), var_samp(o.before), covar_samp(o.amount, o.before) $exposed" ;;
		'results, mean') echo "SELECT * FROM wishflags.experiment_results('e', 'SELECT user_id AS unit, amount AS value FROM orders')" ;;
		'results, by name') echo "SELECT * FROM wishflags.experiment_results('e', 'SELECT user_id AS unit, ''amount'' AS metric, amount AS value FROM orders')" ;;
		'results, covariate') echo "SELECT * FROM wishflags.experiment_results('e', 'SELECT user_id AS unit, amount AS value, before AS covariate FROM orders')" ;;
		'results, ratio') echo "SELECT * FROM wishflags.experiment_results('e', 'SELECT user_id AS unit, amount AS numerator, visits AS denominator FROM orders')" ;;
		'flag_variant()') echo "SELECT count(wishflags.flag_variant('checkout', g)) FROM generate_series(1, $calls) g" ;;
		'exposed before') echo "SELECT count(wishflags.experiment_expose('checkout', g)) FROM generate_series(1, $calls) g" ;;
		'INSERT') echo "INSERT INTO bare SELECT 'e', $2 * $calls + g, 'on', now() FROM generate_series(1, $calls) g ON CONFLICT DO NOTHING" ;;
		'exposed anew') echo "SELECT count(wishflags.experiment_expose('checkout', $rows + $2 * $calls + g)) FROM generate_series(1, $calls) g" ;;
		'exposed anew, all') echo "SELECT count(*) FROM wishflags.experiment_expose_all('checkout', ARRAY(SELECT 5 * $rows + $2 * $calls + g FROM generate_series(1, $calls) g))" ;;
	esac
}

# compare BASELINE SIDE...: the medians of the sides, in parts of the baseline's.
compare() {
	{
		echo "SET client_min_messages = warning;"
		r=0
		while [ "$r" -lt "$rounds" ]; do
			r=$((r + 1))
			for name in "$@"; do
				echo "SELECT extract(epoch FROM clock_timestamp()) * 1e3 AS start \gset"
				echo "$(side "$name" "$r") \g /dev/null"
				echo "SELECT '$name', extract(epoch FROM clock_timestamp()) * 1e3 - :start;"
			done
		done
	} | psql -XqAt -F '|' -v ON_ERROR_STOP=1 | sort -t '|' -k 1,1 -k 2,2n | awk -F '|' -v baseline="$1" -v rounds="$rounds" '
		{ n[$1]++; if (n[$1] == int((rounds + 1) / 2)) median[$1] = $2 }
		END { for (name in median) if (name != baseline)
			printf "%-20s %6.2f times %s (%.0f ms to %.0f ms)\n", name, median[name] / median[baseline], baseline, median[name], median[baseline] }' | sort
}

printf 'results over %d exposures\n' "$rows"
compare 'join, mean' 'results, mean' 'results, by name'
compare 'join, covariance' 'results, covariate' 'results, ratio'
printf '%d units exposed\n' "$calls"
compare 'flag_variant()' 'exposed before'
compare 'INSERT' 'exposed anew' 'exposed anew, all'
