#!/bin/sh
# Benchmarks of the schema diff on a generated schema: the live database
# against a stored snapshot, beside what pg_dump -s and the bare pg_get_*def
# calls need for the same objects.  TABLES and ROUNDS may be set.
set -eu

rounds=${ROUNDS:-7}
tables=${TABLES:-1000}

psql -Xq -v ON_ERROR_STOP=1 -v tables="$tables" <<'SQL'
SET client_min_messages = warning;
SET wishflags.guard = off;
SELECT format($f$
	CREATE TABLE t%1$s (
		id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		owner_id bigint NOT NULL,
		code text NOT NULL UNIQUE,
		state text NOT NULL DEFAULT 'new' CHECK (state <> ''),
		amount numeric(12,2) CHECK (amount >= 0),
		note varchar(200),
		tags text[] DEFAULT '{}',
		detail jsonb DEFAULT '{}'::jsonb,
		made_at timestamptz NOT NULL DEFAULT now(),
		done_at timestamptz
	);
	CREATE INDEX ON t%1$s (owner_id, made_at DESC);
	CREATE INDEX ON t%1$s (lower(note)) WHERE done_at IS NULL;
	%2$s$f$, n, CASE WHEN n > 0 THEN format('ALTER TABLE t%1$s ADD FOREIGN KEY (owner_id) REFERENCES t%2$s ON DELETE CASCADE', n, n / 2) END)
FROM generate_series(0, :tables - 1) n \gexec
CREATE TABLE baseline AS SELECT wishflags.schema_snapshot('{public}') AS s;
DROP TABLE baseline;
CREATE SCHEMA kept;
CREATE TABLE kept.baseline AS SELECT wishflags.schema_snapshot('{public}') AS s;

-- One table in twenty differs from the second snapshot.
SELECT format('ALTER TABLE t%1$s ADD extra int DEFAULT 7, ALTER note TYPE text; CREATE INDEX ON t%1$s (extra)', n)
FROM generate_series(0, :tables - 1, 20) n \gexec
CREATE TABLE kept.changed AS SELECT wishflags.schema_snapshot('{public}') AS s;
SELECT format('ALTER TABLE t%1$s DROP extra, ALTER note TYPE varchar(200)', n)
FROM generate_series(0, :tables - 1, 20) n \gexec
VACUUM ANALYZE;
SQL

now() { date +%s%N; }

# timed COMMAND...: its wall time in microseconds.
timed() {
	t0=$(now)
	"$@" > /dev/null
	t1=$(now)
	echo $(((t1 - t0) / 1000))
}

sql() { psql -XqAt -v ON_ERROR_STOP=1 -c "$1"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

same="SELECT count(*) FROM kept.baseline, wishflags.schema_diff(s)"
changed="SELECT count(*) FROM kept.changed, wishflags.schema_diff(s)"
bare="SELECT sum(length(pg_get_indexdef(indexrelid))) FROM pg_index WHERE indexrelid >= 16384;
      SELECT sum(length(pg_get_constraintdef(oid))) FROM pg_constraint WHERE oid >= 16384"

a=$(mktemp) b=$(mktemp) c=$(mktemp) d=$(mktemp)
trap 'rm -f "$a" "$b" "$c" "$d"' EXIT
i=0
while [ "$i" -le "$rounds" ]; do
	# The first round only warms up.
	[ "$i" = 1 ] && : > "$a" && : > "$b" && : > "$c" && : > "$d"
	timed sql "$same" >> "$a"
	timed pg_dump -s >> "$b"
	timed sql "$changed" >> "$c"
	timed sql "$bare" >> "$d"
	i=$((i + 1))
done
a=$(median < "$a") b=$(median < "$b") c=$(median < "$c") d=$(median < "$d")

line() { awk -v n="$1" -v x="$2" -v y="$3" 'BEGIN { printf "%-58s %8.3f  (%.1f ms : %.1f ms)\n", n, x / y, x / 1000, y / 1000 }'; }
line "diff of $tables unchanged tables : pg_dump -s" "$a" "$b"
line "diff of $tables unchanged tables : bare pg_get_*def" "$a" "$d"
line "the same with 5 % changed : unchanged" "$c" "$a"
sql "SELECT pg_size_pretty(avg(pg_column_size(s))) || ' a stored snapshot, '
     || (SELECT sum((SELECT count(*) FROM jsonb_object_keys(t.value))) FROM kept.baseline k, jsonb_each(k.s->'objects') t) || ' objects'
     FROM kept.baseline"
