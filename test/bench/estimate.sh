#!/bin/sh
# Comparison of migration_estimate() with what the statements then take: after a
# calibration, each form on tables of several sizes, estimated over measured seconds
# (the median of ROUNDS runs, each rolled back).  SIZES are numbers of rows.
set -eu

rounds=${ROUNDS:-3}
sizes=${SIZES:-50000 200000 800000}

psql -Xq -v ON_ERROR_STOP=1 <<'SQL'
SET client_min_messages = warning;
SELECT wishflags.migration_calibrate() \g /dev/null
CREATE TABLE keys (id bigint PRIMARY KEY);
CREATE TABLE ratios (rows int, form text, work text, estimated float, measured float);
CREATE FUNCTION compare(size int, table_name text, form text, rounds int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	e record;
	began timestamptz;
	taken float[] := '{}';
BEGIN
	SELECT * INTO e FROM wishflags.migration_estimate(form);
	FOR i IN 1 .. rounds LOOP
		BEGIN
			began := clock_timestamp();
			EXECUTE form;
			taken := taken || extract(epoch FROM clock_timestamp() - began)::float;
			RAISE EXCEPTION USING ERRCODE = 'WF999';
		EXCEPTION WHEN SQLSTATE 'WF999' THEN
		END;
	END LOOP;
	INSERT INTO ratios SELECT size, replace(form, table_name, 't'), e.work, e.seconds, percentile_cont(0.5) WITHIN GROUP (ORDER BY s) FROM unnest(taken) s;
END $$;
SQL

for size in $sizes; do
	for filler in 3 12; do
		psql -Xq -v ON_ERROR_STOP=1 -v size="$size" -v filler="$filler" -v name="t_${size}_$filler" -v rounds="$rounds" <<'SQL'
SET client_min_messages = warning;
SET wishflags.guard = off;
INSERT INTO keys SELECT generate_series(1, :size) ON CONFLICT DO NOTHING;
CREATE TABLE :"name" AS SELECT g AS id, g AS key, repeat(md5(g::text), :filler) AS filler, 'name ' || g AS name, now() AS at FROM generate_series(1::bigint, :size) g;
ALTER TABLE :"name" ADD CONSTRAINT positive CHECK (key > 0) NOT VALID, ADD CONSTRAINT known FOREIGN KEY (key) REFERENCES keys NOT VALID;
CREATE INDEX ON :"name" (key);
VACUUM ANALYZE :"name", keys;
SELECT compare(:size, :'name', replace(form, '%t', :'name'), :rounds) FROM unnest(ARRAY[
	'ALTER TABLE %t ALTER at TYPE text', 'ALTER TABLE %t ADD x float DEFAULT random()', 'ALTER TABLE %t ALTER id SET NOT NULL',
	'ALTER TABLE %t VALIDATE CONSTRAINT positive', 'ALTER TABLE %t VALIDATE CONSTRAINT known', 'CREATE INDEX ON %t (id)',
	'CREATE INDEX ON %t (filler)', 'CREATE INDEX ON %t (name)', 'ALTER TABLE %t ADD UNIQUE (id)', 'CLUSTER %t USING %t_key_idx']) form \g /dev/null
DROP TABLE :"name";
SQL
	done
done

psql -XqAt -F ' ' <<'SQL'
SELECT format('%-48s %8s  %s', 'estimated over measured: ' || form, round((percentile_cont(0.5) WITHIN GROUP (ORDER BY estimated / measured))::numeric, 2),
	'(' || string_agg(round((estimated / measured)::numeric, 2)::text, ' ' ORDER BY rows) || ')')
FROM ratios GROUP BY form ORDER BY form;
SELECT format('%-48s %8s', 'share of ratios between 0.5 and 2', round(avg((estimated / measured BETWEEN 0.5 AND 2)::int), 2)) FROM ratios;
SQL
