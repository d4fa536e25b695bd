#!/bin/sh
# Benchmark of the migration check: its time over that of a bare raw_parser() of
# the same text, for texts of mixed statements; what ten times the statements
# cost; what a backend's memory grows by, for statements that make something and
# for ones that don't; what a large catalog adds.  The two
# sides of a ratio take turns, and medians are compared.  ROUNDS, STATEMENTS
# and TABLES (0: no large catalog) may be set.
set -eu

rounds=${ROUNDS:-7}
statements=${STATEMENTS:-10000}
tables=${TABLES:-50000}

psql -Xq -v ON_ERROR_STOP=1 -v statements="$statements" <<'SQL'
SET client_min_messages = warning;
CREATE SCHEMA shop;
CREATE TABLE shop.orders_0 (id bigint PRIMARY KEY, customer bigint, total numeric(10, 2), state text, note varchar(80));
INSERT INTO shop.orders_0 SELECT g, g % 100, g, 'new', NULL FROM generate_series(1, 100000) g;
CREATE TYPE shop.state AS ENUM ('new', 'paid');
CREATE TABLE shop.states (s shop.state);
ANALYZE;
-- What migrations do, the harmless beside the dangerous; one table in five exists.
CREATE TABLE texts AS
SELECT statements, (
	SELECT string_agg(replace(replace(form, '%t', 'shop.orders_' || CASE WHEN n % 5 = 0 THEN 0 ELSE n END), '%n', n::text), E'\n' ORDER BY n)
	FROM generate_series(1, statements) n JOIN unnest(ARRAY[
		'CREATE TABLE shop.items_%n (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, part text NOT NULL, price numeric(12, 2) NOT NULL CHECK (price >= 0), made timestamptz NOT NULL DEFAULT now());',
		'CREATE INDEX CONCURRENTLY items_%n_part ON shop.items_%n (part, made DESC) WHERE price > 0;',
		'ALTER TABLE %t ADD COLUMN remark_%n text;',
		'ALTER TABLE %t ADD COLUMN token_%n uuid NOT NULL DEFAULT gen_random_uuid();',
		'CREATE UNIQUE INDEX orders_%n_customer ON %t (customer, lower(state));',
		'ALTER TABLE %t ADD CONSTRAINT orders_%n_fk FOREIGN KEY (customer) REFERENCES shop.items_%n (id) ON DELETE CASCADE NOT VALID;',
		'ALTER TABLE %t VALIDATE CONSTRAINT orders_%n_fk;',
		'ALTER TABLE %t ALTER COLUMN total TYPE numeric(14, 4), ALTER COLUMN state SET NOT NULL;',
		'ALTER TABLE %t RENAME COLUMN note TO note_%n;',
		'CREATE VIEW shop.open_%n AS SELECT i.id, i.part, o.total FROM shop.items_%n i JOIN %t o ON o.customer = i.id WHERE o.state <> ''paid'' ORDER BY o.total;',
		'UPDATE %t SET state = ''paid'' WHERE id BETWEEN %n AND %n + 1000 AND state IS NULL;',
		'ALTER TYPE shop.state ADD VALUE IF NOT EXISTS ''state_%n'' AFTER ''new'';',
		'DROP INDEX CONCURRENTLY IF EXISTS shop.orders_%n_old;',
		'COMMENT ON TABLE %t IS ''orders; one a row'';',
		'CREATE FUNCTION shop.touch_%n() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.made := now(); RETURN NEW; END $f$;'
	]) WITH ORDINALITY AS f(form, k) ON k = 1 + n % 15) AS sql
FROM unnest(ARRAY[:statements / 10, :statements, :statements * 10]) AS statements;
-- Statements that make nothing, upon names of which most are nowhere.
CREATE TABLE idle AS
SELECT statements, (
	SELECT string_agg(replace(replace(form, '%t', 'shop.orders_' || CASE WHEN n % 5 = 0 THEN 0 ELSE n END), '%n', n::text), E'\n' ORDER BY n)
	FROM generate_series(1, statements) n JOIN unnest(ARRAY[
		'UPDATE %t SET state = ''paid'' WHERE id BETWEEN %n AND %n + 1000 AND state IS NULL;',
		'DELETE FROM %t WHERE customer = %n;',
		'DROP INDEX CONCURRENTLY IF EXISTS shop.orders_%n_old;',
		'COMMENT ON TABLE %t IS ''orders; one a row'';',
		'SELECT id, total FROM %t WHERE customer = %n;'
	]) WITH ORDINALITY AS f(form, k) ON k = 1 + n % 5) AS sql
FROM unnest(ARRAY[:statements, :statements * 10]) AS statements;
SQL

pgxs=$("$PG_CONFIG" --pgxs)
mkdir -p raw_parse
cp "$TOP/test/bench/raw_parse.c" raw_parse/
make -C raw_parse -f "$pgxs" PGXS="$pgxs" PG_CONFIG="$PG_CONFIG" MODULES=raw_parse with_llvm=no > raw_parse.log 2>&1 ||
	{ cat raw_parse.log; exit 1; }
psql -Xq -v ON_ERROR_STOP=1 -c "CREATE FUNCTION raw_parse(text) RETURNS int
	LANGUAGE C STRICT AS '$PWD/raw_parse/raw_parse'"

check() { echo "SELECT count(*) FROM texts, wishflags.migration_breaking_check(sql) WHERE statements = $1"; }
parse() { echo "SELECT raw_parse(sql) FROM texts WHERE statements = $1"; }
split() { echo "SELECT count(*) FROM texts, wishflags.migration_parse(sql) WHERE statements = $1"; }

# versus LABEL NUMERATOR DENOMINATOR STATEMENTS: the two take turns in one session.
versus() {
	{
		printf '%s;\n%s;\n%s\n' "$2" "$3" '\timing on'
		i=0
		while [ "$i" -lt "$rounds" ]; do
			printf '%s;\n%s;\n' "$2" "$3"
			i=$((i + 1))
		done
	} | psql -XqAt -v ON_ERROR_STOP=1 | awk -v label="$1" -v statements="$4" '
		function median(v, n,   i, j, t) {
			for (i = 2; i <= n; i++)
				for (j = i; j > 1 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
			return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
		}
		/^Time:/ { if (++k % 2) a[++n] = $2; else b[n] = $2 }
		END {
			if (n == 0) exit 1
			ma = median(a, n); mb = median(b, n)
			printf "%-58s %8.3f  (%.1f us : %.1f us a statement)\n",
				label, ma / mb, ma / statements * 1000, mb / statements * 1000
		}'
}

# peak QUERY: the largest size, in kB, of a new backend that runs it.  Findings
# past work_mem go to disk, so that what is measured is the check.
peak() {
	PGOPTIONS='-c work_mem=4MB' psql -XqAt -v ON_ERROR_STOP=1 <<SQL | sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p'
SELECT pg_backend_pid() AS pid \gset
$1;
\setenv WATCHED :pid
\! cat /proc/\$WATCHED/status
SQL
}

large=$((statements * 10))
for n in $((statements / 10)) "$statements" "$large"; do
	versus "check of $n statements over a bare raw_parser" "$(check "$n")" "$(parse "$n")" "$n"
done
versus "check of $statements statements over split, parse, rows" "$(check "$statements")" "$(split "$statements")" "$statements"
versus "check of $large statements over $statements" "$(check "$large")" "$(check "$statements")" "$large"

# held LABEL TABLE STATEMENTS: what a check of so many holds above one of a tenth,
# a statement, without the two copies of the text.  Findings are on disk in both.
held() {
	least=$(peak "SELECT count(*) FROM $2, wishflags.migration_breaking_check(sql) WHERE statements = $statements")
	most=$(peak "SELECT count(*) FROM $2, wishflags.migration_breaking_check(sql) WHERE statements = $3")
	short=$(peak "SELECT length(sql || '') FROM $2 WHERE statements = $statements")
	long=$(peak "SELECT length(sql || '') FROM $2 WHERE statements = $3")
	[ -n "$most" ] && [ -n "$least" ] && [ -n "$long" ] && awk -v label="$1" -v least="$least" -v most="$most" -v short="$short" -v long="$long" \
		-v n=$(($3 - statements)) 'BEGIN {
		printf "%-58s %8.0f  (and the text %.0f; peak of the backend %.1f MB)\n",
			label, (most - least - long + short) * 1024 / n, (long - short) * 1024 / n, most / 1024
	}'
}
held "bytes a statement that checking $large holds" texts "$large"
held "the same where the statements make nothing" idle "$large"

[ "$tables" -gt 0 ] || exit 0
# The same hundred statements in a catalog of 500 tables, and in a large one.
psql -Xq -v ON_ERROR_STOP=1 <<SQL
SET client_min_messages = warning;
INSERT INTO texts SELECT 100, string_agg(line, E'\n') FROM (SELECT line FROM texts,
	regexp_split_to_table(sql, E'\n') line WHERE statements = $((statements / 10)) LIMIT 100) l;
CREATE PROCEDURE fill(tables int) LANGUAGE plpgsql AS \$\$ BEGIN
	FOR i IN 1..tables LOOP
		EXECUTE format('CREATE TABLE shop.filler_%s (id int)', i);
		IF i % 1000 = 0 THEN COMMIT; END IF;
	END LOOP;
END \$\$;
CALL fill(500);
SQL
other=$PGDATABASE
createdb -T "$PGDATABASE" "${PGDATABASE}_large"
trap 'dropdb --force "${other}_large"' EXIT
psql -Xq -d "${PGDATABASE}_large" -c 'DROP PROCEDURE fill' -c "CREATE PROCEDURE fill() LANGUAGE plpgsql AS \$\$ BEGIN
	FOR i IN 501..$tables LOOP
		EXECUTE format('CREATE TABLE shop.filler_%s (id int)', i);
		IF i % 1000 = 0 THEN COMMIT; END IF;
	END LOOP;
END \$\$" -c 'CALL fill()' -c 'VACUUM ANALYZE'
psql -Xq -c 'VACUUM ANALYZE'

# The same check in new sessions and, second, in ones that know the catalog.
sessions() {
	psql -XqAt -d "$1" -v ON_ERROR_STOP=1 <<SQL | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | paste -sd ' '
SELECT 1 FROM wishflags.migration_breaking_check('SELECT 1');
\timing on
$(check 100);
$(check 100);
SQL
}
i=0
while [ "$i" -lt $((rounds * 2 + 1)) ]; do
	echo "$(sessions "$other") $(sessions "${other}_large")"
	i=$((i + 1))
done | awk -v tables="$tables" '
	function median(c,   i, j, t, v) {
		for (i = 1; i <= n; i++) v[i] = cell[i, c]
		for (i = 2; i <= n; i++)
			for (j = i; j > 1 && v[j - 1] > v[j]; j--) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
		return v[int((n + 1) / 2)]
	}
	{ n++; for (c = 1; c <= 4; c++) cell[n, c] = $c }
	END {
		printf "%-58s %8.3f  (%.2f ms : %.2f ms)\n", "100 statements, " tables " tables over 500, first in a session", median(3) / median(1), median(3), median(1)
		printf "%-58s %8.3f  (%.2f ms : %.2f ms)\n", "100 statements, " tables " tables over 500, again", median(4) / median(2), median(4), median(2)
	}'
