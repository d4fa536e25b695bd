#!/bin/sh
# Benchmark of the migration check: its time over that of only splitting and
# parsing the same text, for texts of mixed statements.  The two take turns, and
# medians are compared.  ROUNDS and STATEMENTS may be set.
set -eu

rounds=${ROUNDS:-7}
statements=${STATEMENTS:-10000}

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
FROM unnest(ARRAY[:statements, :statements / 10]) AS statements;
SQL

ratio() {
	check="SELECT count(*) FROM texts, wishflags.migration_breaking_check(sql) WHERE statements = $1"
	parse="SELECT count(*) FROM texts, wishflags.migration_parse(sql) WHERE statements = $1"
	{
		printf '%s;\n%s;\n%s\n' "$check" "$parse" '\timing on'
		i=0
		while [ "$i" -lt "$rounds" ]; do
			printf '%s;\n%s;\n' "$check" "$parse"
			i=$((i + 1))
		done
	} | psql -XqAt -v ON_ERROR_STOP=1 | awk -v statements="$1" '
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
				"check of " statements " statements over a bare parse", ma / mb, ma / statements * 1000, mb / statements * 1000
		}'
}

ratio "$((statements / 10))"
ratio "$statements"
