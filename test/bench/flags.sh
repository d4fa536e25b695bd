#!/bin/sh
# Benchmarks of flag evaluation: ratios of medians, the sides of a ratio taking
# turns.  ROUNDS and ROWS may be set.
set -eu

rounds=${ROUNDS:-7}
rows=${ROWS:-5000000}
lookups=$((rows / 25))

psql -Xq -v ON_ERROR_STOP=1 <<'SQL'
SET client_min_messages = warning;
SELECT wishflags.flag_create('f', rollout => 50, enabled => true) \g /dev/null
SELECT wishflags.flag_create('pro', rollout => 0, enabled => true, definition =>
	'{"rules": [{"when": {"attribute": "plan", "equals": "pro"}, "serve": "on"}]}') \g /dev/null
INSERT INTO wishflags.flags (key, enabled, rollout)
SELECT 'flag-' || n, true, 50 FROM generate_series(1, 5000) n;

-- What one would write without the extension: a look-up by primary key.
CREATE TABLE plain_flags (key text PRIMARY KEY, enabled boolean, rollout integer);
INSERT INTO plain_flags SELECT key, enabled, rollout * 1000 FROM wishflags.flags;
ANALYZE plain_flags;
CREATE FUNCTION plain_eval(flag text, id text) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE
	on_for integer;
BEGIN
	SELECT rollout INTO on_for FROM plain_flags WHERE key = flag AND enabled;
	RETURN COALESCE((hashtext(flag || id) & 2147483647) % 100000 < on_for, false);
END $$;

CREATE TABLE contexts AS
SELECT jsonb_build_object('targetingKey', n::text, 'plan', CASE n % 3 WHEN 0 THEN 'pro' ELSE 'free' END,
                          'country', 'DE', 'age', n % 90, 'beta', n % 7 = 0) AS c
FROM generate_series(1, 1000000) n;
VACUUM ANALYZE contexts;
SQL

# ratio NAME ROWS-A SQL-A ROWS-B SQL-B: median time a row of A over that of B.
ratio() {
	name=$1 rows_a=$2 sql_a=$3 rows_b=$4 sql_b=$5
	{
		printf '%s;\n%s;\n' "$sql_a" "$sql_b"
		printf '%s\n' '\timing on'
		i=0
		while [ "$i" -lt "$rounds" ]; do
			printf '%s;\n%s;\n' "$sql_a" "$sql_b"
			i=$((i + 1))
		done
	} | psql -XqAt -v ON_ERROR_STOP=1 | awk -v name="$name" -v rows_a="$rows_a" -v rows_b="$rows_b" '
		function median(v, n,   i, j, t) {
			for (i = 2; i <= n; i++)
				for (j = i; j > 1 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
			return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
		}
		/^Time:/ { if (++k % 2) a[++n] = $2 / rows_a * 1e6; else b[n] = $2 / rows_b * 1e6 }
		END {
			if (n == 0) exit 1
			ma = median(a, n); mb = median(b, n)
			printf "%-58s %8.3f  (%.1f ns : %.1f ns a row)\n", name, ma / mb, ma, mb
		}'
}

ratio "flag_eval(text) : hashtext(text) % 100 < 50" \
	"$rows" "SELECT count(*) FROM generate_series(1, $rows) g WHERE wishflags.flag_eval('f', g::text)" \
	"$rows" "SELECT count(*) FROM generate_series(1, $rows) g WHERE hashtext(g::text) % 100 < 50"
ratio "flag_eval(text) : plpgsql function with index look-up" \
	"$rows" "SELECT count(*) FROM generate_series(1, $rows) g WHERE wishflags.flag_eval('f', g::text)" \
	"$lookups" "SELECT count(*) FROM generate_series(1, $lookups) g WHERE plain_eval('f', g::text)"
ratio "flag_eval(bigint) : hashint8(bigint) % 100 < 50" \
	"$rows" "SELECT count(*) FROM generate_series(1, $rows) g WHERE wishflags.flag_eval('f', g::bigint)" \
	"$rows" "SELECT count(*) FROM generate_series(1, $rows) g WHERE hashint8(g::bigint) % 100 < 50"
ratio "flag_eval(jsonb), one attribute rule : c->>'plan' = 'pro'" \
	1000000 "SELECT count(*) FROM contexts WHERE wishflags.flag_eval('pro', c)" \
	1000000 "SELECT count(*) FROM contexts WHERE c->>'plan' = 'pro'"
ratio "200 flags in turn : one flag, same key building" \
	1000000 "SELECT count(*) FROM generate_series(1, 1000000) g WHERE wishflags.flag_eval('flag-' || g % 200, g::text)" \
	1000000 "SELECT count(*) FROM generate_series(1, 1000000) g WHERE wishflags.flag_eval('f', g::text) AND 'flag-' || g % 200 <> ''"
