#!/bin/sh
# Benchmarks of flag evaluation: ratios of medians, the sides of a ratio taking
# turns, each with the bar that it has to stay on the right side of.  ROUNDS and
# ROWS may be set; PARTS="set usage rich turns dialects wire segment reload
# memory show overrides" chooses.
set -eu

rounds=${ROUNDS:-7}
rows=${ROWS:-5000000}
lookups=$((rows / 25))
parts=${PARTS:-set usage rich turns dialects wire segment reload memory show overrides}
say() { printf '%s\n' "$*"; }

psql -Xq -v ON_ERROR_STOP=1 <<'SQL'
SET client_min_messages = warning;
SELECT wishflags.flag_create('f', rollout => 50, enabled => true) \g /dev/null
SELECT wishflags.flag_create('every', enabled => true) \g /dev/null
SELECT wishflags.flag_create('pro', rollout => 0, enabled => true, definition =>
	'{"rules": [{"when": {"attribute": "plan", "equals": "pro"}, "serve": "on"}]}') \g /dev/null
INSERT INTO wishflags.flags (key, enabled, rollout)
SELECT 'flag-' || n, true, 50 FROM generate_series(1, 5000) n;

CREATE TABLE contexts AS
SELECT jsonb_build_object('targetingKey', n::text, 'plan', CASE n % 3 WHEN 0 THEN 'pro' ELSE 'free' END,
                          'country', 'DE', 'age', n % 90, 'beta', n % 7 = 0) AS c
FROM generate_series(1, 1000000) n;
VACUUM ANALYZE contexts;
SQL

# ---- measuring ----------------------------------------------------------------

# Medians, and whether a figure is on the right side of its bar.
awk_functions='
	function median(v, n,   i, j, t) {
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
		return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
	}
	function report(name, figure, bar, note,   least, limit) {
		least = bar ~ /^>/
		limit = substr(bar, 2) + 0
		printf "%-62s %8.3f", name, figure
		if (bar != "")
			printf "  %s %g%s", least ? "at least" : "at most", limit,
				(least ? figure < limit : figure > limit) ? " MISSED" : ""
		print note == "" ? "" : "  (" note ")"
	}'

# report NAME FIGURE BAR [NOTE]: a line of the result; BAR is "<1.5", ">0.9" or
# empty.
report() {
	awk -v name="$1" -v figure="$2" -v bar="$3" -v note="${4-}" "$awk_functions BEGIN { report(name, figure, bar, note) }"
}

# ratio NAME BAR ROWS-A SQL-A ROWS-B SQL-B [SET]: median time a row of A over that
# of B, under the settings given.
ratio() {
	name=$1 bar=$2 rows_a=$3 sql_a=$4 rows_b=$5 sql_b=$6
	{
		printf '%s;\n%s;\n%s;\n' "${7-}" "$sql_a" "$sql_b"
		printf '%s\n' '\timing on'
		i=0
		while [ "$i" -lt "$rounds" ]; do
			printf '%s;\n%s;\n' "$sql_a" "$sql_b"
			i=$((i + 1))
		done
	} | psql -XqAt -v ON_ERROR_STOP=1 | awk -v name="$name" -v bar="$bar" -v rows_a="$rows_a" -v rows_b="$rows_b" "$awk_functions"'
		/^Time:/ { if (++k % 2) a[++n] = $2 / rows_a * 1e6; else b[n] = $2 / rows_b * 1e6 }
		END {
			if (n == 0) exit 1
			ma = median(a, n); mb = median(b, n)
			report(name, ma / mb, bar, sprintf("%.1f ns : %.1f ns a row", ma, mb))
		}'
}

# ---- sets of rows, one flag -----------------------------------------------------

bench_set() {
	psql -Xq -v ON_ERROR_STOP=1 <<-'SQL'
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
	SQL
	ratio "flag_eval(text), counted : hashtext(text) % 100 < 50" "<1.10" \
		"$rows" "SELECT count(*) FROM generate_series(1, $rows) g WHERE wishflags.flag_eval('f', g::text)" \
		"$rows" "SELECT count(*) FROM generate_series(1, $rows) g WHERE hashtext(g::text) % 100 < 50"
	ratio "flag_eval(text) : plpgsql function with index look-up" "<0.067" \
		"$rows" "SELECT count(*) FROM generate_series(1, $rows) g WHERE wishflags.flag_eval('f', g::text)" \
		"$lookups" "SELECT count(*) FROM generate_series(1, $lookups) g WHERE plain_eval('f', g::text)"
	ratio "flag_eval(bigint) : hashint8(bigint) % 100 < 50" "" \
		"$rows" "SELECT count(*) FROM generate_series(1, $rows) g WHERE wishflags.flag_eval('f', g::bigint)" \
		"$rows" "SELECT count(*) FROM generate_series(1, $rows) g WHERE hashint8(g::bigint) % 100 < 50"
	ratio "flag_eval(jsonb), one attribute rule, counted : c->>'plan' = 'pro'" "<1.3" \
		1000000 "SELECT count(*) FROM contexts WHERE wishflags.flag_eval('pro', c)" \
		1000000 "SELECT count(*) FROM contexts WHERE c->>'plan' = 'pro'"
	ratio "the same, not counted" "<1.1" \
		1000000 "SELECT count(*) FROM contexts WHERE wishflags.flag_eval('pro', c)" \
		1000000 "SELECT count(*) FROM contexts WHERE c->>'plan' = 'pro'" "SET wishflags.track_usage = off"
}

# What it costs to count evaluations and unique keys: the same statement with and
# without, in turn.
bench_usage() {
	while read -r what call; do
		counting "counted : not counted, $(printf '%s' "$what" | tr _ ' ')" \
			"SELECT count(*) FROM generate_series(1, 1000000) g WHERE $call"
	done <<-'LIST'
	half_of_the_keys wishflags.flag_eval('f', g::text)
	all_of_them wishflags.flag_eval('every', g::text)
	200_flags_in_turn wishflags.flag_eval('flag-' || g % 200, g::text)
	flag_variant() wishflags.flag_variant('f', g::text) = 'on'
	an_unknown_flag wishflags.flag_eval('nobody-knows', g::text)
	LIST
	counting "counted : not counted, a rule on a context" "SELECT count(*) FROM contexts WHERE wishflags.flag_eval('pro', c)"
}

# counting NAME SQL
counting() {
	{
		printf '%s;\n' "$2"
		printf '%s\n' '\timing on'
		i=0
		while [ "$i" -lt "$rounds" ]; do
			printf '%s\n' '\timing off' 'SET wishflags.track_usage = on;' '\timing on' "$2;" \
				'\timing off' 'SET wishflags.track_usage = off;' '\timing on' "$2;"
			i=$((i + 1))
		done
	} | psql -XqAt -v ON_ERROR_STOP=1 | awk -v name="$1" "$awk_functions"'
		/^Time:/ { if (++k % 2) a[++n] = $2; else b[n] = $2 }
		END {
			if (n == 0) exit 1
			ma = median(a, n); mb = median(b, n)
			report(name, ma / mb, "", sprintf("%.1f : %.1f ns a row", ma, mb))
		}'
}

# 5 rules, 12 conditions, a segment and a split.  No rule but the last serves
# most of the contexts, so nearly all of it is run.
bench_rich() {
	psql -Xq -v ON_ERROR_STOP=1 <<-'SQL'
	SET client_min_messages = warning;
	SELECT wishflags.segment_define('rich', '{"included": ["7", "8"], "when": {"attribute": "country", "in": ["JP", "KR"]}}') \g /dev/null
	SELECT wishflags.flag_create('rich', enabled => true, definition => '{
		"variants": {"grey": 1, "red": 2, "none": null}, "off": "none",
		"rules": [
			{"id": "segment", "serve": "red", "when": {"segment": "rich"}},
			{"id": "minors", "serve": "none", "when": {"all": [{"attribute": "age", "less": 16},
				{"not": {"attribute": "country", "in": ["DE", "FR", "IT"]}}]}},
			{"id": "staff", "serve": "red", "when": {"any": [{"attribute": "email", "ends_with": "@example.org"},
				{"attribute": ["account", "roles"], "contains": "staff"}, {"attribute": "plan", "equals": "staff"}]}},
			{"id": "seniors", "serve": "grey", "when": {"all": [{"attribute": "age", "greater_equal": 88},
				{"attribute": "plan", "starts_with": "pr"}]}},
			{"id": "beta", "serve": "grey", "when": {"all": [{"attribute": "beta", "equals": true},
				{"attribute": "country", "exists": true}, {"attribute": "age", "greater": 85},
				{"attribute": "plan", "equals": "free"}]}}],
		"default": {"split": [{"variant": "grey", "weight": 3}, {"variant": "red", "weight": 1}]}}') \g /dev/null
	SQL
	ratio "flag_eval(jsonb), 5 rules, 12 conditions, segment, split : one rule" "<4" \
		1000000 "SELECT count(*) FROM contexts WHERE wishflags.flag_eval('rich', c)" \
		1000000 "SELECT count(*) FROM contexts WHERE wishflags.flag_eval('pro', c)"
}

# Where each row asks for another flag than the one before.
bench_turns() {
	pgxs=$("$PG_CONFIG" --pgxs)
	mkdir -p noop
	cp "$TOP/test/bench/noop.c" noop/
	make -C noop -f "$pgxs" PGXS="$pgxs" PG_CONFIG="$PG_CONFIG" MODULES=noop with_llvm=no > noop.log 2>&1 ||
		{ cat noop.log; return 1; }
	psql -Xq -v ON_ERROR_STOP=1 -c "CREATE FUNCTION noop(text, text) RETURNS boolean
		LANGUAGE C STABLE STRICT PARALLEL SAFE COST 1 AS '$PWD/noop/noop'"
	ratio "200 flags in turn : C function that does nothing" "<1.6" \
		1000000 "SELECT count(*) FROM generate_series(1, 1000000) g WHERE wishflags.flag_eval('flag-' || g % 200, g::text)" \
		1000000 "SELECT count(*) FROM generate_series(1, 1000000) g WHERE noop('flag-' || g % 200, g::text)"
}

# ---- over the wire ----------------------------------------------------------------

# tps SCRIPT: transactions a second of 8 clients in 2 seconds.
tps() {
	pgbench -h 127.0.0.1 -n -M prepared -c 8 -j 2 -T 2 -f "$1" 2>&1 | sed -n 's/^tps = \([0-9.]*\).*/\1/p'
}

bench_wire() {
	printf '%s\n' '\set id random(1, 1000000)' 'SELECT 1;' > wire.1
	printf '%s\n' '\set id random(1, 1000000)' "SELECT wishflags.flag_eval('f', :id);" > wire.f
	tps wire.1 > /dev/null
	i=0
	while [ "$i" -lt "$rounds" ]; do
		say "$(tps wire.f) $(tps wire.1)"
		i=$((i + 1))
	done | awk "$awk_functions"'
		NF == 2 { a[++n] = $1; b[n] = $2; r[n] = $1 / $2 }
		END {
			if (n == 0) exit 1
			report("rate over TCP, 8 clients, prepared: flag_eval : SELECT 1", median(r, n), ">0.9",
				sprintf("%.0f : %.0f a second", median(a, n), median(b, n)))
		}'
}

# ---- segments ---------------------------------------------------------------------

bench_segment() {
	psql -Xq -v ON_ERROR_STOP=1 <<-'SQL'
	SET client_min_messages = warning;
	CREATE TABLE members (id text PRIMARY KEY);
	INSERT INTO members SELECT 'user-' || n FROM generate_series(1, 5000000) n;
	CREATE TABLE probes AS
	SELECT 'user-' || (random() * 10000000)::int AS id FROM generate_series(1, 200000);
	VACUUM ANALYZE members;
	VACUUM ANALYZE probes;
	SELECT wishflags.segment_define('members', '{"table": "public.members", "column": "id"}') \g /dev/null
	SELECT wishflags.flag_create('members', enabled => true, definition =>
		'{"rules": [{"when": {"segment": "members"}, "serve": "on"}], "default": "off"}') \g /dev/null
	SQL
	ours="SELECT count(*) FROM probes WHERE wishflags.flag_eval('members', id)"
	theirs="SELECT count(*) FROM probes p WHERE EXISTS (SELECT FROM members m WHERE m.id = p.id)"
	ratio "segment of 5,000,000 rows : EXISTS by the same index" "<1.3" 200000 "$ours" 200000 "$theirs" \
		"SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = on; SET enable_bitmapscan = off; SET enable_memoize = off"
	ratio "segment of 5,000,000 rows : EXISTS as the planner likes it" "" 200000 "$ours" 200000 "$theirs"
}

# ---- the cache --------------------------------------------------------------------

bench_reload() {
	psql -Xq -v ON_ERROR_STOP=1 <<-'SQL'
	-- As servers are run: what is committed is known to be at the first look.
	SET synchronous_commit = on;
	DELETE FROM wishflags.flags;
	INSERT INTO wishflags.flags (key, enabled, rollout)
	SELECT 'flag-' || n, true, 50 FROM generate_series(1, 10000) n;
	VACUUM ANALYZE wishflags.flags;
	CREATE TABLE copied AS SELECT * FROM wishflags.flags;
	CREATE TABLE reloads (what text, ms float8);

	-- Times the first evaluation after a commit.
	CREATE PROCEDURE time_first(what text) LANGUAGE plpgsql AS $$
	DECLARE
		start timestamptz;
		stop timestamptz;
		answer boolean;
	BEGIN
		COMMIT;
		start := clock_timestamp();
		answer := wishflags.flag_eval('flag-77', 'u');
		stop := clock_timestamp();
		INSERT INTO reloads VALUES (what, extract(epoch FROM stop - start) * 1000);
		COMMIT;
	END $$;

	DO $$
	BEGIN
		FOR n IN 1 .. 200 LOOP
			UPDATE wishflags.flags SET rollout = n % 100 WHERE key = 'flag-' || n * 49;
			CALL time_first('one');
			CALL time_first('none');
		END LOOP;
		FOR n IN 1 .. 20 LOOP
			TRUNCATE wishflags.flags;
			INSERT INTO wishflags.flags SELECT * FROM copied;
			CALL time_first('all');
		END LOOP;
	END $$;
	SQL
	psql -XqAtF ' ' -v ON_ERROR_STOP=1 -c "SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FROM reloads GROUP BY what" > reloads
	none=$(sed -n 's/^none //p' reloads)
	report "milliseconds to take in one changed flag of 10,000" \
		"$(awk -v none="$none" '$1 == "one" { print $2 - none }' reloads)" "<0.3"
	report "microseconds a flag to take in 10,000 new ones" \
		"$(awk -v none="$none" '$1 == "all" { print ($2 - none) / 10 }' reloads)" "<0.3"
}

# What 10,000 flags without and with a definition take in a backend.
bench_memory() {
	for definition in NULL '{"rules": [{"when": {"attribute": "plan", "equals": "pro"}, "serve": "on"}]}'; do
		case $definition in NULL) what=plain bar="<4" ;; *) what="of one rule" bar= ;; esac
		psql -Xq -v ON_ERROR_STOP=1 -c "DELETE FROM wishflags.flags" -c "INSERT INTO wishflags.flags (key, enabled, rollout, definition)
			SELECT 'flag-' || n, true, 50, nullif('$definition', 'NULL')::jsonb FROM generate_series(1, 10000) n"
		report "megabytes of the cache for 10,000 flags $what" "$(psql -XqAt -v ON_ERROR_STOP=1 \
			-c "SELECT wishflags.flag_eval('flag-1', 'u')" \
			-c "SELECT sum(total_bytes) / 1e6 FROM pg_backend_memory_contexts WHERE name LIKE 'wishflags%'" | tail -n 1)" "$bar"
	done
}

# Looking at 10,000 flags.
bench_show() {
	psql -Xq -v ON_ERROR_STOP=1 -c "DELETE FROM wishflags.flags" -c "INSERT INTO wishflags.flags (key, enabled, rollout, description, owner_team, definition)
		SELECT 'flag-' || n, true, n % 100, 'about ' || n, 'team-' || n % 7,
		       CASE WHEN n % 3 = 0 THEN '{\"rules\": [{\"when\": {\"attribute\": \"plan\", \"equals\": \"pro\"}, \"serve\": \"on\"}]}'::jsonb END
		FROM generate_series(1, 10000) n" -c "VACUUM ANALYZE wishflags.flags"
	for shown in "flag_overview" "flag_list()"; do
		ratio "$shown : SELECT of the table" "<5" 10000 "SELECT * FROM wishflags.$shown" \
			10000 "SELECT * FROM wishflags.flags" '\o /dev/null \\'
	done
}

# ---- flags of other systems -------------------------------------------------------

# A half of the keys, as each system says it.
bench_dialects() {
	while read -r format document; do
		[ -n "$format" ] || continue
		imported=$(psql -XqAt -v format="$format" -v document="$document" <<-'SQL' 2>&1
			SELECT string_agg(action, ' ') FROM wishflags.flag_import(:'format', :'document') WHERE item = 'flag';
		SQL
		) || :
		[ "$imported" = create ] || { printf '%s: %s\n' "$format" "$imported"; return 1; }
		ratio "flag of $format, half of the keys : native flag" "" \
			1000000 "SELECT count(*) FROM generate_series(1, 1000000) g WHERE wishflags.flag_eval('$format', g::text)" \
			1000000 "SELECT count(*) FROM generate_series(1, 1000000) g WHERE wishflags.flag_eval('f', g::text)"
	done <<-'LIST'
	unleash {"version": 2, "features": [{"name": "unleash", "enabled": true, "strategies": [{"name": "flexibleRollout", "parameters": {"rollout": "50", "stickiness": "default", "groupId": "unleash"}}]}]}
	flagd {"flags": {"flagd": {"state": "ENABLED", "variants": {"on": true, "off": false}, "defaultVariant": "off", "targeting": {"fractional": [["on", 50], ["off", 50]]}}}}
	growthbook {"features": {"growthbook": {"defaultValue": false, "rules": [{"force": true, "coverage": 0.5, "hashAttribute": "id"}]}}}
	launchdarkly {"flags": {"launchdarkly": {"key": "launchdarkly", "version": 1, "on": true, "variations": [true, false], "offVariation": 1, "salt": "s", "fallthrough": {"rollout": {"variations": [{"variation": 0, "weight": 50000}, {"variation": 1, "weight": 50000}]}}}}, "segments": {}}
	flagsmith {"api_key": "k", "project": {"id": 1, "name": "p", "segments": [{"id": 1, "name": "half", "rules": [{"type": "ALL", "rules": [], "conditions": [{"operator": "PERCENTAGE_SPLIT", "property_": "", "value": "50"}]}], "feature_states": [{"feature": {"id": 1, "name": "flagsmith", "type": "STANDARD"}, "enabled": true, "feature_state_value": null}]}]}, "feature_states": [{"feature": {"id": 1, "name": "flagsmith", "type": "STANDARD"}, "enabled": false, "feature_state_value": null}]}
	LIST
}

# ---- overrides ----------------------------------------------------------------------

# A million of one flag: keys that have one and keys that have none, what they
# take in a session, and what it takes to hear that one has changed.
bench_overrides() {
	psql -Xq -v ON_ERROR_STOP=1 <<-'SQL'
	SET client_min_messages = warning;
	DELETE FROM wishflags.flags;
	SELECT wishflags.flag_create('given', rollout => 50, enabled => true), wishflags.flag_create('plain', rollout => 50, enabled => true) \g /dev/null
	SELECT format(E'given\tuser-%s\t%s', n, CASE n % 2 WHEN 0 THEN 'on' ELSE 'off' END) FROM generate_series(1, 1000000) n \g (tuples_only format=unaligned) overrides
	CREATE TABLE takes (what text, ms float8);

	-- Times the first evaluation after a commit.
	CREATE PROCEDURE time_look(what text) LANGUAGE plpgsql AS $$
	DECLARE
		start timestamptz;
		answer boolean;
	BEGIN
		COMMIT;
		start := clock_timestamp();
		answer := wishflags.flag_eval('plain', 'u');
		INSERT INTO takes VALUES (what, extract(epoch FROM clock_timestamp() - start) * 1000);
		COMMIT;
	END $$;
	SQL
	start=$(date +%s%N)
	# As servers are run: VACUUM marks pages of what is known to be committed.
	psql -Xq -v ON_ERROR_STOP=1 -c 'SET synchronous_commit = on' -c "\\copy wishflags.flag_overrides (flag, key, variant) FROM overrides" -c 'SET wishflags.guard = off' -c 'VACUUM ANALYZE wishflags.flag_overrides'
	report "seconds to COPY 1,000,000 overrides, audit and VACUUM included" "$(awk -v a="$start" -v b="$(date +%s%N)" 'BEGIN { print (b - a) / 1e9 }')" ""
	for key in "user-:with an override" "other-:without one"; do
		ratio "key ${key#*:} of 1,000,000 : flag that has none" "<2" \
			1000000 "SELECT count(*) FROM generate_series(1, 1000000) g WHERE wishflags.flag_eval('given', '${key%%:*}' || g)" \
			1000000 "SELECT count(*) FROM generate_series(1, 1000000) g WHERE wishflags.flag_eval('plain', '${key%%:*}' || g)"
	done
	report "megabytes of 1,000,000 overrides in a session" "$(psql -XqAt -v ON_ERROR_STOP=1 \
		-c "SELECT wishflags.flag_eval('plain', 'u')" \
		-c "SELECT sum(total_bytes) / 1e6 FROM pg_backend_memory_contexts WHERE name LIKE 'wishflags%'" | tail -n 1)" "<24"
	psql -Xq -v ON_ERROR_STOP=1 <<-'SQL'
	DO $$
	BEGIN
		CALL time_look('first');
		FOR n IN 1 .. 200 LOOP
			UPDATE wishflags.flag_overrides SET variant = CASE variant WHEN 'on' THEN 'off' ELSE 'on' END
				WHERE flag = 'given' AND context_kind = 'user' AND key = 'user-' || n * 4711;
			CALL time_look('one');
			CALL time_look('none');
		END LOOP;
	END $$;
	SQL
	psql -XqAtF ' ' -v ON_ERROR_STOP=1 -c "SELECT what, percentile_cont(0.5) WITHIN GROUP (ORDER BY ms) FROM takes GROUP BY what" > takes
	report "milliseconds to load 1,000,000 overrides" "$(sed -n 's/^first //p' takes)" ""
	report "milliseconds to take in one changed override of 1,000,000" "$(awk '{ t[$1] = $2 } END { print t["one"] - t["none"] }' takes)" "<1"
}

for part in $parts; do
	bench_"$part"
done
